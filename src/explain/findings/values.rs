//! Values that are not taken as they look: MK016, MK017 and MK019.

use super::{Evidence, finding, refused_alike};
use crate::explain::converged::is_zero;
use crate::explain::facts::{Cause, Code, Fact, Finding};
use crate::explain::render::words;
use crate::explain::report::{WayOutcome, WayReport};
use crate::path::Path;
use crate::value::Value;

/// MK016: a field is stated as `null` or with its zero value, and kubectl finds it different on every run.
pub(super) fn zero_stated(evidence: &Evidence<'_>) -> Option<Finding> {
    let report = &evidence.usual()?.report;
    if report.again.outcome != WayOutcome::Configured {
        return None;
    }
    let mut stated = Vec::new();
    zeros(&mut Vec::new(), evidence.manifest, &mut stated);
    // What is live with that very value is not found different.
    let end = evidence.end(report.way);
    let text = |names: &[&str]| names.iter().fold(Path::new(), |path, name| path.field((*name).to_owned())).to_string();
    let facts: Vec<Cause> = stated
        .into_iter()
        .filter(|(names, value)| end.is_some_and(|end| end.at(names) != Some(*value)))
        .map(|(names, value)| Fact::ZeroStated { path: text(&names), value: value.borrowed().into_serde() }.into())
        .collect();
    let first = match facts.first().map(|cause| &cause.fact) {
        Some(Fact::ZeroStated { path, .. }) => path.clone(),
        _ => return None,
    };
    Some(finding(Code::ZeroStated, first, facts))
}

/// The fields outside of lists that are stated as `null`, or as zero.
fn zeros<'v>(above: &mut Vec<&'v str>, value: &'v Value<'v>, out: &mut Vec<(Vec<&'v str>, &'v Value<'v>)>) {
    let Value::Map(fields) = value else { return };
    for (name, value) in fields.iter() {
        above.push(name);
        if is_zero(value) && !matches!(value, Value::List(_)) {
            out.push((above.clone(), value));
        } else {
            zeros(above, value, out);
        }
        above.pop();
    }
}

/// MK017: the selector is one value to the server, and many to the client.
pub(super) fn replaced_whole(evidence: &Evidence<'_>) -> Option<Finding> {
    const SELECTOR: &str = ".spec.selector";
    let lost: Vec<String> = evidence
        .divergences
        .iter()
        .filter(|divergence| divergence.wanted.is_null() && divergence.server_side.is_null() && !divergence.client_side.is_null())
        .filter_map(|divergence| divergence.path.strip_prefix(SELECTOR)?.strip_prefix('.').map(str::to_owned))
        .collect();
    (!lost.is_empty())
        .then(|| finding(Code::ReplacedWhole, SELECTOR, vec![Fact::ReplacedWhole { path: SELECTOR.to_owned(), lost }.into()]))
}

/// MK019: the server or kubectl refuses, and no other finding says why.
pub(super) fn refused(evidence: &Evidence<'_>) -> Option<Finding> {
    let is_refused = |report: &&WayReport| matches!(report.outcome, WayOutcome::Rejected | WayOutcome::ClientError);
    let reports = evidence.ways.iter().map(|ran| &ran.report).filter(is_refused);
    let reports: Vec<_> = reports.filter(|report| !super::keys::contradicts_its_order(report)).collect();
    let rejected = reports.iter().copied().filter(|report| report.outcome == WayOutcome::Rejected && !told_by_others(report));
    let path =
        rejected.clone().flat_map(|report| &report.causes).next().map(|cause| format!(".{}", cause.field)).unwrap_or_default();
    let mut because: Vec<Cause> = refused_alike(rejected.map(|report| (report.way, messages(report)))).map(Cause::from).collect();
    for report in reports.iter().filter(|report| report.outcome == WayOutcome::ClientError) {
        let cause = Cause::from(Fact::ClientFailed { message: essence(report) });
        if !because.contains(&cause) {
            because.push(cause);
        }
    }
    (!because.is_empty()).then(|| finding(Code::Refused, path, because))
}

/// Duplicate ports and missing ports after a patch are told by the findings about merge keys.
fn told_by_others(report: &WayReport) -> bool {
    report.way == crate::explain::report::Way::ClientSideApply
        && report.requests.iter().any(|request| request.content_type.contains("strategic"))
        && !report.causes.is_empty()
        && report.causes.iter().all(|cause| {
            (cause.reason == "FieldValueDuplicate" && cause.field.starts_with("spec.ports["))
                || (cause.reason == "FieldValueRequired" && cause.field == "spec.ports")
        })
}

fn messages(report: &WayReport) -> Vec<String> {
    if report.causes.is_empty() {
        return vec![essence(report)];
    }
    report.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
}

fn essence(report: &WayReport) -> String {
    words::essence(report.error.as_deref().unwrap_or_default())
}
