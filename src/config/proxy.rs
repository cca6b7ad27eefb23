//! The corporate proxy: its URLs, which may hold a password, and the files of its certificates.

use std::{fmt, path::PathBuf, str::FromStr};

use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::Deserialize;

use super::newtype::{Checked, Invalid, readable};

/// The corporate proxy and its certificates: for Groundwork's own calls and for Claude Code. What is not
/// said here is taken from the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Proxy {
    /// The proxy for `https` addresses: `http://[USER:PASSWORD@]HOST:PORT`. Else `HTTPS_PROXY` or
    /// `ALL_PROXY` names it
    pub https_proxy: Option<ProxyUrl>,
    /// The proxy for `http` addresses. Else `HTTP_PROXY` or `ALL_PROXY` names it
    pub http_proxy: Option<ProxyUrl>,
    /// Hosts, domains and addresses that are reached without the proxy. Else `NO_PROXY` names them
    pub no_proxy: Vec<String>,
    /// A PEM file of the certificate authorities that the proxy signs with, trusted beside the system's.
    /// Else `NODE_EXTRA_CA_CERTS` or `AWS_CA_BUNDLE` names it; what the system's are, `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` say. For `gcloud` and a credential process of AWS's it stands in place of theirs
    pub ca_bundle: Option<PathBuf>,
    /// A PEM file of the certificate with which this machine identifies itself. Google's sign-in with a
    /// file or by `gcloud`, and a credential process, cannot show it
    pub client_cert: Option<PathBuf>,
    /// A PEM file of that certificate's key, not encrypted
    pub client_key: Option<PathBuf>,
}

const URL: &str =
    "the URL of a proxy: `http://HOST:PORT`, with `USER:PASSWORD@` if it asks for one";

/// A proxy's URL. The password in it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(String);

impl Checked for ProxyUrl {
    const MUST: &'static str = URL;
}

readable!(ProxyUrl, "^(https?://)?([^@/ ]+@)?[^@/ ]+/?$");

impl ProxyUrl {
    /// The URL with its password. For a client or a variable, never for a message.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProxyUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = Invalid::new(URL);
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        if scheme.starts_with("socks") {
            return Err(invalid.why("Claude Code does not speak SOCKS"));
        }
        let (user, address) = rest.rsplit_once('@').unwrap_or(("", rest));
        let address = address.strip_suffix('/').unwrap_or(address);
        // `[::1]:3128` has colons of its own.
        let (host, port) = match address.rfind(':') {
            Some(at) if !address.ends_with(']') => address.split_at(at),
            _ => (address, ""),
        };
        let port = port.strip_prefix(':');
        let right = ["http", "https"].contains(&scheme)
            && !host.is_empty()
            && !host.contains(['/', '?', '#', '@'])
            && (!host.contains(':') || (host.starts_with('[') && host.ends_with(']')))
            && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0))
            && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        if !right {
            return Err(invalid);
        }
        if user.contains(['/', '?', '#', '@']) {
            let why = "its user or password has a character that ends this part of a URL";
            return Err(invalid.why(why).hint("write `%40` for `@`, `%2F` for `/`, `%23` for `#`"));
        }
        if percent_decode_str(user).decode_utf8().is_err() {
            return Err(invalid.why("its user or password is not UTF-8 behind its `%`"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = match self.0.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, self.0.as_str()),
        };
        if let Some(scheme) = scheme {
            write!(f, "{scheme}://")?;
        }
        match rest.rsplit_once('@') {
            // A user without a password is as a rule a token.
            Some((user, address)) => match user.split_once(':') {
                Some((user, _)) => write!(f, "{user}:***@{address}"),
                None => write!(f, "***@{address}"),
            },
            None => f.write_str(rest),
        }
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_does_not_print() {
        for text in ["http://ada:s3cret@proxy:3128", "ada:s3cret@proxy:3128"] {
            let url: ProxyUrl = text.parse().unwrap();
            let proxy = Proxy { https_proxy: Some(url.clone()), ..Proxy::default() };
            let shown = format!("{url} {url:?} {proxy:?}");
            assert!(!shown.contains("s3cret") && shown.contains("ada:***@proxy:3128"), "{shown}");
            assert_eq!(url.expose(), text);
        }
    }

    #[test]
    fn a_proxy_is_a_host_and_a_port() {
        for good in ["http://proxy", "https://proxy.corp:8443/", "proxy:3128", "http://[::1]:3128"]
        {
            let url: ProxyUrl = good.parse().unwrap();
            assert_eq!(url.to_string(), good);
        }
        for bad in [
            "",
            "http://",
            "ftp://proxy",
            "socks5://proxy:1080",
            "http://proxy:port",
            "http://proxy:0",
            "http://proxy/path",
            "http://a:p/w@proxy:1",
            "http://a:p#w@proxy:1",
            "http://a:%ff@proxy:1",
            "http://pro xy",
            "http://::1:3128",
        ] {
            let error = bad.parse::<ProxyUrl>().unwrap_err();
            assert!(!error.to_string().contains("p/w"), "{bad}");
        }
    }
}
