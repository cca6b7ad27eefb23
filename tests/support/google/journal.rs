//! The calls so far, in order, and the faults that wait for theirs.

use std::collections::BTreeMap;

use super::world::World;

pub enum Fault {
    /// Done, but the connection is closed without an answer.
    Lost,
    /// Not done, and the connection is closed.
    Reset,
    /// Not done; the status, and how many seconds to wait if the answer says so.
    Status(u16, Option<u32>),
    /// Looked at only after `Google::release`.
    Held,
    /// Done, but answered only after `Google::release`.
    Behind,
    /// Another writer comes first.
    Stale(Box<dyn FnOnce(&mut World) + Send>),
}

impl Fault {
    fn name(&self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Reset => "reset",
            Self::Status(..) => "status",
            Self::Held => "held",
            Self::Behind => "behind",
            Self::Stale(_) => "stale",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Record {
    pub method: String,
    pub write: bool,
    pub fault: Option<&'static str>,
    /// Numbers from one count of all beginnings and ends.
    pub begin: u64,
    pub end: Option<u64>,
    /// `None`: no answer was given.
    pub status: Option<u16>,
    /// Whose token it had, if it was anybody's.
    pub identity: Option<String>,
    /// The project that it named as the one to pay.
    pub user_project: Option<String>,
}

struct Waiting {
    method: String,
    /// How many more calls until it strikes; 1 is the next.
    calls: u32,
    fault: Fault,
}

#[derive(Default)]
pub struct Journal {
    records: BTreeMap<u64, Record>,
    faults: Vec<Waiting>,
    count: u64,
}

impl Journal {
    pub fn begin(&mut self, method: &str, write: bool) -> (u64, Option<Fault>) {
        self.count += 1;
        let fault = self.due(method);
        let record = Record {
            method: method.to_owned(),
            write,
            fault: fault.as_ref().map(Fault::name),
            begin: self.count,
            end: None,
            status: None,
            identity: None,
            user_project: None,
        };
        self.records.insert(self.count, record);
        (self.count, fault)
    }

    /// Keeps who made the call.
    pub fn signed(&mut self, begin: u64, identity: Option<String>, user_project: Option<String>) {
        if let Some(record) = self.records.get_mut(&begin) {
            (record.identity, record.user_project) = (identity, user_project);
        }
    }

    /// Whether a call waits for its release.
    pub fn holds(&self) -> bool {
        let held = |record: &Record| record.fault == Some("held") && record.end.is_none();
        self.records.values().any(held)
    }

    pub fn end(&mut self, begin: u64, status: Option<u16>) {
        self.count += 1;
        // Absent if `reset` came between.
        if let Some(record) = self.records.get_mut(&begin) {
            record.end = Some(self.count);
            record.status = status;
        }
    }

    pub fn plan(&mut self, method: &str, nth: u32, fault: Fault) {
        self.faults.push(Waiting { method: method.to_owned(), calls: nth.max(1), fault });
    }

    fn due(&mut self, method: &str) -> Option<Fault> {
        let mut due = None;
        for (index, waiting) in self.faults.iter_mut().enumerate() {
            if waiting.method == "*" || waiting.method == method {
                waiting.calls -= 1;
                if waiting.calls == 0 && due.is_none() {
                    due = Some(index);
                }
            }
        }
        let due = due.map(|index| self.faults.remove(index).fault);
        // Two for the same call: the second takes the next.
        for waiting in &mut self.faults {
            waiting.calls = waiting.calls.max(1);
        }
        due
    }

    pub fn records(&self) -> Vec<Record> {
        self.records.values().cloned().collect()
    }

    /// The longest sequence of calls each of which began after the one before had ended.
    pub fn chain(&self) -> usize {
        let mut ended: Vec<(u64, usize)> = Vec::new();
        for record in self.records.values() {
            let before = ended.iter().filter(|(end, _)| *end < record.begin);
            let length = before.map(|(_, length)| *length).max().unwrap_or(0) + 1;
            ended.push((record.end.unwrap_or(u64::MAX), length));
        }
        ended.into_iter().map(|(_, length)| length).max().unwrap_or(0)
    }

    pub fn reset(&mut self) {
        self.records.clear();
        self.faults.clear();
    }
}
