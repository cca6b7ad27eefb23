//! The `--json` lines. Each has `"v": 1` and `event`; the last one of a run is `summary`.
//!
//! Version 1 only ever grows: fields are added, never renamed, removed or given another meaning.

use serde_json::{Map, Value, json};

use super::{Exit, Summary};
use crate::{
    error::{Error, Result},
    reconcile::{Action, Event, Orphan, Outcome, ResourceId, Step},
};

type Fields = Map<String, Value>;

fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Fields {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

pub(super) fn line(event: &str, more: Fields) -> String {
    let mut all = fields([("v", json!(1)), ("event", json!(event))]);
    all.extend(more);
    format!("{}\n", Value::Object(all))
}

pub(super) fn warning(message: &str, hint: Option<&str>) -> Fields {
    fields([("message", json!(message)), ("hints", json!(hint.into_iter().collect::<Vec<_>>()))])
}

pub(super) fn error(error: &Error) -> Fields {
    fields([
        ("message", json!(error.to_string())),
        ("causes", json!(error.causes())),
        ("hints", json!(error.hints())),
    ])
}

fn action(action: &Action) -> Fields {
    match action {
        Action::Keep => fields([("action", json!("keep"))]),
        Action::Absent => fields([("action", json!("absent"))]),
        Action::Delete => fields([("action", json!("delete"))]),
        Action::Leave(why) => fields([("action", json!("leave")), ("reason", json!(why))]),
        Action::Create(state) => fields([("action", json!("create")), ("state", state.clone())]),
        Action::Update(changes) => {
            fields([("action", json!("update")), ("changes", json!(changes))])
        }
        Action::Replace(changes) => {
            fields([("action", json!("replace")), ("changes", json!(changes))])
        }
    }
}

pub(super) fn plan(
    id: &ResourceId,
    planned: &Result<Action, Error>,
    remark: Option<&str>,
) -> Fields {
    let mut all = fields([("id", json!(id.to_string()))]);
    if let Some(remark) = remark {
        all.insert("remark".into(), json!(remark));
    }
    match planned {
        Ok(planned) => all.extend(action(planned)),
        Err(failed) => all
            .extend(fields([("action", json!("error")), ("error", Value::Object(error(failed)))])),
    }
    all
}

/// `None` for what only a person watching cares about.
pub(super) fn event(event: &Event<'_>) -> Option<(&'static str, Fields)> {
    let id = |id: &ResourceId| ("id", json!(id.to_string()));
    match event {
        Event::Looking { .. }
        | Event::Looked { .. }
        | Event::Finished(Step { outcome: Outcome::Done(Action::Absent), .. }) => None,
        Event::Started { id: resource, action: begun } => {
            let mut all = fields([id(resource)]);
            all.extend(fields([("action", action(begun).remove("action").unwrap_or_default())]));
            Some(("start", all))
        }
        Event::Waiting { id: resource, what } => {
            Some(("wait", fields([id(resource), ("for", json!(what))])))
        }
        Event::Finished(done) => Some(("step", step(done))),
    }
}

fn step(step: &Step) -> Fields {
    let mut all = fields([("id", json!(step.id.to_string()))]);
    let outcome = match &step.outcome {
        Outcome::Done(done) => {
            all.extend(action(done));
            "done"
        }
        Outcome::NotStarted(planned) => {
            all.extend(action(planned));
            "not_started"
        }
        Outcome::Failed(failed) => {
            all.insert("error".into(), Value::Object(error(failed)));
            "failed"
        }
        Outcome::Blocked(by) => {
            all.insert("by".into(), json!(by.to_string()));
            "blocked"
        }
    };
    all.insert("outcome".into(), json!(outcome));
    all.insert("took_ms".into(), json!(u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX)));
    if let Some(remark) = &step.remark {
        all.insert("remark".into(), json!(remark));
    }
    all
}

pub(super) fn orphan(orphan: &Orphan, called: &str) -> Fields {
    let Orphan { id, full_name, removal } = orphan;
    fields([("id", json!(id)), (called, json!(full_name)), ("hints", json!([removal]))])
}

pub(super) fn end(command: &str, exit: Exit) -> Fields {
    fields([("command", json!(command)), ("exit_code", json!(exit.code()))])
}

pub(super) fn summary(summary: &Summary<'_>) -> Fields {
    let mut all = end(summary.command, summary.exit);
    let steps = &summary.report.steps;
    let of = |is: &dyn Fn(&Outcome) -> bool| steps.iter().filter(|s| is(&s.outcome)).count();
    let done = |is: fn(&Action) -> bool| {
        json!(of(&move |outcome| matches!(outcome, Outcome::Done(action) if is(action))))
    };
    all.extend(fields([
        (
            "kept",
            json!(of(&|outcome| {
                matches!(outcome, Outcome::Done(Action::Keep) | Outcome::NotStarted(Action::Keep))
            })),
        ),
        ("created", done(|action| matches!(action, Action::Create(_)))),
        ("updated", done(|action| matches!(action, Action::Update(_)))),
        ("replaced", done(|action| matches!(action, Action::Replace(_)))),
        ("deleted", done(|action| matches!(action, Action::Delete))),
        ("left", done(|action| matches!(action, Action::Leave(_)))),
        ("failed", json!(of(&|outcome| matches!(outcome, Outcome::Failed(_))))),
        ("blocked", json!(of(&|outcome| matches!(outcome, Outcome::Blocked(_))))),
        (
            "not_started",
            json!(of(&|outcome| matches!(outcome, Outcome::NotStarted(a) if a.is_change()))),
        ),
        ("interrupted", json!(summary.report.interrupted)),
    ]));
    if let Some(environment) = &summary.environment {
        all.insert("environment".into(), environment.clone());
    }
    all
}
