//! Fits a stored set to the schema of today (structured-merge-diff v6.4.2 `typed/reconcile_schema.go`).

use super::set::Set;
use super::types::{Atom, TypeRef};
use crate::path::Element;
use crate::schema::Schema;
use crate::value::Value;

/// Where the set reaches into what is merged as one value, the value itself takes the place of its parts.
pub(super) fn reconcile(set: &mut Set<'_>, schema: &Schema) {
    fit(set, TypeRef::Known(schema.root()));
}

fn fit(set: &mut Set<'_>, ty: TypeRef<'_>) {
    let atom = ty.atom(&Value::Null);
    for node in set.nodes_mut() {
        if node.below.is_empty() {
            continue;
        }
        let inner = match (&atom, &node.element) {
            (Atom::Scalar(_), _) => None,
            (Atom::List(list), _) => Some(list.item),
            (Atom::Map(fields), Element::Field(name)) => fields.field(name).map(|(ty, _)| ty),
            (Atom::Map(fields), _) => fields.rest(),
        };
        let Some(inner) = inner else { continue };
        let whole = match inner.atom(&Value::Null) {
            Atom::Scalar(_) => false,
            Atom::List(list) => list.is_atomic(),
            // Upstream: what lies in an object that may hold anything is left as it is.
            Atom::Map(fields) if fields.is_free() => continue,
            Atom::Map(fields) => fields.atomic,
        };
        if whole {
            node.member = true;
            node.below = Set::new();
        } else {
            fit(&mut node.below, inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::Path;

    #[track_caller]
    fn check(paths: &str, expect: &str) {
        let schema = Schema::builtin("v1", "Service").unwrap();
        let mut set: Set<'_> = paths.split(' ').map(|path| path.parse::<Path>().unwrap()).collect();
        reconcile(&mut set, &schema);
        assert_eq!(set.to_string().replace('\n', " "), expect);
    }

    #[test]
    fn parts_of_one_value_become_the_value() {
        check(".spec.selector.app .spec.selector.tier .spec.type", ".spec.selector .spec.type");
        check(".spec.clusterIPs[0]", ".spec.clusterIPs");
        check(".spec.ports[port=1].targetPort.a .unknown.a", ".spec.ports[port=1].targetPort.a .unknown.a");
    }
}
