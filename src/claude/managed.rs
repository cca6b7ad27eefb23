//! The content of the files from which Claude Code reads its settings: managed ones, which a company
//! lays on its machines, and a user's own.
//!
//! Managed settings win over everything that a developer can set. So they hold the whole
//! environment, what cancels a leftover that would lead elsewhere, and the locks.

use serde_json::{Map, Value, json};

use super::{
    Environment, model,
    variable::{self as v, Variable},
    vertex,
};
use crate::config::{
    ClaudeCode, Cloud, Config, Region, VertexConfig, VertexLocation,
    claude_code::{McpServer, Permissions, Provider},
};

/// What would lead the client elsewhere, if a developer's shell still exported it. An empty value in
/// managed settings cancels that (facts 1, 8). The other names that
/// [`Environment::unset`] tells do no harm beside these: they speak of providers that are not
/// chosen, or of models that the list of available ones shuts out.
const CANCELLED: [&Variable; 13] = [
    v::CLAUDE_CODE_USE_BEDROCK,
    v::CLAUDE_CODE_USE_VERTEX,
    v::CLAUDE_CODE_USE_FOUNDRY,
    v::CLAUDE_CODE_USE_ANTHROPIC_AWS,
    v::CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD,
    v::CLAUDE_CODE_USE_MANTLE,
    v::CLAUDE_CODE_USE_GATEWAY,
    v::ANTHROPIC_BEDROCK_BASE_URL,
    v::CLAUDE_CODE_SKIP_BEDROCK_AUTH,
    v::ANTHROPIC_VERTEX_BASE_URL,
    v::CLAUDE_CODE_SKIP_VERTEX_AUTH,
    v::CLAUDE_CODE_ENABLE_TELEMETRY,
    v::CLAUDE_CODE_SUBAGENT_MODEL,
];

/// The models that the tenant's role may call on Bedrock, as the client must name them, the main one
/// first. `called` is that of [`Environment::stand_ins`].
pub fn bedrock_models(config: &Config, region: &Region, called: &super::StandIns) -> Vec<String> {
    let (models, _) = model::resolve(config, region);
    let mut all = Vec::new();
    for id in [&models.main, &models.small].into_iter().chain(&models.profiles) {
        add(&mut all, called.get(id).cloned().unwrap_or_else(|| id.to_string()));
    }
    let profiles = config.bedrock.inference_profiles.iter();
    for arn in profiles.filter_map(|profile| profile.arn.as_ref()) {
        add(&mut all, arn.to_string());
    }
    all
}

/// The models of the tenant on Vertex AI, the main one first.
pub fn vertex_models(config: &VertexConfig, location: &VertexLocation) -> Vec<String> {
    let (models, _) = vertex::resolve(config, location);
    let mut all = Vec::new();
    for called in models.iter() {
        add(&mut all, called.model.to_string());
    }
    all
}

fn add(all: &mut Vec<String>, id: String) {
    if !all.contains(&id) {
        all.push(id);
    }
}

/// The content of `managed-settings.json`.
///
/// `environment` is the tenant's, `models` are those that its role may call, from [`bedrock_models`]
/// or [`vertex_models`].
pub fn managed(
    environment: &Environment,
    cloud: Cloud,
    models: &[String],
    section: &ClaudeCode,
) -> Value {
    let mut all = Map::new();
    let mut variables = environment.json();
    if let Some(variables) = variables.as_object_mut() {
        let unset: Vec<&str> = environment.unset().collect();
        for name in CANCELLED.map(|variable| variable.name) {
            if unset.contains(&name) {
                variables.insert(name.to_owned(), "".into());
            }
        }
    }
    all.insert("env".into(), variables);
    add_models(&mut all, models, section);
    add_providers(&mut all, environment, cloud, section);
    add_commands(&mut all, cloud, section);
    add_versions(&mut all, section);
    add_permissions(&mut all, &section.permissions);
    for (key, value) in &section.settings {
        match (all.get_mut(key), value) {
            (Some(Value::Object(ours)), Value::Object(theirs)) => {
                for (key, value) in theirs {
                    ours.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
            (Some(_), _) => {}
            (None, value) => {
                all.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(all)
}

/// What Claude Code's `settings.json` of a user gets: no key that counts in managed settings alone.
pub fn user(environment: &Environment, cloud: Cloud, section: &ClaudeCode) -> Value {
    let mut all = Map::new();
    all.insert("env".into(), environment.json());
    add_commands(&mut all, cloud, section);
    Value::Object(all)
}

fn add_models(all: &mut Map<String, Value>, models: &[String], section: &ClaudeCode) {
    let wanted = &section.models;
    let available = wanted.available.as_deref().unwrap_or(models);
    all.insert("availableModels".into(), json!(available));
    all.insert("enforceAvailableModels".into(), json!(wanted.enforce));
    all.insert("availableModelsMatch".into(), json!(wanted.comparison.as_str()));
    if !wanted.denied.is_empty() {
        all.insert("deniedModels".into(), json!(wanted.denied));
    }
    if !wanted.fallback.is_empty() {
        all.insert("fallbackModel".into(), json!(wanted.fallback));
    }
    if let Some(effort) = wanted.effort {
        all.insert("maxEffortLevel".into(), json!(effort.as_str()));
    }
}

/// By default the provider of the file and no other. An address of one's own is a provider of its
/// own to the client, and only if the same settings set it (facts 8).
fn add_providers(
    all: &mut Map<String, Value>,
    environment: &Environment,
    cloud: Cloud,
    section: &ClaudeCode,
) {
    let (own, address) = match cloud {
        Cloud::Aws => (Provider::Bedrock, v::ANTHROPIC_BEDROCK_BASE_URL),
        Cloud::Gcp => (Provider::Vertex, v::ANTHROPIC_VERTEX_BASE_URL),
    };
    let mut providers = section.allowed_providers.clone().unwrap_or_else(|| vec![own]);
    let elsewhere =
        environment.iter().any(|(name, value)| name == address.name && !value.is_empty());
    if elsewhere && !providers.contains(&Provider::CustomEndpoint) {
        providers.push(Provider::CustomEndpoint);
    }
    let names: Vec<&str> = providers.iter().map(|provider| provider.as_str()).collect();
    all.insert("allowedProviders".into(), json!(names));
}

/// What also counts in a user's own settings.
fn add_commands(all: &mut Map<String, Value>, cloud: Cloud, section: &ClaudeCode) {
    let refresh = match cloud {
        Cloud::Aws => "awsAuthRefresh",
        Cloud::Gcp => "gcpAuthRefresh",
    };
    let telemetry = section.telemetry.as_ref();
    for (key, command) in [
        (refresh, section.credentials.refresh.as_ref()),
        ("awsCredentialExport", section.credentials.export.as_ref()),
        ("otelHeadersHelper", telemetry.and_then(|telemetry| telemetry.headers_helper.as_ref())),
    ] {
        if let Some(command) = command {
            all.insert(key.into(), json!(command));
        }
    }
    if !section.traffic.web_fetch_preflight {
        all.insert("skipWebFetchPreflight".into(), json!(true));
    }
}

fn add_versions(all: &mut Map<String, Value>, section: &ClaudeCode) {
    let version = &section.version;
    for (key, bound) in [
        ("requiredMinimumVersion", version.minimum.as_ref()),
        ("requiredMaximumVersion", version.maximum.as_ref()),
    ] {
        if let Some(bound) = bound {
            all.insert(key.into(), json!(bound.as_str()));
        }
    }
    if let Some(channel) = version.channel {
        all.insert("autoUpdatesChannel".into(), json!(channel.as_str()));
    }
}

fn add_permissions(all: &mut Map<String, Value>, wanted: &Permissions) {
    let mut permissions = Map::new();
    for (key, rules) in [("allow", &wanted.allow), ("ask", &wanted.ask), ("deny", &wanted.deny)] {
        if !rules.is_empty() {
            permissions.insert(key.into(), json!(rules));
        }
    }
    if let Some(mode) = wanted.default_mode {
        permissions.insert("defaultMode".into(), json!(mode.as_str()));
    }
    if wanted.disable_bypass {
        permissions.insert("disableBypassPermissionsMode".into(), json!("disable"));
    }
    if !permissions.is_empty() {
        all.insert("permissions".into(), Value::Object(permissions));
    }
    if wanted.disable_auto_mode {
        all.insert("disableAutoMode".into(), json!("disable"));
    }
    for (key, on) in [
        ("allowManagedPermissionRulesOnly", wanted.managed_rules_only),
        ("allowManagedHooksOnly", wanted.managed_hooks_only),
        ("allowManagedMcpServersOnly", wanted.managed_mcp_only),
    ] {
        if on {
            all.insert(key.into(), json!(true));
        }
    }
    let servers = |servers: &[McpServer]| servers.iter().map(server).collect::<Vec<_>>();
    if let Some(allowed) = &wanted.allowed_mcp_servers {
        all.insert("allowedMcpServers".into(), json!(servers(allowed)));
    }
    if !wanted.denied_mcp_servers.is_empty() {
        all.insert("deniedMcpServers".into(), json!(servers(&wanted.denied_mcp_servers)));
    }
}

fn server(server: &McpServer) -> Value {
    match server {
        McpServer::Name(name) => json!({"serverName": name}),
        McpServer::Url(url) => json!({"serverUrl": url}),
        McpServer::Command(words) => json!({"serverCommand": words}),
    }
}
