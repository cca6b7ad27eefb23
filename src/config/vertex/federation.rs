//! Workloads that sign in without a key: those of a cluster, and those of another identity provider.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Unexpected},
};

use crate::config::newtype::consists;

/// A service account of Kubernetes that acts as ours, in a cluster of this project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkloadIdentity {
    /// Its namespace
    #[serde(deserialize_with = "label")]
    #[schemars(regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub namespace: String,
    /// Its name
    #[serde(deserialize_with = "subdomain")]
    #[schemars(regex(pattern = "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"))]
    pub service_account: String,
}

/// Workloads that sign in with another identity provider, such as a CI.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WorkloadIdentityFederation {
    /// The provider's address, as in the `iss` of its tokens
    #[schemars(regex(pattern = "^https://[^ ?#]+$"))]
    pub issuer: String,
    /// The `aud` of the tokens that are accepted; by default the provider's own name in Google Cloud
    pub audiences: Vec<String>,
    /// What of a token becomes what in Google Cloud
    pub attribute_mapping: BTreeMap<String, String>,
    /// An expression of CEL that every token must fulfil
    pub attribute_condition: Option<String>,
    /// Who is let in, by `google.subject`
    pub subjects: Vec<String>,
    /// Who is let in, by other attributes, such as `repository: [organization/name]`
    pub attributes: BTreeMap<String, Vec<String>>,
    /// Who is let in, by `google.groups`
    pub groups: Vec<String>,
}

impl Default for WorkloadIdentityFederation {
    fn default() -> Self {
        let subject = ("google.subject".to_owned(), "assertion.sub".to_owned());
        Self {
            issuer: String::new(),
            audiences: Vec::new(),
            attribute_mapping: BTreeMap::from([subject]),
            attribute_condition: None,
            subjects: Vec::new(),
            attributes: BTreeMap::new(),
            groups: Vec::new(),
        }
    }
}

fn is_kubernetes(text: &str, most: usize, joints: &str) -> bool {
    let is_joint = |c: char| joints.contains(c);
    consists(text, 1, most, |byte| byte.is_ascii_graphic())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || is_joint(c))
        && !text.starts_with(is_joint)
        && !text.ends_with(is_joint)
}

fn label<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if is_kubernetes(&text, 63, "-") {
        return Ok(text);
    }
    let must = "a namespace of Kubernetes: 1 to 63 lower-case letters, digits and hyphens";
    Err(D::Error::invalid_value(Unexpected::Str(&text), &must))
}

fn subdomain<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if is_kubernetes(&text, 253, "-.") {
        return Ok(text);
    }
    let must = "a service account of Kubernetes: 1 to 253 lower-case letters, digits, hyphens \
                and dots";
    Err(D::Error::invalid_value(Unexpected::Str(&text), &must))
}
