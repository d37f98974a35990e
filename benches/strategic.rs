//! Three-way patches and their application, bytes in to bytes out, beside the floor: reading and writing the same JSON.

#![allow(clippy::expect_used, reason = "a bench has nobody to answer to")]

mod inputs;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use inputs::{Inputs, Keys, SIZES};
use mergekey::schema::Schema;
use mergekey::strategic::{self, Conflicts, ThreeWay};
use serde_json::Value;
use std::hint::black_box;
use std::time::Duration;

/// Reads and writes a document with serde_json.
fn floor(text: &[u8]) -> Vec<u8> {
    let value: Value = serde_json::from_slice(black_box(text)).expect("an input is JSON");
    serde_json::to_vec(&value).expect("a value can be written")
}

fn three_way(inputs: &Inputs, schema: &Schema) -> Vec<u8> {
    let objects = ThreeWay {
        original: Some(black_box(&*inputs.original)),
        modified: black_box(&*inputs.modified),
        current: black_box(&*inputs.current),
    };
    strategic::three_way_bytes(objects, schema, Conflicts::Overwrite).expect("an input can be patched")
}

fn bench(criterion: &mut Criterion) {
    let schema = Schema::builtin("v1", "Service").expect("a Service is built in");
    for keys in Keys::ALL {
        for ports in SIZES {
            let inputs = inputs::inputs(ports, keys);
            let patch = three_way(&inputs, &schema);
            let mut group = criterion.benchmark_group(format!("strategic/{}", keys.name()));
            group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(600));
            group.bench_function(BenchmarkId::new("three_way", ports), |bencher| {
                bencher.iter(|| three_way(&inputs, &schema));
            });
            group.bench_function(BenchmarkId::new("three_way_floor", ports), |bencher| {
                bencher.iter(|| (floor(&inputs.original), floor(&inputs.modified), floor(&inputs.current)));
            });
            group.bench_function(BenchmarkId::new("apply", ports), |bencher| {
                bencher.iter(|| strategic::apply_bytes(black_box(&inputs.current), black_box(&patch), &schema));
            });
            group.bench_function(BenchmarkId::new("apply_floor", ports), |bencher| {
                bencher.iter(|| (floor(&inputs.current), floor(&patch)));
            });
            group.finish();
        }
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
