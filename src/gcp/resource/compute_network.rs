//! The network that developers call from, and a subnet of it: the company's own, looked up and
//! checked, never changed here. They may be of another project, the host of a shared VPC.

use serde::Deserialize;

use crate::{
    error::{Error, Kind, Result},
    gcp::{
        Gcp,
        error::Failure,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Given, Ref, ResourceId},
};

pub struct Network {
    /// Its own project, by id.
    pub project: String,
    pub name: String,
    pub services: Ref<()>,
}

#[derive(Clone, Debug)]
pub struct NetworkOutput {
    pub project: String,
    pub name: String,
    /// `projects/P/global/networks/N`.
    pub path: String,
    /// The URL, as Cloud DNS and the Compute Engine want it.
    pub self_link: String,
}

pub struct Subnetwork {
    /// Its own project, by id.
    pub project: String,
    /// `REGION/NAME`.
    pub name: String,
    /// The network that it has to be of.
    pub network: Option<Ref<NetworkOutput>>,
    pub services: Ref<()>,
}

#[derive(Clone, Debug)]
pub struct SubnetworkOutput {
    pub project: String,
    pub region: String,
    pub name: String,
    pub self_link: String,
    /// `projects/P/global/networks/N`.
    pub network: String,
    /// Whether machines without an external address reach Google's APIs.
    pub private_ip_google_access: bool,
    /// Its IPv4 range and the secondary ones, such as `10.0.0.0/24`.
    pub ranges: Vec<String>,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct FoundNetwork {
    self_link: String,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct FoundSubnetwork {
    self_link: String,
    network: String,
    private_ip_google_access: bool,
    ip_cidr_range: String,
    secondary_ip_ranges: Vec<SecondaryRange>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct SecondaryRange {
    ip_cidr_range: String,
}

/// What stands behind host and version in a URL of the Compute Engine: answers have one host, what
/// people write another.
pub(in crate::gcp) fn path_of(url: &str) -> String {
    url.find("projects/").and_then(|at| url.get(at..)).unwrap_or(url).to_owned()
}

/// What is not there, and how to see what is.
fn missing(what: &str, name: &str, project: &str, list: &str) -> Error {
    let message = format!("there is no {what} `{name}` in the project `{project}`");
    Error::new(Kind::Config, message)
        .hint(format!("see what there is: gcloud compute networks {list} --project={project}"))
}

/// A refusal in somebody else's project is for its owner to lift.
fn of_host(failure: Failure, project: &str, gcp: &Gcp) -> Error {
    let error = failure.into_error();
    if error.kind() != Kind::Denied || project == gcp.project.id {
        return error;
    }
    error
        .hint(format!("the owner of `{project}` has to give you roles/compute.networkViewer there"))
}

impl Entitled for Network {
    fn permissions(&self) -> Permissions {
        Permissions { plan: &["compute.networks.get"], ..Permissions::default() }
    }
}

impl Given for Network {
    type Cloud = Gcp;
    type Output = NetworkOutput;
    const KIND: &'static str = "gcp.compute.network";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id()]
    }

    async fn find(&self, context: &Context<'_, Gcp>) -> Result<NetworkOutput> {
        let Self { project, name, .. } = self;
        let path = format!("projects/{project}/global/networks/{name}");
        let get = context.cloud.rest.get("compute.networks.get", format!("compute/v1/{path}"));
        let found: FoundNetwork = match get.send().await {
            Err(failure) if failure.code_is(&[404]) => {
                return Err(missing("network", name, project, "list"));
            }
            Err(failure) => return Err(of_host(failure, project, context.cloud)),
            Ok(found) => found,
        };
        let (project, name) = (project.clone(), name.clone());
        Ok(NetworkOutput { project, name, path, self_link: found.self_link })
    }
}

impl Subnetwork {
    fn parts(&self) -> (&str, &str) {
        self.name.split_once('/').unwrap_or_default()
    }
}

impl Entitled for Subnetwork {
    fn permissions(&self) -> Permissions {
        Permissions { plan: &["compute.subnetworks.get"], ..Permissions::default() }
    }
}

impl Given for Subnetwork {
    type Cloud = Gcp;
    type Output = SubnetworkOutput;
    const KIND: &'static str = "gcp.compute.subnetwork";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        let network = self.network.iter().map(Ref::id);
        [self.services.id()].into_iter().chain(network).collect()
    }

    async fn find(&self, context: &Context<'_, Gcp>) -> Result<SubnetworkOutput> {
        let (region, name) = self.parts();
        let project = &self.project;
        let path = format!("compute/v1/projects/{project}/regions/{region}/subnetworks/{name}");
        let get = context.cloud.rest.get("compute.subnetworks.get", path);
        let found: FoundSubnetwork = match get.send().await {
            Err(failure) if failure.code_is(&[404]) => {
                let what = format!("subnet in {region}");
                return Err(missing(&what, name, project, "subnets list"));
            }
            Err(failure) => return Err(of_host(failure, project, context.cloud)),
            Ok(found) => found,
        };
        let network = path_of(&found.network);
        if let Some(wanted) = &self.network {
            let wanted = context.get(wanted)?.path;
            if network != wanted {
                let message = format!("the subnet `{name}` is of {network}, and not of {wanted}");
                return Err(Error::new(Kind::Config, message)
                    .hint("name a network and a subnet of it, or leave the subnet out"));
            }
        }
        let secondary = found.secondary_ip_ranges.into_iter().map(|range| range.ip_cidr_range);
        let ranges = [found.ip_cidr_range].into_iter().chain(secondary);
        Ok(SubnetworkOutput {
            project: project.clone(),
            region: region.to_owned(),
            name: name.to_owned(),
            self_link: found.self_link,
            network,
            private_ip_google_access: found.private_ip_google_access,
            ranges: ranges.filter(|range| !range.is_empty()).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_any_host_and_version_has_the_same_path() {
        let path = "projects/p/global/networks/n";
        for host in
            ["https://www.googleapis.com/compute/v1/", "https://compute.googleapis.com/x/", ""]
        {
            assert_eq!(path_of(&format!("{host}{path}")), path);
        }
    }
}
