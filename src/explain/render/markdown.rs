//! The report as Markdown: the same parts as the text, as headings and tables.

use super::{mermaid, reasons, table, words};
use crate::explain::report::Report;

/// The report as Markdown.
pub(in crate::explain) fn markdown(report: &Report) -> String {
    let mut out =
        format!("# {} {}/{}\n\n{}\n", report.object.kind, report.object.namespace, report.object.name, words::verdict(report));
    ways(report, &mut out);
    divergences(report, &mut out);
    why(report, &mut out);
    history(report, &mut out);
    remedies(report, &mut out);
    if !report.notes.is_empty() {
        out.push_str("\n## Notes\n\n");
        report.notes.iter().for_each(|note| out.push_str(&format!("- {}\n", words::note(note))));
    }
    out
}

/// Text inside of a table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn table_row(cells: &[String], out: &mut String) {
    out.push_str(&format!("| {} |\n", cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(" | ")));
}

fn ways(report: &Report, out: &mut String) {
    let table = table::table(report);
    out.push_str("\n## What each way does\n\n");
    let mut header = vec![table.caption.clone(), String::new()];
    header.extend(table.columns.iter().cloned());
    header.push("as wanted".to_owned());
    table_row(&header, out);
    out.push_str(&format!("|{}\n", "---|".repeat(header.len())));
    for row in &table.rows {
        let label = if row.good.is_some() { format!("`{}`", row.label.trim()) } else { row.label.clone() };
        let mut cells = vec![label, row.outcome.clone()];
        cells.extend(row.cells.iter().map(|cell| if cell.wrong { format!("**{}**", cell.text) } else { cell.text.clone() }));
        cells.push(row.verdict.clone());
        table_row(&cells, out);
    }
}

fn divergences(report: &Report, out: &mut String) {
    if report.divergences.is_empty() {
        return;
    }
    out.push_str("\n## Where they part\n\n");
    table_row(&["field", "wanted", "live", "kubectl apply", "server-side"].map(str::to_owned), out);
    out.push_str("|---|---|---|---|---|\n");
    for divergence in &report.divergences {
        let values = [&divergence.wanted, &divergence.live, &divergence.client_side, &divergence.server_side];
        let mut cells = vec![format!("`{}`", divergence.path)];
        cells.extend(
            values.map(|value| if value.is_null() { "-".to_owned() } else { format!("`{}`", words::compact(value, 120)) }),
        );
        table_row(&cells, out);
    }
}

fn why(report: &Report, out: &mut String) {
    if report.findings.is_empty() {
        return;
    }
    out.push_str("\n## Why\n");
    for reason in reasons(&report.findings) {
        let codes: Vec<_> = reason.codes.iter().map(|code| code.as_str()).collect();
        let title = reason.codes.first().map_or("", |code| code.title());
        out.push_str(&format!("\n### {} ({})\n\n", words::capital(title), codes.join(", ")));
        for (at, fact) in reason.steps.iter().enumerate() {
            out.push_str(&format!("{}. {}\n", at + 1, words::fact(fact)));
            if let Some(rule) = words::rule(fact) {
                out.push_str(&format!("   <br>*{}*\n", rule.replace('*', "\\*")));
            }
        }
    }
    if let Some(graph) = mermaid::pairing(report) {
        out.push_str(&format!("\n```mermaid\n{graph}```\n"));
    }
    if !report.source.is_empty() {
        out.push_str("\n```yaml\n");
        for line in &report.source {
            let mark = line.mark.as_ref().map_or(String::new(), |mark| format!("  # <- {}", words::mark(mark)));
            out.push_str(&format!("{}{mark}\n", line.text));
        }
        out.push_str("```\n");
    }
}

fn history(report: &Report, out: &mut String) {
    if report.history.is_empty() {
        return;
    }
    out.push_str("\n## How it came to this\n\n");
    for (at, told) in report.history.iter().enumerate() {
        out.push_str(&format!("{}. {}\n", at + 1, words::told(told)));
    }
}

fn remedies(report: &Report, out: &mut String) {
    if report.remedies.is_empty() && report.attempts.is_empty() {
        return;
    }
    out.push_str("\n## What to do\n\n");
    out.push_str(if report.remedies.is_empty() {
        "Nothing that was tried makes it as wanted.\n"
    } else {
        "Each was run on a copy and made it as wanted.\n"
    });
    let common = words::common_risks(&report.remedies.iter().collect::<Vec<_>>());
    for (at, remedy) in report.remedies.iter().enumerate() {
        out.push_str(&format!("\n{}. ```sh\n", at + 1));
        remedy.steps.iter().for_each(|step| out.push_str(&format!("   {step}\n")));
        out.push_str(&format!("   ```\n   {}\n", words::price(remedy, &common)));
    }
    let all = if report.remedies.iter().any(words::renumbers) { "All but the one with another number" } else { "All of them" };
    common.iter().for_each(|risk| out.push_str(&format!("\n{all}: {}.\n", words::risk(risk))));
    if !report.attempts.is_empty() {
        out.push_str("\nDoesn't help:\n\n");
        report.attempts.iter().for_each(|attempt| out.push_str(&format!("- {}\n", words::attempt(attempt))));
    }
}
