//! The set of paths that a value states (structured-merge-diff v6.4.2 `typed/tofieldset.go`).

use super::items;
use super::set::{Node, Set};
use super::types::{Atom, Fields, List, TypeRef};
use crate::path::Element;
use crate::schema::Schema;
use crate::value::{Map, Value};

/// Every leaf and every list item of a value; what applying the value makes one own.
///
/// A value that is merged as one is a leaf, and so are `null` and an empty object. Of a repeated list item only the item itself
/// is in the set.
pub(super) fn fields<'v>(value: &'v Value<'v>, schema: &'v Schema) -> Set<'v> {
    stated(value, TypeRef::Known(schema.root())).below
}

struct Stated<'v> {
    member: bool,
    below: Set<'v>,
}

fn stated<'v>(value: &'v Value<'v>, ty: TypeRef<'v>) -> Stated<'v> {
    let leaf = Stated { member: true, below: Set::new() };
    match (ty.atom(value), value) {
        (Atom::Scalar(_), _) => leaf,
        (Atom::List(list), _) if list.is_atomic() => leaf,
        (Atom::Map(fields), _) if fields.atomic => leaf,
        (Atom::List(list), Value::List(items)) => Stated { member: false, below: of_items(items, &list) },
        (Atom::Map(fields), Value::Map(map)) => Stated { member: false, below: of_members(map, &fields) },
        _ => Stated { member: false, below: Set::new() },
    }
}

fn of_members<'v>(map: &'v Map<'v>, fields: &Fields<'v>) -> Set<'v> {
    let mut set = Set::with_capacity(map.len());
    let mut types = fields.walk();
    for (name, value) in map.iter() {
        let Some((ty, declared)) = types.field(name) else { continue };
        let Stated { member, below } = stated(value, ty);
        let empty = value.is_null() || value.as_map().is_some_and(Map::is_empty);
        set.push(Node { element: Element::field(name), member: member || empty || !declared, below });
    }
    set
}

fn of_items<'v>(list_items: &'v [Value<'v>], list: &List<'v>) -> Set<'v> {
    let mut set = Set::with_capacity(list_items.len());
    let items = items::sorted(list, list_items);
    let addressed = items.len();
    let mut items = items.into_iter().peekable();
    while let Some(item) = items.next() {
        let mut repeated = false;
        while items.next_if(|next| next.element == item.element).is_some() {
            repeated = true;
        }
        let below = if repeated { Set::new() } else { stated(item.value, list.item).below };
        set.push(Node { element: item.element, member: true, below });
    }
    // Upstream: an item that cannot be addressed, as null, still counts as something that its list holds.
    if addressed < list_items.len() {
        set.push(Node::member(Element::Index(usize::MAX)));
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    #[track_caller]
    fn check(spec_or_object: &str, expect: &[&str]) {
        let schema = Schema::builtin("v1", "Service").unwrap();
        let value = parse(spec_or_object.as_bytes()).unwrap();
        assert_eq!(fields(&value, &schema).to_string(), expect.join("\n"));
    }

    #[test]
    fn what_a_value_states() {
        check(
            r#"{"spec":{"type":null,"selector":{},"clusterIPs":[],"externalIPs":null}}"#,
            &[".spec.clusterIPs", ".spec.externalIPs", ".spec.selector", ".spec.type"],
        );
        check(r#"{"metadata":{"labels":{},"annotations":null}}"#, &[".metadata.annotations", ".metadata.labels"]);
        check(
            r#"{"metadata":{"labels":{"app":"dns"},"finalizers":["x/a"]}}"#,
            &[".metadata.finalizers[=\"x/a\"]", ".metadata.labels.app"],
        );
        check(r#"{"spec":{"ports":[]},"metadata":{"finalizers":[]}}"#, &[]);
        check(r#"{"spec":{"ports":null}}"#, &[".spec.ports"]);
        check(
            r#"{"spec":{"ports":[{"port":80,"targetPort":{"a":1,"b":[1]}},{"protocol":"UDP"}]}}"#,
            &[
                r#".spec.ports[port=0,protocol="UDP"]"#,
                r#".spec.ports[port=80,protocol="TCP"]"#,
                r#".spec.ports[port=0,protocol="UDP"].protocol"#,
                r#".spec.ports[port=80,protocol="TCP"].port"#,
                r#".spec.ports[port=80,protocol="TCP"].targetPort.a"#,
                r#".spec.ports[port=80,protocol="TCP"].targetPort.b"#,
            ],
        );
        check(
            r#"{"spec":{"ports":[{"port":80,"name":"a"},{"port":80,"name":"b"}]}}"#,
            &[r#".spec.ports[port=80,protocol="TCP"]"#],
        );
    }
}
