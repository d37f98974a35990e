//! Where a report starts from: a live object, manifests that were applied before, or a list of commands.

use serde::{Deserialize, Serialize};

use super::converged::unmet;
use super::divergences::LAST_APPLIED;
use super::report::{Note, Told, Way};
use super::ways::{self, Target};
use crate::cluster::{Cluster, Environment, ManifestFile, NoTrace};
use crate::value::Value;
use crate::{Error, Manifest, value};

/// A command of a history: `{"kubectl": ["apply", "-f", "-"], "manifest": {...}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The arguments of kubectl.
    pub kubectl: Vec<String>,
    /// The manifest that `-f` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<serde_json::Value>,
}

impl Step {
    /// `kubectl apply -f -` with this manifest.
    pub fn apply(manifest: serde_json::Value) -> Self {
        Step { kubectl: ["apply", "-f", "-"].map(str::to_owned).to_vec(), manifest: Some(manifest) }
    }

    /// Reads a list of steps from JSON.
    ///
    /// ```
    /// use mergekey::explain::Step;
    ///
    /// let steps = Step::list(br#"[{"kubectl": ["delete", "service", "dns"]}]"#)?;
    /// assert_eq!(steps[0].kubectl, ["delete", "service", "dns"]);
    /// # Ok::<(), mergekey::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::is_syntax`](crate::Error::is_syntax) with line and column, also for JSON of another form.
    pub fn list(json: &[u8]) -> Result<Vec<Self>, Error> {
        // Told apart from what is no JSON at all, which has a better message.
        crate::value::parse(json)?;
        serde_json::from_slice(json).map_err(|error| {
            let text = error.to_string();
            let message = text.split(" at line ").next().unwrap_or(&text);
            let wanted = "a list of {\"kubectl\": [...], \"manifest\": {...}} is wanted";
            Error::syntax(error.line(), error.column().max(1), &format!("{message}; {wanted}"))
        })
    }

    fn command(&self) -> String {
        ways::typed(&self.kubectl)
    }

    /// The namespace that its manifest states.
    pub(super) fn namespace(&self) -> Option<&str> {
        let namespace = self.manifest.as_ref()?.pointer("/metadata/namespace")?.as_str();
        namespace.filter(|namespace| !namespace.is_empty())
    }

    /// The way that the step goes, if it is one.
    fn way(&self) -> Option<Way> {
        let has = |flag: &str| self.kubectl.iter().any(|argument| argument == flag);
        match self.kubectl.first()?.as_str() {
            "apply" if has("--server-side") && has("--force-conflicts") => Some(Way::ServerSideApplyForced),
            "apply" if has("--server-side") => Some(Way::ServerSideApply),
            "apply" => Some(Way::ClientSideApply),
            "replace" => Some(Way::Replace),
            _ => None,
        }
    }
}

/// A cluster in the state from which the ways start.
pub(super) struct Start {
    pub(super) cluster: Cluster,
    pub(super) told: Vec<Told>,
    pub(super) notes: Vec<Note>,
}

/// Starts from an object as it is live.
///
/// # Errors
/// It is no Service.
pub(super) fn resume(live: Value<'_>, environment: Environment, target: Target<'_>) -> Result<Start, Error> {
    let mut cluster = Cluster::with_environment(environment.clone());
    let (live, note) = with_owners(placed(live, target.namespace), environment, target)?;
    cluster.insert_value(live)?;
    Ok(Start { cluster, told: Vec::new(), notes: note.into_iter().collect() })
}

/// Plays commands on an empty cluster.
///
/// # Errors
/// A step cannot be run in the model.
pub(super) fn replay(steps: &[Step], environment: Environment, target: Target<'_>) -> Result<Start, Error> {
    let mut cluster = Cluster::with_environment(environment);
    let mut told: Vec<Told> = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        let is_well = told.iter().all(|told| told.converged != Some(false));
        told.push(play(&mut cluster, step, target, is_well).map_err(|error| {
            let place = format!("step {} ({})", at + 1, step.command());
            Error::new(error.kind(), Some(place), error.to_string())
        })?);
    }
    Ok(Start { cluster, told, notes: Vec::new() })
}

/// The object with its namespace, which a hand-written one may leave out.
fn placed<'v>(mut live: Value<'v>, namespace: &'v str) -> Value<'v> {
    if let Some(metadata) = live.map_at_mut(&["metadata"]) {
        metadata.entry_or_insert_with("namespace", || Value::from(namespace));
    }
    live
}

/// Runs a step; the first one that goes wrong is told with what would have worked in its place.
fn play(cluster: &mut Cluster, step: &Step, target: Target<'_>, is_well: bool) -> Result<Told, Error> {
    let manifest = step.manifest.as_ref().map(Manifest::try_from).transpose()?;
    let before = cluster.clone();
    let held = manifest.as_ref().map(ManifestFile::of);
    let arguments: Vec<&str> = step.kubectl.iter().map(String::as_str).collect();
    let outcome = cluster.command(&arguments, held.as_ref(), &mut NoTrace::default())?;
    let live = target.object(cluster);
    let target = held.as_ref().map(|held| Target { manifest: held, wanted: held.manifest().value(), ..target });
    let left = target.map(|target| unmet(target.wanted, live.as_ref().map(|live| target.view(live)).as_ref()));
    let converged = left.as_ref().map(|left| live.is_some() && left.is_empty());
    let instead = match (target, step.way()) {
        (Some(target), Some(went)) if converged == Some(false) && is_well => {
            ways::good(Way::ALL.into_iter().filter(|way| *way != went), &before, target)
        }
        _ => Vec::new(),
    };
    Ok(Told {
        command: step.command(),
        outcome: ways::word(&outcome),
        converged,
        unmet: left.and_then(|left| left.into_iter().next()),
        instead,
    })
}

/// The live object with its managedFields; where they are hidden they are rebuilt from the last-applied annotation.
///
/// What `kubectl apply` owns after creating the object from that annotation is what it owns, as long as nobody else changed
/// anything.
fn with_owners<'v>(
    mut live: Value<'v>,
    environment: Environment,
    target: Target<'_>,
) -> Result<(Value<'v>, Option<Note>), Error> {
    let has_owners = live.at(&["metadata", "managedFields"]).and_then(Value::as_list).is_some_and(|owners| !owners.is_empty());
    if has_owners {
        return Ok((live, None));
    }
    let Some(last_applied) = last_applied(&live).map(Manifest::of) else {
        return Ok((live, Some(Note::OwnershipUnknown)));
    };
    let mut cluster = Cluster::with_environment(match live.at(&["metadata", "creationTimestamp"]).and_then(Value::as_str) {
        Some(created) => environment.now(created),
        None => environment,
    });
    cluster.kubectl(&["apply", "-f", "-"], Some(&last_applied?))?;
    let created = target.object(&cluster);
    let rebuilt =
        created.and_then(|created| Some(created.to_value().at(&["metadata", "managedFields"])?.borrowed().into_owned()));
    let Some(owners) = rebuilt else {
        return Ok((live, Some(Note::OwnershipUnknown)));
    };
    if let Some(metadata) = live.map_at_mut(&["metadata"]) {
        metadata.insert("managedFields", owners);
    }
    Ok((live, Some(Note::OwnershipRebuilt)))
}

/// The manifest that was applied last, if the object tells and it is an object.
pub(super) fn last_applied<'v>(live: &'v Value<'_>) -> Option<Value<'v>> {
    let text = live.at(&["metadata", "annotations", LAST_APPLIED])?.as_str()?;
    let manifest = value::parse(text.as_bytes()).ok()?;
    manifest.as_map().is_some().then_some(manifest)
}
