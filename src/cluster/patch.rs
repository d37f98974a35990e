//! What the four kinds of PATCH make of the live object, before it is written.
//!
//! Upstream: apiserver v0.37.2 `pkg/endpoints/handlers/patch.go`. Left out: apply bodies in YAML other than JSON, and the line of
//! a repeated key in one of several lines.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::body::{self, strict};
use super::ownership::{self, Configuration};
use super::request::{Body, FieldValidation, PatchType};
use super::spent::spent;
use super::status::Status;
use super::strict::{duplicates, duplicates_below, in_order, report};
use super::write::{Draft, Stop, Write};
use super::{Object, json_patch, merge_patch, yaml_body};
use crate::error::Kind;
use crate::service::{self, Service};
use crate::strategic::{self, Lookup};
use crate::value::{self, Document, Node, Value, go_value};
use crate::{Error, structured};

/// A patch as it was sent.
pub(super) struct Patch<'r> {
    patch_type: PatchType,
    document: Document<'r>,
    body: &'r Body,
}

impl<'r> Patch<'r> {
    /// Reads the body of a patch.
    pub(super) fn read(body: &'r Body, patch_type: PatchType) -> Result<Self, Stop> {
        let document = body::document(body).map_err(|error| match patch_type {
            PatchType::Apply => Error::not_modelled(&format!("an apply patch that is not JSON ({error})")).into(),
            _ => body::syntax_error(body, &error).map_or_else(Stop::from, |_| Status::bad_request("invalid JSON patch").into()),
        })?;
        Ok(Patch { patch_type, document, body })
    }
}

/// The Service that a patch leads to; `live` is missing only where an apply creates.
pub(super) fn patched(write: &mut Write<'_, '_>, live: Option<&Object>, patch: Patch<'_>) -> Result<Draft, Stop> {
    let Patch { patch_type, document, body } = patch;
    match (patch_type, live) {
        (PatchType::Apply, live) => apply(write, live, document, body),
        (_, None) => Err(Status::not_found("services", write.name()).into()),
        (PatchType::Strategic, Some(live)) => strategic(write, live, document),
        (PatchType::Merge, Some(live)) => merge(write, live, document, body),
        (PatchType::Json, Some(live)) => json(write, live, document, body),
    }
}

const MAP: &str = "map[string]interface {}";

fn wrong_kind(prefix: &str, root: Node<'_, '_>, wanted: &str) -> Stop {
    Status::bad_request(format!("{prefix}json: cannot unmarshal {} into Go value of type {wanted}", root.go_kind())).into()
}

fn is_null(root: Node<'_, '_>) -> bool {
    root.scalar().is_some_and(Value::is_null)
}

fn apply(write: &mut Write<'_, '_>, live: Option<&Object>, document: Document<'_>, body: &Body) -> Result<Draft, Stop> {
    yaml_body::check(body)?;
    if document.root().members().is_none() && !is_null(document.root()) {
        let prefix = "error decoding patch: error unmarshaling JSON: while decoding JSON: ";
        return Err(wrong_kind(prefix, document.root(), MAP));
    }
    let mut repeated = Vec::new();
    if write.validation() != FieldValidation::Ignore && !document.is_sorted() {
        repeated_keys(document.root(), &mut repeated);
    }
    let mut object = document.into_shared_value();
    if has_float(&object) {
        settle_numbers(object.to_mut());
    }
    let configuration = Configuration { object: &object, force: structured::Force::from(write.options.force()) };
    let writer = ownership::Writer { manager: &write.manager, now: &write.now };
    let (service, managed_fields) = ownership::apply(live, configuration, writer, write.endpoint, write.trace.structured())?;
    // Upstream: repeated keys are looked for when the apply has succeeded.
    if !repeated.is_empty() && !yaml_body::is_one_line(body) {
        return Err(
            Error::not_modelled("an apply patch of several lines with a repeated key, which upstream tells by its line").into()
        );
    }
    if write.validation() == FieldValidation::Strict && !repeated.is_empty() {
        let lines = repeated.join("\n  ");
        let prefix = "error strict decoding patch: error converting YAML to JSON: yaml: unmarshal errors:\n  ";
        return Err(Status::bad_request(format!("{prefix}{lines}")).into());
    }
    write.warnings.extend(repeated);
    Ok(Draft { service, managed_fields })
}

/// Repeated keys as the YAML reader tells them in a text of one line: those inside a value before its own.
fn repeated_keys(node: Node<'_, '_>, found: &mut Vec<String>) {
    // A shortcut: what is in order has nothing twice.
    let ordered = node.members().is_none_or(in_order);
    let mut seen = BTreeSet::new();
    for (key, value) in node.members().into_iter().flatten() {
        repeated_keys(value, found);
        if !ordered && !seen.insert(key) {
            found.push(format!("line 1: key {} already set in map", value::quote(key)));
        }
    }
    node.items().into_iter().flatten().for_each(|item| repeated_keys(item, found));
}

/// Upstream reads an apply as YAML and writes it as JSON before it decodes it: whole numbers are then integers, however written.
pub(super) fn settle_numbers(value: &mut Value<'_>) {
    match value {
        Value::Float(_) => {
            if let Ok(number) = value.to_string().parse() {
                *value = Value::Integer(number);
            }
        }
        Value::List(items) => items.iter_mut().for_each(settle_numbers),
        Value::Map(map) => map.iter_mut().for_each(|(_, value)| settle_numbers(value)),
        _ => {}
    }
}

/// The same of what is written and read anew on its way.
pub(super) fn settled<'v>(mut value: Arc<Value<'v>>) -> Arc<Value<'v>> {
    if has_float(&value) {
        settle_numbers(Arc::make_mut(&mut value));
    }
    value
}

pub(super) fn has_float(value: &Value<'_>) -> bool {
    match value {
        Value::Float(_) => true,
        Value::List(items) => items.iter().any(has_float),
        Value::Map(map) => map.values().any(has_float),
        _ => false,
    }
}

fn strategic(write: &mut Write<'_, '_>, live: &Object, document: Document<'_>) -> Result<Draft, Stop> {
    if document.root().members().is_none() && !is_null(document.root()) {
        return Err(wrong_kind("", document.root(), MAP));
    }
    let mut findings = if write.validation() == FieldValidation::Ignore { Vec::new() } else { duplicates(&document) };
    let patch = document.into_shared_value();
    let schema = write.endpoint.schema();
    // Managed fields that a patch does not mention are left out: without them the live ones count.
    let current = match patch.at(&["metadata", "managedFields"]) {
        None => live.service().to_value(),
        Some(_) => live.stored_value(),
    };
    let merged = strategic::apply_values(current, patch.borrowed(), schema, Lookup::GoTypes, &mut write.trace.strategic())
        .map_err(refusal)?;
    let printed = || go_value(&spent(&live.stored_value(), &patch, schema));
    let decoded = service::decode_unstructured(&merged).map_err(|why| Status::invalid_patch(&printed(), &why))?;
    findings.extend(decoded.findings);
    judge(write, findings, || Ok(printed()))?;
    finish(write, live, decoded.service)
}

/// A patch that cannot be applied: the server tells a few faults of its form from the rest.
fn refusal(error: Error) -> Stop {
    match error.kind() {
        Kind::BadPatchFormat => Status::bad_request(error.to_string()).into(),
        Kind::Crash => Error::not_modelled(&format!("a patch on which the server crashes ({error})")).into(),
        _ => Status::failure(error.to_string()).into(),
    }
}

fn merge(write: &mut Write<'_, '_>, live: &Object, document: Document<'_>, body: &Body) -> Result<Draft, Stop> {
    let root = document.root();
    let lax = write.validation() == FieldValidation::Ignore;
    if !lax && root.members().is_none() && !is_null(root) {
        return Err(wrong_kind("error decoding patch: ", root, MAP));
    }
    let findings = if lax { Vec::new() } else { duplicates(&document) };
    let merged = merge_patch::apply(live.stored_document(), document.into_ordered()).map_err(Status::bad_request)?;
    decode(write, live, merged, findings, |document| printed(document, body))
}

fn json(write: &mut Write<'_, '_>, live: &Object, document: Document<'_>, body: &Body) -> Result<Draft, Stop> {
    const OPERATIONS: &str = "[]handlers.jsonPatchOp";
    let root = document.root();
    let lax = write.validation() == FieldValidation::Ignore;
    let wanted = if lax { "jsonpatch.Patch" } else { OPERATIONS };
    let prefix = if lax { "" } else { "error decoding patch: " };
    if root.items().is_none() && !is_null(root) {
        return Err(wrong_kind(prefix, root, wanted));
    }
    let mut findings = Vec::new();
    let mut wrong_type = None;
    for (at, operation) in root.items().into_iter().flatten().enumerate() {
        if operation.members().is_none() && !is_null(operation) {
            let wanted = if lax { "jsonpatch.Operation" } else { "handlers.jsonPatchOp" };
            wrong_type.get_or_insert_with(|| wrong_kind(prefix, operation, wanted));
        }
        if !lax && let Some(why) = look_through(at, operation, document.is_sorted(), &mut findings) {
            wrong_type.get_or_insert_with(|| Status::bad_request(prefix.to_owned() + &why).into());
        }
    }
    if let Some(refusal) = wrong_type {
        return Err(refusal);
    }
    let operations = match document.into_ordered() {
        Value::List(operations) => operations,
        _ => Vec::new(),
    };
    if operations.len() > json_patch::MAX_OPERATIONS {
        let (most, sent) = (json_patch::MAX_OPERATIONS, operations.len());
        return Err(Status::too_large(&format!("The allowed maximum operations in a JSON patch is {most}, got {sent}")).into());
    }
    // Managed fields that no operation reaches are left out: without them the live ones count. What the first operation to reach
    // them puts in their place is there without them as well.
    if operations.iter().find(|operation| reaches_managed_fields(operation)).is_some_and(|first| !sets_managed_fields(first)) {
        let patched = json_patch::apply(live.stored_document(), operations).map_err(|_| Status::unprocessable())?;
        return decode(write, live, patched, findings, |document| printed(document, body));
    }
    let patched = json_patch::apply(live.bare_document(), operations.clone()).map_err(|_| Status::unprocessable())?;
    decode(write, live, patched, findings, |bare| {
        let whole = json_patch::apply(live.stored_document(), operations.clone()).map(Document::assembled);
        printed(whole.as_ref().unwrap_or(bare), body)
    })
}

/// The tokens of a JSON patch to the managed fields.
const MANAGED_FIELDS: &str = "metadata/managedFields";

/// Whether an operation of a JSON patch is about the managed fields, or about something that holds them.
fn reaches_managed_fields(operation: &Value<'_>) -> bool {
    let members = operation.as_map().map(value::Map::entries).unwrap_or_default();
    let places = members.iter().filter(|(key, _)| key == "path" || key == "from").filter_map(|(_, place)| place.as_str());
    let mut places = places.map(|place| json_patch::tokens(place).unwrap_or_default());
    places.any(|place| MANAGED_FIELDS.starts_with(place) || place.starts_with(MANAGED_FIELDS))
}

/// Whether an operation of a JSON patch sets the managed fields, whatever they were.
fn sets_managed_fields(operation: &Value<'_>) -> bool {
    let members = operation.as_map().map(value::Map::entries).unwrap_or_default();
    members.iter().all(|(key, member)| match (&**key, member.as_str()) {
        ("op", Some(op)) => matches!(op, "add" | "replace"),
        ("path", Some(path)) => json_patch::tokens(path) == Some(MANAGED_FIELDS),
        ("op" | "path" | "from", _) => false,
        _ => true,
    })
}

/// Reads an operation of a JSON patch as its struct: what strict decoding finds in it, and the first value that is no text.
fn look_through(at: usize, operation: Node<'_, '_>, sorted: bool, findings: &mut Vec<String>) -> Option<String> {
    let mut wrong_type = None;
    let mut seen = Vec::new();
    for (key, value) in operation.members().into_iter().flatten() {
        let path = || format!("[{at}].{key}");
        let mut find = |what: &str| report(findings, format!("json patch {what} field {}", value::quote(&path())));
        if !["op", "path", "from", "value"].contains(&key) {
            find("unknown");
            continue;
        }
        if seen.contains(&key) {
            find("duplicate");
        }
        seen.push(key);
        if key == "value" {
            let mut below = Vec::new();
            if !sorted {
                duplicates_below(value, &mut path(), &mut below);
            }
            below.into_iter().for_each(|finding| report(findings, format!("json patch {finding}")));
        } else if !value.scalar().is_some_and(|value| value.is_null() || value.as_str().is_some()) {
            let kind = value.go_kind();
            wrong_type.get_or_insert_with(|| {
                format!("json: cannot unmarshal {kind} into Go struct field jsonPatchOp.{key} of type string")
            });
        }
    }
    wrong_type
}

/// The Service that a patched document is.
fn decode(
    write: &mut Write<'_, '_>,
    live: &Object,
    patched: Value<'_>,
    mut findings: Vec<String>,
    printed: impl Fn(&Document<'_>) -> Result<String, Error>,
) -> Result<Draft, Stop> {
    let document = Document::assembled(patched);
    let decoded = match body::decode_patched(&document) {
        Ok(decoded) => decoded,
        Err(why) => return Err(Status::invalid_patch(&printed(&document)?, &why).into()),
    };
    if write.validation() != FieldValidation::Ignore {
        findings.extend(decoded.findings);
    }
    judge(write, findings, || printed(&document))?;
    body::check_targets(decoded.hides_target)?;
    finish(write, live, decoded.service)
}

/// What strict decoding found is a warning or a refusal.
fn judge(write: &mut Write<'_, '_>, findings: Vec<String>, printed: impl FnOnce() -> Result<String, Error>) -> Result<(), Stop> {
    match write.validation() {
        FieldValidation::Ignore => {}
        FieldValidation::Warn => write.warnings.extend(findings),
        FieldValidation::Strict if findings.is_empty() => {}
        FieldValidation::Strict => return Err(Status::invalid_patch(&printed()?, &strict(&findings)).into()),
    }
    Ok(())
}

/// Defaults and ownership of a patched Service.
fn finish(write: &mut Write<'_, '_>, live: &Object, mut service: Service) -> Result<Draft, Stop> {
    service::default(&mut service);
    let managed_fields = write.own(Some(live), &mut service)?;
    Ok(Draft { service, managed_fields })
}

/// A patched document as a message prints it. Upstream keeps the text of what a patch brings along.
fn printed(document: &Document<'_>, sent: &Body) -> Result<String, Error> {
    if let Body::Bytes(bytes) = sent
        && compact(bytes).as_deref() != Some(&text(&Document::assembled(value::parse_document(bytes)?.into_ordered())))
    {
        return Err(Error::not_modelled("the print of a patch that spells a number or a character as Go would not"));
    }
    Ok(text(document))
}

fn text(document: &Document<'_>) -> String {
    let mut text = String::new();
    write_node(document.root(), document, &mut text);
    text
}

/// JSON without white space and with escapes for HTML, otherwise as it is (`compact` of Go's `encoding/json`).
fn compact(bytes: &[u8]) -> Option<String> {
    let mut out = String::new();
    let (mut inside, mut escaped) = (false, false);
    for c in std::str::from_utf8(bytes).ok()?.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            ' ' | '\t' | '\r' | '\n' if !inside => {}
            c => out.push(c),
        }
        inside ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    Some(out)
}

/// The text of a document in its own order.
fn write_node(node: Node<'_, '_>, document: &Document<'_>, out: &mut String) {
    if let Some(members) = node.members() {
        out.push('{');
        for (at, (key, value)) in members.enumerate() {
            if at > 0 {
                out.push(',');
            }
            Value::from(key).write_to(out);
            out.push(':');
            write_node(value, document, out);
        }
        out.push('}');
    } else if let Some(items) = node.items() {
        out.push('[');
        for (at, item) in items.enumerate() {
            if at > 0 {
                out.push(',');
            }
            write_node(item, document, out);
        }
        out.push(']');
    } else if let Some(scalar) = node.scalar() {
        match scalar {
            Value::Float(_) => out.push_str(&document.number_text(scalar)),
            _ => scalar.write_to(out),
        }
    }
}
