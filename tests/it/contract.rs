//! The life of every kind against the emulator: made, seen as wished, drifted by hand, put right,
//! removed, removed again.

use std::collections::BTreeSet;

use aws_sdk_bedrock::types::{CloudWatchConfig, LoggingConfig};
use aws_sdk_s3::types as s3;
use groundwork::reconcile::{Action, Outcome, Report};
use serde_json::json;

use crate::support::tenant::{NOTHING, SMALL, Tenant, WHOLE, census, config, said};

const BUCKET: &str = "aws.s3.bucket";
const DASHBOARD: &str = "aws.cloudwatch.dashboard";
const KEY: &str = "aws.kms.key";
const LOG_GROUP: &str = "aws.logs.group";
const LOGGING: &str = "aws.bedrock.invocation_logging";
const ROLE: &str = "aws.iam.role/ClaudeCodeRole";
const ROLE_POLICY: &str = "aws.iam.role_policy/claude-code-invoke";
const GROUP_NAME: &str = "/aws/bedrock/claude-code";

async fn made(text: &str) -> Tenant {
    let tenant = Tenant::new(config(text), 1).await;
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    tenant
}

/// What a run updated, as `id: path`.
fn updated(report: &Report) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for step in &report.steps {
        if let Outcome::Done(Action::Update(changes)) = &step.outcome {
            all.extend(changes.iter().map(|change| format!("{}: {}", step.id, change.path)));
        }
    }
    all
}

/// A run puts right exactly this, and the next has nothing to do.
async fn repairs(tenant: &Tenant, paths: &[(&str, &str)]) {
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    let updated = updated(&report);
    assert_eq!(updated.len(), paths.len(), "{updated:?}");
    for (id, path) in paths {
        let found =
            updated.iter().any(|line| line.starts_with(id) && line.ends_with(&format!(": {path}")));
        assert!(found, "{id}: {path} is not in {updated:?}");
    }
    idle(tenant).await;
}

async fn idle(tenant: &Tenant) {
    tenant.account.reset();
    let report = tenant.provision().await;
    assert_eq!(report.changed(), 0, "{}", said(&report));
    assert_eq!(tenant.account.count().1, 0, "a run with nothing to do writes nothing");
}

#[tokio::test]
async fn a_tenant_lives_and_dies() {
    let tenant = made(SMALL).await;
    assert_eq!(census(&tenant.account.inventory()), WHOLE);
    idle(&tenant).await;
    let report = tenant.destroy().await;
    assert!(report.complete() && report.changed() == 15, "{}", said(&report));
    assert_eq!(census(&tenant.account.inventory()), NOTHING);
    tenant.account.reset();
    let again = tenant.destroy().await;
    assert!(again.complete() && again.changed() == 0, "{}", said(&again));
    assert_eq!(tenant.account.count().1, 0);
    // What is scheduled for deletion is gone: a new tenant has a new key.
    assert!(tenant.provision().await.complete());
    assert_eq!(census(&tenant.account.inventory()), WHOLE);
}

#[tokio::test]
async fn a_tenant_lives_in_other_regions_and_partitions() {
    for region in ["eu-central-1", "us-gov-west-1"] {
        let text = format!("bedrock:\n  region: {region}\n");
        let account = crate::support::emulator::Account::in_region(region);
        let tenant = Tenant::in_account(account, config(&text), 1).await;
        let report = tenant.provision().await;
        assert!(report.complete(), "{region}: {}", said(&report));
        idle(&tenant).await;
        assert_eq!(census(&tenant.account.inventory()), WHOLE, "{region}");
        assert!(tenant.destroy().await.complete());
        assert_eq!(census(&tenant.account.inventory()), NOTHING, "{region}");
    }
}

#[tokio::test]
async fn everything_carries_the_mark_and_the_companys_tags() {
    let tenant = made("bedrock:\n  region: us-east-1\ntags:\n  cost-centre: \"42\"\n").await;
    let inventory = tenant.account.inventory();
    for kind in ["keys", "roles", "log_groups", "buckets"] {
        for object in inventory[kind].as_array().unwrap() {
            assert_eq!(object["tags"]["groundwork:tenant"], "claude-code", "{object}");
            assert_eq!(object["tags"]["groundwork:region"], "us-east-1", "{object}");
            assert_eq!(object["tags"]["cost-centre"], "42", "{object}");
        }
    }
}

#[tokio::test]
async fn a_changed_configuration_is_carried_over() {
    let tenant = made(SMALL).await;
    let text = "bedrock:\n  region: us-east-1\n  logging: { retention_days: 90, \
                text_data_delivery_enabled: false, s3: { expire_days: 30 } }\n  \
                access: { max_session_duration_seconds: 7200 }\ntags: { team: a }\n";
    let account = tenant.account.clone();
    let tenant = Tenant::in_account(account, config(text), 1).await;
    let logging_role = "aws.iam.role/claude-code-bedrock-logging-us-east-1";
    repairs(
        &tenant,
        &[
            ("aws.cloudwatch.alarm/claude-code-main-error-rate", "tags.team"),
            ("aws.cloudwatch.alarm/claude-code-main-latency", "tags.team"),
            ("aws.cloudwatch.alarm/claude-code-main-throttling", "tags.team"),
            ("aws.cloudwatch.alarm/claude-code-small-error-rate", "tags.team"),
            ("aws.cloudwatch.alarm/claude-code-small-latency", "tags.team"),
            ("aws.cloudwatch.alarm/claude-code-small-throttling", "tags.team"),
            (DASHBOARD, "tags.team"),
            (ROLE, "max_session_duration_seconds"),
            (ROLE, "tags.team"),
            (logging_role, "tags.team"),
            (KEY, "tags.team"),
            (LOG_GROUP, "retention_days"),
            (LOG_GROUP, "tags.team"),
            (BUCKET, "lifecycle.expire_days"),
            (BUCKET, "tags.team"),
            (LOGGING, "deliver.text"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_role_that_drifted_is_put_right() {
    let tenant = made(SMALL).await;
    let iam = &tenant.aws.iam;
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "sts:AssumeRole", "Principal": {"Service": "bedrock.amazonaws.com"}}]});
    iam.update_assume_role_policy()
        .role_name("ClaudeCodeRole")
        .policy_document(trust.to_string())
        .send()
        .await
        .unwrap();
    let session = iam.update_role().role_name("ClaudeCodeRole").max_session_duration(43200);
    session.send().await.unwrap();
    let everything = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "*", "Resource": "*"}]});
    iam.put_role_policy()
        .role_name("ClaudeCodeRole")
        .policy_name("claude-code-invoke")
        .policy_document(everything.to_string())
        .send()
        .await
        .unwrap();
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    let updated = updated(&report);
    assert!(updated.contains(&format!("{ROLE}: max_session_duration_seconds")), "{updated:?}");
    assert!(updated.iter().any(|line| line.starts_with(&format!("{ROLE}: trust"))), "{updated:?}");
    assert!(updated.iter().any(|line| line.starts_with(ROLE_POLICY)), "{updated:?}");
    idle(&tenant).await;
}

#[tokio::test]
async fn a_role_on_which_others_hung_policies_still_goes() {
    let tenant = made(SMALL).await;
    let iam = &tenant.aws.iam;
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:ListAllMyBuckets", "Resource": "*"}]})
    .to_string();
    let policy = iam.create_policy().policy_name("theirs").policy_document(&document);
    let policy = policy.send().await.unwrap().policy.unwrap().arn.unwrap();
    let attach = iam.attach_role_policy().role_name("ClaudeCodeRole").policy_arn(policy);
    attach.send().await.unwrap();
    let inline = iam.put_role_policy().role_name("ClaudeCodeRole").policy_name("more");
    inline.policy_document(&document).send().await.unwrap();
    let report = tenant.destroy().await;
    assert!(report.complete(), "{}", said(&report));
    assert_eq!(census(&tenant.account.inventory()), NOTHING);
}

#[tokio::test]
async fn a_boundary_is_set_and_one_that_we_did_not_ask_for_stays() {
    let tenant = made(SMALL).await;
    let iam = &tenant.aws.iam;
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "bedrock:*", "Resource": "*"}]});
    let policy = iam.create_policy().policy_name("edge").policy_document(document.to_string());
    let arn = policy.send().await.unwrap().policy.unwrap().arn.unwrap();
    let text =
        format!("bedrock:\n  region: us-east-1\n  access:\n    permissions_boundary: {arn}\n");
    let bounded = Tenant::in_account(tenant.account.clone(), config(&text), 1).await;
    let role = "aws.iam.role/";
    let report = bounded.provision().await;
    let updated = updated(&report);
    assert!(updated.len() == 2 && updated.iter().all(|line| line.starts_with(role)), "{updated:?}");
    idle(&bounded).await;
    idle(&tenant).await;
}

#[tokio::test]
async fn a_key_that_drifted_is_put_right() {
    let tenant = made(SMALL).await;
    let kms = &tenant.aws.kms;
    let alias = "alias/claude-code";
    let id = kms.describe_key().key_id(alias).send().await.unwrap();
    let id = id.key_metadata.unwrap().key_id;
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*",
        "Resource": "*", "Principal": {"AWS": tenant.account.id}}]});
    let call = kms.put_key_policy().key_id(&id).policy_name("default");
    call.policy(policy.to_string()).send().await.unwrap();
    kms.disable_key_rotation().key_id(&id).send().await.unwrap();
    kms.untag_resource().key_id(&id).tag_keys("groundwork:region").send().await.unwrap();
    kms.disable_key().key_id(&id).send().await.unwrap();
    let report = tenant.provision().await;
    let (_, error) = report.failed().next().unwrap();
    assert!(error.to_string().contains("belongs to the tenant `claude-code`"), "{error}");

    let tag = aws_sdk_kms::types::Tag::builder().tag_key("groundwork:region");
    let tag = tag.tag_value("us-east-1").build().unwrap();
    kms.tag_resource().key_id(&id).tags(tag).send().await.unwrap();
    repairs(&tenant, &[(KEY, "status"), (KEY, "rotation"), (KEY, "policy.Statement")]).await;

    kms.delete_alias().alias_name(alias).send().await.unwrap();
    repairs(&tenant, &[(KEY, "alias")]).await;
    let after = kms.describe_key().key_id(alias).send().await.unwrap();
    assert_eq!(after.key_metadata.unwrap().key_id, id, "the same key is found again");
}

#[tokio::test]
async fn a_key_scheduled_for_deletion_by_hand_is_rescued() {
    let tenant = made(SMALL).await;
    let kms = &tenant.aws.kms;
    let id = kms.describe_key().key_id("alias/claude-code").send().await.unwrap();
    let id = id.key_metadata.unwrap().key_id;
    kms.schedule_key_deletion().key_id(&id).send().await.unwrap();
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    assert!(updated(&report).iter().any(|line| line.ends_with(": status")), "{}", said(&report));
    idle(&tenant).await;
    let after = kms.describe_key().key_id("alias/claude-code").send().await.unwrap();
    assert_eq!(after.key_metadata.unwrap().key_id, id);
}

#[tokio::test]
async fn our_key_is_found_among_many() {
    let tenant = made(SMALL).await;
    let kms = &tenant.aws.kms;
    for _ in 0..120 {
        kms.create_key().send().await.unwrap();
    }
    let id = kms.describe_key().key_id("alias/claude-code").send().await.unwrap();
    kms.delete_alias().alias_name("alias/claude-code").send().await.unwrap();
    repairs(&tenant, &[(KEY, "alias")]).await;
    let after = kms.describe_key().key_id("alias/claude-code").send().await.unwrap();
    assert_eq!(after.key_metadata.unwrap().key_id, id.key_metadata.unwrap().key_id);
}

#[tokio::test]
async fn a_log_group_that_drifted_is_put_right() {
    let tenant = made(SMALL).await;
    let logs = &tenant.aws.logs;
    let retention = logs.put_retention_policy().log_group_name(GROUP_NAME).retention_in_days(1);
    retention.send().await.unwrap();
    logs.disassociate_kms_key().log_group_name(GROUP_NAME).send().await.unwrap();
    // A longer name that begins with ours must not be taken for it.
    let longer = logs.create_log_group().log_group_name(format!("{GROUP_NAME}-2"));
    longer.send().await.unwrap();
    repairs(&tenant, &[(LOG_GROUP, "retention_days"), (LOG_GROUP, "kms_key")]).await;
}

#[tokio::test]
async fn a_bucket_that_drifted_is_put_right() {
    for defaults in [true, false] {
        let tenant = Tenant::new(config(SMALL), 1).await;
        tenant.account.bucket_defaults(defaults);
        assert!(tenant.provision().await.complete());
        let client = &tenant.aws.s3;
        let name = format!("claude-code-logs-{}-us-east-1", tenant.account.id);
        client.delete_bucket_encryption().bucket(&name).send().await.unwrap();
        client.delete_public_access_block().bucket(&name).send().await.unwrap();
        client.delete_bucket_policy().bucket(&name).send().await.unwrap();
        client.delete_bucket_lifecycle().bucket(&name).send().await.unwrap();
        let suspended = s3::VersioningConfiguration::builder()
            .status(s3::BucketVersioningStatus::Suspended)
            .build();
        let call = client.put_bucket_versioning().bucket(&name);
        call.versioning_configuration(suspended).send().await.unwrap();
        let rule = s3::OwnershipControlsRule::builder()
            .object_ownership(s3::ObjectOwnership::ObjectWriter)
            .build()
            .unwrap();
        let controls = s3::OwnershipControls::builder().rules(rule).build().unwrap();
        let call = client.put_bucket_ownership_controls().bucket(&name);
        call.ownership_controls(controls).send().await.unwrap();
        let report = tenant.provision().await;
        assert!(report.complete(), "{}", said(&report));
        let updated = updated(&report);
        for setting in [
            "encryption.algorithm",
            "encryption.kms_key",
            "public_access_block.block_public_acls",
            "policy.GroundworkDenyWithoutTls",
            "lifecycle",
            "versioning",
            "object_ownership",
        ] {
            let seen = updated.iter().any(|line| line.ends_with(&format!(": {setting}")));
            assert!(seen, "{setting} is not in {updated:?}");
        }
        idle(&tenant).await;
    }
}

#[tokio::test]
async fn a_bucket_keeps_the_tags_of_others() {
    let tenant = made(SMALL).await;
    let name = format!("claude-code-logs-{}-us-east-1", tenant.account.id);
    let tags =
        [("groundwork:tenant", "claude-code"), ("groundwork:region", "us-east-1"), ("theirs", "x")];
    let tag =
        |(key, value): (&str, &str)| s3::Tag::builder().key(key).value(value).build().unwrap();
    let tagging = s3::Tagging::builder().set_tag_set(Some(tags.map(tag).into())).build().unwrap();
    let call = tenant.aws.s3.put_bucket_tagging().bucket(&name).tagging(tagging);
    call.send().await.unwrap();
    idle(&tenant).await;
    let text = "bedrock:\n  region: us-east-1\ntags: { ours: y }\n";
    let tenant = Tenant::in_account(tenant.account.clone(), config(text), 1).await;
    assert!(tenant.provision().await.complete());
    let inventory = tenant.account.inventory();
    assert_eq!(inventory["buckets"][0]["tags"]["theirs"], "x");
    assert_eq!(inventory["buckets"][0]["tags"]["ours"], "y");
}

fn log_folder(tenant: &Tenant) -> String {
    format!("bedrock-logs/AWSLogs/{}/BedrockModelInvocationLogs/", tenant.account.id)
}

#[tokio::test]
async fn a_bucket_keeps_what_the_company_keeps_in_it() {
    let tenant = made(SMALL).await;
    let (client, name) =
        (&tenant.aws.s3, format!("claude-code-logs-{}-us-east-1", tenant.account.id));
    let theirs = json!({"Sid": "Theirs", "Effect": "Allow", "Action": "s3:GetObject",
        "Principal": {"AWS": tenant.account.id}, "Resource": format!("arn:aws:s3:::{name}/*")});
    let found = client.get_bucket_policy().bucket(&name).send().await.unwrap().policy.unwrap();
    let mut policy: serde_json::Value = serde_json::from_str(&found).unwrap();
    policy["Statement"].as_array_mut().unwrap().push(theirs);
    let call = client.put_bucket_policy().bucket(&name).policy(policy.to_string());
    call.send().await.unwrap();
    let rule = s3::LifecycleRule::builder()
        .id("theirs")
        .status(s3::ExpirationStatus::Enabled)
        .filter(s3::LifecycleRuleFilter::builder().prefix("theirs/").build())
        .expiration(s3::LifecycleExpiration::builder().days(9).build())
        .build()
        .unwrap();
    let rules = s3::BucketLifecycleConfiguration::builder().rules(rule).build().unwrap();
    let call = client.put_bucket_lifecycle_configuration().bucket(&name);
    call.lifecycle_configuration(rules).send().await.unwrap();

    repairs(&tenant, &[(BUCKET, "lifecycle")]).await;
    let call = client.get_bucket_lifecycle_configuration().bucket(&name).send();
    let rules = call.await.unwrap().rules.unwrap();
    let ids: BTreeSet<_> = rules.iter().filter_map(|rule| rule.id()).collect();
    assert_eq!(ids, BTreeSet::from(["groundwork-expire-invocation-log", "theirs"]));
    let ours = rules.iter().find(|rule| rule.id() != Some("theirs")).unwrap();
    let prefix = ours.filter().unwrap().prefix().unwrap();
    assert_eq!(prefix, log_folder(&tenant), "nothing outside of the log expires");
    let found = client.get_bucket_policy().bucket(&name).send().await.unwrap().policy.unwrap();
    assert!(found.contains("Theirs") && found.contains("GroundworkBedrockDelivers"), "{found}");

    tenant.account.objects(&name, &log_folder(&tenant), 3);
    tenant.account.objects(&name, "theirs/", 2);
    let report = tenant.destroy().await;
    let (_, error) = report.failed().next().unwrap();
    assert!(error.causes()[0].contains("holds more than the invocation log: `theirs/"), "{error}");
    assert_eq!(tenant.account.inventory()["buckets"][0]["objects"], 4, "theirs, two versions each");
}

#[tokio::test]
async fn a_key_that_lost_its_race_and_was_forgotten_goes_with_the_tenant() {
    let tenant = made(SMALL).await;
    let tag = |(key, value): (&str, &str)| {
        aws_sdk_kms::types::Tag::builder().tag_key(key).tag_value(value).build().unwrap()
    };
    let mark = [("groundwork:tenant", "claude-code"), ("groundwork:region", "us-east-1")];
    let forgotten = tenant.aws.kms.create_key().set_tags(Some(mark.map(tag).into()));
    forgotten.send().await.unwrap();
    assert_eq!(census(&tenant.account.inventory()).keys, 2);
    let report = tenant.destroy().await;
    assert!(report.complete(), "{}", said(&report));
    assert_eq!(census(&tenant.account.inventory()), NOTHING);
}

#[tokio::test]
async fn a_bucket_with_thousands_of_versions_is_emptied() {
    let tenant = made(SMALL).await;
    let name = format!("claude-code-logs-{}-us-east-1", tenant.account.id);
    tenant.account.objects(&name, &log_folder(&tenant), 1100);
    let kept = tenant.destroy_but_data().await;
    assert!(kept.complete(), "{}", said(&kept));
    let left = census(&tenant.account.inventory());
    assert_eq!((left.buckets, left.keys, left.log_groups, left.roles), (1, 1, 1, 0));
    let report = tenant.destroy().await;
    assert!(report.complete(), "{}", said(&report));
    assert_eq!(census(&tenant.account.inventory()), NOTHING);
}

#[tokio::test]
async fn a_logging_setting_that_drifted_is_put_right() {
    let tenant = made(SMALL).await;
    let bedrock = &tenant.aws.bedrock;
    let role =
        format!("arn:aws:iam::{}:role/claude-code-bedrock-logging-us-east-1", tenant.account.id);
    let only_logs =
        CloudWatchConfig::builder().log_group_name(GROUP_NAME).role_arn(role).build().unwrap();
    let setting = LoggingConfig::builder()
        .cloud_watch_config(only_logs)
        .text_data_delivery_enabled(false)
        .build();
    let call = bedrock.put_model_invocation_logging_configuration().logging_config(setting);
    call.send().await.unwrap();
    repairs(
        &tenant,
        &[
            (LOGGING, "bucket"),
            (LOGGING, "large_data_bucket"),
            (LOGGING, "key_prefix"),
            (LOGGING, "large_data_key_prefix"),
            (LOGGING, "deliver.text"),
        ],
    )
    .await;
    let call = bedrock.delete_model_invocation_logging_configuration();
    call.send().await.unwrap();
    let report = tenant.provision().await;
    assert_eq!(report.changed(), 1, "{}", said(&report));
    idle(&tenant).await;
}
