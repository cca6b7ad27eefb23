//! Keys for machines, of which only the hash is known.
//!
//! A key is 256 random bits, so that no slow hash is needed to keep it from being guessed; a slow one
//! would be paid with every request.

use std::{collections::HashMap, fmt, sync::Arc};

use super::Caller;

/// What a key begins with, so that scanners find one that was left lying about.
pub(crate) const PREFIX: &str = "gwk_";

/// Keys by the SHA-256 of their whole text.
#[derive(Default)]
pub(crate) struct Keys(HashMap<[u8; 32], Arc<Caller>>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys", self.0.len())
    }
}

impl Keys {
    pub(crate) fn new(keys: impl IntoIterator<Item = ([u8; 32], Caller)>) -> Self {
        Self(keys.into_iter().map(|(hash, caller)| (hash, Arc::new(caller))).collect())
    }

    /// By the hash a look takes the same time whatever it finds: nothing is told of a key that is
    /// nearly right.
    pub(super) fn get(&self, hash: &[u8; 32]) -> Option<Arc<Caller>> {
        self.0.get(hash).cloned()
    }
}
