//! The ownership mark: labels where a kind has them, words in the description where it has none.
//!
//! A tenant is known by its name within the project. Where the models are called from is a setting
//! of it and no part of whose an object is: it may change without anything becoming somebody else's.

use std::collections::BTreeMap;

use crate::reconcile::Owner;

/// The label, and the word in descriptions.
pub(super) const TENANT: &str = "groundwork-tenant";

/// Labels by key, in order of key.
pub type Labels = BTreeMap<String, String>;

/// Whose an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub tenant: String,
}

impl Mark {
    /// The mark and the user's own labels.
    pub fn with(&self, own: &Labels) -> Labels {
        let mut labels = own.clone();
        labels.insert(TENANT.into(), self.tenant.clone());
        labels
    }

    /// What an object is, with the mark: `Calls Claude on Vertex AI (groundwork-tenant=claude-code)`.
    pub fn describe(&self, what: &str) -> String {
        format!("{what} ({TENANT}={})", self.tenant)
    }

    pub fn owner(&self, labels: &Labels) -> Owner {
        match labels.get(TENANT) {
            None => Owner::Other(format!("somebody else: it has no label `{TENANT}`")),
            Some(tenant) => self.owner_by_name(tenant),
        }
    }

    /// By a description.
    pub fn owner_described(&self, description: &str) -> Owner {
        let marked = description.split_once(&format!("({TENANT}="));
        match marked.and_then(|(_, rest)| rest.split_once(')')) {
            None => Owner::Other(format!("somebody else: its description has no `({TENANT}=...)`")),
            Some((tenant, _)) => self.owner_by_name(tenant),
        }
    }

    fn owner_by_name(&self, tenant: &str) -> Owner {
        if tenant == self.tenant {
            Owner::Us
        } else {
            Owner::Other(format!("the tenant `{tenant}`"))
        }
    }
}

/// The labels of `want` over those that are there: what somebody else has added stays.
pub(super) fn over(have: &Labels, want: &Labels) -> Labels {
    let mut all = have.clone();
    all.extend(want.iter().map(|(key, value)| (key.clone(), value.clone())));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_descriptions_tell_whose_it_is() {
        let (ours, others) = (Mark { tenant: "a".into() }, Mark { tenant: "a-b".into() });
        assert_eq!(ours.owner(&ours.with(&Labels::new())), Owner::Us);
        assert_eq!(ours.owner_described(&ours.describe("Calls Claude")), Owner::Us);
        for owner in [
            ours.owner(&others.with(&Labels::new())),
            ours.owner(&Labels::new()),
            ours.owner_described(&others.describe("x")),
            ours.owner_described("x"),
        ] {
            assert!(matches!(owner, Owner::Other(_)));
        }
    }
}
