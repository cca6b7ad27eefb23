//! What is not ours stays as it is, byte for byte: through provision, through repairs, and through
//! the end of the tenant.

use serde_json::{Value, json};

use crate::support::{
    behind::{at, everything, policy},
    google::fake::world::World,
    tenant::said,
    vertex::{EVERYTHING, Tenant, network},
};

const PROJECT: &str = "projects/123456789012";
const ACCOUNT: &str = "claude-code-service@acme-ai.iam.gserviceaccount.com";

/// A project's policy from before us, with all that a policy can have.
fn others() -> Value {
    json!({
        "version": 3,
        "etag": "BwX",
        "bindings": [
            {"role": "roles/owner", "members": ["user:Owner@Example.com", "group:ops@example.com"]},
            {"role": "roles/aiplatform.user", "members": [
                "group:devs@example.com",
                "deleted:serviceAccount:claude-code-service@other.iam.gserviceaccount.com?uid=9",
                "deleted:user:gone@example.com?uid=7",
            ]},
            {"role": "roles/aiplatform.user", "members": ["user:temp@example.com"],
             "condition": {"title": "until June", "description": "as agreed",
                           "expression": "request.time < timestamp('2027-06-01T00:00:00Z')"}},
            {"role": "projects/acme-ai/roles/claude_code_caller", "members": ["user:b@example.com"],
             "condition": {"title": "mornings", "expression": "request.time.getHours() < 12"}},
        ],
        "auditConfigs": [
            {"service": "allServices", "auditLogConfigs": [
                {"logType": "ADMIN_READ"},
                {"logType": "DATA_WRITE", "exemptedMembers": ["user:robot@example.com"]},
            ]},
            {"service": "aiplatform.googleapis.com", "auditLogConfigs": [
                {"logType": "ADMIN_READ", "exemptedMembers": ["user:robot@example.com"]},
            ]},
            {"service": "storage.googleapis.com", "auditLogConfigs": [{"logType": "DATA_READ"}]},
        ],
    })
}

/// As text, without what the cloud counts.
fn text(policy: &Value) -> String {
    let mut policy = policy.clone();
    for counted in ["etag", "version"] {
        policy.as_object_mut().unwrap().remove(counted);
    }
    policy.to_string()
}

/// The policy without our part: our account, our members of our role, and what we log.
fn without_ours(world: &mut World, log_type: &str) -> Value {
    let mut found = policy(world, PROJECT).clone();
    found["bindings"].as_array_mut().unwrap().retain(|binding| {
        binding["role"] != "projects/acme-ai/roles/claude_code_caller"
            || binding.get("condition").is_some()
    });
    for audit in found["auditConfigs"].as_array_mut().unwrap() {
        if audit["service"] == "aiplatform.googleapis.com" {
            let logs = audit["auditLogConfigs"].as_array_mut().unwrap();
            logs.retain(|log| log["logType"] != log_type);
        }
    }
    found
}

const ONE_LOG: &str = "audit_logging: { log_type: [DATA_READ] }\n  logging:";

#[tokio::test]
async fn the_projects_policy_keeps_all_that_is_not_ours() {
    let tenant = Tenant::new(&EVERYTHING.replacen("logging:", ONE_LOG, 1), 1);
    network(&tenant.google);
    let before = others();
    tenant.google.world(|world| {
        // The role is ours, and the condition on it somebody else's, from an earlier time.
        world.policies.insert(PROJECT.into(), before.clone());
    });
    let first = tenant.provision().await;
    assert!(first.complete(), "{}", said(&first));
    let now = || tenant.google.world(|world| policy(world, PROJECT).clone());
    assert!(now().to_string().contains(ACCOUNT));
    let rest = tenant.google.world(|world| without_ours(world, "DATA_READ"));
    assert_eq!(text(&rest), text(&before), "after the first run");

    // A repair writes the whole of it again.
    tenant.google.world(|world| {
        let bindings = policy(world, PROJECT)["bindings"].as_array_mut().unwrap();
        bindings.retain(|binding| !binding.to_string().contains(ACCOUNT));
    });
    let repaired = tenant.provision().await;
    assert!(repaired.complete() && repaired.changed() == 1, "{}", said(&repaired));
    let rest = tenant.google.world(|world| without_ours(world, "DATA_READ"));
    assert_eq!(text(&rest), text(&before), "after a repair");

    let gone = tenant.destroy().await;
    assert!(gone.complete(), "{}", said(&gone));
    assert!(!now().to_string().contains(ACCOUNT));
    let rest = tenant.google.world(|world| without_ours(world, "DATA_READ"));
    assert_eq!(text(&rest), text(&before), "after the end");
    assert_eq!(tenant.google.violations(), [""; 0]);
}

/// What others have on the account, and on the key.
fn guests(role: &str) -> Vec<Value> {
    vec![
        json!({"role": "roles/viewer", "members": ["user:auditor@example.com"]}),
        json!({"role": role, "members": ["user:temp@example.com"],
               "condition": {"title": "t", "expression": "request.time.getHours() < 12"}}),
    ]
}

#[tokio::test]
async fn the_policies_of_the_account_and_of_the_key_keep_all_that_is_not_ours() {
    const USE: &str = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
    let roles = [(ACCOUNT, "roles/iam.serviceAccountTokenCreator"), ("vertex-ai", USE)];
    let tenant = everything().await;
    tenant.google.world(|world| {
        for (end, role) in roles {
            let found = policy(world, end);
            // Ours is lost, so that it is written again, over what others have meanwhile.
            found["bindings"] = json!(guests(role));
            found["version"] = json!(3);
        }
    });
    let repaired = tenant.provision().await;
    assert!(repaired.complete() && repaired.changed() == 2, "{}", said(&repaired));
    tenant.google.world(|world| {
        for (end, role) in roles {
            let bindings = policy(world, end)["bindings"].as_array().unwrap();
            assert!(bindings.len() > 2, "{end}: ours is there");
            assert_eq!(json!(bindings[..2]).to_string(), json!(guests(role)).to_string(), "{end}");
        }
    });
    let gone = tenant.destroy().await;
    assert!(gone.complete(), "{}", said(&gone));
    let left = tenant.google.world(|world| policy(world, "vertex-ai")["bindings"].clone());
    assert_eq!(left.to_string(), json!(guests(USE)).to_string(), "the key outlives its tenant");
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn labels_of_others_stay_when_ours_are_set_again() {
    let tenant = everything().await;
    let labelled = [("cloudkms.cryptoKeys", "vertex-ai"), ("bigquery.datasets", "claude_code")];
    tenant.google.world(|world| {
        for (kind, end) in labelled {
            let labels = &mut at(world, kind, end)["labels"];
            labels["cost-center"] = json!("cc1");
            labels["team"] = json!("mine");
        }
        let alert = at(world, "monitoring.alertPolicies", "5 % of the calls fail");
        alert["userLabels"]["cost-center"] = json!("cc1");
        alert["userLabels"]["team"] = json!("mine");
    });
    let repaired = tenant.provision().await;
    assert!(repaired.complete() && repaired.changed() == 3, "{}", said(&repaired));
    let labels = |labels: &Value| (labels["cost-center"].clone(), labels["team"].clone());
    tenant.google.world(|world| {
        for (kind, end) in labelled {
            let found = labels(&at(world, kind, end)["labels"]);
            assert_eq!(found, (json!("cc1"), json!("platform")), "{kind}");
        }
        let alert = at(world, "monitoring.alertPolicies", "5 % of the calls fail");
        assert_eq!(labels(&alert["userLabels"]), (json!("cc1"), json!("platform")));
    });
    let gone = tenant.destroy().await;
    assert!(gone.complete(), "{}", said(&gone));
    tenant.google.world(|world| {
        let found = labels(&at(world, "cloudkms.cryptoKeys", "vertex-ai")["labels"]);
        assert_eq!(found.0, "cc1");
    });
    assert_eq!(tenant.google.violations(), [""; 0]);
}

/// Alerts and channels of others: by hand, and of another tenant with our ids.
fn neighbours(world: &mut World) -> Vec<(&'static str, String)> {
    let mut made = Vec::new();
    for (number, labels) in [
        json!({}),
        json!({"groundwork-tenant": "other", "groundwork-id": "error-rate"}),
        json!({"groundwork-id": "email-0b70a9cc1e1768d5"}),
    ]
    .into_iter()
    .enumerate()
    {
        for (kind, collection) in [
            ("monitoring.alertPolicies", "alertPolicies"),
            ("monitoring.notificationChannels", "notificationChannels"),
        ] {
            let name = format!("projects/acme-ai/{collection}/77{number}");
            let mut value = if collection == "alertPolicies" {
                json!({"combiner": "OR", "conditions": [{"displayName": "x"}]})
            } else {
                json!({"type": "email", "labels": {"email_address": "devops@example.com"}})
            };
            value["name"] = json!(name);
            value["displayName"] = json!("theirs");
            value["enabled"] = json!(true);
            value["userLabels"] = labels.clone();
            world.store(kind).insert(name.clone(), value);
            made.push((kind, name));
        }
    }
    made
}

#[tokio::test]
async fn alerts_channels_budgets_sinks_and_buckets_of_others_stay() {
    let tenant = Tenant::new(EVERYTHING, 1);
    network(&tenant.google);
    let mut theirs = tenant.google.world(neighbours);
    tenant.google.world(|world| {
        let budget = "billingAccounts/0123AB-4567CD-89EF01/budgets/7";
        let value = json!({"name": budget, "displayName": "groundwork other acme-ai",
            "amount": {"specifiedAmount": {"units": "5"}}});
        world.store("billingbudgets.budgets").insert(budget.into(), value);
        theirs.push(("billingbudgets.budgets", budget.into()));
        let sink = "projects/acme-ai/sinks/theirs";
        let value = json!({"name": "theirs", "filter": "severity>=ERROR", "destination":
            "logging.googleapis.com/projects/acme-ai/locations/global/buckets/_Default"});
        world.store("logging.sinks").insert(sink.into(), value);
        theirs.push(("logging.sinks", sink.into()));
    });
    let snapshot = || {
        let all = tenant.google.inventory();
        let of = |(kind, name): &(&str, String)| all[*kind][name].to_string();
        theirs.iter().map(of).collect::<Vec<_>>()
    };
    let before = snapshot();
    assert!(before.iter().all(|value| value != "null"));
    let first = tenant.provision().await;
    assert!(first.complete(), "{}", said(&first));
    assert_eq!(snapshot(), before);
    let gone = tenant.destroy().await;
    assert!(gone.complete(), "{}", said(&gone));
    assert_eq!(snapshot(), before);
    let all = tenant.google.inventory();
    assert_eq!(all["monitoring.alertPolicies"].as_object().unwrap().len(), 3, "theirs alone");
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn what_a_project_has_decided_of_a_model_stays() {
    const SONNET: &str =
        "projects/acme-ai/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5";
    let tenant = Tenant::new(EVERYTHING, 1);
    network(&tenant.google);
    tenant.google.world(|world| {
        let decided = json!({
            "dataSharingEnabledProvider": "ANTHROPIC",
            "claudeFeatureConfig": {"advancedAiEnabled": true},
            "loggingConfig": {"enabled": false, "enableOtelLogging": true},
        });
        world.store("aiplatform.publisherModelConfigs").insert(SONNET.into(), decided);
    });
    let decided = || {
        let config = &tenant.google.inventory()["aiplatform.publisherModelConfigs"][SONNET];
        let otel = config["loggingConfig"]["enableOtelLogging"].clone();
        (
            config["dataSharingEnabledProvider"].clone(),
            config["claudeFeatureConfig"].clone(),
            otel,
            config["loggingConfig"]["enabled"].clone(),
        )
    };
    let still =
        |on: bool| (json!("ANTHROPIC"), json!({"advancedAiEnabled": true}), json!(true), json!(on));
    let first = tenant.provision().await;
    assert!(first.complete(), "{}", said(&first));
    assert_eq!(decided(), still(true));
    let gone = tenant.destroy().await;
    assert!(gone.complete(), "{}", said(&gone));
    assert_eq!(decided(), still(false));
    assert_eq!(tenant.google.violations(), [""; 0]);
}

/// Another tenant, with all that two can have beside each other.
const SECOND: &str = r#"
tenant: second
vertex_ai:
  project_id: acme-ai
  location: us-east5
  model_name: claude-opus-4-5
  small_fast_model_name: claude-sonnet-4-6
  service_account: { key: file, impersonators: ["group:ops@example.com"] }
  workload_identity_federation:
    issuer: https://token.actions.githubusercontent.com
    attribute_mapping: { google.subject: assertion.sub, attribute.repository: assertion.repository }
    attribute_condition: assertion.repository_owner == 'acme'
    attributes: { repository: [acme/other] }
  access: { members: ["group:ops@example.com", "group:devs@example.com"] }
  logging:
    request_response: { enabled: true }
    inference_events: true
  monitoring:
    alarms: { tokens_per_hour: 1000000, no_traffic_hours: 4 }
    notify: ["email:devops@example.com"]
    budget: { billing_account: 0123AB-4567CD-89EF01, monthly_amount: 1000 }
"#;

#[tokio::test]
async fn two_tenants_live_in_one_project_and_each_goes_alone() {
    // Of the same models, only one can record whole requests.
    let same_models = SECOND
        .replace("claude-opus-4-5", "claude-sonnet-4-5")
        .replace("claude-sonnet-4-6", "claude-haiku-4-5")
        .replace("request_response: { enabled: true }", "request_response: { enabled: false }");
    for (second, first_goes) in
        [(SECOND, true), (SECOND, false), (&same_models, true), (&same_models, false)]
    {
        let mut tenant = everything().await;
        let (one, two) = (EVERYTHING, second);
        tenant.reconfigure(two);
        let second = tenant.provision().await;
        assert!(second.complete() && second.changed() > 20, "{}", said(&second));
        tenant.reconfigure(one);
        let idle = tenant.provision().await;
        assert!(idle.complete() && idle.changed() == 0, "{}", said(&idle));

        let (goes, stays) = if first_goes { (one, two) } else { (two, one) };
        tenant.reconfigure(goes);
        let gone = tenant.destroy().await;
        assert!(gone.complete(), "{}", said(&gone));
        tenant.reconfigure(stays);
        tenant.google.reset();
        let idle = tenant.provision().await;
        assert!(idle.complete() && idle.changed() == 0, "{}", said(&idle));
        assert_eq!(tenant.google.count().1, 0);
        assert_eq!(tenant.google.violations(), [""; 0]);
    }
}
