//! Claude Code's own client through the gateway: in each dialect that it speaks, before each kind of
//! upstream, with nothing but what `groundwork env` tells it of the gateway.
//!
//! These tests run only with `tests/run.sh --with-client`, each in a room of its own, where nobody can
//! be reached but the gateway and an upstream that answers as it is told.

use std::{fs, process::Stdio};

use serde_json::{Value, json};

use crate::support::{
    developer::{bash, install},
    gateway::{Gateway, KEY, with},
    program::{Desk, Run},
    room::room,
    upstream::{Asked, Ending, Script, Upstream},
};

const DIALECTS: [&str; 3] = ["anthropic", "bedrock", "vertex"];
const UPSTREAMS: [&str; 5] = ["anthropic", "messages", "mantle", "bedrock", "vertex"];
const ANSWER: &str = "hello from the ground";

/// Half of this is done by the tool that the model calls, so that no prompt and no call has it.
const COMMAND: &str = "echo ground-$((40+2))";
const DONE: &str = "ground-42";

/// As a signature looks, with every character that somebody might write in another way.
const SIGNATURE: &str = "EqQBCgIYAhIM+/abc/+==";
const THOUGHT: &str = "a \"quoted\" thought: \u{e9}\u{1f30d} </x> \\ \n";

/// What would lead elsewhere, or bring another's credential. A proxy that nobody is behind is one, too.
const LEFTOVERS: [(&str, &str); 9] = [
    ("CLAUDE_CODE_USE_FOUNDRY", "1"),
    ("CLAUDE_CODE_USE_MANTLE", "1"),
    ("ANTHROPIC_API_KEY", "stale"),
    ("AWS_BEARER_TOKEN_BEDROCK", "stale"),
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
    ("ANTHROPIC_MODEL", "stale-model"),
    ("ANTHROPIC_SMALL_FAST_MODEL", "stale-small"),
    ("https_proxy", "http://127.0.0.1:9"),
    ("AWS_REGION", "eu-west-1"),
];

/// A configuration with one upstream of this kind.
fn before(kind: &str, url: &str) -> String {
    match kind {
        "mantle" => with(&[("messages", url)]).replace("interface: messages", "interface: mantle"),
        other => with(&[(other, url)]),
    }
}

fn runs<T: Future<Output = ()>>(test: T) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(test);
}

/// A developer of this gateway, with a copy of its file.
fn developer(gateway: &Gateway, dialect: &str, token: &str) -> Desk {
    let desk = Desk::new("");
    fs::remove_file(desk.path().join("claude-config.yaml")).unwrap();
    let copy = format!(
        "client: {{url: '{}', dialect: {dialect}, token_command: 'echo {token}'}}\n\
         models: {{claude-opus-5-5: {{}}}}\n",
        gateway.url
    );
    desk.put("gateway.yaml", &copy);
    install(desk.path());
    desk
}

const EVALUATED: &str = r#"eval "$(groundwork env)" && claude"#;
const SETTINGS: &str = "groundwork env --format settings --write && claude";
const MANAGED: &str = "groundwork env --format managed-settings --write && claude";

/// A session of somebody whom the gateway knows.
fn session(gateway: &Gateway, dialect: &str, way: &str, arguments: &str) -> Run {
    let desk = developer(gateway, dialect, KEY);
    let script = format!("{way} {arguments}");
    Run::from(bash(desk.path(), &script, &LEFTOVERS).output().unwrap())
}

/// These events in the form of an upstream of this kind.
fn script(kind: &str, events: &[Value]) -> Script {
    let events: Vec<String> = events.iter().map(ToString::to_string).collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    if kind == "bedrock" { Script::frames(&events) } else { Script::sse(&events) }
}

fn begun() -> Value {
    json!({"type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5-5",
        "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": 10, "output_tokens": 1},
    }})
}

/// Blocks, each with its delta, as an answer that ends for this reason.
fn answer(blocks: &[(Value, Vec<Value>)], reason: &str) -> Vec<Value> {
    let mut all = vec![begun()];
    for (index, (block, deltas)) in blocks.iter().enumerate() {
        all.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
        for delta in deltas {
            all.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        all.push(json!({"type": "content_block_stop", "index": index}));
    }
    all.push(json!({
        "type": "message_delta", "usage": {"output_tokens": 7},
        "delta": {"stop_reason": reason, "stop_sequence": null},
    }));
    all.push(json!({"type": "message_stop"}));
    all
}

fn text() -> Vec<Value> {
    let delta = json!({"type": "text_delta", "text": ANSWER});
    answer(&[(json!({"type": "text", "text": ""}), vec![delta])], "end_turn")
}

/// The model has thought, and wants a tool.
fn tool() -> Vec<Value> {
    let input = json!({"command": COMMAND, "description": "look"}).to_string();
    let thinking = (
        json!({"type": "thinking", "thinking": "", "signature": ""}),
        vec![
            json!({"type": "thinking_delta", "thinking": THOUGHT}),
            json!({"type": "signature_delta", "signature": SIGNATURE}),
        ],
    );
    let call = (
        json!({"type": "tool_use", "id": "toolu_01", "name": "Bash", "input": {}}),
        vec![json!({"type": "input_json_delta", "partial_json": input})],
    );
    answer(&[thinking, call], "tool_use")
}

fn body(asked: &Asked) -> Value {
    serde_json::from_slice(&asked.body).unwrap()
}

fn printed(run: &Run, words: &str) {
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(said.contains(words), "«{words}» in {run:?}");
}

/// What every request of the client has, arrived whole.
fn is_whole(asked: &Asked, dialect: &str) {
    let body = body(asked);
    let first = body["system"][0]["text"].as_str().unwrap();
    assert!(first.starts_with("x-anthropic-billing-header: "), "{first}");
    assert!(body["system"][0].get("cache_control").is_none(), "{first}");
    assert!(
        body["system"][1]["cache_control"].is_object()
            || body["system"][2]["cache_control"].is_object()
    );
    let breakpoints = asked.text().matches(r#""cache_control""#).count();
    assert!((1..=4).contains(&breakpoints), "{breakpoints} in {dialect}");
    let roles: Vec<&str> =
        body["messages"].as_array().unwrap().iter().filter_map(|it| it["role"].as_str()).collect();
    assert!(roles.contains(&"system"), "{roles:?} in {dialect}");
}

/// The model calls a tool, the client runs it, and what comes of it goes back, beside what the model had
/// thought.
async fn a_tool_is_called(dialect: &str, kind: &str, way: &str) {
    let fake = Upstream::start(vec![script(kind, &tool()), script(kind, &text())]).await;
    let gateway = Gateway::start(&before(kind, &fake.url));
    let run = session(&gateway, dialect, way, "-p 'look into it' --allowedTools Bash");
    assert_eq!((run.code, run.stdout.trim()), (Some(0), ANSWER), "{dialect} to {kind}: {run:?}");
    let asked = fake.asked();
    assert_eq!(asked.len(), 2, "{dialect} to {kind}: {asked:?}");
    for asked in &asked {
        is_whole(asked, dialect);
    }
    let messages = body(&asked[1])["messages"].clone();
    let blocks = messages.as_array().unwrap().iter().filter_map(|it| it["content"].as_array());
    let blocks: Vec<&Value> = blocks.flatten().collect();
    let of = |kind: &str| *blocks.iter().find(|block| block["type"] == kind).unwrap();
    assert_eq!(of("thinking")["signature"], SIGNATURE, "{dialect} to {kind}");
    assert_eq!(of("thinking")["thinking"], THOUGHT, "{dialect} to {kind}");
    assert_eq!(of("tool_use")["id"], "toolu_01");
    let result = of("tool_result");
    assert_eq!(result["tool_use_id"], "toolu_01");
    assert!(result.to_string().contains(DONE), "{dialect} to {kind}: {result}");
    let records: Vec<Value> = gateway.recorded(2).await;
    for record in records.iter().filter(|record| record["model"] == "claude-opus-5-5") {
        assert_eq!((&record["user"], &record["end"]), (&json!("ada"), &json!("done")), "{record}");
    }
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn in_the_anthropic_dialect_a_tool_is_called_at_every_upstream() {
    room(|| {
        runs(async {
            for kind in UPSTREAMS {
                a_tool_is_called("anthropic", kind, EVALUATED).await;
            }
        });
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn in_bedrocks_dialect_a_tool_is_called_at_every_upstream() {
    room(|| {
        runs(async {
            for kind in UPSTREAMS {
                a_tool_is_called("bedrock", kind, EVALUATED).await;
            }
        });
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn in_vertex_ais_dialect_a_tool_is_called_at_every_upstream() {
    room(|| {
        runs(async {
            for kind in UPSTREAMS {
                a_tool_is_called("vertex", kind, EVALUATED).await;
            }
        });
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn settings_lead_to_the_gateway_in_every_dialect_and_get_the_token() {
    room(|| {
        runs(async {
            for dialect in DIALECTS {
                a_tool_is_called(dialect, "anthropic", SETTINGS).await;
            }
            // From here on there are some for everybody in this room.
            for dialect in DIALECTS {
                a_tool_is_called(dialect, "anthropic", MANAGED).await;
            }
        });
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn an_upstream_that_asks_for_time_gets_it() {
    room(|| {
        runs(async {
            for dialect in DIALECTS {
                let busy =
                    Script::json(429, r#"{"message":"slow down"}"#).header("retry-after", "1");
                let fake = Upstream::start(vec![busy, script("anthropic", &text())]).await;
                let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
                let run = session(&gateway, dialect, EVALUATED, "-p hi");
                assert_eq!((run.code, run.stdout.trim()), (Some(0), ANSWER), "{dialect}: {run:?}");
                assert_eq!(fake.asked().len(), 2, "{dialect}");
            }
        });
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn when_an_upstream_fails_within_a_session_the_next_one_goes_on() {
    room(|| {
        runs(async {
            for dialect in DIALECTS {
                let bad = Script::json(529, r#"{"message":"overloaded"}"#);
                let one = Upstream::start(vec![script("bedrock", &tool()), bad]).await;
                let two = Upstream::start(vec![script("vertex", &text())]).await;
                let gateway = Gateway::start(&with(&[("bedrock", &one.url), ("vertex", &two.url)]));
                let run = session(&gateway, dialect, EVALUATED, "-p look --allowedTools Bash");
                assert_eq!((run.code, run.stdout.trim()), (Some(0), ANSWER), "{dialect}: {run:?}");
                assert_eq!((one.asked().len(), two.asked().len()), (2, 1), "{dialect}");
                assert!(two.asked()[0].text().contains(DONE), "{dialect}");
                let records = gateway.recorded(2).await;
                let passed = |record: &Value| record["upstream"] == "u1" && record["tries"] == 2;
                assert!(records.iter().any(passed), "{records:?}");
            }
        });
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn what_is_refused_is_told_in_the_gateways_words_after_one_request() {
    room(|| {
        runs(async {
            for dialect in DIALECTS {
                let denied = r#"{"message":"this model is not open to you"}"#;
                let fake = Upstream::start(vec![Script::json(403, denied)]).await;
                let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
                let run = session(&gateway, dialect, EVALUATED, "-p hi");
                printed(&run, "this model is not open to you");
                assert_eq!((run.code, fake.asked().len()), (Some(1), 1), "{dialect}: {run:?}");
                let run = session(&gateway, dialect, EVALUATED, "-p hi --model claude-opus-4-8");
                printed(&run, "there is claude-opus-5-5");
                assert_eq!((run.code, fake.asked().len()), (Some(1), 1), "{dialect}: {run:?}");
            }
        });
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn a_stranger_is_told_why_and_does_not_try_again() {
    room(|| {
        runs(async {
            for dialect in DIALECTS {
                let fake = Upstream::start(vec![script("anthropic", &text())]).await;
                let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
                let desk = developer(&gateway, dialect, "gwk_other");
                let script = format!("{EVALUATED} -p hi");
                let run = Run::from(bash(desk.path(), &script, &[]).output().unwrap());
                printed(&run, "it is no key that is known here");
                assert_eq!((run.code, fake.asked().len()), (Some(1), 0), "{dialect}: {run:?}");
            }
        });
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn a_conversation_that_is_too_long_is_shortened() {
    room(|| {
        runs(async {
            let anthropic = r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 208310 tokens > 200000 maximum"}}"#;
            let bedrock = r#"{"message":"Input is too long for requested model."}"#;
            for dialect in DIALECTS {
                for (kind, words) in [("anthropic", anthropic), ("bedrock", bedrock)] {
                    let long = Script::json(400, words);
                    let scripts = vec![script(kind, &tool()), long, script(kind, &text())];
                    let fake = Upstream::start(scripts).await;
                    let gateway = Gateway::start(&with(&[(kind, &fake.url)]));
                    let arguments = "-p 'look into it' --allowedTools Bash";
                    let run = session(&gateway, dialect, EVALUATED, arguments);
                    let of = format!("{dialect} to {kind}");
                    assert_eq!((run.code, run.stdout.trim()), (Some(0), ANSWER), "{of}: {run:?}");
                    let asked = fake.asked();
                    assert!(asked.iter().any(|it| it.text().contains("<summary>")), "{of}");
                    let last = asked.last().unwrap().text();
                    assert!(asked.len() > 3 && !last.contains("toolu_01"), "{of}: {last}");
                }
            }
        });
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn tokens_are_counted_for_a_look_at_the_context() {
    room(|| {
        runs(async {
            for (dialect, kind, count) in [
                ("anthropic", "bedrock", r#"{"inputTokens":7}"#),
                ("vertex", "anthropic", r#"{"input_tokens":7}"#),
                // It counts without a credential, and only if it has got the profile so, too. Without
                // one it estimates.
                ("bedrock", "anthropic", ""),
            ] {
                let fake = Upstream::start(vec![Script::json(200, count)]).await;
                let gateway = Gateway::start(&with(&[(kind, &fake.url)]));
                let run = session(&gateway, dialect, EVALUATED, "-p /context");
                assert_eq!(run.code, Some(0), "{dialect}: {run:?}");
                let asked = fake.asked();
                let counts = asked.iter().filter(|asked| asked.line.contains("count"));
                assert_eq!(counts.count(), asked.len(), "{dialect}: {asked:?}");
                assert_eq!(asked.is_empty(), count.is_empty(), "{dialect}");
            }
        });
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn a_client_that_is_killed_ends_the_call_of_the_upstream() {
    room(|| {
        runs(async {
            for dialect in DIALECTS {
                let fake =
                    Upstream::start(vec![script("bedrock", &[begun()]).ending(Ending::Silence)])
                        .await;
                let gateway = Gateway::start(&with(&[("bedrock", &fake.url)]));
                let desk = developer(&gateway, dialect, KEY);
                let script = format!("{} -p hi", EVALUATED.replace("claude", "exec claude"));
                let mut command = bash(desk.path(), &script, &LEFTOVERS);
                command.stdout(Stdio::null()).stderr(Stdio::null());
                let mut client = command.spawn().unwrap();
                while fake.open() == 0 {
                    assert_eq!(client.try_wait().unwrap(), None, "{dialect}: it has ended");
                    tokio::task::yield_now().await;
                }
                // `timeout` hands the signal on, and Claude Code ends.
                let id = client.id().to_string();
                assert!(
                    std::process::Command::new("kill")
                        .args(["-TERM", &id])
                        .status()
                        .unwrap()
                        .success()
                );
                client.wait().unwrap();
                while fake.open() > 0 {
                    tokio::task::yield_now().await;
                }
                let hung_up = |record: &Value| record["end"] == "hung_up";
                while !gateway.records().iter().any(hung_up) {
                    tokio::task::yield_now().await;
                }
            }
        });
    });
}
