//! IAM policies that we share with others: read, changed in our part only, written back with the
//! etag they were read with.
//!
//! Everything that is not ours stays as it was read, conditions and fields unknown to us included.
//! Who was faster is met again on a fresh copy.

use serde_json::{Map, Value, json};

use super::{
    Gcp,
    error::{Answered as _, Failure},
    rest::Request,
};
use crate::{
    error::{Error, Kind, Result},
    reconcile::Context,
};

/// The last version, the only one in which conditions are seen and kept.
const VERSION: u8 = 3;
const TRIES_WHEN_STALE: u32 = 10;
/// With the default pace, two minutes: so long a new account may be unknown to policies.
const TRIES_WHEN_UNKNOWN: u32 = 19;

/// Whose policy it is.
#[derive(Clone, Debug)]
pub(super) enum Holder {
    /// `v3/projects/P`
    Project(String),
    /// `v1/projects/P/serviceAccounts/E`
    ServiceAccount(String),
    /// `v1/projects/P/locations/L/keyRings/R/cryptoKeys/K`
    CryptoKey(String),
}

impl Holder {
    fn read<'a>(&self, gcp: &'a Gcp) -> Request<'a> {
        let query = "options.requestedPolicyVersion";
        let version = VERSION.to_string();
        match self {
            Self::Project(path) => gcp
                .rest
                .post("cloudresourcemanager.projects.getIamPolicy", format!("{path}:getIamPolicy"))
                .json(json!({ "options": { "requestedPolicyVersion": VERSION } })),
            Self::ServiceAccount(path) => gcp
                .rest
                .post("iam.projects.serviceAccounts.getIamPolicy", format!("{path}:getIamPolicy"))
                .query(query, version),
            Self::CryptoKey(path) => {
                let call = "cloudkms.projects.locations.keyRings.cryptoKeys.getIamPolicy";
                gcp.rest.get(call, format!("{path}:getIamPolicy")).query(query, version)
            }
        }
    }

    fn write<'a>(&self, gcp: &'a Gcp, policy: &Policy) -> Request<'a> {
        let (call, path, mask) = match self {
            // Without it Google takes the bindings alone, and passes over what is audited.
            Self::Project(path) => (
                "cloudresourcemanager.projects.setIamPolicy",
                path,
                Some("bindings,etag,auditConfigs"),
            ),
            Self::ServiceAccount(path) => ("iam.projects.serviceAccounts.setIamPolicy", path, None),
            Self::CryptoKey(path) => {
                ("cloudkms.projects.locations.keyRings.cryptoKeys.setIamPolicy", path, None)
            }
        };
        let mut body = json!({ "policy": policy.0 });
        if let (Some(mask), Some(fields)) = (mask, body.as_object_mut()) {
            fields.insert("updateMask".into(), mask.into());
        }
        gcp.rest.post(call, format!("{path}:setIamPolicy")).json(body)
    }

    /// `None` if there is nothing that could have a policy.
    pub(super) async fn look(&self, gcp: &Gcp) -> Result<Option<Policy>> {
        Ok(self.read(gcp).send().await.absent()?.map(Policy))
    }

    /// Changes the policy, unless `edit` says that there is nothing to change. `edit` may be called
    /// again, on a newer copy.
    pub(super) async fn change(
        &self,
        context: &Context<'_, Gcp>,
        edit: impl Fn(&mut Policy) -> bool,
    ) -> Result<()> {
        let (mut stale, mut unknown) = (0, 0);
        loop {
            match self.try_change(context.cloud, &edit).await {
                Err(failure) if is_stale(&failure) && stale < TRIES_WHEN_STALE => {
                    context.pause("others to have changed the policy", stale).await?;
                    stale += 1;
                }
                Err(failure) if is_unknown(&failure) && unknown < TRIES_WHEN_UNKNOWN => {
                    context.pause("what the policy names to be known", unknown).await?;
                    unknown += 1;
                }
                Err(failure) if lacks_clusters(&failure) => {
                    return Err(without_clusters(context.cloud, failure));
                }
                other => return other.done(),
            }
        }
    }

    async fn try_change(
        &self,
        gcp: &Gcp,
        edit: impl Fn(&mut Policy) -> bool,
    ) -> std::result::Result<(), Failure> {
        let mut policy = Policy(self.read(gcp).send().await?);
        if edit(&mut policy) {
            policy.set("version", VERSION.into());
            self.write(gcp, &policy).send::<Value>().await?;
        }
        Ok(())
    }
}

/// Somebody else was faster.
fn is_stale(failure: &Failure) -> bool {
    let aborted = |status: &str| matches!(status, "ABORTED" | "conditionNotMet");
    failure.refusal().is_some_and(|refusal| {
        refusal.code == 412 || (refusal.code == 409 && aborted(&refusal.status))
    })
}

/// What was made a moment ago is not known everywhere: the account whose policy it is, a member, a
/// role. Of members and roles Google gives no reason but the text, and nowhere else is that read.
fn is_unknown(failure: &Failure) -> bool {
    failure.code_is(&[404]) || (says(failure, "does not exist") && !lacks_clusters(failure))
}

/// The pool that a project's Kubernetes clusters share comes with the first of them that has
/// workload identity: no wait of ours brings it. Told from an account by the text, too.
fn lacks_clusters(failure: &Failure) -> bool {
    says(failure, "does not exist") && says(failure, ".svc.id.goog")
}

fn says(failure: &Failure, text: &str) -> bool {
    failure.refusal().is_some_and(|refusal| refusal.code == 400 && refusal.message.contains(text))
}

fn without_clusters(gcp: &Gcp, failure: Failure) -> Error {
    let project = &gcp.project.id;
    let message = format!("no Kubernetes cluster of `{project}` has workload identity");
    Error::new(Kind::Config, message)
        .hint(format!(
            "make one that has: gcloud container clusters create-auto NAME --location REGION \
             --project {project}; or give it to one: gcloud container clusters update NAME \
             --location REGION --workload-pool={project}.svc.id.goog"
        ))
        .hint("or take the Kubernetes account out of the configuration")
        .caused_by(failure.into_error())
}

/// A policy as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Policy(pub(super) Value);

impl Policy {
    fn set(&mut self, key: &str, value: Value) {
        if let Some(fields) = self.0.as_object_mut() {
            fields.insert(key.into(), value);
        }
    }

    pub(super) fn list(&self, key: &str) -> impl Iterator<Item = &Value> {
        self.0.get(key).and_then(Value::as_array).into_iter().flatten()
    }

    /// The list under `key`, made if it is not there.
    pub(super) fn list_mut(&mut self, key: &str) -> Option<&mut Vec<Value>> {
        if !self.0.is_object() {
            self.0 = Value::Object(Map::new());
        }
        let list = self.0.as_object_mut()?.entry(key).or_insert_with(|| json!([]));
        list.as_array_mut()
    }

    /// Who has the role without a condition.
    pub(super) fn members(&self, role: &str) -> Vec<&str> {
        let plain = self.list("bindings").filter(|binding| is_plain(binding, role));
        let members = plain.filter_map(|binding| binding.get("members")?.as_array());
        members.flatten().filter_map(Value::as_str).collect()
    }

    /// Gives the role without a condition. Says whether that changed anything.
    pub(super) fn grant(&mut self, role: &str, member: &str) -> bool {
        if self.members(role).contains(&member) {
            return false;
        }
        let Some(bindings) = self.list_mut("bindings") else { return false };
        let plain = bindings.iter_mut().find(|binding| is_plain(binding, role));
        match plain.and_then(|binding| binding.get_mut("members")?.as_array_mut()) {
            Some(members) => members.push(member.into()),
            None => bindings.push(json!({ "role": role, "members": [member] })),
        }
        true
    }

    /// Takes the role away from those for whom `whose` is true, where it is without a condition.
    /// Says whether that changed anything.
    pub(super) fn revoke(&mut self, role: &str, whose: impl Fn(&str) -> bool) -> bool {
        let mut changed = false;
        let Some(bindings) = self.list_mut("bindings") else { return false };
        for binding in bindings.iter_mut().filter(|binding| is_plain(binding, role)) {
            let Some(members) = binding.get_mut("members").and_then(Value::as_array_mut) else {
                continue;
            };
            let before = members.len();
            members.retain(|member| !member.as_str().is_some_and(&whose));
            changed |= members.len() < before;
        }
        bindings.retain(|binding| {
            let members = binding.get("members").and_then(Value::as_array);
            !(is_plain(binding, role) && members.is_some_and(Vec::is_empty))
        });
        changed
    }
}

/// What a service writes down of its calls, by type of log.
impl Policy {
    /// Who is exempt, if calls of the type are logged.
    pub(super) fn audited(&self, service: &str, log_type: &str) -> Option<Vec<&str>> {
        let of_service = self.list("auditConfigs").filter(|config| is(config, "service", service));
        let mut logs = of_service.filter_map(|it| it.get("auditLogConfigs")?.as_array()).flatten();
        let log = logs.find(|log| is(log, "logType", log_type))?;
        let exempt = log.get("exemptedMembers").and_then(Value::as_array);
        Some(exempt.into_iter().flatten().filter_map(Value::as_str).collect())
    }

    /// Has calls of the type logged, of all but those who are exempt.
    pub(super) fn audit(&mut self, service: &str, log_type: &str, exempt: &[String]) {
        let Some(configs) = self.list_mut("auditConfigs") else { return };
        let log = configs
            .iter_mut()
            .filter(|config| is(config, "service", service))
            .filter_map(|config| config.get_mut("auditLogConfigs")?.as_array_mut())
            .flatten()
            .find(|log| is(log, "logType", log_type));
        if let Some(fields) = log.and_then(Value::as_object_mut) {
            fields.insert("exemptedMembers".into(), json!(exempt));
            return;
        }
        let fresh = json!({ "logType": log_type, "exemptedMembers": exempt });
        let logs = configs
            .iter_mut()
            .find(|config| is(config, "service", service))
            .and_then(|config| config.get_mut("auditLogConfigs")?.as_array_mut());
        match logs {
            Some(logs) => logs.push(fresh),
            None => configs.push(json!({ "service": service, "auditLogConfigs": [fresh] })),
        }
    }
}

fn is(object: &Value, key: &str, text: &str) -> bool {
    object.get(key).and_then(Value::as_str) == Some(text)
}

fn is_plain(binding: &Value, role: &str) -> bool {
    is(binding, "role", role) && binding.get("condition").is_none_or(Value::is_null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcp::error::Refusal;

    fn shared() -> Policy {
        Policy(json!({"etag": "BwX", "version": 3, "unknown": {"kept": 1.0}, "bindings": [
            {"role": "r", "members": ["user:a"], "condition": {"expression": "false"}},
            {"role": "r", "members": ["user:b"]},
        ]}))
    }

    #[test]
    fn others_and_their_conditions_stay() {
        let mut policy = shared();
        assert!(policy.grant("r", "user:a"));
        assert!(!policy.grant("r", "user:a"));
        assert_eq!(policy.members("r"), ["user:b", "user:a"]);
        assert!(policy.revoke("r", |member| member == "user:a"));
        assert_eq!(policy, shared());
    }

    #[test]
    fn a_role_that_nobody_has_any_more_leaves_no_empty_binding() {
        let mut policy = shared();
        policy.grant("mine", "user:c");
        assert!(policy.revoke("mine", |_| true));
        assert!(!policy.revoke("mine", |_| true));
        assert_eq!(policy, shared());
    }

    #[test]
    fn what_others_have_logged_stays() {
        let before = Policy(json!({"auditConfigs": [
            {"service": "allServices", "auditLogConfigs": [{"logType": "ADMIN_READ"}]},
            {"service": "s", "auditLogConfigs": [{"logType": "ADMIN_READ", "unknown": 1}]},
        ]}));
        let mut policy = before.clone();
        policy.audit("s", "DATA_READ", &["user:a".into()]);
        assert_eq!(policy.audited("s", "DATA_READ"), Some(vec!["user:a"]));
        policy.audit("s", "DATA_READ", &[]);
        assert_eq!(policy.audited("s", "DATA_READ"), Some(vec![]));
        assert_eq!(policy.list("auditConfigs").count(), 2);
    }

    #[test]
    fn a_pool_of_clusters_that_is_not_there_is_not_waited_for() {
        let refused = |message: &str| {
            let body = json!({"error": {"code": 400, "message": message}}).to_string();
            Failure::Refused(Refusal::read("x", 400, body.as_bytes()))
        };
        let account = refused("Service account a@p.iam.gserviceaccount.com does not exist.");
        let clusters = refused("Identity Pool does not exist (p.svc.id.goog). Please check");
        assert!(is_unknown(&account) && !lacks_clusters(&account));
        assert!(!is_unknown(&clusters) && lacks_clusters(&clusters));
    }

    #[test]
    fn a_new_policy_takes_a_first_binding() {
        let mut policy = Policy::default();
        assert!(policy.grant("r", "user:a"));
        assert_eq!(policy.0, json!({"bindings": [{"role": "r", "members": ["user:a"]}]}));
    }
}
