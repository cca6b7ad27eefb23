//! When somebody is told, and who: one alert policy, as `alert` makes them.
//!
//! What is compared is what was asked for; names, records and defaults that the cloud adds to it are
//! no difference.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    NotificationChannelOutput,
    monitoring_named::{self, Listed, labels, marked, shaped, text},
    monitoring_notification_channel::digits,
};
use crate::{
    error::Result,
    gcp::{
        Gcp, Labels,
        mark::over,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Known, Observed, Owner, Ref, Resource, ResourceId},
};

pub struct AlertPolicy {
    /// Letters, digits and dashes, such as `error-rate`.
    pub name: String,
    /// What `Alert::body` is.
    pub body: Value,
    /// Who is told.
    pub channels: Vec<Ref<NotificationChannelOutput>>,
    pub labels: Labels,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    /// How many there are: two runs at the same time may leave two.
    copies: usize,
    policy: Value,
    /// Sorted; those that are known only later come last.
    channels: Vec<Known<String>>,
    labels: Labels,
}

#[derive(Clone, Debug)]
pub struct AlertPolicyOutput {
    /// `projects/P/alertPolicies/DIGITS`.
    pub name: String,
    /// Why it never rings, if so.
    pub invalid: Option<String>,
}

const LISTED: Listed = Listed {
    call: "monitoring.projects.alertPolicies.list",
    collection: "alertPolicies",
    key: "alertPolicies",
};
const MASK: &str = "displayName,severity,enabled,combiner,conditions,documentation,alertStrategy,\
                    notificationChannels,userLabels";

fn sorted(mut channels: Vec<Known<String>>) -> Vec<Known<String>> {
    channels.sort_by_cached_key(|channel| match channel {
        Known::Now(name) => (false, name.clone()),
        Known::Later { after } => (true, after.clone()),
    });
    channels
}

fn output(found: &Value) -> AlertPolicyOutput {
    let invalid = text(found, "/validity/message");
    let invalid = Some(invalid).filter(|message| !message.is_empty());
    AlertPolicyOutput { name: text(found, "/name"), invalid }
}

impl AlertPolicy {
    fn on_logs(&self) -> bool {
        self.body.pointer("/conditions/0/conditionMatchedLog").is_some()
    }

    fn whole(&self, context: &Context<'_, Gcp>, labels: &Labels) -> Result<Value> {
        let mut names = Vec::new();
        for channel in &self.channels {
            names.push(context.get(channel)?.name);
        }
        names.sort_unstable();
        let mut body = self.body.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("notificationChannels".into(), json!(names));
            fields.insert("userLabels".into(), json!(labels));
        }
        Ok(body)
    }
}

impl Entitled for AlertPolicy {
    fn permissions(&self) -> Permissions {
        let plan = &["monitoring.alertPolicies.list"];
        if self.on_logs() {
            return Permissions {
                plan,
                apply: &[
                    "logging.notificationRules.create",
                    // Of one too many, where two run at the same time.
                    "logging.notificationRules.delete",
                    "logging.notificationRules.update",
                    "monitoring.alertPolicies.create",
                    "monitoring.alertPolicies.delete",
                    "monitoring.alertPolicies.update",
                ],
                destroy: &["logging.notificationRules.delete", "monitoring.alertPolicies.delete"],
            };
        }
        Permissions {
            plan,
            apply: &[
                "monitoring.alertPolicies.create",
                "monitoring.alertPolicies.delete",
                "monitoring.alertPolicies.update",
            ],
            destroy: &["monitoring.alertPolicies.delete"],
        }
    }
}

impl Resource for AlertPolicy {
    type Cloud = Gcp;
    type State = State;
    type Output = AlertPolicyOutput;
    const KIND: &'static str = "gcp.monitoring.alert_policy";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        [self.services.id()].into_iter().chain(self.channels.iter().map(Ref::id)).collect()
    }

    fn remark(&self, output: &AlertPolicyOutput) -> Option<String> {
        output.invalid.as_ref().map(|why| format!("never rings: {why}"))
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        let known =
            |it: &Ref<_>| context.known(it, |it: NotificationChannelOutput| digits(&it.name));
        let channels: Result<Vec<_>> = self.channels.iter().map(known).collect();
        Ok(State {
            copies: 1,
            policy: shaped(&self.body, &self.body),
            channels: sorted(channels?),
            labels: marked(&context.cloud.mark, &self.labels, &self.name),
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let found = monitoring_named::list(context, &LISTED).await?;
        let copies = found.len();
        Ok(found.first().map(|found| {
            let channels = found.get("notificationChannels").and_then(Value::as_array);
            let channels = channels.into_iter().flatten().filter_map(Value::as_str);
            Observed {
                state: State {
                    copies,
                    policy: shaped(found, &self.body),
                    channels: sorted(channels.map(|it| Known::Now(digits(it))).collect()),
                    labels: labels(found),
                },
                output: output(found),
                owner: Owner::Us,
            }
        }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<AlertPolicyOutput> {
        let create = "monitoring.projects.alertPolicies.create";
        let calls = (create, "monitoring.projects.alertPolicies.delete");
        let body = self.whole(context, &want.labels)?;
        Ok(output(&monitoring_named::create(context, calls, &LISTED, body).await?))
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let body = self.whole(context, &over(&have.state.labels, &want.labels))?;
        let call = "monitoring.projects.alertPolicies.patch";
        let patch = context.cloud.rest.patch(call, format!("v3/{}", have.output.name));
        let patch = patch.query("updateMask", MASK).json(body);
        monitoring_named::write(context, &patch).await?;
        if have.state.copies > 1 {
            let delete = "monitoring.projects.alertPolicies.delete";
            monitoring_named::delete_copies(context, delete, &LISTED).await?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        monitoring_named::delete(context, "monitoring.projects.alertPolicies.delete", &LISTED)
            .await?;
        Ok(Deletion::Done)
    }
}
