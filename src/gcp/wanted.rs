//! What a tenant's configuration means in Google Cloud. Pure: no call is made, so that a plan can
//! be read and tested without a project.
//!
//! What is switched off stays in the graph as unwanted, so that it is cleaned up. The parts of the
//! graph are in `access`, `storage`, `network` and `monitoring`.

use std::path::Path;

use super::{
    Gcp, Labels, Mark, Project, access, monitoring, network, orphan,
    resource::{Model, Quota, ServiceAccountOutput, Services},
    right::{Draft, Rights},
    storage,
};
use crate::{
    claude::vertex::{self, Called},
    config::{ModelEnablement, VertexConfig, VertexLocation},
    reconcile::{Graph, Ref},
};

/// Where a tenant is.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub project: &'a Project,
    /// Where the models are called.
    pub location: &'a VertexLocation,
    /// The folder of the configuration, to which paths in it are relative.
    pub folder: &'a Path,
}

/// What is wanted, and what to read from a report on it.
pub struct Wanted {
    pub graph: Graph<Gcp>,
    pub handles: Handles,
    pub rights: Rights,
}

/// What others ask for after a run.
pub struct Handles {
    pub service_account: Ref<ServiceAccountOutput>,
    /// Where what is stored is kept.
    pub data_location: String,
}

/// Whose everything is that this configuration makes.
pub fn mark(config: &VertexConfig) -> Mark {
    Mark { tenant: config.tenant.to_string() }
}

/// What all parts of the graph are drawn from.
pub(super) struct Sketch<'a> {
    pub config: &'a VertexConfig,
    pub place: Place<'a>,
    /// The models, each with the location where it is called.
    pub models: Vec<Called>,
    pub labels: Labels,
    pub services: Ref<()>,
}

impl Sketch<'_> {
    /// The tenant's name, from which others are made.
    pub(super) fn tenant(&self) -> &str {
        self.config.tenant.as_str()
    }

    pub(super) fn project(&self) -> &str {
        &self.place.project.id
    }

    /// Where what is stored is kept.
    pub(super) fn data_location(&self) -> String {
        self.config.data_location(self.place.location).to_string()
    }
}

/// The graph of a tenant.
pub fn wanted(config: &VertexConfig, place: &Place<'_>) -> Wanted {
    let mut draft = Draft::default();
    let names = services(config);
    let services = draft.add(Services { project: place.project.id.clone(), names });
    let (models, _) = vertex::resolve(config, place.location);
    let models = models.iter().cloned().collect();
    let labels = config.labels.clone();
    let sketch = Sketch { config, place: *place, models, labels, services };
    gates(&mut draft, &sketch);
    let service_account = access::draw(&mut draft, &sketch);
    storage::draw(&mut draft, &sketch);
    network::draw(&mut draft, &sketch);
    monitoring::draw(&mut draft, &sketch);
    let handles = Handles { service_account, data_location: sketch.data_location() };
    let (graph, mut rights) = draft.finish();
    rights.search(orphan::PERMISSIONS);
    Wanted { graph, handles, rights }
}

/// The APIs that the configuration takes; at most twenty, which is what one call switches on.
pub(super) fn services(config: &VertexConfig) -> Vec<&'static str> {
    let vertex = &config.vertex_ai;
    let mut names = vec![
        "aiplatform.googleapis.com",
        "cloudkms.googleapis.com",
        "cloudresourcemanager.googleapis.com",
        "iam.googleapis.com",
        "iamcredentials.googleapis.com",
        "logging.googleapis.com",
        "monitoring.googleapis.com",
    ];
    let mut also = |wanted: bool, more: &[&'static str]| {
        if wanted {
            names.extend(more);
        }
    };
    also(vertex.logging.request_response.enabled, &["bigquery.googleapis.com"]);
    let network = vertex.network.is_some() || vertex.subnet.is_some();
    also(network, &["compute.googleapis.com"]);
    also(
        vertex.private_service_connect.is_some(),
        &["dns.googleapis.com", "servicedirectory.googleapis.com"],
    );
    also(vertex.workload_identity_federation.is_some(), &["sts.googleapis.com"]);
    also(vertex.monitoring.budget.is_some(), &["billingbudgets.googleapis.com"]);
    names
}

/// Whether each model can be called: a person's consent and a quota are none of ours to make.
fn gates(draft: &mut Draft, sketch: &Sketch<'_>) {
    let enable = sketch.config.vertex_ai.model_enablement == ModelEnablement::Enable;
    for Called { model, location } in &sketch.models {
        let name = format!("{model}@{location}");
        draft.add(Model { name: name.clone(), enable, services: sketch.services.clone() });
        draft.add(Quota { name, services: sketch.services.clone() });
    }
}
