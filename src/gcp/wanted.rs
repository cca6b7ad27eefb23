//! What a tenant's configuration means in Google Cloud. Pure: no call is made, so that a plan can
//! be read and tested without a project.

use std::path::Path;

use super::{
    Gcp, Mark, Project,
    resource::{ServiceAccount, ServiceAccountOutput, Services},
    right::{Draft, Rights},
};
use crate::{
    config::{VertexConfig, VertexLocation},
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
}

/// Whose everything is that this configuration makes.
pub fn mark(config: &VertexConfig) -> Mark {
    Mark { tenant: config.tenant.to_string() }
}

/// The graph of a tenant.
pub fn wanted(config: &VertexConfig, place: &Place<'_>) -> Wanted {
    let mut draft = Draft::default();
    let services = draft.add(Services {
        project: place.project.id.clone(),
        names: vec![
            "aiplatform.googleapis.com",
            "cloudresourcemanager.googleapis.com",
            "iam.googleapis.com",
        ],
    });
    let name = config.service_account_name();
    let service_account = draft.add(ServiceAccount { name, services });
    let (graph, rights) = draft.finish();
    Wanted { graph, handles: Handles { service_account }, rights }
}
