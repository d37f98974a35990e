//! What would happen to a Service, where the dialects part, why, and what helps.
//!
//! [`explain`] runs each way of bringing a manifest to the cluster on a copy of it, reads what came of it and what the engines said
//! while they decided, names the reasons, and tries every remedy before it lists it. It never merges by itself. Left out: kinds
//! other than Service.
//!
//! ```
//! use mergekey::explain::{Code, Situation};
//! use mergekey::{Manifest, explain};
//!
//! let manifest = |node_port: u16| {
//!     Manifest::new(serde_json::json!({
//!         "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"},
//!         "spec": {"type": "NodePort", "ports": [
//!             {"name": "dns", "protocol": "UDP", "port": 53, "nodePort": node_port},
//!             {"name": "dns-tcp", "protocol": "TCP", "port": 53, "nodePort": node_port},
//!         ]},
//!     }))
//! };
//! let mut cluster = mergekey::cluster::Cluster::new();
//! cluster.apply(&manifest(30053)?, mergekey::cluster::Apply::client_side())?;
//! let live = cluster.get("Service", "default", "dns").unwrap();
//!
//! let report = explain(Situation { live: Some(&live), manifest: &manifest(30054)? })?;
//! assert!(report.diverges());
//! assert_eq!(report.findings()[0].code(), Code::SharedMergeKey);
//! # Ok::<(), mergekey::Error>(())
//! ```

mod candidates;
mod converged;
mod divergences;
mod facts;
mod findings;
mod history;
mod input;
mod json;
mod remedies;
mod render;
mod report;
mod source;
mod trace;
mod ways;

pub use facts::{Cause, Code, Fact, Finding, Holder, Kindred, Port};
pub use history::Step;
pub use input::require_service;
pub use json::Json;
pub use remedies::{Attempt, File, Plan, Remedy, Renumbered, Risk};
pub use render::Style;
pub use report::{
    Again, Divergence, Mark, Note, ObjectName, Report, SentRequest, SourceLine, StatusCause, Told, Unmet, Way, WayOutcome,
    WayReport,
};

use std::sync::Arc;

use serde_json::Value;

use crate::cluster::{Environment, ManifestFile};
use crate::error::Kind;
use crate::path::Path;
use crate::schema::Schema;
use crate::{Error, Manifest, value};
use divergences::Ends;
use findings::Evidence;
use input::identity;
use ways::Target;

/// A Service as it is live, and the manifest that its owner wants to bring to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Situation<'a> {
    /// What `kubectl get service NAME -o json --show-managed-fields` prints; `None` if there is no such Service.
    pub live: Option<&'a Value>,
    /// The manifest.
    pub manifest: &'a Manifest,
}

/// What is to be explained: a manifest, and what lies before it.
///
/// A [`Situation`] is one; this one can tell more.
///
/// ```
/// use mergekey::explain::{Case, Step, Way};
/// use mergekey::{Manifest, explain};
/// use serde_json::json;
///
/// let object = |port: u16| json!({
///     "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": port}]},
/// });
/// let manifest = Manifest::new(object(8080))?.with_file("web.yaml");
/// let history = [Step::apply(object(80))];
/// let report = explain(Case::new(&manifest).history(&history).now("2026-11-23T12:00:00Z"))?;
/// assert!(report.way(Way::ClientSideApply).is_some_and(|way| way.converged));
/// assert!(report.way(Way::ServerSideApply).is_some_and(|way| !way.converged), "it keeps port 80, which was not its own");
/// # Ok::<(), mergekey::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Case<'a> {
    manifest: &'a Manifest,
    live: Option<&'a Value>,
    history: &'a [Step],
    now: Option<&'a str>,
}

impl<'a> Case<'a> {
    /// A manifest that is new to the cluster.
    pub fn new(manifest: &'a Manifest) -> Self {
        Case { manifest, live: None, history: &[], now: None }
    }

    /// The Service as it is live.
    #[must_use]
    pub fn live(self, live: &'a Value) -> Self {
        Case { live: Some(live), history: &[], ..self }
    }

    /// The commands that were run before, on an empty cluster.
    #[must_use]
    pub fn history(self, steps: &'a [Step]) -> Self {
        Case { live: None, history: steps, ..self }
    }

    /// The time in RFC 3339, which becomes the time in managedFields.
    #[must_use]
    pub fn now(self, now: &'a str) -> Self {
        Case { now: Some(now), ..self }
    }
}

impl<'a> From<Situation<'a>> for Case<'a> {
    fn from(situation: Situation<'a>) -> Self {
        Case { live: situation.live, ..Case::new(situation.manifest) }
    }
}

/// Says what each way of bringing the manifest to the cluster does, where they part, why, and what helps.
///
/// # Errors
/// The manifest or the live object is no Service, or they are not the same one; a step of the history cannot be run in the model
/// ([`Error::is_not_modelled`]). What a server or kubectl refuses is part of the report.
pub fn explain<'a>(case: impl Into<Case<'a>>) -> Result<Report, Error> {
    let case = case.into();
    let manifest = case.manifest;
    input::require_service(manifest)?;
    let live = case.live.map(value::Value::from_serde).transpose()?;
    let (namespace, name) = names(case, live.as_ref())?;
    let file = manifest.file().unwrap_or("service.yaml");
    let wanted = &**manifest.value();
    let held = ManifestFile::of(manifest);
    let target = Target { manifest: &held, wanted, namespace: &namespace, name: &name, file };
    let environment = Environment::default().namespace(&namespace).first_version(live.as_ref().map_or(1, next_version));
    if let Some(now) = case.now {
        let wrong = |_| Error::new(Kind::Syntax, None, format!("{now:?} is no time of RFC 3339, as 2026-11-23T12:00:00Z"));
        now.parse::<crate::structured::Time>().map_err(wrong)?;
    }
    let environment = match case.now.or_else(|| last_time(live.as_ref()?)) {
        Some(now) => environment.now(now),
        None => environment,
    };
    let start = match live {
        Some(live) => history::resume(live, environment, target)?,
        None => history::replay(case.history, environment, target)?,
    };
    let mut notes = start.notes;
    notes.extend(repeated_keys(manifest));

    let object = target.object(&start.cluster);
    let view = |object| target.view(object);
    let before = object.as_ref().map(view);
    let mut ran = Vec::with_capacity(Way::ALL.len());
    for way in ways::all(&start.cluster, target) {
        match way {
            Ok(way) => ran.push(way),
            Err(error) if error.is_not_modelled() => notes.push(Note::NotModelled { what: error.to_string() }),
            Err(error) => return Err(error),
        }
    }
    let ends: Vec<_> = ran.iter().map(|ran| ran.object.as_ref().map(view)).collect();
    if draws(&ends, before.as_ref(), wanted) {
        notes.push(Note::Drawn);
    }
    let schema = Schema::builtin("v1", "Service")?;
    let place = |way: Way| ran.iter().position(|ran| ran.report.way == way);
    let end = |way: Way| ends.get(place(way)?)?.as_ref();
    let both = Ends {
        wanted: Some(wanted),
        before: before.as_ref(),
        client_side: end(Way::ClientSideApply),
        server_side: end(Way::ServerSideApplyForced),
    };
    let divergences = divergences::divergences(both, &schema);
    let last_applied = before.as_ref().and_then(history::last_applied);
    let evidence = Evidence::new(wanted, before.as_ref(), last_applied.as_ref(), (&ran, &ends), &divergences);
    let findings = findings::all(&evidence);
    let patient = remedies::Patient {
        cluster: &start.cluster,
        target,
        object: object.as_ref(),
        before: before.as_ref(),
        last_applied: last_applied.as_ref(),
        ways: &ran,
        schema: &schema,
    };
    let tried = remedies::tried(patient)?;
    let usual = place(Way::ClientSideApply).and_then(|at| ran.get(at));
    let source = source::lines(manifest, wanted, &findings, usual.map_or(&[], |ran| &ran.report.unmet));
    Ok(Report {
        object: ObjectName {
            api_version: "v1".to_owned(),
            kind: "Service".to_owned(),
            namespace: namespace.clone(),
            name: name.clone(),
        },
        file: file.to_owned(),
        manifest: Json::from(Arc::clone(manifest.value())),
        before: object.clone().map(Json::from),
        divergences,
        findings,
        remedies: tried.remedies,
        attempts: tried.attempts,
        history: start.told,
        source,
        notes,
        ways: ran.into_iter().map(|ran| ran.report).collect(),
    })
}

/// Says what can go wrong with a manifest, before anything is sent and whatever is live.
///
/// ```
/// use mergekey::explain::Code;
///
/// let manifest = mergekey::Manifest::from_json(
///     r#"{"spec": {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}}"#,
/// )?;
/// assert_eq!(mergekey::lint(&manifest)[0].code(), Code::SharedMergeKey);
/// # Ok::<(), mergekey::Error>(())
/// ```
pub fn lint(manifest: &Manifest) -> Vec<Finding> {
    findings::of_manifest(manifest.value())
}

/// The namespace and the name of the Service, if all that is given is about one.
fn names(case: Case<'_>, live: Option<&value::Value<'_>>) -> Result<(String, String), Error> {
    let (namespace, name) = identity(case.manifest.value());
    let (live_namespace, live_name) = match live {
        Some(live) => {
            input::require(live)?;
            identity(live)
        }
        None => (case.history.iter().find_map(Step::namespace), None),
    };
    let differ = |field: &'static str, manifest: &str, live: &str| {
        let path = Path::new().field("metadata").field(field);
        Err(Error::at(Kind::WrongType, &path, format!("the manifest is about {manifest}, the live object is {live}")))
    };
    if live.is_some() {
        match (namespace, live_namespace, name, live_name) {
            (_, _, Some(name), Some(live)) if name != live => return differ("name", name, live),
            (Some(namespace), Some(live), ..) if namespace != live => return differ("namespace", namespace, live),
            _ => {}
        }
    }
    Ok((namespace.or(live_namespace).unwrap_or("default").to_owned(), name.unwrap_or_default().to_owned()))
}

/// The latest time that the live object knows, so that what is written now is not older.
fn last_time<'v>(live: &'v value::Value<'_>) -> Option<&'v str> {
    let metadata = live.get("metadata")?;
    let owners = metadata.get("managedFields").and_then(value::Value::as_list);
    let times = owners.into_iter().flatten().filter_map(|entry| entry.get("time")?.as_str());
    times.chain(metadata.get("creationTimestamp").and_then(value::Value::as_str)).max()
}

/// The resourceVersion of the next write.
fn next_version(live: &value::Value<'_>) -> u64 {
    let version = live.at(&["metadata", "resourceVersion"]).and_then(value::Value::as_str);
    version.and_then(|version| version.parse::<u64>().ok()).map_or(1, |version| version.saturating_add(1))
}

fn repeated_keys(manifest: &Manifest) -> impl Iterator<Item = Note> {
    manifest.repeated_keys().iter().map(|repeated| Note::RepeatedKey {
        path: repeated.path.to_string(),
        first: repeated.first.line,
        line: repeated.place.line,
    })
}

/// Whether a way ends with a node port that is neither stated nor live.
fn draws(ends: &[Option<value::Value<'_>>], before: Option<&value::Value<'_>>, manifest: &value::Value<'_>) -> bool {
    let numbers = |object: &value::Value<'_>| -> Vec<i64> {
        converged::items_of(object).iter().filter_map(|port| port.get("nodePort")?.as_i64()).collect()
    };
    let mut known = numbers(manifest);
    known.extend(before.map(numbers).unwrap_or_default());
    known.sort_unstable();
    ends.iter().flatten().flat_map(numbers).any(|number| known.binary_search(&number).is_err())
}
