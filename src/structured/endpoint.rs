//! Where a write goes: the kind, its schema, and what a write there may not touch.

use std::sync::OnceLock;

use super::set::Set;
use crate::path::Path;
use crate::schema::Schema;
use crate::value::{Map, Value};

/// The endpoint of a server that a write is sent to.
///
/// ```
/// use mergekey::schema::Schema;
/// use mergekey::structured::Endpoint;
///
/// let status = Endpoint::new(Schema::builtin("v1", "Service")?, "v1", "Service")
///     .subresource("status")
///     .reset(std::iter::once(".spec".parse()?).collect());
/// assert_eq!(status.api_version(), "v1");
/// # Ok::<(), mergekey::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Endpoint {
    schema: Schema,
    api_version: String,
    kind: String,
    subresource: String,
    reset: Set<'static>,
    empty: Value<'static>,
    typed: bool,
}

impl Endpoint {
    /// The main endpoint of a kind, where nothing is reset and an object begins as `{}`.
    pub fn new(schema: Schema, api_version: impl Into<String>, kind: impl Into<String>) -> Self {
        Endpoint {
            schema,
            api_version: api_version.into(),
            kind: kind.into(),
            subresource: String::new(),
            reset: Set::new(),
            empty: Value::Map(Map::new()),
            typed: false,
        }
    }

    /// The same of a subresource, as `status`.
    #[must_use]
    pub fn subresource(mut self, subresource: impl Into<String>) -> Self {
        self.subresource = subresource.into();
        self
    }

    /// The same, where these fields and all below them are reset by the server: writing them owns nothing.
    #[must_use]
    pub fn reset(mut self, fields: Set<'static>) -> Self {
        self.reset = fields;
        self
    }

    /// The same, with this as the object before it is created: objects that a server always has, as `spec`, are not new then.
    #[must_use]
    pub fn empty(mut self, object: Value<'static>) -> Self {
        self.empty = object;
        self
    }

    /// The same, where the server holds its objects in a type of the schema: whether they fit it need not be looked at.
    #[must_use]
    pub(crate) fn typed(mut self) -> Self {
        self.typed = true;
        self
    }

    pub(super) fn is_typed(&self) -> bool {
        self.typed
    }

    /// The API version of what is sent there.
    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    /// The kind of what is sent there.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The schema of the kind.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(super) fn subresource_name(&self) -> &str {
        &self.subresource
    }

    pub(super) fn reset_fields(&self) -> &Set<'static> {
        &self.reset
    }

    /// The object before it is created.
    pub(crate) fn empty_object(&self) -> &Value<'static> {
        &self.empty
    }

    /// The kind of an object, where it is not the one that belongs here.
    pub(super) fn other_kind<'o>(&self, object: &'o Value<'_>) -> Option<GroupVersionKind<'o>> {
        let is = |key, text: &str| object.get(key).and_then(Value::as_str) == Some(text);
        // A shortcut: most objects say just that.
        if is("apiVersion", &self.api_version) && is("kind", &self.kind) {
            return None;
        }
        let kind = GroupVersionKind::of(object);
        (kind != GroupVersionKind::new(&self.api_version, &self.kind)).then_some(kind)
    }
}

/// Group, version and kind, as upstream reads them from an object.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct GroupVersionKind<'a> {
    group: &'a str,
    version: &'a str,
    kind: &'a str,
}

impl<'a> GroupVersionKind<'a> {
    fn of(object: &'a Value<'_>) -> Self {
        let text = |key| object.get(key).and_then(Value::as_str).unwrap_or_default();
        GroupVersionKind::new(text("apiVersion"), text("kind"))
    }

    fn new(api_version: &'a str, kind: &'a str) -> Self {
        match group_version(api_version) {
            Some((group, version)) => GroupVersionKind { group, version, kind },
            // Upstream: what has two slashes has no kind either.
            None => GroupVersionKind::default(),
        }
    }
}

impl std::fmt::Display for GroupVersionKind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}, Kind={}", self.group, self.version, self.kind)
    }
}

/// Group and version of an API version; `None` if it is not one.
pub(super) fn group_version(api_version: &str) -> Option<(&str, &str)> {
    match api_version.split_once('/') {
        None => Some(("", api_version)),
        Some(("", "")) => Some(("", "")),
        Some((group, version)) if !version.contains('/') => Some((group, version)),
        Some(_) => None,
    }
}

/// Namespace, name and kind of an object, as errors name it.
pub(super) fn object_name(object: &Value<'_>) -> String {
    let text = |key| object.at(&["metadata", key]).and_then(Value::as_str).unwrap_or_default();
    format!("{}/{}; {}", text("namespace"), text("name"), GroupVersionKind::of(object))
}

/// What a writer never owns, though it writes it (`stripmeta.go`).
pub(super) fn stripped() -> &'static Set<'static> {
    static STRIPPED: OnceLock<Set<'static>> = OnceLock::new();
    const METADATA: [&str; 9] = [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ];
    STRIPPED.get_or_init(|| {
        let outer = ["apiVersion", "kind", "metadata"].map(|name| Path::new().field(name));
        let inner = METADATA.map(|name| Path::new().field("metadata").field(name));
        outer.into_iter().chain(inner).collect()
    })
}

/// A value's member at `metadata.managedFields`.
pub(super) fn managed_fields<'v, 'a>(object: &'v Value<'a>) -> Option<&'v Value<'a>> {
    object.at(&["metadata", "managedFields"])
}

/// Takes `metadata.managedFields` out of an object.
pub(super) fn take_managed_fields<'a>(object: &mut Value<'a>) -> Option<Value<'a>> {
    object.map_at_mut(&["metadata"])?.remove("managedFields")
}

/// Takes the entries out of `metadata.managedFields`, but leaves the member there, which counts in its metadata.
pub(super) fn empty_managed_fields<'a>(object: &mut Value<'a>) -> Option<Value<'a>> {
    let entries = object.map_at_mut(&["metadata"])?.get_mut("managedFields")?;
    Some(std::mem::replace(entries, Value::List(Vec::new())))
}

/// Puts `metadata.managedFields` into an object, or takes it out where there is none.
pub(super) fn set_managed_fields<'a>(object: &mut Value<'a>, entries: Option<Value<'a>>) {
    let Some(entries) = entries else {
        take_managed_fields(object);
        return;
    };
    let Some(members) = object.as_map_mut() else { return };
    let metadata = members.entry_or_insert_with("metadata", || Value::Map(Map::new()));
    if metadata.is_null() {
        *metadata = Value::Map(Map::new());
    }
    if let Some(metadata) = metadata.as_map_mut() {
        metadata.insert("managedFields", entries);
    }
}
