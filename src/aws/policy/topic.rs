//! Who may send to the tenant's topic: CloudWatch for the tenant's alarms,
//! and Budgets for this account. The conditions matter, as for the delivery of logs: the services
//! work for every account.

use serde_json::{Value, json};

use super::document;

pub(super) const CLOUDWATCH: &str = "cloudwatch.amazonaws.com";
pub(super) const BUDGETS: &str = "budgets.amazonaws.com";

/// Whose topic it is.
#[derive(Clone, Debug)]
pub struct Sender {
    pub partition: String,
    pub region: String,
    pub account: String,
    /// What the names of its alarms begin with.
    pub alarm_prefix: String,
    /// Whether there is a budget.
    pub budget: bool,
}

impl Sender {
    /// That it is one of our alarms which sends.
    pub(super) fn only_our_alarms(&self) -> Value {
        let Self { partition, region, account, alarm_prefix, .. } = self;
        let alarms = format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:{alarm_prefix}*");
        json!({
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": alarms},
        })
    }

    /// That it is a budget of this account which sends.
    pub(super) fn only_our_budgets(&self) -> Value {
        let Self { partition, account, .. } = self;
        json!({
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": format!("arn:{partition}:budgets::{account}:*")},
        })
    }
}

/// The policy of the topic with this ARN.
pub fn topic_policy(sender: &Sender, topic: &str) -> Value {
    let mut statements = vec![
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
    ];
    if sender.budget {
        statements.push(json!({
            "Sid": "BudgetsTell",
            "Effect": "Allow",
            "Principal": {"Service": BUDGETS},
            "Action": "sns:Publish",
            "Resource": topic,
            "Condition": sender.only_our_budgets(),
        }));
    }
    document(&statements)
}
