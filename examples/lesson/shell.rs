//! A shell that knows kubectl, `sed -i` and `echo $?`, over a simulated cluster: what the consoles of lessons and pages need.
//!
//! Files are kept in memory. `kubectl get -o jsonpath=…` is printed here, since the library does not model how kubectl prints.

use std::collections::BTreeMap;

use mergekey::Manifest;
use mergekey::cluster::{Cluster, Outcome};
use serde_json::Value;

/// A cluster, files, and what came of the last command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shell {
    cluster: Cluster,
    files: BTreeMap<String, String>,
    exit_code: i32,
}

/// What a command did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ran {
    /// What a terminal shows: complaints first, then the result.
    pub(crate) output: String,
    /// For a command of kubectl that may write.
    pub(crate) outcome: Option<Outcome>,
}

impl From<String> for Ran {
    fn from(output: String) -> Self {
        Ran { output, outcome: None }
    }
}

impl Shell {
    /// Writes a file.
    pub(crate) fn write(&mut self, name: &str, text: &str) {
        self.files.insert(name.to_owned(), text.to_owned());
    }

    /// Reads a manifest.
    pub(crate) fn manifest(&self, file: &str) -> Result<Manifest, String> {
        let text = self.files.get(file).ok_or_else(|| format!("there is no file {file}"))?;
        let manifest = Manifest::from_text(text).map_err(|error| format!("{file}: {error}"))?;
        Ok(manifest.with_file(file))
    }

    /// Runs a command line.
    ///
    /// # Errors
    /// The command is not known, or goes beyond the model.
    pub(crate) fn run(&mut self, line: &str) -> Result<Ran, String> {
        let words = words(line)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["echo", "$?"] => Ok(format!("{}\n", self.exit_code).into()),
            ["sed", "-i", script, file] => self.edit(script, file),
            ["kubectl", "get", "service", name, "-o", output] => self.print(name, output),
            ["kubectl", "get", "service", name, "-o", "yaml", "--show-managed-fields", ">", file] => {
                let live = self.live(name).ok_or_else(|| format!("there is no Service {name}"))?;
                self.write(file, &live.to_string());
                Ok(Ran::default())
            }
            ["kubectl", arguments @ ..] => self.kubectl(arguments),
            _ => Err(format!("{line}: this command is not known here")),
        }
    }

    /// The Service of that name in the context's namespace, as it is live.
    pub(crate) fn live(&self, name: &str) -> Option<Value> {
        self.cluster.get("Service", "default", name)
    }

    fn kubectl(&mut self, arguments: &[&str]) -> Result<Ran, String> {
        let file = arguments.iter().position(|word| *word == "-f").and_then(|at| arguments.get(at + 1));
        let manifest = file.map(|file| self.manifest(file)).transpose()?;
        let outcome = self.cluster.kubectl(arguments, manifest.as_ref()).map_err(|error| error.to_string())?;
        self.exit_code = outcome.exit_code();
        Ok(Ran { output: format!("{}{}", outcome.stderr(), outcome.stdout()), outcome: Some(outcome) })
    }

    /// `s/OLD/NEW/`: the first one in each line.
    fn edit(&mut self, script: &str, file: &str) -> Result<Ran, String> {
        let parts: Vec<&str> = script.split('/').collect();
        let ["s", old, new, ""] = parts.as_slice() else { return Err(format!("sed {script}: not known here")) };
        let text = self.files.get_mut(file).ok_or_else(|| format!("there is no file {file}"))?;
        if !text.contains(old) {
            return Err(format!("sed {script}: {file} has no {old:?}"));
        }
        *text = text.lines().flat_map(|line| [line.replacen(old, new, 1), "\n".to_owned()]).collect();
        Ok(Ran::default())
    }

    fn print(&self, name: &str, output: &str) -> Result<Ran, String> {
        let template = output.strip_prefix("jsonpath=").ok_or_else(|| format!("kubectl get -o {output}: not known here"))?;
        let live = self.live(name).ok_or_else(|| format!("there is no Service {name}"))?;
        let mut out = String::new();
        let rest = print(template, &live, &mut out)?;
        if rest.is_empty() { Ok(out.into()) } else { Err(format!("{template}: {{end}} without {{range}}")) }
    }
}

/// Prints a template of JSONPath as kubectl does; answers what stands behind an `{end}`.
fn print<'t>(mut template: &'t str, value: &Value, out: &mut String) -> Result<&'t str, String> {
    while let Some((text, rest)) = template.split_once('{') {
        out.push_str(text);
        let (part, rest) = rest.split_once('}').ok_or_else(|| format!("{template}: a brace is open"))?;
        template = rest;
        if part == "end" {
            return Ok(rest);
        } else if let Some(literal) = part.strip_prefix('"').and_then(|part| part.strip_suffix('"')) {
            out.push_str(&literal.replace("\\n", "\n").replace("\\t", "\t"));
        } else if let Some(path) = part.strip_prefix("range ") {
            let mut after = skip(rest)?;
            for item in find(path, value) {
                after = print(rest, item, out)?;
            }
            template = after;
        } else {
            let found: Vec<String> = find(part, value).into_iter().map(shown).collect();
            out.push_str(&found.join(" "));
        }
    }
    out.push_str(template);
    Ok("")
}

/// What stands behind the next `{end}`.
fn skip(template: &str) -> Result<&str, String> {
    template.split_once("{end}").map(|(_, rest)| rest).ok_or_else(|| format!("{template}: no {{end}}"))
}

/// `.spec.ports[*].nodePort`; what is absent is left out. A dot in a name is written `\.`.
fn find<'v>(path: &str, value: &'v Value) -> Vec<&'v Value> {
    let escaped = path.replace("\\.", "\u{0}").replace('[', ".[");
    let mut found = vec![value];
    for step in escaped.split('.').filter(|step| !step.is_empty()).map(|step| step.replace('\u{0}', ".")) {
        found = match step.strip_prefix('[').and_then(|step| step.strip_suffix(']')) {
            Some("*") => found.into_iter().flat_map(|value| value.as_array().into_iter().flatten()).collect(),
            Some(index) => found.into_iter().filter_map(|value| value.get(index.parse::<usize>().ok()?)).collect(),
            None => found.into_iter().filter_map(|value| value.get(&step)).collect(),
        };
    }
    found
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The words of a command line: blanks part them, unless they are quoted.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), character) if open == character => quote = None,
            (Some(_), character) => word.get_or_insert_default().push(character),
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, character) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    if quote.is_some() { Err(format!("{line}: a quote is open")) } else { Ok(words) }
}
