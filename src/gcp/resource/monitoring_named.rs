//! What Cloud Monitoring gives a name of its own: found again by the tenant and by an id of ours in
//! its labels. A lost answer may have left two of one; the oldest counts, and all go together.
//!
//! All are listed and chosen from here: there are few, and no filter's grammar has to be trusted.

use serde_json::{Value, json};

use crate::{
    error::{Error, Kind, Result},
    gcp::{
        Gcp, Labels, Mark,
        error::{Answered as _, Failure, Refusal},
        rest::Request,
    },
    reconcile::{Context, Owner},
};

const TRIES_WHEN_BUSY: u32 = 8;
/// The label with the resource's name.
const ID: &str = "groundwork-id";

/// Where things of a kind are listed.
pub(super) struct Listed {
    /// `monitoring.projects.alertPolicies.list`
    pub call: &'static str,
    /// `alertPolicies`, in paths.
    pub collection: &'static str,
    /// Where an answer has them.
    pub key: &'static str,
}

/// The tenant's labels, and the one that tells this thing from the tenant's others.
pub(super) fn marked(mark: &Mark, own: &Labels, id: &str) -> Labels {
    let mut labels = mark.with(own);
    labels.insert(ID.into(), id.to_owned());
    labels
}

pub(super) fn labels(found: &Value) -> Labels {
    let labels = found.get("userLabels").and_then(Value::as_object);
    let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    labels.into_iter().flatten().filter_map(text).collect()
}

pub(super) fn text(found: &Value, pointer: &str) -> String {
    found.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Those of ours, oldest first.
pub(super) async fn list(context: &Context<'_, Gcp>, listed: &Listed) -> Result<Vec<Value>> {
    let path = format!("v3/projects/{}/{}", context.cloud.project.id, listed.collection);
    let all: Vec<Value> =
        context.cloud.rest.get(listed.call, path).list(listed.key).await.done()?;
    Ok(ours(all, &context.cloud.mark, &context.id().name))
}

fn ours(mut all: Vec<Value>, mark: &Mark, id: &str) -> Vec<Value> {
    all.retain(|found| {
        let labels = labels(found);
        mark.owner(&labels) == Owner::Us && labels.get(ID).is_some_and(|it| it == id)
    });
    all.sort_by_cached_key(|found| {
        (text(found, "/creationRecord/mutateTime"), text(found, "/name"))
    });
    all
}

/// Makes one, unless an answer that was lost has left one behind. Of two that two runs have made at
/// the same time, the older one stays.
pub(super) async fn create(
    context: &Context<'_, Gcp>,
    (call, delete): (&'static str, &'static str),
    listed: &Listed,
    body: Value,
) -> Result<Value> {
    if let Some(found) = list(context, listed).await?.into_iter().next() {
        let name = text(&found, "/name");
        let message = format!("`{name}` is there already");
        return Err(Error::new(Kind::Exists, message));
    }
    let path = format!("v3/projects/{}/{}", context.cloud.project.id, listed.collection);
    let made = write(context, &context.cloud.rest.post(call, path).once().json(body)).await?;
    let last = |found: &Value| text(found, "/name").rsplit('/').next().map(ToOwned::to_owned);
    match delete_copies(context, delete, listed).await? {
        Some(first) if last(&first) != last(&made) => {
            let message = format!("another run has made `{}`", text(&first, "/name"));
            Err(Error::new(Kind::Exists, message))
        }
        _ => Ok(made),
    }
}

/// Removes all but the first, and gives that one.
pub(super) async fn delete_copies(
    context: &Context<'_, Gcp>,
    call: &'static str,
    listed: &Listed,
) -> Result<Option<Value>> {
    let mut all = list(context, listed).await?.into_iter();
    let first = all.next();
    for copy in all {
        remove(context, call, &copy).await?;
    }
    Ok(first)
}

/// Makes one change. Cloud Monitoring refuses a second one of the project beside it.
pub(super) async fn write(context: &Context<'_, Gcp>, request: &Request<'_>) -> Result<Value> {
    change(context, request).await?.done()
}

/// Removes one, if it is still there.
async fn remove(context: &Context<'_, Gcp>, call: &'static str, found: &Value) -> Result<()> {
    let path = format!("v3/{}", text(found, "/name"));
    change(context, &context.cloud.rest.delete(call, path)).await?.absent().map(drop)
}

async fn change(
    context: &Context<'_, Gcp>,
    request: &Request<'_>,
) -> Result<std::result::Result<Value, Failure>> {
    let _alone = context.cloud.monitoring.lock().await;
    let busy = |failure: &Failure| failure.refusal().is_some_and(Refusal::is_aborted);
    let what = "others to have changed Cloud Monitoring";
    context.retry(what, TRIES_WHEN_BUSY, busy, || request.send()).await
}

/// Removes all of ours that have this resource's id.
pub(super) async fn delete(
    context: &Context<'_, Gcp>,
    call: &'static str,
    listed: &Listed,
) -> Result<()> {
    for found in list(context, listed).await? {
        remove(context, call, &found).await?;
    }
    Ok(())
}

/// What was found, in the shape of what is wanted: what the cloud has added is left out, and what it
/// does not say of a field is the field's nothing.
pub(super) fn shaped(found: &Value, wanted: &Value) -> Value {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            let field = |(key, wanted): (&String, &Value)| {
                let found = found.get(key).unwrap_or(&Value::Null);
                (key.clone(), shaped(found, wanted))
            };
            wanted.iter().map(field).collect()
        }
        (Value::Array(found), Value::Array(wanted)) if found.len() == wanted.len() => {
            found.iter().zip(wanted).map(|(found, wanted)| shaped(found, wanted)).collect()
        }
        // `5` and `5.0` are one number.
        (Value::Number(number), _) => json!(number.as_f64()),
        (Value::Null, Value::Number(_)) => json!(0.0),
        (Value::Null, Value::Bool(_)) => json!(false),
        (Value::Null, Value::String(_)) => json!(""),
        _ => found.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ours_is_found_by_tenant_and_id_and_the_oldest_comes_first() {
        let mark = Mark { tenant: "t".into() };
        let of = |name: &str, time: &str, labels: &Labels| json!({"name": name, "userLabels": labels, "creationRecord": {"mutateTime": time}});
        let (a, none) = (marked(&mark, &Labels::new(), "a"), Labels::new());
        let others = marked(&Mark { tenant: "u".into() }, &none, "a");
        let all = vec![
            of("late", "2026-02-01T00:00:00Z", &a),
            of("early", "2026-01-01T00:00:00Z", &a),
            of("x", "2026-01-01T00:00:00Z", &marked(&mark, &none, "b")),
            of("y", "2026-01-01T00:00:00Z", &others),
            of("z", "2026-01-01T00:00:00Z", &none),
        ];
        let names: Vec<_> = ours(all, &mark, "a").iter().map(|it| text(it, "/name")).collect();
        assert_eq!(names, ["early", "late"]);
    }

    #[test]
    fn what_the_cloud_adds_is_no_difference() {
        let wanted = json!({"list": [{"value": 5.0, "on": true, "zero": 0.0}]});
        let found = json!({"list": [{"name": "x", "value": 5, "on": true}], "record": {}});
        assert_eq!(shaped(&found, &wanted), shaped(&wanted, &wanted));
        assert_ne!(shaped(&json!({"list": []}), &wanted), shaped(&wanted, &wanted));
        assert_ne!(shaped(&json!({}), &wanted), shaped(&wanted, &wanted));
    }
}
