//! What `explain` foretells, against what a real server did; whole reports, as files; bad input.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use mergekey::explain::{Case, Code, Report, Step, Style, Way, WayOutcome};
use mergekey::{Manifest, explain};
use serde_json::{Value, json};
use support::{corpus, story};

/// Node ports from here on are drawn by the server, never stated.
const FIRST_DRAWN: i64 = 30086;

/// Each fork of a history was recorded four times, and each recording ends in another way, run twice.
#[test]
fn forks_end_as_recorded() {
    let mut failed = Vec::new();
    let mut passed = 0;
    for fork in corpus("fork.jsonl.gz") {
        match check_fork(&fork) {
            differences if differences.is_empty() => passed += 1,
            differences => failed.push(format!("{}: {}", fork["id"], differences.join(", "))),
        }
    }
    assert!(failed.is_empty() && passed > 0, "{passed} passed, {} failed\n{}", failed.len(), failed.join("\n"));
}

fn check_fork(fork: &Value) -> Vec<String> {
    let steps = fork["steps"].as_array().unwrap();
    let [past @ .., end, again] = steps.as_slice() else { panic!("{} has no end", fork["id"]) };
    let requests = |step: &Value| step["requests"].as_array().unwrap().clone();
    let stored = past.iter().flat_map(requests).filter(|request| request["query"].get("dryRun").is_none());
    let before = stored.map(|request| request["live"].clone()).next_back().unwrap_or_default();
    let after = |step: &Value, before: &Value| requests(step).last().map_or(before.clone(), |request| request["live"].clone());
    let (live, live_again) = (after(end, &before), after(again, &after(end, &before)));

    let manifest = Manifest::new(end["manifest"].clone()).unwrap();
    let now = requests(end).first().and_then(|request| request["now"].as_str().map(str::to_owned));
    let mut case = Case::new(&manifest);
    if !before.is_null() {
        case = case.live(&before);
    }
    if let Some(now) = &now {
        case = case.now(now);
    }
    let report = match explain(case) {
        Ok(report) => report,
        Err(error) => return vec![error.to_string()],
    };
    let way: Way = serde_json::from_value(fork["way"].clone()).unwrap();
    let Some(way) = report.way(way) else { return vec![format!("{way:?} is missing")] };

    let mut differences = Vec::new();
    let mut expect = |what: &str, expected: Value, got: Value| {
        if expected != got {
            differences.push(format!("{what}: expected {expected}, got {got}"));
        }
    };
    expect("outcome", outcome(end).into(), way.outcome.as_str().into());
    expect("again", outcome(again).into(), way.again.outcome.as_str().into());
    expect("converged", converged(&end["manifest"], &live).into(), way.converged.into());
    expect("again converged", converged(&end["manifest"], &live_again).into(), way.again.converged.into());
    expect("ports", drawn(&live["spec"]["ports"], &before), drawn(&json!(way.ports), &before));
    expect("causes", causes(end), sorted(json!(way.causes)));
    let sent = requests(end).iter().map(|request| json!([request["method"], request["type"], request["code"]])).collect();
    let foretold = way.requests.iter().map(|request| json!([request.method, request.content_type, request.code])).collect();
    expect("requests", sent, foretold);
    differences
}

fn outcome(step: &Value) -> String {
    let last = step["requests"].as_array().and_then(|requests| requests.last()?["code"].as_u64());
    match (step["exit"].as_i64(), last) {
        (Some(0), _) => step["stdout"].as_str().unwrap().split_whitespace().last().unwrap_or("?").to_owned(),
        (_, Some(409)) => "conflict".to_owned(),
        (_, Some(400..)) => "rejected".to_owned(),
        _ => "client-error".to_owned(),
    }
}

fn causes(step: &Value) -> Value {
    let mut requests = step["requests"].as_array().unwrap().iter().rev();
    let status = requests.find_map(|request| request.get("status").filter(|status| !status.is_null()));
    sorted(status.and_then(|status| status.pointer("/details/causes")).cloned().unwrap_or(json!([])))
}

/// Conflicts with several managers come in any order.
fn sorted(causes: Value) -> Value {
    let Value::Array(mut causes) = causes else { return causes };
    if causes.first().is_some_and(|cause| cause["reason"] == "FieldManagerConflict") {
        causes.sort_by_key(Value::to_string);
    }
    Value::Array(causes)
}

fn drawn(ports: &Value, before: &Value) -> Value {
    let old: Vec<_> = before["spec"]["ports"].as_array().into_iter().flatten().map(|port| port["nodePort"].clone()).collect();
    let mut ports = if ports.is_null() { json!([]) } else { ports.clone() };
    for port in ports.as_array_mut().unwrap() {
        if port["nodePort"].as_i64().is_some_and(|number| number >= FIRST_DRAWN) && !old.contains(&port["nodePort"]) {
            port["nodePort"] = "drawn".into();
        }
    }
    // Reading a member that is absent has put a null there.
    ports.as_array_mut().unwrap().iter_mut().for_each(|port| port.as_object_mut().unwrap().retain(|_, value| !value.is_null()));
    ports
}

/// The rule of the report's `converged`, written down once more and independently.
fn converged(manifest: &Value, live: &Value) -> bool {
    let mut manifest = manifest.clone();
    let ports = manifest["spec"].as_object_mut().and_then(|spec| spec.remove("ports")).filter(|ports| !ports.is_null());
    if live.is_null() || !covers(&manifest, live) {
        return false;
    }
    let Some(wanted) = ports else { return true };
    let key = |port: &Value| (port["port"].to_string(), port["protocol"].as_str().unwrap_or("TCP").to_owned());
    let (wanted, live) = (wanted.as_array().unwrap().clone(), live["spec"]["ports"].as_array().cloned().unwrap_or_default());
    let keys = |ports: &[Value]| {
        let mut keys: Vec<_> = ports.iter().map(key).collect();
        keys.sort();
        keys
    };
    keys(&wanted) == keys(&live)
        && wanted.iter().all(|port| {
            let mut port = port.clone();
            port["protocol"] = key(&port).1.into();
            live.iter().find(|live| key(live) == key(&port)).is_some_and(|live| covers(&port, live))
        })
}

fn covers(wanted: &Value, live: &Value) -> bool {
    match wanted {
        Value::Null => live.is_null(),
        Value::Object(fields) if !fields.is_empty() || !live.is_null() => {
            live.is_object() && fields.iter().all(|(name, wanted)| wanted.is_null() || covers(wanted, &live[name]))
        }
        zero if live.is_null() => [json!(false), json!(0), json!(""), json!([]), json!({})].contains(zero),
        wanted => wanted == live,
    }
}

#[test]
fn story_131228_in_every_form() {
    let report = story("131228").report();
    check_snapshot("131228.txt", &report.to_string());
    check_snapshot("131228.md", &report.to_markdown());
    check_snapshot("131228.json", &(report.to_json() + "\n"));
    check_snapshot("131228.mmd", &report.to_mermaid());
}

/// The other reports, each a file with its source: what it says is reviewed as a whole.
#[test]
fn stories_as_text() {
    for name in support::stories() {
        check_snapshot(&format!("{name}.txt"), &story(&name).report().to_string());
    }
}

fn check_snapshot(name: &str, text: &str) {
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots"}, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn a_report_fits_one_screen() {
    let report = story("131228").report();
    for style in [Style::Plain, Style::Coloured] {
        assert_eq!(report.to_text(style).contains('\u{1b}'), style == Style::Coloured);
    }
    let text = report.to_string();
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(text.lines().count() <= 45, "{text}");
}

/// The first screen of the README is what the program prints.
#[test]
fn readme_shows_the_story() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let mut story = story("131228");
    for step in &mut story.history {
        step.kubectl = ["apply", "-f", "service.yaml"].map(str::to_owned).to_vec();
    }
    assert!(readme.contains(&format!("$ cargo run --example explain\n{}```", story.report())), "run it and copy what it prints");
}

#[test]
fn json_is_read_back() {
    for name in support::stories() {
        let report = story(&name).report();
        let back: Report = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(back, report, "{name}");
    }
    let old = story("131228").report().to_json().replacen("\"schemaVersion\": 1", "\"schemaVersion\": 2", 1);
    assert!(serde_json::from_str::<Report>(&old).unwrap_err().to_string().contains("schemaVersion 2 is not 1"));
}

/// The example of each code in `docs/codes.md` shows it.
#[test]
fn codes_are_shown_by_their_examples() {
    let pages = support::codes();
    for code in Code::ALL {
        let example = pages.get(code.as_str()).unwrap_or_else(|| panic!("{code} has no example in docs/codes.md"));
        let findings = example.report();
        let found: Vec<_> = findings.findings().iter().map(|finding| finding.code()).collect();
        assert!(found.contains(&code), "{code}: {found:?}");
    }
    assert_eq!(pages.len(), Code::ALL.len());
}

#[test]
fn hidden_owners_are_rebuilt() {
    let story = story("131228");
    let full = story.report();
    let mut live = full.before().unwrap().clone();
    live["metadata"].as_object_mut().unwrap().remove("managedFields");
    let report = explain(Case::new(&story.manifest).live(&live)).unwrap();
    assert_eq!(
        report.ways().iter().map(|way| way.outcome).collect::<Vec<_>>(),
        full.ways().iter().map(|way| way.outcome).collect::<Vec<_>>()
    );
    assert!(report.to_string().contains("managedFields were hidden"), "{report}");
}

#[test]
fn remedies_are_listed_when_they_work() {
    for name in support::stories() {
        let report = story(&name).report();
        assert!(report.remedies().iter().all(|remedy| !remedy.steps.is_empty()), "{name}");
        // Where the usual command does it, there is nothing to be remedied.
        let usual = report.way(Way::ClientSideApply).unwrap();
        assert!(!usual.is_good() || report.remedies().is_empty(), "{name}");
    }
}

#[test]
fn inputs_that_do_not_fit_together() {
    let service = |namespace: &str, name: &str| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": {"ports": [{"port": 80}]}});
    let manifest = Manifest::new(service("a", "web")).unwrap();
    let error = |live: Value| explain(Case::new(&manifest).live(&live)).unwrap_err().to_string();
    assert_eq!(error(service("a", "dns")), ".metadata.name: the manifest is about web, the live object is dns");
    assert_eq!(error(service("b", "web")), ".metadata.namespace: the manifest is about a, the live object is b");
    assert_eq!(error(json!({"kind": "Pod", "apiVersion": "v1"})), ".kind: Pod of v1 is not modelled, a Service of v1 is wanted");
    assert_eq!(error(json!([])), ".kind: missing, a Service of v1 is wanted");

    let step = Step { kubectl: vec!["rollout".to_owned()], manifest: None };
    let error = explain(Case::new(&manifest).history(&[step])).unwrap_err();
    assert!(error.is_not_modelled() && error.to_string().starts_with("step 1 (kubectl rollout): "), "{error}");
}

/// What is stated as empty is found different by every server-side apply, so that the second one can meet an owner whom the first
/// did not meet; force helps against that one too.
#[test]
fn a_second_run_can_conflict_where_the_first_did_not() {
    let object = |labels: Value| {
        let spec =
            json!({"clusterIP": "None", "ports": [{"name": "dns", "port": 53, "protocol": "UDP"}], "selector": {"app": "dns"}});
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "labels": labels}, "spec": spec})
    };
    let create = Step { manifest: Some(object(json!({"tier": "a"}))), ..command(&["create", "-f", "-"]) };
    let manifest = Manifest::new(object(json!({}))).unwrap();
    let report = explain(Case::new(&manifest).history(&[create, Step::apply(object(json!({"tier": "b"})))])).unwrap();
    let ends = [Way::ServerSideApply, Way::ServerSideApplyForced].map(|way| report.way(way).unwrap());
    assert!(ends.iter().all(|way| way.converged && way.outcome.succeeded()));
    assert_eq!(ends.map(|way| way.again.outcome), [WayOutcome::Conflict, WayOutcome::ServersideApplied]);
    assert!(report.to_string().contains("yes; run again: conflict"), "{report}");
}

/// A step can fail although there is nothing left to be done.
#[test]
fn a_step_that_is_refused_is_no_reason() {
    let object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}});
    let manifest = Manifest::new(object.clone()).unwrap().with_file("my web.yaml");
    let create = Step { manifest: Some(object.clone()), ..command(&["create", "-f", "-"]) };
    let report = explain(Case::new(&manifest).history(&[Step::apply(object), create])).unwrap();
    let text = report.to_string();
    assert!(text.contains("1  `kubectl apply -f -`: created, as wanted.\n"), "{text}");
    assert!(text.contains("2  `kubectl create -f -`: rejected; it was as wanted before.\n"), "{text}");
    // The file is quoted where a shell would take it for two.
    assert_eq!(report.way(Way::Replace).unwrap().command, "kubectl replace -f 'my web.yaml'");
}

#[test]
fn histories_that_cannot_be_read() {
    let error = |json: &str| Step::list(json.as_bytes()).unwrap_err().to_string();
    assert_eq!(error("[{\"kubectl\": "), "line 1, column 14: the text ends where a value belongs");
    assert!(error("{\"kubectl\": 5}").starts_with("line 1, column "), "{}", error("{\"kubectl\": 5}"));
    assert!(error("[{\"manifest\": {}}]").contains("missing field `kubectl`"));
}

fn command(line: &[&str]) -> Step {
    Step { kubectl: line.iter().map(|word| (*word).to_owned()).collect(), manifest: None }
}

/// What a remedy is and what it costs, each kind where it is one.
#[test]
fn remedies_of_each_kind() {
    const TOLD: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let of = |spec: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec});
    let dns = |tcp: Value| {
        of(json!({"ports": [{"name": "u", "port": 53, "protocol": "UDP", "nodePort": 30054}, tcp], "type": "NodePort"}))
    };
    let moved = dns(json!({"name": "t", "port": 53, "protocol": "TCP", "nodePort": 30054}));
    let headless = |ports: Value| of(json!({"clusterIP": "None", "ports": ports}));
    let (tcp, udp) = (json!({"name": "t", "port": 53, "protocol": "TCP"}), json!({"name": "u", "port": 53, "protocol": "UDP"}));
    let admin = json!({"name": "admin", "port": 9000, "protocol": "TCP"});
    let http = of(json!({"ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}));
    let with_admin = of(json!({"ports": [{"name": "http", "port": 80, "protocol": "TCP"}, admin]}));
    let add = r#"[{"op":"add","path":"/spec/ports/-","value":{"name":"admin","port":9000}}]"#;
    let by_hand = || vec![Step::apply(http.clone()), command(&["patch", "service", "web", "--type=json", "-p", add])];
    let flux = ["apply", "--server-side", "--field-manager=flux", "-f", "-"].map(str::to_owned).to_vec();
    for (kind, history, manifest, expected) in [
        (
            "renumber",
            vec![Step::apply(dns(json!({"name": "t", "port": 53, "protocol": "TCP", "nodePort": 30053}))), Step::apply(moved.clone())],
            &moved,
            "# in service.yaml, 53/TCP: port: 54, targetPort: 53
kubectl replace --save-config -f service.yaml
clients have to use 54 for 53/TCP
once deleted it could not be created again: spec.ports[1].nodePort: Invalid value: 30054: provided port is already allocated",
        ),
        (
            "two-steps",
            vec![Step::apply(headless(json!([tcp]))), Step::apply(headless(json!([tcp, udp])))],
            &headless(json!([tcp, udp])),
            "# service.first.yaml is service.yaml without 53/UDP
kubectl apply -f service.first.yaml
kubectl apply -f service.yaml
for a while 53/TCP is not there
the ports still share a merge key; their next change by `kubectl apply` can go wrong again",
        ),
        (
            "apply-twice",
            vec![Step::apply(of(json!({"ports": [tcp, udp, admin]})))],
            &of(json!({"ports": [udp, admin]})),
            "kubectl apply -f service.yaml
kubectl apply -f service.yaml
for a while 53/UDP is not there",
        ),
        (
            "repair-last-applied",
            vec![Step::apply(with_admin.clone()), command(&["annotate", "service", "web", &format!("{TOLD}-")])],
            &http,
            "kubectl annotate service web --overwrite 'kubectl.kubernetes.io/last-applied-configuration={\"spec\":{\"ports\":[{\"port\":9000}]}}'
kubectl apply -f service.yaml",
        ),
        (
            "repair-last-applied",
            vec![Step::apply(with_admin.clone()), command(&["annotate", "service", "web", "--overwrite", &format!("{TOLD}=?")])],
            &of(json!({"ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 81}, admin]})),
            "kubectl annotate service web --overwrite 'kubectl.kubernetes.io/last-applied-configuration={}'
kubectl apply -f service.yaml",
        ),
        (
            "repair-last-applied",
            by_hand(),
            &http,
            "kubectl annotate service web --overwrite 'kubectl.kubernetes.io/last-applied-configuration={\"spec\":{\"ports\":[{\"port\":9000}]}}'
kubectl apply -f service.yaml",
        ),
        (
            "migrate",
            by_hand(),
            &http,
            "kubectl annotate service web --overwrite --field-manager=kubectl-patch 'kubectl.kubernetes.io/last-applied-configuration={}'
kubectl apply --server-side -f service.yaml
takes fields over from `kubectl-patch`",
        ),
        (
            "migrate",
            vec![Step { kubectl: flux, manifest: Some(with_admin.clone()) }],
            &http,
            "kubectl apply --server-side -f service.yaml --field-manager=flux
takes fields over from `flux`",
        ),
    ] {
        let manifest = Manifest::try_from(manifest).unwrap();
        let report = explain(Case::new(&manifest).history(&history)).unwrap();
        let json = serde_json::to_value(&report).unwrap();
        let remedy = json["remedies"].as_array().unwrap().iter().find(|remedy| remedy["plan"]["kind"] == kind);
        let remedy = remedy.unwrap_or_else(|| panic!("no {kind}: {report}"));
        let lines = ["steps", "risks"].into_iter().flat_map(|key| remedy[key].as_array().unwrap());
        assert_eq!(lines.map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n"), expected, "{kind}");
    }
}
