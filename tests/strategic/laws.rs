//! What holds for every list with unique merge keys, and what does not for a repeated one.

use mergekey::schema::Schema;
use mergekey::strategic::{self, Conflicts, Options, ThreeWay, TwoWay};
use mergekey::value;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn schema() -> Schema {
    Schema::builtin("v1", "Service").unwrap()
}

/// The fields of a port other than its number.
fn fields() -> impl Strategy<Value = Map<String, Value>> {
    let protocol = prop_oneof![Just(None), Just(Some("TCP")), Just(Some("UDP"))];
    (protocol, prop::option::of(30_000..30_010i64), prop::option::of("[a-c]")).prop_map(|(protocol, node_port, name)| {
        let mut port = Map::new();
        port.extend(protocol.map(|protocol| ("protocol".to_owned(), json!(protocol))));
        port.extend(node_port.map(|number| ("nodePort".to_owned(), json!(number))));
        port.extend(name.map(|name| ("name".to_owned(), json!(name))));
        port
    })
}

fn with_number(mut port: Map<String, Value>, number: i64) -> Value {
    port.insert("port".into(), number.into());
    Value::Object(port)
}

fn service(ports: Vec<Value>, labels: &[(String, String)]) -> Value {
    let labels: Map<String, Value> = labels.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    json!({"metadata": {"labels": labels, "name": "dns"}, "spec": {"ports": ports}})
}

/// A Service whose ports all have numbers of their own, in any order.
fn unique_service() -> impl Strategy<Value = Value> {
    let ports = btree_map(prop_oneof![1..30i64, 440..450i64], fields(), 0..20)
        .prop_map(|ports| ports.into_iter().map(|(number, port)| with_number(port, number)).collect::<Vec<_>>());
    (ports.prop_shuffle(), labels()).prop_map(|(ports, labels)| service(ports, &labels))
}

fn labels() -> impl Strategy<Value = Vec<(String, String)>> {
    vec(("[a-d]", "[x-z<&]"), 0..4)
}

/// A Service with ports of few numbers, so that they repeat.
fn repeated_service() -> impl Strategy<Value = Value> {
    let port = (prop_oneof![Just(53i64), Just(80), Just(443)], fields()).prop_map(|(number, port)| with_number(port, number));
    (vec(port, 0..20), labels()).prop_map(|(ports, labels)| service(ports, &labels))
}

fn numbers(service: &Value) -> Vec<i64> {
    service["spec"]["ports"].as_array().into_iter().flatten().filter_map(|port| port["port"].as_i64()).collect()
}

proptest! {
    /// A two-way patch turns the one object into the other, order included.
    #[test]
    fn unique_keys_two_way_reaches_the_modified_object(original in unique_service(), modified in unique_service()) {
        let patch = strategic::two_way(TwoWay { original: &original, modified: &modified }, &schema(), Options::new()).unwrap();
        let mut after = strategic::apply(&original, &patch, &schema()).unwrap();
        drop_empty(&mut after);
        let mut expected = modified.clone();
        drop_empty(&mut expected);
        prop_assert_eq!(after, expected, "{}", patch);
    }

    /// Applied a second time a manifest has nothing to say.
    #[test]
    fn unique_keys_three_way_is_idempotent(original in unique_service(), modified in unique_service(), current in unique_service()) {
        let first = ThreeWay { original: Some(&original), modified: &modified, current: &current };
        let patch = strategic::three_way(first, &schema(), Conflicts::Overwrite).unwrap();
        let after = strategic::apply(&current, &patch, &schema()).unwrap();
        let again = ThreeWay { original: Some(&modified), modified: &modified, current: &after };
        let patch = strategic::three_way(again, &schema(), Conflicts::Overwrite).unwrap();
        // Foreign ports may stand between those of the manifest: their order is stated again, nothing else.
        let spec = patch.get("spec").cloned().unwrap_or_else(|| json!({}));
        prop_assert!(spec.get("ports").is_none(), "{}", patch);
        prop_assert!(patch.get("metadata").is_none(), "{}", patch);
    }

    /// Whatever is foreign stays.
    #[test]
    fn unique_keys_three_way_keeps_foreign_ports(original in unique_service(), modified in unique_service(), current in unique_service()) {
        let objects = ThreeWay { original: Some(&original), modified: &modified, current: &current };
        let patch = strategic::three_way(objects, &schema(), Conflicts::Overwrite).unwrap();
        let after = numbers(&strategic::apply(&current, &patch, &schema()).unwrap());
        let (wanted, was) = (numbers(&modified), numbers(&original));
        for number in numbers(&current) {
            prop_assert_eq!(after.contains(&number), wanted.contains(&number) || !was.contains(&number), "{}", number);
        }
        prop_assert!(wanted.iter().all(|number| after.contains(number)));
    }

    /// With repeated keys one deletion takes every port of its number: none survives unless the patch adds it again.
    #[test]
    fn repeated_keys_are_deleted_together(current in repeated_service(), number in prop_oneof![Just(53i64), Just(80), Just(443)]) {
        let patch = json!({"spec": {"ports": [{"$patch": "delete", "port": number}]}});
        let after = strategic::apply(&current, &patch, &schema()).unwrap();
        prop_assert!(!numbers(&after).contains(&number));
        let expected: Vec<i64> = numbers(&current).into_iter().filter(|other| *other != number).collect();
        let mut sorted = (numbers(&after), expected);
        sorted.0.sort_unstable();
        sorted.1.sort_unstable();
        prop_assert_eq!(sorted.0, sorted.1);
    }

    /// With repeated keys a change reaches only the first port of its number, whichever was meant.
    #[test]
    fn repeated_keys_only_the_first_is_changed(current in repeated_service(), number in prop_oneof![Just(53i64), Just(80), Just(443)]) {
        let patch = json!({"spec": {"ports": [{"nodePort": 31_000, "port": number}]}});
        let after = strategic::apply(&current, &patch, &schema()).unwrap();
        let moved = |service: &Value| service["spec"]["ports"].as_array().into_iter().flatten()
            .filter(|port| port["nodePort"] == 31_000).count();
        prop_assert_eq!(moved(&after), 1);
    }

    /// A port more of a number that is there already is never added.
    #[test]
    fn repeated_keys_cannot_grow(live in repeated_service(), first in fields(), second in fields()) {
        let with = |mut service: Value, port| {
            service["spec"]["ports"].as_array_mut().unwrap().push(with_number(port, 53));
            service
        };
        let current = with(live, first);
        let modified = with(current.clone(), second);
        let objects = ThreeWay { original: Some(&current), modified: &modified, current: &current };
        let Ok(patch) = strategic::three_way(objects, &schema(), Conflicts::Overwrite) else { return Ok(()) };
        if let Ok(after) = strategic::apply(&current, &patch, &schema()) {
            prop_assert_eq!(numbers(&after).len(), numbers(&current).len());
        }
    }

    /// Values and bytes give the same patch.
    #[test]
    fn bytes_are_the_values(original in repeated_service(), modified in repeated_service(), current in repeated_service()) {
        let text = |value: &Value| value.to_string().into_bytes();
        let texts = (text(&original), text(&modified), text(&current));
        let objects = ThreeWay { original: Some(&original), modified: &modified, current: &current };
        let bytes = ThreeWay { original: Some(&*texts.0), modified: &*texts.1, current: &*texts.2 };
        let values = strategic::three_way(objects, &schema(), Conflicts::Overwrite);
        let bytes = strategic::three_way_bytes(bytes, &schema(), Conflicts::Overwrite);
        match (values, bytes) {
            (Ok(values), Ok(bytes)) => {
                let values = value::Value::from_serde(&values).unwrap().to_string();
                prop_assert_eq!(values.into_bytes(), bytes);
            }
            (values, bytes) => prop_assert_eq!(values.err(), bytes.err()),
        }
    }

    /// Nothing panics, whatever the arguments are.
    #[test]
    fn any_json_is_answered(a in any_object(), b in any_object(), c in any_object(), refuse: bool) {
        let schema = schema();
        let conflicts = if refuse { Conflicts::Refuse } else { Conflicts::Overwrite };
        let options = Options::new().conflicts(conflicts).identity_unchanged();
        if let Ok(patch) = strategic::three_way(ThreeWay { original: Some(&a), modified: &b, current: &c }, &schema, options) {
            let _ = strategic::apply(&c, &patch, &schema);
        }
        let _ = strategic::two_way(TwoWay { original: &a, modified: &b }, &schema, options);
        let _ = strategic::apply(&a, &b, &schema);
    }
}

/// `null`, absent and empty are the same to who reads the object.
fn drop_empty(service: &mut Value) {
    for path in [["metadata", "labels"], ["spec", "ports"]] {
        let parent = &mut service[path[0]];
        let empty = match &parent[path[1]] {
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            other => other.is_null(),
        };
        if let (true, Some(parent)) = (empty, parent.as_object_mut()) {
            parent.remove(path[1]);
        }
    }
}

/// Objects with the names and directives that the engine reacts to, and anything as their values.
fn any_object() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1..3i64).prop_map(Value::from),
        Just(json!(80.0)),
        prop::sample::select(vec!["delete", "replace", "merge", "ports", "port", "a", ""]).prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "metadata",
        "spec",
        "ports",
        "port",
        "finalizers",
        "ownerReferences",
        "uid",
        "externalIPs",
        "labels",
        "unknown",
        "$patch",
        "$retainKeys",
        "$setElementOrder/ports",
        "$setElementOrder/finalizers",
        "$setElementOrder",
        "$deleteFromPrimitiveList/finalizers",
        "$deleteFromPrimitiveList/ports",
    ]);
    scalar.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((key.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}
