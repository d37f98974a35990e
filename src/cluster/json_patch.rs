//! JSON patches (RFC 6902) as the API server applies them.
//!
//! Upstream: `gopkg.in/evanphx/json-patch.v4` v4.13.0 `patch.go`, with negative indexes allowed. As with a
//! [merge patch](super::merge_patch), objects that are opened are sorted and the others keep their order. Why an operation fails is
//! not told by the server, so neither here. Left out: the bytes of a string in a `test`, which upstream compares escaped as they
//! came; equal strings are equal here.

use std::borrow::Cow;

use crate::value::{Map, Value};

/// The most operations that a patch may have.
pub(super) const MAX_OPERATIONS: usize = 10_000;

/// How many bytes the `copy` operations of a patch may add: three megabytes, the size of a request.
const MAX_COPIED: usize = 3 * 1024 * 1024;

/// An operation does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed;

/// Applies the operations in order.
pub(super) fn apply<'a>(mut document: Value<'a>, operations: Vec<Value<'a>>) -> Result<Value<'a>, Failed> {
    open(&mut document)?;
    let mut copied = 0;
    for operation in operations {
        let Value::Map(mut operation) = operation else { return Err(Failed) };
        operation.sort();
        step(&mut document, operation, &mut copied)?;
    }
    Ok(document)
}

fn step<'a>(document: &mut Value<'a>, mut operation: Map<'a>, copied: &mut usize) -> Result<(), Failed> {
    let value = operation.remove("value").unwrap_or_default();
    let text = |key| operation.get(key).and_then(Value::as_str).ok_or(Failed);
    match text("op")? {
        "add" => add(document, text("path")?, value),
        "remove" => remove(document, text("path")?).map(drop),
        "replace" => replace(document, text("path")?, value),
        "move" => {
            let from = text("from")?;
            let moved = remove(document, from)?;
            add(document, text("path")?, moved)
        }
        "test" => test(document, text("path")?, value),
        "copy" => {
            let (from, path) = (text("from")?, text("path")?);
            let (container, key) = find(document, from)?;
            get(container, &key)?;
            // Upstream: it is copied as it stands when the way to its new place has been opened, which may lead through it.
            find(document, path)?;
            let (container, key) = find(document, from)?;
            let value = get(container, &key)?.cloned().unwrap_or_default();
            *copied += value.to_string().len();
            if *copied > MAX_COPIED {
                return Err(Failed);
            }
            add(document, path, value)
        }
        _ => Err(Failed),
    }
}

/// Sorts an object that is about to be looked into; what is no object or list cannot be.
fn open(value: &mut Value<'_>) -> Result<(), Failed> {
    match value {
        Value::Map(map) => map.sort(),
        Value::List(_) => {}
        _ => return Err(Failed),
    }
    Ok(())
}

/// The tokens of a pointer; none without a slash.
pub(super) fn tokens(pointer: &str) -> Option<&str> {
    // Upstream: what stands before the first slash is ignored.
    pointer.split_once('/').map(|(_, tokens)| tokens)
}

/// The object or list that holds what the pointer names, opened, and the last token of the pointer.
fn find<'v, 'a, 'p>(document: &'v mut Value<'a>, pointer: &'p str) -> Result<(&'v mut Value<'a>, Cow<'p, str>), Failed> {
    let tokens = tokens(pointer).ok_or(Failed)?;
    let (parents, key) = tokens.rsplit_once('/').map_or((None, tokens), |(parents, key)| (Some(parents), key));
    let mut container = document;
    for token in parents.into_iter().flat_map(|parents| parents.split('/')) {
        let token = unescape(token);
        container = match container {
            Value::Map(map) => map.get_mut(&token),
            Value::List(items) => index(&token, items.len()).and_then(|at| items.get_mut(at)),
            _ => None,
        }
        .ok_or(Failed)?;
        open(container)?;
    }
    Ok((container, unescape(key)))
}

fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') { token.replace("~1", "/").replace("~0", "~").into() } else { token.into() }
}

/// The place that a token names in a list of `length` items: negative ones count from the end.
fn index(token: &str, length: usize) -> Option<usize> {
    let at: i64 = token.parse().ok()?;
    let at = if at < 0 { at.checked_add(i64::try_from(length).ok()?)? } else { at };
    usize::try_from(at).ok().filter(|at| *at < length)
}

/// What the container has under the key. Upstream: a missing member is nothing rather than an error, a missing item is one.
fn get<'v, 'a>(container: &'v Value<'a>, key: &str) -> Result<Option<&'v Value<'a>>, Failed> {
    match container {
        Value::Map(map) => Ok(map.get(key)),
        Value::List(items) => index(key, items.len()).map(|at| items.get(at)).ok_or(Failed),
        _ => Err(Failed),
    }
}

fn add<'a>(document: &mut Value<'a>, pointer: &str, value: Value<'a>) -> Result<(), Failed> {
    let (container, key) = find(document, pointer)?;
    match container {
        Value::Map(map) => {
            map.insert(key.into_owned(), value);
        }
        Value::List(items) if key == "-" => items.push(value),
        Value::List(items) => {
            let at = index(&key, items.len() + 1).ok_or(Failed)?;
            items.insert(at, value);
        }
        _ => return Err(Failed),
    }
    Ok(())
}

fn remove<'a>(document: &mut Value<'a>, pointer: &str) -> Result<Value<'a>, Failed> {
    let (container, key) = find(document, pointer)?;
    match container {
        Value::Map(map) => map.remove(&key).ok_or(Failed),
        Value::List(items) => index(&key, items.len()).map(|at| items.remove(at)).ok_or(Failed),
        _ => Err(Failed),
    }
}

fn replace<'a>(document: &mut Value<'a>, pointer: &str, mut value: Value<'a>) -> Result<(), Failed> {
    if pointer.is_empty() {
        open(&mut value)?;
        *document = value;
        return Ok(());
    }
    let (container, key) = find(document, pointer)?;
    match container {
        // Upstream: a member need not be there to be replaced.
        Value::Map(map) => {
            map.insert(key.into_owned(), value);
        }
        Value::List(items) => {
            let item = index(&key, items.len()).and_then(|at| items.get_mut(at)).ok_or(Failed)?;
            *item = value;
        }
        _ => return Err(Failed),
    }
    Ok(())
}

fn test<'a>(document: &mut Value<'a>, pointer: &str, mut expected: Value<'a>) -> Result<(), Failed> {
    sort_all(&mut expected);
    let found = if pointer.is_empty() {
        Some(document)
    } else {
        let (container, key) = find(document, pointer)?;
        match container {
            Value::Map(map) => map.get_mut(&key),
            Value::List(items) => {
                let at = index(&key, items.len()).ok_or(Failed)?;
                items.get_mut(at)
            }
            _ => return Err(Failed),
        }
    };
    // A comparison opens all that it compares.
    let equal = match found {
        Some(found) => {
            sort_all(found);
            *found == expected
        }
        None => expected.is_null(),
    };
    if equal { Ok(()) } else { Err(Failed) }
}

fn sort_all(value: &mut Value<'_>) {
    match value {
        Value::Map(map) => {
            map.sort();
            map.iter_mut().for_each(|(_, value)| sort_all(value));
        }
        Value::List(items) => items.iter_mut().for_each(sort_all),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse_document;

    #[track_caller]
    fn check(document: &str, operations: &str, expect: &str) {
        let read = |text: &str| parse_document(text.as_bytes()).unwrap().into_ordered().into_owned();
        let Value::List(steps) = read(operations) else { panic!("{operations} is no list") };
        let answer = apply(read(document), steps);
        assert_eq!(answer.map_or_else(|_| "failed".to_owned(), |value| value.to_string()), expect, "{operations}");
    }

    #[test]
    fn operations() {
        let document = r#"{"s":{"b":1,"a":[1,2,3]},"m":{"z":1,"y":2}}"#;
        for (operations, expect) in [
            (r#"[{"op":"add","path":"/s/a/-","value":4}]"#, r#"{"m":{"z":1,"y":2},"s":{"a":[1,2,3,4],"b":1}}"#),
            (r#"[{"op":"add","path":"/s/a/1","value":4}]"#, r#"{"m":{"z":1,"y":2},"s":{"a":[1,4,2,3],"b":1}}"#),
            (r#"[{"op":"add","path":"/s/a/-1","value":4}]"#, r#"{"m":{"z":1,"y":2},"s":{"a":[1,2,3,4],"b":1}}"#),
            (r#"[{"op":"add","path":"/s/a/4","value":4}]"#, "failed"),
            (
                r#"[{"op":"add","path":"/s/c","value":{"z":1,"a":2}}]"#,
                r#"{"m":{"z":1,"y":2},"s":{"a":[1,2,3],"b":1,"c":{"z":1,"a":2}}}"#,
            ),
            (r#"[{"op":"add","path":"/x/c","value":1}]"#, "failed"),
            (r#"[{"op":"add","path":"","value":1}]"#, "failed"),
            (r#"[{"op":"remove","path":"/s/a/-3"}]"#, r#"{"m":{"z":1,"y":2},"s":{"a":[2,3],"b":1}}"#),
            (r#"[{"op":"remove","path":"/s/a/3"}]"#, "failed"),
            (r#"[{"op":"remove","path":"/s/q"}]"#, "failed"),
            (r#"[{"op":"replace","path":"/s/q","value":null}]"#, r#"{"m":{"z":1,"y":2},"s":{"a":[1,2,3],"b":1,"q":null}}"#),
            (r#"[{"op":"replace","path":"/s/a/7","value":1}]"#, "failed"),
            (r#"[{"op":"replace","path":"","value":{"b":1,"a":2}}]"#, r#"{"a":2,"b":1}"#),
            (r#"[{"op":"replace","path":"","value":1}]"#, "failed"),
            (r#"[{"op":"move","from":"/s/b","path":"/t"}]"#, r#"{"m":{"z":1,"y":2},"s":{"a":[1,2,3]},"t":1}"#),
            (r#"[{"op":"copy","from":"/s/b","path":"/t"}]"#, r#"{"m":{"z":1,"y":2},"s":{"a":[1,2,3],"b":1},"t":1}"#),
            (r#"[{"op":"copy","from":"/s/b/c","path":"/t"}]"#, "failed"),
            (r#"[{"op":"copy","from":"/m","path":"/m/c"}]"#, r#"{"m":{"c":{"y":2,"z":1},"y":2,"z":1},"s":{"b":1,"a":[1,2,3]}}"#),
            (r#"[{"op":"test","path":"/m","value":{"y":2,"z":1}}]"#, r#"{"m":{"y":2,"z":1},"s":{"b":1,"a":[1,2,3]}}"#),
            (r#"[{"op":"test","path":"/m/x","value":null}]"#, r#"{"m":{"y":2,"z":1},"s":{"b":1,"a":[1,2,3]}}"#),
            (r#"[{"op":"test","path":"/s/b","value":1.0}]"#, "failed"),
            (r#"[{"op":"bogus","path":"/s/b"}]"#, "failed"),
            (r#"[{"path":"/s/b"}]"#, "failed"),
            (r#"[null]"#, "failed"),
            (r#"[{"op":"add","path":"/m/a~1b~0c","value":1}]"#, r#"{"m":{"a/b~c":1,"y":2,"z":1},"s":{"b":1,"a":[1,2,3]}}"#),
        ] {
            check(document, operations, expect);
        }
    }

    #[test]
    fn copies_are_bounded() {
        let double = r#"{"op":"copy","from":"/a","path":"/a/-"}"#;
        check(r#"{"a":["xxxxxxxxxxxxxxxx"]}"#, &format!("[{}]", vec![double; 40].join(",")), "failed");
    }
}
