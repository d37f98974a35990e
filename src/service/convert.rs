//! From a tree of values to the Service, as apimachinery's `DefaultUnstructuredConverter` does (`pkg/runtime/converter.go`,
//! v0.37.2), which the server uses on results of strategic patches and of server-side apply.
//!
//! Fields are taken in the order of Go's structs, so the first error is the first field's there. Integers wrap, whole floats are
//! taken as integers, and unknown fields are findings, sorted by text.

use super::decode::{Decoded, Step, place, read_time};
use super::table::{Fields, ManagedFieldsEntry, Slot, Typed};
use super::text_map::TextMap;
use super::types::IntOrString;
use crate::value::{Value, quote};

/// Reads a Service from a tree of values.
///
/// # Errors
/// The converter's text: `cannot convert int64 to v1.ServiceType`, `unrecognized type: int32`, `cannot restore struct from: slice`.
pub fn decode_unstructured(value: &Value<'_>) -> Result<Decoded, String> {
    let mut converter = Converter { path: Vec::new(), unknown: Vec::new() };
    let mut typed = Typed::default();
    converter.object(value, &mut typed)?;
    converter.unknown.sort();
    Ok(Decoded {
        service: typed.service,
        kind: typed.kind,
        api_version: typed.api_version,
        findings: converter.unknown,
        hides_target: false,
    })
}

struct Converter {
    path: Vec<Step>,
    unknown: Vec<String>,
}

impl Converter {
    fn object(&mut self, value: &Value<'_>, target: &mut dyn Fields) -> Result<(), String> {
        let map = value.as_map().ok_or_else(|| format!("cannot restore struct from: {}", go_kind(value)))?;
        let table = target.go_struct();
        let mut first: Option<(usize, String)> = None;
        for (key, member) in map.iter() {
            let Some((index, field)) = table.find(key) else {
                self.unknown.push(format!("unknown field {}", quote(&place(&self.path, key))));
                continue;
            };
            if let (false, Some(slot)) = (member.is_null(), target.slot(field.name)) {
                let depth = self.path.len();
                self.path.push(Step::Field(field.name));
                let converted = self.value(member, slot, field.go_type);
                self.path.truncate(depth);
                // Upstream goes through the fields of the struct, so its first error is that of the first field there.
                if let Err(error) = converted
                    && first.as_ref().is_none_or(|(before, _)| index < *before)
                {
                    first = Some((index, error));
                }
            }
        }
        first.map_or(Ok(()), |(_, error)| Err(error))
    }

    fn value(&mut self, value: &Value<'_>, slot: Slot<'_>, go_type: &str) -> Result<(), String> {
        match slot {
            Slot::Text(text) => *text = to_text(value, go_type)?,
            Slot::OptionalText(text) => *text = Some(to_text(value, go_type)?),
            Slot::Int32(number) => *number = to_int32(value, go_type)?,
            Slot::OptionalInt32(number) => *number = Some(to_int32(value, go_type)?),
            Slot::Int64(number) => *number = to_int64(value, go_type)?,
            Slot::OptionalInt64(number) => *number = Some(to_int64(value, go_type)?),
            Slot::Bool(truth) => *truth = to_bool(value)?,
            Slot::OptionalBool(truth) => *truth = Some(to_bool(value)?),
            Slot::IntOrString(target) => *target = to_int_or_string(value)?,
            Slot::Time(time) => {
                let text = value.as_str().ok_or_else(|| unmarshal_type_error(value, "string"))?;
                *time = read_time(text)?;
            }
            Slot::Raw(raw) => *raw = value.clone().into_owned(),
            Slot::Texts(texts) => {
                for item in self.list(value)? {
                    texts.push(if item.is_null() { String::new() } else { to_text(item, go_type.trim_start_matches("[]"))? });
                }
            }
            Slot::TextMap(map) => to_text_map(value, map)?,
            Slot::Struct(target) => self.object(value, target)?,
            Slot::OptionalStruct(pointer) => self.object(value, pointer.target())?,
            Slot::Structs(items) => {
                for (index, item) in self.list(value)?.iter().enumerate() {
                    self.path.push(Step::Index(index));
                    items.fill(index, &mut |target| if item.is_null() { Ok(()) } else { self.object(item, target) })?;
                    self.path.pop();
                }
            }
            Slot::ManagedFields(target) => {
                let items = self.list(value)?;
                let mut entries = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    let mut entry = ManagedFieldsEntry::default();
                    if !item.is_null() {
                        self.path.push(Step::Index(index));
                        self.object(item, &mut entry)?;
                        self.path.pop();
                    }
                    entries.push(entry.into_value());
                }
                *target = Value::List(entries);
            }
        }
        Ok(())
    }

    fn list<'v, 'a>(&self, value: &'v Value<'a>) -> Result<&'v [Value<'a>], String> {
        value.as_list().ok_or_else(|| format!("cannot restore slice from {}", go_kind(value)))
    }
}

/// The `reflect.Kind` of a decoded value.
fn go_kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Integer(_) => "int64",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
    }
}

/// Upstream: Go converts an int64 to a string (as a rune), so only that mismatch is told apart from the others.
fn to_text(value: &Value<'_>, go_type: &str) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone().into_owned()),
        Value::Integer(_) => Err(format!("cannot convert int64 to {go_type}")),
        _ => Err("unrecognized type: string".to_owned()),
    }
}

fn to_bool(value: &Value<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "unrecognized type: bool".to_owned())
}

fn to_int64(value: &Value<'_>, go_type: &str) -> Result<i64, String> {
    match value {
        Value::Integer(number) => Ok(*number),
        Value::Float(number) if number.trunc() == *number => Ok(truncate(*number)),
        Value::Float(_) => Err(format!("cannot convert float64 to {go_type}")),
        _ => Err(format!("unrecognized type: {go_type}")),
    }
}

/// A float as amd64 converts it: what an int64 cannot hold becomes the smallest one.
#[allow(clippy::cast_possible_truncation, reason = "checked to fit")]
fn truncate(number: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) { number as i64 } else { i64::MIN }
}

/// Upstream: an integer that an int32 cannot hold wraps silently.
#[allow(clippy::cast_possible_truncation, reason = "upstream wraps")]
fn to_int32(value: &Value<'_>, go_type: &str) -> Result<i32, String> {
    to_int64(value, go_type).map(|number| number as i32)
}

/// It has a decoder of its own, which reads the value's JSON.
fn to_int_or_string(value: &Value<'_>) -> Result<IntOrString, String> {
    match value {
        Value::String(text) => Ok(IntOrString::String(text.clone().into_owned())),
        Value::Integer(_) | Value::Float(_) => {
            // A shortcut: most numbers fit.
            if let Some(number) = value.as_i64().and_then(|number| i32::try_from(number).ok()) {
                return Ok(IntOrString::Int(number));
            }
            let text = value.to_string();
            let number = text.parse().map_err(|_| format!("json: cannot unmarshal number {text} into Go value of type int32"))?;
            Ok(IntOrString::Int(number))
        }
        _ => Err(unmarshal_type_error(value, "int32")),
    }
}

fn unmarshal_type_error(value: &Value<'_>, go_type: &str) -> String {
    let kind = match value {
        Value::Bool(_) => "bool",
        Value::Integer(_) | Value::Float(_) => "number",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        Value::Null | Value::String(_) => "string",
    };
    format!("json: cannot unmarshal {kind} into Go value of type {go_type}")
}

fn to_text_map(value: &Value<'_>, target: &mut TextMap) -> Result<(), String> {
    let map = value.as_map().ok_or_else(|| format!("cannot restore map from {}", go_kind(value)))?;
    for (key, member) in map.iter() {
        let text = if member.is_null() { String::new() } else { to_text(member, "string")? };
        target.insert(key.to_owned(), text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    #[track_caller]
    fn check(name: &str, text: &str, expect: &str) {
        let value = parse(text.as_bytes()).unwrap();
        let got = match decode_unstructured(&value) {
            Ok(decoded) => decoded.findings.join(", "),
            Err(error) => error,
        };
        assert_eq!(got, expect, "{name}");
    }

    #[test]
    fn texts() {
        for (name, text, expect) in [
            ("convert/type/string_for_number", r#"{"spec":{"ports":[{"port":"80"}]}}"#, "unrecognized type: int32"),
            ("convert/type/number_for_string", r#"{"metadata":{"name":5}}"#, "cannot convert int64 to string"),
            ("convert/type/number_for_named_string", r#"{"spec":{"type":5}}"#, "cannot convert int64 to v1.ServiceType"),
            ("convert/type/bool_for_string", r#"{"spec":{"clusterIP":true}}"#, "unrecognized type: string"),
            ("convert/type/float_for_string", r#"{"spec":{"clusterIP":1.5}}"#, "unrecognized type: string"),
            ("convert/type/list_for_scalar", r#"{"spec":{"healthCheckNodePort":[]}}"#, "unrecognized type: int32"),
            ("convert/type/fraction", r#"{"spec":{"ports":[{"port":80.5}]}}"#, "cannot convert float64 to int32"),
            ("convert/type/list_for_struct", r#"{"spec":[]}"#, "cannot restore struct from: slice"),
            ("convert/type/map_for_list", r#"{"spec":{"ports":{}}}"#, "cannot restore slice from map"),
            ("convert/type/string_for_map", r#"{"spec":{"selector":"x"}}"#, "cannot restore map from string"),
            (
                "convert/type/target_port",
                r#"{"spec":{"ports":[{"targetPort":true}]}}"#,
                "json: cannot unmarshal bool into Go value of type int32",
            ),
            ("convert/type/label", r#"{"metadata":{"labels":{"a":1}}}"#, "cannot convert int64 to string"),
            ("convert/order/struct_order_wins", r#"{"spec":{"clusterIP":5,"ports":[{"port":"x"}]}}"#, "unrecognized type: int32"),
            (
                "convert/strict/sorted",
                r#"{"zz":1,"spec":{"x":1,"ports":[{"q":1}]},"metadata":{"m":1}}"#,
                r#"unknown field "metadata.m", unknown field "spec.ports[0].q", unknown field "spec.x", unknown field "zz""#,
            ),
        ] {
            check(name, text, expect);
        }
    }

    #[test]
    fn numbers_wrap_and_whole_floats_pass() {
        let value = parse(br#"{"spec":{"ports":[{"port":4294967376,"nodePort":80.0},null],"selector":{"a":null}}}"#).unwrap();
        let service = decode_unstructured(&value).unwrap().service;
        assert_eq!((service.spec.ports[0].port, service.spec.ports[0].node_port), (80, 80));
        assert_eq!(service.spec.ports.len(), 2);
        assert_eq!(service.spec.selector.get("a"), Some(""));
    }
}
