//! `groundwork env gateway` as developers run it: with a copy of the file, with an address alone, beside
//! other configurations; and what the gateway's file is checked for.

use std::fs;

use serde_json::Value;

use crate::support::program::{Desk, Run, example};

const COPY: &str = "client: {url: 'https://gw.example.com/'}\n\
                    models: {claude-opus-5-5: {}, claude-haiku-4-5: {}}\n";

/// A folder with this text as its `gateway.yaml`, and nothing else.
fn desk(gateway: &str) -> Desk {
    let desk = Desk::new("");
    fs::remove_file(desk.path().join("claude-config.yaml")).unwrap();
    if !gateway.is_empty() {
        desk.put("gateway.yaml", gateway);
    }
    desk
}

fn json(desk: &Desk, flags: &[&str]) -> Value {
    let run = desk.run(&[&["env", "gateway", "--format", "json"], flags].concat());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

fn refused(run: &Run, said: &[&str]) {
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
    for words in said {
        assert!(run.stderr.contains(words), "«{words}» in {run:?}");
    }
}

#[test]
fn a_developers_copy_of_the_file_is_enough_in_every_format() {
    let desk = desk(COPY);
    let object = json(&desk, &[]);
    assert_eq!(object["ANTHROPIC_BASE_URL"], "https://gw.example.com");
    assert_eq!(object["ANTHROPIC_MODEL"], "claude-opus-5-5");
    assert_eq!(object["ANTHROPIC_DEFAULT_HAIKU_MODEL"], "claude-haiku-4-5");
    let formats: [&[&str]; 11] = [
        &["--shell", "bash"],
        &["--shell", "fish"],
        &["--shell", "pwsh"],
        &["--shell", "cmd"],
        &["--format", "dotenv"],
        &["--format", "github"],
        &["--format", "docker"],
        &["--format", "kubernetes"],
        &["--format", "settings"],
        &["--format", "managed-settings"],
        &["--format", "managed-settings", "--platform", "macos", "--quiet"],
    ];
    for flags in formats {
        // Without a word: the nearest configuration is the gateway's.
        let run = desk.run(&[&["env"], flags].concat());
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{flags:?}");
        // What is taken back is empty in an object, and not everywhere in settings.
        let set = object.as_object().unwrap().iter().filter(|(_, value)| **value != "");
        for (name, value) in set {
            let there = run.stdout.contains(name) && run.stdout.contains(value.as_str().unwrap());
            assert!(there, "{name} in {flags:?}: {run:?}");
        }
    }
    let undo = desk.run(&["env", "--unset"]).stdout;
    assert!(undo.contains("ANTHROPIC_BASE_URL") && !undo.contains("USE_BEDROCK"), "{undo}");
}

#[test]
fn an_address_is_enough_and_the_flags_go_before_the_file() {
    let bare = desk("");
    let object = json(&bare, &["--url", "https://gw.example.com"]);
    assert_eq!(object["ANTHROPIC_BASE_URL"], "https://gw.example.com");
    assert_eq!(object["ANTHROPIC_MODEL"], "", "the client chooses");
    let managed = ["env", "--url", "https://gw.example.com", "--format", "managed-settings"];
    let managed: Value = serde_json::from_str(&bare.run(&managed).stdout).unwrap();
    assert_eq!(managed.get("availableModels"), None, "none could be chosen");
    let desk = desk(COPY);
    let object = json(&desk, &["--url", "http://127.0.0.1:1", "--dialect", "vertex"]);
    assert_eq!(object["ANTHROPIC_VERTEX_BASE_URL"], "http://127.0.0.1:1/v1");
    assert_eq!(object["ANTHROPIC_MODEL"], "claude-opus-5-5");
    let object = json(&desk, &["--dialect", "bedrock"]);
    assert_eq!(object["ANTHROPIC_BEDROCK_BASE_URL"], "https://gw.example.com");
}

#[test]
fn nothing_of_the_operators_is_needed_nor_told() {
    let hash = "ab".repeat(32);
    let desk = desk(&format!(
        "listen: {{address: '127.0.0.1:8443', tls: {{certificate: none.crt, key: none.key}}}}\n\
         access: {{keys: [{{name: ci, sha256: '{hash}'}}]}}\n\
         upstreams:\n  a: {{anthropic: {{api_key: '${{file:/run/secrets/none}}'}}}}\n\
         models: {{claude-opus-5-5: {{targets: [{{upstream: a, model: x}}]}}}}\n\
         proxy: {{https_proxy: 'http://u:s3cret@proxy:1'}}\n"
    ));
    let run = desk.run(&["env"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    assert!(run.stdout.contains("https://127.0.0.1:8443"), "{run:?}");
    for secret in [hash.as_str(), "s3cret", "secrets", "none.key"] {
        assert!(!run.stdout.contains(secret), "{secret} in {run:?}");
    }
}

#[test]
fn of_several_configurations_the_nearest_is_meant_and_two_in_one_folder_are_asked_about() {
    let mut desk = desk("");
    desk.put("gateway.yaml", COPY);
    desk.put("a/claude-config.yaml", "bedrock: {region: us-east-1}\n");
    desk.put("a/b/vertex-config.yaml", "vertex_ai: {project_id: my-project, location: us}\n");
    desk.put("a/b/gateway.yaml", COPY);
    let at = |folder: &str| {
        let mut command = desk.command(&["env"]);
        Run::from(command.current_dir(desk.path().join(folder)).output().unwrap())
    };
    assert!(at(".").stdout.contains("gw.example.com"));
    assert!(at("a").stdout.contains("CLAUDE_CODE_USE_BEDROCK=") && !at("a").stdout.contains("gw."));
    refused(&at("a/b"), &["groundwork env gcp, or groundwork env gateway"]);
    // A cloud's commands do not mean the gateway.
    let run = desk.run(&["status", "gcp"]);
    assert!(run.stderr.contains("there is no `vertex-config.yaml`"), "{run:?}");
    desk.set("GROUNDWORK_CONFIG", "a/b/gateway.yaml");
    assert!(desk.run(&["env"]).stdout.contains("gw.example.com"));
}

#[test]
fn a_session_gets_the_developers_token_and_a_file_for_others_does_not() {
    let command = "echo ran >>ran; echo tok-1";
    let desk = desk(&COPY.replace("/'}", &format!("/', token_command: '{command}'}}")));
    let ran = || fs::read_to_string(desk.path().join("ran")).unwrap_or_default().lines().count();
    for format in ["json", "dotenv", "docker", "kubernetes", "settings", "managed-settings"] {
        let run = desk.run(&["env", "--format", format]);
        assert_eq!((run.code, ran()), (Some(0), 0), "{format}: {run:?}");
    }
    let settings: Value =
        serde_json::from_str(&desk.run(&["env", "--format", "settings"]).stdout).unwrap();
    assert_eq!(settings["apiKeyHelper"], command);
    assert_eq!(settings["env"]["ANTHROPIC_AUTH_TOKEN"], "", "it would go before");
    let shell = desk.run(&["env"]).stdout;
    assert!(shell.contains("export ANTHROPIC_AUTH_TOKEN='tok-1'"), "{shell}");
    assert_eq!(ran(), 1);
    let print = ["env", "--exec", "--", "sh", "-c", "echo $ANTHROPIC_AUTH_TOKEN"];
    assert_eq!(desk.run(&print).stdout, "tok-1\n");
    let undo = desk.run(&["env", "--unset"]).stdout;
    assert!(undo.contains("ANTHROPIC_AUTH_TOKEN") && ran() == 2, "{undo}");
}

#[test]
fn a_command_that_gives_no_token_is_told_and_nothing_is_printed() {
    for (command, why) in [
        ("exit 3", "exit status: 3"),
        ("echo s3cret and more", "it must print the token, and nothing else"),
        ("true", "it must print the token, and nothing else"),
    ] {
        let desk = desk(&COPY.replace("/'}", &format!("/', token_command: '{command}'}}")));
        let run = desk.run(&["env"]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
        assert!(run.stderr.contains("could not get a token from") && run.stderr.contains(why));
        let shown = run.stderr.replace(command, "");
        assert!(!shown.contains("s3cret"), "{run:?}");
    }
}

#[test]
fn a_gateway_on_this_machine_is_not_asked_through_the_proxy_and_its_authority_is_named_in_full() {
    let mut desk = desk("client: {ca_bundle: own.pem}\n");
    desk.set("no_proxy", "corp.test, 10.0.0.1");
    let object = json(&desk, &[]);
    let list: Vec<&str> = object["NO_PROXY"].as_str().unwrap().split(',').collect();
    for host in ["corp.test", "10.0.0.1", "localhost", "127.0.0.1"] {
        assert!(list.contains(&host), "{host} in {list:?}");
    }
    let bundle = desk.path().canonicalize().unwrap().join("own.pem").display().to_string();
    assert_eq!(object["NODE_EXTRA_CA_CERTS"], bundle);
    assert_eq!(json(&desk, &["--url", "https://gw.example.com"]).get("NO_PROXY"), None);
}

#[test]
fn what_leads_nowhere_is_refused_with_what_to_do() {
    let bare = desk("");
    let said = ["there is no `gateway.yaml`", "--url https://gateway.example.com"];
    refused(&bare.run(&["env", "gateway"]), &said);
    let all = "listen: {address: '0.0.0.0:8443', tls: {certificate: a, key: b}}\n";
    let said = ["`listen.address` is 0.0.0.0:8443", "below `client:`", "--url URL"];
    refused(&desk(all).run(&["env", "gateway"]), &said);
    let clear = ["env", "gateway", "--url", "http://gw.example.com"];
    refused(&bare.run(&clear), &["--url http://gw.example.com", "in the clear"]);
    let dialect = ["env", "gateway", "--url", "https://gw", "--dialect", "openai"];
    refused(&bare.run(&dialect), &["'openai'", "anthropic, bedrock, vertex"]);
    refused(&bare.run(&["env", "aws", "--url", "https://gw"]), &["are for the gateway"]);
    let profile = ["env", "--url", "https://gw", "--inference-profile", "a"];
    refused(&bare.run(&profile), &["only Amazon Bedrock has inference profiles"]);
}

#[test]
fn the_gateways_file_is_checked_and_described_as_the_others() {
    let whole = fs::read_to_string(example("gateway.yaml")).unwrap();
    for (text, code, said) in [
        (whole.as_str(), 0, "gateway.yaml is right"),
        (COPY, 0, "gateway.yaml is right"),
        ("client: {}\naccess: {}\n", 2, "`access` names nobody"),
        ("client: {model: x}\nmodels: {a: {}}\n", 2, "there is no model `x`"),
        ("client: {}\nlisten: {adress: x}\n", 2, "did you mean `address`?"),
    ] {
        let run = desk(text).run(&["config", "check"]);
        assert_eq!(run.code, Some(code), "{text}: {run:?}");
        assert!(run.stderr.contains(said), "{text}: {run:?}");
    }
    let run = desk("").run(&["config", "schema", "gateway"]);
    let schema: Value = serde_json::from_str(&run.stdout).unwrap();
    for key in ["listen", "client", "claude_code", "upstreams", "models"] {
        assert!(schema["properties"][key]["description"].is_string(), "{key}");
    }
}
