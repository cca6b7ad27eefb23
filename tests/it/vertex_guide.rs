//! The files that people copy, in a project of the name that they have in them: the guide's says
//! what it does not mean and works as it stands, and so does our own.

use std::fs;

use serde_json::json;

use crate::support::{
    google::fake::Google,
    program::{Desk, example},
};

const PROJECT: &str = "your-project-id";

/// All that there is to say of the guide's file, each once.
const WARNINGS: &str = "\
warning: vertex-config.yaml:3:13: us-central1 is not known to offer `claude-sonnet-5-5` and `claude-haiku-5-5`: `us` is called
  hint: to say so yourself, write `us`; if it offers them by now, say so in `vertex_ai.model_locations`
warning: vertex-config.yaml:4:15: there never was a `claude-3-5-sonnet@20241022` on Vertex AI: `claude-sonnet-5-5` is used
  hint: to say so yourself, write `claude-sonnet-5-5`
warning: vertex-config.yaml:5:3: `vertex_ai.network` and `vertex_ai.subnet` are no settings of the model: what is set is private access to Google's APIs from the subnet
  hint: not to be told again: `subnet` alone, or add `private_service_connect`
warning: vertex-config.yaml:7:3: `vertex_ai.encryption_spec` protects what is stored, the logs: Vertex AI takes no key for what Claude is asked
  hint: not to be told again: say where it is stored, `vertex_ai.data_location`
warning: vertex-config.yaml:9:3: `vertex_ai.audit_logging` is a setting of the whole project for Vertex AI, and tells who called, not what was asked
  hint: not to be told again: write `log_type` as a list, such as [DATA_READ, DATA_WRITE]
";

fn desk(file: &str) -> (Google, Desk) {
    let google = Google::start(PROJECT);
    google.polls(0);
    let desk = Desk::owner(&google, &fs::read_to_string(example(file)).unwrap());
    (google, desk)
}

/// A cluster of Kubernetes whose workloads can be told apart, as the guide takes to be there. The
/// network that it names, `default`, is in every project from the start.
fn cluster(google: &Google) {
    google.world(|world| {
        let pool = format!("{PROJECT}.svc.id.goog");
        world.store("gke.identityPools").insert(pool, json!({}));
    });
}

fn names(google: &Google, kind: &str) -> Vec<String> {
    google.world(|world| world.all(kind).map(|(name, _)| name.to_owned()).collect())
}

#[test]
fn the_guides_file_says_once_what_it_does_not_mean() {
    let (google, desk) = desk("guide-vertex-config.yaml");
    let run = desk.run(&["config", "check"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.stderr, format!("{WARNINGS}vertex-config.yaml is right\n"));
    let run = desk.run(&["provision", "gcp", "--dry-run"]);
    let (warned, _) = run.stderr.split_at(WARNINGS.len());
    assert_eq!(warned, WARNINGS, "the same: {}", run.stderr);
    let run = desk.run(&["env", "gcp"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "it runs in every new shell");
    assert!(!run.stdout.contains("claude-3-5"), "{run:?}");
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn the_guides_file_makes_a_tenant_as_it_stands() {
    let (google, desk) = desk("guide-vertex-config.yaml");
    cluster(&google);
    let run = desk.run(&["provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    // The key that the file names is one that it is for us to make.
    let ring = format!("projects/{PROJECT}/locations/us-central1/keyRings/claude-code");
    assert_eq!(names(&google, "cloudkms.cryptoKeys"), [format!("{ring}/cryptoKeys/vertex-ai")]);
    assert_eq!(names(&google, "cloudkms.keyRings"), [ring]);
    let inventory = google.inventory().to_string();
    assert!(inventory.contains("svc.id.goog[ai-tools/claude-code-sa]"), "{inventory}");
    google.reset();
    let again = desk.run(&["provision", "gcp", "--expect-no-changes"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    let gone = desk.run(&["destroy", "gcp", "--yes", "--delete-data"]);
    assert_eq!(gone.code, Some(0), "{gone:?}");
    assert_eq!(names(&google, "iam.serviceAccounts").len(), 0);
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn the_guides_file_says_where_its_network_is_not_there() {
    let (google, desk) = desk("guide-vertex-config.yaml");
    google.enable(&["compute.googleapis.com"]);
    google.world(|world| {
        world.store("compute.subnetworks").clear();
        world.store("compute.networks").clear();
    });
    let run = desk.run(&["provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    for part in ["there is no network `default`", "there is no subnet"] {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    assert_eq!(google.count().1, 0, "nothing is written");
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn the_guides_file_says_what_to_do_where_there_is_no_cluster() {
    let (google, desk) = desk("guide-vertex-config.yaml");
    let run = desk.run(&["provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    for part in [
        "no Kubernetes cluster of `your-project-id` has workload identity",
        "gcloud container clusters create-auto NAME",
        "or take the Kubernetes account out of the configuration",
        "23 resources: 7 were right, 13 made, 2 changed, 1 failed",
    ] {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    cluster(&google);
    let again = desk.run(&["provision", "gcp", "--yes"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn our_own_file_makes_a_tenant_without_a_warning() {
    let (google, desk) = desk("vertex-config.yaml");
    let run = desk.run(&["provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    let again = desk.run(&["provision", "gcp", "--expect-no-changes"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(google.violations(), [""; 0]);
}
