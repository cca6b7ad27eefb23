//! `groundwork env`: prints what Claude Code needs, from the configuration alone, or starts a command
//! with it. No network, no runtime: it runs in every new shell. Only an application inference profile
//! whose ARN the configuration does not say has to be asked for.

mod exec;
pub(super) mod proxy;
mod settings;
mod token;
mod write;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, ValueEnum, builder::BoolishValueParser};

use super::{
    Ending, Global,
    aws::AwsTenant,
    cloud::Tenant as _,
    configured::{Configured, Whose},
    gateway::Developer,
    gcp::GcpTenant,
    variable,
    work::named,
};
use crate::{
    claude::{self, Environment, ObjectName, variable as v},
    config::gateway::ClientDialect,
    error::{Error, Kind, Result},
    ui::{Exit, Ui},
};

#[derive(Args, Debug)]
#[expect(clippy::option_option, reason = "a flag without a value is not one with an empty value")]
#[command(after_help = "\
How each reads it:
  bash, zsh   eval \"$(groundwork env)\"
  fish        groundwork env --shell fish | source
  PowerShell  groundwork env --shell powershell | Invoke-Expression
  cmd         groundwork env --shell cmd --write=env.cmd && call env.cmd
  GitHub      groundwork env --format github --write
  Docker      groundwork env --format docker --write=claude.env
              docker run --env-file claude.env ...
  Kubernetes  groundwork env --format kubernetes | kubectl apply -f -
  Claude Code groundwork env --format settings --write
  a command   groundwork env --exec -- claude
Of a gateway its address is enough:
              eval \"$(groundwork env --url https://gateway.example.com)\"")]
pub(super) struct Env {
    /// Where models are called: in the tenant's cloud, or through the gateway [default: as the nearest
    /// configuration says]
    #[arg(value_name = "CLOUD")]
    whose: Option<Whose>,
    /// Where the gateway is, in place of what its configuration says, which then need not be there
    #[arg(long, env = "GROUNDWORK_URL")]
    url: Option<String>,
    /// How Claude Code is to speak to the gateway [default: as its configuration says, else
    /// anthropic]
    #[arg(long, env = "GROUNDWORK_DIALECT")]
    dialect: Option<Dialect>,
    /// The shell that reads the commands: bash also for sh, dash and ksh; cmd reads them as a batch
    /// file, since a percent sign has two meanings elsewhere
    #[arg(long, env = "GROUNDWORK_SHELL", default_value = "bash")]
    shell: Shell,
    /// What to write: commands for the shell; NAME=VALUE lines that all dotenv readers agree on; one
    /// JSON object; lines for the environment file of a GitHub job; lines for docker run --env-file; a
    /// config map and a secret for Kubernetes; or settings of Claude Code, a user's own or managed ones
    /// for all users of a machine [default: shell]
    #[arg(long, env = "GROUNDWORK_FORMAT")]
    format: Option<Format>,
    /// Write what undoes it: takes back all that is set without this flag
    #[arg(long, env = "GROUNDWORK_UNSET", value_parser = BoolishValueParser::new())]
    unset: bool,
    /// Write to a file, whole, for its owner alone, and not to standard output; for GitHub to the end
    /// of the file, which without FILE is the job's own; a user's settings are merged into the file, and
    /// managed ones are for everybody to read, without FILE where Claude Code reads them
    #[arg(long, env = "GROUNDWORK_WRITE", value_name = "FILE")]
    #[arg(num_args = 0..=1, require_equals = true)]
    write: Option<Option<OsString>>,
    /// The name of the config map and the secret for Kubernetes [default: the tenant's]
    #[arg(long, env = "GROUNDWORK_NAME")]
    name: Option<ObjectName>,
    /// The platform whose managed settings are meant [default: this one]
    #[arg(long, env = "GROUNDWORK_PLATFORM")]
    platform: Option<settings::Platform>,
    /// Replace or remove a file of managed settings that Groundwork did not write
    #[arg(long, env = "GROUNDWORK_FORCE", value_parser = BoolishValueParser::new())]
    force: bool,
    /// Call models through this application inference profile; more than one: separated by spaces, or
    /// repeated [default: the first of each model]
    #[arg(long, env = "GROUNDWORK_INFERENCE_PROFILE", value_name = "NAME", value_delimiter = ' ')]
    inference_profile: Vec<String>,
    /// Print nothing, but run COMMAND with exactly this environment, and end as it does
    #[arg(long, env = "GROUNDWORK_EXEC", value_parser = BoolishValueParser::new())]
    exec: bool,
    /// What --exec runs
    #[arg(last = true)]
    command: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[expect(clippy::enum_variant_names, reason = "it is called so")]
enum Shell {
    #[value(alias = "sh", alias = "dash", alias = "ksh")]
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell", alias = "pwsh")]
    PowerShell,
    Cmd,
}

/// The dialects, without help of their own.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Dialect {
    Anthropic,
    Bedrock,
    Vertex,
}

impl From<Dialect> for ClientDialect {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Anthropic => Self::Anthropic,
            Dialect::Bedrock => Self::Bedrock,
            Dialect::Vertex => Self::Vertex,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Shell,
    Dotenv,
    Json,
    Github,
    Docker,
    Kubernetes,
    Settings,
    ManagedSettings,
}

impl Env {
    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        self.check().map_err(|error| vec![error])?;
        let one = |error| vec![error];
        let told = self.url.is_some() || self.dialect.is_some();
        let whose = match self.whose {
            Some(whose) => whose,
            None if told => Whose::Gateway,
            None => Whose::of_configuration(global, "env").map_err(one)?,
        };
        // It runs in every new shell: what there is to know is told by `config check`.
        match whose {
            Whose::Gateway => {
                let dialect = self.dialect.map(ClientDialect::from);
                self.tell(&Developer::read(global, self.url.as_deref(), dialect)?, ui)
            }
            _ if told => {
                let message = "--url and --dialect are for the gateway";
                Err(one(Error::new(Kind::Config, message).hint("groundwork env gateway")))
            }
            Whose::Aws => self.tell(&AwsTenant::read_silently(global)?, ui),
            Whose::Gcp => self.tell(&GcpTenant::read_silently(global)?, ui),
        }
    }

    /// What does not go together.
    fn check(&self) -> Result<()> {
        settings::check(self)?;
        check_file(self.write.as_ref())?;
        let usage = |message: &str, hint: &str| Err(Error::new(Kind::Config, message).hint(hint));
        let example = "for example: groundwork env --exec -- claude";
        match (self.exec, self.command.is_empty()) {
            (true, true) => return usage("--exec: there is no command to run", example),
            (false, false) => return usage("a command is run only with --exec", example),
            (false, true) => return Ok(()),
            (true, false) => {}
        }
        let others = [
            ("--format", self.format.is_some()),
            ("--write", self.write.is_some()),
            ("--unset", self.unset),
        ];
        match others.iter().find(|(_, given)| *given) {
            Some((flag, _)) => usage(
                &format!("--exec and {flag} do not go together"),
                "leave one of them out; each may also come from the environment, as GROUNDWORK_*",
            ),
            None => Ok(()),
        }
    }

    /// What is written, for a tenant of this name.
    fn format(&self, tenant: &str) -> Result<claude::Format> {
        Ok(match self.format.unwrap_or(Format::Shell) {
            Format::Shell => claude::Format::Shell(match self.shell {
                Shell::Bash => claude::Shell::Bash,
                Shell::Zsh => claude::Shell::Zsh,
                Shell::Fish => claude::Shell::Fish,
                Shell::PowerShell => claude::Shell::PowerShell,
                Shell::Cmd => claude::Shell::Cmd,
            }),
            Format::Dotenv => claude::Format::Dotenv,
            // Their variables are such an object.
            Format::Json | Format::Settings | Format::ManagedSettings => claude::Format::Json,
            Format::Github => claude::Format::Github,
            Format::Docker => claude::Format::Docker,
            Format::Kubernetes => claude::Format::Kubernetes(match &self.name {
                Some(name) => name.clone(),
                None => tenant.parse().map_err(|error: Error| {
                    error
                        .while_doing(format!("could not name objects `{tenant}`"))
                        .hint("name them: --name NAME")
                })?,
            }),
        })
    }

    /// Writes the text to where it was asked for. `command` is what writes the same.
    fn put(
        &self,
        environment: &Environment,
        format: &claude::Format,
        command: &str,
        ui: &Ui,
    ) -> Result<()> {
        let text = if self.unset {
            environment.export_undone(format)?
        } else {
            environment.export(format)?
        };
        let masks = if self.unset { String::new() } else { environment.github_masks() };
        let github = *format == claude::Format::Github;
        let Some(file) = &self.write else {
            if github && !masks.is_empty() {
                let message = "could not print a secret for GitHub: the log of every later step \
                               would show it";
                return Err(Error::new(Kind::Config, message).hint(format!(
                    "have the log hide it first: {command} --format github --write"
                )));
            }
            ui.data(&text);
            return Ok(());
        };
        let named = file.as_ref().map(PathBuf::from);
        if !github {
            let Some(file) = named else {
                return Err(Error::new(Kind::Config, "--write: there is no file to write to")
                    .hint("name one: --write=FILE"));
            };
            return write::whole(&file, &text);
        }
        let own =
            || variable(v::GITHUB_ENV.name).filter(|file| !file.is_empty()).map(PathBuf::from);
        let Some(file) = named.or_else(own) else {
            let message = "--write: GITHUB_ENV is not set, as it is in a job of GitHub Actions";
            return Err(Error::new(Kind::Config, message).hint("name a file: --write=FILE"));
        };
        // The runner reads them from the step's output, and shows none. Nobody else is to see them.
        if variable(v::GITHUB_ACTIONS.name).as_deref() == Some("true") {
            ui.deliver(&masks)?;
        }
        write::at_end(&file, &text)
    }

    /// Writes what this configuration tells Claude Code, or starts a command with it.
    fn tell<T: Configured>(&self, configured: &T, ui: &Ui) -> Ending {
        let one = |error| vec![error];
        let chosen: Vec<String> = named(&self.inference_profile).cloned().collect();
        let mut environment = configured.environment(&chosen, ui)?;
        if let Some(command) = configured.token_command().filter(|_| self.is_for_a_session()) {
            let token =
                if self.unset { String::new() } else { token::ask(command).map_err(one)? };
            environment.set_secret(v::ANTHROPIC_AUTH_TOKEN, token);
        }
        if self.exec {
            return exec::run(&environment, &self.command, ui).map_err(one);
        }
        match self.format {
            Some(Format::Settings) => return settings::user(self, configured, &environment, ui),
            Some(Format::ManagedSettings) => {
                return settings::managed(self, configured, &environment, ui);
            }
            _ => {}
        }
        let format = self.format(configured.name()).map_err(one)?;
        self.put(&environment, &format, "groundwork env", ui).map_err(one)?;
        Ok(Exit::Done)
    }

    /// Whether what is written is for the one who runs this, and for now: only then is his own
    /// credential in its place. Files are for others, and outlive it.
    fn is_for_a_session(&self) -> bool {
        self.exec || (self.write.is_none() && matches!(self.format, None | Some(Format::Shell)))
    }
}

/// Refuses a file without a name, which a variable that is not set would leave of `--write=$FILE`.
fn check_file(write: Option<&Option<OsString>>) -> Result<()> {
    match write {
        Some(Some(file)) if file.is_empty() => {
            Err(Error::new(Kind::Config, "--write: the name of the file is empty")
                .hint("name one: --write=FILE"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::ui::Manner;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        env: Env,
    }

    #[test]
    fn a_secret_goes_to_no_file_of_github_before_its_log_can_hide_it() {
        let mut all = Environment::default();
        all.set_named("A", "s3cret", true);
        let put = |flags: &[&str]| {
            let line = Line::parse_from([&["env", "--format", "github"], flags].concat());
            let format = line.env.format("x").unwrap();
            line.env.put(&all, &format, "groundwork env", &Ui::new(Manner::default()))
        };
        let error = put(&[]).unwrap_err();
        assert!(error.hints().concat().contains("--write"), "{error:?}");
        assert!(!format!("{error:?}").contains("s3cret"));
        put(&["--unset"]).unwrap();
    }
}
