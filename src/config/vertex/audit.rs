//! What Google Cloud's audit log says of the calls of Vertex AI.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};

use super::{Member, choice::choice};
use crate::config::{newtype::Checked as _, schema::FILLED_IN};

choice! {
    /// A kind of calls that the audit log can tell of.
    LogType, must: "`ADMIN_READ`, `DATA_READ` or `DATA_WRITE`",
    /// What reads settings.
    AdminRead = "ADMIN_READ",
    /// What reads data.
    DataRead = "DATA_READ",
    /// What writes data.
    DataWrite = "DATA_WRITE",
}

/// What Google Cloud's audit log says of the calls of Vertex AI.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuditLogging {
    /// Whether it says anything of them
    pub enabled: bool,
    /// Of which calls: `ADMIN_READ`, `DATA_READ`, `DATA_WRITE`
    #[serde(deserialize_with = "one_or_list")]
    #[schemars(schema_with = "one_or_list_schema")]
    pub log_type: Vec<LogType>,
    /// Whose calls it leaves out
    pub exempted_members: Vec<Member>,
}

impl Default for AuditLogging {
    fn default() -> Self {
        let log_type = vec![LogType::AdminRead, LogType::DataRead, LogType::DataWrite];
        Self { enabled: true, log_type, exempted_members: Vec::new() }
    }
}

/// Guides write one where there can be several.
fn one_or_list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<LogType>, D::Error> {
    from.deserialize_any(OneOrList)
}

struct OneOrList;

impl<'de> Visitor<'de> for OneOrList {
    type Value = Vec<LogType>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or a list of them", LogType::MUST)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<LogType>, E> {
        LogType::deserialize(serde::de::value::StrDeserializer::new(text)).map(|one| vec![one])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<LogType>, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = list.next_element()? {
            all.push(one);
        }
        Ok(all)
    }
}

fn one_or_list_schema(generator: &mut SchemaGenerator) -> Schema {
    let pattern = format!("^(ADMIN_READ|DATA_READ|DATA_WRITE)$|{FILLED_IN}");
    json_schema!({
        "anyOf": [
            { "type": "string", "pattern": pattern },
            { "type": "array", "items": generator.subschema_for::<LogType>() },
        ]
    })
}
