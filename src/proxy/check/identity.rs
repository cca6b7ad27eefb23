//! The certificate with which this machine identifies itself, read before anything is asked, and as
//! our own calls read it.

use std::sync::Arc;

use rustls::{crypto::CryptoProvider, sign::CertifiedKey};

use crate::{
    error::Result,
    proxy::{ClientCertificate, tls},
};

pub(super) fn read(
    files: &ClientCertificate,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<CertifiedKey>> {
    let (chain, key) = (tls::chain(&files.certificate)?, tls::key(&files.key)?);
    CertifiedKey::from_der(chain, key, provider).map(Arc::new).map_err(|why| tls::unfit(files, why))
}
