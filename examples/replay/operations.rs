//! An operation list: server-side applies and updates of one object, without defaulting and validation.

use mergekey::structured::{self, Applied, Conflicts, Force, Outcome, Time, Updated};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::case::{Case, Context, Difference};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operations {
    api_version: String,
    kind: String,
    ops: Vec<Operation>,
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
struct Operation {
    op: String,
    manager: String,
    #[serde(default)]
    force: bool,
    object: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    live: Option<Value>,
    error: Option<String>,
    error_kind: Option<String>,
    #[serde(default)]
    causes: Vec<Cause>,
}

#[derive(Deserialize)]
struct Cause {
    message: String,
    field: String,
}

/// All operations happen in this second; recorded answers have no times.
const NOW: &str = "2026-01-01T00:00:00Z";

/// Replays one case.
pub(crate) fn check(case: &Case<'_>, context: &Context) -> Result<(), Vec<Difference>> {
    let Operations { api_version, kind, ops, answers } = case.fields().map_err(|difference| vec![difference])?;
    let schema = context.schema(&kind).map_err(|difference| vec![difference])?;
    let now: Time = NOW.parse().map_err(|error| vec![Difference::new("now", NOW, error)])?;
    let mut live = json!({"apiVersion": api_version, "kind": kind});
    for (at, (operation, answer)) in ops.iter().zip(&answers).enumerate() {
        let Operation { op, manager, force, object } = operation;
        let outcome = if op == "apply" {
            let applied = Applied { live: Some(&live), config: object, manager, force: Force::from(*force), now };
            structured::apply(applied, &schema)
        } else {
            let updated = Updated { live: Some(&live), new: object, manager, now };
            structured::update(updated, &schema).map(|object| Outcome::Merged { object, changed: true })
        };
        let found = match outcome {
            Ok(Outcome::Merged { object, .. }) => {
                let found = merged(&object, answer);
                live = object;
                found
            }
            Ok(Outcome::Conflicts(conflicts)) => conflicted(&conflicts, answer),
            Ok(_) => vec![Difference::new("", "a known outcome", "another")],
            Err(error) => refused(&error, answer),
        };
        if !found.is_empty() {
            return Err(found.into_iter().map(|difference| difference.inside(&format!("answers[{at}]"))).collect());
        }
    }
    Ok(())
}

fn expected(answer: &Answer) -> String {
    answer.error.clone().unwrap_or_else(|| "an object".to_owned())
}

fn merged(object: &Value, answer: &Answer) -> Vec<Difference> {
    match &answer.live {
        Some(live) => Difference::between(".live", live, &without_times(object.clone())),
        None => vec![Difference::new(".error", expected(answer), object)],
    }
}

fn conflicted(conflicts: &Conflicts, answer: &Answer) -> Vec<Difference> {
    let text = conflicts.to_string();
    if answer.error_kind.as_deref() != Some("conflict") || answer.error.as_deref() != Some(&text) {
        return vec![Difference::new(".error", expected(answer), text)];
    }
    let sorted = |causes: Vec<(String, String)>| {
        let mut causes: Vec<_> = causes.into_iter().map(|(message, field)| format!("{field}: {message}")).collect();
        causes.sort();
        causes
    };
    let recorded = sorted(answer.causes.iter().map(|cause| (cause.message.clone(), cause.field.clone())).collect());
    let found = sorted(conflicts.causes().map(|cause| (cause.message, cause.field)).collect());
    if recorded == found { Vec::new() } else { vec![Difference::new(".causes", recorded.join("\n"), found.join("\n"))] }
}

fn refused(error: &mergekey::Error, answer: &Answer) -> Vec<Difference> {
    match answer.error_kind.as_deref() {
        Some("panic") => Vec::new(),
        Some("invalid") if error.is_invalid() || error.is_bad_request() || error.is_managed_fields() => Vec::new(),
        _ => vec![Difference::new(".error", expected(answer), error)],
    }
}

fn without_times(mut object: Value) -> Value {
    let entries = object.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten().filter_map(Value::as_object_mut) {
        entry.remove("time");
    }
    object
}
