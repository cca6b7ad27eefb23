//! Connections: how many, how slow, in secret or not, and how they end when the gateway stops.

use std::{convert::Infallible, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use super::task;

/// What a connection may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectionLimit {
    pub connections: usize,
    pub headers: usize,
    /// How long a handshake, and the head of a request, may take to come.
    pub head: Duration,
    /// How long answers may take to end when the gateway stops.
    pub drain: Duration,
}

/// The certificate that is shown, which may change while it runs.
pub(super) type Tls = Arc<ArcSwap<ServerConfig>>;

/// Memory for the head of a request, and for what is read ahead.
const HEAD_BYTES: usize = 64 << 10;
/// While the machine has no more files to open, a try each so often.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop` is done, and then until what was begun has ended or `drain` is over. Gives how
/// many connections were cut.
pub(super) async fn serve<F, A, B>(
    listener: TcpListener,
    tls: Option<Tls>,
    limit: ConnectionLimit,
    stop: impl Future<Output = ()>,
    answer: F,
) -> usize
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let room = Arc::new(Semaphore::new(limit.connections));
    let drained = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    let server = Arc::new(builder(limit));
    loop {
        // Whoever comes while there is no room waits in the queue of the system.
        let next = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let Ok((stream, _)) = accepted else {
            sleep(PAUSE).await;
            continue;
        };
        let connection = Connection { stream, tls: tls.clone(), handshake: limit.head };
        let (watcher, server) = (drained.watcher(), Arc::clone(&server));
        let work = connection.serve(server, watcher, answer.clone());
        task::spawn(async move {
            work.await;
            drop(permit);
        });
    }
    drop(listener);
    let open = drained.count();
    match timeout(limit.drain, drained.shutdown()).await {
        Ok(()) => 0,
        Err(_) => open,
    }
}

/// One connection that was accepted.
struct Connection {
    stream: TcpStream,
    tls: Option<Tls>,
    /// How long a handshake may take.
    handshake: Duration,
}

impl Connection {
    async fn serve<F, A, B>(
        self,
        server: Arc<auto::Builder<TokioExecutor>>,
        watcher: Watcher,
        answer: F,
    ) where
        F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
        A: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let service = service_fn(move |request| {
            let answer = answer(request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        // A piece of an answer is not held back for the next one.
        drop(self.stream.set_nodelay(true));
        let Some(tls) = self.tls else {
            let connection = server.serve_connection(TokioIo::new(self.stream), service);
            drop(watcher.watch(connection.into_owned()).await);
            return;
        };
        let acceptor = TlsAcceptor::from(tls.load_full());
        let shaken = timeout(self.handshake, acceptor.accept(self.stream)).await;
        if let Ok(Ok(stream)) = shaken {
            let connection = server.serve_connection(TokioIo::new(stream), service);
            drop(watcher.watch(connection.into_owned()).await);
        }
    }
}

fn builder(limit: ConnectionLimit) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limit.head)
        .max_buf_size(HEAD_BYTES)
        .max_headers(limit.headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
        .max_concurrent_streams(250)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}
