//! One checked request, as a service sees it, and what a service answers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{failure::Failure, world::World};

/// `Value::Null` is 204 without a body, a text a stream of events.
pub type Answer = Result<Value, Failure>;

pub struct Method {
    /// The id in the discovery document.
    pub id: &'static str,
    /// Asked of the caller before `run`; ask for more within by `Call::demand`.
    pub permissions: &'static [&'static str],
    pub write: bool,
    pub run: Run,
}

type Run = fn(&mut World, &Call) -> Answer;

impl Method {
    pub const fn read(id: &'static str, permissions: &'static [&'static str], run: Run) -> Self {
        Self { id, permissions, write: false, run }
    }

    pub const fn write(id: &'static str, permissions: &'static [&'static str], run: Run) -> Self {
        Self { id, permissions, write: true, run }
    }
}

#[derive(Clone, Debug)]
pub struct Call {
    /// As it was called: `us-east5-aiplatform`, `aiplatform.eu.rep`, or the same as `api`.
    pub host: String,
    pub api: String,
    /// `v1`, `v1beta1`, ...
    pub version: String,
    pub path: BTreeMap<String, String>,
    pub query: Vec<(String, String)>,
    pub body: Value,
    /// Whose token it is.
    pub identity: String,
    /// The number of the project that the call is about.
    pub project: String,
    pub if_match: Option<String>,
}

impl Call {
    /// A parameter in the path; percent-decoded.
    pub fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A repeated parameter.
    pub fn queries(&self, name: &str) -> Vec<&str> {
        let values = self.query.iter().filter(|(key, _)| key == name);
        values.map(|(_, value)| value.as_str()).collect()
    }

    /// A text in the body by JSON pointer; empty if absent.
    pub fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn demand(
        &self,
        world: &mut World,
        permission: &str,
        resource: &str,
    ) -> Result<(), Failure> {
        world.callers.demand(&self.identity, permission, resource)
    }
}
