//! What a client sends behind the head of a request. What is not wanted of it is read all the same for a
//! while: who still sends does not read an answer, and would only see that the connection was cut.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Version, header::EXPECT};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::{runtime::Handle, time::timeout};

use super::task;

/// A body as it comes from a client.
#[derive(Debug)]
pub(super) struct RequestBody {
    body: Option<Incoming>,
    /// Whether it shares its connection with others, so that it alone can be declined.
    shares: bool,
    /// Whether the client sends it only once it is asked to go on.
    waits: bool,
}

impl RequestBody {
    pub(super) fn of(request: Request<Incoming>) -> Request<Self> {
        let shares = request.version() >= Version::HTTP_2;
        let waits = request.headers().contains_key(EXPECT);
        request.map(|body| Self { body: Some(body), shares, waits })
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        this.waits = false;
        let frame = ready!(Pin::new(body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            this.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if self.shares || self.waits || self.is_end_stream() {
            return;
        }
        // There is none any more when the program ends.
        if let (Some(body), Ok(_)) = (self.body.take(), Handle::try_current()) {
            drop(task::spawn(discard(body)));
        }
    }
}

/// So much of what is not wanted is read on, and for so long.
const DISCARDED: u64 = 512 << 20;
const DISCARDING: Duration = Duration::from_secs(10);

/// Reads on, and keeps nothing. After that it is cut, which is what there is to say.
async fn discard(mut body: Incoming) {
    let all = async {
        let mut left = DISCARDED;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, |piece| piece.len() as u64);
            let Some(rest) = left.checked_sub(length) else { return };
            left = rest;
        }
    };
    drop(timeout(DISCARDING, all).await);
}
