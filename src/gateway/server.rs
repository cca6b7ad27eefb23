//! Connections as a whole: how many there are, and how they end when the gateway stops.
//!
//! What becomes of one, `connection` knows.

use std::{io, pin::pin, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};
use tokio_rustls::rustls::ServerConfig;

use super::{
    connection::{self, Connection},
    request_body::RequestBody,
    task,
};

/// What a connection may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectionLimit {
    pub connections: usize,
    pub headers: usize,
    /// How long a handshake, and the head of the first request, may take to come.
    pub head: Duration,
    /// How long it may be until the head of the next request has come.
    pub idle: Duration,
    /// How long a client may take nothing of an answer.
    pub stall: Duration,
    /// How long answers may take to end when the gateway stops.
    pub drain: Duration,
}

/// The certificate that is shown, which may change while it runs.
pub(super) type Tls = Arc<ArcSwap<ServerConfig>>;

/// What connections are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// What was begun is ended, and nothing else is begun.
    Draining,
    Cut,
}

/// While the machine has no more files to open, a try each so often.
const PAUSE: Duration = Duration::from_millis(50);

/// So long is waited for those that were cut to be noted.
const NOTING: Duration = Duration::from_secs(5);

/// Serves until `stop` is done, and then until what was begun has ended, `drain` is over or `at_once`
/// is done. Gives how many connections were cut.
pub(super) async fn serve<F, A, B>(
    listener: TcpListener,
    tls: Option<Tls>,
    limit: ConnectionLimit,
    (stop, at_once): (impl Future<Output = ()>, impl Future<Output = ()>),
    answer: F,
) -> usize
where
    F: Fn(Request<RequestBody>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let room = Arc::new(Semaphore::new(limit.connections));
    let (tell, told) = watch::channel(Phase::Open);
    let server = Arc::new(connection::builder(limit, told.clone()));
    let begin = |stream: TcpStream, permit: OwnedSemaphorePermit| {
        let (server, answer) = (Arc::clone(&server), answer.clone());
        let connection = Connection { tls: tls.clone(), limit, phase: told.clone(), server };
        task::spawn(async move {
            connection.serve(stream, answer).await;
            drop(permit);
        });
    };
    // Heard from the beginning: a signal that nobody waits for is lost.
    let (mut at_once, mut drain) = (pin!(at_once), limit.drain);
    tokio::select! {
        biased;
        () = stop => {}
        () = at_once.as_mut() => drain = Duration::ZERO,
        () = accept(&listener, &room, begin) => {}
    }
    drop((listener, server, told));
    tell.send_replace(Phase::Draining);
    tokio::select! {
        biased;
        () = tell.closed() => return 0,
        () = sleep(drain) => {}
        () = at_once, if !drain.is_zero() => {}
    }
    let open = limit.connections.saturating_sub(room.available_permits());
    tell.send_replace(Phase::Cut);
    drop(timeout(NOTING, tell.closed()).await);
    open
}

/// Begins connections for ever. Whoever comes while there is no room waits in the queue of the system.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    begin: impl Fn(TcpStream, OwnedSemaphorePermit),
) {
    // It is never closed.
    while let Ok(permit) = Arc::clone(room).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => begin(stream, permit),
            Err(error) if is_the_clients(&error) => {}
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Whether one client has gone before it was there, which is no reason to wait for the next.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}
