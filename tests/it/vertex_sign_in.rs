//! Each way to sign in to Google Cloud, over the wire and with the program itself: who is then
//! known to have called, who pays, and what is said where it does not work.

use std::{fs, os::unix::fs::PermissionsExt as _};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use serde_json::{Value, json};

use crate::support::{
    google::fake::{
        Google,
        caller::OWNER,
        token::{MACHINE, REVOKED, USER},
    },
    program::{Desk, Run},
    vertex::{PROJECT, SMALL},
};

/// Where gcloud puts what a person has signed in with.
const WELL_KNOWN: &str = ".config/gcloud/application_default_credentials.json";
const NAMED: &str = "GOOGLE_APPLICATION_CREDENTIALS";
const ROBOT: &str = "robot@elsewhere.iam.gserviceaccount.com";
/// A pool of another organization: whether it is there is none of this project's business.
const POOL: &str = "projects/999999999999/locations/global/workloadIdentityPools/ci";
const SECRET: &str = "s3cret-of-the-client";
const REFRESH: &str = "1//refresh-me";

fn google() -> Google {
    Google::start(PROJECT)
}

/// Who called, who was to pay, and how often, of the calls that are not for tokens.
fn callers(google: &Google) -> Vec<(String, Option<String>)> {
    let calls =
        google.calls().into_iter().filter(|call| !call.method.starts_with("iamcredentials"));
    let mut all: Vec<_> =
        calls.map(|call| (call.identity.unwrap_or_default(), call.user_project)).collect();
    all.dedup();
    all
}

/// Looks at the tenant, which takes many calls, and holds that all of them were this caller's.
fn is_signed_in(google: &Google, desk: &Desk, who: &str, payer: Option<&str>) -> Run {
    google.reset();
    let run = desk.run(&["status", "gcp"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert_eq!(callers(google), [(who.to_owned(), payer.map(ToOwned::to_owned))], "{run:?}");
    assert!(google.count().0 > 5, "{run:?}");
    assert_eq!(google.violations(), [""; 0]);
    run
}

/// Holds that it did not work, that this was said, and that no secret was.
fn is_not_signed_in(desk: &Desk, said: &[&str]) -> Run {
    let run = desk.run(&["status", "gcp", "--verbose"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(run.stdout, "");
    assert_eq!(run.stderr.matches("error: ").count(), 1, "{}", run.stderr);
    for part in said.iter().chain(&["hint: "]) {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    for secret in [SECRET, REFRESH, REVOKED, "PRIVATE KEY", "ya29"] {
        assert!(!run.stderr.contains(secret), "{}", run.stderr);
    }
    run
}

fn user(google: &Google) -> Value {
    json!({
        "type": "authorized_user",
        "client_id": "764086051850.apps.googleusercontent.com",
        "client_secret": SECRET,
        "refresh_token": REFRESH,
        "token_uri": format!("{}/oauth2/token", google.origin()),
    })
}

/// A key as Google would make one.
fn private_key() -> String {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let text = BASE64.encode(der.as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

fn service_account(email: &str, key_id: &str, private_key: &str) -> Value {
    json!({
        "type": "service_account",
        "project_id": "elsewhere",
        "private_key_id": key_id,
        "private_key": private_key,
        "client_email": email,
        "client_id": "100000000000000000001",
        "token_uri": "https://oauth2.googleapis.com/token",
    })
}

fn impersonation_url(google: &Google) -> String {
    let origin = google.origin();
    format!("{origin}/iamcredentials/v1/projects/-/serviceAccounts/{ROBOT}:generateAccessToken")
}

/// A workload of an identity provider that the pool trusts, with its token in a file.
fn federated(google: &Google, desk: &Desk) -> Value {
    // {"alg":"none"}.{"sub":"job-7"}.signature
    let token = desk.put("token", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJqb2ItNyJ9.c2ln");
    json!({
        "type": "external_account",
        "audience": format!("//iam.googleapis.com/{POOL}/providers/oidc"),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{}/sts/v1/token", google.origin()),
        "credential_source": { "file": token },
    })
}

/// Names a file with these credentials.
fn name(desk: &mut Desk, credentials: &Value) -> String {
    let path = desk.put("credentials.json", &credentials.to_string());
    desk.set(NAMED, &path);
    path
}

/// Puts a gcloud command first in the search path.
fn gcloud(desk: &mut Desk, script: &str) {
    let path = desk.put("bin/gcloud", &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    let folder = desk.path().join("bin").display().to_string();
    desk.set("PATH", &folder);
}

#[test]
fn with_a_token_that_somebody_else_has_got() {
    let google = google();
    let mut desk = Desk::owner(&google, SMALL);
    is_signed_in(&google, &desk, "owner@example.com", Some(PROJECT));
    // It goes before whatever else is there.
    let user = user(&google);
    name(&mut desk, &user);
    is_signed_in(&google, &desk, "owner@example.com", Some(PROJECT));
}

#[test]
fn as_a_service_account_with_a_key_of_its_own() {
    let google = google();
    let key = private_key();
    let mut desk = Desk::vertex(&google, SMALL);
    name(&mut desk, &service_account(ROBOT, "key-1", &key));
    is_signed_in(&google, &desk, ROBOT, None);
    // An account of this project has to be there, and its key too.
    let email = format!("robot@{PROJECT}.iam.gserviceaccount.com");
    name(&mut desk, &service_account(&email, "key-2", &key));
    is_not_signed_in(&desk, &["401 UNAUTHENTICATED"]);
    google.world(|world| {
        world.store("iam.serviceAccounts").insert(email.clone(), json!({"email": email}));
        let name = format!("projects/{PROJECT}/serviceAccounts/{email}/keys/key-2");
        world.store("iam.keys").insert(name.clone(), json!({"name": name}));
    });
    is_signed_in(&google, &desk, &email, None);
}

#[test]
fn as_a_person_by_a_file_that_is_named() {
    let google = google();
    let mut desk = Desk::vertex(&google, SMALL);
    let mut user = user(&google);
    name(&mut desk, &user);
    is_signed_in(&google, &desk, USER, Some(PROJECT));
    user["quota_project_id"] = json!(PROJECT);
    name(&mut desk, &user);
    is_signed_in(&google, &desk, USER, Some(PROJECT));
}

#[test]
fn as_a_person_by_the_file_that_gcloud_writes() {
    let google = google();
    let mut desk = Desk::vertex(&google, SMALL);
    desk.put(WELL_KNOWN, &user(&google).to_string());
    is_signed_in(&google, &desk, USER, Some(PROJECT));
    // It goes before the gcloud command line itself, and before a machine's own account.
    gcloud(&mut desk, "exit 1");
    desk.set("NO_GCE_CHECK", "");
    desk.set("GCE_METADATA_HOST", "127.0.0.1:9");
    is_signed_in(&google, &desk, USER, Some(PROJECT));
}

#[test]
fn a_name_of_a_file_that_is_empty_names_none() {
    let google = google();
    let mut desk = Desk::vertex(&google, SMALL);
    desk.put(WELL_KNOWN, &user(&google).to_string());
    desk.set(NAMED, "");
    desk.set("GOOGLE_OAUTH_ACCESS_TOKEN", "");
    is_signed_in(&google, &desk, USER, Some(PROJECT));
}

#[test]
fn as_the_machine_that_it_runs_on() {
    let google = google();
    let mut desk = Desk::vertex(&google, SMALL);
    desk.set("NO_GCE_CHECK", "");
    let host = google.origin().replace("http://", "");
    desk.set("GCE_METADATA_HOST", &format!("{host}/metadata"));
    is_signed_in(&google, &desk, MACHINE, None);
}

#[test]
fn as_a_workload_of_another_identity_provider() {
    let google = google();
    let mut desk = Desk::vertex(&google, SMALL);
    let mut federated = federated(&google, &desk);
    name(&mut desk, &federated);
    let who = format!("principal://iam.googleapis.com/{POOL}/subject/job-7");
    is_signed_in(&google, &desk, &who, None);
    federated["service_account_impersonation_url"] = json!(impersonation_url(&google));
    name(&mut desk, &federated);
    is_signed_in(&google, &desk, ROBOT, None);
}

#[test]
fn as_a_service_account_that_a_person_may_act_as() {
    let google = google();
    let mut desk = Desk::vertex(&google, SMALL);
    let credentials = json!({
        "type": "impersonated_service_account",
        "service_account_impersonation_url": impersonation_url(&google),
        "source_credentials": user(&google),
        "delegates": [],
    });
    name(&mut desk, &credentials);
    is_signed_in(&google, &desk, ROBOT, None);
}

#[test]
fn with_the_gcloud_command_line_where_there_is_no_file() {
    let google = google();
    let mut desk = Desk::vertex(&google, SMALL);
    gcloud(&mut desk, &format!("echo {OWNER}"));
    is_signed_in(&google, &desk, "owner@example.com", Some(PROJECT));
}

#[test]
fn a_gcloud_that_nobody_is_signed_in_to_is_said() {
    let google = google();
    let mut desk = Desk::vertex(&google, SMALL);
    gcloud(&mut desk, "echo 'You do not currently have an active account selected.' >&2; exit 1");
    is_not_signed_in(&desk, &["with the gcloud command line", "gcloud auth"]);
    gcloud(&mut desk, "echo a token of two lines; echo b");
    is_not_signed_in(&desk, &["characters that no token has"]);
    assert_eq!(google.count().0, 0);
}

#[test]
fn a_token_that_is_refused_is_said() {
    let google = google();
    let mut desk = Desk::vertex(&google, SMALL);
    desk.set("GOOGLE_OAUTH_ACCESS_TOKEN", "ya29.expired");
    is_not_signed_in(&desk, &["401 UNAUTHENTICATED", "GOOGLE_OAUTH_ACCESS_TOKEN"]);
    assert_eq!(google.count().0, 1, "it is not tried again");
}

#[test]
fn a_person_who_has_signed_out_is_told_to_sign_in() {
    let google = google();
    let mut desk = Desk::vertex(&google, SMALL);
    let mut user = user(&google);
    user["refresh_token"] = json!(REVOKED);
    name(&mut desk, &user);
    let login = "gcloud auth application-default login";
    is_not_signed_in(
        &desk,
        &["caused by: invalid_grant: Token has been expired or revoked.\n", login],
    );
    assert_eq!(google.count().0, 0);
}

#[test]
fn a_file_that_holds_no_credentials_is_said() {
    let google = google();
    let mut desk = Desk::vertex(&google, SMALL);
    desk.set(NAMED, "/nowhere/credentials.json");
    is_not_signed_in(&desk, &["`/nowhere/credentials.json`", NAMED]);
    let path = desk.put("credentials.json", "{\"private_key\": \"-----BEGIN PRIVATE KEY");
    desk.set(NAMED, &path);
    is_not_signed_in(&desk, &[&path, NAMED]);
    let broken = service_account(ROBOT, "key-1", "-----BEGIN PRIVATE KEY-----\nno\n");
    let mut without = user(&google);
    without.as_object_mut().unwrap().remove("refresh_token");
    for wrong in [json!({}), json!([]), json!({"type": "gdch"}), broken, without] {
        name(&mut desk, &wrong);
        is_not_signed_in(&desk, &[&path]);
    }
    assert_eq!(google.count().0, 0);
}

#[test]
fn a_file_by_gcloud_that_cannot_be_read_is_named() {
    let google = google();
    let desk = Desk::vertex(&google, SMALL);
    let path = desk.put(WELL_KNOWN, "no JSON");
    is_not_signed_in(&desk, &[&path, "gcloud auth application-default login"]);
}

#[test]
fn nothing_to_sign_in_with_is_said_and_not_waited_for() {
    let google = google();
    let desk = Desk::vertex(&google, SMALL);
    let login = "gcloud auth application-default login";
    is_not_signed_in(&desk, &["there is nothing to sign in to Google Cloud with", login, NAMED]);
    assert_eq!(google.count().0, 0);
}

#[test]
fn a_machine_whose_account_does_not_answer_is_said() {
    let google = google();
    let mut desk = Desk::vertex(&google, SMALL);
    desk.set("NO_GCE_CHECK", "");
    desk.set("GCE_METADATA_HOST", "127.0.0.1:9");
    is_not_signed_in(&desk, &["with this machine's own account", "refused"]);
    assert_eq!(google.count().0, 0);
}

#[test]
fn who_pays_can_be_named_whatever_signs_in() {
    let google = google();
    google.world(|world| world.add_project("payer", "111111111111"));
    let mut desk = Desk::vertex(&google, SMALL);
    desk.set("GOOGLE_CLOUD_QUOTA_PROJECT", "payer");
    for (credentials, who) in
        [(user(&google), USER), (service_account(ROBOT, "k", &private_key()), ROBOT)]
    {
        name(&mut desk, &credentials);
        is_signed_in(&google, &desk, who, Some("payer"));
    }
    desk.set("GOOGLE_OAUTH_ACCESS_TOKEN", OWNER);
    is_signed_in(&google, &desk, "owner@example.com", Some("payer"));
}

#[test]
fn what_needs_no_sign_in_asks_for_none() {
    let google = google();
    let desk = Desk::vertex(&google, SMALL);
    for arguments in
        [&["env", "gcp"][..], &["config", "check"], &["provision", "gcp", "--print-policy"]]
    {
        let run = desk.run(arguments);
        assert_eq!(run.code, Some(0), "{arguments:?}: {run:?}");
    }
    assert_eq!(google.count().0, 0);
}

/// The fake takes a request with a whole address, as a proxy gets it, for one of its own: so it is
/// a proxy to a host that there is not.
#[test]
fn calls_and_tokens_go_through_the_proxy_of_the_environment() {
    let google = google();
    let mut desk = Desk::vertex(&google, SMALL);
    desk.set("GROUNDWORK_GCP_ENDPOINT_URL", "http://google.invalid/{api}");
    desk.set("HTTP_PROXY", &google.origin());
    let mut user = user(&google);
    user["token_uri"] = json!("http://oauth.invalid/oauth2/token");
    name(&mut desk, &user);
    is_signed_in(&google, &desk, USER, Some(PROJECT));
}

#[test]
fn a_host_that_is_excepted_from_the_proxy_is_called_itself() {
    let google = google();
    let mut desk = Desk::owner(&google, SMALL);
    desk.set("HTTP_PROXY", "http://proxy.invalid");
    desk.set("NO_PROXY", "127.0.0.1");
    is_signed_in(&google, &desk, "owner@example.com", Some(PROJECT));
}

#[test]
fn a_call_over_https_asks_the_proxy_for_a_tunnel() {
    use std::io::{BufRead as _, BufReader};
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let google = google();
    let mut desk = Desk::owner(&google, SMALL);
    desk.set("GROUNDWORK_GCP_ENDPOINT_URL", "");
    desk.set("HTTPS_PROXY", &format!("http://{}", proxy.local_addr().unwrap()));
    let mut child = desk.spawn(&["status", "gcp"]);
    let (stream, _) = proxy.accept().unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(line, "CONNECT serviceusage.googleapis.com:443 HTTP/1.1\r\n");
}
