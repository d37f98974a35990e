//! Helpers of this room's tests.

use super::{FieldError, Service, decode_json, default};
use crate::value::parse_document;

/// A Service from a whole object's JSON.
#[track_caller]
pub(super) fn object(text: &str) -> Service {
    decode_json(&parse_document(text.as_bytes()).unwrap()).unwrap().service
}

/// A Service from its spec's JSON.
#[track_caller]
pub(super) fn service(spec: &str) -> Service {
    object(&format!(r#"{{"metadata":{{"name":"n","namespace":"ns"}},"spec":{spec}}}"#))
}

/// The same with defaults.
#[track_caller]
pub(super) fn defaulted(spec: &str) -> Service {
    let mut service = service(spec);
    default(&mut service);
    service
}

/// The faults in a row.
pub(super) fn summary(errors: &[FieldError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
