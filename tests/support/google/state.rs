//! The fake between requests, and how one request is looked at: matched, checked, allowed, done.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    call::{Answer, Call},
    contract,
    discovery::{Discovery, Document, Method},
    failure::Failure,
    journal::Journal,
    service, token,
    world::World,
};

/// APIs that know no project of their own to charge a user's calls to.
const NEEDS_PAYER: &[&str] = &["orgpolicy", "billingbudgets", "cloudquotas"];

pub struct State {
    pub world: World,
    pub journal: Journal,
    pub discovery: Discovery,
    pub violations: Vec<String>,
    pub delay: Duration,
}

/// A request as it came over the wire.
pub struct Raw {
    pub verb: String,
    /// With the API as the first segment.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub authorization: Option<String>,
    pub user_project: Option<String>,
    pub if_match: Option<String>,
    pub body: Vec<u8>,
}

/// A request that is of a documented method.
pub struct Matched {
    /// As it was called: `us-east5-aiplatform`, or the same as `api`.
    pub host: String,
    pub api: String,
    pub document: &'static Document,
    pub method: &'static Method,
    pub path: BTreeMap<String, String>,
}

impl Matched {
    /// Whether it is registered as a write; what is not registered counts by its verb.
    pub fn write(&self) -> bool {
        let registered = service::find(&self.method.id);
        registered.map_or(self.method.verb != "GET", |method| method.write)
    }
}

impl State {
    pub fn new(project: &str, discovery: Discovery) -> Self {
        let mut world = World::new(project);
        token::prepare(&mut world);
        service::prepare(&mut world);
        let journal = Journal::default();
        Self { world, journal, discovery, violations: Vec::new(), delay: Duration::ZERO }
    }

    /// `None`: Google's front end knows no such path.
    pub fn matched(&mut self, raw: &Raw) -> Option<Matched> {
        let segments: Vec<&str> = raw.path.split('/').collect();
        let (host, path) = segments.split_first()?;
        let api = api_of(host);
        let found = self.discovery.document(api, path).and_then(|document| {
            let (method, path) = document.method(&raw.verb, path)?;
            Some(Matched { host: (*host).to_owned(), api: api.to_owned(), document, method, path })
        });
        if found.is_none() {
            self.violation(&format!("{} {}", raw.verb, raw.path), "no such method");
        }
        found
    }

    pub fn violation(&mut self, method: &str, text: &str) {
        self.violations.push(format!("{method}: {text}"));
    }

    /// All but the connection.
    pub fn answer(&mut self, raw: &Raw, matched: &Matched) -> Answer {
        let id = matched.method.id.as_str();
        if raw.authorization.is_none() {
            self.violation(id, "no token");
        }
        let identity = token::identify(&self.world, raw.authorization.as_deref())?;
        let body = self.checked(raw, matched)?;
        let call = self.call(raw, matched, identity, body);
        self.charge(raw, &call)?;
        self.world.admit(&call.project, &matched.api)?;
        let Some(method) = service::find(id) else {
            self.violation(id, "not implemented by the fake");
            let message = format!("The fake does not implement {id}.");
            return Err(Failure::new(501, "UNIMPLEMENTED", &message));
        };
        let resource = resource(&matched.path);
        for permission in method.permissions {
            call.demand(&mut self.world, permission, &resource)?;
        }
        let run = AssertUnwindSafe(|| (method.run)(&mut self.world, &call));
        let answer = catch_unwind(run).unwrap_or_else(|_| {
            self.violations.push(format!("{id}: the fake's service panicked"));
            Err(Failure::new(500, "INTERNAL", "Internal error encountered."))
        })?;
        for (field, text) in contract::answer(matched.document, matched.method, &answer).refused {
            self.violation(id, &format!("the fake's own answer: {field}: {text}"));
        }
        Ok(answer)
    }

    /// Whose quota it is: the caller must be allowed to use the project that it names, and a user must
    /// name one where the API has no project of its own to charge.
    fn charge(&mut self, raw: &Raw, call: &Call) -> Result<(), Failure> {
        let user = call.identity.contains('@') && !call.identity.ends_with(".gserviceaccount.com");
        let Some(payer) = &raw.user_project else {
            if !user || !NEEDS_PAYER.contains(&call.api.as_str()) {
                return Ok(());
            }
            let message = format!(
                "Your application is authenticating by using local Application Default Credentials. The {}.googleapis.com API requires a quota project, which is not set by default.",
                call.api
            );
            let metadata = json!({
                "service": format!("{}.googleapis.com", call.api),
                "consumer": "projects/764086051850",
            });
            return Err(Failure::permission(&message).reason(
                "SERVICE_DISABLED",
                "googleapis.com",
                &metadata,
            ));
        };
        let known = self.world.number(payer).is_some();
        let allowed = call.demand(&mut self.world, "serviceusage.services.use", payer);
        if known && allowed.is_ok() {
            return Ok(());
        }
        let message = format!(
            "Caller does not have required permission to use project {payer}. Grant the caller the roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission."
        );
        let metadata = json!({"consumer": format!("projects/{payer}")});
        Err(Failure::permission(&message).reason(
            "USER_PROJECT_DENIED",
            "googleapis.com",
            &metadata,
        ))
    }

    fn checked(&mut self, raw: &Raw, matched: &Matched) -> Answer {
        let Matched { document, method, .. } = matched;
        let body = if raw.body.is_empty() {
            None
        } else {
            let body = serde_json::from_slice::<Value>(&raw.body).map_err(|error| {
                self.violation(&method.id, &format!("no JSON: {error}"));
                Failure::invalid("Invalid JSON payload received. Unexpected token.")
            })?;
            Some(body)
        };
        let mut findings = contract::query(document, method, &raw.query);
        let more = contract::body(document, method, body.as_ref());
        findings.refused.extend(more.refused);
        for text in findings.refused.iter().map(|(_, text)| text).chain(&more.noted) {
            self.violations.push(format!("{}: {text}", method.id));
        }
        findings.failure().map_or_else(|| Ok(body.unwrap_or_default()), Err)
    }

    fn call(&self, raw: &Raw, matched: &Matched, identity: String, body: Value) -> Call {
        let named = project(&matched.path, &raw.query);
        let named = named.and_then(|project| self.world.number(&project));
        let payer = raw.user_project.as_ref().and_then(|project| self.world.number(project));
        let version = raw.path.split('/').skip(1).find(|segment| segment.starts_with('v'));
        Call {
            host: matched.host.clone(),
            api: matched.api.clone(),
            version: version.unwrap_or_default().to_owned(),
            path: matched.path.clone(),
            query: raw.query.clone(),
            body,
            identity,
            project: named.or(payer).unwrap_or_else(|| self.world.first_project()),
            if_match: raw.if_match.clone(),
        }
    }
}

/// The API that a host is of: `us-east5-aiplatform` and `aiplatform.eu.rep` are `aiplatform`.
fn api_of(host: &str) -> &str {
    let host = host.split('.').next().unwrap_or(host);
    host.rsplit('-').next().unwrap_or(host)
}

/// The project that a path or query names.
fn project(path: &BTreeMap<String, String>, query: &[(String, String)]) -> Option<String> {
    for (name, value) in path {
        if matches!(name.as_str(), "project" | "projectId") {
            return Some(value.clone());
        }
        if let Some(rest) = value.strip_prefix("projects/") {
            return rest.split('/').next().map(str::to_owned);
        }
    }
    query.iter().find(|(name, _)| name == "project").map(|(_, value)| value.clone())
}

/// What a call is about, in words for an error.
fn resource(path: &BTreeMap<String, String>) -> String {
    let named = ["resource", "name", "parent"].iter().find_map(|name| path.get(*name));
    named.cloned().unwrap_or_else(|| path.values().cloned().collect::<Vec<_>>().join("/"))
}
