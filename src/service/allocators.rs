//! The pools that cluster IPs and node ports are taken from (`pkg/registry/core/service/{ipallocator,portallocator}`, v1.37.2),
//! and a transaction over them that is kept or undone as a whole.
//!
//! The server modelled has the service range `10.0.0.0/16` and node ports `30000-32767`. What the real server draws at random is
//! an input here: [`Draws`]. Left out: that every allocation is a store write of its own.

use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};

use super::ip;
use super::types::{CLUSTER_IP_NONE, Service};

/// The first and the last node port.
const NODE_PORTS: (i32, i32) = (30_000, 32_767);
/// Node ports are drawn from here on first; what is below is left for those who choose.
const NODE_PORTS_DRAWN_FIRST: i32 = 30_086;
/// `10.0.0.0/16`.
const NETWORK: u32 = 0x0a00_0000;
const NETWORK_MASK: u32 = 0xffff_0000;
const BROADCAST: u32 = NETWORK | !NETWORK_MASK;
/// The server's own Service, `default/kubernetes`, has the first cluster IP.
const API_SERVER: u32 = NETWORK + 1;
/// Cluster IPs are drawn from here on first.
const CLUSTER_IPS_DRAWN_FIRST: u32 = NETWORK + 257;
/// The cluster IP that a dry run shows.
const DRY_RUN_CLUSTER_IP: &str = "10.0.0.0";
/// A dry run shows node ports behind this one.
const DRY_RUN_NODE_PORT: i32 = 32_768;

const WORDS: usize = 44;
/// The text for a cluster IP that is in use.
pub(super) const IP_TAKEN: &str = "provided IP is already allocated";

/// Which cluster IPs and node ports are in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocators {
    cluster_ips: BTreeSet<u32>,
    node_ports: NodePorts,
}

impl Default for Allocators {
    fn default() -> Self {
        Allocators { cluster_ips: [API_SERVER].into(), node_ports: NodePorts::default() }
    }
}

impl Allocators {
    /// Marks what a stored Service holds as in use.
    pub fn hold(&mut self, service: &Service) {
        self.cluster_ips.extend(cluster_ips(service));
        for port in held_node_ports(service) {
            self.node_ports.take(port);
        }
    }

    /// Frees what a deleted Service held.
    pub fn release(&mut self, service: &Service) {
        for ip in cluster_ips(service) {
            self.cluster_ips.remove(&ip);
        }
        for port in held_node_ports(service) {
            self.node_ports.free(port);
        }
    }
}

/// One bit for each node port of the range.
#[derive(Clone, Debug, PartialEq, Eq)]
struct NodePorts {
    words: [u64; WORDS],
}

impl Default for NodePorts {
    fn default() -> Self {
        NodePorts { words: [0; WORDS] }
    }
}

impl NodePorts {
    fn place(port: i32) -> Option<(usize, u64)> {
        let at = usize::try_from(port.checked_sub(NODE_PORTS.0)?).ok()?;
        (port <= NODE_PORTS.1).then_some((at / 64, 1 << (at % 64)))
    }

    fn contains(&self, port: i32) -> bool {
        NodePorts::place(port).is_some_and(|(word, bit)| self.words.get(word).is_some_and(|word| word & bit != 0))
    }

    fn take(&mut self, port: i32) {
        if let Some((word, bit)) = NodePorts::place(port)
            && let Some(word) = self.words.get_mut(word)
        {
            *word |= bit;
        }
    }

    fn free(&mut self, port: i32) {
        if let Some((word, bit)) = NodePorts::place(port)
            && let Some(word) = self.words.get_mut(word)
        {
            *word &= !bit;
        }
    }

    fn next_free(&self) -> Option<i32> {
        let (first, last) = NODE_PORTS;
        self.free_within(NODE_PORTS_DRAWN_FIRST, last).or_else(|| self.free_within(first, NODE_PORTS_DRAWN_FIRST - 1))
    }

    /// The first free port of a span, a word at a time.
    fn free_within(&self, from: i32, to: i32) -> Option<i32> {
        let mut port = from;
        while port <= to {
            let (word, bit) = NodePorts::place(port)?;
            let rest = self.words.get(word)? >> bit.trailing_zeros();
            let (taken, held) = (rest.trailing_ones(), 64 - bit.trailing_zeros());
            port = port.checked_add_unsigned(taken)?;
            if taken < held {
                return (port <= to).then_some(port);
            }
        }
        None
    }
}

/// Where the values come from that the server draws by itself: given ones first, in order, then the next free one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draws {
    /// Cluster IPs to draw.
    pub cluster_ips: VecDeque<String>,
    /// Node ports to draw.
    pub node_ports: VecDeque<i32>,
    /// Health check node ports to draw.
    pub health_check_node_ports: VecDeque<i32>,
}

/// Whether a request is carried out or only tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DryRun {
    /// It is carried out.
    #[default]
    No,
    /// Nothing is kept; drawn values are made up.
    All,
}

/// Reservations of one request: made at once, kept by [`commit`](Self::commit), undone by [`revert`](Self::revert) or by being
/// dropped.
#[derive(Debug)]
pub struct Transaction<'t> {
    allocators: &'t mut Allocators,
    draws: &'t mut Draws,
    dry_run: DryRun,
    reserved_ips: Vec<u32>,
    /// In the order of reservation; a dry run's are here only.
    reserved_ports: Vec<i32>,
    /// The same, to be looked up.
    reserved_port_set: BTreeSet<i32>,
    released_ips: Vec<u32>,
    released_ports: Vec<i32>,
}

impl<'t> Transaction<'t> {
    /// Starts one.
    pub fn begin(allocators: &'t mut Allocators, draws: &'t mut Draws, dry_run: DryRun) -> Self {
        Transaction {
            allocators,
            draws,
            dry_run,
            reserved_ips: Vec::new(),
            reserved_ports: Vec::new(),
            reserved_port_set: BTreeSet::new(),
            released_ips: Vec::new(),
            released_ports: Vec::new(),
        }
    }

    /// Keeps what was reserved and frees what was released.
    pub fn commit(mut self) {
        self.reserved_ips.clear();
        self.reserved_ports.clear();
        if self.dry_run == DryRun::No {
            for ip in &self.released_ips {
                self.allocators.cluster_ips.remove(ip);
            }
            for &port in &self.released_ports {
                self.allocators.node_ports.free(port);
            }
        }
    }

    /// Gives back what was reserved.
    pub fn revert(self) {}

    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run == DryRun::All
    }

    /// Reserves the cluster IP asked for; the error is the allocator's text.
    pub(super) fn reserve_cluster_ip(&mut self, text: &str) -> Result<(), String> {
        let address = match ip::parse(text).map(|parsed| parsed.address) {
            Some(IpAddr::V4(address)) => address.to_bits(),
            _ => 0,
        };
        let inside = address & NETWORK_MASK == NETWORK;
        if self.dry_run == DryRun::All {
            return match inside {
                true => Ok(()),
                false => {
                    Err(format!("the provided IP ({text}) is not in the valid range. The range of valid IPs is 10.0.0.0/16"))
                }
            };
        }
        if !inside || address == NETWORK || address == BROADCAST {
            return Err("the provided network does not match the current range".to_owned());
        }
        if !self.allocators.cluster_ips.insert(address) {
            return Err(IP_TAKEN.to_owned());
        }
        self.reserved_ips.push(address);
        Ok(())
    }

    /// Draws a free cluster IP; nothing if none is left.
    pub(super) fn draw_cluster_ip(&mut self) -> Option<String> {
        if self.dry_run == DryRun::All {
            return Some(DRY_RUN_CLUSTER_IP.to_owned());
        }
        if let Some(given) = self.draws.cluster_ips.pop_front()
            && self.reserve_cluster_ip(&given).is_ok()
        {
            return Some(given);
        }
        let used = &self.allocators.cluster_ips;
        let free = (CLUSTER_IPS_DRAWN_FIRST..BROADCAST)
            .chain(NETWORK + 1..CLUSTER_IPS_DRAWN_FIRST)
            .find(|address| !used.contains(address))?;
        self.allocators.cluster_ips.insert(free);
        self.reserved_ips.push(free);
        Some(Ipv4Addr::from_bits(free).to_string())
    }

    /// Frees a cluster IP when the transaction is kept.
    pub(super) fn release_cluster_ips(&mut self, service: &Service) {
        self.released_ips.extend(cluster_ips(service));
    }

    /// Reserves the node port asked for; the error is the allocator's text.
    pub(super) fn reserve_node_port(&mut self, port: i32) -> Result<(), String> {
        let (first, last) = NODE_PORTS;
        if self.dry_run == DryRun::No && !(first..=last).contains(&port) {
            return Err(format!("provided port is not in the valid range. The range of valid ports is {first}-{last}"));
        }
        if self.allocators.node_ports.contains(port) || self.reserved_port_set.contains(&port) {
            return Err("provided port is already allocated".to_owned());
        }
        self.note_port(port);
        Ok(())
    }

    /// Draws a free node port; nothing if none is left.
    pub(super) fn draw_node_port(&mut self) -> Option<i32> {
        let given = self.draws.node_ports.pop_front();
        self.draw_port(given)
    }

    /// Draws a free port of the same pool for a health check.
    pub(super) fn draw_health_check_node_port(&mut self) -> Option<i32> {
        let given = self.draws.health_check_node_ports.pop_front();
        self.draw_port(given)
    }

    fn draw_port(&mut self, given: Option<i32>) -> Option<i32> {
        if self.dry_run == DryRun::All {
            // Upstream: one behind the highest of this request, whether it is free and in the range or not.
            let port = self.reserved_port_set.last().copied().unwrap_or(DRY_RUN_NODE_PORT).saturating_add(1);
            self.note_port(port);
            return Some(port);
        }
        if let Some(given) = given
            && self.reserve_node_port(given).is_ok()
        {
            return Some(given);
        }
        let free = self.allocators.node_ports.next_free()?;
        self.note_port(free);
        Some(free)
    }

    fn note_port(&mut self, port: i32) {
        if self.dry_run == DryRun::No {
            self.allocators.node_ports.take(port);
        }
        self.reserved_ports.push(port);
        self.reserved_port_set.insert(port);
    }

    /// Frees node ports when the transaction is kept.
    pub(super) fn release_node_ports(&mut self, ports: impl IntoIterator<Item = i32>) {
        self.released_ports.extend(ports);
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        for ip in &self.reserved_ips {
            self.allocators.cluster_ips.remove(ip);
        }
        if self.dry_run == DryRun::No {
            for &port in &self.reserved_ports {
                self.allocators.node_ports.free(port);
            }
        }
    }
}

fn cluster_ips(service: &Service) -> impl Iterator<Item = u32> {
    let held = service.spec.cluster_ips.iter().filter(|ip| *ip != CLUSTER_IP_NONE);
    held.filter_map(|text| match ip::parse(text)?.address {
        IpAddr::V4(address) => Some(address.to_bits()),
        IpAddr::V6(_) => None,
    })
}

/// The node ports of a Service's ports (`collectServiceNodePorts`).
pub(super) fn node_ports(service: &Service) -> impl Iterator<Item = i32> {
    service.spec.ports.iter().map(|port| port.node_port).filter(|&port| port != 0)
}

/// The same and that of the health check.
fn held_node_ports(service: &Service) -> impl Iterator<Item = i32> {
    node_ports(service).chain(Some(service.spec.health_check_node_port).filter(|&port| port != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_is_undone_and_committed_is_kept() {
        let mut allocators = Allocators::default();
        let mut draws = Draws { node_ports: [30_500].into(), cluster_ips: ["10.0.77.7".to_owned()].into(), ..Draws::default() };
        let mut transaction = Transaction::begin(&mut allocators, &mut draws, DryRun::No);
        transaction.reserve_node_port(30_000).unwrap();
        transaction.reserve_cluster_ip("10.0.0.9").unwrap();
        transaction.revert();
        assert_eq!(allocators, Allocators::default());

        let mut transaction = Transaction::begin(&mut allocators, &mut draws, DryRun::No);
        assert_eq!(transaction.draw_node_port(), Some(30_500));
        assert_eq!(transaction.draw_node_port(), Some(30_086));
        assert_eq!(transaction.draw_cluster_ip().as_deref(), Some("10.0.77.7"));
        assert_eq!(transaction.draw_cluster_ip().as_deref(), Some("10.0.1.1"));
        transaction.commit();
        let mut transaction = Transaction::begin(&mut allocators, &mut draws, DryRun::No);
        assert_eq!(transaction.reserve_node_port(30_500).unwrap_err(), "provided port is already allocated");
        transaction.release_node_ports([30_500]);
        transaction.commit();
        let mut transaction = Transaction::begin(&mut allocators, &mut draws, DryRun::No);
        assert_eq!(transaction.reserve_node_port(30_500), Ok(()));
    }

    #[test]
    fn draws_every_node_port_once_the_upper_ones_first() {
        let (mut allocators, mut draws) = (Allocators::default(), Draws::default());
        let mut transaction = Transaction::begin(&mut allocators, &mut draws, DryRun::No);
        transaction.reserve_node_port(30_100).unwrap();
        let drawn: Vec<_> = std::iter::from_fn(|| transaction.draw_node_port()).collect();
        let expect: Vec<_> = (30_086..=32_767).chain(30_000..30_086).filter(|&port| port != 30_100).collect();
        assert_eq!(drawn, expect);
    }

    #[test]
    fn texts() {
        let already = "provided IP is already allocated";
        let range = "the provided network does not match the current range";
        let mut allocators = Allocators::default();
        let mut draws = Draws::default();
        let mut transaction = Transaction::begin(&mut allocators, &mut draws, DryRun::No);
        for (ip, expect) in [
            ("10.0.4.4", ""),
            ("10.0.4.4", already),
            ("10.0.0.1", already),
            ("10.1.0.1", range),
            ("10.0.0.0", range),
            ("10.0.255.255", range),
        ] {
            assert_eq!(transaction.reserve_cluster_ip(ip).err().unwrap_or_default(), expect, "allocate/cluster_ip/{ip}");
        }
        let range = "provided port is not in the valid range. The range of valid ports is 30000-32767";
        for (port, expect) in [
            (30_000, ""),
            (32_767, ""),
            (30_000, "provided port is already allocated"),
            (80, range),
            (-1, range),
            (32_768, range),
        ] {
            assert_eq!(transaction.reserve_node_port(port).err().unwrap_or_default(), expect, "allocate/node_port/{port}");
        }
    }

    #[test]
    fn dry_run_makes_values_up() {
        let mut allocators = Allocators::default();
        let mut draws = Draws::default();
        let mut transaction = Transaction::begin(&mut allocators, &mut draws, DryRun::All);
        assert_eq!(transaction.draw_node_port(), Some(32_769));
        assert_eq!(transaction.draw_node_port(), Some(32_770));
        transaction.commit();
        let mut transaction = Transaction::begin(&mut allocators, &mut draws, DryRun::All);
        assert_eq!(transaction.reserve_node_port(80), Ok(()));
        assert_eq!(transaction.reserve_node_port(80).unwrap_err(), "provided port is already allocated");
        assert_eq!(transaction.draw_health_check_node_port(), Some(81));
        assert_eq!(transaction.draw_cluster_ip().as_deref(), Some("10.0.0.0"));
        assert_eq!(
            transaction.reserve_cluster_ip("10.9.0.1").unwrap_err(),
            "the provided IP (10.9.0.1) is not in the valid range. The range of valid IPs is 10.0.0.0/16"
        );
        transaction.commit();
        assert_eq!(allocators, Allocators::default());
    }
}
