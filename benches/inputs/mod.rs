//! Services of any size, for every bench: the same bytes are read by all.

#![allow(dead_code, unreachable_pub, reason = "each bench takes what it needs")]

use serde_json::{Map, Value, json};

/// Numbers of ports that benches run over.
pub const SIZES: [usize; 5] = [2, 10, 100, 1_000, 10_000];

/// Whether ports share their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Every port has a number of its own.
    Unique,
    /// Each number is used twice, for TCP and for UDP.
    Repeated,
}

impl Keys {
    pub const ALL: [Keys; 2] = [Keys::Unique, Keys::Repeated];

    pub fn name(self) -> &'static str {
        match self {
            Keys::Unique => "unique",
            Keys::Repeated => "repeated",
        }
    }
}

/// The documents of one edit: a Service whose owner moves every tenth port (the second one at least) and changes a label.
pub struct Inputs {
    /// The manifest as it was applied.
    pub original: Vec<u8>,
    /// The manifest after the edit.
    pub modified: Vec<u8>,
    /// The live Service, kept by client-side apply.
    pub current: Vec<u8>,
    /// The live Service, kept by server-side apply of the manager `kubectl`.
    pub applied: Vec<u8>,
}

/// Makes the documents for `ports` ports.
pub fn inputs(ports: usize, keys: Keys) -> Inputs {
    let original = manifest(ports, keys, "1", "nodePort", 0);
    let modified = manifest(ports, keys, "2", "nodePort", 1);
    let annotated = |manifest: &Value| {
        let mut annotated = manifest.clone();
        let text = format!("{manifest}\n");
        annotated["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": text});
        annotated
    };
    Inputs {
        original: bytes(&original),
        modified: bytes(&annotated(&modified)),
        current: bytes(&live(&annotated(&original), "Update", "kubectl-client-side-apply")),
        applied: bytes(&live(&original, "Apply", "kubectl")),
    }
}

/// The manifests before and after an edit for the commands of kubectl: as many ports as a server takes, without node ports, of which
/// there are fewer; every tenth port (the second one at least) moves to another target.
pub fn manifests(ports: usize, keys: Keys) -> [Vec<u8>; 2] {
    [("1", 0), ("2", 1)].map(|(release, shift)| {
        let mut manifest = manifest(ports, keys, release, "targetPort", shift);
        manifest["spec"]["type"] = json!("ClusterIP");
        for port in manifest["spec"]["ports"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            port.remove("nodePort");
        }
        manifest["metadata"]["namespace"] = json!("default");
        bytes(&manifest)
    })
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).expect("a value can be written")
}

fn number(at: usize, keys: Keys) -> (usize, &'static str) {
    match keys {
        Keys::Unique => (1_000 + at, "TCP"),
        Keys::Repeated => (1_000 + at / 2, ["TCP", "UDP"][at % 2]),
    }
}

fn manifest(ports: usize, keys: Keys, release: &str, moves: &str, shift: u64) -> Value {
    let ports: Vec<Value> = (0..ports)
        .map(|at| {
            let (number, protocol) = number(at, keys);
            let node_port = 30_000 + 2 * at;
            let mut port =
                json!({"name": format!("p{at}"), "nodePort": node_port, "port": number, "protocol": protocol, "targetPort": number});
            if at % 10 == 1 {
                port[moves] = (port[moves].as_u64().unwrap_or_default() + shift).into();
            }
            port
        })
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"annotations": {}, "labels": {"app": "dns", "release": release}, "name": "dns", "namespace": "ns"},
        "spec": {"ports": ports, "selector": {"app": "dns"}, "type": "NodePort"},
    })
}

/// What the server stores: defaults, what it draws, and who owns what.
fn live(manifest: &Value, operation: &str, manager: &str) -> Value {
    let mut live = manifest.clone();
    let mut fields = Map::new();
    for port in manifest["spec"]["ports"].as_array().into_iter().flatten() {
        let key = format!("k:{}", json!({"port": port["port"], "protocol": port["protocol"]}));
        let mut owned = json!({".": {}, "f:name": {}, "f:nodePort": {}, "f:port": {}, "f:protocol": {}, "f:targetPort": {}});
        owned.sort_all_objects();
        fields.insert(key, owned);
    }
    live["metadata"]["creationTimestamp"] = json!("2026-01-02T03:04:05Z");
    live["metadata"]["resourceVersion"] = json!("7");
    live["metadata"]["uid"] = json!("2f6a2f0e-6f3b-4d0e-9f39-0e6f0c9f4f11");
    live["metadata"]["managedFields"] = json!([{
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {
            "f:metadata": {"f:labels": {"f:app": {}, "f:release": {}}},
            "f:spec": {"f:ports": fields, "f:selector": {}, "f:type": {}},
        },
        "manager": manager,
        "operation": operation,
        "time": "2026-01-02T03:04:05Z",
    }]);
    let spec = &mut live["spec"];
    spec["clusterIP"] = json!("10.0.7.7");
    spec["clusterIPs"] = json!(["10.0.7.7"]);
    spec["externalTrafficPolicy"] = json!("Cluster");
    spec["internalTrafficPolicy"] = json!("Cluster");
    spec["ipFamilies"] = json!(["IPv4"]);
    spec["ipFamilyPolicy"] = json!("SingleStack");
    spec["sessionAffinity"] = json!("None");
    live["status"] = json!({"loadBalancer": {}});
    live
}
