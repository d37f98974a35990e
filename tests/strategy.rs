//! The generators: what they make is valid, reaches every shape, and shrinks to something small.

#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use mergekey::cluster::{Cluster, Create};
use mergekey::explain::{Case, Code, WayOutcome};
use mergekey::laws::{self, Law};
use mergekey::strategy::{Config, changes, drifted, edits, histories, manifests};
use mergekey::{Manifest, explain};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config as Runs, RngAlgorithm, TestError, TestRng, TestRunner};
use serde_json::Value;

/// So many values, the same in every run.
fn sample<S: Strategy>(strategy: S, count: usize) -> impl Iterator<Item = S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(move |_| strategy.new_tree(&mut runner).unwrap().current())
}

/// Of a live Service they may all be gone.
fn ports(service: &Value) -> &[Value] {
    service["spec"]["ports"].as_array().map_or(&[], Vec::as_slice)
}

/// Whether a port number stands twice.
fn repeats(service: &Value) -> bool {
    let numbers: BTreeSet<u64> = ports(service).iter().map(|port| port["port"].as_u64().unwrap()).collect();
    numbers.len() < ports(service).len()
}

/// What a server says against it as a new Service.
fn refusal(manifest: &Value) -> String {
    let outcome = Cluster::new().create(&Manifest::try_from(manifest).unwrap(), Create::default()).unwrap();
    outcome.stderr().lines().filter(|line| !line.starts_with("Warning: ")).collect()
}

/// How many of 400 manifests have a number twice.
fn repeated(config: &Config) -> usize {
    sample(manifests(config), 400).filter(repeats).count()
}

#[test]
fn manifests_are_valid() {
    for manifest in sample(manifests(&Config::default()), 500) {
        assert_eq!(refusal(&manifest), "", "{manifest}");
    }
}

#[test]
fn edits_keep_manifests_valid_and_most_change_something() {
    let pairs = sample((manifests(&Config::default()), edits(&Config::default())), 500);
    let mut changed = 0;
    for (manifest, edit) in pairs {
        let edited = edit.apply(&manifest);
        assert_eq!(refusal(&edited), "", "{edit:?} {manifest}");
        changed += usize::from(edited != manifest);
    }
    assert!(changed > 250, "{changed} of 500");
}

#[test]
fn size_and_share_are_as_configured() {
    for manifest in sample(manifests(&Config::default().ports(3..=3).name("dns")), 50) {
        assert_eq!(ports(&manifest).len(), 3);
        assert_eq!(manifest["metadata"]["name"], "dns");
    }
    let large = sample(manifests(&Config::default().ports(500..=500)), 1).next().unwrap();
    assert_eq!(ports(&large).len(), 500);
    assert_eq!(refusal(&large), "");
    let huge = sample(manifests(&Config::default().ports(3000..=3000)), 1).next().unwrap();
    assert_eq!(refusal(&huge), "");
    assert!((160..240).contains(&repeated(&Config::default())), "{}", repeated(&Config::default()));
    assert_eq!(repeated(&Config::default().repeated(0.0)), 0);
    assert_eq!(repeated(&Config::default().repeated(1.0)), 400);
    assert_eq!(repeated(&Config::default().repeated(1.0).ports(1..=1)), 0, "one port repeats nothing");
    for change in sample(changes(&Config::default().repeated(0.0)), 300) {
        assert!(!repeats(&change.new), "{change:?}");
    }
}

/// Codes that no generated case can have, each with its reason. There is none at the moment.
const OUT_OF_REACH: [Code; 0] = [];

/// Every shape occurs: repeated ports, every finding, every outcome, refusals and conflicts.
#[test]
fn every_shape_is_reached() {
    let config = Config::default();
    let mut codes: BTreeMap<Code, usize> = BTreeMap::new();
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let (mut cases, mut repeated, mut diverging, mut remedied) = (0, 0, 0, 0);
    let mut see = |case: Case<'_>| {
        let report = explain(case).unwrap();
        for finding in report.findings() {
            *codes.entry(finding.code()).or_default() += 1;
        }
        for way in report.ways() {
            *outcomes.entry(format!("{:?} {:?}", way.way, way.outcome)).or_default() += 1;
        }
        let live = report.before().is_some_and(repeats);
        cases += 1;
        repeated += usize::from(repeats(report.manifest()) || live);
        diverging += usize::from(report.diverges());
        remedied += usize::from(!report.remedies().is_empty());
        assert!(report.notes().iter().all(|note| !format!("{note:?}").contains("NotModelled")), "{report}");
    };
    for history in sample(histories(&config), 300) {
        see((&history).into());
    }
    for drifted in sample(drifted(&config), 300) {
        see((&drifted).into());
    }
    for manifest in sample(manifests(&config), 10) {
        see(Case::new(&Manifest::new(manifest).unwrap()));
    }
    let told =
        format!("{codes:#?}\n{outcomes:#?}\n{cases} cases, {repeated} repeated, {diverging} diverging, {remedied} remedied");
    assert!(repeated * 10 >= cases * 3, "at least 30 % have a repeated port: {told}");
    let missing: Vec<_> =
        Code::ALL.into_iter().filter(|code| !codes.contains_key(code) && !OUT_OF_REACH.contains(code)).collect();
    assert_eq!(missing, [], "{told}");
    for outcome in [WayOutcome::Created, WayOutcome::Configured, WayOutcome::Unchanged, WayOutcome::Rejected] {
        assert!(outcomes.contains_key(&format!("ClientSideApply {outcome:?}")), "{outcome:?}: {told}");
    }
    for outcome in ["ServerSideApply Conflict", "Replace Rejected", "ClientSideApply ClientError"] {
        assert!(outcomes.contains_key(outcome), "{outcome}: {told}");
    }
}

/// The smallest change that breaks a law, with the message of the test that fails.
fn counterexample(config: &Config, laws: &'static [Law]) -> (Value, Value, String) {
    let runs = Runs { cases: 500, failure_persistence: None, ..Runs::default() };
    let mut runner = TestRunner::new_with_rng(runs, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let error = runner
        .run(&changes(config), |change| Ok(laws::check_change(laws, &change.old, &change.new)?))
        .expect_err("a change that breaks a law");
    let TestError::Fail(reason, change) = error else { panic!("{error}") };
    (change.old, change.new, reason.to_string())
}

/// What is left has what breaks the law, and nothing else.
#[test]
fn shrinks_to_a_small_valid_service() {
    for law in [&[Law::NeverLosesAPort], &[Law::Converges], &[Law::BothAppliesAgree], &[Law::Idempotent]] {
        let (old, new, reason) = counterexample(&Config::default(), law);
        for manifest in [&old, &new] {
            assert_eq!(refusal(manifest), "");
            assert!((1..=2).contains(&ports(manifest).len()), "{law:?}: {manifest}");
            assert!(manifest["metadata"].as_object().unwrap().len() == 1, "{law:?}: only a name: {manifest}");
            let members = manifest["spec"].as_object().unwrap().keys();
            assert!(members.into_iter().all(|key| key == "ports" || key == "type"), "{law:?}: {manifest}");
        }
        assert!(reason.starts_with(&format!("does not hold: {}\n\nService default/web: ", law[0].statement())), "{reason}");
        assert!(reason.contains("[MK0"), "{reason}");
    }
}

/// Where no number repeats and nobody else writes, an apply of either kind brings every port.
#[test]
fn unique_numbers_lose_no_port() {
    let runs = Runs { cases: 100, failure_persistence: None, ..Runs::default() };
    let mut runner = TestRunner::new_with_rng(runs, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let unique = Config::default().repeated(0.0);
    runner.run(&changes(&unique), |change| Ok(laws::never_loses_a_port(&change.old, &change.new)?)).unwrap();
}

/// A report runs no command twice where the answer is known; each of its ways is what the commands do when all are run.
#[test]
fn ways_are_as_run() {
    for history in sample(histories(&Config::default()), 150) {
        let report = explain(&history).unwrap();
        let mut cluster = Cluster::new();
        for step in &history.steps {
            let manifest = step.manifest.clone().map(|manifest| Manifest::new(manifest).unwrap());
            cluster.kubectl(&step.kubectl, manifest.as_ref()).unwrap();
        }
        let (namespace, name) = (&*report.object().namespace, &*report.object().name);
        for way in report.ways() {
            let line: Vec<&str> = way.command.split(' ').collect();
            let mut fork = cluster.clone();
            let first = fork.kubectl(&line, Some(&history.manifest)).unwrap();
            assert_eq!(first.stderr(), way.error.as_deref().unwrap_or(first.stderr()), "{history:?}");
            assert_eq!(first.succeeded(), way.outcome.succeeded(), "{history:?}");
            assert_eq!(fork.get("Service", namespace, name).as_ref(), way.live.as_deref(), "{history:?}");
            let again = fork.kubectl(&line, Some(&history.manifest)).unwrap();
            assert_eq!(again.succeeded(), way.again.outcome.succeeded(), "{history:?}");
            let word = again.stdout().split_whitespace().next_back();
            assert!(!again.succeeded() || word == Some(way.again.outcome.as_str()), "{history:?}");
        }
    }
}
