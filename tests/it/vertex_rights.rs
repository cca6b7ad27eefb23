//! The printed roles: a whole life within them, nothing in them that no life takes, and nothing that
//! a role could not hold. Every other test of a tenant runs within them, too.

use std::collections::BTreeSet;

use groundwork::reconcile::{Phase, Report};
use serde_json::{Value, json};

use crate::support::{
    google::fake::{
        Google,
        caller::{OWNER, short},
        world::World,
    },
    program::Desk,
    tenant::said,
    vertex::{EVERYTHING, PROJECT, SMALL, Tenant, config, network},
};

/// [`EVERYTHING`] after somebody has changed nearly all of it.
const CHANGED: &str = r#"
vertex_ai:
  project_id: acme-ai
  location: us-east5
  model_name: claude-sonnet-4-5
  small_fast_model_name: claude-haiku-4-5
  network: projects/acme-ai/global/networks/corp
  subnet: projects/acme-ai/regions/us-east5/subnetworks/corp
  private_service_connect: { address: 10.250.0.2, target: all-apis }
  encryption_spec: { rotation_days: 30 }
  audit_logging: { log_type: [DATA_READ] }
  service_account: { key: file, impersonators: ["group:ops@example.com"] }
  workload_identity_federation:
    issuer: https://token.actions.githubusercontent.com
    audiences: [groundwork]
    attribute_mapping: { google.subject: assertion.sub, attribute.repository: assertion.repository }
    attribute_condition: assertion.repository_owner == 'other'
    attributes: { repository: [other/app] }
  access: { members: ["group:ops@example.com"] }
  logging:
    retention_days: 90
    request_response: { enabled: true, sampling_rate: 0.5, expire_days: 30 }
  monitoring:
    alarms: { tokens_per_hour: 2000000 }
    notify: ["email:ops@example.com"]
    budget: { billing_account: 0123AB-4567CD-89EF01, monthly_amount: 2000 }
labels: { team: other }
"#;

/// And after it has all been switched off again.
const OFF: &str = r"
vertex_ai:
  project_id: acme-ai
  location: us-east5
  model_name: claude-sonnet-4-5
  small_fast_model_name: claude-haiku-4-5
  network: projects/acme-ai/global/networks/corp
  subnet: projects/acme-ai/regions/us-east5/subnetworks/corp
  access: { role: roles/aiplatform.user }
  audit_logging: { enabled: false }
  monitoring: { alarms: { enabled: false } }
";

const PHASES: [(Phase, &str); 3] =
    [(Phase::Plan, "plan-token"), (Phase::Apply, "apply-token"), (Phase::Destroy, "destroy-token")];

/// What is asked for in no life here, and why it is needed all the same.
const RARE: &[(&str, &str)] = &[
    ("billing.budgets.delete", "of two that were made at the same time; `destroy` uses it here"),
    ("billing.budgets.get", "Google's reference has it beside `list`; the fake asks for `list`"),
    ("cloudkms.cryptoKeyVersions.get", "waits for a new version that is generated in hardware"),
    ("compute.globalAddresses.setLabels", "takes one over, which is the owner's to do here"),
    ("compute.globalForwardingRules.pscGet", "of an endpoint; the fake asks for `get` only"),
    ("compute.globalForwardingRules.pscSetLabels", "of an endpoint, as the next"),
    ("compute.globalForwardingRules.setLabels", "takes one over, which is the owner's to do here"),
    ("dns.changes.create", "a change of records is one of these too; the fake asks for records'"),
    ("monitoring.notificationChannels.delete", "as the budgets' `delete`"),
    ("serviceusage.operations.get", "the fake tells everybody of an operation"),
    ("serviceusage.services.list", "of more than one API at once; the fake asks for `get`"),
];

fn complete(report: &Report) {
    assert!(report.complete(), "{}", said(report));
}

/// The permissions of a phase, as the roles that are printed have them and the billing account.
fn allowed(tenant: &Tenant, phase: Phase) -> BTreeSet<String> {
    let rights = tenant.wanted().rights;
    rights.permissions(phase).into_iter().map(ToOwned::to_owned).collect()
}

/// The same tenant by another configuration, within the roles that are printed for it.
fn reconfigure(tenant: &mut Tenant, text: &str, all: &mut [BTreeSet<String>; 3]) {
    tenant.config = config(text);
    for ((phase, token), all) in PHASES.into_iter().zip(all) {
        let allowed = allowed(tenant, phase);
        let permissions: Vec<&str> = allowed.iter().map(String::as_str).collect();
        tenant.google.bind(token, &permissions);
        all.extend(allowed);
    }
}

/// Somebody changes by hand what no change of a configuration does.
fn drift(world: &mut World) {
    for (kind, field, value) in [
        ("dns.managedZones", "description", json!("somebody's (groundwork-tenant=claude-code)")),
        ("dns.resourceRecordSets", "ttl", json!(7)),
        ("iam.roles", "includedPermissions", json!(["aiplatform.endpoints.predict"])),
        ("iam.serviceAccounts", "displayName", json!("Somebody")),
        ("iam.workloadIdentityPools", "disabled", json!(true)),
        ("monitoring.notificationChannels", "enabled", json!(false)),
    ] {
        for (_, object) in world.store(kind).iter_mut() {
            object[field] = value.clone();
        }
    }
}

/// Somebody has the key's material destroyed.
fn destroy_key(world: &mut World) {
    for (_, version) in world.store("cloudkms.cryptoKeyVersions").iter_mut() {
        version["state"] = json!("DESTROYED");
    }
}

#[tokio::test]
async fn a_whole_life_is_within_them_and_takes_all_of_them() {
    let mut tenant = Tenant::new(EVERYTHING, 1);
    network(&tenant.google);
    let mut all = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
    reconfigure(&mut tenant, EVERYTHING, &mut all);
    let errors = |survey: &groundwork::reconcile::Survey<'_, groundwork::gcp::Gcp>| {
        survey.errors().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(tenant.look(errors).await, [""; 0]);
    complete(&tenant.provision().await);
    assert_eq!(tenant.look(errors).await, [""; 0]);
    tenant.search().await;
    assert_eq!(tenant.provision().await.changed(), 0);
    tenant.google.reset();
    tenant.google.world(drift);
    assert_eq!(tenant.look(errors).await, [""; 0]);
    complete(&tenant.provision().await);
    tenant.google.world(destroy_key);
    complete(&tenant.provision().await);
    reconfigure(&mut tenant, CHANGED, &mut all);
    complete(&tenant.provision().await);
    assert_eq!(tenant.provision().await.changed(), 0);
    reconfigure(&mut tenant, OFF, &mut all);
    complete(&tenant.provision().await);
    reconfigure(&mut tenant, EVERYTHING, &mut all);
    complete(&tenant.provision().await);
    complete(&tenant.destroy_but_data().await);
    complete(&tenant.destroy().await);
    assert_eq!(tenant.look_to_destroy(errors).await, [""; 0]);
    complete(&tenant.provision().await);
    complete(&tenant.destroy().await);

    // Since the APIs were switched on.
    let refused = tenant.google.calls().into_iter().filter(|call| call.status == Some(403));
    assert_eq!(refused.map(|call| call.method).collect::<Vec<_>>(), [""; 0]);
    let mut vain = Vec::new();
    for ((_, token), all) in PHASES.into_iter().zip(all) {
        let used = tenant.google.used_permissions(token);
        for permission in all {
            let rare = RARE.iter().any(|(rare, _)| *rare == permission);
            if !rare && !used.contains(&short(&permission)) {
                vain.push(format!("{token} {permission}"));
            }
        }
    }
    assert_eq!(vain, [""; 0]);
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[test]
fn google_takes_them_for_roles() {
    let google = Google::start(PROJECT);
    google.enable(&["iam.googleapis.com"]);
    let mut desk = Desk::vertex(&google, SMALL);
    let mut roles = 0;
    for text in [SMALL, EVERYTHING] {
        desk.put("vertex-config.yaml", text);
        for phase in ["", "=plan", "=apply", "=destroy"] {
            let run = desk.run(&["provision", "gcp", &format!("--print-policy{phase}")]);
            assert_eq!(run.code, Some(0), "{run:?}");
            let role: Value = serde_json::from_str(&run.stdout).unwrap();
            let keys: Vec<&String> = role.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["title", "description", "stage", "includedPermissions"]);
            let permissions = role["includedPermissions"].as_array().unwrap();
            assert!(permissions.is_sorted_by_key(ToString::to_string), "{role}");
            assert!(!run.stdout.contains('*') && !run.stdout.contains("\"billing."), "{role}");
            roles += 1;
            let body = json!({"roleId": format!("groundwork_{roles}"), "role": role});
            let url = google.url().replace("{api}", "iam");
            let made = ureq::post(format!("{url}/v1/projects/{PROJECT}/roles"))
                .header("authorization", format!("Bearer {OWNER}"))
                .send_json(body);
            let made: Value = made.unwrap().body_mut().read_json().unwrap();
            assert_eq!(made["includedPermissions"], role["includedPermissions"]);
        }
    }
    assert_eq!(google.count(), (roles, roles), "to print one takes no call");
    desk.set("GROUNDWORK_PRINT_POLICY", "destroy");
    let run = desk.run(&["provision", "gcp"]);
    assert!(run.stdout.contains("Groundwork: removes claude-code"), "{run:?}");
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn what_a_role_of_the_project_cannot_hold_is_said_beside_it() {
    let google = Google::start(PROJECT);
    let desk = Desk::vertex(&google, EVERYTHING);
    let run = desk.run(&["provision", "gcp", "--print-policy"]);
    let note = "besides, on the billing account: billing.budgets.create, ";
    assert!(run.stderr.contains(note), "{run:?}");
    assert!(run.stderr.contains("roles/billing.costsManager holds them"), "{run:?}");
    desk.put("vertex-config.yaml", SMALL);
    let run = desk.run(&["provision", "gcp", "--print-policy"]);
    assert!(!run.stderr.contains("billing"), "{run:?}");
}

#[tokio::test]
async fn what_is_not_allowed_is_named() {
    let tenant = Tenant::new(SMALL, 1);
    let allowed = allowed(&tenant, Phase::Apply);
    let but = "logging.buckets.create";
    let permissions: Vec<&str> =
        allowed.iter().map(String::as_str).filter(|it| *it != but).collect();
    tenant.google.bind("apply-token", &permissions);
    let report = tenant.provision().await;
    let said = said(&report);
    assert!(said.contains(but), "{said}");
    assert!(report.failed().all(|(id, _)| id.kind == "gcp.logging.bucket"), "{said}");
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[test]
fn a_dry_run_says_which_permissions_are_lacking() {
    let google = Google::start(PROJECT);
    google.enable(&["cloudresourcemanager.googleapis.com"]);
    let desk = Desk::owner(&google, SMALL);
    let run = desk.run(&["provision", "gcp", "--dry-run"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(!run.stderr.contains("warning"), "who may do all lacks nothing: {}", run.stderr);
    let printed = desk.run(&["provision", "gcp", "--print-policy"]).stdout;
    let role: Value = serde_json::from_str(&printed).unwrap();
    let permissions = role["includedPermissions"].as_array().unwrap().iter();
    let but = ["iam.roles.create", "logging.buckets.create"];
    let permissions: Vec<&str> = permissions
        .filter_map(Value::as_str)
        .filter(|permission| !but.contains(permission))
        .collect();
    google.bind(OWNER, &permissions);
    let run = desk.run(&["provision", "gcp", "--dry-run"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    let said = "warning: this identity lacks iam.roles.create, logging.buckets.create\n";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert!(run.stderr.contains("groundwork provision gcp --print-policy"), "{}", run.stderr);
    assert_eq!(google.count().1, 0);
    assert_eq!(google.violations(), [""; 0]);
}
