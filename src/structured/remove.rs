//! Takes paths out of a value, and what a manager gave up (structured-merge-diff v6.4.2 `typed/remove.go`, `Updater.prune` of
//! `merge/update.go`).

use super::fields::fields;
use super::set::Set;
use super::types::{Atom, TypeRef};
use crate::path::Element;
use crate::schema::Schema;
use crate::value::Value;

/// The value without the members of `set` and all that lies in them; `None` where nothing is left.
///
/// Upstream: an object or list that is emptied this way stays in its object as `null`.
pub(super) fn remove<'v>(value: &'v Value<'_>, set: &Set<'_>, ty: TypeRef<'_>) -> Option<Value<'v>> {
    match (ty.atom(value), value) {
        (Atom::Scalar(_), scalar) => Some(scalar.borrowed()),
        (Atom::List(list), Value::List(items)) if !list.is_atomic() => {
            let mut kept = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                let node = list.element(index, item).ok().and_then(|element| set.find(&element));
                match node {
                    None => kept.push(item.borrowed()),
                    Some(node) if node.member => {}
                    Some(node) => kept.push(remove(item, &node.below, list.item).unwrap_or_default()),
                }
            }
            (!kept.is_empty()).then_some(Value::List(kept))
        }
        (Atom::Map(fields), Value::Map(map)) if !fields.atomic => {
            let mut walk = set.walk();
            let mut kept = crate::value::Map::new();
            for (name, member) in map.iter() {
                match (walk.find(&Element::field(name)), fields.field(name)) {
                    (Some(node), _) if node.member => {}
                    (Some(node), Some((ty, _))) => {
                        kept.insert(name, remove(member, &node.below, ty).unwrap_or_default());
                    }
                    _ => {
                        kept.insert(name, member.borrowed());
                    }
                }
            }
            (!kept.is_empty()).then_some(Value::Map(kept))
        }
        _ => None,
    }
}

/// The whole object without the members of `set`.
pub(super) fn remove_all<'v>(object: Value<'v>, set: &Set<'_>, schema: &Schema) -> Value<'v> {
    remove(&object, set, TypeRef::Known(schema.root())).unwrap_or_default().into_owned()
}

/// What [`given_up`] goes by.
pub(super) struct Ownership<'p, 'v> {
    /// What the applying manager owned before.
    pub(super) last: Set<'v>,
    /// What every manager owns now, the applying one included.
    pub(super) owned: Vec<&'p Set<'v>>,
}

/// The paths of a merged object that its manager gave up and nobody owns.
///
/// Three passes as upstream makes them: first everything goes that the manager used to own, then what is owned comes back, then
/// what was not the manager's.
pub(super) fn given_up(merged: &Value<'_>, ownership: Ownership<'_, '_>, schema: &Schema) -> Set<'static> {
    let root = TypeRef::Known(schema.root());
    let named = |set: Set<'_>| -> Set<'static> { set.into_owned().with_named_fields(Some(root)) };
    let last = named(ownership.last);
    let all = named(fields(merged, schema));
    let owned = ownership.owned.into_iter().fold(Set::new(), |union, set| union.union(set.clone()));

    let without_last = remove(merged, &last, root).unwrap_or_default();
    let unowned = all.clone().difference(&named(fields(&without_last, schema)).union(named(owned)));
    let without_unowned = remove(merged, &unowned, root).unwrap_or_default();
    all.difference(&named(fields(&without_unowned, schema))).intersection(&last)
}
