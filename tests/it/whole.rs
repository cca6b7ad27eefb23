//! A tenant with everything on: its life, the drift of each kind, every check of the network, and
//! what env tells of it.

use std::collections::BTreeSet;

use aws_sdk_ec2::types as ec2;
use groundwork::reconcile::{Action, Outcome, Report};
use serde_json::{Value, json};

use crate::support::{
    emulator::Account,
    program::{Desk, Run},
    tenant::{ALL, EVERYTHING, NOTHING, Tenant, WHOLE, census, config, network, said},
};

async fn new(text: &str) -> Tenant {
    let tenant = Tenant::new(config(text), 1).await;
    network(&tenant.account);
    tenant
}

async fn made(text: &str) -> Tenant {
    let tenant = new(text).await;
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    tenant
}

async fn idle(tenant: &Tenant) {
    tenant.account.reset();
    let report = tenant.provision().await;
    assert_eq!(report.changed(), 0, "{}", said(&report));
    assert_eq!(tenant.account.count().1, 0, "a run with nothing to do writes nothing");
}

/// What a run changed, as `KIND: PATH` or `KIND: created`.
fn changed(report: &Report) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for step in &report.steps {
        let kind = step.id.kind.rsplit('.').next().unwrap_or_default();
        match &step.outcome {
            Outcome::Done(Action::Create(_)) => {
                all.insert(format!("{kind}: created"));
            }
            Outcome::Done(Action::Update(changes)) => {
                all.extend(changes.iter().map(|change| format!("{kind}: {}", change.path)));
            }
            Outcome::Done(Action::Replace(changes)) => {
                let path = &changes[0].path;
                all.insert(format!("{kind}: replaced for {path}"));
            }
            _ => {}
        }
    }
    all
}

/// A run changes exactly this, and the next nothing.
async fn repairs(tenant: &Tenant, wanted: &[&str]) {
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    let wanted: BTreeSet<String> = wanted.iter().map(ToString::to_string).collect();
    assert_eq!(changed(&report), wanted);
    idle(tenant).await;
}

#[tokio::test]
async fn it_lives_and_dies() {
    let tenant = made(EVERYTHING).await;
    assert_eq!(census(&tenant.account.inventory()), ALL);
    idle(&tenant).await;
    let report = tenant.destroy().await;
    assert!(report.complete(), "{}", said(&report));
    assert_eq!(census(&tenant.account.inventory()), NOTHING);
    tenant.account.reset();
    let again = tenant.destroy().await;
    assert!(again.complete() && again.changed() == 0, "{}", said(&again));
    assert_eq!(tenant.account.count().1, 0);
}

#[tokio::test]
async fn everything_carries_the_mark() {
    let tenant = made(EVERYTHING).await;
    let inventory = tenant.account.inventory();
    let kinds = [
        "oidc_providers",
        "vpc_endpoints",
        "inference_profiles",
        "topics",
        "alarms",
        "dashboards",
        "budgets",
    ];
    for kind in kinds {
        for object in inventory[kind].as_array().unwrap() {
            assert_eq!(object["tags"]["groundwork:tenant"], "claude-code", "{kind}: {object}");
            assert_eq!(object["tags"]["groundwork:region"], "us-east-1", "{kind}: {object}");
        }
    }
    assert!(inventory["inference_profiles"].to_string().contains(r#""team":"a""#));
}

#[tokio::test]
async fn what_is_switched_off_is_cleaned_up() {
    let tenant = made(EVERYTHING).await;
    // What has a name of its own making would be left behind: these are named by the tenant alone.
    let text = "bedrock:\n  region: us-east-1\n";
    let smaller = Tenant::in_account(tenant.account.clone(), config(text), 1).await;
    let report = smaller.provision().await;
    assert!(report.complete(), "{}", said(&report));
    let left = census(&tenant.account.inventory());
    let unnamed = crate::support::tenant::Census { oidc_providers: 1, profiles: 2, ..WHOLE };
    assert_eq!(left, unnamed, "those are known by names of the configuration");
    idle(&smaller).await;
}

#[tokio::test]
async fn a_provider_that_drifted_is_put_right() {
    let tenant = made(EVERYTHING).await;
    let iam = &tenant.aws.iam;
    let arn = format!("arn:aws:iam::{}:oidc-provider/idp.example.com", tenant.account.id);
    let call = iam.remove_client_id_from_open_id_connect_provider();
    call.open_id_connect_provider_arn(&arn).client_id("claude-code").send().await.unwrap();
    let call = iam.add_client_id_to_open_id_connect_provider();
    call.open_id_connect_provider_arn(&arn).client_id("theirs").send().await.unwrap();
    repairs(&tenant, &["oidc_provider: client_ids.claude-code"]).await;
    let found = iam.get_open_id_connect_provider().open_id_connect_provider_arn(&arn).send().await;
    assert!(found.unwrap().client_id_list().contains(&"theirs".to_owned()), "somebody uses it");
}

fn in_account(inventory: &Value, kind: &str, name: &str) -> Value {
    let all = inventory[kind].as_array().unwrap();
    let named = |it: &&Value| it.to_string().contains(name);
    all.iter().find(named).unwrap_or_else(|| panic!("{name} is not in {inventory}")).clone()
}

fn endpoint(tenant: &Tenant, service: &str) -> String {
    let inventory = tenant.account.inventory();
    let found = in_account(&inventory, "vpc_endpoints", &format!(".{service}\""));
    found["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_endpoint_that_drifted_is_put_right() {
    let tenant = made(EVERYTHING).await;
    let client = &tenant.aws.ec2;
    let id = endpoint(&tenant, "sts");
    let call = client.modify_vpc_endpoint().vpc_endpoint_id(&id).reset_policy(true);
    call.remove_subnet_ids("subnet-87654321").send().await.unwrap();
    let policy = ["vpc_endpoint: policy.Statement", "vpc_endpoint: policy.Version"];
    repairs(&tenant, &[policy[0], policy[1], "vpc_endpoint: subnet_ids"]).await;
    assert_eq!(endpoint(&tenant, "sts"), id, "the same endpoint");

    client.delete_vpc_endpoints().vpc_endpoint_ids(&id).send().await.unwrap();
    repairs(&tenant, &["vpc_endpoint: created"]).await;
}

#[tokio::test]
async fn an_endpoint_is_open_to_the_tenants_models_alone() {
    let tenant = made(EVERYTHING).await;
    let inventory = tenant.account.inventory();
    let runtime = in_account(&inventory, "vpc_endpoints", "bedrock-runtime");
    let policy: Value = serde_json::from_str(runtime["policy"].as_str().unwrap()).unwrap();
    let resources = policy["Statement"]["Resource"].to_string();
    for profile in inventory["inference_profiles"].as_array().unwrap() {
        assert!(resources.contains(profile["arn"].as_str().unwrap()), "{resources}");
    }
    assert!(resources.contains("inference-profile/us.anthropic.claude-opus-5-5"), "{resources}");
    assert!(!resources.contains("\"*\""), "{resources}");
}

#[tokio::test]
async fn a_pending_endpoint_of_a_run_that_was_cut_off_is_waited_for() {
    let tenant = new(EVERYTHING).await;
    tenant.account.post("endpoint_pending", json!({"looks": 6}));
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    let id = endpoint(&tenant, "logs");
    tenant.aws.ec2.delete_vpc_endpoints().vpc_endpoint_ids(id).send().await.unwrap();
    // The old one has the name until it is gone.
    let again = tenant.provision().await;
    assert!(again.complete(), "{}", said(&again));
    assert_eq!(census(&tenant.account.inventory()), ALL);
}

#[tokio::test]
async fn somebody_elses_private_name_is_told_and_left_and_can_be_adopted() {
    let tenant = new(EVERYTHING).await;
    let client = &tenant.aws.ec2;
    let subnets = client.describe_subnets().subnet_ids("subnet-12345678").send().await.unwrap();
    let vpc = subnets.subnets()[0].vpc_id().unwrap().to_owned();
    let theirs = client
        .create_vpc_endpoint()
        .vpc_endpoint_type(ec2::VpcEndpointType::Interface)
        .vpc_id(vpc)
        .service_name("com.amazonaws.us-east-1.sts")
        .subnet_ids("subnet-12345678")
        .private_dns_enabled(true)
        .send()
        .await
        .unwrap();
    let theirs = theirs.vpc_endpoint().unwrap().vpc_endpoint_id().unwrap().to_owned();
    tenant.account.reset();
    let report = tenant.provision().await;
    let (id, error) = report.failed().next().unwrap();
    assert_eq!(id.to_string(), "aws.ec2.vpc_endpoint/claude-code-sts");
    let words = format!("{error} {:?}", error.hints());
    assert!(words.contains(&theirs) && words.contains("additional_services"), "{words}");
    assert_eq!(tenant.account.count().1, 0, "nothing is written");
    let adopted = tenant.adopt(&["aws.ec2.vpc_endpoint/claude-code-sts"]).await;
    assert!(adopted.complete(), "{}", said(&adopted));
    assert_eq!(endpoint(&tenant, "sts"), theirs);
    idle(&tenant).await;
}

#[tokio::test]
async fn what_of_the_new_kinds_is_not_ours_stops_the_run_and_can_be_adopted() {
    let tenant = new(EVERYTHING).await;
    let aws = &tenant.aws;
    let provider = aws.iam.create_open_id_connect_provider().url("https://idp.example.com");
    provider.send().await.unwrap();
    aws.sns.create_topic().name("claude-code-alarms").send().await.unwrap();
    let alarm = aws.cloudwatch.put_metric_alarm().alarm_name("claude-code-main-latency");
    alarm
        .namespace("AWS/Bedrock")
        .metric_name("InvocationLatency")
        .statistic(aws_sdk_cloudwatch::types::Statistic::Average)
        .period(60)
        .evaluation_periods(1)
        .threshold(1.0)
        .comparison_operator(aws_sdk_cloudwatch::types::ComparisonOperator::GreaterThanThreshold)
        .send()
        .await
        .unwrap();
    let dashboard = aws.cloudwatch.put_dashboard().dashboard_name("claude-code-us-east-1");
    dashboard.dashboard_body(r#"{"widgets":[]}"#).send().await.unwrap();
    let spend = aws_sdk_budgets::types::Spend::builder().amount("5").unit("USD").build().unwrap();
    let budget = aws_sdk_budgets::types::Budget::builder()
        .budget_name("claude-code-us-east-1")
        .budget_type(aws_sdk_budgets::types::BudgetType::Cost)
        .time_unit(aws_sdk_budgets::types::TimeUnit::Monthly)
        .budget_limit(spend)
        .build()
        .unwrap();
    let call = aws.budgets.create_budget().account_id(&tenant.account.id).budget(budget);
    call.send().await.unwrap();
    let source = aws_sdk_bedrock::types::InferenceProfileModelSource::CopyFrom(format!(
        "arn:aws:bedrock:us-east-1:{}:inference-profile/us.anthropic.claude-haiku-5-5",
        tenant.account.id
    ));
    let profile = aws.bedrock.create_inference_profile().inference_profile_name("team-a");
    profile.model_source(source).send().await.unwrap();
    tenant.account.reset();

    let ids = [
        "aws.bedrock.inference_profile/team-a",
        "aws.iam.oidc_provider/idp.example.com",
        "aws.sns.topic/claude-code-alarms",
        "aws.cloudwatch.alarm/claude-code-main-latency",
        "aws.cloudwatch.dashboard/claude-code-us-east-1",
        "aws.budgets.budget/claude-code-us-east-1",
    ];
    let report = tenant.provision().await;
    let failed: Vec<_> = report.failed().map(|(id, _)| id.to_string()).collect();
    assert_eq!(failed, ids, "{}", said(&report));
    assert_eq!(tenant.account.count().1, 0, "nothing is written");
    let gone = tenant.destroy().await;
    assert!(gone.complete() && gone.changed() == 0, "{}", said(&gone));
    let adopted = tenant.adopt(&ids).await;
    assert!(adopted.complete(), "{}", said(&adopted));
    idle(&tenant).await;
}

#[tokio::test]
async fn a_profile_that_changes_its_model_is_replaced_and_the_role_follows() {
    let tenant = made(EVERYTHING).await;
    let before = in_account(&tenant.account.inventory(), "inference_profiles", "team-b");
    let text = EVERYTHING.replace(
        "name: team-b, model_id: us.anthropic.claude-haiku-5-5",
        "name: team-b, model_id: us.anthropic.claude-sonnet-5-5",
    );
    let tenant = Tenant::in_account(tenant.account.clone(), config(&text), 1).await;
    let report = tenant.provision().await;
    assert!(report.complete(), "{}", said(&report));
    let changed = changed(&report);
    assert!(changed.contains("inference_profile: replaced for source"), "{changed:?}");
    let followed = |line: &String| line.starts_with("role_policy: document");
    assert!(changed.iter().any(followed), "{changed:?}");
    assert!(changed.iter().any(|line| line.starts_with("vpc_endpoint: policy")), "{changed:?}");
    idle(&tenant).await;
    let inventory = tenant.account.inventory();
    let after = in_account(&inventory, "inference_profiles", "team-b");
    assert_ne!(before["arn"], after["arn"]);
    assert_eq!(census(&inventory), ALL);
}

#[tokio::test]
async fn an_alarm_and_a_dashboard_that_drifted_are_put_right() {
    let tenant = made(EVERYTHING).await;
    let client = &tenant.aws.cloudwatch;
    let name = "claude-code-small-throttling";
    client.delete_alarms().alarm_names(name).send().await.unwrap();
    repairs(&tenant, &["alarm: created"]).await;
    client.disable_alarm_actions().alarm_names(name).send().await.unwrap();
    repairs(&tenant, &["alarm: actions_enabled"]).await;
    let call = client.put_dashboard().dashboard_name("claude-code-us-east-1");
    call.dashboard_body(r#"{"widgets":[]}"#).send().await.unwrap();
    repairs(
        &tenant,
        &["dashboard: body.start", "dashboard: body.periodOverride", "dashboard: body.widgets"],
    )
    .await;
}

#[tokio::test]
async fn a_topic_that_drifted_is_put_right_and_a_pending_subscriber_is_only_told() {
    let tenant = made(EVERYTHING).await;
    let report = tenant.provision().await;
    let topic = |report: &Report| {
        let step = report.steps.iter().find(|step| step.id.kind == "aws.sns.topic").unwrap();
        step.remark.clone()
    };
    let remark = topic(&report).unwrap();
    assert!(remark.contains("email:devops@example.com"), "{remark}");
    assert!(!remark.contains("s3cret"), "{remark}");
    for address in ["devops@example.com", "https://hooks.example.com/s3cret"] {
        tenant.account.post("confirm", json!({"endpoint": address}));
    }
    let report = tenant.provision().await;
    assert_eq!((report.changed(), topic(&report)), (0, None));

    let arn = format!("arn:aws:sns:us-east-1:{}:claude-code-alarms", tenant.account.id);
    let sns = &tenant.aws.sns;
    let call = sns.set_topic_attributes().topic_arn(&arn).attribute_name("KmsMasterKeyId");
    call.attribute_value("").send().await.unwrap();
    let call = sns.subscribe().topic_arn(&arn).protocol("email").endpoint("gone@example.com");
    call.send().await.unwrap();
    tenant.account.post("confirm", json!({"endpoint": "gone@example.com"}));
    repairs(&tenant, &["topic: kms_key", "topic: subscribers"]).await;
    let topic = &tenant.account.inventory()["topics"][0]["subscriptions"];
    assert_eq!(topic.as_array().unwrap().len(), 2, "{topic}");
}

#[tokio::test]
async fn a_budget_that_drifted_is_put_right() {
    let tenant = made(EVERYTHING).await;
    let text =
        EVERYTHING.replace("monthly_usd: 1000", "monthly_usd: 2000, notify_percent: [50, 100]");
    let tenant = Tenant::in_account(tenant.account.clone(), config(&text), 1).await;
    repairs(&tenant, &["budget: monthly_usd", "budget: percents", "budget: told.50"]).await;
}

#[test]
fn each_check_of_the_network_is_an_error_with_its_remedy() {
    let cases: [(&str, Value, &[&str]); 5] = [
        (
            "dns",
            json!({"dns": false}),
            &["DNS support and DNS host names is off in vpc-", "--enable-dns-hostnames"],
        ),
        (
            "https",
            json!({"https": false}),
            &[
                "`sg-abcdef12` does not let HTTPS in",
                "--group-id sg-abcdef12 --protocol tcp --port 443",
            ],
        ),
        (
            "zones",
            json!({"zones": ["us-east-1a", "us-east-1a"]}),
            &["both lie in the zone us-east-1a", "leave one of them out"],
        ),
        ("offer", json!({}), &["it is not offered in us-east-1b, the zone of `subnet-87654321`"]),
        ("vpc", json!({}), &["`subnet-12345678` is of vpc-", "but `subnet-87654321` is of vpc-"]),
    ];
    for (name, options, parts) in cases {
        let account = Account::new();
        let mut network = json!({
            "subnet_ids": ["subnet-12345678", "subnet-87654321"],
            "security_group_ids": ["sg-abcdef12"],
        });
        let fields = network.as_object_mut().unwrap();
        fields.extend(options.as_object().unwrap().clone());
        if name == "vpc" {
            fields.insert("subnet_ids".into(), json!(["subnet-12345678"]));
            account.vpc(&["subnet-87654321"], &["sg-11111111"]);
        }
        account.post("vpc", network);
        if name == "offer" {
            let service = "com.amazonaws.us-east-1.bedrock-runtime";
            account.post("endpoint_zones", json!({"service": service, "zones": ["us-east-1a"]}));
        }
        account.reset();
        let desk = Desk::with(&account, EVERYTHING);
        let run = desk.run(&["provision", "aws", "--yes"]);
        assert_eq!(run.code, Some(2), "{name}: {run:?}");
        for part in parts {
            assert!(run.stderr.contains(part), "{name}: {part} is not in {}", run.stderr);
        }
        assert_eq!(account.count().1, 0, "{name}: nothing is written");
    }
}

#[test]
fn env_calls_models_through_their_profiles_and_asks_only_for_what_the_file_lacks() {
    let account = Account::new();
    network(&account);
    let desk = Desk::with(&account, EVERYTHING);
    let early = desk.run(&["env"]);
    assert_eq!(early.code, Some(2), "{early:?}");
    assert!(early.stderr.contains("groundwork provision aws"), "{early:?}");
    let printed = desk.run(&["provision", "aws", "--yes"]);
    let inventory = account.inventory();
    let arn = |name: &str| {
        in_account(&inventory, "inference_profiles", name)["arn"].as_str().unwrap().to_owned()
    };
    account.reset();
    let asked = desk.run(&["env"]);
    assert_eq!(asked.stdout, printed.stdout);
    assert!(asked.stdout.contains(&format!("ANTHROPIC_MODEL='{}'", arn("team-a"))), "{asked:?}");
    assert_eq!(account.calls(), ["bedrock.ListInferenceProfiles"]);
    let only = |run: &Run| run.stdout.matches("application-inference-profile").count();
    assert_eq!(only(&desk.run(&["env", "--inference-profile", "team-b"])), 1);
    assert_eq!(desk.run(&["env", "--inference-profile", "team-c"]).code, Some(2));

    let pinned = EVERYTHING
        .replace(
            "tags: { team: a } }",
            &format!("tags: {{ team: a }}, arn: \"{}\" }}", arn("team-a")),
        )
        .replace("claude-haiku-5-5 }", &format!("claude-haiku-5-5, arn: \"{}\" }}", arn("team-b")));
    desk.write(&pinned);
    account.reset();
    let offline = desk.run(&["env"]);
    assert_eq!(offline.stdout, asked.stdout);
    assert_eq!(account.calls(), [""; 0]);
}

#[tokio::test]
async fn half_of_it_removed_by_hand_is_destroyed_all_the_same() {
    let tenant = made(EVERYTHING).await;
    let (aws, account) = (&tenant.aws, &tenant.account.id);
    let id = endpoint(&tenant, "bedrock");
    aws.ec2.delete_vpc_endpoints().vpc_endpoint_ids(id).send().await.unwrap();
    let provider = format!("arn:aws:iam::{account}:oidc-provider/idp.example.com");
    let call = aws.iam.delete_open_id_connect_provider().open_id_connect_provider_arn(provider);
    call.send().await.unwrap();
    aws.cloudwatch.delete_alarms().alarm_names("claude-code-main-latency").send().await.unwrap();
    let topic = format!("arn:aws:sns:us-east-1:{account}:claude-code-alarms");
    aws.sns.delete_topic().topic_arn(topic).send().await.unwrap();
    aws.logs.delete_log_group().log_group_name("/aws/bedrock/claude-code").send().await.unwrap();
    aws.kms.delete_alias().alias_name("alias/claude-code").send().await.unwrap();
    let call = aws.iam.delete_role_policy().role_name("ClaudeCodeRole");
    call.policy_name("claude-code-invoke").send().await.unwrap();
    aws.iam.delete_role().role_name("ClaudeCodeRole").send().await.unwrap();
    let report = tenant.destroy().await;
    assert!(report.complete(), "{}", said(&report));
    assert_eq!(census(&tenant.account.inventory()), NOTHING);
}

#[tokio::test]
async fn two_tenants_with_everything_do_not_touch_each_other() {
    let first = made(EVERYTHING).await;
    let other = EVERYTHING
        .replace("\nbedrock:", "\ntenant: other\nbedrock:\n  logging: { cloudwatch_log_group: /other }")
        .replace("  vpc_config:\n    subnet_ids: [subnet-12345678, subnet-87654321]\n    security_group_ids: [sg-abcdef12]\n    additional_services: [sts, logs]\n", "")
        .replace("  access:\n    oidc: { issuer: \"https://idp.example.com\", client_ids: [claude-code], groups: [engineering] }\n", "  access: { role_name: OtherRole }\n");
    let second = Tenant::in_account(first.account.clone(), config(&other), 1).await;
    let setting = "aws.bedrock.invocation_logging/us-east-1";
    let report = second.provision().await;
    let failed: Vec<_> = report.failed().map(|(id, _)| id.to_string()).collect();
    assert_eq!(failed, [setting], "{}", said(&report));
    assert!(second.adopt(&[setting]).await.complete());
    let both = first.account.inventory();
    assert_eq!(both["inference_profiles"].as_array().unwrap().len(), 4, "of equal names");
    assert!(second.destroy().await.complete());
    let report = first.provision().await;
    assert!(report.complete(), "{}", said(&report));
    assert_eq!(changed(&report), BTreeSet::from(["invocation_logging: created".to_owned()]));
    assert_eq!(census(&first.account.inventory()), ALL);
}

#[test]
fn status_lists_what_the_configuration_no_longer_speaks_of() {
    let account = Account::new();
    network(&account);
    let desk = Desk::with(&account, EVERYTHING);
    assert_eq!(desk.run(&["provision", "aws", "--yes"]).code, Some(0));
    let clean = desk.run(&["status", "aws"]);
    assert!(clean.code == Some(0) && !clean.stdout.contains("orphan"), "{clean:?}");
    let text = "bedrock:\n  region: us-east-1\n  access: { role_name: NewRole }\n  \
                logging: { cloudwatch_log_group: /new, s3: { bucket: \"new-ACCOUNT\" } }\n";
    desk.write(&text.replace("ACCOUNT", &account.id));
    assert_eq!(desk.run(&["provision", "aws", "--yes"]).code, Some(0));
    let run = desk.run(&["status", "aws", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let orphans: Vec<Value> =
        run.lines().into_iter().filter(|line| line["event"] == "orphan").collect();
    let mut ids: Vec<_> = orphans.iter().map(|orphan| orphan["id"].as_str().unwrap()).collect();
    ids.retain(|id| !id.starts_with("aws.bedrock.inference_profile/"));
    let bucket = format!("aws.s3.bucket/claude-code-logs-{}-us-east-1", account.id);
    assert_eq!(
        ids,
        [
            "aws.iam.oidc_provider/idp.example.com",
            "aws.iam.role/ClaudeCodeRole",
            "aws.logs.group//aws/bedrock/claude-code",
            &bucket,
        ]
    );
    assert_eq!(orphans.len(), ids.len() + 2, "and both profiles");
    let table = desk.run(&["status", "aws", "-v"]);
    assert!(table.stdout.contains("remove it: aws logs delete-log-group"), "{table:?}");
}

#[tokio::test]
async fn our_own_key_is_no_orphan_where_another_took_its_place() {
    let tenant = made("bedrock:\n  region: us-east-1\n").await;
    let id = "12345678-1234-1234-1234-123456789012";
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": "*", "Action": "kms:*", "Resource": "*"}]});
    tenant.account.key(id, Some(&policy));
    let text = format!("bedrock:\n  region: us-east-1\n  encryption: {{ kms_key_id: {id} }}\n");
    let tenant = Tenant::in_account(tenant.account.clone(), config(&text), 1).await;
    let report = tenant.provision().await;
    assert!(report.complete() && report.left() == 1, "{}", said(&report));
    assert_eq!(tenant.orphans().await, Vec::<String>::new());
}

#[test]
fn being_refused_the_search_for_what_was_left_is_a_warning() {
    let account = Account::new();
    let desk = Desk::with(&account, "bedrock:\n  region: us-east-1\n");
    assert_eq!(desk.run(&["provision", "aws", "--yes"]).code, Some(0));
    account.refuse("resourcegroupstaggingapi.GetResources", 9, (400, "AccessDeniedException"));
    let run = desk.run(&["status", "aws"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stderr.contains("could not look for what was left behind"), "{run:?}");
}

#[tokio::test]
async fn alarms_watch_what_env_has_called() {
    let tenant = made(EVERYTHING).await;
    let inventory = tenant.account.inventory();
    let profile = in_account(&inventory, "inference_profiles", "team-a");
    let alarm = in_account(&inventory, "alarms", "claude-code-main-latency").to_string();
    for name in ["arn", "id"] {
        let watched = format!("\"Value\":{}", profile[name]);
        assert!(alarm.contains(&watched), "{watched} is not in {alarm}");
    }
    assert!(!alarm.contains("\"Value\":\"us.anthropic"), "{alarm}");
}
