//! The keys of `gateway.yaml`: what each means and what it is when left out.
//!
//! The documentation of a field is its description in the JSON Schema.

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Algorithm, BedrockInterface, BetaName, CredentialHeader, FieldName, GatewayClient, KeyHash,
    ListenAddress, Order, ServiceUrl, UpstreamName,
};
use crate::config::{
    ClaudeCode, Region, number, proxy::Proxy, vertex::ProjectId, vertex::VertexLocation,
};

/// The gateway between developers and the models.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "gateway.yaml")]
pub struct GatewayConfig {
    /// Where it listens
    pub listen: Listen,
    /// What developers' Claude Code is told
    pub client: GatewayClient,
    /// What it is told besides; only groundwork env reads it
    pub claude_code: ClaudeCode,
    /// Where health and metrics are
    pub operations: Operations,
    /// Who may call
    pub access: GatewayAccess,
    /// Where models are called
    pub upstreams: BTreeMap<UpstreamName, Upstream>,
    /// Which models there are, by the name without geography, vendor, date and version
    pub models: BTreeMap<String, Model>,
    /// What is known of upstreams that fail
    pub failover: Failover,
    /// The record of every request
    pub access_log: AccessLog,
    /// The corporate proxy
    pub proxy: Proxy,
}

/// Where it listens.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// The address and the port
    pub address: ListenAddress,
    /// Whether to serve without TLS where others than this machine can reach it
    pub plain_http: bool,
    /// The certificate that is shown, in PEM files that may be replaced while it runs
    pub tls: Option<Tls>,
    /// What a client may ask for
    pub limits: Limits,
    /// After how long without a word in a stream the client gets a sign of life
    #[serde(deserialize_with = "number::whole::<_, _, 1, 240>")]
    #[schemars(range(min = 1, max = 240))]
    pub ping_seconds: u32,
    /// How long answers may take to end when it stops
    #[serde(deserialize_with = "number::whole::<_, _, 0, 3600>")]
    #[schemars(range(min = 0, max = 3600))]
    pub drain_seconds: u32,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            address: ListenAddress::default(),
            plain_http: false,
            tls: None,
            limits: Limits::default(),
            ping_seconds: 15,
            drain_seconds: 600,
        }
    }
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// A PEM file of the certificate, and those that lead to its authority
    pub certificate: PathBuf,
    /// A PEM file of its key
    pub key: PathBuf,
}

/// What a client may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The longest body of a request
    #[serde(deserialize_with = "number::whole::<_, _, 1, 1024>")]
    #[schemars(range(min = 1, max = 1024))]
    pub body_mib: u32,
    /// The most bodies, counted in MiB, that are held at once
    #[serde(deserialize_with = "number::whole::<_, _, 1, 1_000_000>")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub bodies_mib: u32,
    /// The most header lines of a request
    #[serde(deserialize_with = "number::whole::<_, _, 10, 1000>")]
    #[schemars(range(min = 10, max = 1000))]
    pub headers: u32,
    /// The most connections at once
    #[serde(deserialize_with = "number::whole::<_, _, 1, 1_000_000>")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub connections: u32,
    /// How long a handshake, and the head of the first request, may take to come
    #[serde(deserialize_with = "number::whole::<_, _, 1, 600>")]
    #[schemars(range(min = 1, max = 600))]
    pub head_seconds: u32,
    /// How long it may be until the head of the next request has come
    #[serde(deserialize_with = "number::whole::<_, _, 1, 3600>")]
    #[schemars(range(min = 1, max = 3600))]
    pub idle_seconds: u32,
    /// How long a client may take nothing of an answer
    #[serde(deserialize_with = "number::whole::<_, _, 1, 3600>")]
    #[schemars(range(min = 1, max = 3600))]
    pub answer_seconds: u32,
    /// How long a body may come without a byte
    #[serde(deserialize_with = "number::whole::<_, _, 1, 600>")]
    #[schemars(range(min = 1, max = 600))]
    pub body_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Anthropic's own limit of a request.
            body_mib: 32,
            bodies_mib: 1024,
            headers: 100,
            connections: 16_384,
            head_seconds: 10,
            // Longer than load balancers hold theirs: Google's do for 600 seconds.
            idle_seconds: 620,
            answer_seconds: 300,
            body_seconds: 30,
        }
    }
}

/// Where health and metrics are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Operations {
    /// The address and the port of `/healthz`, `/readyz` and `/metrics`
    pub address: ListenAddress,
}

impl Default for Operations {
    fn default() -> Self {
        Self { address: ListenAddress::operations() }
    }
}

/// Who may call.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayAccess {
    /// Identity providers whose tokens are accepted
    pub issuers: Vec<Issuer>,
    /// Keys for machines, by their hash
    pub keys: Vec<GatewayKey>,
}

/// An identity provider whose tokens are accepted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// As it stands in a token's `iss`
    pub issuer: ServiceUrl,
    /// One of them must be in a token's `aud`
    pub audiences: Vec<String>,
    /// Where its keys are, if what it says of itself is not to be asked
    #[serde(default)]
    pub jwks_url: Option<ServiceUrl>,
    /// A file with its keys, in place of any address
    #[serde(default)]
    pub jwks_file: Option<PathBuf>,
    /// How a token may be signed
    #[serde(default = "algorithms")]
    pub algorithms: Vec<Algorithm>,
    /// How far its clock and ours may be apart
    #[serde(default = "clock_skew", deserialize_with = "number::whole::<_, _, 0, 600>")]
    #[schemars(range(min = 0, max = 600))]
    pub clock_skew_seconds: u32,
    /// The claims that say who it is
    #[serde(default)]
    pub claims: Claims,
}

fn algorithms() -> Vec<Algorithm> {
    vec![Algorithm::Rs256, Algorithm::Es256]
}

fn clock_skew() -> u32 {
    60
}

/// The claims that say who it is. A dot leads into an object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Claims {
    /// The user
    pub user: String,
    /// The groups: a list, or one
    pub groups: String,
    /// The role, if a claim names it
    pub role: Option<String>,
}

impl Default for Claims {
    fn default() -> Self {
        Self { user: "email".into(), groups: "groups".into(), role: None }
    }
}

/// A key for a machine, of which only the hash is here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayKey {
    /// What it is called in records
    pub name: String,
    /// The SHA-256 of the key: groundwork gateway token --key makes both
    pub sha256: KeyHash,
    /// Who counts as its user, if not its name
    #[serde(default)]
    pub user: Option<String>,
    /// The groups of that user
    #[serde(default)]
    pub groups: Vec<String>,
    /// The role of that user
    #[serde(default)]
    pub role: Option<String>,
}

/// Where models are called. One of the keys says of what kind it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Upstream {
    /// Amazon Bedrock in one region
    pub bedrock: Option<BedrockUpstream>,
    /// Google Vertex AI in one location
    pub vertex: Option<VertexUpstream>,
    /// Whatever speaks the Anthropic API: Anthropic, Microsoft Foundry, another gateway
    pub anthropic: Option<AnthropicUpstream>,
    /// What of requests is not sent there, since it would be refused
    pub leave_out: LeaveOut,
}

/// What of requests is not sent. A beta and the field that it unlocks are left out together, whichever
/// is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LeaveOut {
    /// Betas, by their names or by how these begin, with a `*` behind it
    pub betas: Vec<BetaName>,
    /// Fields of the body; a dot leads into an object
    pub fields: Vec<FieldName>,
}

/// Amazon Bedrock in one region.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BedrockUpstream {
    /// The region
    pub region: Region,
    /// What is called: invoke, messages or mantle
    #[serde(default)]
    pub interface: BedrockInterface,
    /// The AWS profile whose credentials sign
    #[serde(default)]
    pub profile: Option<String>,
    /// A role that is taken first, also in another account
    #[serde(default)]
    pub role_arn: Option<crate::config::PrincipalArn>,
    /// In place of the region's own address
    #[serde(default)]
    pub endpoint_url: Option<ServiceUrl>,
}

/// Google Vertex AI in one location.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VertexUpstream {
    /// The project
    pub project_id: ProjectId,
    /// The location: global, us, eu or a region
    pub location: VertexLocation,
    /// In place of the location's own address
    #[serde(default)]
    pub endpoint_url: Option<ServiceUrl>,
}

/// Whatever speaks the Anthropic API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnthropicUpstream {
    /// What comes before `/v1/messages`
    #[serde(default = "anthropic_url")]
    pub base_url: ServiceUrl,
    /// The credential: from a file or a variable, as ${<file:PATH>} or ${NAME}
    pub api_key: super::Secret,
    /// The header that carries it
    #[serde(default)]
    pub header: CredentialHeader,
}

fn anthropic_url() -> ServiceUrl {
    ServiceUrl::anthropic()
}

/// A model, and where it is called.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// Where it is called
    pub targets: Vec<Target>,
    /// Whether the first target that works is called, or each by its weight
    pub order: Order,
    /// Further names by which clients may ask for it
    pub aliases: Vec<String>,
    /// Who may use it; everybody who may call if it is left out
    pub access: Option<ModelAccess>,
}

/// Who may use a model: whoever is in one of the groups, or has one of the roles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelAccess {
    /// Groups, as credentials name them
    pub groups: Vec<String>,
    /// Roles, as credentials name them
    pub roles: Vec<String>,
}

/// Where a model is called.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The name of an upstream
    pub upstream: UpstreamName,
    /// What the model is called there
    pub model: String,
    /// Its share where `order` is `weighted`
    #[serde(default = "weight", deserialize_with = "number::whole::<_, _, 1, 1000>")]
    #[schemars(range(min = 1, max = 1000))]
    pub weight: u32,
    /// What of requests is not sent there for this model, besides what the upstream leaves out
    #[serde(default)]
    pub leave_out: LeaveOut,
}

fn weight() -> u32 {
    1
}

/// What is known of upstreams that fail.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Failover {
    /// After how many failures in a row a target rests
    #[serde(deserialize_with = "number::whole::<_, _, 1, 1000>")]
    #[schemars(range(min = 1, max = 1000))]
    pub failures: u32,
    /// For how long it rests
    #[serde(deserialize_with = "number::whole::<_, _, 1, 3600>")]
    #[schemars(range(min = 1, max = 3600))]
    pub rest_seconds: u32,
    /// How long a connection to an upstream may take
    #[serde(deserialize_with = "number::whole::<_, _, 1, 120>")]
    #[schemars(range(min = 1, max = 120))]
    pub connect_seconds: u32,
    /// How long an upstream may be silent before and within an answer
    #[serde(deserialize_with = "number::whole::<_, _, 1, 3600>")]
    #[schemars(range(min = 1, max = 3600))]
    pub silence_seconds: u32,
}

impl Default for Failover {
    fn default() -> Self {
        Self { failures: 5, rest_seconds: 30, connect_seconds: 10, silence_seconds: 600 }
    }
}

/// The record of every request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessLog {
    /// The file that it is added to, and which may be moved away; standard error if there is none
    pub file: Option<PathBuf>,
}
