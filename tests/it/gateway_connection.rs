//! Connections to the gateway: in secret or not, while what it reads changes, and when it stops.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use reqwest::{Certificate, Client, ClientBuilder, Version};
use tempfile::TempDir;

use crate::support::{
    authority::{Authority, Signed},
    gateway::{Gateway, KEY, with},
    upstream::{Ending, HELD, Script, Upstream, sse},
};

const MESSAGE: &str = r#"{"model":"claude-opus-5-5","stream":true,"messages":[]}"#;
const START: &str = r#"{"type":"message_start","message":{"usage":{"input_tokens":3}}}"#;
const DELTA: &str = r#"{"type":"message_delta","usage":{"output_tokens":4}}"#;

/// A certificate and a key in files, as an operator has them.
struct Files(TempDir);

impl Files {
    fn new(signed: &Signed) -> Self {
        let this = Self(TempDir::new().unwrap());
        this.write("crt", &signed.pem);
        this.write("key", &signed.key_pem);
        this
    }

    /// As those do who replace a file at once.
    fn write(&self, name: &str, text: &str) {
        let new = self.0.path().join("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.0.path().join(name)).unwrap();
    }

    fn listen(&self) -> String {
        let path = |name: &str| -> String { self.path().join(name).display().to_string() };
        format!(
            "listen: {{address: '127.0.0.1:0', tls: {{certificate: '{}', key: '{}'}}}}\n",
            path("crt"),
            path("key")
        )
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

fn trusting(authorities: &[&Authority]) -> ClientBuilder {
    let certificate =
        |authority: &&Authority| Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    Client::builder().no_proxy().tls_certs_only(authorities.iter().map(certificate))
}

async fn send(client: &Client, url: &str) -> reqwest::Result<reqwest::Response> {
    client.post(format!("{url}/v1/messages")).bearer_auth(KEY).body(MESSAGE).send().await
}

fn events() -> Script {
    Script::sse(&[START, DELTA])
}

fn held() -> Script {
    Script::sse(&[START]).ending(Ending::Held)
}

fn as_sse() -> Vec<u8> {
    [sse(START), sse(DELTA)].concat()
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_in_secret_and_in_the_clear() {
    let fake = Upstream::start(vec![events()]).await;
    let authority = Authority::new("Company");
    let files = Files::new(&authority.sign("127.0.0.1"));
    let config = with(&[("anthropic", &fake.url)]);
    let secret = Gateway::start(&(files.listen() + &config));
    assert!(secret.url.starts_with("https://"));
    let open = Gateway::start(&config);
    let plain = || Client::builder().no_proxy();
    for (gateway, client, version) in [
        (&secret, trusting(&[&authority]), Version::HTTP_2),
        (&secret, trusting(&[&authority]).http1_only(), Version::HTTP_11),
        (&open, plain().http2_prior_knowledge(), Version::HTTP_2),
        (&open, plain(), Version::HTTP_11),
    ] {
        let answer = send(&client.build().unwrap(), &gateway.url).await.unwrap();
        assert_eq!((answer.version(), answer.status().as_u16()), (version, 200));
        assert_eq!(answer.bytes().await.unwrap(), as_sse());
    }
    let stranger = trusting(&[&Authority::new("Other")]).build().unwrap();
    assert!(send(&stranger, &secret.url).await.unwrap_err().is_connect());
}

#[tokio::test]
async fn a_certificate_that_is_replaced_is_shown_and_old_connections_live_on() {
    let fake = Upstream::start(vec![held(), events()]).await;
    let (old, new) = (Authority::new("Old"), Authority::new("New"));
    let files = Files::new(&old.sign("127.0.0.1"));
    let gateway = Gateway::start(&(files.listen() + &with(&[("anthropic", &fake.url)])));
    let before = trusting(&[&old]).build().unwrap();
    let mut begun = send(&before, &gateway.url).await.unwrap();
    assert_eq!(begun.chunk().await.unwrap().unwrap(), sse(START));
    let signed = new.sign("127.0.0.1");
    files.write("crt", &signed.pem);
    files.write("key", &signed.key_pem);
    gateway.until("has changed, and is taken up");
    let after = trusting(&[&new]).build().unwrap();
    assert_eq!(send(&after, &gateway.url).await.unwrap().bytes().await.unwrap(), as_sse());
    let afresh = trusting(&[&old]).build().unwrap();
    assert!(send(&afresh, &gateway.url).await.unwrap_err().is_connect());
    assert_eq!(send(&before, &gateway.url).await.unwrap().bytes().await.unwrap(), as_sse());
    fake.cut();
    assert_eq!(begun.bytes().await.unwrap(), HELD, "it was not cut");
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_told_and_the_old_one_kept() {
    let fake = Upstream::start(vec![events()]).await;
    let authority = Authority::new("Company");
    let (first, other) = (authority.sign("127.0.0.1"), authority.sign("127.0.0.1"));
    let files = Files::new(&first);
    let gateway = Gateway::start(&(files.listen() + &with(&[("anthropic", &fake.url)])));
    let half = |text: &str| text[..text.len() / 2].to_owned();
    for (name, text, words) in [
        ("key", other.key_pem.clone(), "could not use"),
        ("key", half(&first.key_pem), "could not read"),
        ("key", String::new(), "could not read"),
        ("crt", half(&first.pem), "could not read"),
        ("crt", String::new(), "could not read"),
    ] {
        files.write(name, &text);
        gateway.signal("-HUP");
        gateway.until("has mistakes: it goes on as before");
        gateway.until(words);
        // A connection of its own each time.
        let client = trusting(&[&authority]).build().unwrap();
        assert_eq!(send(&client, &gateway.url).await.unwrap().bytes().await.unwrap(), as_sse());
    }
    files.write("crt", &other.pem);
    files.write("key", &other.key_pem);
    gateway.until("has changed, and is taken up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_under_load_drop_nothing() {
    const CLIENTS: usize = 8;
    let fakes = [Upstream::start(vec![events()]).await, Upstream::start(vec![events()]).await];
    let authorities = [Authority::new("One"), Authority::new("Other")];
    let files = Files::new(&authorities[0].sign("127.0.0.1"));
    let config =
        |index: usize| files.listen() + &with(&[("anthropic", &fakes[index % 2].url as &str)]);
    let gateway = Gateway::start(&config(0));
    let over = Arc::new(AtomicBool::new(false));
    let mut clients = Vec::new();
    for index in 0..CLIENTS {
        let client = trusting(&[&authorities[0], &authorities[1]]);
        let client = if index % 2 == 0 { client.http1_only() } else { client };
        // Some have a new connection for each request.
        let client = if index % 4 < 2 { client.pool_max_idle_per_host(0) } else { client };
        let (client, url, over) = (client.build().unwrap(), gateway.url.clone(), Arc::clone(&over));
        clients.push(tokio::spawn(async move {
            let mut count = 0;
            while count < 10 || !over.load(Ordering::SeqCst) {
                let answer = send(&client, &url).await.unwrap();
                assert_eq!(answer.status(), 200);
                assert_eq!(answer.bytes().await.unwrap(), as_sse());
                count += 1;
            }
            count
        }));
    }
    for change in 1..=6 {
        let signed = authorities[change % 2].sign("127.0.0.1");
        let (next, before) = (&fakes[change % 2], fakes[change % 2].count());
        gateway.rewrite(&config(change));
        files.write("crt", &signed.pem);
        files.write("key", &signed.key_pem);
        gateway.signal("-HUP");
        // What it says blocks the thread that waits for it.
        tokio::task::block_in_place(|| gateway.until("has changed, and is taken up"));
        while next.count() == before {
            tokio::task::yield_now().await;
        }
    }
    over.store(true, Ordering::SeqCst);
    let mut sent = 0;
    for client in clients {
        sent += client.await.unwrap();
    }
    let records = gateway.recorded(sent).await;
    assert!(records.iter().all(|record| record["end"] == "done"));
    assert_eq!(records.len(), sent);
    assert_eq!(fakes.iter().map(Upstream::count).sum::<usize>(), sent);
}

#[tokio::test]
async fn what_was_begun_is_ended_before_it_stops_and_nothing_else_is_begun() {
    for signal in ["-TERM", "-INT"] {
        let fake = Upstream::start(vec![held()]).await;
        let mut gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
        let address = gateway.url.strip_prefix("http://").unwrap().to_owned();
        let mut idle = TcpStream::connect(&address).unwrap();
        idle.write_all(b"GET /api/hello HTTP/1.1\r\nhost: g\r\n\r\n").unwrap();
        let mut head = [0; 12];
        idle.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        let mut silent = TcpStream::connect(&address).unwrap();
        let multiplexed = Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
        let mut one = send(&gateway.client, &gateway.url).await.unwrap();
        let mut other = send(&multiplexed, &gateway.url).await.unwrap();
        for begun in [&mut one, &mut other] {
            assert_eq!(begun.chunk().await.unwrap().unwrap(), sse(START));
        }
        gateway.signal(signal);
        gateway.until("stopping: ");
        let rest = &mut Vec::new();
        idle.read_to_end(rest).unwrap();
        silent.read_to_end(rest).unwrap();
        assert!(send(&Client::builder().no_proxy().build().unwrap(), &gateway.url).await.is_err());
        for begun in [one, other] {
            fake.cut();
            assert_eq!(begun.bytes().await.unwrap(), HELD, "after {signal}");
        }
        assert_eq!(gateway.code(), Some(0), "after {signal}");
        let ends: Vec<_> = gateway.records().iter().map(|record| record["end"].clone()).collect();
        assert_eq!(ends, ["done", "done", "done"], "after {signal}");
    }
}

#[tokio::test]
async fn what_takes_too_long_to_end_is_cut_and_noted() {
    let quick = "listen: {address: '127.0.0.1:0', drain_seconds: 0}\n";
    for (listen, code) in [(quick, 0), ("", 130)] {
        let fake = Upstream::start(vec![held()]).await;
        let mut gateway = Gateway::start(&(listen.to_owned() + &with(&[("anthropic", &fake.url)])));
        let multiplexed = Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
        let mut one = send(&gateway.client, &gateway.url).await.unwrap();
        let mut other = send(&multiplexed, &gateway.url).await.unwrap();
        for begun in [&mut one, &mut other] {
            assert_eq!(begun.chunk().await.unwrap().unwrap(), sse(START));
        }
        gateway.stop();
        gateway.until("stopping: ");
        if code == 130 {
            gateway.stop();
        }
        gateway.until("2 connections were cut");
        assert_eq!(gateway.code(), Some(code));
        assert!(one.bytes().await.is_err() && other.bytes().await.is_err());
        let records = gateway.records();
        assert_eq!(records.len(), 2);
        for record in records {
            assert_eq!(
                (&record["end"], &record["tokens"]["input"]),
                (&"hung_up".into(), &3.into())
            );
        }
    }
}
