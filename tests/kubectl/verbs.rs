//! The other verbs: `create`, `replace`, `patch`, `label`, `annotate`, `delete`.

use mergekey::Manifest;
use mergekey::cluster::{Apply, Cluster, Environment, Patch};
use serde_json::{Value, json};

use super::{LAST_APPLIED, Step, check, created, dns, edit, live, play, refused, step};

const PATCH: &str = "PATCH/strategic kubectl-patch 200";

#[test]
fn labels() {
    let value = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end \
                 with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
                 '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    let long = "x".repeat(64);
    check(
        "label/values",
        &[
            created(&dns(53)),
            refused("label service dns a=!b", format!("error: invalid label value: \"a=!b\": {value}\n")),
            refused(
                &format!("label service dns a={long}"),
                format!("error: invalid label value: \"a={long}\": must be no more than 63 bytes\n"),
            ),
            refused("label service dns a=b=c", "error: invalid label spec: a=b=c\n"),
        ],
    );
    let cluster = check(
        "label/twice_in_one_command",
        &[
            created(&dns(53)),
            step("label service dns a=1 a=2", "service/dns labeled\n").sends("PATCH/merge kubectl-label 200"),
            step("label service dns a=1 a=2", "service/dns not labeled\n"),
            step("label service dns b- a=2", "label \"b\" not found.\nservice/dns not labeled\n"),
        ],
    );
    assert_eq!(live(&cluster)["metadata"]["labels"], json!({"a": "2"}));
}

#[test]
fn labels_and_annotations_in_dry_runs() {
    let labelled = edit(dns(53), &json!({"metadata": {"labels": {"a": "1"}, "annotations": {"a": "1"}}}));
    let cluster = check(
        "label/dry_run",
        &[
            created(&labelled),
            step("label service dns b- --dry-run=client", "service/dns not labeled (dry run)\n"),
            step("label service dns a- c=1 --dry-run=client", "service/dns modified (dry run)\n"),
            refused("label service dns a=2 --dry-run=client", "error: 'a' already has a value (1), and --overwrite is false\n"),
            step("label service dns c=1 --dry-run=server", "service/dns labeled (server dry run)\n")
                .sends("PATCH/merge kubectl-label dry All 200"),
            step("annotate service dns c=1 --dry-run=client", "service/dns annotated (dry run)\n"),
            step("annotate service dns c=1 --dry-run=server", "service/dns annotated (server dry run)\n")
                .sends("PATCH/merge kubectl-annotate dry All 200"),
            refused(
                "annotate service dns a=2 --dry-run=client",
                "error: --overwrite is false but found the following declared annotation(s): 'a' already has a value (1)\n",
            ),
            refused("label service no a=1 --dry-run=client", "Error from server (NotFound): services \"no\" not found\n"),
        ],
    );
    assert_eq!(cluster.object("ns", "dns").unwrap().resource_version(), "1");
}

#[test]
fn annotations() {
    check(
        "annotate/change_cause",
        &[
            created(&dns(53)),
            step("annotate service dns kubernetes.io/change-cause=a", "service/dns annotated\n")
                .sends("PATCH/merge kubectl-annotate 200"),
            step("annotate service dns kubernetes.io/change-cause=b", "service/dns annotated\n")
                .sends("PATCH/merge kubectl-annotate 200"),
            refused(
                "annotate service dns y- x- x=1 y=1",
                "error: can not both modify and remove the following annotation(s) in the same command: y, x\n",
            ),
            refused("annotate service dns", "error: at least one annotation update is required\n"),
            refused("label service dns", "error: at least one label update is required\n"),
        ],
    );
}

#[test]
fn patches() {
    let patch = |line: &str, stdout| step(&format!("patch service dns {line}"), stdout);
    let bad = "error: must specify --patch or --patch-file containing the contents of the patch\n";
    check(
        "patch/forms",
        &[
            created(&dns(53)),
            patch(r#"-p={"spec":{"type":"NodePort"}} --dry-run=client"#, "service/dns patched\n").ports("53/TCP"),
            patch(r#"-p={"spec":{"type":"ClusterIP"}} --dry-run=client"#, "service/dns patched (no change)\n"),
            patch(r#"-p={"spec":{"type":"NodePort"}} --dry-run=server"#, "service/dns patched\n")
                .sends("PATCH/strategic kubectl-patch dry All 200"),
            patch(r#"--type=merge -p {"spec":null} --dry-run=client"#, "service/dns patched\n"),
            patch(
                r#"--type json -p [{"op":"test","path":"/spec/type","value":"ClusterIP"}] --dry-run=client"#,
                "service/dns patched (no change)\n",
            ),
            patch(r#"--type=STRATEGIC --patch={"spec":{"ports":[{"port":53,"name":"a"}]}}"#, "service/dns patched\n")
                .sends(PATCH),
            patch(r#"-p {"spec":{"ports":[{"port":53,"name":"a"}]}}"#, "service/dns patched (no change)\n").sends(PATCH),
            // What begins with a brace is sent as it is, all else is YAML.
            refused("patch service dns -p {spec:{}}", "Error from server (BadRequest): invalid JSON patch\n")
                .sends("PATCH/strategic kubectl-patch 400"),
            refused("patch service dns --type=odd", bad),
            refused("patch service dns -p {} --type=odd", "error: --type must be one of [json merge strategic], not \"odd\"\n"),
            refused("patch service no -p {}", "Error from server (NotFound): services \"no\" not found\n"),
            refused(
                r#"patch service dns --type=json -p [{"op":"remove","path":"/spec/nothing"}]"#,
                "The request is invalid: the server rejected our request due to an error in our request\n",
            )
            .sends("PATCH/json kubectl-patch 422"),
            refused(
                r#"patch service dns -p {"spec":{"ports":[{"name":"x"}]}}"#,
                "Error from server: map: map[name:x] does not contain declared merge key: port\n",
            )
            .sends("PATCH/strategic kubectl-patch 500"),
        ],
    );
}

#[test]
fn words_of_label_and_annotate() {
    let must = "error: one or more resources must be specified as <resource> <name> or <resource>/<name>\n";
    check(
        "label/words",
        &[
            refused("label", must),
            refused("annotate a=b", must),
            refused("label service", "error: at least one label update is required\n"),
            // The first wrong one is told.
            refused("label service dns a=b=c d=!", "error: invalid label spec: a=b=c\n"),
        ],
    );
}

#[test]
fn listing() {
    let labelled = edit(dns(53), &json!({"metadata": {"labels": {"a": "1", "b": "2"}, "annotations": {"c": "3"}}}));
    let together = "error: --list and --output may not be specified together\n";
    check(
        "label/list",
        &[
            step("create -f -", "service/dns created\n").with(&labelled).sends("POST kubectl-create 201"),
            step("label service dns --list", "a=1\nb=2\n"),
            step("label service dns --list a- c=3", "b=2\nc=3\n"),
            refused("label service dns --list a=2", "error: 'a' already has a value (1), and --overwrite is false\n"),
            step("annotate service dns --list d=4", "c=3\nd=4\n"),
            refused("label --list -o yaml", together),
            refused(
                "label service dns --list a=1 a- -o yaml",
                "error: can not both modify and remove a label in the same command\n",
            ),
            refused("annotate service dns --list a=1 a- -o yaml", together),
            refused("label service no --list", "Error from server (NotFound): services \"no\" not found\n"),
        ],
    );
}

/// The version is always sent along, be it the live one or not.
#[test]
fn versions() {
    let stale = "Error from server (Conflict): Operation cannot be fulfilled on services \"dns\": the object has been modified; \
                 please apply your changes to the latest version and try again\n";
    let mut cluster = check(
        "label/resource_version",
        &[
            created(&dns(53)),
            refused("label service dns --resource-version=77 a=b", stale).sends("PATCH/merge kubectl-label 409"),
            step("label service dns --resource-version 1 a=b", "service/dns labeled\n").sends("PATCH/merge kubectl-label 200"),
            step("label service dns --resource-version=1 a=b", "service/dns not labeled\n"),
            // What kubectl prints has the version that it was told.
            step("label service dns --resource-version=77 a=b -o yaml", "…  resourceVersion: \"77\"\n…"),
            step("annotate service dns --resource-version=77 a=b --dry-run=client -o yaml", "…  resourceVersion: \"77\"\n…"),
            refused("annotate service dns --resource-version=1 a=b", stale).sends("PATCH/merge kubectl-annotate 409"),
        ],
    );
    let outcome = cluster.kubectl(&["annotate", "service", "dns", "--resource-version=2", "a=b"], None).unwrap();
    assert_eq!(outcome.requests()[0].body().to_string(), r#"{"metadata":{"annotations":{"a":"b"},"resourceVersion":"2"}}"#);
}

/// Upstream decodes what it patches by itself; each kind of patch has its own words for what it cannot be.
#[test]
fn patches_of_another_shape() {
    let patch = |line: &str, stdout| step(&format!("patch service dns --dry-run=client {line}"), stdout);
    let no = |line: &str, stderr: &str| refused(&format!("patch service dns --dry-run=client {line}"), stderr);
    let unmarshal = |what: &str| format!("error: json: cannot unmarshal {what}\n");
    check(
        "patch/shapes",
        &[
            created(&dns(53)),
            patch("-p ~", "service/dns patched (no change)\n"),
            patch("-p null --type=json", "service/dns patched (no change)\n"),
            no("-p []", "error: invalid JSON document\n"),
            no("-p {", "error: invalid JSON document\n"),
            no("-p 1 --type=merge", "error: Invalid JSON Patch\n"),
            no("-p { --type=merge", "error: Invalid JSON Patch\n"),
            no("-p [] --type=merge", &unmarshal("array into Go value of type unstructured.detector")),
            no("-p {} --type=json", &unmarshal("object into Go value of type jsonpatch.Patch")),
            refused(
                "patch service dns -p x",
                "Error from server (BadRequest): json: cannot unmarshal string into Go value of type map[string]interface {}\n",
            )
            .sends("PATCH/strategic kubectl-patch 400"),
            // A whole number is written as one where it was read as YAML.
            step(
                r#"patch service dns --type=json -p [{"op":"add","path":"/spec/ports/0/port","value":80.0}]"#,
                "service/dns patched\n",
            )
            .sends("PATCH/json kubectl-patch 200")
            .ports("80/TCP"),
        ],
    );
}

/// A patch in YAML is sent as the JSON that it is.
#[test]
fn patches_in_yaml() {
    let mut cluster = check("patch/yaml", &[created(&dns(53))]);
    let outcome =
        cluster.patch("dns", Patch::merge("metadata:\n  labels:\n    on: \"1\"\n    gone: ~\n").namespace("ns")).unwrap();
    assert_eq!(outcome.stdout(), "service/dns patched\n");
    let body = serde_json::to_value(&outcome).unwrap()["requests"][0]["body"].clone();
    assert_eq!(body, json!({"metadata": {"labels": {"gone": null, "true": "1"}}}), "a bare `on` is a boolean");
}

/// The server crashes on keys that Go cannot compare; nobody knows what kubectl would print.
#[test]
fn crashes_are_not_modelled() {
    let mut cluster = check("patch/crash", &[created(&dns(53))]);
    let before = live(&cluster);
    for words in [
        ["patch", "service", "dns", "-p", r#"{"spec":{"ports":[{"port":{}},{"port":53}]}}"#],
        ["patch", "service", "dns", "-p", r#"{"spec":{"ports":[{"port":[]}],"$setElementOrder/ports":[{"port":[]}]}}"#],
    ] {
        let error = cluster.kubectl(&words, None).unwrap_err();
        assert!(error.is_not_modelled(), "{error}");
    }
    assert_eq!(live(&cluster), before);
}

#[test]
fn replacing() {
    let annotated = |text: &str| edit(dns(80), &json!({"metadata": {"annotations": {LAST_APPLIED: text}}}));
    let put = |manifest: &Value| step("replace -f -", "service/dns replaced\n").with(manifest).sends("PUT kubectl-replace 200");
    let kept = "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"annotations\":{},\"name\":\"dns\",\"namespace\":\"ns\"},\"spec\":{\"ports\":[{\"port\":80}]}}\n";
    for (name, manifest, expected) in [
        ("without", dns(80), Value::Null),
        ("written_anew", annotated("old"), json!({LAST_APPLIED: kept})),
        ("empty_stays_empty", annotated(""), json!({LAST_APPLIED: ""})),
    ] {
        let cluster = check(&format!("replace/annotation/{name}"), &[created(&dns(53)), put(&manifest).ports("80/TCP")]);
        assert_eq!(live(&cluster)["metadata"]["annotations"], expected, "{name}");
    }
    let held = edit(dns(53), &json!({"metadata": {"finalizers": ["x.io/a"]}}));
    let deleted = "service \"dns\" deleted from ns namespace\n";
    check(
        "replace/force",
        &[
            step("replace --force -f -", "service/dns replaced\n").with(&dns(53)).sends("DELETE 404, POST kubectl-replace 201"),
            step("replace --force -f -", "service \"dns\" deleted from ns namespace\nservice/dns replaced\n")
                .with(&held)
                .sends("DELETE 200, POST kubectl-replace 201"),
            refused("replace --force --dry-run=server -f -", "error: --dry-run can not be used when --force is set\n")
                .with(&dns(53)),
            // kubectl gives up after five minutes.
            Step { stdout: deleted, ..refused("replace --force -f -", "error: context deadline exceeded\n") }
                .with(&dns(53))
                .sends("DELETE 200"),
        ],
    );
    check(
        "replace/dry_run",
        &[
            created(&dns(53)),
            step("replace --dry-run=client -f -", "service/dns replaced (dry run)\n").with(&dns(80)),
            step("replace --dry-run=server -f -", "service/dns replaced (server dry run)\n")
                .with(&dns(80))
                .sends("PUT kubectl-replace dry All 200")
                .ports("53/TCP"),
        ],
    );
}

#[test]
fn creating() {
    let cluster = check(
        "create/save_config",
        &[
            step("create --save-config -f -", "service/dns created\n").with(&dns(53)).sends("POST kubectl-create 201"),
            step("apply -f -", "service/dns unchanged\n").with(&dns(53)),
        ],
    );
    assert_eq!(cluster.object("ns", "dns").unwrap().resource_version(), "1");
    let unnamed =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "dns-"}, "spec": {"ports": [{"port": 53}]}});
    let versioned = edit(dns(53), &json!({"metadata": {"resourceVersion": "9"}}));
    check(
        "create/names_and_versions",
        &[
            step("create --dry-run=client -f -", "service/<unknown> created (dry run)\n").with(&unnamed),
            refused("apply -f -", "error: from dns-: cannot use generate name with apply\n").with(&unnamed),
            // kubectl creates without the version that a manifest states.
            step("create -f -", "service/dns created\n").with(&versioned).sends("POST kubectl-create 201"),
        ],
    );
    // A null that kubectl does not prune is the server's to read as nothing.
    let null = edit(dns(53), &json!({"spec": {"selector": null, "type": null}}));
    check(
        "create/nulls",
        &[step("create -f -", "service/dns created\n").with(&null).sends("POST kubectl-create 201").ports("53/TCP")],
    );
}

#[test]
fn deleting() {
    let held = edit(dns(53), &json!({"metadata": {"finalizers": ["x.io/a"]}}));
    let deleted = "service \"dns\" deleted from ns namespace\n";
    let cluster = check(
        "delete/finalizers",
        &[
            created(&held),
            step("delete -f - --wait=false", deleted).with(&held).sends("DELETE 200"),
            // Deleting it again is granted and changes nothing.
            step("delete service dns --wait=false", deleted).sends("DELETE 200"),
            refused("delete service/no --wait=false", "Error from server (NotFound): services \"no\" not found\n")
                .sends("DELETE 404"),
            step("delete -f - --dry-run=client", "service \"dns\" deleted from ns namespace (dry run)\n").with(&dns(53)),
        ],
    );
    let object = live(&cluster);
    assert_eq!(
        (&object["metadata"]["deletionTimestamp"], &object["metadata"]["deletionGracePeriodSeconds"]),
        (&json!("2026-01-01T00:00:01Z"), &json!(0))
    );
}

/// Short flags may have their value in the same word, and an empty field manager is none.
#[test]
fn flags() {
    check(
        "flags/forms",
        &[
            step("apply -f=- -nns", "service/dns created\n").with(&dns(53)).sends("POST kubectl-client-side-apply 201"),
            step("apply -f- --field-manager= --validate=F", "service/dns configured\n")
                .with(&dns(54))
                .sends("PATCH/strategic 200"),
            refused(
                "apply --server-side --field-manager= -f -",
                "The PatchOptions \"\" is invalid: fieldManager: Required value: is required for apply patch\n",
            )
            .with(&dns(54))
            .sends("PATCH/apply 422"),
        ],
    );
    check(
        "flags/missing",
        &[
            refused("create", "error: must specify one of -f and -k\n"),
            refused("delete service dns -o=", "error: unexpected -o output mode: =. We only support '-o name'\n"),
            refused("apply a b -f -", "error: Unexpected args: [a b]\nSee 'kubectl apply -h' for help and examples\n"),
            refused(
                "replace --dry-run=odd --validate=odd -f -",
                "error: invalid - validate option \"odd\"; must be one of: strict (or true), warn, ignore (or false)\n",
            ),
        ],
    );
    let mut cluster = check("flags/unknown", &[created(&dns(53))]);
    for line in
        ["label service dns --validate=true a=1", "label service dns --dry-run=true a=1", "patch service dns --patch-file=f"]
    {
        let words: Vec<&str> = line.split(' ').collect();
        assert!(cluster.kubectl(&words, None).unwrap_err().is_not_modelled(), "{line}");
    }
}

#[test]
fn missing_namespaces() {
    let missing = "namespaces \"ns\" not found";
    let refusal = |when: &str| format!("Error from server (NotFound): {when}{missing}\n");
    let (creating, replacing) = ("error when creating \"dns.yaml\": ", "error when replacing \"dns.yaml\": ");
    let services = "Error from server (NotFound): services \"dns\" not found\n";
    let manifest = dns(53);
    let mut cluster = Cluster::with_environment(Environment::default().namespace("ns").namespaces(["other"]));
    play(
        "namespace/missing",
        &mut cluster,
        &[
            refused("apply -f dns.yaml", refusal(creating)).with(&manifest).sends("POST kubectl-client-side-apply 404"),
            refused("apply --server-side -f dns.yaml", refusal("")).with(&manifest).sends("PATCH/apply kubectl 404"),
            refused("create -f dns.yaml", refusal(creating)).with(&manifest).sends("POST kubectl-create 404"),
            refused("replace -f dns.yaml", refusal(replacing)).with(&manifest).sends("PUT kubectl-replace 404"),
            refused("replace --force -f dns.yaml", refusal("")).with(&manifest).sends("DELETE 404, POST kubectl-replace 404"),
            refused("patch service dns -p {}", refusal("")),
            refused("label service dns a=1", refusal("")),
            refused("annotate service dns a=1", refusal("")),
            refused("get service dns -o name", refusal("")),
            refused("delete service dns", services).sends("DELETE 404"),
            step("apply -f dns.yaml --dry-run=client", "service/dns created (dry run)\n").with(&manifest),
        ],
    );
}

/// What the verbs print of the object that they end with: the server's answer, or in a dry run of the client what it made itself.
#[test]
fn output() {
    let manifest = edit(dns(53), &json!({"metadata": {"labels": {"a": "1"}, "annotations": {"b": "yes"}}}));
    check(
        "output/apply",
        &[
            step("apply -f dns.yaml --dry-run=client -o name", "service/dns\n").with(&manifest),
            step(
                "apply -f dns.yaml -o json",
                "{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"Service\",\n    \"metadata\": {\n        \"annotations\": {\n            \
                 \"b\": \"yes\",\n            \"kubectl.kubernetes.io/last-applied-configuration\": \"…\\n\"\n        },\n        \
                 \"creationTimestamp\": \"2026-01-01T00:00:01Z\",\n        \"labels\": {\n            \"a\": \"1\"\n        },\n        \
                 \"name\": \"dns\",\n        \"namespace\": \"ns\",\n        \"resourceVersion\": \"1\",\n        \"uid\": \
                 \"uid-1\"\n    },\n    \"spec\": {\n…        \"type\": \"ClusterIP\"\n    },\n    \"status\": {\n        \
                 \"loadBalancer\": {}\n    }\n}\n",
            )
            .with(&manifest)
            .sends("POST kubectl-client-side-apply 201"),
            step("apply -f dns.yaml -o=yaml", "apiVersion: v1\n…    a: \"1\"\n  name: dns\n…status:\n  loadBalancer: {}\n").with(&manifest),
            step("apply -f dns.yaml -o yaml --show-managed-fields", "…  managedFields:\n  - apiVersion: v1\n…").with(&manifest),
            step("apply --server-side -f dns.yaml --output=name", "service/dns\n")
                .with(&manifest)
                .sends("PATCH/apply kubectl 200, PATCH/apply kubectl-last-applied 200, PATCH/json kubectl 200, PATCH/apply kubectl 200"),
            refused("apply -f dns.yaml -o yaml", "The Service \"dns\" is invalid: spec.ports: Required value\n")
                .with(&edit(manifest.clone(), &json!({"spec": {"ports": []}})))
                .sends("PATCH/strategic kubectl-client-side-apply 422"),
        ],
    );
    let made = "apiVersion: v1\nkind: Service\nmetadata:\n  annotations:\n    b: \"yes\"\n  labels:\n    a: \"1\"\n  name: dns\n  \
                namespace: ns\nspec:\n  ports:\n  - port: 53\n";
    check(
        "output/others",
        &[
            step("create -f dns.yaml --dry-run=client -o yaml", made).with(&manifest),
            step("create -f dns.yaml -o name", "service/dns\n").with(&manifest).sends("POST kubectl-create 201"),
            step("replace -f dns.yaml --dry-run=client -o yaml", made).with(&manifest),
            step(
                "patch service dns -p {\"spec\":{\"type\":\"NodePort\"}} --dry-run=client -o yaml",
                "…  type: NodePort\nstatus:\n…",
            ),
            step(
                "patch service dns -p {\"metadata\":null} --dry-run=client -o yaml",
                "apiVersion: v1\nkind: Service\nspec:\n  clusterIP: …",
            ),
            step("patch service dns -p {} -o name", "service/dns\n").sends(PATCH),
            // kubectl prints the labels that it set on what it had read before.
            step("label service dns c=2 a- -o yaml", "…  labels:\n    c: \"2\"\n…  resourceVersion: \"1\"\n…")
                .sends("PATCH/merge kubectl-label 200"),
            step("label service dns c- -o yaml --dry-run=client", "…  labels: {}\n…"),
            step("annotate service dns d=3 -o yaml", "…    b: \"yes\"\n    d: \"3\"\n…  resourceVersion: \"3\"\n…")
                .sends("PATCH/merge kubectl-annotate 200"),
            step("annotate service dns b- -o yaml --dry-run=client", "…  annotations:\n    d: \"3\"\n  creation…"),
            step("replace --force -f dns.yaml -o name", "service/dns\nservice/dns\n")
                .with(&manifest)
                .sends("DELETE 200, POST kubectl-replace 201"),
            step(
                "get service dns -o yaml",
                "apiVersion: v1\nkind: Service\nmetadata:\n  annotations:\n    b: \"yes\"\n  creationTimestamp: …",
            ),
            refused("delete service dns -o json", "error: unexpected -o output mode: json. We only support '-o name'\n"),
            step("delete service dns -o name", "service/dns\n").sends("DELETE 200"),
        ],
    );
}

/// A command line that kubectl refuses is read to its end: a flag that is not known here may mean another refusal.
#[test]
fn refused_command_lines() {
    let mut cluster = check("refused", &[created(&dns(53))]);
    for line in [
        "delete service dns -o json",
        "delete service dns --cascade=x",
        "apply -f dns.yaml --validate=x",
        "patch service dns",
        "label service dns a=!",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let outcome = cluster.kubectl(&words, None).unwrap();
        assert_eq!((outcome.exit_code(), outcome.requests().len()), (1, 0), "{line}");
        let error = cluster.kubectl(&[&*words, &["--zip"]].concat(), None).unwrap_err();
        assert_eq!(error.to_string(), format!("not modelled: kubectl {} --zip", words[0]));
    }
}

/// Of several faults of the metadata kubectl tells the first of the text, also in a value that a later one of its key replaces.
#[test]
fn faults_in_the_order_of_the_text() {
    let text = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":5,"labels":"x"}}"#;
    let outcome = Cluster::new().apply(&Manifest::from_json(text).unwrap(), Apply::client_side()).unwrap();
    assert!(outcome.stderr().contains("ObjectMeta.metadata.name of type string"), "{}", outcome.stderr());
    for (text, expect) in [
        (
            r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"dns","labels":{"a":1,"a":"x"}},"spec":{"ports":[{"port":53}]}}"#,
            "number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            r#"{"apiVersion":"v1","kind":[],"kind":"Service","metadata":{"name":5}}"#,
            "array into Go struct field metadataOnlyObject.TypeMeta.kind of type string",
        ),
    ] {
        let outcome = Cluster::new().apply(&Manifest::from_json(text).unwrap(), Apply::client_side()).unwrap();
        assert_eq!(outcome.stderr(), format!("error: unable to decode \"STDIN\": json: cannot unmarshal {expect}\n"));
    }
    let list = edit(dns(53), &json!({"items": []}));
    let error = Cluster::new().apply(&Manifest::new(list).unwrap(), Apply::client_side()).unwrap_err();
    assert_eq!(error.to_string(), "not modelled: kubectl with a manifest that has items, as a list has");
}

/// What kubectl finds wrong before it sends anything.
#[test]
fn manifests_and_words_that_kubectl_refuses() {
    let wrong = |key: &str, value: Value| edit(dns(53), &json!({"metadata": {key: value}}));
    let decode = |what: &str| format!("error: unable to decode \"dns.yaml\": json: cannot unmarshal {what}\n");
    let field = "Go struct field ObjectMeta.metadata";
    let bad = |line: &str, what: String, manifest: &Value| refused(line, decode(&what)).with(manifest);
    check(
        "manifest/metadata",
        &[
            bad("apply -f dns.yaml", format!("number into {field}.labels of type string"), &wrong("labels", json!({"a": 1}))),
            bad(
                "apply --server-side -f dns.yaml",
                format!("bool into {field}.annotations of type string"),
                &wrong("annotations", json!({"a": true})),
            ),
            bad(
                "create -f dns.yaml",
                format!("array into {field}.labels of type map[string]string"),
                &wrong("labels", json!([])),
            ),
            bad(
                "replace -f dns.yaml",
                format!("number 80.0 into {field}.generation of type int64"),
                &wrong("generation", json!(80.0)),
            ),
            bad(
                "delete -f dns.yaml",
                "number into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta".to_owned(),
                &json!({"apiVersion": "v1", "kind": "Service", "metadata": 5}),
            ),
            step("create -f dns.yaml", "service/dns created\n")
                .with(&wrong("labels", json!({"a": null})))
                .sends("POST kubectl-create 201"),
        ],
    );
    let unnamed = json!({"apiVersion": "v1", "kind": "Service", "metadata": {}});
    check(
        "manifest/place",
        &[
            refused("replace --force -f dns.yaml", "error: error when deleting \"dns.yaml\": resource name may not be empty\n")
                .with(&unnamed),
            refused(
                "apply -f dns.yaml -n ns",
                "error: the namespace from the provided object \"a\\\"b\" does not match the namespace \"ns\". You must pass \
                 '--namespace=a\"b' to perform this operation.\n",
            )
            .with(&wrong("namespace", json!("a\"b"))),
        ],
    );
    let all = |what: &str, word: &str| format!("error: all resources must be specified before {what} changes: {word}\n");
    check(
        "words",
        &[
            refused("label service dns a=! b", all("label", "b")),
            refused("annotate service dns a- =b", all("annotation", "=b")),
            refused(
                "label service dns a= b --dry-run=x",
                "error: Invalid dry-run value (x). Must be \"none\", \"server\", or \"client\".\n",
            ),
            refused("label service dns other", "error: at least one label update is required\n"),
            refused(
                "delete service dns --cascade=x",
                "error: invalid cascade value (x). Must be \"background\", \"foreground\", or \"orphan\"\n",
            ),
            refused(
                "delete service dns --cascade=F -o yaml",
                "warning: --cascade=F is deprecated (boolean value) and can be replaced with --cascade=orphan.\nerror: unexpected -o \
                 output mode: yaml. We only support '-o name'\n",
            ),
            created(&dns(53)),
            step("delete service dns --cascade=true", "service \"dns\" deleted from ns namespace\n")
                .warns("warning: --cascade=true is deprecated (boolean value) and can be replaced with --cascade=background.\n")
                .sends("DELETE 200"),
        ],
    );
    let mut cluster = check("words/two_objects", &[created(&dns(53))]);
    assert!(cluster.kubectl(&["label", "service", "dns", "other", "a=1"], None).unwrap_err().is_not_modelled());
    // The file that standard input is written to has a name that is drawn.
    for manifest in [json!({"apiVersion": "v1", "kind": "Service"}), wrong("labels", json!({"a": 1}))] {
        let manifest = Manifest::new(manifest).unwrap();
        assert!(cluster.kubectl(&["replace", "--force", "-f", "-"], Some(&manifest)).unwrap_err().is_not_modelled());
    }
}
