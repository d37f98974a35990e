//! Ports that are not what they seem: MK009 to MK012 and MK018.

use std::collections::{BTreeMap, BTreeSet};

use super::{Evidence, PORTS, finding, items_of, refused_alike};
use crate::explain::converged::{Key, Ports};
use crate::explain::facts::{Cause, Code, Fact, Finding, Port};
use crate::explain::report::{StatusCause, Way, WayReport};
use crate::value::Value;

/// So many ports are told of.
const MOST: usize = 8;

/// MK009: a port of the manifest has the name of a live one and another number or protocol.
pub(super) fn number_changed(evidence: &Evidence<'_>) -> Option<Finding> {
    // Both dialects handle it as long as the old port goes; it is worth telling where a way does not bring it about.
    let trouble: Vec<&WayReport> = evidence.ways.iter().map(|ran| &ran.report).filter(|report| !report.converged).collect();
    if trouble.is_empty() {
        return None;
    }
    let before = evidence.before?;
    let live = &evidence.live;
    let by_name: BTreeMap<&str, &Port> = live.iter().rev().filter_map(|port| Some((port.name.as_deref()?, port))).collect();
    let given = Ports::of(evidence.manifest);
    let ends: Vec<_> = evidence.runs().map(|(ran, end)| (&ran.report, end.map(Ports::of))).collect();
    let mut changed = Vec::new();
    for (at, item) in items_of(evidence.manifest).iter().enumerate() {
        let Some(is) = Port::of(item, at) else { continue };
        let was = is.name.as_deref().and_then(|name| by_name.get(name)).filter(|was| !was.is(&is));
        let Some((was, was_item)) = was.and_then(|was| Some((*was, items_of(before).get(was.index)?))) else { continue };
        let key = Key::of(was_item);
        if given.get(&key).is_some() {
            continue;
        }
        changed.push(Cause::from(Fact::NumberChanged { was: was.clone(), is }));
        let keeps = |(report, after): &&(&WayReport, Option<Ports<'_>>)| match report.outcome.succeeded() {
            true => after.as_ref().is_some_and(|after| after.get(&key).is_some()),
            false => report.causes.iter().any(|cause| is_name_twice(cause, was)),
        };
        let ways: Vec<Way> = ends.iter().filter(keeps).map(|(report, _)| report.way).collect();
        if !ways.is_empty() {
            changed.push(Fact::KeptBeside { ways, port: was.clone() }.into());
        }
        if changed.len() >= MOST {
            break;
        }
    }
    if changed.is_empty() {
        return None;
    }
    changed.extend(refused_alike(trouble.into_iter().map(|report| (report.way, refusals(report).collect()))).map(Cause::from));
    Some(finding(Code::NumberChanged, PORTS, changed))
}

/// Whether the server found the name of the port twice.
fn is_name_twice(cause: &StatusCause, port: &Port) -> bool {
    let is_name = cause.field.starts_with("spec.ports[") && cause.field.ends_with("].name");
    let name = port.name.as_deref().unwrap_or_default();
    cause.reason == "FieldValueDuplicate" && is_name && cause.message.contains(&format!("\"{name}\""))
}

/// What the server says about the ports.
fn refusals(report: &WayReport) -> impl Iterator<Item = String> {
    let causes =
        report.causes.iter().filter(|cause| cause.field.starts_with("spec.ports") && cause.reason != "FieldManagerConflict");
    causes.map(|cause| format!("{}: {}", cause.field, cause.message))
}

/// MK010: two ports exchanged their names, which `kubectl apply` does not bring about.
pub(super) fn names_swapped(evidence: &Evidence<'_>) -> Option<Finding> {
    if evidence.usual()?.report.is_good() {
        return None;
    }
    let before = evidence.before?;
    let live = &evidence.live;
    let by_name: BTreeMap<&str, &Port> = live.iter().rev().filter_map(|port| Some((port.name.as_deref()?, port))).collect();
    let given = Ports::of(evidence.manifest);
    let now = |port: &Port| given.get(&Key::of(items_of(before).get(port.index)?))?.get("name")?.as_str();
    live.iter().find_map(|one| {
        let other = *by_name.get(now(one)?)?;
        let swapped = other.index > one.index && one.name != other.name && now(other) == one.name.as_deref();
        swapped.then(|| {
            let fact = Fact::NamesSwapped { one: one.clone(), other: other.clone() };
            finding(Code::NamesSwapped, PORTS, vec![fact.into()])
        })
    })
}

/// MK011: a node port changes that the manifest does not state.
pub(super) fn node_port_redrawn(evidence: &Evidence<'_>) -> Option<Finding> {
    if type_changed(evidence).is_some() {
        return None;
    }
    let given = Ports::of(evidence.manifest);
    let done = evidence.runs().filter(|(ran, _)| ran.report.outcome.succeeded());
    let ends: Vec<_> = done.filter_map(|(ran, end)| Some((ran.report.way, Ports::of(end?)))).collect();
    let mut because = Vec::new();
    for (at, item) in items_of(evidence.before?).iter().enumerate() {
        let (Some(port), Some(was)) = (Port::of(item, at), number(item)) else { continue };
        let key = Key::of(item);
        // It is in the manifest, without a node port.
        if given.get(&key).is_none_or(|given| number(given).is_some()) {
            continue;
        }
        for (way, after) in &ends {
            let Some(is) = after.get(&key).map(number).filter(|is| *is != Some(was)) else { continue };
            because.push(Cause::from(Fact::NodePortMoved { way: *way, port: port.clone(), was, is }));
        }
        if because.len() >= MOST {
            break;
        }
    }
    (!because.is_empty()).then(|| finding(Code::NodePortRedrawn, PORTS, because))
}

fn number(item: &Value<'_>) -> Option<i64> {
    item.get("nodePort").and_then(Value::as_i64).filter(|number| *number != 0)
}

/// MK012: `protocol` is left out where it decides which port is meant.
pub(super) fn protocol_left_out(evidence: &Evidence<'_>) -> Option<Finding> {
    let (given, live) = (&evidence.given, &evidence.live);
    let mut protocols: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
    for port in given.iter().chain(live) {
        protocols.entry(port.port).or_default().insert(&port.protocol);
    }
    let matters = |port: &Port| protocols.get(&port.port).is_some_and(|protocols| protocols.len() > 1);
    let left_out = items_of(evidence.manifest)
        .iter()
        .enumerate()
        .filter(|(_, item)| item.get("protocol").and_then(Value::as_str).is_none_or(str::is_empty))
        .filter_map(|(at, item)| Port::of(item, at))
        .filter(matters);
    let ports: Vec<Port> = left_out.collect();
    (!ports.is_empty()).then(|| finding(Code::ProtocolLeftOut, PORTS, vec![Fact::ProtocolLeftOut { ports }.into()]))
}

/// MK018: the type changes to one without node ports.
pub(super) fn type_changed(evidence: &Evidence<'_>) -> Option<Finding> {
    let kind = |object: &Value<'_>| object.at(&["spec", "type"]).and_then(Value::as_str).unwrap_or("ClusterIP").to_owned();
    let (was, is) = (kind(evidence.before?), kind(evidence.manifest));
    let after = evidence.way(Way::Replace).or_else(|| evidence.way(Way::ServerSideApplyForced));
    let has_none = |ran: &super::Ran| {
        ran.report.outcome.succeeded()
            && evidence.end(ran.report.way).is_some_and(|live| items_of(live).iter().all(|item| number(item).is_none()))
    };
    let freed: Vec<i64> = items_of(evidence.before?).iter().filter_map(number).collect();
    if was == is || freed.is_empty() || !after.is_some_and(has_none) {
        return None;
    }
    Some(finding(Code::TypeChanged, ".spec.type", vec![Fact::TypeChanged { was, is, freed }.into()]))
}
