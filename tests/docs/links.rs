//! Links of pages: where they lead, and whether every page can be reached.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::page::{Block, blocks, slug};
use super::{Page, all_pages, root};

/// The anchors of a page; a heading that comes again has a number.
pub(crate) fn anchors(text: &str) -> BTreeSet<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let headings = blocks(text).into_iter().filter_map(|block| match block {
        Block::Heading { text, .. } => Some(slug(text)),
        _ => None,
    });
    headings
        .map(|slug| {
            let count = counts.entry(slug.clone()).or_default();
            *count += 1;
            if *count == 1 { slug } else { format!("{slug}-{}", *count - 1) }
        })
        .collect()
}

/// A link: its target, or the label that stands for one.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Link {
    Target(String),
    Label(String),
}

/// The links of a page that are no definitions; code is left out.
pub(crate) fn links(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for block in blocks(text) {
        let lines = match block {
            Block::Text(lines) => lines,
            Block::Heading { text, .. } => vec![text],
            _ => continue,
        };
        for line in lines.iter().filter(|line| definition(line).is_none()) {
            let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
            links.extend(links_of_line(&prose));
        }
    }
    links
}

fn links_of_line(line: &str) -> Vec<Link> {
    let mut links = Vec::new();
    let mut rest = line;
    while let Some((text, after)) = rest.split_once('[').and_then(|(_, rest)| rest.split_once(']')) {
        let closed = |open: char, close: char| after.strip_prefix(open).and_then(|after| after.split_once(close));
        if let Some((target, after)) = closed('(', ')') {
            links.push(Link::Target(target.to_owned()));
            rest = after;
        } else if let Some((label, after)) = closed('[', ']') {
            links.push(Link::Label(if label.is_empty() { text } else { label }.to_owned()));
            rest = after;
        } else {
            links.push(Link::Label(text.to_owned()));
            rest = after;
        }
    }
    links
}

/// `[label]: target`.
fn definition(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix('[')?.split_once("]: ").filter(|(label, _)| !label.contains(['[', ']']))
}

/// The labels that a page defines.
pub(crate) fn definitions(text: &str) -> BTreeMap<&str, &str> {
    let lines = blocks(text).into_iter().filter_map(|block| match block {
        Block::Text(lines) => Some(lines),
        _ => None,
    });
    lines.flatten().filter_map(definition).collect()
}

/// Where the links of a page lead that stay in the repository: path and anchor.
fn targets(page: &Page) -> Vec<Result<(PathBuf, String), String>> {
    let defined = definitions(&page.text);
    let targets = links(&page.text).into_iter().map(|link| match link {
        Link::Target(target) => Ok(target),
        Link::Label(label) => defined
            .get(label.as_str())
            .map(|target| (*target).to_owned())
            .ok_or_else(|| format!("{}: [{label}] is not defined", page.name())),
    });
    let inside = targets.filter(|target| !target.as_ref().is_ok_and(|target| target.contains("://")));
    inside.map(|target| target.map(|target| place(page, &target))).collect()
}

fn place(page: &Page, target: &str) -> (PathBuf, String) {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { page.path.clone() } else { page.path.parent().unwrap_or(Path::new("")).join(file) };
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => _ = plain.pop(),
            other => plain.push(other),
        }
    }
    (plain, anchor.to_owned())
}

#[test]
fn every_link_leads_somewhere() {
    let pages = all_pages();
    let mut wrong = Vec::new();
    for page in &pages {
        for target in targets(page) {
            let (path, anchor) = match target {
                Ok(target) => target,
                Err(undefined) => {
                    wrong.push(undefined);
                    continue;
                }
            };
            let known = pages.iter().find(|page| page.path == path).is_some_and(|page| anchors(&page.text).contains(&anchor));
            if !root().join(&path).exists() || !(anchor.is_empty() || known) {
                wrong.push(format!("{}: {}#{anchor} is not there", page.name(), path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_definition_is_used() {
    for page in all_pages() {
        let links = links(&page.text);
        for label in definitions(&page.text).into_keys() {
            assert!(links.contains(&Link::Label(label.to_owned())), "{}: [{label}] is defined and not used", page.name());
        }
    }
}

#[test]
fn every_page_is_reached_from_the_index() {
    let pages = all_pages();
    let mut reached = BTreeSet::new();
    let mut next = vec![PathBuf::from("docs/README.md")];
    while let Some(path) = next.pop() {
        if let Some(page) = pages.iter().find(|page| page.path == path)
            && reached.insert(path)
        {
            next.extend(targets(page).into_iter().flatten().map(|(path, _)| path));
        }
    }
    let lost: Vec<_> = pages.iter().map(|page| &page.path).filter(|path| !reached.contains(*path)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(Page::read("README.md").text.contains("docs/README.md"), "the README leads to the index");
}

#[test]
fn links_are_found() {
    let text = "See [a](b.md#c), [d][e], [f][] and [g]; not `[h](i)`.\n\n```sh\n[j](k)\n```\n\n[e]: l.md\n";
    let target = |text: &str| Link::Target(text.to_owned());
    let label = |text: &str| Link::Label(text.to_owned());
    assert_eq!(links(text), [target("b.md#c"), label("e"), label("f"), label("g")]);
    assert_eq!(definitions(text).into_iter().collect::<Vec<_>>(), [("e", "l.md")]);
    assert_eq!(slug("Why isn't there `X`? (A, B)"), "why-isnt-there-x-a-b");
    assert_eq!(anchors("# A b\n\n## A b\n").into_iter().collect::<Vec<_>>(), ["a-b", "a-b-1"]);
}
