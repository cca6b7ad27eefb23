//! [`Resource`] and [`Given`] with their types forgotten, so that one graph can hold many kinds.

use std::{any::Any, sync::Arc};

use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;

use super::{Change, Context, Deletion, Given, Observed, Owner, Resource, diff::diff};
use crate::error::{Error, Kind, Result};

/// What [`Node::look`] found.
pub(super) struct Seen {
    pub owner: Owner,
    pub remark: Option<String>,
    state: Value,
    observed: Box<dyn Any + Send + Sync>,
}

pub(super) trait Node<C>: Send + Sync {
    fn fixed(&self) -> &'static [&'static str];
    fn replaced_for(&self) -> &'static [&'static str];
    fn holds(&self) -> Option<&'static str>;
    fn stays(&self) -> Option<&'static str>;
    fn gate(&self) -> bool;
    fn rename(&self) -> &'static str;
    /// Whether it is somebody else's, so that it is never made or removed.
    fn given(&self) -> bool;
    fn want(&self, context: &Context<'_, C>) -> Result<Value>;
    fn changes(&self, context: &Context<'_, C>, have: &Seen) -> Result<Vec<Change>>;
    fn look<'a>(&'a self, context: &'a Context<'a, C>) -> BoxFuture<'a, Result<Option<Seen>>>;
    /// Gives the remark on what was made.
    fn create<'a>(&'a self, context: &'a Context<'a, C>) -> BoxFuture<'a, Result<Option<String>>>;
    fn update<'a>(
        &'a self,
        context: &'a Context<'a, C>,
        have: &'a Seen,
    ) -> BoxFuture<'a, Result<()>>;
    fn delete<'a>(
        &'a self,
        context: &'a Context<'a, C>,
        have: &'a Seen,
    ) -> BoxFuture<'a, Result<Deletion>>;
}

fn json<S: Serialize>(state: &S) -> Result<Value> {
    serde_json::to_value(state).map_err(|error| {
        Error::new(Kind::Internal, "a resource's state is not JSON").caused_by(error)
    })
}

fn own<R: Resource>(seen: &Seen) -> Result<&Observed<R>> {
    seen.observed
        .downcast_ref()
        .ok_or_else(|| Error::new(Kind::Internal, format!("{} got another's finding", R::KIND)))
}

impl<R: Resource> Node<R::Cloud> for R {
    fn fixed(&self) -> &'static [&'static str] {
        R::FIXED
    }
    fn replaced_for(&self) -> &'static [&'static str] {
        R::REPLACED_FOR
    }
    fn stays(&self) -> Option<&'static str> {
        R::STAYS
    }
    fn gate(&self) -> bool {
        R::GATE
    }
    fn holds(&self) -> Option<&'static str> {
        R::HOLDS
    }
    fn rename(&self) -> &'static str {
        R::RENAME
    }
    fn given(&self) -> bool {
        false
    }
    fn want(&self, context: &Context<'_, R::Cloud>) -> Result<Value> {
        json(&self.desired(context)?)
    }
    fn changes(&self, context: &Context<'_, R::Cloud>, have: &Seen) -> Result<Vec<Change>> {
        Ok(diff(&have.state, &self.want(context)?))
    }
    fn look<'a>(
        &'a self,
        context: &'a Context<'a, R::Cloud>,
    ) -> BoxFuture<'a, Result<Option<Seen>>> {
        Box::pin(async move {
            let Some(observed) = self.observe(context).await? else { return Ok(None) };
            context.publish(Arc::new(observed.output.clone()));
            Ok(Some(Seen {
                owner: observed.owner.clone(),
                remark: self.remark(&observed.output),
                state: json(&observed.state)?,
                observed: Box::new(observed),
            }))
        })
    }
    fn create<'a>(
        &'a self,
        context: &'a Context<'a, R::Cloud>,
    ) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async move {
            let output = Resource::create(self, context, &self.desired(context)?).await?;
            let remark = self.remark(&output);
            context.publish(Arc::new(output));
            Ok(remark)
        })
    }
    fn update<'a>(
        &'a self,
        context: &'a Context<'a, R::Cloud>,
        have: &'a Seen,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            Resource::update(self, context, &self.desired(context)?, own::<R>(have)?).await
        })
    }
    fn delete<'a>(
        &'a self,
        context: &'a Context<'a, R::Cloud>,
        have: &'a Seen,
    ) -> BoxFuture<'a, Result<Deletion>> {
        Box::pin(async move { Resource::delete(self, context, own::<R>(have)?).await })
    }
}

/// Somebody else's object as a node: found or an error, and never changed.
pub(super) struct GivenNode<G>(pub G);

impl<G: Given> Node<G::Cloud> for GivenNode<G> {
    fn fixed(&self) -> &'static [&'static str] {
        &[]
    }
    fn replaced_for(&self) -> &'static [&'static str] {
        &[]
    }
    fn stays(&self) -> Option<&'static str> {
        None
    }
    fn gate(&self) -> bool {
        false
    }
    fn holds(&self) -> Option<&'static str> {
        None
    }
    fn rename(&self) -> &'static str {
        ""
    }
    fn given(&self) -> bool {
        true
    }
    fn want(&self, _: &Context<'_, G::Cloud>) -> Result<Value> {
        Ok(Value::Null)
    }
    fn changes(&self, _: &Context<'_, G::Cloud>, _: &Seen) -> Result<Vec<Change>> {
        Ok(Vec::new())
    }
    fn look<'a>(
        &'a self,
        context: &'a Context<'a, G::Cloud>,
    ) -> BoxFuture<'a, Result<Option<Seen>>> {
        Box::pin(async move {
            context.publish(Arc::new(self.0.find(context).await?));
            let observed = Box::new(());
            let (owner, remark) = (Owner::Parent, None);
            Ok(Some(Seen { owner, remark, state: Value::Null, observed }))
        })
    }
    fn create<'a>(
        &'a self,
        context: &'a Context<'a, G::Cloud>,
    ) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async move {
            let message = format!("`{}` is not ours to make", context.id());
            Err(Error::new(Kind::Internal, message))
        })
    }
    fn update<'a>(
        &'a self,
        _: &'a Context<'a, G::Cloud>,
        _: &'a Seen,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
    fn delete<'a>(
        &'a self,
        _: &'a Context<'a, G::Cloud>,
        _: &'a Seen,
    ) -> BoxFuture<'a, Result<Deletion>> {
        Box::pin(async { Ok(Deletion::Done) })
    }
}
