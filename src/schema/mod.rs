//! What the merge engines know of a kind: data, no logic.
//!
//! A [`Schema`] is a graph of [`Type`]s. Each field says how the two dialects treat it: `kubectl apply` reads its patch strategy
//! and patch merge key ([`Patch`]), the server reads list types, map keys and atomicity ([`ListType`]). Merge keys are written
//! here and nowhere else. Built in are Service, Pod, Deployment, StatefulSet and ServiceAccount of Kubernetes v1.37.2; any other
//! kind is read from an OpenAPI v3 document ([`Schema::from_openapi`]).
//!
//! Upstream: `x-kubernetes-*` extensions of the published OpenAPI documents; structured-merge-diff v6.4.2 `schema`, and
//! apimachinery v0.37.2 `pkg/util/strategicpatch/meta.go`. Left out: unions, and validation beyond types.

mod builtin;
mod compact;
mod openapi;

use std::cmp::Ordering;
use std::sync::Arc;

use crate::Error;
use crate::error::Kind;
use crate::value::{Value, name};

/// The schema of one kind; cheap to clone.
///
/// ```
/// use mergekey::schema::{ListType, Schema, Shape};
///
/// let service = Schema::builtin("v1", "Service")?;
/// let ports = service.at(&["spec", "ports"]).expect("a Service has ports");
/// assert_eq!(ports.patch().merge_key(), Some("port"));
/// let Shape::List(list) = ports.ty().shape() else { panic!("ports are a list") };
/// assert_eq!(list.list_type(), &ListType::Map(vec!["port".into(), "protocol".into()]));
/// # Ok::<(), mergekey::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Schema {
    types: Arc<Types>,
    root: usize,
}

impl Schema {
    /// The schema of a built-in kind, as `("v1", "Service")` or `("apps/v1", "Deployment")`.
    ///
    /// # Errors
    /// [`Error::is_schema`] for any other kind.
    pub fn builtin(api_version: &str, kind: &str) -> Result<Self, Error> {
        let types = builtin::types();
        types
            .kind(api_version, kind)
            .map(|root| Schema { types: Arc::clone(types), root })
            .ok_or_else(|| unknown(api_version, kind))
    }

    /// The schema of a `v1` Service, which is built in: the default is never taken.
    pub(crate) fn service() -> Self {
        let types = builtin::types();
        Schema { types: Arc::clone(types), root: types.kind("v1", "Service").unwrap_or_default() }
    }

    /// The schema of a kind that an OpenAPI v3 document describes.
    ///
    /// The document is what a server answers at `/openapi/v3/api/v1` or `/openapi/v3/apis/<group>/<version>`: an object with
    /// `components.schemas`.
    ///
    /// # Errors
    /// [`Error::is_schema`] if the document has no such kind, or describes it in a way that cannot be read.
    pub fn from_openapi(document: &serde_json::Value, api_version: &str, kind: &str) -> Result<Self, Error> {
        let types = openapi::read(document, |version, name| (version, name) == (api_version, kind))?;
        let root = types.kind(api_version, kind).ok_or_else(|| unknown(api_version, kind))?;
        Ok(Schema { types: Arc::new(types), root })
    }

    /// Every kind, as API version and name, that an OpenAPI v3 document describes.
    ///
    /// # Errors
    /// [`Error::is_schema`] if the document is none.
    pub fn kinds_of_openapi(document: &serde_json::Value) -> Result<Vec<(String, String)>, Error> {
        openapi::kinds(document)
    }

    /// The type of the whole object.
    pub fn root(&self) -> Type<'_> {
        Type { types: &self.types, id: self.root }
    }

    /// The field under a chain of field names, as `at(&["spec", "ports"])`; a list is stepped into through its items.
    pub fn at(&self, names: &[&str]) -> Option<Field<'_>> {
        let mut ty = self.root();
        let mut found = None;
        for name in names {
            let field = ty.field(name)?;
            found = Some(field);
            ty = field.ty();
            if let Shape::List(list) = ty.shape() {
                ty = list.item();
            }
        }
        found
    }
}

fn unknown(api_version: &str, kind: &str) -> Error {
    Error::new(Kind::Schema, None, format!("no schema is known for kind {kind:?} of API version {api_version:?}"))
}

/// A type inside a [`Schema`].
#[derive(Clone, Copy, Debug)]
pub struct Type<'s> {
    types: &'s Types,
    id: usize,
}

impl<'s> Type<'s> {
    /// What values of this type look like.
    pub fn shape(self) -> Shape<'s> {
        let types = self.types;
        match &types.defs[self.id] {
            Def::Any(_) => Shape::Any,
            Def::Scalar(scalar) => Shape::Scalar(*scalar),
            Def::IntOrString => Shape::Scalar(Scalar::Untyped),
            Def::List { item, list_type } => Shape::List(List { item: Type { types, id: *item }, list_type }),
            Def::Map { value, atomic } => Shape::Map(Map { value: Type { types, id: *value }, atomic: *atomic }),
            Def::Struct(def) => Shape::Struct(Struct { types, def }),
        }
    }

    /// What the server takes here, if the schema does not tell it one kind of value.
    ///
    /// An integer-or-string is such a type as well: it is published without a type of its own.
    pub fn freedom(self) -> Option<Freedom> {
        match &self.types.defs[self.id] {
            Def::Any(freedom) => Some(*freedom),
            Def::IntOrString => Some(Freedom::Deduced),
            _ => None,
        }
    }

    /// The declared field `name`, if this is a struct that has it.
    pub fn field(self, name: &str) -> Option<Field<'s>> {
        match self.shape() {
            Shape::Struct(fields) => fields.field(name),
            _ => None,
        }
    }
}

/// What values of a [`Type`] look like.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Shape<'s> {
    /// Anything: the schema does not say.
    Any,
    /// A single value.
    Scalar(Scalar),
    /// A list.
    List(List<'s>),
    /// An object with free keys, as labels.
    Map(Map<'s>),
    /// An object with declared fields.
    Struct(Struct<'s>),
}

/// What the server takes where the schema does not say, and how it merges that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Freedom {
    /// Any value; objects are merged member by member, lists as one value: a schema without a type.
    Deduced,
    /// An object with any members, merged member by member: `type: object` and no more.
    Object,
    /// Any value, merged as one: `RawExtension`.
    Atomic,
}

/// A kind of single value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scalar {
    /// `true` or `false`.
    Boolean,
    /// An integer or a float.
    Numeric,
    /// A string.
    String,
    /// Any of these, as `targetPort`, a quantity or a time.
    Untyped,
}

/// A list with items of one type.
#[derive(Clone, Copy, Debug)]
pub struct List<'s> {
    item: Type<'s>,
    list_type: &'s ListType,
}

impl<'s> List<'s> {
    /// The type of the items.
    pub fn item(self) -> Type<'s> {
        self.item
    }

    /// How the server merges the list.
    pub fn list_type(self) -> &'s ListType {
        self.list_type
    }
}

/// How the server merges a list: `x-kubernetes-list-type`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListType {
    /// As one value.
    Atomic,
    /// By value.
    Set,
    /// By these key fields: `x-kubernetes-list-map-keys`.
    Map(Vec<Box<str>>),
}

/// An object with free keys and values of one type.
#[derive(Clone, Copy, Debug)]
pub struct Map<'s> {
    value: Type<'s>,
    atomic: bool,
}

impl<'s> Map<'s> {
    /// The type of the values.
    pub fn value(self) -> Type<'s> {
        self.value
    }

    /// Whether the server merges it as one value: `x-kubernetes-map-type: atomic`.
    pub fn is_atomic(self) -> bool {
        self.atomic
    }
}

/// An object with declared fields.
#[derive(Clone, Copy, Debug)]
pub struct Struct<'s> {
    types: &'s Types,
    def: &'s StructDef,
}

impl<'s> Struct<'s> {
    /// The name of the component in the OpenAPI document, if it has one: `io.k8s.api.core.v1.ServicePort`.
    pub fn name(self) -> Option<&'s str> {
        self.def.name.as_deref()
    }

    /// The field `name`, if it is declared.
    pub fn field(self, name: &str) -> Option<Field<'s>> {
        let head = name::head(name);
        let at = self.def.fields.binary_search_by(|field| field.name.compare(head, name)).ok()?;
        Some(Field { types: self.types, def: &self.def.fields[at] })
    }

    /// Looks fields up that are asked for in the order of their names.
    pub(crate) fn walk(self) -> Fields<'s> {
        Fields { types: self.types, rest: &self.def.fields }
    }

    /// The declared fields in the order of their names.
    pub fn fields(self) -> impl ExactSizeIterator<Item = Field<'s>> {
        self.def.fields.iter().map(move |def| Field { types: self.types, def })
    }

    /// The type of fields that are not declared, where the server takes such: `additionalProperties` beside `properties`, or
    /// `x-kubernetes-preserve-unknown-fields`.
    pub fn rest(self) -> Option<Type<'s>> {
        self.def.rest.map(|id| Type { types: self.types, id })
    }

    /// Whether the server merges it as one value: `x-kubernetes-map-type: atomic`.
    pub fn is_atomic(self) -> bool {
        self.def.atomic
    }
}

/// Declared fields that lie ahead of those that were asked for.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'s> {
    types: &'s Types,
    rest: &'s [FieldDef],
}

/// How many fields are passed over one by one before the rest is searched.
const NEAR: usize = 8;

impl<'s> Fields<'s> {
    /// The field `name`, which does not come before one that was asked for.
    pub(crate) fn find(&mut self, name: &str) -> Option<Field<'s>> {
        let head = name::head(name);
        for _ in 0..NEAR {
            let (def, rest) = self.rest.split_first()?;
            match def.name.compare(head, name) {
                Ordering::Less => self.rest = rest,
                Ordering::Equal => return Some(Field { types: self.types, def }),
                Ordering::Greater => return None,
            }
        }
        self.rest = self.rest.get(self.rest.partition_point(|def| def.name.compare(head, name).is_lt())..)?;
        let found = self.rest.first().filter(|def| def.name.compare(head, name).is_eq());
        found.map(|def| Field { types: self.types, def })
    }
}

/// A declared field of a [`Struct`].
#[derive(Clone, Copy, Debug)]
pub struct Field<'s> {
    types: &'s Types,
    def: &'s FieldDef,
}

impl<'s> Field<'s> {
    /// Its name in JSON.
    pub fn name(self) -> &'s str {
        &self.def.name.text
    }

    /// The type of its value.
    pub fn ty(self) -> Type<'s> {
        Type { types: self.types, id: self.def.ty }
    }

    /// The value that stands for an absent one: the server finds list items with it whose key field is left out.
    pub fn default(self) -> Option<&'s Value<'static>> {
        self.def.default.as_ref()
    }

    /// How a strategic merge patch treats it.
    pub fn patch(self) -> &'s Patch {
        &self.def.patch
    }
}

/// How a strategic merge patch treats a field: `x-kubernetes-patch-strategy` and `x-kubernetes-patch-merge-key`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    strategy: Strategy,
    retain_keys: bool,
    merge_key: Option<Box<str>>,
}

impl Patch {
    /// Whether the field is merged or replaced.
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// Whether keys that the patch does not list are dropped: the `retainKeys` strategy.
    pub fn retains_keys(&self) -> bool {
        self.retain_keys
    }

    /// The field by which items of the list are matched.
    pub fn merge_key(&self) -> Option<&str> {
        self.merge_key.as_deref()
    }
}

/// The patch strategy of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strategy {
    /// Not stated: lists are replaced, objects merged.
    #[default]
    Unstated,
    /// `merge`.
    Merge,
    /// `replace`.
    Replace,
}

/// The types of a document, referring to each other by index.
#[derive(Debug, Default)]
struct Types {
    defs: Vec<Def>,
    kinds: Vec<KindDef>,
}

impl Types {
    fn kind(&self, api_version: &str, kind: &str) -> Option<usize> {
        self.kinds.iter().find(|def| *def.api_version == *api_version && *def.kind == *kind).map(|def| def.root)
    }
}

#[derive(Debug, PartialEq)]
struct KindDef {
    api_version: Box<str>,
    kind: Box<str>,
    root: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Def {
    Any(Freedom),
    Scalar(Scalar),
    IntOrString,
    List { item: usize, list_type: ListType },
    Map { value: usize, atomic: bool },
    Struct(StructDef),
}

#[derive(Clone, Debug, PartialEq)]
struct StructDef {
    name: Option<Box<str>>,
    atomic: bool,
    /// Sorted by name.
    fields: Vec<FieldDef>,
    rest: Option<usize>,
}

impl Def {
    /// Holds the place of a component until it is read; equal to no other type.
    fn placeholder(name: &str) -> Self {
        Def::Struct(StructDef { name: Some(name.into()), atomic: false, fields: Vec::new(), rest: None })
    }
}

#[derive(Clone, Debug, PartialEq)]
struct FieldDef {
    name: Name,
    ty: usize,
    default: Option<Value<'static>>,
    patch: Patch,
}

/// A field's name that is quick to compare.
#[derive(Clone, Debug, PartialEq)]
struct Name {
    head: u64,
    text: Box<str>,
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Name { head: name::head(text), text: text.into() }
    }
}

impl Name {
    /// Compares with a name whose [`head`](name::head) is known, byte by byte only where the heads are the same.
    fn compare(&self, head: u64, name: &str) -> Ordering {
        self.head.cmp(&head).then_with(|| name::order_of_one_head(&self.text, name))
    }
}
