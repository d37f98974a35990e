//! What stands in the way of an apply (structured-merge-diff v6.4.2 `merge/conflict.go`, apimachinery v0.37.2
//! `pkg/util/managedfields/internal/conflict.go`).

use std::fmt;

use super::managers::Identity;
use super::set::Set;
use crate::path::Path;

/// A field that the applied object would change and another manager owns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// Who owns it.
    pub manager: Identity<'static>,
    /// Which field.
    pub path: Path,
}

/// A cause of the status that the server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cause {
    /// As `conflict with "ci" using v1`.
    pub message: String,
    /// The path as text.
    pub field: String,
}

/// All conflicts of an apply; its text is the message of the status that the server answers.
///
/// They are grouped by manager in the order of its identifier; upstream lists the causes of several managers in random order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflicts {
    list: Vec<Conflict>,
}

impl Conflicts {
    /// The conflicts, manager by manager.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Conflict> {
        self.list.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The causes of the status.
    pub fn causes(&self) -> impl ExactSizeIterator<Item = Cause> {
        self.list
            .iter()
            .map(|conflict| Cause { message: format!("conflict with {}", conflict.manager), field: conflict.path.to_string() })
    }

    pub(super) fn collect<'s, 'a: 's>(sets: impl IntoIterator<Item = (&'s Identity<'a>, &'s Set<'a>)>) -> Self {
        let mut managers: Vec<_> = sets.into_iter().collect();
        if managers.len() > 1 {
            managers.sort_by_cached_key(|(manager, _)| manager.identifier());
        }
        let of_manager = |(manager, set): (&Identity<'_>, &'s Set<'a>)| {
            let manager = manager.clone().into_owned();
            set.iter().map(move |path| Conflict { manager: manager.clone(), path })
        };
        Conflicts { list: managers.into_iter().flat_map(of_manager).collect() }
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&Conflict) -> bool) {
        self.list.retain(keep);
    }
}

impl fmt::Display for Conflicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [Conflict { manager, path }] = &self.list[..] {
            return write!(f, "Apply failed with 1 conflict: conflict with {manager}: {path}");
        }
        write!(f, "Apply failed with {} conflicts: ", self.list.len())?;
        for (at, group) in self.list.chunk_by(|a, b| a.manager == b.manager).enumerate() {
            let line = if at > 0 { "\n" } else { "" };
            for (at, Conflict { manager, path }) in group.iter().enumerate() {
                if at == 0 {
                    write!(f, "{line}conflicts with {manager}:")?;
                }
                write!(f, "\n- {path}")?;
            }
        }
        Ok(())
    }
}
