//! What the schema says about a key, and the error where it says nothing.
//!
//! Upstream asks one of three sources (apimachinery v0.37.2 `pkg/util/strategicpatch/{meta,types}.go` and the forked
//! `json.LookupPatchMetadataForStruct`): they know the same fields of a built-in kind and differ in how they word that a field
//! is unknown. Left out: the Go names of scalar types in such a text, which a schema does not know.

use crate::Error;
use crate::schema::{Field, Patch, Scalar, Shape, Type};
use crate::strategic::fault;
use crate::value::quote;

/// Where upstream looks a field up: it decides the text of the error for an unknown field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookup {
    /// An OpenAPI v3 document, kubectl's first choice: `unable to find api field "foo"`.
    #[default]
    OpenApiV3,
    /// An OpenAPI v2 document, kubectl's second choice: `unable to find api field "foo" in io.k8s.api.core.v1.ServiceSpec`.
    OpenApiV2,
    /// The Go types, kubectl's last choice and the server's only one:
    /// `unable to find api field in struct ServiceSpec for the json field "foo"`.
    GoTypes,
}

/// What is known of a field: how it is patched, and the type of what is below it.
#[derive(Clone, Copy)]
pub(super) struct Known<'s> {
    pub(super) patch: &'s Patch,
    /// The type of the object, or of the items of the list.
    pub(super) below: Type<'s>,
}

impl<'s> Known<'s> {
    pub(super) fn merge_key(self) -> &'s str {
        self.patch.merge_key().unwrap_or_default()
    }
}

impl Lookup {
    /// `key` of `parent`, whose value is an object.
    pub(super) fn object<'s>(self, parent: Type<'s>, key: &str) -> Result<Known<'s>, Error> {
        let field = self.field(parent, key)?;
        Ok(Known { patch: field.patch(), below: field.ty() })
    }

    /// `key` of `parent`, whose value is a list.
    pub(super) fn list<'s>(self, parent: Type<'s>, key: &str) -> Result<Known<'s>, Error> {
        let field = self.field(parent, key)?;
        let below = match (self, field.ty().shape()) {
            (_, Shape::List(list)) => list.item(),
            (Lookup::OpenApiV3, _) => field.ty(),
            // Upstream: what has a definition of its own is not looked into.
            (Lookup::OpenApiV2, Shape::Struct(_) | Shape::Scalar(Scalar::Untyped)) => field.ty(),
            (Lookup::OpenApiV2, shape) => return Err(fault::schema(format!("expected slice, but got {}", v2_name(shape)))),
            (Lookup::GoTypes, _) => return Err(fault::schema("expected slice or array type, but got: struct")),
        };
        Ok(Known { patch: field.patch(), below })
    }

    fn field<'s>(self, parent: Type<'s>, key: &str) -> Result<Field<'s>, Error> {
        if let Some(field) = parent.field(key) {
            return Ok(field);
        }
        Err(fault::schema(match (self, parent.shape()) {
            (Lookup::OpenApiV3, _) => format!("unable to find api field \"{key}\""),
            (Lookup::OpenApiV2, Shape::Struct(fields)) => {
                format!("unable to find api field {} in {}", quote(key), fields.name().unwrap_or_default())
            }
            (Lookup::OpenApiV2, shape) => format!("expected kind, but got {}", v2_name(shape)),
            (Lookup::GoTypes, Shape::Struct(fields)) => {
                // Upstream: the Go types alone are searched a second time without regard to case.
                if let Some(field) = fields.fields().find(|field| field.name().eq_ignore_ascii_case(key)) {
                    return Ok(field);
                }
                let name = fields.name().and_then(|name| name.rsplit('.').next()).unwrap_or_default();
                format!("unable to find api field in struct {name} for the json field {}", quote(key))
            }
            (Lookup::GoTypes, shape) => {
                format!("merging an object in json but data type is not struct, instead is: {}", go_kind(shape))
            }
        }))
    }
}

fn v2_name(shape: Shape<'_>) -> &'static str {
    match shape {
        Shape::List(_) => "slice",
        Shape::Map(_) | Shape::Struct(_) => "map",
        _ => "primitive",
    }
}

fn go_kind(shape: Shape<'_>) -> &'static str {
    match shape {
        Shape::Map(_) => "map",
        Shape::List(_) => "slice",
        Shape::Scalar(Scalar::Boolean) => "bool",
        Shape::Scalar(Scalar::String) => "string",
        Shape::Scalar(Scalar::Numeric) => "int32",
        _ => "interface",
    }
}

/// The name under which an OpenAPI v3 document calls what has no component name.
pub(super) fn type_name(ty: Type<'_>) -> &'static str {
    match ty.shape() {
        Shape::Struct(_) | Shape::Map(_) => "object",
        Shape::List(_) => "array",
        Shape::Scalar(Scalar::Boolean) => "boolean",
        Shape::Scalar(Scalar::String) => "string",
        Shape::Scalar(Scalar::Numeric) => "integer",
        _ => "Struct",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn an_unknown_field_is_worded_as_by_its_source() {
        let schema = Schema::builtin("v1", "Service").unwrap();
        let spec = schema.at(&["spec"]).unwrap().ty();
        let labels = schema.at(&["metadata", "labels"]).unwrap().ty();
        for (lookup, in_spec, in_labels) in [
            (Lookup::OpenApiV3, r#"unable to find api field "foo""#, r#"unable to find api field "foo""#),
            (
                Lookup::OpenApiV2,
                r#"unable to find api field "foo" in io.k8s.api.core.v1.ServiceSpec"#,
                "expected kind, but got map",
            ),
            (
                Lookup::GoTypes,
                r#"unable to find api field in struct ServiceSpec for the json field "foo""#,
                "merging an object in json but data type is not struct, instead is: map",
            ),
        ] {
            assert_eq!(lookup.list(spec, "foo").err().unwrap().to_string(), in_spec);
            assert_eq!(lookup.object(labels, "foo").err().unwrap().to_string(), in_labels);
        }
        for (path, kind) in [
            (&["spec", "clusterIP"][..], "string"),
            (&["spec", "publishNotReadyAddresses"], "bool"),
            (&["spec", "healthCheckNodePort"], "int32"),
            (&["spec", "ports"], "slice"),
        ] {
            let told = Lookup::GoTypes.object(schema.at(path).unwrap().ty(), "foo").err().unwrap().to_string();
            assert_eq!(told, format!("merging an object in json but data type is not struct, instead is: {kind}"), "{path:?}");
        }
        let ports = schema.at(&["spec", "ports"]).unwrap().ty();
        assert_eq!(Lookup::OpenApiV2.object(ports, "foo").err().unwrap().to_string(), "expected kind, but got slice");
        let listed = |lookup: Lookup, key| lookup.list(spec, key).err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(listed(Lookup::OpenApiV2, "type"), "expected slice, but got primitive");
        assert_eq!(listed(Lookup::OpenApiV2, "selector"), "expected slice, but got map");
        assert_eq!(listed(Lookup::OpenApiV2, "sessionAffinityConfig"), "", "it is a reference");
        assert_eq!(listed(Lookup::GoTypes, "sessionAffinityConfig"), "expected slice or array type, but got: struct");
        assert_eq!(Lookup::GoTypes.list(spec, "PORTS").ok().unwrap().merge_key(), "port");
        assert!(Lookup::OpenApiV3.list(spec, "PORTS").is_err());
    }

    #[test]
    fn a_type_is_called_as_in_an_openapi_document() {
        let schema = Schema::builtin("v1", "Service").unwrap();
        for (path, name) in [
            (&["spec"][..], "object"),
            (&["spec", "selector"], "object"),
            (&["spec", "ports"], "array"),
            (&["spec", "publishNotReadyAddresses"], "boolean"),
            (&["spec", "clusterIP"], "string"),
            (&["spec", "healthCheckNodePort"], "integer"),
        ] {
            assert_eq!(type_name(schema.at(path).unwrap().ty()), name, "{path:?}");
        }
    }
}
