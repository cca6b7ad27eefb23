//! Ctrl-C and the wish of a service manager to end: the first asks the run to stop, the second
//! stops it at once.

use crate::{
    error::{Error, Kind, Result},
    reconcile::{Stop, StopHandle},
    ui::Ui,
};

/// Runs `work` on one thread: it is the cloud that is waited for, not us.
pub(super) fn run<T, F: Future<Output = T>>(
    ui: &Ui,
    work: impl FnOnce(Stop) -> F,
) -> Result<T, Vec<Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        vec![Error::new(Kind::Internal, "could not start the runtime").caused_by(error)]
    })?;
    let (handle, stop) = Stop::new();
    let done = runtime.block_on(async {
        let work = work(stop);
        tokio::select! {
            biased;
            done = work => Ok(done),
            error = twice(ui, &handle) => Err(vec![error]),
        }
    });
    // A question may still wait for its answer on a thread of its own; nobody waits for it.
    runtime.shutdown_background();
    done
}

/// From now on Ctrl-C alone does not end the program: the question that it interrupts does, once
/// the terminal is as it was.
#[cfg(unix)]
pub(super) fn hold() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let held = runtime
        .and_then(|runtime| runtime.block_on(async { signal(SignalKind::interrupt()).map(drop) }));
    held.map_err(unheard)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as where signals can be held")]
pub(super) fn hold() -> Result<()> {
    Ok(())
}

/// Ends after the second signal.
async fn twice(ui: &Ui, handle: &StopHandle) -> Error {
    let mut signals = match Signals::hear() {
        Ok(signals) => signals,
        Err(error) => return error,
    };
    signals.next().await;
    handle.stop();
    ui.note("stopping: nothing new is begun, and what has begun is finished; Ctrl-C again stops at once");
    signals.next().await;
    Error::new(Kind::Interrupted, "stopped at once: the last change may be half done")
        .hint("running again is safe and goes on from there")
}

/// Ctrl-C, and the wish of a service manager to end. From when it is made they end the program no more.
#[cfg(unix)]
pub(super) struct Signals {
    pressed: tokio::signal::unix::Signal,
    terminated: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn hear() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hear = |kind| signal(kind).map_err(unheard);
        Ok(Self {
            pressed: hear(SignalKind::interrupt())?,
            terminated: hear(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.pressed.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}

#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "as where it can fail")]
    pub(super) fn hear() -> Result<Self> {
        Ok(Self)
    }

    pub(super) async fn next(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}

fn unheard(why: std::io::Error) -> Error {
    Error::new(Kind::Internal, "could not listen for Ctrl-C").caused_by(why)
}

/// Reads a line from standard input without holding up Ctrl-C; `None` if the run was stopped.
pub(super) async fn answer(stop: &Stop) -> Option<String> {
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line).unwrap_or_default()
    });
    tokio::select! {
        line = line => Some(line.unwrap_or_default().trim().to_owned()),
        () = stop.wait() => None,
    }
}
