//! The record of a request: who asked what of which model, where it went, how it ended and what it took.
//!
//! One JSON object a line. Nothing that anybody typed is in it, and no credential.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::Serialize;

use super::usage::Usage;

/// What is recorded of a request.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Record {
    pub v: u8,
    /// When it came: RFC 3339, in UTC.
    pub time: String,
    pub request_id: String,
    /// Of the client's session, which ties its requests together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    pub client: String,
    pub dialect: &'static str,
    pub operation: &'static str,
    /// As the client called it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// As the upstream calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_model: Option<String>,
    /// How many upstreams were tried.
    pub tries: u32,
    pub status: u16,
    /// `done`, `refused`, `broken` or `hung_up`.
    pub end: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    pub streamed: bool,
    pub request_bytes: u64,
    pub response_bytes: u64,
    /// Until the first byte of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<u64>,
    pub duration_ms: u64,
    pub tokens: Usage,
}

/// What takes the records of who names no file.
pub(super) type Sink = Box<dyn Write + Send>;

/// Where records go.
#[derive(Clone)]
pub(super) struct Log(Arc<Mutex<Out>>);

struct Out {
    path: Option<PathBuf>,
    to: BufWriter<Box<dyn Write + Send>>,
    /// Whether adding has failed since the last flush.
    failed: bool,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

/// Memory for records between two flushes.
const BUFFER: usize = 256 << 10;
/// Most records are shorter.
const LINE: usize = 1 << 10;

impl Log {
    /// Adds to a file, for its owner alone; without one, to `otherwise`.
    pub(super) fn open(path: Option<&Path>, otherwise: Sink) -> io::Result<Self> {
        let to = match path {
            Some(path) => Box::new(file(path)?),
            None => otherwise,
        };
        Ok(Self::to(to, path.map(Path::to_owned)))
    }

    pub(super) fn to(to: Box<dyn Write + Send>, path: Option<PathBuf>) -> Self {
        let to = BufWriter::with_capacity(BUFFER, to);
        Self(Arc::new(Mutex::new(Out { path, to, failed: false })))
    }

    /// Adds a record. It is written with the next flush at the latest.
    pub(super) fn add(&self, record: &Record) {
        let mut line = Vec::with_capacity(LINE);
        if serde_json::to_writer(&mut line, record).is_err() {
            return;
        }
        line.push(b'\n');
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let written = out.to.write_all(&line);
        out.failed |= written.is_err();
    }

    /// Writes what was added. `Err`: some of it could not be, now or when it was added.
    pub(super) fn flush(&self) -> io::Result<()> {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = std::mem::take(&mut out.failed);
        out.to.flush()?;
        if failed { Err(io::Error::other("a record could not be added")) } else { Ok(()) }
    }

    /// Begins anew at the same path, for who moved the file away.
    pub(super) fn reopen(&self) -> io::Result<()> {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = out.path.clone() else { return Ok(()) };
        out.to.flush()?;
        out.to = BufWriter::with_capacity(BUFFER, Box::new(file(&path)?));
        Ok(())
    }
}

fn file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn record(user: &str) -> Record {
        Record { v: 1, user: Some(user.into()), ..Record::default() }
    }

    #[test]
    fn records_are_lines_of_a_file_that_may_be_moved_away() {
        let folder = std::env::temp_dir().join(format!("record-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("access.log");
        let log = Log::open(Some(&path), Box::new(io::sink())).unwrap();
        log.add(&record("a\n\"b"));
        log.flush().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 1);
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["user"], "a\n\"b");
        fs::rename(&path, folder.join("old")).unwrap();
        log.reopen().unwrap();
        log.add(&record("c"));
        log.flush().unwrap();
        assert!(fs::read_to_string(&path).unwrap().contains("\"c\""));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let text = serde_json::to_string(&Record::default()).unwrap();
        for name in ["user", "session", "upstream", "why", "groups"] {
            assert!(!text.contains(&format!("\"{name}\"")), "{name} in {text}");
        }
    }
}
