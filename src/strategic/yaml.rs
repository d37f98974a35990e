//! YAML as kubectl prints it: objects, and both patches of a conflict.
//!
//! Upstream: `sigs.k8s.io/yaml` v1.6.0 over `go.yaml.in/yaml/v2` v2.4.4 (`encode.go`, `emitterc.go`, `resolve.go`, `sorter.go`):
//! block style, lists at the indent of their key, keys in natural order, strings plain where they can be read back, long ones
//! folded after column 80. Left out: the message that stands instead of YAML where a string has a raw control character that
//! YAML cannot hold, or a key a line break U+0085; numbers in keys that are written in the digits of another script.

use crate::strategic::order;
use crate::value::{Map, Value, go_value, is_yaml_break};

mod scalar;

use scalar::Style;

/// The column behind which a line is broken at the next space.
const WIDTH: usize = 80;

/// The object as YAML text, with a line break at the end.
pub(crate) fn write(object: &Map<'_>) -> String {
    let mut writer = Writer { out: String::new(), column: 0, indent: 0, whitespace: true, indention: true };
    if object.is_empty() {
        writer.indicator("{}", true, false);
    } else {
        writer.object(object);
    }
    writer.indent = 0;
    writer.start_line();
    writer.out
}

/// The state of upstream's emitter, as far as it shows.
struct Writer {
    out: String,
    column: usize,
    indent: usize,
    /// The last character was white space, or there was none.
    whitespace: bool,
    /// Only indention and indicators stand on the line so far.
    indention: bool,
}

impl Writer {
    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn start_line(&mut self) {
        if !self.indention || self.column > self.indent || (self.column == self.indent && !self.whitespace) {
            self.put_break();
        }
        while self.column < self.indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &str, spaced: bool, is_indention: bool) {
        if spaced && !self.whitespace {
            self.put(' ');
        }
        text.chars().for_each(|c| self.put(c));
        self.whitespace = false;
        self.indention = self.indention && is_indention;
    }

    fn object(&mut self, object: &Map<'_>) {
        let mut members: Vec<(&str, &Value<'_>)> = object.iter().collect();
        order::sort(&mut members, |(left, _), (right, _)| comes_before(left, right));
        for (key, value) in members {
            self.start_line();
            if scalar::is_simple_key(key) {
                self.string(key, scalar::style(key, true), false);
                self.indicator(":", false, false);
            } else {
                self.indicator("?", true, true);
                self.nested(2, |writer| writer.string(key, scalar::style(key, false), true));
                self.start_line();
                self.indicator(":", true, true);
            }
            // A list stands at the indent of its key.
            match value {
                Value::List(items) if !items.is_empty() && !self.indention => self.list(items),
                value => self.nested(2, |writer| writer.value(value)),
            }
        }
    }

    fn list(&mut self, items: &[Value<'_>]) {
        for item in items {
            self.start_line();
            self.indicator("-", true, true);
            self.nested(2, |writer| writer.value(item));
        }
    }

    fn nested(&mut self, by: usize, write: impl FnOnce(&mut Self)) {
        self.indent += by;
        write(self);
        self.indent -= by;
    }

    fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Map(map) if map.is_empty() => self.indicator("{}", true, false),
            Value::List(items) if items.is_empty() => self.indicator("[]", true, false),
            Value::Map(map) => self.object(map),
            Value::List(items) => self.list(items),
            Value::String(text) => {
                let text = &*scalar::read_back(text);
                self.string(text, scalar::style(text, false), true);
            }
            Value::Null => self.plain("null", false),
            Value::Bool(_) | Value::Integer(_) => self.plain(&go_value(value), false),
            Value::Float(_) => self.plain(&number(value), false),
        }
    }

    fn string(&mut self, text: &str, style: Style, may_break: bool) {
        match style {
            Style::Plain => self.plain(text, may_break),
            Style::SingleQuoted => self.single_quoted(text, may_break),
            Style::DoubleQuoted => self.double_quoted(text, may_break),
            Style::Literal => self.literal(text),
        }
    }

    fn plain(&mut self, text: &str, may_break: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        let mut after_space = false;
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            if c == ' ' && may_break && !after_space && self.column > WIDTH && characters.peek() != Some(&' ') {
                self.start_line();
            } else {
                self.put(c);
                self.indention = false;
            }
            after_space = c == ' ';
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &str, may_break: bool) {
        self.indicator("'", true, false);
        let (mut after_space, mut after_break) = (false, false);
        let mut characters = text.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            if c == ' ' {
                let inside = at > 0 && next.is_some();
                if may_break && !after_space && self.column > WIDTH && inside && next != Some(' ') {
                    self.start_line();
                } else {
                    self.put(c);
                }
                after_space = true;
            } else if is_yaml_break(c) {
                self.line_break(c);
                after_break = true;
            } else {
                if after_break {
                    self.start_line();
                }
                if c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                self.indention = false;
                (after_space, after_break) = (false, false);
            }
        }
        self.indicator("'", false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn double_quoted(&mut self, text: &str, may_break: bool) {
        self.indicator("\"", true, false);
        let mut after_space = false;
        let mut characters = text.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            if let Some(escape) = scalar::escape(c, text) {
                escape.chars().for_each(|c| self.put(c));
                after_space = false;
            } else if c == ' ' {
                if may_break && !after_space && self.column > WIDTH && at > 0 && next.is_some() {
                    self.start_line();
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                after_space = true;
            } else {
                self.put(c);
                after_space = false;
            }
            self.indention = false;
        }
        self.indicator("\"", false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false);
        if text.starts_with(|c| c == ' ' || is_yaml_break(c)) {
            self.indicator("2", false, false);
        }
        let mut backwards = text.chars().rev();
        match (backwards.next().map(is_yaml_break), backwards.next().map(is_yaml_break)) {
            (Some(true), Some(false)) => {}
            (Some(true), _) => self.indicator("+", false, false),
            _ => self.indicator("-", false, false),
        }
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let mut after_break = true;
        for c in text.chars() {
            if is_yaml_break(c) {
                self.line_break(c);
                after_break = true;
            } else {
                if after_break {
                    self.start_line();
                }
                self.put(c);
                self.indention = false;
                after_break = false;
            }
        }
    }

    fn line_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
        self.indention = true;
    }
}

/// A float, which upstream reads back from its JSON text first: one without fraction is an integer to it.
fn number(value: &Value<'_>) -> String {
    let json = value.to_string();
    match json.as_str() {
        "-0" => "0".into(),
        text if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() => json,
        _ => go_value(value),
    }
}

/// Natural order: letters behind everything else, digits by their number.
fn comes_before(left: &str, right: &str) -> bool {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let Some(at) = left.iter().zip(&right).position(|(a, b)| a != b) else { return left.len() < right.len() };
    let (a, b) = (left[at], right[at]);
    match (a.is_alphabetic(), b.is_alphabetic()) {
        (true, true) => return a < b,
        (false, false) => {}
        (_, right_is_letter) => return right_is_letter,
    }
    // A zero behind other digits is a digit of their number, not a leading one.
    let digits_before = left[..at].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
    let start = i64::from((a == '0' || b == '0') && digits_before);
    let (left_number, left_end) = digits(&left, at, start);
    let (right_number, right_end) = digits(&right, at, start);
    if left_number != right_number {
        return left_number < right_number;
    }
    if left_end != right_end { left_end < right_end } else { a < b }
}

fn digits(text: &[char], from: usize, start: i64) -> (i64, usize) {
    let digits = text[from..].iter().map_while(|c| c.to_digit(10));
    let mut end = from;
    let mut number = start;
    for digit in digits {
        number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
        end += 1;
    }
    (number, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    #[track_caller]
    fn check(json: &str, expect: &str) {
        assert_eq!(write(parse(json.as_bytes()).unwrap().as_map().unwrap()), expect, "{json}");
    }

    #[test]
    fn as_upstream_writes() {
        for line in include_str!("yaml/vectors.jsonl").lines() {
            let case = parse(line.as_bytes()).unwrap();
            let expected = case.get("yaml").and_then(Value::as_str).unwrap();
            assert_eq!(write(case.get("json").and_then(Value::as_map).unwrap()), expected, "{line}");
        }
    }

    #[test]
    fn nesting() {
        check("{}", "{}\n");
        check(r#"{"b":{},"a":[],"c":[[1,[2]],{}]}"#, "a: []\nb: {}\nc:\n- - 1\n  - - 2\n- {}\n");
        check(
            r#"{"spec":{"ports":[{"port":443,"a":null},"x"],"$patch":"delete"}}"#,
            "spec:\n  $patch: delete\n  ports:\n  - a: null\n    port: 443\n  - x\n",
        );
    }
}
