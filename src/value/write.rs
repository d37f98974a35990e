//! Go's JSON writer (`encoding/json`, Go 1.26): keys sorted, no spaces, HTML characters escaped.

use std::fmt;

use super::scan::Marks;
use super::{Value, number};

/// Most objects have a shorter text.
const USUAL: usize = 512;

impl Value<'_> {
    /// This value as a line of text.
    pub(crate) fn to_line(&self) -> String {
        let mut line = String::with_capacity(USUAL);
        self.write_to(&mut line);
        line.push('\n');
        line
    }

    /// Appends this value as Go's `json.Marshal` writes it: no spaces, keys sorted, `<`, `>`, `&`, U+2028 and U+2029 escaped.
    pub fn write_to(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(true) => out.push_str("true"),
            Value::Bool(false) => out.push_str("false"),
            Value::Integer(number) => write_integer(*number, out),
            Value::Float(number) => number::write_json_float(*number, out),
            Value::String(text) => write_string(text, out),
            Value::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write_to(out);
                }
                out.push(']');
            }
            Value::Map(map) => {
                out.push('{');
                let mut unread = map.unread().iter().peekable();
                let mut before = false;
                for (key, value) in map.iter() {
                    while let Some((key, text)) = unread.next_if(|(left, _)| **left < *key) {
                        write_key(key, before, out);
                        out.push_str(text);
                        before = true;
                    }
                    write_key(key, before, out);
                    value.write_to(out);
                    before = true;
                }
                for (key, text) in unread {
                    write_key(key, before, out);
                    out.push_str(text);
                    before = true;
                }
                out.push('}');
            }
        }
    }
}

/// The value as Go's `json.Marshal` writes it.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write_to(&mut out);
        f.write_str(&out)
    }
}

fn write_key(key: &str, before: bool, out: &mut String) {
    if before {
        out.push(',');
    }
    write_string(key, out);
    out.push(':');
}

fn write_integer(number: i64, out: &mut String) {
    let (digits, start) = integer_text(number);
    out.push_str(std::str::from_utf8(&digits[start..]).unwrap_or_default());
}

/// An integer as text: it begins at the answered place of the array and fills the rest.
pub(crate) fn integer_text(number: i64) -> ([u8; 20], usize) {
    let mut digits = [b'-'; 20];
    let mut start = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        start -= 1;
        // A digit is below ten.
        digits[start] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    // The sign stands there already: nineteen digits leave room for it.
    (digits, start - usize::from(number < 0))
}

/// Bytes that do not stand for themselves, `"`, `&`, `\\`, `<` and `>`, or of which the next ones must be looked at.
pub(super) static SPECIAL: Marks<4> = Marks::new([(4, b'&'), (0, b'\\'), (2, b'>'), (0, 0xe2)]);

/// Appends `text` as a JSON string, quotes included.
pub(super) fn write_string(text: &str, out: &mut String) {
    out.reserve(text.len() + 2);
    out.push('"');
    let bytes = text.as_bytes();
    let (mut written, mut at) = (0, SPECIAL.find(bytes, 0));
    while let Some(&byte) = bytes.get(at) {
        let letter = match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'\n' => 'n',
            b'\r' => 'r',
            b'\t' => 't',
            0x08 => 'b',
            0x0c => 'f',
            0xe2 if !text[at..].starts_with(['\u{2028}', '\u{2029}']) => {
                at = SPECIAL.find(bytes, at + 1);
                continue;
            }
            _ => 'u',
        };
        out.push_str(&text[written..at]);
        out.push('\\');
        out.push(letter);
        let escaped = text[at..].chars().next().unwrap_or_default();
        if letter == 'u' {
            out.push_str(&format!("{:04x}", u32::from(escaped)));
        }
        written = at + escaped.len_utf8();
        at = SPECIAL.find(bytes, written);
    }
    out.push_str(&text[written..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use crate::value::parse;

    #[track_caller]
    fn check(input: &str, expect: &str) {
        assert_eq!(parse(input.as_bytes()).unwrap().to_string(), expect);
    }

    #[test]
    fn numbers() {
        for (input, expect) in [
            ("80.0", "80"),
            ("-0", "0"),
            ("-0.0", "-0"),
            ("0.5", "0.5"),
            ("1e3", "1000"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e+21"),
            ("123456789012345678901234567890", "1.2345678901234568e+29"),
            ("1e-6", "0.000001"),
            ("1e-7", "1e-7"),
            ("-1.5e-9", "-1.5e-9"),
            ("1e300", "1e+300"),
            ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("9223372036854775808", "9223372036854776000"),
            ("0.1", "0.1"),
        ] {
            check(input, expect);
        }
    }

    #[test]
    fn strings() {
        check(r#""<a href=\"x\">&amp;\\""#, r#""\u003ca href=\"x\"\u003e\u0026amp;\\""#);
        check(r#""\u2028\u2029\u2030""#, "\"\\u2028\\u2029\u{2030}\"");
        check(r#""\u0000\u001f\b\f\n\r\t\u007f""#, "\"\\u0000\\u001f\\b\\f\\n\\r\\t\u{7f}\"");
        check(r#""\ud83d\ude00é""#, "\"😀é\"");
    }
}
