//! One file per kind of object that we keep in AWS, or lean on there.

mod bedrock_inference_profile;
mod bedrock_invocation_logging;
mod budgets_budget;
mod cloudwatch_alarm;
mod cloudwatch_dashboard;
mod ec2_network;
mod ec2_vpc_endpoint;
mod ec2_vpc_endpoint_right;
mod iam_oidc_provider;
mod iam_role;
mod iam_role_policy;
mod kms_given_key;
mod kms_key;
mod kms_key_search;
mod logs_group;
mod s3_bucket;
mod s3_bucket_content;
mod s3_bucket_read;
mod s3_bucket_setting;
mod s3_bucket_write;
mod sns_topic;

pub(in crate::aws) use bedrock_inference_profile::application_profiles;
pub use bedrock_inference_profile::{InferenceProfile, InferenceProfileOutput};
pub use bedrock_invocation_logging::{Datum, InvocationLogging};
pub use budgets_budget::Budget;
pub use cloudwatch_alarm::{Alarm, Metric, Query, Rule};
pub use cloudwatch_dashboard::Dashboard;
pub use ec2_network::{
    EndpointService, Network, NetworkOutput, SecurityGroup, SecurityGroupOutput, Subnet,
    SubnetOutput,
};
pub use ec2_vpc_endpoint::{Endpoint, EndpointOutput, EndpointPlace};
pub use iam_oidc_provider::{OidcProvider, OidcProviderOutput};
pub use iam_role::{Role, RoleOutput};
pub use iam_role_policy::RolePolicy;
pub use kms_given_key::GivenKey;
pub use kms_key::{Key, KeyOutput};
pub use logs_group::{LogGroup, LogGroupOutput};
pub use s3_bucket::{Bucket, BucketOutput};
pub use sns_topic::{Topic, TopicOutput};
