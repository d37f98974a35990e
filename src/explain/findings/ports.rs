//! Ports that are not what they seem: MK009 to MK012 and MK018.

use serde_json::Value;

use super::{Evidence, PORTS, finding, items_of, ports_of, refused_alike};
use crate::explain::facts::{Cause, Code, Fact, Finding, Port};
use crate::explain::report::{StatusCause, Way, WayReport};

/// MK009: a port of the manifest has the name of a live one and another number or protocol.
pub(super) fn number_changed(evidence: &Evidence<'_>) -> Option<Finding> {
    let live = ports_of(evidence.before?);
    let given = ports_of(evidence.manifest);
    let mut because = Vec::new();
    for is in &given {
        let was = live.iter().find(|was| was.name.is_some() && was.name == is.name && !was.is(is));
        let Some(was) = was.filter(|was| !given.iter().any(|port| port.is(was))) else { continue };
        because.push(Cause::from(Fact::NumberChanged { was: was.clone(), is: is.clone() }));
        let keeps = |ran: &&super::Ran| {
            let after = ran.report.live.as_ref().map(ports_of).unwrap_or_default();
            match ran.report.outcome.succeeded() {
                true => after.iter().any(|port| port.is(was)),
                false => ran.report.causes.iter().any(|cause| is_name_twice(cause, was)),
            }
        };
        let ways: Vec<Way> = evidence.ways.iter().filter(keeps).map(|ran| ran.report.way).collect();
        if !ways.is_empty() {
            because.push(Fact::KeptBeside { ways, port: was.clone() }.into());
        }
    }
    // Both dialects handle it as long as the old port goes; it is worth telling where a way does not bring it about.
    let trouble: Vec<&WayReport> = evidence.ways.iter().map(|ran| &ran.report).filter(|report| !report.converged).collect();
    if because.is_empty() || trouble.is_empty() {
        return None;
    }
    because.extend(refused_alike(trouble.into_iter().map(|report| (report.way, refusals(report).collect()))).map(Cause::from));
    Some(finding(Code::NumberChanged, PORTS, because))
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

/// MK010: two ports of one number exchanged their names.
pub(super) fn names_swapped(evidence: &Evidence<'_>) -> Option<Finding> {
    let live = ports_of(evidence.before?);
    let given = ports_of(evidence.manifest);
    let now = |port: &Port| given.iter().find(|given| given.is(port)).and_then(|given| given.name.as_ref());
    for (at, one) in live.iter().enumerate() {
        for other in live.iter().skip(at + 1) {
            if one.name.is_some() && one.name != other.name && now(one) == other.name.as_ref() && now(other) == one.name.as_ref()
            {
                let fact = Fact::NamesSwapped { one: one.clone(), other: other.clone() };
                return Some(finding(Code::NamesSwapped, PORTS, vec![fact.into()]));
            }
        }
    }
    None
}

/// MK011: a node port changes that the manifest does not state.
pub(super) fn node_port_redrawn(evidence: &Evidence<'_>) -> Option<Finding> {
    let before = evidence.before?;
    let stated = |port: &Port| {
        items_of(evidence.manifest)
            .iter()
            .enumerate()
            .any(|(at, item)| Port::of(item, at).is_some_and(|given| given.is(port)) && number(item).is_some())
    };
    let kept = |port: &Port| ports_of(evidence.manifest).iter().any(|given| given.is(port));
    let mut because = Vec::new();
    for (at, item) in items_of(before).iter().enumerate() {
        let (Some(port), Some(was)) = (Port::of(item, at), number(item)) else { continue };
        if stated(&port) || !kept(&port) {
            continue;
        }
        for ran in evidence.ways.iter().filter(|ran| ran.report.outcome.succeeded()) {
            let after = ran.report.live.as_ref().map(items_of).unwrap_or_default();
            let is = after.iter().enumerate().find(|(at, item)| Port::of(item, *at).is_some_and(|live| live.is(&port)));
            let Some((_, item)) = is else { continue };
            let is = number(item);
            if is != Some(was) {
                because.push(Cause::from(Fact::NodePortMoved { way: ran.report.way, port: port.clone(), was, is }));
            }
        }
    }
    let freed = type_changed(evidence).is_some();
    (!because.is_empty() && !freed).then(|| finding(Code::NodePortRedrawn, PORTS, because))
}

fn number(item: &Value) -> Option<i64> {
    item.get("nodePort").and_then(Value::as_i64).filter(|number| *number != 0)
}

/// MK012: `protocol` is left out where it decides which port is meant.
pub(super) fn protocol_left_out(evidence: &Evidence<'_>) -> Option<Finding> {
    let given = ports_of(evidence.manifest);
    let live = evidence.before.map(ports_of).unwrap_or_default();
    let matters = |port: &Port| given.iter().chain(&live).any(|other| other.port == port.port && other.protocol != port.protocol);
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
    let kind = |object: &Value| object.pointer("/spec/type").and_then(Value::as_str).unwrap_or("ClusterIP").to_owned();
    let (was, is) = (kind(evidence.before?), kind(evidence.manifest));
    let after = evidence.way(Way::Replace).or_else(|| evidence.way(Way::ServerSideApplyForced));
    let has_none = |ran: &super::Ran| {
        ran.report.outcome.succeeded()
            && ran.report.live.as_ref().is_some_and(|live| items_of(live).iter().all(|item| number(item).is_none()))
    };
    let freed: Vec<i64> = items_of(evidence.before?).iter().filter_map(number).collect();
    if was == is || freed.is_empty() || !after.is_some_and(has_none) {
        return None;
    }
    Some(finding(Code::TypeChanged, ".spec.type", vec![Fact::TypeChanged { was, is, freed }.into()]))
}
