//! Allocation at the start of a write: IP families, cluster IPs, node ports, the health check's port, in this order, the first
//! error ending it (`pkg/registry/core/service/storage/alloc.go`, v1.37.2).
//!
//! It runs before anything is validated, so its errors hide all others.

use std::collections::{BTreeMap, BTreeSet};

use super::allocators::{IP_TAKEN, Transaction, node_ports};
use super::families::init_ip_families;
use super::field_error::{FieldError, texts};
use super::normalise::{inherit_allocated, normalise_cluster_ips};
use super::types::{CLUSTER_IP_NONE, Service, ServiceSpec};
use crate::value::quote;

/// Why a write was refused by the allocator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// 422 `Invalid`, with these causes.
    Invalid(Vec<FieldError>),
    /// 500 `InternalError`; the message is `Internal error occurred: ` and this text, which is the one cause too.
    Internal(String),
    /// 500 without reason and details; the message is this text.
    Plain(String),
}

/// Allocates for a Service that is to be created; it is defaulted and has its name.
///
/// # Errors
/// The first [`Refusal`]; the transaction is then to be reverted.
pub fn begin_create(service: &mut Service, transaction: &mut Transaction<'_>) -> Result<(), Refusal> {
    normalise_cluster_ips(service, None);
    init_ip_families(service, None).map_err(Refusal::Invalid)?;
    allocate_cluster_ips(service, transaction)?;
    if service.spec.opens_node_ports() {
        init_node_ports(&mut service.spec, transaction)?;
    }
    if service.spec.needs_health_check() {
        allocate_health_check_node_port(&mut service.spec, transaction)?;
    }
    Ok(())
}

/// Allocates for a Service that replaces `old`; `new` is defaulted, `old` is as [`on_read`](super::on_read) leaves it.
///
/// # Errors
/// The first [`Refusal`]; the transaction is then to be reverted.
pub fn begin_update(new: &mut Service, old: &Service, transaction: &mut Transaction<'_>) -> Result<(), Refusal> {
    inherit_allocated(&mut new.spec, &old.spec);
    normalise_cluster_ips(new, Some(old));
    init_ip_families(new, Some(old)).map_err(Refusal::Invalid)?;
    if new.spec.is_external_name() && !old.spec.is_external_name() {
        transaction.release_cluster_ips(old);
    } else if old.spec.is_external_name() {
        allocate_cluster_ips(new, transaction)?;
    }
    let frees_node_ports = new.spec.is_cluster_ip() || new.spec.is_external_name();
    if old.spec.opens_node_ports() && frees_node_ports {
        transaction.release_node_ports(node_ports(old));
    }
    if new.spec.opens_node_ports() {
        update_node_ports(new, old, transaction)?;
    }
    match (old.spec.needs_health_check(), new.spec.needs_health_check()) {
        (false, true) => allocate_health_check_node_port(&mut new.spec, transaction)?,
        (true, false) => transaction.release_node_ports([old.spec.health_check_node_port]),
        _ => {}
    }
    Ok(())
}

fn allocate_cluster_ips(service: &mut Service, transaction: &mut Transaction<'_>) -> Result<(), Refusal> {
    let (name, spec) = (&service.metadata.name, &mut service.spec);
    let given = spec.cluster_ips.first().cloned();
    if spec.is_external_name() || given.as_deref() == Some(CLUSTER_IP_NONE) {
        return Ok(());
    }
    let refuse =
        |list: &[String], detail: String| Refusal::Invalid(vec![FieldError::invalid("spec.clusterIPs", texts(list), &detail)]);
    if let Some(given) = given {
        let reserved = match (transaction.reserve_cluster_ip(&given), nameless(name, &given, transaction)) {
            (Err(error), Some(fault)) if error == IP_TAKEN => Err(fault),
            (Ok(()), Some(fault)) => Err(fault),
            (reserved, _) => reserved,
        };
        return reserved.map_err(|error| refuse(&spec.cluster_ips, format!("failed to allocate IP {given}: {error}")));
    }
    let Some(drawn) = transaction.draw_cluster_ip() else {
        return Err(Refusal::Internal(format!("failed to allocate a serviceIP for Service {}: range is full", quote(name))));
    };
    if let Some(fault) = nameless(name, &drawn, transaction) {
        return Err(refuse(&[String::new()], format!("failed to allocate IP: {fault}")));
    }
    spec.cluster_ip.clone_from(&drawn);
    spec.cluster_ips = vec![drawn];
    Ok(())
}

/// Upstream: an IP becomes an object of its own, which must name its Service.
fn nameless(name: &str, ip: &str, transaction: &Transaction<'_>) -> Option<String> {
    let fault = "is invalid: spec.parentRef.name: Required value";
    (name.is_empty() && !transaction.is_dry_run()).then(|| format!("IPAddress.networking.k8s.io {} {fault}", quote(ip)))
}

/// `shouldAllocateNodePorts`: whether a port without node port gets one.
fn draws_node_ports(spec: &ServiceSpec) -> bool {
    spec.is_node_port() || spec.is_load_balancer() && spec.allocate_load_balancer_node_ports == Some(true)
}

fn refuse_node_port(index: usize, port: i32, error: &str) -> Refusal {
    Refusal::Invalid(vec![FieldError::invalid(format!("spec.ports[{index}].nodePort"), port, error)])
}

fn node_ports_exhausted() -> Refusal {
    Refusal::Internal("failed to allocate a nodePort: range is full".to_owned())
}

/// Upstream: entries with one port number share a node port, whatever their protocols, unless each states its own.
fn init_node_ports(spec: &mut ServiceSpec, transaction: &mut Transaction<'_>) -> Result<(), Refusal> {
    let draws = draws_node_ports(spec);
    let mut requested = BTreeMap::new();
    for port in spec.ports.iter().filter(|port| port.node_port != 0) {
        requested.entry(port.port).or_insert(port.node_port);
    }
    let mut shared: BTreeMap<i32, i32> = BTreeMap::new();
    for (index, port) in spec.ports.iter_mut().enumerate() {
        if port.node_port == 0 && !draws {
            continue;
        }
        let reserve = |transaction: &mut Transaction<'_>, wanted: i32| {
            transaction.reserve_node_port(wanted).map_err(|error| refuse_node_port(index, wanted, &error))
        };
        match shared.get(&port.port) {
            None => {
                port.node_port = match requested.get(&port.port) {
                    Some(&wanted) => {
                        reserve(transaction, wanted)?;
                        wanted
                    }
                    None => transaction.draw_node_port().ok_or_else(node_ports_exhausted)?,
                };
                shared.insert(port.port, port.node_port);
            }
            Some(&taken) if port.node_port == 0 => port.node_port = taken,
            Some(&taken) if port.node_port == taken => {}
            Some(_) => reserve(transaction, port.node_port)?,
        }
    }
    Ok(())
}

/// Upstream: unlike on create, ports with one number do not share, and a repeated pair of protocol and node port is a plain error.
fn update_node_ports(new: &mut Service, old: &Service, transaction: &mut Transaction<'_>) -> Result<(), Refusal> {
    let draws = draws_node_ports(&new.spec);
    let before = distinct_node_ports(old);
    let mut reserved = BTreeSet::new();
    let mut seen: BTreeSet<(i32, &str)> = BTreeSet::new();
    for (index, port) in new.spec.ports.iter_mut().enumerate() {
        if port.node_port == 0 {
            if !draws {
                continue;
            }
            port.node_port = transaction.draw_node_port().ok_or_else(node_ports_exhausted)?;
        } else if before.binary_search(&port.node_port).is_err() && reserved.insert(port.node_port) {
            let wanted = port.node_port;
            transaction.reserve_node_port(wanted).map_err(|error| refuse_node_port(index, wanted, &error))?;
        }
        if !seen.insert((port.node_port, port.protocol.as_str())) {
            return Err(Refusal::Plain(format!("duplicate nodePort: {{{} {}}}", port.protocol, port.node_port)));
        }
    }
    let after = distinct_node_ports(new);
    transaction.release_node_ports(before.into_iter().filter(|port| after.binary_search(port).is_err()));
    Ok(())
}

/// The node ports of a Service, each once, in order.
fn distinct_node_ports(service: &Service) -> Vec<i32> {
    let mut ports: Vec<i32> = node_ports(service).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn allocate_health_check_node_port(spec: &mut ServiceSpec, transaction: &mut Transaction<'_>) -> Result<(), Refusal> {
    let wanted = spec.health_check_node_port;
    if wanted != 0 {
        return transaction
            .reserve_node_port(wanted)
            .map_err(|error| Refusal::Internal(format!("failed to allocate requested HealthCheck NodePort {wanted}: {error}")));
    }
    spec.health_check_node_port = transaction
        .draw_health_check_node_port()
        .ok_or_else(|| Refusal::Internal("failed to allocate a HealthCheck NodePort 0: range is full".to_owned()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::allocators::{Allocators, Draws, DryRun};
    use super::super::testing::{defaulted, summary};
    use super::*;

    /// The ports of the result as `port/protocol:nodePort`, or the refusal.
    fn outcome(result: Result<(), Refusal>, service: &Service) -> String {
        match result {
            Ok(()) => {
                let ports = service.spec.ports.iter().map(|port| format!("{}/{}:{}", port.port, port.protocol, port.node_port));
                let ip = if service.spec.cluster_ip.is_empty() { "-" } else { &service.spec.cluster_ip };
                let check = service.spec.health_check_node_port;
                let check = if check == 0 { String::new() } else { format!(" check:{check}") };
                format!("{ip} {}{check}", ports.collect::<Vec<_>>().join(" "))
            }
            Err(Refusal::Invalid(errors)) => summary(&errors),
            Err(Refusal::Internal(text)) => format!("internal: {text}"),
            Err(Refusal::Plain(text)) => format!("plain: {text}"),
        }
    }

    fn allocators() -> Allocators {
        let mut allocators = Allocators::default();
        allocators
            .hold(&defaulted(r#"{"clusterIP":"10.0.0.66","clusterIPs":["10.0.0.66"],"ports":[{"port":1,"nodePort":30066}]}"#));
        allocators
    }

    #[track_caller]
    fn check_create(name: &str, dry_run: DryRun, spec: &str, expect: &str) {
        let (mut allocators, mut draws) = (allocators(), Draws::default());
        let before = allocators.clone();
        let mut service = defaulted(spec);
        let mut transaction = Transaction::begin(&mut allocators, &mut draws, dry_run);
        let result = begin_create(&mut service, &mut transaction);
        transaction.revert();
        assert_eq!(outcome(result, &service), expect, "{name}");
        assert_eq!(allocators, before, "{name}: not reverted");
    }

    #[test]
    fn creates() {
        let taken = "provided port is already allocated";
        for (name, spec, expect) in [
            ("allocate/create/cluster_ip", r#"{"ports":[{"port":1}]}"#, "10.0.1.1 1/TCP:0".to_owned()),
            ("allocate/create/headless", r#"{"clusterIP":"None","ports":[{"port":1}]}"#, "None 1/TCP:0".to_owned()),
            ("allocate/create/unknown_type", r#"{"type":"Foo","ports":[{"port":1}]}"#, "10.0.1.1 1/TCP:0".to_owned()),
            ("allocate/create/external_name", r#"{"type":"ExternalName"}"#, "- ".to_owned()),
            ("allocate/create/given_ip", r#"{"clusterIP":"10.0.0.9"}"#, "10.0.0.9 ".to_owned()),
            ("allocate/create/taken_ip", r#"{"clusterIP":"10.0.0.66"}"#, r#"spec.clusterIPs: Invalid value: ["10.0.0.66"]: failed to allocate IP 10.0.0.66: provided IP is already allocated"#.to_owned()),
            ("allocate/create/node_port/drawn", r#"{"type":"NodePort","ports":[{"port":1},{"port":2}]}"#, "10.0.1.1 1/TCP:30086 2/TCP:30087".to_owned()),
            ("allocate/create/node_port/shared_by_number", r#"{"type":"NodePort","ports":[{"port":53},{"port":53,"protocol":"UDP"}]}"#, "10.0.1.1 53/TCP:30086 53/UDP:30086".to_owned()),
            ("allocate/create/node_port/borrowed_from_later", r#"{"type":"NodePort","ports":[{"port":53},{"port":53,"protocol":"UDP","nodePort":30053}]}"#, "10.0.1.1 53/TCP:30053 53/UDP:30053".to_owned()),
            ("allocate/create/node_port/own", r#"{"type":"NodePort","ports":[{"port":53,"nodePort":30001},{"port":53,"protocol":"UDP","nodePort":30002}]}"#, "10.0.1.1 53/TCP:30001 53/UDP:30002".to_owned()),
            ("allocate/create/node_port/taken_at_the_borrower", r#"{"type":"NodePort","ports":[{"port":53},{"port":53,"protocol":"UDP","nodePort":30066}]}"#, format!("spec.ports[0].nodePort: Invalid value: 30066: {taken}")),
            ("allocate/create/node_port/other_number", r#"{"type":"NodePort","ports":[{"port":1,"nodePort":30001},{"port":2,"protocol":"UDP","nodePort":30001}]}"#, format!("spec.ports[1].nodePort: Invalid value: 30001: {taken}")),
            ("allocate/create/load_balancer/without_node_ports", r#"{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"port":1},{"port":2,"nodePort":30002}]}"#, "10.0.1.1 1/TCP:0 2/TCP:30002".to_owned()),
            ("allocate/create/health_check", r#"{"type":"LoadBalancer","externalTrafficPolicy":"Local","ports":[{"port":1}]}"#, "10.0.1.1 1/TCP:30086 check:30087".to_owned()),
            ("allocate/create/health_check/taken", r#"{"type":"LoadBalancer","externalTrafficPolicy":"Local","healthCheckNodePort":30066}"#, format!("internal: failed to allocate requested HealthCheck NodePort 30066: {taken}")),
            ("allocate/create/ip_before_port", r#"{"type":"NodePort","clusterIP":"10.1.0.1","ports":[{"port":1,"nodePort":1}]}"#, r#"spec.clusterIPs: Invalid value: ["10.1.0.1"]: failed to allocate IP 10.1.0.1: the provided network does not match the current range"#.to_owned()),
        ] {
            check_create(name, DryRun::No, spec, &expect);
        }
        for (name, spec, expect) in [
            (
                "allocate/dry_run/drawn",
                r#"{"type":"NodePort","ports":[{"port":1},{"port":2}]}"#,
                "10.0.0.0 1/TCP:32769 2/TCP:32770",
            ),
            (
                "allocate/dry_run/behind_reserved",
                r#"{"type":"NodePort","ports":[{"port":1,"nodePort":30001},{"port":2}]}"#,
                "10.0.0.0 1/TCP:30001 2/TCP:30002",
            ),
            ("allocate/dry_run/taken_ip_passes", r#"{"clusterIP":"10.0.0.66"}"#, "10.0.0.66 "),
            (
                "allocate/dry_run/taken_port",
                r#"{"type":"NodePort","ports":[{"port":1,"nodePort":30066}]}"#,
                "spec.ports[0].nodePort: Invalid value: 30066: provided port is already allocated",
            ),
        ] {
            check_create(name, DryRun::All, spec, expect);
        }
    }

    #[test]
    fn nameless_is_refused_with_its_ip() {
        let fault = "is invalid: spec.parentRef.name: Required value";
        for (name, dry_run, spec, expect) in [
            (
                "allocate/nameless/drawn",
                DryRun::No,
                r#"{"ports":[{"port":1}]}"#,
                format!(
                    r#"spec.clusterIPs: Invalid value: [""]: failed to allocate IP: IPAddress.networking.k8s.io "10.0.1.1" {fault}"#
                ),
            ),
            (
                "allocate/nameless/taken",
                DryRun::No,
                r#"{"clusterIP":"10.0.0.66"}"#,
                format!(
                    r#"spec.clusterIPs: Invalid value: ["10.0.0.66"]: failed to allocate IP 10.0.0.66: IPAddress.networking.k8s.io "10.0.0.66" {fault}"#
                ),
            ),
            ("allocate/nameless/dry_run", DryRun::All, r#"{"ports":[{"port":1}]}"#, "10.0.0.0 1/TCP:0".to_owned()),
            ("allocate/nameless/headless", DryRun::No, r#"{"clusterIP":"None"}"#, "None ".to_owned()),
        ] {
            let (mut allocators, mut draws) = (allocators(), Draws::default());
            let mut service = defaulted(spec);
            service.metadata.name.clear();
            let mut transaction = Transaction::begin(&mut allocators, &mut draws, dry_run);
            let result = begin_create(&mut service, &mut transaction);
            assert_eq!(outcome(result, &service), expect, "{name}");
        }
    }

    #[track_caller]
    fn check_update(name: &str, old: &str, new: &str, expect: &str) {
        let (mut allocators, mut draws) = (allocators(), Draws::default());
        let mut old = defaulted(old);
        let mut transaction = Transaction::begin(&mut allocators, &mut draws, DryRun::No);
        begin_create(&mut old, &mut transaction).unwrap();
        transaction.commit();
        let mut new = defaulted(new);
        let mut transaction = Transaction::begin(&mut allocators, &mut draws, DryRun::No);
        let result = begin_update(&mut new, &old, &mut transaction);
        assert_eq!(outcome(result, &new), expect, "{name}");
        transaction.commit();
    }

    #[test]
    fn updates() {
        let two = r#"{"type":"NodePort","ports":[{"port":53,"name":"a","nodePort":30001},{"port":53,"name":"b","protocol":"UDP","nodePort":30002}]}"#;
        for (name, old, new, expect) in [
            (
                "allocate/update/kept_by_name",
                two,
                r#"{"type":"NodePort","ports":[{"port":80,"name":"b"},{"port":81,"name":"a"}]}"#,
                "10.0.1.1 80/TCP:30002 81/TCP:30001",
            ),
            (
                "allocate/update/renamed_is_drawn",
                two,
                r#"{"type":"NodePort","ports":[{"port":53,"name":"c"},{"port":53,"name":"d","protocol":"UDP"}]}"#,
                "10.0.1.1 53/TCP:30086 53/UDP:30087",
            ),
            (
                "allocate/update/swapped",
                two,
                r#"{"type":"NodePort","ports":[{"port":53,"name":"a","nodePort":30002},{"port":53,"name":"b","protocol":"UDP","nodePort":30001}]}"#,
                "10.0.1.1 53/TCP:30002 53/UDP:30001",
            ),
            (
                "allocate/update/one_port_two_protocols",
                two,
                r#"{"type":"NodePort","ports":[{"port":1,"name":"a","nodePort":30005},{"port":2,"name":"b","protocol":"UDP","nodePort":30005}]}"#,
                "10.0.1.1 1/TCP:30005 2/UDP:30005",
            ),
            (
                "allocate/update/repeated_pair",
                two,
                r#"{"type":"NodePort","ports":[{"port":1,"name":"a","nodePort":30043},{"port":2,"name":"b","nodePort":30043}]}"#,
                "plain: duplicate nodePort: {TCP 30043}",
            ),
            (
                "allocate/update/taken",
                two,
                r#"{"type":"NodePort","ports":[{"port":1,"name":"a"},{"port":2,"name":"b","nodePort":30066}]}"#,
                "spec.ports[1].nodePort: Invalid value: 30066: provided port is already allocated",
            ),
            ("allocate/update/to_external_name", two, r#"{"type":"ExternalName"}"#, "- "),
            ("allocate/update/from_external_name", r#"{"type":"ExternalName"}"#, r#"{"ports":[{"port":1}]}"#, "10.0.1.1 1/TCP:0"),
            (
                "allocate/update/health_check_comes",
                r#"{"type":"LoadBalancer","ports":[{"port":1}]}"#,
                r#"{"type":"LoadBalancer","externalTrafficPolicy":"Local","ports":[{"port":1}]}"#,
                "10.0.1.1 1/TCP:30086 check:30087",
            ),
            (
                "allocate/update/health_check_stays",
                r#"{"type":"LoadBalancer","externalTrafficPolicy":"Local","ports":[{"port":1}]}"#,
                r#"{"type":"LoadBalancer","externalTrafficPolicy":"Local","ports":[{"port":1}]}"#,
                "10.0.1.1 1/TCP:30086 check:30087",
            ),
        ] {
            check_update(name, old, new, expect);
        }
    }
}
