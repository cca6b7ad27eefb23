//! The first step: whether a host is reached through a proxy, and why not.

use http::Uri;
use percent_encoding::percent_decode_str;

use super::{
    exchange::Answer,
    page,
    secret::Secret,
    target::{Purpose, Scheme, Target, bare},
};
use crate::{
    config::ProxyUrl,
    proxy::{Network, exempt::Exempt, usable},
};

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
    /// What of them must not print.
    pub(super) secret: Option<Secret>,
}

pub(super) fn of(target: &Target, network: &Network) -> Route {
    // Claude Code takes either proxy for either scheme, in this order (facts 3).
    let schemes = match target.purpose {
        Purpose::Claude | Purpose::Telemetry | Purpose::Optional => [Scheme::Https, Scheme::Http],
        Purpose::SignIn | Purpose::Provision | Purpose::Asked => [target.scheme; 2],
    };
    let has_one = |scheme: &Scheme| match scheme {
        Scheme::Https => network.https_proxy().is_some(),
        Scheme::Http => network.http_proxy().is_some(),
    };
    let uri = schemes.into_iter().find(has_one).and_then(|scheme| target.uri(scheme));
    let Some(uri) = uri else { return Route::Direct { exempt: None } };
    if let Some(proxy) = network.proxy_for(&uri) {
        return Route::Proxy(proxy.clone());
    }
    let exempt = network.no_proxy().into_iter().find(|entry| exempts(entry, &uri));
    Route::Direct { exempt }
}

/// Whether this entry alone would do.
fn exempts(entry: &str, uri: &Uri) -> bool {
    Exempt::of([entry]).covers(uri)
}

impl Gateway {
    pub(super) fn of(url: &ProxyUrl) -> Option<Self> {
        let address = usable(url).ok()?;
        let scheme = if address.scheme() == "https" { Scheme::Https } else { Scheme::Http };
        let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = decoded(address.username());
        let password = address.password().map(decoded).unwrap_or_default();
        let signs_in = !user.is_empty() || !password.is_empty();
        Some(Self {
            scheme,
            host: bare(address.host_str()?).to_owned(),
            port: address.port().unwrap_or(scheme.port()),
            // Basic credentials have a colon, even without a password.
            credentials: signs_in.then(|| format!("{user}:{password}")),
            secret: Secret::of(url, &user, &password),
        })
    }

    /// Whether the words of an answer can be told: nothing in them is secret. Of a part of them that
    /// cannot be said, as they may end within it.
    pub(super) fn lets_tell(&self, answer: &Answer) -> bool {
        self.secret.as_ref().is_none_or(|secret| {
            let text = page::text(&answer.body);
            answer.whole && !secret.is_in(&answer.body) && !secret.is_in(text.as_bytes())
        })
    }

    /// The same of a word of its head.
    pub(super) fn lets_tell_word(&self, word: &str) -> bool {
        self.secret.as_ref().is_none_or(|secret| !secret.is_in(word.as_bytes()))
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
        // What our own calls take as it is.
        let odd = Gateway::of(&"http://ädä:p^{}|ß@proxy.test:1".parse().unwrap()).unwrap();
        assert_eq!(odd.credentials.as_deref(), Some("ädä:p^{}|ß"));
        let open = Gateway::of(&"https://[::1]".parse().unwrap()).unwrap();
        assert_eq!((open.host.as_str(), open.port, open.credentials), ("::1", 443, None));
    }

    #[test]
    fn claude_code_takes_the_one_proxy_there_is_for_both_schemes() {
        let proxy = Proxy { http_proxy: "http://p:1".parse().ok(), ..Proxy::default() };
        let network = Network::of(&proxy, Path::new("/"), &|_| None).unwrap();
        let route = |purpose| of(&Target::https("x.test", purpose), &network);
        for purpose in [Purpose::Claude, Purpose::Telemetry, Purpose::Optional] {
            assert!(matches!(route(purpose), Route::Proxy(_)), "{purpose:?}");
        }
        assert_eq!(route(Purpose::Provision), Route::Direct { exempt: None });
        let exempt = Target::https("169.254.169.254", Purpose::Claude);
        assert!(matches!(of(&exempt, &network), Route::Direct { exempt: Some(_) }));
    }
}
