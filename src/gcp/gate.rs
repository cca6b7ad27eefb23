//! Gates: what a run cannot do itself and Claude Code cannot do without, such as that somebody has
//! accepted a model's terms.
//!
//! A gate is a resource and no precondition, so that a closed one keeps nothing else from being
//! made. What could not be found out counts as open, and is told.

use serde::Serialize;

use super::error::Refusal;
use crate::error::{Error, Kind, Result};

/// What a look at a gate gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Open,
    /// Open, or not known to be closed; with what there is to say of it.
    Remarked(String),
    Closed {
        why: String,
        /// As commands, addresses or lines of configuration.
        remedies: Vec<String>,
    },
}

/// The state of every gate.
#[derive(Serialize)]
pub struct Gate {
    open: bool,
}

impl Gate {
    pub(super) fn open() -> Self {
        Self { open: true }
    }
}

impl Verdict {
    pub(super) fn closed<const N: usize>(why: impl Into<String>, remedies: [String; N]) -> Self {
        Self::Closed { why: why.into(), remedies: remedies.into() }
    }

    /// What was asked cannot tell.
    pub(super) fn unknown(what: &str, refusal: &Refusal) -> Self {
        Self::Remarked(format!("could not be checked, {what}: {refusal}"))
    }

    pub(super) fn gate(&self) -> Gate {
        Gate { open: !matches!(self, Self::Closed { .. }) }
    }

    pub(super) fn remark(&self) -> Option<String> {
        match self {
            Self::Open => None,
            Self::Remarked(remark) => Some(remark.clone()),
            Self::Closed { why, .. } => Some(why.clone()),
        }
    }

    /// An error if it is closed.
    pub(super) fn passed(self) -> Result<Self> {
        let Self::Closed { why, remedies } = self else { return Ok(self) };
        let error = Error::new(Kind::Config, why);
        Err(remedies.into_iter().fold(error, Error::hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_closed_keeps_anybody_out() {
        assert!(Verdict::Open.passed().is_ok());
        assert!(Verdict::Remarked("who knows".into()).passed().is_ok());
        let error = Verdict::closed("not enabled", ["do it".to_owned()]).passed().unwrap_err();
        assert_eq!((error.to_string().as_str(), error.hints().len()), ("not enabled", 1));
    }
}
