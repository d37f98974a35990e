//! A transcript: a history of requests or kubectl commands against a server.
//!
//! What the server drew and what its clock said go in; every answer is compared, and of kubectl every request and line as well.
//! The simulated server counts resourceVersions from a number that no recording holds, so that they can be told from other
//! numbers in a text and brought into the recordings' normal form.

use std::collections::BTreeMap;

use mergekey::Manifest;
use mergekey::cluster::{Cluster, DeletedLine, Draws, Environment, Method, Moment, Object, Request, Status};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::case::{Case, Context, Difference};

#[derive(Deserialize)]
struct Transcript<'a> {
    #[serde(borrow)]
    steps: Vec<Step<'a>>,
}

/// A request over HTTP, or a kubectl command.
#[derive(Deserialize)]
struct Step<'a> {
    #[serde(borrow)]
    request: Option<Recorded<'a>>,
    #[serde(default)]
    kubectl: Vec<String>,
    manifest: Option<Value>,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
    #[serde(default)]
    exit: i32,
    #[serde(borrow, default)]
    requests: Vec<Recorded<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded<'a> {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    r#type: Option<String>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    now: String,
    code: u16,
    status: Option<Value>,
    answer: Option<Value>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    allocated: Allocated,
    live: Value,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Allocated {
    node_ports: Vec<i32>,
    #[serde(rename = "clusterIPs")]
    cluster_ips: Vec<String>,
    health_check_node_port: Option<Value>,
}

impl Recorded<'_> {
    fn moment(&self) -> Moment {
        let health_check: Vec<i32> = match &self.allocated.health_check_node_port {
            Some(Value::Array(ports)) => ports.iter().filter_map(Value::as_i64).filter_map(|port| port.try_into().ok()).collect(),
            Some(port) => port.as_i64().and_then(|port| port.try_into().ok()).into_iter().collect(),
            None => Vec::new(),
        };
        let draws = Draws {
            node_ports: self.allocated.node_ports.clone().into(),
            cluster_ips: self.allocated.cluster_ips.clone().into(),
            health_check_node_ports: health_check.into(),
        };
        Moment { now: Some(self.now.clone()), draws }
    }
}

/// Replays one case.
pub(crate) fn check(case: &Case<'_>, _context: &Context) -> Result<(), Vec<Difference>> {
    let transcript: Transcript<'_> = case.fields().map_err(|difference| vec![difference])?;
    let environment = Environment::default().namespace("ns").first_version(FIRST_VERSION).deletes_with(deleted_line(&transcript));
    let mut replay =
        Replay { cluster: Cluster::with_environment(environment), versions: Versions::default(), differences: Vec::new() };
    for (at, step) in transcript.steps.iter().enumerate() {
        let place = format!(".steps[{at}]");
        match &step.request {
            Some(request) => replay.http(&place, request),
            None => replay.kubectl(&place, step),
        }
        if !replay.differences.is_empty() {
            // What follows stands on another state than the recorded one.
            return Err(replay.differences);
        }
    }
    Ok(())
}

/// The one line that kubectl's versions word differently: what the recording's kubectl printed tells which it was.
fn deleted_line(transcript: &Transcript<'_>) -> DeletedLine {
    let short = |step: &Step<'_>| step.stdout.lines().any(|line| line.ends_with(" deleted"));
    if transcript.steps.iter().any(short) { DeletedLine::WithoutNamespace } else { DeletedLine::WithNamespace }
}

/// The resourceVersion of the first write.
const FIRST_VERSION: u64 = 7_000_000_001;
/// More writes than any case has.
const MOST_WRITES: u64 = 1_000_000;

struct Replay {
    cluster: Cluster,
    versions: Versions,
    differences: Vec<Difference>,
}

/// What came, to be compared with what was recorded.
struct Came<'c> {
    code: u16,
    status: Option<&'c Status>,
    warnings: &'c [String],
    answer: Option<&'c Object>,
    live: Option<&'c Object>,
}

impl Replay {
    fn differ(&mut self, place: String, expected: impl std::fmt::Display, got: impl std::fmt::Display) {
        self.differences.push(Difference::new(place, expected, got));
    }

    fn compare(&mut self, place: &str, expected: &Value, got: &Value) {
        self.differences.extend(Difference::between(place, expected, got));
    }

    fn http(&mut self, place: &str, recorded: &Recorded<'_>) {
        let place = format!("{place}.request");
        let (namespace, name) = target(recorded);
        let before = self.cluster.object(&namespace, &name);
        let method = match Method::from_name(&recorded.method) {
            Ok(method) => method,
            Err(error) => return self.differ(place, &recorded.method, error),
        };
        let mut request = Request::new(method, recorded.path.as_str()).user_agent("replay");
        for (key, value) in &recorded.query {
            request = request.query(key, value);
        }
        if let Some(media_type) = &recorded.r#type {
            request = request.content_type(media_type);
        }
        if let Some(body) = recorded.body {
            request = request.body(with_version(body.get(), before.as_ref()));
        }
        self.cluster.foretell([recorded.moment()]);
        match self.cluster.handle(&request) {
            Err(error) => self.differ(place, "an answer", error),
            Ok(response) => {
                let live = self.cluster.object(&namespace, &name);
                let came = Came {
                    code: response.code(),
                    status: response.status(),
                    warnings: response.warnings(),
                    answer: response.object(),
                    live: live.as_ref(),
                };
                self.answer(&place, recorded, &came);
            }
        }
    }

    fn kubectl(&mut self, place: &str, command: &Step<'_>) {
        let manifest = command.manifest.as_ref().map(|manifest| Manifest::from_yaml(&yaml(manifest)));
        let manifest = match manifest.transpose() {
            Ok(manifest) => manifest,
            Err(error) => return self.differ(format!("{place}.manifest"), "a manifest", error),
        };
        self.cluster.foretell(command.requests.iter().map(Recorded::moment));
        let outcome = match self.cluster.kubectl(&command.kubectl, manifest.as_ref()) {
            Ok(outcome) => outcome,
            Err(error) => return self.differ(place.to_owned(), "an outcome", error),
        };
        let requests = outcome.requests();
        for (at, (recorded, sent)) in command.requests.iter().zip(requests).enumerate() {
            let place = format!("{place}.requests[{at}]");
            let query: BTreeMap<String, String> = sent.query().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            let body = normal_texts(serde_json::to_value(sent.body()).unwrap_or_default());
            for (key, expected, got) in [
                ("method", Value::from(recorded.method.as_str()), Value::from(sent.method())),
                ("path", Value::from(recorded.path.as_str()), Value::from(sent.path())),
                ("query", serde_json::json!(recorded.query), serde_json::json!(query)),
                ("type", recorded.r#type.clone().into(), Value::from(sent.content_type())),
                ("body", recorded.body.and_then(|body| serde_json::from_str(body.get()).ok()).unwrap_or_default(), body),
            ] {
                self.compare(&format!("{place}.{key}"), &expected, &got);
            }
            let came = Came {
                code: sent.code(),
                status: sent.status(),
                warnings: sent.warnings(),
                answer: sent.answer(),
                live: sent.live(),
            };
            self.answer(&place, recorded, &came);
        }
        if command.requests.len() != requests.len() {
            let describe = |methods: Vec<&str>| if methods.is_empty() { "none".to_owned() } else { methods.join(", ") };
            let expected = describe(command.requests.iter().map(|request| request.method.as_str()).collect());
            let got = describe(requests.iter().map(|request| request.method()).collect());
            self.differ(format!("{place}.requests"), expected, got);
        }
        let stdout = normal_text(outcome.stdout());
        let stderr = normal_text(outcome.stderr());
        for (key, expected, got) in [
            ("stdout", Value::from(command.stdout.as_str()), Value::from(stdout)),
            ("stderr", Value::from(command.stderr.as_str()), Value::from(stderr)),
            ("exit", Value::from(command.exit), Value::from(outcome.exit_code())),
        ] {
            self.compare(&format!("{place}.{key}"), &expected, &got);
        }
    }

    fn answer(&mut self, place: &str, recorded: &Recorded<'_>, came: &Came<'_>) {
        self.compare(&format!("{place}.code"), &recorded.code.into(), &came.code.into());
        let status = came.status.map(|status| normal_texts(serde_json::to_value(status).unwrap_or_default()));
        let expected = recorded.status.clone().map(conflicts_sorted).unwrap_or_default();
        self.compare(&format!("{place}.status"), &expected, &status.map(conflicts_sorted).unwrap_or_default());
        self.compare(&format!("{place}.warnings"), &recorded.warnings.clone().into(), &came.warnings.to_vec().into());
        if let Some(expected) = &recorded.answer {
            let got = came.answer.map(|object| without_identity(object.to_json())).unwrap_or_default();
            self.compare(&format!("{place}.answer"), expected, &got);
        }
        let live = self.versions.normal(came.live);
        self.compare(&format!("{place}.live"), &recorded.live, &live);
    }
}

/// The manifest as kubectl was given it: YAML, in which the recorder's writer leaves the strings bare that are booleans in
/// YAML 1.1 alone, and escapes what is a line break there alone.
fn yaml(manifest: &Value) -> String {
    match manifest {
        Value::String(text) if ["y", "Y", "n", "N"].contains(&text.as_str()) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(yaml).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| format!("{}: {}", yaml(&key.as_str().into()), yaml(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string().replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029").replace('\u{85}', "\\N"),
    }
}

/// Namespace and name of the Service that a request is about.
fn target(recorded: &Recorded<'_>) -> (String, String) {
    let rest = recorded.path.strip_prefix("/api/v1/namespaces/").unwrap_or_default();
    let mut parts = rest.split('/');
    let namespace = parts.next().unwrap_or_default().to_owned();
    let body = || {
        let body: Value = serde_json::from_str(recorded.body?.get()).ok()?;
        body["metadata"]["name"].as_str().map(str::to_owned)
    };
    let name = parts.nth(1).map(str::to_owned).or_else(body).unwrap_or_default();
    (namespace, name)
}

/// The body as it was sent: with the live object's own resourceVersion where the recording has `rv`.
fn with_version(body: &str, live: Option<&Object>) -> String {
    let version = live.map_or("1", Object::resource_version);
    ["\"resourceVersion\":", "\"resourceVersion\": "]
        .iter()
        .fold(body.to_owned(), |body, key| body.replace(&format!("{key}\"rv\""), &format!("{key}\"{version}\"")))
}

/// The count of versions that each object has had.
#[derive(Default)]
struct Versions {
    /// By uid: how many versions, and the last one.
    seen: BTreeMap<String, (u64, String)>,
}

impl Versions {
    /// An object in the recordings' normal form.
    fn normal(&mut self, live: Option<&Object>) -> Value {
        let Some(live) = live else { return Value::Null };
        let (count, last) = self.seen.entry(live.uid().to_owned()).or_default();
        if *last != live.resource_version() {
            *count += 1;
            live.resource_version().clone_into(last);
        }
        let mut json = live.to_json();
        json["metadata"]["resourceVersion"] = count.to_string().into();
        json
    }
}

/// The object that a dry run answers, without what varies.
fn without_identity(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("uid");
        metadata.remove("resourceVersion");
    }
    object
}

/// The causes of a conflict between managers come in any order.
fn conflicts_sorted(mut status: Value) -> Value {
    if let Some(Value::Array(causes)) = status.pointer_mut("/details/causes")
        && causes.first().is_some_and(|cause| cause["reason"] == "FieldManagerConflict")
    {
        causes.sort_by_key(Value::to_string);
    }
    status
}

/// Every string of a value with `rv` for a resourceVersion.
fn normal_texts(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(normal_text(&text)),
        Value::Array(items) => items.into_iter().map(normal_texts).collect(),
        Value::Object(members) => members.into_iter().map(|(key, value)| (key, normal_texts(value))).collect(),
        other => other,
    }
}

/// A text with `rv` for a resourceVersion.
fn normal_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        let (digits, after) = number.split_at(end);
        out.push_str(before);
        let is_version = digits.parse().is_ok_and(|n: u64| (FIRST_VERSION..FIRST_VERSION + MOST_WRITES).contains(&n));
        out.push_str(if is_version { "rv" } else { digits });
        rest = after;
    }
    out.push_str(rest);
    out
}
