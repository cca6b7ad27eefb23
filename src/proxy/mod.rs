//! The way to the network: which proxy a call goes through, whose certificates are trusted, and how
//! this machine identifies itself.
//!
//! One truth for our own calls, for what is printed for others, and for the probe. What the
//! configuration says goes before the environment, key by key.

pub mod authority;
mod bundle;
pub mod check;
mod client;
mod exempt;
mod handover;
mod tls;
mod unanswered;
mod variables;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use http::Uri;
use reqwest::Url;

use self::exempt::{Exempt, LOOPBACK};
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
    /// What names a proxy that no call can go through, where none is named that it can.
    unusable: Option<Unusable>,
    /// What names a bundle in the environment that is not there.
    absent: Option<(PathBuf, &'static str)>,
    /// What says in the environment what the system's authorities are.
    system_named_by: Option<&'static str>,
}

/// A variable whose proxy cannot be used. Its value may hold a password, and is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unusable {
    name: &'static str,
    /// Whether it is one of SOCKS.
    socks: bool,
    why: String,
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
    /// meant from `folder`, the configuration's. A mistake in the environment is none of those who
    /// make no call: see [`Self::passable`].
    pub fn of(proxy: &Proxy, folder: &Path, environment: Environment<'_>) -> Result<Self> {
        let absolute = |path: &PathBuf| folder.join(path);
        for url in [&proxy.https_proxy, &proxy.http_proxy].into_iter().flatten() {
            usable(url)?;
        }
        let url = |configured: &Option<ProxyUrl>, names: [&Variable; 2]| match configured {
            Some(url) => Ok(Some(url.clone())),
            None => named(&names, environment),
        };
        let all = named(&[v::ALL_PROXY_LOWER, v::ALL_PROXY], environment);
        let encrypted = url(&proxy.https_proxy, [v::HTTPS_PROXY_LOWER, v::HTTPS_PROXY]);
        let plain = url(&proxy.http_proxy, [v::HTTP_PROXY_LOWER, v::HTTP_PROXY]);
        // Both clouds are `https`: with a proxy for that, the others keep nobody from them.
        let unusable = match &encrypted {
            Ok(Some(_)) => None,
            Err(why) => Some(why.clone()),
            Ok(None) => plain.as_ref().err().or(all.as_ref().err()).cloned(),
        };
        let all = all.ok().flatten();
        let mut no_proxy = proxy.no_proxy.clone();
        if no_proxy.is_empty()
            && let Some((_, list)) = first(&[v::NO_PROXY_LOWER, v::NO_PROXY], environment)
        {
            no_proxy = list.split([',', ' ']).filter(|it| !it.is_empty()).map(Into::into).collect();
        }
        let configured = proxy.ca_bundle.as_ref().map(|path| (absolute(path), CONFIGURED));
        let of_environment = if configured.is_none() { bundles(environment) } else { Vec::new() };
        // Left over from another day, it is passed over, as Claude Code does.
        let absent = of_environment.first().filter(|(path, _)| !path.exists()).cloned();
        let there = of_environment.into_iter().find(|(path, _)| path.exists());
        let (ca_bundle, named_by) = configured.or(there).unzip();
        let client = proxy.client_cert.as_ref().zip(proxy.client_key.as_ref());
        Ok(Self {
            https_proxy: encrypted.ok().flatten().or_else(|| all.clone()),
            http_proxy: plain.ok().flatten().or(all),
            no_proxy,
            ca_bundle,
            named_by: named_by.unwrap_or_default(),
            client: client.map(|(certificate, key)| ClientCertificate {
                certificate: absolute(certificate),
                key: absolute(key),
            }),
            unusable,
            absent,
            system_named_by: first(&[v::SSL_CERT_FILE, v::SSL_CERT_DIR], environment)
                .map(|(name, _)| name),
        })
    }

    /// The way to the network, where there is one: without the proxy that is meant a call would only
    /// be lost.
    pub fn passable(self) -> Result<Self> {
        match &self.unusable {
            Some(Unusable { name, socks, why }) if !self.no_proxy.iter().any(|it| it == "*") => {
                let message = if *socks {
                    format!("{name} names a SOCKS proxy, which Groundwork does not speak")
                } else {
                    format!("{name}: {why}")
                };
                Err(Error::new(Kind::Config, message)
                    .hint("name an HTTP proxy: `proxy.https_proxy` in the configuration, or HTTPS_PROXY")
                    .hint(format!("or go without: unset {name}")))
            }
            _ => Ok(self),
        }
    }

    /// What is not as the environment says, and yet keeps nobody from the network; and what to do.
    pub fn warning(&self) -> Option<(String, String)> {
        let (path, name) = self.absent.as_ref()?;
        let message = format!("{name} names `{}`, which is not there: passed over", path.display());
        Some((message, format!("name a file that is there, or: unset {name}")))
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

    /// Hosts, domains and addresses that are reached without the proxy: what was said, this machine
    /// itself, and its own metadata service, which no proxy reaches.
    pub fn no_proxy(&self) -> Vec<String> {
        let own = LOOPBACK.into_iter().chain(METADATA).map(ToOwned::to_owned);
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
        let url = match uri.scheme_str()? {
            "http" => self.http_proxy.as_ref(),
            _ => self.https_proxy.as_ref(),
        };
        url.filter(|_| !self.exempt().covers(uri))
    }

    fn exempt(&self) -> Exempt {
        Exempt::of(self.no_proxy().iter().map(String::as_str))
    }

    /// What is reached without the proxy, as most tools read it.
    fn exempt_list(&self) -> String {
        exempt::list(self.no_proxy().iter().map(String::as_str))
    }

    /// What says in the environment what the system's authorities are.
    fn system_named_by(&self) -> Option<&'static str> {
        self.system_named_by
    }
}

/// The bundles that the environment names.
fn bundles(environment: Environment<'_>) -> Vec<(PathBuf, &'static str)> {
    let named = CA_BUNDLES.iter().filter_map(|name| {
        let path = environment(name).filter(|value| !value.is_empty())?;
        Some((std::path::absolute(&path).unwrap_or(path.into()), *name))
    });
    named.collect()
}

/// The first of these variables that says something.
fn first(names: &[&Variable], environment: Environment<'_>) -> Option<(&'static str, String)> {
    names.iter().find_map(|variable| {
        let value = environment(variable.name).filter(|value| !value.trim().is_empty())?;
        Some((variable.name, value))
    })
}

/// The proxy that one of these variables names.
fn named(names: &[&Variable], environment: Environment<'_>) -> Result<Option<ProxyUrl>, Unusable> {
    let Some((name, value)) = first(names, environment) else { return Ok(None) };
    // A scheme is the same in upper case.
    let text = match value.trim().split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_ascii_lowercase()),
        None => value.trim().to_owned(),
    };
    let unusable = |why: String| Unusable { name, socks: text.starts_with("socks"), why };
    let url: ProxyUrl = text.parse().map_err(|invalid| unusable(format!("{invalid}")))?;
    usable(&url).map_err(|error| unusable(error.to_string()))?;
    Ok(Some(url))
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
        for name in ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"] {
            let network = of(&Proxy::default(), &[(name, "ftp://a:s3cret@h")]).unwrap();
            assert!(!format!("{network:?}").contains("s3cret"), "{network:?}");
            let error = network.passable().unwrap_err();
            assert!(error.to_string().starts_with(&format!("{name}: ")), "{error}");
            assert!(error.hints().concat().contains(&format!("unset {name}")), "{error:?}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_bad_url_in_the_environment_keeps_nobody_from_a_proxy_that_is_named() {
        let proxy = Proxy { https_proxy: "http://mine:1".parse().ok(), ..Proxy::default() };
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "all_proxy"] {
            let network = of(&proxy, &[(name, "SOCKS5://p:1")]).unwrap().passable().unwrap();
            assert_eq!(shown(&network, "https://x.test").as_deref(), Some("http://mine:1"));
        }
        let network = of(&Proxy::default(), &[("https_proxy", " "), ("HTTPS_PROXY", "HTTP://p:1")]);
        let network = network.unwrap().passable().unwrap();
        assert_eq!(shown(&network, "https://x.test").as_deref(), Some("http://p:1"));
        let error = of(&Proxy::default(), &[("HTTPS_PROXY", "SOCKS5h://p:1")]).unwrap().passable();
        assert!(error.unwrap_err().to_string().contains("names a SOCKS proxy"));
    }

    #[test]
    fn a_bundle_of_the_environment_that_is_not_there_is_passed_over_with_a_word() {
        let there = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let environment = [("NODE_EXTRA_CA_CERTS", "/nowhere/ca.pem"), ("AWS_CA_BUNDLE", there)];
        let network = of(&Proxy::default(), &environment).unwrap();
        assert_eq!(network.ca_bundle(), Some(Path::new(there)));
        let (message, hint) = network.warning().unwrap();
        assert!(message.contains("NODE_EXTRA_CA_CERTS names `/nowhere/ca.pem`"), "{message}");
        assert!(hint.contains("unset NODE_EXTRA_CA_CERTS"), "{hint}");
        let proxy = Proxy { ca_bundle: Some("ca.pem".into()), ..Proxy::default() };
        let network = of(&proxy, &environment).unwrap();
        assert_eq!(network.ca_bundle(), Some(Path::new("/work/ca.pem")));
        assert_eq!(network.warning(), None);
    }

    #[test]
    fn this_machine_and_its_metadata_service_are_never_behind_the_proxy() {
        let proxy = Proxy {
            https_proxy: "http://p:1".parse().ok(),
            http_proxy: "http://p:1".parse().ok(),
            no_proxy: vec!["*.corp.test".into()],
            ..Proxy::default()
        };
        let network = of(&proxy, &[]).unwrap();
        for direct in [
            "http://localhost:4318",
            "http://127.0.0.1:4566/x",
            "http://[::1]:4318",
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
