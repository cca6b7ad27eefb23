//! From a `vertex-config.yaml` to another one: which keys change.

use super::{Budget, VertexConfig};
use crate::config::rewrite::Edits;

/// The keys that `init gcp` asks about, where they differ.
pub(in crate::config) fn edits(from: &VertexConfig, to: &VertexConfig, edits: &mut Edits) {
    let (a, b) = (&from.vertex_ai, &to.vertex_ai);
    edits.text("vertex_ai.project_id", a.project_id.as_ref(), b.project_id.as_ref());
    edits.text("vertex_ai.location", a.location.as_ref(), b.location.as_ref());
    edits.text("vertex_ai.data_location", a.data_location.as_ref(), b.data_location.as_ref());
    edits.text("vertex_ai.model_name", Some(&a.model_name), Some(&b.model_name));
    let small = "vertex_ai.small_fast_model_name";
    edits.text(small, Some(&a.small_fast_model_name), Some(&b.small_fast_model_name));
    edits.list("vertex_ai.models", &a.models, &b.models);
    edits.text("vertex_ai.network", a.network.as_ref(), b.network.as_ref());
    edits.text("vertex_ai.subnet", a.subnet.as_ref(), b.subnet.as_ref());
    let (old, new) = (&a.encryption_spec, &b.encryption_spec);
    let key = "vertex_ai.encryption_spec.kms_key_name";
    edits.text(key, old.kms_key_name.as_ref(), new.kms_key_name.as_ref());
    let (old, new) = (&a.service_account, &b.service_account);
    edits.text("vertex_ai.service_account.name", old.name.as_ref(), new.name.as_ref());
    edits.text("vertex_ai.service_account.key", Some(&old.key), Some(&new.key));
    let key = "vertex_ai.service_account.impersonators";
    edits.list(key, &old.impersonators, &new.impersonators);
    edits.list("vertex_ai.access.members", &a.access.members, &b.access.members);
    if a.logging.retention_days != b.logging.retention_days {
        let days = i32::try_from(b.logging.retention_days).unwrap_or(i32::MAX);
        edits.number("vertex_ai.logging.retention_days", days);
    }
    let enablement = "vertex_ai.model_enablement";
    edits.text(enablement, Some(&a.model_enablement), Some(&b.model_enablement));
    let full = |channels: &[super::NotificationChannel]| -> Vec<String> {
        channels.iter().map(|channel| channel.target().written()).collect()
    };
    let (old, new) = (full(&a.monitoring.notify), full(&b.monitoring.notify));
    edits.list("vertex_ai.monitoring.notify", &old, &new);
    budget(a.monitoring.budget.as_ref(), b.monitoring.budget.as_ref(), edits);
}

fn budget(from: Option<&Budget>, to: Option<&Budget>, edits: &mut Edits) {
    let key = "vertex_ai.monitoring.budget";
    let Some(to) = to else {
        return edits.text(key, from.map(|budget| &budget.billing_account), None);
    };
    let account = from.map(|budget| &budget.billing_account);
    let key = "vertex_ai.monitoring.budget.billing_account";
    edits.text(key, account, Some(&to.billing_account));
    if from.map(|budget| budget.monthly_amount) != Some(to.monthly_amount) {
        let amount = i32::try_from(to.monthly_amount).unwrap_or(i32::MAX);
        edits.number("vertex_ai.monitoring.budget.monthly_amount", amount);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Loaded, Shape as _, load_text, new, rewritten};

    #[test]
    fn the_template_is_all_defaults_and_explains_as_the_example_does() {
        let loaded: Loaded<VertexConfig> = new(Path::new("c.yaml")).unwrap();
        assert_eq!((loaded.config, loaded.warnings), (VertexConfig::default(), vec![]));
        let example = include_str!("../../../examples/vertex-config.yaml");
        let template = VertexConfig::TEMPLATE.lines();
        let own: Vec<&str> = template.filter(|line| !example.contains(line)).collect();
        assert!(own.len() < 12, "what the example says should be said alike: {own:#?}");
    }

    #[test]
    fn every_answer_of_init_can_be_written_into_any_shape_of_file() {
        let mut wished = VertexConfig::default();
        let vertex = &mut wished.vertex_ai;
        vertex.project_id = "my-project".parse().ok();
        vertex.location = "eu".parse().ok();
        vertex.data_location = "europe-west4".parse().ok();
        vertex.model_name = "claude-sonnet-5-5".parse().unwrap();
        vertex.models = vec!["claude-haiku-4-5@20251001".parse().unwrap()];
        vertex.subnet = "projects/my-project/regions/europe-west4/subnetworks/a".parse().ok();
        vertex.encryption_spec.kms_key_name =
            "projects/my-project/locations/europe-west4/keyRings/a/cryptoKeys/b".parse().ok();
        vertex.service_account.key = super::super::Key::File;
        vertex.access.members = vec!["group:dev@example.com".parse().unwrap()];
        vertex.logging.retention_days = 400;
        vertex.monitoring.notify = vec!["https://h.example.com/?a=b&c={d}".parse().unwrap()];
        let account = "012345-6789AB-CDEF01".parse().unwrap();
        vertex.monitoring.budget = Some(Budget::new(account, 1_000_000_000));
        let example = include_str!("../../../examples/vertex-config.yaml");
        for text in ["", "vertex_ai:\n", "vertex_ai: {}\n", VertexConfig::TEMPLATE, example] {
            let loaded: Loaded<VertexConfig> =
                load_text(text.into(), Path::new("c.yaml"), &|_| None).unwrap();
            let there = rewritten(&loaded, &wished, &|_| None).unwrap();
            let back = rewritten(&there, &loaded.config, &|_| None).unwrap();
            assert_eq!(back.config, loaded.config);
        }
    }
}
