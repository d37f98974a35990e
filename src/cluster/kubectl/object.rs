//! The object of a manifest as kubectl holds it, and the last-applied annotation in it.
//!
//! Upstream: kubectl v0.37.2 `pkg/util/apply.go`, cli-runtime v0.37.2 `pkg/resource/visitor.go`, apimachinery v0.37.2
//! `pkg/apis/meta/v1/unstructured`.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use super::errors::Failure;
use super::{Place, Session};
use crate::cluster::LAST_APPLIED;
use crate::cluster::patch::{has_float, settled};
use crate::value::{self, Document, Map, Value, quote};
use crate::{Error, Manifest, service};

/// How kubectl begins to tell that it cannot read a manifest.
pub(super) const UNABLE_TO_DECODE: &str = "unable to decode";

/// What kubectl calls standard input.
pub(super) const STDIN: &str = "STDIN";

/// The file that `-f` names. What a command makes of it is kept for the next one.
#[derive(Debug)]
pub(crate) struct ManifestFile<'m> {
    manifest: Cow<'m, Manifest>,
    source: OnceCell<Rc<Source>>,
}

/// What a manifest is about, and its object with its namespace filled in.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) place: Place,
    stated: Arc<Value<'static>>,
    object: OnceCell<Arc<Value<'static>>>,
    applied: OnceCell<Arc<Value<'static>>>,
}

impl<'m> ManifestFile<'m> {
    pub(crate) fn new(manifest: Cow<'m, Manifest>) -> Self {
        ManifestFile { manifest, source: OnceCell::new() }
    }

    pub(crate) fn of(manifest: &'m Manifest) -> Self {
        ManifestFile::new(Cow::Borrowed(manifest))
    }

    /// What it holds.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What kubectl calls it.
    pub(super) fn name(&self) -> &str {
        self.manifest.file().unwrap_or(STDIN)
    }

    /// Reads the manifest; `namespace` is the one that the command line demands.
    pub(super) fn load(&self, session: &Session<'_, '_>, namespace: Option<&str>) -> Result<Rc<Source>, Failure> {
        let object = self.manifest.value();
        let stated = metadata_text(object, "namespace");
        let space = if stated.is_empty() { session.namespace(namespace) } else { stated };
        let fits = |source: &&Rc<Source>| source.place.namespace == space && namespace.is_none_or(|demanded| demanded == space);
        if let Some(source) = self.source.get().filter(fits) {
            return Ok(Rc::clone(source));
        }
        self.check()?;
        if let Some(demanded) = namespace.filter(|demanded| *demanded != space) {
            return Err(Failure::client(format!(
                "the namespace from the provided object {} does not match the namespace {}. You must pass '--namespace={space}' to \
                 perform this operation.",
                quote(space),
                quote(demanded)
            )));
        }
        let place = Place { namespace: space.to_owned(), name: metadata_text(object, "name").to_owned() };
        let source = Rc::new(Source { place, stated: Arc::clone(object), object: OnceCell::new(), applied: OnceCell::new() });
        // The first one is kept: commands on one file rarely go to several namespaces.
        self.source.get_or_init(|| Rc::clone(&source));
        Ok(source)
    }

    /// Refuses what kubectl cannot read, or what is no Service.
    fn check(&self) -> Result<(), Failure> {
        let object = self.manifest.value();
        let text = |key| object.get(key).and_then(Value::as_str).unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        if (api_version, kind) != ("v1", "Service") {
            let what = format!("kubectl with a manifest of kind {} and API version {}", quote(kind), quote(api_version));
            return Err(Error::not_modelled(&what).into());
        }
        if object.get("items").is_some() {
            return Err(Error::not_modelled("kubectl with a manifest that has items, as a list has").into());
        }
        check_metadata(object, &self.manifest)
            .map_err(|why| Failure::Client(format!("{UNABLE_TO_DECODE} {}: {why}", quote(self.name()))))
    }
}

impl Source {
    /// kubectl writes it before it does anything with it.
    fn placed(&self) -> Value<'static> {
        let mut object = Arc::unwrap_or_clone(settled(Arc::clone(&self.stated)));
        if let Some(metadata) = metadata_mut(&mut object) {
            metadata.insert("namespace", Value::from(self.place.namespace.clone()));
        }
        object
    }

    /// The object.
    pub(super) fn object(&self) -> &Arc<Value<'static>> {
        self.object.get_or_init(|| Arc::new(self.placed()))
    }

    /// The object with the last-applied annotation, which is the object as it is without it.
    pub(super) fn applied(&self) -> &Arc<Value<'static>> {
        self.applied.get_or_init(|| {
            let mut object = self.placed();
            save_last_applied(&mut object);
            Arc::new(object)
        })
    }

    /// What a last-applied annotation says.
    ///
    /// # Errors
    /// It is no JSON.
    pub(super) fn read_applied<'t>(&'t self, text: &'t str) -> Result<Value<'t>, Error> {
        // A shortcut: where the object itself was applied, it says what the object says.
        let applied = self.applied();
        if annotation(applied) != Some(text) || has_float(applied) {
            return value::parse(text.as_bytes());
        }
        let mut object = applied.borrowed();
        if let Some(annotations) = object.map_at_mut(&["metadata", "annotations"]) {
            annotations.remove(LAST_APPLIED);
        }
        Ok(object)
    }

    /// The same if it is `wanted` or the object has the annotation already.
    pub(super) fn refreshed(&self, wanted: bool) -> &Arc<Value<'static>> {
        let has_annotation = || last_applied(&self.stated).is_some_and(|text| !text.is_empty());
        if wanted || has_annotation() { self.applied() } else { self.object() }
    }
}

/// Whether the metadata can be read.
///
/// Upstream: `metadataValidatingDecoder` of cli-runtime, which tells the first fault of the text, and of a repeated key takes no
/// value but reads them all; YAML becomes JSON with sorted keys before.
fn check_metadata(object: &Value<'_>, manifest: &Manifest) -> Result<(), String> {
    if let Some(document) = manifest.json_text().and_then(|text| value::parse_document(text.as_bytes()).ok()) {
        return service::check_metadata(&document);
    }
    let metadata = object.get("metadata").map(|metadata| ("metadata", metadata.borrowed()));
    service::check_metadata(&Document::assembled(Value::Map(metadata.into_iter().collect())))
}

/// A string of the metadata, empty if it is none.
pub(super) fn metadata_text<'v>(object: &'v Value<'_>, key: &str) -> &'v str {
    object.at(&["metadata", key]).and_then(Value::as_str).unwrap_or_default()
}

/// The metadata, made if they are absent.
pub(super) fn metadata_mut<'v, 'a>(object: &'v mut Value<'a>) -> Option<&'v mut Map<'a>> {
    object.as_map_mut()?.entry_or_insert_with("metadata", || Value::Map(Map::new())).as_map_mut()
}

/// Labels or annotations as kubectl reads them: `null` is the empty string.
pub(super) fn strings(object: &Value<'_>, key: &str) -> Option<Map<'static>> {
    let map = object.at(&["metadata", key])?.as_map()?;
    let text = |value: &Value<'_>| Value::from(value.as_str().unwrap_or_default().to_owned());
    Some(map.iter().map(|(key, value)| (key.to_owned(), text(value))).collect())
}

fn annotation<'v>(object: &'v Value<'_>) -> Option<&'v str> {
    object.at(&["metadata", "annotations", LAST_APPLIED])?.as_str()
}

/// The text of the last-applied annotation, if the object has one.
pub(super) fn last_applied(object: &Value<'_>) -> Option<String> {
    strings(object, "annotations")?.get(LAST_APPLIED)?.as_str().map(str::to_owned)
}

/// Sets the last-applied annotation to the object as it is without it.
fn save_last_applied(object: &mut Value<'_>) {
    let mut annotations = strings(object, "annotations").unwrap_or_default();
    annotations.remove(LAST_APPLIED);
    let Some(metadata) = metadata_mut(object) else { return };
    metadata.insert("annotations", Value::Map(annotations));
    let text = object.to_line();
    if let Some(annotations) = object.map_at_mut(&["metadata", "annotations"]) {
        annotations.insert(LAST_APPLIED, Value::from(text));
    }
}

/// kubectl creates without a resourceVersion.
pub(super) fn drop_resource_version(object: &mut Arc<Value<'static>>) {
    if !metadata_text(object, "resourceVersion").is_empty()
        && let Some(metadata) = metadata_mut(Arc::make_mut(object))
    {
        metadata.remove("resourceVersion");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    #[track_caller]
    fn check(object: &str, expect: &str) {
        let mut object = parse(object.as_bytes()).unwrap().into_owned();
        save_last_applied(&mut object);
        assert_eq!(object.to_string(), expect);
    }

    #[test]
    fn last_applied_annotation() {
        check(
            r#"{"metadata":{"name":"e"},"spec":{"x":null}}"#,
            r#"{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"metadata\":{\"annotations\":{},\"name\":\"e\"},\"spec\":{\"x\":null}}\n"},"name":"e"},"spec":{"x":null}}"#,
        );
        check(
            r#"{"metadata":{"annotations":{"a":null,"kubectl.kubernetes.io/last-applied-configuration":"old"}}}"#,
            r#"{"metadata":{"annotations":{"a":"","kubectl.kubernetes.io/last-applied-configuration":"{\"metadata\":{\"annotations\":{\"a\":\"\"}}}\n"}}}"#,
        );
    }
}
