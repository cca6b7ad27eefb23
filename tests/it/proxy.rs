//! Our own calls through a company's proxy, as in a company: no endpoint of our own, the clouds under
//! their real names, and a real proxy between that asks for a password and reads what is encrypted.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _};

use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::json;

use crate::support::{
    emulator::{self, Account},
    google::fake::{Google, caller::OWNER},
    mitmproxy::{BEYOND, Mitmproxy, PASSWORD, Setup},
    program::{Desk, Run},
    tenant::{self, WHOLE, census},
    vertex::{self, PROJECT},
};

/// Signed in as the user of an account, and nothing else: the calls go where AWS is.
fn aws_desk(account: &Account, config: &str) -> Desk {
    let mut desk = Desk::new(config);
    for (name, value) in account.environment() {
        if name != "AWS_ENDPOINT_URL" {
            desk.set(&name, &value);
        }
    }
    desk
}

/// Signed in as who may do all, and nothing else: the calls go where Google Cloud is.
fn google_desk(config: &str) -> Desk {
    let mut desk = Desk::new("");
    desk.set("NO_GCE_CHECK", "true");
    desk.set("GOOGLE_OAUTH_ACCESS_TOKEN", OWNER);
    desk.put("vertex-config.yaml", config);
    desk
}

/// The tenant's configuration with a `proxy:` of these keys.
fn with_proxy(tenant: &str, keys: &[(&str, &str)]) -> String {
    let key = |(name, value): &(&str, &str)| format!("  {name}: {}\n", json!(value));
    let keys: String = keys.iter().map(key).collect();
    format!("{tenant}proxy:\n{keys}")
}

/// With the proxy and its authority.
fn behind(tenant: &str, proxy: &Mitmproxy) -> String {
    let authority = proxy.authority().display().to_string();
    with_proxy(tenant, &[("https_proxy", &proxy.url()), ("ca_bundle", &authority)])
}

/// Holds that the tenant is made, and that a second run finds nothing to do.
fn is_provisioned(desk: &Desk, cloud: &str) {
    for said in [" made", "all as they should be, nothing to do"] {
        let run = desk.run(&["provision", cloud, "--yes"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stderr.contains(said), "{run:?}");
        assert!(!run.stderr.contains("warning"), "{run:?}");
        says_no_secret(&run);
    }
}

/// Holds that it came to nothing, and that this was said once, with a way out.
fn fails(desk: &Desk, arguments: &[&str], code: i32, said: &[&str]) -> Run {
    let run = desk.run(arguments);
    assert_eq!(run.code, Some(code), "{run:?}");
    assert_eq!(run.stderr.matches("error: ").count(), 1, "{}", run.stderr);
    for part in said.iter().chain(&["hint: "]) {
        assert!(run.stderr.contains(part), "{part} is not in {}", run.stderr);
    }
    says_no_secret(&run);
    run
}

fn says_no_secret(run: &Run) {
    for secret in [PASSWORD, "s3cret", "wr0ng"] {
        assert!(!run.stderr.contains(secret) && !run.stdout.contains(secret), "{run:?}");
    }
}

/// A file of Google's with which a person is signed in.
fn person() -> String {
    let person = json!({
        "type": "authorized_user",
        "client_id": "764086051850.apps.googleusercontent.com",
        "client_secret": "of-the-client",
        "refresh_token": "1//refresh-me",
    });
    person.to_string()
}

const CHECK: &str = "hint: see where the way ends: groundwork proxy check";

fn interceptor() -> Setup {
    Setup::default().asking().aws()
}

#[test]
fn aws_is_provisioned_through_an_interceptor_by_the_configuration_alone() {
    let (account, proxy) = (Account::new(), interceptor().start());
    let desk = aws_desk(&account, &behind(tenant::SMALL, &proxy));
    is_provisioned(&desk, "aws");
    assert_eq!(census(&account.inventory()), WHOLE);
    let hosts = proxy.hosts("call");
    for host in ["sts.us-east-1.amazonaws.com", "iam.amazonaws.com", "kms.us-east-1.amazonaws.com"]
    {
        assert!(hosts.iter().any(|it| it == host), "{hosts:?}");
    }
    // Connections are used again, although many calls begin at once.
    let record = proxy.record();
    let (connects, calls): (Vec<_>, Vec<_>) =
        record.iter().partition(|line| line["kind"] == "connect");
    assert!(connects.len() < calls.len(), "{} for {}", connects.len(), calls.len());
    assert!(calls.iter().all(|line| line["http"] == "HTTP/2.0"), "{calls:?}");
}

#[test]
fn aws_is_provisioned_through_an_interceptor_by_the_environment_alone() {
    let (account, proxy) = (Account::new(), interceptor().start());
    let mut desk = aws_desk(&account, tenant::SMALL);
    desk.set("HTTPS_PROXY", &proxy.url());
    desk.set("AWS_CA_BUNDLE", &proxy.authority().display().to_string());
    is_provisioned(&desk, "aws");
    assert_eq!(census(&account.inventory()), WHOLE);
}

#[test]
fn aws_is_provisioned_through_a_forward_proxy_that_asks_for_a_password() {
    for by_configuration in [true, false] {
        let (account, proxy) = (Account::new(), interceptor().start());
        let configured = with_proxy(tenant::SMALL, &[("http_proxy", &proxy.url())]);
        let config = if by_configuration { &configured } else { tenant::SMALL };
        let mut desk = aws_desk(&account, config);
        desk.set("AWS_ENDPOINT_URL", BEYOND);
        if !by_configuration {
            desk.set("http_proxy", &proxy.url());
        }
        is_provisioned(&desk, "aws");
        assert_eq!(census(&account.inventory()), WHOLE);
    }
}

/// Holds that Google Cloud is provisioned through the proxy from this desk.
fn google_is_provisioned(google: &Google, proxy: &Mitmproxy, desk: &Desk) {
    google.polls(0);
    is_provisioned(desk, "gcp");
    assert_eq!(google.violations(), [""; 0]);
    let hosts = proxy.hosts("call");
    for host in ["serviceusage.googleapis.com", "cloudkms.googleapis.com"] {
        assert!(hosts.iter().any(|it| it == host), "{hosts:?}");
    }
}

#[test]
fn google_cloud_is_provisioned_through_an_interceptor_by_the_configuration_alone() {
    let google = Google::start(PROJECT);
    let proxy = Setup::default().asking().google(&google).start();
    let desk = google_desk(&behind(vertex::SMALL, &proxy));
    google_is_provisioned(&google, &proxy, &desk);
}

#[test]
fn google_cloud_is_provisioned_through_an_interceptor_by_the_environment_alone() {
    let google = Google::start(PROJECT);
    let proxy = Setup::default().asking().google(&google).start();
    let mut desk = google_desk(vertex::SMALL);
    desk.set("ALL_PROXY", &proxy.url());
    desk.set("NODE_EXTRA_CA_CERTS", &proxy.authority().display().to_string());
    google_is_provisioned(&google, &proxy, &desk);
}

#[test]
fn google_cloud_is_provisioned_through_a_forward_proxy_that_asks_for_a_password() {
    let google = Google::start(PROJECT);
    let proxy = Setup::default().asking().google(&google).start();
    let mut desk = google_desk(&with_proxy(vertex::SMALL, &[("http_proxy", &proxy.url())]));
    desk.set("GROUNDWORK_GCP_ENDPOINT_URL", "http://{api}.googleapis.com");
    google_is_provisioned(&google, &proxy, &desk);
}

#[test]
fn googles_own_library_signs_in_through_the_proxy_of_the_configuration() {
    let google = Google::start(PROJECT);
    let proxy = Setup::default().asking().google(&google).start();
    let mut desk = Desk::new("");
    desk.put("vertex-config.yaml", &behind(vertex::SMALL, &proxy));
    // A stale one is overruled.
    desk.set("https_proxy", "http://127.0.0.1:1");
    let path = desk.put("credentials.json", &person());
    desk.set("GOOGLE_APPLICATION_CREDENTIALS", &path);
    let run = desk.run(&["status", "gcp"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert_eq!(proxy.hosts("call").first().map(String::as_str), Some("oauth2.googleapis.com"));
}

#[test]
fn a_credential_process_is_told_of_the_proxy_and_its_authorities() {
    let (account, proxy) = (Account::new(), interceptor().start());
    // A path from the configuration's folder is one from every folder.
    let keys = [("https_proxy", &*proxy.url()), ("ca_bundle", "corp.pem")];
    let mut desk = Desk::new(&with_proxy(tenant::SMALL, &keys));
    desk.put("corp.pem", &fs::read_to_string(proxy.authority()).unwrap());
    let keys = json!({"Version": 1, "AccessKeyId": account.id, "SecretAccessKey": "test"});
    let script =
        desk.put("sign-in", &format!("#!/bin/sh\nenv >\"${{0%/*}}/seen\"\nprintf '%s' '{keys}'\n"));
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let profile = format!("[profile corp]\nregion = us-east-1\ncredential_process = {script}\n");
    let profiles = desk.put("aws-config", &profile);
    desk.set("AWS_CONFIG_FILE", &profiles);
    desk.set("AWS_EC2_METADATA_DISABLED", "true");
    desk.set("PATH", "/usr/bin:/bin");
    let run = desk.run(&["status", "aws", "--profile", "corp", "-c", "claude-config.yaml"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    let seen = fs::read_to_string(desk.path().join("seen")).unwrap();
    let authority = desk.path().join("corp.pem").display().to_string();
    for line in [
        format!("HTTPS_PROXY={}", proxy.url()),
        format!("https_proxy={}", proxy.url()),
        format!("AWS_CA_BUNDLE={authority}"),
        format!("SSL_CERT_FILE={authority}"),
    ] {
        assert!(seen.lines().any(|it| it == line), "{line} is not in {seen}");
    }
    let no_proxy = seen.lines().find(|line| line.starts_with("no_proxy=")).unwrap();
    assert!(no_proxy.contains("169.254.169.254"), "{no_proxy}");
}

#[test]
fn a_wrong_password_is_told_once_and_not_tried_again() {
    let proxy = interceptor().start();
    let wrong = [("https_proxy", &*proxy.url_with("wr0ng/p@ss"))];
    let refuses = format!("the proxy {} refuses the user and password of its URL", proxy.shown());
    let desk = aws_desk(&Account::new(), &with_proxy(tenant::SMALL, &wrong));
    fails(&desk, &["provision", "aws", "--yes"], 1, &[&refuses, CHECK]);
    assert_eq!(proxy.record().len(), 1, "{:?}", proxy.record());
    let desk = google_desk(&with_proxy(vertex::SMALL, &wrong));
    fails(&desk, &["provision", "gcp", "--yes"], 1, &[&refuses, CHECK]);
    assert_eq!(proxy.record().len(), 2, "{:?}", proxy.record());
    // In front of an address without encryption the proxy answers in the host's place.
    let wrong = [("http_proxy", &*proxy.url_with("wr0ng/p@ss"))];
    let mut desk = aws_desk(&Account::new(), &with_proxy(tenant::SMALL, &wrong));
    desk.set("AWS_ENDPOINT_URL", BEYOND);
    fails(&desk, &["provision", "aws", "--yes"], 1, &[&refuses, CHECK]);
}

#[test]
fn a_proxy_that_asks_for_a_password_is_told_apart_from_a_wrong_one() {
    let proxy = interceptor().start();
    let url = format!("http://{}", proxy.address);
    let desk = google_desk(&with_proxy(vertex::SMALL, &[("https_proxy", &url)]));
    let asks = format!("the proxy {url} asks for a user and a password (407)");
    fails(&desk, &["status", "gcp"], 1, &[&asks, "http://USER:PASSWORD@HOST:PORT", CHECK]);
}

#[test]
fn an_interceptor_that_is_not_trusted_is_named() {
    let proxy = interceptor().start();
    let untrusted = [("https_proxy", &*proxy.url())];
    let issued = "does not hold: it was issued by `mitmproxy`, which is not trusted here";
    let desk = aws_desk(&Account::new(), &with_proxy(tenant::SMALL, &untrusted));
    let host = "the certificate of `sts.us-east-1.amazonaws.com`";
    let remedy = "name a PEM file of its authorities: `proxy.ca_bundle`";
    fails(&desk, &["status", "aws"], 1, &[host, issued, remedy, CHECK]);
    let desk = google_desk(&with_proxy(vertex::SMALL, &untrusted));
    let host = "the certificate of `serviceusage.googleapis.com`";
    fails(&desk, &["status", "gcp"], 1, &[host, issued, remedy, CHECK]);
    assert_eq!(proxy.hosts("call"), [""; 0]);
}

#[test]
fn a_host_that_the_proxy_does_not_let_through_is_named() {
    let proxy = interceptor().refusing("sts.us-east-1.amazonaws.com").start();
    let desk = aws_desk(&Account::new(), &behind(tenant::SMALL, &proxy));
    let refused = "does not let `sts.us-east-1.amazonaws.com` through";
    fails(&desk, &["status", "aws"], 1, &[&proxy.shown(), refused, CHECK]);
}

#[test]
fn a_host_that_does_not_speak_tls_is_not_taken_for_the_proxy() {
    let plain = emulator::url().trim_start_matches("http://");
    let proxy = interceptor().tunnel("sts.us-east-1.amazonaws.com", plain).start();
    let desk = aws_desk(&Account::new(), &behind(tenant::SMALL, &proxy));
    let said = "`sts.us-east-1.amazonaws.com` does not speak TLS";
    fails(&desk, &["status", "aws"], 1, &[said, CHECK]);
}

#[test]
fn a_proxy_that_is_not_there_is_told_by_its_own_name() {
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://ada:s3cret@{address}");
    let desk = aws_desk(&Account::new(), &with_proxy(tenant::SMALL, &[("https_proxy", &url)]));
    let refused =
        format!("the proxy http://ada:***@{address} cannot be reached: connection refused");
    fails(&desk, &["status", "aws"], 1, &[&refused, CHECK]);
    let url = "http://ada:s3cret@proxy.invalid:3128";
    let desk = google_desk(&with_proxy(vertex::SMALL, &[("https_proxy", url)]));
    let absent = "the proxy http://ada:***@proxy.invalid:3128 is not found";
    fails(&desk, &["status", "gcp"], 1, &[absent, CHECK]);
}

#[test]
fn what_is_named_in_no_proxy_is_reached_without_it() {
    let refused = with_proxy(tenant::SMALL, &[("http_proxy", "http://127.0.0.1:1")]);
    let mut desk = aws_desk(&Account::new(), &refused);
    desk.set("AWS_ENDPOINT_URL", "http://tenant.invalid:8080");
    fails(&desk, &["status", "aws"], 1, &["the proxy http://127.0.0.1:1", CHECK]);
    // Nobody has that name.
    for list in ["*", "*.invalid a.test", "tenant.invalid:8080"] {
        desk.set("NO_PROXY", list);
        fails(&desk, &["status", "aws"], 1, &["`tenant.invalid` is not found"]);
    }
}

#[test]
fn this_machine_itself_is_reached_without_the_proxy() {
    let nobody = "http://127.0.0.1:1";
    let keys = [("https_proxy", nobody), ("http_proxy", nobody)];
    let mut desk = aws_desk(&Account::new(), &with_proxy(tenant::SMALL, &keys));
    desk.set("AWS_ENDPOINT_URL", emulator::url());
    assert_eq!(desk.run(&["status", "aws"]).code, Some(3));
}

#[test]
fn files_that_are_no_use_are_told_before_any_call() {
    let proxy = interceptor().start();
    let url = proxy.url();
    let (account, key) = (Account::new(), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n");
    let authority = fs::read_to_string(proxy.authority()).unwrap();
    let desk = aws_desk(&account, "");
    for (name, text) in [("empty.pem", ""), ("key.pem", key), ("client.pem", &*authority)] {
        desk.put(name, text);
    }
    fs::write(desk.path().join("ca.der"), [0x30, 0x82, 0x01]).unwrap();
    let client = ("client_cert", "client.pem");
    for (keys, said) in [
        (&[("ca_bundle", "absent.pem")][..], &["absent.pem", "`proxy.ca_bundle`"][..]),
        (&[("ca_bundle", "empty.pem")], &["there is no certificate in", "empty.pem"]),
        (&[("ca_bundle", "ca.der")], &["openssl x509 -inform der"]),
        (&[client, ("client_key", "key.pem")], &["is encrypted", "openssl pkey"]),
        (&[client, ("client_key", "empty.pem")], &["there is no private key in"]),
    ] {
        let keys = [&[("https_proxy", &*url)], keys].concat();
        desk.write(&with_proxy(tenant::SMALL, &keys));
        fails(&desk, &["status", "aws"], 2, said);
    }
    assert_eq!(proxy.record(), [json!(null); 0]);
}

#[test]
fn a_socks_proxy_is_refused_at_once() {
    let mut desk = aws_desk(&Account::new(), tenant::SMALL);
    desk.set("ALL_PROXY", "socks5://ada:s3cret@127.0.0.1:1080");
    fails(&desk, &["status", "aws"], 2, &["ALL_PROXY names a SOCKS proxy", "HTTPS_PROXY"]);
    // What Claude Code needs is told without a call.
    assert_eq!(desk.run(&["env", "aws"]).code, Some(0));
}

#[test]
fn an_odd_variable_of_a_proxy_keeps_nobody_from_what_makes_no_call() {
    for (name, value) in [
        ("HTTPS_PROXY", "socks5://ada:s3cret@127.0.0.1:1080"),
        ("HTTPS_PROXY", " "),
        ("https_proxy", "http://ada:s3cret@proxy:3128/path"),
        ("ALL_PROXY", "ftp://ada:s3cret@x"),
    ] {
        let mut desk = aws_desk(&Account::new(), tenant::SMALL);
        desk.set(name, value);
        for arguments in [&["env"][..], &["proxy", "env"], &["config", "check"]] {
            let run = desk.run(arguments);
            assert_eq!(run.code, Some(0), "{name} {value}: {run:?}");
        }
        if value != " " {
            fails(&desk, &["status", "aws"], 2, &[name, &format!("unset {name}")]);
        }
    }
}

#[test]
fn an_environment_that_names_what_is_not_there_says_so() {
    let account = Account::new();
    let mut desk = aws_desk(&account, tenant::SMALL);
    desk.set("AWS_ENDPOINT_URL", emulator::url());
    desk.set("NODE_EXTRA_CA_CERTS", "/nowhere/stale.pem");
    let run = desk.run(&["status", "aws"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.stderr.contains("warning: NODE_EXTRA_CA_CERTS names `/nowhere/stale.pem`"));
    assert!(!desk.run(&["env"]).stderr.contains("NODE_EXTRA_CA_CERTS"));
    desk.set("SSL_CERT_FILE", "/nowhere/system.pem");
    let said = ["there is no authority in what SSL_CERT_FILE names", "unset SSL_CERT_FILE"];
    fails(&desk, &["status", "aws"], 2, &said);
}

#[test]
fn a_sign_in_that_the_proxy_does_not_let_through_is_not_called_one_that_is_refused() {
    let proxy = interceptor().refusing("oauth2.googleapis.com").start();
    let mut desk = Desk::new("");
    desk.put("vertex-config.yaml", &behind(vertex::SMALL, &proxy));
    let path = desk.put("credentials.json", &person());
    desk.set("GOOGLE_APPLICATION_CREDENTIALS", &path);
    let refused = "the proxy does not let `oauth2.googleapis.com` through";
    let run = fails(&desk, &["status", "gcp"], 1, &[refused, CHECK]);
    assert!(!run.stderr.contains("gcloud auth"), "{}", run.stderr);
}

#[test]
fn a_network_that_asks_who_calls_is_shown_the_machines_certificate() {
    let google = Google::start(PROJECT);
    let asking = Setup::default().set("request_client_cert", "true");
    let proxy = asking.google(&google).start();
    let key = KeyPair::generate().unwrap();
    let mut machine = CertificateParams::new(Vec::new()).unwrap();
    machine.distinguished_name.push(DnType::CommonName, "machine-7");
    let machine = machine.self_signed(&key).unwrap();
    let (authority, url) = (proxy.authority().display().to_string(), proxy.url());
    let desk = google_desk(&with_proxy(
        vertex::SMALL,
        &[
            ("https_proxy", &url),
            ("ca_bundle", &authority),
            ("client_cert", "machine.pem"),
            ("client_key", "machine-key.pem"),
        ],
    ));
    desk.put("machine.pem", &machine.pem());
    desk.put("machine-key.pem", &key.serialize_pem());
    assert_eq!(desk.run(&["status", "gcp"]).code, Some(3));
    let calls: Vec<_> = proxy.record().into_iter().filter(|it| it["kind"] == "call").collect();
    assert!(!calls.is_empty());
    assert!(calls.iter().all(|call| call["client"] == "machine-7"), "{calls:?}");
}

#[test]
fn the_authorities_of_an_aws_profile_are_trusted() {
    let (account, proxy) = (Account::new(), interceptor().start());
    let mut desk = aws_desk(&account, tenant::SMALL);
    desk.set("HTTPS_PROXY", &proxy.url());
    let authority = proxy.authority().display().to_string();
    let profiles = desk.put("aws-config", &format!("[default]\nca_bundle = {authority}\n"));
    desk.set("AWS_CONFIG_FILE", &profiles);
    let run = desk.run(&["status", "aws"]);
    assert_eq!(run.code, Some(3), "{run:?}");
}
