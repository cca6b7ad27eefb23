//! Whether the tenant's main model is one that developers may choose.
//!
//! A pinned model that is denied, or not among the available ones, is no error to the client: it calls
//! another one of its own choice (seen on the client 2.1.330), which the tenant's role may refuse.

use super::model::{Family, Note};
use crate::config::{ClaudeCode, claude_code::Comparison};

/// What there is to know of the lists of models, for the main model that Claude Code is told.
pub(super) fn notes(section: &ClaudeCode, main: &str, family: Option<Family>) -> Vec<Note> {
    let main = main.strip_suffix("[1m]").unwrap_or(main);
    // An ARN is of no family to the client.
    let alias = family.filter(|_| !main.starts_with("arn:")).map(alias);
    let is = |entry: &String| entry == main || Some(entry.as_str()) == alias;
    let mut all = Vec::new();
    let mut note = |key, message: String, hint: String| {
        all.push(Note { key, message, hint: Some(hint) });
    };
    let lists = &section.models;
    let bare = main.rsplit_once("anthropic.").map(|(_, model)| model);
    if lists.denied.iter().any(|entry| is(entry) || Some(entry.as_str()) == bare) {
        let key = "claude_code.models.denied";
        let message = format!(
            "`{key}` denies the main model `{main}`: Claude Code would call another of its own choice"
        );
        note(key, message, "leave it out there, or name another main model".to_owned());
    }
    let listed = |entry: &String| {
        let begins = lists.comparison == Comparison::Prefix && main.starts_with(entry.as_str());
        // These mean another model from one release to the next.
        is(entry) || begins || ["best", "default", "opusplan"].contains(&entry.as_str())
    };
    if lists.available.as_ref().is_some_and(|available| !available.iter().any(listed)) {
        let key = "claude_code.models.available";
        let message = format!(
            "`{key}` lacks the main model `{main}`: Claude Code would call the first one that is there"
        );
        note(key, message, format!("add `{main}`"));
    }
    all
}

fn alias(family: Family) -> &'static str {
    match family {
        Family::Opus => "opus",
        Family::Sonnet => "sonnet",
        Family::Haiku => "haiku",
        Family::Fable => "fable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: &str = "us.anthropic.claude-opus-5-5";

    fn keys(models: &str, main: &str) -> Vec<&'static str> {
        let section = serde_json::from_str(&format!("{{\"models\": {models}}}")).unwrap();
        notes(&section, main, Some(Family::Opus)).iter().map(|note| note.key).collect()
    }

    #[test]
    fn a_main_model_that_is_denied_or_not_available_is_told() {
        for denied in [MAIN, "opus", "claude-opus-5-5"] {
            let models = format!("{{\"denied\": [\"{denied}\"]}}");
            assert_eq!(keys(&models, MAIN), ["claude_code.models.denied"], "{denied}");
        }
        let haiku = r#"{"available": ["us.anthropic.claude-haiku-5-5"]}"#;
        assert_eq!(keys(haiku, MAIN), ["claude_code.models.available"]);
        let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a";
        assert_eq!(keys(r#"{"available": ["opus"]}"#, arn), ["claude_code.models.available"]);
        let other = r#"{"available": ["us.anthropic.claude-opus-5"]}"#;
        assert_eq!(keys(other, MAIN), ["claude_code.models.available"]);
    }

    #[test]
    fn a_main_model_that_may_be_chosen_is_not_told() {
        for models in [
            "{}",
            r#"{"available": ["us.anthropic.claude-opus-5-5"]}"#,
            r#"{"available": ["opus"], "denied": ["us.anthropic.claude-opus-5"]}"#,
            r#"{"available": ["us.anthropic.claude-opus-5"], "match": "prefix"}"#,
        ] {
            assert_eq!(keys(models, MAIN), [""; 0], "{models}");
        }
        assert_eq!(
            keys(r#"{"available": ["us.anthropic.claude-opus-5-5"]}"#, &format!("{MAIN}[1m]")),
            [""; 0]
        );
    }
}
