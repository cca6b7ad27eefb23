//! The resources we want, in an order in which each comes after what it needs.

use std::{collections::BTreeSet, marker::PhantomData};

use serde::Serialize;
use serde_json::Value;

use super::{
    Given, Ref, Resource, ResourceId, Stop,
    context::{Outputs, Run},
    node::{GivenNode, Node},
};
use crate::error::{Error, Kind, Result};

pub(super) struct Entry<C> {
    pub id: ResourceId,
    pub needs: Vec<ResourceId>,
    pub present: bool,
    pub node: Box<dyn Node<C>>,
}

/// What is wanted of one resource; see [`Graph::wishes`].
#[derive(Serialize)]
pub struct Wish {
    pub id: String,
    pub needs: Vec<String>,
    pub present: bool,
    pub state: Value,
}

pub struct Graph<C> {
    pub(super) entries: Vec<Entry<C>>,
}

impl<C> Default for Graph<C> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<C> Graph<C> {
    /// Wants `resource` to exist.
    pub fn add<R: Resource<Cloud = C>>(&mut self, resource: R) -> Ref<R::Output> {
        self.add_if(true, resource)
    }

    /// Wants `resource` to exist if `present`, and to be gone if not. A feature that is switched
    /// off in the configuration stays in the graph, so that it is cleaned up.
    ///
    /// # Panics
    /// If the graph has a resource of that kind and name, or lacks one that it needs.
    pub fn add_if<R: Resource<Cloud = C>>(&mut self, present: bool, resource: R) -> Ref<R::Output> {
        let id = ResourceId::new(R::KIND, resource.name());
        self.push(Entry { id, needs: resource.needs(), present, node: Box::new(resource) })
    }

    /// Wants somebody else's object to be there and fit.
    ///
    /// # Panics
    /// As [`Graph::add_if`].
    pub fn require<G: Given<Cloud = C>>(&mut self, given: G) -> Ref<G::Output> {
        let id = ResourceId::new(G::KIND, given.name());
        let needs = given.needs();
        self.push(Entry { id, needs, present: true, node: Box::new(GivenNode(given)) })
    }

    fn push<T>(&mut self, entry: Entry<C>) -> Ref<T> {
        let id = entry.id.clone();
        assert!(self.entry(&id).is_none(), "{id} is in the graph twice");
        for need in &entry.needs {
            let other = self.entry(need);
            assert!(other.is_some(), "{id} needs {need}, which is not in the graph");
            let wanted = other.is_some_and(|other| other.present);
            assert!(wanted || !entry.present, "{id} needs {need}, which is not wanted");
        }
        self.entries.push(entry);
        Ref { id, output: PhantomData }
    }

    /// The same graph with nothing wanted: what `destroy` reconciles to.
    #[must_use]
    pub fn emptied(mut self) -> Self {
        for entry in &mut self.entries {
            entry.present = false;
        }
        self
    }

    /// The part of the graph that making the named resources takes: they and all that they need.
    pub fn only_with_needs(self, ids: &[String]) -> Result<Self> {
        self.only(ids, |entry, kept, kept_entries| {
            kept.contains(&entry.id) || kept_entries.iter().any(|e| e.needs.contains(&entry.id))
        })
    }

    /// The part of the graph that removing the named resources takes: they and all that need them.
    pub fn only_with_dependents(self, ids: &[String]) -> Result<Self> {
        self.only(ids, |entry, kept, _| {
            kept.contains(&entry.id) || entry.needs.iter().any(|need| kept.contains(need))
        })
    }

    fn only(
        self,
        ids: &[String],
        joins: impl Fn(&Entry<C>, &BTreeSet<ResourceId>, &[&Entry<C>]) -> bool,
    ) -> Result<Self> {
        self.check_ids(ids)?;
        let mut kept: BTreeSet<ResourceId> = self
            .entries
            .iter()
            .map(|entry| entry.id.clone())
            .filter(|id| ids.contains(&id.to_string()))
            .collect();
        loop {
            let kept_entries: Vec<_> =
                self.entries.iter().filter(|entry| kept.contains(&entry.id)).collect();
            let joined: BTreeSet<ResourceId> = self
                .entries
                .iter()
                .filter(|entry| joins(entry, &kept, &kept_entries))
                .map(|entry| entry.id.clone())
                .collect();
            if joined.len() == kept.len() {
                break;
            }
            kept.extend(joined);
        }
        let entries = self.entries.into_iter().filter(|entry| kept.contains(&entry.id)).collect();
        Ok(Self { entries })
    }

    /// Refuses ids that the graph does not have, naming those that it has.
    pub fn check_ids<'a>(&self, ids: impl IntoIterator<Item = &'a String>) -> Result<()> {
        for id in ids {
            if !self.entries.iter().any(|entry| entry.id.to_string() == *id) {
                let known: Vec<_> =
                    self.entries.iter().map(|entry| format!("`{}`", entry.id)).collect();
                return Err(Error::new(
                    Kind::Config,
                    format!("this configuration has no resource `{id}`"),
                )
                .hint(format!("it has {}", known.join(", "))));
            }
        }
        Ok(())
    }

    /// Every wish of the graph, with promises where a value is known only later. Pure.
    pub fn wishes(&self, cloud: &C) -> Result<Vec<Wish>> {
        let (outputs, (_, stop)) = (Outputs::default(), Stop::new());
        let pace = super::Pace::default();
        let (outputs, listener): (_, super::Listener<'_>) = (&outputs, &|_| {});
        let run = Run { cloud, outputs, stop: &stop, listener, pace, planning: true };
        self.entries
            .iter()
            .map(|entry| {
                Ok(Wish {
                    id: entry.id.to_string(),
                    needs: entry.needs.iter().map(ToString::to_string).collect(),
                    present: entry.present,
                    state: entry.node.want(&run.context(entry))?,
                })
            })
            .collect()
    }

    fn entry(&self, id: &ResourceId) -> Option<&Entry<C>> {
        self.entries.iter().find(|entry| entry.id == *id)
    }
}
