//! Checks of an object's metadata (`pkg/api/validation/objectmeta.go`, apimachinery v0.37.2, and the finalizer names of
//! `pkg/apis/core/validation/validation.go`, v1.37.2), and owner references that are stated twice.
//!
//! Where upstream walks a map in random order, the order here is that of the keys. Of managedFields only what those who can be
//! read may still have wrong is checked: the others are dropped earlier.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::encode::owner_reference_text;
use super::field_error::{FieldError, named, text, texts};
use super::names;
use super::text_map::TextMap;
use super::types::{ObjectMeta, OwnerReference, Service};
use crate::value::{Value, is_printable, quote};

const ANNOTATIONS_LIMIT: usize = 256 * 1024;
/// The longest name of a field manager, in bytes.
pub(crate) const MANAGER_LIMIT: usize = 128;
const SUBRESOURCE_LIMIT: usize = 256;
const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", ORPHAN, FOREGROUND];

/// The checks of a new object's metadata, in upstream's order.
static CREATE: &[fn(&ObjectMeta, &mut Vec<FieldError>)] =
    &[generate_name, name, generation, labels, annotations, owner_references, finalizers, managed_fields, finalizer_names];

/// The checks of a changed object's metadata, in upstream's order, before those against the old one.
static UPDATE: &[fn(&ObjectMeta, &mut Vec<FieldError>)] =
    &[generate_name_segment, generation, labels, annotations, owner_references, finalizers, managed_fields];

/// The checks against the old metadata.
static UPDATE_AGAINST: &[fn(&ObjectMeta, &ObjectMeta, &mut Vec<FieldError>)] = &[new_finalizers, immutable_uid, immutable_times];

pub(super) fn validate_create(service: &Service, errors: &mut Vec<FieldError>) {
    CREATE.iter().for_each(|check| check(&service.metadata, errors));
}

pub(super) fn validate_update(new: &Service, old: &Service, errors: &mut Vec<FieldError>) {
    UPDATE.iter().for_each(|check| check(&new.metadata, errors));
    UPDATE_AGAINST.iter().for_each(|check| check(&new.metadata, &old.metadata, errors));
    finalizer_names(&new.metadata, errors);
}

fn invalid_each(errors: &mut Vec<FieldError>, field: &str, value: &str, faults: Vec<String>) {
    errors.extend(faults.into_iter().map(|fault| FieldError::invalid(field, text(value), &fault)));
}

fn generate_name(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    if !metadata.generate_name.is_empty() {
        let faults = names::label_prefix_faults(&metadata.generate_name);
        invalid_each(errors, "metadata.generateName", &metadata.generate_name, faults);
    }
}

/// Upstream: on update a name need only be usable in a path.
fn generate_name_segment(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    let faults = ['/', '%'].into_iter().filter(|&c| metadata.generate_name.contains(c)).map(|c| format!("may not contain '{c}'"));
    invalid_each(errors, "metadata.generateName", &metadata.generate_name, faults.collect());
}

fn name(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    if metadata.name.is_empty() {
        errors.push(FieldError::required("metadata.name", "name or generateName is required"));
    } else {
        invalid_each(errors, "metadata.name", &metadata.name, names::label_faults(&metadata.name));
    }
}

fn generation(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    if metadata.generation < 0 {
        errors.push(FieldError::invalid("metadata.generation", metadata.generation, "must be greater than or equal to 0"));
    }
}

fn labels(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    validate_labels("metadata.labels", &metadata.labels, errors);
}

/// Keys and values of labels or of a selector.
pub(super) fn validate_labels(field: &str, labels: &TextMap, errors: &mut Vec<FieldError>) {
    for (key, value) in labels.iter() {
        invalid_each(errors, field, key, names::qualified_name_faults(key));
        invalid_each(errors, field, value, names::label_value_faults(value));
    }
}

fn annotations(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    for key in metadata.annotations.keys() {
        let faults = if key.bytes().any(|byte| byte.is_ascii_uppercase()) || !key.is_ascii() {
            names::qualified_name_faults(&key.to_lowercase())
        } else {
            names::qualified_name_faults(key)
        };
        invalid_each(errors, "metadata.annotations", key, faults);
    }
    if metadata.annotations.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > ANNOTATIONS_LIMIT {
        errors.push(FieldError::too_long("metadata.annotations", ANNOTATIONS_LIMIT));
    }
}

fn owner_references(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    let mut controller: Option<String> = None;
    for (index, reference) in metadata.owner_references.iter().enumerate() {
        let field = |name: &str| format!("metadata.ownerReferences[{index}]{name}");
        let version = group_version(&reference.api_version);
        if !reference.api_version.is_empty() && version.is_none_or(|(_, version)| version.is_empty()) {
            let detail = "must be <group>/<version> or <version>";
            errors.push(FieldError::invalid(field(".apiVersion"), text(&reference.api_version), detail));
        }
        for (name, value) in [
            (".apiVersion", &reference.api_version),
            (".kind", &reference.kind),
            (".name", &reference.name),
            (".uid", &reference.uid),
        ] {
            if value.is_empty() {
                errors.push(FieldError::required(field(name), "must not be empty"));
            }
        }
        if version == Some(("", "v1")) && reference.kind == "Event" {
            let detail = "/v1, Kind=Event is disallowed from being an owner";
            errors.push(FieldError::invalid(field(""), owner_reference_text(reference), detail));
        }
        if reference.controller == Some(true) {
            let current = format!("{}/{}", reference.kind, reference.name);
            match &controller {
                None => controller = Some(current),
                Some(first) => {
                    let detail = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {current}"
                    );
                    errors.push(FieldError::invalid(
                        "metadata.ownerReferences",
                        owner_references_text(&metadata.owner_references),
                        &detail,
                    ));
                }
            }
        }
    }
}

fn owner_references_text(references: &[OwnerReference]) -> String {
    let items: Vec<_> = references.iter().map(owner_reference_text).collect();
    format!("[{}]", items.join(","))
}

/// `schema.ParseGroupVersion`; nothing where it fails.
fn group_version(api_version: &str) -> Option<(&str, &str)> {
    match api_version.split_once('/') {
        None => Some(("", api_version)),
        Some((_, version)) if version.contains('/') => None,
        Some((group, version)) => Some((group, version)),
    }
}

fn finalizers(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    for finalizer in &metadata.finalizers {
        invalid_each(errors, "metadata.finalizers", finalizer, names::qualified_name_faults(finalizer));
    }
    let has = |name: &str| metadata.finalizers.iter().any(|finalizer| finalizer == name);
    if has(ORPHAN) && has(FOREGROUND) {
        let detail = format!("finalizer {ORPHAN} and {FOREGROUND} cannot be both set");
        errors.push(FieldError::invalid("metadata.finalizers", texts(&metadata.finalizers), &detail));
    }
}

/// Upstream: `ValidateManagedFields` of `pkg/apis/meta/v1/validation/validation.go`.
fn managed_fields(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    for (index, entry) in metadata.managed_fields.as_list().unwrap_or_default().iter().enumerate() {
        let member = |name| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        manager_names(index, member("manager"), member("subresource"), errors);
    }
}

fn manager_names(index: usize, manager: &str, subresource: &str, errors: &mut Vec<FieldError>) {
    let field = |name: &str| format!("metadata.managedFields[{index}].{name}");
    if manager.len() > MANAGER_LIMIT {
        errors.push(FieldError::too_long(field("manager"), MANAGER_LIMIT));
    }
    for (at, c) in manager.char_indices().filter(|(_, c)| !is_printable(*c)) {
        errors.push(FieldError::invalid(field("manager"), text(manager), &unprintable(c, at)));
    }
    if subresource.len() > SUBRESOURCE_LIMIT {
        errors.push(FieldError::too_long(field("subresource"), SUBRESOURCE_LIMIT));
    }
}

/// Whether an entry of managed fields with these names passes the checks of the metadata.
pub(crate) fn is_fine_manager(manager: &str, subresource: &str) -> bool {
    let mut errors = Vec::new();
    manager_names(0, manager, subresource, &mut errors);
    errors.is_empty()
}

/// What is wrong with a field manager's name that has an unprintable character.
pub(crate) fn unprintable(c: char, at: usize) -> String {
    format!("invalid character U+{:04X} (at position {at})", u32::from(c))
}

fn finalizer_names(metadata: &ObjectMeta, errors: &mut Vec<FieldError>) {
    for (index, finalizer) in metadata.finalizers.iter().enumerate() {
        if !finalizer.contains('/') && !STANDARD_FINALIZERS.contains(&finalizer.as_str()) {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            errors.push(FieldError::invalid(format!("metadata.finalizers[{index}]"), text(finalizer), detail));
        }
    }
}

fn new_finalizers(new: &ObjectMeta, old: &ObjectMeta, errors: &mut Vec<FieldError>) {
    if old.deletion_timestamp.is_none() {
        return;
    }
    let extra: BTreeSet<_> = new.finalizers.iter().filter(|finalizer| !old.finalizers.contains(finalizer)).collect();
    if !extra.is_empty() {
        let mut list = String::new();
        for finalizer in extra {
            let _ = write!(list, "{}{}", if list.is_empty() { "" } else { ", " }, quote(finalizer));
        }
        let detail =
            format!("no new finalizers can be added if the object is being deleted, found new finalizers []string{{{list}}}");
        errors.push(FieldError::forbidden("metadata.finalizers", &detail));
    }
}

const IMMUTABLE: &str = "field is immutable";

fn immutable_uid(new: &ObjectMeta, old: &ObjectMeta, errors: &mut Vec<FieldError>) {
    if new.uid != old.uid {
        errors.push(FieldError::invalid("metadata.uid", named(&new.uid), IMMUTABLE));
    }
}

fn immutable_times(new: &ObjectMeta, old: &ObjectMeta, errors: &mut Vec<FieldError>) {
    for (field, new, old) in [
        ("metadata.creationTimestamp", &new.creation_timestamp, &old.creation_timestamp),
        ("metadata.deletionTimestamp", &new.deletion_timestamp, &old.deletion_timestamp),
    ] {
        if new != old {
            errors.push(FieldError::invalid(field, new.as_deref().map_or("null".to_owned(), text), IMMUTABLE));
        }
    }
    if new.deletion_grace_period_seconds != old.deletion_grace_period_seconds {
        let value = new.deletion_grace_period_seconds.map_or("null".to_owned(), |seconds| seconds.to_string());
        errors.push(FieldError::invalid("metadata.deletionGracePeriodSeconds", value, IMMUTABLE));
    }
}

/// When owner references are looked through for repetitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Duplicates {
    /// In the object that was sent.
    Sent,
    /// In the object as a patch left it.
    Patched,
}

/// Drops owner references that are stated twice, and answers the warning for it (`dedupOwnerReferencesAndAddWarning` of
/// apiserver's `endpoints/handlers/create.go`).
pub fn deduplicate_owner_references(metadata: &mut ObjectMeta, duplicates: Duplicates) -> Option<String> {
    let mut kept: Vec<OwnerReference> = Vec::new();
    let mut repeated: Vec<String> = Vec::new();
    for reference in std::mem::take(&mut metadata.owner_references) {
        if kept.contains(&reference) {
            repeated.push(reference.uid);
        } else {
            kept.push(reference);
        }
    }
    metadata.owner_references = kept;
    let when = match duplicates {
        Duplicates::Sent => "",
        Duplicates::Patched => " after mutating admission happens",
    };
    (!repeated.is_empty()).then(|| {
        format!(
            ".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
            repeated.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{object, summary};
    use super::*;

    #[track_caller]
    fn check_create(name: &str, metadata: &str, expect: &str) {
        let mut errors = Vec::new();
        validate_create(&object(&format!(r#"{{"metadata":{metadata}}}"#)), &mut errors);
        assert_eq!(summary(&errors), expect, "{name}");
    }

    #[test]
    fn creates() {
        let owner = r#"{"apiVersion":"A","kind":"A","name":"a","uid":"u","controller":true}"#;
        for (name, metadata, expect) in [
            ("metadata/plain", r#"{"name":"n","labels":{"a":"b"},"annotations":{"A":"b"},"finalizers":["example.com/a","orphan"]}"#.to_owned(), String::new()),
            ("metadata/name/none", "{}".to_owned(), "metadata.name: Required value: name or generateName is required".to_owned()),
            ("metadata/generation", r#"{"name":"n","generation":-9}"#.to_owned(), "metadata.generation: Invalid value: -9: must be greater than or equal to 0".to_owned()),
            ("metadata/owner/empty", r#"{"name":"n","ownerReferences":[{}]}"#.to_owned(), ["apiVersion", "kind", "name", "uid"].map(|field| format!("metadata.ownerReferences[0].{field}: Required value: must not be empty")).join("; ")),
            ("metadata/owner/event", r#"{"name":"n","ownerReferences":[{"apiVersion":"v1","kind":"Event","name":"e","uid":"u"}]}"#.to_owned(), r#"metadata.ownerReferences[0]: Invalid value: {"apiVersion":"v1","kind":"Event","name":"e","uid":"u"}: /v1, Kind=Event is disallowed from being an owner"#.to_owned()),
            ("metadata/owner/two_controllers", format!(r#"{{"name":"n","ownerReferences":[{owner},{}]}}"#, owner.replace("\"a\"", "\"b\"")), format!(r#"metadata.ownerReferences: Invalid value: [{owner},{}]: Only one reference can have Controller set to true. Found "true" in references for A/a and A/b"#, owner.replace("\"a\"", "\"b\""))),
            ("metadata/finalizers/both", r#"{"name":"n","finalizers":["orphan","foregroundDeletion","foo"]}"#.to_owned(), r#"metadata.finalizers: Invalid value: ["orphan","foregroundDeletion","foo"]: finalizer orphan and foregroundDeletion cannot be both set; metadata.finalizers[2]: Invalid value: "foo": name is neither a standard finalizer name nor is it fully qualified"#.to_owned()),
            ("metadata/order", r#"{"name":"n","finalizers":["foo"],"annotations":{"/b":""},"labels":{"/a":""},"generateName":"a_"}"#.to_owned(), format!(r#"metadata.generateName: Invalid value: "a_": {}; metadata.labels: Invalid value: "/a": prefix part must be non-empty; metadata.annotations: Invalid value: "/b": prefix part must be non-empty; metadata.finalizers[0]: Invalid value: "foo": name is neither a standard finalizer name nor is it fully qualified"#, names::label_faults("a_")[0])),
        ] {
            check_create(name, &metadata, &expect);
        }
        let long = format!(r#"{{"name":"n","annotations":{{"a":"{}"}}}}"#, "x".repeat(ANNOTATIONS_LIMIT));
        check_create("metadata/annotations/size", &long, "metadata.annotations: Too long: may not be more than 262144 bytes");
    }

    #[test]
    fn updates() {
        for (name, old, new, expect) in [
            (
                "metadata/update/uid",
                r#"{"uid":"u"}"#,
                r#"{"uid":"<abc>"}"#,
                r#"metadata.uid: Invalid value: "\u003cabc\u003e": field is immutable"#,
            ),
            (
                "metadata/update/creation",
                "{}",
                r#"{"creationTimestamp":"2020-01-01T00:00:00Z"}"#,
                r#"metadata.creationTimestamp: Invalid value: "2020-01-01T00:00:00Z": field is immutable"#,
            ),
            (
                "metadata/update/deletion",
                "{}",
                r#"{"deletionTimestamp":"2020-01-01T00:00:00Z","deletionGracePeriodSeconds":3}"#,
                r#"metadata.deletionTimestamp: Invalid value: "2020-01-01T00:00:00Z": field is immutable; metadata.deletionGracePeriodSeconds: Invalid value: 3: field is immutable"#,
            ),
            (
                "metadata/update/finalizer_while_deleting",
                r#"{"deletionTimestamp":"2020-01-01T00:00:00Z","finalizers":["a/b"]}"#,
                r#"{"deletionTimestamp":"2020-01-01T00:00:00Z","finalizers":["ex.com/g","a/b"]}"#,
                r#"metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"ex.com/g"}"#,
            ),
            (
                "metadata/update/generate_name",
                "{}",
                r#"{"generateName":"a_/"}"#,
                r#"metadata.generateName: Invalid value: "a_/": may not contain '/'"#,
            ),
        ] {
            let mut errors = Vec::new();
            let object = |metadata: &str| object(&format!(r#"{{"metadata":{metadata}}}"#));
            validate_update(&object(new), &object(old), &mut errors);
            assert_eq!(summary(&errors), expect, "{name}");
        }
    }

    #[test]
    fn repeated_owners_are_dropped() {
        let owner = r#"{"apiVersion":"v1","kind":"Pod","name":"p","uid":"q"}"#;
        let other = owner.replace("Pod", "Node");
        let mut metadata = object(&format!(r#"{{"metadata":{{"ownerReferences":[{owner},{other},{owner}]}}}}"#)).metadata;
        let warning = deduplicate_owner_references(&mut metadata, Duplicates::Sent).unwrap();
        assert!(warning.ends_with("please fix your requests; duplicate UID(s) observed: q"), "{warning}");
        assert_eq!(metadata.owner_references.len(), 2);
        assert_eq!(deduplicate_owner_references(&mut metadata, Duplicates::Patched), None);
    }
}
