//! Writing a bucket's settings: those that differ, each by a call of its own.

use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketVersioningStatus, LifecycleRule as S3Rule, ObjectOwnership,
    OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    VersioningConfiguration,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{
    s3_bucket::{State, incomplete},
    s3_bucket_setting::{Encryption, LifecycleRule, PublicAccessBlock},
};
use crate::{
    aws::{
        Aws,
        error::{Answer, AwsResult as _, BUSY, code_is},
        policy,
    },
    error::Result,
    reconcile::Context,
};

/// S3 takes one change of a bucket at a time and refuses the others.
const BUSY_TRIES: u32 = 7;

/// What [`write()`] and the tags take.
pub(super) const WRITES: &[&str] = &[
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
];

/// Makes one change, again while S3 is busy with another one or does not know the bucket yet.
pub(super) async fn put<T, E, F>(
    context: &Context<'_, Aws>,
    action: &str,
    call: impl FnMut() -> F,
) -> Result<()>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    F: Future<Output = Answer<T, E>>,
{
    // A new bucket is not known everywhere at once.
    let unready = |error: &_| code_is(error, BUSY) || code_is(error, &["NoSuchBucket"]);
    let answer = context.retry("the bucket to take the change", BUSY_TRIES, unready, call).await?;
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
                let foreign = have.map(|have| have.foreign.rules.as_slice()).unwrap_or_default();
                write_lifecycle(context, bucket, want.lifecycle.as_ref(), foreign).await?;
            }
            Ok(())
        },
    );
    let all: [Result<()>; 5] = first.into();
    all.into_iter().collect::<Result<()>>()?;
    if new(|w, h| w.policy != h.policy) {
        let Aws { s3, account, .. } = context.cloud;
        let ours = want.policy.values().cloned();
        let foreign = have.map(|have| have.foreign.statements.clone()).unwrap_or_default();
        let text = policy::document(&ours.chain(foreign).collect::<Vec<_>>()).to_string();
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
    ours: Option<&LifecycleRule>,
    foreign: &[S3Rule],
) -> Result<()> {
    let Aws { s3, account, .. } = context.cloud;
    let ours = ours.map(LifecycleRule::write).transpose()?;
    let rules: Vec<_> = ours.into_iter().chain(foreign.iter().cloned()).collect();
    let lifecycle = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build();
    let lifecycle = lifecycle.map_err(|error| incomplete(Box::new(error)))?;
    put(context, "s3:PutLifecycleConfiguration", || {
        let call = s3.put_bucket_lifecycle_configuration().bucket(bucket);
        call.expected_bucket_owner(account).lifecycle_configuration(lifecycle.clone()).send()
    })
    .await
}
