//! Who is let in to the gateway: tokens of an identity provider, good and forged.

use std::{
    collections::HashMap,
    convert::Infallible,
    process::Command,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::gateway::{Gateway, with};

/// A provider of identities: what it says of itself, and its keys.
#[derive(Clone)]
struct Provider {
    url: String,
    keys: Arc<Mutex<Vec<Jwk>>>,
    asked: Arc<Mutex<HashMap<String, u32>>>,
    down: Arc<Mutex<bool>>,
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (keys, asked, down) = (Arc::default(), Arc::default(), Arc::default());
        let this = Self { url, keys, asked, down };
        let accepting = this.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let this = accepting.clone();
                let service = service_fn(move |request: Request<Incoming>| {
                    let answer = this.answer(request.uri().path());
                    async move { Ok::<_, Infallible>(answer) }
                });
                tokio::spawn(async move {
                    let server = http1::Builder::new();
                    drop(server.serve_connection(TokioIo::new(connection), service).await);
                });
            }
        });
        this
    }

    fn answer(&self, path: &str) -> Response<Full<Bytes>> {
        *self.asked.lock().unwrap().entry(path.into()).or_default() += 1;
        let refused = |status| Response::builder().status(status).body(Full::default()).unwrap();
        let body = match path {
            _ if *self.down.lock().unwrap() => return refused(503),
            "/.well-known/openid-configuration" => {
                json!({"issuer": self.url, "jwks_uri": format!("{}/keys", self.url)})
            }
            "/keys" => {
                serde_json::to_value(JwkSet { keys: self.keys.lock().unwrap().clone() }).unwrap()
            }
            _ => return refused(404),
        };
        Response::new(Full::from(body.to_string()))
    }

    /// A further key of the provider's.
    fn key(&self, name: &str) -> EncodingKey {
        let (key, jwk) = elliptic(name);
        self.keys.lock().unwrap().push(jwk);
        key
    }

    fn claims(&self) -> Value {
        json!({"iss": self.url, "aud": "claude-code", "exp": now() + 600, "iat": now(),
            "email": "ada@example.com", "groups": ["eng"], "realm": {"role": "dev"}})
    }

    fn times(&self, path: &str) -> u32 {
        self.asked.lock().unwrap().get(path).copied().unwrap_or(0)
    }

    fn gateway(&self) -> Gateway {
        let access = format!(
            "access: {{issuers: [{{issuer: '{}', audiences: [claude-code], clock_skew_seconds: 30, \
             claims: {{role: realm.role}}}}]}}\n",
            self.url
        );
        Gateway::start(&(access + &with(&[("anthropic", "http://127.0.0.1:1")])))
    }
}

fn elliptic(name: &str) -> (EncodingKey, Jwk) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let key = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some(name.into());
    (key, jwk)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn token(key: &EncodingKey, name: &str, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(name.into());
    encode(&header, claims, key).unwrap()
}

/// The status that a list of models is answered with, and the words.
async fn asked(gateway: &Gateway, token: &str) -> (u16, String) {
    let request = gateway.client.get(format!("{}/v1/models", gateway.url)).bearer_auth(token);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn but(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

#[tokio::test]
async fn a_token_names_its_user_and_its_issuer_is_asked_once() {
    let provider = Provider::start().await;
    let key = provider.key("k1");
    let gateway = provider.gateway();
    for _ in 0..10 {
        let token = token(&key, "k1", &provider.claims());
        assert_eq!(asked(&gateway, &token).await.0, 200);
    }
    assert_eq!(provider.times("/keys"), 1);
    let record = gateway.recorded(1).await.remove(0);
    assert_eq!(record["user"], "ada@example.com");
    assert_eq!((&record["groups"], &record["issuer"]), (&json!(["eng"]), &json!(provider.url)));
}

#[tokio::test]
async fn forged_and_stale_tokens_are_refused() {
    let provider = Provider::start().await;
    let key = provider.key("k1");
    let gateway = provider.gateway();
    let good = provider.claims();
    let signed = |claims: &Value| token(&key, "k1", claims);
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let unsigned =
        format!("{}.{}.", part(r#"{"alg":"none","typ":"JWT"}"#), part(&good.to_string()));
    let confused = {
        let jwk = serde_json::to_vec(&provider.keys.lock().unwrap()[0]).unwrap();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("k1".into());
        encode(&header, &good, &EncodingKey::from_secret(&jwk)).unwrap()
    };
    let other = signed(&but(&good, "email", json!("eve@example.com")));
    let mut tampered: Vec<String> = signed(&good).split('.').map(ToOwned::to_owned).collect();
    other.split('.').nth(1).unwrap().clone_into(&mut tampered[1]);
    for (what, token) in [
        ("none", unsigned),
        ("confused", confused),
        ("tampered", tampered.join(".")),
        ("another key", token(&elliptic("k1").0, "k1", &good)),
        ("audience", signed(&but(&good, "aud", json!("other")))),
        ("no audience", signed(&but(&good, "aud", Value::Null))),
        ("expired", signed(&but(&good, "exp", json!(now() - 60)))),
        ("no end", signed(&but(&good, "exp", Value::Null))),
        ("not yet", signed(&but(&good, "nbf", json!(now() + 600)))),
        ("future", signed(&but(&good, "iat", json!(now() + 600)))),
        ("issuer", signed(&but(&good, "iss", json!("https://other.test")))),
        ("no user", signed(&but(&good, "email", Value::Null))),
        ("cut", signed(&good)[..60].to_owned()),
        ("empty parts", "eyJ..".into()),
    ] {
        let (status, text) = asked(&gateway, &token).await;
        assert_eq!(status, 401, "{what}: {text}");
        assert!(!text.contains(&token), "{what}");
    }
    let late = signed(&but(&good, "exp", json!(now() - 10)));
    assert_eq!(asked(&gateway, &late).await.0, 200, "clocks may differ a little");
}

#[tokio::test]
async fn a_flood_of_made_up_keys_is_not_passed_on_to_the_issuer() {
    let provider = Provider::start().await;
    let key = provider.key("k1");
    let gateway = provider.gateway();
    assert_eq!(asked(&gateway, &token(&key, "k1", &provider.claims())).await.0, 200);
    let made_up = elliptic("x").0;
    for number in 0..100 {
        let token = token(&made_up, &format!("made-up-{number}"), &provider.claims());
        assert_eq!(asked(&gateway, &token).await.0, 401);
    }
    assert_eq!(provider.times("/keys"), 1, "it was asked a moment ago");
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_no_reason_to_refuse_for_good() {
    let provider = Provider::start().await;
    let key = provider.key("k1");
    *provider.down.lock().unwrap() = true;
    let gateway = provider.gateway();
    for _ in 0..10 {
        let (status, text) = asked(&gateway, &token(&key, "k1", &provider.claims())).await;
        assert_eq!(status, 503, "{text}");
    }
    assert_eq!(provider.times("/.well-known/openid-configuration"), 1);
}

#[tokio::test]
async fn a_key_that_is_not_for_signatures_is_not_used() {
    let provider = Provider::start().await;
    let key = provider.key("k1");
    provider.keys.lock().unwrap()[0].common.public_key_use = Some(PublicKeyUse::Encryption);
    let gateway = provider.gateway();
    assert_eq!(asked(&gateway, &token(&key, "k1", &provider.claims())).await.0, 401);
}

/// What belongs below `access:` in the file, of what is told.
fn section(told: &str) -> &str {
    let behind = told.split_once("access:\n").unwrap().1;
    behind.split_once("\n\n").map_or(behind, |(section, _)| section)
}

#[tokio::test]
async fn credentials_that_the_program_makes_are_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    let made = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_groundwork"));
        let output = program.args(arguments).env_clear().output().unwrap();
        assert!(output.status.success(), "{output:?}");
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let file = file.display().to_string();
    let (token, told) = made(&["gateway", "token", "--signing-key", &file, "--user", "me@x.test"]);
    let issuer = section(&told);
    let (key, told) = made(&["gateway", "token", "--key", "--user", "ci: 1"]);
    let key_of = section(&told);
    let access = format!("access:\n{issuer}\n{key_of}\n");
    let gateway = Gateway::start(&(access + &with(&[("anthropic", "http://127.0.0.1:1")])));
    for (credential, user) in [(token, "me@x.test"), (key, "ci: 1")] {
        assert_eq!(asked(&gateway, credential.trim()).await.0, 200, "{user}");
    }
    let records = gateway.recorded(2).await;
    let users: Vec<&Value> = records.iter().map(|record| &record["user"]).collect();
    assert_eq!(users, ["me@x.test", "ci: 1"]);
}
