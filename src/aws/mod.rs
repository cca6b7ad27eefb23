//! What we keep in an AWS account: the door to it, the wishes, and one file per kind of object.

mod connect;
mod error;
mod host;
mod lack;
mod mark;
mod monitor;
mod monitoring;
mod network;
mod offer;
mod orphan;
pub mod policy;
pub mod resource;
pub mod right;
mod wanted;
mod wire;

pub use connect::{
    Aws, Connection, Identity, configure, credentials, find_inference_profiles, identify,
    profile_region,
};
pub use host::{hosts, sign_in_hosts};
pub use lack::lacking;
pub use mark::{Mark, Tags};
pub use offer::{Named, Network, Offer, Subnet, look_around};
pub use orphan::orphans;
pub use right::{LONGEST_MANAGED_POLICY, Rights, length};
pub use wanted::{Handles, Place, Profiles, Wanted, guard, mark, wanted};
pub use wire::wire;
