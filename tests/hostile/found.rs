//! Bytes that once broke a promise, by entry.

use super::entries;

const FOUND: &[(&str, &[u8])] = &[
    // Nothing given: every choice is the plainest.
    ("values", b""),
    ("requests", b""),
    ("reports", b""),
];

#[test]
fn stays_mended() {
    for (name, bytes) in FOUND {
        let (_, entry) = entries::ALL.iter().find(|(known, _)| known == name).unwrap();
        entry(bytes);
    }
}
