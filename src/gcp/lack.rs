//! Which permissions the caller lacks, before anything is tried.

use serde_json::{Value, json};

use super::{Gcp, error::Answered as _};
use crate::error::Result;

/// One call takes no more.
const MOST: usize = 100;

/// Those of `permissions` that the caller does not have on the project, in order.
pub async fn lacking(gcp: &Gcp, permissions: &[&'static str]) -> Result<Vec<&'static str>> {
    let mut lacking = Vec::new();
    for some in permissions.chunks(MOST) {
        let path = format!("v3/projects/{}:testIamPermissions", gcp.project.id);
        let request = gcp.rest.post("cloudresourcemanager.projects.testIamPermissions", path);
        let has: Value = request.json(json!({ "permissions": some })).send().await.done()?;
        let has = has.get("permissions").and_then(Value::as_array).cloned().unwrap_or_default();
        lacking.extend(some.iter().filter(|permission| !has.contains(&json!(permission))));
    }
    Ok(lacking)
}
