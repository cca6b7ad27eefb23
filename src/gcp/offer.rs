//! What a project offers to whom begins there: models, subnets, keys, who pays. Looks only.

use serde::Deserialize;

use super::{
    connect::Project, error::Answered as _, resource::compute_network::path_of, rest::Rest,
};
use crate::error::{Error, Kind, Result};

/// What there is to choose from. Each look can be refused on its own.
#[derive(Debug)]
pub struct Offer {
    /// Claude's models, by id, without versions. That there is one does not say that this project
    /// may call it.
    pub models: Result<Vec<String>>,
    pub subnets: Result<Vec<UsableSubnet>>,
    /// Keys for encryption in one location: `projects/P/locations/L/keyRings/R/cryptoKeys/K`.
    pub keys: Result<Vec<String>>,
    /// The billing account that pays: at most one.
    pub billing_account: Result<Vec<String>>,
}

impl Offer {
    /// What could not be looked at for want of APIs, which provisioning switches on.
    pub fn off(&self) -> Vec<&'static str> {
        let off = |error: Option<&Error>| error.is_some_and(|error| error.kind() == Kind::NotYet);
        let looks = [
            ("Vertex AI", self.models.as_ref().err()),
            ("Compute Engine", self.subnets.as_ref().err()),
            ("Cloud KMS", self.keys.as_ref().err()),
            ("Cloud Billing", self.billing_account.as_ref().err()),
        ];
        looks.into_iter().filter(|(_, error)| off(*error)).map(|(name, _)| name).collect()
    }
}

/// A subnet that this identity may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsableSubnet {
    /// `projects/P/regions/R/subnetworks/S`.
    pub path: String,
    pub network: String,
    pub addresses: String,
}

/// Looks for everything at the same time; for keys where data is stored.
pub async fn look_around(rest: &Rest, project: &Project, data_location: &str) -> Offer {
    let id = &project.id;
    let (models, subnets, keys, billing_account) = futures::join!(
        models(rest),
        subnets(rest, id),
        keys(rest, id, data_location),
        billing_account(rest, id)
    );
    Offer { models, subnets, keys, billing_account }
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

async fn models(rest: &Rest) -> Result<Vec<String>> {
    let path = "v1beta1/publishers/anthropic/models";
    let models: Vec<Named> =
        rest.get("aiplatform.publishers.models.list", path).list("publisherModels").await.done()?;
    let id = |model: Named| model.name.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(models.into_iter().map(id).collect())
}

async fn subnets(rest: &Rest, project: &str) -> Result<Vec<UsableSubnet>> {
    /// As the API gives it.
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Usable {
        subnetwork: String,
        network: String,
        ip_cidr_range: String,
    }
    let path = format!("compute/v1/projects/{project}/aggregated/subnetworks/listUsable");
    let found: Vec<Usable> =
        rest.get("compute.subnetworks.listUsable", path).list("items").await.done()?;
    let subnet = |usable: Usable| UsableSubnet {
        path: path_of(&usable.subnetwork),
        network: usable.network.rsplit('/').next().unwrap_or_default().to_owned(),
        addresses: usable.ip_cidr_range,
    };
    Ok(found.into_iter().map(subnet).collect())
}

async fn keys(rest: &Rest, project: &str, location: &str) -> Result<Vec<String>> {
    /// As the API gives it.
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Key {
        name: String,
        purpose: String,
    }
    let path = format!("v1/projects/{project}/locations/{location}/keyRings");
    let call = "cloudkms.projects.locations.keyRings.list";
    let rings: Vec<Named> = rest.get(call, path).list("keyRings").await.done()?;
    let keys_of = |ring: Named| async move {
        let path = format!("v1/{}/cryptoKeys", ring.name);
        let call = "cloudkms.projects.locations.keyRings.cryptoKeys.list";
        rest.get(call, path).list::<Key>("cryptoKeys").await.done()
    };
    let keys = futures::future::try_join_all(rings.into_iter().map(keys_of)).await?;
    let fit = keys.into_iter().flatten().filter(|key| key.purpose == "ENCRYPT_DECRYPT");
    Ok(fit.map(|key| key.name).collect())
}

/// The billing account that pays for a project: at most one.
pub async fn billing_account(rest: &Rest, project: &str) -> Result<Vec<String>> {
    /// As the API gives it.
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Info {
        billing_account_name: String,
    }
    let path = format!("v1/projects/{project}/billingInfo");
    let info: Info = rest.get("cloudbilling.projects.getBillingInfo", path).send().await.done()?;
    let account = info.billing_account_name.trim_start_matches("billingAccounts/").to_owned();
    Ok(Some(account).filter(|account| !account.is_empty()).into_iter().collect())
}
