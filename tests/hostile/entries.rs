//! One function for each public entry: it makes input of bytes, calls the entry, and fails if a promise is broken.
//!
//! The property tests beside this file call them with random bytes, the fuzz targets in `fuzz/` with bytes that a fuzzer found. What
//! a fuzzer finds is a test here, as it is.

use mergekey::cluster::{Cluster, Method, Request};
use mergekey::explain::{Case, Report, Step, Style};
use mergekey::path::{Element, Path};
use mergekey::schema::Schema;
use mergekey::service;
use mergekey::strategic::{self, Conflicts, Lookup, Options, ThreeWay, TwoWay};
use mergekey::structured::{self, Applied, Managers, Set, Updated};
use mergekey::{Error, Manifest, explain, laws, value};
use serde_json::{Value, json};

use super::dice::Dice;

/// A target: its name, which a file in `fuzz/fuzz_targets` has too, and what it runs.
pub(crate) type Entry = (&'static str, fn(&[u8]));

/// All of them.
pub(crate) const ALL: &[Entry] = &[
    ("values", values),
    ("paths", paths),
    ("schemas", schemas),
    ("manifests", manifests),
    ("strategic", strategic),
    ("structured", structured),
    ("services", services),
    ("requests", requests),
    ("kubectl", kubectl),
    ("reports", reports),
    ("report_json", report_json),
];

fn service_schema() -> Schema {
    Schema::builtin("v1", "Service").unwrap()
}

/// An error has something to say, and says it in one line unless it quotes its input.
fn told<T>(result: Result<T, Error>) -> Option<T> {
    result.map_err(|error| assert!(!error.to_string().is_empty(), "{error:?}")).ok()
}

/// `value::parse` and `value::parse_document`.
pub(crate) fn values(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let text = if dice.rarely(3) {
        dice.rest().to_vec()
    } else {
        let object = dice.object();
        dice.wording(&object)
    };
    let document = value::parse_document(&text);
    let Some(parsed) = told(value::parse(&text)) else {
        assert!(document.is_err(), "only as a document is it JSON");
        return;
    };
    assert_eq!(document.unwrap().into_value(), parsed, "of a repeated key the last one counts");
    let written = parsed.to_string();
    // A whole float is written as an integer and a tiny negative one as `-0`, as Go does it; what is read of that stays.
    let again = value::parse(written.as_bytes()).unwrap().to_string();
    assert_eq!(value::parse(again.as_bytes()).unwrap().to_string(), again);
    assert_eq!(parsed.compare(&parsed.borrowed()), std::cmp::Ordering::Equal);
    let json = parsed.clone().into_serde();
    // Negative zero is the one number that serde_json does not bring back.
    let back = value::Value::from_serde(&json).unwrap();
    assert_eq!(back.to_string(), again, "through serde_json");
    assert_eq!(parsed.into_owned().to_string(), written);
}

/// `Path` and the elements of FieldsV1.
pub(crate) fn paths(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let key = dice.text();
    if let Some(Some(element)) = told(Element::from_fields_v1(&key)) {
        let written = element.to_fields_v1();
        let again = Element::from_fields_v1(&written).unwrap().unwrap();
        assert_eq!(again, element, "{key:?} {written:?}");
    }
    let fields = dice.managed_fields();
    let text: String = (0..dice.below(6))
        .map(|_| match dice.below(8) {
            0 => format!(".{}", dice.text()),
            1 => format!("[{}]", dice.below(300)),
            2 => format!("[={}]", dice.json(1)),
            3 => format!("[port={},protocol={:?}]", dice.number(), dice.text()),
            4 => dice.text(),
            5 => "[".into(),
            6 => "[=".into(),
            _ => ".spec".into(),
        })
        .collect();
    if let Some(path) = told(text.parse::<Path>()) {
        let written = path.to_string();
        assert_eq!(written.parse::<Path>().unwrap(), path, "{text:?} {written:?}");
        assert!(path.starts_with(&Path::new()));
    }
    for entry in fields.as_array().into_iter().flatten() {
        let Some(fields) = told(value::Value::from_serde(&entry["fieldsV1"])) else { continue };
        if let Some(set) = told(Set::from_fields_v1(&fields)) {
            let written = set.to_fields_v1();
            let again = Set::from_fields_v1(&written).unwrap();
            assert_eq!(again, set, "{written}");
            assert_eq!(set.iter().count(), set.len());
            assert!(set.clone().difference(&set).is_empty());
        }
    }
}

/// `Schema::from_openapi`, and the engines on what it makes.
pub(crate) fn schemas(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let mut document = openapi(&mut dice);
    dice.twist(&mut document, 4);
    told(Schema::kinds_of_openapi(&document));
    let Some(schema) = told(Schema::from_openapi(&document, "v1", "Service")) else { return };
    let (a, b, c) = (dice.twisted_service(3), dice.twisted_service(3), dice.patch());
    engines([&a, &b, &c], &schema);
}

/// A small document whose parts refer to each other, in rings too.
fn openapi(dice: &mut Dice<'_>) -> Value {
    let mut properties = serde_json::Map::new();
    for _ in 0..dice.below(6) {
        let name = dice.text();
        let property = openapi_type(dice, 3);
        properties.insert(name, property);
    }
    let ports = openapi_type(dice, 2);
    json!({"components": {"schemas": {
        "a": {"type": "object", "properties": {"spec": {"$ref": "#/components/schemas/b"}, "metadata": openapi_type(dice, 2)},
              "x-kubernetes-group-version-kind": [{"group": "", "kind": "Service", "version": "v1"}]},
        "b": {"type": "object", "properties": {"ports": ports, "self": {"$ref": "#/components/schemas/b"}}},
        "c": {"type": "object", "properties": properties},
    }}})
}

fn openapi_type(dice: &mut Dice<'_>, depth: usize) -> Value {
    let reference = format!("#/components/schemas/{}", dice.one_of(&["a", "b", "c", "d"]));
    match dice.below(8) {
        0 => json!({"type": dice.one_of(&["string", "integer", "boolean", "number", "object", "array", "?"])}),
        1 => json!({"$ref": reference}),
        2 => json!({"allOf": [{"$ref": reference}], "default": dice.json(1)}),
        3 if depth > 0 => json!({"type": "object", "additionalProperties": openapi_type(dice, depth - 1)}),
        4..=6 if depth > 0 => json!({
            "type": "array", "items": openapi_type(dice, depth - 1),
            "x-kubernetes-list-type": dice.one_of(&["map", "set", "atomic", "?"]),
            "x-kubernetes-list-map-keys": [dice.one_of(&["port", "name"]), dice.one_of(&["protocol", "port"])],
            "x-kubernetes-patch-merge-key": dice.one_of(&["port", "name", ""]),
            "x-kubernetes-patch-strategy": dice.one_of(&["merge", "merge,retainKeys", "replace", "retainKeys", ""]),
        }),
        _ => json!({"type": "object", "properties": {"port": {"type": "integer", "default": 0}, "protocol": {"default": "TCP"}}}),
    }
}

/// `Manifest` from JSON and from YAML.
pub(crate) fn manifests(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let text = match dice.below(3) {
        0 => {
            let object = dice.object();
            dice.wording(&object)
        }
        1 => yaml(&mut dice).into_bytes(),
        _ => dice.rest().to_vec(),
    };
    told(Manifest::from_json(&text));
    let Some(manifest) = told(Manifest::from_text(&text)) else { return };
    assert!(manifest.object().is_object());
    for path in ["", ".spec", ".spec.ports[0]", ".spec.ports[1].nodePort"] {
        if let Some(place) = manifest.place(&path.parse().unwrap()) {
            assert!(place.line >= 1 && place.column >= 1);
            assert!(manifest.line(place.line).is_some(), "{path} is at {place}");
        }
    }
    assert_eq!(manifest.line(0), None);
    for repeated in manifest.repeated_keys() {
        assert!(repeated.first < repeated.place);
    }
    mergekey::lint(&manifest);
}

/// YAML with its oddities: anchors, tags, merges, block texts, several documents, broken indentation.
fn yaml(dice: &mut Dice<'_>) -> String {
    const LINES: &[&str] = &[
        "apiVersion: v1",
        "kind: Service",
        "metadata: {name: dns}",
        "spec:",
        "ports:",
        "- port: 53",
        "- port: 0o10",
        "- &a {port: 80}",
        "- *a",
        "<<: *a",
        "nodePort: 1_000",
        "nodePort: 30053",
        "protocol: !!str 1",
        "x: !!binary aGk=",
        "y: |",
        "  text",
        "z: >-",
        "---",
        "...",
        "? [a, b]",
        ": c",
        "a: yes",
        "b: 0x1F",
        "c: .inf",
        "d: 190:20:30",
        "e: 2001-01-01",
        "f: ~",
        "\"g\": \"\\u0000\\ud800\"",
        "h: 'it''s'",
        "- [",
        "}",
        "\t",
        "# note",
        "%YAML 1.1",
        "!<tag> x",
        "port: 53",
        "port: 53",
        "\u{feff}",
        "*b",
        "&c",
        "\r",
    ];
    let mut text = String::new();
    for _ in 0..dice.below(24) {
        text.push_str(&" ".repeat(dice.below(4) * 2));
        let line = if dice.rarely(10) { dice.text() } else { dice.one_of(LINES).to_owned() };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Both engines on three values.
fn engines(values: [&Value; 3], schema: &Schema) {
    let [a, b, c] = values;
    for conflicts in [Conflicts::Overwrite, Conflicts::Refuse] {
        let objects = ThreeWay { original: Some(a), modified: b, current: c };
        let patch = strategic::three_way(objects, schema, Options::new().conflicts(conflicts).identity_unchanged());
        if let Some(patch) = told(patch) {
            told(strategic::apply(c, &patch, schema));
        }
    }
    told(strategic::two_way(TwoWay { original: a, modified: b }, schema, Options::new()));
    told(strategic::apply(a, c, schema));
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    for force in [false, true] {
        told(structured::apply(Applied { live: Some(a), config: b, manager: "ci", force: force.into(), now }, schema));
    }
    told(structured::update(Updated { live: Some(a), new: b, manager: "", now }, schema));
}

/// The strategic engine: values and bytes agree, and the same input gives the same bytes.
pub(crate) fn strategic(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let schema = service_schema();
    let objects = [dice.object(), dice.object(), if dice.rarely(2) { dice.patch() } else { dice.object() }];
    engines([&objects[0], &objects[1], &objects[2]], &schema);
    let patch = dice.patch();
    told(strategic::apply(&objects[0], &patch, &schema));

    let [original, modified, current] = objects.each_ref().map(|object| dice.wording(object));
    let three = || {
        let objects = ThreeWay { original: Some(&*original), modified: &*modified, current: &*current };
        strategic::three_way_bytes(objects, &schema, Conflicts::Overwrite)
    };
    assert_eq!(three(), three());
    let whole = || {
        let [original, modified, current] = [read(&original)?, read(&modified)?, read(&current)?];
        let objects = ThreeWay { original: Some(&original), modified: &modified, current: &current };
        written(strategic::three_way_values(objects, &schema, Conflicts::Overwrite, &mut ()))
    };
    assert_eq!(three(), whole(), "values and bytes agree");
    told(strategic::two_way_bytes(TwoWay { original: &*original, modified: &*modified }, &schema, Options::new()));
    let text = dice.wording(&patch);
    let whole = || {
        let (current, patch) = (read(&current)?, read(&text)?);
        written(strategic::apply_values(current, patch, &schema, Lookup::default(), &mut ()))
    };
    assert_eq!(strategic::apply_bytes(&current, &text, &schema), whole(), "values and bytes agree");
}

/// Text as the engine takes it: none is an object without fields.
fn read(text: &[u8]) -> Result<value::Value<'_>, Error> {
    if text.is_empty() { Ok(value::Value::Null) } else { value::parse(text) }
}

fn written(result: Result<value::Value<'_>, Error>) -> Result<Vec<u8>, Error> {
    result.map(|value| value.to_string().into_bytes())
}

/// The structured engine, managed fields of nonsense included.
pub(crate) fn structured(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let schema = service_schema();
    let (mut live, config, entries) = (dice.object(), dice.object(), dice.managed_fields());
    if let Some(metadata) = live.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("managedFields".into(), entries.clone());
    }
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    let manager = dice.text();
    for force in [false, true] {
        let applied = || Applied { live: Some(&live), config: &config, manager: &manager, force: force.into(), now };
        let outcome = structured::apply(applied(), &schema);
        assert_eq!(format!("{outcome:?}"), format!("{:?}", structured::apply(applied(), &schema)), "deterministic");
        if let Ok(structured::Outcome::Conflicts(conflicts)) = outcome {
            assert!(!force && !conflicts.is_empty() && !conflicts.to_string().is_empty());
        }
    }
    told(structured::apply(Applied { live: None, config: &config, manager: &manager, force: false.into(), now }, &schema));
    told(structured::update(Updated { live: Some(&live), new: &config, manager: &manager, now }, &schema));
    told(structured::update(Updated { live: None, new: &live, manager: &manager, now }, &schema));
    if let Some(entries) = told(value::Value::from_serde(&entries)) {
        structured::migrate(&entries, &manager);
        if let Some(managers) = told(Managers::read(&entries)) {
            let written = managers.to_value().unwrap_or_default();
            let again = Managers::read(&written).unwrap();
            assert_eq!(again.to_value().unwrap_or_default(), written, "managed fields are read as they are written");
        }
    }
    let (live, config) = (dice.wording(&live), dice.wording(&config));
    let applied = Applied { live: Some(&*live), config: &*config, manager: &manager, force: true.into(), now };
    told(structured::apply_bytes(applied, &schema));
    let _ = dice.text().parse::<structured::Time>();
}

/// The Service's rules, without a server around them.
pub(crate) fn services(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let object = dice.object();
    let text = dice.wording(&object);
    let decoded = value::parse_document(&text).ok().and_then(|document| service::decode_json(&document).ok());
    let converted = value::Value::from_serde(&object).ok().and_then(|value| service::decode_unstructured(&value).ok());
    for decoded in decoded.into_iter().chain(converted) {
        let mut new = decoded.service;
        service::default(&mut new);
        let defaulted = new.clone();
        service::default(&mut new);
        assert_eq!(new, defaulted, "defaults are there already");
        let (mut allocators, mut draws) = (service::Allocators::default(), service::Draws::default());
        let mut transaction = service::Transaction::begin(&mut allocators, &mut draws, service::DryRun::No);
        let begun = service::begin_create(&mut new, &mut transaction).is_ok();
        service::prepare_for_create(&mut new);
        let valid = service::validate_create(&new).is_empty() && begun;
        service::warnings(&new);
        transaction.revert();
        service::validate_update(&new, &defaulted);
        service::on_read(&mut new);
        let shown = new.to_value().into_owned();
        let text = new.to_json_text();
        assert_eq!(reread(&text), reread(&shown.to_string()));
        if valid {
            let document = value::parse_document(text.as_bytes()).unwrap();
            let again = service::decode_json(&document).unwrap();
            assert_eq!(again.service.to_json_text(), text, "what the server shows can be sent to it");
            assert_eq!(again.findings, Vec::<String>::new());
        }
    }
}

/// A text as it is written once it was read: `-0` is read as an integer.
fn reread(text: &str) -> String {
    value::parse(text.as_bytes()).unwrap().to_string()
}

/// `Cluster::handle`: a few requests in a row; what is refused changes nothing.
pub(crate) fn requests(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let mut cluster = Cluster::new();
    for _ in 0..=dice.below(4) {
        let request = request(&mut dice);
        let before = cluster.clone();
        let mut fork = cluster.clone();
        let response = cluster.handle(&request);
        assert_eq!(response, fork.handle(&request), "a fork answers the same");
        let refused = match &response {
            Ok(response) => response.code() >= 400,
            Err(error) => {
                assert!(error.is_not_modelled(), "{error}");
                true
            }
        };
        if refused || matches!(request.method(), Method::Get) {
            assert_eq!(cluster, before, "{request:?} changed the cluster: {response:?}");
        }
        if let Ok(response) = response {
            assert_eq!(response.status().is_some(), response.code() >= 400);
        }
        for object in cluster.objects() {
            assert_eq!(reread(&object.to_text()), reread(&object.to_value().to_string()));
        }
    }
}

pub(crate) fn request(dice: &mut Dice<'_>) -> Request {
    let method =
        dice.one_of(&[Method::Post, Method::Patch, Method::Put, Method::Patch, Method::Delete, Method::Get, Method::Patch]);
    let collection = "/api/v1/namespaces/default/services";
    let path = match dice.below(12) {
        11 => dice.text(),
        10 => format!("{collection}/{}", dice.text()),
        _ if method == Method::Post => collection.to_owned(),
        _ => format!("{collection}/dns"),
    };
    let mut request = Request::new(method, path);
    let media_type = match method {
        Method::Patch => dice.one_of(&[
            "application/strategic-merge-patch+json",
            "application/merge-patch+json",
            "application/json-patch+json",
            "application/apply-patch+yaml",
        ]),
        _ => "application/json",
    };
    let media_type = if dice.rarely(12) { dice.text() } else { media_type.to_owned() };
    if media_type == "application/apply-patch+yaml" {
        request = request.query("fieldManager", "ci");
    }
    for _ in 0..dice.below(3) {
        let key = dice.one_of(&["fieldManager", "force", "dryRun", "fieldValidation", "resourceVersion", "pretty"]);
        let word = dice.text();
        let word = dice.one_of(&["", "All", "true", "false", "Strict", "Warn", "Ignore", "a\nb", &word]).to_owned();
        request = request.query(key, word);
    }
    let body = match media_type.as_str() {
        "application/strategic-merge-patch+json" => dice.patch(),
        "application/json-patch+json" => json_patch(dice),
        "application/merge-patch+json" if dice.rarely(2) => dice.json(4),
        _ => dice.object(),
    };
    let body = if dice.rarely(16) { dice.text().into_bytes() } else { dice.wording(&body) };
    request.content_type(media_type).user_agent(dice.text()).body(body)
}

fn json_patch(dice: &mut Dice<'_>) -> Value {
    const PLACES: &[&str] = &[
        "/spec/ports/0/nodePort",
        "/spec/ports/-",
        "/spec/ports/0",
        "/spec/ports",
        "/spec",
        "",
        "/metadata/labels/a~1b",
        "/spec/ports/99",
        "/spec/ports/-1",
        "/spec/ports/00",
        "/metadata/managedFields",
        "/a/b",
        "/status",
        "~",
        "/spec/ports/18446744073709551616",
    ];
    let operations = (0..dice.below(5)).map(|_| {
        let mut operation = json!({
            "op": dice.one_of(&["replace", "add", "remove", "test", "copy", "move", "?"]), "path": dice.one_of(PLACES),
            "from": dice.one_of(PLACES), "value": dice.json(3),
        });
        dice.twist(&mut operation, 1);
        operation
    });
    operations.collect()
}

/// kubectl's command lines with any manifest.
pub(crate) fn kubectl(bytes: &[u8]) {
    const FLAGS: &[&str] = &[
        "--server-side",
        "--force-conflicts",
        "--force",
        "--save-config",
        "--overwrite=false",
        "--overwrite",
        "--dry-run=client",
        "--dry-run=server",
        "--dry-run=?",
        "--field-manager=ci",
        "--field-manager",
        "-n",
        "default",
        "--validate=false",
        "--validate=?",
        "--type=json",
        "--type=merge",
        "-p",
        "{}",
        "[]",
        "{\"spec\":null}",
        "--cascade=orphan",
        "--ignore-not-found",
        "--wait=false",
        "app=dns",
        "app-",
        "=",
        "-",
        "service",
        "svc/dns",
        "dns",
        "--openapi-patch=false",
        "-o",
        "json",
        "--prune",
        "--all",
        "",
    ];
    let mut dice = Dice::new(bytes);
    let mut cluster = Cluster::new();
    for _ in 0..=dice.below(4) {
        let object = dice.object();
        let manifest = Manifest::new(object).ok();
        let start: &[&str] = dice.one_of(&[
            &["apply", "-f", "-"][..],
            &["apply", "-f", "-", "--server-side"],
            &["replace", "-f", "-"],
            &["create", "-f", "-"],
            &["patch", "service", "dns", "-p"],
            &["label", "service", "dns"],
            &["annotate", "svc/dns"],
            &["delete", "service", "dns"],
            &["delete", "-f", "-"],
            &["get", "service", "dns"],
            &[],
        ]);
        let mut line: Vec<String> = start.iter().map(|word| (*word).to_owned()).collect();
        if line.first().is_some_and(|verb| verb == "patch") {
            let patch = dice.patch();
            line.push(String::from_utf8_lossy(&dice.wording(&patch)).into_owned());
        }
        line.extend((0..dice.below(4)).map(|_| if dice.rarely(8) { dice.text() } else { dice.one_of(FLAGS).to_owned() }));
        let before = cluster.clone();
        let mut fork = cluster.clone();
        let outcome = cluster.kubectl(&line, manifest.as_ref());
        assert_eq!(outcome, fork.kubectl(&line, manifest.as_ref()), "a fork answers the same");
        match outcome {
            Err(error) => {
                assert!(error.is_not_modelled(), "{line:?}: {error}");
                assert_eq!(cluster, before, "{line:?} is outside the model and changed the cluster");
            }
            Ok(outcome) => {
                assert!(outcome.succeeded() || !outcome.stderr().is_empty(), "{line:?} failed and says nothing");
                if outcome.requests().iter().all(|request| request.code() >= 400) {
                    assert_eq!(cluster, before, "{line:?} was refused and changed the cluster");
                }
            }
        }
    }
}

/// `explain` in all its forms, with any live object or history.
pub(crate) fn reports(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let object = dice.object();
    let Some(manifest) = told(Manifest::new(object)) else { return };
    mergekey::lint(&manifest);
    let live = dice.object();
    let steps: Vec<Step> = (0..dice.below(3)).map(|_| Step::apply(dice.object())).collect();
    let case = match dice.below(3) {
        0 => Case::new(&manifest).live(&live),
        1 => Case::new(&manifest).history(&steps),
        _ => Case::new(&manifest),
    };
    let now = dice.text();
    let case = if dice.rarely(8) { case.now(&now) } else { case };
    let Some(report) = told(explain(case)) else { return };
    assert_eq!(explain(case).unwrap(), report, "deterministic");
    rendered(&report);
    let read: Report = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(read, report, "a report is read as it is written");
    for remedy in report.remedies() {
        assert!(!remedy.steps.is_empty());
    }
    for law in laws::Law::ALL {
        law.holds(&report);
    }
}

fn rendered(report: &Report) {
    let texts =
        [report.to_text(Style::default()), report.to_string(), report.to_markdown(), report.to_mermaid(), report.to_json()];
    assert!(texts.iter().all(|text| !text.is_empty()));
}

/// Reports and steps read from JSON that somebody else wrote.
pub(crate) fn report_json(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let manifest = Manifest::new(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"},
        "spec": {"type": "NodePort", "ports": [
            {"name": "a", "port": 53, "protocol": "UDP", "nodePort": 30054}, {"name": "b", "port": 53, "nodePort": 30054},
        ]},
    }))
    .unwrap();
    let mut old = manifest.object().clone();
    old["spec"]["ports"][0]["nodePort"] = json!(30_000 + dice.below(3));
    old["spec"]["ports"][1]["nodePort"] = json!(30_000 + dice.below(3));
    let steps = [Step::apply(old), Step::apply(manifest.object().clone())];
    let Some(report) = told(explain(Case::new(&manifest).history(&steps))) else { return };
    let mut json = serde_json::to_value(&report).unwrap();
    dice.twist(&mut json, 4);
    if let Ok(report) = serde_json::from_value::<Report>(json.clone()) {
        rendered(&report);
    }
    if let Ok(report) = serde_json::from_slice::<Report>(&dice.wording(&json)) {
        rendered(&report);
    }
    let steps = serde_json::to_value(&steps).unwrap();
    told(Step::list(&dice.wording(&steps)));
}
