//! What the server does to a stored Service before anyone sees it (`defaultOnReadService` of
//! `pkg/registry/core/service/storage/storage.go`, v1.37.2).

use super::ip::{Family, family_of};
use super::types::{CLUSTER_IP_NONE, Service};

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

#[cfg(test)]
mod tests {
    use super::super::decode_json;
    use super::*;
    use crate::value::parse_document;

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
