//! Google Cloud: what a project should look like for Claude Code on Vertex AI, and how to bring it
//! there.
//!
//! One file a kind of resource in `resource`. `rest` makes the calls, `token` signs them, `error`
//! reads the refusals, `operation` waits for what takes longer, `iam_policy` changes the policies
//! that we share with others, `principal` names whom they let in, `restorable` says what a deleted
//! object that Google keeps counts as, `orphan` finds what was left behind. `wanted` draws the graph,
//! in the parts `access`, `storage`, `network` and `monitoring`. What people do by hand after the
//! field's guides, and what is wrong with it, is said where it matters.

mod access;
mod alert;
mod connect;
mod error;
mod gate;
mod host;
mod iam_policy;
mod lack;
mod mark;
mod monitoring;
mod network;
mod offer;
mod operation;
mod orphan;
mod principal;
pub mod resource;
mod rest;
mod restorable;
mod right;
mod storage;
mod token;
mod vertex;
mod wanted;

pub use connect::{Connection, Gcp, Project, connect, identify};
pub use host::hosts;
pub use lack::lacking;
pub use mark::{Labels, Mark};
pub use offer::{Offer, UsableSubnet, billing_account, look_around};
pub use orphan::{Search, orphans};
pub use rest::{Rest, Retry};
pub use right::{Entitled, Permissions, Rights};
pub use token::{Machine, SignIn, TokenSource};
pub use wanted::{Handles, Place, Wanted, mark, wanted};
