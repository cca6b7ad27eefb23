//! Every variable that is told to Claude Code, and what the client does with it.
//!
//! «facts» is the sheet on the client 2.1.330. A variable that the client ignores is not here.

/// Any true value chooses Bedrock before every provider but a stored gateway login (facts 1).
pub const CLAUDE_CODE_USE_BEDROCK: &str = "CLAUDE_CODE_USE_BEDROCK";

/// The region that is called, before `AWS_DEFAULT_REGION` and the profile's (facts 2.1).
pub const AWS_REGION: &str = "AWS_REGION";

/// The profile that credentials are taken from, by the ordinary chain of the AWS SDK (facts 2.1).
pub const AWS_PROFILE: &str = "AWS_PROFILE";

/// The model of a session; wins over the `model` setting, even a managed one (facts 2.6).
pub const ANTHROPIC_MODEL: &str = "ANTHROPIC_MODEL";

/// What the alias `opus` means (facts 2.6, 9.2).
pub const ANTHROPIC_DEFAULT_OPUS_MODEL: &str = "ANTHROPIC_DEFAULT_OPUS_MODEL";

/// What the alias `sonnet` means; on Bedrock 4.5 if not told (facts 2.6, 9.2).
pub const ANTHROPIC_DEFAULT_SONNET_MODEL: &str = "ANTHROPIC_DEFAULT_SONNET_MODEL";

/// What the alias `haiku` means, and the model of background tasks; in place of the deprecated
/// `ANTHROPIC_SMALL_FAST_MODEL` (facts 2.6, 9.2).
pub const ANTHROPIC_DEFAULT_HAIKU_MODEL: &str = "ANTHROPIC_DEFAULT_HAIKU_MODEL";

/// What the alias `fable` means (facts 2.6, 9.2).
pub const ANTHROPIC_DEFAULT_FABLE_MODEL: &str = "ANTHROPIC_DEFAULT_FABLE_MODEL";

/// The first choice among the prefixes of inference profiles: `us`, `eu`, `apac`, `jp`, `au` or
/// `global`; ignored in `GovCloud` (facts 2.1, 9.3).
pub const ANTHROPIC_BEDROCK_REGION_PREFIX: &str = "ANTHROPIC_BEDROCK_REGION_PREFIX";

/// The most tokens of one answer, which the client bounds by what the model can (facts 2.7, 9.1).
pub const CLAUDE_CODE_MAX_OUTPUT_TOKENS: &str = "CLAUDE_CODE_MAX_OUTPUT_TOKENS";

/// Any true value chooses Vertex AI, if none of [`OTHER_PROVIDERS`] is chosen (facts 1).
pub const CLAUDE_CODE_USE_VERTEX: &str = "CLAUDE_CODE_USE_VERTEX";

/// Every further way to choose a provider. They win over Vertex AI, so that one left over from before
/// would be called; Bedrock wins over them, but leaves some models to Mantle (facts 1).
pub const OTHER_PROVIDERS: [&str; 5] = [
    "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_USE_ANTHROPIC_AWS",
    "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD",
    "CLAUDE_CODE_USE_MANTLE",
    "CLAUDE_CODE_USE_GATEWAY",
];

/// Where models are called: `global`, `us`, `eu` or a region (facts 2.2).
pub const CLOUD_ML_REGION: &str = "CLOUD_ML_REGION";

/// The project that is called. The client 2.1.330 takes it before `GOOGLE_CLOUD_PROJECT`, which is
/// not told: in a developer's shell it would move every other tool to this project, too (facts 2.2).
pub const ANTHROPIC_VERTEX_PROJECT_ID: &str = "ANTHROPIC_VERTEX_PROJECT_ID";

/// A file of credentials, in place of a person's own (facts 2.2).
pub const GOOGLE_APPLICATION_CREDENTIALS: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// Where one model is called, before `CLOUD_ML_REGION`. These are all that the client knows (facts
/// 2.2), but for those of retired models.
pub const VERTEX_REGIONS: [&str; 15] = [
    "VERTEX_REGION_CLAUDE_HAIKU_4_5",
    "VERTEX_REGION_CLAUDE_HAIKU_5_5",
    "VERTEX_REGION_CLAUDE_4_5_SONNET",
    "VERTEX_REGION_CLAUDE_4_6_SONNET",
    "VERTEX_REGION_CLAUDE_5_SONNET",
    "VERTEX_REGION_CLAUDE_5_5_SONNET",
    "VERTEX_REGION_CLAUDE_4_5_OPUS",
    "VERTEX_REGION_CLAUDE_4_6_OPUS",
    "VERTEX_REGION_CLAUDE_4_7_OPUS",
    "VERTEX_REGION_CLAUDE_4_8_OPUS",
    "VERTEX_REGION_CLAUDE_5_OPUS",
    "VERTEX_REGION_CLAUDE_5_5_OPUS",
    "VERTEX_REGION_CLAUDE_FABLE_5",
    "VERTEX_REGION_CLAUDE_FABLE_5_1",
    "VERTEX_REGION_CLAUDE_FABLE_5_2",
];
