//! Claude Code's own client, started with nothing but what we tell it: which models it calls, where, and
//! that it prints what they answer. In each form of `env`, and through a company's proxies.
//!
//! The client is large and not ours, so these tests run only with `tests/run.sh --with-client`. Each has a
//! room of its own, in which the clouds' names lead to a server of the test's. The clouds' certificates
//! are of an authority that only the configuration names: what we tell has to reach the network, too.

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;

use crate::support::{
    developer::{Developer, Session},
    messages::{ANSWER, COLLECTOR, Call, Clouds, DELEGATE, HOSTS, SECURE, STALE},
    mitmproxy::{Mitmproxy, Setup},
    room::room,
};

/// A cloud, and what is right in it.
struct Right {
    /// As it is typed.
    name: &'static str,
    file: &'static str,
    config: &'static str,
    main: &'static str,
    small: &'static str,
    hosts: &'static [&'static str],
    /// How the main model is called.
    path: &'static str,
    /// How what proves who the developer is begins.
    proof: &'static str,
    /// How the other cloud is chosen.
    other: &'static str,
    /// A model that the tenant does not have.
    foreign: &'static str,
}

const AWS: Right = Right {
    name: "aws",
    file: "claude-config.yaml",
    config: "bedrock: { region: us-east-1 }\n",
    main: "us.anthropic.claude-opus-5-5",
    small: "us.anthropic.claude-haiku-5-5",
    hosts: &["bedrock-runtime.us-east-1.amazonaws.com", "bedrock.us-east-1.amazonaws.com"],
    path: "/model/us.anthropic.claude-opus-5-5/invoke-with-response-stream",
    proof: "AWS4-HMAC-SHA256 Credential=AKIADEVELOPER/",
    other: "CLAUDE_CODE_USE_VERTEX",
    foreign: "us.anthropic.claude-opus-4-8",
};

/// Its background model is not where the main one is.
const GCP: Right = Right {
    name: "gcp",
    file: "vertex-config.yaml",
    config: "vertex_ai: { project_id: acme-ai, location: us-east5, \
             small_fast_model_name: claude-haiku-4-5@20251001 }\n",
    main: "claude-opus-5-5",
    small: "claude-haiku-4-5@20251001",
    hosts: &[
        "aiplatform.us.rep.googleapis.com",
        "oauth2.googleapis.com",
        "us-east5-aiplatform.googleapis.com",
    ],
    path: "/v1/projects/acme-ai/locations/us/publishers/anthropic/models/\
           claude-opus-5-5:streamRawPredict",
    proof: "Bearer token",
    other: "CLAUDE_CODE_USE_BEDROCK",
    foreign: "claude-opus-4-8",
};

/// What other days have left in a shell.
const LEFTOVERS: [(&str, &str); 30] = [
    ("CLAUDE_CODE_USE_FOUNDRY", "1"),
    ("ANTHROPIC_FOUNDRY_BASE_URL", "https://stale.example/foundry"),
    ("ANTHROPIC_FOUNDRY_API_KEY", "stale"),
    ("CLAUDE_CODE_USE_MANTLE", "1"),
    ("CLAUDE_CODE_USE_GATEWAY", "1"),
    ("ANTHROPIC_BASE_URL", "https://stale.example"),
    ("ANTHROPIC_BEDROCK_BASE_URL", "https://stale.example/bedrock"),
    ("ANTHROPIC_VERTEX_BASE_URL", "https://stale.example/vertex/v1"),
    ("CLAUDE_CODE_SKIP_BEDROCK_AUTH", "1"),
    ("CLAUDE_CODE_SKIP_VERTEX_AUTH", "1"),
    ("AWS_REGION", "eu-west-1"),
    ("CLOUD_ML_REGION", "europe-west1"),
    ("ANTHROPIC_VERTEX_PROJECT_ID", "stale-project"),
    ("VERTEX_REGION_CLAUDE_5_5_OPUS", "europe-west1"),
    ("ANTHROPIC_BEDROCK_REGION_PREFIX", "eu"),
    ("ANTHROPIC_MODEL", "stale-model"),
    ("ANTHROPIC_DEFAULT_MODEL", "stale-model"),
    ("ANTHROPIC_DEFAULT_OPUS_MODEL", "stale-opus"),
    ("ANTHROPIC_DEFAULT_HAIKU_MODEL", "stale-haiku"),
    ("ANTHROPIC_SMALL_FAST_MODEL", "stale-small"),
    ("CLAUDE_CODE_SUBAGENT_MODEL", "stale-agent"),
    ("CLAUDE_CODE_ENABLE_TELEMETRY", "1"),
    ("OTEL_METRICS_EXPORTER", "otlp"),
    ("OTEL_LOGS_EXPORTER", "otlp"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://stale.example/collector"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "100"),
    ("OTEL_LOGS_EXPORT_INTERVAL", "100"),
    ("NODE_EXTRA_CA_CERTS", "/etc/no-such-file.pem"),
    ("CLAUDE_CODE_ENHANCED_TELEMETRY_BETA", "1"),
];

/// What is left over from another network.
const OLD_NETWORK: [(&str, &str); 4] = [
    ("https_proxy", "http://127.0.0.1:9"),
    ("HTTPS_PROXY", "http://127.0.0.1:9"),
    ("all_proxy", "http://127.0.0.1:9"),
    ("no_proxy", "*"),
];

/// What a developer types, or his company has typed, before he types `claude`. `CLOUD` is the cloud's
/// name.
mod way {
    pub const BASH: &str = r#"eval "$(groundwork env CLOUD)" && claude"#;
    pub const EXEC: &str = "groundwork env CLOUD --exec -- claude";
    /// As Docker reads a file of variables: a line is a name and, behind the first `=`, its value.
    pub const DOCKER: &str = r#"groundwork env CLOUD --format docker --write=variables &&
        while IFS= read -r line; do export "$line"; done <variables && claude"#;
    pub const SETTINGS: &str = "groundwork env CLOUD --format settings --write && claude";
    pub const MANAGED: &str = "groundwork env CLOUD --format managed-settings --write && claude";
}

/// What a configuration says of a network where certificates are of this authority, behind this proxy.
fn network(bundle: &Path, proxy: Option<&str>) -> String {
    // Without a list of its own the shell's would count.
    let proxy = proxy.map(|url| format!(", https_proxy: '{url}', no_proxy: [corp.example]"));
    let proxy = proxy.unwrap_or_default();
    format!("proxy: {{ ca_bundle: '{}'{proxy} }}\n", bundle.display())
}

/// A developer with both clouds' configurations, each with this text behind it.
fn developer<'a>(clouds: &'a Clouds, rest: &str) -> Developer<'a> {
    let text = [AWS, GCP].map(|right| (right.file, format!("{}{rest}", right.config)));
    Developer::new(clouds, text.each_ref().map(|(name, text)| (*name, text.as_str())))
}

/// Where only the authority of the clouds' certificates is out of the ordinary.
fn direct(clouds: &Clouds) -> Developer<'_> {
    developer(clouds, &network(&clouds.authority(), None))
}

impl Right {
    /// A session with these arguments to the client, begun in that way by somebody who had the other cloud.
    fn session(
        &self,
        developer: &Developer<'_>,
        way: &str,
        arguments: &str,
        leftovers: &[(&str, &str)],
    ) -> Session {
        let script = format!("{} {arguments}", way.replace("CLOUD", self.name));
        let all: Vec<_> = leftovers.iter().copied().chain([(self.other, "1")]).collect();
        developer.bash(&script, &all)
    }

    /// The developer himself asked these models, and these hosts are the tenant's.
    fn holds(&self, session: &Session, hosts: &[String], models: &[&str]) {
        assert_eq!(session.run.code, Some(0), "{session:?}");
        assert_eq!(session.run.stdout.trim(), ANSWER, "{session:?}");
        assert_eq!(session.models(), models, "{session:?}");
        assert_eq!(hosts, self.hosts, "{session:?}");
        let main = session.calls.iter().find(|call| call.path.ends_with(self.path));
        let main = main.unwrap_or_else(|| panic!("{session:?}"));
        let proof = main.authorization.as_deref().unwrap_or_default();
        assert!(proof.starts_with(self.proof), "{proof}");
    }
}

/// In that way, leftovers or not, the client calls the pinned models: in the background, in the
/// session, and in its subagent.
fn leads_to_the_tenant(way: &str) {
    let clouds = Clouds::start();
    for right in [AWS, GCP] {
        let developer = direct(&clouds);
        let session = right.session(&developer, way, &format!("-p '{DELEGATE}'"), &LEFTOVERS);
        let agents = session.calls.iter().filter(|call| call.agent);
        let agents: Vec<_> = agents.filter_map(Call::model).collect();
        assert_eq!(agents, [right.main], "{session:?}");
        let models = [right.small, right.main, right.main, right.main];
        right.holds(&session, &session.hosts(), &models);
    }
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn left_alone_the_leftovers_lead_astray() {
    room(|| {
        let clouds = Clouds::start();
        let developer = direct(&clouds);
        let authority = clouds.authority();
        for right in [AWS, GCP] {
            let mut leftovers = LEFTOVERS.to_vec();
            leftovers.push(("NODE_EXTRA_CA_CERTS", authority.to_str().unwrap()));
            let session = right.session(&developer, "claude", "-p hi", &leftovers);
            assert_eq!(session.hosts(), [STALE], "{session:?}");
            assert_eq!(session.models(), ["stale-small", "stale-model"], "{session:?}");
            let collected = session.calls.iter().any(|call| call.path.starts_with("/collector"));
            assert!(collected, "{session:?}");
        }
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn what_bash_evaluates_leads_to_the_tenant() {
    room(|| leads_to_the_tenant(way::BASH));
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn a_command_that_is_run_is_led_to_the_tenant() {
    room(|| leads_to_the_tenant(way::EXEC));
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn a_file_for_docker_leads_to_the_tenant() {
    room(|| leads_to_the_tenant(way::DOCKER));
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn a_users_settings_lead_to_the_tenant() {
    room(|| leads_to_the_tenant(way::SETTINGS));
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn managed_settings_lead_to_the_tenant() {
    room(|| leads_to_the_tenant(way::MANAGED));
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn managed_settings_keep_a_developer_to_the_tenants_models() {
    room(|| {
        let clouds = Clouds::start();
        for right in [AWS, GCP] {
            let developer = direct(&clouds);
            let arguments = format!("--model {} -p hi", right.foreign);
            // Unless they are there, it is the developer who says.
            let free = right.session(&developer, way::BASH, &arguments, &[]);
            assert_eq!(free.models(), [right.small, right.foreign], "{free:?}");
            let kept = right.session(&developer, way::MANAGED, &arguments, &[]);
            right.holds(&kept, &kept.hosts(), &[right.small, right.main]);
            assert!(kept.run.stderr.contains("restricted"), "{kept:?}");
        }
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn an_application_inference_profile_is_what_is_called() {
    room(|| {
        const ARN: &str =
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123";
        let clouds = Clouds::start();
        let bundle = clouds.authority().display().to_string();
        let text = format!(
            "bedrock:\n  region: us-east-1\n  inference_profiles:\n    - {{ name: a, model_id: {}, \
             arn: '{ARN}' }}\nproxy: {{ ca_bundle: '{bundle}' }}\n",
            AWS.main
        );
        for way in [way::BASH, way::MANAGED] {
            let developer = Developer::new(&clouds, [(AWS.file, &text), (GCP.file, GCP.config)]);
            let session = AWS.session(&developer, way, "-p hi", &LEFTOVERS);
            assert_eq!(session.run.stdout.trim(), ANSWER, "{session:?}");
            assert_eq!(session.models(), [AWS.small, ARN], "{session:?}");
        }
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn telemetry_reaches_the_companys_collector_and_no_other() {
    room(|| {
        let clouds = Clouds::start();
        let own =
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://stale.example/collector/metrics");
        let leftovers = [LEFTOVERS.as_slice(), &[own]].concat();
        for (protocol, way) in [
            ("http/json", way::BASH),
            ("http/json", way::SETTINGS),
            ("http/protobuf", way::MANAGED),
        ] {
            let section = format!(
                "claude_code:\n  telemetry: {{ endpoint: 'https://{COLLECTOR}/of/us', protocol: {protocol}, \
                 traces: true, headers: {{ Authorization: 'Bearer a b==' }}, \
                 resource_attributes: {{ team: 'plat form' }} }}\n"
            );
            let rest = network(&clouds.authority(), None) + &section;
            let session = AWS.session(&developer(&clouds, &rest), way, "-p hi", &leftovers);
            assert_eq!(session.run.stdout.trim(), ANSWER, "{session:?}");
            assert!(!session.hosts().iter().any(|host| host == STALE), "{session:?}");
            for signal in ["metrics", "logs", "traces"] {
                let path = format!("/of/us/v1/{signal}");
                let sent = session.calls.iter().find(|call| call.path == path);
                let sent = sent.unwrap_or_else(|| panic!("no {signal}: {session:?}"));
                assert_eq!(sent.host, COLLECTOR);
                assert_eq!(sent.authorization.as_deref(), Some("Bearer a b=="));
                let told = sent.body.to_string().contains(r#""stringValue":"plat form""#);
                assert!(told || protocol != "http/json", "{}", sent.body);
            }
        }
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn a_client_that_is_too_old_does_not_start() {
    room(|| {
        let clouds = Clouds::start();
        let version = "claude_code: { version: { minimum: 2.1.331 } }\n";
        let developer = developer(&clouds, &(network(&clouds.authority(), None) + version));
        for right in [AWS, GCP] {
            let session = right.session(&developer, way::MANAGED, "-p hi", &[]);
            assert_eq!(session.run.code, Some(1), "{session:?}");
            assert!(session.run.stderr.contains("(2.1.331)"), "{session:?}");
            assert!(session.calls.is_empty(), "{session:?}");
        }
    });
}

/// In each of these ways, with nothing but the configuration to say so, all calls go through the proxy.
/// `hosts` are those that a record of it says were asked.
fn goes_through(
    proxy: &Mitmproxy,
    clouds: &Clouds,
    bundle: &Path,
    hosts: impl Fn(&[Value]) -> Vec<String>,
) {
    let leftovers = [LEFTOVERS.as_slice(), &OLD_NETWORK].concat();
    let mut seen = 0;
    for right in [AWS, GCP] {
        for way in [way::BASH, way::SETTINGS, way::MANAGED] {
            let developer = developer(clouds, &network(bundle, Some(&proxy.url())));
            let session = right.session(&developer, way, "-p hi", &leftovers);
            let record = proxy.record();
            right.holds(&session, &hosts(&record[seen..]), &[right.small, right.main]);
            seen = record.len();
        }
    }
}

/// The hosts of these lines of a proxy's record, each once, in the order of their names.
fn hosts_of<'a>(record: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let hosts: BTreeSet<&str> = record.map(|line| line["host"].as_str().unwrap()).collect();
    hosts.into_iter().map(ToOwned::to_owned).collect()
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn a_proxy_that_asks_for_a_password_is_gone_through() {
    room(|| {
        let clouds = Clouds::start();
        let tunnels = HOSTS.map(|host| format!("{host}={SECURE}")).join(",");
        let proxy = Setup::default().asking().set("tunnels", &tunnels).start();
        goes_through(&proxy, &clouds, &clouds.authority(), |record| {
            // It sees no more than where to.
            assert!(record.iter().all(|line| line["kind"] == "connect"), "{record:?}");
            hosts_of(record.iter())
        });
    });
}

#[test]
#[ignore = "Claude Code's own client: tests/run.sh --with-client"]
fn a_proxy_that_reads_along_is_gone_through() {
    room(|| {
        let clouds = Clouds::start();
        let behind = clouds.address();
        let proxy = Setup::default().asking().set("aws", &behind).set("google", &behind).start();
        goes_through(&proxy, &clouds, &proxy.authority(), |record| {
            hosts_of(record.iter().filter(|line| line["kind"] == "call"))
        });
    });
}
