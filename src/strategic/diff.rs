//! The difference between two objects, as a strategic merge patch.
//!
//! Upstream: `diffMaps`, `diffLists` and what they call (apimachinery v0.37.2 `pkg/util/strategicpatch/patch.go`). The patch
//! borrows from the documents. Where upstream walks a Go map in random order, and only the choice among several errors depends on
//! it, keys are taken in sorted order here. Left out: keys of a document that look like a directive and clash with a real one.

use std::borrow::Cow;

use crate::Error;
use crate::schema::{Strategy, Type};
use crate::strategic::keys::{Keys, Printed, equal};
use crate::strategic::list::deduplicate;
use crate::strategic::lookup::{Known, Lookup};
use crate::strategic::trace::{Decision, Step, Trace};
use crate::strategic::{DELETE, DELETE_FROM_PRIMITIVE_LIST, PATCH, RETAIN_KEYS, SET_ELEMENT_ORDER, fault, order};
use crate::value::{MAX_DEPTH, Map, Value, name};

/// What of a difference goes into the patch.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    /// Changes and additions.
    pub(super) changes: bool,
    /// Deletions.
    pub(super) deletions: bool,
    /// The order of merged lists.
    pub(super) element_order: bool,
}

/// One pass over two objects.
pub(super) struct Diff<'p, 'v, T> {
    pub(super) lookup: Lookup,
    pub(super) kept: Kept,
    /// The lists that upstream sorted in place so far, if anybody looks at the older document again.
    pub(super) sorted: Option<&'p mut Vec<&'v [Value<'v>]>>,
    pub(super) trace: &'p mut T,
}

/// A field that both objects have.
#[derive(Clone, Copy)]
struct Pair<'v> {
    key: &'v str,
    original: &'v Value<'v>,
    modified: &'v Value<'v>,
}

/// What the difference between two lists is.
#[derive(Default)]
struct ListDiff<'v> {
    patch: Vec<Value<'v>>,
    deletions: Vec<Value<'v>>,
    element_order: Vec<Value<'v>>,
}

/// A patch of an object under construction.
#[derive(Default)]
struct Draft<'v> {
    directives: Vec<(Cow<'v, str>, Value<'v>)>,
    fields: Vec<(Cow<'v, str>, Value<'v>)>,
}

impl<'v> Draft<'v> {
    fn directive(&mut self, name: &str, key: &str, list: Vec<Value<'v>>) {
        if !list.is_empty() {
            self.directives.push((format!("{name}/{key}").into(), Value::List(list)));
        }
    }

    fn field(&mut self, key: &'v str, value: Value<'v>) {
        self.fields.push((Cow::Borrowed(key), value));
    }

    fn is_empty(&self) -> bool {
        self.directives.is_empty() && self.fields.is_empty()
    }

    fn into_map(mut self) -> Map<'v> {
        if self.directives.is_empty() {
            return Map::from_entries(self.fields);
        }
        self.directives.append(&mut self.fields);
        Map::from_entries(self.directives)
    }
}

impl<'v, T: Trace> Diff<'_, 'v, T> {
    /// The patch from one object to another; `None` if there is nothing to say.
    pub(super) fn objects(&mut self, original: &'v Map<'v>, modified: &'v Map<'v>, ty: Type<'_>) -> Result<Map<'v>, Error> {
        self.maps(original, modified, ty, RetainKeys::No, MAX_DEPTH)
    }

    fn maps(
        &mut self,
        original: &'v Map<'v>,
        modified: &'v Map<'v>,
        ty: Type<'_>,
        retain_keys: RetainKeys,
        depth: usize,
    ) -> Result<Map<'v>, Error> {
        let depth = depth.checked_sub(1).ok_or_else(fault::too_deep)?;
        let mut draft = Draft::default();
        // What was not read of the older object is no `null` and no member of the newer one.
        let mut additional = original.is_partial();
        let mut older = original.entries().iter().peekable();
        for (key, value) in modified.entries() {
            while let Some((gone, was)) = older.next_if(|(name, _)| name::order(name, key).is_lt()) {
                additional |= !was.is_null();
                self.removed(gone, &mut draft);
            }
            match older.next_if(|(name, _)| name::same(name, key)) {
                Some((_, was)) => self.field(Pair { key, original: was, modified: value }, ty, depth, &mut draft)?,
                None if self.kept.changes => draft.field(key, self.copy(value)),
                None => {}
            }
        }
        for (gone, was) in older {
            additional |= !was.is_null();
            self.removed(gone, &mut draft);
        }
        if retain_keys == RetainKeys::Yes && (additional || !draft.is_empty()) {
            let retained: Vec<_> =
                modified.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| Value::from(key)).collect();
            if !retained.is_empty() {
                draft.directives.push((Cow::Borrowed(RETAIN_KEYS), Value::List(retained)));
            }
        }
        Ok(draft.into_map())
    }

    fn removed(&self, key: &'v str, draft: &mut Draft<'v>) {
        if self.kept.deletions {
            draft.field(key, Value::Null);
        }
    }

    fn field(&mut self, pair: Pair<'v>, ty: Type<'_>, depth: usize, draft: &mut Draft<'v>) -> Result<(), Error> {
        let Pair { key, original, modified } = pair;
        if key == PATCH {
            let (Some(was), Some(is)) = (original.as_str(), modified.as_str()) else {
                return Err(fault::directive_is_no_text());
            };
            if was != is {
                draft.field(key, Value::from(is));
            }
            return Ok(());
        }
        let known = match (original, modified) {
            (Value::Map(_), Value::Map(_)) => self.lookup.object(ty, key),
            (Value::List(_), Value::List(_)) => self.lookup.list(ty, key),
            _ => {
                self.replace_if_different(pair, draft);
                return Ok(());
            }
        };
        let known = match known {
            Ok(known) => known,
            Err(_) if original == modified => return Ok(()),
            Err(error) => return Err(error),
        };
        self.trace.enter(Step::Field(key));
        match (original, modified, known.patch.strategy()) {
            // Upstream: an object that is replaced is in the patch even if nothing changed.
            (Value::Map(_), Value::Map(_), Strategy::Replace) if self.kept.changes => draft.field(key, self.copy(modified)),
            (Value::Map(_), Value::Map(_), Strategy::Replace) => {}
            (Value::Map(original), Value::Map(modified), _) => {
                let below = self.maps(original, modified, known.below, RetainKeys::of(known), depth)?;
                if !below.is_empty() {
                    draft.field(key, Value::Map(below));
                }
            }
            (Value::List(original), Value::List(modified), Strategy::Merge) => {
                let below = self.lists(original, modified, known, depth)?;
                if !below.patch.is_empty() {
                    draft.field(key, Value::List(below.patch));
                }
                draft.directive(DELETE_FROM_PRIMITIVE_LIST, key, below.deletions);
                draft.directive(SET_ELEMENT_ORDER, key, below.element_order);
            }
            _ => self.replace_if_different(pair, draft),
        }
        self.trace.leave();
        Ok(())
    }

    fn replace_if_different(&self, pair: Pair<'v>, draft: &mut Draft<'v>) {
        if self.kept.changes && pair.original != pair.modified {
            draft.field(pair.key, self.copy(pair.modified));
        }
    }

    fn lists(
        &mut self,
        original: &'v [Value<'v>],
        modified: &'v [Value<'v>],
        known: Known<'_>,
        depth: usize,
    ) -> Result<ListDiff<'v>, Error> {
        if original.is_empty() {
            let patch = if self.kept.changes { self.copy_all(modified) } else { Vec::new() };
            return Ok(ListDiff { patch, ..ListDiff::default() });
        }
        match element_type(&[original, modified])? {
            Elements::Objects => self.lists_of_objects(original, modified, known, depth),
            Elements::Scalars => self.lists_of_scalars(original, modified),
        }
    }

    fn lists_of_objects(
        &mut self,
        original: &'v [Value<'v>],
        modified: &'v [Value<'v>],
        known: Known<'_>,
        depth: usize,
    ) -> Result<ListDiff<'v>, Error> {
        let merge_key = known.merge_key();
        let (older, newer) = (sorted_by_key(original, merge_key), sorted_by_key(modified, merge_key));
        let mut patch: Vec<(usize, Value<'v>)> = Vec::new();
        let mut deletions = Vec::new();
        let (mut i, mut j) = (0, 0);
        loop {
            let (was, is) = (older.get(i), newer.get(j));
            let was_key = was.map(|was| was.key(merge_key)).transpose()?;
            let is_key = is.map(|is| is.key(merge_key)).transpose()?;
            match (was.zip(was_key), is.zip(is_key)) {
                (Some((was, _)), Some((is, (name, key)))) if was.printed == is.printed => {
                    if self.trace.is_on() {
                        self.trace.decided(Decision::Paired { key, original: was.place, modified: is.place });
                    }
                    self.trace.enter(Step::Item { merge_key: name, key });
                    let mut below = self.maps(was.item, is.item, known.below, RetainKeys::of(known), depth)?;
                    self.trace.leave();
                    if !below.is_empty() {
                        below.insert(name, self.copy(key));
                        patch.push((is.place, Value::Map(below)));
                    }
                    i += 1;
                    j += 1;
                }
                (was, Some((is, (_, key)))) if was.as_ref().is_none_or(|(was, _)| was.printed > is.printed) => {
                    if self.kept.changes {
                        if self.trace.is_on() {
                            self.trace.decided(Decision::Added { key, modified: is.place });
                        }
                        patch.push((is.place, Value::Map(self.copy_map(is.item))));
                    }
                    j += 1;
                }
                (Some((was, (name, key))), _) => {
                    if self.kept.deletions {
                        if self.trace.is_on() {
                            self.trace.decided(Decision::Removed { key, original: was.place });
                        }
                        let directive = [(name, self.copy(key)), (PATCH, Value::from(DELETE))];
                        deletions.push(Value::Map(directive.into_iter().collect()));
                    }
                    i += 1;
                }
                (None, _) => break,
            }
        }
        let mut patch = in_order_of(modified, merge_key, patch)?;
        let same_order = self.same_order(original, modified, merge_key)?;
        patch.append(&mut deletions);
        let mut element_order = Vec::new();
        if self.kept.element_order
            && ((self.kept.changes && (!patch.is_empty() || !same_order)) || (self.kept.deletions && !patch.is_empty()))
        {
            for (name, key) in modified.iter().filter_map(|item| item.as_map()?.get_entry(merge_key)) {
                element_order.push(Value::Map([(name, self.copy(key))].into_iter().collect()));
            }
        }
        Ok(ListDiff { patch, element_order, ..ListDiff::default() })
    }

    /// Whether both lists have the same keys in the same order.
    fn same_order(&self, original: &[Value<'_>], modified: &[Value<'_>], merge_key: &str) -> Result<bool, Error> {
        if original.len() != modified.len() {
            return Ok(false);
        }
        for (was, is) in original.iter().zip(modified) {
            let (Some(was), Some(is)) = (was.get(merge_key), is.get(merge_key)) else { continue };
            if !equal(was, is)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn lists_of_scalars(&mut self, original: &'v [Value<'v>], modified: &'v [Value<'v>]) -> Result<ListDiff<'v>, Error> {
        let (older, newer) = (sorted_scalars(original), sorted_scalars(modified));
        // Upstream: the older list itself is sorted, so that it is seen sorted from now on.
        if let Some(sorted) = &mut self.sorted {
            sorted.push(original);
        }
        let mut added: Vec<Value<'v>> = Vec::new();
        let mut deletions: Vec<Value<'v>> = Vec::new();
        let (mut i, mut j) = (0, 0);
        loop {
            match (older.get(i), newer.get(j)) {
                (Some((was, _)), Some((is, _))) if was == is => {
                    i += 1;
                    j += 1;
                }
                (was, Some((is, value))) if was.is_none_or(|(was, _)| was > is) => {
                    if self.kept.changes {
                        added.push(value.borrowed());
                    }
                    j += 1;
                }
                (Some((_, value)), _) => {
                    if self.kept.deletions {
                        deletions.push(value.borrowed());
                    }
                    i += 1;
                }
                (None, _) => break,
            }
        }
        deduplicate(&mut deletions);
        // Sorted in place before, the newer list has the order that the additions have already.
        if added.len() > 1 && !self.was_sorted(modified) {
            let places = Keys::new(modified.iter().map(Some).collect());
            let mut placed = Vec::with_capacity(added.len());
            for value in added {
                placed.push((places.find(&value)?, value));
            }
            placed.sort_by_key(|(place, _)| *place);
            added = placed.into_iter().map(|(_, value)| value).collect();
        }
        let reordered = || !older.iter().map(|(_, value)| *value).eq(modified.iter());
        let mut element_order = Vec::new();
        if self.kept.element_order && ((self.kept.deletions && !deletions.is_empty()) || (self.kept.changes && reordered())) {
            element_order = self.copy_all(modified);
        }
        Ok(ListDiff { patch: added, deletions, element_order })
    }

    /// A copy for the patch, as the value looks after what was sorted in place.
    fn copy(&self, value: &'v Value<'v>) -> Value<'v> {
        match (&self.sorted, value) {
            (Some(sorted), _) if sorted.is_empty() => value.borrowed(),
            (Some(_), Value::Map(map)) => Value::Map(self.copy_map(map)),
            (Some(_), Value::List(items)) => Value::List(self.copy_all(items)),
            _ => value.borrowed(),
        }
    }

    fn copy_map(&self, map: &'v Map<'v>) -> Map<'v> {
        map.entries().iter().map(|(key, value)| (Cow::Borrowed(&**key), self.copy(value))).collect()
    }

    fn was_sorted(&self, items: &[Value<'_>]) -> bool {
        self.sorted.as_ref().is_some_and(|sorted| sorted.iter().any(|known| std::ptr::eq(*known, items)))
    }

    fn copy_all(&self, items: &'v [Value<'v>]) -> Vec<Value<'v>> {
        if self.was_sorted(items) {
            return sorted_scalars(items).into_iter().map(|(_, value)| value.borrowed()).collect();
        }
        items.iter().map(|item| self.copy(item)).collect()
    }
}

/// Whether an object's patch says which keys stay.
#[derive(Clone, Copy, PartialEq)]
enum RetainKeys {
    Yes,
    No,
}

impl RetainKeys {
    fn of(known: Known<'_>) -> Self {
        if known.patch.retains_keys() { RetainKeys::Yes } else { RetainKeys::No }
    }
}

/// What the items of a list are.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Elements {
    /// Objects.
    Objects,
    /// Single values of one type.
    Scalars,
}

/// What the items of all the lists are; they must be of one Go type.
pub(super) fn element_type(lists: &[&[Value<'_>]]) -> Result<Elements, Error> {
    let mut items = lists.iter().flat_map(|items| items.iter());
    let first = items.next().ok_or_else(fault::no_elements)?;
    match first {
        Value::List(_) => return Err(fault::list_of_lists()),
        Value::Null => return Err(fault::null_element()),
        _ => {}
    }
    if !items.all(|item| item.same_type(first)) {
        return Err(fault::element_types(lists));
    }
    Ok(if matches!(first, Value::Map(_)) { Elements::Objects } else { Elements::Scalars })
}

/// An item of a list with its merge key as text to sort by.
struct Item<'v> {
    printed: Printed<'v>,
    /// Where it stands in its list.
    place: usize,
    item: &'v Map<'v>,
    key: Option<(&'v str, &'v Value<'v>)>,
}

impl<'v> Item<'v> {
    fn key(&self, merge_key: &str) -> Result<(&'v str, &'v Value<'v>), Error> {
        self.key.ok_or_else(|| fault::missing_merge_key(self.item, merge_key))
    }
}

/// The items in the order in which upstream walks them: sorted by printed key, where equal keys come as Go's sort leaves them.
fn sorted_by_key<'v>(items: &'v [Value<'v>], merge_key: &str) -> Vec<Item<'v>> {
    let mut sorted: Vec<Item<'v>> = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        if let Value::Map(item) = item {
            let key = item.get_entry(merge_key);
            sorted.push(Item { printed: Printed::new(key.map(|(_, key)| key)), place, item, key });
        }
    }
    // Strictly rising keys stay as they are.
    if !sorted.is_sorted_by(|left, right| left.printed < right.printed) {
        order::sort(&mut sorted, |left, right| left.printed <= right.printed);
    }
    sorted
}

/// The values sorted by their text; equal texts are equal values here, as all are of one type.
fn sorted_scalars<'v>(items: &'v [Value<'v>]) -> Vec<(Printed<'v>, &'v Value<'v>)> {
    let mut sorted: Vec<_> = items.iter().map(|item| (Printed::new(Some(item)), item)).collect();
    sorted.sort_by(|(left, _), (right, _)| left.cmp(right));
    sorted
}

/// Brings patch items, each with its place in `modified`, into the order in which their keys first occur there; what carries a
/// delete directive goes to the end.
fn in_order_of<'v>(
    modified: &'v [Value<'v>],
    merge_key: &str,
    mut patch: Vec<(usize, Value<'v>)>,
) -> Result<Vec<Value<'v>>, Error> {
    if patch.len() > 1 {
        let firsts = Keys::new(modified.iter().map(|item| item.get(merge_key)).collect()).firsts()?;
        patch.sort_by_key(|(place, item)| match is_delete(item) {
            true => usize::MAX,
            false => firsts.get(*place).copied().flatten().unwrap_or(usize::MAX),
        });
    }
    Ok(patch.into_iter().map(|(_, item)| item).collect())
}

/// Whether an item carries the directive that deletes its key.
pub(super) fn is_delete(item: &Value<'_>) -> bool {
    item.get(PATCH).and_then(Value::as_str) == Some(DELETE)
}
