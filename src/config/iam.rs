//! The names and paths of IAM roles, and the tag that names a session's group.

use super::{
    arn::{Arn, is_iam_name},
    newtype::{Invalid, consists, newtype},
};

const NAME: &str = "a role's name: 1 to 64 letters, digits and `_+=,.@-`";
const TAG: &str = "a tag's key: 1 to 128 letters, digits and `_.:/=+@-`";
const PATH: &str = "a path of IAM that begins and ends with `/`, such as `/teams/ai/`";

newtype! {
    /// The name of an IAM role.
    RoleName, must: NAME, check: check_name, pattern: "^[A-Za-z0-9_+=,.@-]{1,64}$"
}

newtype! {
    /// The path of an IAM role.
    IamPath, must: PATH, check: check_path, pattern: "^/([!-~]{1,510}/)?$"
}

newtype! {
    /// The key of the session tag that names a developer's group.
    GroupTag, must: TAG, check: check_tag, pattern: "^[A-Za-z0-9_.:/=+@-]{1,128}$"
}

impl Default for GroupTag {
    fn default() -> Self {
        Self("group".into())
    }
}

fn check_tag(text: &str) -> Result<(), Invalid> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:/=+@-".contains(&byte);
    let good = consists(text, 1, 128, allowed) && !text.to_ascii_lowercase().starts_with("aws:");
    if good { Ok(()) } else { Err(Invalid::new(TAG)) }
}

impl Default for RoleName {
    fn default() -> Self {
        Self("ClaudeCodeRole".into())
    }
}

impl Default for IamPath {
    fn default() -> Self {
        Self("/".into())
    }
}

fn check_name(text: &str) -> Result<(), Invalid> {
    if is_iam_name(text, 64) {
        return Ok(());
    }
    let invalid = Invalid::new(NAME);
    let name = Arn::parse(text).and_then(|arn| arn.resource.rsplit('/').next());
    Err(match name.filter(|name| is_iam_name(name, 64)) {
        Some(name) => invalid.why("it is an ARN").did_you_mean(name),
        None => invalid,
    })
}

fn check_path(text: &str) -> Result<(), Invalid> {
    let clean = |text: &str| {
        text.len() <= 512
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && !text.contains("//")
            && text.starts_with('/')
            && text.ends_with('/')
    };
    if clean(text) {
        return Ok(());
    }
    let whole = format!("/{}/", text.trim_matches('/'));
    let invalid = Invalid::new(PATH);
    Err(if clean(&whole) { invalid.did_you_mean(&whole) } else { invalid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_and_not_given_by_arn() {
        "ClaudeCodeRole".parse::<RoleName>().unwrap();
        let error = "arn:aws:iam::123456789012:role/x/Mine".parse::<RoleName>().unwrap_err();
        assert_eq!(error.hint.unwrap(), "did you mean `Mine`?");
        for bad in ["", "a b", "a/b", &"a".repeat(65)] {
            bad.parse::<RoleName>().unwrap_err();
        }
    }

    #[test]
    fn a_path_begins_and_ends_with_a_slash() {
        for good in ["/", "/a/", "/a/b/"] {
            good.parse::<IamPath>().unwrap();
        }
        let error = "teams/ai".parse::<IamPath>().unwrap_err();
        assert_eq!(error.hint.unwrap(), "did you mean `/teams/ai/`?");
        for bad in ["", "//", "/a//b/", "/a b/", "/é/"] {
            bad.parse::<IamPath>().unwrap_err();
        }
    }
}
