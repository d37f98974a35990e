//! A user's builder of Services with a fault, and the property that finds it: what fails is shrunk and explained.
//!
//! The builder gives DNS over TCP the number that DNS over UDP has, as DNS wants it. Whoever turns TCP on later with
//! `kubectl apply` gets no second port: it is merged into the first. The property is what a test of the builder would have in a
//! `proptest!` block; here it is run by hand, so that its failure can be looked at.

use mergekey::laws;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

/// What users of the chart set.
#[derive(Clone, Debug)]
struct Values {
    name: String,
    tcp: bool,
    metrics: Option<u16>,
    node_ports: bool,
}

fn values() -> impl Strategy<Value = Values> {
    // Charts are upgraded, not renamed.
    let name = Just("resolver".to_owned());
    (name, any::<bool>(), proptest::option::of(9090..9200u16), any::<bool>())
        .prop_map(|(name, tcp, metrics, node_ports)| Values { name, tcp, metrics, node_ports })
}

/// The builder, with its fault.
fn render(values: &Values) -> Value {
    let mut ports = vec![json!({"name": "dns", "port": 53, "protocol": "UDP"})];
    if values.tcp {
        ports.push(json!({"name": "dns-tcp", "port": 53, "protocol": "TCP"}));
    }
    if let Some(number) = values.metrics {
        ports.push(json!({"name": "metrics", "port": number, "protocol": "TCP"}));
    }
    let kind = if values.node_ports { "NodePort" } else { "ClusterIP" };
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": values.name}, "spec": {"type": kind, "ports": ports}})
}

/// Runs the property as a test does, and answers with the message of its failure.
fn failure() -> Option<String> {
    let config = Config { failure_persistence: None, ..Config::default() };
    // The same values in every run.
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let upgrades = runner.run(&(values(), values()), |(old, new)| {
        laws::never_loses_a_port(&render(&old), &render(&new))?;
        Ok(())
    });
    upgrades.err().map(|error| error.to_string())
}

fn main() {
    match failure() {
        Some(message) => println!("{message}"),
        None => println!("no upgrade loses a port"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest upgrade that loses a port, with the reason.
    #[test]
    fn the_fault_is_found_shrunk_and_explained() {
        insta::assert_snapshot!(failure().unwrap());
    }
}
