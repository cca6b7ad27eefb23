//! An answer on its way: what comes from the upstream goes to the client as it comes, in the client's
//! form, and what it says of tokens is noted.
//!
//! Nothing is held back but the rest of an event that has not come whole, and that only where the form
//! changes. Where both sides speak the same, the pieces themselves go on.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::Stream;
use http::StatusCode;
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    failure, frame,
    refusal::{Refusal, scrub},
    sse,
    usage::Usage,
};

/// In which form events are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `text/event-stream`.
    Sse,
    /// `application/vnd.amazon.eventstream`.
    Frames,
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Done,
    /// It is a refusal.
    Refused(String),
    /// The upstream could not go on; the client was told.
    Broken(String),
    /// The client has gone.
    HungUp,
}

/// Told once, when an answer has ended in whatever way.
pub(super) trait Meter: Unpin {
    fn end(&mut self, end: End, usage: Usage, bytes: u64);
}

/// How long silence may last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// After so long the client gets a sign of life, where its form has one.
    pub ping: Duration,
    /// After so long the upstream is given up.
    pub silence: Duration,
}

/// A streamed answer.
#[derive(Debug)]
pub(super) struct Relay<S, M: Meter> {
    upstream: Option<S>,
    reader: Reader,
    to: Form,
    ready: VecDeque<Bytes>,
    usage: Usage,
    bytes: u64,
    patience: Patience,
    /// When something was last heard of the upstream, and when the client heard something.
    heard: Instant,
    spoken: Instant,
    alarm: Pin<Box<Sleep>>,
    /// Why the upstream could not go on, as it told the client itself.
    told: Option<String>,
    /// How it has ended, once the last of it is sent.
    end: Option<End>,
    meter: Option<M>,
}

#[derive(Debug)]
enum Reader {
    Sse(sse::Reader),
    Frames(frame::Reader),
}

const PING: &[u8] = br#"{"type":"ping"}"#;

impl<S, M: Meter> Relay<S, M> {
    pub(super) fn new(upstream: S, from: Form, to: Form, patience: Patience, meter: M) -> Self {
        let now = Instant::now();
        let reader = match from {
            Form::Sse => Reader::Sse(sse::Reader::default()),
            Form::Frames => Reader::Frames(frame::Reader::default()),
        };
        Self {
            upstream: Some(upstream),
            reader,
            to,
            ready: VecDeque::new(),
            usage: Usage::default(),
            bytes: 0,
            patience,
            heard: now,
            spoken: now,
            alarm: Box::pin(sleep_until(now + patience.ping.min(patience.silence))),
            told: None,
            end: None,
            meter: Some(meter),
        }
    }

    /// Takes what came. `Err`: why it cannot go on.
    fn take(&mut self, piece: Bytes) -> Result<(), String> {
        let to = self.to;
        match &mut self.reader {
            Reader::Sse(reader) => {
                reader.push(&piece);
                if to == Form::Sse {
                    self.ready.push_back(piece);
                }
                let long = |_| "it sent an event that is too long".to_owned();
                while let Some(event) = reader.next().map_err(long)? {
                    self.usage.take(&event.data);
                    let refusal = Refusal::of_event(&event.data);
                    if to == Form::Frames {
                        self.ready.push_back(refusal.as_ref().map_or_else(
                            || frame::written(&event.data),
                            |(status, refusal)| excepted(*status, &refusal.scrubbed()),
                        ));
                    }
                    self.told = refusal.map(|(_, refusal)| refusal.scrubbed()).or(self.told.take());
                }
            }
            Reader::Frames(reader) => {
                reader.push(&piece);
                if to == Form::Frames {
                    self.ready.push_back(piece);
                }
                let broken = |why| format!("it sent a broken frame: {why}");
                while let Some(next) = reader.next().map_err(broken)? {
                    match next {
                        frame::Frame::Event(event) => {
                            self.usage.take(&event);
                            let refusal = Refusal::of_event(&event);
                            self.told = refusal.map(|(_, it)| it.scrubbed()).or(self.told.take());
                            if to == Form::Sse {
                                self.ready.push_back(sse::written(&kind_of(&event), &event));
                            }
                        }
                        frame::Frame::Exception { kind, message } => {
                            let why = format!("{kind}: {}", scrub(&message));
                            if to == Form::Sse {
                                return Err(why);
                            }
                            // The client that speaks frames has got it as it is.
                            self.told = Some(why);
                        }
                        frame::Frame::Other(event) => self.usage.take(&event),
                    }
                }
            }
        }
        Ok(())
    }

    fn is_within(&self) -> bool {
        match &self.reader {
            Reader::Sse(reader) => reader.is_within(),
            Reader::Frames(reader) => reader.is_within(),
        }
    }

    /// Tells the client that the answer cannot go on, and lets the upstream go.
    fn break_off(&mut self, why: &str) {
        let message = format!("the model's answer broke off: {why}");
        self.ready.push_back(match self.to {
            Form::Sse => {
                let error = serde_json::json!({"type": "error",
                    "error": {"type": "api_error", "message": message}});
                // What is half sent is ended first, so that this is an event of its own.
                let end: &[u8] = if self.is_within() { b"\n\n" } else { b"" };
                [end, &sse::written("error", error.to_string().as_bytes())].concat().into()
            }
            Form::Frames => frame::exception("modelStreamErrorException", &message),
        });
        self.upstream = None;
        self.end = Some(End::Broken(why.to_owned()));
    }

    fn finish(&mut self, otherwise: End) {
        let told = self.told.take().map(End::Broken);
        let end = self.end.take().or(told).unwrap_or(otherwise);
        if let Some(mut meter) = self.meter.take() {
            meter.end(end, self.usage, self.bytes);
        }
    }

    /// What silence asks for, if it has lasted. The alarm is not set anew with each piece, but looks
    /// back when it rings.
    fn listen(&mut self, cx: &mut Context<'_>) {
        while self.alarm.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            if now >= self.heard + self.patience.silence {
                self.break_off("it has been silent for too long");
                return;
            }
            let pings = self.to == Form::Sse;
            if pings && now >= self.spoken + self.patience.ping && !self.is_within() {
                self.ready.push_back(sse::written("ping", PING));
                self.spoken = now;
            }
            let ping = (self.spoken + self.patience.ping).max(now + Duration::from_millis(100));
            let silence = self.heard + self.patience.silence;
            self.alarm.as_mut().reset(if pings { ping.min(silence) } else { silence });
        }
    }
}

use std::future::Future as _;

impl<S, E, M> Body for Relay<S, M>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::error::Error,
    M: Meter,
{
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        loop {
            if let Some(piece) = this.ready.pop_front() {
                this.bytes += piece.len() as u64;
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            let Some(upstream) = &mut this.upstream else {
                this.finish(End::Done);
                return Poll::Ready(None);
            };
            match Pin::new(upstream).poll_next(cx) {
                Poll::Ready(Some(Ok(piece))) => {
                    this.heard = Instant::now();
                    this.spoken = this.heard;
                    if let Err(why) = this.take(piece) {
                        this.break_off(&why);
                    }
                }
                Poll::Ready(Some(Err(_))) => this.break_off("the connection to it was cut"),
                Poll::Ready(None) if this.is_within() => this.break_off("it ended in mid-event"),
                Poll::Ready(None) => this.upstream = None,
                Poll::Pending => {
                    this.listen(cx);
                    if this.ready.is_empty() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

impl<S, M: Meter> Drop for Relay<S, M> {
    fn drop(&mut self) {
        self.finish(End::HungUp);
    }
}

/// What the client that speaks frames is told of an error event.
fn excepted(status: StatusCode, message: &str) -> Bytes {
    let mut kind = failure::exception(status).to_owned();
    if let Some(first) = kind.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    frame::exception(&kind, message)
}

/// The name of an event, which is its type.
fn kind_of(event: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Typed {
        #[serde(rename = "type", default)]
        kind: String,
    }
    serde_json::from_slice(event).map_or_else(|_| String::new(), |typed: Typed| typed.kind)
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use futures::{StreamExt as _, stream};
    use http_body_util::BodyExt as _;

    use super::*;

    #[derive(Clone, Debug, Default)]
    struct Noted(Arc<Mutex<Vec<(End, Usage, u64)>>>);

    impl Meter for Noted {
        fn end(&mut self, end: End, usage: Usage, bytes: u64) {
            self.0.lock().unwrap().push((end, usage, bytes));
        }
    }

    const PATIENCE: Patience =
        Patience { ping: Duration::from_secs(15), silence: Duration::from_mins(1) };
    const START: &[u8] = br#"{"type":"message_start","message":{"usage":{"input_tokens":3}}}"#;
    const DELTA: &[u8] = br#"{"type":"message_delta","usage":{"output_tokens":4}}"#;

    async fn relayed(
        pieces: Vec<Result<Vec<u8>, io::Error>>,
        from: Form,
        to: Form,
    ) -> (Vec<u8>, End, Usage) {
        let noted = Noted::default();
        let upstream = stream::iter(pieces.into_iter().map(|piece| piece.map(Bytes::from)));
        let relay = Relay::new(upstream, from, to, PATIENCE, noted.clone());
        let bytes = relay.collect().await.unwrap().to_bytes().to_vec();
        let mut all = noted.0.lock().unwrap().clone();
        assert_eq!(all.len(), 1);
        let (end, usage, sent) = all.remove(0);
        assert_eq!(sent, bytes.len() as u64);
        (bytes, end, usage)
    }

    #[tokio::test]
    async fn events_arrive_in_the_clients_form_and_are_counted() {
        let sse =
            [sse::written("message_start", START), sse::written("message_delta", DELTA)].concat();
        let frames = [frame::written(START), frame::written(DELTA)].concat();
        for (from, to) in [
            (Form::Sse, Form::Sse),
            (Form::Sse, Form::Frames),
            (Form::Frames, Form::Sse),
            (Form::Frames, Form::Frames),
        ] {
            let [sent, wanted] =
                [from, to].map(|form| if form == Form::Sse { &sse } else { &frames });
            for size in [1, 7, 1000] {
                let pieces = sent.chunks(size).map(|piece| Ok(piece.to_vec())).collect();
                let (got, end, usage) = relayed(pieces, from, to).await;
                assert_eq!(&got, wanted, "{from:?} to {to:?} by {size}");
                assert_eq!(end, End::Done);
                assert_eq!((usage.input, usage.output), (Some(3), Some(4)));
            }
        }
    }

    #[tokio::test]
    async fn what_breaks_off_is_told_in_the_clients_form() {
        let cut = || Err(io::Error::other("reset"));
        let half = sse::written("message_start", START)[..20].to_vec();
        let (got, end, _) = relayed(vec![Ok(half), cut()], Form::Sse, Form::Sse).await;
        let text = String::from_utf8(got).unwrap();
        assert!(text.ends_with("was cut\"}}\n\n") && text.contains("\n\nevent: error\n"), "{text}");
        assert!(matches!(end, End::Broken(_)));
        let half = frame::written(START)[..20].to_vec();
        let (got, end, _) = relayed(vec![Ok(half)], Form::Frames, Form::Sse).await;
        assert!(String::from_utf8(got).unwrap().contains("ended in mid-event"));
        assert_eq!(end, End::Broken("it ended in mid-event".into()));
        let exception = frame::exception("throttlingException", "too many").to_vec();
        let (got, _, _) = relayed(vec![Ok(exception.clone())], Form::Frames, Form::Sse).await;
        assert!(String::from_utf8(got).unwrap().contains("throttlingException: too many"));
        let (got, _, _) = relayed(vec![Ok(exception.clone())], Form::Frames, Form::Frames).await;
        assert_eq!(got, exception);
        let mut wrong = frame::written(START).to_vec();
        *wrong.last_mut().unwrap() ^= 1;
        let (got, _, _) = relayed(vec![Ok(wrong)], Form::Frames, Form::Sse).await;
        assert!(String::from_utf8(got).unwrap().contains("its checksum is wrong"));
        let (got, _, _) = relayed(vec![cut()], Form::Sse, Form::Frames).await;
        let mut reader = frame::Reader::default();
        reader.push(&got);
        assert!(matches!(reader.next(), Ok(Some(frame::Frame::Exception { .. }))));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_filled_with_pings_and_has_an_end() {
        let noted = Noted::default();
        let first = stream::iter([Ok::<_, io::Error>(sse::written("message_start", START))]);
        let upstream = first.chain(stream::pending());
        let relay = Relay::new(upstream, Form::Sse, Form::Sse, PATIENCE, noted.clone());
        let text = relay.collect().await.unwrap().to_bytes();
        let text = std::str::from_utf8(&text).unwrap();
        assert_eq!(text.matches("event: ping").count(), 3, "{text}");
        assert!(text.contains("silent for too long"));
    }

    #[tokio::test]
    async fn a_client_that_has_gone_is_noted_with_what_was_counted() {
        let noted = Noted::default();
        let first = stream::iter([Ok::<_, io::Error>(sse::written("message_start", START))]);
        let mut relay = Relay::new(
            first.chain(stream::pending()),
            Form::Sse,
            Form::Sse,
            PATIENCE,
            noted.clone(),
        );
        relay.frame().await.unwrap().unwrap();
        drop(relay);
        let all = noted.0.lock().unwrap();
        assert_eq!((&all[0].0, all[0].1.input), (&End::HungUp, Some(3)));
    }
}
