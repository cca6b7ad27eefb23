//! Where logs are kept and for how long: the names and numbers that CloudWatch Logs and S3 accept.

use std::{fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Unexpected, Visitor},
};

use super::{
    arn::Arn,
    newtype::{Invalid, consists, newtype},
};

const GROUP: &str = "a log group's name: 1 to 512 letters, digits and `_-/.#`";
const BUCKET: &str = "a bucket's name: 3 to 63 lower-case letters, digits, hyphens and dots, \
                      of which the first and the last are letters or digits";

newtype! {
    /// The name of a CloudWatch Logs group.
    LogGroupName, must: GROUP, check: check_group, pattern: "^(?!aws/)[A-Za-z0-9_/.#-]{1,512}$"
}

newtype! {
    /// The name of an S3 bucket.
    BucketName,
    must: BUCKET,
    check: check_bucket,
    pattern: concat!(
        r"^(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)(?![0-9.]+$)",
        r"(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
    )
}

impl Default for LogGroupName {
    fn default() -> Self {
        Self("/aws/bedrock/claude-code".into())
    }
}

fn check_group(text: &str) -> Result<(), Invalid> {
    let invalid = Invalid::new(GROUP);
    if let Some(arn) = Arn::parse(text.trim_end_matches(":*")) {
        return Err(match arn.resource.strip_prefix("log-group:") {
            Some(name) => invalid.why("it is an ARN").did_you_mean(name),
            None => invalid.why("it is an ARN"),
        });
    }
    if text.starts_with("aws/") {
        let hint = format!("/{text}");
        return Err(invalid.why("AWS keeps `aws/` for itself").did_you_mean(&hint));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-/.#".contains(&byte);
    if consists(text, 1, 512, allowed) { Ok(()) } else { Err(invalid) }
}

/// Also for the name that is made of a tenant, an account and a region.
pub(super) fn check_bucket(text: &str) -> Result<(), Invalid> {
    const BEGINNINGS: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
    const ENDS: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    let invalid = Invalid::new(BUCKET);
    if let Some(name) = text.strip_prefix("s3://").or_else(|| text.strip_prefix("arn:aws:s3:::")) {
        return Err(invalid.did_you_mean(name.split('/').next().unwrap_or_default()));
    }
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || b".-".contains(&byte) || byte.is_ascii_digit();
    let ends = text.bytes().next().is_some_and(alphanumeric)
        && text.bytes().last().is_some_and(alphanumeric);
    if !consists(text, 3, 63, allowed) || !ends {
        return Err(invalid);
    }
    if text.contains("..") {
        return Err(invalid.why("it has two dots in a row"));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(invalid.why("it looks like an address"));
    }
    if let Some(kept) = BEGINNINGS.iter().find(|start| text.starts_with(**start)) {
        return Err(invalid.why(format!("AWS keeps names with `{kept}` in front for itself")));
    }
    if let Some(kept) = ENDS.iter().find(|end| text.ends_with(**end)) {
        return Err(invalid.why(format!("AWS keeps names that end with `{kept}` for itself")));
    }
    Ok(())
}

/// The day counts that CloudWatch Logs accepts.
const RETENTION_DAYS: [u16; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// For how many days a log group keeps what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RetentionDays(u16);

impl RetentionDays {
    pub fn days(self) -> i32 {
        i32::from(self.0)
    }

    /// All there are to choose from.
    pub fn offered() -> impl Iterator<Item = Self> {
        RETENTION_DAYS.into_iter().map(Self)
    }
}

impl FromStr for RetentionDays {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.parse::<u64>().map_err(|_| Invalid::new(RETENTION))?.try_into()
    }
}

impl Default for RetentionDays {
    fn default() -> Self {
        Self(30)
    }
}

impl fmt::Display for RetentionDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

const RETENTION: &str = "a number of days that CloudWatch Logs offers";

impl TryFrom<u64> for RetentionDays {
    type Error = Invalid;

    fn try_from(days: u64) -> Result<Self, Invalid> {
        let invalid = Invalid::new(RETENTION);
        let below = RETENTION_DAYS.iter().rfind(|offered| u64::from(**offered) <= days);
        let above = RETENTION_DAYS.iter().find(|offered| u64::from(**offered) >= days);
        match (below, above) {
            (Some(below), Some(above)) if below == above => Ok(Self(*below)),
            (Some(below), Some(above)) => {
                Err(invalid.hint(format!("the nearest are {below} and {above}")))
            }
            (Some(most), None) => Err(invalid.hint(format!("the longest is {most}"))),
            (None, _) => Err(invalid.hint("the shortest is 1")),
        }
    }
}

impl<'de> Deserialize<'de> for RetentionDays {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_u64(Days)
    }
}

struct Days;

impl Visitor<'_> for Days {
    type Value = RetentionDays;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(RETENTION)
    }

    fn visit_u64<E: Error>(self, days: u64) -> Result<RetentionDays, E> {
        let invalid = |invalid| E::invalid_value(Unexpected::Unsigned(days), &invalid);
        RetentionDays::try_from(days).map_err(invalid)
    }
}

impl JsonSchema for RetentionDays {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RetentionDays".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "enum": RETENTION_DAYS })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_group_is_named_and_not_given_by_arn() {
        "/aws/bedrock/claude-code".parse::<LogGroupName>().unwrap();
        let error = "arn:aws:logs:us-east-1:123456789012:log-group:/a/b:*".parse::<LogGroupName>();
        assert_eq!(error.unwrap_err().hint.unwrap(), "did you mean `/a/b`?");
        for bad in ["", "a b", "a:b", "aws/x", &"a".repeat(513)] {
            bad.parse::<LogGroupName>().unwrap_err();
        }
    }

    #[test]
    fn a_bucket_keeps_the_rules_of_s3() {
        for good in ["abc", "a.b-c", "1bucket1"] {
            good.parse::<BucketName>().unwrap();
        }
        let long = "a".repeat(64);
        for bad in [
            "",
            "ab",
            "Abc",
            "a_b",
            "-abc",
            "abc-",
            "a..b",
            "192.168.0.1",
            "xn--abc",
            "sthree-a",
            "abc-s3alias",
            "abc--x-s3",
            &long,
        ] {
            bad.parse::<BucketName>().unwrap_err();
        }
        let error = "s3://mine/logs".parse::<BucketName>().unwrap_err();
        assert_eq!(error.hint.unwrap(), "did you mean `mine`?");
    }

    #[test]
    fn retention_takes_what_is_offered_and_names_the_nearest() {
        assert_eq!(RetentionDays::try_from(30).unwrap().days(), 30);
        for (days, hint) in [
            (0, "the shortest is 1"),
            (45, "the nearest are 30 and 60"),
            (3652, "the nearest are 3288 and 3653"),
            (u64::MAX, "the longest is 3653"),
        ] {
            assert_eq!(RetentionDays::try_from(days).unwrap_err().hint.unwrap(), hint);
        }
    }
}
