//! Emptying the log's folder of a bucket: every version and delete marker, a thousand a call.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use super::s3_bucket::incomplete;
use crate::{
    aws::{Aws, error::AwsResult as _},
    error::{Error, Kind, Result},
    reconcile::Context,
};

/// Deletes all that is in the folder; a bucket that is not there is empty. Can be cut off anywhere
/// and repeated. Stops between two calls if the run is asked to stop.
pub(super) async fn empty(context: &Context<'_, Aws>, bucket: &str, folder: &str) -> Result<()> {
    let Aws { s3, account, .. } = context.cloud;
    loop {
        let page = s3.list_object_versions().bucket(bucket).expected_bucket_owner(account);
        let page = page.prefix(folder).max_keys(1000).send().await;
        let Some(page) = page.absent_if(&["NoSuchBucket"], "s3:ListBucketVersions")? else {
            return Ok(());
        };
        let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
        let markers =
            page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
        let objects = versions.chain(markers).filter_map(|(key, version)| {
            let object = ObjectIdentifier::builder().key(key?);
            Some(object.set_version_id(version.map(Into::into)).build())
        });
        let objects = objects.collect::<std::result::Result<Vec<_>, _>>();
        let objects = objects.map_err(|error| incomplete(Box::new(error)))?;
        if objects.is_empty() {
            return Ok(());
        }
        if context.stop().requested() {
            return Err(Error::new(Kind::Interrupted, "interrupted while emptying the bucket"));
        }
        context.waiting("the bucket to be emptied");
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
        let delete = delete.map_err(|error| incomplete(Box::new(error)))?;
        let call = s3.delete_objects().bucket(bucket).expected_bucket_owner(account);
        let deleted = call.delete(delete).send().await.calling("s3:DeleteObjectVersion")?;
        if let Some(refused) = deleted.errors().first() {
            let (code, key) = (refused.code().unwrap_or("?"), refused.key().unwrap_or("?"));
            let message = refused.message().unwrap_or("");
            let kind = if code == "AccessDenied" { Kind::Denied } else { Kind::Cloud };
            let message = format!("s3:DeleteObjectVersion of `{key}`: {code}: {message}");
            return Err(Error::new(kind, message));
        }
    }
}

/// Some object that is not in the folder.
pub(super) async fn any_outside(
    context: &Context<'_, Aws>,
    bucket: &str,
    folder: &str,
) -> Result<Option<String>> {
    let Aws { s3, account, .. } = context.cloud;
    let call = s3.list_object_versions().bucket(bucket).expected_bucket_owner(account);
    let page = call.send().await.calling("s3:ListBucketVersions")?;
    let versions = page.versions().iter().filter_map(|version| version.key());
    let markers = page.delete_markers().iter().filter_map(|marker| marker.key());
    Ok(versions.chain(markers).find(|key| !key.starts_with(folder)).map(ToOwned::to_owned))
}
