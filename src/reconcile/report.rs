//! What a run did, resource by resource.

use std::time::Duration;

use serde_json::Value;

use super::{
    Change, Ref, ResourceId,
    context::{Outputs, read},
};
use crate::error::Error;

/// What the reason begins with where an object is left for the data that it holds.
pub(super) const HOLDS: &str = "holds ";

/// What a resource needs.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It is as it should be.
    Keep,
    /// It is not wanted, and not there.
    Absent,
    /// It is there and stays, for the reason given: not ours, or holding data.
    Leave(String),
    /// With the state it will have.
    Create(Value),
    Update(Vec<Change>),
    /// These cannot change while it exists: it is removed and made anew.
    Replace(Vec<Change>),
    Delete,
}

impl Action {
    pub fn is_change(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Update(_) | Self::Replace(_) | Self::Delete)
    }
}

#[derive(Debug)]
pub enum Outcome {
    Done(Action),
    Failed(Error),
    /// Not tried, because this one failed first.
    Blocked(ResourceId),
    /// Not tried: the run was stopped first, or its plan had an error elsewhere.
    NotStarted(Action),
}

/// How one resource ended.
#[derive(Debug)]
pub struct Step {
    pub id: ResourceId,
    pub outcome: Outcome,
    pub took: Duration,
    /// What a reader must know besides: a key that is only scheduled for deletion.
    pub remark: Option<String>,
}

/// Every resource of the graph once, in graph order.
pub struct Report {
    pub steps: Vec<Step>,
    /// Whether the run was asked to stop before it was done.
    pub interrupted: bool,
    pub(super) outputs: Outputs,
}

impl Report {
    /// What a resource gave, if it exists after the run.
    pub fn get<T: Clone + 'static>(&self, resource: &Ref<T>) -> Option<T> {
        read(&self.outputs, resource)
    }

    pub fn failed(&self) -> impl Iterator<Item = (&ResourceId, &Error)> {
        self.steps.iter().filter_map(|step| match &step.outcome {
            Outcome::Failed(error) => Some((&step.id, error)),
            _ => None,
        })
    }

    /// Whether changes were begun. A plan with an error in it is not.
    pub fn begun(&self) -> bool {
        let tried = |step: &Step| match &step.outcome {
            Outcome::Done(action) => action.is_change(),
            Outcome::Blocked(_) => true,
            Outcome::Failed(_) => !step.took.is_zero(),
            Outcome::NotStarted(_) => false,
        };
        self.steps.iter().any(tried)
    }

    /// How many resources are there and were left.
    pub fn left(&self) -> usize {
        let left = |step: &&Step| matches!(step.outcome, Outcome::Done(Action::Leave(_)));
        self.steps.iter().filter(left).count()
    }

    /// How many of them because of what they hold.
    pub fn holding(&self) -> usize {
        let holding = |step: &&Step| match &step.outcome {
            Outcome::Done(Action::Leave(why)) => why.starts_with(HOLDS),
            _ => false,
        };
        self.steps.iter().filter(holding).count()
    }

    /// How many resources were changed.
    pub fn changed(&self) -> usize {
        let done =
            |step: &&Step| matches!(&step.outcome, Outcome::Done(action) if action.is_change());
        self.steps.iter().filter(done).count()
    }

    /// Whether everything is as the graph wants it.
    pub fn complete(&self) -> bool {
        self.steps.iter().all(|step| match &step.outcome {
            Outcome::Done(_) => true,
            Outcome::NotStarted(action) => !action.is_change(),
            Outcome::Failed(_) | Outcome::Blocked(_) => false,
        })
    }
}
