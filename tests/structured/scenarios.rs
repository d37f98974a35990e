//! Histories of one Service in a short notation: `scenarios.txt` says how it reads.

use std::collections::BTreeMap;

use mergekey::schema::Schema;
use mergekey::structured::{self, Applied, Force, Manager, Managers, Operation, Outcome, Set, Time, Updated};
use mergekey::value::Value;
use serde_json::{Value as Json, json};

const SCENARIOS: &str = include_str!("scenarios.txt");

/// An object in the notation.
fn object(tokens: &str) -> Json {
    let mut object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}});
    for token in tokens.split_whitespace() {
        if let Some((path, value)) = token.split_once(":=") {
            let value: Json = serde_json::from_str(value).unwrap_or_else(|error| panic!("{token}: {error}"));
            *place(&mut object, field_path(path)) = value;
        } else if let Some(finalizer) = token.strip_prefix("f.") {
            push(&mut object, "/metadata/finalizers", json!(finalizer));
        } else if let Some(address) = token.strip_prefix("ip.") {
            push(&mut object, "/spec/externalIPs", json!(address));
        } else if let Some(uid) = token.strip_prefix("o.") {
            push(&mut object, "/metadata/ownerReferences", json!({"apiVersion": "v1", "kind": "K", "name": "n", "uid": uid}));
        } else if token.starts_with(|start: char| start.is_ascii_digit() || start == '_') {
            push(&mut object, "/spec/ports", port(token));
        } else {
            let (path, value) = token.split_once('=').unwrap_or_else(|| panic!("what is {token}?"));
            *place(&mut object, field_path(path)) = json!(value);
        }
    }
    object
}

/// `53/UDP@30053=dns>5353`: a port, and behind it what is given of protocol, node port, name and target port.
fn port(token: &str) -> Json {
    let mut port = serde_json::Map::new();
    let marks = ['/', '@', '=', '>'];
    let number = |text: &str| text.parse::<i64>().map_or_else(|_| json!(text), Json::from);
    let (first, mut rest) = token.split_at(token.find(marks).unwrap_or(token.len()));
    if first != "_" {
        port.insert("port".into(), number(first));
    }
    while let Some(mark) = rest.chars().next() {
        let end = rest[1..].find(marks).map_or(rest.len(), |at| at + 1);
        let text = &rest[1..end];
        match mark {
            '/' => port.insert("protocol".into(), json!(text)),
            '@' => port.insert("nodePort".into(), number(text)),
            '=' => port.insert("name".into(), json!(text)),
            _ => port.insert("targetPort".into(), number(text)),
        };
        rest = &rest[end..];
    }
    Json::Object(port)
}

/// The fields that a short name stands for, as a JSON pointer.
fn field_path(name: &str) -> String {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let under =
        |parent: &str, rest: Option<&str>| rest.map_or(parent.to_owned(), |key| format!("{parent}/{}", key.replace('/', "~1")));
    match first {
        "l" | "labels" => under("/metadata/labels", rest),
        "a" | "annotations" => under("/metadata/annotations", rest),
        "s" | "selector" => under("/spec/selector", rest),
        "uid" | "resourceVersion" | "namespace" | "finalizers" | "managedFields" => format!("/metadata/{name}"),
        "" => name.replace('.', "/"),
        "apiVersion" | "kind" | "metadata" | "spec" | "status" => format!("/{name}"),
        _ => format!("/spec/{}", name.replace('.', "/")),
    }
}

fn place(object: &mut Json, pointer: String) -> &mut Json {
    let mut place = object;
    for key in pointer.split('/').skip(1) {
        place = &mut place[key.replace("~1", "/")];
    }
    place
}

fn push(object: &mut Json, pointer: &str, item: Json) {
    match place(object, pointer.to_owned()) {
        Json::Array(items) => items.push(item),
        other => *other = json!([item]),
    }
}

/// A set of paths in the notation.
fn paths(tokens: &str) -> Set<'static> {
    let mut texts = Vec::new();
    for token in tokens.split_whitespace() {
        let (base, fields) = match token.split_once('{') {
            Some((base, fields)) => (base, fields.trim_end_matches('}').split(',').collect()),
            None => (token, vec!["."]),
        };
        let base = path(base);
        texts.extend(fields.into_iter().map(|field| if field == "." { base.clone() } else { format!("{base}.{field}") }));
    }
    texts.iter().map(|text| text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))).collect()
}

fn path(token: &str) -> String {
    if token.starts_with('.') {
        return token.to_owned();
    }
    if token.starts_with(|start: char| start.is_ascii_digit()) {
        let (item, field) = token.split_once('.').map_or((token, String::new()), |(item, field)| (item, format!(".{field}")));
        let (number, protocol) = item.split_once('/').unwrap_or((item, "TCP"));
        return format!(".spec.ports[port={number},protocol=\"{protocol}\"]{field}");
    }
    match token.split_once('.') {
        Some(("f", finalizer)) => format!(".metadata.finalizers[=\"{finalizer}\"]"),
        Some(("o", uid)) => format!(".metadata.ownerReferences[uid=\"{uid}\"]"),
        Some(("l", key)) => format!(".metadata.labels.{key}"),
        Some(("a", key)) => format!(".metadata.annotations.{key}"),
        _ => field_path(match token {
            "ip" => "externalIPs",
            token => token,
        })
        .replace('/', "."),
    }
}

#[derive(Default)]
struct World {
    live: Option<Json>,
    /// What the last operation came to where it was not made.
    refusal: Option<String>,
    changed: bool,
    second: u32,
}

impl World {
    fn operate(&mut self, verb: &str, manager: &str, tokens: &str, schema: &Schema) {
        self.second += 1;
        let now = time(self.second);
        let object = object(tokens);
        self.refusal = None;
        let live = self.live.as_ref();
        let outcome = if verb == "update" {
            structured::update(Updated { live, new: &object, manager, now }, schema)
                .map(|object| Outcome::Merged { object, changed: true })
        } else {
            let force = Force::from(verb == "force");
            structured::apply(Applied { live, config: &object, manager, force, now }, schema)
        };
        match outcome {
            Ok(Outcome::Merged { object, changed }) => (self.live, self.changed) = (Some(object), changed),
            Ok(Outcome::Conflicts(conflicts)) => self.refusal = Some(conflicts.to_string()),
            Ok(other) => panic!("{other:?}"),
            Err(error) => self.refusal = Some(error.to_string()),
        }
    }

    fn object(&self) -> Json {
        let mut object = self.live.clone().unwrap_or_default();
        object["metadata"].as_object_mut().and_then(|metadata| metadata.remove("managedFields"));
        object
    }

    fn entries(&self) -> Json {
        self.live.as_ref().map(|live| live["metadata"]["managedFields"].clone()).unwrap_or_default()
    }

    fn check(&self, what: &str, expect: &str) {
        let entries = self.entries();
        let entries = Value::from_serde(&entries).unwrap();
        let managers = Managers::read(&entries).unwrap();
        if what != "refused"
            && let Some(refusal) = &self.refusal
        {
            panic!("refused: {refusal}");
        }
        match what {
            "live" => assert_eq!(self.object(), object(expect), "live"),
            "refused" => assert_eq!(self.refusal.as_deref(), Some(expect.replace(" | ", "\n").as_str())),
            "changed" => assert_eq!(self.changed.to_string(), expect),
            "managers" => {
                let name = |entry: &Value<'_>| {
                    let text = |key| entry.get(key).and_then(Value::as_str).unwrap_or_default();
                    let mark = if text("operation") == "Update" { "!" } else { "" };
                    format!("{}{mark}", text("manager"))
                };
                let names: Vec<_> = entries.as_list().unwrap_or_default().iter().map(name).collect();
                assert_eq!(names.join(" "), expect);
            }
            "times" => {
                let times: BTreeMap<String, String> =
                    managers.iter().map(|manager| (mark(manager), second(manager.time))).collect();
                for pair in expect.split_whitespace() {
                    let (name, second) = pair.split_once('=').unwrap();
                    assert_eq!(times.get(name).map(String::as_str), Some(second), "time of {name}: {times:?}");
                }
            }
            name => {
                let owned = managers.iter().find(|manager| mark(manager) == name).map(|manager| manager.set.to_string());
                let expect = if expect == "nobody" { None } else { Some(paths(expect).to_string()) };
                assert_eq!(owned, expect, "what {name} owns");
            }
        }
    }
}

fn time(second: u32) -> Time {
    format!("2026-01-01T00:00:{second:02}Z").parse().unwrap()
}

fn second(at: Option<Time>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| (at.unix_seconds() - time(0).unix_seconds()).to_string())
}

/// A manager by name; of one that updates with `!` behind it.
fn mark(manager: &Manager<'_>) -> String {
    let mark = if manager.identity.operation == Operation::Update { "!" } else { "" };
    format!("{}{mark}", manager.identity.name)
}

fn check(scenario: &str) {
    let schema = Schema::builtin("v1", "Service").unwrap();
    let mut world = World::default();
    for line in scenario.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        let (head, tail) = line.split_once(':').unwrap_or_else(|| panic!("what is {line:?}?"));
        let (head, tail) = (head.trim(), tail.trim());
        match head.split_once(' ') {
            Some((verb @ ("apply" | "force" | "update"), manager)) => world.operate(verb, manager, tail, &schema),
            _ => world.check(head, tail),
        }
    }
}

#[test]
fn scenarios() {
    let mut failed = Vec::new();
    let scenarios: Vec<_> = SCENARIOS.split("\n# ").skip(1).collect();
    let mut names: Vec<_> = scenarios.iter().filter_map(|scenario| scenario.lines().next()).collect();
    for (scenario, name) in scenarios.iter().zip(&names) {
        if std::panic::catch_unwind(|| check(scenario)).is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "{} of {} scenarios failed:\n{}", failed.len(), names.len(), failed.join("\n"));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), scenarios.len(), "two scenarios of one name");
}

/// A server keeps its objects in types; a live object that fits none comes from elsewhere.
#[test]
fn a_live_object_that_does_not_fit_is_refused() {
    let schema = Schema::builtin("v1", "Service").unwrap();
    let live =
        r#"foo=1 managedFields:=[{"manager":"bob","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{}}]"#;
    let (live, config) = (object(live), object("type=NodePort"));
    let applied = Applied { live: Some(&live), config: &config, manager: "alice", force: Force::On, now: time(1) };
    let refused = structured::apply(applied, &schema).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "failed to create typed live object (/dns; /v1, Kind=Service): .spec.foo: field not declared in schema"
    );
}

/// What is written through a subresource is owned there.
#[test]
fn a_subresource_has_owners_of_its_own() {
    let schema = Schema::builtin("v1", "Service").unwrap();
    let endpoint = structured::Endpoint::new(schema, "v1", "Service").subresource("status");
    let parse = |object: Json| Value::from_serde(&object).unwrap().into_owned();
    let (live, config) =
        (parse(object("type=NodePort")), parse(object("status:={\"loadBalancer\":{\"ingress\":[{\"ip\":\"1.2.3.4\"}]}}")));
    let applying = structured::Applying {
        live: &live,
        managers: Managers::new(),
        config: &config,
        manager: "cloud",
        force: Force::Off,
        now: time(1),
    };
    let structured::ApplyOutcome::Merged(merged) = structured::apply_values(applying, &endpoint, &mut ()).unwrap() else {
        panic!("nobody is in the way");
    };
    let owners: Vec<_> =
        merged.managers.iter().map(|one| (one.identity.name.to_string(), one.identity.subresource.to_string())).collect();
    let expected = [("before-first-apply", "status"), ("cloud", "status")];
    assert_eq!(owners, expected.map(|(name, subresource)| (name.to_owned(), subresource.to_owned())));
}
