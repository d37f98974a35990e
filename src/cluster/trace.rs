//! Where the decisions of a request or command can be watched.

use crate::{strategic, structured};

use super::Request;

/// Watches the merges that a command or a request makes.
///
/// What kubectl computes comes before the request that it sends, what the server computes behind it.
pub trait Trace {
    /// A request is on its way.
    fn request(&mut self, _request: &Request) {}

    /// Who watches strategic merge patches being made and applied.
    fn strategic(&mut self) -> &mut dyn strategic::Trace;

    /// Who watches the server merging by ownership.
    fn structured(&mut self) -> &mut dyn structured::Trace;
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTrace {
    nobody: (),
}

impl Trace for NoTrace {
    fn strategic(&mut self) -> &mut dyn strategic::Trace {
        &mut self.nobody
    }

    fn structured(&mut self) -> &mut dyn structured::Trace {
        &mut self.nobody
    }
}
