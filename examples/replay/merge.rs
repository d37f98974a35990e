//! A merge case: one patch made or applied by the strategic engine alone.
//!
//! Patch and result are compared byte for byte with what the line says. Of an error the kind counts, and its text where the
//! context asks for it.

use mergekey::Error;
use mergekey::schema::Schema;
use mergekey::strategic::{self, Conflicts, Options, ThreeWay, TwoWay};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::case::{Case, Context, Difference};

/// Replays one case.
pub(crate) fn check(case: &Case<'_>, context: &Context) -> Result<(), Vec<Difference>> {
    let merge: MergeCase<'_> = case.fields().map_err(|difference| vec![difference])?;
    let schema = context.schema(&merge.kind).map_err(|difference| vec![difference])?;
    merge.check(&schema, context)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MergeCase<'a> {
    kind: String,
    op: String,
    #[serde(default)]
    overwrite: bool,
    #[serde(borrow)]
    original: Option<&'a RawValue>,
    #[serde(borrow)]
    modified: Option<&'a RawValue>,
    #[serde(borrow)]
    current: Option<&'a RawValue>,
    #[serde(borrow)]
    document: Option<&'a RawValue>,
    #[serde(borrow)]
    patch: Option<&'a RawValue>,
    error: Option<String>,
    error_kind: Option<String>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    result_error: Option<String>,
    result_error_kind: Option<String>,
}

/// What was recorded: the bytes, or an error.
struct Recorded<'a> {
    name: &'static str,
    bytes: Option<&'a RawValue>,
    error: Option<&'a str>,
    kind: Option<&'a str>,
}

impl<'a> MergeCase<'a> {
    fn check(&self, schema: &Schema, context: &Context) -> Result<(), Vec<Difference>> {
        let mut made = None;
        if let Some(patch) = self.patch(schema) {
            self.recorded_patch().compare(&patch, context)?;
            match patch {
                Ok(patch) => made = Some(patch),
                Err(_) => return Ok(()),
            }
        }
        let patch = match (&made, self.patch) {
            (Some(made), _) => made.as_slice(),
            (None, Some(given)) => given.get().as_bytes(),
            (None, None) => return Err(vec![Difference::new("op", "three-way, two-way or apply with its inputs", &self.op)]),
        };
        let result = self.result(patch, schema).map_err(|difference| vec![difference])?;
        self.recorded_result().compare(&result, context)
    }

    /// The patch, if the case is to make one.
    fn patch(&self, schema: &Schema) -> Option<Result<Vec<u8>, Error>> {
        let conflicts = if self.overwrite { Conflicts::Overwrite } else { Conflicts::Refuse };
        match self.op.as_str() {
            "three-way" => {
                let objects = ThreeWay {
                    original: self.original.map(|raw| raw.get().as_bytes()),
                    modified: self.modified?.get().as_bytes(),
                    current: self.current?.get().as_bytes(),
                };
                let options = Options::new().conflicts(conflicts).identity_unchanged();
                Some(strategic::three_way_bytes(objects, schema, options))
            }
            "two-way" => {
                let original = self.original.map_or(&b""[..], |raw| raw.get().as_bytes());
                let objects = TwoWay { original, modified: self.modified?.get().as_bytes() };
                Some(strategic::two_way_bytes(objects, schema, Options::new()))
            }
            _ => None,
        }
    }

    /// The patch applied to the object that it is for.
    fn result(&self, patch: &[u8], schema: &Schema) -> Result<Result<Vec<u8>, Error>, Difference> {
        let document = match self.op.as_str() {
            "three-way" => self.current,
            "two-way" => self.original,
            "apply" => self.document,
            other => return Err(Difference::new("op", "three-way, two-way or apply", other)),
        };
        Ok(strategic::apply_bytes(document.map_or(&b""[..], |raw| raw.get().as_bytes()), patch, schema))
    }

    fn recorded_patch(&self) -> Recorded<'_> {
        Recorded { name: "patch", bytes: self.patch, error: self.error.as_deref(), kind: self.error_kind.as_deref() }
    }

    fn recorded_result(&self) -> Recorded<'_> {
        Recorded {
            name: "result",
            bytes: self.result,
            error: self.result_error.as_deref(),
            kind: self.result_error_kind.as_deref(),
        }
    }
}

impl Recorded<'_> {
    fn compare(&self, got: &Result<Vec<u8>, Error>, context: &Context) -> Result<(), Vec<Difference>> {
        match (self.bytes, self.kind, got) {
            (Some(expected), None, Ok(got)) if expected.get().as_bytes() == &got[..] => Ok(()),
            (Some(expected), None, Ok(got)) => Err(self.differences(expected.get(), &String::from_utf8_lossy(got))),
            (None, Some("panic"), Err(_)) => Ok(()),
            (None, Some(_), Err(error)) if self.error == Some(&error.to_string()) => Ok(()),
            (None, Some(kind), Err(error)) if kind == kind_of(error) && !context.texts => Ok(()),
            (_, Some(kind), got) => {
                let expected = format!("error {kind}: {}", self.error.unwrap_or_default());
                Err(vec![Difference::new(self.name, expected, text_of(got))])
            }
            (Some(expected), _, got) => Err(vec![Difference::new(self.name, expected, text_of(got))]),
            (None, None, got) => Err(vec![Difference::new(self.name, "nothing recorded", text_of(got))]),
        }
    }

    fn differences(&self, expected: &str, got: &str) -> Vec<Difference> {
        let found = match (serde_json::from_str(expected), serde_json::from_str(got)) {
            (Ok(expected), Ok(got)) => Difference::between(self.name, &expected, &got),
            _ => Vec::new(),
        };
        if found.is_empty() { vec![Difference::new(self.name, expected, got)] } else { found }
    }
}

fn text_of(got: &Result<Vec<u8>, Error>) -> String {
    match got {
        Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(error) => format!("error {}: {error}", kind_of(error)),
    }
}

fn kind_of(error: &Error) -> &'static str {
    match () {
        () if error.is_order_mismatch() => "order-mismatch",
        () if error.is_conflict() => "conflict",
        () if error.is_precondition() => "precondition",
        () if error.is_element_types() => "element-types",
        () if error.is_missing_merge_key() => "missing-merge-key",
        () if error.is_bad_directive() => "bad-directive",
        () if error.is_wrong_type() => "bad-type",
        () => "other",
    }
}
