//! What a Service must be to be stored (`ValidateServiceCreate`, `ValidateServiceUpdate` and `validateService` of
//! `pkg/apis/core/validation/validation.go`, v1.37.2, feature gates at their defaults).
//!
//! A rule is a function and a row in [`RULES`] or [`UPDATE_RULES`]; rows are in upstream's order, which the causes of a refusal
//! keep. All faults are gathered, equal ones once.
//!
//! Left out: rules that defaulting or the allocator always fulfil or refuse before (required policies, cluster IP fields).

use super::field_error::{FieldError, deduplicate, named, text, texts};
use super::metadata::{self, validate_labels};
use super::names;
use super::network::{ONLY_LOAD_BALANCER, external_ips, source_ranges};
use super::ports::{BETWEEN, each_port, is_port_number, no_node_ports_for_cluster_ip, repeated_node_ports, repeated_ports};
use super::types::{Service, ServiceSpec, service_type};

/// A Service to be checked, and the one that it replaces.
pub(super) struct Subject<'s> {
    pub(super) new: &'s Service,
    pub(super) old: Option<&'s Service>,
}

impl<'s> Subject<'s> {
    pub(super) fn spec(&self) -> &'s ServiceSpec {
        &self.new.spec
    }

    pub(super) fn old_spec(&self) -> Option<&'s ServiceSpec> {
        self.old.map(|old| &old.spec)
    }
}

/// A rule: looks at the Service and adds what is wrong.
type Rule = fn(&Subject<'_>, &mut Vec<FieldError>);

/// `validateService`.
static RULES: &[Rule] = &[
    topology_annotations,
    ports_required,
    headless_type,
    external_name_fields,
    external_name,
    each_port,
    selector,
    session_affinity,
    session_affinity_timeout,
    external_ips,
    service_type_known,
    no_node_ports_for_cluster_ip,
    repeated_node_ports,
    repeated_ports,
    source_ranges,
    allocate_load_balancer_node_ports,
    load_balancer_class,
    external_traffic_policy,
    health_check_node_port,
    internal_traffic_policy,
    traffic_distribution,
];

/// What an update must fulfil before [`RULES`].
static UPDATE_RULES: &[Rule] =
    &[cluster_ips_unchanged, load_balancer_class_unchanged, load_balancer_class, health_check_node_port_unchanged];

/// The faults of a new Service, after allocation and [`prepare_for_create`](super::prepare_for_create).
pub fn validate_create(service: &Service) -> Vec<FieldError> {
    let mut errors = Vec::new();
    metadata::validate_create(service, &mut errors);
    let subject = Subject { new: service, old: None };
    RULES.iter().for_each(|rule| rule(&subject, &mut errors));
    deduplicate(&mut errors);
    errors
}

/// The faults of a changed Service, after allocation and [`prepare_for_update`](super::prepare_for_update); `old` is as
/// [`on_read`](super::on_read) leaves it.
pub fn validate_update(new: &Service, old: &Service) -> Vec<FieldError> {
    let mut errors = Vec::new();
    metadata::validate_update(new, old, &mut errors);
    let subject = Subject { new, old: Some(old) };
    UPDATE_RULES.iter().chain(RULES).for_each(|rule| rule(&subject, &mut errors));
    deduplicate(&mut errors);
    errors
}

const NOT_ONCE_SET: &str = "may not change once set";

fn cluster_ips_unchanged(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let (new, Some(old)) = (subject.spec(), subject.old_spec()) else { return };
    if new.is_external_name() || old.is_external_name() || new.is_headless() && old.is_headless() {
        return;
    }
    if new.cluster_ips.len() == old.cluster_ips.len() {
        for (index, _) in new.cluster_ips.iter().zip(&old.cluster_ips).enumerate().filter(|(_, (new, old))| new != old) {
            errors.push(FieldError::invalid(format!("spec.clusterIPs[{index}]"), texts(&new.cluster_ips), NOT_ONCE_SET));
        }
    }
}

fn load_balancer_class_unchanged(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let (new, Some(old)) = (subject.spec(), subject.old_spec()) else { return };
    if new.is_load_balancer() && old.is_load_balancer() && new.load_balancer_class != old.load_balancer_class {
        // Upstream prints the pointer, not the string, so as JSON.
        let value = new.load_balancer_class.as_deref().map_or("null".to_owned(), named);
        errors.push(FieldError::invalid("spec.loadBalancerClass", value, NOT_ONCE_SET));
    }
}

fn health_check_node_port_unchanged(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let (new, Some(old)) = (subject.spec(), subject.old_spec()) else { return };
    if new.needs_health_check() && old.needs_health_check() && new.health_check_node_port != old.health_check_node_port {
        errors.push(FieldError::forbidden("spec.healthCheckNodePort", "field is immutable"));
    }
}

fn topology_annotations(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let annotation = |name: &str| subject.new.metadata.annotations.get(name);
    let names = ["service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"];
    if let [Some(mode), Some(hints)] = names.map(annotation)
        && mode != hints
    {
        errors.push(FieldError::invalid(
            "metadata.annotations[service.kubernetes.io/topology-mode]",
            text(mode),
            "must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified",
        ));
    }
}

fn ports_required(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let spec = subject.spec();
    if spec.ports.is_empty() && !spec.is_headless() && !spec.is_external_name() {
        errors.push(FieldError::required("spec.ports", ""));
    }
}

fn headless_type(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let spec = subject.spec();
    if spec.is_headless() && spec.opens_node_ports() {
        let detail = format!("may not be set to 'None' for {} services", spec.r#type);
        errors.push(FieldError::invalid("spec.clusterIPs[0]", text("None"), &detail));
    }
}

fn external_name_fields(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let spec = subject.spec();
    if !spec.is_external_name() {
        return;
    }
    for (field, set) in [
        ("spec.clusterIPs", !spec.cluster_ips.is_empty()),
        ("spec.ipFamilies", !spec.ip_families.is_empty()),
        ("spec.ipFamilyPolicy", spec.ip_family_policy.is_some()),
    ] {
        if set {
            errors.push(FieldError::forbidden(field, "may not be set for ExternalName services"));
        }
    }
}

fn external_name(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let spec = subject.spec();
    if !spec.is_external_name() {
        return;
    }
    let name = spec.external_name.strip_suffix('.').unwrap_or(&spec.external_name);
    if name.is_empty() {
        errors.push(FieldError::required("spec.externalName", ""));
        return;
    }
    let faults = names::subdomain_faults(name);
    errors.extend(faults.iter().map(|fault| FieldError::invalid("spec.externalName", text(name), fault)));
}

fn selector(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    validate_labels("spec.selector", &subject.spec().selector, errors);
}

fn session_affinity(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    supported("spec.sessionAffinity", &subject.spec().session_affinity, &["ClientIP", "None"], errors);
}

fn session_affinity_timeout(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let spec = subject.spec();
    let client_ip = spec.session_affinity_config.as_ref().and_then(|config| config.client_ip.as_ref());
    if spec.session_affinity == "ClientIP"
        && let Some(seconds) = client_ip.and_then(|client_ip| client_ip.timeout_seconds)
        && !(1..=86_400).contains(&seconds)
    {
        errors.push(FieldError::invalid(
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
            seconds,
            "must be greater than 0 and less than 86400",
        ));
    }
}

fn service_type_known(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let types = [service_type::CLUSTER_IP, service_type::EXTERNAL_NAME, service_type::LOAD_BALANCER, service_type::NODE_PORT];
    supported("spec.type", &subject.spec().r#type, &types, errors);
}

fn allocate_load_balancer_node_ports(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let spec = subject.spec();
    if spec.allocate_load_balancer_node_ports.is_some() && !spec.is_load_balancer() {
        errors.push(FieldError::forbidden("spec.allocateLoadBalancerNodePorts", ONLY_LOAD_BALANCER));
    }
}

fn load_balancer_class(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let spec = subject.spec();
    let Some(class) = &spec.load_balancer_class else { return };
    if spec.is_load_balancer() {
        let faults = names::qualified_name_faults(class);
        errors.extend(faults.iter().map(|fault| FieldError::invalid("spec.loadBalancerClass", text(class), fault)));
    } else {
        errors.push(FieldError::forbidden("spec.loadBalancerClass", ONLY_LOAD_BALANCER));
    }
}

const TRAFFIC_POLICIES: [&str; 2] = ["Cluster", "Local"];

fn external_traffic_policy(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let spec = subject.spec();
    let policy = &spec.external_traffic_policy;
    if policy.is_empty() {
        return;
    }
    if spec.is_externally_accessible() {
        supported("spec.externalTrafficPolicy", policy, &TRAFFIC_POLICIES, errors);
    } else {
        let detail = "may only be set for externally-accessible services";
        errors.push(FieldError::invalid("spec.externalTrafficPolicy", named(policy), detail));
    }
}

fn health_check_node_port(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let spec = subject.spec();
    let port = spec.health_check_node_port;
    let detail = if spec.needs_health_check() {
        if is_port_number(port) {
            return;
        }
        BETWEEN
    } else {
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    };
    if port != 0 {
        errors.push(FieldError::invalid("spec.healthCheckNodePort", port, detail));
    }
}

fn internal_traffic_policy(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    if let Some(policy) = &subject.spec().internal_traffic_policy {
        supported("spec.internalTrafficPolicy", policy, &TRAFFIC_POLICIES, errors);
    }
}

fn traffic_distribution(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let values = ["PreferClose", "PreferSameZone", "PreferSameNode"];
    if let Some(distribution) = &subject.spec().traffic_distribution
        && !values.contains(&distribution.as_str())
    {
        errors.push(FieldError::not_supported("spec.trafficDistribution", text(distribution), &values));
    }
}

/// A value of a named string type must be one of these.
fn supported(field: &str, value: &str, values: &[&str], errors: &mut Vec<FieldError>) {
    if !values.contains(&value) {
        errors.push(FieldError::not_supported(field, named(value), values));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{defaulted, object, service, summary};
    use super::super::{default, on_read, prepare_for_update};
    use super::*;

    const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    const BETWEEN_TEXT: &str = "must be between 1 and 65535, inclusive";

    #[track_caller]
    fn check_create(name: &str, spec: &str, expect: &str) {
        assert_eq!(summary(&validate_create(&defaulted(spec))), expect, "{name}");
    }

    #[test]
    fn ports() {
        let one = |port: &str| format!(r#"{{"ports":[{port}]}}"#);
        for (name, spec, expect) in [
            ("validate/ports/none", "{}".to_owned(), "spec.ports: Required value".to_owned()),
            ("validate/ports/none/headless", r#"{"clusterIP":"None","clusterIPs":["None"]}"#.to_owned(), String::new()),
            ("validate/ports/zero_fails_twice", one(r#"{"port":0}"#), format!("spec.ports[0].port: Invalid value: 0: {BETWEEN_TEXT}; spec.ports[0].targetPort: Invalid value: 0: {BETWEEN_TEXT}")),
            ("validate/ports/too_big", one(r#"{"port":65536,"targetPort":1}"#), format!("spec.ports[0].port: Invalid value: 65536: {BETWEEN_TEXT}")),
            ("validate/ports/name", one(r#"{"port":1,"name":"Upper"}"#), format!(r#"spec.ports[0].name: Invalid value: "Upper": {LABEL}"#)),
            ("validate/ports/name/needed_for_two", one(r#"{"port":1},{"port":2}"#), "spec.ports[0].name: Required value; spec.ports[1].name: Required value".to_owned()),
            ("validate/ports/protocol", one(r#"{"port":1,"protocol":"tcp"}"#), r#"spec.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP""#.to_owned()),
            ("validate/ports/target/digits", one(r#"{"port":1,"targetPort":"0"}"#), r#"spec.ports[0].targetPort: Invalid value: "0": must contain at least one letter (a-z)"#.to_owned()),
            ("validate/ports/app_protocol", one(r#"{"port":1,"appProtocol":"/x"}"#), r#"spec.ports[0].appProtocol: Invalid value: "/x": prefix part must be non-empty"#.to_owned()),
            ("validate/ports/node_port_of_cluster_ip", one(r#"{"port":1,"nodePort":30000}"#), "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'".to_owned()),
            ("validate/ports/node_port_of_external_name", r#"{"type":"ExternalName","externalName":"a.b","ports":[{"port":1,"nodePort":30000}]}"#.to_owned(), String::new()),
            (
                "validate/ports/repeated",
                one(r#"{"port":53,"name":"a"},{"port":53,"name":"a"}"#),
                r#"spec.ports[1].name: Duplicate value: "a"; spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":53,"TargetPort":0,"NodePort":0}"#.to_owned(),
            ),
            (
                "validate/ports/repeated/node_port_first",
                r#"{"type":"NodePort","ports":[{"port":53,"name":"a","nodePort":30001},{"port":53,"name":"b","nodePort":30001},{"port":54,"name":"c","protocol":"UDP","nodePort":30001}]}"#.to_owned(),
                r#"spec.ports[1].nodePort: Duplicate value: 30001; spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":53,"TargetPort":0,"NodePort":0}"#.to_owned(),
            ),
        ] {
            check_create(name, &spec, &expect);
        }
    }

    #[test]
    fn spec() {
        let with = |fields: &str| format!(r#"{{"ports":[{{"port":1}}],{fields}}}"#);
        let cidr = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
        let only = "Forbidden: may only be used when `type` is 'LoadBalancer'";
        for (name, spec, expect) in [
            ("validate/headless/node_port", with(r#""type":"NodePort","clusterIPs":["None"]"#), r#"spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services"#.to_owned()),
            ("validate/external_name/fields", r#"{"type":"ExternalName","clusterIPs":["x"],"ipFamilies":["y"],"ipFamilyPolicy":"z"}"#.to_owned(), "spec.clusterIPs: Forbidden: may not be set for ExternalName services; spec.ipFamilies: Forbidden: may not be set for ExternalName services; spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services; spec.externalName: Required value".to_owned()),
            ("validate/external_name/dot", r#"{"type":"ExternalName","externalName":"a.B."}"#.to_owned(), format!(r#"spec.externalName: Invalid value: "a.B": {SUBDOMAIN}"#)),
            ("validate/selector", with(r#""selector":{"/a":""}"#), r#"spec.selector: Invalid value: "/a": prefix part must be non-empty"#.to_owned()),
            ("validate/affinity", with(r#""sessionAffinity":"X""#), r#"spec.sessionAffinity: Unsupported value: "X": supported values: "ClientIP", "None""#.to_owned()),
            ("validate/affinity/timeout", with(r#""sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":86401}}"#), "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400".to_owned()),
            ("validate/affinity/timeout/limit", with(r#""sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":86400}}"#), String::new()),
            ("validate/external_ips", with(r#""externalIPs":["bogus","01.2.3.4","::ffff:1.2.3.4","0.0.0.0","127.0.0.1","fe80::1","ff12::1","192.0.2.1"]"#), [
                r#"spec.externalIPs[0]: Invalid value: "bogus": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"#,
                r#"spec.externalIPs[1]: Invalid value: "01.2.3.4": must not have leading 0s"#,
                r#"spec.externalIPs[2]: Invalid value: "::ffff:1.2.3.4": must not be an IPv4-mapped IPv6 address"#,
                r#"spec.externalIPs[3]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)"#,
                r#"spec.externalIPs[4]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)"#,
                r#"spec.externalIPs[5]: Invalid value: "fe80::1": may not be in the link-local range (169.254.0.0/16, fe80::/10)"#,
                r#"spec.externalIPs[6]: Invalid value: "ff12::1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"#,
            ].join("; ")),
            ("validate/type", with(r#""type":"Foo""#), r#"spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort""#.to_owned()),
            ("validate/source_ranges", with(r#""type":"LoadBalancer","loadBalancerSourceRanges":[" 10.0.0.0/8 ","x","10.0.0.0/08","::ffff:10.0.0.0/104","10.0.0.1/8"]"#), [
                &format!(r#"spec.LoadBalancerSourceRanges[1]: Invalid value: "x": {cidr}"#),
                r#"spec.LoadBalancerSourceRanges[2]: Invalid value: "10.0.0.0/08": must not have leading 0s in IP or prefix length"#,
                r#"spec.LoadBalancerSourceRanges[3]: Invalid value: "::ffff:10.0.0.0/104": must not have an IPv4-mapped IPv6 address"#,
                r#"spec.LoadBalancerSourceRanges[4]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length"#,
            ].join("; ")),
            ("validate/load_balancer_class", with(r#""loadBalancerClass":"x/y""#), format!("spec.loadBalancerClass: {only}")),
            ("validate/traffic/external/inside", with(r#""externalTrafficPolicy":"Local""#), r#"spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services"#.to_owned()),
            ("validate/traffic/external/unknown", with(r#""type":"NodePort","externalTrafficPolicy":"Zed""#), r#"spec.externalTrafficPolicy: Unsupported value: "Zed": supported values: "Cluster", "Local""#.to_owned()),
            ("validate/traffic/internal", with(r#""internalTrafficPolicy":"""#), r#"spec.internalTrafficPolicy: Unsupported value: "": supported values: "Cluster", "Local""#.to_owned()),
            ("validate/traffic/distribution", with(r#""trafficDistribution":"Q""#), r#"spec.trafficDistribution: Unsupported value: "Q": supported values: "PreferClose", "PreferSameZone", "PreferSameNode""#.to_owned()),
            ("validate/health_check", with(r#""healthCheckNodePort":30045"#), "spec.healthCheckNodePort: Invalid value: 30045: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'".to_owned()),
            ("validate/health_check/number", with(r#""type":"LoadBalancer","externalTrafficPolicy":"Local","healthCheckNodePort":-1"#), format!("spec.healthCheckNodePort: Invalid value: -1: {BETWEEN_TEXT}")),
            ("validate/order/class_after_ports_on_create", with(r#""loadBalancerClass":"x/y","loadBalancerSourceRanges":["x"],"allocateLoadBalancerNodePorts":true,"trafficDistribution":"Q""#), format!(r#"spec.LoadBalancerSourceRanges: {only}; spec.LoadBalancerSourceRanges[0]: Invalid value: "x": {cidr}; spec.allocateLoadBalancerNodePorts: {only}; spec.loadBalancerClass: {only}; spec.trafficDistribution: Unsupported value: "Q": supported values: "PreferClose", "PreferSameZone", "PreferSameNode""#)),
        ] {
            check_create(name, &spec, &expect);
        }
    }

    #[test]
    fn annotations() {
        let ranges = "metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]";
        for (name, annotations, expect) in [
            ("validate/annotations/topology", r#"{"service.kubernetes.io/topology-mode":"Auto","service.kubernetes.io/topology-aware-hints":"x"}"#, r#"metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "Auto": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified"#.to_owned()),
            ("validate/annotations/source_ranges", r#"{"service.beta.kubernetes.io/load-balancer-source-ranges":" 10.0.0.0/8, x"}"#, format!("{ranges}: Forbidden: may only be used when `type` is 'LoadBalancer'; {ranges}: Invalid value: \"x\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")),
        ] {
            let mut service = object(&format!(r#"{{"metadata":{{"name":"n","annotations":{annotations}}},"spec":{{"ports":[{{"port":1}}]}}}}"#));
            default(&mut service);
            assert_eq!(summary(&validate_create(&service)), expect, "{name}");
        }
    }

    /// Only the fields of the causes, in order.
    #[track_caller]
    fn check_update_order(name: &str, old: &Service, new: &mut Service, expect: &[&str]) {
        let mut old = old.clone();
        on_read(&mut old);
        prepare_for_update(new, &old);
        let fields: Vec<_> = validate_update(new, &old).into_iter().map(|error| error.field).collect();
        assert_eq!(fields, expect, "{name}");
    }

    #[test]
    fn order_on_update() {
        let old = defaulted(
            r#"{"ports":[{"port":1}],"clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9"],"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack"}"#,
        );
        let mut new = object(
            r#"{"metadata":{"name":"n","namespace":"ns","labels":{"/a":""},"finalizers":["a","-/b","c"],"uid":"other","deletionTimestamp":"2020-01-01T00:00:00Z"},
                "spec":{"ports":[{"port":1,"protocol":"tcp"}],"clusterIP":"10.0.0.8","clusterIPs":["10.0.0.8"],"loadBalancerClass":"x/y","selector":{"a":"-"}}}"#,
        );
        default(&mut new);
        check_update_order(
            "validate/order/update",
            &old,
            &mut new,
            &[
                "metadata.labels",
                "metadata.finalizers",
                "metadata.uid",
                "metadata.deletionTimestamp",
                "metadata.finalizers[0]",
                "metadata.finalizers[2]",
                "spec.clusterIPs[0]",
                "spec.loadBalancerClass",
                "spec.ports[0].protocol",
                "spec.selector",
            ],
        );
        let mut new = defaulted(
            r#"{"ports":[{"port":1}],"clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9"],"loadBalancerClass":"x/y","loadBalancerSourceRanges":["10.0.0.0/33"],
                "allocateLoadBalancerNodePorts":true,"externalTrafficPolicy":"Local","healthCheckNodePort":30045}"#,
        );
        check_update_order(
            "validate/order/load_balancer_fields",
            &old,
            &mut new,
            &[
                "spec.loadBalancerClass",
                "spec.LoadBalancerSourceRanges",
                "spec.LoadBalancerSourceRanges[0]",
                "spec.allocateLoadBalancerNodePorts",
                "spec.externalTrafficPolicy",
                "spec.healthCheckNodePort",
            ],
        );
    }

    #[test]
    fn updates() {
        let balancer = |fields: &str| {
            format!(
                r#"{{"type":"LoadBalancer","ports":[{{"port":1}}],"clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9"]{fields}}}"#
            )
        };
        let local = r#","externalTrafficPolicy":"Local","healthCheckNodePort":"#;
        for (name, old, new, expect) in [
            (
                "validate/update/class",
                balancer(""),
                balancer(r#","loadBalancerClass":"x/y""#),
                r#"spec.loadBalancerClass: Invalid value: "x/y": may not change once set"#.to_owned(),
            ),
            (
                "validate/update/class/taken_away",
                balancer(r#","loadBalancerClass":"x/y""#),
                balancer(""),
                "spec.loadBalancerClass: Invalid value: null: may not change once set".to_owned(),
            ),
            (
                "validate/update/health_check",
                balancer(&format!("{local}30001")),
                balancer(&format!("{local}30002")),
                "spec.healthCheckNodePort: Forbidden: field is immutable".to_owned(),
            ),
            (
                "validate/update/health_check/number_too",
                balancer(&format!("{local}30001")),
                balancer(&format!("{local}-1")),
                format!(
                    "spec.healthCheckNodePort: Forbidden: field is immutable; spec.healthCheckNodePort: Invalid value: -1: {BETWEEN_TEXT}"
                ),
            ),
            (
                "validate/update/cluster_ip",
                balancer(""),
                balancer("").replace("0.9", "0.8"),
                r#"spec.clusterIPs[0]: Invalid value: ["10.0.0.8"]: may not change once set"#.to_owned(),
            ),
            (
                "validate/update/old_external_ip_passes",
                balancer(r#","externalIPs":["01.2.3.4"]"#),
                balancer(r#","externalIPs":["01.2.3.4","01.2.3.5"]"#),
                r#"spec.externalIPs[1]: Invalid value: "01.2.3.5": must not have leading 0s"#.to_owned(),
            ),
            (
                "validate/update/old_range_passes",
                balancer(r#","loadBalancerSourceRanges":[" 10.0.0.1/8"]"#),
                balancer(r#","loadBalancerSourceRanges":["10.0.0.1/8"]"#),
                String::new(),
            ),
        ] {
            let (old, mut new) = (service(&old), service(&new));
            default(&mut new);
            assert_eq!(summary(&validate_update(&new, &old)), expect, "{name}");
        }
    }

    #[test]
    fn many_ports_are_checked_quickly_and_each() {
        let ports: Vec<_> = (0..10_000).map(|at| format!(r#"{{"port":{},"name":"p{}"}}"#, at % 5_000 + 1, at % 5_000)).collect();
        let errors = validate_create(&defaulted(&format!(r#"{{"ports":[{}]}}"#, ports.join(","))));
        assert_eq!(errors.len(), 10_000);
    }
}
