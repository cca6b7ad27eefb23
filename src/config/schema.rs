//! The JSON Schema of a configuration, for editors.
//!
//! It is the schema of the types, made as lenient as the reader is: `null` is as if left out,
//! `${NAME}` may stand for any value, and a number may be written as text. Without that an editor
//! would underline a file that works.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::Shape;

pub(super) const FILLED_IN: &str = r"\$\{.+\}";

/// The JSON Schema of a configuration.
pub fn schema<C: Shape>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<C>().to_value();
    lenient(&mut schema);
    schema
}

/// Goes through everything within a schema.
fn lenient(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    for inner in ["properties", "additionalProperties", "items"] {
        match object.get_mut(inner) {
            Some(Value::Object(properties)) if inner == "properties" => {
                for property in properties.values_mut() {
                    lenient(property);
                    relax(property);
                }
            }
            Some(one @ Value::Object(_)) => {
                lenient(one);
                relax(one);
            }
            _ => {}
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.iter_mut().for_each(lenient);
    }
}

/// Lets a value also be `null`, and a scalar also be filled in.
fn relax(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("format");
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        // An option of a mapping: `null` is among the choices already.
        if !choices.contains(&json!({"type": "null"})) {
            choices.push(json!({"type": "null"}));
        }
        return;
    }
    let mut types: Vec<String> = match object.get("type") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => {
            all.iter().filter_map(|one| one.as_str().map(ToOwned::to_owned)).collect()
        }
        _ => return,
    };
    let is = |name: &str| types.iter().any(|one| one == name);
    let literal = match () {
        () if is("integer") => Some("^-?[0-9]+$"),
        () if is("number") => Some("^-?[0-9.]+$"),
        () if is("boolean") => Some("^(true|false)$"),
        () => None,
    };
    let pattern = object.get("pattern").and_then(Value::as_str).or(literal).map(ToOwned::to_owned);
    let mut add = |name: &str| {
        if !types.iter().any(|one| one == name) {
            types.push(name.to_owned());
        }
    };
    if literal.is_some() {
        add("string");
    }
    add("null");
    if let Some(Value::Array(values)) = object.remove("enum") {
        let description = object.remove("description");
        let default = object.remove("default");
        *schema = json!({"anyOf": [
            {"enum": values},
            {"type": "string", "pattern": pattern.map(|pattern| format!("{pattern}|{FILLED_IN}"))},
            {"type": "null"},
        ]});
        for (key, value) in [("description", description), ("default", default)] {
            if let (Some(value), Some(object)) = (value, schema.as_object_mut()) {
                object.insert(key.into(), value);
            }
        }
        return;
    }
    object.insert("type".into(), json!(types));
    if let Some(pattern) = pattern {
        object.insert("pattern".into(), json!(format!("{pattern}|{FILLED_IN}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, VertexConfig};

    fn at(keys: &[&str]) -> Value {
        keys.iter().fold(schema::<Config>(), |schema, key| {
            let inner = schema["properties"].get(*key).or_else(|| {
                schema["anyOf"].as_array()?.iter().find_map(|one| one["properties"].get(*key))
            });
            inner.unwrap_or_else(|| panic!("there is no {key}")).clone()
        })
    }

    #[test]
    fn every_key_has_a_description_and_no_other_is_allowed() {
        fn walk(schema: &Value, path: &str) -> usize {
            let choices = schema["anyOf"].as_array().into_iter().flatten();
            let within: usize = choices.map(|one| walk(one, path)).sum();
            let items = schema.get("items").map_or(0, |items| walk(items, path));
            let Some(properties) = schema["properties"].as_object() else { return within + items };
            assert_eq!(schema["additionalProperties"], false, "{path}");
            let each = properties.iter().map(|(key, property)| {
                let path = format!("{path}.{key}");
                assert!(property["description"].is_string(), "{path} has no description");
                1 + walk(property, &path)
            });
            each.sum::<usize>() + within + items
        }
        assert!(walk(&schema::<Config>(), "") > 40);
        assert!(walk(&schema::<VertexConfig>(), "") > 60);
    }

    #[test]
    fn bounds_choices_patterns_and_defaults_are_told() {
        let days = at(&["bedrock", "logging", "retention_days"]);
        assert_eq!(days["default"], 30);
        assert_eq!(days["anyOf"][0]["enum"][0], 1);
        let seconds = at(&["bedrock", "access", "max_session_duration_seconds"]);
        assert_eq!((&seconds["minimum"], &seconds["maximum"]), (&json!(3600), &json!(43_200)));
        assert_eq!(seconds["default"], 3600);
        assert_eq!(at(&["tenant"])["default"], "claude-code");
        let region = at(&["bedrock", "region"]);
        assert_eq!(region["type"], json!(["string", "null"]));
        assert!(region["pattern"].as_str().unwrap().starts_with("^[a-z]"));
        assert_eq!(at(&["bedrock", "logging", "s3", "key_prefix"])["default"], "bedrock-logs/");
    }

    #[test]
    fn an_editor_accepts_what_the_reader_does() {
        let tokens = at(&["bedrock", "max_tokens"]);
        assert_eq!(tokens["type"], json!(["integer", "null", "string"]));
        assert_eq!(tokens["pattern"], r"^-?[0-9]+$|\$\{.+\}");
        let vpc = at(&["bedrock", "vpc_config"]);
        assert_eq!(vpc["type"], json!(["object", "null"]));
    }
}
