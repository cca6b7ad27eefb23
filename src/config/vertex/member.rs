//! Who may do something, as the policies of Google Cloud name them, and as what.

use crate::config::newtype::{Invalid, consists, newtype};

const MEMBER: &str = "a member: `user:`, `group:`, `serviceAccount:` or `domain:` and a name, \
                      or `principal://...` or `principalSet://...`";
const ROLE: &str = "a role: `roles/NAME`, or `projects/P/roles/NAME` or \
                    `organizations/N/roles/NAME`";

newtype! {
    /// Somebody to whom a role can be granted.
    Member,
    must: MEMBER,
    check: check_member,
    pattern: "^((user|group|serviceAccount):[^@ ]+@[^@ ]+|serviceAccount:[^ ]+|domain:[^@ :]+[.][^@ :]+\
              |principal(Set)?://[^ ]+)$"
}

newtype! {
    /// A role of IAM.
    IamRole,
    must: ROLE,
    check: check_role,
    pattern: "^((projects|organizations)/[^/]+/)?roles/[A-Za-z0-9_.]+$"
}

const KINDS: [&str; 4] = ["user", "group", "serviceAccount", "domain"];

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.contains('@') && !host.starts_with('.')
    })
}

fn is_member(text: &str) -> bool {
    if text.len() > 1024 || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return false;
    }
    for scheme in ["principal://", "principalSet://"] {
        if let Some(rest) = text.strip_prefix(scheme) {
            let host = rest.split('/').next().unwrap_or_default();
            return host.ends_with(".googleapis.com") && host.len() < rest.len();
        }
    }
    match text.split_once(':') {
        Some(("user" | "group", name)) => is_address(name),
        // A service account, or one of a cluster: `PROJECT.svc.id.goog[NAMESPACE/NAME]`.
        Some(("serviceAccount", name)) => {
            is_address(name) || (name.contains(".svc.id.goog[") && name.ends_with(']'))
        }
        Some(("domain", name)) => name.contains('.') && !name.contains(['@', '/', ':']),
        _ => false,
    }
}

fn check_member(text: &str) -> Result<(), Invalid> {
    if is_member(text) {
        return Ok(());
    }
    let invalid = Invalid::new(MEMBER);
    if text == "allUsers" || text == "allAuthenticatedUsers" {
        return Err(invalid.why("it would let in everybody in the world"));
    }
    if text.starts_with("deleted:") {
        return Err(invalid.why("it was deleted").hint("leave it out"));
    }
    let nearest = match text.split_once(':') {
        None if text.ends_with(".gserviceaccount.com") => format!("serviceAccount:{text}"),
        None if is_address(text) => format!("user:{text}"),
        Some((kind, name)) => {
            let bare = kind.to_ascii_lowercase().replace(['_', '-'], "");
            let kind = KINDS.iter().find(|known| known.to_ascii_lowercase() == bare);
            kind.map(|kind| format!("{kind}:{}", name.trim())).unwrap_or_default()
        }
        None => String::new(),
    };
    Err(if is_member(&nearest) { invalid.did_you_mean(&nearest) } else { invalid })
}

fn check_role(text: &str) -> Result<(), Invalid> {
    let invalid = Invalid::new(ROLE);
    if let "roles/owner" | "roles/editor" | "roles/viewer" = text {
        return Err(invalid
            .why("it is for everything in the project")
            .hint("leave it out: a role is made with what Claude Code needs"));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    let is_name = |name: &str| consists(name, 3, 64, allowed);
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        ["roles", name] if is_name(name) => Ok(()),
        ["projects" | "organizations", owner, "roles", name]
            if is_name(name) && !owner.is_empty() =>
        {
            Ok(())
        }
        [name] if is_name(name) && name.contains('.') => {
            Err(invalid.did_you_mean(&format!("roles/{name}")))
        }
        _ => Err(invalid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_has_a_kind_and_a_name() {
        for good in [
            "user:ada@example.com",
            "group:dev@example.com",
            "serviceAccount:a@my-project.iam.gserviceaccount.com",
            "serviceAccount:my-project.svc.id.goog[ai-tools/claude-code-sa]",
            "domain:example.com",
            "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s",
            "principalSet://iam.googleapis.com/locations/global/workforcePools/p/group/g",
        ] {
            good.parse::<Member>().unwrap();
        }
        for bad in [
            "",
            "user:",
            "user:ada",
            "role:x@y.z",
            "domain:x",
            "user:a b@example.com",
            "principalSet://goog/public:all",
        ] {
            bad.parse::<Member>().unwrap_err();
        }
        for everybody in ["allUsers", "allAuthenticatedUsers"] {
            assert!(everybody.parse::<Member>().unwrap_err().why.unwrap().contains("everybody"));
        }
        for (text, wanted) in [
            ("ada@example.com", "user:ada@example.com"),
            ("a@p.iam.gserviceaccount.com", "serviceAccount:a@p.iam.gserviceaccount.com"),
            ("service_account:a@p.com", "serviceAccount:a@p.com"),
            ("User: ada@example.com", "user:ada@example.com"),
        ] {
            let hint = text.parse::<Member>().unwrap_err().hint;
            assert_eq!(hint, Some(format!("did you mean `{wanted}`?")));
        }
    }

    #[test]
    fn a_role_is_named_in_whole_and_not_one_for_everything() {
        for good in ["roles/aiplatform.user", "projects/p/roles/x_y", "organizations/1/roles/abc"] {
            good.parse::<IamRole>().unwrap();
        }
        assert!("roles/owner".parse::<IamRole>().unwrap_err().why.is_some());
        let hint = "aiplatform.user".parse::<IamRole>().unwrap_err().hint.unwrap();
        assert_eq!(hint, "did you mean `roles/aiplatform.user`?");
    }
}
