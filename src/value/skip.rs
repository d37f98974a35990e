//! Passing over JSON that nobody looks into, without building it.
//!
//! It takes less than the reader does and never answers for it: where it is not sure, the value is read.

use super::parse::{ENDS_PLAIN, SAFE_DIGITS};
use super::write::SPECIAL;

/// What a text that is passed over has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    /// JSON that the reader takes.
    Any,
    /// JSON as Go writes it, to the byte: it can be copied.
    Written,
}

/// The end of the value that begins at `at` in a text that is UTF-8 throughout; nothing where the reader might not take it, or
/// where it does not have the form for sure.
pub(super) fn value_end(text: &[u8], at: usize, form: Form, depth: usize) -> Option<usize> {
    Skip { text, form }.value(at, depth)
}

struct Skip<'a> {
    text: &'a [u8],
    form: Form,
}

impl Skip<'_> {
    /// The first place from `at` on that is no white space; as Go writes there is none.
    fn gap(&self, mut at: usize) -> usize {
        while self.form == Form::Any && matches!(self.text.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            at += 1;
        }
        at
    }

    fn value(&self, at: usize, depth: usize) -> Option<usize> {
        match *self.text.get(at)? {
            b'"' => self.string(at),
            b'{' => self.object(at, depth.checked_sub(1)?),
            b'[' => self.list(at, depth.checked_sub(1)?),
            b'-' | b'0'..=b'9' => self.integer(at),
            b't' => self.word(at, b"true"),
            b'f' => self.word(at, b"false"),
            b'n' => self.word(at, b"null"),
            _ => None,
        }
    }

    fn word(&self, at: usize, word: &[u8]) -> Option<usize> {
        self.text[at..].starts_with(word).then_some(at + word.len())
    }

    /// An integer of few digits: other numbers the reader may refuse, or the writer may write otherwise.
    fn integer(&self, start: usize) -> Option<usize> {
        let digits = start + usize::from(self.text[start] == b'-');
        let mut at = digits;
        while matches!(self.text.get(at), Some(b'0'..=b'9')) {
            at += 1;
        }
        let leading_zero = self.text.get(digits) == Some(&b'0') && at - start > 1;
        let more = matches!(self.text.get(at), Some(b'.' | b'e' | b'E'));
        (at > digits && at - digits <= SAFE_DIGITS && !leading_zero && !more).then_some(at)
    }

    fn string(&self, start: usize) -> Option<usize> {
        let mut at = start + 1;
        loop {
            at = match self.form {
                Form::Any => ENDS_PLAIN.find(self.text, at),
                Form::Written => SPECIAL.find(self.text, at),
            };
            at += match self.text.get(at..)? {
                [b'"', ..] => return Some(at + 1),
                [b'\\', b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
                [b'\\', b'/', ..] if self.form == Form::Any => 2,
                [b'\\', b'u', digits @ ..] if self.form == Form::Any && digits.iter().take(4).all(u8::is_ascii_hexdigit) => 2,
                // The first byte of a longer character, but for two that are escaped.
                [0xe2, rest @ ..] if !matches!(rest, [0x80, 0xa8 | 0xa9, ..]) => 1,
                _ => return None,
            };
        }
    }

    fn list(&self, start: usize, depth: usize) -> Option<usize> {
        let mut at = self.gap(start + 1);
        if self.text.get(at) == Some(&b']') {
            return Some(at + 1);
        }
        loop {
            at = self.gap(self.value(at, depth)?);
            match *self.text.get(at)? {
                b',' => at = self.gap(at + 1),
                b']' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    fn object(&self, start: usize, depth: usize) -> Option<usize> {
        let mut at = self.gap(start + 1);
        if self.text.get(at) == Some(&b'}') {
            return Some(at + 1);
        }
        let mut before: &[u8] = &[];
        loop {
            if self.text.get(at) != Some(&b'"') {
                return None;
            }
            let end = self.string(at)?;
            let key = &self.text[at + 1..end - 1];
            if self.form == Form::Written && at > start + 1 && !rises(before, key) {
                return None;
            }
            before = key;
            at = self.gap(end);
            if self.text.get(at) != Some(&b':') {
                return None;
            }
            at = self.gap(self.value(self.gap(at + 1), depth)?);
            match *self.text.get(at)? {
                b',' => at = self.gap(at + 1),
                b'}' => return Some(at + 1),
                _ => return None,
            }
        }
    }
}

/// Whether one key, as it is written, comes before another for sure: what differs first is no escape.
fn rises(before: &[u8], key: &[u8]) -> bool {
    let same = before.iter().zip(key).take_while(|(before, key)| before == key).count();
    let around = same.saturating_sub(1)..=same;
    let escape = |key: &[u8]| around.clone().any(|at| key.get(at) == Some(&b'\\'));
    !escape(before) && !escape(key) && before.get(same) < key.get(same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{MAX_DEPTH, parse};

    /// What is passed over in either form.
    #[track_caller]
    fn check(text: &str, any: bool, written: bool) {
        let passes = |form| value_end(text.as_bytes(), 0, form, MAX_DEPTH) == Some(text.len());
        assert_eq!((passes(Form::Any), passes(Form::Written)), (any, written), "{text}");
        assert!(!any || parse(text.as_bytes()).is_ok(), "{text} is read");
        assert!(!written || parse(text.as_bytes()).unwrap().to_string() == text, "{text} is written so");
    }

    #[test]
    fn what_is_written_so() {
        for text in [
            "0",
            "-7",
            "123456789012345678",
            "true",
            "false",
            "null",
            "[]",
            "{}",
            r#""""#,
            r#""a\"b\\c\n\r\t\b\f""#,
            "\"ß東—\"",
            r#"[1,["a",{}],null]"#,
            r#"{"":0,"a":1,"aa":{"f:b":{},"k:{\"port\":530}":{},"k:{\"port\":53}":{}},"b":[]}"#,
        ] {
            check(text, true, true);
        }
    }

    #[test]
    fn what_is_written_otherwise() {
        for text in [
            "\"<\"",
            "\">\"",
            "\"&\"",
            "\"\u{2028}\"",
            "\"\u{2029}\"",
            r#""\u00e9""#,
            r#""\/""#,
            "[ 1 ]",
            "{ }",
            "[ ]",
            "[1 ,2]",
            "{\"a\" :1}",
            "{\"a\": 1}",
            "{\"a\":1 }",
            r#"{"b":1,"a":2}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"ab":1,"a":2}"#,
            // Not sure: an escape is where they differ.
            r#"{"a\"":1,"ab":2}"#,
            r#"{"a\"":1,"a\\":2}"#,
        ] {
            check(text, true, false);
        }
    }

    #[test]
    fn what_the_reader_decides() {
        for text in [
            "-0",
            "1.5",
            "1e3",
            "1e999",
            "01",
            "-",
            "1234567890123456789",
            "\"",
            "\"\\x\"",
            "\"\\u00g0\"",
            "\"\\u00",
            "\"\\",
            "\"\n\"",
            "nul",
            "[1,]",
            "[1",
            "[",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{",
            "",
            "}",
        ] {
            check(text, false, false);
        }
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        check(&nested(MAX_DEPTH), true, true);
        check(&nested(MAX_DEPTH + 1), false, false);
        check(&"[".repeat(1_000_000), false, false);
    }
}
