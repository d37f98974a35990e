//! Creates and updates, step by step in the server's order.
//!
//! Upstream: apiserver v0.37.2 `pkg/endpoints/handlers/{create,update,patch}.go`, `pkg/registry/generic/registry/store.go`,
//! `pkg/registry/rest/{create,update,meta}.go`; kubernetes v1.37.2 `pkg/registry/core/service/storage/storage.go`. Left out:
//! admission beyond what is always on.

use std::borrow::Cow;
use std::sync::Arc;

use super::environment::Phase;
use super::managed_fields::ManagedFields;
use super::patch::Patch;
use super::request::{FieldValidation, Method, Options, PatchType, Target, values};
use super::status::{Cause, Kind, Status};
use super::store::Store;
use super::{Cluster, Object, Request, Response, Trace, body, delete, ownership, patch};
use crate::Error;
use crate::service::{self, Draws, DryRun, Duplicates, FieldError, ObjectMeta, Refusal, Service, Transaction};
use crate::structured::Endpoint;
use crate::value::{Value, check_duration, quote};

/// Why a request goes no further.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// The server refuses.
    Refused(Status),
    /// What comes next is not modelled.
    Outside(Error),
}

impl From<Status> for Stop {
    fn from(status: Status) -> Self {
        Stop::Refused(status)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Outside(error)
    }
}

/// Answers a request.
pub(super) fn handle(cluster: &mut Cluster, request: &Request, trace: &mut dyn Trace) -> Result<Response, Error> {
    let target = Target::of(request.path())?;
    trace.request(request);
    if let Err(status) = check_timeout(request) {
        return Ok(Response::new(Err(status), Vec::new()));
    }
    if request.method() == Method::Get {
        let name = target.name.ok_or_else(|| Error::not_modelled("a list of Services"))?;
        let asked = values(request.parameters(), "resourceVersion").find(|asked| !asked.is_empty());
        if asked.is_some_and(|asked| asked.parse().map_or(true, |asked: u64| asked > cluster.store.version())) {
            return Err(Error::not_modelled("reading at a resourceVersion that was not given yet"));
        }
        let found = cluster.store.get(target.namespace, name).cloned();
        let answer = found.map(|object| (200, object)).ok_or_else(|| Status::not_found("services", name));
        return Ok(Response::new(answer, Vec::new()));
    }
    let (now, draws) = cluster.environment.next();
    let options = Options::of(request.parameters());
    let mut write = Write {
        target,
        manager: options.manager(request.agent()),
        options,
        now,
        draws,
        version: cluster.environment.version_after(cluster.store.version()),
        warnings: Vec::new(),
        phase: cluster.environment.phase(target.namespace),
        endpoint: &cluster.endpoint,
        store: &mut cluster.store,
        trace,
    };
    let answer = match (request.method(), target.name) {
        (Method::Post, None) => post(&mut write, request),
        (Method::Put, Some(name)) => put(&mut write, request, name),
        (Method::Patch, Some(name)) => patch(&mut write, request, name),
        (Method::Delete, Some(name)) => delete::delete(&mut write, request, name),
        (method, _) => return Err(Error::not_modelled(&format!("{method} {}", request.path()))),
    };
    let warnings = write.warnings;
    match answer {
        Ok(answer) => Ok(Response::new(Ok(answer), warnings)),
        Err(Stop::Refused(status)) => Ok(Response::new(Err(status), warnings)),
        Err(Stop::Outside(error)) => Err(error),
    }
}

/// Refuses a `timeout` that is no duration, before anything else is looked at.
///
/// Upstream: `WithRequestDeadline` of apiserver `pkg/endpoints/filters/request_deadline.go`.
fn check_timeout(request: &Request) -> Result<(), Status> {
    let timeout = values(request.parameters(), "timeout").next().filter(|timeout| !timeout.is_empty());
    let refuse = |why| Status::bad_request(format!("invalid timeout specified in the request URL - {why}"));
    timeout.map_or(Ok(()), check_duration).map_err(refuse)
}

/// A write that is under way.
pub(super) struct Write<'w, 't> {
    pub(super) target: Target<'w>,
    pub(super) options: Options<'w>,
    pub(super) manager: Cow<'w, str>,
    pub(super) now: Arc<str>,
    pub(super) draws: Draws,
    /// The resourceVersion that a write takes.
    pub(super) version: u64,
    pub(super) warnings: Vec<String>,
    /// What the namespace is.
    phase: Phase,
    pub(super) endpoint: &'w Endpoint,
    pub(super) store: &'w mut Arc<Store>,
    pub(super) trace: &'t mut dyn Trace,
}

/// A granted request: the HTTP status code, and the object.
pub(super) type Answer = (u16, Object);

fn post(write: &mut Write<'_, '_>, request: &Request) -> Result<Answer, Stop> {
    body::check_media_type(request.media_type())?;
    body::check_size(request.content())?;
    write.options.check("CreateOptions")?;
    let mut service = write.decode(request)?;
    wipe(&mut service);
    write.check_namespace(&mut service)?;
    write.drop_repeated_owners(&mut service, Duplicates::Sent);
    let managed_fields = write.own(None, &mut service)?;
    let ObjectMeta { name, generate_name, .. } = &service.metadata;
    let name = [name, generate_name].into_iter().find(|name| !name.is_empty());
    write.admit_create(name.map_or("Unknown", String::as_str))?;
    let asked = std::mem::take(&mut service.metadata.resource_version);
    if service.metadata.name.is_empty() && !service.metadata.generate_name.is_empty() {
        service.metadata.name = format!("{}{}", service.metadata.generate_name, generated_suffix(write.version));
    }
    write.create(Draft { service, managed_fields }, Create { asked, by_update: false })
}

/// A Service that is about to be stored, without its managed fields, and these.
pub(super) struct Draft {
    pub(super) service: Service,
    pub(super) managed_fields: ManagedFields,
}

/// How an object comes to be created.
struct Create {
    /// The resourceVersion that the body states.
    asked: String,
    /// By a PUT or an apply.
    by_update: bool,
}

fn put(write: &mut Write<'_, '_>, request: &Request, name: &str) -> Result<Answer, Stop> {
    body::check_size(request.content())?;
    write.options.check("UpdateOptions")?;
    // Upstream: unlike on a create, the options come first.
    body::check_media_type(request.media_type())?;
    let mut service = write.decode(request)?;
    write.check_namespace(&mut service)?;
    check_name(&service, name)?;
    write.drop_repeated_owners(&mut service, Duplicates::Sent);
    let live = write.live(name);
    let uid = live.as_ref().map_or("", Object::uid);
    if !service.metadata.uid.is_empty() && service.metadata.uid != uid {
        let root = if write.options.dry_run() { "/" } else { "/registry/" };
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: {root}services/specs/{}/{name}, ResourceVersion: 0, AdditionalErrorMsg: \
             Precondition failed: UID in precondition: {}, UID in object meta: {uid}",
            write.target.namespace, service.metadata.uid
        );
        return Err(Status::conflict("services", name, &why).into());
    }
    let managed_fields = write.own(live.as_ref(), &mut service)?;
    if live.is_none() {
        write.admit_create(name)?;
    }
    write.create_or_update(live.as_ref(), Draft { service, managed_fields })
}

fn patch(write: &mut Write<'_, '_>, request: &Request, name: &str) -> Result<Answer, Stop> {
    let patch_type = PatchType::of(request.media_type()).ok_or_else(Status::unsupported_patch)?;
    body::check_size(request.content())?;
    write.options.check_patch(patch_type)?;
    let sent = Patch::read(request.content(), patch_type)?;
    let live = write.live(name);
    let Draft { mut service, managed_fields } = patch::patched(write, live.as_ref(), sent)?;
    if live.is_none() && !service.metadata.uid.is_empty() {
        let why =
            format!("uid mismatch: the provided object specified uid {}, and no existing object was found", service.metadata.uid);
        return Err(Status::conflict("services", name, &why).into());
    }
    write.check_namespace(&mut service)?;
    check_name(&service, name)?;
    if live.is_none() {
        write.admit_create(name)?;
    }
    write.drop_repeated_owners(&mut service, Duplicates::Patched);
    write.create_or_update(live.as_ref(), Draft { service, managed_fields })
}

/// What becomes of an object that was prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stored,
    /// It was being deleted, and the update took what held it. Upstream: it is answered as it would have been stored, but nothing
    /// that was allocated for it is kept.
    Removed,
}

impl Write<'_, '_> {
    /// The name in the path; empty where there is none.
    pub(super) fn name(&self) -> &str {
        self.target.name.unwrap_or_default()
    }

    pub(super) fn validation(&self) -> FieldValidation {
        self.options.field_validation()
    }

    pub(super) fn live(&self, name: &str) -> Option<Object> {
        self.store.get(self.target.namespace, name).cloned()
    }

    fn decode(&mut self, request: &Request) -> Result<Service, Stop> {
        let (service, findings) = body::decode(request.content(), self.validation())?;
        self.warnings.extend(findings);
        Ok(service)
    }

    fn check_namespace(&self, service: &mut Service) -> Result<(), Stop> {
        let namespace = &mut service.metadata.namespace;
        if namespace.is_empty() {
            self.target.namespace.clone_into(namespace);
        } else if namespace != self.target.namespace {
            let message = "the namespace of the provided object does not match the namespace sent on the request";
            return Err(Status::bad_request(message).into());
        }
        Ok(())
    }

    /// Refuses to create in a namespace that is missing or being deleted.
    ///
    /// Upstream: `pkg/admission/plugin/namespace/lifecycle/admission.go`, which lets updates and deletions pass.
    fn admit_create(&self, name: &str) -> Result<(), Status> {
        match self.phase {
            Phase::Active => Ok(()),
            Phase::Missing => Err(Status::not_found("namespaces", self.target.namespace)),
            Phase::Terminating => Err(Status::namespace_terminating(name, self.target.namespace)),
        }
    }

    fn drop_repeated_owners(&mut self, service: &mut Service, when: Duplicates) {
        self.warnings.extend(service::deduplicate_owner_references(&mut service.metadata, when));
    }

    /// The managed fields of what is written by anything but an apply; those that it brings along are taken from it.
    pub(super) fn own(&mut self, live: Option<&Object>, service: &mut Service) -> Result<ManagedFields, Error> {
        let writer = ownership::Writer { manager: &self.manager, now: &self.now };
        ownership::update(live, service, writer, self.endpoint, self.trace.structured())
    }

    fn create_or_update(&mut self, live: Option<&Object>, mut draft: Draft) -> Result<Answer, Stop> {
        if let Some(live) = live {
            return self.update(live, draft);
        }
        let asked = std::mem::take(&mut draft.service.metadata.resource_version);
        parse_version(&asked)?;
        wipe(&mut draft.service);
        self.create(draft, Create { asked, by_update: true })
    }

    /// Fills in, allocates, judges and stores a new object.
    fn create(&mut self, draft: Draft, create: Create) -> Result<Answer, Stop> {
        let Draft { mut service, managed_fields } = draft;
        service.metadata.uid = self.store.next_uid();
        service.metadata.creation_timestamp = Some(self.now.to_string());
        self.transact(|write, transaction| write.prepare_create(&mut service, &managed_fields, transaction, &create))?;
        if self.options.dry_run() {
            service.metadata.resource_version = create.asked;
            return Ok((201, Object::new(service, managed_fields)));
        }
        service.metadata.resource_version = self.version.to_string();
        let object = Object::new(service, managed_fields);
        let store = Arc::make_mut(self.store);
        store.take_uid();
        store.put(object.clone());
        Ok((201, object))
    }

    fn prepare_create(
        &mut self,
        service: &mut Service,
        managed_fields: &ManagedFields,
        transaction: &mut Transaction<'_>,
        create: &Create,
    ) -> Result<Fate, Status> {
        service::begin_create(service, transaction).map_err(|refusal| refused(refusal, &service.metadata.name))?;
        service::prepare_for_create(service);
        judge(service, managed_fields, service::validate_create)?;
        let name = &service.metadata.name;
        self.warnings.extend(service::warnings(service));
        // Upstream: the version is looked at before the name, but for a dry run, which stores nothing.
        let versioned = create.asked.parse::<u64>().is_ok_and(|version| version != 0);
        if versioned && !create.by_update && !self.options.dry_run() {
            return Err(Status::failure("resourceVersion should not be set on objects to be created"));
        }
        match self.store.get(self.target.namespace, name) {
            Some(existing) => Err(Status::already_exists(name, existing.is_terminating())),
            None => Ok(Fate::Stored),
        }
    }

    fn mode(&self) -> DryRun {
        if self.options.dry_run() { DryRun::All } else { DryRun::No }
    }

    /// Prepares an object with the pools at hand: what it took from them is kept if it is to be stored, and given back otherwise.
    fn transact(
        &mut self,
        prepare: impl FnOnce(&mut Self, &mut Transaction<'_>) -> Result<Fate, Status>,
    ) -> Result<Fate, Status> {
        // The pools are out of the store while the transaction works on them.
        let mut allocators = std::mem::take(&mut Arc::make_mut(self.store).allocators);
        let mut draws = std::mem::take(&mut self.draws);
        let mut transaction = Transaction::begin(&mut allocators, &mut draws, self.mode());
        let prepared = prepare(self, &mut transaction);
        if let Ok(Fate::Stored) = prepared {
            transaction.commit();
        } else {
            transaction.revert();
        }
        Arc::make_mut(self.store).allocators = allocators;
        prepared
    }

    /// Writes over an object that is there.
    fn update(&mut self, live: &Object, draft: Draft) -> Result<Answer, Stop> {
        let Draft { service: mut new, mut managed_fields } = draft;
        let old = live.service();
        let asked = parse_version(&new.metadata.resource_version)?;
        if asked != 0 && asked.to_string() != old.metadata.resource_version {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            return Err(Status::conflict("services", &old.metadata.name, why).into());
        }
        new.metadata.resource_version.clone_from(&old.metadata.resource_version);

        let fate = self.transact(|write, transaction| write.prepare_update(&mut new, &managed_fields, live, transaction))?;
        ownership::keep_times(&new, &mut managed_fields, live);
        if self.options.dry_run() {
            return Ok((200, Object::new(new, managed_fields)));
        }
        if fate == Fate::Removed {
            self.remove(live);
            return Ok((200, Object::new(new, managed_fields)));
        }
        // Upstream: the store drops it, after everything else has looked at it.
        new.metadata.self_link.clear();
        if live.is_stored_as(&new, &managed_fields) {
            return Ok((200, live.clone()));
        }
        new.metadata.resource_version = self.version.to_string();
        let object = Object::new(new, managed_fields);
        Arc::make_mut(self.store).put(object.clone());
        Ok((200, object))
    }

    fn prepare_update(
        &mut self,
        new: &mut Service,
        managed_fields: &ManagedFields,
        live: &Object,
        transaction: &mut Transaction<'_>,
    ) -> Result<Fate, Status> {
        let old = live.shown();
        service::begin_update(new, old, transaction).map_err(|refusal| refused(refusal, &new.metadata.name))?;
        service::prepare_for_update(new, old);
        judge(new, managed_fields, |new| service::validate_update(new, old))?;
        self.warnings.extend(service::warnings(new));
        let waits = |seconds: Option<i64>| seconds.is_some_and(|seconds| seconds != 0);
        let (metadata, stored) = (&new.metadata, &old.metadata);
        let held = !metadata.finalizers.is_empty() || waits(stored.deletion_grace_period_seconds);
        Ok(if stored.deletion_timestamp.is_some() && !held { Fate::Removed } else { Fate::Stored })
    }

    /// Takes an object out of the store and frees what it held.
    pub(super) fn remove(&mut self, live: &Object) {
        let store = Arc::make_mut(self.store);
        store.allocators.release(live.service());
        store.remove(live.namespace(), live.name(), self.version);
    }
}

/// Validates a Service as it is with its managed fields.
fn judge(
    service: &mut Service,
    managed_fields: &ManagedFields,
    validate: impl FnOnce(&Service) -> Vec<FieldError>,
) -> Result<(), Status> {
    if let Some(entries) = managed_fields.doubtful_entries() {
        service.metadata.managed_fields = entries.into_owned();
    }
    let errors = validate(service);
    service.metadata.managed_fields = Value::Null;
    if errors.is_empty() { Ok(()) } else { Err(Status::invalid(Kind::SERVICE, &service.metadata.name, causes(errors))) }
}

/// Upstream: `WipeObjectMetaSystemFields` of `registry/rest/meta.go`.
fn wipe(service: &mut Service) {
    let metadata = &mut service.metadata;
    metadata.uid.clear();
    metadata.self_link.clear();
    metadata.creation_timestamp = None;
    metadata.deletion_timestamp = None;
    metadata.deletion_grace_period_seconds = None;
}

/// Upstream: `checkName` of `handlers/rest.go`.
fn check_name(service: &Service, name: &str) -> Result<(), Status> {
    let stated = &service.metadata.name;
    if stated.is_empty() {
        let message = format!("the name of the object ({name} based on URL) was undeterminable: name must be provided");
        return Err(Status::bad_request(message));
    }
    if stated != name {
        let message = format!("the name of the object ({stated}) does not match the name on the URL ({name})");
        return Err(Status::bad_request(message));
    }
    Ok(())
}

/// A resourceVersion as the store reads it; none is zero.
fn parse_version(text: &str) -> Result<u64, Status> {
    if text.is_empty() {
        return Ok(0);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let why = if digits { "value out of range" } else { "invalid syntax" };
    text.parse()
        .ok()
        .filter(|_| digits)
        .ok_or_else(|| Status::failure(format!("strconv.ParseUint: parsing {}: {why}", quote(text))))
}

/// Five characters that upstream draws.
fn generated_suffix(version: u64) -> String {
    const ALPHABET: [char; 27] = [
        'b', 'c', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'q', 'r', 's', 't', 'v', 'w', 'x', 'z', '2', '4', '5', '6',
        '7', '8', '9',
    ];
    let mut rest = version;
    let mut suffix = String::new();
    for _ in 0..5 {
        let at = usize::try_from(rest % 27).unwrap_or_default();
        suffix.extend(ALPHABET.get(at));
        rest /= 27;
    }
    suffix
}

fn causes(errors: Vec<FieldError>) -> Vec<Cause> {
    errors.into_iter().map(|error| Cause::new(error.reason.as_str(), error.message, error.field)).collect()
}

fn refused(refusal: Refusal, name: &str) -> Status {
    match refusal {
        Refusal::Invalid(errors) => Status::invalid(Kind::SERVICE, name, causes(errors)),
        Refusal::Internal(message) => Status::internal(&message),
        Refusal::Plain(message) => Status::failure(message),
    }
}
