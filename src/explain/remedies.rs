//! Ways out, each run on a copy of the cluster before it is named.
//!
//! A candidate is listed as a [`Remedy`] if the Service converged, and as an [`Attempt`] if people believe in it and it does not
//! help. What changes least stands first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::candidates::{self, Candidate, candidates};
use super::converged::{Key, Ports, converged, items_of};
use super::divergences::{Ends, LAST_APPLIED, differences};
use super::facts::Port;
use super::json::Json;
use super::report::{Again, StatusCause, Way, WayOutcome};
use super::trace::Observed;
use super::ways::{self, Ran, Target};
use crate::Error;
use crate::cluster::{Cluster, ManifestFile, NoTrace, Object};
use crate::schema::Schema;
use crate::value::{Map, Value};

/// Where the owners of fields are kept.
pub(super) const MANAGED_FIELDS: &str = ".metadata.managedFields";

/// A way out that was run on a copy of the object and converged.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Remedy {
    /// What is done.
    pub plan: Plan,
    /// The commands, in order.
    pub steps: Vec<String>,
    /// The paths whose values it changes, `.metadata.managedFields` included.
    pub writes: Vec<String>,
    /// What it costs.
    pub risks: Vec<Risk>,
    /// The files that the commands take, where they are not the manifest as it is.
    pub files: Vec<File>,
    /// What the usual `kubectl apply` does afterwards.
    pub afterwards: Again,
}

/// A manifest that a remedy takes in place of the one that was given, or before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct File {
    /// Its name, as the commands have it.
    pub name: String,
    /// What it holds.
    pub manifest: Json,
}

/// A port with another number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Renumbered {
    /// The port as the manifest has it.
    pub port: Port,
    /// The number that it gets.
    pub number: i64,
}

/// What is done to bring the manifest to the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Plan {
    /// One of the ways, once.
    Way {
        /// Which.
        way: Way,
    },
    /// `kubectl replace --save-config`, which keeps the last-applied annotation.
    SaveConfig,
    /// `kubectl apply`, run twice.
    ApplyTwice,
    /// The ports of the manifest are listed in another order.
    Reorder {
        /// The order.
        ports: Vec<Port>,
    },
    /// The ports of the manifest get other names.
    Rename,
    /// Ports that share their number get numbers of their own, in the manifest as well.
    Renumber {
        /// Which.
        ports: Vec<Renumbered>,
    },
    /// First the manifest without some of its ports is applied, then all of it.
    TwoSteps {
        /// Those that the first step leaves out.
        without: Vec<Port>,
    },
    /// The last-applied annotation is made to tell what is to go.
    RepairLastApplied,
    /// `kubectl apply --server-side` takes over what others keep.
    Migrate {
        /// Who they are.
        managers: Vec<String>,
    },
    /// The differing fields are written one by one.
    JsonPatch,
    /// The Service is deleted and created.
    Recreate,
}

/// What a remedy costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Risk {
    /// Fields that others own are taken over.
    TakesOver {
        /// The managers that lose fields.
        managers: Vec<String>,
    },
    /// Fields that the manifest does not state are removed.
    Removes {
        /// The fields.
        paths: Vec<String>,
    },
    /// The last-applied annotation is removed, so the next `kubectl apply` warns and cannot tell what left the manifest.
    DropsLastApplied,
    /// The last-applied annotation stays as it was and no longer tells what was done.
    LastAppliedStale,
    /// Node ports that the manifest does not state change.
    MovesNodePorts {
        /// The ports.
        ports: Vec<Port>,
    },
    /// The order of the ports changes.
    ReordersPorts,
    /// The cluster IP changes.
    MovesClusterIp,
    /// Clients have to use other port numbers.
    MovesClients {
        /// Which.
        ports: Vec<Renumbered>,
    },
    /// What it brings about the server would not create.
    CannotBeCreated {
        /// Why.
        message: String,
    },
    /// For a while the Service does not exist.
    Gone,
    /// For a while these ports do not exist.
    PortsGone {
        /// Which.
        ports: Vec<Port>,
    },
    /// The usual `kubectl apply`, run afterwards, undoes it.
    UndoneByApply,
    /// The usual `kubectl apply`, run afterwards, fails.
    ApplyFails,
    /// Ports with one number stay, so the next change of one of them by `kubectl apply` can go wrong in the same way.
    SharedKeysStay,
}

/// Something that was tried and does not help.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Attempt {
    /// What was done.
    pub plan: Plan,
    /// What came of the last command.
    pub outcome: WayOutcome,
    /// What kubectl prints to standard error, if it fails.
    pub error: Option<String>,
    /// The causes that the server gives.
    pub causes: Vec<StatusCause>,
}

/// What the candidates are tried on.
#[derive(Clone, Copy)]
pub(super) struct Patient<'p> {
    pub(super) cluster: &'p Cluster,
    pub(super) target: Target<'p>,
    pub(super) object: Option<&'p Object>,
    pub(super) before: Option<&'p Value<'p>>,
    /// The manifest that was applied last, as the object tells.
    pub(super) last_applied: Option<&'p Value<'p>>,
    pub(super) ways: &'p [Ran],
    pub(super) schema: &'p Schema,
}

impl Patient<'_> {
    /// Whether server-side apply meets fields of others.
    pub(super) fn conflicts(&self) -> bool {
        self.ways.iter().any(|ran| ran.report.way == Way::ServerSideApply && ran.report.outcome == WayOutcome::Conflict)
    }

    /// Whether a way brings about what the manifest states.
    pub(super) fn is_met_by(&self, way: Way) -> bool {
        self.ways.iter().any(|ran| ran.report.way == way && ran.report.converged && ran.report.outcome.succeeded())
    }

    /// The same of `kubectl apply`, run twice.
    pub(super) fn is_met_by_two(&self) -> bool {
        self.ways.iter().any(|ran| ran.report.way == Way::ClientSideApply && ran.report.again.converged)
    }

    /// Whether the last-applied annotation tells the ports of a manifest.
    fn has_applied(&self, manifest: &Value<'_>) -> bool {
        self.last_applied.is_some_and(|applied| applied.get("spec") == manifest.get("spec"))
    }

    /// What the engine said of a forced apply.
    pub(super) fn forced(&self) -> Option<&Observed> {
        self.ways.iter().find(|ran| ran.report.way == Way::ServerSideApplyForced).map(|ran| &ran.observed)
    }

    /// The managers that a forced apply takes fields from.
    fn losers(&self) -> Vec<String> {
        self.forced().map_or(Vec::new(), |observed| observed.losers.clone())
    }
}

/// What was tried: what helps, and what does not.
#[derive(Default)]
pub(super) struct Tried {
    pub(super) remedies: Vec<Remedy>,
    pub(super) attempts: Vec<Attempt>,
}

/// Tries all candidates. Where the usual command does what is wanted there is nothing to be remedied.
///
/// # Errors
/// As [`Cluster::kubectl`].
pub(super) fn tried(patient: Patient<'_>) -> Result<Tried, Error> {
    let usual = patient.ways.iter().find(|ran| ran.report.way == Way::ClientSideApply);
    if usual.is_some_and(|ran| ran.report.is_good()) {
        return Ok(Tried::default());
    }
    let mut tried = Tried::default();
    // The cluster without the Service.
    let mut gone = None;
    for candidate in candidates(patient) {
        // One of a kind is enough.
        if tried.remedies.iter().any(|remedy| candidate.is_like(&remedy.plan) && !matches!(remedy.plan, Plan::Way { .. })) {
            continue;
        }
        let Some(end) = candidate.run(patient)? else { continue };
        if candidate.plan == Plan::Recreate {
            gone.clone_from(&end.midway);
        }
        let object = patient.target.object(&end.cluster).filter(|_| end.outcome.succeeded());
        let live = object.as_ref().map(|object| patient.target.view(object));
        let aim = candidate.aim.clone();
        let aim = aim.as_deref().unwrap_or(patient.target.wanted);
        let is_met = |live: &&Value<'_>| end.converged.unwrap_or_else(|| converged(aim, Some(live)));
        if let (Some(object), Some(live)) = (&object, live.as_ref().filter(is_met)) {
            if candidate.is_remedy() {
                tried.remedies.extend(remedy(patient, candidate, End { aim, tried: &end, object, live, gone: gone.as_ref() })?);
            }
        } else if candidate.is_belief() && !tried.attempts.iter().any(|attempt| candidate.is_like(&attempt.plan)) {
            tried.attempts.push(Attempt { plan: candidate.plan, outcome: end.outcome, error: end.error, causes: end.causes });
        }
    }
    // Of reordering, what helps makes what does not beside the point.
    let reordered = tried.remedies.iter().any(|remedy| matches!(remedy.plan, Plan::Reorder { .. }));
    tried.attempts.retain(|attempt| !(reordered && matches!(attempt.plan, Plan::Reorder { .. })));
    tried.remedies.sort_by_key(price);
    Ok(tried)
}

/// What comes of a candidate that brought about its aim; `None` if the usual command, run afterwards, is outside the model.
fn remedy(patient: Patient<'_>, candidate: Candidate, end: End<'_>) -> Result<Option<Remedy>, Error> {
    let target = patient.target;
    let mut usual = end.tried.cluster.clone();
    // The file is by then as the remedy left it.
    let manifest = candidate.edited().unwrap_or(target.manifest);
    let outcome = match usual.command(&ways::arguments("apply", target.file), Some(manifest), &mut NoTrace::default()) {
        Ok(outcome) => outcome,
        Err(error) if error.is_not_modelled() => return Ok(None),
        Err(error) => return Err(error),
    };
    let kept = target.object(&usual);
    let stays = kept.as_ref() == Some(end.object);
    let is_kept = stays || converged(end.aim, kept.as_ref().map(|kept| target.view(kept)).as_ref());
    let afterwards = Again { outcome: ways::word(&outcome), converged: is_kept };
    let empty = Value::Map(Map::new());
    let (before, live) = (patient.before.unwrap_or(&empty), end.live);
    let ends = Ends { wanted: Some(end.aim), client_side: Some(before), server_side: Some(live), ..Ends::default() };
    let differing = differences(ends, patient.schema);
    let mut risks = risks(patient, &candidate.plan, &end, &differing, afterwards);
    let mut writes: Vec<String> = differing.into_iter().map(|(path, _)| path).collect();
    if !patient.object.is_some_and(|before| before.is_owned_as(end.object)) {
        writes.push(MANAGED_FIELDS.to_owned());
    }
    if candidate.edited().is_some() {
        risks.extend(end.gone.and_then(|gone| refused_anew(patient, gone, manifest, end.aim)));
    }
    let files = candidate.files(target.file);
    Ok(Some(Remedy { plan: candidate.plan, steps: candidate.steps, writes, risks, files, afterwards }))
}

/// What the server says to the manifest once the Service is gone; asked where ports of two numbers have one node port, which a change
/// may do.
fn refused_anew(patient: Patient<'_>, gone: &Cluster, manifest: &ManifestFile<'_>, aim: &Value<'_>) -> Option<Risk> {
    let mut numbers: BTreeMap<i64, i64> = BTreeMap::new();
    let shares = items_of(aim).iter().filter_map(|item| {
        let number = item.get("port")?.as_i64()?;
        Some(*numbers.entry(item.get("nodePort")?.as_i64()?).or_insert(number) != number)
    });
    if !shares.into_iter().any(|shares| shares) {
        return None;
    }
    let arguments = ways::arguments("apply", patient.target.file);
    let outcome = gone.clone().command(&arguments, Some(manifest), &mut NoTrace::default()).ok()?;
    let causes = ways::causes(&outcome);
    causes.first().map(|cause| Risk::CannotBeCreated { message: format!("{}: {}", cause.field, cause.message) })
}

/// How a candidate ended that brought about its aim.
struct End<'e> {
    /// What was to be brought about.
    aim: &'e Value<'e>,
    tried: &'e candidates::Tried,
    object: &'e Object,
    live: &'e Value<'e>,
    /// The cluster without the Service, if it can be deleted.
    gone: Option<&'e Cluster>,
}

/// What it costs; `differing` is what is otherwise than before, as the server's side.
fn risks(patient: Patient<'_>, plan: &Plan, end: &End<'_>, differing: &[(String, Ends<'_>)], afterwards: Again) -> Vec<Risk> {
    let (aim, live) = (end.aim, end.live);
    let mut risks = Vec::new();
    match plan {
        Plan::Recreate => risks.push(Risk::Gone),
        Plan::Renumber { ports } => risks.push(Risk::MovesClients { ports: ports.clone() }),
        Plan::Migrate { managers } => risks.push(Risk::TakesOver { managers: managers.clone() }),
        _ => {}
    }
    if let Some(before) = patient.before {
        let midway = end.tried.midway.as_ref().and_then(|midway| patient.target.object(midway));
        let ports = midway.map(|midway| interrupted(before, &midway.unmanaged(), live)).unwrap_or_default();
        if !ports.is_empty() && !risks.contains(&Risk::Gone) {
            risks.push(Risk::PortsGone { ports });
        }
        let paths = removed(differing);
        if !paths.is_empty() {
            risks.push(Risk::Removes { paths });
        }
        if matches!(plan, Plan::Way { way: Way::ServerSideApplyForced }) {
            let managers = patient.losers();
            if !managers.is_empty() {
                risks.push(Risk::TakesOver { managers });
            }
        }
        let ports = moved(before, live, aim);
        if !ports.is_empty() {
            risks.push(Risk::MovesNodePorts { ports });
        }
        if address(before) != address(live) && address(before).is_some() {
            risks.push(Risk::MovesClusterIp);
        }
        if !order_of(before).eq(order_of(live)) && sorted_order(before) == sorted_order(live) {
            risks.push(Risk::ReordersPorts);
        }
        match (annotation(before), annotation(live)) {
            (Some(_), None) => risks.push(Risk::DropsLastApplied),
            (Some(old), Some(new)) if old == new && !patient.has_applied(aim) => risks.push(Risk::LastAppliedStale),
            _ => {}
        }
    }
    match (afterwards.outcome.succeeded(), afterwards.converged) {
        (true, true) if shares_numbers(aim) => risks.push(Risk::SharedKeysStay),
        (true, true) => {}
        (true, false) => risks.push(Risk::UndoneByApply),
        (false, _) => risks.push(Risk::ApplyFails),
    }
    risks
}

/// What was live, is gone, and was not asked to go.
fn removed(differing: &[(String, Ends<'_>)]) -> Vec<String> {
    let system = [".metadata.uid", ".metadata.creationTimestamp", ".metadata.generation"];
    // A port that the manifest lacks was asked to go.
    let is_port = |path: &str| path.starts_with(".spec.ports[") && path.ends_with(']');
    let is_none = |side: Option<&Value<'_>>| side.is_none_or(Value::is_null);
    let gone = differing
        .iter()
        .filter(|(path, ends)| is_none(ends.server_side) && is_none(ends.wanted) && !is_port(path) && !system.contains(&&**path));
    gone.map(|(path, _)| path.clone()).collect()
}

/// The ports that are there before and after, and not midway.
fn interrupted(before: &Value<'_>, midway: &Value<'_>, after: &Value<'_>) -> Vec<Port> {
    let (midway, after) = (Ports::of(midway), Ports::of(after));
    let there = |item: &Value<'_>| after.get(&Key::of(item)).is_some() && midway.get(&Key::of(item)).is_none();
    items_of(before).iter().enumerate().filter(|(_, item)| there(item)).filter_map(|(at, item)| Port::of(item, at)).collect()
}

/// The ports whose node port changed, though the manifest states none for them.
fn moved(before: &Value<'_>, live: &Value<'_>, manifest: &Value<'_>) -> Vec<Port> {
    let number = |item: Option<&Value<'_>>| item.and_then(|item| item.get("nodePort")?.as_i64());
    let (after, given) = (Ports::of(live), Ports::of(manifest));
    let moved = items_of(before).iter().enumerate().filter(|(_, item)| {
        let key = Key::of(item);
        let (was, is) = (number(Some(item)), after.get(&key));
        was.is_some() && is.is_some() && number(is) != was && number(given.get(&key)).is_none()
    });
    moved.filter_map(|(at, item)| Port::of(item, at)).collect()
}

fn address<'v>(object: &'v Value<'_>) -> Option<&'v str> {
    object.at(&["spec", "clusterIP"]).and_then(Value::as_str)
}

fn order_of<'v>(object: &'v Value<'_>) -> impl Iterator<Item = Key<'v>> {
    items_of(object).iter().map(Key::of)
}

fn sorted_order<'v>(object: &'v Value<'_>) -> Vec<Key<'v>> {
    let mut order: Vec<_> = order_of(object).collect();
    order.sort();
    order
}

pub(super) fn annotation<'v>(object: &'v Value<'_>) -> Option<&'v str> {
    object.at(&["metadata", "annotations", LAST_APPLIED])?.as_str()
}

fn shares_numbers(manifest: &Value<'_>) -> bool {
    let mut numbers: Vec<_> = items_of(manifest).iter().filter_map(|item| item.get("port")?.as_i64()).collect();
    let all = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len() < all
}

/// What changes least stands first; what can interrupt the Service or is undone stands last.
fn price(remedy: &Remedy) -> (usize, usize, usize, usize) {
    let heavy = remedy.risks.iter().map(|risk| match risk {
        Risk::Gone => 100,
        Risk::MovesClients { .. } => 60,
        Risk::MovesClusterIp | Risk::MovesNodePorts { .. } => 20,
        Risk::UndoneByApply | Risk::ApplyFails => 40,
        Risk::PortsGone { .. } => 50,
        Risk::Removes { .. } => 10,
        _ => 0,
    });
    let light = remedy.risks.iter().filter(|risk| !matches!(risk, Risk::SharedKeysStay)).count();
    let values = remedy.writes.iter().filter(|path| *path != MANAGED_FIELDS).count();
    (heavy.sum(), values, light, remedy.steps.len())
}
