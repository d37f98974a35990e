//! `kubectl apply --server-side`, and the move from client-side apply that it makes on the way.
//!
//! Upstream: kubectl v0.37.2 `pkg/cmd/apply/apply.go`.

use std::sync::Arc;

use super::apply::RETRIES;
use super::errors::Failure;
use super::object::Source;
use super::options::Apply;
use super::print::Shown;
use super::verbs::Writer;
use super::{Place, Session};
use crate::cluster::request::PatchType;
use crate::cluster::{LAST_APPLIED, Method, Object, Request};
use crate::path::Path;
use crate::structured::Operation;
use crate::value::{Map, Value};

const FIELD_MANAGER: &str = "kubectl";

/// Who owns the annotation, so that applying does not drop it.
const LAST_APPLIED_MANAGER: &str = "kubectl-last-applied";

const REVIEW: &str = "\
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

pub(super) fn run(session: &mut Session<'_, '_>, source: &Source, options: &Apply) -> Result<(), Failure> {
    source.place.check()?;
    let manager = options.common.field_manager.as_deref().unwrap_or(FIELD_MANAGER);
    let job = Job { writer: Writer::new(&options.common, FIELD_MANAGER), manager, place: &source.place };
    let configuration = source.object();
    let force = if options.force_conflicts { "true" } else { "false" };
    let apply = || job.apply(Arc::clone(configuration), manager).parameter("force", force);

    let mut applied = session.send(apply()).map_err(|failure| {
        if failure.is("UnsupportedMediaType") {
            Failure::client(format!("Server-side apply not available on the server: ({})", failure.text()))
        } else if failure.is("Conflict") {
            Failure::client(format!("{}\n{REVIEW}", failure.text()))
        } else {
            failure
        }
    })?;
    match job.settle(session, &mut applied) {
        Err(failure @ Failure::Outside(_)) => return Err(failure),
        Err(Failure::Client(warning)) => session.stderr.push_str(&warning),
        Err(failure) => session.stderr.push_str(&warning(MIGRATION_REJECTED, &failure.text())),
        Ok(false) => {}
        // What only client-side apply had owned goes in a second apply.
        Ok(true) => match session.send(apply()) {
            Ok(object) => applied = object,
            Err(failure @ Failure::Outside(_)) => return Err(failure),
            Err(failure) => session.stderr.push_str(&warning(REAPPLY_FAILED, &failure.text())),
        },
    }
    if applied.is_terminating() {
        session.warn_of_deletion(applied.name());
    }
    session.print(&Shown::Answered(applied), "serverside-applied", &options.common)
}

const SAVE_FAILED: &str = "failed to migrate kubectl.kubernetes.io/last-applied-configuration for Server-Side Apply";
const MIGRATION_REJECTED: &str = "server rejected managed fields migration to Server-Side Apply";
const REAPPLY_FAILED: &str = "failed to re-apply configuration after performing Server-Side Apply migration";

fn warning(what: &str, error: &str) -> String {
    format!("Warning: {what}. This is non-fatal and will be retried next time you apply. Error: {error}\n")
}

struct Job<'s> {
    writer: Writer<'s>,
    manager: &'s str,
    place: &'s Place,
}

impl Job<'_> {
    fn apply(&self, body: Arc<Value<'static>>, manager: &str) -> Request {
        let request = self.place.request(Method::Patch).of_type(PatchType::Apply.media_type());
        self.writer.with_manager(manager).mark(request).value(body)
    }

    /// Saves the annotation and moves ownership from client-side apply; answers whether ownership was moved.
    fn settle(&self, session: &mut Session<'_, '_>, object: &mut Object) -> Result<bool, Failure> {
        if let Err(failure) = self.save_annotation(session, object) {
            return Err(match failure {
                Failure::Outside(_) => failure,
                other => Failure::Client(warning(SAVE_FAILED, &other.text())),
            });
        }
        self.migrate(session, object)
    }

    /// Gives the annotation an owner of its own that applies.
    fn save_annotation(&self, session: &mut Session<'_, '_>, object: &mut Object) -> Result<(), Failure> {
        let annotation = object.annotation(LAST_APPLIED).filter(|_| self.manager == FIELD_MANAGER);
        let Some(annotation) = annotation.map(str::to_owned) else { return Ok(()) };
        if owns_annotation(object, Operation::Apply) {
            return Ok(());
        }
        let annotations: Map<'static> = [(LAST_APPLIED, Value::from(annotation))].into_iter().collect();
        let metadata: Map<'static> = [
            ("annotations", Value::from(annotations)),
            ("name", Value::from(object.name().to_owned())),
            ("namespace", Value::from(object.namespace().to_owned())),
        ]
        .into_iter()
        .collect();
        let body: Map<'static> =
            [("apiVersion", Value::from("v1")), ("kind", Value::from("Service")), ("metadata", Value::from(metadata))]
                .into_iter()
                .collect();
        *object = session.send(self.apply(Arc::new(Value::from(body)), LAST_APPLIED_MANAGER))?;
        Ok(())
    }

    /// Makes the fields of client-side apply fields of this manager, which applies.
    fn migrate(&self, session: &mut Session<'_, '_>, object: &mut Object) -> Result<bool, Failure> {
        // A shortcut: the entries need not be written out where nobody is a client-side manager.
        if object.managed_fields().stored().is_some() && !owns_annotation(object, Operation::Update) {
            return Ok(false);
        }
        let mut last = None;
        for _ in 0..RETRIES {
            let Some(entries) = object.managed_fields().migrate(self.manager) else { return Ok(false) };
            let version = Value::from(object.resource_version().to_owned());
            let patch = vec![replacement("/metadata/managedFields", entries), replacement("/metadata/resourceVersion", version)];
            let request = self.place.request(Method::Patch).of_type(PatchType::Json.media_type());
            let request = self.writer.with_manager(self.manager).mark(request).value(Arc::new(Value::from(patch)));
            match session.send(request) {
                Ok(moved) => {
                    *object = moved;
                    return Ok(true);
                }
                Err(failure) if failure.is("Conflict") => last = Some(failure),
                Err(failure) => return Err(failure),
            }
            *object = session.read(self.place)?;
        }
        last.map_or(Ok(false), Err)
    }
}

fn replacement(path: &'static str, value: Value<'static>) -> Value<'static> {
    let operation: Map<'static> =
        [("op", Value::from("replace")), ("path", Value::from(path)), ("value", value)].into_iter().collect();
    Value::from(operation)
}

/// Whether somebody owns the annotation who writes like this.
fn owns_annotation(object: &Object, operation: Operation) -> bool {
    let path = Path::new().field("metadata").field("annotations").field(LAST_APPLIED);
    object.managed_fields().stored().is_some_and(|managers| managers.iter().any(|manager| manager.owns(&path, operation)))
}
