//! What the server carries over and drops when a Service is written: cluster IPs in step, allocated values inherited, fields of a
//! former type cleared (`pkg/registry/core/service/storage/storage.go` and `pkg/registry/core/service/strategy.go`, and
//! `BeforeUpdate` of apiserver's `registry/rest/update.go`, v1.37.2).

use std::collections::{BTreeMap, BTreeSet};

use super::types::{LoadBalancerStatus, Service, ServiceSpec, ServiceStatus};

/// Empties what a client may not set when it creates a Service: its status, and the self link, which is never stored.
pub fn prepare_for_create(service: &mut Service) {
    service.metadata.self_link.clear();
    service.status = ServiceStatus::default();
}

/// Restores what an update of the main resource may not change, and drops fields that only the old type had.
///
/// `old` is as [`on_read`](super::on_read) leaves it.
pub fn prepare_for_update(new: &mut Service, old: &Service) {
    let (metadata, stored) = (&mut new.metadata, &old.metadata);
    metadata.generation = stored.generation;
    if metadata.uid.is_empty() {
        metadata.uid.clone_from(&stored.uid);
    }
    if stored.creation_timestamp.is_some() {
        metadata.creation_timestamp.clone_from(&stored.creation_timestamp);
    }
    if stored.deletion_timestamp.is_some() {
        metadata.deletion_timestamp.clone_from(&stored.deletion_timestamp);
    }
    if metadata.deletion_grace_period_seconds.is_none() {
        metadata.deletion_grace_period_seconds = stored.deletion_grace_period_seconds;
    }
    new.status.clone_from(&old.status);
    drop_type_dependent_fields(new, &old.spec);
}

/// Keeps `clusterIP` and `clusterIPs` in step (`normalizeClusterIPs`).
pub(super) fn normalise_cluster_ips(new: &mut Service, old: Option<&Service>) {
    let new = &mut new.spec;
    let Some(old) = old.map(|old| &old.spec) else {
        if !new.cluster_ip.is_empty() && new.cluster_ips.is_empty() {
            new.cluster_ips = vec![new.cluster_ip.clone()];
        }
        return;
    };
    if new.cluster_ip == old.cluster_ip {
        if new.cluster_ips.is_empty() {
            new.cluster_ips.clone_from(&old.cluster_ips);
        }
    } else if new.cluster_ips == old.cluster_ips {
        new.cluster_ips.clear();
        if !new.cluster_ip.is_empty() {
            new.cluster_ips.push(new.cluster_ip.clone());
        }
    }
}

/// Fills in what was allocated before and is left out now (`patchAllocatedValues`).
pub(super) fn inherit_allocated(new: &mut ServiceSpec, old: &ServiceSpec) {
    if !new.is_external_name() && !old.is_external_name() {
        if new.cluster_ip.is_empty() {
            new.cluster_ip.clone_from(&old.cluster_ip);
        }
        if new.cluster_ips.is_empty() {
            new.cluster_ips.clone_from(&old.cluster_ips);
        }
    }
    if needs_node_ports(new) && needs_node_ports(old) {
        inherit_node_ports(new, old);
    }
    if new.needs_health_check() && old.needs_health_check() && new.health_check_node_port == 0 {
        new.health_check_node_port = old.health_check_node_port;
    }
}

/// In the sense of the storage: a load balancer may have none.
fn needs_node_ports(spec: &ServiceSpec) -> bool {
    spec.is_node_port() || spec.is_load_balancer() && spec.allocate_load_balancer_node_ports != Some(false)
}

/// Upstream: ports are matched by name alone, and one node port may go to several of them.
fn inherit_node_ports(new: &mut ServiceSpec, old: &ServiceSpec) {
    if new.ports.iter().all(|port| port.node_port != 0) {
        return;
    }
    let before: BTreeSet<i32> = old.ports.iter().map(|port| port.node_port).filter(|&port| port != 0).collect();
    let by_name: BTreeMap<&str, i32> = old.ports.iter().map(|port| (port.name.as_str(), port.node_port)).collect();
    let used: BTreeSet<i32> = new.ports.iter().map(|port| port.node_port).filter(|port| before.contains(port)).collect();
    for port in new.ports.iter_mut().filter(|port| port.node_port == 0) {
        if let Some(&inherited) = by_name.get(port.name.as_str())
            && !used.contains(&inherited)
        {
            port.node_port = inherited;
        }
    }
}

/// One field that only some types have: when it is dropped, and how.
struct TypeDependent {
    /// Whether the change of type drops it, the field being left as it was.
    applies: fn(new: &ServiceSpec, old: &ServiceSpec) -> bool,
    clear: fn(new: &mut ServiceSpec),
}

fn loses_cluster_ip(new: &ServiceSpec, old: &ServiceSpec) -> bool {
    !old.is_external_name() && new.is_external_name()
}

fn loses_load_balancer(new: &ServiceSpec, old: &ServiceSpec) -> bool {
    old.is_load_balancer() && !new.is_load_balancer()
}

/// In upstream's order; add a row to drop a further field.
static TYPE_DEPENDENT: &[TypeDependent] = &[
    TypeDependent {
        applies: |new, old| loses_cluster_ip(new, old) && new.cluster_ip == old.cluster_ip && new.cluster_ips == old.cluster_ips,
        clear: |new| {
            new.cluster_ip.clear();
            new.cluster_ips.clear();
        },
    },
    TypeDependent {
        applies: |new, old| loses_cluster_ip(new, old) && new.ip_families == old.ip_families,
        clear: |new| new.ip_families.clear(),
    },
    TypeDependent {
        applies: |new, old| loses_cluster_ip(new, old) && new.ip_family_policy == old.ip_family_policy,
        clear: |new| new.ip_family_policy = None,
    },
    TypeDependent {
        applies: |new, old| old.opens_node_ports() && !new.opens_node_ports() && has_no_other_node_ports(new, old),
        clear: |new| new.ports.iter_mut().for_each(|port| port.node_port = 0),
    },
    TypeDependent {
        applies: |new, old| {
            old.needs_health_check() && !new.needs_health_check() && new.health_check_node_port == old.health_check_node_port
        },
        clear: |new| new.health_check_node_port = 0,
    },
    TypeDependent {
        applies: |new, old| {
            loses_load_balancer(new, old)
                && new.allocate_load_balancer_node_ports.is_some()
                && new.allocate_load_balancer_node_ports == old.allocate_load_balancer_node_ports
        },
        clear: |new| new.allocate_load_balancer_node_ports = None,
    },
    TypeDependent {
        applies: |new, old| loses_load_balancer(new, old) && new.load_balancer_class == old.load_balancer_class,
        clear: |new| new.load_balancer_class = None,
    },
    TypeDependent {
        applies: |new, old| {
            old.is_externally_accessible()
                && !new.is_externally_accessible()
                && new.external_traffic_policy == old.external_traffic_policy
        },
        clear: |new| new.external_traffic_policy.clear(),
    },
];

fn drop_type_dependent_fields(new: &mut Service, old: &ServiceSpec) {
    for field in TYPE_DEPENDENT {
        if (field.applies)(&new.spec, old) {
            (field.clear)(&mut new.spec);
        }
    }
    if !new.spec.is_load_balancer() {
        new.status.load_balancer = LoadBalancerStatus::default();
    }
}

fn has_no_other_node_ports(new: &ServiceSpec, old: &ServiceSpec) -> bool {
    let before: BTreeSet<i32> = old.ports.iter().map(|port| port.node_port).collect();
    new.ports.iter().all(|port| port.node_port == 0 || before.contains(&port.node_port))
}

#[cfg(test)]
mod tests {
    use super::super::testing::service;
    use super::*;

    fn spec_text(service: &Service) -> String {
        service.to_value().get("spec").map(ToString::to_string).unwrap_or_default()
    }

    #[test]
    fn drops() {
        let old = r#"{"type":"LoadBalancer","clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9"],"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","ports":[{"port":1,"nodePort":30001}],"externalTrafficPolicy":"Local","healthCheckNodePort":30002,"allocateLoadBalancerNodePorts":true,"loadBalancerClass":"x/y""#;
        let ports = r#""ports":[{"port":1,"targetPort":0}]"#;
        for (name, new, expect) in [
            (
                "drop/type_change/to_cluster_ip",
                old.replace("LoadBalancer\",", "ClusterIP\","),
                format!(r#"{{"clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9"],"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack",{ports},"type":"ClusterIP"}}"#),
            ),
            (
                "drop/type_change/to_external_name",
                old.replace("LoadBalancer\",", "ExternalName\","),
                format!(r#"{{{ports},"type":"ExternalName"}}"#),
            ),
            (
                "drop/type_change/changed_ip_stays",
                r#"{"type":"ExternalName","clusterIP":"10.0.0.8","clusterIPs":["10.0.0.9"]"#.to_owned(),
                r#"{"clusterIP":"10.0.0.8","clusterIPs":["10.0.0.9"],"type":"ExternalName"}"#.to_owned(),
            ),
            (
                "drop/type_change/other_node_port_stays",
                r#"{"type":"ClusterIP","ports":[{"port":1,"nodePort":30009},{"port":2,"nodePort":30001}]"#.to_owned(),
                r#"{"ports":[{"nodePort":30009,"port":1,"targetPort":0},{"nodePort":30001,"port":2,"targetPort":0}],"type":"ClusterIP"}"#.to_owned(),
            ),
            ("drop/same_type", format!("{old},\"ports\":null"), spec_text(&service(&format!("{old},\"ports\":null}}")))),
        ] {
            let mut new = service(&format!("{new}}}"));
            prepare_for_update(&mut new, &service(&format!("{old}}}")));
            assert_eq!(spec_text(&new), expect, "{name}");
        }
    }

    #[test]
    fn cluster_ips_in_step() {
        let one = r#"{"clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9"]}"#;
        for (name, old, new, expect) in [
            ("normalise/create", "", r#"{"clusterIP":"10.0.0.9"}"#, one),
            ("normalise/create/not_back", "", r#"{"clusterIPs":["10.0.0.9"]}"#, r#"{"clusterIPs":["10.0.0.9"]}"#),
            ("normalise/update/kept", one, r#"{"clusterIP":"10.0.0.9"}"#, one),
            ("normalise/update/cleared", one, r#"{"clusterIPs":["10.0.0.9"]}"#, "{}"),
            (
                "normalise/update/changed",
                one,
                r#"{"clusterIP":"None","clusterIPs":["10.0.0.9"]}"#,
                r#"{"clusterIP":"None","clusterIPs":["None"]}"#,
            ),
            ("normalise/update/first", "{}", r#"{"clusterIP":"10.0.0.9"}"#, one),
        ] {
            let old = (!old.is_empty()).then(|| service(old));
            let mut new = service(new);
            normalise_cluster_ips(&mut new, old.as_ref());
            assert_eq!(spec_text(&new), expect, "{name}");
        }
    }

    #[test]
    fn node_ports_are_inherited_by_name() {
        let ports = |spec: &ServiceSpec| spec.ports.iter().map(|port| port.node_port).collect::<Vec<_>>();
        let old =
            r#"{"type":"NodePort","ports":[{"port":1,"name":"a","nodePort":30001},{"port":2,"name":"b","nodePort":30002}]}"#;
        for (name, new, expect) in [
            ("inherit/by_name", r#"{"type":"NodePort","ports":[{"port":9,"name":"b"},{"port":8,"name":"c"}]}"#, [30_002, 0]),
            (
                "inherit/used_is_not_given_twice",
                r#"{"type":"NodePort","ports":[{"port":9,"name":"x","nodePort":30002},{"port":8,"name":"b"}]}"#,
                [30_002, 0],
            ),
            (
                "inherit/one_for_two",
                r#"{"type":"NodePort","ports":[{"port":9,"name":"a"},{"port":8,"name":"a"}]}"#,
                [30_001, 30_001],
            ),
            (
                "inherit/not_by_cluster_ip",
                r#"{"type":"ClusterIP","ports":[{"port":9,"name":"a"},{"port":8,"name":"b"}]}"#,
                [0, 0],
            ),
            (
                "inherit/not_without_node_ports",
                r#"{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"port":9,"name":"a"},{"port":8,"name":"b"}]}"#,
                [0, 0],
            ),
        ] {
            let mut new = service(new).spec;
            inherit_allocated(&mut new, &service(old).spec);
            assert_eq!(ports(&new), expect, "{name}");
        }
    }
}
