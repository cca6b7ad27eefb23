//! Turns what AWS says into what we say. Reads AWS's codes, never its prose.

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId as _;

use crate::{
    error::{Error, Kind, Result},
    proxy::Unanswered,
};

/// The answer of one call.
pub(super) type Answer<T, E> = std::result::Result<T, SdkError<E, HttpResponse>>;

const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "UnauthorizedOperation",
    "ExplicitDeny",
];
const NOT_SIGNED_IN: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "AuthFailure",
];
const EXISTS: &[&str] = &[
    "EntityAlreadyExists",
    "ResourceAlreadyExistsException",
    "AlreadyExistsException",
    "BucketAlreadyOwnedByYou",
    "DuplicateRecordException",
];
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
];

/// Another change of the same object is under way: to be asked again in a moment.
pub(super) const BUSY: &[&str] =
    &["ConcurrentModification", "OperationAborted", "OperationAbortedException"];

/// What to do with an answer. `action` is the call as IAM names it: `iam:CreateRole`.
pub(super) trait AwsResult<T> {
    /// Any refusal is an error.
    fn calling(self, action: &str) -> Result<T>;
    /// `None` where the refusal has one of `codes`, which say that there is no such thing.
    fn absent_if(self, codes: &[&str], action: &str) -> Result<Option<T>>;
    fn has_code(&self, codes: &[&str]) -> bool;
}

impl<T, E> AwsResult<T> for Answer<T, E>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn calling(self, action: &str) -> Result<T> {
        self.map_err(|error| convert(&error, action))
    }

    fn absent_if(self, codes: &[&str], action: &str) -> Result<Option<T>> {
        if self.has_code(codes) { Ok(None) } else { self.calling(action).map(Some) }
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        self.as_ref().is_err_and(|error| code_is(error, codes))
    }
}

pub(super) fn code_is<E: ProvideErrorMetadata>(
    error: &SdkError<E, HttpResponse>,
    codes: &[&str],
) -> bool {
    error.code().is_some_and(|code| codes.contains(&code))
}

/// Whether the call surely had no effect and may be repeated: the service was too busy.
pub(super) fn throttled<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    code_is(error, THROTTLED)
}

/// Whether the call may have had its effect all the same: no answer, or a failure inside the
/// service.
pub(super) fn ambiguous<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::ServiceError(refusal) => {
            refusal.raw().status().is_server_error() && !throttled(error)
        }
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    }
}

/// Why a call came to nothing before the service judged it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    Credentials,
    Network,
}

/// `None` if the service has answered.
pub(super) fn obstacle<E>(error: &SdkError<E, HttpResponse>) -> Option<Obstacle>
where
    E: std::error::Error + 'static,
{
    if Unanswered::behind(error).is_some() {
        // Fetching credentials may take calls too.
        return Some(Obstacle::Network);
    }
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if cause.is::<CredentialsError>() {
            return Some(Obstacle::Credentials);
        }
        next = cause.source();
    }
    matches!(error, SdkError::DispatchFailure(_) | SdkError::TimeoutError(_))
        .then_some(Obstacle::Network)
}

fn convert<E>(error: &SdkError<E, HttpResponse>, action: &str) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let code = error.code().unwrap_or_default();
    let kind = match code {
        _ if DENIED.contains(&code) || NOT_SIGNED_IN.contains(&code) => Kind::Denied,
        _ if EXISTS.contains(&code) => Kind::Exists,
        _ => Kind::Cloud,
    };
    let said = Error::new(kind, format!("{action}: {}", words(error)));
    let hints = Unanswered::behind(error).map(Unanswered::hints).unwrap_or_default();
    let said = hints.iter().fold(said, Error::hint);
    match code {
        _ if DENIED.contains(&code) => said.hint(format!(
            "allow what is named above, at least `{action}`, to the identity that runs this, \
             or choose another with --profile"
        )),
        _ if NOT_SIGNED_IN.contains(&code) => said
            .hint("sign in anew, for example: aws sso login --profile NAME")
            .hint("or see whether the account has this region switched on"),
        _ if THROTTLED.contains(&code) => said.hint("running again is safe and goes on from here"),
        _ => said,
    }
}

fn words<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if let Some(why) = Unanswered::behind(error) {
        return format!("no answer: {why}");
    }
    let words = match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => match error {
            SdkError::ServiceError(refusal) => {
                let status = refusal.raw().status().as_u16();
                format!("an answer ({status}) that cannot be read: {}", chain(error))
            }
            SdkError::TimeoutError(_) => "no answer in time".to_owned(),
            SdkError::ResponseError(_) => {
                format!("an answer that cannot be read: {}", chain(error))
            }
            SdkError::DispatchFailure(_) => format!("no answer: {}", chain(error)),
            _ => chain(error),
        },
    };
    match error.request_id() {
        Some(id) => format!("{words} (request {id})"),
        None => words,
    }
}

/// The innermost two messages: the outer ones only say that something failed.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut all = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if all.last() != Some(&text) {
            all.push(text);
        }
        next = cause.source();
    }
    let from = all.len().saturating_sub(2);
    all.split_off(from).join(": ")
}
