//! The differing fields, written one by one.

use serde_json::json;

use super::{Candidate, Command};
use crate::explain::converged::Key;
use crate::explain::remedies::{Patient, Plan};
use crate::explain::report::Unmet;
use crate::path::{Element, Path};
use crate::value::Value;

/// The differing fields, written one by one where they are.
pub(super) fn json_patch(patient: Patient<'_>, unmet: &[Unmet]) -> Option<Candidate> {
    let before = patient.before?;
    // What takes more is no longer written by hand.
    if unmet.len() > 8 {
        return None;
    }
    let mut operations = Vec::new();
    // What is removed goes last, from the end, so that no index shifts.
    let mut removals = Vec::new();
    for Unmet { path, wanted, live } in unmet {
        let path: Path = path.parse().ok()?;
        match pointer(&path, before)? {
            Pointer::There(pointer) if wanted.is_null() => removals.push(json!({"op": "remove", "path": pointer})),
            Pointer::There(pointer) if live.is_null() => operations.push(json!({"op": "add", "path": pointer, "value": wanted})),
            Pointer::There(pointer) => operations.push(json!({"op": "replace", "path": pointer, "value": wanted})),
            Pointer::New(list) => operations.push(json!({"op": "add", "path": format!("{list}/-"), "value": wanted})),
        }
    }
    removals.sort_by_key(|removal| std::cmp::Reverse(removal.get("path").and_then(serde_json::Value::as_str).map(index_of)));
    operations.append(&mut removals);
    if operations.is_empty() {
        return None;
    }
    let text = Value::from_serde(&serde_json::Value::Array(operations)).ok()?.to_string();
    let name = patient.target.name;
    let command = Command::new(["patch", "service", name, "--type=json", "-p", &text]);
    Some(Candidate::typed(Plan::JsonPatch, vec![command]))
}

enum Pointer {
    /// A member or item that is there or whose object is there.
    There(String),
    /// A new item of the list at this pointer.
    New(String),
}

fn index_of(pointer: &str) -> usize {
    pointer.split('/').find_map(|token| token.parse().ok()).unwrap_or_default()
}

/// The JSON pointer of a path, with items of keyed lists found in the object.
fn pointer(path: &Path, object: &Value<'_>) -> Option<Pointer> {
    let mut text = String::new();
    let mut here = Some(object);
    for (at, element) in path.elements().iter().enumerate() {
        let last = at + 1 == path.len();
        match element {
            Element::Field(name) => {
                text.push_str(&format!("/{}", name.replace('~', "~0").replace('/', "~1")));
                let parent = here?;
                here = parent.get(name);
                if here.is_none() && !last {
                    return None;
                }
            }
            Element::Key(_) => {
                let list = here?.as_list()?;
                let found = list.iter().position(|item| Key::of(item).element() == *element);
                match found {
                    Some(index) => {
                        text.push_str(&format!("/{index}"));
                        here = list.get(index);
                    }
                    None if last => return Some(Pointer::New(text)),
                    None => return None,
                }
            }
            _ => return None,
        }
    }
    Some(Pointer::There(text))
}
