//! The objects that the server keeps, by namespace and name.
//!
//! A stored object is immutable and shared, so that a copy of the store costs little. Left out: namespaces as objects,
//! watches, and revisions of other writes: each write of a Service takes the next resourceVersion.

use std::sync::Arc;

use super::managed_fields::ManagedFields;
use crate::path::Path;
use crate::service::{self, Allocators, Service};
use crate::structured::{Operation, StoredManagers};
use crate::value::Value;

/// A Service as it is stored; cheap to clone.
#[derive(Clone, Debug)]
pub struct Object {
    stored: Arc<Stored>,
}

#[derive(Debug)]
struct Stored {
    /// The Service without its managed fields, which are most of it.
    service: Service,
    managed_fields: ManagedFields,
    /// The Service that readers see, where that is not the one that is stored; without managed fields as well.
    shown: Option<Box<Service>>,
}

impl Object {
    /// `service` is without its managed fields.
    pub(super) fn new(service: Service, managed_fields: ManagedFields) -> Self {
        let shown = service::shown(&service).map(Box::new);
        Object { stored: Arc::new(Stored { service, managed_fields, shown }) }
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

    /// The object as the server answers it; strings are borrowed.
    pub fn to_value(&self) -> Value<'_> {
        with_managed_fields(self.shown(), &self.stored.managed_fields)
    }

    /// The same without its managed fields, which take longest to write out.
    pub(crate) fn unmanaged(&self) -> Value<'_> {
        self.shown().to_value()
    }

    /// Whether its managed fields tell of anybody.
    pub(crate) fn is_owned(&self) -> bool {
        self.stored.managed_fields.stored().is_some_and(|managers| managers.iter().len() > 0)
    }

    /// Who owns a path.
    pub(crate) fn owners(&self, path: &Path) -> Vec<(String, Operation)> {
        let managers = self.stored.managed_fields.stored().into_iter().flat_map(StoredManagers::iter);
        let owners = managers.filter(|manager| manager.set.contains(path));
        owners.map(|owner| (owner.identity.name.into_owned(), owner.identity.operation)).collect()
    }

    /// Whether both have the same managed fields.
    pub(crate) fn is_owned_as(&self, other: &Object) -> bool {
        self.stored.managed_fields == other.stored.managed_fields
    }

    /// The object as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        self.to_value().into_serde()
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.stored.service.metadata.annotations.get(key)
    }

    /// The text that the server writes: members in the order of Go's structs.
    pub fn to_text(&self) -> String {
        service::service_text(self.to_value())
    }

    /// The root of the document that the server stores.
    pub(super) fn stored_document(&self) -> Value<'_> {
        service::in_document_order(self.stored_value())
    }

    /// The same without its managed fields.
    pub(super) fn bare_document(&self) -> Value<'_> {
        service::in_document_order(self.service().to_value())
    }

    /// The object as it is stored.
    pub(super) fn stored_value(&self) -> Value<'_> {
        with_managed_fields(self.service(), &self.stored.managed_fields)
    }

    /// The Service as it is stored, without its managed fields.
    pub(super) fn service(&self) -> &Service {
        &self.stored.service
    }

    pub(super) fn managed_fields(&self) -> &ManagedFields {
        &self.stored.managed_fields
    }

    /// The Service as readers see it, without its managed fields.
    pub(super) fn shown(&self) -> &Service {
        self.stored.shown.as_deref().unwrap_or(&self.stored.service)
    }

    /// Whether writing these would change nothing.
    pub(super) fn is_stored_as(&self, service: &Service, managed_fields: &ManagedFields) -> bool {
        *service == self.stored.service && *managed_fields == self.stored.managed_fields
    }
}

/// Objects are equal that are stored alike.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        let (this, other) = (&*self.stored, &*other.stored);
        std::ptr::eq(this, other) || this.service == other.service && this.managed_fields == other.managed_fields
    }
}

fn with_managed_fields<'v>(service: &'v Service, managed_fields: &'v ManagedFields) -> Value<'v> {
    let mut value = service.to_value();
    let entries = managed_fields.entries();
    if entries.as_list().is_some_and(|entries| !entries.is_empty())
        && let Some(metadata) = value.map_at_mut(&["metadata"])
    {
        metadata.insert("managedFields", entries);
    }
    value
}

/// Everything that the server keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Store {
    /// By namespace and name.
    objects: Vec<Object>,
    pub(super) allocators: Allocators,
    /// The resourceVersion of the last write.
    version: u64,
    /// The number in the last uid.
    created: u64,
}

impl Store {
    fn find(&self, namespace: &str, name: &str) -> Result<usize, usize> {
        self.objects.binary_search_by(|known| known.namespace().cmp(namespace).then_with(|| known.name().cmp(name)))
    }

    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<&Object> {
        self.find(namespace, name).ok().and_then(|at| self.objects.get(at))
    }

    /// Keeps an object; later writes have higher versions than it.
    pub(super) fn put(&mut self, object: Object) {
        self.version = self.version.max(object.resource_version().parse().unwrap_or_default());
        match self.find(object.namespace(), object.name()) {
            Ok(at) => self.objects[at] = object,
            Err(at) => self.objects.insert(at, object),
        }
    }

    /// Forgets an object; `version` is the one of this write.
    pub(super) fn remove(&mut self, namespace: &str, name: &str, version: u64) {
        self.version = self.version.max(version);
        if let Ok(at) = self.find(namespace, name) {
            self.objects.remove(at);
        }
    }

    /// The resourceVersion of the last write; 0 before the first.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// The uid of the next object; it is taken when the object is stored.
    pub(super) fn next_uid(&self) -> String {
        format!("uid-{}", self.created.saturating_add(1))
    }

    pub(super) fn take_uid(&mut self) {
        self.created = self.created.saturating_add(1);
    }

    /// No later object gets the uid of one that came from elsewhere.
    pub(super) fn pass_uid(&mut self, uid: &str) {
        let number = uid.strip_prefix("uid-").and_then(|number| number.parse().ok()).unwrap_or_default();
        self.created = self.created.max(number);
    }

    /// All objects, by namespace and name.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter()
    }
}
