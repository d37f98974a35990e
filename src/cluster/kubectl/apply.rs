//! `kubectl apply` on the client's side.
//!
//! Upstream: kubectl v0.37.2 `pkg/cmd/apply/{apply,patcher}.go`. Left out: pruning, apply sets.

use std::fmt;
use std::sync::Arc;

use super::errors::Failure;
use super::object::{self, ManifestFile, Source};
use super::options::{Apply, Cascade, DryRun};
use super::print::{Shown, has_control};
use super::{Place, Session, server_side, verbs};
use crate::Error;
use crate::cluster::request::PatchType;
use crate::cluster::{LAST_APPLIED, Method, Object, merge_patch};
use crate::strategic::{self, Conflicts, Lookup, Options, ThreeWay};
use crate::value::{self, Value, quote};

/// How often a patch that meets a conflict is made anew.
pub(super) const RETRIES: usize = 5;

const FIELD_MANAGER: &str = "kubectl-client-side-apply";

pub(super) fn run(session: &mut Session<'_, '_>, file: &ManifestFile<'_>, options: &Apply) -> Result<(), Failure> {
    check(options)?;
    let source = file.load(session, options.common.namespace.as_deref())?;
    let generated = object::metadata_text(file.manifest().value(), "generateName");
    if source.place.name.is_empty() && !generated.is_empty() {
        return Err(Failure::client(format!("from {generated}: cannot use generate name with apply")));
    }
    if options.server_side {
        return server_side::run(session, &source, options);
    }
    client_side(session, &source, file.name(), options)
}

fn check(options: &Apply) -> Result<(), Failure> {
    let message = if options.force_conflicts && !options.server_side {
        "--force-conflicts only works with --server-side"
    } else if options.common.dry_run == DryRun::Client && options.server_side {
        "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"
    } else if options.server_side && options.force {
        "--force cannot be used with --server-side"
    } else if options.common.dry_run == DryRun::Server && options.force {
        "--dry-run=server cannot be used with --force"
    } else {
        return Ok(());
    };
    Err(Failure::client(message))
}

fn client_side(session: &mut Session<'_, '_>, source: &Source, file: &str, options: &Apply) -> Result<(), Failure> {
    let place = &source.place;
    if let Err(failure) = place.check() {
        let verb = format!("retrieving current configuration of:\n{}\nfrom server for:", describe(place));
        return Err(failure.when(&verb, file));
    }
    let Ok(current) = session.read(place) else {
        let mut modified = Arc::clone(source.applied());
        if merge_patch::has_null(&modified) {
            merge_patch::prune(Arc::make_mut(&mut modified));
        }
        let created = if options.common.dry_run == DryRun::Client {
            Shown::Made(modified)
        } else {
            let created = verbs::post(session, place, modified, verbs::Writer::new(&options.common, FIELD_MANAGER));
            Shown::Answered(created.map_err(|failure| failure.when("creating", file))?)
        };
        return session.print(&created, "created", &options.common);
    };
    if current.annotation(LAST_APPLIED).is_none() {
        session.stderr.push_str(&missing_annotation(&place.name));
    }
    let job = Job { source, place, file, options };
    let mut sent = None;
    let done = if options.common.dry_run == DryRun::Client {
        job.patch_once(session, current, &mut sent)
    } else {
        job.patch(session, current, &mut sent)
    };
    let done = done.map_err(|failure| {
        let patch = sent.as_ref().map(ToString::to_string).unwrap_or_default();
        failure.when(&format!("applying patch:\n{patch}\nto:\n{}\nfor:", describe(place)), file)
    })?;
    if done.object.is_terminating() {
        session.warn_of_deletion(&place.name);
    }
    session.print(&done.object, if done.changed { "configured" } else { "unchanged" }, &options.common)
}

/// What stays the same while a patch is tried again.
struct Job<'s> {
    source: &'s Source,
    place: &'s Place,
    file: &'s str,
    options: &'s Apply,
}

/// What was sent, as kubectl shows it where that fails.
enum Sent {
    Patch(Arc<Value<'static>>),
    Object(Arc<Value<'static>>),
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sent::Patch(patch) => write!(f, "{patch}"),
            Sent::Object(object) => writeln!(f, "{object}"),
        }
    }
}

/// What became of a patch.
struct Done {
    /// There was something to patch.
    changed: bool,
    /// The object afterwards.
    object: Shown,
}

impl Done {
    fn patched(object: Object) -> Self {
        Done { changed: true, object: Shown::Answered(object) }
    }
}

impl Job<'_> {
    /// Patches, again and again where the server answers with a conflict; `sent` is the last patch, if it could be made.
    fn patch(&self, session: &mut Session<'_, '_>, current: Object, sent: &mut Option<Sent>) -> Result<Done, Failure> {
        let mut outcome = self.patch_once(session, current, sent);
        for _ in 0..RETRIES {
            match &outcome {
                Err(failure) if failure.is("Conflict") => {}
                _ => break,
            }
            let current = session.read(self.place)?;
            outcome = self.patch_once(session, current, sent);
        }
        match outcome {
            Err(failure) if self.options.force && (failure.is("Conflict") || failure.is("Invalid")) => {
                *sent = Some(Sent::Object(Arc::clone(self.source.applied())));
                self.delete_and_create(session)
            }
            other => other.map_err(|failure| failure.when("patching", self.file)),
        }
    }

    fn patch_once(&self, session: &mut Session<'_, '_>, current: Object, sent: &mut Option<Sent>) -> Result<Done, Failure> {
        *sent = None;
        let patch = self.three_way(session, &current)?;
        if patch.as_map().is_some_and(value::Map::is_empty) {
            return Ok(Done { changed: false, object: Shown::Answered(current) });
        }
        if self.options.common.dry_run == DryRun::Client {
            let schema = session.cluster.schema().clone();
            let (document, trace) = (current.to_value(), &mut session.trace.strategic());
            let patched = strategic::apply_values(document, patch.borrowed(), &schema, Lookup::GoTypes, trace)
                .map_err(|error| Failure::merging(&error).behind("applying patch locally: "))?;
            return Ok(Done { changed: true, object: Shown::Made(Arc::new(patched.into_owned())) });
        }
        let patch = Arc::new(patch);
        *sent = Some(Sent::Patch(Arc::clone(&patch)));
        let writer = verbs::Writer::new(&self.options.common, FIELD_MANAGER);
        let request = self.place.request(Method::Patch);
        let request = writer.mark(request.of_type(PatchType::Strategic.media_type())).value(patch);
        session.send(request).map(Done::patched)
    }

    /// The patch, or the failure to make one.
    ///
    /// Upstream: kubectl looks the fields up in two documents of the server before it takes its own types; they agree on a
    /// Service, so that what fails with one fails with all.
    fn three_way(&self, session: &mut Session<'_, '_>, current: &Object) -> Result<Value<'static>, Failure> {
        let modified = self.source.applied();
        let annotation = current.annotation(LAST_APPLIED).filter(|text| !text.is_empty());
        let parsed = annotation.map(|text| self.source.read_applied(text)).transpose();
        // A shortcut: what only the live object has does not get into a patch that overwrites.
        let stated = |object: &Value<'_>| object.at(&["metadata", "managedFields"]).is_some();
        let original_states = matches!(&parsed, Ok(Some(original)) if stated(original));
        let document = if self.options.overwrite && !stated(modified) && !original_states {
            current.shown().to_value()
        } else {
            current.to_value()
        };
        let conflicts = if self.options.overwrite { Conflicts::Overwrite } else { Conflicts::Refuse };
        let schema = session.cluster.schema().clone();
        let mut make = |lookup: Lookup| {
            let original = parsed.as_ref().map_err(|_| Failure::client("invalid JSON document"))?.as_ref();
            let objects = ThreeWay { original, modified, current: &document };
            let options = Options::new().conflicts(conflicts).lookup(lookup);
            strategic::three_way_values(objects, &schema, options, &mut session.trace.strategic()).map(Value::into_owned).map_err(
                |error| match error.is_conflict() && (has_control(modified) || has_control(&document)) {
                    // The message prints both patches as YAML.
                    true => Error::not_modelled("kubectl apply --overwrite=false of a text with control characters").into(),
                    false => Failure::merging(&error),
                },
            )
        };
        if self.options.openapi_patch {
            for (lookup, document) in [(Lookup::OpenApiV3, "openapi v3"), (Lookup::OpenApiV2, "openapi")] {
                match make(lookup) {
                    Err(Failure::Client(error)) => {
                        let line = format!("warning: error calculating patch from {document} spec: {error}\n");
                        session.stderr.push_str(&line);
                    }
                    made => return made,
                }
            }
        }
        make(Lookup::GoTypes).map_err(|failure| {
            let (original, modified, current) = (annotation.unwrap_or_default(), modified, current.to_value());
            failure.behind(&format!(
                "creating patch with:\noriginal:\n{original}\nmodified:\n{modified}\n\ncurrent:\n{current}\n\nfor: "
            ))
        })
    }

    /// `--force`: what cannot be patched is deleted and created, or put back where that fails.
    fn delete_and_create(&self, session: &mut Session<'_, '_>) -> Result<Done, Failure> {
        let place = self.place;
        let original = session.read(place)?;
        verbs::send_delete(session, place, Cascade::Background, DryRun::None)?;
        if session.read(place).is_ok() {
            // Upstream: without `--timeout` it looks once whether the object is gone.
            return Err(verbs::out_of_time());
        }
        let writer = verbs::Writer::new(&self.options.common, FIELD_MANAGER);
        match verbs::post(session, place, Arc::clone(self.source.applied()), writer) {
            Ok(object) => Ok(Done::patched(object)),
            Err(failure) => match verbs::post(session, place, Arc::new(original.to_value().into_owned()), writer) {
                Ok(_) => Err(failure),
                Err(second) => Err(Failure::client(format!(
                    "An error occurred force-replacing the existing object with the newly provided one:\n\n{}.\n\nAdditionally, \
                     an error occurred attempting to restore the original object:\n\n{}",
                    failure.text(),
                    second.text()
                ))),
            },
        }
    }
}

/// How kubectl describes the object of a manifest.
fn describe(place: &Place) -> String {
    let (name, namespace) = (quote(&place.name), quote(&place.namespace));
    format!("Resource: \"/v1, Resource=services\", GroupVersionKind: \"/v1, Kind=Service\"\nName: {name}, Namespace: {namespace}")
}

fn missing_annotation(name: &str) -> String {
    format!(
        "Warning: resource services/{name} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl \
         apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. \
         The missing annotation will be patched automatically.\n"
    )
}

impl Session<'_, '_> {
    pub(super) fn warn_of_deletion(&mut self, name: &str) {
        let line = format!("Warning: Detected changes to resource {name} which is currently being deleted.\n");
        self.stderr.push_str(&line);
    }
}
