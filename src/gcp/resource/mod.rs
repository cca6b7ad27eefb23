//! One file for each kind of thing that we keep in a project.

mod agent;
mod crypto_key;
mod crypto_key_version;
mod dataset;
mod given_key;
mod iam_role;
mod key_policy;
mod key_ring;
mod log_bucket;
mod project_policy;
mod publisher_model_config;
mod service_account;
mod service_account_key;
mod service_account_key_file;
mod service_account_policy;
mod services;
mod workload_identity_pool;
mod workload_identity_provider;

pub(super) use iam_role::Role;
pub(super) use project_policy::{Audit, Grant, ProjectPolicy};
mod sink;

pub(super) use agent::{AgentOutput, BigqueryAgent, LoggingAgent};
pub(super) use crypto_key::{CryptoKey, KeyOutput};
pub(super) use dataset::{Dataset, DatasetOutput};
pub(super) use given_key::GivenKey;
pub(super) use key_policy::KeyPolicy;
pub(super) use key_ring::{KeyRing, KeyRingOutput};
pub(super) use log_bucket::{LogBucket, LogBucketOutput};
pub(super) use publisher_model_config::{PublisherModelConfig, Recording};
pub(super) use service_account::ServiceAccount;
pub use service_account::ServiceAccountOutput;
pub(super) use service_account_key::ServiceAccountKey;
pub(super) use service_account_policy::ServiceAccountPolicy;
pub(super) use services::Services;
pub(super) use sink::Sink;
pub(super) use workload_identity_pool::WorkloadIdentityPool;
pub(super) use workload_identity_provider::WorkloadIdentityProvider;
