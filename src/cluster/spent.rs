//! What a strategic merge leaves of the patch itself, which is what the server prints where the outcome cannot be read.
//!
//! Upstream: apimachinery v0.37.2 `pkg/util/strategicpatch/patch.go` (`mergeMap`, `mergeSlice`, `removeDirectives`,
//! `discardNullValuesFromPatch`) over Go maps that the patch and the merged object share: directives, lists with an order and nulls
//! are taken out of the patch, and an item that the live list lacks goes into it as it is, so that a further item of its key is
//! merged into the patch. Here both are trees on one heap. Left out: errors, which the merge proper has told before.

use std::collections::BTreeMap;

use crate::schema::{Schema, Shape, Strategy, Type};
use crate::value::Value;

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const SET_ELEMENT_ORDER: &str = "$setElementOrder/";
const DELETE_FROM_PRIMITIVE_LIST: &str = "$deleteFromPrimitiveList/";

/// The patch after it was merged into the live object.
pub(super) fn spent(live: &Value<'_>, patch: &Value<'_>, schema: &Schema) -> Value<'static> {
    let mut heap = Heap::default();
    let (live, patch) = (heap.load(live), heap.load(patch));
    heap.merge(live, patch, Some(schema.root()));
    heap.value(patch)
}

/// A value on the [`Heap`].
type Place = usize;

#[derive(Debug)]
enum Node {
    Scalar(Value<'static>),
    List(Vec<Place>),
    Map(BTreeMap<String, Place>),
}

/// Values that may be part of several others.
#[derive(Debug, Default)]
struct Heap {
    nodes: Vec<Node>,
}

impl Heap {
    fn add(&mut self, node: Node) -> Place {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn load(&mut self, value: &Value<'_>) -> Place {
        let node = match value {
            Value::Map(map) => Node::Map(map.iter().map(|(key, value)| (key.to_owned(), self.load(value))).collect()),
            Value::List(items) => Node::List(items.iter().map(|item| self.load(item)).collect()),
            scalar => Node::Scalar(scalar.clone().into_owned()),
        };
        self.add(node)
    }

    fn value(&self, place: Place) -> Value<'static> {
        match &self.nodes[place] {
            Node::Scalar(value) => value.clone(),
            Node::List(items) => Value::List(items.iter().map(|item| self.value(*item)).collect()),
            Node::Map(map) => Value::Map(map.iter().map(|(key, value)| (key.clone(), self.value(*value))).collect()),
        }
    }

    fn member(&self, map: Place, key: &str) -> Option<Place> {
        match &self.nodes[map] {
            Node::Map(map) => map.get(key).copied(),
            _ => None,
        }
    }

    fn keys(&self, map: Place) -> Vec<String> {
        match &self.nodes[map] {
            Node::Map(map) => map.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    fn items(&self, list: Place) -> Vec<Place> {
        match &self.nodes[list] {
            Node::List(items) => items.clone(),
            _ => Vec::new(),
        }
    }

    fn scalar(&self, place: Place) -> Option<&Value<'static>> {
        match &self.nodes[place] {
            Node::Scalar(value) => Some(value),
            _ => None,
        }
    }

    /// Sets a member, or takes it out.
    fn set(&mut self, map: Place, key: &str, value: Option<Place>) {
        let Node::Map(map) = &mut self.nodes[map] else { return };
        match value {
            Some(value) => drop(map.insert(key.to_owned(), value)),
            None => drop(map.remove(key)),
        }
    }

    fn same_type(&self, left: Place, right: Place) -> bool {
        match (&self.nodes[left], &self.nodes[right]) {
            (Node::Map(_), Node::Map(_)) | (Node::List(_), Node::List(_)) => true,
            (Node::Scalar(left), Node::Scalar(right)) => left.same_type(right),
            _ => false,
        }
    }

    /// Merges a patch into an object and gives the object that comes of it.
    fn merge(&mut self, object: Place, patch: Place, ty: Option<Type<'_>>) -> Place {
        if let Some(directive) = self.member(patch, PATCH) {
            if self.scalar(directive).and_then(Value::as_str) == Some("replace") {
                self.set(patch, PATCH, None);
                return patch;
            }
            return self.add(Node::Map(BTreeMap::new()));
        }
        self.retain_keys(object, patch);
        for directive in self.keys(patch) {
            let Some(name) = directive.strip_prefix(SET_ELEMENT_ORDER) else { continue };
            self.set(patch, &directive, None);
            let merged = match (self.member(object, name), self.member(patch, name)) {
                (None, None) => continue,
                (Some(live), None) => Some(live),
                (None, Some(items)) => self.without_directives(items),
                (Some(live), Some(items)) => Some(self.merge_lists(live, items, Known::of(ty, name))),
            };
            self.set(object, name, merged);
            self.set(patch, name, None);
        }
        for key in self.keys(patch) {
            if let Some(value) = self.member(patch, &key) {
                self.merge_member(object, &key, value, ty);
            }
        }
        object
    }

    fn retain_keys(&mut self, object: Place, patch: Place) {
        let Some(list) = self.member(patch, RETAIN_KEYS) else { return };
        self.set(patch, RETAIN_KEYS, None);
        let names: Vec<Value<'_>> = self.items(list).into_iter().map(|name| self.value(name)).collect();
        let Node::Map(members) = &mut self.nodes[object] else { return };
        members.retain(|key, _| names.iter().any(|name| name.as_str() == Some(key)));
    }

    fn merge_member(&mut self, object: Place, key: &str, value: Place, ty: Option<Type<'_>>) {
        // A list of deletions touches the live list alone.
        if key.starts_with(DELETE_FROM_PRIMITIVE_LIST) {
            return;
        }
        if self.scalar(value).is_some_and(Value::is_null) {
            self.set(object, key, None);
            return;
        }
        let live = self.member(object, key).filter(|live| self.same_type(*live, value));
        let known = Known::of(ty, key);
        let merged = match (live, &self.nodes[value]) {
            (None, _) => {
                self.discard_nulls(value);
                self.without_directives(value)
            }
            (Some(live), Node::Map(_)) if known.strategy != Strategy::Replace => Some(self.merge(live, value, known.ty)),
            (Some(live), Node::List(_)) if known.strategy == Strategy::Merge => Some(self.merge_lists(live, value, known)),
            (Some(_), _) => Some(value),
        };
        self.set(object, key, merged);
    }

    /// The order of the outcome does not count: no list is merged twice.
    fn merge_lists(&mut self, live: Place, patch: Place, known: Known<'_>) -> Place {
        let (mut live, patch) = (self.items(live), self.items(patch));
        let Some(merge_key) = known.merge_key.filter(|_| known.strategy == Strategy::Merge) else {
            return self.add(Node::List(patch));
        };
        let (special, plain): (Vec<Place>, Vec<Place>) = patch.into_iter().partition(|item| self.member(*item, PATCH).is_some());
        for item in special {
            let directive = self.member(item, PATCH).and_then(|directive| self.scalar(directive)).and_then(Value::as_str);
            match directive {
                Some("replace") => return self.add(Node::List(plain)),
                _ => live.retain(|other| !self.same_key(*other, item, merge_key)),
            }
        }
        for item in plain {
            match live.iter().position(|other| self.same_key(*other, item, merge_key)) {
                Some(at) => live[at] = self.merge(live[at], item, known.item()),
                None => live.push(item),
            }
        }
        self.add(Node::List(live))
    }

    fn same_key(&self, left: Place, right: Place, merge_key: &str) -> bool {
        let key = |item| self.member(item, merge_key).and_then(|key| self.scalar(key));
        key(left).is_some() && key(left) == key(right)
    }

    /// Takes the members that are null out of a value, at any depth.
    fn discard_nulls(&mut self, place: Place) {
        for key in self.keys(place) {
            match self.member(place, &key) {
                Some(value) if self.scalar(value).is_some_and(Value::is_null) => self.set(place, &key, None),
                Some(value) => self.discard_nulls(value),
                None => {}
            }
        }
        self.items(place).into_iter().for_each(|item| self.discard_nulls(item));
    }

    /// A value without the objects that hold a directive. Upstream: objects are changed in place, lists are made anew.
    fn without_directives(&mut self, place: Place) -> Option<Place> {
        if self.member(place, PATCH).is_some() {
            return None;
        }
        for key in self.keys(place) {
            let kept = self.member(place, &key).and_then(|value| self.without_directives(value));
            self.set(place, &key, kept);
        }
        if let Node::List(items) = &self.nodes[place] {
            let kept = items.clone().into_iter().filter_map(|item| self.without_directives(item)).collect();
            return Some(self.add(Node::List(kept)));
        }
        Some(place)
    }
}

/// What the schema says about a member.
#[derive(Clone, Copy)]
struct Known<'s> {
    strategy: Strategy,
    merge_key: Option<&'s str>,
    ty: Option<Type<'s>>,
}

impl<'s> Known<'s> {
    fn of(ty: Option<Type<'s>>, name: &str) -> Self {
        match ty.and_then(|ty| ty.field(name)) {
            Some(field) => {
                Known { strategy: field.patch().strategy(), merge_key: field.patch().merge_key(), ty: Some(field.ty()) }
            }
            None => Known { strategy: Strategy::Unstated, merge_key: None, ty: None },
        }
    }

    /// The type of the items of a list.
    fn item(self) -> Option<Type<'s>> {
        match self.ty?.shape() {
            Shape::List(list) => Some(list.item()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{go_value, parse};

    #[track_caller]
    fn check(patch: &str, expect: &str) {
        let live =
            r#"{"metadata":{"labels":{"a":"1"},"finalizers":["x/a"]},"spec":{"type":"A","ports":[{"port":1},{"port":2}]}}"#;
        let (live, read) = (parse(live.as_bytes()).unwrap(), parse(patch.as_bytes()).unwrap());
        assert_eq!(go_value(&spent(&live, &read, &Schema::service())), expect, "{patch}");
    }

    #[test]
    fn objects() {
        check(r#"{"metadata":{"labels":{"a":null,"b":null}}}"#, "map[metadata:map[labels:map[a:<nil> b:<nil>]]]");
        check(r#"{"spec":{"new":{"c":null,"d":1,"l":[null,{"e":null}]}}}"#, "map[spec:map[new:map[d:1 l:[<nil> map[]]]]]");
        check(r#"{"metadata":{"labels":{"$patch":"replace","a":null}}}"#, "map[metadata:map[labels:map[a:<nil>]]]");
        check(r#"{"metadata":{"labels":{"$patch":"delete"}}}"#, "map[metadata:map[labels:map[$patch:delete]]]");
        check(r#"{"spec":{"new":{"o":{"$patch":"delete"},"l":[1,{"$patch":"x"}]}}}"#, "map[spec:map[new:map[l:[1]]]]");
        check(r#"{"spec":{"$retainKeys":["type"],"type":"B"}}"#, "map[spec:map[type:B]]");
    }

    #[test]
    fn lists() {
        let spec = |list: &str| format!(r#"{{"spec":{{"ports":[{list}]}}}}"#);
        check(r#"{"spec":{"$setElementOrder/ports":[{"port":1}],"ports":[{"port":1}],"new":1}}"#, "map[spec:map[new:1]]");
        check(
            r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["x/a"]}}"#,
            "map[metadata:map[$deleteFromPrimitiveList/finalizers:[x/a]]]",
        );
        // Items that the live list has are merged into it; what they bring along loses its nulls.
        check(&spec(r#"{"port":1,"name":null,"new":{"a":null}}"#), "map[spec:map[ports:[map[name:<nil> new:map[] port:1]]]]");
        // One that it lacks becomes part of it, so that the next one of its key changes it.
        check(
            &spec(r#"{"port":9,"name":null},{"port":9,"new":{"a":null}}"#),
            "map[spec:map[ports:[map[name:<nil> new:map[] port:9] map[new:map[] port:9]]]]",
        );
        check(
            &spec(r#"{"port":9,"name":"x"},{"port":9,"name":null}"#),
            "map[spec:map[ports:[map[port:9] map[name:<nil> port:9]]]]",
        );
        check(
            &spec(r#"{"$patch":"delete","port":1},{"port":1,"new":null}"#),
            "map[spec:map[ports:[map[$patch:delete port:1] map[new:<nil> port:1]]]]",
        );
        check(
            &spec(r#"{"$patch":"replace"},{"port":1,"new":null}"#),
            "map[spec:map[ports:[map[$patch:replace] map[new:<nil> port:1]]]]",
        );
    }
}
