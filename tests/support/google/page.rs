//! Lists in pages, never more at once than the fake's cap: a client that follows no token sees too little.

use serde_json::{Map, Value, json};

use super::{
    call::{Answer, Call},
    failure::Failure,
    world::World,
};

/// The page of `items` that the call asks for, in the field `field`; an empty one is left out.
pub fn page(world: &World, call: &Call, field: &str, items: Vec<Value>) -> Answer {
    let asked = call.query("pageSize").or_else(|| call.query("maxResults"));
    let asked = asked.and_then(|size| size.parse::<usize>().ok()).filter(|size| *size > 0);
    let size = asked.unwrap_or(world.page_cap).min(world.page_cap);
    let from = match call.query("pageToken") {
        None | Some("") => 0,
        Some(token) => token
            .strip_prefix("page-")
            .and_then(|offset| offset.parse::<usize>().ok())
            .ok_or_else(|| Failure::invalid("The page token is invalid."))?,
    };
    let more = from + size < items.len();
    let items: Vec<Value> = items.into_iter().skip(from).take(size).collect();
    let mut answer = Map::new();
    if !items.is_empty() {
        answer.insert(field.to_owned(), Value::Array(items));
    }
    if more {
        answer.insert("nextPageToken".to_owned(), json!(format!("page-{}", from + size)));
    }
    Ok(Value::Object(answer))
}
