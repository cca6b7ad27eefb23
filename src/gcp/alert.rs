//! When somebody is told: the alert policies of a tenant, as plain data.
//!
//! Latency is the time to the first token. Until the last one Claude Code's answers take minutes,
//! so that an alarm on it would always ring. Refusals that are the caller's own, such as a prompt
//! that is too long or a call broken off, are no errors here; a model that is not there any more, or
//! a permission that is gone, is one.

use serde_json::{Value, json};

use super::vertex::unversioned;

const RESOURCE: &str = "aiplatform.googleapis.com/PublisherModel";
const SERVING: &str = "aiplatform.googleapis.com/publisher/online_serving";
const THRESHOLD: &str = "conditionThreshold";
/// Longer than this an absence is not looked for.
const LONGEST_ABSENCE_SECONDS: u32 = 84_600;
const PERIOD: &str = "300s";
/// Without data for so long, it is over.
const AUTO_CLOSE: &str = "86400s";

/// A policy in the making.
pub(super) struct Alert {
    /// Stays the same when thresholds change, so that no policy is left behind: `error-rate`.
    pub name: &'static str,
    /// What the API takes, but for who is told and whose it is.
    pub body: Value,
}

/// What is watched.
pub(super) struct Watched<'a> {
    pub tenant: &'a str,
    pub project: &'a str,
    /// As they are called: `claude-haiku-4-5@20251001`.
    pub models: &'a [String],
}

struct Text {
    title: String,
    /// What to do about it.
    advice: String,
}

impl Watched<'_> {
    /// More than so many percent of a model's calls fail.
    pub(super) fn error_rate(&self, percent: f64) -> Alert {
        let failed = r#"monitoring.regex.full_match("403|404|5..")"#;
        let text = Text {
            title: format!("more than {percent} % of the calls fail"),
            advice: format!(
                "See which code it is by `response_code` of the metric. 5xx is Google's: \
                 https://status.cloud.google.com. 404 is a model that is not enabled in \
                 `{project}` any more, 403 a permission or a perimeter: run \
                 `groundwork provision gcp --dry-run`.",
                project = self.project
            ),
        };
        self.rate("error-rate", failed, percent, &text)
    }

    /// More than so many percent of a model's calls are refused for want of quota.
    pub(super) fn throttled(&self, percent: f64) -> Alert {
        let text = Text {
            title: format!("more than {percent} % of the calls are refused for want of quota"),
            advice: format!(
                "Ask for more quota: https://console.cloud.google.com/iam-admin/quotas?project={}, \
                 or call in another location: `vertex_ai.location`.",
                self.project
            ),
        };
        self.rate("throttled", r#""429""#, percent, &text)
    }

    /// One in twenty of a model's answers takes longer to its first token.
    pub(super) fn latency(&self, milliseconds: u32) -> Alert {
        let condition = json!({
            "filter": self.filter("first_token_latencies"),
            "aggregations": [of_model("ALIGN_DELTA", "REDUCE_PERCENTILE_95")],
            "comparison": "COMPARISON_GT",
            "thresholdValue": f64::from(milliseconds),
            "duration": "600s",
        });
        let text = Text {
            title: format!("answers take more than {milliseconds} ms to their first token"),
            advice: "See whether it is one model or all of them, and one location or all of them. \
                     Another location, or `global`, may be faster: `vertex_ai.location`."
                .into(),
        };
        self.measured("latency", "WARNING", (THRESHOLD, &condition), &text)
    }

    /// All models together take more tokens in an hour.
    pub(super) fn tokens_per_hour(&self, tokens: u32) -> Alert {
        let condition = json!({
            "filter": self.filter("token_count"),
            "aggregations": [{
                "alignmentPeriod": "3600s",
                "perSeriesAligner": "ALIGN_DELTA",
                "crossSeriesReducer": "REDUCE_SUM",
            }],
            "comparison": "COMPARISON_GT",
            "thresholdValue": f64::from(tokens),
            "duration": "0s",
        });
        let text = Text {
            title: format!("more than {tokens} tokens within an hour"),
            advice:
                "See who it is: the audit log's `principalEmail`, where it is on. A key that is \
                     used elsewhere than where it was given is to be disabled at once."
                    .into(),
        };
        self.measured("tokens", "WARNING", (THRESHOLD, &condition), &text)
    }

    /// Nobody has called any of the models for so many hours.
    pub(super) fn no_traffic(&self, hours: u32) -> Alert {
        let seconds = hours.saturating_mul(3600).min(LONGEST_ABSENCE_SECONDS);
        let condition = json!({
            "filter": self.filter("model_invocation_count"),
            "aggregations": [{
                "alignmentPeriod": PERIOD,
                "perSeriesAligner": "ALIGN_DELTA",
                "crossSeriesReducer": "REDUCE_SUM",
            }],
            "duration": format!("{seconds}s"),
        });
        let text = Text {
            title: format!("nobody has called a model for {hours} hours"),
            advice: "If people are at work: see whether they can sign in and reach Google's APIs, \
                     with `groundwork provision gcp --dry-run` and `claude` on one machine."
                .into(),
        };
        self.measured("no-traffic", "WARNING", ("conditionAbsent", &condition), &text)
    }

    /// The role with which models are called is given or taken, by the project's policy.
    pub(super) fn role_granted(&self, role: &str) -> Alert {
        let filter = format!(
            "resource.type=\"project\"\n\
             protoPayload.serviceName=\"cloudresourcemanager.googleapis.com\"\n\
             protoPayload.methodName=\"SetIamPolicy\"\n\
             protoPayload.serviceData.policyDelta.bindingDeltas.role=\"{role}\""
        );
        let text = Text {
            title: "who may call the models has changed".into(),
            advice: format!(
                "See in the log entry who has given or taken `{role}`, and to whom. Groundwork's own \
                 runs are told of, too; what they have not done, the next one shows: `groundwork \
                 provision gcp --dry-run`."
            ),
        };
        self.logged("role-granted", &filter, &text)
    }

    /// Somebody makes or uploads a key of the service account, or lets others act as it.
    pub(super) fn account_opened(&self, email: &str) -> Alert {
        let filter = format!(
            "resource.type=\"service_account\"\n\
             resource.labels.email_id=\"{email}\"\n\
             protoPayload.serviceName=\"iam.googleapis.com\"\n\
             protoPayload.methodName=(\"google.iam.admin.v1.CreateServiceAccountKey\" OR \
             \"google.iam.admin.v1.UploadServiceAccountKey\" OR \
             \"google.iam.admin.v1.SetIAMPolicy\")"
        );
        let text = Text {
            title: "the service account has a new key, or others may act as it".into(),
            advice: format!(
                "Whoever has a key, calls the models as `{email}` from anywhere. If nobody knows \
                 of it: `gcloud iam service-accounts keys list --iam-account={email} \
                 --project={project}`, then `... keys disable KEY_ID`. Who may act as it: `gcloud \
                 iam service-accounts get-iam-policy {email} --project={project}`. Groundwork's own \
                 runs are told of, too.",
                project = self.project
            ),
        };
        self.logged("account-opened", &filter, &text)
    }

    fn rate(&self, name: &'static str, codes: &str, percent: f64, text: &Text) -> Alert {
        let all = self.filter("model_invocation_count");
        let aggregation = of_model("ALIGN_DELTA", "REDUCE_SUM");
        let condition = json!({
            "filter": format!("{all} AND metric.labels.response_code = {codes}"),
            "aggregations": [&aggregation],
            "denominatorFilter": all,
            "denominatorAggregations": [&aggregation],
            "comparison": "COMPARISON_GT",
            "thresholdValue": percent / 100.0,
            // So that one bad period wakes nobody.
            "duration": "600s",
        });
        self.measured(name, "ERROR", (THRESHOLD, &condition), text)
    }

    fn logged(&self, name: &'static str, filter: &str, text: &Text) -> Alert {
        let condition = json!({
            "displayName": self.title(text), "conditionMatchedLog": { "filter": filter },
        });
        // Without a limit such a policy is refused.
        let strategy = json!({
            "autoClose": AUTO_CLOSE, "notificationRateLimit": { "period": PERIOD },
        });
        self.policy(name, ("WARNING", &strategy), &condition, text)
    }

    fn measured(
        &self,
        name: &'static str,
        severity: &str,
        (kind, condition): (&str, &Value),
        text: &Text,
    ) -> Alert {
        let condition = json!({ "displayName": self.title(text), kind: condition });
        let strategy = json!({ "autoClose": AUTO_CLOSE });
        self.policy(name, (severity, &strategy), &condition, text)
    }

    fn title(&self, text: &Text) -> String {
        format!("Claude Code ({}): {}", self.tenant, text.title)
    }

    fn policy(
        &self,
        name: &'static str,
        (severity, strategy): (&str, &Value),
        condition: &Value,
        text: &Text,
    ) -> Alert {
        let body = json!({
            "displayName": self.title(text),
            "severity": severity,
            "enabled": true,
            "combiner": "OR",
            "conditions": [condition],
            "documentation": { "content": text.advice, "mimeType": "text/markdown" },
            "alertStrategy": strategy,
        });
        Alert { name, body }
    }

    /// One metric of the models that are called.
    fn filter(&self, metric: &str) -> String {
        let mut filter =
            format!("resource.type = \"{RESOURCE}\" AND metric.type = \"{SERVING}/{metric}\"");
        let mut ids: Vec<String> =
            self.models.iter().map(|id| format!("\"{}\"", unversioned(id))).collect();
        ids.sort_unstable();
        ids.dedup();
        let ids = match ids.as_slice() {
            [] => return filter,
            [id] => id.clone(),
            _ => format!("one_of({})", ids.join(",")),
        };
        filter.push_str(" AND resource.labels.model_user_id = ");
        filter + &ids
    }
}

fn of_model(aligner: &str, reducer: &str) -> Value {
    json!({
        "alignmentPeriod": PERIOD,
        "perSeriesAligner": aligner,
        "crossSeriesReducer": reducer,
        "groupByFields": ["resource.label.model_user_id"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(models: &[String]) -> Watched<'_> {
        Watched { tenant: "t", project: "p", models }
    }

    #[test]
    fn only_the_tenants_models_are_watched_and_whatever_their_version() {
        let models = ["claude-b@20250101".to_owned(), "claude-a".into(), "claude-b".into()];
        let filter = watched(&models).filter("token_count");
        assert!(filter.ends_with("model_user_id = one_of(\"claude-a\",\"claude-b\")"));
        assert!(!watched(&[]).filter("token_count").contains("model_user_id"));
    }

    #[test]
    fn an_absence_is_no_longer_than_the_cloud_looks_for() {
        let body = watched(&[]).no_traffic(24).body;
        assert_eq!(body["conditions"][0]["conditionAbsent"]["duration"], "84600s");
    }

    #[test]
    fn an_alert_on_a_log_says_how_often_it_is_told_of() {
        let body = watched(&[]).account_opened("a@p.iam.gserviceaccount.com").body;
        assert_eq!(body["alertStrategy"]["notificationRateLimit"]["period"], "300s");
        assert!(watched(&[]).latency(1).body["alertStrategy"]["notificationRateLimit"].is_null());
    }
}
