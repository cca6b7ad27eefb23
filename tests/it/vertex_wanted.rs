//! What a configuration of Vertex AI wants, as a snapshot: every id, need and state.

use std::path::Path;

use groundwork::{
    config::VertexConfig,
    gcp::{Gcp, Place, Project, Rest, Retry, TokenSource, mark, wanted},
    reconcile::Stop,
};
use serde_json::json;

use crate::support::{
    program::example,
    vertex::{EVERYTHING, client, config},
};

/// The wishes, without a project to compare them to.
fn wishes(config: &VertexConfig) -> String {
    let vertex = &config.vertex_ai;
    let id = vertex.project_id.as_ref().unwrap().to_string();
    let project = Project { id, number: "123456789012".into() };
    let location = vertex.location.clone().unwrap();
    let folder = Path::new("/etc/tenant");
    let graph = wanted(config, &Place { project: &project, location: &location, folder }).graph;
    let (_, stop) = Stop::new();
    let token = TokenSource::given("nobody's", None).unwrap();
    let rest = Rest::new(client(), None, token, Retry::default(), stop);
    let gcp = Gcp::new(rest, project, mark(config));
    serde_json::to_string_pretty(&json!(graph.wishes(&gcp).unwrap())).unwrap()
}

fn example_config(name: &str) -> VertexConfig {
    config(&std::fs::read_to_string(example(name)).unwrap())
}

#[test]
fn of_the_example() {
    insta::assert_snapshot!(wishes(&example_config("vertex-config.yaml")));
}

#[test]
fn of_the_guides_file() {
    insta::assert_snapshot!(wishes(&example_config("guide-vertex-config.yaml")));
}

#[test]
fn of_everything_set() {
    insta::assert_snapshot!(wishes(&config(EVERYTHING)));
}
