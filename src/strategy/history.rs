//! What was done to a Service before a manifest comes: by its owner, and by others.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::service::members;
use super::{Config, Edit, edits, manifests};
use crate::Manifest;
use crate::cluster::{Cluster, LAST_APPLIED};
use crate::explain::{Case, Step};

/// Commands that were run, and the manifest that comes next; shown as the commands.
///
/// ```
/// use mergekey::explain;
/// use mergekey::strategy::{Config, histories};
/// use proptest::strategy::{Strategy, ValueTree};
/// use proptest::test_runner::TestRunner;
///
/// let history = histories(&Config::default().steps(2..=2)).new_tree(&mut TestRunner::deterministic()).unwrap().current();
/// assert_eq!(history.steps.len(), 3, "the Service is created first");
/// assert_eq!(explain(&history)?.history().len(), 3);
/// # Ok::<(), mergekey::Error>(())
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct History {
    /// The commands.
    pub steps: Vec<Step>,
    /// The manifest.
    pub manifest: Manifest,
}

impl<'a> From<&'a History> for Case<'a> {
    fn from(history: &'a History) -> Self {
        Case::new(&history.manifest).history(&history.steps)
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &self.steps, self.manifest.object())
    }
}

/// Each command with its manifest on a line, and the manifest that comes next.
pub(super) fn show(f: &mut fmt::Formatter<'_>, steps: &[Step], next: &Value) -> fmt::Result {
    for step in steps {
        write!(f, "\n  kubectl {}", step.kubectl.join(" "))?;
        if let Some(manifest) = &step.manifest {
            write!(f, "  {manifest}")?;
        }
    }
    write!(f, "\n  next:  {next}")
}

/// A live Service that others wrote to as well, and the manifest that its owner brings.
///
/// ```
/// use mergekey::explain;
/// use mergekey::strategy::{Config, drifted};
/// use proptest::strategy::{Strategy, ValueTree};
/// use proptest::test_runner::TestRunner;
///
/// let drifted = drifted(&Config::default()).new_tree(&mut TestRunner::deterministic()).unwrap().current();
/// println!("{}", explain(&drifted)?);
/// # Ok::<(), mergekey::Error>(())
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Drifted {
    /// The Service, as `kubectl get service NAME -o json --show-managed-fields` prints it, or with its managedFields hidden.
    pub live: Value,
    /// The manifest.
    pub manifest: Manifest,
}

impl<'a> From<&'a Drifted> for Case<'a> {
    fn from(drifted: &'a Drifted) -> Self {
        Case::new(&drifted.manifest).live(&drifted.live)
    }
}

impl fmt::Debug for Drifted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n  live:  {}", self.live)?;
        show(f, &[], self.manifest.object())
    }
}

/// A command of a history before its manifest is known.
#[derive(Clone, Debug)]
enum Act {
    /// The owner edits the manifest and runs this.
    Owner(Vec<Edit>, &'static [&'static str]),
    /// Somebody sets a label.
    Label(&'static str),
    /// Somebody sets the node port of a port.
    NodePort(usize, u16),
    /// Somebody sets the selector.
    Selector(&'static str),
    /// Somebody else applies a manifest of a part.
    Foreign(serde_json::Map<String, Value>, Option<u16>),
    /// The last-applied annotation gets lost.
    Unannotate,
}

const APPLY: &[&str] = &["apply", "-f", "-"];

/// How an owner creates a Service, the usual way first.
fn starts() -> impl Strategy<Value = &'static [&'static str]> {
    const CREATE: &[&str] = &["create", "-f", "-"];
    const SAVE_CONFIG: &[&str] = &["create", "--save-config", "-f", "-"];
    prop_oneof![8 => Just(APPLY), 2 => Just(SERVER_SIDE), 1 => Just(CREATE), 1 => Just(SAVE_CONFIG)]
}

const SERVER_SIDE: &[&str] = &["apply", "--server-side", "-f", "-"];

/// How an owner changes a Service, the usual way first.
fn ways() -> impl Strategy<Value = &'static [&'static str]> {
    const FORCED: &[&str] = &["apply", "--server-side", "--force-conflicts", "-f", "-"];
    const REPLACE: &[&str] = &["replace", "-f", "-"];
    const SAVE_CONFIG: &[&str] = &["replace", "--save-config", "-f", "-"];
    prop_oneof![6 => Just(APPLY), 2 => Just(SERVER_SIDE), 1 => Just(FORCED), 1 => Just(REPLACE), 1 => Just(SAVE_CONFIG)]
}

fn acts(config: &Config) -> impl Strategy<Value = Act> + use<> {
    let owner = (vec(edits(config), config.edits.clone()), ways()).prop_map(|(edits, way)| Act::Owner(edits, way));
    prop_oneof![6 => owner, 4 => drift()]
}

/// What others do.
fn drift() -> impl Strategy<Value = Act> {
    let value = || prop::sample::select(vec!["a", "b"]);
    prop_oneof![
        2 => (0..8usize, 30_040..30_050u16).prop_map(|(at, node_port)| Act::NodePort(at, node_port)),
        1 => value().prop_map(Act::Label),
        1 => value().prop_map(Act::Selector),
        2 => (members(&["app", "team"]), prop::option::of(7000..7002u16)).prop_map(|(labels, port)| Act::Foreign(labels, port)),
        1 => Just(Act::Unannotate),
    ]
}

/// Commands on one Service, and the manifest that comes next.
///
/// The first command creates it. Any later one may be refused: what a history tells is what was typed.
pub fn histories(config: &Config) -> impl Strategy<Value = History> + use<> {
    told(config, vec(acts(config), config.steps.clone()))
}

/// A live Service that others wrote to as well, and the manifest that comes next.
pub fn drifted(config: &Config) -> impl Strategy<Value = Drifted> + use<> {
    let acts = (vec(acts(config), config.steps.clone()), vec(drift(), 1..=2));
    let acts = acts.prop_map(|(acts, drift)| acts.into_iter().chain(drift).collect::<Vec<_>>());
    let name = config.name.clone();
    (told(config, acts), prop::bool::weighted(0.1)).prop_filter_map("every command is modelled", move |(history, hidden)| {
        let mut cluster = Cluster::new();
        for step in &history.steps {
            let manifest = step.manifest.as_ref().map(Manifest::try_from).transpose().ok()?;
            cluster.kubectl(&step.kubectl, manifest.as_ref()).ok()?;
        }
        let mut live = cluster.get("Service", "default", &name)?;
        if let Some(metadata) = live.get_mut("metadata").and_then(Value::as_object_mut).filter(|_| hidden) {
            metadata.retain(|name, _| name != "managedFields");
        }
        Some(Drifted { live, manifest: history.manifest })
    })
}

/// The acts as commands with their manifests.
fn told<S: Strategy<Value = Vec<Act>>>(config: &Config, acts: S) -> impl Strategy<Value = History> + use<S> {
    let name = config.name.clone();
    let parts = (manifests(config), starts(), acts, vec(edits(config), config.edits.clone()));
    parts.prop_filter_map("a manifest is an object", move |(mut manifest, start, acts, edits)| {
        let mut steps = vec![step(start, Some(manifest.clone()))];
        for act in acts {
            if let Act::Owner(edits, _) = &act {
                manifest = edited(&manifest, edits);
            }
            steps.extend(command(&name, act, &manifest));
        }
        Some(History { steps, manifest: Manifest::new(edited(&manifest, &edits)).ok()? })
    })
}

fn edited(manifest: &Value, edits: &[Edit]) -> Value {
    edits.iter().fold(manifest.clone(), |manifest, edit| edit.apply(&manifest))
}

fn step(arguments: &[&str], manifest: Option<Value>) -> Step {
    Step { kubectl: arguments.iter().map(|argument| (*argument).to_owned()).collect(), manifest }
}

fn command(name: &str, act: Act, manifest: &Value) -> Option<Step> {
    let patch = |kind: &str, patch: Value| step(&["patch", "service", name, kind, "-p", &patch.to_string()], None);
    Some(match act {
        Act::Owner(_, way) => step(way, Some(manifest.clone())),
        Act::Label(value) => step(&["label", "service", name, &format!("app={value}"), "--overwrite"], None),
        Act::NodePort(at, node_port) => {
            let ports = manifest.pointer("/spec/ports")?.as_array()?;
            let number = ports.get(at.checked_rem(ports.len())?)?.get("port")?;
            patch("--type=strategic", json!({"spec": {"ports": [{"port": number, "nodePort": node_port}]}}))
        }
        Act::Selector(value) => patch("--type=merge", json!({"spec": {"selector": {"track": value}}})),
        Act::Foreign(labels, port) => {
            let mut object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}});
            if !labels.is_empty() {
                object["metadata"]["labels"] = labels.into();
            }
            if let Some(port) = port {
                object["spec"] = json!({"ports": [{"name": format!("tcp-{port}"), "port": port, "protocol": "TCP"}]});
            }
            step(&["apply", "--server-side", "--field-manager=mesh", "-f", "-"], Some(object))
        }
        Act::Unannotate => step(&["annotate", "service", name, &format!("{LAST_APPLIED}-")], None),
    })
}
