//! One file for each kind of thing that we keep in a project.

mod service_account;
mod services;

pub(super) use service_account::ServiceAccount;
pub use service_account::ServiceAccountOutput;
pub(super) use services::Services;
