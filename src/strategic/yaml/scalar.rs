//! How a string is written so that it is read back as that string.

use std::borrow::Cow;

use crate::value::is_yaml_break;

/// The form of a string.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// Lines behind a `|`.
    Literal,
}

/// What `text` is written as; a key stands on one line.
pub(super) fn style(text: &str, is_key: bool) -> Style {
    let facts = Facts::of(text);
    if text.contains('\n') {
        let fits = facts.literal && !is_key;
        return if fits { Style::Literal } else { Style::DoubleQuoted };
    }
    if is_typed(text) || is_base_60(text) || (is_key && facts.has_break) {
        return Style::DoubleQuoted;
    }
    match facts {
        Facts { plain: true, .. } => Style::Plain,
        Facts { single_quoted: true, .. } => Style::SingleQuoted,
        _ => Style::DoubleQuoted,
    }
}

/// The text as upstream reads it back from JSON before it writes it.
///
/// Upstream: JSON is read as YAML, where U+0085, which JSON does not escape, ends a line: it is folded into a space. Spaces around it go;
/// a tab, which JSON does escape, stays.
pub(super) fn read_back(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{85}') {
        return Cow::Borrowed(text);
    }
    let mut lines = text.split('\u{85}').enumerate().peekable();
    let mut folded = String::with_capacity(text.len());
    let mut empty_lines = 0;
    while let Some((at, mut line)) = lines.next() {
        let is_last = lines.peek().is_none();
        if at > 0 {
            line = line.trim_start_matches(' ');
        }
        if !is_last {
            line = line.trim_end_matches(' ');
        }
        if at > 0 && line.is_empty() && !is_last {
            empty_lines += 1;
            continue;
        }
        match (at, empty_lines) {
            (0, _) => {}
            (_, 0) => folded.push(' '),
            (_, count) => folded.extend(std::iter::repeat_n('\n', count)),
        }
        empty_lines = 0;
        folded.push_str(line);
    }
    Cow::Owned(folded)
}

/// Whether a key may stand before its colon on one line.
pub(super) fn is_simple_key(text: &str) -> bool {
    text.len() <= 128 && !text.chars().any(is_yaml_break)
}

/// In which forms a text can be written at all.
struct Facts {
    plain: bool,
    single_quoted: bool,
    literal: bool,
    has_break: bool,
}

impl Facts {
    fn of(text: &str) -> Self {
        let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_yaml_break(c));
        let mut plain = !edge(text.chars().next()) && !edge(text.chars().next_back());
        plain &= !text.starts_with("---") && !text.starts_with("...");
        let (mut single_quoted, mut literal) = (true, !text.ends_with(' ') && !text.is_empty());
        let mut has_break = false;
        let mut before = None;
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            let blank_follows = characters.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
            plain &= match (c, before) {
                ('#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`', None) => false,
                ('?' | '-', None) | (':', _) => !blank_follows,
                ('#', Some(before)) => !(matches!(before, ' ' | '\t') || is_yaml_break(before)),
                _ => true,
            };
            if is_yaml_break(c) {
                has_break = true;
                plain = false;
                if before == Some(' ') {
                    (single_quoted, literal) = (false, false);
                }
            } else if c == ' ' && before.is_some_and(is_yaml_break) {
                (plain, single_quoted) = (false, false);
            }
            if !is_printable(c) {
                (plain, single_quoted, literal) = (false, false, false);
            }
            before = Some(c);
        }
        Facts { plain, single_quoted, literal, has_break }
    }
}

/// Upstream: characters beyond U+FFFF count as not printable.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// What stands for a character of a text between double quotes, unless it stands for itself.
///
/// Upstream: in a text that begins with a byte order mark nothing stands for itself.
pub(super) fn escape(c: char, text: &str) -> Option<String> {
    if is_printable(c) && !is_yaml_break(c) && !matches!(c, '"' | '\\') && !text.starts_with('\u{feff}') {
        return None;
    }
    let short = match c {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' | '\\' => c,
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            return Some(match u32::from(c) {
                code @ ..=0xff => format!("\\x{code:02X}"),
                code @ ..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            });
        }
    };
    Some(format!("\\{short}"))
}

/// Whether the text alone would be read as something else than a string.
fn is_typed(text: &str) -> bool {
    const WORDS: [&str; 27] = [
        "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "n", "N", "no", "No", "NO", "false", "False",
        "FALSE", "off", "Off", "OFF", "~", "null", "Null", "NULL", "",
    ];
    match text.bytes().next() {
        None | Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => WORDS.contains(&text),
        Some(b'.') => {
            matches!(text, ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF")
                || (parts_digits(text) && is_float(&text.replace('_', "")))
        }
        Some(b'+' | b'-' | b'0'..=b'9') => {
            let plain = text.replace('_', "");
            let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
            matches!(unsigned, ".inf" | ".Inf" | ".INF") && unsigned != text
                || is_timestamp(text)
                || is_integer(&plain)
                || is_float(&plain)
        }
        _ => false,
    }
}

/// Whether every underscore stands between two digits.
fn parts_digits(text: &str) -> bool {
    let mut parts = text.split('_').peekable();
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    while let Some(part) = parts.next() {
        if let Some(next) = parts.peek()
            && !(digit(part.as_bytes().last()) && digit(next.as_bytes().first()))
        {
            return false;
        }
    }
    true
}

/// Go's integers in any base: `80`, `0x1f`, `0b1`, `0o17`; what is octal without the letter reads as a float, too.
fn is_integer(text: &str) -> bool {
    let (sign, digits) = signed(text);
    let lower = digits.to_ascii_lowercase();
    let (digits, base) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16),
        [b'0', b'b', ..] => (&lower[2..], 2),
        [b'0', b'o', ..] => (&lower[2..], 8),
        _ => (&*lower, 10),
    };
    // Upstream: behind `0b` a number is read once more, with a sign of its own.
    let again = text.strip_prefix("0b").map(signed);
    fits(sign, digits, base) || again.is_some_and(|(sign, digits)| fits(sign, digits, 2))
}

fn signed(text: &str) -> (&str, &str) {
    text.split_at(usize::from(text.starts_with(['+', '-'])))
}

/// Whether a number fits into 64 bits: without a sign it is unsigned.
fn fits(sign: &str, digits: &str, base: u32) -> bool {
    let limit = match sign {
        "-" => 1 << 63,
        "+" => (1 << 63) - 1,
        _ => u64::MAX,
    };
    signed(digits).0.is_empty() && u64::from_str_radix(digits, base).is_ok_and(|number| number <= limit)
}

/// `-1.5e3`, `.5`, `1.`, `08`; not beyond what a float can hold.
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let numeric = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    numeric && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// `1:30`: read by other parsers as a number to the base of 60.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let first = parts.next().unwrap_or_default();
    let mut rest: Vec<&str> = parts.collect();
    let Some(last) = rest.last_mut() else { return false };
    if let Some((whole, fraction)) = last.split_once('.') {
        if !fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
            return false;
        }
        *last = whole;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
        && rest.iter().all(|part| match part.as_bytes() {
            [_] => digits(part),
            [tens, _] => (b'0'..=b'5').contains(tens) && digits(part),
            _ => false,
        })
}

/// `2026-01-02`, with a time behind `T`, `t` or a space.
fn is_timestamp(text: &str) -> bool {
    let mut rest = Rest(text);
    let date = rest.digits(4, 4).filter(|_| rest.take("-"));
    let Some(year) = date else { return false };
    let Some(month) = rest.digits(1, 2).filter(|month| (1..=12).contains(month) && rest.take("-")) else { return false };
    let Some(day) = rest.digits(1, 2) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=days).contains(&day) {
        return false;
    }
    if rest.0.is_empty() {
        return true;
    }
    let zoned = rest.take("T") || rest.take("t");
    if !zoned && !rest.take(" ") {
        return false;
    }
    if !zoned {
        rest = Rest(rest.0.trim_start_matches(' '));
    }
    let below = |value: Option<u32>, limit: u32| value.is_some_and(|value| value < limit);
    if !(below(rest.digits(1, 2), 24) && rest.take(":") && below(rest.digits(1, 2), 60) && rest.take(":")) {
        return false;
    }
    if !below(rest.digits(1, 2), 60) {
        return false;
    }
    let fraction = Rest(rest.0);
    if rest.take(".") || rest.take(",") {
        let behind = rest.0.trim_start_matches(|c: char| c.is_ascii_digit());
        rest = if behind.len() < rest.0.len() { Rest(behind) } else { fraction };
    }
    if !zoned || rest.take("Z") {
        return rest.0.is_empty();
    }
    (rest.take("+") || rest.take("-"))
        && below(rest.digits(2, 2), 25)
        && rest.take(":")
        && below(rest.digits(2, 2), 61)
        && rest.0.is_empty()
}

struct Rest<'t>(&'t str);

impl Rest<'_> {
    fn take(&mut self, prefix: &str) -> bool {
        match self.0.strip_prefix(prefix) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// Takes a number of so many digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if count < least {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        digits.parse().ok()
    }
}
