//! The one door to AWS: one client per service, all made from one [`SdkConfig`], so that a
//! profile, an endpoint, a proxy or a test's wire is set in one place.

use std::{borrow::Cow, collections::BTreeMap, path::PathBuf, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig,
    meta::region::ProvideRegion as _,
    profile::{self, ProfileFileCredentialsProvider, ProfileFileRegionProvider},
    provider_config::ProviderConfig,
    stalled_stream_protection::StalledStreamProtectionConfig,
    sts::AssumeRoleProvider,
    timeout::TimeoutConfig,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_sdk_bedrock::types::InferenceProfileSummary;
use aws_types::os_shim_internal::{Env, Fs};

use super::{
    Mark,
    error::{AwsResult as _, Obstacle, obstacle},
    resource::application_profiles,
    wire::wire,
};
use crate::{
    error::{Error, Kind, Result},
    proxy::{Client, Network},
};

/// What the user chose on the command line; the rest comes from where the SDK looks.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    pub profile: Option<String>,
    pub region: String,
    pub endpoint_url: Option<String>,
    pub network: Network,
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
    pub budgets: aws_sdk_budgets::Client,
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    pub ec2: aws_sdk_ec2::Client,
    pub iam: aws_sdk_iam::Client,
    pub kms: aws_sdk_kms::Client,
    pub logs: aws_sdk_cloudwatchlogs::Client,
    pub s3: aws_sdk_s3::Client,
    pub sns: aws_sdk_sns::Client,
    pub tagging: aws_sdk_resourcegroupstagging::Client,
    pub account: String,
    pub partition: String,
    pub region: String,
    pub mark: Mark,
}

impl Aws {
    pub fn new(sdk: &SdkConfig, identity: &Identity, mark: Mark) -> Self {
        Self {
            bedrock: aws_sdk_bedrock::Client::new(sdk),
            budgets: aws_sdk_budgets::Client::new(sdk),
            cloudwatch: aws_sdk_cloudwatch::Client::new(sdk),
            ec2: aws_sdk_ec2::Client::new(sdk),
            iam: aws_sdk_iam::Client::new(sdk),
            kms: aws_sdk_kms::Client::new(sdk),
            logs: aws_sdk_cloudwatchlogs::Client::new(sdk),
            s3: aws_sdk_s3::Client::new(sdk),
            sns: aws_sdk_sns::Client::new(sdk),
            tagging: aws_sdk_resourcegroupstagging::Client::new(sdk),
            account: identity.account.clone(),
            partition: identity.partition.clone(),
            region: mark.region.clone(),
            mark,
        }
    }
}

/// Reads profiles and credentials as the SDK does. Makes no call.
pub async fn configure(connection: &Connection) -> Result<SdkConfig> {
    let network = connection.network.clone().passable()?;
    let network = match ca_bundle(connection.profile.as_deref()).await {
        Some(path) => network.or_ca_bundle(path, "the profile's `ca_bundle`"),
        None => network,
    };
    let http = wire(Client::new(&network)?);
    let region = Region::new(connection.region.clone());
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region.clone())
        .http_client(http.clone())
        // An answer that never comes must not hang a daily run; the SDK itself would wait for ever.
        .timeout_config(
            TimeoutConfig::builder().operation_attempt_timeout(Duration::from_mins(1)).build(),
        )
        // It counts the time that a way takes to be made, and has no words for where that ends.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(profile) = &connection.profile {
        // A profile that was typed is meant: unlike AWS_PROFILE, it goes before keys that happen to
        // be in the environment. To the SDK alone it would only be a name for its usual search.
        let provider = ProviderConfig::default().with_http_client(http).with_region(Some(region));
        let credentials =
            ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(profile);
        loader = loader.profile_name(profile).credentials_provider(credentials.build());
    }
    if let Some(url) = &connection.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    Ok(loader.load().await)
}

/// Credentials for who signs by himself, of a role if there is one. Makes no call.
pub async fn credentials(
    connection: &Connection,
    role: Option<&str>,
) -> Result<SharedCredentialsProvider> {
    let sdk = configure(connection).await?;
    if let Some(role) = role {
        let builder = AssumeRoleProvider::builder(role).session_name("groundwork-gateway");
        return Ok(SharedCredentialsProvider::new(builder.configure(&sdk).build().await));
    }
    sdk.credentials_provider().ok_or_else(|| {
        Error::new(Kind::Denied, "there are no credentials for AWS")
            .hint("name a profile: `profile`; or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    })
}

/// The authorities that the profile names. AWS's other tools heed them, the SDK does not.
async fn ca_bundle(profile: Option<&str>) -> Option<PathBuf> {
    let profile = profile.map(|name| Cow::Owned(name.to_owned()));
    let files = EnvConfigFiles::default();
    let profiles = profile::load(&Fs::real(), &Env::real(), &files, profile).await.ok()?;
    let path = profiles.get("ca_bundle").filter(|path| !path.is_empty())?;
    Some(path.into())
}

/// The region that the profile names. Makes no call.
pub async fn profile_region(profile: Option<&str>) -> Option<String> {
    let mut provider = ProfileFileRegionProvider::builder();
    if let Some(profile) = profile {
        provider = provider.profile_name(profile);
    }
    provider.build().region().await.map(|region| region.to_string())
}

/// Signs in: asks STS who we are.
pub async fn identify(sdk: &SdkConfig, profile: Option<&str>) -> Result<Identity> {
    let answer = aws_sdk_sts::Client::new(sdk).get_caller_identity().send().await;
    let obstacle = answer.as_ref().err().and_then(obstacle);
    let who = answer.calling("sts:GetCallerIdentity").map_err(|error| {
        sign_in_hint(error.while_doing("could not sign in to AWS"), obstacle, profile)
    })?;
    let unclear = |what| Error::new(Kind::Cloud, format!("sts:GetCallerIdentity gave no {what}"));
    let account = who.account().ok_or_else(|| unclear("account"))?.to_owned();
    let arn = who.arn().ok_or_else(|| unclear("ARN"))?.to_owned();
    let partition = arn.split(':').nth(1).unwrap_or("aws").to_owned();
    Ok(Identity { account, arn, partition })
}

/// The ARNs of the application inference profiles by these names, as a developer's role may see
/// them. It cannot read their tags, so that a name must be there once.
pub async fn find_inference_profiles(
    sdk: &SdkConfig,
    names: &[String],
) -> Result<BTreeMap<String, String>> {
    let all = application_profiles(&aws_sdk_bedrock::Client::new(sdk)).await.map_err(|error| {
        error
            .while_doing("could not look up the application inference profiles")
            .hint("sign in as a developer, or write their ARNs into the configuration: `arn`")
    })?;
    let mut found = BTreeMap::new();
    for name in names {
        let of_name = |it: &&InferenceProfileSummary| it.inference_profile_name() == name;
        let arns: Vec<&str> = all
            .iter()
            .filter(of_name)
            .map(InferenceProfileSummary::inference_profile_arn)
            .collect();
        match arns.as_slice() {
            [arn] => found.insert(name.clone(), (*arn).to_owned()),
            [] => {
                let message = format!("there is no application inference profile `{name}` yet");
                return Err(Error::new(Kind::Config, message)
                    .hint("have the tenant made: groundwork provision aws"));
            }
            _ => {
                let message = format!("there are {} profiles by the name `{name}`", arns.len());
                return Err(Error::new(Kind::Config, message)
                    .hint(format!("say which: `arn` beside `name: {name}`: {}", arns.join(", "))));
            }
        };
    }
    Ok(found)
}

fn sign_in_hint(error: Error, obstacle: Option<Obstacle>, profile: Option<&str>) -> Error {
    match (obstacle, profile) {
        (None, _) => error,
        // Where the way ended is known as a rule, and what to do.
        (Some(Obstacle::Network), _) if !error.hints().is_empty() => error,
        (Some(Obstacle::Network), _) => {
            error.hint("see whether AWS can be reached from here: groundwork proxy check")
        }
        (Some(Obstacle::Credentials), Some(profile)) => error
            .hint(format!("sign in: aws sso login --profile {profile}"))
            .hint("see which profiles there are: aws configure list-profiles"),
        (Some(Obstacle::Credentials), None) => error
            .hint("name a profile: --profile NAME (see: aws configure list-profiles)")
            .hint("or sign in: aws sso login"),
    }
}
