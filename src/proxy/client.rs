//! The one HTTP client of our own calls, for both clouds: through the proxy, with the company's
//! authorities and this machine's certificate.
//!
//! It follows no redirect, keeps no cookie and decodes nothing: what an API answers is what the API's
//! own client reads. A redirect would carry a signature to where it was not meant for.

use std::{sync::Arc, time::Duration};

use reqwest::{
    IntoUrl, Method, Proxy, Request, RequestBuilder, Response, StatusCode, Url, redirect::Policy,
};

use super::{Network, exempt::Exempt, tls, unanswered::Unanswered, usable};
use crate::{
    config::ProxyUrl,
    error::{Error, Kind, Result},
};

/// Longer than any healthy network takes, shorter than a person waits without a word.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The way to anywhere. Cheap to clone; connections are shared.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    network: Arc<Network>,
}

impl Client {
    /// Reads the files that the network names; makes no call.
    pub fn new(network: &Network) -> Result<Self> {
        Self::with(network, CONNECT_TIMEOUT)
    }

    /// The same, for who waits no longer for a connection.
    pub fn with(network: &Network, connect: Duration) -> Result<Self> {
        let set_up = |error: reqwest::Error| {
            let error = error.without_url();
            Error::new(Kind::Internal, "could not set up HTTP").caused_by(error)
        };
        let way = Way::of(network)?;
        let builder = reqwest::Client::builder()
            .connect_timeout(connect)
            .user_agent(concat!("groundwork/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls::configuration(network)?)
            .redirect(Policy::none())
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            // Neither the environment nor the system's settings are asked beside.
            .no_proxy();
        // Such a question would be asked with each call, and not only for each connection.
        let builder = if way.is_direct() {
            builder
        } else {
            builder.proxy(Proxy::custom(move |url| way.proxy(url)))
        };
        let http = builder.build().map_err(set_up)?;
        Ok(Self { http, network: Arc::new(network.clone()) })
    }

    /// The client beneath, for who has words of his own for what fails.
    pub fn bare(&self) -> reqwest::Client {
        self.http.clone()
    }

    /// A request in the making. It is sent by [`Client::send`].
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends it once. Any answer of the host is an answer.
    pub async fn send(&self, request: Request) -> Result<Response, Unanswered> {
        let url = request.url().clone();
        let answer = self.http.execute(request).await;
        let answer = answer.map_err(|error| self.explain(&url, error))?;
        if answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED
            && let Some(proxy) = self.proxy_for(&url)
        {
            return Err(Unanswered::unauthorized(proxy));
        }
        Ok(answer)
    }

    /// What a failure on the way to `url` means.
    pub fn explain(&self, url: &Url, error: reqwest::Error) -> Unanswered {
        Unanswered::read(url, self.proxy_for(url), error)
    }

    fn proxy_for(&self, url: &Url) -> Option<&ProxyUrl> {
        self.network.proxy_for(&url.as_str().parse().ok()?)
    }
}

/// Which proxy a call goes through, ready to be asked for each connection.
struct Way {
    exempt: Exempt,
    https: Option<Url>,
    http: Option<Url>,
}

impl Way {
    fn of(network: &Network) -> Result<Self> {
        let url = |url: Option<&ProxyUrl>| url.map(usable).transpose();
        Ok(Self {
            exempt: network.exempt(),
            https: url(network.https_proxy())?,
            http: url(network.http_proxy())?,
        })
    }

    /// Whether there is no proxy for anything.
    fn is_direct(&self) -> bool {
        self.https.is_none() && self.http.is_none()
    }

    fn proxy(&self, url: &Url) -> Option<Url> {
        if self.exempt.covers(&url.as_str().parse().ok()?) {
            return None;
        }
        if url.scheme() == "http" { self.http.clone() } else { self.https.clone() }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{config::Proxy as Section, proxy::End};

    fn network(url: &str) -> Network {
        let section = Section { https_proxy: url.parse().ok(), ..Section::default() };
        Network::of(&section, Path::new("/"), &|_| None).unwrap()
    }

    #[test]
    fn a_password_is_in_no_debug_text() {
        let client = Client::new(&network("http://ada:s3cret@proxy:3128")).unwrap();
        assert!(!format!("{client:?}").contains("s3cret"), "{client:?}");
        let request = client.request(Method::GET, "https://x.test");
        assert!(!format!("{request:?}").contains("s3cret"), "{request:?}");
    }

    #[test]
    fn every_form_of_a_proxys_url_is_one_that_clients_read_alike() {
        for (written, read) in [
            ("proxy:3128", "http://proxy:3128/"),
            ("ada:s3cret@proxy", "http://ada:s3cret@proxy/"),
            ("https://[::1]:8443/", "https://[::1]:8443/"),
            ("http://ada:p%40ss%w^{d}@proxy:1", "http://ada:p%40ss%w%5E%7Bd%7D@proxy:1/"),
            ("http://ädä:ß@proxy:1", "http://%C3%A4d%C3%A4:%C3%9F@proxy:1/"),
        ] {
            let way = Way::of(&network(written)).unwrap();
            let url = way.proxy(&"https://x.test/a?b".parse().unwrap());
            assert_eq!(url.as_ref().map(Url::as_str), Some(read));
            assert_eq!(way.proxy(&"http://x.test".parse().unwrap()), None);
        }
        let section =
            Section { https_proxy: r"http://a:s3\cret@proxy:1".parse().ok(), ..Section::default() };
        let error = Network::of(&section, Path::new("/"), &|_| None).unwrap_err();
        assert!(!error.to_string().contains("cret"), "{error}");
    }

    #[tokio::test]
    async fn what_is_no_request_is_not_sent() {
        let client = Client::new(&Network::default()).unwrap();
        let request = client.request(Method::GET, "no url").build();
        let why = Unanswered::malformed(request.unwrap_err());
        assert_eq!(why.end(), End::Malformed);
        assert!(why.hints().is_empty());
    }
}
