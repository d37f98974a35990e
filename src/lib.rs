//! What Kubernetes does to a Service when you apply it, to the byte, and why.
//!
//! A pure model of what an unmodified Kubernetes v1.37.2 does with `kubectl apply` (client-side, three-way strategic merge),
//! `kubectl apply --server-side` (by field ownership) and `kubectl replace`: with no cluster, no network, no clock and no
//! randomness. It foretells requests, messages, exit codes and objects, and explains where the ways part.
//!
//! # Scope
//!
//! Services, as one API server with its default configuration and one IPv4 range handles them, and kubectl's writing verbs. The
//! two engines, [`strategic`] and [`structured`], take any kind that an OpenAPI document describes. Left out are controllers,
//! webhooks, dual-stack and other kinds on the server. What is not modelled is an error that [says
//! so](Error::is_not_modelled), never a guess.
//!
//! # Four types to begin with
//!
//! | type | what it is | made by |
//! |---|---|---|
//! | [`Manifest`] | one object as kubectl reads it, with the place of each field | [`Manifest::from_text`], [`Manifest::new`] |
//! | [`Report`] | what each way does, where they part, why, and what helps | [`explain()`] |
//! | [`Cluster`] | an API server for Services with kubectl's verbs; a clone is a fork | [`Cluster::new`] |
//! | [`Schema`] | which lists of a kind have which keys, for the engines | [`Schema::builtin`], [`Schema::from_openapi`] |
//!
//! And one error for all: [`Error`]. What a server or kubectl *refuses* is no error but part of an answer, with its exact text.
//!
//! # Rooms
//!
//! Data flows one way, and each module knows only those before it:
//!
//! ```text
//! value ─► path ─► schema ─┬─► strategic ──┐
//!                          └─► structured ─┼─► cluster ─► explain ─► laws
//!               service (server's rules) ──┘      ▲
//!                                 manifest ───────┘
//! ```
//!
//! # Cookbook
//!
//! In the recipes `dns` makes the manifest of a Service that opens one node port for UDP and TCP:
//!
//! ```
//! let dns = |node_port: u16| mergekey::Manifest::new(serde_json::json!({
//!     "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"},
//!     "spec": {"type": "NodePort", "ports": [
//!         {"name": "dns", "protocol": "UDP", "port": 53, "nodePort": node_port},
//!         {"name": "dns-tcp", "protocol": "TCP", "port": 53, "nodePort": node_port},
//!     ]},
//! }));
//! # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dns.json"));
//! # assert_eq!(dns(30053)?.object(), mergekey::Manifest::from_json(text)?.object());
//! # Ok::<(), mergekey::Error>(())
//! ```
//!
//! ## 1. Explain a change to a live Service
//!
//! `live` is what `kubectl get service dns -o json --show-managed-fields` prints.
//!
//! ```
//! # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dns.json"));
//! # let dns = |port: u16| mergekey::Manifest::from_json(text.replace("30053", &port.to_string()));
//! use mergekey::explain::{Code, Situation, Way};
//! use mergekey::{Cluster, explain};
//! # let mut cluster = Cluster::new();
//! # cluster.apply(&dns(30053)?, mergekey::cluster::Apply::client_side())?;
//! # let live = cluster.get("Service", "default", "dns").unwrap();
//!
//! let report = explain(Situation { live: Some(&live), manifest: &dns(30054)? })?;
//! assert!(report.diverges());
//! assert_eq!(report.findings()[0].code(), Code::SharedMergeKey);
//! assert!(report.way(Way::Replace).is_some_and(|way| way.converged));
//! println!("{report}"); // or to_markdown(), to_mermaid(), to_json()
//! # Ok::<(), mergekey::Error>(())
//! ```
//!
//! ## 2. Review a change without a cluster
//!
//! What was run before is told as a history. With [`Step::list`](explain::Step::list) it is read from JSON.
//!
//! ```
//! # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dns.json"));
//! # let dns = |port: u16| mergekey::Manifest::from_json(text.replace("30053", &port.to_string()));
//! use mergekey::explain::{Case, Step};
//! use mergekey::explain;
//!
//! let (old, new) = (dns(30053)?, dns(30054)?);
//! let history = [Step::apply(old.object().clone())];
//! let report = explain(Case::new(&new).history(&history))?;
//! assert_eq!(report.divergences()[0].path, r#".spec.ports[port=53,protocol="TCP"].nodePort"#);
//! assert_eq!(report.remedies()[0].steps, ["kubectl apply --server-side -f service.yaml"]);
//! # Ok::<(), mergekey::Error>(())
//! ```
//!
//! ## 3. Read YAML and point into it
//!
//! With the feature `yaml`. It is read as kubectl reads it; [`lint`] finds what can go wrong before anything is live.
//!
//! ```
//! use mergekey::explain::Code;
//! use mergekey::path::Path;
//! use mergekey::{Manifest, lint};
//!
//! let text = "kind: Service\nspec:\n  ports:\n  - {port: 53, protocol: UDP}\n  - {port: 53}\n";
//! let manifest = Manifest::from_yaml(text)?.with_file("dns.yaml");
//! assert_eq!(lint(&manifest)[0].code(), Code::SharedMergeKey);
//! let place = manifest.place(&Path::new().field("spec").field("ports").index(1)).unwrap();
//! assert_eq!(place.to_string(), "line 5, column 5");
//! # Ok::<(), mergekey::Error>(())
//! ```
//!
//! ## 4. Let a cluster stand in for a real one
//!
//! Verbs are kubectl's, and so are their words. A clone is a fork and costs next to nothing.
//!
//! ```
//! # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dns.json"));
//! # let dns = |port: u16| mergekey::Manifest::from_json(text.replace("30053", &port.to_string()));
//! use mergekey::Cluster;
//! use mergekey::cluster::{Apply, Label};
//!
//! let mut cluster = Cluster::new();
//! assert_eq!(cluster.apply(&dns(30053)?, Apply::client_side())?.stdout(), "service/dns created\n");
//! let mut fork = cluster.clone();
//! fork.label("dns", Label::default().set("app", "dns"))?;
//! let outcome = fork.apply(&dns(30054)?, Apply::server_side().field_manager("ci"))?;
//! assert_eq!(outcome.refusal().map(|status| status.causes().len()), Some(2), "others own both node ports");
//! assert_eq!(cluster.get("Service", "default", "dns").unwrap()["metadata"].get("labels"), None);
//! # Ok::<(), mergekey::Error>(())
//! ```
//!
//! ## 5. Answer the requests of a client
//!
//! For a client that speaks HTTP; the answer has the status, the object and the warnings of the real server.
//!
//! ```
//! use mergekey::cluster::{Method, Request};
//! use mergekey::Cluster;
//!
//! let mut cluster = Cluster::new();
//! let create = Request::new(Method::Post, "/api/v1/namespaces/default/services")
//!     .content_type("application/json")
//!     .user_agent("my-controller/1.0")
//!     .body(r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "Dns"}, "spec": {"ports": [{"port": 53}]}}"#);
//! let response = cluster.handle(&create)?;
//! assert_eq!(response.code(), 422);
//! assert_eq!(response.status().unwrap().causes()[0].field(), "metadata.name");
//! # Ok::<(), mergekey::Error>(())
//! ```
//!
//! ## 6. Assert that a change is safe however it is applied
//!
//! A law that does not hold prints the whole report. See [`laws`] for the others.
//!
//! ```
//! # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dns.json"));
//! # let dns = |port: u16| mergekey::Manifest::from_json(text.replace("30053", &port.to_string()));
//! use mergekey::laws;
//!
//! let fresh = |port: u16| serde_json::json!({
//!     "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80, "targetPort": port}]},
//! });
//! laws::safe_under_both_applies(&fresh(8080), &fresh(8081))?;
//!
//! let violation = laws::converges(&dns(30053)?, &dns(30054)?).unwrap_err();
//! assert!(violation.to_string().starts_with("does not hold: after both applies the live object has what the manifest states"));
//! # Ok::<(), mergekey::laws::Violation>(())
//! ```
//!
//! ## 7. Test with generated Services
//!
//! With the feature `proptest`. What fails shrinks to a small, valid Service.
//!
//! ```
//! use mergekey::laws;
//! use mergekey::strategy::{Config, changes};
//! use proptest::test_runner::TestRunner;
//!
//! let config = Config::default().ports(1..=3).repeated(1.0);
//! let mut runner = TestRunner::deterministic();
//! let failure = runner.run(&changes(&config), |change| Ok(laws::both_applies_agree(&change.old, &change.new)?));
//! println!("{}", failure.unwrap_err()); // the smallest change, and why it goes wrong
//! # Ok::<(), mergekey::Error>(())
//! ```
//!
//! ## 8. Make kubectl's patch, for any kind
//!
//! [`Schema`] knows the built-in kinds and reads others from an OpenAPI document.
//!
//! ```
//! use mergekey::Schema;
//! use mergekey::strategic::{self, Conflicts, ThreeWay};
//! use serde_json::json;
//!
//! let schema = Schema::builtin("apps/v1", "Deployment")?;
//! let deployment = |image: &str| json!({"spec": {"template": {"spec": {"containers": [{"name": "dns", "image": image}]}}}});
//! let (original, modified) = (deployment("dns:1"), deployment("dns:2"));
//! let mut current = original.clone();
//! current["spec"]["replicas"] = json!(3);
//!
//! let objects = ThreeWay { original: Some(&original), modified: &modified, current: &current };
//! let patch = strategic::three_way(objects, &schema, Conflicts::Overwrite)?;
//! let after = strategic::apply(&current, &patch, &schema)?;
//! assert_eq!(after["spec"]["replicas"], 3, "not the manifest's");
//! assert_eq!(after["spec"]["template"]["spec"]["containers"], modified["spec"]["template"]["spec"]["containers"]);
//! # Ok::<(), mergekey::Error>(())
//! ```
//!
//! ## 9. Find out who owns a field
//!
//! Server-side apply alone, on objects as they are.
//!
//! ```
//! use mergekey::Schema;
//! use mergekey::structured::{self, Applied, Force, Outcome};
//! use serde_json::json;
//!
//! let schema = Schema::builtin("v1", "Service")?;
//! let config = |port: u16| json!({
//!     "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": {"ports": [{"port": 53, "targetPort": port}]},
//! });
//! let now = "2026-07-07T22:38:29Z".parse()?;
//! let (alices, bobs) = (config(5353), config(5454));
//! let first = Applied { live: None, config: &alices, manager: "alice", force: Force::Off, now };
//! let Outcome::Merged { object, .. } = structured::apply(first, &schema)? else { panic!("nobody else is there") };
//!
//! let second = Applied { live: Some(&object), config: &bobs, manager: "bob", force: Force::Off, now };
//! let Outcome::Conflicts(conflicts) = structured::apply(second, &schema)? else { panic!("it is alice's") };
//! let conflict = conflicts.iter().next().unwrap();
//! assert_eq!(conflict.manager.name, "alice");
//! assert_eq!(conflict.path.to_string(), r#".spec.ports[port=53,protocol="TCP"].targetPort"#);
//! # Ok::<(), mergekey::Error>(())
//! ```
//!
//! ## 10. Exchange JSON patches
//!
//! With the feature `json-patch`: a result as RFC 6902, and an RFC 6902 patch as what a client sends.
//!
//! ```
//! # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dns.json"));
//! # let dns = |port: u16| mergekey::Manifest::from_json(text.replace("30053", &port.to_string()));
//! use mergekey::cluster::{Apply, Cluster, Patch};
//! use mergekey::explain::{Situation, Way};
//! use mergekey::explain;
//!
//! let mut cluster = Cluster::new();
//! cluster.apply(&dns(30053)?, Apply::client_side())?;
//! let live = cluster.get("Service", "default", "dns").unwrap();
//! let report = explain(Situation { live: Some(&live), manifest: &dns(30054)? })?;
//!
//! let patch: json_patch::Patch = report.json_patch(Way::ServerSideApplyForced).unwrap();
//! assert_eq!(cluster.patch("dns", Patch::from(&patch))?.stdout(), "service/dns patched\n");
//! assert_eq!(cluster.get("Service", "default", "dns").unwrap()["spec"]["ports"][1]["nodePort"], 30054);
//! # Ok::<(), mergekey::Error>(())
//! ```
//!
//! # Features
//!
//! None is on by default; the core depends on serde and serde_json alone.
//!
//! | feature | what it adds |
//! |---|---|
//! | `yaml` | manifests from YAML text, as kubectl reads it: `Manifest::from_yaml` |
//! | `json-patch` | RFC 6902 patches in and out as types of the crate `json-patch`: the module `rfc6902` |
//! | `k8s-openapi` | Services in and out as types of the crate `k8s-openapi`, of whichever version you turn on there: the module `typed` |
//! | `proptest` | generators of manifests, edits, histories and drifted Services: the module `strategy` |
//!
//! # What is promised
//!
//! - **The same bytes.** Requests, answers, messages and objects are those of Kubernetes v1.37.2; thousands of recordings of it are
//!   replayed as a test. The same input gives the same output, whichever features of serde_json are on.
//! - **No panic** on any input, and no `unsafe`; nesting is bounded by [`value::MAX_DEPTH`].
//! - **Nothing from outside.** Times, uids and what a server draws are inputs with defaults: see
//!   [`cluster::Environment`].
//! - **A refused operation changes nothing**, neither its inputs nor the cluster.
//! - **Semantic versioning.** The JSON form of a report is a contract of its own, versioned by
//!   [`Report::SCHEMA_VERSION`]. Enums and structs that may grow are `#[non_exhaustive]`; the wording of reports is no contract.
//! - **No other crate's types** are in the default API but serde_json's [`Value`](serde_json::Value) and serde's traits.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

pub mod _documentation;
pub mod cluster;
mod error;
pub mod explain;
pub mod laws;
mod manifest;
pub mod path;
#[cfg(feature = "json-patch")]
pub mod rfc6902;
pub mod schema;
pub mod service;
pub mod strategic;
#[cfg(feature = "proptest")]
pub mod strategy;
pub mod structured;
#[cfg(feature = "k8s-openapi")]
pub mod typed;
pub mod value;

pub use cluster::Cluster;
pub use error::Error;
pub use explain::{Report, explain, lint};
pub use manifest::{Manifest, Place, RepeatedKey};
pub use schema::Schema;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
