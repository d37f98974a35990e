//! Who owns what, and what is remembered: MK013 to MK015.

use std::collections::{BTreeMap, BTreeSet};

use super::{Evidence, cause, finding};
use crate::explain::converged::unmet;
use crate::explain::divergences::LAST_APPLIED;
use crate::explain::facts::{Cause, Code, Fact, Finding};
use crate::explain::report::{Way, WayOutcome};

/// MK013: server-side apply would change what others own.
pub(super) fn owned_by_others(evidence: &Evidence<'_>) -> Option<Finding> {
    let report = &evidence.way(Way::ServerSideApply).filter(|ran| ran.report.outcome == WayOutcome::Conflict)?.report;
    let mut managers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for conflict in report.causes.iter().filter(|cause| cause.reason == "FieldManagerConflict") {
        let manager = conflict.message.strip_prefix("conflict with ").unwrap_or(&conflict.message);
        managers.entry(manager.to_owned()).or_default().push(conflict.field.clone());
    }
    let path = report.causes.first().map(|cause| cause.field.clone()).unwrap_or_default();
    let stale = stale(evidence);
    let because = managers.into_iter().map(|(manager, fields)| {
        // kubectl may take over what it applied itself, as long as that is what is live.
        let why: Vec<String> = stale.iter().filter(|stale| fields.contains(stale)).cloned().collect();
        let why = if why.is_empty() { Vec::new() } else { vec![Cause::from(Fact::LastAppliedStale { fields: why })] };
        cause(Fact::Owned { manager, fields }, why)
    });
    Some(finding(Code::OwnedByOthers, path, because.collect()))
}

/// The fields that the last-applied annotation states otherwise than they are live.
fn stale(evidence: &Evidence<'_>) -> Vec<String> {
    match (evidence.last_applied, evidence.before) {
        (Some(applied), Some(before)) => unmet(applied, Some(before)).into_iter().map(|unmet| unmet.path).collect(),
        _ => Vec::new(),
    }
}

/// MK014: a field that the manifest does not state stays after one way and goes by another.
pub(super) fn left_behind(evidence: &Evidence<'_>) -> Option<Finding> {
    let mut because = Vec::new();
    let mut first = String::new();
    for divergence in evidence.divergences {
        let stays = |value: &serde_json::Value| !value.is_null();
        let (client, server) = (stays(&divergence.client_side), stays(&divergence.server_side));
        if !divergence.wanted.is_null() || divergence.live.is_null() || client == server {
            continue;
        }
        // What a refused way would have removed it did not leave behind.
        let keeper = if client { Way::ClientSideApply } else { Way::ServerSideApplyForced };
        if !evidence.way(keeper).is_some_and(|ran| ran.report.outcome.succeeded()) {
            continue;
        }
        let (ways, removed_by) = if client {
            (vec![Way::ClientSideApply], vec![Way::ServerSideApplyForced])
        } else {
            (vec![Way::ServerSideApplyForced], vec![Way::ClientSideApply])
        };
        // The atomic values are told by a finding of their own.
        if divergence.path.starts_with(".spec.selector") || divergence.path.starts_with(".metadata.annotations.kubectl") {
            continue;
        }
        if first.is_empty() {
            first.clone_from(&divergence.path);
        }
        let owners = owners(evidence, &divergence.path);
        because.push(Cause::from(Fact::LeftBehind { ways, removed_by, path: divergence.path.clone(), owners }));
    }
    (!because.is_empty()).then(|| finding(Code::LeftBehind, first, because))
}

/// The managers that own a field, as `kubectl-client-side-apply`.
fn owners(evidence: &Evidence<'_>, path: &str) -> Vec<String> {
    let (Some(ran), Ok(path)) = (evidence.way(Way::ServerSideApplyForced), path.parse()) else { return Vec::new() };
    let names: BTreeSet<String> = ran.observed.owners(&path).into_iter().map(|(name, _)| name).collect();
    names.into_iter().collect()
}

/// MK015: the live object has no last-applied annotation, so client-side apply removes nothing.
pub(super) fn last_applied_missing(evidence: &Evidence<'_>) -> Option<Finding> {
    let before = evidence.before?;
    let missing = evidence.last_applied.is_none();
    let usual = &evidence.usual()?.report;
    // Without something to remove the annotation is not missed.
    let left: Vec<&str> = usual.unmet.iter().filter(|unmet| unmet.wanted.is_null()).map(|unmet| unmet.path.as_str()).collect();
    if !missing || left.is_empty() || before.at(&["metadata", "annotations", LAST_APPLIED]).is_some() {
        return None;
    }
    Some(finding(Code::LastApplied, format!(".metadata.annotations.{LAST_APPLIED}"), vec![Fact::LastAppliedMissing.into()]))
}
