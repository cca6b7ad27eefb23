//! What an upstream says when it refuses, and how much of it the client is told.
//!
//! The client reads some of these words and acts on them: it shortens a conversation that is too long,
//! and leaves out what is not known. Those go on as they are. Others may hold the numbers of accounts
//! projects and the names of keys, which are nobody's business at the other end.

use std::borrow::Cow;

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
        Self { kind, message: said(status, inner.or(message)) }
    }

    /// Reads an event of a stream, if it says that the answer cannot go on.
    pub(super) fn of_event(event: &[u8]) -> Option<(StatusCode, Self)> {
        #[derive(Deserialize)]
        struct Typed<'a> {
            #[serde(rename = "type", borrow)]
            kind: Cow<'a, str>,
        }
        // Within a text the quotes would be escaped.
        memchr::memmem::find(event, b"\"error\"")?;
        let typed: Typed<'_> = serde_json::from_slice(event).ok()?;
        if typed.kind != "error" {
            return None;
        }
        let refusal = Self::read(StatusCode::INTERNAL_SERVER_ERROR, event);
        Some((status_of(refusal.kind.as_deref().unwrap_or_default()), refusal))
    }

    /// What a frame says, which has a kind of its own.
    pub(super) fn of_exception(status: StatusCode, message: String) -> Self {
        Self { kind: None, message: said(status, Some(message)) }
    }

    /// The message, without what identifies accounts and what is in them.
    pub(super) fn scrubbed(&self) -> String {
        scrub(&self.message)
    }

    /// What is not known there, if that is what it says.
    pub(super) fn unknown(&self) -> Option<Unknown> {
        const NOT_PERMITTED: &str = ": Extra inputs are not permitted";
        if let Some(field) =
            self.message.strip_suffix('.').unwrap_or(&self.message).strip_suffix(NOT_PERMITTED)
        {
            return Some(Unknown::Field(field.to_owned()));
        }
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
        let betas: Vec<String> = words.filter(is_beta).map(ToOwned::to_owned).collect();
        Some(if betas.is_empty() { Unknown::SomeBeta } else { Unknown::Betas(betas) })
    }
}

fn said(status: StatusCode, message: Option<String>) -> String {
    let message = message.filter(|message| !message.trim().is_empty());
    message.unwrap_or_else(|| format!("the model's service answered {}", status.as_u16()))
}

/// The status that goes with what an error within a stream is called, by Anthropic or by Bedrock.
pub(super) fn status_of(kind: &str) -> StatusCode {
    let status = match kind {
        "invalid_request_error" | "validationException" => 400,
        "authentication_error" => 401,
        "permission_error" | "accessDeniedException" => 403,
        "not_found_error" | "resourceNotFoundException" => 404,
        "modelTimeoutException" => 408,
        "request_too_large" => 413,
        "modelStreamErrorException" => 424,
        "rate_limit_error" | "throttlingException" => 429,
        "serviceUnavailableException" => 503,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => 500,
    };
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// What an upstream does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    Betas(Vec<String>),
    /// It does not say which.
    SomeBeta,
    /// A field, by its way from the top.
    Field(String),
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

/// ARNs, runs of twelve digits, which are the numbers of accounts and projects, and what projects are
/// called in paths.
pub(super) fn scrub(text: &str) -> String {
    const PROJECTS: &str = "projects/";
    let mut parts = text.split(PROJECTS);
    let mut out = without_arns(parts.next().unwrap_or_default());
    for part in parts {
        let inside = |c: char| c.is_ascii_alphanumeric() || "-_:.".contains(c);
        let end = part.find(|c: char| !inside(c)).unwrap_or(part.len());
        let (name, behind) = part.split_at(end);
        out.push_str(PROJECTS);
        out.push_str(if name.is_empty() { "" } else { "(a project)" });
        out.push_str(&without_arns(behind));
    }
    out
}

fn without_arns(text: &str) -> String {
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
        assert_eq!(
            scrub(
                "denied on '//aiplatform.googleapis.com/projects/p-1/locations/us' or 1 projects/."
            ),
            "denied on '//aiplatform.googleapis.com/projects/(a project)/locations/us' or 1 projects/(a project)"
        );
    }

    #[test]
    fn what_is_not_known_is_understood() {
        let unknown = |message: &str| Refusal { kind: None, message: message.into() }.unknown();
        assert_eq!(unknown("invalid beta flag"), Some(Unknown::SomeBeta));
        let betas = ["effort-2025-11-24", "web-search-2025-03-05"];
        let message = "Unexpected value(s) `effort-2025-11-24`, `web-search-2025-03-05` for the `anthropic-beta` header. Please consult our documentation.";
        assert_eq!(unknown(message), Some(Unknown::Betas(betas.map(ToOwned::to_owned).into())));
        assert_eq!(
            unknown("output_config.effort: Extra inputs are not permitted"),
            Some(Unknown::Field("output_config.effort".into()))
        );
        assert_eq!(unknown("max_tokens: invalid"), None);
    }
}
