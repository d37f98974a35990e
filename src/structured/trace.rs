//! What the engine tells while it decides, for those who explain it afterwards.

use super::conflict::Conflict;
use super::managers::{Identity, Manager};
use super::set::Set;
use crate::path::{Element, Path};

/// Listens to the decisions of an apply or update; every method does nothing by default.
///
/// `()` is the trace that hears nothing. Nothing is made for a trace that would not be heard.
pub trait Trace {
    /// Whether [`item_matched`](Trace::item_matched) is to be called, which takes paths that are made for it alone.
    fn wants_matches(&self) -> bool {
        false
    }

    /// An item of the applied list, or one of the live list that is in the applied one as well, was matched by its key.
    fn item_matched(&mut self, _matched: &Match<'_>) {}

    /// This is who owned what before the write.
    fn owned(&mut self, _manager: &Manager<'_>) {}

    /// An applied field would change what another manager owns; told of every conflict, forced or not.
    fn conflicted(&mut self, _conflict: &Conflict) {}

    /// All conflicts are over fields that the last-applied annotation states: `kubectl` takes them without force.
    fn allowed_by_last_applied(&mut self) {}

    /// A manager lost fields, because they were changed or are gone.
    fn lost(&mut self, _manager: &Identity<'_>, _fields: &Set<'_>) {}

    /// These were given up by the applying manager and are nobody else's: they are taken out of the object.
    fn pruned(&mut self, _fields: &Set<'_>) {}
}

impl Trace for () {}

/// Which items were matched.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Match<'m> {
    /// The list.
    pub list: &'m Path,
    /// What both were found by.
    pub element: &'m Element<'m>,
    /// Where the item stands in the live list; more than one place if it is repeated there.
    pub live: &'m [usize],
    /// Where it stands in the applied list.
    pub config: Option<usize>,
}
