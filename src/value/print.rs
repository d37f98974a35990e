//! How Go's `fmt` prints a decoded value: `%v`, `%T` and `%q`, as they appear in Kubernetes' messages.

use super::{Value, number};

/// The value as `fmt.Sprintf("%v", …)` prints it: `map[name:dns ports:[53 80]]`, strings bare, `<nil>` for null.
pub(crate) fn go_value(value: &Value<'_>) -> String {
    let mut out = String::new();
    write_go_value(value, &mut out);
    out
}

fn write_go_value(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Integer(number) => out.push_str(&number.to_string()),
        Value::Float(number) => number::write_go_float(*number, out),
        Value::String(text) => out.push_str(text),
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                write_go_value(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (at, (key, value)) in map.iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                write_go_value(value, out);
            }
            out.push(']');
        }
    }
}

/// The value's type as `fmt.Sprintf("%T", …)` prints it.
pub(crate) fn go_type(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Integer(_) => "int64",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

/// The text as `fmt.Sprintf("%q", …)` prints it: in double quotes, what is not printable escaped.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            c if is_printable(c) => out.push(c),
            c if u32::from(c) < 0x80 => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if u32::from(c) < 0x1_0000 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
///
/// The standard library knows the same categories; a mark is only left alone by it behind another character.
#[inline]
pub(crate) fn is_printable(c: char) -> bool {
    if c.is_ascii() { c == ' ' || c.is_ascii_graphic() } else { is_printable_beyond_ascii(c) }
}

fn is_printable_beyond_ascii(c: char) -> bool {
    let behind: String = ['a', c].into_iter().collect();
    behind.escape_debug().count() == 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    #[test]
    fn prints_as_percent_v() {
        let value = parse(br#"{"b":[1,"x",null,true],"a":{"k":52.0},"m":1000000.0,"big":1e21,"small":0.00001}"#).unwrap();
        assert_eq!(go_value(&value), "map[a:map[k:52] b:[1 x <nil> true] big:1e+21 m:1e+06 small:1e-05]");
    }

    #[test]
    fn quotes_as_percent_q() {
        assert_eq!(quote("<&>é\u{1}\"\\\n\u{7f}"), r#""<&>é\x01\"\\\n\x7f""#);
        assert_eq!(quote("e\u{301}\u{a0}\u{200b}\u{e000}😀\u{e0001}"), "\"e\u{301}\\u00a0\\u200b\\ue000😀\\U000e0001\"");
    }
}
