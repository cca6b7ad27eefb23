//! What a gateway for Claude Code must get right, detail by detail, as the field has learned it. Details
//! 4, 5 and 6 are shown in `gateway_bytes`, 10 in `gateway_fault`, and in `gateway_cloud` those that are
//! a single cloud's: 11, 12, 13, 16 and 18.

use serde_json::{Value, json};

use crate::support::{
    gateway::{Gateway, with},
    upstream::{Asked, Ending, Script, Upstream, sse},
};

const ANTHROPIC: &str = "/v1/messages?beta=true";
const COUNT: &str = "/v1/messages/count_tokens?beta=true";
const BEDROCK: &str = "/model/us.anthropic.claude-opus-5-5/invoke";
const VERTEX: &str =
    "/v1/projects/p/locations/us/publishers/anthropic/models/claude-opus-5-5:rawPredict";

const BODY: &str = r#"{"model":"claude-opus-5-5","context_management":{"edits":[]},"output_config":{"effort":"low","x":1.0},"tags":{"a":"b"},"messages":[]}"#;
const STREAMED: &str = r#"{"model":"claude-opus-5-5","stream":true,"messages":[]}"#;
const BETAS: &str =
    "context-management-2025-06-27,effort-2025-11-24,request-tags-2026-08-21,new-2027-01-01";
const START: &str = r#"{"type":"message_start","message":{"usage":{"input_tokens":3,"cache_read_input_tokens":5,"output_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":20}}}}"#;
const DELTA: &str = r#"{"type":"message_delta","usage":{"output_tokens":0}}"#;

/// The betas of what an upstream was asked, wherever they are.
fn betas(asked: &Asked) -> Vec<String> {
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    let inner = body["anthropic_beta"].as_array().cloned().unwrap_or_default();
    let inner = inner.iter().map(|beta| beta.as_str().unwrap().to_owned());
    let header = asked.header("anthropic-beta").unwrap_or_default();
    header.split(',').filter(|beta| !beta.is_empty()).map(ToOwned::to_owned).chain(inner).collect()
}

async fn ask(gateway: &Gateway, path: &str, body: &str, betas: &str) -> reqwest::Response {
    gateway.post(path, body).header("anthropic-beta", betas).send().await.unwrap()
}

fn answer() -> Script {
    Script::json(200, r#"{"type":"message","usage":{"input_tokens":1,"output_tokens":2}}"#)
}

/// Detail 1: Bedrock takes betas in the body alone, and none that is Anthropic's own.
#[tokio::test]
async fn betas_go_to_bedrock_in_the_body() {
    let fake = Upstream::start(vec![answer()]).await;
    let gateway = Gateway::start(&with(&[("bedrock", &fake.url)]));
    for (path, body) in [(ANTHROPIC, BODY), (VERTEX, r#"{"messages":[]}"#)] {
        let header = "claude-code-20250219,oauth-2025-04-20,new-2027-01-01";
        assert_eq!(ask(&gateway, path, body, header).await.status(), 200);
        let asked = fake.asked().pop().unwrap();
        assert!(
            asked.text().contains(r#""anthropic_beta":["new-2027-01-01"]"#),
            "{}",
            asked.text()
        );
        assert_eq!(asked.header("anthropic-beta"), None);
    }
}

/// Detail 2: a beta and the field that it unlocks are left out together, whichever of them is named.
#[tokio::test]
async fn a_beta_and_its_field_travel_together() {
    let kept = ["context-management-2025-06-27", "effort-2025-11-24", "new-2027-01-01"];
    for (left_out, gone, field) in [
        ("{betas: [context-management-2025-06-27]}", 0, r#""context_management":{"edits":[]},"#),
        ("{betas: ['context-*']}", 0, r#""context_management":{"edits":[]},"#),
        ("{fields: [context_management]}", 0, r#""context_management":{"edits":[]},"#),
        ("{betas: ['effort-*']}", 1, r#""effort":"low","#),
        ("{fields: [output_config.effort]}", 1, r#""effort":"low","#),
    ] {
        for kind in ["anthropic", "bedrock", "vertex"] {
            let fake = Upstream::start(vec![answer()]).await;
            let config = with(&[(kind, &fake.url)]);
            let left_out = format!("u0: {{leave_out: {left_out}, ");
            let gateway = Gateway::start(&config.replace("u0: {", &left_out));
            let body = BODY.replace(r#","tags":{"a":"b"}"#, "");
            assert_eq!(ask(&gateway, ANTHROPIC, &body, &kept.join(",")).await.status(), 200);
            let asked = fake.asked().remove(0);
            let mut wanted = kept.to_vec();
            wanted.remove(gone);
            assert_eq!(betas(&asked), wanted, "{left_out} of {kind}");
            let rest = body.replace(field, "").replace(r#"{"model":"claude-opus-5-5","#, "");
            assert!(asked.text().ends_with(&rest), "{left_out} of {kind}: {}", asked.text());
        }
    }
}

/// Detail 2, of the clouds: tags of requests are Anthropic's own in every dialect.
#[tokio::test]
async fn tags_of_requests_go_to_no_cloud() {
    for (kind, stay) in
        [("anthropic", true), ("messages", false), ("bedrock", false), ("vertex", false)]
    {
        let fake = Upstream::start(vec![answer()]).await;
        let gateway = Gateway::start(&with(&[(kind, &fake.url)]));
        for path in [ANTHROPIC, BEDROCK, VERTEX] {
            assert_eq!(ask(&gateway, path, BODY, BETAS).await.status(), 200);
            let asked = fake.asked().pop().unwrap();
            let tagged = betas(&asked).contains(&"request-tags-2026-08-21".to_owned());
            let field = asked.text().contains(r#""tags":{"a":"b"}"#);
            assert_eq!((tagged, field), (stay, stay), "{path} to {kind}: {}", asked.text());
        }
    }
}

/// Detail 3: what a target does not take is a table, which is taken up while the gateway runs.
#[tokio::test]
async fn the_table_of_betas_is_taken_up_with_the_file() {
    let fake = Upstream::start(vec![answer()]).await;
    let config = with(&[("bedrock", &fake.url)]);
    let gateway = Gateway::start(&config);
    ask(&gateway, ANTHROPIC, BODY, "a-2025-01-01,b-2025-01-01").await;
    gateway.rewrite(
        &config.replace("- {upstream: u0,", "- {leave_out: {betas: ['a-*']}, upstream: u0,"),
    );
    gateway.until("has changed, and is taken up");
    ask(&gateway, ANTHROPIC, BODY, "a-2025-01-01,b-2025-01-01").await;
    let asked = fake.asked();
    assert_eq!(betas(&asked[0]), ["a-2025-01-01", "b-2025-01-01"]);
    assert_eq!(betas(&asked[1]), ["b-2025-01-01"]);
}

/// Detail 3: a mistake in the table is told where it is, and the gateway goes on with what it has.
#[tokio::test]
async fn a_table_with_a_mistake_is_told_and_not_taken_up() {
    let fake = Upstream::start(vec![answer()]).await;
    let config = with(&[("bedrock", &fake.url)]);
    let gateway = Gateway::start(&config);
    for (left_out, words) in [
        ("{betas: ['*']}", "it would leave out every beta"),
        ("{betas: ['a,b']}", "u0.leave_out.betas"),
        ("{fields: [messages]}", "no request is without it"),
        ("{fields: [a.b.c]}", "u0.leave_out.fields"),
    ] {
        gateway.rewrite(&config.replace("u0: {", &format!("u0: {{leave_out: {left_out}, ")));
        gateway.until(words);
    }
    gateway.rewrite(&config.replace("    aliases", "    access: {groups: []}\n    aliases"));
    gateway.until("`models.claude-opus-5-5.access` names nobody");
    assert_eq!(ask(&gateway, ANTHROPIC, BODY, "a").await.status(), 200);
}

/// Detail 3: what is refused by name is left out at once, with its field, and for good; a change of
/// something else in the file does not undo it.
#[tokio::test]
async fn what_was_learned_of_betas_outlives_a_change_of_the_file() {
    let refused = r#"{"message":"Unexpected value(s) `context-management-2025-06-27`, `effort-2025-11-24` for the `anthropic-beta` header"}"#;
    let fake = Upstream::start(vec![Script::json(400, refused), answer()]).await;
    let config = with(&[("bedrock", &fake.url)]);
    let gateway = Gateway::start(&config);
    assert_eq!(ask(&gateway, ANTHROPIC, BODY, BETAS).await.status(), 200);
    gateway.rewrite(&config.replace("[fast]", "[fast, other]"));
    gateway.until("has changed, and is taken up");
    assert_eq!(ask(&gateway, BEDROCK, BODY, BETAS).await.status(), 200);
    let asked = fake.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(betas(&asked[1]), ["new-2027-01-01"]);
    assert_eq!(betas(&asked[2]), ["new-2027-01-01"]);
    for asked in &asked[1..] {
        assert!(!asked.text().contains("context_management") && !asked.text().contains("effort"));
        assert!(asked.text().contains(r#""output_config":{"x":1.0}"#), "{}", asked.text());
    }
}

/// Detail 3: of a refusal without a name the culprit is found, and nothing else is lost for it.
#[tokio::test]
async fn a_beta_that_is_refused_without_its_name_is_found_one_at_a_time() {
    let refused = || Script::json(400, r#"{"message":"invalid beta flag"}"#);
    let scripts = vec![
        answer(),
        refused(), // a, good, bad: two are new
        answer(),  // a
        answer(),  // a, good: it was not that one
        refused(), // a, good, bad: it is this one
        answer(),
    ];
    let fake = Upstream::start(scripts).await;
    let gateway = Gateway::start(&with(&[("bedrock", &fake.url)]));
    assert_eq!(ask(&gateway, ANTHROPIC, BODY, "a").await.status(), 200);
    for _ in 0..4 {
        assert_eq!(ask(&gateway, ANTHROPIC, BODY, "a,good,bad").await.status(), 200);
    }
    let sent: Vec<String> = fake.asked().iter().map(|asked| betas(asked).join(" ")).collect();
    assert_eq!(sent, ["a", "a good bad", "a", "a good", "a good bad", "a good", "a good"]);
}

/// Detail 3: a refusal that fewer betas do not help goes to the client, after two more tries at most.
#[tokio::test]
async fn a_target_that_refuses_whatever_is_left_out_is_not_asked_for_ever() {
    let refused = r#"{"message":"invalid beta flag"}"#;
    let fake = Upstream::start(vec![Script::json(400, refused)]).await;
    let gateway = Gateway::start(&with(&[("bedrock", &fake.url)]));
    let answer = ask(&gateway, ANTHROPIC, BODY, "a,b,c").await;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains("invalid beta flag"));
    assert_eq!(fake.asked().len(), 2);
}

/// Detail 7: usage is merged from all that tells of it, and zero is a number.
#[tokio::test]
async fn usage_is_merged_and_zero_is_kept() {
    let stop = r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":7,"outputTokenCount":0,"cacheWriteInputTokenCount":20}}"#;
    for (script, input) in [
        (Script::frames(&[START, DELTA, stop]), 7),
        (Script::sse(&[START, DELTA, r#"{"type":"message_stop"}"#]), 3),
    ] {
        let fake = Upstream::start(vec![script]).await;
        let gateway = Gateway::start(&with(&[("bedrock", &fake.url)]));
        ask(&gateway, ANTHROPIC, STREAMED, "").await.bytes().await.unwrap();
        let record = gateway.recorded(1).await.remove(0);
        let wanted = json!({"input": input, "output": 0, "cache_read": 5, "cache_write_5m": 0, "cache_write_1h": 20});
        assert_eq!(record["tokens"], wanted);
    }
}

/// Detail 7, of Converse, which has words of its own.
#[tokio::test]
async fn usage_of_converse_is_noted() {
    let whole = r#"{"output":{},"usage":{"inputTokens":7,"outputTokens":2,"totalTokens":9}}"#;
    let fake = Upstream::start(vec![Script::json(200, whole)]).await;
    let gateway = Gateway::start(&with(&[("bedrock", &fake.url)]));
    let path = BEDROCK.replace("invoke", "converse");
    let answer = ask(&gateway, &path, r#"{ "messages":[] }"#, "").await;
    assert_eq!(answer.text().await.unwrap(), whole);
    let asked = fake.asked().remove(0);
    assert_eq!(asked.text(), r#"{ "messages":[] }"#);
    let tokens = gateway.recorded(1).await[0]["tokens"].clone();
    assert_eq!((&tokens["input"], &tokens["output"]), (&7.into(), &2.into()));
}

/// Detail 8: who hangs up is metered with what had come, or as one who got nothing.
#[tokio::test]
async fn streams_that_the_client_breaks_off_are_metered() {
    let silent = Script::frames(&[START, DELTA]).ending(Ending::Silence);
    let never = Script::sse(&[]).ending(Ending::SilenceBefore);
    let fake = Upstream::start(vec![silent, never]).await;
    let gateway = Gateway::start(&with(&[("bedrock", &fake.url)]));
    let mut answer = ask(&gateway, ANTHROPIC, STREAMED, "").await;
    let mut got = Vec::new();
    while got.len() < sse(START).len() + sse(DELTA).len() {
        got.extend_from_slice(&answer.chunk().await.unwrap().unwrap());
    }
    drop(answer);
    let record = gateway.recorded(1).await.remove(0);
    assert_eq!(
        (&record["end"], &record["tokens"]["cache_write_1h"]),
        (&"hung_up".into(), &20.into())
    );
    let asking = tokio::spawn(gateway.post(ANTHROPIC, STREAMED).send());
    while fake.asked().len() < 2 {
        tokio::task::yield_now().await;
    }
    asking.abort();
    let record = gateway.recorded(2).await.remove(1);
    assert_eq!((&record["end"], &record["tokens"]["input"]), (&"hung_up".into(), &Value::Null));
}

/// Details 9 and 19: Bedrock sends no pings, so the gateway does; and silence alone cuts nothing.
#[tokio::test]
async fn in_silence_the_client_gets_pings() {
    let script = Script::frames(&[START]).ending(Ending::Silence);
    let fake = Upstream::start(vec![script]).await;
    let config = format!(
        "listen: {{address: '127.0.0.1:0', ping_seconds: 1}}\n{}",
        with(&[("bedrock", &fake.url)])
    );
    let gateway = Gateway::start(&config);
    let mut answer = ask(&gateway, ANTHROPIC, STREAMED, "").await;
    assert_eq!(answer.chunk().await.unwrap().unwrap(), sse(START));
    for _ in 0..2 {
        assert_eq!(
            answer.chunk().await.unwrap().unwrap(),
            "event: ping\ndata: {\"type\":\"ping\"}\n\n"
        );
    }
    assert_eq!(fake.open(), 1);
}

/// Detail 14: an editor counts many times at once, which takes nothing.
#[tokio::test]
async fn a_burst_of_counting_is_answered_and_takes_no_tokens() {
    let fake = Upstream::start(vec![Script::json(200, r#"{"input_tokens":7}"#)]).await;
    let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
    let all = (0..50).map(|_| gateway.post(COUNT, BODY).send());
    for answer in futures::future::join_all(all).await {
        assert_eq!(answer.unwrap().status(), 200);
    }
    for record in gateway.recorded(50).await {
        assert_eq!(
            (&record["operation"], &record["tokens"]["input"]),
            (&"count_tokens".into(), &Value::Null)
        );
    }
}

/// Detail 15: models are told for either header; profiles are asked without any.
#[tokio::test]
async fn models_are_told_at_once_for_either_credential_and_profiles_for_none() {
    let fake = Upstream::start(vec![answer()]).await;
    let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
    let get = |path: &str| gateway.client.get(format!("{}{path}", gateway.url));
    let models = "/v1/models?limit=1000";
    for request in
        [get(models).bearer_auth("gwk_test"), get(models).header("x-api-key", "gwk_test")]
    {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["data"][0]["id"], "claude-opus-5-5");
        assert_eq!(body["data"][0]["display_name"], "claude-opus-5-5");
    }
    assert_eq!(get(models).send().await.unwrap().status(), 401);
    let answer = get("/inference-profiles?type=SYSTEM_DEFINED").send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.text().await.unwrap().as_str()),
        (200, r#"{"inferenceProfileSummaries":[]}"#)
    );
    assert!(fake.asked().is_empty(), "nobody else is asked");
}

/// Detail 20: no name of a model leads to another path, in a request or in the file.
#[tokio::test]
async fn a_model_leads_nowhere_else() {
    let fake = Upstream::start(vec![answer()]).await;
    let gateway = Gateway::start(&with(&[("bedrock", &fake.url)]));
    for model in ["..%2F..%2Fadmin", "a%3Fb", "a%23b", "claude-opus-5-5%2Fx", "a%00", "%FF"] {
        for path in [
            format!("/model/{model}/invoke"),
            format!("/v1/projects/p/locations/l/publishers/anthropic/models/{model}:rawPredict"),
        ] {
            let answer = ask(&gateway, &path, BODY, "").await;
            assert_eq!(answer.status(), 400, "{path}");
        }
    }
    let answer = ask(&gateway, ANTHROPIC, r#"{"model":"../../admin"}"#, "").await;
    assert_eq!(answer.status(), 400);
    assert!(fake.asked().is_empty());
    for model in ["../../admin", "a?b", "a/b", "a%2Fb"] {
        let config = with(&[("bedrock", &fake.url)])
            .replace("model: us.anthropic.claude-opus-5-5", &format!("model: '{model}'"));
        gateway.rewrite(&config);
        gateway.until(".model` is no name of a model");
    }
}

/// Details 17 and 19: which statuses and headers of an upstream reach which client.
#[tokio::test]
async fn a_refusal_reaches_each_client_in_its_form_with_its_headers() {
    for (status, message, told, kind) in [
        (400, "Input is too long.", 400, "invalid_request_error"),
        (413, "prompt is too long: 208310 tokens > 200000 maximum", 413, "invalid_request_error"),
        (401, "bad key", 400, "policy_blocked"),
        (403, "no", 400, "policy_blocked"),
        (404, "no such model", 400, "policy_blocked"),
        (429, "slow down", 429, "rate_limit_error"),
        (500, "oops", 500, "api_error"),
        (503, "not now", 503, "api_error"),
        (529, "full", 529, "overloaded_error"),
    ] {
        let script = Script::json(status, &json!({ "message": message }).to_string())
            .header("retry-after", "7")
            .header("x-should-retry", "true")
            .header("x-amzn-errortype", "OfTheirs")
            .header("x-amzn-requestid", "theirs")
            .header("anthropic-organization-id", "theirs")
            .header("anthropic-ratelimit-tokens-limit", "1");
        let fake = Upstream::start(vec![script]).await;
        let gateway = Gateway::start(&with(&[("bedrock", &fake.url)]));
        for path in [ANTHROPIC, BEDROCK, VERTEX] {
            let answer = ask(&gateway, path, BODY, "").await;
            assert_eq!(answer.status().as_u16(), told, "{status} on {path}");
            let headers = answer.headers().clone();
            let header = |name: &str| Some(headers.get(name)?.to_str().unwrap());
            let blocked = kind == "policy_blocked";
            assert_eq!(header("retry-after"), Some("7"));
            assert_eq!(header("x-should-retry"), Some(if blocked { "false" } else { "true" }));
            let errortype = match path {
                BEDROCK if blocked => Some("ValidationException"),
                BEDROCK => Some("OfTheirs"),
                _ => None,
            };
            assert_eq!(header("x-amzn-errortype"), errortype, "{status} on {path}");
            assert_ne!(header("x-amzn-requestid"), Some("theirs"));
            assert_eq!(header("anthropic-organization-id"), None);
            assert_eq!(header("anthropic-ratelimit-tokens-limit"), None);
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["error"]["type"], kind);
            let words = body["error"]["message"].as_str().unwrap();
            assert!(if blocked { words.ends_with(message) } else { words == message }, "{words}");
            if path == BEDROCK {
                assert_eq!(body["message"], body["error"]["message"]);
            }
            if path == VERTEX {
                assert_eq!(body["error"]["code"], told);
            }
        }
    }
}
