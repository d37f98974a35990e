//! The Status objects that refusals are made of.
//!
//! Upstream: apimachinery v0.37.2 `pkg/api/errors/errors.go` and `pkg/apis/meta/v1/types.go`. Left out: the list metadata and
//! retry seconds that a Status may carry, which no refusal of a Service has.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::value::{self, Value};

/// A refusal, as the API server words it.
///
/// It serialises as the `v1` Status object and prints as its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    inner: Box<Inner>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    code: u16,
    reason: Option<Cow<'static, str>>,
    message: String,
    details: Option<Details>,
}

/// What a [`Status`] is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct Details {
    name: String,
    group: Cow<'static, str>,
    kind: String,
    causes: Vec<Cause>,
}

/// One reason of a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(default)]
pub struct Cause {
    reason: Cow<'static, str>,
    message: String,
    field: String,
}

impl Status {
    /// The HTTP status code.
    pub fn code(&self) -> u16 {
        self.inner.code
    }

    /// The reason in one word, as `Conflict`; a failure that upstream did not foresee has none.
    pub fn reason(&self) -> Option<&str> {
        self.inner.reason.as_deref()
    }

    /// What the server says.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// What it is about, if the server says.
    pub fn details(&self) -> Option<&Details> {
        self.inner.details.as_ref()
    }

    /// The causes, one a field; empty where the server names none.
    pub fn causes(&self) -> &[Cause] {
        self.inner.details.as_ref().map_or(&[], |details| &details.causes)
    }

    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Status { inner: Box::new(Inner { code, reason: Some(reason.into()), message: message.into(), details: None }) }
    }

    /// The same with text in front of its message.
    pub(crate) fn with_prefix(mut self, prefix: &str) -> Self {
        self.inner.message.insert_str(0, prefix);
        self
    }

    fn about(mut self, kind: &str, name: &str) -> Self {
        self.inner.details = Some(Details { name: name.to_owned(), kind: kind.to_owned(), ..Details::default() });
        self
    }

    /// 400: the request cannot be read, or contradicts itself.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Status::new(400, "BadRequest", message)
    }

    /// 404 for a `services` or `namespaces` name.
    pub(crate) fn not_found(resource: &str, name: &str) -> Self {
        Status::new(404, "NotFound", format!("{resource} {} not found", value::quote(name))).about(resource, name)
    }

    /// 409 for a name that is taken; one that is being deleted is told from one that stays.
    pub(crate) fn already_exists(name: &str, terminating: bool) -> Self {
        let prefix = if terminating { "object is being deleted: " } else { "" };
        let message = format!("{prefix}services {} already exists", value::quote(name));
        Status::new(409, "AlreadyExists", message).about("services", name)
    }

    /// 403: nothing is created in a namespace that is being deleted.
    pub(crate) fn namespace_terminating(name: &str, namespace: &str) -> Self {
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        let message = format!("services {} is forbidden: {why}", value::quote(name));
        let mut status = Status::new(403, "Forbidden", message).about("services", name);
        if let Some(details) = &mut status.inner.details {
            let message = format!("namespace {namespace} is being terminated");
            details.causes.push(Cause::new("NamespaceTerminating", message, "metadata.namespace"));
        }
        status
    }

    /// 409: `what` is the resource, or the kind where upstream names that.
    pub(crate) fn conflict(what: &str, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {what} {}: {why}", value::quote(name));
        Status::new(409, "Conflict", message).about(what, name)
    }

    /// 409: an apply would change fields of other managers.
    pub(crate) fn field_conflict(message: String, causes: Vec<Cause>) -> Self {
        let mut status = Status::new(409, "Conflict", message);
        status.inner.details = Some(Details { causes, ..Details::default() });
        status
    }

    /// 415: `PATCH` with a content type that is no patch.
    pub(crate) fn unsupported_patch() -> Self {
        let mut status = Status::new(415, "UnsupportedMediaType", "415: Unsupported Media Type");
        status.inner.details = Some(Details::default());
        status
    }

    /// 415: `POST` or `PUT` with a content type that is no object.
    pub(crate) fn unsupported_body() -> Self {
        let message = "the body of the request was in an unknown format - accepted media types include: application/json, \
                       application/yaml, application/vnd.kubernetes.protobuf";
        Status::new(415, "UnsupportedMediaType", message)
    }

    /// 413: a request holds more than the server takes.
    pub(crate) fn too_large(why: &str) -> Self {
        Status::new(413, "RequestEntityTooLarge", format!("Request entity too large: {why}"))
    }

    /// 422 for a patch that does not apply: the server does not tell why.
    pub(crate) fn unprocessable() -> Self {
        let mut status = Status::new(422, "Invalid", "the server rejected our request due to an error in our request");
        status.inner.details = Some(Details::default());
        status
    }

    /// 422 with a cause for each field.
    pub(crate) fn invalid(kind: Kind, name: &str, causes: Vec<Cause>) -> Self {
        let mut message = format!("{kind} {} is invalid: ", value::quote(name));
        if causes.len() > 1 {
            message.push('[');
        }
        for (at, cause) in causes.iter().enumerate() {
            if at > 0 {
                message.push_str(", ");
            }
            message.push_str(&cause.field);
            message.push_str(": ");
            message.push_str(&cause.message);
        }
        if causes.len() > 1 {
            message.push(']');
        }
        let mut status = Status::new(422, "Invalid", message);
        status.inner.details =
            Some(Details { name: name.to_owned(), group: kind.group.into(), kind: kind.name.to_owned(), causes });
        status
    }

    /// 422 for a patch whose result cannot be read: `value` is the result, or the patch, as upstream prints it.
    pub(crate) fn invalid_patch(value: &str, why: &str) -> Self {
        let cause = Cause::invalid("patch", &value::quote(value), why);
        Status::invalid(Kind { group: "", name: "" }, "", vec![cause])
    }

    /// 500 of a failure that upstream wraps: the message is repeated as a cause.
    pub(crate) fn internal(message: &str) -> Self {
        let mut status = Status::new(500, "InternalError", format!("Internal error occurred: {message}"));
        let cause = Cause { reason: "".into(), message: message.to_owned(), field: String::new() };
        status.inner.details = Some(Details { causes: vec![cause], ..Details::default() });
        status
    }

    /// 500 of a failure that upstream passes on as it is.
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        Status { inner: Box::new(Inner { code: 500, reason: None, message: message.into(), details: None }) }
    }
}

impl Details {
    /// The name of the object, if there is one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The API group of the kind: empty for the core group.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The kind or the resource.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The causes.
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }
}

impl Cause {
    /// The kind of cause in one word, as `FieldValueInvalid` or `FieldManagerConflict`.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The field, as `spec.ports[0].nodePort`.
    pub fn field(&self) -> &str {
        &self.field
    }

    pub(crate) fn new(reason: &'static str, message: impl Into<String>, field: impl Into<String>) -> Self {
        Cause { reason: reason.into(), message: message.into(), field: field.into() }
    }

    /// `Invalid value: <value>: <why>`, the value as printed.
    pub(crate) fn invalid(field: &str, value: &str, why: &str) -> Self {
        Cause::new("FieldValueInvalid", format!("Invalid value: {value}: {why}"), field)
    }

    /// `Unsupported value: <value>: supported values: …`.
    pub(crate) fn unsupported(field: &str, value: &str, supported: &[&str]) -> Self {
        let supported: Vec<_> = supported.iter().map(|value| value::quote(value)).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", supported.join(", "));
        Cause::new("FieldValueNotSupported", message, field)
    }
}

/// A kind in the message of an invalid object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
}

impl Kind {
    pub(crate) const SERVICE: Kind = Kind { group: "", name: "Service" };

    /// Options of a request: they are a kind too.
    pub(crate) const fn options(name: &'static str) -> Self {
        Kind { group: "meta.k8s.io", name }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        Ok(())
    }
}

/// The message.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut status = serializer.serialize_struct("Status", 8)?;
        status.serialize_field("kind", "Status")?;
        status.serialize_field("apiVersion", "v1")?;
        status.serialize_field("metadata", &Value::from(value::Map::new()))?;
        status.serialize_field("status", "Failure")?;
        status.serialize_field("message", &self.inner.message)?;
        match self.reason() {
            Some(reason) => status.serialize_field("reason", reason)?,
            None => status.skip_field("reason")?,
        }
        match &self.inner.details {
            Some(details) => status.serialize_field("details", details)?,
            None => status.skip_field("details")?,
        }
        status.serialize_field("code", &self.inner.code)?;
        status.end()
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Form {
            #[serde(default)]
            message: String,
            reason: Option<Cow<'static, str>>,
            details: Option<Details>,
            code: u16,
        }
        let Form { message, reason, details, code } = Form::deserialize(deserializer)?;
        Ok(Status { inner: Box::new(Inner { code, reason, message, details }) })
    }
}

impl Serialize for Details {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut details = serializer.serialize_map(None)?;
        for (key, text) in [("name", &*self.name), ("group", &*self.group), ("kind", &*self.kind)] {
            if !text.is_empty() {
                details.serialize_entry(key, text)?;
            }
        }
        if !self.causes.is_empty() {
            details.serialize_entry("causes", &self.causes)?;
        }
        details.end()
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut cause = serializer.serialize_map(None)?;
        for (key, text) in [("reason", &*self.reason), ("message", &*self.message), ("field", &*self.field)] {
            if !text.is_empty() {
                cause.serialize_entry(key, text)?;
            }
        }
        cause.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: &Status, expect: &str) {
        assert_eq!(serde_json::to_string(status).unwrap(), expect);
        assert_eq!(serde_json::from_str::<Status>(expect).unwrap(), *status);
    }

    #[test]
    fn forms() {
        check(
            &Status::not_found("services", "nope"),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"services \"nope\" not found","reason":"NotFound","details":{"name":"nope","kind":"services"},"code":404}"#,
        );
        check(
            &Status::failure("duplicate nodePort: {TCP 30043}"),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"duplicate nodePort: {TCP 30043}","code":500}"#,
        );
        check(
            &Status::unprocessable(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server rejected our request due to an error in our request","reason":"Invalid","details":{},"code":422}"#,
        );
        check(
            &Status::internal("x"),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Internal error occurred: x","reason":"InternalError","details":{"causes":[{"message":"x"}]},"code":500}"#,
        );
        let cause = Cause::new("FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force");
        let status = Status::invalid(Kind::options("PatchOptions"), "", vec![cause]);
        assert_eq!(
            status.message(),
            "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch"
        );
        assert_eq!(status.details().unwrap().group(), "meta.k8s.io");
        assert_eq!(Status::invalid_patch("map[a:b]", "no").message(), " \"\" is invalid: patch: Invalid value: \"map[a:b]\": no");
    }
}
