//! Who may take a developer's role.
//!
//! The one document here that can open an account to strangers: every way in is narrowed to those
//! whom the configuration names, and a federated one to the application and to the person, too.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::document;
use crate::config::{Access, Oidc};

/// Roles may come with tags and a source identity from where they signed in; a trust that does not
/// let these through refuses such a session as a whole.
const ASSUME: [&str; 3] = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"];

/// An issuer as IAM names it in ARNs and condition keys.
pub fn issuer_name(oidc: &Oidc) -> String {
    oidc.issuer.trim_start_matches("https://").to_owned()
}

/// Who may take a developer's role: the principals named, or whoever this account itself lets, if
/// nobody else is named; and whom the identity provider knows by the conditions.
pub fn developer_trust(partition: &str, account: &str, access: &Access) -> Value {
    let mut exact: Vec<String> = Vec::new();
    let mut patterns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for principal in &access.trusted_principals {
        match principal.identity_center_pattern() {
            Some(pattern) => {
                patterns.entry(principal.arn().account.to_owned()).or_default().push(pattern);
            }
            None => exact.push(principal.to_string()),
        }
    }
    let root = |account: &str| format!("arn:{partition}:iam::{account}:root");
    if exact.is_empty() && patterns.is_empty() && access.oidc.is_none() {
        exact.push(root(account));
    }
    let mut statements = Vec::new();
    if !exact.is_empty() {
        statements.push(assumes("DeveloperAssumes", &json!(exact), None));
    }
    for (account, patterns) in patterns {
        let condition = json!({"ArnLike": {"aws:PrincipalArn": patterns}});
        let sid = format!("IdentityCenterAssumes{account}");
        statements.push(assumes(&sid, &json!(root(&account)), Some(condition)));
    }
    if let Some(oidc) = &access.oidc {
        statements.push(federated(partition, account, oidc));
    }
    document(&statements)
}

fn assumes(sid: &str, principals: &Value, condition: Option<Value>) -> Value {
    let mut statement = json!({
        "Sid": sid, "Effect": "Allow", "Principal": {"AWS": principals}, "Action": ASSUME,
    });
    if let (Some(condition), Some(fields)) = (condition, statement.as_object_mut()) {
        fields.insert("Condition".into(), condition);
    }
    statement
}

/// For the clients named, and for the subjects and the groups named: where both are, both must fit.
/// Of a token's claims IAM has no `groups`; a group comes as a session tag.
fn federated(partition: &str, account: &str, oidc: &Oidc) -> Value {
    let name = issuer_name(oidc);
    let mut like = Map::new();
    if !oidc.subjects.is_empty() {
        like.insert(format!("{name}:sub"), json!(oidc.subjects));
    }
    if !oidc.groups.is_empty() {
        like.insert(format!("aws:RequestTag/{}", oidc.group_tag), json!(oidc.groups));
    }
    json!({
        "Sid": "FederatedDeveloperAssumes",
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:{partition}:iam::{account}:oidc-provider/{name}")},
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        "Condition": {
            "StringEquals": {format!("{name}:aud"): oidc.client_ids},
            "StringLike": like,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(access: &Access) -> Vec<Value> {
        developer_trust("aws", "123456789012", access)["Statement"].as_array().unwrap().clone()
    }

    fn oidc(subjects: &[&str], groups: &[&str]) -> Access {
        let own = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let oidc = Oidc {
            issuer: "https://idp.example.com/tenant".into(),
            client_ids: vec!["claude-code".into()],
            subjects: own(subjects),
            groups: own(groups),
            ..Oidc::default()
        };
        Access { oidc: Some(oidc), ..Access::default() }
    }

    #[test]
    fn without_anybody_named_the_account_itself_decides() {
        let trust = trust(&Access::default());
        assert_eq!(trust.len(), 1);
        assert_eq!(trust[0]["Principal"]["AWS"][0], "arn:aws:iam::123456789012:root");
        assert!(!trust[0].to_string().contains("Service"));
    }

    #[test]
    fn an_identity_provider_alone_lets_in_nobody_else() {
        let trust = trust(&oidc(&["ada"], &[]));
        assert_eq!(trust.len(), 1);
        assert_eq!(
            trust[0]["Principal"]["Federated"],
            "arn:aws:iam::123456789012:oidc-provider/idp.example.com/tenant"
        );
        let condition = &trust[0]["Condition"];
        assert_eq!(condition["StringEquals"]["idp.example.com/tenant:aud"][0], "claude-code");
        assert_eq!(condition["StringLike"]["idp.example.com/tenant:sub"][0], "ada");
        assert!(condition["StringLike"]["aws:RequestTag/group"].is_null());
        assert!(trust[0]["Action"].to_string().contains("sts:TagSession"));
    }

    #[test]
    fn a_group_is_a_session_tag_and_goes_together_with_the_subject() {
        let trust = trust(&oidc(&["*@example.com"], &["engineering"]));
        let like = trust[0]["Condition"]["StringLike"].as_object().unwrap();
        assert_eq!(like.len(), 2);
        assert_eq!(like["aws:RequestTag/group"][0], "engineering");
    }

    #[test]
    fn a_role_of_identity_center_is_trusted_by_pattern() {
        let at = "arn:aws:iam::210987654321:role";
        let sso = format!("{at}/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_*");
        let access = Access {
            trusted_principals: vec![sso.parse().unwrap(), format!("{at}/x").parse().unwrap()],
            ..Access::default()
        };
        let trust = trust(&access);
        assert_eq!(trust[0]["Principal"]["AWS"][0], format!("{at}/x"));
        assert_eq!(trust[1]["Principal"]["AWS"], "arn:aws:iam::210987654321:root");
        let pattern = &trust[1]["Condition"]["ArnLike"]["aws:PrincipalArn"][0];
        assert!(pattern.as_str().unwrap().ends_with("/AWSReservedSSO_Dev_????????????????"));
    }
}
