//! Whole commands as a user types them: what they print, where, and what they end with.

use std::process::Command;

use serde_json::Value;

use crate::support::{
    emulator::Account,
    program::{Desk, Run},
    tenant::{NOTHING, SMALL, WHOLE, census},
};

fn desk() -> (Account, Desk) {
    let account = Account::new();
    let desk = Desk::with(&account, SMALL);
    (account, desk)
}

fn provisioned() -> (Account, Desk) {
    let (account, desk) = desk();
    let run = desk.run(&["provision", "aws", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    account.reset();
    (account, desk)
}

#[test]
fn the_main_job_prints_exports_to_stdout_and_everything_else_to_stderr() {
    let (account, desk) = desk();
    let run = desk.run(&["provision", "aws", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let (first, rest) = run.stdout.split_once('\n').unwrap();
    assert!(first.starts_with("unset CLAUDE_CODE_USE_VERTEX "), "{}", run.stdout);
    assert!(rest.lines().all(|line| line.starts_with("export ")), "{}", run.stdout);
    assert!(run.stdout.contains("export CLAUDE_CODE_USE_BEDROCK='1'\n"), "{}", run.stdout);
    assert!(run.stderr.contains("15 resources: 15 made"), "{}", run.stderr);
    let role = format!("arn:aws:iam::{}:role/ClaudeCodeRole", account.id);
    assert!(run.stderr.contains(&role), "{}", run.stderr);
    assert_eq!(run.stdout, desk.run(&["env", "aws"]).stdout);
}

#[test]
fn a_second_run_says_nothing_to_do() {
    let (account, desk) = provisioned();
    for arguments in [
        &["provision", "aws", "--yes"][..],
        &["provision", "aws"],
        &["provision", "aws", "--expect-no-changes"],
        &["provision", "aws", "--dry-run"],
    ] {
        let run = desk.run(arguments);
        assert_eq!(run.code, Some(0), "{arguments:?}: {run:?}");
        let nothing = "15 resources: all as they should be, nothing to do";
        assert!(run.stderr.contains(nothing), "{arguments:?}: {}", run.stderr);
    }
    assert_eq!(account.count().1, 0);
    assert_eq!(desk.run(&["status", "aws"]).code, Some(0));
}

#[test]
fn a_run_makes_no_call_that_it_does_not_need() {
    let (account, desk) = desk();
    desk.run(&["provision", "aws", "--yes"]);
    let (first, _) = account.count();
    account.reset();
    desk.run(&["provision", "aws", "--yes"]);
    // One to sign in; then role 2, key 4, log group 2, bucket 7, logging role 2, setting 1, topic 3
    // (for one that was switched off), alarms 14, dashboard 2, endpoints 4 and budget 3 (none).
    assert_eq!(account.count(), (45, 0), "{:?}", account.calls());
    assert!(first <= 70, "{first}");
}

#[test]
fn a_dry_run_shows_all_and_changes_nothing() {
    let (account, desk) = desk();
    for flag in ["--dry-run", "--expect-no-changes"] {
        let run = desk.run(&["provision", "aws", flag]);
        assert_eq!(run.code, Some(3), "{run:?}");
        assert!(run.stdout.is_empty());
        assert!(run.stderr.contains("+ create  aws.kms.key/claude-code"), "{}", run.stderr);
        let later = "kms_key: (known after `aws.kms.key/claude-code`)";
        assert!(run.stderr.contains(later), "{}", run.stderr);
        assert!(run.stderr.contains("15 resources: 15 to create"), "{}", run.stderr);
    }
    assert_eq!(account.count().1, 0);
    assert_eq!(census(&account.inventory()), NOTHING);
}

/// Changes the log group's retention behind our back.
fn drift(desk: &Desk) {
    desk.write("bedrock:\n  region: us-east-1\n  logging: { retention_days: 7 }\n");
    assert_eq!(desk.run(&["provision", "aws", "--yes"]).code, Some(0));
    desk.write(SMALL);
}

#[test]
fn drift_is_listed_by_status_and_repaired_by_provision() {
    let (_, desk) = provisioned();
    drift(&desk);
    let status = desk.run(&["status", "aws"]);
    assert_eq!(status.code, Some(3), "{status:?}");
    assert!(status.stdout.contains("drifted  aws.logs.group//aws/bedrock/claude-code"));
    assert!(status.stdout.contains("retention_days: 7 -> 30"), "{}", status.stdout);
    let plan = desk.run(&["provision", "aws", "--dry-run"]);
    assert!(plan.stderr.contains("retention_days: 7 -> 30"), "{}", plan.stderr);
    assert_eq!(plan.code, Some(3));
    assert_eq!(desk.run(&["provision", "aws", "--yes"]).code, Some(0));
    assert_eq!(desk.run(&["status", "aws"]).code, Some(0));
}

#[test]
fn json_is_lines_of_version_one_and_no_text() {
    let (_, desk) = desk();
    let runs = [
        (desk.run(&["provision", "aws", "--json", "--dry-run"]), 3),
        (desk.run(&["provision", "aws", "--json", "--yes"]), 0),
        (desk.run(&["status", "aws", "--json"]), 0),
        (desk.run(&["destroy", "aws", "--json", "--yes"]), 0),
        (desk.run(&["status", "aws", "--json"]), 3),
        (desk.run(&["config", "check", "--json"]), 0),
        (desk.run(&["provision", "aws", "--json"]), 2),
        (desk.run(&["provision", "aws", "--json", "--only", "nothing"]), 2),
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
}

#[test]
fn a_json_run_tells_every_step_and_the_environment() {
    let (_, desk) = desk();
    let run = desk.run(&["provision", "aws", "--json", "--yes"]);
    let of = |event: &str| {
        run.lines().into_iter().filter(|l| l["event"] == event).collect::<Vec<Value>>()
    };
    assert_eq!(of("start").len(), 15);
    let steps = of("step");
    assert!(steps.iter().all(|step| step["outcome"] == "done" && step["action"] == "create"));
    assert_eq!(steps.len(), 15);
    assert_eq!(run.summary()["created"], 15);
    assert_eq!(run.summary()["environment"]["AWS_REGION"], "us-east-1");
}

#[test]
fn without_a_terminal_nothing_is_changed_unasked() {
    let (account, desk) = desk();
    let run = desk.run(&["provision", "aws"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("hint: make them without asking: --yes"), "{}", run.stderr);
    assert_eq!(account.count().1, 0);
}

#[test]
fn destroy_says_what_it_leaves_and_takes_data_only_when_told() {
    let (account, desk) = provisioned();
    let run = desk.run(&["destroy", "aws", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stderr.contains("15 resources: 12 deleted, 3 left as they are"), "{}", run.stderr);
    assert!(run.stderr.contains("to delete also what holds data: --delete-data"), "{}", run.stderr);
    let run = desk.run(&["destroy", "aws", "--yes", "--delete-data"]);
    assert!(run.stderr.contains("scheduled for deletion on "), "{}", run.stderr);
    assert!(run.stderr.contains("aws kms cancel-key-deletion --key-id arn:"), "{}", run.stderr);
    assert_eq!(census(&account.inventory()), NOTHING);
    let again = desk.run(&["destroy", "aws", "--yes", "--delete-data"]);
    assert_eq!(again.code, Some(0));
    assert!(again.stderr.contains("nothing is there: nothing to do"), "{}", again.stderr);
}

#[test]
fn only_touches_what_is_named_and_what_it_needs() {
    let (account, desk) = desk();
    let id = "aws.logs.group//aws/bedrock/claude-code";
    let run = desk.run(&["provision", "aws", "--yes", "--only", id]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let there = census(&account.inventory());
    assert_eq!((there.log_groups, there.keys, there.roles, there.buckets), (1, 1, 0, 0));
    assert!(run.stdout.is_empty(), "a part of a tenant has no exports");
    desk.run(&["provision", "aws", "--yes"]);
    let role = "aws.iam.role/ClaudeCodeRole";
    assert_eq!(desk.run(&["destroy", "aws", "--yes", "--only", role]).code, Some(0));
    let there = census(&account.inventory());
    assert_eq!((there.roles, there.logging), (1, 1));
    let unknown = desk.run(&["provision", "aws", "--yes", "--only", "aws.iam.role/Cluade"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("`aws.iam.role/ClaudeCodeRole`"), "{}", unknown.stderr);
}

#[test]
fn the_account_in_the_file_is_a_guard() {
    let (account, desk) = desk();
    desk.write("account_id: \"999999999999\"\nbedrock:\n  region: us-east-1\n");
    let run = desk.run(&["provision", "aws", "--yes"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("is for the account 999999999999"), "{}", run.stderr);
    assert_eq!(account.count().1, 0);
    desk.write(&format!("account_id: \"{}\"\n{SMALL}", account.id));
    assert_eq!(desk.run(&["provision", "aws", "--dry-run"]).code, Some(3));
}

#[test]
fn a_denied_call_names_the_action_the_code_and_the_request() {
    let (account, desk) = desk();
    account.refuse("iam.CreateRole", 9, (403, "AccessDenied"));
    let run = desk.run(&["provision", "aws", "--yes"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("error: could not create `aws.iam.role/ClaudeCodeRole`"));
    let cause = "caused by: iam:CreateRole: AccessDenied: said the test (request ";
    assert!(run.stderr.contains(cause), "{}", run.stderr);
    assert!(
        run.stderr.contains("hint: allow what is named above, at least `iam:CreateRole`"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("15 resources: 10 made, 2 failed, 3 wait for it"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("running again is safe"), "{}", run.stderr);
    assert!(run.stdout.is_empty(), "no exports of half a tenant");
}

#[test]
fn no_credentials_and_no_way_to_the_cloud_are_said() {
    let mut desk = Desk::new(SMALL);
    desk.set("AWS_EC2_METADATA_DISABLED", "true");
    let run = desk.run(&["provision", "aws", "--yes"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("error: could not sign in to AWS"), "{}", run.stderr);
    assert!(run.stderr.contains("hint: name a profile: --profile NAME"), "{}", run.stderr);
    desk.set("AWS_PROFILE", "nobody");
    let run = desk.run(&["provision", "aws", "--yes"]);
    assert!(run.stderr.contains("aws configure list-profiles"), "{}", run.stderr);

    let (_, mut desk) = self::desk();
    desk.set("AWS_MAX_ATTEMPTS", "1");
    desk.set("GROUNDWORK_ENDPOINT_URL", "http://127.0.0.1:9");
    let run = desk.run(&["status", "aws"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("no answer"), "{}", run.stderr);
}

#[test]
fn a_profile_that_is_typed_goes_before_keys_in_the_environment() {
    let (other, admin) = (Account::new(), Account::new());
    let mut desk = Desk::with(&other, SMALL);
    let profiles = format!(
        "[profile admin]\naws_access_key_id = {}\naws_secret_access_key = test\n",
        admin.id
    );
    std::fs::write(desk.path().join("profiles"), profiles).unwrap();
    let file = desk.path().join("profiles").display().to_string();
    desk.set("AWS_CONFIG_FILE", &file);
    let run = desk.run(&["provision", "aws", "--yes", "--profile", "admin"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(census(&admin.inventory()), WHOLE);
    assert_eq!(census(&other.inventory()), NOTHING);
    assert!(!run.stdout.contains("AWS_PROFILE"), "the admin's profile is not for developers");
    let env = desk.run(&["env", "--profile", "dev"]);
    assert!(env.stdout.contains("export AWS_PROFILE='dev'"), "{env:?}");
    let unknown = desk.run(&["status", "aws", "--profile", "nobody"]);
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(unknown.stderr.contains("aws configure list-profiles"), "{unknown:?}");
}

#[test]
fn a_next_step_speaks_of_the_same_tenant() {
    let (_, desk) = desk();
    let folder = desk.path().join("a folder");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("our tenant.yaml");
    std::fs::rename(desk.path().join("claude-config.yaml"), &file).unwrap();
    let file = file.display().to_string();
    let run = desk.run(&["-c", &file, "--region", "eu-west-1", "provision", "aws", "--yes"]);
    let step = format!("groundwork env -c '{file}' --region eu-west-1");
    assert!(run.stderr.contains(&step), "{}", run.stderr);
}

#[test]
fn an_endpoint_that_is_no_url_is_wrong_usage() {
    let (_, desk) = desk();
    let run = desk.run(&["status", "aws", "--endpoint-url", "foo"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("must begin with http:// or https://"), "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_broken_link_by_the_files_name_is_not_passed_over() {
    let desk = Desk::new(SMALL);
    let inner = desk.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    std::os::unix::fs::symlink("nowhere", inner.join("claude-config.yaml")).unwrap();
    let run = Run::from(desk.command(&["env"]).current_dir(inner).output().unwrap());
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("there is no such file"), "{run:?}");
}

#[test]
fn calls_go_through_the_proxy_of_the_environment() {
    use std::io::{BufRead as _, BufReader};
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let (account, mut desk) = desk();
    desk.set("AWS_MAX_ATTEMPTS", "1");
    desk.set("AWS_ENDPOINT_URL", "http://aws.invalid");
    for (no_proxy, proxied) in [("", true), ("aws.invalid", false)] {
        desk.set("HTTP_PROXY", &address);
        desk.set("NO_PROXY", no_proxy);
        let child = desk.spawn(&["status", "aws"]);
        if proxied {
            let (stream, _) = proxy.accept().unwrap();
            let mut line = String::new();
            BufReader::new(stream).read_line(&mut line).unwrap();
            assert!(line.starts_with("POST http://aws.invalid/ "), "{line}");
        }
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!(run.code, Some(1), "{run:?}");
        let hint = if proxied { "groundwork proxy check" } else { "behind a proxy: HTTPS_PROXY" };
        assert!(run.stderr.contains(hint), "{run:?}");
    }
    assert_eq!(account.count().0, 0);
}

#[test]
fn a_wrong_flag_is_wrong_usage() {
    let desk = Desk::new(SMALL);
    for arguments in [&["provision", "aws", "--yess"][..], &["provision"], &["provision", "azure"]]
    {
        let run = desk.run(arguments);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stdout.is_empty() && !run.stderr.is_empty());
    }
}

#[test]
fn a_missing_configuration_says_how_to_begin() {
    let desk = Desk::new(SMALL);
    std::fs::remove_file(desk.path().join("claude-config.yaml")).unwrap();
    let run = desk.run(&["env"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("there is no `claude-config.yaml` here"), "{}", run.stderr);
}

#[test]
fn the_configuration_of_a_parent_folder_is_found() {
    let (_, desk) = desk();
    let deep = desk.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    let run = Run::from(desk.command(&["env"]).current_dir(deep).output().unwrap());
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn flags_have_environment_twins_that_work() {
    let (account, mut desk) = desk();
    desk.set("GROUNDWORK_YES", "1");
    desk.set("GROUNDWORK_JSON", "true");
    let run = desk.run(&["provision", "aws"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.summary()["created"], 15);
    desk.set("GROUNDWORK_DELETE_DATA", "0");
    let run = desk.run(&["destroy", "aws"]);
    assert_eq!(run.summary()["left"], 3, "{run:?}");
    assert_eq!(census(&account.inventory()).keys, 1);
}

#[test]
fn quiet_says_only_what_failed() {
    let (_, desk) = desk();
    let run = desk.run(&["provision", "aws", "--yes", "--quiet"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    desk.write("bedrock: 1\n");
    assert!(desk.run(&["provision", "aws", "-q"]).stderr.contains("error: "));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let desk = Desk::new(SMALL);
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$0\" config schema | true; \"$0\" completions bash | head -c 1"]);
    shell.arg(env!("CARGO_BIN_EXE_groundwork")).current_dir(desk.path());
    let run = Run::from(shell.output().unwrap());
    assert!(run.stderr.is_empty(), "{run:?}");
}

#[test]
fn data_that_cannot_be_written_is_a_failure() {
    let desk = Desk::new(SMALL);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = Run::from(desk.command(&["env"]).stdout(full).output().unwrap());
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("could not write to standard output"), "{run:?}");
}

#[test]
fn an_empty_environment_twin_is_as_if_unset() {
    let (_, mut desk) = desk();
    for name in ["PROFILE", "REGION", "ONLY", "ADOPT", "ENDPOINT_URL"] {
        desk.set(&format!("GROUNDWORK_{name}"), "");
    }
    assert_eq!(desk.run(&["provision", "aws", "--dry-run"]).code, Some(3));
}

#[test]
fn a_region_on_the_command_line_cannot_make_two_roles_one() {
    let (_, desk) = desk();
    desk.write(
        "bedrock:\n  region: us-east-1\n  \
         access: { role_name: claude-code-bedrock-logging-eu-west-1 }\n",
    );
    let run = desk.run(&["provision", "aws", "--dry-run", "--region", "eu-west-1"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("is the logging role's name"), "{run:?}");
}

#[test]
fn the_help_is_the_reference() {
    let mut desk = Desk::new(SMALL);
    desk.set("COLUMNS", "100");
    let pages: &[&[&str]] = &[
        &[],
        &["init"],
        &["provision"],
        &["status"],
        &["destroy"],
        &["env"],
        &["proxy"],
        &["proxy", "env"],
        &["proxy", "check"],
        &["gateway"],
        &["gateway", "serve"],
        &["gateway", "check"],
        &["gateway", "token"],
        &["config"],
        &["config", "check"],
        &["config", "schema"],
        &["completions"],
    ];
    let page = |page: &&[&str]| {
        let run = desk.run(&[*page, &["--help"]].concat());
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{page:?}");
        format!("$ groundwork {} --help\n{}", page.join(" "), run.stdout)
    };
    insta::assert_snapshot!(pages.iter().map(page).collect::<Vec<_>>().join("\n"));
}

#[test]
fn completions_are_printed_for_every_shell() {
    let desk = Desk::new(SMALL);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = desk.run(&["completions", shell]);
        assert!(run.code == Some(0) && run.stdout.contains("groundwork"), "{shell}");
    }
}

/// Sends Ctrl-C to a process that we started.
fn interrupt(child: &std::process::Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn ctrl_c_ends_cleanly_with_a_true_report() {
    for operation in ["kms.CreateKey", "logs.CreateLogGroup", "s3.CreateBucket"] {
        let (account, desk) = desk();
        account.fault(operation, 1, "hold");
        let child = desk.spawn(&["provision", "aws", "--yes", "--json"]);
        account.held().unwrap();
        interrupt(&child);
        account.release();
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!(run.code, Some(130), "{operation}: {run:?}");
        let summary = run.summary();
        assert_eq!(summary["interrupted"], true, "{run:?}");
        let made = summary["created"].as_u64().unwrap();
        let waiting = summary["not_started"].as_u64().unwrap();
        assert!(made < 15 && waiting > 0, "{operation}: {summary}");
        account.reset();
        let run = desk.run(&["provision", "aws", "--yes", "--json"]);
        assert_eq!(run.code, Some(0), "{operation}: {run:?}");
        assert_eq!(census(&account.inventory()), WHOLE, "{operation}");
    }
}

#[test]
fn ctrl_c_while_looking_or_signing_in_changes_nothing() {
    for operation in ["sts.GetCallerIdentity", "iam.GetRole"] {
        let (account, desk) = desk();
        account.fault(operation, 1, "hold");
        let child = desk.spawn(&["provision", "aws", "--yes"]);
        account.held().unwrap();
        interrupt(&child);
        let run = Run::from(child.wait_with_output().unwrap());
        account.release();
        assert_eq!(run.code, Some(130), "{operation}: {run:?}");
        assert_eq!(run.stderr.matches("error: ").count(), 1, "{run:?}");
        assert!(run.stderr.contains("interrupted: nothing was changed"), "{run:?}");
        assert_eq!(account.count().1, 0, "{operation}");
    }
}

#[test]
fn ctrl_c_twice_stops_at_once() {
    let (account, desk) = desk();
    account.fault("kms.CreateKey", 1, "hold");
    let child = desk.spawn(&["provision", "aws", "--yes"]);
    account.held().unwrap();
    interrupt(&child);
    // The second one counts only after the first is seen; send until it has ended.
    let id = child.id();
    let ended = std::thread::spawn(move || Run::from(child.wait_with_output().unwrap()));
    while !ended.is_finished() {
        drop(Command::new("kill").args(["-INT", &id.to_string()]).output());
        std::thread::yield_now();
    }
    let run = ended.join().unwrap();
    account.release();
    assert_eq!(run.code, Some(130), "{run:?}");
    assert!(run.stderr.contains("stopped at once"), "{}", run.stderr);
    account.reset();
    assert_eq!(desk.run(&["provision", "aws", "--yes"]).code, Some(0));
    assert_eq!(census(&account.inventory()), WHOLE);
}
