//! The order of changes: each entry as soon as those before it are done, at most so many at once.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures::stream::{FuturesUnordered, StreamExt as _};

use super::{Graph, ResourceId, Stop, graph::Entry};
use crate::error::Result;

#[derive(Clone, Copy)]
pub(super) enum Direction {
    /// What is needed comes first.
    Make,
    /// What needs comes first.
    Remove,
}

/// How the work on one entry ended.
pub(super) enum Worked<T> {
    Ended(Result<T>),
    /// An entry before it failed; this is the first such.
    Blocked(ResourceId),
    /// The run was asked to stop first.
    NotStarted,
}

/// Which entries wait for how many others, and which each of them sets free.
struct Schedule {
    waits: HashMap<usize, usize>,
    frees: HashMap<usize, Vec<usize>>,
}

impl Schedule {
    fn new<C>(graph: &Graph<C>, only: &[usize], direction: Direction) -> Self {
        let index: HashMap<&ResourceId, usize> =
            graph.entries.iter().enumerate().map(|(i, entry)| (&entry.id, i)).collect();
        let mut waits: HashMap<usize, usize> = only.iter().map(|i| (*i, 0)).collect();
        let mut frees: HashMap<usize, Vec<usize>> = HashMap::new();
        for (i, entry) in graph.entries.iter().enumerate().filter(|(i, _)| only.contains(i)) {
            for j in entry.needs.iter().filter_map(|need| index.get(need)) {
                if !only.contains(j) {
                    continue;
                }
                let (first, then) = match direction {
                    Direction::Make => (*j, i),
                    Direction::Remove => (i, *j),
                };
                frees.entry(first).or_default().push(then);
                *waits.entry(then).or_default() += 1;
            }
        }
        Self { waits, frees }
    }

    /// The entries that `done` was the last to hold up.
    fn free(&mut self, done: usize, mut each: impl FnMut(usize)) -> Vec<usize> {
        let mut ready = Vec::new();
        for then in self.frees.remove(&done).unwrap_or_default() {
            each(then);
            let left = self.waits.entry(then).or_default();
            *left = left.saturating_sub(1);
            if *left == 0 {
                ready.push(then);
            }
        }
        ready
    }
}

/// Runs `work` on each entry in `only`, at most `width` at once. What comes after a failure is
/// blocked and everything else goes on; after a stop nothing new starts.
pub(super) async fn walk<'g, C, T, F>(
    graph: &'g Graph<C>,
    only: &[usize],
    (direction, width, stop): (Direction, usize, &Stop),
    work: impl Fn(usize, &'g Entry<C>) -> F,
    mut done: impl FnMut(usize, Duration, Worked<T>),
) where
    F: Future<Output = Result<T>>,
{
    let mut schedule = Schedule::new(graph, only, direction);
    let mut ready: Vec<usize> =
        only.iter().rev().copied().filter(|i| schedule.waits.get(i) == Some(&0)).collect();
    let mut blocked: HashMap<usize, ResourceId> = HashMap::new();
    let mut running = FuturesUnordered::new();
    let work = &work;
    loop {
        while running.len() < width.max(1)
            && let Some(i) = ready.pop()
            && let Some(entry) = graph.entries.get(i)
        {
            let blame = blocked.get(&i).cloned();
            let started = Instant::now();
            running.push(async move {
                let worked = match blame {
                    Some(id) => Worked::Blocked(id),
                    None if stop.requested() => Worked::NotStarted,
                    None => Worked::Ended(work(i, entry).await),
                };
                (i, entry, started.elapsed(), worked)
            });
        }
        let Some((i, entry, took, worked)) = running.next().await else { break };
        let blame = match &worked {
            Worked::Blocked(id) => Some(id.clone()),
            Worked::Ended(Err(_)) => Some(entry.id.clone()),
            Worked::Ended(Ok(_)) | Worked::NotStarted => None,
        };
        let freed = schedule.free(i, |then| {
            if let Some(id) = &blame {
                blocked.entry(then).or_insert_with(|| id.clone());
            }
        });
        ready.extend(freed);
        done(i, took, worked);
    }
}
