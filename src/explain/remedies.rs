//! Ways out, each run on a copy of the cluster before it is named.
//!
//! A candidate is listed as a [`Remedy`] if the Service converged, and as an [`Attempt`] if people believe in it and it does not
//! help. What changes least stands first.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::converged::{Key, converged};
use super::divergences::{LAST_APPLIED, changes};
use super::facts::Port;
use super::report::{Again, StatusCause, Unmet, Way, WayOutcome};
use super::ways::{self, Ran, Target};
use crate::cluster::Cluster;
use crate::path::{Element, Path};
use crate::schema::Schema;
use crate::value;
use crate::{Error, Manifest};

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
    /// What the usual `kubectl apply` does afterwards.
    pub afterwards: Again,
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
    /// For a while the Service does not exist.
    Gone,
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
    pub(super) before: Option<&'p Value>,
    pub(super) ways: &'p [Ran],
    pub(super) schema: &'p Schema,
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
    for candidate in candidates(patient) {
        let mut fork = patient.cluster.clone();
        let Some(last) = candidate.run(&mut fork, patient.target)? else { continue };
        let live = patient.target.live(&fork);
        let aim = candidate.aim.as_ref().unwrap_or(patient.target.manifest.object());
        if last.succeeded && converged(aim, live.as_ref()) {
            // What reaches another aim shows something, but is no remedy.
            if candidate.aim.is_none() {
                tried.remedies.push(remedy(patient, candidate, &fork, live.as_ref())?);
            }
        } else if matches!(candidate.plan, Plan::Reorder { .. } | Plan::Rename) && !candidate.is_second(&tried.attempts) {
            let Last { outcome, error, causes, .. } = last;
            tried.attempts.push(Attempt { plan: candidate.plan, outcome, error, causes });
        }
    }
    // Of reordering, what helps makes what does not beside the point.
    let reordered = tried.remedies.iter().any(|remedy| matches!(remedy.plan, Plan::Reorder { .. }));
    tried.attempts.retain(|attempt| !(reordered && matches!(attempt.plan, Plan::Reorder { .. })));
    tried.remedies.sort_by_key(price);
    Ok(tried)
}

/// Something to be tried: commands with the manifests that they take.
struct Candidate {
    plan: Plan,
    commands: Vec<Command>,
    /// How the commands are to be typed.
    steps: Vec<String>,
    /// What is to be brought about, where it is not quite what the manifest states.
    aim: Option<Value>,
}

struct Command {
    arguments: Vec<String>,
    manifest: Option<Manifest>,
}

/// What came of the last command.
struct Last {
    succeeded: bool,
    outcome: WayOutcome,
    error: Option<String>,
    causes: Vec<StatusCause>,
}

impl Candidate {
    /// Runs the commands; `None` if one of them is outside the model, or failed before the last one.
    fn run(&self, cluster: &mut Cluster, target: Target<'_>) -> Result<Option<Last>, Error> {
        let mut last = None;
        for command in &self.commands {
            let manifest = command.manifest.as_ref().unwrap_or(target.manifest);
            let outcome = match cluster.kubectl(&command.arguments, Some(manifest)) {
                Ok(outcome) => outcome,
                Err(error) if error.is_not_modelled() => return Ok(None),
                Err(error) => return Err(error),
            };
            let succeeded = outcome.exit_code() == 0;
            last = Some(Last {
                succeeded,
                outcome: ways::word(&outcome),
                error: ways::error(&outcome),
                causes: ways::causes(&outcome),
            });
            if !succeeded {
                break;
            }
        }
        Ok(last)
    }

    /// Whether an attempt of that kind is told already.
    fn is_second(&self, attempts: &[Attempt]) -> bool {
        attempts.iter().any(|attempt| std::mem::discriminant(&attempt.plan) == std::mem::discriminant(&self.plan))
    }
}

fn candidates(patient: Patient<'_>) -> Vec<Candidate> {
    let file = patient.target.file;
    let command = |verb: &str| Command { arguments: ways::arguments(verb, file), manifest: None };
    let typed = |verb: &str| format!("kubectl {verb} -f {file}");
    let way = |way: Way| Candidate {
        plan: Plan::Way { way },
        commands: vec![command(way.verb())],
        steps: vec![typed(way.verb())],
        aim: None,
    };
    let mut all = vec![way(Way::ServerSideApply)];
    // Force is no remedy of its own where nothing conflicts.
    let conflicts =
        patient.ways.iter().any(|ran| ran.report.way == Way::ServerSideApply && ran.report.outcome == WayOutcome::Conflict);
    if conflicts {
        all.push(way(Way::ServerSideApplyForced));
    }
    // There is an annotation to be kept.
    if patient.before.and_then(annotation).is_some() {
        let verb = "replace --save-config";
        all.push(Candidate { plan: Plan::SaveConfig, commands: vec![command(verb)], steps: vec![typed(verb)], aim: None });
    }
    all.push(way(Way::Replace));
    let twice = vec![command("apply"), command("apply")];
    all.push(Candidate { plan: Plan::ApplyTwice, commands: twice, steps: vec![typed("apply"), typed("apply")], aim: None });
    all.extend(json_patch(patient));
    all.extend(reordered(patient));
    all.extend(renamed(patient));
    if patient.before.is_some() {
        let name = patient.target.name;
        let delete = Command { arguments: ["delete", "service", name].map(str::to_owned).to_vec(), manifest: None };
        let steps = vec![format!("kubectl delete service {name}"), typed("apply")];
        all.push(Candidate { plan: Plan::Recreate, commands: vec![delete, command("apply")], steps, aim: None });
    }
    all
}

/// The differing fields, written one by one where they are.
fn json_patch(patient: Patient<'_>) -> Option<Candidate> {
    let before = patient.before?;
    let unmet = super::converged::unmet(patient.target.manifest.object(), Some(before));
    let mut operations = Vec::new();
    // What is removed goes last, from the end, so that no index shifts.
    let mut removals = Vec::new();
    for Unmet { path, wanted, live } in &unmet {
        let path: Path = path.parse().ok()?;
        match pointer(&path, before)? {
            Pointer::There(pointer) if wanted.is_null() => removals.push(json!({"op": "remove", "path": pointer})),
            Pointer::There(pointer) if live.is_null() => operations.push(json!({"op": "add", "path": pointer, "value": wanted})),
            Pointer::There(pointer) => operations.push(json!({"op": "replace", "path": pointer, "value": wanted})),
            Pointer::New(list) => operations.push(json!({"op": "add", "path": format!("{list}/-"), "value": wanted})),
        }
    }
    removals.sort_by_key(|removal| std::cmp::Reverse(removal.get("path").and_then(Value::as_str).map(index_of)));
    operations.append(&mut removals);
    if operations.is_empty() || operations.len() > 8 {
        return None;
    }
    let text = value::Value::from_serde(&Value::Array(operations)).ok()?.to_string();
    let name = patient.target.name;
    let arguments = ["patch", "service", name, "--type=json", "-p", &text].map(str::to_owned).to_vec();
    let quoted = text.replace('\'', r"'\''");
    let steps = vec![format!("kubectl patch service {name} --type=json -p '{quoted}'")];
    Some(Candidate { plan: Plan::JsonPatch, commands: vec![Command { arguments, manifest: None }], steps, aim: None })
}

enum Pointer {
    /// A member or item that is there or whose object is there.
    There(String),
    /// A new item of the list at this pointer.
    New(String),
}

fn index_of(pointer: &str) -> usize {
    pointer.split('/').find_map(|token| token.parse().ok()).unwrap_or_default()
}

/// The JSON pointer of a path, with items of keyed lists found in the object.
fn pointer(path: &Path, object: &Value) -> Option<Pointer> {
    let mut text = String::new();
    let mut here = Some(object);
    for (at, element) in path.elements().iter().enumerate() {
        let last = at + 1 == path.len();
        match element {
            Element::Field(name) => {
                text.push_str(&format!("/{}", name.replace('~', "~0").replace('/', "~1")));
                let parent = here?;
                here = parent.get(&**name);
                if here.is_none() && !last {
                    return None;
                }
            }
            Element::Key(_) => {
                let list = here?.as_array()?;
                let base = Path::new();
                let found = list.iter().position(|item| Key::of(item).path(&base).elements().first() == Some(element));
                match found {
                    Some(index) => {
                        text.push_str(&format!("/{index}"));
                        here = list.get(index);
                    }
                    None if last => return Some(Pointer::New(text)),
                    None => return None,
                }
            }
            _ => return None,
        }
    }
    Some(Pointer::There(text))
}

/// The manifest with the ports of each number in the live order, and in reverse.
fn reordered(patient: Patient<'_>) -> Vec<Candidate> {
    let items = ports_of(patient.target.manifest.object());
    let numbers: Vec<_> = items.iter().map(|item| item.get("port")).collect();
    let repeats = numbers.iter().enumerate().any(|(at, number)| numbers.iter().skip(at + 1).any(|other| other == number));
    if !repeats {
        return Vec::new();
    }
    let live = patient.before.map(ports_of).unwrap_or_default();
    let place = |item: &Value| live.iter().position(|live| Key::of(live) == Key::of(item)).unwrap_or(usize::MAX);
    let mut as_live: Vec<Value> = items.to_vec();
    as_live.sort_by_key(|item| place(item));
    let mut reversed: Vec<Value> = items.to_vec();
    reversed.reverse();
    // Reversed among those of one number alone, so that the order of the others does not enter.
    let mut turned: Vec<Value> = Vec::new();
    for item in items {
        let same: Vec<&Value> = reversed.iter().filter(|other| other.get("port") == item.get("port")).collect();
        let taken = turned.iter().filter(|other| other.get("port") == item.get("port")).count();
        turned.extend(same.get(taken).map(|item| (*item).clone()));
    }
    let mut all = Vec::new();
    for ports in [as_live, turned] {
        if ports.as_slice() != items && !all.contains(&ports) {
            all.push(ports);
        }
    }
    let candidate = |ports: Vec<Value>| {
        let order = ports.iter().enumerate().filter_map(|(at, item)| Port::of(item, at)).collect();
        with_ports(patient, Plan::Reorder { ports: order }, ports)
    };
    all.into_iter().filter_map(candidate).collect()
}

/// The manifest with other names for the ports that share a number: people take names for keys.
fn renamed(patient: Patient<'_>) -> Option<Candidate> {
    let items = ports_of(patient.target.manifest.object());
    let mut changed = false;
    let ports = items.iter().map(|item| {
        let shares = items.iter().filter(|other| other.get("port") == item.get("port")).count() > 1;
        let mut item = item.clone();
        if let Some(fields) = item.as_object_mut().filter(|_| shares) {
            let protocol = fields.get("protocol").and_then(Value::as_str).unwrap_or("TCP").to_lowercase();
            let number = fields.get("port").map(Value::to_string).unwrap_or_default();
            fields.insert("name".to_owned(), Value::from(format!("p{number}-{protocol}")));
            changed = true;
        }
        item
    });
    let ports: Vec<Value> = ports.collect();
    if changed { with_ports(patient, Plan::Rename, ports) } else { None }
}

/// `kubectl apply` of the manifest with other ports.
fn with_ports(patient: Patient<'_>, plan: Plan, ports: Vec<Value>) -> Option<Candidate> {
    let mut object = patient.target.manifest.object().clone();
    *object.pointer_mut("/spec/ports")? = Value::Array(ports);
    let file = patient.target.file;
    let aim = matches!(plan, Plan::Rename).then(|| object.clone());
    let list = ports_of(&object).iter().enumerate().filter_map(|(at, item)| Some(Port::of(item, at)?.to_string()));
    let steps = vec![format!("# in {file}, ports: {}", list.collect::<Vec<_>>().join(", ")), format!("kubectl apply -f {file}")];
    let command = Command { arguments: ways::arguments("apply", file), manifest: Some(Manifest::new(object).ok()?) };
    Some(Candidate { plan, commands: vec![command], steps, aim })
}

fn ports_of(object: &Value) -> &[Value] {
    object.pointer("/spec/ports").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn remedy(patient: Patient<'_>, candidate: Candidate, after: &Cluster, live: Option<&Value>) -> Result<Remedy, Error> {
    let target = patient.target;
    let mut usual = after.clone();
    // The file is by then as the remedy left it.
    let edited = candidate.commands.iter().rev().find_map(|command| command.manifest.as_ref());
    let outcome = usual.kubectl(&ways::arguments("apply", target.file), Some(edited.unwrap_or(target.manifest)))?;
    let afterwards =
        Again { outcome: ways::word(&outcome), converged: converged(target.manifest.object(), target.live(&usual).as_ref()) };
    let empty = Value::Object(serde_json::Map::new());
    let (before, live) = (patient.before.unwrap_or(&empty), live.unwrap_or(&empty));
    let mut writes = changes(before, live, patient.schema);
    let owners = |object: &Value| object.pointer("/metadata/managedFields").cloned();
    if owners(before) != owners(live) {
        writes.push(MANAGED_FIELDS.to_owned());
    }
    let risks = risks(patient, &candidate.plan, live, afterwards);
    Ok(Remedy { plan: candidate.plan, steps: candidate.steps, writes, risks, afterwards })
}

fn risks(patient: Patient<'_>, plan: &Plan, live: &Value, afterwards: Again) -> Vec<Risk> {
    let mut risks = Vec::new();
    let manifest = patient.target.manifest.object();
    if matches!(plan, Plan::Recreate) {
        risks.push(Risk::Gone);
    }
    if let Some(before) = patient.before {
        let paths = removed(before, live, manifest, patient.schema);
        if !paths.is_empty() {
            risks.push(Risk::Removes { paths });
        }
        if matches!(plan, Plan::Way { way: Way::ServerSideApplyForced }) {
            let managers = losers(patient);
            if !managers.is_empty() {
                risks.push(Risk::TakesOver { managers });
            }
        }
        let ports = moved(before, live, manifest);
        if !ports.is_empty() {
            risks.push(Risk::MovesNodePorts { ports });
        }
        if address(before) != address(live) && address(before).is_some() {
            risks.push(Risk::MovesClusterIp);
        }
        if order_of(before) != order_of(live) && sorted_order(before) == sorted_order(live) {
            risks.push(Risk::ReordersPorts);
        }
        match (annotation(before), annotation(live)) {
            (Some(_), None) => risks.push(Risk::DropsLastApplied),
            (Some(old), Some(new)) if old == new && !states(old, manifest) => risks.push(Risk::LastAppliedStale),
            _ => {}
        }
    }
    match (afterwards.outcome.succeeded(), afterwards.converged) {
        (true, true) if shares_numbers(manifest) => risks.push(Risk::SharedKeysStay),
        (true, true) => {}
        (true, false) => risks.push(Risk::UndoneByApply),
        (false, _) => risks.push(Risk::ApplyFails),
    }
    risks
}

/// What was live, is gone, and was not asked to go.
fn removed(before: &Value, live: &Value, manifest: &Value, schema: &Schema) -> Vec<String> {
    let differing = super::divergences::divergences(
        super::divergences::Ends {
            wanted: Some(manifest),
            client_side: Some(before),
            server_side: Some(live),
            ..Default::default()
        },
        schema,
    );
    let system = [".metadata.uid", ".metadata.creationTimestamp", ".metadata.generation"];
    // A port that the manifest lacks was asked to go.
    let is_port = |path: &str| path.starts_with(".spec.ports[") && path.ends_with(']');
    let gone = differing.into_iter().filter(|change| {
        let path = change.path.as_str();
        change.server_side.is_null() && change.wanted.is_null() && !is_port(path) && !system.contains(&path)
    });
    gone.map(|change| change.path).collect()
}

/// The managers that a forced apply takes fields from, as the refusal of the unforced one names them.
fn losers(patient: Patient<'_>) -> Vec<String> {
    let report = patient.ways.iter().find(|ran| ran.report.way == Way::ServerSideApply);
    let mut names: Vec<String> = Vec::new();
    for cause in report.into_iter().flat_map(|ran| &ran.report.causes) {
        let name = cause.message.split('"').nth(1).unwrap_or(&cause.message).to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn moved(before: &Value, live: &Value, manifest: &Value) -> Vec<Port> {
    let number = |object: &Value, port: &Port| {
        ports_of(object)
            .iter()
            .enumerate()
            .find(|(at, item)| Port::of(item, *at).is_some_and(|other| other.is(port)))
            .map(|(_, item)| item.get("nodePort").and_then(Value::as_i64))
    };
    let ports = ports_of(before).iter().enumerate().filter_map(|(at, item)| Port::of(item, at));
    ports
        .filter(|port| {
            let (was, is) = (number(before, port).flatten(), number(live, port));
            was.is_some() && is.is_some_and(|is| is != was) && number(manifest, port).flatten().is_none()
        })
        .collect()
}

fn address(object: &Value) -> Option<&str> {
    object.pointer("/spec/clusterIP").and_then(Value::as_str)
}

fn order_of(object: &Value) -> Vec<Key<'_>> {
    ports_of(object).iter().map(Key::of).collect()
}

fn sorted_order(object: &Value) -> Vec<Key<'_>> {
    let mut order = order_of(object);
    order.sort();
    order
}

fn annotation(object: &Value) -> Option<&str> {
    object.get("metadata")?.get("annotations")?.get(LAST_APPLIED)?.as_str()
}

/// Whether the annotation tells the ports of the manifest.
fn states(annotation: &str, manifest: &Value) -> bool {
    serde_json::from_str::<Value>(annotation).is_ok_and(|applied| applied.get("spec") == manifest.get("spec"))
}

fn shares_numbers(manifest: &Value) -> bool {
    let mut numbers: Vec<_> = ports_of(manifest).iter().filter_map(|item| item.get("port")?.as_i64()).collect();
    let all = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len() < all
}

/// What changes least stands first; what can interrupt the Service or is undone stands last.
fn price(remedy: &Remedy) -> (usize, usize, usize, usize) {
    let heavy = remedy.risks.iter().map(|risk| match risk {
        Risk::Gone => 100,
        Risk::MovesClusterIp | Risk::MovesNodePorts { .. } => 20,
        Risk::UndoneByApply | Risk::ApplyFails => 40,
        Risk::Removes { .. } => 10,
        _ => 0,
    });
    let light = remedy.risks.iter().filter(|risk| !matches!(risk, Risk::SharedKeysStay)).count();
    let values = remedy.writes.iter().filter(|path| *path != MANAGED_FIELDS).count();
    (heavy.sum(), values, light, remedy.steps.len())
}
