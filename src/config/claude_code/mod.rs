//! The section `claude_code:`, which all files have: what Claude Code is told besides where its
//! models are.
//!
//! One type for all, because what a company decides about its developers' clients does not depend
//! on the cloud. The few keys that one cloud lacks are refused in its file.

mod check;
mod environment;
mod further;
mod mcp_server;
mod permission;
mod reserved;
mod telemetry;
mod version;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

pub(super) use self::check::{check, command_line, warn};
pub use self::{
    environment::{FurtherEnvironment, Hidden, PRESENCE, is_secret, set_by},
    further::SETTINGS,
    mcp_server::McpServer,
    permission::{PermissionMode, Permissions},
    telemetry::{Endpoint, Protocol, Telemetry},
    version::{Channel, ClientVersion, Version},
};
use super::vertex::choice;

/// What Claude Code is told besides where its models are.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClaudeCode {
    /// Which models developers can choose
    pub models: AvailableModels,
    /// The providers that Claude Code may use; by default the one of this file
    pub allowed_providers: Option<Vec<Provider>>,
    /// The commands that renew or give credentials
    pub credentials: Credentials,
    /// Metrics and events to a collector of the company's own
    pub telemetry: Option<Telemetry>,
    /// Connections to others than the cloud
    pub traffic: Traffic,
    /// The versions of Claude Code that may start
    pub version: Version,
    /// What Claude Code may do unasked, and who decides on that
    pub permissions: Permissions,
    /// Further variables, as they are
    pub environment: FurtherEnvironment,
    /// Further keys of managed settings, as they are
    pub settings: Map<String, Value>,
}

/// Which models developers can choose.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AvailableModels {
    /// Model ids, or aliases such as `opus` for a whole family; by default the tenant's own models
    pub available: Option<Vec<String>>,
    /// Whether the default model, too, must be one of them
    pub enforce: bool,
    /// How an id is compared with them: `exact`, or `prefix` for later versions, too
    #[serde(rename = "match")]
    pub comparison: Comparison,
    /// Models that nobody can choose
    pub denied: Vec<String>,
    /// Models that are tried in this order while the chosen one is overloaded
    pub fallback: Vec<String>,
    /// The most effort: `low`, `medium`, `high`, `xhigh` or `max`
    pub effort: Option<Effort>,
}

impl Default for AvailableModels {
    fn default() -> Self {
        Self {
            available: None,
            enforce: true,
            comparison: Comparison::Exact,
            denied: Vec::new(),
            fallback: Vec::new(),
            effort: None,
        }
    }
}

choice! {
    /// How a model's id is compared with the available ones.
    Comparison, must: "`exact` or `prefix`",
    Exact = "exact",
    /// An entry also allows the ids that begin with it.
    Prefix = "prefix",
}

choice! {
    /// How much a model thinks.
    Effort, must: "`low`, `medium`, `high`, `xhigh` or `max`",
    Low = "low",
    Medium = "medium",
    High = "high",
    VeryHigh = "xhigh",
    Most = "max",
}

choice! {
    /// A provider, as the client names it.
    Provider,
    must: "`anthropic`, `bedrock`, `vertex`, `foundry`, `anthropicAws`, `mantle`, `customEndpoint` \
           or `gateway`",
    Anthropic = "anthropic",
    Bedrock = "bedrock",
    Vertex = "vertex",
    Foundry = "foundry",
    AnthropicAws = "anthropicAws",
    Mantle = "mantle",
    /// Another address than the provider's own, which the same settings must set.
    CustomEndpoint = "customEndpoint",
    Gateway = "gateway",
}

/// The commands that renew or give credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Credentials {
    /// A command that signs the developer in again, run when his credentials have expired
    pub refresh: Option<String>,
    /// A command that prints credentials of AWS as JSON
    pub export: Option<String>,
}

/// Connections to others than the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Traffic {
    /// Whether Claude Code updates itself, and sends telemetry and error reports to Anthropic
    pub nonessential: bool,
    /// Whether api.anthropic.com is asked before a web page is read
    pub web_fetch_preflight: bool,
}
