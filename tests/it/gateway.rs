//! Requests on their way through the gateway: dialects, upstreams, faults, and what is noted of them.

use std::process::Command;

use crate::support::{
    gateway::{Gateway, client, with},
    upstream::{Ending, Script, Upstream, exception, frame, sse},
};

const MESSAGE: &str = r#"{ "model":"claude-opus-5-5", "max_tokens": 1.0,"n":12345678901234567890, "e":1e3, "z":"\u00e9\/", "stream":true,"messages":[{"role":"system","content":[]}],"a":0 }"#;
const START: &str = r#"{"type":"message_start","message":{"usage":{"input_tokens":3}}}"#;
const DELTA: &str = r#"{"type":"message_delta","usage":{"output_tokens":4}}"#;
const BETAS: &str = "a-2025-01-01,claude-code-20250219";

const ANTHROPIC: &str = "/v1/messages?beta=true";
const BEDROCK: &str = "/model/us.anthropic.claude-opus-5-5/invoke-with-response-stream";
const VERTEX: &str =
    "/v1/projects/p/locations/us/publishers/anthropic/models/claude-opus-5-5:streamRawPredict";

fn events() -> Script {
    Script::sse(&[START, DELTA])
}

fn as_sse() -> Vec<u8> {
    [sse(START), sse(DELTA)].concat()
}

#[tokio::test]
async fn a_request_arrives_byte_for_byte_with_our_credential_and_not_the_callers() {
    let fake = Upstream::start(vec![events()]).await;
    let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
    let answer = gateway
        .post(ANTHROPIC, MESSAGE)
        .header("anthropic-beta", BETAS)
        .header("x-api-key", "gwk_test")
        .header("cookie", "c=1")
        .header("x-claude-code-session-id", "s-1")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.bytes().await.unwrap(), as_sse());
    let asked = fake.asked().remove(0);
    assert_eq!(asked.line, "POST /v1/messages?beta=true");
    assert_eq!(asked.text(), MESSAGE);
    assert_eq!(asked.header("x-api-key"), Some("ours"));
    assert_eq!(asked.header("anthropic-beta"), Some(BETAS));
    assert_eq!(asked.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!((asked.header("authorization"), asked.header("cookie")), (None, None));
    let record = gateway.recorded(1).await.remove(0);
    assert_eq!((&record["user"], &record["end"]), (&"ada".into(), &"done".into()));
    assert_eq!((&record["tokens"]["input"], &record["tokens"]["output"]), (&3.into(), &4.into()));
    assert_eq!(record["session"], "s-1");
}

#[tokio::test]
async fn only_the_envelope_differs_where_bedrock_is_called_and_it_is_signed() {
    let fake = Upstream::start(vec![Script::frames(&[START, DELTA])]).await;
    let gateway = Gateway::start(&with(&[("bedrock", &fake.url)]));
    let answer = gateway.post(ANTHROPIC, MESSAGE).header("anthropic-beta", BETAS).send().await;
    assert_eq!(answer.unwrap().bytes().await.unwrap(), as_sse());
    let asked = fake.asked().remove(0);
    assert_eq!(asked.line, "POST /model/us.anthropic.claude-opus-5-5/invoke-with-response-stream");
    let envelope =
        r#"{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["a-2025-01-01"],"#;
    let rest = MESSAGE
        .trim_start_matches('{')
        .replace(r#" "model":"claude-opus-5-5","#, "")
        .replace(r#" "stream":true,"#, "");
    assert_eq!(asked.text(), format!("{envelope}{rest}"));
    assert_eq!(asked.header("anthropic-beta"), None);
    let signature = asked.header("authorization").unwrap();
    assert!(signature.contains("/us-east-1/bedrock/aws4_request"), "{signature}");
}

#[tokio::test]
async fn each_client_gets_its_own_form_from_each_upstream() {
    for kind in ["anthropic", "messages", "bedrock", "vertex"] {
        let frames = kind == "bedrock";
        let script = if frames { Script::frames(&[START, DELTA]) } else { events() };
        let fake = Upstream::start(vec![script]).await;
        let gateway = Gateway::start(&with(&[(kind, &fake.url)]));
        for path in [ANTHROPIC, BEDROCK, VERTEX] {
            let answer = gateway.post(path, MESSAGE).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path} to {kind}");
            let form = answer.headers()["content-type"].to_str().unwrap().to_owned();
            let got = answer.bytes().await.unwrap();
            if path == BEDROCK {
                assert_eq!(form, "application/vnd.amazon.eventstream");
                if frames {
                    assert_eq!(got, [frame(START), frame(DELTA)].concat());
                }
                let count = got.windows(5).filter(|window| *window == b"chunk").count();
                assert_eq!(count, 2, "{path} to {kind}");
            } else {
                assert_eq!((form.as_str(), &got[..]), ("text/event-stream", &as_sse()[..]));
            }
        }
        if kind == "vertex" {
            let asked = fake.asked().remove(0);
            let path =
                "/v1/projects/my-project/locations/us/publishers/anthropic/models/claude-opus-5-5";
            assert_eq!(asked.line, format!("POST {path}:streamRawPredict"));
            assert_eq!(asked.header("authorization"), Some("Bearer ya29.ours"));
            assert!(asked.text().starts_with(r#"{"anthropic_version":"vertex-2023-10-16","#));
        }
    }
}

#[tokio::test]
async fn the_next_upstream_answers_when_one_fails_before_the_first_byte() {
    let throttled = Script::json(429, r#"{"message":"slow down"}"#).header("retry-after", "7");
    let first = Script::raw_frames(vec![exception("throttlingException", "too many")]);
    for failing in [
        throttled,
        Script::json(500, "{}"),
        Script::json(529, "{}"),
        Script::json(403, "{}"),
        Script::json(404, "{}"),
        events().ending(Ending::CutBefore),
        first,
        Script::sse(&[]),
    ] {
        let bad = Upstream::start(vec![failing.clone()]).await;
        let good = Upstream::start(vec![events()]).await;
        let gateway = Gateway::start(&with(&[("anthropic", &bad.url), ("anthropic", &good.url)]));
        let answer = gateway.post(ANTHROPIC, MESSAGE).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{failing:?}");
        assert_eq!(answer.bytes().await.unwrap(), as_sse());
        let record = gateway.recorded(1).await.remove(0);
        assert_eq!((&record["upstream"], &record["tries"]), (&"u1".into(), &2.into()));
    }
}

#[tokio::test]
async fn an_upstream_that_cannot_be_reached_is_passed_over_and_told_of_at_last() {
    let good = Upstream::start(vec![events()]).await;
    let nobody = "http://127.0.0.1:1";
    let gateway = Gateway::start(&with(&[("anthropic", nobody), ("anthropic", &good.url)]));
    assert_eq!(gateway.post(ANTHROPIC, MESSAGE).send().await.unwrap().status(), 200);
    let gateway = Gateway::start(&with(&[("anthropic", nobody)]));
    let answer = gateway.post(ANTHROPIC, MESSAGE).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["x-should-retry"], "true");
    let body = answer.text().await.unwrap();
    assert!(body.contains("no upstream for `claude-opus-5-5`") && !body.contains(":1"), "{body}");
}

#[tokio::test]
async fn what_breaks_behind_the_first_byte_is_told_and_not_begun_anew() {
    let bad = Upstream::start(vec![Script::sse(&[START]).ending(Ending::Cut)]).await;
    let good = Upstream::start(vec![events()]).await;
    let gateway = Gateway::start(&with(&[("anthropic", &bad.url), ("anthropic", &good.url)]));
    let mut answer = gateway.post(ANTHROPIC, MESSAGE).send().await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), sse(START));
    bad.cut();
    let rest = answer.text().await.unwrap();
    assert!(rest.starts_with("event: error\n") && rest.contains("was cut"), "{rest}");
    assert!(good.asked().is_empty());
    assert_eq!(gateway.recorded(1).await[0]["end"], "broken");
}

#[tokio::test]
async fn a_client_that_hangs_up_ends_the_call_of_the_upstream_and_is_metered() {
    let fake = Upstream::start(vec![Script::sse(&[START]).ending(Ending::Silence)]).await;
    let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
    let mut answer = gateway.post(ANTHROPIC, MESSAGE).send().await.unwrap();
    answer.chunk().await.unwrap().unwrap();
    assert_eq!(fake.open(), 1);
    drop(answer);
    while fake.open() > 0 {
        tokio::task::yield_now().await;
    }
    let record = gateway.recorded(1).await.remove(0);
    assert_eq!((&record["end"], &record["tokens"]["input"]), (&"hung_up".into(), &3.into()));
}

#[tokio::test]
async fn refusals_are_told_in_the_way_that_the_client_acts_upon() {
    let long = r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 208310 tokens > 200000 maximum"}}"#;
    let denied = r#"{"message":"arn:aws:sts::123456789012:assumed-role/R/s is not authorized"}"#;
    let throttled = Script::json(429, r#"{"message":"x"}"#)
        .header("retry-after", "3")
        .header("anthropic-ratelimit-tokens-limit", "1");
    let input = Script::json(400, r#"{"message":"Input is too long."}"#);
    let scripts = vec![Script::json(400, long), input, Script::json(403, denied), throttled];
    let fake = Upstream::start(scripts).await;
    let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
    let send = |path: &str| gateway.post(path, MESSAGE).send();
    let answer = send(ANTHROPIC).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (400, long));
    let answer = send("/model/fast/invoke").await.unwrap();
    assert_eq!(answer.headers()["x-amzn-errortype"], "ValidationException");
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["message"], "Input is too long.");
    let answer = send(ANTHROPIC).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-should-retry"]),
        (400, &"false".parse().unwrap())
    );
    let body = answer.text().await.unwrap();
    assert!(body.contains("policy_blocked") && !body.contains("123456789012"), "{body}");
    let answer = send(ANTHROPIC).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &"3".parse().unwrap())
    );
    assert!(!answer.headers().contains_key("anthropic-ratelimit-tokens-limit"));
}

#[tokio::test]
async fn tokens_are_counted_in_every_dialect() {
    let fake = Upstream::start(vec![Script::json(200, r#"{"inputTokens":7}"#)]).await;
    let gateway = Gateway::start(&with(&[("bedrock", &fake.url)]));
    let answer = gateway.post("/v1/messages/count_tokens", MESSAGE).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), r#"{"input_tokens":7}"#);
    let asked = fake.asked().remove(0);
    assert_eq!(asked.line, "POST /model/anthropic.claude-opus-5-5/count-tokens");
    let path = "/model/anthropic.claude-opus-5-5/count-tokens";
    let answer = gateway.post(path, asked.text()).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), r#"{"inputTokens":7}"#);
    assert_eq!(fake.asked()[1].text(), asked.text());
    let count = "/projects/p/locations/us/publishers/anthropic/models/count-tokens:rawPredict";
    let answer = gateway.post(count, MESSAGE).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), r#"{"input_tokens":7}"#);
}

#[tokio::test]
async fn strangers_unknown_models_and_long_bodies_are_refused_before_anybody_is_asked() {
    let fake = Upstream::start(vec![events()]).await;
    let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
    let url = |path: &str| format!("{}{path}", gateway.url);
    let bare = || client().post(url(ANTHROPIC)).body(MESSAGE);
    assert_eq!(bare().send().await.unwrap().status(), 401);
    let other = bare().header("x-api-key", "gwk_other").send().await.unwrap();
    assert_eq!(
        (other.status().as_u16(), &other.headers()["x-should-retry"]),
        (401, &"false".parse().unwrap())
    );
    let profiles =
        client().get(url("/bedrock//inference-profiles?type=SYSTEM_DEFINED")).send().await;
    assert_eq!(profiles.unwrap().status(), 200, "it is asked without a credential");
    let answer = gateway.post(ANTHROPIC, &MESSAGE.replace("opus", "sonnet")).send().await.unwrap();
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["type"], "policy_blocked");
    assert!(body["error"]["message"].as_str().unwrap().contains("there is claude-opus-5-5"));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(33 << 20));
    assert_eq!(gateway.post(ANTHROPIC, &long).send().await.unwrap().status(), 413);
    let twice = r#"{"model":"claude-opus-5-5","mod\u0065l":"other"}"#;
    let answer = gateway.post(ANTHROPIC, twice).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("`model` twice"));
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn models_health_and_metrics_are_told() {
    let fake = Upstream::start(vec![events()]).await;
    let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
    let models = client().get(format!("{}/v1/models?limit=1000", gateway.url));
    let models: serde_json::Value =
        models.header("x-api-key", "gwk_test").send().await.unwrap().json().await.unwrap();
    assert_eq!(models["data"][0]["id"], "claude-opus-5-5");
    drop(gateway.post(ANTHROPIC, MESSAGE).send().await.unwrap().bytes().await);
    gateway.recorded(2).await;
    let get = async |path: &str| {
        let answer = client().get(format!("{}{path}", gateway.operations)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(get("/healthz").await, (200, "ok\n".into()));
    assert_eq!(get("/readyz").await.0, 200);
    let (_, text) = get("/metrics").await;
    let line =
        r#"groundwork_gateway_tokens_total{model="claude-opus-5-5",upstream="u0",kind="output"} 4"#;
    assert!(text.contains(line), "{text}");
    assert_eq!(
        client().get(format!("{}/metrics", gateway.url)).send().await.unwrap().status(),
        404
    );
}

/// A disk that is full.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_record_that_cannot_be_written_is_counted_and_the_answer_goes_out() {
    let fake = Upstream::start(vec![events()]).await;
    let full = "access_log: {file: /dev/full}\n".to_owned();
    let gateway = Gateway::start(&(full + &with(&[("anthropic", &fake.url)])));
    let answer = gateway.post(ANTHROPIC, MESSAGE).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), as_sse());
    loop {
        let metrics = gateway.client.get(format!("{}/metrics", gateway.operations));
        let text = metrics.send().await.unwrap().text().await.unwrap();
        let count = text.split("failed_writes_total ").nth(1).unwrap();
        // It is written a moment later.
        if !count.starts_with('0') {
            break;
        }
    }
}

#[tokio::test]
async fn a_change_of_the_file_is_taken_up_and_one_with_a_mistake_is_told() {
    let (one, other) = (
        Upstream::start(vec![Script::sse(&[START]).ending(Ending::Cut)]).await,
        Upstream::start(vec![events()]).await,
    );
    let gateway = Gateway::start(&with(&[("anthropic", &one.url)]));
    let mut begun = gateway.post(ANTHROPIC, MESSAGE).send().await.unwrap();
    begun.chunk().await.unwrap().unwrap();
    gateway.rewrite("upstreams: {}\n");
    gateway.until("has mistakes: it goes on as before");
    gateway.rewrite(&with(&[("anthropic", &other.url)]));
    gateway.until("has changed, and is taken up");
    let answer = gateway.post(ANTHROPIC, MESSAGE).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), as_sse());
    assert_eq!(other.asked().len(), 1);
    one.cut();
    assert!(begun.text().await.unwrap().contains("was cut"), "what had begun goes on");
}

#[tokio::test]
async fn it_ends_when_what_was_begun_has_ended() {
    let fake = Upstream::start(vec![Script::sse(&[START]).ending(Ending::Cut)]).await;
    let mut gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
    let mut begun = gateway.post(ANTHROPIC, MESSAGE).send().await.unwrap();
    begun.chunk().await.unwrap().unwrap();
    gateway.stop();
    gateway.until("stopping: ");
    let ready = client().get(format!("{}/readyz", gateway.operations)).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    fake.cut();
    begun.bytes().await.unwrap();
    assert_eq!(gateway.code(), Some(0));
    assert_eq!(gateway.records().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_check_tells_of_each_upstream_though_nobody_can_sign_in_for_one() {
    let fake = Upstream::start(vec![Script::json(404, "{}")]).await;
    let folder = tempfile::tempdir().unwrap();
    let (file, key) = (folder.path().join("gateway.yaml"), folder.path().join("none.json"));
    let hash = "0".repeat(64);
    let access = format!("access: {{keys: [{{name: ci, sha256: '{hash}'}}]}}\n");
    let upstreams = with(&[("vertex", &fake.url), ("anthropic", &fake.url)]);
    std::fs::write(&file, access + &upstreams).unwrap();
    let mut check = Command::new(env!("CARGO_BIN_EXE_groundwork"));
    check.args(["gateway", "check", "-c"]).arg(&file).env_clear().env("HOME", folder.path());
    let output = check.env("GOOGLE_APPLICATION_CREDENTIALS", &key).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let line = |name: &str| text.lines().find(|line| line.contains(name)).unwrap();
    let failed = line("upstreams.u0");
    assert!(failed.starts_with("failed") && failed.contains("none.json"), "{failed}");
    assert!(line("upstreams.u1").starts_with("ok"), "{text}");
}
