//! The AWS emulator over HTTP: one account for each test, its faults, its record, its inventory.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::{Context as _, Result, ensure};
use aws_config::{
    BehaviorVersion, Region, SdkConfig, retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_credential_types::Credentials;
use groundwork::aws::wire;
use serde_json::{Value, json};

use super::vertex::client;

/// The emulator's address, if `tests/run.sh` has started it; else this process starts its own.
const ADDRESS: &str = "GROUNDWORK_TEST_EMULATOR";

struct Emulator {
    url: String,
    /// Ends with this process: its standard input closes.
    _child: Option<Child>,
}

fn emulator() -> &'static Emulator {
    static EMULATOR: OnceLock<Emulator> = OnceLock::new();
    EMULATOR.get_or_init(|| match std::env::var(ADDRESS) {
        Ok(url) => Emulator { url, _child: None },
        Err(_) => start().expect("the emulator starts"),
    })
}

fn start() -> Result<Emulator> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/emulator.sh");
    let mut child = Command::new(script)
        .args(["--port", "0", "--until-stdin-closes"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start {script}"))?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
    let url = line.trim().strip_prefix("listening on ").context("no address")?.to_owned();
    Ok(Emulator { url, _child: Some(child) })
}

/// Where the emulator is.
pub fn url() -> &'static str {
    &emulator().url
}

/// An account of a test's own, so that tests can run at the same time.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: String,
    pub region: String,
}

impl Account {
    pub fn new() -> Self {
        Self::in_region("us-east-1")
    }

    pub fn in_region(region: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        // Several processes test at the same time against one emulator, and their ids come again
        // before long: so there is something of the time in it.
        let since = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() / 100 % 100;
        let process = std::process::id() % 100_000;
        let id = format!("{since:02}{process:05}{:05}", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { id, region: region.into() }
    }

    /// The environment in which the program is this account's user. Nothing of ours shines through.
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("AWS_ACCESS_KEY_ID", self.id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL", &emulator().url),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// The way to it with so many attempts for each call, and no waiting between them.
    pub async fn sdk(&self, attempts: u32) -> SdkConfig {
        self.sdk_of(None, attempts).await
    }

    /// The same, as the caller who is bound to the policy of that name.
    pub async fn sdk_of(&self, policy: Option<&str>, attempts: u32) -> SdkConfig {
        let token = policy.map(ToOwned::to_owned);
        let retry = RetryConfig::standard()
            .with_max_attempts(attempts)
            .with_initial_backoff(std::time::Duration::from_millis(1));
        aws_config::defaults(BehaviorVersion::latest())
            .http_client(wire(client()))
            .region(Region::new(self.region.clone()))
            .endpoint_url(&emulator().url)
            .credentials_provider(Credentials::new(&self.id, "test", token, None, "test"))
            .retry_config(retry)
            // As in the program: an emulator that is busy with others may let a call wait.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .load()
            .await
    }

    pub fn post(&self, what: &str, mut body: Value) -> Value {
        body["account"] = json!(self.id);
        body["region"] = json!(self.region);
        let url = format!("{}/_groundwork/{what}", &emulator().url);
        ureq::post(&url).send_json(body).unwrap().body_mut().read_json().unwrap()
    }

    fn get(&self, what: &str) -> Value {
        let Self { id, region } = self;
        let url = format!("{}/_groundwork/{what}?account={id}&region={region}", &emulator().url);
        ureq::get(&url).call().unwrap().body_mut().read_json().unwrap()
    }

    /// Makes the nth call of an operation fail in this way.
    pub fn fault(&self, operation: &str, nth: usize, kind: &str) {
        self.post("fault", json!({"operation": operation, "nth": nth, "kind": kind}));
    }

    /// Makes so many calls of one operation fail with this code.
    pub fn refuse(&self, operation: &str, times: usize, (status, code): (u16, &str)) {
        let (kind, message) = ("error", "said the test");
        self.post(
            "fault",
            json!({
                "operation": operation, "kind": kind, "times": times,
                "code": code, "message": message, "status": status,
            }),
        );
    }

    /// Waits until a call is held, and names it.
    pub fn held(&self) -> Result<String> {
        let held = self.get("held");
        ensure!(held["held"] == true, "no call was held");
        Ok(held["operation"].as_str().unwrap_or_default().to_owned())
    }

    pub fn release(&self) {
        self.post("release", json!({}));
    }

    /// Forgets calls and faults, not what exists.
    pub fn reset(&self) {
        self.post("reset", json!({}));
    }

    pub fn bucket_defaults(&self, on: bool) {
        self.post("bucket_defaults", json!({"on": on}));
    }

    /// Binds the callers with that session token to the policy.
    pub fn bind(&self, name: &str, document: &Value) {
        self.post("policy", json!({"name": name, "document": document}));
    }

    /// What was allowed by which statement, and what was refused.
    pub fn entitlement(&self) -> Value {
        self.get("entitlement")
    }

    /// What is vain in a policy.
    pub fn lint(&self, document: &Value) -> Value {
        self.post("lint", json!({"document": document}))["problems"].clone()
    }

    pub fn vpc(&self, subnets: &[&str], groups: &[&str]) {
        self.post("vpc", json!({"subnet_ids": subnets, "security_group_ids": groups}));
    }

    pub fn key(&self, id: &str, policy: Option<&Value>) {
        let policy = policy.map(ToString::to_string);
        self.post("key", json!({"key_id": id, "policy": policy}));
    }

    /// Puts so many objects of two versions each into a folder.
    pub fn objects(&self, bucket: &str, folder: &str, count: usize) {
        self.post(
            "objects",
            json!({"bucket": bucket, "count": count, "versions": 2, "prefix": folder}),
        );
    }

    /// The names of all calls since the last reset.
    pub fn calls(&self) -> Vec<String> {
        let calls = self.get("calls");
        let name = |call: &Value| call["operation"].as_str().unwrap_or_default().to_owned();
        calls.as_array().unwrap().iter().map(name).collect()
    }

    /// How many faults have happened since the last reset.
    pub fn faults(&self) -> usize {
        let calls = self.get("calls");
        calls.as_array().unwrap().iter().filter(|call| !call["fault"].is_null()).count()
    }

    /// How many calls since the last reset, and how many of them write.
    pub fn count(&self) -> (usize, usize) {
        let summary = self.get("summary");
        let number = |key: &str| usize::try_from(summary[key].as_u64().unwrap()).unwrap();
        (number("calls"), number("writes"))
    }

    pub fn inventory(&self) -> Value {
        self.get("inventory")
    }
}
