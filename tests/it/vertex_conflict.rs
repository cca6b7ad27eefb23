//! What a run on Vertex AI meets: who else is at work, what is refused, what takes time, what a
//! person has to decide, and what an earlier life has left.

use groundwork::{
    error::{Error, Kind},
    reconcile::Report,
};
use serde_json::{Value, json};

use crate::support::{
    census::{ALL, Census, WHOLE, census, counted},
    google::fake::{
        failure::Failure, journal::Fault, operation, policy, service::aiplatform::Verdict,
    },
    tenant::said,
    vertex::{EVERYTHING, SMALL, Tenant, network},
};

fn everything() -> Tenant {
    let tenant = Tenant::new(EVERYTHING, 1);
    network(&tenant.google);
    tenant
}

fn words(error: &Error) -> String {
    format!("{error} {:?} {:?}", error.causes(), error.hints())
}

fn failures(report: &Report) -> Vec<(String, String)> {
    report.failed().map(|(id, error)| (id.to_string(), words(error))).collect()
}

async fn settled(tenant: &Tenant, whole: &[(&str, usize)]) {
    let inventory = tenant.google.inventory();
    assert_eq!(census(&inventory), counted(whole), "{inventory:#}");
    tenant.google.reset();
    let idle = tenant.provision().await;
    assert!(idle.complete() && idle.changed() == 0, "{}", said(&idle));
    assert_eq!(tenant.google.count().1, 0);
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn two_runs_at_the_same_time_end_with_one_tenant() {
    for _ in 0..4 {
        let tenant = everything();
        // What comes and goes while a list is read page by page may be passed over in it.
        tenant.google.page_cap(100);
        let (first, second) = tokio::join!(tenant.provision(), tenant.provision());
        for report in [first, second] {
            // Both write one key's file: who is second is told so, and takes his key back.
            let failed = failures(&report);
            let only_key =
                failed.iter().all(|(id, _)| id.starts_with("gcp.iam.service_account_key/"));
            assert!(only_key, "{}", said(&report));
        }
        settled(&tenant, ALL).await;
        assert!(tenant.destroy().await.complete());
        assert_eq!(census(&tenant.google.inventory()), Census::new());
    }
}

#[tokio::test]
async fn who_writes_the_projects_policy_all_the_while_is_not_undone() {
    let tenant = everything();
    for nth in 1..=3 {
        let write = move |world: &mut crate::support::google::fake::world::World| {
            let policy = world.policies.entry("projects/123456789012".into()).or_default();
            let fields = policy.as_object_mut().unwrap();
            let bindings = fields.entry("bindings").or_insert(json!([]));
            let member = format!("user:u{nth}@example.com");
            bindings.as_array_mut().unwrap().push(json!({"role": "roles/x", "members": [member]}));
            policy::touch(world, "projects/123456789012");
        };
        let method = "cloudresourcemanager.projects.setIamPolicy";
        tenant.google.fault(method, nth, Fault::Stale(Box::new(write)));
    }
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    let policy = tenant.google.inventory()["policies"]["projects/123456789012"].to_string();
    assert!((1..=3).all(|nth| policy.contains(&format!("user:u{nth}@"))), "{policy}");
    let idle = tenant.provision().await;
    assert!(idle.complete() && idle.changed() == 0, "{}", said(&idle));
    assert_eq!(tenant.google.violations(), [""; 0]);
}

/// What a look takes, but for what tells its own way that it was refused: gates.
const LOOKS: [&str; 21] = [
    "aiplatform.endpoints.get",
    "bigquery.datasets.get",
    "billing.budgets.list",
    "cloudkms.cryptoKeys.get",
    "cloudkms.cryptoKeys.getIamPolicy",
    "cloudkms.keyRings.get",
    "compute.globalAddresses.get",
    "compute.globalForwardingRules.get",
    "compute.networks.get",
    "compute.subnetworks.get",
    "dns.managedZones.get",
    "dns.resourceRecordSets.get",
    "iam.roles.get",
    "iam.serviceAccountKeys.list",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.getIamPolicy",
    "logging.buckets.get",
    "logging.sinks.get",
    "monitoring.alertPolicies.list",
    "monitoring.notificationChannels.list",
    "resourcemanager.projects.getIamPolicy",
];

#[tokio::test]
async fn access_denied_is_never_absence() {
    let tenant = everything();
    assert!(tenant.provision().await.complete());
    let all: Vec<String> = tenant
        .wanted()
        .rights
        .permissions(groundwork::reconcile::Phase::Apply)
        .into_iter()
        .map(ToString::to_string)
        .collect();
    for denied in LOOKS {
        assert!(all.iter().any(|it| it == denied), "{denied} is not asked for");
        let others: Vec<&str> = all.iter().map(String::as_str).filter(|it| *it != denied).collect();
        tenant.google.bind("apply-token", &others);
        tenant.google.reset();
        let report = tenant.provision().await;
        let denials: Vec<_> =
            report.failed().filter(|(_, error)| error.kind() == Kind::Denied).collect();
        assert!(!denials.is_empty(), "{denied}: {}", said(&report));
        for (_, error) in denials {
            assert!(words(error).contains(denied), "{denied}: {}", words(error));
        }
        assert_eq!(tenant.google.count().1, 0, "{denied}: something was written");
    }
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn what_takes_time_to_be_known_is_waited_for() {
    let tenant = everything();
    tenant.google.slow_identity(4);
    tenant.google.propagation(3);
    tenant.google.polls(3);
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    settled(&tenant, ALL).await;
}

#[tokio::test]
async fn an_operation_that_ends_badly_fails_its_resource_and_the_next_run_heals() {
    for (method, resource) in [
        ("iam.projects.locations.workloadIdentityPools.create", "gcp.iam.workload_identity_pool/"),
        (
            "aiplatform.projects.locations.publishers.models.setPublisherModelConfig",
            "gcp.aiplatform.publisher_model_config/",
        ),
    ] {
        let tenant = everything();
        tenant.google.polls(2);
        let poll = if method.starts_with("iam") {
            "iam.projects.locations.workloadIdentityPools.operations.get"
        } else {
            "aiplatform.projects.locations.operations.get"
        };
        // Every operation that is under way by then ends badly.
        let worsen = |world: &mut crate::support::google::fake::world::World| {
            let mut names: Vec<String> = world.operations.keys().cloned().collect();
            names.retain(|name| {
                name.contains("orkloadIdentityPools") || name.contains("locations/us-east5")
            });
            for name in names {
                operation::begin_failing(world, &name, &Failure::precondition("it went wrong"));
            }
        };
        tenant.google.fault(poll, 1, Fault::Stale(Box::new(worsen)));
        let report = tenant.provision().await;
        let failed = failures(&report);
        assert!(!failed.is_empty(), "{method}: {}", said(&report));
        let said_so = failed
            .iter()
            .any(|(id, why)| id.starts_with(resource) && why.contains("it went wrong"));
        assert!(said_so, "{method}: {failed:?}");
        let again = tenant.provision().await;
        assert!(again.complete(), "{method}: {}", said(&again));
        settled(&tenant, ALL).await;
    }
}

#[tokio::test]
async fn a_key_that_the_organization_forbids_fails_alone() {
    let tenant = everything();
    tenant.google.world(|world| {
        let name = "projects/123456789012/policies/iam.disableServiceAccountKeyCreation";
        let policy = json!({"name": name, "spec": {"rules": [{"enforce": true}]}});
        world.store("orgpolicy.policies").insert(name.into(), policy);
    });
    let report = tenant.provision().await;
    let failed = failures(&report);
    assert_eq!(failed.len(), 1, "{}", said(&report));
    assert!(failed[0].0.starts_with("gcp.iam.service_account_key/"), "{failed:?}");
    assert!(failed[0].1.contains("the organization allows no keys"), "{failed:?}");
    assert!(failed[0].1.contains("--impersonate-service-account"), "{failed:?}");
    let mut whole = counted(ALL);
    whole.remove("iam.keys");
    assert_eq!(census(&tenant.google.inventory()), whole);
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn a_model_that_does_not_answer_keeps_nothing_else_from_being_made() {
    for (verdict, remedy) in [
        (Verdict::NotEnabled, "vertex_ai.model_enablement: enable"),
        (Verdict::TermsOpen, "accept its terms"),
        (Verdict::DataSharing, "Groundwork never does"),
        (Verdict::NotServable, "vertex_ai.location"),
        (Verdict::NoQuota, "quota"),
    ] {
        let tenant = everything();
        tenant.google.model("claude-sonnet-4-5", verdict);
        if matches!(verdict, Verdict::NoQuota) {
            let metric = "online_prediction_requests_per_base_model";
            tenant.google.quota(metric, "anthropic-claude-sonnet-4-5", "us-east5", 0);
        }
        let report = tenant.provision().await;
        let failed = failures(&report);
        assert!(!failed.is_empty(), "{verdict:?}: {}", said(&report));
        for (id, why) in &failed {
            assert!(id.ends_with("/claude-sonnet-4-5@us-east5"), "{verdict:?}: {failed:?}");
            assert!(id.starts_with("gcp.aiplatform."), "{verdict:?}: {failed:?}");
            assert!(why.contains(remedy), "{verdict:?}: {why}");
        }
        assert!(report.failed().all(|(_, error)| error.kind() == Kind::Config), "{verdict:?}");
        assert_eq!(census(&tenant.google.inventory()), counted(ALL), "{verdict:?}");
        tenant.google.reset();
        let again = tenant.provision().await;
        assert_eq!(failures(&again), failed, "{verdict:?}");
        assert_eq!(tenant.google.count().1, 0, "{verdict:?}");
        tenant.google.model("claude-sonnet-4-5", Verdict::Served);
        let metric = "online_prediction_requests_per_base_model";
        tenant.google.quota(metric, "anthropic-claude-sonnet-4-5", "us-east5", 60);
        settled(&tenant, ALL).await;
    }
}

#[tokio::test]
async fn a_second_life_has_what_the_first_left_restored() {
    let tenant = everything();
    assert!(tenant.provision().await.complete());
    assert!(tenant.destroy().await.complete());
    let left = tenant.google.inventory();
    let state = |store: &str, key: &str| {
        let things = left[store].as_object().unwrap().values();
        things.map(|it| it[key].clone()).collect::<Vec<_>>()
    };
    assert_eq!(state("cloudkms.cryptoKeyVersions", "state"), ["DESTROY_SCHEDULED"]);
    assert_eq!(state("iam.roles", "deleted"), [true]);
    assert_eq!(state("iam.workloadIdentityPools", "state"), ["DELETED"]);
    assert!(state("logging.buckets", "lifecycleState").contains(&json!("DELETE_REQUESTED")));
    let back = tenant.provision().await;
    assert!(back.complete(), "{}", said(&back));
    let again = tenant.google.inventory();
    let primary = again["cloudkms.cryptoKeyVersions"].as_object().unwrap();
    assert_eq!(primary.len(), 1, "the old version encrypts again: {again:#}");
    settled(&tenant, ALL).await;
}

#[tokio::test]
async fn an_account_made_anew_gets_its_grants_anew() {
    let tenant = Tenant::new(SMALL, 1);
    assert!(tenant.provision().await.complete());
    // Somebody deletes the account: its grants stay behind under another name.
    let email = "claude-code-service@acme-ai.iam.gserviceaccount.com";
    tenant.google.world(|world| {
        world.store("iam.serviceAccounts").remove(email);
        let left = format!("deleted:serviceAccount:{email}?uid=123");
        policy::rename_member(world, &format!("serviceAccount:{email}"), &left);
    });
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    let inventory: Value = tenant.google.inventory();
    let policy = inventory["policies"]["projects/123456789012"].to_string();
    assert!(policy.contains(&format!("\"serviceAccount:{email}\"")), "{policy}");
    assert!(!policy.contains("deleted:"), "{policy}");
    settled(&tenant, WHOLE).await;
}
