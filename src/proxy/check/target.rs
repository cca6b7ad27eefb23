//! What is looked for: a host, and who needs it.

use std::{fmt, str::FromStr};

use http::Uri;

use crate::error::{Error, Kind};

/// A host that has to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub scheme: Scheme,
    /// A name or an address; IPv6 without brackets.
    pub host: String,
    pub port: u16,
    pub purpose: Purpose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Https,
    Http,
}

/// Who needs a host, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Claude Code, on every developer's machine.
    Claude,
    /// Signing in to the cloud, there and for provisioning.
    SignIn,
    /// Claude Code's OpenTelemetry.
    Telemetry,
    /// `provision`, `status` and `destroy`.
    Provision,
    /// `--host`.
    Asked,
    /// Claude Code, which does without.
    Optional,
}

impl Target {
    /// `https` on its usual port.
    pub fn https(host: impl Into<String>, purpose: Purpose) -> Self {
        Self { scheme: Scheme::Https, host: host.into(), port: 443, purpose }
    }

    /// Where a URL leads.
    pub fn of_url(url: &str, purpose: Purpose) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let scheme = match uri.scheme_str()? {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return None,
        };
        let (host, authority) = (uri.host()?, uri.authority()?.as_str());
        let port = match uri.port_u16() {
            Some(port) => port,
            None if authority.ends_with(host) => scheme.port(),
            // What stands there is no number.
            None => return None,
        };
        let host = bare(host).to_owned();
        Some(Self { scheme, host, port, purpose })
    }

    /// Whether the tenant does not work without it.
    pub fn needed(&self) -> bool {
        self.purpose != Purpose::Optional
    }

    /// Host and port as they stand in a URL and in `CONNECT`.
    pub(super) fn authority(&self) -> String {
        at(&self.host, self.port)
    }

    /// As if it were of this scheme.
    pub(super) fn uri(&self, scheme: Scheme) -> Option<Uri> {
        let scheme = scheme.name();
        Uri::builder().scheme(scheme).authority(self.authority()).path_and_query("/").build().ok()
    }
}

impl Scheme {
    pub fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    pub(super) fn port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

impl Purpose {
    /// As a word of the table and of JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::SignIn => "sign-in",
            Self::Telemetry => "telemetry",
            Self::Provision => "provision",
            Self::Asked => "asked",
            Self::Optional => "optional",
        }
    }
}

/// Without the port where it is the usual one.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scheme == Scheme::Http {
            f.write_str("http://")?;
        }
        if self.port == self.scheme.port() && !self.host.contains(':') {
            return f.write_str(&self.host);
        }
        f.write_str(&self.authority())
    }
}

/// `HOST`, `HOST:PORT`, `[::1]:PORT`, or a URL.
impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |message: String| {
            Error::new(Kind::Config, message)
                .hint("write `HOST`, `HOST:PORT` or `http://HOST:PORT`")
        };
        // It may be a password, which does not print.
        if text.contains('@') {
            return Err(wrong("--host: a host has no user".to_owned()));
        }
        let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
        Self::of_url(&url, Purpose::Asked)
            .filter(|it| plain && it.port != 0)
            .ok_or_else(|| wrong(format!("--host {}: is no host", text.escape_debug())))
    }
}

pub(super) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

pub(super) fn at(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_an_address_or_a_url() {
        for (text, shown) in [
            ("kms.us-east-1.amazonaws.com", "kms.us-east-1.amazonaws.com"),
            ("localhost:8443", "localhost:8443"),
            ("[::1]:8443", "[::1]:8443"),
            ("https://otel.corp.test/v1", "otel.corp.test"),
            ("http://otel.corp.test:4318", "http://otel.corp.test:4318"),
        ] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), shown);
        }
        for wrong in ["", "a b", "host:0", "host:port", "ftp://x", "https://", "::1"] {
            wrong.parse::<Target>().unwrap_err();
        }
    }

    #[test]
    fn a_password_that_was_typed_with_a_host_does_not_print() {
        let error = "https://ada:s3cret@host".parse::<Target>().unwrap_err();
        assert_eq!(error.to_string(), "--host: a host has no user");
    }
}
