//! Whether who is let in is whom the configuration names, and nobody else.

use super::{VertexAi, VertexConfig, WorkloadIdentityFederation};
use crate::config::{newtype::consists, path::Path, shaped::Notes};

/// Providers that sign tokens for everybody's workloads. Without a condition their tokens are all
/// accepted at the door, and Google Cloud refuses to make such a provider.
const FOR_EVERYBODY: [&str; 6] = [
    "token.actions.githubusercontent.com",
    "gitlab.com",
    "app.terraform.io",
    "agent.buildkite.com",
    "accounts.google.com",
    "api.pulumi.com",
];

/// What Google Cloud takes.
const MOST_AUDIENCES: usize = 10;

const KEY: &str = "vertex_ai.workload_identity_federation";

pub(super) fn check(config: &VertexConfig, notes: &mut Notes<'_>) {
    let VertexAi { access, service_account, workload_identity_federation, .. } = &config.vertex_ai;
    notes.twice("vertex_ai.access.members", &access.members);
    notes.twice("vertex_ai.service_account.impersonators", &service_account.impersonators);
    if let Some(federation) = workload_identity_federation {
        issuer(federation, notes);
        mapping(federation, notes);
        narrow(federation, notes);
        pool(config, notes);
    }
}

fn issuer(federation: &WorkloadIdentityFederation, notes: &mut Notes<'_>) {
    let path = Path::of(KEY).key("issuer");
    let rest = federation.issuer.strip_prefix("https://").unwrap_or_default();
    let odd = |c: char| c.is_whitespace() || c.is_control() || "?#@*".contains(c);
    if federation.issuer.is_empty() {
        // About the mapping, unless `issuer` was there and wrong.
        let path = if notes.passed_over(&path) { path } else { Path::of(KEY) };
        notes.note(&path, format!("`{KEY}` needs `issuer`"), "");
    } else if rest.is_empty() || rest.contains(odd) {
        let message = format!("`{path}` must be an address such as `https://idp.example.com`");
        notes.note(&path, message, "");
    }
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    if FOR_EVERYBODY.contains(&host) && federation.attribute_condition.is_none() {
        let path = Path::of(KEY).key("attribute_condition");
        let message = format!(
            "`{KEY}` needs `attribute_condition`: `{host}` signs tokens for everybody's workloads"
        );
        let hint = if host == "token.actions.githubusercontent.com" {
            "such as `assertion.repository_owner == 'your-organization'`"
        } else {
            "name what only your tokens have"
        };
        notes.note(&path, message, hint);
    }
    if federation.audiences.len() > MOST_AUDIENCES {
        let path = Path::of(KEY).key("audiences");
        let message = format!("`{path}` names more than {MOST_AUDIENCES}");
        notes.note(&path, message, "");
    }
}

fn mapping(federation: &WorkloadIdentityFederation, notes: &mut Notes<'_>) {
    let path = || Path::of(KEY).key("attribute_mapping");
    let mapping = &federation.attribute_mapping;
    let is_name = |name: &str| {
        consists(name, 1, 100, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    for key in mapping.keys() {
        let own = key.strip_prefix("attribute.").is_some_and(is_name);
        if !own && !["google.subject", "google.groups"].contains(&key.as_str()) {
            let path = path().key(key);
            let hint = if is_name(key) {
                format!("did you mean `attribute.{key}`?")
            } else {
                "there are `google.subject`, `google.groups` and `attribute.NAME`".to_owned()
            };
            notes.note(&path, format!("`{path}` is nothing that can be mapped to"), &hint);
        }
    }
    let mut needs = |key: String, why: &str, hint: &str| {
        if !mapping.contains_key(&key) {
            let message = format!("`{}` needs `{key}`{why}", path());
            notes.note(&path().key(&key), message, hint);
        }
    };
    needs("google.subject".into(), "", "as a rule `google.subject: assertion.sub`");
    if !federation.groups.is_empty() {
        let why = ", as `groups` let somebody in";
        needs("google.groups".into(), why, "such as `google.groups: assertion.groups`");
    }
    for name in federation.attributes.keys() {
        let hint = format!("such as `attribute.{name}: assertion.{name}`");
        needs(format!("attribute.{name}"), ", as `attributes` let somebody in", &hint);
    }
}

/// A trust without conditions lets in everyone whom the provider knows.
fn narrow(federation: &WorkloadIdentityFederation, notes: &mut Notes<'_>) {
    let WorkloadIdentityFederation { subjects, attributes, groups, .. } = federation;
    let values = attributes.values().flatten();
    if subjects.is_empty() && groups.is_empty() && values.clone().count() == 0 {
        let path = Path::of(KEY).key("subjects");
        let message = format!(
            "`{KEY}` needs `subjects`, `attributes` or `groups`: \
             without them it would let in everyone whom the provider knows"
        );
        notes.note(&path, message, "");
    }
    let named = subjects.iter().map(|one| ("subjects", one));
    let named = named.chain(groups.iter().map(|one| ("groups", one)));
    for (key, one) in named.chain(values.map(|one| ("attributes", one))) {
        let path = Path::of(KEY).key(key);
        if one.is_empty() {
            notes.note(&path, format!("`{path}` names nobody in one place"), "");
        } else if one.contains('*') {
            let message = format!("`{path}`: `*` stands only for itself in Google Cloud");
            let hint = "map what they have in common to an attribute, and name that";
            notes.note(&path, message, hint);
        }
    }
}

/// The pool has the tenant's name.
fn pool(config: &VertexConfig, notes: &mut Notes<'_>) {
    let tenant = config.tenant.as_str();
    let why = match () {
        () if tenant.len() < 4 => "has at least 4 characters",
        () if tenant.starts_with("gcp-") => "does not begin with `gcp-`",
        () => return,
    };
    let message = format!(
        "with this `tenant` the pool of `{KEY}` would be called `{tenant}`, and a pool's name {why}"
    );
    notes.note(&Path::of("tenant"), message, "choose another");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{decode::decode, path::Skip, tree::build};

    fn said(text: &str) -> Vec<String> {
        let (mut skip, mut problems) = (Skip::default(), Vec::new());
        let config: VertexConfig = decode(&build(text).unwrap(), &mut skip, &mut problems);
        problems.clear();
        check(&config, &mut Notes { skip: &skip, problems: &mut problems });
        problems.iter().map(ToString::to_string).collect()
    }

    fn federation(keys: &str) -> Vec<String> {
        said(&format!("vertex_ai: {{workload_identity_federation: {{{keys}}}}}"))
    }

    #[test]
    fn a_federation_lets_in_only_whom_it_names() {
        let idp = "issuer: 'https://idp.example.com'";
        assert_eq!(federation(&format!("{idp}, subjects: [a]")), [""; 0]);
        for open in ["", ", subjects: []", ", attributes: {}", ", groups: []"] {
            let said = federation(&format!("{idp}{open}"));
            assert!(said.concat().contains("would let in everyone"), "{said:?}");
        }
        assert!(federation(&format!("{idp}, subjects: ['repo:*']")).concat().contains("only for"));
        assert_eq!(federation("subjects: [a]").len(), 1);
        assert_eq!(federation("issuer: 'http://x', subjects: [a]").len(), 1);
    }

    #[test]
    fn a_provider_for_everybody_needs_a_condition() {
        let github = "issuer: 'https://token.actions.githubusercontent.com', subjects: [a]";
        assert!(federation(github).concat().contains("for everybody's workloads"));
        let narrow =
            format!("{github}, attribute_condition: \"assertion.repository_owner == 'x'\"");
        assert_eq!(federation(&narrow), [""; 0]);
    }

    #[test]
    fn what_lets_somebody_in_is_mapped() {
        let idp = "issuer: 'https://idp.example.com'";
        let attributes = format!("{idp}, attributes: {{repository: [a/b]}}");
        assert_eq!(federation(&attributes).len(), 1);
        let mapping = "google.subject: assertion.sub, attribute.repository: assertion.repository";
        let mapped = format!("{attributes}, attribute_mapping: {{{mapping}}}");
        assert_eq!(federation(&mapped), [""; 0]);
        assert_eq!(federation(&format!("{idp}, groups: [a]")).len(), 1);
        let without = format!("{idp}, subjects: [a], attribute_mapping: {{repository: x}}");
        assert_eq!(federation(&without).len(), 2);
    }

    #[test]
    fn a_pool_takes_the_tenants_name() {
        let of = |tenant: &str| {
            said(&format!(
                "tenant: {tenant}\nvertex_ai: {{workload_identity_federation: \
                 {{issuer: 'https://idp.example.com', subjects: [a]}}}}"
            ))
            .len()
        };
        assert_eq!((of("abc"), of("gcp-claude"), of("abcd")), (1, 1, 0));
    }

    #[test]
    fn nobody_is_named_twice() {
        let twice = "[user:a@example.com, user:a@example.com]";
        assert_eq!(said(&format!("vertex_ai: {{access: {{members: {twice}}}}}")).len(), 1);
    }
}
