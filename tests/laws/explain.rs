//! What holds of every report.

use mergekey::cluster::LAST_APPLIED;
use mergekey::explain::{Case, Code, Plan, Report, Way};
use mergekey::laws::Law;
use mergekey::strategy::{Config, drifted};
use mergekey::{Manifest, explain, lint};
use proptest::prelude::*;

use super::{cases, has, live, played, run, some_history};

proptest! {
    #![proptest_config(cases())]

    /// The ways of a report are what running them does.
    #[test]
    fn ways_are_what_happens(history in some_history()) {
        let report = explain(&history).unwrap();
        let cluster = played(&history.steps);
        prop_assert_eq!(report.before().cloned(), live(&cluster));
        for way in Way::ALL {
            let told = report.way(way).unwrap();
            let command = told.command.strip_prefix("kubectl ").unwrap();
            let mut cluster = cluster.clone();
            let outcome = run(&mut cluster, command, &history.manifest);
            let after = live(&cluster);
            prop_assert_eq!(told.outcome.succeeded(), outcome.succeeded());
            prop_assert_eq!(told.live.as_deref(), after.as_ref());
            prop_assert_eq!(told.converged, has(after.as_ref(), history.manifest.object()), "{:?}: {}", way, report);
            prop_assert_eq!(told.unmet.is_empty(), told.converged);
            prop_assert_eq!(told.error.as_deref(), (!outcome.succeeded()).then(|| outcome.stderr()));
            let again = run(&mut cluster, command, &history.manifest);
            prop_assert_eq!(told.again.outcome.succeeded(), again.succeeded());
            prop_assert_eq!(told.again.converged, has(live(&cluster).as_ref(), history.manifest.object()));
        }
    }

    /// Who types the commands of a remedy has what the manifest states, and the usual command afterwards does what is said of it.
    #[test]
    fn remedies_help(history in some_history()) {
        let report = explain(&history).unwrap();
        for remedy in report.remedies() {
            let mut cluster = played(&history.steps);
            for step in remedy.steps.iter().filter(|step| step.starts_with("kubectl ")) {
                let words = shell_words::split(step).unwrap();
                let file = words.iter().skip_while(|word| *word != "-f").nth(1);
                let file = file.and_then(|name| remedy.files.iter().find(|file| file.name == *name));
                let manifest = file.map_or(history.manifest.object(), |file| &*file.manifest);
                let outcome = cluster.kubectl(&words[1..], Some(&Manifest::try_from(manifest).unwrap())).unwrap();
                prop_assert!(outcome.succeeded(), "{}: {}\n{}", step, outcome.stderr(), report);
            }
            // After a renumbering the manifest is another one.
            let edited = remedy.files.iter().find(|file| file.name == report.file()).map(|file| &*file.manifest);
            let wanted = edited.unwrap_or(history.manifest.object());
            prop_assert!(has(live(&cluster).as_ref(), wanted), "{:?}\n{}", remedy, report);
            let outcome = run(&mut cluster, "apply -f -", &Manifest::try_from(wanted).unwrap());
            prop_assert_eq!(outcome.succeeded(), remedy.afterwards.outcome.succeeded(), "{:?}\n{}", remedy, report);
            prop_assert_eq!(has(live(&cluster).as_ref(), wanted), remedy.afterwards.converged, "{:?}\n{}", remedy, report);
        }
    }

    /// Where the usual command does what is wanted nothing is to be remedied, and where no law is broken, all ways end with the same
    /// ports and neither the manifest nor what is live or was applied last bears a risk, nothing is found.
    #[test]
    fn nothing_is_said_where_nothing_is_wrong(history in some_history()) {
        let report = explain(&history).unwrap();
        if report.way(Way::ClientSideApply).unwrap().is_good() {
            prop_assert_eq!(report.remedies(), &[]);
        }
        let alike = report.ways().iter().all(|way| way.is_good() && way.ports == report.ways()[0].ports);
        let applied = report.before().and_then(|before| before["metadata"]["annotations"][LAST_APPLIED].as_str());
        let applied = applied.map(|text| Manifest::from_json(text).unwrap());
        let before = report.before().map(|before| Manifest::try_from(before).unwrap());
        let objects = [Some(&history.manifest), before.as_ref(), applied.as_ref()];
        let bears_risk = objects.into_iter().flatten().any(|object| !lint(object).is_empty());
        if alike && Law::ALL.iter().all(|law| law.holds(&report)) && !bears_risk {
            // That a node port is freed was asked for, and is told all the same.
            let found = report.findings().iter().find(|finding| finding.code() != Code::TypeChanged);
            prop_assert_eq!(found, None, "{}", report);
        }
    }

    /// A live object says what the history that led to it says, if it tells its owners: an object can have none, or have them hidden.
    #[test]
    fn a_live_object_is_explained_as_its_history(history in some_history()) {
        let report = explain(&history).unwrap();
        let Some(object) = report.before().filter(|object| object.pointer("/metadata/managedFields").is_some()) else { return Ok(()) };
        let of_live = explain(Case::new(&history.manifest).live(object)).unwrap();
        prop_assert_eq!(of_live.ways(), report.ways());
        prop_assert_eq!(of_live.findings(), report.findings());
        prop_assert_eq!(of_live.divergences(), report.divergences());
        prop_assert_eq!(of_live.remedies(), report.remedies());
    }

    /// The same case has the same report, which is read back as it is written.
    #[test]
    fn a_report_is_read_as_it_is_written(drifted in drifted(&Config::default())) {
        let report = explain(&drifted).unwrap();
        prop_assert_eq!(&explain(&drifted).unwrap(), &report);
        prop_assert_eq!(&serde_json::from_str::<Report>(&report.to_json()).unwrap(), &report);
        for remedy in report.remedies() {
            prop_assert!(!remedy.steps.is_empty() && remedy.plan != Plan::Rename);
        }
    }
}
