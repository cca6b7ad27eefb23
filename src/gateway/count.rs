//! Counting tokens, which each dialect asks and answers in its own way.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::json;

use super::route::Dialect;

/// The request whose tokens are to be counted, taken out of what a client of Bedrock wraps it in.
pub(super) fn unwrapped(body: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Wrapped {
        input: Input,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Input {
        invoke_model: Invoke,
    }
    #[derive(Deserialize)]
    struct Invoke {
        body: String,
    }
    let wrapped: Wrapped = serde_json::from_slice(body).ok()?;
    STANDARD.decode(wrapped.input.invoke_model.body).ok()
}

/// A request as Bedrock wants it for counting.
pub(super) fn wrapped(body: &[u8]) -> Vec<u8> {
    json!({ "input": { "invokeModel": { "body": STANDARD.encode(body) } } })
        .to_string()
        .into_bytes()
}

/// An answer in the client's dialect. `None` if there is no number in it.
pub(super) fn answer(body: &[u8], dialect: Dialect) -> Option<String> {
    #[derive(Deserialize)]
    struct Told {
        #[serde(alias = "inputTokens")]
        input_tokens: u64,
    }
    let Told { input_tokens } = serde_json::from_slice(body).ok()?;
    Some(match dialect {
        Dialect::Bedrock => json!({ "inputTokens": input_tokens }).to_string(),
        Dialect::Anthropic | Dialect::Vertex => json!({ "input_tokens": input_tokens }).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_is_unwrapped_byte_for_byte() {
        let body = br#"{ "max_tokens": 1.0 }"#;
        assert_eq!(unwrapped(&wrapped(body)).as_deref(), Some(body.as_slice()));
        assert_eq!(unwrapped(br#"{"input":{"converse":{}}}"#), None);
    }

    #[test]
    fn the_number_is_told_in_the_clients_way() {
        for told in [br#"{"inputTokens":7}"#.as_slice(), br#"{"input_tokens":7,"x":1}"#] {
            assert_eq!(answer(told, Dialect::Bedrock).as_deref(), Some(r#"{"inputTokens":7}"#));
            assert_eq!(answer(told, Dialect::Vertex).as_deref(), Some(r#"{"input_tokens":7}"#));
        }
        assert_eq!(answer(b"{}", Dialect::Anthropic), None);
    }
}
