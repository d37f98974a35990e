//! An atlas of a small world: every live Service against every wanted one, by every way.
//!
//! ```console
//! $ cargo run --release --example atlas                          # the whole world; minutes
//! $ cargo run --release --example atlas -- --ports 2 --node-ports 2    # a smaller one; seconds
//! $ cargo run --release --example atlas -- --shard 1/2 --json > 1.json     # a part, to be summed up later
//! $ cargo run --release --example atlas -- --sum 1.json 2.json
//! ```
//!
//! It prints the table of `docs/atlas.md`, and fails if a promise does not hold on some pair.

#![allow(clippy::expect_used, clippy::panic, reason = "a program that fails")]

mod pair;
mod tally;
mod world;

use std::process::ExitCode;

use clap::Parser;
use mergekey::cluster::Cluster;

use pair::{Care, Origin};
use tally::{Tally, grouped};
use world::{Size, State};

/// Runs every way on every pair of a small world and counts what comes of it.
#[derive(Parser)]
struct Arguments {
    /// The most ports of a Service, and the number of names.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=3))]
    ports: u8,
    /// Node ports that a port can have, besides none.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=3))]
    node_ports: u8,
    /// How the live Service came to be.
    #[arg(long, value_enum, default_value = "apply")]
    origin: Origin,
    /// Only a part of the pairs: `1/4` to `4/4`.
    #[arg(long, default_value = "1/1", value_parser = shard)]
    shard: (usize, usize),
    /// Threads.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Print the counts as JSON, for `--sum`.
    #[arg(long)]
    json: bool,
    /// Run nothing: add up what other runs have printed with `--json`.
    #[arg(long, num_args = 1.., conflicts_with_all = ["shard", "threads", "origin", "ports", "node_ports"])]
    sum: Vec<std::path::PathBuf>,
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
    match parts {
        Some((part, of)) if (1..=of).contains(&part) => Ok((part, of)),
        _ => Err("a part and a number of parts are wanted, as 1/4".to_owned()),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let tally = if arguments.sum.is_empty() { run(&arguments) } else { sum(&arguments.sum) };
    if arguments.json {
        println!("{}", serde_json::to_string(&tally).expect("counts are JSON"));
    } else {
        println!("{}", tally.to_markdown());
        println!("{} pairs were run for {}.", grouped(tally.ran), grouped(tally.all.count(tally::PAIRS)));
    }
    for (promise, row) in &tally.broken {
        let example = row.example.as_ref().map_or("", |example| &example.1);
        eprintln!("broken: {promise}: {} pairs, as {example}", grouped(row.count));
    }
    if tally.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(arguments: &Arguments) -> Tally {
    let size = Size { ports: arguments.ports.into(), node_ports: arguments.node_ports.into() };
    let states = State::all(size);
    let (part, of) = arguments.shard;
    let worker = |thread: usize| {
        let mut tally = Tally::default();
        let mut start: Option<(&State, Cluster)> = None;
        let (mine, all) = ((part - 1) + of * thread, of * arguments.threads);
        for (place, pair) in world::pairs(&states, size).enumerate().filter(|(place, _)| place % all == mine) {
            let cluster = match start.take() {
                Some((live, cluster)) if live == pair.live => cluster,
                _ => arguments.origin.cluster(pair.live),
            };
            let care = if place % 256 == 0 { Care::Thorough } else { Care::Quick };
            tally.add(&Tally::of(place, pair, &pair::explore(pair, &cluster, care)));
            start = Some((pair.live, cluster));
        }
        tally
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..arguments.threads).map(|thread| scope.spawn(move || worker(thread))).collect();
        let mut whole = Tally::default();
        threads.into_iter().for_each(|thread| whole.add(&thread.join().expect("a thread ends")));
        whole
    })
}

fn sum(files: &[std::path::PathBuf]) -> Tally {
    let mut whole = Tally::default();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let tally: Tally = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        whole.add(&tally);
    }
    whole
}
