//! A bucket's settings, each of which S3 reads and writes by a call of its own.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketVersioningStatus,
    ExpirationStatus, LifecycleExpiration, LifecycleRule as S3Rule, LifecycleRuleFilter,
    NoncurrentVersionExpiration, ObjectOwnership, OwnershipControls, OwnershipControlsRule,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, VersioningConfiguration,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde::Serialize;
use serde_json::Value;

use super::s3_bucket::{State, incomplete};
use crate::{
    aws::{
        Aws, Tags,
        error::{Answer, AwsResult as _, code_is},
        policy,
    },
    error::Result,
    reconcile::{Context, Known},
};

/// S3 takes one change of a bucket at a time and refuses the others.
const BUSY_TRIES: u32 = 7;
/// How long what was replaced or deleted can be had back.
const NONCURRENT_DAYS: i32 = 30;
const INCOMPLETE_UPLOAD_DAYS: i32 = 7;

#[derive(Serialize, PartialEq)]
pub(super) struct Encryption {
    pub algorithm: String,
    pub kms_key: Known<Option<String>>,
    pub bucket_key: bool,
}

#[derive(Serialize, PartialEq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "S3 has these four switches")]
pub(super) struct PublicAccessBlock {
    block_public_acls: bool,
    ignore_public_acls: bool,
    block_public_policy: bool,
    restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    pub(super) fn full() -> Self {
        Self {
            block_public_acls: true,
            ignore_public_acls: true,
            block_public_policy: true,
            restrict_public_buckets: true,
        }
    }
}

/// A rule for the whole bucket; days that are `None` are not limited.
#[derive(Serialize, PartialEq)]
pub(super) struct LifecycleRule {
    id: String,
    enabled: bool,
    prefix: String,
    expire_days: Option<i32>,
    noncurrent_days: Option<i32>,
    incomplete_upload_days: Option<i32>,
}

impl LifecycleRule {
    pub(super) fn expire(days: i32) -> Self {
        Self {
            id: "expire".into(),
            enabled: true,
            prefix: String::new(),
            expire_days: Some(days),
            noncurrent_days: Some(NONCURRENT_DAYS),
            incomplete_upload_days: Some(INCOMPLETE_UPLOAD_DAYS),
        }
    }

    fn read(rule: &S3Rule) -> Self {
        Self {
            id: rule.id().unwrap_or_default().to_owned(),
            enabled: *rule.status() == ExpirationStatus::Enabled,
            prefix: rule.filter().and_then(|filter| filter.prefix()).unwrap_or("").to_owned(),
            expire_days: rule.expiration().and_then(LifecycleExpiration::days),
            noncurrent_days: rule
                .noncurrent_version_expiration()
                .and_then(NoncurrentVersionExpiration::noncurrent_days),
            incomplete_upload_days: rule
                .abort_incomplete_multipart_upload()
                .and_then(AbortIncompleteMultipartUpload::days_after_initiation),
        }
    }

    fn write(&self) -> Result<S3Rule> {
        let expiration = LifecycleExpiration::builder().set_days(self.expire_days).build();
        let noncurrent =
            NoncurrentVersionExpiration::builder().set_noncurrent_days(self.noncurrent_days);
        let incomplete_upload = AbortIncompleteMultipartUpload::builder()
            .set_days_after_initiation(self.incomplete_upload_days);
        S3Rule::builder()
            .id(&self.id)
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix(&self.prefix).build())
            .expiration(expiration)
            .noncurrent_version_expiration(noncurrent.build())
            .abort_incomplete_multipart_upload(incomplete_upload.build())
            .build()
            .map_err(|error| incomplete(Box::new(error)))
    }
}

/// Everything we manage of the bucket, all asked for at once; `None` if there is no such bucket.
pub(super) async fn read(context: &Context<'_, Aws>, bucket: &str) -> Result<Option<State>> {
    let Aws { s3, account, .. } = context.cloud;
    let (tags, encryption, public_access, ownership, versioning, policy, lifecycle) = tokio::join!(
        s3.get_bucket_tagging().bucket(bucket).expected_bucket_owner(account).send(),
        s3.get_bucket_encryption().bucket(bucket).expected_bucket_owner(account).send(),
        s3.get_public_access_block().bucket(bucket).expected_bucket_owner(account).send(),
        s3.get_bucket_ownership_controls().bucket(bucket).expected_bucket_owner(account).send(),
        s3.get_bucket_versioning().bucket(bucket).expected_bucket_owner(account).send(),
        s3.get_bucket_policy().bucket(bucket).expected_bucket_owner(account).send(),
        s3.get_bucket_lifecycle_configuration()
            .bucket(bucket)
            .expected_bucket_owner(account)
            .send(),
    );
    if versioning.has_code(&["NoSuchBucket"]) {
        return Ok(None);
    }
    let tags = tags.absent_if(&["NoSuchTagSet"], "s3:GetBucketTagging")?;
    let tags: Tags = tags
        .map(|tags| tags.tag_set().iter().map(|t| (t.key().into(), t.value().into())).collect())
        .unwrap_or_default();
    let none = ["ServerSideEncryptionConfigurationNotFoundError"];
    let encryption = encryption.absent_if(&none, "s3:GetEncryptionConfiguration")?;
    let none = ["NoSuchPublicAccessBlockConfiguration"];
    let public_access = public_access.absent_if(&none, "s3:GetBucketPublicAccessBlock")?;
    let none = ["OwnershipControlsNotFoundError"];
    let ownership = ownership.absent_if(&none, "s3:GetBucketOwnershipControls")?;
    let policy = policy.absent_if(&["NoSuchBucketPolicy"], "s3:GetBucketPolicy")?;
    let none = ["NoSuchLifecycleConfiguration"];
    let lifecycle = lifecycle.absent_if(&none, "s3:GetLifecycleConfiguration")?;
    let versioning = versioning.calling("s3:GetBucketVersioning")?;
    Ok(Some(State {
        encryption: read_encryption(
            encryption.as_ref().and_then(|found| found.server_side_encryption_configuration()),
        ),
        public_access_block: public_access
            .and_then(|found| found.public_access_block_configuration)
            .map(|block| PublicAccessBlock {
                block_public_acls: block.block_public_acls() == Some(true),
                ignore_public_acls: block.ignore_public_acls() == Some(true),
                block_public_policy: block.block_public_policy() == Some(true),
                restrict_public_buckets: block.restrict_public_buckets() == Some(true),
            })
            .unwrap_or_default(),
        object_ownership: ownership.and_then(|found| {
            let rule = found.ownership_controls()?.rules().first()?;
            Some(rule.object_ownership().as_str().to_owned())
        }),
        versioning: versioning.status().map(|status| status.as_str().to_owned()),
        lifecycle: lifecycle
            .map(|found| found.rules().iter().map(LifecycleRule::read).collect())
            .unwrap_or_default(),
        policy: policy.and_then(|found| found.policy).map_or(Value::Null, |p| policy::parse(&p)),
        tags,
    }))
}

fn read_encryption(found: Option<&ServerSideEncryptionConfiguration>) -> Encryption {
    let rule = found.and_then(|found| found.rules().first());
    let by_default =
        rule.and_then(ServerSideEncryptionRule::apply_server_side_encryption_by_default);
    Encryption {
        algorithm: by_default.map_or("none", |it| it.sse_algorithm().as_str()).to_owned(),
        kms_key: Known::Now(by_default.and_then(|it| it.kms_master_key_id().map(Into::into))),
        bucket_key: rule.and_then(ServerSideEncryptionRule::bucket_key_enabled) == Some(true),
    }
}

/// Makes one change, again while S3 is busy with another one of the same bucket.
pub(super) async fn put<T, E, F>(
    context: &Context<'_, Aws>,
    action: &str,
    call: impl FnMut() -> F,
) -> Result<()>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    F: Future<Output = Answer<T, E>>,
{
    let busy = |error: &_| code_is(error, &["OperationAborted"]);
    let answer = context.retry("another change of the bucket", BUSY_TRIES, busy, call).await?;
    answer.calling(action).map(drop)
}

/// Writes what differs from `have`: all at once, and the policy last, when the public is shut out.
pub(super) async fn write(
    context: &Context<'_, Aws>,
    bucket: &str,
    want: &State,
    have: Option<&State>,
) -> Result<()> {
    let new = |differs: fn(&State, &State) -> bool| have.is_none_or(|have| differs(want, have));
    let first = tokio::join!(
        async {
            if new(|w, h| w.public_access_block != h.public_access_block) {
                write_public_access_block(context, bucket, &want.public_access_block).await?;
            }
            Ok(())
        },
        async {
            if new(|w, h| w.object_ownership != h.object_ownership) {
                write_ownership(context, bucket).await?;
            }
            Ok(())
        },
        async {
            if new(|w, h| w.encryption != h.encryption) {
                write_encryption(context, bucket, &want.encryption).await?;
            }
            Ok(())
        },
        async {
            if new(|w, h| w.versioning != h.versioning) {
                write_versioning(context, bucket).await?;
            }
            Ok(())
        },
        async {
            if new(|w, h| w.lifecycle != h.lifecycle) {
                write_lifecycle(context, bucket, &want.lifecycle).await?;
            }
            Ok(())
        },
    );
    let all: [Result<()>; 5] = first.into();
    all.into_iter().collect::<Result<()>>()?;
    if new(|w, h| w.policy != h.policy) {
        let Aws { s3, account, .. } = context.cloud;
        let text = want.policy.to_string();
        put(context, "s3:PutBucketPolicy", || {
            s3.put_bucket_policy()
                .bucket(bucket)
                .expected_bucket_owner(account)
                .policy(&text)
                .send()
        })
        .await?;
    }
    Ok(())
}

async fn write_public_access_block(
    context: &Context<'_, Aws>,
    bucket: &str,
    want: &PublicAccessBlock,
) -> Result<()> {
    let Aws { s3, account, .. } = context.cloud;
    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(want.block_public_acls)
        .ignore_public_acls(want.ignore_public_acls)
        .block_public_policy(want.block_public_policy)
        .restrict_public_buckets(want.restrict_public_buckets)
        .build();
    put(context, "s3:PutBucketPublicAccessBlock", || {
        let call = s3.put_public_access_block().bucket(bucket).expected_bucket_owner(account);
        call.public_access_block_configuration(block.clone()).send()
    })
    .await
}

async fn write_ownership(context: &Context<'_, Aws>, bucket: &str) -> Result<()> {
    let Aws { s3, account, .. } = context.cloud;
    let rule = OwnershipControlsRule::builder()
        .object_ownership(ObjectOwnership::BucketOwnerEnforced)
        .build()
        .map_err(|error| incomplete(Box::new(error)))?;
    let controls = OwnershipControls::builder().rules(rule).build();
    let controls = controls.map_err(|error| incomplete(Box::new(error)))?;
    put(context, "s3:PutBucketOwnershipControls", || {
        let call = s3.put_bucket_ownership_controls().bucket(bucket);
        call.expected_bucket_owner(account).ownership_controls(controls.clone()).send()
    })
    .await
}

async fn write_encryption(
    context: &Context<'_, Aws>,
    bucket: &str,
    want: &Encryption,
) -> Result<()> {
    let Aws { s3, account, .. } = context.cloud;
    let by_default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::AwsKms)
        .set_kms_master_key_id(want.kms_key.now()?.clone())
        .build()
        .map_err(|error| incomplete(Box::new(error)))?;
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(by_default)
        .bucket_key_enabled(want.bucket_key)
        .build();
    let encryption = ServerSideEncryptionConfiguration::builder().rules(rule).build();
    let encryption = encryption.map_err(|error| incomplete(Box::new(error)))?;
    put(context, "s3:PutEncryptionConfiguration", || {
        let call = s3.put_bucket_encryption().bucket(bucket).expected_bucket_owner(account);
        call.server_side_encryption_configuration(encryption.clone()).send()
    })
    .await
}

async fn write_versioning(context: &Context<'_, Aws>, bucket: &str) -> Result<()> {
    let Aws { s3, account, .. } = context.cloud;
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    put(context, "s3:PutBucketVersioning", || {
        let call = s3.put_bucket_versioning().bucket(bucket).expected_bucket_owner(account);
        call.versioning_configuration(on.clone()).send()
    })
    .await
}

async fn write_lifecycle(
    context: &Context<'_, Aws>,
    bucket: &str,
    rules: &[LifecycleRule],
) -> Result<()> {
    let Aws { s3, account, .. } = context.cloud;
    let rules = rules.iter().map(LifecycleRule::write).collect::<Result<Vec<_>>>()?;
    let lifecycle = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build();
    let lifecycle = lifecycle.map_err(|error| incomplete(Box::new(error)))?;
    put(context, "s3:PutLifecycleConfiguration", || {
        let call = s3.put_bucket_lifecycle_configuration().bucket(bucket);
        call.expected_bucket_owner(account).lifecycle_configuration(lifecycle.clone()).send()
    })
    .await
}
