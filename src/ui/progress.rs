//! What a person watching sees: on a terminal a line for each resource that is worked on, with
//! what it waits for and for how long; elsewhere a plain line for each change.

use std::{
    collections::HashMap,
    io::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::style::Style;
use crate::reconcile::{Action, Event, Outcome, ResourceId, Step};

pub(super) struct Progress {
    /// `None` where nobody watches.
    live: Option<Live>,
    style: Style,
}

struct Live {
    all: MultiProgress,
    looking: Mutex<Option<Looking>>,
    working: Mutex<HashMap<ResourceId, ProgressBar>>,
}

/// The one line for all that is looked at.
struct Looking {
    bar: ProgressBar,
    unseen: Vec<ResourceId>,
}

/// How often a spinner turns, in milliseconds.
const TICK_MS: u64 = 100;

impl Progress {
    pub(super) fn new(live: bool, style: Style) -> Self {
        let live = live.then(|| {
            let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
            Live { all, looking: Mutex::default(), working: Mutex::default() }
        });
        Self { live, style }
    }

    pub(super) fn begin(&self, doing: &'static str) {
        if let Some(live) = &self.live {
            let bar = live.spinner(doing.to_owned());
            *live.looking() = Some(Looking { bar, unseen: Vec::new() });
        }
    }

    /// Takes everything that moves off the terminal.
    pub(super) fn clear(&self) {
        let Some(live) = &self.live else { return };
        if let Some(looking) = live.looking().take() {
            looking.bar.finish_and_clear();
        }
        live.working().drain().for_each(|(_, bar)| bar.finish_and_clear());
    }

    /// Prints lines that stay, above whatever moves.
    pub(super) fn print(&self, text: &str) {
        let write = || drop(writeln!(std::io::stderr().lock(), "{text}"));
        match &self.live {
            Some(Live { all, .. }) => all.suspend(write),
            None => write(),
        }
    }

    /// Takes in an event; prints a line if there is something that should stay.
    pub(super) fn event(&self, event: &Event<'_>, quiet: bool) {
        if let Some(live) = &self.live {
            live.event(event);
        }
        let line = match event {
            Event::Finished(step) => finished(self.style, step),
            Event::Waiting { id, what } if self.live.is_none() => {
                Some(format!("  … {id}: waiting for {what}"))
            }
            _ => None,
        };
        if let Some(line) = line
            && !quiet
        {
            self.print(&self.style.fit(&line));
        }
    }
}

impl Live {
    fn working(&self) -> MutexGuard<'_, HashMap<ResourceId, ProgressBar>> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn looking(&self) -> MutexGuard<'_, Option<Looking>> {
        self.looking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn looked(&self, id: &ResourceId) {
        let mut slot = self.looking();
        let Some(looking) = slot.as_mut() else { return };
        looking.unseen.retain(|unseen| unseen != id);
        let Some(next) = looking.unseen.first() else {
            looking.bar.finish_and_clear();
            *slot = None;
            return;
        };
        let count = looking.unseen.len();
        looking.bar.set_message(format!("looking: {count} not seen yet, among them {next}"));
    }

    fn spinner(&self, message: String) -> ProgressBar {
        let bar = self.all.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed:>3} {wide_msg}") {
            bar.set_style(style);
        }
        bar.set_message(message);
        bar.enable_steady_tick(Duration::from_millis(TICK_MS));
        bar
    }

    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Looking { ids } => {
                let unseen: Vec<_> = ids.iter().map(|id| (*id).clone()).collect();
                let bar = self.spinner(format!("looking at {} resources", unseen.len()));
                *self.looking() = Some(Looking { bar, unseen });
            }
            Event::Looked { id } => self.looked(id),
            Event::Started { id, action } => {
                let bar = self.spinner(format!("{} {id}", doing(action)));
                if let Some(before) = self.working().insert((*id).clone(), bar) {
                    before.finish_and_clear();
                }
            }
            Event::Waiting { id, what } => {
                if let Some(bar) = self.working().get(id) {
                    bar.set_message(format!("waiting for {what}: {id}"));
                }
            }
            Event::Finished(step) => {
                if let Some(bar) = self.working().remove(&step.id) {
                    bar.finish_and_clear();
                }
            }
        }
    }
}

fn doing(action: &Action) -> &'static str {
    match action {
        Action::Create(_) => "creating",
        Action::Update(_) => "updating",
        Action::Replace(_) => "replacing",
        Action::Delete => "deleting",
        Action::Keep | Action::Absent | Action::Leave(_) => "looking at",
    }
}

/// The line that stays of a step; none for what was right. Errors are told at the end, in full.
fn finished(style: Style, step: &Step) -> Option<String> {
    let Step { id, outcome, took, remark } = step;
    let took = match took.as_millis() {
        ms @ 0..1000 => format!("({ms} ms)"),
        _ => format!("({:.1} s)", took.as_secs_f64()),
    };
    let line = match outcome {
        Outcome::Done(Action::Create(_)) => format!("{} {id} {took}", style.good("+ created")),
        Outcome::Done(Action::Delete) => format!("{} {id} {took}", style.bad("- deleted")),
        Outcome::Done(Action::Leave(why)) => format!("{} {id}: {why}", style.faint("= left   ")),
        Outcome::Done(action @ (Action::Update(changes) | Action::Replace(changes))) => {
            let paths: Vec<_> = changes.iter().map(|change| change.path.as_str()).collect();
            let paths = paths.join(", ");
            let anew = matches!(action, Action::Replace(_));
            let word = if anew { "± replaced" } else { "~ updated" };
            format!("{} {id}: {paths} {took}", style.changed(word))
        }
        Outcome::Failed(_) => format!("{} {id}", style.bad("! failed ")),
        Outcome::Blocked(by) => format!("{} {id}: waits for {by}", style.faint("· blocked")),
        Outcome::NotStarted(action) if action.is_change() => {
            format!("{} {id}", style.faint("· not begun"))
        }
        Outcome::Done(Action::Keep) if remark.is_some() => {
            format!("{} {id}", style.good("= found  "))
        }
        Outcome::Done(Action::Keep | Action::Absent) | Outcome::NotStarted(_) => return None,
    };
    Some(match remark {
        Some(remark) => format!("{line}: {remark}"),
        None => line,
    })
}
