//! The fake of the Google APIs: private endpoints, DNS, monitoring and budgets.

use serde_json::{Value, json};

use crate::support::google::fake::{
    Google,
    caller::OWNER,
    service::compute::{add_network, add_subnet},
};

const COMPUTE: &str = "compute/compute/v1/projects/acme-ai";
const DNS: &str = "dns/dns/v1/projects/acme-ai/managedZones";
const CHANNELS: &str = "monitoring/v3/projects/acme-ai/notificationChannels";
const POLICIES: &str = "monitoring/v3/projects/acme-ai/alertPolicies";
const BUDGETS: &str = "billingbudgets/v1/billingAccounts/0123AB-4567CD-89EF01/budgets";
const REQUEST: &str = "6f1f7ab4-3ab6-4c9c-8b0f-2b9a0d1c2e3f";

fn ready() -> Google {
    let google = Google::start("acme-ai");
    google.enable(&[
        "billingbudgets.googleapis.com",
        "cloudbilling.googleapis.com",
        "compute.googleapis.com",
        "dns.googleapis.com",
        "monitoring.googleapis.com",
        "servicedirectory.googleapis.com",
    ]);
    google
}

/// Status and body.
fn call(google: &Google, verb: &str, path: &str, body: &Value) -> (u16, Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .build()
        .into();
    let request = http::Request::builder()
        .method(verb)
        .uri(format!("{}/{path}", google.origin()))
        .header("authorization", format!("Bearer {OWNER}"))
        .header("x-goog-user-project", "acme-ai");
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let mut answer = match verb {
        "GET" => agent.run(request.body(()).unwrap()).unwrap(),
        _ => agent.run(request.body(text).unwrap()).unwrap(),
    };
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// What a call that is taken answers.
fn done(google: &Google, verb: &str, path: &str, body: &Value) -> Value {
    let (status, answer) = call(google, verb, path, body);
    assert!(status < 300, "{verb} {path}: {status} {answer}");
    answer
}

/// Code and reason of a refusal, in the older form.
fn refused(google: &Google, verb: &str, path: &str, body: &Value) -> (u16, String) {
    let (status, answer) = call(google, verb, path, body);
    let reason = answer["error"]["errors"][0]["reason"].as_str().unwrap_or_default();
    (status, reason.to_owned())
}

fn get(google: &Google, path: &str) -> Value {
    done(google, "GET", path, &Value::Null)
}

fn endpoint(address: &str) -> Value {
    json!({
        "name": "tenant",
        "network": "global/networks/default",
        "addressType": "INTERNAL",
        "purpose": "PRIVATE_SERVICE_CONNECT",
        "address": address,
    })
}

#[test]
fn an_address_is_outside_all_subnets_and_stays_while_a_rule_uses_it() {
    let google = ready();
    let addresses = format!("{COMPUTE}/global/addresses");
    for taken in ["10.202.1.9", "10.200.0.1"] {
        let refusal = refused(&google, "POST", &addresses, &endpoint(taken));
        assert_eq!(refusal, (400, "invalid".to_owned()), "{taken}");
    }
    let path = format!("{addresses}?requestId={REQUEST}");
    let operation = done(&google, "POST", &path, &endpoint("10.3.0.5"));
    assert_eq!(operation["status"], "PENDING");
    let again = done(&google, "POST", &path, &endpoint("10.3.0.5"));
    assert_eq!(again["name"], operation["name"], "the same request");
    let refusal = refused(&google, "POST", &addresses, &endpoint("10.3.0.5"));
    assert_eq!(refusal, (409, "alreadyExists".to_owned()));
    let name = operation["name"].as_str().unwrap();
    let wait = format!("{COMPUTE}/global/operations/{name}/wait");
    done(&google, "POST", &wait, &Value::Null);
    assert_eq!(done(&google, "POST", &wait, &Value::Null)["status"], "DONE");

    let rules = format!("{COMPUTE}/global/forwardingRules");
    let mut rule = json!({
        "name": "tenant",
        "IPAddress": "global/addresses/tenant",
        "network": "projects/acme-ai/global/networks/default",
        "target": "all-apis",
        "loadBalancingScheme": "",
        "labels": {"tenant": "t"},
    });
    let (status, answer) = call(&google, "POST", &rules, &rule);
    assert_eq!(status, 400, "{answer}");
    rule.as_object_mut().unwrap().remove("labels");
    done(&google, "POST", &rules, &rule);
    let address = format!("{addresses}/tenant");
    assert_eq!(get(&google, &address)["status"], "IN_USE");
    let refusal = refused(&google, "DELETE", &address, &Value::Null);
    assert_eq!(refusal, (400, "resourceInUseByAnotherResource".to_owned()));

    let rule = format!("{rules}/tenant");
    let fingerprint = get(&google, &rule)["labelFingerprint"].clone();
    let labels = json!({"labels": {"tenant": "t"}, "labelFingerprint": fingerprint});
    done(&google, "POST", &format!("{rule}/setLabels"), &labels);
    let refusal = refused(&google, "POST", &format!("{rule}/setLabels"), &labels);
    assert_eq!(refusal, (412, "conditionNotMet".to_owned()));
    let found = get(&google, &format!("{rules}?filter=labels.tenant%3Dt"));
    assert_eq!(found["items"][0]["pscConnectionStatus"], "ACCEPTED");
    let zones = || get(&google, DNS)["managedZones"].as_array().map_or(0, Vec::len);
    assert_eq!(zones(), 1, "p.googleapis.com comes with the endpoint");
    let change = json!({"allowPscGlobalAccess": true});
    assert_eq!(refused(&google, "PATCH", &rule, &change), (400, "invalid".to_owned()));
    done(&google, "DELETE", &rule, &Value::Null);
    assert_eq!(zones(), 0, "and goes with it");
    done(&google, "DELETE", &address, &Value::Null);
    assert_eq!(refused(&google, "GET", &address, &Value::Null), (404, "notFound".to_owned()));
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn a_subnet_is_patched_only_by_who_read_it() {
    let google = ready();
    google.world(|world| {
        add_network(world, "acme-ai", "own", false);
        add_subnet(world, "acme-ai", "own", "us-east5", "claude", "10.9.0.0/24");
    });
    let subnet = format!("{COMPUTE}/regions/us-east5/subnetworks/claude");
    let before = get(&google, &subnet);
    let operation = done(
        &google,
        "POST",
        &format!("{subnet}/setPrivateIpGoogleAccess"),
        &json!({"privateIpGoogleAccess": true}),
    );
    let watched =
        format!("{COMPUTE}/regions/us-east5/operations/{}", operation["name"].as_str().unwrap());
    assert_eq!(get(&google, &watched)["status"], "RUNNING");
    assert_eq!(get(&google, &watched)["status"], "DONE");
    let patch = json!({"privateIpGoogleAccess": false, "fingerprint": before["fingerprint"]});
    assert_eq!(refused(&google, "PATCH", &subnet, &patch), (412, "conditionNotMet".to_owned()));
    let now = get(&google, &subnet);
    assert_eq!(now["privateIpGoogleAccess"], true);
    let patch = json!({"privateIpGoogleAccess": false, "fingerprint": now["fingerprint"]});
    done(&google, "PATCH", &subnet, &patch);
    let network = get(&google, &format!("{COMPUTE}/global/networks/own"));
    assert_eq!(network["subnetworks"][0], now["selfLink"]);
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn a_zone_has_records_of_its_own_and_is_deleted_without_others() {
    let google = ready();
    let network = "https://www.googleapis.com/compute/v1/projects/acme-ai/global/networks/default";
    let mut zone = json!({
        "name": "apis",
        "dnsName": "googleapis.com.",
        "visibility": "private",
        "privateVisibilityConfig": {"networks": [{"networkUrl": network}]},
    });
    assert_eq!(refused(&google, "POST", DNS, &zone), (400, "required".to_owned()));
    zone["description"] = json!("");
    done(&google, "POST", DNS, &zone);
    zone["name"] = json!("twin");
    assert_eq!(refused(&google, "POST", DNS, &zone).0, 400, "the network sees one zone of a name");
    let zone = format!("{DNS}/apis");
    let sets = format!("{zone}/rrsets");
    let record = json!({
        "name": "aiplatform.googleapis.com.", "type": "A", "ttl": 300, "rrdatas": ["10.3.0.5"],
    });
    done(&google, "POST", &sets, &record);
    assert_eq!(refused(&google, "POST", &sets, &record), (409, "alreadyExists".to_owned()));
    let alias = json!({
        "name": "*.googleapis.com.", "type": "CNAME", "ttl": 300,
        "rrdatas": ["aiplatform.googleapis.com."],
    });
    let mut wrong = record.clone();
    wrong["ttl"] = json!(60);
    let changes = format!("{zone}/changes");
    let change = json!({"additions": [alias], "deletions": [wrong]});
    assert_eq!(refused(&google, "POST", &changes, &change).0, 412);
    let change = json!({"additions": [alias], "deletions": [record]});
    let pending = done(&google, "POST", &changes, &change);
    assert_eq!(pending["status"], "pending");
    assert_eq!(get(&google, &format!("{changes}/1"))["status"], "done");
    let first = get(&google, &sets);
    assert_eq!(
        (first["rrsets"].as_array().unwrap().len(), first["nextPageToken"].is_string()),
        (2, true)
    );
    let refusal = refused(&google, "DELETE", &zone, &Value::Null);
    assert_eq!(refusal, (400, "containerNotEmpty".to_owned()));
    done(&google, "DELETE", &format!("{sets}/*.googleapis.com./CNAME"), &Value::Null);
    assert_eq!(call(&google, "DELETE", &zone, &Value::Null), (204, Value::Null));
    let left = google.inventory();
    assert_eq!([&left["dns.managedZones"], &left["dns.resourceRecordSets"]], [&Value::Null; 2]);
    assert_eq!(google.violations(), [""; 0]);
}

fn threshold(filter: &str, duration: &str) -> Value {
    json!({
        "displayName": "Claude: too many",
        "combiner": "OR",
        "userLabels": {"groundwork-tenant": "t"},
        "conditions": [{
            "displayName": "429",
            "conditionThreshold": {
                "filter": filter, "comparison": "COMPARISON_GT", "duration": duration,
                "thresholdValue": 0,
            },
        }],
    })
}

const SERIES: &str = "metric.type=\"aiplatform.googleapis.com/x\" AND resource.type=\"y\"";

#[test]
fn channels_hide_their_secrets_and_stay_while_a_policy_notifies_them() {
    let google = ready();
    let slack = json!({
        "type": "slack",
        "labels": {"channel_name": "#ops", "auth_token": "xoxb-very-secret"},
        "userLabels": {"groundwork-tenant": "t"},
    });
    let channel = done(&google, "POST", CHANNELS, &slack);
    assert_eq!(channel["labels"]["auth_token"], "************cret");
    let name = channel["name"].as_str().unwrap();
    let mut policy = threshold(SERIES, "0s");
    policy["notificationChannels"] = json!([format!("{name}9")]);
    assert_eq!(call(&google, "POST", POLICIES, &policy).0, 404);
    policy["notificationChannels"] = json!([name]);
    let policy = done(&google, "POST", POLICIES, &policy);
    let path = format!("monitoring/v3/{name}");
    assert_eq!(call(&google, "DELETE", &path, &Value::Null).0, 400);
    done(&google, "DELETE", &format!("{path}?force=true"), &Value::Null);
    let policy = get(&google, &format!("monitoring/v3/{}", policy["name"].as_str().unwrap()));
    assert_eq!(policy.get("notificationChannels"), None);
    let webhook = json!({"type": "webhook_basicauth", "labels": {"url": "https://x.test"}});
    assert_eq!(call(&google, "POST", CHANNELS, &webhook).0, 400, "a label is missing");
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn alert_policies_are_named_by_the_server_and_replaced_without_a_mask() {
    let google = ready();
    for (filter, duration) in [("metric.type=\"x\"", "60s"), (SERIES, "90s")] {
        assert_eq!(call(&google, "POST", POLICIES, &threshold(filter, duration)).0, 400);
    }
    let mut logs = threshold(SERIES, "0s");
    logs["conditions"] = json!([
        {"displayName": "key", "conditionMatchedLog": {"filter": "severity>=NOTICE"}},
    ]);
    assert_eq!(call(&google, "POST", POLICIES, &logs).0, 400, "no rate limit");
    logs["alertStrategy"] = json!({"notificationRateLimit": {"period": "300s"}});
    done(&google, "POST", POLICIES, &logs);
    let first = done(&google, "POST", POLICIES, &threshold(SERIES, "60s"));
    let second = done(&google, "POST", POLICIES, &threshold(SERIES, "60s"));
    assert_ne!(first["name"], second["name"], "a repetition makes another");
    let condition = &first["conditions"][0];
    assert_eq!(condition["conditionThreshold"].get("thresholdValue"), None, "0 is not told");
    assert_eq!((&first["enabled"], first["mutationRecord"].is_object()), (&json!(true), true));

    let path = format!("monitoring/v3/{}", first["name"].as_str().unwrap());
    let masked = format!("{path}?updateMask=displayName");
    let patched = done(&google, "PATCH", &masked, &json!({"displayName": "Other"}));
    assert_eq!(patched["conditions"], first["conditions"]);
    let mut whole = threshold(SERIES, "60s");
    whole.as_object_mut().unwrap().remove("userLabels");
    let replaced = done(&google, "PATCH", &path, &whole);
    assert_eq!(replaced.get("userLabels"), None);
    assert_ne!(replaced["conditions"][0]["name"], condition["name"], "it did not say its name");

    let by = |filter: &str| {
        let filter =
            percent_encoding::utf8_percent_encode(filter, percent_encoding::NON_ALPHANUMERIC);
        let answer = get(&google, &format!("{POLICIES}?filter={filter}"));
        answer["alertPolicies"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(by("user_labels.\"groundwork-tenant\"=\"t\""), 2);
    assert_eq!(by("user_labels.groundwork-tenant=\"t\" AND display_name=\"Other\""), 0);
    assert_eq!(by("display_name=\"Claude: too many\" AND NOT user_labels.groundwork-tenant:*"), 1);
    assert_eq!(call(&google, "GET", &format!("{POLICIES}?filter=colour%3D1"), &Value::Null).0, 400);
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn budgets_keep_what_a_patch_without_mask_does_not_give() {
    let google = ready();
    let billing = get(&google, "cloudbilling/v1/projects/acme-ai/billingInfo");
    assert_eq!(
        format!("billingbudgets/v1/{}/budgets", billing["billingAccountName"].as_str().unwrap()),
        BUDGETS
    );
    let budget = json!({
        "displayName": "Claude",
        "budgetFilter": {"projects": ["projects/acme-ai"]},
        "amount": {"specifiedAmount": {"currencyCode": "USD", "units": 500}},
        "thresholdRules": [{"thresholdPercent": 0.9}],
    });
    let made = done(&google, "POST", BUDGETS, &budget);
    assert_eq!(made["budgetFilter"]["projects"], json!(["projects/123456789012"]));
    assert_eq!(made["amount"]["specifiedAmount"]["units"], "500");
    assert_eq!(made["thresholdRules"][0]["spendBasis"], "CURRENT_SPEND");
    let one = format!("billingbudgets/v1/{}", made["name"].as_str().unwrap());
    let patch = json!({"displayName": "Claude Code", "etag": made["etag"]});
    let patched = done(&google, "PATCH", &one, &patch);
    assert_eq!(
        (&patched["displayName"], &patched["amount"]),
        (&json!("Claude Code"), &made["amount"])
    );
    let (status, stale) = call(&google, "PATCH", &one, &patch);
    assert_eq!((status, &stale["error"]["status"]), (409, &json!("ABORTED")));
    let other = "billingbudgets/v1/billingAccounts/000000-000000-000000/budgets";
    assert_eq!(call(&google, "POST", other, &budget).0, 403);
    done(&google, "DELETE", &one, &Value::Null);
    done(&google, "DELETE", &one, &Value::Null);
    assert_eq!(call(&google, "GET", &one, &Value::Null).0, 404);
    assert_eq!(google.violations(), [""; 0]);
}
