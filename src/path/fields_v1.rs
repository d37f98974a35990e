//! The form of a path element as a key of `fieldsV1` (`fieldpath/serialize-pe.go`).

use std::borrow::Cow;

use super::{Element, Key};
use crate::Error;
use crate::error::Kind;
use crate::value::{self, Map, Value};

impl<'a> Element<'a> {
    /// The key that stands for this element in `fieldsV1`.
    ///
    /// ```
    /// use mergekey::path::Element;
    ///
    /// let port = Element::key([("port", 53)]);
    /// assert_eq!(port.to_fields_v1(), r#"k:{"port":53}"#);
    /// assert_eq!(Element::from_fields_v1(r#"k:{"port":53}"#)?, Some(port));
    /// # Ok::<(), mergekey::Error>(())
    /// ```
    pub fn to_fields_v1(&self) -> String {
        match self {
            Element::Field(name) => ["f:", name].concat(),
            Element::Key(key) => {
                let fields: Map<'_> = key.fields().map(|(name, value)| (name, value.borrowed())).collect();
                let mut text = String::with_capacity(40);
                text.push_str("k:");
                Value::Map(fields).write_to(&mut text);
                text
            }
            Element::Value(value) => format!("v:{value}"),
            Element::Index(index) => format!("i:{index}"),
        }
    }

    /// Reads a key of `fieldsV1`; `None` for a prefix that is none of the four, which upstream skips.
    ///
    /// # Errors
    /// [`Error::is_syntax`]: no prefix, or what follows it cannot be read.
    pub fn from_fields_v1(key: &'a str) -> Result<Option<Self>, Error> {
        let broken = |message: &str| Error::new(Kind::Syntax, Some(format!("fieldsV1 key {key:?}")), message);
        let bytes = key.as_bytes();
        if bytes.len() < 2 {
            return Err(broken("shorter than two characters"));
        }
        if bytes[1] != b':' {
            return Err(broken("missing colon"));
        }
        let rest = &bytes[2..];
        let element = match bytes[0] {
            b'f' => Element::Field(Cow::Borrowed(&key[2..])),
            b'v' => Element::Value(value::parse(rest).map_err(|error| broken(&error.to_string()))?),
            b'k' => match value::parse(rest).map_err(|error| broken(&error.to_string()))? {
                Value::Map(fields) => Element::Key(Key::new(fields.into_iter().collect())),
                _ => return Err(broken("expected an object")),
            },
            b'i' => Element::Index(key[2..].parse().map_err(|_| broken("expected an index"))?),
            _ => return Ok(None),
        };
        Ok(Some(element))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        for key in [
            "f:spec",
            "f:",
            "f:a.b/c",
            r#"k:{"port":53,"protocol":"TCP"}"#,
            r#"k:{"name":"\u003ca\u003e"}"#,
            r#"v:"example.com/guard""#,
            "v:null",
            "i:12",
        ] {
            assert_eq!(Element::from_fields_v1(key).unwrap().unwrap().to_fields_v1(), key);
        }
        assert_eq!(Element::from_fields_v1("x:y").unwrap(), None);
    }

    #[test]
    fn refuses() {
        for (key, expect) in [
            ("f", r#"fieldsV1 key "f": shorter than two characters"#),
            ("fspec", r#"fieldsV1 key "fspec": missing colon"#),
            ("k:[]", r#"fieldsV1 key "k:[]": expected an object"#),
            ("k:{", r#"fieldsV1 key "k:{": line 1, column 2: expected a key in double quotes"#),
            ("i:x", r#"fieldsV1 key "i:x": expected an index"#),
        ] {
            assert_eq!(Element::from_fields_v1(key).unwrap_err().to_string(), expect);
        }
    }
}
