//! The shape of `vertex-config.yaml`: Claude Code on Vertex AI, in a Google Cloud project.
//!
//! It is read as the other file is; what differs is what Google Cloud calls things and how it names
//! them. The names here are its own.

mod audit;
mod check;
mod check_access;
mod choice;
mod edits;
mod federation;
mod kms_key_name;
mod location;
mod logging;
mod member;
mod model;
mod monitoring;
mod network;
mod project;
mod service_account;
mod shape;
mod warning;

pub(in crate::config) use self::choice::choice;
pub use self::{
    audit::{AuditLogging, LogType},
    federation::{WorkloadIdentity, WorkloadIdentityFederation},
    kms_key_name::KmsKeyName,
    location::{DataLocation, VertexLocation},
    logging::{DatasetName, LogBucketName, Logging, RequestResponse},
    member::{IamRole, Member},
    model::VertexModel,
    monitoring::{Alarms, BillingAccount, Budget, Monitoring, NotificationChannel},
    network::{EndpointName, InternalAddress, Network, PrivateServiceConnect, Subnet, Target},
    project::ProjectId,
    service_account::{Key, ServiceAccount, ServiceAccountName},
    shape::{Access, EncryptionSpec, ModelEnablement, ProtectionLevel, VertexAi, VertexConfig},
};
pub(super) use self::{check::check, edits::edits, warning::warn};
