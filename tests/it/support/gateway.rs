//! The gateway itself, as an operator runs it: the program, with a file, in an empty environment.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// What callers of the tests show.
pub const KEY: &str = "gwk_test";

/// A gateway that runs, until it is dropped.
pub struct Gateway {
    pub url: String,
    pub operations: String,
    pub client: reqwest::Client,
    folder: TempDir,
    child: Child,
    told: Receiver<String>,
    /// What it said before it listened.
    pub beginning: Vec<String>,
}

impl Gateway {
    /// Runs with this configuration, to which where it listens, a key and the log are added.
    pub fn start(config: &str) -> Self {
        Self::start_behind(config, "true")
    }

    /// The same, behind these commands of a shell.
    pub fn start_behind(config: &str, commands: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("gateway.yaml");
        fs::write(&path, whole(config)).unwrap();
        let mut child = Command::new("/bin/sh")
            .args(["-c", &format!("{commands}; exec \"$0\" \"$@\"")])
            .arg(env!("CARGO_BIN_EXE_groundwork"))
            .args(["gateway", "serve", "-c"])
            .arg(&path)
            .env_clear()
            .env("HOME", folder.path())
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "s3cret")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("GOOGLE_OAUTH_ACCESS_TOKEN", "ya29.ours")
            .env("NO_GCE_CHECK", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        let (url, operations, client) = (String::new(), String::new(), client());
        let mut this = Self { url, operations, client, folder, child, told, beginning: Vec::new() };
        let line = loop {
            let Ok(line) = this.told.recv_timeout(std::time::Duration::from_mins(1)) else {
                panic!("it does not listen, but says {:#?}", this.beginning);
            };
            if line.starts_with("listening on ") {
                break line;
            }
            this.beginning.push(line);
        };
        let (front, operations) = line.split_once("; health and metrics on ").unwrap();
        front.trim_start_matches("listening on ").clone_into(&mut this.url);
        operations.clone_into(&mut this.operations);
        this
    }

    /// Waits for a line that the program says to its operator.
    pub fn until(&self, words: &str) -> String {
        let mut said = Vec::new();
        while let Ok(line) = self.told.recv_timeout(std::time::Duration::from_mins(1)) {
            if line.contains(words) {
                return line;
            }
            said.push(line);
        }
        panic!("it has not said «{words}», but {said:#?}");
    }

    /// Writes another configuration, with the same additions, in the place of the first.
    pub fn rewrite(&self, config: &str) {
        let (path, new) = (self.file("gateway.yaml"), self.file("new.yaml"));
        fs::write(&new, whole(config)).unwrap();
        fs::rename(new, path).unwrap();
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Asks it to stop.
    pub fn stop(&self) {
        self.signal("-TERM");
    }

    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// How much memory it has (`VmRSS`), or has had at most (`VmHWM`), in KiB.
    #[cfg(target_os = "linux")]
    pub fn memory(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// How it ended.
    pub fn code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// A request of a caller who is known.
    pub fn post(&self, path: &str, body: &str) -> reqwest::RequestBuilder {
        self.client
            .post(format!("{}{path}", self.url))
            .bearer_auth(KEY)
            .header("content-type", "application/json")
            .header("anthropic-version", "2023-06-01")
            .body(body.to_owned())
    }

    /// The records so far.
    pub fn records(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.file("access.log")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The records, once there are so many.
    pub async fn recorded(&self, count: usize) -> Vec<Value> {
        loop {
            let records = self.records();
            if records.len() >= count {
                return records;
            }
            // They are written a moment later.
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A client that goes nowhere but where it is sent.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn whole(config: &str) -> String {
    let mut hash = String::new();
    for byte in Sha256::digest(KEY.as_bytes()) {
        write!(hash, "{byte:02x}").unwrap();
    }
    let mut all = String::new();
    for (key, value) in [
        ("listen:", "listen: {address: '127.0.0.1:0'}\n".to_owned()),
        ("operations:", "operations: {address: '127.0.0.2:0'}\n".to_owned()),
        (
            "access:",
            format!(
                "access: {{keys: [{{name: test, sha256: '{hash}', user: ada, groups: [eng]}}]}}\n"
            ),
        ),
        ("access_log:", "access_log: {file: access.log}\n".to_owned()),
    ] {
        if !config.lines().any(|line| line.starts_with(key)) {
            all.push_str(&value);
        }
    }
    all + config
}

/// A configuration with these upstreams, each of which has `claude-opus-5-5`, in order.
pub fn with(upstreams: &[(&str, &str)]) -> String {
    let mut text = "upstreams:\n".to_owned();
    for (index, (kind, url)) in upstreams.iter().enumerate() {
        let of_kind = match *kind {
            "bedrock" => format!("bedrock: {{region: us-east-1, endpoint_url: '{url}'}}"),
            "messages" => format!(
                "bedrock: {{region: us-east-1, interface: messages, endpoint_url: '{url}'}}"
            ),
            "vertex" => {
                format!("vertex: {{project_id: my-project, location: us, endpoint_url: '{url}'}}")
            }
            _ => format!("anthropic: {{base_url: '{url}', api_key: ours}}"),
        };
        writeln!(text, "  u{index}: {{{of_kind}}}").unwrap();
    }
    text.push_str("models:\n  claude-opus-5-5:\n    aliases: [fast]\n    targets:\n");
    for (index, (kind, _)) in upstreams.iter().enumerate() {
        let model =
            if *kind == "bedrock" { "us.anthropic.claude-opus-5-5" } else { "claude-opus-5-5" };
        writeln!(text, "      - {{upstream: u{index}, model: {model}}}").unwrap();
    }
    text
}
