//! What an owner edits in a manifest, each edit keeping it valid.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::history::show;
use super::service::{NUMBERS, PROTOCOLS, free_number, name_of};
use super::{Config, manifests};
use crate::Manifest;
use crate::cluster::{Cluster, Create};
use crate::explain::Step;

/// An edit of a manifest. A port is told by its place in the list; beyond the last one they are counted from the first again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Edit {
    /// All stated node ports become so much higher.
    MoveNodePorts(u16),
    /// The node port of a port becomes this one, or is no longer stated.
    NodePort(usize, Option<u16>),
    /// A port is added whose number no other has.
    AddPort(u16),
    /// A port is added that has the number of this one.
    AddTwin(usize),
    /// A port is removed.
    RemovePort(usize),
    /// The first port goes to this place.
    Reorder(usize),
    /// A port is renamed.
    Rename(usize),
    /// Two ports exchange their names.
    SwapNames(usize, usize),
    /// The number of a port becomes one that no other has; its name stays.
    Number(usize, u16),
    /// The protocol of a port becomes another one; its name stays.
    Protocol(usize, usize),
    /// The protocol of a port is left out where it is TCP, or stated where it was left out.
    ProtocolLeftOut(usize),
    /// The target port of a port becomes this one, or is no longer stated.
    TargetPort(usize, Option<u16>),
    /// The Service becomes one of another type; `ClusterIP` leaves no node ports stated.
    Type(&'static str),
    /// A key of the selector, a label or an annotation gets a value, or goes.
    Member(&'static str, &'static str, Option<&'static str>),
    /// A field is stated as `null` or with its zero value, which is as good as not stated.
    Zero(&'static str),
    /// The cluster IP is stated: the address ends so.
    ClusterIp(u8),
}

/// Where members are edited, with the keys.
const MEMBERS: [(&str, [&str; 2]); 3] =
    [("/spec/selector", ["app", "track"]), ("/metadata/labels", ["app", "tier"]), ("/metadata/annotations", ["note", "owner"])];

/// Fields that can be stated without saying anything, as people do.
const ZEROS: [(&str, &str); 5] = [
    ("/metadata/creationTimestamp", "null"),
    ("/spec/externalName", "\"\""),
    ("/spec/publishNotReadyAddresses", "false"),
    ("/spec/sessionAffinityConfig", "null"),
    ("/spec/loadBalancerIP", "\"\""),
];

/// Edits of manifests, mostly of ports.
///
/// ```
/// use mergekey::strategy::Edit;
/// use serde_json::json;
///
/// let manifest = json!({
///     "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"},
///     "spec": {"type": "NodePort", "ports": [{"name": "dns", "port": 53, "nodePort": 30053}]},
/// });
/// assert_eq!(Edit::MoveNodePorts(1).apply(&manifest)["spec"]["ports"][0]["nodePort"], 30054);
/// assert_eq!(Edit::RemovePort(0).apply(&manifest), manifest, "a Service has at least one port");
/// ```
pub fn edits(config: &Config) -> impl Strategy<Value = Edit> + use<> {
    let at = || 0..8usize;
    let node_port = prop::option::weighted(0.8, 30_000..30_040u16);
    let member = (0..MEMBERS.len(), 0..2usize, prop::option::of(prop::sample::select(vec!["a", "b"])));
    let ports = prop_oneof![
        4 => (1..3u16).prop_map(Edit::MoveNodePorts),
        3 => (at(), node_port).prop_map(|(at, node_port)| Edit::NodePort(at, node_port)),
        2 => prop::sample::select(NUMBERS.to_vec()).prop_map(Edit::AddPort),
        2 => at().prop_map(Edit::RemovePort),
        2 => at().prop_map(Edit::Reorder),
        1 => at().prop_map(Edit::Rename),
        1 => (at(), at()).prop_map(|(one, other)| Edit::SwapNames(one, other)),
        2 => (at(), prop::sample::select(NUMBERS.to_vec())).prop_map(|(at, number)| Edit::Number(at, number)),
        2 => (at(), 0..PROTOCOLS.len()).prop_map(|(at, protocol)| Edit::Protocol(at, protocol)),
        1 => at().prop_map(Edit::ProtocolLeftOut),
        2 => (at(), prop::option::of(8080..8083u16)).prop_map(|(at, target)| Edit::TargetPort(at, target)),
    ];
    let others = prop_oneof![
        3 => member.prop_map(|(parent, key, value)| {
            let (parent, keys) = MEMBERS.get(parent).copied().unwrap_or(MEMBERS[0]);
            Edit::Member(parent, keys.get(key).copied().unwrap_or(keys[0]), value)
        }),
        2 => prop::sample::select(vec!["ClusterIP", "NodePort", "LoadBalancer"]).prop_map(Edit::Type),
        1 => prop::sample::select(ZEROS.map(|(field, _)| field).to_vec()).prop_map(Edit::Zero),
        1 => (10..14u8).prop_map(Edit::ClusterIp),
    ];
    let twins = if config.repeated > 0.0 { 4 } else { 0 };
    prop_oneof![20 => ports, twins => at().prop_map(Edit::AddTwin), 7 => others]
}

impl Edit {
    /// The manifest after the edit; as it was if it does not apply, or if no server would accept what comes of it as a new Service.
    pub fn apply(&self, manifest: &Value) -> Value {
        let mut edited = manifest.clone();
        match self.change(&mut edited) {
            Some(()) if is_accepted(&edited) => edited,
            _ => manifest.clone(),
        }
    }

    /// `None` if there is nothing to edit.
    fn change(&self, manifest: &mut Value) -> Option<()> {
        match self {
            Edit::MoveNodePorts(by) => {
                for port in ports(manifest)? {
                    if let Some(node_port) = port.get("nodePort").and_then(Value::as_u64) {
                        port["nodePort"] = (node_port + u64::from(*by)).into();
                    }
                }
            }
            Edit::NodePort(at, node_port) => set(port(manifest, *at)?, "nodePort", node_port.map(Value::from)),
            Edit::AddPort(number) => {
                let number = number_from(manifest, *number);
                ports(manifest)?.push(json!({"name": name_of(number, "TCP"), "port": number, "protocol": "TCP"}));
            }
            Edit::AddTwin(at) => {
                let number = port(manifest, *at)?.get("port")?.as_u64()?;
                let taken: Vec<String> = ports(manifest)?.iter().filter(|port| port["port"] == number).map(protocol).collect();
                let free = PROTOCOLS.iter().find(|protocol| !taken.iter().any(|taken| taken == *protocol))?;
                let name = name_of(u16::try_from(number).ok()?, free);
                ports(manifest)?.push(json!({"name": name, "port": number, "protocol": free}));
            }
            Edit::RemovePort(at) => {
                let at = place(manifest, *at)?;
                ports(manifest)?.remove(at);
            }
            Edit::Reorder(to) => {
                let to = place(manifest, *to)?;
                let ports = ports(manifest)?;
                let first = ports.remove(0);
                ports.insert(to, first);
            }
            Edit::Rename(at) => {
                let port = port(manifest, *at)?;
                let name = format!("{}x", port.get("name")?.as_str()?);
                port["name"] = name.into();
            }
            Edit::SwapNames(one, other) => {
                let name = |manifest: &mut Value, at: usize| port(manifest, at)?.get("name").cloned();
                let (first, second) = (name(manifest, *one)?, name(manifest, *other)?);
                port(manifest, *one)?["name"] = second;
                port(manifest, *other)?["name"] = first;
            }
            Edit::Number(at, number) => {
                let number = number_from(manifest, *number);
                port(manifest, *at)?["port"] = number.into();
            }
            Edit::Protocol(at, protocol) => port(manifest, *at)?["protocol"] = (*PROTOCOLS.get(*protocol)?).into(),
            Edit::ProtocolLeftOut(at) => {
                let port = port(manifest, *at)?;
                let stated = port.get("protocol").is_none().then(|| json!("TCP"));
                if stated.is_none() && protocol(port) != "TCP" {
                    return None;
                }
                set(port, "protocol", stated);
            }
            Edit::TargetPort(at, target) => set(port(manifest, *at)?, "targetPort", target.map(Value::from)),
            Edit::Type(kind) => {
                let spec = manifest.get_mut("spec")?;
                set(spec, "type", Some(json!(kind)));
                if *kind == "ClusterIP" {
                    set(spec, "externalTrafficPolicy", None);
                    ports(manifest)?.iter_mut().for_each(|port| set(port, "nodePort", None));
                }
            }
            Edit::Member(parent, key, value) => {
                let (above, name) = parent.rsplit_once('/')?;
                let members = manifest.pointer_mut(above)?.as_object_mut()?.entry(name).or_insert_with(|| json!({}));
                set(members, key, value.map(Value::from));
            }
            Edit::Zero(field) => {
                let (above, name) = field.rsplit_once('/')?;
                let text = ZEROS.iter().find(|(known, _)| known == field)?.1;
                set(manifest.pointer_mut(above)?, name, Some(serde_json::from_str(text).ok()?));
            }
            Edit::ClusterIp(last) => set(manifest.get_mut("spec")?, "clusterIP", Some(json!(format!("10.0.0.{last}")))),
        }
        Some(())
    }
}

/// Whether a server takes it for a new Service.
fn is_accepted(manifest: &Value) -> bool {
    let created = Manifest::try_from(manifest).and_then(|manifest| Cluster::new().create(&manifest, Create::default()));
    created.is_ok_and(|outcome| outcome.succeeded())
}

fn ports(manifest: &mut Value) -> Option<&mut Vec<Value>> {
    manifest.pointer_mut("/spec/ports")?.as_array_mut().filter(|ports| !ports.is_empty())
}

/// The place that is meant, counted around.
fn place(manifest: &mut Value, at: usize) -> Option<usize> {
    at.checked_rem(ports(manifest)?.len())
}

fn port(manifest: &mut Value, at: usize) -> Option<&mut Value> {
    let at = place(manifest, at)?;
    ports(manifest)?.get_mut(at).filter(|port| port.is_object())
}

fn protocol(port: &Value) -> String {
    port.get("protocol").and_then(Value::as_str).unwrap_or("TCP").to_owned()
}

/// That number, or the next one that no port has.
fn number_from(manifest: &mut Value, number: u16) -> u16 {
    let at = NUMBERS.iter().position(|known| *known == number).unwrap_or_default();
    let taken: Vec<Value> = ports(manifest).into_iter().flatten().map(|port| port["port"].clone()).collect();
    free_number(at, |number| taken.iter().any(|taken| *taken == number))
}

fn set(object: &mut Value, key: &str, value: Option<Value>) {
    if let Some(members) = object.as_object_mut() {
        match value {
            Some(value) => drop(members.insert(key.to_owned(), value)),
            None => remove(members, key),
        }
    }
}

/// Removes a member; the order of the others stays, whichever features of serde_json are on.
fn remove(members: &mut Map<String, Value>, key: &str) {
    members.retain(|name, _| name != key);
}

/// A manifest that was applied and what its owner made of it.
///
/// It is shown as the commands that bring both to a cluster.
///
/// ```
/// use mergekey::laws;
/// use mergekey::strategy::{Config, changes};
/// use proptest::strategy::{Strategy, ValueTree};
/// use proptest::test_runner::TestRunner;
///
/// let change = changes(&Config::default()).new_tree(&mut TestRunner::deterministic()).unwrap().current();
/// match laws::both_applies_agree(&change.old, &change.new) {
///     Ok(()) => {}
///     Err(violation) => println!("{change:?}\n{violation}"),
/// }
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The one that was applied.
    pub old: Value,
    /// The one that comes next.
    pub new: Value,
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &[Step::apply(self.old.clone())], &self.new)
    }
}

/// A manifest and what it is edited to.
pub fn changes(config: &Config) -> impl Strategy<Value = Change> + use<> {
    (manifests(config), vec(edits(config), config.edits.clone())).prop_map(|(old, edits)| {
        let new = edits.iter().fold(old.clone(), |manifest, edit| edit.apply(&manifest));
        Change { old, new }
    })
}
