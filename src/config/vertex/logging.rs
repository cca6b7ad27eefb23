//! Where the logs go: a bucket of Cloud Logging, and a dataset for questions and answers.

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Unexpected},
};

use crate::config::{
    newtype::{Invalid, consists, newtype},
    number,
};

const BUCKET: &str = "a log bucket's name: 1 to 100 letters, digits and `_-.`, \
                      of which the first is a letter or a digit";
const DATASET: &str = "a dataset's name: 1 to 1024 letters, digits and underscores";

newtype! {
    /// The name of a bucket of Cloud Logging.
    LogBucketName, must: BUCKET, check: check_bucket, pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"
}

newtype! {
    /// The name of a dataset of `BigQuery`.
    DatasetName, must: DATASET, check: check_dataset, pattern: "^[A-Za-z0-9_]{1,1024}$"
}

/// Where the logs go.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// The log bucket; by default of the tenant's name
    pub log_bucket: Option<LogBucketName>,
    /// For how many days the log bucket keeps it
    #[serde(deserialize_with = "number::whole::<_, _, 1, 3650>")]
    #[schemars(range(min = 1, max = 3650))]
    pub retention_days: u32,
    /// Whether the log can be asked in SQL
    pub analytics: bool,
    /// The log of questions and answers
    pub request_response: RequestResponse,
    /// Whether the log tells of each call who made it and its tokens, without questions and answers
    pub inference_events: bool,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            log_bucket: None,
            retention_days: 30,
            analytics: true,
            request_response: RequestResponse::default(),
            inference_events: false,
        }
    }
}

/// The log of questions and answers, which Vertex AI keeps for models that are called in a region.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RequestResponse {
    /// Whether there is one
    pub enabled: bool,
    /// The share of calls that it has
    #[serde(deserialize_with = "share")]
    #[schemars(range(min = 0, max = 1))]
    pub sampling_rate: f64,
    /// The dataset; by default of the tenant's name
    pub dataset: Option<DatasetName>,
    /// After how many days a table of it is deleted
    #[serde(deserialize_with = "number::whole::<_, _, 1, 36_500>")]
    #[schemars(range(min = 1, max = 36_500))]
    pub expire_days: u32,
}

impl Default for RequestResponse {
    fn default() -> Self {
        Self { enabled: false, sampling_rate: 1.0, dataset: None, expire_days: 365 }
    }
}

/// Above 0 and at most 1.
fn share<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let share = number::up_to::<D, 1>(from)?;
    if share > 0.0 {
        return Ok(share);
    }
    let must = "a number above 0 and at most 1";
    Err(D::Error::invalid_value(Unexpected::Float(share), &must))
}

impl DatasetName {
    /// The name made of a tenant's.
    pub(super) fn of_tenant(tenant: &str) -> Self {
        Self(tenant.replace('-', "_"))
    }
}

impl LogBucketName {
    /// The name made of a tenant's.
    pub(super) fn of_tenant(tenant: &str) -> Self {
        Self(tenant.to_owned())
    }
}

fn check_bucket(text: &str) -> Result<(), Invalid> {
    let invalid = Invalid::new(BUCKET);
    if text == "_Default" || text == "_Required" {
        return Err(invalid.why("it is Google's own"));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let good = |text: &str| {
        consists(text, 1, 100, allowed)
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
    };
    let last = text.rsplit('/').next().unwrap_or_default();
    match () {
        () if good(text) => Ok(()),
        () if text.starts_with("projects/") && good(last) => Err(invalid.did_you_mean(last)),
        () => Err(invalid),
    }
}

fn check_dataset(text: &str) -> Result<(), Invalid> {
    let good =
        |text: &str| consists(text, 1, 1024, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let invalid = Invalid::new(DATASET);
    let last = text.rsplit(['.', '/', ':']).next().unwrap_or_default().replace('-', "_");
    match () {
        () if good(text) => Ok(()),
        () if good(&last) => Err(invalid.did_you_mean(&last)),
        () => Err(invalid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_and_datasets_are_named_as_google_allows() {
        "claude-code".parse::<LogBucketName>().unwrap();
        "_Default".parse::<LogBucketName>().unwrap_err();
        "claude_code".parse::<DatasetName>().unwrap();
        let hint = "my-project.claude-code".parse::<DatasetName>().unwrap_err().hint.unwrap();
        assert_eq!(hint, "did you mean `claude_code`?");
        assert_eq!(DatasetName::of_tenant("a-b").as_str(), "a_b");
    }
}
