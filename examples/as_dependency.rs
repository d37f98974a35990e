//! A controller's own test of the Service that it renders: is a change safe, however it is applied?
//!
//! `cargo test --example as_dependency` runs the tests; `cargo run --example as_dependency` prints what they are about.

use mergekey::laws::{self, Violation};
use serde_json::{Value, json};

/// What users of the controller set.
#[derive(Clone, Copy)]
struct Resolver {
    node_port: Option<u16>,
    over_tcp: bool,
    target_port: u16,
}

const RESOLVER: Resolver = Resolver { node_port: Some(30053), over_tcp: true, target_port: 5353 };

impl Resolver {
    /// The Service that the controller applies.
    fn service(self) -> Value {
        let mut ports = vec![self.port("UDP")];
        if self.over_tcp {
            ports.push(self.port("TCP"));
        }
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "resolver"},
            "spec": {"type": "NodePort", "selector": {"app": "resolver"}, "ports": ports},
        })
    }

    fn port(self, protocol: &str) -> Value {
        let name = format!("dns-{}", protocol.to_lowercase());
        let mut port = json!({"name": name, "protocol": protocol, "port": 53, "targetPort": self.target_port});
        if let Some(node_port) = self.node_port {
            port["nodePort"] = json!(node_port);
        }
        port
    }
}

/// The changes that users make, each with what the controller makes of it.
fn changes() -> [(&'static str, Resolver, Resolver); 3] {
    let udp = Resolver { over_tcp: false, ..RESOLVER };
    [
        ("another target port over UDP", udp, Resolver { target_port: 5454, ..udp }),
        ("another node port", RESOLVER, Resolver { node_port: Some(30054), ..RESOLVER }),
        ("TCP beside UDP", udp, RESOLVER),
    ]
}

fn check(old: Resolver, new: Resolver) -> Result<(), Violation> {
    laws::safe_under_both_applies(&old.service(), &new.service())
}

fn main() {
    for (what, old, new) in changes() {
        match check(old, new) {
            Ok(()) => println!("{what}: safe under both applies\n"),
            Err(violation) => println!("{what}: {violation}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mergekey::explain::Code;

    /// This change is safe under both applies. Where it is not, the test fails with the whole report.
    #[test]
    fn another_target_port_is_safe() -> Result<(), Violation> {
        let udp = Resolver { over_tcp: false, ..RESOLVER };
        check(udp, Resolver { target_port: 5454, ..udp })
    }

    /// Not these, and the controller's release notes say so.
    #[test]
    fn one_number_for_both_protocols_is_not() {
        for (what, old, new) in changes().into_iter().skip(1) {
            let violation = check(old, new).unwrap_err();
            let codes: Vec<Code> = violation.report().unwrap().findings().iter().map(|finding| finding.code()).collect();
            assert!(codes.contains(&Code::SharedMergeKey), "{what}: {violation}");
        }
    }
}
