//! What Kubernetes does to a Service when you apply it, to the byte, and why.

#![forbid(unsafe_code)]

pub mod _documentation;
pub mod cluster;
mod error;
pub mod explain;
pub mod laws;
mod manifest;
pub mod path;
#[cfg(feature = "json-patch")]
pub mod rfc6902;
pub mod schema;
pub mod service;
pub mod strategic;
#[cfg(feature = "proptest")]
pub mod strategy;
pub mod structured;
#[cfg(feature = "k8s-openapi")]
pub mod typed;
pub mod value;

pub use error::Error;
pub use explain::{explain, lint};
pub use manifest::{Manifest, Place, RepeatedKey};

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
