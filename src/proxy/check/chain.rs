//! Whose certificate it is that we see, and who on this machine trusts it.
//!
//! An authority that is none of the public ones and yet signs for a public host intercepts: it
//! reads what goes over the wire. That can be right, in a company; then its certificate has to be
//! trusted by everything that calls.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use rustls::{
    CertificateError, RootCertStore,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    crypto::WebPkiSupportedAlgorithms,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _, x509::X509Name};

use super::{
    fault::{Fault, plain},
    target::{Purpose, Target},
};
use crate::proxy::authority::{self, Places};

/// Who vouches for a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// As it calls itself.
    pub name: String,
    /// Whether it is trusted everywhere. If not, and the host is not the company's own, it
    /// intercepts.
    pub public: bool,
    pub trusted_by: Option<Trust>,
}

/// Who on this machine trusts an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// What the system has.
    System,
    /// `ca_bundle` below `proxy:`.
    Bundle,
    /// Only what Claude Code brings.
    Client,
}

impl Trust {
    /// As a word of JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Bundle => "ca_bundle",
            Self::Client => "client",
        }
    }
}

/// The authorities that a chain is judged by.
pub(super) struct Stores {
    system: Arc<RootCertStore>,
    bundle: Option<Arc<RootCertStore>>,
    public: Arc<RootCertStore>,
    places: Places,
    /// What lies there, once it is needed.
    found: OnceLock<Vec<(PathBuf, Arc<RootCertStore>)>>,
    algorithms: WebPkiSupportedAlgorithms,
    now: UnixTime,
}

impl Stores {
    pub(super) fn new(
        bundle: Option<&[CertificateDer<'static>]>,
        places: Places,
        algorithms: WebPkiSupportedAlgorithms,
        now: UnixTime,
    ) -> Self {
        Self {
            system: authority::store(&authority::of_system()),
            bundle: bundle.map(authority::store),
            public: authority::public(),
            places,
            found: OnceLock::new(),
            algorithms,
            now,
        }
    }

    /// Who signed, and what is wrong with it.
    pub(super) fn judge(
        &self,
        chain: &[CertificateDer<'static>],
        target: &Target,
    ) -> (Option<Authority>, Option<Fault>) {
        let Some(Ok(leaf)) = chain.first().map(ParsedCertificate::try_from) else {
            return (None, Some(unreadable()));
        };
        let public = self.trusts(&self.public, chain).is_ok();
        let trusted_by = if self.trusts(&self.system, chain).is_ok() {
            Some(Trust::System)
        } else if self.bundle.as_deref().is_some_and(|it| self.trusts(it, chain).is_ok()) {
            Some(Trust::Bundle)
        } else {
            public.then_some(Trust::Client)
        };
        let name = issuer(chain);
        let authority = Authority { name, public, trusted_by };
        let fault = match trusted_by {
            Some(Trust::Client) if !brings_its_own(target) => Some(no_store()),
            Some(_) => None,
            None => {
                Some(match self.trusts(self.bundle.as_deref().unwrap_or(&self.system), chain) {
                    Err(rustls::Error::InvalidCertificate(why)) => {
                        self.untrusted(&why, chain, &authority, target)
                    }
                    _ => unreadable(),
                })
            }
        };
        let fault = fault.or_else(|| {
            let name = ServerName::try_from(target.host.as_str()).ok()?;
            let presented = verify_server_name(&leaf, &name).err()?;
            Some(wrong_name(&presented, authority.public))
        });
        (Some(authority), fault)
    }

    /// Whether these authorities vouch for a chain, as TLS asks it.
    fn trusts(
        &self,
        roots: &RootCertStore,
        chain: &[CertificateDer<'static>],
    ) -> Result<(), rustls::Error> {
        let Some((leaf, rest)) = chain.split_first() else {
            return Err(CertificateError::BadEncoding.into());
        };
        let (leaf, all) = (ParsedCertificate::try_from(leaf)?, self.algorithms.all);
        verify_server_cert_signed_by_trust_anchor(&leaf, roots, rest, self.now, all)
    }

    fn untrusted(
        &self,
        why: &CertificateError,
        chain: &[CertificateDer<'static>],
        authority: &Authority,
        target: &Target,
    ) -> Fault {
        use CertificateError as E;
        match why {
            E::Expired
            | E::ExpiredContext { .. }
            | E::NotValidYet
            | E::NotValidYetContext { .. } => self.outdated(chain, &authority.name),
            _ => {
                let bundles = self.found.get_or_init(|| self.places.bundles().collect());
                let found = bundles.iter().find(|(_, roots)| self.trusts(roots, chain).is_ok());
                unknown(&authority.name, found.map(|(path, _)| path.as_path()), target)
            }
        }
    }

    /// A certificate before or after its time.
    fn outdated(&self, chain: &[CertificateDer<'static>], issuer: &str) -> Fault {
        let now = i64::try_from(self.now.as_secs()).unwrap_or(i64::MAX);
        let times = chain.iter().filter_map(|der| {
            let (_, certificate) = X509Certificate::from_der(der).ok()?;
            Some(certificate.validity().clone())
        });
        let of = |time: x509_parser::time::ASN1Time| time.to_datetime().date().to_string();
        for validity in times {
            if validity.not_after.timestamp() < now {
                let until = of(validity.not_after);
                let message = format!("the certificate from `{issuer}` expired on {until}");
                return Fault::new("certificate_expired", message)
                    .remedy("look at this machine's clock: date -u")
                    .remedy(
                        "if it is right: whoever runs the host, or the interceptor, must renew it",
                    );
            }
            if validity.not_before.timestamp() > now {
                let from = of(validity.not_before);
                let message =
                    format!("the certificate from `{issuer}` is valid only from {from} on");
                return Fault::new("certificate_not_yet_valid", message)
                    .remedy("this machine's clock is probably behind: date -u");
            }
        }
        unreadable()
    }
}

/// What the last certificate of a chain says who signed it: the root, or who is next to it.
fn issuer(chain: &[CertificateDer<'static>]) -> String {
    let top = chain.last().and_then(|der| X509Certificate::from_der(der).ok());
    top.map(|(_, certificate)| in_words(certificate.issuer())).unwrap_or_default()
}

fn in_words(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().find_map(|it| it.as_str().ok());
    let company = name.iter_organization().find_map(|it| it.as_str().ok());
    let text = match (common, company) {
        (Some(common), Some(company)) if !common.contains(company) => {
            format!("{common} ({company})")
        }
        (Some(one), _) | (None, Some(one)) => one.to_owned(),
        (None, None) => name.to_string(),
    };
    let text = plain(&text);
    if text.is_empty() { "an authority without a name".to_owned() } else { text }
}

/// What intercepts, told by the names that it signs with.
const PRODUCTS: [(&str, &str); 18] = [
    ("zscaler", "Zscaler"),
    ("netskope", "Netskope"),
    ("goskope", "Netskope"),
    ("palo alto", "Palo Alto Networks"),
    ("fortinet", "Fortinet"),
    ("fortigate", "Fortinet"),
    ("blue coat", "Symantec Blue Coat"),
    ("bluecoat", "Symantec Blue Coat"),
    ("umbrella", "Cisco Umbrella"),
    ("ironport", "Cisco Secure Web Appliance"),
    ("skyhigh", "Skyhigh Security"),
    ("mcafee", "Skyhigh Security"),
    ("forcepoint", "Forcepoint"),
    ("check point", "Check Point"),
    ("sophos", "Sophos"),
    ("cloudflare for teams", "Cloudflare Gateway"),
    ("kaspersky", "Kaspersky"),
    ("mitmproxy", "mitmproxy"),
];

/// Who makes what signs under this name.
pub fn product(authority: &str) -> Option<&'static str> {
    let lower = authority.to_lowercase();
    let made = |(mark, product): &(&str, &'static str)| lower.contains(mark).then_some(*product);
    PRODUCTS.iter().find_map(made)
}

fn unknown(authority: &str, found: Option<&Path>, target: &Target) -> Fault {
    let who = match product(authority) {
        Some(product) if !authority.contains(product) => format!("`{authority}` ({product})"),
        _ => format!("`{authority}`"),
    };
    let what = if target.purpose == Purpose::Asked {
        format!("the certificate is from {who}, which nothing here trusts")
    } else {
        format!("TLS is intercepted by {who}, which nothing here trusts")
    };
    let fault = Fault::new("untrusted_authority", what);
    match found {
        Some(path) => {
            let path = path.display();
            fault.remedy(format!(
                "this file has it: `ca_bundle: {path}` below `proxy:` in the configuration"
            ))
        }
        None => fault
            .remedy(
                "ask who runs the network for the certificate of this authority as a PEM file, and \
                 name it: `ca_bundle: FILE` below `proxy:` in the configuration",
            )
            .remedy("or ask them not to intercept these hosts"),
    }
}

/// Whether it is Claude Code alone that calls there, which brings the public authorities.
fn brings_its_own(target: &Target) -> bool {
    matches!(target.purpose, Purpose::Claude | Purpose::Optional)
}

fn no_store() -> Fault {
    let message = "the certificate is right, but this system has no store that says so";
    Fault::new("no_system_store", message)
        .remedy("install the system's authorities: the package ca-certificates")
}

fn wrong_name(error: &rustls::Error, public: bool) -> Fault {
    let names = match error {
        rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented,
            ..
        }) => presented.iter().take(3).map(|name| plain(&of_name(name))).collect(),
        _ => Vec::new(),
    };
    let names: Vec<String> = names;
    let other = if names.is_empty() {
        "the certificate is for another host".to_owned()
    } else {
        format!("the certificate is for {}", names.join(", "))
    };
    let fault = Fault::new("certificate_of_another_host", other);
    if public {
        fault.remedy(
            "the name leads to another host: look at the network's DNS, at /etc/hosts and at a \
             captive portal's page in a browser",
        )
    } else {
        fault.remedy("ask who runs the proxy to sign for the name that is asked for")
    }
}

/// `DnsName("x.test")`, as webpki writes it, without its type.
fn of_name(presented: &str) -> String {
    presented.split('"').nth(1).unwrap_or(presented).to_owned()
}

fn unreadable() -> Fault {
    Fault::new("certificate_unreadable", "the certificate cannot be read")
        .remedy("ask who runs the host, or what intercepts before it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_intercepts_is_known_by_the_name() {
        assert_eq!(product("Zscaler Intermediate Root CA (zscaler.net)"), Some("Zscaler"));
        assert_eq!(product("ca.acme.goskope.com"), Some("Netskope"));
        assert_eq!(product("Amazon RSA 2048 M02 (Amazon)"), None);
    }
}
