//! Every variable of the environment that we set, take back or read: one constant each, from whose
//! documentation the reference page is made.
//!
//! «facts» is the sheet on the client 2.1.330. A variable that the client ignores is not here, unless
//! another tool reads it.

/// A variable of the environment.
#[derive(Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: &'static str,
    pub group: Group,
    /// Markdown, as it stands in the source.
    pub about: &'static [&'static str],
    /// Whether its value is always a secret.
    pub secret: bool,
    /// Whether any value but an empty one counts, even `0`. It is never set to be off.
    pub presence: bool,
}

/// What a variable is about. The groups are the chapters of the reference page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Which provider is called.
    Provider,
    Bedrock,
    Vertex,
    /// The Anthropic API and gateways that speak it.
    Anthropic,
    Model,
    /// Traffic that is not needed to work.
    Traffic,
    Telemetry,
    /// Proxy and certificates, for Claude Code and most tools.
    Network,
    /// Proxy and certificates, for tools that have their own variables.
    Tool,
    /// Read by Groundwork alone.
    Groundwork,
}

macro_rules! variables {
    ($($(#[doc = $about:literal])+ $group:ident $constant:ident $(= $name:literal)? $(, $flag:ident)*;)+) => {
        $($(#[doc = $about])+ pub const $constant: &Variable = &Variable {
            name: name!($constant $($name)?),
            group: Group::$group,
            about: &[$($about),+],
            secret: false $(|| flag!(secret $flag))*,
            presence: false $(|| flag!(presence $flag))*,
        };)+

        /// All of them, in the order of the source.
        pub const ALL: &[&Variable] = &[$($constant),+];
    };
}

macro_rules! name {
    ($constant:ident) => {
        stringify!($constant)
    };
    ($constant:ident $name:literal) => {
        $name
    };
}

macro_rules! flag {
    (secret secret) => {
        true
    };
    (presence presence) => {
        true
    };
    ($wanted:ident $other:ident) => {
        false
    };
}

variables! {
    /// Any true value chooses Bedrock before every provider but a stored gateway login (facts 1).
    Provider CLAUDE_CODE_USE_BEDROCK;

    /// Any true value chooses Vertex AI, if no other provider is chosen (facts 1).
    Provider CLAUDE_CODE_USE_VERTEX;

    /// Chooses Microsoft Foundry, before Vertex AI (facts 1).
    Provider CLAUDE_CODE_USE_FOUNDRY;

    /// Chooses Claude Platform on AWS, before Vertex AI (facts 1).
    Provider CLAUDE_CODE_USE_ANTHROPIC_AWS;

    /// Chooses Claude on Google Cloud, before Vertex AI (facts 1).
    Provider CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD;

    /// Chooses Bedrock's native Messages endpoint, before Vertex AI; beside Bedrock it takes some
    /// of its models (facts 1).
    Provider CLAUDE_CODE_USE_MANTLE;

    /// Chooses a gateway that speaks the Anthropic API, with a token that is given (facts 1).
    Provider CLAUDE_CODE_USE_GATEWAY;

    /// The region that is called, before `AWS_DEFAULT_REGION` and the profile's (facts 2.1).
    Bedrock AWS_REGION;

    /// The profile that credentials are taken from, by the ordinary chain of the AWS SDK (facts
    /// 2.1).
    Bedrock AWS_PROFILE;

    /// The first choice among the prefixes of inference profiles: `us`, `eu`, `apac`, `jp`, `au` or
    /// `global`; ignored in `GovCloud` (facts 2.1, 9.3).
    Bedrock ANTHROPIC_BEDROCK_REGION_PREFIX;

    /// In place of Bedrock's hosts, of both the runtime and the control plane. Without a slash at
    /// its end: with one, a path begins with two (facts 2.1).
    Bedrock ANTHROPIC_BEDROCK_BASE_URL;

    /// Requests are not signed: a gateway does it (facts 2.1).
    Bedrock CLAUDE_CODE_SKIP_BEDROCK_AUTH;

    /// In place of Mantle's host (facts 2.1).
    Bedrock ANTHROPIC_BEDROCK_MANTLE_BASE_URL;

    /// Requests to Mantle are not signed (facts 2.1).
    Bedrock CLAUDE_CODE_SKIP_MANTLE_AUTH;

    /// A region of its own for the model of background tasks (facts 2.1).
    Bedrock ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION;

    /// Where models are called: `global`, `us`, `eu` or a region (facts 2.2).
    Vertex CLOUD_ML_REGION;

    /// The project that is called. The client 2.1.330 takes it before `GOOGLE_CLOUD_PROJECT`, which
    /// is not set: in a developer's shell it would move every other tool to this project, too
    /// (facts 2.2).
    Vertex ANTHROPIC_VERTEX_PROJECT_ID;

    /// A file of credentials, in place of a person's own (facts 2.2).
    Vertex GOOGLE_APPLICATION_CREDENTIALS;

    /// In place of Vertex AI's hosts, with its `/v1`, which the client does not add (facts 2.2).
    Vertex ANTHROPIC_VERTEX_BASE_URL;

    /// Requests have no token of Google's: a gateway adds it (facts 2.2).
    Vertex CLAUDE_CODE_SKIP_VERTEX_AUTH;

    /// Where Claude Haiku 4.5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_HAIKU_4_5;

    /// Where Claude Haiku 5.5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_HAIKU_5_5;

    /// Where Claude Sonnet 4.5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_5_SONNET;

    /// Where Claude Sonnet 4.6 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_6_SONNET;

    /// Where Claude Sonnet 5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_5_SONNET;

    /// Where Claude Sonnet 5.5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_5_5_SONNET;

    /// Where Claude Opus 4.5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_5_OPUS;

    /// Where Claude Opus 4.6 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_6_OPUS;

    /// Where Claude Opus 4.7 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_7_OPUS;

    /// Where Claude Opus 4.8 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_8_OPUS;

    /// Where Claude Opus 5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_5_OPUS;

    /// Where Claude Opus 5.5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_5_5_OPUS;

    /// Where Claude Fable 5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_FABLE_5;

    /// Where Claude Fable 5.1 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_FABLE_5_1;

    /// Where Claude Fable 5.2 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_FABLE_5_2;

    /// Where Claude Haiku 3.5, which is retired, is called (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_3_5_HAIKU;

    /// Where Claude Sonnet 3.5, which is retired, is called (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_3_5_SONNET;

    /// Where Claude Sonnet 3.7, which is retired, is called (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_3_7_SONNET;

    /// Where Claude Opus 4.0, which is retired, is called (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_0_OPUS;

    /// Where Claude Sonnet 4.0, which is retired, is called (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_0_SONNET;

    /// Where Claude Opus 4.1, which is retired, is called (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_1_OPUS;

    /// Where the Anthropic API is, or a gateway that speaks it. No model is called there while a
    /// cloud is chosen (facts 1, 2.5).
    Anthropic ANTHROPIC_BASE_URL;

    /// Goes out as `Authorization: Bearer` (facts 2.5).
    Anthropic ANTHROPIC_AUTH_TOKEN, secret;

    /// The model of a session; wins over the `model` setting, even a managed one (facts 2.6).
    Model ANTHROPIC_MODEL;

    /// What the alias `opus` means (facts 2.6, 9.2).
    Model ANTHROPIC_DEFAULT_OPUS_MODEL;

    /// What the alias `sonnet` means; on both clouds 4.5 if it is not told (facts 2.6, 9.2).
    Model ANTHROPIC_DEFAULT_SONNET_MODEL;

    /// What the alias `haiku` means, and the model of background tasks; in place of the deprecated
    /// `ANTHROPIC_SMALL_FAST_MODEL` (facts 2.6, 9.2).
    Model ANTHROPIC_DEFAULT_HAIKU_MODEL;

    /// What the alias `fable` means (facts 2.6, 9.2).
    Model ANTHROPIC_DEFAULT_FABLE_MODEL;

    /// The deprecated name of the model of background tasks, still read (facts 2.6).
    Model ANTHROPIC_SMALL_FAST_MODEL;

    /// The model of new sessions, where none is chosen (facts 2.6).
    Model ANTHROPIC_DEFAULT_MODEL;

    /// The model of subagents (facts 2.6).
    Model CLAUDE_CODE_SUBAGENT_MODEL;

    /// The most tokens of one answer, which the client bounds by what the model can (facts 2.7,
    /// 9.1).
    Model CLAUDE_CODE_MAX_OUTPUT_TOKENS;

    /// No update, no telemetry of Anthropic's, no error report, no release notes (facts 2.9).
    Traffic CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC, presence;

    /// No telemetry to Anthropic. Telemetry of one's own is not touched by it (facts 2.9, 5).
    Traffic DISABLE_TELEMETRY, presence;

    /// No error reports to Anthropic (facts 2.9).
    Traffic DISABLE_ERROR_REPORTING, presence;

    /// No update in the background (facts 2.9).
    Traffic DISABLE_AUTOUPDATER;

    /// Switches on OpenTelemetry (facts 5).
    Telemetry CLAUDE_CODE_ENABLE_TELEMETRY;

    /// Switches on traces, besides `OTEL_TRACES_EXPORTER` (facts 5).
    Telemetry CLAUDE_CODE_ENHANCED_TELEMETRY_BETA;

    /// Where metrics go: `otlp`, `prometheus`, `console` or `none` (facts 5).
    Telemetry OTEL_METRICS_EXPORTER;

    /// Where events go: `otlp`, `console` or `none` (facts 5).
    Telemetry OTEL_LOGS_EXPORTER;

    /// Where traces go: `otlp`, `console` or `none` (facts 5).
    Telemetry OTEL_TRACES_EXPORTER;

    /// `grpc`, `http/json` or `http/protobuf`. The client has no default: without it nothing is
    /// sent (facts 5).
    Telemetry OTEL_EXPORTER_OTLP_PROTOCOL;

    /// The collector's base URL (facts 5).
    Telemetry OTEL_EXPORTER_OTLP_ENDPOINT;

    /// `Name=value` pairs, divided by commas, as a rule with a credential. Values are sent as they
    /// are, not decoded (facts 5).
    Telemetry OTEL_EXPORTER_OTLP_HEADERS, secret;

    /// `name=value` pairs that are on all that is sent; percent-encoded, without spaces (facts 5).
    Telemetry OTEL_RESOURCE_ATTRIBUTES;

    /// Milliseconds between two exports of metrics; 60000 if it is not told (facts 5).
    Telemetry OTEL_METRIC_EXPORT_INTERVAL;

    /// What developers type goes with the events (facts 5).
    Telemetry OTEL_LOG_USER_PROMPTS;

    /// Commands and paths of tools go with the events (facts 5).
    Telemetry OTEL_LOG_TOOL_DETAILS;

    /// What the model answers goes with the events (facts 5).
    Telemetry OTEL_LOG_ASSISTANT_RESPONSES;

    /// What tools read and write goes with the events (facts 5).
    Telemetry OTEL_LOG_TOOL_CONTENT;

    /// Whole requests and answers go with the events (facts 5).
    Telemetry OTEL_LOG_RAW_API_BODIES;

    /// The protocol of metrics alone (facts 5).
    Telemetry OTEL_EXPORTER_OTLP_METRICS_PROTOCOL;

    /// The whole URL of metrics alone (facts 5).
    Telemetry OTEL_EXPORTER_OTLP_METRICS_ENDPOINT;

    /// The headers of metrics alone (facts 5).
    Telemetry OTEL_EXPORTER_OTLP_METRICS_HEADERS, secret;

    /// The protocol of logs alone (facts 5).
    Telemetry OTEL_EXPORTER_OTLP_LOGS_PROTOCOL;

    /// The whole URL of logs alone (facts 5).
    Telemetry OTEL_EXPORTER_OTLP_LOGS_ENDPOINT;

    /// The headers of logs alone (facts 5).
    Telemetry OTEL_EXPORTER_OTLP_LOGS_HEADERS, secret;

    /// The protocol of traces alone (facts 5).
    Telemetry OTEL_EXPORTER_OTLP_TRACES_PROTOCOL;

    /// The whole URL of traces alone (facts 5).
    Telemetry OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;

    /// The headers of traces alone (facts 5).
    Telemetry OTEL_EXPORTER_OTLP_TRACES_HEADERS, secret;

    /// The proxy for `https` addresses; the client takes the first of the six names for all
    /// addresses (facts 3).
    Network HTTPS_PROXY;

    /// The same, which the client and most tools take before the upper case (facts 3).
    Network HTTPS_PROXY_LOWER = "https_proxy";

    /// The proxy for `http` addresses (facts 3).
    Network HTTP_PROXY;

    /// The same; curl reads no other for `http` (facts 3).
    Network HTTP_PROXY_LOWER = "http_proxy";

    /// The proxy where no other is told (facts 3).
    Network ALL_PROXY;

    /// The same, before the upper case (facts 3).
    Network ALL_PROXY_LOWER = "all_proxy";

    /// What is reached without the proxy. The client exempts nothing by itself, not even this
    /// machine (facts 3).
    Network NO_PROXY;

    /// The same, which wins (facts 3).
    Network NO_PROXY_LOWER = "no_proxy";

    /// A PEM file of authorities that are trusted beside those that the client brings and the
    /// system's. The one that works from the shell and from a settings file (facts 4).
    Network NODE_EXTRA_CA_CERTS;

    /// `0` switches off all checks of certificates (facts 4).
    Network NODE_TLS_REJECT_UNAUTHORIZED;

    /// A PEM file of the certificate with which the client identifies itself (facts 4).
    Network CLAUDE_CODE_CLIENT_CERT;

    /// A PEM file of that certificate's key (facts 4).
    Network CLAUDE_CODE_CLIENT_KEY;
}
