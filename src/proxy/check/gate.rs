//! Signing in to a proxy: by one host first. Directories lock an account after a few wrong passwords,
//! and a tenant has more hosts than that.

use std::sync::OnceLock;

use tokio::sync::{Mutex, MutexGuard};

use super::fault::Fault;

/// The way to a proxy that is told credentials.
#[derive(Default)]
pub(super) struct Gate {
    /// Whether the proxy has answered somebody. Held by who asks first.
    answered: Mutex<bool>,
    refusal: OnceLock<Fault>,
}

/// The right to ask.
pub(super) struct Turn<'a> {
    gate: Option<&'a Gate>,
    first: Option<MutexGuard<'a, bool>>,
}

impl Gate {
    /// Waits until the first one has been answered. An error is what that answer means for all.
    pub(super) async fn enter(&self) -> Result<Turn<'_>, Fault> {
        let answered = self.answered.lock().await;
        match self.refusal.get() {
            Some(fault) => Err(fault.clone()),
            None => Ok(Turn { gate: Some(self), first: (!*answered).then_some(answered) }),
        }
    }
}

impl Turn<'_> {
    /// Where nobody signs in.
    pub(super) fn free() -> Self {
        Turn { gate: None, first: None }
    }

    /// Tells the others what came of it.
    pub(super) fn end<T>(mut self, answer: &Result<T, Fault>) {
        if let (Some(gate), Err(fault)) = (self.gate, answer)
            && fault.code() == Fault::CREDENTIALS_WRONG
        {
            // Of two refusals one is enough.
            drop(gate.refusal.set(fault.clone()));
        }
        if let Some(answered) = self.first.as_deref_mut() {
            *answered = true;
        }
    }
}
