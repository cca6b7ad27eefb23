//! Who calls: a person with a token of an identity provider, or a machine with a key.
//!
//! The credential ends here. It is never sent on, and nothing that is logged has it.

mod issuer;
mod key;
mod key_set;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use http::{HeaderMap, header::AUTHORIZATION};
use sha2::{Digest as _, Sha256};

use super::clock::seconds;

pub(super) use self::{
    issuer::{Claims, Issuer, Terms},
    key::{Keys, PREFIX},
    key_set::{KeySet, Source},
};

/// Who calls, as the credential says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub user: String,
    pub groups: Vec<String>,
    pub role: Option<String>,
    /// By what it is known: an issuer's URL, or the name of a key.
    pub by: String,
}

/// Why nobody is let in. The words are for the person at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stranger {
    /// There is no credential.
    Nobody,
    /// There is but a signature of AWS's, which only AWS can check.
    Signed,
    /// It is not one that is known, or is not valid.
    Refused(String),
    /// Whether it is valid could not be told, since the issuer's keys could not be had.
    Unknown(String),
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("this gateway needs a credential: a token, or a key"),
            Self::Signed => f.write_str(
                "this gateway cannot check a signature of AWS's: it needs a token or a key, which \
                 clients of Bedrock take from AWS_BEARER_TOKEN_BEDROCK",
            ),
            Self::Refused(why) => write!(f, "the credential is refused: {why}"),
            Self::Unknown(why) => write!(f, "the credential could not be checked: {why}"),
        }
    }
}

/// Everybody who may be known.
#[derive(Debug, Default)]
pub(super) struct Callers {
    issuers: Vec<Issuer>,
    keys: Keys,
    known: Mutex<HashMap<[u8; 32], Known>>,
}

/// A token that was verified before. Checking a signature takes longer than all else that is done
/// with a request.
#[derive(Clone, Debug)]
struct Known {
    caller: Arc<Caller>,
    /// When it is verified again, at its end at the latest. In seconds since 1970.
    expires: u64,
    issuer: usize,
    /// Of the issuer's keys, when it was verified. With others it is verified again.
    generation: u64,
}

/// So many seconds a token is remembered for: a key that its issuer has taken back counts no longer.
const REMEMBERED: u64 = 300;

/// Tokens that are remembered. Each takes a few hundred bytes.
const MOST_KNOWN: usize = 20_000;

impl Callers {
    pub(super) fn new(issuers: Vec<Issuer>, keys: Keys) -> Self {
        Self { issuers, keys, known: Mutex::default() }
    }

    /// Goes on with the issuers' keys that another configuration has got.
    pub(super) fn inherit(&self, old: &Self) {
        for issuer in &self.issuers {
            if let Some(old) = old.issuers.iter().find(|old| old.is(issuer.name())) {
                issuer.inherit(old);
            }
        }
    }

    pub(super) fn issuers(&self) -> impl Iterator<Item = &Issuer> {
        self.issuers.iter()
    }

    /// Identifies whoever sent these headers.
    pub(super) async fn identify(&self, headers: &HeaderMap) -> Result<Arc<Caller>, Stranger> {
        // A helper's credential comes in both headers, with a token of its own in one of them.
        let mut stranger = if is_signed(headers) { Stranger::Signed } else { Stranger::Nobody };
        for credential in credentials(headers) {
            match self.check(credential).await {
                Ok(caller) => return Ok(caller),
                Err(other) => stranger = other,
            }
        }
        Err(stranger)
    }

    async fn check(&self, credential: &str) -> Result<Arc<Caller>, Stranger> {
        let hash: [u8; 32] = Sha256::digest(credential.as_bytes()).into();
        if let Some(caller) = self.keys.get(&hash) {
            return Ok(caller);
        }
        if !credential.starts_with("eyJ") {
            return Err(Stranger::Refused("it is no key that is known here".into()));
        }
        if let Some(caller) = self.remembered(&hash) {
            return Ok(caller);
        }
        let name = issuer::issuer_of(credential)
            .ok_or_else(|| Stranger::Refused("it is no token, or has no issuer".into()))?;
        let found = self.issuers.iter().enumerate().find(|(_, issuer)| issuer.is(&name));
        let (index, issuer) = found.ok_or_else(|| {
            Stranger::Refused("it is of an issuer that is not trusted here".into())
        })?;
        let generation = issuer.generation();
        let (caller, expires) = issuer.verify(credential).await?;
        let expires = expires.min(seconds() + REMEMBERED);
        let caller = Arc::new(caller);
        let known = Known { caller: Arc::clone(&caller), expires, issuer: index, generation };
        self.remember(hash, known);
        Ok(caller)
    }

    fn remembered(&self, hash: &[u8; 32]) -> Option<Arc<Caller>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { caller, expires, issuer, generation } = known.get(hash)?;
        let current = self.issuers.get(*issuer)?.generation() == *generation;
        (current && seconds() < *expires).then(|| Arc::clone(caller))
    }

    fn remember(&self, hash: [u8; 32], entry: Known) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            let now = seconds();
            known.retain(|_, entry| now < entry.expires);
        }
        // So many at once: whoever is not remembered is verified each time.
        if known.len() < MOST_KNOWN {
            known.insert(hash, entry);
        }
    }
}

fn is_signed(headers: &HeaderMap) -> bool {
    headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"AWS4-"))
}

/// Everything that may be a credential, in the order in which it counts.
fn credentials(headers: &HeaderMap) -> Vec<&str> {
    let bearer = headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim())
    });
    let key = headers.get_all("x-api-key").iter().filter_map(|value| value.to_str().ok());
    let mut all: Vec<&str> = bearer.chain(key).filter(|text| !text.is_empty()).collect();
    all.dedup();
    all
}
