//! The documentation, held against the simulator and against itself.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../../examples/lesson/lesson.rs"]
mod lesson;
#[path = "../../examples/lesson/page.rs"]
mod page;
#[path = "../../examples/lesson/shell.rs"]
mod shell;
#[path = "../../examples/lesson/show.rs"]
mod show;

mod lessons;
mod links;
mod pages;
mod transcript;
mod translation;

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A page of the documentation.
struct Page {
    /// From the root of the repository.
    path: PathBuf,
    text: String,
}

impl Page {
    #[track_caller]
    fn read(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let text = std::fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Page { path, text }
    }

    fn name(&self) -> &str {
        self.path.to_str().unwrap()
    }
}

/// All pages in `docs/`, by path, and the README.
fn all_pages() -> Vec<Page> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if root().join(&path).is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    let mut found = vec![PathBuf::from("README.md")];
    walk(Path::new("docs"), &mut found);
    found.sort();
    found.into_iter().map(Page::read).collect()
}
