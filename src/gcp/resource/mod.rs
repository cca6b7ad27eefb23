//! One file for each kind of thing that we keep in a project.

mod iam_role;
mod project_policy;
mod service_account;
mod service_account_policy;
mod services;

pub(super) use iam_role::Role;
pub(super) use project_policy::{Audit, Grant, ProjectPolicy};
pub(super) use service_account::ServiceAccount;
pub(super) use service_account_policy::ServiceAccountPolicy;
pub(super) use services::Services;
