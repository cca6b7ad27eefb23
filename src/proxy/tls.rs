//! Whom our own calls trust, and how this machine identifies itself: the system's authorities and
//! those of the company's bundle, and a client certificate.
//!
//! Built here rather than by the HTTP client, so that a certificate that is not trusted is told with
//! the name of who issued it: with an interceptor that is all that its owner has to know.

use std::{fmt, fs, path::Path, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore,
    SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{ClientCertificate, Network, authority};
use crate::error::{Error, Kind, Result};

/// What a handshake takes. Reads the files; every mistake in them is an error.
pub(super) fn configuration(network: &Network) -> Result<ClientConfig> {
    let provider = CryptoProvider::get_default().cloned();
    let provider = provider.unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
    let extra = network.ca_bundle().map(|path| authorities(path, network.named_by()));
    let extra = extra.transpose()?.unwrap_or_default();
    let set_up =
        |error: rustls::Error| Error::new(Kind::Internal, "could not set up TLS").caused_by(error);
    let verifier = if extra.is_empty() {
        Verifier::new(Arc::clone(&provider))
    } else {
        Verifier::new_with_extra_roots(extra, Arc::clone(&provider))
    };
    let verifier = verifier.map_err(|error| {
        // The verifier has no type for it.
        let none = authority::of_system().is_empty();
        if none { authority::none(network.system_named_by()) } else { set_up(error) }
    })?;
    let verifier = Arc::new(Telling(verifier));
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls = tls.map_err(set_up)?.dangerous().with_custom_certificate_verifier(verifier);
    let mut tls = match network.client_certificate() {
        Some(client) => {
            let (chain, key) = (chain(&client.certificate)?, key(&client.key)?);
            tls.with_client_auth_cert(chain, key).map_err(|why| unfit(client, why))?
        }
        None => tls.with_no_client_auth(),
    };
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

pub(super) fn unfit(client: &ClientCertificate, why: rustls::Error) -> Error {
    let ClientCertificate { certificate, key } = client;
    let (certificate, key) = (certificate.display(), key.display());
    let message = format!("could not use the key `{key}` with the certificate `{certificate}`");
    let hint = "name a certificate and the key of it: `proxy.client_cert`, `proxy.client_key`";
    Error::new(Kind::Config, message).caused_by(why).hint(hint)
}

/// All certificates of a bundle, but those that no handshake could use: bundles gather them for
/// decades.
fn authorities(path: &Path, named_by: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found =
        certificates(path).map_err(|error| error.hint(format!("it is named by {named_by}")))?;
    let usable = |it: &CertificateDer<'_>| RootCertStore::empty().add(it.clone().into_owned());
    let mut why = None;
    let all = found.into_iter();
    let usable = all.filter(|it| usable(it).map_err(|error| why = Some(error)).is_ok()).collect();
    match why {
        Some(why) if Vec::is_empty(&usable) => {
            let message = format!("could not use any certificate in `{}`", path.display());
            Err(Error::new(Kind::Config, message).caused_by(why))
        }
        _ => Ok(usable),
    }
}

pub(super) fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    certificates(path).map_err(|error| error.hint("it is named by `proxy.client_cert`"))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let text = read(path, "the certificates")?;
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    let shown = path.display();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => {
            let message = format!("there is no certificate in `{shown}`");
            let error = Error::new(Kind::Config, message);
            // ASN.1 begins so.
            Err(if text.first() == Some(&0x30) {
                error.hint(format!(
                    "make PEM of it: openssl x509 -inform der -in {shown} -out ca.pem"
                ))
            } else {
                error.hint("it must be PEM: -----BEGIN CERTIFICATE-----")
            })
        }
        Err(why) => {
            let message = format!("could not read the certificates in `{shown}`");
            Err(Error::new(Kind::Config, message).caused_by(pem_words(&why)))
        }
    }
}

/// A key in any of the three forms of PEM.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    let text = read(path, "the key")?;
    let shown = path.display();
    let says = |words: &[u8]| text.windows(words.len()).any(|window| window == words);
    if says(b"BEGIN ENCRYPTED PRIVATE KEY") || says(b"Proc-Type: 4,ENCRYPTED") {
        let message =
            format!("the key in `{shown}` is encrypted, and nobody is asked for passwords");
        let hint = format!("write it without: (umask 077; openssl pkey -in {shown} -out key.pem)");
        return Err(Error::new(Kind::Config, message).hint(hint));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|why| {
        let error = match why {
            pem::Error::NoItemsFound => {
                Error::new(Kind::Config, format!("there is no private key in `{shown}`"))
            }
            why => {
                let message = format!("could not read the private key in `{shown}`");
                Error::new(Kind::Config, message).caused_by(pem_words(&why))
            }
        };
        error.hint("it is named by `proxy.client_key`, and must be PEM")
    })
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>> {
    fs::read(path).map_err(|why| {
        let message = format!("could not read {what} in `{}`", path.display());
        Error::new(Kind::Config, message).caused_by(why)
    })
}

/// What is wrong with a file. The library's own words may quote a line of it.
fn pem_words(why: &pem::Error) -> &'static str {
    match why {
        pem::Error::MissingSectionEnd { .. } => "an END line is missing",
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line is not whole",
        pem::Error::Base64Decode(_) => "what is between BEGIN and END is not base64",
        _ => "it is not PEM",
    }
}

/// Trusts what the system and the bundle trust, and names who issued what is not trusted.
#[derive(Debug)]
struct Telling(Verifier);

/// A certificate whose issuer is not trusted.
#[derive(Debug)]
pub(super) struct Untrusted {
    /// As far as the certificate says.
    pub issuer: Option<String>,
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.issuer {
            Some(issuer) => write!(f, "it was issued by `{issuer}`, which is not trusted here"),
            None => f.write_str("it was issued by somebody who is not trusted here"),
        }
    }
}

impl std::error::Error for Untrusted {}

fn issuer(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let name = certificate.issuer();
    let mut names = name.iter_common_name().chain(name.iter_organization());
    let name = names.find_map(|name| name.as_str().ok())?;
    // It is a stranger's text.
    let shown = name.chars().filter(|c| !c.is_control()).take(100).collect::<String>();
    Some(shown).filter(|name| !name.is_empty())
}

impl ServerCertVerifier for Telling {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Self(inner) = self;
        let verified =
            inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match error {
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                let untrusted = Arc::new(Untrusted { issuer: issuer(end_entity) });
                CertificateError::Other(OtherError(untrusted)).into()
            }
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use ::aws_lc_rs::{
        encoding::{AsDer as _, EcPrivateKeyRfc5915Der, Pkcs8V1Der},
        rsa::{KeyPair as RsaKeyPair, KeySize},
        signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair},
    };
    use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
    use rcgen::{CertificateParams, KeyPair};
    use tempfile::TempDir;

    use super::*;
    use crate::config::Proxy;

    fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(der))
    }

    fn certificate(key: &KeyPair) -> String {
        CertificateParams::new(vec!["machine.test".into()]).unwrap().self_signed(key).unwrap().pem()
    }

    /// What comes of these files.
    fn read(certificate: &str, key: &str, bundle: &str) -> Result<ClientConfig> {
        let folder = TempDir::new().unwrap();
        for (name, text) in [("c.pem", certificate), ("k.pem", key), ("ca.pem", bundle)] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let proxy = Proxy {
            client_cert: Some("c.pem".into()),
            client_key: Some("k.pem".into()),
            ca_bundle: Some("ca.pem".into()),
            ..Proxy::default()
        };
        configuration(&Network::of(&proxy, folder.path(), &|_| None).unwrap())
    }

    #[test]
    fn a_key_is_read_in_each_of_its_three_forms() {
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let rsa: Pkcs8V1Der<'_> = rsa.as_der().unwrap();
        let pkcs8 = pem("PRIVATE KEY", rsa.as_ref());
        // What is before it in PKCS #8 says that it is RSA's, in 26 bytes.
        let pkcs1 = pem("RSA PRIVATE KEY", &rsa.as_ref()[26..]);
        let elliptic = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let sec1: EcPrivateKeyRfc5915Der<'_> = elliptic.private_key().as_der().unwrap();
        let sec1 = pem("EC PRIVATE KEY", sec1.as_ref());
        let whole = elliptic.to_pkcs8v1().unwrap();
        let of_rsa = certificate(&KeyPair::from_pem(&pkcs8).unwrap());
        let of_elliptic =
            certificate(&KeyPair::from_pem(&pem("PRIVATE KEY", whole.as_ref())).unwrap());
        for (certificate, key) in [(&of_rsa, &pkcs8), (&of_rsa, &pkcs1), (&of_elliptic, &sec1)] {
            read(certificate, key, &of_rsa).unwrap();
        }
        let error = read(&of_elliptic, &pkcs8, &of_rsa).unwrap_err();
        assert!(error.to_string().starts_with("could not use the key"), "{error}");
    }

    #[test]
    fn every_certificate_of_a_bundle_counts_and_one_that_is_of_no_use_is_passed_over() {
        let key = KeyPair::generate().unwrap();
        let (one, other) = (certificate(&key), certificate(&KeyPair::generate().unwrap()));
        let odd = pem("CERTIFICATE", b"not ASN.1");
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("ca.pem");
        fs::write(&path, format!("# ours\n{one}{odd}{other}")).unwrap();
        assert_eq!(authorities(&path, "x").unwrap().len(), 2);
        fs::write(&path, &odd).unwrap();
        let error = authorities(&path, "x").unwrap_err();
        assert!(error.to_string().contains("could not use any certificate in"), "{error}");
        fs::write(&path, "-----BEGIN CERTIFICATE-----\ns3cret").unwrap();
        let error = authorities(&path, "`proxy.ca_bundle`").unwrap_err();
        assert!(!error.causes().concat().contains("s3cret"), "{error:?}");
        assert_eq!(error.hints(), ["it is named by `proxy.ca_bundle`"]);
    }

    #[test]
    fn an_encrypted_key_is_told_as_such() {
        let plain = certificate(&KeyPair::generate().unwrap());
        for key in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        ] {
            let error = read(&plain, key, &plain).unwrap_err();
            assert!(error.to_string().contains("is encrypted"), "{error}");
            assert!(error.hints().concat().contains("openssl pkey"), "{error:?}");
        }
    }
}
