//! What the server answers to requests, one rule a row: status code, message, warnings.
//!
//! Recorded histories are replayed in `conformance.rs`; here are the rules that a well-behaved client never meets.

use mergekey::cluster::{Cluster, Environment, Method, Request, Response};

/// A request in one line: method, name in the path (none: the collection), query, content type and body.
struct Sent<'a> {
    method: &'a str,
    name: Option<&'a str>,
    query: &'a str,
    content_type: &'a str,
    body: &'a str,
}

const JSON: &str = "application/json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const MERGE: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

/// A Service named `dns` with one port.
const DNS: &str = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"dns"},"spec":{"ports":[{"port":53}]}}"#;

fn send(cluster: &mut Cluster, sent: &Sent<'_>) -> Response {
    send_to(cluster, "default", sent)
}

fn send_to(cluster: &mut Cluster, namespace: &str, sent: &Sent<'_>) -> Response {
    let collection = format!("/api/v1/namespaces/{namespace}/services");
    let path = sent.name.map_or_else(|| collection.clone(), |name| format!("{collection}/{name}"));
    let method = Method::from_name(sent.method).unwrap();
    let mut request = Request::new(method, path).content_type(sent.content_type).user_agent("test/1").body(sent.body);
    for (key, value) in sent.query.split('&').filter_map(|pair| pair.split_once('=')) {
        request = request.query(key, value);
    }
    cluster.handle(&request).unwrap()
}

fn create(cluster: &mut Cluster, body: &str) {
    let sent = Sent { method: "POST", name: None, query: "", content_type: JSON, body };
    let response = send(cluster, &sent);
    assert_eq!(response.code(), 201, "{:?}", response.status());
}

/// Sends to a server that has `dns`; a refusal leaves it as it was.
#[track_caller]
fn check(name: &str, sent: &Sent<'_>, code: u16, message: &str) {
    let mut cluster = Cluster::new();
    create(&mut cluster, DNS);
    let before = cluster.get("Service", "default", "dns");
    let response = send(&mut cluster, sent);
    let got = response.status().map_or("", |status| status.message());
    assert_eq!((response.code(), got), (code, message), "{name}");
    if code >= 400 {
        assert_eq!(cluster.get("Service", "default", "dns"), before, "{name}");
    }
}

fn patch<'a>(content_type: &'a str, query: &'a str, body: &'a str) -> Sent<'a> {
    Sent { method: "PATCH", name: Some("dns"), query, content_type, body }
}

fn post<'a>(query: &'a str, body: &'a str) -> Sent<'a> {
    Sent { method: "POST", name: None, query, content_type: JSON, body }
}

fn put<'a>(query: &'a str, body: &'a str) -> Sent<'a> {
    Sent { method: "PUT", name: Some("dns"), query, content_type: JSON, body }
}

#[test]
fn options_of_a_request() {
    let options = |kind: &str, text: &str| format!("{kind}.meta.k8s.io \"\" is invalid: {text}");
    check(
        "options/create/field_manager",
        &post("fieldManager=a\nb", DNS),
        422,
        &options("CreateOptions", "fieldManager: Invalid value: \"a\\nb\": invalid character U+000A (at position 1)"),
    );
    check(
        "options/update/dry_run",
        &put("dryRun=Some", DNS),
        422,
        &options("UpdateOptions", "dryRun: Unsupported value: [\"Some\"]: supported values: \"All\""),
    );
    check(
        "options/apply/manager_too_long",
        &patch(APPLY, &format!("fieldManager={}", "x".repeat(129)), DNS),
        422,
        &options("PatchOptions", "fieldManager: Too long: may not be more than 128 bytes"),
    );
    check(
        "options/patch/force",
        &patch(MERGE, "force=true", "{}"),
        422,
        &options("PatchOptions", "force: Forbidden: may not be specified for non-apply patch"),
    );
    check(
        "options/before_the_body",
        &patch(MERGE, "force=true", "{"),
        422,
        &options("PatchOptions", "force: Forbidden: may not be specified for non-apply patch"),
    );
}

#[test]
fn bodies_that_cannot_be_read() {
    let map = "json: cannot unmarshal array into Go value of type map[string]interface {}";
    let accepted = "the body of the request was in an unknown format - accepted media types include: application/json, \
                    application/yaml, application/vnd.kubernetes.protobuf";
    check("body/media_type/post", &Sent { content_type: "text/plain", ..post("", DNS) }, 415, accepted);
    check(
        "body/media_type/put_looks_at_options_first",
        &Sent { content_type: "text/plain", ..put("dryRun=x", DNS) },
        422,
        "UpdateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"x\"]: supported values: \"All\"",
    );
    check("body/media_type/post_looks_at_it_first", &Sent { content_type: "text/plain", ..post("dryRun=x", DNS) }, 415, accepted);
    check("body/media_type/in_any_case", &Sent { content_type: "Application/JSON; x=y", ..put("", DNS) }, 200, "");
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(3 * 1024 * 1024));
    check("body/too_large", &put("dryRun=x", &large), 413, "Request entity too large: limit is 3145728");
    let operations = format!("[{}]", vec!["{}"; 10_001].join(","));
    check(
        "body/json/too_many_operations",
        &patch(JSON_PATCH, "", &operations),
        413,
        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
    );
    check("body/media_type/patch", &patch("text/plain", "", "{}"), 415, "415: Unsupported Media Type");
    check("body/patch/not_json", &patch(MERGE, "", "{"), 400, "invalid JSON patch");
    // A text that Go would write is printed as it is, an escape for HTML put in.
    let mut cluster = Cluster::new();
    create(&mut cluster, DNS);
    let sent = patch(MERGE, "fieldValidation=Strict", "{ \"zip\" : [ \"<\\\"\\n\\u2028 é\", 1.5, 80.0, -1 ] }");
    let response = send(&mut cluster, &sent);
    let message = response.status().unwrap().message();
    assert!(message.contains(r#"\"zip\":[\"\\u003c\\\"\\n\\u2028 é\",1.5,80.0,-1]}"#), "{message}");
    check("body/strategic/list", &patch(STRATEGIC, "", "[]"), 400, map);
    check("body/merge/list", &patch(MERGE, "", "[]"), 400, &format!("error decoding patch: {map}"));
    check(
        "body/json/object",
        &patch(JSON_PATCH, "", "{}"),
        400,
        "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    );
    check(
        "body/json/path_of_wrong_type",
        &patch(JSON_PATCH, "", r#"[{"op":"remove","path":1}]"#),
        400,
        "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.path of type string",
    );
    check(
        "body/apply/text",
        &patch(APPLY, "fieldManager=a", "\"x\""),
        400,
        "error decoding patch: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type \
         map[string]interface {}",
    );
    check(
        "body/create/empty",
        &post("", ""),
        400,
        "the object provided is unrecognized (must be of type Service): couldn't get version/kind; json parse error: unexpected \
         end of JSON input (<empty>)",
    );
}

#[test]
fn strategic_patches_that_do_not_apply() {
    let check = |name: &str, body: &str, code: u16, message: &str| check(name, &patch(STRATEGIC, "", body), code, message);
    check(
        "strategic/no_key",
        r#"{"spec":{"ports":[{"name":"q"}]}}"#,
        500,
        "map: map[name:q] does not contain declared merge key: port",
    );
    check("strategic/format", r#"{"spec":{"$retainKeys":1}}"#, 400, "invalid patch format of retainKeys");
}

#[test]
fn identity() {
    check(
        "identity/name_missing",
        &put("", r#"{"metadata":{}}"#),
        400,
        "the name of the object (dns based on URL) was undeterminable: name must be provided",
    );
    check(
        "identity/uid/put",
        &put("", r#"{"metadata":{"name":"dns","uid":"abc"}}"#),
        409,
        "Operation cannot be fulfilled on services \"dns\": StorageError: invalid object, Code: 4, Key: \
         /registry/services/specs/default/dns, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: \
         abc, UID in object meta: uid-1",
    );
    check(
        "identity/uid/put_dry_run",
        &put("dryRun=All", r#"{"metadata":{"name":"dns","uid":"abc"}}"#),
        409,
        "Operation cannot be fulfilled on services \"dns\": StorageError: invalid object, Code: 4, Key: \
         /services/specs/default/dns, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: abc, UID \
         in object meta: uid-1",
    );
    let other = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"zz","uid":"abc"},"spec":{"ports":[{"port":1}]}}"#;
    check(
        "identity/uid/apply_that_would_create",
        &Sent { name: Some("zz"), ..patch(APPLY, "fieldManager=a", other) },
        409,
        "Operation cannot be fulfilled on services \"zz\": uid mismatch: the provided object specified uid abc, and no existing \
         object was found",
    );
    check(
        "identity/version/create",
        &post("", r#"{"metadata":{"name":"a","resourceVersion":"5"},"spec":{"ports":[{"port":1}]}}"#),
        500,
        "resourceVersion should not be set on objects to be created",
    );
    check(
        "identity/version/not_a_number",
        &put("", r#"{"metadata":{"name":"dns","resourceVersion":"abc"},"spec":{"ports":[{"port":53}]}}"#),
        500,
        "strconv.ParseUint: parsing \"abc\": invalid syntax",
    );
    check("identity/missing", &Sent { name: Some("nope"), ..patch(MERGE, "", "{}") }, 404, "services \"nope\" not found");
}

/// Sends to a namespace where nothing can be created, with a Service `old` in it if it is being deleted.
#[track_caller]
fn check_elsewhere(name: &str, cluster: &Cluster, sent: &Sent<'_>, code: u16, message: &str) {
    let mut cluster = cluster.clone();
    let response = send_to(&mut cluster, "elsewhere", sent);
    let got = response.status().map_or("", |status| status.message());
    assert_eq!((response.code(), got), (code, message), "{name}");
}

#[test]
fn missing_namespaces() {
    let missing = "namespaces \"elsewhere\" not found";
    let cluster = Cluster::with_environment(Environment::default().namespaces(["ns"]));
    let check = |name: &str, sent: Sent<'_>, code, message: &str| check_elsewhere(name, &cluster, &sent, code, message);
    check("namespace/missing/post", post("", DNS), 404, missing);
    check("namespace/missing/post/dry_run", post("dryRun=All", DNS), 404, missing);
    check("namespace/missing/post/before_validation", post("", "{}"), 404, missing);
    let mismatch = "the namespace of the provided object does not match the namespace sent on the request";
    let other = r#"{"metadata":{"name":"dns","namespace":"other"}}"#;
    check("namespace/missing/post/after_the_one_in_the_body", post("", other), 400, mismatch);
    check("namespace/missing/put", put("", DNS), 404, missing);
    check(
        "namespace/missing/put/after_the_uid",
        put("", r#"{"metadata":{"name":"dns","uid":"u"}}"#),
        409,
        "Operation cannot be fulfilled on services \"dns\": StorageError: invalid object, Code: 4, Key: \
         /registry/services/specs/elsewhere/dns, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in \
         precondition: u, UID in object meta: ",
    );
    check(
        "namespace/missing/put/before_the_version",
        put("", r#"{"metadata":{"name":"dns","resourceVersion":"x"}}"#),
        404,
        missing,
    );
    check("namespace/missing/apply", patch(APPLY, "fieldManager=a", DNS), 404, missing);
    check(
        "namespace/missing/apply/after_the_name",
        patch(APPLY, "fieldManager=a", &DNS.replace("\"dns\"", "\"b\"")),
        400,
        "the name of the object (b) does not match the name on the URL (dns)",
    );
    let not_found = "services \"dns\" not found";
    check("namespace/missing/merge", patch(MERGE, "", "{}"), 404, not_found);
    check("namespace/missing/delete", Sent { method: "DELETE", ..put("", "") }, 404, not_found);
    check("namespace/missing/get", Sent { method: "GET", ..put("", "") }, 404, not_found);

    let mut cluster = cluster.clone();
    let warned = send_to(&mut cluster, "elsewhere", &post("", r#"{"metadata":{"name":"dns"},"zip":1}"#));
    assert_eq!((warned.code(), warned.warnings()), (404, &["unknown field \"zip\"".to_owned()][..]));
    assert_eq!(warned.status().unwrap().details().unwrap().kind(), "namespaces");
    for namespace in ["ns", "default", "kube-system", "kube-public", "kube-node-lease"] {
        assert_eq!(send_to(&mut cluster, namespace, &post("", DNS)).code(), 201, "{namespace}");
    }
}

#[test]
fn namespaces_that_are_being_deleted() {
    let mut cluster = Cluster::new();
    let old = DNS.replace("\"dns\"", "\"old\"");
    assert_eq!(send_to(&mut cluster, "elsewhere", &post("", &old)).code(), 201);
    cluster.terminate_namespace("elsewhere");
    let check = |name: &str, sent: Sent<'_>, code, message: &str| check_elsewhere(name, &cluster, &sent, code, message);
    let refused = |name: &str| {
        let why = "unable to create new content in namespace elsewhere because it is being terminated";
        format!("services \"{name}\" is forbidden: {why}")
    };
    check("namespace/terminating/post", post("", DNS), 403, &refused("dns"));
    check("namespace/terminating/post/name_that_is_taken", post("", &old), 403, &refused("old"));
    check("namespace/terminating/post/generated", post("", r#"{"metadata":{"generateName":"d-"}}"#), 403, &refused("d-"));
    check("namespace/terminating/post/nameless", post("", "{}"), 403, &refused("Unknown"));
    check("namespace/terminating/put", put("dryRun=All", DNS), 403, &refused("dns"));
    check(
        "namespace/terminating/apply",
        patch(APPLY, "fieldManager=a", "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"dns\"}}"),
        403,
        &refused("dns"),
    );
    check("namespace/terminating/put/what_is_there", Sent { name: Some("old"), ..put("", &old) }, 200, "");
    check("namespace/terminating/delete", Sent { method: "DELETE", name: Some("old"), ..put("", "") }, 200, "");

    let response = send_to(&mut cluster, "elsewhere", &post("", DNS));
    let status = response.status().unwrap();
    assert_eq!((status.reason(), status.details().unwrap().name()), (Some("Forbidden"), "dns"));
    let [cause] = status.causes() else { panic!("one cause: {status}") };
    assert_eq!(
        (cause.reason(), cause.message(), cause.field()),
        ("NamespaceTerminating", "namespace elsewhere is being terminated", "metadata.namespace")
    );
}

/// Whether or not a patch looks at the managed fields, they are shown where it is refused.
#[test]
fn a_refused_json_patch_is_shown_with_managed_fields() {
    let mut cluster = Cluster::new();
    create(&mut cluster, DNS);
    for looks in ["", r#"{"op":"test","path":"/metadata/managedFields/0/manager","value":"test"},"#] {
        let operations = format!(r#"[{looks}{{"op":"replace","path":"/spec/ports","value":1}}]"#);
        let response = send(&mut cluster, &patch(JSON_PATCH, "", &operations));
        let message = response.status().unwrap().message();
        assert!(message.contains(r#"\"managedFields\":[{\""#), "{message}");
    }
}

#[test]
fn strict_findings_of_patches() {
    check(
        "strict/strategic",
        &patch(STRATEGIC, "fieldValidation=Strict", r#"{"spec":{"type":"ClusterIP","type":"ClusterIP","b":1,"a":1}}"#),
        422,
        " \"\" is invalid: patch: Invalid value: \"map[spec:map[a:1 b:1 type:ClusterIP]]\": strict decoding error: duplicate \
         field \"spec.type\", unknown field \"spec.a\", unknown field \"spec.b\"",
    );
    let mut cluster = Cluster::new();
    create(&mut cluster, DNS);
    let operations = r#"[{"op":"add","path":"/spec/foo","value":1,"zip":2}]"#;
    let response = send(&mut cluster, &patch(JSON_PATCH, "", operations));
    assert_eq!(response.code(), 200);
    assert_eq!(response.warnings(), ["json patch unknown field \"[0].zip\"", "unknown field \"spec.foo\""]);
    assert_eq!(response.object().unwrap().resource_version(), "1", "an unknown field changes nothing");
}

#[test]
fn deletion() {
    let delete = |query: &'static str, body: &'static str| Sent { method: "DELETE", query, body, ..put("", "") };
    check(
        "delete/precondition/version",
        &delete("", r#"{"preconditions":{"resourceVersion":"5"}}"#),
        409,
        "Operation cannot be fulfilled on Service \"dns\": the ResourceVersion in the precondition (5) does not match the \
         ResourceVersion in record (1). The object might have been modified",
    );
    check(
        "delete/policy_in_query",
        &delete("propagationPolicy=Bogus", ""),
        422,
        "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"Bogus\": supported values: \
         \"Foreground\", \"Background\", \"Orphan\", \"nil\"",
    );

    let record = "Operation cannot be fulfilled on Service \"dns\": the";
    check(
        "delete/query/uid",
        &delete("uid=x&uid=uid-1", ""),
        409,
        &format!(
            "{record} UID in the precondition (x) does not match the UID in record (uid-1). The object might have been deleted and \
             then recreated"
        ),
    );
    check(
        "delete/query/version",
        &delete("resourceVersion=5&uid=", ""),
        409,
        &format!(
            "{record} ResourceVersion in the precondition (5) does not match the ResourceVersion in record (1). The object might \
             have been modified"
        ),
    );
    check("delete/query/as_it_is", &delete("resourceVersion=1&uid=uid-1&gracePeriodSeconds=-1&orphanDependents=", ""), 200, "");
    for (seconds, why) in [("x", "invalid syntax"), ("1.5", "invalid syntax"), ("99999999999999999999", "value out of range")] {
        let query = format!("propagationPolicy=x&gracePeriodSeconds={seconds}");
        let message = format!("strconv.ParseInt: parsing {seconds:?}: {why}");
        check("delete/query/grace", &Sent { query: &query, ..delete("", "") }, 400, &message);
    }
    check(
        "delete/query/empty_policy",
        &delete("propagationPolicy=", ""),
        422,
        "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"\": supported values: \"Foreground\", \
         \"Background\", \"Orphan\", \"nil\"",
    );
    check(
        "delete/body/empty_precondition",
        &delete("", r#"{"preconditions":{"uid":""}}"#),
        409,
        &format!(
            "{record} UID in the precondition () does not match the UID in record (uid-1). The object might have been deleted and then recreated"
        ),
    );
    let field = "json: cannot unmarshal";
    let parse = "couldn't get version/kind; json parse error:";
    let scheme = "in scheme \"pkg/runtime/scheme.go:111\"";
    for (body, message) in [
        (
            "[]",
            format!(
                "{parse} {field} array into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
            ),
        ),
        ("{x", format!("{parse} invalid character 'x' looking for beginning of object key string")),
        (
            r#"{"propagationPolicy":1}"#,
            format!("{field} number into Go struct field DeleteOptions.propagationPolicy of type v1.DeletionPropagation"),
        ),
        (
            r#"{"orphanDependents":"x"}"#,
            format!("{field} string into Go struct field DeleteOptions.orphanDependents of type bool"),
        ),
        (
            r#"{"gracePeriodSeconds":1.5}"#,
            format!("{field} number 1.5 into Go struct field DeleteOptions.gracePeriodSeconds of type int64"),
        ),
        (
            r#"{"preconditions":{"resourceVersion":5,"uid":[]}}"#,
            format!("{field} number into Go struct field Preconditions.preconditions.resourceVersion of type string"),
        ),
        (
            r#"{"preconditions":5}"#,
            format!("{field} number into Go struct field DeleteOptions.preconditions of type v1.Preconditions"),
        ),
        (r#"{"dryRun":"All"}"#, format!("{field} string into Go struct field DeleteOptions.dryRun of type []string")),
        (r#"{"dryRun":[1]}"#, format!("{field} number into Go struct field DeleteOptions.dryRun of type string")),
        (r#"{"kind":"Pod","apiVersion":"apps/v1"}"#, format!("no kind \"Pod\" is registered for version \"apps/v1\" {scheme}")),
        (r#"{"apiVersion":"x/"}"#, "Object 'apiVersion' is missing in '{\"apiVersion\":\"x/\"}'".to_owned()),
        (r#"{"apiVersion":"a/b/c"}"#, "unexpected GroupVersion string: a/b/c".to_owned()),
    ] {
        check(&format!("delete/body/{body}"), &delete("", body), 400, &message);
    }
    check(
        "delete/body/dry_run_of_null",
        &delete("", r#"{"dryRun":[null]}"#),
        422,
        "DeleteOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"\"]: supported values: \"All\"",
    );
    check("delete/body/unknown_and_other_version", &delete("", r#"{"apiVersion":"foo.io/v9","zip":1}"#), 200, "");

    let mut cluster = Cluster::new();
    create(&mut cluster, &DNS.replace("\"name\":\"dns\"", "\"name\":\"dns\",\"finalizers\":[\"example.com/a\"]"));
    let marked = send(&mut cluster, &delete("", ""));
    let marked = marked.object().unwrap();
    assert!(marked.is_terminating());
    assert_eq!(marked.resource_version(), "2");
    assert_eq!(send(&mut cluster, &delete("", "")).object(), Some(marked), "a second deletion changes nothing");
    let response = send(&mut cluster, &post("", DNS));
    assert_eq!(response.status().unwrap().message(), "object is being deleted: services \"dns\" already exists");
    let gone = send(&mut cluster, &patch(MERGE, "", r#"{"metadata":{"finalizers":null}}"#));
    assert_eq!((gone.code(), gone.object().unwrap().resource_version()), (200, "2"));
    assert_eq!(cluster.get("Service", "default", "dns"), None);
}

#[test]
fn what_is_not_modelled_is_named() {
    let mut cluster = Cluster::new();
    create(&mut cluster, DNS);
    for body in [r#"{"kind":"Status"}"#, r#"{"ignoreStoreReadErrorWithClusterBreakingPotential":true}"#] {
        let request = Request::new(Method::Delete, "/api/v1/namespaces/default/services/dns").body(body);
        assert!(cluster.handle(&request).unwrap_err().is_not_modelled(), "{body}");
    }
    for (version, modelled) in [("", true), ("0", true), ("1", true), ("2", false), ("x", false)] {
        let request = Request::new(Method::Get, "/api/v1/namespaces/default/services/dns").query("resourceVersion", version);
        assert_eq!(cluster.handle(&request).is_ok(), modelled, "read at {version}");
    }
    let unsafe_deletion = Request::new(Method::Delete, "/api/v1/namespaces/default/services/dns")
        .query("ignoreStoreReadErrorWithClusterBreakingPotential", "x");
    assert!(cluster.handle(&unsafe_deletion).unwrap_err().is_not_modelled());
    for (method, path, expect) in [
        (Method::Get, "/api/v1/namespaces/default/services", "not modelled: a list of Services"),
        (Method::Get, "/api/v1/namespaces/default/pods/a", "not modelled: the path /api/v1/namespaces/default/pods/a"),
        (Method::Delete, "/api/v1/namespaces/default/services", "not modelled: DELETE /api/v1/namespaces/default/services"),
    ] {
        let error = cluster.handle(&Request::new(method, path)).unwrap_err();
        assert!(error.is_not_modelled());
        assert_eq!(error.to_string(), expect);
    }
    for (target, modelled) in [
        (r#""targetPort":null"#, true),
        (r#""targetPort":"","targetPort":null"#, true),
        (r#""targetPort":"a","targetPort":null"#, false),
    ] {
        let body = format!(r#"{{"metadata":{{"name":"other"}},"spec":{{"ports":[{{"port":53,{target}}}]}}}}"#);
        let request = Request::new(Method::Post, "/api/v1/namespaces/default/services").content_type(JSON).body(body);
        assert_eq!(cluster.clone().handle(&request).is_ok(), modelled, "{target}");
    }
    let body = r#"[{"op":"add","path":"/spec/ports/0","value":{"port":54,"targetPort":"a","targetPort":null}}]"#;
    let request = Request::new(Method::Patch, "/api/v1/namespaces/default/services/dns").content_type(JSON_PATCH).body(body);
    assert!(cluster.handle(&request).unwrap_err().is_not_modelled());
    let deep = "[".repeat(200) + &"]".repeat(200);
    let noted = |text: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"dns","annotations":{{"a":"{text}"}}}},"spec":{{}}}}"#
        )
    };
    for (text, modelled) in
        [("a\u{2028}b", true), ("a\\u0085b", true), ("a\u{85}b", false), ("a \u{2028}b", false), ("a\u{2029}\u{2028}b", false)]
    {
        let request =
            Request::new(Method::Patch, "/api/v1/namespaces/default/services/dns").content_type(APPLY).body(noted(text));
        let request = request.query("fieldManager", "a").query("force", "true");
        assert_eq!(cluster.clone().handle(&request).is_ok(), modelled, "{text:?}");
    }
    let repeated = noted("a\u{2028}b").replace("\"spec\":", "\"kind\":\"Service\",\"spec\":");
    for (name, media_type, body) in [
        ("outside/yaml", APPLY, "kind: Service"),
        ("outside/repeated_behind_a_line_break", APPLY, &*repeated),
        ("outside/deep", MERGE, &*deep),
        ("outside/large", STRATEGIC, r#"{"spec":{"ports":[{"port":1e999}]}}"#),
        ("outside/spelling/number", MERGE, r#"{"zip":1e2}"#),
        ("outside/spelling/character", MERGE, r#"{"zip":"\u00e9"}"#),
        ("outside/spelling/operation", JSON_PATCH, r#"[{"op":"add","path":"/zip","value":"\/"}]"#),
    ] {
        let path = "/api/v1/namespaces/default/services/dns";
        let request = Request::new(Method::Patch, path).content_type(media_type).body(body);
        let request = request.query("fieldManager", "a").query("fieldValidation", "Strict");
        assert!(cluster.handle(&request).unwrap_err().is_not_modelled(), "{name}");
    }
}

#[test]
fn a_fork_does_not_touch_its_origin() {
    let mut cluster = Cluster::new();
    create(&mut cluster, DNS);
    let mut fork = cluster.clone();
    let spec = r#"{"spec":{"type":"NodePort","ports":[{"port":53,"nodePort":30053}]}}"#;
    assert_eq!(send(&mut fork, &patch(MERGE, "", spec)).code(), 200);
    assert_eq!(cluster.object("default", "dns").unwrap().resource_version(), "1");
    let other = DNS.replace("\"dns\"", "\"b\"").replace("\"spec\":{", "\"spec\":{\"type\":\"NodePort\",");
    let other = other.replace("{\"port\":53}", "{\"port\":53,\"nodePort\":30053}");
    create(&mut cluster, &other);
    let taken = "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 30053: provided port is already allocated";
    assert_eq!(send(&mut fork, &post("", &other)).status().unwrap().message(), taken);
}
