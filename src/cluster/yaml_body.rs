//! What a server makes of an apply's JSON that reads it as YAML 1.1 (go.yaml.in/yaml/v2 behind sigs.k8s.io/yaml v1.6.0).
//!
//! Most JSON is YAML. The exceptions are refused in the words of the YAML reader, or not modelled. Left out: bodies that are no JSON.

use super::request::Body;
use super::status::Status;
use super::write::Stop;
use crate::Error;
use crate::value::{Value, YAML_BREAKS, is_yaml_break, is_yaml_control};

/// Refuses what is JSON and no YAML, and what reads as another text.
pub(super) fn check(body: &Body) -> Result<(), Stop> {
    match body {
        Body::Bytes(bytes) => check_text(bytes),
        Body::Value(value) => check_value(value),
    }
}

/// Whether a body has one line to the YAML reader.
pub(super) fn is_one_line(body: &Body) -> bool {
    match body {
        Body::Bytes(bytes) => lines_ended(&String::from_utf8_lossy(bytes.trim_ascii())) == 0,
        Body::Value(_) => true,
    }
}

fn check_text(bytes: &[u8]) -> Result<(), Stop> {
    // A shortcut: most bodies have nothing of this.
    if bytes.is_ascii() && !bytes.iter().any(|byte| matches!(byte, b'\\' | b'\x7f')) {
        return Ok(());
    }
    let text = String::from_utf8_lossy(bytes);
    match (text.contains(is_yaml_control), bad_escape(&text)) {
        (true, Some(_)) => outside("control characters and an escape that YAML has not"),
        (true, None) => refuse(CONTROL),
        (false, Some((at, why))) => match lines_ended(text.get(..at).unwrap_or_default()) {
            0 => refuse(why),
            lines => refuse(&format!("line {}: {why}", lines + 1)),
        },
        (false, None) if folds(&text) => outside(FOLDED),
        (false, None) => Ok(()),
    }
}

/// The same of an object as Go writes it, which escapes the other line breaks.
fn check_value(value: &Value<'_>) -> Result<(), Stop> {
    if value.has_odd(is_yaml_control) {
        return refuse(CONTROL);
    }
    if value.has_odd(|c| c == '\u{85}') { outside(FOLDED) } else { Ok(()) }
}

const CONTROL: &str = "control characters are not allowed";
const FOLDED: &str = "a line break that only YAML 1.1 has, where it changes a text";

fn refuse(why: &str) -> Result<(), Stop> {
    Err(Status::bad_request(format!("error decoding patch: error converting YAML to JSON: yaml: {why}")).into())
}

fn outside(what: &str) -> Result<(), Stop> {
    Err(Error::not_modelled(&format!("an apply patch with {what}")).into())
}

/// The first escape of JSON that YAML has not, and what its reader says: half a character, and a slash.
fn bad_escape(text: &str) -> Option<(usize, &'static str)> {
    let mut rest = text.match_indices('\\');
    while let Some((at, _)) = rest.next() {
        let escape = text.get(at + 1..).unwrap_or_default();
        if escape.starts_with('/') {
            return Some((at, "found unknown escape character"));
        }
        if escape.get(..2).is_some_and(|head| matches!(head, "ud" | "uD"))
            && escape.as_bytes().get(2).is_some_and(|&digit| digit >= b'8')
        {
            return Some((at, "found invalid Unicode character escape code"));
        }
        // What is escaped begins no escape of its own.
        if escape.starts_with('\\') {
            rest.next();
        }
    }
    None
}

/// Whether YAML reads another text: line breaks take the blanks beside them away.
fn folds(text: &str) -> bool {
    let is_beside = |c: Option<char>| c.is_some_and(|c| matches!(c, ' ' | '\t') || YAML_BREAKS.contains(&c));
    text.match_indices(YAML_BREAKS).any(|(at, found)| {
        let (before, behind) = (text.get(..at).unwrap_or_default(), text.get(at + found.len()..).unwrap_or_default());
        found == "\u{85}" || is_beside(before.chars().next_back()) || is_beside(behind.chars().next())
    })
}

/// How many lines end in a text.
fn lines_ended(text: &str) -> usize {
    let all = text.matches(is_yaml_break).count();
    all - text.matches("\r\n").count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn outcome(checked: Result<(), Stop>) -> String {
        match checked {
            Ok(()) => String::new(),
            Err(Stop::Refused(status)) => status.message().rsplit("JSON: ").next().unwrap_or_default().to_owned(),
            Err(Stop::Outside(error)) => error.to_string(),
        }
    }

    #[test]
    fn texts() {
        let (control, half) = ("yaml: control characters are not allowed", "found invalid Unicode character escape code");
        let folded = format!("not modelled: an apply patch with {FOLDED}");
        for (text, expect) in [
            ("\u{a0}\u{feff}\u{fffd}😀\u{10ffff}", String::new()),
            (r#"\u007f\ufeff\uffff\u0000\u00d8\"\\ud83d"#, String::new()),
            ("a\u{2028}b", String::new()),
            ("\x7f", control.to_owned()),
            ("\u{80}", control.to_owned()),
            ("\u{9f}", control.to_owned()),
            ("\u{fffe}", control.to_owned()),
            ("\u{ffff}", control.to_owned()),
            (r"\ud83d\ude00", format!("yaml: {half}")),
            (r"\\\uDFFF", format!("yaml: {half}")),
            (r"\/", "yaml: found unknown escape character".to_owned()),
            (r"\\/", String::new()),
            ("a\u{85}b", folded.clone()),
            ("a \u{2028}b", folded.clone()),
            ("a\u{2029}\u{2028}b", folded),
            ("\x7f\\/", "not modelled: an apply patch with control characters and an escape that YAML has not".to_owned()),
        ] {
            assert_eq!(outcome(check(&Body::Bytes(format!(r#"{{"a":"{text}"}}"#).into()))), expect, "{text:?}");
        }
        for (text, line) in [("\n", 2), ("\r\n", 2), ("\n\r", 3), ("\u{2028}", 2)] {
            let body = Body::Bytes(format!(r#"{{"a":1,{text}"b":"\ud83d"}}"#).into());
            assert_eq!(outcome(check(&body)), format!("yaml: line {line}: {half}"), "{text:?}");
            assert!(!is_one_line(&body), "{text:?}");
        }
    }

    #[test]
    fn objects() {
        for (text, expect) in [
            ("a \u{2028} b😀", String::new()),
            ("\x7f", "yaml: control characters are not allowed".to_owned()),
            ("a\u{85}", format!("not modelled: an apply patch with {FOLDED}")),
        ] {
            let inside = Value::List(vec![Value::Null, Value::from(text)]);
            let value: Value<'_> = Value::Map([("a", inside)].into_iter().collect());
            assert_eq!(outcome(check(&Body::Value(Arc::new(value)))), expect, "{text:?}");
            let key: Value<'_> = Value::Map([(text, Value::Null)].into_iter().collect());
            assert_eq!(outcome(check(&Body::Value(Arc::new(key)))), expect, "{text:?}");
        }
    }
}
