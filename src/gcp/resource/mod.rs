//! One file for each kind of thing that we keep in a project.

mod iam_role;
mod project_policy;
mod service_account;
mod service_account_key;
mod service_account_key_file;
mod service_account_policy;
mod services;
mod workload_identity_pool;
mod workload_identity_provider;

pub(super) use iam_role::Role;
pub(super) use project_policy::{Audit, Grant, ProjectPolicy};
pub(super) use service_account::ServiceAccount;
pub use service_account::ServiceAccountOutput;
pub(super) use service_account_key::ServiceAccountKey;
pub(super) use service_account_policy::ServiceAccountPolicy;
pub(super) use services::Services;
pub(super) use workload_identity_pool::WorkloadIdentityPool;
pub(super) use workload_identity_provider::WorkloadIdentityProvider;
