//! Lines and columns, and how the place of a value is found.
//!
//! The parser tells a place only with an error. So, when there is something to say about a value,
//! the text is read again by a walker that follows the path to it and fails there on purpose. That
//! costs a second reading, but only when there is something to say, and needs no second parser.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::path::{Path, Step};

/// A line and a column of a file, both from 1; columns are characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as messages name it.
    pub path: String,
    pub line: usize,
    pub column: usize,
}

impl Place {
    /// The place of what follows `before` in a file.
    pub(super) fn after(label: &str, before: &str) -> Self {
        let line = before.matches('\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        Self { path: label.to_owned(), line, column: last.chars().count() + 1 }
    }

    pub(super) fn at(label: &str, location: &serde_yaml::Location) -> Self {
        Self { path: label.to_owned(), line: location.line(), column: location.column() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// Whether the key or what it holds is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Key,
    Value,
}

/// Where `path` is in `text`. What is not written there, but merged in or left out, is where the
/// nearest key around it is; `None` if that is the whole file.
pub(super) fn locate(text: &str, label: &str, path: &Path, part: Part) -> Option<Place> {
    let (mut path, mut part) = (path.clone(), part);
    while !path.is_top() {
        let walk = Walk { steps: path.steps(), part };
        if let Err(error) = walk.deserialize(serde_yaml::Deserializer::from_str(text)) {
            return error.location().map(|location| Place::at(label, &location));
        }
        path = path.parent()?;
        part = Part::Key;
    }
    None
}

/// Where `path` itself is in `text`; `None` if it is not written there.
pub(super) fn locate_exactly(text: &str, path: &Path, part: Part) -> Option<Place> {
    let walk = Walk { steps: path.steps(), part };
    let arrived = walk.deserialize(serde_yaml::Deserializer::from_str(text)).err()?;
    arrived.location().map(|location| Place::at("", &location))
}

/// Follows the steps, and fails where they end. Comes back whole if they lead nowhere.
#[derive(Clone, Copy)]
struct Walk<'a> {
    steps: &'a [Step],
    part: Part,
}

/// What the walker says where it arrives. Nobody reads it.
const ARRIVED: &str = "here it is";

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl Walk<'_> {
    fn scalar<E: Error>(self) -> Result<(), E> {
        if self.steps.is_empty() { Err(E::custom(ARRIVED)) } else { Ok(()) }
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<(), E> {
        self.scalar()
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.scalar()
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.scalar()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.steps.split_first() else {
            return Err(A::Error::custom(ARRIVED));
        };
        let mut index = 0;
        loop {
            let found = if *step == Step::Index(index) {
                list.next_element_seed(Walk { steps: rest, part: self.part })?.is_some()
            } else {
                list.next_element::<IgnoredAny>()?.is_some()
            };
            if !found {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.steps.split_first() else {
            return Err(A::Error::custom(ARRIVED));
        };
        let fail = rest.is_empty() && self.part == Part::Key;
        while let Some(found) = map.next_key_seed(Key { step, fail })? {
            if found {
                map.next_value_seed(Walk { steps: rest, part: self.part })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Tells whether a key is the one of the step, or fails at it.
struct Key<'a> {
    step: &'a Step,
    fail: bool,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        let found = matches!(self.step, Step::Key(wanted) if wanted == key);
        if found && self.fail { Err(E::custom(ARRIVED)) } else { Ok(found) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# head\ntenant: a\nbedrock:\n  région: x\n  vpc: {ids: [one, \n   two], \"k\": 3}\n  \
                        list:\n    - a: 1\n    - b: 2\nbase: &base\n  deep: 1\nuse:\n  <<: *base\n";

    fn at(path: &Path, part: Part) -> Option<(usize, usize)> {
        locate(TEXT, "c", path, part).map(|place| (place.line, place.column))
    }

    #[test]
    fn a_key_and_its_value_have_each_their_place() {
        assert_eq!(at(&Path::of("tenant"), Part::Key), Some((2, 1)));
        assert_eq!(at(&Path::of("tenant"), Part::Value), Some((2, 9)));
        assert_eq!(at(&Path::of("bedrock.région"), Part::Value), Some((4, 11)));
        assert_eq!(at(&Path::of("bedrock.vpc.k"), Part::Value), Some((6, 15)));
        assert_eq!(at(&Path::of("bedrock.vpc.k"), Part::Key), Some((6, 10)));
    }

    #[test]
    fn an_item_of_a_list_has_a_place() {
        assert_eq!(at(&Path::of("bedrock.vpc.ids").index(1), Part::Value), Some((6, 4)));
        assert_eq!(at(&Path::of("bedrock.list").index(1).key("b"), Part::Value), Some((9, 10)));
        assert_eq!(at(&Path::of("bedrock.list").index(1), Part::Value), Some((9, 7)));
    }

    #[test]
    fn what_is_not_written_is_where_the_key_around_it_is() {
        assert_eq!(at(&Path::of("use.deep"), Part::Value), Some((12, 1)));
        assert_eq!(at(&Path::of("bedrock.vpc.none.deeper"), Part::Value), Some((5, 3)));
        assert_eq!(at(&Path::of("none"), Part::Value), None);
    }
}
