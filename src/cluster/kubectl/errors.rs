//! How kubectl words a failure.
//!
//! Upstream: kubectl v0.37.2 `pkg/cmd/util/helpers.go` (`StandardErrorMessage`, `MultilineError`, `AddSourceToErr`).

use crate::Error;
use crate::cluster::Status;
use crate::value::quote;

/// Why a command ended.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The server refused.
    Refused(Status),
    /// kubectl itself failed.
    Client(String),
    /// kubectl itself failed in several ways, which it lists one a line.
    Several(Vec<String>),
    /// What comes next is not modelled.
    Outside(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Outside(error)
    }
}

impl Failure {
    pub(super) fn client(message: impl Into<String>) -> Self {
        Failure::Client(message.into())
    }

    /// A patch that kubectl cannot make or apply.
    pub(super) fn merging(error: &Error) -> Self {
        if error.is_crash() {
            return Error::not_modelled(&format!("a patch on which kubectl crashes ({error})")).into();
        }
        Failure::Client(error.to_string())
    }

    /// `error when creating "service.yaml": …`.
    #[must_use]
    pub(super) fn when(self, verb: &str, source: &str) -> Self {
        self.behind(&format!("error when {verb} {}: ", quote(source)))
    }

    /// The same behind a prefix.
    #[must_use]
    pub(super) fn behind(self, prefix: &str) -> Self {
        match self {
            Failure::Refused(status) => Failure::Refused(status.with_prefix(prefix)),
            Failure::Client(message) => Failure::Client(prefix.to_owned() + &message),
            Failure::Several(messages) => Failure::Client(format!("{prefix}[{}]", messages.join(", "))),
            outside @ Failure::Outside(_) => outside,
        }
    }

    /// Whether the server's reason is this one.
    pub(super) fn is(&self, reason: &str) -> bool {
        matches!(self, Failure::Refused(status) if status.reason() == Some(reason))
    }

    /// What stands behind the prefixes, as `%v` prints it.
    pub(super) fn text(&self) -> String {
        match self {
            Failure::Refused(status) => status.message().to_owned(),
            Failure::Client(message) => message.clone(),
            Failure::Several(messages) => format!("[{}]", messages.join(", ")),
            Failure::Outside(error) => error.to_string(),
        }
    }

    /// What kubectl prints on standard error before it ends.
    pub(super) fn message(&self) -> String {
        let mut message = match self {
            Failure::Refused(status) if status.reason() == Some("Invalid") => invalid(status),
            Failure::Refused(status) => match status.reason() {
                Some(reason) => format!("Error from server ({reason}): {status}"),
                None => format!("Error from server: {status}"),
            },
            Failure::Client(message) if message.starts_with("error: ") => message.clone(),
            Failure::Client(message) => format!("error: {message}"),
            Failure::Several(messages) => messages.join("\n"),
            Failure::Outside(error) => error.to_string(),
        };
        if !message.ends_with('\n') {
            message.push('\n');
        }
        message
    }
}

fn invalid(status: &Status) -> String {
    let named = status.details().filter(|details| !details.kind().is_empty() || !details.name().is_empty());
    let what = match (status.details(), named) {
        (_, Some(details)) => format!("The {} {} is invalid", details.kind(), quote(details.name())),
        (details, None) if details.is_none_or(|details| details.causes().is_empty()) => {
            format!("The request is invalid: {status}")
        }
        _ => "The request is invalid".to_owned(),
    };
    let mut lines: Vec<String> = Vec::new();
    for cause in status.causes() {
        let line = format!("{}: {}", cause.field(), cause.message());
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    match &*lines {
        [] => what,
        [only] => format!("{what}: {only}"),
        several => {
            let list: String = several.iter().map(|line| format!("* {line}\n")).collect();
            format!("{what}: \n{list}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::status::{Cause, Kind};

    #[track_caller]
    fn check(failure: Failure, expect: &str) {
        assert_eq!(failure.message(), expect);
    }

    #[test]
    fn messages() {
        let required = Cause::new("FieldValueRequired", "Required value", "spec.ports");
        let one = Status::invalid(Kind::SERVICE, "x", vec![required.clone()]);
        check(Failure::Refused(one), "The Service \"x\" is invalid: spec.ports: Required value\n");
        let again = Cause::new("FieldValueDuplicate", "Duplicate value: 1", "spec.ports[1].nodePort");
        let several = Status::invalid(Kind::SERVICE, "x", vec![required.clone(), again, required]);
        check(
            Failure::Refused(several),
            "The Service \"x\" is invalid: \n* spec.ports: Required value\n* spec.ports[1].nodePort: Duplicate value: 1\n",
        );
        check(
            Failure::Refused(Status::invalid_patch("map[a:b]", "no")),
            "The request is invalid: patch: Invalid value: \"map[a:b]\": no\n",
        );
        check(
            Failure::Refused(Status::unprocessable()),
            "The request is invalid: the server rejected our request due to an error in our request\n",
        );
        check(
            Failure::Refused(Status::already_exists("e", false)).when("creating", "e.yaml"),
            "Error from server (AlreadyExists): error when creating \"e.yaml\": services \"e\" already exists\n",
        );
        check(
            Failure::Refused(Status::failure("duplicate nodePort: {TCP 1}")),
            "Error from server: duplicate nodePort: {TCP 1}\n",
        );
        check(Failure::client("no").when("patching", "f"), "error: error when patching \"f\": no\n");
    }
}
