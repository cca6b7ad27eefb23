//! Who may use the tenant's key: the account administers it; the log service uses it for this
//! account's log groups, Bedrock for what it delivers to our bucket, and CloudWatch, where there is
//! somebody to tell, for what the tenant's alarms send. Nobody else is named.

use serde_json::{Value, json};

use super::{
    Delivery, Sender,
    delivery::SERVICE,
    document, each, matches,
    topic::{BUDGETS, CLOUDWATCH},
};

const USE: [&str; 5] =
    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"];

fn log_service(delivery: &Delivery) -> String {
    let suffix = if delivery.partition == "aws-cn" { ".cn" } else { "" };
    format!("logs.{}.amazonaws.com{suffix}", delivery.region)
}

/// What a service does with the key, and the statement that lets it.
struct Grant {
    service: String,
    actions: &'static [&'static str],
    statement: Value,
}

fn grants(delivery: &Delivery, sender: Option<&Sender>) -> Vec<Grant> {
    let logs = json!({
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
    });
    let delivered = json!({
        "Sid": "EncryptDeliveredLog",
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": "kms:GenerateDataKey",
        "Resource": "*",
        "Condition": delivery.only_our_account(),
    });
    let used_by_logs = &["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"];
    let mut all = vec![
        Grant { service: log_service(delivery), actions: used_by_logs, statement: logs },
        Grant { service: SERVICE.into(), actions: &["kms:GenerateDataKey"], statement: delivered },
    ];
    for (sid, service, condition) in senders(sender) {
        let statement = json!({
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": condition,
        });
        let actions = &["kms:Decrypt", "kms:GenerateDataKey"];
        all.push(Grant { service: service.into(), actions, statement });
    }
    all
}

/// The services that send to the tenant's topic under its key, each with its condition.
fn senders(sender: Option<&Sender>) -> Vec<(&'static str, &'static str, Value)> {
    let Some(sender) = sender else { return Vec::new() };
    let mut all = vec![("EncryptAlarm", CLOUDWATCH, sender.only_our_alarms())];
    if sender.budget {
        all.push(("EncryptBudgetAlert", BUDGETS, sender.only_our_budgets()));
    }
    all
}

/// The policy of the tenant's own key. `sender` is whose alarms are sent, if anybody is told.
pub fn key_policy(delivery: &Delivery, sender: Option<&Sender>) -> Value {
    let Delivery { partition, account, .. } = delivery;
    // Without this statement the key could never be administered again, and KMS refuses it.
    let administer = json!({
        "Sid": "AccountAdministers",
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:{partition}:iam::{account}:root")},
        "Action": "kms:*",
        "Resource": "*",
    });
    let granted = grants(delivery, sender).into_iter().map(|grant| grant.statement);
    document(&[administer].into_iter().chain(granted).collect::<Vec<_>>())
}

/// The statements that somebody else's key policy lacks to serve us. Conditions are the key
/// owner's business and are not judged; what they forbid shows when the key is used.
pub fn lacking_grants(delivery: &Delivery, sender: Option<&Sender>, policy: &Value) -> Vec<Value> {
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
    let lacks = |grant: &Grant| !grant.actions.iter().all(|it| allows(&grant.service, it));
    grants(delivery, sender).into_iter().filter(lacks).map(|grant| grant.statement).collect()
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
        assert_eq!(
            lacking_grants(&delivery(), None, &key_policy(&delivery(), None)),
            Vec::<Value>::new()
        );
    }

    #[test]
    fn alarms_are_sent_under_the_key_only_if_somebody_is_told() {
        let sender = Sender {
            partition: "aws".into(),
            region: "us-east-1".into(),
            account: "123456789012".into(),
            alarm_prefix: "t-".into(),
            budget: false,
        };
        let silent = key_policy(&delivery(), None);
        assert!(!silent.to_string().contains(CLOUDWATCH));
        let lacking = lacking_grants(&delivery(), Some(&sender), &silent);
        assert_eq!(lacking.len(), 1);
        assert_eq!(lacking[0]["Condition"]["StringEquals"]["aws:SourceAccount"], "123456789012");
        let policy = key_policy(&delivery(), Some(&sender));
        assert_eq!(lacking_grants(&delivery(), Some(&sender), &policy), Vec::<Value>::new());
    }

    #[test]
    fn a_policy_for_the_account_alone_lacks_both_services() {
        let policy = json!({"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}]});
        assert_eq!(lacking_grants(&delivery(), None, &policy).len(), 2);
    }

    #[test]
    fn case_and_everybody_are_understood() {
        let policy = json!({"Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "KMS:*", "Resource": "*"}
        ]});
        assert_eq!(lacking_grants(&delivery(), None, &policy).len(), 0);
    }
}
