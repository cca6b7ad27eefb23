//! What Claude Code may do unasked, and who decides on that.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{McpServer, choice};

/// What Claude Code may do unasked, and who decides on that.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "Claude Code has these five locks")]
pub struct Permissions {
    /// Rules for what it may do unasked, such as `Bash(npm test)`
    pub allow: Vec<String>,
    /// Rules for what it must ask about
    pub ask: Vec<String>,
    /// Rules for what it must never do
    pub deny: Vec<String>,
    /// The mode of new sessions: `default`, `plan`, `acceptEdits`, `auto` or `dontAsk`
    pub default_mode: Option<PermissionMode>,
    /// Whether the mode that asks nothing is locked
    pub disable_bypass: bool,
    /// Whether the mode in which a model decides is locked
    pub disable_auto_mode: bool,
    /// Whether only the rules of managed settings count
    pub managed_rules_only: bool,
    /// Whether only the hooks of managed settings run
    pub managed_hooks_only: bool,
    /// Whether only `allowed_mcp_servers` says which servers developers may add
    pub managed_mcp_only: bool,
    /// The MCP servers that may be used: `NAME`, `https://HOST/...` or `command:PROGRAM ARGUMENT...`;
    /// by default any
    pub allowed_mcp_servers: Option<Vec<McpServer>>,
    /// The MCP servers that may not be used
    pub denied_mcp_servers: Vec<McpServer>,
}

impl Default for Permissions {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            ask: Vec::new(),
            deny: Vec::new(),
            default_mode: None,
            disable_bypass: true,
            disable_auto_mode: false,
            managed_rules_only: false,
            managed_hooks_only: false,
            managed_mcp_only: false,
            allowed_mcp_servers: None,
            denied_mcp_servers: Vec::new(),
        }
    }
}

choice! {
    /// The mode of new sessions.
    PermissionMode, must: "`default`, `plan`, `acceptEdits`, `auto` or `dontAsk`",
    Ask = "default",
    Plan = "plan",
    AcceptEdits = "acceptEdits",
    Auto = "auto",
    DoNotAsk = "dontAsk",
}
