//! The printed policies: a whole life within them, nothing in them that no life takes, and nothing
//! that AWS would not understand. Every other test of a tenant runs within them, too.

use std::collections::BTreeSet;

use groundwork::{
    aws::length,
    reconcile::{Phase, Report},
};
use serde_json::{Value, json};

use crate::support::{
    emulator::Account,
    program::Desk,
    tenant::{SMALL, Tenant, config, said},
};

/// Everything switched on.
const EVERYTHING: &str = "bedrock:
  region: us-east-1
  inference_profiles:
    - { name: team-a, model_id: us.anthropic.claude-opus-5-5, tags: { team: a } }
    - { name: team-c, model_id: us.anthropic.claude-opus-5-5 }
  vpc_config:
    subnet_ids: [subnet-12345678, subnet-87654321]
    security_group_ids: [sg-abcdef12]
    additional_services: [sts, logs]
  access:
    path: /claude/
    oidc: { issuer: \"https://idp.example.com\", client_ids: [claude-code], groups: [engineering] }
  monitoring:
    alarms: { no_traffic_hours: 12 }
    notify: [\"email:devops@example.com\"]
    budget: { monthly_usd: 1000 }
";

/// The same after somebody has changed nearly all of it, and switched off some.
const CHANGED: &str = "bedrock:
  region: us-east-1
  inference_profiles:
    - { name: team-a, model_id: us.anthropic.claude-opus-5-5, tags: { team: b } }
    - { name: team-c, model_id: us.anthropic.claude-haiku-5-5 }
  vpc_config:
    subnet_ids: [subnet-12345678]
    security_group_ids: [sg-abcdef12]
    additional_services: [sts]
  logging: { retention_days: 90 }
  access:
    path: /claude/
    max_session_duration_seconds: 7200
    oidc: { issuer: \"https://idp.example.com\", client_ids: [claude-code, ci], groups: [all] }
  monitoring:
    alarms: { no_traffic_hours: 12, latency_ms: 9000 }
    notify: [\"email:other@example.com\"]
    budget: { monthly_usd: 2000, notify_percent: [50] }
tags: { team: b }
";
const LOGS: &str = "/aws/bedrock/claude-code";
const ROLE: &str = "ClaudeCodeRole";

const PHASES: [Phase; 3] = [Phase::Plan, Phase::Apply, Phase::Destroy];

/// What only repairs, and what of it the life below does not meet.
const RARE: &[(&str, &str)] = &[
    ("AccountWide sns:Unsubscribe", "takes off whoever confirmed, which here nobody does"),
    ("Key kms:ScheduleKeyDeletion", "of two runs that make the key at once, one gives up its own"),
];

fn complete(report: &Report) {
    assert!(report.complete(), "{}", said(report));
}

/// `SID action` of every statement of a policy.
fn allowed(policy: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for statement in policy["Statement"].as_array().unwrap() {
        for action in statement["Action"].as_array().unwrap() {
            let (sid, action) = (&statement["Sid"], action.as_str().unwrap());
            all.insert(format!("{} {action}", sid.as_str().unwrap()));
        }
    }
    all
}

/// `SID action` of all that was used under the policies of a phase.
fn used(account: &Account, phase: &str) -> BTreeSet<String> {
    let entitlement = account.entitlement();
    let mut all = BTreeSet::new();
    for (name, sids) in entitlement["used"].as_object().unwrap() {
        if !name.ends_with(phase) {
            continue;
        }
        for (sid, actions) in sids.as_object().unwrap() {
            all.extend(actions.as_object().unwrap().keys().map(|action| format!("{sid} {action}")));
        }
    }
    all
}

/// Somebody changes by hand what no change of a configuration does.
async fn drift(tenant: &Tenant) {
    let aws = &tenant.aws;
    let key = aws.kms.describe_key().key_id("alias/claude-code").send().await.unwrap();
    let key = key.key_metadata.unwrap().key_id;
    aws.logs.disassociate_kms_key().log_group_name(LOGS).send().await.unwrap();
    let root = format!("arn:aws:iam::{}:root", tenant.account.id);
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}]})
    .to_string();
    let call = aws.kms.put_key_policy().key_id(&key).policy_name("default").policy(document);
    call.send().await.unwrap();
    aws.kms.schedule_key_deletion().key_id(key).send().await.unwrap();
    let topic = format!("arn:aws:sns:us-east-1:{}:claude-code-alarms", tenant.account.id);
    let call = aws.sns.set_topic_attributes().topic_arn(topic).attribute_name("KmsMasterKeyId");
    call.attribute_value("").send().await.unwrap();
}

/// What others hang on the role, and what Bedrock puts into the bucket.
async fn hang_on(tenant: &Tenant) {
    let (iam, id) = (&tenant.aws.iam, &tenant.account.id);
    let document = r#"{"Version": "2012-10-17", "Statement":
        [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}"#;
    let made = iam.create_policy().policy_name("foreign").policy_document(document).send().await;
    let foreign = made.unwrap().policy.unwrap().arn.unwrap();
    iam.attach_role_policy().role_name(ROLE).policy_arn(foreign).send().await.unwrap();
    let folder = format!("bedrock-logs/AWSLogs/{id}/BedrockModelInvocationLogs/");
    tenant.account.objects(&format!("claude-code-logs-{id}-us-east-1"), &folder, 2);
}

#[tokio::test]
async fn a_whole_life_is_within_them_and_takes_all_of_them() {
    let account = Account::new();
    account.vpc(&["subnet-12345678", "subnet-87654321"], &["sg-abcdef12"]);
    let tenant = Tenant::in_account(account.clone(), config(EVERYTHING), 1).await;
    assert_eq!(tenant.look_errors().await, Vec::<String>::new());
    complete(&tenant.provision().await);
    assert_eq!(tenant.look_errors().await, Vec::<String>::new());
    assert_eq!(tenant.provision().await.changed(), 0);
    assert_eq!(tenant.orphans().await, Vec::<String>::new());
    drift(&tenant).await;
    let changed = Tenant::in_account(account.clone(), config(CHANGED), 1).await;
    complete(&changed.provision().await);
    assert_eq!(changed.provision().await.changed(), 0);
    drift(&tenant).await;
    complete(&tenant.provision().await);
    hang_on(&tenant).await;
    complete(&tenant.destroy().await);
    let entitlement = account.entitlement();
    assert_eq!(entitlement["denied"], 0, "{entitlement:#}");
    let mut vain = Vec::new();
    for (phase, name) in PHASES.into_iter().zip(["plan", "apply", "destroy"]) {
        let used = used(&account, name);
        let rare = |it: &&String| RARE.iter().any(|(rare, _)| *rare == it.as_str());
        let all = allowed(&tenant.policy(phase));
        vain.extend(all.difference(&used).filter(|it| !rare(it)).map(|it| format!("{name} {it}")));
    }
    assert_eq!(vain, Vec::<String>::new());
}

#[tokio::test]
async fn aws_understands_them() {
    let account = Account::new();
    for text in [SMALL, EVERYTHING] {
        let tenant = Tenant::in_account(account.clone(), config(text), 1).await;
        for phase in PHASES {
            let policy = tenant.policy(phase);
            assert_eq!(account.lint(&policy), Value::Array(Vec::new()), "{policy:#}");
            for action in allowed(&policy) {
                assert!(!action.contains(['*', '?']), "{action}");
            }
            let statements = policy["Statement"].as_array().unwrap();
            let sids: BTreeSet<String> =
                statements.iter().map(|statement| statement["Sid"].to_string()).collect();
            assert_eq!(sids.len(), statements.len(), "each `Sid` is there once");
            assert!(length(&policy) <= if text == SMALL { 6144 } else { 10240 });
        }
    }
}

#[tokio::test]
async fn what_is_not_allowed_is_named() {
    let tenant = Tenant::new(config(SMALL), 1).await;
    let mut policy = tenant.policy(Phase::Apply);
    let statements = policy["Statement"].as_array_mut().unwrap();
    statements.retain(|statement| statement["Sid"] != "BucketMake");
    let report = tenant.provision_within(&policy).await;
    let said = said(&report);
    assert!(said.contains("s3:CreateBucket"), "{said}");
    assert!(report.failed().all(|(id, _)| id.kind == "aws.s3.bucket"), "{said}");
}

#[tokio::test]
async fn a_dry_run_says_which_rights_are_lacking_where_that_may_be_asked() {
    let tenant = Tenant::new(config(SMALL), 1).await;
    let mut policy = tenant.policy(Phase::Apply);
    let statements = policy["Statement"].as_array_mut().unwrap();
    statements.retain(|statement| statement["Sid"] != "BucketMake");
    tenant.account.bind("installer", &policy);
    let mut desk = Desk::with(&tenant.account, SMALL);
    desk.set("AWS_SESSION_TOKEN", "installer");
    let silent = desk.run(&["provision", "aws", "--dry-run"]);
    assert_eq!(silent.code, Some(3), "{silent:?}");
    assert!(silent.stderr.contains("may do all this is unknown"), "{silent:?}");

    let role = format!("arn:aws:iam::{}:role/installer", tenant.account.id);
    let ask = serde_json::json!({"Sid": "Ask", "Effect": "Allow",
        "Action": ["iam:SimulatePrincipalPolicy"], "Resource": [role]});
    policy["Statement"].as_array_mut().unwrap().push(ask);
    tenant.account.bind("installer", &policy);
    let told = desk.run(&["provision", "aws", "--dry-run"]);
    assert_eq!(told.code, Some(3), "{told:?}");
    let words = "assumed-role/installer/test` lacks the rights s3:CreateBucket";
    assert!(told.stderr.contains(words), "{told:?}");
    assert!(!told.stderr.contains("kms:CreateKey,"), "what it has is not named: {told:?}");
}

#[test]
fn the_policy_is_printed_with_one_call_or_none() {
    let account = Account::new();
    let mut desk = Desk::with(&account, SMALL);
    for (flag, action) in [
        ("--print-policy", "iam:CreateRole"),
        ("--print-policy=plan", "iam:GetRole"),
        ("--print-policy=destroy", "iam:DeleteRole"),
    ] {
        account.reset();
        let run = desk.run(&["provision", "aws", flag]);
        assert_eq!(run.code, Some(0), "{run:?}");
        let policy: Value = serde_json::from_str(&run.stdout).unwrap();
        assert!(policy.to_string().contains(action), "{flag}: {policy}");
        assert_eq!(account.calls(), ["sts.GetCallerIdentity"]);
    }
    account.reset();
    desk.write(&format!("account_id: \"{}\"\n{SMALL}", account.id));
    desk.set("AWS_ACCESS_KEY_ID", "");
    let offline = desk.run(&["provision", "aws", "--print-policy"]);
    assert_eq!((offline.code, account.calls().len()), (Some(0), 0), "{offline:?}");
    assert_eq!(desk.run(&["provision", "aws", "--print-policy=all"]).code, Some(2));
}
