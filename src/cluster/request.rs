//! Requests: where they go, and the options in their query.
//!
//! Upstream: apiserver v0.37.2 `pkg/endpoints/handlers/{create,update,patch,delete}.go`, apimachinery v0.37.2
//! `pkg/apis/meta/v1/validation/validation.go`. Modelled are the paths of Services in a namespace and the options that change
//! what a write does; any other path is [not modelled](crate::Error::is_not_modelled). Options that change nothing here
//! (`pretty`) pass unread, and so does a `timeout` that is a duration.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::patch;
use super::status::{Cause, Kind, Status};
use crate::Error;
use crate::service::{self, MANAGER_LIMIT};
use crate::value::{self, Value};

/// The HTTP method of a [`Request`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "HTTP's own names")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method in capitals, as `PATCH`.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// The method of that name, in capitals.
    ///
    /// # Errors
    /// [`Error::is_not_modelled`] for any other.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete]
            .into_iter()
            .find(|method| method.as_str() == name)
            .ok_or_else(|| Error::not_modelled(&format!("the HTTP method {name}")))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A request to the API server.
///
/// ```
/// use mergekey::cluster::{Method, Request};
///
/// let request = Request::new(Method::Patch, "/api/v1/namespaces/default/services/dns")
///     .query("fieldManager", "ci")
///     .content_type("application/merge-patch+json")
///     .body(r#"{"metadata":{"labels":{"app":"dns"}}}"#);
/// assert_eq!(request.method(), Method::Patch);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    method: Method,
    path: String,
    query: Vec<Parameter>,
    content_type: Option<Cow<'static, str>>,
    user_agent: Cow<'static, str>,
    body: Body,
}

/// A parameter of a query: its name and its value.
pub(crate) type Parameter = (Cow<'static, str>, Cow<'static, str>);

/// The values of a parameter in the order of the query.
pub(crate) fn values<'r>(query: &'r [Parameter], key: &'static str) -> impl Iterator<Item = &'r str> {
    query.iter().filter(move |(name, _)| name == key).map(|(_, value)| &**value)
}

/// The body of a request: bytes of a client, or a value that the simulated kubectl has in hand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Bytes(Vec<u8>),
    Value(Arc<Value<'static>>),
}

impl Request {
    /// A request without query, content type and body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Request {
            method,
            path: path.into(),
            query: Vec::new(),
            content_type: None,
            user_agent: Cow::Borrowed(""),
            body: Body::Bytes(Vec::new()),
        }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameter(key.into(), value.into())
    }

    /// The same, where texts of the program stay where they are.
    #[must_use]
    pub(crate) fn parameter(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) -> Self {
        self.query.push((key.into(), value.into()));
        self
    }

    /// Sets the content type; without one a body is taken for JSON.
    #[must_use]
    pub fn content_type(self, media_type: impl Into<String>) -> Self {
        self.of_type(media_type.into())
    }

    /// The same, where a text of the program stays where it is.
    #[must_use]
    pub(crate) fn of_type(mut self, media_type: impl Into<Cow<'static, str>>) -> Self {
        self.content_type = Some(media_type.into());
        self
    }

    /// Sets the user agent: what stands before its first `/` is the field manager of a write that names none.
    #[must_use]
    pub fn user_agent(self, agent: impl Into<String>) -> Self {
        self.sent_by(agent.into())
    }

    /// The same, where a text of the program stays where it is.
    #[must_use]
    pub(crate) fn sent_by(mut self, agent: impl Into<Cow<'static, str>>) -> Self {
        self.user_agent = agent.into();
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Bytes(bytes.into());
        self
    }

    #[must_use]
    pub(crate) fn value(mut self, value: Arc<Value<'static>>) -> Self {
        self.body = Body::Value(patch::settled(value));
        self
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The path, as `/api/v1/namespaces/default/services/dns`.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn parameters(&self) -> &[Parameter] {
        &self.query
    }

    pub(crate) fn media_type(&self) -> Option<&str> {
        // What follows a semicolon is a parameter, as the character set.
        self.content_type.as_deref().map(|text| text.split(';').next().unwrap_or(text))
    }

    pub(crate) fn content(&self) -> &Body {
        &self.body
    }

    pub(crate) fn agent(&self) -> &str {
        &self.user_agent
    }

    /// Takes the request apart for the record of it.
    pub(crate) fn into_parts(self) -> (Method, String, Vec<Parameter>, Cow<'static, str>, Body) {
        (self.method, self.path, self.query, self.content_type.unwrap_or_default(), self.body)
    }
}

/// What a request is about: a Service, or all of them in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target<'r> {
    pub(crate) namespace: &'r str,
    pub(crate) name: Option<&'r str>,
}

impl<'r> Target<'r> {
    /// Reads the path of a request.
    pub(crate) fn of(path: &'r str) -> Result<Self, Error> {
        let not_modelled = || Error::not_modelled(&format!("the path {path}"));
        let rest = path.strip_prefix("/api/v1/namespaces/").ok_or_else(not_modelled)?;
        let (namespace, rest) =
            rest.bytes().position(|byte| byte == b'/').and_then(|at| rest.split_at_checked(at)).unwrap_or_default();
        let name = match rest.strip_prefix("/services").ok_or_else(not_modelled)? {
            "" => None,
            name => Some(name.strip_prefix('/').filter(|name| !name.is_empty() && !name.contains('/')).ok_or_else(not_modelled)?),
        };
        if namespace.is_empty() { Err(not_modelled()) } else { Ok(Target { namespace, name }) }
    }
}

/// The content type of a PATCH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchType {
    Strategic,
    Merge,
    Json,
    Apply,
}

impl PatchType {
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            PatchType::Strategic => "application/strategic-merge-patch+json",
            PatchType::Merge => "application/merge-patch+json",
            PatchType::Json => "application/json-patch+json",
            PatchType::Apply => "application/apply-patch+yaml",
        }
    }

    pub(crate) fn of(media_type: Option<&str>) -> Option<Self> {
        let media_type = media_type?;
        [PatchType::Strategic, PatchType::Merge, PatchType::Json, PatchType::Apply]
            .into_iter()
            .find(|kind| kind.media_type() == media_type)
    }
}

/// What becomes of unknown and repeated fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

/// The options in the query of a write, read but not judged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options<'r> {
    dry_run: Vec<&'r str>,
    field_manager: &'r str,
    field_validation: &'r str,
    force: Option<bool>,
}

impl<'r> Options<'r> {
    /// Reads the options of a query; of a repeated single-valued one the first counts.
    pub(crate) fn of(query: &'r [Parameter]) -> Self {
        let first = |key| values(query, key).next();
        Options {
            dry_run: values(query, "dryRun").collect(),
            field_manager: first("fieldManager").unwrap_or_default(),
            field_validation: first("fieldValidation").unwrap_or_default(),
            force: first("force").map(is_true),
        }
    }

    /// Judges the options of a create or update.
    pub(crate) fn check(&self, kind: &'static str) -> Result<(), Status> {
        settle(kind, self.common())
    }

    /// Judges the options of a patch.
    pub(crate) fn check_patch(&self, patch_type: PatchType) -> Result<(), Status> {
        let mut causes = Vec::new();
        if patch_type == PatchType::Apply {
            if self.field_manager.is_empty() {
                causes.push(Cause::new("FieldValueRequired", "Required value: is required for apply patch", "fieldManager"));
            }
        } else if self.force.is_some() {
            causes.push(Cause::new("FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force"));
        }
        causes.extend(self.common());
        settle("PatchOptions", causes)
    }

    fn common(&self) -> Vec<Cause> {
        let mut causes = Vec::new();
        if self.field_manager.len() > MANAGER_LIMIT {
            let message = format!("Too long: may not be more than {MANAGER_LIMIT} bytes");
            causes.push(Cause::new("FieldValueTooLong", message, "fieldManager"));
        }
        for (at, c) in self.field_manager.char_indices().filter(|(_, c)| !value::is_printable(*c)) {
            causes.push(Cause::invalid("fieldManager", &value::quote(self.field_manager), &service::unprintable(c, at)));
        }
        causes.extend(check_dry_run(&self.dry_run));
        if !["", "Ignore", "Strict", "Warn"].contains(&self.field_validation) {
            let value = value::quote(self.field_validation);
            causes.push(Cause::unsupported("fieldValidation", &value, &["", "Ignore", "Strict", "Warn"]));
        }
        causes
    }

    /// Whether nothing is to be stored.
    pub(crate) fn dry_run(&self) -> bool {
        !self.dry_run.is_empty()
    }

    pub(crate) fn dry_run_values(&self) -> &[&'r str] {
        &self.dry_run
    }

    /// Whether an apply takes fields from other managers.
    pub(crate) fn force(&self) -> bool {
        self.force == Some(true)
    }

    /// What becomes of unknown fields: a warning, unless the request says otherwise.
    pub(crate) fn field_validation(&self) -> FieldValidation {
        match self.field_validation {
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            _ => FieldValidation::Warn,
        }
    }

    /// The field manager of the write: the one that is named, else the user agent up to its first `/`.
    pub(crate) fn manager(&self, user_agent: &str) -> Cow<'r, str> {
        if !self.field_manager.is_empty() {
            return Cow::Borrowed(self.field_manager);
        }
        let mut name = String::new();
        for c in user_agent.split('/').next().unwrap_or_default().chars().filter(|c| value::is_printable(*c)) {
            if name.len() + c.len_utf8() > MANAGER_LIMIT {
                break;
            }
            name.push(c);
        }
        if name.is_empty() { Cow::Borrowed("unknown") } else { Cow::Owned(name) }
    }
}

/// Upstream: everything but "false" and "0" is true, an empty value included.
pub(crate) fn is_true(value: &str) -> bool {
    !value.eq_ignore_ascii_case("false") && value != "0"
}

/// `All` is the only dry run there is.
pub(crate) fn check_dry_run(values: &[&str]) -> Option<Cause> {
    let strange = values.iter().any(|value| *value != "All");
    let printed = || Value::List(values.iter().map(|value| Value::from(*value)).collect()).to_string();
    strange.then(|| Cause::unsupported("dryRun", &printed(), &["All"]))
}

/// A refusal if there is a cause.
pub(crate) fn settle(kind: &'static str, causes: Vec<Cause>) -> Result<(), Status> {
    if causes.is_empty() { Ok(()) } else { Err(Status::invalid(Kind::options(kind), "", causes)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Vec<Parameter> {
        pairs.iter().map(|(key, value)| ((*key).to_owned().into(), (*value).to_owned().into())).collect()
    }

    #[track_caller]
    fn check(patch_type: PatchType, pairs: &[(&str, &str)], expect: &str) {
        let query = query(pairs);
        let answer = Options::of(&query).check_patch(patch_type);
        assert_eq!(answer.err().map_or_else(String::new, |status| status.message().to_owned()), expect);
    }

    #[test]
    fn options() {
        let invalid = |text: &str| format!("PatchOptions.meta.k8s.io \"\" is invalid: {text}");
        check(PatchType::Apply, &[("fieldManager", "a"), ("force", "true"), ("dryRun", "All")], "");
        check(PatchType::Apply, &[], &invalid("fieldManager: Required value: is required for apply patch"));
        check(PatchType::Merge, &[("force", "false")], &invalid("force: Forbidden: may not be specified for non-apply patch"));
        check(
            PatchType::Merge,
            &[("fieldManager", &"x".repeat(129))],
            &invalid("fieldManager: Too long: may not be more than 128 bytes"),
        );
        check(
            PatchType::Json,
            &[("fieldManager", "a\nb"), ("fieldValidation", "Loose")],
            &invalid(
                "[fieldManager: Invalid value: \"a\\nb\": invalid character U+000A (at position 1), fieldValidation: \
                 Unsupported value: \"Loose\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"]",
            ),
        );
        check(
            PatchType::Json,
            &[("dryRun", "All"), ("dryRun", "Some")],
            &invalid("dryRun: Unsupported value: [\"All\",\"Some\"]: supported values: \"All\""),
        );
    }

    #[test]
    fn managers() {
        for (named, agent, expect) in [
            ("ci", "x/1", "ci"),
            ("", "kubectl/v1.37.2 (linux)", "kubectl"),
            ("", "my agent (x)", "my agent (x)"),
            ("", "a\u{7}b/1", "ab"),
            ("", "", "unknown"),
            ("", "/x", "unknown"),
        ] {
            let query = query(&[("fieldManager", named)]);
            assert_eq!(Options::of(&query).manager(agent), expect);
        }
        assert_eq!(Options::default().manager(&"é".repeat(70)).len(), 128);
    }

    #[test]
    fn targets() {
        let target = Target::of("/api/v1/namespaces/ns/services/dns").unwrap();
        assert_eq!(target, Target { namespace: "ns", name: Some("dns") });
        assert_eq!(Target::of("/api/v1/namespaces/ns/services").unwrap().name, None);
        for path in [
            "/api/v1/namespaces/ns/services/dns/status",
            "/api/v1/namespaces/ns/pods",
            "/apis/apps/v1",
            "/api/v1/namespaces/ns/services/",
            "/api/v1/namespaces//services",
        ] {
            let error = Target::of(path).unwrap_err();
            assert!(error.is_not_modelled());
            assert_eq!(error.to_string(), format!("not modelled: the path {path}"));
        }
    }
}
