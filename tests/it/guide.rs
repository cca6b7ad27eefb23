//! The file that guides have users copy: it loads as it stands, says what to change, and works once
//! its key and its network exist.

use serde_json::{Value, json};

use crate::support::{
    emulator::Account,
    program::{Desk, example},
};

const KEY: &str = "12345678-1234-1234-1234-123456789012";
const KEY_ARN: &str = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012";

/// The guide's file with its account number exchanged for the test's own.
fn desk(account: &Account) -> Desk {
    let text = std::fs::read_to_string(example("guide-config.yaml")).unwrap();
    Desk::with(account, &text.replace("123456789012:key", &format!("{}:key", account.id)))
}

fn network(account: &Account) {
    account.vpc(&["subnet-12345678", "subnet-87654321"], &["sg-abcdef12"]);
}

/// A key policy that lets the account and the two services use the key.
fn open_policy(account: &Account) -> Value {
    let id = &account.id;
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{id}:root")},
         "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Resource": "*", "Principal": {"Service": [
            "logs.us-east-1.amazonaws.com", "bedrock.amazonaws.com"]},
         "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                    "kms:Describe*"]},
    ]})
}

#[test]
fn it_loads_as_it_stands() {
    let desk = Desk::new(&std::fs::read_to_string(example("guide-config.yaml")).unwrap());
    let run = desk.run(&["config", "check"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for part in ["temperature", "anthropic.claude-3-5-sonnet-20241022-v2:0"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    let warnings = run.stderr.matches("warning:").count();
    let exports = desk.run(&["env"]);
    assert_eq!(exports.code, Some(0));
    assert!(exports.stdout.contains("CLAUDE_CODE_MAX_OUTPUT_TOKENS='4000'"), "{exports:?}");
    assert!(!exports.stdout.contains("claude-3-5"), "{exports:?}");
    assert!(warnings >= 2, "{}", run.stderr);
}

#[test]
fn in_a_new_account_it_says_exactly_what_to_change() {
    let account = Account::new();
    let desk = desk(&account);
    let run = desk.run(&["provision", "aws", "--yes"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    for part in [
        &format!(
            "there is no key `{}`",
            KEY_ARN.replace("123456789012:key", &format!("{}:key", account.id))
        ),
        "leave `bedrock.encryption.kms_key_id` out to have a key made",
        "there is no subnet `subnet-12345678`",
        "there is no subnet `subnet-87654321`",
        "there is no security group `sg-abcdef12`",
        "or leave `bedrock.vpc_config` out",
    ] {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    assert_eq!(account.count().1, 0, "nothing is written");
}

#[test]
fn it_works_once_its_key_and_its_network_exist() {
    let account = Account::new();
    let desk = desk(&account);
    network(&account);
    account.key(KEY, Some(&open_policy(&account)));
    let run = desk.run(&["provision", "aws", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let again = desk.run(&["provision", "aws", "--expect-no-changes"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    let inventory = account.inventory();
    assert_eq!(inventory["keys"].as_array().unwrap().len(), 1, "no key of ours is made");
    assert!(inventory["log_groups"][0]["kms_key"].as_str().unwrap().ends_with(KEY));
    // The key is the company's: it stays.
    let gone = desk.run(&["destroy", "aws", "--yes", "--delete-data"]);
    assert_eq!(gone.code, Some(0), "{gone:?}");
    assert_eq!(account.inventory()["keys"][0]["state"], "Enabled");
}

#[test]
fn a_key_closed_to_the_services_says_which_statements_to_add() {
    let account = Account::new();
    let desk = desk(&account);
    network(&account);
    account.key(KEY, None);
    let run = desk.run(&["provision", "aws", "--yes"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    for part in
        ["does not let the services use it", "logs.us-east-1.amazonaws.com", "put-key-policy"]
    {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    assert_eq!(account.count().1, 0);
}

#[test]
fn a_security_group_of_another_vpc_is_said() {
    let account = Account::new();
    let desk = desk(&account);
    account.vpc(&["subnet-12345678", "subnet-87654321"], &["sg-11111111"]);
    account.vpc(&["subnet-99999999"], &["sg-abcdef12"]);
    account.key(KEY, Some(&open_policy(&account)));
    let run = desk.run(&["provision", "aws", "--yes"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("`sg-abcdef12` is of vpc-"), "{}", run.stderr);
}

#[test]
fn five_mistakes_are_five_errors() {
    let desk = Desk::new(
        "bedrock:\n  regoin: us-east-1\n  max_tokens: many\n  logging:\n    retention_days: 31\n  \
         access:\n    role_name: \"a b\"\naccount_id: \"12\"\n",
    );
    let run = desk.run(&["config", "check"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(run.stderr.matches("error: claude-config.yaml:").count(), 5, "{}", run.stderr);
    for part in ["claude-config.yaml:2:3", "did you mean `region`?", "claude-config.yaml:3:15"] {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
}
