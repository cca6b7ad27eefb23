//! A request on its way to one target after the other, until one answers.
//!
//! The next one is tried only as long as nothing of an answer has gone to the client. So a streamed
//! answer counts only once its first piece has come, and that piece is no refusal.

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::timeout;

use super::{
    frame,
    model::Target,
    refusal::Refusal,
    relay::Form,
    target::RestTerms,
    upstream::{Ready, Unsent, Upstream},
};

/// An answer of an upstream.
pub(super) enum Answer {
    /// Events, the first piece of which has come.
    Stream { form: Form, events: Events },
    /// A whole one.
    Whole(Bytes),
    /// It does not want to: the client is told.
    Refused { status: StatusCode, refusal: Refusal, body: Bytes, retry_after: Option<HeaderValue> },
}

/// Pieces of a stream as they come.
pub(super) type Events =
    std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, reqwest::Error>> + Send>>;

/// The longest body of a refusal that is read.
const LONGEST_REFUSAL: usize = 1 << 20;
/// The longest whole answer: the longest text that a model can give, several times over.
const LONGEST_ANSWER: usize = 64 << 20;

/// What was got from one target.
pub(super) enum Got {
    Answer(Answer),
    /// Another one may do better. What this one said, if it said anything.
    Failed {
        why: String,
        answer: Option<Answer>,
    },
}

/// How long, and how often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// How long an upstream may take to begin.
    pub silence: Duration,
    pub rest: RestTerms,
}

/// Asks one target. `ready` makes the request anew, for who asks a second time without a beta.
pub(super) async fn ask(
    target: &Target,
    terms: Terms,
    streamed: bool,
    ready: &(dyn Fn(&Upstream) -> Ready + Sync),
) -> Got {
    target.health.try_it();
    let mut again = true;
    loop {
        let upstream = &target.upstream;
        let answer = timeout(terms.silence, upstream.send(ready(upstream))).await;
        let response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(Unsent::Connection(why) | Unsent::Credential(why))) => {
                return failed(target, terms, why, None, None);
            }
            Err(_) => {
                let why = "it has not answered in time".to_owned();
                return failed(target, terms, why, None, None);
            }
        };
        let status = response.status();
        if status.is_success() {
            return begun(target, terms, streamed, response).await;
        }
        let retry_after = response.headers().get(header::RETRY_AFTER).cloned();
        let body = whole(response, LONGEST_REFUSAL).await.unwrap_or_default();
        let refusal = Refusal::read(status, &body);
        if again && status == StatusCode::BAD_REQUEST && learned(upstream, &refusal) {
            again = false;
            continue;
        }
        let why = format!("{}: {}", status.as_u16(), refusal.message);
        let asked = retry_after.as_ref().and_then(seconds);
        let answer = Answer::Refused { status, refusal, body, retry_after };
        return match kind(status) {
            Kind::Unwell => failed(target, terms, why, asked, Some(answer)),
            // It works; only it is not for us, or has not this model.
            Kind::Elsewhere => {
                target.health.worked();
                Got::Failed { why, answer: Some(answer) }
            }
            Kind::Clients => {
                target.health.worked();
                Got::Answer(answer)
            }
        };
    }
}

/// Whose matter a refusal is.
enum Kind {
    /// The upstream's: it is overloaded or broken.
    Unwell,
    /// Ours: another target may be set up better.
    Elsewhere,
    /// The client's, who asked for what cannot be.
    Clients,
}

fn kind(status: StatusCode) -> Kind {
    match status.as_u16() {
        429 | 500..=599 => Kind::Unwell,
        401 | 403 | 404 => Kind::Elsewhere,
        _ => Kind::Clients,
    }
}

fn failed(
    target: &Target,
    terms: Terms,
    why: String,
    asked: Option<Duration>,
    answer: Option<Answer>,
) -> Got {
    target.health.failed(terms.rest, asked);
    Got::Failed { why, answer }
}

/// Whether a refusal is about a beta that can be left out next time.
fn learned(upstream: &Upstream, refusal: &Refusal) -> bool {
    refusal.unknown_beta().is_some_and(|beta| upstream.learn(&beta))
}

async fn begun(target: &Target, terms: Terms, streamed: bool, response: reqwest::Response) -> Got {
    if !streamed {
        return match timeout(terms.silence, whole(response, LONGEST_ANSWER)).await {
            Ok(Ok(bytes)) => {
                target.health.worked();
                Got::Answer(Answer::Whole(bytes))
            }
            Ok(Err(why)) => failed(target, terms, why, None, None),
            Err(_) => failed(target, terms, "its answer did not come in time".into(), None, None),
        };
    }
    let form = form(response.headers());
    let mut pieces = response.bytes_stream();
    let first = match timeout(terms.silence, pieces.next()).await {
        Ok(Some(Ok(first))) => first,
        Ok(Some(Err(_))) => {
            return failed(target, terms, "the connection was cut".into(), None, None);
        }
        Ok(None) => return failed(target, terms, "its answer is empty".into(), None, None),
        Err(_) => return failed(target, terms, "its answer did not begin".into(), None, None),
    };
    if form == Form::Frames
        && let Some(why) = exception(&first)
    {
        return failed(target, terms, why, None, None);
    }
    target.health.worked();
    let events = Box::pin(stream::iter([Ok(first)]).chain(pieces));
    Got::Answer(Answer::Stream { form, events })
}

fn form(headers: &HeaderMap) -> Form {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with(frame::CONTENT_TYPE)) {
        Form::Frames
    } else {
        Form::Sse
    }
}

/// What a stream that begins with an exception says: it is none.
fn exception(first: &[u8]) -> Option<String> {
    let mut reader = frame::Reader::default();
    reader.push(first);
    match reader.next() {
        Ok(Some(frame::Frame::Exception { kind, message })) => Some(format!("{kind}: {message}")),
        _ => None,
    }
}

fn seconds(value: &HeaderValue) -> Option<Duration> {
    value.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

async fn whole(mut response: reqwest::Response, most: usize) -> Result<Bytes, String> {
    let mut all = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(piece)) => all.extend_from_slice(&piece),
            Ok(None) => return Ok(all.into()),
            Err(_) => return Err("its answer was cut".into()),
        }
        if all.len() > most {
            return Err("its answer is longer than any".into());
        }
    }
}
