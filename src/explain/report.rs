//! What an explanation says, as data: the JSON contract, typed.
//!
//! Nothing here is worded. A [`Cause`] holds a [`Fact`] with its evidence, a [`Remedy`] its [`Risk`]s; [`render`](super::render)
//! turns them into sentences, also for the `text` and `risks` of the JSON form. The form is versioned by
//! [`Report::SCHEMA_VERSION`].

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::facts::Finding;
use super::json::Json;
use super::remedies::{Attempt, Remedy};
use super::{render, ways};

/// What the ways of bringing a manifest to the cluster do to it, where they part, why, and what helps.
///
/// Its [`Display`](fmt::Display) is the text report.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "render::json::Document")]
pub struct Report {
    pub(super) object: ObjectName,
    pub(super) file: String,
    pub(super) manifest: Json,
    pub(super) before: Option<Json>,
    pub(super) ways: Vec<WayReport>,
    pub(super) divergences: Vec<Divergence>,
    pub(super) findings: Vec<Finding>,
    pub(super) remedies: Vec<Remedy>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) history: Vec<Told>,
    pub(super) source: Vec<SourceLine>,
    pub(super) notes: Vec<Note>,
}

impl Report {
    /// The version of the JSON form.
    pub const SCHEMA_VERSION: u32 = 1;

    /// The object that the manifest describes.
    pub fn object(&self) -> &ObjectName {
        &self.object
    }

    /// The file of the manifest, as the commands name it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What to call the file in a sentence.
    pub(super) fn file_shown(&self) -> &str {
        if self.file == "-" { "the manifest" } else { &self.file }
    }

    /// The manifest.
    pub fn manifest(&self) -> &Value {
        &self.manifest
    }

    /// The live object before anything is done; `None` if there is none.
    pub fn before(&self) -> Option<&Value> {
        self.before.as_deref()
    }

    /// Whether client-side apply and forced server-side apply end differently.
    pub fn diverges(&self) -> bool {
        !self.divergences.is_empty()
    }

    /// What each way does, in the order of [`Way::ALL`].
    pub fn ways(&self) -> &[WayReport] {
        &self.ways
    }

    /// What one way does.
    pub fn way(&self, way: Way) -> Option<&WayReport> {
        self.ways.iter().find(|report| report.way == way)
    }

    /// The leaf fields in which client-side apply and forced server-side apply end differently, in the order of their paths.
    pub fn divergences(&self) -> &[Divergence] {
        &self.divergences
    }

    /// Why, most telling first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What helps: each was run on a copy and converged. What changes least stands first.
    pub fn remedies(&self) -> &[Remedy] {
        &self.remedies
    }

    /// What was tried as well and does not help.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// The commands that were played before, with what came of each.
    pub fn history(&self) -> &[Told] {
        &self.history
    }

    /// The lines of the manifest that the findings are about.
    pub fn source(&self) -> &[SourceLine] {
        &self.source
    }

    /// What the reader should know about the report itself.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The report as Markdown, with the pairing of ports as a Mermaid graph.
    pub fn to_markdown(&self) -> String {
        render::markdown(self)
    }

    /// The pairing of ports, or what each way does, as a Mermaid diagram.
    pub fn to_mermaid(&self) -> String {
        render::mermaid(self)
    }

    /// The JSON form, indented.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// The text report.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render::text(self, render::Style::Plain))
    }
}

/// Which object a report is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ObjectName {
    /// As `v1`.
    pub api_version: String,
    /// As `Service`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A command by which a manifest can be brought to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Way {
    /// `kubectl apply`.
    ClientSideApply,
    /// `kubectl apply --server-side`.
    ServerSideApply,
    /// `kubectl apply --server-side --force-conflicts`.
    ServerSideApplyForced,
    /// `kubectl replace`.
    Replace,
}

impl Way {
    /// All of them, in the order in which a report tells them.
    pub const ALL: [Way; 4] = [Way::ClientSideApply, Way::ServerSideApply, Way::ServerSideApplyForced, Way::Replace];

    /// The command, as typed in a shell.
    ///
    /// ```
    /// use mergekey::explain::Way;
    ///
    /// assert_eq!(Way::ServerSideApply.command("dns.yaml"), "kubectl apply --server-side -f dns.yaml");
    /// assert_eq!(Way::Replace.command("my dns.yaml"), "kubectl replace -f 'my dns.yaml'");
    /// ```
    pub fn command(self, file: &str) -> String {
        ways::typed(&ways::arguments(self.verb(), file))
    }

    pub(super) fn verb(self) -> &'static str {
        match self {
            Way::ClientSideApply => "apply",
            Way::ServerSideApply => "apply --server-side",
            Way::ServerSideApplyForced => "apply --server-side --force-conflicts",
            Way::Replace => "replace",
        }
    }
}

/// What came of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WayOutcome {
    /// `service/dns created`.
    Created,
    /// `service/dns configured`, whether or not anything changed.
    Configured,
    /// `service/dns unchanged`: nothing was sent.
    Unchanged,
    /// `service/dns serverside-applied`.
    ServersideApplied,
    /// `service/dns replaced`.
    Replaced,
    /// `service/dns patched`.
    Patched,
    /// `service/dns labeled`, `unlabeled`, `modified` or `not labeled`.
    Labeled,
    /// `service/dns annotated`.
    Annotated,
    /// `service "dns" deleted`.
    Deleted,
    /// Another word of kubectl's for success.
    Done,
    /// The server refused it.
    Rejected,
    /// The server refused it because others own fields that it would change.
    Conflict,
    /// kubectl failed before it could send anything.
    ClientError,
}

impl WayOutcome {
    /// The word, as in the JSON form.
    pub fn as_str(self) -> &'static str {
        match self {
            WayOutcome::Created => "created",
            WayOutcome::Configured => "configured",
            WayOutcome::Unchanged => "unchanged",
            WayOutcome::ServersideApplied => "serverside-applied",
            WayOutcome::Replaced => "replaced",
            WayOutcome::Patched => "patched",
            WayOutcome::Labeled => "labeled",
            WayOutcome::Annotated => "annotated",
            WayOutcome::Deleted => "deleted",
            WayOutcome::Done => "done",
            WayOutcome::Rejected => "rejected",
            WayOutcome::Conflict => "conflict",
            WayOutcome::ClientError => "client-error",
        }
    }

    /// Whether kubectl ended with exit code 0.
    pub fn succeeded(self) -> bool {
        !matches!(self, WayOutcome::Rejected | WayOutcome::Conflict | WayOutcome::ClientError)
    }
}

/// What one way does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WayReport {
    /// Which way.
    pub way: Way,
    /// The command, as typed.
    pub command: String,
    /// What came of it.
    pub outcome: WayOutcome,
    /// Whether the live object then has what the manifest states.
    pub converged: bool,
    /// The same command run a second time.
    pub again: Again,
    /// The writes that kubectl sent, in order.
    pub requests: Vec<SentRequest>,
    /// `spec.ports` afterwards, in their order; an empty list if there is no object.
    pub ports: Json,
    /// The live object afterwards; `None` if there is none.
    pub live: Option<Json>,
    /// What kubectl prints to standard error, if it fails.
    pub error: Option<String>,
    /// The causes that the server gives for a refusal.
    pub causes: Vec<StatusCause>,
    /// The warnings that kubectl prints.
    pub warnings: Vec<String>,
    /// The fields that are not as the manifest states them, in the order of their paths.
    #[serde(default)]
    pub unmet: Vec<Unmet>,
}

impl WayReport {
    /// Whether the way succeeds, brings about what the manifest states, and keeps it when run again.
    pub fn is_good(&self) -> bool {
        self.converged && self.outcome.succeeded() && self.again.converged && self.again.outcome.succeeded()
    }
}

/// A command run a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Again {
    /// What came of it.
    pub outcome: WayOutcome,
    /// Whether the live object then has what the manifest states.
    pub converged: bool,
}

/// A write that kubectl sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SentRequest {
    /// As `PATCH`.
    pub method: String,
    /// The content type.
    #[serde(rename = "type")]
    pub content_type: String,
    /// The body.
    pub body: Json,
    /// The HTTP status of the answer.
    pub code: u16,
}

/// A cause in the `Status` of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StatusCause {
    /// As `FieldValueDuplicate`.
    pub reason: String,
    /// As `Duplicate value: "dns-tcp"`.
    pub message: String,
    /// As `spec.ports[1].name`.
    pub field: String,
}

/// A field that is not as the manifest states it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Unmet {
    /// Where.
    pub path: String,
    /// What the manifest states; `null` for a port that it does not have.
    pub wanted: Value,
    /// What is live; `null` if it is absent.
    pub live: Value,
}

/// A leaf field in which client-side apply and forced server-side apply end differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Divergence {
    /// Where, by map keys.
    pub path: String,
    /// What the manifest states.
    pub wanted: Value,
    /// What was live before.
    pub live: Value,
    /// The end of `kubectl apply`.
    pub client_side: Value,
    /// The end of `kubectl apply --server-side --force-conflicts`.
    pub server_side: Value,
}

/// A command of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Told {
    /// The command, as typed.
    pub command: String,
    /// What came of it.
    pub outcome: WayOutcome,
    /// Whether the live object then had what that command's manifest states; `None` for a command without one.
    pub converged: Option<bool>,
    /// The first field that was not as wanted.
    pub unmet: Option<Unmet>,
    /// The ways that would have worked in its place, where it is the first that did not.
    pub instead: Vec<Way>,
}

/// A line of the manifest that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SourceLine {
    /// Its number, from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
    /// What is to be said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
}

/// What is to be said about a line of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Mark {
    /// The port here shares its merge key.
    SharesKey {
        /// With the ports on these lines.
        with: Vec<usize>,
    },
    /// `kubectl apply` does not bring this port to the cluster.
    NotReached {
        /// The lines of the ports that it shares its merge key with.
        with: Vec<usize>,
    },
}

/// What the reader should know about the report itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Note {
    /// managedFields were hidden, and rebuilt from the last-applied annotation.
    OwnershipRebuilt,
    /// managedFields were hidden, and there is nothing to rebuild them from.
    OwnershipUnknown,
    /// A key stands twice in the text of the manifest.
    RepeatedKey {
        /// The field.
        path: String,
        /// The line where it is given first.
        first: usize,
        /// The line that counts.
        line: usize,
    },
    /// Node ports or addresses were drawn: on a real server they will be others.
    Drawn,
    /// The way runs into something that is not modelled.
    NotModelled {
        /// What it is.
        what: String,
    },
}
