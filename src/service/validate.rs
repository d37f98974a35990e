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
use super::ports::{each_port, no_node_ports_for_cluster_ip, repeated_node_ports, repeated_ports};
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
    let mut refuse = |index: usize, detail: &str| {
        let list = if new.cluster_ips.is_empty() { "null".to_owned() } else { texts(&new.cluster_ips) };
        errors.push(FieldError::invalid(format!("spec.clusterIPs[{index}]"), list, detail));
    };
    if new.cluster_ips.len() == old.cluster_ips.len() {
        for (index, (new, old)) in new.cluster_ips.iter().zip(&old.cluster_ips).enumerate() {
            if new != old {
                refuse(index, NOT_ONCE_SET);
            }
        }
        return;
    }
    match (new.cluster_ips.first(), old.cluster_ips.first()) {
        (None, Some(_)) => refuse(0, "primary clusterIP can not be unset"),
        (Some(new), Some(old)) if new != old => refuse(0, NOT_ONCE_SET),
        _ => {}
    }
}

fn load_balancer_class_unchanged(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let (new, Some(old)) = (subject.spec(), subject.old_spec()) else { return };
    if new.is_load_balancer() && old.is_load_balancer() && new.load_balancer_class != old.load_balancer_class {
        let value = new.load_balancer_class.as_deref().map_or("null".to_owned(), text);
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
    let annotation = |name: &str| subject.new.metadata.annotations.get(&format!("service.kubernetes.io/{name}"));
    if subject.new.metadata.annotations.is_empty() {
        return;
    }
    if let (Some(mode), Some(hints)) = (annotation("topology-mode"), annotation("topology-aware-hints"))
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
    if spec.health_check_node_port != 0 && !spec.needs_health_check() {
        errors.push(FieldError::invalid(
            "spec.healthCheckNodePort",
            spec.health_check_node_port,
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
        ));
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
