//! The id of a model of Claude, as Vertex AI has it.

use crate::config::newtype::{Invalid, consists, newtype};

const MODEL: &str = "the id of a model of Claude on Vertex AI, such as `claude-opus-5-5` or \
                     `claude-haiku-4-5@20251001`";

newtype! {
    /// A model of Claude on Vertex AI.
    VertexModel,
    must: MODEL,
    check: check,
    pattern: "^claude-[a-z0-9]+(-[a-z0-9]+)*(@([0-9]{8}|default))?$"
}

impl VertexModel {
    /// The id without its version.
    pub fn name(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }

    /// What is behind the `@`: a date, or `default`.
    pub fn version(&self) -> Option<&str> {
        self.0.split_once('@').map(|(_, version)| version)
    }

    /// The model that developers work with, if none is named.
    pub(super) fn main() -> Self {
        Self("claude-opus-5-5".into())
    }

    /// The model for small background tasks, if none is named.
    pub(super) fn small() -> Self {
        Self("claude-haiku-5-5".into())
    }
}

fn is_date(text: &str) -> bool {
    consists(text, 8, 8, |byte| byte.is_ascii_digit())
}

fn is_model(text: &str) -> bool {
    let (name, version) = match text.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    };
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let dated = name.rsplit_once('-').is_some_and(|(_, last)| is_date(last));
    name.starts_with("claude-")
        && consists(name, 8, 100, allowed)
        && !name.contains("--")
        && !name.ends_with('-')
        && !dated
        && version.is_none_or(|version| is_date(version) || version == "default")
}

fn check(text: &str) -> Result<(), Invalid> {
    if is_model(text) {
        return Ok(());
    }
    let invalid = Invalid::new(MODEL);
    if let Some(model) = text.strip_suffix("[1m]")
        && is_model(model)
    {
        return Err(invalid.why("`[1m]` is Claude Code's, not the model's").did_you_mean(model));
    }
    let nearest = nearest(text);
    if is_model(&nearest) {
        return Err(invalid.did_you_mean(&nearest));
    }
    Err(if nearest.contains("claude") {
        invalid
    } else {
        invalid.why("Claude Code speaks to no other model")
    })
}

/// The id as Vertex AI writes it, from the ways in which others do.
fn nearest(text: &str) -> String {
    let lower = text.trim().to_ascii_lowercase();
    // A resource's name or a router's, of which the model is the last part.
    let last = lower.rsplit('/').next().unwrap_or_default();
    let model = match last.find("claude") {
        // Bedrock's `us.anthropic.`.
        Some(at) => last.get(at..).unwrap_or_default(),
        None => last,
    };
    // Bedrock's `-v1:0`.
    let model = match model.rsplit_once("-v") {
        Some((model, version)) if version.contains(':') => model,
        _ => model,
    };
    let model = model.replace(['_', '.', ' '], "-");
    match model.rsplit_once('-') {
        Some((name, date)) if is_date(date) && !name.contains('@') => format!("{name}@{date}"),
        _ => model,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_a_name_and_may_have_a_date() {
        let model: VertexModel = "claude-haiku-4-5@20251001".parse().unwrap();
        assert_eq!((model.name(), model.version()), ("claude-haiku-4-5", Some("20251001")));
        let model: VertexModel = "claude-opus-5-5".parse().unwrap();
        assert_eq!((model.name(), model.version()), ("claude-opus-5-5", None));
        "claude-sonnet-4-6@default".parse::<VertexModel>().unwrap();
        for bad in ["", "claude", "claude-", "claude-x@1", "claude-x-", "claude--x"] {
            bad.parse::<VertexModel>().unwrap_err();
        }
        assert!("gemini-2.5-pro".parse::<VertexModel>().unwrap_err().why.is_some());
    }

    #[test]
    fn an_id_of_another_place_is_answered_with_the_one_here() {
        for (text, wanted) in [
            ("publishers/anthropic/models/claude-opus-5-5", "claude-opus-5-5"),
            ("vertex_ai/claude-opus-5-5", "claude-opus-5-5"),
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5@20251001"),
            ("claude-haiku-4-5-20251001", "claude-haiku-4-5@20251001"),
            ("Claude-Opus-5.5", "claude-opus-5-5"),
            ("claude-opus-5-5[1m]", "claude-opus-5-5"),
        ] {
            let hint = text.parse::<VertexModel>().unwrap_err().hint;
            assert_eq!(hint, Some(format!("did you mean `{wanted}`?")), "{text}");
        }
    }
}
