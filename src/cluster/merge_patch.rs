//! JSON merge patches (RFC 7386) as the API server applies them.
//!
//! Upstream: `gopkg.in/evanphx/json-patch.v4` v4.13.0 `merge.go`. It keeps the bytes of what it does not touch and sorts the keys
//! of every object that it opens; that order is seen in messages, so both inputs are values in the order of their text
//! ([`Document::into_ordered`](crate::value::Document::into_ordered)), and so is the answer.

use crate::value::{Map, Value};

/// Merges `patch` into `document`; an error says what the server answers to a patch that is no object.
pub(super) fn apply<'a>(document: Value<'a>, patch: Value<'a>) -> Result<Value<'a>, &'static str> {
    match (document, patch) {
        (Value::Map(mut document), Value::Map(patch)) => {
            merge(&mut document, patch);
            Ok(Value::Map(document))
        }
        // Upstream: a list takes the place of the whole document.
        (_, mut patch @ Value::List(_)) => {
            prune(&mut patch);
            Ok(patch)
        }
        _ => Err("Invalid JSON Patch"),
    }
}

fn merge<'a>(document: &mut Map<'a>, mut patch: Map<'a>) {
    document.sort();
    patch.sort();
    for (key, mut value) in patch {
        if value.is_null() {
            document.remove(&key);
            continue;
        }
        match document.get_mut(&key) {
            Some(Value::Map(current)) => match value {
                Value::Map(inner) => merge(current, inner),
                // Upstream: what replaces an object is not searched for nulls.
                other => {
                    document.insert(key, other);
                }
            },
            _ => {
                prune(&mut value);
                document.insert(key, value);
            }
        }
    }
}

/// Drops the members that are `null`, at any depth and inside lists; a `null` item of a list stays.
pub(super) fn prune(value: &mut Value<'_>) {
    match value {
        Value::Map(map) => {
            map.sort();
            map.retain(|_, value| {
                prune(value);
                !value.is_null()
            });
        }
        Value::List(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

/// Whether there is anything that [`prune`] drops.
pub(super) fn has_null(value: &Value<'_>) -> bool {
    match value {
        Value::Map(map) => map.values().any(|value| value.is_null() || has_null(value)),
        Value::List(items) => items.iter().any(has_null),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse_document;

    #[track_caller]
    fn check(document: &str, patch: &str, expect: &str) {
        let read = |text: &'static str| parse_document(text.as_bytes()).unwrap().into_ordered();
        let answer = apply(read(document.to_owned().leak()), read(patch.to_owned().leak()));
        assert_eq!(answer.map_or_else(str::to_owned, |value| value.to_string()), expect);
    }

    #[test]
    fn merges() {
        check(r#"{"b":1,"a":2}"#, r#"{"a":null,"c":{"x":null,"y":1}}"#, r#"{"b":1,"c":{"y":1}}"#);
        // What is not opened keeps its order.
        check(r#"{"m":{"z":1,"a":2},"n":{"z":1,"a":2}}"#, r#"{"n":{"b":0}}"#, r#"{"m":{"z":1,"a":2},"n":{"a":2,"b":0,"z":1}}"#);
        check(r#"{"l":[1]}"#, r#"{"l":[{"z":null,"y":1},null]}"#, r#"{"l":[{"y":1},null]}"#);
        check(r#"{"m":{}}"#, r#"{"m":[{"b":1,"a":null}]}"#, r#"{"m":[{"b":1,"a":null}]}"#);
        check(r#"{"m":null}"#, r#"{"m":{"a":null}}"#, r#"{"m":{}}"#);
        check("{}", "null", "Invalid JSON Patch");
        check("{}", "[1]", "[1]");
    }
}
