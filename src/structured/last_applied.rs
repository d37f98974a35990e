//! The annotation of client-side apply, as far as the server heeds it (apimachinery v0.37.2
//! `pkg/util/managedfields/internal/{lastapplied,lastappliedmanager,lastappliedupdater}.go`).
//!
//! It does so only for a field manager of the name `kubectl` that applies.

use super::compare::{Comparison, compare};
use super::conflict::Conflicts;
use super::endpoint::Endpoint;
use super::fields::fields;
use super::set::Set;
use super::validate::{Duplicates, validate};
use crate::path::Path;
use crate::value::{self, Map, Value};

/// The annotation in which `kubectl apply` keeps what it applied last.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The one manager for whom the annotation counts.
pub(super) const KUBECTL: &str = "kubectl";

/// How many bytes all annotations may have together, keys and values.
const MOST_ANNOTATION_BYTES: usize = 256 * 1024;

/// Takes the conflicts away that `kubectl` may take over without force: over fields that the annotation states and the live object
/// still has so.
pub(super) fn allow(conflicts: &mut Conflicts, live: &Value<'_>, endpoint: &Endpoint) {
    let stated = annotation(live).and_then(|text| value::parse(text.as_bytes()).ok());
    if let Some(stated) = stated
        && let Some(Allowed { stated, changes }) = allowed(&stated, live, endpoint)
    {
        let changed =
            |path: &Path| changes.modified.contains(path) || changes.added.contains(path) || changes.removed.contains(path);
        conflicts.retain(|conflict| changed(&conflict.path) || !stated.contains(&conflict.path));
    }
}

/// What the annotation states, but for where the live object has it otherwise.
struct Allowed<'v> {
    stated: Set<'v>,
    changes: Comparison<'v>,
}

fn allowed<'v>(stated: &'v Value<'v>, live: &'v Value<'v>, endpoint: &'v Endpoint) -> Option<Allowed<'v>> {
    let schema = endpoint.schema();
    if stated.get("apiVersion").and_then(Value::as_str) != Some(endpoint.api_version())
        || stated.get("kind").and_then(Value::as_str).is_none_or(|kind| kind != endpoint.kind())
    {
        return None;
    }
    // Upstream: a live object that holds an item twice allows nothing.
    if !validate(live, schema, Duplicates::Refused).is_empty() || !validate(stated, schema, Duplicates::Refused).is_empty() {
        return None;
    }
    Some(Allowed { stated: fields(stated, schema), changes: compare(stated, live, schema) })
}

/// Sets the annotation to the applied configuration, if the object has it.
pub(super) fn sync(object: &mut Value<'_>, config: &Value<'_>) {
    if annotation(object).is_none() {
        return;
    }
    let text = last_applied(config);
    let annotations = object
        .as_map_mut()
        .and_then(|object| object.get_mut("metadata"))
        .and_then(Value::as_map_mut)
        .and_then(|metadata| metadata.get_mut("annotations"))
        .and_then(Value::as_map_mut);
    let Some(annotations) = annotations else { return };
    annotations.insert(LAST_APPLIED, Value::from(text));
    coerce_nulls(annotations);
    let size: usize = annotations.iter().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum();
    if size > MOST_ANNOTATION_BYTES {
        annotations.remove(LAST_APPLIED);
    }
}

/// The annotation of an object, if it has one with something in it.
fn annotation<'v>(object: &'v Value<'_>) -> Option<&'v str> {
    object.at(&["metadata", "annotations", LAST_APPLIED])?.as_str().filter(|text| !text.is_empty())
}

/// The text of the annotation for a configuration: the configuration without the annotation.
fn last_applied(config: &Value<'_>) -> String {
    let mut text = String::new();
    // A shortcut: where nothing is annotated, nothing is left out.
    if config.at(&["metadata", "annotations"]).is_none() {
        config.write_to(&mut text);
        text.push('\n');
        return text;
    }
    let mut config = config.borrowed();
    let metadata = config.as_map_mut().and_then(|config| config.get_mut("metadata")).and_then(Value::as_map_mut);
    if let Some(metadata) = metadata {
        match metadata.get_mut("annotations") {
            Some(Value::Map(annotations)) => {
                annotations.remove(LAST_APPLIED);
                coerce_nulls(annotations);
            }
            Some(Value::Null) => drop(metadata.remove("annotations")),
            _ => {}
        }
    }
    config.write_to(&mut text);
    text.push('\n');
    text
}

/// Upstream: a null annotation is written as an empty one.
fn coerce_nulls(annotations: &mut Map<'_>) {
    annotations.iter_mut().filter(|(_, value)| value.is_null()).for_each(|(_, value)| *value = Value::from(""));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_annotation_leaves_itself_out() {
        for (config, expect) in [
            (r#"{"kind":"Service","apiVersion":"v1"}"#, r#"{"apiVersion":"v1","kind":"Service"}"#),
            (
                r#"{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"x"}}}"#,
                r#"{"metadata":{"annotations":{}}}"#,
            ),
            (r#"{"metadata":{"annotations":null}}"#, r#"{"metadata":{}}"#),
            (r#"{"metadata":{"annotations":{"a":"<","b":null}}}"#, r#"{"metadata":{"annotations":{"a":"\u003c","b":""}}}"#),
        ] {
            assert_eq!(last_applied(&value::parse(config.as_bytes()).unwrap()), format!("{expect}\n"));
        }
    }

    #[test]
    fn the_annotation_is_dropped_where_it_does_not_fit() {
        // All keys and values may have 256 KiB; the annotation of an empty configuration is `{}` and a line break.
        let room = 262_144 - LAST_APPLIED.len() - "{}\n".len() - "long".len();
        for (length, stays) in [(room, true), (room + 1, false)] {
            let long = "x".repeat(length);
            let object = format!(r#"{{"metadata":{{"annotations":{{"{LAST_APPLIED}":"old","long":"{long}"}}}}}}"#);
            let mut object = value::parse(object.as_bytes()).unwrap();
            sync(&mut object, &value::parse(b"{}").unwrap());
            let found = object.at(&["metadata", "annotations", LAST_APPLIED]).and_then(Value::as_str);
            assert_eq!(found, stays.then_some("{}\n"), "{length}");
        }
    }
}
