//! Merge keys: how upstream prints them to sort by, and how it compares them.
//!
//! Sorting goes by the text of `fmt.Sprintf("%v", key)`, matching by Go's `==` on interfaces, for which `80`, `80.0` and `"80"`
//! are three keys (apimachinery v0.37.2 `pkg/util/strategicpatch/patch.go`). Long lists are matched through a sorted index.

use std::cmp::Ordering;

use crate::Error;
use crate::strategic::fault;
use crate::value::{Value, go_value, integer_text};

/// Lists up to this length are searched from the front.
const SHORT: usize = 16;

/// A value as `%v` prints it.
pub(super) struct Printed<'k> {
    text: Text<'k>,
    /// The first bytes of the text, the highest first, and zeros where it is shorter: they tell most texts apart.
    first: u64,
}

enum Text<'k> {
    Borrowed(&'k str),
    Digits { digits: [u8; 20], start: usize },
    Owned(String),
}

impl<'k> Printed<'k> {
    pub(super) fn new(value: Option<&'k Value<'_>>) -> Self {
        let text = match value {
            None | Some(Value::Null) => Text::Borrowed("<nil>"),
            Some(Value::String(text)) => Text::Borrowed(text),
            Some(&Value::Integer(number)) => {
                let (digits, start) = integer_text(number);
                Text::Digits { digits, start }
            }
            Some(other) => Text::Owned(go_value(other)),
        };
        let first = text.bytes().iter().chain(&[0; 8]).take(8).fold(0, |first, byte| first << 8 | u64::from(*byte));
        Printed { text, first }
    }
}

impl Text<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Text::Borrowed(text) => text.as_bytes(),
            Text::Digits { digits, start } => &digits[*start..],
            Text::Owned(text) => text.as_bytes(),
        }
    }
}

impl Ord for Printed<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.first.cmp(&other.first).then_with(|| self.text.bytes().cmp(other.text.bytes()))
    }
}

impl PartialOrd for Printed<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Printed<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Printed<'_> {}

/// Go's `==` on two decoded values; two lists or two objects cannot be compared.
pub(super) fn equal(left: &Value<'_>, right: &Value<'_>) -> Result<bool, Error> {
    match (left, right) {
        (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) => Err(fault::uncomparable()),
        _ => Ok(left == right),
    }
}

/// An order of keys in which equals are just those that `==` holds for.
fn compare(left: &Value<'_>, right: &Value<'_>) -> Ordering {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => left.cmp(right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        // Adding zero makes the negative zero, which equals it, the same.
        (Value::Float(left), Value::Float(right)) => (left + 0.0).total_cmp(&(right + 0.0)),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        _ => rank(left).cmp(&rank(right)),
    }
}

fn rank(value: &Value<'_>) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Integer(_) => 2,
        Value::Float(_) => 3,
        Value::String(_) => 4,
        Value::List(_) => 5,
        Value::Map(_) => 6,
    }
}

/// A row of keys, some of them perhaps missing, in which a key is found at its first place.
pub(super) struct Keys<'k> {
    keys: Vec<Option<&'k Value<'k>>>,
    /// The places of the keys in the order of the keys, where the row is long.
    sorted: Vec<usize>,
    uncomparable: bool,
}

impl<'k> Keys<'k> {
    pub(super) fn new(keys: Vec<Option<&'k Value<'k>>>) -> Self {
        let uncomparable = keys.iter().flatten().any(|key| matches!(key, Value::List(_) | Value::Map(_)));
        let mut sorted = Vec::new();
        if keys.len() > SHORT && !uncomparable {
            sorted = (0..keys.len()).filter(|&at| keys[at].is_some()).collect();
            let key = |at: usize| keys[at].unwrap_or(&Value::Null);
            sorted.sort_unstable_by(|&a, &b| compare(key(a), key(b)).then(a.cmp(&b)));
        }
        Keys { keys, sorted, uncomparable }
    }

    /// The first place of `key`.
    pub(super) fn find(&self, key: &Value<'_>) -> Result<Option<usize>, Error> {
        if self.keys.len() <= SHORT || self.uncomparable {
            for (at, known) in self.keys.iter().enumerate() {
                if let Some(known) = known
                    && equal(known, key)?
                {
                    return Ok(Some(at));
                }
            }
            return Ok(None);
        }
        let at = |place: usize| self.keys[place].unwrap_or(&Value::Null);
        let first = self.sorted.partition_point(|&place| compare(at(place), key).is_lt());
        Ok(self.sorted.get(first).copied().filter(|&place| compare(at(place), key).is_eq()))
    }

    /// For every place the first place of its key; `None` where the key is missing.
    pub(super) fn firsts(&self) -> Result<Vec<Option<usize>>, Error> {
        if self.sorted.is_empty() {
            return self.keys.iter().map(|key| key.map_or(Ok(None), |key| self.find(key))).collect();
        }
        let mut firsts = vec![None; self.keys.len()];
        let mut run: Option<usize> = None;
        for &place in &self.sorted {
            run = match (run, self.keys[place]) {
                (Some(first), Some(key)) if self.keys[first].is_some_and(|known| compare(known, key).is_eq()) => Some(first),
                _ => Some(place),
            };
            firsts[place] = run;
        }
        Ok(firsts)
    }
}

/// Finds keys in a row one after the other. Most rows that are compared have one order: a key that stands right behind the last one
/// need not be searched.
pub(super) struct Finder<'r, 'k> {
    row: &'r Keys<'k>,
    firsts: Vec<Option<usize>>,
    next: usize,
}

impl<'r, 'k> Finder<'r, 'k> {
    pub(super) fn new(row: &'r Keys<'k>) -> Result<Self, Error> {
        let firsts = if row.sorted.is_empty() { Vec::new() } else { row.firsts()? };
        Ok(Finder { row, firsts, next: 0 })
    }

    /// The first place of `key`.
    pub(super) fn find(&mut self, key: &Value<'_>) -> Result<Option<usize>, Error> {
        if let (Some(first), Some(known)) = (self.firsts.get(self.next), self.row.keys.get(self.next).copied().flatten())
            && compare(known, key).is_eq()
        {
            self.next += 1;
            return Ok(*first);
        }
        let place = self.row.find(key)?;
        self.next = place.map_or(self.next, |place| place + 1);
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    #[test]
    fn prints_as_percent_v() {
        for text in ["0", "-7", "9223372036854775807", "-9223372036854775808", "52.0", "1e6", "\"a\"", "true", "null", "[1]"] {
            let value = parse(text.as_bytes()).unwrap();
            assert_eq!(Printed::new(Some(&value)).text.bytes(), go_value(&value).as_bytes(), "{text}");
        }
    }

    #[test]
    fn is_ordered_as_its_text() {
        let texts = [
            "",
            "\0",
            "\0a",
            "1",
            "10",
            "100000000",
            "1000000000",
            "1000000001",
            "1001",
            "2",
            "a",
            "aaaaaaaa",
            "aaaaaaaa\0",
            "ß",
        ];
        let values: Vec<_> = texts.iter().map(|text| Value::from(*text)).collect();
        for (left, a) in values.iter().zip(texts) {
            for (right, b) in values.iter().zip(texts) {
                assert_eq!(Printed::new(Some(left)).cmp(&Printed::new(Some(right))), a.cmp(b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_long_row_is_searched_as_a_short_one() {
        let row = parse(br#"[80,"80",80.0,443,null,true,false,-0.0,0.0,0,"",80,443,"b","a","b",1,2,3,4,5]"#).unwrap();
        let values = row.as_list().unwrap();
        assert!(values.len() > SHORT);
        let keys = Keys::new(values.iter().map(Some).collect());
        let firsts = keys.firsts().unwrap();
        for (at, value) in values.iter().enumerate() {
            let first = values.iter().position(|other| other == value);
            assert_eq!(keys.find(value).unwrap(), first, "{value}");
            assert_eq!(firsts[at], first, "{value}");
        }
        // In the order of the row, against it, and with one that it lacks in between.
        let other = Value::from(81);
        let orders: [Vec<&Value<'_>>; 3] = [
            values.iter().collect(),
            values.iter().rev().collect(),
            values.iter().flat_map(|value| [value, &other, value]).collect(),
        ];
        for order in orders {
            let mut finder = Finder::new(&keys).unwrap();
            for value in order {
                assert_eq!(finder.find(value).unwrap(), keys.find(value).unwrap(), "{value}");
            }
        }
        assert_eq!(keys.find(&Value::from(81)).unwrap(), None);
    }

    #[test]
    fn lists_and_objects_are_no_keys() {
        let row = parse(b"[[1],80]").unwrap();
        let keys = Keys::new(row.as_list().unwrap().iter().map(Some).collect());
        assert_eq!(keys.find(&Value::from(80)).unwrap(), Some(1));
        assert!(keys.find(&parse(b"[2]").unwrap()).is_err());
    }
}
