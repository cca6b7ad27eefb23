//! Plans, states and reports in words.

use serde_json::Value;

use super::style::Style;
use crate::{
    error::{Error, Result},
    reconcile::{Action, Change, Orphan, Outcome, Report, ResourceId, Survey, later},
};

/// What a plan says of one resource; nothing for what stays as it is.
pub(super) fn lines(style: &Style, id: &ResourceId, action: &Action, whole: bool) -> Vec<String> {
    let style = *style;
    let fit = |line: String| if whole { line } else { style.fit(&line) };
    match action {
        Action::Keep | Action::Absent => Vec::new(),
        Action::Leave(why) => vec![fit(style.faint(&format!("= leave   {id}: {why}")))],
        Action::Delete => vec![fit(style.bad(&format!("- delete  {id}")))],
        Action::Create(state) => {
            let mut lines = vec![fit(style.good(&format!("+ create  {id}")))];
            if let Value::Object(fields) = state {
                let field = |(key, value): (&String, &Value)| {
                    fit(format!("            {key}: {}", show(value)))
                };
                lines.extend(fields.iter().map(field));
            }
            lines
        }
        Action::Update(changes) | Action::Replace(changes) => {
            let anew = matches!(action, Action::Replace(_));
            let word = if anew { "± replace" } else { "~ update " };
            let mut lines = vec![fit(style.changed(&format!("{word} {id}")))];
            lines.extend(
                changes.iter().map(|change| fit(format!("            {}", from_to(change)))),
            );
            lines
        }
    }
}

fn from_to(change: &Change) -> String {
    format!("{}: {} -> {}", change.path, show(&change.from), show(&change.to))
}

fn show(value: &Value) -> String {
    match in_words(value) {
        Value::Null => "none".to_owned(),
        Value::String(text) => text,
        value => value.to_string(),
    }
}

/// The same value with words for what is known only later.
fn in_words(value: &Value) -> Value {
    if let Some(id) = later(value) {
        return Value::String(format!("(known after `{id}`)"));
    }
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), in_words(value))).collect()
        }
        Value::Array(items) => items.iter().map(in_words).collect(),
        other => other.clone(),
    }
}

/// What `status` says of one resource.
pub(super) fn status(
    style: &Style,
    id: &ResourceId,
    planned: &Result<Action, Error>,
    whole: bool,
) -> Vec<String> {
    let style = *style;
    let fit = |line: String| if whole { line } else { style.fit(&line) };
    let line = |word: String| vec![fit(format!("{word} {id}"))];
    match planned {
        Ok(Action::Absent) => Vec::new(),
        Ok(Action::Keep) => line(style.good("ok      ")),
        Ok(Action::Create(_)) => line(style.bad("missing ")),
        Ok(Action::Delete) => line(style.changed("unwanted")),
        Ok(Action::Leave(why)) => vec![fit(format!("{} {id}: {why}", style.faint("left    ")))],
        Ok(Action::Update(changes) | Action::Replace(changes)) => {
            let mut lines = line(style.changed("drifted "));
            lines.extend(changes.iter().map(|change| fit(format!("         {}", from_to(change)))));
            lines
        }
        Err(error) => {
            let mut lines = line(style.bad("error   "));
            let causes = error.causes();
            let why = causes.first().cloned().unwrap_or_else(|| error.to_string());
            lines.push(fit(format!("         {why}")));
            lines
        }
    }
}

/// What `status` says besides.
pub(super) fn remark(style: &Style, remark: Option<&str>, whole: bool) -> Option<String> {
    let line = format!("         {}", remark?);
    Some(if whole { line } else { style.fit(&line) })
}

/// What `status` says of what is ours and no longer in the configuration.
pub(super) fn orphan(style: &Style, orphan: &Orphan, whole: bool) -> [String; 2] {
    let Orphan { id, removal, .. } = orphan;
    let lines = [
        format!("{} {id}: no longer in the configuration", style.changed("orphan  ")),
        format!("         remove it: {removal}"),
    ];
    lines.map(|line| if whole { line } else { style.fit(&line) })
}

fn count(number: usize, word: &str) -> Option<String> {
    (number > 0).then(|| format!("{number} {word}"))
}

fn resources(number: usize) -> String {
    if number == 1 { "1 resource".to_owned() } else { format!("{number} resources") }
}

pub(super) fn total<C>(survey: &Survey<'_, C>) -> String {
    let of = |is: fn(&Action) -> bool| {
        survey.plan().filter(|(_, planned)| planned.as_ref().is_ok_and(is)).count()
    };
    let parts = [
        count(of(|action| matches!(action, Action::Create(_))), "to create"),
        count(of(|action| matches!(action, Action::Update(_))), "to change"),
        count(of(|action| matches!(action, Action::Replace(_))), "to replace"),
        count(of(|action| matches!(action, Action::Delete)), "to delete"),
        count(of(|action| matches!(action, Action::Leave(_))), "to leave"),
        count(of(|action| matches!(action, Action::Keep)), "as it should be"),
        count(survey.errors().count(), "in the way"),
    ];
    let all = survey.plan().filter(|(_, planned)| !matches!(planned, Ok(Action::Absent))).count();
    format!("{}: {}", resources(all), parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// `14 resources: 8 were right, 3 made, 1 failed, 2 wait for it`.
pub(super) fn summary(report: &Report) -> String {
    let absent = |outcome: &Outcome| {
        matches!(outcome, Outcome::Done(Action::Absent) | Outcome::NotStarted(Action::Absent))
    };
    let outcomes: Vec<&Outcome> =
        report.steps.iter().map(|step| &step.outcome).filter(|outcome| !absent(outcome)).collect();
    let of = |is: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| is(outcome)).count();
    let right = of(|outcome| {
        matches!(outcome, Outcome::Done(Action::Keep) | Outcome::NotStarted(Action::Keep))
    });
    let all = outcomes.len();
    if all == 0 {
        return "nothing is there: nothing to do".to_owned();
    }
    let left = of(|outcome| {
        matches!(outcome, Outcome::Done(Action::Leave(_)) | Outcome::NotStarted(Action::Leave(_)))
    });
    if right > 0 && right + left == all {
        return format!("{}: all as they should be, nothing to do", resources(all));
    }
    let parts = [
        count(right, "were right"),
        count(of(|outcome| matches!(outcome, Outcome::Done(Action::Create(_)))), "made"),
        count(of(|outcome| matches!(outcome, Outcome::Done(Action::Update(_)))), "changed"),
        count(of(|outcome| matches!(outcome, Outcome::Done(Action::Replace(_)))), "replaced"),
        count(of(|outcome| matches!(outcome, Outcome::Done(Action::Delete))), "deleted"),
        count(left, "left as they are"),
        count(of(|outcome| matches!(outcome, Outcome::Failed(_))), "failed"),
        count(of(|outcome| matches!(outcome, Outcome::Blocked(_))), "wait for it"),
        count(
            of(|outcome| matches!(outcome, Outcome::NotStarted(action) if action.is_change())),
            "not begun",
        ),
    ];
    format!("{}: {}", resources(all), parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_update_shows_old_and_new() {
        let id = ResourceId::new("aws.logs.group", "/g");
        let change = Change { path: "retention_days".into(), from: json!(7), to: json!(30) };
        let lines = lines(&Style::plain(None), &id, &Action::Update(vec![change]), false);
        assert_eq!(lines[0], "~ update  aws.logs.group//g");
        assert_eq!(lines[1].trim(), "retention_days: 7 -> 30");
    }

    #[test]
    fn a_narrow_terminal_cuts_lines() {
        let id = ResourceId::new("aws.s3.bucket", "a-rather-long-name-of-a-bucket");
        let lines = lines(&Style::plain(Some(30)), &id, &Action::Delete, false);
        assert_eq!(lines[0].chars().count(), 30);
        assert!(lines[0].ends_with('…'));
    }

    #[test]
    fn what_is_known_later_says_after_what() {
        assert_eq!(show(&json!({"$later": "aws.kms.key/x"})), "(known after `aws.kms.key/x`)");
    }
}
