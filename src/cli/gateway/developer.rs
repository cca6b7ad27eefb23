//! The gateway as developers come to it: the part of its configuration that is theirs, or an address
//! alone.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use super::path;
use crate::{
    claude::{self, Environment, variable as v},
    cli::{
        Global,
        configured::{Configured, without_inference_profiles},
        flags::{file_flag, folder, quoted},
        variable,
    },
    config::{
        self, ClaudeCode, Proxy, Warning,
        gateway::{ClientConfig, ClientDialect, ServiceUrl, load_client},
    },
    error::{Error, Kind, Result},
    proxy::Variables,
    ui::Ui,
};

/// What developers are told of the gateway.
pub(in crate::cli) struct Developer {
    config: ClientConfig,
    url: String,
    dialect: ClientDialect,
    /// Empty where only an address is known.
    path: PathBuf,
    flags: String,
    warnings: Vec<Warning>,
}

impl Developer {
    /// Reads the configuration, and the flags `--url` and `--dialect`. With an address there need be
    /// no configuration; then nothing is known of the models.
    pub(in crate::cli) fn read(
        global: &Global,
        url: Option<&str>,
        dialect: Option<ClientDialect>,
    ) -> Result<Self, Vec<Error>> {
        let one = |error| vec![error];
        let given = url.map(of_flag).transpose().map_err(one)?;
        let path = match (path(global), &given) {
            (Ok(path), _) => path,
            (Err(_), Some(_)) => PathBuf::new(),
            (Err(error), None) => {
                return Err(one(
                    error.hint("or say where it is: --url https://gateway.example.com")
                ));
            }
        };
        let (config, warnings) = if path.as_os_str().is_empty() {
            (ClientConfig::default(), Vec::new())
        } else {
            let loaded = load_client(&path, &variable)?;
            (loaded.config, loaded.warnings)
        };
        let typed_url = url.map(|url| format!(" --url {}", quoted(url))).unwrap_or_default();
        let typed_dialect = dialect.map(|it| format!(" --dialect {it}")).unwrap_or_default();
        let flags = [file_flag(global), typed_url, typed_dialect].concat();
        let url = given.map(|url| url.base().to_owned()).or_else(|| config.url());
        let url = url.ok_or_else(|| one(nowhere(&path, &config)))?;
        let dialect = dialect.unwrap_or(config.client.dialect);
        Ok(Self { config, url, dialect, path, flags, warnings })
    }

    /// Tells of the network between the two.
    fn add_network(&self, all: &mut Environment) {
        let set = |name: &str| variable(name).filter(|list| !list.is_empty());
        let mut proxy =
            Proxy { ca_bundle: self.config.client.ca_bundle.clone(), ..Proxy::default() };
        // The client sends even what is for this machine through a proxy, unless it is told (facts 3).
        let own = all.iter().any(|(name, _)| name.eq_ignore_ascii_case(v::NO_PROXY.name));
        if is_here(&self.url) && !own {
            let there = set(v::NO_PROXY_LOWER.name).or_else(|| set(v::NO_PROXY.name));
            let there = there.unwrap_or_default();
            let entries = there.split([',', ' ']).filter(|entry| !entry.is_empty());
            proxy.no_proxy = entries.chain(["localhost"]).map(ToOwned::to_owned).collect();
        }
        Variables::of(&proxy, &folder(&self.path), None).tell(all);
    }
}

fn of_flag(url: &str) -> Result<ServiceUrl> {
    url.parse().map_err(|problem| Error::new(Kind::Config, format!("--url {url}: {problem}")))
}

fn nowhere(path: &Path, config: &ClientConfig) -> Error {
    let message = format!(
        "{}: nothing says where developers reach the gateway: `listen.address` is {}",
        path.display(),
        config.listen.address
    );
    Error::new(Kind::Config, message)
        .hint("add `url: https://gateway.example.com` (yours) below `client:`")
        .hint("or name it: --url URL")
}

/// Whether a URL leads to this machine.
fn is_here(url: &str) -> bool {
    let url: Option<http::Uri> = url.parse().ok();
    let host = url.as_ref().and_then(http::Uri::host).unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Configured for Developer {
    const KIND: config::Cloud = config::Cloud::Gateway;
    const CLOUD: &'static str = "gateway";

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn path(&self) -> &Path {
        &self.path
    }

    /// As a tenant is called by default.
    fn name(&self) -> &'static str {
        "claude-code"
    }

    fn flags(&self) -> &str {
        &self.flags
    }

    fn environment(&self, profiles: &[String], _: &Ui) -> Result<Environment, Vec<Error>> {
        without_inference_profiles(profiles)?;
        let mut all = Environment::gateway(&self.config, &self.url, self.dialect);
        self.add_network(&mut all);
        Ok(all)
    }

    fn section(&self) -> &ClaudeCode {
        &self.config.claude_code
    }

    fn models(&self, _: &[String], _: &Ui) -> Result<Vec<String>, Vec<Error>> {
        Ok(claude::gateway_models(&self.config))
    }

    fn token_command(&self) -> Option<&str> {
        self.config.client.token_command.as_deref()
    }
}
