//! Rows that are shared until they are changed.

use std::ops::Deref;

/// Items of one's own, or those of somebody who keeps them.
#[derive(Clone, Debug)]
pub(crate) enum Items<'a, T> {
    Own(Vec<T>),
    Shared(&'a [T]),
}

impl<T> Items<'_, T> {
    pub(crate) const fn new() -> Self {
        Items::Own(Vec::new())
    }

    /// The same items, left where they are.
    pub(crate) fn shared(&self) -> Items<'_, T> {
        Items::Shared(self)
    }
}

impl<'a, T> Items<'a, T> {
    /// The items as one's own; `copy` makes them of somebody else's.
    pub(crate) fn into_vec(self, copy: impl Fn(&'a T) -> T) -> Vec<T> {
        match self {
            Items::Own(items) => items,
            Items::Shared(items) => items.iter().map(copy).collect(),
        }
    }

    /// The items, made one's own; `copy` makes them of somebody else's.
    pub(crate) fn own(&mut self, copy: impl Fn(&'a T) -> T) -> &mut Vec<T> {
        match self {
            Items::Own(items) => items,
            Items::Shared(items) => {
                *self = Items::Own(items.iter().map(&copy).collect());
                self.own(copy)
            }
        }
    }
}

impl<T> Deref for Items<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Items::Own(items) => items,
            Items::Shared(items) => items,
        }
    }
}

impl<T> Default for Items<'_, T> {
    fn default() -> Self {
        Items::new()
    }
}

impl<T> From<Vec<T>> for Items<'_, T> {
    fn from(items: Vec<T>) -> Self {
        Items::Own(items)
    }
}
