//! `kubectl apply` on the client's side.

use serde_json::{Value, json};

use super::{DESCRIBED, LAST_APPLIED, check, created, dns, edit, live, refused, step};

const CONFIGURED: &str = "service/dns configured\n";
const PATCHED: &str = "PATCH/strategic kubectl-client-side-apply 200";
const DELETING: &str = "Warning: Detected changes to resource dns which is currently being deleted.\n";

fn annotation(value: &Value) -> Value {
    json!({"metadata": {"annotations": {LAST_APPLIED: value}}})
}

#[test]
fn dry_runs() {
    let cluster = check(
        "apply/dry_run/client",
        &[
            step("apply --dry-run=client -f -", "service/dns created (dry run)\n").with(&dns(53)),
            created(&dns(53)),
            step("apply --dry-run=client -f -", "service/dns unchanged (dry run)\n").with(&dns(53)).ports("53/TCP"),
            step("apply --dry-run=client -f -", "service/dns configured (dry run)\n").with(&dns(54)).ports("53/TCP"),
        ],
    );
    assert_eq!(cluster.object("ns", "dns").unwrap().resource_version(), "1");
    let cluster = check(
        "apply/dry_run/server",
        &[
            step("apply --dry-run=server -f -", "service/dns created (server dry run)\n")
                .with(&dns(53))
                .sends("POST kubectl-client-side-apply dry All 201"),
            created(&dns(53)),
            step("apply --dry-run=server -f -", "service/dns configured (server dry run)\n")
                .with(&dns(54))
                .sends("PATCH/strategic kubectl-client-side-apply dry All 200")
                .ports("53/TCP"),
        ],
    );
    assert_eq!(cluster.object("ns", "dns").unwrap().resource_version(), "1");
    check(
        "apply/dry_run/odd",
        &[refused(
            "apply --dry-run=later -f -",
            "error: Invalid dry-run value (later). Must be \"none\", \"server\", or \"client\".\n",
        )
        .with(&dns(53))],
    );
}

/// What cannot be patched is told in layers: kubectl tries three schemas, and puts two texts in front of the last failure, one of
/// them only where it is about to send the patch.
#[test]
fn layers_of_a_patch_that_cannot_be_made() {
    let broken = edit(dns(53), &annotation(&json!("broken")));
    let twice = "warning: error calculating patch from openapi v3 spec: invalid JSON document\n\
                 warning: error calculating patch from openapi spec: invalid JSON document\n";
    let head = format!("error: error when applying patch:\n\nto:\n{DESCRIBED}for: \"dns.yaml\": ");
    let body = "creating patch with:\noriginal:\nbroken\nmodified:\n{…}\n\ncurrent:\n{…}\n\nfor: invalid JSON document\n";
    let patching = "error when patching \"dns.yaml\": ";
    check(
        "apply/broken_annotation",
        &[
            step("create -f -", "service/dns created\n").with(&dns(53)).sends("POST kubectl-create 201"),
            step(&format!("annotate service dns {LAST_APPLIED}=broken"), "service/dns annotated\n")
                .sends("PATCH/merge kubectl-annotate 200"),
            refused("apply -f -", format!("{twice}{head}{patching}{body}")).with(&broken),
            refused("apply --openapi-patch=false -f -", format!("{head}{patching}{body}")).with(&broken),
            refused("apply --dry-run=client -f -", format!("{twice}{head}{body}")).with(&broken),
            refused("apply --force -f -", format!("{twice}{head}{patching}{body}")).with(&broken),
        ],
    );
}

#[test]
fn overwrite_false() {
    let changed = edit(dns(53), &json!({"metadata": {"labels": {"a": "1"}}}));
    let conflict = "patch:\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {…}\n  labels:\n    \
                    a: \"1\"\n\nconflicts with changes made from original to current:\nmetadata:\n…";
    let head = format!("error: error when applying patch:\n\nto:\n{DESCRIBED}for: \"dns.yaml\": ");
    let text = |layer: &str| {
        format!(
            "warning: error calculating patch from openapi v3 spec: {conflict}\n\nwarning: error calculating patch from openapi \
             spec: {conflict}\n\n{head}{layer}creating patch with:\n…for: {conflict}\n"
        )
    };
    check(
        "apply/overwrite_false",
        &[
            created(&dns(53)),
            step("apply --overwrite=false -f -", "service/dns unchanged\n").with(&dns(53)),
            refused("apply --overwrite=false -f -", text("error when patching \"dns.yaml\": ")).with(&changed),
            refused("apply --overwrite=false --dry-run=client -f -", text("")).with(&changed),
        ],
    );
}

/// What kubectl sends or keeps has whole numbers as integers, however the file writes them.
#[test]
fn whole_numbers() {
    let whole = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": {"ports": [{"port": 80.0}]}});
    let port = r#"{"spec":{"ports":[{"port":80.0,"protocol":"TCP","targetPort":80}]}}"#;
    check(
        "apply/whole_numbers",
        &[
            step("apply -f -", "service/dns created\n").with(&whole).sends("POST kubectl-client-side-apply 201").ports("80/TCP"),
            step("apply -f -", "service/dns unchanged\n").with(&whole),
            step("replace --save-config -f -", "service/dns replaced\n").with(&whole).sends("PUT kubectl-replace 200"),
            step("apply -f -", "service/dns unchanged\n").with(&whole),
            step(&format!("patch service dns --dry-run=client --type=merge -p {port}"), "service/dns patched (no change)\n"),
        ],
    );
}

/// What stands instead of YAML has its keys in random order.
#[test]
fn conflicts_of_control_characters_are_not_modelled() {
    let mut cluster = check("apply/control", &[created(&dns(53))]);
    let odd = edit(dns(53), &json!({"metadata": {"annotations": {"a": "\u{7f}"}}}));
    let odd = mergekey::Manifest::new(odd).unwrap();
    let error = cluster.kubectl(&["apply", "--overwrite=false", "-f", "-"], Some(&odd)).unwrap_err();
    assert!(error.is_not_modelled(), "{error}");
    assert!(cluster.kubectl(&["apply", "-f", "-"], Some(&odd)).unwrap().succeeded());
}

#[test]
fn force() {
    let stale = edit(dns(80), &json!({"metadata": {"resourceVersion": "77"}}));
    let cluster = check(
        "apply/force/stale_version",
        &[
            created(&dns(53)),
            step("apply --force -f -", CONFIGURED)
                .with(&stale)
                .sends("PATCH/strategic kubectl-client-side-apply 409 x6, DELETE 200, POST kubectl-client-side-apply 201")
                .ports("80/TCP"),
        ],
    );
    assert_eq!(cluster.object("ns", "dns").unwrap().uid(), "uid-2");
    let held = edit(dns(53), &json!({"metadata": {"finalizers": ["x.io/a"]}, "spec": {"clusterIP": "10.0.0.5"}}));
    let other = edit(dns(53), &json!({"spec": {"clusterIP": "10.0.0.6"}}));
    check(
        "apply/force/held_by_a_finalizer",
        &[
            created(&held),
            refused(
                "apply --force -f -",
                format!(
                    "error: error when applying patch:\n{{\"apiVersion\":\"v1\",…}}\n\nto:\n{DESCRIBED}for: \"dns.yaml\": context \
                     deadline exceeded\n"
                ),
            )
            .with(&other)
            .sends("PATCH/strategic kubectl-client-side-apply 422, DELETE 200"),
        ],
    );
}

#[test]
fn what_the_annotation_keeps() {
    let with_nulls = edit(
        dns(53),
        &json!({"metadata": {"annotations": {"a": null}, "labels": null}, "spec": {"selector": null, "ports": [{"port": 53, "name": null}]}}),
    );
    let cluster = check("apply/annotation/nulls", &[created(&with_nulls)]);
    let annotations = &live(&cluster)["metadata"]["annotations"];
    assert_eq!(
        annotations[LAST_APPLIED],
        "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"annotations\":{\"a\":\"\"},\"labels\":null,\"name\":\"dns\",\
         \"namespace\":\"ns\"},\"spec\":{\"ports\":[{\"name\":null,\"port\":53}],\"selector\":null}}\n"
    );
    assert_eq!(annotations["a"], "", "a null annotation is an empty one");

    let with_itself = edit(dns(53), &annotation(&json!("{}")));
    let cluster = check(
        "apply/annotation/in_the_manifest",
        &[created(&with_itself), step("apply -f -", "service/dns unchanged\n").with(&with_itself)],
    );
    let plain = "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"annotations\":{},\"name\":\"dns\",\"namespace\":\"ns\"},\
                 \"spec\":{\"ports\":[{\"port\":53}]}}\n";
    assert_eq!(live(&cluster)["metadata"]["annotations"], json!({LAST_APPLIED: plain}));
}

#[test]
fn an_annotation_that_is_empty() {
    let labels = edit(dns(53), &json!({"metadata": {"labels": {"a": "1"}}}));
    let cluster = check(
        "apply/annotation/empty",
        &[
            created(&labels),
            step(&format!("annotate service dns {LAST_APPLIED}= --overwrite"), "service/dns annotated\n")
                .sends("PATCH/merge kubectl-annotate 200"),
            // It is there, so nothing is said; it holds nothing, so nothing is taken away.
            step("apply -f -", CONFIGURED).with(&dns(53)).sends(PATCHED),
        ],
    );
    assert_eq!(live(&cluster)["metadata"]["labels"], json!({"a": "1"}));
    let missing = format!(
        "Warning: resource services/dns is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply \
         should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The \
         missing annotation will be patched automatically.\n"
    );
    let cluster = check(
        "apply/annotation/missing",
        &[
            created(&labels),
            step(&format!("annotate service dns {LAST_APPLIED}-"), "service/dns annotated\n")
                .sends("PATCH/merge kubectl-annotate 200"),
            step("apply -f -", CONFIGURED).with(&dns(53)).warns(missing).sends(PATCHED),
            step("apply -f -", "service/dns unchanged\n").with(&dns(53)),
        ],
    );
    assert_eq!(live(&cluster)["metadata"]["labels"], json!({"a": "1"}));
}

/// A map that is gone takes what others put there along; an empty one does not.
#[test]
fn labels_that_go() {
    let labels = |labels: Value| edit(dns(53), &json!({"metadata": {"labels": labels}}));
    let mine = labels(json!({"a": "1"}));
    let foreign = || step("label service dns z=9", "service/dns labeled\n").sends("PATCH/merge kubectl-label 200");
    for (name, manifest, expected) in [
        ("map_gone", dns(53), Value::Null),
        ("map_empty", labels(json!({})), json!({"z": "9"})),
        ("map_null", labels(Value::Null), Value::Null),
    ] {
        let apply = step("apply -f -", CONFIGURED).with(&manifest).sends(PATCHED);
        let cluster = check(name, &[created(&mine), foreign(), apply]);
        assert_eq!(live(&cluster)["metadata"]["labels"], expected, "{name}");
    }
}

#[test]
fn configured_for_ever() {
    let null = edit(dns(53), &json!({"metadata": {"creationTimestamp": null}}));
    let patched = || step("apply -f -", CONFIGURED).with(&null).sends(PATCHED);
    let cluster = check("apply/null_for_ever", &[created(&null), patched(), patched()]);
    assert_eq!(cluster.object("ns", "dns").unwrap().resource_version(), "1", "nothing was written");
    let status = edit(dns(53), &json!({"status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}));
    let patched = || step("apply -f -", CONFIGURED).with(&status).sends(PATCHED);
    let cluster = check("apply/status_for_ever", &[created(&status), patched(), patched()]);
    assert_eq!(live(&cluster)["status"], json!({"loadBalancer": {}}));
    let unsorted = edit(dns(53), &json!({"metadata": {"finalizers": ["x.io/b", "x.io/a"]}}));
    let patched = || step("apply -f -", CONFIGURED).with(&unsorted).sends(PATCHED);
    check("apply/finalizers_for_ever", &[created(&unsorted), patched(), patched()]);
}

#[test]
fn unknown_fields() {
    let unknown = |value: Value| edit(dns(53), &json!({"spec": {"foo": value}}));
    let strict = "strict decoding error: unknown field \"spec.foo\"\n";
    let lookup = |head: &str| {
        format!(
            "warning: error calculating patch from openapi v3 spec: unable to find api field \"foo\"\nwarning: error calculating patch \
             from openapi spec: unable to find api field \"foo\" in io.k8s.api.core.v1.ServiceSpec\n{head}…for: unable to find api \
             field in struct ServiceSpec for the json field \"foo\"\n"
        )
    };
    check(
        "apply/unknown_field",
        &[
            refused(
                "apply -f -",
                format!("Error from server (BadRequest): error when creating \"dns.yaml\": Service in version \"v1\" cannot be handled as a Service: {strict}"),
            )
            .with(&unknown(json!(1)))
            .sends("POST kubectl-client-side-apply 400"),
            created(&dns(53)),
            refused("apply -f -", format!("The request is invalid: patch: Invalid value: \"map[metadata:map[annotations:map[…]] spec:map[foo:1]]\": {strict}"))
                .with(&unknown(json!(1)))
                .sends("PATCH/strategic kubectl-client-side-apply 422"),
            step("apply --validate=warn -f -", CONFIGURED)
                .with(&unknown(json!({"a": 1})))
                .warns("Warning: unknown field \"spec.foo\"\n")
                .sends(PATCHED),
            // What differs from the annotation in an unknown object cannot be looked up.
            refused("apply --validate=false -f -", lookup("error: error when applying patch:\n\nto:\n"))
                .with(&unknown(json!({"a": 2}))),
        ],
    );
    check(
        "apply/validate_flag",
        &[refused(
            "apply --validate=maybe -f -",
            "error: invalid - validate option \"maybe\"; must be one of: strict (or true), warn, ignore (or false)\n",
        )
        .with(&dns(53))],
    );
}

#[test]
fn objects_that_are_being_deleted() {
    let held = edit(dns(53), &json!({"metadata": {"finalizers": ["x.io/a"]}}));
    let more = edit(dns(53), &json!({"metadata": {"finalizers": ["x.io/a", "x.io/b"]}}));
    let deleted = "service \"dns\" deleted from ns namespace\n";
    let cluster = check(
        "apply/being_deleted",
        &[
            created(&held),
            step("delete service dns --wait=false", deleted).sends("DELETE 200"),
            step("apply -f -", "service/dns unchanged\n").with(&held).warns(DELETING),
            step("apply --dry-run=client -f -", "service/dns configured (dry run)\n").with(&dns(54)).warns(DELETING),
            step("apply --dry-run=server -f -", "service/dns configured (server dry run)\n")
                .with(&dns(54))
                .warns(DELETING)
                .sends("PATCH/strategic kubectl-client-side-apply dry All 200"),
            refused(
                "apply -f -",
                "The Service \"dns\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being \
                 deleted, found new finalizers []string{\"x.io/b\"}\n",
            )
            .with(&more)
            .sends("PATCH/strategic kubectl-client-side-apply 422"),
            refused(
                "create -f -",
                "Error from server (AlreadyExists): error when creating \"dns.yaml\": object is being deleted: services \"dns\" \
                 already exists\n",
            )
            .with(&dns(53))
            .sends("POST kubectl-create 409"),
            // The last finalizer goes, and the object with it.
            step("apply -f -", CONFIGURED).with(&dns(53)).warns(DELETING).sends(PATCHED),
        ],
    );
    assert!(cluster.object("ns", "dns").is_none());
}

#[test]
fn names_that_are_no_path() {
    let named = |name: &str| edit(dns(53), &json!({"metadata": {"name": name}}));
    let described = |name: &str, namespace: &str| {
        format!(
            "error: error when retrieving current configuration of:\nResource: \"/v1, Resource=services\", GroupVersionKind: \"/v1, \
             Kind=Service\"\nName: \"{name}\", Namespace: \"{namespace}\"\nfrom server for: \"dns.yaml\": "
        )
    };
    let slash = "invalid resource name \"a/b%c\": [may not contain '/' may not contain '%']\n";
    let dots = "invalid resource name \"..\": [may not be '..']\n";
    let empty = "resource name may not be empty\n";
    check(
        "apply/names",
        &[
            refused("apply -f -", described("a/b%c", "ns") + slash).with(&named("a/b%c")),
            refused("apply -f -", described("..", "ns") + dots).with(&named("..")),
            refused("apply -f -", described("", "ns") + empty).with(&named("")),
            refused("apply -n a/b -f -", described("dns", "a/b") + "invalid namespace \"a/b\": [may not contain '/']\n").with(&dns(53)),
            refused("apply --server-side -f -", format!("error: {dots}")).with(&named("..")),
            refused("apply --server-side -f -", format!("error: {empty}")).with(&named("")),
            refused("replace -f -", format!("error: error when replacing \"dns.yaml\": {empty}")).with(&named("")),
            refused("delete -f -", format!("error: error when deleting \"dns.yaml\": {empty}")).with(&named("")),
            refused("create -n a/b -f -", "error: error when creating \"dns.yaml\": invalid namespace \"a/b\": [may not contain '/']\n")
                .with(&dns(53)),
            // A name that no Service can have is a path all the same, and the server judges it.
            refused(
                "create -f -",
                "The Service \"Dns\" is invalid: metadata.name: Invalid value: \"Dns\": a lowercase RFC 1123 label must consist of …\n",
            )
            .with(&named("Dns"))
            .sends("POST kubectl-create 422"),
        ],
    );
}
