//! The keys of `vertex-config.yaml`: what each means and what it is when left out.
//!
//! The shape is the one that guides for Claude Code on Vertex AI use, so that a file copied from one
//! works. The documentation of a field is its description in the JSON Schema.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    AuditLogging, DataLocation, DatasetName, EndpointName, IamRole, KmsKeyName, LogBucketName,
    Logging, Member, Monitoring, Network, PrivateServiceConnect, ProjectId, ServiceAccount, Subnet,
    VertexLocation, VertexModel, WorkloadIdentity, WorkloadIdentityFederation, choice::choice,
};
use crate::config::{claude_code::ClaudeCode, number, proxy::Proxy, tenant::Tenant};

/// What Groundwork sets up in a Google Cloud project so that a company can use Claude Code there.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "vertex-config.yaml")]
pub struct VertexConfig {
    /// The prefix of every name, and the mark of ownership on everything that is made
    pub tenant: Tenant,
    /// Vertex AI and what belongs to it
    pub vertex_ai: VertexAi,
    /// Labels for everything that is made
    pub labels: BTreeMap<String, String>,
    /// The corporate proxy
    pub proxy: Proxy,
    /// What Claude Code is told besides where its models are
    pub claude_code: ClaudeCode,
}

/// Vertex AI and what belongs to it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VertexAi {
    /// The project in which everything is made
    pub project_id: Option<ProjectId>,
    /// Where Claude is called: `global`, `us`, `eu` or a region
    pub location: Option<VertexLocation>,
    /// The region of what is stored; by default that of `location`, or one within it
    pub data_location: Option<DataLocation>,
    /// The model that Claude Code works with
    pub model_name: VertexModel,
    /// The model for small background tasks
    pub small_fast_model_name: VertexModel,
    /// Further models to enable, log and watch
    pub models: Vec<VertexModel>,
    /// The locations of models that are called elsewhere than in `location`
    pub model_locations: BTreeMap<String, VertexLocation>,
    /// Whether models are only looked for, or enabled once a person has accepted their terms
    pub model_enablement: ModelEnablement,
    /// The most tokens of one answer
    #[serde(deserialize_with = "number::optional_whole::<_, _, 1, 1_000_000>")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_tokens: Option<u32>,
    /// Claude Code has no such setting
    #[serde(deserialize_with = "number::optional_up_to::<_, 1>")]
    #[schemars(range(min = 0, max = 1))]
    pub temperature: Option<f64>,
    /// The network of `private_service_connect`: `projects/P/global/networks/N`
    pub network: Option<Network>,
    /// A subnet from which Google's APIs are reached privately: `projects/P/regions/R/subnetworks/S`
    pub subnet: Option<Subnet>,
    /// An endpoint within the network through which Google's APIs are reached
    pub private_service_connect: Option<PrivateServiceConnect>,
    /// The key behind everything that is stored
    pub encryption_spec: EncryptionSpec,
    /// What Google Cloud's audit log says of the calls of Vertex AI
    pub audit_logging: AuditLogging,
    /// The service account that calls Claude where no person does
    pub service_account: ServiceAccount,
    /// A service account of Kubernetes that acts as ours
    pub workload_identity: Option<WorkloadIdentity>,
    /// Workloads that sign in with another identity provider
    pub workload_identity_federation: Option<WorkloadIdentityFederation>,
    /// Who may use it
    pub access: Access,
    /// Where the logs go
    pub logging: Logging,
    /// Who is told when it fails
    pub monitoring: Monitoring,
}

impl Default for VertexAi {
    fn default() -> Self {
        Self {
            project_id: None,
            location: None,
            data_location: None,
            model_name: VertexModel::main(),
            small_fast_model_name: VertexModel::small(),
            models: Vec::new(),
            model_locations: BTreeMap::new(),
            model_enablement: ModelEnablement::Check,
            max_tokens: None,
            temperature: None,
            network: None,
            subnet: None,
            private_service_connect: None,
            encryption_spec: EncryptionSpec::default(),
            audit_logging: AuditLogging::default(),
            service_account: ServiceAccount::default(),
            workload_identity: None,
            workload_identity_federation: None,
            access: Access::default(),
            logging: Logging::default(),
            monitoring: Monitoring::default(),
        }
    }
}

choice! {
    /// What is done about models that are not enabled.
    ModelEnablement, must: "`check` or `enable`",
    /// They are told.
    Check = "check",
    /// They are enabled, once a person has accepted their terms.
    Enable = "enable",
}

choice! {
    /// Where a key is kept.
    ProtectionLevel, must: "`SOFTWARE` or `HSM`",
    Software = "SOFTWARE",
    /// In a hardware security module.
    Hsm = "HSM",
}

/// The key behind everything that is stored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EncryptionSpec {
    /// A key: `projects/P/locations/L/keyRings/R/cryptoKeys/K`; by default one is made
    pub kms_key_name: Option<KmsKeyName>,
    /// After how many days the key that is made is rotated
    #[serde(deserialize_with = "number::whole::<_, _, 1, 3650>")]
    #[schemars(range(min = 1, max = 3650))]
    pub rotation_days: u32,
    /// Where the key that is made is kept: `SOFTWARE` or `HSM`
    pub protection_level: ProtectionLevel,
}

impl Default for EncryptionSpec {
    fn default() -> Self {
        let protection_level = ProtectionLevel::Software;
        Self { kms_key_name: None, rotation_days: 90, protection_level }
    }
}

/// Who may use it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Who may call the models: `user:`, `group:`, `domain:`, `principalSet://...`
    pub members: Vec<Member>,
    /// As what; by default a role is made with what Claude Code needs and nothing else
    pub role: Option<IamRole>,
}

impl VertexConfig {
    /// Where what is stored is kept, if Claude is called in `location`.
    pub fn data_location(&self, location: &VertexLocation) -> DataLocation {
        self.vertex_ai.data_location.clone().unwrap_or_else(|| location.data_location())
    }

    /// The name of the service account: the given one, or the tenant's.
    pub fn service_account_name(&self) -> String {
        match &self.vertex_ai.service_account.name {
            Some(name) => name.to_string(),
            None => format!("{}-service", self.tenant),
        }
    }

    /// The file of the service account's key: the given one, or one of the account's name. `folder`
    /// is the configuration's.
    pub fn key_file(&self, folder: &Path) -> PathBuf {
        match &self.vertex_ai.service_account.key_file {
            Some(file) => folder.join(file),
            None => folder.join(format!("{}.json", self.service_account_name())),
        }
    }

    /// The name of the log bucket: the given one, or the tenant's.
    pub fn log_bucket_name(&self) -> LogBucketName {
        let given = self.vertex_ai.logging.log_bucket.clone();
        given.unwrap_or_else(|| LogBucketName::of_tenant(self.tenant.as_str()))
    }

    /// The name of the dataset: the given one, or the tenant's.
    pub fn dataset_name(&self) -> DatasetName {
        let given = self.vertex_ai.logging.request_response.dataset.clone();
        given.unwrap_or_else(|| DatasetName::of_tenant(self.tenant.as_str()))
    }

    /// The name of the endpoint for Google's APIs: the given one, or the tenant's.
    pub fn endpoint_name(&self) -> EndpointName {
        let given = self.vertex_ai.private_service_connect.as_ref();
        given
            .and_then(|connect| connect.endpoint.clone())
            .unwrap_or_else(|| EndpointName::of_tenant(self.tenant.as_str()))
    }

    /// Every model as it is written, each once: the main one, the small one, the further ones.
    pub fn models(&self) -> Vec<&VertexModel> {
        let VertexAi { model_name, small_fast_model_name, models, .. } = &self.vertex_ai;
        let mut all = Vec::new();
        for model in [model_name, small_fast_model_name].into_iter().chain(models) {
            if !all.contains(&model) {
                all.push(model);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_given_are_made_of_the_tenants() {
        let mut config = VertexConfig::default();
        let key = |config: &VertexConfig| config.key_file(Path::new("/etc")).display().to_string();
        assert_eq!(key(&config), "/etc/claude-code-service.json");
        assert_eq!(config.log_bucket_name().as_str(), "claude-code");
        assert_eq!(config.dataset_name().as_str(), "claude_code");
        assert_eq!(config.endpoint_name().as_str(), "claudecode");
        config.vertex_ai.service_account.name = "a-b-c-d".parse().ok();
        config.vertex_ai.service_account.key_file = Some("/run/k.json".into());
        assert_eq!(
            (config.service_account_name().as_str(), key(&config).as_str()),
            ("a-b-c-d", "/run/k.json")
        );
    }
}
