//! Everything that exists, and the switches that make it behave like a cloud.
//!
//! Resources lie in stores, by kind (`iam.serviceAccounts`) and name; a service keeps there what its API
//! would answer. Fields that begin with `_` are the fake's own: `World::shown` leaves them out.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{caller::Callers, failure::Failure, operation::Pending};

pub type Store = BTreeMap<String, Value>;

/// These answer whether enabled or not.
const ALWAYS_ON: &[&str] = &["serviceusage", "sts", "oauth2", "iamcredentials"];

#[derive(Debug)]
pub struct World {
    pub callers: Callers,
    pub policies: Store,
    pub operations: BTreeMap<String, Pending>,
    /// Polls for which an operation is not done.
    pub polls: u32,
    /// The most that a list gives at once.
    pub page_cap: usize,
    /// Uses for which a new service account is unknown.
    pub slow_identity: u32,
    /// Calls for which an API is refused after it was enabled.
    pub propagation: u32,
    stores: BTreeMap<String, Store>,
    /// By project number and API; the value: how many calls are still refused.
    enabled: BTreeMap<(String, String), u32>,
    serial: u64,
}

impl World {
    pub fn new(project: &str) -> Self {
        let mut world = Self {
            callers: Callers::default(),
            policies: Store::new(),
            operations: BTreeMap::new(),
            polls: 1,
            page_cap: 2,
            slow_identity: 0,
            propagation: 0,
            stores: BTreeMap::new(),
            enabled: BTreeMap::new(),
            serial: 0,
        };
        world.add_project(project, "123456789012");
        world
    }

    pub fn add_project(&mut self, id: &str, number: &str) {
        let created = self.now();
        let project = json!({
            "name": format!("projects/{number}"),
            "parent": "organizations/987654321098",
            "projectId": id,
            "state": "ACTIVE",
            "displayName": id,
            "createTime": created,
        });
        self.store("projects").insert(number.to_owned(), project);
    }

    pub fn store(&mut self, kind: &str) -> &mut Store {
        self.stores.entry(kind.to_owned()).or_default()
    }

    pub fn find(&self, kind: &str, name: &str) -> Option<&Value> {
        self.stores.get(kind)?.get(name)
    }

    pub fn all(&self, kind: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.stores.get(kind).into_iter().flatten()
    }

    /// `value` without what is the fake's own.
    pub fn shown(value: &Value) -> Value {
        let fields = value.as_object().into_iter().flatten();
        let fields = fields.filter(|(name, _)| !name.starts_with('_'));
        Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    pub fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// A time that only advances with what happens, so that two runs give the same.
    pub fn now(&mut self) -> String {
        let serial = self.serial();
        format!("2026-01-01T{:02}:{:02}:{:02}Z", serial / 3600 % 24, serial / 60 % 60, serial % 60)
    }

    pub fn etag(&mut self) -> String {
        STANDARD.encode((self.serial() + 0x0006_0000_0000_0000).to_be_bytes())
    }

    /// An unused numeric id, as of service accounts and metrics.
    pub fn unique_id(&mut self) -> String {
        format!("1{:020}", self.serial())
    }

    /// An unused id of those APIs whose ids are 64-bit numbers.
    pub fn numeric_id(&mut self) -> String {
        format!("1{:018}", self.serial())
    }

    /// The project's number, by number or id.
    pub fn number(&self, project: &str) -> Option<String> {
        self.all("projects")
            .find(|(number, value)| *number == project || value["projectId"] == project)
            .map(|(number, _)| number.clone())
    }

    pub fn project_id(&self, project: &str) -> Option<String> {
        let number = self.number(project)?;
        self.find("projects", &number)?["projectId"].as_str().map(str::to_owned)
    }

    /// `projects/ID/...` as `projects/NUMBER/...`.
    pub fn by_number(&self, name: &str) -> String {
        renamed(name, |project| self.number(project))
    }

    /// `projects/NUMBER/...` as `projects/ID/...`.
    pub fn by_id(&self, name: &str) -> String {
        renamed(name, |project| self.project_id(project))
    }

    /// The project that calls are about which name none.
    pub fn first_project(&self) -> String {
        self.all("projects").next().map(|(number, _)| number.clone()).unwrap_or_default()
    }

    pub fn enable(&mut self, project: &str, service: &str) {
        let Some(number) = self.number(project) else { return };
        let refusals = self.propagation;
        self.enabled.entry((number, service.to_owned())).or_insert(refusals);
    }

    pub fn disable(&mut self, project: &str, service: &str) {
        let Some(number) = self.number(project) else { return };
        self.enabled.remove(&(number, service.to_owned()));
    }

    pub fn is_enabled(&self, number: &str, service: &str) -> bool {
        self.enabled.contains_key(&(number.to_owned(), service.to_owned()))
    }

    /// Refuses a call to `api` for the project where it is off, or not yet on everywhere.
    pub fn admit(&mut self, number: &str, api: &str) -> Result<(), Failure> {
        if ALWAYS_ON.contains(&api) {
            return Ok(());
        }
        let service = format!("{api}.googleapis.com");
        match self.enabled.get_mut(&(number.to_owned(), service.clone())) {
            Some(0) => return Ok(()),
            Some(refusals) => *refusals -= 1,
            None => {}
        }
        let message = format!(
            "{service} has not been used in project {number} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/{service}/overview?project={number} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."
        );
        let metadata = json!({"service": service, "consumer": format!("projects/{number}")});
        Err(Failure::permission(&message).reason("SERVICE_DISABLED", "googleapis.com", &metadata))
    }

    /// Everything that exists, by kind and name; with policies and the APIs that are on.
    pub fn inventory(&self) -> Value {
        let mut all: Map<String, Value> = self
            .stores
            .iter()
            .filter(|(_, store)| !store.is_empty())
            .map(|(kind, store)| {
                let shown = store.iter().map(|(name, value)| (name.clone(), Self::shown(value)));
                (kind.clone(), Value::Object(shown.collect()))
            })
            .collect();
        all.insert("policies".to_owned(), json!(self.policies));
        let enabled: Vec<String> = self
            .enabled
            .keys()
            .map(|(number, service)| format!("projects/{number}/services/{service}"))
            .collect();
        all.insert("services".to_owned(), json!(enabled));
        Value::Object(all)
    }
}

fn renamed(name: &str, to: impl Fn(&str) -> Option<String>) -> String {
    let Some(rest) = name.strip_prefix("projects/") else { return name.to_owned() };
    let (project, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let project = to(project).unwrap_or_else(|| project.to_owned());
    format!("projects/{project}/{rest}").trim_end_matches('/').to_owned()
}
