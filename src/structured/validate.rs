//! Whether a value fits its schema (structured-merge-diff v6.4.2 `typed/validate.go`).

use std::fmt;

use super::items;
use crate::path::Element;
use crate::schema::{Scalar, Schema};
use crate::value::{self, Map, Value};

use super::types::{Atom, Fields, List, TypeRef};

/// Whether a list may hold an item twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duplicates {
    /// As a live object may.
    Allowed,
    /// As in an applied object.
    Refused,
}

/// Everything about `value` that does not fit, in upstream's words; empty where all fits.
///
/// Upstream: objects are walked in random order there, and an unknown field ends its object; here members come in the order of
/// their names.
pub(super) fn validate(value: &Value<'_>, schema: &Schema, duplicates: Duplicates) -> Findings {
    let mut walker = Walker { duplicates, findings: Findings::default() };
    walker.value(value, TypeRef::Known(schema.root()), &Place::Root);
    walker.findings
}

/// What does not fit: path and reason.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    list: Vec<(String, String)>,
}

impl Findings {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The text as `ValidationErrors.Error` joins it.
    pub(super) fn text(&self) -> String {
        let line = |(path, reason): &(String, String)| if path.is_empty() { reason.clone() } else { format!("{path}: {reason}") };
        match &self.list[..] {
            [one] => line(one),
            many => many.iter().fold("errors:".to_owned(), |text, finding| text + "\n  " + &line(finding)),
        }
    }
}

/// Where the walk is; its text is only made for a finding.
enum Place<'p> {
    Root,
    Member(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, &'p List<'p>, usize, &'p Value<'p>),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Root => Ok(()),
            Place::Member(outside, name) => write!(f, "{outside}{}", Element::field(*name)),
            Place::Item(outside, list, index, item) => {
                write!(f, "{outside}")?;
                list.element(*index, item).map_or(Ok(()), |element| write!(f, "{element}"))
            }
        }
    }
}

struct Walker {
    duplicates: Duplicates,
    findings: Findings,
}

impl Walker {
    fn finding(&mut self, place: &Place<'_>, reason: impl Into<String>) {
        self.findings.list.push((place.to_string(), reason.into()));
    }

    fn value(&mut self, value: &Value<'_>, ty: TypeRef<'_>, place: &Place<'_>) {
        match (ty.atom(value), value) {
            (Atom::Scalar(scalar), value) => {
                if let Some(reason) = misfit(scalar, value) {
                    self.finding(place, reason);
                }
            }
            (Atom::List(list), Value::List(items)) => self.items(items, &list, place),
            (Atom::Map(fields), Value::Map(map)) => self.members(map, &fields, place),
            (_, Value::Null) => {}
            (Atom::List(_), other) => self.finding(place, format!("expected list, got &{{{}}}", value::go_value(other))),
            (Atom::Map(_), other) => self.finding(place, format!("expected map, got &{{{}}}", value::go_value(other))),
        }
    }

    fn items(&mut self, items: &[Value<'_>], list: &List<'_>, place: &Place<'_>) {
        let mut repeated =
            if self.duplicates == Duplicates::Refused { repeats(items, list) } else { Vec::new() }.into_iter().peekable();
        for (index, item) in items.iter().enumerate() {
            if let Err(reason) = list.addresses(item) {
                // Upstream: an item that cannot be addressed ends its list.
                return self.finding(place, format!("element {index}: {reason}"));
            }
            if let Some((_, element)) = repeated.next_if(|(repeated, _)| *repeated == index) {
                self.finding(place, format!("duplicate entries for key {element}"));
            }
            self.value(item, list.item, &Place::Item(place, list, index, item));
        }
    }

    fn members(&mut self, map: &Map<'_>, fields: &Fields<'_>, place: &Place<'_>) {
        let mut types = fields.walk();
        for (name, member) in map.iter() {
            let inside = Place::Member(place, name);
            match types.field(name) {
                Some((ty, _)) => self.value(member, ty, &inside),
                None => return self.finding(&inside, "field not declared in schema"),
            }
        }
    }
}

/// The items whose element stood in the list before, by index.
fn repeats<'v>(items: &'v [Value<'v>], list: &List<'v>) -> Vec<(usize, Element<'v>)> {
    if list.is_atomic() {
        return Vec::new();
    }
    let items = items::sorted(list, items);
    let mut repeated: Vec<_> = items
        .windows(2)
        .filter_map(|pair| match pair {
            [one, two] if one.element == two.element => Some((two.index, two.element.clone())),
            _ => None,
        })
        .collect();
    repeated.sort_by_key(|(index, _)| *index);
    repeated
}

/// Why a value is not of this kind of scalar, in upstream's words.
pub(super) fn misfit(scalar: Scalar, value: &Value<'_>) -> Option<String> {
    match (scalar, value) {
        (_, Value::Null) | (Scalar::Numeric, Value::Integer(_) | Value::Float(_)) => None,
        (Scalar::String, Value::String(_)) | (Scalar::Boolean, Value::Bool(_)) => None,
        (Scalar::Untyped, Value::Integer(_) | Value::Float(_) | Value::String(_) | Value::Bool(_)) => None,
        (Scalar::Numeric, other) => Some(format!("expected numeric (int or float), got {}", value::go_type(other))),
        (Scalar::String, other) => Some(format!("expected string, got &value.valueUnstructured{{Value:{}}}", go_syntax(other))),
        (Scalar::Boolean, other) => Some(format!("expected boolean, got &{{{}}}", value::go_value(other))),
        (Scalar::Untyped, other) => Some(format!("expected any scalar, got &{{{}}}", value::go_value(other))),
    }
}

/// `%#v` of a decoded value.
fn go_syntax(value: &Value<'_>) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::String(text) => value::quote(text),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Map(map) => {
            let members: Vec<_> = map.iter().map(|(key, value)| format!("{}:{}", value::quote(key), go_syntax(value))).collect();
            format!("map[string]interface {{}}{{{}}}", members.join(", "))
        }
        scalar => value::go_value(scalar),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(object: &str, expect: &str) {
        let schema = Schema::builtin("v1", "Service").unwrap();
        let findings = validate(&value::parse(object.as_bytes()).unwrap(), &schema, Duplicates::Refused);
        assert_eq!(if findings.is_empty() { String::new() } else { findings.text() }, expect);
    }

    #[test]
    fn texts_of_misfits() {
        check(r#"{"spec":{"type":"NodePort","ports":[{"port":80},{"port":80,"protocol":"UDP"}],"selector":null}}"#, "");
        check(r#"{"spec":{"foo":1,"zoo":2}}"#, ".spec.foo: field not declared in schema");
        check(
            r#"{"spec":{"ports":[{"port":80},{"protocol":"TCP","port":80}]}}"#,
            r#".spec.ports: duplicate entries for key [port=80,protocol="TCP"]"#,
        );
        check(r#"{"spec":{"ports":[null]}}"#, ".spec.ports: element 0: associative list with keys may not have a null element");
        check(r#"{"spec":{"ports":[1]}}"#, ".spec.ports: element 0: associative list with keys may not have non-map elements");
        check(
            r#"{"spec":{"ports":[{"port":"80"}]}}"#,
            r#".spec.ports[port="80",protocol="TCP"].port: expected numeric (int or float), got string"#,
        );
        check(r#"{"spec":{"type":5}}"#, ".spec.type: expected string, got &value.valueUnstructured{Value:5}");
        check(
            r#"{"spec":{"type":{"b":["x",1.5,null,true],"a":{}}}}"#,
            ".spec.type: expected string, got &value.valueUnstructured{Value:map[string]interface {}{\"a\":map[string]interface {}{}, \"b\":[]interface {}{\"x\", 1.5, interface {}(nil), true}}}",
        );
        check(r#"{"spec":{"publishNotReadyAddresses":"yes"}}"#, ".spec.publishNotReadyAddresses: expected boolean, got &{yes}");
        check(r#"{"spec":{"ports":{"a":1}}}"#, ".spec.ports: expected list, got &{map[a:1]}");
        check(r#"{"spec":{"selector":["a"]}}"#, ".spec.selector: expected map, got &{[a]}");
        check(
            r#"{"metadata":{"finalizers":["x.io/a","x.io/a"]}}"#,
            r#".metadata.finalizers: duplicate entries for key [="x.io/a"]"#,
        );
        check(
            r#"{"metadata":{"finalizers":[null]}}"#,
            ".metadata.finalizers: element 0: associative list without keys has an element that's an explicit null",
        );
        check(
            r#"{"metadata":{"finalizers":[{}]}}"#,
            ".metadata.finalizers: element 0: associative list without keys has an element that's a map type",
        );
        check(
            r#"{"spec":{"externalIPs":["a",1]}}"#,
            ".spec.externalIPs[1]: expected string, got &value.valueUnstructured{Value:1}",
        );
        check(
            r#"{"spec":{"ports":[{"port":80,"targetPort":{}},{"port":81,"targetPort":[1]},{"port":82,"targetPort":true}]}}"#,
            "",
        );
        check(r#"[]"#, "expected map, got &{[]}");
    }

    #[test]
    fn several_misfits_in_the_order_of_the_walk() {
        check(
            r#"{"metadata":{"labels":{"b":1,"a":[]}},"spec":{"ports":[{"port":1,"x":1},{"port":1},null,{"port":2,"x":1}]}}"#,
            concat!(
                "errors:\n",
                "  .metadata.labels.a: expected string, got &value.valueUnstructured{Value:[]interface {}{}}\n",
                "  .metadata.labels.b: expected string, got &value.valueUnstructured{Value:1}\n",
                "  .spec.ports[port=1,protocol=\"TCP\"].x: field not declared in schema\n",
                "  .spec.ports: duplicate entries for key [port=1,protocol=\"TCP\"]\n",
                "  .spec.ports: element 2: associative list with keys may not have a null element",
            ),
        );
    }
}
