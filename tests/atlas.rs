//! A slice of the atlas (`examples/atlas`): what holds on every pair of a small world, and that its page says what it finds.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "the program uses more of these modules than its test")]

#[path = "../examples/atlas/pair.rs"]
mod pair;
#[path = "../examples/atlas/tally.rs"]
mod tally;
#[path = "../examples/atlas/world.rs"]
mod world;

use std::collections::BTreeMap;

use mergekey::explain;
use mergekey::explain::{Plan, Situation, Way};
use pair::{Care, Found, Origin};
use tally::{PAIRS, Tally, grouped};
use world::{Exchange, Pair, Size, State};

const WORLD: Size = Size { ports: 2, node_ports: 2 };
/// The one whose table is compared whole.
const LEAST: Size = Size { ports: 2, node_ports: 1 };

/// Every `step`-th pair of a world.
fn slice(states: &[State], size: Size, step: usize, mut look: impl FnMut(Pair<'_>)) {
    world::pairs(states, size).step_by(step).for_each(&mut look);
}

fn explore(pair: Pair<'_>, care: Care) -> Found {
    pair::explore(pair, &Origin::Apply.cluster(pair.live), care)
}

#[test]
fn every_pair_is_counted_once() {
    for (ports, node_ports, services) in [(1, 1, 16), (1, 3, 32), (2, 1, 104), (2, 2, 220), (3, 1, 992)] {
        let size = Size { ports, node_ports };
        let states = State::all(size);
        let weights: u64 = world::pairs(&states, size).map(|pair| pair.weight).sum();
        assert_eq!((states.len(), weights), (services, u64::try_from(services * services).unwrap()), "{size:?}");
    }
}

/// Exchanging protocols, node ports or names exchanges them in what comes of it, and changes nothing else.
#[test]
fn pairs_that_are_alike_end_alike() {
    let states = State::all(WORLD);
    let exchanges = Exchange::all(WORLD);
    let mut turn = 0;
    slice(&states, WORLD, 79, |pair| {
        let expected = explore(pair, Care::Quick);
        for _ in 0..2 {
            turn += 1;
            let exchange = &exchanges[turn % exchanges.len()];
            let (live, wanted) = (exchange.of(pair.live), exchange.of(pair.wanted));
            let found = explore(Pair { live: &live, wanted: &wanted, ..pair }, Care::Quick);
            assert_eq!(found, expected, "{} → {} as {live} → {wanted}", pair.live, pair.wanted);
        }
    });
}

/// Whatever is done to whatever Service: what is refused changes nothing, what is stored is valid, what is done twice is done.
#[test]
fn promises_hold_on_every_pair() {
    for (origin, offset) in [(Origin::Apply, 0), (Origin::ServerSide, 5), (Origin::Create, 11)] {
        let states = State::all(WORLD);
        for pair in world::pairs(&states, WORLD).skip(offset).step_by(61) {
            let found = pair::explore(pair, &origin.cluster(pair.live), Care::Thorough);
            assert_eq!(found.broken, Vec::<String>::new(), "{origin:?}: {} → {}", pair.live, pair.wanted);
        }
    }
}

/// `explain` says of every way and remedy what running it says.
#[test]
fn explanations_are_what_happens() {
    const WAYS: [(Way, &str); 4] = [
        (Way::ClientSideApply, "client-side apply"),
        (Way::ServerSideApply, "server-side apply"),
        (Way::ServerSideApplyForced, "server-side apply, forced"),
        (Way::Replace, "replace"),
    ];
    let states = State::all(WORLD);
    let mut remedies = 0;
    slice(&states, WORLD, 47, |pair| {
        let found = explore(pair, Care::Quick);
        let has = |row: &str| found.rows.iter().any(|found| found == row);
        let cluster = Origin::Apply.cluster(pair.live);
        let live = cluster.get("Service", "default", "dns");
        let report = explain(Situation { live: live.as_ref(), manifest: &pair.wanted.manifest() }).unwrap();
        let what = format!("{} → {}\n{report}", pair.live, pair.wanted);
        for (way, name) in WAYS {
            let told = report.way(way).unwrap().converged;
            let refused_later = has("client-side apply: converges, later runs are refused") && way == Way::ClientSideApply;
            if !refused_later && !has("client-side apply: converges, a later run breaks it") {
                let row = if way == Way::ClientSideApply { "converges at once" } else { "converges" };
                assert_eq!(told, has(&format!("{name}: {row}")), "{name}: {what}");
            }
        }
        let listed = |plan: &Plan| report.remedies().iter().any(|remedy| remedy.plan == *plan);
        if !report.remedies().is_empty() {
            remedies += 1;
            for (plan, row) in [
                (Plan::Way { way: Way::ServerSideApply }, "remedy: server-side apply instead"),
                (Plan::Way { way: Way::Replace }, "remedy: replace instead"),
                (Plan::SaveConfig, "remedy: replace --save-config instead"),
                (Plan::ApplyTwice, "remedy: the same apply again"),
                (Plan::Recreate, "remedy: delete and apply"),
            ] {
                assert_eq!(listed(&plan), has(row), "{row}: {what}");
            }
        }
    });
    assert!(remedies > 20, "{remedies} pairs with remedies are too few to say anything");
}

/// Where no two ports of either Service have one number, `kubectl apply` does at once what is wanted.
#[test]
fn the_page_tells_what_is_found() {
    let states = State::all(LEAST);
    let mut tally = Tally::default();
    for (place, pair) in world::pairs(&states, LEAST).enumerate() {
        tally.add(&Tally::of(place, pair, &explore(pair, Care::Quick)));
    }
    assert_eq!(tally.broken, BTreeMap::new());
    let not_shared = |row: &str| tally.all.count(row) - tally.shared.count(row);
    assert_eq!(not_shared("client-side apply: converges at once"), not_shared(PAIRS));

    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/atlas.md")).unwrap();
    let table = tally.to_markdown();
    assert!(page.contains(table.trim_end()), "docs/atlas.md lacks this table:\n{table}");
}

#[test]
fn numbers_are_grouped() {
    assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
}

/// Parts add up to the whole, whatever their order.
#[test]
fn shards_add_up() {
    let size = Size { ports: 1, node_ports: 2 };
    let states = State::all(size);
    let part = |keep: &dyn Fn(usize) -> bool| {
        let mut tally = Tally::default();
        for (place, pair) in world::pairs(&states, size).enumerate().filter(|(place, _)| keep(*place)) {
            tally.add(&Tally::of(place, pair, &explore(pair, Care::Quick)));
        }
        tally
    };
    let mut sum = part(&|place| place % 3 == 2);
    sum.add(&part(&|place| place % 3 == 0));
    let read: Tally = serde_json::from_str(&serde_json::to_string(&part(&|place| place % 3 == 1)).unwrap()).unwrap();
    sum.add(&read);
    assert_eq!(sum, part(&|_| true));
}
