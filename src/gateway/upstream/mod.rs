//! Where models are called: the addresses, the forms and the credentials of the clouds.
//!
//! A credential of ours goes out, and none of the caller's; what comes back has nothing of ours in it.

mod address;
mod credential;

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};

pub(super) use self::{
    address::{Address, Kind},
    credential::{Credential, Secret},
};
use super::translate::Form;

/// One place where models are called.
pub(super) struct Upstream {
    pub name: String,
    address: Address,
    credential: Credential,
    client: reqwest::Client,
}

/// A request that is ready but for its credential.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub url: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The betas in it, wherever they are.
    pub betas: Vec<String>,
}

/// Why there is no answer from an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unsent {
    /// It could not be reached.
    Connection(String),
    /// There is no credential for it.
    Credential(String),
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("name", &self.name)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Upstream {
    pub(super) fn new(
        name: String,
        address: Address,
        credential: Credential,
        client: reqwest::Client,
    ) -> Self {
        Self { name, address, credential, client }
    }

    /// In which form it wants a request for an answer.
    pub(super) fn form(&self) -> Form {
        self.address.form()
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Whether it is the same service, so that what is known of one is true of the other.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        self.name == other.name && self.address == other.address
    }

    /// Whether there is a credential, and whether the host answers: without signing anything.
    pub(super) async fn probe(&self) -> Result<String, String> {
        self.credential.probe().await?;
        let answer = self.client.get(self.address.base()).send().await;
        let answer = answer.map_err(|error| innermost(&error))?;
        Ok(format!("signed in, and its host answers (HTTP {})", answer.status().as_u16()))
    }

    /// Signs and sends.
    pub(super) async fn send(&self, ready: Ready) -> Result<reqwest::Response, Unsent> {
        let Ready { url, mut headers, body, .. } = ready;
        self.credential.add(&url, &mut headers, &body).await.map_err(Unsent::Credential)?;
        let url = url.parse().map_err(|_| Unsent::Connection("its address is none".into()))?;
        // Its builder would put in each header anew.
        let mut request = reqwest::Request::new(Method::POST, url);
        *request.headers_mut() = headers;
        *request.body_mut() = Some(body.into());
        let answer = self.client.execute(request).await;
        answer.map_err(|error| Unsent::Connection(innermost(&error)))
    }
}

/// The innermost message: the outer ones hold the address.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// Headers of the caller that go on.
pub(super) fn forwarded(headers: &HeaderMap) -> HeaderMap {
    const NAMES: [&str; 4] = ["accept", "anthropic-workspace-id", "content-type", "user-agent"];
    let mut out = HeaderMap::with_capacity(16);
    for (name, value) in headers {
        let goes = NAMES.contains(&name.as_str())
            || name.as_str().starts_with("x-stainless-")
            || name.as_str().starts_with("x-claude-code-");
        if goes {
            out.append(name.clone(), value.clone());
        }
    }
    // What comes back is read on its way: it must not come compressed.
    out.insert("accept-encoding", HeaderValue::from_static("identity"));
    out
}
