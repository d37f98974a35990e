//! What changes from one object to another (structured-merge-diff v6.4.2 `typed/compare.go`).

use std::cmp::Ordering;

use super::items::{self, Item};
use super::set::{Node, Set};
use super::types::{Atom, FieldWalk, Fields, List, TypeRef, items_of, members_of};
use crate::path::Element;
use crate::schema::Schema;
use crate::value::{Map, Value, name};

/// The paths that differ.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparison<'v> {
    pub(super) removed: Set<'v>,
    pub(super) modified: Set<'v>,
    pub(super) added: Set<'v>,
}

/// Compares two objects of a kind.
///
/// Leaves, and what is merged as one value, are compared as wholes; objects and list items that only one side has count
/// themselves beside everything in them. Items are matched by key, so their order does not count; of a repeated one the whole
/// group is compared.
pub(super) fn compare<'v>(left: &'v Value<'v>, right: &'v Value<'v>, schema: &'v Schema) -> Comparison<'v> {
    differ(left, right, TypeRef::Known(schema.root())).below
}

impl<'v> Comparison<'v> {
    /// Without the fields of `reset` and all below them.
    pub(super) fn without(self, reset: &Set<'_>) -> Self {
        Comparison {
            removed: self.removed.recursive_difference(reset),
            modified: self.modified.recursive_difference(reset),
            added: self.added.recursive_difference(reset),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.modified.is_empty() && self.added.is_empty()
    }

    /// Adds what differs at an element that both sides have.
    fn push(&mut self, element: &Element<'v>, Difference { modified, below }: Difference<'v>) {
        for (set, below, member) in [
            (&mut self.removed, below.removed, false),
            (&mut self.modified, below.modified, modified),
            (&mut self.added, below.added, false),
        ] {
            if member || !below.is_empty() {
                set.push(Node { element: element.clone(), member, below });
            }
        }
    }
}

/// What differs at a place that both sides have, and below it.
#[derive(Default)]
struct Difference<'v> {
    modified: bool,
    below: Comparison<'v>,
}

impl Difference<'_> {
    fn is_none(&self) -> bool {
        !self.modified && self.below.is_empty()
    }
}

fn differ<'v>(left: &'v Value<'v>, right: &'v Value<'v>, ty: TypeRef<'v>) -> Difference<'v> {
    let (was, is) = (ty.atom(left), ty.atom(right));
    if was.is_like(&is) {
        return walk(left, right, &is);
    }
    let (one, two) = (walk(left, right, &was), walk(left, right, &is));
    Difference {
        modified: one.modified || two.modified,
        below: Comparison {
            removed: one.below.removed.union(two.below.removed),
            modified: one.below.modified.union(two.below.modified),
            added: one.below.added.union(two.below.added),
        },
    }
}

fn walk<'v>(left: &'v Value<'v>, right: &'v Value<'v>, atom: &Atom<'v>) -> Difference<'v> {
    match atom {
        Atom::List(list) if !list.is_atomic() => {
            let (left, right) = (items_of(Some(left)), items_of(Some(right)));
            if !left.is_empty() || !right.is_empty() {
                return Difference { modified: false, below: compare_items(left, right, list) };
            }
        }
        Atom::Map(fields) if !fields.atomic => {
            let (left, right) = (members_of(Some(left)), members_of(Some(right)));
            if !left.is_empty() || !right.is_empty() {
                return Difference { modified: false, below: compare_members(left, right, fields) };
            }
        }
        _ => {}
    }
    Difference { modified: left.compare(right).is_ne(), below: Comparison::default() }
}

fn compare_members<'v>(left: &'v Map<'v>, right: &'v Map<'v>, fields: &Fields<'v>) -> Comparison<'v> {
    let mut comparison = Comparison::default();
    let mut types = fields.walk();
    let (mut lefts, mut rights) = (left.iter().peekable(), right.iter().peekable());
    loop {
        let order = match (lefts.peek(), rights.peek()) {
            (Some((a, _)), Some((b, _))) => name::order(a, b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return comparison,
        };
        let was = if order.is_le() { lefts.next() } else { None };
        let is = if order.is_ge() { rights.next() } else { None };
        match (was, is) {
            (Some((name, left)), Some((_, right))) => {
                // A shortcut: what is the same differs in nothing, whatever its type is.
                if !left.is_same_scalar(right)
                    && let Some((ty, _)) = types.field(name)
                {
                    let difference = differ(left, right, ty);
                    if !difference.is_none() {
                        comparison.push(&Element::field(name), difference);
                    }
                }
            }
            (Some((name, gone)), None) => comparison.removed.extend(member(name, gone, &mut types)),
            (None, Some((name, new))) => comparison.added.extend(member(name, new, &mut types)),
            (None, None) => {}
        }
    }
}

fn compare_items<'v>(left: &'v [Value<'v>], right: &'v [Value<'v>], list: &List<'v>) -> Comparison<'v> {
    let mut comparison = Comparison::default();
    if left == right {
        return comparison;
    }
    let (lefts, rights) = (items::sorted(list, left), items::sorted(list, right));
    for pair in items::pairs(&lefts, &rights) {
        let Some(element) = pair.element() else { continue };
        match (pair.left, pair.right) {
            ([left], [right]) => {
                let difference = differ(left.value, right.value, list.item);
                if !difference.is_none() {
                    comparison.push(element, difference);
                }
            }
            // A repeated item is one value with all of its group.
            ([_, _, ..], [_, _, ..]) => {
                let modified = !same_groups(pair.left, pair.right);
                comparison.modified.extend(modified.then(|| Node::member(element.clone())));
            }
            // What is repeated on one side only has no fields there; it may be removed and added at once.
            (gone, new) => {
                comparison.removed.extend(group(element, gone, list));
                comparison.added.extend(group(element, new, list));
            }
        }
    }
    comparison
}

/// An object's member that one side alone has, with everything in it.
fn member<'v>(name: &'v str, value: &'v Value<'v>, types: &mut FieldWalk<'v>) -> Option<Node<'v>> {
    let (ty, _) = types.field(name)?;
    Some(Node { element: Element::field(name), member: true, below: everything(value, ty) })
}

/// The items of one element on one side, with everything in the only one.
fn group<'v>(element: &Element<'v>, items: &[Item<'v>], list: &List<'v>) -> Option<Node<'v>> {
    let below = match items {
        [] => return None,
        [one] => everything(one.value, list.item),
        _ => Set::new(),
    };
    Some(Node { element: element.clone(), member: true, below })
}

/// All that lies in a value that one side alone has.
fn everything<'v>(value: &'v Value<'v>, ty: TypeRef<'v>) -> Set<'v> {
    let mut set = Set::new();
    match (ty.atom(value), value) {
        (Atom::List(list), Value::List(items)) if !list.is_atomic() => {
            let sorted = items::sorted(&list, items);
            set.extend(sorted.chunk_by(|a, b| a.element == b.element).filter_map(|items| group(&items[0].element, items, &list)));
        }
        (Atom::Map(fields), Value::Map(map)) if !fields.atomic => {
            let mut types = fields.walk();
            set = Set::with_capacity(map.len());
            set.extend(map.iter().filter_map(|(name, value)| member(name, value, &mut types)));
        }
        _ => {}
    }
    set
}

fn same_groups(left: &[Item<'_>], right: &[Item<'_>]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(a, b)| a.value.compare(b.value).is_eq())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    #[track_caller]
    fn check(left: &str, right: &str, expect: &str) {
        let schema = Schema::builtin("v1", "Service").unwrap();
        let (left, right) = (parse(left.as_bytes()).unwrap(), parse(right.as_bytes()).unwrap());
        let Comparison { removed, modified, added } = compare(&left, &right, &schema);
        let text = |sign: char, set: Set<'_>| set.iter().map(|path| format!("{sign}{path}")).collect::<Vec<_>>();
        let found = [text('-', removed), text('~', modified), text('+', added)].concat();
        assert_eq!(found.join(" "), expect);
    }

    fn ports(items: &str) -> String {
        format!(r#"{{"spec":{{"ports":[{items}]}}}}"#)
    }

    #[test]
    fn leaves_and_containers() {
        check(r#"{"spec":{"type":"A"}}"#, r#"{"spec":{"type":"B"}}"#, "~.spec.type");
        check(r#"{"spec":{}}"#, r#"{"spec":{"type":"B"}}"#, "+.spec.type");
        check("{}", r#"{"spec":{"type":"B"}}"#, "+.spec +.spec.type");
        check(r#"{"metadata":{"labels":{"a":"1"}}}"#, r#"{"metadata":{}}"#, "-.metadata.labels -.metadata.labels.a");
        check(r#"{"metadata":{"labels":{}}}"#, r#"{"metadata":{"labels":null}}"#, "~.metadata.labels");
        check(r#"{"spec":{"selector":{"a":"1"}}}"#, r#"{"spec":{"selector":{"a":"2"}}}"#, "~.spec.selector");
        check(r#"{"spec":{"healthCheckNodePort":1}}"#, r#"{"spec":{"healthCheckNodePort":1.0}}"#, "");
    }

    #[test]
    fn what_may_be_anything() {
        let target = |value: &str| ports(&format!(r#"{{"port":1,"targetPort":{value}}}"#));
        let at = r#".spec.ports[port=1,protocol="TCP"].targetPort"#;
        check(&target("1"), &target("\"a\""), &format!("~{at}"));
        check(&target("1"), &target(r#"{"a":1}"#), &format!("~{at} +{at}.a"));
        check(&target(r#"{"a":1}"#), &target("1"), &format!("-{at}.a ~{at}"));
        check(&target("null"), &target("[1]"), &format!("~{at}"));
    }

    #[test]
    fn repeated_items() {
        let item = r#"[port=1,protocol="TCP"]"#;
        let (a, b) = (r#"{"port":1,"name":"a"}"#, r#"{"port":1,"name":"b"}"#);
        let both = format!("{a},{b}");
        check(&ports(&both), &ports(&both), "");
        check(&ports(&both), &ports(&format!("{b},{a}")), &format!("~.spec.ports{item}"));
        check(&ports(&both), &ports(""), &format!("-.spec.ports{item}"));
        check(
            &ports(&both),
            &ports(a),
            &format!("-.spec.ports{item} +.spec.ports{item} +.spec.ports{item}.name +.spec.ports{item}.port"),
        );
        check(
            &ports(b),
            &ports(&both),
            &format!("-.spec.ports{item} -.spec.ports{item}.name -.spec.ports{item}.port +.spec.ports{item}"),
        );
    }
}
