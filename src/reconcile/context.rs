//! What a resource may use while it works: its cloud, what it needs, and a way to say that it waits.

use std::{
    any::Any,
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::Serialize;

use super::{Event, Listener, Pace, Ref, ResourceId, Stop, graph::Entry};
use crate::error::{Error, Kind, Result};

type AnyOutput = Arc<dyn Any + Send + Sync>;

/// The outputs of the resources that exist.
#[derive(Default)]
pub(super) struct Outputs(Mutex<HashMap<ResourceId, AnyOutput>>);

impl Outputs {
    pub(super) fn set(&self, id: &ResourceId, output: AnyOutput) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), output);
    }

    /// What it gave is of no use any more.
    pub(super) fn forget(&self, id: &ResourceId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    fn get(&self, id: &ResourceId) -> Option<AnyOutput> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

pub(super) fn read<T: Clone + 'static>(outputs: &Outputs, resource: &Ref<T>) -> Option<T> {
    outputs.get(&resource.id)?.downcast_ref::<T>().cloned()
}

/// A value that may be known only after another resource is made. Only a plan has such values;
/// while changes are made, everything is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Known<T> {
    Now(T),
    Later {
        #[serde(rename = "$later")]
        after: String,
    },
}

impl<T> Known<T> {
    /// The value; [`Kind::NotYet`] if it is not known yet.
    pub fn now(&self) -> Result<&T> {
        match self {
            Self::Now(value) => Ok(value),
            Self::Later { after } => Err(not_yet(after)),
        }
    }
}

fn not_yet(id: &str) -> Error {
    Error::new(Kind::NotYet, format!("`{id}` does not exist yet"))
}

/// Handed to every call of a [`super::Resource`].
pub struct Context<'a, C> {
    pub cloud: &'a C,
    me: &'a ResourceId,
    needs: &'a [ResourceId],
    outputs: &'a Outputs,
    stop: &'a Stop,
    listener: Listener<'a>,
    pace: Pace,
    planning: bool,
    wanted: bool,
    /// Whether an output was read that is not there yet.
    missed: AtomicBool,
}

/// What all contexts of one run share.
pub(super) struct Run<'a, C> {
    pub cloud: &'a C,
    pub outputs: &'a Outputs,
    pub stop: &'a Stop,
    pub listener: Listener<'a>,
    pub pace: Pace,
    pub planning: bool,
}

impl<'a, C> Run<'a, C> {
    pub(super) fn context(&self, entry: &'a Entry<C>) -> Context<'a, C> {
        Context {
            cloud: self.cloud,
            me: &entry.id,
            needs: &entry.needs,
            outputs: self.outputs,
            stop: self.stop,
            listener: self.listener,
            pace: self.pace,
            planning: self.planning,
            wanted: entry.present,
            missed: AtomicBool::new(false),
        }
    }
}

impl<C> Context<'_, C> {
    /// The id of the resource itself.
    pub fn id(&self) -> &ResourceId {
        self.me
    }

    /// Whether the resource is to be there after the run. What a cloud keeps restorable is there to
    /// one who wants it, and gone to one who does not.
    pub fn wanted(&self) -> bool {
        self.wanted
    }

    /// The output of a resource that this one declared in `needs`.
    pub fn get<T: Clone + Send + Sync + 'static>(&self, resource: &Ref<T>) -> Result<T> {
        self.declared(&resource.id)?;
        read(self.outputs, resource).ok_or_else(|| {
            self.missed.store(true, Ordering::Relaxed);
            not_yet(&resource.id.to_string())
        })
    }

    /// Whether another look may see more, once others have been looked at.
    pub(super) fn missed(&self) -> bool {
        self.missed.load(Ordering::Relaxed)
    }

    /// A part of such an output, or, in a plan, the promise of it.
    pub fn known<T: Clone + Send + Sync + 'static, U>(
        &self,
        resource: &Ref<T>,
        part: impl FnOnce(T) -> U,
    ) -> Result<Known<U>> {
        match self.get(resource) {
            Err(error) if error.kind() == Kind::NotYet && self.planning => {
                Ok(Known::Later { after: resource.id.to_string() })
            }
            other => Ok(Known::Now(part(other?))),
        }
    }

    // Fails also where the output happens to be there: a forgotten need must not pass by luck.
    fn declared(&self, id: &ResourceId) -> Result<()> {
        if self.needs.contains(id) {
            return Ok(());
        }
        let message = format!("`{}` reads `{id}` but does not list it in `needs`", self.me);
        Err(Error::new(Kind::Internal, message))
    }

    /// Tells the user what is waited for; `what` completes «waiting for …».
    pub fn waiting(&self, what: &str) {
        (self.listener)(Event::Waiting { id: self.me, what });
    }

    pub(super) fn tell(&self, event: Event<'_>) {
        (self.listener)(event);
    }

    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    pub fn stop(&self) -> &Stop {
        self.stop
    }

    pub(super) fn publish(&self, output: AnyOutput) {
        self.outputs.set(self.me, output);
    }
}
