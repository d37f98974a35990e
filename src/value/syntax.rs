//! What Go says of a text that is no JSON: the scanner of `encoding/json` (Go 1.26, `scanner.go`), which tells the first byte that
//! does not fit and what it was looking for there.

use super::print::quote;

/// How deep Go lets lists and objects nest.
const MAX_NESTING: usize = 10_000;

/// Go's text of the first fault, or nothing where the text is JSON to Go.
pub(crate) fn go_syntax_error(text: &[u8]) -> Option<String> {
    let mut scanner = Scanner { inside: Vec::new(), state: State::Value };
    // Upstream: at the end it looks for a fault as if a space followed.
    match text.iter().chain(b" ").try_for_each(|&byte| scanner.step(byte).map_err(|why| unexpected(byte, why))) {
        Err(fault) => Some(fault),
        Ok(()) => (scanner.state != State::End).then(|| "unexpected end of JSON input".to_owned()),
    }
}

fn unexpected(byte: u8, why: String) -> String {
    let shown = match byte {
        b'\'' => r"\'".to_owned(),
        b'"' => "\"".to_owned(),
        _ => quote(&char::from(byte).to_string()).trim_matches('"').to_owned(),
    };
    format!("invalid character '{shown}' {why}")
}

/// What a list or object waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Key,
    Member,
    Item,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    /// Behind a value.
    Behind,
    /// Behind the outermost value.
    End,
    Text,
    Escape,
    /// So many hexadecimal digits are to come.
    Hexadecimal(u8),
    Minus,
    Zero,
    Digits,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
    /// A word, and what of it is to come.
    Word(&'static str, &'static str),
}

struct Scanner {
    inside: Vec<Inside>,
    state: State,
}

impl Scanner {
    /// Takes a byte; the error is what was looked for instead.
    fn step(&mut self, byte: u8) -> Result<(), String> {
        let blank = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        self.state = match (self.state, byte) {
            (State::Value | State::ValueOrEnd | State::Key | State::KeyOrEnd | State::End, _) if blank => return Ok(()),
            (State::ValueOrEnd, b']') | (State::KeyOrEnd, b'}') => {
                self.inside.pop();
                self.behind()
            }
            (State::Value | State::ValueOrEnd, _) => return self.value(byte),
            (State::Key | State::KeyOrEnd, b'"') | (State::Escape, b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"') => {
                State::Text
            }
            (State::Key | State::KeyOrEnd, _) => return Err("looking for beginning of object key string".to_owned()),
            (State::End, _) => return Err("after top-level value".to_owned()),
            (State::Behind, _) => return self.end_of_value(byte, blank),
            (State::Text, b'"') => self.behind(),
            (State::Text, b'\\') => State::Escape,
            (State::Text, ..0x20) => return Err("in string literal".to_owned()),
            (State::Text, _) => return Ok(()),
            (State::Escape, b'u') => State::Hexadecimal(4),
            (State::Escape, _) => return Err("in string escape code".to_owned()),
            (State::Hexadecimal(1), _) if byte.is_ascii_hexdigit() => State::Text,
            (State::Hexadecimal(left), _) if byte.is_ascii_hexdigit() => State::Hexadecimal(left - 1),
            (State::Hexadecimal(_), _) => return Err("in \\u hexadecimal character escape".to_owned()),
            (State::Minus, b'0') => State::Zero,
            (State::Minus, b'1'..=b'9') | (State::Digits, b'0'..=b'9') => State::Digits,
            (State::Minus, _) => return Err("in numeric literal".to_owned()),
            (State::Zero | State::Digits, b'.') => State::Point,
            (State::Zero | State::Digits | State::Fraction, b'e' | b'E') => State::Exponent,
            (State::Point | State::Fraction, b'0'..=b'9') => State::Fraction,
            (State::Point, _) => return Err("after decimal point in numeric literal".to_owned()),
            (State::Exponent, b'+' | b'-') => State::ExponentSign,
            (State::Exponent | State::ExponentSign | State::ExponentDigits, b'0'..=b'9') => State::ExponentDigits,
            (State::Exponent | State::ExponentSign, _) => return Err("in exponent of numeric literal".to_owned()),
            (State::Zero | State::Digits | State::Fraction | State::ExponentDigits, _) => {
                self.state = self.behind();
                return self.step(byte);
            }
            (State::Word(word, rest), _) => match rest.strip_prefix(char::from(byte)) {
                Some("") => self.behind(),
                Some(rest) => State::Word(word, rest),
                None => {
                    let expected = rest.chars().next().unwrap_or_default();
                    return Err(format!("in literal {word} (expecting '{expected}')"));
                }
            },
        };
        Ok(())
    }

    fn value(&mut self, byte: u8) -> Result<(), String> {
        self.state = match byte {
            b'{' => {
                self.inside.push(Inside::Key);
                State::KeyOrEnd
            }
            b'[' => {
                self.inside.push(Inside::Item);
                State::ValueOrEnd
            }
            b'"' => State::Text,
            b'-' => State::Minus,
            b'0' => State::Zero,
            b'1'..=b'9' => State::Digits,
            b't' => State::Word("true", "rue"),
            b'f' => State::Word("false", "alse"),
            b'n' => State::Word("null", "ull"),
            _ => return Err("looking for beginning of value".to_owned()),
        };
        if self.inside.len() > MAX_NESTING { Err("exceeded max depth".to_owned()) } else { Ok(()) }
    }

    fn behind(&self) -> State {
        if self.inside.is_empty() { State::End } else { State::Behind }
    }

    fn end_of_value(&mut self, byte: u8, blank: bool) -> Result<(), String> {
        if blank {
            return Ok(());
        }
        let next = match (self.inside.pop(), byte) {
            (Some(Inside::Key), b':') => Some((Inside::Member, State::Value)),
            (Some(Inside::Key), _) => return Err("after object key".to_owned()),
            (Some(Inside::Member), b',') => Some((Inside::Key, State::Key)),
            (Some(Inside::Item), b',') => Some((Inside::Item, State::Value)),
            (Some(Inside::Member), b'}') | (Some(Inside::Item), b']') => None,
            (Some(Inside::Member), _) => return Err("after object key:value pair".to_owned()),
            (Some(Inside::Item) | None, _) => return Err("after array element".to_owned()),
        };
        self.state = match next {
            Some((inside, state)) => {
                self.inside.push(inside);
                state
            }
            None => self.behind(),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(go_syntax_error(text.as_bytes()).unwrap_or_default(), expect, "{text}");
    }

    #[test]
    fn as_go_words_it() {
        for text in [" {} ", "[1,-0.5e+3,\"\\u00e9\\n\",{\"a\":[]},true,false,null]\n", "0", "1E5", "\"\u{7f}é\""] {
            check(text, "");
        }
        let end = "unexpected end of JSON input";
        for text in ["", " ", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "[", "[1", "[1,", "\"", "\"\\u00e9"] {
            check(text, end);
        }
        check("kind: Service", "invalid character 'k' looking for beginning of value");
        check("[1,]", "invalid character ']' looking for beginning of value");
        check("{a:1}", "invalid character 'a' looking for beginning of object key string");
        check("{\"a\":1,}", "invalid character '}' looking for beginning of object key string");
        check("{\"a\" 1}", "invalid character '1' after object key");
        check("{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair");
        check("[1 '2']", "invalid character '\\'' after array element");
        check("[}", "invalid character '}' looking for beginning of value");
        check("{} {", "invalid character '{' after top-level value");
        check("\"a\nb\"", "invalid character '\\n' in string literal");
        check("\"\\x\"", "invalid character 'x' in string escape code");
        check("\"\\u00g", "invalid character 'g' in \\u hexadecimal character escape");
        check("-a", "invalid character 'a' in numeric literal");
        check("01", "invalid character '1' after top-level value");
        check("1.}", "invalid character '}' after decimal point in numeric literal");
        check("1e+", "invalid character ' ' in exponent of numeric literal");
        check("tru", "invalid character ' ' in literal true (expecting 'e')");
        check("nil", "invalid character 'i' in literal null (expecting 'u')");
        check("é", "invalid character 'Ã' looking for beginning of value");
        check("\u{1}", "invalid character '\\x01' looking for beginning of value");
        check(&"[".repeat(MAX_NESTING), end);
        check(&"[".repeat(MAX_NESTING + 1), "invalid character '[' exceeded max depth");
    }
}
