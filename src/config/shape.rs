//! The keys of `claude-config.yaml`: what each means and what it is when left out.
//!
//! The shape is the one that guides for Claude Code on Bedrock use, so that a file copied from one
//! works. The documentation of a field is its description in the JSON Schema.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Unexpected},
};

use super::{
    arn::{PolicyArn, PrincipalArn},
    claude_code::ClaudeCode,
    iam::{GroupTag, IamPath, RoleName},
    kms_key_id::KmsKeyId,
    log::{BucketName, LogGroupName, RetentionDays},
    model_id::ModelId,
    monitoring::Monitoring,
    network::{EndpointService, SecurityGroupId, SubnetId},
    newtype::consists,
    number,
    proxy::Proxy,
    region::Region,
    tenant::{AccountId, Tenant},
};

/// What Groundwork sets up in an AWS account so that a company can use Claude Code there.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "claude-config.yaml")]
pub struct Config {
    /// The prefix of every name, and the mark of ownership on everything that is made
    pub tenant: Tenant,
    /// The AWS account; any other is refused
    pub account_id: Option<AccountId>,
    /// Amazon Bedrock and what belongs to it
    pub bedrock: Bedrock,
    /// Tags for everything that is made
    pub tags: BTreeMap<String, String>,
    /// The corporate proxy
    pub proxy: Proxy,
    /// What Claude Code is told besides where its models are
    pub claude_code: ClaudeCode,
}

/// Amazon Bedrock and what belongs to it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bedrock {
    /// The region that Claude Code calls and where everything is made
    pub region: Option<Region>,
    /// The model that Claude Code works with; by default Claude Opus 5.5 of the region's geography
    pub model_id: Option<ModelId>,
    /// The model for small background tasks; by default Claude Haiku 5.5 of the region's geography
    pub small_fast_model_id: Option<ModelId>,
    /// The most tokens of one answer
    #[serde(deserialize_with = "number::optional_whole::<_, _, 1, 1_000_000>")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_tokens: Option<u32>,
    /// Claude Code has no such setting
    #[serde(deserialize_with = "number::optional_up_to::<_, 1>")]
    #[schemars(range(min = 0, max = 1))]
    pub temperature: Option<f64>,
    /// Application inference profiles, for cost by tag
    pub inference_profiles: Vec<InferenceProfile>,
    /// Private access from subnets of a VPC
    pub vpc_config: Option<VpcConfig>,
    /// The key behind everything that is stored
    pub encryption: Encryption,
    /// Where the log of all invocations goes
    pub logging: Logging,
    /// Who may use it
    pub access: Access,
    /// Who is told when it fails
    pub monitoring: Monitoring,
}

/// An application inference profile.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InferenceProfile {
    /// Its name
    pub name: String,
    /// The model or system inference profile that it stands for
    pub model_id: ModelId,
    /// Tags by which its cost is told apart
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Its ARN, once it is made: with it `groundwork env` makes no call to find it
    #[serde(default)]
    pub arn: Option<ModelId>,
}

/// Subnets of one VPC and the security groups of what is put into them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VpcConfig {
    /// Subnets, in distinct availability zones
    pub subnet_ids: Vec<SubnetId>,
    /// Security groups that let HTTPS in from where the developers are
    pub security_group_ids: Vec<SecurityGroupId>,
    /// Endpoints besides those of Bedrock: `sts` for those who take the role from within, `logs`
    pub additional_services: Vec<EndpointService>,
}

/// The key behind everything that is stored.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Encryption {
    /// A KMS key by ARN, id or `alias/NAME`; by default one is made
    pub kms_key_id: Option<KmsKeyId>,
}

/// Where the log of all invocations goes.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// The CloudWatch Logs group
    pub cloudwatch_log_group: LogGroupName,
    /// For how many days the log group keeps it
    pub retention_days: RetentionDays,
    /// The bucket for what is too large for a log group
    pub s3: S3Logging,
    /// Whether the text of questions and answers is logged
    pub text_data_delivery_enabled: bool,
    /// Whether images are logged
    pub image_data_delivery_enabled: bool,
    /// Whether embeddings are logged
    pub embedding_data_delivery_enabled: bool,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            cloudwatch_log_group: LogGroupName::default(),
            retention_days: RetentionDays::default(),
            s3: S3Logging::default(),
            text_data_delivery_enabled: true,
            image_data_delivery_enabled: true,
            embedding_data_delivery_enabled: true,
        }
    }
}

/// The bucket for what is too large for a log group.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct S3Logging {
    /// Its name; by default of the tenant, the account and the region
    pub bucket: Option<BucketName>,
    /// What the names of all objects begin with
    #[serde(deserialize_with = "key_prefix")]
    #[schemars(regex(pattern = "^[A-Za-z0-9!_.*'()/-]{0,512}$"))]
    pub key_prefix: String,
    /// After how many days an object is deleted
    #[serde(deserialize_with = "number::whole::<_, _, 1, 36_500>")]
    #[schemars(range(min = 1, max = 36_500))]
    pub expire_days: i32,
}

impl Default for S3Logging {
    fn default() -> Self {
        Self { bucket: None, key_prefix: "bedrock-logs/".into(), expire_days: 365 }
    }
}

fn key_prefix<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let prefix = String::deserialize(from)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!_.*'()/-".contains(&byte);
    if consists(&prefix, 0, 512, allowed) {
        return Ok(prefix);
    }
    let must = "a prefix of at most 512 letters, digits and `!_.*'()/-`";
    Err(D::Error::invalid_value(Unexpected::Str(&prefix), &must))
}

/// Who may use it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// The role that developers take
    pub role_name: RoleName,
    /// The ARNs of roles, users and accounts that may take it; by default this account lets its own.
    /// A role of IAM Identity Center may end in `_*`: what AWS appends to its name changes
    pub trusted_principals: Vec<PrincipalArn>,
    /// Developers that sign in with an identity provider
    pub oidc: Option<Oidc>,
    /// A policy that bounds what every role may do that is made
    pub permissions_boundary: Option<PolicyArn>,
    /// The path of every role that is made
    pub path: IamPath,
    /// For how long a developer may take the role, in seconds
    #[serde(deserialize_with = "number::whole::<_, _, 3600, 43_200>")]
    #[schemars(range(min = 3600, max = 43_200))]
    pub max_session_duration_seconds: i32,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            role_name: RoleName::default(),
            trusted_principals: Vec::new(),
            oidc: None,
            permissions_boundary: None,
            path: IamPath::default(),
            max_session_duration_seconds: 3600,
        }
    }
}

/// An identity provider, and who of it may take the role.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Oidc {
    /// The provider's address, as in the `iss` of its tokens
    #[schemars(regex(pattern = "^https://[^ ?#]+$"))]
    pub issuer: String,
    /// The clients whose tokens are accepted: the `aud` of a token
    pub client_ids: Vec<String>,
    /// The `sub` of a token; `*` stands for anything
    pub subjects: Vec<String>,
    /// The groups, of which the session's tag `group_tag` must name one; `*` stands for anything
    pub groups: Vec<String>,
    /// The session tag that names a developer's group, in the token's claim `https://aws.amazon.com/tags`
    pub group_tag: GroupTag,
}
