//! A CloudWatch alarm over what Bedrock itself measures.
//!
//! Every alarm is written as metric math, also the one with a single metric: one shape to write, to
//! read back and to compare.

use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, Metric as CloudMetric, MetricAlarm, MetricDataQuery, MetricStat,
    Tag,
};
use serde::Serialize;

use super::{InferenceProfileOutput, TopicOutput};
use crate::{
    aws::{
        Aws, Tags,
        error::AwsResult as _,
        mark::missing,
        right::{Entitled, Right, Site},
    },
    error::Result,
    reconcile::{Context, Deletion, Known, Observed, Ref, Resource, ResourceId},
};

const NAMESPACE: &str = "AWS/Bedrock";
const MODEL: &str = "ModelId";

pub struct Alarm {
    pub name: String,
    pub rule: Rule,
    /// Who is told when it rings and when it is over; nobody, without one.
    pub topic: Option<Ref<TopicOutput>>,
    /// The application inference profiles that the rule watches.
    pub profiles: Vec<Ref<InferenceProfileOutput>>,
    pub tags: Tags,
}

/// When an alarm rings.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Rule {
    pub description: String,
    pub metrics: Vec<Query>,
    pub comparison: String,
    pub threshold: f64,
    /// Of so many last periods ...
    pub evaluation_periods: i32,
    /// ... so many must be beyond the threshold.
    pub datapoints_to_alarm: i32,
    /// `notBreaching` where silence is good.
    pub treat_missing_data: String,
}

/// One metric of a model, or an expression over the others.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Query {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// Whether this is what is compared with the threshold.
    pub compared: bool,
}

#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Metric {
    pub name: String,
    /// The model or inference profile, as it is called; of an application inference profile only its
    /// resource is known before it is made.
    pub model: Known<String>,
    /// Whether of such a profile the id is meant, and not the ARN.
    #[serde(skip)]
    pub by_id: bool,
    pub statistic: String,
    pub period_seconds: i32,
}

#[derive(Serialize)]
pub struct State {
    #[serde(flatten)]
    rule: Rule,
    actions_enabled: bool,
    alarm_actions: Known<Vec<String>>,
    ok_actions: Known<Vec<String>>,
    tags: Tags,
}

impl Alarm {
    pub(in crate::aws) fn arn(aws: &Aws, name: &str) -> String {
        let Aws { partition, region, account, .. } = aws;
        format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}")
    }

    /// The rule with the profiles that are there.
    fn rule(&self, context: &Context<'_, Aws>) -> Result<Rule> {
        let mut rule = self.rule.clone();
        for metric in rule.metrics.iter_mut().filter_map(|query| query.metric.as_mut()) {
            let Known::Later { after } = &metric.model else { continue };
            let watched = self.profiles.iter().find(|profile| profile.id().to_string() == *after);
            let by_id = metric.by_id;
            let called = |profile: InferenceProfileOutput| match profile.arn.rsplit_once('/') {
                Some((_, id)) if by_id => id.to_owned(),
                _ => profile.arn,
            };
            if let Some(profile) = watched {
                metric.model = context.known(profile, called)?;
            }
        }
        Ok(rule)
    }

    fn actions(&self, context: &Context<'_, Aws>) -> Result<Known<Vec<String>>> {
        match &self.topic {
            Some(topic) => context.known(topic, |topic| vec![topic.arn]),
            None => Ok(Known::Now(Vec::new())),
        }
    }

    async fn put(&self, context: &Context<'_, Aws>, want: &State) -> Result<()> {
        let Rule { metrics, threshold, evaluation_periods, datapoints_to_alarm, .. } = &want.rule;
        let metrics: Result<Vec<_>> = metrics.iter().map(Query::write).collect();
        let call = context.cloud.cloudwatch.put_metric_alarm().alarm_name(&self.name);
        call.alarm_description(&want.rule.description)
            .set_metrics(Some(metrics?))
            .comparison_operator(ComparisonOperator::from(want.rule.comparison.as_str()))
            .threshold(*threshold)
            .evaluation_periods(*evaluation_periods)
            .datapoints_to_alarm(*datapoints_to_alarm)
            .treat_missing_data(&want.rule.treat_missing_data)
            .actions_enabled(true)
            .set_alarm_actions(Some(want.alarm_actions.now()?.clone()))
            .set_ok_actions(Some(want.ok_actions.now()?.clone()))
            // CloudWatch minds them only when the alarm is new.
            .set_tags(Some(cloudwatch_tags(&want.tags)))
            .send()
            .await
            .calling("cloudwatch:PutMetricAlarm")?;
        Ok(())
    }
}

impl Entitled for Alarm {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let arn = [site.arn("cloudwatch", &format!("alarm:{}", self.name))];
        let change = &["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"];
        vec![
            Right::look_up(&["cloudwatch:DescribeAlarms"]),
            Right::plan("AlarmRead", &["cloudwatch:ListTagsForResource"]).on(arn.clone()),
            Right::apply("AlarmChange", change).on(arn.clone()),
            Right::destroy("AlarmDelete", &["cloudwatch:DeleteAlarms"]).on(arn),
        ]
    }
}

impl Resource for Alarm {
    type Cloud = Aws;
    type State = State;
    type Output = ();
    const KIND: &'static str = "aws.cloudwatch.alarm";
    const RENAME: &'static str = "choose another `tenant`";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        let topic = self.topic.iter().map(Ref::id);
        topic.chain(self.profiles.iter().map(Ref::id)).collect()
    }

    fn desired(&self, context: &Context<'_, Aws>) -> Result<State> {
        Ok(State {
            rule: self.rule(context)?,
            actions_enabled: true,
            alarm_actions: self.actions(context)?,
            ok_actions: self.actions(context)?,
            tags: context.cloud.mark.with(&self.tags),
        })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        let cloudwatch = &context.cloud.cloudwatch;
        let arn = Self::arn(context.cloud, &self.name);
        let (found, tags) = tokio::join!(
            cloudwatch.describe_alarms().alarm_names(&self.name).send(),
            read_tags(context, &arn),
        );
        let found = found.calling("cloudwatch:DescribeAlarms")?;
        let (Some(alarm), Some(tags)) = (found.metric_alarms().first(), tags?) else {
            return Ok(None);
        };
        Ok(Some(Observed {
            owner: context.cloud.mark.owner(&tags),
            state: State {
                rule: Rule::read(alarm),
                actions_enabled: alarm.actions_enabled() == Some(true),
                alarm_actions: Known::Now(sorted(alarm.alarm_actions())),
                ok_actions: Known::Now(sorted(alarm.ok_actions())),
                tags,
            },
            output: (),
        }))
    }

    async fn create(&self, context: &Context<'_, Aws>, want: &State) -> Result<()> {
        self.put(context, want).await
    }

    async fn update(
        &self,
        context: &Context<'_, Aws>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let untagged = missing(&want.tags, &have.state.tags);
        if !untagged.is_empty() {
            tag(context, &Self::arn(context.cloud, &self.name), &untagged).await?;
        }
        self.put(context, want).await
    }

    async fn delete(&self, context: &Context<'_, Aws>, _: &Observed<Self>) -> Result<Deletion> {
        let call = context.cloud.cloudwatch.delete_alarms().alarm_names(&self.name).send();
        call.await.absent_if(&["ResourceNotFound"], "cloudwatch:DeleteAlarms")?;
        Ok(Deletion::Done)
    }
}

impl Rule {
    fn read(alarm: &MetricAlarm) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let evaluation_periods = alarm.evaluation_periods().unwrap_or_default();
        Self {
            description: text(alarm.alarm_description()),
            metrics: alarm.metrics().iter().map(Query::read).collect(),
            comparison: text(alarm.comparison_operator().map(ComparisonOperator::as_str)),
            threshold: alarm.threshold().unwrap_or_default(),
            evaluation_periods,
            datapoints_to_alarm: alarm.datapoints_to_alarm().unwrap_or(evaluation_periods),
            treat_missing_data: text(alarm.treat_missing_data().or(Some("missing"))),
        }
    }
}

impl Query {
    fn read(query: &MetricDataQuery) -> Self {
        let metric = query.metric_stat().map(|stat| {
            let metric = stat.metric();
            let dimensions = metric.map(CloudMetric::dimensions).unwrap_or_default();
            let model = dimensions.iter().find(|dimension| dimension.name() == Some(MODEL));
            Metric {
                name: metric.and_then(|it| it.metric_name()).unwrap_or_default().to_owned(),
                model: Known::Now(model.and_then(|it| it.value()).unwrap_or_default().to_owned()),
                by_id: false,
                statistic: stat.stat().unwrap_or_default().to_owned(),
                period_seconds: stat.period().unwrap_or_default(),
            }
        });
        Self {
            id: query.id().unwrap_or_default().to_owned(),
            metric,
            expression: query.expression().map(ToOwned::to_owned),
            compared: query.return_data().unwrap_or(true),
        }
    }

    fn write(&self) -> Result<MetricDataQuery> {
        let stat = self.metric.as_ref().map(|metric| {
            let model = Dimension::builder().name(MODEL).value(metric.model.now()?).build();
            let of = CloudMetric::builder().namespace(NAMESPACE).metric_name(&metric.name);
            Ok(MetricStat::builder()
                .metric(of.dimensions(model).build())
                .stat(&metric.statistic)
                .period(metric.period_seconds)
                .build())
        });
        let stat = stat.transpose()?;
        Ok(MetricDataQuery::builder()
            .id(&self.id)
            .set_metric_stat(stat)
            .set_expression(self.expression.clone())
            .return_data(self.compared)
            .build())
    }
}

/// CloudWatch's order of actions means nothing.
fn sorted(actions: &[String]) -> Vec<String> {
    let mut actions = actions.to_vec();
    actions.sort_unstable();
    actions
}

/// An alarm's or a dashboard's tags; `None` if there is no such thing.
pub(super) async fn read_tags(context: &Context<'_, Aws>, arn: &str) -> Result<Option<Tags>> {
    let call = context.cloud.cloudwatch.list_tags_for_resource().resource_arn(arn).send().await;
    let gone = ["ResourceNotFoundException", "ResourceNotFound"];
    let found = call.absent_if(&gone, "cloudwatch:ListTagsForResource")?;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok(found
        .map(|found| found.tags().iter().map(|tag| (text(tag.key()), text(tag.value()))).collect()))
}

pub(super) async fn tag(context: &Context<'_, Aws>, arn: &str, tags: &Tags) -> Result<()> {
    let call = context.cloud.cloudwatch.tag_resource().resource_arn(arn);
    let call = call.set_tags(Some(cloudwatch_tags(tags))).send();
    call.await.calling("cloudwatch:TagResource").map(drop)
}

pub(super) fn cloudwatch_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
