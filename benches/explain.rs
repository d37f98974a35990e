//! A whole report, from the live object and the manifest to its JSON, beside reading and writing the same two with serde_json: each
//! over and over by itself, and both in turn, as where something else is done between two reports.

#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use mergekey::cluster::{Apply, Cluster};
use mergekey::explain::Situation;
use mergekey::{Manifest, explain};
use serde_json::{Value, json};

/// UDP and TCP ports in turn, `alike` of them with one number, the first two with a node port.
fn manifest(ports: u16, alike: u16, node_port: u16) -> Manifest {
    let port = |at: u16| {
        let number = 53 + at / alike;
        let protocol = if at.is_multiple_of(2) { "UDP" } else { "TCP" };
        let mut port = json!({"name": format!("p{at}"), "port": number, "protocol": protocol, "targetPort": number + 1000});
        if at < 2 {
            port["nodePort"] = (node_port + at * (2 - alike)).into();
        }
        port
    };
    Manifest::new(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns", "labels": {"app": "dns"}},
        "spec": {"type": "NodePort", "selector": {"app": "dns"}, "ports": (0..ports).map(port).collect::<Vec<_>>()},
    }))
    .expect("an object")
}

/// After the owner moved the node ports. Where two ports have one number, the owner is stuck: one moved, the other did not.
fn live(ports: u16, alike: u16) -> Value {
    let mut cluster = Cluster::new();
    for node_port in [30053, 30063] {
        cluster.apply(&manifest(ports, alike, node_port), Apply::client_side()).expect("is modelled");
    }
    cluster.get("Service", "default", "dns").expect("was created")
}

/// Reads and writes the inputs.
fn floor(texts: &[String; 2]) {
    for text in texts {
        let value: Value = serde_json::from_str(black_box(text)).expect("is JSON");
        black_box(serde_json::to_string(&value).expect("is JSON"));
    }
}

fn report([live, manifest]: &[String; 2]) {
    let live: Value = serde_json::from_str(black_box(live)).expect("is JSON");
    let manifest = Manifest::from_json(black_box(manifest)).expect("is an object");
    let report = explain(Situation { live: Some(&live), manifest: &manifest }).expect("is modelled");
    black_box(serde_json::to_string(&report).expect("is JSON"));
}

/// Runs one and then the other, and takes the time of the first.
fn in_turn(timed: impl Fn(), other: impl Fn(), rounds: u64) -> Duration {
    let round = |_| {
        let start = Instant::now();
        timed();
        let took = start.elapsed();
        other();
        took
    };
    (0..rounds).map(round).sum()
}

fn reports(criterion: &mut Criterion) {
    for (ports, keys, alike) in [(2, "repeated", 2), (2, "unique", 1), (100, "repeated", 2), (1000, "repeated", 2)] {
        let mut group = criterion.benchmark_group(format!("explain/{ports}/{keys}"));
        let (live, manifest) = (live(ports, alike), manifest(ports, alike, 30063));
        let texts = &[live.to_string(), manifest.object().to_string()];
        let (floor, report) = (|| floor(texts), || report(texts));
        group.sample_size(20);
        group.bench_function("floor", |bencher| bencher.iter(floor));
        group.bench_function("report", |bencher| bencher.iter(report));
        group.bench_function("floor in turn", |bencher| bencher.iter_custom(|rounds| in_turn(floor, report, rounds)));
        group.bench_function("report in turn", |bencher| bencher.iter_custom(|rounds| in_turn(report, floor, rounds)));
    }
}

criterion_group!(benches, reports);
criterion_main!(benches);
