//! The values of a configuration before they have types, and how they are read from YAML.
//!
//! Own values instead of the library's, because a text of a kilobyte can, with aliases, stand for
//! more values than there is memory. Here each value is counted, so such a text ends as an error.

use std::{cell::RefCell, collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    List(Vec<Tree>),
    /// In the order of the file; no key twice.
    Map(Entries),
}

type Entries = Vec<(String, Tree)>;

impl Tree {
    /// The value at `keys`, as far as there is one.
    pub(super) fn get(&self, keys: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = keys.split_first() else { return Some(self) };
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(key, _)| key == first)?.1.get(rest)
    }
}

/// What YAML allows and a configuration does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    TooMuch,
    Tag(String),
    DuplicateKey(String),
    KeyNotText,
    Merge,
}

const MOST_VALUES: usize = 50_000;
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What may still be read, and what was wrong.
pub(super) struct Budget {
    values: usize,
    bytes: usize,
    fault: Option<Fault>,
}

/// Reads values until there is one too many or one that a configuration does not have.
#[derive(Clone, Copy)]
pub(super) struct Builder<'a>(&'a RefCell<Budget>);

/// Reads a text. The fault, if there is one, stands behind the error, which has the place.
pub(super) fn build(text: &str) -> Result<Tree, (serde_yaml::Error, Option<Fault>)> {
    let budget = RefCell::new(Budget { values: MOST_VALUES, bytes: MOST_BYTES, fault: None });
    let tree = Builder(&budget).deserialize(serde_yaml::Deserializer::from_str(text));
    tree.map_err(|error| (error, budget.into_inner().fault))
}

impl Builder<'_> {
    fn fail<E: Error>(self, fault: Fault) -> E {
        self.0.borrow_mut().fault = Some(fault);
        E::custom("a fault of ours")
    }

    fn count<E: Error>(self, bytes: usize) -> Result<(), E> {
        let mut budget = self.0.borrow_mut();
        let left = (budget.values.checked_sub(1), budget.bytes.checked_sub(bytes));
        let (Some(values), Some(bytes)) = left else {
            drop(budget);
            return Err(self.fail(Fault::TooMuch));
        };
        (budget.values, budget.bytes) = (values, bytes);
        Ok(())
    }

    fn counted<E: Error>(self, tree: Tree) -> Result<Tree, E> {
        self.count(0).map(|()| tree)
    }

    /// What `<<` holds and the mapping, which has `keys`, does not say itself.
    fn merge<E: Error>(self, keys: &mut HashSet<String>, merged: Tree) -> Result<Entries, E> {
        let maps = match merged {
            Tree::List(maps) => maps,
            one => vec![one],
        };
        let mut entries = Vec::new();
        for map in maps {
            let Tree::Map(more) = map else { return Err(self.fail(Fault::Merge)) };
            entries.extend(more.into_iter().filter(|(key, _)| keys.insert(key.clone())));
        }
        Ok(entries)
    }
}

impl<'de> DeserializeSeed<'de> for Builder<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Tree, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Builder<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Tree, E> {
        self.counted(Tree::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Tree, E> {
        self.counted(Tree::Unsigned(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Tree, E> {
        self.counted(Tree::Signed(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Tree, E> {
        self.counted(Tree::Float(value))
    }

    // No number of a configuration is this large; kept as text it is refused with its own words.
    fn visit_u128<E: Error>(self, value: u128) -> Result<Tree, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Tree, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Tree, E> {
        self.count(value.len()).map(|()| Tree::Text(value.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        self.counted(Tree::Null)
    }

    // A file without any value.
    fn visit_none<E: Error>(self) -> Result<Tree, E> {
        self.visit_unit()
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Tree, A::Error> {
        let (tag, _) = tagged.variant::<String>()?;
        Err(self.fail(Fault::Tag(tag)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        self.count(0)?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        self.count(0)?;
        let (mut entries, mut keys, mut merged) = (Vec::new(), HashSet::new(), None);
        while let Some(key) = map.next_key_seed(Key { builder: self, keys: &keys })? {
            let value = map.next_value_seed(self)?;
            if key == "<<" {
                merged = Some(value);
            } else {
                keys.insert(key.clone());
                entries.push((key, value));
            }
        }
        if let Some(merged) = merged {
            entries.extend(self.merge(&mut keys, merged)?);
        }
        Ok(Tree::Map(entries))
    }
}

/// Reads a key that is not among `keys`.
struct Key<'a, 'k> {
    builder: Builder<'a>,
    keys: &'k HashSet<String>,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<String, D::Error> {
        from.deserialize_any(self)
    }
}

impl Key<'_, '_> {
    fn not_text<E: Error>(&self) -> E {
        self.builder.fail(Fault::KeyNotText)
    }
}

impl<'de> Visitor<'de> for Key<'_, '_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<String, E> {
        if self.keys.contains(key) {
            return Err(self.builder.fail(Fault::DuplicateKey(key.to_owned())));
        }
        self.builder.count(key.len()).map(|()| key.to_owned())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<String, E> {
        Err(self.not_text())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<String, E> {
        Err(self.not_text())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<String, E> {
        Err(self.not_text())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<String, E> {
        Err(self.not_text())
    }

    fn visit_unit<E: Error>(self) -> Result<String, E> {
        Err(self.not_text())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<String, A::Error> {
        Err(self.not_text())
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<String, A::Error> {
        Err(self.not_text())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<String, A::Error> {
        let (tag, _) = tagged.variant::<String>()?;
        Err(self.builder.fail(Fault::Tag(tag)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_order_and_merged_ones_come_last() {
        let tree = build("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: three\n").unwrap();
        assert_eq!(tree.get(&["y", "a"]), Some(&Tree::Unsigned(1)));
        assert_eq!(tree.get(&["y", "b"]), Some(&Tree::Text("three".into())));
        assert_eq!(build("").unwrap(), Tree::Null);
    }

    #[test]
    fn what_a_configuration_does_not_have_is_a_fault() {
        for (text, fault) in [
            ("a: !x 1", Fault::Tag("x".into())),
            ("a: !x [1]", Fault::Tag("x".into())),
            ("a: 1\na: 2", Fault::DuplicateKey("a".into())),
            ("1: a", Fault::KeyNotText),
            ("? [a]\n: b", Fault::KeyNotText),
            ("<<: 1", Fault::Merge),
        ] {
            assert_eq!(build(text).unwrap_err().1, Some(fault), "{text}");
        }
    }

    #[test]
    fn aliases_cannot_stand_for_more_than_there_may_be() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let below = format!("*a{}, ", level - 1).repeat(9);
            text += format!("a{level}: &a{level} [{below}]\n").as_str();
        }
        assert_eq!(build(&text).unwrap_err().1, Some(Fault::TooMuch));
        let long = format!("a: &a {}\nb: [{}]", "x".repeat(100_000), "*a, ".repeat(1000));
        assert_eq!(build(&long).unwrap_err().1, Some(Fault::TooMuch));
    }
}
