//! What holds after any history.

use mergekey::cluster::{Cluster, Method, Outcome, Request};
use proptest::prelude::*;
use serde_json::Value;

use super::{cases, live, played, run, some_history};

/// What a manifest can be brought with.
const VERBS: [&str; 5] = [
    "apply -f -",
    "apply --server-side -f -",
    "apply --server-side --force-conflicts -f -",
    "replace -f -",
    "replace --save-config -f -",
];

proptest! {
    #![proptest_config(cases())]

    /// Copies of a cluster do not see each other, and answer alike.
    #[test]
    fn a_fork_is_a_cluster_of_its_own(history in some_history()) {
        let cluster = played(&history.steps);
        prop_assert_eq!(&cluster, &played(&history.steps));
        for verb in VERBS {
            let (mut one, mut other) = (cluster.clone(), cluster.clone());
            prop_assert_eq!(run(&mut one, verb, &history.manifest), run(&mut other, verb, &history.manifest));
            prop_assert_eq!(one, other);
        }
        prop_assert_eq!(cluster, played(&history.steps));
    }

    /// What fails changes nothing, except what an earlier request of the same command did.
    #[test]
    fn a_refusal_changes_nothing(history in some_history()) {
        for verb in VERBS {
            let before = played(&history.steps);
            let mut cluster = before.clone();
            let outcome = run(&mut cluster, verb, &history.manifest);
            if outcome.requests().iter().all(|request| request.code() >= 400) {
                prop_assert_eq!(&cluster, &before, "{}: {:?}", verb, outcome);
            }
        }
    }

    /// A dry run sends what the real one sends first, and leaves no trace. It is answered alike, unless node ports are drawn: a dry run
    /// makes them up, and what it makes up can be in the way.
    #[test]
    fn a_dry_run_changes_nothing(history in some_history()) {
        for verb in VERBS {
            let before = played(&history.steps);
            let (mut dry, mut real) = (before.clone(), before.clone());
            let answer = run(&mut dry, &format!("{verb} --dry-run=server"), &history.manifest);
            let outcome = run(&mut real, verb, &history.manifest);
            prop_assert_eq!(&dry, &before, "{}", verb);
            let draws = history.manifest.object().pointer("/spec/type").is_some_and(|kind| kind != "ClusterIP");
            let first = |outcome: &Outcome| {
                let request = outcome.requests().first()?;
                let answer = (!draws).then(|| (request.code(), request.status().cloned()));
                Some((request.method().to_owned(), request.body().clone(), answer))
            };
            prop_assert_eq!(first(&answer), first(&outcome), "{}", verb);
        }
    }

    /// What is stored is valid: it can be written back as it is, which changes nothing.
    #[test]
    fn what_is_stored_can_be_written_back(history in some_history()) {
        let mut cluster = played(&history.steps);
        for verb in VERBS {
            run(&mut cluster, verb, &history.manifest);
            let Some(object) = live(&cluster) else { continue };
            let before = cluster.clone();
            let put = Request::new(Method::Put, "/api/v1/namespaces/default/services/web").body(object.to_string());
            let response = cluster.handle(&put).unwrap();
            prop_assert_eq!(response.code(), 200, "{}: {:?}", verb, response);
            prop_assert_eq!(&cluster, &before, "{}", verb);
        }
    }

    /// An object that is read from one server and brought into another is that object there, and the next change ends alike.
    #[test]
    fn an_object_tells_all_there_is(history in some_history()) {
        let cluster = played(&history.steps);
        let Some(object) = live(&cluster) else { return Ok(()) };
        let mut other = Cluster::new();
        other.insert(&object).unwrap();
        prop_assert_eq!(live(&other), Some(object));
        for verb in VERBS {
            let (mut one, mut other) = (cluster.clone(), other.clone());
            let (here, there) = (run(&mut one, verb, &history.manifest), run(&mut other, verb, &history.manifest));
            prop_assert_eq!((here.stdout(), here.stderr()), (there.stdout(), there.stderr()), "{}", verb);
            prop_assert_eq!(live(&one), live(&other), "{}", verb);
        }
    }

    /// Server-side apply is done when it is done, unless kubectl could not do all of it, of which it only warns. What is stated as
    /// empty is never live, and so found different again.
    #[test]
    fn server_side_apply_twice_is_once(history in some_history()) {
        if states_something_empty(history.manifest.object()) {
            return Ok(());
        }
        let mut cluster = played(&history.steps);
        let command = "apply --server-side --force-conflicts -f -";
        if run(&mut cluster, command, &history.manifest).requests().iter().all(|request| request.code() < 400) {
            let once = cluster.clone();
            prop_assert!(run(&mut cluster, command, &history.manifest).succeeded());
            prop_assert_eq!(cluster, once);
        }
    }
}

fn states_something_empty(stated: &Value) -> bool {
    match stated {
        Value::Object(members) => members.is_empty() || members.values().any(states_something_empty),
        Value::Array(items) => items.is_empty() || items.iter().any(states_something_empty),
        _ => false,
    }
}
