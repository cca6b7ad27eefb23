//! The way to the network: which proxy a call goes through, whose certificates are trusted, and how
//! this machine identifies itself.
//!
//! One truth for our own calls, for what is printed for others, and for the probe. What the
//! configuration says goes before the environment, key by key.

pub mod authority;
mod bundle;
pub mod check;
mod client;
mod handover;
mod tls;
mod unanswered;
mod variables;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

pub use self::{
    bundle::write as write_bundle,
    client::Client,
    unanswered::{End, Unanswered},
    variables::{REPLACING, Variables},
};
use crate::{
    claude::variable::{self as v, Variable},
    config::{Proxy, ProxyUrl},
    error::{Error, Kind, Result},
};

/// Who answers for the credentials of a machine in a cloud. They are on the machine itself, so that no
/// proxy can reach them.
const METADATA: [&str; 7] = [
    "169.254.169.254",
    "fd00:ec2::254",
    "169.254.170.2",
    "169.254.170.23",
    "fd00:ec2::23",
    "metadata.google.internal",
    "fd20:ce::254",
];

/// In the environment: files of authorities that are trusted beside the system's. The one of Claude
/// Code, and the one of AWS's tools. `SSL_CERT_FILE` and `SSL_CERT_DIR` say what the system's are.
const CA_BUNDLES: [&str; 2] = [v::NODE_EXTRA_CA_CERTS.name, v::AWS_CA_BUNDLE.name];

/// What names the bundle in the configuration.
const CONFIGURED: &str = "`proxy.ca_bundle`";

/// What the network between here and the clouds asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    https_proxy: Option<ProxyUrl>,
    http_proxy: Option<ProxyUrl>,
    no_proxy: Vec<String>,
    ca_bundle: Option<PathBuf>,
    /// By what the bundle is named.
    named_by: &'static str,
    client: Option<ClientCertificate>,
    /// The variable that names a SOCKS proxy, where no other proxy is named.
    socks: Option<&'static str>,
}

/// The files with which this machine identifies itself in a handshake. PEM, absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Says a variable's value, if it is set.
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Network {
    /// What the configuration says, and where it says nothing, the environment. A relative path is
    /// meant from `folder`, the configuration's.
    pub fn of(proxy: &Proxy, folder: &Path, environment: Environment<'_>) -> Result<Self> {
        let absolute = |path: &PathBuf| folder.join(path);
        let url = |configured: &Option<ProxyUrl>, names: [&Variable; 2]| match configured {
            Some(url) => usable(url).map(|_| Some(url.clone())),
            None => named(&names, environment),
        };
        let encrypted = url(&proxy.https_proxy, [v::HTTPS_PROXY_LOWER, v::HTTPS_PROXY])?;
        let plain = url(&proxy.http_proxy, [v::HTTP_PROXY_LOWER, v::HTTP_PROXY])?;
        let all = [v::ALL_PROXY_LOWER, v::ALL_PROXY];
        let socks = first(&all, environment)
            .filter(|(_, value)| value.starts_with("socks"))
            .map(|(name, _)| name);
        let all = if socks.is_none() { named(&all, environment)? } else { None };
        let socks = socks.filter(|_| encrypted.is_none());
        let mut no_proxy = proxy.no_proxy.clone();
        if no_proxy.is_empty()
            && let Some((_, list)) = first(&[v::NO_PROXY_LOWER, v::NO_PROXY], environment)
        {
            no_proxy = list.split([',', ' ']).filter(|it| !it.is_empty()).map(Into::into).collect();
        }
        let of_environment = CA_BUNDLES.iter().find_map(|name| {
            let path = environment(name).filter(|value| !value.is_empty())?;
            Some((std::path::absolute(&path).unwrap_or(path.into()), *name))
        });
        let configured = proxy.ca_bundle.as_ref().map(|path| (absolute(path), CONFIGURED));
        let (ca_bundle, named_by) = configured.or(of_environment).unzip();
        let client = proxy.client_cert.as_ref().zip(proxy.client_key.as_ref());
        Ok(Self {
            https_proxy: encrypted.or_else(|| all.clone()),
            http_proxy: plain.or(all),
            no_proxy,
            ca_bundle,
            named_by: named_by.unwrap_or_default(),
            client: client.map(|(certificate, key)| ClientCertificate {
                certificate: absolute(certificate),
                key: absolute(key),
            }),
            socks,
        })
    }

    /// The way to the network, where there is one: no library here speaks SOCKS, and without its proxy
    /// a call would only be lost.
    pub fn passable(self) -> Result<Self> {
        match self.socks {
            Some(name) if !self.no_proxy.iter().any(|it| it == "*") => {
                let message =
                    format!("{name} names a SOCKS proxy, which Groundwork does not speak");
                Err(Error::new(Kind::Config, message)
                    .hint("name an HTTP proxy: `proxy.https_proxy` in the configuration, or HTTPS_PROXY")
                    .hint(format!("or go without: unset {name}")))
            }
            _ => Ok(self),
        }
    }

    /// The same, with this bundle where nothing else has named one.
    #[must_use]
    pub fn or_ca_bundle(mut self, path: PathBuf, named_by: &'static str) -> Self {
        if self.ca_bundle.is_none() {
            (self.ca_bundle, self.named_by) = (Some(path), named_by);
        }
        self
    }

    pub fn https_proxy(&self) -> Option<&ProxyUrl> {
        self.https_proxy.as_ref()
    }

    pub fn http_proxy(&self) -> Option<&ProxyUrl> {
        self.http_proxy.as_ref()
    }

    /// Hosts, domains and addresses that are reached without the proxy: what was said, and a machine's
    /// own metadata service, which no proxy reaches.
    pub fn no_proxy(&self) -> Vec<String> {
        let own = METADATA.iter().map(|host| (*host).to_owned());
        let own = own.filter(|host| !self.no_proxy.contains(host));
        self.no_proxy.iter().cloned().chain(own).collect()
    }

    /// A PEM file of authorities that are trusted beside the system's. Absolute.
    pub fn ca_bundle(&self) -> Option<&Path> {
        self.ca_bundle.as_deref()
    }

    /// By what the bundle is named: a key of the configuration, or a variable.
    fn named_by(&self) -> &'static str {
        self.named_by
    }

    pub fn client_certificate(&self) -> Option<&ClientCertificate> {
        self.client.as_ref()
    }

    /// Whether calls to anywhere go through a proxy.
    pub fn has_proxy(&self) -> bool {
        self.https_proxy.is_some() || self.http_proxy.is_some()
    }

    /// The proxy that a call to `uri` goes through.
    pub fn proxy_for(&self, uri: &Uri) -> Option<&ProxyUrl> {
        self.matcher().intercept(uri)?;
        match uri.scheme_str() {
            Some("http") => self.http_proxy.as_ref(),
            _ => self.https_proxy.as_ref(),
        }
    }

    fn matcher(&self) -> Matcher {
        let url = |url: &Option<ProxyUrl>| {
            url.as_ref().and_then(|url| usable(url).ok()).map(String::from).unwrap_or_default()
        };
        Matcher::builder()
            .https(url(&self.https_proxy))
            .http(url(&self.http_proxy))
            .no(self.plain_no_proxy())
            .build()
    }

    /// As most tools read it: `*.x` is a form that some know for what `.x` is to all.
    fn plain_no_proxy(&self) -> String {
        let plain: Vec<String> = self.no_proxy().iter().map(|it| it.replace("*.", ".")).collect();
        plain.join(",")
    }
}

/// The first of these variables that says something.
fn first(names: &[&Variable], environment: Environment<'_>) -> Option<(&'static str, String)> {
    names.iter().find_map(|variable| {
        let value = environment(variable.name).filter(|value| !value.is_empty())?;
        Some((variable.name, value))
    })
}

/// The proxy that one of these variables names. Its value may hold a password: no message has it.
fn named(names: &[&Variable], environment: Environment<'_>) -> Result<Option<ProxyUrl>> {
    let Some((name, value)) = first(names, environment) else { return Ok(None) };
    let url: ProxyUrl =
        value.parse().map_err(|invalid| Error::new(Kind::Config, format!("{name}: {invalid}")))?;
    usable(&url).map(|_| Some(url))
}

/// The URL with a scheme, and with what no URL may hold written with `%`: as every client reads it
/// alike. One that none could read would else be no proxy at all.
fn usable(url: &ProxyUrl) -> Result<Url> {
    let text = url.expose();
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let parsed = Url::parse(&text).ok().filter(|url| url.as_str().parse::<Uri>().is_ok());
    // A backslash ends the host.
    parsed.filter(|_| !text.contains('\\')).ok_or_else(|| {
        Error::new(Kind::Config, format!("could not use the proxy {url}"))
            .hint("write what is neither a letter nor a digit in its user and password with `%`")
    })
}

impl fmt::Display for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.certificate.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(proxy: &Proxy, environment: &[(&str, &str)]) -> Result<Network> {
        Network::of(proxy, Path::new("/work"), &|name| {
            environment.iter().find(|(its, _)| *its == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn shown(network: &Network, uri: &str) -> Option<String> {
        network.proxy_for(&uri.parse().unwrap()).map(ToString::to_string)
    }

    #[test]
    fn the_configuration_goes_before_the_environment_and_lower_case_before_upper() {
        let environment = [
            ("HTTPS_PROXY", "http://upper:1"),
            ("https_proxy", "http://lower:1"),
            ("NO_PROXY", "a.test"),
        ];
        let network = of(&Proxy::default(), &environment).unwrap();
        assert_eq!(shown(&network, "https://x.test").as_deref(), Some("http://lower:1"));
        assert_eq!(shown(&network, "https://a.test"), None);
        let proxy = Proxy { https_proxy: "http://mine:1".parse().ok(), ..Proxy::default() };
        let network = of(&proxy, &environment).unwrap();
        assert_eq!(shown(&network, "https://x.test").as_deref(), Some("http://mine:1"));
    }

    #[test]
    fn a_bad_url_in_the_environment_is_told_without_its_password() {
        let error = of(&Proxy::default(), &[("HTTPS_PROXY", "ftp://a:s3cret@h")]).unwrap_err();
        assert!(error.to_string().starts_with("HTTPS_PROXY: "), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn a_machines_own_metadata_service_is_never_behind_the_proxy() {
        let proxy = Proxy {
            https_proxy: "http://p:1".parse().ok(),
            http_proxy: "http://p:1".parse().ok(),
            no_proxy: vec!["*.corp.test".into()],
            ..Proxy::default()
        };
        let network = of(&proxy, &[]).unwrap();
        for direct in [
            "http://169.254.169.254/x",
            "http://metadata.google.internal/x",
            "https://gw.corp.test",
        ] {
            assert_eq!(shown(&network, direct), None, "{direct}");
        }
        assert!(shown(&network, "https://sts.amazonaws.com").is_some());
    }

    #[test]
    fn files_are_found_from_the_configurations_folder() {
        let proxy = Proxy {
            ca_bundle: Some("ca.pem".into()),
            client_cert: Some("/abs/c.pem".into()),
            client_key: Some("k.pem".into()),
            ..Proxy::default()
        };
        let network = of(&proxy, &[]).unwrap();
        assert_eq!(network.ca_bundle(), Some(Path::new("/work/ca.pem")));
        let client = network.client_certificate().unwrap();
        assert_eq!(
            (client.certificate.to_str(), client.key.to_str()),
            (Some("/abs/c.pem"), Some("/work/k.pem"))
        );
    }
}
