//! An issuer's public keys: fetched, kept, and fetched again when one is not among them.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::super::task;

/// Where the keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// What the issuer says of itself names them.
    Discovery(String),
    Url(String),
    /// A key set that is at hand.
    Fixed(Box<JwkSet>),
}

/// How old keys may be before they are fetched again: a key that was taken back counts no longer.
const FRESH: Duration = Duration::from_mins(10);
/// So long they are good for who asks now, while they are fetched beside it: an issuer that hangs holds
/// up nobody.
const GOOD: Duration = Duration::from_hours(1);
/// Whatever comes, an issuer is asked no more often. A flood of tokens with made-up keys would else
/// be a flood upon it.
const LEAST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
const TIMEOUT: Duration = Duration::from_secs(10);
const MOST_BYTES: usize = 1 << 20;

/// The keys of one issuer.
#[derive(Debug)]
pub(crate) struct KeySet {
    source: Source,
    client: reqwest::Client,
    keys: RwLock<Arc<Keys>>,
    generation: AtomicU64,
    fetching: Mutex<Fetching>,
}

#[derive(Debug)]
struct Fetching {
    last: Option<Instant>,
    pause: Duration,
    error: Option<String>,
}

/// A public key and the one algorithm that it is for, or those that its form can have.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub algorithms: Vec<Algorithm>,
    pub decoding: DecodingKey,
}

#[derive(Debug, Default)]
struct Keys {
    /// As they came.
    set: JwkSet,
    named: HashMap<String, Key>,
    all: Vec<Key>,
    fetched: Option<Instant>,
}

impl KeySet {
    pub(crate) fn new(source: Source, client: reqwest::Client) -> Self {
        let keys = match &source {
            Source::Fixed(set) => Keys::of(set),
            Source::Discovery(_) | Source::Url(_) => Keys::default(),
        };
        let fetching = Fetching { last: None, pause: LEAST_PAUSE, error: None };
        Self {
            source,
            client,
            keys: RwLock::new(Arc::new(keys)),
            generation: AtomicU64::default(),
            fetching: Mutex::new(fetching),
        }
    }

    /// Goes on with the keys that another one has got from the same source, which may not answer now.
    pub(crate) fn inherit(&self, old: &Self) {
        if self.source == old.source {
            self.replace(old.current());
        }
    }

    /// Rises with each change of the keys.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// How many keys there are, after another look.
    pub(crate) async fn count(&self) -> Result<usize, String> {
        if !matches!(self.source, Source::Fixed(_)) {
            self.fetch(self.current().fetched).await?;
        }
        Ok(self.current().all.len())
    }

    /// The key of this name; without a name the only one for the algorithm. `Err`: why the keys could
    /// not be had.
    pub(crate) async fn find(
        self: &Arc<Self>,
        name: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Key>, String> {
        let keys = self.current();
        let younger = |than| keys.fetched.is_some_and(|at| at.elapsed() < than);
        let found = keys.find(name, algorithm);
        if matches!(self.source, Source::Fixed(_)) || (found.is_some() && younger(FRESH)) {
            return Ok(found);
        }
        if found.is_some() && younger(GOOD) {
            self.fetch_beside(keys.fetched);
            return Ok(found);
        }
        let error = self.fetch(keys.fetched).await.err();
        let again = self.current().find(name, algorithm);
        match (again, error) {
            // Old keys are better than none while the issuer does not answer.
            (Some(key), _) => Ok(Some(key)),
            (None, Some(error)) if self.current().fetched.is_none() => Err(error),
            (None, _) => Ok(None),
        }
    }

    /// The same after another look, since the key that was found is not the one that signed.
    pub(crate) async fn find_anew(&self, name: Option<&str>, algorithm: Algorithm) -> Option<Key> {
        if !matches!(self.source, Source::Fixed(_)) {
            // Why not is said when there is no key at all.
            self.fetch(self.current().fetched).await.ok();
        }
        self.current().find(name, algorithm)
    }

    /// Fetches them while others go on, unless somebody does already, or has a moment ago.
    fn fetch_beside(self: &Arc<Self>, seen: Option<Instant>) {
        let due =
            |fetching: &Fetching| fetching.last.is_none_or(|at| at.elapsed() >= fetching.pause);
        if self.fetching.try_lock().is_ok_and(|fetching| due(&fetching)) {
            let keys = Arc::clone(self);
            drop(task::spawn(async move { keys.fetch(seen).await }));
        }
    }

    /// Fetches the keys, unless somebody else has since `seen`, or it was tried a moment ago.
    async fn fetch(&self, seen: Option<Instant>) -> Result<(), String> {
        let mut fetching = self.fetching.lock().await;
        if self.current().fetched > seen {
            return Ok(());
        }
        if fetching.last.is_some_and(|last| last.elapsed() < fetching.pause) {
            return fetching.error.clone().map_or(Ok(()), Err);
        }
        let answer = self.get().await;
        fetching.last = Some(Instant::now());
        match answer {
            Ok(set) => {
                (fetching.pause, fetching.error) = (LEAST_PAUSE, None);
                let keys = Keys { fetched: Some(Instant::now()), ..Keys::of(&set) };
                self.replace(Arc::new(keys));
                Ok(())
            }
            Err(error) => {
                fetching.pause = (fetching.pause * 2).min(LONGEST_PAUSE);
                fetching.error = Some(error.clone());
                Err(error)
            }
        }
    }

    fn replace(&self, keys: Arc<Keys>) {
        let mut current = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if current.set != keys.set {
            self.generation.fetch_add(1, Ordering::Relaxed);
        }
        *current = keys;
    }

    fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn get(&self) -> Result<JwkSet, String> {
        #[derive(Deserialize)]
        struct Configuration {
            issuer: String,
            jwks_uri: String,
        }
        let url = match &self.source {
            Source::Fixed(set) => return Ok((**set).clone()),
            Source::Url(url) => url.clone(),
            Source::Discovery(issuer) => {
                let url =
                    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
                let text = self.text(&url).await?;
                let configuration: Configuration = serde_json::from_slice(&text)
                    .map_err(|_| format!("{url} is not what an issuer says of itself"))?;
                if configuration.issuer != *issuer {
                    return Err(format!("{url} is of another issuer"));
                }
                configuration.jwks_uri
            }
        };
        let text = self.text(&url).await?;
        serde_json::from_slice(&text).map_err(|_| format!("{url} holds no set of keys"))
    }

    async fn text(&self, url: &str) -> Result<Vec<u8>, String> {
        let why = |error: reqwest::Error| {
            let mut cause: &dyn std::error::Error = &error;
            while let Some(next) = cause.source() {
                cause = next;
            }
            format!("{url}: {cause}")
        };
        let mut answer = self.client.get(url).timeout(TIMEOUT).send().await.map_err(why)?;
        if !answer.status().is_success() {
            return Err(format!("{url} answered {}", answer.status().as_u16()));
        }
        let mut text = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(why)? {
            text.extend_from_slice(&piece);
            if text.len() > MOST_BYTES {
                return Err(format!("{url} is longer than any set of keys"));
            }
        }
        Ok(text)
    }
}

impl Keys {
    fn of(set: &JwkSet) -> Self {
        let mut keys = Self { set: set.clone(), ..Self::default() };
        for jwk in &set.keys {
            let Some(key) = Key::of(jwk) else { continue };
            if let Some(name) = &jwk.common.key_id {
                keys.named.insert(name.clone(), key.clone());
            }
            keys.all.push(key);
        }
        keys
    }

    fn find(&self, name: Option<&str>, algorithm: Algorithm) -> Option<Key> {
        let fits = |key: &&Key| key.algorithms.contains(&algorithm);
        if let Some(name) = name {
            self.named.get(name).filter(fits).cloned()
        } else {
            let mut all = self.all.iter().filter(fits);
            all.next().filter(|_| all.next().is_none()).cloned()
        }
    }
}

impl Key {
    /// None of a key that is for something else, such as a secret that both sides know.
    fn of(jwk: &Jwk) -> Option<Self> {
        if jwk.common.public_key_use.as_ref().is_some_and(|it| *it != PublicKeyUse::Signature) {
            return None;
        }
        let by_form: Vec<Algorithm> = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => vec![
                Algorithm::RS256,
                Algorithm::RS384,
                Algorithm::RS512,
                Algorithm::PS256,
                Algorithm::PS384,
                Algorithm::PS512,
            ],
            AlgorithmParameters::EllipticCurve(key) => match key.curve {
                EllipticCurve::P256 => vec![Algorithm::ES256],
                EllipticCurve::P384 => vec![Algorithm::ES384],
                _ => return None,
            },
            AlgorithmParameters::OctetKeyPair(_) => vec![Algorithm::EdDSA],
            _ => return None,
        };
        let algorithms = match &jwk.common.key_algorithm {
            Some(own) => {
                let own: Algorithm = own.to_string().parse().ok()?;
                by_form.into_iter().filter(|it| *it == own).collect()
            }
            None => by_form,
        };
        Some(Self { algorithms, decoding: DecodingKey::from_jwk(jwk).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use futures::FutureExt as _;
    use serde_json::json;

    use super::*;

    fn set() -> JwkSet {
        let coordinate = URL_SAFE_NO_PAD.encode([1; 32]);
        serde_json::from_value(json!({"keys": [
            {"kty": "EC", "crv": "P-256", "kid": "k1", "x": coordinate, "y": coordinate}
        ]}))
        .unwrap()
    }

    /// Keys that were fetched so long ago, from an issuer that takes a connection and says nothing.
    fn fetched(ago: Duration) -> (Arc<KeySet>, std::net::TcpListener) {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/keys", silent.local_addr().unwrap());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let keys = KeySet::new(Source::Url(url), client);
        let at = Instant::now().checked_sub(ago);
        keys.replace(Arc::new(Keys { fetched: at, ..Keys::of(&set()) }));
        (Arc::new(keys), silent)
    }

    #[tokio::test]
    async fn an_issuer_that_hangs_holds_up_nobody_whose_key_is_known() {
        let minutes = Duration::from_mins;
        for (ago, at_once) in [(minutes(1), true), (minutes(20), true), (minutes(70), false)] {
            let (keys, _silent) = fetched(ago);
            for _ in 0..2 {
                let found = keys.find(Some("k1"), Algorithm::ES256).now_or_never();
                let found = found.map(|found| found.unwrap().is_some());
                assert_eq!(found, at_once.then_some(true), "{ago:?}");
            }
            let unknown = keys.find(Some("k2"), Algorithm::ES256).now_or_never();
            assert!(unknown.is_none(), "one that is not known is looked for");
        }
    }
}
