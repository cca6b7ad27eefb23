//! Credentials for callers: keys for machines, and tokens to try the gateway with.

use std::{
    fmt::{self, Write as _},
    fs,
    io::Write as _,
    path::Path,
    time::Duration,
};

use aws_lc_rs::{
    rand,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};

use super::{caller::PREFIX, clock};
use crate::error::{Error, Kind, Result};

/// A key for a machine. It does not print.
pub struct NewKey {
    key: String,
    /// The SHA-256 of the key, for the configuration.
    pub sha256: String,
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewKey")
    }
}

impl NewKey {
    /// 256 bits that nobody can guess.
    pub fn generate() -> Result<Self> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_| no_random())?;
        let key = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        let mut sha256 = String::with_capacity(64);
        for byte in Sha256::digest(key.as_bytes()) {
            // Writing to a string cannot fail.
            let _ = write!(sha256, "{byte:02x}");
        }
        Ok(Self { key, sha256 })
    }

    /// The key itself, for whoever it is made for.
    pub fn expose(&self) -> &str {
        &self.key
    }
}

/// An issuer on this machine: a key in a file, to try the gateway with.
pub struct Local {
    key: EncodingKey,
    name: String,
    keys: JwkSet,
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Local")
    }
}

/// Whom a token names.
#[derive(Clone, Debug)]
pub struct Subject {
    pub user: String,
    pub groups: Vec<String>,
    pub audience: String,
    pub valid: Duration,
}

/// What a local issuer is called in `iss`.
pub const LOCAL_ISSUER: &str = "https://groundwork.localhost";

impl Local {
    /// Reads the key from its file, which is made, for its owner alone, if it is not there.
    pub fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        if !path.exists() {
            make(path).map_err(|error| error.while_doing(format!("could not make `{shown}`")))?;
        }
        let unread = |error: String| {
            Error::new(Kind::Config, format!("could not read the key in `{shown}`"))
                .caused_by(error)
        };
        let der =
            PrivatePkcs8KeyDer::from_pem_file(path).map_err(|error| unread(error.to_string()))?;
        let key = EncodingKey::from_ec_der(der.secret_pkcs8_der());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256)
            .map_err(|error| unread(format!("it is no key for ES256: {error}")))?;
        let mut name = String::with_capacity(16);
        for byte in Sha256::digest(der.secret_pkcs8_der()).iter().take(8) {
            let _ = write!(name, "{byte:02x}");
        }
        jwk.common.key_id = Some(name.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { key, name, keys: JwkSet { keys: vec![jwk] } })
    }

    /// Its public keys, for `jwks_file`.
    pub fn key_set(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(&self.keys);
        text.map(|text| text + "\n").map_err(|error| {
            Error::new(Kind::Internal, "could not write the set of keys").caused_by(error)
        })
    }

    /// A token that names the subject.
    pub fn token(&self, subject: &Subject) -> Result<String> {
        let now = clock::seconds();
        let claims = json!({
            "iss": LOCAL_ISSUER,
            "aud": subject.audience,
            "sub": subject.user,
            "email": subject.user,
            "groups": subject.groups,
            "iat": now,
            "exp": now + subject.valid.as_secs(),
        });
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.name.clone());
        encode(&header, &claims, &self.key).map_err(|error| {
            Error::new(Kind::Internal, "could not sign the token").caused_by(error)
        })
    }
}

/// Makes a key, whole or not at all.
fn make(path: &Path) -> Result<()> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| no_random())?;
    let der = pair.to_pkcs8v1().map_err(|_| no_random())?;
    let mut text = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    let encoded = STANDARD.encode(der.as_ref());
    for line in encoded.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str("-----END PRIVATE KEY-----\n");
    let unwritten = |error: std::io::Error| {
        Error::new(Kind::Config, "it could not be written").caused_by(error)
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(unwritten)?;
    // For its owner alone, as the crate makes them.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritten)?;
    file.write_all(text.as_bytes()).map_err(unwritten)?;
    file.persist_noclobber(path).map_err(|failure| unwritten(failure.error))?;
    Ok(())
}

fn no_random() -> Error {
    Error::new(Kind::Internal, "the system gives no random numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_by_its_hash_and_never_the_same() {
        let (one, other) = (NewKey::generate().unwrap(), NewKey::generate().unwrap());
        assert_ne!(one.expose(), other.expose());
        assert!(one.expose().starts_with("gwk_") && one.expose().len() == 47);
        assert_eq!(one.sha256.len(), 64);
        assert!(!format!("{one:?}").contains(one.expose()));
    }

    #[test]
    fn a_local_issuers_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/key.pem");
        let first = Local::open(&path).unwrap();
        let again = Local::open(&path).unwrap();
        assert_eq!(first.key_set().unwrap(), again.key_set().unwrap());
        assert!(!first.key_set().unwrap().contains("\"d\""));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let subject = Subject {
            user: "ada".into(),
            groups: vec![],
            audience: "a".into(),
            valid: Duration::from_mins(1),
        };
        assert_eq!(first.token(&subject).unwrap().matches('.').count(), 2);
    }
}
