//! Update masks: what they name is taken over, absent means removed; all else stays. The older APIs
//! have none: there `null` removes.

use serde_json::{Value, json};

use super::failure::Failure;

/// Takes over what `mask` names (`displayName,oidc.issuerUri`), if it may be named at all.
pub fn merge(
    target: &mut Value,
    source: &Value,
    mask: &str,
    allowed: &[&str],
) -> Result<(), Failure> {
    for path in mask.split(',').map(str::trim).filter(|path| !path.is_empty()) {
        let top = path.split('.').next().unwrap_or(path);
        if !allowed.contains(&top) {
            let message = format!("The update mask has a path that cannot be updated: {path}");
            return Err(Failure::invalid(&message));
        }
        take(target, source, path);
    }
    Ok(())
}

fn take(target: &mut Value, source: &Value, path: &str) {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    if !target.is_object() {
        *target = json!({});
    }
    match (rest, source.get(head)) {
        (Some(rest), Some(inner)) => take(&mut target[head], inner, rest),
        (None, Some(value)) => target[head] = value.clone(),
        (Some(rest), None) => {
            if target.get(head).is_some() {
                take(&mut target[head], &Value::Null, rest);
            }
        }
        (None, None) => {
            if let Some(fields) = target.as_object_mut() {
                fields.remove(head);
            }
        }
    }
}

/// JSON merge: `null` removes; lists are replaced, maps are not.
pub fn patch(old: &mut Value, new: &Value) {
    let Value::Object(fields) = new else {
        *old = new.clone();
        return;
    };
    if !old.is_object() {
        *old = json!({});
    }
    for (field, value) in fields {
        if value.is_null() {
            old.as_object_mut().map(|old| old.remove(field));
        } else {
            patch(&mut old[field], value);
        }
    }
}
