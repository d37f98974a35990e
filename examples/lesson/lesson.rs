//! The lessons, and how one is played and shown.
//!
//! A lesson is a page of `examples/lessons/`. It has manifests (`yaml`), commands (`console`) and the reasons between them; what
//! the commands print, send and change is not in it, it comes from the simulator. `<!-- cluster: new -->` and
//! `<!-- cluster: SLUG -->` begin again, from nothing or from the end of a section; `<!-- show: owners -->` adds who owns what.

use std::collections::BTreeMap;

use mergekey::cluster::Recorded;
use serde_json::Value;

use super::page::{Block, blocks, commands, file_name};
use super::shell::Shell;
use super::show;

/// The pages, in the order of the course.
pub(crate) const LESSONS: [&str; 8] = [
    include_str!("../lessons/1-first-patch.md"),
    include_str!("../lessons/2-last-applied.md"),
    include_str!("../lessons/3-two-ports-one-number.md"),
    include_str!("../lessons/4-order.md"),
    include_str!("../lessons/5-taking-away.md"),
    include_str!("../lessons/6-server-side.md"),
    include_str!("../lessons/7-conflicts.md"),
    include_str!("../lessons/8-moving-over.md"),
];

/// The list of the lessons.
pub(crate) fn list() -> String {
    let entries = LESSONS.iter().zip(1..).map(|(page, number)| {
        let (title, about) = heading(page);
        show::entry(number, &title, &about)
    });
    format!("{}cargo run --example lesson -- NUMBER shows one.\n", entries.collect::<String>())
}

/// The title of a lesson, and what it is about.
pub(crate) fn heading(page: &str) -> (String, String) {
    let mut title = String::new();
    for block in blocks(page) {
        match block {
            Block::Heading { text, .. } => title = text.to_owned(),
            Block::Text(lines) => return (title, lines.join(" ")),
            _ => {}
        }
    }
    (title, String::new())
}

/// Plays a lesson; answers all that it shows.
///
/// # Errors
/// A command is not known or goes beyond the model.
pub(crate) fn play(number: usize, page: &str) -> Result<String, String> {
    let mut lesson = Lesson { number, ..Lesson::default() };
    for block in blocks(page) {
        lesson.block(&block)?;
    }
    Ok(lesson.out)
}

#[derive(Default)]
struct Lesson {
    number: usize,
    out: String,
    steps: usize,
    shell: Shell,
    sections: BTreeMap<String, Shell>,
    section: String,
    shows_owners: bool,
}

impl Lesson {
    fn block(&mut self, block: &Block<'_>) -> Result<(), String> {
        match block {
            Block::Heading { level: 1, text } => self.out.push_str(&show::title(&format!("Lesson {}: {text}", self.number))),
            Block::Heading { text, .. } => {
                let ended = std::mem::replace(&mut self.section, super::page::slug(text));
                self.sections.insert(ended, self.shell.clone());
                self.steps += 1;
                self.out.push_str(&show::title(&format!("{}. {text}", self.steps)));
            }
            Block::Text(lines) => self.out.push_str(&show::paragraph(lines)),
            Block::Comment("show: owners") => self.shows_owners = true,
            Block::Comment("cluster: new") => self.shell = Shell::default(),
            Block::Comment(directive) => {
                let section = directive.strip_prefix("cluster: ").and_then(|section| self.sections.get(section));
                self.shell = section.ok_or_else(|| format!("<!-- {directive} -->: not known"))?.clone();
            }
            Block::Fence { info: "yaml", body, .. } => {
                let name = file_name(body).ok_or("a manifest without a first line `# NAME.yaml`")?;
                self.shell.write(name, body);
                self.out.push_str(&show::file(name, body));
            }
            Block::Fence { info: "console", body, .. } => {
                for command in commands(body) {
                    self.command(&command.text)?;
                }
            }
            Block::Fence { info, .. } => return Err(format!("a block of {info:?} is not known")),
        }
        Ok(())
    }

    fn command(&mut self, line: &str) -> Result<(), String> {
        let before = self.shell.clone();
        let ran = self.shell.run(line)?;
        self.out.push_str(&show::command(line, &ran.output));
        let Some(outcome) = ran.outcome else { return Ok(()) };
        for request in outcome.requests() {
            self.out.push_str(&show::request(request));
        }
        let Some(name) = outcome.requests().last().and_then(service) else {
            self.out.push_str(&show::nothing_sent());
            return Ok(());
        };
        let (was, is) = (before.live(&name), self.shell.live(&name));
        self.out.push_str(&show::ports(was.as_ref(), is.as_ref()));
        if self.shows_owners {
            self.out.push_str(&show::owners(is.as_ref()));
        }
        Ok(())
    }
}

/// The Service that a request was about.
fn service(request: &Recorded) -> Option<String> {
    let named = request.path().split("/services/").nth(1).map(str::to_owned);
    let body: Value = serde_json::to_value(request.body()).ok()?;
    named.or_else(|| body.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned))
}
