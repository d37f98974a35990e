//! A three-way patch: what the modified object changes in the current one, and what it no longer has of the original one.
//!
//! Upstream: `CreateThreeWayMergePatch` and `CreateTwoWayMergePatchUsingLookupPatchMeta` (apimachinery v0.37.2
//! `pkg/util/strategicpatch/patch.go`), the preconditions of `pkg/util/mergepatch/util.go`.

use crate::Error;
use crate::schema::Schema;
use crate::strategic::diff::{Diff, Kept};
use crate::strategic::merge::{Merge, Purpose};
use crate::strategic::trace::{Pass, Trace};
use crate::strategic::{Conflicts, Options, conflict, fault, yaml};
use crate::value::{MAX_DEPTH, Map};

/// The three objects as maps.
pub(super) struct Objects<'v> {
    pub(super) original: &'v Map<'v>,
    pub(super) modified: &'v Map<'v>,
    pub(super) current: &'v Map<'v>,
}

/// The patch that brings `current` to `modified`, and drops what only `original` had.
pub(super) fn patch<'v>(
    objects: Objects<'v>,
    schema: &Schema,
    options: Options,
    trace: &mut impl Trace,
) -> Result<Map<'v>, Error> {
    let Objects { original, modified, current } = objects;
    let (lookup, ty) = (options.lookup, schema.root());
    let refuses = options.conflicts == Conflicts::Refuse;
    let mut sorted = Vec::new();
    let mut difference = |from, to, kept, pass, trace: &mut _| {
        Trace::begin(trace, pass);
        Diff { lookup, kept, sorted: refuses.then_some(&mut sorted), trace }.objects(from, to, ty)
    };
    let kept = Kept { changes: true, deletions: false, element_order: true };
    let delta = difference(current, modified, kept, Pass::Delta, trace)?;
    let kept = Kept { changes: false, deletions: true, element_order: true };
    let mut patch = difference(original, modified, kept, Pass::Deletions, trace)?;
    trace.begin(Pass::Combine);
    Merge { lookup, purpose: Purpose::Combine, trace }.objects(&mut patch, delta, ty, MAX_DEPTH)?;
    options.check_preconditions(&patch)?;
    if refuses {
        let kept = Kept { changes: true, deletions: true, element_order: false };
        let mut changed = difference(original, current, kept, Pass::Changes, trace)?;
        if conflict::between(lookup, &mut patch, &mut changed, ty)? {
            return Err(fault::conflict(&yaml::write(&patch), &yaml::write(&changed)));
        }
    }
    Ok(patch)
}

/// The patch from `original` to `modified`.
pub(super) fn two_way<'v>(
    original: &'v Map<'v>,
    modified: &'v Map<'v>,
    schema: &Schema,
    options: Options,
    trace: &mut impl Trace,
) -> Result<Map<'v>, Error> {
    trace.begin(Pass::TwoWay);
    let kept = Kept { changes: true, deletions: true, element_order: true };
    let patch = Diff { lookup: options.lookup, kept, sorted: None, trace }.objects(original, modified, schema.root())?;
    options.check_preconditions(&patch)?;
    Ok(patch)
}
