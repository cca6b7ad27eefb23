//! Authorities: of this system, of the company's bundle, and the public ones.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::error::{Error, Kind, Result};

/// A file that is longer is no bundle of authorities.
const LONGEST: u64 = 8 * 1024 * 1024;
/// So many files of a folder are looked at.
const FILES: usize = 500;

/// The certificates of a bundle, of which there is at least one.
pub fn of_bundle(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let wrong = |why: &str| {
        let message = format!("could not read the CA bundle {}", path.display());
        Error::new(Kind::Config, message).caused_by(why.to_owned())
    };
    let remedy = "write the path of a PEM file as `ca_bundle` below `proxy:` in the configuration";
    let text = match fs::metadata(path) {
        Ok(file) if file.is_dir() => return Err(wrong("it is a folder").hint(remedy)),
        Ok(file) if file.len() > LONGEST => return Err(wrong("it is too large").hint(remedy)),
        Ok(_) => fs::read(path),
        Err(error) => Err(error),
    };
    let text = text.map_err(|error| wrong(&error.to_string()).hint(remedy))?;
    let all: Vec<_> = CertificateDer::pem_slice_iter(&text).collect();
    let certificates: Vec<_> = all.iter().filter_map(|one| one.as_ref().ok().cloned()).collect();
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(certificates.iter().cloned());
    if taken == 0 || taken < all.len() {
        // What DER begins with.
        let der = text.first() == Some(&0x30) && !text.is_ascii();
        let why = match (taken, der) {
            (0, true) => "it is DER, not PEM",
            (0, false) => "there is no certificate in it",
            _ => "one of its certificates is broken",
        };
        let name = path.display();
        return Err(wrong(why).hint(if der {
            format!("turn it into PEM: openssl x509 -inform der -in {name} -out ca.pem")
        } else {
            format!("look into it: openssl storeutl -noout -text -certs {name}")
        }));
    }
    Ok(certificates)
}

/// The authorities that this system trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` count.
pub fn of_system() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

/// That this system trusts nobody. `named_by` is the variable that says whom it trusts, if one does.
pub(super) fn none(named_by: Option<&str>) -> Error {
    match named_by {
        Some(name) => {
            Error::new(Kind::Config, format!("there is no authority in what {name} names"))
                .hint(format!("name a PEM file or a folder of authorities, or: unset {name}"))
        }
        None => Error::new(Kind::Config, "could not find the authorities of this system")
            .hint("install them (the package ca-certificates), or name them: SSL_CERT_FILE"),
    }
}

/// Those that lie where systems keep them, whatever the environment says.
pub(super) fn of_folders() -> Vec<CertificateDer<'static>> {
    let folders = openssl_probe::candidate_cert_dirs();
    let mut all: Vec<CertificateDer<'static>> = folders
        .flat_map(|folder| rustls_native_certs::load_certs_from_paths(None, Some(folder)).certs)
        .collect();
    all.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
    all.dedup();
    all
}

pub(super) fn store(certificates: &[CertificateDer<'static>]) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    // What cannot be parsed cannot have signed anything either.
    roots.add_parsable_certificates(certificates.iter().cloned());
    Arc::new(roots)
}

/// Those that are trusted everywhere.
pub(super) fn public() -> Arc<RootCertStore> {
    Arc::new(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
}

/// Whether a bundle has public authorities, and so can stand in for a system's.
pub fn has_public(certificates: &[CertificateDer<'static>]) -> bool {
    let public: HashSet<&[u8]> =
        webpki_roots::TLS_SERVER_ROOTS.iter().map(|root| root.subject.as_ref()).collect();
    store(certificates).roots.iter().any(|root| public.contains(root.subject.as_ref()))
}

/// Where authorities lie on a machine, besides where its system keeps them.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// What variables of other tools name.
    pub files: Vec<PathBuf>,
    /// Where administrators put what they add.
    pub folders: Vec<PathBuf>,
}

impl Places {
    /// Each file with its authorities; what cannot be read is none.
    pub(super) fn bundles(&self) -> impl Iterator<Item = (PathBuf, Arc<RootCertStore>)> {
        let listed = self.folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flat_map(
            |entries| {
                let files = entries.take(FILES).filter_map(|entry| Some(entry.ok()?.path()));
                let mut files: Vec<PathBuf> = files.collect();
                files.sort();
                files
            },
        );
        let all = self.files.iter().cloned().chain(listed);
        all.filter_map(|path| Some((of_bundle(&path).ok()?, path)))
            .map(|(certificates, path)| (path, store(&certificates)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        fs::write(&path, text).unwrap();
        of_bundle(&path).unwrap_err().causes().concat()
    }

    #[test]
    fn a_bundle_that_is_none_says_why() {
        assert_eq!(error(b""), "there is no certificate in it");
        assert_eq!(error(b"\x30\x82\x03\xff"), "it is DER, not PEM");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(error(broken.as_bytes()), "there is no certificate in it");
        let none = none(Some("SSL_CERT_DIR"));
        assert_eq!(none.to_string(), "there is no authority in what SSL_CERT_DIR names");
        assert!(none.hints().concat().contains("unset SSL_CERT_DIR"), "{none:?}");
        let missing = of_bundle(Path::new("/nowhere/ca.pem")).unwrap_err();
        assert_eq!(missing.to_string(), "could not read the CA bundle /nowhere/ca.pem");
        assert_eq!(of_bundle(Path::new("/")).unwrap_err().causes(), ["it is a folder"]);
    }
}
