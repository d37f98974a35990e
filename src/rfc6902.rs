//! JSON patches (RFC 6902) as the types of the crate `json-patch`, in and out (feature `json-patch`).
//!
//! Out: what a way does to a Service, as a patch ([`Report::json_patch`]), and the difference of any two objects
//! ([`json_patch::diff`]). In: a patch that a client sends, which the server applies as it applies any
//! JSON patch ([`cluster::Patch`](Patch)). List items are found by their place, so a patch fits the object that it was made for.
//!
//! ```
//! use mergekey::cluster::{Apply, Cluster, Patch};
//! use mergekey::explain::{Situation, Way};
//! use mergekey::{Manifest, explain};
//! use serde_json::json;
//!
//! let manifest = |port: u16| Manifest::new(json!({
//!     "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"name": "http", "port": port}]},
//! }));
//! let mut cluster = Cluster::new();
//! cluster.apply(&manifest(80)?, Apply::client_side())?;
//! let live = cluster.get("Service", "default", "web").unwrap();
//! let report = explain(Situation { live: Some(&live), manifest: &manifest(8080)? })?;
//!
//! let patch = report.json_patch(Way::Replace).unwrap();
//! assert!(patch.iter().any(|operation| operation.path().to_string() == "/spec/ports/0/port"));
//! let outcome = cluster.patch("web", Patch::from(&patch))?;
//! assert_eq!(outcome.stdout(), "service/web patched\n");
//! # Ok::<(), mergekey::Error>(())
//! ```

/// The crate whose types these are.
pub use json_patch;
use serde_json::Value;

use crate::cluster::Patch;
use crate::explain::{Report, Way};

/// What the server writes itself: a client that sends it back is refused, or ignored.
const WRITTEN_BY_THE_SERVER: [&str; 3] = ["managedFields", "resourceVersion", "generation"];

impl Report {
    /// What a way does to the live Service, as a patch that can be sent (feature `json-patch`).
    ///
    /// `None` if the way was not run, or if the Service did not live before or does not live afterwards. Empty for a way that was
    /// refused. What the server writes itself is left out: managedFields, resourceVersion and generation.
    pub fn json_patch(&self, way: Way) -> Option<json_patch::Patch> {
        let (before, after) = (self.before()?, self.way(way)?.live.as_ref()?);
        Some(json_patch::diff(&sent(before), &sent(after)))
    }
}

/// The object without what the server writes itself.
fn sent(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| !WRITTEN_BY_THE_SERVER.contains(&name.as_str()));
    }
    object
}

/// `kubectl patch --type=json` with these operations.
impl From<&json_patch::Patch> for Patch {
    fn from(patch: &json_patch::Patch) -> Self {
        Patch::json(patch.to_string())
    }
}
