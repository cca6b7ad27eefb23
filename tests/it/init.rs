//! `groundwork init`: what it writes, what it leaves alone, what it asks.

use crate::support::{
    emulator::Account,
    program::{Desk, Run},
    screen::answering,
};

const SUBNETS: [&str; 2] = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];
const GROUP: &str = "sg-0123456789abcdef0";

/// As somebody writes it by hand: odd indentation, quotes, remarks, a variable.
const BY_HAND: &str = "\
# ours
bedrock:   # all of it
    region:  'eu-west-1'     # near us
    max_tokens: 4000
    logging: {retention_days: 30, s3: {expire_days: 10}} # short

    access:
        trusted_principals:
        # the platform team
        - \"arn:aws:iam::123456789012:role/Platform\"
        - ${WHO}   # from outside
        path: /team/
tenant: \"claude-code\"
tags: {a: 'b'}
";

fn desk() -> (Account, Desk) {
    let account = Account::new();
    let desk = Desk::empty(&account);
    (account, desk)
}

fn by_hand() -> Desk {
    let mut desk = Desk::new(BY_HAND);
    desk.set("WHO", "arn:aws:iam::123456789012:role/Guests");
    desk
}

fn files(desk: &Desk) -> Vec<String> {
    let entries = std::fs::read_dir(desk.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn done(run: &Run) {
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.stdout, "", "standard output is for data");
}

fn checked_silently(desk: &Desk) {
    let check = desk.run(&["config", "check"]);
    assert_eq!(check.code, Some(0), "{check:?}");
    assert_eq!(check.stderr, "claude-config.yaml is right\n");
}

#[test]
fn flags_alone_write_a_file_that_is_right() {
    let (account, desk) = desk();
    let run = desk.run(&[
        "init",
        "aws",
        "--region",
        "us-east-1",
        "--retention-days",
        "90",
        "--subnet",
        SUBNETS[0],
        "--subnet",
        SUBNETS[1],
        "--security-group",
        GROUP,
        "--kms-key",
        "alias/logs",
        "--trust",
        "arn:aws:iam::123456789012:role/Developers",
        "--notify",
        "email:ops@example.com",
        "--oidc-issuer",
        "https://idp.example.com",
        "--oidc-client",
        "claude",
        "--oidc-group",
        "Platform Team",
        "--model",
        "us.anthropic.claude-sonnet-5-5",
    ]);
    done(&run);
    assert!(run.stderr.contains("next: groundwork provision aws --dry-run\n"), "{run:?}");
    let text = desk.read();
    for part in [
        &format!("account_id: \"{}\"\n", account.id),
        "  region: us-east-1\n",
        "  model_id: us.anthropic.claude-sonnet-5-5\n",
        "  small_fast_model_id: us.anthropic.claude-haiku-5-5    # background",
        &format!("    subnet_ids: [{}, {}]\n", SUBNETS[0], SUBNETS[1]),
        &format!("    security_group_ids: [{GROUP}]\n"),
        "    kms_key_id: alias/logs\n",
        "    retention_days: 90\n",
        "    trusted_principals: [arn:aws:iam::123456789012:role/Developers]\n",
        "      issuer: https://idp.example.com\n",
        "      client_ids: [claude]\n",
        "      groups: [\"Platform Team\"]\n",
        "    notify: [email:ops@example.com]\n",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert_eq!(files(&desk), ["claude-config.yaml"]);
    checked_silently(&desk);
    assert_eq!(account.calls(), ["sts.GetCallerIdentity"]);
}

#[test]
fn offline_needs_a_region_and_nothing_else() {
    let mut desk = Desk::empty(&Account::new());
    desk.set("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let run = desk.run(&["init", "--offline"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("hint: name one: --region REGION"), "{run:?}");
    assert!(files(&desk).is_empty());
    desk.set("AWS_REGION", "eu-central-1");
    done(&desk.run(&["init", "--offline"]));
    let text = desk.read();
    assert!(text.contains("\naccount_id: null\n"), "{text}");
    assert!(text.contains("  model_id: eu.anthropic.claude-opus-5-5\n"), "{text}");
    checked_silently(&desk);
}

#[test]
fn who_cannot_sign_in_gets_a_file_without_the_account() {
    let (account, desk) = desk();
    account.refuse("sts.GetCallerIdentity", 9, (403, "InvalidClientTokenId"));
    let run = desk.run(&["init", "--region", "us-east-1"]);
    done(&run);
    assert!(run.stderr.contains("`account_id` is not filled in"), "{run:?}");
    assert!(desk.read().contains("\naccount_id: null\n"));
}

#[test]
fn in_a_file_by_hand_only_the_answers_change() {
    let desk = by_hand();
    let run = desk.run(&[
        "init",
        "--yes",
        "--retention-days",
        "60",
        "--notify",
        "email:a@example.com",
        "--trust",
        "arn:aws:iam::123456789012:role/Guests arn:aws:iam::123456789012:role/New",
    ]);
    done(&run);
    let wanted = BY_HAND
        .replace("retention_days: 30", "retention_days: 60")
        .replace("        - \"arn:aws:iam::123456789012:role/Platform\"\n", "")
        .replace(
            "# from outside\n",
            "# from outside\n        - arn:aws:iam::123456789012:role/New\n",
        )
        .replace("/team/\n", "/team/\n    monitoring:\n      notify: [email:a@example.com]\n");
    assert_eq!(desk.read(), wanted);
    assert!(run.stderr.contains("- ") && run.stderr.contains("+     "), "{run:?}");
    checked_silently(&desk);
    let again = desk.run(&["init", "--retention-days", "60"]);
    done(&again);
    assert!(again.stderr.contains("nothing to change"), "{again:?}");
    assert_eq!(desk.read(), wanted);
}

#[test]
fn marks_line_ends_links_and_rights_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let desk = Desk::empty(&Account::new());
    let real = desk.path().join("real.yaml");
    let text = "\u{feff}bedrock:\r\n  region: us-east-1\r\n";
    std::fs::write(&real, text).unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.yaml", desk.path().join("claude-config.yaml")).unwrap();
    done(&desk.run(&["init", "--yes", "--kms-key", "alias/a"]));
    let wanted = format!("{text}  encryption:\r\n    kms_key_id: alias/a\r\n");
    assert_eq!(std::fs::read_to_string(&real).unwrap(), wanted);
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    let link = desk.path().join("claude-config.yaml").symlink_metadata().unwrap();
    assert!(link.is_symlink());
}

#[test]
fn a_file_that_is_there_is_not_changed_unasked() {
    let desk = by_hand();
    let run = desk.run(&["init", "--retention-days", "60"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("hint: make them without asking: --yes"), "{run:?}");
    assert_eq!(desk.read(), BY_HAND);
}

#[test]
fn what_cannot_be_changed_alone_is_left_to_its_writer() {
    let text = "bedrock:\n  region: us-east-1\n  model_id: &m us.anthropic.claude-opus-5\n  \
                small_fast_model_id: *m\n";
    let desk = Desk::new(text);
    let run = desk.run(&["init", "--yes", "--model", "us.anthropic.claude-opus-5-5"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("`bedrock.model_id` is written in a way"), "{run:?}");
    assert!(run.stderr.contains("hint: change it by hand; nothing was written"), "{run:?}");
    assert_eq!(desk.read(), text);
}

#[test]
fn flags_are_checked_all_at_once_and_with_each_other() {
    let (_, desk) = desk();
    let run = desk.run(&[
        "init",
        "--region",
        "nowhere",
        "--subnet",
        "sg-12345678",
        "--retention-days",
        "31",
        "--notify",
        "https://hooks.slack.com/services/T0/s3cret",
        "--trust",
        "*",
    ]);
    assert_eq!(run.code, Some(2), "{run:?}");
    for flag in ["--region nowhere", "--subnet sg-", "--retention-days 31", "--notify", "--trust *"]
    {
        assert!(run.stderr.contains(&format!("error: {flag}")), "{flag}: {run:?}");
    }
    assert!(!run.stderr.contains("s3cret"), "{run:?}");
    let half = desk.run(&["init", "--region", "us-east-1", "--offline", "--subnet", SUBNETS[0]]);
    assert_eq!(half.code, Some(2), "{half:?}");
    assert!(half.stderr.contains("subnets but no `security_group_ids`"), "{half:?}");
    assert!(files(&desk).is_empty());
}

#[test]
fn a_webhook_does_not_show() {
    let (_, desk) = desk();
    let hook = "https://hooks.example.com/s3cret";
    let new = ["init", "--region", "us-east-1", "--offline", "--notify", hook];
    done(&desk.run(&new));
    let run = desk.run(&["init", "--yes", "--notify", "none"]);
    assert!(run.stderr.contains("notify: [https://hooks.example.com/***]"), "{run:?}");
    assert!(!run.stderr.contains("s3cret"), "{run:?}");
}

#[test]
fn a_person_is_asked_and_may_choose_from_what_there_is() {
    let (account, desk) = desk();
    account.vpc(&SUBNETS, &[GROUP]);
    let screen = answering(
        &desk,
        "init aws",
        &[
            ("region", "us-east-1\r"),
            ("model to work with", "\r"),
            ("model for small", "\r"),
            ("none: over the internet", "\u{1b}[B\u{1b}[B\r"),
            ("subnets, one in each", " \u{1b}[B \r"),
            ("security groups", " \r"),
            ("KMS key", "nonsense\r"),
            ("must be a KMS key", &format!("{}alias/mine\r", "\u{7f}".repeat(8))),
            ("days that", "\u{1b}[B\r"),
            ("who may take the role", "\r"),
            ("identity provider", "https://idp.example.com\r"),
            ("its client ids", "claude\r"),
            ("groups that", "engineering, Platform Team\r"),
            ("subjects that", "\r"),
            ("told of alarms", "email:ops@example.com\r"),
        ],
    );
    assert_eq!(screen.code, Some(0), "{}", screen.text);
    assert!(screen.text.contains("us-east-1a"), "zones are shown: {}", screen.text);
    let text = desk.read();
    for part in [
        &format!("account_id: \"{}\"\n", account.id),
        "    kms_key_id: alias/mine\n",
        "    retention_days: 60\n",
        "      groups: [engineering, \"Platform Team\"]\n",
        "    notify: [email:ops@example.com]\n",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert_eq!(text.matches("subnet-").count(), 4, "two and two in a remark: {text}");
    checked_silently(&desk);
}

#[test]
fn a_person_is_asked_again_and_sees_what_would_change() {
    for (answer, code) in [("n", 3), ("y", 0)] {
        let desk = by_hand();
        let screen = answering(
            &desk,
            "init --offline",
            &[
                ("region (eu-west-1)", "\r"),
                ("model to work with", "\r"),
                ("model for small", "\r"),
                ("subnets", "\r"),
                ("KMS key", "\r"),
                ("days that", "\u{1b}[A\r"),
                ("who may take the role", "\r"),
                ("identity provider", "\r"),
                ("told of alarms", "\r"),
                ("like this?", answer),
            ],
        );
        assert_eq!(screen.code, Some(code), "{}", screen.text);
        assert!(screen.text.contains("+     logging: {retention_days: 14,"), "{}", screen.text);
        let changed = BY_HAND.replace("retention_days: 30", "retention_days: 14");
        assert_eq!(desk.read(), if answer == "y" { changed } else { BY_HAND.to_owned() });
    }
}

#[test]
fn ctrl_c_at_a_question_leaves_no_file() {
    let (_, desk) = desk();
    for answers in [&[("region", "\u{3}")][..], &[("region", "us-east-1\r"), ("model to", "\u{3}")]]
    {
        let screen = answering(&desk, "init", answers);
        assert_eq!(screen.code, Some(130), "{}", screen.text);
        assert!(screen.text.contains("interrupted: nothing was written"), "{}", screen.text);
        assert!(files(&desk).is_empty());
    }
}

#[test]
fn a_look_that_is_refused_leaves_the_catalogue() {
    let (account, desk) = desk();
    account.refuse("bedrock.ListInferenceProfiles", 9, (403, "AccessDeniedException"));
    account.refuse("ec2.DescribeVpcs", 9, (403, "UnauthorizedOperation"));
    let screen = answering(
        &desk,
        "init",
        &[
            ("region", "eu-west-1\r"),
            ("bedrock:ListInferenceProfiles", ""),
            ("ec2:DescribeVpcs", ""),
            ("eu.anthropic.claude-opus-5-5", "\r"),
            ("model for small", "\r"),
            ("subnets for private", "\u{3}"),
        ],
    );
    assert_eq!(screen.code, Some(130), "{}", screen.text);
}
