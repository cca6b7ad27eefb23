//! Path templates of the discovery documents (`v1/{+name}:undelete` and the pattern of `name`), and
//! what a path says in them.

use std::collections::{BTreeMap, HashMap};

use percent_encoding::percent_decode_str;

use super::discovery::Parameter;

#[derive(Debug, PartialEq)]
enum Matches {
    Exactly(String),
    One,
    /// One or more; at most once in a route.
    Rest,
}

#[derive(Debug)]
struct Segment {
    matches: Matches,
    suffix: String,
}

#[derive(Debug)]
struct Variable {
    name: String,
    first: usize,
    last: usize,
}

#[derive(Debug, Default)]
pub struct Route {
    segments: Vec<Segment>,
    variables: Vec<Variable>,
}

impl Route {
    pub fn new(template: &str, parameters: &HashMap<String, Parameter>) -> Self {
        let mut route = Self::default();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            route.literal(before);
            let (name, after) = after.split_once('}').expect("a closed variable");
            let first = route.segments.len();
            if let Some(name) = name.strip_prefix('+') {
                route.pattern(parameters.get(name).map_or("", |parameter| &parameter.pattern));
            } else {
                route.push(Matches::One);
            }
            let name = name.trim_start_matches('+').to_owned();
            route.variables.push(Variable { name, first, last: route.segments.len() - 1 });
            rest = after;
        }
        route.literal(rest);
        route
    }

    fn push(&mut self, matches: Matches) {
        self.segments.push(Segment { matches, suffix: String::new() });
    }

    fn literal(&mut self, text: &str) {
        let mut text = text;
        if !text.starts_with('/')
            && let Some(last) = self.segments.last_mut()
        {
            let (suffix, rest) = text.split_once('/').unwrap_or((text, ""));
            suffix.clone_into(&mut last.suffix);
            text = rest;
        }
        for segment in text.split('/').filter(|segment| !segment.is_empty()) {
            self.push(Matches::Exactly(segment.to_owned()));
        }
    }

    fn pattern(&mut self, pattern: &str) {
        let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
        // Slashes within a class: the pattern of a value with any number of segments.
        let pattern = pattern.replace("[^/]+", "*");
        if pattern.is_empty() || pattern.contains("0-9/]") {
            return self.push(Matches::Rest);
        }
        for segment in pattern.split('/') {
            self.push(match segment {
                "*" => Matches::One,
                ".*" => Matches::Rest,
                other if other.contains(['(', '[']) => Matches::One,
                other => Matches::Exactly(other.to_owned()),
            });
        }
    }

    /// The parameters that `path` gives, if it is of this route.
    pub fn parameters(&self, path: &[&str]) -> Option<BTreeMap<String, String>> {
        let many = self.segments.iter().position(|segment| segment.matches == Matches::Rest);
        let spare = path.len().checked_sub(self.segments.len())?;
        if spare > 0 && many.is_none() {
            return None;
        }
        let mut values = Vec::with_capacity(self.segments.len());
        let mut at = 0;
        for (index, segment) in self.segments.iter().enumerate() {
            let width = if many == Some(index) { spare + 1 } else { 1 };
            let text = path[at..at + width].join("/");
            at += width;
            let last = index + 1 == self.segments.len();
            values.push(segment.value(&text, last)?);
        }
        let parameters = self.variables.iter().map(|variable| {
            (variable.name.clone(), values[variable.first..=variable.last].join("/"))
        });
        Some(parameters.collect())
    }

    /// Of two routes that match, the heavier one is meant.
    pub fn weight(&self) -> usize {
        let weight = |segment: &Segment| {
            usize::from(matches!(segment.matches, Matches::Exactly(_)))
                + usize::from(!segment.suffix.is_empty())
        };
        self.segments.iter().map(weight).sum()
    }
}

impl Segment {
    fn value(&self, text: &str, last: bool) -> Option<String> {
        let text = text.strip_suffix(self.suffix.as_str())?;
        // A custom verb is never part of a name.
        let exactly = matches!(self.matches, Matches::Exactly(_));
        let verb = last && self.suffix.is_empty() && !exactly && text.contains(':');
        if text.is_empty() || verb {
            return None;
        }
        let text = percent_decode_str(text).decode_utf8().ok()?.into_owned();
        match &self.matches {
            Matches::Exactly(wanted) if *wanted != text => None,
            _ => Some(text),
        }
    }
}
