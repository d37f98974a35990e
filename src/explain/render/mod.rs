//! A report as text, Markdown, JSON and Mermaid.
//!
//! All words of the crate's own live here: `words` has the sentences, the other files the layouts. What Kubernetes says is quoted.

pub(super) mod json;
mod markdown;
mod mermaid;
mod table;
mod text;
pub(super) mod words;

pub(super) use markdown::markdown;
pub(super) use mermaid::mermaid;
pub(super) use text::text;

use super::facts::{Cause, Code, Fact, Finding, Kindred};
use super::report::Report;

/// How a text report looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Style {
    /// Characters alone.
    #[default]
    Plain,
    /// With ANSI colours.
    Coloured,
}

impl Report {
    /// The text report, plain or coloured.
    pub fn to_text(&self, style: Style) -> String {
        text(self, style)
    }
}

/// Findings that follow from common facts, with each fact told once.
struct Reason<'r> {
    codes: Vec<Code>,
    steps: Vec<&'r Fact>,
}

/// Groups the findings: what follows from one fact is told together.
fn reasons(findings: &[Finding]) -> Vec<Reason<'_>> {
    let mut reasons: Vec<Reason<'_>> = Vec::new();
    for finding in findings {
        let mut steps = Vec::new();
        finding.because.iter().for_each(|cause| gather(cause, &mut steps));
        let shared = |reason: &Reason<'_>| reason.steps.iter().any(|fact| steps.contains(fact));
        match reasons.iter_mut().find(|reason| shared(reason)) {
            Some(reason) => {
                reason.codes.push(finding.code);
                for fact in steps {
                    if !reason.steps.contains(&fact) {
                        reason.steps.push(fact);
                    }
                }
            }
            None => reasons.push(Reason { codes: vec![finding.code], steps }),
        }
    }
    for reason in &mut reasons {
        reason.codes.sort();
        reason.steps.sort_by_key(|fact| rank(fact));
    }
    reasons
}

/// Where a fact stands in a story: what there is, what is compared and sent, where it goes, what comes of it, and what the other
/// dialect does.
fn rank(fact: &Fact) -> usize {
    match fact {
        Fact::Shared { .. } | Fact::AndMore { of: Kindred::Shared, .. } => 0,
        Fact::ComparedByPlace { .. } => 1,
        Fact::Paired { .. } | Fact::AndMore { of: Kindred::Paired, .. } => 2,
        Fact::PatchSent { .. } => 3,
        Fact::FoundByMergeKey { .. } => 4,
        Fact::NeverReached { .. } | Fact::AndMore { of: Kindred::NeverReached, .. } | Fact::LastAppliedStale { .. } => 6,
        Fact::Swallowed { .. } | Fact::TurnedInto { .. } | Fact::AndMore { of: Kindred::Swallowed, .. } => 7,
        Fact::Refused { .. } => 8,
        Fact::DifferenceStays => 9,
        Fact::FoundByMapKeys { .. } => 10,
        _ => 5,
    }
}

/// What a cause follows from stands before it.
fn gather<'r>(cause: &'r Cause, steps: &mut Vec<&'r Fact>) {
    cause.because.iter().for_each(|deeper| gather(deeper, steps));
    if !steps.contains(&&cause.fact) {
        steps.push(&cause.fact);
    }
}
