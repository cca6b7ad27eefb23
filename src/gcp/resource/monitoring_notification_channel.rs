//! Who is told when an alarm rings: an e-mail address or a webhook.
//!
//! Whoever knows a webhook's URL may use it, and what the cloud gives back of it may be masked: it is
//! shown by its host, and compared by a hash that is kept in a label.

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::monitoring_named::{self, Listed, labels, marked, text};
use crate::{
    error::Result,
    gcp::{
        Gcp, Labels,
        mark::over,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Observed, Owner, Ref, Resource, ResourceId},
};

pub struct NotificationChannel {
    /// Letters, digits and dashes: see [`Recipient::id`].
    pub name: String,
    pub recipient: Recipient,
    pub labels: Labels,
    pub services: Ref<()>,
}

/// Who is told. Does not print, since the URL is a secret.
pub enum Recipient {
    Email(String),
    /// The whole URL.
    Webhook(String),
}

#[derive(Serialize)]
pub struct State {
    /// How many there are: two runs at the same time may leave two.
    copies: usize,
    kind: String,
    display_name: String,
    enabled: bool,
    /// Of a webhook a hash.
    address: String,
    labels: Labels,
}

#[derive(Clone, Debug)]
pub struct NotificationChannelOutput {
    /// `projects/P/notificationChannels/DIGITS`.
    pub name: String,
    /// Whether somebody has yet to confirm it.
    pub unverified: bool,
}

const LISTED: Listed = Listed {
    call: "monitoring.projects.notificationChannels.list",
    collection: "notificationChannels",
    key: "notificationChannels",
};
/// The label with the hash of the address.
const HASH: &str = "groundwork-address";

impl Recipient {
    /// A name that tells it from others and gives nothing away: `webhook-1a2b3c4d5e6f`.
    pub fn id(&self) -> String {
        let what = if matches!(self, Self::Email(_)) { "email" } else { "webhook" };
        format!("{what}-{}", self.hash())
    }

    fn address(&self) -> &str {
        match self {
            Self::Email(address) | Self::Webhook(address) => address,
        }
    }

    fn hash(&self) -> String {
        let hash = Sha256::digest(self.address().as_bytes());
        let first = hash.0.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        format!("{first:016x}")
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Webhook(_) => "webhook_tokenauth",
        }
    }

    /// As it may be shown.
    fn shown(&self) -> String {
        match self {
            Self::Email(address) => address.clone(),
            Self::Webhook(url) => {
                let rest = url.strip_prefix("https://").unwrap_or_default();
                let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                format!("https://{host}/***")
            }
        }
    }

    fn channel_labels(&self) -> Value {
        match self {
            Self::Email(address) => json!({ "email_address": address }),
            Self::Webhook(url) => json!({ "url": url }),
        }
    }
}

/// What is compared of a recipient.
fn compared(kind: &str, email: &str, hash: &str) -> String {
    if kind == "email" { email.to_owned() } else { format!("#{hash}") }
}

/// A channel without its project, which answers name by id or by number.
pub(super) fn digits(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

fn output(found: &Value) -> NotificationChannelOutput {
    let unverified = text(found, "/verificationStatus") == "UNVERIFIED";
    NotificationChannelOutput { name: text(found, "/name"), unverified }
}

impl NotificationChannel {
    fn body(&self, want: &State, have: &Labels) -> Value {
        json!({
            "type": want.kind,
            "displayName": want.display_name,
            "enabled": want.enabled,
            "labels": self.recipient.channel_labels(),
            "userLabels": over(have, &want.labels),
        })
    }
}

impl Entitled for NotificationChannel {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["monitoring.notificationChannels.list"],
            apply: &[
                "monitoring.notificationChannels.create",
                // Of one too many, where two run at the same time.
                "monitoring.notificationChannels.delete",
                "monitoring.notificationChannels.update",
            ],
            destroy: &["monitoring.notificationChannels.delete"],
        }
    }
}

impl Resource for NotificationChannel {
    type Cloud = Gcp;
    type State = State;
    type Output = NotificationChannelOutput;
    const KIND: &'static str = "gcp.monitoring.notification_channel";
    const FIXED: &'static [&'static str] = &["kind"];

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id()]
    }

    fn remark(&self, output: &NotificationChannelOutput) -> Option<String> {
        let who = self.recipient.shown();
        output.unverified.then(|| {
            format!("has yet to be confirmed by {who}: until then nobody is told through it")
        })
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        let (kind, hash) = (self.recipient.kind(), self.recipient.hash());
        let mut labels = marked(&context.cloud.mark, &self.labels, &self.name);
        labels.insert(HASH.into(), hash.clone());
        Ok(State {
            copies: 1,
            kind: kind.into(),
            display_name: format!("Claude Code: {}", self.recipient.shown()),
            enabled: true,
            address: compared(kind, self.recipient.address(), &hash),
            labels,
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let found = monitoring_named::list(context, &LISTED).await?;
        let copies = found.len();
        Ok(found.first().map(|found| {
            let (kind, labels) = (text(found, "/type"), labels(found));
            let hash = labels.get(HASH).cloned().unwrap_or_default();
            let enabled = found.get("enabled").and_then(Value::as_bool);
            Observed {
                state: State {
                    copies,
                    address: compared(&kind, &text(found, "/labels/email_address"), &hash),
                    kind,
                    display_name: text(found, "/displayName"),
                    enabled: enabled.unwrap_or(true),
                    labels,
                },
                output: output(found),
                owner: Owner::Us,
            }
        }))
    }

    async fn create(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
    ) -> Result<NotificationChannelOutput> {
        let create = "monitoring.projects.notificationChannels.create";
        let calls = (create, "monitoring.projects.notificationChannels.delete");
        let body = self.body(want, &Labels::new());
        Ok(output(&monitoring_named::create(context, calls, &LISTED, body).await?))
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let call = "monitoring.projects.notificationChannels.patch";
        let patch = context.cloud.rest.patch(call, format!("v3/{}", have.output.name));
        let patch = patch.query("updateMask", "displayName,enabled,labels,userLabels");
        let patch = patch.json(self.body(want, &have.state.labels));
        monitoring_named::write(context, &patch).await?;
        if have.state.copies > 1 {
            let delete = "monitoring.projects.notificationChannels.delete";
            monitoring_named::delete_copies(context, delete, &LISTED).await?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        // Without force: if somebody else's policy tells through it, that is for them to change.
        let call = "monitoring.projects.notificationChannels.delete";
        monitoring_named::delete(context, call, &LISTED).await?;
        Ok(Deletion::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_the_same_by_the_projects_id_and_number() {
        assert_eq!(digits("projects/p/notificationChannels/7"), "7");
        assert_eq!(digits("projects/12/notificationChannels/7"), "7");
    }

    #[test]
    fn a_webhook_is_told_from_another_and_not_shown() {
        let of = |path: &str| Recipient::Webhook(format!("https://h.example.com/{path}"));
        assert_ne!(of("s3cret").id(), of("other").id());
        assert_eq!(of("s3cret").shown(), "https://h.example.com/***");
        let (hash, url) = (of("s3cret").hash(), of("s3cret"));
        assert_eq!(compared(url.kind(), url.address(), &hash), format!("#{hash}"));
    }
}
