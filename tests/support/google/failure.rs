//! The errors of Google's APIs, in the shapes that clients meet.

use serde_json::{Map, Value, json};

#[derive(Clone, Debug)]
pub struct Failure {
    pub code: u16,
    pub status: &'static str,
    pub message: String,
    /// The reason in the older form of compute, storage, BigQuery and DNS.
    pub older: &'static str,
    pub details: Vec<Value>,
}

impl Failure {
    pub fn new(code: u16, status: &'static str, message: &str) -> Self {
        let older = match code {
            400 => "invalid",
            401 => "authError",
            403 => "forbidden",
            404 => "notFound",
            409 => "alreadyExists",
            412 => "conditionNotMet",
            429 => "rateLimitExceeded",
            _ => "backendError",
        };
        Self { code, status, message: message.to_owned(), older, details: Vec::new() }
    }

    pub fn invalid(message: &str) -> Self {
        Self::new(400, "INVALID_ARGUMENT", message)
    }

    pub fn precondition(message: &str) -> Self {
        Self::new(400, "FAILED_PRECONDITION", message)
    }

    pub fn permission(message: &str) -> Self {
        Self::new(403, "PERMISSION_DENIED", message)
    }

    pub fn missing(message: &str) -> Self {
        Self::new(404, "NOT_FOUND", message)
    }

    pub fn exists(message: &str) -> Self {
        Self::new(409, "ALREADY_EXISTS", message)
    }

    /// Another writer was faster.
    pub fn concurrent() -> Self {
        Self::new(
            409,
            "ABORTED",
            "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.",
        )
    }

    /// Another reason in the older form than the code's own.
    pub fn older(mut self, reason: &'static str) -> Self {
        self.older = reason;
        self
    }

    /// An `ErrorInfo` detail.
    pub fn reason(self, reason: &str, domain: &str, metadata: &Value) -> Self {
        let info = json!({"reason": reason, "domain": domain, "metadata": metadata});
        self.detail("type.googleapis.com/google.rpc.ErrorInfo", info)
    }

    pub fn detail(mut self, kind: &str, fields: Value) -> Self {
        let mut detail = Map::new();
        detail.insert("@type".to_owned(), json!(kind));
        if let Value::Object(fields) = fields {
            detail.extend(fields);
        }
        self.details.push(Value::Object(detail));
        self
    }

    /// The body; `older` APIs have `errors`, and storage and DNS no `status`.
    pub fn body(&self, api: &str) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if matches!(api, "compute" | "storage" | "bigquery" | "dns") {
            error["errors"] =
                json!([{"message": self.message, "domain": "global", "reason": self.older}]);
        }
        if !matches!(api, "storage" | "dns") {
            error["status"] = json!(self.status);
        }
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        json!({"error": error})
    }
}
