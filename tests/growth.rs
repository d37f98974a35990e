//! Large lists come to an end, in a debug build too, and with twice as many ports twice the memory is asked for.
//!
//! No clock decides here: allocations are counted, by an allocator of this binary alone, and their number is the same in every run.
//! Work that grew with the square of the input and asked for no memory would take these tests minutes; how the time grows is shown
//! by the benches.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use mergekey::Manifest;
use mergekey::cluster::{Apply, Cluster, Replace};
use mergekey::explain::Situation;
use mergekey::schema::Schema;
use mergekey::strategic::{self, Conflicts, ThreeWay};
use mergekey::structured::{self, Applied};
use serde_json::{Value, json};

/// Two thirds of the ports share their numbers with others.
fn service(ports: usize, shift: usize) -> Value {
    let port = |at: usize| {
        let (number, protocol) = (1 + at / 3 * 2 % 65_000, ["TCP", "UDP", "SCTP"][at % 3]);
        json!({"name": format!("p{at}"), "port": number, "protocol": protocol, "targetPort": 1 + (at + shift) % 60_000})
    };
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns", "namespace": "default"},
        "spec": {"ports": (0..ports).map(port).collect::<Vec<_>>()},
    })
}

/// Runs on that many ports and on half of them: the second half takes no more than the first one, but for half of it again where a
/// block was doubled just before.
fn on_many_ports<T>(ports: usize, prepare: impl Fn(usize) -> T, run: impl Fn(&T)) {
    let [half, whole] = [ports / 2, ports].map(|ports| {
        let prepared = prepare(ports);
        allocation_counter::measure(|| run(&prepared))
    });
    for (what, half, whole) in [
        ("blocks", half.count_total, whole.count_total),
        ("bytes", half.bytes_total, whole.bytes_total),
        ("bytes at one time", half.bytes_max, whole.bytes_max),
    ] {
        assert!(whole <= half * 5 / 2, "{what}: {half} for {} ports, {whole} for {ports}", ports / 2);
    }
}

fn schema() -> Schema {
    Schema::builtin("v1", "Service").unwrap()
}

#[test]
fn a_three_way_patch() {
    let objects = |ports| [service(ports, 0), service(ports, 1), service(ports, 2)];
    on_many_ports(8_000, objects, |[original, modified, current]| {
        let objects = ThreeWay { original: Some(original), modified, current };
        strategic::three_way(objects, &schema(), Conflicts::Overwrite).unwrap();
    });
}

#[test]
fn a_three_way_patch_that_deletes_and_adds() {
    let objects = |ports| {
        let mut modified = service(ports, 0);
        modified["spec"]["ports"].as_array_mut().unwrap().retain(|port| port["protocol"] != "UDP");
        modified["spec"]["ports"].as_array_mut().unwrap().reverse();
        [service(ports, 0), modified, service(ports / 2, 0)]
    };
    on_many_ports(8_000, objects, |[original, modified, current]| {
        let objects = ThreeWay { original: Some(original), modified, current };
        let patch = strategic::three_way(objects, &schema(), Conflicts::Overwrite).unwrap();
        strategic::apply(current, &patch, &schema()).unwrap();
    });
}

#[test]
fn every_port_has_one_number() {
    let objects = |ports| {
        [0, 1].map(|shift| {
            let mut object = service(ports, shift);
            for port in object["spec"]["ports"].as_array_mut().unwrap() {
                port["port"] = json!(53);
            }
            object
        })
    };
    on_many_ports(8_000, objects, |[original, modified]| {
        let objects = ThreeWay { original: Some(original), modified, current: original };
        let patch = strategic::three_way(objects, &schema(), Conflicts::Overwrite).unwrap();
        strategic::apply(original, &patch, &schema()).unwrap();
    });
}

#[test]
fn a_server_side_apply() {
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    let apply = |live: Option<&Value>, config: &Value| {
        let applied = Applied { live, config, manager: "ci", force: true.into(), now };
        match structured::apply(applied, &schema()).unwrap() {
            structured::Outcome::Merged { object, .. } => object,
            outcome => panic!("{outcome:?}"),
        }
    };
    let objects = |ports| (apply(None, &service(ports, 0)), service(ports - ports / 5, 1));
    on_many_ports(8_000, objects, |(live, config)| {
        apply(Some(live), config);
    });
}

#[test]
fn a_history_of_kubectl() {
    let manifests = |ports| [0, 1, 2].map(|shift| Manifest::new(service(ports, shift)).unwrap());
    on_many_ports(2_000, manifests, |manifests| {
        let mut cluster = Cluster::new();
        let [first, second, third] = manifests;
        assert!(cluster.apply(first, Apply::server_side()).unwrap().succeeded());
        cluster.replace(second, Replace::default()).unwrap();
        cluster.apply(third, Apply::client_side()).unwrap();
    });
}

#[test]
fn a_report() {
    let manifests = |ports| (live(ports), Manifest::new(service(ports, 1)).unwrap());
    on_many_ports(400, manifests, |(live, manifest)| {
        let report = mergekey::explain(Situation { live: Some(live), manifest }).unwrap();
        report.to_json();
        report.to_string();
    });
}

fn live(ports: usize) -> Value {
    let mut cluster = Cluster::new();
    cluster.apply(&Manifest::new(service(ports, 0)).unwrap(), Apply::server_side()).unwrap();
    cluster.get("Service", "default", "dns").unwrap()
}

/// A hundred thousand ports come to an end, in a debug build too.
#[test]
fn a_hundred_thousand_ports() {
    const PORTS: usize = 100_000;
    let numbered = |shift: usize| {
        let ports: Vec<Value> = (0..PORTS).map(|at| json!({"port": at, "nodePort": at + shift})).collect();
        json!({"spec": {"ports": ports}})
    };
    let [original, modified, current] = [0, 1, 2].map(numbered);
    let objects = ThreeWay { original: Some(&original), modified: &modified, current: &current };
    let patch = strategic::three_way(objects, &schema(), Conflicts::Overwrite).unwrap();
    assert_eq!(strategic::apply(&current, &patch, &schema()).unwrap(), modified);

    // With repeated numbers some answer, a refusal perhaps.
    let [original, modified, current] = [0, 1, 2].map(|shift| service(PORTS, shift));
    let objects = ThreeWay { original: Some(&original), modified: &modified, current: &current };
    if let Ok(patch) = strategic::three_way(objects, &schema(), Conflicts::Overwrite) {
        let _ = strategic::apply(&current, &patch, &schema());
    }
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    let applied = Applied { live: None, config: &modified, manager: "ci", force: false.into(), now };
    let error = structured::apply(applied, &schema()).unwrap_err();
    assert!(error.is_invalid(), "ports of one number and protocol: {error}");
}
