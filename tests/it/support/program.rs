//! The program itself, as a user runs it, in an empty environment.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    emulator::Account,
    google::fake::{Google, caller::OWNER},
};

/// A folder with a configuration, in which the program runs.
pub struct Desk {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The JSON lines.
    pub fn lines(&self) -> Vec<Value> {
        let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        self.stdout.lines().map(line).collect()
    }

    /// The last JSON line.
    pub fn summary(&self) -> Value {
        self.lines().pop().unwrap_or_else(|| panic!("{self:?}"))
    }
}

pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

impl Desk {
    /// A folder with this text as its `claude-config.yaml`.
    pub fn new(config: &str) -> Self {
        let desk = Self { folder: TempDir::new().unwrap(), environment: Vec::new() };
        desk.write(config);
        desk
    }

    /// A folder without a configuration.
    pub fn empty(account: &Account) -> Self {
        Self { folder: TempDir::new().unwrap(), environment: account.environment() }
    }

    pub fn with(account: &Account, config: &str) -> Self {
        Self { environment: account.environment(), ..Self::new(config) }
    }

    /// A folder with this text as its `vertex-config.yaml`. There is nothing to sign in with.
    pub fn vertex(google: &Google, config: &str) -> Self {
        let mut desk = Self { folder: TempDir::new().unwrap(), environment: Vec::new() };
        desk.set("GROUNDWORK_GCP_ENDPOINT_URL", &google.url());
        // On a machine of Google's its own account would be something.
        desk.set("NO_GCE_CHECK", "true");
        desk.put("vertex-config.yaml", config);
        desk
    }

    /// The same, signed in as who may do all.
    pub fn owner(google: &Google, config: &str) -> Self {
        let mut desk = Self::vertex(google, config);
        desk.set("GOOGLE_OAUTH_ACCESS_TOKEN", OWNER);
        desk
    }

    /// Puts a file there, and gives its full path.
    pub fn put(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub fn write(&self, config: &str) {
        std::fs::write(self.path().join("claude-config.yaml"), config).unwrap();
    }

    pub fn read(&self) -> String {
        std::fs::read_to_string(self.path().join("claude-config.yaml")).unwrap()
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundwork"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::from(self.command(arguments).output().unwrap())
    }

    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
