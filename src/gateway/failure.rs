//! Why a request gets no answer, and what the client is told: the one place where a failure becomes a
//! status and a body.
//!
//! The client decides by status, type and `x-should-retry` whether it tries again and whether it shows
//! the words (facts 7.5). So each failure has the form in which it does what is meant. The body is read
//! by three kinds of clients: it has what each of them looks for.

use std::fmt;

use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::{
    caller::Stranger,
    envelope::Malformed,
    route::{Dialect, Unrouted},
};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Unrouted(Unrouted),
    Stranger(Stranger),
    Malformed(Malformed),
    /// The body says nothing of what it must.
    Lacks(&'static str),
    /// The body is longer than this, in bytes.
    TooLong(u64),
    /// The body did not come.
    Slow,
    /// A rule forbids it: the words are for the person who asked.
    Forbidden(String),
    /// What is asked is not offered by what there is to ask.
    Unsupported(String),
    /// More is asked at once than can be held.
    Busy,
    /// No upstream could be reached, or all of them rest: when to try again, in seconds.
    Unreachable {
        why: String,
        retry_after: u64,
    },
    /// It is being stopped.
    Stopping,
}

impl Failure {
    /// The status and the type of the error.
    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unrouted(Unrouted::NotFound) => (StatusCode::NOT_FOUND, "not_found_error"),
            Self::Unrouted(Unrouted::Method(_)) => {
                (StatusCode::METHOD_NOT_ALLOWED, "invalid_request_error")
            }
            Self::Unrouted(Unrouted::Model) | Self::Malformed(_) | Self::Lacks(_) => {
                (StatusCode::BAD_REQUEST, "invalid_request_error")
            }
            Self::Stranger(Stranger::Nobody | Stranger::Signed | Stranger::Refused(_)) => {
                (StatusCode::UNAUTHORIZED, "authentication_error")
            }
            Self::Stranger(Stranger::Unknown(_)) | Self::Unreachable { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "api_error")
            }
            Self::TooLong(_) => (StatusCode::PAYLOAD_TOO_LARGE, "request_too_large"),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, "invalid_request_error"),
            // The one kind of 400 that the client shows at once, and does not try to get around.
            Self::Forbidden(_) => (StatusCode::BAD_REQUEST, "policy_blocked"),
            Self::Unsupported(_) => (StatusCode::NOT_IMPLEMENTED, "not_supported"),
            Self::Busy | Self::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "overloaded_error"),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unrouted(Unrouted::NotFound) => "there is nothing at this path".into(),
            Self::Unrouted(Unrouted::Method(wanted)) => format!("this path takes {wanted}"),
            Self::Unrouted(Unrouted::Model) => "this is no name of a model".into(),
            Self::Stranger(stranger) => stranger.to_string(),
            Self::Malformed(malformed) => malformed.to_string(),
            Self::Lacks(name) => format!("the body has no `{name}`"),
            Self::TooLong(most) => {
                format!("the body is longer than the {} MiB that are allowed here", most >> 20)
            }
            Self::Slow => "the request did not come in time".into(),
            Self::Forbidden(why) | Self::Unsupported(why) | Self::Unreachable { why, .. } => {
                why.clone()
            }
            Self::Busy => "there are too many requests at once".into(),
            Self::Stopping => "this gateway is being stopped; another one may be there".into(),
        }
    }

    /// Whether the same request may succeed a little later. 401 is tried again for minutes unless it
    /// is said, and 400 with parts left out.
    fn may_pass_later(&self) -> bool {
        let (status, _) = self.kind();
        status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
    }

    /// What the client is told.
    pub(super) fn response(&self, dialect: Dialect, request: &str) -> Response<String> {
        let (status, kind) = self.kind();
        let body = body(dialect, status, kind, &self.message(), request);
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let retry = if self.may_pass_later() { "true" } else { "false" };
        headers.insert("x-should-retry", HeaderValue::from_static(retry));
        match self {
            Self::Unreachable { retry_after, .. } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*retry_after));
            }
            Self::Busy | Self::Stopping => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(1_u64));
            }
            Self::Unrouted(Unrouted::Method(wanted)) => {
                headers.insert(header::ALLOW, HeaderValue::from_static(wanted));
            }
            // What was begun cannot be taken up again behind a body that was not read.
            Self::TooLong(_) | Self::Slow => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        if dialect == Dialect::Bedrock {
            headers.insert("x-amzn-errortype", HeaderValue::from_static(exception(status)));
        }
        response
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

/// An error's body: Anthropic's envelope, in which the other clouds' readers find theirs.
pub(super) fn body(
    dialect: Dialect,
    status: StatusCode,
    kind: &str,
    message: &str,
    request: &str,
) -> String {
    let mut error = json!({ "type": kind, "message": message });
    let mut all = json!({ "type": "error", "request_id": request });
    let object = |value: &mut Value, key: &str, new: Value| {
        if let Some(object) = value.as_object_mut() {
            object.insert(key.to_owned(), new);
        }
    };
    match dialect {
        Dialect::Anthropic => {}
        Dialect::Bedrock => object(&mut all, "message", message.into()),
        Dialect::Vertex => {
            object(&mut error, "code", status.as_u16().into());
            object(&mut error, "status", google(status).into());
        }
    }
    object(&mut all, "error", error);
    all.to_string()
}

/// What Bedrock calls a status.
pub(super) fn exception(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        429 => "ThrottlingException",
        408 => "ModelTimeoutException",
        424 => "ModelErrorException",
        503 | 529 => "ServiceUnavailableException",
        400..=499 => "ValidationException",
        _ => "InternalServerException",
    }
}

/// What Google calls a status.
fn google(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        408 => "DEADLINE_EXCEEDED",
        429 => "RESOURCE_EXHAUSTED",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        400..=499 => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(failure: &Failure, dialect: Dialect) -> (u16, Value, Option<String>) {
        let response = failure.response(dialect, "req_1");
        let retry = response.headers().get("x-should-retry");
        let retry = retry.map(|retry| retry.to_str().unwrap().to_owned());
        (response.status().as_u16(), serde_json::from_str(response.body()).unwrap(), retry)
    }

    #[test]
    fn what_a_rule_forbids_is_shown_and_not_tried_again() {
        let (status, body, retry) = told(&Failure::Forbidden("no".into()), Dialect::Anthropic);
        assert_eq!((status, retry.as_deref()), (400, Some("false")));
        let error = json!({"type": "policy_blocked", "message": "no"});
        assert_eq!(body, json!({"type": "error", "request_id": "req_1", "error": error}));
    }

    #[test]
    fn each_client_finds_the_words_where_it_looks() {
        let failure = Failure::Stranger(Stranger::Nobody);
        let (status, body, retry) = told(&failure, Dialect::Bedrock);
        assert_eq!((status, retry.as_deref()), (401, Some("false")));
        assert_eq!(body["message"], body["error"]["message"]);
        let kind = failure.response(Dialect::Bedrock, "").headers()["x-amzn-errortype"].clone();
        assert_eq!(kind, "AccessDeniedException");
        let (_, body, _) = told(&failure, Dialect::Vertex);
        assert_eq!(
            (&body["error"]["code"], &body["error"]["status"]),
            (&json!(401), &json!("UNAUTHENTICATED"))
        );
    }

    #[test]
    fn what_may_pass_is_tried_again_after_a_time() {
        let failure = Failure::Unreachable { why: "gone".into(), retry_after: 7 };
        let response = failure.response(Dialect::Anthropic, "");
        assert_eq!(response.headers()["retry-after"], "7");
        assert_eq!(response.headers()["x-should-retry"], "true");
        assert_eq!(response.status(), 503);
        let (status, _, retry) = told(&Failure::Unsupported("no count".into()), Dialect::Anthropic);
        assert_eq!((status, retry.as_deref()), (501, Some("false")));
    }
}
