//! Bodies of POST and PUT: from bytes to a Service with its defaults.
//!
//! Upstream: apimachinery v0.37.2 `pkg/runtime/serializer/{json,codec_factory}.go`, apiserver v0.37.2
//! `pkg/endpoints/handlers/rest.go` (`transformDecodeError`). Left out: bodies in YAML and protobuf, Go's texts for broken JSON but
//! for text that ends early, and the fields of a body of another kind, which upstream reads before it refuses the kind.

use std::borrow::Cow;

use super::request::{Body, FieldValidation};
use super::status::Status;
use super::write::Stop;
use crate::Error;
use crate::service::{self, Service};
use crate::value::{self, Document, Node, Value, quote};

/// A media type that a body may have.
pub(super) fn check_media_type(media_type: Option<&str>) -> Result<(), Stop> {
    match media_type {
        None | Some("" | "application/json") => Ok(()),
        Some("application/yaml" | "application/vnd.kubernetes.protobuf" | "application/cbor") => {
            Err(Error::not_modelled("a body that is not JSON").into())
        }
        Some(_) => Err(Status::unsupported_body().into()),
    }
}

/// A body as a document that keeps the order of its members.
pub(super) fn document(body: &Body) -> Result<Document<'_>, Error> {
    match body {
        Body::Bytes(bytes) => value::parse_document(bytes),
        Body::Value(value) => Ok(Document::from(value.borrowed())),
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
    let (kind, api_version) = identify(document.root()).ok_or_else(|| not_an_object(body, document.root()))?;
    let version = api_version.rsplit('/').next().unwrap_or_default();
    let refused =
        |why: &str| Status::bad_request(format!("{kind} in version {} cannot be handled as a Service: {why}", quote(version)));
    check_kind(&kind, &api_version).map_err(|why| refused(&why))?;
    let decoded = service::decode_json(&document).map_err(|why| refused(&why))?;
    let findings = match validation {
        FieldValidation::Ignore => Vec::new(),
        FieldValidation::Warn => decoded.findings,
        FieldValidation::Strict if decoded.findings.is_empty() => Vec::new(),
        FieldValidation::Strict => return Err(refused(&strict(&decoded.findings)).into()),
    };
    let mut service = decoded.service;
    service::default(&mut service);
    Ok((service, findings))
}

/// How findings are told where they are an error.
pub(super) fn strict(findings: &[String]) -> String {
    format!("strict decoding error: {}", findings.join(", "))
}

/// Kind and API version, as stated or filled in; nothing if the body is no object.
fn identify<'d>(root: Node<'d, '_>) -> Option<(Cow<'d, str>, Cow<'d, str>)> {
    let members = root.members()?;
    let (mut kind, mut api_version) = ("", "");
    for (key, value) in members {
        let text = value.scalar().and_then(Value::as_str).unwrap_or_default();
        match key {
            "kind" => kind = text,
            "apiVersion" => api_version = text,
            _ => {}
        }
    }
    let or = |text: &'d str, default: &'static str| Cow::Borrowed(if text.is_empty() { default } else { text });
    Some((or(kind, "Service"), or(api_version, "v1")))
}

/// Refuses what is no Service, in the words of the scheme.
fn check_kind(kind: &str, api_version: &str) -> Result<(), String> {
    match (kind, api_version) {
        ("Service", "v1") => Ok(()),
        (kind, "v1") if CORE_KINDS.contains(&kind) => {
            Err(format!("converting (v1.{kind}) to (core.Service): unknown conversion"))
        }
        _ => {
            let (kind, api_version) = (quote(kind), quote(api_version));
            Err(format!("no kind {kind} is registered for version {api_version} in scheme \"pkg/runtime/scheme.go:111\""))
        }
    }
}

/// The kinds of the core group, `pkg/apis/core/v1/register.go` of `k8s.io/api`.
const CORE_KINDS: [&str; 33] = [
    "Binding",
    "ComponentStatus",
    "ComponentStatusList",
    "ConfigMap",
    "ConfigMapList",
    "Endpoints",
    "EndpointsList",
    "Event",
    "EventList",
    "LimitRange",
    "LimitRangeList",
    "Namespace",
    "NamespaceList",
    "Node",
    "NodeList",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "PersistentVolumeClaimList",
    "PersistentVolumeList",
    "Pod",
    "PodList",
    "PodTemplate",
    "PodTemplateList",
    "RangeAllocation",
    "ReplicationController",
    "ReplicationControllerList",
    "ResourceQuota",
    "ResourceQuotaList",
    "Secret",
    "SecretList",
    "ServiceAccount",
    "ServiceAccountList",
    "ServiceList",
];

/// The refusal of text that is no JSON.
fn unreadable(body: &Body, error: &Error) -> Stop {
    let Body::Bytes(bytes) = body else { return error.clone().into() };
    let last_line = bytes.rsplit(|&byte| byte == b'\n').next().unwrap_or(bytes);
    let line = bytes.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let end = format!("line {line}, column {}", last_line.len() + 1);
    if error.place() == Some(&end) {
        return unrecognized(bytes, "unexpected end of JSON input").into();
    }
    Error::not_modelled(&format!("the server's text for a body that is not JSON ({error})")).into()
}

fn not_an_object(body: &Body, root: Node<'_, '_>) -> Stop {
    let bytes = match body {
        Body::Bytes(bytes) => Cow::Borrowed(bytes),
        Body::Value(value) => Cow::Owned(value.to_string().into_bytes()),
    };
    let why = format!(
        "json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind \
         string \"json:\\\"kind,omitempty\\\"\" }}",
        go_kind(root)
    );
    unrecognized(&bytes, &why).into()
}

/// What Go's JSON decoder calls a value of the wrong kind.
pub(super) fn go_kind(node: Node<'_, '_>) -> &'static str {
    match node.type_name() {
        "list" => "array",
        "boolean" => "bool",
        "integer" | "float" => "number",
        other => other,
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
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type Service): couldn't get version/kind; json parse error: {why} \
         ({summary})"
    ))
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
