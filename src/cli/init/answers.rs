//! Answers that are given as flags: read, checked, and put into a configuration.

use std::str::FromStr;

use clap::Args;

use super::super::work::named;
use crate::{
    config::{
        AccountId, Config, Invalid, KmsKeyId, ModelId, NotifyTarget, Oidc, PrincipalArn, Region,
        RetentionDays, SecurityGroupId, SubnetId,
    },
    error::{Error, Kind},
};

/// Says that there is none, where that is an answer.
pub(super) const NONE: &str = "none";

#[derive(Args, Debug)]
#[command(next_help_heading = "Answers")]
pub(super) struct Answers {
    /// The only account to touch [default: the one that is signed in to]
    #[arg(long, env = "GROUNDWORK_ACCOUNT_ID", value_name = "ID")]
    account_id: Option<String>,
    /// The model to work with [default: Claude Opus 5.5 of the region's geography]
    #[arg(long, env = "GROUNDWORK_MODEL", value_name = "ID")]
    model: Option<String>,
    /// The model for small background tasks [default: Claude Haiku 5.5 of the region's geography]
    #[arg(long, env = "GROUNDWORK_SMALL_MODEL", value_name = "ID")]
    small_model: Option<String>,
    /// A subnet for private access, or `none`; more than one: separated by spaces, or repeated
    #[arg(long, env = "GROUNDWORK_SUBNET", value_name = "ID", value_delimiter = ' ')]
    subnet: Vec<String>,
    /// A security group for private access, or `none`; more than one as with --subnet
    #[arg(long, env = "GROUNDWORK_SECURITY_GROUP", value_name = "ID", value_delimiter = ' ')]
    security_group: Vec<String>,
    /// The KMS key behind the logs: ARN, id or alias/NAME; `none`: one is made
    #[arg(long, env = "GROUNDWORK_KMS_KEY", value_name = "KEY")]
    kms_key: Option<String>,
    /// For how many days the log is kept
    #[arg(long, env = "GROUNDWORK_RETENTION_DAYS", value_name = "DAYS")]
    retention_days: Option<String>,
    /// Who may take the developers' role, or `none` for whomever the account lets; more than one
    /// as with --subnet
    #[arg(long, env = "GROUNDWORK_TRUST", value_name = "ARN", value_delimiter = ' ')]
    trust: Vec<String>,
    /// The identity provider that developers sign in with, or `none`
    #[arg(long, env = "GROUNDWORK_OIDC_ISSUER", value_name = "URL")]
    oidc_issuer: Option<String>,
    /// A client of it whose tokens are accepted; may be repeated
    #[arg(long, env = "GROUNDWORK_OIDC_CLIENT", value_name = "ID")]
    oidc_client: Vec<String>,
    /// A group of it whose members may take the role; may be repeated
    #[arg(long, env = "GROUNDWORK_OIDC_GROUP", value_name = "NAME")]
    oidc_group: Vec<String>,
    /// A subject of it that may take the role; may be repeated
    #[arg(long, env = "GROUNDWORK_OIDC_SUBJECT", value_name = "SUB")]
    oidc_subject: Vec<String>,
    /// Who is told of alarms: `email:NAME@HOST` or `https://HOST/...`, or `none`; more than one as
    /// with --subnet
    #[arg(
        long,
        env = "GROUNDWORK_NOTIFY",
        hide_env_values = true,
        value_name = "TARGET",
        value_delimiter = ' '
    )]
    notify: Vec<String>,
}

/// What was answered. `None` is not answered; an inner `None` or an empty list is «none».
#[derive(Debug)]
pub(super) struct Given {
    pub region: Option<Region>,
    pub account: Option<AccountId>,
    pub model: Option<ModelId>,
    pub small: Option<ModelId>,
    pub subnets: Option<Vec<SubnetId>>,
    pub groups: Option<Vec<SecurityGroupId>>,
    #[expect(clippy::option_option, reason = "not answered and none are two answers")]
    pub kms_key: Option<Option<KmsKeyId>>,
    pub retention: Option<RetentionDays>,
    pub trust: Option<Vec<PrincipalArn>>,
    pub oidc: GivenOidc,
    pub notify: Option<Vec<NotifyTarget>>,
}

#[derive(Debug)]
pub(super) struct GivenOidc {
    pub issuer: Option<String>,
    pub clients: Option<Vec<String>>,
    pub groups: Option<Vec<String>>,
    pub subjects: Option<Vec<String>>,
}

impl Answers {
    /// Checks all flags; every one that is wrong is an error.
    pub(super) fn read(&self, region: Option<&str>) -> Result<Given, Vec<Error>> {
        let mut check = Check(Vec::new());
        let any = |list: &[String]| {
            let texts: Vec<String> = named(list).filter(|text| *text != NONE).cloned().collect();
            (named(list).next().is_some()).then_some(texts)
        };
        let kms_key = self.kms_key.as_deref();
        let given = Given {
            region: check.one("--region", region),
            account: check.one("--account-id", self.account_id.as_deref()),
            model: check.one("--model", self.model.as_deref()),
            small: check.one("--small-model", self.small_model.as_deref()),
            subnets: check.many("--subnet", &self.subnet),
            groups: check.many("--security-group", &self.security_group),
            kms_key: match kms_key {
                Some(NONE) => Some(None),
                key => check.one("--kms-key", key).map(Some),
            },
            retention: check.one("--retention-days", self.retention_days.as_deref()),
            trust: check.many("--trust", &self.trust),
            oidc: GivenOidc {
                issuer: self.oidc_issuer.clone().filter(|issuer| !issuer.is_empty()),
                clients: any(&self.oidc_client),
                groups: any(&self.oidc_group),
                subjects: any(&self.oidc_subject),
            },
            notify: check.many("--notify", &self.notify),
        };
        if check.0.is_empty() { Ok(given) } else { Err(check.0) }
    }
}

/// Collects what is wrong.
struct Check(Vec<Error>);

impl Check {
    fn one<T: FromStr<Err = Invalid>>(&mut self, flag: &str, text: Option<&str>) -> Option<T> {
        let text = text.filter(|text| !text.is_empty())?;
        // A webhook's address is a secret, also one that cannot be used.
        let shown = if text.contains("://") { "https://..." } else { text };
        let wrong = |invalid| Error::new(Kind::Config, format!("{flag} {shown}: {invalid}"));
        text.parse().map_err(|invalid| self.0.push(wrong(invalid))).ok()
    }

    fn many<T: FromStr<Err = Invalid>>(&mut self, flag: &str, texts: &[String]) -> Option<Vec<T>> {
        let texts: Vec<&String> = named(texts).collect();
        if texts.is_empty() {
            return None;
        }
        let real = texts.into_iter().filter(|text| *text != NONE);
        Some(real.filter_map(|text| self.one(flag, Some(text))).collect())
    }
}

impl Given {
    /// Puts the answers into a configuration.
    pub(super) fn take(&self, config: &mut Config) {
        if let Some(account) = &self.account {
            config.account_id = Some(account.clone());
        }
        let bedrock = &mut config.bedrock;
        if let Some(model) = &self.model {
            bedrock.model_id = Some(model.clone());
        }
        if let Some(small) = &self.small {
            bedrock.small_fast_model_id = Some(small.clone());
        }
        network(config, self.subnets.clone(), self.groups.clone());
        let bedrock = &mut config.bedrock;
        if let Some(key) = &self.kms_key {
            bedrock.encryption.kms_key_id.clone_from(key);
        }
        if let Some(days) = self.retention {
            bedrock.logging.retention_days = days;
        }
        if let Some(trust) = &self.trust {
            arrange(&mut bedrock.access.trusted_principals, trust.clone());
        }
        self.oidc.take(&mut bedrock.access.oidc);
        if let Some(notify) = &self.notify {
            arrange(&mut bedrock.monitoring.notify, notify.clone());
        }
    }
}

impl GivenOidc {
    pub(super) fn anything(&self) -> bool {
        self.issuer.is_some()
            || [&self.clients, &self.groups, &self.subjects].iter().any(|list| list.is_some())
    }

    /// Puts the answers into what the configuration has.
    pub(super) fn take(&self, oidc: &mut Option<Oidc>) {
        if !self.anything() {
            return;
        }
        if self.issuer.as_deref() == Some(NONE) {
            *oidc = None;
            return;
        }
        let oidc = oidc.get_or_insert_default();
        if let Some(issuer) = &self.issuer {
            oidc.issuer.clone_from(issuer);
        }
        for (list, given) in [
            (&mut oidc.client_ids, &self.clients),
            (&mut oidc.groups, &self.groups),
            (&mut oidc.subjects, &self.subjects),
        ] {
            if let Some(given) = given {
                arrange(list, given.clone());
            }
        }
    }
}

/// Puts subnets and security groups into a configuration.
pub(super) fn network(
    config: &mut Config,
    subnets: Option<Vec<SubnetId>>,
    groups: Option<Vec<SecurityGroupId>>,
) {
    let vpc = &mut config.bedrock.vpc_config;
    let nothing =
        subnets.as_ref().is_none_or(Vec::is_empty) && groups.as_ref().is_none_or(Vec::is_empty);
    if vpc.is_none() && nothing {
        return;
    }
    let vpc = vpc.get_or_insert_default();
    if let Some(subnets) = subnets {
        arrange(&mut vpc.subnet_ids, subnets);
    }
    if let Some(groups) = groups {
        arrange(&mut vpc.security_group_ids, groups);
    }
}

/// Makes a list hold what is wanted, once each. What it has stays where it is.
pub(super) fn arrange<T: PartialEq>(list: &mut Vec<T>, wanted: Vec<T>) {
    list.retain(|item| wanted.contains(item));
    for item in wanted {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}
