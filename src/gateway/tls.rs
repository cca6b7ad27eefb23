//! The certificate that the gateway shows: read from files, and again when they change.

use std::{path::Path, sync::Arc};

use tokio_rustls::rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::error::{Error, Kind, Result};

/// What TLS needs of a certificate and its key.
pub(super) fn load(certificate: &Path, key: &Path) -> Result<ServerConfig> {
    let unread = |path: &Path, error: &dyn std::fmt::Display| {
        let message = format!("could not read `{}`", path.display());
        Error::new(Kind::Config, message).caused_by(error.to_string())
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| unread(certificate, &error))?;
    if chain.is_empty() {
        return Err(unread(certificate, &"there is no certificate in it"));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unread(key, &error))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| {
            let message = format!(
                "could not use `{}` with the key `{}`",
                certificate.display(),
                key.display()
            );
            Error::new(Kind::Config, message).caused_by(error.to_string())
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The same, in the form in which it can be replaced.
pub(super) fn replaceable(config: ServerConfig) -> super::server::Tls {
    Arc::new(arc_swap::ArcSwap::from_pointee(config))
}
