//! Further variables, which only the writer of the file knows.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::Deserialize;

/// Further variables by name.
pub type FurtherEnvironment = BTreeMap<String, Hidden>;

/// A text that may be a secret. It does not print.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// The text. For a client or a variable, never for a message.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Hidden {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The variables that other keys of the file set or take back, by what their names begin with, and
/// which keys these are. The first that fits counts.
const SET_BY: &[(&str, &str)] =
    &[("CLAUDE_CODE_USE_", "the command: `groundwork env aws` or `groundwork env gcp`")];

/// What sets the variable of this name, if it is not the writer's to set.
pub fn set_by(name: &str) -> Option<&'static str> {
    SET_BY.iter().find(|(start, _)| name.starts_with(start)).map(|(_, by)| *by)
}

/// Whether the value of a variable of this name is as a rule a secret.
pub fn sounds_secret(name: &str) -> bool {
    ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSPHRASE", "HEADERS"]
        .iter()
        .any(|word| name.to_ascii_uppercase().split('_').any(|part| part == *word))
}
