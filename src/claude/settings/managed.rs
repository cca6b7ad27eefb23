//! Our file of managed settings, and how it is known to be ours.

use serde_json::{Map, Value};

/// A key that the client does not know and lets pass (facts 8), and that JSON Schema has for
/// remarks. Whoever opens the file reads where it comes from.
pub(super) const MARK: &str = "$comment";

const MADE: &str = "made by groundwork env --format managed-settings; changes here get lost";

/// The text of a file that is ours.
pub fn managed_text(settings: &Value) -> String {
    let mut all = Map::new();
    all.insert(MARK.to_owned(), MADE.into());
    for (name, value) in settings.as_object().into_iter().flatten() {
        all.entry(name.as_str()).or_insert_with(|| value.clone());
    }
    format!("{:#}\n", Value::Object(all))
}

/// Whether a file's text is one of ours, of whichever version.
pub fn is_ours(text: &[u8]) -> bool {
    let value: Value = serde_json::from_slice(text).unwrap_or_default();
    value
        .get(MARK)
        .and_then(Value::as_str)
        .is_some_and(|mark| mark.starts_with("made by groundwork"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_we_made_is_known_as_ours_and_nothing_else_is() {
        let text = managed_text(&json!({"env": {"A": "1"}}));
        assert_eq!(
            text,
            format!("{{\n  \"$comment\": \"{MADE}\",\n  \"env\": {{\n    \"A\": \"1\"\n  }}\n}}\n")
        );
        assert!(is_ours(text.as_bytes()));
        for other in ["", "{", "{}", "{\"$comment\": \"mine\"}", "{\"$comment\": 1}", "[]"] {
            assert!(!is_ours(other.as_bytes()), "{other}");
        }
    }
}
