//! The clouds as Claude Code's own client sees them: a server on loopback that answers each kind of
//! call in its cloud's own form, under the clouds' own names, and keeps what it was asked.
//!
//! It answers as little as makes the client print an answer. That the client takes the form (Bedrock's
//! frames, events on Vertex) is half of the test.

use std::{
    convert::Infallible,
    fmt,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::HeaderMap,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use super::authority::{Authority, Time};

/// Where a leftover leads.
pub const STALE: &str = "stale.example";

/// Where a company collects telemetry.
pub const COLLECTOR: &str = "collector.example";

/// The names under which it answers with TLS. In a room they are this machine.
pub const HOSTS: [&str; 10] = [
    "bedrock.us-east-1.amazonaws.com",
    "bedrock-runtime.us-east-1.amazonaws.com",
    "aiplatform.us.rep.googleapis.com",
    "us-east5-aiplatform.googleapis.com",
    "oauth2.googleapis.com",
    COLLECTOR,
    // Nobody should ask these.
    "bedrock-runtime.eu-west-1.amazonaws.com",
    "europe-west1-aiplatform.googleapis.com",
    "api.anthropic.com",
    STALE,
];

/// What every model says.
pub const ANSWER: &str = "hello from the ground";

/// A prompt of which the model says that a subagent is to look into it.
pub const DELEGATE: &str = "have an agent look into it";

/// What it was asked.
pub struct Call {
    pub host: String,
    /// As it was asked for, with the query.
    pub path: String,
    pub authorization: Option<String>,
    /// Whether a subagent asked.
    pub agent: bool,
    /// Null if it is not JSON.
    pub body: Value,
}

impl Call {
    /// The model that was asked, if one was.
    pub fn model(&self) -> Option<String> {
        let named = self.path.split_once("/model/").or(self.path.split_once("/models/"));
        let Some((_, rest)) = named else {
            // Anthropic's own form, and Foundry's.
            return self.body["model"].as_str().map(ToOwned::to_owned);
        };
        // A colon is part of an id on Bedrock; on Vertex the verb is behind it.
        let name = rest.split('/').next()?;
        let verb = name.strip_suffix(":rawPredict").or(name.strip_suffix(":streamRawPredict"));
        Some(percent_decode_str(verb.unwrap_or(name)).decode_utf8().ok()?.into_owned())
    }

    /// Whether the client looks at its start if there is such a model. Some of these are of its own
    /// choice, whatever it is told, and it does not mind when they are refused.
    pub fn is_probe(&self) -> bool {
        self.body["max_tokens"] == 1
    }
}

/// Without the body, which is long: what counts in it is the model.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} {:?}", self.host, self.path, self.model())
    }
}

/// Where it answers with TLS.
pub const SECURE: &str = "127.0.0.1:443";

/// The server; it ends with this process.
pub struct Clouds {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    folder: TempDir,
}

impl Clouds {
    /// Serves with TLS at [`SECURE`], and without it at a port of its own. Only in a room.
    pub fn start() -> Self {
        let listen = |address| {
            let listener = TcpListener::bind(address).unwrap();
            listener.set_nonblocking(true).unwrap();
            listener
        };
        let (plain, secure) = (listen("127.0.0.1:0"), listen(SECURE));
        let folder = TempDir::new().unwrap();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let clouds =
            Self { address: plain.local_addr().unwrap(), calls: Arc::clone(&calls), folder };
        let tls = clouds.acceptor();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
            tokio::task::LocalSet::new().block_on(&runtime.unwrap(), async {
                tokio::join!(
                    serve(plain, None, Arc::clone(&calls)),
                    serve(secure, Some(tls), calls),
                )
            });
        });
        clouds
    }

    /// `127.0.0.1:PORT`, without TLS.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The certificate of the authority behind [`HOSTS`], as PEM.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// What was asked since this was called last.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    /// With a certificate for [`HOSTS`], of an authority that it writes down.
    fn acceptor(&self) -> TlsAcceptor {
        let authority = Authority::new("authority of the clouds");
        std::fs::write(self.authority(), authority.pem()).unwrap();
        TlsAcceptor::from(authority.sign_all(&HOSTS, Time::Now).server())
    }
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, calls: Arc<Mutex<Vec<Call>>>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, calls) = (tls.clone(), Arc::clone(&calls));
        tokio::task::spawn_local(async move {
            match tls {
                None => talk(stream, calls).await,
                // Who does not trust us hangs up: that is the client's to tell.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        talk(stream, calls).await;
                    }
                }
            }
        });
    }
}

async fn talk<S>(stream: S, calls: Arc<Mutex<Vec<Call>>>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let service = service_fn(|request: Request<Incoming>| {
        let calls = Arc::clone(&calls);
        async move {
            let call = read(request).await;
            let reply = reply(&call);
            calls.lock().unwrap().push(call);
            Ok::<_, Infallible>(reply)
        }
    });
    // An error is a client that has hung up.
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

async fn read(request: Request<Incoming>) -> Call {
    let (head, body) = request.into_parts();
    let text = |headers: &HeaderMap, name: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Call {
        host: text(&head.headers, "host").unwrap_or_default(),
        path: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        authorization: text(&head.headers, "authorization"),
        agent: head.headers.contains_key("x-claude-code-agent-id"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    }
}

fn reply(call: &Call) -> Response<Full<Bytes>> {
    let json = "application/json";
    let path = call.path.split('?').next().unwrap_or_default();
    let streams = path.ends_with(":streamRawPredict") || call.body["stream"] == true;
    let (status, kind, body) = if path.ends_with("/inference-profiles") {
        (200, json, r#"{"inferenceProfileSummaries":[]}"#.into())
    } else if path.ends_with("/token") {
        let token = json!({"access_token": "token", "expires_in": 3600, "token_type": "Bearer"});
        (200, json, token.to_string().into_bytes())
    } else if path.ends_with("/invoke-with-response-stream") {
        (200, "application/vnd.amazon.eventstream", events(call).iter().flat_map(frame).collect())
    } else if streams {
        (200, "text/event-stream", events(call).iter().flat_map(line).collect())
    } else if path.ends_with("/invoke") || path.ends_with(":rawPredict") {
        let mut message = message();
        message["content"] = json!([{"type": "text", "text": ANSWER}]);
        message["stop_reason"] = json!("end_turn");
        (200, json, message.to_string().into_bytes())
    } else if call.host == COLLECTOR {
        (200, json, "{}".into())
    } else {
        (404, json, r#"{"message":"there is no such thing here"}"#.into())
    };
    let reply = Response::builder().status(status).header("content-type", kind);
    reply.body(Full::new(Bytes::from(body))).unwrap()
}

fn message() -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [],
        "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    })
}

/// An answer as a stream of events.
fn events(call: &Call) -> Vec<Value> {
    let (reason, block, delta) = if delegates(call) {
        let input = json!({
            "description": "look", "prompt": "look", "subagent_type": "general-purpose",
            "run_in_background": false,
        });
        (
            "tool_use",
            json!({"type": "tool_use", "id": "toolu_1", "name": "Agent", "input": {}}),
            json!({"type": "input_json_delta", "partial_json": input.to_string()}),
        )
    } else {
        (
            "end_turn",
            json!({"type": "text", "text": ""}),
            json!({"type": "text_delta", "text": ANSWER}),
        )
    };
    vec![
        json!({"type": "message_start", "message": message()}),
        json!({"type": "content_block_start", "index": 0, "content_block": block}),
        json!({"type": "content_block_delta", "index": 0, "delta": delta}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({
            "type": "message_delta", "usage": {"output_tokens": 4},
            "delta": {"stop_reason": reason, "stop_sequence": null},
        }),
        json!({"type": "message_stop"}),
    ]
}

/// Whether it is the main model's first turn on [`DELEGATE`].
fn delegates(call: &Call) -> bool {
    let tools = call.body["tools"].as_array();
    let has_agents = tools.is_some_and(|tools| tools.iter().any(|tool| tool["name"] == "Agent"));
    let messages = call.body["messages"].to_string();
    let asked = messages.contains(DELEGATE) && !messages.contains("tool_result");
    has_agents && asked && !call.agent
}

/// An event in Bedrock's form.
fn frame(event: &Value) -> Vec<u8> {
    let bytes = json!({"bytes": BASE64_STANDARD.encode(event.to_string())});
    let header = |name: &'static str, value: &'static str| {
        Header::new(name, HeaderValue::String(value.into()))
    };
    let message = Message::new(bytes.to_string())
        .add_header(header(":event-type", "chunk"))
        .add_header(header(":content-type", "application/json"))
        .add_header(header(":message-type", "event"));
    let mut frame = Vec::new();
    write_message_to(&message, &mut frame).unwrap();
    frame
}

/// An event in the form of Vertex AI, and of Anthropic.
fn line(event: &Value) -> Vec<u8> {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()).into_bytes()
}
