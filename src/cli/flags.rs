//! What the flags of every command say of a tenant: its file, and where calls go.

use std::path::{Path, PathBuf};

use super::{Global, variable};
use crate::{
    claude::{
        Environment,
        variable::{self as v, Group, Variable},
    },
    config,
    error::{Error, Kind, Result},
    proxy::{
        Variables,
        check::{Purpose, Target},
    },
};

/// The configuration that was named, or the nearest of that name. `cloud` is the one that it is of,
/// as users type it.
pub(super) fn find(global: &Global, file_name: &str, cloud: &str) -> Result<PathBuf> {
    if let Some(path) = global.config.as_ref().filter(|path| !path.as_os_str().is_empty()) {
        return Ok(path.clone());
    }
    let here = std::env::current_dir().map_err(|error| {
        Error::new(Kind::Config, "could not tell the current folder").caused_by(error)
    })?;
    config::find(&here, file_name).ok_or_else(|| {
        let message = format!("there is no `{file_name}` here or in a parent folder");
        Error::new(Kind::Config, message)
            .hint("name one: --config FILE")
            .hint(format!("or write one: groundwork init {cloud}"))
    })
}

/// The flags that name the file and the region, if they were typed, each after a space.
pub(super) fn tenant_flags(global: &Global) -> String {
    [file_flag(global), typed("--region", global.region.as_deref())].concat()
}

/// The flag that names the file, if it was typed.
pub(super) fn file_flag(global: &Global) -> String {
    let config = global.config.as_ref().map(|path| path.display().to_string());
    typed("-c", config.as_deref())
}

fn typed(flag: &str, value: Option<&str>) -> String {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return String::new() };
    format!(" {flag} {}", quoted(value))
}

/// A word of a command, as a shell of Unix reads it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Where calls go, if it was said.
pub(super) fn endpoint_url(global: &Global) -> Result<Option<String>> {
    checked_url("--endpoint-url", global.endpoint_url.clone())
}

/// A URL, unless it is empty. `name` is of what it was given by.
pub(super) fn checked_url(name: &str, url: Option<String>) -> Result<Option<String>> {
    let Some(url) = url.filter(|url| !url.is_empty()) else { return Ok(None) };
    if url.starts_with("http://") || url.starts_with("https://") {
        return Ok(Some(url));
    }
    let message = format!("{name} {url}: must begin with http:// or https://");
    Err(Error::new(Kind::Config, message))
}

/// What others are told of it.
pub(super) fn network_variables(proxy: &config::Proxy, path: &Path) -> Variables {
    let set = |name: &str| variable(name).filter(|list| !list.is_empty());
    let no_proxy = set(v::NO_PROXY_LOWER.name).or_else(|| set(v::NO_PROXY.name));
    Variables::of(proxy, &folder(path), no_proxy.as_deref())
}

/// The hosts that Claude Code is told to send to, besides the cloud's own.
pub(super) fn told_hosts(all: &Environment) -> Vec<Target> {
    let purpose = |name: &str| {
        let of = |variable: &&Variable| variable.name == name;
        match v::ALL.iter().copied().find(of)?.group {
            Group::Telemetry => Some(Purpose::Telemetry),
            Group::Bedrock | Group::Vertex | Group::Anthropic => Some(Purpose::Claude),
            _ => None,
        }
    };
    let urls = all.iter().filter(|(_, value)| value.contains("://"));
    urls.filter_map(|(name, value)| Target::of_url(value, purpose(name)?)).collect()
}

/// Where a configuration is. Absolute.
pub(super) fn folder(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.parent().unwrap_or(Path::new("/")).to_owned()
}
