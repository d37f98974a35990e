//! The sentences of a report.
//!
//! Every fact, risk and plan has its words here and nowhere else, in plain text with code in backquotes.

use serde_json::Value;

use crate::explain::facts::{Code, Fact, Holder, Port};
use crate::explain::remedies::{Attempt, MANAGED_FIELDS, Plan, Remedy, Risk};
use crate::explain::report::{Divergence, Mark, Note, Report, Told, Unmet, Way, WayOutcome, WayReport};
use crate::path::{Element, Path};

/// A kind of reason in a few words.
pub(in crate::explain) fn title(code: Code) -> &'static str {
    match code {
        Code::SharedMergeKey => "ports share their merge key",
        Code::WrongItem => "a change lands on another port",
        Code::ItemSwallowed => "a port is swallowed by another",
        Code::NeverConverges => "never as wanted, though \"configured\"",
        Code::OrderDecides => "the order of the ports decides",
        Code::DuplicateAfterPatch => "the patch makes two ports the same",
        Code::DeletesAll => "removing one port removes all of its number",
        Code::PatchOrder => "the patch contradicts its own order",
        Code::NumberChanged => "another number or protocol is another port",
        Code::NamesSwapped => "names are exchanged between ports",
        Code::NodePortRedrawn => "a node port changes that the manifest does not state",
        Code::ProtocolLeftOut => "protocol is left out",
        Code::OwnedByOthers => "fields are owned by others",
        Code::LeftBehind => "a field stays that left the manifest",
        Code::LastApplied => "the last-applied annotation misleads",
        Code::ZeroStated => "a stated value counts as none",
        Code::ReplacedWhole => "replaced whole by one way, merged by another",
        Code::TypeChanged => "the change of type frees node ports",
        Code::Refused => "the server refuses the result",
    }
}

/// A fact as a sentence.
pub(super) fn fact(fact: &Fact) -> String {
    match fact {
        Fact::PatchSent { patch } => {
            format!("kubectl sends a patch with these ports: `{}`.", compact(patch, 160))
        }
        Fact::FoundByMergeKey { list, merge_key, .. } => {
            format!("The server merges an item of a patch into the first item of {list} with the same merge key, `{merge_key}`.")
        }
        Fact::Shared { holder, number, ports } => {
            let whose = match holder {
                Holder::Manifest => "ports of the manifest",
                Holder::Live => "live ports",
                Holder::LastApplied => "ports of the manifest that was applied last",
            };
            let count = count_word(ports.len());
            format!("{} {whose} have number {number}: {}.", capital(&count), list(ports.iter().map(named), "and"))
        }
        Fact::Landed { from, meant, on, fields, changes } => {
            let what = words(fields, "and");
            let (goes, it) = if fields.len() == 1 { ("goes", "it") } else { ("go", "them") };
            let aim = if from.is(meant) {
                format!("meant for {}", named(meant))
            } else {
                format!("that would make {} into {}", named(meant), named(from))
            };
            let end = match (meant.is(on), changes) {
                (true, _) => String::new(),
                (false, true) => " and change it".replace("change", if fields.len() == 1 { "changes" } else { "change" }),
                (false, false) => format!(", which has {it} already"),
            };
            let target = if meant.is(on) { "it".to_owned() } else { named(on) };
            format!("The {what} {aim} {goes} to {target}{end}.")
        }
        Fact::NeverReached { port } => format!("{} is never reached.", capital(&named(port))),
        Fact::DifferenceStays => {
            "So the difference stays: every run finds it, sends a patch again, and says \"configured\".".to_owned()
        }
        Fact::FoundByMapKeys { map_keys, ports } => {
            let seen = list(ports.iter().map(Port::to_string), "and");
            format!("Server-side apply finds items by {}, so {seen} are {} to it.", words(map_keys, "and"), count_word(ports.len()))
        }
        Fact::Paired { live, manifest } => {
            format!("kubectl compares the live {} with {} of the manifest.", named(live), named(manifest))
        }
        Fact::ComparedByPlace { live, manifest } => {
            let order = |ports: &[Port]| list(ports.iter().map(Port::to_string), "then");
            format!(
                "kubectl pairs ports of one number by their place: the live object has {}, the manifest {}.",
                order(live),
                order(manifest)
            )
        }
        Fact::DeletesAll { number, ports } => format!(
            "The patch says to delete port {number}, and that deletes every live port of that number: {}.",
            list(ports.iter().map(named), "and")
        ),
        Fact::Swallowed { lost, into } => {
            format!("{} of the manifest is merged into {}, so there is one port in place of two.", capital(&named(lost)), named(into))
        }
        Fact::TurnedInto { was, is } => format!("{} becomes {}.", capital(&named(was)), named(is)),
        Fact::Refused { ways, messages } => {
            let ways = ways_words(ways);
            let more = messages.len().saturating_sub(3);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            let shown: Vec<_> = messages.iter().take(3).map(|message| shorten(message, 200)).collect();
            format!("The server refuses {ways}: {}{more}.", shown.join("; "))
        }
        Fact::AndMore { count, .. } => format!("And so for {count} more."),
        Fact::OrderContradicted { by_client } => {
            let who = if *by_client { "kubectl itself" } else { "the server" };
            format!(
                "The patch lists ports of one number together, while the order that it states has others between them: {who} refuses that."
            )
        }
        Fact::ClientFailed { message } => format!("kubectl cannot compute a patch: {message}."),
        Fact::Owned { manager, fields } => {
            format!("Server-side apply would change what {} owns: {}.", manager_words(manager), fields_shown(fields))
        }
        Fact::NumberChanged { was, is } => {
            let to = if was.port == is.port { "server-side apply" } else { "both dialects" };
            format!("The manifest gives {} where {} is live: to {to} that is another port.", named(is), named(was))
        }
        Fact::KeptBeside { ways, port } => {
            let ways = ways_words(ways);
            format!("{} stays beside it under {ways}: a port is removed only by a way that applied it before.", capital(&named(port)))
        }
        Fact::NamesSwapped { one, other } => {
            format!("The manifest gives {} the name of {} and the other way round.", named(one), named(other))
        }
        Fact::NodePortMoved { way, port, was, is } => {
            let is = is.map_or("none".to_owned(), |is| is.to_string());
            format!("The manifest states no node port for {}; `kubectl {}` takes it from {was} to {is}.", named(port), way.verb())
        }
        Fact::ProtocolLeftOut { ports } => format!(
            "The manifest leaves `protocol` out for {}; server-side apply takes it for TCP, a patch leaves it as it is.",
            list(ports.iter().map(|port| port.name.as_ref().map_or(port.port.to_string(), |name| format!("`{name}`"))), "and")
        ),
        Fact::LastAppliedMissing => {
            "The live object has no last-applied annotation, so `kubectl apply` cannot tell what left the manifest and removes nothing."
                .to_owned()
        }
        Fact::LastAppliedStale { .. } => {
            "Without force, `kubectl` takes over only what is live as the last-applied annotation states it.".to_owned()
        }
        Fact::LeftBehind { ways, removed_by, path, owners } => {
            let ways = ways_words(ways);
            let owner = match owners.as_slice() {
                [] => "nobody owns it".to_owned(),
                owners => format!("it is owned by {}", list(owners.iter().cloned(), "and")),
            };
            let others = match removed_by.as_slice() {
                [] => String::new(),
                ways => format!("; {} removes it", ways_words(ways)),
            };
            format!("`{path}` is not in the manifest and stays after {ways}, as {owner}{others}.")
        }
        Fact::ZeroStated { path, value } => {
            format!("`{path}` is stated as `{value}`, which the server takes for an absent field: it is filled in or dropped.")
        }
        Fact::ReplacedWhole { path, lost } => format!(
            "`{path}` is one value to the server: server-side apply and replace drop {}, which `kubectl apply` leaves alone.",
            words(lost, "and")
        ),
        Fact::TypeChanged { was, is, freed } => {
            let freed = list(freed.iter().map(i64::to_string), "and");
            format!("The type goes from {was} to {is}, and the server gives node port {freed} back.")
        }
    }
}

/// The rule behind a fact, and where it is written.
pub(super) fn rule(fact: &Fact) -> Option<String> {
    let quoted = |keys: &[String]| keys.iter().map(|key| format!("\"{key}\"")).collect::<Vec<_>>().join(",");
    let text = match fact {
        Fact::FoundByMergeKey { list, merge_key, map_keys } => {
            return Some(format!("{list}: patch merge key \"{merge_key}\"; list map keys {}", quoted(map_keys)));
        }
        Fact::FoundByMapKeys { map_keys, .. } => {
            return Some(format!("spec.ports: x-kubernetes-list-type map, x-kubernetes-list-map-keys {}", quoted(map_keys)));
        }
        Fact::Shared { .. } => "spec.ports: x-kubernetes-patch-merge-key \"port\"",
        Fact::Landed { .. } | Fact::NeverReached { .. } | Fact::Swallowed { .. } => {
            "strategic merge patch, on the server: an item goes to the first live item with its merge key (strategicpatch/patch.go, mergeSliceWithoutSpecialElements)"
        }
        Fact::DeletesAll { .. } => {
            "strategic merge patch, on the server: `$patch: delete` removes every item with its merge key (strategicpatch/patch.go, deleteMatchingEntries)"
        }
        Fact::PatchSent { .. } | Fact::DifferenceStays => {
            "kubectl apply: three-way patch of last applied, manifest and live object, sent unless empty (kubectl pkg/cmd/apply/patcher.go)"
        }
        Fact::Paired { .. } | Fact::ComparedByPlace { .. } => {
            "strategic merge patch, in kubectl: both lists are sorted by merge key and compared in step (strategicpatch/patch.go, diffListsOfMaps)"
        }
        Fact::Refused { .. } => "validation of a Service (pkg/apis/core/validation)",
        Fact::Owned { .. } => {
            "server-side apply: a field that another manager owns is changed by force alone (structured-merge-diff merge/update.go)"
        }
        Fact::NumberChanged { .. } => "spec.ports: the number is part of both keys, the name of none",
        Fact::LastAppliedStale { .. } => {
            "server-side apply by the manager `kubectl`: its own last-applied fields do not conflict (apimachinery pkg/util/managedfields/internal/lastappliedmanager.go)"
        }
        Fact::LastAppliedMissing => {
            "kubectl apply: what is in last applied and not in the manifest is removed (kubectl pkg/cmd/apply/patcher.go)"
        }
        Fact::LeftBehind { .. } => {
            "server-side apply: what a manager owned, states no more and nobody else owns is removed (structured-merge-diff merge/update.go)"
        }
        Fact::ReplacedWhole { .. } => "x-kubernetes-map-type atomic, or x-kubernetes-list-type atomic",
        Fact::ProtocolLeftOut { .. } => "spec.ports: default of `protocol` \"TCP\"",
        Fact::NodePortMoved { .. } | Fact::TypeChanged { .. } => {
            "registry of Services (pkg/registry/core/service/storage/alloc.go)"
        }
        Fact::TurnedInto { .. }
        | Fact::NamesSwapped { .. }
        | Fact::KeptBeside { .. }
        | Fact::ZeroStated { .. }
        | Fact::AndMore { .. }
        | Fact::OrderContradicted { .. }
        | Fact::ClientFailed { .. } => {
            return None;
        }
    };
    Some(text.to_owned())
}

/// What a remedy costs.
pub(super) fn risk(risk: &Risk) -> String {
    match risk {
        Risk::TakesOver { managers } => {
            format!("takes fields over from {}", list(managers.iter().map(|name| format!("`{name}`")), "and"))
        }
        Risk::Removes { paths } => format!("removes what the manifest does not state: {}", fields_shown(paths)),
        Risk::DropsLastApplied => {
            "removes the last-applied annotation: the next `kubectl apply` warns once and puts it back".to_owned()
        }
        Risk::LastAppliedStale => "leaves the last-applied annotation as it was".to_owned(),
        Risk::MovesNodePorts { ports } => {
            format!("changes the node port of {}", list(ports.iter().map(Port::to_string), "and"))
        }
        Risk::ReordersPorts => "changes the order of the ports".to_owned(),
        Risk::MovesClusterIp => "changes the cluster IP".to_owned(),
        Risk::CannotBeCreated { message } => format!("once deleted it could not be created again: {message}"),
        Risk::MovesClients { ports } => {
            format!("clients have to use {}", few(ports.iter().map(|moved| format!("{} for {}", moved.number, moved.port))))
        }
        Risk::Gone => "for a while there is no Service".to_owned(),
        Risk::PortsGone { ports } => {
            let are = if ports.len() == 1 { "is" } else { "are" };
            format!("for a while {} {are} not there", few(ports.iter().map(Port::to_string)))
        }
        Risk::UndoneByApply => "`kubectl apply`, run afterwards, undoes it".to_owned(),
        Risk::ApplyFails => "`kubectl apply`, run afterwards, fails".to_owned(),
        Risk::SharedKeysStay => {
            "the ports still share a merge key; their next change by `kubectl apply` can go wrong again".to_owned()
        }
    }
}

/// Ways by their commands, the forced one along with the one that it adds a flag to.
fn ways_words(ways: &[Way]) -> String {
    let both = ways.contains(&Way::ServerSideApply) && ways.contains(&Way::ServerSideApplyForced);
    let words = ways.iter().filter(|way| !both || **way != Way::ServerSideApplyForced).map(|way| match way {
        Way::ServerSideApply if both => "`kubectl apply --server-side` (forced or not)".to_owned(),
        way => format!("`kubectl {}`", way.verb()),
    });
    list(words, "and")
}

/// What is done, in a few words.
pub(super) fn plan(plan: &Plan) -> String {
    match plan {
        Plan::Way { way } => format!("`kubectl {}`", way.verb()),
        Plan::SaveConfig => "`kubectl replace --save-config`".to_owned(),
        Plan::ApplyTwice => "`kubectl apply`, twice".to_owned(),
        Plan::Reorder { ports } => format!("listing {}", order(ports)),
        Plan::Rename => "other names".to_owned(),
        Plan::Renumber { ports } => {
            format!("moving {}", few(ports.iter().map(|moved| format!("{} to port {}", moved.port, moved.number))))
        }
        Plan::TwoSteps { without } => {
            format!("applying the manifest without {} and then all of it", few(without.iter().map(Port::to_string)))
        }
        Plan::RepairLastApplied => "`kubectl apply`, after writing last-applied anew".to_owned(),
        Plan::Migrate { managers } => {
            let names = list(managers.iter().map(|name| format!("`{name}`")), "and");
            format!("`kubectl apply --server-side`, taking over from {names}")
        }
        Plan::JsonPatch => "writing the fields by `kubectl patch --type=json`".to_owned(),
        Plan::Recreate => "re-creating it".to_owned(),
    }
}

/// The order of the ports that share a number: `53/TCP before 53/UDP`.
fn order(ports: &[Port]) -> String {
    let of = |number: i64| ports.iter().filter(move |port| port.port == number);
    let shared = ports.iter().find(|port| of(port.port).count() > 1);
    let shown: Vec<_> = shared.map_or(ports.iter().collect(), |port| of(port.port).collect());
    shown.iter().map(ToString::to_string).collect::<Vec<_>>().join(" before ")
}

/// What is to be said about a line of the manifest.
pub(super) fn mark(mark: &Mark) -> String {
    match mark {
        Mark::SharesKey { with } => {
            let lines = list(with.iter().map(usize::to_string), "and");
            format!("shares its merge key with line {lines}")
        }
        Mark::NotReached { with } => {
            let lines = list(with.iter().map(usize::to_string), "and");
            format!("never reached: shares its merge key with line {lines}")
        }
    }
}

/// What the reader should know about the report itself.
pub(super) fn note(note: &Note) -> String {
    match note {
        Note::OwnershipRebuilt => "managedFields were hidden (`--show-managed-fields` prints them); who owns what was rebuilt from the last-applied \
             annotation, so changes of owners by others are not seen."
            .to_owned(),
        Note::OwnershipUnknown => {
            "managedFields are missing (`--show-managed-fields` prints them) and there is no last-applied annotation: who owns what is not known, \
             and server-side apply is run as on an object that nobody owns."
                .to_owned()
        }
        Note::RepeatedKey { path, first, line } => {
            format!("`{path}` stands twice, on lines {first} and {line}: kubectl takes the last one and says nothing.")
        }
        Note::Drawn => "Some node ports here are drawn by the server: on a real cluster they will be others.".to_owned(),
        Note::NotModelled { what } => format!("Not modelled: {what}."),
    }
}

/// The verdict: one sentence on the usual command, one on what works.
pub(super) fn verdict(report: &Report) -> String {
    let object = format!("{} {}/{}", report.object.kind, report.object.namespace, report.object.name);
    let file = report.file_shown();
    let usual = report.way(Way::ClientSideApply);
    let Some(usual) = usual else {
        return format!("{object}: nothing could be run.");
    };
    format!("{object}: {}", usual_verdict(report, usual, file))
}

fn usual_verdict(report: &Report, usual: &WayReport, file: &str) -> String {
    let command = format!("`{}`", usual.command);
    if usual.is_good() {
        return good_verdict(report, usual, file);
    }
    let left = unmet(&usual.unmet);
    let said = usual.outcome.as_str();
    let first = match (usual.outcome, usual.again.outcome) {
        (WayOutcome::Rejected, _) if usual.converged => {
            format!("it has what {file} states, and the server refuses what {command} sends all the same: {}.", refusal(usual))
        }
        (WayOutcome::Rejected, _) => {
            let all = report.ways.iter().all(|way| way.outcome == WayOutcome::Rejected && way.causes == usual.causes);
            if all {
                return format!("the server refuses {file} whichever way it is sent: {}.", refusal(usual));
            }
            format!("the server refuses what {command} sends: {}.", refusal(usual))
        }
        (WayOutcome::Conflict, _) => format!("{command} ends in a conflict on every try."),
        (WayOutcome::ClientError, _) => format!("{command} fails before it sends anything: {}.", refusal(usual)),
        (_, _) if usual.converged && usual.again.converged => {
            format!("{command} does what {file} states, and fails when it is run again.")
        }
        (_, _) if usual.converged => {
            format!("{command} does what {file} states, and undoes it when it is run again.")
        }
        (_, _) if usual.again.converged => {
            format!("{command} leaves {left}, although it says \"{said}\"; run a second time, it does what {file} states.")
        }
        (_, again) if again.succeeded() => {
            format!("{command} leaves {left}, however often it is run, and says \"{said}\" every time.")
        }
        _ => format!("{command} leaves {left}, although it says \"{said}\"; run again, it fails."),
    };
    format!("{first} {}", others(report))
}

/// The usual command does what is wanted: what of the others?
fn good_verdict(report: &Report, usual: &WayReport, file: &str) -> String {
    let mut bad: Vec<(Vec<Way>, String)> = Vec::new();
    for way in report.ways.iter().filter(|way| !way.converged) {
        let why = shortfall(way);
        match bad.iter_mut().find(|(_, known)| *known == why) {
            Some((ways, _)) => ways.push(way.way),
            None => bad.push((vec![way.way], why)),
        }
    }
    let named = |ways: &[Way]| ways_words(ways);
    let how = match usual.outcome {
        WayOutcome::Unchanged => format!("it has what {file} states, `kubectl apply` finds nothing to do"),
        WayOutcome::Created => format!("it does not exist yet, `kubectl apply` creates it as {file} states"),
        _ => format!("`kubectl apply` does what {file} states"),
    };
    match bad.as_slice() {
        [] if report.diverges() => {
            let count = report.divergences.len();
            format!(
                "{how}, and so does every other way; they differ in {count} {} that it does not state.",
                plural(count, "field")
            )
        }
        [] => format!("{how}, and so does every other way."),
        [(ways, why)] => format!("{how}. Not so {}: {why}.", named(ways)),
        several => {
            let ways = several.iter().map(|(ways, why)| format!("{} ({why})", named(ways)));
            format!("{how}. Not so {}.", list(ways, "and"))
        }
    }
}

/// Why a way is not as wanted, in a few words.
pub(super) fn shortfall(way: &WayReport) -> String {
    match way.outcome {
        WayOutcome::Conflict => {
            let count = way.causes.len();
            let managers = conflict_managers(way);
            format!(
                "{count} {} owned by {}",
                if count == 1 { "field is" } else { "fields are" },
                list(managers.into_iter(), "and")
            )
        }
        WayOutcome::Rejected | WayOutcome::ClientError => refusal(way),
        _ => format!("leaves {}", unmet(&way.unmet)),
    }
}

/// The managers of a conflict, as the server names them.
pub(super) fn conflict_managers(way: &WayReport) -> Vec<String> {
    let mut managers: Vec<String> = Vec::new();
    for cause in &way.causes {
        let name = manager_of(&cause.message);
        if !managers.contains(&name) {
            managers.push(name);
        }
    }
    managers
}

/// `conflict with "kubectl-client-side-apply" using v1` names a manager.
fn manager_of(message: &str) -> String {
    message.split('"').nth(1).unwrap_or(message).to_owned()
}

/// What the server or kubectl says, on one line.
pub(super) fn refusal(way: &WayReport) -> String {
    let mut causes: Vec<String> = Vec::new();
    for cause in &way.causes {
        let text = format!("{}: {}", cause.field, cause.message);
        if !causes.contains(&text) {
            causes.push(text);
        }
    }
    if causes.is_empty() {
        return shorten(&essence(way.error.as_deref().unwrap_or_default()), 160);
    }
    let more = causes.len().saturating_sub(2);
    causes.truncate(2);
    let mut text = shorten(&causes.join("; "), 220);
    if more > 0 {
        text.push_str(&format!(" (and {more} more)"));
    }
    text
}

/// What is said in a failure of kubectl, without what it says around it.
pub(in crate::explain) fn essence(error: &str) -> String {
    let inner = ["error when patching ", "error when creating ", "error when replacing "].iter().find_map(|verb| {
        let (_, rest) = error.rsplit_once(verb)?;
        rest.split_once("\": ").map(|(_, message)| message)
    });
    let lines =
        inner.unwrap_or(error).lines().filter(|line| !line.to_lowercase().starts_with("warning: ") && !line.trim().is_empty());
    let text = lines.map(str::trim).collect::<Vec<_>>().join(" ");
    let text = text.trim_start_matches("error: ");
    let text = text.strip_prefix("Error from server").and_then(|rest| rest.split_once(": ")).map_or(text, |(_, message)| message);
    if text.is_empty() { "it fails".to_owned() } else { shorten(text, 240) }
}

fn others(report: &Report) -> String {
    let unforced = report.way(Way::ServerSideApply).is_some_and(|way| way.converged && way.again.converged);
    let good: Vec<_> = report
        .ways
        .iter()
        .filter(|way| way.way != Way::ClientSideApply && way.converged && way.again.converged)
        // Where it works without force, force is not worth a word.
        .filter(|way| way.way != Way::ServerSideApplyForced || !unforced)
        .map(|way| match way.way {
            Way::ServerSideApplyForced => "a forced server-side apply".to_owned(),
            way => format!("`kubectl {}`", way.verb()),
        })
        .collect();
    match good.len() {
        0 => "No other way does it either.".to_owned(),
        1 => format!("{} does what {} states.", capital(&good[0]), report.file_shown()),
        _ => format!("{} do what {} states.", capital(&list(good.into_iter(), "and")), report.file_shown()),
    }
}

/// What is left after a way: `53/TCP on node port 30053 instead of 30054`.
pub(super) fn unmet(all: &[Unmet]) -> String {
    let Some(first) = all.first() else { return "nothing to be wished for".to_owned() };
    let text = one_unmet(first);
    match all.len() {
        1 => text,
        count => format!("{text} (and {} more)", count - 1),
    }
}

fn one_unmet(unmet: &Unmet) -> String {
    let path: Path = unmet.path.parse().unwrap_or_default();
    let port = path.elements().iter().find_map(port_of);
    let field = match path.elements().last() {
        Some(Element::Field(name)) => Some(&**name),
        _ => None,
    };
    match (port, field) {
        (Some(port), Some("nodePort")) if unmet.live.is_null() => format!("{port} without node port {}", unmet.wanted),
        (Some(port), Some("nodePort")) => format!("{port} on node port {} instead of {}", unmet.live, unmet.wanted),
        (Some(port), Some(field)) => format!("the {field} of {port} at {} instead of {}", absent(&unmet.live), unmet.wanted),
        (Some(port), None) if unmet.live.is_null() => format!("{port} out"),
        (Some(port), None) => format!("{port} in, which the manifest does not have"),
        (None, _) if path.is_empty() => "no Service at all".to_owned(),
        (None, _) => format!("`{}` at {} instead of {}", unmet.path, absent(&unmet.live), compact(&unmet.wanted, 60)),
    }
}

/// `53/TCP`, of `[port=53,protocol="TCP"]`.
pub(super) fn port_of(element: &Element<'_>) -> Option<String> {
    let Element::Key(key) = element else { return None };
    let mut number = None;
    let mut protocol = None;
    for (name, value) in key.fields() {
        match name {
            "port" => number = Some(value.to_string()),
            "protocol" => protocol = value.as_str(),
            _ => {}
        }
    }
    Some(format!("{}/{}", number?, protocol?))
}

fn absent(value: &Value) -> String {
    if value.is_null() { "nothing".to_owned() } else { compact(value, 60) }
}

/// A path as a reader says it: `nodePort of 53/TCP`.
pub(super) fn field_words(path: &str) -> String {
    let parsed: Path = path.parse().unwrap_or_default();
    let port = parsed.elements().iter().find_map(port_of);
    match (port, parsed.elements().last()) {
        (Some(port), Some(Element::Field(name))) => format!("{name} of {port}"),
        (Some(port), _) => port,
        (None, _) => path.strip_prefix('.').unwrap_or(path).to_owned(),
    }
}

/// `dns-tcp` (53/TCP).
fn named(port: &Port) -> String {
    match &port.name {
        Some(name) => format!("`{name}` ({port})"),
        None => port.to_string(),
    }
}

pub(super) fn fields_shown(fields: &[String]) -> String {
    let shown: Vec<_> = fields.iter().take(4).map(|path| field_words(path)).collect();
    let more = fields.len().saturating_sub(shown.len());
    let text = list(shown.into_iter(), if more > 0 { "," } else { "and" });
    if more > 0 { format!("{text} and {more} more") } else { text }
}

fn words(fields: &[String], last: &str) -> String {
    list(fields.iter().map(|field| format!("`{field}`")), last)
}

/// The first few, and how many there are beside them.
fn few(items: impl ExactSizeIterator<Item = String>) -> String {
    let more = items.len().saturating_sub(3);
    let shown = list(items.take(3), if more > 0 { "," } else { "and" });
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// `a, b and c`.
pub(super) fn list(items: impl Iterator<Item = String>, last: &str) -> String {
    let mut items: Vec<_> = items.collect();
    match (items.pop(), items.is_empty()) {
        (None, _) => String::new(),
        (Some(only), true) => only,
        (Some(end), false) if last == "," => format!("{}, {end}", items.join(", ")),
        (Some(end), false) if last == "then" => format!("{}, {end}", items.join(", ")),
        (Some(end), false) => format!("{} {last} {end}", items.join(", ")),
    }
}

pub(super) fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

fn count_word(count: usize) -> String {
    match count {
        1 => "one".to_owned(),
        2 => "two".to_owned(),
        3 => "three".to_owned(),
        4 => "four".to_owned(),
        more => more.to_string(),
    }
}

/// The first letter in capitals.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// The value as JSON, cut where it is long.
pub(super) fn compact(value: &Value, most: usize) -> String {
    let text = crate::value::Value::from_serde(value).map_or_else(|_| value.to_string(), |value| value.to_string());
    shorten(&text, most)
}

pub(super) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// A command of the history.
pub(super) fn told(told: &Told) -> String {
    let outcome = told.outcome.as_str();
    match (told.converged, &told.unmet) {
        (Some(true), _) if !told.outcome.succeeded() => format!("`{}`: {outcome}; it was as wanted before.", told.command),
        (Some(true), _) => format!("`{}`: {outcome}, as wanted.", told.command),
        (Some(false), unmet) => {
            let left = unmet.as_ref().map_or(String::new(), |unmet| format!(": leaves {}", one_unmet(unmet)));
            let instead = match told.instead.as_slice() {
                [] => String::new(),
                ways => {
                    // Where it works without force, force is not worth a word.
                    let unforced = ways.contains(&Way::ServerSideApply);
                    let ways = ways.iter().filter(|way| !(unforced && **way == Way::ServerSideApplyForced));
                    format!(" Here {} would have worked.", list(ways.map(|way| format!("`kubectl {}`", way.verb())), "or"))
                }
            };
            format!("`{}`: {outcome}, not as wanted{left}.{instead}", told.command)
        }
        (None, _) => format!("`{}`: {outcome}.", told.command),
    }
}

/// A manager, as the server names it, with the command that goes by that name.
fn manager_words(manager: &str) -> String {
    let name = manager.split('"').nth(1).unwrap_or(manager);
    let command = match name {
        "kubectl-client-side-apply" => " (`kubectl apply`)",
        "kubectl" => " (`kubectl apply --server-side`)",
        "kubectl-replace" => " (`kubectl replace`)",
        "kubectl-create" => " (`kubectl create`)",
        "kubectl-patch" => " (`kubectl patch`)",
        "kubectl-edit" => " (`kubectl edit`)",
        "before-first-apply" => " (whoever wrote it before server-side apply)",
        _ => "",
    };
    format!("`{name}`{command}")
}

/// What all remedies cost alike is told once, behind them.
///
/// Those that give ports other numbers are left out: they end what the others leave.
pub(super) fn common_risks<'r>(remedies: &[&'r Remedy]) -> Vec<&'r Risk> {
    let alike: Vec<_> = remedies.iter().filter(|remedy| !renumbers(remedy)).collect();
    match alike.as_slice() {
        [first, _, ..] => first.risks.iter().filter(|risk| alike.iter().all(|remedy| remedy.risks.contains(risk))).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn renumbers(remedy: &Remedy) -> bool {
    matches!(remedy.plan, Plan::Renumber { .. })
}

/// The remedies that are told in full, at most three, and those that are told in passing; a few are not told at all.
pub(super) fn told_in_full(remedies: &[Remedy]) -> (Vec<&Remedy>, Vec<&Remedy>) {
    let keeps_annotation = remedies.iter().any(|remedy| remedy.plan == Plan::SaveConfig);
    let is_command = |remedy: &&Remedy| remedy.plan != Plan::JsonPatch && remedy.steps.len() == 1;
    let commands = remedies.iter().filter(is_command).filter(|remedy| remedy.plan != Plan::Way { way: Way::Replace }).count();
    let mut shown = Vec::new();
    let mut rest = Vec::new();
    for remedy in remedies {
        let twin = keeps_annotation && remedy.plan == Plan::Way { way: Way::Replace };
        let long = remedy.steps.iter().any(|step| step.chars().count() > 160);
        // What interrupts the Service or moves its clients is not told in full where something else helps.
        let is_heavy = |risk: &Risk| matches!(risk, Risk::Gone | Risk::PortsGone { .. } | Risk::MovesClients { .. });
        let heavy = remedy.risks.iter().any(is_heavy) && !shown.is_empty();
        // Where two commands do it by themselves, a patch made by hand is not told in full.
        let by_hand = remedy.plan == Plan::JsonPatch && commands > 1;
        // Nor is what the server would refuse to create again told in passing: it is another fault.
        let refused = remedy.risks.iter().any(|risk| matches!(risk, Risk::CannotBeCreated { .. }));
        if shown.len() < 3 && !twin && !long && !heavy && !by_hand {
            shown.push(remedy);
        } else if !refused {
            rest.push(remedy);
        }
    }
    if shown.is_empty() { (rest, Vec::new()) } else { (shown, rest) }
}

/// A remedy in a few words, with the one thing that speaks most against it.
pub(super) fn in_passing(remedy: &Remedy) -> String {
    let against = remedy.risks.iter().find_map(|risk| match risk {
        Risk::UndoneByApply => Some(" (until the next `kubectl apply`, which undoes it)"),
        Risk::ApplyFails => Some(" (the next `kubectl apply` fails)"),
        Risk::Gone | Risk::PortsGone { .. } => Some(" (gone for a while)"),
        Risk::MovesClients { .. } => Some(" (clients too)"),
        Risk::DropsLastApplied => Some(" (drops last-applied)"),
        _ => None,
    });
    format!("{}{}", plan(&remedy.plan), against.unwrap_or_default())
}

/// What the two ends have at a place where they part.
pub(super) fn parting(divergence: &Divergence) -> String {
    let path: Path = divergence.path.parse().unwrap_or_default();
    let (client, server) = (&divergence.client_side, &divergence.server_side);
    if matches!(path.elements().last(), Some(Element::Key(_) | Element::Value(_))) {
        let has = |value: &Value| if value.is_null() { "does not have it" } else { "has it" };
        return format!("client-side {}, server-side {}", has(client), has(server));
    }
    format!("client-side {}, server-side {}", absent(client), absent(server))
}

/// What a remedy changes and costs, without what is told for all.
pub(super) fn price(remedy: &Remedy, common: &[&Risk]) -> String {
    let (managers, fields): (Vec<_>, Vec<_>) = remedy.writes.iter().cloned().partition(|path| path == MANAGED_FIELDS);
    let mut text = match (fields.is_empty(), managers.is_empty()) {
        (true, true) => "Changes nothing.".to_owned(),
        (true, false) => "Changes who owns what, and no value.".to_owned(),
        (false, _) => format!("Changes {}.", fields_shown(&fields)),
    };
    let risks: Vec<_> = remedy.risks.iter().filter(|risk| !common.contains(risk)).map(risk).collect();
    if !risks.is_empty() {
        text.push_str(&format!(" {}.", capital(&risks.join("; "))));
    }
    text
}

/// What was tried in vain.
pub(super) fn attempt(attempt: &Attempt) -> String {
    let causes: Vec<_> = attempt.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
    let what = plan(&attempt.plan);
    match attempt.outcome {
        WayOutcome::Rejected if causes.is_empty() => {
            format!("{what} (refused: {})", shorten(&essence(attempt.error.as_deref().unwrap_or_default()), 120))
        }
        WayOutcome::Rejected => {
            let first = causes.first().map_or("", |cause| cause);
            let more = if causes.len() > 1 { format!(", and {} more", causes.len() - 1) } else { String::new() };
            format!("{what} (refused: {}{more})", shorten(first, 120))
        }
        outcome => format!("{what} (\"{}\", not as wanted)", outcome.as_str()),
    }
}
