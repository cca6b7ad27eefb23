//! What is asked of a model, whoever is asked in the end: where, with which headers, and with which body.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::{
    beta::Selection,
    count,
    envelope::Envelope,
    model::Target,
    route::Operation,
    translate::{self, Asked},
    upstream::Ready,
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
        target: &Target,
        (url, model): &(String, String),
        asked: &Asked<'_>,
        forwarded: &HeaderMap,
        selection: &Selection<'_>,
    ) -> Ready {
        let url = url.clone();
        let mut headers = forwarded.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if matches!(self.operation, Operation::Converse { .. }) {
            let body = Bytes::copy_from_slice(self.body);
            return Ready { url, headers, body, betas: Vec::new() };
        }
        let form = target.upstream.form();
        let letter = asked.letter(form, model, selection);
        let mut put = |name: &'static str, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        };
        if let Some(version) = &letter.version {
            put("anthropic-version", version);
        }
        if !letter.headers.is_empty() {
            put("anthropic-beta", &letter.headers.join(","));
        }
        let body = match form {
            translate::Form::BedrockInvoke if asked.counted => count::wrapped(&letter.body),
            _ => letter.body,
        };
        Ready { url, headers, body: body.into(), betas: letter.betas }
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
