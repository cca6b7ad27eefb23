//! What is watched of a tenant: the rules of its alarms, and its dashboard.
//!
//! Latency is the time to the first token. Bedrock's `InvocationLatency`, which guides watch, lasts
//! until the last one: for Claude Code, whose answers take minutes, that alarm would always ring.

use serde_json::Value;

use super::resource::{InferenceProfileOutput, Metric, Query, Rule};
use crate::{
    config::Alarms,
    reconcile::{Known, Ref},
};

const PERIOD_SECONDS: i32 = 300;
const HOUR_SECONDS: i32 = 3600;
const DASHBOARD: &str = include_str!("../../templates/dashboard.json");

/// A model that developers call, and what its alarms are named after.
#[derive(Clone)]
pub(super) struct Watched {
    /// `main`, `small`: stays the same when the model changes, so that no alarm is left behind.
    pub name: &'static str,
    /// As messages name it, and, without a profile, as it is called.
    pub model: String,
    /// The application inference profile through which it is called.
    pub profile: Option<Ref<InferenceProfileOutput>>,
}

/// One name under which Bedrock may count the calls of a model.
struct Counted {
    /// What the ids of its metrics end with.
    suffix: &'static str,
    model: Known<String>,
    by_id: bool,
}

impl Watched {
    /// Whether Bedrock counts what goes through an application inference profile under its ARN or
    /// its id is not documented: one of the two stays empty.
    fn counted(&self) -> Vec<Counted> {
        let Some(profile) = &self.profile else {
            let model = Known::Now(self.model.clone());
            return vec![Counted { suffix: "", model, by_id: false }];
        };
        let later = || Known::Later { after: profile.id().to_string() };
        vec![
            Counted { suffix: "_arn", model: later(), by_id: false },
            Counted { suffix: "_id", model: later(), by_id: true },
        ]
    }

    /// A metric under each name, and the ids under which an expression may use them.
    fn metrics(&self, id: &str, name: &str, statistic: &str, period_seconds: i32) -> Vec<Query> {
        let of = |Counted { suffix, model, by_id }: Counted| {
            let (name, statistic) = (name.to_owned(), statistic.to_owned());
            let metric = Metric { name, model, by_id, statistic, period_seconds };
            let id = format!("{id}{suffix}");
            Query { id, metric: Some(metric), expression: None, compared: false }
        };
        self.counted().into_iter().map(of).collect()
    }
}

/// Their ids with nothing taken for zero, each and between them `joined`.
fn filled(metrics: &[Query], joined: &str) -> String {
    let filled: Vec<String> = metrics.iter().map(|query| format!("FILL({},0)", query.id)).collect();
    filled.join(joined)
}

fn compared(expression: String) -> Query {
    Query { id: "value".into(), metric: None, expression: Some(expression), compared: true }
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
    let Watched { name, model, .. } = watched;
    let of = |id, metric, statistic| watched.metrics(id, metric, statistic, PERIOD_SECONDS);
    let percent = alarms.error_rate_percent;
    // Guides and AWS disagree on whether failed calls count as invocations. So the share is of
    // their sum: five percent stay above 4.7. Without a call there is no value, which is no breach.
    let calls = of("calls", "Invocations", "Sum");
    let mut bad = of("client", "InvocationClientErrors", "Sum");
    bad.extend(of("server", "InvocationServerErrors", "Sum"));
    let (all, wrong) = (filled(&calls, "+"), filled(&bad, "+"));
    let rate = compared(format!("100*({wrong})/({all}+{wrong})"));
    let failed = calls.into_iter().chain(bad).chain([rate]).collect();
    let mut slow = of("latency", "TimeToFirstToken", "p90");
    slow.push(compared(format!("MAX([{}])", filled(&slow, ","))));
    let mut throttled = of("throttled", "InvocationThrottles", "Sum");
    throttled.push(compared(filled(&throttled, "+")));
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
                slow,
                f64::from(latency),
            ),
        ),
        (
            format!("{name}-throttling"),
            above(
                format!("More than {most} calls of {model} are throttled in five minutes"),
                throttled,
                f64::from(most),
            ),
        ),
    ]
}

/// Rings when nobody has called any of the models for so many hours.
pub(super) fn no_traffic(hours: u32, watched: &[Watched]) -> Rule {
    let of = |it: &Watched| it.metrics(it.name, "Invocations", "Sum", HOUR_SECONDS);
    let mut metrics: Vec<Query> = watched.iter().flat_map(of).collect();
    metrics.push(compared(filled(&metrics, "+")));
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
    /// Without any, all of the region.
    pub models: Vec<String>,
    /// The ARNs of its alarms; without any the panel is left out.
    pub alarms: Vec<String>,
}

/// The dashboard of `templates/dashboard.json` for one tenant.
pub(super) fn dashboard(view: &View<'_>) -> Value {
    let mut body: Value = serde_json::from_str(DASHBOARD).unwrap_or_default();
    let models: Vec<String> = view.models.iter().map(|model| format!("\"{model}\"")).collect();
    let models = if models.is_empty() {
        String::new()
    } else {
        format!(" ModelId=({})", models.join(" OR "))
    };
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
        let watched = |name| Watched { name, model: "m".into(), profile: None };
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
