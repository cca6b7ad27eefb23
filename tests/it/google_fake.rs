//! The fake of the Google APIs itself: what tests of the second cloud rely on.

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::google::fake::{
    Google, caller::OWNER, discovery::Discovery, journal::Fault, service,
};

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
    let request = http::Request::builder()
        .method(verb)
        .uri(url)
        .header("content-type", "application/json")
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
    let enabled = [&read["services"][0]["state"], &read["services"][1]["state"]];
    assert_eq!(enabled, ["ENABLED", "DISABLED"]);
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

const ACCOUNTS: &str = "iam/v1/projects/acme-ai/serviceAccounts";
const EMAIL: &str = "claude-code@acme-ai.iam.gserviceaccount.com";

fn account(google: &Google) -> (u16, Value) {
    let body = json!({"accountId": "claude-code", "serviceAccount": {"displayName": "Claude"}});
    post(google, ACCOUNTS, &body)
}

#[test]
fn a_new_account_is_unknown_at_first_and_a_deleted_one_leaves_its_grants() {
    let google = ready();
    google.slow_identity(2);
    let (status, created) = account(&google);
    assert_eq!((status, &created["email"]), (200, &json!(EMAIL)));
    assert_eq!(account(&google).1["error"]["status"], "ALREADY_EXISTS");
    let one = format!("{ACCOUNTS}/{EMAIL}");
    assert_eq!(get(&google, &one).0, 404);
    let grant = json!({"policy": {"bindings": [
        {"role": "roles/aiplatform.user", "members": [format!("serviceAccount:{EMAIL}")]},
    ]}});
    let set = format!("{CRM}:setIamPolicy");
    assert_eq!(post(&google, &set, &grant).0, 400);
    assert_eq!((post(&google, &set, &grant).0, get(&google, &one).0), (200, 200));
    let patch = json!({"serviceAccount": {"description": "x"}, "updateMask": "description"});
    let (_, patched) = send(&google, OWNER, "PATCH", &one, Some(&patch));
    assert_eq!((&patched["description"], &patched["displayName"]), (&json!("x"), &json!("Claude")));
    let (_, key) = post(&google, &format!("{one}/keys"), &json!({}));
    assert!(key["privateKeyData"].is_string());
    let before = google.inventory();
    assert_eq!(send(&google, OWNER, "DELETE", &one, None).0, 200);
    let policy = google.inventory()["policies"]["projects/123456789012"].clone();
    let unique = created["uniqueId"].as_str().unwrap();
    let member = format!("deleted:serviceAccount:{EMAIL}?uid={unique}");
    assert_eq!(policy["bindings"][0]["members"][0], member);
    let (_, back) = post(&google, &format!("{ACCOUNTS}/{unique}:undelete"), &json!({}));
    assert_eq!(back["restoredAccount"]["email"], EMAIL);
    assert_eq!(google.inventory(), before);
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn roles_and_pools_keep_their_ids_when_deleted() {
    let google = ready();
    google.polls(0);
    let roles = "iam/v1/projects/acme-ai/roles";
    for id in ["one", "two", "three"] {
        let role = json!({"title": id, "includedPermissions": ["aiplatform.endpoints.predict"]});
        assert_eq!(post(&google, roles, &json!({"roleId": id, "role": role})).0, 200);
    }
    let (_, page) = get(&google, roles);
    assert_eq!(page["roles"].as_array().map(Vec::len), Some(2));
    let token = page["nextPageToken"].as_str().unwrap();
    let (_, rest) = get(&google, &format!("{roles}?pageToken={token}"));
    assert_eq!(
        (rest["roles"].as_array().map(Vec::len), rest.get("nextPageToken")),
        (Some(1), None)
    );
    google.page_cap(5);
    assert_eq!(get(&google, roles).1["roles"].as_array().map(Vec::len), Some(3));
    assert_eq!(send(&google, OWNER, "DELETE", &format!("{roles}/one"), None).1["deleted"], true);
    assert_eq!(post(&google, roles, &json!({"roleId": "one", "role": {}})).0, 400);
    assert_eq!(post(&google, &format!("{roles}/one:undelete"), &json!({})).0, 200);

    let pools = "iam/v1/projects/acme-ai/locations/global/workloadIdentityPools";
    let create = format!("{pools}?workloadIdentityPoolId=claude");
    let (_, made) = post(&google, &create, &json!({"displayName": "Claude"}));
    let name = "projects/123456789012/locations/global/workloadIdentityPools/claude";
    assert_eq!((&made["done"], &made["response"]["name"]), (&json!(true), &json!(name)));
    let provider = json!({
        "oidc": {"issuerUri": "https://login.acme.example"},
        "attributeMapping": {"google.subject": "assertion.sub"},
    });
    let path = format!("{pools}/claude/providers?workloadIdentityPoolProviderId=acme");
    let (status, made) = post(&google, &path, &provider);
    assert_eq!(status, 200, "{made}");
    let grant = |pool: &str| {
        let member = format!("principalSet://iam.googleapis.com/{pool}/group/dev");
        let policy = json!({"bindings": [{"role": "roles/viewer", "members": [member]}]});
        post(&google, &format!("{CRM}:setIamPolicy"), &json!({"policy": policy})).0
    };
    assert_eq!(grant("projects/acme-ai/locations/global/workloadIdentityPools/claude"), 400);
    assert_eq!(grant(name), 200);
    let audience = format!("//iam.googleapis.com/{name}/providers/acme");
    let exchange = json!({"audience": audience, "subjectToken": "x"});
    let (_, token) = post(&google, "sts/v1/token", &exchange);
    let bearer = token["access_token"].as_str().unwrap();
    assert_eq!(send(&google, bearer, "GET", CRM, None).0, 200);
    assert_eq!(send(&google, OWNER, "DELETE", &format!("{pools}/claude"), None).0, 200);
    assert_eq!(post(&google, &create, &json!({})).0, 409);
    assert_eq!(post(&google, &format!("{pools}/claude:undelete"), &json!({})).0, 200);
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn tokens_come_from_the_metadata_server_and_posts_have_a_length() {
    let google = ready();
    let url = format!("{}/metadata/computeMetadata/v1/", google.url().trim_end_matches("/{api}"));
    let ask = |flavor: &str| {
        let url = format!("{url}instance/service-accounts/default/token");
        let config = ureq::get(url).header("metadata-flavor", flavor).config();
        config.http_status_as_error(false).build().call().unwrap()
    };
    assert_eq!(ask("").status(), 403);
    let token: Value = ask("Google").body_mut().read_json().unwrap();
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(send(&google, token, "GET", CRM, None).0, 200);
    assert_eq!(google.count().0, 1, "a token is no call");

    let mut stream = TcpStream::connect(google.origin().trim_start_matches("http://")).unwrap();
    let path =
        "serviceusage/v1beta1/projects/acme-ai/services/iam.googleapis.com:generateServiceIdentity";
    write!(stream, "POST /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 411"), "{answer}");
    assert_eq!(google.violations().len(), 1);
}

#[test]
fn every_method_that_is_implemented_is_documented() {
    let discovery = Discovery::installed();
    let mut seen = BTreeSet::new();
    for method in service::all() {
        let api = method.id.split('.').next().unwrap();
        assert!(discovery.ids(api).contains(&method.id), "{} is not documented", method.id);
        assert!(seen.insert(method.id), "{} is registered twice", method.id);
    }
    for api in [
        "aiplatform",
        "bigquery",
        "cloudkms",
        "cloudquotas",
        "compute",
        "dns",
        "logging",
        "storage",
    ] {
        assert!(!discovery.ids(api).is_empty(), "{api}");
    }
}

#[test]
fn a_users_call_needs_a_project_that_pays_for_it() {
    let google = ready();
    google.enable(&["cloudquotas.googleapis.com"]);
    let path = "cloudquotas/v1/projects/acme-ai/locations/global/quotaPreferences";
    let ask = |token: &str, payer: Option<&str>| {
        let mut request = ureq::get(format!("{}/{path}", google.origin()))
            .header("authorization", format!("Bearer {token}"));
        if let Some(payer) = payer {
            request = request.header("x-goog-user-project", payer);
        }
        let request = request.config().http_status_as_error(false).build();
        let body: Value = request.call().unwrap().body_mut().read_json().unwrap();
        body["error"]["details"][0]["reason"].clone()
    };
    assert_eq!(ask(OWNER, None), "SERVICE_DISABLED");
    assert_eq!(ask(OWNER, Some("another")), "USER_PROJECT_DENIED");
    google.bind("auditor", &["cloudquotas.quotas.get"]);
    assert_eq!(ask("auditor", Some("acme-ai")), "USER_PROJECT_DENIED");
    assert_eq!(google.violations(), [""; 0]);
}
