//! What kubectl prints of an object: its name and what was done, its name alone, or all of it as JSON or YAML.
//!
//! Upstream: cli-runtime v0.37.2 `pkg/printers`, `pkg/genericclioptions`. Left out: templates, tables, KYAML, and what stands
//! instead of YAML where a text has a control character that YAML cannot hold.

use std::sync::Arc;

use super::Session;
use super::errors::Failure;
use super::object;
use super::options::{Common, Output, Printing};
use crate::Error;
use crate::cluster::Object;
use crate::strategic::yaml;
use crate::value::{self, Value, is_yaml_control};

/// An object that a command ends with.
#[derive(Clone, Debug)]
pub(super) enum Shown {
    /// As the server answered it.
    Answered(Object),
    /// As kubectl itself made it.
    Made(Arc<Value<'static>>),
}

impl Shown {
    pub(super) fn name(&self) -> &str {
        match self {
            Shown::Answered(object) => object.name(),
            Shown::Made(object) => object::metadata_text(object, "name"),
        }
    }

    pub(super) fn is_terminating(&self) -> bool {
        match self {
            Shown::Answered(object) => object.is_terminating(),
            Shown::Made(object) => value::parse_time(object::metadata_text(object, "deletionTimestamp")).is_ok(),
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Shown::Answered(object) => object.to_value(),
            Shown::Made(object) => object.borrowed(),
        }
    }
}

impl Session<'_, '_> {
    /// `service/dns configured`, with what a dry run adds, or what `--output` asks for.
    pub(super) fn print(&mut self, shown: &Shown, operation: &str, common: &Common) -> Result<(), Failure> {
        match common.printing {
            Printing { output: None, .. } => {
                self.stdout.extend(["service/", or_unknown(shown.name()), " ", operation, common.dry_run.suffix(), "\n"]);
                Ok(())
            }
            Printing { output: Some(output), managed_fields } => self.print_as(shown, output, managed_fields),
        }
    }

    pub(super) fn print_as(&mut self, shown: &Shown, output: Output, managed_fields: bool) -> Result<(), Failure> {
        let mut object = match output {
            Output::Name => {
                self.stdout.push_str(&format!("service/{}\n", or_unknown(shown.name())));
                return Ok(());
            }
            Output::Json | Output::Yaml => shown.value(),
        };
        if !managed_fields && let Some(metadata) = object.map_at_mut(&["metadata"]) {
            metadata.remove("managedFields");
        }
        match object.as_map().filter(|_| output == Output::Yaml) {
            Some(_) if has_control(&object) => {
                return Err(Error::not_modelled("kubectl -o yaml of a text with control characters").into());
            }
            Some(map) => self.stdout.push_str(&yaml::write(map)),
            None => {
                write_indented(&object, 0, &mut self.stdout);
                self.stdout.push('\n');
            }
        }
        Ok(())
    }
}

fn or_unknown(name: &str) -> &str {
    if name.is_empty() { "<unknown>" } else { name }
}

/// Whether a text has a character that JSON does not escape and YAML does not take.
pub(super) fn has_control(value: &Value<'_>) -> bool {
    value.has_odd(|c| c == '\u{85}' || is_yaml_control(c))
}

/// As Go's `json.MarshalIndent` with four spaces, keys sorted.
fn write_indented(value: &Value<'_>, depth: usize, out: &mut String) {
    let line = |depth: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", depth));
    };
    match value {
        Value::Map(map) if !map.is_empty() => {
            out.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                Value::from(key).write_to(out);
                out.push_str(": ");
                write_indented(value, depth + 1, out);
            }
            line(depth, out);
            out.push('}');
        }
        Value::List(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                write_indented(item, depth + 1, out);
            }
            line(depth, out);
            out.push(']');
        }
        other => other.write_to(out),
    }
}
