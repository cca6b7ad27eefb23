//! The models that are offered, and their targets.

use std::{collections::HashMap, sync::Arc};

use super::{
    beta::{Learned, LeftOut},
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
    /// What of betas and fields is not sent there, and not for counting.
    pub left_out: LeftOut,
    pub not_counted: LeftOut,
    pub experience: Arc<Experience>,
}

/// What a target was seen to do. It outlives a change of the configuration.
#[derive(Debug, Default)]
pub(super) struct Experience {
    pub health: Health,
    /// The betas that it takes, and those that it takes for counting.
    answering: Learned,
    counting: Learned,
}

/// The models by every name that a client may use.
#[derive(Debug, Default)]
pub(super) struct Models {
    all: Vec<Arc<Model>>,
    /// Their places.
    named: HashMap<String, usize>,
}

impl Models {
    /// `aliases` are further names of each.
    pub(super) fn new(models: impl IntoIterator<Item = (Model, Vec<String>)>) -> Self {
        let mut all = Self::default();
        for (model, aliases) in models {
            for name in aliases.into_iter().chain([model.name.clone()]) {
                all.named.insert(name, all.all.len());
            }
            all.all.push(Arc::new(model));
        }
        all
    }

    /// As a client calls it: by its own name, an alias, or any cloud's spelling of it.
    pub(super) fn find(&self, asked: &str) -> Option<&Arc<Model>> {
        let place = self.named.get(asked).or_else(|| self.named.get(family(asked)))?;
        self.all.get(*place)
    }

    /// Takes over what is known of the targets that are the same as before. Of models that somebody
    /// asks already there is nothing to take over.
    pub(super) fn remember(&mut self, before: &Self) {
        for model in self.all.iter_mut().filter_map(Arc::get_mut) {
            let old = before.all.iter().find(|old| old.name == model.name);
            let targets = old.map(|old| old.targets.as_slice()).unwrap_or_default();
            for target in &mut model.targets {
                if let Some(old) = targets.iter().find(|old| old.is_as(target)) {
                    target.experience = Arc::clone(&old.experience);
                }
            }
        }
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

    pub(super) fn iter(&self) -> impl Iterator<Item = &Model> {
        self.all.iter().map(AsRef::as_ref)
    }
}

impl Target {
    fn is_as(&self, other: &Self) -> bool {
        self.upstream.is_as(&other.upstream) && self.model == other.model
    }

    /// What is left out of a request, and what was learned of that.
    pub(super) fn betas(&self, counted: bool) -> (&LeftOut, &Learned) {
        if counted {
            (&self.not_counted, &self.experience.counting)
        } else {
            (&self.left_out, &self.experience.answering)
        }
    }
}

impl Model {
    /// The targets in the order in which they are tried.
    pub(super) fn in_order(&self) -> Vec<&Target> {
        let standings: Vec<Standing> =
            self.targets.iter().map(|target| target.experience.health.standing()).collect();
        let weights: Vec<u32> = self.targets.iter().map(|target| target.weight).collect();
        let sum: u32 = weights.iter().sum();
        let drawn = (self.weighted && sum > 0).then(|| fastrand::u32(..sum));
        let places = order(&standings, &weights, drawn);
        places.into_iter().filter_map(|place| self.targets.get(place)).collect()
    }
}
