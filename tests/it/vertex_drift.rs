//! What somebody changes or removes behind our back is seen, repaired, and then left alone.

use groundwork::error::Kind;
use serde_json::{Value, json};

use crate::support::{
    behind::{at, differences, everything, policy, settled},
    google::fake::{
        Google,
        policy::rename_member,
        service::{aiplatform::Verdict, compute},
        world::World,
    },
    tenant::said,
    vertex::Tenant,
};

const PROJECT: &str = "projects/123456789012";
const POLICY: &str = "gcp.cloudresourcemanager.policy/acme-ai";
const ACCOUNT: &str = "claude-code-service@acme-ai.iam.gserviceaccount.com";
const ACCOUNT_POLICY: &str = "gcp.iam.service_account_policy/claude-code-service";
const KEY_POLICY: &str = "gcp.cloudkms.key_policy/claude-code/vertex-ai";
const CRYPTO_KEY: &str = "gcp.cloudkms.crypto_key/claude-code/vertex-ai";
const ROLE: &str = "gcp.iam.role/claude_code_caller";
const SERVICE_ACCOUNT: &str = "gcp.iam.service_account/claude-code-service";
const KEY: &str = "gcp.iam.service_account_key/claude-code-service";
const BUCKET: &str = "gcp.logging.bucket/claude-code";
const SINK: &str = "gcp.logging.sink/claude-code";
const DATASET: &str = "gcp.bigquery.dataset/claude_code";
const RECORDING: &str = "gcp.aiplatform.publisher_model_config/claude-sonnet-4-5@us-east5";
const EMAIL: &str = "gcp.monitoring.notification_channel/email-0b70a9cc1e1768d5";
const WEBHOOK: &str = "gcp.monitoring.notification_channel/webhook-ddea86af04f263ac";
const ERRORS: &str = "gcp.monitoring.alert_policy/error-rate";
const BUDGET: &str = "gcp.billingbudgets.budget/groundwork claude-code acme-ai";
const ADDRESS: &str = "gcp.compute.address/claude-code";
const ENDPOINT: &str = "gcp.compute.forwarding_rule/claudecode";
const SUBNET: &str = "gcp.compute.private_google_access/us-east5/corp";
const ZONE: &str = "gcp.dns.managed_zone/claude-code-oauth2";
const RECORD: &str = "gcp.dns.record_set/claude-code-oauth2/A/oauth2.googleapis.com.";
const POOL: &str = "gcp.iam.workload_identity_pool/claude-code";
const PROVIDER: &str = "gcp.iam.workload_identity_provider/oidc";

/// Who does it, and the id of the resource in which it is to be seen.
type Drift = (&'static str, &'static str, fn(&mut World));

fn push(list: &mut Value, item: impl Into<Value>) {
    list.as_array_mut().unwrap().push(item.into());
}

fn config(world: &mut World) -> &mut Value {
    at(
        world,
        "aiplatform.publisherModelConfigs",
        "us-east5/publishers/anthropic/models/claude-sonnet-4-5",
    )
}

const ACCESS: &[Drift] = &[
    ("a binding removed", POLICY, |world| policy(world, PROJECT)["bindings"] = json!([])),
    ("a member removed", POLICY, |world| {
        policy(world, PROJECT)["bindings"][0]["members"].as_array_mut().unwrap().remove(0);
    }),
    ("a further member of our own role", POLICY, |world| {
        push(&mut policy(world, PROJECT)["bindings"][0]["members"], "user:mallory@example.com");
    }),
    ("somebody exempt from the audit", POLICY, |world| {
        let logs = &mut policy(world, PROJECT)["auditConfigs"][0]["auditLogConfigs"];
        push(&mut logs[1]["exemptedMembers"], "user:mallory@example.com");
    }),
    ("a type of log switched off", POLICY, |world| {
        let logs = &mut policy(world, PROJECT)["auditConfigs"][0]["auditLogConfigs"];
        logs.as_array_mut().unwrap().remove(0);
    }),
    ("the audit switched off", POLICY, |world| {
        policy(world, PROJECT).as_object_mut().unwrap().remove("auditConfigs");
    }),
    ("a role that may more", ROLE, |world| {
        let role = at(world, "iam.roles", "claude_code_caller");
        push(&mut role["includedPermissions"], "aiplatform.endpoints.delete");
    }),
    ("a role that may less", ROLE, |world| {
        at(world, "iam.roles", "claude_code_caller")["includedPermissions"] = json!([]);
    }),
    ("a role switched off", ROLE, |world| {
        at(world, "iam.roles", "claude_code_caller")["stage"] = json!("DISABLED");
    }),
    ("a role with another title", ROLE, |world| {
        at(world, "iam.roles", "claude_code_caller")["title"] = json!("mine");
    }),
    ("the account with another name for people", SERVICE_ACCOUNT, |world| {
        at(world, "iam.serviceAccounts", ACCOUNT)["displayName"] = json!("mine");
    }),
    ("somebody else may act as the account", ACCOUNT_POLICY, |world| {
        push(&mut policy(world, ACCOUNT)["bindings"][1]["members"], "user:mallory@example.com");
    }),
    ("another repository is the account", ACCOUNT_POLICY, |world| {
        let pool = "iam.googleapis.com/projects/123456789012/locations/global/\
                    workloadIdentityPools/claude-code";
        let member = format!("principalSet://{pool}/attribute.repository/mallory/app");
        push(&mut policy(world, ACCOUNT)["bindings"][0]["members"], member);
    }),
    ("nobody may act as the account", ACCOUNT_POLICY, |world| {
        policy(world, ACCOUNT)["bindings"] = json!([]);
    }),
    ("the pool disabled", POOL, |world| {
        at(world, "iam.workloadIdentityPools", "claude-code")["disabled"] = json!(true);
    }),
    ("the pool with another name for people", POOL, |world| {
        at(world, "iam.workloadIdentityPools", "claude-code")["displayName"] = json!("mine");
    }),
    ("the pool deleted, and restorable", POOL, |world| {
        at(world, "iam.workloadIdentityPools", "claude-code")["state"] = json!("DELETED");
    }),
    ("the provider disabled", PROVIDER, |world| {
        at(world, "iam.workloadIdentityPoolProviders", "oidc")["disabled"] = json!(true);
    }),
    ("the provider's condition gone", PROVIDER, |world| {
        let provider = at(world, "iam.workloadIdentityPoolProviders", "oidc");
        provider.as_object_mut().unwrap().remove("attributeCondition");
    }),
    ("the provider's condition another", PROVIDER, |world| {
        let provider = at(world, "iam.workloadIdentityPoolProviders", "oidc");
        provider["attributeCondition"] = json!("assertion.repository_owner == 'mallory'");
    }),
    ("the provider maps one attribute more", PROVIDER, |world| {
        let provider = at(world, "iam.workloadIdentityPoolProviders", "oidc");
        provider["attributeMapping"]["attribute.actor"] = json!("assertion.actor");
    }),
    ("the provider takes another issuer's tokens", PROVIDER, |world| {
        let provider = at(world, "iam.workloadIdentityPoolProviders", "oidc");
        provider["oidc"]["issuerUri"] = json!("https://mallory.example.com");
    }),
    ("the provider takes tokens for others", PROVIDER, |world| {
        let provider = at(world, "iam.workloadIdentityPoolProviders", "oidc");
        provider["oidc"]["allowedAudiences"] = json!(["https://mallory.example.com"]);
    }),
    ("the provider takes somebody's keys for the issuer's", PROVIDER, |world| {
        let provider = at(world, "iam.workloadIdentityPoolProviders", "oidc");
        provider["oidc"]["jwksJson"] = json!("{\"keys\":[]}");
    }),
];

const STORED: &[Drift] = &[
    ("the key rotates later", CRYPTO_KEY, |world| {
        at(world, "cloudkms.cryptoKeys", "vertex-ai")["rotationPeriod"] = json!("31536000s");
    }),
    ("the key rotates no more", CRYPTO_KEY, |world| {
        let key = at(world, "cloudkms.cryptoKeys", "vertex-ai").as_object_mut().unwrap();
        key.remove("rotationPeriod");
        key.remove("nextRotationTime");
    }),
    ("the key with another label", CRYPTO_KEY, |world| {
        at(world, "cloudkms.cryptoKeys", "vertex-ai")["labels"]["team"] = json!("mine");
    }),
    ("somebody else may encrypt", KEY_POLICY, |world| {
        push(&mut policy(world, "vertex-ai")["bindings"][0]["members"], "user:mallory@example.com");
    }),
    ("a service may not encrypt", KEY_POLICY, |world| {
        policy(world, "vertex-ai")["bindings"][0]["members"].as_array_mut().unwrap().remove(0);
    }),
    ("logs kept for a day", BUCKET, |world| {
        at(world, "logging.buckets", "claude-code")["retentionDays"] = json!(1);
    }),
    ("the log bucket deleted, and restorable", BUCKET, |world| {
        at(world, "logging.buckets", "claude-code")["lifecycleState"] = json!("DELETE_REQUESTED");
    }),
    ("the log bucket described otherwise", BUCKET, |world| {
        let bucket = at(world, "logging.buckets", "claude-code");
        bucket["description"] = json!("mine (groundwork-tenant=claude-code)");
    }),
    ("a sink that takes nothing", SINK, |world| {
        at(world, "logging.sinks", "claude-code")["filter"] = json!("severity=EMERGENCY");
    }),
    ("a sink that leads elsewhere", SINK, |world| {
        at(world, "logging.sinks", "claude-code")["destination"] =
            json!("logging.googleapis.com/projects/acme-ai/locations/global/buckets/_Default");
    }),
    ("a sink switched off", SINK, |world| {
        at(world, "logging.sinks", "claude-code")["disabled"] = json!(true);
    }),
    ("partitions that stay for ever", DATASET, |world| {
        let dataset = at(world, "bigquery.datasets", "claude_code").as_object_mut().unwrap();
        dataset.remove("defaultPartitionExpirationMs");
    }),
    ("partitions that go after an hour", DATASET, |world| {
        at(world, "bigquery.datasets", "claude_code")["defaultPartitionExpirationMs"] =
            json!("3600000");
    }),
    ("a dataset that the whole project reads", DATASET, |world| {
        let dataset = at(world, "bigquery.datasets", "claude_code");
        let readers = json!({"role": "READER", "specialGroup": "projectReaders"});
        dataset["access"].as_array_mut().unwrap().push(readers);
    }),
    ("a dataset without its key", DATASET, |world| {
        let dataset = at(world, "bigquery.datasets", "claude_code").as_object_mut().unwrap();
        dataset.remove("defaultEncryptionConfiguration");
    }),
    ("a dataset without a label", DATASET, |world| {
        let dataset = at(world, "bigquery.datasets", "claude_code");
        dataset["labels"].as_object_mut().unwrap().remove("team");
    }),
    ("recording switched off", RECORDING, |world| {
        config(world)["loggingConfig"]["enabled"] = json!(false);
    }),
    ("every hundredth call recorded", RECORDING, |world| {
        config(world)["loggingConfig"]["samplingRate"] = json!(0.01);
    }),
    ("events switched off", RECORDING, |world| {
        config(world).as_object_mut().unwrap().remove("inferenceEventLoggingConfig");
    }),
];

const TOLD: &[Drift] = &[
    ("a channel switched off", EMAIL, |world| {
        at(world, "monitoring.notificationChannels", "devops@example.com")["enabled"] =
            json!(false);
    }),
    ("a channel to somebody else", EMAIL, |world| {
        let channel = at(world, "monitoring.notificationChannels", "devops@example.com");
        channel["labels"]["email_address"] = json!("mallory@example.com");
    }),
    ("a channel by another name", EMAIL, |world| {
        at(world, "monitoring.notificationChannels", "devops@example.com")["displayName"] =
            json!("mine");
    }),
    ("a webhook of another hash", WEBHOOK, |world| {
        let channel = at(world, "monitoring.notificationChannels", "hooks.example.com/***");
        channel["userLabels"]["groundwork-address"] = json!("0");
    }),
    ("an alert that rings later", ERRORS, |world| {
        let alert = at(world, "monitoring.alertPolicies", "5 % of the calls fail");
        alert["conditions"][0]["conditionThreshold"]["thresholdValue"] = json!(0.99);
    }),
    ("an alert that waits longer", ERRORS, |world| {
        let alert = at(world, "monitoring.alertPolicies", "5 % of the calls fail");
        alert["conditions"][0]["conditionThreshold"]["duration"] = json!("86340s");
    }),
    ("an alert switched off", ERRORS, |world| {
        at(world, "monitoring.alertPolicies", "5 % of the calls fail")["enabled"] = json!(false);
    }),
    ("an alert made twice", ERRORS, |world| {
        let mut copy = at(world, "monitoring.alertPolicies", "5 % of the calls fail").clone();
        copy["name"] = json!("projects/acme-ai/alertPolicies/9999999999999999999");
        copy["creationRecord"]["mutateTime"] = json!("2026-12-31T00:00:00Z");
        let name = copy["name"].as_str().unwrap().to_owned();
        world.store("monitoring.alertPolicies").insert(name, copy);
    }),
    ("an alert that tells nobody", ERRORS, |world| {
        let alert = at(world, "monitoring.alertPolicies", "5 % of the calls fail");
        alert.as_object_mut().unwrap().remove("notificationChannels");
    }),
    ("an alert on something else", ERRORS, |world| {
        let alert = at(world, "monitoring.alertPolicies", "5 % of the calls fail");
        alert["conditions"][0]["conditionThreshold"]["filter"] = json!("metric.type=\"x\"");
    }),
    ("another amount", BUDGET, |world| {
        at(world, "billingbudgets.budgets", "acme-ai")["amount"]["specifiedAmount"]["units"] =
            json!("1000000");
    }),
    ("nobody told of what is spent", BUDGET, |world| {
        at(world, "billingbudgets.budgets", "acme-ai")["notificationsRule"] = json!({});
    }),
    ("a budget of another project", BUDGET, |world| {
        at(world, "billingbudgets.budgets", "acme-ai")["budgetFilter"]["projects"] =
            json!(["projects/1"]);
    }),
    ("a share too few", BUDGET, |world| {
        let budget = at(world, "billingbudgets.budgets", "acme-ai");
        budget["thresholdRules"].as_array_mut().unwrap().pop();
    }),
];

const NETWORK: &[Drift] = &[
    ("Private Google Access switched off", SUBNET, |world| {
        at(world, "compute.subnetworks", "us-east5/subnetworks/corp")["privateIpGoogleAccess"] =
            json!(false);
    }),
    ("an endpoint to fewer APIs", ENDPOINT, |world| {
        at(world, "compute.globalForwardingRules", "claudecode")["target"] = json!("vpc-sc");
    }),
    ("names that lead elsewhere", RECORD, |world| {
        at(world, "dns.resourceRecordSets", "/oauth2.googleapis.com./A")["rrdatas"] =
            json!(["203.0.113.1"]);
    }),
    ("names kept for a day", RECORD, |world| {
        at(world, "dns.resourceRecordSets", "/oauth2.googleapis.com./A")["ttl"] = json!(86400);
    }),
    ("a zone for nobody", ZONE, |world| {
        let zone = at(world, "dns.managedZones", "claude-code-oauth2");
        zone["privateVisibilityConfig"]["networks"] = json!([]);
    }),
    ("a zone described otherwise", ZONE, |world| {
        at(world, "dns.managedZones", "managedZones/claude-code-oauth2")["description"] =
            json!("mine (groundwork-tenant=claude-code)");
    }),
];

/// The ids of what one who may only look says is to be changed.
async fn seen(tenant: &Tenant) -> Vec<String> {
    tenant
        .look(|survey| {
            let planned = survey.plan().filter(|(id, planned)| match planned {
                Ok(action) => action.is_change(),
                Err(error) => panic!("{id}: {error} {:?}", error.causes()),
            });
            planned.map(|(id, _)| id.to_string()).collect()
        })
        .await
}

/// That provisioning repairs it, and that nothing is left to do.
async fn repaired(tenant: &Tenant, what: &str) {
    let repaired = tenant.provision().await;
    assert!(repaired.complete(), "{what}: {}", said(&repaired));
    tenant.google.reset();
    let idle = tenant.provision().await;
    assert!(idle.complete() && idle.changed() == 0, "{what}: {}", said(&idle));
    assert_eq!(tenant.google.count().1, 0, "{what}");
}

async fn each_is_seen_and_repaired(drifts: &[Drift]) {
    let tenant = everything().await;
    let before = settled(&tenant);
    for (what, id, change) in drifts {
        tenant.google.world(change);
        assert!(settled(&tenant) != before, "{what}: nothing was changed");
        // That no other is seen says, too, that the repair before left nothing to do.
        assert_eq!(seen(&tenant).await, [*id], "{what}");
        let repaired = tenant.provision().await;
        assert!(repaired.complete() && repaired.changed() == 1, "{what}: {}", said(&repaired));
        let left = differences("", &before, &settled(&tenant));
        assert_eq!(left, [""; 0], "{what}");
    }
    repaired(&tenant, "in the end").await;
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn changes_of_who_may_what_are_repaired() {
    each_is_seen_and_repaired(ACCESS).await;
}

#[tokio::test]
async fn changes_of_what_is_stored_are_repaired() {
    each_is_seen_and_repaired(STORED).await;
}

#[tokio::test]
async fn changes_of_who_is_told_are_repaired() {
    each_is_seen_and_repaired(TOLD).await;
}

#[tokio::test]
async fn changes_of_the_network_are_repaired() {
    each_is_seen_and_repaired(NETWORK).await;
}

fn gone(world: &mut World, kind: &str, end: &str) {
    let store = world.store(kind);
    let name = store.keys().find(|name| name.ends_with(end)).cloned();
    store.remove(&name.unwrap_or_else(|| panic!("{kind} {end}")));
}

/// An alert or a channel, whose name is the cloud's, by its name for people.
fn unnamed(world: &mut World, kind: &str, end: &str) -> String {
    let store = world.store(kind);
    let shown = |value: &Value| value["displayName"].as_str().is_some_and(|it| it.ends_with(end));
    let name = store.iter().find(|(_, value)| shown(value)).map(|(name, _)| name.clone()).unwrap();
    store.remove(&name);
    name
}

const REMOVED: &[Drift] = &[
    ("the role", ROLE, |world| gone(world, "iam.roles", "claude_code_caller")),
    ("the account", SERVICE_ACCOUNT, |world| {
        gone(world, "iam.serviceAccounts", ACCOUNT);
        world.policies.retain(|name, _| !name.ends_with(ACCOUNT));
        world.store("iam.keys").clear();
        let member = format!("serviceAccount:{ACCOUNT}");
        rename_member(world, &member, &format!("deleted:{member}?uid=1"));
    }),
    ("the key of the account", KEY, |world| world.store("iam.keys").clear()),
    ("the pool, with its provider", POOL, |world| {
        gone(world, "iam.workloadIdentityPoolProviders", "oidc");
        gone(world, "iam.workloadIdentityPools", "claude-code");
    }),
    ("the provider", PROVIDER, |world| {
        gone(world, "iam.workloadIdentityPoolProviders", "oidc");
    }),
    ("the log bucket", BUCKET, |world| gone(world, "logging.buckets", "/claude-code")),
    ("the sink", SINK, |world| gone(world, "logging.sinks", "/claude-code")),
    ("the dataset, with its tables", DATASET, |world| {
        world.store("bigquery.tables").clear();
        gone(world, "bigquery.datasets", "claude_code");
        // Google stops what has nowhere to go.
        world.store("aiplatform.publisherModelConfigs").clear();
    }),
    ("an alert", ERRORS, |world| {
        unnamed(world, "monitoring.alertPolicies", "5 % of the calls fail");
    }),
    ("a channel", EMAIL, |world| {
        let name = unnamed(world, "monitoring.notificationChannels", "devops@example.com");
        for alert in world.store("monitoring.alertPolicies").values_mut() {
            let told = alert["notificationChannels"].as_array_mut().unwrap();
            told.retain(|other| *other != name);
        }
        at(world, "billingbudgets.budgets", "acme-ai")["notificationsRule"] = json!({});
    }),
    ("the budget", BUDGET, |world| world.store("billingbudgets.budgets").clear()),
    ("the endpoint", ENDPOINT, |world| {
        gone(world, "compute.globalForwardingRules", "claudecode");
        world.store("dns.managedZones").retain(|name, _| !name.contains("goog-psc"));
        world.store("dns.resourceRecordSets").retain(|name, _| !name.contains("goog-psc"));
    }),
    ("the address, with its endpoint", ADDRESS, |world| {
        gone(world, "compute.globalForwardingRules", "claudecode");
        gone(world, "compute.globalAddresses", "claude-code");
        world.store("dns.managedZones").retain(|name, _| !name.contains("goog-psc"));
    }),
    ("a record", RECORD, |world| {
        gone(world, "dns.resourceRecordSets", "/oauth2.googleapis.com./A");
    }),
    ("the zone, with its records", ZONE, |world| {
        gone(world, "dns.managedZones", "managedZones/claude-code-oauth2");
        world
            .store("dns.resourceRecordSets")
            .retain(|name, _| !name.contains("/claude-code-oauth2/"));
    }),
];

#[tokio::test]
async fn what_is_removed_by_hand_comes_back() {
    let tenant = everything().await;
    for (what, id, remove) in REMOVED {
        tenant.google.world(remove);
        let planned = seen(&tenant).await;
        assert!(planned.iter().any(|it| it == id), "{what}: {planned:?}");
        repaired(&tenant, what).await;
    }
    let left = tenant.google.inventory().to_string();
    assert!(!left.contains("deleted:"), "what is left of the old account: {left}");
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn a_version_of_the_key_that_is_gone_is_replaced_or_restored() {
    let tenant = everything().await;
    for (state, versions) in [("DESTROY_SCHEDULED", 1), ("DESTROYED", 2)] {
        tenant.google.world(|world| {
            at(world, "cloudkms.cryptoKeyVersions", "/1")["state"] = json!(state);
        });
        assert_eq!(seen(&tenant).await, [CRYPTO_KEY], "{state}");
        repaired(&tenant, state).await;
        let all = tenant.google.inventory();
        let all = all["cloudkms.cryptoKeyVersions"].as_object().unwrap();
        assert_eq!(all.len(), versions, "{state}");
        assert!(all.values().any(|version| version["state"] == "ENABLED"), "{state}");
    }
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn an_api_that_was_switched_off_is_switched_on_again() {
    let tenant = everything().await;
    for api in ["bigquery", "dns", "iam", "logging"] {
        let name = format!("{api}.googleapis.com");
        tenant.google.world(|world| world.disable("acme-ai", &name));
        let planned = seen(&tenant).await;
        assert!(planned.iter().any(|id| id.starts_with("gcp.serviceusage")), "{api}: {planned:?}");
        repaired(&tenant, api).await;
    }
    assert_eq!(tenant.google.violations(), [""; 0]);
}

/// What stops a run, and what it says.
async fn stopped(tenant: &Tenant) -> (String, Kind, String) {
    tenant.google.reset();
    let report = tenant.provision().await;
    let (id, error) = report.failed().next().unwrap_or_else(|| panic!("{}", said(&report)));
    assert_eq!(tenant.google.count().1, 0, "nothing is changed");
    (id.to_string(), error.kind(), error.hints().concat())
}

/// The id of what is closed, how it comes to that, and what the hint says.
type Taken = (&'static str, fn(&Google), &'static str);

#[tokio::test]
async fn a_quota_or_a_model_that_was_taken_away_is_told_and_nothing_is_changed() {
    let metric = "online_prediction_requests_per_base_model";
    let taken: [Taken; 2] = [
        (
            "gcp.aiplatform.quota/claude-sonnet-4-5@us-east5",
            |google| {
                let metric = "online_prediction_requests_per_base_model";
                google.quota(metric, "anthropic-claude-sonnet-4-5", "us-east5", 0);
            },
            metric,
        ),
        (
            "gcp.aiplatform.model/claude-sonnet-4-5@us-east5",
            |google| google.model("claude-sonnet-4-5", Verdict::NotEnabled),
            "accept its terms",
        ),
    ];
    for (id, take, hint) in taken {
        let tenant = everything().await;
        take(&tenant.google);
        assert_eq!(seen(&tenant).await, [id]);
        let (failed, kind, hints) = stopped(&tenant).await;
        assert_eq!((failed.as_str(), kind), (id, Kind::Config));
        assert!(hints.contains(hint), "{hints}");
        assert_eq!(tenant.google.violations(), [""; 0]);
    }
}

#[tokio::test]
async fn what_somebody_has_disabled_is_told_and_not_undone() {
    let drifts: [Drift; 2] = [
        ("the account", SERVICE_ACCOUNT, |world| {
            at(world, "iam.serviceAccounts", ACCOUNT)["disabled"] = json!(true);
        }),
        ("the key's version", CRYPTO_KEY, |world| {
            at(world, "cloudkms.cryptoKeyVersions", "/1")["state"] = json!("DISABLED");
        }),
    ];
    for (what, id, change) in drifts {
        let tenant = everything().await;
        tenant.google.world(change);
        assert_eq!(seen(&tenant).await, [id], "{what}");
        let (failed, kind, hints) = stopped(&tenant).await;
        assert_eq!((failed.as_str(), kind), (id, Kind::Conflict), "{what}");
        assert!(hints.contains("if it may be used again: gcloud"), "{what}: {hints}");
        assert_eq!(tenant.google.violations(), [""; 0]);
    }
}

#[tokio::test]
async fn what_cannot_change_while_it_exists_is_told_and_nothing_is_changed() {
    let drifts: &[Drift] = &[
        ("a key in hardware", CRYPTO_KEY, |world| {
            let key = at(world, "cloudkms.cryptoKeys", "vertex-ai");
            key["versionTemplate"]["protectionLevel"] = json!("HSM");
        }),
        ("logs under no key", BUCKET, |world| {
            let bucket = at(world, "logging.buckets", "us-east5/buckets/claude-code");
            bucket.as_object_mut().unwrap().remove("cmekSettings");
        }),
        ("a dataset elsewhere", DATASET, |world| {
            at(world, "bigquery.datasets", "claude_code")["location"] = json!("us-west1");
        }),
        ("another address", ADDRESS, |world| {
            at(world, "compute.globalAddresses", "claude-code")["address"] = json!("10.250.0.3");
        }),
        ("a public zone", ZONE, |world| {
            at(world, "dns.managedZones", "/claude-code-oauth2")["visibility"] = json!("public");
        }),
        ("a provider of another kind", PROVIDER, |world| {
            let provider = at(world, "iam.workloadIdentityPoolProviders", "oidc");
            provider.as_object_mut().unwrap().remove("oidc");
        }),
    ];
    for (what, id, change) in drifts {
        let tenant = everything().await;
        tenant.google.world(|world| {
            compute::add_network(world, "acme-ai", "other", false);
            change(world);
        });
        let (failed, kind, hints) = stopped(&tenant).await;
        assert_eq!((failed.as_str(), kind), (*id, Kind::Conflict), "{what}");
        let hint = format!("groundwork destroy gcp --only {id}");
        assert!(hints.contains(&hint), "{what}: {hints}");
        assert_eq!(tenant.google.violations(), [""; 0]);
    }
}

#[tokio::test]
async fn a_table_that_is_in_the_way_of_a_recording_is_told() {
    let tenant = everything().await;
    tenant.google.world(|world| *config(world) = json!({}));
    assert_eq!(seen(&tenant).await, [RECORDING]);
    let report = tenant.provision().await;
    let (id, error) = report.failed().next().unwrap_or_else(|| panic!("{}", said(&report)));
    assert_eq!(id.to_string(), RECORDING);
    let hints = error.hints().concat();
    assert!(hints.contains("bq rm --table acme-ai:claude_code.claude_sonnet_4_5"), "{hints}");
    tenant.google.world(|world| gone(world, "bigquery.tables", "claude_sonnet_4_5"));
    repaired(&tenant, "without the table").await;
    assert_eq!(tenant.google.violations(), [""; 0]);
}
