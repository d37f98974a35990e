//! What holds for every object and every history.

use mergekey::path::{Element, Path};
use mergekey::schema::Schema;
use mergekey::structured::{self, Applied, Force, Managers, Operation, Outcome, Set, Time, Updated};
use mergekey::value::Value;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn schema() -> Schema {
    Schema::builtin("v1", "Service").unwrap()
}

fn now() -> Time {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// What a Service states beside its name.
#[derive(Clone, Debug)]
struct Parts {
    /// Number, whether UDP, node port, name.
    ports: Vec<(i64, bool, Option<i64>, Option<String>)>,
    labels: Vec<(String, String)>,
    node_port: bool,
    selector: Option<String>,
}

impl Parts {
    fn service(&self) -> Json {
        let port = |(number, udp, node_port, name): &(i64, bool, Option<i64>, Option<String>)| {
            let mut port = json!({"port": number, "protocol": if *udp { "UDP" } else { "TCP" }});
            if let Some(node_port) = node_port {
                port["nodePort"] = json!(node_port);
            }
            if let Some(name) = name {
                port["name"] = json!(name);
            }
            port
        };
        let mut service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": {
            "type": if self.node_port { "NodePort" } else { "ClusterIP" },
        }});
        // An empty list owns nothing: it goes when the last item is given up, and is a change when it is applied again.
        if !self.ports.is_empty() {
            service["spec"]["ports"] = self.ports.iter().map(port).collect();
        }
        for (key, value) in &self.labels {
            service["metadata"]["labels"][key] = json!(value);
        }
        if let Some(app) = &self.selector {
            service["spec"]["selector"] = json!({"app": app});
        }
        service
    }
}

/// Parts whose ports have numbers from a range, each number and protocol once, in any order; labels from a range of letters.
fn parts(numbers: std::ops::Range<i64>, labels: &'static str) -> impl Strategy<Value = Parts> {
    let rest = (prop::option::of(30_000..30_003i64), prop::option::of("[a-c]"));
    let ports = btree_map((numbers, any::<bool>()), rest, 0..6).prop_map(|ports| {
        ports.into_iter().map(|((number, udp), (node_port, name))| (number, udp, node_port, name)).collect::<Vec<_>>()
    });
    (ports.prop_shuffle(), btree_map(labels, "[xy]", 0..3), any::<bool>(), prop::option::of("[ab]")).prop_map(
        |(ports, labels, node_port, selector)| Parts { ports, labels: labels.into_iter().collect(), node_port, selector },
    )
}

fn any_parts() -> impl Strategy<Value = Parts> {
    parts(50..54, "[a-d]")
}

fn apply(live: Option<&Json>, config: &Json, manager: &str, force: Force) -> Outcome {
    structured::apply(Applied { live, config, manager, force, now: now() }, &schema()).unwrap()
}

fn forced(live: Option<&Json>, config: &Json, manager: &str) -> Json {
    match apply(live, config, manager, Force::On) {
        Outcome::Merged { object, .. } => object,
        other => panic!("{other:?}"),
    }
}

/// A history of forced applies and updates by three managers.
fn history() -> impl Strategy<Value = Json> {
    vec((any_parts(), 0..3usize, any::<bool>()), 0..5).prop_map(|steps| {
        let mut live = None;
        for (parts, manager, update) in steps {
            let (object, manager) = (parts.service(), ["alice", "bob", "ci"][manager]);
            live = Some(if update {
                structured::update(Updated { live: live.as_ref(), new: &object, manager, now: now() }, &schema()).unwrap()
            } else {
                forced(live.as_ref(), &object, manager)
            });
        }
        live.unwrap_or_else(|| json!({"apiVersion": "v1", "kind": "Service"}))
    })
}

/// What a name owns by applying.
fn owned(object: &Json, manager: &str) -> Set<'static> {
    owned_by(object, manager, &[Operation::Apply])
}

fn owned_by(object: &Json, manager: &str, operations: &[Operation]) -> Set<'static> {
    let entries = Value::from_serde(&object["metadata"]["managedFields"]).unwrap();
    let managers = Managers::read(&entries).unwrap();
    let wanted = managers.iter().filter(|one| one.identity.name == manager && operations.contains(&one.identity.operation));
    wanted.fold(Set::new(), |union, one| union.union(one.set.clone().into_owned()))
}

/// The object with its ports in the order of their keys, for who does not care about order.
fn unordered(mut object: Json) -> Json {
    if let Some(ports) = object["spec"]["ports"].as_array_mut() {
        ports.sort_by_key(|port| (port["port"].as_i64(), port["protocol"].to_string()));
    }
    object
}

fn element() -> impl Strategy<Value = Element<'static>> {
    prop_oneof![
        "[a-c]".prop_map(Element::field),
        (1..4i64).prop_map(|port| Element::key([("port", port)])),
        "[x-z]".prop_map(|value| Element::Value(Value::from(value))),
        (0..3usize).prop_map(Element::Index),
    ]
}

fn paths() -> impl Strategy<Value = Set<'static>> {
    vec(vec(element(), 1..4), 0..12).prop_map(|paths| paths.into_iter().map(|path| path.into_iter().collect::<Path>()).collect())
}

fn list(set: &Set<'_>) -> Vec<Path> {
    set.iter().collect()
}

fn sorted(mut paths: Vec<Path>) -> Vec<Path> {
    paths.sort();
    paths
}

proptest! {
    /// Whoever applies the same again changes nothing, not even managed fields.
    #[test]
    fn applying_twice_is_applying_once(live in history(), config in any_parts()) {
        let once = forced(Some(&live), &config.service(), "alice");
        match apply(Some(&once), &config.service(), "alice", Force::Off) {
            Outcome::Merged { object, changed } => {
                prop_assert!(!changed);
                prop_assert_eq!(object, once);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    /// After a forced apply every applied leaf has its value and is the applier's.
    #[test]
    fn forced_is_true_and_owned(live in history(), config in any_parts()) {
        let config = config.service();
        let after = forced(Some(&live), &config, "alice");
        let alone = forced(None, &config, "alice");
        prop_assert_eq!(owned(&after, "alice"), owned(&alone, "alice"));
        let state = |object: &Json| unordered(object.clone())["spec"]["ports"].clone();
        let live_ports = state(&after);
        for port in config["spec"]["ports"].as_array().into_iter().flatten() {
            let key = (&port["port"], &port["protocol"]);
            let found = live_ports.as_array().into_iter().flatten().find(|found| (&found["port"], &found["protocol"]) == key);
            for (field, value) in port.as_object().into_iter().flatten() {
                prop_assert_eq!(found.map(|found| &found[field]), Some(value));
            }
        }
        for (key, value) in config["metadata"]["labels"].as_object().into_iter().flatten() {
            prop_assert_eq!(&after["metadata"]["labels"][key], value);
        }
        prop_assert_eq!(&after["spec"]["type"], &config["spec"]["type"]);
    }

    /// Two managers who share nothing may come in any order.
    #[test]
    fn disjoint_managers_commute(one in parts(1..4, "[a-b]"), two in parts(10..14, "[c-d]")) {
        let config = |parts: &Parts, selector: bool| {
            let mut config = parts.service();
            let spec = config["spec"].as_object_mut().unwrap();
            spec.remove("type");
            if !selector {
                spec.remove("selector");
            }
            config
        };
        let (one, two) = (config(&one, true), config(&two, false));
        let alice_first = forced(Some(&forced(None, &one, "alice")), &two, "bob");
        let bob_first = forced(Some(&forced(None, &two, "bob")), &one, "alice");
        let whole = |object: Json| { let mut object = unordered(object); object["metadata"]["managedFields"].take(); object };
        for manager in ["alice", "bob"] {
            prop_assert_eq!(owned(&alice_first, manager), owned(&bob_first, manager));
        }
        prop_assert_eq!(whole(alice_first), whole(bob_first));
    }

    /// What one alone applied and no longer states is gone.
    #[test]
    fn the_only_manager_gets_what_it_states(before in any_parts(), after in any_parts()) {
        let first = forced(None, &before.service(), "alice");
        let second = forced(Some(&first), &after.service(), "alice");
        prop_assert_eq!(second, forced(None, &after.service(), "alice"));
    }

    /// A conflict names fields of others only, and force takes just those from them.
    #[test]
    fn conflicts_are_what_force_takes(live in history(), config in any_parts()) {
        let config = config.service();
        if let Outcome::Conflicts(conflicts) = apply(Some(&live), &config, "dora", Force::Off) {
            let after = forced(Some(&live), &config, "dora");
            let mine = owned(&after, "dora");
            prop_assert!(!conflicts.is_empty());
            for conflict in conflicts.iter() {
                prop_assert!(conflict.manager.name != "dora");
                prop_assert!(mine.contains(&conflict.path), "{} of {}", conflict.path, mine);
            }
        }
    }

    /// The writer of an update owns what differs, and nobody else does.
    #[test]
    fn an_update_owns_what_it_changes(live in history(), new in any_parts()) {
        let new = new.service();
        let after = structured::update(Updated { live: Some(&live), new: &new, manager: "dora", now: now() }, &schema()).unwrap();
        let both = [Operation::Apply, Operation::Update];
        let mine = owned_by(&after, "dora", &both);
        for manager in ["alice", "bob", "ci"] {
            let (before, others) = (owned_by(&live, manager, &both), owned_by(&after, manager, &both));
            prop_assert!(others.intersection(&mine).is_empty());
            prop_assert!(others.clone().difference(&before).is_empty(), "{} gained by {}", others, manager);
        }
        let again = structured::update(Updated { live: Some(&after), new: &new, manager: "eve", now: now() }, &schema()).unwrap();
        prop_assert_eq!(again, after);
    }

    #[test]
    fn union_is_of_both(a in paths(), b in paths(), c in paths()) {
        let union = a.clone().union(b.clone());
        prop_assert_eq!(&union, &b.clone().union(a.clone()));
        prop_assert_eq!(union.clone().union(c.clone()), a.clone().union(b.clone().union(c)));
        prop_assert_eq!(&a.clone().union(a.clone()), &a);
        let both: Set<'_> = list(&a).into_iter().chain(list(&b)).collect();
        prop_assert_eq!(union, both);
    }

    #[test]
    fn difference_and_intersection_part_a_set(a in paths(), b in paths()) {
        let (rest, common) = (a.clone().difference(&b), a.intersection(&b));
        prop_assert_eq!(&common, &b.intersection(&a));
        prop_assert!(rest.intersection(&b).is_empty());
        prop_assert_eq!(rest.len() + common.len(), a.len());
        prop_assert_eq!(rest.union(common), a.clone());
        prop_assert!(a.clone().difference(&a).is_empty());
    }

    #[test]
    fn recursive_difference_leaves_nothing_below(a in paths(), b in paths()) {
        let left = a.clone().recursive_difference(&b);
        let expect: Vec<_> = list(&a).into_iter().filter(|path| !list(&b).iter().any(|gone| path.starts_with(gone))).collect();
        prop_assert_eq!(sorted(list(&left)), sorted(expect));
    }

    #[test]
    fn leaves_have_nothing_below(a in paths()) {
        let all = list(&a);
        let expect: Vec<_> =
            all.iter().filter(|path| !all.iter().any(|other| other != *path && other.starts_with(path))).cloned().collect();
        prop_assert_eq!(sorted(list(&a.clone().leaves())), sorted(expect));
    }

    #[test]
    fn fields_v1_round_trips(a in paths()) {
        let fields = a.to_fields_v1();
        prop_assert_eq!(&Set::from_fields_v1(&fields).unwrap(), &a);
        let text = fields.to_string();
        let read = mergekey::value::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(&Set::from_fields_v1(&read).unwrap(), &a);
    }

    #[test]
    fn iteration_meets_each_path_once(a in paths()) {
        let paths = list(&a);
        prop_assert_eq!(paths.len(), a.len());
        prop_assert!(paths.iter().all(|path| a.contains(path)));
        prop_assert_eq!(paths.into_iter().collect::<Set<'_>>(), a);
    }
}

/// Every live list of up to four items under every applied list of up to three: both keep their order as far as they can.
#[test]
fn both_orders_are_kept() {
    let lists = |most: usize| {
        let mut lists = vec![Vec::new()];
        let mut at = 0;
        while at < lists.len() {
            let list: Vec<i64> = lists[at].clone();
            lists.extend(
                (1..=5)
                    .filter(|number| list.len() < most && !list.contains(number))
                    .map(|number| [&list[..], &[number]].concat()),
            );
            at += 1;
        }
        lists
    };
    let ports = |numbers: &[i64]| {
        let ports: Vec<_> = numbers.iter().map(|number| json!({"port": number})).collect();
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": {"ports": ports}})
    };
    let numbers = |object: &Json| -> Vec<i64> {
        object["spec"]["ports"].as_array().into_iter().flatten().filter_map(|port| port["port"].as_i64()).collect()
    };
    for live in lists(4) {
        for config in lists(3) {
            let merged = numbers(&forced(Some(&ports(&live)), &ports(&config), "alice"));
            let only = |keep: &dyn Fn(&i64) -> bool| merged.iter().copied().filter(keep).collect::<Vec<_>>();
            assert_eq!(only(&|number| config.contains(number)), config, "{live:?} under {config:?} is {merged:?}");
            let rest: Vec<_> = live.iter().copied().filter(|number| !config.contains(number)).collect();
            assert_eq!(only(&|number| !config.contains(number)), rest, "{live:?} under {config:?} is {merged:?}");
        }
    }
}
