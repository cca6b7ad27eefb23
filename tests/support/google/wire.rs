//! HTTP: one connection after the other on one thread, answers in the form of Google's front end.

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::{self, HeaderMap},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch};

use super::{
    call::Answer,
    control,
    failure::Failure,
    journal::Fault,
    state::{Matched, Raw, State},
    token,
};

pub struct Shared {
    pub state: Mutex<State>,
    /// How often held calls were released.
    pub released: watch::Sender<u64>,
    /// How many calls were done and then held.
    pub behind: watch::Sender<u64>,
    /// Told of each call that is held; goes with `state`.
    pub held: Condvar,
}

impl Shared {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("closed")
    }
}

impl std::error::Error for Closed {}

type Reply = Response<Full<Bytes>>;

/// Serves until the runtime is dropped.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::task::spawn_local(async move {
            let service = service_fn(|request| reply(Arc::clone(&shared), request));
            // An error is a connection that a fault closed, or the client.
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
        });
    }
}

async fn reply(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Reply, Closed> {
    let headers = request.headers().clone();
    let text =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut raw = Raw {
        verb: request.method().as_str().to_owned(),
        path: request.uri().path().trim_start_matches('/').to_owned(),
        query: token::pairs(request.uri().query().unwrap_or_default()),
        authorization: text("authorization"),
        user_project: text("x-goog-user-project"),
        if_match: text("if-match"),
        body: Vec::new(),
    };
    raw.body = request.into_body().collect().await.map_err(|_| Closed)?.to_bytes().to_vec();
    if let Some(reply) = beside(&shared, &raw, &headers) {
        return Ok(reply);
    }
    let matched = shared.state().matched(&raw);
    let Some(matched) = matched else { return Ok(html(404, "Not Found")) };
    if unmeasured(&raw, &headers) {
        shared.state().violation(&matched.method.id, "POST without Content-Length");
        return Ok(html(411, "Length Required"));
    }
    let (begin, result) = called(&shared, &raw, &matched).await;
    let status = result.as_ref().ok().map(|reply| reply.status().as_u16());
    shared.state().journal.end(begin, status);
    result
}

/// Tokens, metadata and the fake's own paths: no API, and no call that counts.
fn beside(shared: &Shared, raw: &Raw, headers: &HeaderMap) -> Option<Reply> {
    if let Some(path) = raw.path.strip_prefix("metadata/") {
        if headers.get("metadata-flavor").is_none_or(|flavor| flavor != "Google") {
            return Some(html(403, "Forbidden"));
        }
        let path = path.strip_prefix("computeMetadata/v1/").unwrap_or_default();
        let text = token::metadata(&mut shared.state().world, path);
        let Some(text) = text else { return Some(html(404, "Not Found")) };
        let kind = if text.starts_with('{') { "application/json" } else { "application/text" };
        return Some(response(200, kind, text));
    }
    if let Some(path) = raw.path.strip_prefix("_fake/") {
        let (status, value) = control::answer(shared, raw, path);
        return Some(response(status, "application/json", value.to_string()));
    }
    if raw.verb != "POST" {
        return None;
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let json = kind.is_some_and(|kind| kind.starts_with("application/json"));
    let world = &mut shared.state().world;
    let (status, value) = token::exchange(world, &raw.path, json, &raw.body)?;
    Some(response(status, "application/json", value.to_string()))
}

/// Without a length the front end refuses what may have a body.
fn unmeasured(raw: &Raw, headers: &HeaderMap) -> bool {
    matches!(raw.verb.as_str(), "POST" | "PUT" | "PATCH")
        && !headers.contains_key(header::CONTENT_LENGTH)
        && !headers.contains_key(header::TRANSFER_ENCODING)
}

async fn called(shared: &Shared, raw: &Raw, matched: &Matched) -> (u64, Result<Reply, Closed>) {
    let (begin, fault, delay, mut released) = {
        let mut state = shared.state();
        let (begin, fault) = state.journal.begin(&matched.method.id, matched.write());
        let identity = token::identify(&state.world, raw.authorization.as_deref()).ok();
        state.journal.signed(begin, identity, raw.user_project.clone());
        (begin, fault, state.delay, shared.released.subscribe())
    };
    released.mark_unchanged();
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let (mut lost, mut behind) = (false, false);
    match fault {
        None => {}
        Some(Fault::Lost) => lost = true,
        Some(Fault::Reset) => return (begin, Err(Closed)),
        Some(Fault::Status(code, wait)) => return (begin, Ok(refused(code, wait, &matched.api))),
        // An error: the fake ends, and with it this connection.
        Some(Fault::Behind) => behind = true,
        Some(Fault::Held) => {
            shared.held.notify_all();
            released.changed().await.unwrap_or_default();
        }
        Some(Fault::Stale(write)) => write(&mut shared.state().world),
    }
    let answer = shared.state().answer(raw, matched);
    if lost {
        return (begin, Err(Closed));
    }
    if behind {
        shared.behind.send_modify(|count| *count += 1);
        released.changed().await.unwrap_or_default();
    }
    (begin, Ok(answered(answer, &matched.api)))
}

fn refused(code: u16, wait: Option<u32>, api: &str) -> Reply {
    let (status, message) = match code {
        429 => ("RESOURCE_EXHAUSTED", "Quota exceeded."),
        503 => ("UNAVAILABLE", "The service is currently unavailable."),
        _ => ("INTERNAL", "Internal error encountered."),
    };
    let mut reply = answered(Err(Failure::new(code, status, message)), api);
    if let Some(seconds) = wait {
        reply.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    reply
}

fn answered(answer: Answer, api: &str) -> Reply {
    match answer {
        Ok(Value::Null) => response(204, "application/json", String::new()),
        Ok(Value::String(events)) => response(200, "text/event-stream; charset=utf-8", events),
        Ok(value) => response(200, "application/json; charset=UTF-8", value.to_string()),
        Err(failure) => {
            let body = failure.body(api).to_string();
            response(failure.code, "application/json; charset=UTF-8", body)
        }
    }
}

fn html(code: u16, title: &str) -> Reply {
    let body = format!(
        "<!DOCTYPE html>\n<html lang=en>\n<title>Error {code} ({title})!!1</title>\n<p><b>{code}.</b> <ins>That’s an error.</ins>\n"
    );
    response(code, "text/html; charset=UTF-8", body)
}

fn response(code: u16, kind: &str, body: String) -> Reply {
    Response::builder()
        .status(code)
        .header(header::CONTENT_TYPE, kind)
        .header("metadata-flavor", "Google")
        .body(Full::new(Bytes::from(body)))
        .expect("a response")
}
