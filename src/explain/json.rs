//! JSON in a report, which is made when it is looked at.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::converged::items_of;
use crate::cluster::Object;
use crate::value;

/// JSON that a report shows: an object as it is live, a manifest, the body of a request.
///
/// To all who look at it, it is a [`serde_json::Value`]; it becomes one when that is done first.
///
/// ```
/// use mergekey::explain::{Situation, Way};
///
/// let manifest = mergekey::Manifest::from_json(
///     r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"port":80}]}}"#,
/// )?;
/// let report = mergekey::explain(Situation { live: None, manifest: &manifest })?;
/// let replaced = report.way(Way::ClientSideApply).and_then(|way| way.live.as_ref()).unwrap();
/// assert_eq!(replaced["spec"]["ports"][0]["protocol"], "TCP");
/// # Ok::<(), mergekey::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Json {
    source: Source,
    made: OnceLock<serde_json::Value>,
}

#[derive(Clone, Debug)]
enum Source {
    Object(Object),
    /// `spec.ports` of the object.
    Ports(Object),
    Value(Arc<value::Value<'static>>),
    Json(serde_json::Value),
}

impl Json {
    fn new(source: Source) -> Self {
        Json { source, made: OnceLock::new() }
    }

    /// The list of an object's ports.
    pub(super) fn ports(object: Object) -> Self {
        Json::new(Source::Ports(object))
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Json::new(Source::Object(object))
    }
}

impl From<Arc<value::Value<'static>>> for Json {
    fn from(value: Arc<value::Value<'static>>) -> Self {
        Json::new(Source::Value(value))
    }
}

impl From<serde_json::Value> for Json {
    fn from(json: serde_json::Value) -> Self {
        Json::new(Source::Json(json))
    }
}

impl Deref for Json {
    type Target = serde_json::Value;

    fn deref(&self) -> &serde_json::Value {
        match &self.source {
            Source::Object(object) => self.made.get_or_init(|| object.to_json()),
            Source::Ports(object) => self.made.get_or_init(|| ports(&object.unmanaged()).into_serde()),
            Source::Value(value) => self.made.get_or_init(|| value.borrowed().into_serde()),
            Source::Json(json) => json,
        }
    }
}

fn ports<'v>(object: &'v value::Value<'_>) -> value::Value<'v> {
    value::Value::List(items_of(object).iter().map(value::Value::borrowed).collect())
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.source {
            Source::Object(object) => object.to_value().serialize(serializer),
            Source::Ports(object) => ports(&object.unmanaged()).serialize(serializer),
            Source::Value(value) => value.serialize(serializer),
            Source::Json(json) => json.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_json::Value::deserialize(deserializer).map(Json::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Cluster;

    /// What is written before anybody looked is what they see.
    #[test]
    fn is_written_as_it_is_seen() {
        let text = r#"{"b":[1,-0.5,1e21,"<é\u2028>"],"a":{"c":null,"b":true}}"#;
        let value = value::parse(text.as_bytes()).unwrap().into_owned();
        let mut cluster = Cluster::new();
        cluster
            .insert(&serde_json::json!({"metadata": {"name": "a", "namespace": "b", "managedFields": [{"manager": "m"}]}, "spec": {"ports": [{"port": 53}]}}))
            .unwrap();
        let object = cluster.object("b", "a").unwrap();
        let ports = Json::ports(object.clone());
        assert_eq!(ports[0]["port"], 53);
        for json in [Json::from(Arc::new(value)), Json::from(serde_json::json!([text])), Json::from(object), ports] {
            let seen = serde_json::to_string(&*json).unwrap();
            assert_eq!(serde_json::to_string(&json).unwrap(), seen);
            assert_eq!(serde_json::from_str::<Json>(&seen).unwrap(), json);
        }
    }
}
