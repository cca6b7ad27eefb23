//! What is not ours, what is refused, what takes time, and who else is at work.

use aws_sdk_bedrock::types::{LoggingConfig, S3Config};
use groundwork::{error::Kind, reconcile::Report};
use serde_json::json;

use crate::support::{
    emulator::Account,
    program::Desk,
    tenant::{NOTHING, SMALL, Tenant, WHOLE, census, config, said},
};

fn only_failure(report: &Report) -> (String, String) {
    let failed: Vec<_> = report.failed().collect();
    assert_eq!(failed.len(), 1, "{}", said(report));
    let (id, error) = failed[0];
    (id.to_string(), format!("{error} {:?} {:?}", error.causes(), error.hints()))
}

/// Somebody's object by one of our names. Returns the id of the resource that it is in the way of.
async fn foreign(tenant: &Tenant, kind: &str) -> String {
    let aws = &tenant.aws;
    let account = &tenant.account.id;
    match kind {
        "role" => {
            let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
                "Action": "sts:AssumeRole", "Principal": {"AWS": account}}]});
            let call = aws.iam.create_role().role_name("ClaudeCodeRole");
            call.assume_role_policy_document(trust.to_string()).send().await.unwrap();
            "aws.iam.role/ClaudeCodeRole".into()
        }
        "key" => {
            let key = aws.kms.create_key().send().await.unwrap().key_metadata.unwrap();
            let call = aws.kms.create_alias().alias_name("alias/claude-code");
            call.target_key_id(key.key_id).send().await.unwrap();
            "aws.kms.key/claude-code".into()
        }
        "log group" => {
            let call = aws.logs.create_log_group().log_group_name("/aws/bedrock/claude-code");
            call.send().await.unwrap();
            "aws.logs.group//aws/bedrock/claude-code".into()
        }
        "bucket" => {
            let name = format!("claude-code-logs-{account}-us-east-1");
            aws.s3.create_bucket().bucket(&name).send().await.unwrap();
            format!("aws.s3.bucket/{name}")
        }
        "logging" => {
            let name = format!("theirs-{account}");
            aws.s3.create_bucket().bucket(&name).send().await.unwrap();
            let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
                "Principal": {"Service": "bedrock.amazonaws.com"}, "Action": "s3:PutObject",
                "Resource": format!("arn:aws:s3:::{name}/*"),
                "Condition": {"StringEquals": {"aws:SourceAccount": account}}}]});
            let call = aws.s3.put_bucket_policy().bucket(&name).policy(policy.to_string());
            call.send().await.unwrap();
            let to = S3Config::builder().bucket_name(&name).build().unwrap();
            let setting = LoggingConfig::builder().s3_config(to).build();
            let call = aws.bedrock.put_model_invocation_logging_configuration();
            call.logging_config(setting).send().await.unwrap();
            "aws.bedrock.invocation_logging/us-east-1".into()
        }
        other => unreachable!("{other}"),
    }
}

#[tokio::test]
async fn what_is_not_ours_stops_the_run_and_can_be_adopted() {
    for kind in ["role", "key", "log group", "bucket", "logging"] {
        let tenant = Tenant::new(config(SMALL), 1).await;
        let id = foreign(&tenant, kind).await;
        tenant.account.reset();
        let report = tenant.provision().await;
        let (failed, words) = only_failure(&report);
        assert_eq!(failed, id);
        assert!(words.contains(&format!("--adopt {id}")), "{kind}: {words}");
        assert_eq!(tenant.account.count().1, 0, "{kind}: nothing is written");

        let gone = tenant.destroy().await;
        assert!(gone.complete() && gone.changed() == 0, "{kind}: {}", said(&gone));

        let adopted = tenant.adopt(&[&id]).await;
        assert!(adopted.complete(), "{kind}: {}", said(&adopted));
        let again = tenant.provision().await;
        assert!(again.complete() && again.changed() == 0, "{kind}: {}", said(&again));
    }
}

#[tokio::test]
async fn a_policy_on_somebody_elses_role_is_left_with_it() {
    let here = Tenant::new(config(SMALL), 1).await;
    assert!(here.provision().await.complete());
    // The same tenant in another region would have the same role, which is not its own.
    let there = Account { region: "eu-west-1".into(), ..here.account.clone() };
    let there = Tenant::in_account(there, config("bedrock:\n  region: eu-west-1\n"), 1).await;
    let refused = there.provision().await;
    let (id, words) = only_failure(&refused);
    assert_eq!(id, "aws.iam.role/ClaudeCodeRole");
    assert!(words.contains("belongs to the tenant `claude-code` in us-east-1"), "{words}");
    assert!(words.contains("choose another `bedrock.access.role_name`"), "{words}");
    let gone = there.destroy().await;
    assert!(gone.complete() && gone.changed() == 0, "{}", said(&gone));
    let still = here.provision().await;
    assert!(still.complete() && still.changed() == 0, "{}", said(&still));
}

#[tokio::test]
async fn a_logging_setting_that_appears_meanwhile_is_not_overwritten() {
    let tenant = Tenant::new(config(SMALL), 1).await;
    // While this run is held at its key, somebody sets the region's logging.
    tenant.account.fault("kms.CreateAlias", 1, "hold");
    let meanwhile = async {
        let account = tenant.account.clone();
        tokio::task::spawn_blocking(move || account.held().unwrap()).await.unwrap();
        foreign(&tenant, "logging").await;
        tenant.account.release();
    };
    let (report, ()) = tokio::join!(tenant.provision(), meanwhile);
    let failed: Vec<_> = report.failed().map(|(id, _)| id.to_string()).collect();
    assert!(!report.complete(), "{}", said(&report));
    // The held answer is lost, so the key fails, too, or is found again.
    let again = tenant.provision().await;
    assert_eq!(only_failure(&again).0, "aws.bedrock.invocation_logging/us-east-1", "{failed:?}");
    let bucket = &tenant.account.inventory()["invocation_logging"]["s3Config"]["bucketName"];
    assert!(bucket.as_str().unwrap().starts_with("theirs-"), "{bucket}");
}

#[tokio::test]
async fn two_tenants_of_one_account_do_not_touch_each_other() {
    let first = Tenant::new(config(SMALL), 1).await;
    assert!(first.provision().await.complete());
    let other = "tenant: other\nbedrock:\n  region: us-east-1\n  \
                 access: { role_name: OtherRole }\n  \
                 logging: { cloudwatch_log_group: /other }\n";
    let second = Tenant::in_account(first.account.clone(), config(other), 1).await;
    let report = second.provision().await;
    let (id, words) = only_failure(&report);
    assert_eq!(id, "aws.bedrock.invocation_logging/us-east-1");
    assert!(words.contains("the log group `/aws/bedrock/claude-code`"), "{words}");
    assert_eq!(census(&first.account.inventory()), WHOLE);

    // The second one takes the region's setting over on purpose; the first one then says so, and
    // each goes without the other.
    assert!(second.adopt(&["aws.bedrock.invocation_logging/us-east-1"]).await.complete());
    assert_eq!(only_failure(&first.provision().await).0, id);
    let gone = first.destroy().await;
    assert!(gone.complete() && gone.left() == 1, "only the setting stays: {}", said(&gone));
    let own = first.account.inventory();
    assert_eq!(own["buckets"].as_array().unwrap().len(), 1, "the other tenant's: {own}");
    let left = second.provision().await;
    assert!(left.complete() && left.changed() == 0, "{}", said(&left));
}

#[tokio::test]
async fn access_denied_is_never_absence() {
    for operation in [
        "iam.GetRole",
        "iam.GetRolePolicy",
        "kms.DescribeKey",
        "kms.ListKeys",
        "logs.DescribeLogGroups",
        "s3.GetBucketTagging",
        "s3.GetBucketPolicy",
        "bedrock.GetModelInvocationLoggingConfiguration",
    ] {
        let tenant = Tenant::new(config(SMALL), 1).await;
        let code = if operation.starts_with("kms") || operation.starts_with("logs") {
            (400, "AccessDeniedException")
        } else {
            (403, "AccessDenied")
        };
        // The bucket must be there for its settings to be asked for.
        if operation.starts_with("s3") {
            let name = format!("claude-code-logs-{}-us-east-1", tenant.account.id);
            tenant.aws.s3.create_bucket().bucket(name).send().await.unwrap();
            tenant.account.reset();
        }
        tenant.account.refuse(operation, 9, code);
        let report = tenant.provision().await;
        let denied = report.failed().any(|(_, error)| error.kind() == Kind::Denied);
        assert!(denied, "{operation}: {}", said(&report));
        assert_eq!(tenant.account.count().1, 0, "{operation}: nothing is written");
    }
}

#[tokio::test]
async fn a_denied_key_of_somebody_does_not_hide_ours() {
    let tenant = Tenant::new(config(SMALL), 1).await;
    assert!(tenant.provision().await.complete());
    let kms = &tenant.aws.kms;
    kms.create_key().send().await.unwrap();
    kms.delete_alias().alias_name("alias/claude-code").send().await.unwrap();
    tenant.account.reset();
    // Whichever of the two is asked first is closed; if it is ours, this is not the proof.
    tenant.account.refuse("kms.ListResourceTags", 2, (400, "AccessDeniedException"));
    let all_denied = tenant.provision().await;
    assert_eq!(only_failure(&all_denied).0, "aws.kms.key/claude-code");
    tenant.account.reset();
    assert!(tenant.provision().await.complete());
    assert_eq!(census(&tenant.account.inventory()).keys, 2, "ours, and theirs");
}

#[tokio::test]
async fn what_takes_time_to_be_known_is_waited_for() {
    for (operation, code) in [
        ("bedrock.PutModelInvocationLoggingConfiguration", (400, "ValidationException")),
        ("iam.CreateRole", (400, "MalformedPolicyDocument")),
        ("logs.CreateLogGroup", (400, "InvalidParameterException")),
        ("kms.CreateAlias", (400, "NotFoundException")),
        ("kms.EnableKeyRotation", (400, "NotFoundException")),
        ("kms.CreateKey", (400, "ThrottlingException")),
        ("s3.PutBucketVersioning", (409, "OperationAborted")),
        ("s3.PutBucketPolicy", (404, "NoSuchBucket")),
        ("s3.CreateBucket", (409, "OperationAborted")),
        ("iam.PutRolePolicy", (404, "NoSuchEntity")),
        ("logs.PutRetentionPolicy", (400, "OperationAbortedException")),
    ] {
        let tenant = Tenant::new(config(SMALL), 1).await;
        tenant.account.refuse(operation, 3, code);
        let report = tenant.provision().await;
        assert!(report.complete(), "{operation}: {}", said(&report));
        let tried = tenant.account.calls().iter().filter(|call| *call == operation).count();
        assert!(tried >= 4, "{operation} was tried {tried} times");
    }
}

#[tokio::test]
async fn what_never_becomes_known_fails_with_its_own_words() {
    let tenant = Tenant::new(config(SMALL), 1).await;
    let operation = "bedrock.PutModelInvocationLoggingConfiguration";
    tenant.account.refuse(operation, 99, (400, "ValidationException"));
    let (id, words) = only_failure(&tenant.provision().await);
    assert_eq!(id, "aws.bedrock.invocation_logging/us-east-1");
    assert!(words.contains("ValidationException: said the test (request "), "{words}");
}

#[tokio::test]
async fn a_principal_that_does_not_exist_is_said() {
    let account = Account::new();
    let arn = format!("arn:aws:iam::{}:role/Nobody", account.id);
    let text =
        format!("bedrock:\n  region: us-east-1\n  access: {{ trusted_principals: [\"{arn}\"] }}\n");
    let tenant = Tenant::in_account(account, config(&text), 1).await;
    let report = tenant.provision().await;
    let failed: Vec<_> = report.failed().collect();
    assert_eq!(failed[0].0.to_string(), "aws.iam.role/ClaudeCodeRole");
    assert!(failed[0].1.causes().join(" ").contains(&arn), "{}", said(&report));
}

#[tokio::test]
async fn a_bucket_name_that_is_another_accounts_is_said() {
    let owner = Tenant::new(config(SMALL), 1).await;
    let name = format!("taken-{}", owner.account.id);
    owner.aws.s3.create_bucket().bucket(&name).send().await.unwrap();
    let text =
        format!("bedrock:\n  region: us-east-1\n  logging: {{ s3: {{ bucket: \"{name}\" }} }}\n");
    let tenant = Tenant::new(config(&text), 1).await;
    let (id, words) = only_failure(&tenant.provision().await);
    assert_eq!(id, format!("aws.s3.bucket/{name}"));
    assert!(words.contains("name one in `bedrock.logging.s3.bucket`"), "{words}");
    assert_eq!(tenant.account.count().1, 0);
}

#[tokio::test]
async fn two_runs_at_the_same_time_end_with_one_tenant() {
    for _ in 0..6 {
        let one = Tenant::new(config(SMALL), 1).await;
        let other = Tenant::in_account(one.account.clone(), config(SMALL), 1).await;
        let (first, second) = tokio::join!(one.provision(), other.provision());
        assert!(first.complete(), "{}", said(&first));
        assert!(second.complete(), "{}", said(&second));
        let inventory = one.account.inventory();
        assert_eq!(census(&inventory), WHOLE, "{inventory}");
        let third = one.provision().await;
        assert!(third.complete() && third.changed() == 0, "{}", said(&third));
        assert!(one.destroy().await.complete());
        assert_eq!(census(&one.account.inventory()), NOTHING);
    }
}

#[test]
fn two_programs_at_the_same_time_end_with_one_tenant_and_two_true_reports() {
    let account = Account::new();
    let desk = Desk::with(&account, SMALL);
    let children = [(); 2].map(|()| desk.spawn(&["provision", "aws", "--yes", "--json"]));
    for child in children {
        let run = crate::support::program::Run::from(child.wait_with_output().unwrap());
        assert_eq!(run.code, Some(0), "{run:?}");
        let summary = run.summary();
        let number = |key: &str| summary[key].as_u64().unwrap();
        assert_eq!(number("failed"), 0);
        assert_eq!(number("kept") + number("created") + number("updated"), 15, "{summary}");
    }
    assert_eq!(census(&account.inventory()), WHOLE);
    let idle = desk.run(&["provision", "aws", "--expect-no-changes"]);
    assert_eq!(idle.code, Some(0), "{idle:?}");
}
