//! One pair: a live Service, the wanted one, and what every way makes of it.
//!
//! What is measured here is measured anew, on ports alone: `explain` has its own rule for what converges, and the two must agree.

use mergekey::Manifest;
use mergekey::cluster::{Apply, Cluster, Create, Delete, LAST_APPLIED, Outcome, Replace};

use crate::world::{Pair, Port, State, orders};

/// How the live Service came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Origin {
    /// `kubectl apply`: its owner always did it so.
    Apply,
    /// `kubectl apply --server-side`.
    ServerSide,
    /// `kubectl create`: there is no last-applied annotation.
    Create,
}

impl Origin {
    pub(crate) fn cluster(self, live: &State) -> Cluster {
        let mut cluster = Cluster::new();
        let manifest = live.manifest();
        let outcome = match self {
            Origin::Apply => cluster.apply(&manifest, Apply::client_side()),
            Origin::ServerSide => cluster.apply(&manifest, Apply::server_side()),
            Origin::Create => cluster.create(&manifest, Create::default()),
        };
        assert!(outcome.is_ok_and(|outcome| outcome.succeeded()), "{live} is in the world and not valid");
        cluster
    }
}

/// How closely it is looked at what a refused command leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// At the Service.
    Quick,
    /// At everything that a server holds, what it has drawn and what it will draw next included.
    Thorough,
}

/// What is found out about a pair: the rows in which it counts, and the promises that it breaks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) rows: Vec<String>,
    pub(crate) broken: Vec<String>,
}

/// A port as it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Live {
    number: i64,
    protocol: String,
    node_port: i64,
    name: String,
}

fn live_ports(cluster: &Cluster) -> Vec<Live> {
    let Some(object) = cluster.object("default", "dns") else { return Vec::new() };
    let value = object.to_value();
    let ports = value.at(&["spec", "ports"]).and_then(|ports| ports.as_list()).unwrap_or_default();
    let number = |port: &mergekey::value::Value<'_>, key| port.get(key).and_then(|number| number.as_i64()).unwrap_or_default();
    let text =
        |port: &mergekey::value::Value<'_>, key| port.get(key).and_then(|text| text.as_str()).unwrap_or_default().to_owned();
    let live = |port| Live {
        number: number(port, "port"),
        protocol: text(port, "protocol"),
        node_port: number(port, "nodePort"),
        name: text(port, "name"),
    };
    ports.iter().map(live).collect()
}

/// Everything that `kubectl apply` looks at.
fn memory(cluster: &Cluster) -> (Vec<Live>, Option<String>) {
    let annotation = cluster.object("default", "dns").and_then(|object| object.annotation(LAST_APPLIED).map(str::to_owned));
    (live_ports(cluster), annotation)
}

fn version(cluster: &Cluster) -> Option<String> {
    cluster.object("default", "dns").map(|object| object.resource_version().to_owned())
}

fn converged(wanted: &State, live: &[Live]) -> bool {
    let met = wanted.0.iter().all(|wanted| {
        live.iter().any(|live| {
            live.number == wanted.number()
                && live.protocol == wanted.protocol()
                && wanted.node_port().is_none_or(|node_port| node_port == live.node_port)
                && wanted.name().is_none_or(|name| name == live.name)
        })
    });
    met && live.len() == wanted.0.len()
}

/// Runs everything on a pair. `start` holds its live Service.
pub(crate) fn explore(pair: Pair<'_>, start: &Cluster, care: Care) -> Found {
    let manifest = pair.wanted.manifest();
    let mut run = Run { pair, start, care, manifest: &manifest, found: Found::default() };
    let course = run.client_side();
    let helped: Vec<bool> = WAYS.iter().map(|(way, how)| run.way(way, *how)).collect();
    if !course.at_once {
        run.remedies(&course, &helped);
    }
    run.found
}

#[derive(Clone, Copy)]
enum How {
    ServerSide,
    Forced,
    Replace,
    SaveConfig,
}

const WAYS: &[(&str, How)] = &[
    ("server-side apply", How::ServerSide),
    ("server-side apply, forced", How::Forced),
    ("replace", How::Replace),
    ("replace --save-config", How::SaveConfig),
];

/// What `kubectl apply` did, run after run.
struct Course {
    /// Whether the first run does what is wanted for good.
    at_once: bool,
    /// The cluster after the first run, if that succeeded.
    first: Option<Cluster>,
    /// Whether the second run converged.
    second: bool,
}

struct Run<'w> {
    pair: Pair<'w>,
    start: &'w Cluster,
    care: Care,
    manifest: &'w Manifest,
    found: Found,
}

/// More runs than any cycle takes: what has not come back to an earlier state by then breaks a promise.
const MOST_RUNS: usize = 12;

impl Run<'_> {
    fn count(&mut self, row: impl Into<String>) {
        self.found.rows.push(row.into());
    }

    fn expect(&mut self, promise: &str, holds: bool) {
        if !holds {
            self.found.broken.push(promise.to_owned());
        }
    }

    /// Runs a command on a copy of a cluster and looks at what must hold after every one.
    fn command(
        &mut self,
        cluster: &Cluster,
        run: impl FnOnce(&mut Cluster) -> Result<Outcome, mergekey::Error>,
    ) -> (Cluster, Outcome) {
        let mut fork = cluster.clone();
        let outcome = run(&mut fork).unwrap_or_else(|error| panic!("{} to {}: {error}", self.pair.live, self.pair.wanted));
        if !outcome.succeeded() {
            let whole = self.care == Care::Quick || format!("{cluster:?}") == format!("{fork:?}");
            let text = |cluster: &Cluster| cluster.object("default", "dns").map(|object| object.to_text());
            self.expect("a refused command leaves the cluster as it was", whole && text(cluster) == text(&fork));
        }
        let ports = live_ports(&fork);
        let twice = |same: fn(&Live, &Live) -> bool| {
            ports.iter().enumerate().any(|(at, port)| ports[..at].iter().any(|other| same(port, other)))
        };
        let valid = !twice(|a, b| a.protocol == b.protocol && (a.number == b.number || a.node_port == b.node_port))
            && !twice(|a, b| a.name == b.name)
            && ports.iter().all(|port| (30_000..=32_767).contains(&port.node_port));
        self.expect("what is stored is valid", valid);
        (fork, outcome)
    }

    fn apply(&mut self, cluster: &Cluster, options: Apply) -> (Cluster, Outcome) {
        let manifest = self.manifest;
        self.command(cluster, |fork| fork.apply(manifest, options))
    }

    /// `kubectl apply`, run until nothing new can come of it.
    fn client_side(&mut self) -> Course {
        let mut cluster = self.start.clone();
        let mut seen = vec![memory(&cluster)];
        let mut course: Vec<(bool, bool)> = Vec::new();
        let mut after_first = None;
        let mut last_word = String::new();
        loop {
            let (next, outcome) = self.apply(&cluster, Apply::client_side());
            let memory = memory(&next);
            course.push((outcome.succeeded(), converged(self.pair.wanted, &memory.0)));
            if outcome.succeeded() {
                let applied = memory.1.as_deref().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
                let same = applied.is_some_and(|mut applied| {
                    // kubectl adds an empty object of annotations.
                    applied["metadata"].as_object_mut().and_then(|metadata| metadata.remove("annotations"));
                    applied == *self.manifest.object()
                });
                self.expect("the annotation tells what was applied", same);
            }
            let unchanged = outcome.stdout().ends_with("unchanged\n");
            self.expect("unchanged means that nothing was written", !unchanged || version(&next) == version(&cluster));
            last_word = outcome.stdout().split_whitespace().last().map_or(last_word, str::to_owned);
            let stop = !outcome.succeeded() || seen.contains(&memory);
            seen.push(memory);
            cluster = next;
            if course.len() == 1 && outcome.succeeded() {
                after_first = Some(cluster.clone());
            }
            if stop || course.len() == MOST_RUNS {
                break;
            }
        }
        self.expect("kubectl apply comes to an end or goes round", course.len() < MOST_RUNS);
        let first = course.iter().position(|(_, converged)| *converged).map(|at| at + 1);
        let (ended_well, ends_converged) = course.last().copied().unwrap_or_default();
        let stays = first.is_some_and(|first| course[first - 1..].iter().all(|(succeeded, converged)| *succeeded && *converged));
        let row = match first {
            Some(1) if stays => "converges at once".to_owned(),
            Some(runs) if stays => format!("converges after {runs} runs"),
            Some(_) if ends_converged => "converges, later runs are refused".to_owned(),
            Some(_) => "converges, a later run breaks it".to_owned(),
            None if course[0] == (false, false) => "is refused".to_owned(),
            None if !ended_well => "never converges, is refused in the end".to_owned(),
            None => format!("never converges, says {last_word}"),
        };
        self.count(format!("client-side apply: {row}"));
        if ended_well && ends_converged && last_word != "unchanged" {
            self.count("client-side apply: has converged and says configured every time");
        }
        self.damage(&cluster);
        let at_once = stays && first == Some(1);
        Course { at_once, first: after_first, second: course.get(1) == Some(&(true, true)) }
    }

    /// What is wrong where client-side apply ends.
    fn damage(&mut self, end: &Cluster) {
        let (live, was) = (live_ports(end), live_ports(self.start));
        if live == was {
            return;
        }
        let has = |ports: &[Live], number, protocol| ports.iter().any(|port| port.number == number && port.protocol == protocol);
        let wanted = &self.pair.wanted.0;
        let missing = |port: &Port| !has(&live, port.number(), port.protocol());
        let was_there = |port: &Port| has(&was, port.number(), port.protocol());
        let too_many =
            live.iter().any(|live| !wanted.iter().any(|port| port.number() == live.number && port.protocol() == live.protocol));
        for (row, is) in [
            ("loses a port that was live and stays in the manifest", wanted.iter().any(|port| missing(port) && was_there(port))),
            ("lacks a new port of the manifest", wanted.iter().any(|port| missing(port) && !was_there(port))),
            ("keeps a port that left the manifest", too_many),
        ] {
            if is {
                self.count(format!("client-side apply ends where it {row}"));
            }
        }
    }

    fn by(&mut self, how: How, cluster: &Cluster) -> (Cluster, Outcome) {
        let manifest = self.manifest;
        match how {
            How::ServerSide => self.apply(cluster, Apply::server_side()),
            How::Forced => self.apply(cluster, Apply::server_side().force_conflicts()),
            How::Replace => self.command(cluster, |fork| fork.replace(manifest, Replace::default())),
            How::SaveConfig => self.command(cluster, |fork| fork.replace(manifest, Replace::default().save_config())),
        }
    }

    /// A way, run twice; answers whether it did what is wanted.
    fn way(&mut self, way: &str, how: How) -> bool {
        let (end, outcome) = self.by(how, self.start);
        let done = converged(self.pair.wanted, &live_ports(&end));
        let code = outcome.requests().last().map(mergekey::cluster::Recorded::code);
        let row = match (outcome.succeeded(), done, code) {
            (true, true, _) => "converges",
            (true, false, _) => "succeeds and does not converge",
            (false, _, Some(409)) => "conflicts",
            (false, ..) => "is refused",
        };
        self.count(format!("{way}: {row}"));
        if outcome.succeeded() {
            let (again, outcome) = self.by(how, &end);
            let same = outcome.succeeded() && live_ports(&again) == live_ports(&end) && version(&again) == version(&end);
            self.expect(&format!("{way} done again changes nothing"), same);
        }
        if matches!(how, How::Forced) {
            self.expect("force meets no conflict", code != Some(409));
        }
        if matches!(how, How::Replace | How::SaveConfig) {
            self.expect("a replace that succeeds converges", !outcome.succeeded() || done);
        }
        outcome.succeeded() && done
    }

    /// What helps where `kubectl apply` does not do at once what is wanted.
    fn remedies(&mut self, course: &Course, instead: &[bool]) {
        let (start, wanted, manifest) = (self.start, self.pair.wanted, self.manifest);
        let helped = |(end, outcome): &(Cluster, Outcome)| outcome.succeeded() && converged(wanted, &live_ports(end));
        self.count("remedies are needed");
        let mut any = false;
        let mut works = |run: &mut Self, remedy: &str, works: bool| {
            any |= works;
            if works {
                run.count(format!("remedy: {remedy}"));
            }
        };
        for ((way, _), helped) in WAYS.iter().zip(instead) {
            works(self, &format!("{way} instead"), *helped);
        }
        if let Some(stuck) = &course.first {
            self.count("remedies are needed after an apply that said it was configured");
            for (way, how) in WAYS {
                let end = self.by(*how, stuck);
                works(self, &format!("{way} afterwards"), helped(&end));
            }
            works(self, "the same apply again", course.second);
        }
        let (gone, deleted) = self.command(start, |fork| fork.delete("dns", Delete::default()));
        let end = self.apply(&gone, Apply::client_side());
        works(self, "delete and apply", deleted.succeeded() && helped(&end));
        let reordered = orders(wanted.0.len()).into_iter().skip(1).any(|order| {
            let state = State(order.iter().map(|&at| wanted.0[at]).collect());
            let end = self.command(start, |fork| fork.apply(&state.manifest(), Apply::client_side()));
            helped(&end)
        });
        works(self, "apply with the ports in another order", reordered);
        let forced = self.command(start, |fork| fork.apply(manifest, Apply::client_side().force()));
        works(self, "apply --force", helped(&forced));
        if !any {
            self.count("remedy: none of these");
        }
    }
}
