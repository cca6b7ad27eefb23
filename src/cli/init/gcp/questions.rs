//! The questions, each with what the project offers and what the file has.

use std::{cmp::Reverse, fmt::Display, str::FromStr};

use super::{
    super::typed::{checked, label, many, one_of, perhaps, read},
    given::{Amount, Days, Given, Whole},
};
use crate::{
    claude::vertex::{self, CATALOGUE, Life},
    config::{
        ProjectId, VertexConfig, VertexLocation, VertexModel,
        vertex::{BillingAccount, Budget, DataLocation},
    },
    error::Result,
    gcp::UsableSubnet,
    ui::Ui,
};

/// What is known of the project. `None` where nothing could be looked up.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub models: Option<Vec<String>>,
    pub subnets: Option<Vec<UsableSubnet>>,
    pub keys: Option<Vec<String>>,
    pub billing_account: Option<BillingAccount>,
}

pub(super) fn project(ui: &Ui, likely: Option<&ProjectId>) -> Result<ProjectId> {
    let likely = likely.map_or("", ProjectId::as_str);
    read(&ui.type_in("project", likely, &checked::<ProjectId>)?)
}

pub(super) fn location(ui: &Ui, likely: Option<&VertexLocation>) -> Result<VertexLocation> {
    let question = "where Claude is called (us, eu, global or a region)";
    let likely = likely.map_or("us", VertexLocation::as_str);
    read(&ui.type_in(question, likely, &checked::<VertexLocation>)?)
}

pub(super) fn data_location(
    ui: &Ui,
    location: &VertexLocation,
    there: bool,
    config: &mut VertexConfig,
) -> Result<()> {
    let default = config.data_location(location);
    let question = "region of what is stored";
    let typed = read(&ui.type_in(question, default.as_str(), &checked::<DataLocation>)?)?;
    // What a file leaves out and stays as it is need not be written down.
    if !there || typed != default {
        config.vertex_ai.data_location = Some(typed);
    }
    Ok(())
}

/// Asks what is not given.
pub(super) fn ask(ui: &Ui, given: &Given, known: &Known, config: &mut VertexConfig) -> Result<()> {
    let vertex = &mut config.vertex_ai;
    let offered = offered(known);
    let (other, models) = ("its id", offered.as_slice());
    if given.model.is_none() {
        let now = &mut vertex.model_name;
        *now = one_of(ui, "model to work with", models, now, other)?;
    }
    if given.small.is_none() {
        let now = &mut vertex.small_fast_model_name;
        *now = one_of(ui, "model for small background tasks", models, now, other)?;
    }
    if given.subnet.is_none() {
        let offered = known.subnets.iter().flatten().map(|subnet| {
            (subnet.path.clone(), format!("{}  {}", subnet.network, subnet.addresses))
        });
        let question = "subnet from which Google's APIs are reached privately";
        let none = "none: over the internet";
        let offered: Vec<_> = offered.collect();
        vertex.subnet = perhaps_one_of(ui, (question, none), &offered, vertex.subnet.as_ref())?;
    }
    if given.kms_key.is_none() {
        let offered = known.keys.iter().flatten().map(|key| (key.clone(), String::new()));
        let offered: Vec<_> = offered.collect();
        let now = &mut vertex.encryption_spec.kms_key_name;
        let question = "KMS key of the logs";
        *now = perhaps_one_of(ui, (question, "none: one is made"), &offered, now.as_ref())?;
    }
    if given.retention.is_none() {
        let days = &mut vertex.logging.retention_days;
        let question = "days that the log is kept";
        let typed = ui.type_in(question, &days.to_string(), &checked::<Days>)?;
        let Whole(typed): Days = read(&typed)?;
        *days = typed;
    }
    people(ui, given, config)?;
    budget(ui, given, known, config)
}

fn people(ui: &Ui, given: &Given, config: &mut VertexConfig) -> Result<()> {
    let vertex = &mut config.vertex_ai;
    if given.members.is_none() {
        let question = "who may call the models (group:NAME@HOST, user:..., or none)";
        many(ui, question, &mut vertex.access.members)?;
    }
    if given.impersonators.is_none() {
        let question = "who may act as the service account (as above, or none)";
        many(ui, question, &mut vertex.service_account.impersonators)?;
    }
    if given.notify.is_none() {
        let question = "who is told of alarms (email:NAME@HOST, https://...; or none)";
        many(ui, question, &mut vertex.monitoring.notify)?;
    }
    Ok(())
}

fn budget(ui: &Ui, given: &Given, known: &Known, config: &mut VertexConfig) -> Result<()> {
    let budget = &mut config.vertex_ai.monitoring.budget;
    if given.budget.is_some() {
        return Ok(());
    }
    let now: Option<Amount> = budget.as_ref().map(|budget| Whole(budget.monthly_amount));
    let question = "monthly budget, in the billing account's currency (or none)";
    let amount: Option<Amount> = perhaps(ui, question, now.as_ref())?;
    match (amount, budget.as_mut()) {
        (None, _) => *budget = None,
        (Some(Whole(amount)), Some(budget)) => budget.monthly_amount = amount,
        (Some(Whole(amount)), None) => {
            let account = given.billing_account.as_ref().or(known.billing_account.as_ref());
            let account = match account {
                Some(account) => account.clone(),
                None => read(&ui.type_in(
                    "which billing account pays",
                    "",
                    &checked::<BillingAccount>,
                )?)?,
            };
            *budget = Some(Budget::new(account, amount));
        }
    }
    Ok(())
}

/// The models that Vertex AI has, or those that it should have; new ones first.
fn offered(known: &Known) -> Vec<(String, String)> {
    let current = |model: &&vertex::Model| matches!(model.life, Life::Current { .. });
    let catalogue = CATALOGUE.iter().filter(current).map(|model| model.id.to_owned());
    let mut models: Vec<String> = match &known.models {
        None => catalogue.collect(),
        Some(names) => names.iter().filter_map(|name| id_of(name)).collect(),
    };
    models.sort_by_key(|id| {
        let age = CATALOGUE.iter().position(|model| model.id == id);
        Reverse(age.unwrap_or(CATALOGUE.len()))
    });
    models.into_iter().map(|id| (id, String::new())).collect()
}

/// The id by which a model is called; none of one that answers no more.
fn id_of(name: &str) -> Option<String> {
    let id: VertexModel = name.parse().ok()?;
    match vertex::known(&id) {
        Some(vertex::Model { life: Life::Retired { .. }, .. }) => None,
        Some(model) => Some(model.id.to_owned()),
        None => Some(name.to_owned()),
    }
}

/// One of those that are offered, another one, or none.
fn perhaps_one_of<T>(
    ui: &Ui,
    (question, none): (&str, &str),
    offered: &[(String, String)],
    now: Option<&T>,
) -> Result<Option<T>>
where
    T: FromStr<Err: Display> + ToString,
{
    if offered.is_empty() {
        return perhaps(ui, &format!("{question} (its name, or {none})"), now);
    }
    let mut ids: Vec<String> = offered.iter().map(|(id, _)| id.clone()).collect();
    let mut items = vec![none.to_owned()];
    items.extend(offered.iter().map(|(id, name)| label(id, name)));
    let at = match now.map(ToString::to_string) {
        None => 0,
        Some(now) => ids.iter().position(|id| *id == now).map_or_else(
            || {
                ids.push(now.clone());
                items.push(now);
                items.len() - 1
            },
            |at| at + 1,
        ),
    };
    items.push("another one".into());
    match ui.choose(question, &items, at)? {
        0 => Ok(None),
        chosen => match ids.get(chosen - 1) {
            Some(id) => read(id).map(Some),
            None => perhaps(ui, "its name, or none", now),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_vertex_ai_has_is_offered_new_ones_first_and_what_is_retired_not_at_all() {
        let models = [
            "claude-haiku-4-5",
            "claude-3-opus",
            "claude-opus-5-5",
            "claude-newer-9",
            "not a model",
        ];
        let models = Some(models.map(ToOwned::to_owned).to_vec());
        let offered = offered(&Known { models, ..Known::default() });
        let ids: Vec<&str> = offered.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["claude-newer-9", "claude-opus-5-5", "claude-haiku-4-5@20251001"]);
    }
}
