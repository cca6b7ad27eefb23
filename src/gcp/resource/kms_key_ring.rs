//! What Cloud KMS keeps keys in, at one location.
//!
//! It can bear no mark, so one that is there already is used as it is: whose a key is, the key says.
//! The name of a deleted ring is retired for good, therefore it always stays.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    error::Result,
    gcp::{
        Gcp,
        error::Answered as _,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Observed, Owner, Ref, Resource, ResourceId},
};

const STAYS: &str = "costs nothing, and its name could never be used again";

pub struct KeyRing {
    pub name: String,
    pub location: String,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    location: String,
}

#[derive(Clone, Debug)]
pub struct KeyRingOutput {
    /// `projects/P/locations/L/keyRings/R`
    pub name: String,
}

/// As the API gives it.
#[derive(Deserialize)]
struct Ring {}

impl KeyRing {
    fn parent(&self, gcp: &Gcp) -> String {
        format!("projects/{}/locations/{}", gcp.project.id, self.location)
    }

    fn output(&self, gcp: &Gcp) -> KeyRingOutput {
        KeyRingOutput { name: format!("{}/keyRings/{}", self.parent(gcp), self.name) }
    }
}

impl Entitled for KeyRing {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["cloudkms.keyRings.get"],
            apply: &["cloudkms.keyRings.create"],
            destroy: &[],
        }
    }
}

impl Resource for KeyRing {
    type Cloud = Gcp;
    type State = State;
    type Output = KeyRingOutput;
    const KIND: &'static str = "gcp.cloudkms.key_ring";
    const STAYS: Option<&'static str> = Some(STAYS);

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id()]
    }

    fn desired(&self, _: &Context<'_, Gcp>) -> Result<State> {
        Ok(State { location: self.location.clone() })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let output = self.output(context.cloud);
        let path = format!("v1/{}", output.name);
        let call = "cloudkms.projects.locations.keyRings.get";
        let found: Option<Ring> = context.cloud.rest.get(call, path).send().await.absent()?;
        let state = State { location: self.location.clone() };
        Ok(found.map(|Ring {}| Observed { state, output, owner: Owner::Parent }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, _: &State) -> Result<KeyRingOutput> {
        let path = format!("v1/{}/keyRings", self.parent(context.cloud));
        let request = context.cloud.rest.post("cloudkms.projects.locations.keyRings.create", path);
        let request = request.query("keyRingId", &self.name).json(json!({}));
        request.send::<Ring>().await.done()?;
        Ok(self.output(context.cloud))
    }

    async fn update(&self, _: &Context<'_, Gcp>, _: &State, _: &Observed<Self>) -> Result<()> {
        // It has nothing that could differ.
        Ok(())
    }

    async fn delete(&self, _: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        Ok(Deletion::Left(STAYS.into()))
    }
}
