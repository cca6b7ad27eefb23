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

/// Our key, if it can be used: of several the oldest, so that every run chooses the same one.
/// One that is pending deletion counts as gone.
pub(super) async fn find_by_mark(context: &Context<'_, Aws>) -> Result<Option<KeyMetadata>> {
    let kms = &context.cloud.kms;
    let mut ids = Vec::new();
    let mut keys = kms.list_keys().into_paginator().items().send();
    while let Some(key) = keys.next().await {
        ids.extend(key.calling("kms:ListKeys")?.key_id().map(ToOwned::to_owned));
    }
    let asked = stream::iter(ids).map(|id| async move {
        let ours = is_ours(context, &id).await;
        (id, ours)
    });
    let answers: Vec<_> = asked.buffer_unordered(WIDTH).collect().await;
    let refused = answers
        .iter()
        .filter(|(_, ours)| ours.as_ref().is_err_and(|error| error.kind() == Kind::Denied));
    // Somebody's key may be closed to us by its own policy; ours never is. Refused by all of them,
    // it is we who lack the right.
    let skip_refused = refused.count() < answers.len();
    let mut found = Vec::new();
    for (id, ours) in answers {
        match ours {
            Ok(true) => found.extend(look_up(kms, &id).await?),
            Ok(false) => {}
            Err(error) if error.kind() == Kind::Denied && skip_refused => {}
            Err(error) => return Err(error),
        }
    }
    found.retain(|key| key.key_state() != Some(&KeyState::PendingDeletion));
    let age = |key: &KeyMetadata| {
        (
            key.creation_date().map(|date| (date.secs(), date.subsec_nanos())),
            key.key_id().to_owned(),
        )
    };
    Ok(found.into_iter().min_by_key(age))
}

async fn is_ours(context: &Context<'_, Aws>, id: &str) -> Result<bool> {
    let call = context.cloud.kms.list_resource_tags().key_id(id).send();
    let tags = call.await.absent_if(&["NotFoundException"], "kms:ListResourceTags")?;
    let tags: Tags = tags
        .map(|tags| {
            tags.tags().iter().map(|tag| (tag.tag_key().into(), tag.tag_value().into())).collect()
        })
        .unwrap_or_default();
    Ok(context.cloud.mark.owner(&tags) == Owner::Us)
}

/// Says that there is no such key.
pub(super) fn no_such_key(key: &str) -> Error {
    Error::new(Kind::Config, format!("NotFoundException: there is no key `{key}` in this region"))
        .hint("leave `bedrock.encryption.kms_key_id` out to have a key made")
        .hint("or name one of: aws kms list-aliases")
}
