//! Calls to Google's APIs: REST over one client, signed, repeated where that is safe, paged.
//!
//! Which call it is, is said by the method's id in Google's discovery documents; the API's host
//! follows from it. Between two tries it sleeps, as AWS's SDK does by itself. Written by hand over
//! the official clients, which lack federation, model configuration and budgets, and make the binary
//! four times as large.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::{Method, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Project,
    error::{Failure, Refusal},
    token::TokenSource,
};
use crate::{
    proxy::{Client, End, Unanswered},
    reconcile::Stop,
};

type Answer<T> = Result<T, Failure>;

/// What stands for the API's name in an endpoint URL.
const API: &str = "{api}";
const UNSAFE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?');
const TIMEOUT: Duration = Duration::from_mins(1);
/// In seconds. Who asks for longer is not waited for.
const LONGEST_RETRY_AFTER: u64 = 60;
/// An API that was switched on a moment ago is refused for up to some minutes.
const TRIES_WHILE_ENABLING: u32 = 40;

/// How often a call is tried, and how long before the second try; each next one waits twice as
/// long, none longer than sixteen times.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    pub tries: u32,
    pub first: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries: 4, first: Duration::from_millis(500) }
    }
}

/// The way to Google's APIs.
#[derive(Clone, Debug)]
pub struct Rest {
    client: Client,
    endpoint: Option<String>,
    token: TokenSource,
    retry: Retry,
    stop: Stop,
    /// Whether this run has switched on APIs.
    enabling: Arc<AtomicBool>,
    /// Both names of the project, once they are known.
    consumers: Vec<String>,
}

impl Rest {
    /// `endpoint` stands in for `https://{api}.googleapis.com`, for regional hosts too.
    pub fn new(
        client: Client,
        endpoint: Option<String>,
        token: TokenSource,
        retry: Retry,
        stop: Stop,
    ) -> Self {
        let enabling = Arc::new(AtomicBool::new(false));
        Self { client, endpoint, token, retry, stop, enabling, consumers: Vec::new() }
    }

    /// The same, that knows its project: what is said of another one is told apart.
    #[must_use]
    pub(super) fn for_project(mut self, project: &Project) -> Self {
        self.consumers = [&project.id, &project.number].map(|it| format!("projects/{it}")).into();
        self
    }

    /// From now on, an API that is off is one that will be on in a moment.
    pub(super) fn expect_enabling(&self) {
        self.enabling.store(true, Ordering::Relaxed);
    }

    pub(super) fn get(&self, call: &'static str, path: impl AsRef<str>) -> Request<'_> {
        self.request(Method::GET, call, path.as_ref())
    }

    /// Repeated as any other: right where the name is ours, since then a second one is told that
    /// the first was there. Else see [`Request::once`].
    pub(super) fn post(&self, call: &'static str, path: impl AsRef<str>) -> Request<'_> {
        self.request(Method::POST, call, path.as_ref())
    }

    pub(super) fn patch(&self, call: &'static str, path: impl AsRef<str>) -> Request<'_> {
        self.request(Method::PATCH, call, path.as_ref())
    }

    pub(super) fn delete(&self, call: &'static str, path: impl AsRef<str>) -> Request<'_> {
        self.request(Method::DELETE, call, path.as_ref())
    }

    fn request(&self, method: Method, call: &'static str, path: &str) -> Request<'_> {
        let path = utf8_percent_encode(path, UNSAFE).to_string();
        let (host, query, headers, body) = (None, Vec::new(), Vec::new(), None);
        let (once, tries) = (false, self.retry.tries);
        Request { rest: self, call, method, host, path, query, headers, body, once, tries }
    }

    /// What calls are signed with.
    pub(super) fn token(&self) -> &TokenSource {
        &self.token
    }

    fn base(&self, api: &str, host: Option<&str>) -> String {
        match (&self.endpoint, host) {
            (Some(endpoint), _) => endpoint.trim_end_matches('/').replace(API, api),
            (None, Some(host)) => format!("https://{host}"),
            (None, None) => format!("https://{api}.googleapis.com"),
        }
    }

    fn wait_before(&self, attempt: u32) -> Duration {
        let longest = self.retry.first * (1 << attempt.min(4));
        // Those who met a limit together are not to meet it together again.
        longest.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// A call in the making.
pub(super) struct Request<'a> {
    rest: &'a Rest,
    call: &'static str,
    method: Method,
    host: Option<String>,
    path: String,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
    once: bool,
    tries: u32,
}

impl Request<'_> {
    /// To this host, where it is not `{api}.googleapis.com`.
    #[must_use]
    pub(super) fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    #[must_use]
    pub(super) fn query(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    /// Besides those that sign the call: `If-Match`.
    #[must_use]
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    #[must_use]
    pub(super) fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Not to be repeated if it may have had its effect: the cloud would make a second one.
    #[must_use]
    pub(super) fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// At most so often, where a refusal is itself the answer: a limit of zero passes no time. An
    /// API that is being switched on is waited for all the same.
    #[must_use]
    pub(super) fn tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// Makes the call. An empty answer reads as an empty object.
    pub(super) async fn send<T: DeserializeOwned>(&self) -> Answer<T> {
        self.send_page(None).await
    }

    /// All that a list has, page by page; `key` is where a page has its items.
    pub(super) async fn list<T: DeserializeOwned>(&self, key: &str) -> Answer<Vec<T>> {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut page: Value = self.send_page(token.as_deref()).await?;
            let items = page.get_mut(key).map_or(Value::Array(Vec::new()), Value::take);
            let items: Vec<T> = serde_json::from_value(items).map_err(|why| self.unread(&why))?;
            all.extend(items);
            let next = page.get("nextPageToken").and_then(Value::as_str).unwrap_or_default();
            if next.is_empty() {
                return Ok(all);
            }
            if token.as_deref() == Some(next) {
                let why = "a page that leads to itself".to_owned();
                return Err(Failure::unread(self.call, why));
            }
            token = Some(next.to_owned());
        }
    }

    async fn send_page<T: DeserializeOwned>(&self, page: Option<&str>) -> Answer<T> {
        for attempt in 0.. {
            match self.try_once(page).await {
                Err(failure) if self.worth_another(attempt, &failure) => {
                    let asked = failure.refusal().and_then(|refusal| refusal.retry_after);
                    let wait = asked.unwrap_or_else(|| self.rest.wait_before(attempt));
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = self.rest.stop.wait() => return Err(failure),
                    }
                }
                Err(failure) => return Err(failure),
                Ok(body) => return serde_json::from_value(body).map_err(|why| self.unread(&why)),
            }
        }
        unreachable!("a loop without end")
    }

    fn worth_another(&self, attempt: u32, failure: &Failure) -> bool {
        if failure.refusal().is_some_and(Refusal::is_disabled) {
            let enabling = &self.rest.enabling;
            return enabling.load(Ordering::Relaxed) && attempt + 1 < TRIES_WHILE_ENABLING;
        }
        let transient = match failure {
            // It was not looked at.
            Failure::Refused(refusal) if refusal.code == 429 => true,
            Failure::NoAnswer { end: End::Unsent, .. } => true,
            Failure::NotSignedIn(_) => false,
            _ => failure.ambiguous() && !self.once,
        };
        transient && attempt + 1 < self.tries
    }

    async fn try_once(&self, page: Option<&str>) -> Answer<Value> {
        let Self { rest, call, .. } = self;
        let api = call.split('.').next().unwrap_or_default();
        let url = format!("{}/{}", rest.base(api, self.host.as_deref()), self.path);
        let headers = rest.token.headers().await.map_err(Failure::NotSignedIn)?;
        let mut request = rest.client.request(self.method.clone(), url).headers(headers);
        request = request.query(&self.query);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(page) = page {
            request = request.query(&[("pageToken", page)]);
        }
        request = match &self.body {
            Some(body) => request.json(body),
            // Without a length Google's front end refuses a POST.
            None if self.method == Method::POST => {
                request.header(header::CONTENT_LENGTH, "0").body("")
            }
            None => request,
        };
        let unanswered = |why: Unanswered| Failure::unanswered(call, &why);
        let request = request.timeout(TIMEOUT).build();
        let request = request.map_err(|error| unanswered(Unanswered::malformed(error)))?;
        let url = request.url().clone();
        let answer = rest.client.send(request).await.map_err(unanswered)?;
        let code = answer.status().as_u16();
        let retry_after = retry_after(answer.headers());
        let body = answer.bytes().await;
        let body = body.map_err(|error| unanswered(rest.client.explain(&url, error)))?;
        if !(200..300).contains(&code) {
            let mut refusal = Refusal::read(call, code, &body);
            let ours = |consumer: &str| rest.consumers.iter().any(|it| it == consumer);
            refusal.retry_after = retry_after;
            let other = refusal.consumer().is_some_and(|consumer| !ours(consumer));
            refusal.elsewhere = other && !rest.consumers.is_empty();
            return Err(Failure::Refused(refusal));
        }
        if body.is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        serde_json::from_slice(&body).map_err(|why| self.unread(&why))
    }

    fn unread(&self, why: &serde_json::Error) -> Failure {
        let why = format!("one that cannot be read: {why}");
        Failure::unread(self.call, why)
    }
}

/// How long the service asks to be left alone, as far as that is worth waiting for.
fn retry_after(headers: &header::HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    (seconds <= LONGEST_RETRY_AFTER).then(|| Duration::from_secs(seconds))
}
