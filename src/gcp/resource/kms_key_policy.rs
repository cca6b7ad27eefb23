//! Who may encrypt with a key: the services that keep data under it, and on our own key nobody else.
//!
//! On a key of the company's others may have that role, and keep it. A policy has no room for a
//! mark, so there what is ours is told by who it is. On ours, too, Google's own services keep it:
//! whatever one of them has encrypted with the key could not be read any more.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{AgentOutput, KeyOutput};
use crate::{
    error::Result,
    gcp::{
        Gcp,
        error::Failure,
        iam_policy::{Holder, Policy},
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Known, Observed, Owner, Ref, Resource, ResourceId},
};

const ROLE: &str = "roles/cloudkms.cryptoKeyEncrypterDecrypter";

pub struct KeyPolicy {
    /// For people: the key's.
    pub name: String,
    pub key: Ref<KeyOutput>,
    pub agents: Vec<Ref<AgentOutput>>,
    /// Whether the key is the tenant's, so that nobody else has to encrypt with it.
    pub own: bool,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    /// In order.
    members: Known<BTreeSet<String>>,
}

impl KeyPolicy {
    fn holder(&self, context: &Context<'_, Gcp>) -> Result<Holder> {
        Ok(Holder::CryptoKey(format!("v1/{}", context.get(&self.key)?.name)))
    }

    fn members(&self, context: &Context<'_, Gcp>) -> Result<Known<BTreeSet<String>>> {
        let mut all = BTreeSet::new();
        for agent in &self.agents {
            match context.known(agent, |agent| format!("serviceAccount:{}", agent.email))? {
                Known::Now(member) => all.insert(member),
                Known::Later { after } => return Ok(Known::Later { after }),
            };
        }
        Ok(Known::Now(all))
    }

    async fn set(&self, context: &Context<'_, Gcp>, want: &State) -> Result<()> {
        let want = want.members.now()?;
        let edit = |policy: &mut Policy| edit(policy, want, self.own);
        self.holder(context)?.change(context, edit).await
    }
}

/// Says whether there was anything to change.
fn edit(policy: &mut Policy, want: &BTreeSet<String>, own: bool) -> bool {
    let mut changed = false;
    for member in want {
        changed |= policy.grant(ROLE, member);
    }
    if own {
        changed |= policy.revoke(ROLE, |member| !want.contains(member) && !is_agent(member));
    }
    changed
}

/// Whether it is one of the accounts as which Google's services act.
fn is_agent(member: &str) -> bool {
    let project = member.rsplit_once('@').map_or("", |(_, domain)| domain);
    let project = project.trim_end_matches(".iam.gserviceaccount.com");
    let named = ["bigquery-encryption", "compute-system", "gs-project-accounts"];
    member.starts_with("serviceAccount:")
        && (project.starts_with("gcp-sa-") || named.contains(&project))
}

/// With the default pace, two minutes: so long a grant may take to be in force.
pub(super) const KEY_TRIES: u32 = 19;

/// Whether a service may just not have seen yet that it may use the key. Which code it has for that
/// differs from service to service; who is not allowed to call is told so with a reason.
pub(super) fn key_unready(failure: &Failure) -> bool {
    failure.refusal().is_some_and(|refusal| match (refusal.code, refusal.status.as_str()) {
        (400, "FAILED_PRECONDITION" | "INVALID_ARGUMENT") => true,
        (403, _) => refusal.reason.is_empty(),
        _ => false,
    })
}

impl Entitled for KeyPolicy {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["cloudkms.cryptoKeys.getIamPolicy"],
            apply: &["cloudkms.cryptoKeys.setIamPolicy"],
            destroy: &["cloudkms.cryptoKeys.setIamPolicy"],
        }
    }
}

impl Resource for KeyPolicy {
    type Cloud = Gcp;
    type State = State;
    type Output = ();
    const KIND: &'static str = "gcp.cloudkms.key_policy";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        let agents = self.agents.iter().map(Ref::id);
        [self.key.id(), self.services.id()].into_iter().chain(agents).collect()
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        Ok(State { members: self.members(context)? })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let holder = self.holder(context)?;
        let ours = self.members(context)?;
        // From our own key everybody goes with it, whether or not the agents could be asked for.
        let all = self.own && !context.wanted();
        let ours = if all { &BTreeSet::new() } else { ours.now()? };
        let Some(policy) = holder.look(context.cloud).await? else { return Ok(None) };
        let found = policy.members(ROLE).into_iter().map(ToOwned::to_owned);
        let counts = |it: &String| ours.contains(it) || all || (self.own && !is_agent(it));
        let members: BTreeSet<_> = found.filter(counts).collect();
        if members.is_empty() {
            return Ok(None);
        }
        let state = State { members: Known::Now(members) };
        // The agents are the project's: whatever else it keeps under somebody's key needs them, too.
        let owner = if self.own || context.wanted() {
            Owner::Parent
        } else {
            Owner::Other("whoever keeps the key".into())
        };
        Ok(Some(Observed { state, output: (), owner }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<()> {
        self.set(context, want).await
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        _: &Observed<Self>,
    ) -> Result<()> {
        self.set(context, want).await
    }

    async fn delete(&self, context: &Context<'_, Gcp>, have: &Observed<Self>) -> Result<Deletion> {
        let found = have.state.members.now()?;
        let holder = self.holder(context)?;
        if holder.look(context.cloud).await?.is_some() {
            let edit = |policy: &mut Policy| policy.revoke(ROLE, |it| found.contains(it));
            holder.change(context, edit).await?;
        }
        Ok(Deletion::Done)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::error::Refusal;

    fn policy(members: &[&str]) -> Policy {
        Policy(json!({ "bindings": [{ "role": ROLE, "members": members }] }))
    }

    #[test]
    fn others_lose_our_key_and_keep_their_own() {
        let want = BTreeSet::from(["serviceAccount:a".to_owned()]);
        let mut ours = policy(&["user:x"]);
        assert!(edit(&mut ours, &want, true));
        assert_eq!(ours.members(ROLE), ["serviceAccount:a"]);
        assert!(!edit(&mut ours, &want, true));
        let mut theirs = policy(&["user:x"]);
        assert!(edit(&mut theirs, &want, false));
        assert_eq!(theirs.members(ROLE), ["user:x", "serviceAccount:a"]);
        assert!(!edit(&mut theirs, &want, false));
    }

    #[test]
    fn who_may_not_call_is_not_kept_waiting_for_a_key() {
        let unready = |code, body: &str| {
            key_unready(&Failure::Refused(Refusal::read("x", code, body.as_bytes())))
        };
        assert!(unready(400, r#"{"error": {"status": "FAILED_PRECONDITION"}}"#));
        assert!(unready(403, r#"{"error": {"status": "PERMISSION_DENIED"}}"#));
        let denied = r#"{"error": {"status": "PERMISSION_DENIED",
            "details": [{"reason": "IAM_PERMISSION_DENIED"}]}}"#;
        assert!(!unready(403, denied));
        assert!(!unready(409, r#"{"error": {"status": "ALREADY_EXISTS"}}"#));
    }
}
