//! The objects that the server keeps, by namespace and name.
//!
//! A stored object is immutable and shared, so that a copy of the store costs little. Left out: namespaces as objects (every one
//! exists), watches, and revisions of other writes: each write of a Service takes the next resourceVersion.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::service::{self, Allocators, Service};
use crate::value::Value;

/// A Service as it is stored; cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    stored: Arc<Stored>,
}

#[derive(Debug, PartialEq)]
struct Stored {
    service: Service,
    value: Value<'static>,
    /// What readers see, where that is not what is stored.
    shown: Option<(Service, Value<'static>)>,
}

impl Object {
    pub(super) fn new(service: Service) -> Self {
        let value = service.to_value().into_owned();
        let mut read = service.clone();
        service::on_read(&mut read);
        let shown = (read != service).then(|| {
            let value = read.to_value().into_owned();
            (read, value)
        });
        Object { stored: Arc::new(Stored { service, value, shown }) }
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        &self.stored.service.metadata.name
    }

    /// The object's namespace.
    pub fn namespace(&self) -> &str {
        &self.stored.service.metadata.namespace
    }

    /// The object's uid.
    pub fn uid(&self) -> &str {
        &self.stored.service.metadata.uid
    }

    /// The object's resourceVersion.
    pub fn resource_version(&self) -> &str {
        &self.stored.service.metadata.resource_version
    }

    /// Whether the object is being deleted and waits for its finalizers.
    pub fn is_terminating(&self) -> bool {
        self.stored.service.metadata.deletion_timestamp.is_some()
    }

    /// The object as the server answers it.
    pub fn value(&self) -> &Value<'static> {
        self.stored.shown.as_ref().map_or(&self.stored.value, |(_, value)| value)
    }

    /// The same as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        self.value().clone().into_serde()
    }

    /// The text that the server writes: members in the order of Go's structs.
    pub fn to_text(&self) -> String {
        self.stored.shown.as_ref().map_or(&self.stored.service, |(service, _)| service).to_json_text()
    }

    /// The Service as it is stored.
    pub(super) fn service(&self) -> &Service {
        &self.stored.service
    }

    /// The stored object as the engines see it.
    pub(super) fn stored_value(&self) -> &Value<'static> {
        &self.stored.value
    }

    /// The Service as readers see it.
    pub(super) fn shown(&self) -> &Service {
        self.stored.shown.as_ref().map_or(&self.stored.service, |(service, _)| service)
    }
}

/// Everything that the server keeps.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    objects: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Object>>,
    pub(super) allocators: Allocators,
    /// How many writes there were.
    writes: u64,
    /// How many objects were created.
    created: u64,
}

impl Store {
    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<&Object> {
        self.objects.get(namespace)?.get(name)
    }

    pub(super) fn put(&mut self, object: Object) {
        self.writes += 1;
        let names = self.objects.entry(object.namespace().into()).or_default();
        names.insert(object.name().into(), object);
    }

    pub(super) fn remove(&mut self, namespace: &str, name: &str) {
        self.writes += 1;
        if let Some(names) = self.objects.get_mut(namespace) {
            names.remove(name);
        }
    }

    pub(super) fn writes(&self) -> u64 {
        self.writes
    }

    /// The uid of the next object; it is taken when the object is stored.
    pub(super) fn next_uid(&self) -> String {
        format!("uid-{}", self.created + 1)
    }

    pub(super) fn take_uid(&mut self) {
        self.created += 1;
    }

    /// All objects, by namespace and name.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Object> {
        self.objects.values().flat_map(BTreeMap::values)
    }
}
