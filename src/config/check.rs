//! What no value can tell alone: whether the values fit each other.
//!
//! Runs on what is left after each value was checked. A value that was wrong in itself is not
//! complained about again: `note` passes over whatever touches one.

use std::collections::{BTreeMap, HashSet};

use super::{
    Cloud,
    arn::Arn,
    claude_code,
    decode::note,
    kms_key_id::KmsKeyId,
    log::check_bucket,
    network::{SecurityGroupId, SubnetId},
    path::{Path, Skip},
    problem::{Problem, What},
    proxy::Proxy,
    shape::{Config, VpcConfig},
    shaped::Notes,
};

/// Notes everything that does not fit.
pub(super) fn check(config: &Config, skip: &Skip, problems: &mut Vec<Problem>) {
    let mut check = Check { config, skip, problems };
    check.arns();
    check.vpc();
    check.tags();
    check.names();
    check.oidc();
    check.inference_profiles();
    check.monitoring();
    let notes = &mut Notes { skip, problems };
    proxy(&config.proxy, notes);
    claude_code::check(&config.claude_code, Cloud::Aws, notes);
}

pub(super) struct Check<'a> {
    pub(super) config: &'a Config,
    skip: &'a Skip,
    problems: &'a mut Vec<Problem>,
}

const MOST_TAGS: usize = 40;

impl Check<'_> {
    pub(super) fn note(&mut self, path: &Path, message: String, hint: &str) {
        let what = What::said(message);
        let what = if hint.is_empty() { what } else { what.hint(hint) };
        note(self.skip, self.problems, path, what);
    }

    /// Every ARN is of the region's partition; most are of this account and region, too.
    fn arns(&mut self) {
        let bedrock = &self.config.bedrock;
        let own = Own { account: true, region: true };
        let mut all = Vec::new();
        let models = [
            ("bedrock.model_id", &bedrock.model_id),
            ("bedrock.small_fast_model_id", &bedrock.small_fast_model_id),
        ];
        for (path, model) in models {
            let arn = model.as_ref().and_then(|model| model.form().arn());
            all.extend(arn.map(|arn| (Path::of(path), arn, own)));
        }
        for (index, profile) in bedrock.inference_profiles.iter().enumerate() {
            let path = Path::of("bedrock.inference_profiles").index(index);
            let ids = [("model_id", Some(&profile.model_id)), ("arn", profile.arn.as_ref())];
            for (key, id) in ids {
                let arn = id.and_then(|id| id.form().arn());
                all.extend(arn.map(|arn| (path.clone().key(key), arn, own)));
            }
        }
        // A key may be of another account that shares it.
        let key = bedrock.encryption.kms_key_id.as_ref().and_then(KmsKeyId::arn);
        let of_region = Own { account: false, region: true };
        all.extend(key.map(|arn| (Path::of("bedrock.encryption.kms_key_id"), arn, of_region)));
        let access = &bedrock.access;
        let anywhere = Own { account: false, region: false };
        for (index, principal) in access.trusted_principals.iter().enumerate() {
            let path = Path::of("bedrock.access.trusted_principals").index(index);
            all.push((path, principal.arn(), anywhere));
        }
        if let Some(boundary) = &access.permissions_boundary {
            let of_account = Own { account: true, region: false };
            all.push((Path::of("bedrock.access.permissions_boundary"), boundary.arn(), of_account));
        }
        for (path, arn, own) in all {
            self.arn(&path, arn, own);
        }
    }

    fn arn(&mut self, path: &Path, arn: Arn<'_>, own: Own) {
        let config = self.config;
        if let Some(region) = &config.bedrock.region {
            let partition = region.partition();
            if arn.partition != partition {
                let message = format!(
                    "`{path}` is of the partition `{}`, but the region {region} is of `{partition}`",
                    arn.partition
                );
                return self.note(path, message, "");
            }
            if own.region && arn.region != region.as_str() {
                let message = format!(
                    "`{path}` is of the region {}, but `bedrock.region` is {region}",
                    arn.region
                );
                return self.note(path, message, "");
            }
        }
        let of_aws = arn.account.is_empty() || arn.account == "aws";
        if let Some(account) = config.account_id.as_ref().filter(|_| own.account && !of_aws)
            && arn.account != account.as_str()
        {
            let message = format!(
                "`{path}` is of the account {}, but `account_id` is {account}",
                arn.account
            );
            self.note(path, message, "");
        }
    }

    fn vpc(&mut self) {
        let Some(vpc) = &self.config.bedrock.vpc_config else { return };
        let VpcConfig { subnet_ids, security_group_ids, additional_services } = vpc;
        let path = || Path::of("bedrock.vpc_config");
        match (subnet_ids.is_empty(), security_group_ids.is_empty()) {
            (false, true) => {
                let message = "`bedrock.vpc_config` has subnets but no `security_group_ids`";
                self.note(
                    &path(),
                    message.into(),
                    "see which there are: aws ec2 describe-security-groups",
                );
            }
            (true, false) => {
                let message = "`bedrock.vpc_config` has security groups but no `subnet_ids`";
                self.note(&path(), message.into(), "see which there are: aws ec2 describe-subnets");
            }
            _ => {}
        }
        let subnets = subnet_ids.iter().map(SubnetId::as_str);
        self.twice(&path().key("subnet_ids"), subnets);
        let groups = security_group_ids.iter().map(SecurityGroupId::as_str);
        self.twice(&path().key("security_group_ids"), groups);
        let services = additional_services.iter().map(|service| service.name());
        self.twice(&path().key("additional_services"), services);
    }

    pub(super) fn twice<'b>(&mut self, list: &Path, items: impl Iterator<Item = &'b str>) {
        let mut seen = HashSet::new();
        for (index, item) in items.enumerate() {
            if !seen.insert(item) {
                let message = format!("`{list}` names `{item}` twice");
                // With an item left out, the indexes are not the file's.
                let path =
                    if self.skip.touches(list) { list.clone() } else { list.clone().index(index) };
                self.note(&path, message, "");
            }
        }
    }

    fn tags(&mut self) {
        let config = self.config;
        if config.tags.len() > MOST_TAGS {
            let message =
                format!("there are {} tags, and there can be {MOST_TAGS}", config.tags.len());
            self.note(&Path::of("tags"), message, "");
        }
        self.tag_map(&Path::of("tags"), &config.tags);
    }

    /// Tags as AWS takes them, and none that is ours.
    pub(super) fn tag_map(&mut self, list: &Path, tags: &BTreeMap<String, String>) {
        let mut seen = HashSet::new();
        for (key, value) in tags {
            let path = list.clone().key(key);
            if let Some((message, hint)) = tag_mistake(&path.to_string(), key, value) {
                self.note(&path, message, hint);
            } else if !seen.insert(key.to_lowercase()) {
                let message =
                    format!("`{path}` differs from another tag only in case, and IAM sees no case");
                self.note(&path, message, "keep one of them");
            }
        }
    }

    /// The names that are made of the tenant's.
    fn names(&mut self) {
        let Config { tenant, account_id, bedrock, .. } = self.config;
        let Some(region) = &bedrock.region else { return };
        let account = account_id.as_ref().map_or("123456789012", |account| account.as_str());
        let bucket = format!("{tenant}-logs-{account}-{region}");
        if bedrock.logging.s3.bucket.is_none() && check_bucket(&bucket).is_err() {
            let message = format!(
                "with this `tenant` the bucket's name would be `{bucket}`, which S3 does not allow"
            );
            let hint = "choose another `tenant`, or name a bucket: `bedrock.logging.s3.bucket`";
            self.note(&Path::of("tenant"), message, hint);
        }
        let role = format!("{tenant}-bedrock-logging-{region}");
        if bedrock.access.role_name.as_str().eq_ignore_ascii_case(&role) {
            let message = format!("`{role}` is the name of the role that delivers the log");
            self.note(&Path::of("bedrock.access.role_name"), message, "choose another");
        }
    }

    /// A trust without conditions lets in everyone whom the provider knows.
    fn oidc(&mut self) {
        let Some(oidc) = &self.config.bedrock.access.oidc else { return };
        let path = || Path::of("bedrock.access.oidc");
        let host = oidc.issuer.strip_prefix("https://").unwrap_or_default();
        let odd = |c: char| c.is_whitespace() || c.is_control() || "?#@*".contains(c);
        if oidc.issuer.is_empty() {
            self.note(&path(), "`bedrock.access.oidc` needs `issuer`".into(), "");
        } else if host.is_empty() || host.contains(odd) {
            let message = "`bedrock.access.oidc.issuer` must be an address such as \
                           `https://idp.example.com`";
            self.note(&path().key("issuer"), message.into(), "");
        }
        if oidc.client_ids.is_empty() {
            let message = "`bedrock.access.oidc` needs `client_ids`: \
                           without one it would accept tokens made for any application";
            self.note(&path().key("client_ids"), message.into(), "");
        }
        let everyone = |subject: &String| subject.chars().all(|c| c == '*');
        let narrow = oidc.subjects.iter().any(|subject| !everyone(subject));
        if (!narrow || oidc.subjects.iter().any(everyone)) && oidc.groups.is_empty() {
            let message = "`bedrock.access.oidc` needs `subjects` or `groups`: \
                           without them it would let in everyone whom the provider knows";
            self.note(&path().key("subjects"), message.into(), "");
        }
    }
}

/// A certificate needs its key, and a path is not empty.
pub(super) fn proxy(proxy: &Proxy, notes: &mut Notes<'_>) {
    let pair = [
        ("client_cert", &proxy.client_cert, "client_key"),
        ("client_key", &proxy.client_key, "client_cert"),
    ];
    let [has_cert, has_key] = [proxy.client_cert.is_some(), proxy.client_key.is_some()];
    for (key, path, other) in pair {
        let lacks = path.is_some() && has_cert != has_key;
        if lacks && !notes.passed_over(&Path::of("proxy").key(other)) {
            let message = format!("`proxy.{key}` is of no use without `proxy.{other}`");
            notes.note(&Path::of("proxy").key(key), message, "");
        }
    }
    let files = pair.map(|(key, path, _)| (key, path));
    for (key, path) in files.into_iter().chain([("ca_bundle", &proxy.ca_bundle)]) {
        if path.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
            let message = format!("`proxy.{key}` must be the path of a file, found an empty text");
            notes.note(&Path::of("proxy").key(key), message, "");
        }
    }
}

/// What of an ARN must be the tenant's own.
#[derive(Clone, Copy)]
struct Own {
    account: bool,
    region: bool,
}

fn tag_mistake(path: &str, key: &str, value: &str) -> Option<(String, &'static str)> {
    let allowed = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    let lower = key.to_lowercase();
    let message = match () {
        () if key.is_empty() => "a tag's key cannot be empty".to_owned(),
        () if key.chars().count() > 128 => {
            format!("the key of `{path}` is longer than 128 characters")
        }
        () if value.chars().count() > 256 => format!("`{path}` is longer than 256 characters"),
        () if lower.starts_with("aws:") => format!("`{path}`: AWS keeps `aws:` for itself"),
        () if lower.starts_with("groundwork:") => {
            let hint = "`tenant` is what sets it";
            return Some((format!("`{path}`: `groundwork:` is the mark of ownership"), hint));
        }
        () if !key.chars().chain(value.chars()).all(allowed) => {
            let hint = "AWS allows letters, digits, spaces and `_.:/=+-@`";
            return Some((format!("`{path}` has a character that no tag can have"), hint));
        }
        () => return None,
    };
    Some((message, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{decode::decode, tree::build};

    fn said(text: &str) -> Vec<String> {
        let (mut skip, mut problems) = (Skip::default(), Vec::new());
        let config: Config = decode(&build(text).unwrap(), &mut skip, &mut problems);
        problems.clear();
        check(&config, &skip, &mut problems);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_arn_of_another_region_partition_or_account_is_told() {
        let at = |partition: &str, region: &str| {
            format!(
                "bedrock:\n  region: us-east-1\n  encryption:\n    kms_key_id: \
                 arn:{partition}:kms:{region}:123456789012:alias/x\n"
            )
        };
        assert_eq!(
            said(&at("aws", "eu-west-1")),
            ["`bedrock.encryption.kms_key_id` is of the region eu-west-1, \
                 but `bedrock.region` is us-east-1"]
        );
        assert_eq!(
            said(&at("aws-cn", "cn-north-1")),
            ["`bedrock.encryption.kms_key_id` is of the partition `aws-cn`, \
                 but the region us-east-1 is of `aws`"]
        );
        // A key of another account may be shared; a boundary is never of another.
        let own = format!("account_id: '210987654321'\n{}", at("aws", "us-east-1"));
        assert_eq!(said(&own), [""; 0]);
        assert_eq!(
            said(
                "account_id: '210987654321'\nbedrock:\n  access:\n    permissions_boundary: \
                 arn:aws:iam::123456789012:policy/x\n    trusted_principals: \
                 ['arn:aws:iam::123456789012:root']\n"
            ),
            ["`bedrock.access.permissions_boundary` is of the account 123456789012, \
                 but `account_id` is 210987654321"]
        );
    }

    #[test]
    fn half_a_vpc_and_a_subnet_named_twice_are_told_but_not_after_a_wrong_id() {
        let vpc = |ids: &str| format!("bedrock: {{vpc_config: {{{ids}}}}}");
        assert_eq!(
            said(&vpc("subnet_ids: [subnet-12345678, subnet-12345678]")),
            [
                "`bedrock.vpc_config` has subnets but no `security_group_ids`",
                "`bedrock.vpc_config.subnet_ids` names `subnet-12345678` twice"
            ]
        );
        assert_eq!(said(&vpc("subnet_ids: [], security_group_ids: [sg-12345678]")).len(), 1);
        assert_eq!(
            said(&vpc("subnet_ids: [nonsense], security_group_ids: [sg-12345678]")),
            [""; 0]
        );
        assert_eq!(said(&vpc("")), [""; 0]);
    }

    #[test]
    fn tags_keep_the_rules_of_aws_and_leave_us_our_mark() {
        assert_eq!(said("tags: {team: a b, Cost/Center: 'x=1'}"), [""; 0]);
        for bad in ["aws:x: y", "groundwork:tenant: y", "'': y", "a: 'b*'", "Team: x, team: y"] {
            assert_eq!(said(&format!("tags: {{{bad}}}")).len(), 1, "{bad}");
        }
        let many = (0..41).map(|number| format!("t{number}: x, ")).collect::<Vec<_>>().concat();
        assert_eq!(said(&format!("tags: {{{many}}}")), ["there are 41 tags, and there can be 40"]);
        let long = |key: usize, value: usize| {
            said(&format!("tags: {{{}: '{}'}}", "k".repeat(key), "v".repeat(value))).len()
        };
        assert_eq!((long(128, 256), long(129, 1), long(1, 257)), (0, 1, 1));
    }

    #[test]
    fn names_that_could_not_be_made_are_told() {
        let region = "bedrock: {region: us-east-1}";
        assert_eq!(said(&format!("tenant: {}\n{region}", "a".repeat(28))), [""; 0]);
        assert!(said(&format!("tenant: xn--a\n{region}")).join("").contains("S3 does not allow"));
        let role = "bedrock: {region: us-east-1, access: {role_name: claude-code-bedrock-logging-us-east-1}}";
        assert_eq!(said(role).len(), 1);
    }

    #[test]
    fn a_certificate_needs_its_key() {
        assert_eq!(
            said("proxy: {client_cert: a.pem}"),
            ["`proxy.client_cert` is of no use without `proxy.client_key`"]
        );
        assert_eq!(said("proxy: {client_cert: a.pem, client_key: b.pem}"), [""; 0]);
        assert_eq!(said("proxy: {client_cert: a.pem, client_key: [b.pem]}"), [""; 0]);
        assert_eq!(said("proxy: {ca_bundle: ''}").len(), 1);
    }

    #[test]
    fn an_identity_provider_lets_in_only_whom_the_conditions_name() {
        let oidc = |keys: &str| said(&format!("bedrock: {{access: {{oidc: {{{keys}}}}}}}"));
        let whole = "issuer: 'https://idp.example.com', client_ids: [a]";
        assert_eq!(oidc(&format!("{whole}, groups: [dev]")), [""; 0]);
        assert_eq!(oidc(&format!("{whole}, subjects: ['repo:x/*']")), [""; 0]);
        for open in ["", ", subjects: ['*']", ", subjects: ['a', '**']"] {
            assert_eq!(oidc(&format!("{whole}{open}")).len(), 1, "{open}");
        }
        assert_eq!(oidc("issuer: 'http://x', groups: [a]").len(), 2);
        assert_eq!(oidc("").len(), 3);
    }
}
