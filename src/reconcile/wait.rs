//! The only place of the engine that sleeps: waiting for a cloud that is eventually consistent.

use std::time::Duration;

use super::{Context, Stop};
use crate::error::{Error, Kind, Result};

/// The first wait is so long, each next one twice as long, none longer than sixteen times.
#[derive(Clone, Copy, Debug)]
pub struct Pace(pub Duration);

impl Default for Pace {
    fn default() -> Self {
        Self(Duration::from_millis(500))
    }
}

impl Pace {
    fn before(self, attempt: u32) -> Duration {
        self.0 * (1 << attempt.min(4))
    }
}

async fn sleep(duration: Duration, stop: &Stop) -> Result<()> {
    tokio::select! {
        () = tokio::time::sleep(duration) => Ok(()),
        () = stop.wait() => Err(Error::new(Kind::Interrupted, "interrupted while waiting")),
    }
}

impl<C> Context<'_, C> {
    /// Waits once before attempt `attempt + 2`, telling the user what for. Ends early, with an
    /// error, if the run is asked to stop.
    pub async fn pause(&self, what: &str, attempt: u32) -> Result<()> {
        self.waiting(what);
        sleep(self.pace().before(attempt), self.stop()).await
    }

    /// Calls until the answer is good, or bad in a way that waiting does not mend, or `tries` is
    /// used up. With the default pace 6 tries are 16 seconds, 12 are one minute, 19 two.
    pub async fn retry<T, E, F: Future<Output = Result<T, E>>>(
        &self,
        what: &str,
        tries: u32,
        transient: impl Fn(&E) -> bool,
        mut call: impl FnMut() -> F,
    ) -> Result<Result<T, E>> {
        for attempt in 0.. {
            match call().await {
                Err(error) if attempt + 1 < tries && transient(&error) => {
                    self.pause(what, attempt).await?;
                }
                other => return Ok(other),
            }
        }
        Err(Error::new(Kind::Internal, "a retry without tries"))
    }
}
