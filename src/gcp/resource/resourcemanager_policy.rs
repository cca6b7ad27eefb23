//! Who may call the models in the project, and what Vertex AI writes down of it: our part of the
//! project's policy.
//!
//! The policy is shared with the whole project. A role of our own is ours alone: whoever else has
//! it was not given it by us, and loses it. Of every other role only the members that are wanted
//! count. What is bound to a condition, what other services log, and what they are exempt from, is
//! others'. An account that was deleted leaves its grants behind, under a name that no new one
//! has: ours are cleared away.
//!
//! Nothing in a policy says who put it there. So what is removed with the tenant is what can only be
//! ours: the members of our own role, and what our own account may do. Whoever else was given a role
//! that is not ours keeps it, and what is written down of Vertex AI goes on being written down:
//! switching off an audit that somebody relies on is worse than leaving it on.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    error::Result,
    gcp::{
        Gcp,
        iam_policy::{Holder, Policy},
        principal::{canonical, is_left_of},
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Observed, Owner, Ref, Resource, ResourceId},
};

/// What the names of Google's own roles on Vertex AI begin with.
const VERTEX: &str = "roles/aiplatform.";

pub struct ProjectPolicy {
    /// The project's id.
    pub project: String,
    pub grants: Vec<Grant>,
    /// Roles that nobody but us gives: of these, every member that is not in `grants` goes.
    pub own_roles: Vec<String>,
    /// Our own account, as policies name it: on Vertex AI it may do what is wished and no more.
    pub account: String,
    /// `None` leaves the logging as it is.
    pub audit: Option<Audit>,
    pub services: Ref<()>,
    /// The roles, accounts and pools that the grants name.
    pub after: Vec<ResourceId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// `roles/ID` or `projects/P/roles/ID`
    pub role: String,
    /// Such as `serviceAccount:E`.
    pub member: String,
}

/// What is written down of the calls to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Such as `aiplatform.googleapis.com`.
    pub service: String,
    /// Of `ADMIN_READ`, `DATA_READ`, `DATA_WRITE`.
    pub log_types: Vec<String>,
    pub exempted_members: Vec<String>,
}

#[derive(Serialize, Debug, PartialEq)]
pub struct State {
    /// By role; of roles that are not ours alone only those that are of interest.
    grants: BTreeMap<String, BTreeSet<String>>,
    /// Other roles on Vertex AI that our account has.
    more_roles: BTreeSet<String>,
    /// By type of log, who is exempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    audit: Option<BTreeMap<String, BTreeSet<String>>>,
}

impl State {
    fn is_empty(&self) -> bool {
        self.grants.values().all(BTreeSet::is_empty)
            && self.more_roles.is_empty()
            && self.audit.as_ref().is_none_or(BTreeMap::is_empty)
    }
}

impl ProjectPolicy {
    fn holder(&self) -> Holder {
        Holder::Project(format!("v3/projects/{}", self.project))
    }

    fn roles(&self) -> BTreeSet<&str> {
        let granted = self.grants.iter().map(|grant| &grant.role);
        granted.chain(&self.own_roles).map(String::as_str).collect()
    }

    fn wanted(&self, role: &str) -> BTreeSet<String> {
        let of_role = self.grants.iter().filter(|grant| grant.role == role);
        of_role.map(|grant| canonical(&grant.member)).collect()
    }

    /// Whether we decide that the member has the role or does not.
    fn is_ours(&self, role: &str, member: &str) -> bool {
        let given = |grant: &Grant| {
            (grant.role == role && canonical(&grant.member) == canonical(member))
                || is_left_of(member, &grant.member)
        };
        self.own_roles.iter().any(|own| own == role) || self.grants.iter().any(given)
    }

    /// Whether it goes with the tenant: a role of our own, or what our own account has.
    fn goes_with_us(&self, role: &str, member: &str) -> bool {
        let own = self.own_roles.iter().any(|own| own == role);
        own || canonical(member) == self.account || is_left_of(member, &self.account)
    }

    /// Roles on Vertex AI that our account has and is not to have.
    fn more_roles(&self, policy: &Policy) -> BTreeSet<String> {
        let wanted = self.roles();
        let roles = policy.list("bindings").filter_map(|binding| binding.get("role")?.as_str());
        let more = roles.filter(|role| role.starts_with(VERTEX) && !wanted.contains(role));
        let has =
            |role: &&str| policy.members(role).into_iter().any(|it| canonical(it) == self.account);
        more.filter(has).map(ToOwned::to_owned).collect()
    }

    fn wish(&self) -> State {
        let roles = self.roles().into_iter();
        let audit = self.audit.as_ref().map(|audit| {
            let exempt: BTreeSet<_> =
                audit.exempted_members.iter().map(|it| canonical(it)).collect();
            audit.log_types.iter().map(|log_type| (log_type.clone(), exempt.clone())).collect()
        });
        let grants = roles.map(|role| (role.to_owned(), self.wanted(role))).collect();
        State { grants, more_roles: BTreeSet::new(), audit }
    }

    /// What would go with the tenant.
    fn read_own(&self, policy: &Policy) -> State {
        let members = |role: &str| {
            let all = policy.members(role).into_iter();
            all.filter(|member| self.goes_with_us(role, member)).map(canonical).collect()
        };
        let roles = self.roles().into_iter();
        let grants = roles.map(|role| (role.to_owned(), members(role))).collect();
        State { grants, more_roles: self.more_roles(policy), audit: None }
    }

    fn read(&self, policy: &Policy) -> State {
        let members = |role: &str| {
            let all = policy.members(role).into_iter();
            all.filter(|member| self.is_ours(role, member)).map(canonical).collect()
        };
        let audit = self.audit.as_ref().map(|audit| {
            let of_type = |log_type: &String| {
                let exempt = policy.audited(&audit.service, log_type)?;
                Some((log_type.clone(), exempt.into_iter().map(canonical).collect()))
            };
            audit.log_types.iter().filter_map(of_type).collect()
        });
        let roles = self.roles().into_iter();
        let grants = roles.map(|role| (role.to_owned(), members(role))).collect();
        State { grants, more_roles: self.more_roles(policy), audit }
    }

    /// Brings our part to the wish. Says whether that changed anything.
    fn settle(&self, policy: &mut Policy) -> bool {
        let (wish, mut changed) = (self.wish(), false);
        for (role, wanted) in &wish.grants {
            let goes = |it: &str| self.is_ours(role, it) && !wanted.contains(&canonical(it));
            changed |= policy.revoke(role, goes);
            let have: BTreeSet<_> = policy.members(role).into_iter().map(canonical).collect();
            for member in wanted.difference(&have) {
                changed |= policy.grant(role, member);
            }
        }
        changed |= self.revoke_more_roles(policy);
        let have = self.read(policy).audit;
        if let (Some(audit), Some(logs)) = (&self.audit, &wish.audit) {
            for (log_type, exempt) in logs {
                if have.as_ref().and_then(|have| have.get(log_type)) != Some(exempt) {
                    let exempt: Vec<_> = exempt.iter().cloned().collect();
                    policy.audit(&audit.service, log_type, &exempt);
                    changed = true;
                }
            }
        }
        changed
    }

    fn revoke_more_roles(&self, policy: &mut Policy) -> bool {
        let mut changed = false;
        for role in self.more_roles(policy) {
            changed |= policy.revoke(&role, |member| canonical(member) == self.account);
        }
        changed
    }

    /// Takes out what goes with the tenant. Says whether that changed anything.
    fn clear(&self, policy: &mut Policy) -> bool {
        let mut changed = self.revoke_more_roles(policy);
        for role in self.roles() {
            changed |= policy.revoke(role, |member| self.goes_with_us(role, member));
        }
        changed
    }
}

impl Entitled for ProjectPolicy {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["resourcemanager.projects.getIamPolicy"],
            apply: &["resourcemanager.projects.setIamPolicy"],
            destroy: &["resourcemanager.projects.setIamPolicy"],
        }
    }
}

impl Resource for ProjectPolicy {
    type Cloud = Gcp;
    type State = State;
    type Output = ();
    const KIND: &'static str = "gcp.cloudresourcemanager.policy";

    fn name(&self) -> &str {
        &self.project
    }
    fn needs(&self) -> Vec<ResourceId> {
        let services = [self.services.id()];
        services.into_iter().chain(self.after.iter().cloned()).collect()
    }

    fn desired(&self, _: &Context<'_, Gcp>) -> Result<State> {
        Ok(self.wish())
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let policy = self.holder().look(context.cloud).await?.unwrap_or_default();
        let state = if context.wanted() { self.read(&policy) } else { self.read_own(&policy) };
        // One who wants nothing in it has all that is wanted.
        if state.is_empty() && !(context.wanted() && self.wish().is_empty()) {
            return Ok(None);
        }
        // Whose the role and the account are: of those that are somebody else's nothing is taken.
        Ok(Some(Observed { state, output: (), owner: Owner::Parent }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, _: &State) -> Result<()> {
        self.holder().change(context, |policy| self.settle(policy)).await
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        _: &State,
        _: &Observed<Self>,
    ) -> Result<()> {
        self.holder().change(context, |policy| self.settle(policy)).await
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        self.holder().change(context, |policy| self.clear(policy)).await?;
        Ok(match &self.audit {
            Some(audit) => {
                Deletion::Scheduled(format!("the audit log of `{}` stays on", audit.service))
            }
            None => Deletion::Done,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::reconcile::Graph;

    const OURS: &str = "serviceAccount:c@p.iam.gserviceaccount.com";

    fn ours() -> ProjectPolicy {
        let grant = |role: &str, member: &str| Grant { role: role.into(), member: member.into() };
        ProjectPolicy {
            project: "p".into(),
            grants: vec![
                grant("projects/p/roles/own", OURS),
                grant("roles/shared", "user:Ann@example.com"),
                grant("roles/shared", OURS),
            ],
            own_roles: vec!["projects/p/roles/own".into()],
            account: OURS.into(),
            audit: Some(Audit {
                service: "aiplatform.googleapis.com".into(),
                log_types: vec!["DATA_READ".into()],
                exempted_members: vec![],
            }),
            services: services(),
            after: vec![],
        }
    }

    fn services() -> Ref<()> {
        let mut graph = Graph::default();
        graph.add(crate::gcp::resource::Services { project: "p".into(), names: vec![] })
    }

    fn found() -> Policy {
        Policy(json!({"etag": "BwX", "bindings": [
            {"role": "roles/shared", "members": ["user:other", format!("deleted:{OURS}?uid=1")]},
            {"role": "projects/p/roles/own", "members": ["user:stranger"]},
            {"role": "projects/p/roles/own", "members": ["user:a"], "condition": {"title": "x"}},
        ], "auditConfigs": [{"service": "allServices", "auditLogConfigs": [
            {"logType": "DATA_READ"}]}]}))
    }

    #[test]
    fn settling_gives_what_is_wanted_and_leaves_others_alone() {
        let (ours, mut policy) = (ours(), found());
        assert!(ours.settle(&mut policy));
        assert_eq!(ours.read(&policy), ours.wish());
        assert_eq!(policy.members("projects/p/roles/own"), [OURS]);
        let shared = ["user:other", OURS, "user:ann@example.com"];
        assert_eq!(policy.members("roles/shared"), shared);
        assert!(!ours.settle(&mut policy));
    }

    #[test]
    fn clearing_takes_out_our_part_only() {
        let (ours, mut policy) = (ours(), found());
        ours.settle(&mut policy);
        assert!(ours.clear(&mut policy));
        assert!(ours.read_own(&policy).is_empty());
        assert_eq!(
            policy.0,
            json!({"etag": "BwX", "bindings": [
                {"role": "roles/shared", "members": ["user:other", "user:ann@example.com"]},
                {"role": "projects/p/roles/own", "members": ["user:a"], "condition": {"title": "x"}},
            ], "auditConfigs": [
                {"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]},
                {"service": "aiplatform.googleapis.com", "auditLogConfigs": [
                    {"logType": "DATA_READ", "exemptedMembers": []}]},
            ]})
        );
    }

    #[test]
    fn our_account_loses_roles_that_are_not_wished_any_more_and_others_keep_theirs() {
        let (ours, mut policy) = (ours(), found());
        policy.grant("roles/aiplatform.user", OURS);
        policy.grant("roles/aiplatform.user", "user:other");
        assert_eq!(ours.read(&policy).more_roles.len(), 1);
        assert!(ours.settle(&mut policy));
        assert_eq!(policy.members("roles/aiplatform.user"), ["user:other"]);
        assert_eq!(ours.read(&policy), ours.wish());
    }
}
