//! `groundwork provision --print-policy`: what for.

use clap::ValueEnum;

use crate::reconcile::Phase;

/// What the policy is for. Without help of their own, as the clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PolicyFor {
    Plan,
    Apply,
    Destroy,
}

impl From<PolicyFor> for Phase {
    fn from(policy: PolicyFor) -> Self {
        match policy {
            PolicyFor::Plan => Self::Plan,
            PolicyFor::Apply => Self::Apply,
            PolicyFor::Destroy => Self::Destroy,
        }
    }
}
