//! What lets Bedrock deliver invocation logs, and lets nobody else do so in our name.
//!
//! Both conditions matter: without `aws:SourceAccount` and `aws:SourceArn` any other AWS customer
//! could have the service write into our log group and bucket.

use serde_json::{Value, json};

use super::document;

/// Where logs come from and go to.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub partition: String,
    pub region: String,
    pub account: String,
    pub log_group: String,
    pub bucket: String,
    /// Without a slash at its end; may be empty.
    pub key_prefix: String,
}

pub(super) const SERVICE: &str = "bedrock.amazonaws.com";

impl Delivery {
    pub(super) fn only_our_account(&self) -> Value {
        let Self { partition, region, account, .. } = self;
        json!({
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": format!("arn:{partition}:bedrock:{region}:{account}:*")},
        })
    }

    /// The folder in the bucket into which Bedrock writes, with a slash at its end.
    pub fn log_folder(&self) -> String {
        let Self { account, key_prefix, .. } = self;
        let folder = if key_prefix.is_empty() { String::new() } else { format!("{key_prefix}/") };
        format!("{folder}AWSLogs/{account}/BedrockModelInvocationLogs/")
    }

    pub(super) fn any_log_group_arn(&self) -> String {
        let Self { partition, region, account, .. } = self;
        format!("arn:{partition}:logs:{region}:{account}:log-group:*")
    }

    pub(super) fn log_group_arn(&self) -> String {
        let Self { partition, region, account, log_group, .. } = self;
        format!("arn:{partition}:logs:{region}:{account}:log-group:{log_group}")
    }
}

/// Who may take the delivery role: Bedrock, for this account and region.
pub fn delivery_trust(delivery: &Delivery) -> Value {
    document(&[json!({
        "Sid": "BedrockDelivers",
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": "sts:AssumeRole",
        "Condition": delivery.only_our_account(),
    })])
}

/// What the delivery role may do: write the one stream that Bedrock writes.
pub fn delivery_role_policy(delivery: &Delivery) -> Value {
    document(&[json!({
        "Sid": "WriteInvocationLog",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": format!(
            "{}:log-stream:aws/bedrock/modelinvocations", delivery.log_group_arn()
        ),
    })])
}

/// Our statements in the log bucket's policy: TLS only, and delivery by Bedrock for this account.
/// Their `Sid`s are ours; statements by other names are the company's.
pub fn bucket_statements(delivery: &Delivery) -> Vec<Value> {
    let Delivery { partition, bucket, .. } = delivery;
    let arn = format!("arn:{partition}:s3:::{bucket}");
    vec![
        json!({
            "Sid": "GroundworkDenyWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, format!("{arn}/*")],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }),
        json!({
            "Sid": "GroundworkBedrockDelivers",
            "Effect": "Allow",
            "Principal": {"Service": SERVICE},
            "Action": "s3:PutObject",
            "Resource": format!("{arn}/{}*", delivery.log_folder()),
            "Condition": delivery.only_our_account(),
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(key_prefix: &str) -> Delivery {
        Delivery {
            partition: "aws-us-gov".into(),
            region: "us-gov-west-1".into(),
            account: "123456789012".into(),
            log_group: "/aws/bedrock/claude-code".into(),
            bucket: "b".into(),
            key_prefix: key_prefix.into(),
        }
    }

    #[test]
    fn every_grant_to_the_service_is_bound_to_our_account() {
        let delivery = delivery("logs");
        let mut statements = bucket_statements(&delivery);
        statements.extend(delivery_trust(&delivery)["Statement"].as_array().unwrap().clone());
        let allowing = statements.iter().filter(|statement| statement["Effect"] == "Allow");
        for condition in allowing.map(|statement| &statement["Condition"]) {
            assert_eq!(condition["StringEquals"]["aws:SourceAccount"], "123456789012");
            assert_eq!(
                condition["ArnLike"]["aws:SourceArn"],
                "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:*"
            );
        }
    }

    #[test]
    fn an_empty_prefix_leaves_no_slash() {
        let put = |prefix| bucket_statements(&delivery(prefix))[1]["Resource"].clone();
        let tail = "AWSLogs/123456789012/BedrockModelInvocationLogs/*";
        assert_eq!(put(""), format!("arn:aws-us-gov:s3:::b/{tail}"));
        assert_eq!(put("logs"), format!("arn:aws-us-gov:s3:::b/logs/{tail}"));
    }
}
