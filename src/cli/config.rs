//! `groundwork config`: checks the file that people write, and describes it to their editors.

use clap::{Args, Subcommand, builder::BoolishValueParser};

use super::{Ending, Global, aws::AwsTenant, cloud::Tenant as _};
use crate::{
    config,
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
    /// Print the JSON Schema of claude-config.yaml, with which editors complete and check
    Schema,
}

impl Config {
    pub(super) fn json(&self) -> bool {
        matches!(self.action, Action::Check { json: true })
    }

    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        match self.action {
            Action::Check { .. } => {
                let tenant = AwsTenant::read(global, ui)?;
                ui.note(&format!("{} is right", tenant.path().display()));
                ui.end("config", Exit::Done);
            }
            Action::Schema => {
                let text = serde_json::to_string_pretty(&config::schema()).map_err(|error| {
                    vec![Error::new(Kind::Internal, "the schema is no JSON").caused_by(error)]
                })?;
                ui.data(&format!("{text}\n"));
            }
        }
        Ok(Exit::Done)
    }
}
