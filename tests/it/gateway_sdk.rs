//! The official clients in front of the gateway: what Anthropic's and AWS's own Python clients read in
//! its answers is what was sent, whatever upstream it came from.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    authority::Authority,
    gateway::{Gateway, KEY, with},
    sdk::Sdk,
    upstream::{Asked, Ending, Script, Upstream, event, exception},
};

const UPSTREAMS: [&str; 4] = ["anthropic", "messages", "bedrock", "vertex"];
const CLIENTS: [&str; 5] = ["anthropic", "bedrock", "mantle", "vertex", "foundry"];
/// No client and no gateway knows it.
const BETA: &str = "unheard-of-2031-01-01";
/// Base64 with all that may be in it, and spaces nowhere.
const SIGNATURE: &str = "EqoBCkgIARABGAIiQL+/9/w+Zm9vYmFyYmF6cXV4+/8/Pz4+Pj4=";
const REDACTED: &str = "Emw2Kz4/Pz8+Pj4/aGlkZGVuL2hpZGRlbitoaWRkZW4=";

fn usage() -> Value {
    json!({"input_tokens": 3, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 1024,
        "output_tokens": 1, "service_tier": "standard", "unheard_of": {"a": [1.5, null]}})
}

fn of_block(kind: &str, index: u8, name: &str, value: &Value) -> Value {
    json!({"type": format!("content_block_{kind}"), "index": index, name: value})
}

/// A stream with everything in it that a client must not lose.
fn events() -> Vec<Value> {
    let block = |index, block: Value| of_block("start", index, "content_block", &block);
    let delta = |index, delta: Value| of_block("delta", index, "delta", &delta);
    let stop = |index: u8| json!({"type": "content_block_stop", "index": index});
    vec![
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message",
            "role": "assistant", "model": "claude-opus-5-5", "content": [], "stop_reason": null,
            "stop_sequence": null, "usage": usage()}}),
        block(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, json!({"type": "thinking_delta", "thinking": "Let me «see» 🦀\n\n"})),
        delta(0, json!({"type": "signature_delta", "signature": SIGNATURE})),
        stop(0),
        block(1, json!({"type": "redacted_thinking", "data": REDACTED})),
        stop(1),
        block(2, json!({"type": "text", "text": ""})),
        delta(2, json!({"type": "text_delta", "text": "data: héllo\r\n"})),
        delta(2, json!({"type": "text_delta", "text": "event: error\u{2028}"})),
        stop(2),
        block(3, json!({"type": "tool_use", "id": "toolu_1", "name": "read", "input": {}})),
        delta(3, json!({"type": "input_json_delta", "partial_json": ""})),
        delta(3, json!({"type": "input_json_delta", "partial_json": "{\"path\": \"/a \\\"b"})),
        delta(3, json!({"type": "input_json_delta", "partial_json": "\\\"\", \"n\": 12}"})),
        stop(3),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null},
            "usage": {"output_tokens": 42}, "unheard_of": "kept"}),
        json!({"type": "message_stop"}),
    ]
}

fn content() -> Value {
    json!([
        {"type": "thinking", "thinking": "Let me «see» 🦀\n\n", "signature": SIGNATURE},
        {"type": "redacted_thinking", "data": REDACTED},
        {"type": "text", "text": "data: héllo\r\nevent: error\u{2028}"},
        {"type": "tool_use", "id": "toolu_1", "name": "read", "input": {"path": "/a \"b\"", "n": 12}},
    ])
}

fn message() -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5-5",
        "content": content(), "stop_reason": "tool_use", "stop_sequence": null, "usage": usage(),
        "unheard_of": [true]})
}

/// A stream in the form of this upstream, with a sign of life in it.
fn streamed(kind: &str, events: &[Value]) -> Script {
    let mut texts: Vec<String> = events.iter().map(ToString::to_string).collect();
    texts.insert(1, json!({"type": "ping"}).to_string());
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    if kind == "bedrock" { Script::frames(&texts) } else { Script::sse(&texts) }
}

fn model_of(client: &str) -> &'static str {
    if client == "bedrock" { "us.anthropic.claude-opus-5-5" } else { "claude-opus-5-5" }
}

/// What a program asks for: with what only newer clients know, and what none knows.
fn asked_for(client: &str) -> Value {
    let cached = json!({"type": "ephemeral", "ttl": "1h"});
    json!({
        "model": model_of(client),
        "max_tokens": 1024,
        "system": [{"type": "text", "text": "one"},
            {"type": "text", "text": "two", "cache_control": cached}],
        "tools": [{"name": "read", "input_schema": {"type": "object"}, "cache_control": cached}],
        "messages": [
            {"role": "user", "content": "hi"},
            {"role": "system", "content": "in the middle"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "t", "signature": SIGNATURE},
                {"type": "redacted_thinking", "data": REDACTED},
                {"type": "tool_use", "id": "toolu_0", "name": "read", "input": {"n": 1},
                    "cache_control": cached},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_0", "content": "ü",
                    "cache_control": cached},
            ]},
        ],
        "thinking": {"type": "adaptive"},
        "extra_body": {"unheard_of": {"deep": [1, null, "ü"]}},
    })
}

fn line(client: &str, gateway: &Gateway, call: &str, arguments: &Value) -> Value {
    json!({"client": client, "url": gateway.url, "key": KEY, "call": call, "with": arguments})
}

/// That the upstream got what the program asked for, and nothing else but the envelope.
fn arrived(asked: &Asked, arguments: &Value, what: &str) {
    let mut meant = arguments.clone();
    let object = meant.as_object_mut().unwrap();
    for envelope in ["model", "betas", "extra_headers"] {
        object.remove(envelope);
    }
    if let Some(Value::Object(extra)) = object.remove("extra_body") {
        object.extend(extra);
    }
    let mut sent: Value = serde_json::from_slice(&asked.body).unwrap();
    let object = sent.as_object_mut().unwrap();
    let betas = object.remove("anthropic_beta");
    for envelope in ["model", "stream", "anthropic_version"] {
        object.remove(envelope);
    }
    assert_eq!(sent, meant, "{what}");
    let betas = match asked.header("anthropic-beta") {
        Some(header) => json!(header.split(',').collect::<Vec<_>>()),
        None => betas.unwrap_or_default(),
    };
    assert_eq!(betas, json!([BETA]), "{what}");
    assert_eq!(asked.header("x-api-key").filter(|key| key.contains(KEY)), None, "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_event_of_a_stream_is_read_as_it_was_sent() {
    let mut sdk = Sdk::anthropic();
    for kind in UPSTREAMS {
        let fake = Upstream::start(vec![streamed(kind, &events())]).await;
        let gateway = Gateway::start(&with(&[(kind, &fake.url)]));
        for client in CLIENTS {
            let what = format!("{client} to {kind}");
            let mut arguments = asked_for(client);
            arguments["extra_headers"] = json!({"anthropic-beta": BETA});
            let answer = sdk.ask(&line(client, &gateway, "events", &arguments));
            assert_eq!(answer, json!({"events": events()}), "{what}");
            arrived(fake.asked().last().unwrap(), &arguments, &what);
        }
        let records = gateway.recorded(CLIENTS.len()).await;
        for record in records {
            let tokens = &record["tokens"];
            let counted = [&tokens["input"], &tokens["cache_read"], &tokens["output"]];
            assert_eq!(counted, [3, 1024, 42], "{record}");
            assert_eq!((&record["end"], &record["user"]), (&json!("done"), &json!("ada")));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_whole_answer_and_a_gathered_stream_are_what_was_sent() {
    let mut sdk = Sdk::anthropic();
    for kind in UPSTREAMS {
        let whole = Script::json(200, &message().to_string());
        let fake = Upstream::start(vec![whole]).await;
        let streams = Upstream::start(vec![streamed(kind, &events())]).await;
        let gateway = Gateway::start(&with(&[(kind, &fake.url)]));
        let streaming = Gateway::start(&with(&[(kind, &streams.url)]));
        for client in CLIENTS {
            let what = format!("{client} to {kind}");
            let mut arguments = asked_for(client);
            arguments["betas"] = json!([BETA]);
            let mut ask = line(client, &gateway, "whole", &arguments);
            ask["beta"] = json!(true);
            let answer = sdk.ask(&ask);
            assert_eq!(answer, json!({"message": message()}), "{what}");
            arrived(fake.asked().last().unwrap(), &arguments, &what);
            let answer = sdk.ask(&line(client, &streaming, "gathered", &asked_for(client)));
            let got = &answer["message"];
            assert_eq!(got["content"], content(), "{what}: {answer}");
            assert_eq!(
                (&got["stop_reason"], &got["usage"]["output_tokens"]),
                (&json!("tool_use"), &json!(42))
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_version_that_a_client_speaks_goes_where_it_is_understood() {
    let mut sdk = Sdk::anthropic();
    let versions = async |sdk: &mut Sdk, kind: &str| {
        let fake = Upstream::start(vec![Script::json(200, &message().to_string())]).await;
        let gateway = Gateway::start(&with(&[(kind, &fake.url)]));
        for client in ["anthropic", "bedrock", "vertex"] {
            sdk.ask(&line(client, &gateway, "whole", &asked_for(client)));
        }
        let asked = fake.asked();
        let version = |asked: &Asked| {
            let body: Value = serde_json::from_slice(&asked.body).unwrap();
            let inner = body["anthropic_version"].as_str().map(ToOwned::to_owned);
            inner.or_else(|| asked.header("anthropic-version").map(ToOwned::to_owned)).unwrap()
        };
        asked.iter().map(version).collect::<Vec<_>>()
    };
    // What a version allows is for the client to know, which speaks to the same model in each way.
    let newest = "2026-10-21";
    for kind in ["anthropic", "bedrock", "vertex"] {
        assert_eq!(versions(&mut sdk, kind).await, [newest; 3], "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn tokens_and_models_are_told_to_the_client() {
    let mut sdk = Sdk::anthropic();
    for kind in UPSTREAMS {
        let told = if kind == "bedrock" { r#"{"inputTokens":7}"# } else { r#"{"input_tokens":7}"# };
        let fake = Upstream::start(vec![Script::json(200, told)]).await;
        let gateway = Gateway::start(&with(&[(kind, &fake.url)]));
        // The client for Bedrock says that it cannot count.
        for client in ["anthropic", "mantle", "vertex", "foundry"] {
            let asked =
                json!({"model": model_of(client), "messages": [{"role": "user", "content": "hi"}]});
            let answer = sdk.ask(&line(client, &gateway, "count", &asked));
            assert_eq!(answer, json!({"count": {"input_tokens": 7}}), "{client} to {kind}");
        }
    }
    let gateway = Gateway::start(&with(&[("anthropic", "http://127.0.0.1:1")]));
    for client in ["anthropic", "anthropic by token"] {
        let answer = sdk.ask(&line(client, &gateway, "models", &json!({})));
        assert_eq!(answer["models"][0]["id"], "claude-opus-5-5", "{client}: {answer}");
    }
}

/// A refusal as this upstream puts it.
fn refusal(kind: &str, status: u16, type_of: &str, words: &str) -> Script {
    let body = match kind {
        "bedrock" => json!({ "message": words }),
        "vertex" => json!([{"error": {"code": status, "message": words, "status": "X"}}]),
        _ => json!({"type": "error", "error": {"type": type_of, "message": words}}),
    };
    Script::json(status, &body.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn refusals_are_raised_as_what_they_are() {
    let mut sdk = Sdk::anthropic();
    let long = "prompt is too long: 208310 tokens > 200000 maximum";
    for kind in UPSTREAMS {
        for (status, type_of, words, class) in [
            (400, "invalid_request_error", long, "BadRequestError"),
            (413, "request_too_large", "Request exceeds the maximum size", "ContentTooLargeError"),
            (429, "rate_limit_error", "too many tokens", "RateLimitError"),
            (500, "api_error", "Internal server error", "InternalServerError"),
            (529, "overloaded_error", "Overloaded", "OverloadedError"),
        ] {
            let fake = Upstream::start(vec![refusal(kind, status, type_of, words)]).await;
            let gateway = Gateway::start(&with(&[(kind, &fake.url)]));
            for client in CLIENTS {
                for call in ["whole", "events"] {
                    let error = sdk.ask(&line(client, &gateway, call, &asked_for(client)));
                    let error = &error["error"];
                    let what = format!("{client} to {kind}, {status}: {error}");
                    assert_eq!(
                        (&error["class"], &error["said"]),
                        (&json!(class), &json!(words)),
                        "{what}"
                    );
                    assert_eq!(error["status"], status, "{what}");
                    // In what the clouds say there is no type: of 413 then nothing is known.
                    if status != 413 || !["bedrock", "vertex"].contains(&kind) {
                        assert_eq!(error["type"], type_of, "{what}");
                    }
                    assert!(error["request"].as_str().unwrap().starts_with("req_"), "{what}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_the_gateway_itself_refuses_is_raised_as_what_it_is() {
    let mut sdk = Sdk::anthropic();
    let fake = Upstream::start(vec![Script::json(200, &message().to_string())]).await;
    let limits = "listen: {address: '127.0.0.1:0', limits: {body_mib: 1}}\n".to_owned();
    let gateway = Gateway::start(&(limits + &with(&[("anthropic", &fake.url)])));
    let unreached = Gateway::start(&with(&[("anthropic", "http://127.0.0.1:1")]));
    for client in CLIENTS {
        let good = line(client, &gateway, "events", &asked_for(client));
        let (mut stranger, mut unknown, mut long) = (good.clone(), good.clone(), good.clone());
        stranger["key"] = json!("gwk_other");
        unknown["with"]["model"] = json!("claude-sonnet-5");
        long["with"]["system"] = json!("x".repeat(8 << 20));
        let away = line(client, &unreached, "events", &asked_for(client));
        for (ask, class, words) in [
            (stranger, "AuthenticationError", "no key that is known here"),
            (unknown, "BadRequestError", "`claude-sonnet-5` is not offered here"),
            (long, "ContentTooLargeError", "longer than the 1 MiB"),
            (away, "ServiceUnavailableError", "no upstream for `claude-opus-5-5`"),
        ] {
            let error = &sdk.ask(&ask)["error"];
            assert_eq!(error["class"], class, "{client}: {error}");
            assert!(error["said"].as_str().unwrap().contains(words), "{client}: {error}");
        }
    }
    assert!(fake.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_credential_is_taken_in_every_way_and_a_signature_of_awss_is_not() {
    let mut sdk = Sdk::anthropic();
    let fake = Upstream::start(vec![Script::json(200, &message().to_string())]).await;
    let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
    for client in ["anthropic", "anthropic by token", "bedrock", "mantle", "vertex", "foundry"] {
        let answer = sdk.ask(&line(client, &gateway, "whole", &asked_for(client)));
        assert_eq!(answer["message"]["id"], "msg_1", "{client}: {answer}");
    }
    let ask = line("bedrock by signature", &gateway, "whole", &asked_for("bedrock"));
    let error = &sdk.ask(&ask)["error"];
    assert_eq!(error["class"], "AuthenticationError");
    assert!(error["said"].as_str().unwrap().contains("AWS_BEARER_TOKEN_BEDROCK"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_client_that_is_told_to_come_again_does() {
    let mut sdk = Sdk::anthropic();
    for client in CLIENTS {
        let slow =
            refusal("anthropic", 429, "rate_limit_error", "slow down").header("retry-after", "1");
        let fake = Upstream::start(vec![slow, streamed("anthropic", &events())]).await;
        let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
        let mut ask = line(client, &gateway, "events", &asked_for(client));
        ask["retries"] = json!(1);
        assert_eq!(sdk.ask(&ask), json!({"events": events()}), "{client}");
        assert_eq!(fake.asked().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_breaks_in_mid_stream_is_raised() {
    let mut sdk = Sdk::anthropic();
    let begun = &events()[..3];
    let overloaded =
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    for (kind, script, words) in [
        (
            "anthropic",
            streamed("anthropic", &[begun, std::slice::from_ref(&overloaded)].concat()),
            "Overloaded",
        ),
        ("bedrock", streamed("bedrock", &[begun, &[overloaded]].concat()), "Overloaded"),
        (
            "bedrock",
            streamed("bedrock", begun).then(exception("modelTimeoutException", "too slow")),
            "too slow",
        ),
        (
            "vertex",
            streamed("vertex", begun).then("event: message_del".into()),
            "ended in mid-event",
        ),
    ] {
        let fake = Upstream::start(vec![script]).await;
        let gateway = Gateway::start(&with(&[(kind, &fake.url)]));
        for client in CLIENTS {
            let answer = sdk.ask(&line(client, &gateway, "events", &asked_for(client)));
            assert_eq!(answer["events"], json!(begun), "{client} to {kind}");
            let error = &answer["error"];
            assert_eq!(error["class"], "APIStatusError", "{client} to {kind}: {answer}");
            assert!(
                error["said"].as_str().unwrap().contains(words),
                "{client} to {kind}: {answer}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_stream_that_a_client_breaks_off_ends_at_the_upstream_and_is_metered() {
    let mut sdk = Sdk::anthropic();
    for kind in ["anthropic", "bedrock"] {
        let fake =
            Upstream::start(vec![streamed(kind, &events()[..2]).ending(Ending::Silence)]).await;
        let gateway = Gateway::start(&with(&[(kind, &fake.url)]));
        for client in CLIENTS {
            let answer = sdk.ask(&line(client, &gateway, "first", &asked_for(client)));
            assert_eq!(answer, json!({"events": [events()[0]]}), "{client} to {kind}");
        }
        for record in gateway.recorded(CLIENTS.len()).await {
            let counted = (&record["end"], &record["tokens"]["cache_read"]);
            assert_eq!(counted, (&json!("hung_up"), &json!(1024)));
        }
        while fake.open() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// What AWS's client needs: it sends a token over https alone.
struct Company {
    folder: TempDir,
    authority: String,
}

impl Company {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let authority = Authority::new("a company");
        let signed = authority.sign("127.0.0.1");
        for (name, text) in
            [("ca.pem", authority.pem()), ("chain.pem", signed.pem), ("key.pem", signed.key_pem)]
        {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let authority = folder.path().join("ca.pem").display().to_string();
        Self { folder, authority }
    }

    fn gateway(&self, upstreams: &[(&str, &str)]) -> Gateway {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let tls = format!("{{certificate: '{}', key: '{}'}}", file("chain.pem"), file("key.pem"));
        let listen = format!("listen: {{address: '127.0.0.1:0', tls: {tls}}}\n");
        Gateway::start(&(listen + &with(upstreams)))
    }

    fn line(&self, gateway: &Gateway, call: &str, arguments: &Value) -> Value {
        json!({"url": gateway.url, "authority": self.authority, "key": KEY, "call": call,
            "with": arguments})
    }
}

const PROFILE: &str = "us.anthropic.claude-opus-5-5";

/// What a program gives to `invoke_model`.
fn invoked() -> Value {
    let mut body = asked_for("bedrock");
    let object = body.as_object_mut().unwrap();
    object.remove("model");
    object.remove("extra_body");
    object.insert("anthropic_version".into(), json!("bedrock-2023-05-31"));
    object.insert("anthropic_beta".into(), json!([BETA]));
    json!({"modelId": PROFILE, "body": body.to_string()})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn awss_own_client_invokes_a_model_of_every_upstream() {
    let (mut sdk, company) = (Sdk::boto3(), Company::new());
    for kind in UPSTREAMS {
        let whole = Upstream::start(vec![Script::json(200, &message().to_string())]).await;
        let streams = Upstream::start(vec![streamed(kind, &events())]).await;
        let gateway = company.gateway(&[(kind, &whole.url)]);
        let streaming = company.gateway(&[(kind, &streams.url)]);
        let answer = sdk.ask(&company.line(&gateway, "invoke_model", &invoked()));
        assert_eq!(answer, json!({"body": message().to_string()}), "{kind}");
        let call = "invoke_model_with_response_stream";
        let answer = sdk.ask(&company.line(&streaming, call, &invoked()));
        let read: Vec<Value> = answer["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| serde_json::from_str(event.as_str().unwrap()).unwrap())
            .filter(|event: &Value| event["type"] != "ping")
            .collect();
        assert_eq!(read, events(), "{kind}: {answer}");
        for fake in [whole, streams] {
            let meant = invoked()["body"].as_str().unwrap().to_owned();
            let mut meant: Value = serde_json::from_str(&meant).unwrap();
            for envelope in ["anthropic_version", "anthropic_beta"] {
                meant.as_object_mut().unwrap().remove(envelope);
            }
            arrived(&fake.asked()[0], &meant, kind);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn awss_own_client_converses_with_bedrock_and_hears_why_not_elsewhere() {
    let (mut sdk, company) = (Sdk::boto3(), Company::new());
    let answer = json!({"output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "t", "signature": SIGNATURE}}},
            {"text": "héllo"}, {"toolUse": {"toolUseId": "t1", "name": "read", "input": {"n": 12}}}]}},
        "stopReason": "tool_use", "usage": {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7},
        "metrics": {"latencyMs": 5}});
    let events = [
        ("messageStart", json!({"role": "assistant"})),
        (
            "contentBlockDelta",
            json!({"delta": {"reasoningContent": {"signature": SIGNATURE}}, "contentBlockIndex": 0}),
        ),
        ("contentBlockDelta", json!({"delta": {"text": "héllo"}, "contentBlockIndex": 1})),
        ("contentBlockStop", json!({"contentBlockIndex": 1})),
        ("messageStop", json!({"stopReason": "end_turn"})),
        (
            "metadata",
            json!({"usage": {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7},
                "metrics": {"latencyMs": 5}}),
        ),
    ];
    let frames = events.iter().map(|(kind, payload)| event(kind, &payload.to_string())).collect();
    let fake =
        Upstream::start(vec![Script::json(200, &answer.to_string()), Script::raw_frames(frames)])
            .await;
    let gateway = company.gateway(&[("bedrock", &fake.url)]);
    let asked = json!({"modelId": PROFILE, "messages": [{"role": "user", "content": [{"text": "hi"}]}],
        "additionalModelRequestFields": {"unheard_of": [1]}});
    assert_eq!(sdk.ask(&company.line(&gateway, "converse", &asked)), json!({"answer": answer}));
    let read: Vec<Value> = events.iter().map(|(kind, payload)| json!({ *kind: payload })).collect();
    assert_eq!(
        sdk.ask(&company.line(&gateway, "converse_stream", &asked)),
        json!({"events": read})
    );
    let lines: Vec<String> = fake.asked().iter().map(|asked| asked.line.clone()).collect();
    let path = format!("POST /model/{PROFILE}/converse");
    assert_eq!(lines, [path.clone(), path + "-stream"]);
    let body: Value = serde_json::from_slice(&fake.asked()[0].body).unwrap();
    assert_eq!(body["additionalModelRequestFields"], json!({"unheard_of": [1]}));
    let elsewhere = company.gateway(&[("anthropic", "http://127.0.0.1:1")]);
    let error = &sdk.ask(&company.line(&elsewhere, "converse", &asked))["error"];
    assert!(
        error["message"].as_str().unwrap().contains("only Amazon Bedrock has Converse"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn awss_own_client_counts_tokens_and_hears_what_is_refused() {
    let (mut sdk, company) = (Sdk::boto3(), Company::new());
    for kind in UPSTREAMS {
        let told = if kind == "bedrock" { r#"{"inputTokens":7}"# } else { r#"{"input_tokens":7}"# };
        let fake = Upstream::start(vec![Script::json(200, told)]).await;
        let gateway = company.gateway(&[(kind, &fake.url)]);
        let body = &invoked()["body"];
        let asked = json!({"modelId": PROFILE, "input": {"invokeModel": {"body": body}}});
        assert_eq!(
            sdk.ask(&company.line(&gateway, "count_tokens", &asked)),
            json!({"count": 7}),
            "{kind}"
        );
    }
    for (status, words, code) in [
        (400, "Input is too long.", "ValidationException"),
        (429, "Too many tokens", "ThrottlingException"),
        (503, "busy", "ServiceUnavailableException"),
    ] {
        let fake = Upstream::start(vec![refusal("bedrock", status, "", words)]).await;
        let gateway = company.gateway(&[("bedrock", &fake.url)]);
        let error = &sdk.ask(&company.line(&gateway, "invoke_model", &invoked()))["error"];
        let told = (&error["code"], &error["message"], &error["status"]);
        assert_eq!(told, (&json!(code), &json!(words), &json!(status)), "{error}");
    }
    let broken =
        streamed("bedrock", &events()[..2]).then(exception("modelTimeoutException", "too slow"));
    let fake = Upstream::start(vec![broken]).await;
    let gateway = company.gateway(&[("bedrock", &fake.url)]);
    let answer = sdk.ask(&company.line(&gateway, "invoke_model_with_response_stream", &invoked()));
    assert_eq!(answer["error"]["class"], "EventStreamError", "{answer}");
    assert_eq!(answer["error"]["code"], "modelTimeoutException", "{answer}");
    let mut signed = company.line(&gateway, "invoke_model", &invoked());
    signed["signed"] = json!(true);
    let error = &sdk.ask(&signed)["error"];
    assert_eq!((&error["code"], &error["status"]), (&json!("AccessDeniedException"), &json!(401)));
    assert!(error["message"].as_str().unwrap().contains("AWS_BEARER_TOKEN_BEDROCK"), "{error}");
}
