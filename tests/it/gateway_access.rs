//! Who may use which model: what is refused, what is offered, and what is noted of it.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{
    gateway::{Gateway, with},
    upstream::{Script, Upstream},
};

const ANSWER: &str = r#"{"type":"message","usage":{"input_tokens":1,"output_tokens":2}}"#;

/// Three callers: one of the group `research`, one with the role `lead`, and one who is neither.
fn callers() -> String {
    let mut text = "access:\n  keys:\n".to_owned();
    for (name, of) in
        [("ada", "groups: [research]"), ("eve", "role: lead"), ("bob", "groups: [eng]")]
    {
        let hash: String =
            Sha256::digest(format!("gwk_{name}")).iter().fold(String::new(), |mut hash, byte| {
                write!(hash, "{byte:02x}").unwrap();
                hash
            });
        writeln!(text, "    - {{name: {name}, sha256: '{hash}', {of}}}").unwrap();
    }
    text
}

/// `claude-opus-5-5` for the group `research` and the role `lead`, and `claude-haiku-4-5` for everybody.
fn config(url: &str) -> String {
    let models = with(&[("anthropic", url)]).replace(
        "    aliases: [fast]\n",
        "    aliases: [fast]\n    access: {groups: [research], roles: [lead]}\n",
    );
    let haiku = "  claude-haiku-4-5: {targets: [{upstream: u0, model: claude-haiku-4-5}]}\n";
    format!("{}{models}{haiku}", callers())
}

struct Asking<'a>(&'a Gateway, &'a str);

impl Asking<'_> {
    async fn get(&self, path: &str) -> (u16, Value) {
        let Self(gateway, name) = self;
        let request = gateway.client.get(format!("{}{path}", gateway.url));
        let answer = request.header("x-api-key", format!("gwk_{name}")).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn ask(&self, path: &str, model: &str) -> reqwest::Response {
        let Self(gateway, name) = self;
        let body = format!(r#"{{"model":"{model}","messages":[]}}"#);
        let request = gateway.client.post(format!("{}{path}", gateway.url)).body(body);
        request.header("x-api-key", format!("gwk_{name}")).send().await.unwrap()
    }
}

#[tokio::test]
async fn a_model_is_answered_to_whom_it_is_for_and_refused_to_others_by_every_name() {
    let fake = Upstream::start(vec![Script::json(200, ANSWER)]).await;
    let gateway = Gateway::start(&config(&fake.url));
    for name in ["ada", "eve"] {
        let answer = Asking(&gateway, name).ask("/v1/messages", "claude-opus-5-5").await;
        assert_eq!(answer.status(), 200, "{name}");
    }
    let bob = Asking(&gateway, "bob");
    assert_eq!(bob.ask("/v1/messages", "claude-haiku-4-5").await.status(), 200);
    let asked = fake.asked().len();
    for (path, model) in [
        ("/v1/messages", "claude-opus-5-5"),
        ("/v1/messages", "fast"),
        ("/v1/messages", "us.anthropic.claude-opus-5-5"),
        ("/v1/messages/count_tokens", "claude-opus-5-5"),
        ("/model/us.anthropic.claude-opus-5-5/invoke", ""),
        ("/model/us.anthropic.claude-opus-5-5/converse", ""),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-5-5:rawPredict", ""),
    ] {
        let answer = bob.ask(path, model).await;
        let retry = answer.headers()["x-should-retry"].clone();
        assert_eq!((answer.status().as_u16(), retry.to_str().unwrap()), (400, "false"), "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["type"], "policy_blocked", "{path}");
        let wanted = "`claude-opus-5-5` is not for you here; there is claude-haiku-4-5";
        assert_eq!(body["error"]["message"], wanted, "{path}");
    }
    assert_eq!(fake.asked().len(), asked, "nobody was asked");
    let records = gateway.recorded(10).await;
    let record = records.last().unwrap();
    assert_eq!((&record["end"], &record["user"]), (&"refused".into(), &"bob".into()));
    assert!(record["why"].as_str().unwrap().contains("is not for you here"), "{record}");
}

#[tokio::test]
async fn nobody_is_offered_what_is_not_for_them() {
    let fake = Upstream::start(vec![Script::json(200, ANSWER)]).await;
    let gateway = Gateway::start(&config(&fake.url));
    for (name, wanted) in [
        ("ada", &["claude-haiku-4-5", "claude-opus-5-5"][..]),
        ("eve", &["claude-haiku-4-5", "claude-opus-5-5"]),
        ("bob", &["claude-haiku-4-5"]),
    ] {
        let asking = Asking(&gateway, name);
        let (_, models) = asking.get("/v1/models?limit=1000").await;
        let ids: Vec<&str> = models["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, wanted, "{name}");
        let (status, _) = asking.get("/v1/models/claude-opus-5-5").await;
        assert_eq!(status, if wanted.len() == 2 { 200 } else { 404 }, "{name}");
        let answer = asking.ask("/v1/messages", "claude-unknown").await;
        let text = answer.text().await.unwrap();
        assert!(text.contains(&format!("there is {}", wanted.join(", "))), "{name}: {text}");
    }
}

#[tokio::test]
async fn a_change_of_who_may_use_a_model_is_taken_up() {
    let fake = Upstream::start(vec![Script::json(200, ANSWER)]).await;
    let gateway = Gateway::start(&config(&fake.url));
    let bob = Asking(&gateway, "bob");
    assert_eq!(bob.ask("/v1/messages", "fast").await.status(), 400);
    gateway
        .rewrite(&config(&fake.url).replace("groups: [research], roles", "groups: [eng], roles"));
    gateway.until("has changed, and is taken up");
    assert_eq!(bob.ask("/v1/messages", "fast").await.status(), 200);
}
