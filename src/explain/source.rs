//! The lines of the manifest that the findings are about.

use serde_json::Value;

use super::converged::Key;
use super::facts::{Code, Finding};
use super::report::{Mark, SourceLine};
use crate::Manifest;
use crate::path::{Element, Path};

/// The ports of the manifest that share a merge key, with those that `kubectl apply` leaves otherwise than stated.
///
/// Empty if the manifest was not read from a text with lines, or nothing goes wrong.
pub(super) fn lines(manifest: &Manifest, findings: &[Finding], after: Option<&Value>) -> Vec<SourceLine> {
    if !findings.iter().any(|finding| finding.code == Code::SharedMergeKey) {
        return Vec::new();
    }
    let items = manifest.object().pointer("/spec/ports").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let list = Path::new().field("spec").field("ports");
    let line_of =
        |at: usize, field: &str| manifest.place(&list.clone().index(at).element(Element::field(field))).map(|place| place.line);
    let unmet = super::converged::unmet(manifest.object(), after);
    let mut lines: Vec<SourceLine> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let number = item.get("port");
        let others =
            items.iter().enumerate().filter(|(other, item)| *other != at && item.get("port") == number && number.is_some());
        let with: Vec<usize> = others.filter_map(|(other, _)| line_of(other, "port")).collect();
        let Some(line) = line_of(at, "port").filter(|_| !with.is_empty()) else { continue };
        let path = Key::of(item).path(&list).to_string();
        let missed: Vec<&str> = unmet.iter().filter_map(|unmet| unmet.path.strip_prefix(path.as_str())).collect();
        let mark = if missed.is_empty() { Mark::SharesKey { with } } else { Mark::NotReached { with } };
        let mut add = |line: usize, mark: Option<Mark>| {
            if let Some(text) = manifest.line(line).filter(|_| !lines.iter().any(|known| known.line == line)) {
                lines.push(SourceLine { line, text: text.to_owned(), mark });
            }
        };
        add(line, Some(mark));
        for field in missed.iter().filter_map(|field| field.strip_prefix('.')) {
            if let Some(line) = line_of(at, field) {
                add(line, None);
            }
        }
    }
    // In a text of few long lines there is nothing to be pointed at.
    if lines.iter().any(|line| line.text.chars().count() > 100) {
        return Vec::new();
    }
    lines.sort_by_key(|line| line.line);
    lines
}
