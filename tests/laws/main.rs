//! Laws of the cluster and of `explain`, on histories and live objects that are made up.
//!
//! The cases are few here. For many: `PROPTEST_CASES=100000 cargo test --release --test laws`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod cluster;
mod explain;

use mergekey::Manifest;
use mergekey::cluster::{Cluster, Outcome};
use mergekey::explain::Step;
use mergekey::strategy::{Config, History, histories};
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Unless many are asked for, as many as a debug build runs in passing.
fn cases() -> ProptestConfig {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 64 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn some_history() -> impl Strategy<Value = History> {
    histories(&Config::default())
}

/// The cluster after the commands.
fn played(steps: &[Step]) -> Cluster {
    let mut cluster = Cluster::new();
    for step in steps {
        let manifest = step.manifest.clone().map(|manifest| Manifest::new(manifest).unwrap());
        cluster.kubectl(&step.kubectl, manifest.as_ref()).unwrap();
    }
    cluster
}

fn live(cluster: &Cluster) -> Option<Value> {
    cluster.get("Service", "default", "web")
}

fn run(cluster: &mut Cluster, command: &str, manifest: &Manifest) -> Outcome {
    let words: Vec<&str> = command.split(' ').collect();
    cluster.kubectl(&words, Some(manifest)).unwrap()
}

/// Whether the live object has what the manifest states: its ports and no others, and all else that it states.
fn has(live: Option<&Value>, manifest: &Value) -> bool {
    let members = |object: &Value| -> Map<String, Value> {
        let mut members = object.as_object().cloned().unwrap_or_default();
        if let Some(spec) = members.get_mut("spec").and_then(Value::as_object_mut) {
            spec.remove("ports");
        }
        members
    };
    let Some(live) = live else { return false };
    let same_ports = match manifest.pointer("/spec/ports").and_then(Value::as_array) {
        None => true,
        Some(wanted) => {
            let mut ports = live.pointer("/spec/ports").and_then(Value::as_array).cloned().unwrap_or_default();
            ports.len() == wanted.len()
                && wanted.iter().all(|port| {
                    let mut port = port.clone();
                    port.as_object_mut().unwrap().entry("protocol").or_insert("TCP".into());
                    let place = ports.iter().position(|live| covers(live, &port));
                    place.map(|place| ports.remove(place)).is_some()
                })
        }
    };
    same_ports && covers(&Value::Object(members(live)), &Value::Object(members(manifest)))
}

/// Whether the one has all that the other states; what is empty may be absent.
fn covers(live: &Value, stated: &Value) -> bool {
    match stated {
        Value::Object(stated) => stated.iter().all(|(name, stated)| match live.get(name) {
            Some(live) => covers(live, stated),
            None => covers(&Value::Null, stated),
        }),
        Value::Array(stated) if stated.is_empty() => live.is_null() || live == &Value::Array(Vec::new()),
        Value::Null => true,
        Value::Bool(false) => live.is_null() || live == stated,
        Value::Number(number) if number.as_f64() == Some(0.0) => live.is_null() || live == stated,
        Value::String(text) if text.is_empty() => live.is_null() || live == stated,
        stated => live == stated,
    }
}
