//! The ownership mark: the tags by which we know our own objects again.
//!
//! Both parts count. IAM is global, so the same tenant in two regions must not take one role to
//! be the other's.

use std::collections::BTreeMap;

use crate::reconcile::Owner;

pub(super) const TENANT: &str = "groundwork:tenant";
pub(super) const REGION: &str = "groundwork:region";

/// Whose an object is: one tenant in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub tenant: String,
    pub region: String,
}

/// Tags by key, in order of key.
pub type Tags = BTreeMap<String, String>;

impl Mark {
    /// The mark and the user's own tags.
    pub fn with(&self, own: &Tags) -> Tags {
        let mut tags = own.clone();
        tags.insert(TENANT.into(), self.tenant.clone());
        tags.insert(REGION.into(), self.region.clone());
        tags
    }

    pub fn owner(&self, tags: &Tags) -> Owner {
        let unmarked = || "somebody else: it has no tag `groundwork:tenant`".to_owned();
        match (tags.get(TENANT), tags.get(REGION)) {
            (Some(tenant), Some(region)) if *tenant == self.tenant && *region == self.region => {
                Owner::Us
            }
            (Some(tenant), Some(region)) => {
                Owner::Other(format!("the tenant `{tenant}` in {region}"))
            }
            (Some(tenant), None) => Owner::Other(format!("the tenant `{tenant}`")),
            (None, _) => Owner::Other(unmarked()),
        }
    }
}

/// The tags of `want` that `have` lacks or has with another value.
pub(super) fn missing(want: &Tags, have: &Tags) -> Tags {
    want.iter()
        .filter(|(key, value)| have.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_tenant_in_another_region_is_another_owner() {
        let here = Mark { tenant: "t".into(), region: "us-east-1".into() };
        let there = Mark { region: "eu-west-1".into(), ..here.clone() };
        assert_eq!(here.owner(&here.with(&Tags::new())), Owner::Us);
        assert!(matches!(here.owner(&there.with(&Tags::new())), Owner::Other(_)));
        assert!(matches!(here.owner(&Tags::new()), Owner::Other(_)));
    }

    #[test]
    fn only_tags_that_differ_are_missing() {
        let want = Tags::from([("a".into(), "1".into()), ("b".into(), "2".into())]);
        let have = Tags::from([("a".into(), "1".into()), ("b".into(), "3".into())]);
        assert_eq!(missing(&want, &have), Tags::from([("b".into(), "2".into())]));
    }
}
