//! Pages that show output are played; pages are part of the crate's documentation; lessons are what they were when last read.

use super::links::{Link, anchors, definitions, links};
use super::page::{Block, blocks};
use super::{Page, all_pages, root, transcript};

/// Pages whose examples other tests check: the tests of `explain` the README's report and the examples of the codes, and
/// `translation` that the Chinese pages have no others than the English ones.
const ELSEWHERE: [&str; 4] = ["README.md", "docs/codes.md", "docs/zh-CN/README.md", "docs/zh-CN/walkthrough.md"];

#[track_caller]
fn check(path: &str, at_least: usize) {
    let page = Page::read(path);
    let checked = transcript::check(page.name(), &page.text);
    assert!(checked.differences.is_empty(), "{}", checked.differences.join("\n"));
    assert!(checked.compared >= at_least, "{path}: {} things were compared", checked.compared);
}

#[test]
fn walkthrough() {
    check("docs/walkthrough.md", 20);
}

#[test]
fn failures() {
    check("docs/failures.md", 60);
}

#[test]
fn exercises() {
    check("docs/exercises.md", 20);
}

#[test]
fn all_others() {
    for page in all_pages().iter().filter(|page| !ELSEWHERE.contains(&page.name())) {
        check(page.name(), 0);
    }
}

/// Every exercise has its solution, folded away, and something in the solution is checked.
#[test]
fn exercises_have_solutions() {
    let page = Page::read("docs/exercises.md");
    let exercises: Vec<&str> = page.text.split("\n## Exercise ").skip(1).collect();
    assert!(exercises.len() >= 8, "{}", exercises.len());
    for exercise in exercises {
        let title = exercise.lines().next().unwrap_or_default();
        let folded = exercise.split_once("<details>").and_then(|(_, rest)| rest.split_once("</details>"));
        let (solution, _) = folded.unwrap_or_else(|| panic!("exercise {title} has no solution"));
        let checked = blocks(solution).iter().any(|block| matches!(block, Block::Fence { info: "console" | "rust", .. }));
        assert!(checked, "nothing checks the solution of {title}");
    }
}

/// Every page is also a page of rustdoc, where its Rust is run and its links lead to other pages of rustdoc.
#[test]
fn pages_are_in_the_crate() {
    let module = Page::read("src/_documentation/mod.rs").text;
    let table = Page::read("src/_documentation/links.md").text;
    let known = definitions(&table);
    for page in all_pages().iter().filter(|page| page.name() != "README.md") {
        let included = page.name().strip_prefix("docs/").unwrap();
        assert!(module.contains(&format!("\"{included}\"")), "{included} is no page of the crate");
        for (label, target) in definitions(&page.text) {
            assert!(target.contains("://") || known.contains_key(label), "src/_documentation/links.md lacks [{label}]");
        }
        for link in links(&page.text) {
            if let Link::Target(target) = link {
                let leads = target.contains("://") || target.starts_with('#');
                assert!(leads, "{}: ({target}) would lead nowhere in rustdoc", page.name());
            }
        }
    }
    for (label, target) in known {
        let Some((module, anchor)) = target.split_once('#') else { continue };
        let page = Page::read(format!("docs/{}.md", module.trim_start_matches("crate::_documentation::")));
        assert!(anchors(&page.text).contains(anchor), "src/_documentation/links.md: [{label}] leads nowhere");
    }
}

/// The page on the architecture has every module, with what it is.
#[test]
fn every_module_is_in_the_architecture() {
    let page = Page::read("docs/architecture.md");
    let root = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules = root.lines().filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));
    let missing: Vec<&str> =
        modules.filter(|module| !page.text.contains(&format!("| `{module}` |")) && *module != "error").collect();
    assert!(missing.is_empty(), "{missing:?}");
}
