//! What `env` writes for what is no shell of this machine, read by the real reader where there is one,
//! and else by one of the documented grammar: a thousand hostile values, or an error.

use std::fs;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use groundwork::claude::{Environment, Format, Shell};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    hostile::{self, assert_same},
    reader::{Pairs, cmd, docker, github, powershell},
    shell,
};

/// The values that the format carries, as it writes them, and those that it refuses.
struct Written {
    text: String,
    pairs: Pairs,
    refused: Vec<String>,
}

fn written(format: &Format) -> Written {
    let mut all = Environment::default();
    let (mut pairs, mut refused) = (Pairs::new(), Vec::new());
    for (number, value) in hostile::values().into_iter().enumerate() {
        let mut one = Environment::default();
        one.set_named(&hostile::name(number), value.as_str(), false);
        match one.export(format) {
            Ok(_) => {
                all.set_named(&hostile::name(number), value.as_str(), false);
                pairs.push((hostile::name(number), value));
            }
            Err(error) => {
                let said = format!("{error} {:?} {:?}", error.causes(), error.hints());
                assert!(said.contains(&hostile::name(number)), "{said}");
                let shown = value.chars().count() > 3 && said.contains(&value);
                assert!(!shown, "the value is told: {}", said.escape_default());
                refused.push(value);
            }
        }
    }
    Written { text: all.export(format).unwrap(), pairs, refused }
}

#[test]
fn powershell_reads_every_value_whatever_its_code_page() {
    let all = written(&Format::Shell(Shell::PowerShell));
    assert!(all.refused.is_empty());
    assert!(all.text.is_ascii(), "a code page could change it");
    assert_same("PowerShell", &powershell::read(&all.text), &all.pairs);
}

#[test]
fn cmd_reads_every_value_of_one_line() {
    let all = written(&Format::Shell(Shell::Cmd));
    assert_same("cmd", &cmd::read(&all.text, false), &all.pairs);
    assert!(cmd::read(&all.text, true).is_empty(), "something is expanded late");
    let control = |c: char| c.is_control() && c != '\t';
    for value in &all.refused {
        assert!(value.contains(control) || value.len() > 2000, "{}", value.escape_default());
    }
    assert!(all.pairs.len() > 300, "{}", all.pairs.len());
}

#[test]
fn a_runner_of_github_reads_every_value_on_every_system() {
    let all = written(&Format::Github);
    for windows in [false, true] {
        assert_same("GitHub", &github::read(&all.text, windows), &all.pairs);
    }
    assert!(all.refused.iter().all(|value| value.ends_with('\r')));
}

#[test]
fn docker_reads_every_value_of_one_line_in_every_version() {
    let all = written(&Format::Docker);
    for unquotes in [false, true] {
        assert_same("Docker", &docker::read(&all.text, unquotes), &all.pairs);
    }
    for value in &all.refused {
        let quoted = value.starts_with(['\'', '"']) && value.ends_with(['\'', '"']);
        assert!(quoted || value.contains(['\r', '\n']), "{}", value.escape_default());
    }
    let mut long = Environment::default();
    long.set_named("V", "x".repeat(64 * 1024), false);
    let error = long.export(&Format::Docker).unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not write `V` for Docker: it is too long for a line of such a file"
    );
}

#[test]
fn shells_and_libraries_read_the_same_of_dotenv() {
    let all = written(&Format::Dotenv);
    assert!(all.pairs.len() > 150, "{}", all.pairs.len());
    let odd = |c: char| c.is_control() || "'\\$".contains(c);
    for value in &all.refused {
        assert!(value.contains(odd), "{} was refused", value.escape_default());
    }
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("env"), &all.text).unwrap();
    for program in ["bash", "dash", "zsh"] {
        let output = shell::evaluate(program, "set -a; . ./env; exec env -0", folder.path(), &[]);
        let mut read = shell::variables(&output);
        read.retain(|(name, _)| name.starts_with("V_"));
        assert_same(program, &read, &all.pairs);
    }
    let script =
        "import dotenv, json; print(json.dumps(list(dotenv.dotenv_values('env').items())))";
    let output = shell::run(shell::python().args(["-c", script]).current_dir(folder.path()));
    let read: Pairs = serde_json::from_slice(&output.stdout).unwrap();
    assert_same("python-dotenv", &read, &all.pairs);
    assert!(!folder.path().join("broken").exists());
}

#[test]
fn json_keeps_every_value() {
    let all = written(&Format::Json);
    assert!(all.refused.is_empty());
    let object: serde_json::Map<String, Value> = serde_json::from_str(&all.text).unwrap();
    let read: Pairs = object
        .into_iter()
        .map(|(name, value)| (name, value.as_str().unwrap().to_owned()))
        .collect();
    assert_same("JSON", &read, &all.pairs);
}

/// The objects, by a reader of the old YAML, in which `no` is a word with a meaning, as `kubectl` has it.
fn manifests(text: &str) -> Vec<Value> {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("manifests"), text).unwrap();
    let script = "import json, yaml; \
                  print(json.dumps(list(yaml.safe_load_all(open('manifests', encoding='utf-8')))))";
    let output = shell::run(shell::python().args(["-c", script]).current_dir(folder.path()));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn entries(object: &Value) -> Pairs {
    let entry = |(name, value): (&String, &Value)| {
        (name.clone(), value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned())
    };
    object["data"].as_object().unwrap().iter().map(entry).collect()
}

#[test]
fn a_cluster_reads_every_value_and_what_is_secret_apart() {
    let values = hostile::values();
    let mut all = Environment::default();
    let (mut public, mut secret) = (Pairs::new(), Pairs::new());
    for (number, value) in values.iter().enumerate() {
        let is_secret = number % 2 == 0;
        all.set_named(&hostile::name(number), value.as_str(), is_secret);
        let part = if is_secret { &mut secret } else { &mut public };
        part.push((hostile::name(number), value.clone()));
    }
    for word in ["NO", "ON", "Y", "NULL", "_1"] {
        all.set_named(word, word, false);
        public.push((word.to_owned(), word.to_owned()));
    }
    all.take_back(groundwork::claude::variable::CLAUDE_CODE_USE_BEDROCK);
    public.push(("CLAUDE_CODE_USE_BEDROCK".to_owned(), String::new()));
    let text = all.export(&Format::Kubernetes("no".parse().unwrap())).unwrap();
    assert!(text.is_ascii());
    let objects = manifests(&text);
    let (map, hidden) = (&objects[0], &objects[1]);
    assert_eq!(objects.len(), 2);
    assert_eq!(
        (map["kind"].as_str(), hidden["kind"].as_str()),
        (Some("ConfigMap"), Some("Secret"))
    );
    for object in &objects {
        assert_eq!(object["metadata"]["name"], "no");
    }
    assert_same("ConfigMap", &entries(map), &public);
    let decoded: Pairs = entries(hidden)
        .into_iter()
        .map(|(name, value)| {
            (name, String::from_utf8(BASE64_STANDARD.decode(value).unwrap()).unwrap())
        })
        .collect();
    assert_same("Secret", &decoded, &secret);
    let undone = manifests(&all.export_undone(&Format::Kubernetes("no".parse().unwrap())).unwrap());
    assert_eq!(entries(&undone[0]).len(), values.len() + 5);
    assert!(entries(&undone[0]).iter().all(|(_, value)| value.is_empty()));
    assert!(entries(&undone[1]).is_empty());
}
