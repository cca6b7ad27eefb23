//! The questions, each with what the account offers and what the file has.

use std::cmp::Reverse;

use super::{
    super::{
        answers::NONE,
        typed::{checked, label, many, none_or, one_of, perhaps, read},
    },
    given::{Given, GivenOidc, network},
};
use crate::{
    aws::{Named, Network},
    claude::model::{self, CATALOGUE, Life},
    config::{AccountId, Config, ModelId, Region, RetentionDays},
    error::Result,
    ui::Ui,
};

/// What is known of the account. `None` where nothing could be looked up.
#[derive(Debug)]
pub(super) struct Known {
    pub region: Region,
    pub account: Option<AccountId>,
    pub models: Option<Vec<Named>>,
    pub networks: Option<Vec<Network>>,
}

impl Known {
    pub(super) fn nothing(region: &Region) -> Self {
        Self { region: region.clone(), account: None, models: None, networks: None }
    }
}

/// Asks what is not given.
pub(super) fn ask(ui: &Ui, given: &Given, known: &Known, config: &mut Config) -> Result<()> {
    if let Some(account) = &known.account
        && given.account.is_none()
    {
        self::account(ui, account, config)?;
    }
    models(ui, given, known, config)?;
    if given.subnets.is_none() && given.groups.is_none() {
        network_of(ui, known, config)?;
    }
    if given.kms_key.is_none() {
        let key = &mut config.bedrock.encryption.kms_key_id;
        let question = "KMS key of the logs (ARN, id or alias/NAME; none: one is made)";
        *key = perhaps(ui, question, key.as_ref())?;
    }
    if given.retention.is_none() {
        let days = &mut config.bedrock.logging.retention_days;
        let offered: Vec<RetentionDays> = RetentionDays::offered().collect();
        let items: Vec<String> = offered.iter().map(ToString::to_string).collect();
        let at = offered.iter().position(|offered| offered == days).unwrap_or_default();
        let chosen = ui.choose("days that the log is kept", &items, at)?;
        *days = offered.get(chosen).copied().unwrap_or(*days);
    }
    if given.trust.is_none() {
        let question = "who may take the role (ARNs; none: whom the account lets)";
        many(ui, question, &mut config.bedrock.access.trusted_principals)?;
    }
    if !given.oidc.anything() {
        oidc(ui, config)?;
    }
    if given.notify.is_none() {
        let question = "who is told of alarms (email:NAME@HOST, https://...; or none)";
        many(ui, question, &mut config.bedrock.monitoring.notify)?;
    }
    Ok(())
}

pub(super) fn region(ui: &Ui, default: &str) -> Result<Region> {
    read(&ui.type_in("region", default, &checked::<Region>)?)
}

fn account(ui: &Ui, account: &AccountId, config: &mut Config) -> Result<()> {
    match &config.account_id {
        Some(of_file) if of_file != account => {
            let message = format!("the file is for account {of_file}, and you are signed in to");
            ui.warning(&format!("{message} {account}"), Some("change it with --account-id"));
        }
        Some(_) => ui.note(&format!("account {account}")),
        None => {
            let question = format!("refuse any other account than {account}?");
            if ui.agree(&question, true)? {
                config.account_id = Some(account.clone());
            }
        }
    }
    Ok(())
}

fn models(ui: &Ui, given: &Given, known: &Known, config: &mut Config) -> Result<()> {
    let offered: Vec<(String, String)> =
        offered(known).into_iter().map(|named| (named.id, named.name)).collect();
    let (now, _) = model::resolve(config, &known.region);
    let bedrock = &mut config.bedrock;
    let ask = |question, now: &mut Option<ModelId>, default: ModelId| {
        let shown = now.as_ref().unwrap_or(&default);
        let chosen = one_of(ui, question, &offered, shown, "its id or ARN")?;
        // What is left out and stays as it is need not be written down.
        if now.is_some() || chosen != default {
            *now = Some(chosen);
        }
        Ok(())
    };
    if given.model.is_none() {
        ask("model to work with", &mut bedrock.model_id, now.main)?;
    }
    if given.small.is_none() {
        let small = &mut bedrock.small_fast_model_id;
        ask("model for small background tasks", small, now.small)?;
    }
    Ok(())
}

/// The account's inference profiles, or those that should be there; the region's own and new ones
/// first.
fn offered(known: &Known) -> Vec<Named> {
    let prefix = model::prefix_of(&known.region);
    let mut models = known.models.clone().unwrap_or_else(|| {
        let current = CATALOGUE.iter().filter(|model| matches!(model.life, Life::Current { .. }));
        let id = |model: &model::Model| ModelId::system_profile(prefix, model.id).to_string();
        current.map(|model| Named { id: id(model), name: String::new() }).collect()
    });
    models.sort_by_key(|named| {
        let (geography, id) = named.id.split_once('.').unwrap_or_default();
        let age = CATALOGUE.iter().position(|model| model.id == id);
        (geography != prefix, Reverse(age.unwrap_or(CATALOGUE.len())))
    });
    models
}

fn network_of(ui: &Ui, known: &Known, config: &mut Config) -> Result<()> {
    let vpc = config.bedrock.vpc_config.clone().unwrap_or_default();
    let (mut subnets, mut groups) = (vpc.subnet_ids, vpc.security_group_ids);
    let Some(networks) = &known.networks else {
        many(ui, "subnets for private access (ids, or none)", &mut subnets)?;
        if subnets.is_empty() {
            groups.clear();
        } else {
            many(ui, "security groups for private access (ids)", &mut groups)?;
        }
        network(config, Some(subnets), Some(groups));
        return Ok(());
    };
    let is_here = |network: &Network| {
        network.subnets.iter().any(|there| subnets.iter().any(|id| id.as_str() == there.subnet.id))
    };
    let at = networks.iter().position(is_here).map_or(0, |at| at + 1);
    let mut items = vec!["none: over the internet".to_owned()];
    items.extend(networks.iter().map(|network| {
        let count = network.subnets.len();
        format!("{}  {}  {count} subnets", named(&network.vpc), network.addresses)
    }));
    let chosen = ui.choose("VPC from which Bedrock is reached privately", &items, at)?;
    let Some(chosen) = chosen.checked_sub(1).and_then(|at| networks.get(at)) else {
        network(config, Some(Vec::new()), Some(Vec::new()));
        return Ok(());
    };
    let had: Vec<&str> = subnets.iter().map(AsRef::as_ref).collect();
    let picked = zones(ui, chosen, &had)?;
    let had: Vec<&str> = groups.iter().map(AsRef::as_ref).collect();
    let picked_groups = if picked.is_empty() { Vec::new() } else { guards(ui, chosen, &had)? };
    let picked: Result<Vec<_>> = picked.iter().map(|id| read(id)).collect();
    let picked_groups: Result<Vec<_>> = picked_groups.iter().map(|id| read(id)).collect();
    network(config, Some(picked?), Some(picked_groups?));
    Ok(())
}

/// Subnets, at most one in each zone.
fn zones(ui: &Ui, network: &Network, had: &[&str]) -> Result<Vec<String>> {
    let items: Vec<(String, bool)> = network
        .subnets
        .iter()
        .map(|there| {
            let text = format!("{}  {}  {}", named(&there.subnet), there.zone, there.addresses);
            (text, had.contains(&there.subnet.id.as_str()))
        })
        .collect();
    loop {
        let chosen = ui.choose_any("subnets, one in each zone", &items)?;
        let chosen: Vec<_> = chosen.into_iter().filter_map(|at| network.subnets.get(at)).collect();
        let zone_of = |at: usize| chosen.get(at).map(|subnet| &subnet.zone);
        match (1..chosen.len()).find(|at| (0..*at).any(|other| zone_of(other) == zone_of(*at))) {
            None => return Ok(chosen.into_iter().map(|there| there.subnet.id.clone()).collect()),
            Some(at) => {
                let zone = zone_of(at).map_or("", String::as_str);
                ui.note(&format!("two of them are in {zone}: an endpoint takes one for each zone"));
            }
        }
    }
}

/// Security groups, at least one.
fn guards(ui: &Ui, network: &Network, had: &[&str]) -> Result<Vec<String>> {
    let item = |group: &Named| (named(group), had.contains(&group.id.as_str()));
    let items: Vec<(String, bool)> = network.groups.iter().map(item).collect();
    loop {
        let chosen = ui.choose_any("security groups, which let HTTPS in", &items)?;
        let chosen = chosen.into_iter().filter_map(|at| network.groups.get(at));
        let ids: Vec<String> = chosen.map(|group| group.id.clone()).collect();
        if !ids.is_empty() {
            return Ok(ids);
        }
        ui.note("an endpoint needs one at least");
    }
}

fn oidc(ui: &Ui, config: &mut Config) -> Result<()> {
    let oidc = &mut config.bedrock.access.oidc;
    let now = oidc.clone().unwrap_or_default();
    let default = if now.issuer.is_empty() { NONE } else { now.issuer.as_str() };
    let is_address = |text: &str| {
        let host = text.strip_prefix("https://").unwrap_or_default();
        let right = !host.is_empty() && !host.contains([' ', '?', '#']);
        if right {
            Ok(())
        } else {
            Err("must be an address such as `https://idp.example.com`".into())
        }
    };
    let question = "identity provider of the developers (OIDC issuer, or none)";
    let issuer = ui.type_in(question, default, &|text| none_or(text, &is_address))?;
    let mut given =
        GivenOidc { issuer: Some(issuer.clone()), clients: None, groups: None, subjects: None };
    if issuer != NONE {
        let some = |text: &str| {
            if words(text).is_empty() { Err("must name one at least".to_owned()) } else { Ok(()) }
        };
        let clients = now.client_ids.join(", ");
        let clients = ui.type_in("its client ids (divided by commas)", &clients, &some)?;
        given.clients = Some(words(&clients));
        let question = "groups that may take the role (divided by commas, or none)";
        let groups = if now.groups.is_empty() { NONE.into() } else { now.groups.join(", ") };
        given.groups = Some(words(&ui.type_in(question, &groups, &|_| Ok(()))?));
        let question = "subjects that may take it (divided by commas, or none)";
        let needed = given.groups.as_ref().is_some_and(Vec::is_empty);
        let some = |text: &str| if needed { some(text) } else { Ok(()) };
        let none = if needed { "" } else { NONE };
        let subjects = if now.subjects.is_empty() { none.into() } else { now.subjects.join(", ") };
        given.subjects = Some(words(&ui.type_in(question, &subjects, &some)?));
    }
    given.take(oidc);
    Ok(())
}

/// What is divided by commas.
fn words(text: &str) -> Vec<String> {
    let words = text.split(',').map(str::trim);
    words.filter(|word| !word.is_empty() && *word != NONE).map(ToOwned::to_owned).collect()
}

fn named(named: &Named) -> String {
    label(&named.id, &named.name)
}
