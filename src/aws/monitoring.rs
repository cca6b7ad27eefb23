//! What is watched of a tenant, as a part of its graph: the topic, the alarms, the dashboard and the
//! budget. When they ring is in `monitor`.

use super::{
    Identity,
    mark::TENANT,
    monitor::{self, View, Watched},
    policy::{self, Sender},
    resource::{Alarm, Budget, Dashboard, KeyOutput, Topic, TopicOutput},
    right::Draft,
    wanted::{Place, Profiles},
};
use crate::{
    claude::model,
    config::{Config, ModelId},
    reconcile::Ref,
};

/// What every alarm's name begins with.
fn alarm_prefix(config: &Config) -> String {
    format!("{}-", config.tenant)
}

/// Whose alarms are sent; nobody's, where nobody is told.
pub(super) fn sender(config: &Config, place: &Place<'_>) -> Option<Sender> {
    let Identity { account, partition, .. } = place.identity;
    (!config.bedrock.monitoring.notify.is_empty()).then(|| Sender {
        partition: partition.clone(),
        region: place.region.to_string(),
        account: account.clone(),
        alarm_prefix: alarm_prefix(config),
        budget: config.bedrock.monitoring.budget.is_some(),
    })
}

/// The topic, the alarms and the dashboard. Those that are not wanted stay in the graph, so that
/// what was switched off is cleaned up.
pub(super) fn monitoring(
    graph: &mut Draft,
    config: &Config,
    place: &Place<'_>,
    (key, profiles): (&Ref<KeyOutput>, &Profiles),
) {
    let monitoring = &config.bedrock.monitoring;
    let Identity { account, partition, .. } = place.identity;
    let region = place.region;
    let name = format!("{}-alarms", config.tenant);
    let arn = format!("arn:{partition}:sns:{region}:{account}:{name}");
    let told = sender(config, place);
    let document = told.as_ref().map(|sender| policy::topic_policy(sender, &arn));
    let topic = graph.add_if(
        told.is_some(),
        Topic {
            name,
            key: key.clone(),
            policy: document.unwrap_or_default(),
            subscribers: monitoring.notify.clone(),
            tags: config.tags.clone(),
        },
    );
    let told = told.map(|_| topic.clone());
    let (watched, alarms) = alarms(graph, config, place, (told.as_ref(), profiles));
    let view = View {
        tenant: config.tenant.as_str(),
        region: region.as_str(),
        log_group: config.bedrock.logging.cloudwatch_log_group.as_str(),
        // What goes through application inference profiles is named only once they are there.
        models: if profiles.is_empty() {
            watched.into_iter().map(|it| it.model).collect()
        } else {
            Vec::new()
        },
        alarms,
    };
    graph.add_if(
        monitoring.dashboard,
        Dashboard {
            name: format!("{}-{region}", config.tenant),
            body: monitor::dashboard(&view),
            tags: config.tags.clone(),
        },
    );
    budget(graph, config, place, topic);
}

/// The alarms; gives what is watched, each model once, and the ARNs of the alarms.
fn alarms(
    graph: &mut Draft,
    config: &Config,
    place: &Place<'_>,
    (topic, profiles): (Option<&Ref<TopicOutput>>, &Profiles),
) -> (Vec<Watched>, Vec<String>) {
    let alarms = &config.bedrock.monitoring.alarms;
    let Identity { account, partition, .. } = place.identity;
    let region = place.region;
    let (models, _) = model::resolve(config, region);
    let watch = |name, id: &ModelId| {
        // As env has it: the first profile of a model stands for it.
        let at = models.profiles.iter().position(|source| source == id);
        let profile = at.and_then(|at| Some(profiles.get(at)?.1.clone()));
        Watched { name, model: id.called().to_owned(), profile }
    };
    let mut watched = vec![watch("main", &models.main), watch("small", &models.small)];
    let mut rules = Vec::new();
    for it in &watched {
        let own = monitor::model_rules(alarms, it);
        let through: Vec<_> = it.profile.iter().cloned().collect();
        let own = own.into_iter().map(|(name, rule)| (alarms.enabled, name, rule, through.clone()));
        rules.extend(own);
    }
    watched.dedup_by(|a, b| a.model == b.model);
    let hours = alarms.no_traffic_hours;
    let silence = monitor::no_traffic(hours.unwrap_or(1), &watched);
    let through: Vec<_> = watched.iter().filter_map(|it| it.profile.clone()).collect();
    rules.push((alarms.enabled && hours.is_some(), "no-traffic".into(), silence, through));
    let mut arns = Vec::new();
    for (present, name, rule, profiles) in rules {
        let name = format!("{}{name}", alarm_prefix(config));
        if present {
            arns.push(format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"));
        }
        let topic = topic.cloned();
        graph.add_if(present, Alarm { name, rule, topic, profiles, tags: config.tags.clone() });
    }
    (watched, arns)
}

/// What the account spends, or, where there are profiles, what carries the tenant's tag.
fn budget(graph: &mut Draft, config: &Config, place: &Place<'_>, topic: Ref<TopicOutput>) {
    let budget = config.bedrock.monitoring.budget.as_ref();
    let shares = budget.map(|it| it.notify_percent.iter().map(|share| share.get()).collect());
    let tagged = !config.bedrock.inference_profiles.is_empty();
    graph.add_if(
        budget.is_some(),
        Budget {
            name: format!("{}-{}", config.tenant, place.region),
            monthly_usd: budget.map_or(1, |budget| budget.monthly_usd),
            percents: shares.unwrap_or_default(),
            only_tagged: tagged.then(|| (TENANT.to_owned(), config.tenant.to_string())),
            topic: budget.map(|_| topic),
            tags: config.tags.clone(),
        },
    );
}
