//! Where a value is in the configuration, as keys and list indexes, and sets of such places.

use std::{collections::BTreeMap, fmt};

use super::quote::quote;

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// The steps from the top to a value. Shown as `bedrock.vpc_config.subnet_ids[1]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

impl Path {
    /// From keys divided by dots. For paths written in the source, never for a user's own keys.
    pub(super) fn of(keys: &str) -> Self {
        Self(keys.split('.').map(|key| Step::Key(key.to_owned())).collect())
    }

    pub(super) fn from_steps(steps: Vec<Step>) -> Self {
        Self(steps)
    }

    pub(super) fn key(mut self, key: &str) -> Self {
        self.0.push(Step::Key(key.to_owned()));
        self
    }

    pub(super) fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path without its last step; `None` for the top.
    pub(super) fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_last()?;
        Some(Self(parent.to_vec()))
    }

    pub(super) fn is_top(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn starts_with(&self, keys: &str) -> bool {
        self.0.starts_with(Self::of(keys).steps())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if number == 0 => write!(f, "{}", quote(key))?,
                Step::Key(key) => write!(f, ".{}", quote(key))?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A set of values that are to be passed over, each with all that is in it.
#[derive(Debug, Default)]
pub(super) struct Skip {
    whole: bool,
    within: BTreeMap<Step, Skip>,
}

impl Skip {
    pub(super) fn add(&mut self, path: &Path) {
        let mut at = self;
        for step in path.steps() {
            at = at.within.entry(step.clone()).or_default();
        }
        at.whole = true;
    }

    /// What is to be passed over within `step`, if anything.
    pub(super) fn within(&self, step: &Step) -> Option<&Self> {
        self.within.get(step)
    }

    /// Whether this very value is to be passed over.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether `path`, something around it or something in it is passed over.
    pub(super) fn touches(&self, path: &Path) -> bool {
        let mut at = self;
        for step in path.steps() {
            if at.whole {
                return true;
            }
            let Some(within) = at.within.get(step) else { return false };
            at = within;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_as_it_is_written() {
        let path = Path::of("bedrock.vpc_config.subnet_ids").index(1);
        assert_eq!(path.to_string(), "bedrock.vpc_config.subnet_ids[1]");
        assert_eq!(Path::of("tags").key("a\u{1b}[31m").to_string(), "tags.a\\u{1b}[31m");
    }

    #[test]
    fn what_is_passed_over_touches_what_is_around_it_and_in_it() {
        let mut skip = Skip::default();
        skip.add(&Path::of("a.b"));
        for touched in ["a", "a.b", "a.b.c"] {
            assert!(skip.touches(&Path::of(touched)), "{touched}");
        }
        for free in ["b", "a.c"] {
            assert!(!skip.touches(&Path::of(free)), "{free}");
        }
    }
}
