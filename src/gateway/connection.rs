//! One connection: in secret or not, how slow it may be, and how it ends.

use std::{
    convert::Infallible,
    future::ready,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures::future::Either;
use http::{Request, Response, StatusCode};
use http_body::Body;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    answer_body::{AnswerBody, Streams, Taken},
    request_body::RequestBody,
    server::{ConnectionLimit, Phase, Tls},
    socket::{Progress, Socket},
};

/// Memory for the head of a request, and for what is read ahead.
const HEAD_BYTES: usize = 64 << 10;
/// Of an answer over HTTP/2, so much is held for a client that does not take it yet.
const AHEAD_BYTES: usize = 64 << 10;
/// So many requests at once over one connection.
const STREAMS: u32 = 250;
/// Whether somebody is still there is asked so often.
const PING: Duration = Duration::from_secs(30);

/// What a connection is served with.
pub(super) struct Connection {
    pub tls: Option<Tls>,
    pub limit: ConnectionLimit,
    pub phase: watch::Receiver<Phase>,
    pub server: Arc<auto::Builder<Streams>>,
}

impl Connection {
    pub(super) async fn serve<F, A, B>(self, stream: TcpStream, answer: F)
    where
        F: Fn(Request<RequestBody>) -> A + Send + 'static,
        A: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        // A piece of an answer is not held back for the next one.
        drop(stream.set_nodelay(true));
        let progress = Arc::new(Progress::new());
        let socket = Socket::new(stream, self.limit.stall, Arc::clone(&progress));
        let Some(tls) = &self.tls else {
            return self.talk(socket, &progress, answer).await;
        };
        let acceptor = TlsAcceptor::from(tls.load_full());
        let mut phase = self.phase.clone();
        let shaken = tokio::select! {
            shaken = timeout(self.limit.head, acceptor.accept(socket)) => shaken,
            // Nothing has begun yet.
            _ = phase.wait_for(|phase| *phase != Phase::Open) => return,
        };
        if let Ok(Ok(stream)) = shaken {
            self.talk(stream, &progress, answer).await;
        }
    }

    async fn talk<I, F, A, B>(mut self, io: I, progress: &Progress, answer: F)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Fn(Request<RequestBody>) -> A + Send + 'static,
        A: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let requests = Arc::new(Requests::new());
        let (limit, counted) = (self.limit, Arc::clone(&requests));
        let service = service_fn(move |request| {
            let answer = answered(request, limit, &counted, &answer);
            // A connection has room for an answer all the time, and lies idle most of it.
            let answer = Box::pin(answer);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        let mut connection = pin!(self.server.serve_connection(TokioIo::new(io), service));
        let mut alarm = pin!(sleep(self.limit.head));
        let mut ending = false;
        loop {
            tokio::select! {
                // What has come in time counts, however late we look.
                biased;
                _ = connection.as_mut() => return,
                told = self.phase.changed() => {
                    let phase = *self.phase.borrow_and_update();
                    if told.is_err() || phase == Phase::Cut {
                        return;
                    }
                    ending = true;
                }
                () = alarm.as_mut() => match requests.quiet(self.limit, ending, progress) {
                    Quiet::Until(time) => {
                        alarm.as_mut().reset(time);
                        continue;
                    }
                    Quiet::TooLong if ending => return,
                    Quiet::TooLong => ending = true,
                    Quiet::Never => return,
                },
            }
            connection.as_mut().graceful_shutdown();
            alarm.as_mut().reset(Instant::now() + self.limit.ending());
        }
    }
}

impl ConnectionLimit {
    /// How long one that is to end may take nothing more. A sign of life in between is none.
    fn ending(self) -> Duration {
        self.head.min(PING / 2)
    }
}

/// Asks for an answer, and notes how long that lasts.
fn answered<F, A, B>(
    request: Request<Incoming>,
    limit: ConnectionLimit,
    requests: &Arc<Requests>,
    answer: &F,
) -> impl Future<Output = Response<AnswerBody<B>>> + use<F, A, B>
where
    F: Fn(Request<RequestBody>) -> A,
    A: Future<Output = Response<B>>,
{
    let running = Running::new(requests);
    // HTTP/1.1 has counted them before.
    let answer = if request.headers().len() > limit.headers {
        let mut refused = Response::new(None);
        *refused.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        Either::Left(ready(refused))
    } else {
        let answer = answer(RequestBody::of(request));
        Either::Right(async move { answer.await.map(Some) })
    };
    async move {
        // Known only once it runs in the answer's own task.
        let taken = Taken::current();
        answer.await.map(|body| AnswerBody::new(body, running, taken))
    }
}

/// What a connection is about.
#[derive(Debug)]
struct Requests(Mutex<Counted>);

#[derive(Debug)]
struct Counted {
    running: usize,
    /// Whether there has been one.
    any: bool,
    /// When the last one has ended.
    since: Instant,
}

/// How long nothing has been asked.
enum Quiet {
    /// It may go on like this until then.
    Until(Instant),
    TooLong,
    /// Nothing was ever asked.
    Never,
}

impl Requests {
    fn new() -> Self {
        Self(Mutex::new(Counted { running: 0, any: false, since: Instant::now() }))
    }

    fn quiet(&self, limit: ConnectionLimit, ending: bool, progress: &Progress) -> Quiet {
        let now = Instant::now();
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, allowed) = match (counted.running, counted.any, ending) {
            (0, false, _) => (counted.since, limit.head),
            (0, true, false) => (counted.since, limit.idle),
            // What was answered may still be on its way.
            (0, true, true) => (counted.since.max(progress.last()), limit.ending()),
            _ => (now, if ending { limit.ending() } else { limit.idle }),
        };
        match (since + allowed > now, counted.any) {
            (true, _) => Quiet::Until(since + allowed),
            (false, true) => Quiet::TooLong,
            (false, false) => Quiet::Never,
        }
    }
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub(super) struct Running(Arc<Requests>);

impl Running {
    fn new(requests: &Arc<Requests>) -> Self {
        let mut counted = requests.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.running += 1;
        counted.any = true;
        drop(counted);
        Self(Arc::clone(requests))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut counted = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.running = counted.running.saturating_sub(1);
        counted.since = Instant::now();
    }
}

/// How HTTP is spoken.
pub(super) fn builder(
    limit: ConnectionLimit,
    phase: watch::Receiver<Phase>,
) -> auto::Builder<Streams> {
    let mut builder = auto::Builder::new(Streams::new(limit.stall, phase));
    builder
        .http1()
        .timer(TokioTimer::new())
        // The head of the first one has a limit of its own.
        .header_read_timeout(limit.idle)
        .max_buf_size(HEAD_BYTES)
        .max_headers(limit.headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
        .max_concurrent_streams(STREAMS)
        .max_send_buf_size(AHEAD_BYTES)
        .keep_alive_interval(PING)
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}
