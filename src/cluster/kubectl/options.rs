//! The options of kubectl's verbs, each named as its flag.

/// Whether a command only shows what it would do: `--dry-run`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DryRun {
    /// It does it.
    #[default]
    None,
    /// Nothing is sent: `--dry-run=client`.
    Client,
    /// The server is asked to store nothing: `--dry-run=server`.
    Server,
}

impl DryRun {
    pub(super) fn suffix(self) -> &'static str {
        match self {
            DryRun::None => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        }
    }
}

/// What the server does with unknown fields: `--validate`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Validate {
    #[default]
    Strict,
    Warn,
    Ignore,
}

impl Validate {
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Validate::Strict => "Strict",
            Validate::Warn => "Warn",
            Validate::Ignore => "Ignore",
        }
    }
}

/// The form in which a command prints an object: `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Name,
    Json,
    Yaml,
}

/// How a command prints the object that it ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Printing {
    /// Without it a line tells what was done.
    pub(super) output: Option<Output>,
    /// `--show-managed-fields`.
    pub(super) managed_fields: bool,
}

/// What all writing verbs have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Common {
    pub(super) dry_run: DryRun,
    pub(super) field_manager: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) validate: Validate,
    pub(super) printing: Printing,
}

/// Setters that several verbs share.
macro_rules! common_options {
    ($($verb:ty),*) => {$(
        impl $verb {
            /// Only shows what it would do: `--dry-run`.
            #[must_use]
            pub fn dry_run(mut self, dry_run: DryRun) -> Self {
                self.common.dry_run = dry_run;
                self
            }

            /// Names the field manager: `--field-manager`.
            #[must_use]
            pub fn field_manager(mut self, name: impl Into<String>) -> Self {
                self.common.field_manager = Some(name.into());
                self
            }

            /// Names the namespace: `--namespace`.
            #[must_use]
            pub fn namespace(mut self, name: impl Into<String>) -> Self {
                self.common.namespace = Some(name.into());
                self
            }
        }
    )*};
}

common_options!(Apply, Create, Replace, Patch, Label, Annotate);

/// How `kubectl apply` runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apply {
    pub(super) common: Common,
    pub(super) server_side: bool,
    pub(super) force_conflicts: bool,
    pub(super) force: bool,
    pub(super) overwrite: bool,
    pub(super) openapi_patch: bool,
}

impl Apply {
    fn new(server_side: bool) -> Self {
        Apply {
            common: Common::default(),
            server_side,
            force_conflicts: false,
            force: false,
            overwrite: true,
            openapi_patch: true,
        }
    }

    /// `kubectl apply`: kubectl makes a three-way strategic merge patch.
    pub fn client_side() -> Self {
        Apply::new(false)
    }

    /// `kubectl apply --server-side`: the server merges by field ownership.
    pub fn server_side() -> Self {
        Apply::new(true)
    }

    /// Takes fields from other managers: `--force-conflicts`.
    #[must_use]
    pub fn force_conflicts(mut self) -> Self {
        self.force_conflicts = true;
        self
    }

    /// Deletes and creates where a patch is refused: `--force`.
    #[must_use]
    pub fn force(mut self) -> Self {
        self.force = true;
        self
    }

    /// Fails where a patch would undo what others changed: `--overwrite=false`.
    #[must_use]
    pub fn keep_changes(mut self) -> Self {
        self.overwrite = false;
        self
    }
}

/// How `kubectl create` runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Create {
    pub(super) common: Common,
    pub(super) save_config: bool,
}

impl Create {
    /// Keeps the manifest in the annotation that `kubectl apply` reads: `--save-config`.
    #[must_use]
    pub fn save_config(mut self) -> Self {
        self.save_config = true;
        self
    }
}

/// How `kubectl replace` runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replace {
    pub(super) common: Common,
    pub(super) save_config: bool,
    pub(super) force: bool,
}

impl Replace {
    /// Keeps the manifest in the annotation that `kubectl apply` reads: `--save-config`.
    #[must_use]
    pub fn save_config(mut self) -> Self {
        self.save_config = true;
        self
    }

    /// Deletes and creates: `--force`.
    #[must_use]
    pub fn force(mut self) -> Self {
        self.force = true;
        self
    }
}

/// What `kubectl patch` sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    pub(super) common: Common,
    pub(super) patch_type: crate::cluster::request::PatchType,
    pub(super) text: String,
}

impl Patch {
    /// `--type=strategic`, kubectl's default.
    pub fn strategic(json: impl Into<String>) -> Self {
        Patch::new(crate::cluster::request::PatchType::Strategic, json.into())
    }

    /// `--type=merge`.
    pub fn merge(json: impl Into<String>) -> Self {
        Patch::new(crate::cluster::request::PatchType::Merge, json.into())
    }

    /// `--type=json`.
    pub fn json(json: impl Into<String>) -> Self {
        Patch::new(crate::cluster::request::PatchType::Json, json.into())
    }

    pub(super) fn new(patch_type: crate::cluster::request::PatchType, text: String) -> Self {
        Patch { common: Common::default(), patch_type, text }
    }
}

/// Labels or annotations to set and to remove.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) set: Vec<(String, String)>,
    pub(super) remove: Vec<String>,
    pub(super) overwrite: bool,
    /// Only shows what there is then: `--list`.
    pub(super) list: bool,
    /// The version that the object must have: `--resource-version`.
    pub(super) resource_version: Option<String>,
}

/// Which labels `kubectl label` changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    pub(super) common: Common,
    pub(super) changes: Changes,
}

/// Which annotations `kubectl annotate` changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotate {
    pub(super) common: Common,
    pub(super) changes: Changes,
}

macro_rules! changes {
    ($($verb:ty),*) => {$(
        impl $verb {
            /// Sets one: `KEY=VALUE`.
            #[must_use]
            pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
                self.changes.set.push((key.into(), value.into()));
                self
            }

            /// Removes one: `KEY-`.
            #[must_use]
            pub fn remove(mut self, key: impl Into<String>) -> Self {
                self.changes.remove.push(key.into());
                self
            }

            /// Changes one that has another value: `--overwrite`.
            #[must_use]
            pub fn overwrite(mut self) -> Self {
                self.changes.overwrite = true;
                self
            }
        }
    )*};
}

changes!(Label, Annotate);

/// How `kubectl delete` runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delete {
    pub(super) namespace: Option<String>,
    pub(super) dry_run: DryRun,
    pub(super) ignore_not_found: bool,
    pub(super) no_wait: bool,
    pub(super) cascade: Cascade,
    /// `--output=name`.
    pub(super) name_alone: bool,
}

/// What becomes of what depends on the object: `--cascade`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cascade {
    #[default]
    Background,
    Foreground,
    Orphan,
}

impl Cascade {
    pub(super) fn policy(self) -> &'static str {
        match self {
            Cascade::Background => "Background",
            Cascade::Foreground => "Foreground",
            Cascade::Orphan => "Orphan",
        }
    }
}

impl Delete {
    /// Names the namespace: `--namespace`.
    #[must_use]
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.namespace = Some(name.into());
        self
    }

    /// Only shows what it would do: `--dry-run`.
    #[must_use]
    pub fn dry_run(mut self, dry_run: DryRun) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// A Service that is not there is no failure: `--ignore-not-found`.
    #[must_use]
    pub fn ignore_not_found(mut self) -> Self {
        self.ignore_not_found = true;
        self
    }

    /// Does not wait until the Service is gone: `--wait=false`.
    #[must_use]
    pub fn no_wait(mut self) -> Self {
        self.no_wait = true;
        self
    }
}
