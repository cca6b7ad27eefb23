//! What goes back to a client behind the head of an answer, and whether the client takes it.
//!
//! Over HTTP/2 many answers share one socket, so each is watched for itself: one that its client leaves
//! lying is given up, and the others go on.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{connection::Running, server::Phase, task};

/// A body on its way to a client, which is none where there is nothing to say.
#[derive(Debug)]
pub(super) struct AnswerBody<B> {
    body: Option<B>,
    taken: Option<Arc<Taken>>,
    _running: Running,
}

impl<B> AnswerBody<B> {
    pub(super) fn new(body: Option<B>, running: Running, taken: Option<Arc<Taken>>) -> Self {
        Self { body, taken, _running: running }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for AnswerBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(cx);
        // Whoever asks for a piece has sent the one before.
        if let Some(taken) = &self.taken {
            taken.lies(frame.is_ready());
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// Whether a piece of an answer lies ready for its client, and since when.
#[derive(Debug, Default)]
pub(super) struct Taken(Mutex<Option<Instant>>);

tokio::task_local! {
    /// Of the answer that a task is for.
    static TAKEN: Arc<Taken>;
}

impl Taken {
    /// That of the answer which this task is for, if it has one to itself.
    pub(super) fn current() -> Option<Arc<Self>> {
        TAKEN.try_with(Arc::clone).ok()
    }

    fn lies(&self, ready: bool) {
        let since = ready.then(Instant::now);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// Waits until a piece has lain there for too long.
    async fn never(&self, patience: Duration) {
        loop {
            let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (now, end) = (Instant::now(), since.map(|since| since + patience));
            match end {
                Some(end) if end <= now => return,
                end => sleep_until(end.unwrap_or(now + patience)).await,
            }
        }
    }
}

/// Runs the answers of HTTP/2, each in a task of its own.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    patience: Duration,
    phase: watch::Receiver<Phase>,
}

impl Streams {
    pub(super) fn new(patience: Duration, phase: watch::Receiver<Phase>) -> Self {
        Self { patience, phase }
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let Self { patience, mut phase } = self.clone();
        let taken = Arc::<Taken>::default();
        drop(task::spawn(async move {
            tokio::select! {
                _ = TAKEN.scope(Arc::clone(&taken), stream) => {}
                () = taken.never(patience) => {}
                _ = phase.wait_for(|phase| *phase == Phase::Cut) => {}
            }
        }));
    }
}
