//! The first step: whether a host is reached through a proxy, and why not.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;

use super::target::{Scheme, Target, bare};
use crate::{config::ProxyUrl, proxy::Network};

/// The way to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    Proxy(ProxyUrl),
    /// The entry of `no_proxy` that the host is of, if there is a proxy at all.
    Direct {
        exempt: Option<String>,
    },
}

/// A proxy, taken apart.
pub(super) struct Gateway {
    pub(super) scheme: Scheme,
    pub(super) host: String,
    pub(super) port: u16,
    /// User and password, as they are sent.
    pub(super) credentials: Option<String>,
}

pub(super) fn of(target: &Target, network: &Network) -> Route {
    let Some(uri) = target.uri() else { return Route::Direct { exempt: None } };
    if let Some(proxy) = network.proxy_for(&uri) {
        return Route::Proxy(proxy.clone());
    }
    let has_one = match target.scheme {
        Scheme::Https => network.https_proxy().is_some(),
        Scheme::Http => network.http_proxy().is_some(),
    };
    let exempt = network.no_proxy().into_iter().find(|entry| has_one && exempts(entry, &uri));
    Route::Direct { exempt }
}

/// Whether this entry alone would do.
fn exempts(entry: &str, uri: &Uri) -> bool {
    let all = Matcher::builder().all("http://proxy.invalid").no(entry.replace("*.", "."));
    all.build().intercept(uri).is_none()
}

impl Gateway {
    pub(super) fn of(url: &ProxyUrl) -> Option<Self> {
        let text = url.expose();
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let uri: Uri = text.parse().ok()?;
        let scheme = if uri.scheme_str() == Some("https") { Scheme::Https } else { Scheme::Http };
        let authority = uri.authority()?;
        let credentials = authority.as_str().rsplit_once('@').map(|(user, _)| {
            let decoded = percent_decode_str(user).decode_utf8_lossy().into_owned();
            // Basic credentials have a colon, even without a password.
            if user.contains(':') { decoded } else { format!("{decoded}:") }
        });
        let port = authority.port_u16().unwrap_or(scheme.port());
        Some(Self { scheme, host: bare(authority.host()).to_owned(), port, credentials })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Proxy;

    fn network(no_proxy: &[&str]) -> Network {
        let proxy = Proxy {
            https_proxy: "http://ada:s3%40cret@proxy.corp.test:3128".parse().ok(),
            no_proxy: no_proxy.iter().map(|&entry| entry.to_owned()).collect(),
            ..Proxy::default()
        };
        Network::of(&proxy, Path::new("/"), &|_| None).unwrap()
    }

    #[test]
    fn a_direct_way_names_the_entry_that_makes_it_so() {
        let network = network(&["other.test", "*.corp.test"]);
        let route = |host: &str| of(&host.parse().unwrap(), &network);
        let direct = |entry: &str| Route::Direct { exempt: Some(entry.to_owned()) };
        assert_eq!(route("git.corp.test"), direct("*.corp.test"));
        assert_eq!(route("169.254.169.254"), direct("169.254.169.254"));
        assert!(matches!(route("sts.amazonaws.com"), Route::Proxy(_)));
        // There is no proxy for this scheme.
        assert_eq!(route("http://x.test"), Route::Direct { exempt: None });
    }

    #[test]
    fn a_proxys_credentials_are_sent_decoded() {
        let Route::Proxy(url) = of(&"x.test".parse().unwrap(), &network(&[])) else { panic!() };
        let gateway = Gateway::of(&url).unwrap();
        assert_eq!((gateway.host.as_str(), gateway.port), ("proxy.corp.test", 3128));
        assert_eq!(gateway.credentials.as_deref(), Some("ada:s3@cret"));
        let token = Gateway::of(&"token@proxy.test".parse().unwrap()).unwrap();
        assert_eq!((token.port, token.credentials.as_deref()), (80, Some("token:")));
    }
}
