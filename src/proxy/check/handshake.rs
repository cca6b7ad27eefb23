//! The fifth step: TLS. Everybody's certificate is taken, so that it can be judged; nothing but a
//! question without a secret is sent to who is not trusted, and not even that.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rustls::{
    AlertDescription, ClientConfig, DigitallySignedStruct, PeerIncompatible, SignatureScheme,
    client::{
        ResolvesClientCert,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    sign::CertifiedKey,
};
use tokio_rustls::TlsConnector;

use super::{exchange::Wire, fault::Fault};

/// What a handshake showed.
#[derive(Debug, Default)]
pub(super) struct Seen {
    chain: Mutex<Vec<CertificateDer<'static>>>,
    asked: AtomicBool,
}

impl Seen {
    /// The certificate of the other side, and those that lead to its authority.
    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a certificate of ours was asked for.
    pub(super) fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

/// Takes every certificate, and keeps it.
#[derive(Debug)]
struct Recorder {
    seen: Arc<Seen>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates);
        let chain = chain.map(|one| one.clone().into_owned()).collect();
        *self.seen.chain.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Identifies this machine, if it can, and keeps that it was asked to.
#[derive(Debug)]
struct Identity {
    seen: Arc<Seen>,
    own: Option<Arc<CertifiedKey>>,
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.seen.asked.store(true, Ordering::Relaxed);
        self.own.clone()
    }

    fn has_certs(&self) -> bool {
        // Otherwise nobody would be told that one was asked for.
        true
    }
}

/// What TLS needs, for all hosts.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) own: Option<Arc<CertifiedKey>>,
}

/// Shakes hands. What was seen is there even if it fails.
pub(super) async fn shake(wire: Wire, host: &str, tls: &Tls) -> (Arc<Seen>, Result<Wire, Fault>) {
    let seen = Arc::new(Seen::default());
    let shaken = match connector(tls, &seen) {
        Ok(connector) => match ServerName::try_from(host.to_owned()) {
            Ok(name) => connector.connect(name, wire).await,
            Err(error) => Err(io::Error::other(error)),
        },
        Err(error) => Err(io::Error::other(error)),
    };
    let wire = shaken.map(|stream| Box::new(stream) as Wire);
    let wire = wire.map_err(|error| fault(&error, &seen, tls.own.is_some()));
    (seen, wire)
}

fn connector(tls: &Tls, seen: &Arc<Seen>) -> Result<TlsConnector, rustls::Error> {
    let (provider, own) = (Arc::clone(&tls.provider), tls.own.clone());
    let recorder = Recorder { seen: Arc::clone(seen), provider: Arc::clone(&provider) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(recorder))
        .with_client_cert_resolver(Arc::new(Identity { seen: Arc::clone(seen), own }));
    // Each host shows its whole chain.
    config.resumption = rustls::client::Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// What a handshake, or what comes right behind it, failed of.
pub(super) fn fault(error: &io::Error, seen: &Seen, has_own: bool) -> Fault {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(
            rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
            | rustls::Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled,
            ),
        ) => too_old(),
        None | Some(rustls::Error::AlertReceived(_)) if seen.asked() => own_certificate(has_own),
        Some(rustls::Error::AlertReceived(alert)) => {
            let message = format!("the handshake was refused: {alert:?}");
            Fault::new("handshake_refused", message)
                .remedy("ask who runs the network what refuses TLS to these hosts")
        }
        Some(rustls::Error::InvalidMessage(_)) => Fault::new(
            "not_tls",
            "what answers does not speak TLS",
        )
        .remedy(
            "if it is a captive portal: sign in with a browser; else ask who runs the network what \
             answers on this port",
        ),
        Some(error) => {
            let message = format!("the handshake failed: {error}");
            Fault::new("handshake_failed", message)
                .remedy("ask who runs the network what answers in place of these hosts")
        }
        None => Fault::new("handshake_cut", "the connection was cut in the handshake").remedy(
            "something on the way filters by the host's name (SNI): ask who runs the network to \
             allow TLS to these hosts",
        ),
    }
}

/// It came to nothing because of who we are, or are not.
pub(super) fn own_certificate(has_own: bool) -> Fault {
    if has_own {
        let message = "the certificate of this machine is refused";
        Fault::new("client_certificate_refused", message).remedy(
            "look whether `client_cert` below `proxy:` has expired, and is of an authority that is \
             accepted there: openssl x509 -noout -issuer -enddate -in FILE",
        )
    } else {
        let message = "a certificate of this machine is asked for (mTLS), and there is none";
        Fault::new("client_certificate_needed", message).remedy(
            "name it: `client_cert: FILE` and `client_key: FILE` below `proxy:` in the configuration",
        )
    }
}

pub(super) fn stalled() -> Fault {
    Fault::new("handshake_stalled", "the handshake is never answered").remedy(
        "something on the way holds TLS up, as a filter by name or a wrong MTU does: ask who runs \
         the network",
    )
}

fn too_old() -> Fault {
    Fault::new("tls_too_old", "TLS 1.2 and 1.3 are refused")
        .remedy("ask who runs the proxy to speak TLS 1.2 at least: the hosts themselves do")
}
