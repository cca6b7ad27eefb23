//! The six fields of an Amazon Resource Name, and the ARNs of IAM that a configuration may name.
//!
//! Who may take the developers' role is the one thing here that can open an account to strangers.
//! So whatever is not clearly a role, a user or an account is refused, with its reason.

use super::{
    newtype::{Invalid, newtype},
    tenant::is_account,
};

/// `arn:partition:service:region:account:resource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Only the shape; whether the account is one, for example, is not checked.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut fields = text.splitn(6, ':');
        let mut next = || fields.next();
        let ("arn", partition, service) = (next()?, next()?, next()?) else { return None };
        let (region, account, resource) = (next()?, next()?, next()?);
        let word = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        let named = (partition == "aws" || partition.starts_with("aws-")) && word(partition);
        let clean = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*');
        (named
            && !resource.is_empty()
            && [service, region, account, resource].into_iter().all(clean))
        .then_some(Self { partition, service, region, account, resource })
    }
}

const PRINCIPAL: &str =
    "the ARN of a role, a user or an account, such as `arn:aws:iam::123456789012:role/Developers`";
const POLICY: &str = "the ARN of a policy, such as `arn:aws:iam::123456789012:policy/Boundary`";

newtype! {
    /// A role, a user or a whole account (`root`) of IAM that may take a role.
    PrincipalArn,
    must: PRINCIPAL,
    check: check_principal,
    pattern: r"^arn:aws(-[a-z-]+)?:iam::[0-9]{12}:(root|(role|user)/([!-~]+/)?[\w+=,.@-]{1,64}[*]?)$"
}

newtype! {
    /// A managed policy of IAM.
    PolicyArn,
    must: POLICY,
    check: check_policy,
    pattern: r"^arn:aws(-[a-z-]+)?:iam::([0-9]{12}|aws):policy/([!-~]+/)?[\w+=,.@-]{1,128}$"
}

/// Where IAM Identity Center keeps its roles.
const IDENTITY_CENTER: &str = "role/aws-reserved/sso.amazonaws.com/";
const PERMISSION_SET: &str = "AWSReservedSSO_";
/// How many hexadecimal digits Identity Center appends to a role's name.
const SUFFIX: usize = 16;

impl PrincipalArn {
    pub fn arn(&self) -> Arn<'_> {
        parsed(self.0.trim_end_matches('*'))
    }

    /// The pattern of a role of IAM Identity Center, whose suffix changes whenever the permission
    /// set is assigned anew. `?` stands for each digit, so that `Dev` does not let in `Dev_Admin`.
    pub fn identity_center_pattern(&self) -> Option<String> {
        let set = permission_set(self.arn().resource)?;
        let head = self.0.strip_suffix('*').unwrap_or(&self.0);
        let name = head.len() - head.rsplit('/').next()?.len();
        Some(format!("{}{set}_{}", head.get(..name)?, "?".repeat(SUFFIX)))
    }
}

/// The name without its suffix, if `resource` is a role of Identity Center with its suffix or `_`.
fn permission_set(resource: &str) -> Option<&str> {
    let name = resource.strip_prefix(IDENTITY_CENTER)?.rsplit('/').next()?;
    let (set, suffix) = name.rsplit_once('_')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let known = suffix.is_empty() || (suffix.len() == SUFFIX && digits(suffix));
    (known && set.len() > PERMISSION_SET.len() && set.starts_with(PERMISSION_SET)).then_some(set)
}

impl PolicyArn {
    pub fn arn(&self) -> Arn<'_> {
        parsed(&self.0)
    }
}

/// The fields of what was checked to be an ARN; all empty, were it none.
pub(super) fn parsed(text: &str) -> Arn<'_> {
    let none = Arn { partition: "", service: "", region: "", account: "", resource: "" };
    Arn::parse(text).unwrap_or(none)
}

/// `text` after `kind/`, if it is a path and a name of at most `most` characters.
fn named<'a>(resource: &'a str, kind: &str, most: usize) -> Option<&'a str> {
    let rest = resource.strip_prefix(kind)?.strip_prefix('/')?;
    let name = rest.rsplit('/').next()?;
    (is_iam_name(name, most) && rest.len() <= 512).then_some(rest)
}

pub(super) fn is_iam_name(text: &str, most: usize) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    super::newtype::consists(text, 1, most, allowed)
}

fn check_principal(text: &str) -> Result<(), Invalid> {
    let invalid = Invalid::new(PRINCIPAL);
    if let Some(arn) = text.strip_suffix("_*").and_then(|_| Arn::parse(text.get(..text.len() - 1)?))
        && permission_set(arn.resource).is_some()
        && arn.service == "iam"
        && is_account(arn.account)
    {
        return Ok(());
    }
    if text.contains('*') {
        return Err(invalid.why("`*` would let in every AWS account there is"));
    }
    if text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn") {
        let why = "it is a service, and only the logging role trusts the service";
        return Err(invalid.why(why).hint("leave it out: the logging role is made by itself"));
    }
    if is_account(text) {
        return Err(invalid
            .why("it is an account's id")
            .hint(format!("for the whole account: `arn:aws:iam::{text}:root`")));
    }
    let Some(arn) = Arn::parse(text) else { return Err(invalid) };
    if let ("sts", Some(session)) = (arn.service, arn.resource.strip_prefix("assumed-role/")) {
        let role = session.split('/').next().unwrap_or_default();
        let (partition, account) = (arn.partition, arn.account);
        return Err(invalid
            .why("it is a session, which ends")
            .hint(format!("name its role: `arn:{partition}:iam::{account}:role/{role}`")));
    }
    if arn.service != "iam" || !arn.region.is_empty() || !is_account(arn.account) {
        return Err(invalid);
    }
    let resource = arn.resource;
    if resource == "root" || named(resource, "role", 64).is_some() {
        return Ok(());
    }
    if named(resource, "user", 64).is_some() {
        return Ok(());
    }
    if resource.starts_with("group/") {
        return Err(invalid.why("it is a group, and IAM lets no group take a role"));
    }
    if resource.starts_with("oidc-provider/") || resource.starts_with("saml-provider/") {
        let why = "it is an identity provider, which needs conditions";
        return Err(invalid.why(why).hint("see `bedrock.access.oidc`"));
    }
    Err(invalid)
}

fn check_policy(text: &str) -> Result<(), Invalid> {
    let of_iam = Arn::parse(text).filter(|arn| {
        arn.service == "iam"
            && arn.region.is_empty()
            && (is_account(arn.account) || arn.account == "aws")
            && named(arn.resource, "policy", 128).is_some()
    });
    of_iam.map(|_| ()).ok_or_else(|| Invalid::new(POLICY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_users_and_accounts_of_every_partition_may_be_trusted() {
        for good in [
            "arn:aws:iam::123456789012:root",
            "arn:aws-us-gov:iam::123456789012:role/Developers",
            "arn:aws-cn:iam::123456789012:user/path/to/ada",
            "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_x_1a",
        ] {
            assert_eq!(good.parse::<PrincipalArn>().unwrap().to_string(), good);
        }
    }

    #[test]
    fn what_would_let_in_strangers_is_refused_with_its_reason() {
        for (bad, why) in [
            ("*", "`*` would let in every AWS account there is"),
            ("arn:aws:iam::*:root", "`*` would let in every AWS account there is"),
            (
                "bedrock.amazonaws.com",
                "it is a service, and only the logging role trusts the service",
            ),
            (
                "arn:aws:iam::123456789012:group/x",
                "it is a group, and IAM lets no group take a role",
            ),
            (
                "arn:aws:iam::123456789012:oidc-provider/idp.example.com",
                "it is an identity provider, which needs conditions",
            ),
        ] {
            let error = bad.parse::<PrincipalArn>().unwrap_err();
            assert_eq!(error.why.as_deref(), Some(why), "{bad}");
        }
        for bad in [
            "",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam:us-east-1:123456789012:root",
            "arn:aws:iam::12345678901:root",
            "arn:evil:iam::123456789012:root",
            "arn:aws:iam::123456789012:role/a\nb",
            "arn:aws:s3:::bucket",
        ] {
            bad.parse::<PrincipalArn>().unwrap_err();
        }
    }

    #[test]
    fn a_role_of_identity_center_is_known_by_all_but_its_suffix() {
        let at = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com";
        let pattern = |text: &str| {
            let arn =
                text.parse::<PrincipalArn>().unwrap_or_else(|error| panic!("{text}: {error}"));
            arn.identity_center_pattern()
        };
        let wanted = format!("{at}/eu-west-1/AWSReservedSSO_Dev_Ops_????????????????");
        for suffix in ["0123456789abcdef", "*"] {
            let text = format!("{at}/eu-west-1/AWSReservedSSO_Dev_Ops_{suffix}");
            assert_eq!(pattern(&text).as_ref(), Some(&wanted));
        }
        assert_eq!(
            pattern("arn:aws:iam::123456789012:role/AWSReservedSSO_x_0123456789abcdef"),
            None
        );
        assert_eq!(pattern("arn:aws:iam::123456789012:role/Dev"), None);
        for open in ["AWSReservedSSO_*", "*", "Dev_*", "AWSReservedSSO_*_*"] {
            format!("{at}/{open}").parse::<PrincipalArn>().unwrap_err();
        }
        "arn:aws:iam::123456789012:role/Dev_*".parse::<PrincipalArn>().unwrap_err();
    }

    #[test]
    fn a_session_and_an_account_are_answered_with_what_was_meant() {
        let session = "arn:aws:sts::123456789012:assumed-role/Dev/ada".parse::<PrincipalArn>();
        assert_eq!(
            session.unwrap_err().hint.unwrap(),
            "name its role: `arn:aws:iam::123456789012:role/Dev`"
        );
        let account = "123456789012".parse::<PrincipalArn>();
        assert!(account.unwrap_err().hint.unwrap().contains("arn:aws:iam::123456789012:root"));
    }

    #[test]
    fn a_boundary_is_a_policy_of_an_account_or_of_aws() {
        for good in [
            "arn:aws:iam::123456789012:policy/team/Boundary",
            "arn:aws:iam::aws:policy/PowerUserAccess",
        ] {
            good.parse::<PolicyArn>().unwrap();
        }
        for bad in ["Boundary", "arn:aws:iam::123456789012:role/Boundary", "arn:aws:iam::x:policy/"]
        {
            bad.parse::<PolicyArn>().unwrap_err();
        }
    }
}
