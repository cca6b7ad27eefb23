//! Who may use the tenant's key: the account administers it; the log service uses it for our log
//! group, and Bedrock for what it delivers to our bucket. Nobody else is named.

use serde_json::{Value, json};

use super::{Delivery, delivery::SERVICE, document, each, matches};

const USE: [&str; 5] =
    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"];

fn log_service(delivery: &Delivery) -> String {
    let suffix = if delivery.partition == "aws-cn" { ".cn" } else { "" };
    format!("logs.{}.amazonaws.com{suffix}", delivery.region)
}

fn grants(delivery: &Delivery) -> [Value; 2] {
    [
        json!({
            "Sid": "EncryptLogGroup",
            "Effect": "Allow",
            "Principal": {"Service": log_service(delivery)},
            "Action": USE,
            "Resource": "*",
            "Condition": {"ArnEquals": {
                "kms:EncryptionContext:aws:logs:arn": delivery.log_group_arn()
            }},
        }),
        json!({
            "Sid": "EncryptDeliveredLog",
            "Effect": "Allow",
            "Principal": {"Service": SERVICE},
            "Action": "kms:GenerateDataKey",
            "Resource": "*",
            "Condition": delivery.from_our_account(),
        }),
    ]
}

/// The policy of the tenant's own key.
pub fn key_policy(delivery: &Delivery) -> Value {
    let Delivery { partition, account, .. } = delivery;
    // Without this statement the key could never be administered again, and KMS refuses it.
    let administer = json!({
        "Sid": "AccountAdministers",
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:{partition}:iam::{account}:root")},
        "Action": "kms:*",
        "Resource": "*",
    });
    let [logs, delivered] = grants(delivery);
    document(&[administer, logs, delivered])
}

/// The statements that somebody else's key policy lacks to serve us. Conditions are the key
/// owner's business and are not judged; what they forbid shows when the key is used.
pub fn lacking_grants(delivery: &Delivery, policy: &Value) -> Vec<Value> {
    let allows = |service: &str, action: &str| {
        each(&policy["Statement"]).iter().any(|statement| {
            let services = each(&statement["Principal"]["Service"]);
            let named = services.iter().any(|s| s.as_str().is_some_and(|s| matches(s, service)))
                || statement["Principal"] == "*";
            let actions = each(&statement["Action"]);
            let allowed =
                actions.iter().any(|a| a.as_str().is_some_and(|a| matches(a, action)));
            statement["Effect"] == "Allow" && named && allowed
        })
    };
    let [logs, delivered] = grants(delivery);
    let logs_service = log_service(delivery);
    let mut lacking = Vec::new();
    if !["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"]
        .iter()
        .all(|action| allows(&logs_service, action))
    {
        lacking.push(logs);
    }
    if !allows(SERVICE, "kms:GenerateDataKey") {
        lacking.push(delivered);
    }
    lacking
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        Delivery {
            partition: "aws".into(),
            region: "us-east-1".into(),
            account: "123456789012".into(),
            log_group: "/g".into(),
            bucket: "b".into(),
            key_prefix: String::new(),
        }
    }

    #[test]
    fn our_own_policy_lacks_nothing() {
        assert_eq!(lacking_grants(&delivery(), &key_policy(&delivery())), Vec::<Value>::new());
    }

    #[test]
    fn a_policy_for_the_account_alone_lacks_both_services() {
        let policy = json!({"Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
        ]});
        assert_eq!(lacking_grants(&delivery(), &policy).len(), 2);
    }
}
