//! What nobody will remove: a last-applied annotation that does not tell of it, or a manager who never lets go of it.

use std::collections::BTreeSet;

use super::{Candidate, Command, left_over};
use crate::explain::converged::{Key, items_of};
use crate::explain::divergences::LAST_APPLIED;
use crate::explain::remedies::{Patient, Plan, annotation};
use crate::explain::report::{Unmet, Way};
use crate::path::Path;
use crate::structured::Operation;

/// The managers under whose names kubectl applies: what they own is taken up without more ado.
const OWN: [(&str, Operation); 2] = [("kubectl", Operation::Apply), ("kubectl-client-side-apply", Operation::Update)];

/// The annotation states what is to go, and then `kubectl apply` removes it.
pub(super) fn repaired(patient: Patient<'_>, missing: &[Unmet]) -> Option<Candidate> {
    let before = patient.before?;
    let applied = patient.last_applied;
    let known: BTreeSet<_> = applied.into_iter().flat_map(items_of).filter_map(|item| item.get("port")?.as_i64()).collect();
    let numbers: BTreeSet<_> = left_over(patient, missing).filter_map(|item| item.get("port")?.as_i64()).collect();
    let unreadable = applied.is_none() && annotation(before).is_some_and(|text| !text.is_empty());
    if !unreadable && numbers.is_subset(&known) {
        return None;
    }
    let ports: Vec<String> = numbers.into_iter().map(|number| format!(r#"{{"port":{number}}}"#)).collect();
    let spec = if ports.is_empty() { String::new() } else { format!(r#""spec":{{"ports":[{}]}}"#, ports.join(",")) };
    let (name, file) = (patient.target.name, patient.target.file);
    let setting = format!("{LAST_APPLIED}={{{spec}}}");
    let annotate = Command::new(["annotate", "service", name, "--overwrite", &setting]);
    Some(Candidate::typed(Plan::RepairLastApplied, vec![annotate, Command::of_file("apply", file)]))
}

/// Server-side apply takes over whoever owns the annotation, and then removes what is not in the manifest; what another one applied
/// goes when the manifest is applied in that one's name.
pub(super) fn migrated(patient: Patient<'_>, missing: &[Unmet]) -> Option<Candidate> {
    let observed = patient.forced()?;
    let paths: Vec<Path> = left_over(patient, missing).filter_map(|item| Key::of(item).path().parse().ok()).collect();
    let owners = paths.iter().flat_map(|path| observed.owners(path));
    let others = owners.filter(|(name, operation)| !OWN.contains(&(name, *operation)));
    let mut managers: Vec<(String, Operation)> = others.collect();
    managers.sort();
    managers.dedup();
    if managers.is_empty() {
        return None;
    }
    let (name, file) = (patient.target.name, patient.target.file);
    let verb = if patient.conflicts() { Way::ServerSideApplyForced } else { Way::ServerSideApply }.verb();
    let mut commands = Vec::new();
    for (manager, operation) in &managers {
        let mut apply = Command::of_file(verb, file);
        let as_manager = format!("--field-manager={manager}");
        match operation {
            Operation::Apply => apply.arguments.push(as_manager),
            Operation::Update => {
                let setting = format!("{LAST_APPLIED}={{}}");
                commands.push(Command::new(["annotate", "service", name, "--overwrite", &as_manager, &setting]));
            }
        }
        commands.push(apply);
    }
    let plan = Plan::Migrate { managers: managers.into_iter().map(|(name, _)| name).collect() };
    Some(Candidate::typed(plan, commands))
}
