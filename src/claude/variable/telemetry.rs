//! The variables of OpenTelemetry, and of traffic that is not needed to work.

use super::{Group, Variable};

pub(super) const TELEMETRY: &[&Variable] = HERE;

variables! {
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
}
