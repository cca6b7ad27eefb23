//! A key in Cloud KMS that the company keeps itself: looked up and checked, never changed.
//!
//! What is checked is what would fail later with words that do not name the cause: that it is where
//! the data is to lie, made for encryption, and that its primary version is enabled.

use super::{KeyOutput, kms_crypto_key::Key};
use crate::{
    error::{Error, Kind, Result},
    gcp::{
        Gcp,
        error::Answered as _,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Given, Ref, ResourceId},
};

pub struct GivenKey {
    /// `projects/P/locations/L/keyRings/R/cryptoKeys/K`
    pub name: String,
    /// Where the data is that it has to encrypt, as Cloud KMS names it: `europe`, where BigQuery
    /// says `EU`.
    pub location: String,
    pub services: Ref<()>,
}

/// The location that the full name of a key has.
fn location(name: &str) -> Option<&str> {
    let parts: Vec<_> = name.split('/').collect();
    match parts.as_slice() {
        ["projects", _, "locations", location, "keyRings", _, "cryptoKeys", _] => Some(location),
        _ => None,
    }
}

impl GivenKey {
    fn unfit(&self, why: &str) -> Error {
        Error::new(Kind::Config, format!("the key `{}` {why}", self.name))
    }

    fn check_place(&self) -> Result<()> {
        let Some(at) = location(&self.name) else {
            let whole = "projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY";
            return Err(self.unfit("has no full name").hint(format!("write it as {whole}")));
        };
        if at.eq_ignore_ascii_case(&self.location) {
            return Ok(());
        }
        let wanted = &self.location;
        Err(self.unfit(&format!("lies in `{at}`, but the data in `{wanted}`")).hint(format!(
            "name a key of that location: gcloud kms keys list --location {wanted} --keyring RING"
        )))
    }
}

impl Entitled for GivenKey {
    fn permissions(&self) -> Permissions {
        Permissions { plan: &["cloudkms.cryptoKeys.get"], apply: &[], destroy: &[] }
    }
}

impl Given for GivenKey {
    type Cloud = Gcp;
    type Output = KeyOutput;
    const KIND: &'static str = "gcp.cloudkms.given_key";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id()]
    }

    async fn find(&self, context: &Context<'_, Gcp>) -> Result<KeyOutput> {
        self.check_place()?;
        let call = "cloudkms.projects.locations.keyRings.cryptoKeys.get";
        let request = context.cloud.rest.get(call, format!("v1/{}", self.name));
        let Some(key): Option<Key> = request.send().await.absent()? else {
            return Err(self.unfit("does not exist").hint("name another, or leave it out"));
        };
        if key.purpose != "ENCRYPT_DECRYPT" {
            return Err(self
                .unfit(&format!("is not for encryption: its purpose is {}", key.purpose))
                .hint("name a key of the purpose ENCRYPT_DECRYPT"));
        }
        let version = key.primary.unwrap_or_default();
        match version.state.as_str() {
            "ENABLED" => Ok(KeyOutput { name: self.name.clone() }),
            "" => Err(self.unfit("has no primary version").hint(format!(
                "make one: gcloud kms keys versions create --key {} --primary",
                self.name
            ))),
            "DISABLED" => Err(self.unfit("is disabled").hint(format!(
                "enable its primary version: gcloud kms keys versions enable {}",
                version.name
            ))),
            "DESTROY_SCHEDULED" => Err(self.unfit("is scheduled for destruction").hint(format!(
                "keep its primary version: gcloud kms keys versions restore {}",
                version.name
            ))),
            state => Err(self.unfit(&format!("cannot be used: its primary version is {state}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_location_is_read_from_a_full_name_alone() {
        let full = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k";
        assert_eq!(location(full), Some("europe-west1"));
        assert_eq!(location(&format!("{full}/cryptoKeyVersions/1")), None);
        assert_eq!(location("r/k"), None);
    }
}
