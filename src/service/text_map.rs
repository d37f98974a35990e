//! Texts by name, as labels, annotations and selectors are.
//!
//! They are held as the value that they are written as, so that writing them copies nothing.

use crate::value::{Map, Value};

/// Texts by name, in the order of their names.
///
/// ```
/// let labels: mergekey::service::TextMap = [("tier", "web"), ("app", "dns")].into_iter().collect();
/// assert_eq!(labels.get("app"), Some("dns"));
/// assert_eq!(labels.keys().collect::<Vec<_>>(), ["app", "tier"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextMap {
    /// Strings alone.
    map: Map<'static>,
}

impl TextMap {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// The text of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.map.get(name).and_then(Value::as_str)
    }

    /// Whether there is one of this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// The names and texts, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.map.iter().map(|(name, text)| (name, text.as_str().unwrap_or_default()))
    }

    /// The names in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.map.keys()
    }

    /// Sets a text, in place of the one of its name.
    pub fn insert(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.map.insert(name.into(), Value::from(text.into()));
    }

    pub(super) fn to_value(&self) -> Value<'_> {
        Value::Map(self.map.borrowed())
    }
}

impl<N: Into<String>, T: Into<String>> FromIterator<(N, T)> for TextMap {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(texts: I) -> Self {
        let mut all = TextMap::default();
        texts.into_iter().for_each(|(name, text)| all.insert(name, text));
        all
    }
}
