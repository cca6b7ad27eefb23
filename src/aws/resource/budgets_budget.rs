//! A monthly budget, of which the tenant's topic is told. Budgets are the account's, whatever the
//! region, so that the region is in the name.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_budgets::types::{
    Budget as CloudBudget, BudgetType, ComparisonOperator, Expression, Notification,
    NotificationType, NotificationWithSubscribers, ResourceTag, Spend, Subscriber,
    SubscriptionType, TagValues, ThresholdType, TimeUnit,
};
use serde::Serialize;

use super::TopicOutput;
use crate::{
    aws::{
        Aws, Tags,
        error::AwsResult as _,
        mark::missing,
        right::{Entitled, Right, Site},
    },
    error::{Error, Kind, Result},
    reconcile::{Context, Deletion, Known, Observed, Ref, Resource, ResourceId},
};

const GONE: [&str; 1] = ["NotFoundException"];

pub struct Budget {
    pub name: String,
    pub monthly_usd: u32,
    /// At which shares of it the topic is told.
    pub percents: BTreeSet<u32>,
    /// Only what carries this tag of cost allocation, with this value; `None` for the whole account.
    pub only_tagged: Option<(String, String)>,
    /// `None` where the budget is not wanted.
    pub topic: Option<Ref<TopicOutput>>,
    pub tags: Tags,
}

#[derive(Serialize)]
pub struct State {
    monthly_usd: f64,
    only_tagged: Option<(String, String)>,
    /// By share: who is told.
    told: Known<BTreeMap<u32, Vec<String>>>,
    /// Shares at which somebody is told, ours or not.
    percents: BTreeSet<u32>,
    tags: Tags,
}

impl Budget {
    fn arn(&self, aws: &Aws) -> String {
        let Aws { partition, account, .. } = aws;
        format!("arn:{partition}:budgets::{account}:budget/{}", self.name)
    }

    fn budget(&self, want: &State) -> Result<CloudBudget> {
        let spend = Spend::builder().amount(self.monthly_usd.to_string()).unit("USD").build();
        let filter = want.only_tagged.as_ref().map(|(key, value)| {
            let tag = TagValues::builder().key(key).values(value).build();
            Expression::builder().tags(tag).build()
        });
        CloudBudget::builder()
            .budget_name(&self.name)
            .budget_type(BudgetType::Cost)
            .time_unit(TimeUnit::Monthly)
            .budget_limit(spend.map_err(incomplete)?)
            .set_filter_expression(filter)
            .build()
            .map_err(incomplete)
    }

    async fn told(&self, context: &Context<'_, Aws>) -> Result<BTreeMap<u32, Vec<String>>> {
        let Aws { budgets, account, .. } = context.cloud;
        let call = budgets.describe_notifications_for_budget().account_id(account);
        let found = call.budget_name(&self.name).send().await;
        let found = found.absent_if(&GONE, "budgets:ViewBudget")?;
        let notifications = found.and_then(|found| found.notifications).unwrap_or_default();
        let ours = notifications.into_iter().filter_map(|it| Some((share(&it)?, it)));
        let asked = ours.map(|(percent, notification)| async move {
            let call = budgets.describe_subscribers_for_notification().account_id(account);
            let call = call.budget_name(&self.name).notification(notification).send().await;
            let found = call.absent_if(&GONE, "budgets:ViewBudget")?;
            let subscribers = found.and_then(|found| found.subscribers).unwrap_or_default();
            let mut who: Vec<String> =
                subscribers.iter().map(|subscriber| subscriber.address().to_owned()).collect();
            who.sort_unstable();
            Ok((percent, who))
        });
        futures::future::try_join_all(asked).await.map(|told| told.into_iter().collect())
    }

    async fn stop_telling(&self, context: &Context<'_, Aws>, percent: u32) -> Result<()> {
        let Aws { budgets, account, .. } = context.cloud;
        let call = budgets.delete_notification().account_id(account).budget_name(&self.name);
        let call = call.notification(notification(percent)?).send();
        call.await.absent_if(&GONE, "budgets:ModifyBudget").map(drop)
    }

    async fn tell(&self, context: &Context<'_, Aws>, percent: u32, who: &[String]) -> Result<()> {
        let Aws { budgets, account, .. } = context.cloud;
        let call = budgets.create_notification().account_id(account).budget_name(&self.name);
        let call = call.notification(notification(percent)?);
        let call = call.set_subscribers(Some(subscribers(who)?)).send();
        call.await.absent_if(&["DuplicateRecordException"], "budgets:ModifyBudget").map(drop)
    }
}

/// The share of a notification that is like ours; what was spent, not what may be.
fn share(notification: &Notification) -> Option<u32> {
    let ours = *notification.notification_type() == NotificationType::Actual
        && *notification.comparison_operator() == ComparisonOperator::GreaterThan
        && matches!(notification.threshold_type(), None | Some(ThresholdType::Percentage));
    let whole = format!("{:.0}", notification.threshold());
    whole.parse().ok().filter(|_| ours)
}

fn notification(percent: u32) -> Result<Notification> {
    Notification::builder()
        .notification_type(NotificationType::Actual)
        .comparison_operator(ComparisonOperator::GreaterThan)
        .threshold(f64::from(percent))
        .threshold_type(ThresholdType::Percentage)
        .build()
        .map_err(incomplete)
}

fn subscribers(who: &[String]) -> Result<Vec<Subscriber>> {
    let subscriber = |address: &String| {
        let kind = Subscriber::builder().subscription_type(SubscriptionType::Sns);
        kind.address(address).build().map_err(incomplete)
    };
    who.iter().map(subscriber).collect()
}

fn budget_tags(tags: &Tags) -> Result<Vec<ResourceTag>> {
    let tag = |(key, value): (&String, &String)| {
        ResourceTag::builder().key(key).value(value).build().map_err(incomplete)
    };
    tags.iter().map(tag).collect()
}

fn incomplete(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Internal, "a budget lacks a part").caused_by(error)
}

impl Entitled for Budget {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let Site { partition, account, .. } = site;
        let arn = [format!("arn:{partition}:budgets::{account}:budget/{}", self.name)];
        let read = &["budgets:ListTagsForResource", "budgets:ViewBudget"];
        // One action is for all: making, changing and deleting, and notifications as well.
        let keep = &["budgets:ModifyBudget"];
        vec![
            Right::plan("BudgetRead", read).on(arn.clone()),
            Right::remove("BudgetKeep", keep).on(arn.clone()),
            Right::apply("BudgetTag", &["budgets:TagResource"]).on(arn),
        ]
    }
}

impl Resource for Budget {
    type Cloud = Aws;
    type State = State;
    type Output = ();
    const KIND: &'static str = "aws.budgets.budget";
    const RENAME: &'static str =
        "choose another `tenant`, or leave `bedrock.monitoring.budget` out";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        self.topic.iter().map(Ref::id).collect()
    }

    fn desired(&self, context: &Context<'_, Aws>) -> Result<State> {
        let by_share = |arn: String| {
            self.percents.iter().map(|percent| (*percent, vec![arn.clone()])).collect()
        };
        let told = match &self.topic {
            Some(topic) => context.known(topic, |topic| by_share(topic.arn))?,
            None => Known::Now(BTreeMap::new()),
        };
        Ok(State {
            monthly_usd: f64::from(self.monthly_usd),
            only_tagged: self.only_tagged.clone(),
            told,
            percents: self.percents.clone(),
            tags: context.cloud.mark.with(&self.tags),
        })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        let Aws { budgets, account, .. } = context.cloud;
        let arn = self.arn(context.cloud);
        let (found, tags, told) = tokio::join!(
            budgets
                .describe_budget()
                .account_id(account)
                .budget_name(&self.name)
                .show_filter_expression(true)
                .send(),
            budgets.list_tags_for_resource().resource_arn(arn).send(),
            self.told(context),
        );
        let found = found.absent_if(&GONE, "budgets:ViewBudget")?;
        let gone = ["NotFoundException", "ResourceNotFoundException"];
        let tags = tags.absent_if(&gone, "budgets:ListTagsForResource")?;
        let Some(budget) = found.and_then(|found| found.budget) else { return Ok(None) };
        let tags = tags.and_then(|tags| tags.resource_tags).unwrap_or_default();
        let tags: Tags = tags.iter().map(|tag| (tag.key().into(), tag.value().into())).collect();
        let amount = budget.budget_limit().and_then(|limit| limit.amount().parse().ok());
        let tag = budget.filter_expression().and_then(Expression::tags);
        let only_tagged =
            tag.and_then(|tag| Some((tag.key()?.into(), tag.values().first()?.into())));
        let told = told?;
        Ok(Some(Observed {
            owner: context.cloud.mark.owner(&tags),
            state: State {
                monthly_usd: amount.unwrap_or_default(),
                only_tagged,
                percents: told.keys().copied().collect(),
                told: Known::Now(told),
                tags,
            },
            output: (),
        }))
    }

    async fn create(&self, context: &Context<'_, Aws>, want: &State) -> Result<()> {
        let Aws { budgets, account, .. } = context.cloud;
        let mut call = budgets.create_budget().account_id(account).budget(self.budget(want)?);
        for (percent, who) in want.told.now()? {
            let told = NotificationWithSubscribers::builder()
                .notification(notification(*percent)?)
                .set_subscribers(Some(subscribers(who)?));
            call = call.notifications_with_subscribers(told.build().map_err(incomplete)?);
        }
        let call = call.set_resource_tags(Some(budget_tags(&want.tags)?)).send();
        call.await.calling("budgets:ModifyBudget").map(drop)
    }

    async fn update(
        &self,
        context: &Context<'_, Aws>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let (Aws { budgets, account, .. }, have) = (context.cloud, &have.state);
        let untagged = missing(&want.tags, &have.tags);
        if !untagged.is_empty() {
            let call = budgets.tag_resource().resource_arn(self.arn(context.cloud));
            let call = call.set_resource_tags(Some(budget_tags(&untagged)?)).send();
            call.await.calling("budgets:TagResource")?;
        }
        let spent_otherwise = (want.monthly_usd - have.monthly_usd).abs() > 0.001;
        if spent_otherwise || want.only_tagged != have.only_tagged {
            let call = budgets.update_budget().account_id(account).new_budget(self.budget(want)?);
            call.send().await.calling("budgets:ModifyBudget")?;
        }
        let (want, have) = (want.told.now()?, have.told.now()?);
        for (percent, _) in have.iter().filter(|(percent, who)| want.get(percent) != Some(who)) {
            self.stop_telling(context, *percent).await?;
        }
        for (percent, who) in want.iter().filter(|(percent, who)| have.get(percent) != Some(who)) {
            self.tell(context, *percent, who).await?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Aws>, _: &Observed<Self>) -> Result<Deletion> {
        let Aws { budgets, account, .. } = context.cloud;
        let call = budgets.delete_budget().account_id(account).budget_name(&self.name).send();
        call.await.absent_if(&GONE, "budgets:ModifyBudget")?;
        Ok(Deletion::Done)
    }
}
