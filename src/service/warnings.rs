//! What the server warns of when it has accepted a Service (`GetWarningsForService` of `pkg/api/service/warnings.go` and the
//! warnings for addresses of apimachinery's `pkg/util/validation/ip.go`, v1.37.2).
//!
//! Left out: the findings of strict decoding, which come first, and the cut of long texts, which is the transport's.

use super::ip;
use super::types::{CLUSTER_IP_NONE, Service};
use crate::value::quote;

/// A rule: looks at the Service and adds its texts.
type Rule = fn(&Service, &mut Vec<String>);

/// In upstream's order; add a row for a further one.
static RULES: &[Rule] = &[
    topology_hints,
    cluster_ips,
    headless,
    external_ips,
    external_ips_deprecated,
    load_balancer_ip,
    source_ranges,
    external_name_ignores_external_ips,
    external_name_ignored,
    prefer_close,
];

/// The warnings for a Service that passed validation, each once.
pub fn warnings(service: &Service) -> Vec<String> {
    let mut texts = Vec::new();
    RULES.iter().for_each(|rule| rule(service, &mut texts));
    texts
}

fn topology_hints(service: &Service, texts: &mut Vec<String>) {
    if service.metadata.annotations.contains_key("service.kubernetes.io/topology-aware-hints") {
        texts.push("annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead".to_owned());
    }
}

fn cluster_ips(service: &Service, texts: &mut Vec<String>) {
    let spec = &service.spec;
    if !spec.cluster_ip.is_empty() && spec.cluster_ip != CLUSTER_IP_NONE {
        each_address("spec.clusterIPs", &spec.cluster_ips, texts);
    }
}

fn headless(service: &Service, texts: &mut Vec<String>) {
    let spec = &service.spec;
    if !spec.is_cluster_ip() || spec.cluster_ip != CLUSTER_IP_NONE {
        return;
    }
    for (field, ignored) in [
        ("spec.loadBalancerIP", !spec.load_balancer_ip.is_empty()),
        ("spec.externalIPs", !spec.external_ips.is_empty()),
        ("spec.SessionAffinity", spec.session_affinity != "None"),
    ] {
        if ignored {
            texts.push(format!("{field} is ignored for headless services"));
        }
    }
}

fn external_ips(service: &Service, texts: &mut Vec<String>) {
    each_address("spec.externalIPs", &service.spec.external_ips, texts);
}

fn external_ips_deprecated(service: &Service, texts: &mut Vec<String>) {
    let spec = &service.spec;
    if !spec.external_ips.is_empty() && spec.cluster_ip != CLUSTER_IP_NONE && !spec.is_external_name() {
        texts.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters".to_owned());
    }
}

fn load_balancer_ip(service: &Service, texts: &mut Vec<String>) {
    if !service.spec.load_balancer_ip.is_empty() {
        texts.extend(address(|| "spec.loadBalancerIP".to_owned(), &service.spec.load_balancer_ip));
    }
}

fn source_ranges(service: &Service, texts: &mut Vec<String>) {
    for (index, value) in service.spec.load_balancer_source_ranges.iter().enumerate() {
        range(&format!("spec.loadBalancerSourceRanges[{index}]"), value, texts);
    }
}

fn external_name_ignores_external_ips(service: &Service, texts: &mut Vec<String>) {
    if service.spec.is_external_name() && !service.spec.external_ips.is_empty() {
        texts.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
}

fn external_name_ignored(service: &Service, texts: &mut Vec<String>) {
    if !service.spec.is_external_name() && !service.spec.external_name.is_empty() {
        texts.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
}

fn prefer_close(service: &Service, texts: &mut Vec<String>) {
    if service.spec.traffic_distribution.as_deref() == Some("PreferClose") {
        texts.push("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".to_owned());
    }
}

fn each_address(field: &str, values: &[String], texts: &mut Vec<String>) {
    for (index, value) in values.iter().enumerate() {
        texts.extend(address(|| format!("{field}[{index}]"), value));
    }
}

/// `GetWarningsForIP`.
fn address(field: impl Fn() -> String, value: &str) -> Option<String> {
    let parsed = ip::parse(value)?;
    let standard = !parsed.leading_zeros && !parsed.mapped;
    if standard && parsed.address.is_ipv4() {
        return None;
    }
    let (field, canonical) = (field(), parsed.address.to_string());
    if !standard {
        return Some(format!("{field}: non-standard IP address {} is invalid: use {}", quote(value), quote(&canonical)));
    }
    (canonical != value)
        .then(|| format!("{field}: IPv6 address {} should be in RFC 5952 canonical format ({})", quote(value), quote(&canonical)))
}

/// `GetWarningsForCIDR`.
fn range(field: &str, value: &str, texts: &mut Vec<String>) {
    let Some(range) = ip::parse_range(value) else { return };
    let address = range.address.address;
    let network = format!("{}/{}", range.network(), range.prefix);
    let before = texts.len();
    if range.network() != address {
        let single = format!("{address}/{}", if address.is_ipv6() { 128 } else { 32 });
        texts.push(format!(
            "{field}: CIDR value {} is ambiguous in this context (should be {} or {}?)",
            quote(value),
            quote(&network),
            quote(&single)
        ));
    }
    if range.leading_zeros || range.address.mapped {
        texts.push(format!("{field}: non-standard CIDR value {} is invalid: use {}", quote(value), quote(&network)));
    }
    let canonical = format!("{address}/{}", range.prefix);
    if texts.len() == before && address.is_ipv6() && canonical != value {
        texts.push(format!(
            "{field}: IPv6 CIDR value {} should be in RFC 5952 canonical format ({})",
            quote(value),
            quote(&canonical)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::defaulted;
    use super::*;

    #[test]
    fn texts() {
        let deprecated = "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
        for (name, spec, expect) in [
            ("warnings/none", r#"{"ports":[{"port":1}]}"#, String::new()),
            ("warnings/external_ips", r#"{"externalIPs":["192.0.2.1"]}"#, deprecated.to_owned()),
            ("warnings/external_ips/odd", r#"{"externalIPs":["192.0.2.1","2001:DB8::1","010.0.0.1"]}"#, format!(r#"spec.externalIPs[1]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1"); spec.externalIPs[2]: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"; {deprecated}"#)),
            ("warnings/headless", r#"{"clusterIP":"None","loadBalancerIP":"1.2.3.04","externalIPs":["192.0.2.1"],"sessionAffinity":"ClientIP"}"#, r#"spec.loadBalancerIP is ignored for headless services; spec.externalIPs is ignored for headless services; spec.SessionAffinity is ignored for headless services; spec.loadBalancerIP: non-standard IP address "1.2.3.04" is invalid: use "1.2.3.4""#.to_owned()),
            ("warnings/external_name", r#"{"type":"ExternalName","externalIPs":["192.0.2.1"]}"#, r#"spec.externalIPs is ignored when spec.type is "ExternalName""#.to_owned()),
            ("warnings/external_name/ignored", r#"{"externalName":"x"}"#, r#"spec.externalName is ignored when spec.type is not "ExternalName""#.to_owned()),
            ("warnings/prefer_close", r#"{"trafficDistribution":"PreferClose"}"#, r#"spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone""#.to_owned()),
            ("warnings/load_balancer_ip/unparsable", r#"{"loadBalancerIP":"zork"}"#, String::new()),
            ("warnings/range/ipv6", r#"{"loadBalancerSourceRanges":["2001:DB8::/64"]}"#, r#"spec.loadBalancerSourceRanges[0]: IPv6 CIDR value "2001:DB8::/64" should be in RFC 5952 canonical format ("2001:db8::/64")"#.to_owned()),
            ("warnings/range/ambiguous_and_odd", r#"{"loadBalancerSourceRanges":["192.012.2.8/24"]}"#, r#"spec.loadBalancerSourceRanges[0]: CIDR value "192.012.2.8/24" is ambiguous in this context (should be "192.12.2.0/24" or "192.12.2.8/32"?); spec.loadBalancerSourceRanges[0]: non-standard CIDR value "192.012.2.8/24" is invalid: use "192.12.2.0/24""#.to_owned()),
        ] {
            assert_eq!(warnings(&defaulted(spec)).join("; "), expect, "{name}");
        }
    }
}
