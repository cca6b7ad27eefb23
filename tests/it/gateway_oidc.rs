//! Who is let in to the gateway by a real provider of identities, a process of its own: people sign in
//! there, and what it gave them is shown here.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{StreamExt as _, stream};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    authority::Authority,
    gateway::{Gateway, with},
    shell,
    upstream::{Script, Upstream},
};

const CLIENT: &str = "claude-code";
const BACK: &str = "http://127.0.0.1/back";

/// The provider; it ends when dropped.
struct Provider {
    url: String,
    /// Its public key, in a PEM file's form.
    key: String,
    child: Child,
    asked: Arc<Mutex<Vec<String>>>,
    client: reqwest::Client,
}

impl Provider {
    fn start(options: &[&str]) -> Self {
        let browser = reqwest::Client::builder().no_proxy();
        Self::start_for(browser, options)
    }

    /// One whose keys have this name.
    fn named(name: &str) -> Self {
        Self::start(&["--key-id", name])
    }

    fn start_for(browser: reqwest::ClientBuilder, options: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/oidc/provider.py");
        let user = json!({"sub": "ada", "email": "ada@example.com", "groups": ["eng", "on-call"]});
        let mut child = shell::python()
            .args([script, "--user", &user.to_string()])
            .args(options)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let text = |name: &str| first[name].as_str().unwrap().to_owned();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&asked);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let line: Value = serde_json::from_str(&line).unwrap();
                noted.lock().unwrap().push(line["path"].as_str().unwrap().to_owned());
            }
        });
        let client = browser.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { url: text("url"), key: text("key"), child, asked, client }
    }

    /// Another one in its place, with another key.
    fn restart(self, options: &[&str]) -> Self {
        let port = self.port();
        drop(self);
        Self::start(&[&["--port", &port], options].concat())
    }

    fn port(&self) -> String {
        self.url.rsplit_once(':').unwrap().1.to_owned()
    }

    /// Signs ada in, and gives the token that the program of this name gets.
    async fn sign_in(&self, program: &str) -> String {
        self.sign_in_as(program, &self.url).await
    }

    /// The same, with the provider told that it is this issuer.
    async fn sign_in_as(&self, program: &str, issuer: &str) -> String {
        let host = issuer.split_once("://").unwrap().1;
        let asked = [
            ("client_id", program),
            ("redirect_uri", BACK),
            ("response_type", "code"),
            ("scope", "openid email"),
        ];
        let page = self.client.post(format!("{}/oauth2/authorize", self.url)).query(&asked);
        let sent = page.header("content-type", "application/x-www-form-urlencoded").body("sub=ada");
        let answer = sent.send().await.unwrap();
        let back = answer.headers()["location"].to_str().unwrap().to_owned();
        let code = back.split_once("code=").unwrap().1.to_owned();
        let form = format!("grant_type=authorization_code&code={code}&redirect_uri={BACK}");
        let answer = self
            .client
            .post(format!("{}/oauth2/token", self.url))
            .header("host", host)
            .header("content-type", "application/x-www-form-urlencoded")
            .basic_auth(program, Some("any"))
            .body(form);
        let answer: Value = answer.send().await.unwrap().json().await.unwrap();
        answer["id_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }

    /// How often it was asked for its keys.
    fn times(&self) -> usize {
        self.asked.lock().unwrap().iter().filter(|path| *path == "/jwks").count()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn trusting(providers: &[&Provider]) -> String {
    let issuers: Vec<String> = providers
        .iter()
        .map(|provider| format!("{{issuer: '{}', audiences: [{CLIENT}]}}", provider.url))
        .collect();
    format!("access: {{issuers: [{}]}}\n", issuers.join(", "))
}

fn gateway(providers: &[&Provider]) -> Gateway {
    Gateway::start(&(trusting(providers) + &with(&[("anthropic", "http://127.0.0.1:1")])))
}

/// The status that a list of models is answered with, and the words.
async fn shown(gateway: &Gateway, token: &str) -> (u16, String) {
    let request = gateway.client.get(format!("{}/v1/models", gateway.url)).bearer_auth(token);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The token with another of its parts.
fn but(token: &str, index: usize, value: &Value) -> String {
    let mut parts: Vec<String> = token.split('.').map(ToOwned::to_owned).collect();
    parts[index] = URL_SAFE_NO_PAD.encode(value.to_string());
    parts.join(".")
}

/// So many tokens: half of them name keys that there are not, and half a key that has not signed them.
fn forged(token: &str, count: usize) -> Vec<String> {
    let header = |number: usize| {
        let key = if number.is_multiple_of(2) { "k1".into() } else { format!("made-up-{number}") };
        json!({"alg": "RS256", "kid": key, "number": number})
    };
    (0..count).map(|number| but(token, 0, &header(number))).collect()
}

/// Shows all of them, many at once, and gives how they were answered.
async fn shown_all(gateway: &Gateway, tokens: &[String]) -> Vec<u16> {
    let answers = stream::iter(tokens).map(|token| async { shown(gateway, token).await.0 });
    answers.buffer_unordered(50).collect().await
}

async fn is_answered(gateway: &Gateway, token: &str, issuer: &str) {
    let body = r#"{"model":"claude-opus-5-5","max_tokens":1,"messages":[]}"#;
    let ask = gateway.client.post(format!("{}/v1/messages", gateway.url)).bearer_auth(token);
    assert_eq!(ask.body(body).send().await.unwrap().status(), 200);
    let record = gateway.recorded(1).await.remove(0);
    assert_eq!((&record["user"], &record["issuer"]), (&json!("ada@example.com"), &json!(issuer)));
    assert_eq!(record["groups"], json!(["eng", "on-call"]));
}

const ANSWER: &str = r#"{"type":"message","usage":{"input_tokens":1,"output_tokens":2}}"#;

#[tokio::test]
async fn who_has_signed_in_is_answered_and_named_in_the_record() {
    for options in [&["--key-id", "k1"][..], &[]] {
        let fake = Upstream::start(vec![Script::json(200, ANSWER)]).await;
        let provider = Provider::start(options);
        let gateway =
            Gateway::start(&(trusting(&[&provider]) + &with(&[("anthropic", &fake.url)])));
        let token = provider.sign_in(CLIENT).await;
        is_answered(&gateway, &token, &provider.url).await;
        assert_eq!(fake.asked()[0].header("authorization"), None);
        assert_eq!(provider.times(), 1);
    }
}

#[tokio::test]
async fn a_provider_with_a_certificate_of_the_companys_authority_is_believed() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new("a company");
    let signed = authority.sign("127.0.0.1");
    let file = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).display().to_string()
    };
    let (chain, key) = (file("chain.pem", &signed.pem), file("key.pem", &signed.key_pem));
    let bundle = file("authority.pem", &authority.pem());
    let trusted = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let browser = reqwest::Client::builder().no_proxy().tls_certs_only([trusted]);
    let provider = Provider::start_for(browser, &["--certificate", &chain, &key]);
    let fake = Upstream::start(vec![Script::json(200, ANSWER)]).await;
    let config = trusting(&[&provider]) + &with(&[("anthropic", &fake.url)]);
    let token = provider.sign_in(CLIENT).await;
    let (status, _) = shown(&Gateway::start(&config), &token).await;
    assert_eq!(status, 503, "nobody knows the authority");
    let gateway = Gateway::start(&format!("{config}proxy: {{ca_bundle: '{bundle}'}}\n"));
    is_answered(&gateway, &token, &provider.url).await;
}

#[tokio::test]
async fn a_token_that_was_changed_or_is_not_for_here_is_refused() {
    let provider = Provider::named("k1");
    let namesake = Provider::named("k1");
    let stranger = Provider::named("k1");
    let late = Provider::start(&["--lifetime", "-120"]);
    let gateway = gateway(&[&provider, &late]);
    let good = provider.sign_in(CLIENT).await;
    let mut claims = part(&good, 1);
    claims["email"] = json!("eve@example.com");
    let secret = |key: &[u8]| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("k1".into());
        encode(&header, &claims, &EncodingKey::from_secret(key)).unwrap()
    };
    let key = pem::bytes(&provider.key);
    let unsigned = but(&good, 0, &json!({"alg": "none", "typ": "JWT", "kid": "k1"}));
    for (what, token, why) in [
        ("other audience", provider.sign_in("another-program").await, "for another audience"),
        ("changed claims", but(&good, 1, &claims), "signature is wrong"),
        (
            "the same name and key id",
            namesake.sign_in_as(CLIENT, &provider.url).await,
            "signature is wrong",
        ),
        ("another issuer", stranger.sign_in(CLIENT).await, "not trusted here"),
        ("expired", late.sign_in(CLIENT).await, "has expired"),
        ("unsigned", format!("{}.", unsigned.rsplit_once('.').unwrap().0), "it is no token"),
        (
            "signed with the public key as a text",
            secret(provider.key.as_bytes()),
            "not allowed here",
        ),
        ("signed with the public key as bytes", secret(&key), "not allowed here"),
        (
            "signed for another algorithm",
            but(&good, 0, &json!({"alg": "PS256", "kid": "k1"})),
            "not allowed here",
        ),
    ] {
        let (status, text) = shown(&gateway, &token).await;
        assert!(status == 401 && text.contains(why), "{what}: {status} {text}");
    }
    assert_eq!(shown(&gateway, &good).await.0, 200);
}

/// PEM's inside.
mod pem {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    pub(super) fn bytes(text: &str) -> Vec<u8> {
        let lines: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(lines).unwrap()
    }
}

/// The provider gets another key; people sign in again and again, until they are let in.
async fn a_new_key_is_taken_up(before: &[&str], after: &[&str]) {
    let provider = Provider::start(before);
    let gateway = gateway(&[&provider]);
    let old = provider.sign_in(CLIENT).await;
    assert_eq!(shown(&gateway, &old).await.0, 200);
    let provider = provider.restart(after);
    while shown(&gateway, &provider.sign_in(CLIENT).await).await.0 != 200 {}
    assert_eq!(shown(&gateway, &old).await.0, 401, "its key is no longer the provider's");
    assert_eq!(provider.times(), 1);
}

#[tokio::test]
async fn a_new_key_with_another_name_is_taken_up_while_it_runs() {
    a_new_key_is_taken_up(&["--key-id", "k1"], &["--key-id", "k2"]).await;
}

#[tokio::test]
async fn a_new_key_with_the_same_name_is_taken_up_while_it_runs() {
    a_new_key_is_taken_up(&["--key-id", "k1"], &["--key-id", "k1"]).await;
}

#[tokio::test]
async fn a_new_key_without_a_name_is_taken_up_while_it_runs() {
    a_new_key_is_taken_up(&[], &[]).await;
}

#[tokio::test]
async fn a_thousand_forged_tokens_do_not_reach_the_provider_be_it_there_or_down() {
    let provider = Provider::named("k1");
    let gateway = gateway(&[&provider]);
    let (first, second) = (provider.sign_in(CLIENT).await, provider.sign_in(CLIENT).await);
    assert_eq!(shown(&gateway, &first).await.0, 200);
    let flood = forged(&first, 1000);
    assert_eq!(shown_all(&gateway, &flood).await, [401; 1000]);
    // Once at the start, and then once in ten seconds: it may take that long on a busy machine.
    assert!(provider.times() <= 10, "{}", provider.times());
    let port = provider.port();
    drop(provider);
    let down = TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    std::thread::spawn(move || {
        while down.accept().is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    assert_eq!(shown_all(&gateway, &flood).await, [401; 1000]);
    assert!(calls.load(Ordering::SeqCst) <= 10, "{calls:?}");
    // Known keys go on, for tokens that were shown before and for those that were not.
    assert_eq!(shown(&gateway, &first).await.0, 200);
    assert_eq!(shown(&gateway, &second).await.0, 200);
}

#[tokio::test]
async fn a_change_of_the_file_forgets_no_key_of_a_provider_that_is_down() {
    let provider = Provider::named("k1");
    let config = trusting(&[&provider]) + &with(&[("anthropic", "http://127.0.0.1:1")]);
    let gateway = Gateway::start(&config);
    let (first, second) = (provider.sign_in(CLIENT).await, provider.sign_in(CLIENT).await);
    assert_eq!(shown(&gateway, &first).await.0, 200);
    drop(provider);
    gateway.rewrite(&(config + "failover: {failures: 7}\n"));
    gateway.until("has changed, and is taken up");
    for token in [first, second] {
        assert_eq!(shown(&gateway, &token).await.0, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_check_tells_of_a_provider_that_is_down() {
    let folder = TempDir::new().unwrap();
    let [there, down] = [Provider::named("k1"), Provider::named("k1")];
    let upstream = Upstream::start(vec![Script::json(200, "{}")]).await;
    let config = trusting(&[&there, &down]) + &with(&[("anthropic", &upstream.url)]);
    let path = folder.path().join("gateway.yaml");
    std::fs::write(&path, config).unwrap();
    let gone = down.url.clone();
    drop(down);
    let output = Command::new(env!("CARGO_BIN_EXE_groundwork"))
        .args(["gateway", "check", "-c"])
        .arg(&path)
        .env_clear()
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(&format!("ok      access.issuers {}: 1 keys", there.url)), "{text}");
    let line = text.lines().find(|line| line.contains(&gone)).unwrap();
    assert!(line.starts_with("failed  ") && line.contains("refused"), "{line}");
}
