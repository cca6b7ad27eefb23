//! What a discovery document says against a request, or against the fake's own answer.

use serde_json::{Value, json};

use super::{
    discovery::{Document, Method, Parameter, Schema},
    failure::Failure,
};

/// Google's front end takes these everywhere, whether documented or not.
const STANDARD: &[&str] = &[
    "$.xgafv",
    "$alt",
    "$prettyPrint",
    "access_token",
    "alt",
    "callback",
    "fields",
    "key",
    "oauth_token",
    "prettyPrint",
    "quotaUser",
    "uploadType",
    "upload_protocol",
    "userIp",
];

/// Vertex AI passes such bodies on as they are.
const RAW: &str = "GoogleApiHttpBody";

#[derive(Default)]
pub struct Findings {
    /// Field and description, as Google words them.
    pub refused: Vec<(String, String)>,
    /// Taken by Google, but never meant to be sent.
    pub noted: Vec<String>,
}

impl Findings {
    pub fn failure(&self) -> Option<Failure> {
        if self.refused.is_empty() {
            return None;
        }
        let text: Vec<&str> = self.refused.iter().map(|(_, text)| text.as_str()).collect();
        let fields: Vec<Value> = self
            .refused
            .iter()
            .map(|(field, text)| match field.as_str() {
                "" => json!({"description": text}),
                field => json!({"field": field, "description": text}),
            })
            .collect();
        Some(Failure::invalid(&text.join("\n")).detail(
            "type.googleapis.com/google.rpc.BadRequest",
            json!({"fieldViolations": fields}),
        ))
    }

    fn refuse(&mut self, field: &str, text: String) {
        self.refused.push((field.to_owned(), text));
    }
}

pub fn query(document: &Document, method: &Method, query: &[(String, String)]) -> Findings {
    let mut findings = Findings::default();
    for (index, (name, value)) in query.iter().enumerate() {
        let known = method.parameters.get(name).filter(|parameter| parameter.location == "query");
        if let Some(parameter) = known {
            let again = query[..index].iter().any(|(earlier, _)| earlier == name);
            if again && !parameter.repeated {
                findings.refuse("", format!(
                    "Invalid JSON payload received. Unknown name \"{name}\": Proto field is not repeating, cannot start list."
                ));
            }
            if let Some(text) = refused_text(parameter, value) {
                findings.refuse(
                    name,
                    format!("Invalid value at '{}' ({text}), \"{value}\"", snake(name)),
                );
            }
        } else if !document.parameters.contains_key(name) && !STANDARD.contains(&name.as_str()) {
            findings.refuse("", format!(
                "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. Field '{name}' could not be found in request message."
            ));
        }
    }
    for (name, parameter) in &method.parameters {
        let given = query.iter().any(|(given, _)| given == name);
        if parameter.required && parameter.location == "query" && !given {
            findings.refuse(name, format!("Required parameter: {name}"));
        }
    }
    findings
}

fn refused_text(parameter: &Parameter, value: &str) -> Option<&'static str> {
    match parameter.kind.as_str() {
        "integer" if value.parse::<i64>().is_err() => Some("TYPE_INT32"),
        "number" if value.parse::<f64>().is_err() => Some("TYPE_DOUBLE"),
        // gcloud writes them with a capital.
        "boolean" if !matches!(value, "true" | "false" | "True" | "False") => Some("TYPE_BOOL"),
        _ if !parameter.values.is_empty()
            && !parameter.values.iter().any(|known| known == value) =>
        {
            Some("TYPE_ENUM")
        }
        _ => None,
    }
}

/// What is wrong in `body` (`None`: there is none).
pub fn body(document: &Document, method: &Method, body: Option<&Value>) -> Findings {
    let mut check = Check { document, findings: Findings::default(), answer: false };
    let schema = method.request.as_ref().and_then(|name| document.schemas.get(name));
    if schema.is_some_and(|schema| schema.properties.values().any(is_raw)) {
        return check.findings;
    }
    match (&method.request, body) {
        (None, Some(Value::Object(fields))) if !fields.is_empty() => {
            for name in fields.keys() {
                check.unknown(name, "");
            }
        }
        (None, Some(_)) => check
            .findings
            .refuse("", "Invalid JSON payload received. The method takes no body.".to_owned()),
        (Some(name), Some(value)) => {
            // The message is the body of a `...Request`; else it is one field of the request.
            let root = if name.ends_with("Request") { String::new() } else { snake(name) };
            if let Some(schema) = document.schemas.get(name) {
                check.value(schema, value, &root);
            }
        }
        (_, None) => {}
    }
    check.findings
}

/// Any content at all, in place of the message that has it as a field.
fn is_raw(schema: &Schema) -> bool {
    schema.reference.as_deref() == Some(RAW)
}

/// What is wrong in the fake's own answer.
pub fn answer(document: &Document, method: &Method, answer: &Value) -> Findings {
    let mut check = Check { document, findings: Findings::default(), answer: true };
    if method.response.as_deref() == Some(RAW) {
        return check.findings;
    }
    let schema = method.response.as_ref().and_then(|name| document.schemas.get(name));
    if let Some(schema) = schema
        && !answer.is_null()
    {
        check.value(schema, answer, "");
    }
    check.findings
}

struct Check<'a> {
    document: &'a Document,
    findings: Findings,
    answer: bool,
}

impl Check<'_> {
    fn value(&mut self, schema: &Schema, value: &Value, path: &str) {
        let document = self.document;
        if let Some(schema) = schema.reference.as_ref().and_then(|name| document.schemas.get(name))
        {
            return self.value(schema, value, path);
        }
        if schema.kind.as_deref() == Some("any") || value.is_null() {
            return;
        }
        match (schema.kind.as_deref(), value) {
            (Some("object"), Value::Object(fields)) => self.object(schema, fields, path),
            (Some("array"), Value::Array(values)) => {
                let Some(items) = &schema.items else { return };
                for (index, value) in values.iter().enumerate() {
                    self.value(items, value, &format!("{path}[{index}]"));
                }
            }
            (Some(_), Value::Array(_)) => {
                let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
                self.findings.refuse(parent, format!(
                    "Invalid JSON payload received. Unknown name \"{name}\"{}: Proto field is not repeating, cannot start list.", at(parent)
                ));
            }
            (Some("object" | "array"), other) => {
                self.findings.refuse(path, format!("Invalid value at '{path}' (MESSAGE), {other}"));
            }
            // Compute Engine's endpoints for Google APIs are made with an empty one, which no document lists.
            (_, other) if path == "forwarding_rule.load_balancing_scheme" && other == "" => {}
            (_, other) => {
                if let Some(kind) = refused(schema, other) {
                    let text = format!("Invalid value at '{path}' ({kind}), {other}");
                    self.findings.refuse(path, text);
                }
            }
        }
    }

    fn object(&mut self, schema: &Schema, fields: &serde_json::Map<String, Value>, path: &str) {
        for (name, value) in fields {
            let inner = match path {
                "" => snake(name),
                path => format!("{path}.{}", snake(name)),
            };
            if let Some(property) = schema.properties.get(name) {
                if property.read_only && !self.answer {
                    self.findings.noted.push(format!("output only: {inner}"));
                }
                self.value(property, value, &inner);
            } else if let Some(values) = &schema.additional {
                self.value(values, value, &format!("{path}[{name}]"));
            } else if !schema.properties.is_empty() || !self.answer {
                self.unknown(name, path);
            }
        }
    }

    fn unknown(&mut self, name: &str, path: &str) {
        self.findings.refuse(
            path,
            format!(
                "Invalid JSON payload received. Unknown name \"{name}\"{}: Cannot find field.",
                at(path)
            ),
        );
    }
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" at '{path}'") }
}

/// The type that `value` should have had.
fn refused(schema: &Schema, value: &Value) -> Option<&'static str> {
    let text = value.as_str();
    let whole = value.is_i64() || value.is_u64();
    match (schema.kind.as_deref()?, schema.format.as_deref()) {
        ("string", Some("int64")) => {
            let good = whole || text.is_some_and(|text| text.parse::<i64>().is_ok());
            (!good).then_some("TYPE_INT64")
        }
        ("string", Some("uint64")) => {
            let good = value.is_u64() || text.is_some_and(|text| text.parse::<u64>().is_ok());
            (!good).then_some("TYPE_UINT64")
        }
        ("string", _) if !schema.values.is_empty() => {
            let known = text.is_some_and(|text| schema.values.iter().any(|value| value == text));
            (!known && !whole).then_some("TYPE_ENUM")
        }
        ("string", format) => match text {
            None => Some("TYPE_STRING"),
            Some(text) => refused_format(format, text),
        },
        ("integer", _) => {
            let good = whole || text.is_some_and(|text| text.parse::<i64>().is_ok());
            (!good).then_some("TYPE_INT32")
        }
        ("number", _) => {
            let good = value.is_number() || text.is_some_and(|text| text.parse::<f64>().is_ok());
            (!good).then_some("TYPE_DOUBLE")
        }
        ("boolean", _) => (!value.is_boolean()).then_some("TYPE_BOOL"),
        _ => None,
    }
}

fn refused_format(format: Option<&str>, text: &str) -> Option<&'static str> {
    match format? {
        "google-duration" => {
            let seconds = text.strip_suffix('s').and_then(|number| number.parse::<f64>().ok());
            seconds.is_none().then_some("type.googleapis.com/google.protobuf.Duration")
        }
        "google-datetime" | "date-time" => {
            let format = &time::format_description::well_known::Rfc3339;
            let time = time::OffsetDateTime::parse(text, format);
            time.is_err().then_some("type.googleapis.com/google.protobuf.Timestamp")
        }
        "google-fieldmask" => {
            let bad = text.split(',').any(|path| path.is_empty() || path.contains([' ', '_']));
            (bad && !text.is_empty()).then_some("type.googleapis.com/google.protobuf.FieldMask")
        }
        "byte" => {
            let letter = |letter: char| letter.is_ascii_alphanumeric() || "+/-_=".contains(letter);
            (!text.chars().all(letter)).then_some("TYPE_BYTES")
        }
        _ => None,
    }
}

fn snake(name: &str) -> String {
    let mut text = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}
