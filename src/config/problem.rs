//! What is wrong with a value, kept in parts until it is known where the value is.
//!
//! It is also the error type of the decoder. serde hands an error outward through every mapping
//! and list around the value, and each adds its own step, so that the path is whole at the top.

use std::fmt;

use serde::de::{self, Unexpected};

use super::{
    newtype::DIVIDER,
    path::{Path, Step},
    quote::quote,
};

#[derive(Debug)]
pub(super) struct Problem {
    pub(super) what: Box<What>,
    /// Innermost first, while the problem travels outward.
    steps: Vec<Step>,
}

#[derive(Debug)]
pub(super) enum What {
    /// The last step of the path is a key that is not among these.
    UnknownKey { known: &'static [&'static str] },
    /// A key without which the value has no meaning is left out.
    MissingKey { key: &'static str },
    /// The value is not what it must be.
    Wrong { must: String, found: Found, why: Option<String>, hint: Option<String> },
    /// A whole sentence.
    Said { message: String, hint: Option<String> },
}

/// What was there instead.
#[derive(Debug)]
pub(super) enum Found {
    Text(String),
    Other(String),
}

impl Problem {
    pub(super) fn new(path: &Path, what: What) -> Self {
        Self { what: Box::new(what), steps: path.steps().iter().rev().cloned().collect() }
    }

    /// The same problem, seen from one step further out.
    pub(super) fn within(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub(super) fn path(&self) -> Path {
        Path::from_steps(self.steps.iter().rev().cloned().collect())
    }
}

impl What {
    pub(super) fn said(message: impl Into<String>) -> Self {
        Self::Said { message: message.into(), hint: None }
    }

    /// Adds what to do to a sentence.
    pub(super) fn hint(self, text: impl Into<String>) -> Self {
        match self {
            Self::Said { message, .. } => Self::Said { message, hint: Some(text.into()) },
            other => other,
        }
    }

    fn wrong(must: &str, unexpected: Unexpected<'_>) -> Self {
        let mut parts = must.split(DIVIDER);
        let must = plain(parts.next().unwrap_or_default());
        let mut next = || parts.next().filter(|part| !part.is_empty()).map(ToOwned::to_owned);
        let (why, hint) = (next(), next());
        Self::Wrong { must, found: Found::from(unexpected), why, hint }
    }
}

/// What serde calls a type, in a person's words. What is not serde's is in such words already.
fn plain(expected: &str) -> String {
    match expected {
        "a string" => "text".into(),
        "a boolean" => "`true` or `false`".into(),
        "a sequence" => "a list".into(),
        "a map" => "a mapping".into(),
        "path string" => "a path".into(),
        "f64" => "a number".into(),
        _ if expected.starts_with("struct ") => "a mapping".into(),
        _ => expected.into(),
    }
}

impl From<Unexpected<'_>> for Found {
    fn from(unexpected: Unexpected<'_>) -> Self {
        Self::Other(match unexpected {
            Unexpected::Str(text) => return Self::Text(text.to_owned()),
            Unexpected::Bool(value) => format!("`{value}`"),
            Unexpected::Unsigned(number) => format!("the number {number}"),
            Unexpected::Signed(number) => format!("the number {number}"),
            // With its `.0`, which is what is wrong with it where a whole number must be.
            Unexpected::Float(number) => format!("the number {number:?}"),
            Unexpected::Seq => "a list".into(),
            Unexpected::Map => "a mapping".into(),
            Unexpected::Unit => "nothing".into(),
            _ => "something else".into(),
        })
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) if text.is_empty() => f.write_str("an empty text"),
            Self::Text(text) => write!(f, "the text \"{}\"", quote(text)),
            Self::Other(words) => f.write_str(words),
        }
    }
}

/// For a caller that knows no path.
impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { .. } => f.write_str("unknown key"),
            Self::MissingKey { key } => write!(f, "`{key}` is missing"),
            Self::Wrong { must, found, .. } => write!(f, "must be {must}, found {found}"),
            Self::Said { message, .. } => f.write_str(message),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.fmt(f)
    }
}

impl std::error::Error for Problem {}

impl From<What> for Problem {
    fn from(what: What) -> Self {
        Self { what: Box::new(what), steps: Vec::new() }
    }
}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(message: T) -> Self {
        What::said(message.to_string()).into()
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        What::wrong(&expected.to_string(), unexpected).into()
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        What::wrong(&expected.to_string(), unexpected).into()
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self { what: Box::new(What::UnknownKey { known }), steps: vec![Step::Key(key.to_owned())] }
    }

    fn missing_field(key: &'static str) -> Self {
        What::MissingKey { key }.into()
    }
}

#[cfg(test)]
mod tests {
    use serde::de::Error as _;

    use super::*;

    #[test]
    fn a_problem_gathers_its_path_on_its_way_outward() {
        let problem = Problem::unknown_field("x", &["y"])
            .within(Step::Index(2))
            .within(Step::Key("list".into()));
        assert_eq!(problem.path().to_string(), "list[2].x");
    }

    #[test]
    fn what_was_found_is_said_in_words() {
        let of = |unexpected| Problem::invalid_type(unexpected, &"a string").to_string();
        assert_eq!(of(Unexpected::Unsigned(5)), "must be text, found the number 5");
        assert_eq!(of(Unexpected::Str("")), "must be text, found an empty text");
        assert_eq!(of(Unexpected::Str("a\u{1b}b")), "must be text, found the text \"a\\u{1b}b\"");
    }
}
