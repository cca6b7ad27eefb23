//! `groundwork env`: prints what Claude Code needs, from the configuration alone. No network, no
//! runtime: it runs in every new shell.

use clap::{Args, ValueEnum};

use super::{Cloud, Ending, Global, tenant::Tenant};
use crate::{
    claude::{self, Environment},
    ui::{Exit, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Env {
    /// Where the tenant is [default: aws]
    cloud: Option<Cloud>,
    /// The shell that reads the commands
    #[arg(long, env = "GROUNDWORK_SHELL", default_value = "bash")]
    shell: Shell,
    /// What to write: commands for the shell, NAME=VALUE lines, or one JSON object
    #[arg(long, env = "GROUNDWORK_FORMAT", default_value = "shell")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Shell,
    Dotenv,
    Json,
}

impl Env {
    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        // It runs in every new shell: what there is to know is told by `config check`.
        let tenant = Tenant::read_silently(global)?;
        let environment = match self.cloud.unwrap_or(Cloud::Aws) {
            Cloud::Aws => Environment::bedrock(&tenant.config, &tenant.region, tenant.profile()),
        };
        let shell = match self.shell {
            Shell::Bash => claude::Shell::Bash,
            Shell::Zsh => claude::Shell::Zsh,
            Shell::Fish => claude::Shell::Fish,
        };
        let format = match self.format {
            Format::Shell => claude::Format::Shell(shell),
            Format::Dotenv => claude::Format::Dotenv,
            Format::Json => claude::Format::Json,
        };
        ui.data(&environment.export(format).map_err(|error| vec![error])?);
        Ok(Exit::Done)
    }
}
