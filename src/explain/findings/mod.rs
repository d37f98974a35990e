//! The catalogue: from what the ways did to the reasons why.
//!
//! One function emits each [`Code`](super::Code); it looks at outcomes and at what the engines said while they decided, and never
//! merges. `docs/codes.md` has a page for each.

mod keys;
mod landing;
mod owners;
mod ports;
mod values;

pub(super) use super::converged::items_of;
use super::facts::{Cause, Code, Fact, Finding, Port};
use super::report::{Divergence, Way};
use super::ways::Ran;
use crate::value::Value;
use landing::Landing;

/// All that findings are drawn from.
pub(super) struct Evidence<'e> {
    pub(super) manifest: &'e Value<'e>,
    pub(super) before: Option<&'e Value<'e>>,
    pub(super) ways: &'e [Ran],
    /// The object after each of the ways.
    pub(super) ends: &'e [Option<Value<'e>>],
    pub(super) divergences: &'e [Divergence],
    /// The manifest that was applied last, as the live object tells.
    last_applied: Option<&'e Value<'e>>,
    /// The ports of the manifest.
    given: Vec<Port>,
    /// The ports of the live object; none where there is none.
    live: Vec<Port>,
    /// The numbers that several ports have, where they matter.
    shared: Vec<Fact>,
    /// What became of the items of kubectl's patch.
    landings: Vec<Landing>,
}

impl<'e> Evidence<'e> {
    pub(super) fn new(
        manifest: &'e Value<'e>,
        before: Option<&'e Value<'e>>,
        last_applied: Option<&'e Value<'e>>,
        (ways, ends): (&'e [Ran], &'e [Option<Value<'e>>]),
        divergences: &'e [Divergence],
    ) -> Self {
        let (given, live) = (ports_of(manifest), before.map(ports_of).unwrap_or_default());
        let shared = keys::shared(&live, &given, last_applied);
        let landings = Vec::new();
        let mut evidence = Evidence { manifest, before, ways, ends, divergences, last_applied, given, live, shared, landings };
        evidence.landings = landing::landings(&evidence);
        evidence
    }

    /// The ways, each with the object after it.
    fn runs(&self) -> impl Iterator<Item = (&'e Ran, Option<&'e Value<'e>>)> {
        self.ways.iter().zip(self.ends.iter().map(Option::as_ref))
    }

    /// The object after a way.
    fn end(&self, way: Way) -> Option<&'e Value<'e>> {
        self.runs().find(|(ran, _)| ran.report.way == way)?.1
    }

    fn way(&self, way: Way) -> Option<&'e Ran> {
        self.ways.iter().find(|ran| ran.report.way == way)
    }

    /// `kubectl apply`.
    fn usual(&self) -> Option<&'e Ran> {
        self.way(Way::ClientSideApply)
    }
}

/// Every finding, most telling first.
pub(super) fn all(evidence: &Evidence<'_>) -> Vec<Finding> {
    let emitters: [fn(&Evidence<'_>) -> Option<Finding>; 19] = [
        keys::wrong_item,
        keys::item_swallowed,
        keys::order_decides,
        keys::deletes_all,
        keys::duplicate_after_patch,
        keys::patch_order,
        keys::never_converges,
        keys::shared_merge_key,
        ports::number_changed,
        ports::names_swapped,
        ports::node_port_redrawn,
        ports::type_changed,
        owners::owned_by_others,
        owners::left_behind,
        owners::last_applied_missing,
        values::replaced_whole,
        values::zero_stated,
        values::refused,
        ports::protocol_left_out,
    ];
    let mut findings: Vec<Finding> = emitters.iter().filter_map(|emit| emit(evidence)).collect();
    drop_retold(&mut findings);
    // The code that others follow from is told first.
    findings.sort_by_key(|finding| finding.code != Code::SharedMergeKey);
    findings
}

/// A refusal is a reason of its own only where no other finding tells of it.
fn drop_retold(findings: &mut Vec<Finding>) {
    let messages = |cause: &Cause| match &cause.fact {
        Fact::Refused { messages, .. } => Some(messages.clone()),
        _ => None,
    };
    let others = findings.iter().filter(|finding| finding.code != Code::Refused);
    let told: Vec<_> = others.flat_map(|finding| finding.because.iter().filter_map(messages)).collect();
    let is_told = |cause: &Cause| messages(cause).is_some_and(|messages| told.contains(&messages));
    findings.retain(|finding| finding.code != Code::Refused || !finding.because.iter().all(is_told));
}

/// What can be said of a manifest before anything is sent.
pub(super) fn of_manifest(manifest: &Value<'_>) -> Vec<Finding> {
    let evidence = Evidence::new(manifest, None, None, (&[], &[]), &[]);
    [keys::shared_merge_key, ports::protocol_left_out].iter().filter_map(|emit| emit(&evidence)).collect()
}

/// One fact for all ways that are refused with the same messages.
fn refused_alike(refusals: impl Iterator<Item = (Way, Vec<String>)>) -> impl Iterator<Item = Fact> {
    let mut groups: Vec<(Vec<Way>, Vec<String>)> = Vec::new();
    for (way, messages) in refusals.filter(|(_, messages)| !messages.is_empty()) {
        match groups.iter_mut().find(|(_, known)| *known == messages) {
            Some((ways, _)) => ways.push(way),
            None => groups.push((vec![way], messages)),
        }
    }
    groups.into_iter().map(|(ways, messages)| Fact::Refused { ways, messages })
}

fn finding(code: Code, path: impl Into<String>, because: Vec<Cause>) -> Finding {
    Finding { code, path: path.into(), because }
}

fn cause(fact: Fact, because: Vec<Cause>) -> Cause {
    Cause { fact, because }
}

/// The ports of an object.
fn ports_of(object: &Value<'_>) -> Vec<Port> {
    items_of(object).iter().enumerate().filter_map(|(at, item)| Port::of(item, at)).collect()
}

const PORTS: &str = ".spec.ports";
