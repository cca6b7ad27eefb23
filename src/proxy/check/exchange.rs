//! One request over one connection, and what came back. Nothing is kept open.

use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1,
    upgrade::OnUpgrade,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, timeout_at},
};

/// What bytes go over: a connection, TLS in it, or a tunnel in either.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

pub(super) type Wire = Box<dyn Stream>;

/// An answer, with what of its body is worth reading.
pub(super) struct Answer {
    pub(super) head: http::response::Parts,
    pub(super) body: Vec<u8>,
    /// Whether that is all of it.
    pub(super) whole: bool,
}

/// A page is not read any further.
const LONGEST_BODY: usize = 64 * 1024;
/// Nor any longer: the head has said what matters, and some bodies never end.
const BODY_TIMEOUT: Duration = Duration::from_millis(500);

impl Answer {
    async fn read(response: Response<Incoming>) -> Self {
        let (head, mut incoming) = response.into_parts();
        let (mut body, mut whole) = (Vec::new(), false);
        let end = Instant::now() + BODY_TIMEOUT;
        while body.len() < LONGEST_BODY {
            match timeout_at(end, incoming.frame()).await {
                Ok(Some(Ok(frame))) => {
                    body.extend_from_slice(frame.data_ref().map(Bytes::as_ref).unwrap_or_default());
                }
                Ok(None) => {
                    whole = true;
                    break;
                }
                // A body that breaks off does not change what the head says.
                Ok(Some(Err(_))) | Err(_) => break,
            }
        }
        body.truncate(LONGEST_BODY);
        Self { head, body, whole }
    }
}

/// Sends a request without a body. `Err(None)`: the other side ended the connection.
pub(super) async fn ask(wire: Wire, request: Request<Empty<Bytes>>) -> hyper::Result<Answer> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await?;
    let answer = async move {
        let response = sender.send_request(request).await?;
        Ok(Answer::read(response).await)
    };
    beside(answer, connection).await
}

/// What `CONNECT` gives.
pub(super) enum Tunnel {
    Open(Wire),
    Refused(Answer),
}

pub(super) async fn tunnel(wire: Wire, request: Request<Empty<Bytes>>) -> hyper::Result<Tunnel> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await?;
    let answer = async move {
        let mut response: Response<_> = sender.send_request(request).await?;
        if response.status().is_success() {
            let upgrade: OnUpgrade = hyper::upgrade::on(&mut response);
            return Ok(Tunnel::Open(Box::new(TokioIo::new(upgrade.await?))));
        }
        Ok(Tunnel::Refused(Answer::read(response).await))
    };
    beside(answer, connection.with_upgrades()).await
}

/// Drives a connection until the answer is there: a connection does nothing by itself.
async fn beside<T>(
    answer: impl Future<Output = hyper::Result<T>>,
    connection: impl Future<Output = hyper::Result<()>>,
) -> hyper::Result<T> {
    let (answer, mut connection) = (std::pin::pin!(answer), std::pin::pin!(connection));
    match futures::future::select(answer, connection.as_mut()).await {
        futures::future::Either::Left((answer, _)) => answer,
        // How it ended, the answer knows, too.
        futures::future::Either::Right((_, answer)) => answer.await,
    }
}
