//! One fault of an object, worded as `field.Error` words it (`pkg/util/validation/field/errors.go`, apimachinery v0.37.2), and
//! the list of them as the server answers it (`NewInvalid` of `pkg/api/errors/errors.go`).

use std::collections::BTreeSet;
use std::fmt::{self, Display, Write};

use crate::value::{Value, quote};

/// What kind of fault it is: the `reason` of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A value that must be there is not.
    Required,
    /// A value that must be unique is not.
    Duplicate,
    /// A value that is not well-formed.
    Invalid,
    /// A value that is none of an enumeration's.
    NotSupported,
    /// A value that may not be there.
    Forbidden,
    /// A value that is too long.
    TooLong,
}

impl Reason {
    /// The word in a cause: `FieldValueInvalid`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::Required => "FieldValueRequired",
            Reason::Duplicate => "FieldValueDuplicate",
            Reason::Invalid => "FieldValueInvalid",
            Reason::NotSupported => "FieldValueNotSupported",
            Reason::Forbidden => "FieldValueForbidden",
            Reason::TooLong => "FieldValueTooLong",
        }
    }
}

/// One fault: where, of what kind, in which words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldError {
    /// The field: `spec.ports[0].port`.
    pub field: String,
    /// The kind.
    pub reason: Reason,
    /// The words behind the field: `Invalid value: 0: must be between 1 and 65535, inclusive`.
    pub message: String,
}

/// The field and the words: `spec.ports: Required value`.
impl Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl FieldError {
    pub(crate) fn required(field: impl Into<String>, detail: &str) -> Self {
        let message = if detail.is_empty() { "Required value".to_owned() } else { format!("Required value: {detail}") };
        FieldError { field: field.into(), reason: Reason::Required, message }
    }

    pub(crate) fn duplicate(field: impl Into<String>, value: impl Display) -> Self {
        FieldError { field: field.into(), reason: Reason::Duplicate, message: format!("Duplicate value: {value}") }
    }

    pub(crate) fn invalid(field: impl Into<String>, value: impl Display, detail: &str) -> Self {
        FieldError { field: field.into(), reason: Reason::Invalid, message: format!("Invalid value: {value}: {detail}") }
    }

    pub(crate) fn not_supported(field: impl Into<String>, value: impl Display, supported: &[&str]) -> Self {
        let mut message = format!("Unsupported value: {value}: supported values: ");
        for (at, value) in supported.iter().enumerate() {
            let _ = write!(message, "{}\"{value}\"", if at > 0 { ", " } else { "" });
        }
        FieldError { field: field.into(), reason: Reason::NotSupported, message }
    }

    pub(crate) fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        FieldError { field: field.into(), reason: Reason::Forbidden, message: format!("Forbidden: {detail}") }
    }

    pub(crate) fn too_long(field: impl Into<String>, limit: usize) -> Self {
        let message = format!("Too long: may not be more than {limit} bytes");
        FieldError { field: field.into(), reason: Reason::TooLong, message }
    }
}

/// A plain string as a fault prints it: Go's `%q`.
pub(crate) fn text(value: &str) -> String {
    quote(value)
}

/// A string of a named type as a fault prints it: as JSON.
pub(crate) fn named(value: &str) -> String {
    Value::from(value).to_string()
}

/// A list of strings as a fault prints it: as JSON.
pub(crate) fn texts(values: &[String]) -> String {
    Value::List(values.iter().map(|value| Value::from(value.as_str())).collect()).to_string()
}

/// Keeps the first of equal faults.
pub(crate) fn deduplicate(errors: &mut Vec<FieldError>) {
    if errors.len() > 1 {
        let mut seen = BTreeSet::new();
        errors.retain(|error| seen.insert((error.field.clone(), error.message.clone())));
    }
}

/// The message of a refusal for these faults: `Service "dns" is invalid: spec.ports: Required value`.
pub fn invalid_message(kind: &str, name: &str, errors: &[FieldError]) -> String {
    let mut out = format!("{kind} {} is invalid: ", quote(name));
    match errors {
        [only] => {
            let _ = write!(out, "{only}");
        }
        several => {
            out.push('[');
            for (at, error) in several.iter().enumerate() {
                let _ = write!(out, "{}{error}", if at > 0 { ", " } else { "" });
            }
            out.push(']');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (name, error, expect) in [
            ("error/required", FieldError::required("a", ""), "a: Required value"),
            ("error/required/detail", FieldError::required("a", "x"), "a: Required value: x"),
            ("error/duplicate", FieldError::duplicate("a[1]", 30049), "a[1]: Duplicate value: 30049"),
            ("error/invalid/text", FieldError::invalid("a", text("<&>é\u{1}"), "x"), r#"a: Invalid value: "<&>é\x01": x"#),
            (
                "error/invalid/named",
                FieldError::invalid("a", named("<&>é\u{1}"), "x"),
                "a: Invalid value: \"\\u003c\\u0026\\u003eé\\u0001\": x",
            ),
            (
                "error/not_supported",
                FieldError::not_supported("a", named("tcp"), &["TCP", "UDP"]),
                r#"a: Unsupported value: "tcp": supported values: "TCP", "UDP""#,
            ),
            ("error/forbidden", FieldError::forbidden("a", "x"), "a: Forbidden: x"),
            ("error/too_long", FieldError::too_long("a", 5), "a: Too long: may not be more than 5 bytes"),
        ] {
            assert_eq!(error.to_string(), expect, "{name}");
        }
    }

    #[test]
    fn one_is_bare_and_several_are_listed() {
        let mut errors = vec![FieldError::required("b", ""), FieldError::required("a", ""), FieldError::required("b", "")];
        deduplicate(&mut errors);
        assert_eq!(
            invalid_message("Service", "dns", &errors),
            r#"Service "dns" is invalid: [b: Required value, a: Required value]"#
        );
        assert_eq!(invalid_message("Service", "", &errors[..1]), r#"Service "" is invalid: b: Required value"#);
    }
}
