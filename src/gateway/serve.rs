//! The gateway while it runs: what it listens on, what it takes up, and how it ends.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::{net::TcpListener, sync::Semaphore, time::interval};

use super::{
    body::PIECE,
    exchange::{self, Lasting, State},
    metrics::Metrics,
    note::Receiver,
    open::Opened,
    operations,
    record::{Log, Sink},
    server::{self, ConnectionLimit},
    task, tls,
};
use crate::{
    config::gateway::{GatewayConfig, ListenAddress},
    error::{Error, Kind, Result},
};

/// How long a record may wait to be written.
const FLUSH: Duration = Duration::from_millis(200);

/// A gateway that listens, but does not answer yet.
#[derive(Debug)]
pub struct Gateway {
    running: Arc<Running>,
    listener: TcpListener,
    operations: TcpListener,
    limit: ConnectionLimit,
    warning: Option<String>,
}

/// What runs. A change of the configuration is taken up here.
#[derive(Debug)]
pub struct Running {
    state: ArcSwap<State>,
    lasting: Lasting,
    tls: Option<server::Tls>,
    stopping: AtomicBool,
    /// What was listened on when it began.
    began: GatewayConfig,
}

impl Gateway {
    /// Listens. `records` takes them if the configuration names no file. A relative path is meant from `folder`, the configuration's.
    pub async fn listen(
        config: &GatewayConfig,
        folder: &Path,
        opened: Opened,
        records: Sink,
    ) -> Result<Self> {
        let file = config.access_log.file.as_ref().map(|file| folder.join(file));
        let log = Log::open(file.as_deref(), records).map_err(|error| {
            let path = file.unwrap_or_default();
            let message =
                format!("could not open `{}`, for the record of requests", path.display());
            Error::new(Kind::Config, message).caused_by(error)
        })?;
        let tls = match &config.listen.tls {
            Some(tls) => {
                let (certificate, key) = (folder.join(&tls.certificate), folder.join(&tls.key));
                Some(tls::replaceable(tls::load(&certificate, &key)?))
            }
            None => None,
        };
        let limits = &config.listen.limits;
        let pieces = (u64::from(limits.bodies_mib) << 20) / PIECE;
        let memory = Semaphore::new(usize::try_from(pieces).unwrap_or(Semaphore::MAX_PERMITS));
        let metrics = Arc::<Metrics>::default();
        let receivers: [Arc<dyn Receiver>; 2] =
            [Arc::new(log.clone()), Arc::<Metrics>::clone(&metrics)];
        let (memory, receivers) = (Arc::new(memory), Arc::new(receivers));
        let lasting = Lasting { log, memory, metrics, receivers };
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let (connections, warning) = possible(limits.connections);
        let limit = ConnectionLimit {
            connections,
            headers: limits.headers as usize,
            head: seconds(limits.head_seconds),
            idle: seconds(limits.idle_seconds),
            stall: seconds(limits.answer_seconds),
            drain: seconds(config.listen.drain_seconds),
        };
        let running = Running {
            state: ArcSwap::from_pointee(opened.state),
            lasting,
            tls,
            stopping: AtomicBool::new(false),
            began: config.clone(),
        };
        Ok(Self {
            running: Arc::new(running),
            listener: listener(config.listen.address, "listen.address").await?,
            operations: listener(config.operations.address, "operations.address").await?,
            limit,
            warning,
        })
    }

    pub fn running(&self) -> Arc<Running> {
        Arc::clone(&self.running)
    }

    /// Where it is reached: the port may have been the system's to choose.
    pub fn address(&self) -> Option<std::net::SocketAddr> {
        self.listener.local_addr().ok()
    }

    pub fn operations_address(&self) -> Option<std::net::SocketAddr> {
        self.operations.local_addr().ok()
    }

    /// What its operator should know of this machine.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Answers until `stop` is done, and then until what was begun has ended, or `at_once` is done. Gives
    /// how many connections were cut.
    pub async fn serve(
        self,
        stop: impl Future<Output = ()>,
        at_once: impl Future<Output = ()>,
    ) -> usize {
        let Self { running, listener, operations, limit, .. } = self;
        let side = task::spawn(operations::serve(operations, Arc::clone(&running)));
        let flushing = task::spawn(flush(running.lasting.clone()));
        let stopping = Arc::clone(&running);
        let stop = async move {
            stop.await;
            stopping.stopping.store(true, Ordering::Relaxed);
        };
        let (answering, tls) = (Arc::clone(&running), running.tls.clone());
        let answer = move |request| {
            let running = Arc::clone(&answering);
            async move { exchange::answer(running.state.load_full(), &running.lasting, request).await }
        };
        let cut = server::serve(listener, tls, limit, (stop, at_once), answer).await;
        side.abort();
        flushing.abort();
        drop(running.lasting.log.flush());
        cut
    }
}

impl Running {
    /// Takes up a configuration. Gives the keys that count only from the next start.
    pub fn take_up(
        &self,
        config: &GatewayConfig,
        folder: &Path,
        mut opened: Opened,
    ) -> Result<Vec<&'static str>> {
        if let (Some(current), Some(tls)) = (&self.tls, &config.listen.tls) {
            let (certificate, key) = (folder.join(&tls.certificate), folder.join(&tls.key));
            current.store(Arc::new(tls::load(&certificate, &key)?));
        }
        opened.state.callers.inherit(&self.state.load().callers);
        opened.state.models.remember(&self.state.load().models);
        self.state.store(Arc::new(opened.state));
        let (old, new) = (&self.began, config);
        let kept = [
            ("listen.address", old.listen.address == new.listen.address),
            ("listen.tls", old.listen.tls.is_some() == new.listen.tls.is_some()),
            ("listen.limits", old.listen.limits == new.listen.limits),
            ("listen.drain_seconds", old.listen.drain_seconds == new.listen.drain_seconds),
            ("operations.address", old.operations == new.operations),
            ("access_log", old.access_log == new.access_log),
        ];
        Ok(kept.iter().filter(|(_, same)| !same).map(|(key, _)| *key).collect())
    }

    pub fn metrics(&self) -> &Metrics {
        &self.lasting.metrics
    }

    /// Begins the record of requests anew at its path, for who moved the file away.
    pub fn reopen_log(&self) -> Result<()> {
        self.lasting.log.reopen().map_err(|error| {
            Error::new(Kind::Config, "could not open the record of requests anew").caused_by(error)
        })
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// How many connections the system lets this process have, if so many are wanted, and what to say if
/// they are fewer. A quarter of the files is for upstreams and all else.
fn possible(wanted: u32) -> (usize, Option<String>) {
    let Some(files) = files_at_most() else { return (wanted as usize, None) };
    let most = u32::try_from(files / 4 * 3).unwrap_or(u32::MAX).max(1);
    let warning = (most < wanted).then(|| {
        format!(
            "`listen.limits.connections` is {wanted}, but this process may open {files} files: \
             {most} connections are taken at once"
        )
    });
    (wanted.min(most) as usize, warning)
}

/// How many files may be open, once that is as many as it may be made.
#[cfg(unix)]
fn files_at_most() -> Option<u64> {
    let raised = rlimit::increase_nofile_limit(u64::MAX);
    raised.or_else(|_| rlimit::Resource::NOFILE.get_soft()).ok()
}

#[cfg(not(unix))]
fn files_at_most() -> Option<u64> {
    None
}

/// The files whose change is a change of the configuration. Relative paths are meant from `folder`.
pub fn files(config: &GatewayConfig, folder: &Path) -> Vec<PathBuf> {
    let tls = config.listen.tls.iter().flat_map(|tls| [&tls.certificate, &tls.key]);
    let keys = config.access.issuers.iter().filter_map(|issuer| issuer.jwks_file.as_ref());
    tls.chain(keys).map(|file| folder.join(file)).collect()
}

async fn listener(address: ListenAddress, key: &'static str) -> Result<TcpListener> {
    TcpListener::bind(address.socket()).await.map_err(|error| {
        let in_use = error.kind() == std::io::ErrorKind::AddrInUse;
        let error = Error::new(Kind::Config, format!("could not listen on {address} (`{key}`)"))
            .caused_by(error);
        if in_use { error.hint("another gateway may be running; see: ss -ltnp") } else { error }
    })
}

async fn flush(lasting: Lasting) {
    let mut ticks = interval(FLUSH);
    loop {
        ticks.tick().await;
        // Requests go on; that it fails is what an alarm is for.
        if lasting.log.flush().is_err() {
            lasting.metrics.failed_write();
        }
    }
}
