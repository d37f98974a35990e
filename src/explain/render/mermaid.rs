//! Diagrams: which item of the patch met which live item, and a history as a sequence.

use super::words;
use crate::explain::facts::{Cause, Fact, Port};
use crate::explain::report::{Report, Way};

/// The pairing of ports if a patch went astray, else what each way does.
pub(in crate::explain) fn mermaid(report: &Report) -> String {
    pairing(report).unwrap_or_else(|| sequence(report))
}

/// Items of the patch on the left, live ports on the right; solid is what happened, dashed what was meant.
pub(super) fn pairing(report: &Report) -> Option<String> {
    let mut facts = Vec::new();
    report.findings.iter().flat_map(|finding| &finding.because).for_each(|cause| gather(cause, &mut facts));
    let mut live: Vec<&Port> = Vec::new();
    let mut arrows = String::new();
    let mut items = String::new();
    let mut count = 0;
    for fact in facts {
        let Fact::Landed { meant, on, fields, .. } = fact else { continue };
        let at = |port: &'_ Port| port.index;
        items.push_str(&format!("    p{count}[\"port {}: {}\"]\n", meant.port, fields.join(", ")));
        arrows.push_str(&format!("  p{count} --> l{}\n", at(on)));
        if on.index != meant.index {
            arrows.push_str(&format!("  p{count} -. meant .-> l{}\n", at(meant)));
        }
        for port in [on, meant] {
            if !live.iter().any(|known| known.index == port.index) {
                live.push(port);
            }
        }
        count += 1;
    }
    if count == 0 {
        return None;
    }
    live.sort_by_key(|port| port.index);
    let ports: String = live
        .iter()
        .map(|port| {
            let name = port.name.as_deref().map_or(String::new(), |name| format!("{name} "));
            format!("    l{}[\"{}{port}\"]\n", port.index, escape(&name))
        })
        .collect();
    Some(format!("flowchart LR\n  subgraph patch\n{items}  end\n  subgraph live\n{ports}  end\n{arrows}"))
}

fn gather<'r>(cause: &'r Cause, facts: &mut Vec<&'r Fact>) {
    cause.because.iter().for_each(|deeper| gather(deeper, facts));
    if !facts.contains(&&cause.fact) {
        facts.push(&cause.fact);
    }
}

/// The history and the ways as a sequence of requests.
fn sequence(report: &Report) -> String {
    let mut out = "sequenceDiagram\n  participant you\n  participant kubectl\n  participant server\n".to_owned();
    for told in &report.history {
        out.push_str(&format!("  you->>kubectl: {}\n", escape(&told.command)));
        out.push_str(&format!("  kubectl-->>you: {}\n", told.outcome.as_str()));
    }
    for way in &report.ways {
        let kind = if way.way == Way::ClientSideApply { "alt" } else { "else" };
        out.push_str(&format!("  {kind} {}\n", escape(&way.command)));
        out.push_str("    you->>kubectl: run\n");
        for request in &way.requests {
            out.push_str(&format!("    kubectl->>server: {} {}\n", request.method, escape(&request.content_type)));
            out.push_str(&format!("    server-->>kubectl: {}\n", request.code));
        }
        let wanted = if way.converged { "as wanted".to_owned() } else { words::shortfall(way) };
        out.push_str(&format!("    kubectl-->>you: {}, {}\n", way.outcome.as_str(), escape(&wanted)));
    }
    out.push_str("  end\n");
    out
}

/// What has a meaning in Mermaid is written as an entity.
fn escape(text: &str) -> String {
    text.replace('"', "#quot;").replace(';', "#59;").replace('\n', " ")
}
