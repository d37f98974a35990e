//! JSON as Go writes and compares it.
//!
//! Kubernetes' merge code works on what `sigs.k8s.io/json` decodes (apimachinery v0.37.2, `pkg/util/json`): a number is an
//! `int64` where its text allows it and a `float64` otherwise, the two are never equal, and objects are written with their keys
//! sorted. [`Value`] is that tree. It borrows its strings from the text it was [parsed](parse) from, or from a
//! [`serde_json::Value`], and it gives the same bytes whichever features of serde_json are on.
//!
//! Left out: numbers beyond `float64` (an error, as in Go) and nesting beyond [`MAX_DEPTH`].

mod convert;
mod document;
mod duration;
mod items;
mod map;
pub(crate) mod name;
mod number;
mod parse;
mod part;
mod print;
mod scan;
mod skip;
mod syntax;
mod time;
mod write;
mod yaml;

use std::borrow::Cow;
use std::cmp::Ordering;

pub use document::{Document, Members, Node};
pub(crate) use duration::check_duration;
pub(crate) use items::Items;
pub use map::Map;
pub use parse::{parse, parse_document};
pub(crate) use part::{Part, Reading, parse_part};
pub(crate) use print::{go_type, go_value, is_printable, quote};
pub(crate) use skip::Form;
pub(crate) use syntax::go_syntax_error;
pub(crate) use time::{canonical_time, format_time, parse_time};
pub(crate) use write::integer_text;
pub(crate) use yaml::{YAML_BREAKS, is_yaml_break, is_yaml_control};

/// The deepest nesting of lists and objects that is read; what is nested deeper is refused with an error.
///
/// It is also serde_json's own limit for text.
pub const MAX_DEPTH: usize = 128;

/// A JSON value with Go's distinction between integers and floats.
///
/// Equality is Go's `reflect.DeepEqual` on decoded JSON: `80` and `80.0` differ, and so do `null` and an absent key.
///
/// ```
/// use mergekey::value;
///
/// let service = value::parse(br#"{"b": 1e21, "a": ["<", 80.0, 80]}"#)?;
/// assert_eq!(service.to_string(), r#"{"a":["\u003c",80,80],"b":1e+21}"#);
/// assert_ne!(value::parse(b"80")?, value::parse(b"80.0")?);
/// # Ok::<(), mergekey::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub enum Value<'a> {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number whose text is a 64-bit integer.
    Integer(i64),
    /// Any other number; always finite.
    Float(f64),
    /// A string.
    String(Cow<'a, str>),
    /// A list.
    List(Vec<Value<'a>>),
    /// An object, sorted by key.
    Map(Map<'a>),
}

impl<'a> Value<'a> {
    /// A string value.
    pub fn string(text: impl Into<Cow<'a, str>>) -> Self {
        Value::String(text.into())
    }

    /// The member `key` if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.as_map()?.get(key)
    }

    /// The value under a chain of object keys, as `at(&["spec", "ports"])`.
    pub fn at(&self, keys: &[&str]) -> Option<&Value<'a>> {
        keys.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The object under a chain of object keys, to be changed.
    pub(crate) fn map_at_mut(&mut self, keys: &[&str]) -> Option<&mut Map<'a>> {
        keys.iter().try_fold(self, |value, key| value.as_map_mut()?.get_mut(key))?.as_map_mut()
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The string, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if this is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Value<'a>]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The items, if this is a list, to change.
    pub fn as_list_mut(&mut self) -> Option<&mut Vec<Value<'a>>> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The object, if this is one.
    pub fn as_map(&self) -> Option<&Map<'a>> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The object, if this is one, to change.
    pub fn as_map_mut(&mut self) -> Option<&mut Map<'a>> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// What kind of JSON this is: `null`, `boolean`, `integer`, `float`, `string`, `list` or `object`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Integer(_) => "integer",
            Value::Float(_) => "float",
            Value::String(_) => "string",
            Value::List(_) => "list",
            Value::Map(_) => "object",
        }
    }

    /// Whether both have one Go type when decoded: Go tells integers from floats.
    pub fn same_type(&self, other: &Value<'_>) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// A copy that borrows its strings from this one.
    pub fn borrowed(&self) -> Value<'_> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(truth) => Value::Bool(*truth),
            Value::Integer(number) => Value::Integer(*number),
            Value::Float(number) => Value::Float(*number),
            Value::String(text) => Value::String(Cow::Borrowed(text)),
            Value::List(items) => Value::List(items.iter().map(Value::borrowed).collect()),
            Value::Map(map) => Value::Map(map.borrowed()),
        }
    }

    /// The same value with strings of its own.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(truth) => Value::Bool(truth),
            Value::Integer(number) => Value::Integer(number),
            Value::Float(number) => Value::Float(number),
            Value::String(text) => Value::String(Cow::Owned(text.into_owned())),
            Value::List(items) => Value::List(items.into_iter().map(Value::into_owned).collect()),
            Value::Map(map) => Value::Map(map.into_owned()),
        }
    }

    /// Lets all copies of this value share the members of its objects until they are changed.
    pub(crate) fn keep(&mut self) {
        match self {
            Value::List(items) => items.iter_mut().for_each(Value::keep),
            Value::Map(map) => map.keep(),
            _ => {}
        }
    }

    /// Orders two values as structured-merge-diff v6.4.2 does (`value.CompareUsing`).
    ///
    /// Numbers come first and compare by size, an integer and a float alike; then strings by bytes, booleans, lists, objects
    /// and `null`.
    pub fn compare(&self, other: &Value<'_>) -> Ordering {
        match (self, other) {
            (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
            (Value::Integer(_) | Value::Float(_), Value::Integer(_) | Value::Float(_)) => {
                number::as_float(self).partial_cmp(&number::as_float(other)).unwrap_or(Ordering::Equal)
            }
            (Value::String(a), Value::String(b)) => name::order(a, b),
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::List(a), Value::List(b)) => compare_all(a.iter(), b.iter(), |a, b| a.compare(b)),
            (Value::Map(a), Value::Map(b)) => {
                compare_all(a.iter(), b.iter(), |(a, left), (b, right)| name::order(a, b).then_with(|| left.compare(right)))
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// Whether both are the same and neither a list nor an object.
    pub(crate) fn is_same_scalar(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::String(a), Value::String(b)) => name::same(a, b),
            (Value::Integer(a), Value::Integer(b)) => a == b,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Null, Value::Null) => true,
            _ => false,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Value::Integer(_) | Value::Float(_) => 0,
            Value::String(_) => 1,
            Value::Bool(_) => 2,
            Value::List(_) => 3,
            Value::Map(_) => 4,
            Value::Null => 5,
        }
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            _ => self.is_same_scalar(other),
        }
    }
}

/// Compares item by item; where one side ends first, it is the smaller.
fn compare_all<A, B>(
    left: impl ExactSizeIterator<Item = A>,
    right: impl ExactSizeIterator<Item = B>,
    compare: impl Fn(A, B) -> Ordering,
) -> Ordering {
    let lengths = left.len().cmp(&right.len());
    left.zip(right).map(|(a, b)| compare(a, b)).find(|order| order.is_ne()).unwrap_or(lengths)
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Value::Integer(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::String(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::String(Cow::Owned(text))
    }
}

impl<'a> From<Vec<Value<'a>>> for Value<'a> {
    fn from(items: Vec<Value<'a>>) -> Self {
        Value::List(items)
    }
}

impl<'a> From<Map<'a>> for Value<'a> {
    fn from(map: Map<'a>) -> Self {
        Value::Map(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_kinds_is_structured_merge_diffs() {
        let ordered =
            ["-1", "80", "80.5", "443", r#""SCTP""#, r#""TCP""#, "false", "true", "[]", "[1]", "{}", r#"{"a":1}"#, "null"];
        let values: Vec<_> = ordered.iter().map(|text| parse(text.as_bytes()).unwrap()).collect();
        for (i, a) in values.iter().enumerate() {
            for (j, b) in values.iter().enumerate() {
                assert_eq!(a.compare(b), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(parse(b"80").unwrap().compare(&parse(b"80.0").unwrap()), Ordering::Equal);
    }
}
