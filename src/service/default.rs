//! What the server fills in: on every decode (`SetDefaults_Service` of `pkg/apis/core/v1/defaults.go`) and on every read
//! (`defaultOnReadService` of `pkg/registry/core/service/storage/storage.go`, v1.37.2).
//!
//! Both look at the object alone, never at an older one. The order of the rules matters only in that the type is settled before
//! what depends on it.

use super::ip::{Family, family_of};
use super::types::{CLUSTER_IP_NONE, ClientIPConfig, IntOrString, Service, SessionAffinityConfig, service_type};

/// How long a client stays with a pod if nothing is said: three hours.
const CLIENT_IP_SECONDS: i32 = 10_800;

/// Fills in what a Service leaves open.
pub fn default(service: &mut Service) {
    let spec = &mut service.spec;
    fill(&mut spec.session_affinity, "None");
    match spec.session_affinity.as_str() {
        "None" => spec.session_affinity_config = None,
        "ClientIP" => {
            let timeout = spec.session_affinity_config.as_ref().and_then(|config| config.client_ip.as_ref()?.timeout_seconds);
            if timeout.is_none() {
                let client_ip = Some(ClientIPConfig { timeout_seconds: Some(CLIENT_IP_SECONDS) });
                spec.session_affinity_config = Some(SessionAffinityConfig { client_ip });
            }
        }
        _ => {}
    }
    fill(&mut spec.r#type, service_type::CLUSTER_IP);
    for port in &mut spec.ports {
        fill(&mut port.protocol, "TCP");
        let open = match &port.target_port {
            IntOrString::Int(number) => *number == 0,
            IntOrString::String(name) => name.is_empty(),
        };
        if open {
            port.target_port = IntOrString::Int(port.port);
        }
    }
    if spec.is_externally_accessible() {
        fill(&mut spec.external_traffic_policy, "Cluster");
    }
    if spec.opens_node_ports() || spec.is_cluster_ip() {
        spec.internal_traffic_policy.get_or_insert_with(|| "Cluster".to_owned());
    }
    if spec.is_load_balancer() {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
        for ingress in &mut service.status.load_balancer.ingress {
            if !ingress.ip.is_empty() {
                ingress.ip_mode.get_or_insert_with(|| "VIP".to_owned());
            }
        }
    }
}

/// Fills in what older servers did not store, and hides the internal traffic policy of an ExternalName Service.
///
/// It runs on every reply of the main resource, and on the old object at the start of an update.
pub fn on_read(service: &mut Service) {
    let spec = &mut service.spec;
    if !spec.cluster_ip.is_empty() && spec.cluster_ips.is_empty() {
        spec.cluster_ips = vec![spec.cluster_ip.clone()];
    }
    if spec.is_external_name() {
        spec.internal_traffic_policy = None;
        return;
    }
    if spec.ip_families.is_empty() {
        let headless_without_selector = spec.cluster_ip == CLUSTER_IP_NONE && spec.selector.is_empty();
        let policy = if headless_without_selector {
            spec.ip_families = vec![Family::V4.name().to_owned(), Family::V6.name().to_owned()];
            "RequireDualStack"
        } else {
            let families = spec.cluster_ips.iter().map(|ip| family_of(ip).unwrap_or(Family::V4).name().to_owned());
            spec.ip_families = if spec.cluster_ips.is_empty() { vec![Family::V4.name().to_owned()] } else { families.collect() };
            if spec.ip_families.len() > 1 { "RequireDualStack" } else { "SingleStack" }
        };
        spec.ip_family_policy.get_or_insert_with(|| policy.to_owned());
    }
}

/// What [`on_read`] makes of a Service, if that is another one.
pub(crate) fn shown(service: &Service) -> Option<Service> {
    let spec = &service.spec;
    let filled = spec.cluster_ips.is_empty() && !spec.cluster_ip.is_empty();
    let changed = if spec.is_external_name() { spec.internal_traffic_policy.is_some() } else { spec.ip_families.is_empty() };
    (filled || changed).then(|| {
        let mut shown = service.clone();
        on_read(&mut shown);
        shown
    })
}

fn fill(text: &mut String, default: &str) {
    if text.is_empty() {
        text.push_str(default);
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode_json;
    use super::*;
    use crate::value::parse_document;

    #[track_caller]
    fn check(name: &str, spec: &str, expect: &str) {
        let text = format!(r#"{{"spec":{spec}}}"#);
        let mut service = decode_json(&parse_document(text.as_bytes()).unwrap()).unwrap().service;
        default(&mut service);
        assert_eq!(service.to_value().get("spec").unwrap().to_string(), expect, "{name}");
    }

    #[test]
    fn defaults() {
        for (name, spec, expect) in [
            ("default/empty", "{}", r#"{"internalTrafficPolicy":"Cluster","sessionAffinity":"None","type":"ClusterIP"}"#),
            (
                "default/port",
                r#"{"ports":[{"port":53},{"port":80,"targetPort":"","protocol":"UDP"},{"port":81,"targetPort":"0"}]}"#,
                r#"{"internalTrafficPolicy":"Cluster","ports":[{"port":53,"protocol":"TCP","targetPort":53},{"port":80,"protocol":"UDP","targetPort":80},{"port":81,"protocol":"TCP","targetPort":"0"}],"sessionAffinity":"None","type":"ClusterIP"}"#,
            ),
            (
                "default/load_balancer",
                r#"{"type":"LoadBalancer"}"#,
                r#"{"allocateLoadBalancerNodePorts":true,"externalTrafficPolicy":"Cluster","internalTrafficPolicy":"Cluster","sessionAffinity":"None","type":"LoadBalancer"}"#,
            ),
            (
                "default/external_ips",
                r#"{"externalIPs":["192.0.2.1"]}"#,
                r#"{"externalIPs":["192.0.2.1"],"externalTrafficPolicy":"Cluster","internalTrafficPolicy":"Cluster","sessionAffinity":"None","type":"ClusterIP"}"#,
            ),
            (
                "default/external_name",
                r#"{"type":"ExternalName","externalIPs":["192.0.2.1"]}"#,
                r#"{"externalIPs":["192.0.2.1"],"sessionAffinity":"None","type":"ExternalName"}"#,
            ),
            ("default/unknown_type", r#"{"type":"Foo"}"#, r#"{"sessionAffinity":"None","type":"Foo"}"#),
            (
                "default/affinity/none_drops_config",
                r#"{"type":"Foo","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":5}}}"#,
                r#"{"sessionAffinity":"None","type":"Foo"}"#,
            ),
            (
                "default/affinity/client_ip",
                r#"{"type":"Foo","sessionAffinity":"ClientIP","sessionAffinityConfig":{}}"#,
                r#"{"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":10800}},"type":"Foo"}"#,
            ),
            (
                "default/affinity/client_ip_keeps_timeout",
                r#"{"type":"Foo","sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":0}}}"#,
                r#"{"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":0}},"type":"Foo"}"#,
            ),
        ] {
            check(name, spec, expect);
        }
    }

    #[test]
    fn reads() {
        for (name, spec, expect) in [
            (
                "read/external_name_hides_policy",
                r#"{"type":"ExternalName","internalTrafficPolicy":"Cluster"}"#,
                r#"{"type":"ExternalName"}"#,
            ),
            (
                "read/cluster_ip_of_old",
                r#"{"type":"ClusterIP","clusterIP":"10.0.0.1"}"#,
                r#"{"clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","type":"ClusterIP"}"#,
            ),
            (
                "read/headless_of_old",
                r#"{"type":"ClusterIP","clusterIP":"None"}"#,
                r#"{"clusterIP":"None","clusterIPs":["None"],"ipFamilies":["IPv4","IPv6"],"ipFamilyPolicy":"RequireDualStack","type":"ClusterIP"}"#,
            ),
        ] {
            let text = format!(r#"{{"spec":{spec}}}"#);
            let mut service = decode_json(&parse_document(text.as_bytes()).unwrap()).unwrap().service;
            on_read(&mut service);
            assert_eq!(service.to_value().get("spec").unwrap().to_string(), expect, "{name}");
        }
    }
}
