//! How policies name who may do something.
//!
//! Google stores addresses in lower case: compared as they were typed, they would differ for ever.
//! A federated principal names its pool by the project's number, never by its id.

use super::Project;

/// What policies put before the whole name of what is gone.
const DELETED: &str = "deleted:";
const SERVICE_ACCOUNT: &str = "serviceAccount:";
const BY_ADDRESS: [&str; 4] = ["user:", "group:", SERVICE_ACCOUNT, "domain:"];

/// Those of a workload identity pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gcp) enum Whose<'a> {
    Subject(&'a str),
    /// Needs `google.groups` in the provider's mapping.
    Group(&'a str),
    /// Needs `attribute.KEY` in the provider's mapping.
    Attribute(&'a str, &'a str),
}

/// Of the pool `pool` of the project.
pub(in crate::gcp) fn federated(project: &Project, pool: &str, whose: Whose<'_>) -> String {
    let number = &project.number;
    let pool = format!(
        "//iam.googleapis.com/projects/{number}/locations/global/workloadIdentityPools/{pool}"
    );
    match whose {
        Whose::Subject(subject) => format!("principal:{pool}/subject/{subject}"),
        Whose::Group(group) => format!("principalSet:{pool}/group/{group}"),
        Whose::Attribute(key, value) => format!("principalSet:{pool}/attribute.{key}/{value}"),
    }
}

/// A service account of a Kubernetes cluster in the project.
pub(in crate::gcp) fn of_kubernetes(project: &str, namespace: &str, account: &str) -> String {
    format!("{SERVICE_ACCOUNT}{project}.svc.id.goog[{namespace}/{account}]")
}

pub(in crate::gcp) fn service_account(email: &str) -> String {
    format!("{SERVICE_ACCOUNT}{email}")
}

/// As Google stores it.
pub(in crate::gcp) fn canonical(member: &str) -> String {
    let kind = BY_ADDRESS.into_iter().find(|kind| member.starts_with(kind)).unwrap_or(member);
    match member.strip_prefix(kind) {
        // A Kubernetes account is none.
        Some(address) if !address.contains('[') => format!("{kind}{}", address.to_lowercase()),
        _ => member.to_owned(),
    }
}

/// Whether `member` is what is left of a deleted service account that had the address of `living`.
pub(in crate::gcp) fn is_left_of(member: &str, living: &str) -> bool {
    if !living.starts_with(SERVICE_ACCOUNT) {
        return false;
    }
    let left = member.strip_prefix(DELETED).and_then(|member| member.split_once("?uid="));
    left.is_some_and(|(address, _)| canonical(address) == canonical(living))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_federated_principal_has_the_number_of_the_project() {
        let project = Project { id: "p".into(), number: "7".into() };
        let pool = "//iam.googleapis.com/projects/7/locations/global/workloadIdentityPools/ci";
        let of = |whose| federated(&project, "ci", whose);
        assert_eq!(of(Whose::Subject("s")), format!("principal:{pool}/subject/s"));
        assert_eq!(of(Whose::Group("g")), format!("principalSet:{pool}/group/g"));
        let repository = of(Whose::Attribute("repository", "a/b"));
        assert_eq!(repository, format!("principalSet:{pool}/attribute.repository/a/b"));
    }

    #[test]
    fn addresses_are_compared_in_lower_case_and_nothing_else_is() {
        assert_eq!(canonical("user:Ann@Example.com"), "user:ann@example.com");
        let cluster = of_kubernetes("p", "Ns", "Sa");
        assert_eq!(canonical(&cluster), cluster);
        assert_eq!(canonical("principal://x/subject/Ann"), "principal://x/subject/Ann");
    }

    #[test]
    fn what_is_left_of_an_account_is_known_by_its_address() {
        let living = service_account("a@p.iam.gserviceaccount.com");
        let left = "deleted:serviceAccount:a@p.iam.gserviceaccount.com?uid=12";
        assert!(is_left_of(left, &living));
        assert!(!is_left_of(&living, &living));
        assert!(!is_left_of("deleted:user:ann@example.com?uid=1", "user:ann@example.com"));
        assert!(!is_left_of("deleted:serviceAccount:b@p.iam.gserviceaccount.com?uid=1", &living));
    }
}
