//! The fake of the Google APIs: keys, what is encrypted with them, and models.

use serde_json::{Value, json};

use crate::{
    google_fake::send,
    support::google::fake::{Google, caller::OWNER, service::aiplatform::Verdict},
};

fn post(google: &Google, path: &str, body: &Value) -> (u16, Value) {
    send(google, OWNER, "POST", path, Some(body))
}

fn patch(google: &Google, path: &str, body: &Value) -> (u16, Value) {
    send(google, OWNER, "PATCH", path, Some(body))
}

fn get(google: &Google, path: &str) -> (u16, Value) {
    send(google, OWNER, "GET", path, None)
}

fn delete(google: &Google, path: &str) -> (u16, Value) {
    send(google, OWNER, "DELETE", path, None)
}

fn ready() -> Google {
    let google = Google::start("acme-ai");
    let apis = ["cloudkms", "logging", "bigquery", "storage", "aiplatform"];
    let apis = apis.map(|api| format!("{api}.googleapis.com"));
    google.enable(&apis.each_ref().map(String::as_str));
    google
}

const RINGS: &str = "cloudkms/v1/projects/acme-ai/locations/europe-west1/keyRings";
const KEY: &str = "projects/acme-ai/locations/europe-west1/keyRings/r/cryptoKeys/k";
const LOGGING: &str = "logging/v2/projects/acme-ai";
const SETS: &str = "bigquery/bigquery/v2/projects/acme-ai/datasets";

fn with_key(google: &Google) {
    assert_eq!(post(google, &format!("{RINGS}?keyRingId=r"), &json!({})).0, 200);
    let key = json!({"purpose": "ENCRYPT_DECRYPT"});
    let (status, key) = post(google, &format!("{RINGS}/r/cryptoKeys?cryptoKeyId=k"), &key);
    assert_eq!((status, &key["primary"]["state"]), (200, &json!("ENABLED")), "{key}");
    assert_eq!(key["destroyScheduledDuration"], "2592000s");
}

fn grant(google: &Google, agent: &Value) {
    let (_, mut policy) = get(google, &format!("cloudkms/v1/{KEY}:getIamPolicy"));
    policy["bindings"] = json!([{
        "role": "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        "members": [format!("serviceAccount:{}", agent.as_str().unwrap())],
    }]);
    let (status, body) =
        post(google, &format!("cloudkms/v1/{KEY}:setIamPolicy"), &json!({"policy": policy}));
    assert_eq!(status, 200, "{body}");
}

#[test]
fn a_key_rotates_by_rule_and_goes_only_when_it_is_empty() {
    let google = ready();
    assert_eq!(post(&google, &format!("{RINGS}?keyRingId=r"), &json!({})).0, 200);
    assert_eq!(post(&google, &format!("{RINGS}?keyRingId=r"), &json!({})).0, 409);
    let keys = format!("{RINGS}/r/cryptoKeys");
    for (period, next) in
        [("3600s", "2099-01-01T00:00:00Z"), ("7776000s", "2020-01-01T00:00:00Z"), ("7776000s", "")]
    {
        let mut key = json!({"purpose": "ENCRYPT_DECRYPT", "rotationPeriod": period});
        if !next.is_empty() {
            key["nextRotationTime"] = json!(next);
        }
        assert_eq!(post(&google, &format!("{keys}?cryptoKeyId=k"), &key).0, 400, "{key}");
    }
    let key = json!({
        "purpose": "ENCRYPT_DECRYPT",
        "rotationPeriod": "7776000s",
        "nextRotationTime": "2099-01-01T00:00:00Z",
        "labels": {"a": "b"},
    });
    assert_eq!(post(&google, &format!("{keys}?cryptoKeyId=k"), &key).0, 200);
    let key = format!("{keys}/k");
    let change = json!({"purpose": "MAC", "versionTemplate": {"protectionLevel": "HSM"}});
    assert_eq!(patch(&google, &key, &change).0, 400, "no mask");
    assert_eq!(patch(&google, &format!("{key}?updateMask=purpose"), &change).0, 400);
    assert_eq!(patch(&google, &format!("{key}?updateMask=versionTemplate"), &change).0, 400);
    let (_, changed) = patch(&google, &format!("{key}?updateMask=labels"), &json!({}));
    assert_eq!((changed.get("labels"), &changed["rotationPeriod"]), (None, &json!("7776000s")));
    let version = format!("{key}/cryptoKeyVersions/1");
    assert_eq!(delete(&google, &format!("{RINGS}/r")).0, 400);
    assert_eq!(delete(&google, &key).0, 400);
    assert_eq!(delete(&google, &version).0, 400);
    let (_, destroyed) = post(&google, &format!("{version}:destroy"), &json!({}));
    assert_eq!(destroyed["state"], "DESTROY_SCHEDULED");
    let (_, restored) = post(&google, &format!("{version}:restore"), &json!({}));
    assert_eq!((&restored["state"], restored.get("destroyTime")), (&json!("DISABLED"), None));
    google.world(|world| {
        let name = format!("{KEY}/cryptoKeyVersions/1");
        world.store("cloudkms.cryptoKeyVersions").entry(name).or_default()["state"] =
            json!("DESTROYED");
    });
    assert_eq!(delete(&google, &version).0, 200);
    let (_, operation) = delete(&google, &key);
    let name = operation["name"].as_str().unwrap();
    assert!(name.starts_with("projects/123456789012/locations/europe-west1/operations/"));
    assert_eq!(get(&google, &format!("cloudkms/v1/{name}")).1.get("done"), None);
    assert_eq!(get(&google, &format!("cloudkms/v1/{name}")).1["done"], true);
    let again = json!({"purpose": "ENCRYPT_DECRYPT"});
    assert_eq!(post(&google, &format!("{keys}?cryptoKeyId=k"), &again).0, 409, "retired");
    assert_eq!(delete(&google, &format!("{RINGS}/r")).0, 200);
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn a_log_bucket_needs_the_key_and_keeps_its_name() {
    let google = ready();
    with_key(&google);
    let buckets = format!("{LOGGING}/locations/europe-west1/buckets");
    let bucket = json!({"retentionDays": 400, "cmekSettings": {"kmsKeyName": KEY}});
    let create = format!("{buckets}?bucketId=claude");
    let (status, body) = post(&google, &create, &bucket);
    assert_eq!(status, 400);
    assert!(body["error"]["message"].as_str().unwrap().contains("encrypt and decrypt"), "{body}");
    let (_, settings) = get(&google, &format!("{LOGGING}/settings"));
    grant(&google, &settings["kmsServiceAccountId"]);
    let elsewhere = format!("{LOGGING}/locations/us-east5/buckets?bucketId=claude");
    assert_eq!(post(&google, &elsewhere, &bucket).0, 400);
    let (status, made) = post(&google, &create, &bucket);
    assert_eq!((status, &made["lifecycleState"]), (200, &json!("ACTIVE")), "{made}");
    assert_eq!(post(&google, &create, &bucket).0, 409);
    let name = format!("{buckets}/claude");
    assert_eq!(patch(&google, &name, &json!({"retentionDays": 30})).0, 400);
    let other = json!({"cmekSettings": {}});
    assert_eq!(patch(&google, &format!("{name}?updateMask=cmekSettings"), &other).0, 400);
    assert_eq!(delete(&google, &name).0, 200);
    assert_eq!(get(&google, &name).1["lifecycleState"], "DELETE_REQUESTED");
    assert_eq!(post(&google, &create, &bucket).0, 409);
    let change = json!({"retentionDays": 30});
    assert_eq!(patch(&google, &format!("{name}?updateMask=retentionDays"), &change).0, 400);
    assert_eq!(post(&google, &format!("{name}:undelete"), &json!({})).0, 200);
    assert_eq!(post(&google, &format!("{name}:undelete"), &json!({})).0, 400);
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn a_sink_without_mask_loses_its_filter() {
    let google = ready();
    let sinks = format!("{LOGGING}/sinks");
    let own = "logging.googleapis.com/projects/123456789012/locations/global/buckets/_Default";
    let sink = json!({"name": "s", "destination": own, "filter": "a", "description": "d"});
    let (_, made) = post(&google, &format!("{sinks}?uniqueWriterIdentity=true"), &sink);
    assert_eq!(made.get("writerIdentity"), None, "{made}");
    assert_eq!(post(&google, &sinks, &sink).0, 409);
    let name = format!("{sinks}/s");
    let away = json!({"destination": "storage.googleapis.com/b"});
    assert_eq!(patch(&google, &name, &away).0, 400, "no unique identity any more");
    let (_, moved) = patch(&google, &format!("{name}?uniqueWriterIdentity=true"), &away);
    assert_eq!((moved.get("filter"), &moved["description"]), (None, &json!("d")));
    let writer = "serviceAccount:service-123456789012@gcp-sa-logging.iam.gserviceaccount.com";
    assert_eq!(moved["writerIdentity"], writer);
    let masked = format!("{name}?uniqueWriterIdentity=true&updateMask=filter");
    let (_, filtered) = patch(&google, &masked, &json!({"filter": "b"}));
    assert_eq!(filtered["destination"], away["destination"]);
    let (_, page) = get(&google, &sinks);
    assert!(page["nextPageToken"].is_string(), "with _Default and _Required: {page}");
    assert_eq!(delete(&google, &name).0, 200);
    assert_eq!(get(&google, &name).0, 404);
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn a_dataset_is_guarded_by_key_etag_and_tables() {
    let google = ready();
    with_key(&google);
    let set = json!({
        "datasetReference": {"projectId": "acme-ai", "datasetId": "logs"},
        "location": "europe-west1",
        "labels": {"a": "1", "b": "2"},
        "defaultTableExpirationMs": 7_776_000_000_u64,
        "defaultEncryptionConfiguration": {"kmsKeyName": KEY},
    });
    let (status, body) = post(&google, SETS, &set);
    assert_eq!((status, &body["error"]["errors"][0]["reason"]), (403, &json!("accessDenied")));
    let (_, agent) = get(&google, "bigquery/bigquery/v2/projects/acme-ai/serviceAccount");
    grant(&google, &agent["email"]);
    let (status, made) = post(&google, SETS, &set);
    assert_eq!((status, &made["defaultTableExpirationMs"]), (200, &json!("7776000000")), "{made}");
    assert_eq!(post(&google, SETS, &set).1["error"]["errors"][0]["reason"], "duplicate");
    let name = format!("{SETS}/logs");
    let (_, patched) = patch(&google, &name, &json!({"labels": {"a": null, "c": "3"}}));
    assert_eq!(patched["labels"], json!({"b": "2", "c": "3"}));
    assert_eq!(patch(&google, &name, &json!({"location": "US"})).0, 400);
    let update = json!({"datasetReference": set["datasetReference"], "labels": {}});
    let (_, updated) = send(&google, OWNER, "PUT", &name, Some(&update));
    assert_eq!(updated.get("defaultEncryptionConfiguration"), None, "replaced wholly");
    google.world(|world| {
        let table = "projects/acme-ai/datasets/logs/tables/t";
        world.store("bigquery.tables").insert(table.to_owned(), json!({"kind": "bigquery#table"}));
    });
    assert_eq!(get(&google, &format!("{name}/tables")).1["totalItems"], 1);
    assert_eq!(delete(&google, &name).1["error"]["errors"][0]["reason"], "resourceInUse");
    assert_eq!(delete(&google, &format!("{name}?deleteContents=true")).0, 204);
    assert_eq!(get(&google, &name).0, 404);
    assert_eq!(google.violations(), [""; 0]);
}

const MODEL: &str = "publishers/anthropic/models/claude-opus-5-5";

fn host(location: &str) -> String {
    match location {
        "global" => "aiplatform".to_owned(),
        "us" | "eu" => format!("aiplatform.{location}.rep"),
        region => format!("{region}-aiplatform"),
    }
}

fn predict(google: &Google, location: &str) -> u16 {
    let body = json!({
        "anthropic_version": "vertex-2023-10-16",
        "max_tokens": 1,
        "messages": [{"role": "user", "content": "Hi"}],
    });
    let host = host(location);
    let path = format!("{host}/v1/projects/acme-ai/locations/{location}/{MODEL}:rawPredict");
    post(google, &path, &body).0
}

#[test]
fn models_are_refused_in_their_own_ways() {
    let google = ready();
    assert_eq!(predict(&google, "global"), 200);
    let count = "aiplatform/v1/projects/acme-ai/locations/global/publishers/anthropic/models/count-tokens:rawPredict";
    let body = json!({"model": "claude-opus-5-5", "messages": []});
    assert_eq!(post(&google, count, &body).1["input_tokens"], 8);
    assert_eq!(predict(&google, "us-central1"), 400);
    let elsewhere = format!("aiplatform/v1/projects/acme-ai/locations/eu/{MODEL}:rawPredict");
    let (status, refused) = post(&google, &elsewhere, &json!({}));
    assert_eq!((status, &refused["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    let enable = format!("aiplatform/v1beta1/projects/acme-ai/{MODEL}:enableModel");
    for (verdict, state, after) in [
        (Verdict::NotEnabled, "ENABLEMENT_STATE_SUCCEEDED", 200),
        (Verdict::TermsOpen, "ENABLEMENT_STATE_FAILED", 404),
    ] {
        google.model("claude-opus-5-5", verdict);
        assert_eq!(predict(&google, "eu"), 404);
        assert_eq!(post(&google, &enable, &json!({})).1["enablementState"], state);
        assert_eq!(predict(&google, "eu"), after);
    }
    google.model("count-tokens", Verdict::NotAllowed);
    assert_eq!(post(&google, count, &body).1["error"]["status"], "FAILED_PRECONDITION");
    google.model("claude-opus-5-5", Verdict::NoQuota);
    assert_eq!(predict(&google, "us"), 429);
    google.model("claude-opus-5-5", Verdict::Served);
    let metric = "online_prediction_requests_per_base_model";
    google.quota(metric, "anthropic-claude-opus-5-5", "us-east5", 0);
    assert_eq!((predict(&google, "us-east5"), predict(&google, "europe-west1")), (429, 200));
    let metrics = "serviceusage/v1beta1/projects/acme-ai/services/aiplatform.googleapis.com/consumerQuotaMetrics";
    let one = format!("{metrics}/aiplatform.googleapis.com%2F{metric}");
    let (status, basic) = get(&google, &one);
    let buckets = |metric: &Value| {
        metric["consumerQuotaLimits"][0]["quotaBuckets"].as_array().unwrap().clone()
    };
    assert_eq!((status, buckets(&basic).len()), (200, 2), "{basic}");
    assert_eq!(buckets(&basic)[1]["effectiveLimit"], "0");
    let (_, full) = get(&google, &format!("{one}?view=FULL"));
    assert!(buckets(&full).len() > 20);
    assert!(get(&google, metrics).1["nextPageToken"].is_string());
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn a_model_config_is_replaced_without_a_mask() {
    let google = ready();
    google.model("claude-opus-5-5", Verdict::DataSharing);
    let at = "projects/acme-ai/locations/us-east5";
    let fetch = format!("us-east5-aiplatform/v1beta1/{at}/{MODEL}:fetchPublisherModelConfig");
    let set = format!("us-east5-aiplatform/v1beta1/{at}/{MODEL}:setPublisherModelConfig");
    assert_eq!(get(&google, &fetch), (200, json!({})));
    assert_eq!(predict(&google, "us-east5"), 403);
    let sharing = json!({"publisherModelConfig": {"dataSharingEnabledProvider": "ANTHROPIC"}});
    let (_, operation) = post(&google, &set, &sharing);
    let path = format!("us-east5-aiplatform/v1beta1/{}", operation["name"].as_str().unwrap());
    assert_eq!(get(&google, &path).1.get("done"), None);
    assert_eq!(get(&google, &path).1["done"], true);
    assert_eq!(predict(&google, "us-east5"), 200);
    let logging = |uri: &str| {
        json!({"loggingConfig": {
            "enabled": true,
            "samplingRate": 1.0,
            "bigqueryDestination": {"outputUri": uri},
        }})
    };
    let masked = json!({
        "publisherModelConfig": logging("bq://acme-ai.logs.claude"),
        "updateMask": "loggingConfig",
    });
    assert_eq!(post(&google, &set, &masked).0, 400, "no dataset");
    let data = json!({"datasetReference": {"projectId": "acme-ai", "datasetId": "logs"}});
    assert_eq!(post(&google, SETS, &data).0, 200);
    let global = set.replace("us-east5-", "").replace("us-east5", "global");
    assert_eq!(post(&google, &global, &masked).0, 400, "regional only");
    assert_eq!(post(&google, &set, &masked).0, 200);
    assert_eq!(post(&google, &set, &masked).0, 200, "the same again");
    assert_eq!(get(&google, &format!("{SETS}/logs/tables/claude")).0, 200);
    assert_eq!(get(&google, &fetch).1["dataSharingEnabledProvider"], "ANTHROPIC");
    let whole =
        json!({"publisherModelConfig": {"inferenceEventLoggingConfig": {"state": "ENABLED"}}});
    assert_eq!(post(&google, &set, &whole).0, 200);
    assert_eq!(get(&google, &fetch).1, whole["publisherModelConfig"]);
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn a_stream_is_a_text_and_a_bound_caller_predicts_only() {
    let google = ready();
    google.bind("claude", &["aiplatform.endpoints.predict"]);
    let path =
        format!("aiplatform.eu.rep/v1/projects/acme-ai/locations/eu/{MODEL}:streamRawPredict");
    let body = json!({
        "anthropic_version": "vertex-2023-10-16",
        "max_tokens": 1,
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": true,
    });
    let (status, text) = send(&google, "claude", "POST", &path, Some(&body));
    assert_eq!(status, 200);
    assert!(text.as_str().unwrap().starts_with("event: message_start\ndata: {"), "{text}");
    let set =
        path.replace("streamRawPredict", "setPublisherModelConfig").replace("v1/", "v1beta1/");
    let config = json!({"publisherModelConfig": {}});
    let (status, body) = send(&google, "claude", "POST", &set, Some(&config));
    let permission = &body["error"]["details"][0]["metadata"]["permission"];
    assert_eq!(status, 403);
    assert_eq!(permission, "aiplatform.endpoints.setPublisherModelConfig");
    let (_, page) = get(&google, "aiplatform/v1beta1/publishers/anthropic/models");
    assert_eq!(page["publisherModels"][0]["name"], "publishers/anthropic/models/claude-fable-5");
    assert_eq!(google.violations(), [""; 0]);
}

#[test]
fn a_bucket_is_one_of_all_names() {
    let google = ready();
    google.world(|world| {
        let foreign = json!({"_foreign": true});
        world.store("storage.buckets").insert("taken".to_owned(), foreign);
    });
    let buckets = "storage/storage/v1/b?project=acme-ai";
    assert_eq!(post(&google, buckets, &json!({"name": "taken"})).0, 409);
    assert_eq!(get(&google, "storage/storage/v1/b/taken").0, 403);
    let bucket = json!({"name": "logs", "retentionPolicy": {"retentionPeriod": 86400}});
    let (status, made) = post(&google, buckets, &bucket);
    assert_eq!((status, &made["retentionPolicy"]["retentionPeriod"]), (200, &json!("86400")));
    assert_eq!(post(&google, buckets, &bucket).1["error"]["errors"][0]["reason"], "conflict");
    let name = "storage/storage/v1/b/logs";
    let labels = json!({"labels": {"a": "b"}});
    assert_eq!(patch(&google, &format!("{name}?ifMetagenerationMatch=1"), &labels).0, 200);
    assert_eq!(patch(&google, &format!("{name}?ifMetagenerationMatch=1"), &labels).0, 412);
    let (_, mut policy) = get(&google, &format!("{name}/iam"));
    policy["bindings"] =
        json!([{"role": "roles/storage.objectCreator", "members": ["user:a@b.c"]}]);
    let (status, _) = send(&google, OWNER, "PUT", &format!("{name}/iam"), Some(&policy));
    assert_eq!(status, 200);
    let (status, _) = send(&google, OWNER, "PUT", &format!("{name}/iam"), Some(&policy));
    assert_eq!(status, 412, "stale");
    assert_eq!(delete(&google, name).0, 204);
    assert_eq!(google.violations(), [""; 0]);
}
