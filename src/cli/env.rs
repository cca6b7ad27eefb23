//! `groundwork env`: prints what Claude Code needs, from the configuration alone. No network, no
//! runtime: it runs in every new shell. Only an application inference profile whose ARN the
//! configuration does not say has to be asked for.

use clap::{Args, ValueEnum};

use super::{
    Cloud, Ending, Global,
    cloud::{OfTenant, Tenant},
    work::named,
};
use crate::{
    claude,
    ui::{Exit, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Env {
    /// Where the tenant is [default: that of the nearest configuration]
    cloud: Option<Cloud>,
    /// The shell that reads the commands
    #[arg(long, env = "GROUNDWORK_SHELL", default_value = "bash")]
    shell: Shell,
    /// What to write: commands for the shell, NAME=VALUE lines, or one JSON object
    #[arg(long, env = "GROUNDWORK_FORMAT", default_value = "shell")]
    format: Format,
    /// Call models through this application inference profile; more than one: separated by spaces, or
    /// repeated [default: the first of each model]
    #[arg(long, env = "GROUNDWORK_INFERENCE_PROFILE", value_name = "NAME", value_delimiter = ' ')]
    inference_profile: Vec<String>,
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
        let cloud = match self.cloud {
            Some(cloud) => cloud,
            None => Cloud::of_configuration(global).map_err(|error| vec![error])?,
        };
        cloud.run(&self, global, ui)
    }
}

impl OfTenant for Env {
    fn run_for<T: Tenant>(&self, global: &Global, ui: &Ui) -> Ending {
        // It runs in every new shell: what there is to know is told by `config check`.
        let tenant = T::read_silently(global)?;
        let chosen: Vec<String> = named(&self.inference_profile).cloned().collect();
        let environment = tenant.environment(&chosen, ui)?;
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
