//! The second half of a run: carries a plan out, forward to make, then backward to remove.
//!
//! Removing waits for all making, and does not happen if any of it failed: what is no longer
//! wanted may still be in use by what could not be changed.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{
    Action, Context, Deletion, Event, Graph, Listener, Options, Outcome, Report, ResourceId, Step,
    Survey,
    context::Run,
    graph::Entry,
    look::{Finding, decide_wanted, observe},
    node::Seen,
    walk::{Direction, Worked, walk},
};
use crate::error::{Error, Kind, Result};

/// How often to look for an object that the cloud says exists, before giving up.
const LOOKS_AFTER_EXISTS: u32 = 8;

/// What one change did.
struct Did {
    action: Action,
    remark: Option<String>,
}

impl From<Action> for Did {
    fn from(action: Action) -> Self {
        Self { action, remark: None }
    }
}

/// The steps as they end.
struct Ledger<'a, C> {
    graph: &'a Graph<C>,
    listener: Listener<'a>,
    planned: HashMap<usize, Action>,
    steps: Vec<Option<Step>>,
    failed: bool,
}

impl<C> Ledger<'_, C> {
    fn record(&mut self, i: usize, took: Duration, outcome: Outcome, remark: Option<String>) {
        let gate = self.graph.entries.get(i).is_some_and(|entry| entry.node.gate());
        self.failed |= !gate && matches!(outcome, Outcome::Failed(_) | Outcome::Blocked(_));
        if let (Some(entry), Some(slot)) = (self.graph.entries.get(i), self.steps.get_mut(i)) {
            let step = Step { id: entry.id.clone(), outcome, took, remark };
            (self.listener)(Event::Finished(&step));
            *slot = Some(step);
        }
    }

    fn not_started(&mut self, i: usize) {
        let action = self.planned.remove(&i).unwrap_or(Action::Keep);
        self.record(i, Duration::ZERO, Outcome::NotStarted(action), None);
    }

    fn end(&mut self, i: usize, took: Duration, worked: Worked<Did>) {
        match worked {
            Worked::Ended(Ok(did)) => self.record(i, took, Outcome::Done(did.action), did.remark),
            Worked::Ended(Err(error)) => self.record(i, took, Outcome::Failed(error), None),
            Worked::Blocked(id) => self.record(i, took, Outcome::Blocked(id), None),
            Worked::NotStarted => self.not_started(i),
        }
    }

    /// Sorts the plan into what is to be made, what is to be removed, and what is done already.
    fn sort(&mut self, plan: Vec<Result<Action>>, hopeless: bool) -> (Vec<usize>, Vec<usize>) {
        let (mut make, mut remove) = (Vec::new(), Vec::new());
        for (i, planned) in plan.into_iter().enumerate() {
            let outcome = match planned {
                Err(error) => Outcome::Failed(error),
                Ok(action) if hopeless => Outcome::NotStarted(action),
                Ok(action @ (Action::Absent | Action::Leave(_))) => Outcome::Done(action),
                Ok(action) => {
                    if action == Action::Delete { &mut remove } else { &mut make }.push(i);
                    self.planned.insert(i, action);
                    continue;
                }
            };
            self.record(i, Duration::ZERO, outcome, None);
        }
        (make, remove)
    }
}

/// Carries out the plan of `survey`. If the plan has an error, or the run was stopped, nothing is
/// changed and the report says so.
pub async fn apply<C: Send + Sync>(
    survey: Survey<'_, C>,
    cloud: &C,
    options: &Options,
    listener: Listener<'_>,
) -> Report {
    let Survey { graph, findings, plan, outputs, interrupted } = survey;
    let hopeless = interrupted || plan.iter().any(Result::is_err);
    let steps = graph.entries.iter().map(|_| None).collect();
    let mut ledger = Ledger { graph, listener, planned: HashMap::new(), steps, failed: false };
    let (make, remove) = ledger.sort(plan, hopeless);

    let findings: Vec<_> = findings.into_iter().map(|f| Mutex::new(Some(f))).collect();
    let take = |i: usize| {
        let slot = findings.get(i)?;
        slot.lock().unwrap_or_else(PoisonError::into_inner).take()
    };
    let created = Mutex::new(HashSet::new());
    let (stop, pace, width) = (&options.stop, options.pace, options.width);
    let run = Run { cloud, outputs: &outputs, stop, listener, pace, planning: false };
    let (run, take, created) = (&run, &take, &created);

    let settle_one = |i, entry| async move {
        settle(entry, run, options, take(i).unwrap_or(Finding::Later), created).await
    };
    let end = |i, took, worked| ledger.end(i, took, worked);
    walk(graph, &make, (Direction::Make, width, stop), settle_one, end).await;
    if ledger.failed {
        for i in remove {
            ledger.not_started(i);
        }
    } else {
        let remove_one = |i, entry| async move { delete(entry, run, take(i)).await };
        let end = |i, took, worked| ledger.end(i, took, worked);
        walk(graph, &remove, (Direction::Remove, width, stop), remove_one, end).await;
    }

    let interrupted = interrupted || options.stop.requested();
    Report { steps: ledger.steps.into_iter().flatten().collect(), interrupted, outputs }
}

/// Brings one wanted resource to where it should be.
async fn settle<C: Send + Sync>(
    entry: &Entry<C>,
    run: &Run<'_, C>,
    options: &Options,
    finding: Finding,
    created: &Mutex<HashSet<ResourceId>>,
) -> Result<Did> {
    let context = run.context(entry);
    let mut seen = match finding {
        Finding::Absent => None,
        // It was found before something that it needs was made anew: it may have gone with the old.
        Finding::Found(seen) if !needs_any(entry, created) => Some(seen),
        _ => look_again(entry, run).await?,
    };
    // Another run may be faster at any step; then what is there now is looked at anew.
    let mut met = seen.as_ref().and_then(|seen| seen.remark.clone());
    for last in [false, false, true] {
        let done = match &seen {
            None => make(entry, &context).await,
            Some(seen) => change(entry, &context, options, seen).await.map(Did::from),
        };
        let exists = match done {
            Err(error) if error.kind() == Kind::Exists && !last => error,
            Ok(did) => {
                let anew = matches!(did.action, Action::Create(_) | Action::Replace(_));
                if anew {
                    created.lock().unwrap_or_else(PoisonError::into_inner).insert(entry.id.clone());
                }
                return Ok(if anew { did } else { Did { remark: met, ..did } });
            }
            Err(error) => return Err(error),
        };
        met = exists.causes().pop();
        seen = Some(look_for_what_exists(entry, run, exists).await?);
    }
    Err(Error::new(Kind::Internal, format!("`{}` was never settled", entry.id)))
}

fn needs_any<C>(entry: &Entry<C>, created: &Mutex<HashSet<ResourceId>>) -> bool {
    let created = created.lock().unwrap_or_else(PoisonError::into_inner);
    entry.needs.iter().any(|need| created.contains(need))
}

async fn look_again<C: Send + Sync>(entry: &Entry<C>, run: &Run<'_, C>) -> Result<Option<Seen>> {
    match observe(entry, run).await {
        Finding::Found(seen) => Ok(Some(seen)),
        Finding::Failed(error) => Err(error),
        _ => Ok(None),
    }
}

async fn make<C>(entry: &Entry<C>, context: &Context<'_, C>) -> Result<Did> {
    let action = Action::Create(entry.node.want(context)?);
    context.tell(Event::Started { id: &entry.id, action: &action });
    let made = entry.node.create(context).await;
    let remark =
        made.map_err(|error| error.while_doing(format!("could not create `{}`", entry.id)))?;
    Ok(Did { action, remark })
}

/// Updates what is there, if it has to be; refuses what is not ours.
async fn change<C>(
    entry: &Entry<C>,
    context: &Context<'_, C>,
    options: &Options,
    seen: &Seen,
) -> Result<Action> {
    let action = decide_wanted(entry, context, options, seen)?;
    let failed =
        |verb: &str, error: Error| error.while_doing(format!("could not {verb} `{}`", entry.id));
    match action {
        Action::Update(_) => {
            context.tell(Event::Started { id: &entry.id, action: &action });
            entry.node.update(context, seen).await.map_err(|error| failed("update", error))?;
        }
        Action::Replace(_) => {
            context.tell(Event::Started { id: &entry.id, action: &action });
            // Cut off in between, the next run finds nothing there and makes it.
            entry.node.delete(context, seen).await.map_err(|error| failed("replace", error))?;
            entry.node.create(context).await.map_err(|error| failed("replace", error))?;
        }
        _ => {}
    }
    Ok(action)
}

/// Looks until the object is seen that the cloud says exists: the answer to our own create was lost
/// and the call repeated, or another run was faster. Either way it is like anything else there.
async fn look_for_what_exists<C: Send + Sync>(
    entry: &Entry<C>,
    run: &Run<'_, C>,
    exists: Error,
) -> Result<Seen> {
    let context = run.context(entry);
    for attempt in 0..LOOKS_AFTER_EXISTS {
        if let Some(seen) = look_again(entry, run).await? {
            return Ok(seen);
        }
        context.pause("it to be visible", attempt).await?;
    }
    Err(exists.while_doing(format!("could not find `{}`, which the cloud says exists", entry.id)))
}

async fn delete<C: Send + Sync>(
    entry: &Entry<C>,
    run: &Run<'_, C>,
    finding: Option<Finding>,
) -> Result<Did> {
    let Some(Finding::Found(seen)) = finding else {
        return Err(Error::new(Kind::Internal, format!("`{}` was not seen", entry.id)));
    };
    let context = run.context(entry);
    (run.listener)(Event::Started { id: &entry.id, action: &Action::Delete });
    let deleted = entry.node.delete(&context, &seen).await;
    let failed = |error: Error| error.while_doing(format!("could not delete `{}`", entry.id));
    Ok(match deleted.map_err(failed)? {
        Deletion::Done => Action::Delete.into(),
        Deletion::Scheduled(when) => Did { action: Action::Delete, remark: Some(when) },
        Deletion::Left(why) => Action::Leave(why).into(),
    })
}
