//! The answers for Google Cloud that are given as flags: checked, and put into a configuration.

use std::str::FromStr;

use super::super::answers::{Answers, Check, GcpAnswers, arrange};
use crate::{
    config::{
        NotificationChannel, ProjectId, VertexConfig, VertexLocation, VertexModel,
        vertex::{
            BillingAccount, Budget, DataLocation, KmsKeyName, Member, Network, ServiceAccountName,
            Subnet,
        },
    },
    error::{Error, Kind},
};

/// A whole number from 1 to `MOST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole<const MOST: u32>(pub u32);

/// For how many days a log bucket keeps what it has.
pub(super) type Days = Whole<3650>;
/// Of a budget.
pub(super) type Amount = Whole<1_000_000_000>;

impl<const MOST: u32> FromStr for Whole<MOST> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
        number.map(Self).ok_or_else(|| format!("must be a whole number from 1 to {MOST}"))
    }
}

impl<const MOST: u32> std::fmt::Display for Whole<MOST> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What was answered. `None` is not answered; an inner `None` or an empty list is «none».
#[derive(Debug)]
#[expect(clippy::option_option, reason = "not answered and none are two answers")]
pub(super) struct Given {
    pub project: Option<ProjectId>,
    pub location: Option<VertexLocation>,
    pub data_location: Option<Option<DataLocation>>,
    pub model: Option<VertexModel>,
    pub small: Option<VertexModel>,
    pub network: Option<Option<Network>>,
    pub subnet: Option<Option<Subnet>>,
    pub kms_key: Option<Option<KmsKeyName>>,
    pub retention: Option<Days>,
    pub members: Option<Vec<Member>>,
    pub service_account: Option<Option<ServiceAccountName>>,
    pub impersonators: Option<Vec<Member>>,
    pub notify: Option<Vec<NotificationChannel>>,
    pub budget: Option<Option<Amount>>,
    pub billing_account: Option<BillingAccount>,
}

impl Given {
    /// Checks all flags; every one that is wrong is an error.
    pub(super) fn read(
        region: Option<&str>,
        answers: &Answers,
        own: &GcpAnswers,
    ) -> Result<Self, Vec<Error>> {
        let mut check = Check::default();
        let subnets = check.many("--subnet", &answers.subnet);
        if subnets.as_ref().is_some_and(|subnets: &Vec<Subnet>| subnets.len() > 1) {
            let message = "--subnet: Google's APIs are reached privately from one subnet";
            check.0.push(Error::new(Kind::Config, message).hint("name the one to provision"));
        }
        let given = Self {
            project: check.one("--project", own.project.as_deref()),
            location: location(&mut check, region, own.location.as_deref()),
            data_location: check.or_none("--data-location", own.data_location.as_deref()),
            model: check.one("--model", answers.model.as_deref()),
            small: check.one("--small-model", answers.small_model.as_deref()),
            network: check.or_none("--network", own.network.as_deref()),
            subnet: subnets.map(|subnets| subnets.into_iter().next()),
            kms_key: check.or_none("--kms-key", answers.kms_key.as_deref()),
            retention: check.one("--retention-days", answers.retention_days.as_deref()),
            members: check.many("--member", &own.member),
            service_account: check.or_none("--service-account", own.service_account.as_deref()),
            impersonators: check.many("--impersonator", &own.impersonator),
            notify: check.many("--notify", &answers.notify),
            budget: check.or_none("--budget", own.budget.as_deref()),
            billing_account: check.one("--billing-account", own.billing_account.as_deref()),
        };
        if check.0.is_empty() { Ok(given) } else { Err(check.0) }
    }

    /// Puts the answers into a configuration, but for project and location, which may be asked for,
    /// and the budget.
    pub(super) fn take(&self, config: &mut VertexConfig) {
        let vertex = &mut config.vertex_ai;
        set(&mut vertex.data_location, self.data_location.as_ref());
        set(&mut vertex.model_name, self.model.as_ref());
        set(&mut vertex.small_fast_model_name, self.small.as_ref());
        set(&mut vertex.network, self.network.as_ref());
        set(&mut vertex.subnet, self.subnet.as_ref());
        set(&mut vertex.encryption_spec.kms_key_name, self.kms_key.as_ref());
        if let Some(Whole(days)) = self.retention {
            vertex.logging.retention_days = days;
        }
        if let Some(members) = &self.members {
            arrange(&mut vertex.access.members, members.clone());
        }
        set(&mut vertex.service_account.name, self.service_account.as_ref());
        if let Some(impersonators) = &self.impersonators {
            arrange(&mut vertex.service_account.impersonators, impersonators.clone());
        }
        if let Some(notify) = &self.notify {
            arrange(&mut vertex.monitoring.notify, notify.clone());
        }
    }

    /// Whether only the project's own billing account makes a budget of the answers.
    pub(super) fn asks_who_pays(&self, config: &VertexConfig) -> bool {
        matches!(self.budget, Some(Some(_)))
            && self.billing_account.is_none()
            && config.vertex_ai.monitoring.budget.is_none()
    }

    /// Puts the budget into a configuration. `paying` is the billing account that is known to pay.
    pub(super) fn take_budget(
        &self,
        budget: &mut Option<Budget>,
        paying: Option<&BillingAccount>,
    ) -> Result<(), Error> {
        if let (Some(account), Some(budget)) = (&self.billing_account, budget.as_mut()) {
            budget.billing_account = account.clone();
        }
        match (self.budget, budget.as_mut()) {
            (None, _) => {}
            (Some(None), _) => *budget = None,
            (Some(Some(Whole(amount))), Some(there)) => there.monthly_amount = amount,
            (Some(Some(Whole(amount))), None) => {
                let account = self.billing_account.as_ref().or(paying).ok_or_else(|| {
                    Error::new(Kind::Config, "a budget needs a billing account, and none is known")
                        .hint("name it: --billing-account ID")
                        .hint("see which there are: gcloud billing accounts list")
                })?;
                *budget = Some(Budget::new(account.clone(), amount));
            }
        }
        Ok(())
    }
}

fn set<T: Clone>(value: &mut T, given: Option<&T>) {
    if let Some(given) = given {
        value.clone_from(given);
    }
}

/// Where Claude is called, whichever of its two flags says so.
fn location(
    check: &mut Check,
    region: Option<&str>,
    location: Option<&str>,
) -> Option<VertexLocation> {
    let by_region: Option<VertexLocation> = check.one("--region", region);
    let by_location: Option<VertexLocation> = check.one("--location", location);
    if let (Some(region), Some(location)) = (&by_region, &by_location)
        && region != location
    {
        let message = format!("--region {region} and --location {location} are two locations");
        check.0.push(Error::new(Kind::Config, message).hint("name one of them"));
    }
    by_location.or(by_region)
}
