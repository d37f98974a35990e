//! What `docs/promises.md` claims: the tests that it names exist, and its counts are no larger than what is there.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "only the size of the world is asked for")]

#[path = "../examples/atlas/world.rs"]
mod world;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a directory whose names end so.
fn files(directory: &Path, ends: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files(&path, ends));
        } else if ends.iter().any(|end| path.to_str().unwrap().ends_with(end)) {
            found.push(path);
        }
    }
    found
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/promises.md")).unwrap()
}

/// The source of a test file or of all files of a test directory.
fn test_source(name: &str) -> Option<String> {
    let file = root().join("tests").join(format!("{name}.rs"));
    let directory = root().join("tests").join(name);
    let paths = if file.exists() { vec![file] } else { directory.is_dir().then(|| files(&directory, &[".rs"]))? };
    Some(paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect())
}

#[test]
fn every_test_that_the_page_names_exists() {
    let page = page();
    let named = page.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::"));
    let mut count = 0;
    for (file, test) in named.filter(|(file, _)| *file != "value") {
        let source = test_source(file).unwrap_or_else(|| panic!("there is no test {file}"));
        // A function, or a word of a list that a macro makes functions of.
        let words = source.split(|c: char| !c.is_alphanumeric() && c != '_');
        assert!(words.into_iter().any(|word| word == test), "{file}::{test} does not exist");
        count += 1;
    }
    assert!(count > 40, "{count}");
}

#[test]
fn the_counts_are_no_larger_than_what_is_there() {
    let lines = |path: &PathBuf| {
        let file = std::fs::File::open(path).unwrap();
        let text: Box<dyn std::io::Read> = match path.extension().is_some_and(|extension| extension == "gz") {
            true => Box::new(flate2::read::GzDecoder::new(file)),
            false => Box::new(file),
        };
        BufReader::new(text).lines().map(Result::unwrap).filter(|line| !line.trim().is_empty()).count()
    };
    let recordings: usize = files(&root().join("tests/corpus"), &[".jsonl", ".jsonl.gz"]).iter().map(lines).sum();
    let entries = files(&root().join("fuzz/fuzz_targets"), &[".rs"]).len();
    let sources = ["src", "tests", "examples"].into_iter().flat_map(|directory| files(&root().join(directory), &[".rs"]));
    let tests: usize = sources.map(|path| std::fs::read_to_string(path).unwrap().matches("#[test]").count()).sum();
    let services = world::State::all(world::Size { ports: 3, node_ports: 3 }).len();

    let page = page();
    for (count, what) in [
        (recordings, "recordings of a real Kubernetes are replayed"),
        (entries, "public entries have a fuzz target and a property test"),
        (tests, "functions are tests"),
        (services * services, "pairs of Services are in the atlas"),
    ] {
        println!("{count} {what}");
        let line = page.lines().find(|line| line.ends_with(what)).unwrap_or_else(|| panic!("the page lacks: {what}"));
        let claimed: usize = line.split(' ').next().unwrap().replace(',', "").parse().unwrap();
        assert!(claimed <= count, "the page claims {claimed} {what}, there are {count}");
        // Nor much less, or the page is out of date.
        assert!(claimed * 2 > count, "the page claims {claimed} {what}, there are {count}");
    }
}
