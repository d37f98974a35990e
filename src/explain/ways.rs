//! The ways, each run on a copy of the cluster, and run again.

use std::sync::Arc;

use super::converged::{converged, unmet};
use super::json::Json;
use super::report::{Again, SentRequest, StatusCause, Way, WayOutcome, WayReport};
use super::trace::Observed;
use crate::Error;
use crate::cluster::{Cluster, ManifestFile, NoTrace, Object, Outcome, Status};
use crate::value::Value;

/// What is to be brought to the cluster, and where it lives there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'m> {
    pub(super) manifest: &'m ManifestFile<'m>,
    /// The object of the manifest.
    pub(super) wanted: &'m Value<'static>,
    pub(super) namespace: &'m str,
    pub(super) name: &'m str,
    pub(super) file: &'m str,
}

impl Target<'_> {
    /// The object as it is live.
    pub(super) fn object(&self, cluster: &Cluster) -> Option<Object> {
        cluster.object(self.namespace, self.name)
    }

    /// An object as far as a report compares it: its managed fields are left out unless the manifest states some.
    pub(super) fn view<'o>(&self, object: &'o Object) -> Value<'o> {
        match self.wanted.at(&["metadata", "managedFields"]) {
            Some(_) => object.to_value(),
            None => object.unmanaged(),
        }
    }

    /// Whether it has what the manifest states.
    fn is_met(&self, object: Option<&Object>) -> bool {
        converged(self.wanted, object.map(|object| self.view(object)).as_ref())
    }
}

/// A way that was run: what is told of it, what the engines decided, and the cluster.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    pub(super) report: WayReport,
    pub(super) observed: Observed,
    pub(super) outcome: Outcome,
    /// Afterwards.
    pub(super) cluster: Cluster,
    pub(super) object: Option<Object>,
    /// After the second run.
    pub(super) again: Cluster,
}

/// Runs the ways, each on a copy of the cluster; what is not modelled in one of them takes its place.
pub(super) fn all(cluster: &Cluster, target: Target<'_>) -> impl Iterator<Item = Result<Ran, Error>> {
    let mut unforced: Option<Ran> = None;
    Way::ALL.into_iter().map(move |way| {
        // Where nothing was in the way, either time, there is nothing to be forced.
        if let (Way::ServerSideApplyForced, Some(free)) = (way, unforced.take()) {
            let report = WayReport { way, command: way.command(target.file), ..free.report };
            return Ok(Ran { report, ..free });
        }
        let ran = run(way, cluster, target)?;
        if way == Way::ServerSideApply && !ran.observed.conflicted && ran.report.again.outcome.succeeded() {
            unforced = Some(ran.clone());
        }
        Ok(ran)
    })
}

/// The ways that bring about what the manifest states, when run once.
pub(super) fn good(ways: impl Iterator<Item = Way>, cluster: &Cluster, target: Target<'_>) -> Vec<Way> {
    let is_good = |way: &Way| {
        let mut fork = cluster.clone();
        fork.command(&arguments(way.verb(), target.file), Some(target.manifest), &mut NoTrace::default()).is_ok()
            && target.is_met(target.object(&fork).as_ref())
    };
    ways.filter(is_good).collect()
}

/// Runs a way on a copy of the cluster.
fn run(way: Way, cluster: &Cluster, target: Target<'_>) -> Result<Ran, Error> {
    let arguments = arguments(way.verb(), target.file);
    let mut fork = cluster.clone();
    let before = target.object(cluster);
    let mut observed = Observed::of(way, before.clone());
    let outcome = fork.command(&arguments, Some(target.manifest), &mut observed)?;
    let object = target.object(&fork);
    let view = object.as_ref().map(|object| target.view(object));
    let unmet = unmet(target.wanted, view.as_ref());
    let is_met = object.is_some() && unmet.is_empty();
    let mut second = fork.clone();
    // What changed nothing does so again.
    let again = if before == object {
        Again { outcome: word(&outcome), converged: is_met }
    } else {
        let outcome = second.command(&arguments, Some(target.manifest), &mut NoTrace::default())?;
        let after = target.object(&second);
        let is_met = if after == object { is_met } else { target.is_met(after.as_ref()) };
        Again { outcome: word(&outcome), converged: is_met }
    };
    let report = WayReport {
        way,
        command: way.command(target.file),
        outcome: word(&outcome),
        converged: is_met,
        again,
        requests: requests(&outcome),
        ports: object.clone().map_or(Json::from(serde_json::Value::Array(Vec::new())), Json::ports),
        unmet,
        live: object.clone().map(Json::from),
        error: error(&outcome),
        causes: causes(&outcome),
        warnings: warnings(&outcome),
    };
    Ok(Ran { report, observed, outcome, cluster: fork, object, again: second })
}

/// The words of a command line, as `apply --server-side`, with the file.
pub(super) fn arguments<'a>(verb: &'a str, file: &'a str) -> Vec<&'a str> {
    verb.split(' ').chain(["-f", file]).collect()
}

/// The command line, as typed in a shell.
pub(super) fn typed<A: AsRef<str>>(arguments: &[A]) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    let length: usize = arguments.iter().map(|word| word.as_ref().len() + 3).sum();
    let mut line = String::with_capacity("kubectl".len() + length);
    line.push_str("kubectl");
    for word in arguments.iter().map(AsRef::as_ref) {
        match !word.is_empty() && word.bytes().all(is_plain) {
            true => line.extend([" ", word]),
            false => line.extend([" '", &word.replace('\'', r"'\''"), "'"]),
        }
    }
    line
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
    let Some(refused) = outcome.requests().last().filter(|request| request.code() >= 400) else {
        return WayOutcome::ClientError;
    };
    // What exists already is no conflict, though its code is 409 as well.
    match refused.status().and_then(Status::reason) {
        Some("Conflict") => WayOutcome::Conflict,
        _ => WayOutcome::Rejected,
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
        body: Json::from(Arc::clone(request.shared_body())),
        code: request.code(),
    });
    sent.collect()
}
