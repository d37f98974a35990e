//! Every recorded corpus, replayed by the same code as `cargo run --example replay`.

#[path = "../examples/replay/case.rs"]
mod case;
#[path = "../examples/replay/merge.rs"]
mod merge;
#[path = "../examples/replay/operations.rs"]
mod operations;
#[path = "../examples/replay/run.rs"]
mod run;
#[path = "../examples/replay/transcript.rs"]
mod transcript;

use std::path::Path;

use case::Context;

fn corpus(name: &str) -> String {
    format!("{}/tests/corpus/v1_37/{name}.jsonl.gz", env!("CARGO_MANIFEST_DIR"))
}

/// Replays a whole corpus; every case passes.
#[allow(clippy::expect_used, reason = "a helper of tests")]
#[track_caller]
fn check(name: &str, context: &Context) {
    let mut failures = String::new();
    let counts = run::file(Path::new(&corpus(name)), &run::Selection::default(), context, &mut |failure| {
        failures.push_str(failure);
    });
    let counts = counts.expect("a corpus that can be read");
    assert!(counts.failed == 0 && counts.passed > 0, "{failures}{counts}");
}

/// kubectl and the server print the errors of a merge: their texts are upstream's, not only their kind.
#[test]
fn merge() {
    check("merge", &Context { texts: true, ..Context::default() });
}
