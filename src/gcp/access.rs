//! Who may call the models, and as whom: the part of the graph that is about identity.
//!
//! The role is made for the tenant and has what Claude Code needs and nothing else: the one that
//! guides name, `roles/aiplatform.user`, lets one also make and delete endpoints, datasets and jobs.

use std::collections::BTreeSet;

use super::{
    principal::{self, Whose},
    resource::{
        Audit, Grant, ProjectPolicy, Role, ServiceAccount, ServiceAccountKey, ServiceAccountOutput,
        ServiceAccountPolicy, WorkloadIdentityPool, WorkloadIdentityProvider, iam_role,
        iam_service_account,
    },
    right::Draft,
    wanted::Sketch,
};
use crate::{
    config::{Key, WorkloadIdentityFederation},
    reconcile::{Ref, ResourceId},
};

/// All that a call takes (google-cloud facts, 0).
const PERMISSIONS: [&str; 2] =
    ["aiplatform.endpoints.computeTokens", "aiplatform.endpoints.predict"];
const VERTEX: &str = "aiplatform.googleapis.com";
/// The shortest name of a pool.
const SHORTEST_POOL: usize = 4;

/// What the ids of all tenants' own roles end with.
pub(super) const ROLE: &str = "_caller";

/// The id of the tenant's own role: hyphens are not allowed in it.
pub(super) fn role_id(tenant: &str) -> String {
    format!("{}{ROLE}", tenant.replace('-', "_"))
}

fn pool_id(tenant: &str) -> String {
    if tenant.len() < SHORTEST_POOL { format!("{tenant}-pool") } else { tenant.to_owned() }
}

/// The role as policies name it: the configured one, or the tenant's own.
pub(super) fn role_name(sketch: &Sketch<'_>) -> String {
    let given = sketch.config.vertex_ai.access.role.as_ref();
    let own = || iam_role::full_name(&role_id(sketch.tenant()), sketch.project());
    given.map_or_else(own, ToString::to_string)
}

pub(super) fn draw(draft: &mut Draft, sketch: &Sketch<'_>) -> Ref<ServiceAccountOutput> {
    let services = || sketch.services.clone();
    let vertex = &sketch.config.vertex_ai;
    // One that is named as ours is ours.
    let ours = iam_role::full_name(&role_id(sketch.tenant()), sketch.project());
    let own = vertex.access.role.as_ref().is_none_or(|role| role.as_ref() == ours);
    let role = draft.add_if(
        own,
        Role {
            name: role_id(sketch.tenant()),
            title: format!("Claude Code: {}", sketch.tenant()),
            description: "Calls models on Vertex AI".into(),
            permissions: PERMISSIONS.iter().map(ToString::to_string).collect(),
            services: services(),
        },
    );
    let name = sketch.config.service_account_name();
    let account = draft.add(ServiceAccount { name: name.clone(), services: services() });
    let (principals, pool) = federation(draft, sketch);
    let mut workloads = principals;
    if let Some(kubernetes) = &vertex.workload_identity {
        let (namespace, ksa) = (&kubernetes.namespace, &kubernetes.service_account);
        workloads.push(principal::of_kubernetes(sketch.project(), namespace, ksa));
    }
    let impersonators = vertex.service_account.impersonators.iter().map(ToString::to_string);
    draft.add(ServiceAccountPolicy {
        name: name.clone(),
        workloads,
        impersonators: impersonators.collect(),
        account: account.clone(),
        after: pool.into_iter().collect(),
    });
    let wanted = vertex.service_account.key == Key::File;
    let path = sketch.config.key_file(sketch.place.folder);
    let key = ServiceAccountKey { name, path, only: false, account: account.clone() };
    draft.add_if(wanted, key);
    policy(draft, sketch, own.then(|| role.id()), &account);
    account
}

/// Who has the role on the project, and what is audited there.
fn policy(
    draft: &mut Draft,
    sketch: &Sketch<'_>,
    own_role: Option<ResourceId>,
    account: &Ref<ServiceAccountOutput>,
) {
    let vertex = &sketch.config.vertex_ai;
    let role = role_name(sketch);
    let email = iam_service_account::email(&sketch.config.service_account_name(), sketch.project());
    let members: BTreeSet<String> = vertex.access.members.iter().map(ToString::to_string).collect();
    let members = std::iter::once(principal::service_account(&email)).chain(members);
    let audit = vertex.audit_logging.enabled.then(|| Audit {
        service: VERTEX.into(),
        log_types: vertex.audit_logging.log_type.iter().map(|it| it.as_str().into()).collect(),
        exempted_members: vertex
            .audit_logging
            .exempted_members
            .iter()
            .map(ToString::to_string)
            .collect(),
    });
    draft.add(ProjectPolicy {
        project: sketch.project().to_owned(),
        grants: members.map(|member| Grant { role: role.clone(), member }).collect(),
        own_roles: vec![iam_role::full_name(&role_id(sketch.tenant()), sketch.project())],
        account: principal::canonical(&principal::service_account(&email)),
        audit,
        services: sketch.services.clone(),
        after: own_role.into_iter().chain([account.id()]).collect(),
    });
}

/// The pool of an identity provider outside of Google Cloud, and whom of it the account trusts.
fn federation(draft: &mut Draft, sketch: &Sketch<'_>) -> (Vec<String>, Option<ResourceId>) {
    let given = sketch.config.vertex_ai.workload_identity_federation.as_ref();
    let id = pool_id(sketch.tenant());
    let pool = WorkloadIdentityPool { name: id.clone(), services: sketch.services.clone() };
    let pool = draft.add_if(given.is_some(), pool);
    let wish = given.cloned().unwrap_or_default();
    let provider = draft.add_if(
        given.is_some(),
        WorkloadIdentityProvider {
            name: "oidc".into(),
            pool_id: id.clone(),
            issuer: wish.issuer.clone(),
            audiences: wish.audiences.iter().cloned().collect(),
            attribute_mapping: wish.attribute_mapping.clone(),
            attribute_condition: wish.attribute_condition.clone(),
            pool,
            services: sketch.services.clone(),
        },
    );
    (principals(sketch, &id, &wish), given.map(|_| provider.id()))
}

fn principals(sketch: &Sketch<'_>, pool: &str, wish: &WorkloadIdentityFederation) -> Vec<String> {
    let subjects = wish.subjects.iter().map(|subject| Whose::Subject(subject));
    let groups = wish.groups.iter().map(|group| Whose::Group(group));
    let of_key = |(key, values)| {
        let (key, values): (&String, &Vec<String>) = (key, values);
        values.iter().map(move |value| Whose::Attribute(key, value))
    };
    let all = subjects.chain(groups).chain(wish.attributes.iter().flat_map(of_key));
    all.map(|whose| principal::federated(sketch.place.project, pool, whose)).collect()
}
