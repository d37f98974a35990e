//! What the engines decided about `spec.ports` while a command ran.

use std::collections::BTreeSet;

use crate::cluster;
use crate::strategic::{self, Decision, Pass, Step};
use crate::structured;

/// An item of a patch and what the server did with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// Merged into the live item at this place, past others of its key.
    Into { live: usize },
    /// Appended.
    Appended,
}

/// The decisions of one command about `spec.ports`.
#[derive(Clone, Debug, Default)]
pub(super) struct Observed {
    /// kubectl: live item and manifest item that it compared.
    pub(super) pairs: Vec<(usize, usize)>,
    /// kubectl: manifest items that it found no live item for.
    pub(super) added: Vec<usize>,
    /// The server: what became of each item of the patch, by its place there.
    pub(super) placed: Vec<(usize, Placed)>,
    /// The server: the live items that a directive deleted, by directive.
    pub(super) deleted: Vec<Vec<usize>>,
    pass: Option<Pass>,
    steps: Vec<String>,
}

impl Observed {
    fn at_ports(&self) -> bool {
        matches!(self.steps.as_slice(), [spec, ports] if spec == "spec" && ports == "ports")
    }

    /// The live item that each item of the patch was merged into, where it was there before.
    pub(super) fn landings(&self, live_count: usize) -> Vec<(usize, Option<usize>)> {
        // Places count what was left after the deletions; behind them stand the items that were appended.
        let gone: BTreeSet<usize> = self.deleted.iter().flatten().copied().collect();
        let left: Vec<usize> = (0..live_count).filter(|at| !gone.contains(at)).collect();
        let place = |placed: &Placed| match placed {
            Placed::Into { live } => left.get(*live).copied(),
            Placed::Appended => None,
        };
        self.placed.iter().map(|(patch, placed)| (*patch, place(placed))).collect()
    }
}

impl strategic::Trace for Observed {
    fn begin(&mut self, pass: Pass) {
        self.steps.clear();
        match pass {
            Pass::Delta => {
                self.pairs.clear();
                self.added.clear();
            }
            Pass::Apply => {
                self.placed.clear();
                self.deleted.clear();
            }
            _ => {}
        }
        self.pass = Some(pass);
    }

    fn enter(&mut self, step: Step<'_>) {
        self.steps.push(match step {
            Step::Field(name) => name.to_owned(),
            _ => String::new(),
        });
    }

    fn leave(&mut self) {
        self.steps.pop();
    }

    fn decided(&mut self, decision: Decision<'_>) {
        if !self.at_ports() {
            return;
        }
        match (self.pass, decision) {
            (Some(Pass::Delta), Decision::Paired { original, modified, .. }) => self.pairs.push((original, modified)),
            (Some(Pass::Delta), Decision::Added { modified, .. }) => self.added.push(modified),
            (Some(Pass::Apply), Decision::Matched { patch, live, .. }) => self.placed.push((patch, Placed::Into { live })),
            (Some(Pass::Apply), Decision::Appended { patch, .. }) => self.placed.push((patch, Placed::Appended)),
            (Some(Pass::Apply), Decision::Deleted { live, .. }) => self.deleted.push(live),
            _ => {}
        }
    }
}

impl structured::Trace for Observed {}

impl cluster::Trace for Observed {
    fn strategic(&mut self) -> &mut dyn strategic::Trace {
        self
    }

    fn structured(&mut self) -> &mut dyn structured::Trace {
        self
    }
}
