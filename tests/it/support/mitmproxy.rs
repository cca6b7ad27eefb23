//! A company's proxy: the real mitmproxy, between the program and the emulated clouds. It asks for a
//! password, reads what is encrypted with an authority of its own, and lets nothing out of this
//! machine. The clouds have their real names behind it.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tempfile::TempDir;

use super::{emulator, google::fake::Google};

/// A name and a password with everything in them that a URL has a meaning for.
pub const USER: &str = "ada@corp";
pub const PASSWORD: &str = "s3cret/p@ss?w%rd#";

/// What a proxy is to do. See `tests/support/mitmproxy_addon.py`.
#[derive(Default)]
pub struct Setup {
    options: Vec<String>,
    asks: bool,
}

impl Setup {
    /// Asks for [`USER`] and [`PASSWORD`].
    #[must_use]
    pub fn asking(mut self) -> Self {
        self.asks = true;
        self.set("proxyauth", &format!("{USER}:{PASSWORD}"))
    }

    /// With the AWS emulator behind `*.amazonaws.com`, and behind [`BEYOND`].
    #[must_use]
    pub fn aws(self) -> Self {
        self.set("aws", emulator::url().trim_start_matches("http://"))
    }

    /// With this fake behind `*.googleapis.com`.
    #[must_use]
    pub fn google(self, google: &Google) -> Self {
        self.set("google", google.origin().trim_start_matches("http://"))
    }

    /// Answers 403 and a page of the company's to who wants these hosts, separated by commas.
    #[must_use]
    pub fn refusing(self, hosts: &str) -> Self {
        self.set("refused", hosts)
    }

    /// Does not read what is for this host, and connects to there, `127.0.0.1:PORT`.
    #[must_use]
    pub fn tunnel(self, host: &str, to: &str) -> Self {
        self.set("tunnels", &format!("{host}={to}"))
    }

    /// Another option of mitmproxy's.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.options.extend(["--set".to_owned(), format!("{name}={value}")]);
        self
    }

    pub fn start(self) -> Mitmproxy {
        let folder = TempDir::new().unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mitmproxy.sh");
        let own = |name: &str, path: &str| format!("{name}={}/{path}", folder.path().display());
        let mut child = Command::new(script)
            .args(["--listen-host", "127.0.0.1", "--listen-port", "0"])
            .args(["--set", "connection_strategy=lazy", "--set", &own("confdir", "")])
            .args(["--set", &own("record", "record")])
            .args(self.options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("could not start {script}: {error}"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ");
        let address = address.unwrap_or_else(|| panic!("mitmproxy did not start: {line}"));
        Mitmproxy { address: address.to_owned(), asks: self.asks, child, folder }
    }
}

/// An address that nobody has: an endpoint of AWS that only the proxy can reach.
pub const BEYOND: &str = "http://10.9.9.9";

/// A proxy that runs; it ends when dropped, or with this process.
pub struct Mitmproxy {
    /// `127.0.0.1:PORT`
    pub address: String,
    asks: bool,
    child: Child,
    folder: TempDir,
}

impl Mitmproxy {
    /// Its URL, with what it asks for.
    pub fn url(&self) -> String {
        if self.asks { self.url_with(PASSWORD) } else { format!("http://{}", self.address) }
    }

    /// Its URL for [`USER`] with this password.
    pub fn url_with(&self, password: &str) -> String {
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        format!("http://{}:{}@{}", encoded(USER), encoded(password), self.address)
    }

    /// Its URL, as it may be shown.
    pub fn shown(&self) -> String {
        format!("http://{}:***@{}", utf8_percent_encode(USER, NON_ALPHANUMERIC), self.address)
    }

    /// The certificate of the authority that it signs with, as PEM.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("mitmproxy-ca-cert.pem")
    }

    /// What it was asked for: `{kind: connect|call, host, method, path, http, connection, client}`.
    pub fn record(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("record")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The hosts of that kind of record, in their order, each once in a row.
    pub fn hosts(&self, kind: &str) -> Vec<String> {
        let of_kind = self.record().into_iter().filter(|line| line["kind"] == kind);
        let mut hosts: Vec<String> =
            of_kind.map(|line| line["host"].as_str().unwrap().to_owned()).collect();
        hosts.dedup();
        hosts
    }
}

impl Drop for Mitmproxy {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
