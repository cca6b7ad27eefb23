//! Compares what is with what should be, field by field, over JSON.

use serde::Serialize;
use serde_json::Value;

/// The key of the object that stands for a value which is known only after another resource is
/// made: `{"$later": "aws.kms.key/claude-code"}`.
const LATER: &str = "$later";

/// One field that differs: `retention_days: 30 -> 90`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The field's path in the resource's state, with dots.
    pub path: String,
    pub from: Value,
    pub to: Value,
}

/// The resource that `value` waits for, if it is known only later.
pub fn later(value: &Value) -> Option<&str> {
    value.as_object()?.get(LATER)?.as_str()
}

/// The fields of `want` that `have` does not match. Fields only in `have` are not ours to judge.
pub(super) fn diff(have: &Value, want: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    walk("", have, want, &mut changes);
    changes
}

fn walk(path: &str, have: &Value, want: &Value, out: &mut Vec<Change>) {
    match (have, want) {
        (Value::Object(have), Value::Object(want_fields)) if later(want).is_none() => {
            for (key, want) in want_fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(&path, have.get(key).unwrap_or(&Value::Null), want, out);
            }
        }
        _ if have == want => {}
        _ => out.push(Change { path: path.to_owned(), from: have.clone(), to: want.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_wanted_is_compared() {
        let have = json!({"days": 7, "tags": {"ours": "a", "theirs": "b"}, "extra": 1});
        let want = json!({"days": 30, "tags": {"ours": "a", "new": "c"}});
        let paths: Vec<_> = diff(&have, &want).into_iter().map(|c| (c.path, c.from)).collect();
        assert_eq!(paths, [("days".into(), json!(7)), ("tags.new".into(), Value::Null)]);
    }

    #[test]
    fn a_value_known_later_differs_from_everything() {
        let have = json!({"key": "arn:old"});
        let want = json!({"key": {"$later": "aws.kms.key/x"}});
        let changes = diff(&have, &want);
        assert_eq!(changes.len(), 1);
        assert_eq!(later(&changes[0].to), Some("aws.kms.key/x"));
    }

    #[test]
    fn equal_states_have_no_changes() {
        let state = json!({"a": [1, 2], "b": {"c": null}});
        assert!(diff(&state, &state).is_empty());
    }
}
