//! The lines of the manifest that the findings are about.

use std::collections::BTreeMap;

use super::converged::{Key, items_of};
use super::facts::{Code, Finding};
use super::report::{Mark, SourceLine, Unmet};
use crate::Manifest;
use crate::path::{Element, Path};
use crate::value::Value;

/// So many lines are enough.
const MOST: usize = 12;

/// The ports of the manifest that share a merge key, with those that `kubectl apply` leaves otherwise than stated.
///
/// The first few of them; empty if the manifest was not read from a text with lines, or no two ports share a key.
pub(super) fn lines(manifest: &Manifest, object: &Value<'_>, findings: &[Finding], unmet: &[Unmet]) -> Vec<SourceLine> {
    if !findings.iter().any(|finding| finding.code == Code::SharedMergeKey) {
        return Vec::new();
    }
    // In a text of one line there is nothing to be pointed at.
    if manifest.line(2).is_none() {
        return Vec::new();
    }
    let items = items_of(object);
    let list = Path::new().field("spec").field("ports");
    let line_of =
        |at: usize, field: &str| manifest.place(&list.clone().index(at).element(Element::field(field))).map(|place| place.line);
    let mut by_number: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        if let Some(number) = item.get("port").and_then(Value::as_i64) {
            by_number.entry(number).or_default().push(at);
        }
    }
    let mut missed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (port, field) in unmet.iter().filter_map(|unmet| unmet.path.split_once(']')) {
        missed.entry(port).or_default().push(field);
    }
    let mut lines: BTreeMap<usize, Option<Mark>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        let sharing = item.get("port").and_then(Value::as_i64).and_then(|number| by_number.get(&number));
        let others = sharing.into_iter().flatten().filter(|other| **other != at);
        let with: Vec<usize> = others.filter_map(|other| line_of(*other, "port")).collect();
        let Some(line) = line_of(at, "port").filter(|_| !with.is_empty()) else { continue };
        let path = Key::of(item).path();
        let missed = missed.get(path.trim_end_matches(']')).map_or(&[][..], Vec::as_slice);
        lines.insert(line, Some(if missed.is_empty() { Mark::SharesKey { with } } else { Mark::NotReached { with } }));
        for line in missed.iter().filter_map(|field| line_of(at, field.strip_prefix('.')?)) {
            lines.entry(line).or_default();
        }
        // A reader has understood by then.
        if lines.len() >= MOST {
            break;
        }
    }
    let lines: Vec<SourceLine> = lines
        .into_iter()
        .filter_map(|(line, mark)| Some(SourceLine { line, text: manifest.line(line)?.to_owned(), mark }))
        .collect();
    // In a text of few long lines there is nothing to be pointed at.
    if lines.iter().any(|line| line.text.chars().count() > 100) { Vec::new() } else { lines }
}
