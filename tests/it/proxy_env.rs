//! What is told of the corporate proxy, read by the tools themselves: each must come through a proxy
//! that asks for a password and reads what goes through it, with nothing else in its environment.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, KeyPair,
};
use serde_json::Value;

use crate::support::{
    authority::Authority,
    corporate::{head, hold, proxy},
    program::{Desk, Run},
};

const NOTHING: &str = "bedrock: { region: us-east-1 }\n";

fn desk(proxy: &str) -> Desk {
    Desk::new(&format!("{NOTHING}proxy: {{ {proxy} }}\n"))
}

fn json(run: &Run) -> Value {
    assert_eq!(run.code, Some(0), "{run:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

/// An authority by the name of a public one.
fn public_root() -> String {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    for (kind, name) in [
        (DnType::CountryName, "US"),
        (DnType::OrganizationName, "Internet Security Research Group"),
        (DnType::CommonName, "ISRG Root X1"),
    ] {
        let name = DnValue::PrintableString(name.try_into().unwrap());
        params.distinguished_name.push(kind, name);
    }
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
}

/// A company whose proxy lets in `ada`, and signs for every host. What was asked for by whom came
/// as far as that, is kept.
fn company(authority: Arc<Authority>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let came = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&came);
    let right = format!("authorization: basic {}", BASE64_STANDARD.encode("ada:s3c@r et"));
    let port = proxy(move |host, asked, mut stream| {
        use std::io::Write as _;
        if !asked.to_ascii_lowercase().contains(&right.to_ascii_lowercase()) {
            let ask = "HTTP/1.1 407 Proxy Authentication Required\r\n\
                Proxy-Authenticate: Basic realm=\"corp\"\r\nconnection: close\r\n\
                content-length: 0\r\n\r\n";
            drop(stream.write_all(ask.as_bytes()));
            drop(stream.shutdown(std::net::Shutdown::Write));
            return hold(stream);
        }
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n"));
        let config = authority.sign(host).server();
        let mut tls =
            rustls::StreamOwned::new(rustls::ServerConnection::new(config).unwrap(), stream);
        let request = head(&mut tls);
        if request.is_empty() {
            return;
        }
        seen.lock().unwrap().push(host.to_owned());
        let body = if request.contains("/info/refs") {
            "0123456789012345678901234567890123456789\trefs/heads/main\n"
        } else {
            "{}"
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
        drop(tls.write_all(answer.as_bytes()));
        tls.conn.send_close_notify();
        drop(tls.flush());
        hold(tls.sock);
    });
    (port, came)
}

/// A tool, and the command with which it asks `NAME.groundwork.test`.
struct Tool {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<&'static str>,
}

fn tools() -> Vec<Tool> {
    let found = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).map(|folder| folder.join(program)).find(|it| it.is_file())
    };
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python");
    let python = python.is_file().then_some(python);
    let all: [(&'static str, Option<PathBuf>, &[&'static str]); 7] = [
        ("curl", found("curl"), &["-sS", "--max-time", "20", "https://curl.groundwork.test/"]),
        ("git", found("git"), &["ls-remote", "https://git.groundwork.test/x.git"]),
        (
            "pip",
            python.clone(),
            &[
                "-m",
                "pip",
                "download",
                "--no-cache-dir",
                "--disable-pip-version-check",
                "--retries",
                "0",
                "--index-url",
                "https://pip.groundwork.test/simple",
                "nothing",
            ],
        ),
        (
            "requests",
            python.clone(),
            &[
                "-c",
                "import requests; requests.get('https://requests.groundwork.test/', timeout=20)",
            ],
        ),
        (
            "boto",
            python,
            &[
                "-c",
                "import boto3; boto3.client('sts', region_name='us-east-1', aws_access_key_id='a', \
                 aws_secret_access_key='b', endpoint_url='https://boto.groundwork.test')\
                 .get_caller_identity()",
            ],
        ),
        (
            "npm",
            found("npm"),
            &["ping", "--fetch-retries=0", "--registry=https://npm.groundwork.test/"],
        ),
        (
            "gcloud",
            found("gcloud"),
            &["projects", "describe", "my-project", "--access-token-file=token", "--quiet"],
        ),
    ];
    let there = all.into_iter().filter_map(|(name, program, arguments)| {
        if program.is_none() {
            println!("{name} is not on this machine: left out");
        }
        Some(Tool { name, program: program?, arguments: arguments.to_vec() })
    });
    there.collect()
}

/// Runs a tool with these variables and no others, for better or worse.
fn ask(tool: &Tool, desk: &Desk, variables: &Value) -> String {
    let mut command = Command::new(&tool.program);
    let variables = variables.as_object().unwrap().iter();
    let variables = variables.map(|(name, value)| (name, value.as_str().unwrap()));
    command
        .args(&tool.arguments)
        .current_dir(desk.path())
        .env_clear()
        .env("HOME", desk.path())
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("CLOUDSDK_CONFIG", desk.path().join("gcloud"))
        .env(
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER",
            "https://gcloud.groundwork.test/",
        )
        .envs(variables.filter(|(_, value)| !value.is_empty()))
        .stdin(Stdio::null());
    let output = command.output().unwrap();
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn every_tool_comes_through_the_companys_proxy_with_what_it_is_told() {
    let authority = Arc::new(Authority::new("Corp Inspection CA"));
    let (port, came) = company(Arc::clone(&authority));
    let url = format!("http://ada:s3c%40r%20et@127.0.0.1:{port}");
    let mut desk = desk(&format!("https_proxy: \"{url}\", ca_bundle: corp.pem"));
    desk.put("corp.pem", &authority.pem());
    desk.put("token", "t0ken");
    let system = desk.put("system.pem", &public_root());
    desk.set("SSL_CERT_FILE", &system);
    let run = desk.run(&["proxy", "env", "--format", "json", "--bundle", "all.pem"]);
    assert!(run.stderr.is_empty(), "{run:?}");
    let told = json(&run);
    assert_eq!(told["CURL_CA_BUNDLE"], desk.path().join("all.pem").display().to_string());
    assert_eq!(told["ALL_PROXY"], "");
    let tools = tools();
    assert!(tools.len() > 1, "there is hardly a tool on this machine");
    for tool in &tools {
        let said = ask(tool, &desk, &told);
        let host = format!("{}.groundwork.test", tool.name);
        assert!(came.lock().unwrap().contains(&host), "{}: {said}", tool.name);
    }
    // Each of the two that are told is needed.
    came.lock().unwrap().clear();
    for without in ["CA", "CERT"] {
        let mut less = told.clone();
        less.as_object_mut().unwrap().retain(|name, _| match without {
            "CA" => name.to_lowercase().contains("proxy"),
            _ => !name.to_lowercase().contains("proxy"),
        });
        for tool in tools.iter().filter(|tool| ["curl", "git"].contains(&tool.name)) {
            ask(tool, &desk, &less);
        }
    }
    assert!(came.lock().unwrap().is_empty(), "{came:?}");
}

#[test]
fn a_bundle_has_the_systems_authorities_and_the_companys_once_each() {
    let corp = Authority::new("Corp");
    let mut desk = desk("ca_bundle: corp.pem");
    desk.put("corp.pem", &[corp.pem(), corp.pem()].concat());
    let file = desk.put("system.pem", &[public_root(), corp.pem()].concat());
    desk.set("SSL_CERT_FILE", &file);
    let arguments = ["proxy", "env", "--bundle", "certs.pem"];
    let run = desk.run(&arguments);
    assert_eq!(run.code, Some(0), "{run:?}");
    let written = std::fs::read_to_string(desk.path().join("certs.pem")).unwrap();
    assert_eq!(written.matches("BEGIN CERTIFICATE").count(), 2, "{written}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let before = std::fs::metadata(desk.path().join("certs.pem")).unwrap();
        assert_eq!(before.permissions().mode() & 0o777, 0o644);
        desk.run(&arguments);
        let after = std::fs::metadata(desk.path().join("certs.pem")).unwrap();
        assert_eq!(before.ino(), after.ino(), "what is right is not written again");
    }
    // The company's authorities alone are what Node adds.
    assert!(run.stdout.contains("NODE_EXTRA_CA_CERTS='"), "{}", run.stdout);
    let own = desk.run(&["proxy", "env", "--bundle", "corp.pem"]);
    assert_eq!(own.code, Some(2), "{own:?}");
}

#[test]
fn a_bundle_is_not_made_of_the_companys_authorities_alone() {
    let corp = Authority::new("Corp").pem();
    let mut desk = desk("ca_bundle: corp.pem");
    desk.put("corp.pem", &corp);
    // As in the shell that `groundwork proxy env` was read by, whose advice is followed now.
    for name in ["corp.pem", "copy.pem"] {
        let path = desk.put(name, &corp);
        desk.set("SSL_CERT_FILE", &path);
        let run = desk.run(&["proxy", "env", "--bundle", "new/folder/all.pem"]);
        let written = std::fs::read_to_string(desk.path().join("new/folder/all.pem"));
        // A machine without authorities cannot give any.
        match run.code {
            Some(0) => assert!(written.unwrap().matches("BEGIN CERTIFICATE").count() > 20),
            _ => assert!(written.is_err() && run.stderr.contains("hint: "), "{run:?}"),
        }
    }
    let other = desk.put("other.pem", &Authority::new("Corp of yesterday").pem());
    desk.set("SSL_CERT_FILE", &other);
    let run = desk.run(&["proxy", "env", "--bundle", "other/all.pem"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("unset SSL_CERT_FILE"), "{}", run.stderr);
    assert!(!desk.path().join("other/all.pem").exists());
}

#[test]
fn without_public_authorities_it_is_said_what_breaks_and_what_helps() {
    let desk = desk("ca_bundle: corp.pem");
    desk.put("corp.pem", &Authority::new("Corp").pem());
    let run = desk.run(&["proxy", "env"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.stderr.matches("warning:").count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("groundwork proxy env --bundle FILE"), "{}", run.stderr);
    let undone = desk.run(&["proxy", "env", "--unset"]);
    assert!(undone.stderr.is_empty(), "{undone:?}");
    assert!(undone.stdout.starts_with("unset "), "{undone:?}");
    assert!(undone.stdout.contains("NODE_EXTRA_CA_CERTS"), "{undone:?}");
}

#[test]
fn what_is_not_configured_is_not_told() {
    let mut desk = Desk::new(NOTHING);
    desk.set("HTTPS_PROXY", "http://elsewhere.test:1");
    let run = desk.run(&["proxy", "env"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
    assert!(run.stderr.contains("nothing to set"), "{run:?}");
    let run = desk.run(&["proxy", "env", "--bundle", "all.pem"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(!desk.run(&["env", "aws"]).stdout.contains("PROXY"));
}

#[test]
fn claude_code_has_it_with_the_rest_of_its_environment() {
    let desk = desk("https_proxy: \"http://proxy.corp.test:3128\", ca_bundle: certs/corp.pem");
    let told = json(&desk.run(&["env", "aws", "--format", "json"]));
    assert_eq!(told["HTTPS_PROXY"], "http://proxy.corp.test:3128");
    assert_eq!(told["https_proxy"], told["HTTPS_PROXY"]);
    let bundle = desk.path().join("certs/corp.pem").display().to_string();
    assert_eq!(told["NODE_EXTRA_CA_CERTS"], bundle);
    assert!(told["no_proxy"].as_str().unwrap().starts_with("localhost,127.0.0.1,::1,"));
    assert_eq!(told["NODE_TLS_REJECT_UNAUTHORIZED"], "");
    // Without effect on it (facts 4), and not needed by it.
    assert!(told.get("REQUESTS_CA_BUNDLE").is_none());
}

#[test]
fn a_password_is_where_it_must_be_and_nowhere_else() {
    let mut desk = desk("https_proxy: \"http://ada:${PASSWORD}@proxy.corp.test:3128\"");
    desk.set("PASSWORD", "s3cret");
    let run = desk.run(&["proxy", "env"]);
    assert!(run.stdout.contains("https_proxy='http://ada:s3cret@proxy.corp.test:3128'"), "{run:?}");
    assert!(run.stderr.is_empty(), "{run:?}");
    let run = desk.run(&["proxy", "env", "--format", "kubernetes"]);
    let (map, secret) = run.stdout.split_once("kind: Secret").unwrap();
    assert!(!map.contains("s3cret") && secret.contains("https_proxy"), "{run:?}");
}
