//! `groundwork env`: prints what Claude Code needs, from the configuration alone. No network, no
//! runtime: it runs in every new shell. Only an application inference profile whose ARN the
//! configuration does not say has to be asked for.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};

use super::{Cloud, Ending, Global, interrupt, tenant::Tenant, work::named};
use crate::{
    claude::{self, Environment, StandIns},
    error::{Error, Kind},
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
        // It runs in every new shell: what there is to know is told by `config check`.
        let tenant = Tenant::read_silently(global)?;
        let environment = match self.cloud.unwrap_or(Cloud::Aws) {
            Cloud::Aws => {
                let called = self.stand_ins(&tenant, ui)?;
                let (config, region) = (&tenant.config, &tenant.region);
                Environment::bedrock(config, region, tenant.profile(), &called)
            }
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

    /// The application inference profiles to call. Only where the file does not say their ARNs is
    /// AWS asked.
    fn stand_ins(&self, tenant: &Tenant, ui: &Ui) -> Result<StandIns, Vec<Error>> {
        let profiles = &tenant.config.bedrock.inference_profiles;
        let chosen: Vec<String> = named(&self.inference_profile).cloned().collect();
        if let Some(unknown) =
            chosen.iter().find(|name| !profiles.iter().any(|profile| profile.name == **name))
        {
            let message = format!("there is no `{unknown}` in `bedrock.inference_profiles`");
            return Err(vec![Error::new(Kind::Config, message)]);
        }
        let mut arns: BTreeMap<String, String> = profiles
            .iter()
            .filter_map(|profile| Some((profile.name.clone(), profile.arn.as_ref()?.to_string())))
            .collect();
        let asked = profiles.iter().map(|profile| &profile.name);
        let asked: Vec<String> = asked
            .filter(|name| !arns.contains_key(*name))
            .filter(|name| chosen.is_empty() || chosen.contains(name))
            .cloned()
            .collect();
        if !asked.is_empty() {
            let found = interrupt::run(ui, |stop| async move {
                tenant.find_inference_profiles(&asked, &stop).await
            })?;
            arns.extend(found.map_err(|error| vec![error])?);
        }
        let arn = |name: &str| arns.get(name).cloned();
        Ok(Environment::stand_ins(&tenant.config, &tenant.region, &chosen, arn))
    }
}
