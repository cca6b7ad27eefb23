//! What of `vertex-config.yaml` is not wrong, but does something else than its writer may think.
//!
//! Guides describe some keys as properties of the model, which Claude has none of. Who writes them
//! in another way than guides do knows better, and is not told again.

use super::{VertexAi, VertexConfig};
use crate::config::{claude_code, shaped::Told, tree::Tree};

/// Tells what there is to know.
pub(in crate::config) fn warn(config: &VertexConfig, told: &mut Told<'_>) {
    let vertex = &config.vertex_ai;
    claude_code::warn(&config.claude_code, &config.proxy, told);
    if vertex.temperature.is_some() {
        let message = "`vertex_ai.temperature` has no effect: Claude Code has no such setting";
        told.tell("vertex_ai.temperature", message, "leave it out");
    }
    location(config, told);
    network(vertex, told);
    if vertex.encryption_spec.kms_key_name.is_some() && vertex.data_location.is_none() {
        let key = "vertex_ai.encryption_spec";
        let message = format!(
            "`{key}` protects what is stored, the logs: Vertex AI takes no key for what Claude is \
             asked"
        );
        told.tell(
            key,
            message,
            "not to be told again: say where it is stored, `vertex_ai.data_location`",
        );
    }
    let log_type = "vertex_ai.audit_logging.log_type";
    if vertex.audit_logging.enabled && matches!(told.written(log_type), Some(Tree::Text(_))) {
        let message = "`vertex_ai.audit_logging` is a setting of the whole project for Vertex AI, \
                       and tells who called, not what was asked";
        let hint =
            "not to be told again: write `log_type` as a list, such as [DATA_READ, DATA_WRITE]";
        told.tell("vertex_ai.audit_logging", message, hint);
    }
}

fn location(config: &VertexConfig, told: &mut Told<'_>) {
    let vertex = &config.vertex_ai;
    let Some(location) = &vertex.location else { return };
    if location.as_str() == "global" && vertex.data_location.is_none() {
        let place = config.data_location(location);
        let message =
            format!("`vertex_ai.location` is no region: what is stored is kept in {place}");
        let hint = format!("to say where: `vertex_ai.data_location: {place}`");
        told.tell("vertex_ai.location", message, &hint);
    }
    if let Some(subnet) = &vertex.subnet
        && location.is_region()
        && subnet.region() != location.as_str()
    {
        let message = format!(
            "`vertex_ai.subnet` is in {}, and Claude is called in {location}: \
             calls cross regions",
            subnet.region()
        );
        told.tell("vertex_ai.subnet", message, "");
    }
}

fn network(vertex: &VertexAi, told: &mut Told<'_>) {
    if vertex.network.is_none() || vertex.private_service_connect.is_some() {
        return;
    }
    let key = "vertex_ai.network";
    if vertex.subnet.is_some() {
        let message = "`vertex_ai.network` and `vertex_ai.subnet` are no settings of the model: \
                       what is set is private access to Google's APIs from the subnet";
        told.tell(
            key,
            message,
            "not to be told again: `subnet` alone, or add `private_service_connect`",
        );
    } else {
        let message = "`vertex_ai.network` has no effect without `private_service_connect`";
        told.tell(key, message, "add it, or name a `subnet` for private access from there");
    }
}
