//! `metav1.Time`: RFC 3339 text as Go's `time.Parse` reads it (Go 1.26, `time/format.go`), normalised to UTC and whole seconds.
//!
//! Left out: leap seconds, which Go does not know either.

use crate::value::quote;

const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
/// Go's zero time, which counts as none.
const ZERO: &str = "0001-01-01T00:00:00Z";

/// Reads a time and gives it as the server writes it; the zero time is none.
///
/// # Errors
/// Go's text: `parsing time "nonsense" as "2006-01-02T15:04:05Z07:00": cannot parse "nonsense" as "2006"`.
pub(super) fn parse(text: &str) -> Result<Option<String>, String> {
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
    let written = format_utc(days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset);
    Ok((written != ZERO).then_some(written))
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

/// Days since 1 March of the year 0 in the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (month * 153 + 2) / 5 + day - 1
}

fn format_utc(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
    let shifted = (day_of_year * 5 + 2) / 153;
    let day = day_of_year - (shifted * 153 + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
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
            ("time/zero_is_none", "0001-01-01T00:00:00Z", ""),
            (
                "time/nonsense",
                "nonsense",
                r#"parsing time "nonsense" as "2006-01-02T15:04:05Z07:00": cannot parse "nonsense" as "2006""#,
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
            let got = match parse(text) {
                Ok(time) => time.unwrap_or_default(),
                Err(error) => error,
            };
            assert_eq!(got, expect, "{name}");
        }
    }
}
