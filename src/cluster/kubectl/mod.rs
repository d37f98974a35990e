//! kubectl's verbs over the simulated server: the requests that they make, what they print and how they end.
//!
//! Upstream: kubectl v0.37.2 `pkg/cmd`, cli-runtime v0.37.2 `pkg/resource/{helper,visitor}.go`. One Service a command. What waits
//! (for a deletion, between retries) takes no time here. Left out: selectors, several objects, `edit`, table output, and
//! every flag that [`Cluster::kubectl`] does not know: it says so.

mod apply;
mod arguments;
mod errors;
mod labels;
mod object;
mod options;
mod print;
mod server_side;
mod verbs;

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error as _};

use errors::Failure;
pub(crate) use object::ManifestFile;
pub use options::{Annotate, Apply, Create, Delete, DryRun, Label, Patch, Replace};

use super::environment::Phase;
use super::request::{Body, Parameter};
use super::{Cluster, Method, Object, Request, Response, Status, Trace};
use crate::value::{self, Value};
use crate::{Error, Manifest};

/// How a kubectl command ended: what it printed, its exit code, and the writes that it made.
///
/// ```
/// use mergekey::Manifest;
/// use mergekey::cluster::{Apply, Cluster};
///
/// let manifest = Manifest::from_json(
///     r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"dns"},"spec":{"ports":[{"port":53}]}}"#,
/// )?;
/// let mut cluster = Cluster::new();
/// let outcome = cluster.apply(&manifest, Apply::client_side())?;
/// assert_eq!(outcome.stdout(), "service/dns created\n");
/// assert_eq!(outcome.requests()[0].code(), 201);
/// # Ok::<(), mergekey::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    stdout: String,
    stderr: String,
    exit_code: i32,
    requests: Vec<Recorded>,
}

impl Outcome {
    /// What the command printed as its result.
    pub fn stdout(&self) -> &str {
        &self.stdout
    }

    /// What the command complained about.
    pub fn stderr(&self) -> &str {
        &self.stderr
    }

    /// 0, or 1 if the command failed.
    pub fn exit_code(&self) -> i32 {
        self.exit_code
    }

    /// Whether the command ended with exit code 0.
    pub fn succeeded(&self) -> bool {
        self.exit_code == 0
    }

    /// The writes in the order in which they were sent; reads are not kept.
    pub fn requests(&self) -> &[Recorded] {
        &self.requests
    }

    /// The refusal of the last write, if it was refused.
    pub fn refusal(&self) -> Option<&Status> {
        self.requests.last().and_then(Recorded::status)
    }
}

/// A write that kubectl sent, and how the server answered it.
///
/// Its serialised form has all but the objects.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    #[serde(serialize_with = "serialize_method", deserialize_with = "deserialize_method")]
    method: Method,
    path: String,
    query: Vec<Parameter>,
    #[serde(rename = "type")]
    content_type: Cow<'static, str>,
    #[serde(serialize_with = "serialize_shared", deserialize_with = "deserialize_shared")]
    body: Arc<Value<'static>>,
    code: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    warnings: Vec<String>,
    #[serde(skip)]
    answer: Option<Object>,
    #[serde(skip)]
    live: Option<Object>,
}

fn serialize_shared<S: serde::Serializer>(value: &Arc<Value<'static>>, serializer: S) -> Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&**value, serializer)
}

fn deserialize_shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Value<'static>>, D::Error> {
    Value::deserialize(deserializer).map(Arc::new)
}

fn serialize_method<S: serde::Serializer>(method: &Method, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(method.as_str())
}

fn deserialize_method<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Method, D::Error> {
    Method::from_name(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

impl Recorded {
    /// The method, as `PATCH`.
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The path, without the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query parameters, as name and value.
    pub fn query(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.query.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The content type of the body.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The body.
    pub fn body(&self) -> &Value<'static> {
        &self.body
    }

    /// The same, shared.
    pub(crate) fn shared_body(&self) -> &Arc<Value<'static>> {
        &self.body
    }

    /// The HTTP status code of the answer.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The refusal, if it was one.
    pub fn status(&self) -> Option<&Status> {
        self.status.as_ref()
    }

    /// The texts of the Warning headers.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The object that was answered, if one was.
    pub fn answer(&self) -> Option<&Object> {
        self.answer.as_ref()
    }

    /// The object as it was stored after the request; `None` if it was not there.
    pub fn live(&self) -> Option<&Object> {
        self.live.as_ref()
    }
}

impl Cluster {
    /// `kubectl apply -f FILE`, on the client's side or the server's.
    ///
    /// A refusal is an [`Outcome`] with exit code 1.
    ///
    /// # Errors
    /// [`Error::is_not_modelled`] for what is outside the model; the cluster is then as it was.
    pub fn apply(&mut self, manifest: &Manifest, options: Apply) -> Result<Outcome, Error> {
        self.apply_traced(manifest, options, &mut super::NoTrace::default())
    }

    /// As [`Cluster::apply`], telling `trace` how the patches were made and merged.
    ///
    /// # Errors
    /// As [`Cluster::apply`].
    pub fn apply_traced(&mut self, manifest: &Manifest, options: Apply, trace: &mut dyn Trace) -> Result<Outcome, Error> {
        Session::run(self, trace, |session| apply::run(session, &ManifestFile::of(manifest), &options))
    }

    /// `kubectl create -f FILE`.
    ///
    /// # Errors
    /// As [`Cluster::apply`].
    pub fn create(&mut self, manifest: &Manifest, options: Create) -> Result<Outcome, Error> {
        Session::run(self, &mut super::NoTrace::default(), |session| {
            verbs::create(session, &ManifestFile::of(manifest), &options)
        })
    }

    /// `kubectl replace -f FILE`.
    ///
    /// # Errors
    /// As [`Cluster::apply`].
    pub fn replace(&mut self, manifest: &Manifest, options: Replace) -> Result<Outcome, Error> {
        Session::run(self, &mut super::NoTrace::default(), |session| {
            verbs::replace(session, &ManifestFile::of(manifest), &options)
        })
    }

    /// `kubectl patch service NAME -p PATCH`.
    ///
    /// # Errors
    /// As [`Cluster::apply`].
    pub fn patch(&mut self, name: &str, options: Patch) -> Result<Outcome, Error> {
        Session::run(self, &mut super::NoTrace::default(), |session| verbs::patch(session, name, &options))
    }

    /// `kubectl label service NAME KEY=VALUE…`.
    ///
    /// # Errors
    /// As [`Cluster::apply`].
    pub fn label(&mut self, name: &str, options: Label) -> Result<Outcome, Error> {
        Session::run(self, &mut super::NoTrace::default(), |session| labels::label(session, name, &options))
    }

    /// `kubectl annotate service NAME KEY=VALUE…`.
    ///
    /// # Errors
    /// As [`Cluster::apply`].
    pub fn annotate(&mut self, name: &str, options: Annotate) -> Result<Outcome, Error> {
        Session::run(self, &mut super::NoTrace::default(), |session| labels::annotate(session, name, &options))
    }

    /// `kubectl delete service NAME`.
    ///
    /// # Errors
    /// As [`Cluster::apply`]; kubectl would wait for ever for a Service with finalizers, which is not modelled.
    pub fn delete(&mut self, name: &str, options: Delete) -> Result<Outcome, Error> {
        Session::run(self, &mut super::NoTrace::default(), |session| verbs::delete_named(session, name, &options))
    }

    /// Runs a kubectl command line, as `["apply", "-f", "-"]`, with the manifest that `-f` names.
    ///
    /// ```
    /// use mergekey::cluster::Cluster;
    ///
    /// let mut cluster = Cluster::new();
    /// let outcome = cluster.kubectl(&["label", "service", "dns", "app=dns"], None)?;
    /// assert_eq!(outcome.stderr(), "Error from server (NotFound): services \"dns\" not found\n");
    /// assert!(cluster.kubectl(&["rollout", "restart"], None).unwrap_err().is_not_modelled());
    /// # Ok::<(), mergekey::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::is_not_modelled`] for a verb or flag that is not known, by name.
    pub fn kubectl<A: AsRef<str>>(&mut self, arguments: &[A], manifest: Option<&Manifest>) -> Result<Outcome, Error> {
        self.kubectl_traced(arguments, manifest, &mut super::NoTrace::default())
    }

    /// As [`Cluster::kubectl`], telling `trace` how the patches were made and merged.
    ///
    /// # Errors
    /// As [`Cluster::kubectl`].
    pub fn kubectl_traced<A: AsRef<str>>(
        &mut self,
        arguments: &[A],
        manifest: Option<&Manifest>,
        trace: &mut dyn Trace,
    ) -> Result<Outcome, Error> {
        let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        self.command(&arguments, manifest.map(ManifestFile::of).as_ref(), trace)
    }

    /// The same with a file that other commands may take too.
    ///
    /// # Errors
    /// As [`Cluster::kubectl`].
    pub(crate) fn command(
        &mut self,
        arguments: &[&str],
        file: Option<&ManifestFile<'_>>,
        trace: &mut dyn Trace,
    ) -> Result<Outcome, Error> {
        let command = arguments::read(arguments, file)?;
        Session::run(self, trace, |session| command.run(session))
    }
}

/// A command that is running.
struct Session<'c, 't> {
    cluster: &'c mut Cluster,
    trace: &'t mut dyn Trace,
    stdout: String,
    stderr: String,
    requests: Vec<Recorded>,
    /// kubectl prints a warning once.
    warned: Vec<String>,
}

impl<'c, 't> Session<'c, 't> {
    fn run(
        cluster: &'c mut Cluster,
        trace: &'t mut dyn Trace,
        command: impl FnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<Outcome, Error> {
        let before = cluster.clone();
        let mut session =
            Session { cluster, trace, stdout: String::new(), stderr: String::new(), requests: Vec::new(), warned: Vec::new() };
        let exit_code = match command(&mut session) {
            Ok(()) => 0,
            Err(Failure::Outside(error)) => {
                *session.cluster = before;
                return Err(error);
            }
            Err(failure) => {
                session.stderr.push_str(&failure.message());
                1
            }
        };
        let Session { stdout, stderr, requests, .. } = session;
        Ok(Outcome { stdout, stderr, exit_code, requests })
    }

    /// Sends a write.
    fn send(&mut self, request: Request) -> Result<Object, Failure> {
        let response = self.cluster.handle_traced(&request, self.trace)?;
        for warning in response.warnings() {
            if !self.warned.contains(warning) {
                self.warned.push(warning.clone());
                self.stderr.push_str(&format!("Warning: {warning}\n"));
            }
        }
        let live = self.cluster.live(&request);
        self.requests.push(record(request, &response, live));
        response.into_result().map_err(Failure::Refused)
    }

    /// Reads an object.
    ///
    /// Upstream: kubectl asks for the namespace where it finds no object in it (`Info.Get` of cli-runtime).
    fn read(&mut self, place: &Place) -> Result<Object, Failure> {
        place.check()?;
        let found = self.cluster.object(&place.namespace, &place.name);
        found.ok_or_else(|| {
            Failure::Refused(match self.cluster.environment().phase(&place.namespace) {
                Phase::Missing => Status::not_found("namespaces", &place.namespace),
                Phase::Active | Phase::Terminating => Status::not_found("services", &place.name),
            })
        })
    }

    /// The namespace of a command that names none.
    fn namespace<'n>(&'n self, named: Option<&'n str>) -> &'n str {
        named.unwrap_or(self.cluster.environment().context_namespace())
    }
}

fn record(request: Request, response: &Response, live: Option<Object>) -> Recorded {
    let (method, path, query, content_type, body) = request.into_parts();
    let body = match body {
        Body::Value(value) => value,
        Body::Bytes(bytes) => Arc::new(crate::value::parse(&bytes).map(Value::into_owned).unwrap_or_default()),
    };
    Recorded {
        method,
        path,
        query,
        content_type,
        body,
        code: response.code(),
        status: response.status().cloned(),
        warnings: response.warnings().to_vec(),
        answer: response.object().cloned(),
        live,
    }
}

/// Where a Service is.
#[derive(Clone, Debug)]
struct Place {
    namespace: String,
    name: String,
}

impl Place {
    /// Refuses what kubectl cannot build the path of an object from.
    fn check(&self) -> Result<(), Failure> {
        self.check_namespace()?;
        if self.name.is_empty() {
            return Err(Failure::client("resource name may not be empty"));
        }
        check_segment("resource name", &self.name)
    }

    /// The same for the path of the namespace's Services.
    fn check_namespace(&self) -> Result<(), Failure> {
        check_segment("namespace", &self.namespace)
    }

    /// A request for the object itself.
    fn request(&self, method: Method) -> Request {
        Request::new(method, [NAMESPACES, &self.namespace, "/services/", &self.name].concat()).sent_by(USER_AGENT)
    }

    /// A request that creates it.
    fn post(&self) -> Request {
        Request::new(Method::Post, [NAMESPACES, &self.namespace, "/services"].concat()).sent_by(USER_AGENT)
    }
}

/// Refuses what would not be one segment of a path (client-go v0.37.2 `rest/request.go`).
fn check_segment(what: &str, text: &str) -> Result<(), Failure> {
    let faults: Vec<String> = match text {
        "." | ".." => vec![format!("may not be '{text}'")],
        _ => ["/", "%"].iter().filter(|part| text.contains(**part)).map(|part| format!("may not contain '{part}'")).collect(),
    };
    if faults.is_empty() {
        return Ok(());
    }
    Err(Failure::client(format!("invalid {what} {}: [{}]", value::quote(text), faults.join(" "))))
}

/// The path of all namespaces.
const NAMESPACES: &str = "/api/v1/namespaces/";

const USER_AGENT: &str = "kubectl/v1.37.2";
