//! The command line. clap's types stop here; one file per subcommand, named as typed.

mod agreement;
mod aws;
mod cloud;
mod completions;
mod config;
mod configured;
mod destroy;
mod env;
mod flags;
mod gateway;
mod gcp;
mod init;
mod interrupt;
mod network;
mod policy;
mod provision;
mod proxy;
mod status;
mod work;

use std::path::PathBuf;

use clap::{
    Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
    builder::{BoolishValueParser, OsStr, Resettable},
};

use self::cloud::Cloud;
use crate::{
    claude::variable as v,
    error::{Error, Kind},
    ui::{Color, Exit, Manner, Ui},
};

/// Lays the ground for Claude Code in your own cloud
#[derive(Debug, Parser)]
#[command(name = "groundwork", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Exit codes: 0 done, or nothing to do; 1 something failed, and what was done was said; \
2 wrong usage or configuration; 3 changes are pending; 130 interrupted. env --exec ends as its command does.")]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags that every command takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of every command")]
struct Global {
    /// The configuration [default: claude-config.yaml for AWS, vertex-config.yaml for Google Cloud,
    /// gateway.yaml for the gateway, here or in a parent folder]
    #[arg(short, long, global = true, env = "GROUNDWORK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The AWS profile to sign in with
    #[arg(long, global = true, env = "GROUNDWORK_PROFILE", value_name = "NAME")]
    profile: Option<String>,
    /// The region or location, instead of the configuration's
    #[arg(long, global = true, env = "GROUNDWORK_REGION")]
    region: Option<String>,
    /// Where to send calls, instead of to the cloud; for Google with {api} in it
    #[arg(long, global = true, env = "GROUNDWORK_ENDPOINT_URL", value_name = "URL")]
    endpoint_url: Option<String>,
    /// When to colour
    #[arg(
        long,
        global = true,
        env = "GROUNDWORK_COLOR",
        default_value = "auto",
        value_name = "WHEN"
    )]
    color: ColorChoice,
    /// Say only what failed, and what was asked for
    #[arg(short, long, global = true, env = "GROUNDWORK_QUIET")]
    #[arg(value_parser = BoolishValueParser::new())]
    quiet: bool,
    /// Say more: whole lines, however long
    #[arg(short, long, global = true, env = "GROUNDWORK_VERBOSE")]
    #[arg(value_parser = BoolishValueParser::new())]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one, and it lives as long as the run")]
enum Command {
    /// Ask, or take flags, look at the account or project, and write the configuration
    Init(init::Init),
    /// Look, show what would change, ask, do it, and print the exports
    Provision(provision::Provision),
    /// Show what is there, what is missing and what has drifted
    Status(status::Status),
    /// Remove what provision made; what holds data only with --delete-data
    Destroy(destroy::Destroy),
    /// Print what Claude Code needs: eval "$(groundwork env)"
    Env(env::Env),
    /// Tell other tools of the corporate proxy, or try the way through it
    Proxy(proxy::Proxy),
    /// Run the gateway between developers and the models, check it, or make credentials for it
    Gateway(gateway::Gateway),
    /// Check the configuration, or print its JSON Schema
    Config(config::Config),
    /// Print a completion script for a shell
    Completions(completions::Completions),
}

/// How a command ends: with an exit code, or with everything that was wrong.
type Ending = Result<Exit, Vec<Error>>;

impl Cli {
    /// Reads the command line; ends the program where that asks for help, or is wrong.
    pub fn of_command_line() -> Self {
        let mut matches = without_empty_twins(Self::command()).get_matches();
        Self::from_arg_matches_mut(&mut matches)
            .unwrap_or_else(|error| error.format(&mut Self::command()).exit())
    }

    /// Runs the command, prints what there is to print, and says how it ended.
    pub fn run(self) -> Exit {
        let Self { global, command } = self;
        let ui = Ui::new(global.manner(command.json()));
        let name = command.name();
        let ending = match command {
            Command::Init(init) => init.run(&global, &ui),
            Command::Provision(provision) => provision.run(&global, &ui),
            Command::Status(status) => status.run(&global, &ui),
            Command::Destroy(destroy) => destroy.run(&global, &ui),
            Command::Env(env) => env.run(&global, &ui),
            Command::Proxy(proxy) => proxy.run(&global, &ui),
            Command::Gateway(gateway) => gateway.run(&global, &ui),
            Command::Config(config) => config.run(&global, &ui),
            Command::Completions(completions) => completions.run(&ui),
        };
        let exit = ending.unwrap_or_else(|errors| {
            for error in &errors {
                ui.error(error);
            }
            let exit = exit_of(errors.iter());
            ui.end(name, exit);
            exit
        });
        match ui.written() {
            Ok(()) => exit,
            Err(error) => {
                ui.error(&error);
                Exit::Failed
            }
        }
    }
}

/// A variable that is set to nothing stands for no flag, as scripts and CI jobs switch one off.
fn without_empty_twins(command: clap::Command) -> clap::Command {
    let is_empty = |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|it| it.is_empty());
    let heeded = |arg: clap::Arg| {
        if arg.get_env().is_some_and(is_empty) { arg.env(Resettable::<OsStr>::Reset) } else { arg }
    };
    command.mut_args(heeded).mut_subcommands(without_empty_twins)
}

impl Command {
    fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Provision(_) => "provision",
            Self::Status(_) => "status",
            Self::Destroy(_) => "destroy",
            Self::Env(_) => "env",
            Self::Proxy(_) => "proxy",
            Self::Gateway(_) => "gateway",
            Self::Config(_) => "config",
            Self::Completions(_) => "completions",
        }
    }

    fn json(&self) -> bool {
        match self {
            Self::Provision(provision) => provision.work.json,
            Self::Status(status) => status.work.json,
            Self::Destroy(destroy) => destroy.work.json,
            Self::Proxy(proxy) => proxy.json(),
            Self::Config(config) => config.json(),
            Self::Init(_) | Self::Env(_) | Self::Gateway(_) | Self::Completions(_) => false,
        }
    }
}

impl Global {
    fn manner(&self, json: bool) -> Manner {
        let color = match self.color {
            ColorChoice::Always => Color::Always,
            ColorChoice::Never => Color::Never,
            ColorChoice::Auto if variable(v::NO_COLOR.name).is_some_and(|set| !set.is_empty()) => {
                Color::Never
            }
            ColorChoice::Auto => Color::Auto,
        };
        Manner { color, quiet: self.quiet, verbose: self.verbose, json }
    }
}

/// What errors end with: interrupted, wrong usage, or failed.
fn exit_of<'a>(errors: impl Iterator<Item = &'a Error>) -> Exit {
    let kinds: Vec<Kind> = errors.map(Error::kind).collect();
    if kinds.contains(&Kind::Interrupted) {
        Exit::Interrupted
    } else if !kinds.is_empty() && kinds.iter().all(|kind| *kind == Kind::Config) {
        Exit::Usage
    } else {
        Exit::Failed
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment is read here and handed down")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(command: &clap::Command, check: &mut dyn FnMut(&clap::Command, &clap::Arg)) {
        for arg in command.get_arguments() {
            check(command, arg);
        }
        command.get_subcommands().for_each(|sub| walk(sub, check));
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_has_an_environment_twin() {
        let mut flags = 0;
        walk(&Cli::command(), &mut |command, arg| {
            let Some(long) = arg.get_long() else { return };
            let twin = format!("GROUNDWORK_{}", long.to_uppercase().replace('-', "_"));
            let env = arg.get_env().and_then(|env| env.to_str());
            assert_eq!(env, Some(twin.as_str()), "--{long} of {}", command.get_name());
            flags += 1;
        });
        assert!(flags > 10);
    }
}
