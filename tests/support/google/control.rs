//! The fake's own paths (`/_fake/...`), for those who use it as a process.
//!
//! `GET inventory|calls|count|violations|used?who=W`, and with JSON bodies: `POST reset|release`,
//! `POST network {"name","automatic","subnets":{REGION:RANGE}}` (subnets are called like the network),
//! `POST bind {"who","permissions"}`, `POST fault {"method","nth","fault","code","wait","policy"}`,
//! `POST settings {"polls","pageCap","slowIdentity","propagation","delay"}`, `POST enable {"services"}`,
//! `POST project {"id","number"}`, `POST disable {"service"}`, `POST store {"kind","name","value"}` (`null`
//! removes).

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    journal::{Fault, Record},
    policy,
    service::compute,
    state::{Raw, State},
    wire::Shared,
    world::World,
};

pub fn answer(shared: &Shared, raw: &Raw, path: &str) -> (u16, Value) {
    let body: Value = serde_json::from_slice(&raw.body).unwrap_or_default();
    if path == "release" {
        shared.released.send_modify(|count| *count += 1);
        return (200, json!({}));
    }
    let state = &mut *shared.state();
    let value = if raw.verb == "GET" { asked(state, raw, path) } else { told(state, path, &body) };
    value.map_or_else(|| (404, json!({"error": format!("no {path}")})), |value| (200, value))
}

fn asked(state: &State, raw: &Raw, path: &str) -> Option<Value> {
    let records = state.journal.records();
    Some(match path {
        "inventory" => state.world.inventory(),
        "violations" => json!(state.violations),
        "calls" => records.iter().map(shown).collect(),
        "count" => json!({
            "calls": records.len(),
            "writes": records.iter().filter(|record| record.write).count(),
            "chain": state.journal.chain(),
        }),
        "used" => {
            let who = raw.query.iter().find(|(name, _)| name == "who")?;
            json!(state.world.callers.used(&who.1))
        }
        _ => return None,
    })
}

fn shown(record: &Record) -> Value {
    json!({
        "method": record.method,
        "write": record.write,
        "fault": record.fault,
        "begin": record.begin,
        "end": record.end,
        "status": record.status,
        "identity": record.identity,
        "userProject": record.user_project,
    })
}

fn told(state: &mut State, path: &str, body: &Value) -> Option<Value> {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    match path {
        "reset" => state.journal.reset(),
        "network" => network(&mut state.world, body),
        "bind" => {
            let permissions: Vec<&str> =
                body["permissions"].as_array()?.iter().filter_map(Value::as_str).collect();
            state.world.callers.bind(text("who"), &permissions);
        }
        "fault" => {
            let nth = body["nth"].as_u64().and_then(|nth| u32::try_from(nth).ok()).unwrap_or(1);
            state.journal.plan(body["method"].as_str().unwrap_or("*"), nth, fault(body)?);
        }
        "settings" => settings(state, body),
        "enable" => {
            let project = state.world.first_project();
            for service in body["services"].as_array()?.iter().filter_map(Value::as_str) {
                state.world.enable(&project, service);
            }
        }
        "disable" => {
            let project = state.world.first_project();
            state.world.disable(&project, text("service"));
        }
        "project" => state.world.add_project(text("id"), text("number")),
        "store" => {
            let store = state.world.store(text("kind"));
            match &body["value"] {
                Value::Null => store.remove(text("name")),
                value => store.insert(text("name").to_owned(), value.clone()),
            };
        }
        _ => return None,
    }
    Some(json!({}))
}

fn network(world: &mut World, body: &Value) {
    let (project, name) = (world.first_project(), body["name"].as_str().unwrap_or_default());
    compute::add_network(world, &project, name, body["automatic"] == true);
    for (region, range) in body["subnets"].as_object().into_iter().flatten() {
        let range = range.as_str().unwrap_or_default();
        compute::add_subnet(world, &project, name, region, name, range);
    }
}

fn fault(body: &Value) -> Option<Fault> {
    let number = |name: &str| body[name].as_u64();
    Some(match body["fault"].as_str()? {
        "lost" => Fault::Lost,
        "reset" => Fault::Reset,
        "held" => Fault::Held,
        "behind" => Fault::Behind,
        "status" => Fault::Status(
            u16::try_from(number("code").unwrap_or(503)).ok()?,
            number("wait").and_then(|wait| u32::try_from(wait).ok()),
        ),
        "stale" => {
            let resource = body["policy"].as_str()?.to_owned();
            Fault::Stale(Box::new(move |world| policy::touch(world, &resource)))
        }
        _ => return None,
    })
}

fn settings(state: &mut State, body: &Value) {
    let number = |name: &str| body[name].as_u64().and_then(|number| u32::try_from(number).ok());
    let world = &mut state.world;
    world.polls = number("polls").unwrap_or(world.polls);
    world.slow_identity = number("slowIdentity").unwrap_or(world.slow_identity);
    world.propagation = number("propagation").unwrap_or(world.propagation);
    if let Some(cap) = number("pageCap") {
        world.page_cap = cap as usize;
    }
    if let Some(delay) = number("delay") {
        state.delay = Duration::from_millis(delay.into());
    }
}
