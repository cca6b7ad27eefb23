//! Whole commands on a tenant in Google Cloud, as a user types them: what they print, where, and
//! what they end with.

use std::process::{Child, Command};

use serde_json::Value;

use crate::support::{
    google::fake::{Google, caller::OWNER, journal::Fault},
    program::{Desk, Run},
    vertex::{PROJECT, SMALL},
};

const ACCOUNT: &str = "claude-code-service@acme-ai.iam.gserviceaccount.com";
const BUCKET: &str = "gcp.logging.bucket/claude-code";

fn desk() -> (Google, Desk) {
    let google = Google::start(PROJECT);
    // What Google does in the background is done at once: waiting is tested elsewhere.
    google.polls(0);
    let desk = Desk::owner(&google, SMALL);
    (google, desk)
}

fn provisioned() -> (Google, Desk) {
    let (google, desk) = desk();
    let run = desk.run(&["provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    google.reset();
    (google, desk)
}

fn nothing_was_wrong(google: &Google) {
    assert_eq!(google.violations(), [""; 0]);
}

/// What is there of these kinds.
fn names(google: &Google, kind: &str) -> Vec<String> {
    google.world(|world| world.all(kind).map(|(name, _)| name.to_owned()).collect())
}

#[test]
fn the_main_job_prints_exports_to_stdout_and_everything_else_to_stderr() {
    let (google, desk) = desk();
    let run = desk.run(&["provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let (first, rest) = run.stdout.split_once('\n').unwrap();
    assert!(first.starts_with("unset CLAUDE_CODE_USE_BEDROCK "), "{}", run.stdout);
    assert!(rest.lines().all(|line| line.starts_with("export ")), "{}", run.stdout);
    assert!(run.stdout.contains("export CLAUDE_CODE_USE_VERTEX='1'\n"), "{}", run.stdout);
    for part in [
        "20 resources: 6 were right, 13 made, 1 changed",
        &format!("workloads call Claude as {ACCOUNT}"),
        "gcloud auth application-default login",
        "eval \"$(groundwork env gcp)\" && claude",
    ] {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    assert_eq!(run.stdout, desk.run(&["env", "gcp"]).stdout);
    nothing_was_wrong(&google);
}

#[test]
fn a_second_run_says_nothing_to_do() {
    let (google, desk) = provisioned();
    for arguments in [
        &["provision", "gcp", "--yes"][..],
        &["provision", "gcp"],
        &["provision", "gcp", "--expect-no-changes"],
        &["provision", "gcp", "--dry-run"],
    ] {
        let run = desk.run(arguments);
        assert_eq!(run.code, Some(0), "{arguments:?}: {run:?}");
        let nothing = "20 resources: all as they should be, nothing to do";
        assert!(run.stderr.contains(nothing), "{arguments:?}: {}", run.stderr);
        assert!(!run.stderr.contains("warning"), "{arguments:?}: {}", run.stderr);
    }
    assert_eq!(google.count().1, 0);
    let status = desk.run(&["status", "gcp"]);
    assert_eq!(status.code, Some(0), "{status:?}");
    assert!(status.stderr.contains("all as it should be"), "{status:?}");
    nothing_was_wrong(&google);
}

#[test]
fn a_dry_run_shows_all_and_changes_nothing() {
    let (google, desk) = desk();
    let before = google.inventory();
    for flag in ["--dry-run", "--expect-no-changes"] {
        let run = desk.run(&["provision", "gcp", flag]);
        assert_eq!(run.code, Some(3), "{run:?}");
        assert!(run.stdout.is_empty());
        assert!(run.stderr.contains("+ create  gcp.cloudkms.key_ring/claude-code"), "{run:?}");
        let later = "kms_key: (known after `gcp.cloudkms.crypto_key/claude-code/vertex-ai`)";
        assert!(run.stderr.contains(later), "{}", run.stderr);
        let counted = "20 resources: 16 to create, 1 to change";
        assert!(run.stderr.contains(counted), "{}", run.stderr);
    }
    assert_eq!(google.count().1, 0, "{:?}", google.calls());
    assert_eq!(google.inventory(), before);
    nothing_was_wrong(&google);
}

#[test]
fn in_a_new_project_a_dry_run_says_in_a_line_what_cannot_be_asked_yet() {
    let (google, desk) = desk();
    let run = desk.run(&["provision", "gcp", "--dry-run"]);
    let warnings: Vec<&str> =
        run.stderr.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert_eq!(
        warnings,
        ["warning: whether this identity may do all this can be asked once \
          cloudresourcemanager.googleapis.com is switched on, which provisioning does"]
    );
    nothing_was_wrong(&google);
}

#[test]
fn drift_is_listed_by_status_and_repaired_by_provision() {
    let (google, desk) = provisioned();
    desk.put("vertex-config.yaml", &format!("{SMALL}  logging: {{ retention_days: 7 }}\n"));
    assert_eq!(desk.run(&["provision", "gcp", "--yes"]).code, Some(0));
    desk.put("vertex-config.yaml", SMALL);
    let status = desk.run(&["status", "gcp"]);
    assert_eq!(status.code, Some(3), "{status:?}");
    assert!(status.stdout.contains(&format!("drifted  {BUCKET}")), "{status:?}");
    assert!(status.stdout.contains("retention_days: 7 -> 30"), "{}", status.stdout);
    assert!(status.stderr.contains("to put it right: groundwork provision gcp\n"), "{status:?}");
    let plan = desk.run(&["provision", "gcp", "--dry-run"]);
    assert!(plan.stderr.contains("retention_days: 7 -> 30"), "{}", plan.stderr);
    assert_eq!(plan.code, Some(3));
    assert_eq!(desk.run(&["provision", "gcp", "--yes"]).code, Some(0));
    assert_eq!(desk.run(&["status", "gcp"]).code, Some(0));
    nothing_was_wrong(&google);
}

#[test]
fn json_is_lines_of_version_one_and_no_text() {
    let (google, desk) = desk();
    let runs = [
        (desk.run(&["provision", "gcp", "--json", "--dry-run"]), 3),
        (desk.run(&["provision", "gcp", "--json", "--yes"]), 0),
        (desk.run(&["status", "gcp", "--json"]), 0),
        (desk.run(&["destroy", "gcp", "--json", "--yes"]), 0),
        (desk.run(&["status", "gcp", "--json"]), 3),
        (desk.run(&["config", "check", "--json"]), 0),
        (desk.run(&["provision", "gcp", "--json"]), 2),
        (desk.run(&["provision", "gcp", "--json", "--only", "nothing"]), 2),
    ];
    for (run, code) in runs {
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(run.stderr.is_empty(), "{run:?}");
        assert!(run.lines().iter().all(|line| line["v"] == 1 && line["event"].is_string()));
        let summary = run.summary();
        assert_eq!(summary["event"], "summary", "{run:?}");
        assert_eq!(summary["exit_code"], code, "{run:?}");
        let summaries = run.lines().iter().filter(|line| line["event"] == "summary").count();
        assert_eq!(summaries, 1, "{run:?}");
    }
    nothing_was_wrong(&google);
}

#[test]
fn a_json_run_tells_every_step_and_the_environment() {
    let (google, desk) = desk();
    let run = desk.run(&["provision", "gcp", "--json", "--yes"]);
    let of = |event: &str| {
        run.lines().into_iter().filter(|l| l["event"] == event).collect::<Vec<Value>>()
    };
    let steps = of("step");
    assert!(steps.iter().all(|step| step["outcome"] == "done"), "{steps:?}");
    let kept = steps.iter().filter(|step| step["action"] == "keep").count();
    assert_eq!((of("start").len(), steps.len(), kept), (14, 20, 6), "{run:?}");
    let summary = run.summary();
    assert_eq!((&summary["created"], &summary["updated"]), (&13.into(), &1.into()), "{summary}");
    assert_eq!(summary["environment"]["CLOUD_ML_REGION"], "us");
    assert_eq!(summary["environment"]["ANTHROPIC_VERTEX_PROJECT_ID"], PROJECT);
    nothing_was_wrong(&google);
}

#[test]
fn without_a_terminal_nothing_is_changed_unasked() {
    let (google, desk) = desk();
    let run = desk.run(&["provision", "gcp"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("hint: make them without asking: --yes"), "{}", run.stderr);
    assert_eq!(google.count().1, 0);
    nothing_was_wrong(&google);
}

#[test]
fn destroy_says_what_it_leaves_and_how_what_went_can_come_back() {
    let (google, desk) = provisioned();
    let run = desk.run(&["destroy", "gcp", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for part in [
        "14 resources: 9 deleted, 5 left as they are",
        "= left    gcp.serviceusage.services/acme-ai: may be in use by others",
        "= left    gcp.logging.bucket/claude-code: holds logs",
        "gcloud iam roles undelete claude_code_caller --project acme-ai",
        "to delete also what holds data: --delete-data",
    ] {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    let run = desk.run(&["destroy", "gcp", "--yes", "--delete-data"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for part in [
        "5 resources: 3 deleted, 2 left as they are",
        "its versions are scheduled for destruction on ",
        "gcloud kms keys versions restore VERSION --key vertex-ai --keyring claude-code",
        "can be restored for 7 days: gcloud logging buckets undelete claude-code",
    ] {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    google.reset();
    let again = desk.run(&["destroy", "gcp", "--yes", "--delete-data"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.stderr.contains("2 resources: 2 left as they are"), "{}", again.stderr);
    assert_eq!(google.count().1, 0);
    nothing_was_wrong(&google);
}

#[test]
fn only_touches_what_is_named_and_what_it_needs() {
    let (google, desk) = desk();
    let run = desk.run(&["provision", "gcp", "--yes", "--only", BUCKET]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let count = |kind| names(&google, kind).len();
    let there = (count("cloudkms.cryptoKeys"), count("iam.serviceAccounts"));
    assert_eq!(there, (1, 0), "{}", google.inventory());
    assert!(run.stdout.is_empty(), "a part of a tenant has no exports");
    desk.run(&["provision", "gcp", "--yes"]);
    let sink = "gcp.logging.sink/claude-code";
    let gone = desk.run(&["destroy", "gcp", "--yes", "--only", sink]);
    assert_eq!(gone.code, Some(0), "{gone:?}");
    assert!(gone.stderr.contains("1 resource: 1 deleted"), "{gone:?}");
    let unknown = desk.run(&["provision", "gcp", "--yes", "--only", "gcp.iam.role/claude_caller"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("`gcp.iam.role/claude_code_caller`"), "{}", unknown.stderr);
    nothing_was_wrong(&google);
}

#[test]
fn what_another_tenant_has_made_is_taken_over_only_when_it_is_said() {
    let (google, desk) = desk();
    let name = "service_account: { name: claude-code-service }";
    let other = desk.put("other.yaml", &format!("tenant: other\n{SMALL}  {name}\n"));
    let run = desk.run(&["-c", &other, "provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let run = desk.run(&["provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let id = "gcp.iam.service_account/claude-code-service";
    assert!(run.stderr.contains(&format!("--adopt {id}")), "{}", run.stderr);
    let run = desk.run(&["provision", "gcp", "--yes", "--adopt", id]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(desk.run(&["status", "gcp"]).code, Some(0));
    let unknown = desk.run(&["provision", "gcp", "--yes", "--adopt", "gcp.iam.role/nobody"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    nothing_was_wrong(&google);
}

#[test]
fn a_denied_call_names_the_permission_and_the_role_that_has_it() {
    let (google, desk) = desk();
    let printed = desk.run(&["provision", "gcp", "--print-policy"]);
    let role: Value = serde_json::from_str(&printed.stdout).unwrap();
    let permissions = role["includedPermissions"].as_array().unwrap();
    let permissions: Vec<&str> = permissions
        .iter()
        .filter_map(Value::as_str)
        .filter(|permission| *permission != "iam.roles.create")
        .collect();
    google.bind(OWNER, &permissions);
    let run = desk.run(&["provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    for part in [
        "error: could not create `gcp.iam.role/claude_code_caller`",
        "caused by: iam.projects.roles.create: 403 PERMISSION_DENIED IAM_PERMISSION_DENIED: ",
        "hint: allow `iam.roles.create` to the identity that runs this",
        "groundwork provision gcp --print-policy",
        "running again is safe",
    ] {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    assert!(run.stdout.is_empty(), "no exports of half a tenant");
    nothing_was_wrong(&google);
}

#[test]
fn a_project_that_is_not_there_is_said_before_anything_is_tried() {
    let (google, desk) = desk();
    desk.put("vertex-config.yaml", &SMALL.replace(PROJECT, "acme-al"));
    let run = desk.run(&["provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    for part in [
        "error: could not look at the project `acme-al`",
        "403",
        "gcloud projects describe acme-al",
    ] {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    assert_eq!(google.count(), (1, 0));
    desk.put("vertex-config.yaml", "vertex_ai: { location: us }\n");
    let run = desk.run(&["provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(
        run.stderr.contains("vertex-config.yaml: the configuration names no project"),
        "{run:?}"
    );
    assert!(run.stderr.contains("hint: add `project_id: "), "{run:?}");
    desk.put("vertex-config.yaml", "vertex_ai: { project_id: acme-ai }\n");
    let run = desk.run(&["provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("names no location"), "{run:?}");
    assert_eq!(desk.run(&["provision", "gcp", "--dry-run", "--region", "us"]).code, Some(3));
    nothing_was_wrong(&google);
}

#[test]
fn no_way_to_the_cloud_is_said() {
    let (_, mut desk) = desk();
    desk.set("GROUNDWORK_GCP_ENDPOINT_URL", "http://127.0.0.1:9/{api}");
    let run = desk.run(&["status", "gcp"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    for part in [
        "error: could not look at the project `acme-ai`",
        "caused by: serviceusage.services.get: no answer: ",
        "behind a proxy: HTTPS_PROXY",
    ] {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    assert_eq!(run.stderr.matches("hint: ").count(), 1, "{}", run.stderr);
}

#[test]
fn where_calls_go_is_said_by_the_flag_before_the_environment() {
    let (google, mut desk) = desk();
    let unused = Google::start(PROJECT);
    desk.set("GROUNDWORK_GCP_ENDPOINT_URL", &unused.url());
    let url = google.url();
    assert_eq!(desk.run(&["status", "gcp", "--endpoint-url", &url]).code, Some(3));
    desk.set("GROUNDWORK_ENDPOINT_URL", &url);
    assert_eq!(desk.run(&["status", "gcp"]).code, Some(3));
    assert!(google.count().0 > 0);
    assert_eq!(unused.count().0, 0);
    desk.set("GROUNDWORK_ENDPOINT_URL", "");
    assert_eq!(desk.run(&["status", "gcp"]).code, Some(3));
    assert!(unused.count().0 > 0);
    desk.set("GROUNDWORK_GCP_ENDPOINT_URL", "localhost");
    for (arguments, name) in [
        (&["status", "gcp"][..], "GROUNDWORK_GCP_ENDPOINT_URL"),
        (&["status", "gcp", "--endpoint-url", "localhost"], "--endpoint-url"),
    ] {
        let run = desk.run(arguments);
        assert_eq!(run.code, Some(2), "{run:?}");
        let said = format!("{name} localhost: must begin with http:// or https://");
        assert!(run.stderr.contains(&said), "{run:?}");
    }
    nothing_was_wrong(&google);
}

#[test]
fn a_region_that_is_typed_goes_before_the_files() {
    let (google, desk) = desk();
    let run = desk.run(&["env", "gcp", "--region", "europe-west1"]);
    assert!(run.stdout.contains("export CLOUD_ML_REGION='eu'\n"), "{run:?}");
    let run = desk.run(&["provision", "gcp", "--dry-run", "--region", "eu"]);
    assert!(run.stderr.contains("gcp.aiplatform.model/claude-opus-5-5@eu"), "{run:?}");
    assert!(run.stderr.contains("location: europe-west1"), "where data is kept: {run:?}");
    let run = desk.run(&["provision", "gcp", "--dry-run", "--region", "EU west"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("error: --region EU west: "), "{run:?}");
    nothing_was_wrong(&google);
}

#[test]
fn a_next_step_speaks_of_the_same_tenant() {
    let (google, desk) = desk();
    let file = desk.put("a folder/our tenant.yaml", SMALL);
    let run = desk.run(&["-c", &file, "--region", "eu", "provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let step = format!("groundwork env gcp -c '{file}' --region eu");
    assert!(run.stderr.contains(&step), "{}", run.stderr);
    nothing_was_wrong(&google);
}

#[test]
fn each_cloud_reads_its_own_file() {
    let (google, desk) = desk();
    desk.write("bedrock:\n  region: us-east-1\n");
    assert!(desk.run(&["env", "gcp"]).stdout.contains("CLAUDE_CODE_USE_VERTEX='1'"));
    assert!(desk.run(&["env", "aws"]).stdout.contains("CLAUDE_CODE_USE_BEDROCK='1'"));
    let check = desk.run(&["config", "check"]);
    assert_eq!((check.code, check.stderr.matches("is right").count()), (Some(0), 2), "{check:?}");
    std::fs::remove_file(desk.path().join("vertex-config.yaml")).unwrap();
    let run = desk.run(&["provision", "gcp"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("there is no `vertex-config.yaml` here"), "{run:?}");
    assert!(run.stderr.contains("groundwork init gcp"), "{run:?}");
    assert_eq!(google.count().0, 0);
}

#[test]
fn a_wrong_flag_is_wrong_usage() {
    let (google, desk) = desk();
    for arguments in [
        &["provision", "gcp", "--yess"][..],
        &["provision", "gcp", "--print-policy=all"],
        &["provision", "google"],
        &["env", "gcp", "--inference-profile", "team-a"],
    ] {
        let run = desk.run(arguments);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stdout.is_empty() && !run.stderr.is_empty());
    }
    assert_eq!(google.count().0, 0);
}

#[test]
fn quiet_says_only_what_failed() {
    let (google, desk) = desk();
    let run = desk.run(&["provision", "gcp", "--yes", "--quiet"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    desk.put("vertex-config.yaml", "vertex_ai: 1\n");
    assert!(desk.run(&["provision", "gcp", "-q"]).stderr.contains("error: "));
    nothing_was_wrong(&google);
}

#[test]
fn the_environment_is_the_same_in_every_form() {
    let (google, desk) = desk();
    let run = desk.run(&["env", "gcp", "--format", "json"]);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let set: Vec<(&String, &str)> = json
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name, value.as_str().unwrap()))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    assert!(set.len() >= 8, "{json:#}");
    let dotenv = desk.run(&["env", "gcp", "--format", "dotenv"]).stdout;
    let of_shell = |shell: &str| desk.run(&["env", "gcp", "--shell", shell]).stdout;
    let (bash, zsh, fish) = (of_shell("bash"), of_shell("zsh"), of_shell("fish"));
    assert_eq!(bash, zsh);
    for (name, value) in set {
        for (form, line) in [
            (&dotenv, format!("{name}={value}")),
            (&bash, format!("export {name}='{value}'")),
            (&fish, format!("set -gx {name} '{value}'")),
        ] {
            assert!(form.lines().any(|other| other.replace('"', "") == line), "{line}: {form}");
        }
    }
    assert!(fish.contains("CLAUDE_CODE_USE_BEDROCK"), "the other cloud is left: {fish}");
    assert_eq!(google.count().0, 0);
}

#[test]
fn a_key_that_was_made_is_what_claude_code_signs_in_with() {
    use std::os::unix::fs::PermissionsExt as _;
    let (google, desk) = desk();
    assert!(!desk.run(&["env", "gcp"]).stdout.contains("GOOGLE_APPLICATION_CREDENTIALS"));
    desk.put("vertex-config.yaml", &format!("{SMALL}  service_account: {{ key: file }}\n"));
    let run = desk.run(&["provision", "gcp", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let path = desk.path().join("claude-code-service.json");
    let line = format!("export GOOGLE_APPLICATION_CREDENTIALS='{}'\n", path.display());
    assert!(run.stdout.contains(&line), "{run:?}");
    assert_eq!(desk.run(&["env", "gcp"]).stdout, run.stdout);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let key = std::fs::read_to_string(&path).unwrap();
    assert!(key.contains(ACCOUNT), "{key}");
    assert!(!format!("{run:?}").contains("PRIVATE KEY"));
    nothing_was_wrong(&google);
}

#[test]
fn flags_have_environment_twins_that_work() {
    let (google, mut desk) = desk();
    desk.set("GROUNDWORK_YES", "1");
    desk.set("GROUNDWORK_JSON", "true");
    let run = desk.run(&["provision", "gcp"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.summary()["created"], 13);
    desk.set("GROUNDWORK_DELETE_DATA", "0");
    let run = desk.run(&["destroy", "gcp"]);
    assert_eq!(run.summary()["left"], 5, "{run:?}");
    nothing_was_wrong(&google);
}

/// Sends Ctrl-C to a process that we started.
fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn ctrl_c_ends_cleanly_with_a_true_report() {
    for method in [
        "cloudkms.projects.locations.keyRings.create",
        "iam.projects.serviceAccounts.create",
        "logging.projects.locations.buckets.create",
    ] {
        let (google, desk) = desk();
        google.fault(method, 1, Fault::Held);
        let child = desk.spawn(&["provision", "gcp", "--yes", "--json"]);
        google.held();
        interrupt(&child);
        google.release();
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!(run.code, Some(130), "{method}: {run:?}");
        let summary = run.summary();
        assert_eq!(summary["interrupted"], true, "{run:?}");
        let made = summary["created"].as_u64().unwrap();
        let waiting = summary["not_started"].as_u64().unwrap();
        assert!(made < 13 && waiting > 0, "{method}: {summary}");
        let run = desk.run(&["provision", "gcp", "--yes", "--json"]);
        assert_eq!(run.code, Some(0), "{method}: {run:?}");
        assert_eq!(desk.run(&["status", "gcp"]).code, Some(0), "{method}");
        nothing_was_wrong(&google);
    }
}

#[test]
fn ctrl_c_while_google_works_in_the_background_says_what_was_done() {
    let (google, desk) = desk();
    google.polls(1000);
    google.fault("serviceusage.operations.get", 1, Fault::Held);
    let child = desk.spawn(&["provision", "gcp", "--yes"]);
    google.held();
    interrupt(&child);
    google.release();
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, Some(130), "{run:?}");
    assert!(run.stderr.contains("stopping: nothing new is begun"), "{run:?}");
    for part in [
        "could not update `gcp.serviceusage.services/acme-ai`\n  caused by: interrupted while waiting",
        "20 resources: 1 failed, 19 wait for it\n",
        "what was done stays; running again is safe",
    ] {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    assert!(run.stdout.is_empty(), "{run:?}");
    google.polls(0);
    assert_eq!(desk.run(&["provision", "gcp", "--yes"]).code, Some(0));
    nothing_was_wrong(&google);
}

#[test]
fn ctrl_c_while_looking_or_signing_in_changes_nothing() {
    for method in ["serviceusage.services.get", "serviceusage.services.batchGet"] {
        let (google, desk) = desk();
        google.fault(method, 1, Fault::Held);
        let child = desk.spawn(&["provision", "gcp", "--yes"]);
        google.held();
        interrupt(&child);
        let run = Run::from(child.wait_with_output().unwrap());
        google.release();
        assert_eq!(run.code, Some(130), "{method}: {run:?}");
        assert_eq!(run.stderr.matches("error: ").count(), 1, "{run:?}");
        assert!(run.stderr.contains("interrupted: nothing was changed"), "{run:?}");
        assert_eq!(google.count().1, 0, "{method}");
        nothing_was_wrong(&google);
    }
}

#[test]
fn ctrl_c_twice_stops_at_once() {
    let (google, desk) = desk();
    google.fault("iam.projects.roles.create", 1, Fault::Held);
    let child = desk.spawn(&["provision", "gcp", "--yes"]);
    google.held();
    interrupt(&child);
    // The second one counts only after the first is seen; send until it has ended.
    let id = child.id();
    let ended = std::thread::spawn(move || Run::from(child.wait_with_output().unwrap()));
    while !ended.is_finished() {
        drop(Command::new("kill").args(["-INT", &id.to_string()]).output());
        std::thread::yield_now();
    }
    let run = ended.join().unwrap();
    google.release();
    assert_eq!(run.code, Some(130), "{run:?}");
    assert!(run.stderr.contains("stopped at once"), "{}", run.stderr);
    assert_eq!(desk.run(&["provision", "gcp", "--yes"]).code, Some(0));
    nothing_was_wrong(&google);
}
