//! The APIs that the tenant uses, switched on in one call.
//!
//! They are the project's and not the tenant's: others may use them, so they are never switched
//! off. Everything else needs this, since an API that is off answers nothing.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    error::Result,
    gcp::{
        Gcp,
        error::Answered as _,
        operation::{self, Poll},
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Observed, Owner, Resource},
};

pub struct Services {
    /// The project's id.
    pub project: String,
    /// Such as `iam.googleapis.com`; at most twenty, which is what one call takes.
    pub names: Vec<&'static str>,
}

#[derive(Serialize)]
pub struct State {
    enabled: BTreeSet<String>,
}

impl Entitled for Services {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["serviceusage.services.get", "serviceusage.services.list"],
            apply: &["serviceusage.services.enable", "serviceusage.operations.get"],
            destroy: &[],
        }
    }
}

impl Resource for Services {
    type Cloud = Gcp;
    type State = State;
    type Output = ();
    const KIND: &'static str = "gcp.serviceusage.services";
    const STAYS: Option<&'static str> = Some("may be in use by others");

    fn name(&self) -> &str {
        &self.project
    }

    fn desired(&self, _: &Context<'_, Gcp>) -> Result<State> {
        Ok(State { enabled: self.names.iter().map(ToString::to_string).collect() })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let parent = format!("projects/{}", self.project);
        let path = format!("v1/{parent}/services:batchGet");
        let mut request = context.cloud.rest.get("serviceusage.services.batchGet", path);
        for name in &self.names {
            request = request.query("names", format!("{parent}/services/{name}"));
        }
        let found: Value = request.send().await.done()?;
        let text = |service: &Value, key: &str| {
            service.pointer(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let services = found.get("services").and_then(Value::as_array);
        let on = services.into_iter().flatten().filter(|it| text(it, "/state") == "ENABLED");
        let enabled = on.map(|service| text(service, "/config/name"));
        let state = State { enabled: enabled.collect() };
        Ok(Some(Observed { state, output: (), owner: Owner::Parent }))
    }

    async fn create(&self, _: &Context<'_, Gcp>, _: &State) -> Result<()> {
        // Every project has services: there is nothing to make.
        Ok(())
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let missing: Vec<_> = want.enabled.difference(&have.state.enabled).collect();
        let path = format!("v1/projects/{}/services:batchEnable", self.project);
        let request = context.cloud.rest.post("serviceusage.services.batchEnable", path);
        let started = request.json(json!({ "serviceIds": missing })).send().await.done()?;
        context.cloud.rest.expect_enabling();
        let poll = Poll {
            call: "serviceusage.operations.get",
            base: "v1".into(),
            host: None,
            what: "APIs to be switched on",
        };
        operation::finish(context, &poll, started).await.map(drop)
    }

    async fn delete(&self, _: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        Ok(Deletion::Left("may be in use by others".into()))
    }
}
