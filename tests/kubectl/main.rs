//! kubectl where recordings seldom go, as stories: commands in; what they print, how they end and what they send out.
//!
//! The expected lines follow from kubectl's and the server's rules as they are written down upstream, not from a run of ours.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own data has failed")]

mod client_side;
mod server_side;
mod verbs;

use mergekey::Manifest;
use mergekey::cluster::{Cluster, Environment, Outcome, Recorded};
use serde_json::{Value, json};

/// The annotation of client-side apply.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A command, and what comes of it.
struct Step {
    line: String,
    manifest: Option<Value>,
    /// `…` stands for any text, here and in what follows.
    stdout: &'static str,
    stderr: String,
    exit: i32,
    sent: &'static str,
    ports: Option<&'static str>,
}

/// A command that prints one line on standard output; words are parted by blanks.
fn step(line: &str, stdout: &'static str) -> Step {
    Step { line: line.to_owned(), manifest: None, stdout, stderr: String::new(), exit: 0, sent: "", ports: None }
}

/// A command that fails.
fn refused(line: &str, stderr: impl Into<String>) -> Step {
    Step { stderr: stderr.into(), exit: 1, ..step(line, "") }
}

impl Step {
    fn with(self, manifest: &Value) -> Self {
        Step { manifest: Some(manifest.clone()), ..self }
    }

    /// What it prints on standard error without failing.
    fn warns(self, stderr: impl Into<String>) -> Self {
        Step { stderr: stderr.into(), ..self }
    }

    /// Its writes, as `PATCH/strategic kubectl 200`; a repeated one has `x2` behind it.
    fn sends(self, sent: &'static str) -> Self {
        Step { sent, ..self }
    }

    /// The ports of the Service `dns` afterwards, as `53/UDP:30053 80/TCP`.
    fn ports(self, ports: &'static str) -> Self {
        Step { ports: Some(ports), ..self }
    }
}

/// Plays a story in the namespace `ns`, one second a step, and gives the cluster that it ends with.
#[track_caller]
fn check(name: &str, steps: &[Step]) -> Cluster {
    let mut cluster = Cluster::with_environment(Environment::default().namespace("ns"));
    play(name, &mut cluster, steps);
    cluster
}

#[track_caller]
fn play(name: &str, cluster: &mut Cluster, steps: &[Step]) {
    for (second, step) in steps.iter().enumerate() {
        let place = format!("{name}: {}", step.line);
        cluster.set_now(&format!("2026-01-01T00:00:{second:02}Z"));
        let words: Vec<&str> = step.line.split(' ').collect();
        let manifest = step.manifest.clone().map(|object| Manifest::new(object).unwrap().with_file("dns.yaml"));
        let outcome = cluster.kubectl(&words, manifest.as_ref()).map_err(|error| format!("{place}: {error}")).unwrap();
        for (expected, got) in [(step.stdout, outcome.stdout()), (&step.stderr, outcome.stderr())] {
            assert!(fits(expected, got), "{place}\nexpected:\n{expected}\ngot:\n{got}");
        }
        assert_eq!(outcome.exit_code(), step.exit, "{place}");
        assert_eq!(sent(&outcome), step.sent, "{place}");
        if let Some(expected) = step.ports {
            assert_eq!(ports(cluster), expected, "{place}");
        }
    }
}

/// Whether a text is of the form of a pattern.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('…') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('…').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, behind)) = text.split_once(part) else { return false };
        text = behind;
    }
    text.ends_with(end)
}

fn sent(outcome: &Outcome) -> String {
    let lines: Vec<String> = outcome.requests().iter().map(request).collect();
    let runs = lines.chunk_by(|a, b| a == b).map(|run| match run {
        [one] => one.clone(),
        several => format!("{} x{}", several[0], several.len()),
    });
    runs.collect::<Vec<_>>().join(", ")
}

fn request(request: &Recorded) -> String {
    let parameter = |name| request.query().find(|(key, _)| *key == name).map(|(_, value)| value);
    let kind = request.content_type().strip_prefix("application/").and_then(|kind| kind.split('-').next()).unwrap_or_default();
    let mut line = request.method().to_owned();
    if request.method() == "PATCH" {
        line += &format!("/{kind}");
    }
    for (key, name) in [("fieldManager", ""), ("dryRun", "dry "), ("force", "force ")] {
        if let Some(value) = parameter(key).filter(|value| *value != "false") {
            line += &format!(" {name}{value}");
        }
    }
    format!("{line} {}", request.code())
}

fn live(cluster: &Cluster) -> Value {
    cluster.get("Service", "ns", "dns").unwrap_or_default()
}

fn ports(cluster: &Cluster) -> String {
    let ports = live(cluster)["spec"]["ports"].as_array().cloned().unwrap_or_default();
    let port = |port: Value| {
        let node_port = port.get("nodePort").map(|node_port| format!(":{node_port}")).unwrap_or_default();
        format!("{}/{}{node_port}", port["port"], port["protocol"].as_str().unwrap_or_default())
    };
    ports.into_iter().map(port).collect::<Vec<_>>().join(" ")
}

/// Who owns what: `manager Operation second`, one a line; an entry without a time has `-`.
fn managers(cluster: &Cluster) -> String {
    let entries = live(cluster)["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let entry = |entry: Value| {
        let second = entry["time"].as_str().map_or("-", |time| &time[17..19]).to_owned();
        format!("{} {} {second}", entry["manager"].as_str().unwrap_or_default(), entry["operation"].as_str().unwrap_or_default())
    };
    entries.into_iter().map(entry).collect::<Vec<_>>().join("\n")
}

/// The fields of one manager.
fn fields(cluster: &Cluster, manager: &str) -> Value {
    let entries = live(cluster)["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    entries.into_iter().find(|entry| entry["manager"] == manager).map(|entry| entry["fieldsV1"].clone()).unwrap_or_default()
}

/// The Service `dns` with one port.
fn dns(port: u16) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": {"ports": [{"port": port}]}})
}

/// A manifest with further members, as RFC 7386 merges them.
fn edit(mut manifest: Value, further: &Value) -> Value {
    fn merge(into: &mut Value, from: &Value) {
        match (into, from) {
            (Value::Object(into), Value::Object(from)) => {
                from.iter().for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value));
            }
            (into, from) => *into = from.clone(),
        }
    }
    merge(&mut manifest, further);
    manifest
}

/// How kubectl names the Service `dns`.
const DESCRIBED: &str =
    "Resource: \"/v1, Resource=services\", GroupVersionKind: \"/v1, Kind=Service\"\nName: \"dns\", Namespace: \"ns\"\n";

fn created(manifest: &Value) -> Step {
    step("apply -f dns.yaml", "service/dns created\n").with(manifest).sends("POST kubectl-client-side-apply 201")
}
