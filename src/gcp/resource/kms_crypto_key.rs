//! The tenant's own key in Cloud KMS, which encrypts what is kept of the calls.
//!
//! A key lives as long as one of its versions does. Removing it takes the rotation away first, since
//! that would make new versions, and then has every version destroyed, which takes a month in which
//! each can be restored. A key of which all versions are on their way out is gone to one who does
//! not want it; to one who does, it is there, and its primary version is brought back.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{KeyRingOutput, kms_crypto_key_version::Version};
use crate::{
    error::{Error, Kind, Result},
    gcp::{
        Gcp, Labels,
        error::Answered as _,
        mark::over,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Observed, Owner, Ref, Resource, ResourceId},
};

const ENABLED: &str = "ENABLED";
const PURPOSE: &str = "ENCRYPT_DECRYPT";
const ALGORITHM: &str = "GOOGLE_SYMMETRIC_ENCRYPTION";

/// The state of a version that somebody has switched off.
const DISABLED: &str = "DISABLED";

pub struct CryptoKey {
    /// `RING/KEY`
    pub name: String,
    pub location: String,
    pub rotation_days: u32,
    /// `SOFTWARE` or `HSM`.
    pub protection_level: String,
    pub labels: Labels,
    pub ring: Ref<KeyRingOutput>,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    purpose: String,
    protection_level: String,
    /// In seconds, as in `7776000s`.
    rotation: Option<String>,
    /// The state of the version that encrypts.
    primary: String,
    labels: Labels,
    #[serde(skip)]
    version: Option<Version>,
}

#[derive(Clone, Debug)]
pub struct KeyOutput {
    /// `projects/P/locations/L/keyRings/R/cryptoKeys/K`
    pub name: String,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Key {
    pub(super) purpose: String,
    rotation_period: Option<String>,
    pub(super) primary: Option<Version>,
    version_template: Template,
    labels: Labels,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Template {
    protection_level: String,
}

impl CryptoKey {
    /// The ring and the key.
    fn parts(&self) -> (&str, &str) {
        self.name.split_once('/').unwrap_or(("", &self.name))
    }

    fn ring_path(&self, gcp: &Gcp) -> String {
        let (ring, _) = self.parts();
        format!("projects/{}/locations/{}/keyRings/{ring}", gcp.project.id, self.location)
    }

    fn output(&self, gcp: &Gcp) -> KeyOutput {
        let (_, key) = self.parts();
        KeyOutput { name: format!("{}/cryptoKeys/{key}", self.ring_path(gcp)) }
    }

    async fn patch(&self, context: &Context<'_, Gcp>, mask: &str, body: Value) -> Result<()> {
        let path = format!("v1/{}", self.output(context.cloud).name);
        let call = "cloudkms.projects.locations.keyRings.cryptoKeys.patch";
        let request = context.cloud.rest.patch(call, path).query("updateMask", mask);
        request.json(body).send::<Key>().await.done().map(drop)
    }
}

fn period(days: u32) -> String {
    format!("{}s", u64::from(days) * 24 * 60 * 60)
}

/// When a rotation of so many days has its first turn. Cloud KMS takes no period without.
fn next_rotation(now: OffsetDateTime, days: u32) -> Result<String> {
    let next = now.checked_add(Duration::days(i64::from(days)));
    let next = next.and_then(|next| next.replace_nanosecond(0).ok());
    let text = next.and_then(|next| next.format(&Rfc3339).ok());
    text.ok_or_else(|| Error::new(Kind::Config, format!("no key can rotate after {days} days")))
}

impl Entitled for CryptoKey {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["cloudkms.cryptoKeyVersions.list", "cloudkms.cryptoKeys.get"],
            apply: &[
                "cloudkms.cryptoKeyVersions.create",
                "cloudkms.cryptoKeyVersions.get",
                "cloudkms.cryptoKeyVersions.restore",
                "cloudkms.cryptoKeyVersions.update",
                "cloudkms.cryptoKeys.create",
                "cloudkms.cryptoKeys.update",
            ],
            destroy: &["cloudkms.cryptoKeyVersions.destroy", "cloudkms.cryptoKeys.update"],
        }
    }
}

impl Resource for CryptoKey {
    type Cloud = Gcp;
    type State = State;
    type Output = KeyOutput;
    const KIND: &'static str = "gcp.cloudkms.crypto_key";
    const FIXED: &'static [&'static str] = &["purpose", "protection_level"];
    const HOLDS: Option<&'static str> = Some("what it encrypts");
    const RENAME: &'static str = "choose another `tenant`, or name your own key in its place";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.ring.id(), self.services.id()]
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        Ok(State {
            purpose: PURPOSE.into(),
            protection_level: self.protection_level.clone(),
            rotation: Some(period(self.rotation_days)),
            primary: ENABLED.into(),
            labels: context.cloud.mark.with(&self.labels),
            version: None,
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let output = self.output(context.cloud);
        let call = "cloudkms.projects.locations.keyRings.cryptoKeys.get";
        let request = context.cloud.rest.get(call, format!("v1/{}", output.name));
        let Some(key): Option<Key> = request.send().await.absent()? else { return Ok(None) };
        let owner = context.cloud.mark.owner(&key.labels);
        // A key that still rotates makes itself a version again.
        if !context.wanted() && owner == Owner::Us && key.rotation_period.is_none() {
            let versions = Version::list(context, &output.name).await?;
            if !versions.iter().any(Version::lives) {
                return Ok(None);
            }
        }
        let primary = key.primary.as_ref().map(|version| version.state.clone());
        Ok(Some(Observed {
            state: State {
                purpose: key.purpose,
                protection_level: key.version_template.protection_level,
                rotation: key.rotation_period,
                primary: primary.unwrap_or_default(),
                labels: key.labels,
                version: key.primary,
            },
            output,
            owner,
        }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<KeyOutput> {
        let path = format!("v1/{}/cryptoKeys", self.ring_path(context.cloud));
        let call = "cloudkms.projects.locations.keyRings.cryptoKeys.create";
        let request = context.cloud.rest.post(call, path).query("cryptoKeyId", self.parts().1);
        let request = request.json(json!({
            "purpose": want.purpose,
            "rotationPeriod": want.rotation,
            "nextRotationTime": next_rotation(OffsetDateTime::now_utc(), self.rotation_days)?,
            "versionTemplate": {
                "protectionLevel": want.protection_level,
                "algorithm": ALGORITHM,
            },
            "labels": want.labels,
        }));
        let key: Key = request.send().await.done()?;
        let output = self.output(context.cloud);
        if let Some(primary) = key.primary {
            primary.generated(context).await?;
        }
        Ok(output)
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let have_state = &have.state;
        if have_state.primary == DISABLED {
            // Somebody had a reason: a run by the clock is not to undo it.
            let name = &have.output.name;
            return Err(Error::new(
                Kind::Conflict,
                format!("the version of `{name}` was disabled"),
            )
            .hint(format!(
                "if it may be used again: gcloud kms keys versions enable VERSION --key {name}"
            )));
        }
        if have_state.primary != want.primary {
            let version = have_state.version.as_ref();
            Version::revive(context, &have.output.name, version).await?;
        }
        let mut body = Map::new();
        let labels = over(&have_state.labels, &want.labels);
        if labels != have_state.labels {
            body.insert("labels".into(), json!(labels));
        }
        if have_state.rotation != want.rotation {
            let next = next_rotation(OffsetDateTime::now_utc(), self.rotation_days)?;
            body.insert("rotationPeriod".into(), json!(want.rotation));
            body.insert("nextRotationTime".into(), next.into());
        }
        if body.is_empty() {
            return Ok(());
        }
        let mask = body.keys().cloned().collect::<Vec<_>>().join(",");
        self.patch(context, &mask, body.into()).await
    }

    async fn delete(&self, context: &Context<'_, Gcp>, have: &Observed<Self>) -> Result<Deletion> {
        if have.state.rotation.is_some() {
            self.patch(context, "rotationPeriod,nextRotationTime", json!({})).await?;
        }
        let mut date = None;
        for version in Version::list(context, &have.output.name).await? {
            if version.lives() {
                date = date.max(version.destroy(context).await?);
            }
        }
        let (ring, key) = self.parts();
        let when = date.map_or_else(
            || "its versions are scheduled for destruction".to_owned(),
            |date| format!("its versions are scheduled for destruction on {date}"),
        );
        let (location, project) = (&self.location, &context.cloud.project.id);
        Ok(Deletion::Scheduled(format!(
            "{when}; until then: gcloud kms keys versions restore VERSION --key {key} --keyring \
             {ring} --location {location} --project {project}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rotation_is_one_period_from_now() {
        let now = OffsetDateTime::from_unix_timestamp(1_764_000_000).unwrap();
        let now = now.replace_nanosecond(5).unwrap();
        assert_eq!(next_rotation(now, 90).unwrap(), "2026-02-22T16:00:00Z");
        assert_eq!(period(90), "7776000s");
    }
}
