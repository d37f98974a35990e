//! What every public type can be relied on for: it crosses threads, and survives a caught panic of its user.

use std::panic::{RefUnwindSafe, UnwindSafe};

use mergekey::cluster::{Cause, Cluster, Environment, Moment, Object, Outcome, Recorded, Request, Response, Status};
use mergekey::explain::{Case, Finding, Remedy, Report, Situation, Step};
use mergekey::path::{Element, Key, Path};
use mergekey::schema::{Field, Schema, Type};
use mergekey::strategic::{Options, ThreeWay, TwoWay};
use mergekey::structured::{Applied, Conflicts, Endpoint, Managers, Set, Time, Updated};
use mergekey::value::{Document, Map, Node, Value};
use mergekey::{Error, Manifest};

fn relied_on<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}

#[test]
fn public_types_cross_threads_and_unwinding() {
    relied_on::<Error>();
    relied_on::<(Value<'_>, Map<'_>, Document<'_>, Node<'_, '_>)>();
    relied_on::<(Path, Element<'_>, Key<'_>)>();
    relied_on::<(Schema, Type<'_>, Field<'_>)>();
    relied_on::<(ThreeWay<'_>, TwoWay<'_>, Options)>();
    relied_on::<(Applied<'_>, Updated<'_>, Conflicts, Endpoint, Managers<'_>, Set<'_>, Time)>();
    relied_on::<(Cluster, Environment, Moment, Object, Request, Response)>();
    relied_on::<(Outcome, Recorded, Status, Cause)>();
    relied_on::<(Manifest, Report, Situation<'_>, Case<'_>, Step, Finding, Remedy)>();
}

/// Clones are forks: they may be owned where they go.
#[test]
fn owned_types_live_as_long_as_they_please() {
    fn owned<T: Clone + std::fmt::Debug + 'static>() {}
    owned::<Error>();
    owned::<(Value<'static>, Path, Schema, Managers<'static>, Set<'static>)>();
    owned::<(Cluster, Object, Outcome, Request, Response)>();
    owned::<(Manifest, Report)>();
}
