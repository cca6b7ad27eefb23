//! The wish to stop: Ctrl-C, seen by everything that starts or waits.

use tokio::sync::watch;

/// Asks a run to stop. Dropping it does not.
#[derive(Clone, Debug)]
pub struct StopHandle(watch::Sender<bool>);

impl StopHandle {
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Whether a run was asked to stop.
#[derive(Clone, Debug)]
pub struct Stop {
    receiver: watch::Receiver<bool>,
    // Keeps the channel open, so that waiting on it never ends by accident.
    _sender: watch::Sender<bool>,
}

impl Stop {
    pub fn new() -> (StopHandle, Self) {
        let (sender, receiver) = watch::channel(false);
        (StopHandle(sender.clone()), Self { receiver, _sender: sender })
    }

    pub fn requested(&self) -> bool {
        *self.receiver.borrow()
    }

    /// Ends when, and only when, stopping is asked for.
    pub async fn wait(&self) {
        let mut receiver = self.receiver.clone();
        if receiver.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
