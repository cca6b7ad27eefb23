//! A tenant's name and its account: who a configuration is for.
//!
//! The tenant's name is in the name of almost everything that is made, so its rules are the
//! intersection of theirs: an S3 bucket's letters, and a length that leaves room for
//! `-logs-ACCOUNT-REGION`.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

use super::newtype::{Invalid, Text, consists, newtype};

const TENANT: &str =
    "at most 28 lower-case letters, digits and hyphens, of which the first is a letter";
const ACCOUNT: &str = "an AWS account id of 12 digits";

newtype! {
    /// The prefix of every name, and the ownership mark.
    Tenant, must: TENANT, check: check_tenant, pattern: "^[a-z][a-z0-9-]{0,27}$"
}

impl Default for Tenant {
    fn default() -> Self {
        Self("claude-code".into())
    }
}

fn check_tenant(text: &str) -> Result<(), Invalid> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if consists(text, 1, 28, allowed) && text.starts_with(|first: char| first.is_ascii_lowercase())
    {
        return Ok(());
    }
    let nearest: String = text
        .to_ascii_lowercase()
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() { char } else { '-' })
        .collect();
    let nearest = nearest.trim_start_matches(|first: char| !first.is_ascii_lowercase());
    let invalid = Invalid::new(TENANT);
    if nearest != text && (1..=28).contains(&nearest.len()) {
        return Err(invalid.did_you_mean(nearest));
    }
    Err(invalid)
}

/// An AWS account's id: 12 digits. A number without quotes is accepted, and gets back the leading
/// zeros that a number cannot have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl super::newtype::Checked for AccountId {
    const MUST: &'static str = ACCOUNT;
}

impl FromStr for AccountId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if is_account(text) {
            return Ok(Self(text.to_owned()));
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let only_divided = text.chars().all(|char| char.is_ascii_digit() || "- ".contains(char));
        let invalid = Invalid::new(ACCOUNT);
        Err(if is_account(&digits) && only_divided {
            invalid.did_you_mean(&digits)
        } else {
            invalid
        })
    }
}

pub(super) fn is_account(text: &str) -> bool {
    consists(text, 12, 12, |byte| byte.is_ascii_digit())
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for AccountId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NumberOrText)
    }
}

struct NumberOrText;

impl Visitor<'_> for NumberOrText {
    type Value = AccountId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ACCOUNT)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<AccountId, E> {
        Text(PhantomData).visit_str(text)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<AccountId, E> {
        // One or two leading zeros may have gone with the quotes; more is a digit forgotten.
        let least = 10_000_000_000;
        let text = if number < least { number.to_string() } else { format!("{number:012}") };
        self.visit_str(&text)
    }
}

impl schemars::JsonSchema for AccountId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AccountId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": ["string", "integer"],
            "pattern": "^[0-9]{12}$",
            "minimum": 0,
            "maximum": 999_999_999_999_u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_short_and_lower_case() {
        for good in ["a", "claude-code", "t1", &"a".repeat(28)] {
            assert_eq!(good.parse::<Tenant>().unwrap().as_str(), good);
        }
        for bad in ["", "-a", "1a", "A", "a_b", "é", &"a".repeat(29)] {
            bad.parse::<Tenant>().unwrap_err();
        }
        let error = "Claude_Code".parse::<Tenant>().unwrap_err();
        assert_eq!(error.hint.unwrap(), "did you mean `claude-code`?");
    }

    #[test]
    fn an_account_has_twelve_digits_and_dashes_are_only_a_suggestion() {
        assert_eq!("012345678901".parse::<AccountId>().unwrap().as_str(), "012345678901");
        let error = "1234-5678-9012".parse::<AccountId>().unwrap_err();
        assert_eq!(error.hint.unwrap(), "did you mean `123456789012`?");
        for bad in ["", "12345678901", "1234567890123", "١٢٣٤٥٦٧٨٩٠١٢"] {
            bad.parse::<AccountId>().unwrap_err();
        }
    }
}
