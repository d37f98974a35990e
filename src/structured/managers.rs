//! Who owns what: `metadata.managedFields` (apimachinery v0.37.2 `pkg/util/managedfields/internal/{managedfields,capmanagers,stripmeta}.go`).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use super::set::Set;
use super::time::Time;
use super::types::items_of;
use crate::Error;
use crate::error::Kind;
use crate::path::Path;
use crate::value::{self, Map, Value};

/// How a manager came to own its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Operation {
    /// Server-side apply.
    Apply,
    /// Any other write.
    Update,
}

impl Operation {
    /// Its name in `managedFields`.
    pub fn as_str(self) -> &'static str {
        match self {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        }
    }
}

/// What makes a manager one and the same: one name may be up to several managers.
#[derive(Clone, Debug)]
pub struct Identity<'a> {
    /// The field manager's name.
    pub name: Cow<'a, str>,
    /// How it writes.
    pub operation: Operation,
    /// The API version that it wrote; of those that apply it does not tell managers apart.
    pub api_version: Cow<'a, str>,
    /// The subresource that it wrote to; empty for the object itself.
    pub subresource: Cow<'a, str>,
}

impl Identity<'_> {
    /// The JSON text that upstream identifies the manager by, and sorts conflicts by.
    pub fn identifier(&self) -> String {
        let mut members = Vec::with_capacity(4);
        let mut member = |key: &str, text: &str| {
            if !text.is_empty() {
                members.push(format!("{:?}:{}", key, Value::from(text)));
            }
        };
        member("manager", &self.name);
        member("operation", self.operation.as_str());
        if self.operation == Operation::Update {
            member("apiVersion", &self.api_version);
        }
        member("subresource", &self.subresource);
        format!("{{{}}}", members.join(","))
    }

    pub(super) fn borrowed(&self) -> Identity<'_> {
        Identity {
            name: Cow::Borrowed(&self.name),
            operation: self.operation,
            api_version: Cow::Borrowed(&self.api_version),
            subresource: Cow::Borrowed(&self.subresource),
        }
    }

    /// The same with strings of its own.
    pub fn into_owned(self) -> Identity<'static> {
        Identity {
            name: Cow::Owned(self.name.into_owned()),
            operation: self.operation,
            api_version: Cow::Owned(self.api_version.into_owned()),
            subresource: Cow::Owned(self.subresource.into_owned()),
        }
    }
}

impl PartialEq for Identity<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.operation == other.operation
            && self.subresource == other.subresource
            && (self.operation == Operation::Apply || self.api_version == other.api_version)
    }
}

impl Eq for Identity<'_> {}

/// The manager as Kubernetes' messages print it: `"ci" using v1`.
impl fmt::Display for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&value::quote(&self.name))?;
        if !self.subresource.is_empty() {
            write!(f, " with subresource {}", value::quote(&self.subresource))?;
        }
        match self.operation {
            Operation::Apply => Ok(()),
            Operation::Update => write!(f, " using {}", self.api_version),
        }
    }
}

/// A manager and the fields that it owns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Manager<'a> {
    /// Which manager.
    pub identity: Identity<'a>,
    /// When it last changed the object; one that only came to own what was there has no time.
    pub time: Option<Time>,
    /// What it owns.
    pub set: Set<'a>,
}

impl Manager<'_> {
    /// Whether it writes like this and owns the path.
    pub(crate) fn owns(&self, path: &Path, operation: Operation) -> bool {
        self.identity.operation == operation && self.set.contains(path)
    }
}

/// All managers of an object.
#[derive(Clone, Debug, Default)]
pub struct Managers<'a> {
    list: Vec<Manager<'a>>,
    /// Whether they are known to fit the endpoint that they are kept for.
    fitting: bool,
}

/// How many managers of updates an object has at most.
const MOST_UPDATERS: usize = 10;

/// Where the oldest of them are gathered.
const ANCIENT_CHANGES: &str = "ancient-changes";

impl<'a> Managers<'a> {
    /// No managers: the object is not tracked.
    pub const fn new() -> Self {
        Managers { list: Vec::new(), fitting: false }
    }

    /// These managers, each of an identity of its own, and whether they are known to fit the endpoint.
    pub(super) fn of(list: Vec<Manager<'a>>, fitting: bool) -> Self {
        Managers { list, fitting }
    }

    /// Whether they are known to fit; asked once, as they are about to change.
    pub(super) fn take_fitting(&mut self) -> bool {
        std::mem::take(&mut self.fitting)
    }

    /// Reads `metadata.managedFields`.
    ///
    /// ```
    /// use mergekey::structured::Managers;
    /// use mergekey::value;
    ///
    /// let entries = value::parse(br#"[{"manager":"ci","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1",
    ///     "fieldsV1":{"f:spec":{"f:type":{}}}}]"#)?;
    /// let managers = Managers::read(&entries)?;
    /// assert_eq!(managers.iter().next().map(|manager| manager.set.to_string()).as_deref(), Some(".spec.type"));
    /// # Ok::<(), mergekey::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::is_managed_fields`] for a list that upstream cannot decode, in its words.
    pub fn read(entries: &'a Value<'_>) -> Result<Self, Error> {
        let items = match entries {
            Value::Null => &[],
            Value::List(items) => items.as_slice(),
            other => return Err(broken(format!("expected a list, got {}", other.type_name()))),
        };
        let mut managers = Managers { list: Vec::with_capacity(items.len()), fitting: false };
        for (index, item) in items.iter().enumerate() {
            managers.put(read_entry(index, item)?);
        }
        Ok(managers)
    }

    /// The managers that a write other than an apply starts from (`decodeLiveOrNew`).
    ///
    /// `sent` is `metadata.managedFields` of the object that was sent, `live` that of the live one. What was sent counts, unless
    /// it is absent or cannot be decoded; an empty list, or one of one empty entry, means that nobody owns anything. To a
    /// subresource only the live ones count.
    pub fn of_request(sent: Option<&'a Value<'_>>, live: Option<&'a Value<'_>>, subresource: &str) -> Self {
        let sent = sent.filter(|_| subresource.is_empty()).and_then(Managers::of_sent);
        sent.or_else(|| live.and_then(|live| Managers::read(live).ok())).unwrap_or_default()
    }

    /// The managers that an object which was sent states; `None` where those of the live object count.
    pub(crate) fn of_sent(sent: &'a Value<'_>) -> Option<Self> {
        if is_reset(sent) {
            return Some(Managers::new());
        }
        Managers::read(sent).ok().filter(|managers| !managers.is_empty())
    }

    /// Writes `metadata.managedFields`, sorted; `None` if there is no manager.
    pub fn to_value(&self) -> Option<Value<'static>> {
        let write = |manager: &Manager<'a>| {
            let Manager { identity, time, set } = manager;
            write_entry(identity, *time, set.to_fields_v1(), |text| Value::from(text.to_owned()))
        };
        (!self.list.is_empty()).then(|| Value::List(self.sorted().into_iter().map(write).collect()))
    }

    /// Whether nobody owns anything.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The managers, in no particular order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Manager<'a>> {
        self.list.iter()
    }

    /// The manager of this identity.
    pub fn get(&self, identity: &Identity<'_>) -> Option<&Manager<'a>> {
        self.list.iter().find(|manager| manager.identity == *identity)
    }

    /// Those of an operation who own a path, by name.
    pub fn owners<'m>(&'m self, path: &'m Path, operation: Operation) -> impl Iterator<Item = &'m str> {
        self.list.iter().filter(move |manager| manager.owns(path, operation)).map(|manager| &*manager.identity.name)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Manager<'a>> {
        self.list.iter_mut()
    }

    pub(super) fn take(&mut self, identity: &Identity<'_>) -> Option<Manager<'a>> {
        let at = self.list.iter().position(|manager| manager.identity == *identity)?;
        Some(self.list.swap_remove(at))
    }

    /// Adds a manager, in place of the one of its identity.
    pub(super) fn put(&mut self, manager: Manager<'a>) {
        match self.list.iter_mut().find(|known| known.identity == manager.identity) {
            Some(known) => *known = manager,
            None => self.list.push(manager),
        }
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&Manager<'a>) -> bool) {
        self.list.retain(keep);
    }

    /// Folds the oldest managers of updates into one, until there are no more than ten (`capUpdateManagers`).
    pub(super) fn cap(&mut self) {
        let updaters = |managers: &Self| managers.list.iter().filter(|one| one.identity.operation == Operation::Update).count();
        let mut count = updaters(self);
        if count <= MOST_UPDATERS {
            return;
        }
        let mut oldest: Vec<_> = self.list.iter().filter(|one| one.identity.operation == Operation::Update).collect();
        oldest.sort_by_cached_key(|one| (seconds(one.time), one.identity.identifier()));
        let oldest: Vec<_> = oldest.into_iter().map(|one| one.identity.clone()).collect();
        let mut first_of_version: Vec<Identity<'a>> = Vec::new();
        for identity in oldest {
            if count <= MOST_UPDATERS {
                break;
            }
            let Some(first) = first_of_version.iter().find(|first| first.api_version == identity.api_version) else {
                first_of_version.push(identity);
                continue;
            };
            let bucket = Identity {
                name: Cow::Borrowed(ANCIENT_CHANGES),
                operation: Operation::Update,
                api_version: identity.api_version.clone(),
                subresource: Cow::Borrowed(""),
            };
            if self.get(&bucket).is_none()
                && let Some(first) = self.take(first)
            {
                self.put(Manager { identity: bucket.clone(), ..first });
            }
            let Some(folded) = self.take(&identity) else { continue };
            if folded.identity != bucket
                && let Some(bucket) = self.list.iter_mut().find(|one| one.identity == bucket)
            {
                bucket.set = folded.set.union(std::mem::take(&mut bucket.set));
                bucket.time = folded.time;
            }
            count -= 1;
        }
    }

    fn sorted(&self) -> Vec<&Manager<'a>> {
        let mut sorted: Vec<_> = self.list.iter().collect();
        sorted.sort_by(|a, b| order(a, b));
        sorted
    }

    /// The managers in the order in which they are written.
    pub(super) fn into_sorted(mut self) -> impl ExactSizeIterator<Item = Manager<'a>> {
        self.list.sort_by(order);
        self.list.into_iter()
    }
}

impl PartialEq for Managers<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Eq for Managers<'_> {}

fn order(a: &Manager<'_>, b: &Manager<'_>) -> Ordering {
    let key = |one: &Manager<'_>| (one.identity.operation, seconds(one.time));
    key(a)
        .cmp(&key(b))
        .then_with(|| a.identity.name.cmp(&b.identity.name))
        .then_with(|| a.identity.api_version.cmp(&b.identity.api_version))
        .then_with(|| a.identity.subresource.cmp(&b.identity.subresource))
}

fn seconds(time: Option<Time>) -> i64 {
    time.map_or(0, Time::unix_seconds)
}

fn broken(reason: impl Into<String>) -> Error {
    Error::new(Kind::ManagedFields, None, reason.into())
}

fn read_entry<'a>(index: usize, entry: &'a Value<'_>) -> Result<Manager<'a>, Error> {
    let text = |key: &str| match entry.get(key) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(&**text),
        Some(other) => {
            Err(broken(format!("expected a string for {key} in managed fields entry {index}, got {}", other.type_name())))
        }
    };
    let operation = match text("operation")? {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return Err(broken("operation must be `Apply` or `Update`")),
    };
    let api_version = text("apiVersion")?;
    if api_version.is_empty() {
        return Err(broken("apiVersion must not be empty"));
    }
    match text("fieldsType")? {
        "FieldsV1" => {}
        "" => return Err(broken(format!("missing fieldsType in managed fields entry {index}"))),
        other => return Err(broken(format!("invalid fieldsType {} in managed fields entry {index}", value::quote(other)))),
    }
    let set = match entry.get("fieldsV1") {
        None => Set::new(),
        Some(fields) => Set::from_fields_v1(fields).map_err(|error| {
            broken(format!("error decoding versioned set from managed fields entry {index}: error decoding set: {error}"))
        })?,
    };
    let time = match text("time")? {
        "" => None,
        time => Some(time.parse().map_err(|error: Error| broken(format!("managed fields entry {index}: {error}")))?),
    };
    let identity = Identity {
        name: Cow::Borrowed(text("manager")?),
        operation,
        api_version: Cow::Borrowed(api_version),
        subresource: Cow::Borrowed(text("subresource")?),
    };
    Ok(Manager { identity, time, set })
}

/// The entry of a manager whose fields are written already; `hold` makes strings of the identity's.
pub(super) fn write_entry<'i, 'v>(
    identity: &'i Identity<'_>,
    time: Option<Time>,
    fields: Value<'v>,
    hold: impl Fn(&'i str) -> Value<'v>,
) -> Value<'v> {
    let mut entry = Vec::with_capacity(7);
    let mut put = |key: &'static str, value: Value<'v>| entry.push((Cow::Borrowed(key), value));
    put("apiVersion", hold(&identity.api_version));
    put("fieldsType", Value::from("FieldsV1"));
    put("fieldsV1", fields);
    if !identity.name.is_empty() {
        put("manager", hold(&identity.name));
    }
    put("operation", Value::from(identity.operation.as_str()));
    if !identity.subresource.is_empty() {
        put("subresource", hold(&identity.subresource));
    }
    if let Some(time) = time {
        put("time", Value::from(time.to_string()));
    }
    Value::Map(Map::of_sorted(entry))
}

/// Whether a request asks that nobody own anything any more: an empty list, or one entry without content.
fn is_reset(entries: &Value<'_>) -> bool {
    let is_empty = |entry: &Value<'_>| match entry {
        Value::Map(members) => {
            members.values().all(|member| matches!(member, Value::Null) || member.as_str().is_some_and(str::is_empty))
        }
        entry => entry.is_null(),
    };
    match entries.as_list() {
        Some([]) => true,
        Some([one]) => is_empty(one),
        _ => false,
    }
}

/// Whether two lists of managed fields say the same apart from their times, and some time differs: such a write leaves the
/// object as it was (apiserver v0.37.2 `handlers/fieldmanager/equality.go`).
pub fn differ_in_time_alone(old: Option<&Value<'_>>, new: Option<&Value<'_>>) -> bool {
    fn untimed<'m>(members: &'m Map<'_>) -> impl Iterator<Item = (&'m str, &'m Value<'m>)> {
        members.iter().filter(|(key, _)| *key != "time")
    }
    let (old, new) = (items_of(old), items_of(new));
    let same = |(a, b): (&Value<'_>, &Value<'_>)| match (a.as_map(), b.as_map()) {
        (Some(a), Some(b)) => untimed(a).eq(untimed(b)),
        _ => a == b,
    };
    old.len() == new.len() && old.iter().zip(new).all(same) && old.iter().zip(new).any(|(a, b)| a.get("time") != b.get("time"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::value::parse;

    pub(in crate::structured) const ENTRIES: &str = r#"[
        {"manager":"alice","operation":"Apply","apiVersion":"v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1",
         "fieldsV1":{"f:spec":{"f:type":{}}}},
        {"manager":"bob","operation":"Update","apiVersion":"v1","time":"2026-01-01T00:00:01Z","fieldsType":"FieldsV1",
         "fieldsV1":{"f:spec":{"f:type":{},"f:clusterIP":{}}},"subresource":"status"}]"#;

    #[test]
    fn managers_are_found_by_identity_and_by_what_they_own() {
        let entries = parse(ENTRIES.as_bytes()).unwrap();
        let managers = Managers::read(&entries).unwrap();
        for (path, operation, owner) in [
            (".spec.type", Operation::Apply, Some("alice")),
            (".spec.type", Operation::Update, Some("bob")),
            (".spec.clusterIP", Operation::Apply, None),
        ] {
            let path = path.parse().unwrap();
            assert!(managers.owners(&path, operation).eq(owner), "{path}");
        }
        let identifiers: Vec<_> = managers.iter().map(|one| one.identity.identifier()).collect();
        assert_eq!(
            identifiers,
            [
                r#"{"manager":"alice","operation":"Apply"}"#,
                r#"{"manager":"bob","operation":"Update","apiVersion":"v1","subresource":"status"}"#,
            ]
        );
        for one in managers.iter() {
            assert_eq!(managers.get(&one.identity).map(|found| found.time), Some(one.time));
        }
        assert!(managers.get(&Identity { name: "carol".into(), ..managers.list[0].identity.clone() }).is_none());
    }

    #[test]
    fn an_applier_is_one_for_all_versions() {
        let identity = |name: &'static str, operation, api_version: &'static str, subresource: &'static str| Identity {
            name: name.into(),
            operation,
            api_version: api_version.into(),
            subresource: subresource.into(),
        };
        let (apply, update) = (identity("a", Operation::Apply, "v1", ""), identity("a", Operation::Update, "v1", ""));
        assert_eq!(apply, identity("a", Operation::Apply, "v2", ""));
        assert_ne!(apply, identity("b", Operation::Apply, "v1", ""));
        assert_ne!(apply, identity("a", Operation::Apply, "v1", "status"));
        assert_ne!(apply, update);
        assert_eq!(update, identity("a", Operation::Update, "v1", ""));
        assert_ne!(update, identity("a", Operation::Update, "v2", ""));
    }

    #[test]
    fn managers_are_compared_whole() {
        let entries = parse(ENTRIES.as_bytes()).unwrap();
        let changed = ENTRIES.replace("f:clusterIP", "f:ports");
        let changed = parse(changed.as_bytes()).unwrap();
        let read = |entries| Managers::read(entries).unwrap();
        assert_eq!(read(&entries), read(&entries));
        assert_ne!(read(&entries), read(&changed));
        assert_ne!(read(&entries), Managers::new());
    }

    #[test]
    fn times_alone_are_told_from_other_changes() {
        let changed = |from: &str, to: &str| {
            assert!(ENTRIES.contains(from), "{from}");
            let text = ENTRIES.replacen(from, to, 1);
            differ_in_time_alone(Some(&parse(ENTRIES.as_bytes()).unwrap()), Some(&parse(text.as_bytes()).unwrap()))
        };
        assert!(!changed("alice", "alice"), "nothing differs");
        assert!(changed("00:00:01Z", "00:00:02Z"));
        assert!(changed(r#""time":"2026-01-01T00:00:01Z","#, ""));
        assert!(!changed("bob", "carol"), "no time differs");
        assert!(!changed(r#"1Z","fieldsType":"FieldsV1""#, r#"2Z","fieldsType":"FieldsV2""#), "more than a time differs");
        assert!(!differ_in_time_alone(Some(&parse(ENTRIES.as_bytes()).unwrap()), None), "entries are gone");
        assert!(!differ_in_time_alone(None, None));
    }
}
