//! What each cloud wants of who calls it for Claude Code: addresses, names, signatures and counting.

use std::fmt::Write as _;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{
    gateway::{Gateway, with},
    upstream::{Asked, Script, Upstream, events, sse},
};

const ANTHROPIC: &str = "/v1/messages?beta=true";
const COUNT: &str = "/v1/messages/count_tokens?beta=true";
const VERTEX_COUNT: &str =
    "/v1/projects/p/locations/us/publishers/anthropic/models/count-tokens:rawPredict";

const BODY: &str = r#"{"model":"claude-opus-5-5","messages":[]}"#;
const STREAMED: &str = r#"{"model":"claude-opus-5-5","stream":true,"messages":[]}"#;
const START: &str = r#"{"type":"message_start","message":{"usage":{"input_tokens":3}}}"#;

async fn ask(gateway: &Gateway, path: &str, body: &str, betas: &str) -> reqwest::Response {
    gateway.post(path, body).header("anthropic-beta", betas).send().await.unwrap()
}

fn answer() -> Script {
    Script::json(200, r#"{"type":"message","usage":{"input_tokens":1,"output_tokens":2}}"#)
}

/// Detail 11: the Messages API of Bedrock streams events and not frames, below another path.
#[tokio::test]
async fn bedrocks_messages_api_is_asked_and_read_as_anthropics_and_signed_as_amazons() {
    for (interface, service) in [("messages", "bedrock"), ("mantle", "bedrock-mantle")] {
        let fake = Upstream::start(vec![Script::sse(&[START])]).await;
        let config = with(&[("messages", &fake.url)])
            .replace("interface: messages", &format!("interface: {interface}"));
        let gateway = Gateway::start(&config);
        let answer = ask(&gateway, ANTHROPIC, STREAMED, "a").await;
        assert_eq!(answer.bytes().await.unwrap(), sse(START));
        let asked = fake.asked().remove(0);
        assert_eq!(asked.line, "POST /anthropic/v1/messages?beta=true");
        assert_eq!((asked.text(), asked.header("anthropic-beta")), (STREAMED, Some("a")));
        assert_eq!(asked.header("anthropic-version"), Some("2023-06-01"));
        assert_eq!(signature(&asked, service), asked.header("authorization").unwrap());
        let path = "/model/us.anthropic.claude-opus-5-5/invoke-with-response-stream";
        let answer = ask(&gateway, path, "{\"messages\":[]}", "").await;
        let got = answer.bytes().await.unwrap();
        assert_eq!(events(&got), [START]);
    }
}

/// Detail 12: Bedrock counts for the model itself, and for no application's profile.
#[tokio::test]
async fn bedrock_counts_tokens_for_the_model_behind_a_profile() {
    let counted = Script::json(200, r#"{"inputTokens":7}"#);
    let arn = "arn:aws:bedrock:us-east-1:123456789012";
    for (model, path) in [
        ("global.anthropic.claude-opus-5-5".to_owned(), Some("anthropic.claude-opus-5-5")),
        (
            format!("{arn}:inference-profile/us.anthropic.claude-opus-5-5"),
            Some("anthropic.claude-opus-5-5"),
        ),
        (format!("{arn}:application-inference-profile/abc123"), None),
    ] {
        let fake = Upstream::start(vec![counted.clone()]).await;
        let config = with(&[("bedrock", &fake.url)])
            .replace("model: us.anthropic.claude-opus-5-5", &format!("model: '{model}'"));
        let gateway = Gateway::start(&config);
        let answer = ask(&gateway, COUNT, r#"{"model":"fast","messages":[]}"#, "").await;
        let Some(path) = path else {
            assert_eq!(
                (answer.status().as_u16(), &answer.headers()["x-should-retry"]),
                (501, &"false".parse().unwrap())
            );
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["error"]["type"], "not_supported");
            assert!(fake.asked().is_empty());
            continue;
        };
        assert_eq!(answer.text().await.unwrap(), r#"{"input_tokens":7}"#);
        let asked = fake.asked().remove(0);
        assert_eq!(asked.line, format!("POST /model/{path}/count-tokens"));
        let body: Value = serde_json::from_str(asked.text()).unwrap();
        let inner = body["input"]["invokeModel"]["body"].as_str().unwrap();
        // Bedrock takes only what it could answer, too.
        let wanted = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":1,"messages":[]}"#;
        assert_eq!(inner, STANDARD.encode(wanted));
    }
}

/// Detail 13: Vertex AI counts by the name without a version, with fewer betas, and not in `global`.
#[tokio::test]
async fn vertex_counts_tokens_without_a_version_and_with_fewer_betas() {
    let fake = Upstream::start(vec![Script::json(200, r#"{"input_tokens":7}"#)]).await;
    let config = with(&[("vertex", &fake.url)])
        .replace("model: claude-opus-5-5}", "model: claude-opus-5-5@20270101}");
    let gateway = Gateway::start(&config);
    let header = "web-search-2025-03-05,effort-2025-11-24,tool-search-tool-2025-10-19,token-counting-2024-11-01";
    for (path, body, wanted) in [
        (
            COUNT,
            r#"{"model":"fast","messages":[]}"#,
            r#"{"anthropic_version":"vertex-2023-10-16","model":"claude-opus-5-5","messages":[]}"#,
        ),
        (
            VERTEX_COUNT,
            r#"{"model":"claude-opus-5-5@20270101","messages":[]}"#,
            r#"{"model":"claude-opus-5-5","messages":[]}"#,
        ),
    ] {
        let answer = ask(&gateway, path, body, header).await;
        assert_eq!(answer.text().await.unwrap(), r#"{"input_tokens":7}"#);
        let asked = fake.asked().pop().unwrap();
        let line = "/v1/projects/my-project/locations/us/publishers/anthropic/models/count-tokens:rawPredict";
        assert_eq!(asked.line, format!("POST {line}"));
        assert_eq!(asked.text(), wanted);
        assert_eq!(
            asked.header("anthropic-beta"),
            Some("effort-2025-11-24,token-counting-2024-11-01")
        );
    }
    // Answers take more of them.
    ask(&gateway, ANTHROPIC, BODY, header).await;
    assert!(fake.asked().pop().unwrap().header("anthropic-beta").unwrap().contains("web-search"));
    let gateway = Gateway::start(&config.replace("location: us,", "location: global,"));
    let answer = ask(&gateway, COUNT, BODY, "").await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-should-retry"]),
        (501, &"false".parse().unwrap())
    );
}

/// Detail 16: an ARN is encoded once in the path, and twice in what is signed.
#[tokio::test]
async fn an_arn_in_a_path_is_signed_as_amazon_reads_it() {
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123";
    let fake = Upstream::start(vec![answer()]).await;
    let config = with(&[("bedrock", &fake.url)])
        .replace("model: us.anthropic.claude-opus-5-5", &format!("model: '{arn}'"))
        .replace("aliases: [fast]", &format!("aliases: ['{arn}']"));
    let gateway = Gateway::start(&config);
    // The client leaves the colons, and encodes the slash.
    let asked_by_client = format!("/model/{}/invoke", arn.replace('/', "%2F"));
    for (path, body) in [(asked_by_client.as_str(), r#"{"messages":[]}"#), (ANTHROPIC, BODY)] {
        assert_eq!(ask(&gateway, path, body, "").await.status(), 200);
        let asked = fake.asked().pop().unwrap();
        let encoded = arn.replace(':', "%3A").replace('/', "%2F");
        assert_eq!(asked.line, format!("POST /model/{encoded}/invoke"));
        assert_eq!(signature(&asked, "bedrock"), asked.header("authorization").unwrap());
    }
}

/// Detail 18: Foundry has a path before the API's own, and names of its own for models.
#[tokio::test]
async fn foundry_is_asked_below_its_path_by_the_name_of_the_deployment() {
    let fake = Upstream::start(vec![answer()]).await;
    let config = with(&[("anthropic", &format!("{}/anthropic/", fake.url))])
        .replace("api_key: ours", "api_key: ours, header: authorization")
        .replace("model: claude-opus-5-5}", "model: team-opus}");
    let gateway = Gateway::start(&config);
    ask(&gateway, "/anthropic/v1/messages", BODY, "new-2027-01-01").await;
    let asked = fake.asked().remove(0);
    assert_eq!(asked.line, "POST /anthropic/v1/messages?beta=true");
    assert_eq!(asked.text(), BODY.replace("claude-opus-5-5", "team-opus"));
    assert_eq!(asked.header("authorization"), Some("Bearer ours"));
    assert_eq!(asked.header("anthropic-beta"), Some("new-2027-01-01"));
}

/// The `authorization` that AWS would compute of what arrived: the algorithm as it is written down, with
/// nothing of the gateway's.
fn signature(asked: &Asked, service: &str) -> String {
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    };
    let given = asked.header("authorization").unwrap();
    let signed = given.split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap();
    let url = asked.line.strip_prefix("POST ").unwrap();
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    // All but S3 encode the path once more: what is a `%` there is a `%25` here.
    let path = path.replace('%', "%25");
    let headers = signed.split(';').fold(String::new(), |mut text, name| {
        writeln!(text, "{name}:{}", asked.header(name).unwrap().trim()).unwrap();
        text
    });
    let body = hex(&Sha256::digest(&asked.body));
    let canonical = format!("POST\n{path}\n{query}\n{headers}\n{signed}\n{body}");
    let time = asked.header("x-amz-date").unwrap();
    let day = &time[..8];
    let scope = format!("{day}/us-east-1/{service}/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let step = |key: &[u8], text: &str| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
    };
    let key = [day, "us-east-1", service, "aws4_request", &to_sign]
        .into_iter()
        .fold(b"AWS4s3cret".to_vec(), |key, text| step(&key, text));
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders={signed}, Signature={}",
        hex(&key)
    )
}
