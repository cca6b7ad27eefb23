//! The AWS SDK on our own HTTP client, so that proxy, authorities and client certificate are the same
//! for both clouds. The SDK's client knows no client certificate.
//!
//! The SDK decides what is tried again, by the kind of error that is told here. A connection is not
//! dropped at its wish, as with its own client: after an error inside a service it would only be
//! opened anew.

use std::time::Duration;

use aws_smithy_runtime_api::client::{
    http::{
        HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;

use crate::proxy::{Client, End, Unanswered};

/// What the SDK is given.
pub fn wire(client: Client) -> SharedHttpClient {
    http_client_fn(move |settings, _| {
        // Only a machine's metadata service is asked with a limit: where there is none, nobody answers.
        let limit = settings
            .read_timeout()
            .map(|read| read.saturating_add(settings.connect_timeout().unwrap_or_default()));
        SharedHttpConnector::new(Wire { client: client.clone(), limit })
    })
}

#[derive(Debug)]
struct Wire {
    client: Client,
    limit: Option<Duration>,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { client, limit } = self;
        let (client, limit) = (client.clone(), *limit);
        HttpConnectorFuture::new(async move {
            let sending = send(&client, request);
            match limit {
                Some(limit) => tokio::time::timeout(limit, sending)
                    .await
                    .unwrap_or_else(|late| Err(ConnectorError::timeout(late.into()))),
                None => sending.await,
            }
        })
    }
}

async fn send(client: &Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|why| ConnectorError::user(why.into()))?;
    let request = reqwest::Request::try_from(request.map(body));
    let request = request.map_err(|why| ConnectorError::user(why.without_url().into()))?;
    let answer = client.send(request).await.map_err(told)?;
    let answer = http::Response::from(answer).map(SdkBody::from_body_1_x);
    HttpResponse::try_from(answer).map_err(|why| ConnectorError::other(why.into(), None))
}

/// What is in memory stays whole, with its length; a stream stays one.
fn body(body: SdkBody) -> reqwest::Body {
    match body.bytes() {
        Some(bytes) => bytes.to_vec().into(),
        None => reqwest::Body::wrap(body),
    }
}

/// The kinds that the SDK knows: it tries again after `timeout` and `io`.
fn told(why: Unanswered) -> ConnectorError {
    match why.end() {
        End::Malformed => ConnectorError::user(why.into()),
        End::Refused => ConnectorError::other(why.into(), None),
        End::Unsent | End::Broken => ConnectorError::io(why.into()),
        End::Late => ConnectorError::timeout(why.into()),
    }
}
