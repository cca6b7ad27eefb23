//! The certificate with which this machine identifies itself, read before anything is asked.

use std::{path::Path, sync::Arc};

use rustls::{
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};

use crate::{
    error::{Error, Kind, Result},
    proxy::ClientCertificate,
};

pub(super) fn read(
    files: &ClientCertificate,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<CertifiedKey>> {
    let wrong = |path: &Path, why: String| {
        let message = format!("could not read the client certificate {}", path.display());
        Error::new(Kind::Config, message).caused_by(why)
    };
    let name = "correct `client_cert` and `client_key` below `proxy:`: two PEM files";
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| wrong(&files.certificate, error.to_string()).hint(name))?;
    if chain.is_empty() {
        let why = "there is no certificate in it".to_owned();
        return Err(wrong(&files.certificate, why).hint(name));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| {
        let text = std::fs::read_to_string(&files.key).unwrap_or_default();
        if text.contains("ENCRYPTED") {
            let out = "openssl pkey -in FILE -out PLAIN; chmod 600 PLAIN";
            return wrong(&files.key, "the key is encrypted".into())
                .hint(format!("write it without a passphrase: {out}"));
        }
        wrong(&files.key, error.to_string()).hint(name)
    })?;
    CertifiedKey::from_der(chain, key, provider).map(Arc::new).map_err(|error| {
        let why = format!("the key does not go with the certificate: {error}");
        wrong(&files.key, why).hint(name)
    })
}
