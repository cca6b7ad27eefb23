//! What differs between the dialects in a request: where the model is, what the version is called, and
//! where the betas are. All else of a body is the same in each, and stays as it was sent.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    beta::Selection,
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
    pub headers: Vec<String>,
    /// All betas that go, wherever they are.
    pub betas: Vec<String>,
}

/// What becomes of members, by their names.
type Edits<'a> = Vec<(&'a str, Edit)>;

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
    /// Whether only its tokens are to be counted.
    pub counted: bool,
}

const VERSION: &str = "anthropic_version";
const BETAS: &str = "anthropic_beta";
const BEDROCK_VERSION: &str = "bedrock-2023-05-31";
const VERTEX_VERSION: &str = "vertex-2023-10-16";
/// What the Messages API is called by who calls it first.
const MESSAGES_VERSION: &str = "2023-06-01";

/// Betas that the clouds do not take in any form: what they unlock is Anthropic's own.
const OWN: [&str; 2] = ["claude-code-", "oauth-"];

impl Asked<'_> {
    /// The request for an upstream of this form, where the model has this name, with the betas and
    /// fields that are selected.
    pub(super) fn letter(&self, form: Form, model: &str, selection: &Selection<'_>) -> Letter {
        let own = matches!(
            (self.dialect, form),
            (Dialect::Anthropic, Form::Anthropic)
                | (Dialect::Bedrock, Form::BedrockInvoke)
                | (Dialect::Vertex, Form::Vertex)
        );
        let inner: Vec<String> = self.envelope.read_as(BETAS).unwrap_or_default();
        let anthropics = |beta: &&String| {
            form != Form::Anthropic && !own && OWN.iter().any(|begin| beta.starts_with(begin))
        };
        let asked = || self.betas.iter().chain(&inner);
        let (go, mut stay) = selection.divide(asked().filter(|beta| !anthropics(beta)));
        stay.extend(asked().filter(anthropics).cloned());
        let mut edits = self.without(&selection.fields(&go, &stay));
        match form {
            Form::Anthropic => self.for_anthropic(model, &mut edits),
            Form::BedrockInvoke => self.for_bedrock(own, &inner, &go, &mut edits),
            Form::Vertex => self.for_vertex(own, model, &mut edits),
        }
        if self.counted {
            self.for_counting(form, &mut edits);
        }
        let version = (form == Form::Anthropic).then(|| {
            let version = self.dated_version();
            version.unwrap_or_else(|| self.version.unwrap_or(MESSAGES_VERSION).to_owned())
        });
        let headers = match form {
            // What the client sends to Bedrock beside the body, it sends there too.
            Form::BedrockInvoke if own => {
                go.iter().filter(|beta| self.betas.contains(beta)).cloned().collect()
            }
            Form::BedrockInvoke => Vec::new(),
            Form::Anthropic | Form::Vertex => go.clone(),
        };
        Letter { body: self.envelope.edited(&edits), version, headers, betas: go }
    }

    /// The edits that leave out these fields.
    fn without<'b>(&self, fields: &[&'b str]) -> Edits<'b> {
        let mut edits: Edits<'b> = Vec::new();
        for name in fields.iter().map(|field| outer(field)) {
            let Some(value) = self.envelope.get(name) else { continue };
            if edits.iter().any(|(edited, _)| *edited == name) {
                continue;
            }
            let of_it = fields.iter().filter(|field| outer(field) == name);
            let inner: Option<Vec<&str>> = of_it.map(|field| field.get(name.len() + 1..)).collect();
            let edit = match inner.map(|inner| (Envelope::read(value), inner)) {
                // One of them is all of it.
                None => Some(Edit::Remove),
                Some((Ok(value), inner)) => value.without(&inner),
                // What is no object has nothing in it to leave out.
                Some((Err(_), _)) => None,
            };
            edits.extend(edit.map(|edit| (name, edit)));
        }
        edits
    }

    fn for_anthropic(&self, model: &str, edits: &mut Edits<'_>) {
        if self.envelope.read_as::<String>("model").as_deref() != Some(model) {
            edits.push(("model", Edit::Set(json!(model).to_string())));
        }
        if self.dialect == Dialect::Anthropic {
            return;
        }
        edits.extend([(VERSION, Edit::Remove), (BETAS, Edit::Remove)]);
        self.says_stream(edits);
    }

    fn for_bedrock(&self, own: bool, inner: &[String], go: &[String], edits: &mut Edits<'_>) {
        if own {
            let left: Vec<&String> = inner.iter().filter(|beta| go.contains(beta)).collect();
            if left.len() < inner.len() {
                edits.push((BETAS, list(&left)));
            }
            return;
        }
        edits.extend([("model", Edit::Remove), ("stream", Edit::Remove)]);
        self.says_version(BEDROCK_VERSION, edits);
        let all: Vec<&String> = go.iter().collect();
        edits.push((BETAS, if all.is_empty() { Edit::Remove } else { list(&all) }));
    }

    fn for_vertex(&self, own: bool, model: &str, edits: &mut Edits<'_>) {
        // Where tokens are counted the path says no model.
        if self.counted {
            if self.envelope.read_as::<String>("model").as_deref() != Some(model) {
                edits.push(("model", Edit::Set(json!(model).to_string())));
            }
        } else if !own {
            edits.push(("model", Edit::Remove));
        }
        if own {
            return;
        }
        edits.push((BETAS, Edit::Remove));
        self.says_version(VERTEX_VERSION, edits);
        self.says_stream(edits);
    }

    /// What is to be counted is a whole request to Bedrock, and less than one to the others.
    fn for_counting(&self, form: Form, edits: &mut Edits<'_>) {
        match (self.dialect, form) {
            (Dialect::Bedrock, Form::Anthropic | Form::Vertex) => {
                edits.push(("max_tokens", Edit::Remove));
            }
            (Dialect::Anthropic | Dialect::Vertex, Form::BedrockInvoke)
                if self.envelope.get("max_tokens").is_none() =>
            {
                // There must be more of them than the model may think.
                let thinking: Option<Thinking> = self.envelope.read_as("thinking");
                let budget = thinking.and_then(|thinking| thinking.budget_tokens).unwrap_or(0);
                edits.push(("max_tokens", Edit::Set(budget.saturating_add(1).to_string())));
            }
            _ => {}
        }
    }

    fn says_stream(&self, edits: &mut Edits<'_>) {
        if self.streamed && self.envelope.read_as("stream") != Some(true) {
            edits.push(("stream", Edit::Set("true".into())));
        }
    }

    fn says_version(&self, otherwise: &str, edits: &mut Edits<'_>) {
        let version = self.dated_version();
        let version = version.as_deref().unwrap_or(otherwise);
        if self.envelope.read_as::<String>(VERSION).as_deref() != Some(version) {
            edits.push((VERSION, Edit::Set(json!(version).to_string())));
        }
    }

    /// The version that newer clients of the plain SDK say, which is the same date everywhere; it is
    /// for them to know who takes it.
    fn dated_version(&self) -> Option<String> {
        let inner: Option<String> = self.envelope.read_as(VERSION);
        let inner = inner.filter(|version| version.starts_with("20"));
        let newer = |version: &&str| *version > MESSAGES_VERSION && version.starts_with("20");
        inner.or_else(|| self.version.filter(newer).map(ToOwned::to_owned))
    }
}

/// The member that a field is in, or is.
fn outer(field: &str) -> &str {
    field.split_once('.').map_or(field, |(outer, _)| outer)
}

#[derive(Deserialize)]
struct Thinking {
    budget_tokens: Option<u64>,
}

fn list(betas: &[&String]) -> Edit {
    Edit::Set(betas.iter().map(|beta| beta.as_str()).collect::<Value>().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::beta::{Learned, LeftOut};

    fn letter(dialect: Dialect, body: &str, betas: &[&str], form: Form) -> (String, Vec<String>) {
        let left_out = LeftOut { betas: vec!["bad-1".into()], fields: Vec::new() };
        with(&left_out, dialect, body, betas, form, false)
    }

    fn with(
        left_out: &LeftOut,
        dialect: Dialect,
        body: &str,
        betas: &[&str],
        form: Form,
        counted: bool,
    ) -> (String, Vec<String>) {
        let envelope = Envelope::read(body.as_bytes()).unwrap();
        let betas: Vec<String> = betas.iter().map(|&beta| beta.into()).collect();
        let asked = Asked {
            dialect,
            envelope: &envelope,
            betas: &betas,
            version: None,
            streamed: !counted,
            counted,
        };
        let letter = asked.letter(form, "there", &Selection::new(left_out, &Learned::default()));
        (String::from_utf8(letter.body).unwrap(), letter.headers)
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
        let left_out = LeftOut { betas: vec!["context-*".into()], fields: Vec::new() };
        let betas = ["context-management-2025-06-27"];
        let form = Form::BedrockInvoke;
        let (body, _) = with(&left_out, Dialect::Anthropic, ANTHROPIC, &betas, form, false);
        assert!(!body.contains("context_management") && !body.contains("anthropic_beta"), "{body}");
    }

    #[test]
    fn a_field_within_another_is_left_out_alone() {
        let fields = ["output_config.effort", "a.b", "tags"].map(ToOwned::to_owned).into();
        let left_out = LeftOut { betas: Vec::new(), fields };
        let edited = |body: &str| {
            let (body, betas) =
                with(&left_out, Dialect::Vertex, body, &["effort-1", "x-1"], Form::Vertex, false);
            assert_eq!(betas, ["x-1"]);
            body
        };
        assert_eq!(
            edited(r#"{"output_config":{"effort":"low", "format":1.0},"tags":{},"a":[1]}"#),
            r#"{"output_config":{ "format":1.0},"a":[1]}"#
        );
        assert_eq!(
            edited(r#"{"output_config":{"effort":"low"},"a":{"c":1.0}}"#),
            r#"{"a":{"c":1.0}}"#
        );
    }

    #[test]
    fn what_is_counted_is_what_each_cloud_counts() {
        let counted =
            |dialect, body: &str, form| with(&LeftOut::default(), dialect, body, &[], form, true).0;
        let body = r#"{"model":"m","thinking":{"budget_tokens":31999},"messages":[]}"#;
        assert_eq!(
            counted(Dialect::Anthropic, body, Form::BedrockInvoke),
            r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":32000,"thinking":{"budget_tokens":31999},"messages":[]}"#
        );
        assert_eq!(
            counted(Dialect::Vertex, r#"{"model":"m@1","messages":[]}"#, Form::Vertex),
            r#"{"model":"there","messages":[]}"#
        );
        let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":1,"messages":[]}"#;
        assert_eq!(
            counted(Dialect::Bedrock, body, Form::Vertex),
            r#"{"model":"there","anthropic_version":"vertex-2023-10-16","messages":[]}"#
        );
        assert_eq!(counted(Dialect::Bedrock, body, Form::BedrockInvoke), body);
    }

    #[test]
    fn a_version_that_is_a_date_is_left() {
        let dated = r#"{"anthropic_version":"2026-10-21","messages":[]}"#;
        let (body, _) = letter(Dialect::Vertex, dated, &[], Form::BedrockInvoke);
        assert_eq!(body, dated);
    }
}
