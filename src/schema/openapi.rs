//! Reads the types of an OpenAPI v3 document.
//!
//! Which values the server takes and how it merges them follows kube-openapi `pkg/schemaconv/{openapi,smd}.go`.

use super::{Def, FieldDef, Freedom, KindDef, ListType, Patch, Scalar, Strategy, StructDef, Types};
use crate::Error;
use crate::error::Kind;
use crate::value::{MAX_DEPTH, Map, Value};

const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const RAW_EXTENSION: &str = "io.k8s.apimachinery.pkg.runtime.RawExtension";
const COMPONENTS: &str = "#/components/schemas/";

/// Reads the kinds that `wanted` picks by API version and name, and all types that they need.
pub(super) fn read(document: &serde_json::Value, wanted: impl Fn(&str, &str) -> bool) -> Result<Types, Error> {
    let document = Value::from_serde(document)?;
    let components = components(&document)?;
    let mut reader = Reader { components, types: Types::default(), read: Vec::new(), twins: Vec::new() };
    for (name, component) in components.iter() {
        for (api_version, kind) in kinds_of(component) {
            if wanted(&api_version, kind) {
                let root = reader.component(name, 0)?;
                reader.types.kinds.push(KindDef { api_version: api_version.into(), kind: kind.into(), root });
            }
        }
    }
    reader.fill_twins();
    Ok(reader.types)
}

/// The API version and name of every kind in the document.
pub(super) fn kinds(document: &serde_json::Value) -> Result<Vec<(String, String)>, Error> {
    let document = Value::from_serde(document)?;
    let components = components(&document)?;
    Ok(components.values().flat_map(kinds_of).map(|(api_version, kind)| (api_version, kind.to_owned())).collect())
}

fn components<'d>(document: &'d Value<'_>) -> Result<&'d Map<'d>, Error> {
    document.at(&["components", "schemas"]).and_then(Value::as_map).ok_or_else(|| {
        Error::new(Kind::Schema, Some(".components.schemas".into()), "expected an object: not an OpenAPI v3 document")
    })
}

fn kinds_of<'d>(component: &'d Value<'_>) -> impl Iterator<Item = (String, &'d str)> {
    let kinds = component.get("x-kubernetes-group-version-kind").and_then(Value::as_list).unwrap_or_default();
    kinds.iter().filter_map(|kind| {
        let text = |key| kind.get(key).and_then(Value::as_str);
        let (group, version) = (text("group").unwrap_or_default(), text("version")?);
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        Some((api_version, text("kind")?))
    })
}

struct Reader<'d> {
    components: &'d Map<'d>,
    types: Types,
    /// Components that have a type, so that a component may refer to itself.
    read: Vec<(&'d str, usize)>,
    /// Components whose use says how they are merged.
    twins: Vec<Twin>,
}

/// A component that is merged another way where it is used so; its component may still be being read.
#[derive(Clone, Copy)]
struct Twin {
    id: usize,
    of: usize,
    atomic: bool,
}

impl<'d> Reader<'d> {
    fn add(&mut self, def: Def) -> usize {
        if let Some(known) = self.types.defs.iter().position(|known| *known == def) {
            return known;
        }
        self.types.defs.push(def);
        self.types.defs.len() - 1
    }

    fn component(&mut self, name: &'d str, depth: usize) -> Result<usize, Error> {
        if let Some((_, id)) = self.read.iter().find(|(read, _)| *read == name) {
            return Ok(*id);
        }
        let Some(schema) = self.components.get(name) else {
            return Err(Error::new(Kind::Schema, Some(name.into()), "the document refers to a schema that it does not have"));
        };
        // The place is taken before the fields are read: they may lead back here.
        let id = self.types.defs.len();
        self.types.defs.push(Def::placeholder(name));
        self.read.push((name, id));
        self.types.defs[id] = match name {
            QUANTITY => Def::Scalar(Scalar::Untyped),
            RAW_EXTENSION => Def::Any(Freedom::Atomic),
            _ => self.def(Some(name), schema, Unknown::Refused, depth)?,
        };
        Ok(id)
    }

    /// The type of a schema that stands inside another.
    fn inline(&mut self, schema: &'d Value<'d>, unknown: Unknown, depth: usize) -> Result<usize, Error> {
        let Some(name) = reference(schema) else {
            let def = self.def(None, schema, unknown, depth)?;
            return Ok(self.add(def));
        };
        let id = self.component(name, depth)?;
        // The reference itself may say how its target is merged.
        let Some(atomic) = atomic(schema) else { return Ok(id) };
        if let Some(twin) = self.twins.iter().find(|twin| (twin.of, twin.atomic) == (id, atomic)) {
            return Ok(twin.id);
        }
        let twin = Twin { id: self.types.defs.len(), of: id, atomic };
        self.types.defs.push(Def::placeholder(name));
        self.twins.push(twin);
        Ok(twin.id)
    }

    /// Gives the twins what was read of their components in the meantime.
    fn fill_twins(&mut self) {
        for Twin { id, of, atomic } in std::mem::take(&mut self.twins) {
            let any = self.add(Def::Any(Freedom::Deduced));
            let mut def = self.types.defs[of].clone();
            match &mut def {
                Def::Struct(def) => def.atomic = atomic,
                Def::Map { atomic: own, .. } => *own = atomic,
                Def::Any(Freedom::Object) if atomic => def = Def::Map { value: any, atomic },
                Def::Any(freedom) if atomic => *freedom = Freedom::Atomic,
                _ => {}
            }
            self.types.defs[id] = def;
        }
    }

    fn def(&mut self, name: Option<&str>, schema: &'d Value<'d>, unknown: Unknown, depth: usize) -> Result<Def, Error> {
        if depth > MAX_DEPTH {
            return Err(Error::new(Kind::TooDeep, name.map(str::to_owned), format!("schemas nested deeper than {MAX_DEPTH}")));
        }
        let text = |key| schema.get(key).and_then(Value::as_str);
        let is = |key: &str| schema.get(key).and_then(Value::as_bool) == Some(true);
        let unknown = if is("x-kubernetes-preserve-unknown-fields") { Unknown::Preserved } else { unknown };
        Ok(match text("type") {
            Some("boolean") => Def::Scalar(Scalar::Boolean),
            Some("integer" | "number") => Def::Scalar(Scalar::Numeric),
            // A string of a format, as a time, may be any scalar.
            Some("string") => match text("format") {
                None | Some("" | "byte") => Def::Scalar(Scalar::String),
                Some(_) => Def::Scalar(Scalar::Untyped),
            },
            Some("array") => {
                let item = match schema.get("items") {
                    Some(items) => self.inline(items, unknown, depth + 1)?,
                    None => self.add(Def::Any(Freedom::Atomic)),
                };
                Def::List { item, list_type: list_type(schema) }
            }
            Some(_) => self.object(name, schema, Freedom::Object, unknown, depth)?,
            None if is("x-kubernetes-int-or-string")
                || text("format") == Some("int-or-string")
                || schema.get("oneOf").is_some() =>
            {
                Def::IntOrString
            }
            None => self.object(name, schema, Freedom::Deduced, unknown, depth)?,
        })
    }

    /// An object, or what is taken (`free`) where its members are not described.
    fn object(
        &mut self,
        name: Option<&str>,
        schema: &'d Value<'d>,
        free: Freedom,
        unknown: Unknown,
        depth: usize,
    ) -> Result<Def, Error> {
        let atomic = atomic(schema).unwrap_or(false);
        let additional = schema.get("additionalProperties");
        if let Some(properties) = schema.get("properties").and_then(Value::as_map).filter(|properties| !properties.is_empty()) {
            let mut fields = Vec::with_capacity(properties.len());
            for (field, property) in properties.iter() {
                fields.push(FieldDef {
                    name: field.into(),
                    ty: self.inline(property, unknown, depth + 1)?,
                    default: property.get("default").map(|default| default.clone().into_owned()),
                    patch: patch(property),
                });
            }
            let rest = match (additional, unknown) {
                (Some(values @ Value::Map(_)), _) => Some(self.inline(values, unknown, depth + 1)?),
                (Some(Value::Bool(true)), _) | (None, Unknown::Preserved) => Some(self.add(Def::Any(Freedom::Deduced))),
                _ => None,
            };
            return Ok(Def::Struct(StructDef { name: name.map(Into::into), atomic, fields, rest }));
        }
        Ok(match additional {
            Some(values @ Value::Map(_)) => Def::Map { value: self.inline(values, unknown, depth + 1)?, atomic },
            Some(Value::Bool(false)) => {
                Def::Struct(StructDef { name: name.map(Into::into), atomic, fields: Vec::new(), rest: None })
            }
            _ if atomic && free == Freedom::Object => Def::Map { value: self.add(Def::Any(Freedom::Deduced)), atomic },
            _ if atomic => Def::Any(Freedom::Atomic),
            _ => Def::Any(free),
        })
    }
}

/// What happens to fields that a schema does not declare; schemas that stand inside of one share it.
#[derive(Clone, Copy)]
enum Unknown {
    Refused,
    Preserved,
}

/// The component that a schema refers to, by `$ref` or by an `allOf` of one `$ref`, as published documents write it.
fn reference<'d>(schema: &'d Value<'_>) -> Option<&'d str> {
    let target = schema.get("$ref").or_else(|| schema.get("allOf")?.as_list()?.first()?.get("$ref"))?;
    target.as_str()?.strip_prefix(COMPONENTS)
}

fn atomic(schema: &Value<'_>) -> Option<bool> {
    schema.get("x-kubernetes-map-type").and_then(Value::as_str).map(|map_type| map_type == "atomic")
}

fn list_type(schema: &Value<'_>) -> ListType {
    let text = |key| schema.get(key).and_then(Value::as_str);
    match text("x-kubernetes-list-type") {
        Some("set") => ListType::Set,
        Some("map") => {
            let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_list).unwrap_or_default();
            ListType::Map(keys.iter().filter_map(Value::as_str).map(Into::into).collect())
        }
        Some(_) => ListType::Atomic,
        // Older schemas say it by the patch strategy alone.
        None => match (text("x-kubernetes-patch-strategy"), text("x-kubernetes-patch-merge-key")) {
            (Some("merge" | "merge,retainKeys"), Some(key)) => ListType::Map(vec![key.into()]),
            (Some("merge" | "merge,retainKeys"), None) => ListType::Set,
            _ => ListType::Atomic,
        },
    }
}

fn patch(property: &Value<'_>) -> Patch {
    let text = |key| property.get(key).and_then(Value::as_str);
    let mut patch = Patch { merge_key: text("x-kubernetes-patch-merge-key").map(Into::into), ..Patch::default() };
    for strategy in text("x-kubernetes-patch-strategy").unwrap_or_default().split(',') {
        match strategy {
            "merge" => patch.strategy = Strategy::Merge,
            "replace" => patch.strategy = Strategy::Replace,
            "retainKeys" => patch.retain_keys = true,
            _ => {}
        }
    }
    patch
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::schema::{Schema, Shape};

    fn document() -> serde_json::Value {
        json!({"components": {"schemas": {
            "Node": {
                "type": "object",
                "properties": {
                    "next": {"allOf": [{"$ref": "#/components/schemas/Node"}], "x-kubernetes-map-type": "atomic", "default": {}},
                    "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                },
                "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Node"}],
            },
            "Broken": {
                "type": "object",
                "properties": {"other": {"$ref": "#/components/schemas/Missing"}},
                "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Broken"}],
            },
        }}})
    }

    #[test]
    fn a_type_may_contain_itself() {
        let schema = Schema::from_openapi(&document(), "example.com/v1", "Node").unwrap();
        assert!(schema.at(&["next", "next", "next", "tags"]).is_some());
        let Shape::Struct(root) = schema.root().shape() else { panic!() };
        assert!(!root.is_atomic());
        assert_eq!(root.name(), Some("Node"));
    }

    #[test]
    fn refuses_with_the_place() {
        for (document, kind, expect) in [
            (json!([]), "Node", ".components.schemas: expected an object: not an OpenAPI v3 document"),
            (document(), "Broken", "Missing: the document refers to a schema that it does not have"),
            (document(), "Other", r#"no schema is known for kind "Other" of API version "example.com/v1""#),
        ] {
            let error = Schema::from_openapi(&document, "example.com/v1", kind).unwrap_err();
            assert_eq!(error.to_string(), expect);
            assert!(error.is_schema());
        }
    }
}
