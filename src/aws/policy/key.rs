//! Who may use the tenant's key: the account administers it; the log service uses it for this
//! account's log groups, and Bedrock for what it delivers to our bucket. Nobody else is named.

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
            // Every log group of the account, not only the present one: the key must go on opening
            // what was logged before the group was renamed.
            "Condition": {"ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": delivery.any_log_group_arn()
            }},
        }),
        json!({
            "Sid": "EncryptDeliveredLog",
            "Effect": "Allow",
            "Principal": {"Service": SERVICE},
            "Action": "kms:GenerateDataKey",
            "Resource": "*",
            "Condition": delivery.only_our_account(),
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
    let lists = |value: Option<&Value>, text: &str| {
        let patterns = value.map(each).unwrap_or_default();
        patterns.into_iter().filter_map(Value::as_str).any(|pattern| {
            // Actions know no case.
            matches(&pattern.to_lowercase(), &text.to_lowercase())
        })
    };
    let allows = |service: &str, action: &str| {
        policy.get("Statement").map(each).unwrap_or_default().into_iter().any(|statement| {
            let named = lists(statement.pointer("/Principal/Service"), service)
                || statement.get("Principal").is_some_and(|principal| {
                    principal == "*" || principal.get("AWS").is_some_and(|all| all == "*")
                });
            let allow = statement.get("Effect").is_some_and(|effect| effect == "Allow");
            allow && named && lists(statement.get("Action"), action)
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
        let policy = json!({"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}]});
        assert_eq!(lacking_grants(&delivery(), &policy).len(), 2);
    }

    #[test]
    fn case_and_everybody_are_understood() {
        let policy = json!({"Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "KMS:*", "Resource": "*"}
        ]});
        assert_eq!(lacking_grants(&delivery(), &policy).len(), 0);
    }
}
