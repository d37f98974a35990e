//! What the server answers where several things are wrong at once, or one after the other: histories of requests in a short
//! notation, with the answers that upstream's order of steps leads to. `scenarios.txt` says how it reads.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot read its own data has failed")]

use std::collections::BTreeMap;

use mergekey::cluster::{Cluster, Method, Object, Request, Response};
use serde_json::Value as Json;

const SCENARIOS: &str = include_str!("scenarios.txt");

/// A request and what is expected of its answer.
struct Step {
    sent: String,
    expected: Vec<String>,
}

struct Scenario {
    name: String,
    steps: Vec<Step>,
}

/// The scenarios, abbreviations written out.
fn scenarios() -> Vec<Scenario> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut scenarios: Vec<Scenario> = Vec::new();
    let (_, lines) = SCENARIOS.split_once("\n\n@").unwrap();
    for line in format!("@{lines}").lines().filter(|line| !line.trim().is_empty()) {
        let written_out = texts.iter().fold(line.to_owned(), |line, (name, text)| line.replace(&format!("«{name}»"), text));
        if let Some((name, text)) = line.strip_prefix('@').and_then(|line| line.split_once(" = ")) {
            let text = texts.iter().fold(text.to_owned(), |text, (name, other)| text.replace(&format!("«{name}»"), other));
            texts.insert(name.to_owned(), text);
        } else if let Some(name) = line.strip_prefix("# ") {
            scenarios.push(Scenario { name: name.to_owned(), steps: Vec::new() });
        } else if let Some(expected) = written_out.strip_prefix("  ") {
            let step = scenarios.last_mut().and_then(|scenario| scenario.steps.last_mut());
            step.unwrap_or_else(|| panic!("expected of nothing: {line}")).expected.push(expected.to_owned());
        } else {
            let scenario = scenarios.last_mut().unwrap_or_else(|| panic!("outside of a scenario: {line}"));
            scenario.steps.push(Step { sent: written_out, expected: Vec::new() });
        }
    }
    scenarios
}

/// `merge dns ?dryRun=All {…}`
fn request(line: &str) -> Request {
    let (head, body) = line.split_at(line.find(['{', '[', '"']).unwrap_or(line.len()));
    let mut words = head.split_whitespace();
    let verb = words.next().unwrap();
    let (method, content_type) = match verb {
        "strategic" => (Method::Patch, "application/strategic-merge-patch+json"),
        "merge" => (Method::Patch, "application/merge-patch+json"),
        "json" => (Method::Patch, "application/json-patch+json"),
        "apply" => (Method::Patch, "application/apply-patch+yaml"),
        method => (Method::from_name(method).unwrap(), "application/json"),
    };
    let mut words: Vec<_> = words.collect();
    let query = words.pop_if(|word| word.starts_with('?'));
    let place = words.pop().unwrap_or_default();
    let (namespace, name) = place.split_once('/').unwrap_or(("ns", place));
    let name = if name.is_empty() { String::new() } else { format!("/{name}") };
    let mut request = Request::new(method, format!("/api/v1/namespaces/{namespace}/services{name}"))
        .content_type(content_type)
        .user_agent("test/1")
        .body(body);
    for pair in query.unwrap_or_default().trim_start_matches('?').split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap();
        request = request.query(key, value);
    }
    request
}

fn objects(cluster: &Cluster) -> Vec<Json> {
    cluster.objects().map(Object::to_json).collect()
}

/// The message that the causes of an invalid Service make up.
fn message_of_causes(response: &Response) -> Option<String> {
    let details = response.status()?.details().filter(|details| details.kind() == "Service" && response.code() == 422)?;
    let causes: Vec<_> = details.causes().iter().map(|cause| format!("{}: {}", cause.field(), cause.message())).collect();
    let causes = if let [only] = &*causes { only.clone() } else { format!("[{}]", causes.join(", ")) };
    Some(format!("Service {:?} is invalid: {causes}", details.name()))
}

/// What stands at a pointer of an object, or `-`.
fn at(object: Option<Json>, pointer: &str) -> String {
    object.as_ref().and_then(|object| object.pointer(pointer)).map_or("-".to_owned(), ToString::to_string)
}

/// What differs from what is expected, told by the request.
fn check(scenario: &Scenario) -> Vec<String> {
    let mut cluster = Cluster::new();
    let mut differences = Vec::new();
    for Step { sent, expected } in &scenario.steps {
        let mut equal = |what: &str, got: &str, expected: &str| {
            if got != expected {
                differences.push(format!("{}: {sent}\n  {what}\n  expected {expected}\n       got {got}\n", scenario.name));
            }
        };
        let before = objects(&cluster);
        let response = match cluster.handle(&request(sent)) {
            Ok(response) => response,
            Err(error) => {
                equal("answer", &error.to_string(), "one");
                continue;
            }
        };
        let message = response.status().map_or("", |status| status.message());
        let answer = format!("{} {}", response.code(), message.replace('\n', "\\n"));
        equal("answer", answer.trim_end(), expected.first().map_or("", |line| line));
        equal("causes", &message_of_causes(&response).unwrap_or(message.to_owned()), message);
        if response.code() >= 400 || sent.contains("dryRun") {
            equal("stored", &format!("{:?}", objects(&cluster)), &format!("{before:?}"));
        }
        let warnings: Vec<_> = expected.iter().filter_map(|line| line.strip_prefix("warns ")).collect();
        equal("warnings", &response.warnings().join("; "), &warnings.join("; "));
        for line in expected.iter().skip(1).filter(|line| !line.starts_with("warns ")) {
            let (what, rest) = line.split_once(' ').unwrap();
            let (pointer, value) = rest.split_once(' ').unwrap();
            let object = match what {
                "answers" => response.object().map(Object::to_json),
                "stores" => objects(&cluster).into_iter().find(|object| object["metadata"]["name"] == "dns"),
                other => panic!("what is {other}?"),
            };
            equal(line, &at(object, pointer), value);
        }
    }
    differences
}

#[test]
fn every_scenario() {
    let scenarios = scenarios();
    assert!(scenarios.len() > 40, "only {} scenarios were read", scenarios.len());
    let differences: Vec<_> = scenarios.iter().flat_map(check).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
