//! What no value of `vertex-config.yaml` can tell alone: whether the values fit each other.

use std::collections::BTreeMap;

use super::{VertexAi, VertexConfig, check_access, service_account};
use crate::config::{Cloud, check::proxy, claude_code, path::Path, shaped::Notes};

/// Google Cloud takes 64, and some are ours.
const MOST_LABELS: usize = 56;

/// Notes everything that does not fit.
pub(in crate::config) fn check(config: &VertexConfig, notes: &mut Notes<'_>) {
    models(&config.vertex_ai, notes);
    request_response(config, notes);
    network(&config.vertex_ai, notes);
    encryption(config, notes);
    names(config, notes);
    audit(&config.vertex_ai, notes);
    check_access::check(config, notes);
    monitoring(&config.vertex_ai, notes);
    labels(&config.labels, notes);
    proxy(&config.proxy, notes);
    claude_code::check(&config.claude_code, Cloud::Gcp, notes);
}

fn models(vertex: &VertexAi, notes: &mut Notes<'_>) {
    notes.twice("vertex_ai.models", &vertex.models);
    let keys = ["model_name", "small_fast_model_name", "models"];
    // A name that was wrong in itself may be the one that is meant.
    if keys.iter().any(|key| notes.passed_over(&Path::of("vertex_ai").key(key))) {
        return;
    }
    let VertexAi { model_name, small_fast_model_name, models, .. } = vertex;
    for key in vertex.model_locations.keys() {
        let mut all = [model_name, small_fast_model_name].into_iter().chain(models);
        if !all.any(|model| model.as_str() == key) {
            let path = Path::of("vertex_ai.model_locations").key(key);
            let message = format!("`{path}` is of a model that is not used");
            let hint = format!("the models here are `{model_name}`, `{small_fast_model_name}`");
            let more: Vec<String> = models.iter().map(|model| format!(", `{model}`")).collect();
            notes.note(&path, message, &format!("{hint}{}", more.concat()));
        }
    }
}

/// Questions and answers are logged only of models that are called in a region (google-cloud facts
/// 7).
fn request_response(config: &VertexConfig, notes: &mut Notes<'_>) {
    let VertexAi { location, model_locations, logging, .. } = &config.vertex_ai;
    let Some(location) = location.as_ref().filter(|_| logging.request_response.enabled) else {
        return;
    };
    if notes.passed_over(&Path::of("vertex_ai.model_locations")) {
        return;
    }
    let in_region = |model: &super::VertexModel| {
        model_locations.get(model.as_str()).unwrap_or(location).is_region()
    };
    if !config.models().into_iter().any(in_region) {
        let path = Path::of("vertex_ai.logging.request_response.enabled");
        let message = format!(
            "`{path}`: Vertex AI logs no questions and answers of models that are called in \
             `{location}`, only in a region"
        );
        let hint = "give a model that is offered in a region its own: \
                    `vertex_ai.model_locations`; or use `vertex_ai.logging.inference_events`";
        notes.note(&path, message, hint);
    }
}

fn network(vertex: &VertexAi, notes: &mut Notes<'_>) {
    let network_is = Path::of("vertex_ai.network");
    if vertex.private_service_connect.is_some()
        && vertex.network.is_none()
        && !notes.passed_over(&network_is)
    {
        let path = Path::of("vertex_ai.private_service_connect");
        let message = format!("`{path}` needs `{network_is}`, in which its address is");
        notes.note(&path, message, "see which there are: gcloud compute networks list");
    }
    let (Some(network), Some(subnet)) = (&vertex.network, &vertex.subnet) else { return };
    // One may be named by the project's number.
    let number = |project: &str| project.bytes().all(|byte| byte.is_ascii_digit());
    let [a, b] = [network.project(), subnet.project()];
    if a != b && !number(a) && !number(b) {
        let message =
            format!("`vertex_ai.subnet` is of the project `{b}`, but `{network_is}` is of `{a}`");
        notes.note(&Path::of("vertex_ai.subnet"), message, "");
    }
}

fn encryption(config: &VertexConfig, notes: &mut Notes<'_>) {
    let vertex = &config.vertex_ai;
    let Some(key) = &vertex.encryption_spec.kms_key_name else { return };
    if notes.passed_over(&Path::of("vertex_ai.data_location")) {
        return;
    }
    let by_location = vertex.location.as_ref().map(|location| config.data_location(location));
    let Some(place) = vertex.data_location.clone().or(by_location) else { return };
    if key.location() != place.as_str() {
        let path = Path::of("vertex_ai.encryption_spec.kms_key_name");
        let message = format!(
            "`{path}` is in `{}`, but what it is to encrypt is kept in `{place}`",
            key.location()
        );
        let hint = if super::location::is_region(key.location()) {
            format!("to keep it where the key is: `vertex_ai.data_location: {}`", key.location())
        } else {
            format!("name a key in `{place}`: log buckets take no other")
        };
        notes.note(&path, message, &hint);
    }
}

/// The names that are made of the tenant's.
fn names(config: &VertexConfig, notes: &mut Notes<'_>) {
    let account = &config.vertex_ai.service_account;
    let name = config.service_account_name();
    if account.name.is_none() && !service_account::is_name(&name) {
        let path = Path::of("vertex_ai.service_account.name");
        if !notes.passed_over(&path) {
            let message = format!(
                "with this `tenant` the service account's name would be `{name}`, \
                 which is longer than 30 characters"
            );
            let short = config.tenant.as_str().get(..22).unwrap_or_default();
            let short = format!("{}-service", short.trim_end_matches('-'));
            let hint = format!("name it: `vertex_ai.service_account.name: {short}`");
            notes.note(&Path::of("tenant"), message, &hint);
        }
    }
    if let Some(file) = &account.key_file {
        let path = Path::of("vertex_ai.service_account.key_file");
        let key = Path::of("vertex_ai.service_account.key");
        if file.as_os_str().is_empty() {
            let message = format!("`{path}` must be the path of a file, found an empty text");
            notes.note(&path, message, "");
        } else if account.key == super::Key::None && !notes.passed_over(&key) {
            let message = format!("`{path}` is of no use without `key: file`");
            notes.note(&path, message, "leave it out: whoever has a key's file has the account");
        }
    }
}

fn audit(vertex: &VertexAi, notes: &mut Notes<'_>) {
    let audit = &vertex.audit_logging;
    let path = Path::of("vertex_ai.audit_logging.log_type");
    if audit.enabled && audit.log_type.is_empty() && !notes.passed_over(&path) {
        let message = format!("`{path}` names no kind of calls");
        notes.note(&path, message, "for no log: `enabled: false`");
    }
    let types: Vec<&str> = audit.log_type.iter().map(|kind| kind.as_str()).collect();
    notes.twice("vertex_ai.audit_logging.log_type", &types);
    notes.twice("vertex_ai.audit_logging.exempted_members", &audit.exempted_members);
}

fn monitoring(vertex: &VertexAi, notes: &mut Notes<'_>) {
    let targets = vertex.monitoring.notify.iter().map(|channel| channel.target().written());
    let targets: Vec<String> = targets.collect();
    let mut sorted: Vec<_> = targets.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() < targets.len() {
        // Not by `twice`, which would print the secret of a webhook.
        let message = "`vertex_ai.monitoring.notify` names somebody twice";
        notes.note(&Path::of("vertex_ai.monitoring.notify"), message, "");
    }
    let Some(budget) = &vertex.monitoring.budget else { return };
    let path = Path::of("vertex_ai.monitoring.budget.notify_percent");
    if budget.notify_percent.is_empty() && !notes.passed_over(&path) {
        notes.note(&path, format!("`{path}` names no share"), "such as `[50, 90, 100]`");
    }
    let mut shares = budget.notify_percent.clone();
    shares.sort_unstable();
    shares.dedup();
    if shares.len() < budget.notify_percent.len() {
        notes.note(&path, format!("`{path}` names a share twice"), "");
    }
}

/// Labels as Google Cloud takes them, and none that is ours.
fn labels(labels: &BTreeMap<String, String>, notes: &mut Notes<'_>) {
    let list = Path::of("labels");
    if labels.len() > MOST_LABELS {
        let message = format!("there are {} labels, and there can be {MOST_LABELS}", labels.len());
        notes.note(&list, message, "");
    }
    for (key, value) in labels {
        let path = list.clone().key(key);
        if let Some((message, hint)) = label_mistake(&path.to_string(), key, value) {
            notes.note(&path, message, &hint);
        }
    }
}

fn label_mistake(path: &str, key: &str, value: &str) -> Option<(String, String)> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    let nearest = |text: &str| -> String {
        let lower = text.to_ascii_lowercase();
        lower.chars().map(|c| if allowed(c) { c } else { '-' }).collect()
    };
    let said = |message: String, hint: &str| Some((message, hint.to_owned()));
    match () {
        () if key.is_empty() => said("a label's key cannot be empty".to_owned(), ""),
        () if key.len() > 63 => said(format!("the key of `{path}` is longer than 63"), ""),
        () if value.len() > 63 => said(format!("`{path}` is longer than 63"), ""),
        () if key.starts_with("goog") => said(format!("`{path}`: Google keeps `goog`"), ""),
        () if key.starts_with("groundwork") => {
            let message = format!("`{path}`: `groundwork` is the mark of ownership");
            said(message, "`tenant` is what sets it")
        }
        () if !key.starts_with(|first: char| first.is_ascii_lowercase()) => {
            said(format!("the key of `{path}` must begin with a lower-case letter"), "")
        }
        () if !key.chars().all(allowed) => {
            let message = format!("`{path}` has a character that no label's key can have");
            said(message, &format!("did you mean `{}`?", nearest(key)))
        }
        () if !value.chars().all(allowed) => {
            let message = format!("`{path}` has a character that no label can have");
            said(message, &format!("did you mean `{}`?", nearest(value)))
        }
        () => None,
    }
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

    fn vertex(keys: &str) -> Vec<String> {
        said(&format!("vertex_ai: {{{keys}}}"))
    }

    #[test]
    fn a_key_is_where_what_it_encrypts_is_kept() {
        let key = "encryption_spec: {kms_key_name: \
                   projects/my-project/locations/us-central1/keyRings/a/cryptoKeys/b}";
        for right in ["location: us-central1", "location: us", "data_location: us-central1", ""] {
            assert_eq!(vertex(&format!("{key}, {right}")), [""; 0], "{right}");
        }
        for wrong in ["location: us-east5", "location: eu", "location: us, data_location: us-east1"]
        {
            let said = vertex(&format!("{key}, {wrong}"));
            assert!(said.concat().contains("is in `us-central1`, but"), "{said:?}");
        }
        let multi = key.replace("us-central1", "us");
        assert_eq!(vertex(&format!("{multi}, location: us")).len(), 1);
        assert_eq!(vertex(&format!("{key}, location: eu, data_location: nonsense")), [""; 0]);
    }

    #[test]
    fn questions_and_answers_are_logged_only_of_a_region() {
        let on = "logging: {request_response: {enabled: true}}";
        assert_eq!(vertex(&format!("{on}, location: us-east5")), [""; 0]);
        assert_eq!(vertex(on), [""; 0]);
        for multi in ["global", "us", "eu"] {
            assert_eq!(vertex(&format!("{on}, location: {multi}")).len(), 1, "{multi}");
        }
        let one = "models: [claude-haiku-4-5@20251001], \
                   model_locations: {claude-haiku-4-5@20251001: us-east5}";
        assert_eq!(vertex(&format!("{on}, location: us, {one}")), [""; 0]);
    }

    #[test]
    fn an_endpoint_needs_its_network_and_a_subnet_is_of_its_project() {
        assert_eq!(
            vertex("private_service_connect: {address: 10.0.0.2}"),
            [
                "`vertex_ai.private_service_connect` needs `vertex_ai.network`, in which its address \
              is"
            ]
        );
        let network = "network: projects/my-project/global/networks/a";
        let whole = format!("{network}, private_service_connect: {{address: 10.0.0.2}}");
        assert_eq!(vertex(&whole), [""; 0]);
        let of = |project: &str| {
            vertex(&format!("{network}, subnet: projects/{project}/regions/us-east1/subnetworks/a"))
                .len()
        };
        assert_eq!((of("my-project"), of("123456789"), of("your-project")), (0, 0, 1));
    }

    #[test]
    fn a_location_is_of_a_model_that_is_used() {
        let said = vertex("model_locations: {claude-opus-5: us}");
        assert_eq!(
            said,
            ["`vertex_ai.model_locations.claude-opus-5` is of a model that is not used"]
        );
        assert_eq!(vertex("model_locations: {claude-opus-5-5: us}"), [""; 0]);
        assert_eq!(vertex("models: [nonsense], model_locations: {nonsense: us}"), [""; 0]);
        assert_eq!(vertex("models: [claude-opus-5, claude-opus-5]").len(), 1);
    }

    #[test]
    fn names_that_could_not_be_made_are_told() {
        let long = "a".repeat(23);
        assert_eq!(said(&format!("tenant: {long}")).len(), 1);
        let named = format!("tenant: {long}\nvertex_ai: {{service_account: {{name: a-b-c-d}}}}");
        assert_eq!(said(&named), [""; 0]);
        assert_eq!(said(&format!("tenant: {}", "a".repeat(22))), [""; 0]);
        assert_eq!(vertex("service_account: {key_file: a.json}").len(), 1);
        assert_eq!(vertex("service_account: {key: file, key_file: a.json}"), [""; 0]);
    }

    #[test]
    fn what_is_listed_is_listed_once_and_not_empty() {
        assert_eq!(vertex("audit_logging: {log_type: []}").len(), 1);
        assert_eq!(vertex("audit_logging: {log_type: [], enabled: false}"), [""; 0]);
        assert_eq!(vertex("audit_logging: {log_type: [DATA_READ, DATA_READ]}").len(), 1);
        assert_eq!(vertex("audit_logging: {log_type: DATA_READ}"), [""; 0]);
        let secret = vertex("monitoring: {notify: ['https://h/s3cret', 'https://h/s3cret']}");
        assert_eq!(secret, ["`vertex_ai.monitoring.notify` names somebody twice"]);
    }

    #[test]
    fn labels_keep_the_rules_of_google_and_leave_us_our_mark() {
        assert_eq!(said("labels: {team: platform, cost-center: '1234'}"), [""; 0]);
        for bad in ["Team: x", "team: X", "'': x", "goog-x: y", "groundwork-tenant: x", "a.b: x"] {
            assert_eq!(said(&format!("labels: {{{bad}}}")).len(), 1, "{bad}");
        }
    }
}
