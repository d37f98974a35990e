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

/// Replays a whole corpus; every case passes.
#[allow(clippy::expect_used, reason = "a helper of tests")]
#[track_caller]
fn check(corpus: &str, context: &Context) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(corpus);
    let mut failures = String::new();
    let counts = run::file(&file, &run::Selection::default(), context, &mut |failure| failures.push_str(failure));
    let counts = counts.expect("a corpus that can be read");
    assert!(counts.failed == 0 && counts.passed > 0, "{failures}{counts}");
}

/// kubectl and the server print the errors of a merge: their texts are upstream's, not only their kind.
#[test]
fn merge() {
    check("v1_37/merge.jsonl.gz", &Context { texts: true, ..Context::default() });
}

#[test]
fn merge_of_a_custom_kind() {
    let mut context = Context { texts: true, ..Context::default() };
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/custom/openapi.json");
    assert_eq!(context.add_openapi(&document), Ok(()));
    check("custom/merge.jsonl", &context);
    check("generated/router.jsonl.gz", &context);
}

#[test]
fn structured() {
    check("v1_37/structured.jsonl.gz", &Context::default());
}

#[test]
fn structured_of_odd_owners() {
    check("generated/owners.jsonl.gz", &Context::default());
}

#[test]
fn structured_of_a_custom_kind() {
    let mut context = Context::default();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/generated/widget.openapi.json");
    assert_eq!(context.add_openapi(&document), Ok(()));
    check("generated/widget.jsonl.gz", &context);
}

#[test]
fn http() {
    check("v1_37/http.jsonl.gz", &Context::default());
}

#[test]
fn http_of_odd_values() {
    check("generated/requests.jsonl.gz", &Context::default());
}

#[test]
fn corner() {
    check("v1_37/corner.jsonl.gz", &Context::default());
}

#[test]
fn kubectl() {
    check("v1_37/kubectl.jsonl.gz", &Context::default());
}

#[test]
fn kubectl_with_odd_manifests() {
    check("generated/commands.jsonl.gz", &Context::default());
}

#[test]
fn fork() {
    check("v1_37/fork.jsonl.gz", &Context::default());
}

#[test]
fn casebook() {
    check("v1_37/casebook.jsonl.gz", &Context::default());
}

/// Older kubectl tells the same stories, but for the line in which it tells of a deletion.
#[test]
fn casebook_of_older_kubectl() {
    check("v1_37/casebook-v1.27.16.jsonl.gz", &Context::default());
    check("v1_37/casebook-v1.33.1.jsonl.gz", &Context::default());
}
