//! DELETE: options, preconditions, finalizers.
//!
//! Upstream: apiserver v0.37.2 `pkg/endpoints/handlers/delete.go`, `pkg/registry/generic/registry/store.go` (`Delete`,
//! `deletionFinalizersForGarbageCollection`), `pkg/registry/rest/delete.go`; apimachinery v0.37.2
//! `pkg/apis/meta/v1/validation/validation.go`. Grace periods mean nothing to a Service.

use super::managed_fields::ManagedFields;
use super::request::{Body, Request, check_dry_run, is_true, settle, values};
use super::status::{Cause, Status};
use super::write::{Answer, Stop, Write};
use super::{Object, body};
use crate::Error;
use crate::service::Service;
use crate::value::{Value, quote};
use std::num::IntErrorKind;
use std::sync::Arc;

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

/// Options of a deletion, from the body or, without one, from the query.
#[derive(Clone, Debug, Default)]
struct Options {
    propagation: Option<String>,
    orphan_dependents: Option<bool>,
    uid: Option<String>,
    resource_version: Option<String>,
    dry_run: Vec<String>,
}

pub(super) fn delete(write: &mut Write<'_, '_>, request: &Request, name: &str) -> Result<Answer, Stop> {
    let options = Options::of(write, request)?;
    options.check()?;
    let live = write.live(name).ok_or_else(|| Status::not_found("services", name))?;
    options.check_preconditions(&live)?;
    let finalizers = options.finalizers(&live);
    if finalizers.is_empty() {
        return Ok((200, gone(write, &options, live)));
    }
    // Upstream: a repeated deletion may still change the finalizers for dependents, since a Service has no grace period to wait for.
    let mut service = live.service().clone();
    service.metadata.finalizers = finalizers;
    if service.metadata.deletion_timestamp.is_none() {
        service.metadata.generation += i64::from(service.metadata.generation > 0);
        service.metadata.deletion_timestamp = Some(write.now.to_string());
    }
    service.metadata.deletion_grace_period_seconds = Some(0);
    let code = if options.orphan_dependents == Some(false) { 202 } else { 200 };
    if options.is_dry_run() {
        return Ok((code, Object::new(service, live.managed_fields().clone())));
    }
    if live.is_stored_as(&service, live.managed_fields()) {
        return Ok((code, live));
    }
    service.metadata.resource_version = write.version.to_string();
    let object = Object::new(service, live.managed_fields().clone());
    Arc::make_mut(write.store).put(object.clone());
    Ok((code, object))
}

/// Removes an object that nothing holds, and answers it.
fn gone(write: &mut Write<'_, '_>, options: &Options, live: Object) -> Object {
    if !options.is_dry_run() {
        write.remove(&live);
        let mut service = live.service().clone();
        service.metadata.resource_version = write.version.to_string();
        return Object::new(service, live.managed_fields().clone());
    }
    // Upstream: where finalizers for dependents would have to go first, a dry run answers an object that was never filled in.
    if live.service().metadata.finalizers.is_empty() { live } else { Object::new(Service::default(), ManagedFields::default()) }
}

impl Options {
    fn of(write: &Write<'_, '_>, request: &Request) -> Result<Self, Stop> {
        let content = request.content();
        if matches!(content, Body::Bytes(bytes) if bytes.is_empty()) {
            return Self::of_query(write, request);
        }
        body::check_size(content)?;
        body::check_media_type(request.media_type())?;
        let sent = body::delete_options(content)?;
        if sent.unsafe_deletion == Some(true) {
            return Err(unsafe_deletion().into());
        }
        let (uid, resource_version) =
            sent.preconditions.map_or((None, None), |preconditions| (preconditions.uid, preconditions.resource_version));
        Ok(Options {
            propagation: sent.propagation_policy,
            orphan_dependents: sent.orphan_dependents,
            uid,
            resource_version,
            dry_run: sent.dry_run,
        })
    }

    fn is_dry_run(&self) -> bool {
        !self.dry_run.is_empty()
    }

    fn of_query(write: &Write<'_, '_>, request: &Request) -> Result<Self, Stop> {
        let find = |key| values(request.parameters(), key).next().map(str::to_owned);
        if let Some(seconds) = find("gracePeriodSeconds")
            && let Err(error) = seconds.parse::<i64>()
        {
            let why = match error.kind() {
                IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
                _ => "invalid syntax",
            };
            return Err(Status::bad_request(format!("strconv.ParseInt: parsing {}: {why}", quote(&seconds))).into());
        }
        if find("ignoreStoreReadErrorWithClusterBreakingPotential").is_some_and(|value| is_true(&value)) {
            return Err(unsafe_deletion().into());
        }
        // Upstream: unlike in a body, an empty precondition is none.
        let stated = |key| find(key).filter(|value| !value.is_empty());
        Ok(Options {
            propagation: find("propagationPolicy"),
            orphan_dependents: find("orphanDependents").map(|value| is_true(&value)),
            uid: stated("uid"),
            resource_version: stated("resourceVersion"),
            dry_run: write.options.dry_run_values().iter().map(|value| (*value).to_owned()).collect(),
        })
    }

    fn check(&self) -> Result<(), Status> {
        let mut causes = Vec::new();
        if let Some(policy) = &self.propagation {
            if self.orphan_dependents.is_some() {
                let why = "orphanDependents and deletionPropagation cannot be both set";
                causes.push(Cause::invalid("propagationPolicy", &Value::from(policy.as_str()).to_string(), why));
            }
            let known = ["Foreground", "Background", "Orphan"];
            if !known.contains(&&**policy) {
                let supported = ["Foreground", "Background", "Orphan", "nil"];
                causes.push(Cause::unsupported("propagationPolicy", &Value::from(policy.as_str()).to_string(), &supported));
            }
        }
        let dry_run: Vec<&str> = self.dry_run.iter().map(String::as_str).collect();
        causes.extend(check_dry_run(&dry_run));
        settle("DeleteOptions", causes)
    }

    fn check_preconditions(&self, live: &Object) -> Result<(), Status> {
        let conflict = |what: &str, wanted: &str, found: &str, end: &str| {
            let why = format!(
                "the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). The object might have \
                 been {end}"
            );
            Err(Status::conflict("Service", live.name(), &why))
        };
        if let Some(uid) = self.uid.as_deref().filter(|uid| *uid != live.uid()) {
            return conflict("UID", uid, live.uid(), "deleted and then recreated");
        }
        if let Some(version) = self.resource_version.as_deref().filter(|version| *version != live.resource_version()) {
            return conflict("ResourceVersion", version, live.resource_version(), "modified");
        }
        Ok(())
    }

    /// The finalizers that the deletion leaves, those for dependents set as the options ask, the others first.
    fn finalizers(&self, live: &Object) -> Vec<String> {
        let present = &live.service().metadata.finalizers;
        let has = |name: &str| present.iter().any(|finalizer| finalizer == name);
        let (orphan, foreground) = match (self.orphan_dependents, self.propagation.as_deref()) {
            (Some(orphan), _) => (orphan, false),
            (None, Some(policy)) => (policy == "Orphan", policy == "Foreground"),
            // Upstream: without a policy the finalizer that comes first decides.
            (None, None) => {
                let first = present.iter().find(|finalizer| *finalizer == ORPHAN || *finalizer == FOREGROUND);
                (first.is_some_and(|first| first == ORPHAN), first.is_some_and(|first| first == FOREGROUND))
            }
        };
        if has(ORPHAN) == orphan && has(FOREGROUND) == foreground {
            return present.clone();
        }
        let others = present.iter().filter(|finalizer| *finalizer != ORPHAN && *finalizer != FOREGROUND).cloned();
        let added = [(orphan, ORPHAN), (foreground, FOREGROUND)];
        others.chain(added.into_iter().filter(|(wanted, _)| *wanted).map(|(_, name)| name.to_owned())).collect()
    }
}

fn unsafe_deletion() -> Error {
    Error::not_modelled("the deletion of what the server cannot read")
}
