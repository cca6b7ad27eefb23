//! The region's model-invocation logging: one setting for the whole account and region.
//!
//! It carries no tags. It is ours if it writes with our delivery role, whose name has tenant and
//! region in it. Anybody else's is never overwritten unasked.

use aws_sdk_bedrock::types::{CloudWatchConfig, LoggingConfig, S3Config};
use serde::Serialize;

use super::{BucketOutput, LogGroupOutput, RoleOutput};
use crate::{
    aws::{
        Aws,
        error::{AwsResult as _, code_is},
    },
    error::{Error, Kind, Result},
    reconcile::{Context, Known, Observed, Owner, Ref, Resource, ResourceId},
};

/// A new role takes a moment to be known to Bedrock: about a minute.
const ROLE_TRIES: u32 = 12;

/// Which contents are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Datum {
    pub text: bool,
    pub image: bool,
    pub embedding: bool,
}

pub struct InvocationLogging {
    pub region: String,
    pub role: Ref<RoleOutput>,
    pub role_policy: Ref<()>,
    pub log_group: Ref<LogGroupOutput>,
    pub bucket: Ref<BucketOutput>,
    /// Without a slash at its end.
    pub key_prefix: String,
    pub deliver: Datum,
}

#[derive(Serialize)]
pub struct State {
    log_group: Option<String>,
    role: Known<Option<String>>,
    bucket: Option<String>,
    large_data_bucket: Option<String>,
    key_prefix: Option<String>,
    deliver: Datum,
}

impl Resource for InvocationLogging {
    type Cloud = Aws;
    type State = State;
    type Output = ();
    const KIND: &'static str = "aws.bedrock.invocation_logging";

    fn name(&self) -> &str {
        &self.region
    }

    fn needs(&self) -> Vec<ResourceId> {
        vec![self.role.id(), self.role_policy.id(), self.log_group.id(), self.bucket.id()]
    }

    fn desired(&self, context: &Context<'_, Aws>) -> Result<State> {
        let bucket = self.bucket.id().name.to_string();
        Ok(State {
            log_group: Some(self.log_group.id().name.to_string()),
            role: context.known(&self.role, |role| Some(role.arn))?,
            large_data_bucket: Some(bucket.clone()),
            bucket: Some(bucket),
            key_prefix: Some(self.key_prefix.clone()),
            deliver: self.deliver,
        })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        let call = context.cloud.bedrock.get_model_invocation_logging_configuration().send();
        let found = call.await.calling("bedrock:GetModelInvocationLoggingConfiguration")?;
        let Some(setting) = found.logging_config() else { return Ok(None) };
        let cloud_watch = setting.cloud_watch_config();
        let large = cloud_watch.and_then(CloudWatchConfig::large_data_delivery_s3_config);
        let role = cloud_watch.map(|to| to.role_arn().to_owned());
        let log_group = cloud_watch.map(|to| to.log_group_name().to_owned());
        let owner = self.owner(role.as_deref(), setting);
        let on = |switch: Option<bool>| switch.unwrap_or(true);
        Ok(Some(Observed {
            owner,
            state: State {
                log_group,
                role: Known::Now(role),
                bucket: setting.s3_config().map(|to| to.bucket_name().to_owned()),
                large_data_bucket: large.map(|to| to.bucket_name().to_owned()),
                key_prefix: setting.s3_config().map(|to| to.key_prefix().unwrap_or("").to_owned()),
                deliver: Datum {
                    text: on(setting.text_data_delivery_enabled()),
                    image: on(setting.image_data_delivery_enabled()),
                    embedding: on(setting.embedding_data_delivery_enabled()),
                },
            },
            output: (),
        }))
    }

    async fn create(&self, context: &Context<'_, Aws>, want: &State) -> Result<()> {
        let setting = self.setting(want)?;
        let call = || {
            let call = context.cloud.bedrock.put_model_invocation_logging_configuration();
            call.logging_config(setting.clone()).send()
        };
        // Bedrock tries the role out. Group, role and bucket are there and right by now, so that
        // the refusal can only mean that the role is too new.
        let role_unknown = |error: &_| code_is(error, &["ValidationException"]);
        let put = context.retry("the role to be known to Bedrock", ROLE_TRIES, role_unknown, call);
        put.await?.calling("bedrock:PutModelInvocationLoggingConfiguration")?;
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

    async fn delete(
        &self,
        context: &Context<'_, Aws>,
        _: &Observed<Self>,
    ) -> Result<Option<String>> {
        let call = context.cloud.bedrock.delete_model_invocation_logging_configuration().send();
        call.await.calling("bedrock:DeleteModelInvocationLoggingConfiguration")?;
        Ok(None)
    }
}

impl InvocationLogging {
    fn owner(&self, role: Option<&str>, setting: &LoggingConfig) -> Owner {
        let our_role = format!("/{}", self.role.id().name);
        if role.is_some_and(|role| role.ends_with(&our_role)) {
            return Owner::Us;
        }
        let mut targets = Vec::new();
        if let Some(to) = setting.cloud_watch_config() {
            targets.push(format!("the log group `{}`", to.log_group_name()));
        }
        if let Some(to) = setting.s3_config() {
            targets.push(format!("the bucket `{}`", to.bucket_name()));
        }
        let targets = targets.join(" and ");
        Owner::Other(format!("somebody else: this region's calls are logged to {targets}"))
    }

    fn setting(&self, want: &State) -> Result<LoggingConfig> {
        let lacks = |error| Error::new(Kind::Internal, "a setting lacks a part").caused_by(error);
        let bucket = S3Config::builder()
            .set_bucket_name(want.bucket.clone())
            .key_prefix(&self.key_prefix)
            .build()
            .map_err(|error| lacks(Box::new(error)))?;
        let cloud_watch = CloudWatchConfig::builder()
            .set_log_group_name(want.log_group.clone())
            .set_role_arn(want.role.now()?.clone())
            .large_data_delivery_s3_config(bucket.clone())
            .build()
            .map_err(|error| lacks(Box::new(error)))?;
        Ok(LoggingConfig::builder()
            .cloud_watch_config(cloud_watch)
            .s3_config(bucket)
            .text_data_delivery_enabled(want.deliver.text)
            .image_data_delivery_enabled(want.deliver.image)
            .embedding_data_delivery_enabled(want.deliver.embedding)
            .build())
    }
}
