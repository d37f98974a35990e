//! The characters that YAML 1.1 reads otherwise than JSON (go.yaml.in/yaml/v2).

use super::Value;

/// The line breaks that YAML has and JSON has not: the first one reads as a space, the others stay.
pub(crate) const YAML_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// Whether YAML ends a line here.
pub(crate) fn is_yaml_break(c: char) -> bool {
    matches!(c, '\r' | '\n') || YAML_BREAKS.contains(&c)
}

/// What YAML takes for no text, though JSON does.
pub(crate) fn is_yaml_control(c: char) -> bool {
    matches!(c, '\x7f'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

impl Value<'_> {
    /// Whether a text in it, or a key, has a character of a kind that is beyond ASCII or its last one.
    pub(crate) fn has_odd(&self, is_odd: fn(char) -> bool) -> bool {
        // A shortcut: most texts are plain.
        let has = |text: &str| !text.bytes().all(|byte| byte < 0x7f) && text.contains(is_odd);
        match self {
            Value::String(text) => has(text),
            Value::List(items) => items.iter().any(|item| item.has_odd(is_odd)),
            Value::Map(map) => map.iter().any(|(key, value)| has(key) || value.has_odd(is_odd)),
            _ => false,
        }
    }
}
