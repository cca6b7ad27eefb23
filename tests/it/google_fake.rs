//! The fake of the Google APIs itself: what tests of the second cloud rely on.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use crate::support::google::fake::{Google, caller::OWNER, journal::Fault};

const PROJECT: &str = "acme-ai";

/// Status and body; 0: no answer.
pub fn send(
    google: &Google,
    token: &str,
    verb: &str,
    path: &str,
    body: Option<&Value>,
) -> (u16, Value) {
    let url = format!("{}/{path}", google.origin());
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .build()
        .into();
    let request = ureq::http::Request::builder()
        .method(verb)
        .uri(url)
        .header("authorization", format!("Bearer {token}"));
    let answer = match body {
        Some(body) => agent.run(request.body(body.to_string()).unwrap()),
        None if verb == "GET" => agent.run(request.body(()).unwrap()),
        None => agent.run(request.body(String::new()).unwrap()),
    };
    let Ok(mut answer) = answer else { return (0, Value::Null) };
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn post(google: &Google, path: &str, body: &Value) -> (u16, Value) {
    send(google, OWNER, "POST", path, Some(body))
}

fn get(google: &Google, path: &str) -> (u16, Value) {
    send(google, OWNER, "GET", path, None)
}

const CRM: &str = "cloudresourcemanager/v3/projects/acme-ai";

fn ready() -> Google {
    let google = Google::start(PROJECT);
    google.enable(&["cloudresourcemanager.googleapis.com", "iam.googleapis.com"]);
    google
}

#[test]
fn apis_are_off_until_enabled_and_their_operation_is_polled() {
    let google = Google::start(PROJECT);
    google.propagation(1);
    let (status, body) = get(&google, CRM);
    assert_eq!((status, &body["error"]["details"][0]["reason"]), (403, &json!("SERVICE_DISABLED")));
    let (status, operation) = post(
        &google,
        "serviceusage/v1/projects/acme-ai/services:batchEnable",
        &json!({"serviceIds": ["cloudresourcemanager.googleapis.com", "iam.googleapis.com"]}),
    );
    assert_eq!((status, operation.get("done")), (200, None), "{operation}");
    let path = format!("serviceusage/v1/{}", operation["name"].as_str().unwrap());
    assert_eq!(get(&google, &path).1.get("done"), None);
    assert_eq!(get(&google, &path).1["done"], true);
    assert_eq!(get(&google, CRM).0, 403, "not yet everywhere");
    assert_eq!(get(&google, CRM).1["name"], "projects/123456789012");
    let names = "names=projects/acme-ai/services/iam.googleapis.com&names=projects/acme-ai/services/dns.googleapis.com";
    let path = format!("serviceusage/v1/projects/acme-ai/services:batchGet?{names}");
    let (_, read) = get(&google, &path);
    let states = [&read["services"][0]["state"], &read["services"][1]["state"]];
    assert_eq!(states, ["ENABLED", "DISABLED"]);
    let path = "serviceusage/v1beta1/projects/acme-ai/services/aiplatform.googleapis.com:generateServiceIdentity";
    assert_eq!(send(&google, OWNER, "POST", path, None).0, 200);
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn what_the_documents_do_not_allow_is_refused() {
    let google = ready();
    let set = format!("{CRM}:setIamPolicy");
    let refused = |path: &str, body: &Value, wanted: &str| {
        let (status, body) = post(&google, path, body);
        assert_eq!(status, 400, "{body}");
        assert!(body["error"]["message"].as_str().unwrap().contains(wanted), "{body}");
        assert_eq!(
            body["error"]["details"][0]["@type"],
            "type.googleapis.com/google.rpc.BadRequest"
        );
    };
    refused(
        &set,
        &json!({"policy": {"binding": []}}),
        "Invalid JSON payload received. Unknown name \"binding\" at 'policy': Cannot find field.",
    );
    refused(&set, &json!({"policy": {"bindings": {}}}), "Invalid value at 'policy.bindings'");
    refused(&set, &json!({"policy": {"version": "x"}}), "'policy.version' (TYPE_INT32)");
    refused(&format!("{set}?x=1"), &json!({}), "Unknown name \"x\": Cannot bind query parameter.");
    assert_eq!(post(&google, "iam/v1/projects/acme-ai/nothing", &json!({})).0, 404);
    let log = "serviceusage/v1/projects/acme-ai/services/x.googleapis.com:disable";
    assert_eq!(post(&google, log, &json!({})).0, 501);
    assert_eq!(google.violations().len(), 6, "{:?}", google.violations());
    assert_eq!(send(&google, "nobody", "GET", CRM, None).0, 401);
}

#[test]
fn a_policy_is_replaced_within_its_mask_and_guarded_by_its_etag() {
    let google = ready();
    let (_, old) = post(&google, &format!("{CRM}:getIamPolicy"), &json!({}));
    let binding = json!({"role": "roles/viewer", "members": ["group:a@acme.example"]});
    let audit = json!([{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]);
    let policy =
        json!({"bindings": [binding], "auditConfigs": audit, "etag": old["etag"], "version": 3});
    let set = format!("{CRM}:setIamPolicy");
    let (status, new) = post(&google, &set, &json!({"policy": policy}));
    assert_eq!((status, new.get("auditConfigs")), (200, None), "not named, not taken");
    let (status, stale) = post(&google, &set, &json!({"policy": policy}));
    assert_eq!((status, &stale["error"]["status"]), (409, &json!("ABORTED")));
    let mut named = json!({"policy": policy, "updateMask": "bindings,etag,auditConfigs"});
    named["policy"]["etag"] = new["etag"].clone();
    google.stale("cloudresourcemanager.projects.setIamPolicy", 1, "projects/123456789012");
    assert_eq!(post(&google, &set, &named).0, 409);
    let (_, now) = post(&google, &format!("{CRM}:getIamPolicy"), &json!({}));
    named["policy"]["etag"] = now["etag"].clone();
    assert_eq!(post(&google, &set, &named).1["auditConfigs"], audit);
    let nobody = json!({"policy": {"bindings": [
        {"role": "roles/viewer", "members": ["serviceAccount:no@acme-ai.iam.gserviceaccount.com"]},
    ]}});
    let (status, body) = post(&google, &set, &nobody);
    assert_eq!(status, 400);
    assert_eq!(
        body["error"]["message"],
        "Service account no@acme-ai.iam.gserviceaccount.com does not exist."
    );
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn a_bound_caller_may_only_what_it_was_given() {
    let google = ready();
    google.bind("auditor", &["resourcemanager.projects.get"]);
    assert_eq!(send(&google, "auditor", "GET", CRM, None).0, 200);
    let path = format!("{CRM}:getIamPolicy");
    let (status, body) = send(&google, "auditor", "POST", &path, Some(&json!({})));
    assert_eq!(status, 403);
    let info = &body["error"]["details"][0];
    assert_eq!(info["reason"], "IAM_PERMISSION_DENIED");
    assert_eq!(info["metadata"]["permission"], "resourcemanager.projects.getIamPolicy");
    assert_eq!(google.used_permissions("auditor"), ["resourcemanager.projects.get"]);
    let asked = json!({"permissions": ["resourcemanager.projects.get", "iam.roles.create"]});
    let path = format!("{CRM}:testIamPermissions");
    let (_, had) = send(&google, "auditor", "POST", &path, Some(&asked));
    assert_eq!(had["permissions"], json!(["resourcemanager.projects.get"]));
}

#[test]
fn faults_strike_their_call() {
    let google = ready();
    let method = "cloudresourcemanager.projects.get";
    google.fault(method, 1, Fault::Status(503, Some(7)));
    google.fault(method, 2, Fault::Reset);
    google.fault("*", 3, Fault::Lost);
    let codes: Vec<u16> = (0..4).map(|_| get(&google, CRM).0).collect();
    assert_eq!(codes, [503, 0, 0, 200]);
    assert_eq!((google.count(), google.chain()), ((4, 0), 4));
    let faults: Vec<_> = google.calls().iter().map(|call| call.fault).collect();
    assert_eq!(faults, [Some("status"), Some("reset"), Some("lost"), None]);
    google.reset();
    google.delay(Duration::from_millis(20));
    google.fault("*", 1, Fault::Held);
    thread::scope(|scope| {
        let held = scope.spawn(|| get(&google, CRM).0);
        while google.count().0 < 1 {
            thread::yield_now();
        }
        assert_eq!(get(&google, CRM).0, 200);
        assert!(!held.is_finished());
        google.release();
        assert_eq!(held.join().unwrap(), 200);
    });
    assert_eq!(google.chain(), 1);
}
