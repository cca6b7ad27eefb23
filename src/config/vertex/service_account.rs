//! The service account that calls Claude where no person does.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Member, choice::choice};
use crate::config::newtype::{Invalid, consists, newtype};

const NAME: &str = "a service account's name: 6 to 30 lower-case letters, digits and hyphens, \
                    of which the first is a letter and the last is no hyphen";

newtype! {
    /// The name of a service account: what is before the `@`.
    ServiceAccountName, must: NAME, check: check, pattern: "^[a-z][a-z0-9-]{4,28}[a-z0-9]$"
}

choice! {
    /// Whether there is a key of the service account.
    Key, must: "`none` or `file`",
    /// There is none: who has a key is whoever has the file.
    None = "none",
    /// It is written into a file.
    File = "file",
}

/// The service account that calls Claude where no person does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceAccount {
    /// Its name; by default of the tenant
    pub name: Option<ServiceAccountName>,
    /// `file` makes a key and writes it into one; many organizations forbid that, with good reason
    pub key: Key,
    /// The key's file; by default of the account's name, beside this one
    pub key_file: Option<PathBuf>,
    /// Who may act as the service account
    pub impersonators: Vec<Member>,
}

impl Default for ServiceAccount {
    fn default() -> Self {
        Self { name: None, key: Key::None, key_file: None, impersonators: Vec::new() }
    }
}

pub(super) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    consists(text, 6, 30, allowed)
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
}

fn check(text: &str) -> Result<(), Invalid> {
    if is_name(text) {
        return Ok(());
    }
    let invalid = Invalid::new(NAME);
    if let Some((name, _)) = text.split_once('@') {
        let name = name.strip_prefix("serviceAccount:").unwrap_or(name);
        let invalid = invalid.why("it is a whole address");
        return Err(if is_name(name) { invalid.did_you_mean(name) } else { invalid });
    }
    let nearest = text.to_ascii_lowercase().replace(['_', ' ', '.'], "-");
    let shortened = nearest.get(..30).unwrap_or(&nearest).trim_end_matches('-');
    Err(if is_name(shortened) { invalid.did_you_mean(shortened) } else { invalid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_account_has_a_name_of_6_to_30() {
        "claude-code-service".parse::<ServiceAccountName>().unwrap();
        for bad in ["", "short", "1claude", "claude-"] {
            bad.parse::<ServiceAccountName>().unwrap_err();
        }
        for (text, wanted) in [
            ("claude@my-project.iam.gserviceaccount.com", "claude"),
            ("Claude_Code", "claude-code"),
            ("a-service-account-with-far-too-long-a-name", "a-service-account-with-far-too"),
        ] {
            let hint = text.parse::<ServiceAccountName>().unwrap_err().hint;
            assert_eq!(hint, Some(format!("did you mean `{wanted}`?")));
        }
    }
}
