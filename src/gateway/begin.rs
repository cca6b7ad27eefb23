//! How an upstream's answer begins: whether it is an answer at all.
//!
//! As long as nothing has gone to the client, another upstream may be asked. So a stream counts only
//! once its first event has come, and that is no refusal; and what is no answer of a model's service,
//! such as a page of something in between, is never sent on as one.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{HeaderMap, header};
use tokio::time::timeout;

use super::{
    attempt::{Answer, Refused},
    frame,
    refusal::{Refusal, status_of},
    relay::Form,
    sse,
};

/// The longest body of a refusal that is read.
const LONGEST_REFUSAL: usize = 1 << 20;
/// The longest whole answer: the longest text that a model can give, several times over.
const LONGEST_ANSWER: usize = 64 << 20;
/// So much of a stream is waited for until its first event is whole.
const LONGEST_BEGINNING: usize = 64 << 10;

/// Headers by which a client knows whether and when to try again, and what it is about.
const SAID: [&str; 4] = ["retry-after", "retry-after-ms", "x-amzn-errortype", "x-should-retry"];

/// Reads an answer so far that it is known for one. `Err`: why it is none.
pub(super) async fn begun(
    response: reqwest::Response,
    streamed: bool,
    silence: Duration,
) -> Result<Answer, String> {
    let status = response.status();
    if !status.is_success() {
        if !status.is_client_error() && !status.is_server_error() {
            return Err(format!("it answered {}, which is not followed", status.as_u16()));
        }
        let said = said(response.headers());
        let body = timeout(silence, whole(response, LONGEST_REFUSAL)).await;
        let body = body.ok().and_then(Result::ok).unwrap_or_default();
        let refusal = Refusal::read(status, &body);
        return Ok(Answer::Refused(Refused { status, refusal, body, said }));
    }
    let encoding = response.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| encoding != "identity") {
        return Err("its answer is compressed, which was not asked for".into());
    }
    let form = form(response.headers(), streamed)?;
    if let Some(form) = form {
        return stream(form, response, silence).await;
    }
    let late = |_| "its answer did not come in time".to_owned();
    match timeout(silence, whole(response, LONGEST_ANSWER)).await.map_err(late)? {
        Ok(bytes) if bytes.is_empty() => Err("its answer is empty".into()),
        Ok(bytes) => Ok(Answer::Whole(bytes)),
        Err(why) => Err(why),
    }
}

/// In which form events come; `None` for a whole answer. `Err`: it is not what was asked for.
fn form(headers: &HeaderMap, streamed: bool) -> Result<Option<Form>, String> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match (kind.as_str(), streamed) {
        ("text/event-stream", true) => Ok(Some(Form::Sse)),
        (frame::CONTENT_TYPE, true) => Ok(Some(Form::Frames)),
        ("application/json" | "", false) => Ok(None),
        ("", true) => Err("its answer does not say of what type it is".into()),
        (other, _) => Err(format!("its answer is `{other}`, which was not asked for")),
    }
}

fn said(headers: &HeaderMap) -> HeaderMap {
    let said = headers.iter().filter(|(name, _)| SAID.contains(&name.as_str()));
    said.map(|(name, value)| (name.clone(), value.clone())).collect()
}

async fn stream(
    form: Form,
    response: reqwest::Response,
    silence: Duration,
) -> Result<Answer, String> {
    let mut pieces = response.bytes_stream();
    let mut first: Vec<Result<Bytes, reqwest::Error>> = Vec::new();
    let mut beginning = Beginning::new(form);
    loop {
        let piece = match timeout(silence, pieces.next()).await {
            Ok(Some(Ok(piece))) => piece,
            Ok(Some(Err(_))) => return Err("the connection was cut".into()),
            Ok(None) if first.is_empty() => return Err("its answer is empty".into()),
            Ok(None) => return Err("its answer ended before its first event".into()),
            Err(_) => return Err("its answer did not begin".into()),
        };
        let begun = beginning.take(&piece)?;
        first.push(Ok(piece));
        match begun {
            Begun::Not => {}
            Begun::Refused(refused) => return Ok(Answer::Refused(refused)),
            Begun::Well => {
                let events = Box::pin(stream::iter(first).chain(pieces));
                return Ok(Answer::Stream { form, events });
            }
        }
    }
}

/// The pieces until the first event.
struct Beginning {
    reader: Reader,
    length: usize,
}

enum Reader {
    Sse(sse::Reader),
    Frames(frame::Reader),
}

enum Begun {
    Not,
    Well,
    Refused(Refused),
}

impl Beginning {
    fn new(form: Form) -> Self {
        let reader = match form {
            Form::Sse => Reader::Sse(sse::Reader::default()),
            Form::Frames => Reader::Frames(frame::Reader::default()),
        };
        Self { reader, length: 0 }
    }

    fn take(&mut self, piece: &[u8]) -> Result<Begun, String> {
        let refused = |status, refusal, body| {
            Begun::Refused(Refused { status, refusal, body, said: HeaderMap::new() })
        };
        match &mut self.reader {
            Reader::Sse(reader) => {
                reader.push(piece);
                let long = |_| "it sent an event that is too long".to_owned();
                if let Some(event) = reader.next().map_err(long)? {
                    return Ok(match Refusal::of_event(&event.data) {
                        Some((status, refusal)) => refused(status, refusal, event.data),
                        None => Begun::Well,
                    });
                }
            }
            Reader::Frames(reader) => {
                reader.push(piece);
                let broken = |why: frame::Broken| format!("it sent a broken frame: {why}");
                if let Some(frame) = reader.next().map_err(broken)? {
                    return Ok(match frame {
                        frame::Frame::Exception { kind, message } => {
                            let status = status_of(&kind);
                            refused(status, Refusal::of_exception(status, message), Bytes::new())
                        }
                        _ => Begun::Well,
                    });
                }
            }
        }
        self.length += piece.len();
        // A comment is a sign of life, and goes on at once.
        let enough = piece.starts_with(b":") || self.length > LONGEST_BEGINNING;
        Ok(if enough { Begun::Well } else { Begun::Not })
    }
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
