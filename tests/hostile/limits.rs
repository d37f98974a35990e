//! Nesting beyond the limit, texts of a megabyte, numbers beyond all types: an error that says so, at every entry.

use mergekey::cluster::{Apply, Cluster, Method, Request};
use mergekey::explain::Situation;
use mergekey::schema::Schema;
use mergekey::strategic::{self, Options, ThreeWay, TwoWay};
use mergekey::structured::{self, Applied, Updated};
use mergekey::value::{self, MAX_DEPTH};
use mergekey::{Error, Manifest, explain};
use serde_json::{Value, json};

/// A Service with lists in lists at `.spec.x`, more than are read; deep enough to tell a bound from good luck.
fn deep() -> Value {
    let mut nested = json!(53);
    for _ in 0..MAX_DEPTH * 4 {
        nested = json!([nested]);
    }
    let mut service = plain();
    service["spec"]["x"] = nested;
    service
}

fn plain() -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": {"ports": [{"port": 53}]}})
}

fn too_deep<T: std::fmt::Debug>(entry: &str, result: Result<T, Error>) {
    let error = result.expect_err(entry);
    assert!(error.is_too_deep() || error.to_string().contains("nested deeper than 128"), "{entry}: {error}");
}

#[test]
fn nesting_is_refused_at_every_entry() {
    let (deep, plain) = (&deep(), &plain());
    let schema = &Schema::builtin("v1", "Service").unwrap();
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    too_deep("parse", value::parse(deep.to_string().as_bytes()));
    too_deep("from_serde", value::Value::from_serde(deep));
    for (at, [a, b, c]) in [[deep, plain, plain], [plain, deep, plain], [plain, plain, deep]].into_iter().enumerate() {
        let objects = ThreeWay { original: Some(a), modified: b, current: c };
        too_deep(&format!("three_way {at}"), strategic::three_way(objects, schema, Options::new()));
    }
    for (at, [a, b]) in [[deep, plain], [plain, deep]].into_iter().enumerate() {
        too_deep(&format!("two_way {at}"), strategic::two_way(TwoWay { original: a, modified: b }, schema, Options::new()));
        too_deep(&format!("apply {at}"), strategic::apply(a, b, schema));
        let applied = Applied { live: Some(a), config: b, manager: "ci", force: true.into(), now };
        too_deep(&format!("structured apply {at}"), structured::apply(applied, schema));
        too_deep(&format!("update {at}"), structured::update(Updated { live: Some(a), new: b, manager: "ci", now }, schema));
    }
    too_deep("openapi", Schema::from_openapi(deep, "v1", "Service"));
    too_deep("manifest", Manifest::new(deep.clone()));
    too_deep("manifest from JSON", Manifest::from_json(deep.to_string()));
    for depth in [MAX_DEPTH + 1, 500, 100_000] {
        too_deep("YAML in brackets", Manifest::from_yaml(&format!("a: {}53{}", "[".repeat(depth), "]".repeat(depth))));
        too_deep("YAML in dashes", Manifest::from_yaml(&format!("a:\n {}53", "- ".repeat(depth))));
        too_deep("JSON", value::parse("[".repeat(depth).as_bytes()));
    }
    let manifest = Manifest::new(plain.clone()).unwrap();
    too_deep("explain", explain(Situation { live: Some(deep), manifest: &manifest }));
    too_deep("insert", Cluster::new().insert(deep));
}

/// Upstream's own bound for a body is another one; here it is outside the model, or no JSON to the server.
#[test]
fn nesting_is_no_way_into_the_cluster() {
    let mut cluster = Cluster::new();
    cluster.apply(&Manifest::new(plain()).unwrap(), Apply::client_side()).unwrap();
    let before = cluster.clone();
    let path = "/api/v1/namespaces/default/services";
    for (method, path, media_type) in [
        (Method::Post, path.to_owned(), "application/json"),
        (Method::Put, format!("{path}/dns"), "application/json"),
        (Method::Patch, format!("{path}/dns"), "application/strategic-merge-patch+json"),
        (Method::Patch, format!("{path}/dns"), "application/merge-patch+json"),
        (Method::Patch, format!("{path}/dns"), "application/json-patch+json"),
        (Method::Patch, format!("{path}/dns"), "application/apply-patch+yaml"),
        (Method::Delete, format!("{path}/dns"), "application/json"),
    ] {
        let request = Request::new(method, path).content_type(media_type).query("fieldManager", "ci").body(deep().to_string());
        match cluster.handle(&request) {
            Ok(response) => assert!(response.code() >= 400, "{method} {media_type}: {response:?}"),
            Err(error) => assert!(error.is_not_modelled(), "{method} {media_type}: {error}"),
        }
        assert_eq!(cluster, before);
    }
}

/// A patch that nests a little below the limit, and a live object that does, make no object beyond it.
#[test]
fn nesting_does_not_add_up() {
    let mut nested = json!({"a": 1});
    for _ in 0..MAX_DEPTH - 2 {
        nested = json!({"a": nested});
    }
    let schema = Schema::builtin("v1", "Pod").unwrap();
    let current = json!({"metadata": {"name": "a"}, "spec": {}});
    let _ = strategic::apply(&current, &nested, &schema);
    let both = strategic::apply(&nested, &nested, &schema);
    assert!(both.is_ok() || both.is_err_and(|error| error.is_schema()));
}

#[test]
fn megabytes_are_only_large() {
    let text = "x\u{0}<\"\\\u{2028}".repeat(200_000);
    let mut manifest = plain();
    manifest["metadata"]["annotations"] = json!({"a": text});
    let mut cluster = Cluster::new();
    let outcome = cluster.apply(&Manifest::new(manifest.clone()).unwrap(), Apply::client_side()).unwrap();
    assert!(!outcome.succeeded(), "the server takes no more than 256 KiB of annotations");
    let mut key = plain();
    key["metadata"]["labels"] = json!({text.as_str(): "a"});
    assert!(!cluster.apply(&Manifest::new(key).unwrap(), Apply::server_side()).unwrap().succeeded());
    let mut name = plain();
    name["spec"]["ports"][0]["name"] = json!(text);
    assert!(!cluster.apply(&Manifest::new(name).unwrap(), Apply::client_side()).unwrap().succeeded());
    assert_eq!(cluster.objects().count(), 0);
    let read = value::parse(manifest.to_string().as_bytes()).unwrap().into_serde();
    assert_eq!(read, manifest);
}

/// Nine lines that stand for a thousand million values.
#[test]
fn aliases_are_no_way_to_more_memory() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let below = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(", ")));
    }
    let error = Manifest::from_yaml(&text).unwrap_err();
    assert_eq!(error.to_string(), "line 5, column 45 (.a4[7]): aliases make the document too large");
}

#[test]
fn numbers_beyond_all_types() {
    for text in ["1e400", "-1e400", &format!("1{}", "0".repeat(400)), &format!("[{}]", "9".repeat(100_000))] {
        let error = value::parse(text.as_bytes()).unwrap_err();
        assert!(error.is_syntax() && error.to_string().len() < 200_100, "{error}");
    }
    for (text, expected) in [
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", "9223372036854776000"),
        ("-9223372036854775809", "-9223372036854776000"),
        ("1e-400", "0"),
        ("18446744073709551616", "18446744073709552000"),
    ] {
        assert_eq!(value::parse(text.as_bytes()).unwrap().to_string(), expected);
    }
}

#[test]
fn broken_text_in_strings() {
    for (text, expected) in [
        (&br#""\ud800""#[..], "\"\u{fffd}\""),
        (br#""\udc00\ud800""#, "\"\u{fffd}\u{fffd}\""),
        (br#""\ud83d\ude00""#, "\"\u{1f600}\""),
        (b"\"\xff\xfe\"", "\"\u{fffd}\u{fffd}\""),
        (br#""\u0000""#, r#""\u0000""#),
    ] {
        assert_eq!(value::parse(text).unwrap().to_string(), expected, "{}", String::from_utf8_lossy(text));
    }
    assert!(value::parse(b"\"\0\"").unwrap_err().is_syntax());
}
