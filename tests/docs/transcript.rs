//! Plays what a page tells on a simulated cluster and compares what it shows.
//!
//! | block | what is checked |
//! |---|---|
//! | `yaml` whose first line is `# NAME.yaml` | writes that file |
//! | `console` | every `$ command` is run, and prints just the lines below it |
//! | `http` with a method | the next request that the last command of kubectl sent; the query may be left out |
//! | `http` with `HTTP/1.1 CODE` | the server's answer to the request that was shown last |
//! | `json live NAME POINTER` | that part of the Service as it is live |
//! | ``Findings for `FILE`: MK001, …`` in a text | what `explain` finds for that manifest and the live Service |
//!
//! A line `…` of output stands for any lines. In JSON, `"…"` stands for any value, and a key `"…"` for further keys. `<!-- cluster: new -->` starts over, and
//! `<!-- cluster: SLUG -->` goes back to where the section with that anchor ended.

use std::collections::BTreeMap;

use mergekey::cluster::{Outcome, Recorded};
use mergekey::explain;
use mergekey::explain::Situation;
use serde_json::{Value, json};

use super::page::{Block, blocks, commands, file_name, slug};
use super::shell::Shell;

/// What in a page is not so; how many things were compared.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) differences: Vec<String>,
    pub(crate) compared: usize,
}

/// Plays a page.
pub(crate) fn check(name: &str, text: &str) -> Checked {
    let mut play = Play::default();
    for block in blocks(text) {
        play.block(&block);
    }
    let mut checked = play.checked;
    checked.differences.iter_mut().for_each(|difference| difference.insert_str(0, &format!("{name}: ")));
    checked
}

#[derive(Default)]
struct Play {
    shell: Shell,
    /// The shells at the ends of the sections, by anchor.
    sections: BTreeMap<String, Shell>,
    section: String,
    outcome: Option<Outcome>,
    /// How many requests of the last command were shown.
    shown: usize,
    checked: Checked,
}

impl Play {
    fn block(&mut self, block: &Block<'_>) {
        match block {
            Block::Heading { text, .. } => {
                let ended = std::mem::replace(&mut self.section, slug(text));
                self.sections.insert(ended, self.shell.clone());
            }
            Block::Comment(directive) => match directive.strip_prefix("cluster: ") {
                Some("new") => self.shell = Shell::default(),
                Some(section) => match self.sections.get(section) {
                    Some(shell) => self.shell = shell.clone(),
                    None => self.differ(format!("{directive}: no section has ended that is called so")),
                },
                None => self.differ(format!("<!-- {directive} -->: an unknown directive")),
            },
            Block::Text(lines) => self.text(&lines.join(" ")),
            Block::Fence { info, body, line } => self.fence(info, body, *line),
        }
    }

    fn fence(&mut self, info: &str, body: &str, line: usize) {
        let found = match info.split(' ').collect::<Vec<_>>().as_slice() {
            ["yaml"] => match file_name(body) {
                Some(name) => {
                    self.shell.write(name, body);
                    Ok(())
                }
                None => Err("a manifest without a first line `# NAME.yaml`".to_owned()),
            },
            ["console"] => self.console(body),
            ["http"] => self.http(body),
            ["json", "live", name, pointer] => self.live(name, pointer, body),
            // Compiled and run by rustdoc, or not the output of anything.
            ["rust"] | ["text"] | ["mermaid"] | ["sh"] => Ok(()),
            _ => Err(format!("nothing checks a block of {info:?}")),
        };
        if let Err(difference) = found {
            self.differ(format!("line {line}: {difference}"));
        }
    }

    fn console(&mut self, body: &str) -> Result<(), String> {
        let mut wrong = String::new();
        for command in commands(body) {
            self.checked.compared += 1;
            let ran = self.shell.run(&command.text).map_err(|error| format!("$ {}\n{error}", command.text))?;
            if !is_shown(&ran.output, &command.output) {
                wrong.push_str(&format!("$ {}\nprints\n{}", command.text, ran.output));
            }
            if ran.outcome.is_some() {
                self.outcome = ran.outcome;
                self.shown = 0;
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn http(&mut self, body: &str) -> Result<(), String> {
        self.checked.compared += 1;
        let requests = self.outcome.as_ref().map_or(&[][..], Outcome::requests);
        let (head, content) = body.split_once("\n\n").unwrap_or((body.trim_end(), ""));
        let shown = (!content.trim().is_empty()).then(|| serde_json::from_str::<Value>(content)).transpose();
        let shown = shown.map_err(|error| error.to_string())?.unwrap_or_default();
        if let Some(code) = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split(' ').next()) {
            let answered = self.shown.checked_sub(1).and_then(|at| requests.get(at)).ok_or("an answer without a request")?;
            let status = json!(answered.status());
            return if code == answered.code().to_string() && (content.is_empty() || matches(&shown, &status)) {
                Ok(())
            } else {
                Err(format!("HTTP/1.1 {}\n\n{status:#}", answered.code()))
            };
        }
        let sent = requests.get(self.shown).ok_or("a request that was not sent")?;
        self.shown += 1;
        let body = json!(sent.body());
        let wanted = [request_line(sent, false), request_line(sent, true)]
            .map(|line| format!("{line}\nContent-Type: {}", sent.content_type()));
        if wanted.iter().any(|wanted| wanted == head) && matches(&shown, &body) {
            Ok(())
        } else {
            Err(format!("{}\n\n{body:#}", wanted[1]))
        }
    }

    fn live(&mut self, name: &str, pointer: &str, body: &str) -> Result<(), String> {
        self.checked.compared += 1;
        let live = self.shell.live(name).unwrap_or_default();
        let live = live.pointer(pointer).cloned().unwrap_or_default();
        let shown: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
        if matches(&shown, &live) { Ok(()) } else { Err(format!("{live:#}")) }
    }

    fn text(&mut self, text: &str) {
        for claim in text.split("Findings for `").skip(1) {
            self.checked.compared += 1;
            let Some((file, rest)) = claim.split_once('`') else { continue };
            let told: Vec<String> = rest.split('.').next().unwrap_or_default().split("MK").skip(1).map(code).collect();
            let found = self.findings(file);
            if found.as_ref() != Ok(&told) {
                self.differ(format!("findings for {file}: {found:?}"));
            }
        }
    }

    fn findings(&self, file: &str) -> Result<Vec<String>, String> {
        let manifest = self.shell.manifest(file)?;
        let live = manifest.object()["metadata"]["name"].as_str().and_then(|name| self.shell.live(name));
        let report = explain(Situation { live: live.as_ref(), manifest: &manifest }).map_err(|error| error.to_string())?;
        Ok(report.findings().iter().map(|finding| finding.code().to_string()).collect())
    }

    fn differ(&mut self, difference: String) {
        self.checked.differences.push(difference);
    }
}

/// `MK001`, of what follows the letters.
fn code(rest: &str) -> String {
    format!("MK{}", rest.chars().take_while(char::is_ascii_digit).collect::<String>())
}

fn request_line(sent: &Recorded, with_query: bool) -> String {
    let query: Vec<String> = sent.query().map(|(name, value)| format!("{name}={value}")).collect();
    let query = if with_query && !query.is_empty() { format!("?{}", query.join("&")) } else { String::new() };
    format!("{} {}{query}", sent.method(), sent.path())
}

/// Whether an output is as it is shown.
fn is_shown(output: &str, shown: &str) -> bool {
    let (first, rest) = shown.split_once("…\n").map_or((shown, None), |(first, rest)| (first, Some(rest)));
    match rest {
        None => output == first,
        Some(rest) => output.strip_prefix(first).is_some_and(|output| output.ends_with(rest)),
    }
}

/// Whether a value is as it is shown.
fn matches(shown: &Value, value: &Value) -> bool {
    match (shown, value) {
        (Value::String(text), _) if text == "…" => true,
        (Value::Object(shown), Value::Object(map)) => {
            let named = shown.iter().filter(|(key, _)| *key != "…");
            (shown.contains_key("…") || shown.len() == map.len())
                && named.clone().all(|(key, shown)| map.get(key).is_some_and(|value| matches(shown, value)))
        }
        (Value::Array(shown), Value::Array(items)) => {
            shown.len() == items.len() && shown.iter().zip(items).all(|(shown, item)| matches(shown, item))
        }
        (shown, value) => shown == value,
    }
}

mod tests {
    use super::*;

    #[track_caller]
    fn differs(page: &str, expect: &str) {
        let checked = check("page", page);
        assert!(checked.differences.iter().any(|difference| difference.contains(expect)), "{checked:?}");
    }

    const MANIFEST: &str = "```yaml\n# web.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n\
                            spec: {ports: [{name: http, port: 80}]}\n```\n";

    #[test]
    fn a_false_page_is_found_out() {
        let page = |rest: &str| format!("{MANIFEST}{rest}");
        let applied = "```console\n$ kubectl apply -f web.yaml\nservice/web created\n```\n";
        assert_eq!(check("page", &page(applied)).differences, [""; 0]);
        differs(&page("```console\n$ kubectl apply -f web.yaml\nservice/web configured\n```\n"), "service/web created");
        differs(&page("```console\n$ kubectl rollout restart\n```\n"), "not modelled");
        differs(
            &page(&format!(
                "{applied}```http\nPOST /api/v1/namespaces/default/services\nContent-Type: application/json\n\n{{}}\n```\n"
            )),
            "POST",
        );
        differs(&page(&format!("{applied}```http\nHTTP/1.1 201 Created\n```\n")), "an answer without a request");
        differs(&page(&format!("{applied}```json live web /spec/ports/0/port\n81\n```\n")), "80");
        differs(&page(&format!("{applied}Findings for `web.yaml`: MK001.\n")), "findings for web.yaml: Ok([])");
        differs("```json\n{}\n```\n", "nothing checks");
        differs("<!-- cluster: nowhere -->\n", "no section");
    }

    #[test]
    fn dots_stand_for_what_is_left_out() {
        assert!(is_shown("a\nb\nc\n", "a\n…\nc\n") && is_shown("a\n", "a\n"));
        assert!(!is_shown("a\nb\n", "a\n") && !is_shown("a\nb\n", "…\na\n"));
        let value = json!({"a": 1, "b": [2, 3]});
        assert!(matches(&json!({"a": 1, "b": "…"}), &value) && matches(&json!({"a": 1, "…": "…"}), &value));
        assert!(!matches(&json!({"a": 1}), &value) && !matches(&json!({"a": 1, "b": ["…"]}), &value));
    }
}
