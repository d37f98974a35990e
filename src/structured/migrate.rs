//! From client-side to server-side apply: the entries that `kubectl` rewrites (client-go v0.37.2 `util/csaupgrade/upgrade.go`).

use std::borrow::Cow;

use super::last_applied::LAST_APPLIED;
use super::managers::Operation;
use super::set::Set;
use crate::path::Path;
use crate::value::{Map, Value};

/// The managed fields of an object whose client-side managers have become `manager`, who applies; `None` if they stay as they are.
///
/// Client-side managers are those of updates who own the last-applied annotation. The first entry in which `manager` applies, or
/// else the first entry of such a manager, which keeps its time, takes up their fields; their entries go. Upstream: it goes
/// through several names in random order, here by name. An entry that cannot be decoded leaves everything as it is.
///
/// ```
/// use mergekey::structured::migrate;
/// use mergekey::value;
///
/// let entries = value::parse(br#"[{"manager":"kubectl-client-side-apply","operation":"Update","apiVersion":"v1",
///     "fieldsType":"FieldsV1","time":"2026-07-07T22:38:29Z","fieldsV1":{"f:metadata":{"f:annotations":{
///     "f:kubectl.kubernetes.io/last-applied-configuration":{}}}}}]"#)?;
/// let migrated = migrate(&entries, "kubectl").expect("there is a client-side manager");
/// let entry = &migrated.as_list().unwrap_or_default()[0];
/// assert_eq!(entry.get("manager").and_then(|name| name.as_str()), Some("kubectl"));
/// assert_eq!(entry.get("operation").and_then(|name| name.as_str()), Some("Apply"));
/// # Ok::<(), mergekey::Error>(())
/// ```
pub fn migrate(managed_fields: &Value<'_>, manager: &str) -> Option<Value<'static>> {
    let before: Vec<Entry<'_>> = managed_fields.as_list()?.iter().map(|entry| Entry { fields: entry.as_map() }).collect();
    let annotation = Path::new().field("metadata").field("annotations").field(LAST_APPLIED);
    let mut names: Vec<&str> = before
        .iter()
        .filter(|entry| entry.is(Operation::Update) && entry.set().is_some_and(|set| set.contains(&annotation)))
        .map(|entry| entry.text("manager"))
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return None;
    }

    let mut entries: Vec<Cow<'_, Value<'_>>> = managed_fields.as_list()?.iter().map(Cow::Borrowed).collect();
    for name in names {
        entries = migrate_one(entries, name, manager)?;
    }
    let changed = !entries.iter().map(|entry| &**entry).eq(managed_fields.as_list()?);
    let owned = |entry: Cow<'_, Value<'_>>| entry.into_owned().into_owned();
    changed.then(|| Value::List(entries.into_iter().map(owned).collect()))
}

fn migrate_one<'v>(mut entries: Vec<Cow<'v, Value<'v>>>, name: &str, manager: &str) -> Option<Vec<Cow<'v, Value<'v>>>> {
    let find = |entries: &[Cow<'_, Value<'_>>], wanted: &dyn Fn(Entry<'_>) -> bool| {
        entries.iter().position(|entry| wanted(Entry { fields: entry.as_map() }))
    };
    let is_client_side = |entry: Entry<'_>| entry.is_whole_object(name, Operation::Update);
    let applied = find(&entries, &|entry| entry.is_whole_object(manager, Operation::Apply));
    let Some(target) = applied.or_else(|| find(&entries, &is_client_side)) else { return Some(entries) };

    let entry = Entry { fields: entries.get(target)?.as_map() };
    let version = entry.text("apiVersion");
    let mut others =
        entries.iter().enumerate().filter(|(at, _)| *at != target).map(|(_, entry)| Entry { fields: entry.as_map() });
    let mut set = entry.set()?;
    if let Some(other) = others.find(|other| is_client_side(*other) && other.text("apiVersion") == version) {
        set = set.union(other.set()?);
    }
    let fields = set.to_fields_v1();
    let mut changed = without_fields(std::mem::take(entries.get_mut(target)?))?;
    changed.insert("fieldsV1", fields);
    if applied.is_none() {
        changed.insert("operation", Value::from(Operation::Apply.as_str()));
        changed.insert("manager", Value::from(manager.to_owned()));
    }
    *entries.get_mut(target)? = Cow::Owned(Value::Map(changed));
    entries.retain(|entry| !is_client_side(Entry { fields: entry.as_map() }));
    Some(entries)
}

/// An entry without its fields, which are most of it.
fn without_fields<'v>(entry: Cow<'v, Value<'v>>) -> Option<Map<'v>> {
    match entry {
        Cow::Borrowed(entry) => {
            let members = entry.as_map()?.iter().filter(|(key, _)| *key != "fieldsV1");
            Some(members.map(|(key, value)| (key, value.borrowed())).collect())
        }
        Cow::Owned(Value::Map(entry)) => Some(entry),
        Cow::Owned(_) => None,
    }
}

/// An entry of managed fields as it stands.
#[derive(Clone, Copy)]
struct Entry<'v> {
    fields: Option<&'v Map<'v>>,
}

impl<'v> Entry<'v> {
    fn text(self, key: &str) -> &'v str {
        self.fields.and_then(|fields| fields.get(key)).and_then(Value::as_str).unwrap_or_default()
    }

    fn is(self, operation: Operation) -> bool {
        self.text("operation") == operation.as_str()
    }

    /// Whether it is `manager`'s entry of this operation, and not one of a subresource.
    fn is_whole_object(self, manager: &str, operation: Operation) -> bool {
        self.text("manager") == manager && self.is(operation) && self.text("subresource").is_empty()
    }

    /// The fields; `None` if they cannot be decoded.
    fn set(self) -> Option<Set<'v>> {
        match self.fields?.get("fieldsV1") {
            None => Some(Set::new()),
            Some(fields) => Set::from_fields_v1(fields).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    const ANNOTATION: &str = "f:kubectl.kubernetes.io/last-applied-configuration";

    /// `name operation version [subresource]: paths`, an `@` among the paths being the annotation.
    fn entries(lines: &[&str]) -> Value<'static> {
        let entry = |line: &&str| {
            let (head, paths) = line.split_once(':').unwrap();
            let head: Vec<_> = head.split_whitespace().collect();
            let fields: Vec<_> = paths
                .split_whitespace()
                .map(|path| match path {
                    "@" => format!(r#""f:metadata":{{"f:annotations":{{"{ANNOTATION}":{{}}}}}}"#),
                    path => format!(r#""f:{path}":{{}}"#),
                })
                .collect();
            let subresource = head.get(3).map_or(String::new(), |name| format!(r#","subresource":"{name}""#));
            format!(
                r#"{{"manager":"{}","operation":"{}","apiVersion":"{}","fieldsType":"FieldsV1","fieldsV1":{{{}}},"time":"{}"{subresource}}}"#,
                head[0],
                head[1],
                head[2],
                fields.join(","),
                head[0],
            )
        };
        let text = format!("[{}]", lines.iter().map(entry).collect::<Vec<_>>().join(","));
        parse(text.as_bytes()).unwrap().into_owned()
    }

    #[track_caller]
    fn check(before: &[&str], after: Option<&[&str]>) {
        let untimed = |mut list: Value<'static>| {
            for entry in list.as_list_mut().into_iter().flatten() {
                entry.as_map_mut().unwrap().remove("time");
            }
            list
        };
        assert_eq!(migrate(&entries(before), "kubectl").map(untimed), after.map(entries).map(untimed));
    }

    #[test]
    fn takes_up_client_side_managers() {
        check(&["ci Update v1: spec"], None);
        check(&["csa Update v1: @ spec"], Some(&["kubectl Apply v1: @ spec"]));
        check(&["kubectl Apply v1: x", "csa Update v1: @ spec"], Some(&["kubectl Apply v1: @ spec x"]));
        check(&["csa Update v1: @ a", "csa Update v2: b"], Some(&["kubectl Apply v1: @ a"]));
        check(&["kubectl Apply v1: x", "csa Update v2: @ a"], Some(&["kubectl Apply v1: x"]));
        check(
            &["csa Update v1: @ a", "other Update v1: @ b", "ci Update v1: c"],
            Some(&["kubectl Apply v1: @ a b", "ci Update v1: c"]),
        );
        check(&["other Apply v1: @"], None);
    }

    #[test]
    fn entries_of_a_subresource_stay() {
        check(&["csa Update v1 status: @ a"], None);
        check(&["csa Update v1: @ a", "csa Update v1 status: b"], Some(&["kubectl Apply v1: @ a", "csa Update v1 status: b"]));
        check(&["kubectl Apply v1 status: x", "csa Update v1: @"], Some(&["kubectl Apply v1 status: x", "kubectl Apply v1: @"]));
    }

    #[test]
    fn the_time_of_the_entry_is_kept() {
        let migrated = migrate(&entries(&["csa Update v1: @"]), "kubectl").unwrap();
        assert_eq!(migrated.as_list().unwrap()[0].get("time").unwrap().as_str(), Some("csa"));
    }
}
