//! Reading a part of a text: the objects on the way are built, what is beside the way stays text.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::parse::{Members, Parser};
use super::skip::{self, Form};
use super::{MAX_DEPTH, Map, Value, parse};
use crate::Error;

/// How much of a value is read.
pub(crate) enum Part<'p> {
    /// All of it.
    Whole,
    /// If it is an object, the members that this one has too, and the others as text.
    Members(&'p Map<'p>),
    /// Nothing: it may be left out.
    Nothing,
}

/// Says how much is read of a value that stands where the pattern has this one.
pub(crate) type Reading = for<'p> fn(&'p Value<'p>) -> Part<'p>;

/// Reads of a text what a pattern reaches. Objects whose members are not all read are [partial](Map::is_partial): nobody may ask
/// them for a member that the pattern lacks, but they are written with it.
///
/// Where a member that is not read does not have the form, it is read as any other; `null` always is.
///
/// # Errors
/// As [`parse`], which answers the same for a pattern that reaches everything.
pub(crate) fn parse_part<'a>(text: &'a [u8], pattern: &Value<'_>, form: Form, reading: Reading) -> Result<Value<'a>, Error> {
    let Part::Members(pattern) = reading(pattern) else { return parse(text) };
    let mut parser = Parser::new(text, Members::Sorted);
    let Some(utf8) = parser.text else { return parse(text) };
    let mut part = Reader { text: utf8, form, reading, repeated: false };
    let value = part.value(&mut parser, pattern, MAX_DEPTH)?;
    parser.end()?;
    // Of a key that is repeated the last one counts, be it read or not.
    if part.repeated { parse(text) } else { Ok(value) }
}

struct Reader<'a> {
    text: &'a str,
    form: Form,
    reading: Reading,
    /// Whether an object had two members of one key.
    repeated: bool,
}

impl<'a> Reader<'a> {
    fn value(&mut self, parser: &mut Parser<'a>, pattern: &Map<'_>, depth: usize) -> Result<Value<'a>, Error> {
        if parser.peek() != Some(b'{') {
            return parser.value(depth);
        }
        let inside = parser.enter(depth)?;
        let mut entries = Vec::new();
        let mut unread = Vec::new();
        let mut more = parser.peek() != Some(b'}');
        if !more {
            parser.at += 1;
        }
        let mut reached = Cursor { members: pattern.entries(), at: 0 };
        while more {
            let key = parser.key()?;
            match reached.find(&key).map(self.reading) {
                Some(Part::Whole) => entries.push((key, parser.value(inside)?)),
                Some(Part::Members(pattern)) => entries.push((key, self.value(parser, pattern, inside)?)),
                Some(Part::Nothing) => {
                    if self.pass_over(parser, Form::Any, inside).is_none() {
                        entries.push((key, parser.value(inside)?));
                    }
                }
                None => match self.pass_over(parser, self.form, inside) {
                    Some(text) => unread.push((key, Cow::Borrowed(text))),
                    None => entries.push((key, parser.value(inside)?)),
                },
            }
            more = parser.more(b'}')?;
        }
        self.finish(entries, unread)
    }

    /// Takes the next value without reading it, if that can be.
    fn pass_over(&self, parser: &mut Parser<'a>, form: Form, depth: usize) -> Option<&'a str> {
        if matches!(parser.peek(), None | Some(b'n')) {
            return None;
        }
        let start = parser.at;
        parser.at = skip::value_end(self.text.as_bytes(), start, form, depth)?;
        self.text.get(start..parser.at)
    }

    fn finish(
        &mut self,
        entries: Vec<Member<'a, Value<'a>>>,
        mut unread: Vec<Member<'a, Cow<'a, str>>>,
    ) -> Result<Value<'a>, Error> {
        let all = entries.len();
        let mut map = Map::from_entries(entries);
        unread.sort_by(|a, b| a.0.cmp(&b.0));
        self.repeated |= map.len() < all || unread.windows(2).any(|two| two[0].0 == two[1].0);
        self.repeated |= unread.iter().any(|(key, _)| map.contains_key(key));
        map.leave_unread(unread);
        Ok(Value::Map(map))
    }
}

/// Looks members up by keys that mostly rise.
struct Cursor<'p, 'v> {
    members: &'p [Member<'v, Value<'v>>],
    at: usize,
}

impl<'p, 'v> Cursor<'p, 'v> {
    fn find(&mut self, key: &str) -> Option<&'p Value<'v>> {
        if self.at > 0 && *self.members[self.at - 1].0 >= *key {
            self.at = self.members.partition_point(|(known, _)| **known < *key);
        }
        while let Some((known, value)) = self.members.get(self.at) {
            match (**known).cmp(key) {
                Ordering::Less => self.at += 1,
                Ordering::Equal => return Some(value),
                Ordering::Greater => break,
            }
        }
        None
    }
}

type Member<'a, T> = (Cow<'a, str>, T);

#[cfg(test)]
mod tests {
    use super::*;

    fn members<'p>(pattern: &'p Value<'p>) -> Part<'p> {
        match pattern {
            Value::Map(pattern) => Part::Members(pattern),
            Value::Null => Part::Nothing,
            _ => Part::Whole,
        }
    }

    fn read<'a>(text: &'a str, pattern: &str, form: Form) -> Value<'a> {
        parse_part(text.as_bytes(), &parse(pattern.as_bytes()).unwrap(), form, members).unwrap()
    }

    #[test]
    fn reads_what_the_pattern_has() {
        let text = r#"{"e":"é","b":{"c":[3],"a":1},"a":["<",53],"n":null,"d":{"x":{ }},"gone":"x"}"#;
        let value = read(text, r#"{"b":{"a":0},"gone":null}"#, Form::Written);
        let map = value.as_map().unwrap();
        assert!(map.is_partial());
        // The list has a character that is escaped, the object a space.
        assert_eq!(map.keys().collect::<Vec<_>>(), ["a", "b", "d", "n"]);
        let inner = value.get("b").unwrap().as_map().unwrap();
        assert_eq!((inner.keys().collect::<Vec<_>>(), inner.unread().len()), (vec!["a"], 1));
        let written = r#"{"a":["\u003c",53],"b":{"a":1,"c":[3]},"d":{"x":{}},"e":"é","n":null}"#;
        assert_eq!(value.to_string(), written);
        assert_eq!(value.borrowed().to_string(), written);
        assert_eq!(value.into_owned().to_string(), written);
        // Where nothing is written, all of it is left.
        let value = read(text, r#"{"b":{"a":0},"n":0}"#, Form::Any);
        assert_eq!(value.as_map().unwrap().keys().collect::<Vec<_>>(), ["b", "n"]);
    }

    #[test]
    fn is_whole_where_the_pattern_reaches_everything_or_keys_repeat() {
        for (text, pattern) in [
            (r#"{"a":1,"b":[2]}"#, r#"{"a":0,"b":0}"#),
            (r#"{"a":1,"b":[2]}"#, "[]"),
            ("[1]", r#"{"a":0}"#),
            (r#"{"a":1,"a":{}}"#, r#"{"b":0}"#),
            (r#"{"a":1,"b":0,"a":1.5}"#, r#"{"b":0}"#),
            (r#"{"a":{"b":1,"b":2},"c":3}"#, r#"{"a":{}}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":0}"#),
        ] {
            assert_eq!(read(text, pattern, Form::Any), parse(text.as_bytes()).unwrap(), "{text} {pattern}");
        }
    }

    #[test]
    fn refuses_what_the_reader_refuses() {
        let pattern = parse(br#"{"b":{"c":0}}"#).unwrap();
        for text in ["", "{", r#"{"a":1e999}"#, r#"{"a":[1,]}"#, r#"{"a":1,}"#, r#"{"b":{"a":1}"#, r#"{"b":{"a" 1}}"#, "{} 1"] {
            for form in [Form::Any, Form::Written] {
                let error = parse_part(text.as_bytes(), &pattern, form, members).unwrap_err();
                assert_eq!(error, parse(text.as_bytes()).unwrap_err(), "{text}");
            }
        }
    }
}
