//! What carries the tenant's mark and is no longer in its configuration: it was renamed there, or
//! taken out. Nobody else would tell of it, and some of it costs money.
//!
//! AWS's tagging service knows most kinds. Roles it does not know, so these are found by their
//! description, and then by their tags; identity providers are few, and asked one by one.

use std::collections::BTreeSet;

use aws_sdk_resourcegroupstagging::types::TagFilter;

use super::{
    Aws, Mark,
    error::AwsResult as _,
    mark::{REGION, TENANT},
    right::{Right, Site},
};
use crate::{
    error::Result,
    reconcile::{Orphan, Owner},
};

/// What roles of a tenant say of themselves.
pub(super) fn description(mark: &Mark) -> String {
    format!("Groundwork tenant {} in {}", mark.tenant, mark.region)
}

/// What the search needs.
pub(super) fn rights(site: &Site) -> Vec<Right> {
    let Site { partition, account, .. } = site;
    let of_iam = |kind: &str| format!("arn:{partition}:iam::{account}:{kind}/*");
    let everywhere = &["iam:ListOpenIDConnectProviders", "iam:ListRoles", "tag:GetResources"];
    vec![
        Right::search("LookUp", everywhere),
        Right::search("RoleSearch", &["iam:ListRoleTags"]).on([of_iam("role")]),
        Right::search("ProviderSearch", &["iam:ListOpenIDConnectProviderTags"])
            .on([of_iam("oidc-provider")]),
    ]
}

/// Everything with our mark whose id is not among `known`. Keys, endpoints and inference profiles,
/// which AWS names itself, are known by ARN.
pub async fn orphans(aws: &Aws, known: &BTreeSet<String>) -> Result<Vec<Orphan>> {
    let (tagged, roles, providers) = tokio::try_join!(tagged(aws), roles(aws), providers(aws))?;
    let mut all: Vec<Orphan> = [tagged, roles, providers].concat();
    all.retain(|orphan| !known.contains(&orphan.id) && !known.contains(&orphan.full_name));
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

async fn tagged(aws: &Aws) -> Result<Vec<Orphan>> {
    let filter = |key, value: &str| TagFilter::builder().key(key).values(value).build();
    let call = aws.tagging.get_resources();
    let call = call.tag_filters(filter(TENANT, &aws.mark.tenant));
    let call = call.tag_filters(filter(REGION, &aws.mark.region));
    let mut pages = call.into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(resource) = pages.next().await {
        let resource = resource.calling("tag:GetResources")?;
        let orphan = resource.resource_arn().and_then(|arn| of_arn(arn, &aws.region));
        if let Some(orphan) = orphan
            && alive(aws, &orphan).await?
        {
            found.push(orphan);
        }
    }
    Ok(found)
}

/// A key that is pending deletion keeps its tags; it is gone all the same.
async fn alive(aws: &Aws, orphan: &Orphan) -> Result<bool> {
    if !orphan.id.starts_with("aws.kms.key/") {
        return Ok(true);
    }
    let found = aws.kms.describe_key().key_id(&orphan.full_name).send().await;
    let found = found.absent_if(&["NotFoundException"], "kms:DescribeKey")?;
    let state = found.and_then(|found| found.key_metadata?.key_state);
    Ok(state.is_some_and(|state| state != aws_sdk_kms::types::KeyState::PendingDeletion))
}

async fn roles(aws: &Aws) -> Result<Vec<Orphan>> {
    let description = description(&aws.mark);
    let mut roles = aws.iam.list_roles().max_items(1000).into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(role) = roles.next().await {
        let role = role.calling("iam:ListRoles")?;
        if role.description() != Some(description.as_str()) {
            continue;
        }
        let name = role.role_name();
        let tags = aws.iam.list_role_tags().role_name(name).send().await;
        let tags = tags.absent_if(&["NoSuchEntity"], "iam:ListRoleTags")?;
        let tags = tags.map(|tags| tags.tags).unwrap_or_default();
        let tags = tags.iter().map(|tag| (tag.key().into(), tag.value().into())).collect();
        if aws.mark.owner(&tags) == Owner::Us {
            let removal = format!("aws iam delete-role --role-name {name} (without its policies)");
            let id = format!("aws.iam.role/{name}");
            found.push(Orphan { id, full_name: role.arn().to_owned(), removal });
        }
    }
    Ok(found)
}

async fn providers(aws: &Aws) -> Result<Vec<Orphan>> {
    let call = aws.iam.list_open_id_connect_providers().send().await;
    let all = call.calling("iam:ListOpenIDConnectProviders")?;
    let mut found = Vec::new();
    for provider in all.open_id_connect_provider_list() {
        let Some(arn) = provider.arn() else { continue };
        let call = aws.iam.list_open_id_connect_provider_tags().open_id_connect_provider_arn(arn);
        let tags = call.send().await;
        let tags = tags.absent_if(&["NoSuchEntity"], "iam:ListOpenIDConnectProviderTags")?;
        let tags = tags.map(|tags| tags.tags).unwrap_or_default();
        let tags = tags.iter().map(|tag| (tag.key().into(), tag.value().into())).collect();
        if aws.mark.owner(&tags) == Owner::Us {
            let name = arn.split_once(":oidc-provider/").map_or(arn, |(_, name)| name);
            found.push(Orphan {
                id: format!("aws.iam.oidc_provider/{name}"),
                full_name: arn.to_owned(),
                removal: format!(
                    "aws iam delete-open-id-connect-provider --open-id-connect-provider-arn {arn}"
                ),
            });
        }
    }
    Ok(found)
}

/// What an ARN names, of the kinds that we make; others bear our tags by somebody else's will.
fn of_arn(arn: &str, region: &str) -> Option<Orphan> {
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, service, _, _, resource] = fields.as_slice() else { return None };
    let (kind, name, removal) = match (*service, *resource) {
        ("kms", key) => {
            let id = key.strip_prefix("key/")?;
            let removal = format!("aws kms schedule-key-deletion --region {region} --key-id {id}");
            ("aws.kms.key", id, removal)
        }
        ("logs", group) => {
            let name = group.strip_prefix("log-group:")?.trim_end_matches(":*");
            let removal =
                format!("aws logs delete-log-group --region {region} --log-group-name {name}");
            ("aws.logs.group", name, removal)
        }
        ("s3", bucket) => {
            ("aws.s3.bucket", bucket, format!("aws s3 rb s3://{bucket} (once it is empty)"))
        }
        ("sns", topic) => {
            let removal = format!("aws sns delete-topic --region {region} --topic-arn {arn}");
            ("aws.sns.topic", topic, removal)
        }
        ("cloudwatch", it) => {
            let name = it.strip_prefix("alarm:")?;
            let removal =
                format!("aws cloudwatch delete-alarms --region {region} --alarm-names {name}");
            ("aws.cloudwatch.alarm", name, removal)
        }
        ("ec2", it) => {
            let id = it.strip_prefix("vpc-endpoint/")?;
            let removal =
                format!("aws ec2 delete-vpc-endpoints --region {region} --vpc-endpoint-ids {id}");
            ("aws.ec2.vpc_endpoint", id, removal)
        }
        ("bedrock", it) => {
            let id = it.strip_prefix("application-inference-profile/")?;
            let removal = format!(
                "aws bedrock delete-inference-profile --region {region} \
                 --inference-profile-identifier {arn}"
            );
            ("aws.bedrock.inference_profile", id, removal)
        }
        _ => return None,
    };
    Some(Orphan { id: format!("{kind}/{name}"), full_name: arn.to_owned(), removal })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_named_as_its_resource_is() {
        let at = "us-east-1:123456789012";
        for (arn, id) in [
            (format!("arn:aws:logs:{at}:log-group:/aws/x:*"), "aws.logs.group//aws/x"),
            ("arn:aws:s3:::b".to_owned(), "aws.s3.bucket/b"),
            (format!("arn:aws:cloudwatch:{at}:alarm:a"), "aws.cloudwatch.alarm/a"),
            (format!("arn:aws:ec2:{at}:vpc-endpoint/vpce-1"), "aws.ec2.vpc_endpoint/vpce-1"),
        ] {
            assert_eq!(of_arn(&arn, "us-east-1").unwrap().id, id);
        }
        assert_eq!(of_arn(&format!("arn:aws:ec2:{at}:instance/i-1"), "us-east-1"), None);
        assert_eq!(of_arn("nonsense", "us-east-1"), None);
    }
}
