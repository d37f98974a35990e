//! What all cases share: the line, the schemas that it may name, and differences between what was expected and what came.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;

use mergekey::schema::Schema;
use serde::Deserialize;
use serde_json::Value;

use crate::run;

/// One line of a corpus.
pub(crate) struct Case<'a> {
    /// The line as it stands in the file, for who compares bytes.
    pub(crate) line: &'a str,
    /// The same, read.
    pub(crate) json: Value,
}

impl<'a> Case<'a> {
    /// Reads a line.
    pub(crate) fn read(line: &'a str) -> Result<Self, String> {
        let json: Value = serde_json::from_str(line).map_err(|error| format!("not JSON: {error}"))?;
        if json.is_object() { Ok(Case { line, json }) } else { Err("not a JSON object".into()) }
    }

    /// The case's id; empty if it has none.
    pub(crate) fn id(&self) -> &str {
        self.json["id"].as_str().unwrap_or_default()
    }

    /// The line as fields of `T`, which may borrow from it.
    pub(crate) fn fields<T: Deserialize<'a>>(&self) -> Result<T, Difference> {
        serde_json::from_str(self.line).map_err(|error| Difference::new("", "a case of this form", error))
    }
}

/// Built-in kinds, which a case names without their API version.
const BUILTIN: [(&str, &str); 5] =
    [("v1", "Service"), ("v1", "Pod"), ("v1", "ServiceAccount"), ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet")];

/// What a case is replayed with.
#[derive(Default)]
pub(crate) struct Context {
    /// Whether the texts of errors have to be the recorded ones where their kind would do.
    pub(crate) texts: bool,
    pub(crate) documents: Vec<Value>,
    pub(crate) schemas: RefCell<Vec<(String, Schema)>>,
}

impl Context {
    /// Lets cases name the kinds of an OpenAPI v3 document.
    pub(crate) fn add_openapi(&mut self, file: &Path) -> Result<(), String> {
        let text = run::read(file)?;
        let document = serde_json::from_str(&text).map_err(|error| format!("{}: not JSON: {error}", file.display()))?;
        Schema::kinds_of_openapi(&document).map_err(|error| format!("{}: {error}", file.display()))?;
        self.documents.push(document);
        Ok(())
    }

    /// The schema of the kind of this name: one of the given documents, else a built-in one.
    pub(crate) fn schema(&self, kind: &str) -> Result<Schema, Difference> {
        if let Some((_, schema)) = self.schemas.borrow().iter().find(|(name, _)| name == kind) {
            return Ok(schema.clone());
        }
        let schema = self.find_schema(kind).map_err(|error| Difference::new("kind", "a known kind", error))?;
        self.schemas.borrow_mut().push((kind.to_owned(), schema.clone()));
        Ok(schema)
    }

    fn find_schema(&self, kind: &str) -> Result<Schema, String> {
        for document in &self.documents {
            let kinds = Schema::kinds_of_openapi(document).map_err(|error| error.to_string())?;
            if let Some((version, name)) = kinds.iter().find(|(_, name)| name == kind) {
                return Schema::from_openapi(document, version, name).map_err(|error| error.to_string());
            }
        }
        match BUILTIN.iter().find(|(_, name)| *name == kind) {
            Some((version, name)) => Schema::builtin(version, name).map_err(|error| error.to_string()),
            None => Err(format!("no schema for kind {kind:?}: give its document with --openapi")),
        }
    }
}

/// One place where the answer is not the recorded one.
#[derive(Debug)]
pub(crate) struct Difference {
    path: String,
    expected: String,
    got: String,
}

impl Difference {
    /// A difference at a place of the case.
    pub(crate) fn new(path: impl Into<String>, expected: impl fmt::Display, got: impl fmt::Display) -> Self {
        Difference { path: path.into(), expected: expected.to_string(), got: got.to_string() }
    }

    /// The same, inside of a place of the case.
    pub(crate) fn inside(self, path: &str) -> Self {
        Difference { path: format!("{path}{}", self.path), ..self }
    }

    /// Every place where two values differ, below `path`; objects compare key by key, lists item by item.
    pub(crate) fn between(path: &str, expected: &Value, got: &Value) -> Vec<Difference> {
        let mut found = Vec::new();
        collect(path, Some(expected), Some(got), &mut found);
        found
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n    expected {}\n    got      {}", self.path, self.expected, self.got)
    }
}

fn collect(path: &str, expected: Option<&Value>, got: Option<&Value>, found: &mut Vec<Difference>) {
    match (expected, got) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            for (key, value) in left {
                collect(&format!("{path}.{key}"), Some(value), right.get(key), found);
            }
            for (key, value) in right.iter().filter(|(key, _)| !left.contains_key(*key)) {
                collect(&format!("{path}.{key}"), None, Some(value), found);
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            for at in 0..left.len().max(right.len()) {
                collect(&format!("{path}[{at}]"), left.get(at), right.get(at), found);
            }
        }
        (Some(left), Some(right)) if left == right => {}
        _ => {
            let text = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
            found.push(Difference::new(path, text(expected), text(got)));
        }
    }
}
