//! Who owns what after any write but an apply (`Updater.Update` of structured-merge-diff v6.4.2 `merge/update.go`, apimachinery
//! v0.37.2 `pkg/util/managedfields/internal/managedfieldsupdater.go`).

use super::apply::manager_name;
use super::compare::{Comparison, compare};
use super::endpoint::{self, Endpoint};
use super::managers::{Identity, Manager, Managers, Operation};
use super::set::Set;
use super::time::Time;
use super::trace::Trace;
use super::validate::{Duplicates, validate};
use crate::Error;
use crate::error::Kind;
use crate::value::Value;

/// What is written over what.
#[derive(Clone, Debug, PartialEq)]
pub struct Updating<'v> {
    /// The live object; for a create the endpoint's empty object.
    pub live: &'v Value<'v>,
    /// The object as it is to be stored, defaulted, without managed fields.
    pub new: &'v Value<'v>,
    /// The managers to start from: [`Managers::of_request`].
    pub managers: Managers<'v>,
    /// The field manager's name.
    pub manager: &'v str,
    /// The server's time.
    pub now: Time,
}

/// Who owns what once `new` has taken the place of `live`.
///
/// The writer owns what it added or changed; everybody, itself included, loses that and what is gone. An object that is there and
/// has no managers stays without.
///
/// # Errors
/// [`Error::is_invalid`]: one of the objects does not fit the schema. [`Error::is_managed_fields`]: an entry of an API version that
/// is none. A server leaves the managed fields of the live object in place then.
pub fn update_managers<'v>(updating: Updating<'v>, endpoint: &'v Endpoint, trace: &mut dyn Trace) -> Result<Managers<'v>, Error> {
    let exists = updating.live.at(&["metadata", "uid"]).and_then(Value::as_str).is_some_and(|uid| !uid.is_empty());
    if exists && updating.managers.is_empty() {
        return Ok(updating.managers);
    }
    if let Some(other) = endpoint.other_kind(updating.new) {
        return Err(untyped("new", updating.new, &format!("no corresponding type for {other}")));
    }
    update_tracked(updating, endpoint, trace)
}

pub(super) fn update_tracked<'v>(
    updating: Updating<'v>,
    endpoint: &'v Endpoint,
    trace: &mut dyn Trace,
) -> Result<Managers<'v>, Error> {
    let Updating { live, new, mut managers, manager, now } = updating;
    if !endpoint.is_typed() {
        for (object, value) in [("new", new), ("live", live)] {
            let findings = validate(value, endpoint.schema(), Duplicates::Allowed);
            if !findings.is_empty() {
                return Err(untyped(object, new, &findings.text()));
            }
        }
    }
    managers.iter().for_each(|manager| trace.owned(manager));
    managers.fit(endpoint).map_err(|reason| {
        let name = endpoint::object_name(new);
        Error::new(Kind::ManagedFields, None, format!("failed to update ManagedFields ({name}): {reason}"))
    })?;

    let comparison = compare(live, new, endpoint.schema()).without(endpoint.reset_fields());
    let changes = Changes::from(comparison);
    let identity = Identity {
        name: manager_name(manager).into(),
        operation: Operation::Update,
        api_version: endpoint.api_version().into(),
        subresource: endpoint.subresource_name().into(),
    };
    changes.take_from(&mut managers, Some(&identity), trace);
    let own = changes.written.difference(endpoint::stripped());
    if !own.is_empty() {
        let left = managers.take(&identity).map(|left| left.set).unwrap_or_default();
        managers.put(Manager { identity, time: Some(now), set: left.union(own) });
    }
    managers.cap();
    Ok(managers)
}

fn untyped(object: &str, new: &Value<'_>, reason: &str) -> Error {
    let name = endpoint::object_name(new);
    Error::new(Kind::Invalid, None, format!("failed to convert {object} object ({name}) to smd typed: {reason}"))
}

/// What a write changes, as far as owners are concerned.
#[derive(Debug)]
pub(super) struct Changes<'v> {
    /// Modified or added.
    written: Set<'v>,
    removed: Set<'v>,
}

impl<'v> From<Comparison<'v>> for Changes<'v> {
    fn from(comparison: Comparison<'v>) -> Self {
        Changes { written: comparison.modified.union(comparison.added), removed: comparison.removed }
    }
}

impl Changes<'_> {
    /// Who owns fields that are written, with those fields.
    pub(super) fn claims<'a>(&self, managers: &Managers<'a>) -> Vec<(Identity<'a>, Set<'a>)> {
        let claims = managers.iter().map(|manager| (manager.identity.clone(), manager.set.intersection(&self.written)));
        claims.filter(|(_, set)| !set.is_empty()).collect()
    }

    /// Takes what is written or removed from all managers; who has nothing left is no manager any more. A writer that gets back all
    /// that it loses keeps it.
    pub(super) fn take_from(&self, managers: &mut Managers<'_>, writer: Option<&Identity<'_>>, trace: &mut dyn Trace) {
        let comes_back = |lost: &Set<'_>| self.written.has_all(lost) && lost.intersection(endpoint::stripped()).is_empty();
        let touched = self.written.borrowed().union(self.removed.borrowed());
        for manager in managers.iter_mut() {
            let lost = manager.set.intersection(&touched);
            if !lost.is_empty() {
                trace.lost(&manager.identity, &lost);
                if writer.is_none_or(|writer| *writer != manager.identity || !comes_back(&lost)) {
                    manager.set = std::mem::take(&mut manager.set).difference(&lost);
                }
            }
        }
        managers.retain(|manager| !manager.set.is_empty());
    }
}
