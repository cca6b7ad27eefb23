//! `groundwork gateway serve`: runs until it is stopped, and takes up changes of its configuration.

use std::{cell::Cell, path::Path, sync::Arc, time::Duration};

use clap::Args;
use tokio::time::interval;

use super::{
    super::{Ending, Global, interrupt::Signals},
    Read, folder, path,
};
use crate::{
    error::{Error, Kind, Result},
    gateway::{self, Gateway, Running, Watch},
    ui::{Exit, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Serve {
    /// How many processors answer [default: all]
    #[arg(long, env = "GROUNDWORK_WORKERS", value_name = "N")]
    workers: Option<std::num::NonZeroUsize>,
}

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(1);

impl Serve {
    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        let path = path(global).map_err(|error| vec![error])?;
        let read = Read::of(&path)?;
        for warning in &read.loaded.warnings {
            ui.warning(&warning.to_string(), warning.hint.as_deref());
        }
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        if let Some(workers) = self.workers {
            runtime.worker_threads(workers.get());
        }
        let runtime = runtime.enable_all().build().map_err(|error| {
            vec![Error::new(Kind::Internal, "could not start the runtime").caused_by(error)]
        })?;
        let ended = runtime.block_on(serve(&path, read, ui)).map_err(|error| vec![error]);
        runtime.shutdown_background();
        ended
    }
}

async fn serve(path: &Path, read: Read, ui: &Ui) -> Result<Exit> {
    let opened = read.open().await?;
    let config = &read.loaded.config;
    let gateway = Gateway::listen(config, folder(path), opened, ui.records()).await?;
    let running = gateway.running();
    // Before anybody can know that it runs: until then a signal would end it.
    let hung_up = HungUp::new()?;
    let (mut first, mut second) = (Signals::hear()?, Signals::hear()?);
    if let Some(warning) = gateway.warning() {
        ui.warning(warning, Some("raise it: `ulimit -Hn`, or LimitNOFILE= of a service"));
    }
    if let (Some(address), Some(operations)) = (gateway.address(), gateway.operations_address()) {
        let scheme = if config.listen.tls.is_some() { "https" } else { "http" };
        ui.note(&format!(
            "listening on {scheme}://{address}; health and metrics on http://{operations}"
        ));
    }
    let at_once = Cell::new(false);
    let stop = async {
        first.next().await;
        ui.note("stopping: nothing new is begun, and what has begun is finished; Ctrl-C again stops at once");
    };
    let again = async {
        // The first one is for `stop`.
        second.next().await;
        second.next().await;
        at_once.set(true);
    };
    tokio::select! {
        cut = gateway.serve(stop, again) => {
            if cut > 0 {
                ui.note(&format!("{cut} connections were cut before their answers had ended"));
            }
            Ok(if at_once.get() { Exit::Interrupted } else { Exit::Done })
        }
        never = follow(path, &read, &running, hung_up, ui) => never,
    }
}

/// Takes up changes, for ever.
async fn follow(
    path: &Path,
    read: &Read,
    running: &Arc<Running>,
    mut hung_up: HungUp,
    ui: &Ui,
) -> Result<Exit> {
    let watched = |read: &Read| {
        let of_config = gateway::files(&read.loaded.config, folder(path));
        of_config.into_iter().chain([path.to_owned()])
    };
    let mut watch = Watch::new(watched(read));
    let mut ticks = interval(LOOK);
    loop {
        let asked = tokio::select! {
            _ = ticks.tick() => false,
            () = hung_up.wait() => true,
        };
        if asked && let Err(error) = running.reopen_log() {
            ui.error(&error);
        }
        if !watch.changed() && !asked {
            continue;
        }
        match Box::pin(take_up(path, running)).await {
            Ok((read, later)) => {
                watch.follow(watched(&read));
                running.metrics().reloaded(true);
                ui.note("the configuration has changed, and is taken up");
                for key in later {
                    ui.warning(&format!("`{key}` counts only from the next start"), None);
                }
            }
            Err(errors) => {
                running.metrics().reloaded(false);
                ui.warning(
                    "the configuration has changed, but has mistakes: it goes on as before",
                    None,
                );
                for error in &errors {
                    ui.error(error);
                }
            }
        }
    }
}

async fn take_up(path: &Path, running: &Running) -> Result<(Read, Vec<&'static str>), Vec<Error>> {
    let read = Read::of(path)?;
    let opened = read.open().await.map_err(|error| vec![error])?;
    let later = running.take_up(&read.loaded.config, folder(path), opened);
    Ok((read, later.map_err(|error| vec![error])?))
}

/// The signal by which who rotates logs asks for a new file.
#[cfg(unix)]
struct HungUp(tokio::signal::unix::Signal);

#[cfg(unix)]
impl HungUp {
    fn new() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::hangup()).map(Self).map_err(|error| {
            Error::new(Kind::Internal, "could not listen for SIGHUP").caused_by(error)
        })
    }

    async fn wait(&mut self) {
        self.0.recv().await;
    }
}

#[cfg(not(unix))]
struct HungUp;

#[cfg(not(unix))]
impl HungUp {
    #[expect(clippy::unnecessary_wraps, reason = "as where there is such a signal")]
    fn new() -> Result<Self> {
        Ok(Self)
    }

    async fn wait(&mut self) {
        std::future::pending().await
    }
}
