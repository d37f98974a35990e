//! The JSON form of a report: its contract.
//!
//! Sentences are written out beside the data that they are made of, and read back from the data alone.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words;
use crate::explain::facts::{Cause, Code, Fact, Finding};
use crate::explain::remedies::{Attempt, Plan, Remedy, Risk};
use crate::explain::report::{Again, Divergence, Note, ObjectName, Report, SourceLine, Told, WayReport};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Document {
    schema_version: u32,
    object: ObjectName,
    #[serde(default)]
    verdict: String,
    diverges: bool,
    ways: Vec<WayReport>,
    divergences: Vec<Divergence>,
    findings: Vec<FindingForm>,
    remedies: Vec<RemedyForm>,
    #[serde(default)]
    attempts: Vec<Attempt>,
    #[serde(default)]
    history: Vec<Told>,
    #[serde(default)]
    source: Vec<SourceLine>,
    #[serde(default)]
    notes: Vec<NoteForm>,
    file: String,
    manifest: Value,
    before: Option<Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct FindingForm {
    code: Code,
    #[serde(default)]
    title: String,
    path: String,
    because: Vec<CauseForm>,
}

#[derive(Debug, Serialize, Deserialize)]
struct CauseForm {
    #[serde(default)]
    text: String,
    rule: Option<String>,
    fact: Fact,
    because: Vec<CauseForm>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RemedyForm {
    #[serde(default)]
    command: String,
    steps: Vec<String>,
    converged: bool,
    writes: Vec<String>,
    #[serde(default)]
    risks: Vec<String>,
    plan: Plan,
    costs: Vec<Risk>,
    afterwards: Again,
}

#[derive(Debug, Serialize, Deserialize)]
struct NoteForm {
    #[serde(default)]
    text: String,
    note: Note,
}

impl From<Report> for Document {
    fn from(report: Report) -> Self {
        Document {
            schema_version: Report::SCHEMA_VERSION,
            verdict: words::verdict(&report),
            diverges: report.diverges(),
            object: report.object,
            ways: report.ways,
            divergences: report.divergences,
            findings: report.findings.into_iter().map(FindingForm::from).collect(),
            remedies: report.remedies.into_iter().map(RemedyForm::from).collect(),
            attempts: report.attempts,
            history: report.history,
            source: report.source,
            notes: report.notes.into_iter().map(|note| NoteForm { text: words::note(&note), note }).collect(),
            file: report.file,
            manifest: report.manifest,
            before: report.before,
        }
    }
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
            notes: document.notes.into_iter().map(|form| form.note).collect(),
        })
    }
}

impl From<Finding> for FindingForm {
    fn from(finding: Finding) -> Self {
        FindingForm {
            code: finding.code,
            title: finding.code.title().to_owned(),
            path: finding.path,
            because: finding.because.into_iter().map(CauseForm::from).collect(),
        }
    }
}

impl From<FindingForm> for Finding {
    fn from(form: FindingForm) -> Self {
        Finding { code: form.code, path: form.path, because: form.because.into_iter().map(Cause::from).collect() }
    }
}

impl From<Cause> for CauseForm {
    fn from(cause: Cause) -> Self {
        CauseForm {
            text: words::fact(&cause.fact),
            rule: words::rule(&cause.fact),
            fact: cause.fact,
            because: cause.because.into_iter().map(CauseForm::from).collect(),
        }
    }
}

impl From<CauseForm> for Cause {
    fn from(form: CauseForm) -> Self {
        Cause { fact: form.fact, because: form.because.into_iter().map(Cause::from).collect() }
    }
}

impl From<Remedy> for RemedyForm {
    fn from(remedy: Remedy) -> Self {
        RemedyForm {
            command: remedy.steps.join(" && "),
            converged: true,
            risks: remedy.risks.iter().map(words::risk).collect(),
            steps: remedy.steps,
            writes: remedy.writes,
            plan: remedy.plan,
            costs: remedy.risks,
            afterwards: remedy.afterwards,
        }
    }
}

impl From<RemedyForm> for Remedy {
    fn from(form: RemedyForm) -> Self {
        Remedy { plan: form.plan, steps: form.steps, writes: form.writes, risks: form.costs, afterwards: form.afterwards }
    }
}
