//! The ways, each run on a copy of the cluster, and run again.

use serde_json::Value;

use super::converged::{converged, unmet};
use super::report::{Again, SentRequest, StatusCause, Way, WayOutcome, WayReport};
use super::trace::Observed;
use crate::cluster::{Cluster, Outcome};
use crate::{Error, Manifest};

/// What is to be brought to the cluster, and where it lives there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'m> {
    pub(super) manifest: &'m Manifest,
    pub(super) namespace: &'m str,
    pub(super) name: &'m str,
    pub(super) file: &'m str,
}

impl Target<'_> {
    /// The object as it is live.
    pub(super) fn live(&self, cluster: &Cluster) -> Option<Value> {
        cluster.get("Service", self.namespace, self.name)
    }
}

/// A way that was run: what is told of it, what the engines decided, and the cluster.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    pub(super) report: WayReport,
    pub(super) observed: Observed,
    /// Afterwards.
    pub(super) cluster: Cluster,
    /// After the second run.
    pub(super) again: Cluster,
}

/// Runs a way on a copy of the cluster.
///
/// # Errors
/// As [`Cluster::kubectl`].
pub(super) fn run(way: Way, cluster: &Cluster, target: Target<'_>) -> Result<Ran, Error> {
    let arguments = arguments(way.verb(), target.file);
    let mut fork = cluster.clone();
    let mut observed = Observed::default();
    let outcome = fork.kubectl_traced(&arguments, Some(target.manifest), &mut observed)?;
    let live = target.live(&fork);
    let mut second = fork.clone();
    let outcome_again = second.kubectl(&arguments, Some(target.manifest))?;
    let again =
        Again { outcome: word(&outcome_again), converged: converged(target.manifest.object(), target.live(&second).as_ref()) };
    let report = WayReport {
        way,
        command: way.command(target.file),
        outcome: word(&outcome),
        converged: converged(target.manifest.object(), live.as_ref()),
        again,
        requests: requests(&outcome),
        ports: ports(live.as_ref()),
        unmet: unmet(target.manifest.object(), live.as_ref()),
        live,
        error: error(&outcome),
        causes: causes(&outcome),
        warnings: warnings(&outcome),
    };
    Ok(Ran { report, observed, cluster: fork, again: second })
}

/// The words of a command line, as `apply --server-side`, with the file.
pub(super) fn arguments(verb: &str, file: &str) -> Vec<String> {
    verb.split(' ').chain(["-f", file]).map(str::to_owned).collect()
}

/// The command line, as typed in a shell.
pub(super) fn typed(arguments: &[String]) -> String {
    let mut line = "kubectl".to_owned();
    for word in arguments {
        match word.contains([' ', '"', '\'', '{']) {
            true => line.push_str(&format!(" '{}'", word.replace('\'', r"'\''"))),
            false => line.push_str(&format!(" {word}")),
        }
    }
    line
}

fn ports(live: Option<&Value>) -> Vec<Value> {
    live.and_then(|live| live.pointer("/spec/ports")?.as_array()).cloned().unwrap_or_default()
}

/// What came of a command, in a word.
pub(super) fn word(outcome: &Outcome) -> WayOutcome {
    if outcome.exit_code() == 0 {
        return match outcome.stdout().split_whitespace().next_back() {
            Some("created") => WayOutcome::Created,
            Some("configured") => WayOutcome::Configured,
            Some("unchanged") => WayOutcome::Unchanged,
            Some("serverside-applied") => WayOutcome::ServersideApplied,
            Some("replaced") => WayOutcome::Replaced,
            _ => other_word(outcome.stdout()),
        };
    }
    match outcome.requests().last().map(crate::cluster::Recorded::code) {
        Some(409) => WayOutcome::Conflict,
        Some(400..) => WayOutcome::Rejected,
        _ => WayOutcome::ClientError,
    }
}

/// The verbs that are no ways say more than a word.
fn other_word(stdout: &str) -> WayOutcome {
    let words = [
        ("patched", WayOutcome::Patched),
        ("labeled", WayOutcome::Labeled),
        ("modified", WayOutcome::Labeled),
        ("annotated", WayOutcome::Annotated),
        ("deleted", WayOutcome::Deleted),
    ];
    words.into_iter().find(|(word, _)| stdout.contains(word)).map_or(WayOutcome::Done, |(_, outcome)| outcome)
}

/// What kubectl prints to standard error, if it fails.
pub(super) fn error(outcome: &Outcome) -> Option<String> {
    (outcome.exit_code() != 0).then(|| outcome.stderr().to_owned())
}

/// The causes of the last refusal.
pub(super) fn causes(outcome: &Outcome) -> Vec<StatusCause> {
    let status = outcome.requests().iter().rev().find_map(crate::cluster::Recorded::status);
    let causes = status.map_or(&[][..], crate::cluster::Status::causes);
    let cause = |cause: &crate::cluster::Cause| StatusCause {
        reason: cause.reason().to_owned(),
        message: cause.message().to_owned(),
        field: cause.field().to_owned(),
    };
    causes.iter().map(cause).collect()
}

fn warnings(outcome: &Outcome) -> Vec<String> {
    outcome.stderr().lines().filter_map(|line| line.strip_prefix("Warning: ")).map(str::to_owned).collect()
}

fn requests(outcome: &Outcome) -> Vec<SentRequest> {
    let sent = outcome.requests().iter().map(|request| SentRequest {
        method: request.method().to_owned(),
        content_type: request.content_type().to_owned(),
        body: request.body().clone().into_serde(),
        code: request.code(),
    });
    sent.collect()
}
