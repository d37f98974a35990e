//! To and from `serde_json::Value`, the type of the crate's front door.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{MAX_DEPTH, Map, Value};
use crate::{Error, path::Path};

impl<'a> Value<'a> {
    /// Borrows a [`serde_json::Value`].
    ///
    /// The answer is the same whichever features of serde_json are on. A float that is negative zero becomes the integer 0: that
    /// is what Go reads from `-0`, and without `arbitrary_precision` serde_json no longer knows which of the two was written.
    ///
    /// # Errors
    /// [`Error::is_too_deep`] beyond [`MAX_DEPTH`]; [`Error::is_syntax`] for a number beyond `float64`, which only
    /// `arbitrary_precision` can hold.
    pub fn from_serde(json: &'a serde_json::Value) -> Result<Self, Error> {
        from_serde(json, &mut Vec::new())
    }

    /// The same as a [`serde_json::Value`].
    pub fn into_serde(self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(truth) => truth.into(),
            Value::Integer(number) => number.into(),
            Value::Float(number) => number.into(),
            Value::String(text) => text.into_owned().into(),
            Value::List(items) => items.into_iter().map(Value::into_serde).collect::<Vec<_>>().into(),
            Value::Map(map) => map.into_serde().into(),
        }
    }
}

impl Map<'_> {
    /// The same as a `serde_json` object.
    pub fn into_serde(self) -> serde_json::Map<String, serde_json::Value> {
        self.into_iter().map(|(key, value)| (key.into_owned(), value.into_serde())).collect()
    }
}

/// A step from a value into one of its parts, kept for the path of an error.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

fn from_serde<'a>(json: &'a serde_json::Value, steps: &mut Vec<Step<'a>>) -> Result<Value<'a>, Error> {
    let nested = matches!(json, serde_json::Value::Array(_) | serde_json::Value::Object(_));
    if nested && steps.len() >= MAX_DEPTH {
        return Err(Error::too_deep(&path_of(steps)));
    }
    Ok(match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Value::Integer(integer),
            (None, Some(float)) if float == 0.0 && float.is_sign_negative() => Value::Integer(0),
            (None, Some(float)) if float.is_finite() => Value::Float(float),
            _ => return Err(Error::number_out_of_range(&path_of(steps), number)),
        },
        serde_json::Value::String(text) => Value::String(Cow::Borrowed(text)),
        serde_json::Value::Array(items) => {
            let mut list = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                steps.push(Step::Index(index));
                list.push(from_serde(item, steps)?);
                steps.pop();
            }
            Value::List(list)
        }
        serde_json::Value::Object(members) => {
            let mut entries = Vec::with_capacity(members.len());
            for (key, member) in members {
                steps.push(Step::Key(key));
                entries.push((Cow::Borrowed(&**key), from_serde(member, steps)?));
                steps.pop();
            }
            Value::Map(Map::from_entries(entries))
        }
    })
}

fn path_of(steps: &[Step<'_>]) -> Path {
    steps.iter().fold(Path::new(), |path, step| match step {
        Step::Key(key) => path.field((*key).to_owned()),
        Step::Index(index) => path.index(*index),
    })
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::String(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items),
            Value::Map(map) => map.serialize(serializer),
        }
    }
}

impl Serialize for Map<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self.iter() {
            members.serialize_entry(key, value)?;
        }
        members.end()
    }
}

/// As [`Value::from_serde`].
impl<'de> Deserialize<'de> for Value<'static> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        Value::from_serde(&json).map(Value::into_owned).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_through_serde_json() {
        let text = r#"{"b":[1,1.5,-7,true,null,"x"],"a":{"z":{},"y":[]},"n":1e21,"big":18446744073709551615}"#;
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let value = Value::from_serde(&json).unwrap();
        assert_eq!(value, super::super::parse(text.as_bytes()).unwrap());
        assert_eq!(Value::from_serde(&value.clone().into_serde()).unwrap(), value);
        assert_eq!(serde_json::from_str::<Value<'static>>(text).unwrap(), value);
        assert_eq!(serde_json::to_string(&value).unwrap(), serde_json::to_string(&value.clone().into_serde()).unwrap());
    }

    #[test]
    fn too_deep_names_its_path() {
        let mut json = serde_json::json!(1);
        for _ in 0..=MAX_DEPTH {
            json = serde_json::json!([json]);
        }
        let error = Value::from_serde(&json).unwrap_err();
        assert!(error.is_too_deep());
        assert!(error.to_string().ends_with("[0]: nested deeper than 128"), "{error}");
    }
}
