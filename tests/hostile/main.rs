//! Hostile input for every public entry: nothing panics, nothing is lost, what is refused changes nothing.
//!
//! The cases are few here. For many: `PROPTEST_CASES=100000 cargo test --release --test hostile`; for a fuzzer: `fuzz/README.md`.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod dice;
mod entries;
mod found;
mod limits;
mod worth;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};

/// The entry of that name, with random bytes. The name is the one of the fuzz target.
fn check(name: &str) {
    let (_, entry) = entries::ALL.iter().find(|(known, _)| *known == name).unwrap();
    let config = ProptestConfig { failure_persistence: None, max_shrink_iters: 4096, ..ProptestConfig::default() };
    let run = TestRunner::new(config).run(&vec(any::<u8>(), 0..400), |bytes| {
        entry(&bytes);
        Ok(())
    });
    match run {
        Err(TestError::Fail(reason, bytes)) => panic!("{name}: {reason}\nthe least input that fails: {bytes:?}"),
        run => run.unwrap(),
    }
}

macro_rules! entries {
    ($($name:ident)*) => {
        $(#[test] fn $name() { check(stringify!($name)); })*

        #[test]
        fn every_entry_is_tested_and_has_a_fuzz_target() {
            let tested = [$(stringify!($name)),*];
            assert_eq!(entries::ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>(), tested);
            let targets = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
            for name in tested {
                assert!(targets.join(format!("{name}.rs")).exists(), "{name} has no fuzz target");
            }
        }
    };
}

entries!(values paths schemas manifests strategic structured services requests kubectl reports report_json);
