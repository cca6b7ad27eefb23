//! One request over one connection, and what came back. Nothing is kept open.

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{Request, Response, body::Bytes, client::conn::http1, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// What bytes go over: a connection, TLS in it, or a tunnel in either.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

pub(super) type Wire = Box<dyn Stream>;

/// An answer, with what of its body is worth reading.
pub(super) struct Answer {
    pub(super) head: http::response::Parts,
    pub(super) body: Bytes,
}

/// A page is not read any further.
const LONGEST_BODY: usize = 64 * 1024;

/// Sends a request without a body. `Err(None)`: the other side ended the connection.
pub(super) async fn ask(wire: Wire, request: Request<Empty<Bytes>>) -> hyper::Result<Answer> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await?;
    let answer = async move {
        let (head, body) = sender.send_request(request).await?.into_parts();
        // A body that breaks off does not change what the head says.
        let body = Limited::new(body, LONGEST_BODY).collect().await;
        let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Ok(Answer { head, body })
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
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LONGEST_BODY).collect().await;
        let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Ok(Tunnel::Refused(Answer { head, body }))
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
