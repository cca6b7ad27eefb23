//! The bucket that keeps the invocation log: encrypted under our key, closed to the public, TLS
//! only, versioned, and emptied of what is old.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Tag, Tagging};
use serde::Serialize;
use serde_json::Value;

use super::{
    KeyOutput,
    s3_bucket_content::empty,
    s3_bucket_setting::{self as setting, Encryption, LifecycleRule, PublicAccessBlock},
};
use crate::{
    aws::{
        Aws, Tags,
        error::{AwsResult as _, code_is},
        mark::missing,
        policy,
    },
    error::{Error, Kind, Result},
    reconcile::{Context, Observed, Ref, Resource, ResourceId},
};

/// Logs may still be delivered while the bucket is emptied.
const EMPTY_TRIES: u32 = 5;

pub struct Bucket {
    pub name: String,
    pub key: Ref<KeyOutput>,
    pub policy: Value,
    pub expire_days: i32,
    pub tags: Tags,
}

#[derive(Serialize)]
pub struct State {
    pub(super) encryption: Encryption,
    pub(super) public_access_block: PublicAccessBlock,
    pub(super) object_ownership: Option<String>,
    pub(super) versioning: Option<String>,
    pub(super) lifecycle: Vec<LifecycleRule>,
    pub(super) policy: Value,
    pub(super) tags: Tags,
}

#[derive(Clone, Debug)]
pub struct BucketOutput {
    pub name: String,
}

impl Resource for Bucket {
    type Cloud = Aws;
    type State = State;
    type Output = BucketOutput;
    const KIND: &'static str = "aws.s3.bucket";
    const HOLDS: Option<&'static str> = Some("the invocation log");

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.key.id()]
    }

    fn desired(&self, context: &Context<'_, Aws>) -> Result<State> {
        Ok(State {
            encryption: Encryption {
                algorithm: "aws:kms".into(),
                kms_key: context.known(&self.key, |key| Some(key.arn))?,
                bucket_key: true,
            },
            public_access_block: PublicAccessBlock::full(),
            object_ownership: Some("BucketOwnerEnforced".into()),
            versioning: Some("Enabled".into()),
            lifecycle: vec![LifecycleRule::expire(self.expire_days)],
            policy: policy::canonical(self.policy.clone()),
            tags: context.cloud.mark.with(&self.tags),
        })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        let foreign = |error: Error| match error.kind() {
            Kind::Denied => error.hint(
                "if the bucket is another account's, name one in `bedrock.logging.s3.bucket`",
            ),
            _ => error,
        };
        // Seven calls at once make a large future: it goes to the heap.
        let read = Box::pin(setting::read(context, &self.name));
        let Some(state) = read.await.map_err(foreign)? else {
            return Ok(None);
        };
        let owner = context.cloud.mark.owner(&state.tags);
        Ok(Some(Observed { owner, state, output: BucketOutput { name: self.name.clone() } }))
    }

    async fn create(&self, context: &Context<'_, Aws>, want: &State) -> Result<BucketOutput> {
        let region = context.cloud.region.as_str();
        // us-east-1 is the one region that must not be named.
        let location = (region != "us-east-1").then(|| BucketLocationConstraint::from(region));
        let configuration = CreateBucketConfiguration::builder()
            .set_location_constraint(location)
            .set_tags(Some(s3_tags(&want.tags)?))
            .build();
        let call = context.cloud.s3.create_bucket().bucket(&self.name);
        let made = call.create_bucket_configuration(configuration).send().await;
        if made.has_code(&["BucketAlreadyExists"]) {
            let message = format!("the name `{}` is taken by another account", self.name);
            return Err(Error::new(Kind::Conflict, message)
                .hint("name another bucket in `bedrock.logging.s3.bucket`"));
        }
        made.calling("s3:CreateBucket")?;
        Box::pin(setting::write(context, &self.name, want, None)).await?;
        Ok(BucketOutput { name: self.name.clone() })
    }

    async fn update(
        &self,
        context: &Context<'_, Aws>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        if !missing(&want.tags, &have.state.tags).is_empty() {
            // S3 replaces all tags at once: those that others set are written back.
            let mut tags = have.state.tags.clone();
            tags.extend(want.tags.clone());
            let tagging = Tagging::builder().set_tag_set(Some(s3_tags(&tags)?)).build();
            let tagging = tagging.map_err(|error| incomplete(Box::new(error)))?;
            setting::put(context, "s3:PutBucketTagging", || {
                let call = context.cloud.s3.put_bucket_tagging().bucket(&self.name);
                call.expected_bucket_owner(&context.cloud.account).tagging(tagging.clone()).send()
            })
            .await?;
        }
        Box::pin(setting::write(context, &self.name, want, Some(&have.state))).await
    }

    async fn delete(
        &self,
        context: &Context<'_, Aws>,
        _: &Observed<Self>,
    ) -> Result<Option<String>> {
        let delete = || {
            let call = context.cloud.s3.delete_bucket().bucket(&self.name);
            call.expected_bucket_owner(&context.cloud.account).send()
        };
        for attempt in 0..EMPTY_TRIES {
            empty(context, &self.name).await?;
            let deleted = delete().await;
            if !deleted.as_ref().is_err_and(|error| code_is(error, &["BucketNotEmpty"])) {
                deleted.absent_if(&["NoSuchBucket"], "s3:DeleteBucket")?;
                return Ok(None);
            }
            context.pause("the bucket to stay empty", attempt).await?;
        }
        Err(Error::new(Kind::Cloud, "objects keep arriving in the bucket")
            .hint("see who else writes to it: aws cloudtrail lookup-events"))
    }
}

pub(super) fn incomplete(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::new(Kind::Internal, "a setting lacks a part").caused_by(error)
}

fn s3_tags(tags: &Tags) -> Result<Vec<Tag>> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    let tags: std::result::Result<_, _> = tags.iter().map(tag).collect();
    tags.map_err(|error| incomplete(Box::new(error)))
}
