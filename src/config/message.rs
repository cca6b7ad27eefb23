//! From a problem to the error that a person reads: its place, its words, what to do.

use serde_json::Value;

use super::{
    path::{Path, Step},
    place::{Part, Place, locate},
    problem::{Found, Problem, What},
    quote::quote,
};
use crate::error::{Error, Kind};

/// What an error needs to know besides its problem.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) label: &'a str,
    /// The values that were filled in, and from what.
    pub(super) filled: &'a [(Path, String)],
    /// What there can be at all.
    pub(super) schema: fn() -> Value,
}

/// An error is long enough to be read only so often.
const MOST_SHOWN: usize = 100;

impl Reader<'_> {
    /// The errors, in the order of the file.
    pub(super) fn errors(&self, problems: &[Problem]) -> Vec<Error> {
        let shown = problems.iter().take(MOST_SHOWN);
        let mut errors: Vec<(Option<Place>, Error)> =
            shown.map(|problem| self.error(problem)).collect();
        errors.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut errors: Vec<Error> = errors.into_iter().map(|(_, error)| error).collect();
        if let Some(more) = problems.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
            let message = format!("{}: {more} or more further mistakes are not shown", self.label);
            errors.push(Error::new(Kind::Config, message));
        }
        errors
    }

    pub(super) fn place(&self, path: &Path, part: Part) -> Option<Place> {
        locate(self.text, self.label, path, part)
    }

    fn error(&self, problem: &Problem) -> (Option<Place>, Error) {
        let path = problem.path();
        let part = match *problem.what {
            What::UnknownKey { .. } => Part::Key,
            _ => Part::Value,
        };
        let (message, hint) = self.words(&path, &problem.what);
        let place = self.place(&path, part);
        let message = match &place {
            Some(place) => format!("{place}: {message}"),
            None => format!("{}: {message}", self.label),
        };
        let error = Error::new(Kind::Config, message);
        let error = match hint {
            Some(hint) => error.hint(hint),
            None => error,
        };
        (place, error)
    }

    fn words(&self, path: &Path, what: &What) -> (String, Option<String>) {
        let subject =
            if path.is_top() { "the configuration".to_owned() } else { format!("`{path}`") };
        match what {
            What::Said { message, hint } => (message.clone(), hint.clone()),
            What::MissingKey { key } => (format!("{subject} needs `{key}`"), None),
            What::UnknownKey { known } => {
                let key = match path.steps().last() {
                    Some(Step::Key(key)) => key.as_str(),
                    _ => "",
                };
                let message = match path.parent().filter(|parent| !parent.is_top()) {
                    Some(parent) => format!("unknown key `{}` in `{parent}`", quote(key)),
                    None => format!("unknown key `{}`", quote(key)),
                };
                (message, Some(known_key(key, known, self.schema)))
            }
            What::Wrong { must, found, why, hint } => {
                let filled = self.filled.iter().find(|(filled, _)| filled == path);
                if let Some((_, from)) = filled {
                    // It may be a secret in the wrong place, and a hint may repeat it.
                    return (format!("{subject} must be {must}, found what {from} holds"), None);
                }
                let shown = not_secret(path, found);
                let why = why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
                let hint = hint.clone().or_else(|| rewriting(must, found));
                (format!("{subject} must be {must}, found {shown}{why}"), hint)
            }
        }
    }
}

/// What was found, unless it may be a secret.
fn not_secret(path: &Path, found: &Found) -> String {
    let secret = [
        "proxy",
        "bedrock.monitoring.notify",
        "vertex_ai.monitoring.notify",
        "claude_code.telemetry.headers",
        "claude_code.environment",
    ]
    .iter()
    .any(|keys| path.starts_with(keys));
    // The credentials of a gateway's upstreams and callers, whatever these are called.
    let text = path.to_string();
    let secret = secret || text.ends_with(".api_key") || text.ends_with(".sha256");
    match found {
        Found::Text(text) if secret && !text.is_empty() => "a text that is not shown".into(),
        Found::Other(words) if secret && words.starts_with("the number") => "a number".into(),
        other => other.to_string(),
    }
}

/// How a value of the wrong type would be of the right one.
fn rewriting(must: &str, found: &Found) -> Option<String> {
    match found {
        Found::Other(words) if must != "a list" && !must.starts_with("a mapping") => {
            let plain = words.starts_with("the number") || words.starts_with('`');
            let textual = !must.contains("number") && !must.starts_with('`');
            (plain && textual)
                .then(|| "text that looks like a number or a truth needs quotes".into())
        }
        Found::Text(_) if must == "a list" => Some("put it in brackets: `[...]`".into()),
        _ => None,
    }
}

/// The key that was probably meant, or all that there are.
fn known_key(key: &str, known: &[&str], schema: fn() -> Value) -> String {
    let bare = |key: &str| key.to_lowercase().replace(['-', '_', ' '], "");
    // The distance is quadratic, and no key of ours is nearly as long.
    if key.len() <= 64 {
        let wanted = bare(key);
        let nearest = known
            .iter()
            .map(|known| (strsim::damerau_levenshtein(&bare(known), &wanted), known))
            .min_by_key(|(distance, _)| *distance);
        if let Some((distance, known)) = nearest
            && distance <= 1 + known.len() / 5
        {
            return format!("did you mean `{known}`?");
        }
    }
    let mut homes = Vec::new();
    homes_of(key, &schema(), "", &mut homes);
    match homes.as_slice() {
        [] => format!(
            "the keys here are {}",
            known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
        ),
        [home] if home.is_empty() => format!("`{key}` belongs at the top, without indentation"),
        [home, ..] => format!("`{key}` belongs in `{home}`"),
    }
}

/// The mappings that have `key`, by their path.
fn homes_of(key: &str, schema: &Value, path: &str, homes: &mut Vec<String>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    if properties.contains_key(key) {
        homes.push(path.to_owned());
    }
    for (name, property) in properties {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        homes_of(key, property, &path, homes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, schema};

    #[test]
    fn an_unknown_key_is_answered_with_the_one_that_was_meant() {
        let known = ["retention_days", "cloudwatch_log_group"];
        for near in ["retension_days", "retentionDays", "retention-days", "retention_day"] {
            assert_eq!(known_key(near, &known, schema::<Config>), "did you mean `retention_days`?");
        }
        assert_eq!(
            known_key("colour", &known, schema::<Config>),
            "the keys here are `retention_days`, `cloudwatch_log_group`"
        );
        assert_eq!(
            known_key("kms_key_id", &known, schema::<Config>),
            "`kms_key_id` belongs in `bedrock.encryption`"
        );
        assert_eq!(
            known_key("tags", &["x"], schema::<Config>),
            "`tags` belongs at the top, without indentation"
        );
    }
}
