//! The topic to which alarms are sent, and who is subscribed to it.
//!
//! The subscriptions belong to the topic's state: SNS lists them together, and one that has not been
//! confirmed has no name of its own. That somebody has yet to confirm is a thing to tell and not a
//! difference: no call of ours could change it. Addresses of webhooks are secrets, and shown by host
//! and hash.

use aws_sdk_sns::{
    operation::list_subscriptions_by_topic::ListSubscriptionsByTopicOutput, types::Tag,
};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::KeyOutput;
use crate::{
    aws::{
        Aws, Tags,
        error::AwsResult as _,
        mark::missing,
        policy,
        right::{Entitled, Right, Site},
    },
    config::NotifyTarget,
    error::{Error, Kind, Result},
    reconcile::{Context, Deletion, Known, Observed, Ref, Resource, ResourceId},
};

pub struct Topic {
    pub name: String,
    pub key: Ref<KeyOutput>,
    pub policy: Value,
    pub subscribers: Vec<NotifyTarget>,
    pub tags: Tags,
}

#[derive(Serialize)]
pub struct State {
    kms_key: Known<Option<String>>,
    policy: Value,
    /// As [`label`] shows them, sorted.
    subscribers: Vec<String>,
    tags: Tags,
    /// Of those who have confirmed, so that they can be taken off.
    #[serde(skip)]
    subscriptions: Vec<Subscription>,
}

struct Subscription {
    label: String,
    arn: String,
}

#[derive(Clone, Debug)]
pub struct TopicOutput {
    pub arn: String,
    /// Who has yet to confirm.
    pub pending: Vec<String>,
}

/// What stands in the place of an ARN until somebody has confirmed.
const PENDING: &str = "PendingConfirmation";

impl Topic {
    fn arn(&self, aws: &Aws) -> String {
        let Aws { partition, region, account, .. } = aws;
        format!("arn:{partition}:sns:{region}:{account}:{}", self.name)
    }

    fn output(&self, aws: &Aws, pending: Vec<String>) -> TopicOutput {
        TopicOutput { arn: self.arn(aws), pending }
    }

    fn labels(&self) -> Vec<String> {
        let mut all: Vec<_> = self.subscribers.iter().map(label).collect();
        all.sort_unstable();
        all
    }

    async fn subscribe(&self, context: &Context<'_, Aws>, known: &[String]) -> Result<()> {
        for target in self.subscribers.iter().filter(|target| !known.contains(&label(target))) {
            let call = context.cloud.sns.subscribe().topic_arn(self.arn(context.cloud));
            let call = call.protocol(target.protocol()).endpoint(target.address()).send();
            call.await.calling("sns:Subscribe")?;
        }
        Ok(())
    }

    async fn set(&self, context: &Context<'_, Aws>, name: &str, value: String) -> Result<()> {
        let call = context.cloud.sns.set_topic_attributes().topic_arn(self.arn(context.cloud));
        let call = call.attribute_name(name).attribute_value(value).send();
        call.await.calling("sns:SetTopicAttributes").map(drop)
    }

    /// Every subscription by mail or web, but those that AWS's own services made, such as the chat
    /// integration: the company hangs these on the topic itself.
    async fn read_subscriptions(&self, context: &Context<'_, Aws>) -> Result<Vec<Subscription>> {
        let call = context.cloud.sns.list_subscriptions_by_topic();
        let mut pages = call.topic_arn(self.arn(context.cloud)).into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.absent_if(&["NotFound"], "sns:ListSubscriptionsByTopic")?;
            for found in page.iter().flat_map(ListSubscriptionsByTopicOutput::subscriptions) {
                let endpoint = found.endpoint().unwrap_or_default();
                let target = match found.protocol() {
                    Some("email") => NotifyTarget::Email(endpoint.to_owned()),
                    Some("https") if !of_aws(endpoint) => NotifyTarget::Https(endpoint.to_owned()),
                    _ => continue,
                };
                let arn = found.subscription_arn().unwrap_or(PENDING).to_owned();
                all.push(Subscription { label: label(&target), arn });
            }
        }
        all.sort_by(|a, b| a.label.cmp(&b.label));
        Ok(all)
    }
}

/// A subscriber as it may be shown: two webhooks of one host differ in the hash.
fn label(target: &NotifyTarget) -> String {
    match target {
        NotifyTarget::Email(_) => target.to_string(),
        NotifyTarget::Https(url) => {
            let hash = Sha256::digest(url.as_bytes());
            let [a, b, c, d, ..] = hash.0;
            format!("{target}#{a:02x}{b:02x}{c:02x}{d:02x}")
        }
    }
}

fn of_aws(url: &str) -> bool {
    let host = url.trim_start_matches("https://").split(['/', '?', '#']).next();
    host.is_some_and(|host| host.ends_with(".amazonaws.com"))
}

impl Entitled for Topic {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let arn = [site.arn("sns", &self.name)];
        let read =
            &["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource"];
        let change = &["sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource"];
        vec![
            Right::plan("TopicRead", read).on(arn.clone()),
            Right::apply("TopicMake", &["sns:CreateTopic"]).on(arn.clone()).when(site.given()),
            Right::apply("TopicChange", change).on(arn.clone()),
            Right::apply("TopicUnsubscribe", &["sns:Unsubscribe"]),
            Right::destroy("TopicDelete", &["sns:DeleteTopic"]).on(arn),
        ]
    }
}

impl Resource for Topic {
    type Cloud = Aws;
    type State = State;
    type Output = TopicOutput;
    const KIND: &'static str = "aws.sns.topic";
    const RENAME: &'static str = "choose another `tenant`";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.key.id()]
    }

    fn remark(&self, output: &TopicOutput) -> Option<String> {
        let who = output.pending.join(", ");
        (!who.is_empty()).then(|| format!("has yet to be confirmed by {who}"))
    }

    fn desired(&self, context: &Context<'_, Aws>) -> Result<State> {
        Ok(State {
            kms_key: context.known(&self.key, |key| Some(key.arn))?,
            policy: policy::canonical(self.policy.clone()),
            subscribers: self.labels(),
            tags: context.cloud.mark.with(&self.tags),
            subscriptions: Vec::new(),
        })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        let (sns, arn) = (&context.cloud.sns, self.arn(context.cloud));
        let (attributes, tags, subscriptions) = tokio::join!(
            sns.get_topic_attributes().topic_arn(&arn).send(),
            sns.list_tags_for_resource().resource_arn(&arn).send(),
            self.read_subscriptions(context),
        );
        let attributes = attributes.absent_if(&["NotFound"], "sns:GetTopicAttributes")?;
        let gone = ["ResourceNotFound", "NotFound"];
        let tags = tags.absent_if(&gone, "sns:ListTagsForResource")?;
        let (Some(attributes), Some(tags)) = (attributes, tags) else { return Ok(None) };
        let subscriptions = subscriptions?;
        let attribute = |name| attributes.attributes()?.get(name).map(String::as_str);
        let tags: Tags =
            tags.tags().iter().map(|tag| (tag.key().into(), tag.value().into())).collect();
        let pending = subscriptions.iter().filter(|it| it.arn == PENDING);
        let pending = pending.map(|it| it.label.clone()).collect();
        // One that nobody confirmed cannot be taken off; it goes by itself after some days.
        let wanted = self.labels();
        let counts = |it: &&Subscription| it.arn != PENDING || wanted.contains(&it.label);
        Ok(Some(Observed {
            owner: context.cloud.mark.owner(&tags),
            state: State {
                kms_key: Known::Now(attribute("KmsMasterKeyId").map(ToOwned::to_owned)),
                policy: policy::parse(attribute("Policy").unwrap_or_default()),
                subscribers: subscriptions
                    .iter()
                    .filter(counts)
                    .map(|it| it.label.clone())
                    .collect(),
                tags,
                subscriptions,
            },
            output: self.output(context.cloud, pending),
        }))
    }

    async fn create(&self, context: &Context<'_, Aws>, want: &State) -> Result<TopicOutput> {
        let call = context.cloud.sns.create_topic().name(&self.name);
        let call = call
            .set_attributes(want.kms_key.now()?.clone().map(|key| {
                [("KmsMasterKeyId".to_owned(), key), ("Policy".into(), want.policy.to_string())]
                    .into()
            }))
            .set_tags(Some(sns_tags(&want.tags)?));
        call.send().await.calling("sns:CreateTopic")?;
        self.subscribe(context, &[]).await?;
        Ok(self.output(context.cloud, self.labels()))
    }

    async fn update(
        &self,
        context: &Context<'_, Aws>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let (sns, have) = (&context.cloud.sns, &have.state);
        let untagged = missing(&want.tags, &have.tags);
        if !untagged.is_empty() {
            let call = sns.tag_resource().resource_arn(self.arn(context.cloud));
            let call = call.set_tags(Some(sns_tags(&untagged)?)).send();
            call.await.calling("sns:TagResource")?;
        }
        if want.kms_key != have.kms_key {
            let key = want.kms_key.now()?.clone().unwrap_or_default();
            self.set(context, "KmsMasterKeyId", key).await?;
        }
        if want.policy != have.policy {
            self.set(context, "Policy", want.policy.to_string()).await?;
        }
        self.subscribe(context, &have.subscribers).await?;
        let unwanted = |it: &&Subscription| !want.subscribers.contains(&it.label);
        for it in have.subscriptions.iter().filter(unwanted).filter(|it| it.arn != PENDING) {
            let call = sns.unsubscribe().subscription_arn(&it.arn).send();
            call.await.absent_if(&["NotFound"], "sns:Unsubscribe")?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Aws>, _: &Observed<Self>) -> Result<Deletion> {
        let call = context.cloud.sns.delete_topic().topic_arn(self.arn(context.cloud)).send();
        call.await.absent_if(&["NotFound"], "sns:DeleteTopic")?;
        Ok(Deletion::Done)
    }
}

fn sns_tags(tags: &Tags) -> Result<Vec<Tag>> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    let tags: std::result::Result<_, _> = tags.iter().map(tag).collect();
    tags.map_err(|error| Error::new(Kind::Internal, "a tag lacks a part").caused_by(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_webhooks_of_one_host_differ_and_neither_is_shown() {
        let of = |path: &str| label(&NotifyTarget::Https(format!("https://h.example.com/{path}")));
        assert_ne!(of("s3cret"), of("other"));
        assert!(of("s3cret").starts_with("https://h.example.com/***#"));
        assert_eq!(label(&NotifyTarget::Email("a@example.com".into())), "email:a@example.com");
    }

    #[test]
    fn what_aws_itself_subscribed_is_not_ours() {
        assert!(of_aws("https://global.sns-api.chatbot.amazonaws.com/x"));
        assert!(!of_aws("https://amazonaws.com.evil.example/x"));
    }
}
