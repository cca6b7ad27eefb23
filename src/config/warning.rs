//! What is not wrong, but not what the person who wrote it may think.

use std::fmt;

use super::{claude_code, place::Place, shape::Config, shaped::Told};

/// Something to know about a configuration that works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// `None` if it is about nothing that is written in the file.
    pub place: Option<Place>,
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// What there is to know about `config`.
pub(super) fn warnings(config: &Config, told: &mut Told<'_>) {
    claude_code::warn(&config.claude_code, &config.proxy, told);
    if config.bedrock.temperature.is_some() {
        let message = "`bedrock.temperature` has no effect: Claude Code has no such setting";
        told.tell("bedrock.temperature", message, "leave it out");
    }
}
