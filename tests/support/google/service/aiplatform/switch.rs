//! What a test says of models and quotas.

use serde_json::{Value, json};

use super::{
    super::{super::Google, quota},
    MODELS,
};

/// What a prediction meets.
#[derive(Clone, Copy, Debug)]
pub enum Verdict {
    /// 200.
    Served,
    /// 404 until `enableModel`, for which all is there.
    NotEnabled,
    /// 404, and `enableModel` fails: nobody has accepted the terms.
    TermsOpen,
    /// 400 in every location.
    NotServable,
    /// 400: the organization's policy does not list it. Also for `count-tokens`.
    NotAllowed,
    /// 403 until the configuration in the location shares data with Anthropic.
    DataSharing,
    /// 429: the quota is 0.
    NoQuota,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Self::Served => "SERVED",
            Self::NotEnabled => "NOT_ENABLED",
            Self::TermsOpen => "TERMS_OPEN",
            Self::NotServable => "NOT_SERVABLE",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::DataSharing => "DATA_SHARING",
            Self::NoQuota => "NO_QUOTA",
        }
    }
}

impl Google {
    /// What predictions with a model (an id without version) meet from now on.
    pub fn model(&self, model: &str, verdict: Verdict) {
        self.tell(model, "verdict", json!(verdict.name()));
    }

    /// Where a model is served.
    pub fn served(&self, model: &str, locations: &[&str]) {
        self.tell(model, "locations", json!(locations));
    }

    fn tell(&self, model: &str, field: &str, value: Value) {
        self.world(|world| {
            world.store(MODELS).entry(model.to_owned()).or_default()[field] = value;
        });
    }

    /// The effective limit of a metric (`online_prediction_requests_per_base_model`) for a base model
    /// (`anthropic-claude-opus-5-5`) in a region; those that are not regional have "".
    pub fn quota(&self, metric: &str, base_model: &str, region: &str, limit: u64) {
        self.world(|world| quota::set(world, metric, base_model, region, limit));
    }
}
