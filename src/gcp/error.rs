//! What Google's answers mean: one failure type, read from every shape that its APIs have.
//!
//! Code, status and reason decide, never the text. The one exception is named where it is made.

use std::{fmt, time::Duration};

use serde_json::Value;

use crate::{
    error::{Error, Kind, Result},
    proxy::{End, Unanswered},
};

/// Why a call came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// The API has judged it.
    Refused(Refusal),
    /// No answer, or one that cannot be read.
    NoAnswer { call: &'static str, why: String, end: End, hints: Vec<String> },
    /// There was nothing to sign the call with.
    NotSignedIn(Error),
}

/// An answer that says no.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// The method, as Google's documents name it: `iam.projects.serviceAccounts.create`.
    pub call: &'static str,
    /// Of HTTP.
    pub code: u16,
    /// The canonical code, such as `ALREADY_EXISTS`; of older APIs their own, such as `notFound`.
    pub status: String,
    /// Why in particular, such as `SERVICE_DISABLED`; often empty.
    pub reason: String,
    /// What the reason is about, by key.
    pub metadata: serde_json::Map<String, Value>,
    pub message: String,
    /// Whether it speaks of a project that is not ours.
    pub elsewhere: bool,
    /// How long to wait, if the service has said so.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// Reads the body of an answer, which may be of any shape, HTML too.
    pub(super) fn read(call: &'static str, code: u16, body: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = json.get("error").cloned().unwrap_or_default();
        let text = |value: &Value, key: &str| {
            value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let details = error.get("details").and_then(Value::as_array).cloned().unwrap_or_default();
        let info = details.iter().find(|detail| detail.get("reason").is_some());
        let legacy = error.pointer("/errors/0").cloned().unwrap_or_default();
        let legacy_reason = text(&legacy, "reason");
        let mut status = text(&error, "status");
        if status.is_empty() {
            // The token endpoints say it in one word.
            status = error.as_str().map_or(legacy_reason, ToOwned::to_owned);
        }
        let mut message = text(&error, "message");
        if message.is_empty() {
            message = text(&json, "error_description");
        }
        let metadata = info.and_then(|info| info.get("metadata")).and_then(Value::as_object);
        Self {
            call,
            code,
            status,
            reason: info.map(|info| text(info, "reason")).unwrap_or_default(),
            metadata: metadata.cloned().unwrap_or_default(),
            message,
            elsewhere: false,
            retry_after: None,
        }
    }

    /// An operation that ended badly is told of with HTTP 200 and a code of its own.
    pub(super) fn of_operation(call: &'static str, error: &Value) -> Self {
        let body = serde_json::json!({ "error": error }).to_string();
        let code = error.get("code").and_then(Value::as_u64).unwrap_or_default();
        let mut refusal = Self::read(call, http_code(code), body.as_bytes());
        if refusal.status.is_empty() {
            canonical(code).clone_into(&mut refusal.status);
        }
        refusal
    }

    /// Whether the API is not switched on in our project. In another one, such as that which pays for
    /// the credentials, it would say nothing of what is there.
    pub(super) fn is_disabled(&self) -> bool {
        self.says_disabled() && !self.elsewhere
    }

    fn says_disabled(&self) -> bool {
        let off = |word: &str| matches!(word, "SERVICE_DISABLED" | "accessNotConfigured");
        self.code == 403 && (off(&self.reason) || off(&self.status))
    }

    /// Whether another change was under way.
    pub(super) fn is_aborted(&self) -> bool {
        self.code == 409 && self.status == "ABORTED"
    }

    /// The project that was to have the API, such as `projects/123`.
    pub(super) fn consumer(&self) -> Option<&str> {
        self.metadata.get("consumer").and_then(Value::as_str)
    }

    fn kind(&self) -> Kind {
        match (self.code, self.status.as_str()) {
            _ if self.is_disabled() => Kind::NotYet,
            (401 | 403, _) => Kind::Denied,
            (409, "ABORTED") => Kind::Cloud,
            (409, _) => Kind::Exists,
            _ => Kind::Cloud,
        }
    }
}

/// The HTTP code of one of gRPC's.
fn http_code(code: u64) -> u16 {
    match code {
        3 | 9 | 11 => 400,
        5 => 404,
        6 | 10 => 409,
        7 => 403,
        8 => 429,
        16 => 401,
        14 => 503,
        4 => 504,
        400..=599 => u16::try_from(code).unwrap_or(500),
        _ => 500,
    }
}

fn canonical(code: u64) -> &'static str {
    match code {
        3 => "INVALID_ARGUMENT",
        5 => "NOT_FOUND",
        6 => "ALREADY_EXISTS",
        7 => "PERMISSION_DENIED",
        8 => "RESOURCE_EXHAUSTED",
        9 => "FAILED_PRECONDITION",
        10 => "ABORTED",
        14 => "UNAVAILABLE",
        16 => "UNAUTHENTICATED",
        _ => "INTERNAL",
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, code, status, reason, message, .. } = self;
        write!(f, "{call}: {code}")?;
        for word in [status, reason].into_iter().filter(|word| !word.is_empty()) {
            write!(f, " {word}")?;
        }
        if message.is_empty() { Ok(()) } else { write!(f, ": {message}") }
    }
}

impl Failure {
    pub(super) fn unanswered(call: &'static str, why: &Unanswered) -> Self {
        let (end, hints) = (why.end(), why.hints().to_vec());
        Self::NoAnswer { call, why: why.to_string(), end, hints }
    }

    /// An answer that is none of this API's.
    pub(super) fn unread(call: &'static str, why: String) -> Self {
        Self::NoAnswer { call, why, end: End::Broken, hints: Vec::new() }
    }

    pub(super) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    pub(super) fn code_is(&self, codes: &[u16]) -> bool {
        self.refusal().is_some_and(|refusal| codes.contains(&refusal.code))
    }

    /// Whether the call may have had its effect all the same.
    pub(super) fn ambiguous(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(refusal.code, 500 | 502 | 503 | 504),
            Self::NoAnswer { end, .. } => matches!(end, End::Late | End::Broken),
            Self::NotSignedIn(_) => false,
        }
    }
}

/// What to do with an answer.
pub(super) trait Answered<T> {
    /// Any refusal is an error.
    fn done(self) -> Result<T>;
    /// `None` where the refusal says that there is no such thing: 404.
    fn absent(self) -> Result<Option<T>>;
}

impl<T> Answered<T> for std::result::Result<T, Failure> {
    fn done(self) -> Result<T> {
        self.map_err(Failure::into_error)
    }

    fn absent(self) -> Result<Option<T>> {
        match self {
            Err(failure) if failure.code_is(&[404]) => Ok(None),
            other => other.done().map(Some),
        }
    }
}

impl Failure {
    // No `From`: with a second one into the error, types elsewhere cannot be inferred any more.
    pub(super) fn into_error(self) -> Error {
        let refusal = match self {
            Self::NotSignedIn(error) => return error,
            Self::NoAnswer { call, why, hints, .. } => {
                let error = Error::new(Kind::Cloud, format!("{call}: no answer: {why}"));
                return hints.into_iter().fold(error, Error::hint);
            }
            Self::Refused(refusal) => refusal,
        };
        let said = Error::new(refusal.kind(), refusal.to_string());
        let metadata = |key: &str| refusal.metadata.get(key).and_then(Value::as_str);
        match (refusal.code, refusal.reason.as_str()) {
            (401, _) => said.hint("sign in anew: gcloud auth application-default login"),
            _ if refusal.is_disabled() => {
                let service = metadata("service").unwrap_or("SERVICE");
                said.hint(format!(
                    "it is switched on by provisioning, or: gcloud services enable {service}"
                ))
            }
            _ if refusal.says_disabled() => {
                let service = metadata("service").unwrap_or("SERVICE");
                let project = refusal.consumer().unwrap_or("projects/PROJECT");
                let project = project.trim_start_matches("projects/");
                said.hint(format!(
                    "the credentials are of another project, and it is off there: gcloud services \
                     enable {service} --project {project}"
                ))
                .hint("or let our project pay: GOOGLE_CLOUD_QUOTA_PROJECT")
            }
            (403, "USER_PROJECT_DENIED") => said.hint(
                "the project that pays for the calls needs roles/serviceusage.serviceUsageConsumer",
            ),
            (403, "SECURITY_POLICY_VIOLATED") => said
                .hint("a VPC Service Controls perimeter refuses this: its owner has to let it in"),
            (403, _) => {
                let what = metadata("permission").unwrap_or("what is named above");
                said.hint(format!(
                    "allow `{what}` to the identity that runs this; all that it takes, as a role: \
                     groundwork provision gcp --print-policy"
                ))
            }
            (429, _) => said.hint("running again is safe and goes on from here"),
            _ => said,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_error_is_read() {
        let modern = br#"{"error": {"code": 403, "message": "no", "status": "PERMISSION_DENIED",
            "details": [{"@type": "x", "reason": "IAM_PERMISSION_DENIED",
            "metadata": {"permission": "iam.roles.get"}}]}}"#;
        let refusal = Refusal::read("iam.projects.roles.get", 403, modern);
        assert_eq!(
            refusal.to_string(),
            "iam.projects.roles.get: 403 PERMISSION_DENIED IAM_PERMISSION_DENIED: no"
        );
        let error = Failure::Refused(refusal).into_error();
        assert!(error.hints().concat().contains("`iam.roles.get`"));
        let older =
            br#"{"error": {"code": 409, "message": "there", "errors": [{"reason": "conflict"}]}}"#;
        let refusal = Refusal::read("storage.buckets.insert", 409, older);
        assert_eq!((refusal.status.as_str(), refusal.kind()), ("conflict", Kind::Exists));
        let token = br#"{"error": "invalid_grant", "error_description": "expired"}"#;
        assert_eq!(Refusal::read("t", 400, token).to_string(), "t: 400 invalid_grant: expired");
        let page = Refusal::read("t", 411, b"<html>Length Required</html>");
        assert_eq!(page.to_string(), "t: 411");
    }

    #[test]
    fn an_api_that_is_off_is_nothing_yet_and_never_a_refusal() {
        let body = br#"{"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "off",
            "details": [{"reason": "SERVICE_DISABLED"}]}}"#;
        assert_eq!(Refusal::read("t", 403, body).kind(), Kind::NotYet);
    }

    #[test]
    fn a_stale_etag_is_not_somebody_elses_object() {
        let body = br#"{"error": {"code": 409, "status": "ABORTED", "message": "changed"}}"#;
        assert_eq!(Refusal::read("t", 409, body).kind(), Kind::Cloud);
    }
}
