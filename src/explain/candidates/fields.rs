//! The differing fields, written one by one.

use super::{Candidate, Command};
use crate::explain::converged::Key;
use crate::explain::remedies::{Patient, Plan};
use crate::explain::report::Unmet;
use crate::path::{Element, Path};
use crate::value::{Map, Value};

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
            Pointer::There(pointer) if wanted.is_null() => removals.push(operation("remove", pointer)),
            Pointer::There(pointer) if live.is_null() => operations.push(with_value(operation("add", pointer), wanted)?),
            Pointer::There(pointer) => operations.push(with_value(operation("replace", pointer), wanted)?),
            Pointer::New(list) => operations.push(with_value(operation("add", list + "/-"), wanted)?),
        }
    }
    removals.sort_by_key(|removal| std::cmp::Reverse(removal.get("path").and_then(Value::as_str).map(index_of)));
    operations.append(&mut removals);
    if operations.is_empty() {
        return None;
    }
    let text = Value::List(operations.into_iter().map(Value::Map).collect()).to_string();
    let name = patient.target.name;
    let command = Command::new(["patch", "service", name, "--type=json", "-p", &text]);
    Some(Candidate::typed(Plan::JsonPatch, vec![command]))
}

fn operation(op: &'static str, pointer: String) -> Map<'static> {
    [("op", Value::from(op)), ("path", Value::from(pointer))].into_iter().collect()
}

fn with_value<'v>(mut operation: Map<'v>, value: &'v serde_json::Value) -> Option<Map<'v>> {
    operation.insert("value", Value::from_serde(value).ok()?);
    Some(operation)
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
                text.extend(["/", &name.replace('~', "~0").replace('/', "~1")]);
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
