//! The versions of a key in Cloud KMS: bringing one back to encrypt with, and having one destroyed.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    error::{Error, Kind, Result},
    gcp::{Gcp, error::Answered as _},
    reconcile::Context,
};

const ENABLED: &str = "ENABLED";
const DISABLED: &str = "DISABLED";
const DESTROY_SCHEDULED: &str = "DESTROY_SCHEDULED";
const PENDING_GENERATION: &str = "PENDING_GENERATION";
/// With the default pace, one minute.
const GENERATION_TRIES: u32 = 12;

/// As the API gives it.
#[derive(Clone, Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::gcp) struct Version {
    /// `projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/1`
    pub(super) name: String,
    pub(super) state: String,
    destroy_time: Option<String>,
}

impl Version {
    pub(super) async fn list(context: &Context<'_, Gcp>, key: &str) -> Result<Vec<Self>> {
        let call = "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.list";
        let request = context.cloud.rest.get(call, format!("v1/{key}/cryptoKeyVersions"));
        request.list("cryptoKeyVersions").await.done()
    }

    /// Whether it has key material that nobody has given up yet.
    pub(super) fn lives(&self) -> bool {
        matches!(self.state.as_str(), ENABLED | DISABLED | PENDING_GENERATION | "PENDING_IMPORT")
    }

    fn number(&self) -> u64 {
        let number = self.name.rsplit('/').next().and_then(|number| number.parse().ok());
        number.unwrap_or_default()
    }

    /// Gives the key a version to encrypt with: its own primary one if that can be brought back.
    pub(super) async fn revive(
        context: &Context<'_, Gcp>,
        key: &str,
        primary: Option<&Self>,
    ) -> Result<()> {
        match primary.map(|it| (it, it.state.as_str())) {
            Some((_, ENABLED)) => Ok(()),
            Some((it, PENDING_GENERATION)) => it.clone().generated(context).await,
            Some((it, DISABLED)) => it.enable(context).await,
            Some((it, DESTROY_SCHEDULED)) => Self::restore_all(context, key, it).await,
            _ => Self::replace(context, key).await,
        }
    }

    /// Older versions too: what was encrypted with them lies there still. The primary one is the
    /// last, so that a run that was cut off is gone on with.
    async fn restore_all(context: &Context<'_, Gcp>, key: &str, primary: &Self) -> Result<()> {
        let versions = Self::list(context, key).await?;
        let older = versions.iter().filter(|it| it.name != primary.name);
        let scheduled = older.filter(|it| it.state == DESTROY_SCHEDULED);
        for version in scheduled.chain([primary]) {
            version.restore(context).await?;
            version.enable(context).await?;
        }
        Ok(())
    }

    /// Makes another version the primary one: a new one, unless a run that was cut off has left one.
    async fn replace(context: &Context<'_, Gcp>, key: &str) -> Result<()> {
        let versions = Self::list(context, key).await?;
        let usable = |it: &Self| matches!(it.state.as_str(), ENABLED | PENDING_GENERATION);
        let newest = versions.into_iter().filter(usable).max_by_key(Self::number);
        let version = if let Some(version) = newest {
            version
        } else {
            let call = "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.create";
            let path = format!("v1/{key}/cryptoKeyVersions");
            let request = context.cloud.rest.post(call, path).json(json!({}));
            request.once().send().await.done()?
        };
        let id = version.number().to_string();
        version.generated(context).await?;
        let call = "cloudkms.projects.locations.keyRings.cryptoKeys.updatePrimaryVersion";
        let request = context.cloud.rest.post(call, format!("v1/{key}:updatePrimaryVersion"));
        let request = request.json(json!({ "cryptoKeyVersionId": id }));
        request.send::<Value>().await.done().map(drop)
    }

    async fn enable(&self, context: &Context<'_, Gcp>) -> Result<()> {
        let call = "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.patch";
        let request = context.cloud.rest.patch(call, format!("v1/{}", self.name));
        let request = request.query("updateMask", "state").json(json!({ "state": ENABLED }));
        request.send::<Self>().await.done().map(drop)
    }

    async fn restore(&self, context: &Context<'_, Gcp>) -> Result<()> {
        let call = "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.restore";
        let request = context.cloud.rest.post(call, format!("v1/{}:restore", self.name));
        let restored = request.json(json!({})).send::<Self>().await;
        // A second restoration is refused: it may be ours, whose answer was lost.
        let refused = matches!(&restored, Err(failure) if failure.code_is(&[400]));
        if refused && self.now(context).await?.is_some_and(|now| now.lives()) {
            return Ok(());
        }
        restored.done().map(drop)
    }

    /// Gives the day on which it goes.
    pub(super) async fn destroy(&self, context: &Context<'_, Gcp>) -> Result<Option<String>> {
        let call = "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.destroy";
        let request = context.cloud.rest.post(call, format!("v1/{}:destroy", self.name));
        let gone = request.json(json!({})).send::<Self>().await;
        // A second one is refused: the first may be ours, whose answer was lost.
        let refused = matches!(&gone, Err(failure) if failure.code_is(&[400]));
        let now = if refused { self.now(context).await? } else { None };
        let gone = match now.filter(|now| !now.lives()) {
            Some(now) => Some(now),
            None => gone.absent()?,
        };
        let time = gone.and_then(|version| version.destroy_time);
        Ok(time.and_then(|time| time.split('T').next().map(ToOwned::to_owned)))
    }

    /// As it is by now.
    async fn now(&self, context: &Context<'_, Gcp>) -> Result<Option<Self>> {
        let key = self.name.split("/cryptoKeyVersions/").next().unwrap_or_default();
        let mut all = Self::list(context, key).await?.into_iter();
        Ok(all.find(|version| version.name == self.name))
    }

    /// Waits until there is key material: in hardware, that takes a moment.
    pub(super) async fn generated(mut self, context: &Context<'_, Gcp>) -> Result<()> {
        let call = "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.get";
        for attempt in 0..GENERATION_TRIES {
            match self.state.as_str() {
                PENDING_GENERATION => {}
                ENABLED => return Ok(()),
                _ => break,
            }
            context.pause("the key to be generated", attempt).await?;
            let request = context.cloud.rest.get(call, format!("v1/{}", self.name));
            self = request.send().await.done()?;
        }
        let message = format!("`{}` cannot be used: its state is {}", self.name, self.state);
        Err(Error::new(Kind::Cloud, message).hint("running again is safe and goes on from here"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_lives_until_somebody_gives_it_up() {
        let of = |state: &str| Version { state: state.into(), ..Version::default() };
        assert!(of("ENABLED").lives() && of("DISABLED").lives());
        assert!(!of("DESTROYED").lives() && !of("DESTROY_SCHEDULED").lives());
    }

    #[test]
    fn versions_are_ordered_by_their_number() {
        let of = |name: &str| Version { name: name.into(), ..Version::default() };
        assert!(of("k/cryptoKeyVersions/10").number() > of("k/cryptoKeyVersions/9").number());
    }
}
