//! The answers for AWS that are given as flags: checked, and put into a configuration.

use super::super::{
    super::work::named,
    answers::{Answers, AwsAnswers, Check, NONE, arrange},
};
use crate::{
    config::{
        AccountId, Config, KmsKeyId, ModelId, NotifyTarget, Oidc, PrincipalArn, Region,
        RetentionDays, SecurityGroupId, SubnetId,
    },
    error::Error,
};

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

impl Given {
    /// Checks all flags; every one that is wrong is an error.
    pub(super) fn read(
        region: Option<&str>,
        answers: &Answers,
        own: &AwsAnswers,
    ) -> Result<Self, Vec<Error>> {
        let mut check = Check::default();
        let any = |list: &[String]| {
            let texts: Vec<String> = named(list).filter(|text| *text != NONE).cloned().collect();
            (named(list).next().is_some()).then_some(texts)
        };
        let given = Self {
            region: check.one("--region", region),
            account: check.one("--account-id", own.account_id.as_deref()),
            model: check.one("--model", answers.model.as_deref()),
            small: check.one("--small-model", answers.small_model.as_deref()),
            subnets: check.many("--subnet", &answers.subnet),
            groups: check.many("--security-group", &own.security_group),
            kms_key: check.or_none("--kms-key", answers.kms_key.as_deref()),
            retention: check.one("--retention-days", answers.retention_days.as_deref()),
            trust: check.many("--trust", &own.trust),
            oidc: GivenOidc {
                issuer: own.oidc_issuer.clone().filter(|issuer| !issuer.is_empty()),
                clients: any(&own.oidc_client),
                groups: any(&own.oidc_group),
                subjects: any(&own.oidc_subject),
            },
            notify: check.many("--notify", &answers.notify),
        };
        if check.0.is_empty() { Ok(given) } else { Err(check.0) }
    }

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
