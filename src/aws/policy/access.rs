//! What a developer's role may do: call exactly the configured models, and nothing else.
//!
//! A system inference profile routes to several regions, and which they are is known only to AWS
//! and changes. So the role may call the foundation model in any region, but only through the
//! profile (`bedrock:InferenceProfileArn`): as narrow as a list of regions, and never out of date.

use serde_json::{Value, json};

use super::document;
use crate::config::{ModelForm, ModelId};

/// Where the models are called.
#[derive(Clone, Debug)]
pub struct Access<'a> {
    pub partition: &'a str,
    pub region: &'a str,
    pub account: &'a str,
}

/// One model that may be called, by the ARNs that IAM checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocable {
    /// The inference profile that is called, or the promise of it; `None` if it is the model itself.
    pub(super) profile: Option<Value>,
    /// The foundation model behind it, or the pattern that it matches.
    pub(super) model: String,
}

const INVOKE: [&str; 2] = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];
/// What is behind an application profile is not in its name.
const ANY_MODEL: &str = "anthropic.*";

impl Access<'_> {
    /// What calling the model takes.
    pub fn invocable(&self, id: &ModelId) -> Invocable {
        let Self { partition, region, account } = self;
        let (profile, model) = match id.form() {
            ModelForm::Foundation { model } => (None, self.model_arn(region, model)),
            ModelForm::FoundationArn { .. } => (None, id.to_string()),
            ModelForm::SystemProfile { model, .. } => {
                let arn =
                    format!("arn:{partition}:bedrock:{region}:{account}:inference-profile/{id}");
                (Some(arn), self.model_arn("*", model))
            }
            ModelForm::SystemProfileArn { model, .. } => {
                (Some(id.to_string()), self.model_arn("*", model))
            }
            ModelForm::ApplicationProfileArn { .. } => {
                (Some(id.to_string()), self.model_arn("*", ANY_MODEL))
            }
        };
        Invocable { profile: profile.map(Value::from), model }
    }

    /// What calling a model takes through an application profile, which is not made yet: `source` is
    /// what it stands for.
    pub fn invocable_through(&self, profile: Value, source: &ModelId) -> Invocable {
        let region = if source.form().prefix().is_some() { "*" } else { self.region };
        let model = self.model_arn(region, source.form().model().unwrap_or(ANY_MODEL));
        Invocable { profile: Some(profile), model }
    }

    // A global profile is checked against an ARN whose region is empty; `*` matches that, too.
    fn model_arn(&self, region: &str, model: &str) -> String {
        format!("arn:{}:bedrock:{region}::foundation-model/{model}", self.partition)
    }
}

fn allow(sid: &str, actions: &[&str], resources: &[Value]) -> Value {
    json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources})
}

/// The policy of a role that may call `models` and nothing else.
pub fn invoke(models: &[Invocable]) -> Value {
    let mut statements =
        vec![allow("ListInferenceProfiles", &["bedrock:ListInferenceProfiles"], &[json!("*")])];
    let profiles: Vec<_> = models.iter().filter_map(|model| model.profile.clone()).collect();
    if !profiles.is_empty() {
        let actions = ["bedrock:GetInferenceProfile", INVOKE[0], INVOKE[1]];
        statements.push(allow("InvokeProfile", &actions, &profiles));
    }
    // The client counts tokens for `/context` on the foundation model, never on a profile.
    let counted: Vec<_> = models.iter().map(|model| json!(model.model)).collect();
    statements.push(allow("CountTokens", &["bedrock:CountTokens"], &counted));
    for (i, Invocable { profile, model }) in models.iter().enumerate() {
        let mut statement = allow(&format!("InvokeModel{}", i + 1), &INVOKE, &[json!(model)]);
        if let (Some(profile), Some(fields)) = (profile, statement.as_object_mut()) {
            let through = json!({"StringEquals": {"bedrock:InferenceProfileArn": profile}});
            fields.insert("Condition".into(), through);
        }
        statements.push(statement);
    }
    document(&statements)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Access<'_> =
        Access { partition: "aws", region: "eu-west-1", account: "123456789012" };

    fn statements(ids: &[&str]) -> Vec<Value> {
        let models: Vec<_> = ids.iter().map(|id| HERE.invocable(&id.parse().unwrap())).collect();
        invoke(&models)["Statement"].as_array().unwrap().clone()
    }

    #[test]
    fn a_model_behind_a_profile_is_allowed_only_through_it() {
        let statements = statements(&["eu.anthropic.claude-opus-5-5"]);
        let profile =
            "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-opus-5-5";
        assert_eq!(statements[1]["Resource"][0], profile);
        let through = &statements[3];
        let model = "arn:aws:bedrock:*::foundation-model/anthropic.claude-opus-5-5";
        assert_eq!(through["Resource"][0], model);
        assert_eq!(through["Condition"]["StringEquals"]["bedrock:InferenceProfileArn"], profile);
    }

    #[test]
    fn a_foundation_model_is_allowed_in_the_tenants_region() {
        let statements = statements(&["anthropic.claude-opus-5-5"]);
        let model = "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-opus-5-5";
        assert_eq!(statements[2]["Resource"][0], model);
        assert!(statements[2]["Condition"].is_null());
    }

    #[test]
    fn no_statement_allows_invoking_everything() {
        let application =
            "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123";
        for statement in statements(&[application, "us.anthropic.claude-haiku-5-5"]) {
            let invokes = statement["Action"].to_string().contains("Invoke");
            assert!(!invokes || statement["Resource"] != json!(["*"]), "{statement}");
        }
    }
}
