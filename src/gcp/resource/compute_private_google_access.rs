//! Private Google Access of a subnet: whether machines in it that have no external address reach
//! Google's APIs.
//!
//! The subnet is the company's, so the switch is turned on and never off again: others in it may
//! rely on it. In a shared VPC it is the host project's to turn, and only named here.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::SubnetworkOutput;
use crate::{
    error::{Error, Kind, Result},
    gcp::{
        Gcp,
        error::Answered as _,
        operation::{self, Poll},
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Observed, Owner, Ref, Resource, ResourceId},
};

const STAYS: &str = "stays on: others in the subnet may rely on it";

pub struct PrivateGoogleAccess {
    /// `REGION/SUBNET`.
    pub name: String,
    pub subnetwork: Ref<SubnetworkOutput>,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    private_ip_google_access: bool,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Found {
    private_ip_google_access: bool,
}

fn path(subnetwork: &SubnetworkOutput) -> String {
    let SubnetworkOutput { project, region, name, .. } = subnetwork;
    format!("compute/v1/projects/{project}/regions/{region}/subnetworks/{name}")
}

/// What only the owner of the host project may do.
fn of_host(subnetwork: &SubnetworkOutput) -> Error {
    let SubnetworkOutput { project, region, name, .. } = subnetwork;
    let message = format!(
        "Private Google Access is off in the subnet `{name}`, which is of the project `{project}`"
    );
    Error::new(Kind::Config, message)
        .hint(format!(
            "the owner of `{project}` has to turn it on: gcloud compute networks subnets update \
             {name} --project={project} --region={region} --enable-private-ip-google-access"
        ))
        .hint("or leave the subnet out of the configuration")
}

impl Entitled for PrivateGoogleAccess {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["compute.subnetworks.get"],
            apply: &[
                "compute.regionOperations.get",
                "compute.subnetworks.setPrivateIpGoogleAccess",
            ],
            destroy: &[],
        }
    }
}

impl Resource for PrivateGoogleAccess {
    type Cloud = Gcp;
    type State = State;
    type Output = ();
    const KIND: &'static str = "gcp.compute.private_google_access";
    const STAYS: Option<&'static str> = Some(STAYS);

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id(), self.subnetwork.id()]
    }

    fn desired(&self, _: &Context<'_, Gcp>) -> Result<State> {
        Ok(State { private_ip_google_access: true })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let subnetwork = context.get(&self.subnetwork)?;
        let get = context.cloud.rest.get("compute.subnetworks.get", path(&subnetwork));
        let Some(found): Option<Found> = get.send().await.absent()? else { return Ok(None) };
        let on = found.private_ip_google_access;
        if !on && context.wanted() && subnetwork.project != context.cloud.project.id {
            return Err(of_host(&subnetwork));
        }
        let state = State { private_ip_google_access: on };
        Ok(Some(Observed { state, output: (), owner: Owner::Parent }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, _: &State) -> Result<()> {
        self.turn_on(context).await
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        _: &State,
        _: &Observed<Self>,
    ) -> Result<()> {
        self.turn_on(context).await
    }

    async fn delete(&self, _: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        Ok(Deletion::Left(STAYS.into()))
    }
}

impl PrivateGoogleAccess {
    async fn turn_on(&self, context: &Context<'_, Gcp>) -> Result<()> {
        let subnetwork = context.get(&self.subnetwork)?;
        let SubnetworkOutput { project, region, .. } = &subnetwork;
        if *project != context.cloud.project.id {
            return Err(of_host(&subnetwork));
        }
        let call = "compute.subnetworks.setPrivateIpGoogleAccess";
        let path = format!("{}/setPrivateIpGoogleAccess", path(&subnetwork));
        let set = context.cloud.rest.post(call, path);
        let started = set.json(json!({ "privateIpGoogleAccess": true })).send().await.done()?;
        let poll = Poll {
            call: "compute.regionOperations.get",
            base: format!("compute/v1/projects/{project}/regions/{region}/operations"),
            host: None,
            what: "Private Google Access to be on",
        };
        operation::finish(context, &poll, started).await.map(drop)
    }
}
