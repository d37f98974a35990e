//! The text report: one screen of 100 columns for the common case.

use super::table::{self, Row, Table};
use super::words;
use super::{Style, reasons};
use crate::explain::remedies::{Remedy, Risk};
use crate::explain::report::{Report, Told};

const WIDTH: usize = 100;
/// So many lines of one kind are shown; the rest is counted.
const MOST: usize = 6;

/// The report as text.
pub(in crate::explain) fn text(report: &Report, style: Style) -> String {
    let mut out = String::new();
    let mut page = Page { out: &mut out, style };
    page.wrapped("", "", &words::verdict(report));
    page.table(&table::table(report));
    page.divergences(report);
    page.why(report);
    page.history(&report.history);
    page.remedies(report);
    page.notes(report);
    out
}

struct Page<'o> {
    out: &'o mut String,
    style: Style,
}

#[derive(Clone, Copy)]
enum Paint {
    Heading,
    Good,
    Bad,
}

impl Page<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        let code = match (self.style, paint) {
            (Style::Plain, _) => return text.to_owned(),
            (Style::Coloured, Paint::Heading) => "1",
            (Style::Coloured, Paint::Good) => "32",
            (Style::Coloured, Paint::Bad) => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// A heading behind an empty line, with an aside to its right.
    fn heading(&mut self, title: &str, aside: &str) {
        let gap = if aside.is_empty() { 0 } else { WIDTH.saturating_sub(title.chars().count() + aside.chars().count()).max(2) };
        let title = self.paint(Paint::Heading, title);
        self.out.push('\n');
        self.line(&format!("{title}{}{aside}", " ".repeat(gap)));
    }

    /// A paragraph: the first line begins with `first`, the others with `rest`.
    fn wrapped(&mut self, first: &str, rest: &str, text: &str) {
        for line in wrap(first, rest, text, WIDTH) {
            self.line(&line);
        }
    }

    fn table(&mut self, table: &Table) {
        self.out.push('\n');
        let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
        let labels = width(&mut table.rows.iter().map(|row| row.label.chars().count()).chain([table.caption.chars().count()]));
        let outcomes = width(&mut table.rows.iter().map(|row| row.outcome.chars().count()));
        let mut cells: Vec<usize> = Vec::new();
        for (at, column) in table.columns.iter().enumerate() {
            let texts = table
                .rows
                .iter()
                .filter_map(|row| row.cells.get(at))
                .map(|cell| cell.text.chars().count() + usize::from(cell.wrong) * 2);
            cells.push(width(&mut texts.chain([column.chars().count()])));
        }
        // What does not fit is left out, what is not in question first; the divergences below have it.
        let room = WIDTH.saturating_sub(labels + outcomes + 4 + "no, however often".len());
        let mut shown: Vec<usize> = (0..cells.len()).collect();
        while shown.len() > 1 && shown.iter().filter_map(|at| cells.get(*at)).map(|cell| cell + 2).sum::<usize>() > room {
            let spare = shown.iter().rposition(|at| table.vital.get(*at) == Some(&false)).unwrap_or(shown.len() - 1);
            shown.remove(spare);
        }
        let pad = |text: &str, width: usize| format!("{text}{}", " ".repeat(width.saturating_sub(text.chars().count())));
        let mut header = format!("  {}  {}", pad(&table.caption, labels), " ".repeat(outcomes));
        for (column, width) in shown.iter().filter_map(|at| table.columns.get(*at).zip(cells.get(*at))) {
            header.push_str(&format!("  {}", pad(column, *width)));
        }
        header.push_str("  as wanted");
        self.line(&header);
        for row in &table.rows {
            let mut line = format!("  {}  {}", pad(&row.label, labels), pad(&row.outcome, outcomes));
            for (cell, width) in shown.iter().filter_map(|at| row.cells.get(*at).zip(cells.get(*at))) {
                let text = if cell.wrong { format!("{} x", cell.text) } else { cell.text.clone() };
                let padding = " ".repeat(width.saturating_sub(text.chars().count()));
                let text = if cell.wrong { self.paint(Paint::Bad, &text) } else { text };
                line.push_str(&format!("  {text}{padding}"));
            }
            line.push_str(&format!("  {}", self.verdict(row)));
            self.line(&line);
        }
    }

    fn verdict(&self, row: &Row) -> String {
        match row.good {
            Some(true) => self.paint(Paint::Good, &row.verdict),
            Some(false) => self.paint(Paint::Bad, &row.verdict),
            None => row.verdict.clone(),
        }
    }

    fn divergences(&mut self, report: &Report) {
        if report.divergences.is_empty() {
            return;
        }
        if let [only] = report.divergences.as_slice() {
            self.out.push('\n');
            let title = self.paint(Paint::Heading, "Where they part:");
            self.wrapped("", "  ", &format!("{title} {}: {}", only.path, words::parting(only)));
            return;
        }
        self.heading("Where they part", "");
        for divergence in report.divergences.iter().take(MOST) {
            let text = format!("{}: {}", divergence.path, words::parting(divergence));
            self.wrapped("  ", "      ", &text);
        }
        self.more(report.divergences.len());
    }

    fn more(&mut self, count: usize) {
        if count > MOST {
            self.line(&format!("  and {} more", count - MOST));
        }
    }

    fn why(&mut self, report: &Report) {
        let reasons = reasons(&report.findings);
        for (at, reason) in reasons.iter().enumerate() {
            let codes: Vec<_> = reason.codes.iter().map(|code| code.as_str()).collect();
            let codes = format!("[{}]", codes.join(", "));
            let title = reason.codes.first().map_or("", |code| code.title());
            if at > 0 {
                // What comes behind the first reason is told in short.
                let text: Vec<_> = reason.steps.iter().map(|fact| words::fact(fact)).collect();
                self.wrapped("", "  ", &format!("Also {codes} {}", text.join(" ")));
                continue;
            }
            self.heading(&format!("Why: {title}"), &codes);
            let numbered = reason.steps.len() > 1;
            for (at, fact) in reason.steps.iter().enumerate() {
                let first = if numbered { format!("  {}. ", at + 1) } else { "  ".to_owned() };
                let rest = " ".repeat(first.len());
                self.wrapped(&first, &rest, &words::fact(fact));
            }
            self.source(report);
        }
    }

    fn source(&mut self, report: &Report) {
        if report.source.is_empty() {
            return;
        }
        let numbers = report.source.iter().map(|line| line.line.to_string().len()).max().unwrap_or(0);
        let texts = report.source.iter().map(|line| line.text.chars().count()).max().unwrap_or(0).min(40);
        for (at, line) in report.source.iter().enumerate() {
            let file = if at == 0 { report.file_shown() } else { "" };
            let text = words::shorten(&line.text, 60);
            let mut out =
                format!("  {file:width$} {:>numbers$} | {text}", line.line, width = report.file_shown().chars().count());
            if let Some(mark) = &line.mark {
                let padding = " ".repeat(texts.saturating_sub(text.chars().count()));
                out.push_str(&format!("{padding}  <- {}", words::mark(mark)));
            }
            self.line(&out);
        }
    }

    fn history(&mut self, history: &[Told]) {
        if history.is_empty() {
            return;
        }
        self.heading("How it came to this", "");
        for (at, told) in history.iter().enumerate() {
            let first = format!("  {}  ", at + 1);
            self.wrapped(&first, &" ".repeat(first.len() + 2), &words::told(told));
        }
    }

    fn remedies(&mut self, report: &Report) {
        if report.remedies.is_empty() && report.attempts.is_empty() {
            return;
        }
        if report.remedies.is_empty() {
            self.heading("What to do", "");
            self.line("  Nothing that was tried makes it as wanted.");
        } else {
            self.heading("What to do (each was run on a copy)", "");
        }
        let (shown, rest) = words::told_in_full(&report.remedies);
        let common = words::common_risks(&shown);
        for (at, remedy) in shown.iter().enumerate() {
            self.remedy(at + 1, remedy, &common);
        }
        for risk in &common {
            self.wrapped("  All: ", "      ", &format!("{}.", words::risk(risk)));
        }
        if !rest.is_empty() {
            let rest = rest.into_iter().map(words::in_passing);
            self.wrapped("  Also works: ", "      ", &format!("{}.", words::list(rest, "and")));
        }
        if !report.attempts.is_empty() {
            let attempts: Vec<_> = report.attempts.iter().map(words::attempt).collect();
            self.wrapped("  Doesn't help: ", "      ", &format!("{}.", attempts.join("; ")));
        }
    }

    fn remedy(&mut self, number: usize, remedy: &Remedy, common: &[&Risk]) {
        let first = format!("  {number}  ");
        let rest = " ".repeat(first.len());
        for (at, step) in remedy.steps.iter().enumerate() {
            let indent = if at == 0 { &first } else { &rest };
            // What is long ends in something quoted.
            let quoted = step.find(" -p '").or(step.find(" '")).filter(|_| step.chars().count() + indent.len() > WIDTH);
            match quoted.and_then(|at| step.split_at_checked(at)) {
                Some((command, quoted)) => {
                    self.line(&format!("{indent}{command} \\"));
                    self.line(&format!("{rest} {quoted}"));
                }
                None => self.line(&format!("{indent}{step}")),
            }
        }
        self.wrapped(&format!("{rest}  "), &format!("{rest}  "), &words::price(remedy, common));
    }

    fn notes(&mut self, report: &Report) {
        if report.notes.is_empty() {
            return;
        }
        self.out.push('\n');
        for note in &report.notes {
            self.wrapped("Note: ", "      ", &words::note(note));
        }
    }
}

/// Breaks a text into lines no longer than `width`, at spaces.
pub(super) fn wrap(first: &str, rest: &str, text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut fresh = true;
    for word in text.split(' ') {
        let length = line.chars().count() + word.chars().count() + usize::from(!fresh);
        if !fresh && length > width {
            lines.push(std::mem::replace(&mut line, rest.to_owned()));
            fresh = true;
        }
        if !fresh {
            line.push(' ');
        }
        line.push_str(word);
        fresh = false;
    }
    lines.push(line);
    lines
}
