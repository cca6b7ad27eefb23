//! What may pass through the tenant's private endpoints.
//!
//! An endpoint's private name is that of the service itself, for everything in the VPC. So Bedrock's
//! policies let through the tenant's models and what setting up the tenant takes, and nothing of
//! other accounts; those of services that others in the VPC use as well are bounded by the account
//! alone.

use serde_json::{Value, json};

use super::{Invocable, document};

/// Whose endpoints they are.
#[derive(Clone, Debug)]
pub struct Perimeter {
    pub partition: String,
    pub region: String,
    pub account: String,
}

/// What `groundwork provision aws` and Claude Code ask of Bedrock besides calling models, by the
/// name of the statement. None of it can be narrowed to a resource.
const CONTROL: [&str; 8] = [
    "bedrock:DeleteModelInvocationLoggingConfiguration",
    "bedrock:GetFoundationModel",
    "bedrock:GetFoundationModelAvailability",
    "bedrock:GetModelInvocationLoggingConfiguration",
    "bedrock:GetUseCaseForModelAccess",
    "bedrock:ListFoundationModels",
    "bedrock:ListInferenceProfiles",
    "bedrock:PutModelInvocationLoggingConfiguration",
];
const PROFILE: [&str; 6] = [
    "bedrock:CreateInferenceProfile",
    "bedrock:DeleteInferenceProfile",
    "bedrock:GetInferenceProfile",
    "bedrock:ListTagsForResource",
    "bedrock:TagResource",
    "bedrock:UntagResource",
];

impl Perimeter {
    fn allow(&self, sid: &str, actions: &[&str], resources: &[Value]) -> Value {
        json!({
            "Sid": sid,
            "Effect": "Allow",
            "Principal": "*",
            "Action": actions,
            "Resource": resources,
            "Condition": {"StringEquals": {"aws:PrincipalAccount": self.account}},
        })
    }

    /// Calls of the tenant's models, directly or through their profiles.
    pub fn bedrock_runtime(&self, models: &[Invocable]) -> Value {
        let mut resources: Vec<Value> = Vec::new();
        for it in models {
            resources.extend(it.profile.clone());
            resources.push(json!(it.model));
        }
        let actions =
            ["bedrock:CountTokens", "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];
        document(&[self.allow("TenantCallsItsModels", &actions, &resources)])
    }

    pub fn bedrock(&self) -> Value {
        let Self { partition, region, account } = self;
        let of_account = |kind| json!(format!("arn:{partition}:bedrock:{region}:{account}:{kind}"));
        let models =
            json!(format!("arn:{partition}:bedrock:{region}::foundation-model/anthropic.*"));
        let profiles = [
            of_account("application-inference-profile/*"),
            of_account("inference-profile/*"),
            models,
        ];
        document(&[
            self.allow("AccountLooksAndLogs", &CONTROL, &[json!("*")]),
            self.allow("AccountKeepsProfiles", &PROFILE, &profiles),
        ])
    }

    /// Roles of this account, for whoever may take them. A sign-in with a token of an identity
    /// provider is nobody's yet, so that the account is the role's.
    pub fn sts(&self) -> Value {
        let Self { partition, account, .. } = self;
        let actions = [
            "sts:AssumeRole",
            "sts:AssumeRoleWithSAML",
            "sts:AssumeRoleWithWebIdentity",
            "sts:SetSourceIdentity",
            "sts:TagSession",
        ];
        document(&[
            json!({
                "Sid": "TakeRolesOfTheAccount",
                "Effect": "Allow",
                "Principal": "*",
                "Action": actions,
                "Resource": format!("arn:{partition}:iam::{account}:role/*"),
            }),
            self.allow("AccountAsksWhoItIs", &["sts:GetCallerIdentity"], &[json!("*")]),
        ])
    }

    pub fn logs(&self) -> Value {
        let Self { partition, region, account } = self;
        let groups = json!(format!("arn:{partition}:logs:{region}:{account}:*"));
        document(&[self.allow("AccountUsesItsLogs", &["logs:*"], &[groups])])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_endpoint_is_open_to_other_accounts() {
        let perimeter = Perimeter {
            partition: "aws".into(),
            region: "eu-west-1".into(),
            account: "123456789012".into(),
        };
        let all = [perimeter.bedrock(), perimeter.sts(), perimeter.logs()];
        for statement in all.iter().flat_map(|policy| policy["Statement"].as_array().unwrap()) {
            let bounded = statement["Condition"]["StringEquals"]["aws:PrincipalAccount"]
                == "123456789012"
                || statement["Resource"].to_string().contains(":123456789012:");
            assert!(bounded, "{statement}");
        }
    }
}
