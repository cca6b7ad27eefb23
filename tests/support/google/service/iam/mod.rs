//! IAM: service accounts and their keys, custom roles, workload identity federation.

pub mod accounts;
pub mod federation;
pub mod keys;
pub mod roles;
