//! Services as the types of the crate `k8s-openapi`, in and out (feature `k8s-openapi`).
//!
//! Which version of Kubernetes the types are of is the dependent's choice: turn on one of that crate's `v1_*` features; this crate
//! turns on none. A field that the chosen version does not know is lost on the way into the types, as that crate reads any object;
//! it stays in the [`serde_json::Value`] that they are made from. Left out: other kinds.
//!
//! ```
//! use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
//! use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
//! use mergekey::cluster::{Apply, Cluster};
//!
//! let port = |protocol: &str| ServicePort {
//!     name: Some(protocol.to_lowercase()),
//!     port: 53,
//!     protocol: Some(protocol.to_owned()),
//!     ..ServicePort::default()
//! };
//! let service = Service {
//!     metadata: ObjectMeta { name: Some("dns".to_owned()), ..ObjectMeta::default() },
//!     spec: Some(ServiceSpec { ports: Some(vec![port("UDP"), port("TCP")]), ..ServiceSpec::default() }),
//!     ..Service::default()
//! };
//! let mut cluster = Cluster::new();
//! cluster.apply(&mergekey::typed::manifest(&service)?, Apply::client_side())?;
//!
//! let live: Service = cluster.service("default", "dns")?.unwrap();
//! assert_eq!(live.spec.unwrap().cluster_ips.map(|addresses| addresses.len()), Some(1));
//! # Ok::<(), mergekey::Error>(())
//! ```

/// The crate whose types these are.
pub use k8s_openapi;
use k8s_openapi::api::core::v1::Service;
use serde_json::Value;

use crate::cluster::{Cluster, Object};
use crate::error::Kind;
use crate::{Error, Manifest};

/// The manifest that the Service is, with API version and kind.
///
/// # Errors
/// [`Error::is_wrong_type`] if it cannot be written as JSON, which does not happen to what that crate's types can hold.
pub fn manifest(service: &Service) -> Result<Manifest, Error> {
    Manifest::new(object(service)?)
}

/// The Service as JSON, with API version and kind.
///
/// # Errors
/// As [`manifest`].
pub fn object(service: &Service) -> Result<Value, Error> {
    serde_json::to_value(service).map_err(|error| wrong_type(&error))
}

/// Reads a Service: a manifest, a live object, the object after one of the ways in a report.
///
/// # Errors
/// [`Error::is_wrong_type`] if it is of another kind, or a field is of another type.
pub fn service(object: &Value) -> Result<Service, Error> {
    serde_json::from_value(object.clone()).map_err(|error| wrong_type(&error))
}

fn wrong_type(error: &serde_json::Error) -> Error {
    Error::new(Kind::WrongType, None, error.to_string())
}

impl Cluster {
    /// The Service as it is live; `None` if it is not there (feature `k8s-openapi`).
    ///
    /// # Errors
    /// [`Error::is_wrong_type`] if it does not fit the types of the chosen version.
    pub fn service(&self, namespace: &str, name: &str) -> Result<Option<Service>, Error> {
        self.object(namespace, name).map(|object| service(&object.to_json())).transpose()
    }
}

/// As [`manifest`].
impl TryFrom<&Service> for Manifest {
    type Error = Error;

    fn try_from(service: &Service) -> Result<Self, Error> {
        manifest(service)
    }
}

/// As [`service`], of the object as readers see it.
impl TryFrom<&Object> for Service {
    type Error = Error;

    fn try_from(object: &Object) -> Result<Self, Error> {
        service(&object.to_json())
    }
}

/// As [`service`].
impl TryFrom<&Manifest> for Service {
    type Error = Error;

    fn try_from(manifest: &Manifest) -> Result<Self, Error> {
        service(manifest.object())
    }
}
