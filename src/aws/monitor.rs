//! What is watched of a tenant: the rules of its alarms, and its dashboard.
//!
//! Latency is the time to the first token. Bedrock's `InvocationLatency`, which guides watch, lasts
//! until the last one: for Claude Code, whose answers take minutes, that alarm would always ring.

use serde_json::Value;

use super::resource::{Metric, Query, Rule};
use crate::config::Alarms;

const PERIOD_SECONDS: i32 = 300;
const HOUR_SECONDS: i32 = 3600;
const DASHBOARD: &str = include_str!("../../templates/dashboard.json");

/// A model that developers call, and what its alarms are named after.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    /// `main`, `small`: stays the same when the model changes, so that no alarm is left behind.
    pub name: &'static str,
    /// As it is called, and therefore as its metrics are named.
    pub model: String,
}

fn metric(id: &str, name: &str, model: &str, statistic: &str, period_seconds: i32) -> Query {
    let metric = Metric {
        name: name.to_owned(),
        model: model.to_owned(),
        statistic: statistic.to_owned(),
        period_seconds,
    };
    Query { id: id.to_owned(), metric: Some(metric), expression: None, compared: false }
}

fn compared(expression: &str) -> Query {
    let expression = Some(expression.to_owned());
    Query { id: "value".into(), metric: None, expression, compared: true }
}

fn above(description: String, metrics: Vec<Query>, threshold: f64) -> Rule {
    Rule {
        description,
        metrics,
        comparison: "GreaterThanThreshold".into(),
        threshold,
        // Two of three, so that one bad minute wakes nobody.
        evaluation_periods: 3,
        datapoints_to_alarm: 2,
        treat_missing_data: "notBreaching".into(),
    }
}

/// The alarms of one model, each with the end of its name.
pub(super) fn model_rules(alarms: &Alarms, watched: &Watched) -> Vec<(String, Rule)> {
    let Watched { name, model } = watched;
    let of = |id, metric_name, statistic| metric(id, metric_name, model, statistic, PERIOD_SECONDS);
    let percent = alarms.error_rate_percent;
    // Guides and AWS disagree on whether failed calls count as invocations. So the share is of
    // their sum: five percent stay above 4.7. Without a call there is no value, which is no breach.
    let rate = "100*(FILL(client,0)+FILL(server,0))/(FILL(calls,0)+FILL(client,0)+FILL(server,0))";
    let failed = vec![
        of("calls", "Invocations", "Sum"),
        of("client", "InvocationClientErrors", "Sum"),
        of("server", "InvocationServerErrors", "Sum"),
        compared(rate),
    ];
    let mut slow = of("value", "TimeToFirstToken", "p90");
    slow.compared = true;
    let mut throttled = of("value", "InvocationThrottles", "Sum");
    throttled.compared = true;
    let latency = alarms.latency_ms;
    let most = alarms.throttled_calls;
    vec![
        (
            format!("{name}-error-rate"),
            above(format!("More than {percent} % of the calls of {model} fail"), failed, percent),
        ),
        (
            format!("{name}-latency"),
            above(
                format!("{model} takes more than {latency} ms to the first token"),
                vec![slow],
                f64::from(latency),
            ),
        ),
        (
            format!("{name}-throttling"),
            above(
                format!("More than {most} calls of {model} are throttled in five minutes"),
                vec![throttled],
                f64::from(most),
            ),
        ),
    ]
}

/// Rings when nobody has called any of the models for so many hours.
pub(super) fn no_traffic(hours: u32, watched: &[Watched]) -> Rule {
    let mut metrics: Vec<Query> = watched
        .iter()
        .map(|it| metric(it.name, "Invocations", &it.model, "Sum", HOUR_SECONDS))
        .collect();
    let sum: Vec<String> = watched.iter().map(|it| format!("FILL({},0)", it.name)).collect();
    metrics.push(compared(&sum.join("+")));
    let periods = i32::try_from(hours).unwrap_or(i32::MAX);
    Rule {
        description: format!("Nobody has called a model for {hours} hours"),
        metrics,
        comparison: "LessThanThreshold".into(),
        threshold: 1.0,
        evaluation_periods: periods,
        datapoints_to_alarm: periods,
        treat_missing_data: "breaching".into(),
    }
}

/// What a dashboard shows.
pub(super) struct View<'a> {
    pub tenant: &'a str,
    pub region: &'a str,
    pub log_group: &'a str,
    pub models: Vec<String>,
    /// The ARNs of its alarms; without any the panel is left out.
    pub alarms: Vec<String>,
}

/// The dashboard of `templates/dashboard.json` for one tenant.
pub(super) fn dashboard(view: &View<'_>) -> Value {
    let mut body: Value = serde_json::from_str(DASHBOARD).unwrap_or_default();
    let models: Vec<String> = view.models.iter().map(|model| format!("\"{model}\"")).collect();
    let models = models.join(" OR ");
    let filled = [
        ("{tenant}", view.tenant),
        ("{region}", view.region),
        ("{log_group}", view.log_group),
        ("{models}", models.as_str()),
    ];
    fill(&mut body, &filled);
    if let Some(Value::Array(widgets)) = body.get_mut("widgets") {
        let is_alarm = |widget: &Value| widget.get("type").is_some_and(|kind| kind == "alarm");
        widgets.retain(|widget| !view.alarms.is_empty() || !is_alarm(widget));
        for widget in widgets.iter_mut().filter(|widget| is_alarm(widget)) {
            if let Some(alarms) = widget.pointer_mut("/properties/alarms") {
                *alarms = Value::from(view.alarms.clone());
            }
        }
    }
    body
}

fn fill(value: &mut Value, filled: &[(&str, &str)]) {
    match value {
        Value::String(text) => {
            for (place, with) in filled {
                *text = text.replace(place, with);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, filled)),
        Value::Object(fields) => fields.values_mut().for_each(|field| fill(field, filled)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(alarms: &[&str]) -> Value {
        dashboard(&View {
            tenant: "claude-code",
            region: "eu-west-1",
            log_group: "/g",
            models: vec!["eu.anthropic.a".into(), "eu.anthropic.b".into()],
            alarms: alarms.iter().map(ToString::to_string).collect(),
        })
    }

    #[test]
    fn a_dashboard_is_filled_in_everywhere() {
        let body = view(&["arn:x"]);
        let text = body.to_string();
        for left in ["{tenant}", "{region}", "{log_group}", "{models}", "{alarms}"] {
            assert!(!text.contains(left), "{left} in {text}");
        }
        assert!(text.contains(r#"ModelId=(\"eu.anthropic.a\" OR \"eu.anthropic.b\")"#), "{text}");
        assert!(text.contains("{AWS/Bedrock,ModelId}"), "CloudWatch's own braces stay");
        assert_eq!(body["widgets"][1]["properties"]["alarms"][0], "arn:x");
        let fewer = view(&[])["widgets"].as_array().unwrap().len();
        assert_eq!(fewer + 1, body["widgets"].as_array().unwrap().len());
    }

    #[test]
    fn each_rule_compares_exactly_one_value() {
        let watched = |name| Watched { name, model: "m".into() };
        let mut rules = model_rules(&Alarms::default(), &watched("main"));
        rules.push(("x".into(), no_traffic(3, &[watched("main"), watched("small")])));
        for (name, rule) in rules {
            let compared = rule.metrics.iter().filter(|query| query.compared).count();
            assert_eq!(compared, 1, "{name}");
            assert!(rule.metrics.len() <= 10, "CloudWatch takes ten in an alarm: {name}");
            assert!(rule.datapoints_to_alarm <= rule.evaluation_periods, "{name}");
        }
    }
}
