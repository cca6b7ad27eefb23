//! The variables that name models, or where one of them is called.

use super::{Group, Variable};

pub(super) const MODELS: &[&Variable] = HERE;

variables! {
    /// Where Claude Haiku 4.5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_HAIKU_4_5;

    /// Where Claude Haiku 5.5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_HAIKU_5_5;

    /// Where Claude Sonnet 4.5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_5_SONNET;

    /// Where Claude Sonnet 4.6 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_6_SONNET;

    /// Where Claude Sonnet 5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_5_SONNET;

    /// Where Claude Sonnet 5.5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_5_5_SONNET;

    /// Where Claude Opus 4.5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_5_OPUS;

    /// Where Claude Opus 4.6 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_6_OPUS;

    /// Where Claude Opus 4.7 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_7_OPUS;

    /// Where Claude Opus 4.8 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_8_OPUS;

    /// Where Claude Opus 5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_5_OPUS;

    /// Where Claude Opus 5.5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_5_5_OPUS;

    /// Where Claude Fable 5 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_FABLE_5;

    /// Where Claude Fable 5.1 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_FABLE_5_1;

    /// Where Claude Fable 5.2 is called, before `CLOUD_ML_REGION` (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_FABLE_5_2;

    /// Where Claude Haiku 3.5, which is retired, is called (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_3_5_HAIKU;

    /// Where Claude Sonnet 3.5, which is retired, is called (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_3_5_SONNET;

    /// Where Claude Sonnet 3.7, which is retired, is called (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_3_7_SONNET;

    /// Where Claude Opus 4.0, which is retired, is called (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_0_OPUS;

    /// Where Claude Sonnet 4.0, which is retired, is called (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_0_SONNET;

    /// Where Claude Opus 4.1, which is retired, is called (facts 2.2).
    Vertex VERTEX_REGION_CLAUDE_4_1_OPUS;

    /// The model of a session; wins over the `model` setting, even a managed one (facts 2.6).
    Model ANTHROPIC_MODEL;

    /// What the alias `opus` means (facts 2.6, 9.2).
    Model ANTHROPIC_DEFAULT_OPUS_MODEL;

    /// What the alias `sonnet` means; on both clouds 4.5 if it is not told (facts 2.6, 9.2).
    Model ANTHROPIC_DEFAULT_SONNET_MODEL;

    /// What the alias `haiku` means, and the model of background tasks; in place of the deprecated
    /// `ANTHROPIC_SMALL_FAST_MODEL` (facts 2.6, 9.2).
    Model ANTHROPIC_DEFAULT_HAIKU_MODEL;

    /// What the alias `fable` means (facts 2.6, 9.2).
    Model ANTHROPIC_DEFAULT_FABLE_MODEL;

    /// How the model behind the alias `opus` is called in the picker (facts 2.6).
    Model ANTHROPIC_DEFAULT_OPUS_MODEL_NAME;

    /// How that model is described in the picker (facts 2.6).
    Model ANTHROPIC_DEFAULT_OPUS_MODEL_DESCRIPTION;

    /// What that model can do, in place of what the client knows of it (facts 2.6).
    Model ANTHROPIC_DEFAULT_OPUS_MODEL_SUPPORTED_CAPABILITIES;

    /// How the model behind the alias `sonnet` is called in the picker (facts 2.6).
    Model ANTHROPIC_DEFAULT_SONNET_MODEL_NAME;

    /// How that model is described in the picker (facts 2.6).
    Model ANTHROPIC_DEFAULT_SONNET_MODEL_DESCRIPTION;

    /// What that model can do, in place of what the client knows of it (facts 2.6).
    Model ANTHROPIC_DEFAULT_SONNET_MODEL_SUPPORTED_CAPABILITIES;

    /// How the model behind the alias `haiku` is called in the picker (facts 2.6).
    Model ANTHROPIC_DEFAULT_HAIKU_MODEL_NAME;

    /// How that model is described in the picker (facts 2.6).
    Model ANTHROPIC_DEFAULT_HAIKU_MODEL_DESCRIPTION;

    /// What that model can do, in place of what the client knows of it (facts 2.6).
    Model ANTHROPIC_DEFAULT_HAIKU_MODEL_SUPPORTED_CAPABILITIES;

    /// How the model behind the alias `fable` is called in the picker (facts 2.6).
    Model ANTHROPIC_DEFAULT_FABLE_MODEL_NAME;

    /// How that model is described in the picker (facts 2.6).
    Model ANTHROPIC_DEFAULT_FABLE_MODEL_DESCRIPTION;

    /// What that model can do, in place of what the client knows of it (facts 2.6).
    Model ANTHROPIC_DEFAULT_FABLE_MODEL_SUPPORTED_CAPABILITIES;

    /// One more model in the picker (facts 2.6).
    Model ANTHROPIC_CUSTOM_MODEL_OPTION;

    /// The deprecated name of the model of background tasks, which goes before the new one
    /// (facts 2.6).
    Model ANTHROPIC_SMALL_FAST_MODEL;

    /// The model of new sessions, where none is chosen (facts 2.6).
    Model ANTHROPIC_DEFAULT_MODEL;

    /// The model of subagents (facts 2.6).
    Model CLAUDE_CODE_SUBAGENT_MODEL;

    /// The most tokens of one answer, which the client bounds by what the model can (facts 2.7,
    /// 9.1).
    Model CLAUDE_CODE_MAX_OUTPUT_TOKENS;
}
