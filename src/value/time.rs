//! Times as Go reads and writes them where JSON holds them: RFC 3339 (Go 1.26, `time/format.go`), in whole seconds.
//!
//! Left out: leap seconds, which Go does not know either.

use std::fmt::Write;

const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
const DAY: i64 = 24 * 3_600;
/// Days from 1 March of the year 0 to 1970.
const DAYS_TO_1970: i64 = 719_468;

/// Reads a time as seconds since 1970; fractions are cut.
///
/// # Errors
/// Go's text: `parsing time "nonsense" as "2006-01-02T15:04:05Z07:00": cannot parse "nonsense" as "2006"`.
pub(crate) fn parse_time(text: &str) -> Result<i64, String> {
    let mut parser = Parser { text, rest: text };
    let year = parser.digits(4, "2006")?;
    parser.literal("-")?;
    let month = parser.digits(2, "01")?;
    if !(1..=12).contains(&month) {
        return Err(parser.out_of_range("month"));
    }
    parser.literal("-")?;
    let day = parser.digits(2, "02")?;
    parser.literal("T")?;
    // Upstream: an hour may be written with one digit.
    let hour = parser.short_digits("15")?;
    if hour > 23 {
        return Err(parser.out_of_range("hour"));
    }
    parser.literal(":")?;
    let minute = parser.digits(2, "04")?;
    if minute > 59 {
        return Err(parser.out_of_range("minute"));
    }
    parser.literal(":")?;
    let second = parser.digits(2, "05")?;
    if second > 59 {
        return Err(parser.out_of_range("second"));
    }
    parser.fraction();
    let offset = parser.zone()?;
    if !parser.rest.is_empty() {
        return Err(format!("parsing time {}: extra text: {}", quote(text), quote(parser.rest)));
    }
    if !(1..=days_in(year, month)).contains(&day) {
        return Err(parser.out_of_range("day"));
    }
    Ok(days_to(year, month, day) * DAY + hour * 3_600 + minute * 60 + second - offset)
}

/// A time as [`format_time`] writes it.
pub(crate) fn canonical_time(text: &str) -> Result<String, String> {
    let seconds = parse_time(text)?;
    // A shortcut: most are written so already, an hour of two digits and UTC.
    let canonical = matches!(text.as_bytes(), [.., b':', _, _, b':', _, _, b'Z']) && text.len() == "2006-01-02T15:04:05Z".len();
    Ok(if canonical { text.to_owned() } else { format_time(seconds) })
}

/// Seconds since 1970 as RFC 3339 in UTC.
pub(crate) fn format_time(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = date(days);
    let mut text = String::with_capacity(LAYOUT.len());
    if (0..=9_999).contains(&year) {
        push_two(year / 100, &mut text);
        push_two(year % 100, &mut text);
    } else {
        let _ = write!(text, "{year:04}");
    }
    for (before, number) in [('-', month), ('-', day), ('T', second / 3_600), (':', second / 60 % 60), (':', second % 60)] {
        text.push(before);
        push_two(number, &mut text);
    }
    text.push('Z');
    text
}

/// Appends a number below a hundred with two digits.
fn push_two(number: i64, text: &mut String) {
    let digit = |digit: i64| u32::try_from(digit).ok().and_then(|digit| char::from_digit(digit, 10)).unwrap_or('0');
    text.push(digit(number / 10));
    text.push(digit(number % 10));
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
}

impl Parser<'_> {
    fn cannot(&self, element: &str) -> String {
        format!("parsing time {} as {}: cannot parse {} as {}", quote(self.text), quote(LAYOUT), quote(self.rest), quote(element))
    }

    fn out_of_range(&self, what: &str) -> String {
        format!("parsing time {}: {what} out of range", quote(self.text))
    }

    fn literal(&mut self, literal: &str) -> Result<(), String> {
        self.rest = self.rest.strip_prefix(literal).ok_or_else(|| self.cannot(literal))?;
        Ok(())
    }

    fn digits(&mut self, count: usize, element: &str) -> Result<i64, String> {
        match self.rest.split_at_checked(count) {
            Some((digits, rest)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.rest = rest;
                Ok(digits.parse().unwrap_or(0))
            }
            _ => Err(self.cannot(element)),
        }
    }

    fn short_digits(&mut self, element: &str) -> Result<i64, String> {
        let count = if self.rest.as_bytes().get(1).is_some_and(|byte| byte.is_ascii_digit()) { 2 } else { 1 };
        self.digits(count, element)
    }

    fn fraction(&mut self) {
        let Some(digits) = self.rest.strip_prefix(['.', ',']) else { return };
        let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() < digits.len() {
            self.rest = rest;
        }
    }

    fn zone(&mut self) -> Result<i64, String> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let number = |from: usize, to: usize| {
            let digits = self.rest.get(from..to).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            digits.and_then(|digits| digits.parse::<i64>().ok())
        };
        let sign = match self.rest.bytes().next() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(self.cannot("Z07:00")),
        };
        let (Some(hours), Some(":"), Some(minutes)) = (number(1, 3), self.rest.get(3..4), number(4, 6)) else {
            return Err(self.cannot("Z07:00"));
        };
        for (value, limit, what) in [(hours, 24, "time zone offset hour"), (minutes, 60, "time zone offset minute")] {
            if value > limit {
                return Err(self.out_of_range(what));
            }
        }
        self.rest = self.rest.get(6..).unwrap_or_default();
        Ok(sign * (hours * 3_600 + minutes * 60))
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 of a date of the Gregorian calendar; years begin in March here, so that the leap day comes last.
fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day - DAYS_TO_1970
}

fn date(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_1970;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// Go's package `time` quotes in a way of its own: byte by byte what is no printable ASCII.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'\x7f' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (name, text, expect) in [
            ("time/plain", "2026-11-23T21:52:30Z", "2026-11-23T21:52:30Z"),
            ("time/fraction_is_cut", "2026-11-23T21:52:30.987Z", "2026-11-23T21:52:30Z"),
            ("time/zone", "2024-03-01T00:30:00+01:00", "2024-02-29T23:30:00Z"),
            ("time/zone_west", "2023-12-31T23:30:00-01:30", "2024-01-01T01:00:00Z"),
            ("time/zero", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("time/short_hour", "2020-01-02T3:04:05Z", "2020-01-02T03:04:05Z"),
            (
                "time/nonsense",
                "nonsense",
                r#"parsing time "nonsense" as "2006-01-02T15:04:05Z07:00": cannot parse "nonsense" as "2006""#,
            ),
            (
                "time/quoted",
                "\u{e9}\t\"",
                r#"parsing time "\xc3\xa9\x09\"" as "2006-01-02T15:04:05Z07:00": cannot parse "\xc3\xa9\x09\"" as "2006""#,
            ),
            ("time/empty", "", r#"parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006""#),
            (
                "time/date_only",
                "2020-01-02",
                r#"parsing time "2020-01-02" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T""#,
            ),
            (
                "time/no_zone",
                "2020-01-02T03:04:05",
                r#"parsing time "2020-01-02T03:04:05" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00""#,
            ),
            ("time/month", "2020-13-02T03:04:05Z", r#"parsing time "2020-13-02T03:04:05Z": month out of range"#),
            ("time/day", "2023-02-29T03:04:05Z", r#"parsing time "2023-02-29T03:04:05Z": day out of range"#),
            ("time/extra", "2020-01-02T03:04:05Zx", r#"parsing time "2020-01-02T03:04:05Zx": extra text: "x""#),
        ] {
            let got = parse_time(text).map(format_time).unwrap_or_else(|error| error);
            assert_eq!(got, expect, "{name}");
            assert_eq!(canonical_time(text).unwrap_or_else(|error| error), expect, "{name}");
        }
    }
}
