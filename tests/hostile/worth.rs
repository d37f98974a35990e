//! Whether the hostile input is any good: input that is refused at the first door tests that door alone.

use std::collections::BTreeMap;

use mergekey::cluster::Cluster;
use mergekey::explain::Situation;
use mergekey::schema::Schema;
use mergekey::strategic::{self, Conflicts, Options, ThreeWay};
use mergekey::structured::{self, Applied, Outcome};
use mergekey::{Error, Manifest, explain};

use super::dice::Dice;
use super::entries;

/// Bytes that look random and are the same every time.
fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..400).map(next).collect()
}

/// How often each outcome came.
#[derive(Debug, Default)]
struct Seen(BTreeMap<String, usize>);

impl Seen {
    fn saw(&mut self, what: impl Into<String>) {
        *self.0.entry(what.into()).or_default() += 1;
    }

    #[track_caller]
    fn has(&self, expected: &[&str]) {
        for what in expected {
            assert!(self.0.contains_key(*what), "{what} never came of it: {:?}", self.0);
        }
    }
}

fn kind(error: &Error) -> &'static str {
    type Is = fn(&Error) -> bool;
    let kinds = [
        ("wrong type", Error::is_wrong_type as Is),
        ("order mismatch", Error::is_order_mismatch),
        ("conflict", Error::is_conflict),
        ("precondition", Error::is_precondition),
        ("element types", Error::is_element_types),
        ("missing merge key", Error::is_missing_merge_key),
        ("bad directive", Error::is_bad_directive),
        ("schema", Error::is_schema),
        ("invalid", Error::is_invalid),
    ];
    kinds.iter().find(|(_, is)| is(error)).map_or("other", |(kind, _)| kind)
}

#[test]
fn requests_reach_every_answer() {
    let mut seen = Seen::default();
    for seed in 0..1_500 {
        let bytes = bytes(seed);
        let mut dice = Dice::new(&bytes);
        let mut cluster = Cluster::new();
        for _ in 0..4 {
            match cluster.handle(&entries::request(&mut dice)) {
                Ok(response) => seen.saw(response.code().to_string()),
                Err(_) => seen.saw("not modelled"),
            }
        }
        seen.saw(format!("{} objects", cluster.objects().count()));
    }
    seen.has(&["200", "201", "400", "404", "409", "415", "422", "500", "not modelled", "0 objects", "1 objects"]);
}

#[test]
fn engines_reach_every_error() {
    let schema = Schema::builtin("v1", "Service").unwrap();
    let mut seen = Seen::default();
    for seed in 0..1_500 {
        let bytes = bytes(seed);
        let mut dice = Dice::new(&bytes);
        let [a, b, c] = [dice.object(), dice.object(), dice.object()];
        let objects = ThreeWay { original: Some(&a), modified: &b, current: &c };
        let options = Options::new().conflicts(Conflicts::Refuse).identity_unchanged();
        for options in [options, Options::new()] {
            match strategic::three_way(objects, &schema, options) {
                Ok(patch) => seen.saw(if patch == serde_json::json!({}) { "no patch" } else { "a patch" }),
                Err(error) => seen.saw(kind(&error)),
            }
        }
        match strategic::apply(&a, &dice.patch(), &schema) {
            Ok(_) => seen.saw("patched"),
            Err(error) => seen.saw(kind(&error)),
        }
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let applied = Applied { live: Some(&a), config: &b, manager: "ci", force: false.into(), now };
        match structured::apply(applied, &schema) {
            Ok(Outcome::Conflicts(_)) => seen.saw("conflicts"),
            Ok(_) => seen.saw("merged"),
            Err(error) => seen.saw(kind(&error)),
        }
    }
    seen.has(&["a patch", "no patch", "patched", "merged", "conflicts"]);
    seen.has(&[
        "wrong type",
        "order mismatch",
        "conflict",
        "precondition",
        "element types",
        "missing merge key",
        "bad directive",
    ]);
    seen.has(&["schema", "invalid"]);
}

#[test]
fn reports_reach_most_findings() {
    let mut seen = Seen::default();
    for seed in 0..600 {
        let bytes = bytes(seed);
        let mut dice = Dice::new(&bytes);
        let live = dice.object();
        let Ok(manifest) = Manifest::new(dice.object()) else { continue };
        match explain(Situation { live: Some(&live), manifest: &manifest }) {
            Ok(report) => {
                report.findings().iter().for_each(|finding| seen.saw(finding.code().as_str()));
                seen.saw(if report.remedies().is_empty() { "no remedy" } else { "remedies" });
            }
            Err(_) => seen.saw("an error"),
        }
    }
    seen.has(&["an error", "remedies", "no remedy", "MK001", "MK002", "MK004", "MK009", "MK013", "MK019"]);
    assert!(seen.0.len() >= 14, "{:?}", seen.0);
}
