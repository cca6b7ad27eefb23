//! A model's service on loopback that answers as it is told, and records what it was asked.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, sync::Notify};

/// What it was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub line: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Asked {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        Some(self.headers.get(name)?.to_str().unwrap())
    }
}

/// What it answers.
#[derive(Clone, Debug)]
pub struct Script {
    status: u16,
    headers: Vec<(&'static str, String)>,
    pieces: Vec<Bytes>,
    end: Ending,
}

/// What comes behind the pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Done,
    /// The connection is cut, once [`Upstream::cut`] says so.
    Cut,
    /// A comment and the end, once [`Upstream::cut`] says so.
    Held,
    /// Nothing, for ever.
    Silence,
    /// Not even an answer.
    CutBefore,
    /// Not even an answer, for ever.
    SilenceBefore,
}

impl Script {
    pub fn json(status: u16, body: &str) -> Self {
        let pieces = vec![Bytes::copy_from_slice(body.as_bytes())];
        let headers = vec![("content-type", "application/json".into())];
        Self { status, headers, pieces, end: Ending::Done }
    }

    /// An answer as Anthropic and Vertex AI stream it.
    pub fn sse(events: &[&str]) -> Self {
        let pieces = events.iter().map(|event| sse(event)).collect();
        let headers = vec![("content-type", "text/event-stream".into())];
        Self { status: 200, headers, pieces, end: Ending::Done }
    }

    /// The same as Bedrock streams it.
    pub fn frames(events: &[&str]) -> Self {
        Self::raw_frames(events.iter().map(|event| frame(event)).collect())
    }

    pub fn raw_frames(pieces: Vec<Bytes>) -> Self {
        let headers = vec![("content-type", "application/vnd.amazon.eventstream".into())];
        Self { status: 200, headers, pieces, end: Ending::Done }
    }

    /// The same, with this behind it.
    pub fn then(mut self, piece: Bytes) -> Self {
        self.pieces.push(piece);
        self
    }

    /// An answer of any type.
    pub fn of_type(status: u16, kind: &str, body: &str) -> Self {
        Self { headers: vec![("content-type", kind.into())], ..Self::json(status, body) }
    }

    pub fn ending(mut self, end: Ending) -> Self {
        self.end = end;
        self
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// An event as a server-sent one.
pub fn sse(event: &str) -> Bytes {
    let value: serde_json::Value = serde_json::from_str(event).unwrap();
    format!("event: {}\ndata: {event}\n\n", value["type"].as_str().unwrap()).into()
}

/// An event as a frame: of our own making, so that it is no mirror of what is tested.
pub fn frame(event: &str) -> Bytes {
    let payload = format!("{{\"bytes\":\"{}\",\"p\":\"abc\"}}", STANDARD.encode(event));
    raw_frame(&[(":event-type", "chunk"), (":message-type", "event")], &payload)
}

/// The events of frames, whoever wrote these.
pub fn events(mut frames: &[u8]) -> Vec<String> {
    let number = |at: &[u8]| u32::from_be_bytes(at.try_into().unwrap()) as usize;
    let mut all = Vec::new();
    while !frames.is_empty() {
        let (length, head) = (number(&frames[..4]), number(&frames[4..8]));
        assert_eq!(crc32(&frames[..length - 4]) as usize, number(&frames[length - 4..length]));
        let payload = &frames[12 + head..length - 4];
        let payload: serde_json::Value = serde_json::from_slice(payload).unwrap();
        let event = match payload["bytes"].as_str() {
            Some(event) => STANDARD.decode(event).unwrap(),
            None => payload.to_string().into_bytes(),
        };
        all.push(String::from_utf8(event).unwrap());
        frames = &frames[length..];
    }
    all
}

/// That the service cannot go on.
pub fn exception(kind: &str, message: &str) -> Bytes {
    let payload = serde_json::json!({ "message": message }).to_string();
    raw_frame(&[(":exception-type", kind), (":message-type", "exception")], &payload)
}

/// An event of Bedrock's own, of this kind.
pub fn event(kind: &str, payload: &str) -> Bytes {
    raw_frame(&[(":event-type", kind), (":message-type", "event")], payload)
}

fn raw_frame(headers: &[(&str, &str)], payload: &str) -> Bytes {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap());
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let length = |length: usize| u32::try_from(length).unwrap().to_be_bytes();
    let mut out = Vec::new();
    out.extend_from_slice(&length(16 + head.len() + payload.len()));
    out.extend_from_slice(&length(head.len()));
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(payload.as_bytes());
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out.into()
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

/// What comes at the end of an answer that was held.
pub const HELD: &[u8] = b": held\n\n";

/// The service.
#[derive(Clone)]
pub struct Upstream {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    scripts: Arc<Mutex<VecDeque<Script>>>,
    open: Arc<AtomicUsize>,
    cut: Arc<Notify>,
}

impl Upstream {
    /// The last script is for all further requests.
    pub async fn start(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            asked: Arc::default(),
            scripts: Arc::new(Mutex::new(scripts.into())),
            open: Arc::default(),
            cut: Arc::default(),
        };
        let accepting = this.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let this = accepting.clone();
                let service = service_fn(move |request| {
                    let this = this.clone();
                    async move { this.answer(request).await.ok_or("cut") }
                });
                tokio::spawn(async move {
                    let mut server = http1::Builder::new();
                    let connection = TokioIo::new(connection);
                    let work =
                        server.timer(TokioTimer::new()).serve_connection(connection, service);
                    drop(work.await);
                });
            }
        });
        this
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often it was asked.
    pub fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// How many answers are still being sent.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Cuts one that is to be cut, or lets one go on that is held.
    pub fn cut(&self) {
        self.cut.notify_one();
    }

    async fn answer(&self, request: Request<Incoming>) -> Option<Response<StreamBody<Pieces>>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let line = format!("{} {}", parts.method, parts.uri);
        self.asked.lock().unwrap().push(Asked { line, headers: parts.headers, body });
        let script = {
            let mut scripts = self.scripts.lock().unwrap();
            if scripts.len() > 1 { scripts.pop_front()? } else { scripts.front()?.clone() }
        };
        let (held, cut) = (Open::new(&self.open), Arc::clone(&self.cut));
        let end: Pieces = match script.end {
            Ending::CutBefore => return None,
            Ending::SilenceBefore => std::future::pending().await,
            Ending::Cut => Box::pin(stream::once(async move {
                cut.notified().await;
                Err(io::Error::other("cut"))
            })),
            Ending::Held => Box::pin(stream::once(async move {
                cut.notified().await;
                Ok(Frame::data(Bytes::from_static(HELD)))
            })),
            Ending::Silence => Box::pin(stream::pending()),
            Ending::Done => Box::pin(stream::empty()),
        };
        let pieces = stream::iter(script.pieces.into_iter().map(|piece| Ok(Frame::data(piece))));
        let pieces: Pieces = Box::pin(pieces.chain(end).map(move |piece| {
            let _held = &held;
            piece
        }));
        let mut response = Response::builder().status(script.status);
        for (name, value) in &script.headers {
            response = response.header(*name, value);
        }
        response.body(StreamBody::new(pieces)).ok()
    }
}

type Pieces = Pin<Box<dyn Stream<Item = io::Result<Frame<Bytes>>> + Send>>;

/// Counts an answer as long as it is being sent.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
