//! The tenant's KMS key, with its alias.
//!
//! KMS has no names and its `CreateKey` no idempotency token, so a lost answer to it, repeated, makes
//! a second key. Therefore: `CreateKey` is never repeated by the SDK; a key is ours by its tags, set
//! in the same call; and one that has no alias (the run ended in between) is found by those tags
//! and gone on with. The alias says which key is the one: of two runs at the same time, the loser
//! of `CreateAlias` gives up its own key.

use aws_sdk_kms::{
    config::retry::RetryConfig,
    types::{KeyMetadata, KeyState, Tag},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::kms_key_search::{arn_of, find_by_mark, look_up, tags_of};
use crate::{
    aws::{
        Aws, Tags,
        error::{AwsResult as _, ambiguous, code_is, throttled},
        mark::missing,
        policy,
        right::{Entitled, Right, Site},
    },
    error::{Error, Kind, Result},
    reconcile::{Context, Deletion, Observed, Resource},
};

/// A new key takes a moment to be known everywhere: half a minute.
const NEW_KEY_TRIES: u32 = 7;
const THROTTLE_TRIES: u32 = 6;
/// AWS's own default. Whoever wants it back has a month.
const DELETION_WINDOW_DAYS: i32 = 30;
/// The shortest that KMS takes, for a key that nothing was ever encrypted with.
const UNUSED_DELETION_WINDOW_DAYS: i32 = 7;

pub struct Key {
    /// The alias without `alias/`.
    pub name: String,
    pub policy: Value,
    pub description: String,
    /// Whether to look through all keys of the region for ours if the alias is not there.
    pub search: bool,
    pub tags: Tags,
}

#[derive(Serialize)]
pub struct State {
    alias: Option<String>,
    status: String,
    rotation: bool,
    policy: Value,
    tags: Tags,
}

#[derive(Clone, Debug)]
pub struct KeyOutput {
    pub arn: String,
}

impl Key {
    fn alias(&self) -> String {
        format!("alias/{}", self.name)
    }
}

impl Entitled for Key {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let keys = [site.arn("kms", "key/*")];
        let alias = [site.arn("kms", &self.alias())];
        // A new key has no alias and, where rights are judged, no tags yet. In use, most keys have
        // an alias: those cannot be made ours.
        let nameless = json!({"Null": {"kms:ResourceAliases": "true"}});
        let change = &[
            "kms:CancelKeyDeletion",
            "kms:CreateAlias",
            "kms:EnableKey",
            "kms:EnableKeyRotation",
            "kms:PutKeyPolicy",
            "kms:TagResource",
        ];
        let mut all = vec![
            Right::plan(
                "KeyRead",
                &[
                    "kms:DescribeKey",
                    "kms:GetKeyPolicy",
                    "kms:GetKeyRotationStatus",
                    "kms:ListResourceTags",
                ],
            )
            .on(keys.clone()),
            Right::apply("KeyMake", &["kms:CreateKey"]).when(site.given()),
            Right::apply("KeyMakeTag", &["kms:TagResource"])
                .on(keys.clone())
                .when(site.given())
                .when(nameless.clone()),
            // KMS makes no key whose policy its maker could not change.
            Right::apply("KeyMakePolicy", &["kms:PutKeyPolicy"]).on(keys.clone()).when(nameless),
            Right::apply("KeyChange", change).on(keys.clone()).when(site.owned()),
            Right::apply("KeyName", &["kms:CreateAlias"]).on(alias.clone()),
            Right::destroy("KeyUnname", &["kms:DeleteAlias"]).on(alias),
            Right::destroy("KeyDelete", &["kms:DeleteAlias"]).on(keys.clone()).when(site.owned()),
            // Of two runs at the same time, one gives up its key.
            Right::remove("KeyDelete", &["kms:ScheduleKeyDeletion"]).on(keys).when(site.owned()),
            Right::remove("LookUp", &["kms:ListKeys"]),
        ];
        if self.search {
            all.push(Right::look_up(&["kms:ListKeys"]));
        }
        all
    }
}

impl Resource for Key {
    type Cloud = Aws;
    type State = State;
    type Output = KeyOutput;
    const KIND: &'static str = "aws.kms.key";
    const RENAME: &'static str =
        "choose another `tenant`, or name your own key in `bedrock.encryption.kms_key_id`";
    const HOLDS: Option<&'static str> = Some("what the log and the bucket are encrypted with");

    fn name(&self) -> &str {
        &self.name
    }

    fn desired(&self, context: &Context<'_, Aws>) -> Result<State> {
        Ok(State {
            alias: Some(self.alias()),
            status: KeyState::Enabled.as_str().to_owned(),
            rotation: true,
            policy: policy::canonical(self.policy.clone()),
            tags: context.cloud.mark.with(&self.tags),
        })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        let alias = self.alias();
        if let Some(key) = look_up(&context.cloud.kms, &alias).await? {
            return observe_key(context, key, Some(alias)).await.map(Some);
        }
        // Of several the oldest, so that every run goes on with the same one.
        let unnamed = if self.search { find_by_mark(context).await? } else { Vec::new() };
        match unnamed.into_iter().next() {
            Some(key) => observe_key(context, key, None).await.map(Some),
            None => Ok(None),
        }
    }

    async fn create(&self, context: &Context<'_, Aws>, want: &State) -> Result<KeyOutput> {
        let key = self.create_key(context, want).await?;
        let arn = arn_of(&key)?;
        let (alias, rotation) = tokio::join!(self.name_key(context, &arn), rotate(context, &arn));
        if alias.as_ref().is_err_and(|error| error.kind() == Kind::Exists) {
            // Another run was faster. Ours is of no use, whoever holds the alias.
            schedule(context, &arn, UNUSED_DELETION_WINDOW_DAYS).await?;
            let message = format!("another run was faster; our own new key {arn} is to be deleted");
            return Err(Error::new(Kind::Exists, message));
        }
        alias?;
        rotation?;
        Ok(KeyOutput { arn })
    }

    async fn update(
        &self,
        context: &Context<'_, Aws>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let (kms, arn, have) = (&context.cloud.kms, &have.output.arn, &have.state);
        if have.status == KeyState::PendingDeletion.as_str() {
            kms.cancel_key_deletion().key_id(arn).send().await.calling("kms:CancelKeyDeletion")?;
        }
        if want.status != have.status {
            kms.enable_key().key_id(arn).send().await.calling("kms:EnableKey")?;
        }
        let untagged = missing(&want.tags, &have.tags);
        if !untagged.is_empty() {
            let call = kms.tag_resource().key_id(arn).set_tags(Some(kms_tags(&untagged)?));
            call.send().await.calling("kms:TagResource")?;
        }
        if want.policy != have.policy {
            let call = kms.put_key_policy().key_id(arn).policy_name("default");
            let call = call.policy(want.policy.to_string()).send();
            call.await.calling("kms:PutKeyPolicy")?;
        }
        if !have.rotation {
            rotate(context, arn).await?;
        }
        if have.alias.is_none() {
            self.name_key(context, arn).await?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Aws>, have: &Observed<Self>) -> Result<Deletion> {
        // The alias goes first: cut off in between, the key is still found by its tags.
        let alias = context.cloud.kms.delete_alias().alias_name(self.alias()).send();
        alias.await.absent_if(&["NotFoundException"], "kms:DeleteAlias")?;
        let date = schedule(context, &have.output.arn, DELETION_WINDOW_DAYS).await?;
        // A run that was killed while another made its key may have left one without an alias.
        for key in find_by_mark(context).await? {
            schedule(context, &arn_of(&key)?, DELETION_WINDOW_DAYS).await?;
        }
        let undo = format!("aws kms cancel-key-deletion --key-id {}", have.output.arn);
        let when = date.map_or_else(
            || "scheduled for deletion".to_owned(),
            |date| format!("scheduled for deletion on {date}"),
        );
        Ok(Deletion::Scheduled(format!("{when}; until then: {undo}")))
    }
}

impl Key {
    /// Makes the key once. If the answer is lost, the key is looked for, not made again.
    async fn create_key(&self, context: &Context<'_, Aws>, want: &State) -> Result<KeyMetadata> {
        let once = aws_sdk_kms::Config::builder().retry_config(RetryConfig::disabled());
        let tags = kms_tags(&want.tags)?;
        let call = || {
            context
                .cloud
                .kms
                .create_key()
                .description(&self.description)
                .policy(want.policy.to_string())
                .set_tags(Some(tags.clone()))
                .customize()
                .config_override(once.clone())
                .send()
        };
        let answer = context.retry("a busy service", THROTTLE_TRIES, throttled, call).await?;
        if answer.as_ref().is_err_and(ambiguous) {
            for attempt in 0..NEW_KEY_TRIES {
                if let Some(key) = find_by_mark(context).await?.into_iter().next() {
                    return Ok(key);
                }
                if attempt + 1 < NEW_KEY_TRIES {
                    context.pause("a key whose making was not answered", attempt).await?;
                }
            }
        }
        let made = answer.calling("kms:CreateKey")?;
        let key = made.key_metadata().cloned();
        key.ok_or_else(|| Error::new(Kind::Cloud, "kms:CreateKey gave no key"))
    }

    /// Gives the key our alias. [`Kind::Exists`] if another key has it; whose that is, the engine
    /// sees when it looks again.
    async fn name_key(&self, context: &Context<'_, Aws>, key: &str) -> Result<()> {
        let kms = &context.cloud.kms;
        let alias = self.alias();
        let call = || kms.create_alias().alias_name(&alias).target_key_id(key).send();
        let what = "the new key to be known";
        let named = context.retry(what, NEW_KEY_TRIES, key_unknown, call).await?;
        let Err(taken) = named.calling("kms:CreateAlias") else { return Ok(()) };
        if taken.kind() != Kind::Exists {
            return Err(taken);
        }
        // The alias may be a moment old, and not yet seen by a look.
        for attempt in 0..NEW_KEY_TRIES {
            if let Some(holder) = look_up(kms, &alias).await? {
                let ours = arn_of(&holder)? == key;
                return if ours { Ok(()) } else { Err(taken) };
            }
            context.pause("the alias to be known", attempt).await?;
        }
        Err(taken)
    }
}

fn key_unknown<E: aws_smithy_types::error::metadata::ProvideErrorMetadata>(
    error: &aws_sdk_kms::error::SdkError<E>,
) -> bool {
    code_is(error, &["NotFoundException"])
}

async fn rotate(context: &Context<'_, Aws>, key: &str) -> Result<()> {
    let call = || context.cloud.kms.enable_key_rotation().key_id(key).send();
    let answer = context.retry("the new key to be known", NEW_KEY_TRIES, key_unknown, call).await?;
    answer.calling("kms:EnableKeyRotation")?;
    Ok(())
}

/// Returns the day on which the key goes, `None` if it was scheduled before.
async fn schedule(context: &Context<'_, Aws>, key: &str, days: i32) -> Result<Option<String>> {
    let call = || {
        let call = context.cloud.kms.schedule_key_deletion().key_id(key);
        call.pending_window_in_days(days).send()
    };
    let what = "the new key to be known";
    let scheduled = context.retry(what, NEW_KEY_TRIES, key_unknown, call).await?;
    let pending = ["KMSInvalidStateException"];
    let scheduled = scheduled.absent_if(&pending, "kms:ScheduleKeyDeletion")?;
    let date = scheduled.and_then(|scheduled| scheduled.deletion_date().copied());
    Ok(date.and_then(|date| {
        let text = date.fmt(aws_smithy_types::date_time::Format::DateTime).ok()?;
        text.split('T').next().map(Into::into)
    }))
}

async fn observe_key(
    context: &Context<'_, Aws>,
    key: KeyMetadata,
    alias: Option<String>,
) -> Result<Observed<Key>> {
    let (kms, id) = (&context.cloud.kms, key.key_id());
    let (document, rotation, tags) = tokio::join!(
        kms.get_key_policy().key_id(id).policy_name("default").send(),
        kms.get_key_rotation_status().key_id(id).send(),
        tags_of(context, id),
    );
    let tags = tags?;
    // KMS does not tell the rotation of a key that is pending deletion, or that cannot rotate
    // (somebody else's, by our alias).
    let none = ["KMSInvalidStateException", "UnsupportedOperationException"];
    let rotation = rotation
        .absent_if(&none, "kms:GetKeyRotationStatus")?
        .is_some_and(|status| status.key_rotation_enabled());
    let document = document.calling("kms:GetKeyPolicy")?;
    Ok(Observed {
        owner: context.cloud.mark.owner(&tags),
        state: State {
            alias,
            status: key.key_state().map(|state| state.as_str().to_owned()).unwrap_or_default(),
            rotation,
            policy: policy::parse(document.policy().unwrap_or_default()),
            tags,
        },
        output: KeyOutput { arn: arn_of(&key)? },
    })
}

fn kms_tags(tags: &Tags) -> Result<Vec<Tag>> {
    let tag = |(k, v): (&String, &String)| Tag::builder().tag_key(k).tag_value(v).build();
    let tags: std::result::Result<_, _> = tags.iter().map(tag).collect();
    tags.map_err(|error| Error::new(Kind::Internal, "a tag lacks a part").caused_by(error))
}
