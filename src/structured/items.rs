//! The items of lists in the order of their elements, so that two lists are matched in one pass.

use std::cmp::Ordering;

use super::types::List;
use crate::path::Element;
use crate::value::Value;

/// An item of a keyed list or a set.
#[derive(Debug)]
pub(super) struct Item<'v> {
    pub(super) element: Element<'v>,
    pub(super) index: usize,
    pub(super) value: &'v Value<'v>,
}

/// The items sorted by element, those of one element in their order; items that cannot be addressed are left out.
pub(super) fn sorted<'v>(list: &List<'v>, items: &'v [Value<'v>]) -> Vec<Item<'v>> {
    let mut sorted: Vec<_> = items
        .iter()
        .enumerate()
        .filter_map(|(index, value)| list.element(index, value).ok().map(|element| Item { element, index, value }))
        .collect();
    // Stable, and quick where they are in order already.
    sorted.sort_by(|a, b| a.element.cmp(&b.element));
    sorted
}

/// The items of one element on both sides; one of the sides may have none.
pub(super) struct Pair<'i, 'v> {
    pub(super) left: &'i [Item<'v>],
    pub(super) right: &'i [Item<'v>],
}

impl<'i, 'v> Pair<'i, 'v> {
    pub(super) fn element(&self) -> Option<&'i Element<'v>> {
        self.left.first().or(self.right.first()).map(|item| &item.element)
    }
}

/// Goes through two sorted lists element by element.
pub(super) fn pairs<'i, 'v>(mut left: &'i [Item<'v>], mut right: &'i [Item<'v>]) -> impl Iterator<Item = Pair<'i, 'v>> {
    std::iter::from_fn(move || {
        let order = match (left.first(), right.first()) {
            (Some(a), Some(b)) => a.element.cmp(&b.element),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let mut pair = Pair { left: &[], right: &[] };
        if order.is_le() {
            (pair.left, left) = left.split_at(run(left));
        }
        if order.is_ge() {
            (pair.right, right) = right.split_at(run(right));
        }
        Some(pair)
    })
}

/// How many items in front have one element.
fn run(items: &[Item<'_>]) -> usize {
    items.first().map_or(0, |first| items.iter().take_while(|item| item.element == first.element).count())
}
