//! Where the decisions of a merge can be watched.
//!
//! The engine tells a [`Trace`] what it pairs, matches, appends, deletes and reorders, at the moment when it decides, so that an
//! explanation need not merge again. `()` watches nothing and costs nothing.

use crate::value::Value;

/// Watches a merge; every method does nothing unless it is written.
///
/// ```
/// use mergekey::schema::Schema;
/// use mergekey::strategic::{self, Decision, Lookup, Trace};
/// use mergekey::value;
///
/// #[derive(Default)]
/// struct PassedOver(Vec<usize>);
///
/// impl Trace for PassedOver {
///     fn decided(&mut self, decision: Decision<'_>) {
///         if let Decision::Matched { passed_over, .. } = decision {
///             self.0.extend(passed_over);
///         }
///     }
/// }
///
/// let live = value::parse(br#"{"spec":{"ports":[{"port":53,"protocol":"UDP"},{"port":53,"protocol":"TCP"}]}}"#)?;
/// let patch = value::parse(br#"{"spec":{"ports":[{"port":53,"nodePort":30054}]}}"#)?;
/// let mut trace = PassedOver::default();
/// strategic::apply_values(live, patch, &Schema::builtin("v1", "Service")?, Lookup::GoTypes, &mut trace)?;
/// assert_eq!(trace.0, [1], "the second 53 was a candidate too");
/// # Ok::<(), mergekey::Error>(())
/// ```
pub trait Trace {
    /// Whether decisions are wanted at all; they are not put together otherwise.
    fn is_on(&self) -> bool {
        true
    }

    /// A pass over the documents begins.
    fn begin(&mut self, _pass: Pass) {}

    /// The pass steps into a field or an item; [`leave`](Trace::leave) follows.
    fn enter(&mut self, _step: Step<'_>) {}

    /// The pass comes back from where it stepped in last. After an error it does not.
    fn leave(&mut self) {}

    /// Something was decided about the list that the pass stands at.
    fn decided(&mut self, _decision: Decision<'_>) {}
}

/// A trace that is lent.
impl<T: Trace + ?Sized> Trace for &mut T {
    fn is_on(&self) -> bool {
        (**self).is_on()
    }

    fn begin(&mut self, pass: Pass) {
        (**self).begin(pass);
    }

    fn enter(&mut self, step: Step<'_>) {
        (**self).enter(step);
    }

    fn leave(&mut self) {
        (**self).leave();
    }

    fn decided(&mut self, decision: Decision<'_>) {
        (**self).decided(decision);
    }
}

impl Trace for () {
    fn is_on(&self) -> bool {
        false
    }
}

/// A pass over the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pass {
    /// The difference from the original to the modified object, for a two-way patch.
    TwoWay,
    /// What the modified object changes in the current one.
    Delta,
    /// What the modified object no longer has of the original one.
    Deletions,
    /// The delta is merged into the deletions.
    Combine,
    /// What the current object changed in the original one; only where conflicts are refused.
    Changes,
    /// A patch is applied to a document.
    Apply,
}

/// A step from an object or list into one of its parts.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Step<'d> {
    /// A field of an object.
    Field(&'d str),
    /// An item of a list with the value of its merge key.
    Item {
        /// The merge key's field.
        merge_key: &'d str,
        /// Its value.
        key: &'d Value<'d>,
    },
}

/// What was decided about a list; all places count from 0.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Decision<'d> {
    /// Two items of one key are compared with each other.
    Paired {
        /// The value of the merge key.
        key: &'d Value<'d>,
        /// The place in the older list.
        original: usize,
        /// The place in the newer list.
        modified: usize,
    },
    /// An item has no partner in the older list, and is in the patch as it is.
    Added {
        /// The value of the merge key.
        key: &'d Value<'d>,
        /// The place in the newer list.
        modified: usize,
    },
    /// An item has no partner in the newer list, and the patch deletes its key.
    Removed {
        /// The value of the merge key.
        key: &'d Value<'d>,
        /// The place in the older list.
        original: usize,
    },
    /// A patch item is merged into the first item of its key.
    Matched {
        /// The value of the merge key.
        key: &'d Value<'d>,
        /// The place in the patch's list.
        patch: usize,
        /// The place in the list that is patched, deleted items taken out and appended ones behind.
        live: usize,
        /// The further items of that key, which are left alone.
        passed_over: Vec<usize>,
    },
    /// A patch item whose key no item has is appended.
    Appended {
        /// The value of the merge key.
        key: &'d Value<'d>,
        /// The place in the patch's list.
        patch: usize,
        /// The place in the list that is patched.
        live: usize,
    },
    /// A directive deletes every item of its key.
    Deleted {
        /// The value of the merge key.
        key: &'d Value<'d>,
        /// Their places in the list before anything was deleted.
        live: Vec<usize>,
    },
    /// The list is brought into its final order.
    Ordered {
        /// For every item of the result, where it stood before.
        from: &'d [usize],
    },
}
