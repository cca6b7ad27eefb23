//! What an upstream says when it refuses, and how much of it the client is told.
//!
//! The client reads some of these words and acts on them: it shortens a conversation that is too long,
//! and leaves out what is not known. Those go on as they are. Others may hold the numbers of accounts
//! and the names of keys, which are nobody's business at the other end.

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

/// A refusal, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub kind: Option<String>,
    pub message: String,
}

impl Refusal {
    /// Reads the body of an error, in any cloud's form. Anything else is told by its status alone.
    pub(super) fn read(status: StatusCode, body: &[u8]) -> Self {
        let value: Option<Value> = serde_json::from_slice(body).ok();
        // Google sometimes puts it into a list.
        let value = value.map(|value| match value {
            Value::Array(mut list) if !list.is_empty() => list.swap_remove(0),
            other => other,
        });
        let read: Option<Body> = value.and_then(|value| serde_json::from_value(value).ok());
        let Body { error, message } = read.unwrap_or_default();
        let (kind, inner) = match error {
            Some(Inner::Told { kind, message }) => (kind, message),
            Some(Inner::Words(words)) => (None, Some(words)),
            None => (None, None),
        };
        let message = inner.or(message).filter(|message| !message.trim().is_empty());
        let message =
            message.unwrap_or_else(|| format!("the model's service answered {}", status.as_u16()));
        Self { kind, message }
    }

    /// The message, without what identifies accounts and what is in them.
    pub(super) fn scrubbed(&self) -> String {
        scrub(&self.message)
    }

    /// The beta that is not known there, if that is what it says, by name.
    pub(super) fn unknown_beta(&self) -> Option<String> {
        let lower = self.message.to_lowercase();
        let says = lower.contains("invalid beta flag")
            || (lower.contains("anthropic-beta") || lower.contains("anthropic_beta"))
                && (lower.contains("unexpected value") || lower.contains("invalid"));
        if !says {
            return None;
        }
        let is_beta = |word: &&str| {
            let date = word.get(word.len().saturating_sub(11)..).unwrap_or_default();
            word.len() > 11
                && date.starts_with('-')
                && date.bytes().skip(1).all(|byte| byte.is_ascii_digit() || byte == b'-')
        };
        let words = self.message.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        words.into_iter().find(is_beta).map(ToOwned::to_owned)
    }
}

#[derive(Default, Deserialize)]
struct Body {
    #[serde(default)]
    error: Option<Inner>,
    #[serde(default, alias = "Message")]
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Inner {
    Told {
        #[serde(default, rename = "type")]
        kind: Option<String>,
        #[serde(default)]
        message: Option<String>,
    },
    Words(String),
}

/// ARNs and runs of twelve digits, which are the numbers of accounts and projects.
fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("arn:") {
        let (before, from) = rest.split_at(at);
        let inside = |c: char| c.is_ascii_alphanumeric() || ":/-_.*+=@,".contains(c);
        let end = from.find(|c: char| !inside(c)).unwrap_or(from.len());
        let (arn, behind) = from.split_at(end);
        let arn = arn.trim_end_matches(['.', ',', ':']);
        out.push_str(&without_numbers(before));
        // A word that merely ends so is none.
        if arn.matches(':').count() >= 4 {
            out.push_str("(an ARN)");
        } else {
            out.push_str(arn);
        }
        rest = from.get(arn.len()..).unwrap_or(behind);
    }
    out.push_str(&without_numbers(rest));
    out
}

fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, behind) = from.split_at(end);
        out.push_str(before);
        out.push_str(if digits.len() == 12 { "(an account)" } else { digits });
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Refusal {
        Refusal::read(StatusCode::BAD_REQUEST, body.as_bytes())
    }

    #[test]
    fn the_words_are_found_in_every_clouds_form() {
        for body in [
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"m"}}"#,
            r#"{"message":"m"}"#,
            r#"{"Message":"m"}"#,
            r#"{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}"#,
            r#"[{"error":{"message":"m"}}]"#,
            r#"{"error":"m"}"#,
        ] {
            assert_eq!(read(body).message, "m", "{body}");
        }
        for odd in ["", "<html>", "[]", "{}", "1", r#"{"message":7}"#] {
            assert_eq!(read(odd).message, "the model's service answered 400", "{odd}");
        }
    }

    #[test]
    fn what_the_client_acts_on_stays_and_what_identifies_goes() {
        for kept in [
            "prompt is too long: 208310 tokens > 200000 maximum",
            "Input is too long.",
            "context-management-2025-06-27 is not known",
            "learn: more",
        ] {
            assert_eq!(scrub(kept), kept);
        }
        assert_eq!(
            scrub(
                "User: arn:aws:sts::123456789012:assumed-role/R/s is not authorized on arn:aws:bedrock:us-east-1:123456789012:x/y."
            ),
            "User: (an ARN) is not authorized on (an ARN)."
        );
        assert_eq!(
            scrub("project 123456789012, 1234567890123"),
            "project (an account), 1234567890123"
        );
    }

    #[test]
    fn a_beta_that_is_not_known_is_understood() {
        let refusal = |message: &str| Refusal { kind: None, message: message.into() };
        assert_eq!(refusal("invalid beta flag").unknown_beta(), None);
        assert_eq!(
            refusal("Unexpected value(s) `effort-2025-11-24` for the `anthropic-beta` header.")
                .unknown_beta(),
            Some("effort-2025-11-24".into())
        );
        assert_eq!(refusal("max_tokens: invalid").unknown_beta(), None);
    }
}
