//! Command lines of kubectl, read into verbs with their options.
//!
//! A flag that is not known here is [not modelled](crate::Error::is_not_modelled), by its name; kubectl may know it.

use super::errors::Failure;
use super::object::ManifestFile;
use super::options::{
    Annotate, Apply, Cascade, Changes, Common, Create, Delete, DryRun, Label, Output, Patch, Printing, Replace, Validate,
};
use super::verbs::{self, Get};
use super::{Session, apply, labels};
use crate::Error;
use crate::cluster::request::PatchType;
use crate::value::quote;

/// A command with all that it needs.
#[derive(Debug)]
pub(super) struct Command<'m> {
    verb: Verb,
    /// What kubectl says on standard error before it begins.
    notes: String,
    file: Option<&'m ManifestFile<'m>>,
}

#[derive(Debug)]
enum Verb {
    Apply(Apply),
    Create(Create),
    Replace(Replace),
    DeleteFile(Delete),
    Delete(String, Delete),
    Patch(String, Patch),
    Label(String, Label),
    Annotate(String, Annotate),
    Get(String, Get),
    /// kubectl refuses the command line.
    Refused(String),
}

impl Command<'_> {
    /// Runs the command.
    pub(super) fn run(self, session: &mut Session<'_, '_>) -> Result<(), Failure> {
        session.stderr.push_str(&self.notes);
        let file = || self.file.ok_or_else(|| Error::not_modelled("a command with -f without its manifest"));
        match &self.verb {
            Verb::Apply(options) => apply::run(session, file()?, options),
            Verb::Create(options) => verbs::create(session, file()?, options),
            Verb::Replace(options) => verbs::replace(session, file()?, options),
            Verb::DeleteFile(options) => verbs::delete_file(session, file()?, options),
            Verb::Delete(name, options) => verbs::delete_named(session, name, options),
            Verb::Patch(name, options) => verbs::patch(session, name, options),
            Verb::Label(name, options) => labels::label(session, name, options),
            Verb::Annotate(name, options) => labels::annotate(session, name, options),
            Verb::Get(name, options) => verbs::get(session, name, options),
            Verb::Refused(message) => Err(Failure::client(message.clone())),
        }
    }
}

/// Reads a command line, with or without `kubectl` in front.
pub(super) fn read<'m>(arguments: &[&str], file: Option<&'m ManifestFile<'m>>) -> Result<Command<'m>, Error> {
    let arguments = match arguments {
        ["kubectl", rest @ ..] => rest,
        all => all,
    };
    let [verb, rest @ ..] = arguments else { return Err(Error::not_modelled("kubectl without a verb")) };
    let mut line = Line::read(verb, rest)?;
    let verb = match *verb {
        "apply" => line.apply(),
        "create" => line.create(),
        "replace" => line.replace(),
        "delete" => line.delete(),
        "patch" => line.patch(),
        "label" => line.label(),
        "annotate" => line.annotate(),
        "get" => line.get(),
        other => return Err(Error::not_modelled(&format!("kubectl {other}"))),
    };
    let verb = verb?;
    line.done()?;
    let (verb, notes) = (line.refused.map_or(verb, Verb::Refused), line.notes);
    Ok(Command { verb, notes, file })
}

/// A command line taken apart: flags with their values, and the rest.
struct Line<'a> {
    verb: &'a str,
    flags: Vec<(&'a str, Option<&'a str>)>,
    words: Vec<&'a str>,
    /// Why kubectl refuses it, if it does; it is read to its end all the same.
    refused: Option<String>,
    notes: String,
}

/// Flags that take the next word as their value.
const VALUED: [&str; 10] =
    ["-f", "--filename", "-n", "--namespace", "--field-manager", "-p", "--patch", "--type", "-o", "--resource-version"];

impl<'a> Line<'a> {
    fn read(verb: &'a str, arguments: &[&'a str]) -> Result<Self, Error> {
        let mut line = Line { verb, flags: Vec::new(), words: Vec::new(), refused: None, notes: String::new() };
        let mut rest = arguments.iter();
        while let Some(&word) = rest.next() {
            if !word.starts_with('-') || word == "-" {
                line.words.push(word);
            } else if let Some((flag, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
                line.flags.push((flag, Some(value)));
            } else if let Some((flag, value)) = short(word) {
                line.flags.push((flag, Some(value)));
            } else if VALUED.contains(&word) || word == "--output" {
                let value = rest.next().ok_or_else(|| Error::not_modelled(&format!("kubectl {verb} {word} without a value")))?;
                line.flags.push((word, Some(value)));
            } else {
                line.flags.push((word, None));
            }
        }
        Ok(line)
    }

    /// Takes the last use of a flag.
    fn take(&mut self, names: &[&str]) -> Option<Option<&'a str>> {
        let mut found = None;
        self.flags.retain(|(flag, value)| {
            let hit = names.contains(flag);
            if hit {
                found = Some(*value);
            }
            !hit
        });
        found
    }

    fn text(&mut self, names: &[&str]) -> Option<&'a str> {
        self.take(names).flatten()
    }

    /// A flag that is on when it is given without a value.
    fn switch(&mut self, name: &str, default: bool) -> Result<bool, Error> {
        match self.take(&[name]) {
            None => Ok(default),
            Some(None) => Ok(true),
            Some(Some(text)) => boolean(text).ok_or_else(|| self.outside(&format!("{name}={text}"))),
        }
    }

    fn outside(&self, what: &str) -> Error {
        Error::not_modelled(&format!("kubectl {} {what}", self.verb))
    }

    /// Notes why kubectl refuses the command line; the first reason counts.
    fn refuse(&mut self, why: impl Into<String>) {
        self.refused.get_or_insert_with(|| why.into());
    }

    fn refuse_if(&mut self, why: Option<String>) {
        if let Some(why) = why {
            self.refuse(why);
        }
    }

    fn dry_run(&mut self) -> Result<DryRun, Error> {
        match self.take(&["--dry-run"]) {
            None | Some(Some("none")) => Ok(DryRun::None),
            Some(Some("client")) => Ok(DryRun::Client),
            Some(Some("server")) => Ok(DryRun::Server),
            // kubectl warns of these with a line that tells the time.
            Some(Some(old)) if old == "unchanged" || boolean(old).is_some() => Err(self.outside(&format!("--dry-run={old}"))),
            Some(Some(other)) => {
                self.refuse(format!("Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."));
                Ok(DryRun::None)
            }
            Some(None) => Err(self.outside("--dry-run without a value")),
        }
    }

    fn common(&mut self) -> Result<Common, Error> {
        Ok(Common {
            dry_run: self.dry_run()?,
            field_manager: self.text(&["--field-manager"]).map(str::to_owned),
            namespace: self.namespace(),
            validate: Validate::default(),
            printing: self.printing()?,
        })
    }

    fn printing(&mut self) -> Result<Printing, Error> {
        let output = self.output().map(|named| named.map_err(|other| self.outside(&format!("-o {other}")))).transpose()?;
        Ok(Printing { output, managed_fields: self.switch("--show-managed-fields", false)? })
    }

    /// The form that `--output` names, or its name if it is another one; an empty one is as good as none.
    fn output(&mut self) -> Option<Result<Output, &'a str>> {
        Some(match self.text(&["-o", "--output"]).filter(|name| !name.is_empty())? {
            "name" => Ok(Output::Name),
            "json" => Ok(Output::Json),
            "yaml" => Ok(Output::Yaml),
            other => Err(other),
        })
    }

    /// The same of a verb that sends whole manifests.
    fn common_of_manifest(&mut self) -> Result<Common, Error> {
        let common = self.common()?;
        Ok(Common { validate: self.validate(), ..common })
    }

    fn validate(&mut self) -> Validate {
        match self.take(&["--validate"]) {
            None | Some(None | Some("strict")) => Validate::Strict,
            Some(Some("warn")) => Validate::Warn,
            Some(Some("ignore")) => Validate::Ignore,
            Some(Some(other)) => match boolean(other) {
                Some(true) => Validate::Strict,
                Some(false) => Validate::Ignore,
                None => {
                    let must = "must be one of: strict (or true), warn, ignore (or false)";
                    self.refuse(format!("invalid - validate option {}; {must}", quote(other)));
                    Validate::Strict
                }
            },
        }
    }

    /// An empty one is as good as none.
    fn namespace(&mut self) -> Option<String> {
        self.text(&["-n", "--namespace"]).filter(|name| !name.is_empty()).map(str::to_owned)
    }

    /// `-f` names the one manifest, whatever the name is.
    fn file(&mut self) -> Result<(), Error> {
        match self.take(&["-f", "--filename"]) {
            Some(Some(_)) => {}
            _ if self.flags.is_empty() && self.words.is_empty() => self.refuse("must specify one of -f and -k"),
            _ => return Err(self.outside("without -f")),
        }
        Ok(())
    }

    /// Refuses words that are no flags.
    fn no_words(&mut self) {
        let words = std::mem::take(&mut self.words).join(" ");
        if !words.is_empty() {
            self.refuse(format!("Unexpected args: [{words}]\nSee 'kubectl {} -h' for help and examples", self.verb));
        }
    }

    fn apply(&mut self) -> Result<Verb, Error> {
        self.file()?;
        self.no_words();
        let mut options = if self.switch("--server-side", false)? { Apply::server_side() } else { Apply::client_side() };
        options.common = self.common_of_manifest()?;
        options.force_conflicts = self.switch("--force-conflicts", false)?;
        options.force = self.switch("--force", false)?;
        options.overwrite = self.switch("--overwrite", true)?;
        options.openapi_patch = self.switch("--openapi-patch", true)?;
        Ok(Verb::Apply(options))
    }

    fn create(&mut self) -> Result<Verb, Error> {
        self.file()?;
        self.no_words();
        Ok(Verb::Create(Create { save_config: self.switch("--save-config", false)?, common: self.common_of_manifest()? }))
    }

    fn replace(&mut self) -> Result<Verb, Error> {
        self.file()?;
        let (save_config, force) = (self.switch("--save-config", false)?, self.switch("--force", false)?);
        // Upstream: it is the one verb that looks at this flag before the others.
        let validate = self.validate();
        Ok(Verb::Replace(Replace { common: Common { validate, ..self.common()? }, save_config, force }))
    }

    fn delete(&mut self) -> Result<Verb, Error> {
        let cascade = match self.take(&["--cascade"]) {
            None | Some(None | Some("background")) => Cascade::Background,
            Some(Some("foreground")) => Cascade::Foreground,
            Some(Some("orphan")) => Cascade::Orphan,
            Some(Some(other)) => match boolean(other) {
                Some(yes) => {
                    let (cascade, instead) = if yes { (Cascade::Background, "background") } else { (Cascade::Orphan, "orphan") };
                    self.notes.push_str(&format!(
                        "warning: --cascade={other} is deprecated (boolean value) and can be replaced with --cascade={instead}.\n"
                    ));
                    cascade
                }
                None => {
                    let known = "\"background\", \"foreground\", or \"orphan\"";
                    self.refuse(format!("invalid cascade value ({other}). Must be {known}"));
                    Cascade::Background
                }
            },
        };
        let dry_run = self.dry_run()?;
        let output = self.text(&["-o", "--output"]).filter(|name| !name.is_empty());
        if let Some(other) = output.filter(|name| *name != "name") {
            self.refuse(format!("unexpected -o output mode: {other}. We only support '-o name'"));
        }
        let options = Delete {
            namespace: self.namespace(),
            dry_run,
            name_alone: output.is_some(),
            ignore_not_found: self.switch("--ignore-not-found", false)?,
            no_wait: !self.switch("--wait", true)?,
            cascade,
        };
        if self.take(&["-f", "--filename"]).is_some() {
            return Ok(Verb::DeleteFile(options));
        }
        Ok(Verb::Delete(self.name()?, options))
    }

    fn patch(&mut self) -> Result<Verb, Error> {
        let common = self.common()?;
        if self.take(&["--patch-file"]).is_some() {
            return Err(self.outside("--patch-file"));
        }
        let text = self.text(&["-p", "--patch"]).filter(|text| !text.is_empty());
        let named = self.text(&["--type"]).filter(|name| !name.is_empty());
        if text.is_none() {
            self.refuse("must specify --patch or --patch-file containing the contents of the patch");
        }
        let patch_type = match &*named.unwrap_or_default().to_ascii_lowercase() {
            "" | "strategic" => PatchType::Strategic,
            "merge" => PatchType::Merge,
            "json" => PatchType::Json,
            other => {
                self.refuse(format!("--type must be one of [json merge strategic], not {}", quote(named.unwrap_or(other))));
                PatchType::Strategic
            }
        };
        let mut options = Patch::new(patch_type, text.unwrap_or_default().to_owned());
        options.common = common;
        Ok(Verb::Patch(self.name()?, options))
    }

    fn label(&mut self) -> Result<Verb, Error> {
        let (common, changes) = (self.common()?, self.changes("label")?);
        self.refuse_if(labels::contradiction(&changes));
        self.check_listing(&common, &changes);
        self.refuse_if(labels::nothing(&changes, "label"));
        Ok(Verb::Label(self.name()?, Label { common, changes }))
    }

    fn annotate(&mut self) -> Result<Verb, Error> {
        let (common, changes) = (self.common()?, self.changes("annotation")?);
        self.check_listing(&common, &changes);
        self.refuse_if(labels::annotations_fault(&changes));
        Ok(Verb::Annotate(self.name()?, Annotate { common, changes }))
    }

    fn get(&mut self) -> Result<Verb, Error> {
        let Printing { output, managed_fields } = self.printing()?;
        let options = Get {
            namespace: self.namespace(),
            output: output.ok_or_else(|| self.outside("without -o json, -o yaml or -o name"))?,
            managed_fields,
            ignore_not_found: self.switch("--ignore-not-found", false)?,
        };
        Ok(Verb::Get(self.name()?, options))
    }

    /// The one Service that the words name, as `service dns` or `service/dns`.
    fn name(&mut self) -> Result<String, Error> {
        const RESOURCES: [&str; 3] = ["service", "services", "svc"];
        let words = std::mem::take(&mut self.words);
        if self.refused.is_some() {
            // Nothing is looked up.
            return Ok(String::new());
        }
        let (name, rest): (&str, &[&str]) = match &*words {
            [resource, name, rest @ ..] if RESOURCES.contains(resource) => (*name, rest),
            [word, rest @ ..] => match word.split_once('/') {
                Some((resource, name)) if RESOURCES.contains(&resource) => (name, rest),
                _ => return Err(self.outside(word)),
            },
            [] => return Err(self.outside("without a name")),
        };
        if name.is_empty() || name.contains('/') {
            return Err(self.outside(name));
        }
        self.words = rest.to_vec();
        Ok(name.to_owned())
    }

    /// `KEY=VALUE` and `KEY-`, which come behind all names.
    fn changes(&mut self, what: &str) -> Result<Changes, Error> {
        let mut changes = Changes {
            overwrite: self.switch("--overwrite", false)?,
            list: self.switch("--list", false)?,
            resource_version: self.text(&["--resource-version"]).filter(|text| !text.is_empty()).map(str::to_owned),
            ..Changes::default()
        };
        let is_change = |word: &&&str| word.find('=').is_some_and(|at| at > 0) || word.ends_with('-') && **word != "-";
        let names = self.words.iter().take_while(|word| !is_change(word)).count();
        let words = self.words.split_off(names);
        if let Some(word) = words.iter().find(|word| !is_change(word)) {
            self.refuse(format!("all resources must be specified before {what} changes: {word}"));
        }
        for word in words {
            match word.split_once('=') {
                // Upstream: a value of an annotation may hold further equals signs, one of a label may not.
                Some((_, value)) if what == "label" && value.contains('=') => self.refuse(format!("invalid label spec: {word}")),
                Some((key, value)) => {
                    if what == "label" {
                        self.refuse_if(labels::value_fault(word, value));
                    }
                    changes.set.push((key.to_owned(), value.to_owned()));
                }
                None => changes.remove.extend(word.strip_suffix('-').map(str::to_owned)),
            }
        }
        Ok(changes)
    }

    fn check_listing(&mut self, common: &Common, changes: &Changes) {
        if changes.list && common.printing.output.is_some() {
            self.refuse("--list and --output may not be specified together");
        }
        if self.words.is_empty() {
            self.refuse("one or more resources must be specified as <resource> <name> or <resource>/<name>");
        }
    }

    /// What is left is not known here.
    fn done(&self) -> Result<(), Error> {
        let unknown = self.flags.first().map(|(flag, _)| *flag).or(self.words.first().copied());
        unknown.map_or(Ok(()), |what| Err(Error::not_modelled(&format!("kubectl {} {what}", self.verb))))
    }
}

/// A short flag with its value in one word, as `-p=PATCH` or `-nNAMESPACE`.
fn short(word: &str) -> Option<(&str, &str)> {
    let (flag, value) = word.split_at_checked(2).filter(|(flag, _)| VALUED.contains(flag))?;
    // Upstream: an equals sign with nothing behind it is the value.
    let value = value.strip_prefix('=').filter(|rest| !rest.is_empty()).unwrap_or(value);
    (!value.is_empty()).then_some((flag, value))
}

/// A boolean as Go reads it.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "t" | "1" | "T" | "TRUE" | "True" => Some(true),
        "false" | "f" | "0" | "F" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(read(&words, None).unwrap_err().to_string(), expect);
    }

    #[test]
    fn unknown_words_are_named() {
        check("rollout restart", "not modelled: kubectl rollout");
        check("apply -f - --prune", "not modelled: kubectl apply --prune");
        check("apply -k dir", "not modelled: kubectl apply without -f");
        check("delete pod a", "not modelled: kubectl delete pod");
        check("delete service a b", "not modelled: kubectl delete b");
        check("get service a", "not modelled: kubectl get without -o json, -o yaml or -o name");
        check("apply -f - --overwrite=perhaps", "not modelled: kubectl apply --overwrite=perhaps");
    }

    #[test]
    fn forms_of_flags() {
        let command = read(&["kubectl", "patch", "svc/dns", "--type", "merge", "-p", "{}", "--namespace=a"], None).unwrap();
        let Verb::Patch(name, options) = command.verb else { panic!("a patch") };
        assert_eq!((&*name, &*options.text, options.common.namespace.as_deref()), ("dns", "{}", Some("a")));
        let command = read(&["label", "service", "dns", "a=b", "c-", "--overwrite"], None).unwrap();
        let Verb::Label(_, options) = command.verb else { panic!("a label") };
        assert_eq!((options.changes.set.len(), options.changes.remove.len(), options.changes.overwrite), (1, 1, true));
    }
}
