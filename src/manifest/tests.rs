//! Manifests as kubectl reads them, and the places of their fields.

use super::*;

#[cfg(feature = "yaml")]
fn check(name: &str, yaml: &str, expected: &str) {
    let got = match Manifest::from_yaml(yaml) {
        Ok(manifest) => value::Value::from_serde(manifest.object()).unwrap().to_string(),
        Err(error) => format!("error: {error}"),
    };
    assert_eq!(got, expected, "{name}");
}

/// The answers of `sigs.k8s.io/yaml` v1.6.0, where they are not errors.
#[cfg(feature = "yaml")]
#[test]
fn reads_scalars_as_yaml_1_1() {
    for (name, yaml, expected) in [
        (
            "boolean/words",
            "a: [y, Yes, on, TRUE, n, No, off, False, yEs]",
            r#"{"a":[true,true,true,true,false,false,false,false,"yEs"]}"#,
        ),
        ("boolean/quoted", r#"a: ["y", 'no', "on"]"#, r#"{"a":["y","no","on"]}"#),
        ("boolean/as_key", "y: 1\nno: 2\n'off': 3", r#"{"false":2,"off":3,"true":1}"#),
        ("null", "a: [~, null, Null, '', 'null', ]\nb:", r#"{"a":[null,null,null,"","null"],"b":null}"#),
        ("number/whole_float", "a: [80.0, 1e3, 1_000.0, 12e03, 1., -0.0]", r#"{"a":[80,1000,1000,12000,1,0]}"#),
        ("number/float", "a: [.5, 0.5, -.5, 1e21, 1e-7, 1.5e3]", r#"{"a":[0.5,0.5,-0.5,1e+21,1e-7,1500]}"#),
        (
            "number/bases",
            "a: [0644, 0x1F, 0o17, 0b11, -0b11, -0x10, +12, 1_0, 08, 00]",
            r#"{"a":[420,31,15,3,-3,-16,12,10,8,0]}"#,
        ),
        (
            "number/beyond_int64",
            "a: [9223372036854775807, 9223372036854775808]",
            r#"{"a":[9223372036854775807,9223372036854776000]}"#,
        ),
        (
            "number/no_number",
            "a: [1e400, 0x, 1:20, 1.2.3, 10.0.0.1, +, 0xg, _1, ., e3]",
            r#"{"a":["1e400","0x","1:20","1.2.3","10.0.0.1","+","0xg","_1",".","e3"]}"#,
        ),
        ("number/as_key", "1: a\n1.5: b\n0x10: c", r#"{"1":"a","1.5":"b","16":"c"}"#),
        ("timestamp", "a: [2001-01-01, 2001-12-14t21:59:43.10-05:00]", r#"{"a":["2001-01-01","2001-12-14t21:59:43.10-05:00"]}"#),
        ("block", "a: |\n  x\n  y\nb: >-\n  x\n  y\n", r#"{"a":"x\ny\n","b":"x y"}"#),
        (
            "tag",
            "a: !!str 5\nb: !!int \"5\"\nc: !!float 5\nd: !foo 5\ne: !!binary aGk=\nf: !!bool \"yes\"",
            r#"{"a":"5","b":5,"c":5,"d":"5","e":"hi","f":true}"#,
        ),
    ] {
        check(name, yaml, expected);
    }
}

#[cfg(feature = "yaml")]
#[test]
fn reads_structure_as_kubectl() {
    for (name, yaml, expected) in [
        ("anchor/copied", "a: &x {b: 1}\nc: *x\nd: [*x]", r#"{"a":{"b":1},"c":{"b":1},"d":[{"b":1}]}"#),
        ("anchor/redefined", "a: &x 1\nb: *x\nc: &x 2\nd: *x", r#"{"a":1,"b":1,"c":2,"d":2}"#),
        (
            "merge/before_wins_less",
            "x: &x {a: 1, b: 2}\nv: {a: 9, <<: *x}\nw: {<<: *x, a: 9}",
            r#"{"v":{"a":1,"b":2},"w":{"a":9,"b":2},"x":{"a":1,"b":2}}"#,
        ),
        (
            "merge/list",
            "v: &v {a: 1}\nw: &w {a: 2, b: 2}\nx: {<<: [*v, *w]}",
            r#"{"v":{"a":1},"w":{"a":2,"b":2},"x":{"a":1,"b":2}}"#,
        ),
        ("merge/quoted_is_a_key", "a: {\"<<\": {b: 1}}", r#"{"a":{"\u003c\u003c":{"b":1}}}"#),
        ("key/last_of_repeated", "a: 1\nb: 2\na: 3", r#"{"a":3,"b":2}"#),
        ("documents/empty_around", "---\n# nothing\n---\na: 1\n---\n", r#"{"a":1}"#),
        ("documents/ended", "a: 1\n...\n", r#"{"a":1}"#),
    ] {
        check(name, yaml, expected);
    }
}

#[cfg(feature = "yaml")]
#[test]
fn refuses_with_the_place() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let bomb = format!(
        "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n{}",
        (1..9).map(|at| format!("a{at}: &a{at} [{}]\n", format!("*a{},", at - 1).repeat(9))).collect::<String>()
    );
    for (name, yaml, expected) in [
        (
            "documents/two",
            "a: 1\n---\nb: 2\n",
            "error: line 3, column 1: a second document stands here, give one manifest at a time",
        ),
        ("directive", "# a\n%YAML 1.1\n---\na: 1\n", "error: line 2, column 1: a directive stands here, kubectl takes none"),
        (
            "break",
            "a: b\nc: 'd\u{2028}e'\n",
            "error: line 2, column 6: a line break of YAML 1.1 stands here, write it as an escape",
        ),
        ("documents/none", "# nothing\n", "error: the text is empty, no manifest is in it"),
        ("shape/list", "- a\n", "error: line 1, column 1: a list stands where an object belongs"),
        ("shape/string", "hello\n", "error: line 1, column 1: a string stands where an object belongs"),
        (
            "shape/list_of_objects",
            "kind: List\nitems: [{}, {}]\n",
            "error: line 1, column 1: a List of 2 objects, give one (`kubectl get service NAME -o yaml` prints one)",
        ),
        ("key/null", "a:\n  ~: 1\n", "error: line 2, column 3 (.a): null cannot be a key"),
        ("key/list", "a:\n  [1]: 1\n", "error: line 2, column 3 (.a): a list or an object cannot be a key"),
        ("merge/scalar", "a:\n  <<: 5\n", "error: line 2, column 3 (.a.<<): `<<` takes an object or a list of objects"),
        ("number/infinity", "a: [1, .inf]\n", "error: line 1, column 8 (.a[1]): infinity and not-a-number have no form in JSON"),
        ("tag/misfit", "a: !!int x\n", "error: line 1, column 10 (.a): `x` is not of the type that its tag !!int says"),
        ("anchor/itself", "a: &x [*x]\n", "error: line 1, column 8 (.a[0]): an alias stands inside of its own anchor"),
        ("deep", deep.as_str(), "error: line 1, column 129: nested deeper than 128"),
        ("bomb", bomb.as_str(), "error: line 6, column 10 (.a5[0]): aliases make the document too large"),
    ] {
        check(name, yaml, expected);
    }
    for (name, yaml) in [("unclosed", "a: [1"), ("indent", "a: 1\n  b: 2\n"), ("tab", "a:\n\t- b\n"), ("alias", "a: *x\n")] {
        let error = Manifest::from_yaml(yaml).unwrap_err();
        assert!(error.is_syntax() && error.place().is_some_and(|place| place.starts_with("line ")), "{name}: {error}");
    }
}

#[cfg(feature = "yaml")]
#[test]
fn knows_the_places_of_fields() {
    let yaml = "kind: Service\nspec:\n  ports:\n  - name: dns\n    port: 53\n  - port: 80\n    port: 81\n";
    let json = "{\"kind\": \"Service\",\n \"spec\": {\"ports\": [\n  {\"name\": \"dns\",\n   \"port\": 53}]}}";
    let ports = Path::new().field("spec").field("ports");
    let place = |manifest: &Manifest, path: Path| manifest.place(&path).map(|place| (place.line, place.column));

    let manifest = Manifest::from_text(yaml).unwrap();
    assert_eq!(place(&manifest, ports.clone()), Some((3, 3)));
    assert_eq!(place(&manifest, ports.clone().index(0)), Some((4, 5)));
    assert_eq!(place(&manifest, ports.clone().index(1).field("port")), Some((7, 5)));
    assert_eq!(place(&manifest, ports.clone().index(2)), None);
    assert_eq!(manifest.line(5), Some("    port: 53"));
    let repeated = RepeatedKey {
        path: ports.clone().index(1).field("port"),
        first: Place { line: 6, column: 5 },
        place: Place { line: 7, column: 5 },
    };
    assert_eq!(manifest.repeated_keys(), [repeated]);

    let manifest = Manifest::from_text(json).unwrap();
    assert_eq!(place(&manifest, ports.index(0).field("port")), Some((4, 4)));
}

#[cfg(feature = "yaml")]
#[test]
fn lines_end_where_places_count_them() {
    for text in ["a: 1\rb: 2\rc: 3", "a: 1\r\nb: 2\r\nc: 3\r\n", "a: 1\nb: 2\rc: 3\n", "a: 1\r\r\nc: 3"] {
        let manifest = Manifest::from_yaml(text).unwrap();
        let place = manifest.place(&Path::new().field("c")).unwrap();
        assert_eq!((place.line, manifest.line(place.line)), (3, Some("c: 3")), "{text:?}");
    }
}

#[test]
fn tells_json_from_yaml_and_says_what_is_wrong() {
    let error = |text: &[u8]| Manifest::from_text(text).unwrap_err().to_string();
    assert_eq!(error(b"  {\"a\": [1,}"), "line 1, column 12: expected a value");
    assert_eq!(error(b""), "the text is empty, no manifest is in it");
    assert_eq!(Manifest::from_json("[1]").unwrap_err().to_string(), "a list stands where an object belongs");
    assert!(Manifest::from_json("{\"port\": 80.0}").unwrap().object()["port"].is_f64());
    #[cfg(feature = "yaml")]
    {
        assert_eq!(error(b"a: 1\nb: \xff\n"), "line 2: the text is not UTF-8");
        assert_eq!(Manifest::from_text("{a: 1}").unwrap().object()["a"], 1);
    }
}
