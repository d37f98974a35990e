//! The server's rules for a `v1` Service, as Kubernetes v1.37.2 has them: decode, default, allocate, normalise, validate, warn.
//!
//! Pure functions over the typed [`Service`]; nothing here knows how a patch is made or what kubectl is. A write runs them in this
//! order: [`decode_json`] or [`decode_unstructured`], [`default`], [`begin_create`] or [`begin_update`] (allocation, which hides
//! everything after it), [`prepare_for_create`] or [`prepare_for_update`], [`validate_create`] or [`validate_update`],
//! [`warnings`], and [`on_read`] on the reply.
//!
//! The server modelled has every setting at its default: service range `10.0.0.0/16`, node ports `30000-32767`, IPv4 alone.
//! Left out: other settings, the `/status` subresource, dual-stack clusters.
//!
//! ```
//! use mergekey::service::{self, Allocators, Draws, DryRun, Transaction};
//! use mergekey::value::parse_document;
//!
//! let body = br#"{"metadata":{"name":"dns"},"spec":{"type":"NodePort","ports":[{"port":53},{"port":53}]}}"#;
//! let mut dns = service::decode_json(&parse_document(body)?).unwrap().service;
//! service::default(&mut dns);
//! let (mut allocators, mut draws) = (Allocators::default(), Draws::default());
//! let mut transaction = Transaction::begin(&mut allocators, &mut draws, DryRun::No);
//! service::begin_create(&mut dns, &mut transaction).unwrap();
//! service::prepare_for_create(&mut dns);
//! let errors = service::validate_create(&dns);
//! assert_eq!(errors[0].to_string(), "spec.ports[0].name: Required value");
//! assert_eq!(errors[2].to_string(), "spec.ports[1].nodePort: Duplicate value: 30086");
//! transaction.revert();
//! # Ok::<(), mergekey::Error>(())
//! ```

mod allocate;
mod allocators;
mod convert;
mod decode;
mod default;
mod delete_options;
mod encode;
mod families;
mod field_error;
mod ip;
mod metadata;
mod names;
mod network;
mod normalise;
mod ports;
mod table;
#[cfg(test)]
mod testing;
mod text_map;
mod types;
mod validate;
mod warnings;

pub use allocate::{Refusal, begin_create, begin_update};
pub use allocators::{Allocators, Draws, DryRun, Transaction};
pub use convert::decode_unstructured;
pub use decode::{Decoded, decode_json};
pub(crate) use decode::{check_metadata, check_other_kind, decode_delete_options};
pub(crate) use default::shown;
pub use default::{default, on_read};
pub(crate) use delete_options::DeleteOptions;
pub(crate) use encode::{in_document_order, service_text};
pub use field_error::{FieldError, Reason, invalid_message};
pub use metadata::{Duplicates, deduplicate_owner_references};
pub(crate) use metadata::{MANAGER_LIMIT, is_fine_manager, unprintable};
pub(crate) use names::label_value_faults;
pub use normalise::{prepare_for_create, prepare_for_update};
pub use text_map::TextMap;
pub use types::{
    ClientIPConfig, Condition, IntOrString, LoadBalancerIngress, LoadBalancerStatus, ObjectMeta, OwnerReference, PortStatus,
    Service, ServicePort, ServiceSpec, ServiceStatus, SessionAffinityConfig,
};
pub use validate::{validate_create, validate_update};
pub use warnings::warnings;
