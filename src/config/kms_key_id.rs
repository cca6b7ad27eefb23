//! The ways to name a KMS key.

use super::{
    arn::Arn,
    newtype::{Invalid, consists, newtype},
    region::is_region,
    tenant::is_account,
};

const KEY: &str = "a KMS key: its ARN, its id, or `alias/NAME`";

newtype! {
    /// A KMS key by ARN, alias ARN, id or alias.
    KmsKeyId,
    must: KEY,
    check: |text| form(text).map(|_| ()),
    pattern: "^(arn:aws(-[a-z-]+)?:kms:[a-z0-9-]+:[0-9]{12}:)?\
              ((key/)?([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})\
              |alias/[A-Za-z0-9/_-]{1,250})$"
}

/// Which way a key is named. The parts are as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KmsKeyForm<'a> {
    KeyArn {
        arn: Arn<'a>,
        key: &'a str,
    },
    /// `alias` with its `alias/`.
    AliasArn {
        arn: Arn<'a>,
        alias: &'a str,
    },
    Key(&'a str),
    /// With its `alias/`.
    Alias(&'a str),
}

impl KmsKeyId {
    pub fn form(&self) -> KmsKeyForm<'_> {
        // It was checked; were it none, the cloud would say that there is no such key.
        form(&self.0).unwrap_or(KmsKeyForm::Key(&self.0))
    }

    /// The ARN's fields, if it is named by ARN.
    pub fn arn(&self) -> Option<Arn<'_>> {
        match self.form() {
            KmsKeyForm::KeyArn { arn, .. } | KmsKeyForm::AliasArn { arn, .. } => Some(arn),
            KmsKeyForm::Key(_) | KmsKeyForm::Alias(_) => None,
        }
    }
}

fn form(text: &str) -> Result<KmsKeyForm<'_>, Invalid> {
    let invalid = Invalid::new(KEY);
    let arn = Arn::parse(text);
    let name = arn.map_or(text, |arn| arn.resource);
    if name.starts_with("alias/aws/") {
        return Err(invalid
            .why("it is AWS's own key, whose policy nobody can change")
            .hint("leave it out: a key is made"));
    }
    let Some(arn) = arn else {
        return match () {
            () if is_key(text) => Ok(KmsKeyForm::Key(text)),
            () if is_alias(text) => Ok(KmsKeyForm::Alias(text)),
            () if is_alias(&format!("alias/{text}")) => {
                Err(invalid.did_you_mean(&format!("alias/{text}")))
            }
            () => Err(invalid),
        };
    };
    if arn.service != "kms" || !is_region(arn.region) || !is_account(arn.account) {
        return Err(invalid);
    }
    match name.strip_prefix("key/") {
        Some(key) if is_key(key) => Ok(KmsKeyForm::KeyArn { arn, key }),
        None if is_alias(name) => Ok(KmsKeyForm::AliasArn { arn, alias: name }),
        _ => Err(invalid),
    }
}

fn is_key(text: &str) -> bool {
    let hex = |text: &str, length| {
        consists(text, length, length, |b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    if let Some(multi_region) = text.strip_prefix("mrk-") {
        return hex(multi_region, 32);
    }
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.split('-').all(|part| hex(part, part.len()))
}

fn is_alias(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
    text.strip_prefix("alias/").is_some_and(|name| consists(name, 1, 250, allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "12345678-1234-1234-1234-123456789012";

    #[test]
    fn a_key_is_named_in_four_ways() {
        let of = |text: &str| text.parse::<KmsKeyId>().unwrap();
        assert_eq!(of(ID).form(), KmsKeyForm::Key(ID));
        assert_eq!(of("alias/mine").form(), KmsKeyForm::Alias("alias/mine"));
        let key = of(&format!("arn:aws:kms:us-east-1:123456789012:key/{ID}"));
        assert!(matches!(key.form(), KmsKeyForm::KeyArn { key, .. } if key == ID));
        assert_eq!(key.arn().unwrap().region, "us-east-1");
        let alias = of("arn:aws-cn:kms:cn-north-1:123456789012:alias/mine");
        assert!(matches!(alias.form(), KmsKeyForm::AliasArn { alias: "alias/mine", .. }));
        of("mrk-1234abcd12ab34cd56ef1234567890ab");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let error = "alias/aws/s3".parse::<KmsKeyId>().unwrap_err();
        assert!(error.why.unwrap().contains("AWS's own"));
        let error = "mine".parse::<KmsKeyId>().unwrap_err();
        assert_eq!(error.hint.unwrap(), "did you mean `alias/mine`?");
        for bad in [
            "",
            "alias/",
            "arn:aws:kms:us-east-1:123456789012:key/mine",
            "arn:aws:kms::123456789012:alias/x",
            "arn:aws:s3:::x",
            "alias/a b",
        ] {
            bad.parse::<KmsKeyId>().unwrap_err();
        }
    }
}
