//! Who may act as our service account: workloads without a key, and people in its name.
//!
//! The account is ours, and so is whoever may become it: of the two roles that let one do so, a
//! member that nobody asked for goes. Bindings with a condition and other roles are left alone.

use std::collections::BTreeSet;

use serde::Serialize;

use super::iam_service_account::{ServiceAccountOutput, email};
use crate::{
    error::Result,
    gcp::{
        Gcp,
        iam_policy::{Holder, Policy},
        principal::canonical,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Observed, Owner, Ref, Resource, ResourceId},
};

pub struct ServiceAccountPolicy {
    /// The account's id.
    pub name: String,
    /// Kubernetes accounts and principals of a pool, as policies name them.
    pub workloads: Vec<String>,
    /// Who may have tokens of the account, as policies name them.
    pub impersonators: Vec<String>,
    pub account: Ref<ServiceAccountOutput>,
    /// The pools that `workloads` name.
    pub after: Vec<ResourceId>,
}

#[derive(Serialize, Debug, PartialEq)]
pub struct State {
    workloads: BTreeSet<String>,
    impersonators: BTreeSet<String>,
}

const WORKLOADS: &str = "roles/iam.workloadIdentityUser";
const IMPERSONATORS: &str = "roles/iam.serviceAccountTokenCreator";

impl State {
    fn is_empty(&self) -> bool {
        self.workloads.is_empty() && self.impersonators.is_empty()
    }
}

impl ServiceAccountPolicy {
    fn holder(&self, gcp: &Gcp) -> Holder {
        let project = &gcp.project.id;
        let email = email(&self.name, project);
        Holder::ServiceAccount(format!("v1/projects/{project}/serviceAccounts/{email}"))
    }

    fn wish(&self) -> State {
        let members = |all: &[String]| all.iter().map(|member| canonical(member)).collect();
        State { workloads: members(&self.workloads), impersonators: members(&self.impersonators) }
    }
}

fn read(policy: &Policy) -> State {
    let members = |role| policy.members(role).into_iter().map(canonical).collect();
    State { workloads: members(WORKLOADS), impersonators: members(IMPERSONATORS) }
}

/// Says whether that changed anything.
fn settle(policy: &mut Policy, want: &State) -> bool {
    let mut changed = false;
    for (role, wanted) in [(WORKLOADS, &want.workloads), (IMPERSONATORS, &want.impersonators)] {
        changed |= policy.revoke(role, |member| !wanted.contains(&canonical(member)));
        let have: BTreeSet<_> = policy.members(role).into_iter().map(canonical).collect();
        for member in wanted.difference(&have) {
            changed |= policy.grant(role, member);
        }
    }
    changed
}

impl Entitled for ServiceAccountPolicy {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["iam.serviceAccounts.getIamPolicy"],
            apply: &["iam.serviceAccounts.setIamPolicy"],
            destroy: &["iam.serviceAccounts.setIamPolicy"],
        }
    }
}

impl Resource for ServiceAccountPolicy {
    type Cloud = Gcp;
    type State = State;
    type Output = ();
    const KIND: &'static str = "gcp.iam.service_account_policy";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        // Not the services, which stay when all is removed: it would stay with them.
        [self.account.id()].into_iter().chain(self.after.iter().cloned()).collect()
    }

    fn desired(&self, _: &Context<'_, Gcp>) -> Result<State> {
        Ok(self.wish())
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let policy = self.holder(context.cloud).look(context.cloud).await?;
        let Some(state) = policy.as_ref().map(read) else { return Ok(None) };
        // One who wants nothing in it has all that is wanted.
        if state.is_empty() && !(context.wanted() && self.wish().is_empty()) {
            return Ok(None);
        }
        Ok(Some(Observed { state, output: (), owner: Owner::Parent }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<()> {
        self.holder(context.cloud).change(context, |policy| settle(policy, want)).await
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        _: &Observed<Self>,
    ) -> Result<()> {
        self.holder(context.cloud).change(context, |policy| settle(policy, want)).await
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        let holder = self.holder(context.cloud);
        let nobody = State { workloads: BTreeSet::new(), impersonators: BTreeSet::new() };
        if holder.look(context.cloud).await?.is_some() {
            holder.change(context, |policy| settle(policy, &nobody)).await?;
        }
        Ok(Deletion::Done)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whoever_was_not_asked_for_goes_and_conditions_stay() {
        let mut policy = Policy(json!({"bindings": [
            {"role": WORKLOADS, "members": ["principal://x/subject/stranger"]},
            {"role": IMPERSONATORS, "members": ["user:a"], "condition": {"title": "x"}},
            {"role": "roles/iam.serviceAccountUser", "members": ["user:b"]},
        ]}));
        let ours = BTreeSet::from(["user:ann@example.com".to_owned()]);
        let want = State { workloads: BTreeSet::new(), impersonators: ours };
        assert!(settle(&mut policy, &want));
        assert!(!settle(&mut policy, &want));
        assert_eq!(read(&policy), want);
        assert_eq!(policy.list("bindings").count(), 3);
        assert_eq!(policy.members("roles/iam.serviceAccountUser"), ["user:b"]);
    }
}
