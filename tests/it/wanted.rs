//! What a configuration wants, as a snapshot: every id, need and state.

use groundwork::{
    aws::{Aws, Identity, Place, mark, wanted},
    config::Config,
};
use serde_json::json;

use crate::support::tenant::{config, example_config};

/// The wishes, without an account to compare them to.
fn wishes(config: &Config) -> String {
    let region = config.bedrock.region.clone().unwrap();
    let identity = Identity {
        account: "123456789012".into(),
        arn: "arn:aws:iam::123456789012:user/test".into(),
        partition: region.partition().to_owned(),
    };
    let graph = wanted(config, &Place { region: &region, identity: &identity }).graph;
    let sdk = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .build();
    let aws = Aws::new(&sdk, &identity, mark(config, &region));
    let wishes = graph.wishes(&aws).unwrap();
    serde_json::to_string_pretty(&json!(wishes)).unwrap()
}

#[test]
fn of_the_example() {
    insta::assert_snapshot!(wishes(&example_config("claude-config.yaml")));
}

#[test]
fn of_the_guides_file() {
    insta::assert_snapshot!(wishes(&example_config("guide-config.yaml")));
}

#[test]
fn of_everything_set() {
    insta::assert_snapshot!(wishes(&config(
        "tenant: team-a\n\
         bedrock:\n  \
           region: us-gov-west-1\n  \
           model_id: us-gov.anthropic.claude-opus-5-5\n  \
           small_fast_model_id: us-gov.anthropic.claude-haiku-5-5\n  \
           logging: { cloudwatch_log_group: /team-a, retention_days: 365, \
             s3: { bucket: team-a-logs, key_prefix: \"\", expire_days: 90 }, \
             image_data_delivery_enabled: false }\n  \
           access: { role_name: TeamA, path: /claude/, \
             trusted_principals: [\"arn:aws-us-gov:iam::123456789012:role/Developer\"], \
             permissions_boundary: \"arn:aws-us-gov:iam::123456789012:policy/Edge\" }\n\
         tags: { team: a }\n"
    )));
}
