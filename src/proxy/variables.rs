//! What others are told of the way to the network: Claude Code, and the tools beside it.
//!
//! Only what the configuration says: what the environment says is there already. Each tool is told
//! by the variable that it reads, and by no other where one of two is enough:
//!
//! - The proxy: all of them read `https_proxy` and `no_proxy`, gcloud too
//!   (`googlecloudsdk/core/http_proxy.py`). Its own `CLOUDSDK_PROXY_*` would take it away from
//!   `no_proxy`, and pip's and npm's own would only say the same again.
//! - The authorities: Node, and so Claude Code, takes `NODE_EXTRA_CA_CERTS` beside those that it has.
//!   All others have variables that replace what they have, so that a bundle for them has to hold the
//!   public authorities, too. So does npm, where its `cafile` is set, as Debian's package does.
//! - The client certificate: curl, the AWS and Google command lines and npm read no variable for it.

use std::path::{Path, PathBuf};

use super::{METADATA, exempt, exempt::LOOPBACK};
use crate::{
    claude::{
        Environment,
        variable::{self as v, Variable},
    },
    config::{Proxy, ProxyUrl},
};

/// The variables that name all authorities that a tool trusts.
pub const REPLACING: [&Variable; 9] = [
    v::GIT_SSL_CAINFO,
    v::CURL_CA_BUNDLE,
    v::REQUESTS_CA_BUNDLE,
    v::PIP_CERT,
    v::NPM_CONFIG_CAFILE,
    v::AWS_CA_BUNDLE,
    v::CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE,
    v::GRPC_DEFAULT_SSL_ROOTS_FILE_PATH,
    v::SSL_CERT_FILE,
];

/// What the configuration says of the network, for others.
#[derive(Clone, Debug)]
pub struct Variables {
    proxy: Proxy,
    no_proxy: Vec<String>,
}

impl Variables {
    /// A relative path is meant from `folder`, the configuration's. `no_proxy` is the list that
    /// there is already: where the configuration has none, it must not be lost.
    pub fn of(proxy: &Proxy, folder: &Path, no_proxy: Option<&str>) -> Self {
        let absolute = |path: &Option<PathBuf>| path.as_ref().map(|path| folder.join(path));
        let before = no_proxy.unwrap_or_default().split([',', ' ']).filter(|it| !it.is_empty());
        let no_proxy = if proxy.no_proxy.is_empty() {
            before.map(ToOwned::to_owned).collect()
        } else {
            proxy.no_proxy.clone()
        };
        let proxy = Proxy {
            ca_bundle: absolute(&proxy.ca_bundle),
            client_cert: absolute(&proxy.client_cert),
            client_key: absolute(&proxy.client_key),
            ..proxy.clone()
        };
        Self { proxy, no_proxy }
    }

    /// The configured bundle of authorities. Absolute.
    pub fn ca_bundle(&self) -> Option<&Path> {
        self.proxy.ca_bundle.as_deref()
    }

    /// Adds what Claude Code needs, and every tool.
    pub fn tell(&self, all: &mut Environment) {
        let Proxy { https_proxy, http_proxy, no_proxy, .. } = &self.proxy;
        // Lower case wins over upper, and some tools read only one of them.
        for (url, names) in [
            (https_proxy, [v::HTTPS_PROXY, v::HTTPS_PROXY_LOWER]),
            (http_proxy, [v::HTTP_PROXY, v::HTTP_PROXY_LOWER]),
        ] {
            for name in url.iter().flat_map(|_| names) {
                set_url(all, name, url.as_ref());
            }
        }
        let has_proxy = https_proxy.is_some() || http_proxy.is_some();
        if has_proxy || !no_proxy.is_empty() {
            let list = self.exempt();
            all.set(v::NO_PROXY, list.clone());
            all.set(v::NO_PROXY_LOWER, list);
        }
        if has_proxy {
            all.take_back(v::ALL_PROXY);
            all.take_back(v::ALL_PROXY_LOWER);
        }
        // The client would take it for all addresses, before the one that is meant (facts 3).
        if http_proxy.is_some() && https_proxy.is_none() {
            all.take_back(v::HTTPS_PROXY);
            all.take_back(v::HTTPS_PROXY_LOWER);
        }
        if let Some(bundle) = self.ca_bundle() {
            all.set(v::NODE_EXTRA_CA_CERTS, shown(bundle));
            all.take_back(v::NODE_TLS_REJECT_UNAUTHORIZED);
        }
        if let Some((certificate, key)) = self.client() {
            all.set(v::CLAUDE_CODE_CLIENT_CERT, shown(certificate));
            all.set(v::CLAUDE_CODE_CLIENT_KEY, shown(key));
        }
    }

    /// Adds what the other tools read besides. `bundle` has the public authorities and the
    /// company's.
    pub fn tell_tools(&self, all: &mut Environment, bundle: Option<&Path>) {
        if let Some(bundle) = bundle.or(self.ca_bundle()) {
            for name in REPLACING {
                all.set(name, shown(bundle));
            }
        }
        if let Some((certificate, key)) = self.client() {
            all.set(v::GIT_SSL_CERT, shown(certificate));
            all.set(v::GIT_SSL_KEY, shown(key));
            // pip takes both from one file.
            if certificate == key {
                all.set(v::PIP_CLIENT_CERT, shown(certificate));
            }
        }
    }

    fn client(&self) -> Option<(&Path, &Path)> {
        self.proxy.client_cert.as_deref().zip(self.proxy.client_key.as_deref())
    }

    /// What is reached without the proxy, as every tool reads it.
    fn exempt(&self) -> String {
        let given = self.no_proxy.iter().map(String::as_str);
        exempt::list(given.chain(LOOPBACK).chain(METADATA))
    }
}

/// With its scheme, without which Node's tools take the host for one.
fn set_url(all: &mut Environment, name: &'static Variable, url: Option<&ProxyUrl>) {
    let Some(url) = url else { return };
    let text = url.expose();
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    if url.to_string() == text {
        all.set(name, whole);
    } else {
        all.set_secret(name, whole);
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(proxy: &Proxy, no_proxy: Option<&str>) -> Environment {
        let mut all = Environment::default();
        Variables::of(proxy, Path::new("/work"), no_proxy).tell(&mut all);
        all
    }

    fn value<'a>(all: &'a Environment, name: &str) -> Option<&'a str> {
        all.iter().find(|(its, _)| *its == name).map(|(_, value)| value)
    }

    fn configured() -> Proxy {
        Proxy {
            https_proxy: "ada:s3cret@proxy.test:3128".parse().ok(),
            no_proxy: vec!["*.corp.test".into(), "127.0.0.1".into()],
            ca_bundle: Some("ca.pem".into()),
            client_cert: Some("me.pem".into()),
            client_key: Some("me.key".into()),
            ..Proxy::default()
        }
    }

    #[test]
    fn nothing_configured_is_nothing_told() {
        assert_eq!(told(&Proxy::default(), Some("corp.test")), Environment::default());
        let mut all = Environment::default();
        Variables::of(&Proxy::default(), Path::new("/"), None).tell_tools(&mut all, None);
        assert_eq!(all, Environment::default());
    }

    #[test]
    fn claude_code_is_told_in_both_cases_and_the_stale_ones_are_taken_back() {
        let all = told(&configured(), None);
        for name in ["HTTPS_PROXY", "https_proxy"] {
            assert_eq!(value(&all, name), Some("http://ada:s3cret@proxy.test:3128"));
            assert!(all.is_secret(name));
        }
        assert_eq!(value(&all, "HTTP_PROXY"), None);
        let list = value(&all, "no_proxy").unwrap();
        assert_eq!(value(&all, "NO_PROXY"), Some(list));
        assert!(list.starts_with(".corp.test,127.0.0.1,localhost,::1,169.254.169.254,"), "{list}");
        assert_eq!(value(&all, "NODE_EXTRA_CA_CERTS"), Some("/work/ca.pem"));
        assert_eq!(value(&all, "CLAUDE_CODE_CLIENT_KEY"), Some("/work/me.key"));
        let unset: Vec<&str> = all.unset().collect();
        assert_eq!(unset, ["ALL_PROXY", "all_proxy", "NODE_TLS_REJECT_UNAUTHORIZED"]);
        assert!(!format!("{all:?}").contains("s3cret"));
    }

    #[test]
    fn a_list_that_is_there_is_not_lost() {
        let proxy = Proxy { http_proxy: "http://p:1".parse().ok(), ..Proxy::default() };
        let all = told(&proxy, Some("git.corp.test, .x"));
        assert!(value(&all, "NO_PROXY").unwrap().starts_with("git.corp.test,.x,localhost,"));
        assert!(!all.is_secret("http_proxy"));
        let unset: Vec<&str> = all.unset().collect();
        assert_eq!(unset, ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"]);
        let all = told(&Proxy { no_proxy: vec!["*".into()], ..proxy }, Some("a"));
        assert_eq!(value(&all, "NO_PROXY"), Some("*"));
    }

    #[test]
    fn what_replaces_a_store_names_the_bundle_with_all_authorities() {
        let variables = Variables::of(&configured(), Path::new("/work"), None);
        let mut all = Environment::default();
        variables.tell_tools(&mut all, Some(Path::new("/all.pem")));
        for name in REPLACING {
            assert_eq!(value(&all, name.name), Some("/all.pem"));
        }
        assert_eq!(value(&all, "GIT_SSL_CERT"), Some("/work/me.pem"));
        assert_eq!(value(&all, "PIP_CLIENT_CERT"), None);
    }
}
