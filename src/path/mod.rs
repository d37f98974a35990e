//! Places in an object, as structured-merge-diff v6.4.2 names them (`fieldpath/{element,path,serialize-pe}.go`).
//!
//! A [`Path`] is a row of [`Element`]s: a field, an item of a keyed list, an item of a set, or an index. It prints and parses as
//! in Kubernetes' messages, `.spec.ports[port=53,protocol="TCP"].nodePort`; an element alone also has the form that it takes as a
//! key in `fieldsV1`, `k:{"port":53,"protocol":"TCP"}`.

mod fields_v1;
mod text;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

pub(crate) use text::text_of;

use crate::value::{Items, Value, name};

/// One step of a [`Path`].
///
/// Elements are ordered as upstream orders them: fields, keyed items, set items, indexes; each among themselves by value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Element<'a> {
    /// A field of an object: `.name`.
    Field(Cow<'a, str>),
    /// An item of a list, found by its key fields: `[port=53,protocol="TCP"]`.
    Key(Key<'a>),
    /// An item of a set, found by its value: `[="example.com/guard"]`.
    Value(Value<'a>),
    /// An item of a list, found by its index: `[0]`.
    Index(usize),
}

/// The key fields of a list item with their values, sorted by field name.
#[derive(Clone, Debug)]
pub struct Key<'a> {
    fields: Items<'a, (Cow<'a, str>, Value<'a>)>,
}

impl<'a> Key<'a> {
    /// A key of these fields.
    pub fn new(mut fields: Vec<(Cow<'a, str>, Value<'a>)>) -> Self {
        if !fields.is_sorted_by(|a, b| name::order(&a.0, &b.0).is_le()) {
            fields.sort_by(|a, b| a.0.cmp(&b.0));
        }
        Key { fields: fields.into() }
    }

    /// The fields in the order of their names.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&str, &Value<'a>)> {
        self.fields.iter().map(|(name, value)| (&**name, value))
    }

    fn borrowed(&self) -> Key<'_> {
        Key { fields: self.fields.shared() }
    }

    /// The same key with strings of its own.
    pub fn into_owned(self) -> Key<'static> {
        let fields = self.fields.into_vec(|(name, value)| (Cow::Borrowed(name), value.borrowed()));
        Key {
            fields: fields
                .into_iter()
                .map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned()))
                .collect::<Vec<_>>()
                .into(),
        }
    }
}

impl<'a> Element<'a> {
    /// The field `name`.
    pub fn field(name: impl Into<Cow<'a, str>>) -> Self {
        Element::Field(name.into())
    }

    /// The list item that has these key fields.
    pub fn key<N: Into<Cow<'a, str>>, V: Into<Value<'a>>>(fields: impl IntoIterator<Item = (N, V)>) -> Self {
        Element::Key(Key::new(fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect()))
    }

    /// A copy that borrows its strings from this one.
    pub(crate) fn borrowed(&self) -> Element<'_> {
        match self {
            Element::Field(name) => Element::Field(Cow::Borrowed(name)),
            Element::Key(key) => Element::Key(key.borrowed()),
            Element::Value(value) => Element::Value(value.borrowed()),
            Element::Index(index) => Element::Index(*index),
        }
    }

    /// The same element with strings of its own.
    pub fn into_owned(self) -> Element<'static> {
        match self {
            Element::Field(name) => Element::Field(Cow::Owned(name.into_owned())),
            Element::Key(key) => Element::Key(key.into_owned()),
            Element::Value(value) => Element::Value(value.into_owned()),
            Element::Index(index) => Element::Index(index),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Element::Field(_) => 0,
            Element::Key(_) => 1,
            Element::Value(_) => 2,
            Element::Index(_) => 3,
        }
    }
}

impl Ord for Element<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Element::Field(a), Element::Field(b)) => name::order(a, b),
            (Element::Key(a), Element::Key(b)) => a.cmp(b),
            (Element::Value(a), Element::Value(b)) => a.compare(b),
            (Element::Index(a), Element::Index(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        for ((a, left), (b, right)) in self.fields().zip(other.fields()) {
            let order = name::order(a, b).then_with(|| match (left, right) {
                // A shortcut: most key fields are numbers and names.
                (Value::Integer(left), Value::Integer(right)) => left.cmp(right),
                (Value::String(left), Value::String(right)) => name::order(left, right),
                _ => left.compare(right),
            });
            if order.is_ne() {
                return order;
            }
        }
        self.fields.len().cmp(&other.fields.len())
    }
}

impl PartialOrd for Element<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Element::Field(a), Element::Field(b)) => name::same(a, b),
            _ => self.cmp(other).is_eq(),
        }
    }
}

impl Eq for Element<'_> {}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key<'_> {}

/// A place in an object; the empty path is the object itself.
///
/// ```
/// use mergekey::path::{Element, Path};
///
/// let path = Path::new().field("spec").field("ports").element(Element::key([("port", 53)])).field("nodePort");
/// assert_eq!(path.to_string(), ".spec.ports[port=53].nodePort");
/// assert_eq!(path.to_string().parse::<Path>()?, path);
/// # Ok::<(), mergekey::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    elements: Vec<Element<'static>>,
}

impl Path {
    /// The path of the object itself.
    pub const fn new() -> Self {
        Path { elements: Vec::new() }
    }

    /// This path, one element longer.
    #[must_use]
    pub fn element(mut self, element: Element<'_>) -> Self {
        self.elements.push(element.into_owned());
        self
    }

    /// The field `name` of the value here.
    #[must_use]
    pub fn field(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.element(Element::Field(name.into()))
    }

    /// The item at `index` of the list here.
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        self.element(Element::Index(index))
    }

    /// The elements, outermost first.
    pub fn elements(&self) -> &[Element<'static>] {
        &self.elements
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether this is the object itself.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Whether `self` is `other` or lies inside it.
    pub fn starts_with(&self, other: &Path) -> bool {
        self.elements.starts_with(&other.elements)
    }
}

impl<'a> FromIterator<Element<'a>> for Path {
    fn from_iter<I: IntoIterator<Item = Element<'a>>>(elements: I) -> Self {
        Path { elements: elements.into_iter().map(Element::into_owned).collect() }
    }
}

/// The path as Kubernetes' messages print it.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.elements.iter().try_for_each(|element| write!(f, "{element}"))
    }
}
