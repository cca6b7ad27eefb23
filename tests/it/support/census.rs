//! How many there are of each kind in a project: what a tenant has made, and nothing else.

use std::collections::BTreeMap;

use serde_json::Value;

/// By store; what there is none of is left out.
pub type Census = BTreeMap<String, usize>;

/// Counts what lives. Left out is what a new project has, what Google keeps of the deleted, and what
/// always stays: APIs and their agents, key rings, and keys without a version that lives.
pub fn census(inventory: &Value) -> Census {
    let mut census = Census::new();
    for (store, held) in inventory.as_object().into_iter().flatten() {
        let things = held.as_object().into_iter().flatten();
        let count = things.map(|(name, thing)| count(store, name, thing)).sum();
        if count > 0 {
            census.insert(store.clone(), count);
        }
    }
    census
}

/// As [`census`] gives it.
pub fn counted(counts: &[(&str, usize)]) -> Census {
    counts.iter().map(|(store, count)| ((*store).to_owned(), *count)).collect()
}

fn count(store: &str, name: &str, thing: &Value) -> usize {
    let last = name.rsplit('/').next().unwrap_or_default();
    match store {
        // The last three are what a test says of models and of the organization. Private Google
        // Access, of subnetworks, stays, as others may use it.
        "projects"
        | "services"
        | "serviceusage.identities"
        | "cloudbilling.billingAccounts"
        | "cloudkms.keyRings"
        | "cloudkms.cryptoKeys"
        | "compute.networks"
        | "compute.subnetworks"
        | "iam.deletedServiceAccounts"
        | "aiplatform.models"
        | "serviceusage.quotas"
        | "orgpolicy.policies" => 0,
        // Events stay on: others may want them.
        "aiplatform.publisherModelConfigs" => {
            usize::from(thing["loggingConfig"]["enabled"] == true)
        }
        "cloudkms.cryptoKeyVersions" => {
            usize::from(!thing["state"].as_str().unwrap().starts_with("DESTROY"))
        }
        // Google's own, for each endpoint.
        "dns.managedZones" => usize::from(!last.starts_with("goog-psc")),
        "dns.resourceRecordSets" => {
            let own = name.contains("/goog-psc") || matches!(last, "NS" | "SOA");
            usize::from(!own)
        }
        "iam.roles" => usize::from(thing["deleted"] != true),
        "logging.buckets" | "logging.sinks" => {
            usize::from(!last.starts_with('_') && thing["lifecycleState"] != "DELETE_REQUESTED")
        }
        "policies" => given(thing),
        _ => usize::from(thing["state"] != "DELETED"),
    }
}

/// How many grants a policy has. What is audited stays so.
fn given(policy: &Value) -> usize {
    let bindings = policy["bindings"].as_array().into_iter().flatten();
    bindings.map(|binding| binding["members"].as_array().map_or(0, Vec::len)).sum()
}

/// What a tenant has with the smallest configuration.
pub const WHOLE: &[(&str, usize)] = &[
    ("cloudkms.cryptoKeyVersions", 1),
    ("iam.roles", 1),
    ("iam.serviceAccounts", 1),
    ("logging.buckets", 1),
    ("logging.sinks", 1),
    ("monitoring.alertPolicies", 5),
    ("policies", 2),
];

/// What it has with everything on.
pub const ALL: &[(&str, usize)] = &[
    ("aiplatform.publisherModelConfigs", 2),
    ("bigquery.datasets", 1),
    ("bigquery.tables", 2),
    ("billingbudgets.budgets", 1),
    ("cloudkms.cryptoKeyVersions", 1),
    ("compute.globalAddresses", 1),
    ("compute.globalForwardingRules", 1),
    ("dns.managedZones", 4),
    ("dns.resourceRecordSets", 4),
    ("iam.keys", 1),
    ("iam.roles", 1),
    ("iam.serviceAccounts", 1),
    ("iam.workloadIdentityPoolProviders", 1),
    ("iam.workloadIdentityPools", 1),
    ("logging.buckets", 1),
    ("logging.sinks", 1),
    ("monitoring.alertPolicies", 7),
    ("monitoring.notificationChannels", 2),
    ("policies", 6),
];
