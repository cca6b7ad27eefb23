//! Who is told, and of what: the part of the graph that is about alarms and money.

use super::{
    access,
    alert::{Alert, Watched},
    resource::{
        AlertPolicy, Budget, NotificationChannel, NotificationChannelOutput, Recipient,
        iam_service_account,
    },
    right::Draft,
    wanted::Sketch,
};
use crate::{
    config::{self, NotifyTarget},
    reconcile::Ref,
};

/// A budget tells no more.
const MOST_OF_BUDGET: usize = 5;

pub(super) fn draw(draft: &mut Draft, sketch: &Sketch<'_>) {
    let targets = sketch.config.vertex_ai.monitoring.notify.iter();
    let (mut channels, mut by_mail) = (Vec::new(), Vec::new());
    for target in targets.map(config::NotificationChannel::target) {
        let recipient = match target {
            NotifyTarget::Email(address) => Recipient::Email(address.clone()),
            NotifyTarget::Https(url) => Recipient::Webhook(url.clone()),
        };
        let is_mail = matches!(recipient, Recipient::Email(_));
        let channel = draft.add(NotificationChannel {
            name: recipient.id(),
            recipient,
            labels: sketch.labels.clone(),
            services: sketch.services.clone(),
        });
        if is_mail {
            by_mail.push(channel.clone());
        }
        channels.push(channel);
    }
    alerts(draft, sketch, &channels);
    let Some(budget) = &sketch.config.vertex_ai.monitoring.budget else { return };
    by_mail.truncate(MOST_OF_BUDGET);
    draft.add(Budget {
        name: Budget::called(sketch.tenant(), sketch.project()),
        billing_account: budget.billing_account.to_string(),
        monthly_amount: budget.monthly_amount,
        percents: budget.notify_percent.iter().map(|percent| percent.get()).collect(),
        channels: by_mail,
        services: sketch.services.clone(),
    });
}

fn alerts(draft: &mut Draft, sketch: &Sketch<'_>, channels: &[Ref<NotificationChannelOutput>]) {
    let models: Vec<String> = sketch.models.iter().map(|called| called.model.to_string()).collect();
    let watched = Watched { tenant: sketch.tenant(), project: sketch.project(), models: &models };
    let alarms = &sketch.config.vertex_ai.monitoring.alarms;
    let email = iam_service_account::email(&sketch.config.service_account_name(), sketch.project());
    let on = alarms.enabled;
    let mut add = |wanted: bool, alert: Alert| {
        let policy = AlertPolicy {
            name: alert.name.into(),
            body: alert.body,
            channels: channels.to_vec(),
            labels: sketch.labels.clone(),
            services: sketch.services.clone(),
        };
        draft.add_if(wanted && on, policy);
    };
    add(true, watched.error_rate(alarms.error_rate_percent));
    add(true, watched.throttled(alarms.throttled_percent));
    add(true, watched.latency(alarms.latency_ms));
    let tokens = alarms.tokens_per_hour;
    add(tokens.is_some(), watched.tokens_per_hour(tokens.unwrap_or(1)));
    let hours = alarms.no_traffic_hours;
    add(hours.is_some(), watched.no_traffic(hours.unwrap_or(1)));
    add(true, watched.role_granted(&access::role_name(sketch)));
    add(true, watched.account_opened(&email));
}
