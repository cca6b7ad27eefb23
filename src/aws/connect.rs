//! The one door to AWS: one client per service, all made from one [`SdkConfig`], so that a
//! profile, an endpoint, a proxy or a test's wire is set in one place.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig, timeout::TimeoutConfig};

use super::{
    Mark,
    error::{AwsResult as _, unreachable},
};
use crate::error::{Error, Kind, Result};

/// What the user chose on the command line; the rest comes from where the SDK looks.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    pub profile: Option<String>,
    pub region: String,
    pub endpoint_url: Option<String>,
}

/// Who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Twelve digits.
    pub account: String,
    pub arn: String,
    /// `aws`, `aws-us-gov` or `aws-cn`.
    pub partition: String,
}

#[derive(Clone)]
pub struct Aws {
    pub bedrock: aws_sdk_bedrock::Client,
    pub ec2: aws_sdk_ec2::Client,
    pub iam: aws_sdk_iam::Client,
    pub kms: aws_sdk_kms::Client,
    pub logs: aws_sdk_cloudwatchlogs::Client,
    pub s3: aws_sdk_s3::Client,
    pub account: String,
    pub partition: String,
    pub region: String,
    pub mark: Mark,
}

impl Aws {
    pub fn new(sdk: &SdkConfig, identity: &Identity, mark: Mark) -> Self {
        Self {
            bedrock: aws_sdk_bedrock::Client::new(sdk),
            ec2: aws_sdk_ec2::Client::new(sdk),
            iam: aws_sdk_iam::Client::new(sdk),
            kms: aws_sdk_kms::Client::new(sdk),
            logs: aws_sdk_cloudwatchlogs::Client::new(sdk),
            s3: aws_sdk_s3::Client::new(sdk),
            account: identity.account.clone(),
            partition: identity.partition.clone(),
            region: mark.region.clone(),
            mark,
        }
    }
}

/// Reads profiles and credentials as the SDK does. Makes no call.
pub async fn configure(connection: &Connection) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(connection.region.clone()))
        // An answer that never comes must not hang a daily run; the SDK itself would wait for ever.
        .timeout_config(
            TimeoutConfig::builder().operation_attempt_timeout(Duration::from_mins(1)).build(),
        );
    if let Some(profile) = &connection.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &connection.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}

/// Signs in: asks STS who we are.
pub async fn identify(sdk: &SdkConfig, profile: Option<&str>) -> Result<Identity> {
    let answer = aws_sdk_sts::Client::new(sdk).get_caller_identity().send().await;
    let reached = !answer.as_ref().is_err_and(unreachable);
    let who = answer.calling("sts:GetCallerIdentity").map_err(|error| {
        sign_in_hint(error.while_doing("could not sign in to AWS"), reached, profile)
    })?;
    let unclear = |what| Error::new(Kind::Cloud, format!("sts:GetCallerIdentity gave no {what}"));
    let account = who.account().ok_or_else(|| unclear("account"))?.to_owned();
    let arn = who.arn().ok_or_else(|| unclear("ARN"))?.to_owned();
    let partition = arn.split(':').nth(1).unwrap_or("aws").to_owned();
    Ok(Identity { account, arn, partition })
}

fn sign_in_hint(error: Error, reached: bool, profile: Option<&str>) -> Error {
    if !error.hints().is_empty() {
        return error;
    }
    if !reached {
        return error.hint("see whether AWS can be reached from here; behind a proxy: HTTPS_PROXY");
    }
    match profile {
        Some(profile) => error
            .hint(format!("sign in: aws sso login --profile {profile}"))
            .hint("see which profiles there are: aws configure list-profiles"),
        None => error
            .hint("name a profile: --profile NAME (see: aws configure list-profiles)")
            .hint("or sign in: aws sso login"),
    }
}
