//! Ports that share their merge key: MK001 to MK008.

use std::collections::{BTreeMap, BTreeSet};

use super::{Evidence, PORTS, cause, finding, items_of, ports_of};
use crate::explain::converged::{Key, Ports};
use crate::explain::facts::{Cause, Code, Fact, Finding, Holder, Kindred, Port};
use crate::explain::render::words;
use crate::explain::report::{WayOutcome, WayReport};
use crate::schema::{ListType, Schema, Shape};
use crate::value::Value;

/// MK001: two items of the manifest, the live object or the last applied manifest have one number.
pub(super) fn shared_merge_key(evidence: &Evidence<'_>) -> Option<Finding> {
    if evidence.shared.is_empty() {
        return None;
    }
    let seen = shared_in(Holder::Manifest, &evidence.given).into_iter().find_map(|fact| match fact {
        Fact::Shared { ports, .. } => Some(ports),
        _ => None,
    });
    let mut because = vec![cause(by_merge_key(), Vec::new())];
    because.extend(told(&evidence.shared));
    because.extend(seen.map(|ports| by_map_keys(ports).into()));
    Some(finding(Code::SharedMergeKey, PORTS, because))
}

/// MK002: a change was made to another port than the one that it was meant for.
pub(super) fn wrong_item(evidence: &Evidence<'_>) -> Option<Finding> {
    let mut because = astray(evidence)?;
    let astray = evidence.landings.iter().filter(|landing| landing.went_astray()).filter_map(super::landing::Landing::fact);
    because.extend(capped(Kindred::Landed, astray.collect()).into_iter().map(Cause::from));
    because.extend(never_reached(evidence).into_iter().map(Cause::from));
    Some(finding(Code::WrongItem, PORTS, because))
}

/// MK003: a port of the manifest was merged into another and is lost.
pub(super) fn item_swallowed(evidence: &Evidence<'_>) -> Option<Finding> {
    let usual = evidence.usual()?;
    let live = evidence.end(usual.report.way).filter(|_| usual.report.outcome.succeeded())?;
    let (after, is_live) = (ports_of(live), Ports::of(live));
    let by_number: BTreeMap<i64, &Port> = after.iter().rev().map(|port| (port.port, port)).collect();
    let mut swallowed = Vec::new();
    for (at_place, item) in items_of(evidence.manifest).iter().enumerate() {
        let Some(lost) = Port::of(item, at_place).filter(|_| is_live.get(&Key::of(item)).is_none()) else { continue };
        let Some(into) = by_number.get(&lost.port).copied() else { continue };
        let was = at(&evidence.live, into.index).filter(|was| was.is(&lost) && !was.is(into));
        swallowed.extend(was.map(|was| Fact::TurnedInto { was: was.clone(), is: into.clone() }));
        swallowed.push(Fact::Swallowed { lost, into: into.clone() });
    }
    if swallowed.is_empty() {
        return None;
    }
    let mut because: Vec<Cause> = patch_sent(evidence).map(Cause::from).into_iter().collect();
    because.push(cause(by_merge_key(), Vec::new()));
    because.extend(told(&evidence.shared));
    because.extend(capped(Kindred::Swallowed, swallowed).into_iter().map(Cause::from));
    Some(finding(Code::ItemSwallowed, PORTS, because))
}

/// MK004: kubectl reports success on every run, and the Service is not as wanted after any.
pub(super) fn never_converges(evidence: &Evidence<'_>) -> Option<Finding> {
    let report = &evidence.usual()?.report;
    let silent = report.outcome.succeeded() && report.again.outcome.succeeded();
    if report.converged || report.again.converged || !silent {
        return None;
    }
    let mut reached: Vec<Cause> = never_reached(evidence).into_iter().map(Cause::from).collect();
    if reached.is_empty() {
        reached.extend(told(&evidence.shared));
    }
    let path = report.unmet.first().map(|unmet| unmet.path.clone()).unwrap_or_default();
    let again =
        if report.again.outcome == WayOutcome::Unchanged { Vec::new() } else { vec![cause(Fact::DifferenceStays, reached)] };
    (!again.is_empty()).then(|| finding(Code::NeverConverges, path, again))
}

/// MK005: kubectl compared ports that are not the same, because the lists have another order.
pub(super) fn order_decides(evidence: &Evidence<'_>) -> Option<Finding> {
    let usual = evidence.usual()?;
    evidence.before?;
    let (live, given) = (&evidence.live, &evidence.given);
    let mut crossed = Vec::new();
    let mut numbers = Vec::new();
    for (original, modified) in &usual.observed.pairs {
        let (Some(live), Some(given)) = (at(live, *original), at(given, *modified)) else { continue };
        if !live.is(given) {
            numbers.push(live.port);
            crossed.push(Fact::Paired { live: live.clone(), manifest: given.clone() });
        }
    }
    let number = *numbers.first()?;
    if evidence.shared.is_empty() {
        return None;
    }
    let of = |ports: &[Port]| ports.iter().filter(|port| port.port == number).cloned().collect::<Vec<_>>();
    let order = cause(Fact::ComparedByPlace { live: of(live), manifest: of(given) }, Vec::new());
    let mut because: Vec<Cause> = told(&evidence.shared).collect();
    because.push(order);
    because.extend(capped(Kindred::Paired, crossed).into_iter().map(Cause::from));
    Some(finding(Code::OrderDecides, PORTS, because))
}

/// MK006: the patch makes two ports the same, and the server refuses that.
pub(super) fn duplicate_after_patch(evidence: &Evidence<'_>) -> Option<Finding> {
    let report = &evidence.usual()?.report;
    let mut duplicates: Vec<String> = report
        .causes
        .iter()
        .filter(|cause| cause.reason == "FieldValueDuplicate" && cause.field.starts_with("spec.ports["))
        .map(|cause| format!("{}: {}", cause.field, cause.message))
        .collect();
    // A node port taken twice for one protocol is found before validation, and is told without a cause.
    let text = words::essence(report.error.as_deref().unwrap_or_default());
    if duplicates.is_empty() && text.starts_with("duplicate nodePort: ") && !evidence.landings.is_empty() {
        duplicates.push(text);
    }
    if duplicates.is_empty() || evidence.shared.is_empty() {
        return None;
    }
    let mut because = astray(evidence).unwrap_or_default();
    because.extend(
        capped(Kindred::Landed, evidence.landings.iter().filter_map(super::landing::Landing::fact).collect())
            .into_iter()
            .map(Cause::from),
    );
    because.push(Fact::Refused { ways: vec![report.way], messages: duplicates }.into());
    Some(finding(Code::DuplicateAfterPatch, PORTS, because))
}

/// MK007: a directive deletes every port of a number, also one that was to stay.
pub(super) fn deletes_all(evidence: &Evidence<'_>) -> Option<Finding> {
    let usual = evidence.usual()?;
    let before = evidence.before?;
    let given = Ports::of(evidence.manifest);
    let stays = |place: &usize| items_of(before).get(*place).is_some_and(|item| given.get(&Key::of(item)).is_some());
    let mut because = Vec::new();
    for places in usual.observed.deleted.iter().filter(|places| places.len() > 1 || places.iter().any(stays)) {
        let ports: Vec<Port> = places.iter().filter_map(|place| at(&evidence.live, *place)).cloned().collect();
        if let Some(first) = ports.first() {
            because.push(Cause::from(Fact::DeletesAll { number: first.port, ports }));
        }
    }
    if because.is_empty() {
        return None;
    }
    let reasons = told(&evidence.shared).chain(patch_sent(evidence).map(Cause::from)).chain([Cause::from(by_merge_key())]);
    because.splice(0..0, reasons);
    if usual.report.outcome == WayOutcome::Rejected {
        let messages = usual.report.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        because.push(Fact::Refused { ways: vec![usual.report.way], messages }.into());
    }
    Some(finding(Code::DeletesAll, PORTS, because))
}

/// MK008: the order that a patch states and its items contradict each other.
pub(super) fn patch_order(evidence: &Evidence<'_>) -> Option<Finding> {
    let report = &evidence.usual()?.report;
    if !contradicts_its_order(report) {
        return None;
    }
    let mut because: Vec<Cause> = told(&evidence.shared).collect();
    because.push(Fact::OrderContradicted { by_client: report.outcome == WayOutcome::ClientError }.into());
    Some(finding(Code::PatchOrder, PORTS, because))
}

/// Whether a way failed because a patch contradicts the order that it states.
pub(super) fn contradicts_its_order(report: &WayReport) -> bool {
    report.error.as_deref().is_some_and(|error| error.contains("doesn't match $setElementOrder list"))
}

/// Why a patch item can go astray, if one did.
fn astray(evidence: &Evidence<'_>) -> Option<Vec<Cause>> {
    evidence.landings.iter().any(super::landing::Landing::went_astray).then(|| {
        let mut because: Vec<Cause> = patch_sent(evidence).map(Cause::from).into_iter().collect();
        because.push(cause(by_merge_key(), Vec::new()));
        because.extend(capped(Kindred::Shared, shared_in(Holder::Live, &evidence.live)).into_iter().map(Cause::from));
        because
    })
}

/// The ports of the patch that kubectl sent, if it sent one.
fn patch_sent(evidence: &Evidence<'_>) -> Option<Fact> {
    let request = evidence.usual()?.outcome.requests().first().filter(|request| request.method() == "PATCH")?;
    let patch = request.body().at(&["spec", "ports"])?.borrowed().into_serde();
    Some(Fact::PatchSent { patch })
}

/// Live ports that a change was meant for and that no item of the patch was merged into.
fn never_reached(evidence: &Evidence<'_>) -> Vec<Fact> {
    let reached: BTreeSet<usize> = evidence.landings.iter().filter_map(|landing| Some(landing.on.as_ref()?.index)).collect();
    let astray = evidence.landings.iter().filter(|landing| landing.went_astray()).filter_map(|landing| landing.meant.clone());
    let missed: BTreeMap<usize, Port> =
        astray.map(|port| (port.index, port)).filter(|(index, _)| !reached.contains(index)).collect();
    let facts = missed.into_values().map(|port| Fact::NeverReached { port }).collect();
    capped(Kindred::NeverReached, facts)
}

/// The first few, and how many there are beside them.
fn capped(of: Kindred, mut facts: Vec<Fact>) -> Vec<Fact> {
    const MOST: usize = 3;
    let more = facts.len().saturating_sub(MOST);
    // Telling that there is one more takes as much room as telling it.
    if more > 1 {
        facts.truncate(MOST);
        facts.push(Fact::AndMore { of, count: more });
    }
    facts
}

/// The port at a place of the list; items that are no ports are left out of `ports`.
fn at(ports: &[Port], index: usize) -> Option<&Port> {
    ports.binary_search_by_key(&index, |port| port.index).ok().and_then(|at| ports.get(at))
}

/// The numbers that several ports have, where they matter: in the live object, else in the manifest, else in the last applied one.
pub(super) fn shared(live: &[Port], given: &[Port], last_applied: Option<&Value<'_>>) -> Vec<Fact> {
    let live = shared_in(Holder::Live, live);
    let manifest = shared_in(Holder::Manifest, given);
    match (live.is_empty(), manifest.is_empty()) {
        (false, _) => {
            // What the manifest repeats and the live object does not is told as well.
            let number = |fact: &Fact| if let Fact::Shared { number, .. } = fact { Some(*number) } else { None };
            let known: BTreeSet<_> = live.iter().map(number).collect();
            let more = manifest.into_iter().filter(|fact| !known.contains(&number(fact)));
            capped(Kindred::Shared, live.into_iter().chain(more).collect())
        }
        (true, false) => capped(Kindred::Shared, manifest),
        (true, true) => {
            capped(Kindred::Shared, last_applied.map_or(Vec::new(), |applied| shared_in(Holder::LastApplied, &ports_of(applied))))
        }
    }
}

fn shared_in(holder: Holder, ports: &[Port]) -> Vec<Fact> {
    let mut groups: BTreeMap<i64, Vec<&Port>> = BTreeMap::new();
    for port in ports {
        groups.entry(port.port).or_default().push(port);
    }
    groups
        .into_iter()
        .filter(|(_, ports)| ports.len() > 1)
        .map(|(number, ports)| Fact::Shared { holder, number, ports: ports.into_iter().cloned().collect() })
        .collect()
}

/// Facts told anew as causes.
fn told(facts: &[Fact]) -> impl Iterator<Item = Cause> {
    facts.iter().cloned().map(Cause::from)
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
