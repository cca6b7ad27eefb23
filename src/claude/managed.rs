//! The content of the files from which Claude Code reads its settings: managed ones, which a company
//! lays on its machines, and a user's own.
//!
//! Managed settings win over everything that a developer can set. So they hold the whole
//! environment, what cancels a leftover that would lead elsewhere, and the locks.

use serde_json::{Map, Value, json};

use super::{
    Environment, model,
    variable::{self as v, Group, Variable},
    vertex,
};
use crate::config::{
    ClaudeCode, Cloud, Config, Region, VertexConfig, VertexLocation,
    claude_code::{McpServer, Permissions, Provider},
};

/// What a developer's shell may still export, and what would then lead the client elsewhere or keep
/// it from starting. An empty value cancels that (facts 1, 8; seen on the client 2.1.330). Most of what
/// [`Environment::unset`] tells is not needed here: it speaks of providers that come after this one,
/// or of models that the list of available ones shuts out, and a long list is read by nobody.
const CANCELLED_ON_BEDROCK: [&Variable; 8] = [
    v::CLAUDE_CODE_USE_MANTLE,
    v::CLAUDE_CODE_USE_GATEWAY,
    v::CLAUDE_CODE_SKIP_BEDROCK_AUTH,
    v::ANTHROPIC_BEDROCK_BASE_URL,
    v::AWS_ENDPOINT_URL,
    v::AWS_ENDPOINT_URL_BEDROCK,
    v::AWS_ENDPOINT_URL_BEDROCK_RUNTIME,
    v::ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION,
];

/// The same for Vertex AI, which every other provider comes before.
const CANCELLED_ON_VERTEX: [&Variable; 8] = [
    v::CLAUDE_CODE_USE_BEDROCK,
    v::CLAUDE_CODE_USE_FOUNDRY,
    v::CLAUDE_CODE_USE_ANTHROPIC_AWS,
    v::CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD,
    v::CLAUDE_CODE_USE_MANTLE,
    v::CLAUDE_CODE_USE_GATEWAY,
    v::CLAUDE_CODE_SKIP_VERTEX_AUTH,
    v::ANTHROPIC_VERTEX_BASE_URL,
];

/// The same for the gateway, to which no provider is chosen that a variable could name. Where a dialect
/// takes one, it is as above.
const CANCELLED_AT_THE_GATEWAY: [&Variable; 7] = [
    v::CLAUDE_CODE_USE_BEDROCK,
    v::CLAUDE_CODE_USE_VERTEX,
    v::CLAUDE_CODE_USE_FOUNDRY,
    v::CLAUDE_CODE_USE_ANTHROPIC_AWS,
    v::CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD,
    v::CLAUDE_CODE_USE_MANTLE,
    v::CLAUDE_CODE_USE_GATEWAY,
];

/// What would bring another's credential to the gateway.
const CREDENTIALS: [&Variable; 3] =
    [v::ANTHROPIC_AUTH_TOKEN, v::ANTHROPIC_API_KEY, v::AWS_BEARER_TOKEN_BEDROCK];

/// The same for all. The list of available models shuts such a leftover out, but then the main model
/// does what the pinned one of background tasks is for; and a user's settings have no list.
const CANCELLED_EVERYWHERE: [&Variable; 2] =
    [v::ANTHROPIC_SMALL_FAST_MODEL, v::CLAUDE_CODE_SUBAGENT_MODEL];

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
    let mut variables = variables(environment, cancelled(environment, cloud, models));
    if let Some(variables) = variables.as_object_mut() {
        // The profile of the one who writes the file is not everybody's.
        let profile = v::AWS_PROFILE.name;
        match section.environment.get(profile) {
            Some(name) => variables.insert(profile.into(), name.expose().into()),
            None => variables.shift_remove(profile),
        };
    }
    all.insert("env".into(), variables);
    add_models(&mut all, environment, models, section);
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

/// What is set to nothing, unless it is set.
fn cancelled(environment: &Environment, cloud: Cloud, models: &[String]) -> Vec<&'static str> {
    let chosen = |provider: &Variable| environment.iter().any(|(name, _)| name == provider.name);
    let variables: &[&Variable] = match cloud {
        Cloud::Aws => &CANCELLED_ON_BEDROCK,
        Cloud::Gcp => &CANCELLED_ON_VERTEX,
        Cloud::Gateway if chosen(v::CLAUDE_CODE_USE_BEDROCK) => &CANCELLED_ON_BEDROCK,
        Cloud::Gateway if chosen(v::CLAUDE_CODE_USE_VERTEX) => &CANCELLED_ON_VERTEX,
        Cloud::Gateway => &CANCELLED_AT_THE_GATEWAY,
    };
    let mut all: Vec<&str> = variables.iter().map(|variable| variable.name).collect();
    all.extend(CANCELLED_EVERYWHERE.map(|variable| variable.name));
    if cloud == Cloud::Gcp {
        // Where the tenant's own models are called is a matter of where data goes.
        let ids = models.iter().filter_map(|id| id.parse().ok());
        all.extend(ids.filter_map(|id| vertex::region_variable(&id)).map(|variable| variable.name));
    }
    // What is sent to a collector is the company's to say, and a proxy that is left over in lower case
    // comes before the one that is set (facts 3, 5).
    let said = |name: &str| {
        let variable = v::ALL.iter().find(|variable| variable.name == name);
        variable.is_some_and(|variable| {
            variable.group == Group::Network
                || CREDENTIALS.contains(variable)
                || variable.name == v::CLAUDE_CODE_ENABLE_TELEMETRY.name
                || variable.name.starts_with("OTEL_LOG_")
        })
    };
    all.extend(environment.unset().filter(|name| said(name)));
    all
}

/// What is set, and what is set to nothing.
fn variables(environment: &Environment, cancelled: Vec<&str>) -> Value {
    let mut all = environment.json();
    if let Some(all) = all.as_object_mut() {
        for name in cancelled {
            all.entry(name).or_insert_with(|| "".into());
        }
    }
    all
}

/// What Claude Code's `settings.json` of a user gets: no key that counts in managed settings alone.
/// What a shell exports is cancelled here, too, but for what the developer may have for other tools.
pub fn user(environment: &Environment, cloud: Cloud, section: &ClaudeCode) -> Value {
    let of_models = |name: &str| {
        v::ALL.iter().any(|variable| variable.name == name && variable.group == Group::Model)
    };
    let pinned = environment.iter().filter(|(name, _)| of_models(name));
    let models: Vec<String> = pinned.map(|(_, id)| id.to_owned()).collect();
    let mut cancelled = cancelled(environment, cloud, &models);
    cancelled.retain(|name| *name != v::AWS_ENDPOINT_URL.name);
    // What is set for single signals; managed settings do that by themselves (facts 5).
    cancelled.extend(environment.unset().filter(|name| name.starts_with("OTEL_EXPORTER_OTLP_")));
    let mut all = Map::new();
    all.insert("env".into(), variables(environment, cancelled));
    add_commands(&mut all, cloud, section);
    Value::Object(all)
}

/// Further models that a file may name by variables. Those are meant to be chosen, too.
const NAMED: [&Variable; 3] =
    [v::CLAUDE_CODE_SUBAGENT_MODEL, v::ANTHROPIC_DEFAULT_MODEL, v::ANTHROPIC_CUSTOM_MODEL_OPTION];

fn add_models(
    all: &mut Map<String, Value>,
    environment: &Environment,
    models: &[String],
    section: &ClaudeCode,
) {
    let wanted = &section.models;
    let available = wanted.available.clone().unwrap_or_else(|| {
        let mut available = models.to_vec();
        // An alias such as `haiku` has no punctuation, and means what it is pinned to.
        let is_named = |name: &str, id: &str| {
            NAMED.iter().any(|variable| variable.name == name) && id.contains(['-', '.', ':'])
        };
        for (_, id) in environment.iter().filter(|(name, id)| is_named(name, id)) {
            add(&mut available, id.to_owned());
        }
        available
    });
    // An empty list shuts out all of them.
    if !available.is_empty() {
        all.insert("availableModels".into(), json!(available));
        all.insert("enforceAvailableModels".into(), json!(wanted.enforce));
        all.insert("availableModelsMatch".into(), json!(wanted.comparison.as_str()));
    }
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
        // In each dialect (seen on the client 2.1.330).
        Cloud::Gateway => (Provider::CustomEndpoint, v::ANTHROPIC_BASE_URL),
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
        Cloud::Gcp => "gcpAuthRefresh",
        // A gateway's file has no such command.
        Cloud::Aws | Cloud::Gateway => "awsAuthRefresh",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{claude::StandIns, config::claude_code::SETTINGS};

    const SECTION: &str = r#"{
        "models": {"denied": ["fable"], "fallback": ["haiku"], "effort": "high"},
        "credentials": {"refresh": "sign in", "export": "credentials"},
        "telemetry": {
            "endpoint": "https://otel.example.com:4318/",
            "headers": {"Authorization": "Bearer s3cret"},
            "headers_helper": "headers",
            "interval_seconds": 30,
            "resource_attributes": {"team": "a b"},
            "log_tool_details": true
        },
        "version": {"minimum": "2.1.300", "maximum": "2.2.0", "channel": "stable"},
        "permissions": {
            "allow": ["Bash(npm test)"], "ask": ["WebFetch"], "deny": ["Read(./.env)"],
            "default_mode": "plan", "disable_auto_mode": true, "managed_rules_only": true,
            "managed_hooks_only": true, "managed_mcp_only": true,
            "allowed_mcp_servers": ["github", "https://*.example.com/*", "command:npx -y server"],
            "denied_mcp_servers": ["other"]
        },
        "environment": {"API_TIMEOUT_MS": "900000"},
        "settings": {
            "permissions": {"additionalDirectories": ["/srv"]},
            "cleanupPeriodDays": 14
        }
    }"#;

    fn bedrock(section: &str) -> (Environment, Vec<String>, ClaudeCode) {
        let section: ClaudeCode = serde_json::from_str(section).unwrap();
        let config = Config { claude_code: section.clone(), ..Config::default() };
        let region = "us-east-1".parse().unwrap();
        let called = StandIns::new();
        let environment = Environment::bedrock(&config, &region, None, &called);
        (environment, bedrock_models(&config, &region, &called), section)
    }

    fn vertex(section: &str) -> (Environment, Vec<String>, ClaudeCode) {
        let section: ClaudeCode = serde_json::from_str(section).unwrap();
        let config = VertexConfig { claude_code: section.clone(), ..VertexConfig::default() };
        let location = "us".parse().unwrap();
        let project = "my-project".parse().unwrap();
        let environment = Environment::vertex(&config, &project, &location, None);
        (environment, vertex_models(&config, &location), section)
    }

    fn managed_of(cloud: Cloud, section: &str) -> Value {
        let (environment, models, section) =
            if cloud == Cloud::Gcp { vertex(section) } else { bedrock(section) };
        managed(&environment, cloud, &models, &section)
    }

    /// With the order of the keys.
    fn same(value: &Value, wanted: &Value) {
        assert_eq!(format!("{value:#}"), format!("{wanted:#}"));
    }

    #[test]
    fn by_default_managed_settings_lead_to_the_tenant_on_bedrock_alone() {
        same(
            &managed_of(Cloud::Aws, "{}"),
            &json!({
                "env": {
                    "CLAUDE_CODE_USE_BEDROCK": "1",
                    "AWS_REGION": "us-east-1",
                    "ANTHROPIC_MODEL": "us.anthropic.claude-opus-5-5",
                    "ANTHROPIC_DEFAULT_OPUS_MODEL": "us.anthropic.claude-opus-5-5",
                    "ANTHROPIC_DEFAULT_SONNET_MODEL": "us.anthropic.claude-opus-5-5",
                    "ANTHROPIC_DEFAULT_FABLE_MODEL": "us.anthropic.claude-opus-5-5",
                    "ANTHROPIC_DEFAULT_HAIKU_MODEL": "us.anthropic.claude-haiku-5-5",
                    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
                    "CLAUDE_CODE_USE_MANTLE": "",
                    "CLAUDE_CODE_USE_GATEWAY": "",
                    "CLAUDE_CODE_SKIP_BEDROCK_AUTH": "",
                    "ANTHROPIC_BEDROCK_BASE_URL": "",
                    "AWS_ENDPOINT_URL": "",
                    "AWS_ENDPOINT_URL_BEDROCK": "",
                    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "",
                    "ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION": "",
                    "ANTHROPIC_SMALL_FAST_MODEL": "",
                    "CLAUDE_CODE_SUBAGENT_MODEL": "",
                    "CLAUDE_CODE_ENABLE_TELEMETRY": "",
                },
                "availableModels":
                    ["us.anthropic.claude-opus-5-5", "us.anthropic.claude-haiku-5-5"],
                "enforceAvailableModels": true,
                "availableModelsMatch": "exact",
                "allowedProviders": ["bedrock"],
                "skipWebFetchPreflight": true,
                "permissions": {"disableBypassPermissionsMode": "disable"},
            }),
        );
    }

    #[test]
    fn everything_that_a_company_decides_is_in_managed_settings_on_vertex_ai() {
        let everything = SECTION.replace(", \"export\": \"credentials\"", "");
        same(
            &managed_of(Cloud::Gcp, &everything),
            &json!({
                "env": {
                    "CLAUDE_CODE_USE_VERTEX": "1",
                    "CLOUD_ML_REGION": "us",
                    "ANTHROPIC_VERTEX_PROJECT_ID": "my-project",
                    "ANTHROPIC_MODEL": "claude-opus-5-5",
                    "ANTHROPIC_DEFAULT_OPUS_MODEL": "claude-opus-5-5",
                    "ANTHROPIC_DEFAULT_SONNET_MODEL": "claude-opus-5-5",
                    "ANTHROPIC_DEFAULT_FABLE_MODEL": "claude-opus-5-5",
                    "ANTHROPIC_DEFAULT_HAIKU_MODEL": "claude-haiku-5-5",
                    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
                    "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
                    "OTEL_METRICS_EXPORTER": "otlp",
                    "OTEL_LOGS_EXPORTER": "otlp",
                    "OTEL_TRACES_EXPORTER": "none",
                    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                    "OTEL_EXPORTER_OTLP_ENDPOINT": "https://otel.example.com:4318",
                    "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer s3cret",
                    "OTEL_RESOURCE_ATTRIBUTES": "team=a%20b",
                    "OTEL_METRIC_EXPORT_INTERVAL": "30000",
                    "OTEL_LOG_TOOL_DETAILS": "1",
                    "API_TIMEOUT_MS": "900000",
                    "CLAUDE_CODE_USE_BEDROCK": "",
                    "CLAUDE_CODE_USE_FOUNDRY": "",
                    "CLAUDE_CODE_USE_ANTHROPIC_AWS": "",
                    "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD": "",
                    "CLAUDE_CODE_USE_MANTLE": "",
                    "CLAUDE_CODE_USE_GATEWAY": "",
                    "CLAUDE_CODE_SKIP_VERTEX_AUTH": "",
                    "ANTHROPIC_VERTEX_BASE_URL": "",
                    "ANTHROPIC_SMALL_FAST_MODEL": "",
                    "CLAUDE_CODE_SUBAGENT_MODEL": "",
                    "VERTEX_REGION_CLAUDE_5_5_OPUS": "",
                    "VERTEX_REGION_CLAUDE_HAIKU_5_5": "",
                    "OTEL_LOG_USER_PROMPTS": "",
                    "OTEL_LOG_ASSISTANT_RESPONSES": "",
                    "OTEL_LOG_TOOL_CONTENT": "",
                    "OTEL_LOG_RAW_API_BODIES": "",
                },
                "availableModels": ["claude-opus-5-5", "claude-haiku-5-5"],
                "enforceAvailableModels": true,
                "availableModelsMatch": "exact",
                "deniedModels": ["fable"],
                "fallbackModel": ["haiku"],
                "maxEffortLevel": "high",
                "allowedProviders": ["vertex"],
                "gcpAuthRefresh": "sign in",
                "otelHeadersHelper": "headers",
                "skipWebFetchPreflight": true,
                "requiredMinimumVersion": "2.1.300",
                "requiredMaximumVersion": "2.2.0",
                "autoUpdatesChannel": "stable",
                "permissions": {
                    "allow": ["Bash(npm test)"],
                    "ask": ["WebFetch"],
                    "deny": ["Read(./.env)"],
                    "defaultMode": "plan",
                    "disableBypassPermissionsMode": "disable",
                    "additionalDirectories": ["/srv"],
                },
                "disableAutoMode": "disable",
                "allowManagedPermissionRulesOnly": true,
                "allowManagedHooksOnly": true,
                "allowManagedMcpServersOnly": true,
                "allowedMcpServers": [
                    {"serverName": "github"},
                    {"serverUrl": "https://*.example.com/*"},
                    {"serverCommand": ["npx", "-y", "server"]},
                ],
                "deniedMcpServers": [{"serverName": "other"}],
                "cleanupPeriodDays": 14,
            }),
        );
    }

    #[test]
    fn a_users_own_settings_have_nothing_that_counts_in_managed_ones_alone() {
        let (environment, _, section) = bedrock(SECTION);
        let value = user(&environment, Cloud::Aws, &section);
        let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
        let commands = ["env", "awsAuthRefresh", "awsCredentialExport", "otelHeadersHelper"];
        assert_eq!(keys, [commands.as_slice(), &["skipWebFetchPreflight"]].concat());
        assert_eq!(value["env"]["ANTHROPIC_MODEL"], "us.anthropic.claude-opus-5-5");
        assert_eq!(value["env"]["CLAUDE_CODE_USE_MANTLE"], "");
        assert_eq!(value["env"]["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"], "");
        assert_eq!(value["env"]["ANTHROPIC_SMALL_FAST_MODEL"], "");
        assert_eq!(value["env"].get("AWS_ENDPOINT_URL"), None);
        assert_eq!(value["env"]["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"], "");
        let (environment, _, section) = vertex("{}");
        let value = user(&environment, Cloud::Gcp, &section);
        assert_eq!(value["env"]["VERTEX_REGION_CLAUDE_5_5_OPUS"], "");
        assert_eq!(value["env"].get("VERTEX_REGION_CLAUDE_5_OPUS"), None);
    }

    #[test]
    fn every_key_that_is_made_is_refused_among_the_further_ones() {
        for cloud in [Cloud::Aws, Cloud::Gcp] {
            let section = SECTION.replace("\"cleanupPeriodDays\": 14", "\"hooks\": {}");
            let value = managed_of(cloud, &section);
            let mut made = Vec::new();
            for (key, value) in value.as_object().unwrap() {
                match value {
                    Value::Object(inner) if key == "permissions" => {
                        made.extend(inner.keys().map(|inner| format!("{key}.{inner}")));
                    }
                    _ => made.push(key.clone()),
                }
            }
            made.retain(|key| key != "hooks" && key != "permissions.additionalDirectories");
            assert!(made.len() > 20, "{made:?}");
            for key in made {
                let known = SETTINGS.iter().any(|(setting, _)| *setting == key);
                assert!(known, "`{key}` is made, and may be given, too");
            }
        }
    }

    #[test]
    fn an_address_of_ones_own_is_a_provider_of_its_own() {
        let given = r#"{"environment": {"ANTHROPIC_BEDROCK_BASE_URL": "https://gw.example.com"}}"#;
        let value = managed_of(Cloud::Aws, given);
        assert_eq!(value["allowedProviders"], json!(["bedrock", "customEndpoint"]));
        assert_eq!(value["env"]["ANTHROPIC_BEDROCK_BASE_URL"], "https://gw.example.com");
    }

    #[test]
    fn a_model_that_a_variable_names_is_available_too_and_an_alias_is_not() {
        let of = |section: &str| managed_of(Cloud::Aws, section)["availableModels"].clone();
        let (opus, haiku) = ("us.anthropic.claude-opus-5-5", "us.anthropic.claude-haiku-5-5");
        let sonnet = "us.anthropic.claude-sonnet-5-5";
        let named =
            format!("{{\"environment\": {{\"CLAUDE_CODE_SUBAGENT_MODEL\": \"{sonnet}\"}}}}");
        assert_eq!(of(&named), json!([opus, haiku, sonnet]));
        let alias = r#"{"environment": {"CLAUDE_CODE_SUBAGENT_MODEL": "haiku"}}"#;
        assert_eq!(of(alias), json!([opus, haiku]));
        let own = r#"{"models": {"available": ["opus"]}, "environment": {"ANTHROPIC_DEFAULT_MODEL": "a-b"}}"#;
        assert_eq!(of(own), json!(["opus"]));
    }

    #[test]
    fn the_profile_of_the_one_who_writes_managed_settings_is_not_everybodys() {
        let written = |section: &str| {
            let section: ClaudeCode = serde_json::from_str(section).unwrap();
            let config = Config { claude_code: section.clone(), ..Config::default() };
            let region = "us-east-1".parse().unwrap();
            let admin = Environment::bedrock(&config, &region, Some("admin"), &StandIns::new());
            managed(&admin, Cloud::Aws, &[], &section)["env"].get("AWS_PROFILE").cloned()
        };
        assert_eq!(written("{}"), None);
        let named = written(r#"{"environment": {"AWS_PROFILE": "everybody"}}"#);
        assert_eq!(named, Some("everybody".into()));
    }

    #[test]
    fn inference_profiles_are_available_by_arn_in_place_of_their_models() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/";
        let profile = |name: &str, model: &str, known: bool| crate::config::InferenceProfile {
            name: name.into(),
            model_id: model.parse().unwrap(),
            tags: std::collections::BTreeMap::new(),
            arn: known.then(|| format!("{arn}{name}").parse().unwrap()),
        };
        let mut config = Config::default();
        config.bedrock.inference_profiles = vec![
            profile("aaaaaaaaaaaa", "us.anthropic.claude-opus-5-5", true),
            profile("bbbbbbbbbbbb", "us.anthropic.claude-opus-5-5", true),
        ];
        let region = "us-east-1".parse().unwrap();
        let given = |name: &str| Some(format!("{arn}{name}"));
        let called = Environment::stand_ins(&config, &region, &[], given);
        assert_eq!(
            bedrock_models(&config, &region, &called),
            [
                format!("{arn}aaaaaaaaaaaa"),
                "us.anthropic.claude-haiku-5-5".into(),
                format!("{arn}bbbbbbbbbbbb")
            ]
        );
    }
}
