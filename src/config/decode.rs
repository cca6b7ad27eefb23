//! From values to types, with every mistake and not only the first.
//!
//! serde ends at the first error. So a value that does not fit is noted, left out, and the decoding
//! starts again without it, until it succeeds. Every field has a default or is an option, so that
//! leaving one out is not itself a mistake.

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess,
    Unexpected, Visitor, value::StrDeserializer,
};

use super::{
    path::{Path, Skip, Step},
    problem::{Problem, What},
    tree::Tree,
};

/// After so many mistakes nobody reads on.
const MOST_PROBLEMS: usize = 500;

/// Decodes `tree` without what is in `skip`, to which everything is added that does not fit.
pub(super) fn decode<T: DeserializeOwned + Default>(
    tree: &Tree,
    skip: &mut Skip,
    problems: &mut Vec<Problem>,
) -> T {
    loop {
        let problem = match T::deserialize(Node { tree, skip: Some(skip) }) {
            Ok(value) => return value,
            Err(problem) => problem,
        };
        let path = problem.path();
        // What is missing only because it was noted and left out is not a second mistake.
        let follows = match *problem.what {
            What::MissingKey { key } => skip.touches(&path.clone().key(key)),
            _ => false,
        };
        skip.add(&path);
        if !follows {
            problems.push(problem);
        }
        if path.is_top() || problems.len() >= MOST_PROBLEMS {
            return T::default();
        }
    }
}

/// A value on its way to a type.
#[derive(Clone, Copy)]
struct Node<'a> {
    tree: &'a Tree,
    skip: Option<&'a Skip>,
}

impl<'a> Node<'a> {
    /// A value in this one. `None` if it is to be passed over or says nothing.
    fn within(self, step: &Step, tree: &'a Tree) -> Option<Self> {
        let skip = self.skip.and_then(|skip| skip.within(step));
        if skip.is_some_and(Skip::is_whole) || *tree == Tree::Null {
            return None;
        }
        Some(Self { tree, skip })
    }

    fn unexpected(self) -> Unexpected<'a> {
        match self.tree {
            Tree::Null => Unexpected::Unit,
            Tree::Bool(value) => Unexpected::Bool(*value),
            Tree::Unsigned(value) => Unexpected::Unsigned(*value),
            Tree::Signed(value) => Unexpected::Signed(*value),
            Tree::Float(value) => Unexpected::Float(*value),
            Tree::Text(text) => Unexpected::Str(text),
            Tree::List(_) => Unexpected::Seq,
            Tree::Map(_) => Unexpected::Map,
        }
    }

    fn wrong<'de, V: Visitor<'de>>(self, visitor: &V) -> Problem {
        Problem::invalid_type(self.unexpected(), visitor)
    }

    /// A whole number, which may be written as text: so `${NAME}` can fill in a number.
    fn whole<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.tree {
            Tree::Unsigned(value) => visitor.visit_u64(*value),
            Tree::Signed(value) => visitor.visit_i64(*value),
            Tree::Text(text) => match (text.parse(), text.parse()) {
                (Ok(value), _) => visitor.visit_u64(value),
                (_, Ok(value)) => visitor.visit_i64(value),
                _ => Err(self.wrong(&visitor)),
            },
            _ => Err(self.wrong(&visitor)),
        }
    }
}

macro_rules! whole {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            self.whole(visitor)
        })*
    };
}

macro_rules! number {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            match self.tree {
                Tree::Float(value) => visitor.visit_f64(*value),
                Tree::Text(text) => match text.parse::<f64>() {
                    Ok(value) => visitor.visit_f64(value),
                    Err(_) => Err(self.wrong(&visitor)),
                },
                _ => self.whole(visitor),
            }
        })*
    };
}

macro_rules! text {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            match self.tree {
                Tree::Text(text) => visitor.visit_str(text),
                _ => Err(self.wrong(&visitor)),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = Problem;

    whole! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    number! { deserialize_f32 deserialize_f64 }

    text! {
        deserialize_char deserialize_str deserialize_string deserialize_identifier
        deserialize_bytes deserialize_byte_buf
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.tree {
            Tree::Null => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Unsigned(value) => visitor.visit_u64(*value),
            Tree::Signed(value) => visitor.visit_i64(*value),
            Tree::Float(value) => visitor.visit_f64(*value),
            Tree::Text(text) => visitor.visit_str(text),
            Tree::List(_) => self.deserialize_seq(visitor),
            Tree::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.tree {
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Text(text) if text == "true" => visitor.visit_bool(true),
            Tree::Text(text) if text == "false" => visitor.visit_bool(false),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.tree {
            Tree::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.tree {
            Tree::List(items) => visitor.visit_seq(List { node: self, items, next: 0 }),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.tree {
            Tree::Map(entries) => visitor.visit_map(Map::new(self, entries, None)),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.tree {
            Tree::Map(entries) => visitor.visit_map(Map::new(self, entries, Some(known))),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.tree {
            Tree::Text(text) => visitor.visit_enum(StrDeserializer::new(text)),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_unit()
    }
}

/// The items of a list that are not passed over.
struct List<'de> {
    node: Node<'de>,
    items: &'de [Tree],
    next: usize,
}

impl<'de> SeqAccess<'de> for List<'de> {
    type Error = Problem;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Problem> {
        while let Some(item) = self.items.get(self.next) {
            let step = Step::Index(self.next);
            self.next += 1;
            if let Some(node) = self.node.within(&step, item) {
                return seed.deserialize(node).map(Some).map_err(|problem| problem.within(step));
            }
        }
        Ok(None)
    }
}

/// The entries of a mapping that are not passed over.
struct Map<'de> {
    node: Node<'de>,
    entries: &'de [(String, Tree)],
    /// All keys there may be, if they are fixed.
    known: Option<&'static [&'static str]>,
    value: Option<(&'de str, Node<'de>)>,
}

impl<'de> Map<'de> {
    fn new(
        node: Node<'de>,
        entries: &'de [(String, Tree)],
        known: Option<&'static [&'static str]>,
    ) -> Self {
        Self { node, entries, known, value: None }
    }
}

impl<'de> MapAccess<'de> for Map<'de> {
    type Error = Problem;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Problem> {
        while let Some(((key, tree), rest)) = self.entries.split_first() {
            self.entries = rest;
            let step = Step::Key(key.clone());
            // A key that holds nothing is passed over below, but not if there is no such key.
            if let Some(known) = self.known
                && *tree == Tree::Null
                && !known.contains(&key.as_str())
                && !self.node.skip.and_then(|skip| skip.within(&step)).is_some_and(Skip::is_whole)
            {
                return Err(Problem::unknown_field(key, known));
            }
            if let Some(node) = self.node.within(&step, tree) {
                self.value = Some((key, node));
                // An unknown key names itself in its problem.
                return seed.deserialize(StrDeserializer::new(key)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Problem> {
        let Some((key, node)) = self.value.take() else {
            return Err(de::Error::custom("a value was asked for before its key"));
        };
        seed.deserialize(node).map_err(|problem| problem.within(Step::Key(key.to_owned())))
    }
}

/// Notes a problem of several values, unless one that it is about was noted before.
pub(super) fn note(skip: &Skip, problems: &mut Vec<Problem>, path: &Path, what: What) {
    if !skip.touches(path) {
        problems.push(Problem::new(path, what));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::config::tree::build;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Outer {
        count: u32,
        share: f64,
        on: bool,
        names: Vec<String>,
        inner: Vec<Inner>,
        tags: BTreeMap<String, String>,
        option: Option<u32>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        id: u32,
    }

    fn decoded(text: &str) -> (Outer, Vec<String>) {
        let (mut skip, mut problems) = (Skip::default(), Vec::new());
        let value = decode(&build(text).unwrap(), &mut skip, &mut problems);
        let said = problems.iter().map(|problem| format!("{}: {problem}", problem.path()));
        (value, said.collect())
    }

    #[test]
    fn every_mistake_is_told_and_the_rest_is_kept() {
        let (value, said) = decoded(
            "count: many\nwhat:\nnames: [a, [b], c, 4]\ninner: [{id: x}, {id: 2}, {}]\n\
             tags: {a: b, c: 1}\non: maybe\nshare: 1.5\n",
        );
        assert_eq!(
            said,
            [
                "count: must be u32, found the text \"many\"",
                "what: unknown key",
                "names[1]: must be text, found a list",
                "names[3]: must be text, found the number 4",
                "inner[0].id: must be u32, found the text \"x\"",
                "inner[2]: `id` is missing",
                "tags.c: must be text, found the number 1",
                "on: must be `true` or `false`, found the text \"maybe\"",
            ]
        );
        assert_eq!(value.names, ["a", "c"]);
        assert_eq!(value.inner, [Inner { id: 2 }]);
        assert!((value.share - 1.5).abs() < f64::EPSILON);
    }

    #[test]
    fn nothing_is_as_if_left_out_and_numbers_may_be_text() {
        let (value, said) = decoded(
            "count: '5'\nshare: '2'\non: 'true'\nnames: [~, a]\ntags: {a: ~}\noption: null\ninner:\n",
        );
        assert_eq!(said, [""; 0]);
        let names = vec!["a".to_owned()];
        assert_eq!(value, Outer { count: 5, share: 2.0, on: true, names, ..Outer::default() });
    }

    #[test]
    fn what_is_no_mapping_at_all_is_one_mistake() {
        assert_eq!(decoded("- a").1, [": must be a mapping, found a list"]);
    }

    #[test]
    fn mistakes_without_end_end() {
        let lines: Vec<String> = (0..2000).map(|number| format!("k{number}: x\n")).collect();
        let text = lines.concat();
        assert_eq!(decoded(&text).1.len(), MOST_PROBLEMS);
    }
}
