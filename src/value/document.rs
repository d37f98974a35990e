//! Parsed text that still knows its order: what Go's strict decoding sees.

use std::borrow::Cow;

use super::{Map, Value};

/// A parsed text that still knows the order of its members and which keys were repeated.
///
/// The server's strict decoding reports unknown and repeated fields in the order of the text, and of several wrong types the
/// first one: this is what it reads. Everything else works on the [`Value`].
#[derive(Clone, Debug, PartialEq)]
pub struct Document<'a> {
    root: Root<'a>,
    /// How the numbers that are no integers were written, in the order of the text.
    literals: Vec<Cow<'a, str>>,
}

#[derive(Clone, Debug)]
enum Root<'a> {
    Own(Value<'a>),
    /// A sorted value of somebody else.
    Borrowed(&'a Value<'a>),
}

impl PartialEq for Root<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

impl<'a> Root<'a> {
    fn value(&self) -> &Value<'a> {
        match self {
            Root::Own(value) => value,
            Root::Borrowed(value) => value,
        }
    }
}

impl<'a> Document<'a> {
    /// `root` has its objects' members in the order of the text, repeated keys included.
    pub(super) fn new(root: Value<'a>, literals: Vec<Cow<'a, str>>) -> Self {
        Document { root: Root::Own(root), literals }
    }

    /// The same of a sorted value that stays where it is.
    pub(crate) fn of(root: &'a Value<'_>) -> Self {
        Document { root: Root::Borrowed(root), literals: Vec::new() }
    }

    /// The outermost value.
    pub fn root(&self) -> Node<'_, 'a> {
        Node { value: self.root.value() }
    }

    /// A document put together of others, its members in the order that they shall have: a whole number that is a float is taken
    /// to have been written as `80.0`.
    pub(crate) fn assembled(root: Value<'a>) -> Self {
        let mut literals = Vec::new();
        collect_literals(&root, &mut literals);
        Document::new(root, literals)
    }

    /// The root with its objects' members in the order of the text, repeated keys included: it may be printed, and looked up
    /// where it was [sorted](Map::sort).
    pub(crate) fn into_ordered(self) -> Value<'a> {
        match self.root {
            Root::Own(root) => root,
            Root::Borrowed(root) => root.borrowed(),
        }
    }

    /// Whether it is known to have its members in the order of their keys, each once.
    pub(crate) fn is_sorted(&self) -> bool {
        matches!(self.root, Root::Borrowed(_))
    }

    /// A number of this document as it was written, `53.0` and `5.3e1` included: Go's decoder prints it so.
    ///
    /// It walks the document, so it is for messages.
    pub(crate) fn number_text(&self, number: &Value<'_>) -> Cow<'_, str> {
        let mut before = 0;
        match number {
            Value::Float(_) if find_float(self.root.value(), number, &mut before) => match self.literals.get(before) {
                Some(literal) => Cow::Borrowed(literal),
                None => Cow::Owned(number.to_string()),
            },
            _ => Cow::Owned(number.to_string()),
        }
    }

    /// The value: members sorted, of a repeated key the last one.
    pub fn into_value(self) -> Value<'a> {
        match self.root {
            Root::Own(root) => settle(root),
            Root::Borrowed(root) => root.borrowed(),
        }
    }

    /// The same, which may be somebody else's.
    pub(crate) fn into_shared_value(self) -> Cow<'a, Value<'a>> {
        match self.root {
            Root::Own(root) => Cow::Owned(settle(root)),
            Root::Borrowed(root) => Cow::Borrowed(root),
        }
    }
}

/// A sorted value is a document whose members happen to be in order.
impl<'a> From<Value<'a>> for Document<'a> {
    fn from(root: Value<'a>) -> Self {
        Document::new(root, Vec::new())
    }
}

fn collect_literals<'a>(value: &Value<'a>, literals: &mut Vec<Cow<'a, str>>) {
    match value {
        Value::Float(number) => {
            let whole = number.fract() == 0.0 && number.abs() < 1e21;
            literals.push(Cow::Owned(format!("{value}{}", if whole { ".0" } else { "" })));
        }
        Value::List(items) => items.iter().for_each(|item| collect_literals(item, literals)),
        Value::Map(map) => map.entries().iter().for_each(|(_, member)| collect_literals(member, literals)),
        _ => {}
    }
}

/// Whether `wanted` stands in `value`; counts the floats before it.
fn find_float(value: &Value<'_>, wanted: &Value<'_>, before: &mut usize) -> bool {
    match value {
        Value::Float(_) => {
            let found = std::ptr::addr_eq(value, wanted);
            *before += usize::from(!found);
            found
        }
        Value::List(items) => items.iter().any(|item| find_float(item, wanted, before)),
        Value::Map(map) => map.entries().iter().any(|(_, member)| find_float(member, wanted, before)),
        _ => false,
    }
}

fn settle(value: Value<'_>) -> Value<'_> {
    match value {
        Value::List(items) => Value::List(items.into_iter().map(settle).collect()),
        Value::Map(map) => Value::Map(Map::from_entries(map.into_iter().map(|(key, value)| (key, settle(value))).collect())),
        scalar => scalar,
    }
}

/// A copy of a value in the order of a text, members sorted.
fn settled(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::List(items) => Value::List(items.iter().map(settled).collect()),
        Value::Map(map) => {
            let member = |(key, value): &(Cow<'_, str>, Value<'_>)| (Cow::Owned(key.clone().into_owned()), settled(value));
            Value::Map(Map::from_entries(map.entries().iter().map(member).collect()))
        }
        scalar => scalar.clone().into_owned(),
    }
}

/// A place in a [`Document`].
#[derive(Clone, Copy, Debug)]
pub struct Node<'d, 'a> {
    value: &'d Value<'a>,
}

impl<'d, 'a> Node<'d, 'a> {
    /// The value here as [`Document::into_value`] makes it.
    pub(crate) fn to_value(self) -> Value<'static> {
        settled(self.value)
    }

    /// The value here, if it is neither list nor object.
    pub fn scalar(self) -> Option<&'d Value<'a>> {
        match self.value {
            Value::List(_) | Value::Map(_) => None,
            scalar => Some(scalar),
        }
    }

    /// The items, if this is a list.
    pub fn items(self) -> Option<impl ExactSizeIterator<Item = Node<'d, 'a>>> {
        self.value.as_list().map(|items| items.iter().map(|value| Node { value }))
    }

    /// The members in the order of the text, repeated keys included, if this is an object.
    pub fn members(self) -> Option<Members<'d, 'a>> {
        self.value.as_map().map(|map| Members { entries: map.entries().iter() })
    }

    /// What kind of JSON this is, as [`Value::type_name`] says it.
    pub fn type_name(self) -> &'static str {
        self.value.type_name()
    }

    /// What Go's JSON decoder calls a value of the wrong kind.
    pub(crate) fn go_kind(self) -> &'static str {
        match self.type_name() {
            "boolean" => "bool",
            "integer" | "float" => "number",
            "list" => "array",
            other => other,
        }
    }
}

/// The members of an object in the order of the text.
#[derive(Clone, Debug)]
pub struct Members<'d, 'a> {
    entries: std::slice::Iter<'d, (Cow<'a, str>, Value<'a>)>,
}

impl<'d, 'a> Iterator for Members<'d, 'a> {
    type Item = (&'d str, Node<'d, 'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.entries.next().map(|(key, value)| (&**key, Node { value }))
    }
}

#[cfg(test)]
mod tests {
    use crate::value::parse_document;

    #[test]
    fn keeps_order_and_repeats_until_it_becomes_a_value() {
        let document = parse_document(br#"{"b":{"z":1,"a":2},"a":1,"b":[{"d":1,"c":2}]}"#).unwrap();
        let keys: Vec<_> = document.root().members().unwrap().map(|(key, _)| key).collect();
        assert_eq!(keys, ["b", "a", "b"]);
        assert_eq!(document.into_value().to_string(), r#"{"a":1,"b":[{"c":2,"d":1}]}"#);
    }

    #[test]
    fn numbers_keep_their_text() {
        let document = parse_document(br#"{"b":[53.0,7,5.3e1],"a":1e2}"#).unwrap();
        let mut texts = Vec::new();
        for (_, member) in document.root().members().unwrap() {
            let numbers = member.items().map_or_else(|| vec![member], Iterator::collect);
            texts.extend(numbers.into_iter().map(|number| document.number_text(number.scalar().unwrap()).into_owned()));
        }
        assert_eq!(texts, ["53.0", "7", "5.3e1", "1e2"]);
    }
}
