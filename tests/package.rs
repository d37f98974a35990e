//! What the crate promises to those who depend on it: data that survives a file, errors like anybody's, snapshots that stay.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

// Of the stories and corpora only some are read here.
#[allow(dead_code)]
mod support;

use mergekey::cluster::{Apply, Cluster, Outcome, Patch, Status};
use mergekey::explain::{Case, Code, Report, Step, Way};
use mergekey::laws::{Law, Violation};
use mergekey::rfc6902::json_patch;
use mergekey::strategy::{Change, Config, Drifted, Edit, History};
use mergekey::value::Value;
use mergekey::{Error, Manifest, explain, strategy};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde::Serialize;
use serde::de::DeserializeOwned;
use support::story;

/// What comes out of a file is what went in.
#[track_caller]
fn survives<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value);
}

#[test]
fn reports_survive_a_file() {
    for name in support::stories() {
        let story = story(&name);
        let report = story.report();
        survives(&report);
        assert_eq!(serde_json::from_str::<Report>(&report.to_json()).unwrap().to_string(), report.to_string(), "{name}");
        story.history.iter().for_each(survives::<Step>);
    }
    Code::ALL.iter().for_each(survives);
    Way::ALL.iter().for_each(survives);
}

/// An outcome keeps all but the objects of its requests.
#[test]
fn outcomes_survive_a_file() {
    let manifest = |node_port: u16| {
        let text = format!(
            r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"web"}},"spec":{{"type":"NodePort","ports":[{{"port":80,"nodePort":{node_port}}}]}}}}"#
        );
        Manifest::from_json(text).unwrap()
    };
    let mut cluster = Cluster::new();
    for (node_port, options) in
        [(30080, Apply::client_side()), (80, Apply::client_side()), (30081, Apply::server_side().field_manager("ci"))]
    {
        let outcome = cluster.apply(&manifest(node_port), options).unwrap();
        let text = serde_json::to_string(&outcome).unwrap();
        let back: Outcome = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
        assert_eq!((back.stdout(), back.stderr(), back.exit_code()), (outcome.stdout(), outcome.stderr(), outcome.exit_code()));
        assert_eq!(back.refusal(), outcome.refusal());
        outcome.refusal().into_iter().for_each(survives::<Status>);
        outcome.requests().iter().for_each(|request| survives::<Value<'static>>(request.body()));
    }
    assert!(serde_json::from_str::<Outcome>(r#"{"stdout":"","stderr":"","exitCode":0,"requests":[{"method":"SEND","path":"","query":[],"type":"","body":null,"code":200,"warnings":[]}]}"#).unwrap_err().to_string().contains("SEND"));
}

/// They go through `?` into whatever a caller's errors are.
#[test]
fn errors_are_errors() {
    fn error<T: std::error::Error + Send + Sync + Clone + PartialEq + 'static>() {}
    error::<Error>();
    error::<Violation>();
    let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(Manifest::from_json("{").unwrap_err());
    assert_eq!(boxed.to_string(), "line 1, column 2: expected a key in double quotes");
    let violation = Violation::from(Manifest::from_json("{").unwrap_err());
    assert_eq!(std::error::Error::source(&violation).unwrap().to_string(), boxed.to_string());
}

/// What the other tests of threads do not name.
#[test]
fn types_of_features_cross_threads() {
    fn relied_on<T: Send + Sync + Clone + std::fmt::Debug + PartialEq>() {}
    relied_on::<(Law, Violation)>();
    relied_on::<(Config, Edit, Change, History, Drifted)>();
    relied_on::<(Patch, Apply)>();
}

/// What another cluster, or another day, would give otherwise.
const REDACTED: [&str; 5] = ["clusterIP", "creationTimestamp", "resourceVersion", "time", "uid"];

/// JSON on lines of its own, with what would not stay taken out.
fn redacted(json: &str) -> String {
    let line = |line: &str| match line.split_once(": ") {
        Some((key, value)) if REDACTED.contains(&key.trim().trim_matches('"')) => {
            format!("{key}: \"[{}]\"{}\n", key.trim().trim_matches('"'), if value.ends_with(',') { "," } else { "" })
        }
        _ => format!("{line}\n"),
    };
    json.lines().map(line).collect()
}

/// A snapshot that a dependent may keep: it changes with what a way does, not with where and when.
#[test]
fn a_snapshot_stays() {
    let story = story("131228");
    let later = Case::new(&story.manifest).history(&story.history).now("2030-01-01T00:00:00Z");
    let of = |report: &Report| redacted(&serde_json::to_string_pretty(report.way(Way::ClientSideApply).unwrap()).unwrap());
    assert_eq!(of(&explain(later).unwrap()), of(&story.report()));
    insta::assert_snapshot!("package_way", of(&story.report()));
}

/// What a report says that a way does is what its patch does: to a JSON document, and sent to the server.
#[test]
fn patches_do_what_the_ways_do() {
    let mut runner = TestRunner::deterministic();
    let generated = strategy::drifted(&Config::default());
    let mut sent = 0;
    for _ in 0..150 {
        let drifted = generated.new_tree(&mut runner).unwrap().current();
        let report = explain(&drifted).unwrap();
        for way in report.ways() {
            let patch = report.json_patch(way.way).unwrap();
            let after = way.live.as_ref().unwrap();
            let mut patched = drifted.live.clone();
            json_patch::patch(&mut patched, &patch).unwrap();
            assert_eq!(stated(&patched), stated(after), "{drifted:?}");

            let mut cluster = Cluster::new();
            cluster.insert(&drifted.live).unwrap();
            let outcome = cluster.patch("web", Patch::from(&patch)).unwrap();
            assert!(outcome.succeeded(), "{}\n{patch}\n{drifted:?}", outcome.stderr());
            assert_eq!(stated(&cluster.get("Service", "default", "web").unwrap()), stated(after), "{patch}\n{drifted:?}");
            sent += usize::from(!patch.is_empty());
        }
    }
    assert!(sent > 200, "{sent}");
}

/// The object without what the server writes itself.
fn stated(object: &serde_json::Value) -> serde_json::Value {
    let mut object = object.clone();
    for field in ["managedFields", "resourceVersion", "generation"] {
        object["metadata"].as_object_mut().unwrap().remove(field);
    }
    object
}
