//! An application inference profile: a model under a name of the tenant's own, so that its cost
//! carries tags.
//!
//! Bedrock assigns its id, and names are not unique. So ours is the one of that name with our mark;
//! where two runs made two, the oldest. What it was copied from is in its description, which, as the
//! rest of it, cannot change: then it is replaced.

use aws_sdk_bedrock::types::{
    InferenceProfileModelSource, InferenceProfileSummary, InferenceProfileType, Tag,
};
use serde::Serialize;

use crate::{
    aws::{
        Aws, Tags,
        error::AwsResult as _,
        mark,
        mark::missing,
        right::{Entitled, Right, Site},
    },
    config::{ModelForm, ModelId},
    error::{Error, Kind, Result},
    reconcile::{Context, Deletion, Observed, Owner, Resource},
};

pub struct InferenceProfile {
    pub name: String,
    /// The foundation model or system profile that it stands for.
    pub source: ModelId,
    /// What the configuration says that its ARN is.
    pub pinned: Option<String>,
    pub tags: Tags,
}

#[derive(Serialize)]
pub struct State {
    source: String,
    tags: Tags,
}

#[derive(Clone, Debug)]
pub struct InferenceProfileOutput {
    pub arn: String,
}

/// One with that name, and its tags.
struct Found {
    arn: String,
    source: String,
    tags: Tags,
}

impl InferenceProfile {
    fn source_arn(&self, partition: &str, region: &str, account: &str) -> String {
        let id = &self.source;
        match id.form() {
            ModelForm::Foundation { .. } => {
                format!("arn:{partition}:bedrock:{region}::foundation-model/{id}")
            }
            ModelForm::SystemProfile { .. } => {
                format!("arn:{partition}:bedrock:{region}:{account}:inference-profile/{id}")
            }
            _ => id.to_string(),
        }
    }

    /// All of that name, oldest first.
    async fn find(&self, context: &Context<'_, Aws>) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        for profile in application_profiles(&context.cloud.bedrock).await? {
            if profile.inference_profile_name() != self.name {
                continue;
            }
            let arn = profile.inference_profile_arn().to_owned();
            let call = context.cloud.bedrock.list_tags_for_resource().resource_arn(&arn).send();
            let gone = ["ResourceNotFoundException"];
            let Some(tags) = call.await.absent_if(&gone, "bedrock:ListTagsForResource")? else {
                continue;
            };
            let tags = tags.tags().iter().map(|tag| (tag.key().into(), tag.value().into()));
            let source = profile.description().unwrap_or_default().to_owned();
            found.push(Found { arn, source, tags: tags.collect() });
        }
        Ok(found)
    }

    async fn ours(&self, context: &Context<'_, Aws>) -> Result<Vec<Found>> {
        let mut found = self.find(context).await?;
        found.retain(|one| context.cloud.mark.owner(&one.tags) == Owner::Us);
        Ok(found)
    }
}

/// The account's application inference profiles in the region, oldest first.
pub(in crate::aws) async fn application_profiles(
    bedrock: &aws_sdk_bedrock::Client,
) -> Result<Vec<InferenceProfileSummary>> {
    let call = bedrock.list_inference_profiles().type_equals(InferenceProfileType::Application);
    let mut pages = call.into_paginator().items().send();
    let mut all = Vec::new();
    while let Some(profile) = pages.next().await {
        all.push(profile.calling("bedrock:ListInferenceProfiles")?);
    }
    all.sort_by_key(|profile| {
        let made = profile.created_at().map(|date| (date.secs(), date.subsec_nanos()));
        (made, profile.inference_profile_arn().to_owned())
    });
    Ok(all)
}

async fn remove(context: &Context<'_, Aws>, arn: &str) -> Result<()> {
    let call = context.cloud.bedrock.delete_inference_profile().inference_profile_identifier(arn);
    let gone = ["ResourceNotFoundException"];
    call.send().await.absent_if(&gone, "bedrock:DeleteInferenceProfile").map(drop)
}

impl Entitled for InferenceProfile {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let all = [site.arn("bedrock", "application-inference-profile/*")];
        let Site { partition, region, account, .. } = site;
        let source = self.source_arn(partition, region, account);
        let make = &["bedrock:CreateInferenceProfile", "bedrock:TagResource"];
        vec![
            Right::look_up(&["bedrock:ListInferenceProfiles"]),
            Right::plan("ProfileRead", &["bedrock:ListTagsForResource"]).on(all.clone()),
            Right::apply("ProfileMake", make).on(all.clone()).when(site.given()),
            Right::apply("ProfileCopy", &["bedrock:CreateInferenceProfile"]).on([source]),
            Right::apply("ProfileChange", &["bedrock:TagResource"])
                .on(all.clone())
                .when(site.owned()),
            // Of two runs at the same time, one gives up its profile; a new source makes a new one.
            Right::remove("ProfileDelete", &["bedrock:DeleteInferenceProfile"])
                .on(all)
                .when(site.owned()),
        ]
    }
}

impl Resource for InferenceProfile {
    type Cloud = Aws;
    type State = State;
    type Output = InferenceProfileOutput;
    const KIND: &'static str = "aws.bedrock.inference_profile";
    const FIXED: &'static [&'static str] = &["source"];
    const REPLACED_FOR: &'static [&'static str] = &["source"];
    const RENAME: &'static str = "choose another `name` in `bedrock.inference_profiles`";

    fn name(&self) -> &str {
        &self.name
    }

    fn remark(&self, output: &InferenceProfileOutput) -> Option<String> {
        let pinned = self.pinned.as_deref().filter(|pinned| *pinned != output.arn)?;
        Some(format!("is {}, but the configuration says {pinned}", output.arn))
    }

    fn desired(&self, context: &Context<'_, Aws>) -> Result<State> {
        let tags = context.cloud.mark.with(&self.tags);
        Ok(State { source: self.source.to_string(), tags })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        let found = self.find(context).await?;
        let owner = |one: &Found| context.cloud.mark.owner(&one.tags);
        let ours = found.iter().position(|one| owner(one) == Owner::Us);
        // Another tenant's of the same name is in nobody's way.
        let nobodys = || found.iter().position(|one| !one.tags.contains_key(mark::TENANT));
        let Some(at) = ours.or_else(nobodys) else { return Ok(None) };
        Ok(found.into_iter().nth(at).map(|one| Observed {
            owner: owner(&one),
            state: State { source: one.source, tags: one.tags },
            output: InferenceProfileOutput { arn: one.arn },
        }))
    }

    async fn create(
        &self,
        context: &Context<'_, Aws>,
        want: &State,
    ) -> Result<InferenceProfileOutput> {
        let Aws { partition, region, account, .. } = context.cloud;
        let source = self.source_arn(partition, region, account);
        let source = InferenceProfileModelSource::CopyFrom(source);
        let call = context.cloud.bedrock.create_inference_profile();
        let call = call
            .inference_profile_name(&self.name)
            .description(&want.source)
            .model_source(source)
            .set_tags(Some(bedrock_tags(&want.tags)?))
            .send();
        let made = call.await.calling("bedrock:CreateInferenceProfile").map_err(|error| {
            error.hint("see which there are in this region: aws bedrock list-inference-profiles")
        })?;
        let arn = made.inference_profile_arn().to_owned();
        let ours = self.ours(context).await?;
        if ours.first().is_some_and(|first| first.arn != arn)
            && ours.iter().any(|one| one.arn == arn)
        {
            // Another run was faster. Ours was used by nobody yet.
            remove(context, &arn).await?;
            return Err(Error::new(Kind::Exists, "another run was faster"));
        }
        Ok(InferenceProfileOutput { arn })
    }

    async fn update(
        &self,
        context: &Context<'_, Aws>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let untagged = missing(&want.tags, &have.state.tags);
        if !untagged.is_empty() {
            let call = context.cloud.bedrock.tag_resource().resource_arn(&have.output.arn);
            let call = call.set_tags(Some(bedrock_tags(&untagged)?)).send();
            call.await.calling("bedrock:TagResource")?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Aws>, have: &Observed<Self>) -> Result<Deletion> {
        remove(context, &have.output.arn).await?;
        // Runs that were killed at the same time may have left more than one.
        for one in self.ours(context).await? {
            remove(context, &one.arn).await?;
        }
        Ok(Deletion::Done)
    }
}

fn bedrock_tags(tags: &Tags) -> Result<Vec<Tag>> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    let tags: std::result::Result<_, _> = tags.iter().map(tag).collect();
    tags.map_err(|error| Error::new(Kind::Internal, "a tag lacks a part").caused_by(error))
}
