//! What makes a type the shape of a file: its name, its checks, what to tell of it.
//!
//! There is a file for each cloud, and one way to read them all. What is its own of each is here,
//! as one trait.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{
    Config, VertexConfig, check,
    decode::note,
    gateway::{self, ClientConfig, GatewayConfig},
    path::{Path, Skip},
    problem::{Problem, What},
    rewrite::{self, Edits},
    tree::{self, Tree},
    vertex, warning,
};

/// The shape of a configuration. Every key has a default or is an option.
pub trait Shape: DeserializeOwned + JsonSchema + Default + PartialEq {
    /// What the file is called.
    const FILE_NAME: &'static str;
    /// A file that says nothing yet, with every key explained.
    const TEMPLATE: &'static str;

    /// Notes what no value can tell alone: whether the values fit each other.
    fn check(&self, notes: &mut Notes<'_>);

    /// Tells what is not wrong, but not what the person who wrote it may think.
    fn warn(&self, told: &mut Told<'_>);

    /// Adds the keys that `init` asks about, where `self` and `wished` differ.
    fn edits(&self, wished: &Self, edits: &mut Edits);
}

impl Shape for Config {
    const FILE_NAME: &'static str = "claude-config.yaml";
    const TEMPLATE: &'static str = include_str!("../../templates/claude-config.yaml");

    fn check(&self, notes: &mut Notes<'_>) {
        check::check(self, notes.skip, notes.problems);
    }

    fn warn(&self, told: &mut Told<'_>) {
        warning::warnings(self, told);
    }

    fn edits(&self, wished: &Self, edits: &mut Edits) {
        rewrite::edits(self, wished, edits);
    }
}

impl Shape for VertexConfig {
    const FILE_NAME: &'static str = "vertex-config.yaml";
    const TEMPLATE: &'static str = include_str!("../../templates/vertex-config.yaml");

    fn check(&self, notes: &mut Notes<'_>) {
        vertex::check(self, notes);
    }

    fn warn(&self, told: &mut Told<'_>) {
        vertex::warn(self, told);
    }

    fn edits(&self, wished: &Self, edits: &mut Edits) {
        vertex::edits(self, wished, edits);
    }
}

impl Shape for GatewayConfig {
    const FILE_NAME: &'static str = "gateway.yaml";
    const TEMPLATE: &'static str = "";

    fn check(&self, notes: &mut Notes<'_>) {
        gateway::check(self, notes);
    }

    fn warn(&self, told: &mut Told<'_>) {
        gateway::warn(self, told);
    }

    /// It is written by hand: nothing asks for it.
    fn edits(&self, _: &Self, _: &mut Edits) {}
}

impl Shape for ClientConfig {
    const FILE_NAME: &'static str = GatewayConfig::FILE_NAME;
    const TEMPLATE: &'static str = "";

    fn check(&self, notes: &mut Notes<'_>) {
        gateway::check_client(self, notes);
    }

    fn warn(&self, told: &mut Told<'_>) {
        gateway::warn_client(&self.claude_code, told);
    }

    /// It is written by hand: nothing asks for it.
    fn edits(&self, _: &Self, _: &mut Edits) {}
}

/// Takes what does not fit. What was wrong in itself is not complained about again.
#[derive(Debug)]
pub struct Notes<'a> {
    pub(super) skip: &'a Skip,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl Notes<'_> {
    pub(super) fn note(&mut self, path: &Path, message: impl Into<String>, hint: &str) {
        let what = What::said(message);
        let what = if hint.is_empty() { what } else { what.hint(hint) };
        note(self.skip, self.problems, path, what);
    }

    /// Whether a value was wrong in itself, so that what is there is not what was written.
    pub(super) fn passed_over(&self, path: &Path) -> bool {
        self.skip.touches(path)
    }

    /// Notes what is twice in a list.
    pub(super) fn twice<T: AsRef<str>>(&mut self, key: &str, items: &[T]) {
        let list = Path::of(key);
        let mut seen = HashSet::new();
        for (index, item) in items.iter().map(AsRef::as_ref).enumerate() {
            if !seen.insert(item) {
                // With an item left out, the indexes are not the file's.
                let whole = self.passed_over(&list);
                let path = if whole { list.clone() } else { list.clone().index(index) };
                self.note(&path, format!("`{key}` names `{item}` twice"), "");
            }
        }
    }
}

/// Takes what is worth a warning, and knows what is really written in the file.
#[derive(Debug)]
pub struct Told<'a> {
    pub(super) tree: &'a Tree,
    pub(super) all: Vec<(Path, String, Option<String>)>,
}

impl Told<'_> {
    pub(super) fn tell(&mut self, key: &str, message: impl Into<String>, hint: &str) {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        self.all.push((Path::of(key), message.into(), hint));
    }

    /// What is written at a key.
    pub(super) fn written(&self, key: &str) -> Option<&Tree> {
        let steps: Vec<&str> = key.split('.').collect();
        self.tree.get(&steps)
    }
}

/// What a file is for: a cloud, or the gateway before the clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    Aws,
    Gcp,
    Gateway,
}

/// What a file is for, by its name or else by its keys. `None` if it tells neither way, also
/// because there is no such file.
pub fn cloud_of(path: &std::path::Path) -> Option<Cloud> {
    let is = |name: &str| path.file_name().is_some_and(|own| own == name);
    match () {
        () if is(Config::FILE_NAME) => return Some(Cloud::Aws),
        () if is(VertexConfig::FILE_NAME) => return Some(Cloud::Gcp),
        () if is(GatewayConfig::FILE_NAME) => return Some(Cloud::Gateway),
        () => {}
    }
    let text = super::source::read(path, "").ok()?;
    let tree = tree::build(&text).ok()?;
    let gateway = tree.get(&["upstreams"]).or(tree.get(&["client"]));
    match (tree.get(&["bedrock"]), tree.get(&["vertex_ai"]), gateway) {
        (Some(_), None, None) => Some(Cloud::Aws),
        (None, Some(_), None) => Some(Cloud::Gcp),
        (None, None, Some(_)) => Some(Cloud::Gateway),
        _ => None,
    }
}

/// Of these kinds those whose files are nearest to a folder: of two folders the nearer one is meant,
/// of two files in one folder both are.
pub fn nearest(folder: &std::path::Path, kinds: &[Cloud]) -> Vec<Cloud> {
    let name = |cloud: Cloud| match cloud {
        Cloud::Aws => Config::FILE_NAME,
        Cloud::Gcp => VertexConfig::FILE_NAME,
        Cloud::Gateway => GatewayConfig::FILE_NAME,
    };
    let depth = |path: &std::path::Path| folder.join(path).components().count();
    let found: Vec<_> = kinds
        .iter()
        .filter_map(|cloud| Some((depth(&super::find(folder, name(*cloud))?), *cloud)))
        .collect();
    let deepest = found.iter().map(|(depth, _)| *depth).max();
    found.into_iter().filter(|(depth, _)| Some(*depth) == deepest).map(|(_, cloud)| cloud).collect()
}
