//! Who owns what in a stored object, decoded or as the entries of `metadata.managedFields`.
//!
//! Writes go by the managers and leave managers behind; the entries are written out for those who look at them.

use std::sync::{Arc, OnceLock};

use crate::service;
use crate::structured::{self, Managers, StoredManagers};
use crate::value::Value;

/// The managed fields of an object; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct ManagedFields {
    kept: Arc<Kept>,
}

#[derive(Debug)]
enum Kept {
    /// As they came: they need not say anything that can be decoded.
    Entries {
        entries: Value<'static>,
        managers: OnceLock<Option<StoredManagers>>,
    },
    Managers {
        managers: StoredManagers,
        entries: OnceLock<Value<'static>>,
    },
}

impl ManagedFields {
    /// `entries` is a list, or `null` where there are none.
    pub(super) fn of_entries(entries: Value<'static>) -> Self {
        ManagedFields { kept: Arc::new(Kept::Entries { entries, managers: OnceLock::new() }) }
    }

    pub(super) fn of_managers(managers: StoredManagers) -> Self {
        ManagedFields { kept: Arc::new(Kept::Managers { managers, entries: OnceLock::new() }) }
    }

    /// `metadata.managedFields`, or `null`.
    pub(super) fn entries(&self) -> &Value<'static> {
        match &*self.kept {
            Kept::Entries { entries, .. } => entries,
            Kept::Managers { managers, entries } => entries.get_or_init(|| managers.to_value()),
        }
    }

    /// The managers; `None` if the entries cannot be decoded.
    pub(super) fn stored(&self) -> Option<&StoredManagers> {
        match &*self.kept {
            Kept::Entries { entries, managers } => managers.get_or_init(|| StoredManagers::read(entries).ok()).as_ref(),
            Kept::Managers { managers, .. } => Some(managers),
        }
    }

    /// The managers that a write starts from; none if the entries cannot be decoded.
    pub(super) fn managers(&self) -> Managers<'_> {
        self.stored().map(StoredManagers::managers).unwrap_or_default()
    }

    /// What becomes of them when these managers own the object.
    pub(super) fn followed_by(&self, managers: Managers<'_>) -> Self {
        static NOBODY: StoredManagers = StoredManagers::new();
        ManagedFields::of_managers(managers.stored(self.stored().unwrap_or(&NOBODY)))
    }

    /// The entries, where a check of the metadata may find something in them.
    pub(super) fn doubtful_entries(&self) -> Option<&Value<'static>> {
        let fine = match &*self.kept {
            Kept::Entries { entries, .. } => entries.is_null(),
            Kept::Managers { managers, .. } => {
                managers.iter().all(|one| service::is_fine_manager(&one.identity.name, &one.identity.subresource))
            }
        };
        (!fine).then(|| self.entries())
    }

    /// Whether nothing but times differs, and some time does.
    pub(super) fn differ_in_time_alone(&self, other: &ManagedFields) -> bool {
        match (&*self.kept, &*other.kept) {
            (Kept::Managers { managers, .. }, Kept::Managers { managers: others, .. }) => managers.differ_in_time_alone(others),
            _ => structured::differ_in_time_alone(Some(self.entries()), Some(other.entries())),
        }
    }
}

impl Default for ManagedFields {
    fn default() -> Self {
        ManagedFields::of_entries(Value::Null)
    }
}

/// They are equal that say the same, entry by entry.
impl PartialEq for ManagedFields {
    fn eq(&self, other: &Self) -> bool {
        match (&*self.kept, &*other.kept) {
            (one, two) if std::ptr::eq(one, two) => true,
            (Kept::Managers { managers, .. }, Kept::Managers { managers: others, .. }) => managers == others,
            // A shortcut: what says something else is written otherwise.
            _ => match (self.stored(), other.stored()) {
                (Some(managers), Some(others)) if managers != others => false,
                _ => self.entries() == other.entries(),
            },
        }
    }
}
