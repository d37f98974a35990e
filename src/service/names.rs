//! Forms of names: DNS labels and subdomains, label keys and values, port names (`pkg/util/validation/validation.go` and
//! `pkg/api/validate/content`, apimachinery v0.37.2). Each check answers the texts of what is wrong, in upstream's order.

const LABEL_MAX: usize = 63;
const SUBDOMAIN_MAX: usize = 253;
const PORT_NAME_MAX: usize = 15;

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// An RFC 1123 label: the name of a Service, of a port, of a namespace.
pub(super) fn label_faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.len() > LABEL_MAX {
        faults.push(no_more_than(LABEL_MAX, "characters"));
    }
    if !is_label(text.as_bytes()) {
        faults.push(if is_subdomain(text) { "must not contain dots".to_owned() } else { LABEL.to_owned() });
    }
    faults
}

/// A label that the server will complete: what it ends in does not count.
pub(super) fn label_prefix_faults(text: &str) -> Vec<String> {
    // Upstream: `maskTrailingDash` masks the dash and the character before it with one `a`.
    let start = text.strip_suffix('-').filter(|start| !start.is_empty());
    match start.and_then(|start| start.get(..start.len() - 1)) {
        Some(start) => label_faults(&format!("{start}a")),
        None => label_faults(text),
    }
}

/// A lower-case RFC 1123 subdomain.
pub(super) fn subdomain_faults(text: &str) -> Vec<String> {
    faults_of_subdomain(text, "characters")
}

fn faults_of_subdomain(text: &str, unit: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.len() > SUBDOMAIN_MAX {
        faults.push(no_more_than(SUBDOMAIN_MAX, unit));
    }
    if !is_subdomain(text) {
        faults.push(SUBDOMAIN.to_owned());
    }
    faults
}

/// A label key: a name of letters, digits, `-`, `_` and `.`, with or without a subdomain before a slash.
pub(super) fn qualified_name_faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let (prefix, name) = match text.split_once('/') {
        None => (None, text),
        Some((prefix, name)) => (Some(prefix), name),
    };
    if name.contains('/') {
        faults.push(format!(
            "a valid label key {QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ));
        return faults;
    }
    match prefix {
        Some("") => faults.push("prefix part must be non-empty".to_owned()),
        Some(prefix) => {
            faults.extend(faults_of_subdomain(prefix, "bytes").into_iter().map(|fault| format!("prefix part {fault}")));
        }
        None => {}
    }
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if name.len() > LABEL_MAX {
        faults.push(format!("name part {}", no_more_than(LABEL_MAX, "bytes")));
    }
    if !is_qualified(name) {
        faults.push(format!("name part {QUALIFIED}"));
    }
    faults
}

/// The value of a label.
pub(crate) fn label_value_faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.len() > LABEL_MAX {
        faults.push(no_more_than(LABEL_MAX, "bytes"));
    }
    if !text.is_empty() && !is_qualified(text) {
        faults.push(LABEL_VALUE.to_owned());
    }
    faults
}

/// The name of a pod's port.
pub(super) fn port_name_faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |wrong: bool, fault: &str| {
        if wrong {
            faults.push(fault.to_owned());
        }
    };
    check(text.len() > PORT_NAME_MAX, &no_more_than(PORT_NAME_MAX, "characters"));
    let allowed = |byte: u8| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
    check(
        text.is_empty() || !text.bytes().all(allowed),
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
    );
    check(!text.bytes().any(|byte| byte.is_ascii_lowercase()), "must contain at least one letter (a-z)");
    check(text.contains("--"), "must not contain consecutive hyphens");
    check(text.starts_with('-') || text.ends_with('-'), "must not begin or end with a hyphen");
    faults
}

fn no_more_than(limit: usize, unit: &str) -> String {
    format!("must be no more than {limit} {unit}")
}

/// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`
fn is_label(text: &[u8]) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    is_between(text, alphanumeric, |byte| alphanumeric(byte) || byte == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.as_bytes().split(|byte| *byte == b'.').all(is_label)
}

/// `([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]`
fn is_qualified(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    is_between(text.as_bytes(), |byte| byte.is_ascii_alphanumeric(), inside)
}

/// Whether the first and the last byte are of one kind and all are of the other.
fn is_between(bytes: &[u8], end: impl Fn(u8) -> bool, inside: impl Fn(u8) -> bool) -> bool {
    bytes.first().is_some_and(|&byte| end(byte))
        && bytes.last().is_some_and(|&byte| end(byte))
        && bytes.iter().all(|&byte| inside(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, got: &[String], expect: &[&str]) {
        assert_eq!(got, expect, "{name}");
    }

    #[test]
    fn forms() {
        let long = "x".repeat(64);
        check("names/label/plain", &label_faults("a-1"), &[]);
        check("names/label/digit_first", &label_faults("1a"), &[]);
        check("names/label/upper", &label_faults("Upper"), &[LABEL]);
        check("names/label/dots", &label_faults("a.b"), &["must not contain dots"]);
        check("names/label/long", &label_faults(&long), &["must be no more than 63 characters"]);
        check("names/label/dash_last", &label_faults("a-"), &[LABEL]);
        check("names/label/prefix", &label_prefix_faults("a-"), &[]);
        check("names/label/prefix_masked", &label_prefix_faults("a_-"), &[]);
        check("names/label/prefix_dash_only", &label_prefix_faults("-"), &[LABEL]);
        check("names/subdomain/empty_part", &subdomain_faults("a..b"), &[SUBDOMAIN]);
        check("names/subdomain/long", &subdomain_faults(&"a".repeat(254)), &["must be no more than 253 characters"]);
        check("names/key/plain", &qualified_name_faults("example.com/My_Name.x"), &[]);
        check("names/key/no_prefix", &qualified_name_faults("/x"), &["prefix part must be non-empty"]);
        check("names/key/prefix", &qualified_name_faults("Ok/x"), &[&format!("prefix part {SUBDOMAIN}")]);
        check(
            "names/key/prefix_long",
            &qualified_name_faults(&format!("{}/x", "a".repeat(254))),
            &["prefix part must be no more than 253 bytes"],
        );
        check("names/key/empty", &qualified_name_faults(""), &["name part must be non-empty", &format!("name part {QUALIFIED}")]);
        check("names/key/long", &qualified_name_faults(&long), &["name part must be no more than 63 bytes"]);
        check(
            "names/key/slashes",
            &qualified_name_faults("a/b/c").iter().map(|fault| fault[..17].to_owned()).collect::<Vec<_>>(),
            &["a valid label key"],
        );
        check("names/value/empty", &label_value_faults(""), &[]);
        check("names/value/space", &label_value_faults("a b"), &[LABEL_VALUE]);
        check("names/value/long", &label_value_faults(&long), &["must be no more than 63 bytes"]);
        check("names/port/digits", &port_name_faults("0"), &["must contain at least one letter (a-z)"]);
        check(
            "names/port/all_at_once",
            &port_name_faults("-1234567890--123456"),
            &[
                "must be no more than 15 characters",
                "must contain at least one letter (a-z)",
                "must not contain consecutive hyphens",
                "must not begin or end with a hyphen",
            ],
        );
    }
}
