//! Checks of a Service's ports (`validateServicePort` and the loops over ports of `validateService`,
//! `pkg/apis/core/validation/validation.go`, v1.37.2). Repetitions are found through sets, so they cost the same for many ports.

use std::collections::BTreeSet;

use super::field_error::{FieldError, named, text};
use super::names;
use super::types::{IntOrString, ServicePort};
use super::validate::Subject;

pub(super) const BETWEEN: &str = "must be between 1 and 65535, inclusive";

/// A check of one port, told its index and what the ports before it have.
type PortCheck = for<'s> fn(&Port<'s>, &mut Seen<'s>, &mut Vec<FieldError>);

/// The checks of one port, in upstream's order; add a row for a further one.
static PORT: &[PortCheck] = &[name, port_number, protocol, target_port, app_protocol];

struct Port<'s> {
    index: usize,
    port: &'s ServicePort,
    must_have_name: bool,
}

impl Port<'_> {
    fn field(&self, name: &str) -> String {
        format!("spec.ports[{}].{name}", self.index)
    }
}

#[derive(Default)]
struct Seen<'s> {
    names: BTreeSet<&'s str>,
}

/// All checks of port 0, then of port 1, and so on.
pub(super) fn each_port(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let ports = &subject.spec().ports;
    let mut seen = Seen::default();
    for (index, port) in ports.iter().enumerate() {
        let port = Port { index, port, must_have_name: ports.len() > 1 };
        PORT.iter().for_each(|check| check(&port, &mut seen, errors));
    }
}

fn name<'s>(port: &Port<'s>, seen: &mut Seen<'s>, errors: &mut Vec<FieldError>) {
    let name = port.port.name.as_str();
    if name.is_empty() {
        if port.must_have_name {
            errors.push(FieldError::required(port.field("name"), ""));
        }
        return;
    }
    let faults = names::label_faults(name);
    errors.extend(faults.iter().map(|fault| FieldError::invalid(port.field("name"), text(name), fault)));
    if !seen.names.insert(name) {
        errors.push(FieldError::duplicate(port.field("name"), text(name)));
    }
}

pub(super) fn is_port_number(number: i32) -> bool {
    (1..=65_535).contains(&number)
}

fn port_number<'s>(port: &Port<'s>, _: &mut Seen<'s>, errors: &mut Vec<FieldError>) {
    if !is_port_number(port.port.port) {
        errors.push(FieldError::invalid(port.field("port"), port.port.port, BETWEEN));
    }
}

fn protocol<'s>(port: &Port<'s>, _: &mut Seen<'s>, errors: &mut Vec<FieldError>) {
    let supported = ["SCTP", "TCP", "UDP"];
    if !supported.contains(&port.port.protocol.as_str()) {
        errors.push(FieldError::not_supported(port.field("protocol"), named(&port.port.protocol), &supported));
    }
}

fn target_port<'s>(port: &Port<'s>, _: &mut Seen<'s>, errors: &mut Vec<FieldError>) {
    match &port.port.target_port {
        IntOrString::Int(number) if is_port_number(*number) => {}
        IntOrString::Int(number) => errors.push(FieldError::invalid(port.field("targetPort"), number, BETWEEN)),
        IntOrString::String(name) => {
            let faults = names::port_name_faults(name);
            errors.extend(faults.iter().map(|fault| FieldError::invalid(port.field("targetPort"), text(name), fault)));
        }
    }
}

fn app_protocol<'s>(port: &Port<'s>, _: &mut Seen<'s>, errors: &mut Vec<FieldError>) {
    if let Some(value) = &port.port.app_protocol {
        let faults = names::qualified_name_faults(value);
        errors.extend(faults.iter().map(|fault| FieldError::invalid(port.field("appProtocol"), text(value), fault)));
    }
}

/// Upstream: an ExternalName Service may keep its node ports.
pub(super) fn no_node_ports_for_cluster_ip(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    if !subject.spec().is_cluster_ip() {
        return;
    }
    for (index, _) in subject.spec().ports.iter().enumerate().filter(|(_, port)| port.node_port != 0) {
        errors.push(FieldError::forbidden(format!("spec.ports[{index}].nodePort"), "may not be used when `type` is 'ClusterIP'"));
    }
}

/// One protocol and node port twice.
pub(super) fn repeated_node_ports(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let mut seen = BTreeSet::new();
    for (index, port) in subject.spec().ports.iter().enumerate().filter(|(_, port)| port.node_port != 0) {
        if !seen.insert((port.node_port, port.protocol.as_str())) {
            errors.push(FieldError::duplicate(format!("spec.ports[{index}].nodePort"), port.node_port));
        }
    }
}

/// One protocol and port number twice.
pub(super) fn repeated_ports(subject: &Subject<'_>, errors: &mut Vec<FieldError>) {
    let mut seen = BTreeSet::new();
    for (index, port) in subject.spec().ports.iter().enumerate() {
        if !seen.insert((port.port, port.protocol.as_str())) {
            // Upstream: the internal struct is printed, with Go's names and nothing but the key in it.
            let key = format!(
                r#"{{"Name":"","Protocol":{},"AppProtocol":null,"Port":{},"TargetPort":0,"NodePort":0}}"#,
                named(&port.protocol),
                port.port
            );
            errors.push(FieldError::duplicate(format!("spec.ports[{index}]"), key));
        }
    }
}
