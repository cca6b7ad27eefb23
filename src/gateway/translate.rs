//! What differs between the dialects in a request: where the model is, what the version is called, and
//! where the betas are. All else of a body is the same in each, and stays as it was sent.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    envelope::{Edit, Envelope},
    route::Dialect,
};

/// How an upstream wants a request for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Model and stream in the body, version and betas in headers.
    Anthropic,
    /// Model and stream in the path, version and betas in the body.
    BedrockInvoke,
    /// Model in the path, version in the body, betas in a header.
    Vertex,
}

/// What there is to send besides the method and the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub body: Vec<u8>,
    /// For `anthropic-version`, if the form has it in a header.
    pub version: Option<String>,
    /// For `anthropic-beta`, in the client's order.
    pub betas: Vec<String>,
}

/// A request as it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub dialect: Dialect,
    pub envelope: &'a Envelope<'a>,
    /// Of the header `anthropic-beta`.
    pub betas: &'a [String],
    /// Of the header `anthropic-version`.
    pub version: Option<&'a str>,
    pub streamed: bool,
}

const VERSION: &str = "anthropic_version";
const BETAS: &str = "anthropic_beta";
const BEDROCK_VERSION: &str = "bedrock-2023-05-31";
const VERTEX_VERSION: &str = "vertex-2023-10-16";
/// What the Messages API is called by who calls it first.
const MESSAGES_VERSION: &str = "2023-06-01";

/// Fields that a beta unlocks. With the beta taken out, the field would be refused, and the other way
/// round.
const UNLOCKED: [(&str, &str); 3] = [
    ("context-management-", "context_management"),
    ("request-tags-", "tags"),
    ("mcp-client-", "mcp_servers"),
];

/// Betas that the clouds do not take in any form: what they unlock is Anthropic's own.
const OWN: [&str; 3] = ["claude-code-", "oauth-", "request-tags-"];

impl Asked<'_> {
    /// The request for an upstream of this form, where the model has this name. `refused` are betas
    /// that this upstream is known to refuse.
    pub(super) fn letter(&self, form: Form, model: &str, refused: &BTreeSet<String>) -> Letter {
        let own = matches!(
            (self.dialect, form),
            (Dialect::Anthropic, Form::Anthropic)
                | (Dialect::Bedrock, Form::BedrockInvoke)
                | (Dialect::Vertex, Form::Vertex)
        );
        let mut edits: Vec<(&str, Edit)> = Vec::new();
        let inner: Vec<String> = self.envelope.read_as(BETAS).unwrap_or_default();
        let mut betas: Vec<String> = Vec::new();
        for beta in self.betas.iter().chain(&inner) {
            let anthropics = form != Form::Anthropic
                && !own
                && OWN.iter().any(|prefix| beta.starts_with(prefix));
            if !anthropics && !refused.contains(beta) && !betas.contains(beta) {
                betas.push(beta.clone());
            }
        }
        let out = |beta: &String| !betas.contains(beta);
        for gone in self.betas.iter().chain(&inner).filter(|beta| out(beta)) {
            let field = UNLOCKED.iter().find(|(prefix, _)| gone.starts_with(prefix));
            edits.extend(field.map(|(_, field)| (*field, Edit::Remove)));
        }
        let version = match form {
            Form::Anthropic => {
                self.for_anthropic(model, &mut edits);
                Some(self.version.unwrap_or(MESSAGES_VERSION).to_owned())
            }
            Form::BedrockInvoke => {
                self.for_bedrock(own, &inner, &betas, &mut edits);
                None
            }
            Form::Vertex => {
                self.for_vertex(own, &mut edits);
                None
            }
        };
        let same = own && form == Form::BedrockInvoke;
        let betas = match form {
            // What the client sends to Bedrock beside the body, it sends there too.
            Form::BedrockInvoke if same => {
                self.betas.iter().filter(|beta| !refused.contains(*beta)).cloned().collect()
            }
            Form::BedrockInvoke => Vec::new(),
            Form::Anthropic | Form::Vertex => betas,
        };
        Letter { body: self.envelope.edited(&edits), version, betas }
    }

    fn for_anthropic(&self, model: &str, edits: &mut Vec<(&str, Edit)>) {
        if self.envelope.read_as::<String>("model").as_deref() != Some(model) {
            edits.push(("model", Edit::Set(json!(model).to_string())));
        }
        if self.dialect == Dialect::Anthropic {
            return;
        }
        edits.extend([(VERSION, Edit::Remove), (BETAS, Edit::Remove)]);
        if self.streamed && self.envelope.read_as("stream") != Some(true) {
            edits.push(("stream", Edit::Set("true".into())));
        }
    }

    fn for_bedrock(
        &self,
        own: bool,
        inner: &[String],
        betas: &[String],
        edits: &mut Vec<(&str, Edit)>,
    ) {
        if own {
            let left: Vec<&String> = inner.iter().filter(|beta| betas.contains(beta)).collect();
            if left.len() < inner.len() {
                edits.push((BETAS, list(&left)));
            }
            return;
        }
        edits.extend([("model", Edit::Remove), ("stream", Edit::Remove)]);
        // Newer clients of the plain SDK say a version that is a date; it is for them to know.
        if !self.has_dated_version() {
            edits.push((VERSION, Edit::Set(json!(BEDROCK_VERSION).to_string())));
        }
        let all: Vec<&String> = betas.iter().collect();
        edits.push((BETAS, if all.is_empty() { Edit::Remove } else { list(&all) }));
    }

    fn for_vertex(&self, own: bool, edits: &mut Vec<(&str, Edit)>) {
        if own {
            return;
        }
        edits.extend([("model", Edit::Remove), (BETAS, Edit::Remove)]);
        if !self.has_dated_version() {
            edits.push((VERSION, Edit::Set(json!(VERTEX_VERSION).to_string())));
        }
        if self.streamed && self.envelope.read_as("stream") != Some(true) {
            edits.push(("stream", Edit::Set("true".into())));
        }
    }

    fn has_dated_version(&self) -> bool {
        let version: Option<String> = self.envelope.read_as(VERSION);
        version.is_some_and(|version| version.starts_with("20"))
    }
}

fn list(betas: &[&String]) -> Edit {
    Edit::Set(betas.iter().map(|beta| beta.as_str()).collect::<Value>().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(dialect: Dialect, body: &str, betas: &[&str], form: Form) -> (String, Vec<String>) {
        let envelope = Envelope::read(body.as_bytes()).unwrap();
        let betas: Vec<String> = betas.iter().map(|&beta| beta.into()).collect();
        let streamed = true;
        let asked = Asked { dialect, envelope: &envelope, betas: &betas, version: None, streamed };
        let refused = ["bad-1".to_owned()].into();
        let letter = asked.letter(form, "there", &refused);
        (String::from_utf8(letter.body).unwrap(), letter.betas)
    }

    const ANTHROPIC: &str =
        r#"{"model":"m","max_tokens":1.0,"stream":true,"context_management":{},"messages":[]}"#;
    const BEDROCK: &str = r#"{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["a-1","bad-1"],"messages":[]}"#;
    const VERTEX: &str = r#"{"anthropic_version":"vertex-2023-10-16","messages":[],"stream":true}"#;

    #[test]
    fn a_request_in_the_upstreams_own_dialect_stays_as_it_is() {
        let (body, betas) =
            letter(Dialect::Vertex, VERTEX, &["a-1", "claude-code-1"], Form::Vertex);
        assert_eq!((body.as_str(), betas.len()), (VERTEX, 2));
        let good = BEDROCK.replace(",\"bad-1\"", "");
        let (body, betas) =
            letter(Dialect::Bedrock, &good, &["claude-code-1"], Form::BedrockInvoke);
        assert_eq!((body, betas), (good, vec!["claude-code-1".to_owned()]));
        let (body, _) = letter(
            Dialect::Anthropic,
            &ANTHROPIC.replace("\"m\"", "\"there\""),
            &["a-1"],
            Form::Anthropic,
        );
        assert_eq!(body, ANTHROPIC.replace("\"m\"", "\"there\""));
    }

    #[test]
    fn only_the_envelope_differs_in_another_dialect() {
        let (body, betas) =
            letter(Dialect::Anthropic, ANTHROPIC, &["a-1", "claude-code-1"], Form::BedrockInvoke);
        assert_eq!(
            body,
            r#"{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["a-1"],"max_tokens":1.0,"context_management":{},"messages":[]}"#
        );
        assert_eq!(betas, [] as [String; 0]);
        let (body, betas) = letter(Dialect::Anthropic, ANTHROPIC, &["a-1"], Form::Vertex);
        assert_eq!(
            body,
            r#"{"anthropic_version":"vertex-2023-10-16","max_tokens":1.0,"stream":true,"context_management":{},"messages":[]}"#
        );
        assert_eq!(betas, ["a-1"]);
        let (body, betas) = letter(Dialect::Bedrock, BEDROCK, &["h-1"], Form::Anthropic);
        assert_eq!(body, r#"{"model":"there","stream":true,"messages":[]}"#);
        assert_eq!(betas, ["h-1", "a-1"]);
        let (body, _) = letter(Dialect::Vertex, VERTEX, &[], Form::Anthropic);
        assert_eq!(body, r#"{"model":"there","messages":[],"stream":true}"#);
    }

    #[test]
    fn a_refused_beta_goes_with_the_field_that_it_unlocks() {
        let (body, betas) = letter(Dialect::Bedrock, BEDROCK, &["bad-1"], Form::BedrockInvoke);
        assert_eq!(body, BEDROCK.replace(",\"bad-1\"", ""));
        assert_eq!(betas, [] as [String; 0]);
        let envelope = Envelope::read(ANTHROPIC.as_bytes()).unwrap();
        let betas = ["context-management-2025-06-27".to_owned()];
        let asked = Asked {
            dialect: Dialect::Anthropic,
            envelope: &envelope,
            betas: &betas,
            version: None,
            streamed: true,
        };
        let refused = betas.clone().into();
        let letter = asked.letter(Form::BedrockInvoke, "there", &refused);
        let body = String::from_utf8(letter.body).unwrap();
        assert!(!body.contains("context_management") && !body.contains("anthropic_beta"), "{body}");
    }

    #[test]
    fn a_version_that_is_a_date_is_left() {
        let dated = r#"{"anthropic_version":"2026-10-21","messages":[]}"#;
        let (body, _) = letter(Dialect::Vertex, dated, &[], Form::BedrockInvoke);
        assert_eq!(body, dated);
    }
}
