//! The first half of a run: observes everything at once and decides what each resource needs.

use std::collections::{HashMap, HashSet};

use futures::stream::{FuturesUnordered, StreamExt as _};

use super::{
    Action, Change, Context, Event, Graph, Listener, Options, Owner, Ref, ResourceId,
    context::{Outputs, Run, read},
    graph::Entry,
    node::Seen,
    report::HOLDS,
};
use crate::error::{Error, Kind, Result};

/// What looking at one resource gave.
pub(super) enum Finding {
    Absent,
    Found(Seen),
    /// Looking needs an output that does not exist yet.
    Later,
    Failed(Error),
    /// The run was stopped before the look had ended.
    NotLooked,
}

/// What is there, and the plan that follows from it.
pub struct Survey<'g, C> {
    pub(super) graph: &'g Graph<C>,
    pub(super) findings: Vec<Finding>,
    pub(super) plan: Vec<Result<Action>>,
    pub(super) outputs: Outputs,
    pub interrupted: bool,
}

impl<C> Survey<'_, C> {
    /// What each resource needs, in graph order.
    pub fn plan(&self) -> impl Iterator<Item = (&ResourceId, &Result<Action>)> {
        self.graph.entries.iter().map(|entry| &entry.id).zip(&self.plan)
    }

    /// What a reader must know of each besides, in graph order.
    pub fn remarks(&self) -> impl Iterator<Item = Option<&str>> {
        self.findings.iter().map(|finding| match finding {
            Finding::Found(seen) => seen.remark.as_deref(),
            _ => None,
        })
    }

    /// What a resource gave, if it is there.
    pub fn get<T: Clone + 'static>(&self, resource: &Ref<T>) -> Option<T> {
        read(&self.outputs, resource)
    }

    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.plan.iter().filter_map(|planned| planned.as_ref().err())
    }

    /// Whether carrying out the plan would change anything.
    pub fn has_changes(&self) -> bool {
        self.plan.iter().any(|planned| planned.as_ref().is_ok_and(Action::is_change))
    }
}

/// Observes all resources of `graph` at once. Changes nothing.
pub async fn look<'g, C: Send + Sync>(
    graph: &'g Graph<C>,
    cloud: &C,
    options: &Options,
    listener: Listener<'_>,
) -> Survey<'g, C> {
    let outputs = Outputs::default();
    let (stop, pace) = (&options.stop, options.pace);
    let run = Run { cloud, outputs: &outputs, stop, listener, pace, planning: true };
    let ids: Vec<_> = graph.entries.iter().map(|entry| &entry.id).collect();
    listener(Event::Looking { ids: &ids });
    let findings = tokio::select! {
        findings = observe_all(graph, &run, options.width) => Some(findings),
        () = options.stop.wait() => None,
    };
    let interrupted = findings.is_none();
    let findings =
        findings.unwrap_or_else(|| graph.entries.iter().map(|_| Finding::NotLooked).collect());
    let mut plan: Vec<Result<Action>> = Vec::with_capacity(findings.len());
    let mut taken = Vec::with_capacity(findings.len());
    for (entry, finding) in graph.entries.iter().zip(findings) {
        let (planned, finding) = decide(entry, &run.context(entry), options, finding);
        if matches!(planned, Ok(Action::Replace(_))) {
            // What needs it will get another's output: so it sees now that it has to change, too.
            outputs.forget(&entry.id);
        }
        plan.push(planned);
        taken.push(finding);
    }
    leave_with_its_parent(graph, &taken, &mut plan);
    leave_what_is_leaned_on(graph, &taken, &mut plan);
    Survey { graph, findings: taken, plan, outputs, interrupted }
}

/// Looks in rounds: all at once, then again those that read an output which a look may have found
/// since. What the cloud itself cannot say yet, as where an API is off, it cannot say a moment later.
async fn observe_all<C: Send + Sync>(
    graph: &Graph<C>,
    run: &Run<'_, C>,
    width: usize,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = graph.entries.iter().map(|_| Finding::Later).collect();
    let mut round: Vec<usize> = (0..graph.entries.len()).collect();
    while !round.is_empty() {
        let before = round.len();
        let mut queue = round.iter().filter_map(|i| Some((*i, graph.entries.get(*i)?)));
        let mut running = FuturesUnordered::new();
        let mut later = Vec::new();
        loop {
            while running.len() < width.max(1)
                && let Some((i, entry)) = queue.next()
            {
                running.push(async move {
                    let context = run.context(entry);
                    let finding = observe_in(&context, entry).await;
                    (i, entry, finding, context.missed())
                });
            }
            let Some((i, entry, finding, missed)) = running.next().await else { break };
            if missed && matches!(finding, Finding::Later) {
                later.push(i);
            } else {
                (run.listener)(Event::Looked { id: &entry.id });
            }
            if let Some(slot) = findings.get_mut(i) {
                *slot = finding;
            }
        }
        later.sort_unstable();
        round = if later.len() < before { later } else { Vec::new() };
    }
    findings
}

pub(super) async fn observe<C: Send + Sync>(entry: &Entry<C>, run: &Run<'_, C>) -> Finding {
    observe_in(&run.context(entry), entry).await
}

async fn observe_in<C: Send + Sync>(context: &Context<'_, C>, entry: &Entry<C>) -> Finding {
    match entry.node.look(context).await {
        Ok(Some(seen)) => Finding::Found(seen),
        Ok(None) => Finding::Absent,
        Err(error) if error.kind() == Kind::NotYet => Finding::Later,
        // Nobody else's object is in the way of removing ours.
        Err(_) if entry.node.given() && !entry.present => Finding::Absent,
        Err(error) => Finding::Failed(at(entry, error)),
    }
}

fn at<C>(entry: &Entry<C>, error: Error) -> Error {
    let verb = if error.kind() == Kind::Config { "use" } else { "look at" };
    error.while_doing(format!("could not {verb} `{}`", entry.id))
}

/// What the resource needs, given what was found. Gives the finding back, less its error.
fn decide<C>(
    entry: &Entry<C>,
    context: &Context<'_, C>,
    options: &Options,
    finding: Finding,
) -> (Result<Action>, Finding) {
    let planned = match finding {
        Finding::Failed(error) => return (Err(error), Finding::NotLooked),
        Finding::NotLooked => {
            let message = format!("could not look at `{}`", entry.id);
            Err(Error::new(Kind::Interrupted, message).caused_by("interrupted"))
        }
        Finding::Absent | Finding::Later if !entry.present => Ok(Action::Absent),
        // It is there, but cannot be checked against what is not; that one says so.
        Finding::Later if entry.node.given() => Ok(Action::Keep),
        Finding::Absent | Finding::Later => entry.node.want(context).map(Action::Create),
        Finding::Found(ref seen) if !entry.present => Ok(decide_unwanted(entry, options, seen)),
        Finding::Found(ref seen) => decide_wanted(entry, context, options, seen),
    };
    (planned, finding)
}

fn decide_unwanted<C>(entry: &Entry<C>, options: &Options, seen: &Seen) -> Action {
    if entry.node.given() {
        return Action::Absent;
    }
    if let (Owner::Us | Owner::Parent, Some(why)) = (&seen.owner, entry.node.stays()) {
        return Action::Leave(why.to_owned());
    }
    match (&seen.owner, entry.node.holds()) {
        (Owner::Other(who), _) => Action::Leave(format!("belongs to {who}")),
        (_, Some(held)) if !options.delete_data => Action::Leave(format!("{HOLDS}{held}")),
        _ => Action::Delete,
    }
}

/// What a wanted resource that is there needs; an error if it is not ours to change.
pub(super) fn decide_wanted<C>(
    entry: &Entry<C>,
    context: &Context<'_, C>,
    options: &Options,
    seen: &Seen,
) -> Result<Action> {
    let id = &entry.id;
    if let Owner::Other(who) = &seen.owner
        && !options.adopt.contains(&id.to_string())
    {
        return Err(Error::new(Kind::Conflict, format!("`{id}` exists and belongs to {who}"))
            .hint(format!("to leave it alone, {}", entry.node.rename()))
            .hint(format!(
                "to take it from its owner and make it what is described here: --adopt {id}"
            )));
    }
    let changes = entry.node.changes(context, seen)?;
    if changes.is_empty() {
        return Ok(Action::Keep);
    }
    let is_of = |change: &&Change, fields: &[&str]| {
        fields.contains(&change.path.split('.').next().unwrap_or_default())
    };
    let fixed: Vec<_> = changes.iter().filter(|change| is_of(change, entry.node.fixed())).collect();
    if fixed.iter().any(|change| is_of(change, entry.node.replaced_for())) {
        return Ok(Action::Replace(changes));
    }
    if let Some(change) = fixed.first() {
        let message = format!(
            "`{}` of `{id}` cannot change from {} to {} while it exists",
            change.path, change.from, change.to
        );
        return Err(Error::new(Kind::Conflict, message).hint(format!(
            "remove it and run again: groundwork destroy {} --only {id}",
            id.cloud()
        )));
    }
    Ok(Action::Update(changes))
}

/// What carries no mark of its own and hangs on what is not ours is not ours, either.
fn leave_with_its_parent<C>(graph: &Graph<C>, findings: &[Finding], plan: &mut [Result<Action>]) {
    let mut left: HashMap<&ResourceId, String> = HashMap::new();
    for ((entry, finding), planned) in graph.entries.iter().zip(findings).zip(plan) {
        let unmarked = matches!(finding, Finding::Found(seen) if seen.owner == Owner::Parent);
        if unmarked
            && matches!(planned, Ok(Action::Delete))
            && let Some(parent) = entry.needs.iter().find_map(|need| left.get(need))
        {
            *planned = Ok(Action::Leave(parent.clone()));
        }
        // What always stays says nothing of whose the rest is, unless it is somebody else's itself.
        let foreign = matches!(finding, Finding::Found(Seen { owner: Owner::Other(_), .. }));
        if let Ok(Action::Leave(why)) = planned
            && (foreign || entry.node.stays().is_none())
        {
            left.insert(&entry.id, why.clone());
        }
    }
}

/// What stays of ours keeps what it leans on: a key is not deleted under a log group that is left.
/// What is somebody else's leans on nothing of ours.
fn leave_what_is_leaned_on<C>(graph: &Graph<C>, findings: &[Finding], plan: &mut [Result<Action>]) {
    let mut leaned_on: HashSet<&ResourceId> = HashSet::new();
    for ((entry, finding), planned) in graph.entries.iter().zip(findings).zip(plan).rev() {
        let foreign = matches!(finding, Finding::Found(Seen { owner: Owner::Other(_), .. }));
        if leaned_on.contains(&entry.id) && matches!(planned, Ok(Action::Delete)) {
            *planned = Ok(Action::Leave("is still in use by what is left".into()));
        }
        if !foreign && matches!(planned, Ok(Action::Leave(_)) | Err(_)) {
            leaned_on.extend(&entry.needs);
        }
    }
}
