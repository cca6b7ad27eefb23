//! Why a call of ours got no answer, in words that say where on the way it ended: at the proxy, in the
//! handshake, or at the host.
//!
//! Decided by the types of the errors underneath. The one text that is read is the tunnel's, whose
//! type its library keeps to itself; a test with a real proxy holds it.

use std::{error::Error as StdError, fmt, io};

use reqwest::Url;
use rustls::{AlertDescription, CertificateError, OtherError};

use super::tls::Untrusted;
use crate::config::ProxyUrl;

/// A call without an answer.
#[derive(Debug)]
pub struct Unanswered {
    end: End,
    words: String,
    hints: Vec<String>,
}

/// How a call ended, for those who decide whether to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was no request.
    Malformed,
    /// It was never sent, and would not be the next time: refused by the proxy, or by one of both sides
    /// of the handshake.
    Refused,
    /// It was never sent, and might be the next time.
    Unsent,
    /// It took too long. It may have had its effect.
    Late,
    /// The connection ended. It may have had its effect.
    Broken,
}

const CHECK: &str = "see where the way ends: groundwork proxy check";
const NO_PROXY_HERE: &str =
    "see whether it can be reached from here; behind a proxy: HTTPS_PROXY, or `proxy.https_proxy`";
const TRUST: &str =
    "if that is the company's: name a PEM file of its authorities: `proxy.ca_bundle`";
const IDENTIFY: &str = "it may ask who calls: `proxy.client_cert` and `proxy.client_key`";

impl Unanswered {
    /// What the client's error means. Its URLs are left out: they may hold a password.
    pub(super) fn read(url: &Url, proxy: Option<&ProxyUrl>, error: reqwest::Error) -> Self {
        let host = url.host_str().unwrap_or_default();
        let way = Way { host, proxy, tunnel: url.scheme() == "https" };
        way.read(&error.without_url())
    }

    fn new((end, words, hint): Read, last: &str) -> Self {
        let last = (end != End::Malformed).then_some(last);
        let hints = hint.into_iter().chain(last).map(ToOwned::to_owned).collect();
        Self { end, words, hints }
    }

    /// That no call can be made of what was asked for.
    pub fn malformed(error: reqwest::Error) -> Self {
        let words = format!("no call can be made of it: {}", last(&error.without_url()));
        Self::new((End::Malformed, words, None), CHECK)
    }

    /// That the proxy wants to know who asks.
    pub(super) fn unauthorized(proxy: &ProxyUrl) -> Self {
        Self::new(unauthorized(proxy), CHECK)
    }

    pub fn end(&self) -> End {
        self.end
    }

    /// What to do about it.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The one that is behind an error, however deep.
    pub fn behind<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        chain(error).find_map(|cause| cause.downcast_ref())
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// Its words have said it all.
impl StdError for Unanswered {}

type Read = (End, String, Option<&'static str>);

struct Way<'a> {
    host: &'a str,
    proxy: Option<&'a ProxyUrl>,
    /// Whether the proxy only passes on what is encrypted.
    tunnel: bool,
}

impl Way<'_> {
    fn read(&self, error: &reqwest::Error) -> Unanswered {
        let read = self.refused(error).or_else(|| self.handshake(error));
        let read = read.unwrap_or_else(|| self.connection(error));
        let check = self.proxy.is_some() || read.0 == End::Refused;
        Unanswered::new(read, if check { CHECK } else { NO_PROXY_HERE })
    }

    /// A tunnel that the proxy did not make.
    fn refused(&self, error: &(dyn StdError + 'static)) -> Option<Read> {
        let (proxy, host) = (self.proxy?, self.host);
        let says = |words: &str| {
            chain(error).any(|cause| {
                cause.to_string().strip_prefix("tunnel error: ").is_some_and(|it| it == words)
            })
        };
        if says("proxy authorization required") {
            return Some(unauthorized(proxy));
        }
        // It may be a refusal for good, or that the proxy itself does not get there.
        let words = if says("unsuccessful") {
            format!("the proxy {proxy} does not let `{host}` through")
        } else if says("unexpected end of file") {
            format!("the proxy {proxy} closed the connection when asked for `{host}`")
        } else if says("proxy response headers too long") {
            format!("what the proxy {proxy} answered when asked for `{host}` is too long")
        } else {
            return None;
        };
        Some((End::Unsent, words, None))
    }

    /// A handshake that one of both sides ended.
    fn handshake(&self, error: &(dyn StdError + 'static)) -> Option<Read> {
        let why = chain(error).find_map(|cause| cause.downcast_ref::<rustls::Error>())?;
        let whose = self.peer(error);
        let (words, hint) = match why {
            rustls::Error::InvalidCertificate(why) => {
                let untrusted = untrusted(why);
                let words =
                    format!("the certificate of {whose} does not hold: {}", certificate(why));
                (words, untrusted.then_some(TRUST))
            }
            rustls::Error::AlertReceived(alert) => {
                let words = alert.as_str().unwrap_or("for a reason that is not known");
                (format!("{whose} ended the handshake: {words}"), asks(*alert).then_some(IDENTIFY))
            }
            rustls::Error::InvalidMessage(_) => (format!("{whose} does not speak TLS"), None),
            why => (format!("the handshake with {whose} came to nothing: {why}"), None),
        };
        Some((End::Refused, words, hint))
    }

    fn connection(&self, error: &reqwest::Error) -> Read {
        let host = self.host;
        let through = match self.proxy {
            Some(proxy) => format!(" through the proxy {proxy}"),
            None => String::new(),
        };
        let (end, words) = if error.is_timeout() && error.is_connect() {
            (End::Unsent, format!("no connection to `{host}`{through} in time"))
        } else if error.is_timeout() {
            (End::Late, format!("no answer of `{host}`{through} in time"))
        } else if error.is_connect() {
            let peer = self.peer(error);
            let what = if error.is_dns() { "is not found" } else { "cannot be reached" };
            (End::Unsent, format!("{peer} {what}: {}", last(error)))
        } else {
            (End::Broken, format!("the connection to `{host}`{through} ended: {}", last(error)))
        };
        (end, words, None)
    }

    /// Who was spoken to when it ended: with a tunnel the proxy until it is made, then the host.
    fn peer(&self, error: &(dyn StdError + 'static)) -> String {
        let tunnel = "tunnel error: failed to create underlying connection";
        let in_tunnel = || chain(error).any(|cause| cause.to_string() == tunnel);
        match self.proxy {
            Some(proxy) if !self.tunnel || in_tunnel() => format!("the proxy {proxy}"),
            _ => format!("`{}`", self.host),
        }
    }
}

fn unauthorized(proxy: &ProxyUrl) -> Read {
    let named = proxy.expose().contains('@');
    let (words, hint) = if named {
        let words = format!("the proxy {proxy} refuses the user and password of its URL (407)");
        (
            words,
            "see `proxy.https_proxy`, or HTTPS_PROXY; write `%40` for `@` in them, `%25` for `%`",
        )
    } else {
        let words = format!("the proxy {proxy} asks for a user and a password (407)");
        (words, "write them into its URL: http://USER:PASSWORD@HOST:PORT")
    };
    (End::Refused, words, Some(hint))
}

/// Whether the other side may have wanted another certificate of ours, or any.
fn asks(alert: AlertDescription) -> bool {
    [
        AlertDescription::CertificateRequired,
        AlertDescription::BadCertificate,
        AlertDescription::UnknownCA,
        AlertDescription::CertificateUnknown,
        AlertDescription::AccessDenied,
        AlertDescription::HandshakeFailure,
    ]
    .contains(&alert)
}

fn untrusted(why: &CertificateError) -> bool {
    match why {
        CertificateError::Other(OtherError(other)) => other.is::<Untrusted>(),
        why => *why == CertificateError::UnknownIssuer,
    }
}

fn certificate(why: &CertificateError) -> String {
    match why {
        CertificateError::Other(other) => other.to_string(),
        CertificateError::UnknownIssuer => "its issuer is not trusted here".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired, or this machine's clock is wrong".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet, or this machine's clock is wrong".to_owned()
        }
        CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            let names: String = presented.join(", ").chars().filter(|c| !c.is_control()).collect();
            format!("it is for {names}")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        why => why.to_string(),
    }
}

/// An error and what is behind it. Behind one of the system's, its payload comes first, which its
/// `source` leaves out.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let payload = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        payload.map_or_else(|| error.source(), |payload| Some(payload as _))
    })
}

fn last(error: &(dyn StdError + 'static)) -> String {
    let words = chain(error).last().unwrap_or(error).to_string();
    // The system's number says nothing to a person, nor which function it was.
    let words = words.split(" (os error").next().unwrap_or_default();
    words.trim_start_matches("failed to lookup address information: ").to_lowercase()
}
