//! Services as types of k8s-openapi, whichever version of Kubernetes they are of.
//!
//! `K8S_OPENAPI_ENABLED_VERSION=1.33 cargo test --features k8s-openapi --test typed` checks the oldest version that the crate has.

#![cfg(feature = "k8s-openapi")]
#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

// Of the stories only the recordings are read here.
#[allow(dead_code)]
mod support;

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use mergekey::cluster::{Apply, Cluster, Patch};
use mergekey::explain::{Code, Situation};
use mergekey::{Manifest, explain, typed};
use serde_json::{Value, json};

fn port(protocol: &str, node_port: i32) -> ServicePort {
    ServicePort {
        name: Some(format!("dns-{}", protocol.to_lowercase())),
        port: 53,
        protocol: Some(protocol.to_owned()),
        node_port: Some(node_port),
        ..ServicePort::default()
    }
}

fn dns(node_port: i32) -> Service {
    Service {
        metadata: ObjectMeta { name: Some("dns".to_owned()), ..ObjectMeta::default() },
        spec: Some(ServiceSpec {
            type_: Some("NodePort".to_owned()),
            ports: Some(vec![port("UDP", node_port), port("TCP", node_port)]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

#[test]
fn a_manifest_states_what_the_service_has() {
    let manifest = typed::manifest(&dns(30053)).unwrap();
    let expected = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"},
        "spec": {"type": "NodePort", "ports": [
            {"name": "dns-udp", "port": 53, "protocol": "UDP", "nodePort": 30053},
            {"name": "dns-tcp", "port": 53, "protocol": "TCP", "nodePort": 30053},
        ]},
    });
    assert_eq!(*manifest.object(), expected);
    assert_eq!(Service::try_from(&manifest).unwrap(), dns(30053));
}

#[test]
fn a_cluster_takes_and_gives_them() {
    let mut cluster = Cluster::new();
    cluster.apply(&Manifest::try_from(&dns(30053)).unwrap(), Apply::client_side()).unwrap();
    let live = cluster.service("default", "dns").unwrap().unwrap();
    let spec = live.spec.clone().unwrap();
    assert_eq!(spec.cluster_ips.map(|addresses| addresses.len()), Some(1));
    assert_eq!(spec.ports.unwrap()[1].node_port, Some(30053));
    assert_eq!(Service::try_from(&cluster.object("default", "dns").unwrap()).unwrap(), live);
    assert_eq!(cluster.service("default", "other").unwrap(), None);

    // What was read is put into another cluster as it is.
    let mut other = Cluster::new();
    other.insert(&typed::object(&live).unwrap()).unwrap();
    assert_eq!(other.get("Service", "default", "dns"), cluster.get("Service", "default", "dns"));
}

#[test]
fn a_report_is_made_from_them() {
    let mut cluster = Cluster::new();
    cluster.apply(&typed::manifest(&dns(30053)).unwrap(), Apply::client_side()).unwrap();
    let live = typed::object(&cluster.service("default", "dns").unwrap().unwrap()).unwrap();
    let report = explain(Situation { live: Some(&live), manifest: &typed::manifest(&dns(30054)).unwrap() }).unwrap();
    assert_eq!(report.findings()[0].code(), Code::SharedMergeKey);
    let after: Vec<_> = report
        .ways()
        .iter()
        .map(|way| typed::service(way.live.as_ref().unwrap()).unwrap().spec.unwrap().ports.unwrap()[1].node_port)
        .collect();
    assert_eq!(after, [Some(30053), Some(30054), Some(30054), Some(30054)]);
}

#[test]
fn what_is_no_service_is_told() {
    for (object, expected) in [
        (json!({"apiVersion": "v1", "kind": "Pod"}), "invalid value: string \"Pod\", expected Service"),
        (
            json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": 53}}),
            "invalid type: integer `53`, expected a sequence",
        ),
    ] {
        let error = typed::service(&object).unwrap_err();
        assert!(error.is_wrong_type());
        assert_eq!(error.to_string(), expected);
    }
}

/// Every Service that the recorded server stored goes through the types and comes out as it was.
#[test]
fn nothing_is_lost_on_the_way() {
    let mut seen = 0;
    for history in ["http.jsonl.gz", "corner.jsonl.gz"].into_iter().flat_map(support::corpus) {
        for step in history["steps"].as_array().unwrap() {
            let live = &step["request"]["live"];
            if live.is_object() {
                assert_eq!(typed::object(&typed::service(live).unwrap()).unwrap(), *live, "{}", history["id"]);
                seen += 1;
            }
        }
    }
    assert!(seen > 1000, "{seen}");
}

/// As with any object that is newer than who reads it.
#[test]
fn a_field_that_the_types_lack_is_lost() {
    let object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": {"invented": 1}});
    let back = typed::object(&typed::service(&object).unwrap()).unwrap();
    assert_eq!(back.pointer("/spec"), Some(&json!({})));
    assert_eq!(back.pointer("/spec/invented"), None::<&Value>);
}

/// Types compare as values after a patch, too.
#[test]
fn a_patch_is_seen_in_them() {
    let mut cluster = Cluster::new();
    cluster.apply(&typed::manifest(&dns(30053)).unwrap(), Apply::server_side()).unwrap();
    cluster.patch("dns", Patch::merge(r#"{"spec": {"selector": {"app": "dns"}}}"#)).unwrap();
    let selector = cluster.service("default", "dns").unwrap().unwrap().spec.unwrap().selector.unwrap();
    assert_eq!(selector.into_iter().collect::<Vec<_>>(), [("app".to_owned(), "dns".to_owned())]);
}
