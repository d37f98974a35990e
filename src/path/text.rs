//! The text of a path, as `Path.String` and `PathElement.String` print it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::{Element, Key, Path};
use crate::Error;
use crate::error::Kind;
use crate::value::{self, Value};

/// The element as Kubernetes' messages print it: field names raw, strings in Go's quotes.
impl fmt::Display for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(f)
    }
}

impl Element<'_> {
    fn print(&self, out: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Element::Field(name) => {
                out.write_str(".")?;
                out.write_str(name)
            }
            Element::Key(key) => {
                for (at, (name, value)) in key.fields().enumerate() {
                    out.write_str(if at > 0 { "," } else { "[" })?;
                    out.write_str(name)?;
                    out.write_str("=")?;
                    print_value(value, out)?;
                }
                out.write_str(if key.fields().len() > 0 { "]" } else { "[]" })
            }
            Element::Value(value) => {
                out.write_str("[=")?;
                print_value(value, out)?;
                out.write_str("]")
            }
            Element::Index(index) => write!(out, "[{index}]"),
        }
    }
}

/// Most paths have a shorter text.
const USUAL: usize = 64;

/// The text of a path of these elements.
pub(crate) fn text_of<'e>(elements: impl IntoIterator<Item = Element<'e>>) -> String {
    let mut text = String::with_capacity(USUAL);
    for element in elements {
        // A string takes whatever is written.
        let _ = element.print(&mut text);
    }
    text
}

/// A value as upstream's `value.ToString` prints it.
fn print_value(value: &Value<'_>, out: &mut impl fmt::Write) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Integer(number) => write!(out, "{number}"),
        Value::String(text) => out.write_str(&value::quote(text)),
        Value::List(items) => {
            out.write_str("[")?;
            for (at, item) in items.iter().enumerate() {
                out.write_str(if at > 0 { "," } else { "" })?;
                print_value(item, out)?;
            }
            out.write_str("]")
        }
        // Upstream: members stand side by side with nothing around them, in random order there.
        Value::Map(map) => map.iter().try_for_each(|(key, value)| {
            out.write_str(key)?;
            out.write_str("=")?;
            print_value(value, out)
        }),
        scalar => out.write_str(&value::go_value(scalar)),
    }
}

/// Reads a path as it is printed.
///
/// Upstream prints field names raw, so a dot or an opening bracket inside of a name reads as the start of the next element: such
/// a text gives another path that prints the same.
impl FromStr for Path {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut reader = Reader { text, at: 0 };
        let mut elements = Vec::new();
        while let Some(element) = reader.element()? {
            elements.push(element);
        }
        Ok(Path { elements })
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn take(&mut self, expected: char) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    fn take_until(&mut self, ends: &[char]) -> &'t str {
        let rest = self.rest();
        let taken = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn error(&self, message: &str) -> Error {
        Error::new(Kind::Syntax, Some(format!("path {:?}, byte {}", self.text, self.at)), message)
    }

    fn element(&mut self) -> Result<Option<Element<'static>>, Error> {
        if self.rest().is_empty() {
            Ok(None)
        } else if self.take('.') {
            let name = self.take_until(&['.', '[']);
            Ok(Some(Element::Field(Cow::Owned(name.to_owned()))))
        } else if self.take('[') {
            let element = self.bracketed()?;
            if self.take(']') { Ok(Some(element)) } else { Err(self.error("expected `]`")) }
        } else {
            Err(self.error("expected `.` or `[`"))
        }
    }

    fn bracketed(&mut self) -> Result<Element<'static>, Error> {
        let start = self.at;
        let name = self.take_until(&['=', ']']);
        if !self.rest().starts_with('=') {
            return name.parse().map(Element::Index).map_err(|_| {
                self.at = start;
                self.error("expected an index or `name=value`")
            });
        }
        let mut fields = Vec::new();
        let mut name = name;
        loop {
            self.at += 1;
            let value = self.value()?;
            if !self.rest().starts_with(',') && fields.is_empty() && name.is_empty() {
                return Ok(Element::Value(value));
            }
            fields.push((Cow::Owned(name.to_owned()), value));
            if !self.take(',') {
                return Ok(Element::Key(Key::new(fields)));
            }
            name = self.take_until(&['=', ']']);
            if !self.rest().starts_with('=') {
                return Err(self.error("expected `=`"));
            }
        }
    }

    fn value(&mut self) -> Result<Value<'static>, Error> {
        if self.rest().starts_with('"') {
            return self.quoted().map(Value::from);
        }
        let start = self.at;
        let word = self.take_until(&[',', ']']);
        let value = value::parse(word.as_bytes()).map(Value::into_owned);
        match value {
            Ok(value @ (Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_))) => Ok(value),
            _ => {
                self.at = start;
                Err(self.error("expected a string in double quotes, a number, true, false or null"))
            }
        }
    }

    /// Takes a string as Go's `%q` writes it.
    fn quoted(&mut self) -> Result<String, Error> {
        self.at += 1;
        let mut text = String::new();
        loop {
            text.push_str(self.take_until(&['"', '\\']));
            if self.take('"') {
                return Ok(text);
            }
            if !self.take('\\') {
                return Err(self.error("the text ends inside a string"));
            }
            text.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let Some(letter) = self.rest().chars().next() else {
            return Err(self.error("the text ends inside a string"));
        };
        let digits = match letter {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let escaped = match letter {
            '"' | '\\' => Some(letter),
            'a' => Some('\x07'),
            'b' => Some('\x08'),
            'f' => Some('\x0c'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\x0b'),
            'x' | 'u' | 'U' => {
                let hex = self.rest().get(1..=digits).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
                hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32)
            }
            _ => None,
        };
        let escaped = escaped.ok_or_else(|| self.error("unknown escape in a string"))?;
        self.at += 1 + digits;
        Ok(escaped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, elements: &[Element<'static>]) {
        let path: Path = text.parse().unwrap();
        assert_eq!(path.elements(), elements, "{text}");
        assert_eq!(path.to_string(), text);
    }

    #[test]
    fn prints_keys_that_are_no_scalars() {
        let value = value::parse(br#"[1,{"a":"b","c":[{}]}]"#).unwrap().into_owned();
        assert_eq!(Element::key([("port", value)]).to_string(), r#"[port=[1,a="b"c=[]]]"#);
    }

    #[test]
    fn prints_and_parses() {
        check("", &[]);
        check(".spec.ports[0]", &[Element::field("spec"), Element::field("ports"), Element::Index(0)]);
        check(
            "[port=53,protocol=\"TCP\"].nodePort",
            &[Element::key([("protocol", Value::from("TCP")), ("port", Value::from(53))]), Element::field("nodePort")],
        );
        check("[=\"a\\\"]\\u2028.b\"]", &[Element::Value(Value::from("a\"]\u{2028}.b"))]);
        check(
            "[=true][=null][=0.5]",
            &[Element::Value(Value::Bool(true)), Element::Value(Value::Null), Element::Value(Value::Float(0.5))],
        );
        // Without a name it is a key all the same, unless it is alone.
        check("[=1,port=53]", &[Element::key([("", 1), ("port", 53)])]);
        check(".metadata.annotations.a.b/c", &["metadata", "annotations", "a", "b/c"].map(Element::field));
    }

    #[test]
    fn refuses() {
        for (text, expect) in [
            ("spec", "path \"spec\", byte 0: expected `.` or `[`"),
            (".a[", "path \".a[\", byte 3: expected an index or `name=value`"),
            ("[x]", "path \"[x]\", byte 1: expected an index or `name=value`"),
            ("[port=53", "path \"[port=53\", byte 8: expected `]`"),
            ("[port=53,x]", "path \"[port=53,x]\", byte 10: expected `=`"),
            ("[port=x]", "path \"[port=x]\", byte 6: expected a string in double quotes, a number, true, false or null"),
            ("[=\"x", "path \"[=\\\"x\", byte 4: the text ends inside a string"),
            ("[=\"\\q\"]", "path \"[=\\\"\\\\q\\\"]\", byte 4: unknown escape in a string"),
        ] {
            assert_eq!(text.parse::<Path>().unwrap_err().to_string(), expect);
        }
    }
}
