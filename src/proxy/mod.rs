//! The way to the network: which proxy a call goes through, whose certificates are trusted, and how
//! this machine identifies itself.
//!
//! One truth for our own calls, for what is printed for others, and for the probe. What the
//! configuration says goes before the environment, key by key.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use crate::{
    claude::variable::{self as v, Variable},
    config::{Proxy, ProxyUrl},
    error::{Error, Kind, Result},
};

/// Who answers for the credentials of a machine in a cloud. They are on the machine itself, so that no
/// proxy can reach them.
const METADATA: [&str; 4] =
    ["169.254.169.254", "fd00:ec2::254", "169.254.170.2", "metadata.google.internal"];

/// What the network between here and the clouds asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    https_proxy: Option<ProxyUrl>,
    http_proxy: Option<ProxyUrl>,
    no_proxy: Vec<String>,
    ca_bundle: Option<PathBuf>,
    client: Option<ClientCertificate>,
}

/// The files with which this machine identifies itself in a handshake. PEM, absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Network {
    /// What the configuration says, and where it says nothing, the environment. A relative path is
    /// meant from `folder`, the configuration's.
    pub fn of(
        proxy: &Proxy,
        folder: &Path,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let first = |names: &[&Variable]| {
            names.iter().find_map(|variable| {
                let value = environment(variable.name).filter(|value| !value.is_empty())?;
                Some((variable.name, value))
            })
        };
        let url =
            |configured: &Option<ProxyUrl>, names: &[&Variable]| match (configured, first(names)) {
                (Some(url), _) => Ok(Some(url.clone())),
                (None, Some((name, value))) => value.parse().map(Some).map_err(|invalid| {
                    // The value may hold a password.
                    Error::new(Kind::Config, format!("{name}: {invalid}"))
                }),
                (None, None) => Ok(None),
            };
        let absolute = |path: &PathBuf| folder.join(path);
        let mut no_proxy = proxy.no_proxy.clone();
        if no_proxy.is_empty()
            && let Some((_, list)) = first(&[v::NO_PROXY_LOWER, v::NO_PROXY])
        {
            no_proxy = list.split([',', ' ']).filter(|it| !it.is_empty()).map(Into::into).collect();
        }
        Ok(Self {
            https_proxy: url(&proxy.https_proxy, &[v::HTTPS_PROXY_LOWER, v::HTTPS_PROXY])?,
            http_proxy: url(&proxy.http_proxy, &[v::HTTP_PROXY_LOWER, v::HTTP_PROXY])?,
            no_proxy,
            ca_bundle: proxy.ca_bundle.as_ref().map(absolute),
            client: proxy.client_cert.as_ref().zip(proxy.client_key.as_ref()).map(
                |(certificate, key)| ClientCertificate {
                    certificate: absolute(certificate),
                    key: absolute(key),
                },
            ),
        })
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
        let url = |url: &Option<ProxyUrl>| url.as_ref().map_or("", ProxyUrl::expose).to_owned();
        // `*.x` is a form that others know for what `.x` is to this matcher.
        let no: Vec<String> = self.no_proxy().iter().map(|it| it.replace("*.", ".")).collect();
        Matcher::builder()
            .https(url(&self.https_proxy))
            .http(url(&self.http_proxy))
            .no(no.join(","))
            .build()
    }
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
