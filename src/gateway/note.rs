//! How a request has ended, told to all who keep account of it.

use std::{fmt, sync::Arc, time::Instant};

use super::{
    metrics::Metrics,
    record::{Log, Record},
    relay::{End, Meter},
    usage::Usage,
};

/// Keeps account of requests that have ended, each once and whole.
pub(super) trait Receiver: fmt::Debug + Send + Sync {
    /// `model` is the configuration's name of it, if it is one.
    fn receive(&self, record: &Record, model: Option<&str>);
}

impl Receiver for Log {
    fn receive(&self, record: &Record, _: Option<&str>) {
        self.add(record);
    }
}

impl Receiver for Metrics {
    fn receive(&self, record: &Record, model: Option<&str>) {
        self.ended(record, model);
    }
}

/// All of them.
pub(super) type Receivers = Arc<[Arc<dyn Receiver>]>;

/// What is known of a request.
#[derive(Debug)]
pub(super) struct Note {
    pub record: Box<Record>,
    /// The configuration's name of the model.
    pub model: Option<String>,
    pub receivers: Receivers,
    pub begun: Instant,
}

impl Meter for Note {
    fn end(&mut self, end: End, usage: Usage, bytes: u64) {
        (self.record.tokens, self.record.response_bytes) = (usage, bytes);
        (self.record.end, self.record.why) = match end {
            End::Done => ("done", None),
            End::Refused(why) => ("refused", Some(why)),
            End::Broken(why) => ("broken", Some(why)),
            End::HungUp => ("hung_up", None),
        };
        self.record.duration_ms = self.millis();
        for receiver in self.receivers.iter() {
            receiver.receive(&self.record, self.model.as_deref());
        }
    }
}

impl Note {
    /// How long ago it came.
    pub(super) fn millis(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
