//! A merge case: one patch made or applied by the strategic engine alone.

use crate::case::{Case, Context, Difference};

/// Replays one case.
pub(crate) fn check(_case: &Case<'_>, _context: &Context) -> Result<(), Vec<Difference>> {
    Err(vec![Difference::new("", "a replay of this form of case", "none yet")])
}
