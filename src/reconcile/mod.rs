//! The engine: brings a cloud to the state that a [`Graph`] describes. Knows no cloud.
//!
//! A run has two halves. [`look()`] observes everything at once, changes nothing, and decides what
//! each resource needs; that is the plan. [`apply()`] carries the plan out: forward to make, backward
//! to remove, each resource as soon as what it needs is there. A plan in which anything is wrong
//! (a refused look, an object that is not ours) is not carried out at all.

mod apply;
mod context;
mod diff;
mod event;
mod graph;
mod look;
mod node;
mod orphan;
mod phase;
mod report;
mod resource;
mod stop;
mod wait;
mod walk;

pub use apply::apply;
pub use context::{Context, Known};
pub use diff::{Change, later};
pub use event::Event;
pub use graph::{Graph, Wish};
pub use look::{Survey, look};
pub use orphan::Orphan;
pub use phase::Phase;
pub use report::{Action, Outcome, Report, Step};
pub use resource::{Deletion, Given, Observed, Owner, Ref, Resource, ResourceId};
pub use stop::{Stop, StopHandle};
pub use wait::Pace;

use std::collections::BTreeSet;

/// How a run is done.
pub struct Options {
    /// How many resources are worked on at the same time, at least 1.
    pub width: usize,
    /// Objects that bear our name but not our mark, and may be taken over, as users type them.
    pub adopt: BTreeSet<String>,
    /// Whether what holds data (log groups, buckets, keys) may be deleted.
    pub delete_data: bool,
    pub stop: Stop,
    /// How fast to ask again where a cloud needs time.
    pub pace: Pace,
}

/// Told of everything that happens, as it happens.
pub type Listener<'a> = &'a (dyn Fn(Event<'_>) + Sync);
