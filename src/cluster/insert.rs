//! A live object put into a cluster as it is.

use std::sync::Arc;

use super::managed_fields::ManagedFields;
use super::patch::settle_numbers;
use super::{Cluster, Object};
use crate::error::Kind;
use crate::value::{Document, Value};
use crate::{Error, service};

impl Cluster {
    /// Puts a Service into the cluster as it is, metadata included, in place of one of that name.
    ///
    /// `live` is what `kubectl get service NAME -o json --show-managed-fields` prints. Nothing is defaulted or validated. Its node
    /// ports and cluster IPs are taken from then on.
    ///
    /// ```
    /// use mergekey::cluster::Cluster;
    ///
    /// let mut cluster = Cluster::new();
    /// cluster.insert(&serde_json::json!({
    ///     "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns", "namespace": "default", "uid": "8f0c"},
    ///     "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.10", "ports": [{"port": 53, "protocol": "UDP", "targetPort": 53}]},
    /// }))?;
    /// assert_eq!(cluster.object("default", "dns").unwrap().uid(), "8f0c");
    /// # Ok::<(), mergekey::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::is_wrong_type`] if it does not decode as a Service.
    pub fn insert(&mut self, live: &serde_json::Value) -> Result<(), Error> {
        self.insert_value(Value::from_serde(live)?)
    }

    /// The same of an object that has its keys in order.
    ///
    /// # Errors
    /// As [`Cluster::insert`].
    pub(crate) fn insert_value(&mut self, mut live: Value<'_>) -> Result<(), Error> {
        settle_numbers(&mut live);
        let document = Document::of(&live);
        let decoded = service::decode_json(&document).map_err(|message| Error::new(Kind::WrongType, None, message))?;
        let store = Arc::make_mut(&mut self.store);
        if let Some(old) = store.get(&decoded.service.metadata.namespace, &decoded.service.metadata.name).cloned() {
            store.allocators.release(old.service());
        }
        store.allocators.hold(&decoded.service);
        store.pass_uid(&decoded.service.metadata.uid);
        let mut service = decoded.service;
        let managed_fields = ManagedFields::of_entries(std::mem::take(&mut service.metadata.managed_fields));
        store.put(Object::new(service, managed_fields));
        Ok(())
    }
}
