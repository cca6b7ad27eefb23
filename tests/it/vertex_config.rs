//! The second configuration file, as `groundwork config` reads and describes it.

use std::fs;

use crate::support::program::{Desk, Run, example};

#[test]
fn a_guides_file_is_right_and_each_key_is_told_once() {
    let desk = Desk::new("bedrock: {region: us-east-1}\n");
    let path = example("guide-vertex-config.yaml");
    let run = desk.run(&["config", "check", "-c", path.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for key in ["claude-3-5-sonnet@20241022", "us-central1", "network", "encryption", "audit"] {
        assert!(run.stderr.contains(key), "{key}: {}", run.stderr);
    }
    assert_eq!(run.stderr.matches("warning:").count(), 5, "{}", run.stderr);
    assert!(run.stderr.contains("guide-vertex-config.yaml is right"), "{}", run.stderr);
}

#[test]
fn without_a_name_whatever_file_is_there_is_checked() {
    let desk = Desk::new("bedrock: {region: us-east-1}\n");
    let vertex = desk.path().join("vertex-config.yaml");
    fs::write(&vertex, "vertex_ai: {project_id: my-project, location: us}\n").unwrap();
    let run = desk.run(&["config", "check"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.stderr.matches("is right").count(), 2, "{}", run.stderr);
    let inner = desk.path().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join("claude-config.yaml"), "bedrock: {region: us-east-1}\n").unwrap();
    let run = Run::from(desk.command(&["config", "check"]).current_dir(inner).output().unwrap());
    assert_eq!((run.code, run.stderr.matches("is right").count()), (Some(0), 1), "{run:?}");
    fs::remove_file(desk.path().join("claude-config.yaml")).unwrap();
    let run = desk.run(&["config", "check"]);
    assert_eq!((run.code, run.stderr.matches("is right").count()), (Some(0), 1), "{run:?}");
    fs::write(&vertex, "vertex_ai: {}\n").unwrap();
    let run = desk.run(&["config", "check"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("names no project"), "{}", run.stderr);
}

#[test]
fn each_file_has_its_schema() {
    let desk = Desk::new("");
    let title = |arguments: &[&str]| {
        let run = desk.run(arguments);
        let schema: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        schema["title"].as_str().unwrap().to_owned()
    };
    assert_eq!(title(&["config", "schema"]), "claude-config.yaml");
    assert_eq!(title(&["config", "schema", "gcp"]), "vertex-config.yaml");
}

#[test]
fn env_without_a_cloud_takes_the_nearest_configuration() {
    let desk = Desk::new("bedrock:\n  region: us-east-1\n");
    assert!(desk.run(&["env"]).stdout.contains("CLAUDE_CODE_USE_BEDROCK='1'"));
    let inner = desk.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let text = "vertex_ai:\n  project_id: acme-ai\n  location: us\n";
    fs::write(inner.join("vertex-config.yaml"), text).unwrap();
    let run = Run::from(desk.command(&["env"]).current_dir(&inner).output().unwrap());
    assert!(run.stdout.contains("CLAUDE_CODE_USE_VERTEX='1'"), "{run:?}");
    fs::write(desk.path().join("vertex-config.yaml"), text).unwrap();
    let run = desk.run(&["env"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("groundwork env aws, or groundwork env gcp"), "{run:?}");
    let run = desk.run(&["proxy", "check"]);
    assert!(run.stderr.contains("groundwork proxy check aws, or groundwork proxy"), "{run:?}");
}
