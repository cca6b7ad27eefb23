//! What we wrote into a user's settings, remembered in them.
//!
//! What has left the configuration since is found by it, and what the user has changed since is told
//! from what is ours. The client passes over a key that it does not know (facts 8).

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::change::ENV;

/// The key that holds a text for each value: where it is, and its fingerprint.
pub(super) const KEY: &str = "$groundwork";

/// Where a value is: the name of a variable, or a key at the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) variable: bool,
    pub(super) name: String,
}

impl Place {
    /// What is there.
    pub(super) fn of<'v>(&self, settings: &'v Value) -> Option<&'v Value> {
        let holder = if self.variable { settings.get(ENV)? } else { settings };
        holder.get(&self.name)
    }

    /// Sets in a patch what is to be there.
    pub(super) fn patch(&self, patch: &mut Value, value: Value) {
        let holder = if self.variable {
            patch.as_object_mut().map(|patch| {
                patch.entry(ENV).or_insert_with(|| Value::Object(serde_json::Map::new()))
            })
        } else {
            Some(patch)
        };
        if let Some(holder) = holder.and_then(Value::as_object_mut) {
            holder.insert(self.name.clone(), value);
        }
    }
}

/// All the places of settings that have a value.
pub(super) fn places(settings: &Value) -> Vec<Place> {
    let names = |value: Option<&Value>, variable| {
        let names = value.and_then(Value::as_object).into_iter().flatten();
        names.map(move |(name, _)| Place { variable, name: name.clone() }).collect::<Vec<_>>()
    };
    let mut all = names(settings.get(ENV), true);
    all.extend(names(Some(settings), false).into_iter().filter(|place| place.name != ENV));
    all
}

/// What is to be remembered of settings.
pub(super) fn of(settings: &Value) -> Value {
    let entry = |place: &Place| {
        let holder = if place.variable { "env." } else { "" };
        let value = place.of(settings)?;
        Some(Value::from(format!("{holder}{} {}", place.name, fingerprint(value))))
    };
    places(settings).iter().filter_map(entry).collect()
}

/// What a file remembers, and whether it is still as it was written.
pub(super) fn remembered(held: &Value) -> Vec<(Place, bool)> {
    let entries = held.get(KEY).and_then(Value::as_array).into_iter().flatten();
    let entry = |entry: &Value| {
        let (at, written) = entry.as_str()?.split_once(' ')?;
        let place = match at.strip_prefix("env.") {
            Some(name) => Place { variable: true, name: name.to_owned() },
            None => Place { variable: false, name: at.to_owned() },
        };
        let same = place.of(held).is_some_and(|value| fingerprint(value) == written);
        // Neither is ever written by us as a value.
        let ours = place.variable || ![ENV, KEY].contains(&place.name.as_str());
        ours.then_some((place, same))
    };
    entries.filter_map(entry).collect()
}

/// Enough to tell a value from another, in the file that has the value itself.
fn fingerprint(value: &Value) -> String {
    let digest = Sha256::digest(value.to_string().as_bytes());
    let mut text = String::new();
    for byte in digest.iter().take(4) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
