//! The key of the service account: made once, kept by its owner alone, never told, and never lost
//! sight of.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use groundwork::reconcile::Report;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::support::{google::fake::journal::Fault, tenant::said, vertex::Tenant};

const WITH_KEY: &str =
    "vertex_ai:\n  project_id: acme-ai\n  location: us\n  service_account: { key: file }\n";
const ID: &str = "gcp.iam.service_account_key/claude-code-service";
const CREATE: &str = "iam.projects.serviceAccounts.keys.create";
const LIST: &str = "iam.projects.serviceAccounts.keys.list";
const DELETE: &str = "iam.projects.serviceAccounts.keys.delete";
const KEYS: &str =
    "projects/acme-ai/serviceAccounts/claude-code-service@acme-ai.iam.gserviceaccount.com/keys";
/// The private half of all keys of the fake.
const PRIVATE: &str = "bm90IGEga2V5";

fn path(tenant: &Tenant) -> PathBuf {
    tenant.folder().join("claude-code-service.json")
}

fn intent(tenant: &Tenant) -> PathBuf {
    tenant.folder().join("claude-code-service.json.intent")
}

/// The id of the key in the file.
fn filed(tenant: &Tenant) -> String {
    let key: Value = serde_json::from_slice(&fs::read(path(tenant)).unwrap()).unwrap();
    key["private_key_id"].as_str().unwrap().to_owned()
}

/// The ids of the account's keys.
fn listed(tenant: &Tenant) -> Vec<String> {
    tenant.google.world(|world| {
        world.all("iam.keys").map(|(name, _)| name.rsplit('/').next().unwrap().to_owned()).collect()
    })
}

/// Another machine's key, made at a time. Its id.
fn elsewhere(tenant: &Tenant, id: &str, made: OffsetDateTime) -> String {
    let name = format!("{KEYS}/{id}");
    let key = json!({"name": name, "keyType": "USER_MANAGED", "keyOrigin": "GOOGLE_PROVIDED",
        "validAfterTime": made.format(&Rfc3339).unwrap(), "validBeforeTime": "9999-12-31T23:59:59Z"});
    tenant.google.world(|world| world.store("iam.keys").insert(name, key));
    id.to_owned()
}

/// What anybody could see of a run.
fn told(report: &Report) -> String {
    let failed = report.failed().map(|(_, error)| format!("{error:?} {:?}", error.causes()));
    format!("{:?} {}", report.steps, failed.collect::<String>())
}

/// A tenant with a file, and then without: the next run has to make a key.
async fn without_file() -> Tenant {
    let tenant = Tenant::new(WITH_KEY, 1);
    let first = tenant.provision().await;
    assert!(first.complete(), "{}", said(&first));
    fs::remove_file(path(&tenant)).unwrap();
    tenant.google.world(|world| world.store("iam.keys").clear());
    tenant.google.reset();
    tenant
}

/// A run that ends between the call that makes the key and the file, which is what a kill leaves: the
/// answer is lost, and so is whatever could have been found out after it. The stray's id, if the
/// call has arrived.
async fn cut_off(tenant: &Tenant, arrives: bool) -> Option<String> {
    let before = listed(tenant);
    tenant.google.fault(CREATE, 1, if arrives { Fault::Lost } else { Fault::Reset });
    for nth in 3..=9 {
        tenant.google.fault(LIST, nth, Fault::Reset);
    }
    let report = tenant.provision().await;
    assert_eq!(report.failed().next().unwrap().0.to_string(), ID, "{}", said(&report));
    assert!(!path(tenant).exists());
    tenant.google.reset();
    let stray = listed(tenant).into_iter().find(|id| !before.contains(id));
    assert_eq!(stray.is_some(), arrives);
    // The fake's clock stands still; a cloud's does not.
    tenant.google.world(|world| {
        let keys = world.store("iam.keys").iter_mut();
        let now = OffsetDateTime::now_utc().format(&Rfc3339).unwrap();
        for (_, key) in keys.filter(|(name, _)| stray.iter().any(|id| name.ends_with(id))) {
            key["validAfterTime"] = json!(now);
        }
    });
    stray
}

#[tokio::test]
async fn a_key_is_its_owners_alone_and_never_told() {
    let tenant = Tenant::new(WITH_KEY, 1);
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    let text = fs::read_to_string(path(&tenant)).unwrap();
    assert!(text.contains(PRIVATE), "the file has it");
    let mode = fs::metadata(path(&tenant)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!intent(&tenant).exists());
    let key: Value = serde_json::from_str(&text).unwrap();
    let said = told(&report);
    for secret in [PRIVATE, key["private_key"].as_str().unwrap(), "privateKeyData"] {
        assert!(!said.contains(secret), "{said}");
    }
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn a_key_that_cannot_be_written_is_taken_back_and_not_told() {
    let tenant = without_file().await;
    // Somebody is faster with the file, while the key is made.
    let file = path(&tenant);
    let faster = move |_: &mut _| fs::write(file, "{}").unwrap();
    tenant.google.fault(CREATE, 1, Fault::Stale(Box::new(faster)));
    let report = tenant.provision().await;
    assert_eq!(report.failed().next().unwrap().0.to_string(), ID, "{}", said(&report));
    assert!(!told(&report).contains(PRIVATE));
    assert_eq!(listed(&tenant), [""; 0], "the key is taken back");
    assert!(!intent(&tenant).exists());
    assert_eq!(fs::read_to_string(path(&tenant)).unwrap(), "{}");
    assert_eq!(tenant.google.violations(), [""; 0]);
}

/// What somebody does to the key or its file, and how.
type Spoil = (&'static str, fn(&Tenant));

#[tokio::test]
async fn what_becomes_of_a_key_or_its_file_is_seen_and_repaired() {
    let spoil: &[Spoil] = &[
        ("disabled", |tenant| {
            tenant.google.world(|world| {
                world.store("iam.keys").values_mut().for_each(|key| key["disabled"] = json!(true));
            });
        }),
        ("expired", |tenant| {
            tenant.google.world(|world| {
                let keys = world.store("iam.keys").values_mut();
                keys.for_each(|key| key["validBeforeTime"] = json!("2026-01-02T00:00:00Z"));
            });
        }),
        ("deleted", |tenant| tenant.google.world(|world| world.store("iam.keys").clear())),
        ("readable by all", |tenant| {
            fs::set_permissions(path(tenant), fs::Permissions::from_mode(0o644)).unwrap();
        }),
    ];
    let tenant = Tenant::new(WITH_KEY, 1);
    assert!(tenant.provision().await.complete());
    for (what, spoil) in spoil {
        spoil(&tenant);
        let repaired = tenant.provision().await;
        assert!(repaired.complete() && repaired.changed() == 1, "{what}: {}", said(&repaired));
        assert_eq!(listed(&tenant), [filed(&tenant)], "{what}");
        let mode = fs::metadata(path(&tenant)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{what}");
        let idle = tenant.provision().await;
        assert!(idle.complete() && idle.changed() == 0, "{what}: {}", said(&idle));
    }
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn a_key_whose_run_was_cut_off_is_deleted_by_the_next_run_on_this_machine() {
    let tenant = without_file().await;
    let theirs = elsewhere(&tenant, "before", OffsetDateTime::now_utc());
    let stray = cut_off(&tenant, true).await.unwrap();
    let mode = fs::metadata(intent(&tenant)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!fs::read_to_string(intent(&tenant)).unwrap().contains(PRIVATE));
    // Meanwhile another machine has made its own.
    let later = OffsetDateTime::now_utc() + Duration::minutes(10);
    let also = elsewhere(&tenant, "meanwhile", later);

    let next = tenant.provision().await;
    assert!(next.complete(), "{}", said(&next));
    assert!(!told(&next).contains(PRIVATE));
    let keys = listed(&tenant);
    assert!(!keys.contains(&stray), "{keys:?}");
    assert!(keys.contains(&theirs) && keys.contains(&also), "{keys:?}");
    assert!(keys.contains(&filed(&tenant)) && keys.len() == 3, "{keys:?}");
    assert!(!intent(&tenant).exists());
    let idle = tenant.provision().await;
    assert!(idle.complete() && idle.changed() == 0, "{}", said(&idle));
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn a_call_that_never_arrived_costs_no_other_machine_its_key() {
    for made in [Duration::minutes(-10), Duration::minutes(10)] {
        let tenant = without_file().await;
        assert_eq!(cut_off(&tenant, false).await, None);
        let theirs = elsewhere(&tenant, "theirs", OffsetDateTime::now_utc() + made);
        let next = tenant.provision().await;
        assert!(next.complete(), "{}", said(&next));
        let deleted = tenant.google.calls().iter().filter(|call| call.method == DELETE).count();
        assert_eq!(deleted, 0, "{made}");
        let keys = listed(&tenant);
        assert!(keys.contains(&theirs) && keys.contains(&filed(&tenant)), "{keys:?}");
        assert!(!intent(&tenant).exists());
        assert_eq!(tenant.google.violations(), [""; 0]);
    }
}

#[tokio::test]
async fn of_two_keys_of_one_moment_neither_is_deleted() {
    let tenant = without_file().await;
    let stray = cut_off(&tenant, true).await.unwrap();
    let theirs = elsewhere(&tenant, "theirs", OffsetDateTime::now_utc());
    let next = tenant.provision().await;
    assert!(next.complete(), "{}", said(&next));
    let keys = listed(&tenant);
    assert!(keys.contains(&theirs) && keys.contains(&stray), "which is lost, cannot be told");
    assert_eq!(keys.len(), 3);
    tenant
        .look(|survey| {
            let told: Vec<_> = survey.remarks().flatten().collect();
            assert!(told.iter().any(|it| it.contains(&stray) && it.contains(&theirs)), "{told:?}");
        })
        .await;
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn a_run_that_was_cut_off_after_the_file_keeps_its_key() {
    let tenant = Tenant::new(WITH_KEY, 1);
    assert!(tenant.provision().await.complete());
    let key = filed(&tenant);
    let now = OffsetDateTime::now_utc().format(&Rfc3339).unwrap();
    tenant.google.world(|world| {
        world.store("iam.keys").values_mut().for_each(|key| key["validAfterTime"] = json!(now));
    });
    let email = "claude-code-service@acme-ai.iam.gserviceaccount.com";
    let left = json!({"client_email": email, "keys": [], "asked": now});
    fs::write(intent(&tenant), left.to_string()).unwrap();
    let next = tenant.provision().await;
    assert!(next.complete(), "{}", said(&next));
    assert_eq!((listed(&tenant), filed(&tenant)), (vec![key.clone()], key));
    assert!(!intent(&tenant).exists());
    let idle = tenant.provision().await;
    assert!(idle.complete() && idle.changed() == 0, "{}", said(&idle));
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn a_lost_key_goes_when_no_key_is_wanted_any_more() {
    let mut tenant = without_file().await;
    cut_off(&tenant, true).await.unwrap();
    tenant.reconfigure(&WITH_KEY.replace("key: file", "key: none"));
    let off = tenant.provision().await;
    assert!(off.complete(), "{}", said(&off));
    assert_eq!(listed(&tenant), [""; 0]);
    assert_eq!(fs::read_dir(tenant.folder()).unwrap().count(), 0);
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn a_key_that_is_in_no_file_here_is_told_when_keys_are_not_wanted_any_more() {
    let mut tenant = without_file().await;
    let id = elsewhere(&tenant, "a1b2", OffsetDateTime::now_utc());
    tenant.reconfigure(&WITH_KEY.replace("key: file", "key: none"));
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    let step = report.steps.iter().find(|step| step.id.to_string() == ID).unwrap();
    let left = format!("{:?}", step.outcome);
    assert!(left.contains("Leave") && left.contains(&format!("keys delete {id}")), "{left}");
    assert!(listed(&tenant).contains(&id));
    assert_eq!(tenant.google.violations(), [""; 0]);
}
