//! `kubectl create`, `replace`, `patch`, `delete` and `get`.
//!
//! Upstream: kubectl v0.37.2 `pkg/cmd/{create,replace,patch,delete,get}`, cli-runtime v0.37.2 `pkg/resource/helper.go`.

use std::borrow::Cow;
use std::sync::Arc;

use super::errors::Failure;
use super::object::{self, ManifestFile, STDIN, Source, UNABLE_TO_DECODE};
use super::options::{Cascade, Common, Create, Delete, DryRun, Output, Patch, Replace, Validate};
use super::print::Shown;
use super::{Place, Session};
use crate::Error;
use crate::cluster::environment::DeletedLine;
use crate::cluster::patch::settled;
use crate::cluster::request::PatchType;
use crate::cluster::{Method, Object, Request, json_patch, merge_patch};
use crate::manifest::read_yaml;
use crate::strategic::{self, Lookup};
use crate::value::{self, Document, Map, Value, quote};

/// Who writes, and how the server shall treat it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer<'o> {
    manager: &'o str,
    validate: Option<Validate>,
    dry_run: DryRun,
}

impl<'o> Writer<'o> {
    pub(super) fn new(common: &'o Common, manager: &'o str) -> Self {
        let manager = common.field_manager.as_deref().unwrap_or(manager);
        Writer { manager, validate: Some(common.validate), dry_run: common.dry_run }
    }

    /// Verbs that change what is there don't ask for validation.
    pub(super) fn without_validation(self) -> Self {
        Writer { validate: None, ..self }
    }

    pub(super) fn with_manager<'m>(self, manager: &'m str) -> Writer<'m>
    where
        'o: 'm,
    {
        Writer { manager, ..self }
    }

    /// Adds the parameters to a request.
    pub(super) fn mark(self, request: Request) -> Request {
        let request = if self.dry_run == DryRun::Server { request.parameter("dryRun", "All") } else { request };
        let request = if self.manager.is_empty() { request } else { request.parameter("fieldManager", self.manager.to_owned()) };
        match self.validate {
            Some(validate) => request.parameter("fieldValidation", validate.parameter()),
            None => request,
        }
    }
}

pub(super) fn create(session: &mut Session<'_, '_>, file: &ManifestFile<'_>, options: &Create) -> Result<(), Failure> {
    let source = file.load(session, options.common.namespace.as_deref())?;
    let object = Arc::clone(source.refreshed(options.save_config));
    let created = if options.common.dry_run == DryRun::Client {
        Shown::Made(object)
    } else {
        let writer = Writer::new(&options.common, "kubectl-create");
        let created = post(session, &source.place, object, writer);
        Shown::Answered(created.map_err(|failure| failure.when("creating", file.name()))?)
    };
    session.print(&created, "created", &options.common)
}

/// Creates an object.
pub(super) fn post(
    session: &mut Session<'_, '_>,
    place: &Place,
    mut object: Arc<Value<'static>>,
    writer: Writer<'_>,
) -> Result<Object, Failure> {
    place.check_namespace()?;
    object::drop_resource_version(&mut object);
    session.send(writer.mark(place.post().of_type(JSON)).value(object))
}

const JSON: &str = "application/json";

pub(super) fn replace(session: &mut Session<'_, '_>, file: &ManifestFile<'_>, options: &Replace) -> Result<(), Failure> {
    if options.force && options.common.dry_run != DryRun::None {
        return Err(Failure::client("--dry-run can not be used when --force is set"));
    }
    let source = match file.load(session, options.common.namespace.as_deref()) {
        Err(Failure::Client(why)) if options.force && file.manifest().file().is_none() && why.starts_with(UNABLE_TO_DECODE) => {
            return Err(temporary_file());
        }
        loaded => loaded?,
    };
    let writer = Writer::new(&options.common, "kubectl-replace");
    let replaced = if options.force {
        Shown::Answered(force_replace(session, &source, file.name(), options, writer)?)
    } else {
        let object = Arc::clone(source.refreshed(options.save_config));
        if options.common.dry_run == DryRun::Client {
            Shown::Made(object)
        } else {
            let replaced = put(session, &source.place, object, writer);
            Shown::Answered(replaced.map_err(|failure| failure.when("replacing", file.name()))?)
        }
    };
    session.print(&replaced, "replaced", &options.common)
}

/// Writes the object over the one that is there, whatever version that has.
fn put(
    session: &mut Session<'_, '_>,
    place: &Place,
    mut object: Arc<Value<'static>>,
    writer: Writer<'_>,
) -> Result<Object, Failure> {
    place.check()?;
    if object::metadata_text(&object, "resourceVersion").is_empty()
        && let Ok(live) = session.read(place)
        && let Some(metadata) = object::metadata_mut(Arc::make_mut(&mut object))
    {
        metadata.insert("resourceVersion", Value::from(live.resource_version().to_owned()));
    }
    let request = place.request(Method::Put).of_type(JSON);
    session.send(writer.mark(request).value(object))
}

fn force_replace(
    session: &mut Session<'_, '_>,
    source: &Source,
    file: &str,
    options: &Replace,
    writer: Writer<'_>,
) -> Result<Object, Failure> {
    let place = &source.place;
    let name_alone = options.common.printing.output == Some(Output::Name);
    match send_delete(session, place, Cascade::Background, DryRun::None) {
        Ok(()) => print_deleted(session, place, DryRun::None, name_alone),
        Err(failure) if failure.is("NotFound") => {}
        Err(_) if file == STDIN => return Err(temporary_file()),
        Err(failure) => return Err(failure.when("deleting", file)),
    }
    if session.read(place).is_ok() {
        // Upstream: it looks again and again, for five minutes.
        return Err(out_of_time());
    }
    post(session, place, Arc::clone(source.refreshed(options.save_config)), writer)
}

/// Upstream: to be read twice, what comes on standard input is written to a file whose name is drawn.
fn temporary_file() -> Failure {
    Error::not_modelled("kubectl replace --force naming its temporary file").into()
}

/// kubectl waited until an object is gone, and for no longer than it may.
pub(super) fn out_of_time() -> Failure {
    Failure::client("context deadline exceeded")
}

pub(super) fn patch(session: &mut Session<'_, '_>, name: &str, options: &Patch) -> Result<(), Failure> {
    let body = patch_body(&options.text)?;
    let place = Place { namespace: session.namespace(options.common.namespace.as_deref()).to_owned(), name: name.to_owned() };
    let before = session.read(&place)?;
    if options.common.dry_run == DryRun::Client {
        let patched = settled(Arc::new(patch_locally(session, &before, options.patch_type, &body)?));
        let changed = *patched != before.to_value();
        return print_patched(session, &Shown::Made(patched), changed, options);
    }
    let writer = Writer::new(&options.common, "kubectl-patch").without_validation();
    let request = writer.mark(place.request(Method::Patch).of_type(options.patch_type.media_type()));
    let after = session.send(request.body(body.into_owned()))?;
    let changed = after != before;
    print_patched(session, &Shown::Answered(after), changed, options)
}

fn print_patched(session: &mut Session<'_, '_>, shown: &Shown, changed: bool, options: &Patch) -> Result<(), Failure> {
    // Upstream: what a dry run adds to the line is lost.
    let common = Common { dry_run: DryRun::None, ..options.common.clone() };
    session.print(shown, if changed { "patched" } else { "patched (no change)" }, &common)
}

/// The object as kubectl itself patches it.
fn patch_locally(
    session: &mut Session<'_, '_>,
    live: &Object,
    patch_type: PatchType,
    text: &str,
) -> Result<Value<'static>, Failure> {
    let outside = |why: &str| Failure::from(Error::not_modelled(&format!("kubectl patch --dry-run=client where {why}")));
    let patch = match (value::parse(text.as_bytes()), patch_type) {
        (Ok(patch), _) => patch,
        (Err(_), PatchType::Strategic) => return Err(Failure::client("invalid JSON document")),
        (Err(_), PatchType::Merge) => return Err(Failure::client("Invalid JSON Patch")),
        (Err(_), _) => return Err(outside("the patch is not JSON")),
    };
    let schema = session.cluster.schema().clone();
    let patched = match (patch_type, patch) {
        (PatchType::Strategic, patch @ Value::Map(_)) => {
            strategic::apply_values(live.to_value(), patch, &schema, Lookup::GoTypes, &mut session.trace.strategic())
                .map_err(|error| Failure::merging(&error))?
                .into_owned()
        }
        (PatchType::Merge, patch @ Value::Map(_)) => {
            merge_patch::apply(live.to_value(), patch).map_err(|_| outside("the patch does not apply"))?.into_owned()
        }
        (PatchType::Json, Value::List(operations)) => {
            json_patch::apply(live.to_value(), operations).map_err(|_| outside("the patch does not apply"))?.into_owned()
        }
        (PatchType::Strategic | PatchType::Json, Value::Null) => return Ok(live.to_value().into_owned()),
        (PatchType::Strategic, _) => return Err(Failure::client("invalid JSON document")),
        (PatchType::Merge, patch @ Value::List(_)) => return Err(misfit(patch, "unstructured.detector")),
        (PatchType::Merge, _) => return Err(Failure::client("Invalid JSON Patch")),
        (_, patch) => return Err(misfit(patch, "jsonpatch.Patch")),
    };
    match patched.get("kind") {
        Some(Value::String(kind)) if kind == "Service" => Ok(patched),
        _ => Err(outside("the object loses its kind")),
    }
}

/// A value that does not fit its Go type.
fn misfit(value: Value<'_>, go_type: &str) -> Failure {
    let document = Document::from(value);
    Failure::client(format!("json: cannot unmarshal {} into Go value of type {go_type}", document.root().go_kind()))
}

/// The text of a patch as it is sent.
///
/// Upstream: what begins with a brace is sent as it is, whether it is JSON or not; all else is read as YAML and written anew.
fn patch_body(text: &str) -> Result<Cow<'_, str>, Failure> {
    if text.trim_start().starts_with('{') {
        return Ok(text.into());
    }
    let read = value::parse(text.as_bytes()).map(Value::into_owned).or_else(|_| read_yaml(text));
    let patch = read.map_err(|error| Error::not_modelled(&format!("kubectl patch with this patch ({error})")))?;
    Ok(patch.to_string().into())
}

/// `kubectl delete -f FILE`.
pub(super) fn delete_file(session: &mut Session<'_, '_>, file: &ManifestFile<'_>, options: &Delete) -> Result<(), Failure> {
    let source = file.load(session, options.namespace.as_deref())?;
    delete(session, &source.place, options, Some(file.name()))
}

/// `kubectl delete service NAME`.
pub(super) fn delete_named(session: &mut Session<'_, '_>, name: &str, options: &Delete) -> Result<(), Failure> {
    let place = Place { namespace: session.namespace(options.namespace.as_deref()).to_owned(), name: name.to_owned() };
    delete(session, &place, options, None)
}

fn delete(session: &mut Session<'_, '_>, place: &Place, options: &Delete, file: Option<&str>) -> Result<(), Failure> {
    if options.dry_run != DryRun::Client {
        match send_delete(session, place, options.cascade, options.dry_run) {
            Ok(()) => {}
            Err(failure) if options.ignore_not_found && failure.is("NotFound") => return Ok(()),
            Err(failure) => {
                return Err(match file {
                    Some(file) => failure.when("deleting", file),
                    None => failure,
                });
            }
        }
    }
    print_deleted(session, place, options.dry_run, options.name_alone);
    if options.dry_run == DryRun::None && !options.no_wait && session.read(place).is_ok() {
        // kubectl waits a week for others, and nobody else acts here.
        return Err(Error::not_modelled("kubectl waiting until finalizers are gone").into());
    }
    Ok(())
}

pub(super) fn send_delete(
    session: &mut Session<'_, '_>,
    place: &Place,
    cascade: Cascade,
    dry_run: DryRun,
) -> Result<(), Failure> {
    place.check()?;
    let mut options: Map<'static> = [("propagationPolicy", Value::from(cascade.policy()))].into_iter().collect();
    if dry_run == DryRun::Server {
        options.insert("dryRun", Value::from(vec![Value::from("All")]));
    }
    let request = place.request(Method::Delete).of_type(JSON).value(Arc::new(Value::from(options)));
    session.send(request).map(drop)
}

fn print_deleted(session: &mut Session<'_, '_>, place: &Place, dry_run: DryRun, name_alone: bool) {
    if name_alone {
        session.stdout.push_str(&format!("service/{}\n", place.name));
        return;
    }
    let namespace = match session.cluster.environment().deleted_line() {
        DeletedLine::WithNamespace => format!(" from {} namespace", place.namespace),
        DeletedLine::WithoutNamespace => String::new(),
    };
    let line = format!("service {} deleted{namespace}{}\n", quote(&place.name), dry_run.suffix());
    session.stdout.push_str(&line);
}

/// What `kubectl get service NAME` shows.
#[derive(Clone, Debug)]
pub(super) struct Get {
    pub(super) namespace: Option<String>,
    pub(super) output: Output,
    pub(super) managed_fields: bool,
    pub(super) ignore_not_found: bool,
}

pub(super) fn get(session: &mut Session<'_, '_>, name: &str, options: &Get) -> Result<(), Failure> {
    let place = Place { namespace: session.namespace(options.namespace.as_deref()).to_owned(), name: name.to_owned() };
    let found = match session.read(&place) {
        Err(_) if options.ignore_not_found => return Ok(()),
        found => found?,
    };
    session.print_as(&Shown::Answered(found), options.output, options.managed_fields)
}
