//! What kubectl's verbs print, how they end and which writes they send, one story a row.

use mergekey::Manifest;
use mergekey::cluster::{Apply, Cluster, DeletedLine, Environment, Label, Outcome};
use serde_json::{Value, json};

/// A command, and what comes of it.
struct Step<'a> {
    command: &'a str,
    manifest: Option<Value>,
    stdout: &'a str,
    stderr: &'a str,
    /// The writes, as `PATCH 200`.
    requests: &'a str,
}

fn service(spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": spec})
}

fn one_port(port: u16) -> Value {
    service(json!({"ports": [{"port": port}]}))
}

fn step<'a>(command: &'a str, manifest: Option<Value>, stdout: &'a str, stderr: &'a str, requests: &'a str) -> Step<'a> {
    Step { command, manifest, stdout, stderr, requests }
}

fn run(cluster: &mut Cluster, step: &Step<'_>) -> Outcome {
    let manifest = step.manifest.clone().map(|object| Manifest::new(object).unwrap().with_file("dns.yaml"));
    let words: Vec<&str> = step.command.split(' ').collect();
    cluster.kubectl(&words, manifest.as_ref()).unwrap()
}

fn requests(outcome: &Outcome) -> String {
    let list: Vec<String> = outcome.requests().iter().map(|request| format!("{} {}", request.method(), request.code())).collect();
    list.join(", ")
}

#[track_caller]
fn check(name: &str, steps: &[Step<'_>]) -> Cluster {
    let mut cluster = Cluster::new();
    for step in steps {
        let outcome = run(&mut cluster, step);
        assert_eq!(outcome.stdout(), step.stdout, "{name}: {}", step.command);
        assert_eq!(outcome.stderr(), step.stderr, "{name}: {}", step.command);
        assert_eq!(requests(&outcome), step.requests, "{name}: {}", step.command);
        let failed = step.stderr.lines().any(|line| !line.starts_with("Warning: "));
        assert_eq!(outcome.exit_code(), i32::from(failed), "{name}: {}", step.command);
    }
    cluster
}

const CREATED: &str = "service/dns created\n";

fn created() -> Step<'static> {
    step("apply -f dns.yaml", Some(one_port(53)), CREATED, "", "POST 201")
}

#[test]
fn labels() {
    check(
        "label/keeps_values",
        &[
            created(),
            step("label service dns a=b", None, "service/dns labeled\n", "", "PATCH 200"),
            step("label service dns a=b", None, "service/dns not labeled\n", "", ""),
            step("label service dns a=c", None, "", "error: 'a' already has a value (b), and --overwrite is false\n", ""),
            step("label service dns a=c x=1 --overwrite", None, "service/dns labeled\n", "", "PATCH 200"),
            step(
                "label svc/dns x=2 a=d",
                None,
                "",
                "'a' already has a value (c), and --overwrite is false\n'x' already has a value (1), and --overwrite is false\n",
                "",
            ),
            step("label service dns a- y=1", None, "service/dns modified\n", "", "PATCH 200"),
            step("label service dns q-", None, "label \"q\" not found.\nservice/dns not labeled\n", "", ""),
            step("label service dns x-", None, "service/dns unlabeled\n", "", "PATCH 200"),
            step("label service dns x=1 x-", None, "", "error: can not both modify and remove a label in the same command\n", ""),
        ],
    );
}

#[test]
fn annotations() {
    let cluster = check(
        "annotate/keeps_values",
        &[
            step("create -f dns.yaml", Some(one_port(53)), CREATED, "", "POST 201"),
            step("annotate service dns q-", None, "service/dns annotated\n", "", "PATCH 200"),
            step("annotate service dns a=b=c", None, "service/dns annotated\n", "", "PATCH 200"),
            step(
                "annotate service dns a=1",
                None,
                "",
                "error: --overwrite is false but found the following declared annotation(s): 'a' already has a value (b=c)\n",
                "",
            ),
        ],
    );
    assert_eq!(cluster.get("Service", "default", "dns").unwrap()["metadata"]["annotations"], json!({"a": "b=c"}));
}

#[test]
fn create_and_replace() {
    check(
        "create/twice",
        &[
            created(),
            step(
                "create -f dns.yaml",
                Some(one_port(80)),
                "",
                "Error from server (AlreadyExists): error when creating \"dns.yaml\": services \"dns\" already exists\n",
                "POST 409",
            ),
        ],
    );
    let cluster = check(
        "replace/missing_creates",
        &[
            step("replace -f dns.yaml", Some(one_port(53)), "service/dns replaced\n", "", "PUT 201"),
            step("replace -f dns.yaml", Some(one_port(53)), "service/dns replaced\n", "", "PUT 200"),
        ],
    );
    assert_eq!(cluster.object("default", "dns").unwrap().resource_version(), "1");
    let mut stale = one_port(53);
    stale["metadata"]["resourceVersion"] = json!("77");
    check(
        "replace/stale_version",
        &[
            created(),
            step(
                "replace -f dns.yaml",
                Some(stale),
                "",
                "Error from server (Conflict): error when replacing \"dns.yaml\": Operation cannot be fulfilled on services \
                 \"dns\": the object has been modified; please apply your changes to the latest version and try again\n",
                "PUT 409",
            ),
        ],
    );
    let annotation = "kubectl.kubernetes.io/last-applied-configuration";
    let cluster = check(
        "replace/annotation_goes",
        &[created(), step("replace -f dns.yaml", Some(one_port(80)), "service/dns replaced\n", "", "PUT 200")],
    );
    assert_eq!(cluster.object("default", "dns").unwrap().annotation(annotation), None);
    let cluster = check(
        "replace/save_config",
        &[created(), step("replace --save-config -f dns.yaml", Some(one_port(80)), "service/dns replaced\n", "", "PUT 200")],
    );
    assert!(cluster.object("default", "dns").unwrap().annotation(annotation).unwrap().contains("\"port\":80"));
}

#[test]
fn deletion() {
    check(
        "delete/missing",
        &[
            step("delete service dns", None, "", "Error from server (NotFound): services \"dns\" not found\n", "DELETE 404"),
            step(
                "delete -f dns.yaml",
                Some(one_port(53)),
                "",
                "Error from server (NotFound): error when deleting \"dns.yaml\": services \"dns\" not found\n",
                "DELETE 404",
            ),
            step("delete service dns --ignore-not-found", None, "", "", "DELETE 404"),
            created(),
            step(
                "delete service dns --dry-run=server",
                None,
                "service \"dns\" deleted from default namespace (server dry run)\n",
                "",
                "DELETE 200",
            ),
            step("delete svc/dns", None, "service \"dns\" deleted from default namespace\n", "", "DELETE 200"),
        ],
    );
    let mut cluster = Cluster::with_environment(Environment::default().deletes_with(DeletedLine::WithoutNamespace));
    run(&mut cluster, &created());
    let outcome = cluster.kubectl(&["delete", "service", "dns"], None).unwrap();
    assert_eq!(outcome.stdout(), "service \"dns\" deleted\n");
}

#[test]
fn flags_that_do_not_go_together() {
    let refused = |command, message| step(command, Some(one_port(53)), "", message, "");
    check(
        "apply/flags",
        &[
            refused("apply --force-conflicts -f -", "error: --force-conflicts only works with --server-side\n"),
            refused("apply --server-side --force -f -", "error: --force cannot be used with --server-side\n"),
            refused(
                "apply --server-side --dry-run=client -f -",
                "error: --dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)\n",
            ),
            refused("apply --force --dry-run=server -f -", "error: --dry-run=server cannot be used with --force\n"),
            refused("patch service dns --type=odd -p {}", "error: --type must be one of [json merge strategic], not \"odd\"\n"),
        ],
    );
    let mut elsewhere = one_port(53);
    elsewhere["metadata"]["namespace"] = json!("a");
    check(
        "apply/namespace",
        &[step(
            "apply -n b -f -",
            Some(elsewhere),
            "",
            "error: the namespace from the provided object \"a\" does not match the namespace \"b\". You must pass \
             '--namespace=a' to perform this operation.\n",
            "",
        )],
    );
    let unnamed = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "dns-"}, "spec": {}});
    check(
        "apply/generated_name",
        &[step("apply -f -", Some(unnamed), "", "error: from dns-: cannot use generate name with apply\n", "")],
    );
}

#[test]
fn a_conflict_is_tried_again() {
    let mut stale = one_port(80);
    stale["metadata"]["resourceVersion"] = json!("77");
    let mut cluster = Cluster::new();
    run(&mut cluster, &created());
    let outcome = run(&mut cluster, &step("apply -f dns.yaml", Some(stale), "", "", ""));
    assert_eq!(requests(&outcome), ["PATCH 409"; 6].join(", "));
    let start = "Error from server (Conflict): error when applying patch:\n{\"metadata\":{\"annotations\":{";
    let end = "}\nto:\nResource: \"/v1, Resource=services\", GroupVersionKind: \"/v1, Kind=Service\"\nName: \"dns\", Namespace: \
               \"default\"\nfor: \"dns.yaml\": error when patching \"dns.yaml\": Operation cannot be fulfilled on services \
               \"dns\": the object has been modified; please apply your changes to the latest version and try again\n";
    assert!(outcome.stderr().starts_with(start) && outcome.stderr().ends_with(end), "{}", outcome.stderr());
}

#[test]
fn force_deletes_and_creates() {
    let fixed = |ip: &str| service(json!({"clusterIP": ip, "ports": [{"port": 53}]}));
    let cluster = check(
        "apply/force/changed_cluster_ip",
        &[
            step("apply -f dns.yaml", Some(fixed("10.0.0.5")), CREATED, "", "POST 201"),
            step(
                "apply --force -f dns.yaml",
                Some(fixed("10.0.0.6")),
                "service/dns configured\n",
                "",
                "PATCH 422, DELETE 200, POST 201",
            ),
        ],
    );
    assert_eq!(cluster.object("default", "dns").unwrap().uid(), "uid-2");
    let invalid = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": {"ports": []}});
    let mut cluster = cluster;
    let outcome = run(&mut cluster, &step("apply --force -f dns.yaml", Some(invalid), "", "", ""));
    assert_eq!(requests(&outcome), "PATCH 422, DELETE 200, POST 422, POST 201", "the old one is put back");
    assert_eq!(outcome.exit_code(), 1);
    assert_eq!(cluster.get("Service", "default", "dns").unwrap()["spec"]["clusterIP"], "10.0.0.6");
}

#[test]
fn what_is_not_modelled_leaves_the_cluster_as_it_was() {
    let mut cluster = Cluster::new();
    let mut held = one_port(53);
    held["metadata"]["finalizers"] = json!(["example.com/a"]);
    run(&mut cluster, &step("apply -f dns.yaml", Some(held), "", "", ""));
    let before = cluster.get("Service", "default", "dns");
    let error = cluster.kubectl(&["delete", "service", "dns"], None).unwrap_err();
    assert_eq!(error.to_string(), "not modelled: kubectl waiting until finalizers are gone");
    assert_eq!(cluster.get("Service", "default", "dns"), before);
    let outcome = cluster.kubectl(&["delete", "service", "dns", "--wait=false"], None).unwrap();
    assert_eq!(requests(&outcome), "DELETE 200");
    let pod = Manifest::new(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}})).unwrap();
    let error = cluster.apply(&pod, Apply::client_side()).unwrap_err();
    assert_eq!(error.to_string(), "not modelled: kubectl with a manifest of kind \"Pod\" and API version \"v1\"");
}

#[test]
fn get_prints_json_as_kubectl_does() {
    let mut cluster = Cluster::new();
    run(&mut cluster, &created());
    let json = cluster.kubectl(&["get", "service", "dns", "-o", "json"], None).unwrap();
    assert!(json.stdout().starts_with("{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"Service\",\n    \"metadata\": {\n"));
    assert!(json.stdout().contains("\"ports\": [\n            {\n                \"port\": 53,\n"));
    assert!(!json.stdout().contains("managedFields"));
    let name = cluster.kubectl(&["get", "svc", "dns", "-o", "name"], None).unwrap();
    assert_eq!(name.stdout(), "service/dns\n");
}

#[test]
fn an_outcome_is_json() {
    let mut cluster = Cluster::new();
    run(&mut cluster, &created());
    let outcome = cluster.label("dns", Label::default().set("a", "b")).unwrap();
    assert_eq!(
        serde_json::to_value(&outcome).unwrap(),
        json!({
            "stdout": "service/dns labeled\n", "stderr": "", "exitCode": 0,
            "requests": [{
                "method": "PATCH", "path": "/api/v1/namespaces/default/services/dns",
                "query": [["fieldManager", "kubectl-label"]], "type": "application/merge-patch+json",
                "body": {"metadata": {"labels": {"a": "b"}}}, "code": 200, "warnings": [],
            }],
        })
    );
}
