//! Work beside a request's own: begun in one place.

use tokio::task::JoinHandle;

/// Connections are waited for by the server that accepts them, and all else ends with it.
#[expect(clippy::disallowed_methods, reason = "everybody else begins it here")]
pub(super) fn spawn<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::spawn(work)
}
