//! Clients of the gateway that are slow, broken or hostile: each is ended, and the others are served.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use reqwest::{Body, Client};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{
    authority::Authority,
    gateway::{Gateway, KEY, with},
    upstream::{Script, Upstream},
};

const MESSAGE: &str = r#"{"model":"claude-opus-5-5","stream":true,"messages":[]}"#;
const START: &str = r#"{"type":"message_start","message":{"usage":{"input_tokens":3}}}"#;
const HELLO: &str = "GET /api/hello HTTP/1.1\r\nhost: g\r\n\r\n";
/// That nobody has to wait for long.
const SHORT: &str = "listen: {address: '127.0.0.1:0', limits: {head_seconds: 1, idle_seconds: 1, body_seconds: 1, answer_seconds: 1}}\n";

async fn gateway(listen: &str, script: Script) -> (Upstream, Gateway) {
    let fake = Upstream::start(vec![script]).await;
    let gateway = Gateway::start(&(listen.to_owned() + &with(&[("anthropic", &fake.url)])));
    (fake, gateway)
}

async fn connected(gateway: &Gateway) -> TcpStream {
    let address = gateway.url.split_once("://").unwrap().1;
    TcpStream::connect(address).await.unwrap()
}

/// What comes until the other side ends the connection.
async fn rest(connection: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // That it was cut is as good an end.
    drop(connection.read_to_end(&mut all).await);
    all
}

/// What is answered to these bytes, until the connection ends.
async fn answered(gateway: &Gateway, bytes: &[u8]) -> String {
    let mut connection = connected(gateway).await;
    // Who refuses may not read to the end.
    drop(connection.write_all(bytes).await);
    String::from_utf8_lossy(&rest(&mut connection).await).into_owned()
}

async fn is_served(gateway: &Gateway) {
    let answer = gateway.post("/v1/messages", MESSAGE).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap();
}

fn multiplexing() -> Client {
    Client::builder().no_proxy().http2_prior_knowledge().build().unwrap()
}

/// The head of a request of one who is known.
fn head(more: &str) -> String {
    format!("POST /v1/messages HTTP/1.1\r\nhost: g\r\nx-api-key: {KEY}\r\n{more}\r\n")
}

#[tokio::test]
async fn whoever_does_not_come_to_the_point_is_ended() {
    let (_fake, gateway) = gateway(SHORT, Script::sse(&[START])).await;
    let preface: Vec<u8> = [PREFACE, &frame(4, 0, 0, b"")].concat();
    let early = [b"".as_slice(), b"PRI * HT", b"POST /v1/mess", &HELLO.as_bytes()[..30], &preface];
    for answer in join_all(early.map(|said| answered(&gateway, said))).await {
        assert!(!answer.contains("HTTP/1.1 200"), "{answer}");
    }
    // After a request, too, and before the next one has come whole.
    let twice = [HELLO, &HELLO[..20]].concat();
    let later = [HELLO, &twice].map(|said| answered(&gateway, said.as_bytes()));
    for answer in join_all(later).await {
        assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
    }
    let multiplexed = [&preface[..], &request(1, &[("x", "y")], true)].concat();
    let answer = frames(&mut connected(&gateway).await, &multiplexed).await;
    assert!(answer.iter().any(|(kind, stream, _)| (*kind, *stream) == (HEADERS, 1)));
    assert!(answer.iter().any(|(kind, ..)| *kind == GO_AWAY));
    is_served(&gateway).await;
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_ended() {
    let signed = Authority::new("Company").sign("127.0.0.1");
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).display().to_string()
    };
    let (certificate, key) = (write("crt", &signed.pem), write("key", &signed.key_pem));
    let listen = format!(
        "listen: {{address: '127.0.0.1:0', tls: {{certificate: '{certificate}', key: '{key}'}}, limits: {{head_seconds: 1}}}}\n"
    );
    let (_fake, gateway) = gateway(&listen, Script::sse(&[START])).await;
    for said in [b"".as_slice(), &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01], HELLO.as_bytes()] {
        let answer = answered(&gateway, said).await;
        assert!(!answer.contains("HTTP/"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_told_and_not_waited_for() {
    let (fake, gateway) = gateway(SHORT, Script::sse(&[START])).await;
    for said in ["content-length: 100\r\n", "transfer-encoding: chunked\r\n"] {
        let answer = answered(&gateway, (head(said) + "1\r\n{\r\n").as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 408") && answer.contains("connection: close"),
            "{answer}"
        );
    }
    let never = || Body::wrap_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let post = gateway.post("/v1/messages", "").build().unwrap();
    let url = post.url().clone();
    let answer = multiplexing().post(url).headers(post.headers().clone()).body(never());
    assert_eq!(answer.send().await.unwrap().status(), 408);
    assert!(fake.asked().is_empty());
    is_served(&gateway).await;
}

/// More than all buffers on the way hold.
fn much() -> Script {
    let text = "x".repeat(1 << 20);
    let event = format!(r#"{{"type":"content_block_delta","delta":{{"text":"{text}"}}}}"#);
    Script::sse(&[event.as_str(); 64])
}

#[tokio::test]
async fn an_answer_that_its_client_does_not_take_is_ended_and_held_in_no_memory() {
    let (fake, gateway) = gateway(SHORT, much()).await;
    let mut connection = connected(&gateway).await;
    let length = format!("content-length: {}\r\n", MESSAGE.len());
    connection.write_all((head(&length) + MESSAGE).as_bytes()).await.unwrap();
    gateway.recorded(1).await;
    let client = multiplexing();
    let post = |path: &str| {
        let post = gateway.post(path, MESSAGE).build().unwrap();
        client.execute(post)
    };
    let lying = post("/v1/messages").await.unwrap();
    // Its sibling on the same connection goes on.
    let count = gateway.recorded(2).await.len();
    let url = format!("{}/api/hello", gateway.url);
    assert_eq!(client.get(url).send().await.unwrap().status(), 200);
    assert!(lying.bytes().await.is_err());
    let records = gateway.recorded(count + 1).await;
    for record in &records[..2] {
        assert_eq!((&record["end"], &record["status"]), (&"hung_up".into(), &200.into()));
    }
    while fake.open() > 0 {
        tokio::task::yield_now().await;
    }
    #[cfg(target_os = "linux")]
    {
        let most = gateway.memory("VmHWM") >> 10;
        println!("two answers of 64 MiB that nobody took: {most} MiB at most");
        assert!(most < 120, "{most} MiB");
    }
}

#[tokio::test]
async fn what_two_readers_could_read_differently_is_refused_or_read_once() {
    let (fake, gateway) = gateway(SHORT, Script::sse(&[START])).await;
    for said in [
        "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: 5, 6\r\n",
        "content-length: +5\r\n",
        "content-length: -1\r\n",
        "content-length: 99999999999999999999\r\n",
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: x\r\n",
        "transfer-encoding : chunked\r\n",
        "x: a\r\n b: c\r\n",
        "a\u{0}b: c\r\n",
        "no colon\r\n",
    ] {
        let answer = answered(&gateway, (head(said) + "0\r\n\r\n" + HELLO).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{said:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{said:?}: {answer}");
    }
    let old = head("transfer-encoding: chunked\r\n").replace("HTTP/1.1", "HTTP/1.0");
    assert!(answered(&gateway, old.as_bytes()).await.starts_with("HTTP/1.1 400"));
    // Both lengths: that of the pieces counts, and what is behind is no request.
    for said in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 500\r\n",
    ] {
        let answer = answered(&gateway, (head(said) + "0\r\n\r\n" + HELLO).as_bytes()).await;
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{said:?}: {answer}");
    }
    let chunked = head("transfer-encoding: chunked\r\n");
    let extension = format!("1;{}\r\n{{\r\n0\r\n\r\n", "x".repeat(20_000));
    for pieces in
        ["zz\r\n{\r\n0\r\n\r\n", "ffffffffffffffffff\r\n", "1\r\n{}\r\n0\r\n\r\n", &extension]
    {
        let answer = answered(&gateway, (chunked.clone() + pieces + HELLO).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{pieces:.20}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{pieces:.20}: {answer}");
    }
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused_in_both_versions() {
    let (_fake, gateway) = gateway(SHORT, Script::sse(&[START])).await;
    let many = "x: y\r\n".repeat(101);
    let long = format!("x: {}\r\n", "y".repeat(70_000));
    for said in [many, long] {
        let answer = answered(&gateway, head(&said).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    let path = head("").replace("/v1/messages", &"/x".repeat(35_000));
    let answer = answered(&gateway, path.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 414") || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let client = multiplexing();
    let url = format!("{}/api/hello", gateway.url);
    let many = (0..101).fold(client.get(&url), |get, index| get.header(format!("x-{index}"), "y"));
    assert_eq!(many.send().await.unwrap().status(), 431);
    let long = client.get(&url).header("x", "y".repeat(70_000));
    assert!(long.send().await.map_or(true, |answer| answer.status() == 431));
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const GO_AWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A frame of HTTP/2, of our own making: no client that knows the rules would send these.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header field that goes into no table.
fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

/// `GET /api/hello`, or `POST /v1/messages` where there is a body to come.
fn request(stream: u32, more: &[(&str, &str)], ends: bool) -> Vec<u8> {
    let (method, path) = if ends { ("GET", "/api/hello") } else { ("POST", "/v1/messages") };
    let fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "g")];
    let block: Vec<u8> =
        fields.iter().chain(more).flat_map(|(name, value)| field(name, value)).collect();
    frame(HEADERS, END_HEADERS | if ends { END_STREAM } else { 0 }, stream, &block)
}

/// The frames that come until the connection ends: kind, stream and payload.
async fn frames(connection: &mut TcpStream, said: &[u8]) -> Vec<(u8, u32, Vec<u8>)> {
    let (mut reading, mut writing) = connection.split();
    let mut all = Vec::new();
    let write = async {
        // Who refuses may not read to the end.
        drop(writing.write_all(said).await);
    };
    let read = async {
        drop(reading.read_to_end(&mut all).await);
    };
    futures::join!(write, read);
    let mut found = Vec::new();
    let mut left = all.as_slice();
    while let [a, b, c, kind, _, s0, s1, s2, s3, behind @ ..] = left {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let Some((payload, next)) = behind.split_at_checked(length) else { break };
        found.push((*kind, u32::from_be_bytes([*s0, *s1, *s2, *s3]), payload.to_vec()));
        left = next;
    }
    found
}

fn error_of(payload: &[u8]) -> u8 {
    *payload.last().unwrap()
}

#[tokio::test]
async fn floods_of_frames_end_their_connection_alone() {
    let (_fake, gateway) = gateway(SHORT, Script::sse(&[START])).await;
    let greeting = [PREFACE, &frame(4, 0, 0, b"")].concat();
    let mut resets = greeting.clone();
    for stream in (1..40_000).step_by(2) {
        resets.extend(request(stream, &[("x-api-key", KEY)], false));
        resets.extend(frame(RESET, 0, stream, &8_u32.to_be_bytes()));
    }
    let mut continuations = greeting.clone();
    continuations.extend(frame(HEADERS, 0, 1, &field(":method", "GET")));
    for _ in 0..20_000 {
        continuations.extend(frame(CONTINUATION, 0, 1, &field("x", "y")));
    }
    for flood in [resets, continuations] {
        let answer = frames(&mut connected(&gateway).await, &flood).await;
        let away = answer.iter().find(|(kind, ..)| *kind == GO_AWAY);
        let (_, _, payload) = away.unwrap_or_else(|| panic!("not told to go away: {answer:?}"));
        assert_eq!(u32::from_be_bytes(payload[4..8].try_into().unwrap()), 11, "ENHANCE_YOUR_CALM");
        is_served(&gateway).await;
    }
}

#[tokio::test]
async fn more_requests_at_once_than_one_connection_may_have_are_refused() {
    let (fake, gateway) = gateway(SHORT, Script::sse(&[START])).await;
    let mut many = [PREFACE, &frame(4, 0, 0, b"")].concat();
    for stream in (1..600).step_by(2) {
        many.extend(request(stream, &[("x-api-key", KEY)], false));
    }
    let answer = frames(&mut connected(&gateway).await, &many).await;
    let refused =
        |(kind, _, payload): &&(u8, u32, Vec<u8>)| *kind == RESET && error_of(payload) == 7;
    assert_eq!(answer.iter().filter(refused).count(), 50, "REFUSED_STREAM");
    // The others are told that their bodies did not come.
    assert_eq!(answer.iter().filter(|(kind, ..)| *kind == HEADERS).count(), 250);
    assert!(fake.asked().is_empty());
    is_served(&gateway).await;
}

#[tokio::test]
async fn whoever_comes_while_there_is_no_room_waits_for_it() {
    let listen = "listen: {address: '127.0.0.1:0', limits: {connections: 2, idle_seconds: 1}}\n";
    let (_fake, gateway) = gateway(listen, Script::sse(&[START])).await;
    let mut first = connected(&gateway).await;
    let mut second = connected(&gateway).await;
    for connection in [&mut first, &mut second] {
        connection.write_all(HELLO.as_bytes()).await.unwrap();
        connection.read_exact(&mut [0; 12]).await.unwrap();
    }
    let third = tokio::spawn(gateway.post("/v1/messages", MESSAGE).send());
    let ends = async {
        rest(&mut first).await;
        rest(&mut second).await;
    };
    tokio::time::timeout(Duration::from_mins(1), ends).await.unwrap();
    assert_eq!(third.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn whoever_shares_a_connection_is_told_that_it_ends_when_the_gateway_stops() {
    let listen = "listen: {address: '127.0.0.1:0', limits: {head_seconds: 1}}\n";
    let (_fake, mut gateway) = gateway(listen, Script::sse(&[START])).await;
    let mut connection = connected(&gateway).await;
    let said = [PREFACE, &frame(4, 0, 0, b""), &request(1, &[], true)].concat();
    connection.write_all(&said).await.unwrap();
    gateway.recorded(1).await;
    gateway.stop();
    let told = frames(&mut connection, b"").await;
    let (_, _, away) = told.iter().find(|(kind, ..)| *kind == GO_AWAY).unwrap();
    assert_eq!(error_of(away), 0);
    assert_eq!(gateway.code(), Some(0));
}
