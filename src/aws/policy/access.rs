//! What a developer's role may do: call exactly the configured models, and nothing else.
//!
//! A system inference profile routes to several regions, and which they are is known only to AWS
//! and changes. So the role may call the foundation model in any region, but only through the
//! profile (`bedrock:InferenceProfileArn`): as narrow as a list of regions, and never out of date.

use serde_json::{Value, json};

use super::document;

/// One model that may be called, by the ARN that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocable {
    /// A system profile's id and the foundation model behind it.
    SystemProfile { profile: String, model: String },
    /// An application profile's ARN; the model behind it is not in its name.
    ApplicationProfile { arn: String },
    /// A foundation model's id, called in the tenant's own region.
    Foundation { model: String },
}

/// Where the models are called.
#[derive(Clone, Debug)]
pub struct Access<'a> {
    pub partition: &'a str,
    pub region: &'a str,
    pub account: &'a str,
}

const INVOKE: [&str; 2] = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];

impl Access<'_> {
    fn profile_arn(&self, profile: &str) -> String {
        let Self { partition, region, account } = self;
        format!("arn:{partition}:bedrock:{region}:{account}:inference-profile/{profile}")
    }

    // A global profile is checked against an ARN whose region is empty; `*` matches that, too.
    fn model_arn(&self, region: &str, model: &str) -> String {
        format!("arn:{}:bedrock:{region}::foundation-model/{model}", self.partition)
    }

    fn through(&self, sid: &str, profile_arn: &str, model: &str) -> Value {
        json!({
            "Sid": sid,
            "Effect": "Allow",
            "Action": INVOKE,
            "Resource": self.model_arn("*", model),
            "Condition": {"StringEquals": {"bedrock:InferenceProfileArn": profile_arn}},
        })
    }
}

/// The policy of a role that may call `models`, in the order given.
pub fn invoke(access: &Access<'_>, models: &[Invocable]) -> Value {
    let (mut profiles, mut direct, mut through) = (Vec::new(), Vec::new(), Vec::new());
    let mut counted = Vec::new();
    for (i, model) in models.iter().enumerate() {
        let sid = format!("InvokeModelThroughProfile{}", i + 1);
        match model {
            Invocable::SystemProfile { profile, model } => {
                let arn = access.profile_arn(profile);
                through.push(access.through(&sid, &arn, model));
                counted.push(access.model_arn("*", model));
                profiles.push(arn);
            }
            Invocable::ApplicationProfile { arn } => {
                through.push(access.through(&sid, arn, "anthropic.*"));
                profiles.push(arn.clone());
            }
            Invocable::Foundation { model } => {
                let arn = access.model_arn(access.region, model);
                counted.push(arn.clone());
                direct.push(arn);
            }
        }
    }
    let mut statements = vec![json!({
        "Sid": "ListInferenceProfiles",
        "Effect": "Allow",
        "Action": "bedrock:ListInferenceProfiles",
        "Resource": "*",
    })];
    if !profiles.is_empty() {
        statements.push(json!({
            "Sid": "InvokeProfile",
            "Effect": "Allow",
            "Action": ["bedrock:GetInferenceProfile", INVOKE[0], INVOKE[1]],
            "Resource": profiles,
        }));
    }
    if !direct.is_empty() {
        statements.push(json!({
            "Sid": "InvokeModel",
            "Effect": "Allow",
            "Action": INVOKE,
            "Resource": direct,
        }));
    }
    // The client counts tokens for `/context` on the foundation model, never on a profile.
    if !counted.is_empty() {
        statements.push(json!({
            "Sid": "CountTokens",
            "Effect": "Allow",
            "Action": "bedrock:CountTokens",
            "Resource": counted,
        }));
    }
    statements.extend(through);
    document(&statements)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Access<'_> =
        Access { partition: "aws", region: "eu-west-1", account: "123456789012" };

    #[test]
    fn a_model_behind_a_profile_is_allowed_only_through_it() {
        let models = [Invocable::SystemProfile {
            profile: "eu.anthropic.claude-opus-5-5".into(),
            model: "anthropic.claude-opus-5-5".into(),
        }];
        let policy = invoke(&HERE, &models);
        let through = &policy["Statement"][3];
        assert_eq!(
            through["Resource"],
            "arn:aws:bedrock:*::foundation-model/anthropic.claude-opus-5-5"
        );
        assert_eq!(
            through["Condition"]["StringEquals"]["bedrock:InferenceProfileArn"],
            "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-opus-5-5"
        );
    }

    #[test]
    fn no_statement_allows_invoking_everything() {
        let models = [
            Invocable::ApplicationProfile {
                arn: "arn:aws:bedrock:eu-west-1:1:application-inference-profile/x".into(),
            },
            Invocable::Foundation { model: "anthropic.claude-x".into() },
        ];
        let policy = invoke(&HERE, &models);
        for statement in policy["Statement"].as_array().unwrap() {
            let invokes = statement["Action"].to_string().contains("Invoke");
            assert!(!invokes || statement["Resource"] != "*", "{statement}");
        }
    }
}
