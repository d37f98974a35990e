//! Managed fields and conflicts of every apply in the histories that a real server answered.
//!
//! Between the live object before an apply and the managed fields after it lies nothing but this room: defaulting and allocation
//! come after the ownership was settled.

use std::io::Read;

use mergekey::schema::Schema;
use mergekey::structured::{self, ApplyOutcome, Applying, Endpoint, Force, Managers};
use mergekey::value::{self, Value};
use serde_json::{Value as Json, json};

fn histories(name: &str) -> Vec<Json> {
    let path = format!("{}/tests/corpus/v1_37/{name}.jsonl.gz", env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn requests(history: &Json) -> impl Iterator<Item = &Json> {
    let steps = history["steps"].as_array().into_iter().flatten();
    steps.flat_map(|step| match step.get("request") {
        Some(request) => vec![request],
        None => step["requests"].as_array().into_iter().flatten().collect(),
    })
}

fn endpoint(subresource: &str) -> Endpoint {
    let reset = if subresource.is_empty() { ".status" } else { ".spec" };
    let empty = value::parse(br#"{"metadata":{},"spec":{},"status":{"loadBalancer":{}}}"#).unwrap().into_owned();
    Endpoint::new(Schema::builtin("v1", "Service").unwrap(), "v1", "Service")
        .subresource(subresource)
        .reset(std::iter::once(reset.parse().unwrap()).collect())
        .empty(empty)
}

/// What the server made of an apply, as far as owners are concerned.
fn recorded(request: &Json) -> Option<Json> {
    let after = if request["live"].is_null() { &request["answer"] } else { &request["live"] };
    let dry_run = request["query"].get("dryRun").is_some();
    match request["code"].as_u64()? {
        200 | 201 if dry_run => Some(json!({"managed": request["answer"]["metadata"]["managedFields"]})),
        200 | 201 => Some(json!({"managed": after["metadata"]["managedFields"]})),
        409 if request["status"]["details"]["causes"][0]["reason"] == "FieldManagerConflict" => {
            Some(json!({"conflict": request["status"]["message"]}))
        }
        400 | 500 => {
            let message = request["status"]["message"].as_str()?;
            let here = ["invalid object type", "metadata.managedFields must be nil", "failed to create typed patch object"];
            here.iter().any(|start| message.starts_with(start)).then(|| json!({"error": lines(message)}))
        }
        _ => None,
    }
}

/// The lines of a message sorted: of several misfits the server lists some, in random order.
fn lines(message: &str) -> Vec<&str> {
    let mut lines: Vec<_> = message.lines().collect();
    lines.sort_unstable();
    lines
}

fn ours(live: &Json, request: &Json, endpoint: &Endpoint) -> Json {
    let empty = value::parse(br#"{"metadata":{},"spec":{},"status":{"loadBalancer":{}}}"#).unwrap();
    let mut live = if live.is_null() { empty } else { Value::from_serde(live).unwrap() };
    let metadata = live.as_map_mut().and_then(|live| live.get_mut("metadata")).and_then(Value::as_map_mut).unwrap();
    let entries = metadata.remove("managedFields").unwrap_or_default();
    let config = Value::from_serde(&request["body"]).unwrap();
    let applying = Applying {
        live: &live,
        managers: Managers::read(&entries).unwrap(),
        config: &config,
        manager: request["query"]["fieldManager"].as_str().unwrap(),
        force: Force::from(request["query"]["force"] == "true"),
        now: request["now"].as_str().unwrap().parse().unwrap(),
    };
    match structured::apply_values(applying, endpoint, &mut ()) {
        Ok(ApplyOutcome::Merged(merged)) => json!({"managed": merged.managers.to_value().map(Value::into_serde)}),
        Ok(ApplyOutcome::Conflicts(conflicts)) => json!({"conflict": conflicts.to_string()}),
        Err(error) => json!({"error": lines(&error.to_string())}),
    }
}

/// A write that changes nothing but times keeps the old ones: that is decided by the registry.
fn same(recorded: &Json, ours: &Json) -> bool {
    let (left, right) = (Value::from_serde(&recorded["managed"]).unwrap(), Value::from_serde(&ours["managed"]).unwrap());
    recorded == ours || (recorded["managed"].is_array() && structured::differ_in_time_alone(Some(&left), Some(&right)))
}

fn check(corpus: &str, at_least: usize) {
    let mut checked = 0;
    for history in histories(corpus) {
        let mut live: std::collections::BTreeMap<String, Json> = std::collections::BTreeMap::new();
        for (at, request) in requests(&history).enumerate() {
            let path = request["path"].as_str().unwrap();
            let subresource = if path.ends_with("/status") { "status" } else { "" };
            let object = path.trim_end_matches("/status").to_owned();
            let before = live.get(&object).cloned().unwrap_or_default();
            let is_apply = request["type"] == "application/apply-patch+yaml";
            if is_apply
                && request["body"].is_object()
                && let Some(recorded) = recorded(request)
            {
                let ours = ours(&before, request, &endpoint(subresource));
                assert!(
                    same(&recorded, &ours),
                    "{} request {at}\nserver {recorded}\nours   {ours}\nbefore {before}\nrequest {request}",
                    history["id"]
                );
                checked += 1;
            }
            let name = request["live"]["metadata"]["name"].as_str().map(str::to_owned);
            let key = match (request["method"].as_str(), name) {
                (Some("POST"), Some(name)) => format!("{object}/{name}"),
                _ => object,
            };
            if request.get("live").is_some() {
                live.insert(key, request["live"].clone());
            }
        }
    }
    assert!(checked >= at_least, "{corpus}: only {checked} applies were checked");
}

#[test]
fn applies_over_http() {
    check("http", 1000);
}

#[test]
fn corner_cases() {
    check("corner", 30);
}

#[test]
fn applies_by_kubectl() {
    check("kubectl", 150);
    check("fork", 290);
}
