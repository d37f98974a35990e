//! Whether a patch changes what somebody else changed in another way.
//!
//! Upstream: `MergingMapsHaveConflicts` and what it calls (apimachinery v0.37.2 `pkg/util/strategicpatch/patch.go`). Keys are
//! compared in sorted order, where upstream's order is random.

use std::collections::BTreeMap;

use crate::Error;
use crate::schema::{Strategy, Type};
use crate::strategic::diff::{Elements, element_type};
use crate::strategic::keys::Printed;
use crate::strategic::list::move_duplicates_out;
use crate::strategic::lookup::{Known, Lookup};
use crate::strategic::{PATCH, RETAIN_KEYS, fault};
use crate::value::{MAX_DEPTH, Map, Value};

/// Whether both patches say something different about one place.
///
/// Upstream: lists of single values are sorted in place where they are compared, so that the patch itself is changed.
pub(super) fn between<'v>(lookup: Lookup, patch: &mut Map<'v>, changed: &mut Map<'v>, ty: Type<'_>) -> Result<bool, Error> {
    Check { lookup }.marked_objects(patch, changed, Strategy::Unstated, ty, MAX_DEPTH)
}

struct Check {
    lookup: Lookup,
}

impl Check {
    fn objects<'v>(&self, left: &mut Map<'v>, right: &mut Map<'v>, ty: Type<'_>, depth: usize) -> Result<bool, Error> {
        let depth = depth.checked_sub(1).ok_or_else(fault::too_deep)?;
        for (key, mine) in left.iter_mut() {
            if key == PATCH || key == RETAIN_KEYS {
                continue;
            }
            let Some(theirs) = right.get_mut(key) else { continue };
            let differ = match mine {
                Value::List(mine) => {
                    let known = self.lookup.list(ty, key)?;
                    match theirs {
                        Value::List(theirs) => self.lists(mine, theirs, known, depth)?,
                        _ => true,
                    }
                }
                Value::Map(mine) => {
                    let known = self.lookup.object(ty, key)?;
                    match theirs {
                        Value::Map(theirs) => self.marked_objects(mine, theirs, known.patch.strategy(), known.below, depth)?,
                        _ => true,
                    }
                }
                mine => mine != theirs,
            };
            if differ {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn marked_objects<'v>(
        &self,
        left: &mut Map<'v>,
        right: &mut Map<'v>,
        strategy: Strategy,
        ty: Type<'_>,
        depth: usize,
    ) -> Result<bool, Error> {
        if left.get(PATCH) != right.get(PATCH) {
            return Ok(true);
        }
        if strategy == Strategy::Replace {
            return Ok(false);
        }
        self.objects(left, right, ty, depth)
    }

    fn lists<'v>(&self, left: &mut [Value<'v>], right: &mut [Value<'v>], known: Known<'_>, depth: usize) -> Result<bool, Error> {
        let elements = element_type(&[left, right])?;
        if known.patch.strategy() == Strategy::Merge {
            if elements == Elements::Scalars {
                return Ok(false);
            }
            let mut right = by_key(right, known.merge_key())?;
            for (key, mine) in by_key(left, known.merge_key())? {
                if let Some(theirs) = right.get_mut(&key)
                    && self.marked_objects(mine, theirs, Strategy::Unstated, known.below, depth)?
                {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        if left.len() != right.len() {
            return Ok(true);
        }
        if elements == Elements::Scalars {
            let (mine, theirs) = (sort_in_place(left), sort_in_place(right));
            let differ = left[..mine].iter().zip(&right[..theirs]).any(|(mine, theirs)| mine != theirs);
            // Upstream: only as many values are compared as the patch has; where the others are fewer it crashes.
            return if !differ && mine > theirs { Err(fault::fewer_values()) } else { Ok(differ) };
        }
        for (mine, theirs) in left.iter_mut().zip(right) {
            let (Value::Map(mine), Value::Map(theirs)) = (mine, theirs) else { return Ok(true) };
            if self.marked_objects(mine, theirs, Strategy::Unstated, known.below, depth)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The objects of a list by their printed key; the last one of a repeated key.
fn by_key<'l, 'v>(items: &'l mut [Value<'v>], merge_key: &str) -> Result<BTreeMap<String, &'l mut Map<'v>>, Error> {
    let mut found = BTreeMap::new();
    for item in items {
        let Value::Map(item) = item else { return Err(fault::expected_object(item)) };
        let Some(key) = item.get(merge_key) else { return Err(fault::cannot_find_merge_key(item, merge_key)) };
        found.insert(fault::go_string_verb(key), item);
    }
    Ok(found)
}

/// Removes duplicates and sorts what stays; answers how many stay.
fn sort_in_place(items: &mut [Value<'_>]) -> usize {
    let length = move_duplicates_out(items);
    items[..length].sort_by(|left, right| Printed::new(Some(left)).cmp(&Printed::new(Some(right))));
    length
}
