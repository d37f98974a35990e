//! Repeated keys in a patch, as strict decoding reports them.
//!
//! Upstream: `sigs.k8s.io/json` `UnmarshalStrict` into a map. Unknown fields are found by the decoder of the
//! [service room](crate::service), which knows the fields.

use crate::value::{Document, Members, Node, quote};

/// The most findings that upstream reports.
const MOST: usize = 100;

/// `duplicate field "…"` for each key that an object has twice, in the order of the text.
pub(super) fn duplicates(document: &Document<'_>) -> Vec<String> {
    let mut findings = Vec::new();
    if !document.is_sorted() {
        duplicates_below(document.root(), &mut String::new(), &mut findings);
    }
    findings
}

/// Whether the keys are in the order of their bytes, each once.
pub(super) fn in_order(members: Members<'_, '_>) -> bool {
    members.is_sorted_by(|(one, _), (next, _)| one < next)
}

/// The same for what stands at `path`.
pub(super) fn duplicates_below(node: Node<'_, '_>, path: &mut String, findings: &mut Vec<String>) {
    let start = path.len();
    if let Some(members) = node.members() {
        // A shortcut: what is in order has nothing twice.
        let ordered = in_order(members.clone());
        let mut seen = std::collections::BTreeSet::new();
        for (key, value) in members {
            if start > 0 {
                path.push('.');
            }
            path.push_str(key);
            if !ordered && !seen.insert(key) {
                report(findings, format!("duplicate field {}", quote(path)));
            }
            duplicates_below(value, path, findings);
            path.truncate(start);
        }
    }
    for (at, item) in node.items().into_iter().flatten().enumerate() {
        path.push_str(&format!("[{at}]"));
        duplicates_below(item, path, findings);
        path.truncate(start);
    }
}

/// Adds a finding that is not there yet, up to the most that upstream reports.
pub(super) fn report(findings: &mut Vec<String>, finding: String) {
    if findings.len() < MOST && !findings.contains(&finding) {
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse_document;

    #[test]
    fn reports_in_the_order_of_the_text() {
        let document = parse_document(br#"{"b":{"x":1,"x":2},"a":[{"y":1,"y":1}],"b":{"x":1,"x":2}}"#).unwrap();
        let expect = [r#"duplicate field "b.x""#, r#"duplicate field "a[0].y""#, r#"duplicate field "b""#];
        assert_eq!(duplicates(&document), expect);
    }
}
