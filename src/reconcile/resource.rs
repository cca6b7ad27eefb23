//! What one cloud object must be able to do to be reconciled.

use std::{fmt, marker::PhantomData, sync::Arc};

use serde::Serialize;

use super::Context;
use crate::error::Result;

/// Names a resource for people and for the graph: `aws.iam.role/ClaudeCodeRole`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId {
    pub kind: &'static str,
    pub name: Arc<str>,
}

impl ResourceId {
    pub fn new(kind: &'static str, name: &str) -> Self {
        Self { kind, name: Arc::from(name) }
    }

    /// The cloud, as users type it: the kind's first part.
    pub fn cloud(&self) -> &'static str {
        self.kind.split('.').next().unwrap_or_default()
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One cloud object that we own: what it should be, and how to get there.
///
/// Laws: `observe` changes nothing. The ownership mark is set by the very call that creates the
/// object. `create` may be cut off anywhere, and the next run heals. Deleting what is gone is
/// success. The cloud's codes decide, never its prose.
pub trait Resource: Send + Sync + 'static {
    /// The client bundle of the cloud it lives in.
    type Cloud: Send + Sync;
    /// The settings we manage, in the shape we compare. What is left out is left alone.
    type State: Serialize + Send + Sync + 'static;
    /// What other resources may ask for once it exists.
    type Output: Clone + Send + Sync + 'static;

    /// `cloud.service.noun`: what users see and type.
    const KIND: &'static str;
    /// Top-level fields of `State` that cannot change while the object lives.
    const FIXED: &'static [&'static str] = &[];
    /// Those of [`Resource::FIXED`] for which the object is removed and made anew. For the others a
    /// person has to do that.
    const REPLACED_FOR: &'static [&'static str] = &[];
    /// What is lost with the object. Where there is something, deleting it must be asked for.
    const HOLDS: Option<&'static str> = None;
    /// Whether it only says if something is open that is not ours to open. One that is closed keeps
    /// nothing else from being removed.
    const GATE: bool = false;
    /// Why it stays when it is not wanted any more, where it always does: completes «it …».
    const STAYS: Option<&'static str> = None;
    /// What to do if an object of that name is somebody else's and stays so.
    const RENAME: &'static str = "choose another name in the configuration";

    fn name(&self) -> &str;
    fn needs(&self) -> Vec<ResourceId> {
        Vec::new()
    }
    /// What a reader must know of an object that is right all the same: who has yet to confirm.
    fn remark(&self, _output: &Self::Output) -> Option<String> {
        None
    }
    /// Pure: the same wish gives the same state.
    fn desired(&self, context: &Context<'_, Self::Cloud>) -> Result<Self::State>;

    /// `None` if it is not there. Being refused a look is an error, never `None`.
    fn observe(
        &self,
        context: &Context<'_, Self::Cloud>,
    ) -> impl Future<Output = Result<Option<Observed<Self>>>> + Send;

    /// Fails with [`crate::error::Kind::Exists`] if something by that name is there already; the
    /// engine then looks again.
    fn create(
        &self,
        context: &Context<'_, Self::Cloud>,
        want: &Self::State,
    ) -> impl Future<Output = Result<Self::Output>> + Send;

    fn update(
        &self,
        context: &Context<'_, Self::Cloud>,
        want: &Self::State,
        have: &Observed<Self>,
    ) -> impl Future<Output = Result<()>> + Send;

    /// May find that the object is not to be deleted any more, and leave it.
    fn delete(
        &self,
        context: &Context<'_, Self::Cloud>,
        have: &Observed<Self>,
    ) -> impl Future<Output = Result<Deletion>> + Send;
}

/// How deleting an object ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Done,
    /// It goes later; with when, and how to keep it.
    Scheduled(String),
    /// It stays, for the reason given.
    Left(String),
}

/// Somebody else's object that ours lean on: looked up and checked, never made or removed.
pub trait Given: Send + Sync + 'static {
    type Cloud: Send + Sync;
    type Output: Clone + Send + Sync + 'static;

    const KIND: &'static str;

    fn name(&self) -> &str;
    fn needs(&self) -> Vec<ResourceId> {
        Vec::new()
    }
    /// Fails if it is not there or cannot serve, saying what to change in the configuration.
    fn find(
        &self,
        context: &Context<'_, Self::Cloud>,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// What was found in the cloud.
pub struct Observed<R: Resource + ?Sized> {
    pub state: R::State,
    pub output: R::Output,
    pub owner: Owner,
}

/// Whose the found object is. We change and delete only what is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    Us,
    /// The kind carries no mark of its own; it is whose the resources are that it needs.
    Parent,
    /// Completes «belongs to …».
    Other(String),
}

/// A typed promise of another resource's output. Only [`super::Graph`] makes one, so a graph
/// cannot have a cycle.
pub struct Ref<T> {
    pub(super) id: ResourceId,
    pub(super) output: PhantomData<fn() -> T>,
}

impl<T> Ref<T> {
    pub fn id(&self) -> ResourceId {
        self.id.clone()
    }
}

impl<T> Clone for Ref<T> {
    fn clone(&self) -> Self {
        Self { id: self.id.clone(), output: PhantomData }
    }
}
