//! What a run says while it goes on. `ui` turns it into progress, lines or JSON.

use super::{Action, ResourceId, Step};

#[derive(Debug)]
pub enum Event<'a> {
    /// Looking has begun.
    Looking {
        ids: &'a [&'a ResourceId],
    },
    Looked {
        id: &'a ResourceId,
    },
    /// A change has begun.
    Started {
        id: &'a ResourceId,
        action: &'a Action,
    },
    /// A change cannot go on yet; `what` completes «waiting for …».
    Waiting {
        id: &'a ResourceId,
        what: &'a str,
    },
    Finished(&'a Step),
}
