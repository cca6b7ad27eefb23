//! What is put into a user's settings, and what is taken out of them.

use serde_json::{Map, Value};

/// What a patch does to what a file says: names alone, since a value may be a secret.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub added: Vec<String>,
    pub changed: Vec<String>,
    /// Variables that are set to nothing, so that nobody else's value counts.
    pub cancelled: Vec<String>,
    pub removed: Vec<String>,
}

/// The name of the object that holds the variables.
const ENV: &str = "env";

/// The merge patch that puts `settings` into a file, and takes the variables of `taken_back` out of
/// it that are not in `settings`.
pub fn put<'a>(settings: &Value, taken_back: impl Iterator<Item = &'a str>) -> Value {
    let mut patch = settings.clone();
    if let Some(variables) = patch.get_mut(ENV).and_then(Value::as_object_mut) {
        for name in taken_back {
            variables.entry(name).or_insert(Value::Null);
        }
    }
    patch
}

/// The merge patch that takes out of a file that says `held` what [`put`] put into it. A variable
/// that is set to nothing only cancels another's: it goes if nothing else was put there since.
pub fn undo(settings: &Value, held: &Value) -> Value {
    let mut patch = Map::new();
    for (name, value) in settings.as_object().into_iter().flatten() {
        let held = held.get(name).unwrap_or(&Value::Null);
        if value.is_object() {
            patch.insert(name.clone(), undo(value, held));
        } else if value != "" || held == "" {
            patch.insert(name.clone(), Value::Null);
        }
    }
    Value::Object(patch)
}

impl Changes {
    /// What a patch does to a file that says `held`.
    pub fn of(held: &Value, patch: &Value) -> Self {
        let mut all = Self::default();
        all.look("", held, patch);
        all
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn look(&mut self, at: &str, held: &Value, patch: &Value) {
        for (name, new) in patch.as_object().into_iter().flatten() {
            // A variable is known by its own name.
            let full =
                if at.is_empty() || at == ENV { name.clone() } else { format!("{at}.{name}") };
            match (held.get(name), new) {
                (old, Value::Object(_)) => self.look(&full, old.unwrap_or(&Value::Null), new),
                (None, Value::Null) => {}
                (Some(old), new) if old == new => {}
                (_, Value::String(new)) if new.is_empty() => self.cancelled.push(full),
                (None, _) => self.added.push(full),
                (Some(_), Value::Null) => self.removed.push(full),
                (Some(_), _) => self.changed.push(full),
            }
        }
    }
}

impl std::fmt::Display for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [
            ("added", &self.added),
            ("changed", &self.changed),
            ("cancelled", &self.cancelled),
            ("removed", &self.removed),
        ];
        let parts = parts.iter().filter(|(_, names)| !names.is_empty());
        let parts: Vec<String> =
            parts.map(|(verb, names)| format!("{verb} {}", names.join(", "))).collect();
        f.write_str(&parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_taken_back_goes_and_what_changes_is_told_by_name() {
        let settings = json!({"env": {"A": "1", "B": "2", "C": ""}, "awsAuthRefresh": "x"});
        let patch = put(&settings, ["A", "OLD", "NEVER"].into_iter());
        assert_eq!(
            patch,
            json!({
                "env": {"A": "1", "B": "2", "C": "", "OLD": null, "NEVER": null},
                "awsAuthRefresh": "x",
            })
        );
        let held = json!({"env": {"A": "1", "B": "secret", "OLD": "secret"}, "model": "m"});
        let changes = Changes::of(&held, &patch);
        assert_eq!(
            changes.to_string(),
            "added awsAuthRefresh; changed B; cancelled C; removed OLD"
        );
        assert!(Changes::of(&settings, &put(&settings, ["OLD"].into_iter())).is_empty());
    }

    #[test]
    fn what_only_cancelled_goes_if_it_still_does() {
        let settings = json!({"env": {"A": "1", "C": "", "D": ""}, "awsAuthRefresh": "x"});
        let held = json!({"env": {"A": "other", "C": "", "D": "mine"}});
        let patch = undo(&settings, &held);
        assert_eq!(patch, json!({"env": {"A": null, "C": null}, "awsAuthRefresh": null}));
        assert_eq!(Changes::of(&held, &patch).to_string(), "removed A, C");
    }
}
