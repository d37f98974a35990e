//! `kubectl label` and `kubectl annotate`.
//!
//! Upstream: kubectl v0.37.2 `pkg/cmd/{label,annotate}`. Where several keys clash upstream names them in random order; here they
//! are sorted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::errors::Failure;
use super::object;
use super::options::{Annotate, Changes, Common, DryRun, Label};
use super::print::Shown;
use super::verbs::Writer;
use super::{Place, Session};
use crate::cluster::request::PatchType;
use crate::cluster::{Method, Object};
use crate::service;
use crate::value::{Map, Value, quote};

/// This annotation may always be changed.
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

pub(super) fn label(session: &mut Session<'_, '_>, name: &str, options: &Label) -> Result<(), Failure> {
    let changes = &options.changes;
    let fault = changes.set.iter().find_map(|(key, value)| value_fault(&format!("{key}={value}"), value));
    if let Some(fault) = fault.or_else(|| contradiction(changes)).or_else(|| nothing(changes, "label")) {
        return Err(Failure::Client(fault));
    }
    let wanted = wanted(changes);
    let (place, live) = find(session, name, &options.common)?;
    let labels = object::strings(&live.to_value(), "labels").unwrap_or_default();
    let local = options.common.dry_run == DryRun::Client || changes.list;
    for key in changes.remove.iter().filter(|key| !local && !labels.contains_key(key)) {
        session.stdout.push_str(&format!("label {} not found.\n", quote(key)));
    }
    let mut lines: Vec<_> = Vec::new();
    if !changes.overwrite {
        lines.extend(clashes(&labels, &wanted).map(|clash| format!("{clash}, and --overwrite is false")));
    }
    match (lines.pop(), lines.is_empty()) {
        (None, _) => {}
        (Some(only), true) => return Err(Failure::Client(only)),
        (Some(last), false) => {
            lines.push(last);
            return Err(Failure::Several(lines));
        }
    }
    let patch = difference(&labels, &wanted, &changes.remove);
    let added = patch.values().any(|value| !value.is_null());
    let removed = patch.values().any(Value::is_null);
    let operation = match (added, removed) {
        (true, true) => "modified",
        (true, false) => "labeled",
        (false, true) => "unlabeled",
        (false, false) => "not labeled",
    };
    if changes.list {
        list(session, &changed(labels, changes));
        return Ok(());
    }
    if !local && (added || removed) {
        let body = with_version(wrap("labels", patch), changes);
        send(session, &place, body, &options.common, "kubectl-label")?;
    }
    // Upstream: what is printed is what was sent for, whatever the server made of it.
    session.print(&shown(&live, "labels", labels, changes), operation, &options.common)
}

/// Why kubectl changes no object's labels in this way.
pub(super) fn contradiction(changes: &Changes) -> Option<String> {
    (!both(changes).is_empty()).then(|| "can not both modify and remove a label in the same command".to_owned())
}

/// The keys that are both set and removed.
fn both(changes: &Changes) -> Vec<&str> {
    changes.remove.iter().map(String::as_str).filter(|key| changes.set.iter().any(|(set, _)| set == key)).collect()
}

/// Why kubectl does nothing, if nothing is asked for.
pub(super) fn nothing(changes: &Changes, what: &str) -> Option<String> {
    let nothing = changes.set.is_empty() && changes.remove.is_empty() && !changes.list;
    nothing.then(|| format!("at least one {what} update is required"))
}

/// Labels or annotations as kubectl itself changes them.
fn changed(mut members: Map<'static>, changes: &Changes) -> Map<'static> {
    for (key, value) in &changes.set {
        members.insert(key.clone(), Value::from(value.clone()));
    }
    for key in &changes.remove {
        members.remove(key);
    }
    members
}

/// The object with them, and with the version that the command line demands.
fn shown(live: &Object, key: &'static str, members: Map<'static>, changes: &Changes) -> Shown {
    let mut object = live.to_value().into_owned();
    if let Some(metadata) = object::metadata_mut(&mut object) {
        metadata.insert(key, Value::Map(changed(members, changes)));
        demand_version(metadata, changes);
    }
    Shown::Made(Arc::new(object))
}

fn demand_version(metadata: &mut Map<'_>, changes: &Changes) {
    if let Some(version) = &changes.resource_version {
        metadata.insert("resourceVersion", Value::from(version.clone()));
    }
}

/// `--list`
fn list(session: &mut Session<'_, '_>, members: &Map<'_>) {
    for (key, value) in members.iter() {
        session.stdout.push_str(&format!("{key}={}\n", value.as_str().unwrap_or_default()));
    }
}

/// What kubectl says of a value that no label can have; `spec` is how the command line states it.
pub(super) fn value_fault(spec: &str, value: &str) -> Option<String> {
    let faults = service::label_value_faults(value);
    (!faults.is_empty()).then(|| format!("invalid label value: {}: {}", quote(spec), faults.join(";")))
}

pub(super) fn annotate(session: &mut Session<'_, '_>, name: &str, options: &Annotate) -> Result<(), Failure> {
    let changes = &options.changes;
    if let Some(fault) = annotations_fault(changes) {
        return Err(Failure::Client(fault));
    }
    let wanted = wanted(changes);
    let (place, live) = find(session, name, &options.common)?;
    let stated = object::strings(&live.to_value(), "annotations");
    let annotations = stated.clone().unwrap_or_default();
    if !changes.overwrite {
        let guarded = wanted.iter().filter(|(key, _)| **key != CHANGE_CAUSE).map(|(key, value)| (*key, *value)).collect();
        let clashes: Vec<String> = clashes(&annotations, &guarded).collect();
        if !clashes.is_empty() {
            let list = clashes.join("; ");
            return Err(Failure::client(format!("--overwrite is false but found the following declared annotation(s): {list}")));
        }
    }
    if changes.list {
        list(session, &changed(annotations, changes));
        return Ok(());
    }
    let annotated = if options.common.dry_run == DryRun::Client {
        shown(&live, "annotations", annotations, changes)
    } else {
        let patch = difference(&annotations, &wanted, &changes.remove);
        // Upstream: an object without annotations gets an empty map of them even where nothing is set.
        let body = if patch.is_empty() && stated.is_some() { Map::new() } else { wrap("annotations", patch) };
        Shown::Answered(send(session, &place, with_version(body, changes), &options.common, "kubectl-annotate")?)
    };
    session.print(&annotated, "annotated", &options.common)
}

/// Why kubectl does this to no object's annotations.
pub(super) fn annotations_fault(changes: &Changes) -> Option<String> {
    let both = both(changes).join(", ");
    if !both.is_empty() {
        return Some(format!("can not both modify and remove the following annotation(s) in the same command: {both}"));
    }
    nothing(changes, "annotation")
}

/// What is set, by key; of a key that is set twice the last value counts.
fn wanted(changes: &Changes) -> BTreeMap<&str, &str> {
    changes.set.iter().map(|(key, value)| (&**key, &**value)).collect()
}

fn find(session: &mut Session<'_, '_>, name: &str, common: &Common) -> Result<(Place, Object), Failure> {
    let place = Place { namespace: session.namespace(common.namespace.as_deref()).to_owned(), name: name.to_owned() };
    let live = session.read(&place)?;
    Ok((place, live))
}

/// The keys that have another value, with that.
fn clashes(have: &Map<'_>, wanted: &BTreeMap<&str, &str>) -> impl Iterator<Item = String> {
    wanted.iter().filter_map(|(key, value)| {
        let current = have.get(key)?.as_str().filter(|current| current != value)?;
        Some(format!("'{key}' already has a value ({current})"))
    })
}

/// The members of a merge patch: what changes, and `null` for what goes.
fn difference(have: &Map<'_>, wanted: &BTreeMap<&str, &str>, remove: &[String]) -> Map<'static> {
    let mut patch = Map::new();
    for (key, value) in wanted {
        if have.get(key).and_then(Value::as_str) != Some(value) {
            patch.insert((*key).to_owned(), Value::from((*value).to_owned()));
        }
    }
    for key in remove.iter().filter(|key| have.contains_key(key)) {
        patch.insert(key.clone(), Value::Null);
    }
    patch
}

fn wrap(key: &'static str, members: Map<'static>) -> Map<'static> {
    let metadata: Map<'static> = [(key, Value::from(members))].into_iter().collect();
    [("metadata", Value::from(metadata))].into_iter().collect()
}

/// A merge patch that also demands the version of the command line.
fn with_version(mut patch: Map<'static>, changes: &Changes) -> Value<'static> {
    if changes.resource_version.is_some()
        && let Some(metadata) = patch.entry_or_insert_with("metadata", || Value::Map(Map::new())).as_map_mut()
    {
        demand_version(metadata, changes);
    }
    Value::from(patch)
}

fn send(
    session: &mut Session<'_, '_>,
    place: &Place,
    patch: Value<'static>,
    common: &Common,
    manager: &str,
) -> Result<Object, Failure> {
    let writer = Writer::new(common, manager).without_validation();
    let request = writer.mark(place.request(Method::Patch).of_type(PatchType::Merge.media_type()));
    session.send(request.value(Arc::new(patch)))
}
