//! `kubectl apply --server-side`: owners, conflicts, and the way from client-side apply.

use mergekey::cluster::{Cluster, Environment};
use serde_json::{Value, json};

use super::{LAST_APPLIED, Step, check, created, dns, edit, fields, live, managers, play, refused, step};

const APPLIED: &str = "service/dns serverside-applied\n";
const ONE: &str = "PATCH/apply kubectl 200";
const MIGRATED: &str =
    "PATCH/apply kubectl 200, PATCH/apply kubectl-last-applied 200, PATCH/json kubectl 200, PATCH/apply kubectl 200";

const REVIEW: &str = "Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
";

fn apply(manifest: &Value) -> Step {
    step("apply --server-side -f -", APPLIED).with(manifest).sends(ONE)
}

fn conflict(manifest: &Value, text: &str) -> Step {
    refused("apply --server-side -f -", format!("error: {text}\n{REVIEW}")).with(manifest).sends("PATCH/apply kubectl 409")
}

fn labels(labels: &Value) -> Value {
    edit(dns(53), &json!({"metadata": {"labels": labels}}))
}

fn label(line: &str) -> Step {
    step(line, "service/dns labeled\n").sends("PATCH/merge kubectl-label 200")
}

fn create(manifest: &Value) -> Step {
    step("create -f -", "service/dns created\n").with(manifest).sends("POST kubectl-create 201")
}

/// Paths of one manager are listed members first, managers by their identifiers: `Apply` before `Update` of one name.
#[test]
fn conflicts_of_several_managers() {
    let all = edit(labels(&json!({"a": "9", "b": "9", "c": "9"})), &json!({"spec": {"type": "NodePort"}}));
    check(
        "conflicts/several_managers",
        &[
            create(&labels(&json!({"a": "0"}))),
            step("apply --server-side --field-manager=zoe -f -", APPLIED)
                .with(&labels(&json!({"b": "1"})))
                .sends("PATCH/apply zoe 200"),
            step("label service dns --field-manager=zoe c=1", "service/dns labeled\n").sends("PATCH/merge zoe 200"),
            step("apply --server-side --field-manager=amy -f -", APPLIED)
                .with(&labels(&json!({"b": "1", "c": "1"})))
                .sends("PATCH/apply amy 200"),
            conflict(
                &all,
                "Apply failed with 6 conflicts: conflicts with \"amy\":\n- .metadata.labels.b\n- .metadata.labels.c\nconflicts with \
                 \"kubectl-create\" using v1:\n- .metadata.labels.a\n- .spec.type\nconflicts with \"zoe\":\n- \
                 .metadata.labels.b\nconflicts with \"zoe\" using v1:\n- .metadata.labels.c",
            ),
            conflict(
                &labels(&json!({"a": "9"})),
                "Apply failed with 1 conflict: conflict with \"kubectl-create\" using v1: .metadata.labels.a",
            ),
            // The other members of a port stay; of the port itself nobody is robbed.
            step("apply --server-side --force-conflicts -f -", APPLIED).with(&all).sends("PATCH/apply kubectl force true 200"),
        ],
    );
}

/// A manager's own name as `Update` and as `Apply` are two managers.
#[test]
fn one_name_twice() {
    check(
        "conflicts/one_name_twice",
        &[
            create(&dns(53)),
            step("label service dns --field-manager=kubectl a=1", "service/dns labeled\n").sends("PATCH/merge kubectl 200"),
            conflict(
                &labels(&json!({"a": "2"})),
                "Apply failed with 1 conflict: conflict with \"kubectl\" using v1: .metadata.labels.a",
            ),
        ],
    );
}

#[test]
fn versions_are_conflicts_too() {
    let stale = edit(dns(53), &json!({"metadata": {"resourceVersion": "77"}}));
    check(
        "conflicts/stale_version",
        &[
            create(&dns(53)),
            conflict(
                &stale,
                "Operation cannot be fulfilled on services \"dns\": the object has been modified; please apply your changes to the \
                 latest version and try again",
            ),
        ],
    );
}

/// Who states what is there co-owns it, without a time and without touching the object; only a change of the value has a time.
#[test]
fn times() {
    let cluster = check(
        "times/co_owner",
        &[
            step("apply --server-side --field-manager=amy -f -", APPLIED)
                .with(&labels(&json!({"a": "1"})))
                .sends("PATCH/apply amy 201"),
            apply(&labels(&json!({"a": "1"}))),
            apply(&labels(&json!({"a": "1"}))),
        ],
    );
    assert_eq!(managers(&cluster), "kubectl Apply -\namy Apply 00");
    assert_eq!(
        cluster.object("ns", "dns").unwrap().resource_version(),
        "2",
        "the second apply changed owners, the third nothing"
    );
    let two = edit(dns(53), &json!({"spec": {"ports": [{"port": 53, "name": "a"}, {"port": 54, "name": "b"}]}}));
    let swapped = edit(dns(53), &json!({"spec": {"ports": [{"port": 54, "name": "b"}, {"port": 53, "name": "a"}]}}));
    let cluster = check(
        "times/order",
        &[
            step("apply --server-side -f -", APPLIED).with(&two).sends("PATCH/apply kubectl 201").ports("53/TCP 54/TCP"),
            apply(&swapped).ports("54/TCP 53/TCP"),
            // A manager that only takes something away keeps its time, and a new one leaves no entry.
            label("label service dns x=1"),
            step("label service dns x-", "service/dns unlabeled\n").sends("PATCH/merge kubectl-label 200"),
        ],
    );
    assert_eq!(managers(&cluster), "kubectl Apply 01");
}

/// What client-side apply stated and nobody changed may be taken without force, by `kubectl` alone.
#[test]
fn allowance() {
    let manifest = |value: &str| labels(&json!({"a": value, "b": "1"}));
    let cluster = check(
        "allowance/unchanged",
        &[created(&manifest("1")), step("apply --server-side -f -", APPLIED).with(&manifest("2")).sends(MIGRATED)],
    );
    assert_eq!(live(&cluster)["metadata"]["labels"], json!({"a": "2", "b": "1"}));
    let review = format!(
        "error: Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using v1: .metadata.labels.a\n{REVIEW}"
    );
    check(
        "allowance/another_manager",
        &[
            created(&manifest("1")),
            refused("apply --server-side --field-manager=flux -f -", review).with(&manifest("2")).sends("PATCH/apply flux 409"),
        ],
    );
    // The drifted label is the labeller's; what is not allowed is all that is told.
    check(
        "allowance/drifted",
        &[
            created(&manifest("1")),
            label("label service dns a=5 --overwrite"),
            conflict(
                &edit(manifest("2"), &json!({"metadata": {"labels": {"b": "2"}}})),
                "Apply failed with 1 conflict: conflict with \"kubectl-label\" using v1: .metadata.labels.a",
            ),
        ],
    );
    // Defaults stand in no annotation.
    check(
        "allowance/defaults",
        &[
            created(&dns(53)),
            conflict(
                &edit(dns(53), &json!({"spec": {"sessionAffinity": "ClientIP"}})),
                "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using v1: .spec.sessionAffinity",
            ),
        ],
    );
    // An annotation that cannot be read allows nothing.
    check(
        "allowance/broken_annotation",
        &[
            created(&manifest("1")),
            step(&format!("annotate service dns --overwrite {LAST_APPLIED}=broken"), "service/dns annotated\n")
                .sends("PATCH/merge kubectl-annotate 200"),
            conflict(
                &manifest("2"),
                "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using v1: .metadata.labels.a",
            ),
        ],
    );
}

/// The server keeps the annotation in step, in its own form, for `kubectl` alone.
#[test]
fn annotation_in_step() {
    let manifest = labels(&json!({"a": "1"}));
    let cluster = check(
        "annotation/kubectl",
        &[created(&manifest), step("apply --server-side -f -", APPLIED).with(&dns(53)).sends(MIGRATED)],
    );
    let text = "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"dns\",\"namespace\":\"ns\"},\"spec\":{\"ports\":[{\"port\":53}]}}\n";
    assert_eq!(live(&cluster)["metadata"]["annotations"], json!({LAST_APPLIED: text}));
    assert_eq!(live(&cluster)["metadata"]["labels"], Value::Null, "what only client-side apply had owned goes");
    assert_eq!(managers(&cluster), "kubectl-last-applied Apply -\nkubectl Apply 01");
    // More than 256 KiB of annotations have no room for it: it goes, though its owner never gave it up and is migrated.
    let long = "x".repeat(262_144 - LAST_APPLIED.len() - "long".len() - 100);
    let bulky = edit(dns(53), &json!({"metadata": {"annotations": {"long": long}}}));
    let cluster = check(
        "annotation/no_room",
        &[
            created(&dns(53)),
            step("apply --server-side -f -", APPLIED)
                .with(&bulky)
                .sends("PATCH/apply kubectl 200, PATCH/json kubectl 200, PATCH/apply kubectl 200"),
        ],
    );
    assert_eq!(live(&cluster)["metadata"]["annotations"].as_object().unwrap().len(), 1);
}

#[test]
fn migration() {
    let (old, new) = (labels(&json!({"a": "1", "b": "1"})), labels(&json!({"a": "1"})));
    // Another manager does not keep the annotation, so it goes with what client-side apply had owned.
    let cluster = check(
        "migration/another_manager",
        &[
            created(&old),
            step("apply --server-side --field-manager=flux -f -", APPLIED)
                .with(&new)
                .sends("PATCH/apply flux 200, PATCH/json flux 200, PATCH/apply flux 200"),
        ],
    );
    assert_eq!(managers(&cluster), "flux Apply 01");
    assert_eq!(live(&cluster)["metadata"]["annotations"], Value::Null);
    assert_eq!(live(&cluster)["metadata"]["labels"], json!({"a": "1"}));

    // Only managers that own the annotation are migrated: the first one lost it to the second.
    let cluster = check(
        "migration/two_client_side_managers",
        &[
            step("apply --field-manager=one -f -", "service/dns created\n").with(&old).sends("POST one 201"),
            step("apply --field-manager=two -f -", "service/dns configured\n").with(&new).sends("PATCH/strategic two 200"),
            step("apply --server-side -f -", APPLIED).with(&new).sends(MIGRATED),
        ],
    );
    assert_eq!(managers(&cluster), "kubectl Apply -\nkubectl-last-applied Apply -\none Update 00");
    assert_eq!(fields(&cluster, "one")["f:metadata"], json!({"f:annotations": {}, "f:labels": {".": {}, "f:a": {}}}));

    // Who annotates by hand becomes the client-side manager that is migrated.
    let cluster = check(
        "migration/annotated_by_hand",
        &[
            create(&old),
            step(&format!("annotate service dns {LAST_APPLIED}={{}}"), "service/dns annotated\n")
                .sends("PATCH/merge kubectl-annotate 200"),
            step("apply --server-side -f -", APPLIED).with(&new).sends(MIGRATED),
        ],
    );
    assert_eq!(managers(&cluster), "kubectl Apply -\nkubectl-last-applied Apply -\nkubectl-create Update 00");
    assert_eq!(live(&cluster)["metadata"]["labels"], json!({"a": "1", "b": "1"}), "kubectl-create still owns b");

    // Without the annotation there is nothing to save and nobody to migrate.
    check("migration/made_by_create", &[create(&old), apply(&new), apply(&new)]);
    let cluster = check(
        "migration/annotation_replaced_away",
        &[created(&old), step("replace -f -", "service/dns replaced\n").with(&old).sends("PUT kubectl-replace 200"), apply(&new)],
    );
    assert_eq!(managers(&cluster), "kubectl Apply -\nkubectl-client-side-apply Update 00");

    // What was saved once is not saved again; client-side apply in between makes a client-side manager again.
    let changed = labels(&json!({"a": "2"}));
    check(
        "migration/there_and_back",
        &[
            created(&old),
            step("apply --server-side -f -", APPLIED).with(&new).sends(MIGRATED),
            apply(&new),
            step("apply -f -", "service/dns configured\n").with(&changed).sends("PATCH/strategic kubectl-client-side-apply 200"),
            step("apply --server-side -f -", APPLIED).with(&changed).sends(MIGRATED),
        ],
    );
}

/// Server-side dry runs build on what is stored, so that the second request meets the owner of the annotation.
#[test]
fn migration_in_a_dry_run() {
    let old = labels(&json!({"a": "1"}));
    let failed = "Warning: failed to migrate kubectl.kubernetes.io/last-applied-configuration for Server-Side Apply. This is \
                  non-fatal and will be retried next time you apply. Error: Apply failed with 1 conflict: conflict with \
                  \"kubectl-client-side-apply\" using v1: .metadata.annotations.kubectl.kubernetes.io/last-applied-configuration\n";
    let cluster = check(
        "migration/dry_run",
        &[
            created(&old),
            step("apply --server-side --dry-run=server -f -", "service/dns serverside-applied (server dry run)\n")
                .with(&dns(53))
                .warns(failed)
                .sends("PATCH/apply kubectl dry All 200, PATCH/apply kubectl-last-applied dry All 409"),
        ],
    );
    assert_eq!(managers(&cluster), "kubectl-client-side-apply Update 00");
}

/// A manifest that stands while client-side apply owns a port, and falls once that is pruned.
#[test]
fn a_second_apply_that_fails() {
    let two = edit(dns(53), &json!({"spec": {"ports": [{"port": 53, "name": "a"}, {"port": 54, "name": "b"}]}}));
    let none = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}});
    let failed = "Warning: failed to re-apply configuration after performing Server-Side Apply migration. This is non-fatal and will \
                  be retried next time you apply. Error: Service \"dns\" is invalid: spec.ports: Required value\n";
    let cluster = check(
        "migration/reapply_refused",
        &[
            created(&two),
            step("apply --server-side -f -", APPLIED)
                .with(&none)
                .warns(failed)
                .sends("PATCH/apply kubectl 200, PATCH/apply kubectl-last-applied 200, PATCH/json kubectl 200, PATCH/apply kubectl 422")
                .ports("53/TCP 54/TCP"),
        ],
    );
    assert_eq!(managers(&cluster), "kubectl-last-applied Apply -\nkubectl Apply 00");
}

#[test]
fn before_the_first_apply() {
    let nobody = r#"patch service dns --type=merge -p {"metadata":{"managedFields":[{}]}}"#;
    let cluster = check(
        "before_first_apply/owns_what_is_there",
        &[
            create(&labels(&json!({"a": "1"}))),
            step(nobody, "service/dns patched\n").sends("PATCH/merge kubectl-patch 200"),
            // Nobody is tracked until somebody applies.
            label("label service dns b=1"),
            conflict(
                &labels(&json!({"a": "2"})),
                "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .metadata.labels.a",
            ),
            apply(&labels(&json!({"a": "1"}))),
        ],
    );
    assert_eq!(managers(&cluster), "kubectl Apply -\nbefore-first-apply Update 04");
    let spec = &fields(&cluster, "before-first-apply")["f:spec"];
    for name in ["f:clusterIP", "f:ipFamilies", "f:ipFamilyPolicy", "f:type"] {
        assert_eq!(spec[name], json!({}), "{name}");
    }
    assert_eq!(spec["f:clusterIPs"], json!({}));
}

/// Ten updaters have room; the oldest of more are folded into one.
#[test]
fn many_updaters() {
    let mut cluster = Cluster::with_environment(Environment::default().namespace("ns"));
    play("updaters/first", &mut cluster, &[create(&dns(53))]);
    for number in 1..=11 {
        let line = format!("label service dns --field-manager=m{number:02} l{number:02}=1");
        cluster.set_now(&format!("2026-01-01T00:01:{number:02}Z"));
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(cluster.kubectl(&words, None).unwrap().stdout(), "service/dns labeled\n");
    }
    let expected: Vec<String> = std::iter::once("ancient-changes Update 02".to_owned())
        .chain((3..=11).map(|number| format!("m{number:02} Update {number:02}")))
        .collect();
    assert_eq!(managers(&cluster), expected.join("\n"));
    assert_eq!(fields(&cluster, "ancient-changes")["f:metadata"], json!({"f:labels": {".": {}, "f:l01": {}, "f:l02": {}}}));
    // Whoever applies has no part in the count.
    let step = step("apply --server-side -f -", APPLIED).with(&dns(53)).sends(ONE);
    play("updaters/applier", &mut cluster, &[step]);
    assert_eq!(managers(&cluster).lines().count(), 11);
}

/// An object that several own goes on in what each of them states.
#[test]
fn giving_up() {
    let ports = |ports: Value| edit(dns(53), &json!({"spec": {"ports": ports}}));
    let (a, b) = (json!({"port": 53, "name": "a"}), json!({"port": 54, "name": "b"}));
    let renamed = r#"patch service dns -p {"spec":{"ports":[{"port":54,"name":"c"}]}}"#;
    let cluster = check(
        "giving_up/port_of_another_update",
        &[
            step("apply --server-side -f -", APPLIED).with(&ports(json!([a, b]))).sends("PATCH/apply kubectl 201"),
            step(renamed, "service/dns patched\n").sends("PATCH/strategic kubectl-patch 200").ports("53/TCP 54/TCP"),
            // Whoever owns only the name of an item cannot hold the item.
            apply(&ports(json!([a]))).ports("53/TCP"),
        ],
    );
    assert_eq!(managers(&cluster), "kubectl Apply 02");
    // The last label that somebody owns takes along those that nobody does.
    let cluster = check(
        "giving_up/last_label",
        &[
            step("apply --server-side -f -", APPLIED).with(&labels(&json!({"a": "1"}))).sends("PATCH/apply kubectl 201"),
            label("label service dns z=1"),
            step(
                r#"patch service dns --type=json -p [{"op":"remove","path":"/metadata/managedFields/1"}]"#,
                "service/dns patched\n",
            )
            .sends("PATCH/json kubectl-patch 200"),
            apply(&dns(53)),
        ],
    );
    assert_eq!(live(&cluster)["metadata"]["labels"], Value::Null);
}
