//! What a tenant on Vertex AI has left behind, as `status gcp` tells it.

use std::collections::{BTreeMap, BTreeSet};

use groundwork::reconcile::Phase;

use crate::support::{
    google::fake::journal::Fault,
    program::{Desk, Run},
    tenant::said,
    vertex::{EVERYTHING, PROJECT, SMALL, Tenant, config, network},
};

/// The program at the tenant's project, as one who may only look.
fn status(tenant: &Tenant, text: &str) -> Run {
    let mut desk = Desk::new("");
    std::fs::write(tenant.folder().join("vertex-config.yaml"), text).unwrap();
    desk.set("GROUNDWORK_GCP_ENDPOINT_URL", &tenant.google.url());
    desk.set("GOOGLE_OAUTH_ACCESS_TOKEN", "plan-token");
    desk.set("GOOGLE_CLOUD_QUOTA_PROJECT", PROJECT);
    // Where a key of the account was written.
    let mut command = desk.command(&["status", "gcp", "--json"]);
    Run::from(command.current_dir(tenant.folder()).output().unwrap())
}

/// The commands by id.
fn orphans(run: &Run) -> BTreeMap<String, String> {
    let lines = run.lines().into_iter().filter(|line| line["event"] == "orphan");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    lines.map(|line| (text(&line["id"]), text(&line["hints"][0]))).collect()
}

/// Changes the configuration to `text`, and makes what that says.
async fn changed(tenant: Tenant, text: &str) -> Tenant {
    let tenant = changed_nothing(tenant, text);
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    tenant
}

async fn made(text: &str) -> Tenant {
    let tenant = Tenant::new(text, 1);
    network(&tenant.google);
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    tenant
}

#[tokio::test]
async fn what_the_configuration_speaks_of_is_no_orphan() {
    let tenant = made(EVERYTHING).await;
    let run = status(&tenant, EVERYTHING);
    assert!(run.code == Some(0) && orphans(&run).is_empty(), "{run:?}");
    assert!(!run.stderr.contains("could not look"), "{run:?}");
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn what_was_renamed_or_taken_out_is_told_with_the_command_that_removes_it() {
    let tenant = made(EVERYTHING).await;
    let text = EVERYTHING
        .replace("service_account: { key: file, ", "service_account: { name: renamed, ")
        .replace("\"email:devops@example.com\", ", "")
        .replace("  network: projects/acme-ai/global/networks/corp\n", "")
        .replace("  subnet: projects/acme-ai/regions/us-east5/subnetworks/corp\n", "")
        .replace("  private_service_connect: { address: 10.250.0.2, target: all-apis }\n", "")
        .replace(
            "    request_response: { enabled: true }\n",
            "    request_response: { enabled: true, dataset: renamed }\n",
        );
    // What is recorded of a model has no mark: into another dataset, it takes a word.
    let recordings = ["claude-sonnet-4-5", "claude-haiku-4-5"]
        .map(|model| format!("gcp.aiplatform.publisher_model_config/{model}@us-east5"));
    let tenant = changed_nothing(tenant, &text);
    let report = tenant.adopt(&recordings.each_ref().map(String::as_str)).await;
    assert!(report.complete(), "{}", said(&report));
    let run = status(&tenant, &text);
    let mut found = orphans(&run);
    let channel = found.keys().find(|id| id.contains("notification_channel/email-")).cloned();
    let channel = found.remove(&channel.unwrap_or_else(|| panic!("{found:?}"))).unwrap();
    let start = "gcloud beta monitoring channels delete projects/acme-ai/notificationChannels/";
    assert!(channel.starts_with(start), "{channel}");
    let expected = [
        ("gcp.bigquery.dataset/claude_code", "bq rm -r -d acme-ai:claude_code"),
        (
            "gcp.compute.address/claude-code",
            "gcloud compute addresses delete claude-code --global --project acme-ai",
        ),
        (
            "gcp.compute.forwarding_rule/claudecode",
            "gcloud compute forwarding-rules delete claudecode --global --project acme-ai",
        ),
        (
            "gcp.iam.service_account/claude-code-service",
            "gcloud iam service-accounts delete claude-code-service@acme-ai.iam.gserviceaccount.com \
             --project acme-ai",
        ),
    ];
    let zone = |name: &str| {
        let zone = format!("claude-code-{name}");
        let removal = format!(
            "gcloud dns record-sets import /dev/null --delete-all-existing --zone {zone} \
             --project acme-ai && gcloud dns managed-zones delete {zone} --project acme-ai"
        );
        (format!("gcp.dns.managed_zone/{zone}"), removal)
    };
    let zones = ["iamcredentials", "oauth2", "sts", "us-east5-aiplatform"].map(zone);
    let expected = expected.map(|(id, removal)| (id.to_owned(), removal.to_owned()));
    assert_eq!(found, expected.into_iter().chain(zones).collect());
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn data_that_moved_leaves_its_bucket_and_key_where_they_were() {
    let tenant = made(SMALL).await;
    let text = format!("{SMALL}  data_location: europe-west4\n");
    let tenant = changed(tenant, &text).await;
    let expected = BTreeMap::from([
        (
            "gcp.cloudkms.crypto_key/claude-code/vertex-ai".to_owned(),
            "gcloud kms keys remove-rotation-schedule vertex-ai --keyring claude-code --location \
             us-central1 --project acme-ai && gcloud kms keys versions destroy 1 --key vertex-ai --keyring \
             claude-code --location us-central1 --project acme-ai"
                .to_owned(),
        ),
        (
            "gcp.logging.bucket/claude-code".to_owned(),
            "gcloud logging buckets delete claude-code --location us-central1 --project acme-ai".to_owned(),
        ),
    ]);
    assert_eq!(orphans(&status(&tenant, &text)), expected);
    // Moved back and destroyed, it leaves what can be restored, which counts as gone.
    let back = changed(tenant, SMALL).await;
    assert!(back.destroy().await.complete());
    let tenant = changed_nothing(back, &text);
    assert_eq!(orphans(&status(&tenant, &text)), BTreeMap::new());
    assert_eq!(tenant.google.violations(), [""; 0]);
}

/// Changes the configuration to `text`, and makes nothing.
fn changed_nothing(mut tenant: Tenant, text: &str) -> Tenant {
    tenant.config = config(text);
    tenant.bind();
    tenant
}

#[tokio::test]
async fn the_role_that_looks_may_search_and_no_other_may() {
    let tenant = made(EVERYTHING).await;
    let search = tenant.search().await;
    assert_eq!((search.orphans, search.refused), (Vec::new(), BTreeSet::new()));
    let rights = tenant.wanted().rights;
    let changes = rights.permissions(Phase::Apply);
    let looks = rights.permissions(Phase::Plan);
    let only: Vec<_> = looks.difference(&changes).collect();
    assert!(only.contains(&&"iam.serviceAccounts.list"), "{only:?}");
    let used = tenant.google.used_permissions("plan-token");
    // Pools have the service's host in Google's reference, and not in its refusals.
    let short = |it: &&&str| it.replace("iam.googleapis.com/", "iam.");
    let unused: Vec<_> = only.into_iter().filter(|it| !used.contains(&short(it))).collect();
    assert_eq!(unused, Vec::<&&str>::new());
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn what_destroy_leaves_for_its_data_is_no_orphan() {
    let tenant = made(SMALL).await;
    let report = tenant.destroy_but_data().await;
    assert!(report.complete() && report.holding() > 0, "{}", said(&report));
    assert_eq!(orphans(&status(&tenant, SMALL)), BTreeMap::new());
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn another_tenants_objects_are_not_told_of() {
    let tenant = made(EVERYTHING).await;
    let text = format!("tenant: other\n{SMALL}");
    let tenant = changed(tenant, &text).await;
    let run = status(&tenant, &text);
    assert!(orphans(&run).is_empty(), "{run:?}");
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn lists_that_are_refused_are_told_in_one_warning_and_the_others_are_searched() {
    let tenant = made(SMALL).await;
    let text = SMALL.replace("location: us", "location: us\n  service_account: { name: renamed }");
    let tenant = changed(tenant, &text).await;
    for method in ["iam.projects.roles.list", "logging.projects.sinks.list"] {
        tenant.google.fault(method, 1, Fault::Status(403, None));
    }
    let run = status(&tenant, &text);
    let warnings: Vec<_> =
        run.lines().into_iter().filter(|line| line["event"] == "warning").collect();
    assert_eq!(warnings.len(), 1, "{run:?}");
    assert!(warnings[0].to_string().contains("left behind of: roles, sinks"), "{warnings:?}");
    assert!(orphans(&run).contains_key("gcp.iam.service_account/claude-code-service"), "{run:?}");
    assert_eq!(tenant.google.violations(), [""; 0]);
}
