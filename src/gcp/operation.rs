//! Waiting for what Google does in the background.
//!
//! There are two shapes: `google.longrunning` with `done`, and the Compute Engine's with `status`.
//! An operation that has ended badly is a failure, though its own answer is HTTP 200.

use serde_json::Value;

use super::{
    Gcp,
    error::{Answered as _, Failure, Refusal},
};
use crate::{
    error::{Error, Kind, Result},
    reconcile::Context,
};

/// With the default pace, five minutes.
const TRIES: u32 = 41;

/// Where an operation is asked for.
#[derive(Clone, Debug)]
pub(super) struct Poll {
    /// `iam.projects.locations.workloadIdentityPools.operations.get`
    pub call: &'static str,
    /// What comes before the operation's name: `v1`, or of Compute Engine all of the path.
    pub base: String,
    pub host: Option<String>,
    /// What is waited for, as in «waiting for …».
    pub what: &'static str,
}

/// Waits until the operation has ended, and gives its `response`; of Compute Engine all of it.
pub(super) async fn finish(
    context: &Context<'_, Gcp>,
    poll: &Poll,
    mut operation: Value,
) -> Result<Value> {
    for attempt in 0..TRIES {
        if let Some(failure) = failure(poll.call, &operation) {
            return Err(failure.into_error());
        }
        if is_done(&operation) {
            let response = operation.get_mut("response").map(Value::take);
            return Ok(response.unwrap_or(operation));
        }
        context.pause(poll.what, attempt).await?;
        let name = operation.get("name").and_then(Value::as_str).unwrap_or_default();
        let mut request = context.cloud.rest.get(poll.call, format!("{}/{name}", poll.base));
        if let Some(host) = &poll.host {
            request = request.host(host.clone());
        }
        operation = request.send().await.done()?;
    }
    let name = operation.get("name").and_then(Value::as_str).unwrap_or_default();
    let message = format!("{}: `{name}` has not ended after five minutes", poll.call);
    Err(Error::new(Kind::Cloud, message).hint("running again is safe and goes on from here"))
}

fn is_done(operation: &Value) -> bool {
    let status = operation.get("status").and_then(Value::as_str);
    let done = operation.get("done").and_then(Value::as_bool);
    done == Some(true) || status == Some("DONE")
}

fn failure(call: &'static str, operation: &Value) -> Option<Failure> {
    let error = operation.get("error").filter(|error| !error.is_null())?;
    let Some(first) = error.pointer("/errors/0") else {
        return Some(Failure::Refused(Refusal::of_operation(call, error)));
    };
    // Compute Engine's: `RESOURCE_ALREADY_EXISTS` with a code for HTTP beside it.
    let mut refusal = Refusal::of_operation(call, first);
    let text = |key: &str| first.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let code = operation.get("httpErrorStatusCode").and_then(Value::as_u64);
    refusal.code = code.and_then(|code| u16::try_from(code).ok()).unwrap_or(refusal.code);
    (refusal.status, refusal.message) = (text("code"), text("message"));
    Some(Failure::Refused(refusal))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_shapes_of_an_end_are_known() {
        assert!(is_done(&json!({"done": true})));
        assert!(is_done(&json!({"status": "DONE"})));
        assert!(!is_done(&json!({"status": "RUNNING"})));
        assert!(!is_done(&json!({"name": "x"})));
    }

    #[test]
    fn an_operation_that_failed_is_a_failure() {
        let modern = json!({"done": true, "error": {"code": 6, "message": "there"}});
        let said = failure("iam.x", &modern).unwrap();
        assert_eq!(said.refusal().unwrap().to_string(), "iam.x: 409 ALREADY_EXISTS: there");
        let compute = json!({"status": "DONE", "httpErrorStatusCode": 400,
            "error": {"errors": [{"code": "IP_IN_USE", "message": "taken"}]}});
        let said = failure("compute.x", &compute).unwrap();
        assert_eq!(said.refusal().unwrap().to_string(), "compute.x: 400 IP_IN_USE: taken");
        assert!(failure("x", &json!({"done": true})).is_none());
    }
}
