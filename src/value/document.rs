use super::{Map, Value};

/// A parsed text that still knows the order of its members and which keys were repeated.
///
/// The server's strict decoding reports unknown and repeated fields in the order of the text, and of several wrong types the
/// first one: this is what it reads. Everything else works on the [`Value`].
#[derive(Clone, Debug, PartialEq)]
pub struct Document<'a> {
    root: Value<'a>,
}

impl<'a> Document<'a> {
    /// `root` has its objects' members in the order of the text, repeated keys included.
    pub(super) fn new(root: Value<'a>) -> Self {
        Document { root }
    }

    /// The outermost value.
    pub fn root(&self) -> Node<'_, 'a> {
        Node { value: &self.root }
    }

    /// The value: members sorted, of a repeated key the last one.
    pub fn into_value(self) -> Value<'a> {
        settle(self.root)
    }
}

/// A sorted value is a document whose members happen to be in order.
impl<'a> From<Value<'a>> for Document<'a> {
    fn from(root: Value<'a>) -> Self {
        Document { root }
    }
}

fn settle(value: Value<'_>) -> Value<'_> {
    match value {
        Value::List(items) => Value::List(items.into_iter().map(settle).collect()),
        Value::Map(map) => Value::Map(Map::from_entries(map.into_iter().map(|(key, value)| (key, settle(value))).collect())),
        scalar => scalar,
    }
}

/// A place in a [`Document`].
#[derive(Clone, Copy, Debug)]
pub struct Node<'d, 'a> {
    value: &'d Value<'a>,
}

impl<'d, 'a> Node<'d, 'a> {
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
}

/// The members of an object in the order of the text.
#[derive(Clone, Debug)]
pub struct Members<'d, 'a> {
    entries: std::slice::Iter<'d, (std::borrow::Cow<'a, str>, Value<'a>)>,
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
}
