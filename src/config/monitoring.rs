//! When somebody is told that something is wrong, and who.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{notify::NotifyTarget, number};

/// What is watched, and who is told.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Monitoring {
    /// When an alarm rings
    pub alarms: Alarms,
    /// Whether there is a dashboard in CloudWatch
    pub dashboard: bool,
    /// Who is told: `email:NAME@HOST` or `https://HOST/...`
    pub notify: Vec<NotifyTarget>,
    /// A monthly budget, of which `notify` is told
    pub budget: Option<Budget>,
}

impl Default for Monitoring {
    fn default() -> Self {
        Self { alarms: Alarms::default(), dashboard: true, notify: Vec::new(), budget: None }
    }
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
    /// The time to the first token of an answer, in milliseconds
    #[serde(deserialize_with = "number::whole::<_, _, 1, 3_600_000>")]
    #[schemars(range(min = 1, max = 3_600_000))]
    pub latency_ms: u32,
    /// How many calls may be throttled in five minutes
    #[serde(deserialize_with = "number::whole::<_, _, 0, 1_000_000>")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub throttled_calls: u32,
    /// After how many hours without a single call; by default that is no reason
    #[serde(deserialize_with = "number::optional_whole::<_, _, 1, 24>")]
    #[schemars(range(min = 1, max = 24))]
    pub no_traffic_hours: Option<u32>,
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            enabled: true,
            error_rate_percent: 5.0,
            latency_ms: 5000,
            throttled_calls: 10,
            no_traffic_hours: None,
        }
    }
}

/// A monthly budget.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// How much may be spent in a month, in US dollars
    #[serde(deserialize_with = "number::whole::<_, _, 1, 1_000_000_000>")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub monthly_usd: u32,
    /// At which shares of it somebody is told, in percent
    #[serde(default = "shares")]
    pub notify_percent: Vec<Percent>,
}

/// A share in percent, of what may be spent or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Percent(
    #[serde(deserialize_with = "number::whole::<_, _, 1, 1000>")]
    #[schemars(range(min = 1, max = 1000))]
    u32,
);

impl Percent {
    pub(super) const fn of(percent: u32) -> Self {
        Self(percent)
    }

    pub fn get(self) -> u32 {
        self.0
    }
}

fn shares() -> Vec<Percent> {
    vec![Percent(80), Percent(100)]
}
