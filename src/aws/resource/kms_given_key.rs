//! A key that the company keeps itself: looked up and checked, never changed.
//!
//! What is checked is what would fail later with words that do not name the cause: that it is
//! enabled, in this region, for encryption, and open to the two services that use it for us.

use aws_sdk_kms::types::{KeySpec, KeyState, KeyUsageType};
use serde_json::json;

use super::{
    KeyOutput,
    kms_key_search::{arn_of, look_up, no_such_key},
};
use crate::{
    aws::{
        Aws,
        error::AwsResult as _,
        policy::{self, Delivery, Sender},
        right::{Entitled, Right, Site},
    },
    error::{Error, Kind, Result},
    reconcile::{Context, Given},
};

pub struct GivenKey {
    /// A key id, key ARN, alias or alias ARN.
    pub key: String,
    pub delivery: Delivery,
    /// Whose alarms are sent under it, if anybody is told.
    pub sender: Option<Sender>,
}

fn unfit(key: &str, why: &str) -> Error {
    Error::new(Kind::Config, format!("the key `{key}` {why}"))
}

impl Entitled for GivenKey {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let read = Right::plan("GivenKeyRead", &["kms:DescribeKey", "kms:GetKeyPolicy"]);
        let (place, name) = match self.key.rsplit_once(':') {
            Some((place, name)) => (format!("{place}:"), name),
            None => (site.arn("kms", ""), self.key.as_str()),
        };
        // KMS asks for a key by its own ARN, by whatever name it was called.
        let read = if name.starts_with("alias/") {
            let named = json!({"ForAnyValue:StringEquals": {"kms:ResourceAliases": name}});
            read.on([format!("{place}key/*")]).when(named)
        } else {
            read.on([format!("{place}key/{}", name.trim_start_matches("key/"))])
        };
        vec![read]
    }
}

impl Given for GivenKey {
    type Cloud = Aws;
    type Output = KeyOutput;
    const KIND: &'static str = "aws.kms.given_key";

    fn name(&self) -> &str {
        &self.key
    }

    async fn find(&self, context: &Context<'_, Aws>) -> Result<KeyOutput> {
        let (kms, key) = (&context.cloud.kms, &self.key);
        let found = look_up(kms, key).await?.ok_or_else(|| no_such_key(key))?;
        let arn = arn_of(&found)?;
        match found.key_state() {
            Some(KeyState::Enabled) => {}
            Some(KeyState::Disabled) => {
                return Err(unfit(key, "is disabled")
                    .hint(format!("enable it: aws kms enable-key --key-id {arn}")));
            }
            Some(KeyState::PendingDeletion) => {
                return Err(unfit(key, "is scheduled for deletion")
                    .hint(format!("keep it: aws kms cancel-key-deletion --key-id {arn}")));
            }
            other => {
                let state = other.map_or("unknown", KeyState::as_str);
                return Err(unfit(key, &format!("cannot be used: its state is {state}")));
            }
        }
        let symmetric = found.key_spec() == Some(&KeySpec::SymmetricDefault);
        if found.key_usage() != Some(&KeyUsageType::EncryptDecrypt) || !symmetric {
            return Err(unfit(key, "is not a symmetric key for encryption")
                .hint("name a key of the spec SYMMETRIC_DEFAULT, or leave `kms_key_id` out"));
        }
        let ours = arn.split(':').nth(4) == Some(context.cloud.account.as_str());
        if ours {
            self.check_policy(context, &arn).await?;
        }
        Ok(KeyOutput { arn })
    }
}

impl GivenKey {
    async fn check_policy(&self, context: &Context<'_, Aws>, arn: &str) -> Result<()> {
        let call = context.cloud.kms.get_key_policy().key_id(arn).policy_name("default").send();
        let answer = call.await.calling("kms:GetKeyPolicy")?;
        let document = policy::parse(answer.policy().unwrap_or_default());
        let lacking = policy::lacking_grants(&self.delivery, self.sender.as_ref(), &document);
        if lacking.is_empty() {
            return Ok(());
        }
        let why = "does not let the services use it that encrypt the log and the alarms";
        let statements: Vec<_> = lacking.iter().map(ToString::to_string).collect();
        let key = format!("--region {} --key-id {arn} --policy-name default", context.cloud.region);
        Err(unfit(&self.key, why)
            .hint(format!("get its policy: aws kms get-key-policy {key} --output text > key.json"))
            .hint(format!("add to its `Statement`: {}", statements.join(", ")))
            .hint(format!(
                "put the whole back: aws kms put-key-policy {key} --policy file://key.json"
            )))
    }
}
