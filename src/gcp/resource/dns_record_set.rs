//! A record of a private zone: where a name of Google's APIs leads.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ManagedZoneOutput;
use crate::{
    error::Result,
    gcp::{
        Gcp,
        error::Answered as _,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Observed, Owner, Ref, Resource, ResourceId},
};

pub struct RecordSet {
    /// `ZONE/TYPE/NAME`, such as `claude-code/A/googleapis.com.`.
    pub name: String,
    /// What it leads to: addresses, or one name with a dot at its end.
    pub values: Vec<String>,
    pub zone: Ref<ManagedZoneOutput>,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    ttl: u32,
    /// Sorted.
    values: Vec<String>,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Found {
    ttl: u32,
    rrdatas: Vec<String>,
}

const TTL_SECONDS: u32 = 300;

impl RecordSet {
    /// Zone, type and name.
    fn parts(&self) -> (&str, &str, &str) {
        let mut parts = self.name.splitn(3, '/');
        let mut next = || parts.next().unwrap_or_default();
        (next(), next(), next())
    }

    fn records(&self, gcp: &Gcp) -> String {
        format!("dns/v1/projects/{}/managedZones/{}/rrsets", gcp.project.id, self.parts().0)
    }

    fn path(&self, gcp: &Gcp) -> String {
        let (_, kind, name) = self.parts();
        format!("{}/{name}/{kind}", self.records(gcp))
    }

    fn body(&self, want: &State) -> Value {
        let (_, kind, name) = self.parts();
        json!({ "name": name, "type": kind, "ttl": want.ttl, "rrdatas": want.values })
    }
}

impl Entitled for RecordSet {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["dns.resourceRecordSets.get"],
            apply: &[
                "dns.changes.create",
                "dns.resourceRecordSets.create",
                "dns.resourceRecordSets.update",
            ],
            destroy: &["dns.changes.create", "dns.resourceRecordSets.delete"],
        }
    }
}

impl Resource for RecordSet {
    type Cloud = Gcp;
    type State = State;
    type Output = ();
    const KIND: &'static str = "gcp.dns.record_set";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id(), self.zone.id()]
    }

    fn desired(&self, _: &Context<'_, Gcp>) -> Result<State> {
        let mut values = self.values.clone();
        values.sort_unstable();
        Ok(State { ttl: TTL_SECONDS, values })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let get = context.cloud.rest.get("dns.resourceRecordSets.get", self.path(context.cloud));
        Ok(get.send().await.absent()?.map(|Found { ttl, rrdatas: mut values }| {
            values.sort_unstable();
            Observed { state: State { ttl, values }, output: (), owner: Owner::Parent }
        }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<()> {
        let call = "dns.resourceRecordSets.create";
        let create = context.cloud.rest.post(call, self.records(context.cloud));
        create.json(self.body(want)).send::<Value>().await.done().map(drop)
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        _: &Observed<Self>,
    ) -> Result<()> {
        let call = "dns.resourceRecordSets.patch";
        let patch = context.cloud.rest.patch(call, self.path(context.cloud));
        patch.json(self.body(want)).send::<Value>().await.done().map(drop)
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        let call = "dns.resourceRecordSets.delete";
        let delete = context.cloud.rest.delete(call, self.path(context.cloud));
        delete.send::<Value>().await.absent()?;
        Ok(Deletion::Done)
    }
}
