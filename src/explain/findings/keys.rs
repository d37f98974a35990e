//! Ports that share their merge key: MK001 to MK008.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Evidence, PORTS, cause, finding, ports_of};
use crate::explain::facts::{Cause, Code, Fact, Finding, Holder, Port};
use crate::explain::report::WayOutcome;
use crate::schema::{ListType, Schema, Shape};

/// MK001: two items of the manifest, the live object or the last applied manifest have one number.
pub(super) fn shared_merge_key(evidence: &Evidence<'_>) -> Option<Finding> {
    let facts = shared(evidence);
    let given: Vec<Port> = ports_of(evidence.manifest);
    let number = facts.first().and_then(|fact| if let Fact::Shared { number, .. } = fact { Some(*number) } else { None })?;
    let seen: Vec<Port> = given.into_iter().filter(|port| port.port == number).collect();
    let mut because = vec![cause(by_merge_key(), Vec::new())];
    because.extend(facts.into_iter().map(Cause::from));
    if seen.len() > 1 {
        because.push(by_map_keys(seen).into());
    }
    Some(finding(Code::SharedMergeKey, PORTS, because))
}

/// MK002: a change was made to another port than the one that it was meant for.
pub(super) fn wrong_item(evidence: &Evidence<'_>) -> Option<Finding> {
    let mut because = astray(evidence)?;
    because.extend(
        evidence.landings.iter().filter(|landing| landing.went_astray()).filter_map(|landing| landing.fact()).map(Cause::from),
    );
    because.extend(never_reached(evidence).into_iter().map(Cause::from));
    Some(finding(Code::WrongItem, PORTS, because))
}

/// MK003: a port of the manifest was merged into another and is lost.
pub(super) fn item_swallowed(evidence: &Evidence<'_>) -> Option<Finding> {
    let usual = evidence.usual()?;
    let after = ports_of(usual.report.live.as_ref()?);
    let before = evidence.before.map(ports_of).unwrap_or_default();
    let lost: Vec<Port> = ports_of(evidence.manifest)
        .into_iter()
        .filter(|port| usual.report.outcome.succeeded() && !after.iter().any(|live| live.is(port)))
        .collect();
    let mut because = vec![cause(by_merge_key(), Vec::new())];
    because.extend(shared(evidence).into_iter().map(Cause::from));
    let mut told = false;
    for lost in lost {
        let Some(into) = after.iter().find(|live| live.port == lost.port) else { continue };
        let was = before.get(into.index).filter(|was| !was.is(into) && was.port == into.port);
        if let Some(was) = was.filter(|was| was.is(&lost)) {
            because.push(Fact::TurnedInto { was: was.clone(), is: into.clone() }.into());
        }
        because.push(Fact::Swallowed { lost, into: into.clone() }.into());
        told = true;
    }
    told.then(|| finding(Code::ItemSwallowed, PORTS, because))
}

/// MK004: kubectl reports success on every run, and the Service is not as wanted after any.
pub(super) fn never_converges(evidence: &Evidence<'_>) -> Option<Finding> {
    let report = &evidence.usual()?.report;
    let silent = report.outcome.succeeded() && report.again.outcome.succeeded();
    if report.converged || report.again.converged || !silent {
        return None;
    }
    let reached: Vec<Cause> = never_reached(evidence).into_iter().map(Cause::from).collect();
    let path = report.unmet.first().map(|unmet| unmet.path.clone()).unwrap_or_default();
    let again =
        if report.again.outcome == WayOutcome::Unchanged { Vec::new() } else { vec![cause(Fact::DifferenceStays, reached)] };
    (!again.is_empty()).then(|| finding(Code::NeverConverges, path, again))
}

/// MK005: kubectl compared ports that are not the same, because the lists have another order.
pub(super) fn order_decides(evidence: &Evidence<'_>) -> Option<Finding> {
    let usual = evidence.usual()?;
    let live = ports_of(evidence.before?);
    let given = ports_of(evidence.manifest);
    let mut crossed = Vec::new();
    let mut numbers = Vec::new();
    for (original, modified) in &usual.observed.pairs {
        let (Some(live), Some(given)) = (at(&live, *original), at(&given, *modified)) else { continue };
        if !live.is(given) {
            numbers.push(live.port);
            crossed.push(Cause::from(Fact::Paired { live: live.clone(), manifest: given.clone() }));
        }
    }
    let number = *numbers.first()?;
    let of = |ports: &[Port]| ports.iter().filter(|port| port.port == number).cloned().collect::<Vec<_>>();
    let order = cause(Fact::ComparedByPlace { live: of(&live), manifest: of(&given) }, Vec::new());
    let mut because: Vec<Cause> = shared(evidence).into_iter().map(Cause::from).collect();
    because.push(order);
    because.append(&mut crossed);
    Some(finding(Code::OrderDecides, PORTS, because))
}

/// MK006: the patch makes two ports the same, and the server refuses that.
pub(super) fn duplicate_after_patch(evidence: &Evidence<'_>) -> Option<Finding> {
    let report = &evidence.usual()?.report;
    let duplicates: Vec<String> = report
        .causes
        .iter()
        .filter(|cause| cause.reason == "FieldValueDuplicate" && cause.field.starts_with("spec.ports["))
        .map(|cause| format!("{}: {}", cause.field, cause.message))
        .collect();
    if duplicates.is_empty() || shared(evidence).is_empty() {
        return None;
    }
    let mut because = astray(evidence).unwrap_or_default();
    because.extend(evidence.landings.iter().filter_map(|landing| landing.fact()).map(Cause::from));
    because.push(Fact::Refused { way: report.way, messages: duplicates }.into());
    Some(finding(Code::DuplicateAfterPatch, PORTS, because))
}

/// MK007: a directive deletes every port of a number.
pub(super) fn deletes_all(evidence: &Evidence<'_>) -> Option<Finding> {
    let usual = evidence.usual()?;
    let live = ports_of(evidence.before?);
    let mut because = Vec::new();
    for places in usual.observed.deleted.iter().filter(|places| places.len() > 1) {
        let ports: Vec<Port> = live.iter().filter(|port| places.contains(&port.index)).cloned().collect();
        if let Some(first) = ports.first() {
            because.push(Cause::from(Fact::DeletesAll { number: first.port, ports }));
        }
    }
    if because.is_empty() {
        return None;
    }
    because.splice(0..0, [cause(by_merge_key(), Vec::new())]);
    if usual.report.outcome == WayOutcome::Rejected {
        let messages = usual.report.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        because.push(Fact::Refused { way: usual.report.way, messages }.into());
    }
    Some(finding(Code::DeletesAll, PORTS, because))
}

/// MK008: the order that a patch states and its items contradict each other.
pub(super) fn patch_order(evidence: &Evidence<'_>) -> Option<Finding> {
    let report = &evidence.usual()?.report;
    let error = report.error.as_deref().filter(|error| error.contains("doesn't match $setElementOrder list"))?;
    let message = error.lines().find(|line| line.contains("The order in patch list")).unwrap_or(error);
    let mut because: Vec<Cause> = shared(evidence).into_iter().map(Cause::from).collect();
    because.push(Fact::Refused { way: report.way, messages: vec![message.trim().to_owned()] }.into());
    Some(finding(Code::PatchOrder, PORTS, because))
}

/// Why a patch item can go astray, if one did.
fn astray(evidence: &Evidence<'_>) -> Option<Vec<Cause>> {
    let report = &evidence.usual()?.report;
    evidence.landings.iter().any(super::landing::Landing::went_astray).then(|| {
        let patch = report.requests.first().and_then(|request| request.body.pointer("/spec/ports")).cloned();
        let mut because = vec![cause(Fact::PatchSent { patch: patch.unwrap_or_default() }, Vec::new())];
        because.push(cause(by_merge_key(), Vec::new()));
        because.extend(shared_in(Holder::Live, evidence.before).into_iter().map(Cause::from));
        because
    })
}

/// Live ports that a change was meant for and that no item of the patch was merged into.
fn never_reached(evidence: &Evidence<'_>) -> Vec<Fact> {
    let reached =
        |port: &Port| evidence.landings.iter().any(|landing| landing.on.as_ref().is_some_and(|on| on.index == port.index));
    let mut facts: Vec<Fact> = Vec::new();
    for landing in evidence.landings.iter().filter(|landing| landing.went_astray()) {
        if let Some(meant) = landing.meant.as_ref().filter(|meant| !reached(meant)) {
            let fact = Fact::NeverReached { port: meant.clone() };
            if !facts.contains(&fact) {
                facts.push(fact);
            }
        }
    }
    facts
}

fn at(ports: &[Port], index: usize) -> Option<&Port> {
    ports.iter().find(|port| port.index == index)
}

/// The numbers that several ports have, where they matter: in the live object, else in the manifest, else in the last applied one.
fn shared(evidence: &Evidence<'_>) -> Vec<Fact> {
    let live = shared_in(Holder::Live, evidence.before);
    let manifest = shared_in(Holder::Manifest, Some(evidence.manifest));
    match (live.is_empty(), manifest.is_empty()) {
        (false, _) => {
            // What the manifest repeats and the live object does not is told as well.
            let number = |fact: &Fact| if let Fact::Shared { number, .. } = fact { Some(*number) } else { None };
            let known: Vec<_> = live.iter().map(number).collect();
            let more = manifest.into_iter().filter(|fact| !known.contains(&number(fact)));
            live.clone().into_iter().chain(more).collect()
        }
        (true, false) => manifest,
        (true, true) => shared_in(Holder::LastApplied, evidence.last_applied.as_ref()),
    }
}

fn shared_in(holder: Holder, object: Option<&Value>) -> Vec<Fact> {
    let mut groups: BTreeMap<i64, Vec<Port>> = BTreeMap::new();
    for port in object.map(ports_of).unwrap_or_default() {
        groups.entry(port.port).or_default().push(port);
    }
    groups
        .into_iter()
        .filter(|(_, ports)| ports.len() > 1)
        .map(|(number, ports)| Fact::Shared { holder, number, ports })
        .collect()
}

/// How the client's dialect finds a port, as the schema says.
fn by_merge_key() -> Fact {
    let (merge_key, map_keys) = keys();
    Fact::FoundByMergeKey { list: "spec.ports".to_owned(), merge_key, map_keys }
}

fn by_map_keys(ports: Vec<Port>) -> Fact {
    Fact::FoundByMapKeys { map_keys: keys().1, ports }
}

/// The merge key and the map keys of `spec.ports`, from the schema.
fn keys() -> (String, Vec<String>) {
    let Ok(schema) = Schema::builtin("v1", "Service") else { return Default::default() };
    let Some(field) = schema.at(&["spec", "ports"]) else { return Default::default() };
    let map_keys = match field.ty().shape() {
        Shape::List(list) => match list.list_type() {
            ListType::Map(keys) => keys.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    (field.patch().merge_key().unwrap_or_default().to_owned(), map_keys)
}
