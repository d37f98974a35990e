//! What may be a way out: commands, with the manifests that they take.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::converged::{Key, Ports};
use super::facts::Port;
use super::remedies::{Patient, Plan, annotation, ports_of};
use super::report::{StatusCause, Unmet, Way, WayOutcome};
use super::ways;
use crate::cluster::Cluster;
use crate::path::{Element, Path};
use crate::{Error, Manifest, value};

/// Something to be tried: commands with the manifests that they take.
pub(super) struct Candidate {
    pub(super) plan: Plan,
    commands: Vec<Command>,
    /// How the commands are to be typed.
    pub(super) steps: Vec<String>,
    /// What is to be brought about, where it is not quite what the manifest states.
    pub(super) aim: Option<Value>,
}

struct Command {
    arguments: Vec<String>,
    manifest: Option<Manifest>,
}

/// How a candidate ended.
pub(super) struct Tried {
    pub(super) outcome: WayOutcome,
    pub(super) error: Option<String>,
    pub(super) causes: Vec<StatusCause>,
    pub(super) cluster: Cluster,
}

impl Candidate {
    /// Runs the commands up to the first that fails; `None` if one is outside the model.
    ///
    /// # Errors
    /// As [`Cluster::kubectl`].
    pub(super) fn run(&self, patient: Patient<'_>) -> Result<Option<Tried>, Error> {
        if let Some(tried) = self.known(patient) {
            return Ok(Some(tried));
        }
        let mut cluster = patient.cluster.clone();
        let mut last = None;
        for command in &self.commands {
            let manifest = command.manifest.as_ref().unwrap_or(patient.target.manifest);
            let outcome = match cluster.kubectl(&command.arguments, Some(manifest)) {
                Ok(outcome) => outcome,
                Err(error) if error.is_not_modelled() => return Ok(None),
                Err(error) => return Err(error),
            };
            let failed = outcome.exit_code() != 0;
            last = Some((ways::word(&outcome), ways::error(&outcome), ways::causes(&outcome)));
            if failed {
                break;
            }
        }
        Ok(last.map(|(outcome, error, causes)| Tried { outcome, error, causes, cluster }))
    }

    /// What the ways were run for already.
    fn known(&self, patient: Patient<'_>) -> Option<Tried> {
        let ran = |way: Way| patient.ways.iter().find(|ran| ran.report.way == way);
        match self.plan {
            Plan::Way { way } => ran(way).map(|ran| Tried {
                outcome: ran.report.outcome,
                error: ran.report.error.clone(),
                causes: ran.report.causes.clone(),
                cluster: ran.cluster.clone(),
            }),
            Plan::ApplyTwice => ran(Way::ClientSideApply).map(|ran| Tried {
                outcome: ran.report.again.outcome,
                error: None,
                causes: Vec::new(),
                cluster: ran.again.clone(),
            }),
            _ => None,
        }
    }

    /// Whether people take it for a way out, so that it is told where it is none.
    pub(super) fn is_belief(&self) -> bool {
        matches!(self.plan, Plan::Reorder { .. } | Plan::Rename)
    }

    /// Whether both plans are of one kind.
    pub(super) fn is_like(&self, plan: &Plan) -> bool {
        std::mem::discriminant(plan) == std::mem::discriminant(&self.plan)
    }

    /// The manifest that the file holds afterwards, if it was edited.
    pub(super) fn edited(&self) -> Option<&Manifest> {
        self.commands.iter().rev().find_map(|command| command.manifest.as_ref())
    }
}

/// All that is to be tried.
pub(super) fn candidates(patient: Patient<'_>) -> Vec<Candidate> {
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
    // What takes more is no longer written by hand.
    if unmet.len() > 8 {
        return None;
    }
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
    if operations.is_empty() {
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
                let found = list.iter().position(|item| Key::of(item).element() == *element);
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
    let groups = by_number(items);
    if groups.values().all(|group| group.len() < 2) {
        return Vec::new();
    }
    let live = patient.before.map(Ports::of);
    let mut as_live: Vec<&Value> = items.iter().collect();
    as_live.sort_by_key(|item| live.as_ref().and_then(|live| live.place(&Key::of(item))).unwrap_or(usize::MAX));
    // Reversed among those of one number alone, so that the order of the others does not enter.
    let mut turned: Vec<&Value> = items.iter().collect();
    for group in groups.values() {
        for (at, from) in group.iter().zip(group.iter().rev()) {
            if let (Some(place), Some(item)) = (turned.get_mut(*at), items.get(*from)) {
                *place = item;
            }
        }
    }
    let mut all: Vec<Vec<&Value>> = Vec::new();
    for ports in [as_live, turned] {
        if !ports.iter().copied().eq(items) && !all.contains(&ports) {
            all.push(ports);
        }
    }
    let candidate = |ports: Vec<&Value>| {
        let order = ports.iter().enumerate().filter_map(|(at, item)| Port::of(item, at)).collect();
        with_ports(patient, Plan::Reorder { ports: order }, ports.into_iter().cloned().collect())
    };
    all.into_iter().filter_map(candidate).collect()
}

/// The places of the ports of each number.
fn by_number(items: &[Value]) -> BTreeMap<i64, Vec<usize>> {
    let mut groups: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        if let Some(number) = item.get("port").and_then(Value::as_i64) {
            groups.entry(number).or_default().push(at);
        }
    }
    groups
}

/// The manifest with other names for the ports that share a number: people take names for keys.
fn renamed(patient: Patient<'_>) -> Option<Candidate> {
    let items = ports_of(patient.target.manifest.object());
    let mut ports = items.to_vec();
    let mut changed = false;
    for at in by_number(items).into_values().filter(|group| group.len() > 1).flatten() {
        let Some(fields) = ports.get_mut(at).and_then(Value::as_object_mut) else { continue };
        let protocol = fields.get("protocol").and_then(Value::as_str).unwrap_or("TCP").to_lowercase();
        let number = fields.get("port").map(Value::to_string).unwrap_or_default();
        fields.insert("name".to_owned(), Value::from(format!("p{number}-{protocol}")));
        changed = true;
    }
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
