//! The annotation of client-side apply, as far as the server heeds it (apimachinery v0.37.2
//! `pkg/util/managedfields/internal/{lastapplied,lastappliedmanager,lastappliedupdater}.go`).
//!
//! It does so only for a field manager of the name `kubectl` that applies.

use std::borrow::Cow;

use super::compare::compare;
use super::conflict::{Conflict, Conflicts};
use super::endpoint::Endpoint;
use super::fields::fields;
use super::set::Set;
use super::validate::{Duplicates, validate};
use crate::path::{Element, Path};
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
    let Some(stated) = annotation(live).and_then(|text| value::parse(text.as_bytes()).ok()) else { return };
    if !allows(&stated, live, endpoint) {
        return;
    }
    // What no conflict is about need not be compared.
    let mut paths = Set::new();
    conflicts.iter().for_each(|conflict| paths.insert(conflict.path.elements().iter().map(Element::borrowed)));
    let (stated, live) = (within(&stated, &paths), within(live, &paths));
    let changes = compare(&stated, &live, endpoint.schema());
    let stated = fields(&stated, endpoint.schema());
    let changed = |path: &Path| [&changes.modified, &changes.added, &changes.removed].iter().any(|set| set.contains(path));
    let kept: Vec<_> = conflicts.iter().map(|Conflict { path, .. }| changed(path) || !stated.contains(path)).collect();
    let mut kept = kept.into_iter();
    conflicts.retain(|_| kept.next() == Some(true));
}

/// Whether the annotation counts at all.
fn allows(stated: &Value<'_>, live: &Value<'_>, endpoint: &Endpoint) -> bool {
    let is = |key: &str, text: &str| stated.get(key).and_then(Value::as_str) == Some(text);
    // Upstream: a live object that holds an item twice allows nothing.
    let fits = |object: &Value<'_>| validate(object, endpoint.schema(), Duplicates::Refused).is_empty();
    is("apiVersion", endpoint.api_version()) && is("kind", endpoint.kind()) && fits(live) && fits(stated)
}

/// The members of an object that the paths lead through or to, and lists on their way as wholes.
fn within<'v>(value: &'v Value<'_>, paths: &Set<'_>) -> Value<'v> {
    let Value::Map(map) = value else { return value.borrowed() };
    let mut walk = paths.walk();
    let members = map.iter().filter_map(|(name, member)| {
        let node = walk.find(&Element::field(name))?;
        let member = if node.member { member.borrowed() } else { within(member, &node.below) };
        Some((Cow::Borrowed(name), member))
    });
    Value::Map(Map::of_sorted(members.collect()))
}

/// Sets the annotation to the applied configuration, if the object has it.
pub(super) fn sync(object: &mut Value<'_>, config: &Value<'_>) {
    if annotation(object).is_none() {
        return;
    }
    let text = last_applied(config);
    let Some(annotations) = object.map_at_mut(&["metadata", "annotations"]) else { return };
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
    // A shortcut: where nothing is annotated, nothing is left out.
    if config.at(&["metadata", "annotations"]).is_none() {
        return config.to_line();
    }
    let mut config = config.borrowed();
    if let Some(metadata) = config.map_at_mut(&["metadata"]) {
        match metadata.get_mut("annotations") {
            Some(Value::Map(annotations)) => {
                annotations.remove(LAST_APPLIED);
                coerce_nulls(annotations);
            }
            Some(Value::Null) => drop(metadata.remove("annotations")),
            _ => {}
        }
    }
    config.to_line()
}

/// Upstream: a null annotation is written as an empty one.
fn coerce_nulls(annotations: &mut Map<'_>) {
    annotations.iter_mut().filter(|(_, value)| value.is_null()).for_each(|(_, value)| *value = Value::from(""));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_paths_lead_to_is_kept() {
        let value = value::parse(br#"{"a":{"b":{"c":1,"d":2},"e":3},"f":[{"g":1,"h":2}],"i":{}}"#).unwrap();
        for (paths, expect) in [
            (".a.b.c", r#"{"a":{"b":{"c":1}}}"#),
            (".a.b", r#"{"a":{"b":{"c":1,"d":2}}}"#),
            (".f[g=1].h .a.x .i.y", r#"{"a":{},"f":[{"g":1,"h":2}],"i":{}}"#),
            (".z", "{}"),
        ] {
            let paths = paths.split(' ').map(|path| path.parse::<Path>().unwrap()).collect();
            assert_eq!(within(&value, &paths).to_string(), expect);
        }
    }

    #[test]
    fn the_annotation_counts_for_its_kind_alone() {
        let endpoint = Endpoint::new(crate::schema::Schema::builtin("v1", "Service").unwrap(), "v1", "Service");
        for (stated, live, expect) in [
            (r#"{"apiVersion":"v1","kind":"Service"}"#, "{}", true),
            (r#"{"apiVersion":"v1","kind":"Pod"}"#, "{}", false),
            (r#"{"apiVersion":"v2","kind":"Service"}"#, "{}", false),
            (r#"{"kind":"Service"}"#, "{}", false),
            (r#"{"apiVersion":"v1","kind":"Service","spec":1}"#, "{}", false),
            (r#"{"apiVersion":"v1","kind":"Service"}"#, r#"{"metadata":{"finalizers":["a","a"]}}"#, false),
        ] {
            let (stated, live) = (value::parse(stated.as_bytes()).unwrap(), value::parse(live.as_bytes()).unwrap());
            assert_eq!(allows(&stated, &live, &endpoint), expect, "{stated} {live}");
        }
    }

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
