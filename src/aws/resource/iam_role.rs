//! An IAM role that developers or services assume.

use aws_sdk_iam::types::Tag;
use serde::Serialize;
use serde_json::{Value, json};

use super::OidcProviderOutput;
use crate::{
    aws::{
        Aws, Tags,
        error::{AwsResult as _, code_is},
        mark::missing,
        orphan, policy,
        right::{Entitled, Right, Site},
    },
    error::{Error, Kind, Result},
    reconcile::{Context, Deletion, Observed, Ref, Resource, ResourceId},
};

/// A trusted principal may have been made a moment ago and not be known everywhere: half a minute.
const PRINCIPAL_TRIES: u32 = 7;
/// What was detached a moment ago may still count: half a minute.
const DETACH_TRIES: u32 = 7;

/// A principal that is not known yet, or another change of the role.
const UNREADY: &[&str] = &["MalformedPolicyDocument", "ConcurrentModification"];

pub struct Role {
    pub name: String,
    /// With a slash at both ends, or one slash.
    pub path: String,
    pub trust: Value,
    pub max_session_duration_seconds: i32,
    /// `None` leaves alone what is there: the company's own automation may have set one.
    pub permissions_boundary: Option<String>,
    /// The identity provider that the trust names, made first.
    pub provider: Option<Ref<OidcProviderOutput>>,
    pub tags: Tags,
}

#[derive(Serialize)]
pub struct State {
    path: String,
    trust: Value,
    max_session_duration_seconds: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<String>,
    tags: Tags,
}

#[derive(Clone, Debug)]
pub struct RoleOutput {
    pub arn: String,
}

impl Entitled for Role {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let arn = role_arn(site, &self.path, &self.name);
        let mut all = vec![
            Right::plan("RoleRead", &["iam:GetRole"]).on(role_arns(site, &self.path, &self.name)),
            Right::apply("RoleMakeTag", &["iam:TagRole"]).on([arn.clone()]).when(site.given()),
            Right::apply(
                "RoleChange",
                &["iam:TagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole"],
            )
            .on([arn.clone()])
            .when(site.owned()),
            // What others have hung on it goes first.
            Right::destroy(
                "RoleDelete",
                &[
                    "iam:DeleteRole",
                    "iam:DeleteRolePolicy",
                    "iam:DetachRolePolicy",
                    "iam:ListAttachedRolePolicies",
                    "iam:ListRolePolicies",
                ],
            )
            .on([arn.clone()])
            .when(site.owned()),
        ];
        let make = Right::apply("RoleMake", &["iam:CreateRole"]).on([arn.clone()]);
        let make = make.when(site.given());
        if let Some(boundary) = &self.permissions_boundary {
            let bounded = json!({"StringEquals": {"iam:PermissionsBoundary": boundary}});
            all.push(make.when(bounded.clone()));
            let bind = Right::apply("RoleBind", &["iam:PutRolePermissionsBoundary"]);
            all.push(bind.on([arn]).when(bounded));
        } else {
            all.push(make);
        }
        all
    }
}

pub(super) fn role_arn(site: &Site, path: &str, name: &str) -> String {
    site.global_arn("iam", &format!("role{path}{name}"))
}

/// What reads name: IAM asks for a role that is not there without its path.
pub(super) fn role_arns(site: &Site, path: &str, name: &str) -> [String; 2] {
    [role_arn(site, path, name), role_arn(site, "/", name)]
}

impl Resource for Role {
    type Cloud = Aws;
    type State = State;
    type Output = RoleOutput;
    const KIND: &'static str = "aws.iam.role";
    const FIXED: &'static [&'static str] = &["path"];
    const RENAME: &'static str =
        "choose another `bedrock.access.role_name` (for the logging role: another `tenant`)";

    fn name(&self) -> &str {
        &self.name
    }

    fn needs(&self) -> Vec<ResourceId> {
        self.provider.iter().map(Ref::id).collect()
    }

    fn desired(&self, context: &Context<'_, Aws>) -> Result<State> {
        Ok(State {
            path: self.path.clone(),
            trust: policy::canonical(self.trust.clone()),
            max_session_duration_seconds: self.max_session_duration_seconds,
            permissions_boundary: self.permissions_boundary.clone(),
            tags: context.cloud.mark.with(&self.tags),
        })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        let call = context.cloud.iam.get_role().role_name(&self.name).send();
        let Some(found) = call.await.absent_if(&["NoSuchEntity"], "iam:GetRole")? else {
            return Ok(None);
        };
        let Some(role) = found.role() else {
            return Err(Error::new(Kind::Cloud, "iam:GetRole gave no role"));
        };
        let tags: Tags =
            role.tags().iter().map(|tag| (tag.key().into(), tag.value().into())).collect();
        Ok(Some(Observed {
            owner: context.cloud.mark.owner(&tags),
            state: State {
                path: role.path().to_owned(),
                trust: policy::parse_encoded(role.assume_role_policy_document().unwrap_or("")),
                max_session_duration_seconds: role.max_session_duration().unwrap_or(3600),
                permissions_boundary: role
                    .permissions_boundary()
                    .and_then(|boundary| boundary.permissions_boundary_arn())
                    .map(Into::into),
                tags,
            },
            output: self.output(context.cloud),
        }))
    }

    async fn create(&self, context: &Context<'_, Aws>, want: &State) -> Result<RoleOutput> {
        let tags = iam_tags(&want.tags)?;
        let call = || {
            context
                .cloud
                .iam
                .create_role()
                .role_name(&self.name)
                .path(&want.path)
                // By which a role is found again that is no longer in the configuration.
                .description(orphan::description(&context.cloud.mark))
                .assume_role_policy_document(want.trust.to_string())
                .max_session_duration(want.max_session_duration_seconds)
                .set_permissions_boundary(want.permissions_boundary.clone())
                .set_tags(Some(tags.clone()))
                .send()
        };
        let unready = |error: &_| code_is(error, UNREADY);
        let what = "the trusted principals to be known";
        let made = context.retry(what, PRINCIPAL_TRIES, unready, call).await?;
        made.calling("iam:CreateRole")?;
        Ok(self.output(context.cloud))
    }

    async fn update(
        &self,
        context: &Context<'_, Aws>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let (iam, have) = (&context.cloud.iam, &have.state);
        let untagged = missing(&want.tags, &have.tags);
        if !untagged.is_empty() {
            let call = iam.tag_role().role_name(&self.name).set_tags(Some(iam_tags(&untagged)?));
            call.send().await.calling("iam:TagRole")?;
        }
        if want.trust != have.trust {
            self.change_trust(context, want).await?;
        }
        if want.max_session_duration_seconds != have.max_session_duration_seconds {
            iam.update_role()
                .role_name(&self.name)
                .max_session_duration(want.max_session_duration_seconds)
                .send()
                .await
                .calling("iam:UpdateRole")?;
        }
        if let Some(boundary) = &want.permissions_boundary
            && want.permissions_boundary != have.permissions_boundary
        {
            iam.put_role_permissions_boundary()
                .role_name(&self.name)
                .permissions_boundary(boundary)
                .send()
                .await
                .calling("iam:PutRolePermissionsBoundary")?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Aws>, _: &Observed<Self>) -> Result<Deletion> {
        let call = || context.cloud.iam.delete_role().role_name(&self.name).send();
        let first = call().await;
        if first.has_code(&["DeleteConflict"]) {
            self.strip(context).await?;
            let conflict =
                |error: &_| code_is(error, &["DeleteConflict", "ConcurrentModification"]);
            let again = context.retry("what was detached to be gone", DETACH_TRIES, conflict, call);
            again.await?.absent_if(&["NoSuchEntity"], "iam:DeleteRole")?;
        } else {
            first.absent_if(&["NoSuchEntity"], "iam:DeleteRole")?;
        }
        Ok(Deletion::Done)
    }
}

impl Role {
    // IAM may name a role that is a moment old by its unique id. The ARN follows from the name.
    fn output(&self, aws: &Aws) -> RoleOutput {
        let Aws { partition, account, .. } = aws;
        let Self { path, name, .. } = self;
        RoleOutput { arn: format!("arn:{partition}:iam::{account}:role{path}{name}") }
    }

    async fn change_trust(&self, context: &Context<'_, Aws>, want: &State) -> Result<()> {
        let call = || {
            context
                .cloud
                .iam
                .update_assume_role_policy()
                .role_name(&self.name)
                .policy_document(want.trust.to_string())
                .send()
        };
        let unready = |error: &_| code_is(error, UNREADY);
        let what = "the trusted principals to be known";
        let changed = context.retry(what, PRINCIPAL_TRIES, unready, call).await?;
        changed.calling("iam:UpdateAssumeRolePolicy")?;
        Ok(())
    }

    /// Takes off what others have hung on our role, without which it cannot go.
    async fn strip(&self, context: &Context<'_, Aws>) -> Result<()> {
        let iam = &context.cloud.iam;
        let mut attached =
            iam.list_attached_role_policies().role_name(&self.name).into_paginator().items().send();
        while let Some(policy) = attached.next().await {
            let policy = policy.calling("iam:ListAttachedRolePolicies")?;
            let call = iam.detach_role_policy().role_name(&self.name);
            let call = call.set_policy_arn(policy.policy_arn().map(Into::into)).send();
            call.await.absent_if(&["NoSuchEntity"], "iam:DetachRolePolicy")?;
        }
        let mut inline =
            iam.list_role_policies().role_name(&self.name).into_paginator().items().send();
        while let Some(name) = inline.next().await {
            let name = name.calling("iam:ListRolePolicies")?;
            let call = iam.delete_role_policy().role_name(&self.name).policy_name(name).send();
            call.await.absent_if(&["NoSuchEntity"], "iam:DeleteRolePolicy")?;
        }
        Ok(())
    }
}

pub(super) fn iam_tags(tags: &Tags) -> Result<Vec<Tag>> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    let tags: std::result::Result<_, _> = tags.iter().map(tag).collect();
    tags.map_err(|error| Error::new(Kind::Internal, "a tag lacks a part").caused_by(error))
}
