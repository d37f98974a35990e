//! Objects: members sorted by key, in one array.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use super::items::Items;
use super::{Value, name};

/// Objects up to this length are searched from the front.
const SHORT: usize = 16;

/// A JSON object: unique keys, sorted by their bytes.
///
/// ```
/// use mergekey::value::{Map, Value};
///
/// let mut port = Map::new();
/// port.insert("port", Value::from(53));
/// port.insert("name", Value::from("dns"));
/// assert_eq!(port.keys().collect::<Vec<_>>(), ["name", "port"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Map<'a> {
    entries: Entries<'a>,
    /// The members of a [partial](Map::is_partial) object that were not read.
    unread: Option<Box<Unread<'a>>>,
}

type Entry<'a> = (Cow<'a, str>, Value<'a>);

/// The members of an object: its own, somebody else's, or such as its copies share.
#[derive(Clone, Debug)]
enum Entries<'a> {
    Items(Items<'a, Entry<'a>>),
    Kept(Arc<Vec<Entry<'a>>>),
}

impl<'a> Entries<'a> {
    const fn new() -> Self {
        Entries::Items(Items::new())
    }

    fn into_vec(self) -> Vec<Entry<'a>> {
        match self {
            Entries::Items(items) => items.into_vec(borrowed),
            Entries::Kept(kept) => Arc::unwrap_or_clone(kept),
        }
    }

    /// The members, to be changed.
    fn own(&mut self) -> &mut Vec<Entry<'a>> {
        match self {
            Entries::Items(items) => items.own(borrowed),
            Entries::Kept(_) => {
                *self = std::mem::take(self).into_vec().into();
                self.own()
            }
        }
    }
}

impl<'a> Deref for Entries<'a> {
    type Target = [Entry<'a>];

    fn deref(&self) -> &[Entry<'a>] {
        match self {
            Entries::Items(items) => items,
            Entries::Kept(kept) => kept,
        }
    }
}

impl Default for Entries<'_> {
    fn default() -> Self {
        Entries::new()
    }
}

impl<'a> From<Vec<Entry<'a>>> for Entries<'a> {
    fn from(entries: Vec<Entry<'a>>) -> Self {
        Entries::Items(Items::Own(entries))
    }
}

/// A copy of a member that borrows its strings from it.
fn borrowed<'b>((key, value): &'b Entry<'_>) -> Entry<'b> {
    (Cow::Borrowed(&**key), value.borrowed())
}

/// Members sorted by key, each as Go writes it or, in an object that is never written, as it came.
#[derive(Clone, Debug, PartialEq)]
struct Unread<'a> {
    members: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Unread<'a> {
    fn borrowed(&self) -> Unread<'_> {
        Unread { members: self.members.iter().map(|(key, text)| (Cow::Borrowed(&**key), Cow::Borrowed(&**text))).collect() }
    }

    fn into_owned(self) -> Unread<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        Unread { members: self.members.into_iter().map(|(key, text)| (owned(key), owned(text))).collect() }
    }
}

impl<'a> Map<'a> {
    /// An object without members.
    pub const fn new() -> Self {
        Map { entries: Entries::new(), unread: None }
    }

    /// Sorts members by key; of a repeated key the last one stays.
    pub fn from_entries(mut entries: Vec<(Cow<'a, str>, Value<'a>)>) -> Self {
        if !in_order(&entries) {
            entries.sort_by(|a, b| name::order(&a.0, &b.0));
            entries.dedup_by(|later, kept| {
                let same = later.0 == kept.0;
                if same {
                    std::mem::swap(later, kept);
                }
                same
            });
        }
        Map { entries: entries.into(), unread: None }
    }

    /// Members in the order of a text, for a [`Document`](super::Document) alone: nothing here may be looked up.
    pub(crate) const fn in_document_order(entries: Vec<(Cow<'a, str>, Value<'a>)>) -> Self {
        Map { entries: Entries::Items(Items::Own(entries)), unread: None }
    }

    /// Brings members in the order of a text into the order of their keys; of a repeated key the last one stays.
    pub(crate) fn sort(&mut self) {
        if !in_order(&self.entries) {
            *self = Map::from_entries(std::mem::take(&mut self.entries).into_vec());
        }
    }

    /// Makes the object a partial one if there are unread members; they are sorted, and no key is a member already.
    pub(super) fn leave_unread(&mut self, members: Vec<(Cow<'a, str>, Cow<'a, str>)>) {
        if !members.is_empty() {
            self.unread = Some(Box::new(Unread { members }));
        }
    }

    /// Whether some members were left as text. They are written and compared with the others; everything else here knows only what
    /// was read.
    pub(crate) fn is_partial(&self) -> bool {
        self.unread.is_some()
    }

    /// The members that were left as text.
    pub(super) fn unread(&self) -> &[(Cow<'a, str>, Cow<'a, str>)] {
        self.unread.as_ref().map_or(&[], |unread| &unread.members)
    }

    /// Brings sorted members into the order of what `rank` makes of them, for a [`Document`](super::Document) alone.
    pub(crate) fn order_with<K: Ord>(&mut self, mut rank: impl FnMut(&str, &mut Value<'a>) -> K) {
        let entries = std::mem::take(&mut self.entries).into_vec();
        let mut ranked: Vec<_> = entries.into_iter().map(|(key, mut value)| (rank(&key, &mut value), key, value)).collect();
        ranked.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        self.entries = ranked.into_iter().map(|(_, key, value)| (key, value)).collect::<Vec<_>>().into();
    }

    /// An object of members that are in the order of their keys, each once.
    pub(crate) fn of_sorted(entries: Vec<(Cow<'a, str>, Value<'a>)>) -> Self {
        debug_assert!(in_order(&entries), "members out of order");
        Map { entries: entries.into(), unread: None }
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| name::order(&entry.0, key))
    }

    /// Where `key` is. In a short object most keys are told apart by their lengths.
    fn position(&self, key: &str) -> Option<usize> {
        if self.entries.len() <= SHORT {
            self.entries.iter().position(|(known, _)| name::same(known, key))
        } else {
            self.find(key).ok()
        }
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.position(key).map(|at| &self.entries[at].1)
    }

    /// The member `key`, with the key as it is held here.
    pub(crate) fn get_entry(&self, key: &str) -> Option<(&str, &Value<'a>)> {
        self.position(key).map(|at| (&*self.entries[at].0, &self.entries[at].1))
    }

    /// The value of `key`, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value<'a>> {
        self.position(key).map(|at| &mut self.entries.own()[at].1)
    }

    /// Whether `key` is a member.
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Sets `key`, and gives back what it was.
    pub fn insert(&mut self, key: impl Into<Cow<'a, str>>, value: Value<'a>) -> Option<Value<'a>> {
        let key = key.into();
        if self.entries.last().is_none_or(|last| name::order(&last.0, &key).is_lt()) {
            self.entries.own().push((key, value));
            return None;
        }
        match self.find(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.entries.own()[at].1, value)),
            Err(at) => {
                self.entries.own().insert(at, (key, value));
                None
            }
        }
    }

    /// The value of `key`, set to `default()` first if it is absent.
    pub fn entry_or_insert_with(&mut self, key: impl Into<Cow<'a, str>>, default: impl FnOnce() -> Value<'a>) -> &mut Value<'a> {
        let key = key.into();
        let found = self.find(&key);
        let entries = self.entries.own();
        let at = found.unwrap_or_else(|at| {
            entries.insert(at, (key, default()));
            at
        });
        &mut entries[at].1
    }

    /// Takes `key` out.
    pub fn remove(&mut self, key: &str) -> Option<Value<'a>> {
        self.position(key).map(|at| self.entries.own().remove(at).1)
    }

    /// Keeps the members for which `keep` answers true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value<'a>) -> bool) {
        self.entries.own().retain_mut(|(key, value)| keep(key, value));
    }

    /// The members in the order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value<'a>)> + DoubleEndedIterator + Clone {
        self.entries.iter().map(|(key, value)| (&**key, value))
    }

    /// The members with their keys as they are held, for a caller who borrows further.
    pub(crate) fn entries(&self) -> &[(Cow<'a, str>, Value<'a>)] {
        &self.entries
    }

    /// The members in the order of their keys, values to change.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&str, &mut Value<'a>)> {
        self.entries.own().iter_mut().map(|(key, value)| (&**key, value))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|(key, _)| &**key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value<'a>> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// A copy that borrows its members from this one.
    pub fn borrowed(&self) -> Map<'_> {
        Map {
            entries: Entries::Items(Items::Shared(&self.entries)),
            unread: self.unread.as_ref().map(|unread| Box::new(unread.borrowed())),
        }
    }

    /// Lets all copies of this object share its members, and so of the objects inside.
    pub(super) fn keep(&mut self) {
        if !matches!(self.entries, Entries::Kept(_)) {
            let mut entries = std::mem::take(&mut self.entries).into_vec();
            entries.iter_mut().for_each(|(_, value)| value.keep());
            self.entries = Entries::Kept(Arc::new(entries));
        }
    }

    /// The same object with strings of its own.
    pub fn into_owned(self) -> Map<'static> {
        let entries = self.entries.into_vec().into_iter();
        Map {
            entries: entries.map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned())).collect::<Vec<_>>().into(),
            unread: self.unread.map(|unread| Box::new(unread.into_owned())),
        }
    }
}

impl PartialEq for Map<'_> {
    fn eq(&self, other: &Self) -> bool {
        let mut pairs = self.entries.iter().zip(other.entries.iter());
        self.entries.len() == other.entries.len()
            && pairs.all(|((a, left), (b, right))| name::same(a, b) && left == right)
            && self.unread == other.unread
    }
}

/// Whether keys are in the order of their bytes, each once.
fn in_order(entries: &[(Cow<'_, str>, Value<'_>)]) -> bool {
    entries.is_sorted_by(|a, b| name::order(&a.0, &b.0).is_lt())
}

impl<'a> IntoIterator for Map<'a> {
    type Item = (Cow<'a, str>, Value<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_vec().into_iter()
    }
}

impl<'a, K: Into<Cow<'a, str>>> FromIterator<(K, Value<'a>)> for Map<'a> {
    fn from_iter<I: IntoIterator<Item = (K, Value<'a>)>>(entries: I) -> Self {
        Map::from_entries(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_repeated_key_stays() {
        let map: Map<'_> =
            [("b", 1), ("a", 2), ("b", 3), ("a", 4), ("b", 5)].into_iter().map(|(key, n)| (key, Value::from(n))).collect();
        assert_eq!(Value::from(map).to_string(), r#"{"a":4,"b":5}"#);
    }
}
