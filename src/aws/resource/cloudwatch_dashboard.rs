//! A CloudWatch dashboard. Its name is the account's, whatever the region.

use serde::Serialize;
use serde_json::Value;

use super::cloudwatch_alarm::{cloudwatch_tags, read_tags, tag};
use crate::{
    aws::{
        Aws, Tags,
        error::AwsResult as _,
        mark::missing,
        right::{Entitled, Right, Site},
    },
    error::{Error, Kind, Result},
    reconcile::{Context, Deletion, Observed, Resource},
};

pub struct Dashboard {
    pub name: String,
    pub body: Value,
    pub tags: Tags,
}

#[derive(Serialize)]
pub struct State {
    body: Value,
    tags: Tags,
}

impl Dashboard {
    fn arn(&self, aws: &Aws) -> String {
        let Aws { partition, account, .. } = aws;
        format!("arn:{partition}:cloudwatch::{account}:dashboard/{}", self.name)
    }

    async fn put(&self, context: &Context<'_, Aws>, want: &State) -> Result<()> {
        let call = context.cloud.cloudwatch.put_dashboard().dashboard_name(&self.name);
        let call = call.dashboard_body(want.body.to_string());
        // CloudWatch minds them only when the dashboard is new.
        let put = call.set_tags(Some(cloudwatch_tags(&want.tags))).send().await;
        let put = put.calling("cloudwatch:PutDashboard")?;
        let said = put.dashboard_validation_messages().first();
        match said.and_then(|said| said.message()) {
            None => Ok(()),
            Some(said) => {
                let message = format!("cloudwatch:PutDashboard took it, but said: {said}");
                Err(Error::new(Kind::Internal, message))
            }
        }
    }
}

impl Entitled for Dashboard {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let arn = [site.global_arn("cloudwatch", &format!("dashboard/{}", self.name))];
        let read = &["cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource"];
        let change = &["cloudwatch:PutDashboard", "cloudwatch:TagResource"];
        vec![
            Right::plan("DashboardRead", read).on(arn.clone()),
            Right::apply("DashboardChange", change).on(arn.clone()),
            Right::destroy("DashboardDelete", &["cloudwatch:DeleteDashboards"]).on(arn),
        ]
    }
}

impl Resource for Dashboard {
    type Cloud = Aws;
    type State = State;
    type Output = ();
    const KIND: &'static str = "aws.cloudwatch.dashboard";
    const RENAME: &'static str =
        "choose another `tenant`, or `bedrock.monitoring.dashboard: false`";

    fn name(&self) -> &str {
        &self.name
    }

    fn desired(&self, context: &Context<'_, Aws>) -> Result<State> {
        Ok(State { body: self.body.clone(), tags: context.cloud.mark.with(&self.tags) })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        let arn = self.arn(context.cloud);
        let (found, tags) = tokio::join!(
            context.cloud.cloudwatch.get_dashboard().dashboard_name(&self.name).send(),
            read_tags(context, &arn),
        );
        let gone = ["ResourceNotFound", "DashboardNotFoundError"];
        let found = found.absent_if(&gone, "cloudwatch:GetDashboard")?;
        let (Some(found), Some(tags)) = (found, tags?) else { return Ok(None) };
        let body = found.dashboard_body().unwrap_or_default();
        // What is no JSON stays a text, so that it differs from any wish.
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        let owner = context.cloud.mark.owner(&tags);
        Ok(Some(Observed { owner, state: State { body, tags }, output: () }))
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
            tag(context, &self.arn(context.cloud), &untagged).await?;
        }
        if want.body != have.state.body {
            self.put(context, want).await?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Aws>, _: &Observed<Self>) -> Result<Deletion> {
        let call = context.cloud.cloudwatch.delete_dashboards().dashboard_names(&self.name).send();
        let gone = ["ResourceNotFound", "DashboardNotFoundError"];
        call.await.absent_if(&gone, "cloudwatch:DeleteDashboards")?;
        Ok(Deletion::Done)
    }
}
