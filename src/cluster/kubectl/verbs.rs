//! `kubectl create`, `replace`, `patch`, `delete` and `get`.
//!
//! Upstream: kubectl v0.37.2 `pkg/cmd/{create,replace,patch,delete,get}`, cli-runtime v0.37.2 `pkg/resource/helper.go`.

use std::sync::Arc;

use super::errors::Failure;
use super::object::{self, Source};
use super::options::{Cascade, Common, Create, Delete, DryRun, Patch, Replace, Validate};
use super::{Place, Session};
use crate::cluster::environment::DeletedLine;
use crate::cluster::request::PatchType;
use crate::cluster::{Method, Object, Request, json_patch, merge_patch};
use crate::strategic::{self, Lookup};
use crate::value::{self, Map, Value, quote};
use crate::{Error, Manifest};

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
        let request = if self.dry_run == DryRun::Server { request.query("dryRun", "All") } else { request };
        let request = if self.manager.is_empty() { request } else { request.query("fieldManager", self.manager) };
        match self.validate {
            Some(validate) => request.query("fieldValidation", validate.parameter()),
            None => request,
        }
    }
}

pub(super) fn create(session: &mut Session<'_, '_>, manifest: &Manifest, options: &Create) -> Result<(), Failure> {
    let mut source = Source::load(session, manifest, options.common.namespace.as_deref())?;
    object::refresh_last_applied(&mut source.object, options.save_config);
    let mut name = source.place.name.clone();
    if options.common.dry_run != DryRun::Client {
        let writer = Writer::new(&options.common, "kubectl-create");
        let created =
            post(session, &source, source.object.clone(), writer).map_err(|failure| failure.when("creating", &source.file))?;
        created.name().clone_into(&mut name);
    }
    session.print(&name, "created", options.common.dry_run);
    Ok(())
}

/// Creates an object.
pub(super) fn post(
    session: &mut Session<'_, '_>,
    source: &Source,
    mut object: Value<'static>,
    writer: Writer<'_>,
) -> Result<Object, Failure> {
    source.place.check_namespace()?;
    object::drop_resource_version(&mut object);
    session.send(writer.mark(source.place.post().content_type(JSON)).value(Arc::new(object)))
}

const JSON: &str = "application/json";

pub(super) fn replace(session: &mut Session<'_, '_>, manifest: &Manifest, options: &Replace) -> Result<(), Failure> {
    if options.force && options.common.dry_run != DryRun::None {
        return Err(Failure::client("--dry-run can not be used when --force is set"));
    }
    let mut source = Source::load(session, manifest, options.common.namespace.as_deref())?;
    let writer = Writer::new(&options.common, "kubectl-replace");
    if options.force {
        force_replace(session, &mut source, options, writer)?;
    } else {
        object::refresh_last_applied(&mut source.object, options.save_config);
        if options.common.dry_run != DryRun::Client {
            put(session, &source, writer).map_err(|failure| failure.when("replacing", &source.file))?;
        }
    }
    session.print(&source.place.name, "replaced", options.common.dry_run);
    Ok(())
}

/// Writes the object over the one that is there, whatever version that has.
fn put(session: &mut Session<'_, '_>, source: &Source, writer: Writer<'_>) -> Result<Object, Failure> {
    source.place.check()?;
    let mut object = source.object.clone();
    if object::metadata_text(&object, "resourceVersion").is_empty()
        && let Ok(live) = session.read(&source.place)
        && let Some(metadata) = object::metadata_mut(&mut object)
    {
        metadata.insert("resourceVersion", Value::from(live.resource_version().to_owned()));
    }
    let request = source.place.request(Method::Put).content_type(JSON);
    session.send(writer.mark(request).value(Arc::new(object)))
}

fn force_replace(
    session: &mut Session<'_, '_>,
    source: &mut Source,
    options: &Replace,
    writer: Writer<'_>,
) -> Result<(), Failure> {
    match send_delete(session, &source.place, Cascade::Background, DryRun::None) {
        Ok(()) => print_deleted(session, &source.place, DryRun::None),
        Err(failure) if failure.is("NotFound") => {}
        Err(failure) => return Err(failure),
    }
    if session.read(&source.place).is_ok() {
        // Upstream: it looks again and again, for five minutes.
        return Err(out_of_time());
    }
    object::refresh_last_applied(&mut source.object, options.save_config);
    post(session, source, source.object.clone(), writer)?;
    Ok(())
}

/// kubectl waited until an object is gone, and for no longer than it may.
pub(super) fn out_of_time() -> Failure {
    Failure::client("context deadline exceeded")
}

pub(super) fn patch(session: &mut Session<'_, '_>, name: &str, options: &Patch) -> Result<(), Failure> {
    let body = patch_body(&options.text)?;
    let place = Place { namespace: session.namespace(options.common.namespace.as_deref()), name: name.to_owned() };
    let before = session.read(&place)?;
    if options.common.dry_run == DryRun::Client {
        let patched = patch_locally(session, &before, options.patch_type, body.as_ref(), &options.text)?;
        print_patched(session, object::metadata_text(&patched, "name"), patched != before.to_value(), options);
        return Ok(());
    }
    let writer = Writer::new(&options.common, "kubectl-patch").without_validation();
    let request = writer.mark(place.request(Method::Patch).content_type(options.patch_type.media_type()));
    let after = session.send(match body {
        Some(written) => request.value(Arc::new(written)),
        None => request.body(options.text.as_bytes()),
    })?;
    print_patched(session, after.name(), after != before, options);
    Ok(())
}

fn print_patched(session: &mut Session<'_, '_>, name: &str, changed: bool, options: &Patch) {
    session.print(name, if changed { "patched" } else { "patched (no change)" }, options.common.dry_run);
}

/// The object as kubectl itself patches it.
fn patch_locally(
    session: &mut Session<'_, '_>,
    live: &Object,
    patch_type: PatchType,
    written: Option<&Value<'_>>,
    text: &str,
) -> Result<Value<'static>, Failure> {
    let outside = |why: &str| Failure::from(Error::not_modelled(&format!("kubectl patch --dry-run=client where {why}")));
    let patch = match written {
        Some(written) => written.borrowed(),
        None => value::parse(text.as_bytes()).map_err(|_| outside("the patch is not JSON"))?,
    };
    let schema = session.cluster.schema().clone();
    let patched = match (patch_type, &patch) {
        (PatchType::Strategic, Value::Map(_)) => {
            strategic::apply_values(live.to_value(), patch, &schema, Lookup::GoTypes, &mut session.trace.strategic())
                .map_err(|error| Failure::merging(&error))?
                .into_owned()
        }
        (PatchType::Merge, Value::Map(_)) => {
            merge_patch::apply(live.to_value(), patch).map_err(|_| outside("the patch does not apply"))?.into_owned()
        }
        (PatchType::Json, Value::List(operations)) => {
            json_patch::apply(live.to_value(), operations).map_err(|_| outside("the patch does not apply"))?.into_owned()
        }
        _ => return Err(outside("the patch is of another kind than its type")),
    };
    match patched.get("kind") {
        Some(Value::String(kind)) if kind == "Service" => Ok(patched),
        _ => Err(outside("the object loses its kind")),
    }
}

/// A patch that is not sent as it is.
///
/// Upstream: what begins with a brace is sent as it is, whether it is JSON or not; all else is read as YAML and written anew.
fn patch_body(text: &str) -> Result<Option<Value<'static>>, Failure> {
    if text.trim_start().starts_with('{') {
        return Ok(None);
    }
    if let Ok(patch) = value::parse(text.as_bytes()) {
        return Ok(Some(patch.into_owned()));
    }
    let read =
        Manifest::from_text(text).map_err(|error| Error::not_modelled(&format!("kubectl patch with this patch ({error})")))?;
    Ok(Some(Value::from_serde(read.object())?.into_owned()))
}

/// `kubectl delete -f FILE`.
pub(super) fn delete_file(session: &mut Session<'_, '_>, manifest: &Manifest, options: &Delete) -> Result<(), Failure> {
    let source = Source::load(session, manifest, options.namespace.as_deref())?;
    delete(session, &source.place, options, Some(&source.file))
}

/// `kubectl delete service NAME`.
pub(super) fn delete_named(session: &mut Session<'_, '_>, name: &str, options: &Delete) -> Result<(), Failure> {
    let place = Place { namespace: session.namespace(options.namespace.as_deref()), name: name.to_owned() };
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
    print_deleted(session, place, options.dry_run);
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
    let request = place.request(Method::Delete).content_type(JSON).value(Arc::new(Value::from(options)));
    session.send(request).map(drop)
}

fn print_deleted(session: &mut Session<'_, '_>, place: &Place, dry_run: DryRun) {
    let namespace = match session.cluster.environment().deleted_line() {
        DeletedLine::WithNamespace => format!(" from {} namespace", place.namespace),
        DeletedLine::WithoutNamespace => String::new(),
    };
    let line = format!("service {} deleted{namespace}{}\n", quote(&place.name), dry_run.suffix());
    session.stdout.push_str(&line);
}

/// How `kubectl get` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// `-o name`.
    Name,
    /// `-o json`.
    Json,
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
    let place = Place { namespace: session.namespace(options.namespace.as_deref()), name: name.to_owned() };
    let found = match session.read(&place) {
        Err(_) if options.ignore_not_found => return Ok(()),
        found => found?,
    };
    match options.output {
        Output::Name => session.stdout.push_str(&format!("service/{name}\n")),
        Output::Json => {
            let mut object = found.to_value();
            if !options.managed_fields
                && let Some(metadata) = object::metadata_mut(&mut object)
            {
                metadata.remove("managedFields");
            }
            write_indented(&object, 0, &mut session.stdout);
            session.stdout.push('\n');
        }
    }
    Ok(())
}

/// As Go's `json.MarshalIndent` with four spaces, keys sorted.
fn write_indented(value: &Value<'_>, depth: usize, out: &mut String) {
    let line = |depth: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", depth));
    };
    match value {
        Value::Map(map) if !map.is_empty() => {
            out.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                Value::from(key).write_to(out);
                out.push_str(": ");
                write_indented(value, depth + 1, out);
            }
            line(depth, out);
            out.push('}');
        }
        Value::List(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                write_indented(item, depth + 1, out);
            }
            line(depth, out);
            out.push(']');
        }
        other => other.write_to(out),
    }
}

/// The patch types as `--type` names them.
pub(super) fn patch_type(name: &str) -> Result<PatchType, Failure> {
    match &*name.to_ascii_lowercase() {
        "strategic" => Ok(PatchType::Strategic),
        "merge" => Ok(PatchType::Merge),
        "json" => Ok(PatchType::Json),
        _ => Err(Failure::client(format!("--type must be one of [json merge strategic], not {}", quote(name)))),
    }
}
