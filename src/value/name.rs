//! Short texts compared where they stand: names of fields mostly differ in their first eight bytes or in their lengths.

use std::cmp::Ordering;

/// The first eight bytes of a text as a number, so that texts in order have heads in order.
#[inline]
pub(crate) const fn head(text: &str) -> u64 {
    let bytes = text.as_bytes();
    if let Some(chunk) = bytes.first_chunk() {
        return u64::from_be_bytes(*chunk);
    }
    match (bytes.first_chunk(), bytes.last_chunk(), bytes) {
        // The two halves share what they both have.
        (Some(first), Some(last), _) => {
            let last = u32::from_be_bytes(*last) as u64;
            (u32::from_be_bytes(*first) as u64) << 32 | last << (8 * (8 - bytes.len()))
        }
        (_, _, [first, .., last]) => {
            place(*first, 0) | place(bytes[bytes.len() / 2], bytes.len() / 2) | place(*last, bytes.len() - 1)
        }
        (_, _, [only]) => place(*only, 0),
        _ => 0,
    }
}

/// A byte where it belongs in a head.
const fn place(byte: u8, at: usize) -> u64 {
    (byte as u64) << (56 - 8 * at)
}

/// The order of two texts by their bytes.
#[inline]
pub(crate) fn order(left: &str, right: &str) -> Ordering {
    head(left).cmp(&head(right)).then_with(|| order_of_one_head(left, right))
}

/// The order of two texts that have one head.
#[inline]
pub(crate) fn order_of_one_head(left: &str, right: &str) -> Ordering {
    if left.len() <= 8 && right.len() <= 8 { left.len().cmp(&right.len()) } else { left.cmp(right) }
}

/// Whether two texts are the same.
#[inline]
pub(crate) fn same(left: &str, right: &str) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let (left, right) = (left.as_bytes(), right.as_bytes());
    match (left.first_chunk::<8>(), right.first_chunk::<8>()) {
        (Some(first), Some(other)) if first != other => false,
        (Some(_), _) => left.last_chunk::<8>() == right.last_chunk::<8>() && (left.len() <= 16 || left == right),
        _ => match (left.first_chunk::<4>(), right.first_chunk::<4>()) {
            (Some(first), Some(other)) => first == other && left.last_chunk::<4>() == right.last_chunk::<4>(),
            _ => left.iter().eq(right),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of every length up to 20 that differ in one place, or only in their lengths.
    #[test]
    fn is_what_the_bytes_say() {
        let mut texts = vec![String::new()];
        for length in 1..20 {
            let text = "abcdefghijklmnopqrst"[..length].to_owned();
            for at in 0..length {
                for letter in ["\0", "a", "z"] {
                    let mut changed = text.clone();
                    changed.replace_range(at..=at, letter);
                    texts.push(changed);
                }
            }
            texts.extend([text.clone() + "\0", text]);
        }
        texts.extend(["é".to_owned(), "ab\u{10ffff}".to_owned(), "abcdefgé".to_owned()]);
        for left in &texts {
            for right in &texts {
                assert_eq!(order(left, right), left.cmp(right), "{left:?} {right:?}");
                assert_eq!(same(left, right), left == right, "{left:?} {right:?}");
            }
        }
    }
}
