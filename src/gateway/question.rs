//! What is asked of a model, whoever is asked in the end: where, with which headers, and with which body.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::{
    count,
    envelope::Envelope,
    model::Target,
    route::Operation,
    translate::{self, Asked},
    upstream::{Ready, Upstream},
};

/// What is asked, whoever is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) operation: &'a Operation,
    pub(super) envelope: &'a Envelope<'a>,
    pub(super) body: &'a [u8],
    pub(super) streamed: bool,
}

impl Question<'_> {
    /// Where it is asked, and what the model is called there. `Err`: why it cannot be.
    pub(super) fn url(&self, target: &Target) -> Result<(String, String), &'static str> {
        let Target { upstream, model, .. } = target;
        let address = upstream.address();
        match self.operation {
            Operation::CountTokens => address.count(model).map_err(|why| why.0),
            Operation::Converse { streamed } => {
                let url = address.converse(model, *streamed).map_err(|why| why.0)?;
                Ok((url, model.clone()))
            }
            _ => Ok((address.message(model, self.streamed), model.clone())),
        }
    }

    /// The request for an upstream, at the address and by the name of the model that [`Self::url`] gave.
    pub(super) fn ready(
        &self,
        upstream: &Upstream,
        (url, model): &(String, String),
        asked: &Asked<'_>,
        forwarded: &HeaderMap,
    ) -> Ready {
        let url = url.clone();
        let mut headers = forwarded.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if matches!(self.operation, Operation::Converse { .. }) {
            return Ready { url, headers, body: Bytes::copy_from_slice(self.body) };
        }
        let form = upstream.form();
        let letter = asked.letter(form, model, &upstream.refused());
        let mut put = |name: &'static str, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        };
        if let Some(version) = &letter.version {
            put("anthropic-version", version);
        }
        if !letter.betas.is_empty() {
            put("anthropic-beta", &letter.betas.join(","));
        }
        let counted = *self.operation == Operation::CountTokens;
        let body = match form {
            translate::Form::BedrockInvoke if counted => count::wrapped(&letter.body),
            _ => letter.body,
        };
        Ready { url, headers, body: body.into() }
    }
}

/// The betas that a client asks for, in its order.
pub(super) fn betas(headers: &HeaderMap) -> Vec<String> {
    let all = headers.get_all("anthropic-beta").iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(','))
        .map(|beta| beta.trim().to_owned())
        .filter(|beta| !beta.is_empty())
        .collect()
}
