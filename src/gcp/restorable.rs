//! What Google keeps for a while after it was deleted, and restores on demand.
//!
//! Its name stays taken until then. So to one who wants the object it is there, to be restored and
//! brought to what is wanted; to one who does not, it is gone.

use super::Gcp;
use crate::{
    error::{Error, Kind, Result},
    reconcile::{Context, Owner},
};

/// Whether a deleted object counts as there. Somebody else's is neither to be restored by us nor
/// to be passed over; `restore` is the command with which its owner gets it back.
pub(super) fn counts(
    context: &Context<'_, Gcp>,
    owner: &Owner,
    rename: &str,
    restore: &str,
) -> Result<bool> {
    match owner {
        _ if !context.wanted() => Ok(false),
        Owner::Us | Owner::Parent => Ok(true),
        Owner::Other(who) => {
            let id = context.id();
            let message = format!("`{id}` was deleted, keeps its name, and belongs to {who}");
            Err(Error::new(Kind::Conflict, message)
                .hint(format!("to leave it alone, {rename}"))
                .hint(format!("to restore it: {restore}")))
        }
    }
}
