//! The built-in kinds, from the OpenAPI documents of Kubernetes v1.37.2.

use std::sync::{Arc, OnceLock};

use super::{Types, compact};

const TEXT: &str = include_str!("builtin.txt");

/// The types of all built-in kinds, read on first use.
pub(super) fn types() -> &'static Arc<Types> {
    static TYPES: OnceLock<Arc<Types>> = OnceLock::new();
    // A test reads the text as well: the default is never taken.
    TYPES.get_or_init(|| Arc::new(compact::read(TEXT).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::schema::openapi;

    const KINDS: [(&str, &str); 5] =
        [("v1", "Service"), ("v1", "Pod"), ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("v1", "ServiceAccount")];

    fn published() -> serde_json::Value {
        let packed = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/v1_37/openapi.json.gz")).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn is_what_kubernetes_publishes() {
        let types = openapi::read(&published(), |api_version, kind| KINDS.contains(&(api_version, kind))).unwrap();
        let expected = compact::write(&types);
        if expected != TEXT {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/builtin.txt");
            std::fs::write(path, expected).unwrap();
            panic!("src/schema/builtin.txt is out of date: take {path}");
        }
    }

    #[test]
    fn is_read_as_it_was_written() {
        let types = compact::read(TEXT).unwrap();
        assert_eq!(compact::write(&types), TEXT);
        for (api_version, kind) in KINDS {
            assert!(types.kind(api_version, kind).is_some(), "{kind}");
        }
    }
}
