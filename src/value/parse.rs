//! Reading JSON as `sigs.k8s.io/json` does: integers kept, broken text in strings replaced, of a repeated key the last one taken.

use std::borrow::Cow;

use super::scan::Marks;
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

pub(super) enum Members {
    Sorted,
    AsWritten,
}

pub(super) struct Parser<'a> {
    bytes: &'a [u8],
    /// The same bytes, where they are UTF-8 throughout.
    pub(super) text: Option<&'a str>,
    pub(super) at: usize,
    members: Members,
    /// Numbers that are no integers, as written; kept for a [`Document`] alone.
    literals: Vec<Cow<'a, str>>,
    /// What was read so far of the lists and objects that are open, the innermost last: each one's array is made when it is closed,
    /// as long as it has to be.
    open_items: Vec<Value<'a>>,
    open_members: Vec<(Cow<'a, str>, Value<'a>)>,
    /// What was read so far of a string with escapes.
    unescaped: Vec<u8>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(bytes: &'a [u8], members: Members) -> Self {
        Parser {
            bytes,
            text: std::str::from_utf8(bytes).ok(),
            at: 0,
            members,
            literals: Vec::new(),
            open_items: Vec::new(),
            open_members: Vec::new(),
            unescaped: Vec::new(),
        }
    }

    fn document(&mut self) -> Result<Value<'a>, Error> {
        let value = self.value(MAX_DEPTH)?;
        self.end()?;
        Ok(value)
    }

    /// Nothing but white space may follow.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.error("more text after the value")),
        }
    }

    #[cold]
    #[inline(never)]
    fn error(&self, message: &str) -> Error {
        let before = &self.bytes[..self.at.min(self.bytes.len())];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
        Error::syntax(line, column, message)
    }

    /// The next byte that is no white space, not taken.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    pub(super) fn value(&mut self, depth: usize) -> Result<Value<'a>, Error> {
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
    pub(super) fn enter(&mut self, depth: usize) -> Result<usize, Error> {
        let inside = depth.checked_sub(1).ok_or_else(|| self.error(&format!("nested deeper than {MAX_DEPTH}")))?;
        self.at += 1;
        Ok(inside)
    }

    /// Takes `,` and answers true, or takes `close` and answers false.
    pub(super) fn more(&mut self, close: u8) -> Result<bool, Error> {
        let next = self.peek();
        if next == Some(b',') || next == Some(close) {
            self.at += 1;
            Ok(next == Some(b','))
        } else {
            Err(self.error(if close == b']' { "expected `,` or `]`" } else { "expected `,` or `}`" }))
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Value<'a>>, Error> {
        let depth = self.enter(depth)?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Vec::new());
        }
        let first = self.open_items.len();
        loop {
            let item = self.value(depth)?;
            self.open_items.push(item);
            if !self.more(b']')? {
                return Ok(close(&mut self.open_items, first));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Map<'a>, Error> {
        let depth = self.enter(depth)?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Map::new());
        }
        let first = self.open_members.len();
        loop {
            let key = self.key()?;
            let value = self.value(depth)?;
            self.open_members.push((key, value));
            if !self.more(b'}')? {
                let entries = close(&mut self.open_members, first);
                return Ok(match self.members {
                    Members::Sorted => Map::from_entries(entries),
                    Members::AsWritten => Map::in_document_order(entries),
                });
            }
        }
    }

    /// Takes a key and the colon behind it.
    pub(super) fn key(&mut self) -> Result<Cow<'a, str>, Error> {
        if self.peek() != Some(b'"') {
            return Err(self.error("expected a key in double quotes"));
        }
        let key = self.string()?;
        if self.peek() != Some(b':') {
            return Err(self.error("expected `:`"));
        }
        self.at += 1;
        Ok(key)
    }

    fn number(&mut self) -> Result<Value<'a>, Error> {
        let start = self.at;
        let negative = self.bytes[start] == b'-';
        if negative {
            self.at += 1;
        }
        let leading = self.at;
        let (whole, digits) = self.digits()?;
        if digits > 1 && self.bytes[leading] == b'0' {
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
        if integral && digits <= SAFE_DIGITS {
            return Ok(Value::Integer(if negative { -whole } else { whole }));
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

    /// Takes one digit or more; answers what they say, if there are no more than [`SAFE_DIGITS`], and how many there are.
    fn digits(&mut self) -> Result<(i64, usize), Error> {
        let start = self.at;
        let mut number = 0i64;
        while let Some(byte @ b'0'..=b'9') = self.bytes.get(self.at) {
            number = number.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
            self.at += 1;
        }
        let count = self.at - start;
        if count == 0 { Err(self.error("expected a digit")) } else { Ok((number, count)) }
    }

    /// Takes a string, the opening quote being next.
    fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        self.at += 1;
        let start = self.at;
        if self.skip_plain()? == b'"' {
            let plain = start..self.at;
            self.at += 1;
            return Ok(match self.text {
                Some(text) => Cow::Borrowed(&text[plain]),
                None => decode(&self.bytes[plain]),
            });
        }
        self.unescaped.clear();
        let mut plain = start..self.at;
        loop {
            self.unescaped.extend_from_slice(&self.bytes[plain]);
            self.at += 1;
            self.escape()?;
            let start = self.at;
            let next = self.skip_plain()?;
            plain = start..self.at;
            if next == b'"' {
                self.unescaped.extend_from_slice(&self.bytes[plain]);
                self.at += 1;
                return Ok(Cow::Owned(decode(&self.unescaped).into_owned()));
            }
        }
    }

    /// Takes text up to the next quote or backslash, which is there; answers which it is.
    fn skip_plain(&mut self) -> Result<u8, Error> {
        self.at = ENDS_PLAIN.find(self.bytes, self.at);
        match self.bytes.get(self.at) {
            None => Err(self.error("the text ends inside a string")),
            Some(0..0x20) => Err(self.error("a control character in a string must be escaped")),
            Some(&byte) => Ok(byte),
        }
    }

    /// Takes what follows a backslash, and adds what it stands for to the string.
    fn escape(&mut self) -> Result<(), Error> {
        let escaped = match self.bytes.get(self.at) {
            Some(&byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                let escaped = self.unicode_escape()?;
                self.unescaped.extend_from_slice(escaped.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(self.error("unknown escape in a string")),
        };
        self.at += 1;
        self.unescaped.push(escaped);
        Ok(())
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

/// Takes what belongs to the list or object that ends.
fn close<T>(open: &mut Vec<T>, first: usize) -> Vec<T> {
    if first == 0 { std::mem::take(open) } else { open.split_off(first) }
}

/// So many digits are an `i64` in any case.
pub(super) const SAFE_DIGITS: usize = 18;

/// Bytes at which plain text in a string ends: quotes, backslashes and control characters.
pub(super) static ENDS_PLAIN: Marks<2> = Marks::new([(0, b'"'), (0, b'\\')]);

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
