//! Counts for Prometheus. Labels are bounded: models and upstreams by the names of the configuration,
//! and nobody's name.

use std::{fmt, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::record::Record;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfRequest {
    dialect: &'static str,
    operation: &'static str,
    model: String,
    upstream: String,
    status: u16,
    end: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfTokens {
    model: String,
    upstream: String,
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfModel {
    model: String,
    upstream: String,
}

/// All that is counted.
pub struct Metrics {
    registry: Registry,
    requests: Family<OfRequest, Counter>,
    tokens: Family<OfTokens, Counter>,
    duration: Family<OfModel, Histogram, fn() -> Histogram>,
    first_byte: Family<OfModel, Histogram, fn() -> Histogram>,
    open: Gauge,
    reloads: Counter,
    refused_reloads: Counter,
    failed_writes: Counter,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// In seconds: from a refusal to the longest answers.
const BOUNDS: [f64; 12] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0];

fn histogram() -> Histogram {
    Histogram::new(BOUNDS)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("groundwork_gateway");
        let failed_writes = Counter::default();
        let (requests, tokens) = (Family::default(), Family::default());
        let new = || Family::new_with_constructor(histogram as fn() -> Histogram);
        let (duration, first_byte) = (new(), new());
        let (open, reloads, refused_reloads) =
            (Gauge::default(), Counter::default(), Counter::default());
        registry.register("requests", "Requests, by how they ended", Family::clone(&requests));
        registry.register("tokens", "Tokens, by kind", Family::clone(&tokens));
        registry.register_with_unit(
            "duration",
            "Until an answer had ended",
            Unit::Seconds,
            Family::clone(&duration),
        );
        registry.register_with_unit(
            "first_byte",
            "Until an answer began",
            Unit::Seconds,
            Family::clone(&first_byte),
        );
        registry.register("open_requests", "Requests that have not ended", Gauge::clone(&open));
        registry.register(
            "reloads",
            "Changes of the configuration that were taken up",
            Counter::clone(&reloads),
        );
        registry.register(
            "refused_reloads",
            "Changes of the configuration with mistakes",
            Counter::clone(&refused_reloads),
        );
        registry.register(
            "failed_writes",
            "Times that the record of requests could not be written",
            Counter::clone(&failed_writes),
        );
        Self {
            registry,
            requests,
            tokens,
            duration,
            first_byte,
            open,
            reloads,
            refused_reloads,
            failed_writes,
        }
    }
}

impl Metrics {
    pub fn begun(&self) {
        self.open.inc();
    }

    /// `model` is the configuration's name of it, if it is one.
    pub fn ended(&self, record: &Record, model: Option<&str>) {
        self.open.dec();
        let model = model.unwrap_or("none").to_owned();
        let upstream = record.upstream.clone().unwrap_or_else(|| "none".into());
        let Record { dialect, operation, status, end, tokens, .. } = record;
        let (status, of_model) = (*status, OfModel { model, upstream });
        let OfModel { model, upstream } = of_model.clone();
        let of_request = OfRequest { dialect, operation, model, upstream, status, end };
        self.requests.get_or_create(&of_request).inc();
        if record.upstream.is_some() {
            let seconds = |millis: u64| Duration::from_millis(millis).as_secs_f64();
            self.duration.get_or_create(&of_model).observe(seconds(record.duration_ms));
            if let Some(first) = record.first_byte_ms {
                self.first_byte.get_or_create(&of_model).observe(seconds(first));
            }
        }
        let OfModel { model, upstream } = of_model;
        let mut of = OfTokens { model, upstream, kind: "" };
        for (kind, count) in tokens.by_kind() {
            if let Some(count) = count.filter(|count| *count > 0) {
                of.kind = kind;
                self.tokens.get_or_create(&of).inc_by(count);
            }
        }
    }

    pub fn reloaded(&self, taken_up: bool) {
        if taken_up {
            self.reloads.inc()
        } else {
            self.refused_reloads.inc()
        };
    }

    pub(super) fn failed_write(&self) {
        self.failed_writes.inc();
    }

    /// In Prometheus's own text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::usage::Usage;

    #[test]
    fn requests_and_tokens_are_counted_by_the_names_of_the_configuration() {
        let metrics = Metrics::default();
        let tokens = Usage { input: Some(7), output: Some(0), ..Usage::default() };
        let record = Record {
            dialect: "anthropic",
            operation: "message",
            status: 200,
            end: "done",
            upstream: Some("b".into()),
            tokens,
            duration_ms: 70,
            ..Record::default()
        };
        metrics.begun();
        metrics.ended(&record, Some("claude-opus-5-5"));
        let text = metrics.text();
        for line in [
            r#"groundwork_gateway_requests_total{dialect="anthropic",operation="message",model="claude-opus-5-5",upstream="b",status="200",end="done"} 1"#,
            r#"groundwork_gateway_tokens_total{model="claude-opus-5-5",upstream="b",kind="input"} 7"#,
            r#"groundwork_gateway_duration_seconds_bucket{le="0.1",model="claude-opus-5-5",upstream="b"} 1"#,
            "groundwork_gateway_open_requests 0",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.contains(r#"kind="output""#));
    }
}
