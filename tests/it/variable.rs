//! The variables: one constant each, and the page `docs/variables.md`, which is made of them.

use std::{fs, path::Path};

use clap::CommandFactory as _;
use groundwork::{
    claude::{
        Environment, StandIns,
        variable::{self as v, Group, Variable},
        vertex::{self, Life},
    },
    cli::Cli,
    config::{
        Config, VertexConfig,
        gateway::{ClientConfig, ClientDialect},
        load,
    },
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PAGE: &str = "docs/variables.md";

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(ROOT).unwrap().to_str().unwrap().replace('\\', "/");
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Not where the keys are listed that set a variable: what people write is checked without knowing
/// what becomes of it. That the two lists agree is held beside what sets them.
#[test]
fn no_variable_is_named_but_by_its_constant() {
    let mut all = Vec::new();
    sources(&Path::new(ROOT).join("src"), &mut all);
    assert!(all.len() > 50);
    for (path, text) in all {
        if path.starts_with("src/claude/variable") || path.starts_with("src/config/claude_code/") {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        assert!(!code.contains("variable(\""), "{path} reads a variable by a name of its own");
        // In lower case they are keys of the configuration, too.
        let upper =
            v::ALL.iter().filter(|it| it.name.bytes().all(|byte| !byte.is_ascii_lowercase()));
        for variable in upper {
            let literal = format!("\"{}\"", variable.name);
            assert!(!code.contains(&literal), "{path} has {literal}: use the constant");
        }
    }
}

#[test]
fn every_variable_is_there_once() {
    let mut names: Vec<_> = v::ALL.iter().map(|variable| variable.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

fn loaded<C: groundwork::config::Shape>(text: &str) -> C {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(C::FILE_NAME);
    fs::write(&path, text).unwrap();
    match load::<C>(&path, &|_| None) {
        Ok(loaded) => loaded.config,
        Err(errors) => panic!("{errors:#?}"),
    }
}

const SECTION: &str = "claude_code:\n  telemetry: {endpoint: 'https://otel', traces: true, headers: \
                       {a: b}, interval_seconds: 5, resource_attributes: {a: b}, \
                       log_user_prompts: true, log_tool_details: true}\n";

/// All that is set if everything is asked for, and all that is taken back if nothing is.
struct Treated {
    set: Vec<String>,
    taken_back: Vec<String>,
}

impl Treated {
    fn new() -> Self {
        let region = "ap-northeast-1".parse().unwrap();
        let bedrock = |text: &str, profile| {
            Environment::bedrock(&loaded::<Config>(text), &region, profile, &StandIns::new())
        };
        let (project, location) = ("my-project".parse().unwrap(), "us".parse().unwrap());
        let vertex = |text: &str, key| {
            Environment::vertex(&loaded::<VertexConfig>(text), &project, &location, key)
        };
        let current = |model: &&vertex::Model| matches!(model.life, Life::Current { .. });
        let ids: Vec<_> = vertex::CATALOGUE.iter().filter(current).map(|model| model.id).collect();
        let locations: Vec<_> = ids.iter().map(|id| format!("'{id}': global")).collect();
        let small = "project_id: my-project\n  location: us";
        let large = format!(
            "vertex_ai:\n  {small}\n  max_tokens: 4000\n  service_account: {{key: file}}\n  \
             models: ['{}']\n  model_locations: {{{}}}\n{SECTION}",
            ids.join("', '"),
            locations.join(", ")
        );
        // What is called where the main one is needs no variable of its own.
        let main = large.replace("'claude-opus-5-5': global", "'claude-opus-5-5': us");
        let gateway = |text: &str, dialect| {
            Environment::gateway(&loaded::<ClientConfig>(text), "https://gateway", dialect)
        };
        let [anthropic, as_bedrock, as_vertex] =
            [ClientDialect::Anthropic, ClientDialect::Bedrock, ClientDialect::Vertex];
        let traffic = "claude_code: {traffic: {nonessential: true}, \
                       environment: {ANTHROPIC_AUTH_TOKEN: token}}\n";
        let full = [
            gateway(traffic, anthropic),
            gateway("", as_bedrock),
            gateway("", as_vertex),
            bedrock(&format!("bedrock: {{max_tokens: 4000}}\n{SECTION}"), Some("dev")),
            vertex(&main, Some("/a/key.json")),
            vertex(&large, None),
            vertex(&large.replace("location: us\n", "location: global\n"), None),
            vertex(
                &main
                    .replace("  max_tokens", "  model_name: claude-opus-5\n  max_tokens")
                    .replace("'claude-opus-5-5': us", "'claude-opus-5-5': eu"),
                None,
            ),
        ];
        let sparse = "bedrock: {}\nclaude_code: {telemetry: {endpoint: 'https://otel'}}\n";
        let empty = [
            gateway("client: {token_command: token}\n", as_bedrock),
            bedrock("bedrock: {}\n", None),
            bedrock(sparse, None),
            vertex(&format!("vertex_ai:\n  {small}\n"), None),
        ];
        let names =
            |all: &Environment| all.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
        Self {
            set: full.iter().flat_map(names).collect(),
            taken_back: empty
                .iter()
                .chain(&full)
                .flat_map(Environment::unset)
                .map(ToOwned::to_owned)
                .collect(),
        }
    }

    fn of(&self, variable: &Variable) -> &'static str {
        let set = self.set.iter().any(|name| name == variable.name);
        let taken_back = self.taken_back.iter().any(|name| name == variable.name);
        match (variable.group, set, taken_back) {
            (_, true, true) => "sets it, or takes it back",
            (_, true, false) => "sets it",
            (_, false, true) => "takes it back",
            (Group::Groundwork, ..) => "reads it",
            (Group::Network | Group::Tool, ..) => "as `proxy:` says",
            _ => "leaves it alone",
        }
    }
}

fn title(group: Group) -> &'static str {
    match group {
        Group::Provider => "Which provider is called",
        Group::Bedrock => "Amazon Bedrock",
        Group::Vertex => "Vertex AI",
        Group::Anthropic => "The Anthropic API, and gateways that speak it",
        Group::Model => "Models",
        Group::Traffic => "Traffic that is not needed to work",
        Group::Telemetry => "Telemetry",
        Group::Network => "Proxy and certificates",
        Group::Tool => "Proxy and certificates of other tools",
        Group::Groundwork => "Read by Groundwork alone",
    }
}

/// The documentation of a variable, on one line, without where we know it from.
fn about(variable: &Variable) -> String {
    let mut text: String =
        variable.about.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    while let Some(start) = text.find(" (facts ") {
        let end = start + text[start..].find(')').unwrap();
        text.replace_range(start..=end, "");
    }
    let mut text = text.replace('|', "\\|").replace("`GovCloud`", "GovCloud");
    if variable.presence {
        text.push_str(" **Counts as soon as it is set, even to `0`.**");
    }
    if variable.secret {
        text.push_str(" **A secret.**");
    }
    text
}

const HEAD: &str = "\
# Variables

Every variable of the environment that Groundwork sets, takes back or reads, and what it does to \
Claude Code. Made from the source; a test holds it true.

`groundwork env` **sets** what leads Claude Code to the tenant, and **takes back** what could be left \
over from another provider, gateway or collector and would be heeded: unset in a shell, empty in a \
file. It **leaves alone** what a developer has for other tools, too, what says who he is (keys, \
tokens, files of credentials), and what he tells his own client. Only on the way to a gateway, which \
would get them, it takes back a key of Bedrock's API and, if the configuration says how the developer \
proves who he is, the other ways to do so.

In managed settings an empty value cancels what a shell exports. There only those stand that would \
lead Claude Code elsewhere or keep it from starting.
";

fn page() -> String {
    let treated = Treated::new();
    let mut groups: Vec<Group> = v::ALL.iter().map(|variable| variable.group).collect();
    groups.sort_unstable();
    groups.dedup();
    let mut lines = vec![HEAD.to_owned()];
    for group in groups {
        lines.push(format!("## {}\n", title(group)));
        lines.push("| variable | what it does | Groundwork |\n|---|---|---|".to_owned());
        let all = v::ALL.iter().filter(|variable| variable.group == group);
        lines.extend(
            all.map(|it| format!("| `{}` | {} | {} |", it.name, about(it), treated.of(it))),
        );
        lines.push(String::new());
    }
    lines.push("## Twins of flags\n\nEach stands for its flag, where that is not given.\n".into());
    lines.push("| variable | flag | of | what it does |\n|---|---|---|---|".into());
    let mut twins = Vec::new();
    flags(&Cli::command(), &mut Vec::new(), &mut twins);
    twins.sort();
    lines.extend(twins.into_iter().map(|Twin { name, flag, commands, help }| {
        format!("| `{name}` | `--{flag}` | {} | {help} |", commands.join(", "))
    }));
    lines.join("\n") + "\n"
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Twin {
    name: String,
    help: String,
    flag: String,
    commands: Vec<String>,
}

/// Every flag once for each text of help, with the commands that take it.
fn flags(command: &clap::Command, way: &mut Vec<String>, twins: &mut Vec<Twin>) {
    for arg in command.get_arguments() {
        let (Some(flag), Some(name)) = (arg.get_long(), arg.get_env()) else { continue };
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let help = help.replace('\n', " ").replace('|', "\\|");
        let name = name.to_str().unwrap().to_owned();
        let of = if way.is_empty() {
            "every command".to_owned()
        } else {
            format!("`{}`", way.join(" "))
        };
        match twins.iter_mut().find(|twin| twin.name == name && twin.help == help) {
            Some(twin) => twin.commands.push(of),
            None => twins.push(Twin { name, help, flag: flag.to_owned(), commands: vec![of] }),
        }
    }
    for sub in command.get_subcommands() {
        way.push(sub.get_name().to_owned());
        flags(sub, way, twins);
        way.pop();
    }
}

#[test]
fn the_page_of_variables_is_what_the_source_says() {
    let path = Path::new(ROOT).join(PAGE);
    let page = page();
    // The same switch as for the snapshots.
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    let other = page.lines().zip(there.lines()).find(|(made, there)| made != there);
    assert!(
        page == there,
        "{PAGE} is not what the source says, first: {other:?}\n\
         renew it: INSTA_UPDATE=always cargo nextest run -E 'test(the_page_of_variables)'"
    );
}
