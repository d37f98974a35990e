//! What a manifest can be made of: JSON values, texts, other manifests.

use serde_json::Value;

use super::Manifest;
use crate::{Error, value};

/// As [`Manifest::new`].
impl TryFrom<Value> for Manifest {
    type Error = Error;

    fn try_from(object: Value) -> Result<Self, Error> {
        Manifest::new(object)
    }
}

/// As [`Manifest::new`], of a copy.
impl TryFrom<&Value> for Manifest {
    type Error = Error;

    fn try_from(object: &Value) -> Result<Self, Error> {
        // Its keys come into one order, whichever features of serde_json are on.
        Manifest::of(value::Value::from_serde(object)?)
    }
}

/// As [`Manifest::from_text`].
impl TryFrom<&str> for Manifest {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        Manifest::from_text(text)
    }
}

/// As [`Manifest::from_text`].
impl TryFrom<&String> for Manifest {
    type Error = Error;

    fn try_from(text: &String) -> Result<Self, Error> {
        Manifest::from_text(text)
    }
}

/// As [`Manifest::from_text`].
impl TryFrom<String> for Manifest {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Manifest::from_text(text)
    }
}

/// As [`Manifest::from_text`].
impl std::str::FromStr for Manifest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Manifest::from_text(text)
    }
}

/// A copy.
impl From<&Manifest> for Manifest {
    fn from(manifest: &Manifest) -> Self {
        manifest.clone()
    }
}
