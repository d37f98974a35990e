//! The one error of the whole crate: opaque, with the place first in its text.

use std::fmt;

use crate::path::Path;
use crate::value::MAX_DEPTH;

/// What went wrong in a call: the caller's mistake, or a merge that cannot be made.
///
/// One opaque type for the whole crate. Ask it with the `is_*` predicates; its text begins with the place, in lower case and
/// without a full stop, unless it is a message of Kubernetes, which is given as upstream words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: Kind,
    place: Option<String>,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text that cannot be read.
    Syntax,
    /// A value of a kind that cannot stand where it stands.
    WrongType,
    /// Nested beyond [`MAX_DEPTH`].
    TooDeep,
    /// A kind or API version that no schema is known for, or a schema that cannot be read.
    Schema,
    /// Something of Kubernetes that this crate does not model.
    NotModelled,
    /// The items of a patch are not in the order that it states.
    OrderMismatch,
    /// A patch would undo a change made by others.
    Conflict,
    /// A patch would change what must stay.
    Precondition,
    /// A list whose items are of more than one type, or are lists.
    ElementTypes,
    /// A list item without its merge key.
    MissingMergeKey,
    /// A directive that upstream does not know or that stands in a wrong place.
    BadDirective,
    /// A directive whose value is not of the form that it needs.
    BadPatchFormat,
    /// An applied object that does not fit the schema.
    Invalid,
    /// An applied object that the server refuses before it looks into it.
    BadRequest,
    /// Managed fields that cannot be decoded.
    ManagedFields,
    /// Input on which upstream crashes.
    Crash,
}

impl Error {
    pub(crate) fn new(kind: Kind, place: Option<String>, message: impl Into<String>) -> Self {
        Error { inner: Box::new(Inner { kind, place, message: message.into() }) }
    }

    pub(crate) fn syntax(line: usize, column: usize, message: &str) -> Self {
        Error::new(Kind::Syntax, Some(format!("line {line}, column {column}")), message)
    }

    pub(crate) fn too_deep(path: &Path) -> Self {
        Error::at(Kind::TooDeep, path, format!("nested deeper than {MAX_DEPTH}"))
    }

    pub(crate) fn number_out_of_range(path: &Path, number: &impl fmt::Display) -> Self {
        Error::at(Kind::Syntax, path, format!("number {number} is out of range"))
    }

    /// Something of Kubernetes, named, that is outside the model.
    pub(crate) fn not_modelled(what: &str) -> Self {
        Error::new(Kind::NotModelled, None, format!("not modelled: {what}"))
    }

    /// An error at a place inside a value.
    pub(crate) fn at(kind: Kind, path: &Path, message: impl Into<String>) -> Self {
        Error::new(kind, (!path.is_empty()).then(|| path.to_string()), message)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// Where it went wrong, if that is known: the path in the object, or line and column in the text.
    pub fn place(&self) -> Option<&str> {
        self.inner.place.as_deref()
    }

    /// The text could not be read as JSON or YAML.
    pub fn is_syntax(&self) -> bool {
        self.kind() == Kind::Syntax
    }

    /// A value is of a kind that cannot stand where it stands, as a number where an object belongs.
    pub fn is_wrong_type(&self) -> bool {
        self.kind() == Kind::WrongType
    }

    /// The input is nested deeper than [`MAX_DEPTH`].
    pub fn is_too_deep(&self) -> bool {
        self.kind() == Kind::TooDeep
    }

    /// No schema is known for the kind, or the schema cannot be read.
    pub fn is_schema(&self) -> bool {
        self.kind() == Kind::Schema
    }

    /// Kubernetes would do something here that this crate does not model.
    pub fn is_not_modelled(&self) -> bool {
        self.kind() == Kind::NotModelled
    }
}

impl Error {
    /// The items of a patch are not in the order that its `$setElementOrder` states.
    pub fn is_order_mismatch(&self) -> bool {
        self.kind() == Kind::OrderMismatch
    }

    /// Kubernetes itself crashes on this input, so that there is no answer of its own.
    pub fn is_crash(&self) -> bool {
        self.kind() == Kind::Crash
    }

    /// The patch would undo a change that somebody else made, and overwriting was not allowed.
    pub fn is_conflict(&self) -> bool {
        self.kind() == Kind::Conflict
    }

    /// The patch would change API version, kind or name.
    pub fn is_precondition(&self) -> bool {
        self.kind() == Kind::Precondition
    }

    /// A list has items of more than one type, or items that are lists.
    pub fn is_element_types(&self) -> bool {
        self.kind() == Kind::ElementTypes
    }

    /// A list item lacks its merge key.
    pub fn is_missing_merge_key(&self) -> bool {
        self.kind() == Kind::MissingMergeKey
    }

    /// A `$`-directive of a patch is unknown, in a wrong place, or not of the form that it needs.
    pub fn is_bad_directive(&self) -> bool {
        matches!(self.kind(), Kind::BadDirective | Kind::BadPatchFormat)
    }

    /// An applied object is of another kind than asked for, or states managed fields.
    pub fn is_bad_request(&self) -> bool {
        self.kind() == Kind::BadRequest
    }

    /// The managed fields of an object cannot be decoded.
    pub fn is_managed_fields(&self) -> bool {
        self.kind() == Kind::ManagedFields
    }

    /// An applied object does not fit the schema.
    pub fn is_invalid(&self) -> bool {
        self.kind() == Kind::Invalid
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.place {
            Some(place) => write!(f, "{place}: {}", self.inner.message),
            None => f.write_str(&self.inner.message),
        }
    }
}

impl std::error::Error for Error {}

/// What cannot fail fits where something may.
impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
