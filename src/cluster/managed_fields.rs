//! Who owns what in a stored object, decoded or as the entries of `metadata.managedFields`.
//!
//! Writes go by the managers and leave managers behind; the entries are written out for those who look at them.

use std::sync::{Arc, OnceLock};

use crate::service;
use crate::structured::{self, Endpoint, Managers, StoredManagers};
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
        decoded: OnceLock<Option<Decoded>>,
    },
    Managers(StoredManagers),
}

#[derive(Debug)]
struct Decoded {
    managers: StoredManagers,
    /// Whether the entries stand as the managers would be written out, once somebody asked.
    exact: OnceLock<bool>,
    /// Whether the managers fit the endpoint of Services, once somebody wrote there.
    fit: OnceLock<bool>,
}

impl Decoded {
    fn of(managers: StoredManagers) -> Self {
        Decoded { managers, exact: OnceLock::new(), fit: OnceLock::new() }
    }
}

impl ManagedFields {
    /// `entries` is a list, or `null` where there are none.
    pub(super) fn of_entries(entries: Value<'static>) -> Self {
        ManagedFields { kept: Arc::new(Kept::Entries { entries, decoded: OnceLock::new() }) }
    }

    pub(super) fn of_managers(managers: StoredManagers) -> Self {
        ManagedFields { kept: Arc::new(Kept::Managers(managers)) }
    }

    /// `metadata.managedFields`, or `null`; strings are borrowed.
    pub(super) fn entries(&self) -> Value<'_> {
        match &*self.kept {
            Kept::Entries { entries, .. } => entries.borrowed(),
            Kept::Managers(managers) => managers.to_value(),
        }
    }

    /// What the entries say; `None` if they cannot be decoded, or if there are managers instead.
    fn decoded(&self) -> Option<&Decoded> {
        let Kept::Entries { entries, decoded } = &*self.kept else { return None };
        decoded.get_or_init(|| StoredManagers::read(entries).ok().map(Decoded::of)).as_ref()
    }

    /// The managers; `None` if the entries cannot be decoded.
    pub(super) fn stored(&self) -> Option<&StoredManagers> {
        match &*self.kept {
            Kept::Entries { .. } => self.decoded().map(|decoded| &decoded.managers),
            Kept::Managers(managers) => Some(managers),
        }
    }

    /// Whether the managers say all that the entries say.
    fn is_exact(&self) -> bool {
        match &*self.kept {
            Kept::Entries { entries, .. } => self
                .decoded()
                .is_some_and(|Decoded { managers, exact, .. }| *exact.get_or_init(|| managers.to_value() == *entries)),
            Kept::Managers(_) => true,
        }
    }

    /// The managers that a write to the endpoint of Services starts from; none if the entries cannot be decoded.
    pub(super) fn managers(&self, endpoint: &Endpoint) -> Managers<'_> {
        match &*self.kept {
            Kept::Entries { .. } => self.decoded().map_or_else(Managers::new, |Decoded { managers, fit, .. }| {
                managers.managers(*fit.get_or_init(|| managers.fit(endpoint)))
            }),
            Kept::Managers(managers) => managers.managers(managers.fit(endpoint)),
        }
    }

    /// The entries after a migration of client-side managers to `manager`, who applies; `None` if they stay as they are.
    pub(super) fn migrate(&self, manager: &str) -> Option<Value<'static>> {
        match self.stored() {
            Some(managers) if self.is_exact() => managers.migrate(manager),
            _ => structured::migrate(&self.entries(), manager),
        }
    }

    /// What becomes of them when these managers own the object.
    pub(super) fn followed_by(&self, managers: Managers<'_>) -> Self {
        static NOBODY: StoredManagers = StoredManagers::new();
        ManagedFields::of_managers(StoredManagers::following(managers, self.stored().unwrap_or(&NOBODY)))
    }

    /// The entries, where a check of the metadata may find something in them.
    pub(super) fn doubtful_entries(&self) -> Option<Value<'_>> {
        let fine = match &*self.kept {
            Kept::Entries { entries, .. } => entries.is_null(),
            Kept::Managers(managers) => {
                managers.iter().all(|one| service::is_fine_manager(&one.identity.name, &one.identity.subresource))
            }
        };
        (!fine).then(|| self.entries())
    }

    /// Whether nothing but times differs, and some time does.
    pub(super) fn differ_in_time_alone(&self, other: &ManagedFields) -> bool {
        match (self.stored(), other.stored()) {
            (Some(managers), Some(others)) if !managers.has_owners_of(others) => false,
            (Some(managers), Some(others)) if self.is_exact() && other.is_exact() => managers.differ_in_time_alone(others),
            _ => structured::differ_in_time_alone(Some(&self.entries()), Some(&other.entries())),
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
        if Arc::ptr_eq(&self.kept, &other.kept) {
            return true;
        }
        match (self.stored(), other.stored()) {
            (Some(managers), Some(others)) if managers != others => false,
            (Some(_), Some(_)) if self.is_exact() && other.is_exact() => true,
            _ => self.entries() == other.entries(),
        }
    }
}
