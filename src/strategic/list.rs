//! Lists with the merge strategy: patch items into live items, and the order that comes out.
//!
//! Upstream: `mergeSlice`, `normalizeElementOrder` and what they call (apimachinery v0.37.2
//! `pkg/util/strategicpatch/patch.go`). Items are matched by `==` on their merge key, the first live item of a key wins, and
//! the further ones of that key are left alone. Upstream works on Go slices that share memory; what can be seen of that is
//! kept in [`Remains`]. Left out: merge keys that Go cannot compare, where upstream crashes; here that is an error.

use crate::Error;
use crate::strategic::diff::{Elements, element_type, is_delete};
use crate::strategic::keys::{Finder, Keys};
use crate::strategic::lookup::{Known, type_name};
use crate::strategic::merge::{Merge, Purpose};
use crate::strategic::trace::{Decision, Step, Trace};
use crate::strategic::{DELETE, MERGE, PATCH, REPLACE, fault, order};
use crate::value::Value;

/// A merged list in the order that the patch's own list gives it, and what the live list looks like afterwards.
pub(super) struct Merged<'v> {
    pub(super) items: Vec<Value<'v>>,
    pub(super) remains: Remains<'v>,
}

/// The keys of the live list as upstream's slice of it holds them after a merge.
///
/// Upstream: a merge writes into the array of the live list. When items are deleted the later ones move up, appended items fill
/// the places that became free at the end, and the old slice, as long as before, sees all of that.
pub(super) struct Remains<'v> {
    keys: Vec<Option<Value<'v>>>,
    /// The error of the first item that lacks its merge key, where the merge did not look for it.
    lacking: Option<Error>,
}

impl<'v> Remains<'v> {
    /// Of a list that nothing was merged into.
    pub(super) fn untouched(items: &[Value<'v>], merge_key: &str) -> Self {
        Remains { keys: items.iter().map(|item| key_of(item, merge_key).cloned()).collect(), lacking: None }
    }

    /// Of a list that the patch's one replaces: its items were not looked at so far.
    pub(super) fn replaced(items: &[Value<'v>], merge_key: &str) -> Self {
        Remains { lacking: require_keys(items, merge_key).err(), ..Remains::untouched(items, merge_key) }
    }

    fn keys(&self) -> Keys<'_> {
        Keys::new(self.keys.iter().map(Option::as_ref).collect())
    }
}

/// The key by which an item is matched: its merge key, or itself where it is no object.
fn key_of<'i, 'v>(item: &'i Value<'v>, merge_key: &str) -> Option<&'i Value<'v>> {
    match item {
        Value::Map(map) => map.get(merge_key),
        scalar => Some(scalar),
    }
}

fn keys_of<'i>(items: &'i [Value<'_>], merge_key: &str) -> Keys<'i> {
    Keys::new(items.iter().map(|item| key_of(item, merge_key)).collect())
}

/// Whether the patch's list holds what is to be deleted: `$deleteFromPrimitiveList`.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum PatchList {
    Items,
    Unwanted,
}

impl<T: Trace> Merge<'_, T> {
    /// Merges a patch's list into a live one.
    pub(super) fn lists<'v>(
        &mut self,
        live: Vec<Value<'v>>,
        patch: Vec<Value<'v>>,
        patch_list: PatchList,
        known: Known<'_>,
        depth: usize,
    ) -> Result<Merged<'v>, Error> {
        let merge_key = known.merge_key();
        if live.is_empty() && patch.is_empty() {
            return Ok(Merged { items: live, remains: Remains::untouched(&[], merge_key) });
        }
        match element_type(&[&live, &patch])? {
            Elements::Scalars if patch_list == PatchList::Unwanted && self.purpose == Purpose::Apply => {
                let unwanted = keys_of(&patch, merge_key);
                let mut items = Vec::with_capacity(live.len());
                for item in live {
                    if unwanted.find(&item)?.is_none() {
                        items.push(item);
                    }
                }
                Ok(Merged { items, remains: Remains::untouched(&[], merge_key) })
            }
            Elements::Scalars => merge_scalars(live, patch, merge_key),
            Elements::Objects if merge_key.is_empty() => Err(fault::no_merge_key_declared(type_name(known.below))),
            Elements::Objects => self.merge_objects(live, patch, known, depth),
        }
    }

    fn merge_objects<'v>(
        &mut self,
        live: Vec<Value<'v>>,
        patch: Vec<Value<'v>>,
        known: Known<'_>,
        depth: usize,
    ) -> Result<Merged<'v>, Error> {
        let merge_key = known.merge_key();
        let special = Special::read(&patch, merge_key)?;
        let (mut items, mut remains) = self.delete_items(live, &special, merge_key)?;
        let plain: Vec<(usize, Value<'v>)> =
            patch.into_iter().enumerate().filter(|(_, item)| item.get(PATCH).is_none()).collect();
        if special.replace {
            remains.lacking = require_keys(&items, merge_key).err();
            items = plain.into_iter().map(|(_, item)| item).collect();
            let own = keys_of(&items, merge_key).firsts()?;
            require_keys(&items, merge_key)?;
            let order = arrange(&items, &vec![None; items.len()], &own);
            return Ok(Merged { items: take_in_order(items, &order), remains });
        }
        let survivors = items.len();
        let targets = targets(&items, &plain, merge_key)?;
        for ((place, item), target) in plain.into_iter().zip(&targets) {
            let Value::Map(item) = item else { return Err(fault::expected_object(&item)) };
            let (Some(key), Some(target)) = (item.get(merge_key), *target) else {
                return Err(fault::missing_merge_key(&item, merge_key));
            };
            if self.trace.is_on() {
                let passed_over = others(&items, merge_key, key, target);
                self.trace.decided(match target < items.len() {
                    true => Decision::Matched { key, patch: place, live: target, passed_over },
                    false => Decision::Appended { key, patch: place, live: target },
                });
                self.trace.enter(Step::Item { merge_key, key });
            }
            match items.get_mut(target) {
                Some(Value::Map(into)) => self.objects(into, item, known.below, depth)?,
                _ => items.push(Value::Map(item)),
            }
            self.trace.leave();
        }
        require_keys(&items, merge_key)?;
        let named: Vec<_> = targets.iter().map(|target| key_of(items.get((*target)?)?, merge_key)).collect();
        let wanted = positions(&items, merge_key, &Keys::new(named))?;
        let stayed = positions(&items, merge_key, &keys_of(&items[..survivors], merge_key))?;
        let order = arrange(&items, &wanted, &stayed);
        for (free, item) in remains.keys.iter_mut().skip(survivors).zip(&items[survivors..]) {
            *free = key_of(item, merge_key).cloned();
        }
        self.tell_order(&order);
        Ok(Merged { items: take_in_order(items, &order), remains })
    }

    /// Takes every live item out that a directive deletes.
    fn delete_items<'v>(
        &mut self,
        live: Vec<Value<'v>>,
        special: &Special<'v>,
        merge_key: &str,
    ) -> Result<(Vec<Value<'v>>, Remains<'v>), Error> {
        if special.deleted.is_empty() {
            let remains = Remains::untouched(&live, merge_key);
            return Ok((live, remains));
        }
        let directives = Keys::new(special.deleted.iter().map(Some).collect());
        let mut deleted_by = positions(&live, merge_key, &directives)?;
        for (place, item) in live.iter().enumerate() {
            if key_of(item, merge_key).is_none() {
                deleted_by[place] = None;
            }
        }
        if self.trace.is_on() {
            for (directive, key) in special.deleted.iter().enumerate() {
                let live = (0..live.len()).filter(|&place| deleted_by[place] == Some(directive)).collect();
                self.trace.decided(Decision::Deleted { key, live });
            }
        }
        // Each deletion moves what follows up by one, which leaves the last item of the moment behind once more.
        let mut order: Vec<usize> = (0..live.len()).filter(|&place| deleted_by[place].is_some()).collect();
        order.sort_by_key(|&place| deleted_by[place]);
        let mut alive = vec![true; live.len()];
        let mut last = live.len();
        let mut behind = Vec::with_capacity(order.len());
        for place in order {
            while last > 0 && !alive[last - 1] {
                last -= 1;
            }
            behind.push(live.get(last.wrapping_sub(1)).and_then(|item| key_of(item, merge_key).cloned()));
            alive[place] = false;
        }
        let items: Vec<_> = live.into_iter().zip(alive).filter(|(_, alive)| *alive).map(|(item, _)| item).collect();
        let mut remains = Remains::untouched(&items, merge_key);
        remains.keys.extend(behind.into_iter().rev());
        Ok((items, remains))
    }

    /// Brings a merged list into the order of a `$setElementOrder` list; what that does not name stays among the others by the
    /// order of the live list.
    pub(super) fn order_by<'v>(
        &mut self,
        items: Vec<Value<'v>>,
        element_order: &[Value<'v>],
        remains: Remains<'v>,
        merge_key: &str,
        elements: Result<Elements, Error>,
    ) -> Result<Vec<Value<'v>>, Error> {
        let wanted = match merge_key.is_empty() {
            true => {
                let nested = |item: &&Value<'_>| matches!(item, Value::List(_) | Value::Map(_));
                if element_order.iter().chain(&items).any(|item| nested(&item)) {
                    return Err(fault::uncomparable());
                }
                positions(&items, merge_key, &keys_of(element_order, merge_key))?
            }
            false => named_positions(&items, element_order, merge_key)?,
        };
        if elements? == Elements::Objects {
            require_keys(element_order, merge_key)?;
            if let Some(error) = remains.lacking {
                return Err(error);
            }
        }
        let live = positions(&items, merge_key, &remains.keys())?;
        let order = arrange(&items, &wanted, &live);
        self.tell_order(&order);
        Ok(take_in_order(items, &order))
    }

    fn tell_order(&mut self, order: &[usize]) {
        if self.trace.is_on() && !is_in_order(order) {
            self.trace.decided(Decision::Ordered { from: order });
        }
    }
}

/// What the items with a `$patch` directive ask for.
struct Special<'v> {
    /// The keys whose items are deleted, in the order of the patch.
    deleted: Vec<Value<'v>>,
    /// Whether the live list is dropped.
    replace: bool,
}

impl<'v> Special<'v> {
    fn read(patch: &[Value<'v>], merge_key: &str) -> Result<Self, Error> {
        let mut special = Special { deleted: Vec::new(), replace: false };
        for item in patch {
            let Value::Map(item) = item else { continue };
            let Some(directive) = item.get(PATCH) else { continue };
            match directive.as_str() {
                Some(DELETE) => match item.get(merge_key) {
                    Some(key) => special.deleted.push(key.clone()),
                    None => return Err(fault::missing_merge_key(item, merge_key)),
                },
                Some(REPLACE) => special.replace = true,
                Some(MERGE) => return Err(fault::merging_lists()),
                _ => return Err(fault::unknown_patch_type(directive, item)),
            }
        }
        Ok(special)
    }
}

/// For every plain patch item the place of the item that it merges into, or the end of the list as it will be by then; nothing
/// for an item without merge key.
fn targets(items: &[Value<'_>], plain: &[(usize, Value<'_>)], merge_key: &str) -> Result<Vec<Option<usize>>, Error> {
    let live = keys_of(items, merge_key);
    let mut live = Finder::new(&live)?;
    let own = Keys::new(plain.iter().map(|(_, item)| key_of(item, merge_key)).collect());
    let firsts = own.firsts()?;
    let mut appended = items.len();
    let mut targets: Vec<Option<usize>> = Vec::with_capacity(plain.len());
    for (place, ((_, item), first)) in plain.iter().zip(firsts).enumerate() {
        let (Some(key), Some(first)) = (key_of(item, merge_key), first) else {
            targets.push(None);
            continue;
        };
        let target = match live.find(key)? {
            Some(target) => target,
            None if first < place => targets[first].unwrap_or(appended),
            None => {
                appended += 1;
                appended - 1
            }
        };
        targets.push(Some(target));
    }
    Ok(targets)
}

/// The items of the key behind the first of them.
fn others(items: &[Value<'_>], merge_key: &str, key: &Value<'_>, first: usize) -> Vec<usize> {
    (first + 1..items.len()).filter(|&place| key_of(&items[place], merge_key) == Some(key)).collect()
}

fn require_keys(items: &[Value<'_>], merge_key: &str) -> Result<(), Error> {
    for item in items {
        let Value::Map(map) = item else { return Err(fault::expected_object(item)) };
        if !map.contains_key(merge_key) {
            return Err(fault::missing_merge_key(map, merge_key));
        }
    }
    Ok(())
}

/// For every item the first place of its key in a list.
fn positions(items: &[Value<'_>], merge_key: &str, list: &Keys<'_>) -> Result<Vec<Option<usize>>, Error> {
    let mut list = Finder::new(list)?;
    items.iter().map(|item| key_of(item, merge_key).map_or(Ok(None), |key| list.find(key))).collect()
}

/// For every item its first place in a `$setElementOrder` list of objects.
fn named_positions(items: &[Value<'_>], element_order: &[Value<'_>], merge_key: &str) -> Result<Vec<Option<usize>>, Error> {
    let no_object = element_order.iter().position(|item| item.as_map().is_none());
    let list = keys_of(&element_order[..no_object.unwrap_or(element_order.len())], merge_key);
    let mut list = Finder::new(&list)?;
    let mut wanted = Vec::with_capacity(items.len());
    for item in items {
        let Value::Map(map) = item else { return Err(fault::expected_object(item)) };
        let Some(key) = map.get(merge_key) else { return Err(fault::missing_merge_key(map, merge_key)) };
        let place = list.find(key)?;
        if let (None, Some(at)) = (place, no_object) {
            return Err(fault::item_is_no_object(at));
        }
        wanted.push(place);
    }
    Ok(wanted)
}

/// The order of a merged list: items that the patch names, in its order, and the others among them.
///
/// `wanted` has each item's place in the patch's order, `live` its place in the live list. An item that the patch does not name
/// goes before the next named one only if both were live and it stood before it.
fn arrange(items: &[Value<'_>], wanted: &[Option<usize>], live: &[Option<usize>]) -> Vec<usize> {
    let (named, others): (Vec<usize>, Vec<usize>) = (0..items.len()).partition(|&at| wanted[at].is_some());
    let (named, others) = (normalise(items, named, wanted), normalise(items, others, live));
    let (mut i, mut j) = (0, 0);
    let mut order = Vec::with_capacity(items.len());
    while let (Some(&other), Some(&next)) = (others.get(i), named.get(j)) {
        let before = live[other].zip(live[next]).is_some_and(|(other, next)| other < next);
        order.push(if before { other } else { next });
        if before { i += 1 } else { j += 1 }
    }
    order.extend_from_slice(&others[i..]);
    order.extend_from_slice(&named[j..]);
    order
}

/// Sorts places of items by position; items with a delete directive go behind, as they came.
fn normalise(items: &[Value<'_>], places: Vec<usize>, position: &[Option<usize>]) -> Vec<usize> {
    let (deleted, mut places): (Vec<usize>, Vec<usize>) = places.into_iter().partition(|&at| is_delete(&items[at]));
    if places.iter().all(|&at| position[at].is_some()) {
        places.sort_by_key(|&at| position[at]);
    } else {
        // Upstream: where a position is not known the comparison answers true, which is no order: Go's very steps decide.
        order::sort_stable(&mut places, |&left, &right| {
            position[left].zip(position[right]).is_none_or(|(left, right)| left < right)
        });
    }
    places.extend(deleted);
    places
}

fn is_in_order(order: &[usize]) -> bool {
    order.iter().enumerate().all(|(at, &from)| at == from)
}

fn take_in_order<'v>(mut items: Vec<Value<'v>>, order: &[usize]) -> Vec<Value<'v>> {
    if is_in_order(order) {
        return items;
    }
    order.iter().map(|&from| std::mem::take(&mut items[from])).collect()
}

/// Adds the patch's values to the live ones.
fn merge_scalars<'v>(live: Vec<Value<'v>>, patch: Vec<Value<'v>>, merge_key: &str) -> Result<Merged<'v>, Error> {
    let before = live.len();
    let in_place = before + patch.len() <= capacity(before);
    let untouched = if in_place { None } else { Some(Remains::untouched(&live, "")) };
    let mut items = live;
    items.extend(patch.iter().cloned());
    let length = move_duplicates_out(&mut items);
    let remains = untouched.unwrap_or_else(|| Remains::untouched(&items[..before], ""));
    items.truncate(length);
    if let (false, Some(item)) = (merge_key.is_empty(), items.first()) {
        return Err(fault::expected_object(item));
    }
    let wanted = positions(&items, "", &keys_of(&patch, ""))?;
    let live = positions(&items, "", &remains.keys())?;
    let order = arrange(&items, &wanted, &live);
    Ok(Merged { items: take_in_order(items, &order), remains })
}

/// Removes values that occur again; may change the order of the others.
pub(super) fn deduplicate(items: &mut Vec<Value<'_>>) {
    let length = move_duplicates_out(items);
    items.truncate(length);
}

/// Upstream: a value that occurred before is overwritten by the last one, and the list is one shorter (`deduplicateScalars`).
/// Answers how long it is in the end; behind that stands what stood there.
pub(super) fn move_duplicates_out(items: &mut [Value<'_>]) -> usize {
    let Ok(mut same) = keys_of(items, "").firsts() else { return items.len() };
    let mut length = items.len();
    let mut i = 0;
    while i < length {
        let mut j = i + 1;
        while j < length {
            if same[i] == same[j] {
                length -= 1;
                items[j] = items[length].clone();
                same[j] = same[length];
            } else {
                j += 1;
            }
        }
        i += 1;
    }
    length
}

/// How many items Go has room for in a list of this length that it decoded from JSON.
fn capacity(length: usize) -> usize {
    // Upstream: `append` of one item at a time, Go 1.26 on a 64-bit machine.
    const STEPS: [usize; 18] = [0, 1, 2, 4, 8, 16, 32, 71, 143, 303, 591, 1023, 1535, 2560, 3584, 5120, 6656, 8704];
    STEPS.into_iter().find(|step| *step >= length).unwrap_or(length)
}
