//! The counts of an atlas: rows by name, for pairs with and without shared port numbers, and one example of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::pair::Found;
use crate::world::Pair;

/// What was counted, over all pairs or a part of them; sums of parts are the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) all: Rows,
    /// The pairs in which the live or the wanted Service has two ports of one number.
    pub(crate) shared: Rows,
    /// The pairs that were run, each for all that are like it.
    pub(crate) ran: u64,
    /// Promises that did not hold, with the first pair.
    pub(crate) broken: BTreeMap<String, Row>,
}

/// The rows of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rows(pub(crate) BTreeMap<String, Row>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) count: u64,
    /// The first pair of the row, with its place among all.
    pub(crate) example: Option<(usize, String)>,
}

/// The row that every pair is in.
pub(crate) const PAIRS: &str = "pairs";

/// How the rows follow each other, by their beginnings.
const ORDER: &[&str] = &[
    "client-side apply:",
    "client-side apply ends",
    "server-side apply:",
    "server-side apply, forced:",
    "replace:",
    "replace --save-config:",
    "remedies",
    "remedy:",
];

impl Row {
    fn add(&mut self, other: &Row) {
        self.count += other.count;
        let examples = [self.example.take(), other.example.clone()];
        self.example = examples.into_iter().flatten().min();
    }
}

impl Rows {
    pub(crate) fn count(&self, row: &str) -> u64 {
        self.0.get(row).map_or(0, |row| row.count)
    }

    fn add(&mut self, name: &str, row: &Row) {
        self.0.entry(name.to_owned()).or_default().add(row);
    }
}

impl Tally {
    pub(crate) fn of(place: usize, pair: Pair<'_>, found: &Found) -> Self {
        let mut tally = Tally { ran: 1, ..Tally::default() };
        let row = Row { count: pair.weight, example: Some((place, format!("{} → {}", pair.live, pair.wanted))) };
        for name in found.rows.iter().map(String::as_str).chain([PAIRS]) {
            tally.all.add(name, &row);
            if pair.live.shares_a_number() || pair.wanted.shares_a_number() {
                tally.shared.add(name, &row);
            }
        }
        for promise in &found.broken {
            tally.broken.entry(promise.clone()).or_default().add(&row);
        }
        tally
    }

    pub(crate) fn add(&mut self, other: &Tally) {
        self.ran += other.ran;
        for (into, from) in [(&mut self.all, &other.all), (&mut self.shared, &other.shared)] {
            from.0.iter().for_each(|(name, row)| into.add(name, row));
        }
        for (promise, row) in &other.broken {
            self.broken.entry(promise.clone()).or_default().add(row);
        }
    }

    /// The table as the documentation shows it.
    pub(crate) fn to_markdown(&self) -> String {
        let mut text = "| | all pairs | numbers shared | not shared | for example |\n|---|---:|---:|---:|---|\n".to_owned();
        let row = |name: &str| {
            let (all, shared) = (self.all.count(name), self.shared.count(name));
            let example = self.all.0.get(name).and_then(|row| row.example.as_ref()).map_or("", |example| &example.1);
            let example = if example.is_empty() { String::new() } else { format!("`{example}`") };
            format!("| {name} | {} | {} | {} | {example} |\n", grouped(all), grouped(shared), grouped(all - shared))
        };
        text.push_str(&row(PAIRS));
        let mut names: Vec<&str> = self.all.0.keys().map(String::as_str).filter(|name| *name != PAIRS).collect();
        names.sort_by_key(|name| ORDER.iter().position(|start| name.starts_with(start)));
        names.into_iter().for_each(|name| text.push_str(&row(name)));
        text
    }
}

/// A number with commas.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
