//! `groundwork config`: checks the files that people write, and describes them to their editors.

use clap::{Args, Subcommand, builder::BoolishValueParser};

use super::{
    Ending, Global,
    aws::AwsTenant,
    cloud::{Cloud, Tenant},
    gcp::GcpTenant,
};
use crate::{
    config::{self, VertexConfig},
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
        /// claude-config.yaml (aws) or vertex-config.yaml (gcp)
        #[arg(default_value = "aws")]
        cloud: Cloud,
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
            Action::Schema { cloud } => {
                let schema = match cloud {
                    Cloud::Aws => config::schema::<config::Config>(),
                    Cloud::Gcp => config::schema::<VertexConfig>(),
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

/// Checks the file that is named, or else what there is: one for each cloud.
fn check(global: &Global, ui: &Ui) -> Result<(), Vec<Error>> {
    let named = global.config.as_ref().filter(|path| !path.as_os_str().is_empty());
    if let Some(path) = named {
        return match config::cloud_of(path) {
            Some(config::Cloud::Gcp) => check_one::<GcpTenant>(global, ui),
            Some(config::Cloud::Aws) | None => check_one::<AwsTenant>(global, ui),
        };
    }
    let nearest = config::nearest(&std::env::current_dir().unwrap_or_default());
    // Without either, the error is the one of the file that is asked for first.
    let aws = nearest.is_empty() || nearest.contains(&config::Cloud::Aws);
    let both = [
        aws.then(|| check_one::<AwsTenant>(global, ui)),
        nearest.contains(&config::Cloud::Gcp).then(|| check_one::<GcpTenant>(global, ui)),
    ];
    let errors: Vec<Error> = both.into_iter().flatten().filter_map(Result::err).flatten().collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn check_one<T: Tenant>(global: &Global, ui: &Ui) -> Result<(), Vec<Error>> {
    let tenant = T::read(global, ui)?;
    ui.note(&format!("{} is right", tenant.path().display()));
    Ok(())
}
