//! Reading a Service from JSON text as `sigs.k8s.io/json` v0.0.0-2025 does for the API server (case-sensitive, strict findings).
//!
//! Members are taken in the order of the text. The first value of a wrong type is the error, in the words of Go's
//! `UnmarshalTypeError`, unless a type with a decoder of its own (times, target ports) refuses a value, which ends it at once;
//! fields that the structs lack and repeated keys are findings. A repeated field decodes into what the first one left, as in Go.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::delete_options::DeleteOptions;
use super::table::{Fields, ManagedFieldsEntry, OTHER_KINDS, Slot, Typed};
use super::text_map::TextMap;
use super::types::{IntOrString, ObjectMeta, Service};
use crate::value::{self, Document, Map, Node, Value};

/// The most findings that are reported.
const MAX_FINDINGS: usize = 100;

/// A Service that was read, and what strict decoding would say about it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Decoded {
    /// The Service, without defaults.
    pub service: Service,
    /// The `kind` that the text states, or nothing.
    pub kind: String,
    /// The `apiVersion` that the text states, or nothing.
    pub api_version: String,
    /// `unknown field "spec.foo"`, `duplicate field "spec.type"`: each once.
    pub findings: Vec<String>,
    /// Whether a `targetPort` is given twice, as a name and then as `null`. Upstream keeps the name where nobody sees it, and gives
    /// such a port no default.
    pub(crate) hides_target: bool,
}

/// Reads a Service from JSON text.
///
/// # Errors
/// Go's text of the first value of a wrong type: `json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port
/// of type int32`, or `parsing time …`.
pub fn decode_json(document: &Document<'_>) -> Result<Decoded, String> {
    let mut reader = Reader::new(document, "");
    let mut typed = Typed::default();
    let root = document.root();
    if root.members().is_some() {
        reader.fields(root, &mut typed)?;
    } else if !is_null(root) {
        return Err(format!("json: cannot unmarshal {} into Go value of type v1.Service", root.go_kind()));
    }
    reader.saved.map_or(Ok(()), Err)?;
    Ok(Decoded {
        service: typed.service,
        kind: typed.kind,
        api_version: typed.api_version,
        findings: reader.findings.into_texts(),
        hides_target: reader.hides_target,
    })
}

/// Reads what a body of another kind of the core group has in common with a Service, and whether the rest is there as an object.
///
/// # Errors
/// As [`decode_json`], in terms of that kind's struct.
pub(crate) fn check_other_kind(document: &Document<'_>, kind: &str) -> Result<(), String> {
    let Some(kind) = OTHER_KINDS.iter().find(|other| other.name == kind) else { return Ok(()) };
    let mut reader = Reader::new(document, kind.name);
    for (key, member) in document.root().members().into_iter().flatten().filter(|(_, member)| !is_null(*member)) {
        let (name, go_type) = match key {
            "metadata" => {
                reader.metadata(member)?;
                continue;
            }
            "spec" => ("spec", kind.spec),
            "status" => ("status", kind.status),
            _ => continue,
        };
        if !go_type.is_empty() && member.members().is_none() {
            reader.path.push(Step::Field(name));
            reader.save::<()>(Err(reader.mismatch(member, go_type)));
            reader.path.pop();
        }
    }
    reader.saved.map_or(Ok(()), Err)
}

/// Reads the options of a deletion; what they lack is no matter.
///
/// # Errors
/// As [`decode_json`].
pub(crate) fn decode_delete_options(document: &Document<'_>) -> Result<DeleteOptions, String> {
    let mut reader = Reader::new(document, "");
    let mut options = DeleteOptions::default();
    reader.fields(document.root(), &mut options)?;
    reader.saved.map_or(Ok(options), Err)
}

/// Reads an object's type and metadata alone, as kubectl does with a manifest.
///
/// # Errors
/// As [`decode_json`], in terms of the struct that kubectl reads into.
pub(crate) fn check_metadata(document: &Document<'_>) -> Result<(), String> {
    let mut reader = Reader::new(document, "metadataOnlyObject");
    for (key, member) in document.root().members().into_iter().flatten().filter(|(_, member)| !is_null(*member)) {
        let name = match key {
            "metadata" => {
                reader.metadata(member)?;
                continue;
            }
            "apiVersion" => "TypeMeta.apiVersion",
            "kind" => "TypeMeta.kind",
            _ => continue,
        };
        reader.path.push(Step::Field(name));
        reader.save(reader.text(member, "string"));
        reader.path.pop();
    }
    reader.saved.map_or(Ok(()), Err)
}

/// Findings in the order in which they were met, each once, at most [`MAX_FINDINGS`].
#[derive(Default)]
pub(super) struct Findings {
    texts: Vec<String>,
    seen: BTreeSet<String>,
}

impl Findings {
    pub(super) fn add(&mut self, text: String) {
        if self.texts.len() < MAX_FINDINGS && self.seen.insert(text.clone()) {
            self.texts.push(text);
        }
    }

    pub(super) fn into_texts(self) -> Vec<String> {
        self.texts
    }
}

/// A step on the way to the value that is being read.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Field(&'static str),
    Index(usize),
}

/// `spec.ports[0].` and the name, as strict findings print a place.
pub(super) fn place(path: &[Step], name: &str) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Field(name) => push_name(&mut out, name),
            Step::Index(index) => {
                let _ = write!(out, "[{index}]");
            }
        }
    }
    push_name(&mut out, name);
    out
}

fn push_name(out: &mut String, name: &str) {
    if !out.is_empty() {
        out.push('.');
    }
    out.push_str(name);
}

fn is_null(node: Node<'_, '_>) -> bool {
    node.scalar().is_some_and(Value::is_null)
}

/// Errors of its functions are those that end the decoding; wrong types are [`saved`](Self::saved).
struct Reader<'d, 'a> {
    document: &'d Document<'a>,
    path: Vec<Step>,
    /// The Go struct whose field is being read.
    owner: &'static str,
    /// The first value of a wrong type. Upstream reads on behind it and tells it if nothing worse comes.
    saved: Option<String>,
    findings: Findings,
    /// As [`Decoded::hides_target`].
    hides_target: bool,
}

impl<'d, 'a> Reader<'d, 'a> {
    fn new(document: &'d Document<'a>, owner: &'static str) -> Self {
        Reader { document, path: Vec::new(), owner, saved: None, findings: Findings::default(), hides_target: false }
    }

    fn metadata(&mut self, node: Node<'d, 'a>) -> Result<(), String> {
        if !is_null(node) {
            self.path.push(Step::Field("metadata"));
            self.object(node, &mut ObjectMeta::default(), "v1.ObjectMeta")?;
            self.path.pop();
        }
        Ok(())
    }

    /// What fits its type, or nothing and a saved error.
    fn save<T>(&mut self, read: Result<T, String>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.saved.get_or_insert(error);
                None
            }
        }
    }

    fn fields(&mut self, node: Node<'d, 'a>, target: &mut dyn Fields) -> Result<(), String> {
        let Some(members) = node.members() else { return Ok(()) };
        let table = target.go_struct();
        let owner = std::mem::replace(&mut self.owner, table.name);
        let mut seen: u32 = 0;
        for (key, member) in members {
            let Some((index, field)) = table.find(key) else {
                self.find("unknown", key);
                continue;
            };
            if seen & (1 << index) != 0 {
                self.find("duplicate", key);
            }
            seen |= 1 << index;
            if let Some(slot) = target.slot(field.name) {
                self.path.push(Step::Field(field.name));
                self.value(member, slot, field.go_type)?;
                self.path.pop();
            }
        }
        self.owner = owner;
        Ok(())
    }

    fn find(&mut self, what: &str, key: &str) {
        self.findings.add(format!("{what} field {}", crate::value::quote(&place(&self.path, key))));
    }

    fn value(&mut self, node: Node<'d, 'a>, slot: Slot<'_>, go_type: &str) -> Result<(), String> {
        let null = is_null(node);
        match slot {
            Slot::Text(_) | Slot::Int32(_) | Slot::Int64(_) | Slot::Bool(_) | Slot::Struct(_) if null => {}
            Slot::Text(text) => set(text, self.save(self.text(node, go_type))),
            Slot::OptionalText(text) => set_optional(text, null, || self.save(self.text(node, go_type))),
            Slot::Int32(number) => set(number, self.save(self.integer(node, go_type))),
            Slot::OptionalInt32(number) => set_optional(number, null, || self.save(self.integer(node, go_type))),
            Slot::Int64(number) => set(number, self.save(self.integer(node, go_type))),
            Slot::OptionalInt64(number) => set_optional(number, null, || self.save(self.integer(node, go_type))),
            Slot::Bool(truth) => set(truth, self.save(self.truth(node, go_type))),
            Slot::OptionalBool(truth) => set_optional(truth, null, || self.save(self.truth(node, go_type))),
            Slot::IntOrString(target) => match node.scalar() {
                Some(Value::String(text)) => *target = IntOrString::String(text.clone().into_owned()),
                // Upstream: null makes it an integer but leaves the number of an earlier duplicate.
                Some(Value::Null) => {
                    self.hides_target |= matches!(target, IntOrString::String(name) if !name.is_empty());
                    *target = IntOrString::Int(if let IntOrString::Int(number) = target { *number } else { 0 });
                }
                _ => *target = IntOrString::Int(self.integer(node, go_type)?),
            },
            Slot::Time(time) => {
                *time = if null { None } else { read_time(&self.text(node, "string")?)? };
            }
            Slot::Raw(value) => {
                if !null {
                    *value = node.to_value();
                }
            }
            Slot::Texts(texts) => self.texts(node, null, texts, go_type),
            Slot::TextMap(map) => self.text_map(node, null, map, go_type),
            Slot::Struct(target) => self.object(node, target, go_type)?,
            Slot::OptionalStruct(pointer) => {
                if null {
                    pointer.clear();
                } else {
                    self.object(node, pointer.target(), go_type)?;
                }
            }
            Slot::Structs(items) => {
                if null {
                    items.truncate(0);
                    return Ok(());
                }
                let item_type = go_type.trim_start_matches("[]");
                let Some(nodes) = self.save(node.items().ok_or_else(|| self.mismatch(node, go_type))) else { return Ok(()) };
                let length = nodes.len();
                for (index, node) in nodes.enumerate() {
                    self.path.push(Step::Index(index));
                    items.fill(index, &mut |item| if is_null(node) { Ok(()) } else { self.object(node, item, item_type) })?;
                    self.path.pop();
                }
                items.truncate(length);
            }
            Slot::ManagedFields(value) => self.managed_fields(node, null, value, go_type)?,
        }
        Ok(())
    }

    fn object(&mut self, node: Node<'d, 'a>, target: &mut dyn Fields, go_type: &str) -> Result<(), String> {
        if node.members().is_none() {
            self.save::<()>(Err(self.mismatch(node, go_type)));
            return Ok(());
        }
        self.fields(node, target)
    }

    fn texts(&mut self, node: Node<'d, 'a>, null: bool, texts: &mut Vec<String>, go_type: &str) {
        if null {
            texts.clear();
            return;
        }
        let item_type = go_type.trim_start_matches("[]");
        let Some(nodes) = self.save(node.items().ok_or_else(|| self.mismatch(node, go_type))) else { return };
        texts.truncate(nodes.len());
        for (index, node) in nodes.enumerate() {
            let read = if is_null(node) { None } else { self.save(self.text(node, item_type)) };
            match texts.get_mut(index) {
                Some(text) => set(text, read),
                None => texts.push(read.unwrap_or_default()),
            }
        }
    }

    fn text_map(&mut self, node: Node<'d, 'a>, null: bool, map: &mut TextMap, go_type: &str) {
        if null {
            *map = TextMap::default();
            return;
        }
        let Some(members) = self.save(node.members().ok_or_else(|| self.mismatch(node, go_type))) else { return };
        // A shortcut: what is in order has nothing twice.
        let ordered = members.clone().is_sorted_by(|(one, _), (next, _)| one < next);
        let mut seen = BTreeSet::new();
        for (key, member) in members {
            if !ordered && !seen.insert(key) {
                self.find("duplicate", key);
            }
            let text = if is_null(member) { None } else { self.save(self.text(member, "string")) };
            map.insert(key.to_owned(), text.unwrap_or_default());
        }
    }

    fn managed_fields(
        &mut self,
        node: Node<'d, 'a>,
        null: bool,
        value: &mut Value<'static>,
        go_type: &str,
    ) -> Result<(), String> {
        if null {
            *value = Value::Null;
            return Ok(());
        }
        let item_type = go_type.trim_start_matches("[]");
        let Some(nodes) = self.save(node.items().ok_or_else(|| self.mismatch(node, go_type))) else { return Ok(()) };
        let mut entries = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.enumerate() {
            let mut entry = ManagedFieldsEntry::default();
            if !is_null(node) {
                self.path.push(Step::Index(index));
                self.object(node, &mut entry, item_type)?;
                self.path.pop();
            }
            entries.push(entry.into_value());
        }
        // An empty list is not an absent one: it gives all ownership up.
        *value = Value::List(entries);
        Ok(())
    }

    fn text(&self, node: Node<'d, 'a>, go_type: &str) -> Result<String, String> {
        match node.scalar() {
            Some(Value::String(text)) => Ok(text.clone().into_owned()),
            _ => Err(self.mismatch(node, go_type)),
        }
    }

    fn truth(&self, node: Node<'d, 'a>, go_type: &str) -> Result<bool, String> {
        match node.scalar() {
            Some(Value::Bool(truth)) => Ok(*truth),
            _ => Err(self.mismatch(node, go_type)),
        }
    }

    fn integer<N: TryFrom<i64>>(&self, node: Node<'d, 'a>, go_type: &str) -> Result<N, String> {
        match node.scalar() {
            Some(number @ (Value::Integer(_) | Value::Float(_))) => number
                .as_i64()
                .and_then(|number| N::try_from(number).ok())
                .ok_or_else(|| self.unmarshal_type_error(&format!("number {}", self.document.number_text(number)), go_type)),
            _ => Err(self.mismatch(node, go_type)),
        }
    }

    fn mismatch(&self, node: Node<'d, 'a>, go_type: &str) -> String {
        self.unmarshal_type_error(node.go_kind(), go_type)
    }

    /// `UnmarshalTypeError.Error`: the struct that owns the field, then JSON names without indexes.
    fn unmarshal_type_error(&self, value: &str, go_type: &str) -> String {
        let mut field = String::from(self.owner);
        for step in &self.path {
            if let Step::Field(name) = step {
                field.push('.');
                field.push_str(name);
            }
        }
        format!("json: cannot unmarshal {value} into Go struct field {field} of type {go_type}")
    }
}

/// What does not fit its type leaves the target as it is.
fn set<T>(target: &mut T, read: Option<T>) {
    if let Some(value) = read {
        *target = value;
    }
}

fn set_optional<T>(target: &mut Option<T>, null: bool, read: impl FnOnce() -> Option<T>) {
    if null {
        *target = None;
    } else if let Some(value) = read() {
        *target = Some(value);
    }
}

/// `metav1.Time`: a time as the server writes it; the zero time is none.
pub(super) fn read_time(text: &str) -> Result<Option<String>, String> {
    let written = value::canonical_time(text)?;
    Ok((written != "0001-01-01T00:00:00Z").then_some(written))
}

impl ManagedFieldsEntry {
    /// The entry as Go writes it.
    pub(super) fn into_value(self) -> Value<'static> {
        let mut map = Map::new();
        for (name, text) in [("apiVersion", self.api_version), ("fieldsType", self.fields_type)] {
            if !text.is_empty() {
                map.insert(name, Value::from(text));
            }
        }
        if !self.fields_v1.is_null() {
            map.insert("fieldsV1", self.fields_v1);
        }
        for (name, text) in [
            ("manager", self.manager),
            ("operation", self.operation),
            ("subresource", self.subresource),
            ("time", self.time.unwrap_or_default()),
        ] {
            if !text.is_empty() {
                map.insert(name, Value::from(text));
            }
        }
        Value::Map(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse_document;

    #[track_caller]
    fn check(name: &str, text: &str, expect: &str) {
        let document = parse_document(text.as_bytes()).unwrap();
        let got = match decode_json(&document) {
            Ok(decoded) => decoded.findings.join(", "),
            Err(error) => error,
        };
        assert_eq!(got, expect, "{name}");
    }

    #[test]
    fn wrong_types() {
        let field = "json: cannot unmarshal";
        for (name, text, expect) in [
            (
                "decode/type/string_for_port",
                r#"{"spec":{"ports":[{"port":"80"}]}}"#,
                "string into Go struct field ServicePort.spec.ports.port of type int32",
            ),
            (
                "decode/type/fraction",
                r#"{"spec":{"ports":[{"port":80.5}]}}"#,
                "number 80.5 into Go struct field ServicePort.spec.ports.port of type int32",
            ),
            (
                "decode/type/whole_float",
                r#"{"spec":{"ports":[{"x":1.5,"port":53.0}]}}"#,
                "number 53.0 into Go struct field ServicePort.spec.ports.port of type int32",
            ),
            (
                "decode/type/exponent",
                r#"{"spec":{"ports":[{"port":1e2}]}}"#,
                "number 1e2 into Go struct field ServicePort.spec.ports.port of type int32",
            ),
            (
                "decode/type/too_big",
                r#"{"spec":{"ports":[{"port":4294967296}]}}"#,
                "number 4294967296 into Go struct field ServicePort.spec.ports.port of type int32",
            ),
            (
                "decode/type/label",
                r#"{"metadata":{"labels":{"a":1}}}"#,
                "number into Go struct field ObjectMeta.metadata.labels of type string",
            ),
            (
                "decode/type/list",
                r#"{"spec":{"ports":{}}}"#,
                "object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort",
            ),
            (
                "decode/type/item",
                r#"{"spec":{"ports":[5]}}"#,
                "number into Go struct field ServiceSpec.spec.ports of type v1.ServicePort",
            ),
            (
                "decode/type/target_port",
                r#"{"spec":{"ports":[{"targetPort":true}]}}"#,
                "bool into Go struct field ServicePort.spec.ports.targetPort of type int32",
            ),
            ("decode/type/spec", r#"{"spec":"x"}"#, "string into Go struct field Service.spec of type v1.ServiceSpec"),
            (
                "decode/type/named",
                r#"{"spec":{"type":5}}"#,
                "number into Go struct field ServiceSpec.spec.type of type v1.ServiceType",
            ),
            (
                "decode/type/bool",
                r#"{"spec":{"publishNotReadyAddresses":"x"}}"#,
                "string into Go struct field ServiceSpec.spec.publishNotReadyAddresses of type bool",
            ),
            (
                "decode/type/map",
                r#"{"metadata":{"labels":[]}}"#,
                "array into Go struct field ObjectMeta.metadata.labels of type map[string]string",
            ),
            (
                "decode/type/back_in_outer_struct",
                r#"{"spec":{"ports":[{"port":1}],"type":1}}"#,
                "number into Go struct field ServiceSpec.spec.type of type v1.ServiceType",
            ),
            (
                "decode/type/first_in_text_wins",
                r#"{"status":"x","spec":5}"#,
                "string into Go struct field Service.status of type v1.ServiceStatus",
            ),
            (
                "decode/type/hides_findings",
                r#"{"foo":1,"spec":5}"#,
                "number into Go struct field Service.spec of type v1.ServiceSpec",
            ),
            (
                "decode/type/time",
                r#"{"metadata":{"creationTimestamp":5}}"#,
                "number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
            ),
            (
                "decode/type/timeout",
                r#"{"spec":{"sessionAffinityConfig":{"clientIP":{"timeoutSeconds":"1"}}}}"#,
                "string into Go struct field ClientIPConfig.spec.sessionAffinityConfig.clientIP.timeoutSeconds of type int32",
            ),
        ] {
            check(name, text, &format!("{field} {expect}"));
        }
        assert_eq!(read_time("0001-01-01T00:00:00Z"), Ok(None));
        check(
            "decode/type/time_text",
            r#"{"metadata":{"creationTimestamp":"nonsense"}}"#,
            r#"parsing time "nonsense" as "2006-01-02T15:04:05Z07:00": cannot parse "nonsense" as "2006""#,
        );
    }

    #[test]
    fn findings() {
        for (name, text, expect) in [
            ("decode/strict/none", r#"{"kind":"Service","spec":{"ports":[{"port":1}]}}"#, ""),
            ("decode/strict/case_matters", r#"{"spec":{"ports":[{"Port":1}]}}"#, r#"unknown field "spec.ports[0].Port""#),
            (
                "decode/strict/document_order",
                r#"{"metadata":{"foo":{"x":1},"labels":{"a":"1","b":"","a":"2"}},"spec":{"portz":1},"bogus":1}"#,
                r#"unknown field "metadata.foo", duplicate field "metadata.labels.a", unknown field "spec.portz", unknown field "bogus""#,
            ),
            (
                "decode/strict/duplicate_before_what_is_inside",
                r#"{"spec":{"ports":[{"port":1,"x":1}],"ports":[{"port":1,"port":2,"y":1}]}}"#,
                r#"unknown field "spec.ports[0].x", duplicate field "spec.ports", duplicate field "spec.ports[0].port", unknown field "spec.ports[0].y""#,
            ),
            ("decode/strict/repeats_once", r#"{"x":1,"x":2}"#, r#"unknown field "x""#),
        ] {
            check(name, text, expect);
        }
    }

    #[test]
    fn nulls_and_repeats() {
        let text =
            br#"{"metadata":{"labels":{"a":null}},"spec":{"type":null,"ports":[null,{"port":1,"name":"a","targetPort":"x"}],
            "ports":[{"port":5},{"port":2,"targetPort":null}],"sessionAffinityConfig":null,"ipFamilyPolicy":null}}"#;
        let service = decode_json(&parse_document(text).unwrap()).unwrap().service;
        assert_eq!(service.metadata.labels.get("a"), Some(""));
        let ports: Vec<_> = service.spec.ports.iter().map(|port| (port.port, &*port.name, &port.target_port)).collect();
        assert_eq!(ports, [(5, "", &IntOrString::Int(0)), (2, "a", &IntOrString::Int(0))]);
        assert_eq!(service.spec.ip_family_policy, None);
    }
}
