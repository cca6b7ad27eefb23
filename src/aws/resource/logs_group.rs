//! A CloudWatch log group. Ours for its retention and its key: by default a group keeps prompts
//! for ever, under a key that the company does not hold.

use serde::Serialize;

use super::KeyOutput;
use crate::{
    aws::{
        Aws, Tags,
        error::{AwsResult as _, BUSY, code_is},
        mark::missing,
        right::{Entitled, Right, Site},
    },
    error::Result,
    reconcile::{Context, Deletion, Known, Observed, Ref, Resource, ResourceId},
};

/// A key's policy takes a moment to be in force where logs are kept: half a minute.
const KEY_TRIES: u32 = 7;
const BUSY_TRIES: u32 = 7;
/// A key that the log service may not use yet, or another change of the group.
const UNREADY: &[&str] = &["InvalidParameterException", "OperationAbortedException"];

pub struct LogGroup {
    pub name: String,
    pub retention_days: i32,
    pub key: Ref<KeyOutput>,
    pub tags: Tags,
}

#[derive(Serialize)]
pub struct State {
    /// 0 is for ever.
    retention_days: i32,
    kms_key: Known<Option<String>>,
    tags: Tags,
}

#[derive(Clone, Debug)]
pub struct LogGroupOutput {
    /// Without `:*`.
    pub arn: String,
}

impl LogGroup {
    fn arn(&self, aws: &Aws) -> String {
        let Aws { partition, region, account, .. } = aws;
        format!("arn:{partition}:logs:{region}:{account}:log-group:{}", self.name)
    }

    async fn retain(&self, context: &Context<'_, Aws>, days: i32) -> Result<()> {
        let call = || {
            let call = context.cloud.logs.put_retention_policy().log_group_name(&self.name);
            call.retention_in_days(days).send()
        };
        let busy = |error: &_| code_is(error, BUSY);
        let put = context.retry("another change of the log group", BUSY_TRIES, busy, call).await?;
        put.calling("logs:PutRetentionPolicy")?;
        Ok(())
    }
}

impl Entitled for LogGroup {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let arn = site.arn("logs", &format!("log-group:{}", self.name));
        // Logs asks for tags by the plain ARN, and for the rest by that of all streams.
        let streams = [format!("{arn}:*")];
        vec![
            Right::look_up(&["logs:DescribeLogGroups"]),
            Right::plan("LogGroupReadTags", &["logs:ListTagsForResource"]).on([arn.clone()]),
            Right::apply("LogGroupMake", &["logs:CreateLogGroup"])
                .on(streams.clone())
                .when(site.given()),
            Right::apply("LogGroupTag", &["logs:TagResource"])
                .on([arn.clone(), format!("{arn}:*")]),
            Right::apply("LogGroupChange", &["logs:AssociateKmsKey", "logs:PutRetentionPolicy"])
                .on(streams.clone()),
            Right::destroy("LogGroupDelete", &["logs:DeleteLogGroup"]).on(streams),
        ]
    }
}

impl Resource for LogGroup {
    type Cloud = Aws;
    type State = State;
    type Output = LogGroupOutput;
    const KIND: &'static str = "aws.logs.group";
    const RENAME: &'static str = "choose another `bedrock.logging.cloudwatch_log_group`";
    const HOLDS: Option<&'static str> = Some("the invocation log");

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.key.id()]
    }

    fn desired(&self, context: &Context<'_, Aws>) -> Result<State> {
        Ok(State {
            retention_days: self.retention_days,
            kms_key: context.known(&self.key, |key| Some(key.arn))?,
            tags: context.cloud.mark.with(&self.tags),
        })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        let logs = &context.cloud.logs;
        let arn = self.arn(context.cloud);
        // There is no GetLogGroup; the prefix search gives the shorter name first, so the first
        // page has it. The tags are asked for at the same time: the ARN follows from the name.
        let (page, tags) = tokio::join!(
            logs.describe_log_groups().log_group_name_prefix(&self.name).send(),
            logs.list_tags_for_resource().resource_arn(&arn).send(),
        );
        let page = page.calling("logs:DescribeLogGroups")?;
        let named = |name: Option<&str>| name == Some(self.name.as_str());
        let group = page.log_groups().iter().find(|group| named(group.log_group_name()));
        let tags = tags.absent_if(&["ResourceNotFoundException"], "logs:ListTagsForResource")?;
        let (Some(group), Some(tags)) = (group, tags) else { return Ok(None) };
        let tags: Tags = tags.tags().cloned().unwrap_or_default().into_iter().collect();
        Ok(Some(Observed {
            owner: context.cloud.mark.owner(&tags),
            state: State {
                retention_days: group.retention_in_days().unwrap_or(0),
                kms_key: Known::Now(group.kms_key_id().map(Into::into)),
                tags,
            },
            output: LogGroupOutput { arn },
        }))
    }

    async fn create(&self, context: &Context<'_, Aws>, want: &State) -> Result<LogGroupOutput> {
        let key = want.kms_key.now()?;
        let call = || {
            let call = context.cloud.logs.create_log_group().log_group_name(&self.name);
            call.set_kms_key_id(key.clone())
                .set_tags(Some(want.tags.clone().into_iter().collect()))
                .send()
        };
        let unready = |error: &_| code_is(error, UNREADY);
        context
            .retry("the key to accept the log service", KEY_TRIES, unready, call)
            .await?
            .calling("logs:CreateLogGroup")?;
        self.retain(context, want.retention_days).await?;
        Ok(LogGroupOutput { arn: self.arn(context.cloud) })
    }

    async fn update(
        &self,
        context: &Context<'_, Aws>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let logs = &context.cloud.logs;
        let untagged = missing(&want.tags, &have.state.tags);
        if !untagged.is_empty() {
            let call = logs.tag_resource().resource_arn(self.arn(context.cloud));
            let call = call.set_tags(Some(untagged.into_iter().collect())).send();
            call.await.calling("logs:TagResource")?;
        }
        if want.retention_days != have.state.retention_days {
            self.retain(context, want.retention_days).await?;
        }
        if want.kms_key != have.state.kms_key {
            let key = want.kms_key.now()?;
            let call = || {
                let call = logs.associate_kms_key().log_group_name(&self.name);
                call.set_kms_key_id(key.clone()).send()
            };
            let unready = |error: &_| code_is(error, UNREADY);
            context
                .retry("the key to accept the log service", KEY_TRIES, unready, call)
                .await?
                .calling("logs:AssociateKmsKey")?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Aws>, _: &Observed<Self>) -> Result<Deletion> {
        let call = || context.cloud.logs.delete_log_group().log_group_name(&self.name).send();
        let busy = |error: &_| code_is(error, BUSY);
        let gone = context.retry("another change of the log group", BUSY_TRIES, busy, call).await?;
        gone.absent_if(&["ResourceNotFoundException"], "logs:DeleteLogGroup")?;
        Ok(Deletion::Done)
    }
}
