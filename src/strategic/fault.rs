//! The errors of strategic merge, in upstream's words: kubectl and the server print them.
//!
//! Upstream: apimachinery v0.37.2 `pkg/util/mergepatch/errors.go` and `pkg/util/strategicpatch/patch.go`.

use crate::Error;
use crate::error::Kind;
use crate::value::{self, Map, Value, go_value};

fn error(kind: Kind, message: impl Into<String>) -> Error {
    Error::new(kind, None, message)
}

pub(super) fn schema(message: impl Into<String>) -> Error {
    error(Kind::Schema, message)
}

pub(super) fn not_an_object() -> Error {
    error(Kind::WrongType, "invalid JSON document")
}

pub(super) fn missing_merge_key(item: &Map<'_>, merge_key: &str) -> Error {
    let item = go_value(&Value::Map(item.borrowed()));
    error(Kind::MissingMergeKey, format!("map: {item} does not contain declared merge key: {merge_key}"))
}

pub(super) fn cannot_find_merge_key(item: &Map<'_>, merge_key: &str) -> Error {
    let item = go_value(&Value::Map(item.borrowed()));
    error(Kind::MissingMergeKey, format!("cannot find merge key `{merge_key}` in merging list element:{item}"))
}

pub(super) fn no_merge_key_declared(type_name: &str) -> Error {
    error(Kind::Schema, format!("cannot merge lists without merge key for {type_name}"))
}

pub(super) fn element_types(lists: &[&[Value<'_>]]) -> Error {
    let lists: Vec<String> = lists.iter().map(|items| go_list(items)).collect();
    error(Kind::ElementTypes, format!("list element types are not identical: [{}]", lists.join(" ")))
}

pub(super) fn list_of_lists() -> Error {
    error(Kind::ElementTypes, "lists of lists are not supported")
}

pub(super) fn no_elements() -> Error {
    error(Kind::ElementTypes, "no elements in any of the given slices")
}

/// Upstream crashes here: it asks the first item for its type, and null has none.
pub(super) fn null_element() -> Error {
    error(Kind::Crash, "the first element of a list to merge is null")
}

/// Upstream crashes here: Go cannot compare lists and objects with `==`.
pub(super) fn uncomparable() -> Error {
    error(Kind::Crash, "merge keys that are lists or objects cannot be compared")
}

/// Upstream crashes here: it compares values by their place, and one list has fewer different ones.
pub(super) fn fewer_values() -> Error {
    error(Kind::Crash, "lists of as many items cannot be compared: one repeats more of them")
}

pub(super) fn expected_list(received: &Value<'_>) -> Error {
    error(Kind::WrongType, format!("expected a []interface {{}}, but received a {}", go_type(received)))
}

pub(super) fn expected_object(received: &Value<'_>) -> Error {
    error(Kind::WrongType, format!("expected a map[string]interface {{}}, but received a {}", go_type(received)))
}

pub(super) fn item_is_no_object(at: usize) -> Error {
    error(Kind::WrongType, format!("value for key {at} is not a map"))
}

pub(super) fn directive_is_no_text() -> Error {
    error(Kind::BadDirective, "invalid value for special key: $patch")
}

pub(super) fn unknown_patch_type(directive: &Value<'_>, patch: &Map<'_>) -> Error {
    let patch = go_value(&Value::Map(patch.borrowed()));
    error(Kind::BadDirective, format!("unknown patch type: {} in map: {patch}", go_string_verb(directive)))
}

pub(super) fn merging_lists() -> Error {
    error(Kind::BadDirective, "merging lists cannot yet be specified in the patch")
}

pub(super) fn bad_primitive_list() -> Error {
    error(Kind::BadPatchFormat, "invalid patch format of primitive list")
}

pub(super) fn bad_element_order() -> Error {
    error(Kind::BadPatchFormat, "invalid patch format of setElementOrder list")
}

pub(super) fn bad_retain_keys() -> Error {
    error(Kind::BadPatchFormat, "invalid patch format of retainKeys")
}

pub(super) fn retain_keys_differ(deletions: &Value<'_>, delta: &Value<'_>) -> Error {
    let (deletions, delta) = (go_value(deletions), go_value(delta));
    let message = format!("{deletions} and {delta} are not deep equal: this may happen when calculating the 3-way diff patch");
    error(Kind::BadDirective, message)
}

pub(super) fn order_mismatch(patch: &[Value<'_>], order: &[Value<'_>]) -> Error {
    let (patch, order) = (go_list(patch), go_list(order));
    let message = format!("The order in patch list:\n{patch}\n doesn't match $setElementOrder list:\n{order}\n");
    error(Kind::OrderMismatch, message)
}

pub(super) fn precondition(patch: &Map<'_>) -> Error {
    error(Kind::Precondition, format!("precondition failed for: {}", go_value(&Value::Map(patch.borrowed()))))
}

pub(super) fn conflict(patch: &str, changed: &str) -> Error {
    let message = format!("patch:\n{patch}\nconflicts with changes made from original to current:\n{changed}\n");
    error(Kind::Conflict, message)
}

pub(super) fn too_deep() -> Error {
    Error::too_deep(&crate::path::Path::new())
}

fn go_list(items: &[Value<'_>]) -> String {
    let items: Vec<String> = items.iter().map(go_value).collect();
    format!("[{}]", items.join(" "))
}

/// A value's type as `%s` prints what `reflect.TypeOf` answers.
fn go_type(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        other => value::go_type(other),
    }
}

/// A value as `%s` prints it: what is no text says so.
pub(super) fn go_string_verb(value: &Value<'_>) -> String {
    // Upstream: a nil inside something is told without the verb.
    let inside = |value: &Value<'_>| if value.is_null() { "<nil>".to_owned() } else { go_string_verb(value) };
    match value {
        Value::Null => "%!s(<nil>)".into(),
        Value::String(text) => text.to_string(),
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) => format!("%!s({}={})", go_type(value), go_value(value)),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(inside).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Map(map) => {
            let members: Vec<String> = map.iter().map(|(key, value)| format!("{key}:{}", inside(value))).collect();
            format!("map[{}]", members.join(" "))
        }
    }
}
