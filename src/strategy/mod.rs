//! Strategies of [proptest](https://docs.rs/proptest) for Services and what becomes of them (feature `proptest`).
//!
//! [`manifests`] are valid: a server accepts each as a new Service. [`edits`] keep them valid. [`changes`] are a manifest and what
//! it is edited to, [`histories`] are kubectl commands with a manifest that comes next, [`drifted`] is a live object that others
//! wrote to as well. How large they are and how often a port number repeats is up to a [`Config`]. All of them shrink to few small
//! ports, few edits and plain `kubectl apply`. Left out: kinds other than Service, dual-stack, manifests that no server accepts.
//!
//! ```
//! use mergekey::laws;
//! use mergekey::strategy::{Config, changes};
//! use proptest::prelude::*;
//!
//! proptest! {
//!     // As long as no two ports of a Service have one number, neither apply loses one of them. A test has `#[test]` here.
//!     fn no_port_is_lost(change in changes(&Config::default().repeated(0.0))) {
//!         laws::never_loses_a_port(&change.old, &change.new)?; // fails with the whole explanation as its message
//!     }
//! }
//! # no_port_is_lost();
//! ```

mod edit;
mod history;
mod service;

use std::ops::RangeInclusive;

pub use edit::{Change, Edit, changes, edits};
pub use history::{Drifted, History, drifted, histories};
pub use service::manifests;

/// How large and how troublesome the generated objects are.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    name: String,
    ports: RangeInclusive<usize>,
    repeated: f64,
    edits: RangeInclusive<usize>,
    steps: RangeInclusive<usize>,
}

impl Default for Config {
    /// One to five ports, half of the Services with a number that repeats, up to three edits, up to three commands.
    fn default() -> Self {
        Config { name: "web".to_owned(), ports: 1..=5, repeated: 0.5, edits: 1..=3, steps: 0..=3 }
    }
}

impl Config {
    /// Names the Service, `web` otherwise.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Config { name: name.into(), ..self }
    }

    /// Sets how many ports a manifest has; a Service has at least one.
    #[must_use]
    pub fn ports(self, ports: RangeInclusive<usize>) -> Self {
        let least = (*ports.start()).max(1);
        Config { ports: least..=(*ports.end()).max(least), ..self }
    }

    /// Sets which share of the manifests has a port number twice, between 0 and 1.
    ///
    /// A manifest that may have one port only has none. With 0 the edits repeat none either.
    #[must_use]
    pub fn repeated(self, share: f64) -> Self {
        Config { repeated: share.clamp(0.0, 1.0), ..self }
    }

    /// Sets how many edits lie between two manifests.
    #[must_use]
    pub fn edits(self, edits: RangeInclusive<usize>) -> Self {
        Config { edits, ..self }
    }

    /// Sets how many commands follow on the one that creates the Service.
    #[must_use]
    pub fn steps(self, steps: RangeInclusive<usize>) -> Self {
        Config { steps, ..self }
    }
}
