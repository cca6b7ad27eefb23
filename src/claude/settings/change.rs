//! What is put into a user's settings, and what is taken out of them.

use serde_json::{Map, Value};

use super::memory;

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
pub(super) const ENV: &str = "env";

/// The merge patch that puts `settings` into a file that says `held`. It takes out of it the
/// variables of `taken_back`, and what was put there before and is as it was, but for what is in
/// `settings`.
pub fn put<'a>(settings: &Value, held: &Value, taken_back: impl Iterator<Item = &'a str>) -> Value {
    let mut patch = settings.clone();
    if let Some(variables) = patch.get_mut(ENV).and_then(Value::as_object_mut) {
        for name in taken_back {
            variables.entry(name).or_insert(Value::Null);
        }
    }
    for (place, _) in memory::remembered(held).iter().filter(|(_, same)| *same) {
        if place.of(settings).is_none() {
            place.patch(&mut patch, Value::Null);
        }
    }
    if let Some(patch) = patch.as_object_mut() {
        patch.insert(memory::KEY.to_owned(), memory::of(settings));
    }
    patch
}

/// The merge patch that takes out of a file that says `held` what [`put`] put into it, and the names
/// of what it leaves there because it is something else by now. A variable that is set to nothing only
/// cancels another's: what was put there since is nobody's business.
pub fn undo(settings: &Value, held: &Value) -> (Value, Vec<String>) {
    let (mut patch, mut left) = (Value::Object(Map::new()), Vec::new());
    let remembered = memory::remembered(held);
    let mut places = memory::places(settings);
    for (place, _) in &remembered {
        if !places.contains(place) {
            places.push(place.clone());
        }
    }
    for place in places {
        let Some(value) = place.of(held) else { continue };
        let wanted = place.of(settings);
        if wanted == Some(value) || remembered.contains(&(place.clone(), true)) {
            place.patch(&mut patch, Value::Null);
        } else if wanted.is_none_or(|wanted| wanted != "") {
            left.push(place.name);
        }
    }
    if let Some(patch) = patch.as_object_mut() {
        patch.insert(memory::KEY.to_owned(), Value::Null);
    }
    (patch, left)
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
        let held = json!({"env": {"A": "1", "B": "secret", "OLD": "secret"}, "model": "m"});
        let mut patch = put(&settings, &held, ["A", "OLD", "NEVER"].into_iter());
        let remembered = patch.as_object_mut().unwrap().shift_remove("$groundwork").unwrap();
        assert_eq!(remembered[0], "env.A 391552c0");
        assert!(!remembered.to_string().contains("secret"));
        assert_eq!(
            patch,
            json!({
                "env": {"A": "1", "B": "2", "C": "", "OLD": null, "NEVER": null},
                "awsAuthRefresh": "x",
            })
        );
        let changes = Changes::of(&held, &patch);
        assert_eq!(
            changes.to_string(),
            "added awsAuthRefresh; changed B; cancelled C; removed OLD"
        );
        let held = after(&json!({}), &settings);
        assert!(Changes::of(&held, &put(&settings, &held, ["OLD"].into_iter())).is_empty());
    }

    /// What a file says after settings were put into it.
    fn after(held: &Value, settings: &Value) -> Value {
        let patch = put(settings, held, std::iter::empty()).to_string();
        crate::claude::settings::value(
            &crate::claude::settings::merge(
                &held.to_string(),
                &serde_json::from_str(&patch).unwrap(),
            )
            .unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn what_left_the_configuration_goes_with_the_next_put_unless_it_is_the_users_by_now() {
        let first = json!({
            "env": {"A": "1", "FOO": "f", "MINE": "x", "C": ""}, "awsCredentialExport": "x"
        });
        let mut held = after(&json!({"model": "m", "awsAuthRefresh": "own"}), &first);
        held["env"]["MINE"] = "changed".into();
        let now = after(&held, &json!({"env": {"A": "2"}}));
        assert_eq!(now["env"], json!({"A": "2", "MINE": "changed"}));
        assert_eq!(now.get("awsCredentialExport"), None);
        assert_eq!((&now["model"], &now["awsAuthRefresh"]), (&"m".into(), &"own".into()));
    }

    #[test]
    fn whatever_was_put_is_undone_but_for_what_is_something_else_by_now() {
        let first = json!({"env": {"A": "1", "FOO": "f", "C": "", "D": ""}, "awsAuthRefresh": "x"});
        let mut held = after(&json!({"env": {"OWN": "o"}}), &first);
        held["env"]["D"] = "mine".into();
        held["awsAuthRefresh"] = "mine".into();
        let (patch, left) = undo(&json!({"env": {"A": "2", "D": ""}}), &held);
        assert_eq!(patch, json!({"env": {"A": null, "FOO": null, "C": null}, "$groundwork": null}));
        assert_eq!(left, ["awsAuthRefresh"]);
    }

    #[test]
    fn without_a_memory_only_what_would_be_put_is_undone() {
        let settings =
            json!({"env": {"A": "1", "B": "2", "C": "", "D": ""}, "awsAuthRefresh": "x"});
        let held = json!({"env": {"A": "other", "B": "2", "C": "", "D": "mine"}});
        let (patch, left) = undo(&settings, &held);
        assert_eq!(patch, json!({"env": {"B": null, "C": null}, "$groundwork": null}));
        assert_eq!(Changes::of(&held, &patch).to_string(), "removed B, C");
        assert_eq!(left, ["A"]);
    }
}
