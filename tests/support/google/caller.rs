//! Who calls: tokens, the identities behind them, what these may do and what they have used.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::failure::Failure;

/// The bearer token that is known from the start, and may do all.
pub const OWNER: &str = "owner-token";

#[derive(Debug, Default)]
struct Rights {
    /// `None`: all.
    only: Option<BTreeSet<String>>,
    used: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub struct Callers {
    tokens: BTreeMap<String, String>,
    rights: BTreeMap<String, Rights>,
    minted: u64,
}

/// Google's reference has the permissions of pools with the service's host, its refusals without.
pub fn short(permission: &str) -> String {
    permission.replacen("iam.googleapis.com/", "iam.", 1)
}

impl Callers {
    pub fn admit(&mut self, token: &str, identity: &str) {
        self.tokens.insert(token.to_owned(), identity.to_owned());
    }

    /// A new token of `identity`.
    pub fn mint(&mut self, identity: &str) -> String {
        self.minted += 1;
        let token = format!("ya29.fake-{}", self.minted);
        self.admit(&token, identity);
        token
    }

    pub fn identity(&self, token: &str) -> Option<String> {
        self.tokens.get(token).cloned()
    }

    /// Limits a token, or an identity with all its tokens; what is unknown becomes a token.
    pub fn bind(&mut self, who: &str, permissions: &[&str]) {
        let identity = self.resolve(who);
        if !self.tokens.values().any(|known| *known == identity) {
            self.admit(who, &identity);
        }
        let only = permissions.iter().map(|permission| short(permission)).collect();
        self.rights.entry(identity).or_default().only = Some(only);
    }

    pub fn used(&self, who: &str) -> Vec<String> {
        let rights = self.rights.get(&self.resolve(who));
        rights.map(|rights| rights.used.iter().cloned().collect()).unwrap_or_default()
    }

    fn resolve(&self, who: &str) -> String {
        self.tokens.get(who).cloned().unwrap_or_else(|| who.to_owned())
    }

    pub fn may(&self, identity: &str, permission: &str) -> bool {
        let only = self.rights.get(identity).and_then(|rights| rights.only.as_ref());
        only.is_none_or(|only| only.contains(&short(permission)))
    }

    pub fn demand(
        &mut self,
        identity: &str,
        permission: &str,
        resource: &str,
    ) -> Result<(), Failure> {
        if self.may(identity, permission) {
            let rights = self.rights.entry(identity.to_owned()).or_default();
            rights.used.insert(permission.to_owned());
            return Ok(());
        }
        let message = format!(
            "Permission '{permission}' denied on resource '//{resource}' (or it may not exist)."
        );
        Err(Failure::permission(&message).reason(
            "IAM_PERMISSION_DENIED",
            "iam.googleapis.com",
            &json!({"permission": permission, "resource": resource}),
        ))
    }
}
