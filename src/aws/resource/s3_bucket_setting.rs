//! A bucket's settings in the shape in which they are compared.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, ExpirationStatus, LifecycleExpiration, LifecycleRule as S3Rule,
    LifecycleRuleFilter, NoncurrentVersionExpiration, PublicAccessBlockConfiguration,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use serde::Serialize;

use super::s3_bucket::incomplete;
use crate::{error::Result, reconcile::Known};

/// How long what was replaced or deleted can be had back.
const NONCURRENT_DAYS: i32 = 30;
const INCOMPLETE_UPLOAD_DAYS: i32 = 7;

#[derive(Serialize, PartialEq)]
pub(super) struct Encryption {
    pub algorithm: String,
    pub kms_key: Known<Option<String>>,
    pub bucket_key: bool,
}

impl Encryption {
    pub(super) fn read(found: Option<&ServerSideEncryptionConfiguration>) -> Self {
        let rule = found.and_then(|found| found.rules().first());
        let by_default =
            rule.and_then(ServerSideEncryptionRule::apply_server_side_encryption_by_default);
        Self {
            algorithm: by_default.map_or("none", |it| it.sse_algorithm().as_str()).to_owned(),
            kms_key: Known::Now(by_default.and_then(|it| it.kms_master_key_id().map(Into::into))),
            bucket_key: rule.and_then(ServerSideEncryptionRule::bucket_key_enabled) == Some(true),
        }
    }
}

#[derive(Serialize, PartialEq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "S3 has these four switches")]
pub(super) struct PublicAccessBlock {
    pub block_public_acls: bool,
    pub ignore_public_acls: bool,
    pub block_public_policy: bool,
    pub restrict_public_buckets: bool,
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

    pub(super) fn read(block: &PublicAccessBlockConfiguration) -> Self {
        Self {
            block_public_acls: block.block_public_acls() == Some(true),
            ignore_public_acls: block.ignore_public_acls() == Some(true),
            block_public_policy: block.block_public_policy() == Some(true),
            restrict_public_buckets: block.restrict_public_buckets() == Some(true),
        }
    }
}

/// The id of our rule; rules by other ids are the company's.
pub(super) const RULE: &str = "groundwork-expire-invocation-log";

/// Our rule; days that are `None` are not limited.
#[derive(Serialize, PartialEq)]
pub(super) struct LifecycleRule {
    enabled: bool,
    prefix: String,
    expire_days: Option<i32>,
    noncurrent_days: Option<i32>,
    incomplete_upload_days: Option<i32>,
}

impl LifecycleRule {
    pub(super) fn expire(folder: &str, days: i32) -> Self {
        Self {
            enabled: true,
            prefix: folder.to_owned(),
            expire_days: Some(days),
            noncurrent_days: Some(NONCURRENT_DAYS),
            incomplete_upload_days: Some(INCOMPLETE_UPLOAD_DAYS),
        }
    }

    pub(super) fn read(rule: &S3Rule) -> Self {
        Self {
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

    pub(super) fn write(&self) -> Result<S3Rule> {
        let status =
            if self.enabled { ExpirationStatus::Enabled } else { ExpirationStatus::Disabled };
        let expiration = LifecycleExpiration::builder().set_days(self.expire_days).build();
        let noncurrent =
            NoncurrentVersionExpiration::builder().set_noncurrent_days(self.noncurrent_days);
        let incomplete_upload = AbortIncompleteMultipartUpload::builder()
            .set_days_after_initiation(self.incomplete_upload_days);
        S3Rule::builder()
            .id(RULE)
            .status(status)
            .filter(LifecycleRuleFilter::builder().prefix(&self.prefix).build())
            .expiration(expiration)
            .noncurrent_version_expiration(noncurrent.build())
            .abort_incomplete_multipart_upload(incomplete_upload.build())
            .build()
            .map_err(|error| incomplete(Box::new(error)))
    }
}
