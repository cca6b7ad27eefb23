//! Bedrock's event stream: frames with checksums, each of which holds one event of an answer.
//!
//! What a frame is, AWS's own crate knows. Here is what comes on top: that no frame is waited for that
//! is longer than any can be, and how an event is wrapped and unwrapped.

use std::fmt;

use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use serde::Deserialize;

/// What such a stream is called in `content-type`.
pub(super) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// The longest frame that AWS sends: 16 MiB of payload, and its headers.
const LONGEST: usize = (16 << 20) + (128 << 10);
/// The prelude and both checksums.
const SHORTEST: usize = 16;

/// What a frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// One event of an answer, as Anthropic's JSON.
    Event(Bytes),
    /// The service could not go on.
    Exception { kind: String, message: String },
    /// An event of Converse, or of a kind that is not known.
    Other(Bytes),
}

/// Why a stream cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Its length is none that a frame can have.
    Length,
    /// A checksum does not fit, or what is in it is no frame.
    Frame,
    /// There is no event in it.
    Payload,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "its length is none",
            Self::Frame => "its checksum is wrong",
            Self::Payload => "there is no event in it",
        })
    }
}

/// Divides a stream into frames.
#[derive(Debug, Default)]
pub(super) struct Reader {
    buffer: BytesMut,
}

impl Reader {
    /// Takes the next piece of a stream.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next whole frame, if it has come.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, Broken> {
        let Some(length) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        // Before it is waited for: a length that is nonsense would never come.
        let length = u32::from_be_bytes(*length) as usize;
        if !(SHORTEST..=LONGEST).contains(&length) {
            return Err(Broken::Length);
        }
        if self.buffer.len() < length {
            return Ok(None);
        }
        let mut bytes = self.buffer.split_to(length).freeze();
        let message = read_message_from(&mut bytes).map_err(|_| Broken::Frame)?;
        frame(&message).map(Some)
    }

    /// Whether something has come that is no whole frame yet.
    pub(super) fn is_within(&self) -> bool {
        !self.buffer.is_empty()
    }
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    bytes: &'a str,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(alias = "Message", alias = "originalMessage")]
    message: Option<String>,
}

fn frame(message: &Message) -> Result<Frame, Broken> {
    let header = |name: &str| {
        let found = message.headers().iter().find(|header| header.name().as_str() == name)?;
        found.value().as_string().ok().map(|value| value.as_str().to_owned())
    };
    let kind = header(":message-type").unwrap_or_default();
    if kind != "event" {
        let name = header(":exception-type").or_else(|| header(":error-code"));
        let refusal: Option<Refusal> = serde_json::from_slice(message.payload()).ok();
        let message = refusal.and_then(|refusal| refusal.message);
        let message = message.or_else(|| header(":error-message")).unwrap_or_default();
        return Ok(Frame::Exception { kind: name.unwrap_or(kind), message });
    }
    if header(":event-type").as_deref() != Some("chunk") {
        return Ok(Frame::Other(message.payload().clone()));
    }
    let Chunk { bytes } = serde_json::from_slice(message.payload()).map_err(|_| Broken::Payload)?;
    let event = STANDARD.decode(bytes).map_err(|_| Broken::Payload)?;
    Ok(Frame::Event(event.into()))
}

/// An event of an answer as a frame.
pub(super) fn written(event: &[u8]) -> Bytes {
    let payload = format!("{{\"bytes\":\"{}\"}}", STANDARD.encode(event));
    put("event", (":event-type", "chunk"), payload)
}

/// That the answer cannot go on, as a frame. `kind` is such as `internalServerException`.
pub(super) fn exception(kind: &str, message: &str) -> Bytes {
    let payload = serde_json::json!({ "message": message }).to_string();
    put("exception", (":exception-type", kind), payload)
}

fn put(kind: &str, (name, value): (&str, &str), payload: String) -> Bytes {
    let text = |text: &str| HeaderValue::String(text.to_owned().into());
    let message = Message::new(Bytes::from(payload))
        .add_header(Header::new(name.to_owned(), text(value)))
        .add_header(Header::new(":content-type", text("application/json")))
        .add_header(Header::new(":message-type", text(kind)));
    let mut out = BytesMut::new();
    // It fails only of headers that are longer than these.
    match write_message_to(&message, &mut out) {
        Ok(()) => out.freeze(),
        Err(_) => Bytes::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Frame>, Broken> {
        let mut reader = Reader::default();
        reader.push(bytes);
        reader.next()
    }

    #[test]
    fn a_frame_is_found_however_the_stream_is_cut() {
        let event = br#"{"type":"ping"}"#;
        let stream = [written(event), exception("throttlingException", "too many")].concat();
        for cut in 0..=stream.len() {
            let (a, b) = stream.split_at(cut);
            let mut reader = Reader::default();
            let mut found = Vec::new();
            for piece in [a, b] {
                reader.push(piece);
                while let Some(frame) = reader.next().unwrap() {
                    found.push(frame);
                }
            }
            let (kind, message) = ("throttlingException".to_owned(), "too many".to_owned());
            let wanted =
                [Frame::Event(Bytes::from_static(event)), Frame::Exception { kind, message }];
            assert_eq!(found, wanted, "cut at {cut}");
            assert!(!reader.is_within());
        }
    }

    #[test]
    fn a_broken_frame_is_told_and_never_waited_for() {
        let good = written(b"{}");
        assert_eq!(read(&good[..good.len() - 1]), Ok(None));
        // From the checksum of the two lengths on.
        for at in 8..good.len() {
            let mut bad = good.to_vec();
            bad[at] ^= 1;
            assert!(matches!(read(&bad), Err(Broken::Frame)), "at {at}");
        }
        assert_eq!(read(&u32::MAX.to_be_bytes()), Err(Broken::Length));
        assert_eq!(read(&15_u32.to_be_bytes()), Err(Broken::Length));
        assert_eq!(read(&20_000_000_u32.to_be_bytes()), Err(Broken::Length));
    }

    #[test]
    fn what_holds_no_event_is_told_or_passed_over() {
        let odd = |payload: &str| read(&put("event", (":event-type", "chunk"), payload.into()));
        assert_eq!(odd("{}"), Err(Broken::Payload));
        assert_eq!(odd(r#"{"bytes":"%"}"#), Err(Broken::Payload));
        let padded = odd(r#"{"bytes":"e30=","p":"abcdefgh"}"#);
        assert_eq!(padded, Ok(Some(Frame::Event(Bytes::from_static(b"{}")))));
        let other = put("event", (":event-type", "initial-response"), "{}".into());
        assert_eq!(read(&other), Ok(Some(Frame::Other("{}".into()))));
    }
}
