//! Reading JSON as `sigs.k8s.io/json` does: integers kept, broken text in strings replaced, of a repeated key the last one taken.

use std::borrow::Cow;

use super::{Document, MAX_DEPTH, Map, Value};
use crate::Error;

/// Reads one JSON value.
///
/// Strings are borrowed from `text` where nothing in them is escaped. A number is an integer if its text is a 64-bit one, else a
/// float. Bytes that are not UTF-8 and lone surrogates become U+FFFD, as in Go.
///
/// # Errors
/// [`Error::is_syntax`] with line and column: not JSON, a number beyond `float64`, nested deeper than [`MAX_DEPTH`].
pub fn parse(text: &[u8]) -> Result<Value<'_>, Error> {
    Parser::new(text, Members::Sorted).document()
}

/// Reads one JSON value and keeps the order of members and repeated keys.
///
/// # Errors
/// As [`parse`].
pub fn parse_document(text: &[u8]) -> Result<Document<'_>, Error> {
    let mut parser = Parser::new(text, Members::AsWritten);
    let root = parser.document()?;
    Ok(Document::new(root, parser.literals))
}

enum Members {
    Sorted,
    AsWritten,
}

struct Parser<'a> {
    bytes: &'a [u8],
    /// The same bytes, where they are UTF-8 throughout.
    text: Option<&'a str>,
    at: usize,
    members: Members,
    /// Numbers that are no integers, as written; kept for a [`Document`] alone.
    literals: Vec<Cow<'a, str>>,
}

impl<'a> Parser<'a> {
    fn new(bytes: &'a [u8], members: Members) -> Self {
        Parser { bytes, text: std::str::from_utf8(bytes).ok(), at: 0, members, literals: Vec::new() }
    }

    fn document(&mut self) -> Result<Value<'a>, Error> {
        let value = self.value(MAX_DEPTH)?;
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.error("more text after the value")),
        }
    }

    fn error(&self, message: &str) -> Error {
        let before = &self.bytes[..self.at.min(self.bytes.len())];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
        Error::syntax(line, column, message)
    }

    /// The next byte that is no white space, not taken.
    fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, Error> {
        match self.peek() {
            Some(b'{') => self.object(depth).map(Value::Map),
            Some(b'[') => self.list(depth).map(Value::List),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err(self.error("expected a value")),
            None => Err(self.error("the text ends where a value belongs")),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Error> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.error("expected a value"))
        }
    }

    /// Enters a list or object; answers the depth that is left inside.
    fn enter(&mut self, depth: usize) -> Result<usize, Error> {
        let inside = depth.checked_sub(1).ok_or_else(|| self.error(&format!("nested deeper than {MAX_DEPTH}")))?;
        self.at += 1;
        Ok(inside)
    }

    /// Takes `,` and answers true, or takes `close` and answers false.
    fn more(&mut self, close: u8) -> Result<bool, Error> {
        let next = self.peek();
        if next == Some(b',') || next == Some(close) {
            self.at += 1;
            Ok(next == Some(b','))
        } else {
            Err(self.error(&format!("expected `,` or `{}`", char::from(close))))
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Value<'a>>, Error> {
        let depth = self.enter(depth)?;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(items);
        }
        loop {
            items.push(self.value(depth)?);
            if !self.more(b']')? {
                return Ok(items);
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Map<'a>, Error> {
        let depth = self.enter(depth)?;
        let mut entries = Vec::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Map::new());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a key in double quotes"));
            }
            let key = self.string()?;
            if self.peek() != Some(b':') {
                return Err(self.error("expected `:`"));
            }
            self.at += 1;
            entries.push((key, self.value(depth)?));
            if !self.more(b'}')? {
                return Ok(match self.members {
                    Members::Sorted => Map::from_entries(entries),
                    Members::AsWritten => Map::in_document_order(entries),
                });
            }
        }
    }

    fn number(&mut self) -> Result<Value<'a>, Error> {
        let start = self.at;
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        let leading = self.at;
        let whole = self.digits()?;
        if whole > 1 && self.bytes[leading] == b'0' {
            self.at = leading + 1;
            return Err(self.error("a number has no leading zero"));
        }
        let mut integral = true;
        if self.bytes.get(self.at) == Some(&b'.') {
            integral = false;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            integral = false;
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        // Digits, signs and an exponent: ASCII.
        let text = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or_default();
        if integral && let Ok(number) = text.parse() {
            return Ok(Value::Integer(number));
        }
        if matches!(self.members, Members::AsWritten) {
            self.literals.push(Cow::Borrowed(text));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => Err(self.error(&format!("number {text} is out of range"))),
        }
    }

    /// Takes one digit or more; answers how many.
    fn digits(&mut self) -> Result<usize, Error> {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.error("expected a digit")) } else { Ok(count) }
    }

    /// Takes a string, the opening quote being next.
    fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        self.at += 1;
        let plain = self.plain()?;
        if self.bytes[self.at] == b'"' {
            self.at += 1;
            return Ok(plain);
        }
        let mut text = plain.into_owned();
        loop {
            if self.bytes[self.at] == b'"' {
                self.at += 1;
                return Ok(Cow::Owned(text));
            }
            self.at += 1;
            text.push(self.escape()?);
            text.push_str(&self.plain()?);
        }
    }

    /// Takes text up to the next quote or backslash, which is there.
    fn plain(&mut self) -> Result<Cow<'a, str>, Error> {
        let start = self.at;
        let length = self.bytes[start..].iter().position(|&byte| ENDS_PLAIN[usize::from(byte)]);
        self.at = length.map_or(self.bytes.len(), |length| start + length);
        match self.bytes.get(self.at) {
            None => Err(self.error("the text ends inside a string")),
            Some(0..0x20) => Err(self.error("a control character in a string must be escaped")),
            Some(_) => Ok(match self.text {
                Some(text) => Cow::Borrowed(&text[start..self.at]),
                None => decode(&self.bytes[start..self.at]),
            }),
        }
    }

    /// Takes what follows a backslash.
    fn escape(&mut self) -> Result<char, Error> {
        let escaped = match self.bytes.get(self.at) {
            Some(&byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.error("unknown escape in a string")),
        };
        self.at += 1;
        Ok(escaped)
    }

    fn unicode_escape(&mut self) -> Result<char, Error> {
        let first = self.hex4()?;
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let behind_first = self.at;
            self.at += 1;
            let second = self.hex4()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = behind_first;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// Takes `u` and four hexadecimal digits.
    fn hex4(&mut self) -> Result<u32, Error> {
        let digits = self.bytes.get(self.at + 1..self.at + 5).unwrap_or_default();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(self.error("expected four hexadecimal digits"));
        }
        self.at += 5;
        let digit = |&byte: &u8| char::from(byte).to_digit(16).unwrap_or(0);
        Ok(digits.iter().fold(0, |code, byte| code << 4 | digit(byte)))
    }
}

/// Bytes at which plain text in a string ends: quotes, backslashes and control characters.
static ENDS_PLAIN: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        ends[byte] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

/// Text with each byte that is not UTF-8 replaced, one replacement a byte as in Go.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_as_go_reads_them() {
        for (input, expect) in [
            (&br#""a\/\u00e9\ud83d\ude00""#[..], "a/é😀"),
            (br#""\ud83dx""#, "\u{fffd}x"),
            (br#""\ud83d\u0041""#, "\u{fffd}A"),
            (br#""\ude00""#, "\u{fffd}"),
            (b"\"a\xff\xe2\x82b\"", "a\u{fffd}\u{fffd}\u{fffd}b"),
        ] {
            assert_eq!(parse(input).unwrap(), Value::from(expect), "{}", input.escape_ascii());
        }
    }

    #[test]
    fn refuses_with_line_and_column() {
        for (input, expect) in [
            ("", "line 1, column 1: the text ends where a value belongs"),
            ("{\n  \"a\": 01}", "line 2, column 9: a number has no leading zero"),
            ("[1,]", "line 1, column 4: expected a value"),
            ("[1 2]", "line 1, column 4: expected `,` or `]`"),
            ("{a:1}", "line 1, column 2: expected a key in double quotes"),
            ("{\"a\" 1}", "line 1, column 6: expected `:`"),
            ("{} {}", "line 1, column 4: more text after the value"),
            ("\"a", "line 1, column 3: the text ends inside a string"),
            ("\"\n\"", "line 1, column 2: a control character in a string must be escaped"),
            ("\"\\x\"", "line 1, column 3: unknown escape in a string"),
            ("\"\\u12g4\"", "line 1, column 3: expected four hexadecimal digits"),
            ("1e400", "line 1, column 6: number 1e400 is out of range"),
            ("-", "line 1, column 2: expected a digit"),
            ("nul", "line 1, column 1: expected a value"),
        ] {
            assert_eq!(parse(input.as_bytes()).unwrap_err().to_string(), expect, "{input}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        let error = parse(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "line 1, column 129: nested deeper than 128");
        assert!(parse("[".repeat(1_000_000).as_bytes()).is_err());
    }
}
