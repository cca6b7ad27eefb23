//! Finding a key: by alias, id or ARN, and, where its alias was never made, by its tags.

use aws_sdk_kms::{
    Client,
    types::{KeyMetadata, KeyState},
};
use futures::stream::{self, StreamExt as _};

use crate::{
    aws::{Aws, Tags, error::AwsResult as _},
    error::{Error, Kind, Result},
    reconcile::{Context, Owner},
};

/// How many keys are asked for their tags at the same time: KMS throttles reads per account.
const WIDTH: usize = 10;

/// The key by that alias, id or ARN, in any state.
pub(super) async fn look_up(kms: &Client, key: &str) -> Result<Option<KeyMetadata>> {
    let found = kms.describe_key().key_id(key).send().await;
    let found = found.absent_if(&["NotFoundException"], "kms:DescribeKey")?;
    Ok(found.and_then(|found| found.key_metadata))
}

/// Our keys that can be used, oldest first; there should be one at most. Those that are pending
/// deletion count as gone.
pub(super) async fn find_by_mark(context: &Context<'_, Aws>) -> Result<Vec<KeyMetadata>> {
    let kms = &context.cloud.kms;
    let mut ids = Vec::new();
    let mut keys = kms.list_keys().into_paginator().items().send();
    while let Some(key) = keys.next().await {
        ids.extend(key.calling("kms:ListKeys")?.key_id().map(ToOwned::to_owned));
    }
    let asked = stream::iter(ids).map(|id| async move {
        let tags = tags_of(context, &id).await;
        (id, tags)
    });
    let answers: Vec<_> = asked.buffer_unordered(WIDTH).collect().await;
    let denied = |tags: &Result<Tags>| tags.as_ref().is_err_and(|e| e.kind() == Kind::Denied);
    // Somebody's key may be closed to us by its own policy; ours never is. Refused by all of them,
    // it is we who lack the right.
    let skip_denied = answers.iter().any(|(_, tags)| !denied(tags));
    let mut found = Vec::new();
    for (id, tags) in answers {
        if denied(&tags) && skip_denied {
            continue;
        }
        if context.cloud.mark.owner(&tags?) == Owner::Us {
            found.extend(look_up(kms, &id).await?);
        }
    }
    found.retain(|key| key.key_state() != Some(&KeyState::PendingDeletion));
    found.sort_by_key(|key| {
        let made = key.creation_date().map(|date| (date.secs(), date.subsec_nanos()));
        (made, key.key_id().to_owned())
    });
    Ok(found)
}

/// A key's tags; none if it is gone meanwhile.
pub(super) async fn tags_of(context: &Context<'_, Aws>, key: &str) -> Result<Tags> {
    let call = context.cloud.kms.list_resource_tags().key_id(key).send();
    let tags = call.await.absent_if(&["NotFoundException"], "kms:ListResourceTags")?;
    let tags = tags.and_then(|tags| tags.tags).unwrap_or_default();
    Ok(tags.iter().map(|tag| (tag.tag_key().into(), tag.tag_value().into())).collect())
}

pub(super) fn arn_of(key: &KeyMetadata) -> Result<String> {
    let missing = || Error::new(Kind::Cloud, "kms:DescribeKey gave no ARN");
    key.arn().map(ToOwned::to_owned).ok_or_else(missing)
}

/// Says that there is no such key.
pub(super) fn no_such_key(key: &str) -> Error {
    Error::new(Kind::Config, format!("NotFoundException: there is no key `{key}` in this region"))
        .hint("leave `bedrock.encryption.kms_key_id` out to have a key made")
        .hint("or name one of: aws kms list-aliases")
}
