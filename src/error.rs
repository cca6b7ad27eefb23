//! The one error type: what could not be done, why, and what to do about it.
//!
//! A message says what was being done, never why; the why is the source. So a chain prints each
//! thing once. Only `ui` prints it.

use std::{error::Error as StdError, fmt};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Decides the exit code and what the engine does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file, a flag or a value that a person has to correct.
    Config,
    /// The cloud refuses this identity. Never the same as «not there».
    Denied,
    /// What is there is not ours, or cannot become what is wanted.
    Conflict,
    /// The object is there already: someone else's, or ours with the answer lost.
    Exists,
    /// An output of another resource is not known yet. Never shown to a user.
    NotYet,
    /// The user asked to stop.
    Interrupted,
    /// The cloud, or the way to it, failed.
    Cloud,
    /// A mistake in this program.
    Internal,
}

/// What could not be done. `Display` gives the message alone; see [`Error::hints`] and `source`.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    hints: Vec<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), source: None }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Adds what to do, as a command or a line of configuration where there is one.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds why, in the cloud's own words and code.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The same failure, said as part of a larger one: keeps the kind and the hints.
    #[must_use]
    pub fn while_doing(mut self, doing: impl Into<String>) -> Self {
        let (kind, hints) = (self.kind, std::mem::take(&mut self.hints));
        Self { kind, message: doing.into(), hints, source: Some(Box::new(self)) }
    }

    /// The messages of the sources, outermost first, each once.
    pub fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if causes.last() != Some(&text) {
                causes.push(text);
            }
            next = cause.source();
        }
        causes
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_says_each_thing_once_and_keeps_hints() {
        let error = Error::new(Kind::Denied, "AccessDenied: no")
            .hint("ask the owner")
            .while_doing("could not create `aws.iam.role/x`");
        assert_eq!(error.to_string(), "could not create `aws.iam.role/x`");
        assert_eq!(error.causes(), ["AccessDenied: no"]);
        assert_eq!(error.hints(), ["ask the owner"]);
        assert_eq!(error.kind(), Kind::Denied);
    }
}
