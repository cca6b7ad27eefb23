//! A request on its way to one target, and what is learned from how that ends.
//!
//! The next target is tried only as long as nothing of an answer has gone to the client. Nor is a
//! target asked again, but for a request whose betas it does not know.

use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::timeout;

use super::{
    begin,
    beta::Selection,
    clock,
    model::Target,
    refusal::Refusal,
    relay::Form,
    target::RestTerms,
    upstream::{Ready, Unsent},
};

/// An answer of an upstream.
pub(super) enum Answer {
    /// Events, the first of which has come.
    Stream { form: Form, events: Events },
    /// A whole one.
    Whole(Bytes),
    /// It does not want to: the client is told.
    Refused(Refused),
}

/// How an upstream says that it does not want to.
pub(super) struct Refused {
    pub status: StatusCode,
    pub refusal: Refusal,
    pub body: Bytes,
    /// Those of its headers by which a client knows what to do.
    pub said: HeaderMap,
}

/// Pieces of a stream as they come.
pub(super) type Events =
    std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, reqwest::Error>> + Send>>;

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

/// What is asked of one target, and on which terms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Errand<'a> {
    pub target: &'a Target,
    pub terms: Terms,
    pub streamed: bool,
    /// Whether only tokens are counted.
    pub counted: bool,
}

/// So often a request goes to the same target again, with fewer betas.
const AGAIN: u32 = 2;

impl Errand<'_> {
    /// Asks. `ready` makes the request, each time anew.
    pub(super) async fn run(&self, ready: &(dyn Fn(&Selection<'_>) -> Ready + Sync)) -> Got {
        let health = &self.target.experience.health;
        let (left_out, learned) = self.target.betas(self.counted);
        let mut selection = Selection::new(left_out, learned);
        let mut again = AGAIN;
        health.try_it();
        loop {
            let request = ready(&selection);
            let sent = request.betas.clone();
            match self.send(request).await {
                Ok(Answer::Refused(refused)) => {
                    let may = again > 0 && refused.status == StatusCode::BAD_REQUEST;
                    if !may || !learned.refused(&refused.refusal, &sent) {
                        return self.judged(refused);
                    }
                    again -= 1;
                    selection = Selection::careful(left_out, learned);
                }
                Ok(answer) => {
                    learned.accepted(&sent);
                    health.worked();
                    return Got::Answer(answer);
                }
                Err(why) => {
                    health.failed(self.terms.rest, None);
                    return Got::Failed { why, answer: None };
                }
            }
        }
    }

    async fn send(&self, request: Ready) -> Result<Answer, String> {
        let silence = self.terms.silence;
        let answer = timeout(silence, self.target.upstream.send(request)).await;
        let answer = answer.map_err(|_| "it has not answered in time".to_owned())?;
        let unsent = |unsent| match unsent {
            Unsent::Connection(why) | Unsent::Credential(why) => why,
        };
        let response = answer.map_err(unsent)?;
        begin::begun(response, self.streamed, silence).await
    }

    /// Whose matter a refusal is: the target's, which is not well; ours, and another target may be set
    /// up better; or the client's, who asked for what cannot be.
    fn judged(&self, refused: Refused) -> Got {
        let health = &self.target.experience.health;
        let status = refused.status.as_u16();
        let why = format!("{status}: {}", refused.refusal.message);
        match status {
            429 | 500..=599 => {
                let asked = refused.said.get(header::RETRY_AFTER).and_then(asked_for);
                health.failed(self.terms.rest, asked);
            }
            401..=404 | 408 | 424 => health.worked(),
            _ => {
                health.worked();
                return Got::Answer(Answer::Refused(refused));
            }
        }
        Got::Failed { why, answer: Some(Answer::Refused(refused)) }
    }
}

/// How long a target wants to be left alone: so many seconds, or until then.
fn asked_for(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = httpdate::parse_http_date(text).ok()?;
    Some(then.duration_since(clock::now()).unwrap_or_default())
}
