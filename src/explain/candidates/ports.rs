//! Other ports in the manifest: in another order, under other names or numbers, or not all at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Candidate, Command};
use crate::Manifest;
use crate::explain::converged::{Key, Ports, items_of};
use crate::explain::facts::Port;
use crate::explain::remedies::{Patient, Plan, Renumbered};
use crate::explain::report::Unmet;
use crate::value::Value;

/// What takes more edits is no longer done by hand.
const MOST_EDITS: usize = 8;

/// The manifest with the ports of each number in the live order, and in reverse.
pub(super) fn reordered(patient: Patient<'_>) -> Vec<Candidate> {
    let items = items_of(patient.target.wanted);
    let groups = by_number(items);
    if groups.values().all(|group| group.len() < 2) {
        return Vec::new();
    }
    let live = patient.before.map(Ports::of);
    let mut as_live: Vec<&Value<'static>> = items.iter().collect();
    as_live.sort_by_key(|item| live.as_ref().and_then(|live| live.place(&Key::of(item))).unwrap_or(usize::MAX));
    // Reversed among those of one number alone, so that the order of the others does not enter.
    let mut turned: Vec<&Value<'static>> = items.iter().collect();
    for group in groups.values() {
        for (at, from) in group.iter().zip(group.iter().rev()) {
            if let (Some(place), Some(item)) = (turned.get_mut(*at), items.get(*from)) {
                *place = item;
            }
        }
    }
    let mut all: Vec<Vec<&Value<'static>>> = Vec::new();
    for ports in [as_live, turned] {
        if !ports.iter().copied().eq(items) && !all.contains(&ports) {
            all.push(ports);
        }
    }
    let candidate = |ports: Vec<&Value<'static>>| {
        let order: Vec<Port> = ports.iter().enumerate().filter_map(|(at, item)| Port::of(item, at)).collect();
        let list = order.iter().map(Port::to_string).collect::<Vec<_>>().join(", ");
        let manifest = with_ports(patient, ports.into_iter().cloned().collect())?;
        Some(edited(patient, Plan::Reorder { ports: order }, &format!("ports: {list}"), "apply", manifest))
    };
    all.into_iter().filter_map(candidate).collect()
}

/// The places of the ports of each number.
fn by_number(items: &[Value<'_>]) -> BTreeMap<i64, Vec<usize>> {
    let mut groups: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        if let Some(number) = item.get("port").and_then(Value::as_i64) {
            groups.entry(number).or_default().push(at);
        }
    }
    groups
}

/// The manifest with other names for the ports that share a number: people take names for keys.
pub(super) fn renamed(patient: Patient<'_>) -> Option<Candidate> {
    let items = items_of(patient.target.wanted);
    let mut ports = items.to_vec();
    let mut changed = false;
    for at in by_number(items).into_values().filter(|group| group.len() > 1).flatten() {
        let Some(fields) = ports.get_mut(at).and_then(Value::as_map_mut) else { continue };
        let protocol = fields.get("protocol").and_then(Value::as_str).unwrap_or("TCP").to_lowercase();
        let number = fields.get("port").map(Value::to_string).unwrap_or_default();
        fields.insert("name", Value::from(format!("p{number}-{protocol}")));
        changed = true;
    }
    let manifest = if changed { with_ports(patient, ports)? } else { return None };
    let aim = Some(Arc::clone(manifest.value()));
    Some(Candidate { aim, ..edited(patient, Plan::Rename, "other names", "apply", manifest) })
}

/// The manifest with a number of its own for each port, which a patch can find.
///
/// `kubectl apply` would say to delete the old number, and that deletes all of it: the new file is to replace the object.
pub(super) fn renumbered(patient: Patient<'_>) -> Option<Candidate> {
    let before = patient.before?;
    let items = items_of(patient.target.wanted);
    let live = Ports::of(before);
    let groups = by_number(items);
    let mut taken: BTreeSet<i64> = groups.keys().copied().collect();
    taken.extend(items_of(before).iter().filter_map(|item| item.get("port")?.as_i64()));
    let mut ports = items.to_vec();
    let (mut moved, mut edits) = (Vec::new(), Vec::new());
    let mut last = 0;
    for (number, group) in groups.iter().filter(|(_, group)| group.len() > 1) {
        // Who has the number already keeps it.
        let lives = |at: &&usize| items.get(**at).is_some_and(|item| live.get(&Key::of(item)).is_some());
        let keeper = group.iter().find(lives).or(group.first());
        for at in group.iter().filter(|at| Some(*at) != keeper) {
            last = (number.max(&last) + 1..=65535).find(|free| !taken.contains(free))?;
            let (port, fields) = (Port::of(items.get(*at)?, *at)?, ports.get_mut(*at)?.as_map_mut()?);
            fields.insert("port", Value::from(last));
            // Pods go on listening where they do.
            let target = fields.entry_or_insert_with("targetPort", || Value::from(*number));
            edits
                .push(format!("{port}: port: {last}, targetPort: {}", target.as_str().map_or(target.to_string(), str::to_owned)));
            moved.push(Renumbered { port, number: last });
        }
        if moved.len() > MOST_EDITS {
            return None;
        }
    }
    let manifest = if moved.is_empty() { return None } else { with_ports(patient, ports)? };
    let aim = Some(Arc::clone(manifest.value()));
    let plan = Plan::Renumber { ports: moved };
    Some(Candidate { aim, ..edited(patient, plan, &edits.join("; "), "replace --save-config", manifest) })
}

/// First the manifest without some of the ports that share a number, then all of it.
///
/// What is left of a number would swallow what comes: this is for a headless Service, which may be without ports in between.
pub(super) fn two_steps(patient: Patient<'_>, missing: &[Unmet]) -> Vec<Candidate> {
    if patient.target.wanted.at(&["spec", "clusterIP"]).and_then(Value::as_str) != Some("None") {
        return Vec::new();
    }
    let items = items_of(patient.target.wanted);
    let groups = by_number(items);
    let shared: BTreeSet<usize> = groups.values().filter(|group| group.len() > 1).flatten().copied().collect();
    if shared.is_empty() || shared.len() > MOST_EDITS {
        return Vec::new();
    }
    let first: BTreeSet<usize> = groups.values().filter_map(|group| group.first()).copied().collect();
    let changes = |at: &usize| {
        let path = items.get(*at).map(|item| Key::of(item).path());
        path.is_some_and(|path| missing.iter().any(|unmet| unmet.path.starts_with(&path)))
    };
    let behind: Vec<usize> = shared.iter().filter(|at| !first.contains(at)).copied().collect();
    let changed: Vec<usize> = shared.iter().filter(|at| changes(at)).copied().collect();
    let mut all = vec![behind];
    if !all.contains(&changed) && !changed.is_empty() && changed.len() < items.len() {
        all.push(changed);
    }
    let candidate = |without: Vec<usize>| {
        let kept = items.iter().enumerate().filter(|(at, _)| !without.contains(at)).map(|(_, item)| item.clone());
        let left_out: Vec<Port> = without.iter().filter_map(|at| Port::of(items.get(*at)?, *at)).collect();
        let file = patient.target.file;
        let first = first_file(file);
        let manifest = with_ports(patient, kept.collect())?.with_file(first.clone());
        let list = left_out.iter().map(Port::to_string).collect::<Vec<_>>().join(", ");
        let commands = vec![Command::of_manifest("apply", &first, manifest), Command::of_file("apply", file)];
        let candidate = Candidate::typed(Plan::TwoSteps { without: left_out }, commands);
        Some(candidate.behind(format!("# {first} is {file} without {list}")))
    };
    all.into_iter().filter_map(candidate).collect()
}

/// The file of a first step: `service.first.yaml`.
fn first_file(file: &str) -> String {
    match file.rsplit_once('.') {
        Some((stem, kind)) if !kind.contains('/') => format!("{stem}.first.{kind}"),
        _ => "first.yaml".to_owned(),
    }
}

/// A verb with the file after an edit.
fn edited(patient: Patient<'_>, plan: Plan, edit: &str, verb: &str, manifest: Manifest) -> Candidate {
    let file = patient.target.file;
    Candidate::typed(plan, vec![Command::of_manifest(verb, file, manifest)]).behind(format!("# in {file}, {edit}"))
}

/// The manifest with other ports.
fn with_ports(patient: Patient<'_>, ports: Vec<Value<'static>>) -> Option<Manifest> {
    let mut object = patient.target.wanted.clone();
    object.map_at_mut(&["spec"])?.insert("ports", Value::List(ports));
    Manifest::owned(object).ok()
}
