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
    let mut out = Vec::new();
    walk(&Path::new(), ends, Some(schema.root()), &mut out);
    out
}

/// The paths whose values differ, each a leaf or an item that only one side has.
pub(super) fn changes(before: &Value, after: &Value, schema: &Schema) -> Vec<String> {
    let ends = Ends { client_side: Some(before), server_side: Some(after), ..Ends::default() };
    divergences(ends, schema).into_iter().map(|divergence| divergence.path).collect()
}

fn is_left_out(path: &Path) -> bool {
    let names: Vec<_> = path
        .elements()
        .iter()
        .map(|element| match element {
            Element::Field(name) => &**name,
            _ => "",
        })
        .collect();
    matches!(names.as_slice(), ["metadata", "managedFields" | "resourceVersion"] | ["metadata", "annotations", LAST_APPLIED])
}

fn walk(path: &Path, ends: Ends<'_>, ty: Option<Type<'_>>, out: &mut Vec<Divergence>) {
    let (left, right) = (ends.client_side, ends.server_side);
    let equal = match (left, right) {
        (Some(left), Some(right)) => same(left, right),
        (None, None) => true,
        (Some(only), None) | (None, Some(only)) => only.as_object().is_some_and(Map::is_empty),
    };
    if equal || is_left_out(path) {
        return;
    }
    let is_map = |side: Option<&Value>| side.is_none_or(Value::is_object);
    if is_map(left) && is_map(right) {
        return walk_map(path, ends, ty, out);
    }
    let list_type = match ty.map(Type::shape) {
        Some(Shape::List(list)) => Some((list.list_type(), list.item())),
        _ => None,
    };
    let is_list = |side: Option<&Value>| side.is_none_or(Value::is_array);
    match list_type {
        Some((ListType::Map(keys), item)) if is_list(left) && is_list(right) => walk_items(path, ends, keys, item, out),
        Some((ListType::Set, _)) if is_list(left) && is_list(right) => walk_set(path, ends, out),
        _ => push(path, ends, out),
    }
}

fn push(path: &Path, ends: Ends<'_>, out: &mut Vec<Divergence>) {
    let value = |side: Option<&Value>| side.cloned().unwrap_or_default();
    out.push(Divergence {
        path: path.to_string(),
        wanted: value(ends.wanted),
        live: value(ends.before),
        client_side: value(ends.client_side),
        server_side: value(ends.server_side),
    });
}

fn walk_map(path: &Path, ends: Ends<'_>, ty: Option<Type<'_>>, out: &mut Vec<Divergence>) {
    let sides = [ends.client_side, ends.server_side];
    let mut keys: Vec<&String> = sides.into_iter().flatten().filter_map(Value::as_object).flat_map(Map::keys).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let inner = match ty.map(Type::shape) {
            Some(Shape::Struct(fields)) => fields.field(key).map(|field| field.ty()).or_else(|| fields.rest()),
            Some(Shape::Map(map)) => Some(map.value()),
            _ => None,
        };
        walk(&path.clone().field(key.clone()), ends.map(|side| side.get(key)), inner, out);
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

fn walk_items(path: &Path, ends: Ends<'_>, keys: &[Box<str>], item: Type<'_>, out: &mut Vec<Divergence>) {
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
        let path = path.clone().element(key.clone());
        if ends.client_side.is_some() && ends.server_side.is_some() {
            walk(&path, ends, Some(item), out);
        } else {
            push(&path, ends, out);
        }
    }
}

fn pick<'v>(side: Option<&'v Value>, at: Option<&usize>) -> Option<&'v Value> {
    side?.get(*at?)
}

fn walk_set(path: &Path, ends: Ends<'_>, out: &mut Vec<Divergence>) {
    let sides = [ends.client_side, ends.server_side];
    let mut members: Vec<&Value> = Vec::new();
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
        if ends.client_side != ends.server_side {
            let element = value::Value::from_serde(member).map(value::Value::into_owned).unwrap_or_default();
            push(&path.clone().element(Element::Value(element)), ends, out);
        }
    }
}
