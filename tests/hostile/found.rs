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
    // An order of a list beside a single value of its name: the live value was not read, and the error named another type.
    (
        "strategic",
        &[
            0, 202, 0, 0, 0, 0, 0, 0, 125, 0, 0, 0, 0, 73, 0, 0, 0, 103, 0, 0, 0, 0, 39, 0, 0, 0, 172, 8, 126, 0, 0, 103, 0, 0,
            0, 0, 44, 0, 0, 0, 19, 0, 0, 0, 1, 0, 0, 4, 0, 0, 0, 44, 103, 34, 0, 0, 11, 0, 0, 42, 0, 0, 151, 0, 0, 30, 133, 12,
            0, 114, 20, 31, 0, 0, 15, 133, 179, 152, 109, 207, 0, 0, 7, 5, 16, 0, 8, 9, 0, 61, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 55,
            6, 0, 40, 0, 0, 5, 0, 15, 0, 0, 40, 89, 0, 160, 155, 21, 0, 6, 90, 4, 70, 45, 0, 5, 0, 105, 0, 65, 0, 0, 0, 24, 45,
            0, 0, 83, 0, 44, 24,
        ],
    ),
    // What is to be deleted from a list is told with a null, and the live object has a member of that odd name: it got lost.
    (
        "strategic",
        &[
            255, 255, 255, 255, 255, 255, 97, 105, 86, 112, 255, 1, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235,
            235, 235, 235, 0, 235, 235, 235, 255, 255, 255, 249, 235, 235, 235, 235, 235, 235, 163, 235, 251, 235, 235, 235, 235,
            235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235,
            235, 235, 235, 235, 235, 235, 235, 10, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235, 235,
            120, 250, 247, 64, 104, 120, 250, 250, 247, 247, 27, 142, 215,
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
