//! A set in the form that `managedFields` has it: `fieldsV1` (structured-merge-diff v6.4.2, `fieldpath/serialize.go`).

use std::borrow::Cow;

use super::set::{Node, Set};
use crate::Error;
use crate::error::Kind;
use crate::path::Element;
use crate::value::{Map, Value};

/// The key that says of a path that it is a member, where something lies below it.
const MEMBER: &str = ".";

impl<'a> Set<'a> {
    /// Reads `fieldsV1`.
    ///
    /// A `.` makes the path a member, and so does an object that has nothing else; keys of an unknown prefix are skipped.
    ///
    /// # Errors
    /// [`Error::is_syntax`]: a value that is no object, a key that cannot be read.
    pub fn from_fields_v1(fields: &'a Value<'_>) -> Result<Self, Error> {
        Ok(read(fields)?.below)
    }

    /// Writes `fieldsV1`.
    ///
    /// ```
    /// use mergekey::structured::Set;
    /// use mergekey::value;
    ///
    /// let text = br#"{"f:spec":{"f:ports":{"k:{\"port\":53}":{".":{},"f:name":{}}},"f:type":{}}}"#;
    /// let fields = value::parse(text)?;
    /// let set = Set::from_fields_v1(&fields)?;
    /// assert_eq!(set.to_string(), ".spec.type\n.spec.ports[port=53]\n.spec.ports[port=53].name");
    /// assert_eq!(set.to_fields_v1(), fields);
    /// # Ok::<(), mergekey::Error>(())
    /// ```
    pub fn to_fields_v1(&self) -> Value<'static> {
        let nodes = self.nodes();
        // Room for one more; most have nothing below them.
        let mut entries = Vec::with_capacity(if nodes.is_empty() { 0 } else { nodes.len() + 1 });
        entries.extend(nodes.iter().map(|node| (Cow::Owned(node.element.to_fields_v1()), node_value(node))));
        Value::Map(Map::from_entries(entries))
    }
}

fn node_value(node: &Node<'_>) -> Value<'static> {
    let Value::Map(mut fields) = node.below.to_fields_v1() else { return Value::Null };
    if node.member && !node.below.is_empty() {
        fields.insert(MEMBER, Value::Map(Map::new()));
    }
    Value::Map(fields)
}

/// What a `fieldsV1` object says of its path.
struct Read<'a> {
    member: bool,
    below: Set<'a>,
}

fn read<'a>(fields: &'a Value<'_>) -> Result<Read<'a>, Error> {
    let map = match fields {
        Value::Map(map) => map,
        Value::Null => return Ok(Read { member: true, below: Set::new() }),
        other => {
            return Err(Error::new(Kind::Syntax, None, format!("expected an object in fieldsV1, got {}", other.type_name())));
        }
    };
    let mut member = false;
    let mut nodes = Vec::with_capacity(map.len());
    for (key, fields) in map.entries() {
        if key == MEMBER {
            member = true;
            continue;
        }
        let Some(element) = Element::from_fields_v1(key)? else { continue };
        let Read { member, below } = read(fields)?;
        nodes.push(Node { element, member, below });
    }
    let below = Set::of_unsorted(nodes);
    Ok(Read { member: member || below.is_empty(), below })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    #[track_caller]
    fn check(input: &str, paths: &str, output: &str) {
        let fields = parse(input.as_bytes()).unwrap();
        let set = Set::from_fields_v1(&fields).unwrap();
        assert_eq!(set.to_string().replace('\n', " "), paths);
        assert_eq!(set.to_fields_v1().to_string(), output);
    }

    #[test]
    fn members_and_what_lies_below() {
        check("{}", "", "{}");
        check("null", "", "{}");
        check(r#"{"f:a":{}}"#, ".a", r#"{"f:a":{}}"#);
        check(r#"{"f:a":null}"#, ".a", r#"{"f:a":{}}"#);
        check(r#"{"f:a":{".":{}}}"#, ".a", r#"{"f:a":{}}"#);
        check(r#"{"f:a":{"f:b":{}}}"#, ".a.b", r#"{"f:a":{"f:b":{}}}"#);
        check(r#"{"f:a":{".":{},"f:b":{}}}"#, ".a .a.b", r#"{"f:a":{".":{},"f:b":{}}}"#);
        check(r#"{"f:a":{"x:b":{}},"y:":{"f:c":{}}}"#, ".a", r#"{"f:a":{}}"#);
    }

    #[test]
    fn keys_that_say_the_same() {
        let two = r#"{"k:{\"a\":1,\"b\":2}":{"f:x":{}},"k:{\"b\":2,\"a\":1}":{"f:y":{}}}"#;
        check(two, "[a=1,b=2].y", r#"{"k:{\"a\":1,\"b\":2}":{"f:y":{}}}"#);
    }

    #[test]
    fn refuses() {
        for (input, expect) in [
            ("[]", "expected an object in fieldsV1, got list"),
            (r#"{"f:a":1}"#, "expected an object in fieldsV1, got integer"),
            (r#"{"a":{}}"#, r#"fieldsV1 key "a": shorter than two characters"#),
        ] {
            assert_eq!(Set::from_fields_v1(&parse(input.as_bytes()).unwrap()).unwrap_err().to_string(), expect);
        }
    }
}
