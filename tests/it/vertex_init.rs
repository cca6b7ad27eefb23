//! `groundwork init gcp`: what it writes, what it leaves alone, what it looks at, what it asks.

use std::process::Command;

use crate::support::{
    google::fake::{Google, caller::OWNER, journal::Fault},
    program::{Desk, Run},
    screen::answering,
    tenant::said,
    vertex::{PROJECT, Tenant, network},
};

const FILE: &str = "vertex-config.yaml";
const SUBNET: &str = "projects/acme-ai/regions/us-east5/subnetworks/corp";
const KEY: &str = "projects/acme-ai/locations/us-central1/keyRings/ours/cryptoKeys/logs";
const NO_ADDRESS: &str = "http://127.0.0.1:1/{api}";
/// All that has something to offer.
const ON: [&str; 4] = [
    "aiplatform.googleapis.com",
    "compute.googleapis.com",
    "cloudkms.googleapis.com",
    "cloudbilling.googleapis.com",
];

/// As somebody writes it by hand: odd indentation, quotes, remarks, a variable.
const BY_HAND: &str = "\
# ours
vertex_ai:   # all of it
    project_id:  'acme-ai'     # near us
    location: \"eu\"
    max_tokens: 4000
    logging: {retention_days: 30, analytics: false} # short

    access:
        members:
        # the platform team
        - \"group:platform@example.com\"
        - ${WHO}   # from outside
tenant: \"claude-code\"
labels: {a: 'b'}
";

fn empty() -> Desk {
    let desk = Desk::new("");
    std::fs::remove_file(desk.path().join("claude-config.yaml")).unwrap();
    desk
}

/// A folder in which whoever owns the fake's project works.
fn desk(google: &Google) -> Desk {
    let mut desk = empty();
    desk.set("GROUNDWORK_GCP_ENDPOINT_URL", &google.url());
    desk.set("GOOGLE_OAUTH_ACCESS_TOKEN", OWNER);
    desk
}

fn google() -> (Google, Desk) {
    let google = Google::start(PROJECT);
    let desk = desk(&google);
    (google, desk)
}

/// Where nothing answers.
fn nowhere() -> Desk {
    let mut desk = empty();
    desk.set("GROUNDWORK_GCP_ENDPOINT_URL", NO_ADDRESS);
    desk
}

fn by_hand() -> Desk {
    let mut desk = nowhere();
    desk.set("WHO", "group:guests@example.com");
    write(&desk, BY_HAND);
    desk
}

fn write(desk: &Desk, text: &str) {
    std::fs::write(desk.path().join(FILE), text).unwrap();
}

fn read(desk: &Desk) -> String {
    std::fs::read_to_string(desk.path().join(FILE)).unwrap()
}

fn files(desk: &Desk) -> Vec<String> {
    let entries = std::fs::read_dir(desk.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn init(desk: &Desk, flags: &[&str]) -> Run {
    desk.run(&[&["init", "gcp"], flags].concat())
}

fn done(run: &Run) {
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.stdout, "", "standard output is for data");
}

fn refused(run: &Run, what: &str) {
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains(what), "{what} is not in: {run:?}");
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

fn checked_silently(desk: &Desk) {
    let check = desk.run(&["config", "check"]);
    assert_eq!(check.code, Some(0), "{check:?}");
    assert_eq!(check.stderr, "vertex-config.yaml is right\n");
}

fn methods(google: &Google) -> Vec<String> {
    google.calls().into_iter().map(|call| call.method).collect()
}

#[tokio::test]
async fn flags_alone_write_a_file_that_is_right_and_that_provisions() {
    let (google, desk) = google();
    google.enable(&["cloudbilling.googleapis.com"]);
    let mut flags = vec!["--project", PROJECT, "--location", "us", "--retention-days", "90"];
    flags.extend(["--data-location", "us-east5", "--subnet", SUBNET]);
    flags.extend(["--network", "projects/acme-ai/global/networks/corp"]);
    flags.extend(["--model", "claude-sonnet-5-5", "--service-account", "claude-runner"]);
    flags.extend(["--member", "group:dev@example.com", "--member", "user:ada@example.com"]);
    flags.extend(["--impersonator", "group:platform@example.com", "--budget", "500"]);
    flags.extend(["--notify", "email:ops@example.com"]);
    let run = init(&desk, &flags);
    done(&run);
    assert!(run.stderr.contains("next: groundwork provision gcp --dry-run\n"), "{run:?}");
    let text = read(&desk);
    has(
        &text,
        &[
            "  project_id: acme-ai\n",
            "  location: us\n",
            "  data_location: us-east5\n",
            "  model_name: claude-sonnet-5-5\n",
            "  small_fast_model_name: claude-haiku-5-5    # background",
            &format!("  subnet: {SUBNET} "),
            "    name: claude-runner ",
            "    impersonators: [group:platform@example.com]\n",
            "    members: [group:dev@example.com, user:ada@example.com]\n",
            "    retention_days: 90 ",
            "    notify: [email:ops@example.com]\n",
            "      billing_account: \"0123AB-4567CD-89EF01\"\n",
            "      monthly_amount: 500\n",
        ],
    );
    assert_eq!(files(&desk), [FILE]);
    assert_eq!(
        methods(&google),
        ["serviceusage.services.get", "cloudbilling.projects.getBillingInfo"]
    );
    assert_eq!(google.violations(), [""; 0]);
    let tenant = Tenant::new(&text, 1);
    network(&tenant.google);
    let report = tenant.provision().await;
    assert!(report.complete() && report.changed() > 10, "{}", said(&report));
    assert_eq!(tenant.google.violations(), [""; 0]);
}

#[test]
fn offline_needs_a_project_and_a_location_and_nothing_else() {
    let mut desk = nowhere();
    refused(&init(&desk, &["--offline"]), "hint: name one: --project ID");
    desk.set("GOOGLE_CLOUD_PROJECT", PROJECT);
    refused(&init(&desk, &["--offline"]), "hint: name one: --location us");
    assert!(files(&desk).is_empty());
    desk.set("CLOUD_ML_REGION", "eu");
    let run = init(&desk, &["--offline"]);
    done(&run);
    has(&run.stderr, &["the project is `acme-ai`, which GOOGLE_CLOUD_PROJECT names"]);
    has(&read(&desk), &["  project_id: acme-ai\n", "  location: eu\n"]);
    checked_silently(&desk);
}

#[test]
fn the_project_is_the_one_of_the_credentials_or_of_gcloud() {
    let location = ["--offline", "--location", "global"];
    for (path, text) in [
        ("key.json", r#"{"type": "service_account", "project_id": "acme-ai"}"#),
        (
            ".config/gcloud/application_default_credentials.json",
            r#"{"type": "authorized_user", "quota_project_id": "acme-ai"}"#,
        ),
        (".config/gcloud/configurations/config_default", "[core]\nproject = acme-ai\n"),
    ] {
        let mut desk = nowhere();
        let path = desk.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        if path.ends_with("key.json") {
            desk.set("GOOGLE_APPLICATION_CREDENTIALS", path.to_str().unwrap());
        }
        done(&init(&desk, &location));
        has(&read(&desk), &["  project_id: acme-ai\n", "  location: global\n"]);
    }
}

#[test]
fn a_region_says_the_location_too_unless_the_two_differ() {
    let desk = nowhere();
    let project = ["--offline", "--project", PROJECT];
    let both = ["--region", "us", "--location", "eu"];
    refused(&init(&desk, &[&project[..], &both].concat()), "are two locations");
    done(&init(&desk, &[&project[..], &["--region", "eu"]].concat()));
    has(&read(&desk), &["  location: eu\n"]);
}

#[test]
fn who_cannot_sign_in_gets_a_file_all_the_same() {
    let (google, mut desk) = google();
    desk.set("GOOGLE_OAUTH_ACCESS_TOKEN", "expired");
    let run = init(&desk, &["--project", PROJECT, "--location", "us"]);
    done(&run);
    has(&run.stderr, &["could not sign in to Google Cloud with", "401"]);
    has(&read(&desk), &["  project_id: acme-ai\n"]);
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn in_a_file_by_hand_only_the_answers_change() {
    let desk = by_hand();
    let mut flags = vec!["--yes", "--retention-days", "60", "--notify", "email:a@example.com"];
    flags.extend(["--member", "group:guests@example.com group:new@example.com"]);
    flags.extend(["--budget", "9", "--billing-account", "0123AB-4567CD-89EF01"]);
    let run = init(&desk, &flags);
    done(&run);
    let wanted = BY_HAND
        .replace("retention_days: 30", "retention_days: 60")
        .replace("        - \"group:platform@example.com\"\n", "")
        .replace(
            "# from outside\n",
            "# from outside\n        - group:new@example.com\n    monitoring:\n      \
             notify: [email:a@example.com]\n      budget:\n        \
             billing_account: \"0123AB-4567CD-89EF01\"\n        monthly_amount: 9\n",
        );
    assert_eq!(read(&desk), wanted);
    assert!(run.stderr.contains("- ") && run.stderr.contains("+     "), "{run:?}");
    checked_silently(&desk);
    let again = init(&desk, &["--retention-days", "60", "--budget", "9"]);
    done(&again);
    assert!(again.stderr.contains("nothing to change"), "{again:?}");
    assert_eq!(read(&desk), wanted);
    done(&init(&desk, &["--yes", "--budget", "none"]));
    has(&read(&desk), &["      budget: null\n"]);
}

#[test]
fn a_file_that_is_there_is_not_changed_unasked() {
    let desk = by_hand();
    let run = init(&desk, &["--retention-days", "60"]);
    refused(&run, "hint: make them without asking: --yes");
    assert_eq!(read(&desk), BY_HAND);
}

#[test]
fn what_cannot_be_changed_alone_is_left_to_its_writer() {
    let text = "vertex_ai:\n  project_id: acme-ai\n  location: us\n  model_name: &m \
                claude-opus-5\n  small_fast_model_name: *m\n";
    let desk = nowhere();
    write(&desk, text);
    let run = init(&desk, &["--yes", "--model", "claude-opus-5-5"]);
    refused(&run, "`vertex_ai.model_name` is written in a way");
    refused(&run, "hint: change it by hand; nothing was written");
    assert_eq!(read(&desk), text);
}

#[test]
fn flags_are_checked_all_at_once_and_with_each_other() {
    let desk = nowhere();
    let mut flags = vec!["--location", "nowhere", "--project", "123456789012"];
    flags.extend(["--subnet", "subnet-12345678", "--retention-days", "0", "--member", "allUsers"]);
    flags.extend(["--notify", "https://hooks.slack.com/services/T0/s3cret", "--budget", "1.5"]);
    let run = init(&desk, &flags);
    for flag in ["location n", "project 1", "subnet s", "retention-days 0", "member a", "notify"] {
        refused(&run, &format!("error: --{flag}"));
    }
    refused(&run, "error: --budget 1.5: must be a whole number from 1 to");
    assert!(!run.stderr.contains("s3cret"), "{run:?}");
    let mut flags = vec!["--offline", "--project", PROJECT, "--location", "us"];
    flags.extend(["--data-location", "us-east5", "--kms-key", KEY]);
    refused(&init(&desk, &flags), "as it would be with these answers; nothing was written");
    flags.truncate(5);
    flags.extend(["--budget", "5"]);
    refused(&init(&desk, &flags), "hint: name it: --billing-account ID");
    let two = ["--subnet", SUBNET, "--subnet", "projects/acme-ai/regions/us-east5/subnetworks/b"];
    refused(&init(&desk, &[&flags[..5], &two].concat()), "from one subnet");
    assert!(files(&desk).is_empty());
}

#[test]
fn an_answer_of_the_other_cloud_is_refused_by_name() {
    let mut desk = nowhere();
    let run = init(&desk, &["--account-id", "123456789012", "--oidc-issuer", "none"]);
    refused(&run, "error: --account-id is an answer for `init aws` alone");
    refused(&run, "error: --oidc-issuer is");
    let aws = ["init", "aws", "--region", "us-east-1", "--offline"];
    refused(
        &desk.run(&[&aws[..], &["--project", PROJECT]].concat()),
        "error: --project is an answer for `init gcp` alone",
    );
    desk.set("GROUNDWORK_MEMBER", "group:a@example.com");
    refused(&desk.run(&aws), "set in the environment: GROUNDWORK_MEMBER");
    assert!(files(&desk).is_empty());
}

#[test]
fn a_webhook_does_not_show() {
    let desk = nowhere();
    let hook = "https://hooks.example.com/s3cret";
    let mut flags = vec!["--project", PROJECT, "--location", "us", "--offline"];
    flags.extend(["--notify", hook]);
    done(&init(&desk, &flags));
    has(&read(&desk), &[hook]);
    let run = init(&desk, &["--yes", "--notify", "none"]);
    has(&run.stderr, &["https://hooks.example.com/***"]);
    assert!(!run.stderr.contains("s3cret"), "{run:?}");
}

#[test]
fn a_person_is_asked_and_may_choose_from_what_there_is() {
    let (google, desk) = google();
    google.enable(&ON);
    network(&google);
    google.world(|world| {
        let key = serde_json::json!({"name": KEY, "purpose": "ENCRYPT_DECRYPT"});
        let ring = KEY.split("/cryptoKeys").next().unwrap();
        let named = serde_json::json!({"name": ring});
        world.store("cloudkms.keyRings").insert(ring.to_owned(), named);
        world.store("cloudkms.cryptoKeys").insert(KEY.to_owned(), key);
    });
    let down = "\u{1b}[B";
    let screen = answering(
        &desk,
        "init gcp",
        &[
            ("project", "12345\r"),
            ("it is a project's number", &format!("{}acme-ai\r", "\u{7f}".repeat(5))),
            ("where Claude is called", "\r"),
            ("region of what is stored (us-central1)", "\r"),
            ("claude-opus-5-5", "\r"),
            ("model for small", "\r"),
            ("none: over the internet", ""),
            ("10.0.0.0/24", &format!("{}\r", down.repeat(3))),
            ("none: one is made", &format!("{down}\r")),
            ("days that", "60\r"),
            ("who may call", "group:dev@example.com\r"),
            ("who may act", "\r"),
            ("told of alarms", "email:ops@example.com\r"),
            ("monthly budget", "1000\r"),
        ],
    );
    assert_eq!(screen.code, Some(0), "{}", screen.text);
    let text = read(&desk);
    has(
        &text,
        &[
            "  project_id: acme-ai\n",
            "  location: us\n",
            "  data_location: us-central1\n",
            &format!("  subnet: {SUBNET} "),
            &format!("    kms_key_name: {KEY}\n"),
            "    retention_days: 60 ",
            "    members: [group:dev@example.com]\n",
            "      billing_account: \"0123AB-4567CD-89EF01\"\n      monthly_amount: 1000\n",
        ],
    );
    checked_silently(&desk);
    assert_eq!(google.count().1, 0, "it only looks");
    assert_eq!(google.violations(), [""; 0]);
}

/// The questions of somebody who has nothing to choose from.
const PLAIN: [(&str, &str); 11] = [
    ("region of what is stored", "\r"),
    ("model to work with", "\r"),
    ("model for small", "\r"),
    ("subnet from which", "\r"),
    ("KMS key", "\r"),
    ("days that", "14\r"),
    ("who may call", "\r"),
    ("who may act", "\r"),
    ("told of alarms", "\r"),
    ("monthly budget", "\r"),
    ("like this?", "y"),
];

#[test]
fn a_person_is_asked_again_and_sees_what_would_change() {
    for (answer, code) in [("n", 3), ("y", 0)] {
        let desk = by_hand();
        let mut answers = vec![("project (acme-ai)", "\r"), ("where Claude is called", "\r")];
        answers.extend(&PLAIN[..10]);
        answers.push(("like this?", answer));
        let screen = answering(&desk, "init gcp --offline", &answers);
        assert_eq!(screen.code, Some(code), "{}", screen.text);
        assert!(screen.text.contains("+     logging: {retention_days: 14,"), "{}", screen.text);
        let changed = BY_HAND.replace("retention_days: 30", "retention_days: 14");
        assert_eq!(read(&desk), if answer == "y" { changed } else { BY_HAND.to_owned() });
    }
}

#[test]
fn ctrl_c_at_a_question_leaves_no_file() {
    let (google, desk) = google();
    let first = ("project", "acme-ai\r");
    let answers: [&[(&str, &str)]; 3] = [
        &[("project", "\u{3}")],
        &[first, ("where Claude", "\u{3}")],
        &[first, ("where Claude", "\r"), ("region of", "\r"), ("model to", "\u{3}")],
    ];
    for answers in answers {
        let screen = answering(&desk, "init gcp", answers);
        assert_eq!(screen.code, Some(130), "{}", screen.text);
        assert!(screen.text.contains("interrupted: nothing was written"), "{}", screen.text);
        assert!(files(&desk).is_empty());
    }
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn ctrl_c_while_the_project_is_looked_at_leaves_no_file() {
    let (google, desk) = google();
    google.fault("serviceusage.services.get", 1, Fault::Held);
    let child = desk.spawn(&["init", "gcp", "--project", PROJECT, "--location", "us"]);
    while google.calls().is_empty() {
        std::thread::yield_now();
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, Some(130), "{run:?}");
    has(&run.stderr, &["interrupted: nothing was written"]);
    assert!(files(&desk).is_empty());
    google.release();
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn looks_that_are_refused_leave_the_catalogue_and_lines_to_type() {
    let (google, mut desk) = google();
    google.enable(&ON);
    google.bind("poor", &["serviceusage.services.get", "serviceusage.services.use"]);
    desk.set("GOOGLE_OAUTH_ACCESS_TOKEN", "poor");
    google.fault("aiplatform.publishers.models.list", 1, Fault::Status(403, None));
    let mut answers = vec![("project", "acme-ai\r"), ("where Claude", "\r"), PLAIN[0]];
    answers.extend([
        ("aiplatform.publishers.models.list: 403", ""),
        ("compute.subnetworks.listUsable: 403", ""),
        ("cloudkms.projects.locations.keyRings.list: 403", ""),
        ("cloudbilling.projects.getBillingInfo: 403", ""),
        ("claude-opus-5-5", "\r"),
    ]);
    answers.extend(&PLAIN[2..9]);
    answers.extend([("monthly", "5\r"), ("which billing account pays", "0123AB-4567CD-89EF01\r")]);
    let screen = answering(&desk, "init gcp", &answers);
    assert_eq!(screen.code, Some(0), "{}", screen.text);
    has(&read(&desk), &["  subnet: null ", "    kms_key_name: null\n", "monthly_amount: 5\n"]);
    checked_silently(&desk);
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn in_a_new_project_what_is_off_is_said_once_and_not_as_a_refusal() {
    let (google, desk) = google();
    let mut answers = vec![("project", "acme-ai\r"), ("where Claude", "\r"), PLAIN[0]];
    let off = "not looked at: Vertex AI, Compute Engine, Cloud KMS, Cloud Billing";
    answers.push((off, ""));
    answers.extend(&PLAIN[1..10]);
    let screen = answering(&desk, "init gcp", &answers);
    assert_eq!(screen.code, Some(0), "{}", screen.text);
    assert!(!screen.text.contains("warning"), "{}", screen.text);
    checked_silently(&desk);
    assert_eq!(google.violations(), [""; 0]);
}
