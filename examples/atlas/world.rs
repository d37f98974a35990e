//! A small world: all Services with few ports over few numbers, protocols, node ports and names, and which of their pairs are alike.
//!
//! A Service is in the world if a server takes it as a new one: no two ports have one number and protocol, or one name; two have one
//! node port only if they have one number; and where there are several ports all have names. The order of the ports counts.
//!
//! Exchanging the two protocols, the node ports among each other, and the names among each other changes nothing but the labels:
//! nothing in either dialect compares them by anything but equality. (Port numbers are not alike: kubectl sorts by them.) So one pair
//! of all that are alike stands for them, with their number as its weight. `tests/atlas.rs` checks that it may.

use mergekey::Manifest;
use serde_json::{Map, Value, json};

pub(crate) const NUMBERS: [i64; 2] = [53, 80];
pub(crate) const PROTOCOLS: [&str; 2] = ["TCP", "UDP"];
/// Below the first that a server draws here, so that none is drawn.
const NODE_PORTS: [i64; 3] = [30053, 30054, 30055];
const NAMES: [&str; 3] = ["a", "b", "c"];

/// How large a world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// The most ports of a Service, and the number of names: at most 3.
    pub(crate) ports: usize,
    /// Node ports that a port can have, besides none: at most 3.
    pub(crate) node_ports: usize,
}

/// A port of a manifest. Numbers are places in the lists above; of node ports and names 0 means that it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Port {
    number: usize,
    protocol: usize,
    node_port: usize,
    name: usize,
}

impl Port {
    pub(crate) fn number(self) -> i64 {
        NUMBERS[self.number]
    }

    pub(crate) fn protocol(self) -> &'static str {
        PROTOCOLS[self.protocol]
    }

    pub(crate) fn node_port(self) -> Option<i64> {
        self.node_port.checked_sub(1).map(|at| NODE_PORTS[at])
    }

    pub(crate) fn name(self) -> Option<&'static str> {
        self.name.checked_sub(1).map(|at| NAMES[at])
    }

    fn clashes(self, other: Port) -> bool {
        let (same_number, same_protocol) = (self.number == other.number, self.protocol == other.protocol);
        let same_node_port = self.node_port == other.node_port && self.node_port > 0;
        same_number && same_protocol || same_node_port && !same_number || self.name == other.name
    }
}

impl std::fmt::Display for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}/{}", self.name().map_or(String::new(), |name| format!("{name}=")), self.number(), self.protocol())?;
        self.node_port().map_or(Ok(()), |node_port| write!(f, ":{node_port}"))
    }
}

/// The ports of a Service of the world.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct State(pub(crate) Vec<Port>);

impl State {
    /// All of a world, the plainest first.
    pub(crate) fn all(size: Size) -> Vec<State> {
        let mut states = Vec::new();
        for ports in 1..=size.ports {
            grow(size, ports, &mut Vec::new(), &mut states);
        }
        states
    }

    /// Whether two ports have one number: then kubectl's merge key does not tell them apart.
    pub(crate) fn shares_a_number(&self) -> bool {
        self.0.iter().enumerate().any(|(at, port)| self.0[..at].iter().any(|other| other.number == port.number))
    }

    pub(crate) fn manifest(&self) -> Manifest {
        let ports = self.0.iter().map(|port| {
            let mut fields = Map::new();
            fields.extend(port.name().map(|name| ("name".to_owned(), json!(name))));
            fields.insert("protocol".to_owned(), json!(port.protocol()));
            fields.insert("port".to_owned(), json!(port.number()));
            fields.extend(port.node_port().map(|node_port| ("nodePort".to_owned(), json!(node_port))));
            Value::Object(fields)
        });
        let ports: Vec<Value> = ports.collect();
        let object = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns", "namespace": "default"},
            "spec": {"type": "NodePort", "ports": ports},
        });
        Manifest::new(object).expect("a Service is an object")
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ports: Vec<String> = self.0.iter().map(Port::to_string).collect();
        f.write_str(&ports.join(" "))
    }
}

fn grow(size: Size, ports: usize, begun: &mut Vec<Port>, states: &mut Vec<State>) {
    if begun.len() == ports {
        states.push(State(begun.clone()));
        return;
    }
    let first_name = usize::from(ports > 1);
    for number in 0..NUMBERS.len() {
        for protocol in 0..PROTOCOLS.len() {
            for node_port in 0..=size.node_ports {
                for name in first_name..=size.ports {
                    let port = Port { number, protocol, node_port, name };
                    if !begun.iter().any(|other| port.clashes(*other)) {
                        begun.push(port);
                        grow(size, ports, begun, states);
                        begun.pop();
                    }
                }
            }
        }
    }
}

/// An exchange of labels: where each protocol, node port and name goes.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    protocols: Vec<usize>,
    node_ports: Vec<usize>,
    names: Vec<usize>,
}

impl Exchange {
    /// All of them, the one that changes nothing included.
    pub(crate) fn all(size: Size) -> Vec<Exchange> {
        let mut all = Vec::new();
        for protocols in orders(PROTOCOLS.len()) {
            for node_ports in orders(size.node_ports) {
                for names in orders(size.ports) {
                    all.push(Exchange { protocols: protocols.clone(), node_ports: node_ports.clone(), names });
                }
            }
        }
        all
    }

    pub(crate) fn of(&self, state: &State) -> State {
        let label = |labels: &[usize], label: usize| label.checked_sub(1).map_or(0, |at| labels[at] + 1);
        let port = |port: &Port| Port {
            number: port.number,
            protocol: self.protocols[port.protocol],
            node_port: label(&self.node_ports, port.node_port),
            name: label(&self.names, port.name),
        };
        State(state.0.iter().map(port).collect())
    }
}

/// All orders of 0 to `n` - 1.
pub(crate) fn orders(n: usize) -> Vec<Vec<usize>> {
    let Some(last) = n.checked_sub(1) else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for order in orders(last) {
        for at in 0..n {
            let mut order = order.clone();
            order.insert(at, last);
            all.push(order);
        }
    }
    all.sort();
    all
}

/// A live Service, a wanted one, and how many pairs are like this one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<'w> {
    pub(crate) live: &'w State,
    pub(crate) wanted: &'w State,
    pub(crate) weight: u64,
}

/// One pair of all that are alike, for all; the least of them.
pub(crate) fn pairs(states: &[State], size: Size) -> impl Iterator<Item = Pair<'_>> {
    let exchanges = Exchange::all(size);
    let whole = exchanges.len();
    // Live Services that no exchange makes smaller, with the exchanges that leave them as they are.
    let lives = states.iter().filter_map(move |live| {
        let mut kept = Vec::new();
        for exchange in &exchanges {
            match exchange.of(live).cmp(live) {
                std::cmp::Ordering::Less => return None,
                std::cmp::Ordering::Equal => kept.push(exchange.clone()),
                std::cmp::Ordering::Greater => {}
            }
        }
        Some((live, kept))
    });
    lives.flat_map(move |(live, kept)| {
        states.iter().filter_map(move |wanted| {
            let mut fixed = 0;
            for exchange in &kept {
                match exchange.of(wanted).cmp(wanted) {
                    std::cmp::Ordering::Less => return None,
                    std::cmp::Ordering::Equal => fixed += 1,
                    std::cmp::Ordering::Greater => {}
                }
            }
            Some(Pair { live, wanted, weight: u64::try_from(whole / fixed).unwrap_or_default() })
        })
    })
}
