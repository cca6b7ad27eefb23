//! Who may send to the tenant's topic: CloudWatch, for the tenant's alarms.
//! The conditions matter, as for the delivery of logs: the service works for every account.

use serde_json::{Value, json};

use super::document;

pub(super) const CLOUDWATCH: &str = "cloudwatch.amazonaws.com";

/// Whose topic it is.
#[derive(Clone, Debug)]
pub struct Sender {
    pub partition: String,
    pub region: String,
    pub account: String,
    /// What the names of its alarms begin with.
    pub alarm_prefix: String,
}

impl Sender {
    /// That it is one of our alarms which sends.
    pub(super) fn only_our_alarms(&self) -> Value {
        let Self { partition, region, account, alarm_prefix } = self;
        let alarms = format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:{alarm_prefix}*");
        json!({
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": alarms},
        })
    }
}

/// The policy of the topic with this ARN.
pub fn topic_policy(sender: &Sender, topic: &str) -> Value {
    document(&[
        json!({
            "Sid": "AlarmsRing",
            "Effect": "Allow",
            "Principal": {"Service": CLOUDWATCH},
            "Action": "sns:Publish",
            "Resource": topic,
            "Condition": sender.only_our_alarms(),
        }),
        json!({
            "Sid": "DenyWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": topic,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }),
    ])
}
