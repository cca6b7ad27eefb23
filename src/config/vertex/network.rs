//! A network, a subnet of it, and the endpoint through which Google's APIs are reached from there.
//!
//! Vertex AI's own `network` is for machines that it runs, and Claude runs on none of them. What
//! stands here is the network that developers call from.

use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{choice::choice, location::is_region, project::is_project};
use crate::config::newtype::{Invalid, consists, newtype};

const NETWORK: &str = "a network: `projects/P/global/networks/N`";
const SUBNET: &str = "a subnet: `projects/P/regions/R/subnetworks/S`";
const ADDRESS: &str = "an internal IPv4 address such as `10.0.100.2`";
const ENDPOINT: &str = "the name of an endpoint: 1 to 20 lower-case letters and digits, \
                        of which the first is a letter";

newtype! {
    /// A VPC network, by name or URL.
    Network,
    must: NETWORK,
    check: check_network,
    pattern: "^(https://[a-z.]+/compute/[a-z0-9]+/)?projects/[^/]+/global/networks/[a-z][a-z0-9-]*$"
}

newtype! {
    /// A subnet of a VPC network, by name or URL.
    Subnet,
    must: SUBNET,
    check: check_subnet,
    pattern: "^(https://[a-z.]+/compute/[a-z0-9]+/)?projects/[^/]+/regions/[a-z0-9-]+/subnetworks/\
              [a-z][a-z0-9-]*$"
}

newtype! {
    /// The address of an endpoint within a network.
    InternalAddress, must: ADDRESS, check: check_address, pattern: "^[0-9]{1,3}([.][0-9]{1,3}){3}$"
}

newtype! {
    /// The name of an endpoint for Google's APIs.
    EndpointName, must: ENDPOINT, check: check_endpoint, pattern: "^[a-z][a-z0-9]{0,19}$"
}

choice! {
    /// Which of Google's APIs an endpoint reaches.
    Target, must: "`all-apis` or `vpc-sc`",
    /// Most of them.
    AllApis = "all-apis",
    /// Those that VPC Service Controls protects.
    VpcSc = "vpc-sc",
}

/// An endpoint within the network through which Google's APIs are reached.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrivateServiceConnect {
    /// Its address, in none of the network's subnets
    pub address: InternalAddress,
    /// Which APIs it reaches: `all-apis`, or `vpc-sc` for those that VPC Service Controls protects
    #[serde(default = "all_apis")]
    pub target: Target,
    /// Its name; by default made of the tenant's
    #[serde(default)]
    pub endpoint: Option<EndpointName>,
}

fn all_apis() -> Target {
    Target::AllApis
}

impl Network {
    /// The name without what a URL has before it.
    pub fn path(&self) -> &str {
        bare(&self.0)
    }

    pub fn project(&self) -> &str {
        part(&self.0, "projects")
    }

    pub fn name(&self) -> &str {
        part(&self.0, "networks")
    }
}

impl Subnet {
    /// The name without what a URL has before it.
    pub fn path(&self) -> &str {
        bare(&self.0)
    }

    pub fn project(&self) -> &str {
        part(&self.0, "projects")
    }

    pub fn region(&self) -> &str {
        part(&self.0, "regions")
    }

    pub fn name(&self) -> &str {
        part(&self.0, "subnetworks")
    }
}

impl EndpointName {
    /// The name made of a tenant's.
    pub(super) fn of_tenant(tenant: &str) -> Self {
        Self(tenant.chars().filter(char::is_ascii_alphanumeric).take(20).collect())
    }
}

/// What stands behind `key/` in a name. It was checked, so it is there.
pub(super) fn part<'a>(name: &'a str, key: &str) -> &'a str {
    let mut parts = name.split('/').skip_while(|part| *part != key);
    parts.nth(1).unwrap_or_default()
}

fn bare(text: &str) -> &str {
    let Some(rest) = text.strip_prefix("https://") else { return text };
    let of_compute = rest.contains("/compute/") && !rest.contains(['?', '#', '@']);
    let at = text.find("projects/").filter(|_| of_compute);
    at.and_then(|at| text.get(at..)).unwrap_or(text)
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    consists(text, 1, 63, allowed)
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
}

/// Whether it is a project by its id or its number, as compute answers with either.
fn is_owner(text: &str) -> bool {
    is_project(text) || consists(text, 5, 20, |byte| byte.is_ascii_digit())
}

fn check_network(text: &str) -> Result<(), Invalid> {
    let parts: Vec<&str> = bare(text).split('/').collect();
    match parts.as_slice() {
        ["projects", project, "global", "networks", name] if is_owner(project) && is_name(name) => {
            Ok(())
        }
        ["projects", _, "regions", _, "subnetworks", _] => {
            Err(Invalid::new(NETWORK).why("it is a subnet"))
        }
        ["projects", project, "networks", name] if is_owner(project) => Err(Invalid::new(NETWORK)
            .did_you_mean(&format!("projects/{project}/global/networks/{name}"))),
        [name] if is_name(name) => {
            Err(Invalid::new(NETWORK)
                .hint(format!("write `projects/PROJECT/global/networks/{name}`")))
        }
        _ => Err(Invalid::new(NETWORK)),
    }
}

fn check_subnet(text: &str) -> Result<(), Invalid> {
    let parts: Vec<&str> = bare(text).split('/').collect();
    match parts.as_slice() {
        ["projects", project, "regions", region, "subnetworks", name]
            if is_owner(project) && is_region(region) && is_name(name) =>
        {
            Ok(())
        }
        ["projects", _, "global", "networks", _] => {
            Err(Invalid::new(SUBNET).why("it is a network"))
        }
        ["projects", project, "regions", region, "subnets", name] => Err(Invalid::new(SUBNET)
            .did_you_mean(&format!("projects/{project}/regions/{region}/subnetworks/{name}"))),
        [name] if is_name(name) => Err(Invalid::new(SUBNET)
            .hint(format!("write `projects/PROJECT/regions/REGION/subnetworks/{name}`"))),
        _ => Err(Invalid::new(SUBNET)),
    }
}

fn check_address(text: &str) -> Result<(), Invalid> {
    let invalid = Invalid::new(ADDRESS);
    let Ok(address) = text.parse::<Ipv4Addr>() else {
        return Err(match text.strip_suffix("/32") {
            Some(address) if address.parse::<Ipv4Addr>().is_ok() => invalid.did_you_mean(address),
            _ => invalid,
        });
    };
    let odd = address.is_loopback()
        || address.is_unspecified()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast();
    if odd { Err(invalid.why("no machine can have it")) } else { Ok(()) }
}

fn check_endpoint(text: &str) -> Result<(), Invalid> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let good = |text: &str| {
        consists(text, 1, 20, allowed) && text.starts_with(|first: char| first.is_ascii_lowercase())
    };
    if good(text) {
        return Ok(());
    }
    let nearest = EndpointName::of_tenant(&text.to_ascii_lowercase());
    let invalid = Invalid::new(ENDPOINT);
    Err(if good(nearest.as_str()) { invalid.did_you_mean(nearest.as_str()) } else { invalid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_and_a_subnet_are_named_in_whole_or_by_url() {
        let url =
            "https://www.googleapis.com/compute/v1/projects/my-project/global/networks/default";
        for text in [url, "projects/my-project/global/networks/default"] {
            let network: Network = text.parse().unwrap();
            assert_eq!((network.project(), network.name()), ("my-project", "default"));
            assert_eq!(network.path(), "projects/my-project/global/networks/default");
        }
        let subnet: Subnet =
            "projects/example.com:my-project/regions/us-central1/subnetworks/a".parse().unwrap();
        assert_eq!(
            [subnet.project(), subnet.region(), subnet.name()],
            ["example.com:my-project", "us-central1", "a"]
        );
        for bad in ["", "default", "projects/p/global/networks/x", "https://evil/projects/x"] {
            bad.parse::<Network>().unwrap_err();
            bad.parse::<Subnet>().unwrap_err();
        }
        assert_eq!(subnet.as_str().parse::<Network>().unwrap_err().why.unwrap(), "it is a subnet");
    }

    #[test]
    fn an_endpoint_has_an_address_and_a_short_name() {
        "10.0.100.2".parse::<InternalAddress>().unwrap();
        for bad in ["", "10.0.0", "::1", "127.0.0.1", "0.0.0.0", "10.0.0.1/24"] {
            bad.parse::<InternalAddress>().unwrap_err();
        }
        let hint = "claude-code".parse::<EndpointName>().unwrap_err().hint.unwrap();
        assert_eq!(hint, "did you mean `claudecode`?");
        assert_eq!(
            EndpointName::of_tenant(&"a-b".repeat(20)).as_str(),
            "ababababababababababa".get(..20).unwrap()
        );
    }
}
