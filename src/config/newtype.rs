//! What every checked text has: made from a string, shown, read from a file, described to editors.
//!
//! A value that passed its check once is right for good, so no later code checks again. The check
//! is a plain function and not the pattern of the schema: a person needs to hear what is wrong,
//! and an editor only that something is.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::de::{Deserializer, Error, Expected, Unexpected, Visitor};

/// Why a text is not what it should be. Says «must be ...», so that it reads after the key's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    pub(super) must: &'static str,
    pub(super) why: Option<String>,
    pub(super) hint: Option<String>,
}

/// Divides the parts of an [`Invalid`] on its way through serde, which carries only one text.
pub(super) const DIVIDER: char = '\u{1f}';

impl Invalid {
    pub(super) fn new(must: &'static str) -> Self {
        Self { must, why: None, hint: None }
    }

    pub(super) fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn did_you_mean(self, other: &str) -> Self {
        self.hint(format!("did you mean `{other}`?"))
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (why, hint) = (self.why.as_deref(), self.hint.as_deref());
        if f.alternate() {
            let (why, hint) = (why.unwrap_or_default(), hint.unwrap_or_default());
            return write!(f, "{}{DIVIDER}{why}{DIVIDER}{hint}", self.must);
        }
        write!(f, "must be {}", self.must)?;
        [why, hint].into_iter().flatten().try_for_each(|part| write!(f, "; {part}"))
    }
}

impl std::error::Error for Invalid {}

impl Expected for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

/// A text with a check.
pub(super) trait Checked: FromStr<Err = Invalid> {
    /// What it must be, as in «must be {MUST}».
    const MUST: &'static str;
}

/// Reads a checked text.
pub(super) fn deserialize<'de, T: Checked, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    from.deserialize_str(Text(PhantomData))
}

pub(super) struct Text<T>(pub(super) PhantomData<T>);

impl<T: Checked> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::MUST)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(|invalid| E::invalid_value(Unexpected::Str(text), &invalid))
    }
}

/// Declares a checked text: its documentation, name, what it must be, its check and its pattern.
macro_rules! newtype {
    ($(#[$meta:meta])* $name:ident, must: $must:expr, check: $check:expr, pattern: $pattern:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl $crate::config::newtype::Checked for $name {
            const MUST: &'static str = $must;
        }

        impl std::str::FromStr for $name {
            type Err = $crate::config::newtype::Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> Result<(), Self::Err> = $check;
                check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        $crate::config::newtype::readable!($name, $pattern);
    };
}

/// Lets a checked text be read from a file and described to editors.
macro_rules! readable {
    ($name:ident, $pattern:expr) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::config::newtype::deserialize(from)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

pub(super) use {newtype, readable};

/// Whether `text` has from `least` to `most` bytes, all of which `allowed` accepts.
pub(super) fn consists(text: &str, least: usize, most: usize, allowed: fn(u8) -> bool) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_text_says_all_after_a_flag_and_its_parts_to_the_decoder() {
        let invalid = Invalid::new("a colour").why("it is a number").did_you_mean("red");
        assert_eq!(invalid.to_string(), "must be a colour; it is a number; did you mean `red`?");
        assert_eq!(format!("{invalid:#}"), "a colour\u{1f}it is a number\u{1f}did you mean `red`?");
    }
}
