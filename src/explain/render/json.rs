//! The JSON form of a report: its contract.
//!
//! Sentences are written out beside the data that they are made of, and read back from the data alone.

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
    findings: Vec<FindingForm>,
    remedies: Vec<RemedyForm>,
    attempts: &'r [Attempt],
    history: &'r [Told],
    source: &'r [SourceLine],
    notes: Vec<NoteForm>,
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
            notes: self.notes.iter().map(|note| NoteForm { text: words::note(note), note: note.clone() }).collect(),
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
    manifest: Json,
    before: Option<Json>,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<File>,
    afterwards: Again,
}

#[derive(Debug, Serialize, Deserialize)]
struct NoteForm {
    #[serde(default)]
    text: String,
    note: Note,
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

impl FindingForm {
    fn of(finding: &Finding) -> Self {
        FindingForm {
            code: finding.code,
            title: finding.code.title().to_owned(),
            path: finding.path.clone(),
            because: finding.because.iter().map(CauseForm::of).collect(),
        }
    }
}

impl From<FindingForm> for Finding {
    fn from(form: FindingForm) -> Self {
        Finding { code: form.code, path: form.path, because: form.because.into_iter().map(Cause::from).collect() }
    }
}

impl CauseForm {
    fn of(cause: &Cause) -> Self {
        CauseForm {
            text: words::fact(&cause.fact),
            rule: words::rule(&cause.fact),
            fact: cause.fact.clone(),
            because: cause.because.iter().map(CauseForm::of).collect(),
        }
    }
}

impl From<CauseForm> for Cause {
    fn from(form: CauseForm) -> Self {
        Cause { fact: form.fact, because: form.because.into_iter().map(Cause::from).collect() }
    }
}

impl RemedyForm {
    fn of(remedy: &Remedy) -> Self {
        RemedyForm {
            command: remedy.steps.iter().filter(|step| !step.starts_with('#')).cloned().collect::<Vec<_>>().join(" && "),
            steps: remedy.steps.clone(),
            converged: true,
            writes: remedy.writes.clone(),
            risks: remedy.risks.iter().map(words::risk).collect(),
            plan: remedy.plan.clone(),
            costs: remedy.risks.clone(),
            files: remedy.files.clone(),
            afterwards: remedy.afterwards,
        }
    }
}

impl From<RemedyForm> for Remedy {
    fn from(form: RemedyForm) -> Self {
        Remedy {
            plan: form.plan,
            steps: form.steps,
            writes: form.writes,
            risks: form.costs,
            files: form.files,
            afterwards: form.afterwards,
        }
    }
}
