//! A Google Cloud project, by its id.

use crate::config::newtype::{Invalid, consists, newtype};

const PROJECT: &str = "a project's id: 6 to 30 lower-case letters, digits and hyphens, \
                       of which the first is a letter and the last is no hyphen";

newtype! {
    /// The id of a Google Cloud project.
    ProjectId,
    must: PROJECT,
    check: check,
    pattern: "^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$"
}

/// The id alone, or behind the domain of an old project: `example.com:name`.
pub(super) fn is_project(text: &str) -> bool {
    let (domain, id) = match text.split_once(':') {
        Some((domain, id)) => (Some(domain), id),
        None => (None, text),
    };
    let in_domain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || is_joint(byte);
    domain.is_none_or(|domain| consists(domain, 3, 100, in_domain) && domain.contains('.'))
        && is_id(id)
}

fn is_joint(byte: u8) -> bool {
    byte == b'.' || byte == b'-'
}

fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    consists(text, 6, 30, allowed)
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
}

fn check(text: &str) -> Result<(), Invalid> {
    if is_project(text) {
        return Ok(());
    }
    let invalid = Invalid::new(PROJECT);
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid
            .why("it is a project's number")
            .hint(format!("see its id: gcloud projects describe {text}")));
    }
    let nearest = text.strip_prefix("projects/").unwrap_or(text).to_ascii_lowercase();
    let nearest = nearest.trim().replace(['_', ' '], "-");
    Err(if is_project(&nearest) { invalid.did_you_mean(&nearest) } else { invalid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_named_by_its_id() {
        for good in ["your-project-id", "abc123", "example.com:my-project"] {
            good.parse::<ProjectId>().unwrap();
        }
        for bad in ["", "short", "1project", "project-", "a.b:short", ":project", "UPPER!"] {
            bad.parse::<ProjectId>().unwrap_err();
        }
        let hint = |text: &str| text.parse::<ProjectId>().unwrap_err().hint.unwrap();
        assert_eq!(hint("My_Project"), "did you mean `my-project`?");
        assert_eq!(hint("projects/my-project"), "did you mean `my-project`?");
        assert!(hint("123456789012").contains("gcloud projects describe"));
    }
}
