//! What a server and its clients take from outside: the clock, and what is drawn at random.
//!
//! Nothing here is read from the machine. Everything has a default that never varies, and may be given.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use crate::service::Draws;

/// The surroundings of a [`Cluster`](super::Cluster).
///
/// ```
/// use mergekey::cluster::{Cluster, Environment};
///
/// let environment = Environment::default().now("2026-11-23T12:00:00Z").namespace("shop");
/// let cluster = Cluster::with_environment(environment);
/// assert!(cluster.get("Service", "shop", "web").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    now: Arc<str>,
    namespace: Arc<str>,
    namespaces: Namespaces,
    deleted_line: DeletedLine,
    first_version: u64,
    moments: VecDeque<Moment>,
}

/// How kubectl tells of a deletion, the one line of these verbs that its versions word differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeletedLine {
    /// `service "dns" deleted from default namespace`: kubectl v1.37.
    #[default]
    WithNamespace,
    /// `service "dns" deleted`: kubectl v1.33 and older.
    WithoutNamespace,
}

/// What a server's clock says at one write, and what it draws there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The time in RFC 3339, in whole seconds of UTC; the environment's if it is not given.
    pub now: Option<String>,
    /// Node ports and cluster IPs that are drawn.
    pub draws: Draws,
}

impl Default for Environment {
    fn default() -> Self {
        Environment {
            now: "2006-01-02T15:04:05Z".into(),
            namespace: "default".into(),
            namespaces: Namespaces::default(),
            deleted_line: DeletedLine::default(),
            first_version: 1,
            moments: VecDeque::new(),
        }
    }
}

impl Environment {
    /// Sets the clock, in RFC 3339 with whole seconds of UTC. It stands still until it is set again.
    #[must_use]
    pub fn now(mut self, now: &str) -> Self {
        self.now = now.into();
        self
    }

    /// Sets the namespace of kubectl's context, `default` otherwise.
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Says which namespaces exist, besides those that every server has (`default`, `kube-system`, `kube-public` and
    /// `kube-node-lease`); otherwise every one does.
    ///
    /// Nothing can be created in a namespace that is missing.
    ///
    /// ```
    /// use mergekey::Manifest;
    /// use mergekey::cluster::{Apply, Cluster, Environment};
    ///
    /// let mut cluster = Cluster::with_environment(Environment::default().namespaces(["shop"]));
    /// let web = Manifest::from_json(
    ///     r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"shpo"},"spec":{"ports":[{"port":80}]}}"#,
    /// )?;
    /// let outcome = cluster.apply(&web, Apply::server_side())?;
    /// assert_eq!(outcome.stderr(), "Error from server (NotFound): namespaces \"shpo\" not found\n");
    /// # Ok::<(), mergekey::Error>(())
    /// ```
    #[must_use]
    pub fn namespaces<N: AsRef<str>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(|name| Arc::from(name.as_ref()));
        self.namespaces.existing = Some(Arc::new(names.chain(ALWAYS_THERE.map(Arc::from)).collect()));
        self
    }

    /// Sets how kubectl tells of a deletion.
    #[must_use]
    pub fn deletes_with(mut self, line: DeletedLine) -> Self {
        self.deleted_line = line;
        self
    }

    /// Sets the resourceVersion of the first write, 1 otherwise; each further write has the next one.
    #[must_use]
    pub fn first_version(mut self, version: u64) -> Self {
        self.first_version = version;
        self
    }

    /// Foretells the next writes, one moment each; what comes after them has the defaults.
    #[must_use]
    pub fn moments(mut self, moments: impl IntoIterator<Item = Moment>) -> Self {
        self.moments.extend(moments);
        self
    }

    pub(crate) fn context_namespace(&self) -> &str {
        &self.namespace
    }

    pub(super) fn phase(&self, namespace: &str) -> Phase {
        self.namespaces.phase(namespace)
    }

    pub(super) fn terminate(&mut self, namespace: &str) {
        Arc::make_mut(&mut self.namespaces.terminating).insert(namespace.into());
    }

    pub(crate) fn deleted_line(&self) -> DeletedLine {
        self.deleted_line
    }

    /// The resourceVersion of a write that follows one of version `last`.
    pub(crate) fn version_after(&self, last: u64) -> u64 {
        self.first_version.max(last.saturating_add(1))
    }

    pub(super) fn set_now(&mut self, now: &str) {
        self.now = now.into();
    }

    pub(super) fn foretell(&mut self, moments: impl IntoIterator<Item = Moment>) {
        self.moments = moments.into_iter().collect();
    }

    /// The clock and the draws of a write that begins.
    pub(super) fn next(&mut self) -> (Arc<str>, Draws) {
        let Moment { now, draws } = self.moments.pop_front().unwrap_or_default();
        (now.map_or_else(|| Arc::clone(&self.now), Into::into), draws)
    }
}

/// Namespaces that a server makes when it starts.
const ALWAYS_THERE: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/// The namespaces that there are; cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Namespaces {
    /// Those that exist; without it every one does.
    existing: Option<Arc<BTreeSet<Arc<str>>>>,
    /// Those that are being deleted.
    terminating: Arc<BTreeSet<Arc<str>>>,
}

impl Namespaces {
    fn phase(&self, namespace: &str) -> Phase {
        if self.existing.as_ref().is_some_and(|existing| !existing.contains(namespace)) {
            Phase::Missing
        } else if self.terminating.contains(namespace) {
            Phase::Terminating
        } else {
            Phase::Active
        }
    }
}

/// What a namespace is at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Missing,
    Active,
    Terminating,
}
