//! Corpora, stories and the examples of the documentation, read from their files.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use mergekey::explain::{Case, Report, Step};
use mergekey::{Manifest, explain};
use serde::Deserialize;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The cases of a file in `tests/corpus/v1_37`.
pub(crate) fn corpus(file: &str) -> impl Iterator<Item = Value> {
    let path = root().join("tests/corpus/v1_37").join(file);
    let open = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    BufReader::new(GzDecoder::new(open)).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

/// A report that somebody made, with what led to it.
pub(crate) struct Story {
    pub(crate) manifest: Manifest,
    pub(crate) history: Vec<Step>,
}

impl Story {
    pub(crate) fn report(&self) -> Report {
        explain(Case::new(&self.manifest).history(&self.history)).unwrap()
    }
}

/// The form of a story's file, and of the examples in `docs/codes.md`.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    history: Vec<Step>,
    manifest: Value,
}

impl File {
    fn story(self) -> Story {
        Story { manifest: Manifest::new(self.manifest).unwrap(), history: self.history }
    }
}

/// The names of the stories in `examples/stories`.
pub(crate) fn stories() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("examples/stories")).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// A story: a JSON file, or a directory with the manifests that were applied and the one that is to be.
pub(crate) fn story(name: &str) -> Story {
    let base = root().join("examples/stories");
    let file = base.join(format!("{name}.json"));
    if file.exists() {
        return serde_json::from_slice::<File>(&std::fs::read(file).unwrap()).unwrap().story();
    }
    let read = |path: PathBuf| Manifest::from_yaml(&std::fs::read_to_string(path).unwrap()).unwrap();
    let manifest = read(base.join(name).join("service.yaml")).with_file("service.yaml");
    let first = read(base.join(name).join("applied-first.yaml"));
    let history = vec![Step::apply(first.object().clone()), Step::apply(manifest.object().clone())];
    Story { manifest, history }
}

/// The examples in `docs/codes.md`, by code.
pub(crate) fn codes() -> BTreeMap<String, Story> {
    let text = std::fs::read_to_string(root().join("docs/codes.md")).unwrap();
    let mut examples = BTreeMap::new();
    for page in text.split("\n## ").skip(1) {
        let code = page.split([':', ' ', '\n']).next().unwrap().to_owned();
        let json = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
        let json = json.unwrap_or_else(|| panic!("{code} has no example"));
        let file: File = serde_json::from_str(json).unwrap_or_else(|error| panic!("{code}: {error}"));
        examples.insert(code, file.story());
    }
    examples
}
