//! The server's dialect: server-side apply, and who owns which field of an object.
//!
//! An object is made of paths. Each manager owns a [`Set`] of them; all of them stand in `metadata.managedFields`. [`apply`] lays
//! a configuration over the live object, finds the [`Conflicts`] with other managers, and takes out what its manager no longer
//! states; [`update`] follows any other write. What is one value and what has parts, and which fields tell list items apart, is
//! the [`schema`](crate::schema)'s to say.
//!
//! Upstream: structured-merge-diff v6.4.2, apimachinery v0.37.2 `pkg/util/managedfields`, client-go v0.37.2 `util/csaupgrade`.
//! Left out: conversion between API versions (entries of another version are dropped, as a server does that no longer has it),
//! conversion to Go's types and defaulting, which a server does in between.

mod apply;
mod compare;
mod conflict;
mod endpoint;
mod fields;
mod fields_v1;
mod items;
mod last_applied;
mod managers;
mod merge;
mod migrate;
mod object;
mod reconcile;
mod remove;
mod set;
mod stored;
mod time;
mod trace;
mod types;
mod update;
mod validate;

pub use apply::{ApplyOutcome, Applying, Force, Merged, apply_values};
pub use conflict::{Cause, Conflict, Conflicts};
pub use endpoint::Endpoint;
pub use last_applied::LAST_APPLIED;
pub use managers::{Identity, Manager, Managers, Operation, differ_in_time_alone};
pub use migrate::migrate;
pub use object::{Applied, Outcome, Updated, apply, apply_bytes, update};
pub use set::Set;
pub(crate) use stored::StoredManagers;
pub use time::Time;
pub use trace::{Match, Trace};
pub use update::{Updating, update_managers};
