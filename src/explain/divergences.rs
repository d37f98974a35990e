//! The leaf fields in which two ends of one object differ.

use std::cmp::Ordering;

use super::converged::{is_zero, same};
use super::report::Divergence;
use crate::path::{self, Element};
use crate::schema::{ListType, Schema, Shape, Type};
use crate::value::{Map, Value};

/// The annotation in which `kubectl apply` keeps the manifest.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What is compared: the ends of two ways, beside what the manifest states and what was live.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends<'v> {
    pub(super) wanted: Option<&'v Value<'v>>,
    pub(super) before: Option<&'v Value<'v>>,
    pub(super) client_side: Option<&'v Value<'v>>,
    pub(super) server_side: Option<&'v Value<'v>>,
}

/// Where client-side and server-side end differ, without managedFields, resourceVersion and the last-applied annotation.
///
/// A list item that only one of them has is one entry.
pub(super) fn divergences(ends: Ends<'_>, schema: &Schema) -> Vec<Divergence> {
    let value = |side: Option<&Value<'_>>| side.map(|side| side.borrowed().into_serde()).unwrap_or_default();
    let divergence = |(path, ends): (String, Ends<'_>)| Divergence {
        path,
        wanted: value(ends.wanted),
        live: value(ends.before),
        client_side: value(ends.client_side),
        server_side: value(ends.server_side),
    };
    differences(ends, schema).into_iter().map(divergence).collect()
}

/// The same as paths with the values there.
pub(super) fn differences<'v>(ends: Ends<'v>, schema: &'v Schema) -> Vec<(String, Ends<'v>)> {
    let mut walk = Walk { path: Vec::new(), found: Vec::new() };
    walk.value(ends, Some(schema.root()));
    walk.found
}

/// A walk through all ends at once; paths are put together for what is found alone.
struct Walk<'v> {
    path: Vec<Element<'v>>,
    found: Vec<(String, Ends<'v>)>,
}

impl<'v> Walk<'v> {
    /// Whether a member of the object here is not compared.
    fn is_left_out(&self, key: &str) -> bool {
        let at = |place: usize, name: &str| matches!(self.path.get(place), Some(Element::Field(field)) if field == name);
        match self.path.len() {
            1 => matches!(key, "managedFields" | "resourceVersion") && at(0, "metadata"),
            2 => key == LAST_APPLIED && at(0, "metadata") && at(1, "annotations"),
            _ => false,
        }
    }

    fn push(&mut self, ends: Ends<'v>) {
        self.found.push((path::text_of(self.path.iter().map(Element::borrowed)), ends));
    }

    fn value(&mut self, ends: Ends<'v>, ty: Option<Type<'v>>) {
        let (left, right) = (ends.client_side, ends.server_side);
        let is_map = |side: Option<&Value<'_>>| side.is_none_or(|side| side.as_map().is_some());
        if is_map(left) && is_map(right) {
            return self.map(ends, ty);
        }
        if left.zip(right).is_some_and(|(left, right)| same(left, right)) {
            return;
        }
        let list_type = match ty.map(Type::shape) {
            Some(Shape::List(list)) => Some((list.list_type(), list.item())),
            _ => None,
        };
        let is_list = |side: Option<&Value<'_>>| side.is_none_or(|side| side.as_list().is_some());
        match list_type {
            Some((ListType::Map(keys), item)) if is_list(left) && is_list(right) => self.items(ends, keys, item),
            Some((ListType::Set, _)) if is_list(left) && is_list(right) => self.set(ends),
            _ => self.push(ends),
        }
    }

    fn map(&mut self, ends: Ends<'v>, ty: Option<Type<'v>>) {
        let members = |side: Option<&'v Value<'v>>| side.and_then(Value::as_map).map(Map::entries).unwrap_or_default();
        let (mut left, mut right) = (members(ends.client_side), members(ends.server_side));
        // Both in the order of their keys.
        loop {
            let (key, client_side, server_side) = match (left, right) {
                ([(key, one), ..], [(other, two), ..]) => match key.cmp(other) {
                    Ordering::Less => (key, Some(one), None),
                    Ordering::Equal => (key, Some(one), Some(two)),
                    Ordering::Greater => (other, None, Some(two)),
                },
                ([(key, one), ..], []) => (key, Some(one), None),
                ([], [(other, two), ..]) => (other, None, Some(two)),
                ([], []) => return,
            };
            left = client_side.and_then(|_| left.get(1..)).unwrap_or(left);
            right = server_side.and_then(|_| right.get(1..)).unwrap_or(right);
            // Most are equal, which is soon seen.
            if client_side == server_side || self.is_left_out(key) {
                continue;
            }
            let inner = match ty.map(Type::shape) {
                Some(Shape::Struct(fields)) => fields.field(key).map(|field| field.ty()).or_else(|| fields.rest()),
                Some(Shape::Map(map)) => Some(map.value()),
                _ => None,
            };
            let stated = |side: Option<&'v Value<'v>>| side.and_then(|side| side.get(key));
            let ends = Ends { wanted: stated(ends.wanted), before: stated(ends.before), client_side, server_side };
            self.path.push(Element::field(&**key));
            self.value(ends, inner);
            self.path.pop();
        }
    }

    fn items(&mut self, ends: Ends<'v>, keys: &'v [Box<str>], item: Type<'v>) {
        let index = |side: Option<&'v Value<'v>>| Index::of(side, keys, item);
        let (client_side, server_side) = (index(ends.client_side), index(ends.server_side));
        let (mut left, mut right) = (client_side.items.iter().peekable(), server_side.items.iter().peekable());
        let mut beside = None;
        // Both in the order of their keys.
        while let Some(key) = left.peek().into_iter().chain(right.peek()).map(|(key, _)| key).min() {
            let client_side = left.next_if(|(other, _)| other == key).map(|(_, item)| *item);
            let server_side = right.next_if(|(other, _)| other == key).map(|(_, item)| *item);
            if client_side == server_side {
                continue;
            }
            let (wanted, before) = beside.get_or_insert_with(|| (index(ends.wanted), index(ends.before)));
            let ends = Ends { wanted: wanted.get(key), before: before.get(key), client_side, server_side };
            self.path.push(key.clone());
            match (client_side, server_side) {
                (Some(_), Some(_)) => self.value(ends, Some(item)),
                _ => self.push(ends),
            }
            self.path.pop();
        }
    }

    fn set(&mut self, ends: Ends<'v>) {
        let sides = [ends.client_side, ends.server_side];
        let mut members: Vec<&'v Value<'v>> = Vec::new();
        for member in sides.into_iter().flatten().filter_map(Value::as_list).flatten() {
            if !members.contains(&member) {
                members.push(member);
            }
        }
        for member in members {
            let find = |side: &'_ Value<'_>| side.as_list().is_some_and(|items| items.contains(member));
            let ends = Ends {
                wanted: ends.wanted.filter(|side| find(side)).map(|_| member),
                before: ends.before.filter(|side| find(side)).map(|_| member),
                client_side: ends.client_side.filter(|side| find(side)).map(|_| member),
                server_side: ends.server_side.filter(|side| find(side)).map(|_| member),
            };
            if ends.client_side.is_some() != ends.server_side.is_some() {
                self.path.push(Element::Value(member.clone()));
                self.push(ends);
                self.path.pop();
            }
        }
    }
}

/// The items of a list by their keys, in order; of several items with one key the first one.
struct Index<'v> {
    items: Vec<(Element<'v>, &'v Value<'v>)>,
}

impl<'v> Index<'v> {
    fn of(side: Option<&'v Value<'v>>, keys: &'v [Box<str>], item: Type<'v>) -> Self {
        let list = side.and_then(Value::as_list).unwrap_or_default();
        let mut items: Vec<_> = list.iter().map(|value| (key_of(value, keys, item), value)).collect();
        items.sort_by(|a, b| a.0.cmp(&b.0));
        items.dedup_by(|later, first| later.0 == first.0);
        Index { items }
    }

    fn get(&self, key: &Element<'_>) -> Option<&'v Value<'v>> {
        let at = self.items.binary_search_by(|(known, _)| known.cmp(key)).ok()?;
        self.items.get(at).map(|(_, item)| *item)
    }
}

/// The value of each key field, or what stands for it where it is left out.
fn key_of<'v>(item: &'v Value<'_>, keys: &'v [Box<str>], ty: Type<'v>) -> Element<'v> {
    let fields = keys.iter().map(|key| {
        let stated = item.get(key).filter(|stated| !is_zero(stated));
        let value = stated.or_else(|| ty.field(key)?.default());
        (&**key, value.map(Value::borrowed).unwrap_or_default())
    });
    Element::key(fields)
}
