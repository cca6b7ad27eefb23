//! The bucket that keeps the invocation log: encrypted under our key, closed to the public, TLS
//! only, versioned, and emptied of what is old.

use aws_sdk_s3::types::{
    self as s3, BucketLocationConstraint, CreateBucketConfiguration, Tag, Tagging,
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    KeyOutput,
    s3_bucket_content::{any_outside, empty},
    s3_bucket_read::{READS, read},
    s3_bucket_setting::{Encryption, LifecycleRule, PublicAccessBlock},
    s3_bucket_write::{WRITES, put, write},
};
use crate::{
    aws::{
        Aws, Tags,
        error::{AwsResult as _, BUSY, code_is},
        mark::missing,
        policy,
        right::{Entitled, Right, Site},
    },
    error::{Error, Kind, Result},
    reconcile::{Context, Deletion, Observed, Ref, Resource, ResourceId},
};

/// Logs may still be delivered while the bucket is emptied.
const EMPTY_TRIES: u32 = 5;
/// About half a minute; S3 may take an hour, and running again is safe.
const NAME_TRIES: u32 = 7;

pub struct Bucket {
    pub name: String,
    pub key: Ref<KeyOutput>,
    /// Our statements, each with its `Sid`. Others in the bucket's policy are left alone.
    pub statements: Vec<Value>,
    /// The folder of the log, with a slash at its end. Nothing outside of it expires or is deleted.
    pub folder: String,
    pub expire_days: i32,
    pub tags: Tags,
}

#[derive(Serialize)]
pub struct State {
    pub(super) encryption: Encryption,
    pub(super) public_access_block: PublicAccessBlock,
    pub(super) object_ownership: Option<String>,
    pub(super) versioning: Option<String>,
    pub(super) lifecycle: Option<LifecycleRule>,
    /// By `Sid`.
    pub(super) policy: Map<String, Value>,
    pub(super) tags: Tags,
    /// What others have in the settings that S3 writes only as a whole.
    #[serde(skip)]
    pub(super) foreign: Foreign,
}

#[derive(Default)]
pub(super) struct Foreign {
    pub(super) rules: Vec<s3::LifecycleRule>,
    pub(super) statements: Vec<Value>,
}

#[derive(Clone, Debug)]
pub struct BucketOutput {
    pub name: String,
}

impl Entitled for Bucket {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let arn = [site.worldwide_arn("s3", &self.name)];
        let content = [site.worldwide_arn("s3", &format!("{}/{}*", self.name, self.folder))];
        vec![
            Right::plan("BucketRead", READS).on(arn.clone()),
            Right::apply("BucketMake", &["s3:CreateBucket", "s3:TagResource"])
                .on(arn.clone())
                .when(site.given()),
            Right::apply("BucketChange", WRITES).on(arn.clone()),
            Right::destroy("BucketDelete", &["s3:DeleteBucket", "s3:ListBucketVersions"]).on(arn),
            Right::destroy("BucketEmpty", &["s3:DeleteObjectVersion"]).on(content),
        ]
    }
}

impl Resource for Bucket {
    type Cloud = Aws;
    type State = State;
    type Output = BucketOutput;
    const KIND: &'static str = "aws.s3.bucket";
    const RENAME: &'static str = "choose another `bedrock.logging.s3.bucket`";
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
            lifecycle: Some(LifecycleRule::expire(&self.folder, self.expire_days)),
            policy: policy::split(&policy::canonical(self.policy()), &self.sids()).0,
            tags: context.cloud.mark.with(&self.tags),
            foreign: Foreign::default(),
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
        let sids = self.sids();
        let state = Box::pin(read(context, &self.name, &sids));
        let Some(state) = state.await.map_err(foreign)? else {
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
        let call = || {
            let call = context.cloud.s3.create_bucket().bucket(&self.name);
            call.create_bucket_configuration(configuration.clone()).send()
        };
        // Also for a while after a bucket of that name was deleted.
        let busy = |error: &_| code_is(error, BUSY);
        let made = context.retry("the bucket's name to be free", NAME_TRIES, busy, call).await?;
        if made.has_code(&["BucketAlreadyExists"]) {
            let message = format!("the name `{}` is taken by another account", self.name);
            return Err(Error::new(Kind::Conflict, message)
                .hint("name another bucket in `bedrock.logging.s3.bucket`"));
        }
        made.calling("s3:CreateBucket")?;
        Box::pin(write(context, &self.name, want, None)).await?;
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
            put(context, "s3:PutBucketTagging", || {
                let call = context.cloud.s3.put_bucket_tagging().bucket(&self.name);
                call.expected_bucket_owner(&context.cloud.account).tagging(tagging.clone()).send()
            })
            .await?;
        }
        Box::pin(write(context, &self.name, want, Some(&have.state))).await
    }

    async fn delete(&self, context: &Context<'_, Aws>, _: &Observed<Self>) -> Result<Deletion> {
        let delete = || {
            let call = context.cloud.s3.delete_bucket().bucket(&self.name);
            call.expected_bucket_owner(&context.cloud.account).send()
        };
        for attempt in 0..EMPTY_TRIES {
            empty(context, &self.name, &self.folder).await?;
            let deleted = delete().await;
            if !deleted.has_code(&["BucketNotEmpty"]) {
                deleted.absent_if(&["NoSuchBucket"], "s3:DeleteBucket")?;
                return Ok(Deletion::Done);
            }
            if let Some(key) = any_outside(context, &self.name, &self.folder).await? {
                let message = format!("the bucket holds more than the invocation log: `{key}`");
                return Err(Error::new(Kind::Conflict, message).hint(format!(
                    "nothing outside of `{}` was deleted; if all may go, empty the bucket with its \
                     versions (in the S3 console: Empty) and run again",
                    self.folder
                )));
            }
            context.pause("the bucket to stay empty", attempt).await?;
        }
        Err(Error::new(Kind::Cloud, "logs keep arriving in the bucket")
            .hint("see who else writes to it: aws cloudtrail lookup-events"))
    }
}

impl Bucket {
    fn policy(&self) -> Value {
        policy::document(&self.statements)
    }

    fn sids(&self) -> Vec<&str> {
        self.statements.iter().filter_map(|statement| statement.get("Sid")?.as_str()).collect()
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
