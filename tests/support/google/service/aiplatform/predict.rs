//! Predictions: minimal answers, and the ways in which they are refused.

use serde_json::{Value, json};

use super::{
    super::{
        super::{
            call::{Answer, Call},
            failure::Failure,
            world::World,
        },
        quota,
    },
    LOCATIONS, Verdict, check_host, config, known, told,
};

struct Endpoint<'a> {
    name: &'a str,
    location: &'a str,
    model: &'a str,
}

fn endpoint(call: &Call) -> Result<Endpoint<'_>, Failure> {
    let name = call.path("endpoint");
    check_host(call, name)?;
    let parts: Vec<&str> = name.split('/').collect();
    match parts[..] {
        [_, _, _, location, _, "anthropic", _, model] => Ok(Endpoint { name, location, model }),
        _ => Err(not_found(name)),
    }
}

fn not_found(name: &str) -> Failure {
    Failure::missing(&format!(
        "Publisher Model `{name}` was not found or your project does not have access to it. Please ensure you are using a valid model version. For more information, see: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions"
    ))
}

/// The organization's policy comes first, and `count-tokens` is a model to it like any other.
fn check_policy(world: &World, id: &str) -> Result<(), Failure> {
    if told(world, id, "verdict") != Verdict::NotAllowed.name() {
        return Ok(());
    }
    Err(Failure::precondition(&format!(
        "Organization Policy constraint constraints/vertexai.allowedModels violated attempting to use a disallowed Gen AI model {id}"
    )))
}

/// The id of `model`, if it may be used at the endpoint.
fn admitted(world: &World, at: &Endpoint<'_>, model: &str) -> Result<&'static str, Failure> {
    let id = known(model).ok_or_else(|| not_found(at.name))?;
    check_policy(world, id)?;
    let verdict = told(world, id, "verdict").as_str().unwrap_or_default();
    let is = |wanted: Verdict| verdict == wanted.name();
    let served = match told(world, id, "locations").as_array() {
        Some(locations) => locations.contains(&json!(at.location)),
        None => LOCATIONS.contains(&at.location),
    };
    if !served || is(Verdict::NotServable) {
        let message =
            format!("Publisher Model `{}` is not servable in region {}.", at.name, at.location);
        return Err(Failure::precondition(&message));
    }
    if is(Verdict::NotEnabled) || is(Verdict::TermsOpen) {
        return Err(not_found(at.name));
    }
    if is(Verdict::DataSharing) && !config::shares_data(world, at.name) {
        return Err(Failure::permission(
            "Access to this model requires data sharing to be enabled for publisher 'anthropic'. Please set PublisherModelConfig.data_sharing_enabled_provider to 'anthropic' via the setPublisherModelConfig API to use this model.",
        ));
    }
    Ok(id)
}

fn check_quota(world: &World, at: &Endpoint<'_>, id: &str) -> Result<(), Failure> {
    let (metric, region) = match at.location {
        "global" => ("global_online_prediction_requests_per_base_model", ""),
        "us" => ("us_multi_region_online_prediction_requests_per_base_model", ""),
        "eu" => ("eu_multi_region_online_prediction_requests_per_base_model", ""),
        region => ("online_prediction_requests_per_base_model", region),
    };
    let base_model = format!("anthropic-{id}");
    let none = told(world, id, "verdict") == Verdict::NoQuota.name();
    if !none && quota::limit(world, metric, &base_model, region) > 0 {
        return Ok(());
    }
    Err(Failure::new(
        429,
        "RESOURCE_EXHAUSTED",
        &format!(
            "Quota exceeded for aiplatform.googleapis.com/{metric} with base model: {base_model}. Please submit a quota increase request. https://cloud.google.com/vertex-ai/docs/generative-ai/quotas-genai."
        ),
    ))
}

/// What the model itself, not Google, would not take.
fn check_body(call: &Call, needed: &[&str]) -> Result<(), Failure> {
    for field in needed {
        if call.body[*field].is_null() {
            return Err(Failure::invalid(&format!("{field}: Field required")));
        }
    }
    Ok(())
}

fn count(world: &World, call: &Call, at: &Endpoint<'_>) -> Answer {
    check_policy(world, "count-tokens")?;
    check_body(call, &["model", "messages"])?;
    admitted(world, at, call.text("/model"))?;
    Ok(json!({"input_tokens": 8}))
}

fn message(world: &World, call: &Call, at: &Endpoint<'_>) -> Answer {
    let id = admitted(world, at, at.model)?;
    check_quota(world, at, id)?;
    check_body(call, &["anthropic_version", "messages", "max_tokens"])?;
    if !call.body["model"].is_null() {
        return Err(Failure::invalid("model: Extra inputs are not permitted"));
    }
    Ok(json!({
        "id": "msg_vrtx_fake",
        "type": "message",
        "role": "assistant",
        "model": id,
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "max_tokens",
        "stop_sequence": null,
        "usage": {"input_tokens": 8, "output_tokens": 1},
    }))
}

pub fn raw(world: &mut World, call: &Call) -> Answer {
    let at = endpoint(call)?;
    if at.model == "count-tokens" { count(world, call, &at) } else { message(world, call, &at) }
}

/// A text is sent as a stream of events.
pub fn stream(world: &mut World, call: &Call) -> Answer {
    let at = endpoint(call)?;
    let message = message(world, call, &at)?;
    if call.body["stream"] != true {
        return Ok(message);
    }
    let mut begun = message.clone();
    begun["content"] = json!([]);
    begun["stop_reason"] = Value::Null;
    let events = [
        json!({"type": "message_start", "message": begun}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({
            "type": "message_delta",
            "delta": {"stop_reason": "max_tokens", "stop_sequence": null},
            "usage": {"output_tokens": 1},
        }),
        json!({"type": "message_stop"}),
    ];
    let lines = events.iter().map(|event| {
        format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
    });
    Ok(Value::String(lines.collect()))
}
