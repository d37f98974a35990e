//! Reads files of cases, tells the forms of cases apart by their fields, and counts.

use std::fmt;
use std::io::Read;
use std::ops::AddAssign;
use std::path::Path;

use crate::case::{Case, Context, Difference};
use crate::{merge, operations, transcript};

/// Which cases of a file are replayed.
#[derive(Default)]
pub(crate) struct Selection<'a> {
    /// Only the case with this id.
    pub(crate) only: Option<&'a str>,
    /// Not more than this many.
    pub(crate) limit: Option<usize>,
}

/// How many cases passed and failed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// The text of a file, unpacked if it is gzip.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut text = String::new();
    let read = if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text)
    } else {
        (&bytes[..]).read_to_string(&mut text)
    };
    read.map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(text)
}

/// Replays the cases of a file and tells every failure, with its differences, to `report`.
///
/// An error is a file or line that cannot be read.
pub(crate) fn file(
    file: &Path,
    selection: &Selection<'_>,
    context: &Context,
    report: &mut dyn FnMut(&str),
) -> Result<Counts, String> {
    let text = read(file)?;
    let mut counts = Counts::default();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (number, line) in lines {
        if selection.limit.is_some_and(|limit| counts.passed + counts.failed >= limit) {
            break;
        }
        let case = Case::read(line).map_err(|error| format!("{}:{}: {error}", file.display(), number + 1))?;
        if selection.only.is_some_and(|id| id != case.id()) {
            continue;
        }
        match check(&case, context) {
            Ok(()) => counts.passed += 1,
            Err(differences) => {
                counts.failed += 1;
                for difference in differences {
                    report(&format!("{}: {difference}\n", case.id()));
                }
            }
        }
    }
    Ok(counts)
}

fn check(case: &Case<'_>, context: &Context) -> Result<(), Vec<Difference>> {
    let has = |field: &str| case.json.get(field).is_some();
    if has("op") {
        merge::check(case, context)
    } else if has("ops") {
        operations::check(case, context)
    } else if has("steps") {
        transcript::check(case, context)
    } else {
        Err(vec![Difference::new("", "a case with \"op\", \"ops\" or \"steps\"", "none of them")])
    }
}
