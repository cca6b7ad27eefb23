//! Bodies on their way through the gateway: in every dialect, to every form of upstream, each byte is the
//! client's own but for the envelope.

use crate::support::{
    gateway::{Gateway, with},
    upstream::{Script, Upstream, frame, sse},
};

/// What no gateway may touch, as one of the longest lived clients could send it: numbers and escapes that
/// a parser would write otherwise, names of the envelope deeper within, an order of keys that means
/// nothing to JSON, the client's own block at the head of `system`, signatures, marks of caches, a
/// `system` message in mid-conversation, and fields that nobody knows.
const REST: &str = concat!(
    r#" "max_tokens" : 1.0,"temperature":1e3,	"seed":12345678901234567890,"small":-0.0e-7,"#,
    r#""unknown_field":{"model":"x","stream":false,"anthropic_beta":["y"],"model":"z"},"#,
    r#""system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.330.d01; cc_entrypoint=sdk-cli;"},"#,
    r#"{"text":"\u00e9\/é\ud83d\ude00","type":"text","cache_control":{"ttl":"1h","type":"ephemeral"}}],"#,
    r#""thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"medium"},"#,
    "\r\n",
    r#""messages":[{"role":"user","content":"hi"},"#,
    r#"{"role":"system","content":[{"type":"text","text":"now"}],"output_config":{"effort":"low"}},"#,
    r#"{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"EqQBCkYIARgCKkD+/w=="},"#,
    r#"{"type":"redacted_thinking","data":"EmwKAhgBEgy3va3p/+ix=="},"#,
    r#"{"type":"tool_use","id":"t","name":"n","input":{"b":1,"a":2.50,"B":{}},"cache_control":{"type":"ephemeral"}}]},"#,
    r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","cache_control":{"type":"ephemeral"},"content":[ ]}]}],"#,
    r#""tools":[{"name":"DeferredToolPlaceholder","defer_loading":true,"input_schema":{}}] "#,
    "} \n",
);

const ANTHROPIC: (&str, &str) =
    ("/v1/messages?beta=true", r#"{"model":"claude-opus-5-5","stream":true,"#);
const BEDROCK: (&str, &str) = (
    "/model/us.anthropic.claude-opus-5-5/invoke-with-response-stream",
    r#"{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["new-2027-01-01"],"#,
);
const VERTEX: (&str, &str) = (
    "/v1/projects/p/locations/us/publishers/anthropic/models/claude-opus-5-5:streamRawPredict",
    r#"{"anthropic_version":"vertex-2023-10-16","stream":true,"#,
);

const EVENTS: [&str; 2] = [
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCkYIARgCKkD+/w=="}}"#,
    r#"{ "type":"content_block_start","x":1.0,"content_block":{"type":"redacted_thinking","data":"\u00e9=="}}"#,
];

/// Details 4, 5 and 6, and what else goes wrong where a gateway reads a body and writes it anew.
#[tokio::test]
async fn every_byte_but_the_envelopes_arrives_from_every_dialect_at_every_upstream() {
    let of_messages = r#"{"model":"claude-opus-5-5","stream":true,"#;
    let to_bedrock = r#""anthropic_version":"bedrock-2023-05-31","#;
    let betas = r#""anthropic_beta":["new-2027-01-01"],"#;
    for (client, upstream, head) in [
        (ANTHROPIC, "anthropic", ANTHROPIC.1.to_owned()),
        (ANTHROPIC, "messages", ANTHROPIC.1.to_owned()),
        (ANTHROPIC, "bedrock", format!("{{{to_bedrock}{betas}")),
        (ANTHROPIC, "vertex", VERTEX.1.to_owned()),
        (BEDROCK, "anthropic", of_messages.to_owned()),
        (BEDROCK, "messages", of_messages.to_owned()),
        (BEDROCK, "bedrock", BEDROCK.1.to_owned()),
        (BEDROCK, "vertex", r#"{"stream":true,"anthropic_version":"vertex-2023-10-16","#.into()),
        (VERTEX, "anthropic", of_messages.to_owned()),
        (VERTEX, "messages", of_messages.to_owned()),
        (VERTEX, "bedrock", format!("{{{betas}{to_bedrock}")),
        (VERTEX, "vertex", VERTEX.1.to_owned()),
    ] {
        let fake = Upstream::start(vec![Script::sse(&EVENTS)]).await;
        let gateway = Gateway::start(&with(&[(upstream, &fake.url)]));
        let (path, own_head) = client;
        let header = if client == BEDROCK {
            "claude-code-20250219"
        } else {
            "new-2027-01-01,claude-code-20250219"
        };
        let request = gateway.post(path, &format!("{own_head}{REST}"));
        let answer = request.header("anthropic-beta", header).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path} to {upstream}");
        let asked = fake.asked().remove(0);
        assert_eq!(asked.text(), format!("{head}{REST}"), "{path} to {upstream}");
        let sent = asked.header("anthropic-beta").unwrap_or_default();
        let wanted = match (client, upstream) {
            (BEDROCK, "bedrock") => "claude-code-20250219",
            (_, "bedrock") => "",
            (ANTHROPIC | VERTEX, "anthropic" | "messages") | (VERTEX, "vertex") => header,
            (BEDROCK, "anthropic" | "messages") => "claude-code-20250219,new-2027-01-01",
            _ => "new-2027-01-01",
        };
        assert_eq!(sent, wanted, "{path} to {upstream}");
    }
}

/// Detail 4, on the way back.
#[tokio::test]
async fn signatures_come_back_as_they_were_made_in_every_form() {
    for frames in [true, false] {
        let script = if frames { Script::frames(&EVENTS) } else { Script::sse(&EVENTS) };
        let fake = Upstream::start(vec![script]).await;
        let kind = if frames { "bedrock" } else { "vertex" };
        let gateway = Gateway::start(&with(&[(kind, &fake.url)]));
        let body = format!("{}{REST}", ANTHROPIC.1);
        let answer = gateway.post(ANTHROPIC.0, &body).send().await.unwrap();
        assert_eq!(answer.bytes().await.unwrap(), EVENTS.map(sse).concat());
        let body = format!("{}{REST}", BEDROCK.1);
        let answer = gateway.post(BEDROCK.0, &body).send().await.unwrap();
        let got = answer.bytes().await.unwrap();
        if frames {
            assert_eq!(got, EVENTS.map(frame).concat());
        } else {
            assert_eq!(crate::support::upstream::events(&got), EVENTS);
        }
    }
}

/// What newer clients of the plain SDK call the version is a date everywhere.
#[tokio::test]
async fn a_version_that_is_a_date_is_the_same_date_at_every_upstream() {
    let newer = "2026-10-21";
    let inner = format!(r#"{{"anthropic_version":"{newer}","messages":[]}}"#);
    for (path, body, upstream, version) in [
        ("/v1/messages", r#"{"model":"claude-opus-5-5","messages":[]}"#, "anthropic", None),
        ("/v1/messages", r#"{"model":"claude-opus-5-5","messages":[]}"#, "bedrock", Some(newer)),
        ("/v1/messages", r#"{"model":"claude-opus-5-5","messages":[]}"#, "vertex", Some(newer)),
        ("/model/claude-opus-5-5/invoke", &inner, "vertex", Some(newer)),
        ("/model/claude-opus-5-5/invoke", &inner, "anthropic", None),
    ] {
        let fake = Upstream::start(vec![Script::json(200, "{}")]).await;
        let gateway = Gateway::start(&with(&[(upstream, &fake.url)]));
        let request = gateway.client.post(format!("{}{path}", gateway.url)).bearer_auth("gwk_test");
        let request = if path == "/v1/messages" {
            request.header("anthropic-version", newer)
        } else {
            request
        };
        assert_eq!(request.body(body.to_owned()).send().await.unwrap().status(), 200);
        let asked = fake.asked().remove(0);
        let sent: serde_json::Value = serde_json::from_str(asked.text()).unwrap();
        assert_eq!(sent["anthropic_version"].as_str(), version, "{path} to {upstream}");
        let header = version.is_none().then_some(newer);
        assert_eq!(asked.header("anthropic-version"), header, "{path} to {upstream}");
    }
}
