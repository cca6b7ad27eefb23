//! What carries the tenant's mark and is no longer in its configuration: it was renamed there, or
//! taken out. Nobody else would tell of it, and some of it costs money.
//!
//! Each kind is listed, since one search over all would take an API that hardly any project has on.
//! What has no mark of its own goes with what it hangs on. A budget is known by what it is called
//! alone, so that one which nothing speaks of cannot be told from another's.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use serde_json::Value;

use super::{
    Gcp, Labels,
    error::{Answered as _, Failure, Refusal},
    mark::TENANT,
    resource::{
        Address, AlertPolicy, CryptoKey, Dataset, ForwardingRule, LogBucket, ManagedZone,
        NotificationChannel, Role, ServiceAccount, Sink, WorkloadIdentityPool,
    },
};
use crate::{
    error::Result,
    reconcile::{Orphan, Owner, Resource as _},
};

/// What the search needs.
pub(super) const PERMISSIONS: &[&str] = &[
    "bigquery.datasets.get",
    "cloudkms.cryptoKeyVersions.list",
    "cloudkms.cryptoKeys.list",
    "compute.globalAddresses.list",
    "compute.globalForwardingRules.list",
    "dns.managedZones.list",
    "iam.googleapis.com/workloadIdentityPools.list",
    "iam.roles.list",
    "iam.serviceAccounts.list",
    "logging.buckets.list",
    "logging.sinks.list",
    "monitoring.alertPolicies.list",
    "monitoring.notificationChannels.list",
];

/// What a search gave.
#[derive(Debug)]
pub struct Search {
    pub orphans: Vec<Orphan>,
    /// The lists that this identity may not read, as people say them.
    pub refused: BTreeSet<&'static str>,
}

/// Where things of a kind are listed.
struct Listed {
    kind: &'static str,
    called: &'static str,
    call: &'static str,
    /// `{project}` stands for its id.
    path: &'static str,
    /// Where an answer has them.
    items: &'static str,
}

const LISTS: [Listed; 11] = [
    Listed {
        kind: ServiceAccount::KIND,
        called: "service accounts",
        call: "iam.projects.serviceAccounts.list",
        path: "v1/projects/{project}/serviceAccounts",
        items: "accounts",
    },
    Listed {
        kind: Role::KIND,
        called: "roles",
        call: "iam.projects.roles.list",
        path: "v1/projects/{project}/roles",
        items: "roles",
    },
    Listed {
        kind: WorkloadIdentityPool::KIND,
        called: "workload identity pools",
        call: "iam.projects.locations.workloadIdentityPools.list",
        path: "v1/projects/{project}/locations/global/workloadIdentityPools",
        items: "workloadIdentityPools",
    },
    Listed {
        kind: LogBucket::KIND,
        called: "log buckets",
        call: "logging.projects.locations.buckets.list",
        path: "v2/projects/{project}/locations/-/buckets",
        items: "buckets",
    },
    Listed {
        kind: Sink::KIND,
        called: "sinks",
        call: "logging.projects.sinks.list",
        path: "v2/projects/{project}/sinks",
        items: "sinks",
    },
    Listed {
        kind: Dataset::KIND,
        called: "datasets",
        call: "bigquery.datasets.list",
        path: "bigquery/v2/projects/{project}/datasets",
        items: "datasets",
    },
    Listed {
        kind: NotificationChannel::KIND,
        called: "notification channels",
        call: "monitoring.projects.notificationChannels.list",
        path: "v3/projects/{project}/notificationChannels",
        items: "notificationChannels",
    },
    Listed {
        kind: AlertPolicy::KIND,
        called: "alert policies",
        call: "monitoring.projects.alertPolicies.list",
        path: "v3/projects/{project}/alertPolicies",
        items: "alertPolicies",
    },
    Listed {
        kind: Address::KIND,
        called: "addresses",
        call: "compute.globalAddresses.list",
        path: "compute/v1/projects/{project}/global/addresses",
        items: "items",
    },
    Listed {
        kind: ForwardingRule::KIND,
        called: "forwarding rules",
        call: "compute.globalForwardingRules.list",
        path: "compute/v1/projects/{project}/global/forwardingRules",
        items: "items",
    },
    Listed {
        kind: ManagedZone::KIND,
        called: "DNS zones",
        call: "dns.managedZones.list",
        path: "dns/v1/projects/{project}/managedZones",
        items: "managedZones",
    },
];
const KEYS: &str = "keys";
/// The states of a version of a key that is not on its way out.
const LIVING: [&str; 4] = ["DISABLED", "ENABLED", "PENDING_GENERATION", "PENDING_IMPORT"];

/// Everything with our mark that the graph does not know. `known` are the ids in it. Of what is kept
/// in a location the graph knows what is in `data_location`.
pub async fn orphans(gcp: &Gcp, known: &BTreeSet<String>, data_location: &str) -> Result<Search> {
    let mut refused = BTreeSet::new();
    let (mut places, mut found) = (BTreeSet::from([data_location.to_owned()]), Vec::new());
    let lists = try_join_all(LISTS.iter().map(|listed| list(gcp, listed))).await?;
    for (listed, all) in LISTS.iter().zip(lists) {
        let Some(all) = all else {
            refused.insert(listed.called);
            continue;
        };
        for it in all.iter().filter(|it| is_ours(gcp, it)) {
            places.extend(place(listed.kind, it));
            found.extend(orphan(listed.kind, &gcp.project.id, it).filter(|_| lives(it)));
        }
    }
    // Keys are listed by location only: that of what they encrypt, even where it is deleted.
    for keys in try_join_all(places.iter().map(|place| keys(gcp, place))).await? {
        match keys {
            Some(keys) => found.extend(keys),
            None => drop(refused.insert(KEYS)),
        }
    }
    let here = format!("/locations/{data_location}/");
    found.retain(|it| {
        let located = [LogBucket::KIND, CryptoKey::KIND].iter().any(|kind| it.id.starts_with(kind));
        !known.contains(&it.id) || (located && !it.full_name.contains(&here))
    });
    found.sort_unstable();
    found.dedup();
    Ok(Search { orphans: found, refused })
}

/// `None` if we may not look. Of an API that is off there is nothing.
fn read<T>(answer: std::result::Result<Vec<T>, Failure>) -> Result<Option<Vec<T>>> {
    match answer {
        Err(failure) if failure.refusal().is_some_and(Refusal::is_disabled) => Ok(Some(Vec::new())),
        Err(failure) if failure.code_is(&[403]) => Ok(None),
        other => Ok(Some(other.absent()?.unwrap_or_default())),
    }
}

async fn list(gcp: &Gcp, listed: &Listed) -> Result<Option<Vec<Value>>> {
    let path = listed.path.replace("{project}", &gcp.project.id);
    read(gcp.rest.get(listed.call, path).list(listed.items).await)
}

/// The tenant's keys in a location that live; its ring has the tenant's name everywhere.
async fn keys(gcp: &Gcp, location: &str) -> Result<Option<Vec<Orphan>>> {
    let (project, tenant) = (&gcp.project.id, &gcp.mark.tenant);
    let ring = format!("projects/{project}/locations/{location}/keyRings/{tenant}");
    let call = "cloudkms.projects.locations.keyRings.cryptoKeys.list";
    let request = gcp.rest.get(call, format!("v1/{ring}/cryptoKeys"));
    let Some(all) = read(request.list::<Value>("cryptoKeys").await)? else { return Ok(None) };
    let ours = all.iter().filter(|key| is_ours(gcp, key));
    let found = try_join_all(ours.map(|key| key_orphan(gcp, key))).await?;
    let found: Option<Vec<_>> = found.into_iter().collect();
    Ok(found.map(|found| found.into_iter().flatten().collect()))
}

/// Nothing of a key all of whose versions are on their way out, as long as it makes no new ones.
async fn key_orphan(gcp: &Gcp, key: &Value) -> Result<Option<Option<Orphan>>> {
    let name = text(key, "/name");
    let call = "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.list";
    let request = gcp.rest.get(call, format!("v1/{name}/cryptoKeyVersions"));
    let Some(all) = read(request.list::<Value>("cryptoKeyVersions").await)? else {
        return Ok(None);
    };
    let fields: Vec<&str> = name.split('/').collect();
    let [_, project, _, location, _, ring, _, key_id] = fields.as_slice() else {
        return Ok(Some(None));
    };
    let of = |what: &str, id: &str, of_key: &str| {
        format!(
            "gcloud kms keys {what} {id}{of_key} --keyring {ring} --location {location} \
             --project {project}"
        )
    };
    let rotates = key.get("rotationPeriod").is_some();
    let stop = rotates.then(|| of("remove-rotation-schedule", key_id, ""));
    let living = all.iter().filter(|it| LIVING.contains(&text(it, "/state").as_str()));
    let living: BTreeSet<String> = living.map(|it| last(&text(it, "/name"))).collect();
    let destroy = living.iter().map(|id| of("versions destroy", id, &format!(" --key {key_id}")));
    let commands: Vec<String> = stop.into_iter().chain(destroy).collect();
    let id = format!("{}/{ring}/{key_id}", CryptoKey::KIND);
    let removal = commands.join(" && ");
    Ok(Some((!commands.is_empty()).then_some(Orphan { id, full_name: name, removal })))
}

fn text(found: &Value, pointer: &str) -> String {
    found.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn last(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

/// By a label where there is ours or another tenant's, or else by the description.
fn is_ours(gcp: &Gcp, found: &Value) -> bool {
    // Of a notification channel `labels` are its address.
    let of = |key| found.get(key).and_then(|it| serde_json::from_value::<Labels>(it.clone()).ok());
    let labels: Labels = ["labels", "userLabels"].into_iter().filter_map(of).flatten().collect();
    let owner = if labels.contains_key(TENANT) {
        gcp.mark.owner(&labels)
    } else {
        gcp.mark.owner_described(&text(found, "/description"))
    };
    owner == Owner::Us
}

/// What was deleted and can be restored yet is gone.
fn lives(found: &Value) -> bool {
    let state = |pointer| text(found, pointer).starts_with("DELETE");
    !(found.get("deleted") == Some(&Value::Bool(true))
        || state("/state")
        || state("/lifecycleState"))
}

/// Where it is kept, if by a key of its location.
fn place(kind: &str, found: &Value) -> Option<String> {
    match kind {
        LogBucket::KIND => text(found, "/name").split('/').nth(3).map(ToOwned::to_owned),
        Dataset::KIND => Some(text(found, "/location").to_ascii_lowercase()),
        _ => None,
    }
}

/// What was found, named as its resource is.
fn orphan(kind: &'static str, project: &str, found: &Value) -> Option<Orphan> {
    let said = text(found, "/name");
    let name = match kind {
        ServiceAccount::KIND => last(&said).split('@').next()?.to_owned(),
        Dataset::KIND => text(found, "/datasetReference/datasetId"),
        NotificationChannel::KIND | AlertPolicy::KIND => text(found, "/userLabels/groundwork-id"),
        _ => last(&said),
    };
    // Some say the whole name, some the last part of it.
    let full_name = match kind {
        Sink::KIND => format!("projects/{project}/sinks/{name}"),
        Dataset::KIND => format!("projects/{project}/datasets/{name}"),
        Address::KIND => format!("projects/{project}/global/addresses/{name}"),
        ForwardingRule::KIND => format!("projects/{project}/global/forwardingRules/{name}"),
        ManagedZone::KIND => format!("projects/{project}/managedZones/{name}"),
        _ => said,
    };
    let removal = removal(kind, project, &name, &full_name)?;
    Some(Orphan { id: format!("{kind}/{name}"), full_name, removal })
}

fn removal(kind: &str, project: &str, name: &str, full: &str) -> Option<String> {
    let gcloud = match kind {
        ServiceAccount::KIND => format!("iam service-accounts delete {}", last(full)),
        Role::KIND => format!("iam roles delete {name}"),
        WorkloadIdentityPool::KIND => {
            format!("iam workload-identity-pools delete {name} --location global")
        }
        LogBucket::KIND => {
            let location = full.split('/').nth(3)?;
            format!("logging buckets delete {name} --location {location}")
        }
        Sink::KIND => format!("logging sinks delete {name}"),
        Dataset::KIND => return Some(format!("bq rm -r -d {project}:{name}")),
        NotificationChannel::KIND => format!("beta monitoring channels delete {full}"),
        AlertPolicy::KIND => format!("monitoring policies delete {full}"),
        Address::KIND => format!("compute addresses delete {name} --global"),
        ForwardingRule::KIND => format!("compute forwarding-rules delete {name} --global"),
        // A zone goes only when it is empty.
        ManagedZone::KIND => format!(
            "dns record-sets import /dev/null --delete-all-existing --zone {name} --project \
             {project} && gcloud dns managed-zones delete {name}"
        ),
        _ => return None,
    };
    Some(format!("gcloud {gcloud} --project {project}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_deleted_and_can_be_restored_is_gone() {
        assert!(lives(&json!({"state": "ACTIVE"})) && lives(&json!({"deleted": false})));
        for gone in [
            json!({"deleted": true}),
            json!({"state": "DELETED"}),
            json!({"lifecycleState": "DELETE_REQUESTED"}),
        ] {
            assert!(!lives(&gone), "{gone}");
        }
    }

    #[test]
    fn every_kind_that_is_listed_is_named_and_removed() {
        let found = json!({
            "name": "projects/p/locations/eu/things/x",
            "datasetReference": {"datasetId": "x"},
            "userLabels": {"groundwork-id": "x"},
        });
        for Listed { kind, .. } in LISTS {
            let orphan = orphan(kind, "p", &found).unwrap();
            assert_eq!(orphan.id, format!("{kind}/x"));
            assert!(orphan.removal.contains('x'), "{orphan:?}");
        }
    }
}
