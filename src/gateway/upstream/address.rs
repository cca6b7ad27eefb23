//! The addresses of models, in the form that each service has.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::translate::Form;

/// Unreserved characters stay (RFC 3986); all else of a name is encoded, once.
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a service is, and of what kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Without a slash at its end.
    base: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The Messages API, whoever serves it.
    Messages,
    /// `InvokeModel` and what is beside it.
    BedrockInvoke,
    Vertex {
        project: String,
        location: String,
    },
}

/// Why something cannot be asked of an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unsupported(pub &'static str);

impl Address {
    pub(crate) fn new(base: &str, kind: Kind) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), kind }
    }

    /// Amazon Bedrock in a region.
    pub(crate) fn bedrock(region: &str) -> Self {
        Self::new(
            &format!("https://bedrock-runtime.{region}.{}", suffix(region)),
            Kind::BedrockInvoke,
        )
    }

    /// Bedrock's Messages API.
    pub(crate) fn bedrock_messages(region: &str) -> Self {
        let base = format!("https://bedrock-runtime.{region}.{}/anthropic", suffix(region));
        Self::new(&base, Kind::Messages)
    }

    /// The same, by its newer address.
    pub(crate) fn bedrock_mantle(region: &str) -> Self {
        Self::new(&format!("https://bedrock-mantle.{region}.api.aws/anthropic"), Kind::Messages)
    }

    /// Vertex AI in a location.
    pub(crate) fn vertex(project: &str, location: &str) -> Self {
        let host = match location {
            "global" => "aiplatform.googleapis.com".to_owned(),
            "us" | "eu" => format!("aiplatform.{location}.rep.googleapis.com"),
            region => format!("{region}-aiplatform.googleapis.com"),
        };
        let (project, location) = (project.to_owned(), location.to_owned());
        Self::new(&format!("https://{host}"), Kind::Vertex { project, location })
    }

    #[must_use]
    pub(crate) fn at(mut self, base: &str) -> Self {
        base.trim_end_matches('/').clone_into(&mut self.base);
        self
    }

    /// What all its paths begin with.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Where fewer betas are taken for counting than for answering.
    pub(crate) fn is_vertex(&self) -> bool {
        matches!(self.kind, Kind::Vertex { .. })
    }

    pub(super) fn form(&self) -> Form {
        match self.kind {
            Kind::Messages => Form::Anthropic,
            Kind::BedrockInvoke => Form::BedrockInvoke,
            Kind::Vertex { .. } => Form::Vertex,
        }
    }

    /// Where an answer is asked for.
    pub(crate) fn message(&self, model: &str, streamed: bool) -> String {
        let Self { base, kind } = self;
        match kind {
            Kind::Messages => format!("{base}/v1/messages?beta=true"),
            Kind::BedrockInvoke => {
                let verb = if streamed { "invoke-with-response-stream" } else { "invoke" };
                format!("{base}/model/{}/{verb}", encoded(model))
            }
            Kind::Vertex { project, location } => {
                let verb = if streamed { "streamRawPredict" } else { "rawPredict" };
                format!("{}/{model}:{verb}", models(base, project, location))
            }
        }
    }

    /// Where tokens are counted, and what the model is called there.
    pub(crate) fn count(&self, model: &str) -> Result<(String, String), Unsupported> {
        let Self { base, kind } = self;
        Ok(match kind {
            Kind::Messages => {
                (format!("{base}/v1/messages/count_tokens?beta=true"), model.to_owned())
            }
            Kind::BedrockInvoke => {
                let model = foundation(model).ok_or(Unsupported(
                    "Bedrock does not count tokens for an application's inference profile",
                ))?;
                (format!("{base}/model/{}/count-tokens", encoded(model)), model.to_owned())
            }
            Kind::Vertex { location, .. } if location == "global" => {
                return Err(Unsupported("Vertex AI does not count tokens in `global`"));
            }
            Kind::Vertex { project, location } => {
                let model = model.split('@').next().unwrap_or(model);
                let url = format!("{}/count-tokens:rawPredict", models(base, project, location));
                (url, model.to_owned())
            }
        })
    }

    /// Where Bedrock's own way is asked for.
    pub(crate) fn converse(&self, model: &str, streamed: bool) -> Result<String, Unsupported> {
        let verb = if streamed { "converse-stream" } else { "converse" };
        match self.kind {
            Kind::BedrockInvoke => Ok(format!("{}/model/{}/{verb}", self.base, encoded(model))),
            _ => Err(Unsupported("only Amazon Bedrock has Converse")),
        }
    }
}

fn models(base: &str, project: &str, location: &str) -> String {
    format!("{base}/v1/projects/{project}/locations/{location}/publishers/anthropic/models")
}

fn encoded(model: &str) -> String {
    utf8_percent_encode(model, NAME).to_string()
}

/// Tokens are counted for a model, not for a profile of regions. Of what an application's profile is
/// made its ARN does not say.
fn foundation(model: &str) -> Option<&str> {
    let model = match model.strip_prefix("arn:").and_then(|arn| arn.rsplit_once('/')) {
        Some((kind, id)) => {
            let named = kind.ends_with(":inference-profile") || kind.ends_with(":foundation-model");
            named.then_some(id)?
        }
        None => model,
    };
    Some(match model.split_once(".anthropic.") {
        Some((geography, _)) => model.get(geography.len() + 1..).unwrap_or(model),
        None => model,
    })
}

fn suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_its_own_addresses() {
        let bedrock = Address::bedrock("us-east-1");
        assert_eq!(
            bedrock.message("us.anthropic.claude-haiku-4-5-20251001-v1:0", true),
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke-with-response-stream"
        );
        let arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/a";
        assert!(bedrock.message(arn, false).ends_with(
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fa/invoke"
        ));
        let vertex = |location| Address::vertex("p", location).message("claude-opus-5-5", true);
        let path = "publishers/anthropic/models/claude-opus-5-5:streamRawPredict";
        assert_eq!(
            vertex("global"),
            format!("https://aiplatform.googleapis.com/v1/projects/p/locations/global/{path}")
        );
        assert_eq!(
            vertex("eu"),
            format!("https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/{path}")
        );
        assert_eq!(
            vertex("us-east5"),
            format!(
                "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/{path}"
            )
        );
        let foundry = Address::new("https://r.services.ai.azure.com/anthropic/", Kind::Messages);
        assert_eq!(
            foundry.message("d", true),
            "https://r.services.ai.azure.com/anthropic/v1/messages?beta=true"
        );
        assert_eq!(
            Address::bedrock_mantle("eu-west-1").message("m", true),
            "https://bedrock-mantle.eu-west-1.api.aws/anthropic/v1/messages?beta=true"
        );
    }

    #[test]
    fn tokens_are_counted_by_the_name_that_the_service_knows() {
        let bedrock = Address::bedrock("us-east-1");
        let (url, model) = bedrock.count("us.anthropic.claude-sonnet-4-6").unwrap();
        assert_eq!(model, "anthropic.claude-sonnet-4-6");
        assert!(url.ends_with("/model/anthropic.claude-sonnet-4-6/count-tokens"));
        assert!(bedrock.count("arn:aws:bedrock:r:1:application-inference-profile/a").is_err());
        let arn = "arn:aws:bedrock:r:1:inference-profile/us.anthropic.claude-sonnet-4-6";
        assert_eq!(bedrock.count(arn).unwrap().1, "anthropic.claude-sonnet-4-6");
        let (_, model) =
            Address::vertex("p", "us-east5").count("claude-haiku-4-5@20251001").unwrap();
        assert_eq!(model, "claude-haiku-4-5");
        assert!(Address::vertex("p", "global").count("claude-opus-5-5").is_err());
        assert!(Address::vertex("p", "us").converse("m", true).is_err());
    }
}
