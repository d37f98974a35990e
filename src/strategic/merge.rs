//! A patch into an object: the server applies one so, and a three-way patch is put together of two.
//!
//! Upstream: `mergeMap` and what it calls (apimachinery v0.37.2 `pkg/util/strategicpatch/patch.go`). Directives come first:
//! `$patch`, `$retainKeys`, every `$setElementOrder/…`, then the other keys. Upstream walks the keys in random order; here they are
//! taken sorted, a `$deleteFromPrimitiveList/…` after its list. Left out: directives inside the name of a directive.

use std::borrow::Cow;

use crate::Error;
use crate::schema::{Strategy, Type};
use crate::strategic::diff::{element_type, is_delete};
use crate::strategic::keys::equal;
use crate::strategic::list::{PatchList, Remains};
use crate::strategic::lookup::Lookup;
use crate::strategic::trace::{Step, Trace};
use crate::strategic::{DELETE, DELETE_FROM_PRIMITIVE_LIST, PATCH, REPLACE, RETAIN_KEYS, SET_ELEMENT_ORDER, fault};
use crate::value::{Map, Value};

/// What a merge is for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Purpose {
    /// The result is an object: directives are followed, `null` deletes.
    Apply,
    /// The result is a patch: directives and `null` stay in it.
    Combine,
}

/// One pass of a patch over an object.
pub(super) struct Merge<'p, T> {
    pub(super) lookup: Lookup,
    pub(super) purpose: Purpose,
    pub(super) trace: &'p mut T,
}

impl<T: Trace> Merge<'_, T> {
    /// Merges a patch into an object.
    pub(super) fn objects<'v>(
        &mut self,
        object: &mut Map<'v>,
        mut patch: Map<'v>,
        ty: Type<'_>,
        depth: usize,
    ) -> Result<(), Error> {
        let depth = depth.checked_sub(1).ok_or_else(fault::too_deep)?;
        if let Some(directive) = patch.get(PATCH) {
            match directive.as_str() {
                Some(REPLACE) => {
                    patch.remove(PATCH);
                    *object = patch;
                }
                Some(DELETE) => *object = Map::new(),
                _ => return Err(fault::unknown_patch_type(directive, &patch)),
            }
            return Ok(());
        }
        if let Some(retained) = patch.remove(RETAIN_KEYS) {
            self.retain_keys(object, retained, &patch)?;
        }
        self.follow_element_orders(object, &mut patch, ty, depth)?;
        let mut unwanted = Vec::new();
        for (key, value) in patch {
            if !key.starts_with(DELETE_FROM_PRIMITIVE_LIST) {
                self.field(object, key, value, PatchList::Items, ty, depth)?;
            } else if self.purpose == Purpose::Combine {
                object.insert(key, value);
            } else {
                let name = list_of(&key, DELETE_FROM_PRIMITIVE_LIST).ok_or_else(fault::bad_primitive_list)?.to_owned();
                // Upstream: a directive for the empty name is taken as a name itself.
                let name = if name.is_empty() { key } else { name.into() };
                unwanted.push((name, value));
            }
        }
        for (key, value) in unwanted {
            self.field(object, key, value, PatchList::Unwanted, ty, depth)?;
        }
        Ok(())
    }

    fn retain_keys<'v>(&mut self, object: &mut Map<'v>, retained: Value<'v>, patch: &Map<'v>) -> Result<(), Error> {
        if self.purpose == Purpose::Combine {
            return keep_directive(object, RETAIN_KEYS, retained, fault::retain_keys_differ);
        }
        let names = retained.as_list().ok_or_else(fault::bad_retain_keys)?;
        if names.iter().any(|name| matches!(name, Value::List(_) | Value::Map(_))) {
            return Err(fault::uncomparable());
        }
        let listed = |key: &str| names.iter().any(|name| name.as_str() == Some(key));
        for (key, value) in patch.iter() {
            let directive = key.starts_with(DELETE_FROM_PRIMITIVE_LIST) || key.starts_with(SET_ELEMENT_ORDER);
            if !value.is_null() && !directive && !listed(key) {
                return Err(fault::bad_retain_keys());
            }
        }
        object.retain(|key, _| listed(key));
        Ok(())
    }

    /// Follows every `$setElementOrder` of a patch, and takes it and its list out of the patch.
    fn follow_element_orders<'v>(
        &mut self,
        object: &mut Map<'v>,
        patch: &mut Map<'v>,
        ty: Type<'_>,
        depth: usize,
    ) -> Result<(), Error> {
        let directives: Vec<String> = patch.keys().filter(|key| key.starts_with(SET_ELEMENT_ORDER)).map(str::to_owned).collect();
        for directive in directives {
            let Some(element_order) = patch.remove(&directive) else { continue };
            if self.purpose == Purpose::Combine {
                keep_directive(object, &directive, element_order.clone(), |_, _| fault::bad_element_order())?;
            }
            let Value::List(element_order) = element_order else { return Err(fault::expected_list(&element_order)) };
            let name = list_of(&directive, SET_ELEMENT_ORDER).ok_or_else(fault::bad_element_order)?;
            self.trace.enter(Step::Field(name));
            self.follow_element_order(object, patch, Directive { name, element_order }, ty, depth)?;
            self.trace.leave();
        }
        Ok(())
    }

    fn follow_element_order<'v>(
        &mut self,
        object: &mut Map<'v>,
        patch: &mut Map<'v>,
        directive: Directive<'_, 'v>,
        ty: Type<'_>,
        depth: usize,
    ) -> Result<(), Error> {
        let Directive { name, element_order } = directive;
        let live = object.get_mut(name).map(expect_list).transpose()?;
        let items = patch.get_mut(name).map(expect_list).transpose()?;
        let known = self.lookup.list(ty, name)?;
        let merge_key = known.merge_key();
        check_order(items.as_deref().map_or(&[], Vec::as_slice), &element_order, merge_key)?;
        let elements = element_type(&[live.as_deref().map_or(&[], Vec::as_slice), items.as_deref().map_or(&[], Vec::as_slice)]);
        let (merged, remains) = match (live, items) {
            (None, None) => return Ok(()),
            (Some(live), None) => {
                let remains = Remains::untouched(live, merge_key);
                (std::mem::take(live), remains)
            }
            (None, Some(items)) => {
                let items = std::mem::take(items).into_iter().filter_map(without_directives).collect();
                (items, Remains::untouched(&[], merge_key))
            }
            (Some(live), Some(items)) => {
                let (live, items) = (std::mem::take(live), std::mem::take(items));
                if known.patch.strategy() == Strategy::Merge {
                    let merged = self.lists(live, items, PatchList::Items, known, depth)?;
                    (merged.items, merged.remains)
                } else {
                    let remains = Remains::replaced(&live, merge_key);
                    (items, remains)
                }
            }
        };
        let ordered = self.order_by(merged, &element_order, remains, merge_key, elements)?;
        patch.remove(name);
        match object.get_mut(name) {
            Some(list) => *list = Value::List(ordered),
            None => {
                object.insert(name.to_owned(), Value::List(ordered));
            }
        }
        Ok(())
    }

    fn field<'v>(
        &mut self,
        object: &mut Map<'v>,
        key: Cow<'v, str>,
        value: Value<'v>,
        patch_list: PatchList,
        ty: Type<'_>,
        depth: usize,
    ) -> Result<(), Error> {
        if value.is_null() {
            object.remove(&key);
            if self.purpose == Purpose::Apply {
                return Ok(());
            }
        }
        let Some(live) = object.get_mut(&key).filter(|live| live.same_type(&value)) else {
            if patch_list == PatchList::Items {
                match self.new_value(value) {
                    Some(value) => object.insert(key, value),
                    None => object.remove(&key),
                };
            }
            return Ok(());
        };
        match (live, value) {
            (Value::Map(live), Value::Map(patch)) => {
                let known = self.lookup.object(ty, &key)?;
                if known.patch.strategy() == Strategy::Replace {
                    *live = patch;
                } else {
                    self.trace.enter(Step::Field(&key));
                    self.objects(live, patch, known.below, depth)?;
                    self.trace.leave();
                }
            }
            (Value::List(live), Value::List(patch)) => {
                let known = self.lookup.list(ty, &key)?;
                if known.patch.strategy() == Strategy::Merge || patch_list == PatchList::Unwanted {
                    self.trace.enter(Step::Field(&key));
                    *live = self.lists(std::mem::take(live), patch, patch_list, known, depth)?.items;
                    self.trace.leave();
                } else {
                    *live = patch;
                }
            }
            (live, value) => *live = value,
        }
        Ok(())
    }

    /// What a patch's value becomes where there is nothing to merge it with; nothing if a directive makes it vanish.
    fn new_value<'v>(&self, mut value: Value<'v>) -> Option<Value<'v>> {
        if self.purpose == Purpose::Apply {
            discard_nulls(&mut value);
        }
        without_directives(value)
    }
}

/// A `$setElementOrder` with the name of its list.
struct Directive<'n, 'v> {
    name: &'n str,
    element_order: Vec<Value<'v>>,
}

/// Keeps a directive of one patch in another; where both have it they must agree.
fn keep_directive<'v>(
    patch: &mut Map<'v>,
    name: &str,
    directive: Value<'v>,
    disagree: impl FnOnce(&Value<'_>, &Value<'_>) -> Error,
) -> Result<(), Error> {
    match patch.get(name) {
        Some(known) if *known != directive => return Err(disagree(known, &directive)),
        Some(_) => {}
        None => {
            patch.insert(name.to_owned(), directive);
        }
    }
    Ok(())
}

/// The name of the list that a directive is for.
pub(super) fn list_of<'k>(key: &'k str, directive: &str) -> Option<&'k str> {
    key.split_once('/').filter(|(prefix, _)| *prefix == directive).map(|(_, name)| name)
}

fn expect_list<'l, 'v>(value: &'l mut Value<'v>) -> Result<&'l mut Vec<Value<'v>>, Error> {
    match value {
        Value::List(items) => Ok(items),
        other => Err(fault::expected_list(other)),
    }
}

/// Checks that the patch's items stand in the order that the directive states.
fn check_order(patch: &[Value<'_>], element_order: &[Value<'_>], merge_key: &str) -> Result<(), Error> {
    if patch.is_empty() || element_order.is_empty() {
        return Ok(());
    }
    let mut items = Vec::with_capacity(patch.len());
    for item in patch {
        match item {
            Value::Map(_) if !merge_key.is_empty() && is_delete(item) => {}
            Value::Map(_) => items.push(item),
            _ if merge_key.is_empty() => items.push(item),
            _ => return Err(fault::expected_object(item)),
        }
    }
    let mut items = items.into_iter().peekable();
    let mut order = element_order.iter();
    loop {
        // Upstream: once the order is used up, further directives are no longer passed over.
        let Some(item) = items.peek() else { return Ok(()) };
        if order.len() == 0 {
            return Err(fault::order_mismatch(patch, element_order));
        }
        if item.get(PATCH).is_some() {
            items.next();
            continue;
        }
        let Some(named) = order.next() else { continue };
        if same_key(item, named, merge_key)? {
            items.next();
        }
    }
}

fn same_key(left: &Value<'_>, right: &Value<'_>, merge_key: &str) -> Result<bool, Error> {
    if merge_key.is_empty() {
        return equal(left, right);
    }
    let left = left.as_map().ok_or_else(|| fault::expected_object(left))?;
    let right = right.as_map().ok_or_else(|| fault::expected_object(right))?;
    let key_of = |item| Map::get(item, merge_key).ok_or_else(|| fault::missing_merge_key(item, merge_key));
    equal(key_of(left)?, key_of(right)?)
}

/// Takes every member that is `null` out of all objects in the value; a `null` in a list stays.
fn discard_nulls(value: &mut Value<'_>) {
    match value {
        Value::Map(map) => map.retain(|_, member| {
            discard_nulls(member);
            !member.is_null()
        }),
        Value::List(items) => items.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}

/// Takes every object with a `$patch` directive out of the value; nothing if it is one itself.
fn without_directives(value: Value<'_>) -> Option<Value<'_>> {
    match value {
        Value::Map(map) if map.contains_key(PATCH) => None,
        Value::Map(map) => {
            let members = map.into_iter().filter_map(|(key, member)| Some((key, without_directives(member)?)));
            Some(Value::Map(members.collect()))
        }
        Value::List(items) => Some(Value::List(items.into_iter().filter_map(without_directives).collect())),
        scalar => Some(scalar),
    }
}
