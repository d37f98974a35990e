//! Options of a deletion (`metav1.DeleteOptions`, apimachinery v0.37.2), which the server reads as it reads objects.

use super::table::{Fields, Slot, Struct, nested, plain};

/// What a request to delete may ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DeleteOptions {
    kind: String,
    api_version: String,
    grace_period_seconds: Option<i64>,
    pub(crate) preconditions: Option<Preconditions>,
    pub(crate) orphan_dependents: Option<bool>,
    pub(crate) propagation_policy: Option<String>,
    pub(crate) dry_run: Vec<String>,
    /// `ignoreStoreReadErrorWithClusterBreakingPotential`.
    pub(crate) unsafe_deletion: Option<bool>,
}

/// What must hold of the object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Preconditions {
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
}

static DELETE_OPTIONS: Struct = Struct {
    name: "DeleteOptions",
    fields: &[
        plain("kind", "string"),
        plain("apiVersion", "string"),
        plain("gracePeriodSeconds", "int64"),
        nested("preconditions", "v1.Preconditions", &PRECONDITIONS),
        plain("orphanDependents", "bool"),
        plain("propagationPolicy", "v1.DeletionPropagation"),
        plain("dryRun", "[]string"),
        plain("ignoreStoreReadErrorWithClusterBreakingPotential", "bool"),
    ],
};

static PRECONDITIONS: Struct =
    Struct { name: "Preconditions", fields: &[plain("uid", "types.UID"), plain("resourceVersion", "string")] };

impl Fields for DeleteOptions {
    fn go_struct(&self) -> &'static Struct {
        &DELETE_OPTIONS
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        Some(match name {
            "kind" => Slot::Text(&mut self.kind),
            "apiVersion" => Slot::Text(&mut self.api_version),
            "gracePeriodSeconds" => Slot::OptionalInt64(&mut self.grace_period_seconds),
            "preconditions" => Slot::OptionalStruct(&mut self.preconditions),
            "orphanDependents" => Slot::OptionalBool(&mut self.orphan_dependents),
            "propagationPolicy" => Slot::OptionalText(&mut self.propagation_policy),
            "dryRun" => Slot::Texts(&mut self.dry_run),
            "ignoreStoreReadErrorWithClusterBreakingPotential" => Slot::OptionalBool(&mut self.unsafe_deletion),
            _ => return None,
        })
    }
}

impl Fields for Preconditions {
    fn go_struct(&self) -> &'static Struct {
        &PRECONDITIONS
    }

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        Some(match name {
            "uid" => Slot::OptionalText(&mut self.uid),
            "resourceVersion" => Slot::OptionalText(&mut self.resource_version),
            _ => return None,
        })
    }
}
