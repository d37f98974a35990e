//! Server-side apply, bytes in to bytes out, over Services of 2 to 10,000 ports.

#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

#[path = "inputs/mod.rs"]
mod inputs;

use criterion::{BenchmarkId, Criterion, Throughput};
use inputs::{Inputs, Keys, SIZES, inputs};
use mergekey::schema::Schema;
use mergekey::structured::{self, Applied, Force, Outcome, Time};

fn apply(criterion: &mut Criterion, schema: &Schema, now: Time) {
    for keys in Keys::ALL {
        let mut group = criterion.benchmark_group(format!("server-side-apply/{}", keys.name()));
        for ports in SIZES {
            let Inputs { modified, applied, .. } = inputs(ports, keys);
            group.throughput(Throughput::Bytes(u64::try_from(modified.len() + applied.len()).unwrap_or(u64::MAX)));
            group.bench_function(BenchmarkId::from_parameter(ports), |bencher| {
                bencher.iter(|| {
                    let apply =
                        Applied { live: Some(&applied[..]), config: &modified[..], manager: "kubectl", force: Force::On, now };
                    match structured::apply_bytes(apply, schema) {
                        Ok(Outcome::Merged { object, .. }) => object.len(),
                        _ => 0,
                    }
                });
            });
        }
        group.finish();
    }
}

fn main() -> Result<(), mergekey::Error> {
    let schema = Schema::builtin("v1", "Service")?;
    let now = "2026-01-02T03:04:06Z".parse()?;
    let mut criterion = Criterion::default().configure_from_args();
    apply(&mut criterion, &schema, now);
    criterion.final_summary();
    Ok(())
}
