//! The files that people write: their shape, defaults and checks, and their JSON Schema.
//!
//! A configuration is the contract with its writer. So it is refused whole or read whole; every
//! mistake is told at once, each with its line, its key and what was expected; and nothing that is
//! written is passed over in silence. The way of a file:
//!
//! `source` reads it within limits, `syntax` makes a `tree` of it, `expand` fills in variables,
//! `decode` gives it the types of `shape`, `check` compares them with each other, `warning` tells
//! what has no effect. Only when there is something to say does `message` look for places.

mod arn;
mod check;
mod check_monitoring;
pub mod claude_code;
mod decode;
mod edit;
mod expand;
pub mod gateway;
mod iam;
mod kms_key_id;
mod log;
mod message;
mod model_id;
mod monitoring;
mod network;
mod newtype;
mod notify;
mod number;
mod path;
mod place;
mod problem;
mod proxy;
mod quote;
mod region;
mod rewrite;
mod schema;
mod shape;
mod shaped;
mod source;
mod syntax;
mod tenant;
mod tree;
pub mod vertex;
mod warning;

use std::path::{Path as FilePath, PathBuf};

pub use self::{
    arn::{Arn, PolicyArn, PrincipalArn},
    claude_code::ClaudeCode,
    iam::{GroupTag, IamPath, RoleName},
    kms_key_id::{KmsKeyForm, KmsKeyId},
    log::{BucketName, LogGroupName, RetentionDays},
    model_id::{ModelForm, ModelId},
    monitoring::{Alarms, Budget, Monitoring, Percent},
    network::{EndpointService, SecurityGroupId, SubnetId},
    newtype::Invalid,
    notify::NotifyTarget,
    place::Place,
    proxy::{Proxy, ProxyUrl},
    region::Region,
    rewrite::{new, rewritten},
    schema::schema,
    shape::{
        Access, Bedrock, Config, Encryption, InferenceProfile, Logging, Oidc, S3Logging, VpcConfig,
    },
    shaped::{Cloud, Notes, Shape, Told, cloud_of, nearest},
    tenant::{AccountId, Tenant},
    vertex::{
        Key, ModelEnablement, NotificationChannel, PrivateServiceConnect, ProjectId, VertexConfig,
        VertexLocation, VertexModel, WorkloadIdentityFederation,
    },
    warning::Warning,
};
use self::{
    expand::Expansion,
    message::Reader,
    path::{Path, Skip},
    place::Part,
};
use crate::error::Error;

/// A configuration without mistakes.
#[derive(Clone, Debug)]
pub struct Loaded<C = Config> {
    pub config: C,
    /// As the user gave it.
    pub path: PathBuf,
    /// In the order of the file.
    pub warnings: Vec<Warning>,
    text: String,
}

impl<C> Loaded<C> {
    /// What is in the file, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds a warning about `key`, such as `bedrock.model_id`, at its place in the file.
    pub fn warn(&mut self, key: &str, message: impl Into<String>, hint: Option<String>) {
        let (path, label) = (Path::of(key), label(&self.path));
        let place = place::locate(&self.text, &label, &path, Part::Value);
        self.warnings.push(Warning { place, message: message.into(), hint });
        self.warnings.sort_by(|a, b| a.place.cmp(&b.place));
    }
}

/// The nearest file of this name in `start` or a folder around it. Relative, if it is in the
/// current folder.
pub fn find(start: &FilePath, file_name: &str) -> Option<PathBuf> {
    // Whatever bears the name is meant, also a broken link: then reading it says so.
    let there = |folder: &&FilePath| folder.join(file_name).symlink_metadata().is_ok();
    let folder = start.ancestors().find(there)?;
    let here = std::env::current_dir().is_ok_and(|current| current == folder);
    Some(if here { PathBuf::from(file_name) } else { folder.join(file_name) })
}

/// Reads a configuration, or tells all that is wrong with it, in the order of the file.
///
/// `environment` gives the variables that `${NAME}` stands for.
pub fn load<C: Shape>(
    path: &FilePath,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded<C>, Vec<Error>> {
    load_part(path, environment, &|_| true)
}

/// Reads of a file what one of its readers needs: the top-level keys that he `takes`. What is
/// another's is not filled in, nor looked at.
pub fn load_part<C: Shape>(
    path: &FilePath,
    environment: &dyn Fn(&str) -> Option<String>,
    takes: &dyn Fn(&str) -> bool,
) -> Result<Loaded<C>, Vec<Error>> {
    let text = source::read(path, &label(path)).map_err(|error| vec![error])?;
    load_text_part(text, path, environment, takes)
}

/// Reads the text of a configuration that is, or will be, at `path`.
fn load_text<C: Shape>(
    text: String,
    path: &FilePath,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded<C>, Vec<Error>> {
    load_text_part(text, path, environment, &|_| true)
}

fn load_text_part<C: Shape>(
    text: String,
    path: &FilePath,
    environment: &dyn Fn(&str) -> Option<String>,
    takes: &dyn Fn(&str) -> bool,
) -> Result<Loaded<C>, Vec<Error>> {
    let label = label(path);
    let mut tree = syntax::parse(&text, &label).map_err(|error| vec![error])?;
    if let tree::Tree::Map(entries) = &mut tree {
        entries.retain(|(key, _)| takes(key));
    }

    let folder = path.parent().unwrap_or(FilePath::new(""));
    let mut expansion = Expansion::new(folder, environment);
    expansion.expand(&mut tree);
    let Expansion { mut problems, filled, .. } = expansion;
    let mut skip = Skip::default();
    for problem in &problems {
        skip.add(&problem.path());
    }

    let config = if tree == tree::Tree::Null {
        C::default()
    } else {
        decode::decode(&tree, &mut skip, &mut problems)
    };
    config.check(&mut Notes { skip: &skip, problems: &mut problems });
    let reader = Reader { text: &text, label: &label, filled: &filled, schema: schema::<C> };
    if !problems.is_empty() {
        return Err(reader.errors(&problems));
    }
    let mut told = Told { tree: &tree, all: Vec::new() };
    config.warn(&mut told);
    let mut warnings: Vec<Warning> = told
        .all
        .into_iter()
        .map(|(path, message, hint)| Warning {
            place: reader.place(&path, Part::Key),
            message,
            hint,
        })
        .collect();
    warnings.sort_by(|a, b| a.place.cmp(&b.place));
    Ok(Loaded { config, path: path.to_owned(), warnings, text })
}

/// A path as messages name it.
fn label(path: &FilePath) -> String {
    quote::escape(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");

    fn nothing(_: &str) -> Option<String> {
        None
    }

    fn loaded(text: &str) -> Result<Loaded, Vec<String>> {
        loaded_as(text)
    }

    fn loaded_as<C: Shape>(text: &str) -> Result<Loaded<C>, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.yaml");
        fs::write(&path, text).unwrap();
        let variable = |name: &str| match name {
            "MAX" => Some("4000".to_owned()),
            "MANY" => Some("s3cret".to_owned()),
            "PASSWORD" => Some("p@ss/word".to_owned()),
            _ => None,
        };
        load(&path, &variable).map_err(|errors| {
            let prefix = format!("{}/", folder.path().display());
            let text = |error: &Error| {
                let hints: Vec<_> = error.hints().iter().map(|hint| format!(" ({hint})")).collect();
                format!("{}{}", error.to_string().replace(&prefix, ""), hints.concat())
            };
            errors.iter().map(text).collect()
        })
    }

    fn example(name: &str) -> Loaded {
        load(&FilePath::new(EXAMPLES).join(name), &nothing).unwrap()
    }

    #[test]
    fn the_example_loads_without_a_warning_and_shows_the_defaults() {
        let loaded = example("claude-config.yaml");
        assert_eq!(loaded.warnings, []);
        let mut config = loaded.config;
        assert_eq!(config.bedrock.region.take().unwrap().as_str(), "us-east-1");
        assert!(config.bedrock.model_id.take().is_some());
        assert!(config.bedrock.small_fast_model_id.take().is_some());
        assert_eq!(config.bedrock.max_tokens.take(), Some(32_000));
        assert_eq!(config, Config::default());
    }

    /// Also those of mappings that may be left out.
    fn keys(schema: &serde_json::Value, all: &mut Vec<String>) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            all.push(key.clone());
            keys(property, all);
            for choice in property["anyOf"].as_array().into_iter().flatten() {
                keys(choice, all);
            }
        }
    }

    #[test]
    fn the_example_names_every_key() {
        let text = fs::read_to_string(format!("{EXAMPLES}/claude-config.yaml")).unwrap();
        let mut all = Vec::new();
        keys(&schema::<Config>(), &mut all);
        for key in all {
            assert!(text.contains(&format!("{key}:")), "{key} is not in the example");
        }
    }

    #[test]
    fn what_the_example_has_in_comments_loads_too() {
        let text = fs::read_to_string(format!("{EXAMPLES}/claude-config.yaml")).unwrap();
        let text = text
            .replace("  # vpc_config", "  vpc_config")
            .replace("  #   subnet_ids", "    subnet_ids")
            .replace("  #   security_group_ids", "    security_group_ids")
            .replace("  #   additional_services", "    additional_services")
            .replace("  # temperature", "  temperature")
            .replace("# account_id", "account_id")
            .replace("inference_profiles: []", "inference_profiles:")
            .replace("  #   - name", "    - name")
            .replace("  #     model_id", "      model_id")
            .replace("  #     tags", "      tags")
            .replace("  #     arn", "      arn")
            .replace("oidc: null", "oidc:")
            .replace("    #   issuer", "      issuer")
            .replace("    #   client_ids", "      client_ids")
            .replace("    #   subjects", "      subjects")
            .replace("    #   groups", "      groups")
            .replace("    #   group_tag", "      group_tag")
            .replace("notify: []", "notify:")
            .replace("    #   - email", "      - email")
            .replace("    #   - https", "      - https")
            .replace("budget: null", "budget:")
            .replace("    #   monthly_usd", "      monthly_usd")
            .replace("    #   notify_percent", "      notify_percent")
            .replace("  telemetry: null", "  telemetry:")
            .replace("${OTEL_TOKEN}", "s3cret");
        // What is left in comments of this kind is of `telemetry`.
        let text = text.replace("\n  #   ", "\n    ");
        let loaded = loaded(&text).unwrap();
        assert_eq!(loaded.config.bedrock.inference_profiles.len(), 1);
        assert_eq!(loaded.config.bedrock.monitoring.notify.len(), 2);
        assert!(loaded.config.bedrock.monitoring.budget.is_some());
        assert_eq!(loaded.config.claude_code.telemetry.unwrap().headers.len(), 1);
        assert_eq!(loaded.warnings.len(), 1, "temperature");
    }

    #[test]
    fn a_guides_file_loads_and_says_what_it_does_not_do() {
        let loaded = example("guide-config.yaml");
        assert_eq!(loaded.config.bedrock.vpc_config.as_ref().unwrap().subnet_ids.len(), 2);
        let said: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
        let at = format!("{EXAMPLES}/guide-config.yaml");
        assert_eq!(
            said,
            [format!(
                "{at}:5:3: `bedrock.temperature` has no effect: Claude Code has no such setting"
            ),]
        );
    }

    #[test]
    fn a_warning_that_is_added_has_its_place_in_the_order() {
        let mut loaded = example("guide-config.yaml");
        loaded.warn("bedrock.model_id", "is retired", None);
        loaded.warn("bedrock.small_fast_model_id", "is not there", None);
        let lines: Vec<_> =
            loaded.warnings.iter().map(|warning| warning.place.as_ref().unwrap().line).collect();
        assert_eq!(lines, [1, 3, 5]);
    }

    fn vertex_example(name: &str) -> Loaded<VertexConfig> {
        load(&FilePath::new(EXAMPLES).join(name), &nothing).unwrap()
    }

    #[test]
    fn the_vertex_example_loads_without_a_warning_names_every_key_and_shows_the_defaults() {
        let loaded = vertex_example("vertex-config.yaml");
        assert_eq!(loaded.warnings, []);
        let mut all = Vec::new();
        keys(&schema::<VertexConfig>(), &mut all);
        for key in all {
            assert!(loaded.text().contains(&format!("{key}:")), "{key} is not in the example");
        }
        let mut config = loaded.config;
        assert_eq!(config.vertex_ai.project_id.take().unwrap().as_str(), "your-project-id");
        assert_eq!(config.vertex_ai.location.take().unwrap().as_str(), "us");
        assert_eq!(config, VertexConfig::default());
    }

    #[test]
    fn the_gateways_example_loads_without_a_warning_and_names_every_key() {
        let path = FilePath::new(EXAMPLES).join("gateway.yaml");
        let loaded: Loaded<gateway::GatewayConfig> = load(&path, &nothing).unwrap();
        assert_eq!(loaded.warnings, []);
        let mut all = Vec::new();
        keys(&schema::<gateway::GatewayConfig>(), &mut all);
        for key in all {
            assert!(loaded.text().contains(&format!("{key}:")), "{key} is not in the example");
        }
        let gateway::GatewayConfig {
            listen,
            client,
            claude_code,
            operations,
            failover,
            access_log,
            proxy,
            ..
        } = loaded.config;
        assert_eq!(
            (client, claude_code),
            (gateway::GatewayClient::default(), ClaudeCode::default())
        );
        assert_eq!(listen, gateway::Listen::default());
        assert_eq!(operations, gateway::Operations::default());
        assert_eq!(failover, gateway::Failover::default());
        assert_eq!(access_log, gateway::AccessLog::default());
        assert_eq!(proxy, Proxy::default());
    }

    fn of_gateway(text: &str) -> Vec<String> {
        loaded_as::<gateway::GatewayConfig>(text).map(|_| ()).unwrap_err()
    }

    #[test]
    fn what_does_not_fit_in_a_gateways_file_is_told_with_its_place() {
        let said = of_gateway(
            "listen: {address: '0.0.0.0:80'}\naccess:\n  issuers:\n    - {issuer: 'https://i.test', \
             audiences: []}\nupstreams: {a: {}}\nmodels:\n  m: {targets: [{upstream: b, model: x}]}\n",
        );
        for part in [
            "c.yaml:1:19: `listen.address` can be reached from other machines (0.0.0.0:80)",
            "needs `audiences`",
            "`upstreams.a` does not say of what kind it is",
            "there is no upstream `b` (there is a)",
        ] {
            assert!(said.iter().any(|line| line.contains(part)), "{part} in {said:#?}");
        }
        let said = of_gateway("access: {keys: [{name: a, sha256: gwk_s3cret}]}");
        assert!(said.iter().any(|line| line.contains("the key itself")), "{said:#?}");
        assert!(!said.concat().contains("s3cret"), "{said:#?}");
    }

    #[test]
    fn what_the_vertex_example_has_in_comments_loads_too() {
        // A comment that shows a value is indented by three, or is the value of what is empty above.
        let text = fs::read_to_string(format!("{EXAMPLES}/vertex-config.yaml")).unwrap();
        let text = text
            .replace("  # max_tokens", "  max_tokens")
            .replace("  # temperature", "  temperature")
            .replace("models: []\n  #   -", "models:\n    -")
            .replace("model_locations: {}\n  #   ", "model_locations:\n    ")
            .replace("network: null ", "network: projects/my-project/global/networks/a ")
            .replace("subnet: null ", "subnet: projects/my-project/regions/us-east1/subnetworks/a ")
            .replace("labels: {}\n#   team: platform\n#   ", "labels:\n  team: platform\n  ")
            .replace("${OTEL_TOKEN}", "s3cret");
        let mut out = String::new();
        let mut open = false;
        for line in text.lines() {
            let body = line.trim_start();
            let shown = body.starts_with("#   ") && !line.starts_with('#');
            if shown && !open {
                // What is empty above is filled.
                let filled = out.trim_end().trim_end_matches(" []").trim_end_matches(" null");
                out = format!("{filled}\n");
            }
            open = shown;
            let line = if shown { line.replacen("# ", "", 1) } else { line.to_owned() };
            out.push_str(&line);
            out.push('\n');
        }
        let loaded =
            loaded_as::<VertexConfig>(&out).unwrap_or_else(|all| panic!("{all:#?}\n{out}"));
        let vertex = &loaded.config.vertex_ai;
        assert!(vertex.private_service_connect.is_some() && vertex.workload_identity.is_some());
        let federation = vertex.workload_identity_federation.as_ref().unwrap();
        assert_eq!(federation.attributes.len(), 1);
        assert_eq!((vertex.models.len(), vertex.model_locations.len()), (1, 1));
        assert_eq!(
            (vertex.access.members.len(), vertex.service_account.impersonators.len()),
            (1, 1)
        );
        assert!(vertex.monitoring.budget.is_some() && vertex.monitoring.notify.len() == 2);
        assert!(loaded.config.claude_code.telemetry.is_some());
        assert_eq!(loaded.warnings.len(), 1, "temperature");
    }

    #[test]
    fn a_guides_vertex_file_loads_and_says_once_what_each_key_does_not_do() {
        let loaded = vertex_example("guide-vertex-config.yaml");
        let at = format!("{EXAMPLES}/guide-vertex-config.yaml");
        let said: Vec<_> =
            loaded.warnings.iter().map(|said| said.to_string().replace(&at, "")).collect();
        let wanted = [
            ":5:3: `vertex_ai.network` and `vertex_ai.subnet` are no settings of the model",
            ":7:3: `vertex_ai.encryption_spec` protects what is stored",
            ":9:3: `vertex_ai.audit_logging` is a setting of the whole project",
        ];
        assert_eq!(said.len(), wanted.len(), "{said:#?}");
        for (said, wanted) in said.iter().zip(wanted) {
            assert!(said.starts_with(wanted), "{said}");
        }
    }

    #[test]
    fn who_writes_a_key_in_another_way_than_guides_is_not_told_again() {
        let text = fs::read_to_string(format!("{EXAMPLES}/guide-vertex-config.yaml")).unwrap();
        let text = text
            .replace("  network:", "  data_location: us-central1\n  # network:")
            .replace("\"DATA_READ\"", "[DATA_READ]");
        assert_eq!(loaded_as::<VertexConfig>(&text).unwrap().warnings, []);
    }

    #[test]
    fn every_mistake_in_a_vertex_file_is_told_at_once() {
        let errors = loaded_as::<VertexConfig>(
            "vertex_ai:\n  project_id: 123456789012\n  projectid: x\n  location: us-east5-a\n  \
             model_name: claude-haiku-4-5-20251001\n  service_account: {key: files}\n  \
             audit_logging: {log_type: [data_read, x]}\n  access: {members: [allUsers]}\n  \
             monitoring: {notify: ['https://u:s3cret@h/']}\nretention_days: 5\n",
        )
        .unwrap_err();
        let wanted = [
            "c.yaml:2:15: `vertex_ai.project_id` must be a project's id",
            "c.yaml:3:3: unknown key `projectid` in `vertex_ai` (did you mean `project_id`?)",
            "c.yaml:4:13: `vertex_ai.location` must be `global`, `us`, `eu` or a region",
            "c.yaml:5:15: `vertex_ai.model_name` must be the id of a model of Claude",
            "c.yaml:6:26: `vertex_ai.service_account.key` must be `none` or `file`",
            "c.yaml:7:30: `vertex_ai.audit_logging.log_type[0]` must be `ADMIN_READ`",
            "c.yaml:7:41: `vertex_ai.audit_logging.log_type[1]` must be `ADMIN_READ`",
            "c.yaml:8:22: `vertex_ai.access.members[0]` must be a member",
            "c.yaml:9:25: `vertex_ai.monitoring.notify[0]` must be `email:NAME@HOST`",
            "c.yaml:10:1: unknown key `retention_days` (`retention_days` belongs in \
             `vertex_ai.logging`)",
        ];
        assert_eq!(errors.len(), wanted.len(), "{errors:#?}");
        for (error, wanted) in errors.iter().zip(wanted) {
            assert!(error.starts_with(wanted), "{error}\n{wanted}");
        }
        assert!(!errors.concat().contains("s3cret"));
    }

    #[test]
    fn a_file_tells_by_its_name_or_its_keys_which_cloud_it_is_for() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text, cloud) in [
            ("claude-config.yaml", "", Some(Cloud::Aws)),
            ("vertex-config.yaml", "", Some(Cloud::Gcp)),
            ("a.yaml", "bedrock: {}", Some(Cloud::Aws)),
            ("b.yaml", "tenant: x\nvertex_ai:\n", Some(Cloud::Gcp)),
            ("gateway.yaml", "", Some(Cloud::Gateway)),
            ("g.yaml", "upstreams: {}", Some(Cloud::Gateway)),
            ("h.yaml", "client: {}", Some(Cloud::Gateway)),
            ("c.yaml", "tenant: x", None),
            ("d.yaml", "- [", None),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            assert_eq!(cloud_of(&path), cloud, "{name}");
        }
        assert_eq!(cloud_of(&folder.path().join("none.yaml")), None);
    }

    #[test]
    fn an_empty_file_is_all_defaults() {
        for text in ["", "# nothing\n", "---\n", "bedrock:\n", "~"] {
            assert_eq!(loaded(text).unwrap().config, Config::default(), "{text}");
        }
    }

    #[test]
    fn every_mistake_is_told_at_once_in_the_order_of_the_file() {
        let errors = loaded(
            "tenant: Claude Code\naccount_id: 12345678901\nbedrok: {}\nbedrock:\n  max_tokens: many\n  \
             region: us-east1\n  retention_days: 30\n  logging:\n    retension_days: 30\n    \
             retention_days: 45\n    s3: {bucket: A_b}\n  vpc_config:\n    subnet_ids: \
             [subnet-12345678, sg-12345678, 5]\n  access:\n    trusted_principals: '*'\n  \
             encryption: {kms_key_id: null, foo: null}\nproxy: {https_proxy: 'http://a:s3cret@h:x'}\n",
        )
        .unwrap_err();
        let wanted = [
            "c.yaml:1:9: `tenant` must be at most 28 lower-case letters, digits and hyphens, of \
             which the first is a letter, found the text \"Claude Code\" (did you mean `claude-code`?)",
            "c.yaml:3:1: unknown key `bedrok` (did you mean `bedrock`?)",
            "c.yaml:5:15: `bedrock.max_tokens` must be a whole number from 1 to 1000000, found the \
             text \"many\"",
            "c.yaml:6:11: `bedrock.region` must be an AWS region such as `us-east-1`, found the \
             text \"us-east1\" (did you mean `us-east-1`?)",
            "c.yaml:7:3: unknown key `retention_days` in `bedrock` (`retention_days` belongs in \
             `bedrock.logging`)",
            "c.yaml:9:5: unknown key `retension_days` in `bedrock.logging` (did you mean \
             `retention_days`?)",
            "c.yaml:10:21: `bedrock.logging.retention_days` must be a number of days that \
             CloudWatch Logs offers, found the number 45 (the nearest are 30 and 60)",
            "c.yaml:11:18: `bedrock.logging.s3.bucket` must be a bucket's name: 3 to 63 lower-case \
             letters, digits, hyphens and dots, of which the first and the last are letters or \
             digits, found the text \"A_b\"",
            "c.yaml:13:35: `bedrock.vpc_config.subnet_ids[1]` must be a subnet's id such as \
             `subnet-0123456789abcdef0`, found the text \"sg-12345678\": it is a security group",
            "c.yaml:13:48: `bedrock.vpc_config.subnet_ids[2]` must be a subnet's id such as \
             `subnet-0123456789abcdef0`, found the number 5 (text that looks like a number or a \
             truth needs quotes)",
            "c.yaml:15:25: `bedrock.access.trusted_principals` must be a list, found the text \
             \"*\" (put it in brackets: `[...]`)",
            "c.yaml:16:34: unknown key `foo` in `bedrock.encryption` (the keys here are \
             `kms_key_id`)",
            "c.yaml:17:22: `proxy.https_proxy` must be the URL of a proxy: `http://HOST:PORT`, with \
             `USER:PASSWORD@` if it asks for one, found a text that is not shown",
        ];
        for (error, wanted) in errors.iter().zip(wanted) {
            assert_eq!(error, wanted);
        }
        assert_eq!(errors.len(), wanted.len());
    }

    #[test]
    fn values_are_filled_in_and_do_not_show_in_errors() {
        let text = "bedrock: {max_tokens: '${MAX}'}\nproxy: {https_proxy: 'http://a:${MAX}@h:1'}";
        let config = loaded(text).unwrap().config;
        assert_eq!(config.bedrock.max_tokens, Some(4000));
        assert_eq!(config.proxy.https_proxy.unwrap().expose(), "http://a:4000@h:1");
        let errors = loaded("bedrock:\n  max_tokens: ${MANY}\n  region: ${NONE}\n").unwrap_err();
        assert_eq!(
            errors,
            [
                "c.yaml:2:15: `bedrock.max_tokens` must be a whole number from 1 to 1000000, found \
                 what `${MANY}` holds",
                "c.yaml:3:11: `${NONE}`: the environment variable `NONE` is not set \
                 (export NONE=... before)",
            ]
        );
        let errors = loaded("proxy: {https_proxy: 'http://a:${PASSWORD}@h:1'}").unwrap_err();
        assert!(!errors.concat().contains("p@ss"), "{errors:?}");
    }

    #[test]
    fn a_file_full_of_mistakes_says_a_hundred_of_them() {
        let lines: Vec<String> = (0..2000).map(|number| format!("k{number}: x\n")).collect();
        let errors = loaded(&lines.concat()).unwrap_err();
        assert_eq!(errors.len(), 101);
        assert_eq!(errors[100], "c.yaml: 400 or more further mistakes are not shown");
        let errors = loaded("- a\n").unwrap_err();
        assert_eq!(errors, ["c.yaml: the configuration must be a mapping, found a list"]);
    }

    #[test]
    fn the_file_is_found_here_or_in_a_folder_around() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        assert_eq!(find(&deep, "c.yaml"), None);
        let file = folder.path().join("c.yaml");
        fs::write(&file, "").unwrap();
        assert_eq!(find(&deep, "c.yaml"), Some(file));
        // A folder by that name is nearer, and a mistake that reading it tells.
        fs::create_dir(deep.join("c.yaml")).unwrap();
        assert_eq!(find(&deep, "c.yaml"), Some(deep.join("c.yaml")));
    }
}
