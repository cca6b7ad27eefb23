//! An identity provider whose tokens IAM accepts. There is one for an issuer in an account, so a
//! tenant may find somebody else's, and other tenants may come to use ours.

use aws_sdk_iam::types::Tag;
use serde::Serialize;

use super::iam_role::iam_tags;
use crate::{
    aws::{
        Aws, Tags,
        error::AwsResult as _,
        mark::missing,
        right::{Entitled, Right, Site},
    },
    error::Result,
    reconcile::{Context, Deletion, Observed, Resource},
};

pub struct OidcProvider {
    /// The issuer without `https://`, as IAM has it in the ARN.
    pub name: String,
    /// Whose tokens are accepted. Others that are there stay: somebody else may use the provider,
    /// and our own role's trust names its clients itself.
    pub client_ids: Vec<String>,
    pub tags: Tags,
}

#[derive(Serialize)]
pub struct State {
    /// By client id: whether its tokens are accepted.
    client_ids: std::collections::BTreeMap<String, bool>,
    tags: Tags,
}

#[derive(Clone, Debug)]
pub struct OidcProviderOutput {
    pub arn: String,
}

impl OidcProvider {
    fn arn(&self, aws: &Aws) -> String {
        let Aws { partition, account, .. } = aws;
        format!("arn:{partition}:iam::{account}:oidc-provider/{}", self.name)
    }
}

fn accepted(ids: &[String]) -> std::collections::BTreeMap<String, bool> {
    ids.iter().map(|id| (id.clone(), true)).collect()
}

impl Entitled for OidcProvider {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let arn = [site.global_arn("iam", &format!("oidc-provider/{}", self.name))];
        let make = &["iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider"];
        let change = &["iam:AddClientIDToOpenIDConnectProvider", "iam:TagOpenIDConnectProvider"];
        vec![
            Right::plan("ProviderRead", &["iam:GetOpenIDConnectProvider"]).on(arn.clone()),
            Right::apply("ProviderMake", make).on(arn.clone()).when(site.given()),
            Right::apply("ProviderChange", change).on(arn.clone()).when(site.owned()),
            Right::destroy("ProviderDelete", &["iam:DeleteOpenIDConnectProvider"])
                .on(arn)
                .when(site.owned()),
        ]
    }
}

impl Resource for OidcProvider {
    type Cloud = Aws;
    type State = State;
    type Output = OidcProviderOutput;
    const KIND: &'static str = "aws.iam.oidc_provider";
    const RENAME: &'static str = "agree with its owner, or leave `bedrock.access.oidc` out: there \
                                  is one provider for an issuer";

    fn name(&self) -> &str {
        &self.name
    }

    fn desired(&self, context: &Context<'_, Aws>) -> Result<State> {
        let tags = context.cloud.mark.with(&self.tags);
        Ok(State { client_ids: accepted(&self.client_ids), tags })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        let arn = self.arn(context.cloud);
        let call = context.cloud.iam.get_open_id_connect_provider();
        let found = call.open_id_connect_provider_arn(&arn).send().await;
        let found = found.absent_if(&["NoSuchEntity"], "iam:GetOpenIDConnectProvider")?;
        Ok(found.map(|found| {
            let tags = found.tags().iter().map(|tag| (tag.key().into(), tag.value().into()));
            let tags: Tags = tags.collect();
            Observed {
                owner: context.cloud.mark.owner(&tags),
                state: State { client_ids: accepted(found.client_id_list()), tags },
                output: OidcProviderOutput { arn },
            }
        }))
    }

    async fn create(&self, context: &Context<'_, Aws>, want: &State) -> Result<OidcProviderOutput> {
        // No thumbprint: IAM finds the one of the issuer's certificate itself.
        let call = context.cloud.iam.create_open_id_connect_provider();
        let call = call.url(format!("https://{}", self.name));
        let call = call.set_client_id_list(Some(self.client_ids.clone()));
        let made = call.set_tags(Some(iam_tags(&want.tags)?)).send().await;
        made.calling("iam:CreateOpenIDConnectProvider")?;
        Ok(OidcProviderOutput { arn: self.arn(context.cloud) })
    }

    async fn update(
        &self,
        context: &Context<'_, Aws>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let (iam, arn) = (&context.cloud.iam, &have.output.arn);
        for id in want.client_ids.keys().filter(|id| !have.state.client_ids.contains_key(*id)) {
            let call = iam.add_client_id_to_open_id_connect_provider();
            let call = call.open_id_connect_provider_arn(arn).client_id(id).send();
            call.await.calling("iam:AddClientIDToOpenIDConnectProvider")?;
        }
        let untagged = missing(&want.tags, &have.state.tags);
        if !untagged.is_empty() {
            let tags: Vec<Tag> = iam_tags(&untagged)?;
            let call = iam.tag_open_id_connect_provider().open_id_connect_provider_arn(arn);
            call.set_tags(Some(tags)).send().await.calling("iam:TagOpenIDConnectProvider")?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Aws>, have: &Observed<Self>) -> Result<Deletion> {
        let call = context.cloud.iam.delete_open_id_connect_provider();
        let call = call.open_id_connect_provider_arn(&have.output.arn).send();
        call.await.absent_if(&["NoSuchEntity"], "iam:DeleteOpenIDConnectProvider")?;
        Ok(Deletion::Done)
    }
}
