//! What is stored of the calls, and the key that protects it.
//!
//! The key encrypts what we keep: logs, and recorded requests. Claude's own traffic it does not
//! touch; Google has no such setting for the models of others.

use std::collections::BTreeSet;

use super::{
    access,
    resource::{
        AgentOutput, BigqueryAgent, CryptoKey, Dataset, DatasetOutput, GivenKey, KeyOutput,
        KeyPolicy, KeyRing, LogBucket, LoggingAgent, PublisherModelConfig, Recording, Sink,
        iam_service_account,
    },
    right::Draft,
    wanted::Sketch,
};
use crate::{
    claude::vertex::{self, Called},
    reconcile::Ref,
};

/// The key's name in the tenant's ring.
const KEY: &str = "vertex-ai";

/// A key, and that those who have to may use it.
struct Sealed {
    key: Ref<KeyOutput>,
    policy: Ref<()>,
}

pub(super) fn draw(draft: &mut Draft, sketch: &Sketch<'_>) {
    let recorded = sketch.config.vertex_ai.logging.request_response.enabled;
    let services = || sketch.services.clone();
    let project = || sketch.project().to_owned();
    let logging = draft.require(LoggingAgent { project: project(), services: services() });
    let mut agents = vec![logging];
    if recorded {
        agents.push(draft.require(BigqueryAgent { project: project(), services: services() }));
    }
    let sealed = key(draft, sketch, agents);
    log(draft, sketch, &sealed);
    let dataset = draft.add_if(
        recorded,
        Dataset {
            name: sketch.config.dataset_name().to_string(),
            location: sketch.data_location(),
            key: Some(sealed.key.clone()),
            key_policy: Some(sealed.policy.clone()),
            expiration_days: Some(sketch.config.vertex_ai.logging.request_response.expire_days),
            labels: sketch.labels.clone(),
            services: services(),
        },
    );
    recordings(draft, sketch, &dataset);
}

/// The tenant's own key, or somebody else's. One that is named as ours would be is ours to make:
/// guides name it, and have it made by hand.
fn key(draft: &mut Draft, sketch: &Sketch<'_>, agents: Vec<Ref<AgentOutput>>) -> Sealed {
    let (tenant, location) = (sketch.tenant(), sketch.data_location());
    let services = || sketch.services.clone();
    let spec = &sketch.config.vertex_ai.encryption_spec;
    let project = sketch.project();
    let ours =
        format!("projects/{project}/locations/{location}/keyRings/{tenant}/cryptoKeys/{KEY}");
    let given = spec.kms_key_name.as_ref().map(ToString::to_string).filter(|name| *name != ours);
    let ring = KeyRing { name: tenant.into(), location: location.clone(), services: services() };
    let ring = draft.add_if(given.is_none(), ring);
    let own = draft.add_if(
        given.is_none(),
        CryptoKey {
            name: format!("{tenant}/{KEY}"),
            location: location.clone(),
            rotation_days: spec.rotation_days,
            protection_level: spec.protection_level.as_str().into(),
            labels: sketch.labels.clone(),
            ring,
            services: services(),
        },
    );
    let is_own = given.is_none();
    let (name, key) = match given {
        None => (format!("{tenant}/{KEY}"), own),
        Some(name) => {
            let short = name.clone();
            (short, draft.require(GivenKey { name, location, services: services() }))
        }
    };
    let policy = KeyPolicy { name, key: key.clone(), agents, own: is_own, services: services() };
    Sealed { policy: draft.add(policy), key }
}

/// Where the audit log of Vertex AI goes, for as long as the tenant says.
fn log(draft: &mut Draft, sketch: &Sketch<'_>, sealed: &Sealed) {
    let logging = &sketch.config.vertex_ai.logging;
    let bucket = draft.add(LogBucket {
        name: sketch.config.log_bucket_name().to_string(),
        location: sketch.data_location(),
        retention_days: logging.retention_days,
        analytics: logging.analytics,
        key: Some(sealed.key.clone()),
        key_policy: Some(sealed.policy.clone()),
        services: sketch.services.clone(),
    });
    draft.add(Sink {
        name: sketch.tenant().to_owned(),
        filter: filter(sketch),
        bucket,
        services: sketch.services.clone(),
    });
}

/// What Vertex AI logs, and what is done to who may call it.
fn filter(sketch: &Sketch<'_>) -> String {
    let email = iam_service_account::email(&sketch.config.service_account_name(), sketch.project());
    let role = access::role_name(sketch);
    format!(
        "protoPayload.serviceName=\"aiplatform.googleapis.com\" OR \
         log_id(\"aiplatform.googleapis.com/inference_request\") OR \
         (protoPayload.methodName=\"SetIamPolicy\" AND \
         protoPayload.serviceData.policyDelta.bindingDeltas.role=\"{role}\") OR \
         (resource.type=\"service_account\" AND resource.labels.email_id=\"{email}\")"
    )
}

/// What is recorded of each model's calls.
fn recordings(draft: &mut Draft, sketch: &Sketch<'_>, dataset: &Ref<DatasetOutput>) {
    let logging = &sketch.config.vertex_ai.logging;
    let wanted = &logging.request_response;
    // What is set for a model holds for all of its versions.
    let mut seen = BTreeSet::new();
    for Called { model, location } in &sketch.models {
        if !seen.insert((model.name(), location)) {
            continue;
        }
        // Whole requests are recorded in regions only.
        let recorded = wanted.enabled && location.is_region();
        let config = PublisherModelConfig {
            name: format!("{model}@{location}"),
            dataset: sketch.config.dataset_name().to_string(),
            recording: recorded.then(|| Recording {
                dataset: dataset.clone(),
                table: table(model.as_ref()),
                sampling_rate: wanted.sampling_rate,
            }),
            events: logging.inference_events,
            services: sketch.services.clone(),
        };
        if recorded || logging.inference_events || location.is_region() {
            draft.add_if(recorded || logging.inference_events, config);
        }
    }
    // A model that was taken out of the configuration is not to be recorded any further.
    let regions: BTreeSet<_> = seen.iter().map(|(_, location)| *location).collect();
    for region in regions.into_iter().filter(|location| location.is_region()) {
        let called = |model: &&str| !seen.contains(&(*model, region));
        for model in vertex::offered_in(region.as_str()).filter(called) {
            let config = PublisherModelConfig {
                name: format!("{model}@{region}"),
                dataset: sketch.config.dataset_name().to_string(),
                recording: None,
                events: false,
                services: sketch.services.clone(),
            };
            draft.add_if(false, config);
        }
    }
}

/// A table's name has letters, digits and underscores.
fn table(model: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    model.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_named_after_its_model() {
        assert_eq!(table("claude-haiku-4-5@20251001"), "claude_haiku_4_5_20251001");
    }
}
