//! Which rights of a policy the present identity lacks, where IAM may be asked: it then judges all
//! policies of the identity, boundaries and those of the organisation included.

use std::collections::BTreeSet;

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use serde_json::Value;

use super::{Aws, Identity, error::AwsResult as _};
use crate::error::{Error, Kind, Result};

/// The actions that the identity may not do as `policy` has them, each once.
pub async fn lacking(aws: &Aws, identity: &Identity, policy: &Value) -> Result<Vec<String>> {
    let Some(source) = source(aws, identity).await? else { return Ok(Vec::new()) };
    let statements = policy.get("Statement").and_then(Value::as_array);
    let asked = statements.into_iter().flatten().map(|it| refused(aws, &source, it));
    let refused = futures::future::try_join_all(asked).await?;
    let refused: BTreeSet<String> = refused.into_iter().flatten().collect();
    Ok(refused.into_iter().collect())
}

/// Whose policies are asked for: a user's, or those of the role behind a session. `None` for the
/// account itself, which may do everything.
async fn source(aws: &Aws, identity: &Identity) -> Result<Option<String>> {
    let arn = &identity.arn;
    if arn.ends_with(":root") {
        return Ok(None);
    }
    let Some((_, session)) = arn.split_once(":assumed-role/") else {
        if arn.contains(":user/") {
            return Ok(Some(arn.clone()));
        }
        return Err(Error::new(Kind::Cloud, format!("`{arn}` is no user and no role")));
    };
    // A session does not tell the role's path; most have none, if we may not look.
    let name = session.split('/').next().unwrap_or_default();
    let found = aws.iam.get_role().role_name(name).send().await.calling("iam:GetRole");
    let found = found.ok().and_then(|found| Some(found.role()?.arn().to_owned()));
    let Aws { partition, account, .. } = aws;
    Ok(Some(found.unwrap_or_else(|| format!("arn:{partition}:iam::{account}:role/{name}"))))
}

async fn refused(aws: &Aws, source: &str, statement: &Value) -> Result<Vec<String>> {
    let texts = |key: &str| -> Vec<String> {
        let all = statement.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        all.iter().filter_map(|it| it.as_str().map(ToOwned::to_owned)).collect()
    };
    let call = aws.iam.simulate_principal_policy().policy_source_arn(source);
    let call = call
        .set_action_names(Some(texts("Action")))
        .set_resource_arns(Some(texts("Resource")))
        .set_context_entries(Some(context(statement)));
    let mut pages = call.into_paginator().items().send();
    let mut refused = Vec::new();
    while let Some(result) = pages.next().await {
        let result = result.calling("iam:SimulatePrincipalPolicy")?;
        if *result.eval_decision() != PolicyEvaluationDecisionType::Allowed {
            refused.push(result.eval_action_name().to_owned());
        }
    }
    Ok(refused)
}

/// What a call would come with: the values that the statement's condition asks for.
fn context(statement: &Value) -> Vec<ContextEntry> {
    let conditions = statement.get("Condition").and_then(Value::as_object);
    let equal = conditions.and_then(|it| it.get("StringEquals")).and_then(Value::as_object);
    let entry = |(key, value): (&String, &Value)| {
        let value = value.as_str().or_else(|| value.get(0)?.as_str())?;
        let entry = ContextEntry::builder().context_key_name(key).context_key_values(value);
        Some(entry.context_key_type(ContextKeyTypeEnum::String).build())
    };
    equal.into_iter().flatten().filter_map(entry).collect()
}
