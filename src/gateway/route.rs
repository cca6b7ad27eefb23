//! What a client asks for, by the method and the path alone: which dialect it speaks, what it wants,
//! and of which model.
//!
//! Clients differ in what they put before and behind: a `/v1` that is there twice or not at all, two
//! slashes in a row from a base URL that ended with one, a query. None of it has a meaning here. A
//! model's name goes into the path of another request later, so it is checked here, once.

use http::Method;
use percent_encoding::percent_decode_str;

/// The three ways in which Claude Code speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Anthropic,
    Bedrock,
    Vertex,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// An answer. Whether it is streamed is said by the path, or by the body where there is `None`.
    Message {
        streamed: Option<bool>,
    },
    /// Bedrock's own way to ask any model.
    Converse {
        streamed: bool,
    },
    CountTokens,
    /// The models that there are, or one of them.
    Models(Option<String>),
    /// Bedrock's inference profiles, or one of them.
    InferenceProfiles(Option<String>),
    /// Whether anybody is there.
    Hello,
}

impl Operation {
    /// In records and metrics.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::Converse { .. } => "converse",
            Self::CountTokens => "count_tokens",
            Self::Models(_) => "models",
            Self::InferenceProfiles(_) => "inference_profiles",
            Self::Hello => "hello",
        }
    }

    /// What is answered to whoever asks: the client has no credential here, and takes no for an answer.
    pub(super) fn open_to_all(&self) -> Option<&'static str> {
        match self {
            Self::Hello => Some("{}"),
            Self::InferenceProfiles(None) => Some(r#"{"inferenceProfileSummaries":[]}"#),
            _ => None,
        }
    }
}

impl Dialect {
    /// In records and metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Bedrock => "bedrock",
            Self::Vertex => "vertex",
        }
    }

    /// That of a path that is not understood, by how it begins.
    pub(super) fn guessed(path: &str) -> Self {
        let path = path.trim_start_matches('/');
        match () {
            () if path.starts_with("model/") || path.starts_with("bedrock") => Self::Bedrock,
            () if path.contains("projects/") || path.starts_with("vertex") => Self::Vertex,
            () => Self::Anthropic,
        }
    }
}

/// A request's line, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub dialect: Dialect,
    pub operation: Operation,
    /// The model, if the path says it. Otherwise the body does.
    pub model: Option<String>,
}

/// Why a request's line is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unrouted {
    NotFound,
    /// The path is right, and takes this method.
    Method(&'static str),
    /// The name of a model that no model can have.
    Model,
}

impl Route {
    /// Reads the method and the path, as they are on the wire, without the query.
    pub(super) fn of(method: &Method, path: &str) -> Result<Self, Unrouted> {
        let all: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (route, wanted) = Self::of_parts(named(&all))?;
        // Whoever may read a list may ask for its head.
        let fits = method == wanted || (wanted == "GET" && method == Method::HEAD);
        if fits { Ok(route) } else { Err(Unrouted::Method(wanted)) }
    }

    fn of_parts(parts: &[&str]) -> Result<(Self, &'static str), Unrouted> {
        use Dialect::{Anthropic, Bedrock, Vertex};
        let route = |dialect, operation, model| Self { dialect, operation, model };
        Ok(match parts {
            ["messages"] => (route(Anthropic, Operation::Message { streamed: None }, None), "POST"),
            ["messages", "count_tokens"] => {
                (route(Anthropic, Operation::CountTokens, None), "POST")
            }
            ["models"] => (route(Anthropic, Operation::Models(None), None), "GET"),
            ["models", id] => (route(Anthropic, Operation::Models(Some(model(id)?)), None), "GET"),
            ["api", "hello"] => (route(Anthropic, Operation::Hello, None), "GET"),
            ["model", id, verb] => {
                let operation = of_bedrock(verb).ok_or(Unrouted::NotFound)?;
                (route(Bedrock, operation, Some(model(id)?)), "POST")
            }
            ["inference-profiles"] => {
                (route(Bedrock, Operation::InferenceProfiles(None), None), "GET")
            }
            ["inference-profiles", id] => {
                (route(Bedrock, Operation::InferenceProfiles(Some(model(id)?)), None), "GET")
            }
            ["projects", _, "locations", _, "publishers", "anthropic", "models", last] => {
                let (id, verb) = last.rsplit_once(':').ok_or(Unrouted::NotFound)?;
                let streamed = match verb {
                    "rawPredict" => false,
                    "streamRawPredict" => true,
                    _ => return Err(Unrouted::NotFound),
                };
                if id == "count-tokens" {
                    (route(Vertex, Operation::CountTokens, None), "POST")
                } else {
                    let operation = Operation::Message { streamed: Some(streamed) };
                    (route(Vertex, operation, Some(model(id)?)), "POST")
                }
            }
            _ => return Err(Unrouted::NotFound),
        })
    }
}

/// The parts that name something: without a dialect's own prefix, and without versions of an API.
fn named<'a, 'b>(parts: &'b [&'a str]) -> &'b [&'a str] {
    let parts = match parts {
        ["anthropic" | "bedrock" | "vertex", rest @ ..] => rest,
        all => all,
    };
    match parts {
        ["v1", "v1", rest @ ..] | ["v1", rest @ ..] => rest,
        all => all,
    }
}

fn of_bedrock(verb: &str) -> Option<Operation> {
    Some(match verb {
        "invoke" => Operation::Message { streamed: Some(false) },
        "invoke-with-response-stream" => Operation::Message { streamed: Some(true) },
        "converse" => Operation::Converse { streamed: false },
        "converse-stream" => Operation::Converse { streamed: true },
        "count-tokens" => Operation::CountTokens,
        _ => return None,
    })
}

/// A model's name or ARN, decoded. Nothing that could mean another path when it is put into one.
fn model(encoded: &str) -> Result<String, Unrouted> {
    let text = percent_decode_str(encoded).decode_utf8().map_err(|_| Unrouted::Model)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:@".contains(c);
    let name = match text.split_once('/') {
        // The one slash of `arn:aws:bedrock:REGION:ACCOUNT:application-inference-profile/ID`.
        Some((arn, id)) if arn.starts_with("arn:") && arn.chars().all(plain) => id,
        Some(_) => return Err(Unrouted::Model),
        None => &text,
    };
    let right = !name.is_empty()
        && text.len() <= 512
        && name.chars().all(plain)
        && !text.contains("..")
        && name != ".";
    if right { Ok(text.into_owned()) } else { Err(Unrouted::Model) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Route, Unrouted> {
        let (method, path) = line.split_once(' ').unwrap();
        Route::of(&method.parse().unwrap(), path)
    }

    #[test]
    fn every_path_that_the_clients_send_is_understood() {
        use Dialect::{Anthropic, Bedrock, Vertex};
        let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123";
        let message = |streamed| Operation::Message { streamed };
        for (line, dialect, operation, model) in [
            ("POST /v1/messages", Anthropic, message(None), None),
            ("POST /messages/", Anthropic, message(None), None),
            ("POST /v1/v1/messages", Anthropic, message(None), None),
            ("POST /anthropic/v1/messages", Anthropic, message(None), None),
            ("POST /v1/messages/count_tokens", Anthropic, Operation::CountTokens, None),
            ("GET /v1/models", Anthropic, Operation::Models(None), None),
            ("HEAD /api/hello", Anthropic, Operation::Hello, None),
            (
                "POST /model/us.anthropic.claude-haiku-4-5-20251001-v1:0/invoke",
                Bedrock,
                message(Some(false)),
                Some("us.anthropic.claude-haiku-4-5-20251001-v1:0"),
            ),
            (
                "POST /bedrock//model/anthropic.claude-opus-4-6-v1%3A0/invoke-with-response-stream",
                Bedrock,
                message(Some(true)),
                Some("anthropic.claude-opus-4-6-v1:0"),
            ),
            (
                "POST /model/arn:aws:bedrock:us-east-1:123456789012:application-inference-profile%2Fabc123/converse",
                Bedrock,
                Operation::Converse { streamed: false },
                Some(arn),
            ),
            ("POST /model/x/count-tokens", Bedrock, Operation::CountTokens, Some("x")),
            ("GET //inference-profiles", Bedrock, Operation::InferenceProfiles(None), None),
            (
                "POST /projects/p/locations/us-east5/publishers/anthropic/models/claude-haiku-4-5@20251001:rawPredict",
                Vertex,
                message(Some(false)),
                Some("claude-haiku-4-5@20251001"),
            ),
            (
                "POST /v1/projects/p/locations/global/publishers/anthropic/models/claude-opus-5-5:streamRawPredict",
                Vertex,
                message(Some(true)),
                Some("claude-opus-5-5"),
            ),
            (
                "POST /vertex/v1/projects/p/locations/eu/publishers/anthropic/models/count-tokens:rawPredict",
                Vertex,
                Operation::CountTokens,
                None,
            ),
        ] {
            let model = model.map(ToOwned::to_owned);
            assert_eq!(of(line), Ok(Route { dialect, operation, model }), "{line}");
        }
    }

    #[test]
    fn a_model_that_would_lead_elsewhere_is_refused() {
        for id in [
            "..%2F..%2Fother",
            "a%2Fb",
            "a%3Fb",
            "a%23b",
            "%2e%2e",
            "a%00",
            "a%20b",
            "%ff",
            ".",
            "arn:aws:bedrock:x%2F..%2Fy",
            "arn:aws:bedrock:r:1:application-inference-profile%2Fa%2Fb",
            "arn:aws:bedrock:r:1:application-inference-profile%2F",
        ] {
            assert_eq!(of(&format!("POST /model/{id}/invoke")), Err(Unrouted::Model), "{id}");
        }
        let long = "a".repeat(513);
        assert_eq!(of(&format!("POST /model/{long}/invoke")), Err(Unrouted::Model));
    }

    #[test]
    fn what_is_not_there_and_what_is_asked_wrongly_are_told_apart() {
        assert_eq!(of("GET /v1/messages"), Err(Unrouted::Method("POST")));
        assert_eq!(of("POST /v1/models"), Err(Unrouted::Method("GET")));
        for line in [
            "POST /",
            "POST /v1/complete",
            "POST /model/x/apply",
            "GET /metrics",
            "POST /projects/p/locations/l/publishers/google/models/g:rawPredict",
        ] {
            assert_eq!(of(line), Err(Unrouted::NotFound), "{line}");
        }
    }
}
