//! What exists and is somebody else's is refused, left, and taken over only by those who say so; and
//! what is switched off in the configuration goes.

use groundwork::{error::Kind, reconcile::Report};
use serde_json::{Value, json};

use crate::support::{
    behind::{at, everything},
    google::fake::world::World,
    tenant::said,
    vertex::{EVERYTHING, Tenant, network},
};

/// The id of a resource, where it lies, and what there has its mark.
struct Marked {
    id: &'static str,
    kind: &'static str,
    end: &'static str,
    mark: &'static str,
}

const fn marked(
    id: &'static str,
    kind: &'static str,
    end: &'static str,
    mark: &'static str,
) -> Marked {
    Marked { id, kind, end, mark }
}

const MARKED: &[Marked] = &[
    marked("gcp.iam.role/claude_code_caller", "iam.roles", "claude_code_caller", "description"),
    marked(
        "gcp.iam.service_account/claude-code-service",
        "iam.serviceAccounts",
        "iam.gserviceaccount.com",
        "description",
    ),
    marked(
        "gcp.iam.workload_identity_pool/claude-code",
        "iam.workloadIdentityPools",
        "claude-code",
        "description",
    ),
    marked(
        "gcp.iam.workload_identity_provider/oidc",
        "iam.workloadIdentityPoolProviders",
        "oidc",
        "description",
    ),
    marked(
        "gcp.cloudkms.crypto_key/claude-code/vertex-ai",
        "cloudkms.cryptoKeys",
        "vertex-ai",
        "labels",
    ),
    marked(
        "gcp.logging.bucket/claude-code",
        "logging.buckets",
        "us-east5/buckets/claude-code",
        "description",
    ),
    marked("gcp.logging.sink/claude-code", "logging.sinks", "/claude-code", "description"),
    marked("gcp.bigquery.dataset/claude_code", "bigquery.datasets", "claude_code", "labels"),
    marked(
        "gcp.compute.address/claude-code",
        "compute.globalAddresses",
        "claude-code",
        "description",
    ),
    marked(
        "gcp.compute.forwarding_rule/claudecode",
        "compute.globalForwardingRules",
        "claudecode",
        "description",
    ),
    marked(
        "gcp.dns.managed_zone/claude-code-oauth2",
        "dns.managedZones",
        "managedZones/claude-code-oauth2",
        "description",
    ),
];

impl Marked {
    fn find<'a>(&self, world: &'a mut World) -> &'a mut Value {
        at(world, self.kind, self.end)
    }

    /// Makes it nobody's, or another tenant's.
    fn give_away(&self, world: &mut World, to: Option<&str>) {
        let theirs = match (self.mark, to) {
            ("labels", None) => json!({"team": "theirs"}),
            ("labels", Some(tenant)) => json!({"groundwork-tenant": tenant}),
            (_, None) => json!("by hand"),
            (_, Some(tenant)) => json!(format!("theirs (groundwork-tenant={tenant})")),
        };
        let found = self.find(world);
        found.as_object_mut().unwrap().remove("labels");
        found[self.mark] = theirs;
    }
}

fn only_failure(report: &Report) -> (String, Kind, String) {
    let failed: Vec<_> = report.failed().collect();
    assert_eq!(failed.len(), 1, "{}", said(report));
    let (id, error) = failed[0];
    (id.to_string(), error.kind(), format!("{error} {:?} {:?}", error.causes(), error.hints()))
}

async fn is_refused(tenant: &Tenant, id: &str, whose: &str) {
    tenant.google.reset();
    let (failed, kind, words) = only_failure(&tenant.provision().await);
    assert_eq!((failed.as_str(), kind), (id, Kind::Conflict), "{words}");
    assert!(words.contains(&format!("--adopt {id}")) && words.contains(whose), "{id}: {words}");
    assert_eq!(tenant.google.count().1, 0, "{id}: nothing is written");
}

async fn is_taken_over(tenant: &Tenant, id: &str) {
    let adopted = tenant.adopt(&[id]).await;
    assert!(adopted.complete(), "{id}: {}", said(&adopted));
    let idle = tenant.provision().await;
    assert!(idle.complete() && idle.changed() == 0, "{id}: {}", said(&idle));
}

#[tokio::test]
async fn what_is_somebody_elses_stops_the_run_and_can_be_adopted() {
    let tenant = everything().await;
    for it in MARKED {
        for (to, whose) in
            [(None, "belongs to somebody else"), (Some("other"), "belongs to the tenant `other`")]
        {
            tenant.google.world(|world| it.give_away(world, to));
            is_refused(&tenant, it.id, whose).await;
            is_taken_over(&tenant, it.id).await;
        }
    }
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn what_is_somebody_elses_is_left_when_the_tenant_goes() {
    for it in MARKED {
        let tenant = everything().await;
        let before = tenant.google.world(|world| {
            it.give_away(world, Some("other"));
            it.find(world).to_string()
        });
        let gone = tenant.destroy().await;
        assert!(gone.complete(), "{}: {}", it.id, said(&gone));
        assert!(gone.left() > 0, "{}", it.id);
        let after = tenant.google.world(|world| it.find(world).to_string());
        assert_eq!(after, before, "{}", it.id);
        let again = tenant.destroy().await;
        assert!(again.complete() && again.changed() == 0, "{}: {}", it.id, said(&again));
        assert_eq!(tenant.google.violations(), [""; 0]);
    }
}

#[tokio::test]
async fn a_recording_of_somebody_elses_is_refused_left_and_can_be_adopted() {
    const ID: &str = "gcp.aiplatform.publisher_model_config/claude-sonnet-4-5@us-east5";
    const SONNET: &str =
        "projects/acme-ai/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5";
    let tenant = Tenant::new(EVERYTHING, 1);
    network(&tenant.google);
    let theirs = json!({"loggingConfig": {"enabled": true, "samplingRate": 0.5,
        "bigqueryDestination": {"outputUri": "bq://acme-ai.theirs.t"}}});
    let set = |world: &mut World| {
        world.store("aiplatform.publisherModelConfigs").insert(SONNET.into(), theirs.clone())
    };
    tenant.google.world(set);
    tenant.google.enable(&["aiplatform.googleapis.com"]);
    is_refused(&tenant, ID, "it records into `bq://acme-ai.theirs.t`").await;
    is_taken_over(&tenant, ID).await;
    tenant.google.world(set);
    let gone = tenant.destroy().await;
    assert!(gone.complete(), "{}", said(&gone));
    let all = tenant.google.inventory();
    assert_eq!(all["aiplatform.publisherModelConfigs"][SONNET], theirs);
    assert_eq!(tenant.google.violations(), [""; 0]);
}

/// Changes the configuration, and says what it is then.
fn without(text: &str, parts: &[(&str, &str)]) -> String {
    parts.iter().fold(text.to_owned(), |text, (part, instead)| {
        assert!(text.contains(part), "{part}");
        text.replace(part, instead)
    })
}

const FEDERATION: &str = "  workload_identity_federation:
    issuer: https://token.actions.githubusercontent.com
    attribute_mapping: { google.subject: assertion.sub, attribute.repository: assertion.repository }
    attribute_condition: assertion.repository_owner == 'acme'
    attributes: { repository: [acme/app] }
";
const ENDPOINT: &str = "  private_service_connect: { address: 10.250.0.2, target: all-apis }\n";

/// What is left in a store of what is live.
fn live(all: &Value, kind: &str) -> usize {
    let live = |value: &&Value| value["state"] != "DELETED";
    all[kind].as_object().map_or(0, |store| store.values().filter(live).count())
}

/// Switches something off: then what `left` counts is gone, nothing is left to do, and on again all
/// of it comes back.
async fn goes(parts: &[(&str, &str)], left: impl Fn(&Tenant) -> usize) {
    let mut tenant = everything().await;
    let before = left(&tenant);
    assert!(before > 0, "{parts:?}");
    tenant.reconfigure(&without(EVERYTHING, parts));
    let off = tenant.provision().await;
    assert!(off.complete() && off.changed() > 0, "{parts:?}: {}", said(&off));
    assert_eq!(left(&tenant), 0, "{parts:?}");
    tenant.google.reset();
    let idle = tenant.provision().await;
    assert!(idle.complete() && idle.changed() == 0, "{parts:?}: {}", said(&idle));
    assert_eq!(tenant.google.count().1, 0, "{parts:?}");
    tenant.reconfigure(EVERYTHING);
    let on = tenant.provision().await;
    assert!(on.complete(), "{parts:?}: {}", said(&on));
    assert_eq!(left(&tenant), before, "{parts:?}");
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[tokio::test]
async fn federation_that_is_switched_off_goes() {
    goes(&[(FEDERATION, "")], |tenant| {
        let all = tenant.google.inventory();
        let trusted = all["policies"].to_string().matches("workloadIdentityPools").count();
        live(&all, "iam.workloadIdentityPools")
            + live(&all, "iam.workloadIdentityPoolProviders")
            + trusted
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_is_switched_off_goes() {
    goes(&[(ENDPOINT, "")], |tenant| {
        let all = tenant.google.inventory();
        let zones = all["dns.managedZones"].to_string().matches("groundwork-tenant").count();
        live(&all, "compute.globalForwardingRules") + live(&all, "compute.globalAddresses") + zones
    })
    .await;
}

#[tokio::test]
async fn recording_that_is_switched_off_stops_and_the_recorded_stays() {
    let off = ("request_response: { enabled: true }", "request_response: { enabled: false }");
    goes(&[off], |tenant| {
        let all = tenant.google.inventory();
        assert_eq!(live(&all, "bigquery.tables"), 2, "what was recorded stays");
        let configs = all["aiplatform.publisherModelConfigs"].as_object().unwrap().values();
        configs.filter(|config| config["loggingConfig"]["enabled"] == true).count()
    })
    .await;
}

#[tokio::test]
async fn a_model_that_is_taken_out_is_not_recorded_any_further() {
    let other = ("claude-sonnet-4-5", "claude-opus-4-5");
    goes(&[other], |tenant| {
        let all = tenant.google.inventory();
        let configs = all["aiplatform.publisherModelConfigs"].as_object().unwrap().iter();
        let sonnet = configs.filter(|(name, _)| name.ends_with("claude-sonnet-4-5"));
        sonnet.filter(|(_, config)| config["loggingConfig"]["enabled"] == true).count()
    })
    .await;
}

#[tokio::test]
async fn a_key_file_that_is_switched_off_goes_with_its_key() {
    goes(&[("key: file", "key: none")], |tenant| {
        let files = std::fs::read_dir(tenant.folder()).unwrap().count();
        files + live(&tenant.google.inventory(), "iam.keys")
    })
    .await;
}

#[tokio::test]
async fn alarms_that_are_switched_off_go() {
    goes(&[("alarms: { tokens", "alarms: { enabled: false, tokens")], |tenant| {
        live(&tenant.google.inventory(), "monitoring.alertPolicies")
    })
    .await;
}

#[tokio::test]
async fn impersonators_and_members_that_are_left_out_lose_their_rights() {
    let parts = [(r#"["group:devs@example.com"]"#, "[]")];
    goes(&parts, |tenant| {
        tenant.google.inventory()["policies"].to_string().matches("group:devs").count()
    })
    .await;
}

#[tokio::test]
async fn what_holds_data_is_left_and_taken_up_again() {
    let tenant = everything().await;
    let gone = tenant.destroy_but_data().await;
    assert!(
        gone.complete() && gone.holding() == 4,
        "key, its policy, logs, records: {}",
        said(&gone)
    );
    let all = tenant.google.inventory();
    let versions = all["cloudkms.cryptoKeyVersions"].to_string();
    assert!(versions.contains("ENABLED") && !versions.contains("DESTROY"), "{versions}");
    assert_eq!((live(&all, "bigquery.tables"), live(&all, "iam.keys")), (2, 0));
    let again = tenant.destroy_but_data().await;
    assert!(again.complete() && again.changed() == 0, "{}", said(&again));
    let back = tenant.provision().await;
    assert!(back.complete(), "{}", said(&back));
    let idle = tenant.provision().await;
    assert!(idle.complete() && idle.changed() == 0, "{}", said(&idle));
    assert_eq!(tenant.google.violations(), [""; 0]);
}
