//! Manifests that a server accepts as new Services.
//!
//! What is drawn are independent small parts, and what would not fit together is resolved while they are put together: a number
//! that is taken becomes the next free one. So every part can shrink by itself, and what it shrinks to is valid.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::Config;

/// Port numbers, the ones to shrink to first.
pub(super) const NUMBERS: [u16; 10] = [53, 80, 443, 8080, 9090, 9153, 5353, 6443, 3000, 8443];

/// Protocols, the ones to shrink to first.
pub(super) const PROTOCOLS: [&str; 3] = ["UDP", "TCP", "SCTP"];

/// How many node ports are stated as long as there are enough: from 30000 on, so that those that are drawn are others.
const NODE_PORTS: u16 = 40;

/// What a server draws first, from the first to the last; the ports below are for those who state them.
const DRAWN: RangeInclusive<u16> = 30_086..=32_767;

/// Beyond so many ports a Service has no node ports: a cluster has too few of them.
const MOST_NODE_PORTS: usize = 1_000;

/// A manifest of a Service.
///
/// ```
/// use mergekey::strategy::{Config, manifests};
/// use proptest::strategy::{Strategy, ValueTree};
/// use proptest::test_runner::TestRunner;
///
/// let large = Config::default().ports(100..=200).repeated(1.0);
/// let manifest = manifests(&large).new_tree(&mut TestRunner::deterministic()).unwrap().current();
/// assert!(manifest["spec"]["ports"].as_array().is_some_and(|ports| ports.len() >= 100));
/// ```
pub fn manifests(config: &Config) -> impl Strategy<Value = Value> + use<> {
    let name = config.name.clone();
    let can_repeat = *config.ports.end() > 1;
    let repeats = prop::bool::weighted(if can_repeat { config.repeated } else { 0.0 });
    let parts = (repeats, kind(), vec(port(), config.ports.clone()), metadata(), extras());
    parts.prop_map(move |(repeats, kind, mut ports, metadata, extras)| {
        if let (true, [only]) = (repeats, ports.as_slice()) {
            ports.push(PortDraft { joins: true, ..only.clone() });
        }
        manifest(&name, Draft { repeats, kind, ports, metadata, extras })
    })
}

/// What a manifest is put together from.
struct Draft {
    repeats: bool,
    kind: Kind,
    ports: Vec<PortDraft>,
    metadata: Metadata,
    extras: Extras,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Plain,
    NodePort,
    LoadBalancer,
    Headless,
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![3 => Just(Kind::Plain), 6 => Just(Kind::NodePort), 2 => Just(Kind::LoadBalancer), 1 => Just(Kind::Headless)]
}

/// A port before it has a place among the others.
#[derive(Clone, Debug)]
struct PortDraft {
    number: usize,
    /// Whether it has the number of the port before it, where numbers repeat.
    joins: bool,
    protocol: usize,
    /// `protocol` is left out where it is TCP.
    protocol_left_out: bool,
    node_port: Option<u16>,
    /// Whether it has the node port of the port whose number it shares.
    shares_node_port: bool,
    target_port: Option<Value>,
    app_protocol: Option<&'static str>,
    /// Where it stands in the list, relative to the others.
    rank: u8,
}

fn port() -> impl Strategy<Value = PortDraft> + use<> {
    let identity = (0..NUMBERS.len(), prop::bool::weighted(0.4), 0..PROTOCOLS.len() - 1, prop::bool::weighted(0.2));
    let sctp = prop::bool::weighted(0.1);
    let node_port = (prop::option::weighted(0.6, 0..NODE_PORTS), prop::bool::weighted(0.5));
    let target = prop::option::weighted(0.3, prop_oneof![(1024..1030u16).prop_map(Value::from), Just(json!("http"))]);
    let app_protocol = prop::option::weighted(0.1, Just("kubernetes.io/h2c"));
    // Mostly in the order of the draft.
    let rank = prop_oneof![4 => Just(0u8), 1 => 0..8u8];
    (identity, sctp, node_port, target, app_protocol, rank).prop_map(
        |((number, joins, protocol, protocol_left_out), sctp, (node_port, shares_node_port), target_port, app_protocol, rank)| {
            let protocol = if sctp { PROTOCOLS.len() - 1 } else { protocol };
            PortDraft { number, joins, protocol, protocol_left_out, node_port, shares_node_port, target_port, app_protocol, rank }
        },
    )
}

/// Labels, annotations and selector.
type Metadata = (Map<String, Value>, Map<String, Value>, Map<String, Value>);

fn metadata() -> impl Strategy<Value = Metadata> {
    (members(&["app", "tier"]), members(&["note", "owner"]), members(&["app", "track"]))
}

/// Some of the keys, each with a short value.
pub(super) fn members(keys: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> + use<> {
    let value = prop::option::weighted(0.4, prop::sample::select(vec!["a", "b"]));
    vec(value, keys.len()).prop_map(|values| {
        let stated = keys.iter().zip(values).filter_map(|(key, value)| Some(((*key).to_owned(), Value::from(value?))));
        stated.collect()
    })
}

/// Further fields of the spec, each seldom there.
type Extras = Vec<Option<usize>>;

/// Fields with the values to choose from, and whether only types with node ports have them.
const EXTRAS: [(&str, &[&str], bool); 6] = [
    ("sessionAffinity", &["\"ClientIP\"", "\"None\""], false),
    ("internalTrafficPolicy", &["\"Local\"", "\"Cluster\""], false),
    ("externalTrafficPolicy", &["\"Local\"", "\"Cluster\""], true),
    ("publishNotReadyAddresses", &["true", "false"], false),
    ("externalIPs", &["[\"192.0.2.1\"]", "[\"192.0.2.1\",\"192.0.2.2\"]"], false),
    ("ipFamilyPolicy", &["\"SingleStack\""], false),
];

fn extras() -> impl Strategy<Value = Extras> {
    vec(prop::option::weighted(0.12, 0..2usize), EXTRAS.len())
}

fn manifest(name: &str, draft: Draft) -> Value {
    let kind = if draft.ports.len() > MOST_NODE_PORTS { Kind::Plain } else { draft.kind };
    let has_node_ports = matches!(kind, Kind::NodePort | Kind::LoadBalancer);
    let mut spec = Map::new();
    match kind {
        Kind::Plain => None,
        Kind::Headless => spec.insert("clusterIP".to_owned(), json!("None")),
        Kind::NodePort => spec.insert("type".to_owned(), json!("NodePort")),
        Kind::LoadBalancer => spec.insert("type".to_owned(), json!("LoadBalancer")),
    };
    for ((field, values, needs_node_ports), choice) in EXTRAS.iter().zip(draft.extras) {
        let text = choice.and_then(|at| values.get(at)).filter(|_| has_node_ports || !needs_node_ports);
        if let Some(value) = text.and_then(|text| serde_json::from_str(text).ok()) {
            spec.insert((*field).to_owned(), value);
        }
    }
    spec.insert("ports".to_owned(), ports(&draft.ports, draft.repeats, has_node_ports).into());
    let (labels, annotations, selector) = draft.metadata;
    let mut metadata = Map::from_iter([("name".to_owned(), json!(name))]);
    insert_members(&mut metadata, "labels", labels);
    insert_members(&mut metadata, "annotations", annotations);
    insert_members(&mut spec, "selector", selector);
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
}

fn insert_members(parent: &mut Map<String, Value>, key: &str, members: Map<String, Value>) {
    if !members.is_empty() {
        parent.insert(key.to_owned(), members.into());
    }
}

/// The ports of one number that came last.
struct Group {
    number: u16,
    node_port: Option<u16>,
    /// Whether all of them have that node port; told by the second one.
    ///
    /// Upstream: of node ports that are stated for one number, either all are the first one or none is another's.
    shares: Option<bool>,
}

fn ports(drafts: &[PortDraft], repeats: bool, has_node_ports: bool) -> Vec<Value> {
    let mut taken: BTreeSet<(u16, &str)> = BTreeSet::new();
    let mut node_ports: BTreeSet<u16> = BTreeSet::new();
    let mut last: Option<Group> = None;
    let mut placed: Vec<(u8, Value)> = Vec::new();
    for (at, draft) in drafts.iter().enumerate() {
        let wanted = PROTOCOLS.iter().cycle().skip(draft.protocol).take(PROTOCOLS.len());
        // The second port always joins the first, so that numbers repeat where they should.
        let group = last.take().filter(|_| repeats && (at == 1 || draft.joins));
        let joined = group.and_then(|group| {
            let free = wanted.copied().find(|protocol| !taken.contains(&(group.number, *protocol)))?;
            let shares = group.shares.unwrap_or(draft.shares_node_port);
            Some((free, Group { shares: Some(shares), ..group }))
        });
        let (protocol, mut group) = joined.unwrap_or_else(|| {
            let is_taken = |number| PROTOCOLS.iter().any(|protocol| taken.contains(&(number, protocol)));
            let protocol = PROTOCOLS.get(draft.protocol).copied().unwrap_or("TCP");
            (protocol, Group { number: free_number(draft.number, is_taken), node_port: None, shares: None })
        });
        taken.insert((group.number, protocol));
        let own = draft.node_port.filter(|_| has_node_ports).and_then(|slot| {
            let usual = 30_000 + slot..*DRAWN.start();
            usual.chain(DRAWN.rev()).find(|number| !node_ports.contains(number))
        });
        let node_port = match (group.shares, group.node_port) {
            (Some(true), Some(shared)) => Some(shared),
            _ => own,
        };
        node_ports.extend(node_port);
        group.node_port = group.node_port.or(node_port);
        placed.push((draft.rank, item(draft, group.number, protocol, node_port)));
        last = Some(group);
    }
    placed.sort_by_key(|(rank, _)| *rank);
    placed.into_iter().map(|(_, item)| item).collect()
}

fn item(draft: &PortDraft, number: u16, protocol: &str, node_port: Option<u16>) -> Value {
    let mut item = Map::new();
    item.insert("name".to_owned(), name_of(number, protocol).into());
    item.insert("port".to_owned(), number.into());
    if !(draft.protocol_left_out && protocol == "TCP") {
        item.insert("protocol".to_owned(), protocol.into());
    }
    if let Some(target) = &draft.target_port {
        item.insert("targetPort".to_owned(), target.clone());
    }
    if let Some(node_port) = node_port {
        item.insert("nodePort".to_owned(), node_port.into());
    }
    if let Some(app_protocol) = draft.app_protocol {
        item.insert("appProtocol".to_owned(), app_protocol.into());
    }
    Value::Object(item)
}

/// The name that a port has at first, as `udp-53`.
pub(super) fn name_of(number: u16, protocol: &str) -> String {
    format!("{}-{number}", protocol.to_lowercase())
}

/// The first number from that one on which is not taken; beyond the usual ones come those from 10000.
pub(super) fn free_number(at: usize, is_taken: impl Fn(u16) -> bool) -> u16 {
    let usual = NUMBERS.iter().cycle().skip(at).take(NUMBERS.len()).copied();
    usual.chain(10_000..=u16::MAX).find(|number| !is_taken(*number)).unwrap_or(u16::MAX)
}
