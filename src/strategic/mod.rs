//! The client's dialect: strategic merge patches, as `kubectl apply` makes them and the API server applies them.
//!
//! [`three_way`] is the patch that kubectl sends, [`two_way`] the one between two objects, [`apply`] what the server does with
//! it. List items are matched by the one merge key of the schema, for a Service's ports by `port` alone; everything that follows
//! from that for two ports of one number is kept, byte for byte.
//!
//! Each comes in three forms: on [`serde_json::Value`], on bytes (`…_bytes`: JSON text in, Go's bytes out), and on [`Value`] with a
//! [`Trace`] of the decisions (`…_values`).
//!
//! Upstream: apimachinery v0.37.2 `pkg/util/strategicpatch` and `pkg/util/mergepatch`. Errors have upstream's texts; kubectl and
//! the server print them. Left out: validation of the patched object, which is the server's.

mod conflict;
mod diff;
mod fault;
mod keys;
mod list;
mod lookup;
mod merge;
mod order;
mod reach;
mod three_way;
mod trace;
pub(crate) mod yaml;

pub use lookup::Lookup;
pub use trace::{Decision, Pass, Step, Trace};

use crate::Error;
use crate::schema::Schema;
use crate::value::{self, Form, MAX_DEPTH, Map, Value};
use merge::{Merge, Purpose};

/// The directive inside an object of a patch: `"$patch": "delete"`.
const PATCH: &str = "$patch";
const DELETE: &str = "delete";
const REPLACE: &str = "replace";
const MERGE: &str = "merge";
/// The directive that names the keys of an object that stay.
const RETAIN_KEYS: &str = "$retainKeys";
/// The directive that states the order of a list; `/` and the list's name follow.
const SET_ELEMENT_ORDER: &str = "$setElementOrder";
/// The directive that deletes values from a list of single values; `/` and the list's name follow.
const DELETE_FROM_PRIMITIVE_LIST: &str = "$deleteFromPrimitiveList";

/// The three objects of a three-way patch.
#[derive(Debug, PartialEq, Eq)]
pub struct ThreeWay<'a, T: ?Sized = serde_json::Value> {
    /// The object as it was applied last, if it was: what has gone since is deleted.
    pub original: Option<&'a T>,
    /// The object as it is to be.
    pub modified: &'a T,
    /// The live object.
    pub current: &'a T,
}

/// The two objects of a two-way patch.
#[derive(Debug, PartialEq, Eq)]
pub struct TwoWay<'a, T: ?Sized = serde_json::Value> {
    /// The object as it is.
    pub original: &'a T,
    /// The object as it is to be.
    pub modified: &'a T,
}

impl<T: ?Sized> Clone for ThreeWay<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for ThreeWay<'_, T> {}

impl<T: ?Sized> Clone for TwoWay<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for TwoWay<'_, T> {}

/// What happens where the patch would undo somebody else's change: kubectl's `--overwrite`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conflicts {
    /// The patch wins.
    #[default]
    Overwrite,
    /// The patch is refused with [`Error::is_conflict`].
    Refuse,
}

/// How a patch is made.
///
/// ```
/// use mergekey::strategic::{Conflicts, Options};
///
/// let options = Options::new().conflicts(Conflicts::Refuse).identity_unchanged();
/// assert_ne!(options, Options::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    conflicts: Conflicts,
    identity_unchanged: bool,
    lookup: Lookup,
}

impl Options {
    /// Conflicts are overwritten, nothing is required to stay, fields are looked up in an OpenAPI v3 document.
    pub fn new() -> Self {
        Options::default()
    }

    /// Sets what happens at a conflict; only a three-way patch can have one.
    pub fn conflicts(self, conflicts: Conflicts) -> Self {
        Options { conflicts, ..self }
    }

    /// Refuses a patch that changes `apiVersion`, `kind` or `metadata.name`, with [`Error::is_precondition`].
    pub fn identity_unchanged(self) -> Self {
        Options { identity_unchanged: true, ..self }
    }

    /// Sets where fields are looked up.
    pub fn lookup(self, lookup: Lookup) -> Self {
        Options { lookup, ..self }
    }

    fn check_preconditions(self, patch: &Map<'_>) -> Result<(), Error> {
        let name = patch.get("metadata").and_then(|metadata| metadata.get("name"));
        let changed = patch.contains_key("apiVersion") || patch.contains_key("kind") || name.is_some();
        if self.identity_unchanged && changed { Err(fault::precondition(patch)) } else { Ok(()) }
    }
}

impl From<Conflicts> for Options {
    fn from(conflicts: Conflicts) -> Self {
        Options::new().conflicts(conflicts)
    }
}

/// Answers the patch that brings the current object to the modified one and deletes what only the original one had.
///
/// It is what `kubectl apply` sends. Each object is a whole Kubernetes object; `null` counts as one without fields. The answer
/// is `{}` if there is nothing to do.
///
/// ```
/// use mergekey::schema::Schema;
/// use mergekey::strategic::{self, Conflicts, ThreeWay};
/// use serde_json::json;
///
/// let applied = json!({"spec": {"ports": [{"name": "u", "port": 53}, {"name": "t", "port": 53}]}});
/// let modified = json!({"spec": {"ports": [{"name": "u", "port": 53}]}});
/// let objects = ThreeWay { original: Some(&applied), modified: &modified, current: &applied };
/// let schema = Schema::builtin("v1", "Service")?;
/// let patch = strategic::three_way(objects, &schema, Conflicts::Overwrite)?;
/// // The last port of the list was to go; the patch deletes every port of its number.
/// assert_eq!(patch["spec"]["ports"], json!([{"$patch": "delete", "name": "u", "port": 53}]));
/// # Ok::<(), mergekey::Error>(())
/// ```
///
/// # Errors
/// With upstream's text: [`Error::is_conflict`], [`Error::is_precondition`] (only as [`Options`] ask for them),
/// [`Error::is_missing_merge_key`], [`Error::is_element_types`], [`Error::is_order_mismatch`], [`Error::is_bad_directive`],
/// [`Error::is_wrong_type`], [`Error::is_schema`] for an unknown field; and [`Error::is_too_deep`].
pub fn three_way(objects: ThreeWay<'_>, schema: &Schema, options: impl Into<Options>) -> Result<serde_json::Value, Error> {
    let original = objects.original.map(Value::from_serde).transpose()?;
    let modified = Value::from_serde(objects.modified)?;
    let current = Value::from_serde(objects.current)?;
    let objects = ThreeWay { original: original.as_ref(), modified: &modified, current: &current };
    three_way_values(objects, schema, options, &mut ()).map(Value::into_serde)
}

/// The same as [`three_way`] from JSON text to JSON text as Go writes it; empty text is an object without fields.
///
/// ```
/// use mergekey::schema::Schema;
/// use mergekey::strategic::{self, Conflicts, ThreeWay};
///
/// let live: &[u8] = br#"{"spec":{"ports":[{"port":80,"targetPort":80}]}}"#;
/// let modified: &[u8] = br#"{"spec":{"ports":[{"port":80,"targetPort":"<web>"}]}}"#;
/// let schema = Schema::builtin("v1", "Service")?;
/// let objects = ThreeWay { original: None, modified, current: live };
/// let patch = strategic::three_way_bytes(objects, &schema, Conflicts::Overwrite)?;
/// assert_eq!(
///     String::from_utf8_lossy(&patch),
///     r#"{"spec":{"$setElementOrder/ports":[{"port":80}],"ports":[{"port":80,"targetPort":"\u003cweb\u003e"}]}}"#
/// );
/// # Ok::<(), mergekey::Error>(())
/// ```
///
/// # Errors
/// As [`three_way`], and [`Error::is_syntax`].
pub fn three_way_bytes(objects: ThreeWay<'_, [u8]>, schema: &Schema, options: impl Into<Options>) -> Result<Vec<u8>, Error> {
    let options = options.into();
    let original = objects.original.map(parse).transpose()?;
    let modified = parse(objects.modified)?;
    let current = match options.conflicts {
        Conflicts::Overwrite => parse_part(objects.current, &modified, Form::Any, reach::compared)?,
        Conflicts::Refuse => parse(objects.current)?,
    };
    let objects = ThreeWay { original: original.as_ref(), modified: &modified, current: &current };
    three_way_values(objects, schema, options, &mut ()).map(|patch| write(&patch, 0))
}

/// The same as [`three_way`] on [`Value`]s, telling its decisions to `trace`; the patch borrows from the objects.
///
/// # Errors
/// As [`three_way`].
pub fn three_way_values<'v>(
    objects: ThreeWay<'v, Value<'v>>,
    schema: &Schema,
    options: impl Into<Options>,
    trace: &mut impl Trace,
) -> Result<Value<'v>, Error> {
    let maps = three_way::Objects {
        original: objects.original.map_or(Ok(&EMPTY), object)?,
        modified: object(objects.modified)?,
        current: object(objects.current)?,
    };
    three_way::patch(maps, schema, options.into(), trace).map(Value::Map)
}

/// Answers the patch that turns the original object into the modified one.
///
/// ```
/// use mergekey::schema::Schema;
/// use mergekey::strategic::{self, Options, TwoWay};
/// use serde_json::json;
///
/// let original = json!({"metadata": {"labels": {"app": "dns", "tier": "a"}}});
/// let modified = json!({"metadata": {"labels": {"app": "web"}}});
/// let objects = TwoWay { original: &original, modified: &modified };
/// let patch = strategic::two_way(objects, &Schema::builtin("v1", "Service")?, Options::new())?;
/// assert_eq!(patch, json!({"metadata": {"labels": {"app": "web", "tier": null}}}));
/// # Ok::<(), mergekey::Error>(())
/// ```
///
/// # Errors
/// As [`three_way`], but no conflict.
pub fn two_way(objects: TwoWay<'_>, schema: &Schema, options: impl Into<Options>) -> Result<serde_json::Value, Error> {
    let (original, modified) = (Value::from_serde(objects.original)?, Value::from_serde(objects.modified)?);
    let objects = TwoWay { original: &original, modified: &modified };
    two_way_values(objects, schema, options, &mut ()).map(Value::into_serde)
}

/// The same as [`two_way`] from JSON text to JSON text as Go writes it; empty text is an object without fields.
///
/// # Errors
/// As [`two_way`], and [`Error::is_syntax`].
pub fn two_way_bytes(objects: TwoWay<'_, [u8]>, schema: &Schema, options: impl Into<Options>) -> Result<Vec<u8>, Error> {
    let (original, modified) = (parse(objects.original)?, parse(objects.modified)?);
    let objects = TwoWay { original: &original, modified: &modified };
    two_way_values(objects, schema, options, &mut ()).map(|patch| write(&patch, 0))
}

/// The same as [`two_way`] on [`Value`]s, telling its decisions to `trace`; the patch borrows from the objects.
///
/// # Errors
/// As [`two_way`].
pub fn two_way_values<'v>(
    objects: TwoWay<'v, Value<'v>>,
    schema: &Schema,
    options: impl Into<Options>,
    trace: &mut impl Trace,
) -> Result<Value<'v>, Error> {
    let (original, modified) = (object(objects.original)?, object(objects.modified)?);
    three_way::two_way(original, modified, schema, options.into(), trace).map(Value::Map)
}

/// Answers the document as the API server has it after the patch, before it looks at what came out.
///
/// ```
/// use mergekey::schema::Schema;
/// use mergekey::strategic;
/// use serde_json::json;
///
/// let live = json!({"spec": {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}});
/// let patch = json!({"spec": {"ports": [{"port": 53, "nodePort": 30054}]}});
/// let after = strategic::apply(&live, &patch, &Schema::builtin("v1", "Service")?)?;
/// // Only the first port of that number is patched.
/// assert_eq!(
///     after["spec"]["ports"],
///     json!([{"port": 53, "protocol": "UDP", "nodePort": 30054}, {"port": 53, "protocol": "TCP"}])
/// );
/// # Ok::<(), mergekey::Error>(())
/// ```
///
/// # Errors
/// With upstream's text: [`Error::is_missing_merge_key`], [`Error::is_element_types`], [`Error::is_order_mismatch`],
/// [`Error::is_bad_directive`], [`Error::is_wrong_type`], [`Error::is_schema`] for an unknown field; and
/// [`Error::is_too_deep`].
pub fn apply(document: &serde_json::Value, patch: &serde_json::Value, schema: &Schema) -> Result<serde_json::Value, Error> {
    let (document, patch) = (Value::from_serde(document)?, Value::from_serde(patch)?);
    apply_values(document, patch, schema, Lookup::default(), &mut ()).map(Value::into_serde)
}

/// The same as [`apply`] from JSON text to JSON text as Go writes it; empty text is an object without fields.
///
/// # Errors
/// As [`apply`], and [`Error::is_syntax`].
pub fn apply_bytes(document: &[u8], patch: &[u8], schema: &Schema) -> Result<Vec<u8>, Error> {
    let size = document.len() + patch.len();
    let patch = parse(patch);
    let document = match &patch {
        Ok(patch) => parse_part(document, patch, Form::Written, reach::patched)?,
        Err(_) => parse(document)?,
    };
    apply_values(document, patch?, schema, Lookup::default(), &mut ()).map(|result| write(&result, size))
}

/// The same as [`apply`] on [`Value`]s, which it takes, telling its decisions to `trace`.
///
/// # Errors
/// As [`apply`].
pub fn apply_values<'v>(
    document: Value<'v>,
    patch: Value<'v>,
    schema: &Schema,
    lookup: Lookup,
    trace: &mut impl Trace,
) -> Result<Value<'v>, Error> {
    let (mut document, patch) = (into_object(document)?, into_object(patch)?);
    trace.begin(Pass::Apply);
    Merge { lookup, purpose: Purpose::Apply, trace }.objects(&mut document, patch, schema.root(), MAX_DEPTH)?;
    Ok(Value::Map(document))
}

static EMPTY: Map<'static> = Map::new();

fn object<'v>(value: &'v Value<'v>) -> Result<&'v Map<'v>, Error> {
    match value {
        Value::Map(map) => Ok(map),
        Value::Null => Ok(&EMPTY),
        _ => Err(fault::not_an_object()),
    }
}

fn into_object(value: Value<'_>) -> Result<Map<'_>, Error> {
    match value {
        Value::Map(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(fault::not_an_object()),
    }
}

fn parse(text: &[u8]) -> Result<Value<'_>, Error> {
    if text.is_empty() { Ok(Value::Null) } else { value::parse(text) }
}

fn parse_part<'a>(text: &'a [u8], pattern: &Value<'_>, form: Form, reading: value::Reading) -> Result<Value<'a>, Error> {
    if text.is_empty() { Ok(Value::Null) } else { value::parse_part(text, pattern, form, reading) }
}

fn write(value: &Value<'_>, size: usize) -> Vec<u8> {
    let mut out = String::with_capacity(size);
    value.write_to(&mut out);
    out.into_bytes()
}
