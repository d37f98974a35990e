//! The leaf fields in which two ends of one object differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::converged::{is_zero, same};
use super::report::Divergence;
use crate::path::{Element, Path};
use crate::schema::{ListType, Schema, Shape, Type};
use crate::value;

/// The annotation in which `kubectl apply` keeps the manifest.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What is compared: the ends of two ways, beside what the manifest states and what was live.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends<'v> {
    pub(super) wanted: Option<&'v Value>,
    pub(super) before: Option<&'v Value>,
    pub(super) client_side: Option<&'v Value>,
    pub(super) server_side: Option<&'v Value>,
}

impl<'v> Ends<'v> {
    fn map(self, part: impl Fn(&'v Value) -> Option<&'v Value>) -> Self {
        Ends {
            wanted: self.wanted.and_then(&part),
            before: self.before.and_then(&part),
            client_side: self.client_side.and_then(&part),
            server_side: self.server_side.and_then(&part),
        }
    }
}

/// Where client-side and server-side end differ, without managedFields, resourceVersion and the last-applied annotation.
///
/// A list item that only one of them has is one entry.
pub(super) fn divergences(ends: Ends<'_>, schema: &Schema) -> Vec<Divergence> {
    let mut walk = Walk { path: Vec::new(), found: Vec::new() };
    walk.value(ends, Some(schema.root()));
    walk.found
}

/// A walk through all ends at once; paths are put together for what is found alone.
struct Walk<'v> {
    path: Vec<Element<'v>>,
    found: Vec<Divergence>,
}

impl<'v> Walk<'v> {
    fn is_left_out(&self) -> bool {
        let name = |element: Option<&'_ Element<'v>>| match element {
            Some(Element::Field(name)) => name.to_string(),
            _ => String::new(),
        };
        if self.path.len() < 2 || !matches!(self.path.first(), Some(Element::Field(first)) if first == "metadata") {
            return false;
        }
        match (&*name(self.path.get(1)), self.path.len()) {
            ("managedFields" | "resourceVersion", 2) => true,
            ("annotations", 3) => name(self.path.get(2)) == LAST_APPLIED,
            _ => false,
        }
    }

    fn push(&mut self, ends: Ends<'v>) {
        let value = |side: Option<&Value>| side.cloned().unwrap_or_default();
        let path: Path = self.path.iter().cloned().collect();
        self.found.push(Divergence {
            path: path.to_string(),
            wanted: value(ends.wanted),
            live: value(ends.before),
            client_side: value(ends.client_side),
            server_side: value(ends.server_side),
        });
    }

    fn value(&mut self, ends: Ends<'v>, ty: Option<Type<'_>>) {
        let (left, right) = (ends.client_side, ends.server_side);
        let equal = match (left, right) {
            (Some(left), Some(right)) => same(left, right),
            (None, None) => true,
            (Some(only), None) | (None, Some(only)) => only.as_object().is_some_and(Map::is_empty),
        };
        if equal || self.is_left_out() {
            return;
        }
        let is_map = |side: Option<&Value>| side.is_none_or(Value::is_object);
        if is_map(left) && is_map(right) {
            return self.map(ends, ty);
        }
        let list_type = match ty.map(Type::shape) {
            Some(Shape::List(list)) => Some((list.list_type(), list.item())),
            _ => None,
        };
        let is_list = |side: Option<&Value>| side.is_none_or(Value::is_array);
        match list_type {
            Some((ListType::Map(keys), item)) if is_list(left) && is_list(right) => self.items(ends, keys, item),
            Some((ListType::Set, _)) if is_list(left) && is_list(right) => self.set(ends),
            _ => self.push(ends),
        }
    }

    fn map(&mut self, ends: Ends<'v>, ty: Option<Type<'_>>) {
        let sides = [ends.client_side, ends.server_side];
        let mut keys: Vec<&'v String> = sides.into_iter().flatten().filter_map(Value::as_object).flat_map(Map::keys).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let inner = match ty.map(Type::shape) {
                Some(Shape::Struct(fields)) => fields.field(key).map(|field| field.ty()).or_else(|| fields.rest()),
                Some(Shape::Map(map)) => Some(map.value()),
                _ => None,
            };
            self.path.push(Element::field(key.as_str()));
            self.value(ends.map(|side| side.get(key)), inner);
            self.path.pop();
        }
    }

    fn items(&mut self, ends: Ends<'v>, keys: &[Box<str>], item: Type<'_>) {
        let index = |side: Option<&Value>| -> BTreeMap<Element<'static>, usize> {
            let items = side.and_then(Value::as_array).map_or(&[][..], Vec::as_slice).iter().enumerate();
            // Of several items with one key the first one counts.
            items.rev().map(|(at, value)| (key_of(value, keys, item), at)).collect()
        };
        let (wanted, before) = (index(ends.wanted), index(ends.before));
        let (client_side, server_side) = (index(ends.client_side), index(ends.server_side));
        let all: BTreeSet<&Element<'static>> = client_side.keys().chain(server_side.keys()).collect();
        for key in all {
            let ends = Ends {
                wanted: pick(ends.wanted, wanted.get(key)),
                before: pick(ends.before, before.get(key)),
                client_side: pick(ends.client_side, client_side.get(key)),
                server_side: pick(ends.server_side, server_side.get(key)),
            };
            self.path.push(key.clone());
            match (ends.client_side, ends.server_side) {
                (Some(_), Some(_)) => self.value(ends, Some(item)),
                _ => self.push(ends),
            }
            self.path.pop();
        }
    }

    fn set(&mut self, ends: Ends<'v>) {
        let sides = [ends.client_side, ends.server_side];
        let mut members: Vec<&'v Value> = Vec::new();
        for member in sides.into_iter().flatten().filter_map(Value::as_array).flatten() {
            if !members.contains(&member) {
                members.push(member);
            }
        }
        for member in members {
            let find = |side: &'_ Value| side.as_array().is_some_and(|items| items.contains(member));
            let ends = Ends {
                wanted: ends.wanted.filter(|side| find(side)).map(|_| member),
                before: ends.before.filter(|side| find(side)).map(|_| member),
                client_side: ends.client_side.filter(|side| find(side)).map(|_| member),
                server_side: ends.server_side.filter(|side| find(side)).map(|_| member),
            };
            if ends.client_side.is_some() != ends.server_side.is_some() {
                self.path.push(Element::Value(value::Value::from_serde(member).unwrap_or_default()));
                self.push(ends);
                self.path.pop();
            }
        }
    }
}

/// The value of each key field, or what stands for it where it is left out.
fn key_of(item: &Value, keys: &[Box<str>], ty: Type<'_>) -> Element<'static> {
    let fields = keys.iter().map(|key| {
        let stated = item.get(&**key).filter(|stated| !is_zero(stated)).and_then(|stated| value::Value::from_serde(stated).ok());
        let default = || ty.field(key).and_then(|field| field.default().cloned()).unwrap_or_default();
        (key.to_string(), stated.map_or_else(default, value::Value::into_owned))
    });
    Element::key(fields)
}

fn pick<'v>(side: Option<&'v Value>, at: Option<&usize>) -> Option<&'v Value> {
    side?.get(*at?)
}
