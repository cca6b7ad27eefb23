//! Reading a bucket's settings: each by a call of its own, all at the same time.

use aws_sdk_s3::operation::{
    get_bucket_ownership_controls::GetBucketOwnershipControlsOutput,
    get_bucket_tagging::GetBucketTaggingOutput,
    get_public_access_block::GetPublicAccessBlockOutput,
};
use serde_json::Value;

use super::{
    s3_bucket::{Foreign, State},
    s3_bucket_setting::{Encryption, LifecycleRule, PublicAccessBlock, RULE},
};
use crate::{
    aws::{Aws, Tags, error::AwsResult as _, policy},
    error::Result,
    reconcile::Context,
};

/// What [`read`] takes.
pub(super) const READS: &[&str] = &[
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
];

/// Everything we manage of the bucket, all asked for at once; `None` if there is no such bucket.
/// `sids` are those of our statements.
pub(super) async fn read(
    context: &Context<'_, Aws>,
    bucket: &str,
    sids: &[&str],
) -> Result<Option<State>> {
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
    // A bucket that was deleted a moment ago may still answer some of them.
    let gone = ["NoSuchBucket"];
    if tags.has_code(&gone)
        || encryption.has_code(&gone)
        || public_access.has_code(&gone)
        || ownership.has_code(&gone)
        || versioning.has_code(&gone)
        || policy.has_code(&gone)
        || lifecycle.has_code(&gone)
    {
        return Ok(None);
    }
    let tags = tags.absent_if(&["NoSuchTagSet"], "s3:GetBucketTagging")?;
    let none = ["ServerSideEncryptionConfigurationNotFoundError"];
    let encryption = encryption.absent_if(&none, "s3:GetEncryptionConfiguration")?;
    let none = ["NoSuchPublicAccessBlockConfiguration"];
    let public_access = public_access.absent_if(&none, "s3:GetBucketPublicAccessBlock")?;
    let none = ["OwnershipControlsNotFoundError"];
    let ownership = ownership.absent_if(&none, "s3:GetBucketOwnershipControls")?;
    let versioning = versioning.calling("s3:GetBucketVersioning")?;
    let policy = policy.absent_if(&["NoSuchBucketPolicy"], "s3:GetBucketPolicy")?;
    let none = ["NoSuchLifecycleConfiguration"];
    let lifecycle = lifecycle.absent_if(&none, "s3:GetLifecycleConfiguration")?;

    let rules = lifecycle.and_then(|found| found.rules).unwrap_or_default();
    let (ours, rules): (Vec<_>, Vec<_>) =
        rules.into_iter().partition(|rule| rule.id() == Some(RULE));
    let policy = policy.and_then(|found| found.policy);
    let policy = policy.map_or(Value::Null, |text| policy::parse(&text));
    let (policy, statements) = policy::split(&policy, sids);
    let encryption = encryption.and_then(|found| found.server_side_encryption_configuration);
    Ok(Some(State {
        encryption: Encryption::read(encryption.as_ref()),
        public_access_block: read_public_access_block(public_access),
        object_ownership: read_ownership(ownership),
        versioning: versioning.status().map(|status| status.as_str().to_owned()),
        lifecycle: ours.first().map(LifecycleRule::read),
        policy,
        tags: read_tags(tags),
        foreign: Foreign { rules, statements },
    }))
}

fn read_tags(found: Option<GetBucketTaggingOutput>) -> Tags {
    let tags = found.map(|found| found.tag_set).unwrap_or_default();
    tags.iter().map(|tag| (tag.key().into(), tag.value().into())).collect()
}

fn read_public_access_block(found: Option<GetPublicAccessBlockOutput>) -> PublicAccessBlock {
    let block = found.and_then(|found| found.public_access_block_configuration);
    block.as_ref().map(PublicAccessBlock::read).unwrap_or_default()
}

fn read_ownership(found: Option<GetBucketOwnershipControlsOutput>) -> Option<String> {
    let controls = found?.ownership_controls?;
    Some(controls.rules().first()?.object_ownership().as_str().to_owned())
}
