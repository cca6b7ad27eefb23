//! `groundwork config`: checks the files that people write, and describes them to their editors.

use clap::{Args, Subcommand, builder::BoolishValueParser};

use super::{
    Ending, Global, aws::AwsTenant, cloud::Tenant, configured::Whose, gateway, gcp::GcpTenant,
};
use crate::{
    config::{self, VertexConfig, gateway::GatewayConfig},
    error::{Error, Kind},
    ui::{Exit, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Config {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Read the configuration and say everything that is wrong with it
    Check {
        /// Write JSON lines to standard output, and no text
        #[arg(long, env = "GROUNDWORK_JSON", value_parser = BoolishValueParser::new())]
        json: bool,
    },
    /// Print the JSON Schema of a configuration, with which editors complete and check
    Schema {
        /// claude-config.yaml (aws), vertex-config.yaml (gcp) or gateway.yaml (gateway)
        #[arg(value_name = "CLOUD", default_value = "aws")]
        whose: Whose,
    },
}

impl Config {
    pub(super) fn json(&self) -> bool {
        matches!(self.action, Action::Check { json: true })
    }

    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        match self.action {
            Action::Check { .. } => {
                check(global, ui)?;
                ui.end("config", Exit::Done);
            }
            Action::Schema { whose } => {
                let schema = match whose {
                    Whose::Aws => config::schema::<config::Config>(),
                    Whose::Gcp => config::schema::<VertexConfig>(),
                    Whose::Gateway => config::schema::<GatewayConfig>(),
                };
                let text = serde_json::to_string_pretty(&schema).map_err(|error| {
                    vec![Error::new(Kind::Internal, "the schema is no JSON").caused_by(error)]
                })?;
                ui.data(&format!("{text}\n"));
            }
        }
        Ok(Exit::Done)
    }
}

/// Checks the file that is named, or else what there is: one for each cloud, and one for the gateway.
fn check(global: &Global, ui: &Ui) -> Result<(), Vec<Error>> {
    use config::Cloud::{Aws, Gateway, Gcp};
    let named = global.config.as_ref().filter(|path| !path.as_os_str().is_empty());
    let found = match named {
        Some(path) => config::cloud_of(path).into_iter().collect(),
        None => config::nearest(&std::env::current_dir().unwrap_or_default(), &[Aws, Gcp, Gateway]),
    };
    // Without any, the error is the one of the file that is asked for first.
    let found = if found.is_empty() { vec![Aws] } else { found };
    let all = found.into_iter().map(|cloud| match cloud {
        Aws => check_one::<AwsTenant>(global, ui),
        Gcp => check_one::<GcpTenant>(global, ui),
        Gateway => gateway::check_file(global, ui),
    });
    let errors: Vec<Error> = all.filter_map(Result::err).flatten().collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn check_one<T: Tenant>(global: &Global, ui: &Ui) -> Result<(), Vec<Error>> {
    let tenant = T::read(global, ui)?;
    ui.note(&format!("{} is right", tenant.path().display()));
    Ok(())
}
