//! The gateway under load: many connections, and more than it can hold.

use std::net::SocketAddr;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use reqwest::{Body, Client, StatusCode};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{
    gateway::{Gateway, KEY, with},
    upstream::{Script, Upstream},
};

const MESSAGE: &str = r#"{"model":"claude-opus-5-5","stream":true,"messages":[]}"#;
const START: &str = r#"{"type":"message_start","message":{"usage":{"input_tokens":3}}}"#;
const HELLO: &[u8] = b"GET /api/hello HTTP/1.1\r\nhost: g\r\n\r\n";

async fn gateway(listen: &str) -> (Upstream, Gateway) {
    let fake = Upstream::start(vec![Script::sse(&[START])]).await;
    let gateway = Gateway::start(&(listen.to_owned() + &with(&[("anthropic", &fake.url)])));
    (fake, gateway)
}

async fn is_served(gateway: &Gateway) {
    let answer = gateway.post("/v1/messages", MESSAGE).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap();
}

fn address(gateway: &Gateway) -> SocketAddr {
    gateway.url.strip_prefix("http://").unwrap().parse().unwrap()
}

/// Connections that have asked once, and lie idle.
async fn idle(gateway: &Gateway, count: usize) -> Vec<TcpStream> {
    let address = address(gateway);
    let open = move |_| async move {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(HELLO).await.unwrap();
        let mut head = [0; 12];
        connection.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        connection
    };
    stream::iter(0..count).map(open).buffer_unordered(64).collect().await
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_idle_connections_cost_little_and_hold_up_nobody() {
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let count = usize::try_from(files / 4 * 3).unwrap().saturating_sub(500).min(10_000);
    assert!(count >= 1000, "this machine lets a process open {files} files");
    let (_fake, gateway) = gateway("").await;
    is_served(&gateway).await;
    let before = gateway.memory("VmRSS");
    let connections = idle(&gateway, count).await;
    let each = (gateway.memory("VmRSS") - before) * 1024 / count as u64;
    println!("{count} idle connections: {each} bytes each, {before} KiB without them");
    assert!(each < 40_000, "{each} bytes each");
    is_served(&gateway).await;
    drop(connections);
    is_served(&gateway).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn fewer_connections_are_taken_where_fewer_files_may_be_open() {
    let fake = Upstream::start(vec![Script::sse(&[START])]).await;
    let config = with(&[("anthropic", &fake.url)]);
    let gateway = Gateway::start_behind(&config, "ulimit -Sn 64; ulimit -Hn 128");
    let warning = gateway.beginning.join("\n");
    assert!(warning.contains("may open 128 files: 96 connections"), "{warning}");
    let held = idle(&gateway, 96).await;
    // The next one waits for one of these.
    let next = tokio::spawn(gateway.post("/v1/messages", MESSAGE).send());
    drop(held);
    assert_eq!(next.await.unwrap().unwrap().status(), 200);
}

/// So many MiB, in pieces that are made when they are sent.
fn long(mib: usize) -> Body {
    let piece = Bytes::from(vec![b'x'; 1 << 20]);
    Body::wrap_stream(stream::iter((0..mib).map(move |_| Ok::<_, std::io::Error>(piece.clone()))))
}

fn clients() -> [Client; 2] {
    let client = || Client::builder().no_proxy();
    [client().build().unwrap(), client().http2_prior_knowledge().build().unwrap()]
}

#[tokio::test]
async fn a_body_that_says_it_is_too_long_is_refused_before_it_is_read() {
    let (fake, gateway) = gateway("").await;
    let head = |more: &str| {
        format!(
            "POST /v1/messages HTTP/1.1\r\nhost: g\r\nx-api-key: {KEY}\r\ncontent-length: 209715200\r\n{more}\r\n"
        )
    };
    for more in ["", "expect: 100-continue\r\n"] {
        let mut connection = TcpStream::connect(address(&gateway)).await.unwrap();
        connection.write_all(head(more).as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        connection.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413", "nothing of it has been sent");
    }
    for client in clients() {
        let url = format!("{}/v1/messages", gateway.url);
        let post = client.post(url).bearer_auth(KEY).header("content-length", 200 << 20);
        let answer = post.body(long(200)).send().await.unwrap();
        assert_eq!(answer.status(), 413, "{:?}", answer.version());
        assert!(answer.text().await.unwrap().contains("longer than the 32 MiB"));
    }
    assert!(fake.asked().is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_turn_out_too_long_are_refused_and_held_in_no_memory() {
    let (fake, gateway) = gateway("").await;
    let [one, other] = clients();
    let mut sending = Vec::new();
    for index in 0..6 {
        let client = if index % 2 == 0 { one.clone() } else { other.clone() };
        let url = format!("{}/v1/messages", gateway.url);
        sending.push(tokio::spawn(client.post(url).bearer_auth(KEY).body(long(200)).send()));
    }
    for sent in sending {
        let answer = sent.await.unwrap().unwrap();
        assert_eq!(answer.status(), 413, "{:?}", answer.version());
    }
    assert!(fake.asked().is_empty());
    let most = gateway.memory("VmHWM") >> 10;
    println!("six bodies of 200 MiB at once: {most} MiB at most");
    // Six times the 32 MiB that are read, and what they are copied into as they grow.
    assert!(most < 500, "{most} MiB");
    is_served(&gateway).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_bodies_than_there_is_memory_for_are_put_off() {
    let listen = "listen: {address: '127.0.0.1:0', limits: {bodies_mib: 96}}\n";
    let (_fake, gateway) = gateway(listen).await;
    let [one, other] = clients();
    let text = MESSAGE.replace("[]", &format!("\"{}\"", "x".repeat(30 << 20)));
    let text = Bytes::from(text);
    let mut sending = Vec::new();
    for index in 0..16 {
        let client = if index % 2 == 0 { &one } else { &other };
        let url = format!("{}/v1/messages", gateway.url);
        sending.push(tokio::spawn(client.post(url).bearer_auth(KEY).body(text.clone()).send()));
    }
    let mut passed = 0;
    for sent in sending {
        let answer = sent.await.unwrap().unwrap();
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            let headers = answer.headers();
            assert_eq!(
                (&headers["retry-after"], &headers["x-should-retry"]),
                (&"1".parse().unwrap(), &"true".parse().unwrap())
            );
        } else {
            assert_eq!(answer.status(), 200);
            passed += 1;
        }
    }
    assert!(passed > 0);
    let most = gateway.memory("VmHWM") >> 10;
    println!("sixteen bodies of 30 MiB, of which {passed} passed: {most} MiB at most");
    assert!(most < 500, "{most} MiB");
    is_served(&gateway).await;
}
