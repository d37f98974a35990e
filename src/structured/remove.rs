//! Takes paths out of a value, and what a manager gave up (structured-merge-diff v6.4.2 `typed/remove.go`, `Updater.prune` of
//! `merge/update.go`).

use std::borrow::Cow;

use super::fields::fields;
use super::set::{Node, Set};
use super::types::{Atom, TypeRef, members_of};
use crate::path::{Element, Key};
use crate::schema::Schema;
use crate::value::{Map, Value};

/// The value without the members of `set` and all that lies in them; `None` where nothing is left.
///
/// Upstream: an object or list that is emptied this way stays in its object as `null`.
pub(super) fn remove<'v>(value: Value<'v>, set: &Set<'_>, ty: TypeRef<'_>) -> Option<Value<'v>> {
    match (ty.atom(&value), value) {
        (Atom::Scalar(_), scalar) => Some(scalar),
        (Atom::List(list), Value::List(items)) if !list.is_atomic() => {
            let keep = |(index, item)| {
                let node = list.element(index, &item).ok().and_then(|element| set.find(&element));
                match node {
                    None => Some(item),
                    Some(node) if node.member => None,
                    Some(node) => Some(remove(item, &node.below, list.item).unwrap_or_default()),
                }
            };
            let kept: Vec<_> = items.into_iter().enumerate().filter_map(keep).collect();
            (!kept.is_empty()).then_some(Value::List(kept))
        }
        (Atom::Map(fields), Value::Map(map)) if !fields.atomic => {
            let mut walk = set.walk();
            let keep = |(name, member): (Cow<'v, str>, Value<'v>)| {
                let member = match walk.find(&Element::field(&*name)) {
                    Some(node) if node.member => return None,
                    Some(node) => match fields.field(&name) {
                        Some((ty, _)) => remove(member, &node.below, ty).unwrap_or_default(),
                        None => member,
                    },
                    None => member,
                };
                Some((name, member))
            };
            let kept = Map::of_sorted(map.into_iter().filter_map(keep).collect());
            (!kept.is_empty()).then_some(Value::Map(kept))
        }
        _ => None,
    }
}

/// The whole object without the members of `set`.
pub(super) fn remove_all<'v>(object: Value<'v>, set: &Set<'_>, schema: &Schema) -> Value<'v> {
    remove(object, set, TypeRef::Known(schema.root())).unwrap_or_default()
}

/// What [`given_up`] goes by.
pub(super) struct Ownership<'p, 'v> {
    /// What the applying manager owned before.
    pub(super) last: &'p Set<'v>,
    /// What it owns now.
    pub(super) now: &'p Set<'v>,
    /// What every other manager owns.
    pub(super) others: Vec<&'p Set<'v>>,
}

/// The paths of a merged object that its manager gave up and nobody owns.
///
/// Three passes as upstream makes them: first everything goes that the manager used to own, then what is owned comes back, then
/// what was not the manager's. No member of the object has to do with another, so that they are made for those alone of which
/// something may have been given up.
pub(super) fn given_up(merged: &Value<'_>, ownership: &Ownership<'_, '_>, schema: &Schema) -> Set<'static> {
    let Doubt { last, members, .. } = ownership.doubt(members_of(Some(merged)), TypeRef::Known(schema.root()));
    if last.is_empty() {
        return Set::new();
    }
    let last = Set::of_unsorted(last);
    let doubtful = Ownership { last: &last, now: ownership.now, others: ownership.others.clone() };
    three_passes(&Value::Map(Map::from_entries(members)), &doubtful, schema)
}

/// What the passes have to look at of an object.
#[derive(Default)]
struct Doubt<'p> {
    /// What the manager owned there.
    last: Vec<Node<'p>>,
    /// The members that there are of it.
    members: Vec<(Cow<'p, str>, Value<'p>)>,
    /// A scalar that stays.
    stays: Option<(Node<'p>, Value<'p>)>,
}

fn three_passes(merged: &Value<'_>, ownership: &Ownership<'_, '_>, schema: &Schema) -> Set<'static> {
    let root = TypeRef::Known(schema.root());
    let last = ownership.last.clone().with_named_fields(Some(root));
    let all = fields(merged, schema).with_named_fields(Some(root));
    let without_last = remove(merged.borrowed(), &last, root).unwrap_or_default();
    let owned = std::iter::once(ownership.now).chain(ownership.others.iter().copied());
    let unowned = owned.fold(all.clone(), |rest, set| rest.difference_with_named_fields(set, Some(root)));
    let unowned = unowned.difference_with_named_fields(&fields(&without_last, schema), Some(root));
    let without_unowned = remove(merged.borrowed(), &unowned, root).unwrap_or_default();
    all.difference_with_named_fields(&fields(&without_unowned, schema), Some(root)).intersection(&last).into_owned()
}

impl<'p> Ownership<'p, 'p> {
    fn doubt(&self, object: &'p Map<'p>, ty: TypeRef<'_>) -> Doubt<'p> {
        let mut doubt = Doubt::default();
        for node in self.last.nodes() {
            let Element::Field(name) = &node.element else { continue };
            let value = object.get(name);
            if self.is_kept(node, ty) {
                let scalar = value.filter(|value| doubt.stays.is_none() && value.as_map().is_none() && value.as_list().is_none());
                doubt.stays = scalar.map(|value| (node.borrowed(), value.borrowed())).or(doubt.stays);
                continue;
            }
            let (last, value) = match self.inside(node, value, ty) {
                Some((last, members)) => (last, Some(Value::Map(members))),
                None => (node.borrowed(), value.map(Value::borrowed)),
            };
            doubt.last.push(last);
            doubt.members.extend(value.map(|value| (Cow::Borrowed(&**name), value)));
        }
        doubt
    }

    /// The part of a struct that is in doubt, where something else in it stays, so that it is not emptied either way.
    fn inside(&self, last: &'p Node<'p>, value: Option<&'p Value<'p>>, ty: TypeRef<'_>) -> Option<(Node<'p>, Map<'p>)> {
        let (inner, declared) = last.place(Some(ty));
        let inner = inner.filter(|inner| declared && inner.is_struct())?;
        let below = |set: &&'p Set<'p>| set.find(&last.element).map(|node| &node.below);
        let others = self.others.iter().filter_map(below).collect();
        let ownership = Ownership { last: &last.below, now: below(&self.now)?, others };
        let Doubt { last: mut nodes, mut members, stays } = ownership.doubt(value?.as_map()?, inner);
        let (node, value) = stays.filter(|_| !nodes.is_empty())?;
        if let Element::Field(name) = &node.element {
            members.push((name.clone(), value));
        }
        nodes.push(node);
        Some((
            Node { element: last.element.borrowed(), member: last.member, below: Set::of_unsorted(nodes) },
            Map::from_entries(members),
        ))
    }
}

impl Ownership<'_, '_> {
    /// Whether the passes need not be made for a member of the object that the manager owned something of, because it states all
    /// that it stated before.
    ///
    /// What it owns now survives the second pass as long as nothing there changes the key of an item, which is sure where whoever
    /// owns an item owns its key fields as well.
    fn is_kept(&self, last: &Node<'_>, root: TypeRef<'_>) -> bool {
        let mut others = self.others.iter().filter_map(|set| set.find(&last.element));
        states(last, self.now.find(&last.element), root) && others.all(|other| owns_keys(other, root))
    }
}

/// Whether everything that `last` has, or leads through, is in `now`, and items and structs of `now` have something in them; `ty` is the type of
/// what they are in.
fn states(last: &Node<'_>, now: Option<&Node<'_>>, ty: TypeRef<'_>) -> bool {
    let Some(now) = now else { return false };
    let (inner, declared) = last.place(Some(ty));
    // Of what is stated to be empty it is not sure that something is left that counts, which an empty list does not.
    let may_be_empty = matches!(last.element, Element::Key(_)) || inner.is_some_and(TypeRef::is_struct);
    let named = now.member || (declared && !now.below.is_empty());
    let mut walk = now.below.walk();
    named
        && !(may_be_empty && now.below.is_empty())
        && inner.is_none_or(|inner| last.below.nodes().iter().all(|node| states(node, walk.find(&node.element), inner)))
}

/// Whether the key fields of each item are owned with it, or have their default; `ty` is the type of what the node is in.
fn owns_keys(node: &Node<'_>, ty: TypeRef<'_>) -> bool {
    let (Some(inner), _) = node.place(Some(ty)) else { return node.below.is_empty() };
    let keys_owned = |key: &Key<'_>| {
        key.fields().all(|(name, value)| {
            node.below.has_member(&Element::field(name))
                || inner.default_of(name).is_some_and(|default| default.compare(value).is_eq())
        })
    };
    let fine = match &node.element {
        Element::Key(key) if node.member => keys_owned(key),
        _ => true,
    };
    fine && node.below.nodes().iter().all(|node| owns_keys(node, inner))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::structured::merge::merge;
    use crate::value::parse;

    /// A port with some of its fields, a protocol for each key apart.
    fn port() -> impl Strategy<Value = String> {
        let field = |name: &'static str| {
            prop::option::of(prop_oneof!["[ab]"]).prop_map(move |value| value.map(|value| format!(r#""{name}":"{value}""#)))
        };
        (prop::option::of(1..3i64), prop::option::of(prop_oneof!["TCP", "UDP"]), field("name"), field("appProtocol")).prop_map(
            |(number, protocol, name, app)| {
                let number = number.map(|number| format!(r#""port":{number}"#));
                let protocol = protocol.map(|protocol| format!(r#""protocol":"{protocol}""#));
                format!("{{{}}}", [number, protocol, name, app].into_iter().flatten().collect::<Vec<_>>().join(","))
            },
        )
    }

    fn object() -> impl Strategy<Value = String> {
        let field = |name: &'static str| {
            prop::option::of("[ab]").prop_map(move |value| value.map(|value| format!(r#""{name}":"{value}""#)))
        };
        let ports =
            prop::option::of(vec(port(), 0..4)).prop_map(|ports| ports.map(|ports| format!(r#""ports":[{}]"#, ports.join(","))));
        (ports, vec("[ab]", 0..3), field("type"), field("clusterIP")).prop_map(|(ports, labels, kind, ip)| {
            let labels: Vec<_> = labels.iter().map(|key| format!(r#""{key}":"1""#)).collect();
            let spec: Vec<_> = [ip, ports, kind].into_iter().flatten().collect();
            format!(r#"{{"metadata":{{"labels":{{{}}}}},"spec":{{{}}}}}"#, labels.join(","), spec.join(","))
        })
    }

    /// Some of the paths of a set.
    fn some<'v>(set: &Set<'v>, keep: &[bool]) -> Set<'static> {
        set.iter().zip(keep.iter().cycle()).filter(|(_, keep)| **keep).map(|(path, _)| path).collect()
    }

    #[test]
    fn what_lies_in_one_value_is_not_taken_out_of_it() {
        let schema = Schema::builtin("v1", "Service").unwrap();
        for (path, expect) in [
            // A single value stays; a list or an object that is one value goes with anything in it.
            (".spec.type.a", r#"{"spec":{"clusterIPs":["a","b"],"selector":{"a":"b","c":"d"},"type":"x"}}"#),
            (".spec.clusterIPs[0]", r#"{"spec":{"clusterIPs":null,"selector":{"a":"b","c":"d"},"type":"x"}}"#),
            (".spec.selector.a", r#"{"spec":{"clusterIPs":["a","b"],"selector":null,"type":"x"}}"#),
        ] {
            let object = parse(br#"{"spec":{"clusterIPs":["a","b"],"selector":{"a":"b","c":"d"},"type":"x"}}"#).unwrap();
            let set = std::iter::once(path.parse().unwrap()).collect();
            assert_eq!(remove_all(object, &set, &schema).to_string(), expect, "{path}");
        }
    }

    /// Somebody owns an item, but not what it is found by: the second pass takes that out, and two items have one key.
    #[test]
    fn an_item_without_its_key_meets_another() {
        let schema = Schema::builtin("v1", "Service").unwrap();
        let set = |paths: &[&str]| paths.iter().map(|path| path.parse().unwrap()).collect::<Set<'_>>();
        let merged = parse(br#"{"spec":{"ports":[{"appProtocol":"a","port":1},{"name":"a"}]}}"#).unwrap();
        let mine = set(&[r#".spec.ports[port=0,protocol="TCP"]"#, r#".spec.ports[port=0,protocol="TCP"].name"#]);
        let theirs = set(&[r#".spec.ports[port=1,protocol="TCP"]"#, r#".spec.ports[port=1,protocol="TCP"].appProtocol"#]);
        let ownership = Ownership { last: &mine, now: &mine, others: vec![&theirs] };
        assert_eq!(given_up(&merged, &ownership, &schema).to_string(), r#".spec.ports[port=0,protocol="TCP"].name"#);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Where the passes are left out, they would not have found anything.
        #[test]
        fn leaving_the_passes_out_changes_nothing(
            live in object(), config in object(), theirs in object(),
            keep in vec(any::<bool>(), 1..7), last in vec(prop::bool::weighted(0.9), 1..9), all in any::<bool>(),
            gone in vec(prop::bool::weighted(0.3), 1..9),
        ) {
            let schema = Schema::builtin("v1", "Service").unwrap();
            let [live, config, theirs] = [&live, &config, &theirs].map(|text| parse(text.as_bytes()).unwrap());
            let merged = merge(&live, &config, &schema, &mut ());
            let now = fields(&config, &schema);
            let others = some(&fields(&theirs, &schema), &keep);
            let before = if all { now.clone() } else { some(&now, &last) }.union(some(&fields(&live, &schema), &gone));
            let ownership = Ownership { last: &before, now: &now, others: vec![&others] };
            prop_assert_eq!(given_up(&merged, &ownership, &schema), three_passes(&merged, &ownership, &schema));
        }
    }
}
