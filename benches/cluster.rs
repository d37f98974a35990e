//! Whole histories of kubectl commands on a Service with two ports, from the manifests to the last outcome.
//!
//! `cargo bench --bench cluster`

#![allow(clippy::panic, reason = "a benchmark that does not run is no benchmark")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use mergekey::Manifest;
use mergekey::cluster::{Apply, Cluster, Delete, Outcome, Replace};

/// One node port for UDP and TCP, the shape of kubernetes/kubernetes#131228.
fn manifest(node_port: u16) -> Manifest {
    let object = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "dns", "labels": {"app": "dns"}},
        "spec": {
            "type": "NodePort",
            "selector": {"app": "dns"},
            "ports": [
                {"name": "dns", "protocol": "UDP", "port": 53, "nodePort": node_port},
                {"name": "dns-tcp", "protocol": "TCP", "port": 53, "nodePort": node_port},
            ],
        },
    });
    Manifest::new(object).unwrap_or_else(|error| panic!("{error}"))
}

/// The outcome of a command that succeeded.
fn done(outcome: Result<Outcome, mergekey::Error>) -> Outcome {
    let outcome = outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(outcome.succeeded(), "{}", outcome.stderr());
    outcome
}

fn history(criterion: &mut Criterion) {
    let (before, after) = (manifest(30053), manifest(30054));
    criterion.bench_function("history/five_commands_two_ports", |bencher| {
        bencher.iter(|| {
            let mut cluster = Cluster::new();
            done(cluster.apply(black_box(&before), Apply::client_side()));
            done(cluster.apply(black_box(&after), Apply::client_side()));
            done(cluster.apply(black_box(&after), Apply::server_side().force_conflicts()));
            done(cluster.replace(black_box(&before), Replace::default()));
            done(cluster.delete("dns", Delete::default()));
            cluster
        });
    });
}

/// Each command alone, on a fork of a server where it has something to do.
fn commands(criterion: &mut Criterion) {
    let (before, after) = (manifest(30053), manifest(30054));
    let mut applied = Cluster::new();
    done(applied.apply(&before, Apply::client_side()));
    let mut owned = Cluster::new();
    done(owned.apply(&before, Apply::server_side()));

    type Command<'m> = Box<dyn Fn(&mut Cluster) -> Outcome + 'm>;
    let cases: [(&str, &Cluster, Command<'_>); 5] = [
        ("apply/create", &Cluster::new(), Box::new(|cluster| done(cluster.apply(&before, Apply::client_side())))),
        ("apply/patch", &applied, Box::new(|cluster| done(cluster.apply(&after, Apply::client_side())))),
        ("apply/server_side", &owned, Box::new(|cluster| done(cluster.apply(&after, Apply::server_side())))),
        ("apply/server_side_with_migration", &applied, Box::new(|cluster| done(cluster.apply(&after, Apply::server_side())))),
        ("replace", &applied, Box::new(|cluster| done(cluster.replace(&after, Replace::default())))),
    ];
    for (name, cluster, command) in cases {
        criterion.bench_function(name, |bencher| bencher.iter(|| command(&mut cluster.clone())));
    }
}

criterion_group!(benches, history, commands);
criterion_main!(benches);
