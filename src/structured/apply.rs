//! Server-side apply (structured-merge-diff v6.4.2 `merge/update.go`, apimachinery v0.37.2
//! `pkg/util/managedfields/internal/{fieldmanager,structuredmerge,managedfieldsupdater,skipnonapplied,versioncheck}.go`).
//!
//! What a server does between the merge and the answer, converting and defaulting, is left to the caller.

use super::compare::compare;
use super::conflict::Conflicts;
use super::endpoint::{self, Endpoint};
use super::fields::fields;
use super::last_applied;
use super::managers::{Identity, Manager, Managers, Operation};
use super::merge::merge;
use super::remove::{Ownership, given_up, remove_all};
use super::time::Time;
use super::trace::Trace;
use super::update::{self, Changes};
use super::validate::{Duplicates, validate};
use crate::Error;
use crate::error::Kind;
use crate::value::Value;

/// Whether an apply takes fields over that other managers own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Force {
    /// Conflicts are refused.
    #[default]
    Off,
    /// Conflicting fields change their owner.
    On,
}

impl From<bool> for Force {
    fn from(force: bool) -> Self {
        if force { Force::On } else { Force::Off }
    }
}

/// What is applied to what.
#[derive(Clone, Debug, PartialEq)]
pub struct Applying<'v> {
    /// The live object without its managed fields; of a missing one the endpoint's empty object.
    pub live: &'v Value<'v>,
    /// The managers of the live object.
    pub managers: Managers<'v>,
    /// The applied configuration.
    pub config: &'v Value<'v>,
    /// The field manager's name.
    pub manager: &'v str,
    /// Whether it takes over what others own.
    pub force: Force,
    /// The server's time.
    pub now: Time,
}

/// What came of an apply.
#[derive(Clone, Debug, PartialEq)]
pub enum ApplyOutcome<'v> {
    /// It was made.
    Merged(Merged<'v>),
    /// Other managers own fields that it would change; everything stays as it was.
    Conflicts(Conflicts),
}

/// The object that an apply makes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Merged<'v> {
    /// The object, without managed fields.
    pub object: Value<'v>,
    /// Whether it differs from the live one.
    pub changed: bool,
    /// Who owns what now.
    pub managers: Managers<'v>,
}

/// Applies a configuration to a live object, up to the point where a server converts and defaults the outcome.
///
/// # Errors
/// [`Error::is_bad_request`] (400): another kind or version, managed fields in the configuration. [`Error::is_invalid`] (500): the
/// configuration or the live object does not fit the schema. [`Error::is_managed_fields`]: an entry of an API version that is none.
pub fn apply_values<'v>(
    applying: Applying<'v>,
    endpoint: &'v Endpoint,
    trace: &mut dyn Trace,
) -> Result<ApplyOutcome<'v>, Error> {
    let Applying { live, mut managers, config, manager, force, now } = applying;
    if let Some(other) = endpoint.other_kind(config) {
        return Err(Error::new(Kind::BadRequest, None, format!("invalid object type: {other}")));
    }
    if managers.is_empty() {
        let first = update::Updating { live: endpoint.empty_object(), new: live, managers, manager: BEFORE_FIRST_APPLY, now };
        managers = update::update_tracked(first, endpoint, &mut ())?;
    }
    refuse_managed_fields(config)?;
    check(config, endpoint, Duplicates::Refused, "failed to create typed patch object")?;
    if !endpoint.is_typed() {
        check(live, endpoint, Duplicates::Allowed, "failed to create typed live object")?;
    }
    managers.iter().for_each(|manager| trace.owned(manager));
    managers.fit(endpoint)?;

    let schema = endpoint.schema();
    let mut object = merge(live, config, schema, trace);
    let set = fields(config, schema).recursive_difference(endpoint.reset_fields());
    let identity = Identity {
        name: manager_name(manager).into(),
        operation: Operation::Apply,
        api_version: endpoint.api_version().into(),
        subresource: endpoint.subresource_name().into(),
    };
    let last = managers.take(&identity);
    let time = last.as_ref().and_then(|last| last.time);

    if let Some(last) = last.filter(|last| !last.set.is_empty()) {
        let others = managers.iter().map(|manager| &manager.set).collect();
        let gone = given_up(&object, &Ownership { last: &last.set, now: &set, others }, schema);
        if !gone.is_empty() {
            trace.pruned(&gone);
            object = remove_all(object, &gone, schema);
        }
    }

    let changed;
    {
        let comparison = compare(live, &object, schema);
        changed = !comparison.is_empty() || live.compare(&object).is_ne();
        let changes = Changes::from(comparison.without(endpoint.reset_fields()));
        let claims = changes.claims(&managers);
        let mut conflicts = Conflicts::collect(claims.iter().map(|(identity, set)| (identity, set)));
        conflicts.iter().for_each(|conflict| trace.conflicted(conflict));
        if force == Force::Off && !conflicts.is_empty() {
            if manager == last_applied::KUBECTL {
                last_applied::allow(&mut conflicts, live, endpoint);
            }
            if !conflicts.is_empty() {
                return Ok(ApplyOutcome::Conflicts(conflicts));
            }
            trace.allowed_by_last_applied();
        }
        changes.take_from(&mut managers, None, trace);
    }

    let set = set.difference(endpoint::stripped());
    if !set.is_empty() {
        managers.put(Manager { identity, time: if changed { Some(now) } else { time }, set });
    }
    endpoint::take_managed_fields(&mut object);
    if manager == last_applied::KUBECTL {
        last_applied::sync(&mut object, config);
    }
    Ok(ApplyOutcome::Merged(Merged { object, changed, managers }))
}

/// Who owns what was there before anybody applied.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// The name that a nameless manager gets.
pub(super) fn manager_name(name: &str) -> &str {
    if name.is_empty() { "unknown" } else { name }
}

fn refuse_managed_fields(config: &Value<'_>) -> Result<(), Error> {
    match endpoint::managed_fields(config) {
        // Upstream: a list of anything but entries is told by the schema.
        Some(Value::List(items)) if items.iter().all(is_entry) => {
            Err(Error::new(Kind::BadRequest, None, "metadata.managedFields must be nil"))
        }
        _ => Ok(()),
    }
}

/// Whether every member of an entry is of its type; what the fields are does not count.
fn is_entry(item: &Value<'_>) -> bool {
    const TEXTS: [&str; 6] = ["manager", "operation", "apiVersion", "time", "fieldsType", "subresource"];
    let is_text = |key| item.get(key).is_none_or(|member| member.is_null() || member.as_str().is_some());
    item.as_map().is_some() && TEXTS.into_iter().all(is_text)
}

/// Refuses an object that does not fit the schema.
fn check(object: &Value<'_>, endpoint: &Endpoint, duplicates: Duplicates, failure: &str) -> Result<(), Error> {
    let findings = validate(object, endpoint.schema(), duplicates);
    if findings.is_empty() {
        return Ok(());
    }
    let name = endpoint::object_name(object);
    Err(Error::new(Kind::Invalid, None, format!("{failure} ({name}): {}", findings.text())))
}

impl<'a> Managers<'a> {
    /// Fits stored sets to the schema, and drops those of other API versions, which nothing can be converted to.
    pub(super) fn fit(&mut self, endpoint: &Endpoint) -> Result<(), Error> {
        if self.take_fitting() {
            return Ok(());
        }
        // A shortcut: most managers write the version of the endpoint.
        let version = endpoint.api_version();
        let here = endpoint::group_version(version);
        if here.is_none() || self.iter().any(|manager| manager.identity.api_version != version) {
            for manager in self.iter() {
                if endpoint::group_version(&manager.identity.api_version).is_none() {
                    let message = format!("unexpected GroupVersion string: {}", manager.identity.api_version);
                    return Err(Error::new(Kind::ManagedFields, None, message));
                }
            }
            self.retain(|manager| endpoint::group_version(&manager.identity.api_version) == here);
        }
        for manager in self.iter_mut() {
            super::reconcile::reconcile(&mut manager.set, endpoint.schema());
        }
        Ok(())
    }
}
