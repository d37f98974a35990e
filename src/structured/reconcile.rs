//! Fits a stored set to the schema of today (structured-merge-diff v6.4.2 `typed/reconcile_schema.go`).

use super::set::{Node, Set};
use super::types::{Atom, TypeRef};
use crate::path::Element;
use crate::schema::Schema;
use crate::value::Value;

/// Where the set reaches into what is merged as one value, the value itself takes the place of its parts.
pub(super) fn reconcile(set: &mut Set<'_>, schema: &Schema) {
    // A shortcut: most sets fit, and what is shared stays so.
    if !fits(set, schema) {
        fit(set, TypeRef::Known(schema.root()));
    }
}

/// Whether the set stays as it is.
pub(super) fn fits(set: &Set<'_>, schema: &Schema) -> bool {
    is_fit(set, TypeRef::Known(schema.root()))
}

/// What becomes of what a set has below a node.
enum Fit<'s> {
    Stays,
    /// The value takes its place.
    Whole,
    /// It is looked at, as being of this type.
    Inside(TypeRef<'s>),
}

fn fit_of<'s>(node: &Node<'_>, atom: &Atom<'s>) -> Fit<'s> {
    if node.below.is_empty() {
        return Fit::Stays;
    }
    let inner = match (atom, &node.element) {
        (Atom::Scalar(_), _) => None,
        (Atom::List(list), _) => Some(list.item),
        (Atom::Map(fields), Element::Field(name)) => fields.field(name).map(|(ty, _)| ty),
        (Atom::Map(fields), _) => fields.rest(),
    };
    let Some(inner) = inner else { return Fit::Stays };
    match inner.atom(&Value::Null) {
        Atom::List(list) if list.is_atomic() => Fit::Whole,
        // Upstream: what lies in an object that may hold anything is left as it is.
        Atom::Map(fields) if fields.is_free() => Fit::Stays,
        Atom::Map(fields) if fields.atomic => Fit::Whole,
        _ => Fit::Inside(inner),
    }
}

fn is_fit(set: &Set<'_>, ty: TypeRef<'_>) -> bool {
    let atom = ty.atom(&Value::Null);
    set.nodes().iter().all(|node| match fit_of(node, &atom) {
        Fit::Stays => true,
        Fit::Whole => false,
        Fit::Inside(inner) => is_fit(&node.below, inner),
    })
}

fn fit(set: &mut Set<'_>, ty: TypeRef<'_>) {
    let atom = ty.atom(&Value::Null);
    set.for_each_mut(|node| match fit_of(node, &atom) {
        Fit::Stays => {}
        Fit::Whole => {
            node.member = true;
            node.below = Set::new();
        }
        Fit::Inside(inner) => fit(&mut node.below, inner),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::Path;

    #[track_caller]
    fn check(paths: &str, expect: &str) {
        check_by(&Schema::builtin("v1", "Service").unwrap(), paths, expect);
    }

    #[track_caller]
    fn check_by(schema: &Schema, paths: &str, expect: &str) {
        let mut set: Set<'_> = paths.split(' ').map(|path| path.parse::<Path>().unwrap()).collect();
        reconcile(&mut set, schema);
        assert_eq!(set.to_string().replace('\n', " "), expect);
    }

    #[test]
    fn parts_of_one_value_become_the_value() {
        check(".spec.selector.app .spec.selector.tier .spec.type", ".spec.selector .spec.type");
        check(".spec.clusterIPs[0]", ".spec.clusterIPs");
        check(".spec.ports[port=1].targetPort.a .unknown.a", ".spec.ports[port=1].targetPort.a .unknown.a");
    }

    #[test]
    fn what_may_hold_anything_is_left() {
        let atomic = serde_json::json!({"type": "object", "x-kubernetes-map-type": "atomic"});
        let document = serde_json::json!({"components": {"schemas": {"Odd": {
            "type": "object",
            "properties": {
                "free": atomic,
                "labels": {"type": "object", "additionalProperties": {"type": "string"}, "x-kubernetes-map-type": "atomic"},
                "lists": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
            },
            "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Odd"}],
        }}}});
        let schema = Schema::from_openapi(&document, "example.com/v1", "Odd").unwrap();
        check_by(&schema, ".free.a .free.a.b .labels.a", ".labels .free.a .free.a.b");
        // A member of an object has no other element than its name, but by hand.
        check_by(&schema, ".lists.a[0] .lists[b=1][0]", ".lists.a .lists[b=1]");
    }
}
