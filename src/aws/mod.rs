//! What we keep in an AWS account: the door to it, the wishes, and one file per kind of object.

mod connect;
mod error;
mod mark;
mod monitor;
mod offer;
pub mod policy;
pub mod resource;
mod wanted;

pub use connect::profile_region;
pub use connect::{Aws, Connection, Identity, configure, identify};
pub use mark::{Mark, Tags};
pub use offer::{Named, Network, Offer, Subnet, look_around};
pub use wanted::{Handles, Place, guard, mark, wanted};
