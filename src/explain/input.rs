//! What a report can be made about: a Service whose lists are lists and whose ports have numbers.
//!
//! Anything beyond that is the server's or kubectl's to refuse, which is part of a report.

use crate::error::Kind;
use crate::path::{Element, Path};
use crate::schema::{Schema, Shape, Strategy, Type};
use crate::value::Value;
use crate::{Error, Manifest};

/// Checks that a text holds a Service that a report can be made about.
///
/// [`explain`](super::explain) does the same with the manifest and the live object. Checking each text by itself tells which of
/// them is wrong, and where.
///
/// # Errors
/// [`Error::is_wrong_type`] with line, column and path, as far as they are known: another kind, no name, something else where a list
/// or an object belongs, a list item without its merge key.
pub fn require_service(manifest: &Manifest) -> Result<(), Error> {
    check(manifest.value()).map_err(|(path, message)| {
        // What is missing is looked for where it should be.
        let parts = path.elements();
        let known = (0..=parts.len()).rev().find_map(|count| manifest.place(&parts.iter().take(count).cloned().collect()));
        let place = match known {
            Some(place) => format!("{place} ({path})"),
            None => path.to_string(),
        };
        Error::new(Kind::WrongType, Some(place), message)
    })
}

/// The same for an object that was not read from a text.
pub(super) fn require(object: &Value<'_>) -> Result<(), Error> {
    check(object).map_err(|(path, message)| Error::at(Kind::WrongType, &path, message))
}

/// The namespace and the name that an object states.
pub(super) fn identity<'v>(object: &'v Value<'_>) -> (Option<&'v str>, Option<&'v str>) {
    let text = |key| object.at(&["metadata", key]).and_then(Value::as_str).filter(|text| !text.is_empty());
    (text("namespace"), text("name"))
}

fn check(object: &Value<'_>) -> Result<(), (Path, String)> {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    match (text("apiVersion"), text("kind")) {
        ("v1", "Service") => {}
        (_, "") => return Err((Path::new().field("kind"), "missing, a Service of v1 is wanted".to_owned())),
        ("", kind) => {
            return Err((Path::new().field("apiVersion"), format!("missing beside kind {kind}, a Service of v1 is wanted")));
        }
        (version, kind) => {
            return Err((Path::new().field("kind"), format!("{kind} of {version} is not modelled, a Service of v1 is wanted")));
        }
    }
    if let Ok(schema) = Schema::builtin("v1", "Service") {
        shape(object, schema.root(), None).map_err(|fault| (fault.steps.into_iter().rev().collect(), fault.message))?;
    }
    let path = Path::new().field("metadata").field("name");
    match (identity(object).1, object.at(&["metadata", "name"])) {
        (Some(_), _) => Ok(()),
        (None, Some(Value::Bool(_))) => {
            let message =
                "a boolean stands where a name belongs; to YAML, y, n, yes, no, on and off are booleans unless they are quoted";
            Err((path, message.to_owned()))
        }
        (None, None | Some(Value::Null | Value::String(_))) => Err((path, "missing".to_owned())),
        (None, Some(other)) => Err((path, format!("{} stands where a name belongs", found(other)))),
    }
}

/// What is wrong, and where: the innermost step first.
struct Fault {
    steps: Vec<Element<'static>>,
    message: String,
}

impl Fault {
    fn new(message: String) -> Self {
        Fault { steps: Vec::new(), message }
    }

    fn inside(mut self, step: Element<'_>) -> Self {
        self.steps.push(step.into_owned());
        self
    }
}

/// Lists where lists belong, objects where objects belong, and merge keys in the items of merged lists.
fn shape(value: &Value<'_>, ty: Type<'_>, merge_key: Option<&str>) -> Result<(), Fault> {
    let wrong = |wanted: &str| Err(Fault::new(format!("{} stands where {wanted} belongs", found(value))));
    match (ty.shape(), value) {
        (_, Value::Null) | (Shape::Any | Shape::Scalar(_), _) => Ok(()),
        (Shape::List(list), Value::List(items)) => items.iter().enumerate().try_for_each(|(at, item)| {
            keyed(item, merge_key).and_then(|()| shape(item, list.item(), None)).map_err(|fault| fault.inside(Element::Index(at)))
        }),
        (Shape::List(_), _) => wrong("a list"),
        (Shape::Map(map), Value::Map(fields)) => fields
            .iter()
            .try_for_each(|(name, value)| shape(value, map.value(), None).map_err(|fault| fault.inside(Element::field(name)))),
        (Shape::Struct(known), Value::Map(fields)) => fields.iter().try_for_each(|(name, value)| {
            let Some(field) = known.field(name) else { return Ok(()) };
            let key = field.patch().merge_key().filter(|_| field.patch().strategy() == Strategy::Merge);
            shape(value, field.ty(), key).map_err(|fault| fault.inside(Element::field(name)))
        }),
        (Shape::Map(_) | Shape::Struct(_), _) => wrong("an object"),
    }
}

/// An item of a merged list has its merge key.
fn keyed(item: &Value<'_>, merge_key: Option<&str>) -> Result<(), Fault> {
    match (merge_key, item) {
        (Some(key), Value::Map(fields)) if fields.get(key).is_none_or(Value::is_null) => {
            Err(Fault::new("missing, items of this list are found by it".to_owned()).inside(Element::field(key)))
        }
        (Some(_), Value::Null) => Err(Fault::new("nothing stands where an object belongs".to_owned())),
        _ => Ok(()),
    }
}

fn found(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::String(_) => "a string",
        Value::List(_) => "a list",
        Value::Map(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, manifest: &str, expected: &str) {
        let manifest = Manifest::from_text(manifest).unwrap();
        let got = require_service(&manifest).err().map_or(String::new(), |error| error.to_string());
        assert_eq!(got, expected, "{name}");
    }

    #[test]
    fn what_a_report_can_be_made_about() {
        let head = "apiVersion: v1\nkind: Service\nmetadata:\n  name: dns\nspec:\n";
        for (name, manifest, expected) in [
            ("fine", format!("{head}  ports:\n  - port: 53\n"), ""),
            ("nothing_stated", format!("{head}  ports:\n"), ""),
            (
                "kind/other",
                "apiVersion: apps/v1\nkind: Deployment\n".to_owned(),
                "line 2, column 1 (.kind): Deployment of apps/v1 is not modelled, a Service of v1 is wanted",
            ),
            ("kind/missing", "apiVersion: v1\n".to_owned(), "line 1, column 1 (.kind): missing, a Service of v1 is wanted"),
            (
                "name/missing",
                "apiVersion: v1\nkind: Service\nmetadata:\n  labels: {}\n".to_owned(),
                "line 3, column 1 (.metadata.name): missing",
            ),
            (
                "name/boolean",
                "apiVersion: v1\nkind: Service\nmetadata:\n  name: y\n".to_owned(),
                "line 4, column 3 (.metadata.name): a boolean stands where a name belongs; to YAML, y, n, yes, no, on and off are \
                 booleans unless they are quoted",
            ),
            (
                "ports/number",
                format!("{head}  ports: 53\n"),
                "line 6, column 3 (.spec.ports): a number stands where a list belongs",
            ),
            (
                "ports/item",
                format!("{head}  ports:\n  - 53\n"),
                "line 7, column 5 (.spec.ports[0]): a number stands where an object belongs",
            ),
            (
                "ports/key",
                format!("{head}  ports:\n  - port: 53\n  - name: x\n"),
                "line 8, column 5 (.spec.ports[1].port): missing, items of this list are found by it",
            ),
            (
                "spec/list",
                "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: []\n".to_owned(),
                "line 4, column 1 (.spec): a list stands where an object belongs",
            ),
            (
                "selector/string",
                format!("{head}  selector: a\n"),
                "line 6, column 3 (.spec.selector): a string stands where an object belongs",
            ),
        ] {
            check(name, &manifest, expected);
        }
    }
}
