//! What a change of a Service should keep, as laws that a test of your own calls on what your chart or builder makes.
//!
//! Each function takes the manifest that is applied and the one that is to be, and answers with a [`Violation`] that prints as the
//! whole report: what broke, why, and what helps. [`check`] judges any [`Case`]: a live object with drift, a longer history.
//! A law looks at a [`Report`] alone; nothing is merged here. Left out: kinds other than Service.
//!
//! ```
//! use mergekey::laws;
//! use serde_json::json;
//!
//! let render = |node_port: u16| json!({
//!     "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"},
//!     "spec": {"type": "NodePort", "ports": [
//!         {"name": "dns", "protocol": "UDP", "port": 53, "nodePort": node_port},
//!         {"name": "dns-tcp", "protocol": "TCP", "port": 53, "nodePort": node_port},
//!     ]},
//! });
//! laws::never_loses_a_port(&render(30053), &render(30054))?;
//! let violation = laws::both_applies_agree(&render(30053), &render(30054)).unwrap_err();
//! assert!(violation.to_string().contains("[MK001"), "the reason is in the message");
//! # Ok::<(), mergekey::laws::Violation>(())
//! ```

use std::fmt;

use serde_json::Value;

use crate::explain::{Case, Port, Report, Step, Way, WayOutcome, WayReport, explain, require_service};
use crate::{Error, Manifest};

/// Something that should hold when a manifest is brought to a cluster.
///
/// "Both applies" are `kubectl apply` and `kubectl apply --server-side --force-conflicts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Law {
    /// Both applies succeed, and so did every command before them.
    Accepted,
    /// Both applies end in one object.
    BothAppliesAgree,
    /// After both applies the live object has what the manifest states.
    Converges,
    /// A second run of either apply changes nothing, and `kubectl apply` says so.
    Idempotent,
    /// After both applies every port of the manifest is live.
    NeverLosesAPort,
    /// A port that stays keeps its node port after both applies, unless the manifest states another.
    KeepsNodePorts,
    /// Server-side apply without force meets no fields of others.
    ConflictsWithNobody,
}

/// The two whose ends are compared.
const BOTH: [Way; 2] = [Way::ClientSideApply, Way::ServerSideApplyForced];

impl Law {
    /// All of them.
    pub const ALL: [Law; 7] = [
        Law::Accepted,
        Law::BothAppliesAgree,
        Law::Converges,
        Law::Idempotent,
        Law::NeverLosesAPort,
        Law::KeepsNodePorts,
        Law::ConflictsWithNobody,
    ];

    /// What makes a change safe however it is applied: all laws but those about others who write to the Service, and about node
    /// ports that nobody stated.
    pub const SAFE: [Law; 5] = [Law::Accepted, Law::BothAppliesAgree, Law::Converges, Law::Idempotent, Law::NeverLosesAPort];

    /// The law in one sentence.
    pub fn statement(self) -> &'static str {
        match self {
            Law::Accepted => "both applies and all that was run before succeed",
            Law::BothAppliesAgree => "client-side apply and forced server-side apply end in one object",
            Law::Converges => "after both applies the live object has what the manifest states",
            Law::Idempotent => "a second run of either apply changes nothing",
            Law::NeverLosesAPort => "after both applies every port of the manifest is live",
            Law::KeepsNodePorts => "node ports that the manifest does not state stay as they are",
            Law::ConflictsWithNobody => "server-side apply without force conflicts with no other manager",
        }
    }

    /// Whether it holds in what a report tells.
    ///
    /// A way that the report lacks, because it meets something that is not modelled, keeps no law.
    pub fn holds(self, report: &Report) -> bool {
        let all = |keeps: &dyn Fn(&WayReport) -> bool| BOTH.into_iter().all(|way| report.way(way).is_some_and(keeps));
        match self {
            Law::Accepted => all(&|way| way.outcome.succeeded()) && report.history().iter().all(|told| told.outcome.succeeded()),
            Law::BothAppliesAgree => all(&|_| true) && !report.diverges(),
            Law::Converges => all(&|way| way.converged),
            Law::Idempotent => all(&is_idempotent),
            Law::NeverLosesAPort => all(&|way| lost(report, way).is_none()),
            Law::KeepsNodePorts => all(&|way| keeps_node_ports_of(report, way)),
            Law::ConflictsWithNobody => report.way(Way::ServerSideApply).is_some_and(|way| way.outcome != WayOutcome::Conflict),
        }
    }
}

/// Server-side apply says `serverside-applied` whether or not it changes anything; it is `kubectl apply` that tells.
fn is_idempotent(way: &WayReport) -> bool {
    let quiet = way.way != Way::ClientSideApply || way.again.outcome == WayOutcome::Unchanged;
    !way.outcome.succeeded() || (quiet && way.again.outcome.succeeded() && way.again.converged == way.converged)
}

/// A port of the manifest that a way which succeeded does not bring about.
fn lost(report: &Report, way: &WayReport) -> Option<Port> {
    let after = ports(way.live.as_deref());
    let given = ports(Some(report.manifest())).into_iter().map(|(port, _)| port);
    let mut missing = given.filter(|port| !after.iter().any(|(live, _)| live.is(port)));
    if way.outcome.succeeded() { missing.next() } else { None }
}

fn keeps_node_ports_of(report: &Report, way: &WayReport) -> bool {
    let kind = report.manifest().pointer("/spec/type").and_then(Value::as_str);
    // A type without node ports gives them all back.
    if !matches!(kind, Some("NodePort" | "LoadBalancer")) {
        return true;
    }
    let after = ports(way.live.as_deref());
    let given = ports(Some(report.manifest()));
    let of = |ports: &[(Port, Option<i64>)], port: &Port| ports.iter().find(|(other, _)| other.is(port)).map(|found| found.1);
    ports(report.before()).iter().all(|(port, before)| {
        let stays = before.is_some() && of(&given, port) == Some(None);
        !stays || of(&after, port).is_none_or(|after| after == *before)
    })
}

/// The ports of an object with their node ports.
fn ports(object: Option<&Value>) -> Vec<(Port, Option<i64>)> {
    let items = object.and_then(|object| object.pointer("/spec/ports")?.as_array());
    let node_port = |item: &Value| item.get("nodePort").and_then(Value::as_i64).filter(|number| *number != 0);
    items.into_iter().flatten().enumerate().filter_map(|(at, item)| Some((Port::of_json(item, at)?, node_port(item)))).collect()
}

/// What broke, with the report that tells why; it prints as both.
#[derive(Clone, PartialEq)]
pub struct Violation {
    broken: Vec<Law>,
    cause: Result<Box<Report>, Error>,
}

impl Violation {
    /// The laws that do not hold; none where the objects cannot be judged.
    pub fn broken(&self) -> &[Law] {
        &self.broken
    }

    /// The report, unless the objects cannot be judged.
    pub fn report(&self) -> Option<&Report> {
        self.cause.as_deref().ok()
    }

    /// Why the objects cannot be judged: something else than a Service, say.
    pub fn error(&self) -> Option<&Error> {
        self.cause.as_ref().err()
    }
}

/// The laws, one a line, and the text report.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Ok(report) => {
                for law in &self.broken {
                    writeln!(f, "does not hold: {}", law.statement())?;
                }
                write!(f, "\n{}", report.to_string().trim_end())
            }
            Err(error) => write!(f, "cannot be judged: {error}"),
        }
    }
}

/// As [`Display`](fmt::Display): a test that fails prints its error with this.
impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Violation {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error().map(|error| error as _)
    }
}

impl From<Error> for Violation {
    fn from(error: Error) -> Self {
        Violation { broken: Vec::new(), cause: Err(error) }
    }
}

/// Checks laws of any case.
///
/// ```
/// use mergekey::Manifest;
/// use mergekey::explain::Case;
/// use mergekey::laws::{self, Law};
///
/// let manifest = Manifest::new(serde_json::json!({
///     "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]},
/// }))?;
/// laws::check(&Law::ALL, Case::new(&manifest))?;
/// # Ok::<(), laws::Violation>(())
/// ```
///
/// # Errors
/// A [`Violation`] with all of the laws that do not hold, or with the reason why the case cannot be judged.
pub fn check<'a>(laws: &[Law], case: impl Into<Case<'a>>) -> Result<(), Violation> {
    let report = explain(case)?;
    let broken: Vec<Law> = laws.iter().copied().filter(|law| !law.holds(&report)).collect();
    if broken.is_empty() { Ok(()) } else { Err(Violation { broken, cause: Ok(Box::new(report)) }) }
}

/// Checks laws of a change: `old` is applied with `kubectl apply`, then comes `new`.
///
/// Both are whatever a [`Manifest`] is made of: JSON values, texts, manifests, typed Services.
///
/// # Errors
/// As [`check`]; [`Law::Accepted`] is among the broken ones if the server refuses `old`.
pub fn check_change(
    laws: &[Law],
    old: impl TryInto<Manifest, Error: Into<Error>>,
    new: impl TryInto<Manifest, Error: Into<Error>>,
) -> Result<(), Violation> {
    let old = old.try_into().map_err(Into::into)?;
    let new = new.try_into().map_err(Into::into)?;
    require_service(&old)?;
    let steps = [Step::apply(old.object().clone())];
    let report = explain(Case::new(&new).history(&steps))?;
    let refused = report.history().iter().any(|told| !told.outcome.succeeded());
    let not_asked = Some(Law::Accepted).filter(|law| refused && !laws.contains(law));
    let broken: Vec<Law> = not_asked.into_iter().chain(laws.iter().copied().filter(|law| !law.holds(&report))).collect();
    if broken.is_empty() { Ok(()) } else { Err(Violation { broken, cause: Ok(Box::new(report)) }) }
}

/// The laws by name, each as [`check_change`] of one law.
macro_rules! laws {
    ($($(#[$doc:meta])* $name:ident = $laws:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// As [`check_change`].
        pub fn $name(
            old: impl TryInto<Manifest, Error: Into<Error>>,
            new: impl TryInto<Manifest, Error: Into<Error>>,
        ) -> Result<(), Violation> {
            check_change(&$laws, old, new)
        }
    )*};
}

laws! {
    /// Checks [`Law::Accepted`] of a change.
    accepted = [Law::Accepted];
    /// Checks [`Law::BothAppliesAgree`] of a change.
    both_applies_agree = [Law::BothAppliesAgree];
    /// Checks [`Law::Converges`] of a change.
    converges = [Law::Converges];
    /// Checks [`Law::Idempotent`] of a change.
    idempotent = [Law::Idempotent];
    /// Checks [`Law::NeverLosesAPort`] of a change.
    never_loses_a_port = [Law::NeverLosesAPort];
    /// Checks [`Law::KeepsNodePorts`] of a change.
    keeps_node_ports = [Law::KeepsNodePorts];
    /// Checks [`Law::ConflictsWithNobody`] of a change.
    conflicts_with_nobody = [Law::ConflictsWithNobody];
    /// Checks [`Law::SAFE`] of a change: it may be applied on either side, and ends as the manifest says.
    safe_under_both_applies = Law::SAFE;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A Service of these ports, as `53/UDP`, with a node port where one is given.
    fn service(ports: &[(&str, Option<u16>)]) -> Value {
        let ports = ports.iter().map(|(port, node_port)| {
            let (number, protocol) = port.split_once('/').unwrap();
            let mut item = json!({"name": format!("p{number}-{}", protocol.to_lowercase()), "protocol": protocol});
            item["port"] = json!(number.parse::<u16>().unwrap());
            if let Some(node_port) = node_port {
                item["nodePort"] = json!(node_port);
            }
            item
        });
        let ports: Vec<Value> = ports.collect();
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": {"type": "NodePort", "ports": ports}})
    }

    #[track_caller]
    fn check(name: &str, old: &Value, new: &Value, expected: &[Law]) {
        let broken = check_change(&Law::ALL, old, new).err().map(|violation| violation.broken().to_vec());
        assert_eq!(broken.unwrap_or_default(), expected, "{name}");
    }

    #[test]
    fn laws() {
        let [low, high] = [Some(30053), Some(30054)];
        let unique = service(&[("53/UDP", low), ("80/TCP", None)]);
        check("nothing_changes", &unique, &unique, &[]);
        check("unique/node_port_moves", &unique, &service(&[("53/UDP", high), ("80/TCP", None)]), &[]);
        check("unique/reordered", &unique, &service(&[("80/TCP", None), ("53/UDP", low)]), &[]);
        check(
            "repeated/node_ports_move",
            &service(&[("53/UDP", low), ("53/TCP", low)]),
            &service(&[("53/UDP", high), ("53/TCP", high)]),
            &[Law::BothAppliesAgree, Law::Converges, Law::Idempotent],
        );
        check(
            "repeated/second_is_added",
            &service(&[("53/UDP", low)]),
            &service(&[("53/UDP", low), ("53/TCP", low)]),
            &[Law::BothAppliesAgree, Law::Converges, Law::Idempotent, Law::NeverLosesAPort],
        );
        // Server-side apply finds only at its second run that the ports are its own to remove.
        check("refused/new", &unique, &service(&[]), &[Law::Accepted, Law::Converges, Law::Idempotent]);
    }

    #[test]
    fn a_refused_past_is_told() {
        let violation = both_applies_agree(&service(&[]), &service(&[("53/UDP", None)])).unwrap_err();
        assert_eq!(violation.broken(), [Law::Accepted]);
    }

    #[test]
    fn what_cannot_be_judged_is_told() {
        let violation = converges("{}", &service(&[])).unwrap_err();
        assert_eq!(violation.broken(), []);
        assert_eq!(violation.to_string(), "cannot be judged: line 1, column 1 (.kind): missing, a Service of v1 is wanted");
        let violation = converges(&service(&[("53/UDP", None)]), "{").unwrap_err();
        assert!(violation.error().is_some_and(Error::is_syntax), "{violation}");
    }

    /// Others own what changes.
    #[test]
    fn others_are_met() {
        let manifest = Manifest::new(service(&[("53/UDP", Some(30054))])).unwrap();
        let step = |manager: &str| Step {
            kubectl: ["apply", "--server-side", "--field-manager", manager, "-f", "-"].map(str::to_owned).to_vec(),
            manifest: Some(service(&[("53/UDP", Some(30053))])),
        };
        let violation = super::check(&Law::ALL, Case::new(&manifest).history(&[step("ci")])).unwrap_err();
        assert_eq!(violation.broken(), [Law::ConflictsWithNobody]);
    }
}
