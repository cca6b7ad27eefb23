//! Answers that are given as flags: those of both clouds and of each, and how their values are read.

use std::{fmt::Display, str::FromStr};

use clap::Args;

use super::super::work::named;
use crate::error::{Error, Kind};

/// Says that there is none, where that is an answer.
pub(super) const NONE: &str = "none";

#[derive(Args, Debug)]
#[command(next_help_heading = "Answers")]
pub(super) struct Answers {
    /// The model to work with [default: Claude Opus 5.5; of the region's geography, where it has one]
    #[arg(long, env = "GROUNDWORK_MODEL", value_name = "ID")]
    pub model: Option<String>,
    /// The model for small background tasks [default: Claude Haiku 5.5, likewise]
    #[arg(long, env = "GROUNDWORK_SMALL_MODEL", value_name = "ID")]
    pub small_model: Option<String>,
    /// A subnet for private access, or `none`; more than one (aws): separated by spaces, or repeated
    #[arg(long, env = "GROUNDWORK_SUBNET", value_name = "ID", value_delimiter = ' ')]
    pub subnet: Vec<String>,
    /// The KMS key behind the logs: ARN, id or alias/NAME (aws), its whole name (gcp); `none`: one
    /// is made
    #[arg(long, env = "GROUNDWORK_KMS_KEY", value_name = "KEY")]
    pub kms_key: Option<String>,
    /// For how many days the log is kept
    #[arg(long, env = "GROUNDWORK_RETENTION_DAYS", value_name = "DAYS")]
    pub retention_days: Option<String>,
    /// Who is told of alarms: `email:NAME@HOST` or `https://HOST/...`, or `none`; more than one as
    /// with --subnet
    #[arg(
        long,
        env = "GROUNDWORK_NOTIFY",
        hide_env_values = true,
        value_name = "TARGET",
        value_delimiter = ' '
    )]
    pub notify: Vec<String>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Answers for aws")]
pub(super) struct AwsAnswers {
    /// The only account to touch [default: the one that is signed in to]
    #[arg(long, env = "GROUNDWORK_ACCOUNT_ID", value_name = "ID")]
    pub account_id: Option<String>,
    /// A security group for private access, or `none`; more than one as with --subnet
    #[arg(long, env = "GROUNDWORK_SECURITY_GROUP", value_name = "ID", value_delimiter = ' ')]
    pub security_group: Vec<String>,
    /// Who may take the developers' role, or `none` for whomever the account lets; more than one
    /// as with --subnet
    #[arg(long, env = "GROUNDWORK_TRUST", value_name = "ARN", value_delimiter = ' ')]
    pub trust: Vec<String>,
    /// The identity provider that developers sign in with, or `none`
    #[arg(long, env = "GROUNDWORK_OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<String>,
    /// A client of it whose tokens are accepted; may be repeated
    #[arg(long, env = "GROUNDWORK_OIDC_CLIENT", value_name = "ID")]
    pub oidc_client: Vec<String>,
    /// A group of it whose members may take the role; may be repeated
    #[arg(long, env = "GROUNDWORK_OIDC_GROUP", value_name = "NAME")]
    pub oidc_group: Vec<String>,
    /// A subject of it that may take the role; may be repeated
    #[arg(long, env = "GROUNDWORK_OIDC_SUBJECT", value_name = "SUB")]
    pub oidc_subject: Vec<String>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Answers for gcp")]
pub(super) struct GcpAnswers {
    /// The project in which everything is made [default: the one that gcloud or the credentials
    /// name]
    #[arg(long, env = "GROUNDWORK_PROJECT", value_name = "ID")]
    pub project: Option<String>,
    /// Where Claude is called: `us`, `eu`, `global` or a region; --region says the same
    #[arg(long, env = "GROUNDWORK_LOCATION", value_name = "LOCATION")]
    pub location: Option<String>,
    /// The region of what is stored, or `none`: the location's
    #[arg(long, env = "GROUNDWORK_DATA_LOCATION", value_name = "REGION")]
    pub data_location: Option<String>,
    /// The network of a private endpoint, or `none`
    #[arg(long, env = "GROUNDWORK_NETWORK", value_name = "NAME")]
    pub network: Option<String>,
    /// Who may call the models: `user:`, `group:`, `serviceAccount:`, `domain:` or `principalSet:`,
    /// or `none`; more than one: separated by spaces, or repeated
    #[arg(long, env = "GROUNDWORK_MEMBER", value_name = "MEMBER", value_delimiter = ' ')]
    pub member: Vec<String>,
    /// The name of the service account, or `none`: the tenant's
    #[arg(long, env = "GROUNDWORK_SERVICE_ACCOUNT", value_name = "NAME")]
    pub service_account: Option<String>,
    /// Who may act as the service account, or `none`; more than one as with --member
    #[arg(long, env = "GROUNDWORK_IMPERSONATOR", value_name = "MEMBER", value_delimiter = ' ')]
    pub impersonator: Vec<String>,
    /// What the project may spend in a month, in the billing account's currency, or `none`
    #[arg(long, env = "GROUNDWORK_BUDGET", value_name = "AMOUNT")]
    pub budget: Option<String>,
    /// The billing account of the budget [default: the project's]
    #[arg(long, env = "GROUNDWORK_BILLING_ACCOUNT", value_name = "ID")]
    pub billing_account: Option<String>,
}

fn some(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.is_empty())
}

fn any(list: &[String]) -> bool {
    named(list).next().is_some()
}

fn names(all: &[(&'static str, bool)]) -> Vec<&'static str> {
    all.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect()
}

impl AwsAnswers {
    /// The flags that say something.
    pub(super) fn given(&self) -> Vec<&'static str> {
        names(&[
            ("account-id", some(self.account_id.as_ref())),
            ("security-group", any(&self.security_group)),
            ("trust", any(&self.trust)),
            ("oidc-issuer", some(self.oidc_issuer.as_ref())),
            ("oidc-client", any(&self.oidc_client)),
            ("oidc-group", any(&self.oidc_group)),
            ("oidc-subject", any(&self.oidc_subject)),
        ])
    }
}

impl GcpAnswers {
    /// The flags that say something.
    pub(super) fn given(&self) -> Vec<&'static str> {
        names(&[
            ("project", some(self.project.as_ref())),
            ("location", some(self.location.as_ref())),
            ("data-location", some(self.data_location.as_ref())),
            ("network", some(self.network.as_ref())),
            ("member", any(&self.member)),
            ("service-account", some(self.service_account.as_ref())),
            ("impersonator", any(&self.impersonator)),
            ("budget", some(self.budget.as_ref())),
            ("billing-account", some(self.billing_account.as_ref())),
        ])
    }
}

/// Reads values, and collects what is wrong.
#[derive(Default)]
pub(super) struct Check(pub Vec<Error>);

impl Check {
    pub(super) fn one<T: FromStr<Err: Display>>(
        &mut self,
        flag: &str,
        text: Option<&str>,
    ) -> Option<T> {
        let text = text.filter(|text| !text.is_empty())?;
        // A webhook's address is a secret, also one that cannot be used.
        let shown = if text.contains("://") { "https://..." } else { text };
        let wrong =
            |invalid: T::Err| Error::new(Kind::Config, format!("{flag} {shown}: {invalid}"));
        text.parse().map_err(|invalid| self.0.push(wrong(invalid))).ok()
    }

    /// An inner `None` is the answer «none».
    #[expect(clippy::option_option, reason = "not answered and none are two answers")]
    pub(super) fn or_none<T: FromStr<Err: Display>>(
        &mut self,
        flag: &str,
        text: Option<&str>,
    ) -> Option<Option<T>> {
        match text {
            Some(NONE) => Some(None),
            text => self.one(flag, text).map(Some),
        }
    }

    pub(super) fn many<T: FromStr<Err: Display>>(
        &mut self,
        flag: &str,
        texts: &[String],
    ) -> Option<Vec<T>> {
        let texts: Vec<&String> = named(texts).collect();
        if texts.is_empty() {
            return None;
        }
        let real = texts.into_iter().filter(|text| *text != NONE);
        Some(real.filter_map(|text| self.one(flag, Some(text))).collect())
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

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    /// What is given if every flag is.
    fn all<A: Args>(given: fn(&A) -> Vec<&'static str>) {
        let command = A::augment_args(Command::new("x"));
        let flags = command.get_arguments().filter_map(clap::Arg::get_long).map(ToOwned::to_owned);
        let flags: Vec<String> = flags.filter(|flag| flag != "help").collect();
        let line = flags.iter().flat_map(|flag| [format!("--{flag}"), "x".into()]);
        let matches = command.try_get_matches_from(["x".to_owned()].into_iter().chain(line));
        let answers = A::from_arg_matches(&matches.unwrap()).unwrap();
        assert!(flags.len() > 5);
        assert_eq!(given(&answers), flags);
    }

    #[test]
    fn no_answer_of_one_cloud_is_passed_over_by_the_other() {
        all(AwsAnswers::given);
        all(GcpAnswers::given);
    }
}
