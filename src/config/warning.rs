//! What is not wrong, but not what the person who wrote it may think.

use std::fmt;

use super::{path::Path, place::Place, shape::Config, tree::Tree};

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

/// Keys that are read and checked, but from which nothing is made yet.
const UNUSED: [(&str, &str); 1] = [("proxy", "no proxy is used or passed on yet")];

/// What there is to know about `config`, which is read from `tree`.
pub(super) fn warnings(config: &Config, tree: &Tree) -> Vec<(Path, String, Option<String>)> {
    let mut all = Vec::new();
    for (key, message) in UNUSED {
        let steps: Vec<&str> = key.split('.').collect();
        if tree.get(&steps).is_some_and(Tree::says_something) {
            all.push((Path::of(key), format!("`{key}` is only checked: {message}"), None));
        }
    }
    if config.bedrock.temperature.is_some() {
        let message = "`bedrock.temperature` has no effect: Claude Code has no such setting";
        let hint = "leave it out";
        all.push((Path::of("bedrock.temperature"), message.to_owned(), Some(hint.to_owned())));
    }
    all
}
