//! The hosts that a tenant in AWS needs, for the probe of the network.

use aws_config::profile;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};

use crate::{
    config::Region,
    proxy::check::{Purpose, Target},
};

/// What is called in a region, by developers and by us. Services that have one host for all regions
/// have it in one of them.
pub fn hosts(region: &Region) -> Vec<Target> {
    let name = region.as_str();
    let suffix = match name {
        _ if name.starts_with("cn-") => "amazonaws.com.cn",
        _ if name.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    let regional =
        |service: &str, purpose| Target::https(format!("{service}.{name}.{suffix}"), purpose);
    let (iam, budgets) = match region.partition() {
        "aws-us-gov" => ("iam.us-gov".to_owned(), "budgets.us-gov".to_owned()),
        "aws-cn" => ("iam.cn-north-1".to_owned(), "budgets".to_owned()),
        _ if suffix == "amazonaws.eu" => (format!("iam.{name}"), format!("budgets.{name}")),
        _ => ("iam".to_owned(), "budgets".to_owned()),
    };
    let mut all = vec![
        regional("bedrock-runtime", Purpose::Claude),
        regional("bedrock", Purpose::Claude),
        regional("sts", Purpose::SignIn),
        Target::https(format!("{iam}.{suffix}"), Purpose::Provision),
        Target::https(format!("{budgets}.{suffix}"), Purpose::Provision),
    ];
    // What is switched off is looked for, too.
    let ours = ["kms", "logs", "s3", "monitoring", "sns", "ec2", "tagging"];
    all.extend(ours.map(|service| regional(service, Purpose::Provision)));
    all
}

/// What signing in with a profile takes besides: IAM Identity Center, if the profile, or one that it
/// builds on, is of it.
pub async fn sign_in_hosts(profile: Option<&str>) -> Vec<Target> {
    let name = profile.map(|name| name.to_owned().into());
    let files = EnvConfigFiles::default();
    let Ok(all) = profile::load(&Fs::real(), &Env::real(), &files, name).await else {
        return Vec::new();
    };
    let mut selected = Some(all.selected_profile().to_owned());
    // A chain that leads to itself ends, too.
    for _ in 0..8 {
        let Some(profile) = selected.as_deref().and_then(|name| all.get_profile(name)) else {
            break;
        };
        let session = profile.get("sso_session").and_then(|name| all.sso_session(name));
        let region = session.and_then(|session| session.get("sso_region"));
        if let Some(region) = region.or_else(|| profile.get("sso_region")) {
            let hosts = ["portal.sso", "oidc"].map(|it| format!("{it}.{region}.amazonaws.com"));
            return hosts.map(|host| Target::https(host, Purpose::SignIn)).into();
        }
        selected = profile.get("source_profile").map(ToOwned::to_owned);
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(region: &str) -> Vec<String> {
        hosts(&region.parse().unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_partition_has_its_names() {
        let names = |region| names(region).join(" ");
        assert!(names("us-east-1").starts_with(
            "bedrock-runtime.us-east-1.amazonaws.com bedrock.us-east-1.amazonaws.com \
             sts.us-east-1.amazonaws.com iam.amazonaws.com budgets.amazonaws.com kms.us-east-1."
        ));
        assert!(names("us-gov-west-1").contains(" iam.us-gov.amazonaws.com "));
        assert!(names("cn-north-1").contains(" iam.cn-north-1.amazonaws.com.cn "));
    }
}
