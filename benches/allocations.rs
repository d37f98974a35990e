//! How much memory each kind of work takes, counted: the same numbers in every run, on every machine of one word size.
//!
//! `cargo bench --bench allocations` prints a row for each work, kind of keys and number of ports: the bytes of the inputs, how often
//! memory was asked for, how many bytes in all, and how many were held at most at one time beyond the inputs. A block that grows
//! counts as a new one, the old one being held meanwhile. `cargo bench --bench allocations -- apply history` prints these works alone.

#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

mod inputs;

use std::hint::black_box;

use allocation_counter::AllocationInfo;
use inputs::{Inputs, Keys};
use mergekey::cluster::{Apply, Cluster, Delete, Outcome, Replace};
use mergekey::explain::Situation;
use mergekey::schema::Schema;
use mergekey::strategic::{self, Conflicts, ThreeWay};
use mergekey::structured::{self, Applied, Force};
use mergekey::{Manifest, explain};

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let largest = if std::env::args().any(|argument| argument == "--bench") { 10_000 } else { 2 };
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let schema = Schema::builtin("v1", "Service").expect("a Service is built in");
    println!("| work | keys | ports | input | allocations | bytes | x input | peak | x input |");
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|");
    type Work = fn(usize, Keys, &Schema) -> Row;
    // The annotation in which kubectl keeps what it applied has no room for ten thousand ports.
    let works: [(&str, Work, &[usize]); 5] = [
        ("three-way", three_way, &[2, 100, 1_000, 10_000]),
        ("apply", apply, &[2, 100, 1_000, 10_000]),
        ("server-side-apply", server_side_apply, &[2, 100, 1_000, 10_000]),
        ("history", history, &[2, 100, 1_000]),
        ("report", report, &[2, 100, 1_000]),
    ];
    for (name, work, sizes) in works {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        for keys in Keys::ALL {
            for &ports in sizes.iter().filter(|ports| **ports <= largest) {
                let Row { input, counted } = work(ports, keys, &schema);
                println!(
                    "| {name} | {} | {ports} | {input} | {} | {} | {} | {} | {} |",
                    keys.name(),
                    counted.count_total,
                    counted.bytes_total,
                    multiple(counted.bytes_total, input),
                    counted.bytes_max,
                    multiple(counted.bytes_max, input),
                );
            }
        }
    }
}

/// What one piece of work took.
struct Row {
    /// The bytes that it reads.
    input: u64,
    counted: AllocationInfo,
}

/// Counts a piece of work on these inputs, what is made once for all left out; a second time, it must take the same.
fn count<T>(inputs: &[&[u8]], work: impl Fn() -> T) -> Row {
    let [_, first, counted] = [(); 3].map(|()| allocation_counter::measure(|| drop(black_box(work()))));
    assert_eq!(first, counted, "the same work takes the same memory");
    let input = inputs.iter().map(|bytes| u64::try_from(bytes.len()).expect("a length")).sum();
    Row { input, counted }
}

/// With one decimal, rounded half up.
fn multiple(bytes: u64, input: u64) -> String {
    let tenths = (20 * bytes + input) / (2 * input);
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn patch(inputs: &Inputs, schema: &Schema) -> Vec<u8> {
    let objects = ThreeWay { original: Some(&inputs.original[..]), modified: &inputs.modified, current: &inputs.current };
    strategic::three_way_bytes(objects, schema, Conflicts::Overwrite).expect("the patch can be made")
}

fn three_way(ports: usize, keys: Keys, schema: &Schema) -> Row {
    let inputs = inputs::inputs(ports, keys);
    count(&[&inputs.original, &inputs.modified, &inputs.current], || patch(&inputs, schema))
}

fn apply(ports: usize, keys: Keys, schema: &Schema) -> Row {
    let inputs = inputs::inputs(ports, keys);
    let patch = patch(&inputs, schema);
    count(&[&inputs.current, &patch], || strategic::apply_bytes(&inputs.current, &patch, schema).expect("the patch applies"))
}

fn server_side_apply(ports: usize, keys: Keys, schema: &Schema) -> Row {
    let Inputs { applied, modified, .. } = inputs::inputs(ports, keys);
    let now = "2026-01-02T03:04:06Z".parse().expect("a time");
    count(&[&applied, &modified], || {
        let apply = Applied { live: Some(&applied[..]), config: &modified[..], manager: "kubectl", force: Force::On, now };
        match structured::apply_bytes(apply, schema) {
            Ok(structured::Outcome::Merged { object, .. }) => object,
            other => panic!("the apply succeeds, not {other:?}"),
        }
    })
}

fn manifest(text: &[u8]) -> Manifest {
    Manifest::from_json(std::str::from_utf8(text).expect("JSON is text")).expect("the manifest is an object")
}

/// The outcome of a command that succeeded.
fn done(outcome: Result<Outcome, mergekey::Error>) -> Outcome {
    let outcome = outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(outcome.succeeded(), "{}", outcome.stderr());
    outcome
}

/// Two manifests, and five commands with them.
fn history(ports: usize, keys: Keys, _: &Schema) -> Row {
    let [before, after] = inputs::manifests(ports, keys);
    count(&[&before, &after], || {
        let (before, after) = (manifest(&before), manifest(&after));
        let mut cluster = Cluster::new();
        done(cluster.apply(&before, Apply::client_side()));
        done(cluster.apply(&after, Apply::client_side()));
        done(cluster.apply(&after, Apply::server_side().force_conflicts()));
        done(cluster.replace(&before, Replace::default()));
        done(cluster.delete("dns", Delete::default()));
        cluster
    })
}

/// The live object and the manifest that was applied to it last, and the report on them as JSON.
fn report(ports: usize, keys: Keys, _: &Schema) -> Row {
    let [before, after] = inputs::manifests(ports, keys);
    let mut cluster = Cluster::new();
    for text in [&before, &after] {
        done(cluster.apply(&manifest(text), Apply::client_side()));
    }
    let live = cluster.get("Service", "default", "dns").expect("was created").to_string().into_bytes();
    count(&[&live, &after], || {
        let live = serde_json::from_slice(&live).expect("is JSON");
        let report = explain(Situation { live: Some(&live), manifest: &manifest(&after) }).expect("is modelled");
        serde_json::to_vec(&report).expect("a report can be written")
    })
}
