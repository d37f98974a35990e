//! Finding the next byte of a few, eight bytes at a time: most of a text is neither quote nor escape.

/// Control characters, and every byte that is the second of one of these pairs after the bits of the first were set in it; the second
/// is ASCII, or 0xe2 with nothing to set.
pub(super) struct Marks<const N: usize> {
    pairs: [(u8, u8); N],
    table: [bool; 256],
}

const LOWEST: u64 = u64::from_ne_bytes([1; 8]);
const HIGHEST: u64 = LOWEST << 7;

impl<const N: usize> Marks<N> {
    pub(super) const fn new(pairs: [(u8, u8); N]) -> Self {
        let mut table = [false; 256];
        let mut byte = 0u8;
        loop {
            table[byte as usize] = byte < 0x20;
            let mut at = 0;
            while at < N {
                table[byte as usize] |= byte | pairs[at].0 == pairs[at].1;
                at += 1;
            }
            if byte == u8::MAX {
                return Marks { pairs, table };
            }
            byte += 1;
        }
    }

    /// The first place from `at` on where one of them stands; the length of the text if there is none.
    #[inline]
    pub(super) fn find(&self, text: &[u8], mut at: usize) -> usize {
        while let Some(&eight) = text.get(at..).and_then(<[u8]>::first_chunk) {
            let marked = self.marked(u64::from_le_bytes(eight));
            if marked != 0 {
                return at + (marked.trailing_zeros() / 8) as usize;
            }
            at += 8;
        }
        while at < text.len() && !self.table[usize::from(text[at])] {
            at += 1;
        }
        at
    }

    /// The highest bit of each byte that is one of them. Behind the first one it may be set for others too.
    #[inline]
    fn marked(&self, eight: u64) -> u64 {
        // Taking 1 from a byte sets its highest bit if it is zero, or if the bit was set: then the byte is not of that half.
        let mut ascii = eight.wrapping_sub(LOWEST * 0x20);
        let mut beyond = 0;
        for (bits, byte) in self.pairs {
            let zero = ((eight | (LOWEST * u64::from(bits))) ^ (LOWEST * u64::from(byte))).wrapping_sub(LOWEST);
            if byte.is_ascii() { ascii |= zero } else { beyond |= zero }
        }
        (ascii & !eight | beyond & eight) & HIGHEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        const MARKS: Marks<4> = Marks::new([(0, b'"'), (0, b'\\'), (2, b'>'), (0, 0xe2)]);
        for byte in 0..=255u8 {
            let marked = byte < 0x20 || [b'"', b'\\', b'<', b'>', 0xe2].contains(&byte);
            for place in 0..20 {
                for around in [b'!', b'#', 0x20, 0xe1, 0xff, 0x7f] {
                    let mut text = [around; 20];
                    text[place] = byte;
                    for from in [0, 1, place] {
                        let expect = if marked && from <= place { place } else { 20 };
                        assert_eq!(MARKS.find(&text, from), expect, "{byte:#x} at {place} from {from}");
                    }
                }
            }
        }
        assert_eq!(MARKS.find(b"", 0), 0);
    }
}
