//! Worked examples of what two ports of one number do to `kubectl apply`, each checked on a running v1.37.2 server.

use mergekey::schema::Schema;
use mergekey::strategic::{self, Conflicts, Decision, Lookup, Options, Pass, Step, ThreeWay, Trace, TwoWay};
use mergekey::value;
use serde_json::{Value, json};

const U: &str = r#"{"name":"u","port":53,"protocol":"UDP"}"#;
const T: &str = r#"{"name":"t","port":53,"protocol":"TCP"}"#;

/// One edit of a list of ports: `u` and `t` stand for 53/UDP and 53/TCP, live ports have more fields than manifests.
struct Edit {
    name: &'static str,
    original: &'static str,
    modified: &'static str,
    live: &'static str,
    /// The patch below `spec`; nothing for an empty patch.
    patch: &'static str,
    /// The live list afterwards.
    after: &'static str,
}

const EDITS: [Edit; 13] = [
    Edit { name: "ports/repeated/unchanged", original: "[u,t]", modified: "[u,t]", live: "[u,t]", patch: "", after: "[u,t]" },
    Edit {
        name: "ports/repeated/swapped_in_the_manifest",
        original: "[u,t]",
        modified: "[t,u]",
        live: "[u,t]",
        patch: r#"{"$setElementOrder/ports":[{"port":53},{"port":53}],
            "ports":[{"name":"u","port":53,"protocol":"UDP"},{"name":"t","port":53,"protocol":"TCP"}]}"#,
        after: "[t,t]",
    },
    Edit {
        name: "ports/repeated/swapped_live",
        original: "[u,t]",
        modified: "[u,t]",
        live: "[t,u]",
        patch: r#"{"$setElementOrder/ports":[{"port":53},{"port":53}],
            "ports":[{"name":"t","port":53,"protocol":"TCP"},{"name":"u","port":53,"protocol":"UDP"}]}"#,
        after: "[u,u]",
    },
    Edit {
        name: "ports/repeated/second_goes_and_takes_all",
        original: "[u,t]",
        modified: "[u]",
        live: "[u,t]",
        patch: r#"{"$setElementOrder/ports":[{"port":53}],
            "ports":[{"$patch":"delete","name":"u","port":53,"protocol":"UDP"}]}"#,
        after: "[]",
    },
    Edit {
        name: "ports/repeated/first_goes_and_takes_all",
        original: "[u,t]",
        modified: "[t]",
        live: "[u,t]",
        patch: r#"{"$setElementOrder/ports":[{"port":53}],"ports":[{"$patch":"delete","port":53}]}"#,
        after: "[]",
    },
    Edit {
        name: "ports/repeated/second_added_behind_is_lost",
        original: "[u]",
        modified: "[u,t]",
        live: "[u]",
        patch: r#"{"$setElementOrder/ports":[{"port":53},{"port":53}],
            "ports":[{"name":"t","port":53,"protocol":"TCP"},{"name":"u","port":53,"protocol":"UDP"}]}"#,
        after: "[u]",
    },
    Edit {
        name: "ports/repeated/second_added_before_takes_its_place",
        original: "[u]",
        modified: "[t,u]",
        live: "[u]",
        patch: r#"{"$setElementOrder/ports":[{"port":53},{"port":53}],"ports":[{"name":"t","port":53,"protocol":"TCP"}]}"#,
        after: "[t]",
    },
    Edit {
        name: "ports/repeated/foreign_second_is_patched_for_ever",
        original: "[u]",
        modified: "[u]",
        live: "[u,t]",
        patch: r#"{"$setElementOrder/ports":[{"port":53}],"ports":[{"name":"u","port":53,"protocol":"UDP"}]}"#,
        after: "[u,t]",
    },
    Edit {
        name: "ports/unique/replaced_among_foreign",
        original: r#"[{"port":80},{"port":8080}]"#,
        modified: r#"[{"port":443},{"port":8080,"name":"n"}]"#,
        live: r#"[{"port":80},{"port":8080},{"port":9000}]"#,
        patch: r#"{"$setElementOrder/ports":[{"port":443},{"port":8080}],
            "ports":[{"port":443},{"name":"n","port":8080},{"$patch":"delete","port":80}]}"#,
        after: r#"[{"port":9000},{"port":443},{"name":"n","port":8080}]"#,
    },
    Edit {
        name: "ports/unique/reordered",
        original: r#"[{"port":80},{"port":81}]"#,
        modified: r#"[{"port":81},{"port":80}]"#,
        live: r#"[{"port":80},{"port":81}]"#,
        patch: r#"{"$setElementOrder/ports":[{"port":81},{"port":80}]}"#,
        after: r#"[{"port":81},{"port":80}]"#,
    },
    Edit {
        name: "ports/unique/emptied",
        original: r#"[{"port":80}]"#,
        modified: "[]",
        live: r#"[{"port":80}]"#,
        patch: r#"{"ports":[{"$patch":"delete","port":80}]}"#,
        after: "[]",
    },
    Edit {
        name: "ports/unique/sorted_as_text",
        original: r#"[{"port":53},{"port":443}]"#,
        modified: r#"[{"port":53},{"port":443,"name":"n"}]"#,
        live: r#"[{"port":53},{"port":443}]"#,
        patch: r#"{"$setElementOrder/ports":[{"port":53},{"port":443}],"ports":[{"name":"n","port":443}]}"#,
        after: r#"[{"port":53},{"name":"n","port":443}]"#,
    },
    Edit {
        name: "ports/typed/text_is_not_the_number",
        original: r#"[{"port":80}]"#,
        modified: r#"[{"port":"80"}]"#,
        live: r#"[{"port":80}]"#,
        patch: r#"{"$setElementOrder/ports":[{"port":"80"}],"ports":[{"port":"80"}]}"#,
        after: r#"[{"port":"80"},{"port":80}]"#,
    },
];

fn ports(text: &str) -> Value {
    let text = text.replace("[u", &format!("[{U}")).replace(",u", &format!(",{U}"));
    let text = text.replace("[t", &format!("[{T}")).replace(",t", &format!(",{T}"));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn edits() {
    let schema = Schema::builtin("v1", "Service").unwrap();
    for Edit { name, original, modified, live, patch, after } in EDITS {
        let service = |text| json!({"spec": {"ports": ports(text)}});
        let (original, modified, current) = (service(original), service(modified), service(live));
        let objects = ThreeWay { original: Some(&original), modified: &modified, current: &current };
        let made = strategic::three_way(objects, &schema, Conflicts::Overwrite).unwrap();
        let expected = if patch.is_empty() { json!({}) } else { json!({"spec": serde_json::from_str::<Value>(patch).unwrap()}) };
        assert_eq!(made, expected, "{name}");
        let result = strategic::apply(&current, &made, &schema).unwrap();
        assert_eq!(result["spec"]["ports"], ports(after), "{name}");
    }
}

/// Where new items land in a list.
struct Landing {
    name: &'static str,
    live: &'static [i64],
    /// The `$setElementOrder`, if there is one.
    order: Option<&'static [i64]>,
    new: &'static [i64],
    deleted: &'static [i64],
    after: &'static [i64],
}

const LANDINGS: [Landing; 10] = [
    Landing { name: "new_before_live", live: &[80, 81, 82], order: Some(&[9]), new: &[9], deleted: &[], after: &[9, 80, 81, 82] },
    Landing { name: "room_for_one", live: &[80, 81, 82], order: Some(&[9]), new: &[9], deleted: &[80], after: &[81, 82, 9] },
    Landing {
        name: "room_for_one_of_two",
        live: &[80, 81, 82, 83],
        order: Some(&[9, 10, 81]),
        new: &[9, 10],
        deleted: &[80],
        after: &[82, 83, 9, 10, 81],
    },
    Landing {
        name: "room_for_two",
        live: &[80, 81, 82, 83, 84],
        order: Some(&[9, 10, 11, 82]),
        new: &[9, 10, 11],
        deleted: &[80, 81],
        after: &[83, 84, 9, 10, 11, 82],
    },
    Landing {
        name: "room_between",
        live: &[80, 81, 82, 83],
        order: Some(&[81, 9, 10]),
        new: &[9, 10],
        deleted: &[80, 82],
        after: &[81, 83, 9, 10],
    },
    Landing {
        name: "repeated_live",
        live: &[80, 81, 53, 53],
        order: Some(&[81, 7, 80]),
        new: &[7],
        deleted: &[],
        after: &[81, 7, 80, 53, 53],
    },
    Landing { name: "no_order/deleted", live: &[80, 81, 82], order: None, new: &[9], deleted: &[80], after: &[9, 81, 82] },
    Landing { name: "no_order", live: &[80, 81, 82], order: None, new: &[9], deleted: &[], after: &[9, 80, 81, 82] },
    Landing { name: "deleted_all_of_a_key", live: &[53, 80, 53], order: None, new: &[], deleted: &[53], after: &[80] },
    Landing { name: "order_alone", live: &[80, 81, 82], order: Some(&[82, 80]), new: &[], deleted: &[], after: &[81, 82, 80] },
];

#[test]
fn landings() {
    let schema = Schema::builtin("v1", "Service").unwrap();
    let numbers = |ports: &[i64]| ports.iter().map(|port| json!({"port": port})).collect::<Vec<_>>();
    for Landing { name, live, order, new, deleted, after } in LANDINGS {
        let mut items = numbers(new);
        items.extend(deleted.iter().map(|port| json!({"$patch": "delete", "port": port})));
        let mut spec = json!({"ports": items});
        if let Some(order) = order {
            spec["$setElementOrder/ports"] = numbers(order).into();
        }
        let document = json!({"spec": {"ports": numbers(live)}});
        let result = strategic::apply(&document, &json!({"spec": spec}), &schema).unwrap();
        assert_eq!(result["spec"]["ports"], Value::from(numbers(after)), "{name}");
    }
}

/// A list that the patch replaces is still looked through where an order is given, and only there.
#[test]
fn replaced_lists() {
    let schema = Schema::builtin("v1", "Service").unwrap();
    let lacking = "map: map[name:x] does not contain declared merge key: port";
    for (name, live, order, expected) in [
        ("order/live_items_have_keys", json!([{"port": 80}]), json!([{"port": 443}]), Ok(json!([{"port": 443}]))),
        ("order/live_item_lacks_its_key", json!([{"port": 80}, {"name": "x"}]), json!([{"port": 443}]), Err(lacking)),
        ("no_order/live_item_lacks_its_key", json!([{"name": "x"}]), Value::Null, Ok(json!([{"port": 443}]))),
    ] {
        let mut spec = json!({"ports": [{"$patch": "replace"}, {"port": 443}]});
        if !order.is_null() {
            spec["$setElementOrder/ports"] = order;
        }
        let result = strategic::apply(&json!({"spec": {"ports": live}}), &json!({"spec": spec}), &schema);
        let found = result.map(|object| object["spec"]["ports"].clone()).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{name}");
    }
}

/// A finalizer list is sorted before it is compared, and the live list stays sorted for the comparison of orders.
#[test]
fn finalizers() {
    let schema = Schema::builtin("v1", "Service").unwrap();
    for (name, manifest, live, patch) in [
        ("unsorted_is_patched_for_ever", &["b", "a"], &["b", "a"], json!({"$setElementOrder/finalizers": ["b", "a"]})),
        ("sorted_manifest_overlooks_the_order", &["a", "b"], &["b", "a"], Value::Null),
        (
            "replaced",
            &["a", "c"],
            &["a", "b"],
            json!({
                "$setElementOrder/finalizers": ["a", "c"],
                "$deleteFromPrimitiveList/finalizers": ["b"],
                "finalizers": ["c"],
            }),
        ),
    ] {
        let original = json!({"metadata": {"finalizers": live}});
        let modified = json!({"metadata": {"finalizers": manifest}});
        let objects = ThreeWay { original: Some(&original), modified: &modified, current: &original };
        let made = strategic::three_way(objects, &schema, Conflicts::Overwrite).unwrap();
        let expected = if patch.is_null() { json!({}) } else { json!({"metadata": patch}) };
        assert_eq!(made, expected, "{name}");
    }
}

/// What the caller may get wrong, and how deep it may be.
#[test]
fn refused_inputs() {
    let schema = Schema::builtin("v1", "Service").unwrap();
    let text = |result: Result<Vec<u8>, mergekey::Error>| result.unwrap_err().to_string();
    assert_eq!(text(strategic::apply_bytes(b"[]", b"{}", &schema)), "invalid JSON document");
    assert_eq!(text(strategic::apply_bytes(b"{}", b"{", &schema)), "line 1, column 2: expected a key in double quotes");
    let deep = format!("{}1{}", r#"{"spec":"#.repeat(200), "}".repeat(200));
    assert!(strategic::apply_bytes(b"{}", deep.as_bytes(), &schema).unwrap_err().is_syntax());
    assert_eq!(strategic::apply_bytes(b"", b"null", &schema).unwrap(), b"{}");
    let mut nested = mergekey::value::Value::from(1);
    for _ in 0..200 {
        nested = mergekey::value::Value::Map([("sessionAffinityConfig", nested)].into_iter().collect());
    }
    let options = strategic::Options::new();
    let objects = ThreeWay { original: None, modified: &nested, current: &nested };
    assert!(strategic::three_way_values(objects, &schema, options, &mut ()).is_ok(), "equal below an unknown field");
}

/// Writes down what it is told, one line each, with where it was told.
#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    place: Vec<String>,
}

impl Trace for Lines {
    fn begin(&mut self, pass: Pass) {
        self.lines.push(format!("{pass:?}"));
    }

    fn enter(&mut self, step: Step<'_>) {
        self.place.push(match step {
            Step::Field(name) => name.to_owned(),
            Step::Item { merge_key, key } => format!("[{merge_key}={key}]"),
            _ => "something new".into(),
        });
    }

    fn leave(&mut self) {
        self.place.pop();
    }

    fn decided(&mut self, decision: Decision<'_>) {
        let decision = match decision {
            Decision::Paired { key, original, modified } => format!("{key}: {original} paired with {modified}"),
            Decision::Added { key, modified } => format!("{key}: {modified} added"),
            Decision::Removed { key, original } => format!("{key}: {original} removed"),
            Decision::Matched { key, patch, live, passed_over } => {
                format!("{key}: {patch} into {live}, passing over {passed_over:?}")
            }
            Decision::Appended { key, patch, live } => format!("{key}: {patch} appended at {live}"),
            Decision::Deleted { key, live } => format!("{key}: deleted {live:?}"),
            Decision::Ordered { from } => format!("ordered {from:?}"),
            _ => "something new".into(),
        };
        self.lines.push(format!("{} {decision}", self.place.join(".")));
    }
}

/// The second of two ports of one number is to go: why the first goes as well.
#[test]
fn decisions_can_be_watched() {
    let schema = Schema::builtin("v1", "Service").unwrap();
    let service = |text| Value::to_string(&json!({"spec": {"ports": ports(text)}}));
    let (original, modified) = (service("[u,t]"), service("[u]"));
    let (original, modified) = (value::parse(original.as_bytes()).unwrap(), value::parse(modified.as_bytes()).unwrap());
    let mut lines = Lines::default();
    let objects = ThreeWay { original: Some(&original), modified: &modified, current: &original };
    let patch = strategic::three_way_values(objects, &schema, Conflicts::Overwrite, &mut &mut lines).unwrap();
    strategic::apply_values(original.clone(), patch, &schema, Lookup::GoTypes, &mut lines).unwrap();
    let expected = [
        "Delta",
        // Go's sort turns equal keys round: the last live port meets the only one of the manifest.
        "spec.ports 53: 1 paired with 0",
        "Deletions",
        "spec.ports 53: 1 paired with 0",
        "spec.ports 53: 0 removed",
        "Combine",
        "spec.ports 53: 0 into 0, passing over []",
        "Apply",
        "spec.ports 53: deleted [0, 1]",
    ];
    assert_eq!(lines.lines, expected);
}

/// Two live ports of one number, one change, one new port, one order: which port each is about, and what moves.
#[test]
fn decisions_name_what_is_passed_over_and_moved() {
    let schema = Schema::builtin("v1", "Service").unwrap();
    let parse = |text: &'static str| value::parse(text.as_bytes()).unwrap();
    let live = parse(r#"{"spec":{"ports":[{"port":80},{"port":53,"name":"u"},{"port":53,"name":"t"}]}}"#);
    let patch = parse(
        r#"{"spec":{"$setElementOrder/ports":[{"port":9},{"port":53}],
            "ports":[{"port":9},{"nodePort":30053,"port":53},{"$patch":"delete","port":80}]}}"#,
    );
    let mut lines = Lines::default();
    let after = strategic::apply_values(live, patch, &schema, Lookup::GoTypes, &mut &mut lines).unwrap();
    let expected = [
        "Apply",
        "spec.ports 80: deleted [0]",
        "spec.ports 9: 0 appended at 2",
        "spec.ports 53: 1 into 0, passing over [1]",
        // The patch's new port stands before its other one, so it goes before both live ones.
        "spec.ports ordered [2, 0, 1]",
    ];
    assert_eq!(lines.lines, expected);
    let ports = r#"[{"port":9},{"name":"u","nodePort":30053,"port":53},{"name":"t","port":53}]"#;
    assert_eq!(after.get("spec").unwrap().get("ports").unwrap().to_string(), ports);
}

/// Where the server has changed what the manifest changes: `kubectl apply --overwrite=false`, and where fields are looked up.
#[test]
fn conflicts_are_refused_where_asked() {
    let schema = Schema::builtin("v1", "Service").unwrap();
    let service = |addresses: &[&str]| json!({"spec": {"externalIPs": addresses}});
    for (name, manifest, live, expected) in [
        ("both_change_it", &["1.1.1.1", "2.2.2.2"], &["1.1.1.1", "3.3.3.3"], Some("conflict")),
        ("in_another_order", &["2.2.2.2", "1.1.1.1"], &["1.1.1.1", "2.2.2.2"], None),
        // Only as many values are compared as the patch has when each counts once; where the live ones are fewer upstream crashes.
        ("the_patch_repeats_a_value", &["1.1.1.1", "1.1.1.1"], &["1.1.1.1", "2.2.2.2"], None),
        ("the_live_list_repeats_a_value", &["1.1.1.1", "2.2.2.2"], &["1.1.1.1", "1.1.1.1"], Some("crash")),
    ] {
        let (original, modified, current) = (service(&["9.9.9.9"]), service(manifest), service(live));
        let objects = ThreeWay { original: Some(&original), modified: &modified, current: &current };
        assert!(strategic::three_way(objects, &schema, Conflicts::Overwrite).is_ok(), "{name}");
        let refused = strategic::three_way(objects, &schema, Conflicts::Refuse).err();
        let kind = refused.map(|error| if error.is_conflict() { "conflict" } else { "crash" });
        assert_eq!(kind, expected, "{name}");
    }
}

/// The text about an unknown field is that of the source that was asked.
#[test]
fn fields_are_looked_up_where_the_options_say() {
    let schema = Schema::builtin("v1", "Service").unwrap();
    let (original, modified) = (json!({"spec": {"foo": {"a": 1}}}), json!({"spec": {"foo": {"a": 2}}}));
    let objects = TwoWay { original: &original, modified: &modified };
    for (lookup, text) in [
        (Lookup::OpenApiV3, r#"unable to find api field "foo""#),
        (Lookup::GoTypes, r#"unable to find api field in struct ServiceSpec for the json field "foo""#),
    ] {
        let refused = strategic::two_way(objects, &schema, Options::new().lookup(lookup)).unwrap_err();
        assert_eq!(refused.to_string(), text);
    }
}

/// The text `null` is an object without fields, as none at all is.
#[test]
fn null_is_an_object_without_fields() {
    let schema = Schema::builtin("v1", "Service").unwrap();
    for (original, modified, patch) in [("null", "null", "{}"), ("null", r#"{"kind":"a"}"#, r#"{"kind":"a"}"#)] {
        let objects = TwoWay { original: original.as_bytes(), modified: modified.as_bytes() };
        let found = strategic::two_way_bytes(objects, &schema, Options::new()).unwrap();
        assert_eq!(String::from_utf8(found).unwrap(), patch);
    }
}
