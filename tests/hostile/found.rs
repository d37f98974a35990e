//! Bytes that once broke a promise, by entry.

use super::entries;

const FOUND: &[(&str, &[u8])] = &[
    // Nothing given: every choice is the plainest.
    ("values", b""),
    ("requests", b""),
    ("reports", b""),
    // A carriage return between two members: a line of its own to YAML, so places beyond it had no line.
    (
        "manifests",
        &[
            189, 24, 21, 3, 96, 187, 0, 0, 0, 78, 62, 0, 105, 44, 31, 77, 0, 0, 0, 0, 0, 111, 0, 0, 191, 0, 0, 87, 0, 0, 66, 0,
            0, 0, 0, 183, 0, 0, 0, 8, 0, 24, 16, 14, 50, 8, 29, 0, 1, 0, 0, 0, 44, 0, 75, 24, 24, 0, 0, 44, 1, 8, 5, 210, 13, 0,
            0, 0,
        ],
    ),
];

#[test]
fn stays_mended() {
    for (name, bytes) in FOUND {
        let (_, entry) = entries::ALL.iter().find(|(known, _)| known == name).unwrap();
        entry(bytes);
    }
}
