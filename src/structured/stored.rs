//! The managers of an object that is kept: what one write leaves behind and the next one starts from.
//!
//! Most managers outlive most writes as they are, or with another time alone, so that states of an object share them.

use std::sync::{Arc, OnceLock};

use super::endpoint::{self, Endpoint};
use super::managers::{Identity, Manager, Managers, Operation, write_entry};
use super::migrate::{Entry, migrated};
use super::reconcile;
use super::set::Set;
use super::time::Time;
use crate::Error;
use crate::value::Value;

/// The managers that an object keeps, in the order in which they are written; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoredManagers {
    list: Vec<Stored>,
    /// Whether a write left them behind, which fitted them to the schema.
    fitting: bool,
}

#[derive(Clone, Debug)]
struct Stored {
    time: Option<Time>,
    owner: Arc<Owner>,
}

/// A manager but for its time, with strings of its own.
#[derive(Debug)]
struct Owner {
    identity: Identity<'static>,
    set: Set<'static>,
    /// The set written out, once somebody looked at it.
    fields: OnceLock<Value<'static>>,
}

impl Owner {
    fn entry(&self, at: usize) -> Entry<'_> {
        let Identity { name, operation, api_version, subresource } = &self.identity;
        let (operation, set) = (operation.as_str(), Some(self.set.borrowed()));
        Entry { at, manager: name, operation, api_version, subresource, set, takes_up: false }
    }

    fn is(&self, identity: &Identity<'_>, set: &Set<'_>) -> bool {
        self.identity == *identity && self.identity.api_version == identity.api_version && self.set == *set
    }
}

impl Stored {
    fn manager(&self) -> Manager<'_> {
        Manager { identity: self.owner.identity.borrowed(), time: self.time, set: self.owner.set.borrowed() }
    }

    fn to_value(&self) -> Value<'_> {
        let Owner { identity, set, fields } = &*self.owner;
        write_entry(identity, self.time, fields.get_or_init(|| set.to_fields_v1()).borrowed(), Value::from)
    }

    /// Whether both are written alike, but for their times.
    fn is_but_for_time(&self, other: &Stored) -> bool {
        Arc::ptr_eq(&self.owner, &other.owner) || self.owner.is(&other.owner.identity, &other.owner.set)
    }
}

impl StoredManagers {
    /// No managers.
    pub(crate) const fn new() -> Self {
        StoredManagers { list: Vec::new(), fitting: false }
    }

    /// The managers that a write left behind, shared with those that the object had `before` where nothing but a time changed.
    pub(crate) fn following(managers: Managers<'_>, before: &StoredManagers) -> Self {
        StoredManagers { fitting: true, ..StoredManagers::kept(managers, before) }
    }

    fn kept(managers: Managers<'_>, before: &StoredManagers) -> Self {
        let keep = |Manager { identity, time, set }: Manager<'_>| {
            let known = before.list.iter().find(|known| known.owner.is(&identity, &set));
            let owner = match known {
                Some(known) => Arc::clone(&known.owner),
                None => {
                    let (identity, set) = (identity.into_owned(), set.into_owned());
                    Arc::new(Owner { identity, set, fields: OnceLock::new() })
                }
            };
            Stored { time, owner }
        };
        StoredManagers { list: managers.into_sorted().map(keep).collect(), fitting: false }
    }

    /// As [`Managers::read`].
    pub(crate) fn read(entries: &Value<'_>) -> Result<Self, Error> {
        Managers::read(entries).map(|managers| StoredManagers::kept(managers, &StoredManagers::new()))
    }

    /// The managers, for a write to start from; `fitting` where they are known to [fit](StoredManagers::fit) its endpoint.
    pub(crate) fn managers(&self, fitting: bool) -> Managers<'_> {
        Managers::of(self.iter().collect(), fitting)
    }

    /// Whether a write to this endpoint finds them as it would leave them.
    pub(crate) fn fit(&self, endpoint: &Endpoint) -> bool {
        let version = endpoint.api_version();
        let fits = |owner: &Owner| owner.identity.api_version == version && reconcile::fits(&owner.set, endpoint.schema());
        self.fitting || endpoint::group_version(version).is_some() && self.list.iter().all(|stored| fits(&stored.owner))
    }

    /// The managers in the order in which they are written.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Manager<'_>> {
        self.list.iter().map(Stored::manager)
    }

    /// `metadata.managedFields`, or `null` if there is no manager; strings are borrowed.
    pub(crate) fn to_value(&self) -> Value<'_> {
        if self.list.is_empty() { Value::Null } else { Value::List(self.list.iter().map(Stored::to_value).collect()) }
    }

    /// As [`migrate`](super::migrate) of what is written.
    pub(crate) fn migrate(&self, manager: &str) -> Option<Value<'static>> {
        let entries = self.list.iter().enumerate().map(|(at, stored)| stored.owner.entry(at)).collect();
        let after = migrated(entries, manager)?;
        let mut changed = after.len() != self.list.len();
        let mut entries = Vec::with_capacity(after.len());
        for entry in &after {
            let Stored { time, owner } = self.list.get(entry.at)?;
            let name = if entry.takes_up { manager } else { &owner.identity.name };
            let operation = if entry.takes_up { Operation::Apply } else { owner.identity.operation };
            let identity = Identity { name: name.into(), operation, ..owner.identity.borrowed() };
            let set = entry.set.as_ref()?;
            changed |= !owner.is(&identity, set);
            entries.push(write_entry(&identity, *time, set.to_fields_v1(), |text| Value::from(text.to_owned())));
        }
        changed.then_some(Value::List(entries))
    }

    /// Whether the others, but for their times, are managers here as well.
    pub(crate) fn has_owners_of(&self, other: &StoredManagers) -> bool {
        other.list.iter().all(|one| self.list.iter().any(|known| known.is_but_for_time(one)))
    }

    /// As [`differ_in_time_alone`](super::differ_in_time_alone) of what is written.
    pub(crate) fn differ_in_time_alone(&self, other: &StoredManagers) -> bool {
        let mut pairs = self.list.iter().zip(&other.list);
        self.list.len() == other.list.len()
            && pairs.clone().any(|(a, b)| a.time != b.time)
            && pairs.all(|(a, b)| a.is_but_for_time(b))
    }
}

/// They are equal that are written alike.
impl PartialEq for StoredManagers {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Stored, &Stored)| a.time == b.time && a.is_but_for_time(b);
        self.list.len() == other.list.len() && self.list.iter().zip(&other.list).all(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structured::managers::tests::ENTRIES;
    use crate::value::parse;

    fn read(entries: &str) -> StoredManagers {
        StoredManagers::read(&parse(entries.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn what_is_read_is_written() {
        let stored = read(ENTRIES);
        assert_eq!(stored.to_value(), parse(ENTRIES.as_bytes()).unwrap());
        assert_eq!(StoredManagers::following(stored.managers(false), &stored), stored);
        assert_eq!(stored.managers(false), Managers::read(&parse(ENTRIES.as_bytes()).unwrap()).unwrap());
    }

    #[test]
    fn those_fit_whom_a_write_leaves_as_they_are() {
        let endpoint = Endpoint::new(crate::schema::Schema::service(), "v1", "Service");
        for (from, to, expect) in [
            ("v1", "v1", true),
            (r#""f:type":{}"#, r#""f:selector":{}"#, true),
            (r#""f:type":{}"#, r#""f:selector":{"f:app":{}}"#, false),
            ("v1", "v2", false),
        ] {
            let stored = read(&ENTRIES.replacen(from, to, 1));
            let mut fitted = stored.managers(false);
            fitted.fit(&endpoint).unwrap();
            assert_eq!((stored.fit(&endpoint), fitted == stored.managers(false)), (expect, expect), "{to}");
        }
    }

    #[test]
    fn times_alone_are_told_from_other_changes() {
        let stored = read(ENTRIES);
        for (from, to, in_time_alone, has_all) in [
            ("alice", "alice", false, true),
            ("00:00:01Z", "00:00:02Z", true, true),
            ("bob", "carol", false, false),
            (
                r#"1Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:type":{},"f:clusterIP"#,
                r#"2Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:type":{},"f:ports"#,
                false,
                false,
            ),
        ] {
            let text = ENTRIES.replace("\n         ", "").replacen(from, to, 1);
            assert!(text.contains(to), "{to}");
            let other = read(&text);
            assert_eq!(stored.differ_in_time_alone(&other), in_time_alone, "{to}");
            assert_eq!(stored.has_owners_of(&other), has_all, "{to}");
            assert_eq!(stored == other, from == to, "{to}");
            // Those who share what they own are told apart by their times as well.
            let shared = StoredManagers::following(other.managers(false), &stored);
            assert_eq!(stored.differ_in_time_alone(&shared), in_time_alone, "{to}");
        }
        let fewer = StoredManagers::following(Managers::of(stored.iter().take(1).collect(), false), &stored);
        assert!(!stored.differ_in_time_alone(&fewer));
        assert!(stored.has_owners_of(&fewer) && !fewer.has_owners_of(&stored));
        assert_ne!(stored, fewer);
    }
}
