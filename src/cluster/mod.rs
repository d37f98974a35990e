//! A pure API server for Services, and kubectl's verbs over it.
//!
//! A [`Cluster`] answers [requests](Cluster::handle) as kube-apiserver v1.37.2 does in its default configuration with one IPv4
//! service range, and runs kubectl's verbs ([`Cluster::apply`], [`Cluster::kubectl`], …) as kubectl v1.37.2 does. It holds no
//! clock and nothing random: see [`Environment`]. This is the only place where the two dialects of merging meet.
//!
//! What a request or command would meet outside the model is an error that [names it](crate::Error::is_not_modelled), never a
//! guess; what the server or kubectl refuses is an answer. Left out: other kinds, subresources, controllers, webhooks, dual-stack.

mod body;
mod delete;
mod environment;
mod insert;
mod json_patch;
mod kubectl;
mod managed_fields;
mod merge_patch;
mod ownership;
mod patch;
mod request;
mod response;
mod spent;
mod status;
mod store;
mod strict;
mod trace;
mod write;
mod yaml_body;

use std::sync::Arc;

pub use crate::service::Draws;
pub use environment::{DeletedLine, Environment, Moment};
pub(crate) use kubectl::ManifestFile;
pub use kubectl::{Annotate, Apply, Create, Delete, DryRun, Label, Outcome, Patch, Recorded, Replace};
pub use request::{Method, Request};
pub use response::Response;
pub use status::{Cause, Details, Status};
pub use store::Object;
pub use trace::{NoTrace, Trace};

use crate::Error;
use crate::schema::Schema;
use crate::structured::Endpoint;
use request::Target;
use store::Store;

/// The annotation in which `kubectl apply` keeps the manifest that it applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An API server with its Services; a clone is a fork, and costs next to nothing.
///
/// ```
/// use mergekey::Manifest;
/// use mergekey::cluster::{Apply, Cluster};
///
/// let manifest = |port: u16| {
///     Manifest::new(serde_json::json!({
///         "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"},
///         "spec": {"type": "NodePort", "ports": [
///             {"name": "dns", "protocol": "UDP", "port": 53, "nodePort": port},
///             {"name": "dns-tcp", "protocol": "TCP", "port": 53, "nodePort": port},
///         ]},
///     }))
/// };
/// let mut cluster = Cluster::new();
/// cluster.apply(&manifest(30053)?, Apply::client_side())?;
///
/// let mut fork = cluster.clone();
/// let outcome = fork.apply(&manifest(30054)?, Apply::server_side())?;
/// assert_eq!(outcome.stdout(), "service/dns serverside-applied\n");
/// assert_eq!(fork.get("Service", "default", "dns").unwrap()["spec"]["ports"][1]["nodePort"], 30054);
///
/// cluster.apply(&manifest(30054)?, Apply::client_side())?;
/// assert_eq!(cluster.get("Service", "default", "dns").unwrap()["spec"]["ports"][1]["nodePort"], 30053);
/// # Ok::<(), mergekey::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cluster {
    store: Arc<Store>,
    environment: Environment,
    endpoint: Arc<Endpoint>,
}

/// Clusters are equal that hold the same objects, at the same point of their lives.
///
/// ```
/// use mergekey::cluster::{Cluster, Method, Request};
///
/// let mut cluster = Cluster::new();
/// let before = cluster.clone();
/// cluster.handle(&Request::new(Method::Delete, "/api/v1/namespaces/default/services/dns"))?;
/// assert_eq!(cluster, before, "there was nothing to be deleted");
/// # Ok::<(), mergekey::Error>(())
/// ```
impl PartialEq for Cluster {
    fn eq(&self, other: &Self) -> bool {
        (Arc::ptr_eq(&self.store, &other.store) || self.store == other.store) && self.environment == other.environment
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Cluster::new()
    }
}

impl Cluster {
    /// An empty server in the default [`Environment`].
    pub fn new() -> Self {
        Cluster::with_environment(Environment::default())
    }

    /// An empty server.
    pub fn with_environment(environment: Environment) -> Self {
        Cluster { store: Arc::default(), environment, endpoint: ownership::endpoint() }
    }

    /// Sets the clock, in RFC 3339 with whole seconds of UTC.
    pub fn set_now(&mut self, now: &str) {
        self.environment.set_now(now);
    }

    /// Foretells the next writes, one [`Moment`] each, instead of what was foretold before.
    pub fn foretell(&mut self, moments: impl IntoIterator<Item = Moment>) {
        self.environment.foretell(moments);
    }

    /// Marks a namespace as being deleted: what it holds stays and can be changed, but nothing more can be created in it.
    ///
    /// ```
    /// use mergekey::cluster::{Cluster, Method, Request};
    ///
    /// let mut cluster = Cluster::new();
    /// cluster.terminate_namespace("shop");
    /// let web = r#"{"metadata":{"name":"web"},"spec":{"ports":[{"port":80}]}}"#;
    /// let response = cluster.handle(&Request::new(Method::Post, "/api/v1/namespaces/shop/services").body(web))?;
    /// assert_eq!(response.code(), 403);
    /// # Ok::<(), mergekey::Error>(())
    /// ```
    pub fn terminate_namespace(&mut self, name: &str) {
        self.environment.terminate(name);
    }

    /// An object as `kubectl get -o json --show-managed-fields` shows it; `None` if it is not there.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<serde_json::Value> {
        let found = (kind == "Service").then(|| self.store.get(namespace, name)).flatten();
        found.map(Object::to_json)
    }

    /// The Service of that name, if it is there.
    pub fn object(&self, namespace: &str, name: &str) -> Option<Object> {
        self.store.get(namespace, name).cloned()
    }

    /// All Services, by namespace and name.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.store.iter()
    }

    /// Answers a request.
    ///
    /// ```
    /// use mergekey::cluster::{Cluster, Method, Request};
    ///
    /// let mut cluster = Cluster::new();
    /// let response = cluster.handle(&Request::new(Method::Get, "/api/v1/namespaces/default/services/dns"))?;
    /// assert_eq!(response.code(), 404);
    /// assert_eq!(response.status().unwrap().message(), "services \"dns\" not found");
    /// # Ok::<(), mergekey::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::is_not_modelled`] for what is outside the model; the cluster is then as it was.
    pub fn handle(&mut self, request: &Request) -> Result<Response, Error> {
        self.handle_traced(request, &mut NoTrace::default())
    }

    /// As [`Cluster::handle`], telling `trace` how a patch was merged.
    ///
    /// # Errors
    /// As [`Cluster::handle`].
    pub fn handle_traced(&mut self, request: &Request, trace: &mut dyn Trace) -> Result<Response, Error> {
        write::handle(self, request, trace)
    }

    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn schema(&self) -> &Schema {
        self.endpoint.schema()
    }

    /// The object that a request was about, as it is stored now.
    fn live(&self, request: &Request) -> Option<Object> {
        let target = Target::of(request.path()).ok()?;
        match target.name {
            Some(name) => self.object(target.namespace, name),
            None => self.object(target.namespace, &body::name(request.content())?),
        }
    }
}
