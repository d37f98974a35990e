//! The time of a managed fields entry: RFC 3339, whole seconds, UTC (apimachinery v0.37.2 `pkg/apis/meta/v1/time.go`).

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::error::Kind;
use crate::value;

/// A second in time.
///
/// ```
/// use mergekey::structured::Time;
///
/// let time: Time = "2026-07-07T23:38:29.5+01:00".parse()?;
/// assert_eq!(time.to_string(), "2026-07-07T22:38:29Z");
/// # Ok::<(), mergekey::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Since 1970.
    seconds: i64,
}

impl Time {
    /// The seconds since 1970, as Kubernetes compares times.
    pub fn unix_seconds(self) -> i64 {
        self.seconds
    }
}

impl FromStr for Time {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let seconds = value::parse_time(text).map_err(|why| Error::new(Kind::Syntax, None, why))?;
        Ok(Time { seconds })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&value::format_time(self.seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints() {
        for (text, seconds, printed) in [
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
            ("2024-02-29T12:30:45Z", 1_709_209_845, "2024-02-29T12:30:45Z"),
            ("2026-12-31T23:59:59-00:30", 1_798_763_399, "2027-01-01T00:29:59Z"),
            ("0001-01-01T00:00:00Z", -62_135_596_800, "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            let time: Time = text.parse().unwrap();
            assert_eq!((time.unix_seconds(), time.to_string().as_str()), (seconds, printed));
        }
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01 00:00:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.Z",
            "é024-01-01T00:00:00Z",
        ] {
            assert!(text.parse::<Time>().is_err(), "{text}");
        }
    }
}
