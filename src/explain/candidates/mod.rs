//! What may be a way out: commands, with the manifests that they take.

mod fields;
mod owners;
mod ports;

use std::borrow::Cow;
use std::sync::Arc;

use super::converged::{Key, items_of, unmet};
use super::json::Json;
use super::remedies::{File, Patient, Plan, annotation};
use super::report::{StatusCause, Unmet, Way, WayOutcome};
use super::ways;
use crate::cluster::{Cluster, ManifestFile, NoTrace};
use crate::value::Value;
use crate::{Error, Manifest};

/// Something to be tried: commands with the manifests that they take.
pub(super) struct Candidate {
    pub(super) plan: Plan,
    commands: Vec<Command>,
    /// How the commands are to be typed.
    pub(super) steps: Vec<String>,
    /// What is to be brought about, where it is not quite what the manifest states.
    pub(super) aim: Option<Arc<Value<'static>>>,
}

struct Command {
    arguments: Vec<String>,
    /// What the file holds, where that is not the manifest.
    manifest: Option<ManifestFile<'static>>,
}

impl Command {
    fn new(arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Command { arguments: arguments.into_iter().map(Into::into).collect(), manifest: None }
    }

    /// A verb with `-f FILE`.
    fn of_file(verb: &str, file: &str) -> Self {
        Command::new(ways::arguments(verb, file))
    }

    /// The same where the file holds another manifest.
    fn of_manifest(verb: &str, file: &str, manifest: Manifest) -> Self {
        Command { manifest: Some(ManifestFile::new(Cow::Owned(manifest))), ..Command::of_file(verb, file) }
    }
}

/// How a candidate ended.
pub(super) struct Tried {
    pub(super) outcome: WayOutcome,
    pub(super) error: Option<String>,
    pub(super) causes: Vec<StatusCause>,
    pub(super) cluster: Cluster,
    /// Whether the live object then has what the manifest states, where that was looked at.
    pub(super) converged: Option<bool>,
    /// After the first of several commands.
    pub(super) midway: Option<Cluster>,
}

impl Candidate {
    /// Commands that bring about what the manifest states, typed as they are.
    fn typed(plan: Plan, commands: Vec<Command>) -> Self {
        let steps = commands.iter().map(|command| ways::typed(&command.arguments)).collect();
        Candidate { plan, commands, steps, aim: None }
    }

    /// With something to be done before the commands.
    fn behind(mut self, edit: String) -> Self {
        self.steps.insert(0, edit);
        self
    }

    /// Runs the commands up to the first that fails; `None` if one is outside the model.
    ///
    /// # Errors
    /// As [`Cluster::kubectl`].
    pub(super) fn run(&self, patient: Patient<'_>) -> Result<Option<Tried>, Error> {
        if let Some(tried) = self.known(patient) {
            return Ok(Some(tried));
        }
        let mut cluster = patient.cluster.clone();
        let (mut last, mut midway) = (None, None);
        for (at, command) in self.commands.iter().enumerate() {
            if at == 1 {
                midway = Some(cluster.clone());
            }
            let manifest = command.manifest.as_ref().unwrap_or(patient.target.manifest);
            let arguments: Vec<&str> = command.arguments.iter().map(String::as_str).collect();
            let outcome = match cluster.command(&arguments, Some(manifest), &mut NoTrace::default()) {
                Ok(outcome) => outcome,
                Err(error) if error.is_not_modelled() => return Ok(None),
                Err(error) => return Err(error),
            };
            let failed = outcome.exit_code() != 0;
            last = Some((ways::word(&outcome), ways::error(&outcome), ways::causes(&outcome)));
            if failed {
                break;
            }
        }
        Ok(last.map(|(outcome, error, causes)| Tried { outcome, error, causes, cluster, converged: None, midway }))
    }

    /// What the ways were run for already.
    fn known(&self, patient: Patient<'_>) -> Option<Tried> {
        let ran = |way: Way| patient.ways.iter().find(|ran| ran.report.way == way);
        match self.plan {
            Plan::Way { way } => ran(way).map(|ran| Tried {
                outcome: ran.report.outcome,
                error: ran.report.error.clone(),
                causes: ran.report.causes.clone(),
                cluster: ran.cluster.clone(),
                converged: Some(ran.report.converged),
                midway: None,
            }),
            Plan::ApplyTwice => ran(Way::ClientSideApply).map(|ran| Tried {
                outcome: ran.report.again.outcome,
                error: None,
                causes: Vec::new(),
                cluster: ran.again.clone(),
                converged: Some(ran.report.again.converged),
                midway: Some(ran.cluster.clone()),
            }),
            _ => None,
        }
    }

    /// Whether people take it for a way out, so that it is told where it is none.
    pub(super) fn is_belief(&self) -> bool {
        matches!(self.plan, Plan::Reorder { .. } | Plan::Rename)
    }

    /// Whether both plans are of one kind.
    pub(super) fn is_like(&self, plan: &Plan) -> bool {
        std::mem::discriminant(plan) == std::mem::discriminant(&self.plan)
    }

    /// The manifest that the file holds afterwards, if it was edited.
    pub(super) fn edited(&self) -> Option<&ManifestFile<'static>> {
        self.commands.last()?.manifest.as_ref()
    }

    /// The files that the commands take beside the manifest as it is.
    pub(super) fn files(&self, file: &str) -> Vec<File> {
        let edited = self.commands.iter().filter_map(|command| command.manifest.as_ref()).map(ManifestFile::manifest);
        let named = |manifest: &Manifest| File {
            name: manifest.file().unwrap_or(file).to_owned(),
            manifest: Json::from(Arc::clone(manifest.value())),
        };
        edited.map(named).collect()
    }

    /// Whether what it brings about is a way out, and does not only show something.
    pub(super) fn is_remedy(&self) -> bool {
        !matches!(self.plan, Plan::Rename)
    }
}

/// All that is to be tried.
pub(super) fn candidates(patient: Patient<'_>) -> Vec<Candidate> {
    let file = patient.target.file;
    let run =
        |plan: Plan, verbs: &[&str]| Candidate::typed(plan, verbs.iter().map(|verb| Command::of_file(verb, file)).collect());
    let way = |way: Way| run(Plan::Way { way }, &[way.verb()]);
    let missing = unmet(patient.target.wanted, patient.before);
    let mut all = Vec::new();
    if patient.is_met_by(Way::ServerSideApply) {
        all.push(way(Way::ServerSideApply));
    }
    // Force is no remedy of its own where nothing conflicts.
    if patient.conflicts() && patient.is_met_by(Way::ServerSideApplyForced) {
        all.push(way(Way::ServerSideApplyForced));
    }
    if patient.is_met_by(Way::Replace) {
        // There is an annotation to be kept.
        if patient.before.and_then(annotation).is_some() {
            all.push(run(Plan::SaveConfig, &["replace --save-config"]));
        }
        all.push(way(Way::Replace));
    }
    if patient.is_met_by_two() {
        all.push(run(Plan::ApplyTwice, &["apply", "apply"]));
    }
    if patient.before.is_some() {
        let delete = Command::new(["delete", "service", patient.target.name]);
        all.push(Candidate::typed(Plan::Recreate, vec![delete, Command::of_file("apply", file)]));
    }
    all.extend(fields::json_patch(patient, &missing));
    all.extend(ports::reordered(patient));
    all.extend(ports::renamed(patient));
    all.extend(ports::two_steps(patient, &missing));
    all.extend(ports::renumbered(patient));
    all.extend(owners::repaired(patient, &missing));
    all.extend(owners::migrated(patient, &missing));
    all
}

/// The live ports that the manifest lacks.
fn left_over<'p>(patient: Patient<'p>, missing: &[Unmet]) -> impl Iterator<Item = &'p Value<'p>> {
    let paths: Vec<&str> = missing.iter().filter(|unmet| unmet.wanted.is_null()).map(|unmet| unmet.path.as_str()).collect();
    let items = patient.before.map_or(&[][..], items_of);
    items.iter().filter(move |item| !paths.is_empty() && paths.contains(&&*Key::of(item).path()))
}
