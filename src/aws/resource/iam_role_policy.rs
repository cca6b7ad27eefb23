//! The inline policy of a role: what its holder may do. It lives and dies with the role, so it
//! needs no mark, and nobody can attach it elsewhere.

use serde::Serialize;
use serde_json::Value;

use super::{
    InferenceProfileOutput, RoleOutput,
    iam_role::{role_arn, role_arns},
};
use crate::{
    aws::{
        Aws,
        error::{AwsResult as _, code_is},
        policy,
        right::{Entitled, Right, Site},
    },
    error::Result,
    reconcile::{Context, Deletion, Known, Observed, Owner, Ref, Resource, ResourceId},
};

/// About sixteen seconds.
const ROLE_TRIES: u32 = 6;

pub struct RolePolicy {
    pub name: String,
    pub role: Ref<RoleOutput>,
    pub role_path: String,
    /// May hold promises of `profiles`.
    pub document: Value,
    pub profiles: Vec<Ref<InferenceProfileOutput>>,
}

#[derive(Serialize)]
pub struct State {
    document: Value,
}

impl RolePolicy {
    // The role's name is known before the role exists, so looking need not wait for it.
    fn role_name(&self) -> String {
        self.role.id().name.to_string()
    }
}

/// The document with the ARNs of those profiles that are there.
pub(super) fn with_profiles(
    context: &Context<'_, Aws>,
    mut document: Value,
    profiles: &[Ref<InferenceProfileOutput>],
) -> Result<Value> {
    for profile in profiles {
        if let Known::Now(arn) = context.known(profile, |profile| profile.arn)? {
            policy::keep_promise(&mut document, &profile.id().to_string(), &arn);
        }
    }
    Ok(document)
}

impl Entitled for RolePolicy {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let (path, name) = (&self.role_path, &self.role_name());
        let arn = [role_arn(site, path, name)];
        vec![
            Right::plan("RoleRead", &["iam:GetRolePolicy"]).on(role_arns(site, path, name)),
            Right::apply("RoleChange", &["iam:PutRolePolicy"]).on(arn.clone()).when(site.owned()),
            Right::destroy("RoleDelete", &["iam:DeleteRolePolicy"]).on(arn).when(site.owned()),
        ]
    }
}

impl Resource for RolePolicy {
    type Cloud = Aws;
    type State = State;
    type Output = ();
    const KIND: &'static str = "aws.iam.role_policy";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        [self.role.id()].into_iter().chain(self.profiles.iter().map(Ref::id)).collect()
    }

    fn desired(&self, context: &Context<'_, Aws>) -> Result<State> {
        let document = with_profiles(context, self.document.clone(), &self.profiles)?;
        Ok(State { document: policy::canonical(document) })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        let call =
            context.cloud.iam.get_role_policy().role_name(self.role_name()).policy_name(&self.name);
        let found = call.send().await.absent_if(&["NoSuchEntity"], "iam:GetRolePolicy")?;
        Ok(found.map(|found| Observed {
            state: State { document: policy::parse_encoded(found.policy_document()) },
            output: (),
            owner: Owner::Parent,
        }))
    }

    async fn create(&self, context: &Context<'_, Aws>, want: &State) -> Result<()> {
        let call = || {
            let call = context.cloud.iam.put_role_policy().role_name(self.role_name());
            call.policy_name(&self.name).policy_document(want.document.to_string()).send()
        };
        // The role may have been made a moment ago.
        let unready = |error: &_| code_is(error, &["NoSuchEntity", "ConcurrentModification"]);
        let put = context.retry("the role to be known", ROLE_TRIES, unready, call).await?;
        put.calling("iam:PutRolePolicy")?;
        Ok(())
    }

    async fn update(
        &self,
        context: &Context<'_, Aws>,
        want: &State,
        _: &Observed<Self>,
    ) -> Result<()> {
        self.create(context, want).await
    }

    async fn delete(&self, context: &Context<'_, Aws>, _: &Observed<Self>) -> Result<Deletion> {
        let call = context.cloud.iam.delete_role_policy();
        let call = call.role_name(self.role_name()).policy_name(&self.name).send();
        call.await.absent_if(&["NoSuchEntity"], "iam:DeleteRolePolicy")?;
        Ok(Deletion::Done)
    }
}
