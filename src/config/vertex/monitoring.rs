//! When somebody is told that something is wrong, and who.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::{
    monitoring::Percent,
    newtype::{Checked, Invalid, consists, newtype, readable},
    notify::NotifyTarget,
    number,
};

const TARGET: &str = "`email:NAME@HOST` or `https://HOST/...`";
const ACCOUNT: &str = "a billing account such as `012345-6789AB-CDEF01`";

newtype! {
    /// The id of a billing account.
    BillingAccount, must: ACCOUNT, check: check_account, pattern: "^[0-9A-F]{6}(-[0-9A-F]{6}){2}$"
}

/// What is watched, and who is told.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Monitoring {
    /// When an alarm rings
    pub alarms: Alarms,
    /// Who is told: `email:NAME@HOST` or `https://HOST/...`
    pub notify: Vec<NotificationChannel>,
    /// A monthly budget, of which the e-mail addresses in `notify` are told
    pub budget: Option<Budget>,
}

/// When an alarm rings.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Alarms {
    /// Whether there are alarms
    pub enabled: bool,
    /// The share of failed calls, in percent
    #[serde(deserialize_with = "number::up_to::<_, 100>")]
    #[schemars(range(min = 0, max = 100))]
    pub error_rate_percent: f64,
    /// The share of calls refused for want of quota, in percent
    #[serde(deserialize_with = "number::up_to::<_, 100>")]
    #[schemars(range(min = 0, max = 100))]
    pub throttled_percent: f64,
    /// The time to the first token of an answer, in milliseconds
    #[serde(deserialize_with = "number::whole::<_, _, 1, 3_600_000>")]
    #[schemars(range(min = 1, max = 3_600_000))]
    pub latency_ms: u32,
    /// How many tokens an hour; by default however many
    #[serde(deserialize_with = "number::optional_whole::<_, _, 1, 4_000_000_000>")]
    #[schemars(range(min = 1, max = 4_000_000_000_u32))]
    pub tokens_per_hour: Option<u32>,
    /// After how many hours without a single call; by default that is no reason
    #[serde(deserialize_with = "number::optional_whole::<_, _, 1, 23>")]
    #[schemars(range(min = 1, max = 23))]
    pub no_traffic_hours: Option<u32>,
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            enabled: true,
            error_rate_percent: 5.0,
            throttled_percent: 5.0,
            latency_ms: 20_000,
            tokens_per_hour: None,
            no_traffic_hours: None,
        }
    }
}

/// A monthly budget.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// The billing account that pays for the project
    pub billing_account: BillingAccount,
    /// How much may be spent in a month, in the billing account's currency
    #[serde(deserialize_with = "number::whole::<_, _, 1, 1_000_000_000>")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub monthly_amount: u32,
    /// At which shares of it somebody is told, in percent
    #[serde(default = "shares")]
    pub notify_percent: Vec<Percent>,
}

impl Budget {
    /// One of which somebody is told at the usual shares.
    pub fn new(billing_account: BillingAccount, monthly_amount: u32) -> Self {
        Self { billing_account, monthly_amount, notify_percent: shares() }
    }
}

fn shares() -> Vec<Percent> {
    [50, 90, 100].map(Percent::of).to_vec()
}

/// Who is told. A webhook's URL may hold a secret, so it does not print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationChannel(NotifyTarget);

impl Checked for NotificationChannel {
    const MUST: &'static str = TARGET;
}

readable!(
    NotificationChannel,
    "^(email:[^@ ]+@[^@ ]+|https://(?!hooks[.]slack[.]com)[^ /?#@]+([/?#][^ ]*)?)$"
);

impl FromStr for NotificationChannel {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.starts_with("slack:") || text.starts_with("https://hooks.slack.com") {
            return Err(Invalid::new(TARGET)
                .why("Slack does not understand what Cloud Monitoring sends to a webhook")
                .hint("use the e-mail address of the Slack channel: `email:...@....slack.com`"));
        }
        text.parse().map(Self)
    }
}

impl NotificationChannel {
    /// Who it is.
    pub fn target(&self) -> &NotifyTarget {
        &self.0
    }
}

impl fmt::Display for NotificationChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn check_account(text: &str) -> Result<(), Invalid> {
    let hex = |part: &str| consists(part, 6, 6, |b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    let good = |text: &str| text.split('-').count() == 3 && text.split('-').all(hex);
    let nearest = text.strip_prefix("billingAccounts/").unwrap_or(text).to_ascii_uppercase();
    let invalid = Invalid::new(ACCOUNT);
    match () {
        () if good(text) => Ok(()),
        () if good(&nearest) => Err(invalid.did_you_mean(&nearest)),
        () => Err(invalid.hint("see which there are: gcloud billing accounts list")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_billing_account_has_three_parts() {
        "012345-6789AB-CDEF01".parse::<BillingAccount>().unwrap();
        let text = "billingAccounts/012345-6789ab-cdef01";
        let hint = text.parse::<BillingAccount>().unwrap_err().hint.unwrap();
        assert_eq!(hint, "did you mean `012345-6789AB-CDEF01`?");
        "012345".parse::<BillingAccount>().unwrap_err();
    }

    #[test]
    fn a_webhook_keeps_its_secret_and_slack_is_refused() {
        let hook: NotificationChannel = "https://hooks.example.com/s3cret".parse().unwrap();
        assert!(!format!("{hook} {hook:?}").contains("s3cret"));
        let error = "slack:#ops".parse::<NotificationChannel>().unwrap_err();
        assert!(error.why.unwrap().contains("Cloud Monitoring"));
    }
}
