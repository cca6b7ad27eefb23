//! The ways to name a model of Bedrock.
//!
//! Which models there are, and which of them are retired, is `claude`'s knowledge; here is only
//! what an id looks like. So an id that is newer than this program is accepted.

use super::{
    arn::Arn,
    newtype::{Invalid, consists, newtype},
    region::is_region,
    tenant::is_account,
};

const MODEL: &str = "a model of Bedrock, such as `us.anthropic.claude-opus-5-5`, \
                     or the ARN of an inference profile";

newtype! {
    /// A model or an inference profile of Bedrock, by id or ARN.
    ModelId,
    must: MODEL,
    check: |text| form(text).map(|_| ()),
    pattern: "^(arn:aws(-[a-z-]+)?:bedrock:[a-z0-9-]+:[0-9]{0,12}:\
              (foundation-model|inference-profile|application-inference-profile)/)?\
              [A-Za-z0-9][A-Za-z0-9.:-]{0,127}$"
}

/// Which way a model is named. `model` is a foundation model's id, such as
/// `anthropic.claude-opus-5-5`; `prefix` is a geography such as `us` or `global`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelForm<'a> {
    Foundation {
        model: &'a str,
    },
    SystemProfile {
        prefix: &'a str,
        model: &'a str,
    },
    FoundationArn {
        arn: Arn<'a>,
        model: &'a str,
    },
    SystemProfileArn {
        arn: Arn<'a>,
        prefix: &'a str,
        model: &'a str,
    },
    /// The model behind it is not in its name.
    ApplicationProfileArn {
        arn: Arn<'a>,
    },
}

impl<'a> ModelForm<'a> {
    /// The id of the foundation model, where the name tells.
    pub fn model(&self) -> Option<&'a str> {
        match *self {
            Self::Foundation { model }
            | Self::SystemProfile { model, .. }
            | Self::FoundationArn { model, .. }
            | Self::SystemProfileArn { model, .. } => Some(model),
            Self::ApplicationProfileArn { .. } => None,
        }
    }

    /// The geography of a system inference profile.
    pub fn prefix(&self) -> Option<&'a str> {
        match *self {
            Self::SystemProfile { prefix, .. } | Self::SystemProfileArn { prefix, .. } => {
                Some(prefix)
            }
            _ => None,
        }
    }

    pub fn arn(&self) -> Option<Arn<'a>> {
        match *self {
            Self::FoundationArn { arn, .. }
            | Self::SystemProfileArn { arn, .. }
            | Self::ApplicationProfileArn { arn } => Some(arn),
            Self::Foundation { .. } | Self::SystemProfile { .. } => None,
        }
    }
}

impl ModelId {
    pub fn form(&self) -> ModelForm<'_> {
        // It was checked; were it none, the cloud would say that there is no such model.
        form(&self.0).unwrap_or(ModelForm::Foundation { model: &self.0 })
    }

    /// As its metrics name it: by id, also where the configuration has the ARN.
    pub fn called(&self) -> &str {
        match self.form() {
            ModelForm::ApplicationProfileArn { .. } => &self.0,
            _ => self.0.rsplit('/').next().unwrap_or(&self.0),
        }
    }

    /// The id of a system inference profile, which is its geography and its model.
    pub fn system_profile(prefix: &str, model: &str) -> Self {
        Self(format!("{prefix}.{model}"))
    }

    /// The id of a foundation model.
    pub fn foundation(model: &str) -> Self {
        Self(model.to_owned())
    }
}

fn form(text: &str) -> Result<ModelForm<'_>, Invalid> {
    let invalid = Invalid::new(MODEL);
    if let Some(bare) = text.strip_suffix("[1m]") {
        let why = "`[1m]` is a wish to Claude Code and not part of an id";
        return Err(invalid.why(why).did_you_mean(bare));
    }
    if text.starts_with("arn:") {
        return Arn::parse(text).and_then(arn_form).ok_or(invalid);
    }
    if let Some((prefix, model)) = id(text) {
        return Ok(match prefix {
            Some(prefix) => ModelForm::SystemProfile { prefix, model },
            None => ModelForm::Foundation { model },
        });
    }
    Err(match text {
        "opus" | "sonnet" | "haiku" | "fable" | "default" | "opusplan" => {
            invalid.why("it is an alias of Claude Code, not an id of Bedrock")
        }
        _ if text.contains('@') => invalid.why("it is an id of Vertex AI"),
        _ if text.starts_with("claude-") && id(&format!("anthropic.{text}")).is_some() => {
            invalid.why("it is Anthropic's own id").did_you_mean(&format!("anthropic.{text}"))
        }
        _ => invalid,
    })
}

fn arn_form(arn: Arn<'_>) -> Option<ModelForm<'_>> {
    if arn.service != "bedrock" || !is_region(arn.region) {
        return None;
    }
    let (kind, name) = arn.resource.split_once('/')?;
    match kind {
        "foundation-model" if arn.account.is_empty() => match id(name)? {
            (None, model) => Some(ModelForm::FoundationArn { arn, model }),
            (Some(_), _) => None,
        },
        "inference-profile" if is_account(arn.account) => match id(name)? {
            (Some(prefix), model) => Some(ModelForm::SystemProfileArn { arn, prefix, model }),
            (None, _) => None,
        },
        "application-inference-profile" if is_account(arn.account) => {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric();
            consists(name, 1, 64, allowed).then_some(ModelForm::ApplicationProfileArn { arn })
        }
        _ => None,
    }
}

/// Divides `us.anthropic.claude-x` into its geography, if it has one, and the model's own id. A
/// model's own id is a provider, a dot and a name, in which there may be further dots.
fn id(text: &str) -> Option<(Option<&str>, &str)> {
    const GEOGRAPHIES: [&str; 7] = ["us", "us-gov", "eu", "apac", "jp", "au", "global"];
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".:-".contains(&byte);
    if !consists(text, 3, 128, allowed) {
        return None;
    }
    let named = |text: &str| {
        let mut parts = text.split('.');
        let provider = parts.next().is_some_and(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        let mut parts = parts.peekable();
        provider
            && parts.peek().is_some()
            && parts.all(|part| part.starts_with(|first: char| first.is_ascii_alphanumeric()))
    };
    if let Some((prefix, model)) = text.split_once('.')
        && (GEOGRAPHIES.contains(&prefix)
            || (model.starts_with("anthropic.") && is_geography(prefix)))
    {
        return named(model).then_some((Some(prefix), model));
    }
    named(text).then_some((None, text))
}

fn is_geography(text: &str) -> bool {
    consists(text, 2, 8, |byte| byte.is_ascii_lowercase() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> ModelId {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn an_id_tells_its_geography_and_its_model() {
        let model = "anthropic.claude-opus-5-5";
        assert_eq!(of(model).form(), ModelForm::Foundation { model });
        for prefix in ["us", "us-gov", "eu", "jp", "global", "ca"] {
            let id = of(&format!("{prefix}.{model}"));
            assert_eq!(id.form(), ModelForm::SystemProfile { prefix, model });
        }
        let dotted = of("zai.glm-4.7");
        assert_eq!(dotted.form(), ModelForm::Foundation { model: "zai.glm-4.7" });
        assert_eq!(
            of("anthropic.claude-3-5-sonnet-20241022-v2:0").form().model(),
            Some("anthropic.claude-3-5-sonnet-20241022-v2:0")
        );
    }

    #[test]
    fn an_arn_tells_what_it_names() {
        let at = "arn:aws:bedrock:eu-west-1:123456789012";
        let profile = of(&format!("{at}:inference-profile/eu.anthropic.claude-opus-5-5"));
        assert_eq!(profile.form().prefix(), Some("eu"));
        let application = of(&format!("{at}:application-inference-profile/abc123"));
        assert_eq!(application.form().model(), None);
        assert_eq!(application.form().arn().unwrap().region, "eu-west-1");
        let model = of("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-5-5");
        assert!(matches!(model.form(), ModelForm::FoundationArn { .. }));
    }

    #[test]
    fn what_is_no_id_of_bedrock_is_answered_with_what_was_meant() {
        let hint = |text: &str| text.parse::<ModelId>().unwrap_err().hint;
        assert_eq!(hint("claude-opus-5-5").unwrap(), "did you mean `anthropic.claude-opus-5-5`?");
        assert_eq!(hint("us.anthropic.x[1m]").unwrap(), "did you mean `us.anthropic.x`?");
        for bad in [
            "",
            "opus",
            "us.",
            ".x",
            "a..b",
            "claude-opus-5@20250101",
            "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/x",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/anthropic.x",
            "us.anthropic.claude opus",
            "us.anthropic.claude-opus\n",
        ] {
            assert!(bad.parse::<ModelId>().is_err(), "{bad}");
        }
    }
}
