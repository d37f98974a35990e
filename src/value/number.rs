//! Numbers as `encoding/json` of Go 1.26 writes them, and as `%v` prints them.

use super::Value;

/// The number as a float; zero for what is none.
#[allow(clippy::cast_precision_loss, reason = "upstream compares an int64 with a float64 as floats")]
pub(super) fn as_float(value: &Value<'_>) -> f64 {
    match value {
        Value::Integer(number) => *number as f64,
        Value::Float(number) => *number,
        _ => 0.0,
    }
}

/// Plain decimals, or an exponent below 1e-6 and from 1e21 on: the shortest digits that read back the same.
pub(super) fn write_json_float(number: f64, out: &mut String) {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        push_exponent(number, 1, out);
    } else {
        out.push_str(&format!("{number}"));
    }
}

/// `%v`: an exponent below 1e-4 and from 1e6 on, with two digits at least.
pub(super) fn write_go_float(number: f64, out: &mut String) {
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e6).contains(&size) {
        push_exponent(number, 2, out);
    } else {
        out.push_str(&format!("{number}"));
    }
}

fn push_exponent(number: f64, digits: usize, out: &mut String) {
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, size) = exponent.strip_prefix('-').map_or(('+', exponent), |size| ('-', size));
    out.push_str(mantissa);
    out.push('e');
    out.push(sign);
    for _ in size.len()..digits {
        out.push('0');
    }
    out.push_str(size);
}
