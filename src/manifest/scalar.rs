//! What a YAML scalar means to kubectl: YAML 1.1 as `sigs.k8s.io/yaml` v1.6.0 reads it (`go.yaml.in/yaml/v2`, `resolve.go`).
//!
//! Bare `yes`, `no`, `on`, `off`, `y` and `n` are booleans, `0644` is octal, `1_000` is a thousand, `1:20` is a string and so is
//! a timestamp. Everything becomes JSON before kubectl looks at it, so `80.0` is the integer 80.

use granit_parser::Tag;

use crate::value::{self, Value};

/// A scalar as the parser gives it.
pub(super) struct Scalar<'a> {
    pub(super) text: &'a str,
    pub(super) tag: Option<&'a Tag>,
    /// Neither quoted nor a block.
    pub(super) plain: bool,
}

/// What the scalar means.
///
/// # Errors
/// A text that says what is wrong: a tag that does not fit, or a number that JSON cannot hold.
pub(super) fn resolve(scalar: &Scalar<'_>) -> Result<Value<'static>, String> {
    let Some(tag) = scalar.tag else {
        return if scalar.plain { json(implicit(scalar.text)) } else { Ok(string(scalar.text)) };
    };
    let core = (tag.handle() == "tag:yaml.org,2002:").then(|| tag.suffix());
    match core {
        None | Some("str" | "timestamp") => Ok(string(scalar.text)),
        Some("binary") => binary(scalar.text).map(Value::from).ok_or_else(|| "!!binary holds no base64 text".to_owned()),
        Some(wanted) => json(tagged(scalar.text, wanted)?),
    }
}

/// Whether the scalar is the key `<<`, which merges another mapping into this one.
pub(super) fn is_merge(scalar: &Scalar<'_>) -> bool {
    let tagged = scalar.tag.is_some_and(|tag| tag.handle() == "tag:yaml.org,2002:" && tag.suffix() == "merge");
    scalar.text == "<<" && (tagged || (scalar.plain && scalar.tag.is_none()))
}

/// The value as a key of an object; `None` for null, which cannot be one.
pub(super) fn key(value: &Value<'_>) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) => Some(value.to_string()),
        _ => None,
    }
}

fn string(text: &str) -> Value<'static> {
    Value::from(text.to_owned())
}

fn tagged(text: &str, wanted: &str) -> Result<Value<'static>, String> {
    let value = implicit(text);
    let fits = match (&value, wanted) {
        (Value::Null, "null") | (Value::Bool(_), "bool") | (Value::Integer(_), "int" | "float") | (Value::Float(_), "float") => {
            true
        }
        // A whole number beyond 64 bits is kept as a float here, an integer to upstream.
        (Value::Float(number), "int") => number.fract() == 0.0 && !text.contains(['.', 'e', 'E']),
        _ => false,
    };
    if fits { Ok(value) } else { Err(format!("`{text}` is not of the type that its tag !!{wanted} says")) }
}

/// Through JSON and back: a float without a fraction is written as an integer there, and infinity cannot be written.
fn json(value: Value<'static>) -> Result<Value<'static>, String> {
    let Value::Float(number) = value else { return Ok(value) };
    if !number.is_finite() {
        return Err("infinity and not-a-number have no form in JSON".to_owned());
    }
    let text = Value::Float(number).to_string();
    Ok(value::parse(text.as_bytes()).map_or(Value::Float(number), Value::into_owned))
}

fn implicit(text: &str) -> Value<'static> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        _ => number(text).unwrap_or_else(|| string(text)),
    }
}

fn number(text: &str) -> Option<Value<'static>> {
    let first = text.bytes().next()?;
    if first == b'.' {
        return float(text);
    }
    if !first.is_ascii_digit() && first != b'+' && first != b'-' {
        return None;
    }
    let plain = text.replace('_', "");
    integer(&plain).or_else(|| float(&plain))
}

/// Go's `ParseInt` with base 0: the base is told by a prefix, and a leading zero means octal.
fn integer(text: &str) -> Option<Value<'static>> {
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.bytes().next()?.is_ascii_alphanumeric() {
        return None;
    }
    let size = i128::from_str_radix(digits, base).ok()?;
    let signed = if negative { -size } else { size };
    match i64::try_from(signed) {
        Ok(number) => Some(Value::Integer(number)),
        // Beyond 64 bits it is a number in JSON still, which kubectl then reads as a float.
        Err(_) if !text.starts_with(['+', '-']) && u64::try_from(size).is_ok() => size.to_string().parse().ok().map(Value::Float),
        Err(_) => None,
    }
}

fn float(text: &str) -> Option<Value<'static>> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let well_formed = all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|text| {
            let size = text.strip_prefix(['+', '-']).unwrap_or(text);
            !size.is_empty() && all_digits(size)
        });
    // Out of range is no number to upstream, but a string.
    let number: f64 = if well_formed { text.parse().ok()? } else { return None };
    number.is_finite().then_some(Value::Float(number))
}

fn binary(text: &str) -> Option<String> {
    let mut bits = 0u32;
    let mut held = 0u32;
    let mut bytes = Vec::new();
    let body = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - body.len() > 2 {
        return None;
    }
    for byte in body.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(digit)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
