//! The schema as the server's walkers see it (structured-merge-diff v6.4.2 `schema/elements.go`, `typed/helpers.go`).
//!
//! Upstream gives every type up to three atoms: what it is as a scalar, as a list, as an object. Published kinds use one of them;
//! where a schema does not say, all three are there, and the value at hand picks one. This module is that view, over
//! [`crate::schema`], with the element that addresses a list item.

use std::borrow::Cow;

use crate::path::{Element, Key};
use crate::schema::{self, Freedom, ListType, Scalar, Shape, Struct, Type};
use crate::value::{Map, Value};

/// A type of the schema, or one of the two that upstream makes up where a schema does not say.
#[derive(Clone, Copy, Debug)]
pub(super) enum TypeRef<'s> {
    /// A type of the schema.
    Known(Type<'s>),
    /// Anything; objects are merged member by member (`__untyped_deduced_`).
    Deduced,
    /// Anything, merged as one value (`__untyped_atomic_`).
    Atomic,
}

/// What a value of a type is treated as.
#[derive(Clone, Copy, Debug)]
pub(super) enum Atom<'s> {
    Scalar(Scalar),
    List(List<'s>),
    Map(Fields<'s>),
}

impl Atom<'_> {
    /// Whether both are treated alike; both are of one type.
    pub(super) fn is_like(&self, other: &Atom<'_>) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// How a list is merged.
#[derive(Clone, Copy, Debug)]
pub(super) struct List<'s> {
    pub(super) item: TypeRef<'s>,
    list_type: &'s ListType,
}

/// How an object is merged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'s> {
    declared: Option<Struct<'s>>,
    /// The type of members that are not declared.
    rest: Option<TypeRef<'s>>,
    pub(super) atomic: bool,
}

impl<'s> TypeRef<'s> {
    /// What `value` is treated as; where it fits none of the type's atoms, or is `null`, an object before a scalar before a list.
    pub(super) fn atom(self, value: &Value<'_>) -> Atom<'s> {
        match (self, value) {
            (TypeRef::Known(ty), value) => known(ty, value),
            (_, Value::List(_)) => Atom::List(List { item: TypeRef::Atomic, list_type: &ListType::Atomic }),
            (_, Value::Map(_) | Value::Null) => {
                Atom::Map(Fields { declared: None, rest: Some(self), atomic: matches!(self, TypeRef::Atomic) })
            }
            _ => Atom::Scalar(Scalar::Untyped),
        }
    }

    /// The type of the member `name` where this is an object, and whether it is declared.
    pub(super) fn field(self, name: &str) -> Option<(TypeRef<'s>, bool)> {
        match self.atom(&Value::Null) {
            Atom::Map(fields) => fields.field(name),
            _ => None,
        }
    }

    /// The value that stands for an absent field `name`, where list items are told apart by it.
    pub(super) fn default_of(self, name: &str) -> Option<&'s Value<'static>> {
        let TypeRef::Known(ty) = self else { return None };
        ty.field(name)?.default().filter(|default| !default.is_null())
    }

    /// Whether this is an object with declared fields that is merged member by member.
    pub(super) fn is_struct(self) -> bool {
        matches!(self.atom(&Value::Null), Atom::Map(fields) if fields.declared.is_some() && !fields.atomic)
    }

    /// The type of the items where this is a list.
    pub(super) fn item(self) -> Option<TypeRef<'s>> {
        match self.atom(&Value::List(Vec::new())) {
            Atom::List(list) => Some(list.item),
            _ => None,
        }
    }
}

/// The members of an object; none of anything else.
pub(super) fn members_of<'v>(value: Option<&'v Value<'v>>) -> &'v Map<'v> {
    static NONE: Map<'static> = Map::new();
    value.and_then(Value::as_map).unwrap_or(&NONE)
}

/// The items of a list; none of anything else.
pub(super) fn items_of<'v>(value: Option<&'v Value<'v>>) -> &'v [Value<'v>] {
    value.and_then(Value::as_list).unwrap_or_default()
}

fn known<'s>(ty: Type<'s>, value: &Value<'_>) -> Atom<'s> {
    match ty.shape() {
        Shape::Scalar(Scalar::Untyped) | Shape::Any => match ty.freedom() {
            Some(Freedom::Deduced) => TypeRef::Deduced.atom(value),
            Some(Freedom::Atomic) => TypeRef::Atomic.atom(value),
            Some(Freedom::Object) => Atom::Map(Fields { declared: None, rest: Some(TypeRef::Deduced), atomic: false }),
            None => Atom::Scalar(Scalar::Untyped),
        },
        Shape::Scalar(scalar) => Atom::Scalar(scalar),
        Shape::List(list) => Atom::List(List { item: TypeRef::Known(list.item()), list_type: list.list_type() }),
        Shape::Map(map) => Atom::Map(Fields { declared: None, rest: Some(TypeRef::Known(map.value())), atomic: map.is_atomic() }),
        Shape::Struct(fields) => {
            Atom::Map(Fields { declared: Some(fields), rest: fields.rest().map(TypeRef::Known), atomic: fields.is_atomic() })
        }
    }
}

impl<'s> Fields<'s> {
    /// The type of the member `name` and whether it is declared; `None` where the schema has no such member.
    pub(super) fn field(&self, name: &str) -> Option<(TypeRef<'s>, bool)> {
        match self.declared.and_then(|declared| declared.field(name)) {
            Some(field) => Some((TypeRef::Known(field.ty()), true)),
            None => self.rest.map(|ty| (ty, false)),
        }
    }

    /// Looks members up that are asked for in the order of their names.
    pub(super) fn walk(&self) -> FieldWalk<'s> {
        FieldWalk { declared: self.declared.map(Struct::walk), rest: self.rest }
    }

    /// The type of members that are not declared.
    pub(super) fn rest(&self) -> Option<TypeRef<'s>> {
        self.rest
    }

    /// Whether nothing is declared and anything may stand here (`isUntypedDeducedMap`).
    pub(super) fn is_free(&self) -> bool {
        let free = |ty: TypeRef<'_>| match ty {
            TypeRef::Deduced => true,
            TypeRef::Known(ty) => matches!(ty.freedom(), Some(Freedom::Deduced)),
            TypeRef::Atomic => false,
        };
        self.declared.is_none() && self.rest.is_some_and(free)
    }
}

/// Looks members of an object up in the order of their names.
pub(super) struct FieldWalk<'s> {
    declared: Option<schema::Fields<'s>>,
    rest: Option<TypeRef<'s>>,
}

impl<'s> FieldWalk<'s> {
    /// As [`Fields::field`].
    pub(super) fn field(&mut self, name: &str) -> Option<(TypeRef<'s>, bool)> {
        match self.declared.as_mut().and_then(|declared| declared.find(name)) {
            Some(field) => Some((TypeRef::Known(field.ty()), true)),
            None => self.rest.map(|ty| (ty, false)),
        }
    }
}

impl<'s> List<'s> {
    pub(super) fn is_atomic(&self) -> bool {
        matches!(self.list_type, ListType::Atomic)
    }

    /// The element that addresses `item`, which stands at `index`: by its key fields, by its value, or by the index.
    ///
    /// # Errors
    /// Why it cannot be addressed, in upstream's words.
    pub(super) fn element<'v>(&self, index: usize, item: &'v Value<'_>) -> Result<Element<'v>, String>
    where
        's: 'v,
    {
        match (self.keys(), item) {
            (None, _) => Ok(Element::Index(index)),
            (Some([]), Value::Integer(_) | Value::Float(_) | Value::String(_) | Value::Bool(_)) => {
                Ok(Element::Value(item.borrowed()))
            }
            (Some(keys), Value::Map(fields)) => {
                let mut key = Vec::with_capacity(keys.len());
                for name in keys {
                    if let Some(value) = fields.get(name).or_else(|| self.item.default_of(name)) {
                        key.push((Cow::Borrowed(&**name), value.borrowed()));
                    }
                }
                if key.is_empty() { Err(self.misaddressed(item)) } else { Ok(Element::Key(Key::new(key))) }
            }
            _ => Err(self.misaddressed(item)),
        }
    }

    /// Whether `item` can be addressed.
    ///
    /// # Errors
    /// As [`element`](List::element).
    pub(super) fn addresses(&self, item: &Value<'_>) -> Result<(), String> {
        let fine = match (self.keys(), item) {
            (None, _) => true,
            (Some([]), item) => matches!(item, Value::Integer(_) | Value::Float(_) | Value::String(_) | Value::Bool(_)),
            (Some(keys), Value::Map(fields)) => {
                keys.iter().any(|name| fields.contains_key(name) || self.item.default_of(name).is_some())
            }
            _ => false,
        };
        if fine { Ok(()) } else { Err(self.misaddressed(item)) }
    }

    /// The key fields; none for a set, and `None` for a list that is one value.
    fn keys(&self) -> Option<&'s [Box<str>]> {
        match self.list_type {
            ListType::Atomic => None,
            ListType::Set => Some(&[]),
            // Upstream: a list of type map without keys is a set.
            ListType::Map(keys) => Some(keys),
        }
    }

    fn misaddressed(&self, item: &Value<'_>) -> String {
        let keys = self.keys().unwrap_or_default();
        let reason = match (keys, item) {
            ([], Value::Map(_)) => "associative list without keys has an element that's a map type",
            ([], Value::List(_)) => "not supported: associative list with lists as elements",
            ([], _) => "associative list without keys has an element that's an explicit null",
            (_, Value::Null) => "associative list with keys may not have a null element",
            (keys, Value::Map(_)) => {
                let names: Vec<_> = keys.iter().map(|name| crate::value::quote(name)).collect();
                return format!(
                    "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for                      any key fields)",
                    names.join(" ")
                );
            }
            _ => "associative list with keys may not have non-map elements",
        };
        reason.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;
    use crate::value::parse;

    #[test]
    fn an_item_that_cannot_be_addressed_is_told_why() {
        const KEYS: &str = "associative list with keys";
        let document = serde_json::json!({"components": {"schemas": {"Odd": {
            "type": "object",
            "properties": {
                "set": {"type": "array", "items": {}, "x-kubernetes-list-type": "set"},
                "map": {"type": "array", "items": {}, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a", "b"]},
            },
            "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Odd"}],
        }}}});
        let schema = Schema::from_openapi(&document, "example.com/v1", "Odd").unwrap();
        let list = |name: &str| match TypeRef::Known(schema.at(&[name]).unwrap().ty()).atom(&parse(b"[]").unwrap()) {
            Atom::List(list) => list,
            other => panic!("{other:?}"),
        };
        for (name, item, expect) in [
            ("set", "{}", "associative list without keys has an element that's a map type".to_owned()),
            ("set", "[1]", "not supported: associative list with lists as elements".to_owned()),
            ("set", "null", "associative list without keys has an element that's an explicit null".to_owned()),
            ("map", "null", format!("{KEYS} may not have a null element")),
            ("map", "1", format!("{KEYS} may not have non-map elements")),
            (
                "map",
                r#"{"c":1}"#,
                format!(
                    r#"{KEYS} has an element that omits all key fields ["a" "b"] (and doesn't have default values for                      any key fields)"#
                ),
            ),
        ] {
            let item = parse(item.as_bytes()).unwrap();
            assert_eq!(list(name).addresses(&item), Err(expect.clone()), "{item}");
            assert_eq!(list(name).element(0, &item), Err(expect), "{item}");
        }
    }
}
