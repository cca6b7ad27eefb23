//! The models that are offered, and their targets.

use std::{collections::HashMap, sync::Arc};

use super::{
    name::family,
    target::{Health, Standing, order},
    upstream::Upstream,
};

/// A model, and where it is called.
#[derive(Debug)]
pub(super) struct Model {
    pub name: String,
    pub targets: Vec<Target>,
    /// Whether targets are drawn by their weights.
    pub weighted: bool,
}

/// Where a model is called.
#[derive(Debug)]
pub(super) struct Target {
    pub upstream: Arc<Upstream>,
    /// What it is called there.
    pub model: String,
    pub weight: u32,
    pub health: Health,
}

/// The models by every name that a client may use.
#[derive(Debug, Default)]
pub(super) struct Models {
    all: Vec<Arc<Model>>,
    named: HashMap<String, Arc<Model>>,
}

impl Models {
    /// `aliases` are further names of each.
    pub(super) fn new(models: impl IntoIterator<Item = (Model, Vec<String>)>) -> Self {
        let mut all = Self::default();
        for (model, aliases) in models {
            let model = Arc::new(model);
            for name in aliases.into_iter().chain([model.name.clone()]) {
                all.named.insert(name, Arc::clone(&model));
            }
            all.all.push(model);
        }
        all
    }

    /// As a client calls it: by its own name, an alias, or any cloud's spelling of it.
    pub(super) fn find(&self, asked: &str) -> Option<&Arc<Model>> {
        self.named.get(asked).or_else(|| self.named.get(family(asked)))
    }

    /// The upstreams that some model is called at, each once.
    pub(super) fn upstreams(&self) -> Vec<&Arc<Upstream>> {
        let mut all: Vec<&Arc<Upstream>> = Vec::new();
        for target in self.all.iter().flat_map(|model| &model.targets) {
            if !all.iter().any(|upstream| upstream.name == target.upstream.name) {
                all.push(&target.upstream);
            }
        }
        all
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|model| model.name.as_str())
    }
}

impl Model {
    /// The targets in the order in which they are tried.
    pub(super) fn in_order(&self) -> Vec<&Target> {
        let standings: Vec<Standing> =
            self.targets.iter().map(|target| target.health.standing()).collect();
        let weights: Vec<u32> = self.targets.iter().map(|target| target.weight).collect();
        let sum: u32 = weights.iter().sum();
        let drawn = (self.weighted && sum > 0).then(|| fastrand::u32(..sum));
        let places = order(&standings, &weights, drawn);
        places.into_iter().filter_map(|place| self.targets.get(place)).collect()
    }
}
