//! Authorities that the tests make: a company's own, and whoever intercepts.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    SerialNumber, date_time_ymd,
};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};

pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// When a certificate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    Now,
    Past,
    Future,
}

/// A certificate and its key.
pub struct Signed {
    pub pem: String,
    pub key_pem: String,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.distinguished_name.push(DnType::OrganizationName, "Example");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate, as a bundle has it.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    pub fn sign(&self, host: &str) -> Signed {
        self.sign_for(host, Time::Now)
    }

    pub fn sign_for(&self, host: &str, time: Time) -> Signed {
        self.sign_all(&[host], time)
    }

    /// One certificate for all these hosts.
    pub fn sign_all(&self, hosts: &[&str], time: Time) -> Signed {
        let names: Vec<String> = hosts.iter().copied().map(ToOwned::to_owned).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, hosts[0]);
        params.serial_number = Some(SerialNumber::from(vec![1; 8]));
        params.use_authority_key_identifier_extension = true;
        let (from, to) = match time {
            Time::Now => (date_time_ymd(2020, 1, 1), date_time_ymd(2090, 1, 1)),
            Time::Past => (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 31)),
            Time::Future => (date_time_ymd(2089, 12, 1), date_time_ymd(2090, 1, 1)),
        };
        (params.not_before, params.not_after) = (from, to);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Signed {
            pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            chain: vec![certificate.der().clone()],
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        }
    }
}

impl Signed {
    /// What a server needs that shows it.
    pub fn server(&self) -> Arc<ServerConfig> {
        let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into());
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth();
        config.with_single_cert(self.chain.clone(), self.key.clone_key()).unwrap().into()
    }

    /// The same, that wants to see a certificate of `authority`.
    pub fn server_for(&self, authority: &Authority) -> Arc<ServerConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.0.der().clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
        let config = ServerConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_client_cert_verifier(verifier.build().unwrap());
        config.with_single_cert(self.chain.clone(), self.key.clone_key()).unwrap().into()
    }
}
