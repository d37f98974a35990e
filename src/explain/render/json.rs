//! The JSON form of a report: its contract.
//!
//! Sentences are written out beside the data that they are made of, and read back from the data alone.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};

use super::words;
use crate::explain::facts::{Cause, Code, Fact, Finding};
use crate::explain::json::Json;
use crate::explain::remedies::{Attempt, File, Plan, Remedy, Risk};
use crate::explain::report::{Again, Divergence, Note, ObjectName, Report, SourceLine, Told, WayReport};

/// The form as it is written: what need not be worded is lent by the report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Lent<'r> {
    schema_version: u32,
    object: &'r ObjectName,
    verdict: String,
    diverges: bool,
    ways: &'r [WayReport],
    divergences: &'r [Divergence],
    findings: Vec<FindingForm<'r>>,
    remedies: Vec<RemedyForm<'r>>,
    attempts: &'r [Attempt],
    history: &'r [Told],
    source: &'r [SourceLine],
    notes: Vec<NoteForm<'r>>,
    file: &'r str,
    manifest: &'r Json,
    before: Option<&'r Json>,
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lent = Lent {
            schema_version: Report::SCHEMA_VERSION,
            object: &self.object,
            verdict: words::verdict(self),
            diverges: self.diverges(),
            ways: &self.ways,
            divergences: &self.divergences,
            findings: self.findings.iter().map(FindingForm::of).collect(),
            remedies: self.remedies.iter().map(RemedyForm::of).collect(),
            attempts: &self.attempts,
            history: &self.history,
            source: &self.source,
            notes: self.notes.iter().map(|note| NoteForm { text: words::note(note), note: Cow::Borrowed(note) }).collect(),
            file: &self.file,
            manifest: &self.manifest,
            before: self.before.as_ref(),
        };
        lent.serialize(serializer)
    }
}

/// The form as it is read: sentences are passed over.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Document {
    schema_version: u32,
    object: ObjectName,
    ways: Vec<WayReport>,
    divergences: Vec<Divergence>,
    findings: Vec<FindingForm<'static>>,
    remedies: Vec<RemedyForm<'static>>,
    #[serde(default)]
    attempts: Vec<Attempt>,
    #[serde(default)]
    history: Vec<Told>,
    #[serde(default)]
    source: Vec<SourceLine>,
    #[serde(default)]
    notes: Vec<NoteForm<'static>>,
    file: String,
    manifest: Json,
    before: Option<Json>,
}

/// What is worded is written with its words.
#[derive(Debug, Serialize, Deserialize)]
struct FindingForm<'r> {
    code: Code,
    #[serde(default)]
    title: Cow<'r, str>,
    path: Cow<'r, str>,
    because: Vec<CauseForm<'r>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct CauseForm<'r> {
    #[serde(default)]
    text: String,
    rule: Option<String>,
    fact: Cow<'r, Fact>,
    because: Vec<CauseForm<'r>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RemedyForm<'r> {
    #[serde(default)]
    command: String,
    steps: Cow<'r, [String]>,
    converged: bool,
    writes: Cow<'r, [String]>,
    #[serde(default)]
    risks: Vec<String>,
    plan: Cow<'r, Plan>,
    costs: Cow<'r, [Risk]>,
    #[serde(default, skip_serializing_if = "<[File]>::is_empty")]
    files: Cow<'r, [File]>,
    afterwards: Again,
}

#[derive(Debug, Serialize, Deserialize)]
struct NoteForm<'r> {
    #[serde(default)]
    text: String,
    note: Cow<'r, Note>,
}

impl TryFrom<Document> for Report {
    type Error = String;

    fn try_from(document: Document) -> Result<Self, String> {
        if document.schema_version != Report::SCHEMA_VERSION {
            return Err(format!("schemaVersion {} is not {}", document.schema_version, Report::SCHEMA_VERSION));
        }
        Ok(Report {
            object: document.object,
            file: document.file,
            manifest: document.manifest,
            before: document.before,
            ways: document.ways,
            divergences: document.divergences,
            findings: document.findings.into_iter().map(Finding::from).collect(),
            remedies: document.remedies.into_iter().map(Remedy::from).collect(),
            attempts: document.attempts,
            history: document.history,
            source: document.source,
            notes: document.notes.into_iter().map(|form| form.note.into_owned()).collect(),
        })
    }
}

impl<'r> FindingForm<'r> {
    fn of(finding: &'r Finding) -> Self {
        FindingForm {
            code: finding.code,
            title: Cow::Borrowed(finding.code.title()),
            path: Cow::Borrowed(&finding.path),
            because: finding.because.iter().map(CauseForm::of).collect(),
        }
    }
}

impl From<FindingForm<'_>> for Finding {
    fn from(form: FindingForm<'_>) -> Self {
        let because = form.because.into_iter().map(Cause::from).collect();
        Finding { code: form.code, path: form.path.into_owned(), because }
    }
}

impl<'r> CauseForm<'r> {
    fn of(cause: &'r Cause) -> Self {
        CauseForm {
            text: words::fact(&cause.fact),
            rule: words::rule(&cause.fact),
            fact: Cow::Borrowed(&cause.fact),
            because: cause.because.iter().map(CauseForm::of).collect(),
        }
    }
}

impl From<CauseForm<'_>> for Cause {
    fn from(form: CauseForm<'_>) -> Self {
        Cause { fact: form.fact.into_owned(), because: form.because.into_iter().map(Cause::from).collect() }
    }
}

impl<'r> RemedyForm<'r> {
    fn of(remedy: &'r Remedy) -> Self {
        let commands = remedy.steps.iter().filter(|step| !step.starts_with('#'));
        RemedyForm {
            command: commands.map(String::as_str).collect::<Vec<_>>().join(" && "),
            steps: Cow::Borrowed(&remedy.steps),
            converged: true,
            writes: Cow::Borrowed(&remedy.writes),
            risks: remedy.risks.iter().map(words::risk).collect(),
            plan: Cow::Borrowed(&remedy.plan),
            costs: Cow::Borrowed(&remedy.risks),
            files: Cow::Borrowed(&remedy.files),
            afterwards: remedy.afterwards,
        }
    }
}

impl From<RemedyForm<'_>> for Remedy {
    fn from(form: RemedyForm<'_>) -> Self {
        Remedy {
            plan: form.plan.into_owned(),
            steps: form.steps.into_owned(),
            writes: form.writes.into_owned(),
            risks: form.costs.into_owned(),
            files: form.files.into_owned(),
            afterwards: form.afterwards,
        }
    }
}
