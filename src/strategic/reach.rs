//! What of the live object a merge can reach: the rest need not be built.

use crate::strategic::merge::list_of;
use crate::strategic::{DELETE_FROM_PRIMITIVE_LIST, SET_ELEMENT_ORDER};
use crate::value::{Map, Part, Value};

/// What a patch that is applied reaches: the members that it names. Single values are replaced, whatever was there.
pub(super) fn patched<'p>(patch: &'p Value<'p>) -> Part<'p> {
    match patch {
        Value::Map(patch) if patch.keys().all(|key| names_its_reach(patch, key)) => Part::Members(patch),
        Value::Map(_) | Value::List(_) => Part::Whole,
        _ => Part::Nothing,
    }
}

/// Whether a key stands for no more than the member of its name, or is a list about a list that the patch has too. Other directives
/// are about members that it does not name, or tell what they found in a place of a list.
fn names_its_reach(patch: &Map<'_>, key: &str) -> bool {
    let is_list = |key: &str| matches!(patch.get(key), Some(Value::List(_)));
    let list = list_of(key, SET_ELEMENT_ORDER).or_else(|| list_of(key, DELETE_FROM_PRIMITIVE_LIST));
    list.map_or(!key.starts_with('$'), |list| is_list(key) && is_list(list))
}

/// What of the current object is compared with the modified one, where nobody asks for what else it has.
pub(super) fn compared<'p>(modified: &'p Value<'p>) -> Part<'p> {
    match modified {
        Value::Map(modified) => Part::Members(modified),
        _ => Part::Whole,
    }
}
