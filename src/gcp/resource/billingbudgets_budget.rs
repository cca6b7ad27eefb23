//! A monthly budget for the project, on the billing account that pays for it.
//!
//! Budgets have neither labels nor names that we could choose, so that one of ours is known by what
//! it is called. It tells people and stops nothing: a cap that stops the project is a decision for
//! its owner. The account is mostly another team's, which is why a refusal says what to ask for.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    NotificationChannelOutput,
    monitoring_named::{shaped, text},
    monitoring_notification_channel::digits,
};
use crate::{
    error::{Error, Kind, Result},
    gcp::{
        Gcp,
        error::{Answered as _, Failure},
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Known, Observed, Owner, Ref, Resource, ResourceId},
};

pub struct Budget {
    /// How it is called, in at most sixty characters: see [`Budget::called`].
    pub name: String,
    /// `012345-6789AB-CDEF01`.
    pub billing_account: String,
    /// In whole units of the account's currency.
    pub monthly_amount: u32,
    /// At which shares of it somebody is told.
    pub percents: BTreeSet<u32>,
    /// Up to five, by e-mail.
    pub channels: Vec<Ref<NotificationChannelOutput>>,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    amount: String,
    /// By the project's number.
    filter: Value,
    /// In percent of the amount, by what is spent.
    percents: BTreeSet<u32>,
    channels: Known<BTreeSet<String>>,
    /// What it has besides, so that a change keeps it.
    #[serde(skip)]
    found: Value,
}

#[derive(Clone, Debug)]
pub struct BudgetOutput {
    /// `billingAccounts/A/budgets/UUID`.
    pub name: String,
}

const MASK: &str = "amount,budgetFilter,notificationsRule,thresholdRules";
const LONGEST_NAME: usize = 60;

impl Budget {
    /// How the budget of a tenant is called. Of a longer name the end is a hash of all of it: one
    /// billing account pays for many projects.
    pub fn called(tenant: &str, project: &str) -> String {
        let name = format!("groundwork {tenant} {project}");
        if name.len() <= LONGEST_NAME {
            return name;
        }
        let [a, b, c, d, ..] = Sha256::digest(name.as_bytes()).0;
        let begin: String = name.chars().take(LONGEST_NAME - 9).collect();
        format!("{begin}-{a:02x}{b:02x}{c:02x}{d:02x}")
    }

    fn parent(&self) -> String {
        format!("v1/billingAccounts/{}/budgets", self.billing_account)
    }

    /// All that are called like it, in order of their names.
    async fn list(&self, context: &Context<'_, Gcp>) -> Result<Vec<Value>> {
        let call = "billingbudgets.billingAccounts.budgets.list";
        let list = context.cloud.rest.get(call, self.parent()).list("budgets").await;
        let mut all: Vec<Value> = list.map_err(|failure| self.refused(failure))?;
        all.retain(|found| text(found, "/displayName") == self.name);
        all.sort_by_cached_key(|found| text(found, "/name"));
        Ok(all)
    }

    async fn remove(&self, context: &Context<'_, Gcp>, found: &Value) -> Result<()> {
        let call = "billingbudgets.billingAccounts.budgets.delete";
        let path = format!("v1/{}", text(found, "/name"));
        match context.cloud.rest.delete(call, path).send::<Value>().await {
            Err(failure) if !failure.code_is(&[404]) => Err(self.refused(failure)),
            deleted => deleted.absent().map(drop),
        }
    }

    fn refused(&self, failure: Failure) -> Error {
        let error = failure.into_error();
        if error.kind() != Kind::Denied {
            return error;
        }
        let account = &self.billing_account;
        error
            .hint(format!(
                "whoever administers the billing account can give it: gcloud billing accounts \
                 add-iam-policy-binding {account} --member=MEMBER --role=roles/billing.costsManager"
            ))
            .hint("or take `vertex_ai.monitoring.budget` out of the configuration")
    }

    /// As the API takes it, on top of what is there.
    fn body(&self, context: &Context<'_, Gcp>, want: &State, found: &Value) -> Result<Value> {
        let rules: Vec<Value> = want.percents.iter().map(|percent| rule(*percent)).collect();
        let mut told = found.get("notificationsRule").cloned().unwrap_or_else(|| json!({}));
        let mut names = BTreeSet::new();
        for channel in &self.channels {
            names.insert(context.get(channel)?.name);
        }
        if let Some(told) = told.as_object_mut() {
            told.insert("monitoringNotificationChannels".into(), json!(names));
        }
        let mut body = json!({
            "displayName": self.name,
            "budgetFilter": want.filter,
            "amount": { "specifiedAmount": { "units": want.amount } },
            "thresholdRules": rules,
            "notificationsRule": told,
        });
        if let (Some(fields), Some(etag)) = (body.as_object_mut(), found.get("etag")) {
            fields.insert("etag".into(), etag.clone());
        }
        Ok(body)
    }
}

fn rule(percent: u32) -> Value {
    json!({ "thresholdPercent": f64::from(percent) / 100.0, "spendBasis": "CURRENT_SPEND" })
}

fn filter(gcp: &Gcp) -> Value {
    json!({
        "projects": [format!("projects/{}", gcp.project.number)],
        "calendarPeriod": "MONTH",
    })
}

/// Units and, where somebody has set them, billionths.
fn amount(found: &Value) -> String {
    let units = text(found, "/amount/specifiedAmount/units");
    let nanos = found.pointer("/amount/specifiedAmount/nanos").and_then(Value::as_i64);
    match nanos.unwrap_or_default() {
        0 => units,
        nanos => format!("{units}.{nanos:09}"),
    }
}

/// The shares at which somebody is told of what is spent.
fn percents(found: &Value) -> BTreeSet<u32> {
    let rules = found.get("thresholdRules").and_then(Value::as_array).into_iter().flatten();
    let spent = rules.filter(|rule| text(rule, "/spendBasis") != "FORECASTED_SPEND");
    let share = |rule: &Value| {
        let whole = format!("{:.0}", rule.get("thresholdPercent")?.as_f64()? * 100.0);
        whole.parse().ok()
    };
    spent.filter_map(share).collect()
}

impl Entitled for Budget {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["billing.budgets.get", "billing.budgets.list"],
            // Deleted is one too many, where two run at the same time.
            apply: &["billing.budgets.create", "billing.budgets.delete", "billing.budgets.update"],
            destroy: &["billing.budgets.delete"],
        }
    }
}

impl Resource for Budget {
    type Cloud = Gcp;
    type State = State;
    type Output = BudgetOutput;
    const KIND: &'static str = "gcp.billingbudgets.budget";
    const RENAME: &'static str = "choose another `tenant`";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        [self.services.id()].into_iter().chain(self.channels.iter().map(Ref::id)).collect()
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        let mut told = BTreeSet::new();
        let mut later = None;
        for it in &self.channels {
            match context.known(it, |it| digits(&it.name))? {
                Known::Now(name) => drop(told.insert(name)),
                Known::Later { after } => later = Some(after),
            }
        }
        Ok(State {
            amount: self.monthly_amount.to_string(),
            filter: filter(context.cloud),
            percents: self.percents.clone(),
            channels: later.map_or(Known::Now(told), |after| Known::Later { after }),
            found: Value::Null,
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let found = self.list(context).await?;
        Ok(found.into_iter().next().map(|found| {
            let told = found.pointer("/notificationsRule/monitoringNotificationChannels");
            let told = told.and_then(Value::as_array).into_iter().flatten();
            let told = told.filter_map(Value::as_str).map(digits).collect();
            let filters = found.get("budgetFilter").unwrap_or(&Value::Null);
            Observed {
                output: BudgetOutput { name: text(&found, "/name") },
                state: State {
                    amount: amount(&found),
                    filter: shaped(filters, &filter(context.cloud)),
                    percents: percents(&found),
                    channels: Known::Now(told),
                    found,
                },
                owner: Owner::Us,
            }
        }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<BudgetOutput> {
        if let Some(found) = self.list(context).await?.first() {
            let message = format!("`{}` is there already", text(found, "/name"));
            return Err(Error::new(Kind::Exists, message));
        }
        let body = self.body(context, want, &Value::Null)?;
        let call = "billingbudgets.billingAccounts.budgets.create";
        let create = context.cloud.rest.post(call, self.parent()).once().json(body);
        let made: Value = create.send().await.map_err(|failure| self.refused(failure))?;
        let name = text(&made, "/name");
        // Two runs at the same time make two, of which both leave the same.
        let all = self.list(context).await?;
        for surplus in all.iter().skip(1) {
            self.remove(context, surplus).await?;
        }
        match all.first().map(|first| text(first, "/name")) {
            Some(first) if first != name => {
                Err(Error::new(Kind::Exists, format!("another run has made `{first}`")))
            }
            _ => Ok(BudgetOutput { name }),
        }
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let body = self.body(context, want, &have.state.found)?;
        let call = "billingbudgets.billingAccounts.budgets.patch";
        let patch = context.cloud.rest.patch(call, format!("v1/{}", have.output.name));
        let patch = patch.query("updateMask", MASK).json(body);
        patch.send::<Value>().await.map(drop).map_err(|failure| self.refused(failure))
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        for found in self.list(context).await? {
            self.remove(context, &found).await?;
        }
        Ok(Deletion::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_read_back() {
        let found = json!({
            "amount": {"specifiedAmount": {"units": "500", "currencyCode": "EUR"}},
            "thresholdRules": [rule(7), rule(50), rule(100),
                {"thresholdPercent": 0.9, "spendBasis": "FORECASTED_SPEND"}],
        });
        assert_eq!(percents(&found), BTreeSet::from([7, 50, 100]));
        assert_eq!(amount(&found), "500");
    }

    #[test]
    fn a_budget_is_called_what_the_api_takes() {
        assert_eq!(Budget::called("t", "p"), "groundwork t p");
        assert_eq!(Budget::called(&"t".repeat(60), "p").chars().count(), LONGEST_NAME);
    }
}
