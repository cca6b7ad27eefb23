//! Tokens of an identity provider: whether they are valid, and whom they name.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header, errors::ErrorKind};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Caller, KeySet, Stranger, seconds};

/// An issuer that is trusted, and on which terms.
#[derive(Debug)]
pub(crate) struct Issuer {
    terms: Terms,
    keys: Arc<KeySet>,
}

/// What a token must be.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// The issuer's URL, as it stands in `iss`.
    pub issuer: String,
    /// One of them must be in `aud`.
    pub audiences: Vec<String>,
    /// None that signs with a secret which both sides know can be among them.
    pub algorithms: Vec<Algorithm>,
    /// In seconds.
    pub clock_skew: u64,
    pub claims: Claims,
}

/// The claims that say who it is. A dot leads into an object, unless a claim has just that name.
#[derive(Clone, Debug)]
pub(crate) struct Claims {
    pub user: String,
    pub groups: String,
    pub role: Option<String>,
}

impl Issuer {
    pub(crate) fn new(terms: Terms, keys: KeySet) -> Self {
        Self { terms, keys: Arc::new(keys) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.terms.issuer
    }

    /// Whether its keys can be had: how many there are, or why not.
    pub(crate) async fn probe(&self) -> Result<String, String> {
        let count = self.keys.count().await?;
        if count == 0 {
            Err("it has no key for signatures".into())
        } else {
            Ok(format!("{count} keys"))
        }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.terms.issuer == name
    }

    pub(super) fn inherit(&self, old: &Self) {
        self.keys.inherit(&old.keys);
    }

    pub(super) fn generation(&self) -> u64 {
        self.keys.generation()
    }

    /// Whom a token names, and until when, in seconds since 1970.
    pub(super) async fn verify(&self, token: &str) -> Result<(Caller, u64), Stranger> {
        let refused = |why: &str| Stranger::Refused(why.to_owned());
        let header = decode_header(token).map_err(|_| refused("it is no token"))?;
        let Terms { algorithms, audiences, issuer, clock_skew, claims } = &self.terms;
        if !algorithms.contains(&header.alg) {
            return Err(refused("it is signed in a way that is not allowed here"));
        }
        let key = self.keys.find(header.kid.as_deref(), header.alg).await;
        let key = key.map_err(Stranger::Unknown)?;
        let key = key.ok_or_else(|| refused("it is signed with a key that its issuer has not"))?;
        let mut validation = Validation::new(header.alg);
        validation.leeway = *clock_skew;
        validation.validate_nbf = true;
        validation.set_audience(audiences);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        let decoded = match decode::<Map<String, Value>>(token, &key.decoding, &validation) {
            // Its issuer may have a new key that has the old one's name, or none.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => {
                let key = self.keys.find_anew(header.kid.as_deref(), header.alg).await;
                key.map_or(Err(error), |key| decode(token, &key.decoding, &validation))
            }
            decoded => decoded,
        };
        let token = decoded.map_err(|error| refused(in_words(error.kind())))?;
        // Some providers write them with a fraction, which is nothing.
        let number = |name: &str| {
            let claim = token.claims.get(name)?;
            claim
                .as_u64()
                .or_else(|| claim.as_number()?.to_string().split('.').next()?.parse().ok())
        };
        // A token from the future is none, whoever signed it: its issuer's clock is wrong, or ours.
        let latest = seconds() + clock_skew;
        if number("iat").is_some_and(|issued| issued > latest) {
            return Err(refused("it is from the future; is a clock wrong?"));
        }
        let expires = number("exp").unwrap_or(0);
        Ok((self.caller(&token.claims, claims)?, expires))
    }

    fn caller(&self, all: &Map<String, Value>, claims: &Claims) -> Result<Caller, Stranger> {
        let user = at(all, &claims.user).and_then(Value::as_str).filter(|user| !user.is_empty());
        let user = user.ok_or_else(|| {
            Stranger::Refused(format!("it has no claim `{}`, which names the user", claims.user))
        })?;
        let groups = match at(all, &claims.groups) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(many)) => {
                many.iter().filter_map(|one| one.as_str().map(ToOwned::to_owned)).collect()
            }
            _ => Vec::new(),
        };
        let role = claims.role.as_ref().and_then(|name| at(all, name)?.as_str());
        Ok(Caller {
            user: user.to_owned(),
            groups,
            role: role.map(ToOwned::to_owned),
            by: self.terms.issuer.clone(),
        })
    }
}

/// What a token says who issued it. Not verified: it only chooses by whom it is.
pub(super) fn issuer_of(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        iss: String,
    }
    let claims = jsonwebtoken::dangerous::insecure_decode::<Claims>(token).ok()?;
    Some(claims.claims.iss)
}

fn at<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    at(claims.get(first)?.as_object()?, rest)
}

fn in_words(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not valid yet; is a clock wrong?",
        ErrorKind::InvalidAudience => "it is for another audience",
        ErrorKind::InvalidIssuer => "it is of another issuer",
        ErrorKind::InvalidSignature => "its signature is wrong",
        ErrorKind::MissingRequiredClaim(_) => "it lacks a claim that it must have",
        _ => "it is no valid token",
    }
}
