//! Whether a live object has what a manifest states, and what is missing.
//!
//! Every field that the manifest states must have that value; an absent field is as good as a zero value. Ports are matched by
//! `port` and `protocol` in any order, an absent protocol means TCP, and no port may live that the manifest lacks.

use serde_json::{Map, Value};

use super::report::Unmet;
use crate::path::{Element, Path};
use crate::value;

/// Whether the live object has what the manifest states.
pub(super) fn converged(manifest: &Value, live: Option<&Value>) -> bool {
    live.is_some() && unmet(manifest, live).is_empty()
}

/// The fields that are not as the manifest states them, in the order of the manifest's keys, ports last.
///
/// Everything is missing from an object that does not exist; that is one entry with the empty path.
pub(super) fn unmet(manifest: &Value, live: Option<&Value>) -> Vec<Unmet> {
    let Some(live) = live else {
        return vec![missing(&Path::new(), Some(manifest), None)];
    };
    let mut out = Vec::new();
    match manifest.as_object() {
        Some(fields) => {
            for (name, wanted) in sorted(fields) {
                let path = Path::new().field(name.clone());
                let have = live.get(name);
                match (name.as_str(), wanted.as_object()) {
                    ("spec", Some(spec)) => compare_spec(&path, spec, have, &mut out),
                    _ => compare_member(&path, wanted, have, &mut out),
                }
            }
        }
        None => compare(&Path::new(), manifest, Some(live), &mut out),
    }
    out
}

/// Members in the order of their keys, whatever order serde_json keeps them in.
pub(super) fn sorted(fields: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut members: Vec<_> = fields.iter().collect();
    members.sort_by(|a, b| a.0.cmp(b.0));
    members
}

fn missing(path: &Path, wanted: Option<&Value>, live: Option<&Value>) -> Unmet {
    Unmet { path: path.to_string(), wanted: wanted.cloned().unwrap_or_default(), live: live.cloned().unwrap_or_default() }
}

fn compare_spec(path: &Path, spec: &Map<String, Value>, have: Option<&Value>, out: &mut Vec<Unmet>) {
    let ports = spec.get("ports").filter(|ports| !ports.is_null());
    let rest: Vec<_> = sorted(spec).into_iter().filter(|(name, _)| *name != "ports").collect();
    if !rest.is_empty() && !have.is_some_and(Value::is_object) {
        out.push(missing(path, Some(&Value::Object(spec.clone())), have));
        return;
    }
    for (name, wanted) in rest {
        compare_member(&path.clone().field(name.clone()), wanted, have.and_then(|have| have.get(name)), out);
    }
    if let Some(ports) = ports {
        let have = have.and_then(|have| have.get("ports")).and_then(Value::as_array);
        compare_ports(
            &path.clone().field("ports"),
            ports.as_array().map_or(&[], Vec::as_slice),
            have.map_or(&[], Vec::as_slice),
            out,
        );
    }
}

/// A `null` states nothing.
fn compare_member(path: &Path, wanted: &Value, have: Option<&Value>, out: &mut Vec<Unmet>) {
    if !wanted.is_null() {
        compare(path, wanted, have, out);
    }
}

fn compare(path: &Path, wanted: &Value, have: Option<&Value>, out: &mut Vec<Unmet>) {
    let have = have.filter(|have| !have.is_null());
    match (wanted, have) {
        (wanted, None) if is_zero(wanted) => {}
        (Value::Object(fields), Some(have)) if have.is_object() => {
            for (name, wanted) in sorted(fields) {
                compare_member(&path.clone().field(name.clone()), wanted, have.get(name), out);
            }
        }
        (wanted, Some(have)) if !wanted.is_object() && same(wanted, have) => {}
        (wanted, have) => out.push(missing(path, Some(wanted), have)),
    }
}

fn compare_ports(path: &Path, wanted: &[Value], have: &[Value], out: &mut Vec<Unmet>) {
    // The first of ports with one key stands for it in the list of those not yet matched, the last one is compared with.
    let mut left: Vec<(Key<'_>, &Value)> = have.iter().map(|item| (Key::of(item), item)).collect();
    left.sort_by(|a, b| a.0.cmp(&b.0));
    let find = |key: &Key<'_>| {
        let end = left.partition_point(|entry| entry.0 <= *key);
        end.checked_sub(1).and_then(|at| left.get(at)).filter(|entry| entry.0 == *key).map(|entry| entry.1)
    };
    let mut taken: Vec<Key<'_>> = Vec::new();
    for item in wanted {
        let key = Key::of(item);
        let path = key.path(path);
        match (find(&key), item) {
            (Some(live), Value::Object(fields)) => {
                compare(&path, &with_protocol(fields), Some(live), out);
                taken.push(key);
            }
            (live, item) => out.push(missing(&path, Some(item), live)),
        }
    }
    taken.sort();
    let mut taken = taken.into_iter().peekable();
    for (key, item) in &left {
        while taken.peek().is_some_and(|first| first < key) {
            // The manifest gives this port more often than it lives.
            if let Some(twice) = taken.next() {
                out.push(missing(&twice.path(path), Some(twice.item), None));
            }
        }
        if taken.next_if(|first| first == key).is_none() {
            out.push(missing(&key.path(path), None, Some(item)));
        }
    }
    out.extend(taken.map(|twice| missing(&twice.path(path), Some(twice.item), None)));
}

fn with_protocol(fields: &Map<String, Value>) -> Value {
    let mut fields = fields.clone();
    if fields.get("protocol").is_none_or(is_zero) {
        fields.insert("protocol".to_owned(), Value::from("TCP"));
    }
    Value::Object(fields)
}

/// What makes a port that port: its number as written, and its protocol.
#[derive(Clone, Debug)]
pub(super) struct Key<'v> {
    number: i64,
    /// What the number is where it is no integer.
    other: String,
    protocol: &'v str,
    item: &'v Value,
}

impl<'v> Key<'v> {
    pub(super) fn of(item: &'v Value) -> Self {
        let number = item.get("port");
        let protocol = item.get("protocol").and_then(Value::as_str).filter(|protocol| !protocol.is_empty());
        Key {
            number: number.and_then(Value::as_i64).unwrap_or_default(),
            other: number.filter(|number| !number.is_i64()).map(Value::to_string).unwrap_or_default(),
            protocol: protocol.unwrap_or("TCP"),
            item,
        }
    }

    pub(super) fn path(&self, list: &Path) -> Path {
        let number = match self.item.get("port") {
            Some(number) => value::Value::from_serde(number).unwrap_or_default().into_owned(),
            None => value::Value::Integer(0),
        };
        list.clone().element(Element::key([("port", number), ("protocol", value::Value::from(self.protocol))]))
    }

    fn parts(&self) -> (i64, &str, &str) {
        (self.number, &self.other, self.protocol)
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Key<'_> {}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.parts().cmp(&other.parts())
    }
}

/// What an absent field is as good as.
pub(super) fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// Equal, where numbers are equal by size.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(name: &str, manifest: Value, live: Value, expected: &[&str]) {
        let got: Vec<_> = unmet(&manifest, Some(&live))
            .into_iter()
            .map(|unmet| format!("{} {} {}", unmet.path, unmet.wanted, unmet.live))
            .collect();
        assert_eq!(got, expected, "{name}");
        assert_eq!(converged(&manifest, Some(&live)), expected.is_empty(), "{name}");
    }

    #[test]
    fn fields() {
        let live = json!({"metadata": {"name": "a", "labels": {"x": "1"}}, "spec": {"type": "NodePort", "selector": {"a": "b"}, "externalIPs": ["1"]}});
        for (name, manifest, expected) in [
            ("equal", json!({"metadata": {"name": "a"}, "spec": {"type": "NodePort"}}), &[][..]),
            (
                "absent_is_zero",
                json!({"metadata": {"annotations": {}, "finalizers": [], "x": ""}, "spec": {"y": 0, "z": false, "n": null}}),
                &[],
            ),
            ("null_states_nothing", json!({"spec": {"type": null}}), &[]),
            ("other_value", json!({"spec": {"type": "ClusterIP"}}), &[r#".spec.type "ClusterIP" "NodePort""#]),
            ("absent", json!({"metadata": {"labels": {"x": "1", "y": "2"}}}), &[r#".metadata.labels.y "2" null"#]),
            ("zero_against_value", json!({"spec": {"type": ""}}), &[r#".spec.type "" "NodePort""#]),
            ("lists_whole", json!({"spec": {"externalIPs": ["1", "2"]}}), &[r#".spec.externalIPs ["1","2"] ["1"]"#]),
            ("kinds_differ", json!({"spec": {"type": {"a": 1}}}), &[r#".spec.type {"a":1} "NodePort""#]),
        ] {
            check(name, manifest, live.clone(), expected);
        }
    }

    #[test]
    fn ports() {
        let live = json!({"spec": {"ports": [
            {"port": 53, "protocol": "UDP", "nodePort": 30053}, {"port": 53, "protocol": "TCP", "nodePort": 30053, "targetPort": 53}]}});
        let ports = |ports: Value| json!({"spec": {"ports": ports}});
        let udp = json!({"port": 53, "protocol": "UDP"});
        for (name, manifest, expected) in [
            ("any_order_and_tcp_left_out", ports(json!([{"port": 53}, udp])), &[][..]),
            ("null_states_nothing", ports(Value::Null), &[]),
            ("numbers_by_size", ports(json!([{"port": 53, "nodePort": 30053.0}, udp])), &[]),
            (
                "field",
                ports(json!([{"port": 53, "nodePort": 30054}, udp])),
                &[r#".spec.ports[port=53,protocol="TCP"].nodePort 30054 30053"#],
            ),
            (
                "missing",
                ports(json!([{"port": 53}, udp, {"port": 80}])),
                &[r#".spec.ports[port=80,protocol="TCP"] {"port":80} null"#],
            ),
            (
                "too_many",
                ports(json!([udp])),
                &[r#".spec.ports[port=53,protocol="TCP"] null {"nodePort":30053,"port":53,"protocol":"TCP","targetPort":53}"#],
            ),
            (
                "given_twice",
                ports(json!([{"port": 53}, udp, udp])),
                &[r#".spec.ports[port=53,protocol="UDP"] {"port":53,"protocol":"UDP"} null"#],
            ),
        ] {
            check(name, manifest, live.clone(), expected);
        }
        check("none", ports(json!([])), json!({"spec": {}}), &[]);
    }

    #[test]
    fn nothing_lives() {
        assert!(!converged(&json!({}), None));
    }
}
