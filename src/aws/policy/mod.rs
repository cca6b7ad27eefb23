//! Policy documents: what we write, and one canonical shape, so that two that mean the same
//! compare equal.

mod access;
mod delivery;
mod endpoint;
mod key;
mod topic;
mod trust;

pub use access::{Access, Invocable, invoke};
pub use delivery::{Delivery, bucket_statements, delivery_role_policy, delivery_trust};
pub use endpoint::Perimeter;
pub use key::{key_policy, lacking_grants};
pub use topic::{Sender, topic_policy};
pub use trust::{developer_trust, issuer_name};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::reconcile::{Known, ResourceId, later};

const VERSION: &str = "2012-10-17";

/// A document of these statements.
pub fn document(statements: &[Value]) -> Value {
    json!({"Version": VERSION, "Statement": statements})
}

/// Parses a document as IAM returns it: JSON, percent-encoded. What is no JSON stays a text, so
/// that it differs from any wish.
pub fn parse_encoded(document: &str) -> Value {
    parse(&percent_decode_str(document).decode_utf8_lossy())
}

/// Parses a document as other services return it: plain JSON.
pub fn parse(document: &str) -> Value {
    canonical(serde_json::from_str(document).unwrap_or_else(|_| Value::String(document.to_owned())))
}

/// The same document in the one shape: a list of one is the one, lists and keys are sorted (their
/// order never matters in a policy), and an account is its root ARN.
pub fn canonical(document: Value) -> Value {
    let partition = if document.to_string().contains("arn:aws-us-gov:") {
        "aws-us-gov"
    } else if document.to_string().contains("arn:aws-cn:") {
        "aws-cn"
    } else {
        "aws"
    };
    shape(document, false, partition)
}

fn shape(value: Value, principal: bool, partition: &str) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().collect();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            let shaped = fields.into_iter().map(|(key, value)| {
                let principal = (principal && key == "AWS")
                    || matches!(key.as_str(), "Principal" | "NotPrincipal");
                let value = shape(value, principal, partition);
                (key, value)
            });
            Value::Object(shaped.collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let mut items: Vec<Value> =
                items.into_iter().map(|item| shape(item, principal, partition)).collect();
            items.sort_by_key(ToString::to_string);
            items.dedup();
            match items.len() {
                1 => items.pop().unwrap_or_default(),
                _ => Value::Array(items),
            }
        }
        Value::String(account) if principal && is_account(&account) => {
            Value::String(format!("arn:{partition}:iam::{account}:root"))
        }
        other => other,
    }
}

/// Stands in a document for what is known only after the resource of that id is made.
pub fn promise(id: &ResourceId) -> Value {
    let after = id.to_string();
    serde_json::to_value(Known::<String>::Later { after }).unwrap_or_default()
}

/// Puts `value` wherever the document has the promise of `id`.
pub fn keep_promise(document: &mut Value, id: &str, value: &str) {
    if later(document) == Some(id) {
        *document = Value::from(value);
        return;
    }
    match document {
        Value::Array(items) => items.iter_mut().for_each(|item| keep_promise(item, id, value)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| keep_promise(field, id, value));
        }
        _ => {}
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A document's statements by `Sid`: those that `ours` names, and the others.
pub fn split(document: &Value, ours: &[&str]) -> (Map<String, Value>, Vec<Value>) {
    let (mut named, mut others) = (Map::new(), Vec::new());
    for statement in document.get("Statement").map(each).unwrap_or_default() {
        match statement.get("Sid").and_then(Value::as_str) {
            Some(sid) if ours.contains(&sid) => {
                named.insert(sid.to_owned(), statement.clone());
            }
            _ => others.push(statement.clone()),
        }
    }
    (named, others)
}

/// `value` as a list, whether it is one or a single item.
fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// Whether `pattern`, with `*` and `?` as IAM has them, matches `text`.
fn matches(pattern: &str, text: &str) -> bool {
    let mut chars = pattern.chars();
    match chars.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = chars.as_str();
            text.char_indices()
                .map(|(i, _)| i)
                .chain([text.len()])
                .any(|i| text.get(i..).is_some_and(|tail| matches(rest, tail)))
        }
        Some(first) => {
            let mut text = text.chars();
            text.next().is_some_and(|c| first == '?' || first == c)
                && matches(chars.as_str(), text.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_that_mean_the_same_are_equal() {
        let ours = json!({"Version": VERSION, "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ["123456789012"]}, "Action": ["b:X", "a:Y"]},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["r"]},
        ]});
        let theirs = json!({"Statement": [
            {"Resource": "r", "Principal": "*", "Effect": "Deny", "Action": ["s3:*"]},
            {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Effect": "Allow",
             "Action": ["a:Y", "b:X"]},
        ], "Version": VERSION});
        assert_eq!(canonical(ours), canonical(theirs));
    }

    #[test]
    fn documents_that_differ_in_effect_differ() {
        let allow = json!({"Statement": {"Effect": "Allow", "Action": "a:X", "Resource": "*"}});
        let deny = json!({"Statement": {"Effect": "Deny", "Action": "a:X", "Resource": "*"}});
        assert_ne!(canonical(allow), canonical(deny));
    }

    #[test]
    fn an_encoded_document_is_decoded() {
        assert_eq!(parse_encoded("%7B%22Version%22%3A%221%22%7D"), json!({"Version": "1"}));
    }

    #[test]
    fn what_is_no_json_is_never_equal_to_a_document() {
        assert_eq!(parse("not json"), json!("not json"));
    }

    #[test]
    fn a_promise_is_kept_wherever_it_was_made() {
        let id = ResourceId::new("aws.bedrock.inference_profile", "a");
        let mut document = json!({"Resource": [promise(&id), "x"], "Condition": promise(&id)});
        keep_promise(&mut document, "aws.bedrock.inference_profile/b", "other");
        assert_eq!(document["Condition"], promise(&id));
        keep_promise(&mut document, &id.to_string(), "arn");
        assert_eq!(document, json!({"Resource": ["arn", "x"], "Condition": "arn"}));
    }

    #[test]
    fn patterns_match_as_iam_matches_them() {
        assert!(matches("kms:Generate*", "kms:GenerateDataKey"));
        assert!(matches("*", "anything"));
        assert!(matches("log?", "logs"));
        assert!(!matches("kms:Encrypt", "kms:EncryptMore"));
    }
}
