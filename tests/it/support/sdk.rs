//! The official clients in Python, each a process that does what a test tells it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use super::shell;

/// A client that waits for lines; it ends when dropped. Each script says what its lines are.
pub struct Sdk {
    child: Child,
    lines: ChildStdin,
    answers: BufReader<ChildStdout>,
    _home: TempDir,
}

impl Sdk {
    /// Anthropic's, with its clients for the clouds.
    pub fn anthropic() -> Self {
        Self::start("anthropic_client.py")
    }

    /// AWS's.
    pub fn boto3() -> Self {
        Self::start("boto3_client.py")
    }

    fn start(script: &str) -> Self {
        let home = TempDir::new().unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/sdk").join(script);
        let mut child = shell::python()
            .arg(path)
            .env_clear()
            .env("HOME", home.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (lines, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, lines, answers: BufReader::new(answers), _home: home }
    }

    /// Has it do something, and waits until it has. Blocks: what answers it needs a thread of its own.
    pub fn ask(&mut self, line: &Value) -> Value {
        writeln!(self.lines, "{line}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{line} ended the client"))
    }
}

impl Drop for Sdk {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
