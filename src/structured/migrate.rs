//! From client-side to server-side apply: the entries that `kubectl` rewrites (client-go v0.37.2 `util/csaupgrade/upgrade.go`).

use super::last_applied::LAST_APPLIED;
use super::managers::Operation;
use super::set::Set;
use crate::path::Path;
use crate::value::Value;

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
    let before = managed_fields.as_list()?;
    let after = migrated(before.iter().enumerate().map(|(at, entry)| Entry::of(at, entry)).collect(), manager)?;
    let write = |entry: Entry<'_>| {
        let mut value = before.get(entry.at)?.borrowed();
        if let (Some(set), Some(members)) = (entry.taken_up(), value.as_map_mut()) {
            members.insert("operation", Value::from(Operation::Apply.as_str()));
            members.insert("manager", Value::from(manager.to_owned()));
            members.insert("fieldsV1", set.to_fields_v1());
        }
        Some(value)
    };
    let after = Value::List(after.into_iter().filter_map(write).collect());
    (after != *managed_fields).then(|| after.into_owned())
}

/// An entry of managed fields, on its way from client-side to server-side apply.
pub(super) struct Entry<'v> {
    /// Where it stood.
    pub(super) at: usize,
    pub(super) manager: &'v str,
    pub(super) operation: &'v str,
    pub(super) api_version: &'v str,
    pub(super) subresource: &'v str,
    /// The fields; `None` if they cannot be decoded.
    pub(super) set: Option<Set<'v>>,
    /// Whether it took up the fields of another.
    pub(super) takes_up: bool,
}

impl<'v> Entry<'v> {
    fn of(at: usize, entry: &'v Value<'_>) -> Self {
        let text = |key| entry.get(key).and_then(Value::as_str).unwrap_or_default();
        let set = entry.as_map().and_then(|members| match members.get("fieldsV1") {
            None => Some(Set::new()),
            Some(fields) => Set::from_fields_v1(fields).ok(),
        });
        let (manager, operation) = (text("manager"), text("operation"));
        let (api_version, subresource) = (text("apiVersion"), text("subresource"));
        Entry { at, manager, operation, api_version, subresource, set, takes_up: false }
    }

    /// Its fields, if it took some up.
    pub(super) fn taken_up(&self) -> Option<&Set<'v>> {
        self.set.as_ref().filter(|_| self.takes_up)
    }

    fn is(&self, operation: Operation) -> bool {
        self.operation == operation.as_str()
    }

    /// Whether it is `manager`'s entry of this operation, and not one of a subresource.
    fn is_whole_object(&self, manager: &str, operation: Operation) -> bool {
        self.manager == manager && self.is(operation) && self.subresource.is_empty()
    }
}

/// The entries as [`migrate`] leaves them; `None` if nobody is a client-side manager, or a set that counts cannot be decoded.
pub(super) fn migrated<'v>(mut entries: Vec<Entry<'v>>, manager: &'v str) -> Option<Vec<Entry<'v>>> {
    let annotation = Path::new().field("metadata").field("annotations").field(LAST_APPLIED);
    let owns =
        |entry: &&Entry<'_>| entry.is(Operation::Update) && entry.set.as_ref().is_some_and(|set| set.contains(&annotation));
    let mut names: Vec<&str> = entries.iter().filter(owns).map(|entry| entry.manager).collect();
    names.sort_unstable();
    names.dedup();
    for name in &names {
        let is_client_side = |entry: &Entry<'_>| entry.is_whole_object(name, Operation::Update);
        let applies = entries.iter().position(|entry| entry.is_whole_object(manager, Operation::Apply));
        let Some(target) = applies.or_else(|| entries.iter().position(is_client_side)) else { continue };
        let entry = entries.get_mut(target)?;
        (entry.manager, entry.operation, entry.takes_up) = (manager, Operation::Apply.as_str(), true);
        let (version, mut set) = (entry.api_version, entry.set.take()?);
        if let Some(other) = entries.iter_mut().find(|entry| is_client_side(entry) && entry.api_version == version) {
            set = set.union(other.set.take()?);
        }
        entries.get_mut(target)?.set = Some(set);
        entries.retain(|entry| !is_client_side(entry));
    }
    (!names.is_empty()).then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structured::StoredManagers;
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

        let mut timed = entries(before);
        for entry in timed.as_list_mut().into_iter().flatten() {
            entry.as_map_mut().unwrap().insert("time", Value::from("2026-01-01T00:00:00Z"));
        }
        let stored = StoredManagers::read(&timed).unwrap();
        assert_eq!(stored.migrate("kubectl"), migrate(&stored.to_value(), "kubectl"));
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
