//! What the engines decided about `spec.ports` while a command ran.

use std::collections::BTreeSet;

use super::report::Way;
use crate::cluster::{self, Object};
use crate::path::Path;
use crate::strategic::{self, Decision, Pass, Step};
use crate::structured::{self, Manager, Operation};

/// The steps to the ports.
const PORTS: [&str; 2] = ["spec", "ports"];

/// An item of a patch and what the server did with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// Merged into the live item at this place, past others of its key.
    Into { live: usize },
    /// Appended.
    Appended,
}

/// The decisions of one command: about `spec.ports` by merge key, and about owners.
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
    /// The object before, of a way in which owners count.
    object: Option<Object>,
    /// The server: it told who owned what before the first request.
    told_owners: bool,
    /// The same, where the object itself does not tell.
    owners: Vec<Manager<'static>>,
    /// The server: who lost fields to it.
    pub(super) losers: Vec<String>,
    /// The server: fields of others were in the way, forced or not.
    pub(super) conflicted: bool,
    requests: usize,
    pass: Option<Pass>,
    /// How deep the walk is, and how many of the first steps lead to the ports.
    depth: usize,
    on_the_way: usize,
}

impl Observed {
    /// Hears what counts about a way.
    pub(super) fn of(way: Way, before: Option<Object>) -> Self {
        let object = before.filter(|_| matches!(way, Way::ServerSideApply | Way::ServerSideApplyForced));
        Observed { object, ..Observed::default() }
    }

    fn at_ports(&self) -> bool {
        self.depth == PORTS.len() && self.on_the_way == PORTS.len()
    }

    /// Who owned a field before.
    pub(super) fn owners(&self, path: &Path) -> Vec<(String, Operation)> {
        let known = self.object.iter().filter(|_| self.told_owners).flat_map(|object| object.owners(path));
        let others = self.owners.iter().filter(|owner| owner.set.contains(path));
        known.chain(others.map(|owner| (owner.identity.name.to_string(), owner.identity.operation))).collect()
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
        (self.depth, self.on_the_way) = (0, 0);
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
        let leads = self.on_the_way == self.depth && matches!(step, Step::Field(name) if PORTS.get(self.depth) == Some(&name));
        self.on_the_way += usize::from(leads);
        self.depth += 1;
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.on_the_way = self.on_the_way.min(self.depth);
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

impl structured::Trace for Observed {
    fn owned(&mut self, manager: &Manager<'_>) {
        let Some(object) = self.object.as_ref().filter(|_| self.requests == 1) else { return };
        self.told_owners = true;
        if !object.is_owned() {
            let Manager { identity, time, set, .. } = manager.clone();
            self.owners.push(Manager { identity: identity.into_owned(), time, set: set.into_owned() });
        }
    }

    fn conflicted(&mut self, _: &structured::Conflict) {
        self.conflicted = true;
    }

    fn lost(&mut self, manager: &structured::Identity<'_>, _: &structured::Set<'_>) {
        if self.requests == 1 && !self.losers.iter().any(|known| *known == manager.name) {
            self.losers.push(manager.name.to_string());
        }
    }
}

impl cluster::Trace for Observed {
    fn request(&mut self, _: &cluster::Request) {
        self.requests += 1;
    }

    fn strategic(&mut self) -> &mut dyn strategic::Trace {
        self
    }

    fn structured(&mut self) -> &mut dyn structured::Trace {
        self
    }
}
