//! Bodies of POST and PUT: from bytes to a Service with its defaults.
//!
//! Upstream: apimachinery v0.37.2 `pkg/runtime/serializer/{json,codec_factory}.go`, apiserver v0.37.2
//! `pkg/endpoints/handlers/rest.go` (`transformDecodeError`). Left out: bodies in YAML and protobuf, kinds of other API groups.

use std::borrow::Cow;

use super::request::{Body, FieldValidation};
use super::status::Status;
use super::strict::report;
use super::write::Stop;
use crate::Error;
use crate::service::{self, Decoded, DeleteOptions, Service};
use crate::value::{self, Document, Node, Value, quote};

/// A media type that a body may have.
pub(super) fn check_media_type(media_type: Option<&str>) -> Result<(), Stop> {
    match media_type.map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        None | Some("" | "application/json") => Ok(()),
        Some("application/yaml" | "application/vnd.kubernetes.protobuf" | "application/cbor") => {
            Err(Error::not_modelled("a body that is not JSON").into())
        }
        Some(_) => Err(Status::unsupported_body().into()),
    }
}

/// How many bytes a body may have: three megabytes, from the server's default options.
const MAX_BYTES: usize = 3 * 1024 * 1024;

/// A body that is read at all.
pub(super) fn check_size(body: &Body) -> Result<(), Status> {
    match body {
        Body::Bytes(bytes) if bytes.len() > MAX_BYTES => Err(Status::too_large(&format!("limit is {MAX_BYTES}"))),
        _ => Ok(()),
    }
}

/// A body as a document that keeps the order of its members.
pub(super) fn document(body: &Body) -> Result<Document<'_>, Error> {
    match body {
        Body::Bytes(bytes) => value::parse_document(bytes),
        Body::Value(value) => Ok(Document::of(value)),
    }
}

/// The name that a body states.
pub(super) fn name(body: &Body) -> Option<String> {
    let name = |value: &Value<'_>| value.at(&["metadata", "name"])?.as_str().map(str::to_owned);
    match body {
        Body::Bytes(bytes) => name(&value::parse(bytes).ok()?),
        Body::Value(value) => name(value),
    }
}

/// A Service with its defaults, and the findings of strict decoding that are warnings.
pub(super) fn decode(body: &Body, validation: FieldValidation) -> Result<(Service, Vec<String>), Stop> {
    let document = match document(body) {
        Ok(document) => document,
        Err(error) => return Err(unreadable(body, &error)),
    };
    let mut stated = interpret(document.root()).map_err(|why| unrecognized(&bytes(body), &why))?;
    stated.fill_in("Service", "v1");
    let refused = |why: &str| {
        let (kind, version) = (stated.kind, quote(stated.version));
        Status::bad_request(format!("{kind} in version {version} cannot be handled as a Service: {why}"))
    };
    if stated.version.is_empty() {
        return Err(refused(&without_version(body)).into());
    }
    stated.check(&document).map_err(|why| refused(&why))?;
    let decoded = service::decode_json(&document).map_err(|why| refused(&why))?;
    let findings = match validation {
        FieldValidation::Ignore => Vec::new(),
        FieldValidation::Warn => decoded.findings,
        FieldValidation::Strict if decoded.findings.is_empty() => Vec::new(),
        FieldValidation::Strict => return Err(refused(&strict(&decoded.findings)).into()),
    };
    check_targets(decoded.hides_target)?;
    let mut service = decoded.service;
    service::default(&mut service);
    Ok((service, findings))
}

/// Says what a decoded Service cannot hold.
pub(super) fn check_targets(hides_target: bool) -> Result<(), Error> {
    match hides_target {
        true => Err(Error::not_modelled("a targetPort that is a name and then null")),
        false => Ok(()),
    }
}

/// The options of a deletion.
pub(super) fn delete_options(body: &Body) -> Result<DeleteOptions, Stop> {
    let bad = |why: String| Stop::from(Status::bad_request(why));
    let document = match document(body) {
        Ok(document) => document,
        Err(error) => {
            return Err(bad(format!("couldn't get version/kind; json parse error: {}", syntax_error(body, &error)?)));
        }
    };
    let mut stated = interpret(document.root()).map_err(bad)?;
    stated.fill_in("DeleteOptions", "v1");
    if stated.version.is_empty() {
        return Err(bad(without_version(body)));
    }
    // Upstream: of its own options the server takes any version.
    if stated.kind != "DeleteOptions" {
        if UNVERSIONED_KINDS.contains(&stated.kind) {
            return Err(Error::not_modelled(&format!("options of a deletion that are {}", stated.kind)).into());
        }
        return Err(bad(stated.unregistered()));
    }
    service::decode_delete_options(&document).map_err(bad)
}

fn without_version(body: &Body) -> String {
    format!("Object 'apiVersion' is missing in '{}'", String::from_utf8_lossy(&bytes(body)))
}

/// Kinds that the server takes for options of any version, and then cannot convert.
const UNVERSIONED_KINDS: [&str; 8] =
    ["APIGroup", "APIGroupList", "APIResourceList", "APIVersions", "CreateOptions", "PatchOptions", "Status", "UpdateOptions"];

/// The Service that the result of a JSON or merge patch is, without defaults; the error is the decoder's.
pub(super) fn decode_patched(document: &Document<'_>) -> Result<Decoded, String> {
    let root = document.root();
    let mut stated = interpret(root)?;
    stated.fill_in("Service", INTERNAL);
    stated.check(document)?;
    if stated.version != INTERNAL {
        return service::decode_json(document);
    }
    // Upstream: without a version it is read as the server's own struct, which has other names for all that it holds.
    let mut findings = Vec::new();
    for (key, _) in root.members().into_iter().flatten().filter(|(key, _)| !["kind", "apiVersion"].contains(key)) {
        report(&mut findings, format!("unknown field {}", quote(key)));
    }
    Ok(Decoded { findings, ..Decoded::default() })
}

/// How findings are told where they are an error.
pub(super) fn strict(findings: &[String]) -> String {
    format!("strict decoding error: {}", findings.join(", "))
}

/// The version of the server's own structs.
const INTERNAL: &str = "__internal";

/// What a text says that it is.
#[derive(Debug, Default)]
struct Stated<'d> {
    group: &'d str,
    version: &'d str,
    kind: &'d str,
}

/// Reads what a text says that it is, as `SimpleMetaFactory` does: Go's own decoder takes the keys in any case.
fn interpret<'d>(root: Node<'d, '_>) -> Result<Stated<'d>, String> {
    let wrong = |node: Node<'_, '_>, rest: &str| {
        format!("couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go {rest}", node.go_kind())
    };
    let (mut kind, mut api_version, mut error) = ("", "", None);
    if root.members().is_none() && !root.scalar().is_some_and(Value::is_null) {
        let rest = "value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
                    \"json:\\\"kind,omitempty\\\"\" }";
        return Err(wrong(root, rest));
    }
    for (key, value) in root.members().into_iter().flatten() {
        let (field, name) = match key {
            key if key.eq_ignore_ascii_case("kind") => (&mut kind, "kind"),
            key if key.eq_ignore_ascii_case("apiVersion") => (&mut api_version, "apiVersion"),
            _ => continue,
        };
        match value.scalar() {
            Some(Value::String(text)) => *field = text.as_ref(),
            Some(Value::Null) => {}
            _ => {
                error.get_or_insert_with(|| wrong(value, &format!("struct field .{name} of type string")));
            }
        }
    }
    error.map_or(Ok(()), Err)?;
    let (group, version) = match api_version.split_once('/') {
        None => ("", api_version),
        Some((_, version)) if version.contains('/') => return Err(format!("unexpected GroupVersion string: {api_version}")),
        Some(parts) => parts,
    };
    Ok(Stated { group, version, kind })
}

impl<'d> Stated<'d> {
    /// Fills in what is left open.
    fn fill_in(&mut self, kind: &'d str, version: &'d str) {
        if self.kind.is_empty() {
            self.kind = kind;
        }
        if self.group.is_empty() && self.version.is_empty() {
            self.version = version;
        }
    }

    /// Refuses what is no Service, in the words of the scheme.
    fn check(&self, document: &Document<'_>) -> Result<(), String> {
        let kind = self.kind;
        let core = self.group.is_empty() && [INTERNAL, "v1"].contains(&self.version);
        if core && kind == "Service" {
            return Ok(());
        }
        if core && CORE_KINDS.contains(&kind) {
            let package = if self.version == INTERNAL { "core" } else { "v1" };
            if self.version != INTERNAL {
                service::check_other_kind(document, kind)?;
            }
            return Err(format!("converting ({package}.{kind}) to (core.Service): unknown conversion"));
        }
        Err(self.unregistered())
    }

    fn unregistered(&self) -> String {
        let version = match (self.group, self.version) {
            ("", INTERNAL) => "the internal version of group \"\"".to_owned(),
            ("", version) => format!("version {}", quote(version)),
            (group, version) => format!("version {}", quote(&format!("{group}/{version}"))),
        };
        format!("no kind {} is registered for {version} in scheme \"pkg/runtime/scheme.go:111\"", quote(self.kind))
    }
}

/// The other kinds of version `v1`: `pkg/apis/core/v1/register.go` of `k8s.io/api`, and those that apimachinery adds to every
/// version (`pkg/apis/meta/v1/register.go`).
const CORE_KINDS: [&str; 54] = [
    "APIGroup",
    "APIGroupList",
    "APIResourceList",
    "APIVersions",
    "Binding",
    "ComponentStatus",
    "ComponentStatusList",
    "ConfigMap",
    "ConfigMapList",
    "CreateOptions",
    "DeleteOptions",
    "Endpoints",
    "EndpointsList",
    "Event",
    "EventList",
    "GetOptions",
    "LimitRange",
    "LimitRangeList",
    "List",
    "ListOptions",
    "Namespace",
    "NamespaceList",
    "Node",
    "NodeList",
    "NodeProxyOptions",
    "PatchOptions",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "PersistentVolumeClaimList",
    "PersistentVolumeList",
    "Pod",
    "PodAttachOptions",
    "PodExecOptions",
    "PodList",
    "PodLogOptions",
    "PodPortForwardOptions",
    "PodProxyOptions",
    "PodTemplate",
    "PodTemplateList",
    "RangeAllocation",
    "ReplicationController",
    "ReplicationControllerList",
    "ResourceQuota",
    "ResourceQuotaList",
    "Secret",
    "SecretList",
    "SerializedReference",
    "ServiceAccount",
    "ServiceAccountList",
    "ServiceList",
    "ServiceProxyOptions",
    "Status",
    "UpdateOptions",
    "WatchEvent",
];

/// The refusal of text that is no JSON.
fn unreadable(body: &Body, error: &Error) -> Stop {
    match syntax_error(body, error) {
        Ok(why) => unrecognized(&bytes(body), &format!("couldn't get version/kind; json parse error: {why}")).into(),
        Err(outside) => outside.into(),
    }
}

/// Go's text for what cannot be read here; the error is for what Go can read.
pub(super) fn syntax_error(body: &Body, error: &Error) -> Result<String, Error> {
    let fault = match body {
        Body::Bytes(bytes) => value::go_syntax_error(bytes),
        Body::Value(_) => None,
    };
    fault.ok_or_else(|| Error::not_modelled(&format!("a body that Go reads and the model does not ({error})")))
}

fn bytes(body: &Body) -> Cow<'_, [u8]> {
    match body {
        Body::Bytes(bytes) => Cow::Borrowed(bytes),
        Body::Value(value) => Cow::Owned(value.to_string().into_bytes()),
    }
}

fn unrecognized(bytes: &[u8], why: &str) -> Status {
    const SHOWN: usize = 30;
    let start = bytes.get(..SHOWN).unwrap_or(bytes);
    let mut summary = if bytes.is_empty() {
        "<empty>".to_owned()
    } else if bytes.starts_with(b"{") {
        String::from_utf8_lossy(start).into_owned()
    } else {
        start.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    if bytes.len() > SHOWN {
        summary.push_str(" ...");
    }
    Status::bad_request(format!("the object provided is unrecognized (must be of type Service): {why} ({summary})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expect: &str) {
        let body = Body::Bytes(body.as_bytes().to_vec());
        let text = match decode(&body, FieldValidation::Strict) {
            Ok(_) => "decoded".to_owned(),
            Err(Stop::Refused(status)) => status.message().to_owned(),
            Err(Stop::Outside(error)) => error.to_string(),
        };
        assert_eq!(text, expect);
    }

    #[test]
    fn refusals() {
        check("{}", "decoded");
        check(
            r#"{"kind":"Pod"}"#,
            "Pod in version \"v1\" cannot be handled as a Service: converting (v1.Pod) to (core.Service): unknown conversion",
        );
        check(
            r#"{"apiVersion":"apps/v1"}"#,
            "Service in version \"v1\" cannot be handled as a Service: no kind \"Service\" is registered for version \"apps/v1\" \
             in scheme \"pkg/runtime/scheme.go:111\"",
        );
        check(
            r#"{"spec":{"portz":1}}"#,
            "Service in version \"v1\" cannot be handled as a Service: strict decoding error: unknown field \"spec.portz\"",
        );
        let unrecognized = "the object provided is unrecognized (must be of type Service): couldn't get version/kind; json parse \
                            error: ";
        check("", &format!("{unrecognized}unexpected end of JSON input (<empty>)"));
        check("tru", &format!("{unrecognized}invalid character ' ' in literal true (expecting 'e') (747275)"));
        check("{a}", &format!("{unrecognized}invalid character 'a' looking for beginning of object key string ({{a}})"));
        check(
            r#"{"apiVersion":"v1","kind":"Service""#,
            &format!("{unrecognized}unexpected end of JSON input ({{\"apiVersion\":\"v1\",\"kind\":\"Ser ...)"),
        );
        check(
            "[]",
            &format!(
                "{unrecognized}json: cannot unmarshal array into Go value of type struct {{ APIVersion string \
                 \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }} (5b5d)"
            ),
        );
    }
}
