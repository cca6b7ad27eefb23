//! How many tokens an answer took, by kind, as told in the events that pass.
//!
//! A number that comes later replaces an earlier one of its kind and leaves the others: the beginning
//! tells what was read, the end what was written, and a cloud's own count may come behind both. Zero is
//! a number.

use serde::{Deserialize, Serialize};

/// Tokens by kind, as far as they were told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    pub input: Option<u64>,
    pub output: Option<u64>,
    pub cache_read: Option<u64>,
    /// Written to be kept for five minutes.
    pub cache_write_5m: Option<u64>,
    /// Written to be kept for an hour.
    pub cache_write_1h: Option<u64>,
}

/// In Anthropic's words, or in those of Converse.
#[derive(Default, Deserialize)]
struct Told {
    #[serde(alias = "inputTokens")]
    input_tokens: Option<u64>,
    #[serde(alias = "outputTokens")]
    output_tokens: Option<u64>,
    #[serde(alias = "cacheReadInputTokens")]
    cache_read_input_tokens: Option<u64>,
    #[serde(alias = "cacheWriteInputTokens")]
    cache_creation_input_tokens: Option<u64>,
    cache_creation: Option<Written>,
}

#[derive(Default, Deserialize)]
struct Written {
    ephemeral_5m_input_tokens: Option<u64>,
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    usage: Option<Told>,
    #[serde(default)]
    message: Option<Message>,
    #[serde(default, rename = "amazon-bedrock-invocationMetrics")]
    metrics: Option<Metrics>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    usage: Option<Told>,
}

#[derive(Deserialize)]
struct Metrics {
    #[serde(rename = "inputTokenCount")]
    input: Option<u64>,
    #[serde(rename = "outputTokenCount")]
    output: Option<u64>,
    #[serde(rename = "cacheReadInputTokenCount")]
    cache_read: Option<u64>,
    #[serde(rename = "cacheWriteInputTokenCount")]
    cache_write: Option<u64>,
}

impl Usage {
    /// Takes what an event of a stream, or a whole answer, tells.
    pub fn take(&mut self, json: &[u8]) {
        // Most events are pieces of text, which tell nothing and come by the thousand.
        if memchr::memmem::find(json, b"usage").is_none()
            && memchr::memmem::find(json, b"amazon-bedrock-invocationMetrics").is_none()
        {
            return;
        }
        let Ok(event) = serde_json::from_slice::<Event>(json) else { return };
        for told in [event.message.and_then(|message| message.usage), event.usage] {
            self.merge(told.unwrap_or_default());
        }
        if let Some(metrics) = event.metrics {
            let later = |kind: &mut Option<u64>, told: Option<u64>| *kind = told.or(*kind);
            later(&mut self.input, metrics.input);
            later(&mut self.output, metrics.output);
            later(&mut self.cache_read, metrics.cache_read);
            // It does not tell for how long, which is known from before if there was anything.
            if self.cache_write_5m.is_none() && self.cache_write_1h.is_none() {
                later(&mut self.cache_write_5m, metrics.cache_write);
            }
        }
    }

    /// Each kind by its name.
    pub fn by_kind(&self) -> [(&'static str, Option<u64>); 5] {
        [
            ("input", self.input),
            ("output", self.output),
            ("cache_read", self.cache_read),
            ("cache_write_5m", self.cache_write_5m),
            ("cache_write_1h", self.cache_write_1h),
        ]
    }

    fn merge(&mut self, told: Told) {
        let later = |kind: &mut Option<u64>, told: Option<u64>| *kind = told.or(*kind);
        later(&mut self.input, told.input_tokens);
        later(&mut self.output, told.output_tokens);
        later(&mut self.cache_read, told.cache_read_input_tokens);
        match told.cache_creation {
            Some(written) => {
                later(&mut self.cache_write_5m, written.ephemeral_5m_input_tokens);
                later(&mut self.cache_write_1h, written.ephemeral_1h_input_tokens);
            }
            // Without a division it is the shorter time, which is the default.
            None if self.cache_write_1h.is_none() => {
                later(&mut self.cache_write_5m, told.cache_creation_input_tokens);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(events: &[&str]) -> Usage {
        let mut usage = Usage::default();
        for event in events {
            usage.take(event.as_bytes());
        }
        usage
    }

    const START: &str = r#"{"type":"message_start","message":{"usage":{"input_tokens":10,
        "cache_creation_input_tokens":30,"cache_read_input_tokens":5,"output_tokens":1,
        "cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20}}}}"#;

    #[test]
    fn the_end_is_merged_with_the_beginning() {
        let delta = r#"{"type":"message_delta","usage":{"output_tokens":42}}"#;
        let wanted = Usage {
            input: Some(10),
            output: Some(42),
            cache_read: Some(5),
            cache_write_5m: Some(10),
            cache_write_1h: Some(20),
        };
        assert_eq!(of(&[START, r#"{"type":"content_block_delta"}"#, delta]), wanted);
        let again = r#"{"type":"message_delta","usage":{"output_tokens":42,
            "cache_creation_input_tokens":30}}"#;
        assert_eq!(of(&[START, again]), wanted);
    }

    #[test]
    fn zero_is_a_number_and_nothing_is_none() {
        let zero = r#"{"type":"message_delta","usage":{"input_tokens":0,"output_tokens":0}}"#;
        let usage = of(&[START, zero]);
        assert_eq!((usage.input, usage.output), (Some(0), Some(0)));
        assert_eq!(of(&[r#"{"type":"ping"}"#, "usage", ""]), Usage::default());
    }

    #[test]
    fn a_clouds_own_count_and_a_whole_answer_are_read() {
        let metrics = r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{
            "inputTokenCount":11,"outputTokenCount":43,"cacheReadInputTokenCount":6,
            "cacheWriteInputTokenCount":31}}"#;
        let usage = of(&[START, metrics]);
        assert_eq!((usage.input, usage.output, usage.cache_read), (Some(11), Some(43), Some(6)));
        assert_eq!((usage.cache_write_5m, usage.cache_write_1h), (Some(10), Some(20)));
        for whole in [
            r#"{"type":"message","usage":{"input_tokens":1,"output_tokens":2,
            "cache_creation_input_tokens":3}}"#,
            r#"{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3,
            "cacheWriteInputTokens":3}}"#,
        ] {
            let Usage { input, output, cache_write_5m, .. } = of(&[whole]);
            assert_eq!((input, output, cache_write_5m), (Some(1), Some(2), Some(3)));
        }
    }
}
