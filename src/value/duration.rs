//! Durations as Go reads them (`time.ParseDuration`, Go 1.26).

use super::time::quote;

/// The units, in nanoseconds; a microsecond is spelled with either letter that looks like a mu.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
/// The lowest duration without its sign; the highest is one less.
const MOST: u64 = 1 << 63;
/// The digits behind a point that can count.
const FRACTION: usize = 18;

/// What is wrong with a duration such as `1h2m3.5s`, in Go's words.
pub(crate) fn check_duration(text: &str) -> Result<(), String> {
    let invalid = || format!("time: invalid duration {}", quote(text));
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(());
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut sum = 0;
    while !rest.is_empty() {
        let (whole, behind) = split(rest, |c| c.is_ascii_digit());
        let (fraction, behind) = behind.strip_prefix('.').map_or(("", behind), |behind| split(behind, |c| c.is_ascii_digit()));
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        // Upstream: a number that is too large is told before its unit is looked at.
        let number =
            if whole.is_empty() { 0 } else { whole.parse().ok().filter(|&number| number <= MOST).ok_or_else(invalid)? };
        let (name, behind) = split(behind, |c| c != '.' && !c.is_ascii_digit());
        if name.is_empty() {
            return Err(format!("time: missing unit in duration {}", quote(text)));
        }
        let Some((_, unit)) = UNITS.iter().find(|(known, _)| *known == name) else {
            return Err(format!("time: unknown unit {} in duration {}", quote(name), quote(text)));
        };
        sum = add(sum, number, fraction, *unit).ok_or_else(invalid)?;
        rest = behind;
    }
    let most = if text.starts_with('-') { MOST } else { MOST - 1 };
    if sum <= most { Ok(()) } else { Err(invalid()) }
}

/// A sum of nanoseconds and so many units more; nothing beyond the highest.
fn add(sum: u64, number: u64, fraction: &str, unit: u64) -> Option<u64> {
    let digits = fraction.get(..FRACTION).unwrap_or(fraction);
    let scale = digits.bytes().fold(1_u128, |scale, _| scale * 10);
    let part = u128::from(unit) * digits.parse::<u128>().unwrap_or_default() / scale;
    let more = number.checked_mul(unit)?.checked_add(u64::try_from(part).ok()?)?;
    sum.checked_add(more).filter(|&sum| sum <= MOST)
}

/// What begins a text and is of one kind, and the rest.
fn split(text: &str, is_of_it: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !is_of_it(c)).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for text in [
            "0",
            "-0",
            "5s",
            "-5s",
            "+1m",
            "1.s",
            ".5s",
            "1h2m3.5s",
            "1.5h",
            "0.0000000001s",
            "1µs",
            "1μs",
            "9223372036854775807ns",
            "-9223372036854775808ns",
            "9223372036.854775807s",
        ] {
            assert_eq!(check_duration(text), Ok(()), "{text}");
        }
        for (text, expect) in [
            ("", r#"invalid duration """#),
            ("x", r#"invalid duration "x""#),
            ("+", r#"invalid duration "+""#),
            (".s", r#"invalid duration ".s""#),
            ("\"", r#"invalid duration "\"""#),
            ("5", r#"missing unit in duration "5""#),
            ("1s2", r#"missing unit in duration "1s2""#),
            ("5x", r#"unknown unit "x" in duration "5x""#),
            ("1 s", r#"unknown unit " s" in duration "1 s""#),
            ("1e3s", r#"unknown unit "e" in duration "1e3s""#),
            ("1é5", r#"unknown unit "\xc3\xa9" in duration "1\xc3\xa95""#),
            ("99999999999999h", r#"invalid duration "99999999999999h""#),
            ("99999999999999h5x", r#"invalid duration "99999999999999h5x""#),
            ("99999999999999999999x", r#"invalid duration "99999999999999999999x""#),
            ("9223372036854775808ns", r#"invalid duration "9223372036854775808ns""#),
            ("9223372036.854775808s", r#"invalid duration "9223372036.854775808s""#),
        ] {
            assert_eq!(check_duration(text), Err(format!("time: {expect}")), "{text}");
        }
    }
}
