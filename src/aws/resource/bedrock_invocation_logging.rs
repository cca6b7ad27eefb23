//! The region's model-invocation logging: one setting for the whole account and region.
//!
//! It carries no tags. It is ours if it writes with our delivery role, whose name has tenant and
//! region in it. Anybody else's is never overwritten unasked.

use aws_sdk_bedrock::types::{CloudWatchConfig, LoggingConfig, S3Config};
use serde::Serialize;
use serde_json::json;

use super::{BucketOutput, LogGroupOutput, RoleOutput, iam_role::role_arn};
use crate::{
    aws::{
        Aws,
        error::{AwsResult as _, code_is},
        right::{Entitled, Right, Site},
    },
    error::{Error, Kind, Result},
    reconcile::{Context, Deletion, Known, Observed, Owner, Ref, Resource, ResourceId},
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
    pub role_path: String,
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
    key_prefix: Option<String>,
    large_data_bucket: Option<String>,
    large_data_key_prefix: Option<String>,
    deliver: Datum,
}

impl Entitled for InvocationLogging {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let role = role_arn(site, &self.role_path, &self.role.id().name);
        let to_bedrock = json!({"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}});
        vec![
            Right::look_up(&["bedrock:GetModelInvocationLoggingConfiguration"]),
            Right::apply("LoggingSet", &["bedrock:PutModelInvocationLoggingConfiguration"]),
            Right::apply("LoggingPassRole", &["iam:PassRole"]).on([role]).when(to_bedrock),
            Right::destroy("LoggingUnset", &["bedrock:DeleteModelInvocationLoggingConfiguration"]),
        ]
    }
}

impl Resource for InvocationLogging {
    type Cloud = Aws;
    type State = State;
    type Output = ();
    const KIND: &'static str = "aws.bedrock.invocation_logging";
    const RENAME: &'static str =
        "agree with its owner, or take another region: there is one such setting for a region";

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
            large_data_key_prefix: Some(self.key_prefix.clone()),
            deliver: self.deliver,
        })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        let Some(setting) = read(context).await? else { return Ok(None) };
        let cloud_watch = setting.cloud_watch_config();
        let large = cloud_watch.and_then(CloudWatchConfig::large_data_delivery_s3_config);
        let bucket = |to: Option<&S3Config>| to.map(|to| to.bucket_name().to_owned());
        let prefix = |to: Option<&S3Config>| to.map(|to| to.key_prefix().unwrap_or("").to_owned());
        let on = |switch: Option<bool>| switch.unwrap_or(true);
        Ok(Some(Observed {
            owner: self.owner(&setting),
            state: State {
                log_group: cloud_watch.map(|to| to.log_group_name().to_owned()),
                role: Known::Now(role_of(&setting).map(ToOwned::to_owned)),
                bucket: bucket(setting.s3_config()),
                key_prefix: prefix(setting.s3_config()),
                large_data_bucket: bucket(large),
                large_data_key_prefix: prefix(large),
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
        // There was none when the run began, minutes ago perhaps; Bedrock itself would overwrite.
        if read(context).await?.is_some() {
            return Err(Error::new(Kind::Exists, "meanwhile somebody has set it"));
        }
        self.put(context, want).await
    }

    async fn update(
        &self,
        context: &Context<'_, Aws>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let now = read(context).await?;
        if now.as_ref().and_then(role_of) != have.state.role.now()?.as_deref() {
            return Err(Error::new(Kind::Exists, "meanwhile somebody has changed it"));
        }
        self.put(context, want).await
    }

    async fn delete(&self, context: &Context<'_, Aws>, _: &Observed<Self>) -> Result<Deletion> {
        match read(context).await? {
            None => return Ok(Deletion::Done),
            Some(now) if self.owner(&now) != Owner::Us => {
                return Ok(Deletion::Left(
                    "meanwhile it became somebody else's, and was left".into(),
                ));
            }
            Some(_) => {}
        }
        let call = context.cloud.bedrock.delete_model_invocation_logging_configuration().send();
        call.await.calling("bedrock:DeleteModelInvocationLoggingConfiguration")?;
        Ok(Deletion::Done)
    }
}

async fn read(context: &Context<'_, Aws>) -> Result<Option<LoggingConfig>> {
    let call = context.cloud.bedrock.get_model_invocation_logging_configuration().send();
    let found = call.await.calling("bedrock:GetModelInvocationLoggingConfiguration")?;
    Ok(found.logging_config)
}

fn role_of(setting: &LoggingConfig) -> Option<&str> {
    setting.cloud_watch_config().map(CloudWatchConfig::role_arn)
}

impl InvocationLogging {
    async fn put(&self, context: &Context<'_, Aws>, want: &State) -> Result<()> {
        let setting = self.setting(want)?;
        let call = || {
            let call = context.cloud.bedrock.put_model_invocation_logging_configuration();
            call.logging_config(setting.clone()).send()
        };
        // Bedrock tries the role out. Group, role and bucket are there and right by now, so that
        // the refusal mostly means that the role is too new.
        let role_unknown = |error: &_| code_is(error, &["ValidationException"]);
        let what = "the role to be known to Bedrock";
        let put = context.retry(what, ROLE_TRIES, role_unknown, call).await?;
        put.calling("bedrock:PutModelInvocationLoggingConfiguration").map_err(|error| {
            error.hint(
                "if this lasts, see whether a service control policy, a permissions boundary or \
                 the key's policy forbids the role to write",
            )
        })?;
        Ok(())
    }

    fn owner(&self, setting: &LoggingConfig) -> Owner {
        let our_role = format!("/{}", self.role.id().name);
        if role_of(setting).is_some_and(|role| role.ends_with(&our_role)) {
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
